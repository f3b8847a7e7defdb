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
# ## Why
#
# A program that reads handwriting needs *features*: numbers that tell a 3 from an 8. For decades people
# invented them. Navneet Dalal and Bill Triggs counted the directions of edges (2005), and a support vector
# machine (Corinna Cortes and Vladimir Vapnik, 1995) drew the border between the classes.
#
# In 2012 deep networks that learned their features from the pixels won the ImageNet contest: in 15.3 % of the
# images the right class was not among their five guesses; the next best had 26.2 %. Alex Krizhevsky, Ilya
# Sutskever and Geoffrey Hinton had trained them on more than a million images. Yann LeCun, Yoshua Bengio and
# Hinton tell the story in *Deep learning* (Nature, 2015).
#
# Does that mean that deep is always better? This lesson measures it on 1,797 digits.

# %%
import os
import tempfile
from functools import partial
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from scipy.stats import binomtest

import keras_session5 as s5
from keras_session5.comparison import classical, compare
from keras_session5.pictures.style import BLUE, ORANGE

QUICK = os.environ.get("SESSION5_QUICK") == "1"  # the tests set it: seconds instead of minutes
FOLDER = Path(tempfile.mkdtemp())  # for runs and exported models; nothing of yours is touched

# %% [markdown]
# ## The idea
#
# Both ways are a function from an image $x$ to a class. The classical way fixes the features $\phi$ by hand
# and learns only the last step. The deep way learns all steps at once, as one chain of functions:
#
# $$\text{classical:}\quad \hat y = g_{w}(\phi(x)) \qquad\qquad
# \text{deep:}\quad \hat y = g_{w_n}(\cdots f_{w_2}(f_{w_1}(x)))$$
#
# In the figure, what is learned from examples is blue.

# %%
figure, axes = plt.subplots(figsize=(7, 2), layout="constrained")
ways = {1: ["pixels", "directions\nof edges", "classifier"], 0: ["pixels", "layer", "layer", "classifier"]}
for y, steps in ways.items():
    axes.plot([0, 1], [y, y], color="black", zorder=0)
    for x, step in zip(np.linspace(0, 1, len(steps)), steps, strict=True):
        box = {"boxstyle": "round,pad=0.6", "fc": BLUE if step in ("layer", "classifier") else "dimgray"}
        axes.text(x, y, step, ha="center", va="center", color="white", bbox=box)
axes.set(xlim=(-0.1, 1.1), ylim=(-0.6, 1.6), xticks=[], yticks=[0, 1], yticklabels=["deep", "classical"])
plt.show()

# %% [markdown]
# ## Build
#
# Two networks of the course, the multilayer perceptron (lesson 6) and LeNet-5 (lesson 8), and the classical
# methods that the package compares them with.

# %%
for name in ("mlp", "lenet5"):
    print(f"{name:8} {s5.build(name).count_params():>8,} parameters, all learned")
for method in classical.METHODS["image"]:
    print(f"{method.name} on {method.features}")

# %% [markdown]
# ## Follow one example
#
# The classical way first. A digit has 28 x 28 pixels. *Histograms of oriented gradients* (HOG) cut it into 7
# x 7 cells of 4 x 4 pixels, count nine directions of edges in each, and normalise blocks of 2 x 2 cells: 6 x
# 6 blocks x 4 cells x 9 directions = 1,296 features.

# %%
digits = s5.load_data("digits")
image = digits.test.inputs[:1]
print("image   ", image.shape)
print("pixels  ", classical.pixels(image).shape)
print("HOG     ", classical.oriented_gradients(image).shape)

# %% [markdown]
# Then the deep way. Each line is a layer; its output is the next one's input. What the shapes mean is lesson
# 8.

# %%
x = image.astype("float32")
for layer in s5.build("lenet5").layers[1:]:
    x = layer(x)
    print(f"{layer.name:14} {tuple(x.shape)}")

# %% [markdown]
# ## Train and look
#
# Everybody learns from the same 898 digits and is judged on the same 899 others, most of
# them written by other people.

# %%
train = partial(s5.train, data="digits", seed=0, runs_dir=FOLDER / "runs", verbose=0)
deep = {name: train(name, epochs=2 if QUICK else 60) for name in ("mlp", "lenet5")}
rows = [*compare.classical_rows(digits, seed=0), *compare.deep_rows(digits, deep, deep.get)]
rows.sort(key=lambda row: row.accuracy)
for row in reversed(rows):
    print(f"{row.accuracy:.4f}  {row.family:10} {row.label}")

# %%
figure, axes = plt.subplots(figsize=(7, 3.5), layout="constrained")
colours = [BLUE if row.family == "deep" else ORANGE for row in rows]
bars = axes.barh([row.label for row in rows], [row.accuracy for row in rows], color=colours)
for bar, row in zip(bars, rows, strict=True):
    bar.set_hatch("" if row.family == "deep" else "///")
axes.bar_label(bars, fmt="%.3f", padding=3)
axes.set(xlim=(0, 1.12), xlabel="accuracy on 899 test digits", title="classical (hatched) and deep (plain)")
plt.show()

