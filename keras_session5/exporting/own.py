"""Models that are not the catalogue's: from a `keras.Model` or a `.keras` file to what an export writes."""

import contextlib
import inspect
import itertools
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

import keras
import numpy as np

from keras_session5 import introspection
from keras_session5.errors import ArgumentError, shorten
from keras_session5.exporting.exportable import Exportable
from keras_session5.exporting.signatures import EXAMPLES
from keras_session5.exporting.signatures.base import input_specs
from keras_session5.exporting.signatures.own import (
    KINDS,
    check_class_names,
    make_own_signatures,
    pixel_divisor,
)

_GENERATED = 16  # examples: enough to find out whether rows are independent
_LENGTH = 16  # of generated examples in a dimension of any size
_WORDS = ("daisy", "rose", "tulip", "a daisy", "a red rose", "two tulips")
_NAME = re.compile(r"[A-Za-z0-9][\w.-]*", re.ASCII)  # a folder, and a part of an URL
_PACKAGES = ("keras-session5", "tensorflow", "keras", "numpy")


def prepare(
    network: keras.Model | Path,
    name: str | None = None,
    examples: Any = None,
    class_names: Sequence[str] | None = None,
    signatures: Collection[str] = (),
) -> Exportable:
    """Checks the arguments of `export` for a model, and makes its signatures.

    Raises:
        ArgumentError: for a wrong argument, or a file that cannot be loaded in safe mode.
    """
    model = load_model(network) if isinstance(network, Path) else network
    name = check_name(name or (network.stem if isinstance(network, Path) else model.name))
    kinds = [signatures] if isinstance(signatures, str) else list(signatures)
    for kind in kinds:
        if kind not in KINDS:
            raise ArgumentError(f"`signatures` must be of {', '.join(KINDS)}. Received: {kind!r}")
    names = check_names(class_names)
    functional = _to_functional(model, examples)
    check_class_names(functional, names)
    arrays = generate_examples(functional) if examples is None else _read_examples(functional, examples)
    with _refusing(f"`examples` must be inputs that {name} accepts, in a batch of any size."):
        made = make_own_signatures(functional, arrays, names, kinds)
    record = {
        "name": name,
        "parameters": model.count_params(),
        "versions": {package: metadata.version(package) for package in _PACKAGES},
        "examples": "generated" if examples is None else "given",
    }
    if "image_bytes" in kinds:
        record["pixels"] = "0..255" if pixel_divisor(*arrays.values()) == 1 else "0..1"
    return Exportable(name, functional, made, names, record, may_have_tables=True)


def load_model(path: Path) -> keras.Model:
    """Loads a `.keras` file in safe mode, in which Keras runs no code that the file holds.

    Raises:
        ArgumentError: if there is no such file, or it holds a `Lambda` layer or an unknown class.
    """
    try:
        return keras.saving.load_model(path, compile=False, safe_mode=True)
    except (OSError, ValueError, TypeError, KeyError) as error:
        reason = str(error)
        if "`Lambda` layer" in reason:
            raise ArgumentError(
                f"{path} must hold no `Lambda` layer, whose code is not loaded from a file. Replace it by a "
                "Layer subclass that is registered with keras.saving.register_keras_serializable, or pass "
                "the model object to keras_session5.export."
            ) from None
        if unknown := re.search(r"Could not locate (?:class|function) '\w+'", reason):
            raise ArgumentError(
                f"{path} must hold known classes. {unknown[0]}. Import the module that registers it with "
                "keras.saving.register_keras_serializable, and call keras_session5.export in that program."
            ) from None
        raise ArgumentError(
            f"`network` must be a .keras file that Keras can load. Received: {path}: {shorten(error)}"
        ) from error


