"""What is worked out by hand: a unit's line, a kernel's products, and pooling."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from keras_session5.errors import ArgumentError
from keras_session5.pictures import style

_NUMBERS_UP_TO = 100  # cells; more of them have no room for a number each
_MARGIN = 0.5  # around the points of a plane


def decision_line(
    points: Any, labels: Any, weights: Sequence[float], threshold: float, labelled: bool = True
) -> Figure:
    """Draws the plane of two inputs, where a unit fires and where it does not.

    Args:
        points: (N, 2), the examples.
        labels: (N,), what the unit should answer, 0 or 1.
        weights: two, of the unit.
        threshold: it fires where the weighted sum is at least so large.
        labelled: whether each point bears its inputs, as "01".
    """
    points, labels = np.asarray(points, float), np.asarray(labels)
    figure = style.new_figure(3.6, 3.4)
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
    axes.set_title("□ should fire   ○ should not   × mistake", fontsize=9)
    return figure


def kernel_patch(image: Any, kernel: Any, products: Any, sums: Any, row: int, column: int) -> Figure:
    """Draws one place of a convolution: what the kernel lies on, each product, and where their sum goes.

    Args:
        image: (rows, columns).
        kernel: (kernel rows, kernel columns).
        products: (kernel rows, kernel columns), at this place.
        sums: (output rows, output columns), the whole feature map.
        row, column: of the output; the kernel's upper left corner lies there.

    Raises:
        ArgumentError: for a place that the output does not have.
    """
    # + 0: what is -0 is shown as 0.
    image, kernel, products, sums = (np.asarray(one, float) + 0 for one in (image, kernel, products, sums))
    if not (0 <= row < sums.shape[0] and 0 <= column < sums.shape[1]):
        raise ArgumentError(
            f"`row` and `column` must be a place of the output, {sums.shape[0]} x {sums.shape[1]}. "
            f"Received: row={row}, column={column}"
        )
    figure = style.new_figure(10, 2.7)
    axes = figure.subplots(1, 4, width_ratios=[1.3, 1, 1, 1.2])
    _grid(axes[0], image, "image")
    axes[0].add_patch(_frame(column, row, kernel.shape[1], kernel.shape[0]))
    _grid(axes[1], kernel, "times the kernel")
    _grid(axes[2], products, f"products; their sum is {sums[row, column]:.4g}")
    _grid(axes[3], sums, "feature map")
    axes[3].add_patch(_frame(column, row, 1, 1))
    return figure


def pooling(image: Any, maxima: Any, averages: Any, size: int) -> Figure:
    """Draws an image, and what the largest and the mean of each of its windows are.

    Args:
        image: (rows, columns).
        maxima, averages: (rows // size, columns // size).
        size: of the window.
    """
    image, maxima, averages = (np.asarray(array, float) for array in (image, maxima, averages))
    figure = style.new_figure(7.5, 2.4)
    axes = figure.subplots(1, 3)
    low, high = image.min(), image.max()
    _grid(axes[0], image, f"image, in windows of {size} x {size}", limits=(low, high))
    for row in range(maxima.shape[0]):
        for column in range(maxima.shape[1]):
            axes[0].add_patch(_frame(column * size, row * size, size, size))
    _grid(axes[1], maxima, "max-pooling", limits=(low, high))
    _grid(axes[2], averages, "average pooling", limits=(low, high))
    return figure


def _grid(axes: Axes, values: np.ndarray, title: str, limits: tuple[float, float] | None = None) -> None:
    """Cells with their numbers, where there is room; where some are negative, with zero in the middle."""
    signed = values.min() < 0
    most = float(np.abs(values).max())
    low, high = (-most, most) if signed else limits or (0, most or 1)
    colours = style.SIGNED if signed else style.SEQUENTIAL
    drawn = axes.imshow(values, cmap=colours, vmin=low, vmax=high)
    axes.set_title(title, fontsize=10)
    axes.set_xticks([])
    axes.set_yticks([])
    if values.size > _NUMBERS_UP_TO:
        return
    size = 12 if values.size <= 25 else 8
    for (row, column), value in np.ndenumerate(values):
        dark = sum(drawn.cmap(drawn.norm(value))[:3]) < 1.5
        colour = "white" if dark else "black"
        axes.text(column, row, f"{value:.3g}", ha="center", va="center", color=colour, fontsize=size)


def _frame(column: int, row: int, width: int, height: int) -> Rectangle:
    return Rectangle(
        (column - 0.5, row - 0.5), width, height, fill=False, edgecolor=style.VERMILION, linewidth=3
    )
