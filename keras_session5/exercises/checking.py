"""`check`: grades an answer in a notebook, and gives a hint if it is wrong."""

import importlib
import importlib.util
import re
from typing import Any

from keras_session5.errors import ArgumentError
from keras_session5.exercises.exercise import Exercise, Question

NUMBER = r"\d\d\.Q?\d"
RIGHT, WRONG, OPEN = "right", "not yet", "no answer yet"
_tried: dict[str, list[str]] = {}  # number -> the wrong answers so far, as long as the notebook's kernel runs


def check(number: str, answer: Any = ...) -> None:
    """Prints whether an answer is right; if it is not, the first hint, and next time the second.

    `session5 exercises` reads these lines from the notebooks of a class.

    Args:
        number: number of the exercise, such as `"07.1"`, or of the quiz question, such as `"07.Q1"`.
        answer: the answer. `...` stands for none.

    Raises:
        ArgumentError: if there is no exercise of this number.
    """
    exercise = find(number)
    if answer is ...:
        print(f"{number} {OPEN}. Replace the three dots and run the cell again.")
        return
    tried = _tried.setdefault(number, [])
    if (written := repr(answer)) not in tried:  # the same answer again is no new attempt
        tried.append(written)
    right, text = exercise.grade(answer, len(tried))
    print(f"{number} {RIGHT if right else WRONG}. {text}".rstrip())


def find(number: str) -> Exercise | Question:
    """Returns the exercise or quiz question of this number."""
    known = {}
    if re.fullmatch(NUMBER, str(number)) and importlib.util.find_spec(f"{__package__}.lesson_{number[:2]}"):
        known = importlib.import_module(f"keras_session5.exercises.lesson_{number[:2]}").EXERCISES
    if number not in known:
        numbers = ", ".join(known) or 'such as "07.1" or "07.Q1"'
        raise ArgumentError(f"`number` must be that of an exercise: {numbers}. Received: number={number!r}")
    return known[number]
