"""The formula of attention in NumPy."""

import numpy as np
from numpy.typing import ArrayLike

from keras_session5.by_hand import arrays
from keras_session5.errors import ArgumentError


def scaled_dot_product_attention(
    queries: ArrayLike, keys: ArrayLike, values: ArrayLike, mask: ArrayLike | None = None
) -> np.ndarray:
    """Computes softmax(Q K^T / sqrt(K)) V: for each query a weighted mean of the values.

    The weights of a query are positive and sum to 1; the larger the product of query and key, the larger the
    weight. This is one head of `keras.layers.MultiHeadAttention` without its projections.

    Args:
        queries: Q, one row for each position that attends to others, (S, K).
        keys: one row for each position to attend to, (T, K).
        values: V, one row for each key, (T, width).
        mask: True where a query may attend to a key, (S, T), at least once for each query; None allows all
            pairs.

    Returns:
        Array of shape (S, width).

    Raises:
        ArgumentError: if the shapes do not match, a number is not finite or a query has no key.

    Example:
        >>> scaled_dot_product_attention([[0, 0]], [[1, 0], [0, 1]], [[2], [4]]).tolist()
        [[3.0]]

    Reference:
        Vaswani et al. (2017), "Attention Is All You Need", section 3.2.1, equation (1).
    """
    q = arrays.numbers("queries", queries, "queries", "K")
    k = arrays.numbers("keys", keys, "keys", q.shape[1])
    v = arrays.numbers("values", values, len(k), "width")

    scores = q @ k.T / np.sqrt(k.shape[1])  # (S, T)
    if mask is not None:
        allowed = arrays.numbers("mask", mask, len(q), len(k)) != 0
        if not allowed.any(axis=1).all():
            raise ArgumentError(f"`mask` must allow each query at least one key. Received: mask={mask!r}")
        scores = np.where(allowed, scores, -np.inf)
    weights = np.exp(
        scores - scores.max(axis=1, keepdims=True)
    )  # softmax; subtracting the maximum avoids overflow
    weights /= weights.sum(axis=1, keepdims=True)
    return weights @ v
