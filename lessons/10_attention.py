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
# **How does "it" find the word that it stands for?**
#
# After this lesson you can
#
# * compute attention with pencil and paper, from queries, keys and values to the output,
# * explain why the scores are divided by $\sqrt{d}$,
# * say what a transformer does not know without positions, and what a mask hides,
# * normalise a vector as `LayerNorm` does, and
# * split a word into pieces by byte-pair encoding.
#
# **Time:** 70 minutes. **You need:** softmax (lesson 6) and recurrent networks (lesson 9).
#
# ## Why
#
# Read this sentence: *The dog ate the bone because it was hungry.* You know at once that "it" is the dog.
# Now change one word: *The dog ate the bone because it was tasty.* Now "it" is the bone. To understand a
# word, you look at other words, and which ones depends on the sentence.
#
# A recurrent network must carry the dog and the bone along in its state until "it" comes. In 2014 such
# networks learned to translate: one network read the sentence and handed its last state to another, which
# wrote the translation. Long sentences did not fit into one state. Dzmitry Bahdanau, Kyunghyun Cho and
# Yoshua Bengio therefore let the second network look back at *all* states of the first and choose, for every
# word anew, which of them to use: *attention* (*Neural Machine Translation by Jointly Learning to Align and
# Translate*, 2014).
#
# Three years later Ashish Vaswani and seven colleagues at Google dropped the recurrence and kept the
# attention: *Attention Is All You Need* (2017). This lesson takes its parts one by one, and the next lesson
# puts them together.

# %% tags=["hide-input"]
import os
import tempfile
from collections import Counter
from itertools import pairwise
from pathlib import Path

import keras
import matplotlib.pyplot as plt
import numpy as np

import keras_session5 as s5
from keras_session5 import by_hand, pictures
from keras_session5.data.characters import encode
from keras_session5.exercises import check
from keras_session5.introspection import layer_outputs
from keras_session5.layers import SinusoidalPositions, sinusoidal_positions
from keras_session5.models.blocks import encoder
from keras_session5.pictures.style import BLUE, GREEN, ORANGE, SIGNED, new_figure

QUICK = os.environ.get("SESSION5_QUICK") == "1"  # the tests set it: a few seconds instead of two minutes
FOLDER = Path(tempfile.mkdtemp())  # for runs and exported models; nothing of yours is touched
keras.utils.set_random_seed(0)  # the same untrained weights each time

# %% [markdown]
# ## The idea
#
# Attention is a look-up that takes a little of everything. Every word has three vectors:
#
# * a *query* $q$: what this word is looking for,
# * a *key* $k$: what this word can be found by,
# * a *value* $v$: what this word gives to those who find it.
#
# A word compares its query with all keys. The product $q \cdot k$ is large where they fit. A softmax turns
# the products into weights, which are positive and sum to 1, and the output is the mean of all values with
# these weights. With all queries, keys and values as the rows of three matrices:
#
# $$\text{Attention}(Q, K, V) = \text{softmax}\!\left(\frac{Q K^\top}{\sqrt{d}}\right) V$$
#
# Here $d$ is the width of queries and keys. In NumPy, with a mask that says who may look at whom:


# %%
def softmax(scores):
    powers = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def attention(q, k, v, mask=True):
    scores = q @ k.swapaxes(-1, -2) / np.sqrt(q.shape[-1])
    weights = softmax(np.where(mask, scores, -1e9))
    return weights @ v, weights


# %% [markdown]
# ### One sentence, number by number
#
# We choose tiny vectors by hand. The four numbers of a key say whether a word is a noun, whether it is alive
# (-1: certainly not), whether it is a verb, and whether it is a property. "The", "because" and "it" offer
# nothing. The value has two numbers: one for the animal, one for the food.

# %%
words = ["The", "dog", "ate", "the", "bone", "because", "it", "was", "hungry"]
K = np.zeros((9, 4))  # noun, alive, verb, property
V = np.zeros((9, 2))  # animal, food
K[1], K[4] = (1, 1, 0, 0), (1, -1, 0, 0)  # dog, bone
K[2] = K[7] = (0, 0, 1, 0)  # ate, was
K[8] = (0, 0, 0, 1)  # hungry
V[1], V[4] = (1, 0), (0, 1)

