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
# # 6. The multilayer perceptron and back-propagation
#
# **How does a weight deep inside a network find out whether it should grow or shrink?**
#
# After this lesson you can
#
# * take one step of back-propagation with pencil and paper, number by number,
# * say what sigmoid, ReLU, softmax and cross-entropy compute, and where each of them belongs,
# * check a gradient without any calculus, and
# * recognize overfitting in two curves, and name remedies.
#
# **Time:** 60 minutes. **You need:** the perceptron and its rule (lesson 3), the hidden layer (lesson 5), and
# the chain rule for derivatives.
#
# ## Why
#
# In lesson 3, the error of a unit told each of its weights what to do: the output should have been larger, so
# the weights of the active inputs grow. In a network with a hidden layer, this works for the last layer
# only. Nobody tells a *hidden* unit what its output should have been. When the network is wrong, which of its
# hidden units is to blame, and how much?
#
# Back-propagation answers with the chain rule: send the error of the output back through the very weights
# that it came from. Seppo Linnainmaa described this in 1970, to follow rounding errors through a calculation,
# and Paul Werbos proposed it in his thesis of 1974. Hardly anybody noticed. In 1986, *Learning
# representations by back-propagating errors* by David Rumelhart, Geoffrey Hinton and Ronald Williams made it
# known, and showed what comes of it: the hidden units find features that nobody has named. All deep networks
# of this course learn by it.
#
# > **A slip in the slides.** The deck counts almost 17 years from the book *Perceptrons* (1969) to the
# > rediscovery of a training algorithm (1986). It took so long until the algorithm was widely known. It had
# > been published in 1970 and 1974.

# %% tags=["hide-input"]
import os
import tempfile
from pathlib import Path

import keras
import matplotlib.pyplot as plt
import numpy as np

import keras_session5 as s5
from keras_session5 import by_hand, pictures
from keras_session5.by_hand.backpropagation import ACTIVATIONS, sigmoid
from keras_session5.exercises import check
from keras_session5.pictures.style import BLUE, ORANGE, SIGNED, VERMILION

QUICK = os.environ.get("SESSION5_QUICK") == "1"  # the tests set it: a few seconds instead of a minute
FOLDER = Path(tempfile.mkdtemp())  # for runs and exported models; nothing of yours is touched

# %% [markdown]
# ## The idea
#
# **Forward.** A *multilayer perceptron* is a row of layers. Each unit of a layer sees all outputs of the
# layer before, takes a weighted sum $z$ of them, and applies an *activation function* $f$, which gives its
# output, its *activation* $a$. For a whole layer $l$:
#
# $$z_l = a_{l-1} W_l + b_l \qquad a_l = f(z_l)$$
#
# Without $f$, many layers would be worth no more than one, because a sum of sums is a sum. Three functions
# are common in hidden layers:
#
# $$\mathrm{sigmoid:}\;\; \sigma(z) = \frac{1}{1 + e^{-z}} \qquad \mathrm{tanh}(z) = 2\,\sigma(2z) - 1 \qquad
# \mathrm{ReLU}(z) = \max(0, z)$$
#
# Sigmoid and tanh are soft versions of the perceptron's step. They must be soft: a step is flat everywhere
# but at its jump, so a small change of a weight changes nothing, and there is nothing to learn from. ReLU,
# the *rectified linear unit*, passes positive sums on and blocks negative ones.

# %% tags=["hide-input"]
z, (figure, grid) = np.r_[-4:4:201j], plt.subplots(1, 3, figsize=(8, 2.3), layout="constrained", sharey=True)
for axes, (name, (f, slope_of)) in zip(grid, sorted(ACTIVATIONS.items(), reverse=True), strict=True):
    axes.plot(z, f(z), color=BLUE, label="$f(z)$")
    axes.plot(z, slope_of(f(z)), color=ORANGE, linestyle="--", label="slope $f'(z)$")
    axes.set(title={"relu": "ReLU"}.get(name, name), xlabel="sum $z$", ylim=(-1.1, 2.1))
    axes.axhline(0, color="lightgrey", linewidth=0.8, zorder=0)
grid[0].set_ylabel("activation, slope")
grid[0].legend(fontsize=8, loc="upper left")
plt.show()

