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
# ## Why
#
# A network with hidden layers can compute what a perceptron cannot. To learn, each of its weights has to know
# whether it should grow or shrink. *Learning representations by back-propagating errors* (Nature, 1986) by
# David Rumelhart, Geoffrey Hinton and Ronald Williams showed how: send the error back through the layers that
# it came from, by the chain rule. The hidden units then find features that nobody had named.
#
# The rule had been found before: Seppo Linnainmaa published it in 1970 for rounding errors, and Paul Werbos
# proposed it in 1974 in his thesis. All deep networks of this course learn by it.

# %%
import os
import tempfile
from pathlib import Path

import keras
import matplotlib.pyplot as plt
import numpy as np

import keras_session5 as s5
from keras_session5 import pictures
from keras_session5.pictures.style import BLUE, ORANGE

QUICK = os.environ.get("SESSION5_QUICK") == "1"  # the tests set it: a few seconds instead of a minute
FOLDER = Path(tempfile.mkdtemp())  # for runs and exported models; nothing of yours is touched

# %% [markdown]
# ## The idea
#
# Forward, each layer makes activations $a_l$ from those before it. The last ones are probabilities $p$, and
# the loss $L$ is large where the right class got a small one ($t$ is 1 for the right class and 0 for the
# others):
#
# $$z_l = a_{l-1} W_l + b_l \qquad a_l = f(z_l) \qquad L = -\sum_k t_k \log p_k$$
#
# Backward, $\delta_l$ tells how the loss changes with the weighted sums $z_l$. It begins with what was wrong,
# goes back through the same weights, and is stopped where a unit was not to blame:
#
# $$\delta_n = p - t \qquad \delta_l = (\delta_{l+1} W_{l+1}^\top) \odot f'(z_l) \qquad
# \frac{\partial L}{\partial W_l} = a_{l-1}^\top \delta_l$$
#
# Each weight then takes a small step against its gradient: $W \leftarrow W - \eta\, \partial L / \partial W$.

# %%
figure, axes = plt.subplots(figsize=(7, 1.9), layout="constrained")
for x, name in enumerate(["pixels $a_0$", "hidden $a_1$", "hidden $a_2$", "answer $p$"]):
    axes.text(x, 0, name, ha="center", va="center", bbox={"boxstyle": "round,pad=0.6", "fc": "white"})
for x in (0.5, 1.5, 2.5):
    forward, backward = {"color": BLUE, "arrowstyle": "->"}, {"color": ORANGE, "arrowstyle": "->", "ls": "--"}
    axes.annotate("", (x + 0.2, 0.25), (x - 0.2, 0.25), arrowprops=forward | {"lw": 2})
    axes.annotate("", (x - 0.2, -0.25), (x + 0.2, -0.25), arrowprops=backward | {"lw": 2})
    axes.text(x, 0.35, f"$W_{x + 0.5:.0f}$", ha="center", color=BLUE)
    axes.text(x, -0.6, rf"$\delta_{x + 0.5:.0f}$", ha="center", color=ORANGE)
axes.set(xlim=(-0.5, 3.5), ylim=(-0.8, 0.7))
axes.axis("off")
plt.show()

# %% [markdown]
# ## Build
#
# 28 x 28 pixels, two hidden layers of 128 and 64 units, ten classes.

# %%
keras.utils.set_random_seed(0)
model = s5.build("mlp")
for layer in model.layers:
    print(f"{layer.name:14} {layer.output.shape!s:20} {layer.count_params():>8,} parameters")
print(f"{'together':35} {model.count_params():>8,}")

# %% [markdown]
# ## Follow one example
#
# Forward: one digit through the layers.

# %%
digits = s5.load_data("digits")
x = digits.test.inputs[:1].astype("float32")
for layer in model.layers[1:]:
    x = layer(x)
    print(f"{layer.name:14} {tuple(x.shape)!s:16} from {np.min(x):.2f} to {np.max(x):.2f}")

# %% [markdown]
# Backward: `NumpyMLP` is the same network in under a hundred lines of NumPy, with nothing hidden. It gets the
# weights of the Keras model, gives the same probabilities, and tells its gradients.

# %%
network = s5.by_hand.NumpyMLP((784, 128, 64, 10), activation="relu")
arrays = model.get_weights()
network.weights = [
    (w.astype("float64"), b.astype("float64")) for w, b in zip(arrays[::2], arrays[1::2], strict=True)
]
pixels = digits.test.inputs[:1].reshape(1, 784) / 255
print(f"largest difference from Keras: {np.abs(network.predict(pixels) - x.numpy()).max():.0e}")

# %%
loss, gradients = network.backward(pixels, digits.test.labels[:1])
print(f"loss {loss:.3f}; guessing would be ln 10 = {np.log(10):.3f}")
for number, (dw, db) in reversed([*enumerate(gradients, start=1)]):
    print(f"layer {number}: gradient of W {dw.shape}, of b {db.shape}, largest {np.abs(dw).max():.4f}")

# %% [markdown]
# ### Is the gradient right?
#
# Make one weight a little larger and a little smaller. The slope between the two losses must be what
# back-propagation says. This check is slow, one weight at a time, and it has found many a bug.


