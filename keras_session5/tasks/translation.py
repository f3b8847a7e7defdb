"""Translation: a text for a text."""

import functools
import unicodedata
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from keras_session5 import checks
from keras_session5.data.characters import (
    begin_id,
    decode,
    encode,
    end_id,
    marked_vocabulary_size,
    trim,
    vocabulary_size,
)
from keras_session5.data.text_tasks.tasks import ISO_PREFIX, LANGUAGE_PREFIX
from keras_session5.errors import ArgumentError
from keras_session5.tasks.task import token_labels
from keras_session5.tasks.tokens import TokenTask, token_weights, with_end
from keras_session5.tasks.tracing import trace

_BATCH = 256  # texts at once


class Translation(TokenTask):
    """A text for a text, learned with the target so far as an input (teacher forcing)."""

    hides_inputs = True

    @property
    def output_alphabet(self):
        return self.data.target_alphabet

    @property
    def target_length(self) -> int:
        """Tokens of the longest target, its end included."""
        return self.data.train.labels.shape[1] + 1

    def longest(self):
        return max(super().longest(), self.target_length)

    def arguments(self):
        source = vocabulary_size(self.data.alphabet)
        target = marked_vocabulary_size(self.data.target_alphabet)
        # One vocabulary for both where the network has only one: the target's has the marks too.
        return {
            "source_vocabulary_size": source,
            "target_vocabulary_size": target,
            "vocabulary_size": target,
        }

    def batch(self, inputs, labels, rng):
        labels = trim(labels)
        marks = self.marks()
        targets = with_end(labels, marks["end_id"])
        begin = np.full((len(labels), 1), marks["begin_id"], "int32")
        return (inputs, np.concatenate([begin, labels], axis=1)), targets, token_weights(targets)

    def complete_metrics(self, model, split, metrics):
        """`accuracy` is the fraction of targets that are exactly right, `token_accuracy` that of tokens."""
        found = super().complete_metrics(model, split, metrics)
        found["token_accuracy"] = found.pop("accuracy")
        right = np.array(self.translate(model, split.texts)) == np.array(split.targets)
        found["accuracy"] = float(right.mean())
        if self.data.name == "text_tasks":
            for prefix in (LANGUAGE_PREFIX, ISO_PREFIX):
                of_task = np.array([text.startswith(prefix) for text in split.texts])
                found[f"{prefix.rstrip(': ')}_accuracy"] = float(right[of_task].mean())
        return found

    def input_texts(self, split, tokens):
        return list(split.texts)

    def attention_labels(self, inputs, group, num_keys):
        source = token_labels(inputs[0][0], self.data.alphabet)
        target = token_labels(inputs[1][0], self.data.target_alphabet)
        if "cross" in group:
            return target, source
        return (source, source) if "encoder" in group else (target, target)

    def translate(self, model: Any, texts: Sequence[str], beam_width: int = 1) -> list[str]:
        """Returns the translation of each text; the arguments are those of `training.translate`."""
        checks.positive_int("beam_width", beam_width)
        texts = [unicodedata.normalize("NFC", text) for text in checks.texts("texts", texts)]
        if not all(texts):
            raise ArgumentError("`texts` must have at least one character each. Received: an empty text")
        longest = min(
            getattr(layer, "max_length", len(max(texts, key=len, default=""))) for layer in model.layers
        )
        for text in texts:
            if len(text) > longest:
                raise ArgumentError(
                    f"A text must have at most {longest} characters. Received: {len(text)}, {text[:40]!r}..."
                )
        width = max(self.data.train.inputs.shape[1], max(map(len, texts), default=1))
        source = encode(texts, self.data.alphabet, width)
        search = _search(model, **self.marks(), length=self.target_length, beam_width=beam_width)
        found = [search(source[i : i + _BATCH]) for i in range(0, len(source), _BATCH)]
        return [text for tokens in found for text in decode(tokens, self.data.target_alphabet)]

    def marks(self) -> dict[str, int]:
        """Returns the tokens that begin and end a target."""
        return {"begin_id": begin_id(self.data.target_alphabet), "end_id": end_id(self.data.target_alphabet)}


@functools.lru_cache(maxsize=2)  # tracing takes a second, and the next call is of the same network
def _search(model: Any, **settings: Any) -> Callable[..., Any]:
    from keras_session5.generation import translate

    return trace(lambda source: translate(model, source, **settings)[0])
