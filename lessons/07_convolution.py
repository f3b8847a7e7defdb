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
# # 7. Convolution and pooling by hand
#
# ## Why
#
# David Hubel and Torsten Wiesel found cells in the visual cortex of cats that answer to an edge in one small
# part of the field of view (1959, 1962), and others that do not mind exactly where it is. Kunihiko Fukushima
# made a network of such cells, the Neocognitron (1980). In 1989 Yann LeCun and his colleagues let
# back-propagation find its weights, to read zip codes.
#
# Both kinds of cells are simple sums and maxima. This lesson computes them number by number.

# %%
import os
import tempfile
from pathlib import Path

import keras
import matplotlib.pyplot as plt
import numpy as np

import keras_session5 as s5
from keras_session5 import by_hand, pictures
from keras_session5.pictures.style import BLUE, DIVERGING, ORANGE

QUICK = os.environ.get("SESSION5_QUICK") == "1"  # the tests set it: a few seconds instead of half a minute
FOLDER = Path(tempfile.mkdtemp())  # for runs and exported models; nothing of yours is touched

# %% [markdown]
# ## The idea
#
# Lay a small *kernel* $w$ on a place of the image, multiply what lies on each other, add up. That is one
# number of the *feature map*. Move the kernel and do it again, with the same weights everywhere:
#
# $$y_{ij} = \sum_{u}\sum_{v} w_{uv}\; x_{i+u,\,j+v}$$
#
# One unit sees one window, here of 5 x 5 pixels. All units of a map have the same weights.

# %%
digits = s5.load_data("digits")
digit = digits.test.inputs[3, :, :, 0]
figure, (left, right) = plt.subplots(1, 2, figsize=(5, 2.5), layout="constrained")
left.imshow(digit, cmap="gray")
left.add_patch(plt.Rectangle((15.5, 3.5), 5, 5, fill=False, edgecolor=ORANGE, linewidth=3))
right.imshow(digit[4:9, 16:21], cmap="gray", vmin=0, vmax=255)
for (row, column), pixel in np.ndenumerate(digit[4:9, 16:21]):
    right.text(column, row, pixel, ha="center", va="center", color="black" if pixel > 127 else "white")
left.set(xticks=[], yticks=[], title="a digit")
right.set(xticks=[], yticks=[], title="what one unit sees")
plt.show()

# %% [markdown]
# With a kernel of positive and negative weights, the map is large where the image looks like the kernel. (One
# without negative weights only finds bright places.) *Pooling* then makes it smaller: of each 2 x 2
# numbers only the largest (or the mean) stays. These are the numbers of the course's slides.

# %%
image, kernel, square = by_hand.SLIDES_IMAGE, by_hand.SLIDES_KERNEL, by_hand.SLIDES_POOLED
at = s5.by_hand.patch_products(image, kernel)
pictures.kernel_patch(image, kernel, at.products[0, 0], at.sums, row=0, column=0)

# %% [markdown]
# ## Build
#
# `s5.by_hand.feature_map` is a Keras `Conv2D` with the kernel that you give it; `s5.by_hand.pool` is a
# pooling layer.

# %%
print(s5.by_hand.feature_map(image, kernel))
print(s5.by_hand.pool(square), s5.by_hand.pool(square, mode="average"), sep="\n")

# %%
pictures.pooling(square, s5.by_hand.pool(square), s5.by_hand.pool(square, mode="average"), size=2)

# %% [markdown]
# ## Follow one example
#
# `patch_products` shows all that is added up: for each of the 3 x 3 places, what the 3 x 3 kernel lies on,
# and the nine products.

# %%
print("image   ", image.shape)
print("patches ", at.patches.shape)
print("products", at.products.shape)
print("sums    ", at.sums.shape)
print("the last place:", *at.patches[2, 2].ravel(), "-> products add up to", at.sums[2, 2])

# %% [markdown]
# How large is the map? A kernel of $k$ pixels fits into a row of $n$ pixels at $n - k + 1$ places. With a
# stride $s$ it takes every $s$-th of them:
#
# $$\Big\lfloor \frac{n - k}{s} \Big\rfloor + 1$$
#
# With a border of zeros (`"same"`) and stride 1 the map is as large as the image.

# %%
for n, k, s, padding in [(5, 3, 1, "valid"), (28, 5, 1, "valid"), (28, 5, 1, "same"), (28, 2, 2, "valid")]:
    size = s5.by_hand.output_size(n, k, s, padding)
    print(f"{n} pixels, kernel {k}, stride {s}, {padding}: {size}")

# %% [markdown]
# Mathematicians flip the kernel before they lay it on, and call this without the flip *cross-correlation*.
# Keras and all its relatives do not flip: a network that learns its kernels would learn flipped ones and
# never notice.

# %%
print(s5.by_hand.feature_map([[0, 0, 1, 0, 0]], [[1, 2, 3]]), "and not [[1. 2. 3.]]")

# %% [markdown]
# Three kernels of the course on a digit. The edge kernel is zero wherever nothing changes.

# %%
figure, grid = plt.subplots(1, 4, figsize=(8, 2.2), layout="constrained")
grid[0].imshow(digit, cmap="gray")
for axes, (name, weights) in zip(grid[1:], s5.by_hand.KERNELS.items(), strict=True):
    axes.imshow(s5.by_hand.feature_map(digit, weights), cmap="gray")
    axes.set_title(name)
