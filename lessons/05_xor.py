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
# # 5. XOR
#
# **Why can a single unit not say "one or the other, but not both"?**
#
# After this lesson you can
#
# * prove that no single unit computes XOR,
# * solve XOR with two hidden units, with pencil and paper,
# * describe what a hidden layer does to the points, and
# * explain why training can fail although the network is large enough.
#
# **Time:** 45 minutes. **You need:** the threshold unit (lesson 2) and the perceptron (lesson 3).
#
# ## Why
#
# *Exclusive or*, XOR for short, is 1 if exactly one of two inputs is 1. It is the smallest task that a
# perceptron cannot learn. Marvin Minsky and Seymour Papert made this famous with *Perceptrons* (1969), a book
# of theorems on what one layer of learning units can never see. It was known that two layers can. What was
# missing was a rule by which the hidden layer learns.
#
# Such a rule was published in 1970 and proposed for networks in 1974 (lesson 6), but hardly anybody noticed.
# Interest and money went elsewhere: this was the first *winter* of artificial intelligence, and the book was
# not its only cause (lesson 4).
#
# In 1986, seventeen years after the book, David Rumelhart, Geoffrey Hinton and Ronald Williams gave XOR to
# their rule, back-propagation. It learned.
#
# > **A slip in the slides.** The deck says that Minsky and Papert's perceptron has a *linear activation
# > function*. Its activation function is a step: the unit fires or it does not. What is linear is the
# > weighted sum before the step, and therefore the boundary between firing and not firing is a straight
# > line.

# %% tags=["hide-input"]
import os
import tempfile
from itertools import product
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

import keras_session5 as s5
from keras_session5 import by_hand, pictures
from keras_session5.exercises import check
from keras_session5.pictures.style import BLUE, ORANGE, SKY, new_figure

QUICK = os.environ.get("SESSION5_QUICK") == "1"  # the tests set it: a few seconds instead of a minute
FOLDER = Path(tempfile.mkdtemp())  # for runs and exported models; nothing of yours is touched

# %% [markdown]
# ## The idea
#
# **One unit is not enough.** A unit fires if $w_1 x_1 + w_2 x_2 \ge T$. For XOR it would have to satisfy four
# conditions, one for each pair of inputs:
#
# | inputs | XOR | condition |
# |---|---|---|
# | 0, 0 | 0 | $0 < T$ |
# | 0, 1 | 1 | $w_2 \ge T$ |
# | 1, 0 | 1 | $w_1 \ge T$ |
# | 1, 1 | 0 | $w_1 + w_2 < T$ |
#
# Add the second and the third: $w_1 + w_2 \ge 2T$. Because $T$ is positive, $2T$ is more than $T$, and so
# $w_1 + w_2 > T$. The last condition says the contrary. No weights satisfy all four.
#
# **A hidden layer moves the points.** Where one line cannot separate the points in the plane of the
# inputs, it may separate them in the plane of the *hidden units*, which stand between inputs and output.
# Here are two hidden units with *ReLU*, which turns negative sums into 0 and leaves the others as they
# are:
#
# $$y = v \cdot \mathrm{ReLU}(x W + c) + b \qquad
# W = \begin{pmatrix} 1 & 1 \\ 1 & 1 \end{pmatrix},\; c = (0, -1),\; v = (1, -2),\; b = 0$$
#
# The first hidden unit counts the ones. The second is 1 only if both inputs are 1. The output is the first
# minus twice the second: 0, 1, 1, 0.

# %%
corners = np.array(list(product((0, 1), repeat=2)), "float32")  # 00, 01, 10, 11
targets = np.array([0, 1, 1, 0])
paper = by_hand.solve_xor()
moved = paper.get_layer("hidden")(corners).numpy()
print(moved.tolist())

# %% tags=["hide-input"]
figure, (left, right) = plt.subplots(1, 2, figsize=(7.5, 3), layout="constrained", sharey=True)
right.fill([-0.5, 2.7, 2.7], [-0.5, 1.1, -0.5], color=ORANGE, alpha=0.2)
right.plot([-0.5, 2.7], [-0.5, 1.1], color="black", label="$h_1 - 2 h_2 = 0.5$")
for axes, points in ((left, corners), (right, moved)):
    for target, marker, colour in [(0, "o", BLUE), (1, "s", ORANGE)]:
        shown = points[targets == target]
        style = {"s": 110, "c": colour, "marker": marker, "edgecolors": "black", "zorder": 3}
        axes.scatter(*shown.T, **style, label=f"XOR = {target}")
    axes.set(xlim=(-0.5, 2.7), ylim=(-0.5, 1.6), xticks=[0, 1, 2], yticks=[0, 1], aspect="equal")
