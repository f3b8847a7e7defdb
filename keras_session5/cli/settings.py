"""`--set key=value`: settings from the command line."""

import ast
from collections.abc import Sequence
from typing import Any

from keras_session5.errors import ArgumentError

_OPTIONS = (
    "name",
    "data",
    "data_dir",
    "seed",
    "xla",
    "runs_dir",
    "resume",
    "verbose",
)  # of `train`, no settings


def parse_settings(pairs: Sequence[str] | None) -> dict[str, Any]:
    """Returns the settings that `--set` names.

    A value is a Python literal (`1e-3`, `True`, `64,32`) or else a text (`relu`).

    Raises:
        ArgumentError: if a pair has no `=`, or names what has an option of its own.
    """
    settings = {}
    for pair in pairs or ():
        key, equals, value = pair.partition("=")
        if not equals or not key.isidentifier():
            raise ArgumentError(f"`--set` must be KEY=VALUE, such as learning_rate=1e-3. Received: {pair!r}")
        if key in _OPTIONS:
            raise ArgumentError(
                f"`--set` changes the recipe or the network. {key} is neither. Received: {pair!r}"
            )
        settings[key] = _literal(value)
    return settings


def _literal(text: str) -> Any:
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return {"true": True, "false": False}.get(text, text)
