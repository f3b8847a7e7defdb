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
# **How can 25 numbers find an edge anywhere in a picture?**
#
# After this lesson you can
#
# * compute a feature map and its pooled map with pencil and paper,
# * predict the size of a map from kernel, stride and padding,
# * explain why a convolution needs so few weights, and
# * recompute what a trained and served LeNet-5 sees in its first layer.
#
# **Time:** 45 minutes. **You need:** weighted sums (lesson 2) and training by gradients (lesson 6).
#
# ## Why
#
# In lesson 6, every hidden unit looked at the whole image and had a weight for each of its pixels. That is
# wasteful: a stroke is a stroke, whether it is at the top or at the bottom, yet each unit must learn it
# anew.
#
# Nature does it differently. David Hubel and Torsten Wiesel found cells in the visual cortex of cats that
# respond to an edge in one small part of the field of view (1959, 1962), and other cells that do not mind
# exactly where the edge is. Kunihiko Fukushima built a network of such cells, the Neocognitron (1980). In
# 1989, Yann LeCun and his colleagues let back-propagation find the weights, to read zip codes.
#
# Both kinds of cells are simple: one takes a weighted sum, the other a maximum. In this lesson you compute
# both, number by number.

# %% tags=["hide-input"]
import os
import tempfile
from pathlib import Path

import keras
import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_sample_image

import keras_session5 as s5
from keras_session5 import by_hand, pictures
from keras_session5.exercises import check
from keras_session5.pictures.style import BLUE, DIVERGING, ORANGE, SIGNED

QUICK = os.environ.get("SESSION5_QUICK") == "1"  # the tests set it: a few seconds instead of half a minute
FOLDER = Path(tempfile.mkdtemp())  # for runs and exported models; nothing of yours is touched

# %% [markdown]
# ## The idea
#
# Take a small square of weights, the *kernel* $w$, and lay it on a patch of the image. Multiply each weight
# by the pixel below it and add up the products: that is one number of the *feature map*. Then move the
# kernel one pixel further and do the same again, **with the same weights**:
#
# $$y_{ij} = \sum_{u}\sum_{v} w_{uv}\; x_{i+u,\,j+v}$$
#
# Each number of the map is the output of one unit, and each unit sees one small window of the image, here 5
# x 5 pixels.

# %% tags=["hide-input"]
digits = s5.load_data("digits")
digit = digits.test.inputs[3, :, :, 0]
figure, (left, right) = plt.subplots(1, 2, figsize=(5.5, 2.8), layout="constrained")
left.imshow(digit, cmap="gray")
left.add_patch(plt.Rectangle((15.5, 3.5), 5, 5, fill=False, edgecolor=ORANGE, linewidth=3))
right.imshow(digit[4:9, 16:21], cmap="gray", vmin=0, vmax=255)
for (row, column), pixel in np.ndenumerate(digit[4:9, 16:21]):
    right.text(column, row, pixel, ha="center", va="center", color="black" if pixel > 127 else "white")
left.set(title="the image, 28 x 28 pixels", xlabel="column", ylabel="row")
right.set(title="the window of one unit", xlabel="column", ylabel="row")
right.set_xticks(range(5), range(16, 21))
right.set_yticks(range(5), range(4, 9))
plt.show()

# %% [markdown]
# Here are the numbers of the course's slides. Move the slider, or press Play, and watch the kernel glide
# over the image. Before each step, work out the next number yourself.

# %%
image, kernel = by_hand.SLIDES_IMAGE, by_hand.SLIDES_KERNEL
at = by_hand.patch_products(image, kernel)

# %% tags=["hide-input"]
places = list(np.ndindex(at.sums.shape))
so_far = [np.where(np.arange(9).reshape(3, 3) <= i, at.sums, np.nan) for i in range(9)]
pictures.Slider(
    [pictures.kernel_patch(image, kernel, at.products[p], so_far[i], *p) for i, p in enumerate(places)],
    labels=[f"row {row}, column {column}" for row, column in places],
    name="place of the kernel",
    description="a kernel of 3 x 3 glides over an image of 5 x 5 and fills a feature map of 3 x 3",
    still=4,
)

# %% [markdown]
# A kernel with positive *and* negative weights responds where the image looks like the kernel: bright under
# the positive weights, dark under the negative ones. (A kernel without negative weights, like this one,
# mostly responds where the image is bright.)
#
# The second kind of cell *pools*: of every 2 x 2 numbers of the map, it keeps only the largest
# (*max-pooling*) or the mean (*average pooling*). The map becomes smaller, and a response may move by a
# pixel without changing the result.

