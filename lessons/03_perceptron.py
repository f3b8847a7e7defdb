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
# # 3. The perceptron and its rule
#
# ## Why
#
# Frank Rosenblatt, a psychologist at the Cornell Aeronautical Laboratory in Buffalo, added in 1957 what the
# threshold unit lacked: a rule by which it finds its weights from examples. *The Perceptron: A Perceiving and
# Recognizing Automaton* was his first report on it.
#
# The rule is simple enough to be followed by hand, and there is a theorem about it. Albert Novikoff's proof
# of 1962 fits on a page: if weights exist that make no mistake, the rule finds such weights, after a number
# of mistakes that can be told beforehand.

# %%
import os
import tempfile
from itertools import product
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

import keras_session5 as s5
from keras_session5 import pictures
from keras_session5.pictures.style import BLUE, ORANGE

QUICK = os.environ.get("SESSION5_QUICK") == "1"  # the tests set it; this lesson is quick anyway
FOLDER = Path(tempfile.mkdtemp())  # for runs and exported models; nothing of yours is touched

# %% [markdown]
# ## The idea
#
# The perceptron is a threshold unit with real weights and a bias: $\hat y$ is 1 if $w \cdot x + b \ge 0$, and
# otherwise 0. Show it an example. If the answer is right, do nothing. If not, move the weights towards the
# example where it should have fired, and away from it where it should not:
#
# $$w_i \leftarrow w_i + \eta\,(y - \hat y)\,x_i \qquad b \leftarrow b + \eta\,(y - \hat y)$$
#
# After *each* example, not after all of them. A round through all examples is an epoch; an epoch without a
# mistake is the end. The learning rate $\eta$ does not matter here, as exercise 1 shows.
#
# The figure shows one correction. The unit should fire for $(1, 1)$ and did not. Its weights, an arrow, turn
# towards the example.

# %%
before, example = np.array([0.5, -1.0]), np.array([1.0, 1.0])
figure, axes = plt.subplots(figsize=(3.6, 3.2), layout="constrained")
arrows = {"before": (before, "gray"), "example": (example, ORANGE), "after": (before + example, BLUE)}
for name, (arrow, colour) in arrows.items():
    axes.annotate("", arrow, (0, 0), arrowprops={"color": colour, "width": 2, "headwidth": 9})
    axes.annotate(name, arrow, (4, 4), textcoords="offset points")
axes.set(xlim=(-0.5, 2.2), ylim=(-1.3, 1.5), xlabel="$w_1$", ylabel="$w_2$", aspect="equal")
axes.grid(alpha=0.3)
plt.show()

# %% [markdown]
# ## Build
#
# Three weights. Keras learns by gradient descent; with half the squared error as loss, a learning rate of 1
# and one example at a time that *is* Rosenblatt's rule, if the step counts as the identity when the gradient
# is taken.

# %%
model = s5.build("perceptron")
print([weight.shape for weight in model.get_weights()], model.count_params(), "parameters")

# %% [markdown]
# ## Follow one example
#
# The first four examples of AND, from zero weights. A sum of 0 is enough to fire, so the first answer is a
# mistake: the bias falls.

# %%
corners = np.array(list(product((0, 1), repeat=2)), "float32")  # 00, 01, 10, 11
trace = s5.by_hand.perceptron_trace(corners, targets=[0, 0, 0, 1])
for step in trace.epochs[0]:
    print(f"{step.inputs} target {step.target} answer {step.prediction} -> {step.weights} {step.bias:+}")

# %% [markdown]
# ## Train and look
#
# By hand, epoch by epoch:

# %%
for epoch, mistakes in enumerate(trace.mistakes):
    w1, w2, b = trace.starts[epoch + 1]
    print(f"epoch {epoch + 1}: {mistakes} mistakes, then weights ({w1:g}, {w2:g}), bias {b:g}")

# %% [markdown]
# Keras's `fit`, with the catalogue's recipe, finds the same weights in as many epochs.

# %%
result = s5.train("perceptron", data="logic_gates/and", seed=0, runs_dir=FOLDER / "runs", verbose=0)
weights, bias = result.model.get_weights()
print(len(result.history), "epochs, weights", weights.ravel(), "bias", bias, result.metrics)

# %% [markdown]
# How the line moves. The numbers are epochs; the sixth changes nothing any more, and the line (blue) stays.

# %%
figure, axes = plt.subplots(figsize=(4.4, 3.4), layout="constrained")
x = np.array([-0.5, 2])
for epoch, (w1, w2, b) in enumerate(trace.starts[1:-1], start=1):
    last = epoch == len(trace.epochs) - 1
    axes.plot(x, -(w1 * x + b) / w2, color=BLUE if last else "0.6", linestyle="-" if last else "--")
    axes.annotate(f"{epoch}", ((0.4 * w2 - b) / w1, -0.4), (3, 0), textcoords="offset points")
axes.scatter(*corners.T, s=90, c=["white"] * 3 + [ORANGE], edgecolors="black", zorder=3)
axes.set(xlim=(-0.5, 2), ylim=(-0.5, 1.6), xlabel="$x_1$", ylabel="$x_2$")
plt.show()