# %% [markdown]
# The last layer says how probable each class is. For two classes, one unit with a sigmoid is enough: its
# output $p$ is the probability of class 1. For more classes there is one unit for each, and *softmax* turns
# their sums into probabilities, which are positive and add up to one:
#
# $$p_k = \frac{e^{z_k}}{\sum_j e^{z_j}}$$
#
# The *loss* $L$ measures how wrong the network is with this example. *Cross-entropy* is large where the right
# class got a small probability. The target $t_k$ is 1 for the right class and 0 for all others, so only one
# term of the sum is left:
#
# $$L = -\sum_k t_k \ln p_k = -\ln(\text{probability of the right class})$$
#
# **Backward.** Now the question of blame. For each unit, ask how much the loss changes if the unit's sum
# $z$ becomes a little larger. This is its *delta*, $\delta = \partial L / \partial z$.
#
# * For a unit of the last layer, the formulas of sigmoid or softmax and of cross-entropy cancel beautifully.
#   What remains is the probability minus the target: $\delta = p - t$.
# * A hidden unit affects the loss only through the units of the next layer. So add up *their* deltas, each
#   times the weight on the way there, and multiply by the unit's own slope $f'(z)$.
# * A weight's *gradient* $\partial L / \partial w$ is the activation at its beginning times the delta at its
#   end. A weight from a silent unit gets none: it had no part in the error.
#
# $$\delta_n = p - t \qquad \delta_l = (\delta_{l+1} W_{l+1}^\top) \odot f'(z_l) \qquad
# \frac{\partial L}{\partial W_l} = a_{l-1}^\top \delta_l \qquad \frac{\partial L}{\partial b_l} = \delta_l$$
#
# ($\odot$ multiplies number by number.) Finally each weight takes a small step against its gradient, with
# the *learning rate* $\eta$: $w \leftarrow w - \eta\; \partial L / \partial w$. This is *gradient descent*.

# %% tags=["hide-input"]
figure, axes = plt.subplots(figsize=(8.5, 2.5), layout="constrained")
boxes = ["pixels\n$a_0$", "hidden\n$a_1$", "hidden\n$a_2$", "probabilities\n$p$", "loss\n$L$"]
forward = [rf"$z_{i} = a_{i - 1} W_{i} + b_{i}$" for i in (1, 2, 3)] + [r"$-\ln p_{\mathrm{right}}$"]
backward = ["to $W_1$, $b_1$", r"$\delta_1 = \delta_2 W_2^\top \odot f'(z_1)$"]
backward += [r"$\delta_2 = \delta_3 W_3^\top \odot f'(z_2)$", r"$\delta_3 = p - t$"]
for x, name in enumerate(boxes):
    axes.text(x, 0, name, ha="center", va="center", bbox={"boxstyle": "round,pad=0.5", "fc": "white"})
for x, (above, below) in enumerate(zip(forward, backward, strict=True)):
    arrow = {"arrowstyle": "->", "lw": 2}
    axes.annotate("", (x + 0.74, 0.32), (x + 0.26, 0.32), arrowprops=arrow | {"color": BLUE})
    axes.annotate(
        "", (x + 0.26, -0.32), (x + 0.74, -0.32), arrowprops=arrow | {"color": VERMILION, "ls": "--"}
    )
    axes.text(x + 0.5, 0.45, above, ha="center", color=BLUE, fontsize=9)
    axes.text(x + 0.5, -0.6, below, ha="center", color=VERMILION, fontsize=9)
axes.text(-0.4, 0.85, "forward: what does the network say?", color=BLUE)
axes.text(-0.4, -1.0, "backward: who is to blame, and how much?", color=VERMILION)
axes.set(xlim=(-0.5, 4.4), ylim=(-1.1, 1.05))
axes.axis("off")
plt.show()

# %% [markdown]
# > **A slip in the slides.** The deck says that the brain's neurons are fully connected. They are not: each
# > of its about 86 billion neurons is connected to some thousands of others. Fully connected layers are a
# > convenience of ours.
#
# ## Build
#
# The network of this lesson reads digits: 28 x 28 pixels, two hidden layers of 128 and 64 ReLU units, and a
# softmax over ten classes.

