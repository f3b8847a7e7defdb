"""The tab of the threshold unit (1943) and of the perceptron (1957)."""

import math
from itertools import chain
from typing import Any

import gradio as gr
import numpy as np

from keras_session5.by_hand import cycle, novikoff_bound, perceptron_trace, threshold_weights
from keras_session5.data.logic_gates.gates import GATES, ROWS
from keras_session5.pictures.by_hand import decision_line
from keras_session5.playground.parts import (
    LoadEvents,
    introduce,
    listen,
    picture,
    render_table,
    sentence,
    table,
    warning,
)
from keras_session5.playground.predictor import show_errors
from keras_session5.playground.svg import to_svg

EPOCHS = 60  # enough for all separable gates: the bound for AND is 51 mistakes
TABLE = ["x1", "x2", "sum", "output", "target"]
STEPS = ["step", "x1 x2", "target", "output", "w1", "w2", "bias"]
_NUM_ROWS = 9  # steps in the table


def draw_unit(gate: str, w1: float, w2: float, threshold: float) -> tuple[str, str, str]:
    """Draws a unit with weights set by hand.

    Returns:
        Picture, truth table, and a sentence with the number of correct rows.
    """
    points, targets = np.array(ROWS), GATES[gate]
    sums = points @ [w1, w2]
    fires = (sums >= threshold).astype(int)
    rows = [[a, b, f"{s:g}", int(f), t] for (a, b), s, f, t in zip(ROWS, sums, fires, targets, strict=True)]
    mistakes = fires != targets
    text = f"**{4 - mistakes.sum()} of 4 correct.** {threshold_weights(targets)}"
    return (
        to_svg(decision_line(points, targets, (w1, w2), threshold), _describe_line(w1, w2, threshold)),
        render_table(TABLE, rows, mistakes.tolist()),
        text,
    )


def find_weights(gate: str) -> tuple[Any, Any, Any]:
    """Finds weights and threshold of a unit that computes the gate; no slider moves if there are none.

    The weights are -1 and 1, as in 1943, if possible, and otherwise those that the perceptron learns.
    """
    result = threshold_weights(GATES[gate])
    if not result.separable:
        return gr.skip(), gr.skip(), gr.skip()
    if result.weights is None:
        w1, w2, bias = train(gate).starts[-1]
        return w1, w2, -bias
    w1, w2 = result.weights
    return w1, w2, result.threshold


def train(gate: str) -> Any:
    """Returns the trace of a perceptron that learns the gate."""
    return perceptron_trace(ROWS, GATES[gate], epochs=EPOCHS)


def count_steps(gate: str) -> int:
    """Returns the number of steps until convergence or the end of the second cycle."""
    trace = train(gate)
    period = cycle(trace)
    epochs = len(trace.epochs) if period is None else 2 * period[1] - period[0]
    return epochs * len(ROWS)


def draw_learning(gate: str, step: float) -> tuple[str, str, str]:
    """Draws a perceptron after a number of steps of Rosenblatt's rule from zero weights.

    Returns:
        Picture, the last steps, and a sentence with the number of mistakes.
    """
    count = max(0, min(int(step), count_steps(gate)))
    steps = list(chain.from_iterable(train(gate).epochs))[:count]
    weights, bias = (steps[-1].weights, steps[-1].bias) if steps else ((0.0, 0.0), 0.0)
    rows = []
    for i, taken in enumerate(steps, 1):
        inputs = " ".join(f"{x:g}" for x in taken.inputs)
        parameters = [f"{x:g}" for x in (*taken.weights, taken.bias)]
        rows.append([i, inputs, taken.target, taken.prediction, *parameters])
    mistakes = [taken.mistake for taken in steps]
    text = f"**{sum(mistakes)} mistakes in {count} steps.** {_describe_outcome(gate)}"
    table_rows = render_table(STEPS, rows[-_NUM_ROWS:], mistakes[-_NUM_ROWS:])
    figure = decision_line(np.array(ROWS), GATES[gate], weights, -bias)
    return to_svg(figure, _describe_line(weights[0], weights[1], -bias)), table_rows, text


def _describe_line(w1: float, w2: float, threshold: float) -> str:
    return (
        f"The plane of the two inputs. The unit fires where {w1:g} x1 + {w2:g} x2 is at least {threshold:g}"
    )


def _describe_outcome(gate: str) -> str:
    """Returns the number of mistakes until convergence with Novikoff's bound, or the cycle."""
    trace, bound = train(gate), novikoff_bound(ROWS, GATES[gate])
    if math.isfinite(bound):
        return (
            f"Novikoff's bound: at most {bound:.0f} mistakes, in any order. "
            f"Here training ends after {sum(trace.mistakes)}, with epoch {len(trace.epochs)}, which has none."
        )
    first, second = cycle(trace) or (0, 0)
    return (
        "No line separates the two classes, so there is no bound: epoch "
        f"{second + 1} starts from the same weights as epoch {first + 1}, and training repeats forever."
    )


def add_tab() -> LoadEvents:
    """Adds the tab; returns the events that load it."""
    with gr.Row(equal_height=False):
        with gr.Column():
            introduce(
                "Threshold unit (McCulloch and Pitts, 1943)",
                "The unit fires if the weighted sum of its inputs reaches the threshold: on one side of a "
                "line. Move weights and threshold until it computes the gate.",
            )
            with gr.Row():
                gate = gr.Dropdown(list(GATES), value="and", label="Gate", min_width=110)
                solve = gr.Button("Show me weights", min_width=110, size="md")
            with gr.Row():
                w1 = gr.Slider(-2, 2, 1, step=0.5, label="Weight w1", min_width=150, buttons=[])
                w2 = gr.Slider(-2, 2, 1, step=0.5, label="Weight w2", min_width=150, buttons=[])
                threshold = gr.Slider(-3, 3, 1, step=0.5, label="Threshold", min_width=150, buttons=[])
            unit_text = sentence("unit-status")
            plane = picture("Region in which it fires", "unit-plane", caption=True)
            rows = table("Truth table with mistakes highlighted", "unit-table")
        with gr.Column():
            introduce(
                "Perceptron (Rosenblatt, 1957)",
                "The perceptron learns from its mistakes: each one adds the inputs to the weights or "
                "subtracts them. Move through the steps and watch the line.",
            )
            with gr.Row():
                target = gr.Dropdown(list(GATES), value="and", label="Gate to learn", min_width=110)
                step = gr.Slider(
                    0,
                    count_steps("and"),
                    8,
                    step=1,
                    label="Steps taken",
                    min_width=220,
                    buttons=[],
                    elem_id="step",
                )
            learning_text = sentence("perceptron-status")
            line = picture("The line after these steps", "perceptron-plane", caption=True)
            steps = table("The last steps with mistakes highlighted", "steps")
    error = warning()
    unit = show_errors(3)(draw_unit), [gate, w1, w2, threshold], [error, plane, rows, unit_text]
    learning = show_errors(3)(draw_learning), [target, step], [error, line, steps, learning_text]
    listen([gate.change, w1.change, w2.change, threshold.change], unit)
    solve.click(find_weights, gate, [w1, w2, threshold], show_progress="hidden")
    resized = target.input(
        lambda name: gr.Slider(maximum=count_steps(name), value=count_steps(name)), target, step
    )
    listen(resized.then, learning)
    listen(step.change, learning)
    return [unit, learning]
