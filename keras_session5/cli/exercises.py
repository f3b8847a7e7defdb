"""`session5 exercises`."""

from pathlib import Path
from typing import Annotated

import typer

from keras_session5.cli.options import Json
from keras_session5.cli.output import print_json, print_table


def exercises(
    folder: Annotated[Path, typer.Argument(help="Folder of the students' notebooks, in subfolders or not.")],
    json: Json = False,
) -> None:
    """Print a class's results: which exercises of its notebooks are right.

    Reads what the notebooks show; runs nothing, sends nothing.
    """
    from keras_session5.exercises.checking import OPEN, RIGHT, WRONG
    from keras_session5.exercises.results import read_results

    results = read_results(folder)
    if json:
        notebooks = [{"notebook": one.notebook, "exercises": one.outcomes} for one in results]
        print_json({"notebooks": notebooks})
        return
    print_table(
        "Notebooks",
        ["notebook", "right", "of", WRONG, OPEN],
        [
            (
                one.notebook,
                len(one.with_outcome(RIGHT)),
                len(one.outcomes),
                " ".join(one.with_outcome(WRONG)) or "-",
                " ".join(one.with_outcome(OPEN)) or "-",
            )
            for one in results
        ],
    )
    numbers = sorted({number for one in results for number in one.outcomes})
    counts = [[sum(one.outcomes.get(n) == outcome for one in results) for n in numbers]
              for outcome in (RIGHT, WRONG, OPEN)]  # fmt: skip
    print_table("Exercises", ["exercise", RIGHT, WRONG, OPEN], list(zip(numbers, *counts, strict=True)))
