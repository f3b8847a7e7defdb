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
# **How does a unit find its weights by itself?**
#
# After this lesson you can
#
# * apply the perceptron's learning rule with pencil and paper,
# * say what a correction does to the weights, and to the line,
# * explain why the rule comes to an end if a solution exists, and bound the number of its mistakes, and
# * tell this rule apart from the one of 1957 and from the delta rule.
#
# **Time:** 45 minutes. **You need:** the threshold unit and its line (lesson 2), and the length of a vector.
#
# ## Why
#
# The threshold unit of lesson 2 can compute a lot, once somebody has found its weights. In 1957 a
# psychologist, Frank Rosenblatt, proposed a machine that finds them from examples: the *perceptron*.
#
# > **Who was Frank Rosenblatt?** Born in 1928, he studied psychology at Cornell University (first
# > degree 1950, doctorate 1956). For his thesis he built a computing machine, because he needed one to
# > analyse his data. At the Cornell Aeronautical Laboratory in Buffalo he proposed the perceptron, simulated
# > it on a computer in 1958, and saw it built as a machine (lesson 4). Later he was a professor of
# > neurobiology and behavior at Cornell. He died on 11 July 1971, his 43rd birthday, in a boating accident.
#
# The rule of this lesson is simple enough to follow by hand, and there is a theorem about it: if weights
# exist that make no mistake, the rule finds such weights, after a number of mistakes that can be bounded
# beforehand. Albert Novikoff's proof of 1962 fits on a page, and you will find it below.
#
# > **Whose rule is it?** Not quite the one of the first machine. In Rosenblatt's report of 1957 and his paper
# > of 1958, the connections of active units gain strength whether or not the output was wrong. The rule that
# > corrects errors only, with a proof that it ends, is the *error-correction procedure* of his later work and
# > of his book *Principles of Neurodynamics* (1962). That is what everybody means by "the perceptron rule"
# > today, and so do we.

# %% tags=["hide-input"]
import os
import tempfile
from itertools import product
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

import keras_session5 as s5
from keras_session5 import pictures
from keras_session5.exercises import check
from keras_session5.pictures.style import BLUE, ORANGE

QUICK = os.environ.get("SESSION5_QUICK") == "1"  # the tests set it; this lesson is quick anyway
FOLDER = Path(tempfile.mkdtemp())  # for runs and exported models; nothing of yours is touched

# %% [markdown]
# ## The idea
#
# The perceptron is a threshold unit with arbitrary weights and a bias: its prediction $\hat y$ is 1 if $w
# \cdot x + b \ge 0$, and otherwise 0. Show it an example $x$ with its *target* $y$, the output that it should
# have. Then
#
# * if the prediction is right, change nothing;
# * if it should have fired and did not, **add** the example to the weights;
# * if it fired and should not have, **subtract** the example from the weights.
#
# One formula says all three, because $y - \hat y$ is 0, 1 or $-1$:
#
# $$w_i \leftarrow w_i + \eta\,(y - \hat y)\,x_i \qquad b \leftarrow b + \eta\,(y - \hat y)$$
#
# The *learning rate* $\eta$ scales the corrections. The bias learns like the weight of one more input that is
# always 1. All this happens after *each* example. One round through all examples is an *epoch*, and an epoch
# without a mistake is the end.
#
# Why does adding the example help? Think of the weights as an arrow. The sum $w \cdot x$ is large if the
# arrow points the way the example does. In the figure (without the bias), the unit should fire for $(1, 1)$
# and does not: its weights (grey) point away. Adding the example turns them towards it (blue).

# %% tags=["hide-input"]
before, example = np.array([0.5, -1.0]), np.array([1.0, 1.0])
after = before + example
figure, axes = plt.subplots(figsize=(5.2, 3.4), layout="constrained")
arrows = {"before:\nsum $-0.5$": (before, "0.45"), "the example": (example, ORANGE)}
arrows["after: sum 1.5"] = (after, BLUE)
for name, (arrow, colour) in arrows.items():
    axes.annotate("", arrow, (0, 0), arrowprops={"color": colour, "width": 2, "headwidth": 9})
    place = {"xytext": (-22, 8), "ha": "right"} if colour == "0.45" else {"xytext": (6, 4)}
    axes.annotate(name, arrow, textcoords="offset points", **place)
axes.annotate("", after, before, arrowprops={"arrowstyle": "->", "linestyle": "--", "color": ORANGE})
axes.text(1.15, -0.75, "plus the example", ha="left", va="center")
axes.set(xlim=(-1.1, 2.9), ylim=(-1.3, 1.5), xlabel="first weight, first input", aspect="equal")
axes.set(ylabel="second weight,\nsecond input")
axes.grid(alpha=0.3)
plt.show()

