"""Drawings of recurrent networks: units that read bits, a layer folded and unfolded, two directions."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from keras_session5.errors import ArgumentError
from keras_session5.pictures import style

_ARROW = {"arrowstyle": "-|>", "shrinkA": 0, "shrinkB": 0, "color": "0.35"}


def threshold_states(
    bits: Sequence[int],
    states: Any,
    outputs: Sequence[int],
    unit_names: Sequence[str],
    steps: int | None = None,
) -> Figure:
    """Draws a recurrent network of threshold units, once for each bit that it has read.

    Args:
        bits: the inputs, T values of 0 or 1.
        states: the outputs of U units after each bit, (T, U), 0 or 1; a unit that fires is drawn orange.
        outputs: the answer of the network after each bit, (T,), 0 or 1.
        unit_names: names of the units.
        steps: number of bits read so far; None for all. The figure keeps its size.

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
    figure = style.new_figure(0.75 * len(bits) + 1.6, 2.9)
    axes = _clear_axes(figure, (-1.9, len(bits) - 0.5), (-0.4, top + 0.4))
    for t in range(len(bits) if steps is None else steps):
        _draw_value(axes, t, 0, bits[t], "square")
        _draw_value(axes, t, top, outputs[t], "square")
        for unit, (shift, height) in enumerate(zip(shifts, heights, strict=True)):
            _draw_value(axes, t + shift, height, states[t, unit], "circle")
            axes.plot([t, t + shift, t], [0, height, top], color="0.6", lw=1, zorder=1)
            for before, low in zip(shifts, heights, strict=True) if t else ():
                axes.plot([t - 1 + before, t + shift], [low, height], color=style.BLUE, lw=1.2, zorder=1)
    for height, name in zip((0, *heights, top), ("bit", *unit_names, "answer"), strict=True):
        axes.text(-0.5, height, name, ha="right", va="center")
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
            axes.annotate("", (x, y + 0.72), (x, y + 0.28), arrowprops=_ARROW)
            axes.text(x + 0.06, y + 0.5, name, va="center", fontsize=9)
        if x >= 0:
            axes.annotate("", (x - 0.22, 1), (x - 0.75, 1), arrowprops=_ARROW | {"color": style.BLUE})
            axes.text(x - 0.5, 1.1, "$W_h$", ha="center", fontsize=9, color=style.BLUE)
    loop = _ARROW | {"connectionstyle": "arc3,rad=-2.6", "color": style.BLUE}
    axes.annotate("", (-2.79, 0.86), (-2.79, 1.14), arrowprops=loop)
    axes.text(-2.45, 1, "$W_h$", ha="left", va="center", fontsize=9, color=style.BLUE)
    axes.text(-1.0, 1, "$h_0 = 0$", ha="center", va="center")
    axes.text(-3, 2.45, "folded", ha="center", fontsize=10)
    axes.text((len(text) - 1) / 2, 2.45, "unfolded", ha="center", fontsize=10)
    return figure


def bidirectional(text: str) -> Figure:
    """Draws two recurrent layers over the characters of a text, one in each direction."""
    figure = style.new_figure(1.3 * len(text) + 1.8, 2.7)
    axes = _clear_axes(figure, (-1.4, len(text) - 0.4), (-0.7, 2.4))
    rows = ((1.0, r"\overrightarrow{h}", style.BLUE, 1), (2.0, r"\overleftarrow{h}", style.VERMILION, -1))
    for t, character in enumerate(text):
        _draw_box(axes, t, 0, f"$x_{t + 1}$", "0.35")
        axes.text(t, -0.45, f'"{character}"', ha="center", va="center", **style.font())
        axes.annotate("", (t, 0.72), (t, 0.28), arrowprops=_ARROW)
        axes.plot([t + 0.12, t + 0.3, t + 0.3, t], [0, 0, 1.5, 1.5], color="0.35", lw=1, zorder=0)
        axes.annotate("", (t, 1.74), (t, 1.49), arrowprops=_ARROW)
        for y, name, colour, direction in rows:
            _draw_box(axes, t, y, f"${name}_{t + 1}$", colour)
            before = t - direction
            if 0 <= before < len(text):
                ends = (t - 0.2 * direction, y), (before + 0.2 * direction, y)
                axes.annotate("", *ends, arrowprops=_ARROW | {"color": colour})
    for y, name in ((0, "characters"), (1, "reads forwards"), (2, "reads backwards")):
        axes.text(-0.4, y, name, ha="right", va="center")
    return figure


def _clear_axes(figure: Figure, x: tuple[float, float], y: tuple[float, float]) -> Axes:
    axes = figure.subplots()
    axes.set(xlim=x, ylim=y)
    axes.set_axis_off()
    return axes


def _draw_value(axes: Axes, x: float, y: float, value: int, shape: str) -> None:
    box = {"boxstyle": f"{shape},pad=0.3", "facecolor": style.ORANGE if value else "white"}
    axes.text(x, y, f"{value:d}", ha="center", va="center", bbox=box, zorder=3)


def _draw_box(axes: Axes, x: float, y: float, text: str, colour: str) -> None:
    box = {"boxstyle": "round,pad=0.4", "facecolor": colour, "edgecolor": "none"}
    axes.text(x, y, text, ha="center", va="center", color="white", bbox=box, zorder=3)
