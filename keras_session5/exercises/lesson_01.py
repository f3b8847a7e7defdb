"""Lesson 1: why deep learning."""

from keras_session5.exercises.exercise import Exercise, Question

EXERCISES = {
    "01.1": Exercise(
        answer=1764,
        hints=(
            "How many cells are in a row, and how many places has a block of two cells in it?",
            "There are 7 x 7 blocks, and each has 2 x 2 cells with nine numbers.",
        ),
        remark="More than the 1,024 pixels: features need not be fewer than pixels.",
    ),
    "01.2": Exercise(
        answer=(0.01195, 0.00358),
        tolerance=0.0002,
        hints=(
            "Both variances have n below: add 0.987 x 0.013 and 0.979 x 0.021, and divide by n.",
            "The sum is 0.0334. Divide by n, take the root, multiply by 1.96.",
        ),
        remark="The 0.008 between them is within chance for 899 digits, and beyond it for 10,000.",
    ),
    "01.3": Exercise(
        answer=134 / 2048,
        tolerance=0.001,
        hints=(
            "Count the sequences of 11 tosses with no head, with one, and with two.",
            "1 + 11 + 55 sequences have at most two heads, and as many have at most two tails.",
        ),
        remark="The 888 digits on which both agree do not matter.",
    ),
    "01.4": Exercise(
        answer=("same", "lower"),
        hints=(
            "Which of the two methods uses which pixels are neighbours?",
            "An SVM on pixels adds up differences pixel by pixel. What does the order change in a sum?",
        ),
        remark="LeNet-5 would lose too: convolutions live on neighbours.",
    ),
    "01.Q1": Question(
        "c",
        {
            "a": "The depth is that of the layers that learn, and nothing in this program learns.",
            "b": "Its rules were written by people, not found in examples.",
            "c": "It seems to need intelligence, and nothing in it is learned.",
        },
    ),
    "01.Q2": Question(
        "a",
        {
            "a": "HOG was fixed by Dalal and Triggs in 2005. The examples decide how they are weighed.",
            "b": "These were chosen by people, long before anyone saw these digits.",
            "c": "Only the classifier learns; that all parts learn is what makes a method deep.",
        },
    ),
    "01.Q3": Question(
        "b",
        {
            "a": "They may be; but a small difference in either direction could be hidden by chance.",
            "b": "On more digits a real difference, if there is one, would stand out from chance.",
            "c": "On another 899 digits the other number might be larger.",
        },
    ),
}
