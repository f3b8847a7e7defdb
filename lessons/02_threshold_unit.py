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
# ## Why
#
# In 1943 the physician Warren McCulloch and Walter Pitts, a logician of twenty who had taught himself, asked
# what a brain could compute if all that a nerve cell did were to fire or not to fire. Their paper, *A Logical
# Calculus of the Ideas Immanent in Nervous Activity*, answers: whatever logic can say. Two years later John
# von Neumann drew the plan of a computer, the EDVAC, with their units.
#
# Their unit is still in every network of this course: a weighted sum, and then a function that is not linear.

# %%
import os
import tempfile
from itertools import product
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

import keras_session5 as s5
from keras_session5 import pictures
from keras_session5.models.threshold_unit import build_xor_circuit
from keras_session5.pictures.style import BLUE, ORANGE
from keras_session5.training import set_by_hand

QUICK = os.environ.get("SESSION5_QUICK") == "1"  # the tests set it; this lesson is quick anyway
FOLDER = Path(tempfile.mkdtemp())  # for runs and exported models; nothing of yours is touched

# %% [markdown]
# ## The idea
#
# Inputs are 0 or 1. An input with weight 1 excites the unit, one with weight $-1$ inhibits it. The unit fires
# (says 1) if the weighted sum reaches its threshold $T$:
#
# $$y = \begin{cases} 1 & \text{if } w_1 x_1 + w_2 x_2 \ge T \\ 0 & \text{otherwise} \end{cases}$$
#
# With $w = (1, 1)$ the sum counts the ones. $T = 2$ makes the unit an AND, $T = 1$ an OR.

# %%
sums = np.linspace(-0.5, 2.5, 301)
figure, axes = plt.subplots(figsize=(6, 2.4), layout="constrained")
axes.plot(sums, sums >= 1, color=ORANGE, linestyle="--", label="OR, $T = 1$")
axes.plot(sums, sums >= 2, color=BLUE, label="AND, $T = 2$")
axes.set(xlabel="weighted sum $x_1 + x_2$", ylabel="answer", xticks=[0, 1, 2], yticks=[0, 1])
axes.legend()
plt.show()

# %% [markdown]
# Seen as a picture of the inputs' plane, $w \cdot x = T$ is a line. The unit fires on one side of it.

# %%
corners = np.array(list(product((0, 1), repeat=2)), "float32")  # 00, 01, 10, 11
pictures.decision_line(corners, labels=[0, 0, 0, 1], weights=(1, 1), threshold=2)

# %% [markdown]
# ## Build
#
# The unit of the package has the threshold as a bias of $-T$, as all later networks have it.

# %%
unit = s5.build("threshold_unit", weights=(1, 1), threshold=2)
weights, bias = unit.get_weights()
print("weights", weights.ravel(), "bias", bias, "to be learned:", len(unit.trainable_weights))

# %% [markdown]
# In the paper a single inhibiting input silences the unit, whatever the others do. Here, as in the course, it
# counts as $-1$.
#
# ## Follow one example

# %%
x = np.array([[1.0, 0.0]], "float32")
print("input        ", x, x.shape)
print("times weights", x * weights.T, (x * weights.T).shape)
print("sum plus bias", x @ weights + bias, (x @ weights + bias).shape)
print("fires        ", unit(x).numpy(), unit(x).shape)

# %% [markdown]
# ## Train and look
#
# There is nothing to train: McCulloch and Pitts gave no rule for learning, and weights were found by
# thinking. We can have the computer try all of them. Two inputs make four rows of a truth table, so there are
# $2^4 = 16$ functions. Which of them can one unit compute?

# %%
tables = list(product((0, 1), repeat=4))
found = {table: s5.by_hand.threshold_weights(table) for table in tables}
signs = [table for table in tables if found[table].weights]
separable = [table for table in tables if found[table].separable]
print(f"{len(signs)} with weights of -1 and 1, {len(separable)} with any weights, of {len(tables)}")

# %% [markdown]
# The picture shows all sixteen. A filled square is a 1, an empty circle a 0. The four in the second group use
# only one input, so they need a weight of 0. The two of the third group are XOR and its opposite: no line
# separates them.


# %%
def draw(axes, table):
    for (x1, x2), answer in zip(corners, table, strict=True):
        look = {"marker": "s", "color": ORANGE} if answer else {"marker": "o", "color": "white"}
        axes.plot(x1, x2, markersize=11, markeredgecolor="black", **look)
    group = "±1" if table in signs else "with a 0" if table in separable else "no unit can"
    axes.set_title("".join(map(str, table)) + f"\n{group}", fontsize=8)
    axes.set(xlim=(-0.5, 1.5), ylim=(-0.5, 1.5), xticks=[], yticks=[], aspect="equal")


# %%
figure, grid = plt.subplots(2, 8, figsize=(9, 3), layout="constrained")
order = sorted(tables, key=lambda table: (table not in signs, table not in separable))
for axes, table in zip(grid.flat, order, strict=True):
    draw(axes, table)
plt.show()

# %%
for name, table in {"NAND": (1, 1, 1, 0), "first input": (0, 0, 1, 1), "XOR": (0, 1, 1, 0)}.items():
    print(f"{name}: {found[table]}")

# %% [markdown]
# ## Ask the served model
#
# A unit set by hand can be served like any network. The signature `explain` also tells the sum.

# %%
version = s5.export(set_by_hand("threshold_unit", runs_dir=FOLDER / "runs"), FOLDER / "saved_models")
with s5.serve({"threshold_unit": version.parent}) as server, s5.connect(server.rest_address) as client:
    answer = client.predict("threshold_unit", {"inputs": corners}, signature_name="explain")
for row in zip(corners, answer["fires_sum"].ravel(), answer["fires"].ravel(), strict=True):
    print("inputs {}   sum less threshold {:+.0f}   fires {:.0f}".format(*row))

# %% [markdown]
# ## Exercises
#
# 1. A jury of three decides by majority. Find weights and a threshold.
# 2. Of the 256 functions of three inputs, how many can one unit compute? Guess first: more or less than half?
# 3. XOR is "one of them without the other". Build it from three units, in two layers.
#
# ## Check
#
# The lesson's number: one unit computes 14 of the 16 functions of two inputs, ten of them with weights of
# plus and minus one. XOR and XNOR are the missing two.

# %%
assert len(separable) == 14
assert len(signs) == 10
assert set(tables) - set(separable) == {(0, 1, 1, 0), (1, 0, 0, 1)}
assert answer["fires"].ravel().tolist() == [0, 0, 0, 1]

# %% [markdown]
# ## Solutions
#
# **1.** Three equal voices, and two are enough.

# %%
print(s5.by_hand.threshold_weights([0, 0, 0, 1, 0, 1, 1, 1]))

# %% [markdown]
# **2.** Far less than half: 104. With more inputs the share goes to nothing. Of four inputs' 65,536 functions
# it is 1,882.

# %%
of_three = [s5.by_hand.threshold_weights(table) for table in product((0, 1), repeat=8)]
print(sum(one.separable for one in of_three), "of", len(of_three))
assert sum(one.separable for one in of_three) == 104

# %% [markdown]
# **3.** The first layer has "a and not b" and "b and not a", the second joins them with an OR. McCulloch and
# Pitts could have drawn it. What nobody knew was how such a circuit could be *learned* (lessons 5 and 6).

# %%
circuit = build_xor_circuit()
for layer in circuit.layers[1:]:
    weights, bias = layer.get_weights()
    print(layer.name, "weights", weights.T.tolist(), "thresholds", (-bias).tolist())
print(circuit(corners).numpy().ravel())
