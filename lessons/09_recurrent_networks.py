# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 9. Recurrent networks
#
# ## Why
#
# Words, melodies and temperatures come one after the other, and no two are of the same length. A network
# with a fixed number of inputs cannot read them. Jeffrey Elman's answer of 1990, in *Finding Structure in
# Time*: give the hidden layer, beside the next symbol, its own output of a moment ago. What it has seen
# is then part of what it sees. Elman's network guessed the next word of simple sentences, and its hidden
# units turned out to tell nouns from verbs, although nobody had told them.
#
# (Michael Jordan had fed back a network's *outputs* in 1986. Mike Schuster and Kuldip Paliwal let a
# second network read from the end, in 1997. How such networks are trained, by unrolling them in time,
# stands already in Rumelhart, Hinton and Williams's paper of 1986.)

# %%
import os
import tempfile
from pathlib import Path

import keras
import matplotlib.pyplot as plt
import numpy as np

import keras_session5 as s5
from keras_session5 import pictures
from keras_session5.data.characters import encode
from keras_session5.introspection import layer_outputs
from keras_session5.models.simple_rnn_waves import forecast
from keras_session5.pictures.style import BLUE, ORANGE

# %%
QUICK = os.environ.get("SESSION5_QUICK") == "1"  # the tests set it: a few seconds instead of minutes
FOLDER = Path(tempfile.mkdtemp())  # for runs and exported models; nothing of yours is touched
keras.utils.set_random_seed(0)  # the same untrained weights each time

# %% [markdown]
# ## The idea
#
# A state $h$ of some numbers is carried from character to character. At step $t$ it is made from the
# character's vector $x_t$ and from the state before:
#
# $$h_t = \tanh(x_t W_x + h_{t-1} W_h + b), \qquad h_0 = 0$$
#
# $W_x$, $W_h$ and $b$ are the same at every step: weights shared in time, as a convolution shares them in
# space. The figure shows one layer, drawn once for each character.

# %%
figure, axes = plt.subplots(figsize=(7, 2.2), layout="constrained")
arrow = {"arrowstyle": "->", "shrinkA": 0, "shrinkB": 0}
for t, character in enumerate("Wien"):
    for y, text, colour in ((0, f"$x_{t + 1}$: {character}", "0.35"), (1, f"$h_{t + 1}$", BLUE)):
        box = {"boxstyle": "round,pad=0.5", "fc": colour}
        axes.text(t, y, text, ha="center", va="center", color="white", bbox=box)
    axes.annotate("$W_x$", (t, 0.75), (t, 0.35), ha="center", va="top", arrowprops=arrow)
    axes.annotate("$W_h$", (t - 0.2, 1), (t - 0.7, 1), va="center", ha="right", arrowprops=arrow)
axes.text(-1.15, 1, "$h_0$ = 0", ha="center", va="center")
axes.set(xlim=(-1.5, 3.5), ylim=(-0.4, 1.4))
axes.axis("off")
plt.show()

# %% [markdown]
# ## Build
#
# The task: in which of twenty languages is the name of a country, a language or a currency written?
# Characters become vectors of 96 numbers, one recurrent layer reads forwards and another backwards (192
# numbers each), the largest value that each number ever had goes into a softmax.

# %%
model = s5.build("simple_rnn")
for layer in model.layers:
    print(f"{layer.name:14} {layer.output.shape!s:18} {layer.count_params():>8,}")
print(f"{'sum':14} {'':18} {model.count_params():>8,}")

# %% [markdown]
# A recurrent layer with $u$ units on inputs of width $i$ has $u\,(i + u + 1)$ weights, however long the
# text is.

# %%
names = s5.load_data("place_names")
counts = [154 * 96, 2 * 192 * (96 + 192 + 1), (2 * 192 + 1) * 20]
print(*(f"{count:,}" for count in counts), f"sum {sum(counts):,}")
print(len(names.train), "names to learn from, in", ", ".join(names.class_names))

# %% [markdown]
# ## Follow one example
#
# "Wien" as numbers. Each character has an id; 0 would be padding.

# %%
tokens = encode(["Wien"], names.alphabet)
outputs = layer_outputs(model, ["embedding", "rnn", "pool"])(tokens)
print("tokens       ", tokens.shape, tokens)
for name, output in outputs.items():
    print(f"{name:14}{tuple(output.shape)}")

# %% [markdown]
# The recurrence as a loop: six lines of NumPy.


# %%
def recurrence(x, w_x, w_h, b):
    h, states = np.zeros(len(b)), []
    for x_t in x:
        h = np.tanh(x_t @ w_x + h @ w_h + b)
        states.append(h)
    return np.array(states)


