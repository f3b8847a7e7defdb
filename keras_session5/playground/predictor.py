"""Requests of the page to the model server, with errors as messages for the user."""

import inspect
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import wraps
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np

from keras_session5.catalog import NETWORKS
from keras_session5.client import Client
from keras_session5.client.labels import class_names
from keras_session5.data import DATA_SETS
from keras_session5.errors import (
    ArgumentError,
    InvalidArgumentError,
    NotFoundError,
    Session5Error,
    UnavailableError,
)

Outputs = dict[str, np.ndarray]
_MAX_TEXT_LENGTH = 200  # characters; names and dates are shorter


class Predictor:
    """Gets predictions from a model server.

    Args:
        client: client of the model server.
        models: folder of the exported models; it contains the class names if the models were exported on this
            machine.
    """

    def __init__(self, client: Client, models: Path):
        self.client, self._models = client, models

    def predict(self, name: str, signature: str, **inputs: Any) -> Outputs:
        """Returns the outputs of a model for one sample, by name, without the batch axis.

        Raises:
            ServingError: if the request fails, with a remedy.
        """
        batch = {key: [value] for key, value in inputs.items()}
        return {key: value[0] for key, value in self.predict_batch(name, signature, **batch).items()}

    def predict_batch(self, name: str, signature: str, **inputs: Sequence[Any]) -> Outputs:
        """Returns the outputs of a model for a batch, by name.

        Raises:
            ServingError: if the request fails, with a remedy.
        """
        try:
            return self.client.predict(name, inputs, signature_name=signature)
        except NotFoundError:
            raise self._make_missing_error(name) from None
        except InvalidArgumentError:
            if signature in self.client.metadata(name).signatures:
                raise
            raise InvalidArgumentError(
                f"This version of `{name}` lacks the signature `{signature}`. "
                f"`session5 export {name}` writes a version with it."
            ) from None

    def is_served(self, name: str) -> bool:
        """Returns whether a version of the model is available; True if the server does not answer at all."""
        try:
            return any(version.state == "AVAILABLE" for version in self.client.status(name))
        except NotFoundError:
            return False
        except UnavailableError:
            return True

    def class_names(self, name: str, count: int | None = None) -> list[str]:
        """Returns the class names of the exported model, or else those of the network's default data set.

        Args:
            name: name of the model.
            count: number of classes, if known; numbers replace the names if their count differs.
        """
        try:
            names = class_names(self.client, name, self._models)
        except NotFoundError:
            raise self._make_missing_error(name) from None
        if names and count in (None, len(names)):
            return names
        entry = NETWORKS.get(name)
        names = DATA_SETS[entry.data.partition("/")[0]].class_names if entry and entry.data else ()
        return list(names) if count in (None, len(names)) else [str(i) for i in range(count)]

    def name_classes(self, name: str, probabilities: np.ndarray) -> dict[str, float]:
        """Returns class -> probability, of probabilities (C,)."""
        names = self.class_names(name, len(probabilities))
        return dict(zip(names, probabilities.tolist(), strict=True))

    def _make_missing_error(self, name: str) -> NotFoundError:
        return NotFoundError(
            f"The server at {self.client.address} has no model `{name}`. `session5 run {name}` trains "
            f'and exports it, and so does the button "Train {name} now".'
        )


def best(probabilities: Mapping[str, float]) -> str:
    """Returns the likeliest class with its probability, in words."""
    name = max(probabilities, key=lambda one: probabilities[one])
    return f"{name} {probabilities[name]:.0%}"


def check_text(text: str | None) -> str:
    """Returns a text in NFC, in which each accented letter is one character.

    Raises:
        ArgumentError: if the text is empty or too long.
    """
    text = unicodedata.normalize("NFC", text or "")
    if not text.strip():
        raise ArgumentError("Type at least one letter.")
    if len(text) > _MAX_TEXT_LENGTH:
        raise ArgumentError(f"Type at most {_MAX_TEXT_LENGTH} characters. Received: {len(text)}.")
    return text


def show_errors(
    num_outputs: int, cleared: int | None = None
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Decorates a function of the page to return an error message, empty on success, before its outputs.

    Args:
        num_outputs: number of outputs of the function, without a tuple if there is one. The function may be a
            generator.
        cleared: number of outputs to clear on an error, all if None. The others, the user's choices, remain.
    """

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        is_generator = inspect.isgeneratorfunction(function)

        @wraps(function)
        def iterate(*inputs: Any) -> Iterator[tuple[Any, ...]]:
            try:
                outputs = function(*inputs)
                for one in outputs if is_generator else [outputs]:
                    yield ("", *one) if num_outputs > 1 else ("", one)
            except Session5Error as error:
                empty = num_outputs if cleared is None else cleared
                yield (f"⚠ {error.sentence}", *[None] * empty, *[gr.skip()] * (num_outputs - empty))

        return iterate if is_generator else wraps(function)(lambda *inputs: next(iterate(*inputs)))

    return decorate
