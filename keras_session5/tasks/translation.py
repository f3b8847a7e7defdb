"""Translation: from a source text to a target text."""

import functools
import sys
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from keras_session5 import checks
from keras_session5.data import Split
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
from keras_session5.tasks.base import token_labels
from keras_session5.tasks.tokens import TokenTask, append_end, token_weights
from keras_session5.tasks.tracing import trace

_BATCH = 256


class Translation(TokenTask):
    """A target text for each source text, trained with teacher forcing."""

    hides_inputs = True

    @property
    def output_alphabet(self) -> str:
        return self.data.target_alphabet

    @property
    def target_length(self) -> int:
        """Number of tokens of the longest target, its end token included."""
        return self.data.train.labels.shape[1] + 1

    def max_length(self) -> int:
        return max(super().max_length(), self.target_length)

    def arguments(self) -> dict[str, Any]:
        source = vocabulary_size(self.data.alphabet)
        target = marked_vocabulary_size(self.data.target_alphabet)
        # A network with a single vocabulary uses the target's, which includes the special tokens.
        return {
            "source_vocabulary_size": source,
            "target_vocabulary_size": target,
            "vocabulary_size": target,
        }

    def examples(self, inputs: np.ndarray, labels: np.ndarray) -> tuple:
        labels = trim(labels)
        special = self.special_tokens()
        targets = append_end(labels, special["end_id"])
        begin = np.full((len(labels), 1), special["begin_id"], "int32")
        return (inputs, np.concatenate([begin, labels], axis=1)), targets, token_weights(targets)

    def complete_metrics(self, model: Any, split: Split, metrics: Mapping[str, float]) -> dict[str, float]:
        """`accuracy` is the fraction of exact translations, `token_accuracy` that of correct tokens."""
        completed = super().complete_metrics(model, split, metrics)
        completed["token_accuracy"] = completed.pop("accuracy")
        right = np.array(self.translate(model, split.texts)) == np.array(split.targets)
        completed["accuracy"] = float(right.mean())
        if self.data.name == "text_tasks":
            for prefix in (LANGUAGE_PREFIX, ISO_PREFIX):
                of_task = np.array([text.startswith(prefix) for text in split.texts])
                completed[f"{prefix.rstrip(': ')}_accuracy"] = float(right[of_task].mean())
        return completed

    def input_texts(self, split: Split, tokens: np.ndarray) -> list[str]:
        return list(split.texts)

    def attention_labels(self, inputs: Any, group: str, num_keys: int) -> tuple[list[str], list[str]]:
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
        max_length = min(getattr(layer, "max_length", sys.maxsize) for layer in model.layers)
        for text in texts:
            if len(text) > max_length:
                raise ArgumentError(
                    f"A text must have at most {max_length} characters. "
                    f"Received: {len(text)}, {text[:40]!r}..."
                )
        width = max(self.data.train.inputs.shape[1], max(map(len, texts), default=1))
        source = encode(texts, self.data.alphabet, width)
        search = _trace_search(
            model, **self.special_tokens(), length=self.target_length, beam_width=beam_width
        )
        batches = [search(source[i : i + _BATCH]) for i in range(0, len(source), _BATCH)]
        return [text for tokens in batches for text in decode(tokens, self.data.target_alphabet)]

    def special_tokens(self) -> dict[str, int]:
        """Returns the begin and the end token of a target."""
        return {"begin_id": begin_id(self.data.target_alphabet), "end_id": end_id(self.data.target_alphabet)}


@functools.lru_cache(maxsize=2)  # tracing takes a second, and the next call often has the same network
def _trace_search(model: Any, **settings: Any) -> Callable[..., Any]:
    from keras_session5.generation import translate

    return trace(lambda source: translate(model, source, **settings)[0])