# %% [markdown]
# Whoever is hungry is alive. So "it" looks for a noun, and even more for something alive: $q = (2, 4, 0, 0)$.
# Its product with the key of "dog" is $2 \cdot 1 + 4 \cdot 1 = 6$. Divide by $\sqrt{d} = \sqrt{4} = 2$, and
# the score is 3. Here is the whole row, which you can check with a calculator:

# %%
q = np.array([[2, 4, 0, 0]])
output, weights = attention(q, K, V)
print("word     product  score    exp  weight")
for word, key, weight in zip(words, K, weights[0], strict=True):
    product = int(q[0] @ key)
    print(f"{word:8} {product:7} {product / 2:6} {np.exp(product / 2):6.2f} {weight:7.3f}")
print("output of 'it':", output[0].round(3))

# %% [markdown]
# Three quarters of the output of "it" come from the dog. The position of "it", which knew only that it was a
# pronoun, now holds the vector of an animal. Note two things. Words that offer nothing still get a little,
# because no exponential is zero. And the bone gets *less* than those: its key contradicts the query.
#
# Move the slider to change how much "it" looks for something alive. "Hungry" asks for much of it; "tasty"
# asks for the opposite.

# %% tags=["hide-input"]
alive = range(-4, 5)
frames = []
for wanted in alive:
    frames.append(new_figure(6.6, 2.1))
    axes = frames[-1].subplots()
    now = attention(np.array([[2, wanted, 0, 0]]), K, V)[1][0]
    property_ = "hungry" if wanted > 0 else "tasty" if wanted < 0 else "..."
    for x, (word, weight) in enumerate(zip([*words[:8], property_], now, strict=True)):
        axes.text(x, -0.3, word, ha="center", fontsize=10, weight="bold" if x == 6 else "normal")
        axes.text(x, -0.8, f"{weight:.2f}", ha="center", fontsize=9, color=BLUE)
        arc = {"arrowstyle": "-", "connectionstyle": f"arc3,rad={0.35 if x < 6 else -0.35}"}
        if x != 6:
            axes.annotate("", (x, 0.1), (6, 0.1), arrowprops=arc | {"lw": 0.3 + 12 * weight, "color": BLUE})
    axes.set(xlim=(-0.6, 8.6), ylim=(-0.9, 2.2), title=f'query of "it": noun 2, alive {wanted}')
    axes.axis("off")
about = 'the word "it" looks at the other words of a sentence; thick lines are large weights'
pictures.Slider(frames, [f"{w:+}" for w in alive], name='"alive" in the query', description=about)

# %% [markdown]
# How can "it" know whether the sentence goes on with "hungry" or "tasty"? Its query is made from its own
# vector alone. The answer is depth: in a first layer, "it" looks at the property and takes it up; in a
# second layer its query can ask for something alive. That is one reason for stacking layers.
#
# These numbers are ours. A trained network makes queries, keys and values from each word's vector by three
# matrices of weights that back-propagation finds, and none of its columns has a name. Still, the authors of
# the 2017 paper show two heads of the fifth layer that link "its" to the noun it stands for.
#
# ### Why divide by the root of d?
#
# Take two vectors of $d$ random numbers, each with mean 0 and variance 1. Their product is a sum of $d$ terms
# of variance 1, so it has a standard deviation of $\sqrt{d}$. Without the division, wide vectors would make
# large scores. Softmax would then give nearly all weight to one key, and where only the winner counts there
# is almost no gradient to learn from.

# %%
rng = np.random.default_rng(0)
for d in (4, 64, 512):
    many_q, many_k = rng.normal(size=(1_000, 1, d)), rng.normal(size=(1_000, 10, d))
    scores = (many_q @ many_k.swapaxes(-1, -2))[:, 0]  # 1,000 queries, 10 keys each
    undivided, divided = (softmax(z).max(axis=-1).mean() for z in (scores, scores / np.sqrt(d)))
    print(f"d = {d:3}: standard deviation of the products {scores.std():4.1f}; ", end="")
    print(f"largest of ten weights {undivided:.2f}, with the division {divided:.2f}")

