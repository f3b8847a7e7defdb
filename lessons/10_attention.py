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
# # 10. Attention, positions and masks
#
# ## Why
#
# In 2014 recurrent networks learned to translate: one read the sentence and handed its last state to
# another, which wrote. A long sentence did not fit into one state. Dzmitry Bahdanau, Kyunghyun Cho and
# Yoshua Bengio let the writer look back at *all* states of the reader and choose, for every word anew,
# which of them to use: attention (*Neural Machine Translation by Jointly Learning to Align and
# Translate*, 2014).
#
# Three years later Ashish Vaswani and seven colleagues at Google dropped the recurrence and kept the
# attention: *Attention Is All You Need*. This lesson is about its parts: attention, positions and masks.
# The next puts them together.

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
from keras_session5.layers import SinusoidalPositions, sinusoidal_positions
from keras_session5.models.blocks import encoder
from keras_session5.pictures.style import BLUE, ORANGE

# %%
QUICK = os.environ.get("SESSION5_QUICK") == "1"  # the tests set it: a few seconds instead of minutes
FOLDER = Path(tempfile.mkdtemp())  # for runs and exported models; nothing of yours is touched
keras.utils.set_random_seed(0)  # the same untrained weights each time

# %% [markdown]
# ## The idea
#
# Attention is a look-up that never decides. Every position asks a *query* $q$. Every position offers a
# *key* $k$ and a *value* $v$. The better a key fits the query (the larger their product), the more of its
# value goes into the answer:
#
# $$\text{Attention}(Q, K, V) = \text{softmax}\!\left(\frac{Q K^\top}{\sqrt{d}}\right) V$$
#
# In NumPy, with a mask that says what may be looked at:


# %%
def softmax(scores):
    powers = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def attention(q, k, v, mask=True):
    scores = q @ k.swapaxes(-1, -2) / np.sqrt(q.shape[-1])
    weights = softmax(np.where(mask, scores, -1e9))
    return weights @ v, weights


# %% [markdown]
# Two queries and three keys. The first query points where the first key does; the second is zero and has
# no wishes.

# %%
Q = np.array([[2.0, 0.0], [0.0, 0.0]])
K = np.array([[2.0, 0.0], [0.0, 2.0], [1.0, 1.0]])
V = np.array([[9.0, 0.0], [0.0, 9.0], [3.0, 3.0]])
answers, weights = attention(Q, K, V)

# %%
figure, axes = plt.subplots(1, 3, figsize=(8, 2.4), layout="constrained", width_ratios=[3, 3, 2])
steps = {r"scores $QK^T/\sqrt{d}$": Q @ K.T / np.sqrt(2), "weights: softmax of each row": weights}
steps["answers"] = answers
for axis, (title, matrix) in zip(axes, steps.items(), strict=True):
    axis.imshow(matrix, cmap="Blues", vmax=1.6 * matrix.max())
    for (row, column), number in np.ndenumerate(matrix):
        axis.text(column, row, f"{number:.2f}", ha="center", va="center")
    axis.set(title=title, xticks=[], yticks=[0, 1], yticklabels=["query 1", "query 2"])
plt.show()

# %% [markdown]
# Query 1 takes most of value 1; query 2 takes the mean of all. Each row of weights sums to 1.
#
# ### Why divide by the root of d?
#
# The product of two vectors of $d$ random numbers (of variance 1) has a standard deviation of $\sqrt{d}$.
# Without the division, wide vectors make large scores, softmax picks one key and ignores the rest, and
# where nothing but the winner counts there is no gradient to learn from.

# %%
rng = np.random.default_rng(0)
for d in (4, 64, 512):
    q, k = rng.normal(size=(1_000, 1, d)), rng.normal(size=(1_000, 10, d))
    scores = (q @ k.swapaxes(-1, -2))[:, 0]  # 1,000 queries, 10 keys each
    undivided, divided = (softmax(z).max(axis=-1).mean() for z in (scores, scores / np.sqrt(d)))
    print(f"d = {d:3}: scores vary by {scores.std():4.1f}; ", end="")
    print(f"largest weight of ten {undivided:.2f}, divided {divided:.2f}")

# %% [markdown]
# ## Build
#
# *Multi-head* attention does this several times side by side, each time on a narrow picture of the
# vectors: every head has matrices of its own that make queries, keys and values, and one more matrix
# mixes what the heads found. With width $D$ that is $4\,(D^2 + D)$ weights, however many heads there are.

# %%
model = s5.build("transformer_encoder")
layer = model.get_layer("block1_attention")
print(f"D = 64: {layer.count_params():,} = {4 * (64 * 64 + 64):,}")
wide = s5.build("transformer_base", num_layers=1).get_layer("encoder_block1_attention")
print(f"D = 512, the paper's: {wide.count_params():,} = {4 * (512 * 512 + 512):,}")

# %% [markdown]
# ## Follow one example
#
# The four letters of "Wien", embedded and with their positions added, are the input $x$.

