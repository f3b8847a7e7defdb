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
# # 2. The threshold unit
#
# **What can a single nerve cell compute if all it does is fire or stay silent?**
#
# After this lesson you can
#
# * say which parts of a nerve cell the threshold unit keeps, and which it leaves out,
# * compute its output with pencil and paper, and choose weights and a threshold for a given truth table,
# * draw the line that a unit with two inputs stands for, and say on which side it fires, and
# * explain why no unit computes XOR, and how three of them do.
#
# **Time:** 40 minutes. **You need:** truth tables (AND, OR, NOT) and the equation of a line.
#
# ## Why
#
# Your brain has about 86 billion nerve cells, or *neurons*. Each receives signals from thousands of others
# through its branches, the *dendrites*. Some signals excite it, others inhibit it. If enough excitation comes
# together, the cell *fires*: a short electrical pulse, the *spike*, runs along its one long fibre, the
# *axon*, to the cells behind it. All spikes of a cell are about alike: it fires, or it does not.
#
# In 1943, the physician Warren McCulloch and Walter Pitts, a self-taught logician of twenty, asked what a
# brain could compute if this were all. Their paper, *A Logical Calculus of the Ideas Immanent in Nervous
# Activity*, replaces the cell by a unit that a mathematician can reason about, and answers: networks of such
# units can compute whatever logic can express. Two years later John von Neumann used their units to draw the
# plan of a computer, the EDVAC.
#
# The unit is still in every network of this course: a weighted sum, followed by a function that is not
# linear.

# %% tags=["hide-input"]
import os
import tempfile
from itertools import product
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.patches import Patch

import keras_session5 as s5
from keras_session5 import pictures
from keras_session5.exercises import check
from keras_session5.models.threshold_unit import build_xor_circuit
from keras_session5.pictures.style import BLUE, ORANGE, SKY
from keras_session5.training import set_by_hand

QUICK = os.environ.get("SESSION5_QUICK") == "1"  # the tests set it; this lesson is quick anyway
FOLDER = Path(tempfile.mkdtemp())  # for runs and exported models; nothing of yours is touched

# %% tags=["hide-input"]
pictures.neuron_and_unit()

# %% [markdown]
# Compare the two rows. The dendrites become *inputs*, the strength of each connection becomes a *weight*, the
# cell body becomes a *sum*, and the decision to fire becomes a *threshold*. What gets lost is, above all,
# time: a real neuron sends spikes again and again, and when and how often they come matters. The unit knows
# only one moment.
#
# ## The idea
#
# Inputs are 0 or 1, and there may be any number $n$ of them. An input with weight 1 *excites* the unit, one
# with weight $-1$ *inhibits* it. The unit fires, which means that its output $y$ is 1, if the weighted sum
# reaches the threshold $T$:
#
# $$y = \begin{cases} 1 & \text{if } w_1 x_1 + \cdots + w_n x_n \ge T \\ 0 & \text{otherwise} \end{cases}$$
#
# A function that jumps from 0 to 1 like this is called a *step*. Take two inputs. With weights $(1, 1)$ the
# sum counts how many of them are 1. So $T = 2$ makes the unit an AND ("both"), and $T = 1$ an OR ("at least
# one"):

# %% tags=["hide-input"]
sums = np.linspace(-0.5, 2.5, 601)
figure, grid = plt.subplots(1, 2, figsize=(7, 2.2), layout="constrained", sharey=True)
for axes, threshold, name, colour in zip(grid, (1, 2), ("OR", "AND"), (ORANGE, BLUE), strict=True):
    axes.plot(sums, sums >= threshold, color=colour)
    for total in (0, 1, 2):  # the sums that two inputs can have
        axes.plot(total, int(total >= threshold), "o", color=colour, markeredgecolor="black", zorder=3)
    axes.set(title=f"{name}: $T = {threshold}$", xlabel="weighted sum $x_1 + x_2$", xticks=[0, 1, 2])
grid[0].set(ylabel="output $y$", yticks=[0, 1])
plt.show()

# %% [markdown]
# There is a second way to look at it, and it will carry us through the next lessons. Draw the two inputs as
# the two axes of a plane. All points where the sum is exactly $T$ form a line, and the unit fires on one side
# of it, the line included.
#
# Move the slider. The weights stay $(1, 1)$ and the threshold grows. For which $T$ does it compute AND, with
# no point crossed out? What happens to the line if $T$ grows and the output does not change?

# %%
corners = np.array(list(product((0, 1), repeat=2)), "float32")  # 00, 01, 10, 11
thresholds = np.arange(0, 2.6, 0.25)

