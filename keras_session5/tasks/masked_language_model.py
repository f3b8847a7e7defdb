"""Masked language modelling: predicting hidden characters of a text."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from keras_session5.data import Split
from keras_session5.data.characters import (
    FIRST_CHARACTER_ID,
    PADDING_ID,
    UNKNOWN_ID,
    decode,
    encode,
    vocabulary_size,
)
from keras_session5.tasks.tokens import TokenTask

_CHOSEN, _HIDDEN, _CHANGED = 0.15, 0.8, 0.1  # BERT's fractions: one of all tokens, two of the chosen ones


class MaskedLanguageModel(TokenTask):
    """The hidden characters of a text, BERT's objective."""

    def arguments(self) -> dict[str, Any]:
        return {"vocabulary_size": vocabulary_size(self.data.alphabet)}

    def batch(self, inputs: np.ndarray, labels: np.ndarray, rng: np.random.Generator) -> tuple:
        """Chooses 15 % of all characters, hides 80 % of these and replaces 10 % with random characters."""
        chosen = (rng.random(inputs.shape) < _CHOSEN) & (inputs != PADDING_ID)
        action = rng.random(inputs.shape)
        others = rng.integers(UNKNOWN_ID + 1, vocabulary_size(self.data.alphabet), inputs.shape)
        changed = np.where(
            action < _HIDDEN, UNKNOWN_ID, np.where(action < _HIDDEN + _CHANGED, others, inputs)
        )
        return np.where(chosen, changed, inputs).astype("int32"), inputs, chosen.astype("float32")

    def input_texts(self, split: Split, tokens: np.ndarray) -> list[str]:
        return [text.replace("\ufffd", "_") for text in decode(tokens, self.data.alphabet)]

    def fill_in(self, model: Any, texts: Sequence[str]) -> list[str]:
        """Replaces each character outside the alphabet, such as "_", with the likeliest one."""
        tokens = encode(texts, self.data.alphabet)
        best = model.predict(tokens, verbose=0)[..., FIRST_CHARACTER_ID:].argmax(-1) + FIRST_CHARACTER_ID
        return decode(np.where(tokens == UNKNOWN_ID, best, tokens), self.data.alphabet)
