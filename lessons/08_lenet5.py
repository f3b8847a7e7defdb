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
# # 8. LeNet-5
#
# ## Why
#
# In 1989 Yann LeCun and his colleagues at Bell Labs trained a convolutional network by back-propagation
# to read the handwritten zip codes of American letters. LeNet-5 is what became of it by 1998: Yann LeCun,
# Léon Bottou, Yoshua Bengio and Patrick Haffner described it in *Gradient-Based Learning Applied to
# Document Recognition*. On the test images of MNIST it made 0.95 % errors, and a reader of bank cheques
# built around such networks handled several million cheques a day.
#
# Convolution, pooling, again convolution and pooling, then dense layers: networks for images were built
# like this for twenty years.

# %%
import os
import tempfile
from pathlib import Path

import keras
import matplotlib.pyplot as plt
import numpy as np

import keras_session5 as s5
from keras_session5 import pictures
from keras_session5.models.lenet5_1998 import codes, table
from keras_session5.pictures.style import BLUE, ORANGE

# %%
QUICK = os.environ.get("SESSION5_QUICK") == "1"  # the tests set it: a few seconds instead of minutes
FOLDER = Path(tempfile.mkdtemp())  # for runs and exported models; nothing of yours is touched
keras.utils.set_random_seed(0)  # the same untrained weights each time

# %% [markdown]
# ## The idea
#
# Three decisions, all about images:
#
# * **Local fields.** A unit sees 5 x 5 points, not the whole image: what belongs together lies together.
# * **Shared weights.** All units of a map have the same weights, 25 and a bias in c1: a stroke is a stroke
#   wherever it is.
# * **Subsampling.** Every second layer halves the map: that a stroke is there matters more than where
#   exactly.
#
# A unit of map $k$ at row $i$ and column $j$ computes, from the maps $c$ of the layer below,
#
# $$y_{ijk} = \tanh\Big(b_k + \sum_{c}\sum_{u=0}^{4}\sum_{v=0}^{4} w_{uvck}\; x_{i+u,\,j+v,\,c}\Big)$$
#
# So the maps shrink and their number grows, until a map is a single number:

# %%
STACK = [("image", 28, 1), ("c1", 28, 6), ("s2", 14, 6), ("c3", 10, 16), ("s4", 5, 16)]
STACK += [("c5", 1, 120), ("f6", 1, 84), ("output", 1, 10)]
figure, axes = plt.subplots(figsize=(8, 1.9), layout="constrained")
for x, (name, side, maps) in enumerate(STACK):
    colour = BLUE if name[0] == "c" else ORANGE if name[0] == "s" else "0.35"
    width, height, sheets = (side, side, min(maps, 6)) if side > 1 else (1.5, maps / 3, 1)
    for corner in np.linspace(2 * sheets, 0, sheets):
        place = (46 * x + corner, corner - height / 2)
        axes.add_patch(plt.Rectangle(place, width, height, fc=colour, ec="white"))
    axes.text(46 * x, -25, f"{name}\n{maps} x {side} x {side}", va="top", fontsize=9)
axes.set(xlim=(-2, 366), ylim=(-42, 28), aspect="equal")
axes.axis("off")
plt.show()

# %% [markdown]
# Blue layers convolve (each unit sees 5 x 5 points of the maps before), orange ones keep the largest of 2
# x 2 points. Of sixteen maps six are drawn.
#
# ## Build
#
# The layers bear the paper's names: c for convolution, s for subsampling, f for fully connected.

# %%
model = s5.build("lenet5", num_classes=10)
for layer in model.layers:
    print(f"{layer.name:14} {layer.output.shape!s:22} {layer.count_params():>7,}")
print(f"{'sum':14} {'':22} {model.count_params():>7,}")

# %% [markdown]
# The numbers by hand: kernel height x width x maps seen x maps made, and a bias for every map made.

# %%
counts = {
    "c1": 5 * 5 * 1 * 6 + 6,
    "c3": 5 * 5 * 6 * 16 + 16,
    "c5": 5 * 5 * 16 * 120 + 120,
    "f6": 120 * 84 + 84,
    "probabilities": 84 * 10 + 10,
}
print(counts, "sum", sum(counts.values()))

# %% [markdown]
# What does sharing save? A dense layer from the 784 points to as many units as c1 has would need

# %%
units = 28 * 28 * 6
print(f"{784 * units + units:,} weights instead of {counts['c1']}")

