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
# **How can two units remember something about a text of any length?**
#
# After this lesson you can
#
# * run a recurrent network of two units with pencil and paper,
# * draw a recurrent layer folded as a loop and unfolded in time, and write down its two formulas,
# * explain why gradients vanish over many steps, and what is lost by it, and
# * say when a second layer that reads from the end helps, and when it is not allowed.
#
# **Time:** 75 minutes. **You need:** XOR (lesson 5), back-propagation (lesson 6) and weight sharing (lesson
# 7).
#
# ## Why
#
# Words, melodies and temperatures come one after the other, and texts differ in length. A network with a
# fixed number of inputs cannot read them. Jeffrey Elman's answer of 1990, in *Finding Structure in Time*:
# give the hidden layer, beside the next symbol, its own output of a moment ago. What it has seen is then part
# of what it sees. Elman's network guessed the next word of simple sentences, and its hidden units turned out
# to tell nouns from verbs, although nobody had told them.
#
# (Michael Jordan had fed back a network's *outputs* in 1986. Mike Schuster and Kuldip Paliwal let a second
# layer read from the end in 1997. How such networks are trained, by unfolding them in time, is already in
# Rumelhart, Hinton and Williams's paper of 1986.)

# %% tags=["hide-input"]
import os
import tempfile
from pathlib import Path

import keras
import matplotlib.pyplot as plt
import numpy as np

import keras_session5 as s5
from keras_session5 import pictures
from keras_session5.data.characters import encode
from keras_session5.exercises import check
from keras_session5.introspection import layer_outputs
from keras_session5.models.simple_rnn_waves import forecast
from keras_session5.pictures.style import BLUE, GREEN, ORANGE, SEQUENTIAL, SIGNED, new_figure

QUICK = os.environ.get("SESSION5_QUICK") == "1"  # the tests set it: a few seconds instead of three minutes
FOLDER = Path(tempfile.mkdtemp())  # for runs and exported models; nothing of yours is touched
keras.utils.set_random_seed(0)  # the same untrained weights each time
plt.switch_backend(plt.get_backend())  # loads it, so that a notebook shows also figures made without pyplot

# %% [markdown]
# ## The idea
#
# ### Two units that read from left to right
#
# Read a row of bits from left to right, and say after each bit whether the number of ones so far is odd. This
# is called the *parity* of the bits. You need to remember only one thing: the previous answer. If the next
# bit is 0, the answer stays; if it is 1, the answer flips. In other words, the new answer is the XOR of the
# previous answer and the bit.
#
# Lesson 5 showed that XOR needs a hidden layer, and two threshold units are enough. One fires if *at least
# one* of two inputs is 1 (or), the other if *both* are (and), and XOR is "or" minus "and". Here the two
# inputs are the bit and the previous answer, and the previous answer is itself "or" minus "and" of the step
# before. So each unit has a weight of 1 for the bit, of 1 for the previous "or" and of -1 for the previous
# "and". The two outputs at time $t$ are called the *hidden state* $h_t$.

# %%
W_x = np.array([[1, 1]])  # bit -> or, and
W_h = np.array([[1, 1], [-1, -1]])  # previous or, previous and -> or, and
b = np.array([-0.5, -1.5])  # "or" fires above a sum of 0.5, "and" above 1.5
W_y = np.array([1, -1])  # the answer: or minus and


# %%
def read_bits(bits):
    h, states = np.zeros(2, int), []
    for bit in bits:
        h = (bit * W_x[0] + h @ W_h + b > 0).astype(int)
        states.append(h)
    return np.array(states)


# %% [markdown]
# Follow it by hand for the bits 1, 1, 0, 1. Before the first bit, the state is (0, 0):
#
# | bit | previous answer | sum | or: sum > 0.5 | and: sum > 1.5 | answer: or - and | ones so far |
# |---|---|---|---|---|---|---|
# | 1 | 0 | 1 | 1 | 0 | 1 | 1, odd |
# | 1 | 1 | 2 | 1 | 1 | 0 | 2, even |
# | 0 | 0 | 0 | 0 | 0 | 0 | 2, even |
# | 1 | 0 | 1 | 1 | 0 | 1 | 3, odd |
#
# Move the slider to let the network read seven bits. The signs on the lines from the first step to the second
# are those of the weights in `W_h`; they are the same between all steps.

