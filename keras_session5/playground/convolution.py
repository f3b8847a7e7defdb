"""The tab of convolution and pooling."""

from functools import cache
from typing import Any

import gradio as gr
import numpy as np

from keras_session5 import by_hand
from keras_session5.by_hand import SLIDES_IMAGE, SLIDES_KERNEL, SLIDES_POOLED, patch_products
from keras_session5.errors import ArgumentError
from keras_session5.pictures.by_hand import kernel_patch, pooling as pooling_picture
from keras_session5.playground.parts import LoadEvents, introduce, picture, sentence, warning
from keras_session5.playground.predictor import show_errors

SLIDES = "the slides' 5 x 5"
IMAGES = (SLIDES, *(f"digit {label}" for label in range(10)))
KERNELS = ("the slides' kernel", "edge", "blur", "sharpen")
POOLED = ("the slides' 4 x 4", "the image", "the feature map")


def load_image(name: str) -> np.ndarray:
    """An image of the course, or a digit as it was scanned, 8 x 8, 0..16."""
    return SLIDES_IMAGE if name == SLIDES else _digits()[int(name.removeprefix("digit "))]


@cache
def _digits() -> list[np.ndarray]:
    """The first digit of each kind."""
    from sklearn.datasets import load_digits

    digits: Any = load_digits()
    return [digits.images[digits.target == label][0] for label in range(10)]


def get_kernel(name: str) -> list[list[float]]:
    """Rows of one of `KERNELS`."""
    return (SLIDES_KERNEL if name == KERNELS[0] else by_hand.KERNELS[name].round(4)).tolist()


def convolve(image: str, kernel: Any, row: float, column: float) -> tuple[Any, str]:
    """One place of a convolution.

    Args:
        image: one of `IMAGES`.
        kernel: rows of numbers, as they were typed.
        row, column: of the output; beyond its end, the last one.

    Returns:
        Picture, and the sum written out.
    """
    pixels, weights = load_image(image), np.array(_numbers(kernel))
    found = patch_products(pixels, weights)
    r, c = (min(int(place), size - 1) for place, size in zip((row, column), found.sums.shape, strict=True))
    patch, products = found.patches[r, c], found.products[r, c]
    terms = " + ".join(
        f"{pixel:g}·{weight:g}" if weight >= 0 else f"{pixel:g}·({weight:g})"
        for pixel, weight in zip(patch.flat, weights.flat, strict=True)
    )
    (height, width), (rows, columns) = pixels.shape, found.sums.shape
    told = (
        f"At row {r}, column {c}: {terms} = **{products.sum():.4g}**. {height} x {width} and a kernel of "
        f"{weights.shape[0]} x {weights.shape[1]} give {rows} x {columns}, for "
        f"{height} - {weights.shape[0]} + 1 = {rows}."
    )
    return kernel_patch(pixels, weights, products, found.sums, r, c), told


def pool(what: str, size: float, image: str, kernel: Any) -> tuple[Any, str]:
    """The largest and the mean of each window.

    Returns:
        Picture, and a sentence.
    """
    if what == POOLED[0]:
        pixels = SLIDES_POOLED
    else:
        pixels = load_image(image)
        if what == POOLED[2]:
            pixels = patch_products(pixels, _numbers(kernel)).sums
    side = int(size)
    windows = patch_products(pixels, np.ones((side, side)), stride=side).patches  # (r, c, side, side)
    maxima, averages = windows.max((2, 3)), windows.mean((2, 3))
    (height, width), (rows, columns) = pixels.shape, maxima.shape
    told = (
        f"{height} x {width} becomes {rows} x {columns}. Neither has a weight to learn: the maximum keeps "
        "the strongest sign of what a kernel looks for, the average blurs it."
    )
    return pooling_picture(pixels, maxima, averages, side), told


def _numbers(kernel: Any) -> list[list[float]]:
    try:
        return [[float(value) for value in row] for row in kernel]
    except (TypeError, ValueError):
        raise ArgumentError("Every cell of the kernel must be a number, such as -1 or 0.5.") from None


def add_tab() -> LoadEvents:
    """Adds the tab; returns what is to be computed when it opens."""
    introduce(
        "Convolution and pooling",
        "A kernel is laid on every place of the image; each product is added up and becomes one pixel of the "
        "feature map. Pick a kernel or type your own, and move it over the image.",
    )
    with gr.Row():
        image = gr.Dropdown(list(IMAGES), value=SLIDES, label="Image", elem_id="image")
        named = gr.Dropdown(list(KERNELS), value=KERNELS[0], label="Kernel", elem_id="named")
        row = gr.Slider(0, 2, 0, step=1, label="Row of the place", buttons=[], elem_id="row")
        column = gr.Slider(0, 2, 0, step=1, label="Column of the place", buttons=[], elem_id="column")
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
                label="Weights: click twice to edit",
                elem_id="kernel",
            )
        with gr.Column(scale=5):
            wrong = warning()
            place = picture("One place, and the whole feature map", "patch")
    told = sentence("convolution-told")
    with gr.Row(equal_height=False):
        with gr.Column(scale=1, min_width=190):
            what = gr.Dropdown(list(POOLED), value=POOLED[0], label="Pool", elem_id="what")
            size = gr.Slider(2, 4, 2, step=1, label="Window", buttons=[])
        with gr.Column(scale=5):
            not_pooled = warning()
            pools = picture("Maximum against average", "pools")
    pooled = sentence("pooling-told")
    convolved = show_errors(2)(convolve), [image, kernel, row, column], [wrong, place, told]
    pool_it = show_errors(2)(pool), [what, size, image, kernel], [not_pooled, pools, pooled]
    named.input(get_kernel, named, kernel)
    # One after the other: a place of the image before may be none of this one.
    image.input(_sliders, image, [row, column]).then(*convolved, show_progress="hidden").then(
        *pool_it, show_progress="hidden"
    )
    gr.on([kernel.change, row.change, column.change], *convolved, show_progress="hidden")
    gr.on([what.change, size.change, kernel.change], *pool_it, show_progress="hidden")
    return [convolved, pool_it]


def _sliders(image: str) -> tuple[gr.Slider, gr.Slider]:
    """Every place where a kernel of 3 x 3 lies on the image."""
    rows, columns = load_image(image).shape
    return gr.Slider(maximum=rows - 3, value=0), gr.Slider(maximum=columns - 3, value=0)
