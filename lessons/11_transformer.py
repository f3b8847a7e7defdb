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
# # 11. The transformer
#
# **How does a network write a text of its own, one character after the other?**
#
# After this lesson you can
#
# * name every part of the transformer's famous figure, and say what it is for,
# * count the weights of an encoder block and of a decoder block,
# * explain why training sees all characters at once and writing does not, and
# * read from the attention weights where the network looked while it wrote.
#
# **Time:** 60 minutes. **You need:** attention, masks and LayerNorm (lesson 10).
#
# ## Why
#
# A recurrent network reads one word after the other, so a graphics processor with thousands of arithmetic
# units waits most of the time. And what happened long ago reaches the end only through many steps (lesson 9).
# In 2017 Ashish Vaswani, Noam Shazeer, Niki Parmar, Jakob Uszkoreit, Llion Jones, Aidan Gomez, Łukasz Kaiser
# and Illia Polosukhin left the recurrence out. *Attention Is All You Need*: all positions at once, and any
# word one step away from any other. Their network translated English into German better than all before it
# (28.4 BLEU, a score that counts groups of words shared with translations by humans), after three and a half
# days on eight processors.
#
# Nearly every large language model since is built of these blocks.

# %% tags=["hide-input"]
import math
import os
import tempfile
from pathlib import Path

import keras
import matplotlib.pyplot as plt
import numpy as np

import keras_session5 as s5
from keras_session5 import pictures
from keras_session5.data.characters import begin_id, decode, encode, end_id
from keras_session5.exercises import check
from keras_session5.introspection import layer_outputs
from keras_session5.pictures.style import BLUE, ORANGE, new_figure

QUICK = os.environ.get("SESSION5_QUICK") == "1"  # the tests set it: a few seconds instead of minutes
FOLDER = Path(tempfile.mkdtemp())  # for runs and exported models; nothing of yours is touched
keras.utils.set_random_seed(0)  # the same untrained weights each time

# %% [markdown]
# ## The idea
#
# Two networks work together. An **encoder** reads the source text and turns it into one vector for each
# token. A **decoder** writes the target text, token by token, and looks at these vectors while it writes.
# Here is the whole network, with every part of the paper's figure 1. Move the slider to go through it part
# by part.

# %% tags=["hide-input"]
parts = {
    None: "all parts",
    "embeddings": "Each token becomes a vector of D numbers, which is learned.",
    "positions": "The pattern of its position is added (lesson 10).",
    "encoder self-attention": "Every token of the source looks at all tokens of the source.",
    "add and norm": "What was found is added to the input; the sum is normalised.",
    "feed-forward": "Two dense layers work on each position by itself.",
    "decoder self-attention": "Every token that is written looks at those before it, never ahead.",
    "cross-attention": "The decoder asks (Q); the encoder's memory answers (K, V).",
    "output": "A score for each token that could come next, made into probabilities.",
}
pictures.Slider(
    [pictures.transformer(part, caption if part else "") for part, caption in parts.items()],
    labels=[part or "all parts" for part in parts],
    name="part",
    description="the encoder and the decoder of the transformer",
    still=0,
)

# %% [markdown]
# Attention moves information *between* positions; the feed-forward layer then works on each position alone.
# Around both, always the same thing happens (*Add & Norm*):
#
# $$x \leftarrow \text{LayerNorm}(x + \text{Sublayer}(x)), \qquad
# \text{FeedForward}(x) = \max(0,\; x W_1 + b_1)\, W_2 + b_2$$
#
# The addition is called a *residual connection*. A sublayer need not produce a whole new vector; it only says
# what to change. And in training, the gradient has a direct way back through the additions, past all
# sublayers, so it does not vanish as in lesson 9. The normalisation keeps the numbers in bounds.
#
# > **A note on the slides.** They say that every sublayer is followed by layer normalisation. So it is in the
# > paper of 2017, and here. GPT-2 and the vision transformer normalise *before* each sublayer instead, which
# > makes deep stacks easier to train.
#
# ## Build
#
# Our task needs both halves: dates written in twenty languages become dates as computers write them, such as
# `2020-03-12`.

# %%
dates = s5.load_data("dates")
for text, target in list(zip(dates.test.texts, dates.test.targets, strict=True))[:4]:
    print(f"{text:32} -> {target}")
model = s5.build("transformer")
print(f"{len(dates.train):,} dates to learn from; {model.count_params():,} weights")

# %% [markdown]
# How large is the network of the paper? Its base size is six blocks of each kind ($N = 6$), with vectors of
# 512 numbers and 2,048 units inside the feed-forward layers. You can count one of each by hand. (We leave
# out the embeddings, whose vocabulary the paper gives only as "about 37000".)

