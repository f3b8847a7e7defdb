"""The lessons run, and the notebooks beside them are theirs."""

import contextlib
import faulthandler
import io
import os
import re
import runpy
import warnings
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import jupytext
import nbformat
import pytest

LESSONS = Path(__file__).parents[2] / "lessons"
SOURCES = sorted(LESSONS.glob("[0-9][0-9]_*.py"))
PARTS = [
    "Why",
    "The idea",
    "Build",
    "Follow one example",
    "Train and look",
    "Ask the served model",
    "Exercises",
    "Check",
    "Solutions",
]
BUILD = runpy.run_path(str(LESSONS / "build.py"))
LIMIT_S = 800

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


def _run(source):
    """Runs a lesson; returns what it printed."""
    import matplotlib.pyplot as plt

    printed = io.StringIO()
    faulthandler.dump_traceback_later(LIMIT_S, exit=True)  # the process ends, and with it the test
    try:
        with contextlib.redirect_stdout(printed):
            runpy.run_path(str(source), run_name="__main__")
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


@pytest.mark.slow
@lessons
def test_a_lesson_runs_in_quick_mode_and_prints(source, process):
    assert process.submit(_run, source).result()


def test_there_are_thirteen():
    assert [source.name[:2] for source in SOURCES] == [f"{number:02}" for number in range(1, 14)]


@lessons
def test_the_notebook_is_that_of_the_lesson(source):
    lesson, notebook = jupytext.read(source), _notebook(source)
    made = [(cell.cell_type, cell.source) for cell in notebook.cells]
    assert made == [(cell.cell_type, cell.source) for cell in lesson.cells], "make lessons"


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
    cells = jupytext.read(source).cells
    text = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    assert text.startswith(f"# {int(source.name[:2])}. ")
    assert re.findall("^## (.+)$", text, re.MULTILINE) == PARTS
    assert "$$" in text, "a formula"
    assert re.search(r"\b(19|20)\d\d\b", text), "a year"
    exercises, solutions = text.split("## Exercises")[1].split("## Solutions")
    numbers = re.findall(r"^(\d)\. ", exercises, re.MULTILINE)
    assert numbers in (["1", "2"], ["1", "2", "3"])
    assert re.findall(r"^\*\*(\d)\.\*\*", solutions, re.MULTILINE) == numbers


@lessons
def test_a_lesson_asserts_its_number(source):
    cells = jupytext.read(source).cells
    check = next(i for i, cell in enumerate(cells) if "## Check" in cell.source)
    assert any("assert " in cell.source for cell in cells[check:] if cell.cell_type == "code")


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
