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
# ## Why
#
# A recurrent network reads one word after the other: a graphics processor with thousands of arithmetic
# units waits most of the time. In 2017 Ashish Vaswani, Noam Shazeer, Niki Parmar, Jakob Uszkoreit, Llion
# Jones, Aidan Gomez, Łukasz Kaiser and Illia Polosukhin left the recurrence out. *Attention Is All You
# Need*: all positions at once, and any word one step away from any other. Their network translated
# English into German better than all before it (28.4 BLEU), after three and a half days on eight
# processors.
#
# Nearly every large language model since is built of these blocks.

# %%
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
from keras_session5.introspection import layer_outputs
from keras_session5.pictures.style import BLUE, ORANGE, SKY

# %%
QUICK = os.environ.get("SESSION5_QUICK") == "1"  # the tests set it: a few seconds instead of minutes
FOLDER = Path(tempfile.mkdtemp())  # for runs and exported models; nothing of yours is touched
keras.utils.set_random_seed(0)  # the same untrained weights each time
SMALL = {"embed_dim": 16, "num_layers": 1, "num_heads": 2, "mlp_dim": 16}  # networks of the quick mode

# %% [markdown]
# ## The idea
#
# An **encoder** reads the source, a **decoder** writes the target, token by token. Both are stacks of
# equal blocks, and every part of a block is wrapped in the same way: what it finds is *added* to its
# input (so that it only has to say what to change), and the sum is normalised.
#
# $$x \leftarrow \text{LayerNorm}(x + \text{Sublayer}(x)), \qquad
# \text{FeedForward}(x) = \max(0,\; x W_1 + b_1)\, W_2 + b_2$$
#
# Attention moves information between positions; the feed-forward layer then works on each position alone.

# %%
ENCODER = ["source, positions", "self-attention", "feed-forward", "memory"]
DECODER = ["target so far, positions", "causal self-attention", "cross-attention", "feed-forward"]
figure, axes = plt.subplots(figsize=(7, 3.4), layout="constrained")
for x, parts in enumerate((ENCODER, [*DECODER, "next token"])):
    axes.plot([x, x], [0, len(parts) - 1], color="black", zorder=0)
    for y, part in enumerate(parts):
        box = {"boxstyle": "round,pad=0.4", "fc": SKY if "-" in part else "white"}
        axes.text(x, y, part, ha="center", va="center", bbox=box)
axes.annotate("", (0.76, 2.05), (0.16, 3), arrowprops={"arrowstyle": "->", "lw": 1.5})
for x, last in ((0, 2), (1, 3)):  # what is repeated
    axes.plot([x + 0.38] * 2, [0.6, last + 0.4], color="black")
    axes.text(x + 0.4, last / 2 + 0.5, "N times", rotation=270, va="center")
axes.set(xlim=(-0.5, 1.5), ylim=(-0.5, 4.5))
axes.axis("off")
plt.show()

# %% [markdown]
# ## Build
#
# The task that shows both halves: dates in twenty languages become dates as computers write them,
# `2020-03-12`.

# %%
dates = s5.load_data("dates")
for text, target in list(zip(dates.test.texts, dates.test.targets, strict=True))[:4]:
    print(f"{text:32} -> {target}")
model = s5.build("transformer")
print(f"{len(dates.train):,} dates to learn from; {model.count_params():,} weights")

# %% [markdown]
# The paper's base size is six blocks of each kind, 512 numbers wide. One of each is enough to count them:
# without the embeddings, whose vocabulary the paper gives only as "about 37000".

# %%
attention = 4 * (512 * 512 + 512)
feed_forward, norm = 2 * 512 * 2_048 + 2_048 + 512, 2 * 512
encoder_layer = attention + feed_forward + 2 * norm
decoder_layer = 2 * attention + feed_forward + 3 * norm
built = s5.build("transformer_base", num_layers=1).count_params()
print(f"by hand {encoder_layer:,} + {decoder_layer:,} = {encoder_layer + decoder_layer:,}")
print(f"built {built:,}")
print(f"six of each: {6 * built:,}")

# %% [markdown]
# ## Follow one example
#
# In training the decoder is given the right target, moved by one: a beginning in front, the end left out.
# So it learns all positions at once, each from the right characters before it (*teacher forcing*); the
# causal mask sees to it that none sees what it is to write.

# %%
begin, end = begin_id(dates.target_alphabet), end_id(dates.target_alphabet)
source = encode(["12 mars 2020"], dates.alphabet)
answer = encode(["2020-03-12"], dates.target_alphabet)
target = np.insert(answer, 0, begin, axis=1)
print("source", source[0])
print("target", target[0])
print("answer", np.append(answer[0], end))

# %%
steps = ["source", "source_embedding_positions", "memory"]
steps += ["target", "target_embedding_positions", "logits"]
outputs = layer_outputs(model, steps)([source, target])
for name in steps:
    print(f"{name:28} {tuple(outputs[name].shape)}")

# %% [markdown]
# Twelve characters were read, eleven are to be written (with the end), each one of 15. Before training
# the network prefers some for no reason, so its loss is above $\ln 15$, that of one who takes all to be
# as likely.

# %%
log_p = np.array(keras.ops.log_softmax(outputs["logits"]))[0]
loss = -log_p[np.arange(11), np.append(answer[0], end)].mean()
print(f"loss before training {loss:.2f}, ln 15 = {math.log(15):.2f}")