# %%
def slope(network, x, labels, layer, place, step=1e-5):
    weights = network.weights[layer][0]
    before, losses = weights[place], []
    for moved in (before - step, before + step):
        weights[place] = moved
        losses.append(network.backward(x, labels)[0])
    weights[place] = before
    return (losses[1] - losses[0]) / (2 * step)


# %%
rng = np.random.default_rng(0)
small = s5.by_hand.NumpyMLP((784, 16, 10), activation="tanh", seed=0)
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
# Keras's `fit` with the catalogue's recipe: 898 digits, moved and turned a little each time, 60 epochs.

# %%
result = s5.train("mlp", epochs=5 if QUICK else 60, seed=0, runs_dir=FOLDER / "runs", verbose=0)
print({name: round(value, 4) for name, value in result.metrics.items()})

# %%
figure, (left, right) = plt.subplots(1, 2, figsize=(7, 2.5), layout="constrained")
epochs = range(1, len(result.history) + 1)
left.plot(epochs, [epoch["loss"] for epoch in result.history], color=BLUE)
left.axhline(np.log(10), color="black", linestyle=":", label="guessing: ln 10")
left.set(xlabel="epoch", ylabel="training loss", ylim=0)
left.legend()
right.plot(epochs, [epoch["accuracy"] for epoch in result.history], color=BLUE, label="training")
right.axhline(result.metrics["accuracy"], color=ORANGE, linestyle="--", label="test, at the end")
right.set(xlabel="epoch", ylabel="accuracy", ylim=(0, 1))
right.legend()
plt.show()

# %% [markdown]
# What the units of the first layer look for: 28 x 28 weights each. Ink on purple pixels speaks for the unit,
# on orange ones against it. What the units answer to an image is its "representation", in the words of the
# paper's title. The weights are no strokes; a dense layer does not know which pixels are neighbours.

# %%
kernel = result.model.get_layer("hidden1").get_weights()[0]
pictures.filters(kernel[:, :25].reshape(28, 28, 1, 25))

# %% [markdown]
# And its worst mistakes among the test digits:

# %%
probabilities = result.model.predict(digits.test.inputs, verbose=0)
guesses = probabilities.argmax(axis=-1)
pictures.mistakes(digits.test.inputs, digits.test.labels, guesses, probabilities, digits.class_names, most=8)

# %% [markdown]
# ## Ask the served model
#
# Over gRPC, with `explain`: the weighted sums and the activations of all layers come with the answer.

# %%
version = s5.export(result, FOLDER / "saved_models")
with s5.serve({"mlp": version.parent}) as server, s5.connect(server.grpc_address) as client:
    answer = client.predict("mlp", {"image": digits.test.inputs[:3]}, signature_name="explain")
for name, array in sorted(answer.items()):
    print(f"{name:26} {array.shape}")
print("served:", answer["probabilities"].argmax(axis=-1), "labels:", digits.test.labels[:3])

# %% [markdown]
# ## Exercises
#
# 1. Set all weights of a `NumpyMLP` to zero before it learns XOR. Why does it never learn?
# 2. Send an error back through eight hidden layers, with sigmoid and with ReLU. How large is the gradient in
#    the first layer, compared with the last?
# 3. Train a `NumpyMLP` on the digits by plain gradient descent, without Keras. How good does it get?
#
# ## Check
#
# The lesson's numbers: 109,386 parameters; back-propagation agrees with the slope to seven digits; more than
# 93 % of the test digits are right.

# %%
assert model.count_params() == 784 * 128 + 128 + 128 * 64 + 64 + 64 * 10 + 10 == 109_386
assert worst < 1e-7
assert result.metrics["accuracy"] > (0.5 if QUICK else 0.93)
assert np.array_equal(answer["probabilities"].argmax(axis=-1), guesses[:3])

# %% [markdown]
# ## Solutions
#
# **1.** All hidden units say the same and get the same error, so they stay the same: together they are worth
# one unit. With zeros even that one never starts. Random weights break the tie.

# %%
corners, xor = [[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0]
same = s5.by_hand.NumpyMLP((2, 4, 1))
same.weights = [(np.zeros_like(w), np.zeros_like(b)) for w, b in same.weights]
same.fit(corners, xor, learning_rate=1.0, steps=100)
print("hidden units all alike:", same.weights[0][0].tolist(), "answers:", same.predict(corners).ravel())

# %% [markdown]
# **2.** The derivative of a sigmoid is at most 1/4, and every layer multiplies by it: next to nothing arrives
# in the first one. The gradient vanishes. ReLU passes it on as it is, or not at all.

# %%
widths = (784, *[32] * 8, 10)
for activation in ("sigmoid", "tanh", "relu"):
    _, deep = s5.by_hand.NumpyMLP(widths, activation).backward(few, labels)
    first, last = (np.linalg.norm(deep[i][0]) for i in (0, -1))
    print(f"{activation:8} {first:.0e} in the first layer, {last:.0e} in the last")

# %% [markdown]
# **3.** Nearly as good as Keras, whose recipe moves and turns the digits.

# %%
plain = s5.by_hand.NumpyMLP((784, 64, 10), activation="relu")
train, test = (split.inputs.reshape(-1, 784) / 255 for split in (digits.train, digits.test))
plain.fit(train, digits.train.labels, learning_rate=0.3, steps=50 if QUICK else 500)
print((plain.predict(test).argmax(axis=-1) == digits.test.labels).mean().round(3))
