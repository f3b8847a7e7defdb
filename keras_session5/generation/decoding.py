"""Generating text with a decoder: sampling with or without a key-value cache, and beam search.

All operations are Keras's, so the functions run eagerly, under JAX and inside a SavedModel.
"""

from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from keras_session5.errors import ArgumentError
from keras_session5.layers import AttentionStep, CausalAttention, LearnedPositions, SinusoidalPositions
from keras_session5.models.blocks import MEMORY

_NEVER = -1e9  # score of tokens that must not be chosen


def with_cache(model: keras.Model, length: int | None) -> keras.Model:
    """Returns the same network, with shared weights, that takes one token at a time, or a prompt at once.

    Args:
        model: from `build_gpt`.
        length: L, the maximum number of tokens; None for any.

    Returns:
        Model from `token` and `index` (B, Q) int32, `index` being the tokens' positions, and the keys and
        values of every layer, (B, H, L, K) each, to the logits (B, Q, V) and the new keys and values.
    """
    attentions = [layer for layer in model.layers if isinstance(layer, CausalAttention)]
    cache = {
        layer.name: [
            keras.Input(
                (layer.num_heads, length, layer.key_dim),
                name=f"{layer.name}_{part}",
                dtype=layer.compute_dtype,
            )
            for part in ("keys", "values")
        ]
        for layer in attentions
    }
    token = keras.Input((None,), dtype="int32", name="token")
    index = keras.Input((None,), dtype="int32", name="index")
    new = []

    def call(layer, *args, **kwargs):
        if isinstance(layer, LearnedPositions | SinusoidalPositions):
            return layer(*args, index=index)
        if layer.name not in cache:
            return layer(*args, **kwargs)
        # Another layer with the same weights: Keras does not allow a layer one output here and three there.
        output, *updated = AttentionStep(layer)(*args, *cache[layer.name], index)
        new.extend(updated)
        return output

    more = [index, *(tensor for pair in cache.values() for tensor in pair)]
    stepwise = _rewire(model, [token], more, call)
    return keras.Model([token, *more], [stepwise.output, *new], name=f"{model.name}_with_cache")


def choose(
    logits: Any,
    noise: Any,
    temperature: Any = 1.0,
    top_k: int = 0,
    top_p: Any = 1.0,
    never: Sequence[int] = (0,),
) -> Any:
    """Chooses a token for each row.

    Args:
        logits: (B, V).
        noise: (B,), uniform in [0, 1); the same noise gives the same tokens.
        temperature: divides the logits, a number or (B,); 0 chooses the likeliest token.
        top_k: sample from the k likeliest tokens only; 0 for all.
        top_p: sample from the likeliest tokens that together have this probability.
        never: ids that must not be chosen.

    Returns:
        (B,) int32.

    Reference:
        Holtzman et al. (2020), "The Curious Case of Neural Text Degeneration", for top-p.
    """
    ids = ops.arange(logits.shape[-1])
    logits = ops.cast(logits, "float32")
    for id_ in never:
        logits = ops.where(ids == id_, _NEVER, logits)
    temperature = ops.reshape(ops.cast(temperature, "float32"), (-1, 1))

    def sample():
        order = ops.argsort(-logits, axis=-1)  # likeliest first
        ordered = ops.take_along_axis(logits, order, axis=-1)
        scaled = (ordered - ordered[:, :1]) / ops.maximum(temperature, 1e-6)
        scaled = ops.where(ordered > _NEVER, scaled, -np.inf)
        probabilities = ops.softmax(scaled, axis=-1)
        before = ops.cumsum(probabilities, axis=-1) - probabilities
        keep = before < top_p
        if top_k:
            keep = ops.logical_and(keep, ids < top_k)
        reached = ops.cumsum(ops.where(keep, probabilities, 0.0), axis=-1)
        rank = ops.sum(ops.cast(reached <= noise[:, None] * reached[:, -1:], "int32"), axis=-1, keepdims=True)
        rank = ops.where(temperature > 0, rank, 0)
        return ops.cast(ops.take_along_axis(order, rank, axis=-1)[:, 0], "int32")

    def take_likeliest():
        return ops.cast(ops.argmax(logits, axis=-1), "int32")

    # Sorting a vocabulary of 50,257 tokens takes a tenth of the time of GPT-2 small.
    return ops.cond(ops.any(temperature > 0), sample, take_likeliest)


