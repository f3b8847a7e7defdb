"""A convolution in which each map is connected to some of the input maps only."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from keras_session5 import checks
from keras_session5.errors import ArgumentError


@keras.saving.register_keras_serializable("keras_session5")
class PartialConv2D(keras.layers.Layer):
    """Convolution without padding, with stride 1, whose connections are given by a table.

    There are weights only for the connections in the table. For the computation they are scattered into a
    dense kernel of zeros.

    Args:
        table: one row for each output map, with the indices of its input maps.
        kernel_size: side of the square kernels, in pixels.
        activation: activation function or its name.
        gain: initial weights are uniform in +-gain / fan-in; biases are zero.

    Call arguments:
        x: float tensor of shape (B, height, width, input maps).

    Returns:
        Tensor of shape (B, height - kernel_size + 1, width - kernel_size + 1, len(table)).

    Raises:
        ArgumentError: if a row of the table is empty, repeats a map or names one that `x` lacks.

    Example:
        >>> layer = PartialConv2D([[0, 1], [2]], kernel_size=5)
        >>> layer.build((None, 14, 14, 3))
        >>> layer.count_params()  # 5*5*(2 + 1) + 2
        77
    """

    def __init__(
        self,
        table: Sequence[Sequence[int]],
        kernel_size: int,
        activation: Any = None,
        gain: float = 2.4,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        self.table = [list(row) for row in table]
        self.kernel_size = checks.positive_int("kernel_size", kernel_size)
        self.activation = keras.activations.get(activation)
        self.gain = gain

    def build(self, input_shape: tuple) -> None:
        self._input_maps = input_shape[-1]
        for row in self.table:
            if not row or len(set(row)) < len(row) or not set(row) <= set(range(self._input_maps)):
                raise ArgumentError(
                    f"Each row of `table` must name one or more of the {self._input_maps} input maps, "
                    f"counted from 0, each at most once. Received: row={row!r}"
                )
        # (connections, 2): indices of input map and output map.
        self._connections = np.array([(i, o) for o, row in enumerate(self.table) for i in row], "int32")
        fan_in = self.kernel_size**2 * np.concatenate([[len(row)] * len(row) for row in self.table])
        limit = (self.gain / fan_in)[:, None, None]
        self.kernel = self.add_weight(
            shape=(len(fan_in), self.kernel_size, self.kernel_size),  # one patch for each connection
            initializer=lambda shape, dtype: (
                keras.random.uniform(shape, -1, 1, dtype) * ops.cast(limit, dtype)
            ),
            name="kernel",
        )
        self.bias = self.add_weight(shape=(len(self.table),), initializer="zeros", name="bias")
        self.built = True

    def dense_kernel(self) -> Any:
        """Returns the kernel with zeros, of shape (kernel_size, kernel_size, input maps, output maps)."""
        shape = (self._input_maps, len(self.table), self.kernel_size, self.kernel_size)
        kernel = ops.scatter(self._connections, ops.convert_to_tensor(self.kernel), shape)
        return ops.transpose(kernel, (2, 3, 0, 1))

    def call(self, x: Any) -> Any:
        return self.activation(ops.conv(x, self.dense_kernel(), padding="valid") + self.bias)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {
            "table": self.table,
            "kernel_size": self.kernel_size,
            "activation": keras.activations.serialize(self.activation),
            "gain": self.gain,
        }