# %% [markdown]
# ## Build
#
# "It" may want to know several things at once: who it stands for, and what is said about it. One row of
# weights cannot show both. *Multi-head* attention therefore runs several attentions side by side. Each head
# has its own matrices for queries, keys and values, which are narrower than the word's vector, and a last
# matrix mixes what the heads found. For a width of $D$ this takes $4\,(D^2 + D)$ weights, however many heads
# there are.

# %%
model = s5.build("transformer_encoder")
layer = model.get_layer("block1_attention")
print(f"D = 64: {layer.count_params():,} = {4 * (64 * 64 + 64):,}")
wide = s5.build("transformer_base", num_layers=1).get_layer("encoder_block1_attention")
print(f"D = 512, as in the paper: {wide.count_params():,} = {4 * (512 * 512 + 512):,}")

# %% [markdown]
# ### Keep the numbers in bounds: LayerNorm
#
# What a layer of attention finds is *added* to its input. If we stacked many such layers, the numbers would
# grow and grow. So each vector is normalised after the addition: subtract its mean, and divide by its
# standard deviation. On four numbers:
#
# | | | mean | standard deviation |
# |---|---|---|---|
# | vector | 3, 5, 5, 11 | 24 / 4 = 6 | |
# | minus the mean | -3, -1, -1, 5 | 0 | $\sqrt{(9 + 1 + 1 + 25) / 4} = 3$ |
# | divided by 3 | -1, -1/3, -1/3, 5/3 | 0 | 1 |
#
# This is *layer normalisation* (Jimmy Ba, Jamie Kiros and Geoffrey Hinton, 2016). Afterwards each number is
# multiplied by a learned weight $\gamma$ and shifted by a learned $\beta$, so that the network can undo the
# normalisation where it is in the way. At first $\gamma = 1$ and $\beta = 0$.


# %%
def layer_norm(x):
    return (x - x.mean(axis=-1, keepdims=True)) / x.std(axis=-1, keepdims=True)


normalised = layer_norm(np.array([3, 5, 5, 11]))
print(normalised)
vectors = rng.normal(5, 3, size=(10, 64)).astype("float32")
of_keras = np.array(model.get_layer("block1_attention_norm")(vectors))
print(f"largest difference from Keras's layer: {np.abs(layer_norm(vectors) - of_keras).max():.0e}")

# %% [markdown]
# (The layer adds 0.00001 to the variance, so that a vector of equal numbers causes no division by zero.)
#
# ## Follow one example
#
# ### From text to tokens
#
# A network needs numbers, so a text is cut into *tokens*, and each token has an id. Should a token be a
# word? Then every new word is unknown. A character? Then texts are long, and a character means little.
# *Byte-pair encoding* finds pieces in between. Begin with characters and a mark `_` for the end of a word.
# Count all pairs of neighbours, merge the most frequent pair into one piece, and repeat. That is all of it:


# %%
def merge(pieces, pair):
    merged = []
    while pieces:
        width = 2 if pieces[:2] == pair else 1
        merged.append("".join(pieces[:width]))
        pieces = pieces[width:]
    return tuple(merged)


# %%
def learn_byte_pairs(counts, num_merges):
    words, merges = {(*word, "_"): count for word, count in counts.items()}, []
    for _ in range(num_merges):
        pairs = Counter()
        for pieces, count in words.items():
            for pair in pairwise(pieces):
                pairs[pair] += count
        merges.append(max(pairs, key=pairs.get))
        words = {merge(pieces, merges[-1]): count for pieces, count in words.items()}
    return merges


# %% [markdown]
# The package has the same functions with checks of their arguments, and one that splits a new word:

# %%
counts = {"low": 5, "lower": 2, "newest": 6, "widest": 3}  # how often each word occurs
merges = by_hand.learn_byte_pairs(counts, 10)
print("the same merges as ours:", learn_byte_pairs(counts, 10) == merges)
print("merged:", *("".join(pair) for pair in merges))
for word in ("lowest", "slow"):
    print(word, "->", *by_hand.apply_byte_pairs(word, merges))

