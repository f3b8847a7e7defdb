"""Pictures of worked examples: the line of a unit, the products of a kernel, and pooling."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Rectangle

from keras_session5.errors import ArgumentError
from keras_session5.pictures import style

_MAX_LABELLED_CELLS = 100  # numbers do not fit into the cells of larger grids
_MARGIN = 0.5  # around the points


def decision_line(
    points: Any, labels: Any, weights: Sequence[float], threshold: float, labelled: bool = True
) -> Figure:
    """Draws the regions of the input plane in which a unit fires and does not fire.

    Args:
        points: samples, (N, 2).
        labels: target of each sample, (N,), 0 or 1.
        weights: the two weights of the unit.
        threshold: the unit fires where the weighted sum is at least this large.
        labelled: whether to label each point with its inputs, such as "01".
    """
    points, labels = np.asarray(points, float), np.asarray(labels)
    figure = style.new_figure(4.9, 3.1)
    axes = figure.subplots()
    low, high = points.min(0) - _MARGIN, points.max(0) + _MARGIN
    x, y = np.meshgrid(np.linspace(low[0], high[0], 400), np.linspace(low[1], high[1], 400))
    sums = weights[0] * x + weights[1] * y
    axes.contourf(
        x, y, sums >= threshold, levels=[-0.5, 0.5, 1.5], colors=[style.SKY, style.ORANGE], alpha=0.25
    )
    if any(weights):
        axes.contour(x, y, sums, levels=[threshold], colors=style.BLACK, linewidths=1.5)
    fires = points @ np.asarray(weights, float) >= threshold
    for (a, b), label, fired in zip(points, labels, fires, strict=True):
        colour = style.ORANGE if label else style.BLUE
        axes.plot(a, b, marker="s" if label else "o", markersize=13, color=colour, markeredgecolor="black")
        if fired != bool(label):
            axes.plot(a, b, marker="x", markersize=22, color="black", markeredgewidth=2)
        if labelled:
            axes.annotate(f"{a:g}{b:g}", (a, b), (0, 14), textcoords="offset points", ha="center")
    axes.set(
        xlabel="input $x_1$",
        ylabel="input $x_2$",
        aspect="equal",
        xlim=(low[0], high[0]),
        ylim=(low[1], high[1]),
    )
    if set(np.unique(points)) <= {0, 1}:
        axes.set(xticks=(0, 1), yticks=(0, 1))
    handles = [
        Patch(color=style.ORANGE, alpha=0.25, label="the unit fires"),
        Patch(color=style.SKY, alpha=0.25, label="it does not fire"),
        _make_key("s", style.ORANGE, "should fire"),
        _make_key("o", style.BLUE, "should not fire"),
        _make_key("x", "black", "mistake"),
    ]
    figure.legend(handles=handles, loc="outside right center", frameon=False, fontsize=9)
    return figure


def kernel_patch(image: Any, kernel: Any, products: Any, sums: Any, row: int, column: int) -> Figure:
    """Draws one step of a convolution: the patch under the kernel, the products, and their sum in the output.

    Args:
        image: array of shape (rows, columns).
        kernel: array of shape (kernel rows, kernel columns).
        products: products at this position, (kernel rows, kernel columns).
        sums: the whole feature map, (output rows, output columns); NaN where it is not computed yet.
        row, column: position in the output, and of the kernel's upper left corner in the image.

    Raises:
        ArgumentError: if the position is outside the output.
    """
    # Adding 0 turns -0 into 0.
    image, kernel, products, sums = (
        np.asarray(array, float) + 0 for array in (image, kernel, products, sums)
    )
    if not (0 <= row < sums.shape[0] and 0 <= column < sums.shape[1]):
        raise ArgumentError(
            f"`row` and `column` must be a position in the output, {sums.shape[0]} x {sums.shape[1]}. "
            f"Received: row={row}, column={column}"
        )
    figure = style.new_figure(10, 2.7)
    axes = figure.subplots(1, 4, width_ratios=[1.3, 1, 1, 1.2])
    _draw_grid(axes[0], image, "image")
    axes[0].add_patch(_make_frame(column, row, kernel.shape[1], kernel.shape[0]))
    _draw_grid(axes[1], kernel, "times the kernel")
    _draw_grid(axes[2], products, f"products; their sum is {sums[row, column]:.4g}")
    _draw_grid(axes[3], sums, "feature map")
    axes[3].add_patch(_make_frame(column, row, 1, 1))
    for part, sign in zip(axes[1:], "×=→", strict=True):
        part.set_ylabel(sign, rotation=0, fontsize=18, ha="center", va="center", labelpad=12)
    return figure


def pooling(image: Any, maxima: Any, averages: Any, size: int) -> Figure:
    """Draws an image, and the maximum and the mean of each of its windows.

    Args:
        image: array of shape (rows, columns).
        maxima, averages: arrays of shape (rows // size, columns // size).
        size: side of the window, in pixels.
    """
    image, maxima, averages = (np.asarray(array, float) for array in (image, maxima, averages))
    figure = style.new_figure(7.5, 2.4)
    axes = figure.subplots(1, 3)
    low, high = image.min(), image.max()
    _draw_grid(axes[0], image, f"image, in windows of {size} x {size}", limits=(low, high))
    for row in range(maxima.shape[0]):
        for column in range(maxima.shape[1]):
            axes[0].add_patch(_make_frame(column * size, row * size, size, size))
    _draw_grid(axes[1], maxima, "max-pooling", limits=(low, high))
    _draw_grid(axes[2], averages, "average pooling", limits=(low, high))
    return figure


def _draw_grid(axes: Axes, values: np.ndarray, title: str, limits: tuple[float, float] | None = None) -> None:
    """Draws a grid of cells, labelled if they fit; a scale with negative values is centred on zero.

    Cells of NaN stay empty.
    """
    signed = np.nanmin(values) < 0
    largest = float(np.nanmax(np.abs(values)))
    low, high = (-largest, largest) if signed else limits or (0, largest or 1)
    colours = style.SIGNED if signed else style.SEQUENTIAL
    image = axes.imshow(values, cmap=colours, vmin=low, vmax=high)
    axes.set_title(title, fontsize=10)
    axes.set_xticks([])
    axes.set_yticks([])
    if values.size > _MAX_LABELLED_CELLS:
        return
    size = 12 if values.size <= 25 else 8
    for (row, column), value in np.ndenumerate(values):
        if np.isnan(value):
            continue
        colour = style.text_colour(image.cmap(image.norm(value)))
        axes.text(column, row, f"{value:.3g}", ha="center", va="center", color=colour, fontsize=size)


def _make_key(marker: str, colour: str, label: str) -> Line2D:
    """Returns a marker for a legend."""
    return Line2D(
        [], [], linestyle="", marker=marker, color=colour, markeredgecolor="black", markersize=9, label=label
    )


def _make_frame(column: int, row: int, width: int, height: int) -> Rectangle:
    return Rectangle(
        (column - 0.5, row - 0.5), width, height, fill=False, edgecolor=style.VERMILION, linewidth=3
    )