def continue_texts(
    model: Any,
    prompts: Any,
    noise: Any,
    *,
    end_id: int,
    kv_cache: bool = True,
    padding_id: int = 0,
    max_lengths: Any = None,
    **settings: Any,
) -> Any:
    """Continues prompts.

    Args:
        model: from `tokens` (B, T) to `logits` (B, T, V), such as that of `build_gpt`.
        prompts: (B, P) int32, at least one token in each row, then padding.
        noise: (B, L), uniform in [0, 1), P <= L; L is the maximum length of a text.
        end_id: the token that ends a text.
        kv_cache: reuse the keys and values of earlier positions instead of computing them for every token.
        padding_id: id of the padding, which no token may have; -1 for a vocabulary in which 0 is a token.
        max_lengths: (B,) int32, the maximum number of tokens of each text, its prompt included; None for L.
        **settings: `temperature`, `top_k`, `top_p` and `never` of `choose`.

    Returns:
        (B, L) int32: the prompts, their continuations and the end token; then padding.

    Raises:
        ArgumentError: if the prompts are longer than L.
    """
    size = noise.shape[1]  # None in a graph for texts of any length
    if prompts.shape[1] is not None and size is not None and prompts.shape[1] > size:
        raise ArgumentError(
            f"`prompts` must be at most as long as `noise`, {size}. Received: {prompts.shape[1]} tokens"
        )
    batch, length = ops.shape(prompts)[0], ops.shape(noise)[1]
    padding = ops.zeros((batch, length), "int32") + padding_id
    width = ops.shape(prompts)[1]
    prompts = ops.concatenate([prompts, padding], axis=1)[:, :length]
    limits = ops.zeros((batch,), "int32") + (length if max_lengths is None else max_lengths)
    positions = ops.arange(length)
    stepwise = with_cache(model, size) if kv_cache else None

    def predict(t, tokens, cache):
        if stepwise is None:
            return ops.take(model(ops.maximum(tokens, 0), training=False), t, axis=1), cache
        token = ops.maximum(ops.take(tokens, t, axis=1)[:, None], 0)
        logits, *cache = stepwise([token, ops.zeros_like(token) + t, *cache], training=False)
        return logits[:, 0], tuple(cache)

    def is_unfinished(t, tokens):
        token = ops.take(tokens, t, axis=1)
        return ops.logical_and(_is_unfinished(token, end_id, padding_id), t < limits - 1)

    def is_any_unfinished(t, tokens, cache):
        return ops.logical_and(t < length - 1, ops.any(is_unfinished(t, tokens)))

    def step(t, tokens, cache):
        logits, cache = predict(t, tokens, cache)
        chosen = choose(logits, ops.take(noise, t, axis=1), **settings)
        chosen = ops.where(is_unfinished(t, tokens), chosen, padding_id)
        prompt = ops.take(prompts, t + 1, axis=1)
        following = ops.where(prompt != padding_id, prompt, chosen)
        return t + 1, ops.where(positions == t + 1, following[:, None], tokens), cache

    start, cache = 0, ()
    if stepwise:
        cache = tuple(
            ops.zeros((batch, x.shape[1], length, x.shape[3]), x.dtype) for x in stepwise.inputs[2:]
        )
        # All prompts at once, up to the last token of the shortest, whose logits come next. What is cached of
        # padding is overwritten before it is read.
        start = ops.min(ops.sum(ops.cast(prompts != padding_id, "int32"), axis=1)) - 1
        prompt = ops.maximum(prompts[:, :width], 0)
        index = ops.zeros_like(prompt) + ops.arange(ops.shape(prompt)[1])
        _, *cache = stepwise([prompt, index, *cache], training=False)
    return ops.while_loop(is_any_unfinished, step, (start, prompts, tuple(cache)))[1]


