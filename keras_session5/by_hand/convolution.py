"""Convolution and pooling of one image, by the Keras layers and by their products."""

from typing import Any, NamedTuple

import numpy as np

from keras_session5 import checks
from keras_session5.by_hand import arrays
from keras_session5.errors import ArgumentError

KERNELS: dict[str, np.ndarray] = {
    # Eight times the middle less its neighbours: zero wherever nothing changes.
    "edge": np.array([[-1.0, -1, -1], [-1, 8, -1], [-1, -1, -1]]),
    # The mean of nine pixels.
    "blur": np.full((3, 3), 1 / 9),
    # The image, plus what sets a pixel off from its four neighbours.
    "sharpen": np.array([[0.0, -1, 0], [-1, 5, -1], [0, -1, 0]]),
}
"""The kernels of the course, 3 x 3."""

SLIDES_IMAGE = np.array(
    [[3, 5, 2, 8, 1], [9, 7, 5, 4, 3], [2, 0, 6, 1, 6], [6, 3, 7, 9, 2], [1, 4, 9, 5, 1]], float
)
SLIDES_KERNEL = np.array([[1, 0, 0], [1, 1, 0], [0, 0, 1]], float)
SLIDES_POOLED = np.array([[7, 3, 5, 2], [8, 7, 1, 6], [4, 9, 3, 9], [0, 8, 4, 5]], float)
"""What the course's slides work out by hand: an image, its kernel, and a square that is pooled."""

# The same answer whatever dtype and data format Keras is set to.
_LAYER: dict[str, Any] = {"dtype": "float32", "data_format": "channels_last", "name": "by_hand"}


class Products(NamedTuple):
    """What a convolution computes at every place of its output.

    Attributes:
        patches: what the kernel lies on, (rows, columns, kernel rows, kernel columns).
        products: each patch times the kernel, element by element; same shape.
        sums: of the products, (rows, columns): the feature map.
    """

    patches: np.ndarray
    products: np.ndarray
    sums: np.ndarray


def output_size(size, kernel, stride=1, padding="valid") -> int:
    """Returns how many outputs a convolution or pooling has along one axis.

    floor((size - kernel) / stride) + 1 for `"valid"`, ceil(size / stride) for `"same"`.

    Args:
        size: of the input, in pixels.
        kernel: size of the kernel or of the pooling window, in pixels.
        stride: from one output to the next, in pixels.
        padding: `"valid"` (none) or `"same"` (zeros around the input).

    Raises:
        ArgumentError: if a size is below 1, or the kernel larger than an input without padding.

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


def feature_map(image, kernel, stride=1, padding="valid") -> np.ndarray:
    """Returns what a Keras Conv2D with this kernel makes of an image.

    It is cross-correlation: the kernel is laid on the image as it is, not flipped.

    Args:
        image: array of shape (rows, columns).
        kernel: array of shape (kernel rows, kernel columns), such as `KERNELS["edge"]`.
        stride: from one output to the next, in pixels.
        padding: `"valid"` (none) or `"same"` (zeros around the image).

    Returns:
        Array of shape (output rows, output columns), float32; see `output_size`.

    Raises:
        ArgumentError: if an array is not two-dimensional, the kernel larger than an image without
            padding, or another argument not as above.

    Example:
        >>> feature_map([[1, 2, 3], [4, 5, 6]], [[0, 1]]).tolist()
        [[2.0, 3.0], [5.0, 6.0]]
    """
    image, kernel = _image(image), arrays.numbers("kernel", kernel, "kernel rows", "kernel columns")
    checks.positive_int("stride", stride)
    checks.one_of("padding", padding, ["valid", "same"])
    if padding == "valid":
        _check_fits("kernel", kernel.shape, image)

    from keras import layers  # here, so that what is worked out by hand does not wait for it

    convolution = layers.Conv2D(
        1,
        kernel.shape,
        strides=stride,
        padding=padding,
        use_bias=False,
        kernel_initializer="zeros",  # draws no random numbers, of which others would then get the next
        **_LAYER,
    )
    convolution.build((1, *image.shape, 1))
    convolution.set_weights([kernel[:, :, None, None]])  # (kernel rows, kernel columns, 1, 1)
    return _apply(convolution, image)


def pool(image, size=2, mode="max") -> np.ndarray:
    """Returns what a Keras pooling layer makes of an image: one number for each window.

    Args:
        image: array of shape (rows, columns). Rows and columns that fill no window are left out.
        size: side of the square window, and the way from one to the next, in pixels.
        mode: `"max"` or `"average"`.

    Returns:
        Array of shape (rows // size, columns // size), float32.

    Raises:
        ArgumentError: if the image is not two-dimensional, the window larger than it, or another
            argument not as above.

    Example:
        >>> pool([[7, 3, 5, 2], [8, 7, 1, 6], [4, 9, 3, 9], [0, 8, 4, 5]]).tolist()
        [[8.0, 6.0], [9.0, 9.0]]
    """
    image = _image(image)
    checks.positive_int("size", size)
    checks.one_of("mode", mode, ["max", "average"])
    _check_fits("size", (size, size), image)
    from keras import layers

    pooling = layers.MaxPooling2D if mode == "max" else layers.AveragePooling2D
    return _apply(pooling(size, **_LAYER), image)


def patch_products(image, kernel, stride=1) -> Products:
    """Returns what `feature_map` adds up, place by place, without padding.

    Args:
        image: array of shape (rows, columns).
        kernel: array of shape (kernel rows, kernel columns).
        stride: from one output to the next, in pixels.

    Returns:
        Patches, products and their sums, float64.

    Raises:
        ArgumentError: as `feature_map`.

    Example:
        >>> patch_products([[1, 2, 3]], [[10, 1]]).products.tolist()
        [[[[10.0, 2.0]], [[20.0, 3.0]]]]
    """
    image, kernel = _image(image), arrays.numbers("kernel", kernel, "kernel rows", "kernel columns")
    checks.positive_int("stride", stride)
    _check_fits("kernel", kernel.shape, image)
    patches = np.lib.stride_tricks.sliding_window_view(image, kernel.shape)[::stride, ::stride].copy()
    products = patches * kernel
    return Products(patches, products, products.sum((2, 3)))


def _image(image) -> np.ndarray:
    return arrays.numbers("image", image, "rows", "columns")


def _check_fits(name: str, window: tuple[int, ...], image: np.ndarray) -> None:
    if window[0] > image.shape[0] or window[1] > image.shape[1]:
        raise ArgumentError(
            f"`{name}` must be no larger than the image, {image.shape[0]} x {image.shape[1]}. "
            f"Received: {name} of {window[0]} x {window[1]}"
        )


def _apply(layer, image: np.ndarray) -> np.ndarray:
    """One image through a layer, without the axes for batch and channel."""
    maps = layer(image[None, :, :, None].astype("float32"))  # (1, rows, columns, 1)
    from keras import ops

    return np.asarray(ops.convert_to_numpy(maps))[0, :, :, 0]
