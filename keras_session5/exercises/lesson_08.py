"""Lesson 8: LeNet-5."""

from keras_session5.exercises.exercise import Exercise, Question

EXERCISES = {
    "08.1": Exercise(
        answer=(456, 2416),
        hints=(
            "Height x width x maps seen x maps made, and a bias for every map made.",
            "Only the number of maps that c1 sees is different. How many maps does c3 see?",
        ),
        remark="Only the first layer has to know of the colours.",
    ),
    "08.2": Exercise(
        answer=(5, 6, 14, 16, 32),
        hints=(
            "Two neighbours in c1 see squares that are one pixel apart. A unit of s2 sees both.",
            "Neighbours in s2 are 2 pixels apart, those in s4 are 4. Five in a row add four such distances.",
        ),
        remark="A unit of c5 sees the whole image, with its border of zeros: 32 x 32 pixels.",
    ),
    "08.3": Exercise(
        answer=(122_304, 5_880, 151_600),
        hints=(
            "Multiply the weights of a map by the number of its places.",
            "c1 has 28 x 28 places, c3 has 10 x 10, and s2 has 14 x 14 x 6 units.",
        ),
        remark="c1 and c3 have 3 % of the weights and do 80 % of the work.",
    ),
    "08.4": Exercise(
        answer=0.0049,
        tolerance=0.0002,
        hints=(
            "Multiply 0.978 by 0.022 first.",
            "Divide the product by 899 and take the square root.",
        ),
        remark="The lead of 0.009 is less than two of these. It may be luck.",
    ),
    "08.Q1": Question(
        "a",
        {
            "a": "All are 5 x 5, so all maps have the same size and fit into one array.",
            "b": "The places of one map share their weights, but each map looks for a pattern of its own.",
            "c": "Some slides say so. Within one layer all kernels have the same size.",
        },
    ),
    "08.Q2": Question(
        "c",
        {
            "a": "It computes much because its 156 weights are used at 784 places each.",
            "b": "c3 makes 16 maps with 2,416 weights. c5 makes 120 numbers from all 16 maps.",
            "c": "48,120 of 61,706: 5 x 5 places x 16 maps x 120 units, and biases.",
        },
    ),
    "08.Q3": Question(
        "b",
        {
            "a": "That is max-pooling, which today's versions have, this course's among them.",
            "b": "Two learned numbers for each map, 12 in all, and the squashing function.",
            "c": "All four numbers have the same weight there: it is a mean, times one learned number.",
        },
    ),
}