# %% [markdown]
# "lowest" was not among the words, and yet it consists of two pieces that make sense. The example is that
# of Rico Sennrich, Barry Haddow and Alexandra Birch, who brought the method to translation in 2016. GPT-2
# starts from the 256 bytes instead of characters, so that it can write anything.
#
# And here are pieces of real words, from the English names of countries, languages and currencies:

# %%
names = s5.load_data("place_names")
english = names.class_names.index("English")
texts = (text for text, label in zip(names.train.texts, names.train.labels, strict=True) if label == english)
merges = by_hand.learn_byte_pairs(Counter(" ".join(texts).split()), 150)
print("first:", *("".join(pair) for pair in merges[:16]))
print("last: ", *("".join(pair) for pair in merges[-8:]))
print("Austrian ->", *by_hand.apply_byte_pairs("Austrian", merges))

# %% [markdown]
# The names are short, so the network of this lesson reads single characters. The idea is the same.
#
# ### From tokens to weights
#
# The four letters of "Wien" (Vienna), embedded and with their positions added, are the input $x$ of the
# first layer. Can we recompute what Keras's layer does? The letters in `einsum` mean: t position, d width of
# $x$, h head, k width of a head.

# %%
wien = encode(["Wien"], names.alphabet)
x = np.array(layer_outputs(model, ["positions"])(wien)["positions"])[0]
W_q, b_q, W_k, b_k, W_v, b_v, W_o, b_o = layer.get_weights()
heads = [np.einsum("td,dhk->htk", x, W) + b[:, None] for W, b in ((W_q, b_q), (W_k, b_k), (W_v, b_v))]
found, weights_of_heads = attention(*heads)
together = np.einsum("htk,hkd->td", found, W_o) + b_o
print("x", x.shape, " queries, keys, values", *(head.shape for head in heads))
print("weights", weights_of_heads.shape, " found by the heads", found.shape, " together", together.shape)

# %%
of_layer, its_weights = (np.array(y)[0] for y in layer(x[None], x[None], return_attention_scores=True))
difference = max(np.abs(together - of_layer).max(), np.abs(weights_of_heads - its_weights).max())
print(f"largest difference from Keras's layer {difference:.1e}")

# %% [markdown]
# ### Positions
#
# Attention does not know what stands where. Shuffle the letters, and the same outputs come out, shuffled.
# Here are two blocks of the package's encoder without positions:


# %%
def encoded(x):
    keras.utils.set_random_seed(0)  # the same weights each time
    return np.array(encoder(x, None, num_layers=2, num_heads=8, mlp_dim=256, dropout=0.0))


x = rng.normal(size=(1, 10, 64)).astype("float32")
order = rng.permutation(10)
shuffled = np.abs(encoded(x[:, order]) - encoded(x)[:, order]).max()
print(f"shuffled before or after: largest difference {shuffled:.1e}")

# %% [markdown]
# So "Peru" would be the same as "pure", but for the capital letter. The transformer therefore adds a fixed
# pattern of waves to the vector at position $p$, each wave slower than the one before:
#
# $$PE(p, 2i) = \sin\frac{p}{10000^{2i/D}} \qquad PE(p, 2i+1) = \cos\frac{p}{10000^{2i/D}}$$

# %%
print(sinusoidal_positions(3, 4).round(6))
positions = SinusoidalPositions()
moved = np.abs(encoded(positions(x[:, order])) - encoded(positions(x))[:, order]).max()
print(f"with positions, shuffled before or after: largest difference {moved:.2f}")

# %% [markdown]
# On the left, each row is the pattern of one position: fast waves in the first dimensions, slow ones in the
# last. On the right, the pattern of one position is multiplied with those of its neighbours. The three lines
# lie on each other: the product depends on the *distance* only, so "three letters further on" is the same
# everywhere. It is largest at distance 0.

# %% tags=["hide-input"]
table = sinusoidal_positions(50, 64)
figure, (left, right) = plt.subplots(1, 2, figsize=(8, 2.9), layout="constrained")
shown = left.imshow(table, cmap=SIGNED, vmin=-1, vmax=1, aspect="auto")
figure.colorbar(shown, ax=left, label="number that is added")
left.set(xlabel="dimension of the vector", ylabel="position in the text")
for position, colour, style in ((10, BLUE, "-"), (25, ORANGE, "--"), (40, GREEN, ":")):
    distance = np.arange(-10, 10)
    products = table[position + distance] @ table[position]
    right.plot(distance, products, style, color=colour, lw=2.5, label=f"position {position}")
