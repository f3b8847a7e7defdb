"""Pictures for the evaluation of a network: confusion matrix, mistakes, filters and decision surface."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from keras_session5 import checks
from keras_session5.errors import ArgumentError
from keras_session5.pictures import style

# From 0 to 1, in half as strong colours as the marks of the labels, which therefore stand out.
_ZERO_TO_ONE = LinearSegmentedColormap.from_list("zero to one", ["#7FB8D8", "white", "#F2CF7F"])
_MAX_FILTERS = 64  # more would be too small
_LETTER_WIDTH = 0.085  # inches
_MAX_LETTERS = 34  # of a text; longer ones are cut


def confusion_matrix(counts: np.ndarray, class_names: Sequence[str]) -> Figure:
    """Draws the number of samples for each pair of true and predicted class.

    Args:
        counts: (C, C) int, with true classes as rows and predicted classes as columns.
        class_names: the C names of the classes.

    Raises:
        ArgumentError: if the counts do not match the class names.
    """
    counts = np.asarray(counts)
    if counts.shape != (len(class_names), len(class_names)):
        raise ArgumentError(
            f"`counts` must have one row and one column for each of the {len(class_names)} classes. "
            f"Received: shape={counts.shape}"
        )
    longest = max(map(len, class_names))
    margin = 0.6 + _LETTER_WIDTH * longest
    side = max(2.0, 0.38 * len(counts))
    figure, axes = _make_axes(side, side, left=margin, bottom=margin)
    # Rows are normalised so that rare classes are as visible as frequent ones.
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    axes.imshow(shares, cmap=style.SEQUENTIAL, vmin=0, vmax=1)
    for row, column in np.argwhere(counts):
        colour = "black" if shares[row, column] > 0.6 else "white"
        axes.text(
            column, row, str(counts[row, column]), ha="center", va="center", color=colour, fontsize="small"
        )
    names = [style.shown(name) for name in class_names]
    axes.set_xticks(range(len(counts)), names, rotation=90 if longest > 2 else 0, **style.font())
    axes.set_yticks(range(len(counts)), names, **style.font())
    axes.set_xlabel("prediction")
    axes.set_ylabel("label")
    axes.set_title(f"{int(np.trace(counts)):,} of {int(counts.sum()):,} correct", loc="left")
    return figure


def mistakes(
    inputs: np.ndarray | Sequence[Any],
    labels: Sequence[Any] | np.ndarray,
    predictions: Sequence[Any] | np.ndarray,
    probabilities: np.ndarray | None = None,
    class_names: Sequence[str] | None = None,
    most: int = 16,
) -> Figure:
    """Draws the worst mistakes: input, label, prediction and its probability.

    Args:
        inputs: N samples, with correct predictions or not: images (N, height, width) or (N, height, width, 1
            or 3), series (N, T) or (N, T, 1), or texts.
        labels: the N labels, as indices into `class_names`, texts or numbers.
        predictions: the N predictions, in the same form.
        probabilities: probabilities of the predictions, (N,), or of all classes, (N, C); the most confident
            mistakes come first. None if the samples are already sorted, worst first.
        class_names: names of the classes, if labels are indices.
        most: largest number of mistakes to draw.

    Raises:
        ArgumentError: if the numbers of labels, predictions and inputs differ.
    """
    checks.positive_int("most", most)
    for name, values in (("labels", labels), ("predictions", predictions)):
        if len(values) != len(inputs):
            raise ArgumentError(
                f"`{name}` must have one value for each of the {len(inputs)} samples. "
                f"Received: {len(values)} values"
            )
    rows = [i for i in range(len(inputs)) if labels[i] != predictions[i]]
    confidence = None
    if probabilities is not None:
        confidence = np.asarray(probabilities)
        if confidence.ndim == 2:
            confidence = confidence[np.arange(len(confidence)), np.asarray(predictions)]
        rows.sort(key=lambda i: -confidence[i])
    rows = rows[:most]
    captions = [(_get_name(labels[i], class_names), _get_name(predictions[i], class_names)) for i in rows]
    shares = ["" if confidence is None else f"{confidence[i]:.0%}" for i in rows]
    if not rows:
        figure, axes = _make_axes(3.5, 0.5, top=0.1)
        axes.axis("off")
        axes.text(0, 0.5, f"No mistake in {len(inputs):,} samples.", va="center")
        return figure
    if isinstance(inputs[0], str):
        return _draw_texts([str(inputs[i]) for i in rows], captions, shares)
    arrays = np.stack([np.asarray(inputs[i], float) for i in rows])
    if arrays.ndim == 2 or arrays.shape[2:] == (1,):
        return _draw_series(arrays.reshape(len(rows), -1), captions)
    return _draw_images(arrays[..., 0] if arrays.shape[3:] == (1,) else arrays, captions, shares)


def filters(kernel: np.ndarray) -> Figure:
    """Draws the filters of a first layer, with positive weights in purple and negative ones in orange.

    Args:
        kernel: kernel of a convolution or the reshaped kernel of a dense layer on pixels, (height, width, in,
            out). The mean over the input channels is drawn, for at most 64 filters.

    Raises:
        ArgumentError: if the kernel has another rank.
    """
    kernel = np.asarray(kernel)
    if kernel.ndim != 4:
        raise ArgumentError(
            f"`kernel` must have shape (height, width, in, out). Received: shape={kernel.shape}"
        )
    maps = kernel.mean(axis=2).transpose(2, 0, 1)[:_MAX_FILTERS]  # (out, height, width)
    rows, columns = _choose_grid(len(maps))
    side = max(0.55, 3 / columns)
    figure, axes = _make_axes(side * columns, side * rows, right=1.1)
    limit = float(np.abs(maps).max()) or 1.0
    factor = -(-20 // maps.shape[2])  # enlarged, so that a gap can be narrower than a pixel
    enlarged = maps.repeat(factor, axis=1).repeat(factor, axis=2)
    tiles = style.tile(enlarged, columns, enlarged.shape[2] // 10)
    colours = mpl.colormaps[style.SIGNED].with_extremes(bad="lightgrey")
    image = axes.imshow(tiles, cmap=colours, vmin=-limit, vmax=limit)
    axes.axis("off")
    shape = f"{kernel.shape[0]} x {kernel.shape[1]}"
    count = f"{len(maps)} of {kernel.shape[3]}" if kernel.shape[3] > len(maps) else str(len(maps))
    axes.set_title(f"{count} filters, {shape}", loc="left", fontsize="medium")
    width, height = figure.get_size_inches()
    bar = figure.add_axes((1 - 0.95 / width, 0.1 / height, 0.12 / width, 1 - 0.45 / height))
    figure.colorbar(image, cax=bar, label="weight")
    return figure


def learning_curve(metrics: Mapping[str, Sequence[float]]) -> Figure:
    """Draws the loss after each epoch and, if there is one, the accuracy.

    Args:
        metrics: name -> values after each epoch, of "loss", "accuracy", "val_loss" and "val_accuracy".
    """
    kinds = [kind for kind in ("loss", "accuracy") if any(name.endswith(kind) for name in metrics)]
    figure = style.new_figure(3.6 * max(1, len(kinds)), 2.4)
    for axes, kind in zip(figure.subplots(1, len(kinds), squeeze=False)[0], kinds, strict=True):
        style.plain(axes)
        lines = ((kind, "training", style.BLUE, "-"), (f"val_{kind}", "validation", style.ORANGE, "--"))
        for name, label, colour, dashes in lines:
            values = metrics.get(name, ())
            epochs = range(1, len(values) + 1)
            axes.plot(epochs, values, dashes, color=colour, marker="o", markersize=3, label=label)
        axes.xaxis.get_major_locator().set_params(integer=True)  # pyright: ignore[reportCallIssue]
        axes.set(xlabel="epoch", ylabel=kind)
        axes.grid(alpha=0.3)
        axes.legend(frameon=False, fontsize=8)
    return figure


def decision_surface(
    predict: Callable[[np.ndarray], np.ndarray], points: np.ndarray, labels: np.ndarray
) -> Figure:
    """Draws the predictions of a network with two inputs in the region around its samples.

    Orange stands for 1 and blue for 0, in the surface and for the labels; the black line is where the
    prediction is 0.5.

    Args:
        predict: function from (N, 2) float32 to (N,) or (N, 1) values in 0..1.
        points: samples, (P, 2).
        labels: labels of the samples, (P,), 0 or 1.

    Raises:
        ArgumentError: if the shapes do not match.
    """
    points, labels = np.asarray(points, "float32"), np.asarray(labels).reshape(-1)
    if points.ndim != 2 or points.shape[1] != 2 or len(points) != len(labels):
        raise ArgumentError(
            f"`points` must be (P, 2) with P labels. Received: shape={points.shape}, {len(labels)} labels"
        )
    low, high = float(points.min()), float(points.max())
    margin = 0.5 * (high - low or 1.0)
    line = np.linspace(low - margin, high + margin, 101, dtype="float32")
    x, y = np.meshgrid(line, line)
    values = np.asarray(predict(np.stack([x.ravel(), y.ravel()], axis=1))).reshape(x.shape)
    figure, axes = _make_axes(2.6, 2.6, left=0.7, bottom=0.5, right=1.0)
    extent = (line[0], line[-1], line[0], line[-1])
    image = axes.imshow(values, cmap=_ZERO_TO_ONE, vmin=0, vmax=1, origin="lower", extent=extent)
    bar = figure.colorbar(image, cax=axes.inset_axes((1.05, 0, 0.05, 1)), ticks=[0, 0.5, 1])
    bar.set_label("probability of 1")
    bar.ax.axhline(0.5, color="black", linewidth=1)
    if values.min() < 0.5 <= values.max():
        axes.contour(line, line, values, [0.5], colors="black", linewidths=1)
    for label, marker, colour in ((0, "o", style.BLUE), (1, "s", style.ORANGE)):
        x, y = points[labels == label].T
        axes.scatter(x, y, s=70, c=colour, marker=marker, edgecolors="black", zorder=3)
    axes.set_title("squares: label 1   circles: label 0   line: 0.5", fontsize="small", loc="left")
    axes.locator_params(nbins=4)
    axes.set_xlabel("input $x_1$")
    axes.set_ylabel("input $x_2$")
    return figure


def _make_axes(
    width: float,
    height: float,
    *,
    left: float = 0.1,
    bottom: float = 0.1,
    right: float = 0.1,
    top: float = 0.35,
) -> tuple[Figure, Axes]:
    """Returns axes with a size and margins in inches; a layout engine would double the drawing time."""
    total_width, total_height = left + width + right, bottom + height + top
    figure = Figure((total_width, total_height), dpi=style.DPI)
    box = (left / total_width, bottom / total_height, width / total_width, height / total_height)
    return figure, figure.add_axes(box)


def _draw_images(images: np.ndarray, captions: Sequence[tuple[str, str]], shares: Sequence[str]) -> Figure:
    """Draws images (N, height, width) or (N, height, width, 3) in a grid with captions."""
    rows, columns = _choose_grid(len(images))
    longest = max(len(text) for pair in captions for text in pair)
    wide = max(1.15, 0.35 + _LETTER_WIDTH * (longest + 15))
    figure, axes = _make_axes(wide * columns, 1.6 * rows, top=0.15)
    axes.set_xlim(0, wide * columns)
    axes.set_ylim(1.6 * rows, 0)
    limit = float(images.max()) or 1.0
    for i, (image, (label, prediction), share) in enumerate(zip(images, captions, shares, strict=True)):
        top, left = 1.6 * (i // columns), wide * (i % columns) + (wide - 1) / 2
        image = np.clip(image / limit, 0, 1) if image.ndim == 3 else image  # colours are from 0 to 1
        axes.imshow(image, cmap="gray_r", vmin=0, vmax=limit, extent=(left, left + 1, top + 1, top))
        axes.add_patch(Rectangle((left, top), 1, 1, fill=False, edgecolor="lightgrey", linewidth=0.5))
        below = {"ha": "center", "va": "top", "fontsize": "small", **style.font()}
        axes.text(left + 0.5, top + 1.08, f"label {style.shown(label)}", **below)
        text = f"predicted {style.shown(prediction)}" + (f" ({share})" if share else "")
        axes.text(left + 0.5, top + 1.26, text, color=style.VERMILION, **below)
    axes.set_xlim(0, wide * columns)
    axes.set_ylim(1.6 * rows, 0)
    axes.axis("off")
    return figure


def _draw_series(series: np.ndarray, captions: Sequence[tuple[str, str]]) -> Figure:
    """Draws series (N, T), each with its next value and the forecast."""
    series, captions = series[:6], captions[:6]
    steps = series.shape[1]
    figure, axes = _make_axes(6.0, 0.8 * len(series), left=0.6, bottom=0.5)
    span = 1.2 * float(np.ptp(series)) or 1.0
    for i, (values, (label, prediction)) in enumerate(zip(series, captions, strict=True)):
        base = -i * span
        axes.plot(range(steps), values + base, color=style.BLACK, linewidth=1)
        axes.plot(steps, float(label) + base, "o", color=style.BLUE, label="" if i else "next value")
        axes.plot(steps, float(prediction) + base, "x", color=style.VERMILION, label="" if i else "forecast")
    axes.set_yticks([])
    axes.set_xlabel("step")
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2, frameon=False, borderpad=0)
    return figure


def _draw_texts(texts: Sequence[str], captions: Sequence[tuple[str, str]], shares: Sequence[str]) -> Figure:
    """Draws a table with one line for each text."""
    lines = [(text, *pair, share) for text, pair, share in zip(texts, captions, shares, strict=True)]
    header = ("text", "label", "prediction", "probability")
    columns = 4 if any(shares) else 3
    lines = [tuple(_shorten(cell) for cell in line[:columns]) for line in [header, *lines]]
    widths = [max(len(line[i]) for line in lines) * _LETTER_WIDTH + 0.2 for i in range(columns)]
    starts = np.concatenate([[0], np.cumsum(widths)])
    height = 0.22 * len(lines)
    figure, axes = _make_axes(starts[-1], height, top=0.1)
    axes.set_xlim(0, starts[-1])
    axes.set_ylim(height, 0)
    axes.axis("off")
    for y, line in enumerate(lines):
        for i, cell in enumerate(line):
            colour = style.VERMILION if i == 2 and y else style.BLACK
            options = {"color": colour, "weight": "normal" if y else "bold", **style.font()}
            axes.text(starts[i], 0.22 * y + 0.05, style.shown(cell), va="top", fontsize=9, **options)
    return figure


def _get_name(value: Any, class_names: Sequence[str] | None) -> str:
    if isinstance(value, str):
        return value
    return str(value) if class_names is None else class_names[int(value)]


def _shorten(text: str) -> str:
    return text if len(text) <= _MAX_LETTERS else text[: _MAX_LETTERS - 1] + "…"


def _choose_grid(count: int) -> tuple[int, int]:
    """Returns similar numbers of rows and columns for `count` cells."""
    columns = math.ceil(math.sqrt(count))
    return math.ceil(count / columns), columns