# %%
names = s5.load_data("place_names")
wien = encode(["Wien"], names.alphabet)
x = np.array(layer_outputs(model, ["positions"])(wien)["positions"])[0]
W_q, b_q, W_k, b_k, W_v, b_v, W_o, b_o = layer.get_weights()
print("x", x.shape, " W_q", W_q.shape, " W_o", W_o.shape)

# %% [markdown]
# Letters: t position, d width, h head, k width of a head.

# %%
heads = [np.einsum("td,dhk->htk", x, W) + b[:, None] for W, b in ((W_q, b_q), (W_k, b_k), (W_v, b_v))]
found, weights = attention(*heads)
by_hand = np.einsum("htk,hkd->td", found, W_o) + b_o
print("queries, keys, values", *(head.shape for head in heads))
print("weights", weights.shape, " heads' answers", found.shape, " together", by_hand.shape)
says, its_weights = (np.array(y)[0] for y in layer(x[None], x[None], return_attention_scores=True))
difference = max(np.abs(by_hand - says).max(), np.abs(weights - its_weights).max())
print(f"largest difference from Keras's layer {difference:.1e}")

# %% [markdown]
# ### Positions
#
# Attention does not know what stands where. Shuffle the letters, and the same answers come out, shuffled.
# Here is the package's encoder, two blocks, without positions:


# %%
def encoded(x):
    keras.utils.set_random_seed(0)  # the same weights each time
    return np.array(encoder(x, None, num_layers=2, num_heads=8, mlp_dim=256, dropout=0.0))


# %%
x = rng.normal(size=(1, 10, 64)).astype("float32")
order = rng.permutation(10)
shuffled = np.abs(encoded(x[:, order]) - encoded(x)[:, order]).max()
print(f"shuffled before or after: largest difference {shuffled:.1e}")

# %% [markdown]
# So "Peru" would be the same as "pure", but for the capital. The transformer therefore adds to the vector
# at position $p$ a fixed pattern of waves, each slower than the one before:
#
# $$PE(p, 2i) = \sin\frac{p}{10000^{2i/D}} \qquad PE(p, 2i+1) = \cos\frac{p}{10000^{2i/D}}$$

# %%
print(sinusoidal_positions(3, 4).round(6))
positions = SinusoidalPositions()
moved = np.abs(encoded(positions(x[:, order])) - encoded(positions(x))[:, order]).max()
print(f"with positions, shuffled before or after: largest difference {moved:.2f}")

# %% [markdown]
# Left: the pattern of the first fifty positions. Right: products of these patterns. They depend on the
# distance of two positions only, so that "three letters further on" is the same everywhere.

# %%
table = sinusoidal_positions(50, 64)
figure, (left, right) = plt.subplots(1, 2, figsize=(8, 3), layout="constrained")
for axis, matrix in ((left, table), (right, table @ table.T)):
    figure.colorbar(axis.imshow(matrix, cmap="cividis", aspect="auto"), ax=axis)
    axis.set(ylabel="position")
left.set(xlabel="dimension of the vector")
right.set(xlabel="other position")
plt.show()

# %% [markdown]
# ### Masks
#
# A mask says what may be attended to, True where it may. Two of them matter:
#
# * **Padding.** Texts in one batch are filled up to the same length. Nobody may look at the filling.
# * **Causal.** Who is to say the next character must not see it. Position $t$ looks at 1 to $t$.

# %%
tokens = encode(["Wien", "Frankreich"], names.alphabet)  # "Wien" is filled up to 10 characters
padding = np.repeat(tokens[:1] != 0, 10, axis=0)
causal = np.tril(np.ones((10, 10), bool))
figure, axes = plt.subplots(1, 2, figsize=(6, 2.8), layout="constrained")
for axis, mask, title in ((axes[0], padding, 'padding: "Wien"'), (axes[1], causal, "causal")):
    axis.pcolormesh(mask, cmap="Blues", vmax=1.5, edgecolors="white")
    axis.set(title=f"{title} (blue: may)", xlabel="key", ylabel="query", aspect="equal", ylim=(10, 0))
    axis.set(xticks=[], yticks=[])
plt.show()

# %% [markdown]
# A mask that is forgotten raises no error; the network only becomes better than it should be, until it is
# used. So test what a mask must hide. GPT's decoder is causal: change the sixth character and all after
# it.

# %%
gpt = s5.build("gpt")
changed = tokens.copy()
changed[:, 5:] = rng.integers(2, 150, changed[:, 5:].shape)
leak = np.abs(np.array(gpt(tokens)) - np.array(gpt(changed)))
print(f"causal: before the change {leak[:, :5].max():.1e}, from it on {leak[:, 5:].max():.2f}")

# %% [markdown]
# And padding: six more zeros must change nothing. A test that cannot fail is worth nothing, so
# the last line appends an "a" instead.

# %%
plain, padded = (np.array(model(np.pad(wien, [(0, 0), (0, n)]))) for n in (0, 6))
filled = np.array(model(encode(["Wiena"], names.alphabet)))
print(f"six zeros more: {np.abs(plain - padded).max():.1e}, an a more: {np.abs(plain - filled).max():.2f}")

# %% [markdown]
# ## Train and look
#
# The encoder learns which language a name is written in, as the recurrent network of lesson 9 did; 16
# epochs, a bit over a minute. Then it reads the test names once more, their letters shuffled. What it
# loses, it knew from the order of the letters; what it keeps, from the letters alone.