for point, name in zip(corners, ["00", "01", "10", "11"], strict=True):
    left.annotate(name, point, (0, 12), textcoords="offset points", ha="center")
for point, name, y in zip(moved[[0, 1, 3]], ["00", "01 and 10", "11"], [12, -20, 12], strict=True):
    right.annotate(name, point, (0, y), textcoords="offset points", ha="center")
right.text(2.6, -0.1, "output is 1", ha="right")
right.text(-0.4, 1.4, "output is 0")
left.set(xlabel="input $x_1$", ylabel="input $x_2$", title="inputs: no line separates them")
right.set(xlabel="hidden unit $h_1$", ylabel="hidden unit $h_2$", title="hidden units: one line is enough")
right.legend(loc="center left", bbox_to_anchor=(1.02, 0.5), fontsize=9)
plt.show()

# %% [markdown]
# Both inputs with exactly one 1 land on the same point, and now a line separates the squares from the
# circles.
#
# ## Build
#
# The network of the course has eight hidden units with tanh (a soft step from -1 to 1), and its output is the
# probability of class 1. Two hidden units would do, with nine parameters, but see below.

# %%
for count in (2, 8):
    model = s5.build("mlp_xor", num_hidden=count)
    print(count, "hidden units:", [weight.shape for weight in model.get_weights()], model.count_params())

# %% [markdown]
# ## Follow one example
#
# The network on paper, for two ones. The second hidden unit becomes active and takes 2 away.

# %%
x = np.array([[1.0, 1.0]], "float32")
w, c, v, b = paper.get_weights()
print("weighted sums", x @ w + c, (x @ w + c).shape)
print("relu         ", np.maximum(x @ w + c, 0))
print("output       ", paper(x).numpy(), paper(x).shape)
print("all four     ", paper(corners).numpy().ravel())

# %% [markdown]
# ## Train and look
#
# **The perceptron** first. From its third epoch on, it makes four mistakes in each, and ends each epoch with
# the weights that it began with. It will go round in circles for ever.

# %%
trace = by_hand.perceptron_trace(corners, targets, epochs=10)
print("mistakes by epoch:", trace.mistakes)
print("weights after epochs 2, 3, 4:", *trace.starts[2:5])

# %% [markdown]
# **The hidden points in motion.** Now a network with two hidden units, which learns by back-propagation.
# How it does so is the subject of lesson 6; here, watch *what* it does. `NumpyMLP` is such a network in
# NumPy. At some steps, keep a copy of its weights.

# %%
SHOWN = [0, 200] if QUICK else [0, 5, 10, 20, 30, 40, 50, 60, 80, 100, 150, 200]
network, path = by_hand.NumpyMLP((2, 2, 1), activation="tanh", seed=2), []
kept = {}
for step in range(SHOWN[-1] + 1):
    path.append(network.forward(corners)[1])  # the four points in the plane of the hidden units
    kept[step] = [(w.copy(), b.copy()) for w, b in network.weights]
    network.step(corners, targets, learning_rate=1.0)
path = np.array(path)  # (steps, 4 points, 2 hidden units)

# %% tags=["hide-input"]
line = np.linspace(-1.6, 1.6, 81)
plane = np.stack(np.meshgrid(line, line), axis=-1).reshape(-1, 2)
keys = [plt.Line2D([], [], ls="", marker="s", c=ORANGE, mec="black", ms=8, label="XOR = 1")]
keys += [plt.Line2D([], [], ls="", marker="o", c=BLUE, mec="black", ms=8, label="XOR = 0")]
keys += [plt.Line2D([], [], c="0.4", label="path of a point so far")]


