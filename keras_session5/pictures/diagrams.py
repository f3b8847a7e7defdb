"""Diagrams of ideas: a nerve cell beside a threshold unit, the stages of a method, and rings of fields."""

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle, Ellipse, Patch

from keras_session5.errors import ArgumentError
from keras_session5.pictures import style

_GREY = "0.45"
_ARROW = {"arrowstyle": "-|>", "color": "black", "shrinkA": 0, "shrinkB": 0}


def neuron_and_unit() -> Figure:
    """Draws a nerve cell and below it a threshold unit, with the corresponding parts above each other."""
    figure = style.new_figure(7.2, 4.6)
    cell, unit = figure.subplots(2, 1)
    for axes in (cell, unit):
        axes.set(xlim=(-0.2, 10.2), ylim=(-1.5, 2.2), aspect="equal")
        axes.axis("off")
    _draw_cell(cell)
    _draw_unit(unit)
    return figure


def stages(
    methods: Mapping[str, Sequence[tuple[str, bool]]], arrows: Mapping[str, Sequence[str]] | None = None
) -> Figure:
    """Draws each method as a row of boxes joined by arrows, and colours what is learned from examples.

    Args:
        methods: name of a method, or "" -> its stages in order, each a text and whether it is learned.
        arrows: name of a method -> a text for each of its arrows.

    Raises:
        ArgumentError: if there are no methods, a method has fewer than two stages, or not one text for each
            arrow.
    """
    arrows = arrows or {}
    if not methods or any(len(steps) < 2 for steps in methods.values()):
        raise ArgumentError(f"`methods` must have two or more stages each. Received: methods={methods!r}")
    for name, texts in arrows.items():
        if len(texts) != len(methods.get(name, ())) - 1:
            raise ArgumentError(
                f"`arrows` must have one text for each arrow of a method. Received: arrows={arrows!r}"
            )
    figure = style.new_figure(7.2, 0.55 + 1.0 * len(methods))
    axes = figure.subplots()
    axes.set(xlim=(-0.12, 1.12), ylim=(0.45 - len(methods), 0.55))
    axes.axis("off")
    for row, (name, steps) in enumerate(methods.items()):
        places = np.linspace(0.16 if name else 0.02, 0.98, len(steps))
        if name:
            axes.text(-0.1, -row, name, ha="left", va="center", fontweight="bold", fontsize=10)
        boxes = []
        for x, (text, learned) in zip(places, steps, strict=True):
            box = {"boxstyle": "round,pad=0.6", "fc": style.BLUE if learned else _GREY, "ec": "none"}
            drawn = axes.text(x, -row, text, ha="center", va="center", color="white", bbox=box, fontsize=9)
            boxes.append(drawn.get_bbox_patch())
        for i, ((left, right), (start, end)) in enumerate(
            zip(pairwise(places), pairwise(boxes), strict=True)
        ):
            # Drawn after the boxes, whose sizes are known only then: the arrow goes from edge to edge.
            ends = _ARROW | {"patchA": start, "patchB": end}
            axes.annotate("", (right, -row), (left, -row), arrowprops=ends, zorder=4)
            if name in arrows:
                middle = (left + right) / 2
                axes.text(middle, 0.12 - row, arrows[name][i], ha="center", va="bottom", fontsize=8)
    handles = [Patch(color=style.BLUE, label="learned from examples"), Patch(color=_GREY, label="fixed")]
    figure.legend(handles=handles, loc="outside lower center", ncols=2, frameon=False, fontsize=9)
    return figure


def rings(fields: Sequence[tuple[str, str]]) -> Figure:
    """Draws fields as rings, each inside the one before.

    Args:
        fields: name and an example of each, the outermost first.

    Raises:
        ArgumentError: if there are no fields.
    """
    if not fields:
        raise ArgumentError("`fields` must have one or more entries. Received: fields=()")
    figure = style.new_figure(5.6, 3.4)
    axes = figure.subplots()
    count = len(fields)
    axes.set(xlim=(-count - 0.05, count + 0.05), ylim=(-0.05, 1.25 * count + 0.05))
    axes.axis("off")
    shades = np.linspace(0.12, 0.75, count)
    for i, ((name, example), shade) in enumerate(zip(fields, shades, strict=True)):
        size = count - i
        height = 1.25 * size
        axes.add_patch(
            Ellipse((0, height / 2), 2 * size, height, fc="white", ec=style.BLUE, linewidth=1.5, zorder=i)
        )
        axes.add_patch(Ellipse((0, height / 2), 2 * size, height, fc=style.BLUE, alpha=shade, zorder=i + 0.1))
        y = height - 0.62 if size > 1 else height / 2
        colour = "white" if shade > 0.5 else "black"
        axes.text(
            0, y + 0.14, name, ha="center", va="center", fontweight="bold", color=colour, zorder=i + 0.2
        )
        axes.text(0, y - 0.18, example, ha="center", va="center", fontsize=8, color=colour, zorder=i + 0.2)
    return figure


