"""Masked language modelling: predicting hidden characters of a text."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from keras_session5.data import Split
from keras_session5.data.characters import (
    FIRST_CHARACTER_ID,
    UNKNOWN_ID,
    decode,
    encode,
    vocabulary_size,
)
from keras_session5.tasks.tokens import TokenTask, token_weights

_CHOSEN, _HIDDEN, _CHANGED = 0.15, 0.8, 0.1  # BERT's fractions: one of all tokens, two of the chosen ones


class MaskedLanguageModel(TokenTask):
    """The hidden characters of a text, BERT's objective."""

    def arguments(self) -> dict[str, Any]:
        return {"vocabulary_size": vocabulary_size(self.data.alphabet)}

    def examples(self, inputs: np.ndarray, labels: np.ndarray) -> tuple:
        return inputs, inputs, token_weights(inputs)

    def corrupt(self, *batch: Any, random: Any) -> tuple:
        """Chooses 15 % of all characters, hides 80 % of these and replaces 10 % with random characters."""
        import keras
        from keras import ops

        tokens, targets, weights = batch
        shape = ops.shape(tokens)
        chosen = ops.logical_and(keras.random.uniform(shape, seed=random) < _CHOSEN, weights > 0)
        action = keras.random.uniform(shape, seed=random)
        others = keras.random.randint(
            shape, FIRST_CHARACTER_ID, vocabulary_size(self.data.alphabet), seed=random
        )
        changed = ops.where(
            action < _HIDDEN, UNKNOWN_ID, ops.where(action < _HIDDEN + _CHANGED, others, tokens)
        )
        return ops.where(chosen, changed, tokens), targets, ops.cast(chosen, "float32")

    def batch(self, inputs: np.ndarray, labels: np.ndarray, rng: np.random.Generator) -> tuple:
        import keras

        random = keras.random.SeedGenerator(int(rng.integers(2**31)))
        batch = self.corrupt(*self.examples(inputs, labels), random=random)
        return tuple(keras.ops.convert_to_numpy(array) for array in batch)

    def input_texts(self, split: Split, tokens: np.ndarray) -> list[str]:
        return [text.replace("\ufffd", "_") for text in decode(tokens, self.data.alphabet)]

    def fill_in(self, model: Any, texts: Sequence[str]) -> list[str]:
        """Replaces each character outside the alphabet, such as "_", with the likeliest one."""
        tokens = encode(texts, self.data.alphabet)
        best = model.predict(tokens, verbose=0)[..., FIRST_CHARACTER_ID:].argmax(-1) + FIRST_CHARACTER_ID
        return decode(np.where(tokens == UNKNOWN_ID, best, tokens), self.data.alphabet)
