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
# **How do the same blocks write a text, fill a gap, obey a command and read an image?**
#
# After this lesson you can
#
# * say which half of the transformer BERT, GPT, T5 and ViT keep, and what each place in them may look at,
# * make a training example for each of them by hand, three of them from text that nobody labelled,
# * show what pre-training is good for when labels are few, and
# * explain what turns a GPT into ChatGPT.
#
# **Time:** 60 minutes. **You need:** masks (lesson 10) and the transformer's two halves (lesson 11).
#
# ## Why
#
# The transformer of 2017 translated. Within four years its blocks were put to four other uses, and each
# became the root of a family:
#
# * **GPT** (Alec Radford and colleagues at OpenAI, 2018): the decoder alone, without a source to look at. It
#   learns to predict the next token, and so to write.
# * **BERT** (Jacob Devlin and colleagues at Google, 2018, printed 2019): the encoder alone. It learns to fill
#   gaps, looking at both sides. What it computes for each token is then used for other tasks.
# * **T5** (Colin Raffel and colleagues at Google, 2020): both halves. Every task is text in, text out, and a
#   prefix says which task is meant.
# * **ViT** (Alexey Dosovitskiy and colleagues at Google, 2021): the encoder again, and its "words" are pieces
#   of an image.
#
# They share more than what divides them: first *pre-training* on plenty of data, then *fine-tuning* on a task
# with little. For the three that read text, nobody had to label the plenty: the text itself holds the
# answers. ViT learned from labelled images.
#
# > **A slip in the slides.** They list all four as applications "beyond NLP". NLP, natural language
# > processing, is what BERT, GPT and T5 do: they are language models. Only ViT leaves language.

# %% tags=["hide-input"]
import math
import os
import tempfile
from pathlib import Path

import keras
import matplotlib.pyplot as plt
import numpy as np

import keras_session5 as s5
from keras_session5 import by_hand, pictures
from keras_session5.data.characters import decode
from keras_session5.exercises import check
from keras_session5.introspection import attention_weights, layer_outputs
from keras_session5.pictures.style import BLUE, ORANGE, VERMILION, new_figure
from keras_session5.tasks import LanguageModel, MaskedLanguageModel

QUICK = os.environ.get("SESSION5_QUICK") == "1"  # the tests set it: a few seconds instead of minutes
FOLDER = Path(tempfile.mkdtemp())  # for runs and exported models; nothing of yours is touched
SMALL = {"epochs": 1, "examples": 64, "bucket": False, "shift_px": 0, "rotate_deg": 0, "scale": 0}
SMALL |= {"embed_dim": 8, "num_layers": 1, "num_heads": 2, "mlp_dim": 8, "dropout": 0.0}
SMALL |= {"optimizer": "sgd", "schedule": "constant"}  # of the quick mode: compiling AdamW takes seconds
keras.utils.set_random_seed(0)  # the same untrained weights each time

# %% [markdown]
# ## The idea
#
# One kind of network, four questions. BERT predicts the tokens $x_t$ at some hidden places $M$ of a text. GPT
# predicts each token from those before it. T5 predicts each token of an answer $y$ from a source $x$ and from
# the answer so far. The losses are those of lesson 11, the negative logarithm of the probability of what is
# right:
#
# $$L_\text{BERT} = -\sum_{t \in M} \ln p(x_t \mid x_{\text{without } M}) \qquad
# L_\text{GPT} = -\sum_t \ln p(x_t \mid x_{<t}) \qquad
# L_\text{T5} = -\sum_t \ln p(y_t \mid y_{<t}, x)$$
#
# ViT is the simplest of the four: it classifies an image, as LeNet-5 does.
#
# The question decides the *mask*. Each row below is a place in the network, and shows at which places it may
# look. A place of GPT that could look to the right would see the token that it must predict.