def split_model(model: keras.Model) -> tuple[keras.Model, keras.Model]:
    """Splits an encoder-decoder, with shared weights: the encoder runs once, the decoder for each token.

    Returns:
        Models from `source` (B, T) to the memory (B, T, D), and from `source`, `target` (B, S) and the memory
        to `logits` (B, S, V).
    """
    encoder = keras.Model(model.inputs[0], model.get_layer(MEMORY).output)
    memory = keras.Input(encoder.output.shape[1:])
    inputs = [keras.Input((None,), dtype="int32", name=tensor.name) for tensor in model.inputs]

    def call(layer, *args, **kwargs):
        return memory if layer.name == MEMORY else layer(*args, **kwargs)

    return encoder, _rewire(model, inputs, [memory], call)


def translate(
    model: Any, source: Any, *, begin_id: int, end_id: int, length: int, beam_width: int = 1
) -> tuple[Any, Any]:
    """Generates the likeliest target by beam search; a beam of one is greedy decoding.

    Args:
        model: from `source` (B, T) and `target` (B, S) to `logits` (B, S, V), such as that of
            `build_transformer`.
        source: (B, T) int32, padded with 0.
        begin_id, end_id: tokens that begin and end a target.
        length: S, the maximum length of a target, without its begin token and with its end token.
        beam_width: W, the number of partial targets that the search keeps.

    Returns:
        Targets (B, S) int32 without the begin token, 0 after the end token, and their log-probabilities (B,).

    Reference:
        Sutskever et al. (2014), "Sequence to Sequence Learning with Neural Networks", section 3.2.
    """
    encoder, decoder = split_model(model)
    vocabulary_size = model.output.shape[-1]
    batch = ops.shape(source)[0]
    memory = ops.repeat(encoder(source, training=False), beam_width, axis=0)  # (B*W, T, D)
    sources = ops.repeat(source, beam_width, axis=0)
    positions, ids = ops.arange(length + 1), ops.arange(vocabulary_size)

    def is_unfinished(t, targets, totals):
        return ops.logical_and(t < length, ops.any(_is_unfinished(ops.take(targets, t, axis=2), end_id)))

    def step(t, targets, totals):
        flat = ops.reshape(targets, (-1, length + 1))
        logits = ops.take(decoder([sources, flat, memory], training=False), t, axis=1)
        scores = ops.reshape(ops.log_softmax(logits), (-1, beam_width, vocabulary_size))
        # A finished target continues with padding only, at no cost; an unfinished one never does.
        unfinished = _is_unfinished(ops.take(targets, t, axis=2), end_id)[:, :, None]
        scores = ops.where(unfinished, ops.where(ids == 0, _NEVER, scores), ops.where(ids == 0, 0.0, _NEVER))
        scores = ops.reshape(totals[:, :, None] + scores, (-1, beam_width * vocabulary_size))
        totals, best = ops.top_k(scores, beam_width)  # (B, W)
        parents = ops.repeat((best // vocabulary_size)[:, :, None], length + 1, axis=2)
        targets = ops.take_along_axis(targets, parents, axis=1)
        following = ops.cast(best % vocabulary_size, "int32")[:, :, None]
        return t + 1, ops.where(positions == t + 1, following, targets), totals

    begin = ops.where(positions == 0, begin_id, 0)
    targets = ops.zeros((batch, beam_width, 1), "int32") + ops.cast(begin, "int32")
    # All beams start equal: only the first counts, otherwise all would find the same targets.
    first = ops.where(ops.arange(beam_width) == 0, 0.0, _NEVER)
    totals = ops.zeros((batch, 1)) + ops.cast(first, "float32")
    _, targets, totals = ops.while_loop(is_unfinished, step, (0, targets, totals))
    return targets[:, 0, 1:], totals[:, 0]


def _is_unfinished(tokens, end_id, padding_id=0):
    return ops.logical_and(tokens != end_id, tokens != padding_id)


def _rewire(model: keras.Model, inputs: list, more: list, call: Callable[..., Any]) -> keras.Model:
    """Calls the model's own layers again, with `call`, on other inputs and on `more` only for `call`."""
    return keras.models.clone_model(
        keras.Model([*model.inputs, *more], model.output),
        input_tensors=[*inputs, *more],
        clone_function=lambda layer: layer,
        call_function=call,
    )