# %%
keras.utils.set_random_seed(0)
model = s5.build("mlp")
for layer in model.layers:
    print(f"{layer.name:14} {layer.output.shape!s:20} {layer.count_params():>8,} parameters")
print(f"{'together':35} {model.count_params():>8,}")

# %% [markdown]
# ## Follow one example
#
# 109,386 numbers are too many to follow, so first take a network with nine: two inputs, two hidden units with
# a sigmoid, one output with a sigmoid. The example is $x = (1,\; 0.5)$, its class is 1, and the learning rate
# is 0.5. Move the slider through the steps, or press Play. Before each step, work out the next number
# yourself; the formulas are below the picture.

# %%
network = by_hand.backpropagation_example()  # 2-2-1, a NumpyMLP
step = by_hand.backpropagation_step(network, [1, 0.5], 1, learning_rate=0.5)
network.weights = step.updated
after = by_hand.backpropagation_step(network, [1, 0.5], 1, learning_rate=0.5)
print(f"loss before the step {step.loss:.3f}, after it {after.loss:.3f}")

# %% tags=["hide-input"]
titles = [
    "1. the example and the weights",
    "2. forward: the hidden units",
    "3. forward: the probability of class 1, and the loss",
    "4. backward: delta of the output, probability minus target",
    "5. the gradients of the last weights",
    "6. backward: deltas of the hidden units",
    "7. the gradients of the first weights",
    "8. each weight takes a step against its gradient",
]
frames = [pictures.backpropagation(step, i, titles[i]) for i in (range(6, 8) if QUICK else range(8))]
frames.append(pictures.backpropagation(after, 2, "9. forward again, with the new weights"))
pictures.Slider(
    frames,
    labels=range(10 - len(frames), 10),
    name="step",
    description="a network of two inputs, two hidden units and one output, with all numbers of a step",
    still=-2,
)

# %% [markdown]
# **Forward.** All numbers are rounded to three digits after the point; the calculation itself goes on with
# all digits.
#
# | unit | its sum $z$ | its output |
# |---|---|---|
# | hidden 1 | $1 \cdot 0.4 + 0.5 \cdot 0.8 + 0.2 = 1$ | $a = \sigma(1) = 0.731$ |
# | hidden 2 | $1 \cdot (-0.6) + 0.5 \cdot 0.2 + 0 = -0.5$ | $a = \sigma(-0.5) = 0.378$ |
# | output | $0.731 \cdot (-1) + 0.378 \cdot 2 - 0.5 = -0.476$ | $p = \sigma(-0.476) = 0.383$ |
#
# The network gives the right class a probability of 0.383 only. The loss is $-\ln 0.383 = 0.959$.
#
# **Backward.** The slope of a sigmoid can be computed from its value: $\sigma'(z) = a\,(1 - a)$.
#
# | unit | from the next layer | times its slope | $\delta$ |
# |---|---|---|---|
# | output | $p - t = 0.383 - 1$ | | $-0.617$ |
# | hidden 1 | $-0.617 \cdot (-1) = 0.617$ | $0.731 \cdot (1 - 0.731) = 0.197$ | $0.121$ |
# | hidden 2 | $-0.617 \cdot 2 = -1.234$ | $0.378 \cdot (1 - 0.378) = 0.235$ | $-0.290$ |
#
# Read the signs. The output's delta is negative: a larger sum there would lower the loss. Hidden unit 2 has a
# positive weight to the output, so it should be more active, too. Hidden unit 1 has a negative weight: it
# holds the output down, and should be less active.
#
# **Gradients and step.** Each gradient is the activation at the beginning times the delta at the end. From
# hidden unit 1 to the output, it is $0.731 \cdot (-0.617) = -0.451$, and the weight becomes
# $-1 - 0.5 \cdot (-0.451) = -0.775$. From the second input to hidden unit 1, the gradient is
# $0.5 \cdot 0.121 = 0.061$, and the weight becomes $0.8 - 0.5 \cdot 0.061 = 0.770$. A bias is a weight whose
# input is always 1.
#
# With the new weights, the network says 0.557 instead of 0.383, and the loss is 0.585 instead of 0.959. One
# step was enough to get this example right.
#
# In NumPy, the whole step is eight lines:

