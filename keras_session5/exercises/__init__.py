"""The exercises of the lessons: their answers, hints and feedback, and the function that checks an answer.

* `exercise.py`: an exercise with two hints, and a quiz question with feedback for each choice.
* `checking.py`: `check`, which a student calls in a notebook.
* `results.py`: reads a class's results from the outputs of its notebooks.
* `lesson_NN.py`: the exercises of one lesson. Their texts and solutions are in the lesson.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