right.set(xlabel="distance of the other position", ylabel="product of the two patterns")
right.legend(fontsize=8)
plt.show()

# %% [markdown]
# ### Masks
#
# A mask says what may be looked at. Two of them matter:
#
# * **Padding.** Texts in one batch are filled up to the same length. No position may look at the filling.
# * **Causal.** A network that writes must not see what comes next. Position $t$ looks at positions 1 to $t$.
#
# > **A note on the slides.** They name the causal mask for training. It is used when a text is generated as
# > well: what is not written yet cannot be seen, and what is written must be computed as it was in training.

# %% tags=["hide-input"]
tokens = encode(["Wien", "Frankreich"], names.alphabet)  # "Wien" is filled up to 10 characters
padding = np.repeat(tokens[:1] != 0, 10, axis=0)
causal = np.tril(np.ones((10, 10), bool))
figure, axes = plt.subplots(1, 2, figsize=(7, 3.2), layout="constrained")
for axis, mask, title, text in (
    (axes[0], padding, "padding mask", "Wien······"),
    (axes[1], causal, "causal mask", "Frankreich"),
):
    axis.pcolormesh(mask, cmap="Blues", vmin=0, vmax=1.5, edgecolors="white")
    axis.set_title(f"{title} (blue: may be looked at)", fontsize=9)
    axis.set(xlabel="key", ylabel="query", ylim=(10, 0))
    axis.set_xticks(np.arange(10) + 0.5, text)
    axis.set_yticks(np.arange(10) + 0.5, text)
    axis.set_aspect("equal")
plt.show()

# %% [markdown]
# In the left mask, the rows of the filling (the dots) are blue as well. What they look at does not matter,
# because nobody looks at them.
#
# A forgotten mask raises no error. The network only seems better than it should be, until you use it. So test
# what a mask must hide. GPT's decoder is causal: change the sixth character and all after it, and see what
# happens before.

# %%
gpt = s5.build("gpt")
changed = tokens.copy()
changed[:, 5:] = rng.integers(2, 150, changed[:, 5:].shape)
leak = np.abs(np.array(gpt(tokens)) - np.array(gpt(changed)))
print(f"causal: before the change {leak[:, :5].max():.1e}, from it on {leak[:, 5:].max():.2f}")

# %% [markdown]
# And padding: six more zeros must change nothing. A test that cannot fail is worth nothing, so the last line
# appends an "a" instead.

# %%
plain, padded = (np.array(model(np.pad(wien, [(0, 0), (0, n)]))) for n in (0, 6))
filled = np.array(model(encode(["Wiena"], names.alphabet)))
print(f"six zeros more: {np.abs(plain - padded).max():.1e}, an a more: {np.abs(plain - filled).max():.2f}")

# %% [markdown]
# ## Train and look
#
# The encoder learns in which language a name is written, as the recurrent network of lesson 9 did. The 16
# epochs take a bit over a minute. Afterwards it also reads the test names with their letters shuffled. The
# accuracy that it loses came from the order of the letters; what is left comes from the letters alone.

# %%
small = {"embed_dim": 16, "num_layers": 1, "num_heads": 2, "mlp_dim": 16}
settings = {"epochs": 1, "examples": 500, **small} if QUICK else {"epochs": 16}
result = s5.train("transformer_encoder", seed=0, runs_dir=FOLDER / "runs", dashboard=False, **settings)
in_disorder = ["".join(rng.permutation(list(text))) for text in names.test.texts]
predictions = result.model.predict(encode(in_disorder, names.alphabet), verbose=0).argmax(axis=1)
shuffled_accuracy = (predictions == names.test.labels).mean()
print(f"test accuracy {result.metrics['accuracy']:.3f}, letters shuffled {shuffled_accuracy:.3f}")