# %% [markdown]
# It says the same as Keras's layer. (The first 192 numbers of `rnn` are those of the layer that reads
# forwards.)

# %%
forwards = model.get_layer("rnn").forward_layer
by_hand = recurrence(np.array(outputs["embedding"][0]), *forwards.get_weights())  # (4, 192)
difference = np.abs(by_hand - np.array(outputs["rnn"][0, :, :192])).max()
print(by_hand.shape, f"largest difference {difference:.1e}")

# %% [markdown]
# ## Train and look
#
# A bit over a minute on two cores. The recipe hides 8 % of the characters at random: whoever must do
# without some letters learns to look at the others.

# %%
runs = {"runs_dir": FOLDER / "runs", "seed": 0, "verbose": 0, "dashboard": not QUICK}
settings = {"epochs": 1, "examples": 2_000} if QUICK else {}
result = s5.train("simple_rnn", **settings, **runs)
commonest = np.bincount(names.test.labels).max() / len(names.test)
print(f"test accuracy {result.metrics['accuracy']:.4f}")
print(f"by saying always the commonest language {commonest:.4f}")

# %%
figure, axes = plt.subplots(figsize=(5, 2.6), layout="constrained")
epochs = range(1, len(result.history) + 1)
lines = (("accuracy", "--", ORANGE, "training, letters hidden"), ("val_accuracy", "-", BLUE, "validation"))
for name, style, colour, label in lines:
    axes.plot(epochs, [epoch[name] for epoch in result.history], style, color=colour, label=label)
axes.set(xlabel="epoch", ylabel="accuracy", ylim=(0, 1))
axes.legend()
plt.show()

# %% [markdown]
# Is that good? Counting groups of one to four characters, with a linear support vector machine on the
# counts, is right on 0.843 of the same test names, and this network on about 0.817 (mean of three seeds).
# Eleven thousand names are few for learning from scratch what letter groups are given.
#
# ## Ask the served model
#
# The signature `from_text` takes strings: the model knows its own alphabet.

# %%
version = s5.export(result, FOLDER / "models")
server = s5.serve({"simple_rnn": version.parent})
client = s5.connect(server.rest_address)
asked = ["Deutschland", "Allemagne", "Germania", "Tyskland", "Saksa", "Německo"]
answer = client.predict("simple_rnn", {"text": asked}, signature_name="from_text")
for text, label, row in zip(asked, answer["label"], answer["probabilities"], strict=True):
    print(f"{text:12} {label:12} {row.max():.2f}")

# %% [markdown]
# *Saksa* is Finnish, and *Germania* Italian or Romanian: of these two it is not sure, and wrong. Some names
# are written the same in several languages, so these are left out of the data; others differ by a letter.
# Which languages does it confuse? Rows are the truth, columns the answers to the test names. Look for the
# neighbours: Spanish and Italian, Finnish and Estonian, Danish and Norwegian.

# %%
probabilities = client.predict("simple_rnn", {"tokens": names.test.inputs})["probabilities"]
guesses = probabilities.argmax(axis=1)
counts = np.zeros((20, 20), int)
np.add.at(counts, (names.test.labels, guesses), 1)
figure, axes = plt.subplots(figsize=(5, 4.2), layout="constrained")
figure.colorbar(axes.imshow(counts, cmap="cividis", vmax=20), label="names (20 and more: yellow)")
axes.set_xticks(range(20), names.class_names, rotation=90, fontsize=7)
axes.set_yticks(range(20), names.class_names, fontsize=7)
axes.set(xlabel="what the network says", ylabel="what is right")
plt.show()

# %% [markdown]
# ### How the guess moves
#
# The signature `explain_text` tells what the network would say of the first character, of the first two,
# and so on. Each beginning is read as if it were a whole name, from both ends. Watch it change its mind.

# %%
answer = client.predict("simple_rnn", {"text": ["Frankreich"]}, signature_name="explain_text")
for name, array in sorted(answer.items()):
    print(f"{name:22}{array.shape}")
characters = list(answer["characters"][0])
pictures.prefix_probabilities(answer["prefix_probabilities"][0], characters, names.class_names)

# %% [markdown]
# And the state itself: a column for each character, a row for each number. The lower half belongs to the
# layer that reads from the end. No single number means "German"; the pattern does. (Most are near -1: the
# classifier sees the largest value of each, so a unit waits at the bottom until it reads its letters.)

# %%
pictures.states(answer["states"][0], characters)