# %%
x, t, (W1, b1), (W2, b2) = np.array([1, 0.5]), 1, *step.weights
a1 = sigmoid(x @ W1 + b1)  # (2,)
p = sigmoid(a1 @ W2 + b2)  # (1,)
loss = -np.log(p[0])
delta2 = p - t  # (1,)
delta1 = (delta2 @ W2.T) * a1 * (1 - a1)  # (2,)
gradients = [np.outer(x, delta1), delta1, np.outer(a1, delta2), delta2]  # of W1, b1, W2, b2
W1, b1, W2, b2 = (w - 0.5 * g for w, g in zip((W1, b1, W2, b2), gradients, strict=True))
print(f"loss {loss:.3f}, deltas {delta2.round(3)} and {delta1.round(3)}, new W2 {W2.ravel().round(3)}")

# %% [markdown]
# ### The same with 109,386 weights
#
# One digit through the network that we have built:

# %%
digits = s5.load_data("digits")
x = digits.test.inputs[:1].astype("float32")
for layer in model.layers[1:]:
    x = layer(x)
    print(f"{layer.name:14} {tuple(x.shape)!s:16} from {np.min(x):.2f} to {np.max(x):.2f}")

# %% [markdown]
# `NumpyMLP` is the same network in under a hundred lines of NumPy, with nothing hidden. It gets the
# weights of the Keras model and gives the same probabilities. Its gradients come out from the last layer
# to the first.

# %%
network = by_hand.NumpyMLP((784, 128, 64, 10), activation="relu")
arrays = [array.astype("float64") for array in model.get_weights()]
network.weights = list(zip(arrays[::2], arrays[1::2], strict=True))
pixels = digits.test.inputs[:1].reshape(1, 784) / 255
print(f"largest difference from Keras: {np.abs(network.predict(pixels) - x.numpy()).max():.0e}")

# %%
loss, gradients = network.backward(pixels, digits.test.labels[:1])
everything = digits.test.inputs.reshape(-1, 784) / 255
mean = network.backward(everything, digits.test.labels)[0]
print(f"loss {loss:.3f}; over all test digits {mean:.3f}; guessing would be ln 10 = {np.log(10):.3f}")
for number, (dw, db) in reversed([*enumerate(gradients, start=1)]):
    print(f"layer {number}: gradient of W {dw.shape}, of b {db.shape}, largest {np.abs(dw).max():.4f}")

# %% [markdown]
# Why is the loss of a network that has learned nothing below that of guessing? It is luck with this digit: of
# all classes, the random weights give its class the largest probability, 0.23, and $-\ln 0.23$ is 1.48. Over
# all test digits, the untrained network is no better than guessing.
#
# ### Is the gradient right?
#
# There is a check without any calculus. Make one weight a little larger and a little smaller, and look at the
# loss: the slope between the two losses must be what back-propagation says. The check is slow, one weight at
# a time, and it has found many a bug.


# %%
def slope(network, x, labels, layer, place, change=1e-5):
    weights = network.weights[layer][0]
    before, losses = weights[place], []
    for moved in (before - change, before + change):
        weights[place] = moved
        losses.append(network.backward(x, labels)[0])
    weights[place] = before
    return (losses[1] - losses[0]) / (2 * change)


# %%
rng = np.random.default_rng(0)
small = by_hand.NumpyMLP((784, 16, 10), activation="tanh", seed=0)
few, labels = digits.train.inputs[:20].reshape(20, 784) / 255, digits.train.labels[:20]
_, gradients = small.backward(few, labels)
worst = 0.0
for layer in (0, 1):
    for place in map(tuple, rng.integers(gradients[layer][0].shape, size=(20, 2))):
        worst = max(worst, abs(slope(small, few, labels, layer, place) - gradients[layer][0][place]))
print(f"forty weights, largest difference {worst:.1e}")

# %% [markdown]
# ## Train and look
#
# Now the step is repeated: 60 *epochs*, that is 60 times through all 898 training digits, in batches of 32.
# Keras's `fit` does it with the recipe of the catalogue, which also moves and turns each digit a little, each
# time in another way.

