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
# # 12. BERT, GPT, T5 and ViT
#
# ## Why
#
# The transformer of 2017 translated. Within four years its blocks were put to four other uses, three of them
# with text and one with images, and each became the root of a family:
#
# * **GPT** (Alec Radford and colleagues at OpenAI, 2018): the decoder alone, without a source to look at.
#   It learns to say the next token, and so to write.
# * **BERT** (Jacob Devlin and colleagues at Google, 2018, printed 2019): the encoder alone. It learns to
#   fill gaps, looking at both sides. What it computes for each token is then used for other tasks.
# * **T5** (Colin Raffel and colleagues at Google, 2020): both halves. Every task is text in, text out,
#   and a prefix says which.
# * **ViT** (Alexey Dosovitskiy and colleagues at Google, 2021): the encoder again, and the "words" are
#   pieces of an image.
#
# What they share is bigger than what divides them: train once on plenty of data, adapt to a task with
# little. For the three that read text nobody had to label the plenty; ViT learned from labelled images.

# %%
import math
import os
import tempfile
from pathlib import Path

import keras
import matplotlib.pyplot as plt
import numpy as np

import keras_session5 as s5
from keras_session5.data.characters import decode
from keras_session5.introspection import layer_outputs
from keras_session5.pictures.style import BLUE, ORANGE
from keras_session5.tasks import LanguageModel, MaskedLanguageModel

# %%
QUICK = os.environ.get("SESSION5_QUICK") == "1"  # the tests set it: a few seconds instead of minutes
FOLDER = Path(tempfile.mkdtemp())  # for runs and exported models; nothing of yours is touched
SMALL = {"epochs": 1, "examples": 128, "bucket": False}  # of the quick mode
SMALL |= {"embed_dim": 16, "num_layers": 1, "num_heads": 2, "mlp_dim": 16}
keras.utils.set_random_seed(0)  # the same untrained weights each time

# %% [markdown]
# ## The idea
#
# One network, different questions. BERT is asked for the tokens $x_t$ at some hidden places $M$, GPT for
# each token from those before it, T5 for each token of an answer $y$ from the source $x$ and the answer
# so far:
#
# $$L_\text{BERT} = -\sum_{t \in M} \ln p(x_t \mid x_{\text{without } M}) \qquad
# L_\text{GPT} = -\sum_t \ln p(x_t \mid x_{<t}) \qquad
# L_\text{T5} = -\sum_t \ln p(y_t \mid y_{<t}, x)$$
#
# The question decides the mask: what may look (rows) at what (columns).

# %%
masks = {"BERT, ViT": np.ones((8, 8)), "GPT": np.tri(8)}
masks["T5: source, then target"] = np.maximum(np.tri(8), np.arange(8) < 4)
masks["T5: source, then target"][:4, 4:] = 0
figure, axes = plt.subplots(1, 3, figsize=(8, 2.6), layout="constrained")
for axis, (title, mask) in zip(axes, masks.items(), strict=True):
    axis.pcolormesh(mask, cmap="Blues", vmin=0, vmax=1.5, edgecolors="0.8")
    axis.set(title=title, aspect="equal", ylim=(8, 0), xticks=[], yticks=[])
    axis.set(xlabel="is looked at", ylabel="looks")
plt.show()

# %% [markdown]
# ## Build
#
# The package has each of them in a size that a laptop trains in a minute.

# %%
for name in ("gpt", "masked_language_model", "text_to_text", "vit"):
    entry = s5.NETWORKS[name]
    print(f"{entry.year}  {entry.title:34} {s5.build(name).count_params():>8,} weights, on {entry.data}")

# %% [markdown]
# The published ones are larger, and BERT's also knows places and pairs of sentences by learned vectors.
# Nobody needs half a gigabyte of memory to count them: all blocks are equal, so build one block and two,
# and the difference is what every further block adds.


