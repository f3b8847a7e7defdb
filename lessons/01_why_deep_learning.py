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
# # 1. Why deep learning
#
# **If older methods read digits just as well, why does anybody need deep learning?**
#
# After this lesson you can
#
# * say how artificial intelligence, machine learning and deep learning are related,
# * explain the difference between features that a person invents and features that are learned,
# * compare two methods fairly, and say whether a difference is more than chance, and
# * judge the usual claims about deep learning by measurements.
#
# **Time:** 50 minutes. **You need:** nothing but some Python; a little statistics helps.
#
# ## Why
#
# *Artificial intelligence* is the oldest and widest of three words: programs that do what seems to need
# intelligence, in whatever way. A chess program whose rules people wrote belongs there. *Machine learning* is
# the part of it in which a program finds its rules in examples. *Deep learning* is the part of that in which
# the program is a network of many layers, and all of its layers learn.

# %% tags=["hide-input"]
import os
import tempfile
from dataclasses import replace
from functools import partial
from itertools import chain
from pathlib import Path

import keras
import matplotlib.pyplot as plt
import numpy as np
from IPython.display import Markdown
from scipy.stats import binomtest

import keras_session5 as s5
from keras_session5 import by_hand, introspection, pictures
from keras_session5.comparison import classical, compare
from keras_session5.data import subset
from keras_session5.exercises import check
from keras_session5.pictures.style import BLUE, DIVERGING, GREEN, ORANGE

QUICK = os.environ.get("SESSION5_QUICK") == "1"  # the tests set it: seconds instead of minutes
FOLDER = Path(tempfile.mkdtemp())  # for runs and exported models; nothing of yours is touched

# %% tags=["hide-input"]
fields = {
    "artificial intelligence": "a chess program with rules written by people",
    "machine learning": "a support vector machine",
    "deep learning": "LeNet-5",
}
pictures.rings([*fields.items()])

# %% [markdown]
# A program that recognizes things in pictures needs *features*: numbers computed from the pixels that tell a
# 3 from an 8, or a car from a house. For decades people invented them. Navneet Dalal and Bill Triggs, for
# example, counted the directions of edges (2005), and a *support vector machine* (Corinna Cortes and Vladimir
# Vapnik, 1995) then drew the border between the classes.
#
# In 2012 a network that learned its features from the pixels won the ImageNet contest. In 15.3 % of the
# images the right class was not among its five guesses; the next best entry had 26.2 %. Alex Krizhevsky, Ilya
# Sutskever and Geoffrey Hinton had trained it on more than a million images. Yann LeCun, Yoshua Bengio and
# Hinton tell the story in *Deep learning* (Nature, 2015).
#
# Does that mean that deep is always better? In this lesson you do not have to believe it. You measure.
#
# ## The idea
#
# Both ways compute a class from an image $x$. The classical way fixes the features $\phi$ by hand and learns
# only the last step. The deep way learns all steps at once, as one chain of functions:
#
# $$\text{classical:}\quad \hat y = g_{w}(\phi(x)) \qquad\qquad
# \text{deep:}\quad \hat y = g_{w_n}(\cdots f_{w_2}(f_{w_1}(x)))$$

# %% tags=["hide-input"]
by_people = [("pixels", False), ("features:\ndirections of edges", False), ("classifier", True)]
by_examples = [("pixels", False), ("layer", True), ("layer", True), ("classifier", True)]
pictures.stages({"classical": by_people, "deep": by_examples})

# %% [markdown]
# > **A slip in the slides.** They say that deep learning mimics the human brain. It was inspired by it
# > (lesson 2). As far as anybody knows, brains are not trained the way networks are.
#
# ## Build
#
# Two networks of the course, the multilayer perceptron (lesson 6) and LeNet-5 (lesson 8), and the classical
# methods that the package compares them with:

# %%
for name in ("mlp", "lenet5"):
    print(f"{name:8} {s5.build(name).count_params():>8,} parameters, all learned")
for method in classical.METHODS["image"]:
    print(f"{method.name} on {method.features}")

