"""The picture of `session5 compare`: accuracies, training times, learning curves."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure

from keras_session5.comparison.compare import Curve, Row
from keras_session5.pictures import style

# Colours for the colour-blind; hatch and marker work in black and white.
_STYLES = {
    "classical": {"color": style.ORANGE, "hatch": "///", "marker": "s", "line": "--"},
    "deep": {"color": style.BLUE, "hatch": "", "marker": "o", "line": "-"},
}
_WIDTH = 8.27  # inches: A5 landscape, and still legible on A5 portrait
_DPI = 200
_CURVES_HEIGHT = 3.8  # inches
_LINE_SPACING = 0.05  # between the names, as a fraction of the axes' height
_FONT: Any = {"font.size": 10, "axes.titlesize": 10, "axes.spines.top": False, "axes.spines.right": False}


def draw(title: str, rows: Sequence[Row], curves: Sequence[Curve], path: Path) -> None:
    """Writes the picture: bars of accuracy, accuracy against training time, and any learning curves.

    Args:
        title: text above the picture.
        rows: one per method or network, best first.
        curves: learning curves of the same methods and networks; may be empty.
        path: output file; its suffix selects the format.
    """
    heights = [1.5 + 0.28 * len(rows)] + ([_CURVES_HEIGHT] if curves else [])
    with mpl.rc_context(_FONT):
        figure = Figure((_WIDTH, sum(heights)), dpi=_DPI, layout="constrained")
        parts = figure.subfigures(len(heights), 1, squeeze=False, height_ratios=heights)
        bars, times = parts[0, 0].subplots(1, 2)
        _draw_bars(bars, rows)
        _draw_times(times, rows)
        parts[0, 0].suptitle(title, x=0.01, ha="left")
        parts[0, 0].legend(
            *times.get_legend_handles_labels(), loc="outside upper right", ncols=2, frameon=False
        )
        if curves:
            _draw_curves(parts[1, 0].subplots(), rows, curves)
        figure.savefig(path)


def _draw_bars(axes: Any, rows: Sequence[Row]) -> None:
    """Draws horizontal bars from 0 to 1, best on top, with the numbers of the points beside them."""
    for place, row in enumerate(rows):
        look = _STYLES[row.family]
        axes.barh(place, row.accuracy, color=look["color"], hatch=look["hatch"], edgecolor="white")
        axes.text(row.accuracy + 0.01, place, f"{row.accuracy:.3f}", va="center")
    axes.set_yticks(range(len(rows)), [f"{row.label}  {i}" for i, row in enumerate(rows, 1)])
    axes.tick_params(axis="y", length=0)
    axes.invert_yaxis()
    axes.set(xlim=(0, 1.18), xticks=[0, 0.5, 1], xlabel="accuracy on the test split")


def _draw_times(axes: Any, rows: Sequence[Row]) -> None:
    """Draws accuracy against seconds of training, each point with the number of its bar."""
    for family, look in _STYLES.items():
        found = [(row.train_seconds, row.accuracy) for row in rows if row.family == family]
        if found:
            points = {"color": look["color"], "marker": look["marker"], "edgecolor": "black"}
            axes.scatter(*zip(*found, strict=True), label=family, zorder=2, **points)
    axes.set(xscale="log", xlabel="seconds of training", ylabel="accuracy")
    axes.xaxis.set_major_formatter("{x:g}")
    axes.margins(0.12)
    axes.grid(alpha=0.3)
    _number_points(axes, [(row.train_seconds, row.accuracy) for row in rows])


def _number_points(axes: Any, points: Sequence[tuple[float, float]]) -> None:
    """Writes each point's number beside it, in the corner farthest from all other points and numbers."""
    pixels = axes.transData.transform(points)
    points_per_pixel = 72 / axes.figure.dpi
    taken = [tuple(pixel * points_per_pixel) for pixel in pixels]
    for number, (x, y) in enumerate(taken[: len(points)], 1):
        others = [place for place in taken if place != (x, y)]
        corners = [(x + dx, y + dy) for dx in (8, -8) for dy in (6, -6)]
        corner = max(corners, key=lambda c: min((math.dist(c, other) for other in others), default=0))
        taken.append(corner)
        axes.annotate(
            str(number),
            points[number - 1],
            (corner[0] - x, corner[1] - y),
            textcoords="offset points",
            fontsize=8,
            ha="center",
            va="center",
        )


def _draw_curves(axes: Any, rows: Sequence[Row], curves: Sequence[Curve]) -> None:
    """Draws accuracy against the number of training examples: thin lines with names at their ends."""
    for curve in curves:
        look = _STYLES[curve.family]
        line = {"color": look["color"], "linestyle": look["line"], "linewidth": 1}
        axes.plot(curve.examples, curve.accuracies, marker=look["marker"], markersize=3, **line)
    counts = sorted({n for curve in curves for n in curve.examples})
    axes.set(xscale="log", xlabel="training examples", ylabel="accuracy on the test split")
    axes.set_xticks(counts, [f"{n:,}" for n in counts])
    axes.minorticks_off()
    axes.grid(alpha=0.3)
    low, high = axes.get_ylim()
    place = math.inf
    for number, row in enumerate(rows, 1):  # best first, from the top down, at least one line apart
        place = min(row.accuracy, place - (high - low) * _LINE_SPACING)
        axes.annotate(
            f"{number}  {row.label}",
            (row.examples, row.accuracy),
            (1.03, place),
            textcoords=axes.get_yaxis_transform(),
            fontsize=8,
            va="center",
            # From the curve's end to the name's left end, without a gap.
            arrowprops={
                "arrowstyle": "-",
                "color": "0.6",
                "linewidth": 0.6,
                "relpos": (0, 0.5),
                "shrinkA": 0,
            },
        )