# %% tags=["hide-input"]
bits = [1, 0, 1, 1, 0, 1, 0]
states = read_bits(bits)
shown = [bits, states, states @ W_y, ["or: sum > 0.5", "and: sum > 1.5"]]
pictures.Slider(
    [pictures.threshold_states(*shown, steps=t, weights=W_h) for t in range(1, 8)],
    labels=[f"{t}" for t in range(1, 8)],
    name="bits read",
    description="two threshold units read bits from left to right; blue lines carry the state on",
)

# %% [markdown]
# The blue lines are the new idea: they carry the state from one step to the next. Nothing in the network
# counts the bits, so it reads seven of them or ten thousand with the same 10 weights and biases.

# %%
rng = np.random.default_rng(0)
many = rng.integers(0, 2, 10_000)
answers = read_bits(many) @ W_y
print("right at all steps:", np.array_equal(answers, np.cumsum(many) % 2))

# %% [markdown]
# A threshold unit has no gradient to learn by. A sigmoid has one, and if the weights and biases of both units
# are ten times as large, it behaves almost like the threshold:

# %%
h = np.zeros(2)
for bit in bits:
    h = 1 / (1 + np.exp(-10 * (bit * W_x[0] + h @ W_h + b)))
    print(f"bit {bit}: or {h[0]:.3f}, and {h[1]:.3f}, answer {h @ W_y:6.3f}")

# %% [markdown]
# ### Folded and unfolded
#
# In general, the input at step $t$ is a vector $x_t$, for example that of a letter. The state is made from it
# and from the state before, and the output from the state:
#
# $$h_t = \tanh(x_t W_x + h_{t-1} W_h + b), \qquad h_0 = 0$$
#
# $$y_t = h_t W_y + b_y$$
#
# (Here $x_t$ and $h_t$ are rows, as in Keras. With columns, as on the slides, it is $y_t = W_y h_t + b_y$.)
# $W_x$, $W_h$, $W_y$ and both biases are the same at every step: weights shared in time, as a convolution
# shares them in space. On the left of the figure, the layer is drawn once with its loop. On the right, it is
# *unfolded*: drawn once for each step. Both are the same network.

# %% tags=["hide-input"]
pictures.unfolded("Wien")

# %% [markdown]
# ### How it learns, and why it forgets
#
# Unfolded, a recurrent network is a deep network with one layer for each step, and back-propagation trains
# it as in lesson 6 (*back-propagation through time*). The gradient of each weight is the sum of its gradients
# at all steps.
#
# Now let a letter at the beginning matter for the answer at the end. How much does the last state change if
# an early one changes a little? By the chain rule, each step back multiplies by the slope of tanh, which is
# $1 - h_t^2$, and by $W_h$. With a single unit:
#
# $$\frac{\partial h_T}{\partial h_t} = \prod_{s=t+1}^{T} (1 - h_s^2)\, w_h$$
#
# That is a power. Even with the steepest slope of tanh, which is 1, this is what fifty steps do:

# %%
for w in (0.5, 0.9, 1.0, 1.1):
    print(f"w_h = {w}: after 10 steps {w**10:8.4f}, after 50 steps {w**50:12.4g}")

# %% [markdown]
# With factors below 1 the gradient *vanishes*: the network cannot learn from what was long ago, because
# changing its weights does not seem to matter. With factors above 1 it can *explode*: one step of training
# then throws all weights away. With many units the factor is a matrix, and the same happens. Here are three
# networks of 64 units with small random inputs. Their $W_h$ is an orthogonal matrix, which keeps the length
# of every vector, times 0.5, 1 or 2.


# %%
def states_of(x, w_x, w_h, b):
    h, states = np.zeros(len(b)), []
    for x_t in x:
        h = np.tanh(x_t @ w_x + h @ w_h + b)
        states.append(h)
    return np.array(states)


# %%
def influence(states, w_h):
    """How much the last state changes with the state k steps before it, for k = 0, 1, 2, ..."""
    product, norms = np.eye(len(w_h)), []
    for h in states[::-1]:
        norms.append(np.linalg.norm(product, 2))  # the largest factor for any direction
        product = (w_h * (1 - h**2)) @ product
    return norms


