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
# # 4. The machine of 1958
#
# **What did the first learning machine really learn, and what did people hope for?**
#
# After this lesson you can
#
# * name the three kinds of units of Rosenblatt's machine, and say which of its weights learn,
# * read from its weights what it has learned, and what it has not,
# * measure how much association units and noise matter, instead of guessing, and
# * tell the experiment of 1958 apart from its headline, and say what followed.
#
# **Time:** 45 minutes. **You need:** the perceptron and its rule (lesson 3).
#
# ## Why
#
# On 7 July 1958, the United States Navy showed reporters a perceptron: a program by Frank Rosenblatt on an
# IBM 704, a computer of the size of a room. It was fed punched cards that were marked either on the left or
# on the right. After fifty trials it told them apart, and nobody had told it how. The next day, the New York
# Times repeated hopes that such machines would walk, talk, see, write and know that they exist.
#
# The hopes were too large. The experiment was real, and you are about to repeat it.
#
# > **A note on the slides.** Their clipping speaks of photocells in the future. What the reporters saw was a
# > simulation on a computer, the "704". The machine itself, the *Mark I*, was first shown in public in June
# > 1960. It had an eye of 20 x 20 photocells, 512 association units and 8 response units; each weight was a
# > potentiometer, a resistor with a knob, that a motor turned.

# %% tags=["hide-input"]
import os
import tempfile
from functools import partial
from pathlib import Path

import keras
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.patches import Patch

import keras_session5 as s5
from keras_session5 import pictures
from keras_session5.data.retina_cards.cards import flip
from keras_session5.exercises import check
from keras_session5.pictures.style import BLUE, ORANGE, SIGNED, new_figure

QUICK = os.environ.get("SESSION5_QUICK") == "1"  # the tests set it: one machine instead of ten
FOLDER = Path(tempfile.mkdtemp())  # for runs and exported models; nothing of yours is touched

# %% [markdown]
# ## The idea
#
# Three kinds of units, one after the other:
#
# * **Photocells** (sensory units): 400 of them, each 1 where the card is light and 0 where it is dark.
# * **Association units**: 1,000 threshold units. Each is wired to 20 photocells chosen at random; ten of them
#   excite it, ten inhibit it. This wiring never changes.
# * **A response unit**: a perceptron whose inputs are the outputs of the association units. Only its weights
#   learn.

# %% tags=["hide-input"]
stages = [("400 photocells", False), ("1,000 association\nunits", False), ("1 response unit", True)]
pictures.stages({"": stages}, {"": ["wired at random,\nnever changed", "1,000 weights\nthat learn"]})

# %% [markdown]
# As formulas, where a bracket is 1 if what stands in it holds, and otherwise 0:
#
# $$a_j = \Big[\sum_{i \in \text{exciting}_j} x_i - \sum_{i \in \text{inhibiting}_j} x_i \ge 2\Big]
# \qquad \hat y = \Big[\sum_j w_j a_j + b \ge 0\Big]$$
#
# What is the layer in the middle for? A perceptron can only draw a straight border through its inputs. The
# association units turn 400 inputs into 1,000 others, in the hope that a straight border exists there. You
# will see the same idea again in lesson 5, where the middle layer *learns* too.
#
# ## Build
#
# Almost all of the machine's weights are fixed:

# %%
keras.utils.set_random_seed(0)  # the wiring is drawn at random
model = s5.build("photo_perceptron")
for layer in model.layers:
    learned = sum(int(np.prod(weight.shape)) for weight in layer.trainable_weights)
    print(f"{layer.name:12} {layer.count_params():>8,} weights, {learned:>6,} of them learned")

# %% [markdown]
# (Of the 400,000 weights of the wiring, 20 for each association unit are 1 or $-1$. All others are 0: there
# is no wire.)
#
# ## Follow one example
#
# Each card has one light square, on its left or on its right half. Here are six of them:

# %% tags=["hide-input"]
cards = s5.load_data("retina_cards")
figure, grid = plt.subplots(1, 6, figsize=(8, 1.7), layout="constrained")
for axes, card, label in zip(grid, cards.train.inputs, cards.train.labels, strict=False):
    axes.imshow(card[:, :, 0], cmap="gray")
    axes.set(title=cards.class_names[label], xticks=[], yticks=[])
plt.show()

# %% [markdown]
# Follow the first one through the machine: the shape after each layer, and the values that occur.

# %%
x = cards.train.inputs[:1].astype("float32")
for layer in model.layers[1:]:
    x = layer(x)
    print(f"{layer.name:12} {tuple(x.shape)!s:10} {np.unique(x)[:8]}")

# %% [markdown]
# Now look at a single association unit, the first that fires for this card:

# %%
wiring = model.get_layer("wiring").get_weights()[0]  # (400, 1000)
seen = cards.train.inputs[0].ravel() / 255  # (400,), 1 where the card is light
unit = np.flatnonzero(seen @ wiring >= 2)[0]
excited, inhibited = seen[wiring[:, unit] == 1].sum(), seen[wiring[:, unit] == -1].sum()
print(f"{excited:.0f} excite, {inhibited:.0f} inhibit: {excited - inhibited:+.0f}, and 2 are needed to fire")

# %% tags=["hide-input"]
figure, axes = plt.subplots(figsize=(5.4, 2.7), layout="constrained")
axes.imshow(cards.train.inputs[0, :, :, 0], cmap="gray", vmin=-400)  # black paler than it is
for weight, colour, marker, name in [(1, ORANGE, "P", "excites, $+1$"), (-1, BLUE, "o", "inhibits, $-1$")]:
    rows, columns = np.divmod(np.flatnonzero(wiring[:, unit] == weight), 20)
    axes.scatter(columns, rows, s=60, c=colour, marker=marker, edgecolors="black", label=name)
axes.set(xticks=[], yticks=[], title=f"the photocells of association unit {unit + 1}")
points = axes.get_legend_handles_labels()[0]
areas = [Patch(fc=colour, ec="black", label=name) for colour, name in (("w", "light"), ("0.61", "dark"))]
axes.legend(handles=points + areas, loc="center left", bbox_to_anchor=(1.02, 0.5), frameon=False)
plt.show()

# %% [markdown]
# It fires because more of its exciting than of its inhibiting photocells happen to lie in the light square.
# Alone it knows little about left and right.

# %% [markdown]
# ## Train and look
#
# One card at a time, left and right in turn, a hundred cards, each seen once. The response unit predicts, and
# then learns by the rule of lesson 3. (That is a small liberty: in the paper of 1958, active units are
# reinforced whether the output was right or wrong. Correcting errors only is Rosenblatt's later rule.)

# %%
# No dashboards: there will be dozens of machines.
train = partial(s5.train, "photo_perceptron", runs_dir=FOLDER / "runs", verbose=0, dashboard=False)
result = train(seed=0)
trials = np.array(result.record["trials"])  # 1 where the prediction was right, before the card was learned
for first in range(0, 100, 25):
    print(f"trials {first + 1:3} to {first + 25:3}: {trials[first : first + 25].sum()} of 25 right")
print(f"{result.metrics['accuracy']:.1%} of {len(cards.test):,} draws from the other cards")

# %% [markdown]
# (There are only 770 different cards, and 300 of them are for training. The test set is 1,000 draws from the
# 470 others, so it has many of them more than once.)
#
# One machine could have been lucky with its wiring. So here is the mean of ten machines, each wired anew. And
# because we can: the same for machines *without* association units (`num_association=0`), where the response
# unit sees the photocells themselves.

