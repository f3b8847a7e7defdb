"""Writing with a decoder: sampling with or without kept keys and values, and beam search.

All of it is made of Keras operations, so that it runs eagerly, under JAX, and inside a SavedModel.
"""

import keras
import numpy as np
from keras import ops

from keras_session5.errors import ArgumentError
from keras_session5.layers import AttentionStep, CausalAttention, LearnedPositions, SinusoidalPositions
from keras_session5.models.blocks import MEMORY

_NEVER = -1e9  # the score of what must not be chosen


def with_cache(model: keras.Model, length: int) -> keras.Model:
    """The same network, weights shared, that takes one token at a time.

    Args:
        model: of `build_gpt`.
        length: L, the most tokens it will see.

    Returns:
        Model from `token` and `index` (B, 1) int32, `index` being the token's position, and the keys and
        values of every layer, (B, L, H, K) each, to the logits (B, 1, V) and the new keys and values.
    """
    attentions = [layer for layer in model.layers if isinstance(layer, CausalAttention)]
    kept = {
        layer.name: [
            keras.Input((length, layer.num_heads, layer.key_dim), name=f"{layer.name}_{what}")
            for what in ("keys", "values")
        ]
        for layer in attentions
    }
    token = keras.Input((1,), dtype="int32", name="token")
    index = keras.Input((1,), dtype="int32", name="index")
    new = []

    def call(layer, *args, **kwargs):
        if isinstance(layer, LearnedPositions | SinusoidalPositions):
            return layer(*args, index=index)
        if layer.name not in kept:
            return layer(*args, **kwargs)
        # Another layer with the same weights: a layer whose calls have one output and three confuses Keras.
        answer, *found = AttentionStep(layer)(*args, *kept[layer.name], index)
        new.extend(found)
        return answer

    more = [index, *(tensor for both in kept.values() for tensor in both)]
    again = _rewired(model, [token], more, call)
    return keras.Model([token, *more], [again.output, *new], name=f"{model.name}_with_cache")


def choose(logits, noise, temperature=1.0, top_k=0, top_p=1.0, never=(0,)):
    """Chooses a token for each row.

    Args:
        logits: (B, V).
        noise: (B,), uniform in [0, 1): the answer is a function of it.
        temperature: by which the logits are divided, a number or (B,); 0 chooses the likeliest.
        top_k: only the so many likeliest can be chosen; 0 for all.
        top_p: only the likeliest that together have this probability can be chosen.
        never: ids that must not be chosen.

    Returns:
        (B,) int32.

    Reference:
        Holtzman et al. (2020), "The Curious Case of Neural Text Degeneration", for top-p.
    """
    ids = ops.arange(logits.shape[-1])
    for id_ in never:
        logits = ops.where(ids == id_, _NEVER, logits)
    order = ops.argsort(-logits, axis=-1)  # likeliest first
    logits = ops.take_along_axis(logits, order, axis=-1)
    temperature = ops.reshape(ops.cast(temperature, "float32"), (-1, 1))
    scaled = (logits - logits[:, :1]) / ops.maximum(temperature, 1e-6)
    scaled = ops.where(logits > _NEVER, scaled, -np.inf)
    probabilities = ops.softmax(scaled, axis=-1)
    before = ops.cumsum(probabilities, axis=-1) - probabilities
    keep = before < top_p
    if top_k:
        keep = ops.logical_and(keep, ids < top_k)
    reached = ops.cumsum(ops.where(keep, probabilities, 0.0), axis=-1)
    rank = ops.sum(ops.cast(reached <= noise[:, None] * reached[:, -1:], "int32"), axis=-1, keepdims=True)
    rank = ops.where(temperature > 0, rank, 0)
    return ops.cast(ops.take_along_axis(order, rank, axis=-1)[:, 0], "int32")


def continue_texts(model, prompts, noise, *, end_id, kv_cache=True, **how):
    """Writes on where the prompts end.

    Args:
        model: from `tokens` (B, T) to `logits` (B, T, V), such as `build_gpt` builds.
        prompts: (B, P) int32, at least one token in each row, 0 after them.
        noise: (B, L), uniform in [0, 1), P <= L; L is the length of the longest answer.
        end_id: the token that ends a text.
        kv_cache: keep keys and values, instead of computing those of every position for every token.
        **how: `temperature`, `top_k`, `top_p` and `never` of `choose`.

    Returns:
        (B, L) int32: the prompts, what follows and the end; 0 after that.

    Raises:
        ArgumentError: if the prompts are longer than L.
    """
    length = noise.shape[1]
    if prompts.shape[1] is not None and prompts.shape[1] > length:
        raise ArgumentError(
            f"`prompts` must be at most as long as `noise`, {length}. Received: {prompts.shape[1]} tokens"
        )
    prompts = ops.pad(prompts, ((0, 0), (0, length)))[:, :length]  # P may not be known before
    places = ops.arange(length)
    stepwise = with_cache(model, length) if kv_cache else None

    def scores(t, tokens, kept):
        if stepwise is None:
            return ops.take(model(tokens, training=False), t, axis=1), kept
        now = ops.take(tokens, t, axis=1)[:, None]
        logits, *kept = stepwise([now, ops.zeros_like(now) + t, *kept], training=False)
        return logits[:, 0], tuple(kept)

    def goes_on(t, tokens, kept):
        return ops.logical_and(t < length - 1, ops.any(_unfinished(ops.take(tokens, t, axis=1), end_id)))

    def step(t, tokens, kept):
        logits, kept = scores(t, tokens, kept)
        chosen = choose(logits, ops.take(noise, t, axis=1), **how)
        chosen = ops.where(_unfinished(ops.take(tokens, t, axis=1), end_id), chosen, 0)
        given = ops.take(prompts, t + 1, axis=1)
        following = ops.where(given != 0, given, chosen)
        return t + 1, ops.where(places == t + 1, following[:, None], tokens), kept

    batch = ops.shape(prompts)[0]
    kept = tuple(ops.zeros((batch, *x.shape[1:])) for x in stepwise.inputs[2:]) if stepwise else ()
    return ops.while_loop(goes_on, step, (0, prompts, kept))[1]


