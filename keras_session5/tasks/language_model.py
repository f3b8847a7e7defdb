"""Language modelling: predicting the next character of a text."""

import functools
import unicodedata
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from keras_session5 import checks
from keras_session5.data import Split
from keras_session5.data.characters import (
    PADDING_ID,
    UNKNOWN_ID,
    begin_id,
    decode,
    encode,
    end_id,
    marked_vocabulary_size,
)
from keras_session5.errors import ArgumentError
from keras_session5.tasks.tokens import TokenTask, append_end, token_weights
from keras_session5.tasks.tracing import trace


class LanguageModel(TokenTask):
    """The next character of a text that begins with its class, up to the end token."""

    @property
    def text_length(self) -> int:
        """Number of tokens of the longest text, its begin token included."""
        return self.data.train.inputs.shape[1] + 1

    def arguments(self) -> dict[str, Any]:
        size = marked_vocabulary_size(self.data.alphabet, len(self.data.class_names))
        return {"vocabulary_size": size, "max_length": self.text_length}

    def examples(self, inputs: np.ndarray, labels: np.ndarray) -> tuple:
        begins = begin_id(self.data.alphabet) + labels[:, None]
        shifted = np.concatenate([begins, inputs], axis=1).astype("int32")
        targets = append_end(inputs, end_id(self.data.alphabet) if self.data.whole_texts else PADDING_ID)
        return shifted, targets, token_weights(targets)

    def input_texts(self, split: Split, tokens: np.ndarray) -> list[str]:
        return self.class_names_of(split.labels)

    def generate(
        self,
        model: Any,
        prompts: Sequence[str],
        *,
        temperature: float = 1.0,
        top_k: int = 0,
        top_p: float = 1.0,
        seed: int = 0,
        kv_cache: bool = True,
        max_new_tokens: int | None = None,
    ) -> list[str]:
        """Returns each prompt with its continuation; the arguments are those of `training.generate`."""
        prompts = checks.texts("prompts", prompts)
        checks.sampling(seed, temperature, top_k, top_p, model.output_shape[-1])
        if max_new_tokens is not None:
            checks.positive_int("max_new_tokens", max_new_tokens)
        noise = np.random.default_rng(seed).random((len(prompts), self.text_length), "float32")
        settings = {"top_k": top_k, "top_p": top_p, "kv_cache": kv_cache, "max_new_tokens": max_new_tokens}
        return self.continue_prompts(model, prompts, noise, temperature, **settings)

    def continue_prompts(
        self,
        model: Any,
        prompts: Sequence[str],
        noise: np.ndarray | None = None,
        temperature: float = 1.0,
        max_new_tokens: int | None = None,
        **settings: Any,
    ) -> list[str]:
        """Returns each prompt with its continuation; the same noise gives the same texts.

        Args:
            noise: (number of prompts, `text_length`), uniform in [0, 1); not needed at temperature 0.
            max_new_tokens: of each continuation; None for as many as fit.
            **settings: of `generation.continue_texts`.
        """
        if not prompts:
            return []
        if noise is None:
            noise = np.zeros((len(prompts), self.text_length), "float32")
        continue_tokens = trace_continuation(model, **self.decoding_settings(), **settings)
        tokens = self.encode_prompts(prompts)
        more = self.text_length if max_new_tokens is None else min(max_new_tokens, self.text_length)
        limits = (np.count_nonzero(tokens, axis=1) + more).astype("int32")
        tokens = continue_tokens(tokens, noise, np.array([temperature], "float32"), limits)
        return decode(tokens, self.data.alphabet)

    def decoding_settings(self) -> dict[str, Any]:
        """Returns the end token, and the tokens that must not be generated."""
        alphabet, num_classes = self.data.alphabet, len(self.data.class_names)
        beginnings = tuple(begin_id(alphabet, i) for i in range(num_classes))
        return {"end_id": end_id(alphabet), "never": (PADDING_ID, UNKNOWN_ID, *beginnings)}

    def encode_prompts(self, prompts: Sequence[str]) -> np.ndarray:
        """Returns prompts as ids (B, P), each after the begin token of its class.

        Raises:
            ArgumentError: for an unknown class or a prompt that is too long.
        """
        data = self.data
        pairs = (self.split_prompt(unicodedata.normalize("NFC", prompt)) for prompt in prompts)
        classes, starts = zip(*pairs, strict=True)
        begins = [[begin_id(data.alphabet, data.class_names.index(name))] for name in classes]
        width = max(1, max(map(len, starts)))
        if width >= self.text_length:
            raise ArgumentError(
                f"A prompt must be shorter than {self.text_length} characters. Received: {width} characters"
            )
        return np.concatenate([np.array(begins, "int32"), encode(starts, data.alphabet, width)], axis=1)

    def split_prompt(self, prompt: str) -> tuple[str, str]:
        """Returns the class of a prompt and the beginning of its text."""
        class_names = self.data.class_names
        if len(class_names) == 1:
            return class_names[0], prompt
        name, colon, start = prompt.partition(":")
        if not colon:
            raise ArgumentError(
                f"A prompt must begin with a class and a colon, such as '{class_names[0]}: '. "
                f"Received: {prompt!r}"
            )
        return checks.one_of("class", name.strip(), class_names), start.strip()


@functools.lru_cache(maxsize=2)  # tracing takes a second, and the next call often has the same network
def trace_continuation(model: Any, **settings: Any) -> Callable[..., Any]:
    """Returns a compiled `generation.continue_texts`: of prompts, noise, temperature and maximum lengths."""
    from keras_session5.generation import continue_texts

    return trace(
        lambda tokens, noise, temperature, limits: continue_texts(
            model, tokens, noise, temperature=temperature, max_lengths=limits, **settings
        )
    )
