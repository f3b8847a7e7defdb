"""Drawings of recurrent networks: units that read bits, a layer folded and unfolded, two directions."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from keras_session5.errors import ArgumentError
from keras_session5.pictures import style

_ARROW = {"arrowstyle": "-|>", "shrinkA": 0, "shrinkB": 0, "color": "0.35"}


def threshold_states(
    bits: Sequence[int],
    states: Any,
    outputs: Sequence[int],
    unit_names: Sequence[str],
    steps: int | None = None,
    weights: Any = None,
) -> Figure:
    """Draws a recurrent network of threshold units, once for each bit that it has read.

    A unit that fires is orange, blue lines carry the state on, and before the first bit the state $h_0$ is 0.

    Args:
        bits: the inputs, T values of 0 or 1.
        states: the outputs of U units after each bit, (T, U), 0 or 1.
        outputs: the answer of the network after each bit, (T,), 0 or 1.
        unit_names: names of the units.
        steps: number of bits read so far; None for all. The figure keeps its size.
        weights: from each unit to each unit of the next step, (U, U); their signs are written on the lines
            between the first two steps. None for no signs.

    Raises:
        ArgumentError: if the lengths differ.
    """
    states = np.asarray(states)
    if states.shape != (len(bits), len(unit_names)) or len(outputs) != len(bits):
        raise ArgumentError(
            "`states` must have a row for each bit and a column for each unit, and `outputs` one entry for "
            f"each bit. Received: {len(bits)} bits, states of shape {states.shape}, {len(unit_names)} names, "
            f"{len(outputs)} outputs"
        )
    heights = 1 + 0.65 * np.arange(len(unit_names))
    shifts = np.linspace(-0.2, 0.2, len(unit_names)) if len(unit_names) > 1 else np.zeros(1)
    top = heights[-1] + 1
    figure = style.new_figure(0.85 * len(bits) + 2.4, 3.4)
    axes = _clear_axes(figure, (-2.6, len(bits) - 0.5), (-0.4, top + 0.4))
    count = len(bits) if steps is None else steps
    for t in range(count):
        _draw_value(axes, t, 0, bits[t], "square")
        _draw_value(axes, t, top, outputs[t], "square")
        for unit, (shift, height) in enumerate(zip(shifts, heights, strict=True)):
            _draw_value(axes, t + shift, height, states[t, unit], "circle")
            axes.plot([t, t + shift, t], [0, height, top], color="0.6", lw=1, zorder=1)
            for before, low in zip(shifts, heights, strict=True) if t else ():
                axes.plot([t - 1 + before, t + shift], [low, height], color=style.BLUE, lw=1.2, zorder=1)
    for height, name in zip((0, *heights, top), ("bit", *unit_names, "answer"), strict=True):
        axes.text(-1.3, height, name, ha="right", va="center")
    for shift, height in zip(shifts, heights, strict=True) if count else ():
        arrow = {"arrowstyle": "-", "color": style.BLUE, "lw": 1.2, "shrinkA": 0, "shrinkB": 0}
        axes.annotate("", (shift, height), (-0.75, heights.mean()), arrowprops=arrow, zorder=1)
    axes.text(-0.78, heights.mean(), "$h_0$ = 0", ha="right", va="center", color=style.BLUE, fontsize=9)
    if weights is not None and count > 1:
        _write_signs(axes, np.asarray(weights), shifts, heights)
    figure.legend(
        handles=[
            Patch(facecolor=style.ORANGE, edgecolor="black", label="1: fires"),
            Patch(facecolor="white", edgecolor="black", label="0"),
            Line2D([], [], color=style.BLUE, label="carries the state on"),
            Line2D([], [], color="0.6", label="within a step"),
        ],
        loc="outside lower center",
        ncols=4,
        fontsize=8,
        frameon=False,
    )
    return figure


def unfolded(text: str) -> Figure:
    """Draws a recurrent layer with its loop, and beside it unfolded over the characters of a text."""
    figure = style.new_figure(8, 2.9)
    axes = _clear_axes(figure, (-3.5, len(text) - 0.5), (-0.7, 2.4))
    columns = [(-3.0, "_t", "input"), *((float(t), f"_{t + 1}", f'"{text[t]}"') for t in range(len(text)))]
    for x, index, below in columns:
        for y, name, colour in ((0, "x", "0.35"), (1, "h", style.BLUE), (2, "y", style.GREEN)):
            _draw_box(axes, x, y, f"${name}{index}$", colour)
        axes.text(x, -0.45, below, ha="center", va="center", **style.font())
        for y, name in ((0, "$W_x$"), (1, "$W_y$")):
            axes.annotate("", (x, y + 0.81), (x, y + 0.19), arrowprops=_ARROW)
            axes.text(x + 0.06, y + 0.5, name, va="center", fontsize=9)
        if x >= 0:
            axes.annotate("", (x - 0.14, 1), (x - 0.86, 1), arrowprops=_ARROW | {"color": style.BLUE})
            axes.text(x - 0.5, 1.1, "$W_h$", ha="center", fontsize=9, color=style.BLUE)
    loop = _ARROW | {"connectionstyle": "arc3,rad=-4", "color": style.BLUE}
    axes.annotate("", (-2.88, 0.9), (-2.88, 1.1), arrowprops=loop)
    axes.text(-2.45, 1, "$W_h$", ha="left", va="center", fontsize=9, color=style.BLUE)
    axes.text(-0.88, 1, "$h_0 = 0$", ha="right", va="center")
    axes.text(-3, 2.45, "folded", ha="center", fontsize=10)
    axes.text((len(text) - 1) / 2, 2.45, "unfolded", ha="center", fontsize=10)
    return figure


def bidirectional(text: str) -> Figure:
    """Draws two recurrent layers over the characters of a text, one in each direction, and their outputs."""
    figure = style.new_figure(1.3 * len(text) + 1.8, 3.5)
    axes = _clear_axes(figure, (-1.5, len(text) - 0.4), (-0.7, 3.4))
    rows = ((1.0, r"\overrightarrow{h}", style.BLUE, 1), (2.0, r"\overleftarrow{h}", style.VERMILION, -1))
    for t, character in enumerate(text):
        _draw_box(axes, t, 0, f"$x_{t + 1}$", "0.35")
        axes.text(t, -0.45, f'"{character}"', ha="center", va="center", **style.font())
        _draw_box(axes, t, 3, f"$y_{t + 1}$", style.GREEN)
        _draw_way(axes, [(t, 0.2), (t, 0.8)], "0.35")
        _draw_way(axes, [(t + 0.12, 0), (t + 0.3, 0), (t + 0.3, 1.5), (t, 1.5), (t, 1.8)], "0.35")
        _draw_way(axes, [(t, 2.2), (t, 2.8)], style.VERMILION)
        left = [(t - 0.1, 1), (t - 0.1, 1.4), (t - 0.3, 1.4), (t - 0.3, 2.5), (t - 0.1, 2.5), (t - 0.1, 2.8)]
        _draw_way(axes, left, style.BLUE)
        for y, name, colour, direction in rows:
            _draw_box(axes, t, y, f"${name}_{t + 1}$", colour)
            before = t - direction
            if 0 <= before < len(text):
                ends = (t - 0.2 * direction, y), (before + 0.2 * direction, y)
                axes.annotate("", *ends, arrowprops=_ARROW | {"color": colour})
    names = ("characters", "reads forwards", "reads backwards", "both, side by side")
    for y, name in enumerate(names):
        axes.text(-0.45, y, name, ha="right", va="center")
    return figure


def _clear_axes(figure: Figure, x: tuple[float, float], y: tuple[float, float]) -> Axes:
    axes = figure.subplots()
    axes.set(xlim=x, ylim=y)
    axes.set_axis_off()
    return axes


def _draw_way(axes: Axes, points: Sequence[tuple[float, float]], colour: str) -> None:
    """Draws a line through points, with an arrow at its end."""
    axes.plot(*np.transpose(points[:-1]), color=colour, lw=1, zorder=0)
    axes.annotate("", points[-1], points[-2], arrowprops=_ARROW | {"color": colour})


def _draw_value(axes: Axes, x: float, y: float, value: int, shape: str) -> None:
    box = {"boxstyle": f"{shape},pad=0.3", "facecolor": style.ORANGE if value else "white"}
    axes.text(x, y, f"{value:d}", ha="center", va="center", bbox=box, zorder=3)


def _write_signs(axes: Axes, weights: np.ndarray, shifts: np.ndarray, heights: np.ndarray) -> None:
    """Writes "+" or "−" on the lines from the units of the first step to those of the second."""
    for (before, unit), weight in np.ndenumerate(weights):
        part = 0.5 if before == unit else 0.3  # where two lines cross, neither sign would be clear
        x = float(part * (1 + shifts[unit]) + (1 - part) * shifts[before])
        y = float(part * heights[unit] + (1 - part) * heights[before])
        box = {"boxstyle": "circle,pad=0.1", "facecolor": "white", "edgecolor": "none"}
        sign = "+" if weight > 0 else "−"
        axes.text(x, y, sign, ha="center", va="center", color=style.BLUE, fontsize=9, bbox=box, zorder=2)


def _draw_box(axes: Axes, x: float, y: float, text: str, colour: str) -> None:
    box = {"boxstyle": "round,pad=0.4", "facecolor": colour, "edgecolor": "none"}
    axes.text(x, y, text, ha="center", va="center", color="white", bbox=box, zorder=3)