# %% [markdown]
# ## Train and look
#
# The encoder alone you have seen in lesson 10, with a softmax on top, as a classifier of names. Here are
# both halves, a minute of them: 20,000 dates, three epochs (the recipe takes 30,000 and seven, and gets
# 0.999 of the dates right).

# %%
runs = {"runs_dir": FOLDER / "runs", "seed": 0, "verbose": 0, "dashboard": not QUICK}
settings = {"epochs": 1, "examples": 500, **SMALL} if QUICK else {"epochs": 3, "examples": 20_000}
result = s5.train("transformer", learning_rate=3e-3, dropout=0.0, **settings, **runs)
for name, value in result.metrics.items():
    print(f"{name:15} {value:.4f}")

# %%
figure, axes = plt.subplots(figsize=(5, 2.6), layout="constrained")
epochs = range(1, len(result.history) + 1)
axes.plot(epochs, [epoch["accuracy"] for epoch in result.history], "o--", color=ORANGE, label="training")
axes.plot(epochs, [epoch["val_accuracy"] for epoch in result.history], "s-", color=BLUE, label="validation")
axes.set(xlabel="epoch", ylabel="accuracy of single characters", ylim=(0, 1.02), xticks=epochs)
axes.legend()
plt.show()

# %% [markdown]
# The figure counts single characters; `accuracy` above counts a date only if all its characters are
# right, written without help.
#
# ### Writing by hand
#
# Nobody gives the decoder the right target when it is used. It reads its own: ask, take the likeliest
# character, append it, ask again.

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
asked = ["12 mars 2020", "12. März 2020", "12 de março de 2020", "12 Mart 2020 Perşembe"]
answer = client.predict("dates", {"text": asked}, signature_name="from_text")
for text, iso, log in zip(asked, answer["text"], answer["log_probability"], strict=True):
    print(f"{text:24} {iso:12} probability {math.exp(log):.3f}")

# %% [markdown]
# ### Where the decoder looked
#
# `explain_text` answers with the attention of every layer and head: of the encoder, of the decoder, and
# between them. In the *cross-attention* each row is a character that was written, and the bright places
# are what it was read from.

# %%
answer = client.predict("dates", {"text": ["12. März 2020"]}, signature_name="explain_text")
for name, array in sorted(answer.items()):
    print(f"{name:18}{array.shape}")
wrote = [character or "end" for character in answer["target_characters"][0]]
pictures.attention(answer["cross_attention"][0], wrote, list(answer["characters"][0]))

# %% [markdown]
# The mean of all heads of the last layer, larger. The target puts the year first, the source last: no
# fixed shift could do that. The attention finds the year at the other end, and the month's number in its
# letters.

# %%
mean = answer["cross_attention"][0, -1].mean(axis=0)  # (S, T)
figure, axes = plt.subplots(figsize=(5, 4), layout="constrained")
figure.colorbar(axes.imshow(mean, cmap="cividis", vmin=0), label="weight, mean of the heads")
axes.set_xticks(range(mean.shape[1]), answer["characters"][0])
axes.set_yticks(range(mean.shape[0]), wrote)
axes.set(xlabel="read", ylabel="written")
plt.show()

# %% [markdown]
# ## Exercises
#
# 1. A decoder layer of the base size has 1,051,648 weights more than an encoder layer. Which?
# 2. The dates of the data lie between 1950 and 2049. Ask for 1850 and for 2077. What has the network
#    learned, and what has it not?
# 3. Make mistakes: ask for "12. Maerz 2020", "12 mrs 2020", "12.. März 2020". How sure is the network of
#    its answers?
#
# ## Check
#
# The key numbers of this lesson.

# %%
assert (encoder_layer, decoder_layer, 6 * built) == (3_152_384, 4_204_032, 44_138_496)
assert model.count_params() == 241_295
assert QUICK or decode(written, dates.target_alphabet) == ["2020-03-12"]
assert np.allclose(answer["cross_attention"].sum(axis=-1), 1, atol=1e-5)
assert result.metrics["loss"] < math.log(15) if QUICK else result.metrics["accuracy"] >= 0.93

# %% [markdown]
# ## Solutions
#
# **1.** The cross-attention and the normalisation after it: $4\,(512^2 + 512) + 2 \cdot 512$.

# %%
print(f"{attention + norm:,}")
assert decoder_layer - encoder_layer == attention + norm == 1_051_648

# %% [markdown]
# **2.** Days and months come out right. Of the years some do and some do not, and a wrong one can be
# given with more certainty than a right one: the probability says how sure the network is within what it
# has seen, and nothing in the loss asked for more. A program of ten lines would do better here; it would
# only have to know the months of twenty languages.


# %%
def ask(*asked):
    found = client.predict("dates", {"text": asked}, signature_name="from_text")
    for text, iso, log in zip(asked, found["text"], found["log_probability"], strict=True):
        print(f"{text:20} {iso:12} probability {math.exp(log):.3f}")


ask("12 mars 1850", "12 mars 1949", "12 mars 2049", "12 mars 2077")

# %% [markdown]
# **3.** It has no notion of a mistake: it was never shown one. Small ones it forgives. For a date without
# a month it makes one up, and does not say so.

# %%
ask("12. Maerz 2020", "12 mrs 2020", "12.. März 2020", "12. 2020")

# %%
client.close()
server.stop()
