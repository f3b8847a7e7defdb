"""The result of loading published weights, and the continuation of texts with it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from keras_session5 import checks
from keras_session5.client import Tokenizer
from keras_session5.errors import ArgumentError
from keras_session5.pretrained.families import FAMILIES, Family
from keras_session5.tasks.language_model import trace_continuation
from keras_session5.training import Result

_MAX_NEW_TOKENS = 64  # of a continuation, unless said otherwise: a few seconds on two cores
_NO_TOKEN = -2  # an id that no text has


@dataclass(frozen=True)
class Imported(Result):
    """A network with published weights: a `Result` that has no run, no metrics and no data set.

    `run_dir` is the folder of the weights, `record` tells where they are from and what was left out.

    Attributes:
        class_names: of a classifier; empty if its configuration names none.
        tokenizer_file: `tokenizer.json` of the folder; None if there is none.
        end_id: id of the token that ends a text; None if there is none.
    """

    class_names: tuple[str, ...] = ()
    tokenizer_file: Path | None = None
    end_id: int | None = None

    @property
    def family(self) -> Family:
        return FAMILIES[self.name]

    @property
    def tokenizer(self) -> Tokenizer:
        """The tokenizer of the folder.

        Raises:
            ArgumentError: if the folder holds none, or the library `tokenizers` is not installed.
        """
        if self.tokenizer_file is None:
            raise ArgumentError(
                f"{self.run_dir} must hold tokenizer.json, which turns texts into tokens. Received: none"
            )
        return Tokenizer(self.tokenizer_file, inputs=self.family.inputs, padding_id=self.family.padding_id)

    def task(self) -> Any:
        """Refuses: there is no data set."""
        raise ArgumentError(
            f"{self.name} with the weights of {self.run_dir} has no data set. "
            "Export it and query it, or call its `model`."
        )

    def task_with(self, method: str) -> Any:
        """Returns what continues texts, for `generate`."""
        if method == "generate" and self.family.generates:
            return _Continuation(self)
        fitting = ", ".join(name for name, family in FAMILIES.items() if family.generates)
        raise ArgumentError(
            f"`result` must be of a network that can {method}; with published weights: "
            f"{fitting if method == 'generate' else 'none'}. Received: {self.name}"
        )

    def decoding_settings(self) -> dict[str, Any]:
        """Returns the arguments of `generation.continue_texts` that follow from the vocabulary."""
        end_id = _NO_TOKEN if self.end_id is None else self.end_id
        return {"end_id": end_id, "padding_id": self.family.padding_id, "never": ()}


@dataclass(frozen=True)
class _Continuation:
    """Continues texts; has the method of `tasks.LanguageModel` that `generate` calls."""

    result: Imported

    def generate(
        self,
        model: Any,
        prompts: Sequence[str],
        *,
        temperature: float,
        top_k: int,
        top_p: float,
        seed: int,
        kv_cache: bool,
        max_new_tokens: int | None,
    ) -> list[str]:
        """Returns each prompt with its continuation; the arguments are those of `training.generate`."""
        texts = checks.texts("prompts", prompts)
        if not texts:
            return []
        checks.sampling(seed, temperature, top_k, top_p, model.output_shape[-1])
        more = _MAX_NEW_TOKENS if max_new_tokens is None else max_new_tokens
        checks.positive_int("max_new_tokens", more)
        tokenizer = self.result.tokenizer
        tokens = tokenizer.encode(texts)["tokens"]
        lengths = (tokens >= 0).sum(axis=1)
        longest = self.result.record["arguments"]["max_length"]
        if lengths.max() >= longest:
            raise ArgumentError(
                f"A prompt must be shorter than {longest} tokens. Received: {lengths.max()} tokens"
            )
        limits = np.minimum(lengths + more, longest).astype("int32")
        noise = np.random.default_rng(seed).random((len(texts), int(limits.max())), "float32")
        settings = {"top_k": top_k, "top_p": top_p, "kv_cache": kv_cache} | self.result.decoding_settings()
        continue_tokens = trace_continuation(model, **settings)
        return tokenizer.decode(continue_tokens(tokens, noise, np.array([temperature], "float32"), limits))
