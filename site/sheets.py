"""Writes an exercise sheet with its key for each lesson, to print: docs/teaching/sheets/NN.md.

The tasks and solutions come from the lesson, the answers and the feedback from `keras_session5.exercises`.
Sphinx calls `write_sheets` before it reads its sources; the sheets are not stored in the repository.
"""

import importlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jupytext

from keras_session5.exercises.exercise import Exercise, Question

ROOT = Path(__file__).resolve().parent.parent
SHEETS = ROOT / "docs" / "teaching" / "sheets"
LINES, LINES_OF_A_NUMBER = 5, 3  # ruled lines for each exercise, and for one whose answer is one number

_CELL = "```cell"  # how a code cell begins in the text of a lesson; it ends as any code block does


@dataclass(frozen=True)
class Task:
    """An exercise as the lesson has it.

    Attributes:
        number, title, text: such as "07.1", and what the student is asked, in Markdown.
        form: what form the answer has, such as "two numbers"; may be empty.
        explanation, code: the solution in words, and in Python.
        needs_computer: whether it cannot be solved on paper: its cell has the tag `computer`.
    """

    number: str
    title: str
    text: str
    form: str
    explanation: str
    code: str
    needs_computer: bool


@dataclass(frozen=True)
class Quiz:
    """A quiz question: its number and title, the rest of the question, and letter -> choice."""

    number: str
    title: str
    text: str
    choices: dict[str, str]


def write_sheets(folder: Path = SHEETS, lessons: Path = ROOT / "lessons") -> list[Path]:
    """Writes the sheets of all lessons that have a quiz, removes others, and returns their paths."""
    sheets = {}
    for source in sorted(lessons.glob("[0-9][0-9]_*.py")):
        number = source.name[:2]
        if sheet := make_sheet(source):
            sheets[folder / f"{number}.md"] = sheet
    for path in set(folder.glob("[0-9][0-9].md")) - sheets.keys():
        path.unlink()
    for path, sheet in sheets.items():
        if not path.exists() or path.read_text("utf-8") != sheet:  # Sphinx reads again what is newer
            path.write_text(sheet, "utf-8")
    return list(sheets)


def make_sheet(source: Path) -> str:
    """Returns the sheet of a lesson in Markdown; "" if the lesson has no quiz."""
    title, tasks, quiz = read_lesson(source)
    if not quiz:
        return ""
    known = importlib.import_module(f"keras_session5.exercises.lesson_{source.name[:2]}").EXERCISES
    parts = [
        f"# Sheet {title}",
        _on_each_page(f"Sheet {title}"),
        '<p class="sheet-name"><span>Name</span><span>Date</span></p>',
        *(_task(task, known[task.number]) for task in tasks if not task.needs_computer),
        "## Quiz",
        "Tick one box for each question.",
        *(_question(one) for one in quiz),
    ]
    if at_the_computer := [task for task in tasks if task.needs_computer]:
        parts += ["## At the computer", f"In the notebook of lesson {int(source.name[:2])}."]
        parts += [f"### {task.number} {task.title}\n\n{task.text}" for task in at_the_computer]
    parts += ['<div class="sheet-key"></div>', f"## Key to sheet {title}"]
    parts += [_solution(task, known[task.number]) for task in tasks]
    parts += [_feedback(one, known[one.number]) for one in quiz]
    return "\n\n".join(parts) + "\n"


def read_lesson(source: Path) -> tuple[str, list[Task], list[Quiz]]:
    """Returns a lesson's title, such as "7. Convolution", its exercises and its quiz questions."""
    cells = jupytext.read(source).cells
    at_the_computer = {
        re.search(r'check\("(.+?)"', cell.source)[1]
        for cell in cells
        if "computer" in cell.metadata.get("tags", [])
    }
    text = "\n\n".join(
        f"{_CELL}\n{cell.source}\n```" if cell.cell_type == "code" else cell.source for cell in cells
    )
    text = re.sub(r"\]\((\d\d_\w+\.ipynb)", r"](../../../lessons/\1", text)  # from a sheet's folder
    title = re.match(r"# (.+)", text)[1]
    if "\n## Quiz\n" not in text:
        return title, [], []
    exercises, quiz = text.split("\n## Exercises\n")[1].split("\n## Summary\n")[0].split("\n## Quiz\n")
    chunks = [re.split(r"^### ", part, flags=re.MULTILINE)[1:] for part in (exercises, quiz)]
    tasks = [_read_task(chunk, at_the_computer) for chunk in chunks[0]]
    return title, tasks, [_read_quiz(chunk) for chunk in chunks[1]]