# %% [markdown]
# ### The same layer on numbers
#
# A recurrent layer does not care what its vectors mean. `simple_rnn_waves` reads 50 values of a noisy sum
# of three sines and says what the next one is. Feed its answer back and it goes on, twenty steps here.
# (As a served model it has a signature for that, `forecast`.)

# %%
settings = {"epochs": 1, "examples": 500} if QUICK else {"epochs": 14}
waves = s5.train("simple_rnn_waves", **settings, **runs)
for name in ("last_value", "linear_autoregression", "loss", "noise_floor"):
    print(f"{name:22} {waves.metrics[name]:.4f}")

# %% [markdown]
# Mean squared errors, one step ahead: of "as before", of the best linear function of the 50 values, of
# the network, and of the noise that nobody can foresee.

# %%
series = s5.load_data("waves").test
ahead = np.array(forecast(waves.model, series.inputs[:2], steps=20))  # (2, 20)
figure, axes = plt.subplots(2, 1, figsize=(6, 3.2), sharex=True, layout="constrained")
for axis, seen, future, found in zip(axes, series.inputs, series.labels, ahead, strict=False):
    axis.plot(range(50), seen[:, 0], color="0.35", label="seen")
    axis.plot(range(50, 70), future, ":", color="black", label="what came")
    axis.plot(range(50, 70), found, color=ORANGE, label="forecast")
figure.legend(*axes[0].get_legend_handles_labels(), ncols=3, loc="outside upper center")
axes[1].set(xlabel="step")
figure.supylabel("value", fontsize="medium")
plt.show()

# %% [markdown]
# ## Exercises
#
# 1. How many weights has a `SimpleRNN` of 64 units on inputs of width 10? And one of 128 units that reads
#    an image of 28 x 28 points row by row?
# 2. How long does it remember? Read "Frankreich" and "Xrankreich" with the trained layer that reads
#    forwards. How far apart are the two states after each character?
# 3. A served model gets texts of different lengths in one request; the shorter ones are padded with 0.
#    Show that the padding changes no answer.
#
# ## Check
#
# The key numbers of this lesson.

# %%
assert difference < 1e-5
assert model.count_params() == 133_460
assert np.isclose((guesses == names.test.labels).mean(), result.metrics["accuracy"], atol=0.002)
assert np.allclose(answer["prefix_probabilities"][0, -1], answer["probabilities"][0], atol=1e-5)
assert result.metrics["accuracy"] >= (0.1 if QUICK else 0.795)
assert waves.metrics["loss"] < (0.4 if QUICK else waves.metrics["linear_autoregression"])

# %% [markdown]
# ## Solutions
#
# **1.** $64 \cdot (10 + 64 + 1)$ and $128 \cdot (28 + 128 + 1)$.

# %%
for width, units in ((10, 64), (28, 128)):
    small = s5.build("simple_rnn", embed_dim=width, units=units, bidirectional=False)
    print(f"{small.get_layer('rnn').count_params():,} = {units * (width + units + 1):,}")

# %% [markdown]
# **2.** The difference dies away: each step squashes it and multiplies it by $W_h$. What has no effect on
# the end cannot be learned from the end either; its gradient has vanished in the same way. Sepp
# Hochreiter saw this in 1991, Yoshua Bengio, Patrice Simard and Paolo Frasconi in 1994. The LSTM
# (Hochreiter and Jürgen Schmidhuber, 1997) is one way out; attention, the next lesson, another. Our network
# answers with the largest value of each unit over *all* places, not with the last state, and so needs less
# memory than the figure suggests.

# %%
embed, forwards = result.model.get_layer("embedding"), result.model.get_layer("rnn").forward_layer
vectors = np.array(embed(encode(["Frankreich", "Xrankreich"], names.alphabet)))  # (2, 10, 96)
one, other = (recurrence(x, *forwards.get_weights()) for x in vectors)
figure, axes = plt.subplots(figsize=(6, 2.6), layout="constrained")
axes.semilogy(range(10), np.linalg.norm(one - other, axis=1), "o-", color=BLUE)
axes.set(xticks=range(10), xticklabels="Frankreich", ylabel="distance of the states")
plt.show()

# %% [markdown]
# **3.** Keras carries a mask along: at padding the state stays as it is, and the pooling leaves it out.

# %%
short = encode(["Frankreich"], names.alphabet)
padded = np.pad(short, [(0, 0), (0, 30)])
answers = [client.predict("simple_rnn", {"tokens": t})["probabilities"] for t in (short, padded)]
print("largest difference", np.abs(answers[0] - answers[1]).max())
assert np.allclose(*answers, atol=1e-6)

# %%
client.close()
server.stop()
