"""What the page asks the model server, and the sentences where there is no answer."""

import inspect
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from functools import wraps
from pathlib import Path
from typing import Any, Protocol

import gradio as gr
import numpy as np

from keras_session5.catalog import NETWORKS
from keras_session5.client.labels import class_names
from keras_session5.data import DATA_SETS
from keras_session5.errors import ArgumentError, InvalidArgumentError, NotFoundError, Session5Error

Answer = dict[str, np.ndarray]
_LONGEST_TEXT = 200  # characters; no name and no date is longer


class Client(Protocol):
    """As much of `keras_session5.client.Client` as the page needs."""

    address: str

    def predict(self, name: str, inputs: Any, *, signature_name: str = ...) -> Answer: ...

    def metadata(self, name: str) -> Any: ...

    def status(self, name: str) -> list[Any]: ...

    def models(self) -> dict[str, list[Any]]: ...


class Predictor:
    """Asks the models for one example at a time.

    Args:
        client: of the model server.
        models: folder of the exported models, where the names of the classes lie if the server's models
            were exported on this machine.
    """

    def __init__(self, client: Client, models: Path):
        self.client, self._models = client, models

    def ask(self, name: str, signature: str, **inputs: Any) -> Answer:
        """Returns what a model answers to one example, by output name, without the axis of the batch.

        Raises:
            ServingError: what is wrong and what to do.
        """
        rows = {key: [value] for key, value in inputs.items()}
        return {key: value[0] for key, value in self.predict_batch(name, signature, **rows).items()}

    def predict_batch(self, name: str, signature: str, **inputs: Sequence[Any]) -> Answer:
        """The same for a batch."""
        try:
            return self.client.predict(name, inputs, signature_name=signature)
        except NotFoundError:
            raise self._missing(name) from None
        except InvalidArgumentError:
            if signature in self.client.metadata(name).signatures:
                raise
            raise InvalidArgumentError(
                f"This version of `{name}` cannot be looked into, for it lacks the signature `{signature}`. "
                f"`session5 export {name}` writes one that has it."
            ) from None

    def class_names(self, name: str, count: int | None = None) -> list[str]:
        """Returns a name for each class: as exported, else as the network's own data set has them.

        Args:
            name: of the model.
            count: of the classes, if it is known: where no names fit, numbers take their place.
        """
        try:
            names = class_names(self.client, name, self._models)
        except NotFoundError:
            raise self._missing(name) from None
        if names and count in (None, len(names)):
            return names
        names = DATA_SETS[(NETWORKS[name].data or "").partition("/")[0]].class_names
        return list(names) if count in (None, len(names)) else [str(i) for i in range(count)]

    def _missing(self, name: str) -> NotFoundError:
        return NotFoundError(
            f"The server at {self.client.address} has no model `{name}`. `session5 run {name}` trains "
            "and exports it, `session5 tour` all of them; then ask again."
        )


def check_text(text: str | None) -> str:
    """Returns a text as the networks take it, with each letter and its accent as one character.

    Raises:
        ArgumentError: if there is nothing, or too much, to read.
    """
    text = unicodedata.normalize("NFC", text or "")
    if not text.strip():
        raise ArgumentError("Type at least one letter.")
    if len(text) > _LONGEST_TEXT:
        raise ArgumentError(f"Type at most {_LONGEST_TEXT} characters. Received: {len(text)}.")
    return text


def show_errors(
    num_outputs: int, cleared: int | None = None
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Makes a function's answer one for the page: first a sentence, empty if all is well, then the outputs.

    Args:
        num_outputs: of the function; a single one needs no tuple. A generator gives them several times.
        cleared: how many of them are empty if it fails, all if None. The others, which were chosen by the
            user, stay as they are.
    """

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        def fine(outputs: Any) -> tuple[Any, ...]:
            return ("", *outputs) if num_outputs > 1 else ("", outputs)

        def wrong(error: Session5Error) -> tuple[Any, ...]:
            empty = num_outputs if cleared is None else cleared
            return (f"⚠ {error.sentence}", *[None] * empty, *[gr.skip()] * (num_outputs - empty))

        @wraps(function)
        def answer(*values: Any) -> tuple[Any, ...]:
            try:
                return fine(function(*values))
            except Session5Error as error:
                return wrong(error)

        @wraps(function)
        def answers(*values: Any) -> Iterator[tuple[Any, ...]]:
            try:
                yield from map(fine, function(*values))
            except Session5Error as error:
                yield wrong(error)

        return answers if inspect.isgeneratorfunction(function) else answer

    return decorate
