"""Writes a trained network as the next version of a served model, atomically."""

import contextlib
import fcntl
import functools
import logging
import os
import shutil
import uuid
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from keras_session5.disk import explain_disk_errors
from keras_session5.errors import ExportError
from keras_session5.exporting.comparison import TOLERANCE, max_difference, rows_independent
from keras_session5.training import Result, load_result

_WRITING = ".writing-"  # prefix of an unfinished folder, which no server takes for a version
logger = logging.getLogger("keras_session5")


def export(network: str | Path | Result, directory: str | os.PathLike = "saved_models") -> Path:
    """Exports a trained network as `<directory>/<name>/<n>/`, n being the next free integer.

    The SavedModel is written under a temporary name, loaded again, compared with the Keras model and
    renamed: no reader sees an incomplete version. `assets.extra/` holds `labels.txt`, TensorFlow Serving's
    warm-up requests and `model.json`, which also records for each signature whether its rows are independent.
    A version that is worse than the previous one, by more than chance, is logged with a warning.

    Args:
        network: result of `train`, its run directory as a `Path`, or the name of the network for its newest
            finished run in `runs`. Networks whose weights are set by hand need no run.
        directory: of all exported models.

    Returns:
        Path of the version folder.

    Raises:
        ExportError: under a backend other than TensorFlow, or if the SavedModel does not agree with the
            Keras model to 1e-5.
        DiskError: if the version cannot be written.
        DataError: if the run's data set, which the comparison needs, is no longer available.
        ArgumentError, TrainingError: as `training.load_result`.
    """
    result = load_result(network)
    import keras

    if keras.backend.backend() != "tensorflow":
        raise ExportError(
            f"Networks are exported under Keras's TensorFlow backend. Received: {keras.backend.backend()!r}. "
            f"Export this run with: KERAS_BACKEND=tensorflow session5 export {result.name} "
            "(where TensorFlow is not installed, first: pip install 'keras-session5')"
        )
    base = Path(directory) / result.name
    base.mkdir(parents=True, exist_ok=True)
    with (
        explain_disk_errors(str(base), "Nothing was exported. Free some space, and export again."),
        _lock(base),
    ):
        writing = base / f"{_WRITING}{uuid.uuid4().hex}"
        try:
            _write(writing, result)
            path = _publish(writing, base)
        finally:
            shutil.rmtree(writing, ignore_errors=True)
    from keras_session5.exporting.replaced import replaced_by

    if (replaced := replaced_by(path, result)) and replaced.worse:
        logger.warning(replaced.warning(path, result))
    return path


@contextlib.contextmanager
def _lock(base: Path) -> Iterator[None]:
    """Locks the folder for this export, and removes the leftovers of killed ones if no other is in progress.

    All exports share the lock. The kernel releases it when a process ends, even after a crash.
    """
    folder = os.open(base, os.O_RDONLY)
    try:
        # Fails during another export, and on network file systems without exclusive locks of folders.
        with contextlib.suppress(OSError):
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
            for leftover in base.glob(f"{_WRITING}*"):
                shutil.rmtree(leftover, ignore_errors=True)
        fcntl.flock(folder, fcntl.LOCK_SH)
        yield
    finally:
        os.close(folder)


def ask_saved_model(path: Path, signature: str, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Loads a SavedModel and returns the outputs of a signature, by name."""
    return load_signatures(path)[signature](inputs)


def load_signatures(path: Path) -> dict[str, Callable[[Mapping[str, np.ndarray]], dict[str, np.ndarray]]]:
    """Loads a SavedModel and returns its signatures by name, as functions from arrays to arrays."""
    import tensorflow as tf

    loaded = tf.saved_model.load(str(path))
    return {name: functools.partial(_call_signature, loaded, name) for name in loaded.signatures}


def _call_signature(loaded: Any, signature: str, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Calls a signature of a model, which must stay alive: a signature does not hold its weights."""
    import tensorflow as tf

    outputs = loaded.signatures[signature](**{name: tf.constant(array) for name, array in inputs.items()})
    return {name: tensor.numpy() for name, tensor in outputs.items()}


def _write(path: Path, result: Result) -> None:
    """Writes the SavedModel with its extras, and compares every signature's outputs with the Keras model's.

    `rows_independent` is measured on the SavedModel, loaded again.
    """
    import keras
    import tensorflow as tf

    from keras_session5.exporting.extras import write_extras
    from keras_session5.exporting.signatures import make_signatures

    task = result.task()
    signatures = make_signatures(result.model, task)
    archive = keras.export.ExportArchive()
    archive.track(result.model)
    for name, signature in signatures.items():
        # `tf.saved_model.save` traces each endpoint once more: a function that is already traced, in no time.
        traced = tf.function(signature.function, input_signature=signature.specs, autograph=False)
        archive.add_endpoint(name, traced.get_concrete_function().__call__, signature.specs)
    archive.write_out(str(path), verbose=False)

    loaded = load_signatures(path)
    for name, signature in signatures.items():
        outputs = loaded[name](signature.examples)
        difference = max_difference(signature.expected, outputs, relative=signature.explains)
        if difference > TOLERANCE:
            raise ExportError(
                f"The signature {name} of the SavedModel must agree with the Keras model to "
                f"{TOLERANCE}. Received: a difference of {difference:.3g}. Nothing was exported."
            )
    independent = {name: rows_independent(loaded[name], one.examples) for name, one in signatures.items()}
    warm_up = {name: signature.examples for name, signature in signatures.items() if not signature.explains}
    write_extras(path, result, task.data, warm_up, independent)


def _publish(writing: Path, base: Path) -> Path:
    """Renames a finished folder to the next free version, and returns its path."""
    while True:
        taken = [int(child.name) for child in base.iterdir() if child.name.isdecimal()]
        target = base / str(max(taken, default=0) + 1)
        try:
            return writing.rename(target)
        except OSError:
            if not target.exists():  # otherwise another export has taken the number: try the next one
                raise
