"""Translates between TensorFlow's and NumPy's names of data types."""

import numpy as np

from keras_session5.errors import UnimplementedError

# NumPy's name -> the field of a `TensorProto` for typed values.
FIELDS = {
    "bool": "bool_val",
    "int8": "int_val",
    "int16": "int_val",
    "int32": "int_val",
    "int64": "int64_val",
    "uint8": "int_val",
    "uint16": "int_val",
    "uint32": "uint32_val",
    "uint64": "uint64_val",
    "float16": "half_val",
    "float32": "float_val",
    "float64": "double_val",
    "complex64": "scomplex_val",
    "complex128": "dcomplex_val",
    "string": "string_val",
}
_RENAMED = {"DT_HALF": "float16", "DT_FLOAT": "float32", "DT_DOUBLE": "float64"}
_TF_NAMES = {name: f"DT_{name.upper()}" for name in FIELDS} | {name: tf for tf, name in _RENAMED.items()}


def dtype_name(tf_name: str) -> str:
    """Returns NumPy's name: `"float32"` for `DT_FLOAT`, `"string"`, or `"bfloat16"`, which NumPy lacks."""
    return _RENAMED.get(tf_name, tf_name.removeprefix("DT_").lower())


def tf_dtype_name(name: str) -> str:
    """Returns TensorFlow's name, `"DT_FLOAT"` for `"float32"`; raises `UnimplementedError` if it has none."""
    if name not in _TF_NAMES:
        raise UnimplementedError(
            f"Tensors of dtype {name} cannot be exchanged, because NumPy and TensorFlow do not both have it. "
            "Export a signature that casts it, for example to float32."
        )
    return _TF_NAMES[name]


def numpy_dtype(name: str) -> np.dtype:
    """Returns the dtype of arrays of `name`; strings are objects.

    Raises:
        UnimplementedError: if NumPy has no such dtype (`bfloat16`, quantized and resource types).
    """
    tf_dtype_name(name)
    return np.dtype(object if name == "string" else name)