# %% tags=["hide-input"]
pictures.Slider(
    [pictures.decision_line(corners, [0, 0, 0, 1], (1, 1), threshold) for threshold in thresholds],
    labels=[f"{threshold:g}" for threshold in thresholds],
    name="threshold T",
    description="the line where the sum of both inputs is T moves away from the origin as T grows",
    still=8,
)

# %% [markdown]
# Every $T$ above 1 and up to 2 gives AND, every $T$ above 0 and up to 1 gives OR. The line may move as long
# as it crosses no point.
#
# > **A slip in the slides.** They show weights of $-1$ and 1 as the model of 1943. In the paper there are no
# > such weights: all exciting inputs count the same, and a *single* active inhibiting input silences the
# > unit, whatever the others do. The form with weights came later, and it is the one of this course and of
# > all later networks. The two are not the same: with three exciting inputs, one inhibiting input, all of
# > them active, and $T = 2$, the sum is 2 and the unit of the slides fires. That of the paper does not.
#
# ## Build
#
# The unit of the package has a *bias* $b = -T$ in place of the threshold, as all later networks do. The two
# ways to write it agree: $w \cdot x \ge T$ means the same as $w \cdot x + b \ge 0$.

# %%
unit = s5.build("threshold_unit", weights=(1, 1), threshold=2)
weights, bias = unit.get_weights()
print("weights", weights.ravel(), "bias", bias, "to be learned:", len(unit.trainable_weights))

# %% [markdown]
# ## Follow one example
#
# What does the AND do with the inputs 1 and 0? One line of the output for each step:

# %%
x = np.array([[1.0, 0.0]], "float32")
print("input        ", x, x.shape)
print("times weights", x * weights.T, (x * weights.T).shape)
print("sum plus bias", x @ weights + bias, (x @ weights + bias).shape)
print("fires        ", unit(x).numpy(), unit(x).shape)

# %% [markdown]
# The sum of 1 is one less than the threshold of 2, so the unit does not fire.
#
# ## Train and look
#
# There is nothing to train: McCulloch and Pitts gave no rule for learning, and people found the weights by
# thinking. We can let the computer try all of them. Two inputs have four combinations, and for each of them
# the output is 0 or 1, so there are $2^4 = 16$ functions. Which of them can one unit compute?

# %%
tables = list(product((0, 1), repeat=4))
found = {table: s5.by_hand.threshold_weights(table) for table in tables}
signs = [table for table in tables if found[table].weights]
separable = [table for table in tables if found[table].separable]
print(f"{len(signs)} with weights of -1 and 1, {len(separable)} with any weights, of {len(tables)}")

# %% [markdown]
# Here are all sixteen. In each little plane, an orange square is an input for which the function is 1, a blue
# circle one for which it is 0, and the unit fires in the orange region.

# %% tags=["hide-input"]
choices = sorted(product((-1, 0, 1), repeat=2), key=lambda w: sum(map(abs, w)))
halves = {
    tuple(int(corner @ w >= t) for corner in corners): (w, t) for w in choices for t in np.arange(-2.5, 3)
}
names = {(0, 0, 0, 1): "AND", (0, 1, 1, 1): "OR", (1, 1, 1, 0): "NAND", (1, 0, 0, 0): "NOR"}
names |= {(0, 1, 1, 0): "XOR", (1, 0, 0, 1): "XNOR", (0, 0, 0, 0): "never", (1, 1, 1, 1): "always"}
names |= {(0, 0, 1, 1): "$x_1$", (0, 1, 0, 1): "$x_2$", (1, 1, 0, 0): "not $x_1$", (1, 0, 1, 0): "not $x_2$"}
names |= {(0, 0, 1, 0): "$x_1$, not $x_2$", (0, 1, 0, 0): "$x_2$, not $x_1$"}
names |= {(1, 0, 1, 1): "$x_1$ or not $x_2$", (1, 1, 0, 1): "$x_2$ or not $x_1$"}


# %% tags=["hide-input"]
def draw(axes, table):
    if table in halves:
        w, t = halves[table]
        x, y = np.meshgrid(np.linspace(-0.5, 1.5, 201), np.linspace(-0.5, 1.5, 201))
        fires = w[0] * x + w[1] * y >= t
        axes.contourf(x, y, fires, levels=[-0.5, 0.5, 1.5], colors=[SKY, ORANGE], alpha=0.25)
    for corner, output in zip(corners, table, strict=True):
        look = {"marker": "s", "color": ORANGE} if output else {"marker": "o", "color": BLUE}
        axes.plot(*corner, markersize=8, markeredgecolor="black", **look)
    axes.set(xlim=(-0.5, 1.5), ylim=(-0.5, 1.5), xticks=[0, 1], yticks=[0, 1], aspect="equal")
    axes.set(xlabel="$x_1$", ylabel="$x_2$")
    axes.set_title(names[table], fontsize=9)
    axes.label_outer()