def generate_examples(model: keras.Model) -> dict[str, np.ndarray]:
    """Returns random inputs of a functional model, by name, the same ones each time.

    Ids are below the size of the smallest embedding, texts are words, the pixels of images are from 0 to 255
    and other floats from 0 to 1.
    """
    rng = np.random.default_rng(0)
    embeddings = [one.input_dim for one in model._flatten_layers() if isinstance(one, keras.layers.Embedding)]
    found = {}
    for spec, tensor in zip(input_specs(model), model.inputs, strict=True):
        shape = (_GENERATED, *(_LENGTH if size is None else size for size in spec.shape[1:]))
        if spec.dtype.name == "string":
            found[spec.name] = rng.choice(_WORDS, shape).astype(object)
        elif introspection.is_image(tensor):
            found[spec.name] = rng.integers(0, 256, shape).astype(spec.dtype.as_numpy_dtype)
        elif spec.dtype.is_integer or spec.dtype.is_bool:
            ids = rng.integers(0, min([*embeddings, 2**31]) if embeddings else 2, shape)
            found[spec.name] = ids.astype(spec.dtype.as_numpy_dtype)
        else:
            found[spec.name] = rng.random(shape).astype(spec.dtype.as_numpy_dtype)
    return found


def check_name(name: str) -> str:
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise ArgumentError(
            "`name` must begin with a letter or digit and have only letters, digits, `_`, `-` and `.`. "
            f"Received: name={name!r}"
        )
    return name


def check_names(class_names: Sequence[str] | None) -> tuple[str, ...]:
    names = () if class_names is None else tuple(class_names)
    if isinstance(class_names, str) or not all(isinstance(n, str) and n.splitlines() == [n] for n in names):
        raise ArgumentError(
            f"`class_names` must be a list of texts of one line each. Received: class_names={class_names!r}"
        )
    return names


def _to_functional(model: keras.Model, examples: Any) -> keras.Model:
    """Returns a functional model with the same layers; a subclassed model becomes its only layer."""
    if not model.built:
        raise ArgumentError(
            "`network` must be a model that is built: train it, or call it once. "
            f"Received: {model.name}, without weights"
        )
    return introspection.as_functional(model) or _wrap(model, examples)


def _wrap(model: keras.Model, examples: Any) -> keras.Model:
    """Makes a functional model that calls a subclassed one.

    Keras knows the shapes of the first argument of `call`, which may be a dictionary or a list; examples know
    the names and dtypes of everything.
    """
    parameters = [
        name for name in inspect.signature(model.call).parameters if name not in ("training", "mask")
    ]
    built = next(iter((model._build_shapes_dict or {}).values()), None)
    shapes = _name_shapes(built, parameters[0])
    if examples is not None and not isinstance(examples, Mapping):
        examples = {parameters[0]: examples}
    arrays = {} if examples is None else {name: _to_array(name, value) for name, value in examples.items()}
    if not arrays and not shapes:
        raise ArgumentError(
            f"`examples` must be given for {model.name}, whose inputs have unknown shapes. Received: None"
        )
    inputs = {}
    for place, name in enumerate(arrays or shapes):
        if arrays:
            known = shapes.get(name) or next(itertools.islice(shapes.values(), place, None), None)
            shape, dtype = _merge_shapes(known, arrays[name].shape), _dtype_of(arrays[name])
        else:
            shape, dtype = shapes[name], model.input_dtype
        inputs[name] = keras.Input(shape[1:], dtype=dtype, name=name)
    with _refusing(f"`examples` must be inputs that {model.name} accepts."):
        if isinstance(built, Mapping):
            outputs = model(inputs)
        elif set(inputs) <= set(parameters):
            first, *others = [name for name in parameters if name in inputs]
            outputs = model(inputs[first], **{name: inputs[name] for name in others})
        else:
            outputs = model(list(inputs.values()) if len(inputs) > 1 else next(iter(inputs.values())))
    leaves = keras.tree.flatten(outputs)
    names = introspection.name_leaves(outputs, ["output"] * len(leaves))
    return keras.Model(list(inputs.values()), dict(zip(names, leaves, strict=True)), name=model.name)