# %%
def published(name):
    one, two = (s5.build(name, num_layers=layers).count_params() for layers in (1, 2))
    return one + 11 * (two - one)  # all four have twelve blocks


sizes = {name: published(name) for name in ("bert_base", "gpt2_small", "vit_b16", "vit_ti16")}
for name, size in sizes.items():
    print(f"{s5.NETWORKS[name].title:20} {size:>11,} weights, {4 * size / 2**20:4.0f} MiB as they are stored")

# %% [markdown]
# ## Follow one example
#
# Four names, cut short, as BERT is asked about them. Its recipe chooses 15 % of the characters (of a
# short name sometimes none); of these 80 % are hidden (`_` here), 10 % replaced by another and 10 % left
# as they are. Only the chosen ones count.

# %%
names = s5.load_data("place_names")
tokens, label = names.test.inputs[:4, :16], names.test.labels[:4]
task = MaskedLanguageModel(names)
asked, answer, counts = task.batch(tokens, label, np.random.default_rng(3))
questions, answers = decode(asked, names.alphabet), decode(answer, names.alphabet)
for question, right, count in zip(questions, answers, counts, strict=True):
    print(f"{question.replace(chr(0xFFFD), '_'):18} {right:18} counted: {np.flatnonzero(count)}")

# %% [markdown]
# GPT, asked about the first of them, reads a mark for the language and the name; it must answer the name
# and its end, everything one place earlier. Before training it knows nothing, and its loss is about the
# logarithm of 175.

# %%
asked, answer, counts = LanguageModel(names).batch(tokens[:1], label[:1], None)
print("asked ", asked[0])
print("answer", answer[0])
gpt = s5.build("gpt")
log_p = np.array(keras.ops.log_softmax(gpt(asked)))[0]  # (17, 175)
first_loss = -log_p[np.arange(17), answer[0]][counts[0] > 0].mean()
print(f"loss before any training {first_loss:.3f}, and ln 175 = {math.log(175):.3f}")

# %% [markdown]
# And an image as ViT reads it: 49 pieces of 4 x 4 points, each mapped to 64 numbers, and before them one
# learned vector, the class token, in which the answer is read at the end.

# %%
digits = s5.load_data("digits")
image = digits.test.inputs[12:13]
opened = layer_outputs(s5.build("vit"), ["patches", "sequence", "class_token"])
for name, output in opened(image).items():
    print(f"{name:14} {tuple(output.shape)}")

# %%
figure, axes = plt.subplots(7, 7, figsize=(3, 3))
pieces = image[0, ..., 0].reshape(7, 4, 7, 4).swapaxes(1, 2)  # (7, 7, 4, 4)
for place, axis in np.ndenumerate(axes):
    axis.imshow(pieces[place], cmap="gray", vmin=0, vmax=255)
    axis.axis("off")
plt.show()

# %% [markdown]
# ## Train and look
#
# Short trainings, together about five minutes on two cores. The recipes of the package take longer and
# reach more.
#
# ### BERT: filling gaps

# %%
runs = {"runs_dir": FOLDER / "runs", "seed": 0, "verbose": 0, "dashboard": not QUICK}
settings = SMALL if QUICK else {"epochs": 10}
bert = s5.train("masked_language_model", **settings, **runs)
characters = names.test.inputs[names.test.inputs > 0]
print(f"hidden characters found: {bert.metrics['accuracy']:.3f}")
print(f"by always saying the commonest: {np.bincount(characters).max() / len(characters):.3f}")

# %% [markdown]
# What is it good for? To begin with. The encoder that tells languages apart has the same layers up to the
# head. Suppose that of only 2,000 names somebody had said which language they are in: once from scratch,
# once starting from what filling gaps has taught (*fine-tuning*). For that no label was needed.

