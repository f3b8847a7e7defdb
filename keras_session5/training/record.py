"""The initial record of a run."""

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
    """Creates a run directory, with a record of everything needed to repeat the run.

    Args:
        entry, model, arguments: the compiled network and the arguments of its builder.
        recipe, task: of the training.
        runs_dir: directory of all runs.
        chosen: `data`, `data_dir`, `seed`, `xla`, `start_from` and `model_parallel`.
    """
    import keras

    from keras_session5.training import device

    data_set = task.data
    splits = {"train": task.train, "validation": data_set.validation, "test": data_set.test}
    return Run.create(
        runs_dir,
        entry.name,
        {
            "name": entry.name,
            **chosen,
            "backend": keras.backend.backend(),
            "jit_compile": bool(model.jit_compile),
            "device": device.name(),
            "parameters": model.count_params(),
            "arguments": entry.all_arguments(**arguments),
            "recipe": asdict(recipe),
            "data_source": data_set.source,
            "examples": {name: len(split) for name, split in splits.items() if split is not None},
            "versions": {package: _find_version(package) for package in _PACKAGES},
        },
    )


def _find_version(package: str) -> str | None:
    """Returns the version of a package; None if it is not installed, as TensorFlow under another backend."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None
