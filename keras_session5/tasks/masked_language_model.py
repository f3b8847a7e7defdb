"""Masked language modelling: hidden characters of a text."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from keras_session5.data.characters import (
    FIRST_CHARACTER_ID,
    PADDING_ID,
    UNKNOWN_ID,
    decode,
    encode,
    vocabulary_size,
)
from keras_session5.tasks.tokens import TokenTask

_CHOSEN, _HIDDEN, _CHANGED = 0.15, 0.8, 0.1  # BERT's fractions: of all, and twice of those chosen


class MaskedLanguageModel(TokenTask):
    """The characters that were hidden, as BERT learns them."""

    def arguments(self):
        return {"vocabulary_size": vocabulary_size(self.data.alphabet)}

    def batch(self, inputs, labels, rng):
        """Of all characters 15 % are chosen; of these 80 % are hidden, 10 % are replaced by another."""
        chosen = (rng.random(inputs.shape) < _CHOSEN) & (inputs != PADDING_ID)
        fate = rng.random(inputs.shape)
        others = rng.integers(UNKNOWN_ID + 1, vocabulary_size(self.data.alphabet), inputs.shape)
        changed = np.where(fate < _HIDDEN, UNKNOWN_ID, np.where(fate < _HIDDEN + _CHANGED, others, inputs))
        return np.where(chosen, changed, inputs).astype("int32"), inputs, chosen.astype("float32")

    def input_texts(self, split, tokens):
        return [text.replace("\ufffd", "_") for text in decode(tokens, self.data.alphabet)]

    def fill_in(self, model: Any, texts: Sequence[str]) -> list[str]:
        """Returns the texts with the likeliest character for each outside the alphabet, such as "_"."""
        tokens = encode(texts, self.data.alphabet)
        best = model.predict(tokens, verbose=0)[..., FIRST_CHARACTER_ID:].argmax(-1) + FIRST_CHARACTER_ID
        return decode(np.where(tokens == UNKNOWN_ID, best, tokens), self.data.alphabet)