# %%
settings = {"epochs": 1, "examples": 500, "dashboard": False} if QUICK else {"epochs": 16}
result = s5.train("transformer_encoder", seed=0, runs_dir=FOLDER / "runs", verbose=0, **settings)
texts = ["".join(rng.permutation(list(text))) for text in names.test.texts]
answers = result.model.predict(encode(texts, names.alphabet), verbose=0).argmax(axis=1)
in_disorder = (answers == names.test.labels).mean()
print(f"test accuracy {result.metrics['accuracy']:.3f}, letters shuffled {in_disorder:.3f}")

# %%
figure, axes = plt.subplots(figsize=(6, 2.8), layout="constrained")
epochs = range(1, len(result.history) + 1)
lines = (("accuracy", "--", ORANGE, "training, letters hidden"), ("val_accuracy", "-", BLUE, "validation"))
for name, style, colour, label in lines:
    axes.plot(epochs, [epoch[name] for epoch in result.history], style, color=colour, label=label)
axes.axhline(in_disorder, color="0.35", ls=":", label="test names, letters shuffled")
axes.set(xlabel="epoch", ylabel="accuracy", ylim=(0, 1))
axes.legend()
plt.show()

# %% [markdown]
# So the order counts. With 30 epochs the encoder reaches about 0.750; the recurrent network reached 0.817
# and counted groups of letters 0.843. A transformer is not told that neighbours belong together and must
# learn it from 11,000 names. Lesson 12 shows what helps.
#
# ## Ask the served model
#
# `explain_text` answers with the attention weights: by text, layer, head, query and key.

# %%
version = s5.export(result, FOLDER / "models")
with s5.serve({"encoder": version.parent}) as server, s5.connect(server.grpc_address) as client:
    answer = client.predict("encoder", {"text": ["Frankreich", "Wien"]}, signature_name="explain_text")
looked = answer["attention"]  # (2, 2, 8, 10, 10)
print(answer["label"], looked.shape)
print("rows sum to", looked[0].sum(axis=-1).min(), "at least,", looked[0].sum(axis=-1).max(), "at most")
print('"Wien" looks at its padding with', looked[1, :, :, :4, 4:].max())

# %% [markdown]
# Each picture is one head: rows ask, columns are looked at. Most heads have found letters that tell
# something, whoever asks: look for the bright columns, at the capital, at the `k`, at the final `ch`.

# %%
pictures.attention(looked[0], list("Frankreich"), list("Frankreich"))

# %% [markdown]
# ## Exercises
#
# 1. Multiply the queries of the small example by 10, and by 0. What does attention become?
# 2. Show that the pattern at position $p + 3$ is the same linear function of that at $p$, for every $p$.
# 3. How many scores does a layer with 8 heads compute for a text of 16, of 512 and of 8,192 tokens? What
#    follows for long texts?
#
# ## Check
#
# The key numbers of this lesson.

# %%
assert difference < 1e-5
assert wide.count_params() == 1_050_624
patterns = [[0, 1, 0, 1], [0.841471, 0.540302, 0.01, 0.99995], [0.909297, -0.416147, 0.019999, 0.9998]]
assert np.allclose(sinusoidal_positions(3, 4), patterns, atol=1e-5)
assert shuffled < 1e-4 < 0.1 < moved
assert leak[:, :5].max() < 1e-6 < leak[:, 5:].max()
assert np.allclose(plain, padded, atol=1e-6)
assert np.allclose(looked[0].sum(axis=-1), 1, atol=1e-5)
assert looked[1, :, :, :4, 4:].max() < 1e-6  # "Wien" does not look at its padding
assert QUICK or in_disorder + 0.1 < result.metrics["accuracy"] >= 0.71

# %% [markdown]
# ## Solutions
#
# **1.** Times 10 it becomes a look-up in a table: all weight for the best key. Times 0 it becomes the
# mean. (Vectors that training makes longer let a head choose how decided it is.)

# %%
for factor in (10, 0):
    print(factor, attention(factor * Q, K, V)[1].round(3).tolist())

# %% [markdown]
# **2.** Sine and cosine of a sum: $\sin(a + b) = \sin a \cos b + \cos a \sin b$. Each pair of numbers is
# rotated, by an angle that depends on the 3 only.

# %%
angles = 3 / 10_000 ** (np.arange(0, 64, 2) / 64)
turned = np.empty_like(table)
turned[:, 0::2] = table[:, 0::2] * np.cos(angles) + table[:, 1::2] * np.sin(angles)
turned[:, 1::2] = table[:, 1::2] * np.cos(angles) - table[:, 0::2] * np.sin(angles)
print("largest difference", np.abs(turned[:-3] - table[3:]).max())
assert np.allclose(turned[:-3], table[3:], atol=1e-5)

# %% [markdown]
# **3.** Every query meets every key. Twice the text is four times the work, which is why long texts are
# dear.

# %%
for length in (16, 512, 8_192):
    print(f"{length:5} tokens: {8 * length**2:>11,} scores")
