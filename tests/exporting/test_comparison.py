"""Which answers are near enough, and which functions a server may give several requests at once."""

import itertools

import numpy as np
import pytest
import tensorflow as tf

from keras_session5.exporting import TOLERANCE, load_signatures, rows_independent

RNG = np.random.default_rng(0)
X = RNG.normal(size=(64, 3)).astype("float32")
TEXTS = np.array([f"text {i}".encode() for i in range(64)], object)
W = RNG.normal(size=(3, 5)).astype("float32")


def padded(x):
    """Lengths of 1 to 3 by the sign of the first value, padded to the longest of the batch."""
    width = 1 + int((x[:, 0] > 0).any()) + int((x[:, 1] > 0).any())
    return x[:, :width]


INDEPENDENT = {
    "a product": lambda x: {"y": x @ W},
    "integers": lambda x: {"y": np.argmax(x, -1)},
    "truth": lambda x: {"y": x[:, 0] > 0},
    "texts": lambda x: {"y": np.array([str(row[0]).encode() for row in x], object)},
    "several": lambda x: {"y": x[:, 0], "z": x[:, None] * x[..., None]},
    "another order of sums": lambda x: {"y": x @ W + len(x) * 0.01 * TOLERANCE},
    "large, to the last digits": lambda x: {"y": 1000 * x * (1 + len(x) * 1e-3 * TOLERANCE)},
    "nothing in a row": lambda x: {"y": x[:, :0]},
}
DEPENDENT = {
    "the batch's mean": lambda x: {"y": x - x.mean(axis=0)},
    "a little of the mean": lambda x: {"y": x - 1e-3 * x.mean(axis=0)},
    "normalised over the batch": lambda x: {"y": x / (1e-6 + np.abs(x).max(axis=0))},
    "the row before": lambda x: {"y": x + np.roll(x, 1, axis=0)},
    "the first row": lambda x: {"y": np.repeat(x[:1], len(x), 0)},
    "the place in the batch": lambda x: {"y": np.arange(len(x))},
    "the size of the batch": lambda x: {"y": np.full(len(x), len(x))},
    "sorted": lambda x: {"y": np.sort(x, axis=0)},
    "a scalar": lambda x: {"y": x[:, 0], "sum": x.sum()},
    "one row for all": lambda x: {"y": x.mean(axis=0, keepdims=True)},
    "one output of two": lambda x: {"y": x, "z": x - x.mean(axis=0)},
    "two rows for each": lambda x: {"y": np.repeat(x, 2, axis=0)},
    "as wide as the widest": lambda x: {"y": padded(x)},
    "texts with the batch's size": lambda x: {"y": np.array([b"%d" % len(x)] * len(x), object)},
    "beyond the tolerance": lambda x: {"y": x + (len(x) > 8) * 2 * TOLERANCE},
    "NaN": lambda x: {"y": np.where(x > 0, x, np.nan)},
    "only in large batches": lambda x: {"y": x + (len(x) > 8)},
    "chance": lambda x: {"y": x + RNG.random(x.shape)},
}


@pytest.mark.parametrize("name", INDEPENDENT)
def test_rows_that_do_not_see_each_other_are_independent(name):
    assert rows_independent(lambda inputs: INDEPENDENT[name](inputs["x"]), {"x": X})


@pytest.mark.parametrize("name", DEPENDENT)
def test_rows_that_see_each_other_are_not(name):
    assert not rows_independent(lambda inputs: DEPENDENT[name](inputs["x"]), {"x": X})


def test_what_counts_its_calls_is_not_independent():
    calls = itertools.count()
    assert not rows_independent(lambda inputs: {"y": inputs["x"] + next(calls)}, {"x": X})


def test_chance_that_each_row_has_a_seed_for_is_independent():
    def answer(inputs):
        return {"y": np.array([np.random.default_rng(seed).random() for seed in inputs["seed"]])}

    assert rows_independent(answer, {"seed": np.arange(64)})


@pytest.mark.parametrize(
    "examples",
    [
        {},
        {"x": X, "scale": np.array(2.0, "float32")},
        {"x": X, "scale": np.ones(1, "float32")},
        {"x": X[:7]},
        {"x": np.zeros((64, 3), "float32")},
        {"x": X, "text": np.array([b"the same"] * 64, object)},
    ],
    ids=["nothing", "a scalar", "another length", "too few", "all the same", "one all the same"],
)
def test_examples_that_show_nothing_are_not_taken_for_a_proof(examples):
    assert not rows_independent(lambda inputs: {"y": inputs["x"] * 2}, examples)


def test_several_sizes_are_asked_with_other_neighbours():
    asked = []

    def answer(inputs):
        asked.append([int(text.split()[1]) for text in inputs["text"]])
        return {"text": inputs["text"]}

    assert rows_independent(answer, {"text": TEXTS})
    assert [len(rows) for rows in asked] == [*[1] * 8, 2, 3, 8, 64]
    alone = [rows[0] for rows in asked[:8]]
    assert alone == sorted(set(alone))
    assert (alone[0], alone[-1]) == (0, 63)
    assert asked[10] == alone[::-1]


def test_it_is_seen_on_a_saved_model(tmp_path):
    module = tf.Module()
    module.count = tf.Variable(0.0)
    spec = tf.TensorSpec((None, 3), tf.float32, "x")
    functions = {
        "product": lambda x: {"y": tf.matmul(x, W), "best": tf.argmax(x, -1)},
        "centred": lambda x: {"y": x - tf.reduce_mean(x, 0)},
        "total": lambda x: {"y": tf.reduce_sum(x)},
        "named": lambda x: {"y": tf.constant("a text")},
        "counted": lambda x: {"y": x + module.count.assign_add(1.0)},
        "random": lambda x: {"y": x + tf.random.uniform(tf.shape(x))},
    }
    signatures = {name: tf.function(f, input_signature=[spec]) for name, f in functions.items()}
    tf.saved_model.save(module, str(tmp_path), signatures=signatures)
    found = {name: rows_independent(answer, {"x": X}) for name, answer in load_signatures(tmp_path).items()}
    assert found == {name: name == "product" for name in functions}
