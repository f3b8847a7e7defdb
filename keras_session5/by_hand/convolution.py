"""Convolution and pooling of one image, with Keras and product by product."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from keras_session5 import checks
from keras_session5.by_hand import arrays
from keras_session5.errors import ArgumentError

KERNELS: dict[str, np.ndarray] = {
    # Eight times the centre minus its neighbours: zero in uniform regions.
    "edge": np.array([[-1.0, -1, -1], [-1, 8, -1], [-1, -1, -1]]),
    # The mean of nine pixels.
    "blur": np.full((3, 3), 1 / 9),
    # The image plus the difference of each pixel from its four neighbours.
    "sharpen": np.array([[0.0, -1, 0], [-1, 5, -1], [0, -1, 0]]),
}
"""The kernels of the course, 3 x 3."""

SLIDES_IMAGE = np.array(
    [[3, 5, 2, 8, 1], [9, 7, 5, 4, 3], [2, 0, 6, 1, 6], [6, 3, 7, 9, 2], [1, 4, 9, 5, 1]], float
)
SLIDES_KERNEL = np.array([[1, 0, 0], [1, 1, 0], [0, 0, 1]], float)
SLIDES_POOLED = np.array([[7, 3, 5, 2], [8, 7, 1, 6], [4, 9, 3, 9], [0, 8, 4, 5]], float)
"""The worked example of the course's slides: an image, its kernel, and an array to pool."""


class Products(NamedTuple):
    """The intermediate values of a convolution at every output position.

    Attributes:
        patches: the part of the image under the kernel, (rows, columns, kernel rows, kernel columns).
        products: each patch times the kernel elementwise, of the same shape.
        sums: the sums of the products, (rows, columns), which are the feature map.
    """

    patches: np.ndarray
    products: np.ndarray
    sums: np.ndarray


def output_size(size: int, kernel: int, stride: int = 1, padding: str = "valid") -> int:
    """Returns the number of outputs of a convolution or pooling along one axis.

    floor((size - kernel) / stride) + 1 for `"valid"`, ceil(size / stride) for `"same"`.

    Args:
        size: size of the input, in pixels.
        kernel: size of the kernel or pooling window, in pixels.
        stride: step from one output to the next, in pixels.
        padding: `"valid"` (none) or `"same"` (zeros around the input).

    Raises:
        ArgumentError: if a size is below 1, or the kernel is larger than the input and there is no padding.

    Example:
        >>> output_size(28, 5), output_size(28, 2, stride=2), output_size(28, 5, padding="same")
        (24, 14, 28)
    """
    checks.positive_int("size", size)
    checks.positive_int("kernel", kernel)
    checks.positive_int("stride", stride)
    checks.one_of("padding", padding, ["valid", "same"])
    if padding == "same":
        return -(-size // stride)
    if kernel > size:
        raise ArgumentError(
            f"`kernel` must be no larger than `size` without padding. Received: kernel={kernel}, size={size}"
        )
    return (size - kernel) // stride + 1


def feature_map(image: ArrayLike, kernel: ArrayLike, stride: int = 1, padding: str = "valid") -> np.ndarray:
    """Returns the output of a Keras Conv2D with this kernel for an image.

    This is cross-correlation: the kernel is not flipped.

    Args:
        image: array of shape (rows, columns).
        kernel: array of shape (kernel rows, kernel columns), such as `KERNELS["edge"]`.
        stride: step from one output to the next, in pixels.
        padding: `"valid"` (none) or `"same"` (zeros around the image).

    Returns:
        Array of shape (output rows, output columns), float32; see `output_size`.

    Raises:
        ArgumentError: if an array is not two-dimensional, another argument is invalid, or the kernel is
            larger than the image and there is no padding.

    Example:
        >>> feature_map([[1, 2, 3], [4, 5, 6]], [[0, 1]]).tolist()
        [[2.0, 3.0], [5.0, 6.0]]
    """
    image = arrays.numbers("image", image, "rows", "columns")
    kernel = arrays.numbers("kernel", kernel, "kernel rows", "kernel columns")
    checks.positive_int("stride", stride)
    checks.one_of("padding", padding, ["valid", "same"])
    if padding == "valid":
        _check_fits("kernel", kernel.shape, image)

    from keras import ops  # deferred: most of this package needs no Keras

    return _apply(ops.conv, image, kernel[:, :, None, None].astype("float32"), stride, padding)


def pool(image: ArrayLike, size: int = 2, mode: str = "max") -> np.ndarray:
    """Returns the output of a Keras pooling layer for an image: one number for each window.

    Args:
        image: array of shape (rows, columns). Rows and columns that do not fill a window are ignored.
        size: side of the square window, and the stride, in pixels.
        mode: `"max"` or `"average"`.

    Returns:
        Array of shape (rows // size, columns // size), float32.

    Raises:
        ArgumentError: if the image is not two-dimensional or smaller than the window, or another argument is
            invalid.

    Example:
        >>> pool([[7, 3, 5, 2], [8, 7, 1, 6], [4, 9, 3, 9], [0, 8, 4, 5]]).tolist()
        [[8.0, 6.0], [9.0, 9.0]]
    """
    image = arrays.numbers("image", image, "rows", "columns")
    checks.positive_int("size", size)
    checks.one_of("mode", mode, ["max", "average"])
    _check_fits("size", (size, size), image)
    from keras import ops

    return _apply(ops.max_pool if mode == "max" else ops.average_pool, image, size, size)


def patch_products(image: ArrayLike, kernel: ArrayLike, stride: int = 1) -> Products:
    """Returns the products that `feature_map` sums at each position, without padding.

    Args:
        image: array of shape (rows, columns).
        kernel: array of shape (kernel rows, kernel columns).
        stride: step from one output to the next, in pixels.

    Returns:
        Patches, products and their sums, float64.

    Raises:
        ArgumentError: as for `feature_map`.

    Example:
        >>> patch_products([[1, 2, 3]], [[10, 1]]).products.tolist()
        [[[[10.0, 2.0]], [[20.0, 3.0]]]]
    """
    image = arrays.numbers("image", image, "rows", "columns")
    kernel = arrays.numbers("kernel", kernel, "kernel rows", "kernel columns")
    checks.positive_int("stride", stride)
    _check_fits("kernel", kernel.shape, image)
    patches = np.lib.stride_tricks.sliding_window_view(image, kernel.shape)[::stride, ::stride].copy()
    products = patches * kernel
    return Products(patches, products, products.sum((2, 3)))


def _check_fits(name: str, window: tuple[int, ...], image: np.ndarray) -> None:
    if window[0] > image.shape[0] or window[1] > image.shape[1]:
        raise ArgumentError(
            f"`{name}` must be no larger than the image, {image.shape[0]} x {image.shape[1]}. "
            f"Received: {name} of {window[0]} x {window[1]}"
        )


def _apply(operation: Callable[..., Any], image: np.ndarray, *arguments: Any) -> np.ndarray:
    """Applies an operation of Keras to one image; adds and removes the axes for batch and channel."""
    from keras import ops

    batch = ops.convert_to_tensor(image[None, :, :, None], "float32")  # (1, rows, columns, 1)
    return ops.convert_to_numpy(operation(batch, *arguments, data_format="channels_last"))[0, :, :, 0]