def halves(model: keras.Model) -> tuple[keras.Model, keras.Model]:
    """An encoder-decoder in two, weights shared: what reads a source once, and what is asked for each token.

    Returns:
        Models from `source` (B, T) to the memory (B, T, D), and from `source`, `target` (B, S) and the memory
        to `logits` (B, S, V).
    """
    reader = keras.Model(model.inputs[0], model.get_layer(MEMORY).output)
    memory = keras.Input(reader.output.shape[1:])
    inputs = [keras.Input((None,), dtype="int32", name=tensor.name) for tensor in model.inputs]

    def call(layer, *args, **kwargs):
        return memory if layer.name == MEMORY else layer(*args, **kwargs)

    return reader, _rewired(model, inputs, [memory], call)


def translate(model, source, *, begin_id, end_id, length, beam_width=1):
    """Writes the likeliest target that a beam search finds; with a beam of one, greedily.

    Args:
        model: from `source` (B, T) and `target` (B, S) to `logits` (B, S, V), such as that of
            `build_transformer`.
        source: (B, T) int32, padded with 0.
        begin_id, end_id: tokens that begin and end a target.
        length: S, the longest target without its beginning and with its end.
        beam_width: W, how many unfinished targets are kept.

    Returns:
        Targets (B, S) int32 without the beginning, 0 after the end, and the sums of the logarithms of their
        tokens' probabilities, (B,).

    Reference:
        Sutskever et al. (2014), "Sequence to Sequence Learning with Neural Networks", section 3.2.
    """
    read, write = halves(model)
    vocabulary_size = model.output.shape[-1]
    batch = ops.shape(source)[0]
    memory = ops.repeat(read(source, training=False), beam_width, axis=0)  # (B*W, T, D)
    sources = ops.repeat(source, beam_width, axis=0)
    places, ids = ops.arange(length + 1), ops.arange(vocabulary_size)

    def goes_on(t, targets, totals):
        return ops.logical_and(t < length, ops.any(_unfinished(ops.take(targets, t, axis=2), end_id)))

    def step(t, targets, totals):
        flat = ops.reshape(targets, (-1, length + 1))
        logits = ops.take(write([sources, flat, memory], training=False), t, axis=1)
        scores = ops.reshape(ops.log_softmax(logits), (-1, beam_width, vocabulary_size))
        # A finished target goes on with padding only, at no cost; another never does.
        unfinished = _unfinished(ops.take(targets, t, axis=2), end_id)[:, :, None]
        scores = ops.where(unfinished, ops.where(ids == 0, _NEVER, scores), ops.where(ids == 0, 0.0, _NEVER))
        scores = ops.reshape(totals[:, :, None] + scores, (-1, beam_width * vocabulary_size))
        totals, best = ops.top_k(scores, beam_width)  # (B, W)
        parents = ops.repeat((best // vocabulary_size)[:, :, None], length + 1, axis=2)
        targets = ops.take_along_axis(targets, parents, axis=1)
        following = ops.cast(best % vocabulary_size, "int32")[:, :, None]
        return t + 1, ops.where(places == t + 1, following, targets), totals

    begin = ops.where(places == 0, begin_id, 0)
    targets = ops.zeros((batch, beam_width, 1), "int32") + ops.cast(begin, "int32")
    # All beams are the same at first: only one of them counts, or every one would find the same.
    first = ops.where(ops.arange(beam_width) == 0, 0.0, _NEVER)
    totals = ops.zeros((batch, 1)) + ops.cast(first, "float32")
    _, targets, totals = ops.while_loop(goes_on, step, (0, targets, totals))
    return targets[:, 0, 1:], totals[:, 0]


def _unfinished(tokens, end_id):
    return ops.logical_and(tokens != end_id, tokens != 0)


def _rewired(model: keras.Model, inputs: list, more: list, call) -> keras.Model:
    """The model's own layers, called anew by `call`, on other inputs and on `more` that only `call` knows."""
    return keras.models.clone_model(
        keras.Model([*model.inputs, *more], model.output),
        input_tensors=[*inputs, *more],
        clone_function=lambda layer: layer,
        call_function=call,
    )