# %%
attention = 4 * (512 * 512 + 512)  # queries, keys, values, and the matrix that mixes the heads
feed_forward, norm = 2 * 512 * 2_048 + 2_048 + 512, 2 * 512
encoder_block = attention + feed_forward + 2 * norm
decoder_block = 2 * attention + feed_forward + 3 * norm
built = s5.build("transformer_base", num_layers=1).count_params()
print(f"by hand {encoder_block:,} + {decoder_block:,} = {encoder_block + decoder_block:,}")
print(f"built {built:,}; six of each: {6 * built:,}")

# %% [markdown]
# ## Follow one example
#
# In training, the decoder gets the right target, moved by one place: a mark for the beginning in front, the
# last character left out. At every place it must predict the next character from the right ones before it
# (*teacher forcing*). So one date gives eleven lessons at once, ten characters and the end mark, in a single
# pass. The causal mask makes sure that no place sees the character that it has to predict.

# %%
begin, end = begin_id(dates.target_alphabet), end_id(dates.target_alphabet)
source = encode(["12 mars 2020"], dates.alphabet)
right = encode(["2020-03-12"], dates.target_alphabet)
target = np.insert(right, 0, begin, axis=1)
print("source    ", source[0])
print("target    ", target[0], " what the decoder reads")
print("to predict", np.append(right[0], end))

# %%
steps = ["source", "source_embedding_positions", "memory"]
steps += ["target", "target_embedding_positions", "logits"]
outputs = layer_outputs(model, steps)([source, target])
for name in steps:
    print(f"{name:28} {tuple(outputs[name].shape)}")

# %% [markdown]
# Twelve characters were read, and at eleven places there is a score for each of the 15 tokens that could come
# next (ten digits, the hyphen, and four marks). Before training the network prefers some tokens for no
# reason. So its loss is above $\ln 15$, the loss of a guess that treats all 15 as equally likely.

# %%
log_p = np.array(keras.ops.log_softmax(outputs["logits"]))[0]
loss = -log_p[np.arange(11), np.append(right[0], end)].mean()
print(f"loss before training {loss:.2f}, ln 15 = {math.log(15):.2f}")

# %% [markdown]
# ## Train and look
#
# Lesson 10 trained the encoder alone, with a softmax on top, to classify names. Here are both halves. A
# minute of training must do: 20,000 dates and three epochs. (The recipe takes 30,000 and seven, and gets
# 0.999 of the dates right, as the [table of
# accuracies](../docs/networks.md#accuracy-beside-classical-methods) says.)

# %%
runs = {"runs_dir": FOLDER / "runs", "seed": 0, "dashboard": False}
small = {"embed_dim": 16, "num_layers": 1, "num_heads": 2, "mlp_dim": 16}
settings = {"epochs": 1, "examples": 500, **small} if QUICK else {"epochs": 3, "examples": 20_000}
result = s5.train("transformer", learning_rate=3e-3, dropout=0.0, **settings, **runs)
for name, value in result.metrics.items():
    print(f"{name:15} {value:.4f}")

# %% tags=["hide-input"]
figure, axes = plt.subplots(figsize=(5, 2.6), layout="constrained")
epochs = range(1, len(result.history) + 1)
axes.plot(epochs, [epoch["accuracy"] for epoch in result.history], "o--", color=ORANGE, label="training")
axes.plot(epochs, [epoch["val_accuracy"] for epoch in result.history], "s-", color=BLUE, label="validation")
axes.set(xlabel="epoch", ylabel="accuracy of single characters", ylim=(0, 1.02), xticks=epochs)
axes.legend()
plt.show()

# %% [markdown]
# The figure counts single characters, each predicted from the right ones before it. (That training lies below
# validation has a plain reason: it is averaged over an epoch in which the network was still getting better.)
# The `accuracy` above is stricter. It counts a date only if all its characters are right, written without
# help.
#
# ### Writing by hand
#
# When the network is used, nobody gives it the right target. It reads what it has written itself: predict,
# take the likeliest character, append it, and predict again. This is *greedy decoding*. A date of ten
# characters takes eleven runs of the decoder, one after the other.

# %%
written = np.array([[begin]])
while written[0, -1] != end and written.shape[1] < 12:
    logits = np.array(result.model([source, written]))[0, -1]
    written = np.append(written, [[logits.argmax()]], axis=1)
    print(decode(written, dates.target_alphabet)[0])

# %% [markdown]
# ## Ask the served model
#
# This loop is part of the exported model, so a server answers text with text.

