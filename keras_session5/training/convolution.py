"""Convolution and pooling in the form that XLA computes fastest on a CPU."""

import contextlib
import functools
from collections.abc import Iterator
from typing import Any

import keras
import numpy as np
from keras import layers, ops

_MOST_ARITHMETIC = 8  # times that of the convolution itself


@contextlib.contextmanager
def made_fast_on_cpu(model: keras.Model) -> Iterator[None]:
    """Changes how the convolution and pooling layers of a model compute, not what, up to rounding.

    XLA on a CPU has slow code for the gradients of both. `benchmarks/training.md` has the figures.
    """
    changed = []
    for layer in model.layers:
        if isinstance(layer, layers.Conv2D) and _is_dense(layer):
            layer.convolution_op = functools.partial(_convolve, layer)
            changed.append((layer, "convolution_op"))
        elif isinstance(layer, layers.MaxPooling2D) and _has_tiles(layer):
            layer.call = functools.partial(_pool, layer)
            changed.append((layer, "call"))
    try:
        yield
    finally:
        for layer, name in changed:
            delattr(layer, name)


def _is_dense(layer: layers.Conv2D) -> bool:
    plain = layer.strides == layer.dilation_rate == (1, 1) and layer.groups == 1
    return plain and layer.data_format == "channels_last"


def _has_tiles(layer: layers.MaxPooling2D) -> bool:
    plain = layer.strides == layer.pool_size and layer.padding == "valid"
    return plain and layer.data_format == "channels_last"


def _convolve(layer: layers.Conv2D, images: Any, kernel: Any) -> Any:
    """Returns a convolution as one product of matrices.

    A row of the result is the product of as many rows of the image as the kernel has, laid end to end, with
    a band matrix, which holds the kernel once for each place along the row, and zeros elsewhere. Images too
    wide for that are left to the layer.

    Args:
        layer: the layer, with stride 1.
        images: tensor of shape (B, height, width, input maps).
        kernel: tensor of shape (rows, columns, input maps, output maps).
    """
    rows, columns, maps, filters = kernel.shape
    if None in images.shape[1:] or images.shape[2] > _MOST_ARITHMETIC * columns:
        return type(layer).convolution_op(layer, images, kernel)
    if layer.padding == "same":
        edges = [((size - 1) // 2, size // 2) for size in (rows, columns)]
        images = ops.pad(images, ((0, 0), *edges, (0, 0)))
    height, width = images.shape[1:3]
    out_height, out_width = height - rows + 1, width - columns + 1
    places = np.stack([np.eye(width, out_width, -column) for column in range(columns)])
    band = ops.einsum("cwo,rcmf->rwmof", ops.cast(places, kernel.dtype), kernel)
    lines = ops.reshape(images, (-1, height, width * maps))
    lines = ops.concatenate([lines[:, row : row + out_height] for row in range(rows)], axis=-1)
    flat = ops.reshape(lines, (-1, rows * width * maps))
    product = ops.matmul(flat, ops.reshape(band, (-1, out_width * filters)))
    return ops.reshape(product, (-1, out_height, out_width, filters))


def _pool(layer: layers.MaxPooling2D, images: Any) -> Any:
    """Returns the maximum of each tile. The gradient is shared among equal maxima.

    Args:
        layer: the layer, whose tiles do not overlap.
        images: tensor of shape (B, height, width, maps).
    """
    (rows, columns), (height, width, maps) = layer.pool_size, images.shape[1:]
    if None in (height, width):
        return type(layer).call(layer, images)
    height, width = height // rows, width // columns
    tiles = images[:, : height * rows, : width * columns]
    return ops.max(ops.reshape(tiles, (-1, height, rows, width, columns, maps)), axis=(2, 4))