# %% [markdown]
# > **A slip in the slides.** They call this rule "the delta rule" as well. Those are two rules. The
# > perceptron's uses the error of the *decision*, $y - \hat y$, which is 0 once the decision is right. The
# > delta rule of Bernard Widrow and Marcian Hoff (1960) uses the error of the *sum*, before the threshold,
# > and goes on correcting after all decisions are right. Nor does the perceptron's rule minimize the error of
# > the sum: it stops at the first weights without a mistake.
#
# ## Build
#
# A perceptron for two inputs has three numbers to learn: two weights and a bias.

# %%
model = s5.build("perceptron")
print([weight.shape for weight in model.get_weights()], model.count_params(), "parameters")

# %% [markdown]
# Keras learns by gradient descent (lesson 6), and a step has no useful gradient: it is flat everywhere but
# at its jump. The package's step therefore counts as the identity when the gradient is taken. With half the
# squared error as the loss, one example at a time and a learning rate of 1, the result *is* the perceptron's
# rule, to the last bit.
#
# ## Follow one example
#
# Let us learn AND, starting with all weights at zero. Follow the four examples of the first epoch:

# %%
corners = np.array(list(product((0, 1), repeat=2)), "float32")  # 00, 01, 10, 11
trace = s5.by_hand.perceptron_trace(corners, targets=[0, 0, 0, 1])
for step in trace.epochs[0]:
    print(f"{step.inputs} target {step.target} predicted {step.prediction} -> {step.weights} {step.bias:+}")

# %% [markdown]
# The first prediction is a mistake: all weights are zero, so the sum is 0, and that is enough to fire. The
# inputs are zero as well, so only the bias changes, to $-1$. The next two predictions are right. For 11 the
# sum is still $-1$, the unit does not fire and should, and the example is added to the weights.
#
# ## Train and look
#
# By hand, epoch by epoch:

# %%
for epoch, mistakes in enumerate(trace.mistakes):
    w1, w2, b = trace.starts[epoch + 1]
    print(f"epoch {epoch + 1}: {mistakes} mistakes, then weights ({w1:g}, {w2:g}), bias {b:g}")

# %% [markdown]
# The sixth epoch has no mistake, so the weights stay. In the plane of the inputs, each of the eleven
# corrections moves the line. Press Play, or step through them:

# %% tags=["hide-input"]
moves = [((0, 0), 0, "at the start")]
for number, epoch in enumerate(trace.epochs, start=1):
    moves += [
        (step.weights, step.bias, f"epoch {number}, after {step.inputs[0]:g}{step.inputs[1]:g}")
        for step in epoch
        if step.mistake
    ]
pictures.Slider(
    [pictures.decision_line(corners, [0, 0, 0, 1], w, -b) for w, b, _ in moves],
    labels=[label for *_, label in moves],
    name="correction",
    description="the line of a perceptron moves with each correction, until only the point 11 fires",
)

# %% [markdown]
# At the start the unit fires everywhere, after the first correction nowhere. Then a line appears, overshoots
# to one side and to the other, and comes to rest when no point is crossed out.
#
# Keras's `fit`, with the recipe of the catalogue, finds the same weights in as many epochs:

# %%
result = s5.train("perceptron", data="logic_gates/and", seed=0, runs_dir=FOLDER / "runs", verbose=0)
weights, bias = result.model.get_weights()
print(len(result.history), "epochs, weights", weights.ravel(), "bias", bias, result.metrics)

# %% [markdown]
# ### Why it must end: the bound
#
# Suppose that a solution exists: weights, bias included, that are right on every example. How many mistakes
# can the rule make on its way? Count the bias as the weight of one more input that is always 1. Let $R$ be
# the length of the longest example, and let $\gamma$ be the *margin*: the smallest distance of an example
# from the separating plane, for the plane that makes it as large as possible. Call the unit vector at right
# angles to that best plane $u$. Now watch two quantities grow:
#
# 1. *The progress $w \cdot u$.* Each correction adds or subtracts an example that lies at least $\gamma$ on
#    its right side of the plane. So each one adds at least $\gamma$ to the progress. After $M$ mistakes $w
#    \cdot u \ge M\gamma$.
# 2. *The length of $w$.* A correction is made only where the weights were wrong, that is, where the change
#    does not point the way the weights do. By Pythagoras, each one adds at most $R^2$ to the squared length.
#    After $M$ mistakes $\lVert w \rVert \le R\sqrt M$.
#
# The progress cannot be larger than the length, so $M\gamma \le R\sqrt M$, and therefore
#
# $$M \le \left(\frac{R}{\gamma}\right)^2$$
#
# For AND, the longest example is $(1, 1)$ with the bias's 1, so $R^2 = 3$. The best margin is $\gamma =
# 1/\sqrt{17}$. The bound is $3 \cdot 17 = 51$.

