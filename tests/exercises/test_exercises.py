"""Exercises: what an answer is told, and what a teacher sees of a class."""

import json

import nbformat
import numpy as np
import pytest
from typer.testing import CliRunner

from keras_session5.cli import app
from keras_session5.errors import ArgumentError, DataError
from keras_session5.exercises import check, checking
from keras_session5.exercises.exercise import Exercise, Question
from keras_session5.exercises.results import read_results


@pytest.fixture(autouse=True)
def a_new_kernel(monkeypatch):
    monkeypatch.setattr(checking, "_tried", {})


def said(capsys, number, *answer):
    check(number, *answer)
    return capsys.readouterr().out.strip()


def test_no_answer_is_neither_right_nor_wrong(capsys):
    assert said(capsys, "07.1") == said(capsys, "07.1", ...)
    assert said(capsys, "07.1").startswith("07.1 no answer yet. Replace the three dots")


def test_wrong_answers_get_the_first_hint_the_second_and_the_way_to_the_solution(capsys):
    first, second = checking.find("07.2").hints
    assert said(capsys, "07.2", (1, 2, 3, 4)) == f"07.2 not yet. Hint 1: {first}"
    assert said(capsys, "07.2", (1, 2, 3, 4)) == f"07.2 not yet. Hint 1: {first}", "no new attempt"
    assert said(capsys, "07.2", (1, 2, 3, 5)) == f"07.2 not yet. Hint 2: {second}"
    assert said(capsys, "07.2", (1, 2, 3, 6)).endswith(f"{second} The solution is folded below the cell.")
    assert said(capsys, "07.2", [28, 14.0, np.int64(10), 5]) == "07.2 right."


@pytest.mark.parametrize(
    ("answer", "start"),
    [
        ((28, 14, 10), "07.2 not yet. The answer has 4 values, this one 3 values. Hint 1"),
        (28, "07.2 not yet. The answer has 4 values, this one one value. Hint 1"),
        ("28", "07.2 not yet. The answer has 4 values, this one one value. Hint 1"),
        ("many", "07.2 not yet. This answer has another form than the question asks for. Received: 'many'. "),
        ([[1], [2, 3]], "07.2 not yet. This answer has another form"),
        (None, "07.2 not yet. The answer has 4 values"),
        (float("nan"), "07.2 not yet. "),
        (10**400, "07.2 not yet. This answer has another form"),
        (["x" * 1000] * 4, "07.2 not yet. This answer has another form"),
    ],
)
def test_an_answer_of_another_form_is_told_so(answer, start, capsys):
    text = said(capsys, "07.2", answer)
    assert text.startswith(start)
    assert len(text) < 500


def test_an_exercise_with_many_right_answers_says_what_is_wrong_with_this_one(capsys):
    assert "On an even surface of ones it responds with 9, not with 0. Hint 1" in said(
        capsys, "07.3", np.ones((3, 3))
    )
    assert "must have 3 x 3 weights. Received: shape=(2, 2)." in said(capsys, "07.3", np.ones((2, 2)))
    assert "the first must be more than twice" in said(capsys, "07.3", [[-1] * 3, [2] * 3, [-1] * 3])
    assert said(capsys, "07.3", [[-1, 2, -1]] * 3) == "07.3 right."


def test_words_are_compared_without_case_and_numbers_with_their_tolerance():
    exercise = Exercise(answer=("Paris", "rome"), hints=("", ""))
    assert exercise.grade([" paris ", "Rome"], 1)[0]
    assert not exercise.grade(["Paris", "Oslo"], 1)[0]
    assert Exercise(answer=0.5, hints=("", ""), tolerance=0.01).grade(0.509, 1)[0]
    assert not Exercise(answer=0.5, hints=("", ""), tolerance=0.01).grade(0.511, 1)[0]


def test_each_choice_of_a_quiz_has_its_feedback(capsys):
    question = checking.find("07.Q1")
    for letter, feedback in question.feedback.items():
        outcome = "right" if letter == question.right else "not yet"
        assert said(capsys, "07.Q1", f" {letter.upper()}") == f"07.Q1 {outcome}. {feedback}"
    assert said(capsys, "07.Q1", 3) == "07.Q1 not yet. Choose one of a, b, c. Received: 3."


