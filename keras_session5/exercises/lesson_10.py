"""Lesson 10: attention, positions and masks."""

from keras_session5.exercises.exercise import Exercise, Question

EXERCISES = {
    "10.1": Exercise(
        answer=24.22,
        tolerance=0.06,
        hints=(
            "The three products are 2, 0 and 2. What does the width of 4 make of them?",
            "The scores are 1, 0 and 1. The weights are e, 1 and e, each divided by their sum.",
        ),
        remark="The first and the last value count alike; the one in the middle counts least.",
    ),
    "10.2": Exercise(
        answer=(-1.4, -0.2, 0.2, 1.4),
        tolerance=0.01,
        hints=(
            "Subtract the mean first. The standard deviation is that of the four numbers that are left.",
            "The mean is 10. The variance is the mean of 49, 1, 1 and 49.",
        ),
    ),
    "10.3": Exercise(
        answer=("ee", "see", "n_"),
        hints=(
            "Count each pair in all words, times how often the word occurs. Which one occurs 9 times?",
            "After the first merge, s-ee occurs 4 + 2 times. Remember the pairs with the end mark.",
        ),
    ),
    "10.4": Exercise(
        answer=(2_048, 2_097_152, 536_870_912),
        hints=(
            "How many pairs of a query and a key are there in one head?",
            "A text of n tokens has n x n pairs in each of the 8 heads.",
        ),
        remark="From 512 to 8,192 tokens, the text is 16 times as long and the work 256 times as much.",
    ),
    "10.5": Exercise(
        answer=(3.0, 2.2497),
        tolerance=0.006,
        hints=(
            "The angle of pair i at position p is p / 10000^(2i/64). What is it at p + 3?",
            "The first pair is i = 0, and 10000^0 = 1. For the second, i = 1.",
        ),
        remark="No position occurs in the answer: a step of 3 is the same turn everywhere.",
    ),
    "10.Q1": Question(
        "c",
        {
            "a": "Softmax divides by the sum of exponentials, and these do not grow by one common factor.",
            "b": "That is what happens when all queries become zero: then all scores are equal.",
            "c": "Large scores make softmax a choice: attention becomes a look-up in a table.",
        },
    ),
    "10.Q2": Question(
        "a",
        {
            "a": "Each letter sees the same set of letters, so it gets the same vector, at its new place.",
            "b": "That is so with positions. Without them, nothing in the formula depends on the place.",
            "c": "Each letter keeps its vector, but the vectors stand in the order of the letters.",
        },
    ),
    "10.Q3": Question(
        "b",
        {
            "a": "A mask is optional: without it all shapes match, and no error is raised.",
            "b": "In training it copies the next character, which it sees. In use there is none yet.",
            "c": "Seeing the answer makes the loss small, not large. That is why the mistake goes unnoticed.",
        },
    ),
}