# %%
bound = s5.by_hand.novikoff_bound(corners, [0, 0, 0, 1])
print(f"{sum(trace.mistakes)} mistakes, at most {bound:.0f}")

# %% [markdown]
# And here are all fourteen functions that one unit can compute. The bound is a promise, not a forecast.

# %%
tables = [table for table in product((0, 1), repeat=4) if s5.by_hand.threshold_weights(table).separable]
made = [sum(s5.by_hand.perceptron_trace(corners, table).mistakes) for table in tables]
bounds = [s5.by_hand.novikoff_bound(corners, table) for table in tables]

# %% tags=["hide-input"]
figure, axes = plt.subplots(figsize=(7, 2.8), layout="constrained")
axes.bar(range(14), bounds, color="white", edgecolor="black", hatch="...", label="Novikoff's bound")
axes.bar(range(14), made, color=BLUE, width=0.5, label="mistakes made")
axes.set_xticks(range(14), ["".join(map(str, table)) for table in tables], rotation=90)
axes.set(xlabel="function: its outputs for 00, 01, 10, 11", ylabel="mistakes until the end")
axes.legend()
plt.show()

# %% [markdown]
# The bound grows with the inverse square of the margin: the closer the two classes lie together, the longer
# it may take. Here are two clouds of twenty points with a gap between them that becomes narrower. The
# mistakes grow too, but more slowly than the bound.

# %%
rng = np.random.default_rng(0)
cloud, sides = rng.uniform(-1, 1, (40, 2)), np.repeat([0, 1], 20)
by_gap = {}
for gap in (1, 0.3, 0.1, 0.03):
    points = np.c_[np.abs(cloud[:, 0]) * np.where(sides, 1, -1) + np.where(sides, gap, -gap), cloud[:, 1]]
    mistakes = sum(s5.by_hand.perceptron_trace(points, sides, epochs=500).mistakes)
    by_gap[gap] = mistakes, s5.by_hand.novikoff_bound(points, sides)
    print(f"gap {gap}: {mistakes} mistakes, at most {by_gap[gap][1]:.0f}")

# %% [markdown]
# **And if there is no solution?** Then no bound holds. On XOR the weights of the rule come back to where they
# were, and it makes the same four mistakes in every epoch, for ever. That is the start of lesson 5.

# %%
xor = s5.by_hand.perceptron_trace(corners, [0, 1, 1, 0], epochs=10)
print("mistakes on XOR:", *xor.mistakes, " bound:", s5.by_hand.novikoff_bound(corners, [0, 1, 1, 0]))

# %% [markdown]
# ## Ask the served model
#
# The trained AND, served over REST, with its weighted sums. It fires only where the sum reaches zero.

# %%
version = s5.export(result, FOLDER / "saved_models")
with s5.serve({"perceptron": version.parent}) as server, s5.connect(server.rest_address) as client:
    answer = client.predict("perceptron", {"inputs": corners}, signature_name="explain")
for row in zip(corners, answer["fires_sum"].ravel(), answer["fires"].ravel(), strict=True):
    print("inputs {}   weighted sum {:+.0f}   fires {:.0f}".format(*row))

# %% [markdown]
# ## Check
#
# The numbers of this lesson: AND takes at most 51 mistakes, OR at most 27, and every function keeps to its
# bound. A narrower gap takes more mistakes. Keras and the rule by hand agree exactly.

# %%
assert np.isclose(bound, 51)
assert np.isclose(s5.by_hand.novikoff_bound(corners, [0, 1, 1, 1]), 27)
assert sum(trace.mistakes) == 11 == len(moves) - 1
assert all(mistakes <= bound for mistakes, bound in zip(made, bounds, strict=True))
assert [mistakes for mistakes, _ in by_gap.values()] == [1, 2, 6, 20]
assert [round(limit) for _, limit in by_gap.values()] == [6, 34, 206, 1050]
assert (*weights.ravel(), *bias) == trace.starts[-1]
assert answer["fires"].ravel().tolist() == [0, 0, 0, 1]
assert xor.mistakes[2:] == (4,) * 8

# %% [markdown]
# ## Exercises
#
# Replace the three dots by your answer and run the cell. A wrong answer gets a hint, and the next wrong one
# a second hint. Only the third needs a computer.
#
# ### 03.1 OR by hand
#
# Train OR: the examples 00, 01, 10, 11 in this order, targets 0, 1, 1, 1, learning rate 1, all weights and
# the bias zero at the start. A sum of 0 is enough to fire. What are $w_1$, $w_2$ and $b$ after the first
# epoch, and what are they at the end?

# %% tags=["exercise"]
answer = ...  # two rows of three numbers: [[w1, w2, b], [w1, w2, b]]
check("03.1", answer)

