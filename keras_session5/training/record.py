"""The record with which a run begins."""

from collections.abc import Mapping
from dataclasses import asdict
from importlib import metadata
from pathlib import Path
from typing import Any

from keras_session5.catalog import Network, Recipe
from keras_session5.tasks import Task
from keras_session5.training.runs import Run

_PACKAGES = ("keras-session5", "tensorflow", "keras", "numpy", "tensorflow-datasets", "scikit-learn", "babel")


def begin_run(
    entry: Network,
    model: Any,
    arguments: Mapping[str, Any],
    recipe: Recipe,
    task: Task,
    runs_dir: str | Path,
    chosen: Mapping[str, Any],
) -> Run:
    """Makes a run directory, with a record of all that it takes to do the run again.

    Args:
        entry, model, arguments: the network, compiled, and the arguments that it was built with.
        recipe, task: what it is trained with.
        runs_dir: where the runs are.
        chosen: `data`, `data_dir`, `seed`, `xla` and `start_from`.
    """
    from keras_session5.training import xla

    data_set = task.data
    splits = {"train": task.train, "validation": data_set.validation, "test": data_set.test}
    return Run.create(
        runs_dir,
        entry.name,
        {
            "name": entry.name,
            **chosen,
            "jit_compile": bool(model.jit_compile),
            "device": xla.device(),
            "parameters": model.count_params(),
            "arguments": entry.all_arguments(**arguments),
            "recipe": asdict(recipe),
            "data_source": data_set.source,
            "examples": {name: len(split) for name, split in splits.items() if split is not None},
            "versions": {package: metadata.version(package) for package in _PACKAGES},
        },
    )
