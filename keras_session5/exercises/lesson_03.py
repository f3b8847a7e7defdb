"""Lesson 3: the perceptron and its rule."""

from keras_session5.exercises.exercise import Exercise, Question

EXERCISES = {
    "03.1": Exercise(
        answer=[[0, 1, 0], [1, 1, -1]],
        hints=(
            "The first example fires, since 0 >= 0, and should not. Its inputs are 0: only the bias changes.",
            "The bias goes to -1 and, with the example 01, back to 0. Go on until an epoch has no mistake.",
        ),
        remark="Two mistakes, two, one, none: five in all, and the bound is 27.",
    ),
    "03.2": Exercise(
        answer=(8, 4, -12),
        hints=(
            "Compare the first correction with both rates. What is the ratio of the weights afterwards?",
            "If all weights are four times as large, is any decision different?",
        ),
        remark="From zero weights, the rate only scales them.",
    ),
    "03.3": Exercise(
        answer=(15, 51),
        tolerance=1e-3,
        hints=(
            "corners[::-1] has the examples in the reverse order; the targets must be reversed too.",
            "sum(trace.mistakes) adds up the mistakes of all epochs.",
        ),
        remark="The bound holds for any order, so it cannot change with it.",
    ),
    "03.4": Exercise(
        answer=101,
        tolerance=1e-3,
        hints=(
            "R^2 is the squared length of (0.1, 1). The bound is R^2 divided by the squared margin.",
            "The product of the weights (1, 0) with (0.1, 1) is 0.1, and (1, 0) has the length 1.",
        ),
        remark="With x = 1 and -1 it would be 2: narrow gaps are expensive.",
    ),
    "03.Q1": Question(
        "b",
        {
            "a": "The rule does not know how close a decision was; it looks only at whether it was right.",
            "b": "y - prediction is 0, so nothing changes, however small the sum.",
            "c": "That would be the delta rule, which uses the error of the sum. This decision has no error.",
        },
    ),
    "03.Q2": Question(
        "a",
        {
            "a": "The change is multiplied by the input, and this input is 0: it had no part in the mistake.",
            "b": "That happens to w2 and to the bias. The change of w1 is multiplied by its input, 0.",
            "c": "The unit should not have fired, so nothing rises. And the input of w1 is 0.",
        },
    ),
    "03.Q3": Question(
        "c",
        {
            "a": "It is no forecast: AND has this bound and takes 11 corrections.",
            "b": "It counts mistakes, not epochs. (Each epoch but the last has at least one of them.)",
            "c": "Neither the order nor the learning rate is in the proof.",
        },
    ),
}