# %%
seeds = range(1 if QUICK else 10)
machines, alone = [], []
for seed in seeds:
    machines.append(train(seed=seed) if seed else result)
    alone.append(train(seed=seed, num_association=0))
    right = [group[-1].metrics["accuracy"] for group in (machines, alone)]
    print("machine {:2}: {:.3f} right, {:.3f} without association units".format(seed + 1, *right))
with_units = np.mean([machine.record["trials"] for machine in machines], axis=0)
without = np.mean([machine.record["trials"] for machine in alone], axis=0)

# %% tags=["hide-input"]
figure, axes = plt.subplots(figsize=(6.5, 3), layout="constrained")
for name, right, line, colour in [("with", with_units, "-", BLUE), ("without", without, "--", ORANGE)]:
    smooth = np.convolve(right, np.ones(10) / 10, "valid")
    axes.plot(range(10, 101), smooth, line, color=colour, label=f"{name} association units")
axes.axhline(0.5, color="0.6", linewidth=1, linestyle=":")
axes.text(10, 0.51, "guessing", va="bottom", fontsize=9)
axes.axvline(50, color="0.6", linewidth=1)
axes.text(51, 0.72, "as many trials\nas in 1958", fontsize=9)
axes.set(xlabel="number of cards seen", ylabel="share right,\nof the last ten cards", ylim=(0.45, 1.02))
axes.legend(loc="lower right", bbox_to_anchor=(1, 0.12))
plt.show()

# %% [markdown]
# The machines without association units learn *sooner*. Left and right can be told apart by a plane in the
# photocells already: give the left ones negative weights and the right ones positive weights. For this task
# Rosenblatt did not need his association units.
#
# ### What has it learned?
#
# Without association units, each of the 400 weights belongs to a photocell, so we can look at them. Press
# Play: the rule runs by hand, card by card. Whenever a card is wrong, its square is added to the weights or
# subtracted from them.

# %%
order = np.argsort(cards.train.labels, kind="stable").reshape(2, -1).T.ravel()[:100]  # left, right, left, ...
photocells, sides = cards.train.inputs[order].reshape(100, 400) / 255, cards.train.labels[order]
(steps,) = s5.by_hand.perceptron_trace(photocells, sides, epochs=1).epochs
print(sum(step.mistake for step in steps), "mistakes in", len(steps), "cards")

# %% tags=["hide-input"]
shown = [count for count, step in enumerate(steps, start=1) if step.mistake]  # the weights change there
limit = max(abs(weight) for weight in steps[-1].weights)
frames = []
for count in shown:
    frame = new_figure(4, 3)
    axes = frame.subplots()
    weights = np.reshape(steps[count - 1].weights, (20, 20))
    drawn = axes.imshow(weights, cmap=SIGNED, vmin=-limit, vmax=limit)
    frame.colorbar(drawn, label="weight: below 0 speaks for left,\nabove 0 for right")
    mistakes = sum(step.mistake for step in steps[:count])
    title = f"after {count} card{'s' * (count > 1)}: {mistakes} mistake{'s' * (mistakes != 1)}"
    axes.set(xticks=[], yticks=[], title=title)
    frames.append(frame)
pictures.Slider(
    frames,
    shown,
    "cards seen",
    "the weights of the 400 photocells become the sum of the cards that were wrong",
)

# %% [markdown]
# The weights *are* the sum of its mistakes. The machine has no idea of a square, or of a place. It has
# counted which photocells speak for which answer.
#
# ### How many association units does it take?
#
# Random features need to be many. (Each number is the mean of five machines.)

# %%
counts = (300,) if QUICK else (10, 30, 100, 300, 1000)
few_seeds = list(seeds)[:5]
means = []
for count in counts:
    machines = [train(seed=seed, num_association=count) for seed in few_seeds]
    means.append(np.mean([machine.metrics["accuracy"] for machine in machines]))
    print(f"{count:5,} association units: {means[-1]:.3f} of other cards right")

# %% [markdown]
# ### And with a dusty lens?
#
# Dust turns some points of every card from dark to light or back. Noise adds up: each association unit is
# wired to twenty photocells, and a few wrong ones carry it over its threshold.