# %%
runs = {"runs_dir": FOLDER / "runs", "dashboard": not QUICK, "xla": "off" if QUICK else "auto"}
result = s5.train("mlp", epochs=4 if QUICK else 60, seed=0, **runs)
print({name: round(value, 4) for name, value in result.metrics.items()})

# %% tags=["hide-input"]
figure, (left, right) = plt.subplots(1, 2, figsize=(7, 2.5), layout="constrained")
epochs = range(1, len(result.history) + 1)
left.plot(epochs, [epoch["loss"] for epoch in result.history], color=BLUE)
left.axhline(np.log(10), color="black", linestyle=":", label="guessing: ln 10")
left.set(xlabel="epoch", ylabel="training loss", ylim=0)
left.legend()
right.plot(epochs, [epoch["accuracy"] for epoch in result.history], color=BLUE, label="training")
right.axhline(result.metrics["accuracy"], color=ORANGE, linestyle="--", label="test, at the end")
right.set(xlabel="epoch", ylabel="accuracy", ylim=(0, 1.02))
right.legend()
plt.show()

# %% [markdown]
# ### What the hidden units have learned
#
# A unit of the first layer has a weight for each pixel, so its weights can be drawn as an image. Each
# column of the figure is one of the six units that have learned most. Before the training, the weights
# are random. What the training *adds* to them has a form: ink on the purple pixels makes the unit's sum
# larger, ink on the orange ones makes it smaller. The last row is the test digit that activates the unit
# most.

# %% tags=["hide-input"]
start, kernel = (one.get_layer("hidden1").get_weights()[0] for one in (model, result.model))  # (784, 128)
most = np.argsort(-np.linalg.norm(kernel - start, axis=0))[:6]
strongest = (digits.test.inputs.reshape(-1, 784) @ kernel[:, most]).argmax(axis=0)
limit = np.abs(kernel[:, most]).max()
figure, grid = plt.subplots(4, 6, figsize=(6.5, 4.1), layout="constrained")
rows = {"random\nstart": start, "added by\ntraining": kernel - start, "after\ntraining": kernel}
for axes, (name, weights) in zip(grid, rows.items(), strict=False):
    axes[0].set_ylabel(name)
    for one, unit in zip(axes, most, strict=True):
        shown = one.imshow(weights[:, unit].reshape(28, 28), cmap=SIGNED, vmin=-limit, vmax=limit)
grid[3, 0].set_ylabel("strongest\ndigit")
for one, example in zip(grid[3], strongest, strict=True):
    one.imshow(digits.test.inputs[example, :, :, 0], cmap="gray_r")
for one in grid.ravel():
    one.set(xticks=[], yticks=[])
figure.colorbar(shown, ax=grid[:3], label="weight of a pixel")
plt.show()

# %% [markdown]
# The activations of the hidden units are the network's *representation* of an image, in the words of the
# paper's title. The weights do not look like clean strokes: a dense layer does not know which pixels are
# neighbours, and each unit has to learn that anew. Lesson 7 is about a layer that knows.
#
# These are the mistakes of which the network is most certain:

# %%
probabilities = result.model.predict(digits.test.inputs, verbose=0)
guesses = probabilities.argmax(axis=-1)
pictures.mistakes(digits.test.inputs, digits.test.labels, guesses, probabilities, digits.class_names, most=8)

# %% [markdown]
# ### Overfitting
#
# A network can become better and better with its training examples and worse with all others. To see it,
# train a `NumpyMLP` without Keras, by plain gradient descent and without distortions: once on 40 digits only,
# and once on all 898. From time to time, compute the loss on the test digits, from which it never learns.


# %%
def learning_curve(count, at):
    """Trains on `count` digits; returns both losses and the test accuracy after each number of steps."""
    network = by_hand.NumpyMLP((784, 64, 10), activation="relu", seed=0)
    some, losses, right = (train[:count], digits.train.labels[:count]), [], []
    for steps in np.diff(at, prepend=0):
        network.fit(*some, learning_rate=0.3, steps=int(steps))
        losses.append([network.backward(*data)[0] for data in (some, (test, digits.test.labels))])
        right.append(np.mean(network.predict(test).argmax(axis=-1) == digits.test.labels))
    return np.array(losses), right