# %% [markdown]
# ## Follow one example
#
# The classical way first. A digit has 28 x 28 pixels. *Histograms of oriented gradients* (HOG) cut it into 7
# x 7 cells of 4 x 4 pixels, count nine directions of edges in each cell, and balance the contrast in blocks
# of 2 x 2 cells. Blocks overlap, so there are 6 x 6 of them: 6 x 6 blocks x 4 cells x 9 directions = 1,296
# features.

# %%
digits = s5.load_data("digits")
if QUICK:
    digits = replace(digits, train=subset(digits.train, 200, 0), test=subset(digits.test, 200, 0))
image = digits.test.inputs[:1]
print("image   ", image.shape)
print("pixels  ", classical.pixels(image).shape)
print("HOG     ", classical.oriented_gradients(image).shape)

# %% [markdown]
# Then the deep way. Each line is a layer, and its output is the next one's input. Lesson 8 explains the
# shapes. What matters here: every layer with weights is learned.

# %%
x = image.astype("float32")
for layer in s5.build("lenet5").layers[1:]:
    x = layer(x)
    print(f"{layer.name:14} {tuple(x.shape)}")

# %% [markdown]
# ## Train and look
#
# ### Car or not car
#
# The slides ask: is there a car in this picture? A person would say: look for wheels. So let us program that.
# Here are rendered pictures; half of them show a car, the others a house, a ship or two balls. The
# hand-made feature slides a dark disc over the picture and measures, at every place, how similar the picture
# is to it (a *correlation*, at most 1). The score is that of the best pair of such places side by side at the
# same height.

# %%
scenes, kinds = by_hand.render_scenes(200 if QUICK else 2000)
is_car = (kinds == 0).astype("int32")
scores = by_hand.wheel_scores(scenes)
half = len(scenes) // 2  # the first half is for training, the other for testing

# %% tags=["hide-input"]
figure, grid = plt.subplots(2, 8, figsize=(9, 2.9), layout="constrained")
for column, kind in enumerate((0, 0, 0, 0, 1, 2, 2, 3)):
    row = np.flatnonzero(kinds == kind)[column]
    grid[0, column].imshow(scenes[row, :, :, 0], cmap="gray", vmin=0, vmax=255)
    grid[0, column].set_title(f"{by_hand.SCENES[kind]}\nscore {scores[row]:.2f}", fontsize=9)
    shown = grid[1, column].imshow(
        by_hand.wheel_matches(scenes[row : row + 1])[0], cmap=DIVERGING, vmin=-1, vmax=1
    )
for axes in grid.flat:
    axes.set(xticks=[], yticks=[])
grid[0, 0].set_ylabel("picture")
grid[1, 0].set_ylabel("similar to\na wheel")
figure.colorbar(shown, ax=grid[1], label="correlation")
plt.show()

# %% [markdown]
# Look at the yellow spots: they are on the wheels, and the house gets a low score. But portholes and balls
# are wheels to it as well, and a car with one wheel behind a bush is no car to it. Choose the best threshold
# on the training half, and let LeNet-5 learn from the same pictures:

# %%
limits = np.unique(scores[:half])
limit = max(limits, key=lambda limit: np.mean((scores[:half] >= limit) == is_car[:half]))
by_wheels = (scores[half:] >= limit).astype(int)
print("guessing:   0.500 right, because half of the pictures show a car")
print(f"two wheels: {np.mean(by_wheels == is_car[half:]):.3f} right, with a score of {limit:.2f} or more")

# %%
keras.utils.set_random_seed(0)
network = s5.build("lenet5", num_classes=2)
network.compile(keras.optimizers.Adam(1e-3), "sparse_categorical_crossentropy", metrics=["accuracy"])
network.fit(scenes[:half], is_car[:half], epochs=3 if QUICK else 15)
by_network = network.predict(scenes[half:], verbose=0).argmax(axis=1)
print(f"LeNet-5: {np.mean(by_network == is_car[half:]):.3f} right")

# %%
for kind, name in enumerate(by_hand.SCENES):
    members = kinds[half:] == kind
    rights = [np.mean((found == is_car[half:])[members]) for found in (by_wheels, by_network)]
    print("{:6} right by wheels {:.2f}, by LeNet-5 {:.2f}".format(name, *rights))

