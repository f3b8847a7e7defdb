"""Reads a class's results from its notebooks: the lines that `check` printed. Nothing in them is run."""

import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from keras_session5.errors import DataError
from keras_session5.exercises.checking import NUMBER, OPEN, RIGHT, WRONG

_LINE = re.compile(rf"^({NUMBER}) ({RIGHT}|{WRONG}|{OPEN})\.", re.MULTILINE)
_CALL = re.compile(rf"""\bcheck\(\s*["']({NUMBER})["']""")


@dataclass(frozen=True)
class Results:
    """The results of one notebook.

    Attributes:
        notebook: its path below the folder of the class.
        outcomes: number of the exercise -> `"right"`, `"not yet"` or `"no answer yet"`, in the notebook's
            order; the last one counts. A cell that was not run has no answer.
    """

    notebook: str
    outcomes: dict[str, str]

    def with_outcome(self, outcome: str) -> list[str]:
        """Returns the numbers of the exercises with this outcome."""
        return [number for number, one in self.outcomes.items() if one == outcome]


def read_results(folder: str | os.PathLike[str]) -> list[Results]:
    """Returns the results of all notebooks in a folder and its subfolders that contain exercises.

    Raises:
        DataError: if there is no such folder, no notebook with exercises in it, or a file is no notebook.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise DataError(f"There is no folder {folder}. Collect the notebooks of the class in one")
    paths = [path for path in sorted(folder.rglob("*.ipynb")) if ".ipynb_checkpoints" not in path.parts]
    results = [Results(str(path.relative_to(folder)), _read_outcomes(path)) for path in paths]
    results = [one for one in results if one.outcomes]
    if not results:
        raise DataError(
            f"There is no notebook (*.ipynb) with exercises in {folder}. Notebooks without any: {len(paths)}"
        )
    return results


def _read_outcomes(path: Path) -> dict[str, str]:
    """Returns number -> outcome for the exercises of one notebook."""
    try:
        cells = json.loads(path.read_text("utf-8"))["cells"]
        outcomes = {}
        for cell in cells:
            if cell["cell_type"] == "code":
                outcomes |= dict.fromkeys(_CALL.findall("".join(cell["source"])), OPEN)
                outcomes |= dict(_LINE.findall("\n".join(_read_texts(cell))))
    except (ValueError, TypeError, LookupError, AttributeError) as error:
        raise DataError(f"{path} is not a notebook of version 4: {type(error).__name__}: {error}") from error
    return outcomes


def _read_texts(cell: dict) -> Iterator[str]:
    for output in cell["outputs"]:
        if output["output_type"] == "stream":
            yield "".join(output["text"])
