"""`--set key=value`: settings from the command line."""

import ast
from collections.abc import Sequence
from typing import Any

from keras_session5.errors import ArgumentError

# Arguments of `train` that have options of their own.
_OPTIONS = (
    *("name", "data", "data_dir", "seed", "xla", "runs_dir", "resume", "start_from", "verbose"),
    *("dashboard", "profile", "backend", "model_parallel"),
)


def parse_settings(pairs: Sequence[str] | None, epochs: int | None) -> dict[str, Any]:
    """Returns the settings of `--set` and `--epochs`.

    A value is a Python literal (`1e-3`, `True`, `64,32`) or text (`relu`).

    Raises:
        ArgumentError: if a pair has no `=`, names an argument with an option of its own, or repeats a name.
    """
    settings: dict[str, Any] = {} if epochs is None else {"epochs": epochs}
    for pair in pairs or ():
        key, equals, value = pair.partition("=")
        if not equals or not key.isidentifier():
            raise ArgumentError(f"`--set` must be KEY=VALUE, such as learning_rate=1e-3. Received: {pair!r}")
        if key in _OPTIONS:
            raise ArgumentError(
                f"`--set` must change the recipe or the network; {key} is neither. Received: {pair!r}"
            )
        if key in settings:
            raise ArgumentError(f"`{key}` must be given once. Received: {settings[key]!r} and {value!r}")
        try:
            settings[key] = ast.literal_eval(value)
        except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
            settings[key] = {"true": True, "false": False}.get(value, value)
    return settings