# %% [markdown]
# As a detector of wheels, the hand-made feature does its work. As an answer to the question, it is hardly
# better than guessing: it takes nearly all ships and balls for cars, and misses 29 % of the cars. (In three
# cars of ten, a bush hides a wheel.)
#
# What does the network look at instead? Here are the maps of its first layer, `c1`. Nobody told it what to
# look for. The maps respond to outlines and to dark areas, of cars, sails and balls alike. What makes a car
# is put together from them in the layers behind. (The two outermost rows and columns are cut off. There the
# layer sees the zeros that surround each picture, and responds to that edge.)

# %% tags=["hide-input"]
maps = introspection.layer_outputs(network, ["c1"])
rows = [np.flatnonzero(kinds == kind)[5] for kind in (0, 2, 3)]
found = np.asarray(maps(scenes[rows].astype("float32"))["c1"])[:, 2:-2, 2:-2]  # without the padded edge
figure, grid = plt.subplots(3, 7, figsize=(8.5, 3.9), layout="constrained")
for axes, row, name in zip(grid, rows, ("car", "ship", "balls"), strict=True):
    axes[0].imshow(scenes[row, 2:-2, 2:-2, 0], cmap="gray", vmin=0, vmax=255)
    axes[0].set_ylabel(name)
for (row, k), axes in np.ndenumerate(grid[:, 1:]):
    background = np.median(found[row, :, :, k])
    shown = axes.imshow(found[row, :, :, k] - background, cmap=DIVERGING, vmin=-0.6, vmax=0.6)
    axes.set_title(f"map {k + 1}" if row == 0 else "", fontsize=9)
for axes in grid.flat:
    axes.set(xticks=[], yticks=[])
figure.colorbar(shown, ax=grid, label="output of tanh,\nless its median")
plt.show()

# %% [markdown]
# Fair is fair: we rendered the other pictures, and we chose them so that wheels are not enough. You could go
# on and invent a second feature ("something above the wheels"), and a third. That is the point. A hand-made
# feature answers the question that its inventor thought of. A learned one answers the question that the
# examples ask.
#
# ### Digits: everybody on the same 898 images
#
# Now a real task. All methods learn from the same 898 handwritten digits and are tested on the same 899
# others, most of them written by other people.

# %%
train = partial(s5.train, data="digits", seed=0, runs_dir=FOLDER / "runs", dashboard=not QUICK)
deep = {name: train(name, epochs=2 if QUICK else 60) for name in ("mlp", "lenet5")}

# %%
names, rows = {"mlp": "multilayer perceptron", "lenet5": "LeNet-5"}, []
for row in chain(compare.classical_rows(digits, seed=0), compare.deep_rows(digits, deep, deep.get)):
    print(f"{row.accuracy:.4f}  {row.family:10} {names.get(row.label, row.label)}")
    rows.append(row)
rows.sort(key=lambda row: row.accuracy)

# %% tags=["hide-input"]
figure, axes = plt.subplots(figsize=(7, 3.5), layout="constrained")
colours = [BLUE if row.family == "deep" else ORANGE for row in rows]
shown = [names.get(row.label, row.label) for row in rows]
bars = axes.barh(shown, [row.accuracy for row in rows], color=colours)
for bar, row in zip(bars, rows, strict=True):
    bar.set_hatch("" if row.family == "deep" else "///")
axes.bar_label(bars, fmt="%.3f", padding=3)
axes.set(xlim=(0, 1.12), xlabel="accuracy on the test digits", title="classical (hatched) and deep (plain)")
plt.show()

# %% [markdown]
# **How much of that is chance?** Other test digits would give other accuracies. The package says by how much
# two accuracies may differ by chance alone, if each method were tested on digits of its own:

# %%
for sentence in compare.findings(digits, rows, []):
    print(sentence)

# %% [markdown]
# But all methods have the *same* test digits, and then we can look more closely. Most digits are easy for
# both, or hard for both, and say nothing about which is better. Only those count that exactly one of two
# methods reads correctly. If neither were better, each of them would be a toss of a coin. This is McNemar's
# test (1947). Its $p$ is the probability of a result at least as lopsided, if chance alone decided.