def _draw_cell(axes: Axes) -> None:
    """Draws dendrites on the left, a body, and an axon to the right, with the arrows of a signal."""
    line = {"color": style.PURPLE, "solid_capstyle": "round", "zorder": 1}
    for angle in np.radians([110, 140, 165, 195, 220, 250]):  # dendrites
        tip = np.array([3.2, 0]) + 1.55 * np.array([np.cos(angle), np.sin(angle)]) * (1.2, 0.62)
        axes.plot([3.2, tip[0]], [0, tip[1]], linewidth=3.5, **line)
        for turn in (-0.5, 0.5):
            end = tip + 0.5 * np.array([np.cos(angle + turn), np.sin(angle + turn)])
            axes.plot([tip[0], end[0]], [tip[1], end[1]], linewidth=2, **line)
    axes.plot([3.2, 8.2], [0, 0], linewidth=4, **line)  # axon
    for x in np.arange(4.5, 8, 0.75):  # myelin around it
        axes.add_patch(Ellipse((x, 0), 0.62, 0.34, fc=style.YELLOW, ec=_GREY, zorder=2))
    for y in (-0.8, 0, 0.8):  # terminals
        axes.plot([8.2, 9.2], [0, y], linewidth=2, **line)
        axes.add_patch(Circle((9.25, y), 0.13, fc=style.PURPLE, ec="none"))
    axes.add_patch(Circle((3.2, 0), 0.62, fc=style.PURPLE, ec="none", zorder=2))
    axes.add_patch(Circle((3.2, 0), 0.25, fc="white", ec="none", alpha=0.6, zorder=3))
    for x, y, text in [
        (1.0, 1.5, "dendrites receive"),
        (4.1, 1.15, "the cell body adds up"),
        (6.2, 0.5, "myelin insulates it"),
        (6.2, -0.5, "the axon carries the spike"),
        (9.2, 1.3, "terminals"),
    ]:
        axes.text(x, y, text, ha="center", va="center", fontsize=9)
    line = {"arrowstyle": "-", "color": _GREY, "shrinkA": 0, "shrinkB": 0}
    axes.annotate("nucleus", (3.2, 0), (4.2, -1.1), ha="center", fontsize=9, arrowprops=line)
    axes.text(-0.2, 2.0, "A nerve cell", fontweight="bold", fontsize=10)


def _draw_unit(axes: Axes) -> None:
    """Draws inputs on the left, a weighted sum with a threshold, and an output on the right."""
    body = np.array([3.2, 0.0])
    for i, y in enumerate((0.9, 0.0, -0.9), start=1):
        start = np.array([0.75, y])
        step = (body - start) / np.linalg.norm(body - start)
        end, middle = body - 0.62 * step, start + 0.95 * step
        axes.text(0.6, y, f"$x_{i}$", ha="right", va="center", fontsize=12)
        axes.annotate("", (end[0], end[1]), (0.75, y), arrowprops=_ARROW)
        axes.text(middle[0], middle[1] + 0.2, f"$w_{i}$", ha="center", va="center", fontsize=10)
    axes.add_patch(Circle((3.2, 0), 0.62, fc=style.SKY, ec="black"))
    axes.text(3.2, 0, r"$\sum$", ha="center", va="center", fontsize=13)
    axes.annotate("", (5.0, 0), (3.82, 0), arrowprops=_ARROW)
    axes.text(5.9, 0, r"sum $\geq T$ ?", ha="center", va="center", fontsize=11,
              bbox={"boxstyle": "round,pad=0.5", "fc": style.YELLOW, "ec": _GREY})  # fmt: skip
    axes.annotate("", (8.9, 0), (6.85, 0), arrowprops=_ARROW)
    axes.text(9.25, 0, "$y$", ha="center", va="center", fontsize=12)
    for x, y, text in [
        (0.6, 1.5, "inputs, 0 or 1"),
        (3.2, 1.05, "weighted sum"),
        (5.9, 0.85, "threshold"),
        (9.0, 0.65, "output, 0 or 1"),
    ]:
        axes.text(x, y, text, ha="center", va="center", fontsize=9)
    axes.text(-0.2, 2.0, "A threshold unit", fontweight="bold", fontsize=10)