# %% tags=["hide-input"]
text = ["the", "old", "boat", "left", "the", "harbour"]
source, target = ["the", "<0>", "left"], ["<0>", "old", "boat"]
masks = {
    "BERT: every place, at every place": (["the", "_", "boat", "left", "_", "harbour"], np.ones((6, 6))),
    "GPT: at itself and to the left": (text, np.tri(6)),
    "T5: at the source, and to the left": (source + target, np.maximum(np.tri(6), np.arange(6) < 3)),
}
masks["T5: at the source, and to the left"][1][:3, 3:] = 0
figure, axes = plt.subplots(1, 3, figsize=(9.5, 3.6), layout="constrained")
for axis, (title, (words, mask)) in zip(axes, masks.items(), strict=True):
    axis.pcolormesh(mask, cmap="Blues", vmin=0, vmax=1.5, edgecolors="0.8")
    axis.set_title(title, fontsize=10)
    axis.set(aspect="equal", ylim=(6, 0))
    axis.set_xticks(np.arange(6) + 0.5, words, rotation=60)
    axis.set_yticks(np.arange(6) + 0.5, words)
axes[0].set_ylabel("the place of")
figure.supxlabel("may look at the place of (blue)", fontsize=10)
axes[2].axhline(3, color=ORANGE, linewidth=2)
axes[2].axvline(3, color=ORANGE, linewidth=2)
plt.show()

# %% [markdown]
# The orange lines separate T5's source from its target: the upper rows are its encoder, the lower ones its
# decoder. ViT has BERT's mask: every piece of the image may look at all others.
#
# ## Build
#
# The package has each of them in a size that a laptop can train.

# %%
for name in ("gpt", "masked_language_model", "text_to_text", "vit"):
    entry = s5.NETWORKS[name]
    print(f"{entry.year}  {entry.title:34} {s5.build(name).count_params():>8,} weights, on {entry.data}")

# %% [markdown]
# The published ones are larger, and BERT also has learned vectors for the places and for the first and second
# sentence of a pair. You need not fill half a gigabyte of memory to count their weights. All twelve blocks
# are equal, so build one and add its weights eleven times more.


# %%
def published(name):
    model = s5.build(name, num_layers=1)
    block = sum(layer.count_params() for layer in model.layers if layer.name.startswith("block1"))
    return model.count_params() + 11 * block


sizes = {name: published(name) for name in ("bert_base", "gpt2_small", "vit_b16", "vit_ti16")}
for name, size in sizes.items():
    print(f"{s5.NETWORKS[name].title:20} {size:>11,} weights, {4 * size / 2**20:4.0f} MiB as they are stored")

# %% [markdown]
# ## Follow one example
#
# Here is how each network gets its training examples. Nobody labelled the text for the first three.
#
# **GPT: shift by one.** It reads a mark for the language and then the name, and must predict, at each place,
# the token that comes next; after the last letter, that is a mark for the end. One name is an example for
# each of its letters at once.

# %%
names = s5.load_data("place_names")
tokens, label = names.test.inputs[:4, :16], names.test.labels[:4]
marks = ["(padding)", "_", *names.alphabet, "(end)", *(f"({name})" for name in names.class_names)]
reads, predicts, counts = LanguageModel(names).batch(tokens[:1], label[:1], None)
print("reads   ", *[marks[i] for i in reads[0]])
print("predicts", *[marks[i] for i in predicts[0]])

# %% [markdown]
# Before training it knows nothing. There are 175 tokens, and a network that gives each of them the same
# probability has a loss of $\ln 175$:

# %%
untrained = s5.build("gpt")
log_p = np.array(keras.ops.log_softmax(untrained(reads)))[0]  # (17, 175)
first_loss = -log_p[np.arange(17), predicts[0]][counts[0] > 0].mean()
print(f"loss before any training {first_loss:.3f}, and ln 175 = {math.log(175):.3f}")

# %% [markdown]
# **BERT: hide some.** It chooses 15 % of the tokens (of a short name sometimes none). Of these, 80 % are
# hidden, here by `_`, 10 % are replaced by another token, and 10 % stay as they are. Only the chosen ones
# count in the loss. Why not hide them all? Because there are no gaps in the texts that BERT reads after
# pre-training: it must make something of every token, not only of gaps. Here are four names, cut short:

# %%
masked, right, counted = MaskedLanguageModel(names).batch(tokens, label, np.random.default_rng(3))
questions, answers = decode(masked, names.alphabet), decode(right, names.alphabet)
for question, full, count in zip(questions, answers, counted, strict=True):
    print(f"{question.replace(chr(0xFFFD), '_'):18} {full:18} counted: places {np.flatnonzero(count)}")