# %%
square = by_hand.SLIDES_POOLED
pictures.pooling(square, by_hand.pool(square), by_hand.pool(square, mode="average"), size=2)

# %% [markdown]
# ## Build
#
# In Keras, both are layers: `Conv2D`, and `MaxPooling2D` or `AveragePooling2D`. `by_hand.feature_map`
# applies a convolution of Keras with the kernel that you give it, and `by_hand.pool` a pooling of Keras.
# They agree with the slides:

# %%
print(by_hand.feature_map(image, kernel))
print(by_hand.pool(square), by_hand.pool(square, mode="average"), sep="\n")

# %% [markdown]
# ## Follow one example
#
# Let us take the sum apart. `patch_products` returns everything that is added up: for each of the 3 x 3
# places, the patch under the kernel, and the nine products.

# %%
print("image   ", image.shape)
print("patches ", at.patches.shape)
print("products", at.products.shape)
print("sums    ", at.sums.shape)
print("the last place:", *at.patches[2, 2].ravel(), "-> its products add up to", at.sums[2, 2])

# %% [markdown]
# **How large is the map?** In a row of $n$ pixels, a kernel of $k$ pixels has $n - k + 1$ places. With a
# *stride* $s$, it stops only at every $s$-th of them:
#
# $$\Big\lfloor \frac{n - k}{s} \Big\rfloor + 1$$
#
# Often the map should be as large as the image. Then a border of zeros is put around the image first
# (*padding* `"same"`, at stride 1).

# %%
for n, k, s, padding in [(5, 3, 1, "valid"), (28, 5, 1, "valid"), (28, 5, 1, "same"), (28, 2, 2, "valid")]:
    size = by_hand.output_size(n, k, s, padding)
    print(f"{n} pixels, kernel {k}, stride {s}, {padding}: {size}")

# %% [markdown]
# **A word about the word.** In mathematics, a convolution flips the kernel before it multiplies; without the
# flip it is called *cross-correlation*. Keras, like all deep learning libraries, does not flip. It makes no
# difference to a network that learns its kernels: it would simply learn the flipped ones.

# %%
print(by_hand.feature_map([[0, 0, 1, 0, 0]], [[1, 2, 3]]), "and not [[1. 2. 3.]]")

# %% [markdown]
# **What can a kernel see?** Here are the three kernels of the course at work on a photograph. The weights of
# the edge kernel add up to zero, so it says nothing about an even sky, and much about the outline of a roof.

# %% tags=["hide-input"]
photo = load_sample_image("china.jpg")[30:330:3, 150:552:3].mean(axis=2)  # (100, 134), grey
figure, grid = plt.subplots(1, 4, figsize=(8.5, 1.9), layout="constrained")
grid[0].imshow(photo, cmap="gray", vmin=0, vmax=255)
grid[0].set_title("the photograph")
for axes, (name, weights) in zip(grid[1:], by_hand.KERNELS.items(), strict=True):
    response = by_hand.feature_map(photo, weights)
    shown, white = (np.abs(response), 700) if name == "edge" else (response, 255)
    axes.imshow(shown, cmap="gray", vmin=0, vmax=white)
    axes.set_title("edge, without sign" if name == "edge" else name)
for axes in grid:
    axes.axis("off")
plt.show()

# %% [markdown]
# ## Train and look
#
# Nobody has to invent kernels: a network learns them. LeNet-5, the network of lesson 8, begins with a
# convolution `c1` that has six kernels of 5 x 5 weights. At first they are random:

# %%
keras.utils.set_random_seed(0)
random_kernels = s5.build("lenet5").get_layer("c1").get_weights()[0]


# %% tags=["hide-input"]
def draw(rows):
    """Draws one row of kernels for each array of shape (5, 5, 1, 6), all on one scale."""
    figure = plt.figure(figsize=(8, 1.6 * len(rows) + 0.2), layout="constrained")
    grid = figure.subplots(len(rows), 6, squeeze=False)
    for k in range(6):
        grid[0, k].set_title(f"kernel {k + 1}", fontsize=9)
        for row, weights in zip(grid, rows.values(), strict=True):
            shown = row[k].imshow(weights[:, :, 0, k], cmap=SIGNED, vmin=-0.3, vmax=0.3)
            row[k].set(xticks=[], yticks=[])
    for axes, name in zip(grid[:, 0], rows, strict=True):
        axes.set_ylabel(name)
    figure.colorbar(shown, ax=grid, label="weight")
    plt.show()