# %%
orthogonal = np.linalg.qr(rng.normal(size=(64, 64)))[0]
inputs = 0.1 * rng.normal(size=(50, 64))
norms = {}
for gain in (2.0, 1.0, 0.5):
    states = states_of(inputs, np.eye(64), gain * orthogonal, np.zeros(64))
    norms[gain] = influence(states, gain * orthogonal)

# %% tags=["hide-input"]
figure, axes = plt.subplots(figsize=(6, 2.8), layout="constrained")
for (gain, line), colour, style in zip(norms.items(), (ORANGE, GREEN, BLUE), ("--", ":", "-"), strict=True):
    axes.semilogy(line, style, color=colour, lw=2, label=f"{gain:g} times orthogonal")
axes.axhline(1, color="0.6", lw=1)
axes.set(xlabel="steps back from the last state", ylabel="largest factor by which it\nchanges the last state")
axes.legend(title="$W_h$", fontsize=8)
plt.show()

# %% [markdown]
# Sepp Hochreiter described vanishing gradients in his diploma thesis of 1991, and Yoshua Bengio, Patrice
# Simard and Paolo Frasconi in 1994. Exploding ones are cut to a fixed length (*gradient clipping*). For
# vanishing ones there are two ways out. The *LSTM* of Hochreiter and Jürgen Schmidhuber (1997) has a second
# state to which each step *adds*, so the factor is close to 1. And attention, the next lesson, connects any
# two steps directly.
#
# ### A second layer that reads from the end
#
# If the whole text is there before an answer is wanted, a second recurrent layer with weights of its own can
# read it from right to left, and both states are put side by side as the output $y_t$: a *bidirectional*
# network. At every letter it knows what came before *and* what comes after. And each end of the text is close
# to the end of one of the two readings. A network that predicts the next letter must not do this: it would
# read the answer.

# %% tags=["hide-input"]
pictures.bidirectional("Wien")

# %% [markdown]
# ## Build
#
# The task: in which of twenty languages is the name of a country, a language or a currency written?
# Characters become vectors of 96 numbers, one recurrent layer reads forwards and another backwards (192
# numbers each). Each of the 384 numbers is kept only at the letter where it is largest (*max-pooling*, as in
# lesson 7), and what is kept goes into a softmax.

# %%
model = s5.build("simple_rnn")
for layer in model.layers:
    print(f"{layer.name:14} {layer.output.shape!s:18} {layer.count_params():>8,}")
print(f"{'sum':14} {'':18} {model.count_params():>8,}")

# %% [markdown]
# A recurrent layer with $u$ units on inputs of width $i$ has $u\,(i + u + 1)$ weights and biases, however
# long the text is.

# %%
names = s5.load_data("place_names")
counts = [154 * 96, 2 * 192 * (96 + 192 + 1), (2 * 192 + 1) * 20]
print(*(f"{count:,}" for count in counts), f"sum {sum(counts):,}")
print(len(names.train), "names to learn from, in", ", ".join(names.class_names))

# %% [markdown]
# ## Follow one example
#
# "Wien" (Vienna) as numbers. Each character has an id; 0 would be padding.

# %%
tokens = encode(["Wien"], names.alphabet)
outputs = layer_outputs(model, ["embedding", "rnn", "pool"])(tokens)
print("tokens       ", tokens.shape, tokens)
for name, output in outputs.items():
    print(f"{name:14}{tuple(output.shape)}")

# %% [markdown]
# The function `states_of` above is the whole recurrence, in six lines of NumPy. It computes the same as
# Keras's layer. (The first 192 numbers of `rnn` are those of the layer that reads forwards.)

# %%
forwards = model.get_layer("rnn").forward_layer
by_hand = states_of(np.array(outputs["embedding"][0]), *forwards.get_weights())  # (4, 192)
difference = np.abs(by_hand - np.array(outputs["rnn"][0, :, :192])).max()
print(by_hand.shape, f"largest difference {difference:.1e}")

# %% [markdown]
# ## Train and look
#
# ### A memory that one can draw
#
# 192 units cannot be drawn, so we first train a network of *two* units. It reads from left to right only, it
# answers from its last state, and it has to tell three languages apart. Training takes about half a minute.