# %% [markdown]
# <details><summary>Solution</summary>
#
# First epoch: 00 fires and should not, so $b = -1$. 01 does not fire and should, so $w_2 = 1$ and $b = 0$.
# The other two are right. In the second epoch 00 and 10 are wrong, in the third only 00, and the fourth has
# no mistake.
#
# ```python
# starts = s5.by_hand.perceptron_trace(corners, [0, 1, 1, 1]).starts
# answer = [starts[1], starts[-1]]
# ```
#
# </details>
#
# ### 03.2 Another learning rate
#
# With $\eta = 1$, AND ends with the weights $(2, 1)$ and the bias $-3$. With which weights and bias does it
# end with $\eta = 4$, again from zero?

# %% tags=["exercise"]
answer = ...  # three numbers: (w1, w2, b)
check("03.2", answer)

# %% [markdown]
# <details><summary>Solution</summary>
#
# The weights begin at zero, and every change is four times as large. So all weights are always four times as
# large, the sums too, and their signs, which are all that counts, are the same. The rule makes the same
# mistakes at the same places. This is why the rate does not matter here.
#
# ```python
# answer = s5.by_hand.perceptron_trace(corners, [0, 0, 0, 1], learning_rate=4).starts[-1]
# ```
#
# </details>
#
# ### 03.3 Another order
#
# Show the examples of AND in the order 11, 10, 01, 00. How many mistakes does the rule make now, and what is
# the bound?

# %% tags=["exercise", "computer"]
answer = ...  # two numbers: (mistakes, bound)
check("03.3", answer)

# %% [markdown]
# <details><summary>Solution</summary>
#
# The number changes, from 11 to 15. The bound cannot: neither $R$ nor $\gamma$ knows of an order.
#
# ```python
# other = s5.by_hand.perceptron_trace(corners[::-1], [1, 0, 0, 0])
# answer = sum(other.mistakes), s5.by_hand.novikoff_bound(corners[::-1], [1, 0, 0, 0])
# ```
#
# </details>
#
# ### 03.4 A narrow gap
#
# A perceptron with a single input should fire for $x = 0.1$ and not for $x = -0.1$. Compute Novikoff's bound
# by hand. (With the bias's input, the examples are $(0.1, 1)$ and $(-0.1, 1)$. The best weights are $(1, 0)$:
# at which distance from their line do the examples lie?)

# %% tags=["exercise"]
answer = ...  # a number
check("03.4", answer)

# %% [markdown]
# <details><summary>Solution</summary>
#
# $R^2 = 0.1^2 + 1 = 1.01$, and the margin is $\gamma = 0.1$. So the bound is $1.01 / 0.01 = 101$.
#
# ```python
# answer = s5.by_hand.novikoff_bound([[0.1], [-0.1]], [1, 0])
# ```
#
# </details>
#
# ## Quiz
#
# Answer with a letter, such as `"a"`.
#
# ### 03.Q1 A correct prediction
#
# The unit fires, as it should, but its sum is only 0.001. What does the rule do?
#
# * **a** it makes the sum larger, to be on the safe side
# * **b** nothing
# * **c** it adds the example, times the small error

# %% tags=["exercise"]
check("03.Q1", ...)

# %% [markdown]
# ### 03.Q2 An input of zero
#
# The unit fires for the example $(0, 1)$ and should not. What happens to $w_1$?
#
# * **a** it stays as it is
# * **b** it falls by $\eta$
# * **c** it rises by $\eta$

# %% tags=["exercise"]
check("03.Q2", ...)

# %% [markdown]
# ### 03.Q3 What does the bound promise?
#
# The bound for a set of examples is 51.
#
# * **a** training takes about 51 corrections
# * **b** training takes at most 51 epochs in any case
# * **c** the rule makes at most 51 mistakes, in any order of the examples

# %% tags=["exercise"]
check("03.Q3", ...)

# %% [markdown]
# ## Summary
#
# * The perceptron learns from its mistakes: it adds an example for which it should have fired, subtracts one
#   for which it should not have, and otherwise changes nothing.
# * Each correction turns the weights and moves the line.
# * If a solution exists, the rule makes at most $(R/\gamma)^2$ mistakes. If none exists, it never ends.
# * The rule is the error-correction procedure of 1962. The delta rule of Widrow and Hoff is another one.
#
# Next: in [lesson 4](04_machine_of_1958.ipynb), the rule gets an eye of 400 photocells.
#
# ## Glossary
#
# | term | meaning |
# |---|---|
# | perceptron | a threshold unit whose weights are learned from examples |
# | target | the output that the unit should have for an example |
# | learning rate $\eta$ | the factor of every correction |
# | epoch | one round through all examples |
# | margin $\gamma$ | the smallest distance of an example from the best separating plane |
# | converge | to reach weights that do not change any more |
# | delta rule | Widrow and Hoff's rule of 1960, which uses the error of the sum |