# %%
rng = np.random.default_rng(0)
for fraction in (0, 0.02, 0.05, 0.1, 0.2):
    noisy = flip(cards.test.inputs, fraction, rng).astype("float32")
    right = result.model.predict(noisy, verbose=0).ravel() == cards.test.labels
    print(f"{fraction:4.0%} of the points turned: {right.mean():.3f} right")

# %% [markdown]
# ### What became of the hopes
#
# For some years, learning machines were in fashion. Then the bill came due for the gap between headline and
# machine. A report of 1966 found machine translation disappointing. In 1969, Marvin Minsky and Seymour Papert
# proved in their book *Perceptrons* what a machine with a single learning layer cannot do (lesson 5). In
# 1973, the mathematician James Lighthill reported to the British research council that artificial
# intelligence had not kept its promises, and in the same years the American defence agency DARPA cut its
# support. Money and students went elsewhere, for about ten years.
#
# Today this is called the first *AI winter*. (The word came up in 1984, as a warning of the next one.) How
# much of it was the book's doing is still debated: it spoke about one layer, and it was known that more
# layers can do more. What was missing was a way to train them. A few people went on quietly, and found it:
# that is lesson 6.
#
# ## Ask the served model
#
# The same machine behind a server, asked over gRPC:

# %%
version = s5.export(result, FOLDER / "saved_models")
with s5.serve({"photo_perceptron": version.parent}) as server, s5.connect(server.grpc_address) as client:
    answer = client.predict("photo_perceptron", {"image": cards.test.inputs[:200]})
predicted = [cards.class_names[int(fires)] for fires in answer["fires"][:6, 0]]
print("predicted:", *predicted)
print("labels:   ", *[cards.class_names[label] for label in cards.test.labels[:6]])

# %% [markdown]
# ## Check
#
# The number of this lesson: after one hundred cards, each seen once, more than 95 % of a thousand draws from
# the other cards are right. (The mean of a hundred machines is 98.7 %; without association units it is
# 99.0 %. That takes too long for a lesson: it is in the [measurements](../benchmarks/README.md).)

# %%
assert result.metrics["accuracy"] > 0.95
assert len(trials) == 100
assert excited - inhibited >= 2
assert mistakes == sum(step.mistake for step in steps) == 8
assert model.count_params() == 401_001
assert (wiring == 1).sum(axis=0).tolist() == (wiring == -1).sum(axis=0).tolist() == [10] * 1000
right = answer["fires"].ravel() == cards.test.labels[:200]
assert right.mean() > 0.9

# %% [markdown]
# ## Exercises
#
# Replace the three dots by your answer and run the cell. A wrong answer gets a hint, and the next wrong one
# a second hint. The first three need only pencil and paper.
#
# ### 04.1 The knobs of the Mark I
#
# The Mark I had 512 association units and 8 response units, and every association unit was connected to every
# response unit by a weight that learns. How many motor-driven knobs is that, if there are no biases?

# %% tags=["exercise"]
answer = ...  # a number
check("04.1", answer)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# answer = 512 * 8  # 4,096
# ```
#
# One weight for each pair. (Whether the machine really used all of them at once is another question.)
#
# </details>
#
# ### 04.2 Does it fire?
#
# An association unit has ten exciting and ten inhibiting photocells, and its threshold is 2. Does it fire
#
# 1. if 5 exciting and 4 inhibiting photocells see light,
# 2. if 3 exciting and 1 inhibiting photocells see light,
# 3. if the whole card is dark,
# 4. if the whole card is light?

# %% tags=["exercise"]
answer = ...  # four numbers, 1 if it fires and 0 if not: [a, b, c, d]
check("04.2", answer)