def _read_task(chunk: str, at_the_computer: set[str]) -> Task:
    number, title, text, cell, rest = _split(chunk)
    text = re.sub(r"\s*\(Pencil\s+and\s+paper\.\)", "", text)  # of a sheet, that goes without saying
    form = re.search(r"^answer = \.\.\.\s*# (.+)", cell, re.MULTILINE)
    solution = re.search(r"<summary>Solution</summary>\n(.*?)</details>", rest, re.DOTALL)[1]
    code = "\n".join(re.findall(r"^```python\n(.*?)^```", solution, re.MULTILINE | re.DOTALL))
    explanation = re.sub(r"^```python\n.*?^```\n?", "", solution, flags=re.MULTILINE | re.DOTALL).strip()
    needs_computer = number in at_the_computer
    return Task(number, title, text, form[1] if form else "", explanation, code.strip(), needs_computer)


def _read_quiz(chunk: str) -> Quiz:
    number, title, text, _, _ = _split(chunk)
    choices = re.findall(r"^\* \*\*(\w)\*\* (.+(?:\n  .+)*)", text, re.MULTILINE)
    return Quiz(number, title, text.split("* **")[0].strip(), dict(choices))


def _split(chunk: str) -> tuple[str, str, str, str, str]:
    """Returns the number, the title and the text before the code cell, the cell, and the text after it."""
    heading, rest = chunk.split("\n", 1)
    text, rest = rest.split(f"{_CELL}\n", 1)
    cell, rest = rest.split("\n```", 1)
    number, title = heading.split(" ", 1)
    return number, title, text.strip(), cell, rest


def _on_each_page(name: str) -> str:
    """Returns the style that prints a name at the foot of each page: sheets and keys get separated."""
    text = f'"{name} · page " counter(page)'  # no title has a quotation mark
    return f"<style>@page {{ @bottom-right {{ content: {text}; font: 8pt sans-serif; }} }}</style>"


def _task(task: Task, exercise: Exercise) -> str:
    form = f"Answer, {task.form}:" if task.form else "Answer:"
    count = LINES_OF_A_NUMBER if isinstance(exercise.answer, int | float) else LINES
    lines = '<div class="sheet-lines">' + "<div></div>" * count + "</div>"
    return f"## {task.number} {task.title}\n\n{task.text}\n\n{form}\n\n{lines}"


def _question(quiz: Quiz) -> str:
    choices = [f'* <span class="sheet-box"></span> **{a}** {text}' for a, text in quiz.choices.items()]
    return "\n\n".join(filter(None, [f"### {quiz.number} {quiz.title}", quiz.text, "\n".join(choices)]))


def _solution(task: Task, exercise: Exercise) -> str:
    given = re.fullmatch(r"answer = [^a-zA-Z]+", task.code)  # the code tells no more than the answer
    answer = "" if callable(exercise.answer) else f"Answer: `{_show(exercise.answer)}`"
    code = "" if answer and given else f"```python\n{task.code}\n```"
    return "\n\n".join(filter(None, [f"**{task.number} {task.title}**", answer, task.explanation, code]))


def _feedback(quiz: Quiz, question: Question) -> str:
    rows = [
        f"* **{letter}** {'(right)' if letter == question.right else '(wrong)'} {text}"
        for letter, text in question.feedback.items()
    ]
    return f"**{quiz.number} {quiz.title}** Answer: {question.right}\n\n" + "\n".join(rows)


def _show(answer: Any) -> str:
    return str(getattr(answer, "tolist", lambda: answer)())