# %%
svm = next(one for one in classical.METHODS["image"] if (one.name, one.features) == ("SVM", "pixels"))
fitted = svm.fit(digits.train.inputs, digits.train.labels, 0)
by_svm = fitted.predict(digits.test.inputs) == digits.test.labels
by_lenet5 = deep["lenet5"].model.predict(digits.test.inputs, verbose=0).argmax(1) == digits.test.labels
only_svm, only_lenet5 = int((by_svm & ~by_lenet5).sum()), int((by_lenet5 & ~by_svm).sum())
chance = binomtest(only_lenet5, only_svm + only_lenet5).pvalue
print(f"right only by the SVM: {only_svm}, only by LeNet-5: {only_lenet5}; p = {chance:.2f}")

# %% [markdown]
# On *pixels*, LeNet-5 and the support vector machine cannot be told apart: 899 digits are too few to decide.
# With *features made by people who knew what matters in a picture*, even plain logistic regression does as
# well as LeNet-5. So with few examples and known features, nobody needs deep learning.
#
# ### More data: the motive
#
# "Deep learning thrives on data", the slides say. Here is how the accuracy grows with the number of training
# images on Fashion-MNIST, 70,000 photographs of clothes from a shop (10,000 of them for testing). This took
# too long for a lesson. It was measured once, and the package keeps the result:

# %%
measured = compare.stored_curves()
for key in ("command", "date", "machine"):
    print(f"{key}: {measured[key]}")
print(f"up to {measured['seeds_up_to']:,} images: means of {measured['seeds']} seeds; above: one run each")

# %% tags=["hide-input"]
figure, axes = plt.subplots(figsize=(7, 3.6), layout="constrained")
looks = {"lenet5": (BLUE, "-", "^"), "linear SVM": (ORANGE, "--", "s"), "SVM": (GREEN, ":", "o")}
labels = names | {"linear SVM": "linear SVM on HOG", "SVM": "SVM with RBF kernel on HOG"}
for curve in measured["curves"]:
    colour, line, marker = looks[curve["name"]]
    look = {"color": colour, "linestyle": line, "marker": marker, "label": labels[curve["name"]]}
    axes.plot(curve["examples"], curve["accuracies"], **look)
axes.set(xscale="log", xlabel="number of training images", ylabel="accuracy on 10,000 test images")
axes.set_xticks([100, 1000, 10_000, 60_000], ["100", "1,000", "10,000", "60,000"])
axes.minorticks_off()
axes.grid(alpha=0.3)
axes.legend(loc="lower right")
plt.show()

# %%
curves = {
    curve["name"]: dict(zip(curve["examples"], curve["accuracies"], strict=True))
    for curve in measured["curves"]
}
for count in curves["lenet5"]:
    row = [f"{labels[name]} {curve[count]:.4f}" for name, curve in curves.items() if count in curve]
    print(f"{count:6,} images: ", ", ".join(row))

# %% [markdown]
# Which of these differences are more than chance? For two accuracies on the 10,000 test images, chance
# explains 1.96 standard errors of their difference, as for the digits above:

# %%
lin, svm_curve, deep_curve = (curves[name] for name in ("linear SVM", "SVM", "lenet5"))


def find_leads(other):
    """Number of images -> by how much LeNet-5 leads the other method, and how much chance explains."""
    leads = {}
    for count in other:
        variances = [a * (1 - a) / measured["test_examples"] for a in (deep_curve[count], other[count])]
        leads[count] = deep_curve[count] - other[count], 1.96 * sum(variances) ** 0.5
    return leads


# %%
for count, (lead, explained) in find_leads(lin).items():
    verdict = "within chance" if abs(lead) <= explained else "beyond chance"
    print(f"{count:6,} images: LeNet-5 - linear SVM = {lead:+.4f}, {explained:.4f} is chance: {verdict}")

