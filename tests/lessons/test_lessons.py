"""The lessons run, and the notebooks beside them are theirs."""

import contextlib
import dataclasses
import faulthandler
import functools
import importlib
import io
import os
import re
import runpy
import warnings
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import jupytext
import nbformat
import pytest

from keras_session5.data import generated, prepared
from keras_session5.exercises.exercise import Question

LESSONS = Path(__file__).parents[2] / "lessons"
SOURCES = sorted(LESSONS.glob("[0-9][0-9]_*.py"))
PARTS = [
    "Why",
    "The idea",
    "Build",
    "Follow one example",
    "Train and look",
    "Ask the served model",
    "Check",
    "Exercises",
    "Quiz",
    "Summary",
    "Glossary",
]
BUILD = runpy.run_path(str(LESSONS / "build.py"))
LIMIT_S = 800
SOLUTIONS = "---- solutions ----"
FEW_STEPS = {"12_family"}  # lessons with many trainings, each of a single step in quick mode

lessons = pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.stem)


def _prepare(folder):
    """What a quick lesson needs of its process, before anything is imported."""
    os.environ |= {"SESSION5_QUICK": "1", "MPLBACKEND": "Agg", "TMPDIR": str(folder)}
    os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}  # another worker has the other core
    os.environ.pop("DISPLAY", None)  # on a screen, pyplot's show warns that Agg has none
    os.chdir(folder)
    warnings.simplefilter("error")  # a reader would see them
    warnings.filterwarnings(
        "ignore", "__array__ implementation", DeprecationWarning
    )  # as pyproject.toml says
    prepared.load = _load_a_little(prepared.load)


def _load_a_little(load):
    """Makes each data set once, in memory, and keeps of texts only one batch to evaluate with."""

    @functools.cache
    def loaded(name, entry, folder):
        data = load(name, entry, folder) if entry.needs_network else generated.load(name, entry)
        if not data.train.is_text:
            return data
        few = {split: getattr(data, split).take(range(256)) for split in ("validation", "test")}
        return dataclasses.replace(data, **few)

    return loaded


@contextlib.contextmanager
def _uncompiled():
    """Runs TensorFlow's functions operation by operation: compiling one takes longer than a few steps."""
    import tensorflow as tf

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Even though the .* option does not apply to tf.data", UserWarning)
        tf.config.run_functions_eagerly(True)
        try:
            yield
        finally:
            tf.config.run_functions_eagerly(False)


def _run(source):
    """Runs a lesson and then its solutions; returns what both printed."""
    import matplotlib.pyplot as plt

    from keras_session5.exercises import check

    printed = io.StringIO()
    faulthandler.dump_traceback_later(LIMIT_S, exit=True)  # the process ends, and with it the test
    try:
        uncompiled = _uncompiled() if source.stem in FEW_STEPS else contextlib.nullcontext()
        with contextlib.redirect_stdout(printed), uncompiled:
            names = runpy.run_path(str(source), run_name="__main__")
            print(SOLUTIONS)
            for number, solution in _solutions(source).items():
                exec(compile(solution, f"solution of {number}", "exec"), names)
                check(number, names["answer"])
    finally:
        faulthandler.cancel_dump_traceback_later()
        plt.close("all")
    return printed.getvalue()


@pytest.fixture(scope="module")
def process(tmp_path_factory):
    """One process for all lessons: importing TensorFlow takes longer than most of them."""
    folder = tmp_path_factory.mktemp("lessons")
    with ProcessPoolExecutor(1, get_context("spawn"), _prepare, (folder,)) as pool:
        yield pool


def _markdown(source):
    cells = jupytext.read(source).cells
    return "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")


def _solutions(source):
    """Number of an exercise -> the code of its folded solution, which sets `answer`."""
    found = re.findall(
        r"^### (\d\d\.\d) (?:(?!^### ).)*?<summary>Solution</summary>(?:(?!^### ).)*?^```python\n(.+?)^```",
        _markdown(source),
        re.MULTILINE | re.DOTALL,
    )
    return dict(found)


