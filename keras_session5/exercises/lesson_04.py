"""Lesson 4: the machine of 1958."""

from keras_session5.exercises.exercise import Exercise, Question

EXERCISES = {
    "04.1": Exercise(
        answer=4096,
        hints=(
            "Each response unit has one weight for each association unit.",
            "Multiply the two numbers of units.",
        ),
    ),
    "04.2": Exercise(
        answer=[0, 1, 0, 0],
        hints=(
            "The sum is the number of lit exciting photocells less the number of lit inhibiting ones.",
            "The first sum is 1, the second 2. On a light card all twenty photocells see light.",
        ),
        remark="For this unit, a card that is light everywhere looks like a dark one.",
    ),
    "04.3": Exercise(
        answer=119,
        hints=(
            "Count the rows in which the upper edge of the square can be, and the columns for its left edge.",
            "A square of 4 has 20 - 4 + 1 places in 20 rows.",
        ),
        remark="With all sizes from 4 to 8 there are 385 cards for each side.",
    ),
    "04.4": Exercise(
        answer=(8, 8),
        hints=(
            "Does a sum depend on the order of its terms?",
            "s5.by_hand.perceptron_trace(photocells, sides, epochs=1).mistakes has one number.",
        ),
        remark="A weighted sum knows nothing of neighbours.",
    ),
    "04.Q1": Question(
        "a",
        {
            "a": "The wiring in front of it is drawn once, at random, and stays.",
            "b": "It is the other way round: this wiring is fixed.",
            "c": "Nobody knew how to train two layers. That is what lesson 6 is about.",
        },
    ),
    "04.Q2": Question(
        "c",
        {
            "a": "The photocells are inputs like any others, and the machine without them learned sooner.",
            "b": "What counts is whether a plane separates the two kinds of cards, and here one does.",
            "c": "Negative weights on the left half, positive ones on the right half: a plane does it.",
        },
    ),
    "04.Q3": Question(
        "b",
        {
            "a": "The Mark I was shown in 1960. In 1958 there were left and right marks, and no letters.",
            "b": "The cards were punched cards, marked on the left or on the right.",
            "c": "These were the hopes in the newspaper.",
        },
    ),
}