# %% [markdown]
# Compare LeNet-5 with the linear support vector machine. Up to 1,000 images the hand-made features are ahead,
# but only with 300 of them by more than chance explains. With 3,000, LeNet-5 is ahead, still within chance.
# From 10,000 images on its lead is real, and with all 60,000 it reads 90.7 % of the test images correctly,
# the other 88.9 %. Chance explains 0.8 points of this lead, not all of it. The features of HOG stay the same
# however many images there are; those of LeNet-5 go on improving. **That is the motive of deep learning.**
#
# And the third curve? A support vector machine with an *RBF kernel* can draw curved borders. With 100 images
# it is the worst of the three, but from 300 to 3,000 it leads LeNet-5 by more than chance explains, with the
# same HOG features. Its time grows with the square of the number of images, so we measured it up to 10,000
# only: 88.35 % against LeNet-5's 87.92 %, a difference that chance explains. For all 60,000, the page
# of Fashion-MNIST lists results that others report: 92.6 % for a support vector machine on HOG, and 96.7 %
# for a network with 8.9 million weights. So a good method on good features is hard to beat for a network of
# 1998 with 61,706 weights. Larger networks go further, and they are what all that data is for.
#
# ### The slides' table, measured
#
# The slides end with a table that compares classical machine learning with deep learning. Here it is again,
# with what we have measured beside each claim.

# %% tags=["hide-input"]
claims = {
    "data": "Classical methods do well with little data; deep ones often need a lot.",
    "features": "Classical methods often need features made by hand; deep ones learn theirs.",
    "computation": "Classical methods need less of it; deep ones need GPUs to train efficiently.",
    "pictures, speech, text": "Deep methods are far better and the state of the art.",
    "human-like learning": "Deep methods learn complex patterns like humans.",
}
verdicts = [
    "Supported: with 300 to 3,000 images the SVM with RBF kernel leads by more than chance explains. LeNet-5 "
    "leads the linear SVM from 10,000 images on.",
    "Supported. But the SVM needed no such features for the digits either.",
    "Half supported: training takes longer, but a network as small as this one needs no GPU.",
    "Open: we measured small pictures only. For large ones, the contest of 2012 is the better evidence.",
    "No claim that one can test: it does not say what to measure.",
]

# %% tags=["hide-input"]
by_label = {row.label: row for row in rows}
net, svm_row = by_label["lenet5"], by_label["SVM on pixels"]
wheels, cars = (np.mean(one == is_car[half:]) for one in (by_wheels, by_network))
measurements = [
    f"Clothes, linear SVM on HOG and LeNet-5: {lin[100]:.3f} and {deep_curve[100]:.3f} with 100 images, "
    f"{lin[60_000]:.3f} and {deep_curve[60_000]:.3f} with 60,000.",
    f'Car or not car: "two wheels" {wheels:.3f}, LeNet-5 {cars:.3f}. Digits: SVM on pixels '
    f"{svm_row.accuracy:.3f}, LeNet-5 {net.accuracy:.3f}.",
    f"Training with 898 digits: SVM {svm_row.train_seconds:.1f} s, LeNet-5 {net.train_seconds:.0f} s. "
    f"For one prediction: {svm_row.predict_us:.0f} and {net.predict_us:.0f} microseconds.",
    "Digits: no difference beyond chance. 60,000 clothes: LeNet-5 leads the linear SVM by 0.018.",
    "Nothing.",
]
table = ["| aspect | the claim | what we measured | verdict |", "|---|---|---|---|"]
parts = zip(claims.items(), measurements, verdicts, strict=True)
Markdown(
    "\n".join(table + [f"| {aspect} | {claim} | {one} | {two} |" for (aspect, claim), one, two in parts])
)

# %% [markdown]
# ## Ask the served model
#
# Exported, a network is a folder with a version number that TensorFlow Serving understands. Here our own
# server loads it, and a client asks it over REST, as any web page could.

# %%
version = s5.export(deep["lenet5"], FOLDER / "saved_models")
with s5.serve({"lenet5": version.parent}) as server, s5.connect(server.rest_address) as client:
    answer = client.predict("lenet5", {"image": digits.test.inputs[:8]})