# %% tags=["hide-input"]
figure, axes = plt.subplots(figsize=(6, 2.6), layout="constrained")
epochs = range(1, len(result.history) + 1)
lines = (
    ("accuracy", "--", ORANGE, "training, some letters hidden"),
    ("val_accuracy", "-", BLUE, "validation"),
)
for name, style, colour, label in lines:
    axes.plot(epochs, [epoch[name] for epoch in result.history], style, color=colour, label=label)
axes.axhline(shuffled_accuracy, color="0.35", ls=":", label="test names, letters shuffled")
axes.set(xlabel="epoch", ylabel="accuracy", ylim=(0, 1))
axes.legend()
plt.show()

# %% [markdown]
# So the order counts. With 30 epochs the encoder reaches about 0.750; the recurrent network reached 0.817,
# and counted groups of letters 0.843 (all from the [table of
# accuracies](../docs/networks.md#accuracy-beside-classical-methods)). A transformer is not told that
# neighbours belong together and must learn it from 11,000 names. Lesson 12 shows what helps.
#
# ## Ask the served model
#
# The signature `explain_text` returns the attention weights as well: by text, layer, head, query and key.

# %%
version = s5.export(result, FOLDER / "models")
with s5.serve({"encoder": version.parent}) as server, s5.connect(server.grpc_address) as client:
    answer = client.predict("encoder", {"text": ["Frankreich", "Wien"]}, signature_name="explain_text")
looked = answer["attention"]  # (2 texts, 2 layers, 8 heads, 10 queries, 10 keys)
for text, label, row in zip(["Frankreich", "Wien"], answer["label"], answer["probabilities"], strict=True):
    print(f"{text:10} -> {label}, probability {row.max():.2f}")
print("rows sum to", looked[0].sum(axis=-1).min(), "at least,", looked[0].sum(axis=-1).max(), "at most")
print('"Wien" looks at its padding with', looked[1, :, :, :4, 4:].max())

# %% [markdown]
# "Frankreich" is German. And "Wien"? It is the German name of Vienna, and yet the network that we trained for
# these pages answers Polish. To see why, look at what it has read. The data have names of countries,
# languages and currencies, not of cities, so "Wien" is not among them. These are the training names that
# begin or end like it:

# %%
for what, fits in {
    "Wie...": lambda text: text.startswith("Wie"),
    "...ien": lambda t: t.endswith("ien"),
}.items():
    labels = [label for text, label in zip(names.train.texts, names.train.labels, strict=True) if fits(text)]
    print(what, {names.class_names[label]: count for label, count in Counter(labels).most_common()})

# %% [markdown]
# Only Polish names begin like "Wien", and names that end like it are mostly French. Four letters give little
# else to go by. A network can only tell what its data told it, and its probability says nothing about
# whether a question is one of those that it was trained for.
#
# Now to the weights for "Frankreich" in the last layer. Each square is one head. A row is a query, a letter
# that looks; a bright cell is the letter that it looks at.

# %% tags=["hide-input"]
last = looked.shape[1]
pictures.attention(looked[0, -1:], list("Frankreich"), list("Frankreich"), layers=[last])

# %% [markdown]
# Many squares show bright *columns*: whoever looks, the head picks the same letters. They are those that tell
# the languages apart, such as the capital, the `k`, or the final `ch`. So it is enough to see how much each
# letter is looked at, on average over all heads and queries. With equal weights, each bar would reach the
# dotted line.

# %% tags=["hide-input"]
figure, axes = plt.subplots(figsize=(6, 2.3), layout="constrained")
shares = looked[0].mean(axis=(1, 2))  # (layers, 10)
for i, (share, colour) in enumerate(zip(shares, (BLUE, ORANGE), strict=False)):
    axes.bar(np.arange(10) + 0.4 * i - 0.2, share, 0.4, color=colour, label=f"layer {i + 1}")
axes.axhline(0.1, color="0.35", ls=":", label="all letters alike")
axes.set_xticks(range(10), "Frankreich")
axes.set(xlabel="letter", ylabel="mean weight")
figure.legend(ncols=3, fontsize=8, loc="outside upper center")
plt.show()