for axes in grid:
    axes.set(xticks=[], yticks=[])
plt.show()

# %% [markdown]
# ## Train and look
#
# A network learns its kernels. LeNet-5 (lesson 8) begins with a convolution `c1` of six kernels, 5 x 5
# weights each. At first they are random:

# %%
keras.utils.set_random_seed(0)
pictures.filters(s5.build("lenet5").get_layer("c1").get_weights()[0])

# %% [markdown]
# A short training from these very weights (the same seed) is enough to see them change.

# %%
result = s5.train("lenet5", epochs=3 if QUICK else 20, seed=0, runs_dir=FOLDER / "runs", verbose=0)
print({name: round(value, 4) for name, value in result.metrics.items()})

# %%
losses = [epoch["loss"] for epoch in result.history]
figure, axes = plt.subplots(figsize=(5, 2.2), layout="constrained")
axes.plot(range(1, len(losses) + 1), losses, color=BLUE, marker="o", markersize=3)
axes.set(xlabel="epoch", ylabel="training loss", ylim=0, xlim=0)
axes.xaxis.get_major_locator().set_params(integer=True)
plt.show()

# %%
kernels, biases = result.model.get_layer("c1").get_weights()
print(kernels.shape, biases.shape)
pictures.filters(kernels)

# %% [markdown]
# ## Ask the served model
#
# The served network tells its feature maps (`explain`). Can we compute them by hand? `c1` is a convolution
# with a border of zeros, then tanh. The network brings pixels into the paper's range first: background -0.1,
# ink 1.175.

# %%
version = s5.export(result, FOLDER / "saved_models")
with s5.serve({"lenet5": version.parent}) as server, s5.connect(server.rest_address) as client:
    answer = client.predict("lenet5", {"image": digits.test.inputs[3:4]}, signature_name="explain")
served = answer["c1"][0]  # (28, 28, 6)
pixels = digit * (1.275 / 255) - 0.1
sums = [s5.by_hand.feature_map(pixels, kernels[:, :, 0, k], padding="same") + biases[k] for k in range(6)]
by_hand = np.tanh(np.stack(sums, axis=-1))
print(f"{served.shape} served, largest difference from ours {np.abs(served - by_hand).max():.1e}")

# %%
figure, grid = plt.subplots(2, 6, figsize=(8, 2.9), layout="constrained")
for k in range(6):
    for row, maps in zip(grid, (served, by_hand), strict=True):
        row[k].imshow(maps[:, :, k], cmap=DIVERGING, vmin=-1, vmax=1)
        row[k].set(xticks=[], yticks=[])
grid[0, 0].set_ylabel("served")
grid[1, 0].set_ylabel("by hand")
plt.show()

# %% [markdown]
# ## Exercises
#
# 1. LeNet-5 takes 28 x 28 pixels through a convolution of 5 with a border, pooling by 2, a convolution of 5
#    without a border, and pooling by 2. How large are the maps?
# 2. Make a kernel that finds strokes from top to bottom, and one for strokes from left to right. Try them on
#    a 1 and a 7.
# 3. Move a digit by one pixel. By how much of its sum does the edge map change, and by how much after pooling
#    by 2, by 4?
#
# ## Check
#
# The lesson's numbers: the slide's feature map and pooled maxima, and a served feature map that agrees with
# ours.

# %%
assert at.sums.tolist() == [[25, 18, 17], [18, 22, 14], [20, 15, 23]]
assert np.array_equal(s5.by_hand.feature_map(image, kernel), at.sums)
assert s5.by_hand.pool(square).tolist() == [[8, 6], [9, 9]]
assert np.abs(served - by_hand).max() < 1e-5
assert result.metrics["accuracy"] > (0.3 if QUICK else 0.9)

# %% [markdown]
# ## Solutions
#
# **1.** 28, 14, 10, 5.

# %%
size = 28
for kernel_size, stride, padding in [(5, 1, "same"), (2, 2, "valid"), (5, 1, "valid"), (2, 2, "valid")]:
    size = s5.by_hand.output_size(size, kernel_size, stride, padding)
    print(size)

# %% [markdown]
# **2.** A bright line between dark ones, upright or turned.

# %%
upright = np.array([[-1, 2, -1]] * 3)
shown = [digits.test.inputs[np.flatnonzero(digits.test.labels == label)[6], :, :, 0] for label in (1, 7)]
figure, grid = plt.subplots(2, 3, figsize=(5, 3.4), layout="constrained")
for row, digit in zip(grid, shown, strict=True):
    maps = [digit, *(np.maximum(s5.by_hand.feature_map(digit, k), 0) for k in (upright, upright.T))]
    for axes, values, name in zip(row, maps, ["digit", "upright", "level"], strict=True):
        axes.imshow(values, cmap="gray")
        axes.set(xticks=[], yticks=[], title=name)
plt.show()

# %% [markdown]
# **3.** The larger the window, the more of a small movement is forgiven, and the less is known of the place.

# %%
digit = digits.test.inputs[3, :, :, 0].astype(float)
maps = [
    s5.by_hand.feature_map(picture, s5.by_hand.KERNELS["edge"])
    for picture in (digit, np.roll(digit, 1, axis=1))
]
for size in (1, 2, 4):
    before, after = (s5.by_hand.pool(np.abs(one), size) for one in maps)
    share = np.abs(before - after).sum() / before.sum()
    print(f"windows of {size} x {size}: the map changes by {share:.0%} of its sum")