print("served:", answer["probabilities"].argmax(axis=-1))
print("labels:", digits.test.labels[:8])

# %% [markdown]
# A support vector machine pays for its simple training with its size, because it keeps its examples:

# %%
for row in sorted(rows, key=lambda row: row.size_bytes):
    name = names.get(row.label, row.label)
    print(f"{name:29} {row.size_bytes:>10,} bytes {row.predict_us:8.0f} microseconds a digit")

# %% [markdown]
# ## Check
#
# The numbers of this lesson: features made by hand and a linear classifier read 98.7 % of the digits, LeNet-5
# about 98 %, and chance could explain that. With 60,000 clothes LeNet-5 leads the linear method by 0.018,
# more than chance explains.

# %%
hand_made, learned = compare.best(rows, "classical"), compare.best(rows, "deep")
assert hand_made.features == "HOG"
assert hand_made.accuracy > (0.85 if QUICK else 0.98)
assert learned.accuracy > (0.15 if QUICK else 0.965)
assert QUICK or chance > 0.05
assert QUICK or cars > 0.95 > 0.7 > wheels

# %%
lead, explained = find_leads(lin)[60_000]
assert round(lead, 3) == 0.018 > explained > 0.0075
beyond_lin, beyond_svm = (
    [np.sign(lead) * (abs(lead) > explained) for lead, explained in find_leads(other).values()]
    for other in (lin, svm_curve)
)
assert beyond_lin == [0, -1, 0, 0, 1, 1, 1]  # 1: LeNet-5 leads, -1: the SVM, 0: chance could explain it
assert beyond_svm == [1, -1, -1, -1, 0]
assert (measured["seeds"], measured["seeds_up_to"]) == (3, 1_000)

# %% [markdown]
# ## Exercises
#
# Replace the three dots by your answer and run the cell. A wrong answer gets a hint, and the next wrong one
# a second hint. The first three need only paper, the second also a pocket calculator.
#
# ### 01.1 How many features?
#
# An image has 32 x 32 pixels. HOG cuts it into cells of 4 x 4 pixels, counts nine directions in each, and
# takes all blocks of 2 x 2 neighbouring cells, which overlap by a cell. How many features does it have?

# %% tags=["exercise"]
answer = ...  # a number
check("01.1", answer)

# %% [markdown]
# <details><summary>Solution</summary>
#
# 8 x 8 cells make 7 x 7 blocks, each with 4 cells of 9 directions: $49 \cdot 36 = 1764$.
#
# ```python
# answer = classical.oriented_gradients(np.zeros((1, 32, 32, 1))).shape[1]
# ```
#
# </details>
#
# ### 01.2 How much is chance?
#
# Two methods are right on 98.7 % and 97.9 % of $n$ digits, each on digits of its own. An accuracy $a$ varies
# with the variance $a(1-a)/n$, the difference of two accuracies with the sum of both variances, and in 95 of
# 100 cases chance keeps it within 1.96 standard deviations. By how much may they differ by chance, for $n =
# 899$ and for $n = 10{,}000$?

# %% tags=["exercise"]
answer = ...  # two numbers, such as (0.05, 0.01)
check("01.2", answer)

# %% [markdown]
# <details><summary>Solution</summary>
#
# Their difference of 0.008 would be within chance on 899 digits, and beyond it on 10,000. To halve what
# chance explains, you need four times as many test examples.
#
# ```python
# variance = sum(a * (1 - a) for a in (0.987, 0.979))
# answer = [1.96 * np.sqrt(variance / n) for n in (899, 10_000)]
# ```
#
# </details>
#
# ### 01.3 McNemar's coins
#
# On the same 899 digits, 880 are read correctly by both of two methods and 8 by neither. Nine are read
# correctly only by the first, two only by the second. If those 11 were tosses of a coin, how likely is a
# result at least as lopsided, in either direction? (At most 2 of 11, or at least 9 of 11. There are $2^{11} =
# 2048$ sequences.)

# %% tags=["exercise"]
answer = ...  # a probability
check("01.3", answer)