# %% [markdown]
# ### As it was printed
#
# The course draws LeNet-5 a little simpler than the paper does. There, each map of c3 sees only some of
# the six maps below (table I), s2 and s4 average where ours take the maximum, and multiply the mean by a
# weight and add a bias of their own for each map, and the last layer compares f6 with a fixed picture of
# every digit, 7 x 12 points. Together this comes to exactly 60,000 weights. And c5 is a convolution that
# happens to leave one point of each map, where the slide flattens and has a dense layer: on images of 28 x 28
# both are the same.

# %%
printed = s5.build("lenet5_1998")
print(f"{printed.count_params():,} weights")

# %%
seen = np.array([[i in row for row in table()] for i in range(6)])  # (maps of s2, maps of c3)
figure, (left, right) = plt.subplots(1, 2, figsize=(9, 2.2), width_ratios=[1, 1.6], layout="constrained")
left.imshow(seen, cmap="Greys")
left.set(xlabel="map of c3", ylabel="map of s2", title="Table I: black is connected")
left.set(xticks=range(16), yticks=range(6))
drawn = [np.pad(code.reshape(12, 7), 1, constant_values=-1) for code in codes()]
right.imshow(np.hstack(drawn), cmap="Greys")
right.set(xticks=[], yticks=[], title="What f6 should say to each digit")
plt.show()

# %% [markdown]
# ## Follow one example
#
# One test image, and what every layer makes of it. B, the size of the batch, is 1.

# %%
digits = s5.load_data("digits")
image, label = digits.test.inputs[12:13], digits.test.labels[12]
outputs = {"image": image}
x = image
for layer in model.layers[1:]:
    x = layer(x)
    outputs[layer.name] = np.array(x)
for name, output in outputs.items():
    print(f"{name:14} {output.shape!s:18} from {output.min():6.2f} to {output.max():5.2f}")

# %% [markdown]
# One number of c1 by hand: map 2 at row 10, column 12. The image has a border of two zeros (so that c1 is
# as large as the image), so the unit's field begins at row 8 and column 10.

# %%
kernel, bias = model.get_layer("c1").get_weights()  # (5, 5, 1, 6) and (6,)
patch = outputs["scale"][0, 8:13, 10:15, 0]  # (5, 5)
by_hand = np.tanh((patch * kernel[:, :, 0, 2]).sum() + bias[2])
print(by_hand, "and the layer says", outputs["c1"][0, 10, 12, 2])

# %% [markdown]
# ## Train and look
#
# 898 digits to learn from, 899 to be judged by, most of them written by other hands. The recipe shifts,
# turns and scales every image a little, and anew each time. It takes about a quarter of a minute; the
# printed version as long.

# %%
runs = {"runs_dir": FOLDER / "runs", "seed": 0, "verbose": 0, "dashboard": not QUICK}
result = s5.train("lenet5", epochs=3 if QUICK else 60, **runs)
as_printed = s5.train("lenet5_1998", epochs=1 if QUICK else 60, **runs)
for name, metrics in {"lenet5": result.metrics, "lenet5_1998": as_printed.metrics}.items():
    print(f"{name:12} test accuracy {metrics['accuracy']:.4f}, loss {metrics['loss']:.3f}")

# %%
figure, axes = plt.subplots(figsize=(5, 2.6), layout="constrained")
for run, colour, style in ((result, BLUE, "-"), (as_printed, ORANGE, "--")):
    errors = [1 - epoch["accuracy"] for epoch in run.history]
    axes.plot(range(1, len(errors) + 1), errors, style, color=colour, label=run.name)
    axes.plot(len(errors), 1 - run.metrics["accuracy"], "o", color=colour)
axes.set(xlabel="epoch", ylabel="errors", ylim=(0, 0.5), title="lines: training; points: test")
axes.legend()
plt.show()

# %% [markdown]
# With these few digits the printed version stays behind: its subsampling and its fixed output learn more
# slowly. Beside it on the same split: a support vector machine on the pixels 0.969, the multilayer
# perceptron of lesson 6 about 0.945 with 109,386 weights. LeNet-5 with 61,706 reaches about 0.978 (mean
# of three seeds). Its lead over the perceptron is larger than chance explains, that over the support vector
# machine is not. It was *told* what images are like. Logistic regression on hand-made features (lesson 1) is
# as good, or a little better.
#
# ### What c1 has learned
#
# Six kernels of 5 x 5 points. With a few hundred digits they are no textbook edges, but look:
# neighbouring weights agree.

# %%
pictures.filters(result.model.get_layer("c1").get_weights()[0])

# %% [markdown]
# ## Ask the served model
#
# Export it, serve it, and ask over gRPC. From here on only the server's answers count.