# %% tags=["hide-input"]
def draw(step):
    """Returns a figure of the planes of the inputs and of the hidden units after some steps."""
    network.weights = kept[step]
    (w, b), figure = network.weights[1], new_figure(6.4, 3.7)
    sides = [network.predict(plane) - 0.5, plane @ w + b]  # positive where the network predicts 1
    for axes, side, points in zip(figure.subplots(1, 2), sides, [corners, path[step]], strict=True):
        axes.contourf(line, line, side.reshape(81, 81), [-99, 0, 99], colors=[SKY, ORANGE], alpha=0.25)
        for i, (marker, colour) in enumerate(zip("osso", [BLUE, ORANGE, ORANGE, BLUE], strict=True)):
            axes.plot(*points[i], marker, color=colour, markeredgecolor="black", markersize=9)
            axes.annotate(f"{i:02b}", points[i], (7, 5 - 17 * (i == 3)), textcoords="offset points", size=9)
            if points is not corners:
                axes.plot(*path[: step + 1, i].T, color=colour, zorder=1)
    left, right = figure.axes
    left.set(xlabel="input $x_1$", ylabel="input $x_2$", xlim=(-0.5, 1.6), ylim=(-0.5, 1.6))
    right.set(xlabel="hidden unit $h_1$", ylabel="hidden unit $h_2$")
    loss = network.backward(corners, targets)[0]
    figure.legend(handles=keys, loc="outside lower center", ncols=3, frameon=False, fontsize=9)
    figure.suptitle(f"after {step} steps, loss {loss:.3f}; predicts 1 on orange, 0 on blue", fontsize=10)
    return figure


# %% tags=["hide-input"]
pictures.Slider(
    [draw(step) for step in SHOWN],
    labels=SHOWN,
    name="steps",
    description="XOR's four points in the plane of the inputs and in that of two hidden units, in training",
)

# %% [markdown]
# Where the background is orange, the network predicts 1. On the right, its boundary is always a straight
# line: the output is a single unit. The hidden layer moves the points until that line can separate them. The
# two circles end at the same place, and the squares in opposite corners. On the left you see the same
# boundary from the inputs' side: there it bends, and in the end it has two branches.
#
# **The network of the course**, with eight hidden units, by Keras:

# %%
epochs = 4 if QUICK else 10  # of a hundred steps each
result = s5.train("mlp_xor", epochs=epochs, seed=0, runs_dir=FOLDER / "runs", dashboard=not QUICK)
print({name: round(value, 6) for name, value in result.metrics.items()})
print(result.model.predict(corners, verbose=0).round(3).ravel())

# %% tags=["hide-input"]
losses = [epoch["loss"] for epoch in result.history]
figure, axes = plt.subplots(figsize=(5, 2.4), layout="constrained")
axes.plot(range(1, len(losses) + 1), losses, color=BLUE, marker="o")
axes.axhline(np.log(2), color="black", linestyle=":", label="guessing: ln 2")
axes.set(xlabel="epoch (100 steps)", ylabel="mean loss", yscale="log")
axes.legend()
plt.show()

# %% [markdown]
# Nobody has told it what to predict between the four examples. This is what it does:

# %%
pictures.decision_surface(lambda points: result.model.predict(points, verbose=0), corners, targets)

# %% [markdown]
# ### Local minima
#
# Two hidden units are enough on paper. Does gradient descent find the solution? Here `NumpyMLP` starts many
# times, each time from other random weights.

# %%
starts, steps = (5, 500) if QUICK else (50, 1_000)
solved = {}
for activation, count in product(("tanh", "relu"), (2, 3, 4, 8)):
    networks = [by_hand.NumpyMLP((2, count, 1), activation, seed) for seed in range(starts)]
    for network in networks:
        network.fit(corners, targets, learning_rate=1.0, steps=steps)
    right = [np.array_equal(network.predict(corners)[:, 0] > 0.5, targets == 1) for network in networks]
    solved[activation, count] = np.mean(right)
    print(f"{activation}, {count} hidden units: {np.mean(right):.0%} of {starts} starts solve XOR")

# %% tags=["hide-input"]
figure, axes = plt.subplots(figsize=(6, 2.6), layout="constrained")
for shift, activation, colour, hatch in [(-0.2, "tanh", BLUE, ""), (0.2, "relu", ORANGE, "///")]:
    shares = [solved[activation, count] for count in (2, 3, 4, 8)]
    bars = axes.bar(np.arange(4) + shift, shares, 0.4, color=colour, hatch=hatch, label=activation)
    axes.bar_label(bars, fmt="{:.0%}", fontsize=8)
axes.set_xticks(range(4), ["2", "3", "4", "8"])
axes.set(xlabel="hidden units", ylabel="starts that solve XOR", ylim=(0, 1.2), yticks=[0, 0.5, 1])
axes.yaxis.set_major_formatter("{x:.0%}")
axes.legend(loc="upper left")
plt.show()