# %% [markdown]
# Be careful with such pictures. A large weight says what a head has read, not that it changed the answer.
#
# ## Check
#
# The numbers of this lesson.

# %%
assert np.allclose(weights[0, [1, 4, 6]], [0.732, 0.013, 0.036], atol=0.001)
assert np.allclose(output, by_hand.scaled_dot_product_attention(q, K, V))
assert np.allclose(normalised, [-1, -1 / 3, -1 / 3, 5 / 3])
assert np.allclose(layer_norm(vectors), of_keras, atol=1e-4)
assert learn_byte_pairs(counts, 10) == by_hand.learn_byte_pairs(counts, 10)
assert by_hand.apply_byte_pairs("lowest", learn_byte_pairs(counts, 10)) == ["low", "est_"]
assert difference < 1e-5
assert wide.count_params() == 1_050_624

# %%
patterns = [[0, 1, 0, 1], [0.841471, 0.540302, 0.01, 0.99995], [0.909297, -0.416147, 0.019999, 0.9998]]
assert np.allclose(sinusoidal_positions(3, 4), patterns, atol=1e-5)
assert shuffled < 1e-4 < 0.1 < moved
assert leak[:, :5].max() < 1e-6 < leak[:, 5:].max()
assert np.allclose(plain, padded, atol=1e-6)
assert np.allclose(looked[0].sum(axis=-1), 1, atol=1e-5)
assert looked[1, :, :, :4, 4:].max() < 1e-6  # "Wien" does not look at its padding
assert QUICK or shuffled_accuracy + 0.1 < result.metrics["accuracy"] >= 0.71

# %% [markdown]
# ## Exercises
#
# Replace the three dots by your answer and run the cell. A wrong answer gets a hint, and the next wrong one
# a second hint.
#
# ### 10.1 Attention on paper
#
# A query $q = (2, 1, 1, 0)$ meets three keys, each with a value of one number:
#
# | key | value |
# |---|---|
# | (1, 0, 0, 0) | 10 |
# | (0, 0, 0, 1) | 20 |
# | (0, 1, 1, 0) | 40 |
#
# What is the output? Use $e \approx 2.718$.

# %% tags=["exercise"]
answer = ...  # one number, to one decimal
check("10.1", answer)

# %% [markdown]
# <details><summary>Solution</summary>
#
# The products are 2, 0 and 2, the scores 1, 0 and 1, and their exponentials $e$, 1 and $e$. The output is
# $(10 e + 20 + 40 e) / (2 e + 1)$.
#
# ```python
# keys, values = np.array([[1, 0, 0, 0], [0, 0, 0, 1], [0, 1, 1, 0]]), np.array([[10], [20], [40]])
# answer = attention(np.array([[2, 1, 1, 0]]), keys, values)[0].item()
# ```
#
# </details>
#
# ### 10.2 LayerNorm on paper
#
# Normalise the vector (3, 9, 11, 17), with $\gamma = 1$ and $\beta = 0$.

# %% tags=["exercise"]
answer = ...  # four numbers: (a, b, c, d)
check("10.2", answer)

# %% [markdown]
# <details><summary>Solution</summary>
#
# The mean is 10. What is left is (-7, -1, 1, 7), with a variance of $(49 + 1 + 1 + 49) / 4 = 25$. So divide
# by 5.
#
# ```python
# answer = layer_norm(np.array([3, 9, 11, 17]))
# ```
#
# </details>
#
# ### 10.3 Pieces of words
#
# A text consists of the words "see" (4 times), "seen" (2 times) and "been" (3 times). Which are the first
# three pieces that byte-pair encoding makes? Write the end of a word as `_`.

# %% tags=["exercise"]
answer = ...  # three texts: ("...", "...", "...")
check("10.3", answer)

# %% [markdown]
# <details><summary>Solution</summary>
#
# First `e e` with $4 + 2 + 3 = 9$. Then `s ee` with 6, before `ee n` and `n _` with 5 each. Then only `n _`
# still has 5: of the `ee n` two have become `see n`.
#
# ```python
# answer = ["".join(pair) for pair in by_hand.learn_byte_pairs({"see": 4, "seen": 2, "been": 3}, 3)]
# ```
#
# </details>
#
# ### 10.4 The price of long texts
#
# How many scores does one layer with 8 heads compute for a text of 16, of 512 and of 8,192 tokens?

