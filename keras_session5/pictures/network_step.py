"""Picture of a small network with the numbers of a step of back-propagation."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

from keras_session5.errors import ArgumentError
from keras_session5.pictures import style

_FORWARD, _BACKWARD, _NEW = style.BLUE, style.VERMILION, style.GREEN
_BETWEEN_LAYERS, _BETWEEN_UNITS = 3.3, 2.4
_WIDTH, _HEIGHT = 1.3, 1.0  # of a unit's box
_LEGEND = {
    0: (r"forward: sums $z$, activations $a$, probability $p$", _FORWARD),
    0.46: (r"backward: $\delta$ of the units, gradients $\partial$", _BACKWARD),
    0.86: ("new weights", _NEW),
}


def backpropagation(step: Any, stage: int = -1, title: str = "") -> Figure:
    """Draws a small network with the numbers of a step of back-propagation, as far as they are computed.

    With L layers the stages are: 0 the inputs and weights; 1 to L the sums and activations, layer by layer;
    then two for each layer, from the last to the first, its deltas and its gradients; and the new weights,
    stage 3 L + 1.

    Args:
        step: a `by_hand.BackpropagationStep`.
        stage: the last one to draw; -1 for all.
        title: of the figure.

    Raises:
        ArgumentError: if there is no such stage.
    """
    num_layers = len(step.weights)
    last = 3 * num_layers + 1
    if not -1 <= stage <= last:
        raise ArgumentError(f"`stage` must be from 0 to {last}, or -1. Received: stage={stage}")
    stage = last if stage == -1 else stage
    figure = style.new_figure(2.9 * num_layers + 2.6, 4.3)
    axes = figure.subplots()
    places = [_place_units(i, len(values)) for i, values in enumerate([step.inputs, *step.activations])]
    for i, ((x, y), value) in enumerate(zip(places[0], step.inputs, strict=True), start=1):
        _draw_box(axes, x, y)
        _write(axes, x, y, [f"$x_{i}$ = {_number(value)}"], [style.BLACK], size=11)
    for layer in range(num_layers):
        backward = num_layers + 1 + 2 * (num_layers - 1 - layer)  # the stage of this layer's deltas
        _draw_weights(axes, step, layer, places, stage, (0, backward + 1, last))
        _draw_units(axes, step, layer, places[layer + 1], stage, (layer + 1, layer + 1, backward))
    if stage >= num_layers:
        x, y = places[-1][0]
        loss = f"loss = {_number(step.loss)}"
        axes.text(x, y + _HEIGHT / 2 + 0.45, loss, ha="center", weight="bold", color=_FORWARD)
    most = max(map(len, places))
    axes.set(xlim=(-0.8, _BETWEEN_LAYERS * num_layers + 0.8), ylim=(-1.2 * most - 0.15, 1.2 * most - 0.4))
    axes.axis("off")
    axes.set_title(title, loc="left", fontsize=11)
    for x, (text, colour) in _LEGEND.items():
        axes.text(x, 0, text, transform=axes.transAxes, color=colour, fontsize=9)
    return figure


def _place_units(layer: int, count: int) -> list[tuple[float, float]]:
    """Returns the centres of the boxes of a layer's units."""
    return [(_BETWEEN_LAYERS * layer, _BETWEEN_UNITS * ((count - 1) / 2 - j)) for j in range(count)]


def _draw_units(axes: Axes, step: Any, layer: int, places: Any, stage: int, since: tuple[int, ...]) -> None:
    """Draws the units of a layer; `since` are the stages of their sum, activation and delta."""
    is_last = layer == len(step.weights) - 1
    values = zip(step.sums[layer], step.activations[layer], step.deltas[layer], strict=True)
    for j, ((x, y), numbers) in enumerate(zip(places, values, strict=True), start=1):
        _draw_box(axes, x, y)
        # The delta of an output is its probability minus its target.
        target = _number(round(float(numbers[1] - numbers[2]), 6))
        name = f"output, target $t$ = {target}" if is_last else f"hidden unit {j}"
        axes.text(x, y + _HEIGHT / 2 + 0.08, name, ha="center", color="dimgrey", fontsize=9)
        marks = ("$z$ =", "$p$ =" if is_last else "$a$ =", r"$\delta$ =")
        texts = [
            f"{mark} {_number(number)}" if stage >= start else ""
            for mark, number, start in zip(marks, numbers, since, strict=True)
        ]
        _write(axes, x, y, texts, [_FORWARD, _FORWARD, _BACKWARD], size=11)


def _draw_weights(axes: Axes, step: Any, layer: int, places: Any, stage: int, since: tuple[int, ...]) -> None:
    """Draws the weights of a layer; `since` are the stages of the weight, its gradient and its new value."""
    triples = zip(step.weights[layer], step.gradients[layer], step.updated[layer], strict=True)
    weights, biases = (np.stack(triple, axis=-1) for triple in triples)

    def write(x: float, y: float, name: str, numbers: np.ndarray) -> None:
        marks = (f"${name}$", r"$\partial$", "new")
        texts = [
            f"{mark} {_number(number)}" if stage >= start else ""
            for mark, number, start in zip(marks, numbers, since, strict=True)
        ]
        _write(axes, x, y, texts, [style.BLACK, _BACKWARD, _NEW], size=9)

    for j, (x, y) in enumerate(places[layer + 1]):
        write(x, y - _HEIGHT / 2 - 0.35, "b", biases[j])
        for i, (from_x, from_y) in enumerate(places[layer]):
            start, end = from_x + _WIDTH / 2, x - _WIDTH / 2
            axes.plot([start, end], [from_y, y], color="lightgrey", zorder=0)
            # Nearer to the start than to the end, where the lines do not cross.
            write(0.7 * start + 0.3 * end, 0.7 * from_y + 0.3 * y, "w", weights[i, j])


def _draw_box(axes: Axes, x: float, y: float) -> None:
    corner = (x - _WIDTH / 2, y - _HEIGHT / 2)
    style_of_box = "round,pad=0,rounding_size=0.15"
    axes.add_patch(FancyBboxPatch(corner, _WIDTH, _HEIGHT, style_of_box, fc="white", ec=style.BLACK))


def _write(axes: Axes, x: float, y: float, texts: list[str], colours: list[str], size: float) -> None:
    """Writes texts below each other, with the middle one at (x, y)."""
    middle, line = (len(texts) - 1) / 2, 0.021 * size + 0.01
    background = {"facecolor": "white", "edgecolor": "none", "pad": 0.5}
    for i, (text, colour) in enumerate(zip(texts, colours, strict=True)):
        if text:
            place = (x, y + line * (middle - i))
            axes.text(*place, text, ha="center", va="center", color=colour, fontsize=size, bbox=background)


def _number(value: float) -> str:
    """Returns a number with three decimals, or fewer if it has no more than two."""
    text = f"{value + 0:g}" if round(value, 2) == value else f"{value:.3f}"
    return text.replace("-", "\N{MINUS SIGN}")
