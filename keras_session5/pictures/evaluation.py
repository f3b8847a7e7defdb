"""Pictures of how a network is judged: what it takes for what, where it errs, what its weights look like."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from keras_session5 import checks
from keras_session5.errors import ArgumentError
from keras_session5.pictures import style

_MOST_FILTERS = 64  # more are too small to be seen
_LETTER = 0.085  # inches that a letter of a label takes
_LONGEST = 34  # letters of a text that are shown


def confusion_matrix(counts: np.ndarray, class_names: Sequence[str]) -> Figure:
    """How often each class was taken for each: the diagonal is right, what lies beside it is not.

    Args:
        counts: (C, C) int, rows by the right class, columns by the network's.
        class_names: C names.
    """
    counts = np.asarray(counts)
    if counts.shape != (len(class_names), len(class_names)):
        raise ArgumentError(
            f"`counts` must have a row and a column for each of {len(class_names)} classes. "
            f"Received: shape={counts.shape}"
        )
    margin = 0.6 + _LETTER * max(map(len, class_names))
    side = max(2.0, 0.38 * len(counts))
    figure, axes = _one_axes(side, side, left=margin, bottom=margin)
    # Each row by its sum: a class with few examples is as visible as one with many.
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    axes.imshow(shares, cmap=style.SEQUENTIAL, vmin=0, vmax=1)
    for row, column in np.argwhere(counts):
        colour = "black" if shares[row, column] > 0.6 else "white"
        axes.text(
            column, row, str(counts[row, column]), ha="center", va="center", color=colour, fontsize="small"
        )
    names = [style.shown(name) for name in class_names]
    axes.set_xticks(range(len(counts)), names, rotation=90, **style.font())
    axes.set_yticks(range(len(counts)), names, **style.font())
    axes.set_xlabel("what the network says")
    axes.set_ylabel("what is right")
    right, total = int(np.trace(counts)), int(counts.sum())
    axes.set_title(f"{right:,} of {total:,} right", loc="left")
    return figure


def mistakes(
    inputs: np.ndarray | Sequence[Any],
    labels: Sequence[Any] | np.ndarray,
    guesses: Sequence[Any] | np.ndarray,
    probabilities: np.ndarray | None = None,
    class_names: Sequence[str] | None = None,
    most: int = 16,
) -> Figure:
    """The worst mistakes: what was shown, what is right, and what the network was so sure of.

    Args:
        inputs: N examples, right and wrong ones: images (N, H, W) or (N, H, W, 1), series (N, T) or
            (N, T, 1), or texts.
        labels: what is right of each, and
        guesses: what the network says: indices into `class_names`, or texts or numbers as they are.
        probabilities: that the network gives each of its guesses, (N,), or each class, (N, C): the surest of
            the wrong ones come first. None where the examples come in order, worst first.
        class_names: names of the classes, where labels are indices.
        most: how many are shown.
    """
    checks.positive_int("most", most)
    for name, values in (("labels", labels), ("guesses", guesses)):
        if len(values) != len(inputs):
            raise ArgumentError(
                f"`{name}` must have one value for each of {len(inputs)} examples. "
                f"Received: {len(values)} values"
            )
    rows = [i for i in range(len(inputs)) if labels[i] != guesses[i]]
    sure = None
    if probabilities is not None:
        sure = np.asarray(probabilities)
        sure = sure[np.arange(len(sure)), np.asarray(guesses)] if sure.ndim == 2 else sure
        rows.sort(key=lambda i: -sure[i])
    rows = rows[:most]
    captions = [(_named(labels[i], class_names), _named(guesses[i], class_names)) for i in rows]
    shares = ["" if sure is None else f"{sure[i]:.0%}" for i in rows]
    if not rows:
        return _sentence(f"No mistake in {len(inputs):,} examples.")
    if isinstance(inputs[0], str):
        return _wrong_texts([str(inputs[i]) for i in rows], captions, shares)
    shown = np.stack([np.asarray(inputs[i], float) for i in rows])
    if shown.ndim == 2 or shown.shape[2:] == (1,):
        return _wrong_series(shown.reshape(len(rows), -1), captions)
    return _wrong_images(shown.reshape(shown.shape[:3]), captions, shares)


def filters(kernel: np.ndarray) -> Figure:
    """What each unit of a first layer looks for: purple where ink speaks for it, orange where against.

    Args:
        kernel: (h, w, in, out), of a convolution, or of a dense layer on pixels, reshaped. Of more than one
            input channel the mean is drawn; of more than 64 filters the first 64.
    """
    kernel = np.asarray(kernel)
    if kernel.ndim != 4:
        raise ArgumentError(f"`kernel` must have shape (h, w, in, out). Received: shape={kernel.shape}")
    maps = kernel.mean(axis=2).transpose(2, 0, 1)[:_MOST_FILTERS]  # (out, h, w)
    rows, columns = _grid(len(maps))
    side = max(0.55, 3 / columns)
    figure, axes = _one_axes(side * columns, side * rows, right=0.9)
    limit = float(np.abs(maps).max()) or 1.0
    finer = -(-20 // maps.shape[2])  # so that a gap can be narrower than a pixel
    shown = maps.repeat(finer, axis=1).repeat(finer, axis=2)
    shown = style.tiled(shown, columns, shown.shape[2] // 10)
    colours = mpl.colormaps[style.SIGNED].with_extremes(bad="lightgrey")
    image = axes.imshow(shown, cmap=colours, vmin=-limit, vmax=limit)
    axes.axis("off")
    shape = f"{kernel.shape[0]} x {kernel.shape[1]}"
    more = f"{len(maps)} of {kernel.shape[3]}" if kernel.shape[3] > len(maps) else str(len(maps))
    axes.set_title(f"{more} filters, {shape}", loc="left", fontsize="medium")
    width, height = figure.get_size_inches()
    bar = figure.add_axes((1 - 0.75 / width, 0.1 / height, 0.12 / width, 1 - 0.45 / height))
    figure.colorbar(image, cax=bar)
    return figure


def decision_surface(
    answer: Callable[[np.ndarray], np.ndarray], points: np.ndarray, labels: np.ndarray
) -> Figure:
    """What a network of two inputs answers everywhere around its examples.

    Args:
        answer: from (N, 2) float32 to (N,) or (N, 1) values in 0..1.
        points: (P, 2), the examples.
        labels: (P,) 0 or 1.
    """
    points, labels = np.asarray(points, "float32"), np.asarray(labels).reshape(-1)
    if points.ndim != 2 or points.shape[1] != 2 or len(points) != len(labels):
        raise ArgumentError(
            f"`points` must be (P, 2) with P labels. Received: shape={points.shape}, {len(labels)} labels"
        )
    low, high = float(points.min()), float(points.max())
    room = 0.5 * (high - low or 1.0)
    line = np.linspace(low - room, high + room, 101, dtype="float32")
    x, y = np.meshgrid(line, line)
    values = np.asarray(answer(np.stack([x.ravel(), y.ravel()], axis=1))).reshape(x.shape)
    figure, axes = _one_axes(3.2, 3.2, left=0.75, bottom=0.5)
    extent = (line[0], line[-1], line[0], line[-1])
    axes.imshow(values, cmap=style.DIVERGING, vmin=0, vmax=1, origin="lower", extent=extent)
    if values.min() < 0.5 <= values.max():
        axes.contour(line, line, values, [0.5], colors="black", linewidths=1)
    for label, marker in ((0, "o"), (1, "s")):
        of = points[labels == label]
        axes.scatter(of[:, 0], of[:, 1], s=70, c="white", marker=marker, edgecolors="black", zorder=3)
    axes.set_title("bright: 1 (right for squares)   dark: 0 (circles)", fontsize="small", loc="left")
    axes.locator_params(nbins=4)
    axes.set_xlabel("first input")
    axes.set_ylabel("second input")
    return figure


def _one_axes(
    width: float,
    height: float,
    *,
    left: float = 0.1,
    bottom: float = 0.1,
    right: float = 0.1,
    top: float = 0.35,
) -> tuple[Figure, Axes]:
    """Axes of so many inches, with so many around them: a layout engine takes as long as the drawing."""
    whole = (left + width + right, bottom + height + top)
    figure = Figure(whole, dpi=style.DPI)
    where = (left / whole[0], bottom / whole[1], width / whole[0], height / whole[1])
    return figure, figure.add_axes(where)


def _wrong_images(images: np.ndarray, captions: Sequence[tuple[str, str]], shares: Sequence[str]) -> Figure:
    """Images (N, H, W) in a grid, with the caption below each."""
    rows, columns = _grid(len(images))
    longest = max(len(text) for pair in captions for text in pair)
    wide = max(1.15, 0.35 + _LETTER * (longest + 10))
    figure, axes = _one_axes(wide * columns, 1.6 * rows, top=0.15)
    axes.set_xlim(0, wide * columns)
    axes.set_ylim(1.6 * rows, 0)
    limit = float(images.max()) or 1.0
    for i, (image, (right, wrong), share) in enumerate(zip(images, captions, shares, strict=True)):
        top, left = 1.6 * (i // columns), wide * (i % columns) + (wide - 1) / 2
        axes.imshow(image, cmap="gray_r", vmin=0, vmax=limit, extent=(left, left + 1, top + 1, top))
        axes.add_patch(Rectangle((left, top), 1, 1, fill=False, edgecolor="lightgrey", linewidth=0.5))
        below = {"ha": "center", "va": "top", "fontsize": "small", **style.font()}
        axes.text(left + 0.5, top + 1.08, f"is {style.shown(right)}", **below)
        said = f"said {style.shown(wrong)}" + (f" ({share})" if share else "")
        axes.text(left + 0.5, top + 1.26, said, color=style.VERMILION, **below)
    axes.set_xlim(0, wide * columns)
    axes.set_ylim(1.6 * rows, 0)
    axes.axis("off")
    return figure


def _wrong_series(series: np.ndarray, captions: Sequence[tuple[str, str]]) -> Figure:
    """Series (N, T), each with its right and its wrong next value."""
    series, captions = series[:6], captions[:6]
    steps = series.shape[1]
    figure, axes = _one_axes(6.0, 0.8 * len(series), left=0.6, bottom=0.5)
    span = 1.2 * float(np.ptp(series)) or 1.0
    for i, (values, (right, wrong)) in enumerate(zip(series, captions, strict=True)):
        base = -i * span
        axes.plot(range(steps), values + base, color=style.BLACK, linewidth=1)
        axes.plot(steps, float(right) + base, "o", color=style.BLUE, label="" if i else "what is right")
        axes.plot(steps, float(wrong) + base, "x", color=style.VERMILION, label="" if i else "the forecast")
    axes.set_yticks([])
    axes.set_xlabel("step")
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2, frameon=False, borderpad=0)
    return figure


def _wrong_texts(texts: Sequence[str], captions: Sequence[tuple[str, str]], shares: Sequence[str]) -> Figure:
    """A table with a line for each text."""
    lines = [(text, *pair, share) for text, pair, share in zip(texts, captions, shares, strict=True)]
    header = ("text", "right", "the network's", "sure")
    used = 4 if any(shares) else 3
    lines = [tuple(_shortened(cell) for cell in line[:used]) for line in [header, *lines]]
    widths = [max(len(line[i]) for line in lines) * _LETTER + 0.2 for i in range(used)]
    starts = np.concatenate([[0], np.cumsum(widths)])
    height = 0.22 * len(lines)
    figure, axes = _one_axes(starts[-1], height, top=0.1)
    axes.set_xlim(0, starts[-1])
    axes.set_ylim(height, 0)
    axes.axis("off")
    for y, line in enumerate(lines):
        for i, cell in enumerate(line):
            colour = style.VERMILION if i == 2 and y else style.BLACK
            look = {"color": colour, "weight": "normal" if y else "bold", **style.font()}
            axes.text(starts[i], 0.22 * y + 0.05, style.shown(cell), va="top", fontsize=9, **look)
    return figure


def _sentence(text: str) -> Figure:
    figure, axes = _one_axes(3.5, 0.5, top=0.1)
    axes.axis("off")
    axes.text(0, 0.5, text, va="center")
    return figure


def _named(value: Any, class_names: Sequence[str] | None) -> str:
    if isinstance(value, str):
        return value
    return str(value) if class_names is None else class_names[int(value)]


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def _grid(count: int) -> tuple[int, int]:
    """Rows and columns, about as many of both."""
    columns = math.ceil(math.sqrt(count))
    return math.ceil(count / columns), columns
