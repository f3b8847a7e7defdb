"""Lesson 6: the multilayer perceptron and back-propagation."""

from keras_session5.exercises.exercise import Exercise, Question

EXERCISES = {
    "06.1": Exercise(
        answer=(0.5, -0.5, -1, 0, 1.4),
        hints=(
            "Forward first: the sums of the hidden units are 1 and -1, and ReLU turns the second into 0.",
            "A hidden delta is the output's delta times the weight on the way times the unit's slope. "
            "The gradient of a weight is the input at its beginning times the delta at its end.",
        ),
        remark="Hidden unit 2 is off for this example: it learns nothing from it.",
    ),
    "06.2": Exercise(
        answer=(1 / 8, -6 / 8, 5 / 8),
        tolerance=0.001,
        hints=(
            "The exponential of a logarithm is the number itself. Divide the three by their sum.",
            "Subtract the targets 0, 1, 0 from the probabilities 1/8, 2/8, 5/8.",
        ),
        remark="They add up to zero: what one class gains, the others lose.",
    ),
    "06.3": Exercise(
        answer=0.25**8,
        hints=(
            "Each layer multiplies by the weight, which is 1, and by the slope of the sigmoid.",
            "The slope is a (1 - a) with a between 0 and 1. For which a is it largest?",
        ),
        remark="This is why deep networks with sigmoids learned so slowly.",
    ),
    "06.4": Exercise(
        answer=(0.5, 0.5, 0.5, 0.5),
        hints=(
            "Go forward with zeros, then backward: which gradients are not zero?",
            "The gradient of the output's bias is the mean of the four deltas. Which are they?",
        ),
        remark="Random weights are necessary to begin with.",
    ),
    "06.Q1": Question(
        "c",
        {
            "a": "Hidden unit 2 has a negative delta, like the output. The weight between decides the sign.",
            "b": "The inputs matter for the gradients of its weights. Its delta comes back from the output.",
            "c": "It holds the output down: a larger sum there would make the loss larger.",
        },
    ),
    "06.Q2": Question(
        "b",
        {
            "a": "Equal weights give equal activations, and with equal weights behind them equal deltas.",
            "b": "Equal units get equal gradients in each step. Together they are worth one unit.",
            "c": "That is so if all weights are zero. Otherwise they learn, but all the same.",
        },
    ),
    "06.Q3": Question(
        "a",
        {
            "a": "The more examples it has to get right, the less it can learn that is particular to some.",
            "b": "More steps make it worse: it is better to stop earlier.",
            "c": "More weights make it easier to learn the training examples by heart. Fewer may help.",
        },
    ),
}