# %%
train, test = (split.inputs.reshape(-1, 784) / 255 for split in (digits.train, digits.test))
at = np.geomspace(20, 60 if QUICK else 500, 20).astype(int)
curves = {}
for count in (40, 898):
    losses, right = curves[count] = learning_curve(count, at)
    for when, i in {"lowest test loss": losses[:, 1].argmin(), "end": -1}.items():
        print(f"{count} digits, {when}: step {at[i]}, training loss {losses[i, 0]:.3f}", end=", ")
        print(f"test loss {losses[i, 1]:.3f}, test accuracy {right[i]:.3f}")

# %% tags=["hide-input"]
figure, grid = plt.subplots(1, 2, figsize=(7.5, 2.6), layout="constrained", sharey=True)
for axes, (count, (losses, _)) in zip(grid, curves.items(), strict=True):
    axes.plot(at, losses[:, 0], color=BLUE, label="training digits")
    axes.plot(at, losses[:, 1], color=ORANGE, linestyle="--", label="test digits")
    axes.plot(at[losses[:, 1].argmin()], losses[:, 1].min(), "o", color=ORANGE, label="lowest test loss")
    axes.set(title=f"{count} training digits", xlabel="step", xscale="log", ylim=(0, 1.2))
    axes.set_xticks([20, 50, 100, 200, 500], [20, 50, 100, 200, 500])
    axes.minorticks_off()
grid[0].set_ylabel("loss")
grid[1].legend(fontsize=8)
plt.show()

# %% [markdown]
# With 40 digits, the training loss goes to zero, but the test loss turns round and rises: from then on the
# network learns what is particular to its 40 digits. This is *overfitting*. (The test accuracy changes less,
# from 79.6 % to 78.1 %. The loss counts not only how many mistakes there are, but also how certain the
# network is of them.) A gap between the two curves is normal; a test loss that rises is the sign to look for.
#
# Remedies: more examples, as on the right; more examples made from the same ones, by moving and turning them,
# as in the recipe above; fewer weights; or to stop in time. The network of the recipe has a clearly lower
# test loss than both curves, at about the accuracy of the right one. How much of that comes from its
# distortions these runs cannot tell: it also has another hidden layer, another optimizer, and batches.
#
# ## Ask the served model
#
# Over gRPC, with the signature `explain`: the weighted sums and the activations of all layers come with the
# probabilities.

# %%
version = s5.export(result, FOLDER / "saved_models")
with s5.serve({"mlp": version.parent}) as server, s5.connect(server.grpc_address) as client:
    answer = client.predict("mlp", {"image": digits.test.inputs[:3]}, signature_name="explain")
for name, array in sorted(answer.items()):
    print(f"{name:26} {array.shape}")
print("served:", answer["probabilities"].argmax(axis=-1), "labels:", digits.test.labels[:3])

# %% [markdown]
# ## Check
#
# The numbers of this lesson: the worked example, 109,386 parameters, a gradient that differs from the slope
# by less than 0.0000001, an overfitted network, and more than 93 % of the test digits right.

# %%
assert [z.round(3).tolist() for z in step.sums] == [[1, -0.5], [-0.476]]
assert [a.round(3).tolist() for a in step.activations] == [[0.731, 0.378], [0.383]]
assert [delta.round(3).tolist() for delta in step.deltas] == [[0.121, -0.290], [-0.617]]
assert step.gradients[1][0].round(3).ravel().tolist() == [-0.451, -0.233]
assert step.updated[0][0].round(3).tolist() == [[0.339, -0.455], [0.770, 0.272]]
assert (round(step.loss, 3), round(after.loss, 3)) == (0.959, 0.585)
assert np.allclose(W2, step.updated[1][0])
assert np.allclose(W1, step.updated[0][0])

# %%
assert model.count_params() == 784 * 128 + 128 + 128 * 64 + 64 + 64 * 10 + 10 == 109_386
assert round(loss, 2) == 1.48
assert mean > np.log(10)
assert worst < 1e-7
assert result.metrics["accuracy"] > (0.5 if QUICK else 0.93)
assert np.array_equal(answer["probabilities"].argmax(axis=-1), guesses[:3])