# %% [markdown]
# <details><summary>Solution</summary>
#
# The sums are 1, 2, 0 and $10 - 10 = 0$. Only the second reaches 2. A card that is light everywhere looks to
# the machine like a dark one, because excitation and inhibition cancel.
#
# ```python
# answer = [int(exciting - inhibiting >= 2) for exciting, inhibiting in [(5, 4), (3, 1), (0, 0), (10, 10)]]
# ```
#
# </details>
#
# ### 04.3 How many cards are there?
#
# A card has 20 x 20 points, and its left half has 20 rows and 10 columns. How many different cards have a
# square of 4 x 4 points that lies completely in the left half?

# %% tags=["exercise"]
answer = ...  # a number
check("04.3", answer)

# %% [markdown]
# <details><summary>Solution</summary>
#
# The upper edge can be in $20 - 4 + 1 = 17$ rows, the left edge in $10 - 4 + 1 = 7$ columns: $17 \cdot 7 =
# 119$ cards. (It is the same count as for the places of a kernel, in lesson 7.)
#
# ```python
# answer = (20 - 4 + 1) * (10 - 4 + 1)
# ```
#
# </details>
#
# ### 04.4 Cables in a mess
#
# Somebody plugs the cables of all 400 photocells into the wrong sockets, the same way for all cards:
# `photocells[:, np.random.default_rng(0).permutation(400)]`. How many mistakes does the rule make in the
# hundred cards above (`photocells`, `sides`, one epoch) with the right cables, and how many with the wrong
# ones? Think first.

# %% tags=["exercise", "computer"]
answer = ...  # two numbers: (right cables, wrong cables)
check("04.4", answer)

# %% [markdown]
# <details><summary>Solution</summary>
#
# Just as many. A weighted sum does not know which photocells are neighbours: the weights end up in other
# places, and all sums are the same. An eye that knows of neighbours comes in lesson 7.
#
# ```python
# shuffle = np.random.default_rng(0).permutation(400)
# answer = [
#     sum(s5.by_hand.perceptron_trace(inputs, sides, epochs=1).mistakes)
#     for inputs in (photocells, photocells[:, shuffle])
# ]
# ```
#
# </details>
#
# ## Quiz
#
# Answer with a letter, such as `"a"`.
#
# ### 04.Q1 Which weights learn?
#
# * **a** those of the response unit only
# * **b** those between photocells and association units only
# * **c** all of them

# %% tags=["exercise"]
check("04.Q1", ...)

# %% [markdown]
# ### 04.Q2 Do left and right need association units?
#
# * **a** yes, a perceptron cannot see an image without them
# * **b** yes, because there are more cards than photocells
# * **c** no, a weighted sum of the photocells is enough

# %% tags=["exercise"]
check("04.Q2", ...)

# %% [markdown]
# ### 04.Q3 What was shown in July 1958?
#
# * **a** the Mark I, reading letters
# * **b** a simulation of the perceptron on an IBM 704
# * **c** a machine that walks and talks

# %% tags=["exercise"]
check("04.Q3", ...)

# %% [markdown]
# ## Summary
#
# * Rosenblatt's machine has photocells, association units with a fixed random wiring, and a response unit
#   whose weights learn.
# * After a hundred cards, each seen once, it tells left from right in more than 95 of 100 new cards. This
#   task would not even need the association units.
# * What it has learned is the sum of the cards that it got wrong. It knows nothing of squares or neighbours.
# * The headline promised far more than the experiment. When the promises were not kept, the first AI winter
#   came.
#
# Next: [lesson 5](05_xor.ipynb) shows what a single learning layer cannot do.
#
# ## Glossary
#
# | term | meaning |
# |---|---|
# | sensory unit | a photocell: 1 in the light, 0 in the dark |
# | association unit | a threshold unit with a fixed random wiring; today one would say a random feature |
# | response unit | the perceptron at the end, the only part that learns |
# | Mark I | the machine of 1960, with motors that turned its weights |
# | AI winter | years in which money and interest leave the field after promises were not kept |
