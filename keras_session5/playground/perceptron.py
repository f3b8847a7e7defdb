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
    picture,
    render_table,
    sentence,
    table,
    warning,
)
from keras_session5.playground.predictor import show_errors

EPOCHS = 60  # enough for every gate that can be learned: the bound for AND is 51 mistakes
TABLE = ["x1", "x2", "sum", "fires", "should"]
STEPS = ["step", "x1 x2", "should", "fires", "w1", "w2", "bias"]
_SHOWN = 9  # steps in the table


def unit(gate: str, w1: float, w2: float, threshold: float) -> tuple[Any, str, str]:
    """One unit with weights set by hand.

    Returns:
        Picture, truth table, and a sentence on how many rows are right.
    """
    points, targets = np.array(ROWS), GATES[gate]
    sums = points @ [w1, w2]
    fires = (sums >= threshold).astype(int)
    rows = [[a, b, f"{s:g}", int(f), t] for (a, b), s, f, t in zip(ROWS, sums, fires, targets, strict=True)]
    right = int((fires == targets).sum())
    told = f"**{right} of 4 right.** {threshold_weights(targets)}"
    wrong = (fires != targets).tolist()
    return decision_line(points, targets, (w1, w2), threshold), render_table(TABLE, rows, wrong), told


def find_weights(gate: str) -> tuple[Any, Any, Any]:
    """Weights and threshold of a unit that computes the gate; none of them changes where no unit does.

    Weights of -1 and 1 if they do, as in 1943; else those that the perceptron learns.
    """
    found = threshold_weights(GATES[gate])
    if not found.separable:
        return gr.skip(), gr.skip(), gr.skip()
    if found.weights is None:
        w1, w2, bias = train(gate).starts[-1]
        return w1, w2, -bias
    w1, w2 = found.weights
    return w1, w2, found.threshold


def train(gate: str) -> Any:
    return perceptron_trace(ROWS, GATES[gate], epochs=EPOCHS)


def count_steps(gate: str) -> int:
    """How many steps there are to look at: all until the clean epoch, or two rounds of the circle."""
    trace = train(gate)
    circle = cycle(trace)
    epochs = len(trace.epochs) if circle is None else circle[0] + 2 * (circle[1] - circle[0])
    return epochs * len(ROWS)


def learning(gate: str, step: float) -> tuple[Any, str, str]:
    """Rosenblatt's rule after so many steps, from zero weights.

    Returns:
        Picture, the last steps, and a sentence that counts the mistakes.
    """
    count = max(0, min(int(step), count_steps(gate)))
    steps = list(chain.from_iterable(train(gate).epochs))[:count]
    weights, bias = (steps[-1].weights, steps[-1].bias) if steps else ((0.0, 0.0), 0.0)
    rows = []
    for i, one in enumerate(steps, 1):
        inputs = " ".join(f"{x:g}" for x in one.inputs)
        learned = [f"{x:g}" for x in (*one.weights, one.bias)]
        rows.append([i, inputs, one.target, one.prediction, *learned])
    mistakes = [one.mistake for one in steps]
    told = f"**{sum(mistakes)} mistakes in {count} steps.** {_outlook(gate)}"
    shown = render_table(STEPS, rows[-_SHOWN:], mistakes[-_SHOWN:])
    return decision_line(np.array(ROWS), GATES[gate], weights, -bias), shown, told


def _outlook(gate: str) -> str:
    """What is known about the end of it."""
    trace, bound = train(gate), novikoff_bound(ROWS, GATES[gate])
    if math.isfinite(bound):
        return (
            f"Novikoff's bound: at most {bound:.0f}, whatever the order. "
            f"Here it ends after {sum(trace.mistakes)}, with epoch {len(trace.epochs)}, which is clean."
        )
    first, second = cycle(trace) or (0, 0)
    return (
        "No line separates these answers, so no bound holds: epoch "
        f"{second + 1} begins with the weights that epoch {first + 1} began with, and so on for ever."
    )


def add_tab() -> LoadEvents:
    """Adds the tab; returns what is to be computed when it opens: functions, inputs, outputs."""
    with gr.Row(equal_height=False):
        with gr.Column():
            introduce(
                "Threshold unit (McCulloch and Pitts, 1943)",
                "It fires where the weighted sum of its inputs reaches the threshold: on one side of a line. "
                "Move weights and threshold until it computes the gate.",
            )
            with gr.Row():
                gate = gr.Dropdown(list(GATES), value="and", label="Gate", min_width=110)
                help_me = gr.Button("Show me weights", min_width=110, size="md")
            with gr.Row():
                w1 = gr.Slider(-2, 2, 1, step=0.5, label="Weight w1", min_width=150, buttons=[])
                w2 = gr.Slider(-2, 2, 1, step=0.5, label="Weight w2", min_width=150, buttons=[])
                threshold = gr.Slider(-3, 3, 1, step=0.5, label="Threshold", min_width=150, buttons=[])
            told = sentence("unit-told")
            with gr.Row(equal_height=False):
                with gr.Column(min_width=280):
                    plane = picture("Where it fires", "unit-plane", caption=True)
                with gr.Column(min_width=220):
                    rows = table("Truth table, mistakes marked", "unit-table")
        with gr.Column():
            introduce(
                "Perceptron (Rosenblatt, 1957)",
                "It learns from its mistakes: each adds the inputs to the weights or takes them away. "
                "Move through the steps and watch the line.",
            )
            with gr.Row():
                learned = gr.Dropdown(list(GATES), value="and", label="Gate to learn", min_width=110)
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
            score = sentence("perceptron-told")
            with gr.Row(equal_height=False):
                with gr.Column(min_width=280):
                    line = picture("The line after these steps", "perceptron-plane", caption=True)
                with gr.Column(min_width=220):
                    steps = table("The last steps, mistakes marked", "steps")
    wrong = warning()
    by_hand = show_errors(3)(unit), [gate, w1, w2, threshold], [wrong, plane, rows, told]
    by_rule = show_errors(3)(learning), [learned, step], [wrong, line, steps, score]
    gr.on([gate.change, w1.change, w2.change, threshold.change], *by_hand, show_progress="hidden")
    help_me.click(find_weights, gate, [w1, w2, threshold], show_progress="hidden")
    learned.input(
        lambda name: gr.Slider(maximum=count_steps(name), value=count_steps(name)), learned, step
    ).then(*by_rule, show_progress="hidden")
    step.change(*by_rule, show_progress="hidden", trigger_mode="always_last")
    return [by_hand, by_rule]
