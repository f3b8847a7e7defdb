"""Writes a trained network as the next version of a served model, atomically."""

import contextlib
import fcntl
import functools
import logging
import os
import shutil
import uuid
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from keras_session5.disk import explain_disk_errors
from keras_session5.errors import ArgumentError, ExportError
from keras_session5.exporting.comparison import max_difference, rows_independent
from keras_session5.exporting.exportable import Exportable
from keras_session5.pretrained import Imported
from keras_session5.training import Result, load_result

_WRITING = ".writing-"  # prefix of an unfinished folder, which no server takes for a version
logger = logging.getLogger("keras_session5")


def export(
    network: str | Path | Result | Any,
    directory: str | os.PathLike = "saved_models",
    *,
    name: str | None = None,
    examples: Any = None,
    class_names: Sequence[str] | None = None,
    signatures: Collection[str] = (),
) -> Path:
    """Exports a network or any Keras model as `<directory>/<name>/<n>/`, n being the next free integer.

    The SavedModel is written under a temporary name, loaded again, compared with the Keras model and
    renamed: no reader sees an incomplete version. `assets.extra/` holds `labels.txt`, TensorFlow Serving's
    warm-up requests and `model.json`, which also records for each signature whether its rows are independent,
    and the SHA-256 of every other file. A version that is worse than the previous one, by more than chance,
    is logged with a warning.

    Args:
        network: result of `train` or `load_weights`, a run directory as a `Path`, or the name of a network
            for its newest finished run in `runs`. Networks whose weights are set by hand need no run. Or a
            model of your own: a `keras.Model` that is built, or the path of a `.keras` file, which is loaded
            in safe mode.
        directory: of all exported models.
        name: of a model of your own, or of published weights, on the server; the model's, the file's or the
            network's name if None.
        examples: inputs of a model of your own for the comparison: arrays by input name, or one array for one
            input, of which the first 64 rows count. A subclassed model's inputs have their names and dtypes.
            None: generated from the shapes and dtypes of the inputs.
        class_names: of a model of your own, for `labels.txt`.
        signatures: of a model of your own, beside `serving_default`. "image_bytes" adds `from_image_bytes`:
            PNG or JPEG files, resized to the model's input; pixels are from 0 to 255, or divided by 255 if
            those of the examples are floats up to 1 (`pixels` in `model.json`). "explain" adds `explain`:
            attention, states, feature maps and saliency, or the weighted sums of dense layers; with
            "image_bytes" also `explain_image_bytes`.

    Returns:
        Path of the version folder.

    Raises:
        ExportError: under a backend other than TensorFlow, or if the SavedModel does not agree with the
            Keras model to 1e-5, or to 1e-5 of an output's largest number if that is above 1 (1/32 if the
            network computes in bfloat16).
        DiskError: if the version cannot be written.
        DataError: if the run's data set, which the comparison needs, is no longer available.
        ArgumentError, TrainingError: as `training.load_result`; for a wrong argument of a model of your own.

    Example:
        >>> export(model, name="flowers", examples={"image": x}, class_names=["daisy", "rose"])
        PosixPath('saved_models/flowers/1')
    """
    given = {"name": name, "examples": examples, "class_names": class_names, "signatures": signatures or None}
    given = {key: value for key, value in given.items() if value is not None}
    if is_own(network):
        source = _prepare_own(network, given)
    else:
        source = (
            _prepare_imported(network, given)
            if isinstance(network, Imported)
            else _load_result(network, given)
        )
    base = Path(directory) / source.name
    base.mkdir(parents=True, exist_ok=True)
    with (
        explain_disk_errors(str(base), "Nothing was exported. Free some space, and export again."),
        _lock(base),
    ):
        writing = base / f"{_WRITING}{uuid.uuid4().hex}"
        try:
            _write(writing, source)
            path = _publish(writing, base)
        finally:
            shutil.rmtree(writing, ignore_errors=True)
    from keras_session5.exporting.replaced import replaced_by

    if isinstance(source, Result) and (replaced := replaced_by(path, source)) and replaced.worse:
        logger.warning(replaced.warning(path, source))
    return path


def is_own(network: Any) -> bool:
    """Returns whether `export` takes this as a model of one's own: a `keras.Model`, or a `.keras` file."""
    if isinstance(network, (str, Path)):
        return Path(network).suffix == ".keras"
    return not isinstance(network, Result)


def _load_result(network: str | Path | Result, given: Mapping[str, Any]) -> Result:
    if given:
        raise ArgumentError(
            f"`{next(iter(given))}` must be left out for a network of the catalogue, which knows it. "
            "It is for a keras.Model or a .keras file. Received: "
            f"{network.name if isinstance(network, Result) else network}"
        )
    result = load_result(network)
    _require_tensorflow("Export this run", result.name)
    return result


def _prepare_imported(result: Imported, given: Mapping[str, Any]) -> Exportable:
    if other := next((argument for argument in given if argument != "name"), None):
        raise ArgumentError(
            f"`{other}` must be left out for published weights, which know it. Received: {result.name}"
        )
    _require_tensorflow("Import the weights", result.name)
    from keras_session5.exporting.imported import prepare

    return prepare(result, **given)


def _prepare_own(network: Any, given: Mapping[str, Any]) -> Exportable:
    import keras

    if not isinstance(network, (str, Path, keras.Model)):
        raise ArgumentError(
            "`network` must be the name of a network, a result of `train`, a run directory as a Path, a "
            f"keras.Model or the path of a .keras file. Received: {type(network).__name__}"
        )
    file = None if isinstance(network, keras.Model) else Path(network)
    _require_tensorflow("Save the model as a file and export that" if file is None else "Export it", file)
    from keras_session5.exporting.own import prepare

    return prepare(file or network, **given)


def _require_tensorflow(what: str, name: str | Path | None) -> None:
    import keras

    if keras.backend.backend() != "tensorflow":
        raise ExportError(
            f"Networks are exported under Keras's TensorFlow backend. Received: {keras.backend.backend()!r}. "
            f"{what} with: KERAS_BACKEND=tensorflow session5 export {name or 'MODEL.keras'} "
            "(where TensorFlow is not installed, first: pip install 'keras-session5')"
        )


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


def _write(path: Path, source: Result | Exportable) -> None:
    """Writes the SavedModel with its extras, and compares every signature's outputs with the Keras model's.

    `rows_independent` is measured on the SavedModel, loaded again.
    """
    import keras
    import tensorflow as tf

    from keras_session5.exporting.extras import write_extras

    exported = Exportable.of(source) if isinstance(source, Result) else source
    archive = keras.export.ExportArchive()
    if exported.may_have_tables:  # it finds variables in the signatures, and would write these twice
        archive.track(exported.model)
    for name, signature in exported.signatures.items():
        # `tf.saved_model.save` traces each endpoint once more: a function that is already traced, in no time.
        traced = tf.function(signature.function, input_signature=signature.specs, autograph=False)
        archive.add_endpoint(name, traced.get_concrete_function().__call__, signature.specs)
    archive.write_out(str(path), verbose=False)

    loaded = load_signatures(path)
    for name, signature in exported.signatures.items():
        outputs = loaded[name](signature.examples)
        difference = max_difference(signature.expected, outputs, relative=True)
        if not difference <= exported.tolerance:
            raise ExportError(
                f"The signature {name} of the SavedModel must agree with the Keras model to "
                f"{exported.tolerance}. Received: a difference of {difference:.3g}. Nothing was exported."
            )
    independent = {
        name: rows_independent(loaded[name], one.examples, exported.tolerance)
        for name, one in exported.signatures.items()
    }
    write_extras(path, exported, independent)


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
