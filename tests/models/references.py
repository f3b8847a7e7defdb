"""NumPy references of the transformer's parts, each a few lines; one sequence at a time."""

import numpy as np

from keras_session5.by_hand import scaled_dot_product_attention


def softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def normalise(x, gamma, beta):
    return gamma * (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + 1e-5) + beta


def attend(x, memory, keep, q, bq, k, bk, v, bv, o, bo):
    """Multi-head attention from x (S, D) to memory (T, D); kernels (D, H, K), output kernel (H, K, D)."""
    queries, keys, values = (
        np.einsum("td,dhk->htk", side, w) + b[:, None]
        for side, w, b in ((x, q, bq), (memory, k, bk), (memory, v, bv))
    )
    mask = np.broadcast_to(keep, (len(x), len(memory)))
    heads = [scaled_dot_product_attention(*head, mask) for head in zip(queries, keys, values, strict=True)]
    return np.einsum("htk,hkd->td", heads, o) + bo


def relu(x):
    return np.maximum(x, 0)


def block(x, attentions, mlp, norms, pre_norm, activation=relu):
    """A whole layer: `attentions` are functions of (S, D), `norms` one (gamma, beta) for each sublayer."""
    (w1, b1, w2, b2) = mlp
    sublayers = [*attentions, lambda h: activation(h @ w1 + b1) @ w2 + b2]
    for sublayer, norm in zip(sublayers, norms, strict=True):
        x = x + sublayer(normalise(x, *norm)) if pre_norm else normalise(x + sublayer(x), *norm)
    return x
