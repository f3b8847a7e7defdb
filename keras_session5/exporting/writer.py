"""Writes a trained network as the next version of a served model, whole or not at all."""

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

from keras_session5.disk import told
from keras_session5.errors import ExportError
from keras_session5.exporting.comparison import TOLERANCE, max_difference, rows_independent
from keras_session5.training import Result, load_result

_WRITING = ".writing-"  # begins what is being written: no integer, so that no server takes it for a version
logger = logging.getLogger("keras_session5")


def export(network: str | Path | Result, directory: str | os.PathLike = "saved_models") -> Path:
    """Exports a trained network as `<directory>/<name>/<n>/`, n being the next free integer.

    The SavedModel is written beside its place, loaded again, compared with the Keras model and
    renamed: no reader ever sees half a version. `assets.extra/` holds `labels.txt`, TensorFlow Serving's
    warm-up requests and `model.json`, which also says of each signature whether its rows are independent. A
    version that is worse than the newest before it, by more than chance, is logged with a warning.

    Args:
        network: what `train` returned, its run directory as a `Path`, or its name for its newest finished run
            in `runs`. Networks whose weights are set by hand need no run.
        directory: of all exported models.

    Returns:
        Path of the version folder.

    Raises:
        ExportError: under another backend than TensorFlow, or if the SavedModel does not agree with
            the Keras model to 1e-5.
        DiskError: if the version cannot be written.
        DataError: if the data set of the run, whose examples it is compared on, is gone.
        ArgumentError, TrainingError: as `training.load_result`.
    """
    result = load_result(network)
    import keras

    if keras.backend.backend() != "tensorflow":
        raise ExportError(
            f"Networks are exported under Keras's TensorFlow backend. Received: {keras.backend.backend()!r}. "
            f"The run is kept; export it with: KERAS_BACKEND=tensorflow session5 export {result.name}"
        )
    base = Path(directory) / result.name
    base.mkdir(parents=True, exist_ok=True)
    with told(str(base), "Nothing was exported. Make room, and export again."), _cleared(base):
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
def _cleared(base: Path) -> Iterator[None]:
    """Removes what exports that were killed have left, if no export is in progress; then one is.

    Each shares the lock of the folder, which the kernel takes from a process that ends, however it ends.
    """
    folder = os.open(base, os.O_RDONLY)
    try:
        # Fails beside another export, and on network file systems, which lock no folder exclusively.
        with contextlib.suppress(OSError):
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
            for leftover in base.glob(f"{_WRITING}*"):
                shutil.rmtree(leftover, ignore_errors=True)
        fcntl.flock(folder, fcntl.LOCK_SH)
        yield
    finally:
        os.close(folder)


def ask_saved_model(path: Path, signature: str, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Loads a SavedModel and returns what a signature answers, by output name."""
    return load_signatures(path)[signature](inputs)


def load_signatures(path: Path) -> dict[str, Callable[[Mapping[str, np.ndarray]], dict[str, np.ndarray]]]:
    """Loads a SavedModel and returns its signatures, from arrays to arrays, by name."""
    import tensorflow as tf

    loaded = tf.saved_model.load(str(path))
    return {name: functools.partial(_ask, loaded, name) for name in loaded.signatures}


def _ask(loaded: Any, signature: str, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Takes the whole model: a signature does not hold the one whose weights it uses."""
    import tensorflow as tf

    answer = loaded.signatures[signature](**{name: tf.constant(array) for name, array in inputs.items()})
    return {name: tensor.numpy() for name, tensor in answer.items()}


def _write(path: Path, result: Result) -> None:
    """Writes the SavedModel with its extras; every signature must answer as the Keras model does.

    What the extras say of its signatures was seen on the SavedModel as it was loaded again.
    """
    import keras

    from keras_session5.exporting.extras import write_extras
    from keras_session5.exporting.signatures import make_signatures

    task = result.task()
    found = make_signatures(result.model, task)
    archive = keras.export.ExportArchive()
    archive.track(result.model)
    for name, signature in found.items():
        archive.add_endpoint(name, signature.function, signature.specs)
    archive.write_out(str(path), verbose=False)

    answers = load_signatures(path)
    for name, signature in found.items():
        answer = answers[name](signature.examples)
        difference = max_difference(signature.expected, answer, relative=signature.opens)
        if difference > TOLERANCE:
            raise ExportError(
                f"The signature {name} of the SavedModel must agree with the Keras model to "
                f"{TOLERANCE}. Received: a difference of {difference:.3g}. Nothing was exported."
            )
    independent = {name: rows_independent(answers[name], one.examples) for name, one in found.items()}
    warm_up = {name: signature.examples for name, signature in found.items() if not signature.opens}
    write_extras(path, result, task.data, warm_up, independent)


def _publish(writing: Path, base: Path) -> Path:
    """Renames a finished folder to the next free version."""
    while True:
        taken = [int(child.name) for child in base.iterdir() if child.name.isdecimal()]
        target = base / str(max(taken, default=0) + 1)
        try:
            return writing.rename(target)
        except OSError:
            if not target.exists():  # else another export took that number meanwhile: take the next
                raise