# %% [markdown]
# The others are caught, for good or for a long time, in a *local minimum*: a place where no small step makes
# the loss smaller, although better places exist elsewhere. With ReLU, some units are off for some of
# the four inputs, and the rest settle on outputs that are wrong for one or two of them; only now and then
# are all units off for all inputs, so that no step changes anything. With tanh, the steps have become
# tiny. More hidden units leave more ways out. That is one reason why networks are larger than they would
# have to be.
#
# Here is one that is caught:

# %%
caught = by_hand.NumpyMLP((2, 2, 1), activation="relu", seed=0)
caught.fit(corners, targets, learning_rate=1.0, steps=1_000)
print("probabilities of 1 for 00, 01, 10, 11:", caught.predict(corners).ravel().round(2))
pictures.decision_surface(caught.predict, corners, targets)

# %% [markdown]
# It cannot tell 00, 01 and 11 apart, and gives all three the same probability. (Why just 0.33? See exercise
# 05.3.)
#
# **Three inputs.** *Parity* is 1 where an odd number of inputs is 1; for two inputs, this is XOR. Two tanh
# units can learn it for three: a steep step against a gentle slope makes the sum go up, down and up again.
# But few starts find them.

# %%
inputs = np.array(list(product((0, 1), repeat=3)))
parity, learned = inputs.sum(axis=1) % 2, {}
for count in (2, 3, 4, 8):
    networks = [by_hand.NumpyMLP((3, count, 1), "tanh", seed) for seed in range(starts // 5)]
    last = [network.fit(inputs, parity, learning_rate=1.0, steps=3 * steps)[-1] for network in networks]
    learned[count] = np.mean(np.array(last) < 0.1)
    print(f"{count} hidden units: {learned[count]:.0%} of {starts // 5} starts learn it")

# %% [markdown]
# ## Ask the served model
#
# With the signature `explain`, the served model also returns its hidden units.

# %%
version = s5.export(result, FOLDER / "saved_models")
with s5.serve({"mlp_xor": version.parent}) as server, s5.connect(server.rest_address) as client:
    answer = client.predict("mlp_xor", {"inputs": corners}, signature_name="explain")
for x, hidden, p in zip(corners, answer["hidden_activation"], answer["probabilities"], strict=True):
    print(x, "hidden", hidden.round(1), "probability of 1:", p.round(3))

# %% [markdown]
# ## Check
#
# The numbers of this lesson: nine parameters are enough for XOR; one unit goes round in circles, with four
# mistakes in every epoch; two hidden units learn it from one start, and are caught from another.

# %%
assert s5.build("mlp_xor", num_hidden=2).count_params() == paper.count_params() == 9
assert paper(corners).numpy().ravel().tolist() == [0, 1, 1, 0]
assert moved.tolist() == [[0, 0], [1, 0], [1, 0], [2, 1]]
assert set(trace.mistakes[2:]) == {4}
assert by_hand.cycle(trace) == (2, 3)
assert np.abs(path[-1, 0] - path[-1, 3]).max() < 0.1  # the two circles meet
assert result.metrics["accuracy"] == 1
assert solved["tanh", 8] > solved["relu", 2]
assert QUICK or learned[2] < 0.5 < learned[4]  # of the parity of three inputs
assert np.allclose(caught.predict(corners).ravel(), [1 / 3, 1 / 3, 1, 1 / 3], atol=0.01)

# %% [markdown]
# ## Exercises
#
# Replace the three dots by your answer and run the cell. A wrong answer gets a hint, and the next wrong one
# a second hint.
#
# ### 05.1 XOR with threshold units
#
# Solve XOR with the units of 1943, which fire if $w_1 x_1 + w_2 x_2 \ge T$: two hidden units that see the
# inputs, and an output unit that sees the hidden units.

# %% tags=["exercise"]
answer = ...  # three rows [w1, w2, T]: hidden unit 1, hidden unit 2, output unit
check("05.1", answer)

# %% [markdown]
# <details><summary>Solution</summary>
#
# One of many: "at least one" (OR) and "not both" (NAND), joined by AND.
#
# ```python
# answer = [[1, 1, 1], [-1, -1, -1], [1, 1, 2]]
# ```
#
# </details>
#
# ### 05.2 XNOR
#
# XNOR is 1 where XOR is 0. Keep the hidden layer of this lesson: $h_1 = \mathrm{ReLU}(x_1 + x_2)$ and
# $h_2 = \mathrm{ReLU}(x_1 + x_2 - 1)$. With which $v_1$, $v_2$ and $b$ is $v_1 h_1 + v_2 h_2 + b$ XNOR?

# %% tags=["exercise"]
answer = ...  # three numbers: (v1, v2, b)
check("05.2", answer)

# %% [markdown]
# <details><summary>Solution</summary>
#
# XNOR is 1 minus XOR. From the three hidden points: $b = 1$ at (0, 0), $v_1 + b = 0$ at (1, 0), and
# $2 v_1 + v_2 + b = 1$ at (2, 1).
#
# ```python
# answer = (-1, 2, 1)
# ```
#
# </details>
#
# ### 05.3 The best wrong answer
#
# A network that is caught in a local minimum gives the inputs 00, 01 and 11 the same probability $p$ of
# class 1. Their targets are 0, 1 and 0, so the loss is $-\ln(1 - p) - \ln p - \ln(1 - p)$. For which $p$ is
# it smallest?

# %% tags=["exercise"]
answer = ...  # one number
check("05.3", answer)

# %% [markdown]
# <details><summary>Solution</summary>
#
# The derivative is $2 / (1 - p) - 1 / p$. It is zero where $2p = 1 - p$, at $p = 1/3$: the share of ones
# among the examples that the network cannot tell apart. This is right for two of them, and wrong for the
# third.
#
# ```python
# p = np.linspace(0.001, 0.999, 999)
# answer = p[np.argmin(-2 * np.log(1 - p) - np.log(p))]
# ```
#
# </details>
#
# ### 05.4 Parity of three inputs
#
# Three hidden units compute $h_1 = \mathrm{ReLU}(s)$, $h_2 = \mathrm{ReLU}(s - 1)$ and $h_3 =
# \mathrm{ReLU}(s - 2)$, where $s = x_1 + x_2 + x_3$ is the number of ones. Which weights $v$ make
# $v_1 h_1 + v_2 h_2 + v_3 h_3$ the parity: 0, 1, 0 and 1 for $s = 0, 1, 2, 3$?

# %% tags=["exercise"]
answer = ...  # three numbers: (v1, v2, v3)
check("05.4", answer)

# %% [markdown]
# <details><summary>Solution</summary>
#
# Go from one $s$ to the next. $s = 1$: $v_1 = 1$. $s = 2$: $2 v_1 + v_2 = 0$, so $v_2 = -2$. $s = 3$:
# $3 v_1 + 2 v_2 + v_3 = 1$, so $v_3 = 2$. Each hidden unit turns the slope round once more.
#
# ```python
# s = np.array([1, 2, 3])
# hidden = np.maximum(s[:, None] - [0, 1, 2], 0)
# answer = np.linalg.solve(hidden, [1, 0, 1])
# ```
#
# </details>
#
# ## Quiz
#
# Answer with a letter, such as `"a"`.
#
# ### 05.Q1 Why can a single threshold unit not compute XOR?
#
# * **a** because its activation function is linear
# * **b** because it has no bias
# * **c** because its boundary is a straight line

# %% tags=["exercise"]
check("05.Q1", ...)

# %% [markdown]
# ### 05.Q2 What does the hidden layer on paper do with the inputs 01 and 10?
#
# * **a** it moves both to the same point
# * **b** it moves them as far apart as possible
# * **c** it leaves them where they are and bends the line

# %% tags=["exercise"]
check("05.Q2", ...)

# %% [markdown]
# ### 05.Q3 A network with two hidden units does not learn XOR. What is most likely to help?
#
# * **a** a smaller learning rate
# * **b** another start, or more hidden units
# * **c** more training examples

# %% tags=["exercise"]
check("05.Q3", ...)

# %% [markdown]
# ## Summary
#
# * A single unit has a straight boundary, and no line separates XOR's ones from its zeros.
# * A hidden layer moves the points to where a line can separate them. Two hidden units are enough, on paper.
# * Gradient descent learns such a hidden layer, but it may be caught in a local minimum. More hidden units
#   than necessary make that rare.
#
# Next: [lesson 6](06_backpropagation.ipynb) shows how the hidden weights learn, number by number.
#
# ## Glossary
#
# | term | meaning |
# |---|---|
# | XOR | exclusive or: 1 if exactly one of two inputs is 1 |
# | linearly separable | a straight line (or plane) can separate the ones from the zeros |
# | hidden unit | a unit between inputs and output, without a target of its own |
# | ReLU | activation function: 0 for negative sums, the sum itself for others |
# | tanh | activation function: a soft step from -1 to 1 |
# | local minimum | weights where no small step makes the loss smaller, though better ones exist |
# | parity | 1 if an odd number of inputs is 1 |