draw({"random": random_kernels})

# %% [markdown]
# A short training that starts from these very weights (the same seed) is enough to change them.

# %%
result = s5.train("lenet5", epochs=3 if QUICK else 20, seed=0, runs_dir=FOLDER / "runs")
print({name: round(value, 4) for name, value in result.metrics.items()})

# %% tags=["hide-input"]
losses = [epoch["loss"] for epoch in result.history]
figure, axes = plt.subplots(figsize=(5, 2.2), layout="constrained")
axes.plot(range(1, len(losses) + 1), losses, color=BLUE, marker="o", markersize=3)
axes.set(xlabel="epoch", ylabel="training loss", ylim=0, xlim=0)
axes.xaxis.get_major_locator().set_params(integer=True)
plt.show()

# %%
kernels, biases = result.model.get_layer("c1").get_weights()
print(kernels.shape, biases.shape)

# %% tags=["hide-input"]
draw({"random": random_kernels, "trained": kernels})

# %% [markdown]
# Compare the rows: neighbouring weights have begun to agree. Some kernels are now positive on one side and
# negative on the other, and respond to an edge of that direction.
#
# ## Ask the served model
#
# The served network also returns its feature maps: that is what the signature `explain` is for. Can we
# recompute them by hand? `c1` is a convolution with a border of zeros, followed by tanh. Before that, the
# network scales the pixels as the paper of 1998 does: the background becomes -0.1 and the ink 1.175.

# %%
version = s5.export(result, FOLDER / "saved_models")
with s5.serve({"lenet5": version.parent}) as server, s5.connect(server.rest_address) as client:
    answer = client.predict("lenet5", {"image": digits.test.inputs[3:4]}, signature_name="explain")
served = answer["c1"][0]  # (28, 28, 6)
pixels = digit * (1.275 / 255) - 0.1
sums = [by_hand.feature_map(pixels, kernels[:, :, 0, k], padding="same") + biases[k] for k in range(6)]
ours = np.tanh(np.stack(sums, axis=-1))
print(f"{served.shape} served, largest difference from ours {np.abs(served - ours).max():.1e}")

# %% tags=["hide-input"]
figure, grid = plt.subplots(2, 6, figsize=(8, 2.9), layout="constrained")
for k in range(6):
    grid[0, k].set_title(f"map {k + 1}", fontsize=9)
    for row, maps in zip(grid, (served, ours), strict=True):
        shown = row[k].imshow(maps[:, :, k], cmap=DIVERGING, vmin=-1, vmax=1)
        row[k].set(xticks=[], yticks=[])
grid[0, 0].set_ylabel("served")
grid[1, 0].set_ylabel("by hand")
figure.colorbar(shown, ax=grid, label="output of tanh")
plt.show()

# %% [markdown]
# ## Check
#
# The numbers of this lesson: the slides' feature map and pooled maxima, and a served feature map that agrees
# with ours.

# %%
assert at.sums.tolist() == [[25, 18, 17], [18, 22, 14], [20, 15, 23]]
assert np.array_equal(by_hand.feature_map(image, kernel), at.sums)
assert by_hand.pool(square).tolist() == [[8, 6], [9, 9]]
assert np.abs(served - ours).max() < 1e-5
assert result.metrics["accuracy"] > (0.3 if QUICK else 0.9)

# %% [markdown]
# ## Exercises
#
# Replace the three dots by your answer and run the cell. A wrong answer gets a hint, and the next wrong one
# a second hint.
#
# ### 07.1 A convolution on paper
#
# Compute the feature map of this image with this kernel, at stride 1 and without padding:
#
# $$x = \begin{pmatrix}1&2&0\\0&1&3\\2&1&1\end{pmatrix} \qquad w = \begin{pmatrix}1&0\\0&-1\end{pmatrix}$$

# %% tags=["exercise"]
answer = ...  # two rows of two numbers: [[a, b], [c, d]]
check("07.1", answer)

# %% [markdown]
# <details><summary>Solution</summary>
#
# Each number is the pixel at the upper left of a patch minus the pixel at its lower right: $1 - 1 = 0$, $2 -
# 3 = -1$, $0 - 1 = -1$ and $1 - 1 = 0$.
#
# ```python
# answer = [[0, -1], [-1, 0]]
# ```
#
# </details>
#
# ### 07.2 The sizes of LeNet-5's maps
#
# LeNet-5 takes 28 x 28 pixels through a convolution with kernels of 5 x 5 and a border of zeros, pooling by
# 2, a convolution with kernels of 5 x 5 without a border, and pooling by 2. What is the side of the map
# after each step?

