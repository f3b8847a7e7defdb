"""Lesson 9: recurrent networks."""

from itertools import product
from typing import Any

from keras_session5.exercises.exercise import Exercise, Question


def _never_forget(answer: Any) -> str:
    """Lets one threshold unit read all rows of up to six bits."""
    w_x, w_h, b = (float(number) for number in answer)
    for bits in (bits for length in range(1, 7) for bits in product((0, 1), repeat=length)):
        h = 0
        for t, bit in enumerate(bits, start=1):
            h = int(w_x * bit + w_h * h + b > 0)
            if h != max(bits[:t]):
                read = ", ".join(map(str, bits[:t]))
                return f"After the bits {read} it {'fires' if h else 'is silent'}, and should not."
    return ""


EXERCISES = {
    "09.1": Exercise(
        answer=[[0, 0], [1, 0], [1, 1], [1, 0]],
        hints=(
            "Add the bit to the previous answer, which is 0 before the first bit.",
            '"Or" fires if the sum is above 0.5, "and" if it is above 1.5. The answer is "or" minus "and".',
        ),
        remark="The last answer is 1 - 0 = 1: three ones are odd.",
    ),
    "09.2": Exercise(
        answer=_never_forget,
        hints=(
            "With no 1 so far it must be silent, so the bias must not be positive. What wakes it up?",
            "A bit of 1 alone and a previous output of 1 alone must each lift the sum above 0.",
        ),
        remark="A state that keeps itself is the beginning of a memory cell.",
    ),
    "09.3": Exercise(
        answer=(4_800, 20_096),
        hints=(
            "Each unit has a weight for each input, one for each unit of the state before, and a bias.",
            "u (i + u + 1). The image is read in rows, so each input has 28 numbers.",
        ),
    ),
    "09.4": Exercise(
        answer=44,
        hints=(
            "At best, n steps multiply the gradient by 0.9 to the power of n.",
            "Divide the logarithm of 0.01 by that of 0.9, and round up.",
        ),
        remark="A text of 44 words is not long.",
    ),
    "09.Q1": Question(
        "c",
        {
            "a": "It takes twice as many steps, but each step uses the same weights.",
            "b": "Each letter has a step of its own, and all steps share their weights.",
            "c": "The weights are shared in time, as a convolution shares them in space.",
        },
    ),
    "09.Q2": Question(
        "a",
        {
            "a": "A product of many factors below 1 is close to 0, so the early steps hardly learn.",
            "b": "All steps share the same weights; the first word has none of its own.",
            "c": "The state has room: even two units can keep an answer over ten thousand bits.",
        },
    ),
    "09.Q3": Question(
        "b",
        {
            "a": "The whole name is there, so it may be read from both ends. Our network does so.",
            "b": "The layer that reads from the end would have read the letter that is to be predicted.",
            "c": "The sentence is complete, and the words after a noun help to recognize it.",
        },
    ),
}