# %% [markdown]
# ### The bound
#
# Let $R$ be the length of the longest example (the bias counted as one more input of 1), and $\gamma$ the
# widest margin that any separating plane leaves. Each mistake makes the weights' component along the unit
# normal of that best plane grow by at least $\gamma$, and the square of their length by at most $R^2$. After
# $M$ mistakes the component is at least $M \gamma$ and the length at most $R \sqrt M$. No component is longer
# than the whole vector, so
#
# $$M \le \left(\frac{R}{\gamma}\right)^2$$
#
# For AND, $R^2 = 3$ and $\gamma = 1/\sqrt{17}$.

# %%
bound = s5.by_hand.novikoff_bound(corners, [0, 0, 0, 1])
print(f"{sum(trace.mistakes)} mistakes, at most {bound:.0f}")

# %% [markdown]
# All fourteen functions that one unit can compute, with their mistakes and their bounds. The bound is a
# promise, not a forecast.

# %%
tables = [table for table in product((0, 1), repeat=4) if s5.by_hand.threshold_weights(table).separable]
made = [sum(s5.by_hand.perceptron_trace(corners, table).mistakes) for table in tables]
bounds = [s5.by_hand.novikoff_bound(corners, table) for table in tables]
figure, axes = plt.subplots(figsize=(7, 2.8), layout="constrained")
axes.bar(range(14), bounds, color="white", edgecolor="black", hatch="...", label="Novikoff's bound")
axes.bar(range(14), made, color=BLUE, width=0.5, label="mistakes made")
axes.set_xticks(range(14), ["".join(map(str, table)) for table in tables], rotation=90)
axes.set(xlabel="truth table, answers to 00, 01, 10, 11", ylabel="mistakes")
axes.legend()
plt.show()

# %% [markdown]
# ## Ask the served model
#
# Over REST, with the weighted sums. AND fires only where the sum reaches zero.

# %%
version = s5.export(result, FOLDER / "saved_models")
with s5.serve({"perceptron": version.parent}) as server, s5.connect(server.rest_address) as client:
    answer = client.predict("perceptron", {"inputs": corners}, signature_name="explain")
for row in zip(corners, answer["fires_sum"].ravel(), answer["fires"].ravel(), strict=True):
    print("inputs {}   weighted sum {:+.0f}   fires {:.0f}".format(*row))

# %%
pictures.decision_line(corners, [0, 0, 0, 1], weights.ravel(), -float(bias[0]))

# %% [markdown]
# ## Exercises
#
# 1. Train AND with learning rates 0.25, 1 and 4 (`learning_rate=`). What changes, what does not, and why?
# 2. Show the examples in the order 11, 10, 01, 00. Does the number of mistakes change? Does the bound?
# 3. Two clouds of points in the plane, a gap between them. Make the gap narrower and watch mistakes and
#    bound.
#
# ## Check
#
# The lesson's number: AND takes at most 51 mistakes. OR takes at most 27. Keras and the rule by hand agree
# exactly.

# %%
assert np.isclose(bound, 51)
assert np.isclose(s5.by_hand.novikoff_bound(corners, [0, 1, 1, 1]), 27)
assert all(mistakes <= bound for mistakes, bound in zip(made, bounds, strict=True))
assert (*weights.ravel(), *bias) == trace.starts[-1]
assert answer["fires"].ravel().tolist() == [0, 0, 0, 1]

# %% [markdown]
# ## Solutions
#
# **1.** Weights begin at zero and every change is a multiple of the rate. So all weights are that multiple,
# and the sign of the sum, which is all that counts, is the same.

# %%
for rate in (0.25, 1, 4):
    other = s5.by_hand.perceptron_trace(corners, [0, 0, 0, 1], learning_rate=rate)
    print(f"rate {rate}: mistakes {other.mistakes}, at the end {other.starts[-1]}")

# %% [markdown]
# **2.** The number may change, the bound cannot: neither $R$ nor $\gamma$ knows of an order.

# %%
other = s5.by_hand.perceptron_trace(corners[::-1], [1, 0, 0, 0])
print(sum(other.mistakes), "mistakes, bound", round(s5.by_hand.novikoff_bound(corners[::-1], [1, 0, 0, 0])))

# %% [markdown]
# **3.** The bound grows with the inverse square of the margin. The mistakes grow too, but more slowly.

# %%
rng = np.random.default_rng(0)
cloud, sides = rng.uniform(-1, 1, (40, 2)), np.repeat([0, 1], 20)
for gap in (1, 0.3, 0.1, 0.03):
    points = np.c_[np.abs(cloud[:, 0]) * np.where(sides, 1, -1) + np.where(sides, gap, -gap), cloud[:, 1]]
    mistakes = sum(s5.by_hand.perceptron_trace(points, sides, epochs=500).mistakes)
    print(f"gap {gap}: {mistakes} mistakes, at most {s5.by_hand.novikoff_bound(points, sides):.0f}")