# %% [markdown]
# <details><summary>Solution</summary>
#
# Zero, one or two heads in 11 tosses: $1 + 11 + 55 = 67$ sequences, and as many at the other end. $134 / 2048
# = 0.065$. With the usual limit of 0.05, this is no evidence yet that the first method is better.
#
# ```python
# answer = binomtest(2, 11).pvalue
# ```
#
# </details>
#
# ### 01.4 Pixels in disorder
#
# Put the pixels of all images in the same random order. A person could read nothing any more. Does the
# accuracy of the SVM on pixels become lower, and that of the linear SVM on HOG? Think first, then try it:
# `order = np.random.default_rng(0).permutation(784)`.

# %% tags=["exercise", "computer"]
answer = ...  # two words, each "same" or "lower": (SVM on pixels, linear SVM on HOG)
check("01.4", answer)

# %% [markdown]
# <details><summary>Solution</summary>
#
# A support vector machine on pixels compares two images pixel by pixel, so the order makes no difference.
# HOG uses which pixels are neighbours, as the convolutions of LeNet-5 do, and loses what it was made for.
#
# ```python
# order, answer = np.random.default_rng(0).permutation(784), []
#
#
# def shuffle(split, order):
#     return split.inputs.reshape(-1, 784)[:, order].reshape(-1, 28, 28, 1)
#
#
# for method in classical.METHODS["image"]:
#     if (method.name, method.features) in [("SVM", "pixels"), ("linear SVM", "HOG")]:
#         score = []
#         for way in (np.arange(784), order):
#             fitted = method.fit(shuffle(digits.train, way), digits.train.labels, 0)
#             score.append(fitted.score(shuffle(digits.test, way), digits.test.labels))
#         print(f"{method.name} on {method.features}: {score[0]:.3f}, in disorder {score[1]:.3f}")
#         answer.append("lower" if score[1] < score[0] - 0.02 else "same")
# ```
#
# </details>
#
# ## Quiz
#
# Answer with a letter, such as `"a"`.
#
# ### 01.Q1 Where does it belong?
#
# A chess program of 1970 tries all moves for the next few turns and picks the best by rules that its authors
# wrote down.
#
# * **a** deep learning, because it looks many moves deep
# * **b** machine learning
# * **c** artificial intelligence, and no machine learning

# %% tags=["exercise"]
check("01.Q1", ...)

# %% [markdown]
# ### 01.Q2 What is learned?
#
# Logistic regression on HOG reads 98.7 % of the digits. Which part of it did the examples decide?
#
# * **a** the weights of the last step
# * **b** the directions that are counted
# * **c** both

# %% tags=["exercise"]
check("01.Q2", ...)

# %% [markdown]
# ### 01.Q3 What does the comparison on 899 digits show?
#
# LeNet-5 and the SVM on pixels differ by less than chance explains.
#
# * **a** they are equally good
# * **b** 899 digits are too few to say which is better
# * **c** LeNet-5 is better, because its number is larger

# %% tags=["exercise"]
check("01.Q3", ...)

# %% [markdown]
# ## Summary
#
# * Deep learning is the part of machine learning in which all layers of a network learn, its features
#   included.
# * A hand-made feature is as good as the idea behind it. Learned features pay where nobody knows the right
#   ones.
# * With little data and known features, classical methods do as well or better. With much data, learned
#   features go on improving: on 60,000 clothes LeNet-5 overtakes the linear method on hand-made features.
# * A difference on a small test set may be chance. Methods with the same test examples are compared by the
#   examples on which they disagree.
#
# Next: [lesson 2](02_threshold_unit.ipynb) begins with the smallest network there is: one unit.
#
# ## Glossary
#
# | term | meaning |
# |---|---|
# | feature | a number computed from the input, meant to make the task easier |
# | HOG | histograms of oriented gradients: features that count the directions of edges |
# | classifier | a function from features, or from pixels, to a class |
# | support vector machine, SVM | a classifier that puts the border as far as it can from both classes |
# | accuracy | the share of examples that are classified correctly |
# | training, test examples | those to learn from, and others to measure on |
# | learning curve | accuracy as a function of the number of training examples |
# | McNemar's test | compares two methods by the examples that only one of them gets right |