@pytest.mark.parametrize("number", ["07.9", "99.1", "7.1", "", 7.1, None, "07.1; import os"])
def test_an_unknown_number_is_a_sentence(number):
    with pytest.raises(ArgumentError, match=r"`number` must be that of an exercise: .* Received: number="):
        check(number, 1)


@pytest.mark.parametrize("lesson", [f"{number:02}" for number in range(1, 14)])
def test_every_exercise_has_two_hints_and_every_choice_a_reason(lesson):
    module = __import__(f"keras_session5.exercises.lesson_{lesson}", fromlist=["EXERCISES"])
    for exercise in module.EXERCISES.values():
        if isinstance(exercise, Question):
            assert exercise.right in exercise.feedback
            texts = list(exercise.feedback.values())
            assert len(texts) >= 3
        else:
            texts = list(exercise.hints)
            assert len(texts) == 2
        assert all(text.strip().endswith((".", "?", "!", ")")) for text in texts), texts
        assert len(set(texts)) == len(texts)


def write_notebook(path, *outputs):
    """A notebook with one cell for each output, None for a cell that was not run."""
    cells = [nbformat.v4.new_markdown_cell("07.1 right. (a text)")]
    for number, output in enumerate(outputs, 1):
        cell = nbformat.v4.new_code_cell(f'answer = 1\ncheck("07.{number}", answer)')
        if output is not None:
            cell.outputs = [nbformat.v4.new_output("stream", text=output)]
        cells.append(cell)
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)


@pytest.fixture
def class_folder(tmp_path):
    write_notebook(tmp_path / "ada" / "07.ipynb", "a number\n07.1 right.\n", "07.2 not yet. Hint 1: no.\n")
    write_notebook(tmp_path / "alan.ipynb", "07.1 no answer yet. Replace\n", None, "07.3 right.\n")
    write_notebook(tmp_path / "ada" / ".ipynb_checkpoints" / "07.ipynb", "07.1 right.\n")
    write_notebook(tmp_path / "notes.ipynb")
    return tmp_path


def test_the_results_of_a_class_are_read_from_its_notebooks(class_folder):
    ada, alan = read_results(class_folder)
    assert (ada.notebook, ada.outcomes) == ("ada/07.ipynb", {"07.1": "right", "07.2": "not yet"})
    assert alan.outcomes == {"07.1": "no answer yet", "07.2": "no answer yet", "07.3": "right"}
    assert alan.with_outcome("right") == ["07.3"]


def test_the_teacher_sees_them_as_tables_and_as_json(class_folder):
    text = CliRunner().invoke(app, ["exercises", str(class_folder)]).output
    rows = [line.split("│")[1:-1] for line in text.splitlines() if "│" in line]
    rows = [[cell.strip() for cell in row] for row in rows]
    assert ["alan.ipynb", "1", "3", "-", "07.1 07.2"] in rows
    assert ["07.1", "1", "0", "1"] in rows
    found = json.loads(CliRunner().invoke(app, ["exercises", str(class_folder), "--json"]).output)
    assert found["notebooks"][0] == {
        "notebook": "ada/07.ipynb",
        "exercises": {"07.1": "right", "07.2": "not yet"},
    }


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"cells": [{}]}', '{"cells": 3}', "\xff"])
def test_a_file_that_is_no_notebook_is_named(content, tmp_path):
    (tmp_path / "broken.ipynb").write_bytes(content.encode("latin-1"))
    with pytest.raises(DataError, match=r"broken\.ipynb is not a notebook of version 4"):
        read_results(tmp_path)


def test_a_folder_without_exercises_is_told_so(tmp_path):
    with pytest.raises(DataError, match="There is no folder"):
        read_results(tmp_path / "none")
    write_notebook(tmp_path / "notes.ipynb")
    with pytest.raises(DataError, match=r"There is no notebook .* Notebooks without any: 1"):
        read_results(tmp_path)