# %% [markdown]
# **T5: hide spans.** Whole spans of words disappear. In the inputs, a *sentinel* stands in for each span: a
# token that occurs in no text. The target lists the sentinels, each with the words that it hides, and one
# more to mark the end. So T5 learns to write several words for one gap, and to write only what is missing.

# %%
words = ["the", "old", "boat", "left", "the", "harbour", "before", "the", "storm", "came"]
inputs, targets = by_hand.corrupt_spans(words, spans=[(1, 3), (6, 9)])
print("text   ", *words)
print("inputs ", *inputs)
print("targets", *targets)

# %% [markdown]
# T5 hides 15 % of the tokens in spans of three on average. The targets are short, so an example costs less
# time than writing out the whole text. After pre-training, the tasks follow in the same form: `iso: 12 mars
# 2020` in, `2020-03-12` out. (The small network below skips pre-training and learns its two tasks only.)
#
# **ViT: cut an image into pieces.** 49 pieces of 4 x 4 pixels, each mapped to 64 numbers, take the place of
# the words. Before them comes one learned vector, the *class token*. It stands for no piece, but collects
# from all of them, and the class is read from it at the end.

# %%
digits = s5.load_data("digits")
image = digits.test.inputs[12:13]
opened = layer_outputs(s5.build("vit"), ["patches", "sequence", "class_token"])
for name, output in opened(image).items():
    print(f"{name:14} {tuple(output.shape)}")

