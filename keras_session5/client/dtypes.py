"""Translates between TensorFlow's and NumPy's names of data types."""

import numpy as np

from keras_session5.errors import UnimplementedError

_NAMES = {
    "DT_BOOL": "bool",
    "DT_INT8": "int8",
    "DT_INT16": "int16",
    "DT_INT32": "int32",
    "DT_INT64": "int64",
    "DT_UINT8": "uint8",
    "DT_UINT16": "uint16",
    "DT_UINT32": "uint32",
    "DT_UINT64": "uint64",
    "DT_HALF": "float16",
    "DT_FLOAT": "float32",
    "DT_DOUBLE": "float64",
    "DT_COMPLEX64": "complex64",
    "DT_COMPLEX128": "complex128",
    "DT_STRING": "string",
}
_TF_NAMES = {name: tf_name for tf_name, name in _NAMES.items()}


def dtype_name(tf_name: str) -> str:
    """Returns NumPy's name: `"float32"` for `DT_FLOAT`, `"string"`, or `"bfloat16"`, which NumPy lacks."""
    return _NAMES.get(tf_name, tf_name.removeprefix("DT_").lower())


def tf_dtype_name(name: str) -> str:
    """Returns TensorFlow's name, `"DT_FLOAT"` for `"float32"`; raises `UnimplementedError` if it has none."""
    if name not in _TF_NAMES:
        raise _make_error(name)
    return _TF_NAMES[name]


def numpy_dtype(name: str) -> np.dtype:
    """Returns the dtype of arrays of `name`; strings are objects.

    Raises:
        UnimplementedError: if NumPy has no such dtype (`bfloat16`, quantized and resource types).
    """
    if name not in _TF_NAMES:
        raise _make_error(name)
    return np.dtype(object if name == "string" else name)


def _make_error(name: str) -> UnimplementedError:
    return UnimplementedError(
        f"Tensors of dtype {name} cannot be exchanged, because NumPy and TensorFlow do not both have it. "
        "Export a signature that casts it, for example to float32."
    )