# %% [markdown]
# How much of that is chance? The package says it in words.

# %%
for sentence in compare.findings(digits, rows, []):
    print(sentence)

# %% [markdown]
# Two things to see. On *pixels*, LeNet-5 and the support vector machine are closer than chance allows us to
# tell apart; both are ahead of the other methods. With *features made by people who knew what matters in a
# picture*, plain logistic regression is as good as LeNet-5. Learned features pay where nobody knows the right
# ones, or where there are too many kinds of pictures to design features for.
#
# "Deep learning needs more data" is often said. The curves show how accuracy grows with the number of
# examples.

# %%
shown = ["SVM on pixels"] if QUICK else ["SVM on pixels", "lenet5", "logistic regression on HOG"]
chosen = [row for row in rows if row.label in shown]
curves = [*compare.curves(digits, chosen, train, seed=0)]

# %%
figure, axes = plt.subplots(figsize=(7, 3.2), layout="constrained")
for curve, marker in zip(curves, "s^o", strict=False):
    colour, line = (BLUE, "-") if curve.family == "deep" else (ORANGE, "--" if marker == "s" else "-")
    name = curve.name if curve.family == "deep" else f"{curve.name} on {curve.features}"
    axes.plot(curve.examples, curve.accuracies, color=colour, marker=marker, linestyle=line, label=name)
axes.set(xscale="log", xlabel="training examples", ylabel="accuracy on the test digits", ylim=(0, 1))
axes.legend()
plt.show()

# %%
for sentence in compare.findings(digits, chosen, curves)[1:]:
    print(sentence)

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
# ## Exercises
#
# 1. Two methods were right on 98.7 % and 97.9 % of 899 digits. By how much would they have to differ for
#    chance to be an unlikely reason, if each had been tested on digits of its own? And with 10,000 digits?
#    Here both were tested on the *same* digits. What does that change?
# 2. Put the pixels of all images in the same random order. A person could read nothing any more. Which
#    methods lose?
# 3. How long does it take to *ask* each method (`row.predict_us`), and how large is it (`row.size_bytes`)?
#
# ## Check
#
# The lesson's number: features made by hand and a linear classifier read 98.7 % of the digits, LeNet-5 97.9
# %. The difference is smaller than chance explains.

# %%
hand_made, learned = compare.best(rows, "classical"), compare.best(rows, "deep")
assert hand_made.features == "HOG"
assert hand_made.accuracy > 0.98
assert learned.accuracy > (0.3 if QUICK else 0.965)

# %% [markdown]
# ## Solutions
#
# **1.** An accuracy $a$ on $n$ examples varies with variance $a(1-a)/n$; the difference of two independent
# ones with the sum of both. In 95 of 100 samples it stays below 1.96 standard deviations.

# %%
variance = sum(a * (1 - a) for a in (0.987, 0.979))
for n in (899, 10_000):
    print(f"{n:6,} examples: {1.96 * np.sqrt(variance / n):.4f}")

# %% [markdown]
# On the same digits the two are not independent: most digits are easy for both, and say nothing about which
# is better. Only those count that exactly one of them reads correctly. If neither were better, each of these
# would be a toss of a coin. This is McNemar's test (1947).

# %%
svm = next(
    method for method in classical.METHODS["image"] if (method.name, method.features) == ("SVM", "pixels")
)
fitted = svm.fit(digits.train.inputs, digits.train.labels, 0)
by_svm = fitted.predict(digits.test.inputs) == digits.test.labels
by_lenet5 = deep["lenet5"].model.predict(digits.test.inputs, verbose=0).argmax(1) == digits.test.labels
only_svm, only_lenet5 = int((by_svm & ~by_lenet5).sum()), int((by_lenet5 & ~by_svm).sum())
chance = binomtest(only_lenet5, only_svm + only_lenet5).pvalue
print(f"right only by the SVM: {only_svm}, only by LeNet-5: {only_lenet5}; p = {chance:.2f}")

# %% [markdown]
# **2.** A support vector machine compares images pixel by pixel: the order is nothing to it. HOG, and
# convolutions like those of LeNet-5, use which pixels are neighbours: they lose what they were made for.

# %%
order = np.random.default_rng(0).permutation(28 * 28)
rows_of_pixels = [split.inputs.reshape(-1, 784) for split in (digits.train, digits.test)]
shuffled = [pixels[:, order].reshape(-1, 28, 28, 1) for pixels in rows_of_pixels]
for method in classical.METHODS["image"]:
    if (method.name, method.features) in [("SVM", "pixels"), ("linear SVM", "HOG")]:
        fitted = method.fit(shuffled[0], digits.train.labels, 0)
        print(f"{method.name} on {method.features}: {fitted.score(shuffled[1], digits.test.labels):.3f}")

# %% [markdown]
# **3.** The answer to a support vector machine's simple training is its size: it keeps its examples.

# %%
for row in sorted(rows, key=lambda row: row.size_bytes):
    print(f"{row.label:28} {row.size_bytes:>10,} bytes {row.predict_us:8.0f} microseconds a digit")
