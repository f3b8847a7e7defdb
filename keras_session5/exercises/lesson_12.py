"""Lesson 12: BERT, GPT, T5 and ViT."""

from keras_session5.exercises.exercise import Exercise, Question

EXERCISES = {
    "12.1": Exercise(
        answer=("we <0> before the <1> fell", "<0> sailed home <1> night <2>"),
        hints=(
            "Each span, however long, gives way to one sentinel. The words in between stay.",
            "The targets are the sentinels of the inputs, each with its words, and one more sentinel.",
        ),
    ),
    "12.2": Exercise(
        answer=(64, 36, 46),
        hints=(
            "For GPT, the first place may look at one, the second at two, and so on.",
            "T5 has three parts: source at source, target at source, and target at itself and to the left.",
        ),
        remark="GPT uses a bit more than half of BERT's pairs.",
    ),
    "12.3": Exercise(
        answer=(38_809, 289),
        hints=(
            "How many pieces are there along one side, and how many in all? Do not forget the class token.",
            "With 2 x 2 there are 14 pieces along each side. Add one place, then take the square.",
        ),
        remark="Halving the side of a piece costs about sixteen times as many scores.",
    ),
    "12.4": Exercise(
        answer=(0.867, 0.665, 0.506),
        tolerance=0.002,
        hints=(
            "At temperature 0.5 the logits become 4, 2 and 0; at temperature 2, 1, 0.5 and 0.",
            "The softmax divides the exponential of the first by the sum of all three exponentials.",
        ),
        remark="The higher the temperature, the more even the probabilities.",
    ),
    "12.5": Exercise(
        answer=(0.269, 1.313),
        tolerance=0.002,
        hints=(
            "What matters is the difference: the reward of the preferred answer minus that of the other.",
            "The probability is 1 / (1 + exp(1)), and the loss is minus its natural logarithm.",
        ),
        remark="The reward model is wrong about this pair, so its loss is above ln 2 = 0.693.",
    ),
    "12.Q1": Question(
        "a",
        {
            "a": "A place that sees the answer has nothing to learn. So BERT hides what it must predict.",
            "b": "It has one: a probability for every token at every place. What differs is the mask.",
            "c": "The text has no labels, neither for BERT nor for GPT.",
        },
    ),
    "12.Q2": Question(
        "c",
        {
            "a": "People wrote answers and ranked them later, for instruction tuning and RLHF. Pre-training "
            "came before that.",
            "b": "Networks can label text for others, but GPT's pre-training needs no labels at all.",
            "c": "Every text is its own answer key, which is why there is so much to learn from.",
        },
    ),
    "12.Q3": Question(
        "b",
        {
            "a": "People may prefer true answers, but the model only learns what they preferred. A fluent "
            "error can get a high reward.",
            "b": "Its loss is small when the preferred answer of a pair gets the higher reward.",
            "c": "That is what the language model gives already. A likely text need not be a good answer.",
        },
    ),
}