# %%
settings = SMALL if QUICK else {"epochs": 8, "examples": 2_000}
scratch = s5.train("transformer_encoder", **settings, **runs)
tuned = s5.train("transformer_encoder", start_from=bert, **settings, **runs)
for run in (scratch, tuned):
    print(f"test accuracy {run.metrics['accuracy']:.3f}, loss {run.metrics['loss']:.3f}")

# %%
figure, axes = plt.subplots(figsize=(5, 2.6), layout="constrained")
lines = ((scratch, "o--", ORANGE, "from scratch"), (tuned, "s-", BLUE, "fine-tuned"))
for run, style, colour, label in lines:
    accuracies = [epoch["val_accuracy"] for epoch in run.history]
    axes.plot(range(1, len(accuracies) + 1), accuracies, style, color=colour, label=label)
axes.set(xlabel="epoch", ylabel="validation accuracy", ylim=(0, 1), xticks=range(1, len(accuracies) + 1))
axes.legend()
plt.show()

# %% [markdown]
# Some points, and a clearly smaller loss. With all labels and longer trainings the gain is four points: 16
# epochs give 0.742 from scratch and 0.786 fine-tuned.
#
# ### GPT: writing on

# %%
settings = SMALL if QUICK else s5.NETWORKS["gpt"].tour | {"epochs": 3}
gpt = s5.train("gpt", **settings, **runs)
loss = gpt.metrics["loss"]
print(f"loss {loss:.3f}: as uncertain as a choice among {math.exp(loss):.1f} characters, of 175 at first")

# %% [markdown]
# Counting does better than that: groups of six characters reach 1.560, and 1.446 when each language is
# also counted by itself. The whole recipe of this network comes to about 1.54. It takes more text than
# 11,000 names for GPT's way to win. Let it invent some:

# %%
prompts = ["German: ", "Italian: ", "Polish: ", "Finnish: ", "Portuguese: "]
for prompt, text in zip(prompts, s5.generate(gpt, prompts, temperature=0.7, seed=1), strict=True):
    print(f"{prompt:12} {text}")

# %% [markdown]
# ### T5: two tasks, one network
#
# `iso: 12 mars 2020` asks for a date, `language: Frankreich` for a language.

# %%
settings = SMALL if QUICK else s5.NETWORKS["text_to_text"].tour
t5 = s5.train("text_to_text", **settings, **runs)
for name in ("iso_accuracy", "language_accuracy"):
    print(f"{name:18} {t5.metrics[name]:.3f}")
asked = ["language: Frankreich", "language: Lettonie", "iso: 12 mars 2020", "iso: 4. heinäkuuta 1999"]
for text, answer in zip(asked, s5.translate(t5, asked), strict=True):
    print(f"{text:24} -> {answer}")

# %% [markdown]
# Asked is the language that the name is written in: *Frankreich* is German. After so short a training not
# everything is right: *Lettonie* is French, and *heinäkuuta* July. Dates come first, for they follow a rule;
# names must be known.

# %% [markdown]
# ### ViT: an image as a sentence

# %%
settings = SMALL if QUICK else {"epochs": 10}
vit = s5.train("vit", **settings, **runs)
print(f"test accuracy {vit.metrics['accuracy']:.3f}")

# %% [markdown]
# LeNet-5 reaches more in this time: ViT is not told that neighbouring points belong together. (In the
# paper, too, it passed the convolutional networks only when it had seen many millions of images before.)
# With 60 epochs it reaches 0.970.
#
# How the four learned:

# %%
figure, axes = plt.subplots(1, 4, figsize=(9, 2.4), layout="constrained")
for axis, run in zip(axes, (bert, gpt, t5, vit), strict=True):
    losses = [epoch["loss"] for epoch in run.history]
    axis.plot(range(1, len(losses) + 1), losses, "o-", color=BLUE)
    axis.xaxis.get_major_locator().set_params(integer=True)
    axis.set(title=run.name.replace("language", "lang."), xlabel="epoch", ylim=(0, 1.08 * max(losses)))