# %%
if not QUICK:
    (few_losses, few_right), (all_losses, _) = curves[40], curves[898]
    lowest = few_losses[:, 1].argmin()
    assert few_losses[-1, 1] > 1.1 * few_losses[lowest, 1]
    assert 0 < few_right[lowest] - few_right[-1] < 0.03
    assert result.metrics["loss"] < all_losses[:, 1].min()

# %% [markdown]
# ## Exercises
#
# Replace the three dots by your answer and run the cell. A wrong answer gets a hint, and the next wrong one
# a second hint.
#
# ### 06.1 One step on paper
#
# This network has two hidden units with ReLU and one output with a sigmoid. All numbers come out even.
#
# $$x = (2, 1) \quad t = 1 \quad W_1 = \begin{pmatrix}1 & -1\\ -1 & 1\end{pmatrix} \quad b_1 = (0, 0) \quad
# W_2 = \begin{pmatrix}2\\ 3\end{pmatrix} \quad b_2 = -2 \quad \eta = 0.2$$
#
# (The first column of $W_1$ belongs to hidden unit 1.) Compute the probability $p$, the deltas of the output,
# of hidden unit 1 and of hidden unit 2, and the new weight from $x_1$ to hidden unit 1. The slope of ReLU is
# 1 for positive sums and 0 for negative ones.

# %% tags=["exercise"]
answer = ...  # five numbers: (p, delta of the output, of hidden unit 1, of hidden unit 2, new weight)
check("06.1", answer)

# %% [markdown]
# <details><summary>Solution</summary>
#
# Forward: $z_1 = (1, -1)$, $a_1 = (1, 0)$, $z_2 = 2 \cdot 1 + 3 \cdot 0 - 2 = 0$, $p = \sigma(0) = 0.5$.
# Backward: $0.5 - 1 = -0.5$ for the output, $-0.5 \cdot 2 \cdot 1 = -1$ for hidden unit 1, and 0 for hidden
# unit 2, which is off: neither of its weights changes in this step. The gradient of the weight is
# $2 \cdot (-1) = -2$, so it becomes $1 + 0.2 \cdot 2 = 1.4$. With all new weights, $p$ is 0.938.
#
# ```python
# network = by_hand.NumpyMLP((2, 2, 1), activation="relu")
# network.weights = [
#     (np.array([[1.0, -1], [-1, 1]]), np.zeros(2)),
#     (np.array([[2.0], [3]]), np.array([-2.0])),
# ]
# paper = by_hand.backpropagation_step(network, [2, 1], 1, learning_rate=0.2)
# answer = [*paper.activations[1], *paper.deltas[1], *paper.deltas[0], paper.updated[0][0][0, 0]]
# ```
#
# </details>
#
# ### 06.2 Softmax on paper
#
# The sums of three output units are $\ln 1$, $\ln 2$ and $\ln 5$. The right class is the second. What are the
# three deltas?

# %% tags=["exercise"]
answer = ...  # three numbers: (a, b, c)
check("06.2", answer)

# %% [markdown]
# <details><summary>Solution</summary>
#
# The exponentials are 1, 2 and 5, together 8, so the probabilities are 1/8, 2/8 and 5/8. Minus the targets 0,
# 1 and 0, this is 1/8, -6/8 and 5/8. Deltas of a softmax always add up to zero: what one class gains, the
# others lose.
#
# ```python
# exponentials = np.exp([np.log(1), np.log(2), np.log(5)])
# answer = exponentials / exponentials.sum() - [0, 1, 0]
# ```
#
# </details>
#
# ### 06.3 Through eight layers
#
# A delta goes back through eight hidden layers with sigmoid. Suppose that all weights on its way are 1 and
# that each layer has one unit. By which factor is it multiplied in all, at most?

# %% tags=["exercise"]
answer = ...  # one number, such as 0.5 ** 8
check("06.3", answer)

