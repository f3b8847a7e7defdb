"""Small SavedModels whose answers are worked out by hand."""

from pathlib import Path

import tensorflow as tf


class HalfPlus(tf.Module):
    """`y = 0.5 * x + offset`, in float, double and int64."""

    def __init__(self, offset: float):
        self.offset = tf.Variable(tf.constant(offset))

    @tf.function(input_signature=[tf.TensorSpec([None, 1], tf.float32, name="x")])
    def single(self, x):
        return {"y": 0.5 * x + self.offset}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.float64, name="x")])
    def double(self, x):
        return {"y": 0.5 * x + tf.cast(self.offset, tf.float64)}

    @tf.function(input_signature=[tf.TensorSpec(None, tf.int64, name="x")])  # pyright: ignore[reportArgumentType]
    def integer(self, x):
        return {"y": x // 2 + tf.cast(self.offset, tf.int64)}


class Pair(tf.Module):
    """Two inputs and two outputs: `sum = a + b` and `product = a @ ones`."""

    @tf.function(
        input_signature=[
            tf.TensorSpec([None], tf.float32, name="a"),
            tf.TensorSpec([None, 2], tf.float32, name="b"),
        ]
    )
    def pair(self, a, b):
        return {"sum": a[:, None] + b, "product": tf.linalg.matmul(b, tf.ones([2, 1]))}

    @tf.function(
        input_signature=[
            tf.TensorSpec([None], tf.float32, name="a"),
            tf.TensorSpec([None], tf.float32, name="b"),
        ]
    )
    def scalar(self, a, b):
        return {"mean": tf.reduce_mean(a + b), "rows": a + b}


class Kinds(tf.Module):
    """Other element types, and signatures that are odd in one way each."""

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="text")])
    def text(self, text):
        return {"same": text, "raw_bytes": text}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.float32, name="x")])
    def outputs(self, x):
        return {"truth": x > 1.0, "int": tf.cast(x, tf.int32), "half": tf.cast(x, tf.float16)}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.float32, name="x")])
    def batches(self, x):
        return {"all": x, "twice": tf.concat([x, x], 0)}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.float16, name="x")])
    def half(self, x):
        return {"y": tf.cast(x, tf.float32)}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.bool, name="x")])
    def boolean(self, x):
        return {"y": x}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.uint8, name="x")])
    def tiny(self, x):
        return {"y": x}

    @tf.function(input_signature=[])
    def nothing(self):
        return {"three": tf.constant(3)}


def save_half_plus(path: Path, offset: float = 2.0) -> None:
    """Saves `y = 0.5 * x + offset`."""
    module = HalfPlus(offset)
    signatures = {"serving_default": module.single, "double": module.double, "integer": module.integer}
    tf.saved_model.save(module, str(path), signatures=signatures)


def save_pair(path: Path) -> None:
    """Saves the model with two inputs and two outputs."""
    module = Pair()
    signatures = {"serving_default": module.pair, "scalar": module.scalar}
    tf.saved_model.save(module, str(path), signatures=signatures)


def save_kinds(path: Path) -> None:
    """Saves the model with the other element types."""
    module = Kinds()
    names = ("text", "outputs", "batches", "half", "boolean", "tiny", "nothing")
    tf.saved_model.save(module, str(path), signatures={name: getattr(module, name) for name in names})
