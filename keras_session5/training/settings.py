"""Settings of the network and of its recipe, and the checks that they fit the data."""

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

from keras_session5 import checks
from keras_session5.catalog import Network, Recipe
from keras_session5.data import DATA_SETS
from keras_session5.data.registry import loadable_names
from keras_session5.errors import ArgumentError
from keras_session5.tasks import Task
from keras_session5.training.result import Result

_RECIPE_FIELDS = [f.name for f in fields(Recipe)]


def check_data(entry: Network, data: str) -> None:
    """Raises `ArgumentError` unless the data set exists and has the network's modality."""
    family, slash, _ = data.partition("/")
    spec = DATA_SETS[checks.one_of("data", family, DATA_SETS)]
    if slash or spec.variants:
        checks.one_of("data", data, [name for name in loadable_names() if name.split("/")[0] == family])
    if spec.modality != entry.modality:
        fitting = ", ".join(name for name, spec in DATA_SETS.items() if spec.modality == entry.modality)
        raise ArgumentError(
            f"`data` must be a data set of modality {entry.modality} for {entry.name}: {fitting}. Received: "
            f"data={data!r}, of modality {spec.modality}"
        )


def check_alphabets(result: Result, data: str) -> None:
    """Raises `ArgumentError` unless the run's data set and the other one number the same characters."""
    own, other = (DATA_SETS[name.partition("/")[0]] for name in (result.data, data))
    if (own.alphabet, own.target_alphabet) != (other.alphabet, other.target_alphabet):
        raise ArgumentError(
            f"{result.name} was trained on the characters of {result.data}, and those of {data} differ. "
            f"Received: data={data!r} with {result.run_dir}"
        )


def split_settings(settings: Mapping[str, Any], recipe: Recipe) -> tuple[dict[str, Any], Recipe]:
    """Splits settings into arguments of the builder and changes to the recipe, and applies these."""
    changes = {key: value for key, value in settings.items() if key in _RECIPE_FIELDS}
    arguments = {key: value for key, value in settings.items() if key not in _RECIPE_FIELDS}
    return arguments, replace(recipe, **changes)


def complete_arguments(arguments: Mapping[str, Any], entry: Network, task: Task) -> dict[str, Any]:
    """Adds the arguments that follow from the data, or raises `ArgumentError` if one contradicts them."""
    names = entry.argument_names()
    for key in arguments:  # the others must belong to the network
        checks.one_of("setting", key, [*names, *_RECIPE_FIELDS])
    sizes = {key: size for key, size in task.arguments().items() if key in names}
    for key, size in sizes.items():
        if arguments.get(key, size) != size:
            raise ArgumentError(
                f"`{key}` follows from the data and must be {size} for {task.data.name}. "
                f"Received: {key}={arguments[key]!r}"
            )
    max_length = entry.all_arguments(**sizes | dict(arguments)).get("max_length", task.max_length())
    if isinstance(max_length, int) and max_length < task.max_length():
        raise ArgumentError(
            f"`max_length` must be at least {task.max_length()}, the length of the longest text of "
            f"{task.data.name}. Received: max_length={max_length}"
        )
    return sizes | dict(arguments)
