"""An exercise with two hints, and a quiz question with feedback for each choice."""

import reprlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Exercise:
    """An exercise and the way to recognize a right answer.

    Attributes:
        answer: the right answer: a number, a string, or nested sequences of numbers or strings. A function
            for exercises with many right answers: it takes the student's answer and returns "" if it is
            right, else a sentence that says what is wrong with it.
        hints: the first points to the idea, the second to the next step; neither tells the answer.
        tolerance: largest absolute difference of each number.
        remark: a sentence to go on with, shown after a right answer.
    """

    answer: Any
    hints: tuple[str, str]
    tolerance: float = 1e-6
    remark: str = ""

    def grade(self, answer: Any, attempt: int) -> tuple[bool, str]:
        """Returns whether `answer` is right, and what to say about the n-th attempt, starting from 1."""
        wrong = self._find_fault(answer)
        if wrong is None:
            return True, self.remark
        number = min(attempt, len(self.hints))
        more = " The solution is folded below the cell." if attempt > len(self.hints) else ""
        return False, " ".join(filter(None, [wrong, f"Hint {number}: {self.hints[number - 1]}{more}"]))

    def _find_fault(self, answer: Any) -> str | None:
        """Returns what is wrong with an answer, "" if only its values are; None if it is right."""
        try:
            if isinstance(self.answer, Callable):
                return self.answer(answer) or None
            return _compare(answer, self.answer, self.tolerance)
        except (TypeError, ValueError, AttributeError, LookupError, ArithmeticError):
            return (
                f"This answer has another form than the question asks for. Received: {reprlib.repr(answer)}."
            )


@dataclass(frozen=True)
class Question:
    """A quiz question.

    Attributes:
        right: the letter of the right choice.
        feedback: the letter of each choice -> why it is right or wrong.
    """

    right: str
    feedback: Mapping[str, str]

    def grade(self, answer: Any, attempt: int) -> tuple[bool, str]:
        """Returns whether `answer` is the right letter, and the feedback for it."""
        letter = str(answer).strip().lower()
        if letter not in self.feedback:
            return False, f"Choose one of {', '.join(self.feedback)}. Received: {reprlib.repr(answer)}."
        return letter == self.right, self.feedback[letter]


def _compare(received: Any, expected: Any, tolerance: float) -> str | None:
    """Returns None for equal values, else what differs beyond the values, or ""."""
    right = np.asarray(expected)
    if right.dtype.kind in "US":
        given = np.asarray(received, str)
        same = given.shape == right.shape and np.array_equal(
            np.char.lower(np.char.strip(given)), np.char.lower(right)
        )
    else:
        given = np.asarray(received, float)
        same = given.shape == right.shape and bool(np.all(np.abs(given - right) <= tolerance))
    if given.shape != right.shape:
        return f"The answer has {_describe(right)}, this one {_describe(given)}."
    return None if same else ""


def _describe(array: np.ndarray) -> str:
    """Returns a shape in words."""
    if array.ndim < 2:
        return "one value" if array.size == 1 else f"{array.size} values"
    return " x ".join(map(str, array.shape)) + " values"