@pytest.mark.slow
@lessons
def test_a_lesson_runs_in_quick_mode_and_its_solutions_are_right(source, process):
    lesson, solutions = process.submit(_run, source).result().split(SOLUTIONS)
    numbers = sorted(_solutions(source))
    assert re.findall(r"^(\d\d\.Q?\d) no answer yet", lesson, re.MULTILINE) == [
        *numbers,
        *(f"{source.name[:2]}.Q{i}" for i in (1, 2, 3)),
    ]
    assert re.findall(r"^(\d\d\.\d) right\.", solutions, re.MULTILINE) == numbers, solutions


def test_there_are_thirteen():
    assert [source.name[:2] for source in SOURCES] == [f"{number:02}" for number in range(1, 14)]


@lessons
def test_the_notebook_is_that_of_the_lesson(source):
    lesson, notebook = jupytext.read(source), _notebook(source)
    made, source = (
        [(c.cell_type, c.source, c.metadata.get("tags")) for c in one.cells] for one in (notebook, lesson)
    )
    assert made == source, "make lessons"


@lessons
def test_the_notebook_was_run_from_top_to_bottom_without_an_error(source):
    code = [cell for cell in _notebook(source).cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    outputs = [output for cell in code for output in cell.outputs]
    assert not [output for output in outputs if output.output_type == "error"]
    assert any(output.output_type == "stream" for output in outputs)


@lessons
def test_the_notebook_has_its_pictures_in(source):
    outputs = [output for cell in _notebook(source).cells for output in cell.get("outputs", [])]
    figures = [output.data for output in outputs if "<Figure" in output.get("data", {}).get("text/plain", "")]
    assert len(figures) >= 2
    assert all("image/png" in figure for figure in figures)


@lessons
def test_the_notebook_tells_neither_where_nor_when_it_was_made(source):
    notebook = _notebook(source)
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    for output in outputs:
        assert output.get("name") != "stderr"
        assert not BUILD["FORBIDDEN"].search(
            str(output.get("text", "")) + output.get("data", {}).get("text/plain", "")
        )
    assert "execution" not in str([cell.metadata for cell in notebook.cells])
    assert notebook.metadata.language_info == {"name": "python"}
    assert [cell.id for cell in notebook.cells] == [
        f"{source.name[:2]}-{number:02}" for number in range(1, len(notebook.cells) + 1)
    ]


@lessons
def test_the_notebook_is_small_enough_for_a_code_hosts_page(source):
    assert source.with_suffix(".ipynb").stat().st_size <= BUILD["MOST_BYTES"]


@lessons
def test_a_lesson_has_its_parts_in_order(source):
    text = _markdown(source)
    assert text.startswith(f"# {int(source.name[:2])}. ")
    assert re.findall("^## (.+)$", text, re.MULTILINE) == PARTS
    assert "$$" in text, "a formula"
    assert re.search(r"\b(19|20)\d\d\b", text), "a year"


@lessons
def test_a_lesson_opens_with_a_question_goals_minutes_and_what_one_must_know(source):
    opening = _markdown(source).split("## Why")[0]
    assert re.search(r"^\*\*[^*]+\?\*\*$", opening, re.MULTILINE)
    goals = re.search(r"^After this lesson you can\n\n((?:[* ] .+\n)+)", opening, re.MULTILINE)
    assert goals[1].count("* ") >= 3
    assert re.search(r"\*\*Time:\*\* \d+ minutes\. \*\*You need:\*\* \S", opening)


@lessons
def test_the_exercises_are_those_that_check_knows(source):
    exercises, quiz = _markdown(source).split("## Exercises")[1].split("## Summary")[0].split("## Quiz")
    known = importlib.import_module(f"keras_session5.exercises.lesson_{source.name[:2]}").EXERCISES
    numbers = re.findall(r"^### (\d\d\.\d) .+$", exercises, re.MULTILINE)
    assert numbers == sorted(_solutions(source))
    assert len(numbers) >= 3
    questions = re.findall(
        r"^### (\d\d\.Q\d) .+\n(?:\n(?![*#]).*|\n(?=\n))*\n((?:\* .+\n(?:  .+\n)*)+)",
        quiz + "\n",
        re.MULTILINE,
    )
    assert [number for number, _ in questions] == [f"{source.name[:2]}.Q{i}" for i in (1, 2, 3)]
    for number, choices in questions:
        assert re.findall(r"^\* \*\*(\w)\*\* ", choices, re.MULTILINE) == list(known[number].feedback)
    assert list(known) == [*numbers, *(number for number, _ in questions)]


def test_the_right_choices_of_the_quizzes_are_spread_over_the_letters():
    lessons = [
        importlib.import_module(f"keras_session5.exercises.lesson_{source.name[:2]}") for source in SOURCES
    ]
    questions = [one for lesson in lessons for one in lesson.EXERCISES.values() if isinstance(one, Question)]
    right = Counter(one.right for one in questions)
    assert max(right.values()) <= len(questions) / 2


@lessons
def test_a_glossary_is_a_table_of_terms(source):
    rows = re.findall(r"^\| (.+?) \| (.+?) \|$", _markdown(source).split("## Glossary")[1], re.MULTILINE)
    assert rows[0] == ("term", "meaning")
    assert len(rows) >= 2 + 4


@lessons
def test_no_line_of_a_formula_looks_like_an_item_of_a_list(source):
    for formula in re.findall(r"(?<!\$)\$[^$`]+\$", _markdown(source)):
        assert not re.search(r"\n\s*[-+*] ", formula), formula


@lessons
def test_code_that_only_draws_is_hidden(source):
    cells = [cell for cell in jupytext.read(source).cells if cell.cell_type == "code"]
    for cell in cells:
        if "plt." in cell.source or "axes." in cell.source:
            assert "hide-input" in cell.metadata.get("tags", []), cell.source


@lessons
def test_a_lesson_asserts_its_number(source):
    cells = jupytext.read(source).cells
    check = next(i for i, cell in enumerate(cells) if "## Check\n" in cell.source)
    assert "assert " in cells[check + 1].source


@pytest.mark.parametrize("number", ["08", "09", "10", "11", "12"])
def test_accuracies_that_a_lesson_quotes_stand_in_the_table_that_it_links(number):
    page, title = "docs/networks.md", "## Accuracy beside classical methods"
    table = (LESSONS.parent / page).read_text("utf-8").split(title)[1]
    (source,) = LESSONS.glob(f"{number}_*.py")
    quoting = [part for part in _markdown(source).split("\n\n") if page in part]
    assert quoting
    for part in quoting:
        quoted = re.findall(r"(?<![\d.])[01]\.\d{2,}", part)
        assert quoted
        assert not [one for one in quoted if one not in table], part


@lessons
def test_a_lesson_builds_with_the_package_and_never_defines_a_network(source):
    code = "\n".join(cell.source for cell in jupytext.read(source).cells if cell.cell_type == "code")
    assert "import keras_session5 as s5" in code
    assert not re.search(r"keras\.(Model|Sequential|Input)\(|layers\.[A-Z]", code)


@lessons
def test_the_cells_are_short(source):
    code = [cell.source for cell in jupytext.read(source).cells if cell.cell_type == "code"]
    sizes = [len(re.findall(r"^(?!import |from |$)", cell, re.MULTILINE)) for cell in code]
    assert sum(size < 10 for size in sizes) >= 0.8 * len(sizes)
    assert max(sizes) <= 20


def test_the_index_lists_every_lesson_with_its_code_test_model_and_paper():
    rows = (LESSONS / "README.md").read_text(encoding="utf-8").splitlines()
    rows = [[cell.strip() for cell in row.strip("|").split("|")] for row in rows if row.startswith("| [")]
    for source, row in zip(SOURCES, rows, strict=True):
        assert f"({source.stem}.ipynb)" in row[0]
        assert len(row) == 6
        assert all(row)
    for path in re.findall(r"\(\.\./([^)]+)\)", "\n".join(cell for row in rows for cell in row)):
        assert (LESSONS.parent / path).exists(), path


def _notebook(source):
    return nbformat.read(source.with_suffix(".ipynb"), as_version=nbformat.NO_CONVERT)