# %%
version = s5.export(result, FOLDER / "models")
server = s5.serve({"lenet5": version.parent})
client = s5.connect(server.grpc_address)
probabilities = client.predict("lenet5", {"image": digits.test.inputs})["probabilities"]  # (899, 10)
guesses = probabilities.argmax(axis=1)
print(f"accuracy, as served: {(guesses == digits.test.labels).mean():.4f}")

# %% [markdown]
# ### Which digits it confuses
#
# One row for each true digit, one column for each answer. What is off the diagonal is a mistake.

# %%
counts = np.zeros((10, 10), int)
np.add.at(counts, (digits.test.labels, guesses), 1)
pictures.confusion_matrix(counts, digits.class_names)

# %% [markdown]
# ### Its worst mistakes
#
# Those in which it was surest. Would you have known?

# %%
pictures.mistakes(digits.test.inputs, digits.test.labels, guesses, probabilities, digits.class_names, most=8)

# %% [markdown]
# ### Every feature map of a digit
#
# The signature `explain` answers with all that the layers say, by name, and with a *saliency map*: how
# strongly the winner's weighted sum would change if a point did (the size of the gradient).

# %%
answer = client.predict("lenet5", {"image": image}, signature_name="explain")
for name, array in sorted(answer.items()):
    print(f"{name:14} {array.shape}")
pictures.feature_maps({name: answer[name][0] for name in ("c1", "s2", "c3", "s4")})

# %%
pictures.saliency(image[0, ..., 0], answer["saliency"][0])

# %% [markdown]
# The maps of c1 still look like the digit; those of s4, 5 x 5 points each, say what is where, in a
# language that only c5 has to understand.
#
# ## Exercises
#
# 1. The paper counts 340,908 *connections* in the printed version (each weight and bias as often as it is
#    used). Find them layer by layer. Which layer computes most?
# 2. Move all test digits to the right by 0 to 6 points. How does the accuracy fall? What did the training
#    have to do with it?
# 3. The saliency map is a gradient. Find out without one: cover 5 x 5 points at a time with background,
#    and draw by how much the probability of the right digit falls.
#
# ## Check
#
# The key numbers of this lesson.

# %%
found = [layer.count_params() for layer in model.layers if layer.weights]
assert found == [156, 2_416, 48_120, 10_164, 850]
assert (model.count_params(), printed.count_params()) == (61_706, 60_000)
assert np.isclose(by_hand, outputs["c1"][0, 10, 12, 2], atol=1e-6)
assert np.isclose((guesses == digits.test.labels).mean(), result.metrics["accuracy"])
assert np.allclose(answer["probabilities"], probabilities[12:13], atol=1e-5)
assert result.metrics["accuracy"] >= (0.7 if QUICK else 0.96)

# %% [markdown]
# ## Solutions
#
# **1.** A map's weights are used once for every point of it. c1 and c3 have 3 % of the weights and do 80
# % of the work.

# %%
weights = {layer.name: layer.count_params() for layer in printed.layers}
connections = {"c1": 28 * 28 * weights["c1"], "c3": 10 * 10 * weights["c3"]}
connections |= {"s2": 14 * 14 * 6 * (4 + 1), "s4": 5 * 5 * 16 * (4 + 1)}  # four points and a bias
connections |= {"c5": weights["c5"], "f6": weights["f6"], "output": 84 * 10}
print(connections, "sum", sum(connections.values()))
assert sum(connections.values()) == 340_908

# %% [markdown]
# **2.** Up to 3 points, by which the training shifted its images at most, little happens; then it falls.
# Pooling forgives a point or two; the rest is learned from the distortions. Convolution alone does not
# make a network blind to position: c5 has other weights for every place.

# %%
right = []
for points in range(7):
    moved = np.roll(digits.test.inputs, points, axis=2)  # the digits' borders are empty
    answers = client.predict("lenet5", {"image": moved})["probabilities"].argmax(axis=1)
    right.append((answers == digits.test.labels).mean())
figure, axes = plt.subplots(figsize=(5, 2.6), layout="constrained")
axes.plot(range(7), right, "o-", color=BLUE)
axes.set(xlabel="moved to the right by (points)", ylabel="test accuracy", ylim=(0, 1))
plt.show()

# %% [markdown]
# **3.** 576 covered images, one request.

# %%
corners = [(row, column) for row in range(24) for column in range(24)]
covered = np.repeat(image, len(corners), axis=0)  # (576, 28, 28, 1)
for covered_image, (row, column) in zip(covered, corners, strict=True):
    covered_image[row : row + 5, column : column + 5] = 0
without = client.predict("lenet5", {"image": covered})["probabilities"][:, label].reshape(24, 24)
pictures.saliency(image[0, ..., 0], np.pad(np.maximum(probabilities[12, label] - without, 0), 2))

# %%
client.close()
server.stop()