# %% tags=["exercise"]
answer = ...  # four numbers: (a, b, c, d)
check("07.2", answer)

# %% [markdown]
# <details><summary>Solution</summary>
#
# The border keeps 28, pooling halves it to 14, the second convolution takes $5 - 1 = 4$ pixels away, and
# pooling halves 10 to 5.
#
# ```python
# size, answer = 28, []
# for kernel_size, stride, padding in [(5, 1, "same"), (2, 2, "valid"), (5, 1, "valid"), (2, 2, "valid")]:
#     size = by_hand.output_size(size, kernel_size, stride, padding)
#     answer.append(size)
# ```
#
# </details>
#
# ### 07.3 A kernel for upright strokes
#
# Invent a kernel of 3 x 3 weights that responds to upright strokes, not to level ones, and not at all to an
# even surface.

# %% tags=["exercise"]
answer = ...  # three rows of three numbers
check("07.3", answer)

# %% [markdown]
# <details><summary>Solution</summary>
#
# A bright column between two dark ones. The weights of each row add up to zero, so a level stroke and an
# even surface cancel.
#
# ```python
# answer = [[-1, 2, -1], [-1, 2, -1], [-1, 2, -1]]
# ```
#
# </details>
#
# ### 07.4 How much does a small move matter?
#
# Move `digit` one pixel to the right (`np.roll(digit, 1, axis=1)`). Compute the edge map of both digits,
# without sign (`np.abs`), and pool both maps in windows of 1, 2 and 4 (the maximum). By which share of the
# first map's sum do the two maps differ, for each window size?

# %% tags=["exercise", "computer"]
answer = ...  # three shares, such as (0.3, 0.2, 0.1)
check("07.4", answer)

# %% [markdown]
# <details><summary>Solution</summary>
#
# The larger the window, the more of a small move is forgiven, and the less is known about the place.
#
# ```python
# maps = [
#     np.abs(by_hand.feature_map(picture, by_hand.KERNELS["edge"]))
#     for picture in (digit, np.roll(digit, 1, axis=1))
# ]
# answer = []
# for size in (1, 2, 4):
#     before, after = (by_hand.pool(one, size) for one in maps)
#     answer.append(float(np.abs(before - after).sum() / before.sum()))
# ```
#
# </details>
#
# ## Quiz
#
# Answer with a letter, such as `"a"`.
#
# ### 07.Q1 What do all units of one feature map share?
#
# * **a** their window of the image
# * **b** their weights
# * **c** their outputs

# %% tags=["exercise"]
check("07.Q1", ...)

# %% [markdown]
# ### 07.Q2 How many weights does a larger image need?
#
# The layer `c1` has six kernels of 5 x 5 weights and six biases. How many weights does it need for an image
# of 56 x 56 pixels instead of 28 x 28?
#
# * **a** 156, as before
# * **b** 624, four times as many
# * **c** one for each pixel and map, 18,816

# %% tags=["exercise"]
check("07.Q2", ...)

# %% [markdown]
# ### 07.Q3 What does max-pooling throw away?
#
# * **a** how strong the strongest response in a window is
# * **b** where in the window it is
# * **c** nothing: its weights learn what to keep

# %% tags=["exercise"]
check("07.Q3", ...)

# %% [markdown]
# ## Summary
#
# * A convolution lays the same small kernel on every patch of an image. Each result is a weighted sum; all of
#   them together are a feature map.
# * Sharing weights makes a layer small, and lets it find a pattern wherever it is.
# * Pooling keeps the strongest response, or the mean, of each window. It shrinks the map and forgives small
#   moves.
# * A map has $\lfloor (n - k)/s \rfloor + 1$ numbers along an axis.
# * Kernels are learned by back-propagation like all other weights.
#
# Next: [lesson 8](08_lenet5.ipynb) stacks both into LeNet-5.
#
# ## Glossary
#
# | term | meaning |
# |---|---|
# | kernel, filter | the small array of weights that is laid on every patch |
# | feature map | the outputs of one kernel at all places |
# | receptive field | the part of the image that a unit sees |
# | stride | how many pixels the kernel moves from one place to the next |
# | padding | the border of zeros around an image: `"same"` adds one, `"valid"` none |
# | pooling | replacing each window of a map by its maximum or mean |
# | weight sharing | using the same weights at all places |