# %% tags=["exercise"]
answer = ...  # three whole numbers
check("10.4", answer)

# %% [markdown]
# <details><summary>Solution</summary>
#
# Every query meets every key, in every head. A text twice as long takes four times the work, which is why
# long texts are expensive.
#
# ```python
# answer = [8 * length**2 for length in (16, 512, 8_192)]
# ```
#
# </details>
#
# ### 10.5 Three letters further on
#
# Pair $i$ of a position's pattern, counted from 0, is the sine and the cosine of $p / 10000^{2i/D}$. By
# $\sin(a + b) = \sin a \cos b + \cos a \sin b$, it turns by a fixed angle when the position grows by 3. By
# which angles, in radians, do the first and the second pair turn if $D = 64$?

# %% tags=["exercise"]
answer = ...  # two angles, to two decimals
check("10.5", answer)

# %% [markdown]
# <details><summary>Solution</summary>
#
# The angle of pair $i$ at position $p$ is $p / 10000^{2i/64}$. From $p$ to $p + 3$ it grows by $3 /
# 10000^{2i/64}$, whatever $p$ is. The code tests it on the whole table: the pattern at $p + 3$ is the
# same linear function of that at $p$ everywhere.
#
# ```python
# angles = 3 / 10_000 ** (np.arange(0, 64, 2) / 64)
# answer = angles[:2]
# sines, cosines = table[:, 0::2], table[:, 1::2]
# turned = sines * np.cos(angles) + cosines * np.sin(angles)
# assert np.allclose(turned[:-3], sines[3:], atol=1e-5)
# ```
#
# </details>
#
# ## Quiz
#
# Answer with a letter, such as `"a"`.
#
# ### 10.Q1 What happens to attention if all queries become ten times as long?
#
# * **a** nothing, because softmax divides by the sum
# * **b** every query takes the mean of all values
# * **c** every query takes nearly only the value of its best key

# %% tags=["exercise"]
check("10.Q1", ...)

# %% [markdown]
# ### 10.Q2 An encoder without positions reads "Wien" and then "neiW". What differs?
#
# * **a** only the order of its four output vectors
# * **b** all numbers of its four output vectors
# * **c** nothing at all, the outputs are the same arrays

# %% tags=["exercise"]
check("10.Q2", ...)

# %% [markdown]
# ### 10.Q3 You forget the causal mask of a network that learns to write the next character. What do you see?
#
# * **a** an error message, because the shapes do not match
# * **b** an excellent loss in training, and nonsense when it writes
# * **c** a bad loss in training, because the network sees too much

# %% tags=["exercise"]
check("10.Q3", ...)

# %% [markdown]
# ## Summary
#
# * Each token has a query, a key and a value. The products of a query with all keys, divided by $\sqrt{d}$,
#   become weights by a softmax, and the output is the mean of the values with these weights.
# * Several heads look for different things side by side.
# * Attention sees a set, not a sequence. Positions are added to the vectors.
# * Masks hide padding and the future. A forgotten mask shows only in use, so test it.
# * LayerNorm gives every vector mean 0 and standard deviation 1.
# * Byte-pair encoding merges frequent neighbours into tokens.
#
# Next: [lesson 11](11_transformer.ipynb) puts these parts together and lets them write.
#
# ## Glossary
#
# | term | meaning |
# |---|---|
# | query, key, value | what a token looks for, what it can be found by, what it gives |
# | score | the product of a query and a key, divided by the root of their width |
# | attention weights | the softmax of a query's scores; they sum to 1 |
# | self-attention | attention whose queries, keys and values come from the same sequence |
# | head | one of several attentions side by side, with its own matrices |
# | positional encoding | a vector for each position, which is added to the token's vector |
# | causal mask | hides all later positions |
# | padding mask | hides what only fills up a batch |
# | layer normalisation | subtracting a vector's mean and dividing by its standard deviation |
# | token | a piece of text with an id: a character, a word or something in between |
# | byte-pair encoding | making tokens by merging the most frequent neighbours again and again |