# %% [markdown]
# <details><summary>Solution</summary>
#
# The slope $a\,(1 - a)$ of a sigmoid is at most 1/4, at $z = 0$. Eight of them make $(1/4)^8$, about
# 0.000015: the gradient *vanishes*. ReLU passes it on as it is, or not at all. Random networks with eight
# hidden layers of 32 units confirm it: the code prints the size of the gradient in the first layer and in
# the last.
#
# ```python
# for activation in ("sigmoid", "tanh", "relu"):
#     deep = by_hand.NumpyMLP((784, *[32] * 8, 10), activation)
#     first, *_, last = [np.linalg.norm(dw) for dw, _ in deep.backward(few, labels)[1]]
#     print(f"{activation:8} {first:.0e} in the first layer, {last:.0e} in the last")
# answer = 0.25**8
# ```
#
# </details>
#
# ### 06.4 Zeros
#
# Give a `by_hand.NumpyMLP((2, 4, 1))` zeros instead of its random weights, and let it learn XOR: 100 steps
# with the learning rate 1. What are its four probabilities afterwards? A moment's thought is enough.

# %% tags=["exercise"]
answer = ...  # four numbers: for the inputs 00, 01, 10 and 11
check("06.4", answer)

# %% [markdown]
# <details><summary>Solution</summary>
#
# Nothing happens: all activations of the hidden layer are 0, so the last weights get no gradient, and because
# the last weights are 0, the first ones get none either. The bias of the output stays 0 because the four
# errors cancel. With equal weights other than zero, the hidden units would learn, but all the same: together
# they are worth one unit. Random weights break the tie.
#
# ```python
# corners, xor = [[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0]
# same = by_hand.NumpyMLP((2, 4, 1))
# same.weights = [(np.zeros_like(w), np.zeros_like(b)) for w, b in same.weights]
# same.fit(corners, xor, learning_rate=1.0, steps=100)
# answer = same.predict(corners).ravel()
# ```
#
# </details>
#
# ## Quiz
#
# Answer with a letter, such as `"a"`.
#
# ### 06.Q1 Why do the signs differ?
#
# In the step of the 2-2-1 network above, the delta of the output is negative and that of hidden unit 1 is
# positive. Why?
#
# * **a** the deltas of hidden units always have the other sign
# * **b** the inputs of hidden unit 1 are positive
# * **c** the weight from hidden unit 1 to the output is negative

# %% tags=["exercise"]
check("06.Q1", ...)

# %% [markdown]
# ### 06.Q2 Equal weights
#
# All units of a hidden layer begin with the same weights, other than zero. What happens in training?
#
# * **a** each unit gets a gradient of its own, so they soon differ
# * **b** they learn, but stay equal for ever
# * **c** nothing, because all gradients are zero

# %% tags=["exercise"]
check("06.Q2", ...)

# %% [markdown]
# ### 06.Q3 What helps?
#
# The training loss falls, and the test loss has begun to rise. Which of these helps?
#
# * **a** more training examples, or distorted copies of them
# * **b** more steps with the same examples
# * **c** more hidden units

# %% tags=["exercise"]
check("06.Q3", ...)

# %% [markdown]
# ## Summary
#
# * Forward, each layer takes weighted sums and applies an activation function. Sigmoid or softmax turn the
#   last sums into probabilities, and cross-entropy measures how wrong they are.
# * Backward, each unit gets a delta: how the loss changes with its sum. The output's delta is $p - t$; a
#   hidden unit's comes from the next layer's deltas, through the weights and its own slope.
# * A weight's gradient is the activation at its beginning times the delta at its end. Each step goes against
#   the gradient.
# * A gradient can be checked by moving one weight a little.
# * A network overfits when its training loss falls and its test loss rises.
#
# Next: [lesson 7](07_convolution.ipynb) gives the network an idea of what an image is.
#
# ## Glossary
#
# | term | meaning |
# |---|---|
# | multilayer perceptron | a network of fully connected (dense) layers |
# | activation function | what a unit applies to its weighted sum: sigmoid, tanh, ReLU |
# | softmax | turns sums into probabilities that add up to one |
# | cross-entropy | the loss: minus the logarithm of the right class's probability |
# | delta | how the loss changes with a unit's weighted sum |
# | gradient | how the loss changes with each weight |
# | gradient descent | moving each weight a small step against its gradient |
# | learning rate | the factor of that step |
# | epoch | once through all training examples |
# | vanishing gradient | a gradient that shrinks with each layer on its way back |
# | overfitting | learning what is particular to the training examples; the test loss rises |