# %%
few = ["German", "Italian", "Finnish"]


def names_of(split, longest=24):
    labels = [few.index(name) if name in few else -1 for name in names.class_names]
    pairs = [(text, labels[i]) for text, i in zip(split.texts, split.labels, strict=True)]
    kept = [(text, label) for text, label in pairs if label >= 0 and len(text) <= longest]
    return encode([text for text, _ in kept], names.alphabet, longest), np.array([label for _, label in kept])


# %%
keras.utils.set_random_seed(2)
two = s5.build(
    "simple_rnn", num_classes=3, units=2, embed_dim=8, dropout=0.0, bidirectional=False, pooling="last"
)
two.compile(keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy", metrics=["accuracy"])
two.fit(*names_of(names.train), batch_size=64, epochs=1 if QUICK else 40)
tokens, labels = names_of(names.test)
accuracy = two.evaluate(tokens, labels, verbose=0)[1]
print(
    f"{two.count_params():,} weights; right for {accuracy:.2f} of {len(labels)} test names, by guessing 0.33"
)

# %% [markdown]
# Now the hidden state is a point in the plane. Colours show which language the network would name there. Let
# it read the test name "Karibisch", which is German for the language of the Caribs. Each letter moves the
# point. Follow it with the slider.

# %%
text = "Karibisch"
path = np.array(layer_outputs(two, ["embedding"])(encode([text], names.alphabet))["embedding"])[0]
path = np.vstack([[0, 0], states_of(path, *two.get_layer("rnn").get_weights())])  # (10, 2), from h_0 on

# %% tags=["hide-input"]
side = np.linspace(-1.2, 1.2, 120)
plane = np.stack(np.meshgrid(side, side), axis=-1)  # (120, 120, 2)
weights, biases = two.get_layer("probabilities").get_weights()
regions = (plane @ weights + biases).argmax(axis=-1)
corners = {regions[row, column]: (row, column) for row in (0, -1) for column in (0, -1)}

# %% tags=["hide-input"]
frames = [new_figure(4.0, 3.8) for _ in path]
for last, figure in enumerate(frames):
    axes = figure.subplots()
    axes.contourf(side, side, regions, levels=[-0.5, 0.5, 1.5, 2.5], colors=[BLUE, GREEN, ORANGE], alpha=0.3)
    for region, (row, column) in corners.items():
        place, align = 0.93 * plane[row, column], "right" if column else "left"
        axes.text(*place, few[region], ha=align, va="center", color="0.3", style="italic")
    axes.annotate("$h_0$", path[0], (-5, -14), textcoords="offset points")
    axes.plot(*path[: last + 1].T, "o-", color="0.2", lw=1, markersize=3)
    axes.plot(*path[last], "o", color="black", markersize=9)
    for letter, point in zip(text[:last], path[1:], strict=False):
        axes.annotate(letter, point, (5, 5), textcoords="offset points", weight="bold")
    axes.set(xlabel="first unit", ylabel="second unit", title=f'read so far: "{text[:last]}"', aspect="equal")
    axes.set(xlim=(-1.2, 1.2), ylim=(-1.2, 1.2))
about = "the hidden state of two units as a point that each letter moves; regions show the answer"
pictures.Slider(frames, range(len(path)), name="letters read", description=about)

# %% [markdown]
# After "Karib" the network is for German. Then it wavers: "Karibi" could be Finnish and "Karibis" Italian,
# until the ending "-sch" brings it back. The answer depends only on where the point is, not on how it got
# there.
#
# ### How long does it remember?
#
# Change the first letter of every test name that has at least ten letters into an "X", and compare the two
# states after each letter. This network answers from its *last* state, so what is not in there any more is
# lost for the answer.

# %%
long = tokens[(tokens != 0).sum(axis=1) >= 10]
other = long.copy()
other[:, 0] = encode(["X"], names.alphabet)[0, 0]
vectors = [np.array(layer_outputs(two, ["embedding"])(t)["embedding"]) for t in (long, other)]
recurrent = two.get_layer("rnn").get_weights()
one, changed = (np.array([states_of(x[:10], *recurrent) for x in batch]) for batch in vectors)
distances = np.linalg.norm(one - changed, axis=2).mean(axis=0)  # (10,)

# %% tags=["hide-input"]
figure, axes = plt.subplots(figsize=(6, 2.5), layout="constrained")
axes.plot(range(1, 11), distances, "o-", color=BLUE)
axes.set(xlabel="letters read, the first of them changed", ylabel="mean distance\nof the states")
axes.set(xticks=range(1, 11), ylim=0)
plt.show()

# %% [markdown]
# After ten letters, the distance is less than half of what it was after the first. The two numbers have to
# hold everything, and each new letter overwrites a part of what the earlier ones left there.
#
# ### The full network
#
# Now the network from above, with 192 units in each direction, on all twenty languages: a bit over a minute
# on two cores. The recipe hides 8 % of the characters at random, so that the network learns to look at all
# of them.

# %%
runs = {"runs_dir": FOLDER / "runs", "seed": 0, "dashboard": False}
settings = {"epochs": 1, "examples": 1_000, "units": 24} if QUICK else {}
result = s5.train("simple_rnn", **settings, **runs)
commonest = np.bincount(names.test.labels).max() / len(names.test)
print(f"test accuracy {result.metrics['accuracy']:.4f}")
print(f"by always answering the commonest language {commonest:.4f}")

# %% tags=["hide-input"]
figure, axes = plt.subplots(figsize=(5, 2.6), layout="constrained")
epochs = range(1, len(result.history) + 1)
lines = (
    ("accuracy", "--", ORANGE, "training, some letters hidden"),
    ("val_accuracy", "-", BLUE, "validation"),
)
for name, style, colour, label in lines:
    axes.plot(epochs, [epoch[name] for epoch in result.history], style, color=colour, label=label)
axes.set(xlabel="epoch", ylabel="accuracy", ylim=(0, 1))
axes.xaxis.get_major_locator().set_params(integer=True)
axes.legend()
plt.show()

# %% [markdown]
# Is that good? A linear support vector machine on the counts of groups of one to four characters is right for
# 0.843 of the same test names, and this network for about 0.817 (mean of three seeds; both from the [table of
# accuracies](../docs/networks.md#accuracy-beside-classical-methods)). Eleven thousand names are few for
# learning from scratch what the letter groups give at once.
#
# ## Ask the served model
#
# The signature `from_text` takes strings: the model knows its own alphabet.

# %%
version = s5.export(result, FOLDER / "models")
server = s5.serve({"simple_rnn": version.parent})
client = s5.connect(server.rest_address)
texts = ["Deutschland", "Allemagne", "Germania", "Tyskland", "Saksa", "Německo"]
answer = client.predict("simple_rnn", {"text": texts}, signature_name="from_text")
for text, label, row in zip(texts, answer["label"], answer["probabilities"], strict=True):
    print(f"{text:12} {label:12} {row.max():.2f}")

# %% [markdown]
# All six mean Germany. Two of them belong to several languages: *Tyskland* is Danish, Norwegian and Swedish,
# *Germania* Italian and Romanian. Such names are left out of the data, because no single answer would be the
# right one; at *Germania* the network is not sure, and wrong. The other four are among the training names,
# and yet it takes *Saksa*, which is Finnish, for Estonian: these two are close relatives, and five letters
# say little.
#
# Which languages does it confuse most?

# %%
probabilities = client.predict("simple_rnn", {"tokens": names.test.inputs})["probabilities"]
guesses = probabilities.argmax(axis=1)
confused = np.zeros((20, 20), int)
np.add.at(confused, (names.test.labels, guesses), 1)
mistakes = confused - np.diag(confused.diagonal())
for pair in np.argsort(-mistakes.ravel(), kind="stable")[:6]:
    true, predicted = (names.class_names[i] for i in divmod(pair, 20))
    print(f"{true:10} predicted as {predicted:10} {mistakes.flat[pair]:3} times")

# %% [markdown]
# Neighbours: Spanish and Italian, Finnish and Estonian, Slovak and Czech, German and Dutch. In the figure,
# what is off the diagonal is a mistake.

# %% tags=["hide-input"]
figure, axes = plt.subplots(figsize=(5.4, 4.4), layout="constrained")
shown = axes.imshow(confused, cmap=SEQUENTIAL, vmax=20)
figure.colorbar(shown, label="test names (20 and more: yellow)")
axes.set_xticks(range(20), names.class_names, rotation=90, fontsize=7)
axes.set_yticks(range(20), names.class_names, fontsize=7)
axes.set(xlabel="predicted language", ylabel="true language")
plt.show()

# %% [markdown]
# ### How the prediction changes
#
# The signature `explain_text` also returns what the network would answer to the first character, to the first
# two, and so on. Each beginning is read as if it were a whole name, from both ends. So the answers may jump:
# a new last letter is a new *first* letter for the layer that reads backwards. Look at "Karibis": -is is a
# common ending of Lithuanian words.

# %%
answer = client.predict("simple_rnn", {"text": ["Karibisch"]}, signature_name="explain_text")
for name, array in sorted(answer.items()):
    print(f"{name:22}{array.shape}")

# %% tags=["hide-input"]
prefixes = answer["prefix_probabilities"][0]  # (9, 20)
top = np.argsort(-prefixes.max(axis=0), kind="stable")[:6]
top = top[np.argsort(-prefixes[-1, top], kind="stable")]
figure, axes = plt.subplots(figsize=(7, 3), layout="constrained")
shown = axes.imshow(prefixes[:, top].T, cmap=SEQUENTIAL, vmin=0, vmax=1, aspect="auto")
for (column, row), value in np.ndenumerate(prefixes[:, top]):
    axes.text(
        column, row, f"{value:.2f}", ha="center", va="center", color="black" if value > 0.5 else "white"
    )
axes.set_xticks(range(9), ["Karibisch"[: i + 1] for i in range(9)], rotation=30, ha="right")
axes.set_yticks(range(6), [names.class_names[i] for i in top])
axes.set(xlabel="read so far", ylabel="language")
figure.colorbar(shown, label="probability")
plt.show()

# %% [markdown]
# And the state itself? 384 numbers at each letter are too many for a picture. Here are the 16 units of the
# layer that reads forwards that change most while it reads.

# %%
states = answer["states"][0]  # (9, both directions)
states = states[:, : states.shape[1] // 2]
most = np.sort(np.argsort(-states.std(axis=0), kind="stable")[:16])
others = np.delete(states, most, axis=1)
print(f"of the outputs of the other units, {(others < -0.9).mean():.2f} are below -0.9")

# %% tags=["hide-input"]
figure, axes = plt.subplots(figsize=(5.5, 3.4), layout="constrained")
shown = axes.imshow(states[:, most].T, cmap=SIGNED, vmin=-1, vmax=1, aspect="auto")
axes.set_xticks(range(9), "Karibisch")
axes.set_yticks(range(16), most + 1, fontsize=7)
axes.set(xlabel="letter just read", ylabel="number of the unit")
figure.colorbar(shown, label="output of the unit")
plt.show()

# %% [markdown]
# No single unit means "German"; the pattern does. Most of the other units are near -1 most of the time: the
# pooling keeps the largest value of each unit, so a unit can wait at the bottom until it reads its letters.
# That also means that this network needs less memory than one that answers from its last state: whatever a
# unit has once found is kept by the pooling.
#
# One thing must be right in a server: texts of different lengths come in one request, and the shorter ones
# are padded with 0. Keras carries a mask along. At padding, the state stays as it is, and the pooling leaves
# it out, so the padding changes no answer:

# %%
short = encode(["Karibisch"], names.alphabet)
padded = np.pad(short, [(0, 0), (0, 30)])
with_and_without = [client.predict("simple_rnn", {"tokens": t})["probabilities"] for t in (short, padded)]
print("largest difference", np.abs(with_and_without[0] - with_and_without[1]).max())
client.close()
server.stop()

# %% [markdown]
# ### The same layer on numbers
#
# A recurrent layer does not care what its vectors mean. `simple_rnn_waves` reads 50 values of a noisy sum of
# three sines and predicts the next one. These are the mean squared errors one step ahead: of repeating the
# last value, of the best linear function of the 50 values, of the network, and of the noise, which nobody
# can foresee.

# %%
settings = {"epochs": 1, "examples": 200, "units": (8,)} if QUICK else {"epochs": 14}
waves = s5.train("simple_rnn_waves", **settings, **runs)
for name in ("last_value", "linear_autoregression", "loss", "noise_floor"):
    print(f"{name:22} {waves.metrics[name]:.4f}")

# %% [markdown]
# One step ahead, the network beats the linear function. Now feed its prediction back as if it were the next
# value, twenty times. (As a served model it has a signature for that, `forecast`.)

# %%
series = s5.load_data("waves").test
some = slice(200)
ahead = np.array(forecast(waves.model, series.inputs[some], steps=20))  # (200, 20)
errors = ((ahead - series.labels[some]) ** 2).mean(axis=0)  # of 1, 2, ..., 20 steps ahead
always_zero = (series.labels[some] ** 2).mean()

# %% tags=["hide-input"]
figure, axes = plt.subplots(1, 2, figsize=(8.5, 2.7), layout="constrained", width_ratios=[3, 2])
axes[0].plot(range(1, 51), series.inputs[0, :, 0], color="0.35", label="read")
axes[0].plot(range(51, 71), series.labels[0], ":", color="black", label="what came")
axes[0].plot(range(51, 71), ahead[0], color=ORANGE, label="forecast")
axes[0].set(xlabel="step", ylabel="value", title="the first test series", ylim=(-3, 2))
axes[0].legend(fontsize=8, ncols=3, loc="lower center")
axes[1].plot(range(1, 21), errors, "o-", color=ORANGE, markersize=3, label="network")
axes[1].axhline(always_zero, color=BLUE, ls="--", label="always 0")
axes[1].axhline(0.01, color="black", ls=":", label="noise")
axes[1].set(xlabel="steps ahead", ylabel="mean squared error", title="200 test series", ylim=(0, 1))
axes[1].set_xticks([1, 5, 10, 15, 20])
axes[1].legend(fontsize=8, loc="upper left")
plt.show()

# %% [markdown]
# The first step is good, but then the forecast loses its height and gets out of step with what came. On the
# right you see that this is the rule: the further ahead, the larger the error, apart from a small dip near
# the end. After twenty steps it is more than ten times as large as after one, and more than half of that of
# always predicting 0. There are two reasons. Each prediction is fed back as if it were true, with its error,
# and the errors add up. And the network was trained for a single step, by the squared error: where it is
# unsure, it is best for it to stay close to the mean. A cure is to train it on several steps at once.
#
# ## Check
#
# The numbers of this lesson.

# %%
assert read_bits([1, 1, 0, 1]).tolist() == [[1, 0], [1, 1], [0, 0], [1, 0]]
assert np.array_equal(answers, np.cumsum(many) % 2)
assert abs(h @ W_y - sum(bits) % 2) < 0.02
assert norms[0.5][20] < 1e-5 < 0.05 < norms[1.0][20] < 1 < 10 < norms[2.0][20]
assert difference < 1e-5
assert model.count_params() == sum(counts) == 133_460
assert np.allclose(*with_and_without, atol=1e-6)

# %%
assert np.isclose((guesses == names.test.labels).mean(), result.metrics["accuracy"], atol=0.002)
assert np.allclose(answer["prefix_probabilities"][0, -1], answer["probabilities"][0], atol=1e-5)
assert QUICK or result.metrics["accuracy"] >= 0.795
assert QUICK or accuracy >= 0.7
assert QUICK or (others < -0.9).mean() > 0.5
assert QUICK or waves.metrics["loss"] < waves.metrics["linear_autoregression"]
assert QUICK or errors[0] < 0.05 < 0.2 < errors[-1]

# %% [markdown]
# ## Exercises
#
# Replace the three dots by your answer and run the cell. A wrong answer gets a hint, and the next wrong one
# a second hint.
#
# ### 09.1 Two units on paper
#
# In the parity network, "or" fires if the bit and the previous answer add up to more than 0.5, and "and" if
# they add up to more than 1.5. The answer is "or" minus "and", and it starts at 0. Let the network read the
# bits 0, 1, 1, 1. What are "or" and "and" after each bit?

# %% tags=["exercise"]
answer = ...  # four rows of two numbers: [[or, and], ...]
check("09.1", answer)

# %% [markdown]
# <details><summary>Solution</summary>
#
# The sums of the bit and the previous answer are 0, 1, 2 and 1. The answers, "or" minus "and", are 0, 1, 0
# and 1: the last is right, because three ones are odd.
#
# ```python
# answer = read_bits([0, 1, 1, 1])
# ```
#
# </details>
#
# ### 09.2 A unit that never forgets
#
# Invent a recurrent network of a *single* threshold unit that fires as soon as it has read a 1, and then goes
# on firing whatever follows. It fires where $w_x \cdot \text{bit} + w_h \cdot h + b > 0$, and begins with
# $h = 0$.

# %% tags=["exercise"]
answer = ...  # three numbers: (w_x, w_h, b)
check("09.2", answer)

# %% [markdown]
# <details><summary>Solution</summary>
#
# The unit computes "or" of the bit and its own previous output. A bit of 1 or a previous 1 must be enough to
# fire, and with neither it must be silent.
#
# ```python
# answer = (1, 1, -0.5)
# ```
#
# </details>
#
# ### 09.3 Count the weights
#
# How many weights and biases has a recurrent layer of 64 units on inputs of width 10? And one of 128 units
# that reads an image of 28 x 28 pixels row by row?

# %% tags=["exercise"]
answer = ...  # two whole numbers
check("09.3", answer)

# %% [markdown]
# <details><summary>Solution</summary>
#
# $u\,(i + u + 1)$ with $i = 10$ and $i = 28$. That the image has 28 rows does not matter.
#
# ```python
# answer = [units * (width + units + 1) for width, units in ((10, 64), (28, 128))]
# ```
#
# </details>
#
# ### 09.4 How fast does a gradient vanish?
#
# A unit has $w_h = 0.9$, and the slope of its tanh is 1 at best. After how many steps is the gradient below
# one hundredth, even at best?

# %% tags=["exercise"]
answer = ...  # the smallest whole number of steps
check("09.4", answer)

# %% [markdown]
# <details><summary>Solution</summary>
#
# $0.9^n < 0.01$ as soon as $n > \ln 0.01 / \ln 0.9 = 43.7$.
#
# ```python
# answer = next(n for n in range(1_000) if 0.9**n < 0.01)
# ```
#
# </details>
#
# ## Quiz
#
# Answer with a letter, such as `"a"`.
#
# ### 09.Q1 How many more weights does a recurrent layer need for a text twice as long?
#
# * **a** twice as many
# * **b** as many as the text has more letters
# * **c** none

# %% tags=["exercise"]
check("09.Q1", ...)

# %% [markdown]
# ### 09.Q2 Why is it hard for a simple recurrent network to learn from the first word of a long text?
#
# * **a** the gradient is multiplied by a factor at every step and becomes tiny
# * **b** the first word has weights of its own, which are seldom trained
# * **c** the state has no room for more than one word

# %% tags=["exercise"]
check("09.Q2", ...)

# %% [markdown]
# ### 09.Q3 For which task must you not use a bidirectional network?
#
# * **a** to find the language of a name that is complete
# * **b** to predict the next letter of a name
# * **c** to mark all nouns of a sentence

# %% tags=["exercise"]
check("09.Q3", ...)

# %% [markdown]
# ## Summary
#
# * A recurrent layer makes its state from the next input and its own state before: $h_t = \tanh(x_t W_x +
#   h_{t-1} W_h + b)$. Its output is $y_t = h_t W_y + b_y$.
# * The weights are the same at every step, so it reads sequences of any length.
# * Two units are enough for the parity of any number of bits, if somebody chooses the weights.
# * Training unfolds the network in time. The gradient is a product of one factor for each step: it vanishes
#   or explodes.
# * A bidirectional network also reads from the end. It needs the whole text first.
#
# Next: [lesson 10](10_attention.ipynb) connects any two letters in a single step.
#
# ## Glossary
#
# | term | meaning |
# |---|---|
# | hidden state | the outputs of the recurrent units, which are also inputs of the next step |
# | unfolding | drawing a recurrent network once for each step, as a deep network with shared weights |
# | back-propagation through time | back-propagation in the unfolded network |
# | vanishing gradient | a gradient that becomes tiny because each step multiplies it by less than 1 |
# | exploding gradient | the opposite; cut to a fixed length by gradient clipping |
# | LSTM | a recurrent unit with a second state to which each step adds |
# | bidirectional | with a second layer that reads from the end |
# | parity | whether a number of ones is odd |
