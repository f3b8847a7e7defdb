"""The list of operations, from the files in TensorFlow's wheels."""

import zipfile

from keras_session5.checking.make_operations import read_wheel, to_lines


def test_a_wheel_is_read_without_importing_it(tmp_path):
    with zipfile.ZipFile(tmp_path / "tensorflow.whl", "w") as wheel:
        header = "#define TF_GRAPH_DEF_VERSION_MIN_PRODUCER 0\n#define TF_GRAPH_DEF_VERSION 1766  // Updated"
        wheel.writestr("tensorflow/include/tensorflow/core/public/version.h", header)
        generated = (
            '  _op_def_library._apply_op_helper(\n        "MatMul", a=a)\n_apply_op_helper("Other>Op", a)'
        )
        wheel.writestr("tensorflow/python/ops/gen_math_ops.py", generated)
        wheel.writestr("tensorflow/python/ops/math_ops.py", '_apply_op_helper("NotGenerated")')
    assert read_wheel(tmp_path / "tensorflow.whl") == (1766, {"MatMul", "Other>Op"})


def test_only_changes_are_listed():
    found = {"2.16": (1, {"A", "B"}), "2.17": (2, {"A", "B", "C"}), "2.18": (3, {"A", "C"})}
    assert to_lines(found) == [
        "graphs 2.16 1",
        "graphs 2.17 2",
        "graphs 2.18 3",
        "added 2.17 C",
        "removed 2.18 B",
    ]
