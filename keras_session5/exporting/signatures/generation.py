"""The signature that continues token ids."""

import numpy as np
import tensorflow as tf

from keras_session5.exporting.refusal import require
from keras_session5.exporting.signatures.base import Signature
from keras_session5.exporting.signatures.language_model import draw_noise
from keras_session5.generation import continue_texts
from keras_session5.pretrained import Imported

_PROMPT = 4  # tokens of an example


def generate(result: Imported, tokens: np.ndarray) -> Signature:
    """Makes `generate`: prompts -> prompts with their continuations, with the key-value cache.

    Inputs, one entry for each row: `tokens` (B, T), -1 after a shorter prompt; `temperature`, 0 for the
    likeliest token at each step; `seed`, which gives the same continuation each time; `max_new_tokens`. The
    output `tokens` (B, L) has -1 after the end of a row, L as long as the longest row can be.

    Args:
        tokens: (N, T) int32, from which the examples are taken.
    """
    vocabulary_size = result.record["arguments"]["vocabulary_size"]
    longest = result.record["arguments"]["max_length"]

    def call(tokens, temperature, seed, max_new_tokens):
        sentence = f"A token id must be from 0 to {vocabulary_size - 1}, or -1 after a prompt. Received:"
        tokens = require((tokens >= -1) & (tokens < vocabulary_size), sentence, tokens, tokens)
        given = tf.cast(tokens >= 0, tf.int32)
        lengths = tf.reduce_sum(given, axis=1)
        sentence = f"A prompt must have from 1 to {longest - 1} tokens, then only -1. Received:"
        valid = (lengths > 0) & (lengths < longest)
        valid &= tf.reduce_all(given == tf.sequence_mask(lengths, tf.shape(tokens)[1], tf.int32), axis=1)
        tokens = require(valid, sentence, tokens, tokens)
        sentence = "`temperature` must be at least 0. Received:"
        temperature = require(temperature >= 0, sentence, temperature, temperature)
        sentence = "`max_new_tokens` must be at least 1. Received:"
        max_new_tokens = require(max_new_tokens > 0, sentence, max_new_tokens, max_new_tokens)
        # The order of the terms avoids an overflow.
        limits = lengths + tf.minimum(max_new_tokens, longest - lengths)
        noise = draw_noise(seed, longest)[:, : tf.reduce_max(limits)]
        tokens = tokens[:, : tf.reduce_max(lengths)]
        settings = {"max_lengths": limits, "temperature": temperature} | result.decoding_settings()
        return {"tokens": continue_texts(result.model, tokens, noise, **settings)}

    specs = [
        tf.TensorSpec((None, None), tf.int32, "tokens"),
        tf.TensorSpec((None,), tf.float32, "temperature"),
        tf.TensorSpec((None,), tf.int32, "seed"),
        tf.TensorSpec((None,), tf.int32, "max_new_tokens"),
    ]
    rows = np.arange(len(tokens), dtype="int32")
    width = min(_PROMPT, longest - 1)
    prompts = np.where(np.arange(width) <= rows[:, None] % width, tokens[:, :width], -1)
    examples = {
        "tokens": prompts.astype("int32"),
        # Greedy: a rounding error can move a random draw from many tokens of nearly equal probability.
        "temperature": np.zeros(len(rows), "float32"),
        "seed": rows,
        "max_new_tokens": 1 + rows % 4,
    }
    traced = tf.function(call, input_signature=specs, autograph=False)
    expected = {"tokens": traced(**examples)["tokens"].numpy()}
    return Signature(call, specs, examples, expected)
