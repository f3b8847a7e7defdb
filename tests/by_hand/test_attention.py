"""Attention by hand: numbers worked on paper, Keras's layer, what it refuses."""

import keras
import numpy as np
import pytest

from keras_session5.by_hand import scaled_dot_product_attention
from keras_session5.errors import ArgumentError


def test_weights_are_those_worked_on_paper():
    """Section 3.2.1: products 0 and ln 3 * 2, divided by sqrt(4) = 2, give the weights 1/4 and 3/4."""
    keys = [[0, 0, 0, 0], [2 * np.log(3), 0, 0, 0]]
    found = scaled_dot_product_attention([[1, 0, 0, 0]], keys, [[0.0, 8.0], [4.0, 0.0]])
    np.testing.assert_allclose(found, [[3.0, 2.0]])


@pytest.mark.parametrize("masked", [False, True])
def test_every_head_of_kerass_layer_is_this_formula(masked):
    """Section 3.2.2: heads attend side by side and are put together by the last projection."""
    rng = np.random.default_rng(0)
    x, memory = rng.normal(size=(1, 4, 6)), rng.normal(size=(1, 5, 6))
    mask = rng.random((4, 5)) < 0.5
    mask[:, 0] = True
    layer = keras.layers.MultiHeadAttention(num_heads=2, key_dim=3, value_dim=4)
    expected = layer(x, memory, attention_mask=mask[None] if masked else None)
    q, bq, k, bk, v, bv, o, bo = layer.get_weights()
    found = bo
    for h in range(2):
        queries = x[0] @ q[:, h] + bq[h]
        keys, values = memory[0] @ k[:, h] + bk[h], memory[0] @ v[:, h] + bv[h]
        found = found + scaled_dot_product_attention(queries, keys, values, mask if masked else None) @ o[h]
    np.testing.assert_allclose(found, expected[0], atol=1e-5)


def test_a_masked_key_changes_nothing():
    keys, values = np.eye(3), np.arange(6.0).reshape(3, 2)
    mask = [[True, True, False]]
    before = scaled_dot_product_attention([[1, 2, 3]], keys, values, mask)
    np.testing.assert_array_equal(before, scaled_dot_product_attention([[1, 2, 3]], keys[:2], values[:2]))


def test_large_products_do_not_overflow():
    found = scaled_dot_product_attention([[1e4]], [[1e4], [0.0]], [[1.0], [2.0]])
    assert found.tolist() == [[1.0]]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (([[1, 2]], [[1, 2, 3]], [[1]]), r"`keys` must be an array of shape \(keys, 2\)"),
        (([[1, 2]], [[1, 2]], [[1], [2]]), r"`values` must be an array of shape \(1, width\)"),
        (([[1, 2]], [[1, 2]], [[1]], [[True, True]]), r"`mask` must be an array of shape \(1, 1\)"),
        (([[1, 2]], [[1, 2]], [[1]], [[False]]), "`mask` must allow each query at least one key. Received"),
        (([[np.nan, 2]], [[1, 2]], [[1]]), "`queries` must contain only finite numbers"),
    ],
)
def test_a_wrong_argument_is_refused_in_a_sentence(arguments, sentence):
    with pytest.raises(ArgumentError, match=sentence):
        scaled_dot_product_attention(*arguments)