# %%
version = s5.export(result, FOLDER / "models")
server = s5.serve({"dates": version.parent})
client = s5.connect(server.rest_address)


def ask(*texts):
    found = client.predict("dates", {"text": texts}, signature_name="from_text")
    for text, iso, log in zip(texts, found["text"], found["log_probability"], strict=True):
        print(f"{text:24} {iso:12} probability {math.exp(log):.3f}")


ask("12 mars 2020", "12. März 2020", "12 de março de 2020", "12 Mart 2020 Perşembe")

# %% [markdown]
# ### Where the decoder looked
#
# The signature `explain_text` also returns the attention weights of every layer and head: in the encoder, in
# the decoder, and between them.

# %%
answer = client.predict("dates", {"text": ["12. März 2020"]}, signature_name="explain_text")
for name, array in sorted(answer.items()):
    print(f"{name:18}{array.shape}")
read = list(answer["characters"][0])
wrote = [character or "end" for character in answer["target_characters"][0]]
looked = answer["cross_attention"][0, -1].mean(axis=0)  # of the last layer, mean of its heads, (S, T)
probabilities = np.array(keras.ops.softmax(answer["logits"][0]))  # (S, 15)

# %% [markdown]
# Watch the date being written. On the left is the row of attention for the next character: how much the
# decoder looks at each character of the source. On the right are the probabilities of the next character. The
# likeliest one is written.

# %% tags=["hide-input"]
choices, places = [*dates.target_alphabet, "end"], [*range(11), 11.6]
frames = [new_figure(7.2, 2.7) for _ in wrote]
for i, figure in enumerate(frames):
    left, right_axes = figure.subplots(1, 2)
    left.bar(range(len(read)), looked[i], color=BLUE)
    left.set_xticks(range(len(read)), [c.replace(" ", "␣") for c in read])
    left.set(ylim=(0, 1), xlabel="character of the source", ylabel="attention weight")
    right_axes.bar(places, probabilities[i, 2:14], color=ORANGE)
    right_axes.set_xticks(places, choices)
    right_axes.set(ylim=(0, 1.02), xlabel="next character", ylabel="probability")
    for label in (*left.get_xticklabels(), *right_axes.get_xticklabels()):
        label.set(va="baseline", y=-0.06)
    figure.suptitle(f'written so far: "{"".join(wrote[:i])}"', x=0.02, ha="left")
about = "a date is written character by character; bars show where the decoder looks and what it predicts"
pictures.Slider(frames, range(len(frames)), name="characters written", description=about, still=6)

# %% [markdown]
# The target puts the year first, the source puts it last: no fixed shift could do that. For the year, the
# decoder looks at the other end of the source, and for the month's number at the letters of its name.
#
# That was the mean of the heads. Here are the heads of the last layer one by one. A row is a character that
# was written (the query), a column one that was read (the key).

# %% tags=["hide-input"]
last = answer["cross_attention"].shape[1]
pictures.attention(answer["cross_attention"][0, -1:], wrote, read, layers=[last])

# %% [markdown]
# ### What it has not learned
#
# The dates of the data lie between 1950 and 2049. Ask for years at the edge and outside:

# %%
ask("12 mars 1850", "12 mars 1949", "12 mars 2049", "12 mars 2077")

# %% [markdown]
# Days and months come out right. Of the years some do and some do not, and a wrong one can come with a higher
# probability than a right one. The probability says how sure the network is *within what it has seen*;
# nothing in the loss asked for more. (A program of ten lines would do better here. It would only have to know
# the months of twenty languages.)
#
# And with mistakes in the date?

# %%
ask("12. Maerz 2020", "12 mrs 2020", "12.. März 2020", "12. 2020")
client.close()
server.stop()

# %% [markdown]
# The network has no notion of a mistake: it was never shown one. Small ones it forgives. For a date without a
# month it makes one up, and does not say so. A large language model that invents a source does the same: it
# writes what is likely, not what is known.
#
# ## Check
#
# The numbers of this lesson.

# %%
assert (encoder_block, decoder_block, 6 * built) == (3_152_384, 4_204_032, 44_138_496)
assert decoder_block - encoder_block == attention + norm == 1_051_648
assert model.count_params() == 241_295
assert loss > math.log(15)
assert QUICK or decode(written, dates.target_alphabet) == ["2020-03-12"]
assert np.allclose(answer["cross_attention"].sum(axis=-1), 1, atol=1e-5)
assert result.metrics["loss"] < math.log(15) if QUICK else result.metrics["accuracy"] >= 0.93

