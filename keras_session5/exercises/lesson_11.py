"""Lesson 11: the transformer."""

from keras_session5.exercises.exercise import Exercise, Question

EXERCISES = {
    "11.1": Exercise(
        answer=(-1, 1, 1, -1),
        tolerance=0.01,
        hints=(
            "First add the two vectors, then normalise the sum as in lesson 10.",
            "The sum is (2, 12, 12, 2). Subtract its mean, and divide by the standard deviation.",
        ),
    ),
    "11.2": Exercise(
        answer=("0", "9"),
        hints=(
            "Write the target twice, one below the other, the upper one moved right by one place.",
            "The upper row is read, the lower one predicted. Look above the 7, and below the 6.",
        ),
    ),
    "11.3": Exercise(
        answer=(789_760, 263_680),
        hints=(
            "Attention has 4 (D D + D) weights, each LayerNorm 2 D. An encoder block has two LayerNorms.",
            "The feed-forward layer has 256 x 1,024 + 1,024 + 1,024 x 256 + 256. The decoder block has one "
            "attention and one LayerNorm more.",
        ),
    ),
    "11.4": Exercise(
        answer=0.9675,
        tolerance=0.001,
        hints=(
            "The date is right if the first prediction is right, and the second, and so on.",
            "Multiply 0.997 by itself, eleven factors in all.",
        ),
        remark="Small errors add up: of texts of 1,000 characters, one in twenty would be right.",
    ),
    "11.Q1": Question(
        "b",
        {
            "a": "That is the decoder's self-attention. In the cross-attention it gives the queries only.",
            "b": "The decoder asks, and each token of the source offers a key and a value.",
            "c": "The matrices that make keys and values are learned; what they make depends on the source.",
        },
    ),
    "11.Q2": Question(
        "c",
        {
            "a": "An addition has no weights, but it saves none either.",
            "b": "Bounds are the business of the normalisation. An addition alone makes numbers larger.",
            "c": "The slope of x + f(x) contains a 1, whatever the slope of f. Deep stacks can be trained.",
        },
    ),
    "11.Q3": Question(
        "a",
        {
            "a": "In training the right characters are known from the start. In use they come one by one.",
            "b": "The mask is used in both. In training it hides what the decoder could otherwise copy.",
            "c": "The whole loop runs inside the exported model, in a single request.",
        },
    ),
}
