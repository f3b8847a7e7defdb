"""The tab of convolution and pooling."""

from functools import cache
from typing import Any

import gradio as gr
import numpy as np

from keras_session5 import by_hand
from keras_session5.by_hand import SLIDES_IMAGE, SLIDES_KERNEL, SLIDES_POOLED, patch_products
from keras_session5.errors import ArgumentError
from keras_session5.pictures.by_hand import kernel_patch, pooling as pooling_picture
from keras_session5.playground.parts import LoadEvents, introduce, listen, picture, sentence, warning
from keras_session5.playground.predictor import show_errors
from keras_session5.playground.svg import to_svg

SLIDES = "the slides' 5 x 5"
IMAGES = (SLIDES, *(f"digit {label}" for label in range(10)))
KERNELS = ("the slides' kernel", "edge", "blur", "sharpen")
POOLED = ("the slides' 4 x 4", "the image", "the feature map")


def load_image(name: str) -> np.ndarray:
    """Returns the image of the slides, or a digit of 8 x 8 pixels, 0..16."""
    return SLIDES_IMAGE if name == SLIDES else _load_digits()[int(name.removeprefix("digit "))]


@cache
def _load_digits() -> list[np.ndarray]:
    """Returns the first sample of each digit."""

    from sklearn.datasets import load_digits

    digits: Any = load_digits()
    return [digits.images[digits.target == label][0] for label in range(10)]


def get_kernel(name: str) -> list[list[float]]:
    """Returns the rows of one of `KERNELS`."""
    return (SLIDES_KERNEL if name == KERNELS[0] else by_hand.KERNELS[name].round(4)).tolist()


def convolve(image: str, kernel: Any, row: float, column: float) -> tuple[str, str]:
    """Draws one step of a convolution.

    Args:
        image: one of `IMAGES`.
        kernel: rows of numbers from the table.
        row, column: position in the output, clipped to its size.

    Returns:
        Picture, and the sum as text.
    """
    pixels, weights = load_image(image), np.array(_parse_kernel(kernel))
    result = patch_products(pixels, weights)
    (height, width), (rows, columns) = pixels.shape, result.sums.shape
    r, c = min(int(row), rows - 1), min(int(column), columns - 1)
    patch, products = result.patches[r, c], result.products[r, c]
    terms = " + ".join(
        f"{pixel:g}·{weight:g}" if weight >= 0 else f"{pixel:g}·({weight:g})"
        for pixel, weight in zip(patch.flat, weights.flat, strict=True)
    )
    text = (
        f"At row {r}, column {c}: {terms} = **{products.sum():.4g}**. An image of {height} x {width} and a "
        f"kernel of {weights.shape[0]} x {weights.shape[1]} give {rows} x {columns}, since "
        f"{height} - {weights.shape[0]} + 1 = {rows}."
    )
    return to_svg(kernel_patch(pixels, weights, products, result.sums, r, c), text.replace("**", "")), text


def pool(source: str, size: float, image: str, kernel: Any) -> tuple[str, str]:
    """Draws the maximum and the mean of each window.

    Args:
        source: one of `POOLED`.
        size: side of the window, in pixels.
        image: one of `IMAGES`.
        kernel: rows of numbers from the table.

    Returns:
        Picture, and a description.
    """
    if source == POOLED[0]:
        pixels = SLIDES_POOLED
    else:
        pixels = load_image(image)
        if source == POOLED[2]:
            pixels = patch_products(pixels, _parse_kernel(kernel)).sums
    side = int(size)
    windows = patch_products(pixels, np.ones((side, side)), stride=side).patches  # (r, c, side, side)
    maxima, averages = windows.max((2, 3)), windows.mean((2, 3))
    (height, width), (rows, columns) = pixels.shape, maxima.shape
    text = (
        f"{height} x {width} becomes {rows} x {columns}. Pooling has no weights to learn. The maximum keeps "
        "the strongest response to a kernel, the average blurs it."
    )
    return to_svg(pooling_picture(pixels, maxima, averages, side), text), text


def _parse_kernel(kernel: Any) -> list[list[float]]:
    try:
        return [[float(value) for value in row] for row in kernel]
    except (TypeError, ValueError):
        raise ArgumentError("Every cell of the kernel must be a number, such as -1 or 0.5.") from None


def add_tab() -> LoadEvents:
    """Adds the tab; returns the events that load it."""
    introduce(
        "Convolution and pooling",
        "At every position of the kernel on the image, the sum of their products becomes one pixel of the "
        "feature map. Choose a kernel or type your own, and move it across the image.",
    )
    with gr.Row():
        image = gr.Dropdown(list(IMAGES), value=SLIDES, label="Image", elem_id="image")
        named = gr.Dropdown(list(KERNELS), value=KERNELS[0], label="Kernel", elem_id="named")
        row = gr.Slider(0, 2, 0, step=1, label="Row of the output", buttons=[], elem_id="row")
        column = gr.Slider(0, 2, 0, step=1, label="Column of the output", buttons=[], elem_id="column")
    with gr.Row(equal_height=False):
        with gr.Column(scale=1, min_width=190):
            kernel = gr.Dataframe(
                SLIDES_KERNEL.tolist(),
                headers=["1", "2", "3"],
                type="array",
                datatype="number",
                row_count=3,
                column_count=3,
                interactive=True,
                buttons=[],
                label="Weights: double-click to edit",
                elem_id="kernel",
            )
        with gr.Column(scale=5):
            error = warning()
            patch = picture("One position and the whole feature map", "patch")
    text = sentence("convolution-status")
    with gr.Row(equal_height=False):
        with gr.Column(scale=1, min_width=190):
            source = gr.Dropdown(list(POOLED), value=POOLED[0], label="Input of pooling", elem_id="what")
            size = gr.Slider(2, 4, 2, step=1, label="Window", buttons=[])
        with gr.Column(scale=5):
            pooling_error = warning()
            pools = picture("Maximum and average", "pools")
    pooling_text = sentence("pooling-status")
    convolution = show_errors(2)(convolve), [image, kernel, row, column], [error, patch, text]
    pooling = show_errors(2)(pool), [source, size, image, kernel], [pooling_error, pools, pooling_text]
    named.input(get_kernel, named, kernel)
    # Sequential, because a position in the previous image may be outside the new one.
    moved = image.input(_update_sliders, image, [row, column])
    listen(listen(moved.then, convolution).then, pooling)
    listen([kernel.change, row.change, column.change], convolution)
    listen([source.change, size.change, kernel.change], pooling)
    return [convolution, pooling]


def _update_sliders(image: str) -> tuple[gr.Slider, gr.Slider]:
    """Limits the sliders to the positions of a 3 x 3 kernel on the image."""
    rows, columns = load_image(image).shape
    return gr.Slider(maximum=rows - 3, value=0), gr.Slider(maximum=columns - 3, value=0)