# %% [markdown]
# ## Exercises
#
# Replace the three dots by your answer and run the cell. A wrong answer gets a hint, and the next wrong one
# a second hint.
#
# ### 11.1 Add & Norm on paper
#
# A position has the vector $x = (1, 8, 10, 4)$, and the sublayer finds $(1, 4, 2, -2)$. What leaves
# Add & Norm?

# %% tags=["exercise"]
answer = ...  # four numbers: (a, b, c, d)
check("11.1", answer)

# %% [markdown]
# <details><summary>Solution</summary>
#
# The sum is (2, 12, 12, 2), its mean 7, and its standard deviation 5.
#
# ```python
# total = np.array([1, 8, 10, 4]) + np.array([1, 4, 2, -2])
# answer = (total - total.mean()) / total.std()
# ```
#
# </details>
#
# ### 11.2 Teacher forcing
#
# The target is `1969-07-20`. In training, which character does the decoder read at the place where it must
# predict the 7? And which one must it predict at the place where it reads the 6?

# %% tags=["exercise"]
answer = ...  # two characters: ("...", "...")
check("11.2", answer)

# %% [markdown]
# <details><summary>Solution</summary>
#
# What the decoder reads is the target moved by one place. Before the 7 stands a 0, and after the 6 a 9.
#
# ```python
# date = "1969-07-20"
# answer = (date[date.index("7") - 1], date[date.index("6") + 1])
# ```
#
# </details>
#
# ### 11.3 Count the weights
#
# How many weights and biases has an encoder block with $D = 256$ and 1,024 units in the feed-forward layer?
# And how many more has a decoder block of that size?

# %% tags=["exercise"]
answer = ...  # two whole numbers
check("11.3", answer)

# %% [markdown]
# <details><summary>Solution</summary>
#
# The decoder block has the cross-attention and the normalisation after it in addition.
#
# ```python
# attention_256, norm_256 = 4 * (256 * 256 + 256), 2 * 256
# feed_forward_256 = 256 * 1_024 + 1_024 + 1_024 * 256 + 256
# answer = (attention_256 + feed_forward_256 + 2 * norm_256, attention_256 + norm_256)
# ```
#
# </details>
#
# ### 11.4 From characters to dates
#
# Suppose each of the eleven predictions is right with probability 0.997, independently of the others. Which
# share of the dates is right as a whole?

# %% tags=["exercise"]
answer = ...  # a share, to three decimals
check("11.4", answer)

# %% [markdown]
# <details><summary>Solution</summary>
#
# All eleven must be right. Compare it with the two accuracies that the training printed.
#
# ```python
# answer = 0.997**11
# ```
#
# </details>
#
# ## Quiz
#
# Answer with a letter, such as `"a"`.
#
# ### 11.Q1 Where do the keys and values of the cross-attention come from?
#
# * **a** from the text that was written so far
# * **b** from the output of the encoder
# * **c** from a table that is learned once and stays the same

# %% tags=["exercise"]
check("11.Q1", ...)

# %% [markdown]
# ### 11.Q2 What are the residual connections good for?
#
# * **a** they save weights
# * **b** they keep all numbers between -1 and 1
# * **c** they give the gradient a direct way back

# %% tags=["exercise"]
check("11.Q2", ...)

# %% [markdown]
# ### 11.Q3 Training handles all characters of a date in one pass. Why not writing?
#
# * **a** because each character is predicted from those before it, which must be written first
# * **b** because the causal mask is used only when writing
# * **c** because a server takes one character per request

# %% tags=["exercise"]
check("11.Q3", ...)

# %% [markdown]
# ## Summary
#
# * The encoder turns the source into one vector per token, the decoder writes the target while
#   looking at them.
# * Attention moves information between positions, the feed-forward layer works on each by itself, and each of
#   them is wrapped in Add & Norm.
# * In the cross-attention, queries come from the decoder, keys and values from the encoder.
# * Teacher forcing and the causal mask let training see all places at once. Writing goes step by step.
# * The network writes what is likely, and does not say when it is outside of what it has seen.
#
# Next: [lesson 12](12_family.ipynb) takes the halves apart: BERT, GPT, T5 and ViT.
#
# ## Glossary
#
# | term | meaning |
# |---|---|
# | encoder, decoder | the half that reads the source, the half that writes the target |
# | memory | the output of the encoder, one vector per token of the source |
# | cross-attention | attention with queries from the decoder, keys and values from the encoder |
# | residual connection | adding a sublayer's input to its output |
# | feed-forward layer | two dense layers that are applied to each position by itself |
# | teacher forcing | training the decoder on the right target instead of its own output |
# | greedy decoding | writing the likeliest token at each step |
# | logits | the scores before the softmax |