# %% tags=["hide-input"]
figure, (left, right) = plt.subplots(1, 2, figsize=(8, 2.9), width_ratios=[1, 2.2], layout="constrained")
left.imshow(image[0, ..., 0], cmap="gray", extent=(0, 28, 28, 0))
left.set(xticks=range(0, 29, 4), yticks=range(0, 29, 4), xlabel="column", ylabel="row")
left.set_title("the image, cut into 7 x 7 pieces", fontsize=10)
left.grid(color=ORANGE, linewidth=0.8)
pieces = image[0, ..., 0].reshape(7, 4, 7, 4).swapaxes(1, 2).reshape(49, 4, 4)
for i, piece in enumerate(pieces):
    x, y = 1.3 * ((i + 1) % 10), 1.7 * ((i + 1) // 10)
    right.imshow(piece, cmap="gray", vmin=0, vmax=255, extent=(x, x + 1, y + 1, y))
    right.text(x + 0.5, y + 1.05, i + 1, ha="center", va="top", fontsize=7)
right.text(0.5, 0.5, "class\ntoken", ha="center", va="center", fontsize=8, color=ORANGE)
right.set(xlim=(-0.2, 13), ylim=(8.4, -0.2))
right.set_title("the sequence that the network reads", fontsize=10)
right.axis("off")
plt.show()

# %% [markdown]
# ## Train and look
#
# Short trainings, each of about a minute or less on two cores, some with one block in place of two
# (`num_layers`). The recipes of the package take longer and reach more.
#
# ### BERT: filling gaps

# %%
runs = {"runs_dir": FOLDER / "runs", "seed": 0, "dashboard": False}
bert = s5.train("masked_language_model", **(SMALL if QUICK else {"epochs": 8, "num_layers": 1}), **runs)
characters = names.test.inputs[names.test.inputs > 0]
print(f"hidden characters found: {bert.metrics['accuracy']:.3f}")
print(f"by always saying the commonest: {np.bincount(characters).max() / len(characters):.3f}")

# %% [markdown]
# What is that good for? It is a beginning. The encoder of lesson 10, which tells languages apart, has the
# same layers up to the head. Suppose that you know the language of 2,000 names only. Train it twice: from
# random weights, and from the weights that have learned to fill gaps, for which no label was needed.

# %%
settings = SMALL if QUICK else {"epochs": 5, "num_layers": 1, "examples": 2_000}
scratch = s5.train("transformer_encoder", **settings, **runs)
tuned = s5.train("transformer_encoder", start_from=bert, **settings, **runs)
for name, run in {"from scratch": scratch, "fine-tuned": tuned}.items():
    print(f"{name:13} test accuracy {run.metrics['accuracy']:.3f}, loss {run.metrics['loss']:.3f}")

# %% tags=["hide-input"]
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
# epochs give 0.742 from scratch and 0.786 fine-tuned (from the [table of
# accuracies](../docs/networks.md#accuracy-beside-classical-methods)).
#
# ### GPT: writing on

# %%
gpt = s5.train("gpt", **(SMALL if QUICK else s5.NETWORKS["gpt"].tour | {"epochs": 2}), **runs)
loss = gpt.metrics["loss"]
print(f"loss {loss:.3f}: as uncertain as a choice among {math.exp(loss):.1f} characters, of 175 at first")

# %% [markdown]
# What does it expect at each place of a German name? Move the slider: before each letter, GPT has a
# probability for every character. Shown are the eight likeliest, and the one that follows. At first it can
# only guess. It has learned an ending, though: many German names of languages and countries end in *-isch*.

# %%
name = "Spanisch"
prompt = gpt.task().encode_prompts([f"German: {name}"])
p = np.array(keras.ops.softmax(gpt.model(prompt)))[0]  # (9, 175)


# %% tags=["hide-input"]
def draw(place):
    figure = new_figure(5.5, 2.4)
    figure.set_layout_engine(None)
    axes = figure.add_axes((0.11, 0.23, 0.87, 0.65))  # the same place in every frame
    following = marks.index((*name, "(end)")[place])
    best = np.argsort(-p[place], kind="stable")[:8]
    best = best if following in best else np.append(best, following)
    bars = axes.bar([marks[i].replace(" ", "space") for i in best], p[place, best], color=BLUE)
    at = best.tolist().index(following)
    bars[at].set_color(ORANGE)
    axes.get_xticklabels()[at].set(color=VERMILION, weight="bold")
    axes.set(ylim=(0, 1), xlabel="next character (orange: the one that follows)", ylabel="probability")
    axes.set_title(f"German: {name[:place]}...", loc="left", fontsize=10)
    return figure


# %% tags=["hide-input"]
pictures.Slider(
    [draw(place) for place in range(len(name) + 1)],
    labels=[f"after {name[:place]!r}" for place in range(len(name) + 1)],
    name="place",
    description="the likeliest next characters of a name and the one that follows, with their probabilities",
    still=6,
)

# %% [markdown]
# To write, draw the next character from these probabilities, append it, and ask again. Here the *temperature*
# of 0.7 favours the likelier characters (exercise 12.4):

# %%
prompts = ["German: ", "Italian: ", "Polish: ", "Finnish: ", "Portuguese: "]
most = 3 if QUICK else None
texts = s5.generate(gpt, prompts, temperature=0.7, seed=1, max_new_tokens=most)
for prompt, text in zip(prompts, texts, strict=True):
    print(f"{prompt:12} {text}")

# %% [markdown]
# Is this loss good? Counting does better: groups of six characters reach 1.560, and 1.446 when each language
# is also counted by itself. The whole recipe of this network comes to about 1.54 (all from the [table of
# accuracies](../docs/networks.md#accuracy-beside-classical-methods)). It takes more text than 11,000 names
# for GPT's way to win.
#
# ### T5: two tasks, one network
#
# `iso: 12 mars 2020` asks for a date, `language: Frankreich` for the language that a name is written in.

# %%
settings = SMALL if QUICK else {"epochs": 2, "num_layers": 1, "examples": 14_000}
t5 = s5.train("text_to_text", **settings, **runs)
for name in ("iso_accuracy", "language_accuracy"):
    print(f"{name:18} {t5.metrics[name]:.3f}")
asked = ["language: Frankreich", "language: Lettonie", "iso: 12 mars 2020", "iso: 4. heinäkuuta 1999"]
translated = s5.translate(t5, asked)
for text, answer in zip(asked, translated, strict=True):
    print(f"{text:24} -> {answer}")

# %% [markdown]
# After so short a training, about half of the answers are right. In the run on this page, one of the two
# names above is wrong (*Lettonie* is French, *Frankreich* German), and one of the two dates (*heinäkuuta*
# means July). Dates follow a rule that can be learned; names must simply be known. Neither is learned yet.
#
# ### ViT: an image as a sentence

# %%
vit = s5.train("vit", **(SMALL if QUICK else {"epochs": 12}), **runs)
print(f"test accuracy {vit.metrics['accuracy']:.3f}")

# %% [markdown]
# With 60 epochs it reaches 0.970, where LeNet-5 reaches 0.978 (means of three seeds, from the [table of
# accuracies](../docs/networks.md#accuracy-beside-classical-methods)). Nobody tells ViT that neighbouring
# pixels belong together: it has to learn it. (In the paper, it passed the convolutional networks only when it
# had seen many millions of images before.)
#
# **Where does it look?** Below are the attention weights of the class token for the 49 pieces, the mean of
# the heads, over the outline of each digit.

# %%
shown = digits.test.inputs[[12, 17, 11]]
weights = {name: np.array(w) for name, w in attention_weights(vit.model, shown).items()}
print({name: w.shape for name, w in weights.items()}, "images, heads, queries, keys")
looks = [w.mean(axis=1)[:, 0, 1:].reshape(-1, 7, 7) for w in weights.values()]  # one (3, 7, 7) per layer

# %% tags=["hide-input"]
figure, grid = plt.subplots(3, len(looks), figsize=(7, 6.4), squeeze=False, layout="constrained")
centres = np.arange(28) + 0.5
for (row, layer), axes in np.ndenumerate(grid):
    options = {"vmin": 0, "vmax": looks[layer].max(), "extent": (0, 28, 28, 0)}
    drawn = axes.imshow(looks[layer][row], cmap="viridis", **options)
    axes.contour(centres, centres, shown[row, ..., 0], levels=[100], colors="white", linewidths=1.2)
    axes.axis("off")
    if row == 0:
        axes.set_title(f"layer {layer + 1}", fontsize=10)
        bar = figure.colorbar(drawn, ax=grid[:, layer], location="bottom", shrink=0.9)
        bar.set_label("weight of a piece", fontsize=9)
plt.show()

# %% [markdown]
# If it looked at all 50 places alike, each would have the weight 0.02. Most of the bright pieces lie on the
# strokes. Mind the scales: the first layers look hard at a few pieces, the last one less hard at more of
# them. (Weights show where a place takes its information from, not why the network decides as it does.)
#
# ### From GPT to ChatGPT
#
# The GPT above writes names. GPT-3 (2020) is the same kind of network with 175 billion weights, trained on
# about 300 billion tokens from the web and from books. Ask it a question, and you may get an answer, or more
# questions of the same sort: it continues the text as such texts continue. It does not try to help you.
#
# What is missing was published for a model called InstructGPT (Long Ouyang and colleagues at OpenAI, 2022),
# and takes three more steps:
#
# 1. *Instruction tuning.* People write good answers to about 13,000 prompts. GPT is trained on them, with the
#    same loss as before.
# 2. *A reward model.* For about 33,000 prompts, people rank several answers of the network. A network of the
#    same kind, with another head, learns to give each answer one number, its *reward*, that agrees with them.
# 3. *Reinforcement learning.* For about 31,000 more prompts, GPT writes answers, and its weights are changed
#    towards answers with a high reward.
#
# Reinforcement learning means to learn from rewards for what one does, instead of from right answers. Here
# the rewards go back to what people preferred, hence the name *reinforcement learning from human feedback*,
# RLHF. A penalty keeps the network close to what instruction tuning made of it, because it would otherwise
# find texts that please the reward model and nobody else.
#
# The reward model learns from pairs. Of two answers to the same prompt, the preferred one should get the
# higher reward $r$. The probability that a person prefers it is taken to be $\sigma(r_\text{better} -
# r_\text{worse})$, the sigmoid of the difference, and the loss is
#
# $$L = -\ln \sigma(r_\text{better} - r_\text{worse})$$

# %%
for better, worse in [(2.0, 0.0), (1.0, 1.0), (0.0, 2.0)]:
    p = 1 / (1 + math.exp(worse - better))
    print(
        f"rewards {better:.0f} and {worse:.0f}: preferred with probability {p:.3f}, loss {-math.log(p):.3f}"
    )

# %% [markdown]
# In that paper, people preferred the answers of a tuned network with 1.3 billion weights to those of GPT-3,
# which has a hundred times as many. ChatGPT, public since November 2022, was made in the same way, with
# conversations as data. So the blocks are those of this lesson. What the three steps add is not so much
# knowledge as the habit of answering. And what people prefer is not always what is true: a tuned network
# invents facts as well, in a helpful tone.
#
# ## Ask the served model
#
# Any of the four can be served. Take BERT: its signature `from_text` takes words with gaps, marked by `_`,
# and fills them.

# %%
version = s5.export(bert, FOLDER / "models")
gaps = ["Österrei_h", "französis_h", "Por_ugal", "Finlan_ia", "D_utschland", "Fran_reich"]
with s5.serve({"bert": version.parent}) as server, s5.connect(server.grpc_address) as client:
    filled = client.predict("bert", {"text": gaps}, signature_name="from_text")["text"]
for gap, text in zip(gaps, filled, strict=True):
    print(f"{gap} -> {text}")

# %% [markdown]
# It does not know the names by heart: a wrong letter fits those beside the gap, but not the whole name.
#
# ## Check
#
# The numbers of this lesson.

# %%
assert list(sizes.values()) == [109_482_240, 124_439_808, 86_567_656, 5_717_416]
assert abs(first_loss - math.log(175)) < 0.3
assert " ".join(inputs) == "the <0> left the harbour <1> came"
assert all(np.allclose(w.sum(axis=-1), 1, atol=1e-5) for w in weights.values())
assert not any("_" in text for text in filled)
if not QUICK:
    assert bert.metrics["accuracy"] >= 0.25
    assert tuned.metrics["loss"] < scratch.metrics["loss"]
    assert loss <= 2.4
    assert t5.metrics["accuracy"] >= 0.45
    assert vit.metrics["accuracy"] >= 0.8

# %% [markdown]
# ## Exercises
#
# Replace the three dots by your answer and run the cell. A wrong answer gets a hint, and the next wrong one
# a second hint.
#
# ### 12.1 An example for T5
#
# Corrupt the sentence *we sailed home before the night fell* as T5 does: hide *sailed home* and *night*.
# Write the inputs and the targets as texts, with the sentinels `<0>`, `<1>` and so on. (Pencil and paper.)

# %% tags=["exercise"]
answer = ...  # two texts: ("we ...", "<0> ...")
check("12.1", answer)

# %% [markdown]
# <details><summary>Solution</summary>
#
# One sentinel for each span, however long it is, and a last one at the end of the targets.
#
# ```python
# inputs, targets = by_hand.corrupt_spans("we sailed home before the night fell".split(), [(1, 3), (5, 6)])
# answer = (" ".join(inputs), " ".join(targets))
# ```
#
# </details>
#
# ### 12.2 How many pairs?
#
# Count the pairs of a place and a place at which it may look, which can be itself. How many are there for 8
# tokens in BERT, for 8 tokens in GPT, and in T5 for a source of 5 and a target of 3 tokens? (Pencil and
# paper.)

# %% tags=["exercise"]
answer = ...  # three numbers: (BERT, GPT, T5)
check("12.2", answer)

# %% [markdown]
# <details><summary>Solution</summary>
#
# BERT: $8 \cdot 8 = 64$. GPT: $1 + 2 + \dots + 8 = 36$, a bit more than half. T5: 25 in the encoder, $3 \cdot
# 5 = 15$ from the target to the source, and $1 + 2 + 3 = 6$ within the target.
#
# ```python
# answer = (8 * 8, sum(range(1, 9)), 5 * 5 + 3 * 5 + sum(range(1, 4)))
# ```
#
# </details>
#
# ### 12.3 Smaller pieces
#
# ViT reads an image of 28 x 28 pixels in pieces of 4 x 4, and each head computes $50 \cdot 50 = 2{,}500$
# scores, one for each pair of places. How many are there with pieces of 2 x 2, and with pieces of 7 x 7?
# (Pencil and paper.)

# %% tags=["exercise"]
answer = ...  # two numbers: (with 2 x 2, with 7 x 7)
check("12.3", answer)

# %% [markdown]
# <details><summary>Solution</summary>
#
# $14 \cdot 14 = 196$ pieces and the class token are 197 places, and $4 \cdot 4 + 1 = 17$. The number of
# scores grows with the square of the number of pieces, so halving the side of a piece makes it about sixteen
# times as large: fine pieces are expensive.
#
# ```python
# answer = (197**2, 17**2)
# ```
#
# </details>
#
# ### 12.4 What the temperature does
#
# A network has the logits 2, 1 and 0 for three characters. The temperature divides them before the softmax.
# What is the probability of the first character at temperatures 0.5, 1 and 2? (With a pocket
# calculator, or in Python.)

# %% tags=["exercise"]
answer = ...  # three probabilities, such as (0.3, 0.2, 0.1)
check("12.4", answer)

# %% [markdown]
# <details><summary>Solution</summary>
#
# Below 1, the likely characters win nearly always, and the names resemble each other. Above 1, the unlikely
# ones get their chance, and the language gets lost. Try it: `s5.generate(gpt, ["German: "] * 4,
# temperature=1.5)`.
#
# ```python
# logits = np.array([2, 1, 0])
# answer = [float(np.exp(2 / t) / np.exp(logits / t).sum()) for t in (0.5, 1, 2)]
# ```
#
# </details>
#
# ### 12.5 Which answer do people prefer?
#
# A reward model gives the answer that a person preferred the reward 0.5, and the other one 1.5. Which
# probability does it give to the person's choice, and what is its loss? (With a pocket calculator, or in
# Python.)

# %% tags=["exercise"]
answer = ...  # two numbers: (probability, loss)
check("12.5", answer)

# %% [markdown]
# <details><summary>Solution</summary>
#
# The difference is $-1$: $\sigma(-1) = 1 / (1 + e) = 0.269$, and $-\ln 0.269 = 1.313$. Had it given 1.5 to
# the preferred answer, the loss would be 0.313.
#
# ```python
# p = 1 / (1 + math.exp(1.5 - 0.5))
# answer = (p, -math.log(p))
# ```
#
# </details>
#
# ## Quiz
#
# Answer with a letter, such as `"a"`.
#
# ### 12.Q1 Why does BERT not simply predict the next token, as GPT does?
#
# * **a** its places look at both sides, so they would see the next token
# * **b** an encoder has no output layer
# * **c** it was trained on labelled text

# %% tags=["exercise"]
check("12.Q1", ...)

# %% [markdown]
# ### 12.Q2 Who labelled the text on which GPT was pre-trained?
#
# * **a** many paid people
# * **b** another network
# * **c** nobody: the next token is in the text

# %% tags=["exercise"]
check("12.Q2", ...)

# %% [markdown]
# ### 12.Q3 What does the reward model learn from?
#
# * **a** whether the statements in an answer are true
# * **b** which of two answers people prefer
# * **c** how likely an answer is as a text

# %% tags=["exercise"]
check("12.Q3", ...)

# %% [markdown]
# ## Summary
#
# * GPT keeps the decoder and predicts the next token; BERT keeps the encoder and fills gaps; T5 keeps both
#   and writes the hidden spans; ViT keeps the encoder and reads pieces of an image.
# * The question decides the mask: whoever predicts the next token may not look to the right.
# * Text holds its own answers, so pre-training needs no labels. Fine-tuning then needs few.
# * A GPT continues texts. Instruction tuning teaches it to answer, and reinforcement learning from human
#   feedback to answer as people prefer.
#
# Next: [lesson 13](13_serving.ipynb) puts a network where others can use it.
#
# ## Glossary
#
# | term | meaning |
# |---|---|
# | language model | a network that gives texts probabilities, token by token or gap by gap |
# | pre-training | the first, long training on plenty of data, mostly without labels |
# | fine-tuning | training on from there, for one task, with little data |
# | masked token | a token that is hidden in the inputs and must be predicted |
# | sentinel | a token that stands in for a hidden span |
# | class token | a learned vector before the pieces of an image, from which the class is read |
# | prompt | the beginning of a text that a network continues |
# | temperature | the number that divides the logits: small for likely texts, large for varied ones |
# | instruction tuning | fine-tuning on prompts with answers that people have written |
# | RLHF | reinforcement learning from human feedback: training towards answers that people prefer |