axes[0].set(ylabel="training loss")
plt.show()

# %% [markdown]
# ## Ask the served model
#
# BERT and ViT on one server.

# %%
folders = {run.name: s5.export(run, FOLDER / "models").parent for run in (bert, vit)}
server = s5.serve(folders)
client = s5.connect(server.grpc_address)
gaps = ["Österrei_h", "französis_h", "Por_ugal", "Finlan_ia", "D_utschland", "Fran_reich"]
filled = client.predict("masked_language_model", {"text": gaps}, signature_name="from_text")["text"]
for gap, text in zip(gaps, filled, strict=True):
    print(f"{gap} -> {text}")

# %% [markdown]
# Four of six. It does not know the names by heart: `Drutschland` and `Franareich` fit the letters beside the
# gap, not the whole name.
#
# Where ViT looks: the attention of the class token to the 49 pieces, mean of the heads, layer by layer.

# %%
answer = client.predict("vit", {"image": image}, signature_name="explain")
looks = answer["attention"][0, :, :, 0, 1:].mean(axis=1).reshape(-1, 7, 7)  # (L, 7, 7)
figure, axes = plt.subplots(1, len(looks) + 1, figsize=(8, 2.2), layout="constrained")
axes[0].imshow(image[0, ..., 0], cmap="gray")
for layer, (axis, look) in enumerate(zip(axes[1:], looks, strict=True), start=1):
    drawn = axis.imshow(look, cmap="viridis", vmin=0, vmax=looks.max())
    axis.set_title(f"layer {layer}")
figure.colorbar(drawn, ax=axes, label="weight")
for axis in axes:
    axis.axis("off")
plt.show()

# %% [markdown]
# ## Exercises
#
# 1. Let GPT invent German names at temperatures 0.3, 0.8 and 1.5, the same seeds. What does the
#    temperature do?
# 2. What becomes of ViT's weights and of the number of its attention scores with pieces of 2 x 2 and of 7
#    x 7 points?
# 3. BERT hides 15 %. Why not one character at a time, or half of them? (Think first; there is nothing to
#    run.)
#
# ## Check
#
# The key numbers of this lesson.

# %%
assert list(sizes.values()) == [109_482_240, 124_439_808, 86_567_656, 5_717_416]
assert abs(first_loss - math.log(175)) < 0.3
assert np.allclose(answer["attention"].sum(axis=-1), 1, atol=1e-5)
assert not any("_" in text for text in filled)
if not QUICK:
    assert bert.metrics["accuracy"] >= 0.25
    assert loss <= 2.4
    assert t5.metrics["accuracy"] >= 0.45
    assert tuned.metrics["loss"] < scratch.metrics["loss"]
    assert vit.metrics["accuracy"] >= 0.8

# %% [markdown]
# ## Solutions
#
# **1.** It divides the logits before the softmax. Below 1 the likely characters win nearly always, and
# the names resemble each other; above 1 the unlikely ones get their chance, and German gets lost.

# %%
for temperature in (0.3, 0.8, 1.5):
    print(temperature, s5.generate(gpt, ["German: "] * 4, temperature=temperature, seed=1))

# %% [markdown]
# **2.** A piece's map has weights for each of its points, and every place has a vector: fewer, larger
# pieces mean more of the one and less of the other (with 4 and 7 points the two sums happen to be the
# same). The scores grow with the square of the number of pieces.

# %%
for side in (2, 4, 7):
    weights = s5.build("vit", patch_size=side).count_params()
    places = (28 // side) ** 2 + 1  # with the class token
    print(f"{side} x {side}: {weights:>7,} weights, {places**2:>6,} scores in each head")

# %% [markdown]
# **3.** One at a time teaches little per pass over the data: the network computes the whole text for a
# single answer. Half of them hides what the answers could be found from. 15 % was the compromise of 2018;
# later work found that larger networks profit from more.

# %%
client.close()
server.stop()