def _name_shapes(built: Any, parameter: str) -> dict[str, Sequence[int | None]]:
    """Returns the shapes of a subclassed model's inputs by name: of a dictionary, a list, or one input."""
    if built is None or isinstance(built, Mapping):
        return dict(built or {})
    if all(size is None or isinstance(size, int) for size in built):
        return {parameter: built}
    return {f"{parameter}_{i}": shape for i, shape in enumerate(built, 1)}


def _merge_shapes(known: Any, shape: Sequence[int | None]) -> tuple[int | None, ...]:
    """Returns a shape in which every size is None in which Keras's shape and that of the examples differ."""
    known = shape if known is None or len(known) != len(shape) else known
    return tuple(one if one == other else None for one, other in zip(known, shape, strict=True))


def _dtype_of(array: np.ndarray) -> str:
    """Returns the dtype of an input like an array: Keras's floats for floats, strings for objects."""
    kinds = {"f": keras.config.floatx(), "O": "string"}
    return kinds.get(array.dtype.kind, array.dtype.name)


def _read_examples(model: keras.Model, examples: Any) -> dict[str, np.ndarray]:
    """Returns the first examples as arrays by the names of the model's inputs, in their order."""
    names = introspection.input_names(model)
    if not isinstance(examples, Mapping):
        if len(names) > 1:
            raise ArgumentError(
                f"`examples` must be a dict with the inputs {', '.join(names)}. "
                f"Received: {type(examples).__name__}"
            )
        examples = {names[0]: examples}
    if set(examples) != set(names):
        raise ArgumentError(
            f"`examples` must have the inputs {', '.join(names)}. Received: {', '.join(map(str, examples))}"
        )
    specs = zip(names, input_specs(model), strict=True)
    arrays = {name: _fit(_to_array(name, examples[name]), spec) for name, spec in specs}
    counts = {name: len(array) for name, array in arrays.items()}
    if len(set(counts.values())) != 1 or 0 in counts.values():
        raise ArgumentError(f"`examples` must have the same number of rows, at least 1. Received: {counts}")
    return {name: array[:EXAMPLES] for name, array in arrays.items()}


def _to_array(name: str, value: Any) -> np.ndarray:
    """Returns an array of numbers, or of texts as objects."""
    try:
        array = np.asarray(value)
    except ValueError as error:
        raise ArgumentError(f"`examples` must be arrays. Received for {name}: {shorten(error)}") from error
    if array.ndim == 0 or array.dtype.kind not in "biufUSO":
        raise ArgumentError(
            "`examples` must be arrays of numbers or texts, one row for each example. "
            f"Received for {name}: {type(value).__name__} of shape {array.shape}"
        )
    return array.astype(object) if array.dtype.kind in "US" else array


def _fit(array: np.ndarray, spec: Any) -> np.ndarray:
    """Returns an array as the spec of an input has it; like Keras, adds a missing last dimension of 1."""
    rank = len(spec.shape)
    if array.ndim == rank - 1 and spec.shape[-1] == 1:
        array = array[..., None]
    is_text = spec.dtype.name == "string"
    if not spec.shape[1:].is_compatible_with(array.shape[1:]) or is_text != (array.dtype.kind == "O"):
        raise ArgumentError(
            f"`examples` must fit the input {spec.name}, {spec.dtype.name} {spec.shape}. "
            f"Received: {array.dtype} {array.shape}"
        )
    return array if is_text else array.astype(spec.dtype.as_numpy_dtype)


@contextlib.contextmanager
def _refusing(sentence: str) -> Iterator[None]:
    """Turns the errors of a model's layers into one of the argument that causes them."""
    try:
        yield
    except ArgumentError:
        raise
    except Exception as error:
        raise ArgumentError(f"{sentence} Received: {shorten(error)}") from error