# %% tags=["hide-input"]
groups = {
    "weights of -1 and 1": (slice(0, 5), signs),
    "one weight is 0": (slice(6, 8), [table for table in separable if table not in signs]),
    "no unit can": (slice(9, 10), [table for table in tables if table not in separable]),
}
options = {"width_ratios": [1, 1, 1, 1, 1, 0.2, 1, 1, 0.2, 1], "layout": "constrained"}
figure, grid = plt.subplots(2, 10, figsize=(10.4, 3.6), **options)
for title, (columns, members) in groups.items():
    for axes, table in zip(grid[:, columns].flat, members, strict=True):
        draw(axes, table)
    grid[0, columns][0].set_title(f"{title}\n", loc="left", fontsize=10, fontweight="bold")
for axes in grid[:, [5, 8]].flat:
    axes.axis("off")  # gaps between the groups
keys = [Patch(color=colour, alpha=0.25) for colour in (ORANGE, SKY)]
keys += [plt.Line2D([], [], ls="", marker=m, c=c, mec="black", ms=8) for m, c in (("s", ORANGE), ("o", BLUE))]
texts = ["the unit fires", "it does not fire", "function is 1", "function is 0"]
figure.legend(keys, texts, loc="outside lower center", ncols=4, frameon=False, fontsize=9)
plt.show()

# %% [markdown]
# Fourteen of the sixteen functions are *linearly separable*: a line has all ones on one side and all zeros on
# the other. For four of them, one input does not matter, and its weight must be 0. For XOR ("exactly one")
# and its opposite, the ones lie on one diagonal and the zeros on the other, and no line can do that.

# %%
for name, table in {"NAND": (1, 1, 1, 0), "first input": (0, 0, 1, 1), "XOR": (0, 1, 1, 0)}.items():
    print(f"{name}: {found[table]}")

# %% [markdown]
# Does it get better with more inputs? On the contrary. Of the 256 functions of three inputs, less than half
# are separable (exercise 02.4 counts them), and of the 65,536 functions of four inputs only 1,882.
#
# **Two layers can do what one unit cannot.** XOR is "the first without the second, or the second without the
# first". Each half is a unit, and an OR joins them. The package has this *circuit* of three units:

# %%
circuit = build_xor_circuit()
for layer in circuit.layers[1:]:
    kernel, biases = layer.get_weights()
    print(layer.name, "weights", kernel.T.tolist(), "thresholds", (-biases).tolist())
print(circuit(corners).numpy().ravel())

# %% [markdown]
# McCulloch and Pitts could have drawn it. What nobody knew was how such a circuit could be *learned*: that is
# the story of lessons 3 to 6.
#
# ## Ask the served model
#
# A unit that was set by hand can be served like any network. The signature `explain` of the served model also
# returns the sum, here with the bias already added.

# %%
version = s5.export(set_by_hand("threshold_unit", runs_dir=FOLDER / "runs"), FOLDER / "saved_models")
with s5.serve({"threshold_unit": version.parent}) as server, s5.connect(server.rest_address) as client:
    answer = client.predict("threshold_unit", {"inputs": corners}, signature_name="explain")
for row in zip(corners, answer["fires_sum"].ravel(), answer["fires"].ravel(), strict=True):
    print("inputs {}   sum less threshold {:+.0f}   fires {:.0f}".format(*row))

# %% [markdown]
# ## Check
#
# The numbers of this lesson: one unit computes 14 of the 16 functions of two inputs, ten of them with weights
# of $-1$ and 1. XOR and XNOR are the missing two, and a circuit of three units computes XOR.

# %%
assert len(separable) == 14
assert len(signs) == 10
assert set(tables) - set(separable) == {(0, 1, 1, 0), (1, 0, 0, 1)}
assert set(halves) == set(separable)
assert answer["fires"].ravel().tolist() == [0, 0, 0, 1]
assert circuit(corners).numpy().ravel().tolist() == [0, 1, 1, 0]

# %% [markdown]
# ## Exercises
#
# Replace the three dots by your answer and run the cell. A wrong answer gets a hint, and the next wrong one
# a second hint. The first three need only pencil and paper.
#
# ### 02.1 A unit with three inputs
#
# A unit has the weights $(1, -1, 1)$ and the threshold $T = 1$. What is its output for the inputs 000, 001,
# 010, 011, 100, 101, 110 and 111, in this order?

# %% tags=["exercise"]
answer = ...  # eight numbers, 0 or 1: [a, b, c, d, e, f, g, h]
check("02.1", answer)

# %% [markdown]
# <details><summary>Solution</summary>
#
# The sums $x_1 - x_2 + x_3$ are 0, 1, -1, 0, 1, 2, 0 and 1, and the unit fires where the sum is at least 1.
#
# ```python
# answer = [int(x1 - x2 + x3 >= 1) for x1, x2, x3 in product((0, 1), repeat=3)]
# ```
#
# </details>
#
# ### 02.2 A jury of three
#
# A jury of three decides by majority: the unit should fire if at least two of its three inputs are 1. Find
# weights and a threshold.

# %% tags=["exercise"]
answer = ...  # four numbers: (w1, w2, w3, T)
check("02.2", answer)

# %% [markdown]
# <details><summary>Solution</summary>
#
# Three equal voices, and two of them are enough. With weights of 1 every threshold above 1 and up to 2 works.
#
# ```python
# answer = (1, 1, 1, 2)
# ```
#
# </details>
#
# ### 02.3 XOR in another way
#
# Can you build XOR from OR and NAND? The two hidden units compute OR and NAND of the inputs, and the output
# unit computes something from their two outputs. Give weights and threshold of each unit.

# %% tags=["exercise"]
answer = ...  # three units, the output unit last: [(w1, w2, T), (w1, w2, T), (w1, w2, T)]
check("02.3", answer)

# %% [markdown]
# <details><summary>Solution</summary>
#
# "Exactly one" is "at least one, and not both": the output unit is an AND of OR and NAND.
#
# ```python
# answer = [(1, 1, 1), (-1, -1, -1), (1, 1, 2)]
# ```
#
# </details>
#
# ### 02.4 Functions of three inputs
#
# Three inputs have $2^8 = 256$ functions. For how many of them is there a unit, with whatever weights? Guess
# first: more than half, or less? Then count with `s5.by_hand.threshold_weights`, which also takes tables of
# eight values.

# %% tags=["exercise", "computer"]
answer = ...  # a number
check("02.4", answer)

# %% [markdown]
# <details><summary>Solution</summary>
#
# There are 104, far less than half.
#
# ```python
# answer = sum(s5.by_hand.threshold_weights(table).separable for table in product((0, 1), repeat=8))
# ```
#
# </details>
#
# ## Quiz
#
# Answer with a letter, such as `"a"`.
#
# ### 02.Q1 A threshold as a bias
#
# A unit fires if $x_1 + x_2 \ge 2$. Which bias gives the same unit in the form $x_1 + x_2 + b \ge 0$?
#
# * **a** $b = 2$
# * **b** $b = 0$
# * **c** $b = -2$

# %% tags=["exercise"]
check("02.Q1", ...)

# %% [markdown]
# ### 02.Q2 What does another threshold do to the line?
#
# The weights of a unit with two inputs stay as they are, and its threshold grows. What happens to the line?
#
# * **a** it turns
# * **b** it moves, and keeps its direction
# * **c** it bends

# %% tags=["exercise"]
check("02.Q2", ...)

# %% [markdown]
# ### 02.Q3 The unit of the paper
#
# A unit has four exciting inputs and one inhibiting input. All of them are active, and $T = 3$. Who fires?
#
# * **a** the unit of the course, but not that of the paper of 1943
# * **b** both
# * **c** neither

# %% tags=["exercise"]
check("02.Q3", ...)

# %% [markdown]
# ## Summary
#
# * A threshold unit adds up its weighted inputs and fires if the sum reaches the threshold. It is a nerve
#   cell reduced to one decision.
# * Seen in the plane of its inputs, a unit is a line with a firing side. Weights give the line its direction,
#   the threshold its place.
# * One unit computes exactly the linearly separable functions: 14 of the 16 of two inputs, not XOR.
# * Several units in two layers compute XOR.
# * Weights were set by hand. A rule that finds them comes next.
#
# Next: in [lesson 3](03_perceptron.ipynb), a unit learns its weights from examples.
#
# ## Glossary
#
# | term | meaning |
# |---|---|
# | neuron | a nerve cell: dendrites receive, the cell body adds up, the axon sends |
# | spike | the short electrical pulse that a neuron sends when it fires |
# | threshold unit | a unit that fires if its weighted sum reaches a threshold |
# | weight | the number that an input is multiplied by; its sign says whether the input excites or inhibits |
# | threshold $T$, bias $b$ | what the sum must reach; the bias is the same number with the other sign |
# | step | the function that jumps from 0 to 1 |
# | linearly separable | a line (for three inputs, a plane) has all ones on one side, the zeros on the other |
