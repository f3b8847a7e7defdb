"""Tables in windows of every width."""

import io
import re
import sys

import pytest

from keras_session5.catalog import NETWORKS
from keras_session5.cli.list_networks import list_networks
from keras_session5.cli.output import print_table


class Window(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def lines_at(monkeypatch):
    """What a function prints in a window of so many columns."""

    def printed(columns, show):
        window = Window()
        monkeypatch.setenv("COLUMNS", str(columns))
        monkeypatch.setattr(sys, "stdout", window)
        show()
        monkeypatch.undo()
        lines = re.sub(r"\x1b\[\d*m", "", window.getvalue()).splitlines()
        assert max(map(len, lines)) <= columns
        return lines

    return printed


@pytest.mark.parametrize("columns", [80, 98, 100, 120, 200])
def test_list_breaks_no_word(columns, lines_at):
    cells = [
        [cell.strip() for cell in line.split("│")[1:-1]]
        for line in lines_at(columns, list_networks)
        if line.startswith("│")
    ]
    starts = [row for row in cells if row[0]]
    assert [row[0] for row in starts] == list(NETWORKS)
    assert [row[3] for row in starts] == [entry.data or "-" for entry in NETWORKS.values()]
    assert [row[4] for row in starts] == [f"{entry.parameters:,}" for entry in NETWORKS.values()]
    for column, field in ((1, "title"), (5, "slide")):
        if column < len(cells[0]):
            text = " ".join(row[column] for row in cells if row[column])
            assert text == " ".join(getattr(entry, field) for entry in NETWORKS.values())


def test_the_slide_is_left_out_where_words_would_be_broken(lines_at):
    assert "slide" in lines_at(98, list_networks)[2]
    narrow = lines_at(97, list_networks)
    assert "slide" not in narrow[2]
    assert narrow[-1] == "In a wider window or with --json: slide"


def test_a_window_too_narrow_for_the_names_shows_all_of_them_folded(lines_at):
    lines = lines_at(20, lambda: print_table("T", ["name", "long"], [("masked_language_model", "x" * 30)]))
    cells = [[cell.strip() for cell in line.split("│")[1:-1]] for line in lines if line.startswith("│")]
    assert ["".join(column) for column in zip(*cells, strict=True)] == ["masked_language_model", "x" * 30]


def test_text_is_wrapped_and_a_long_word_in_it_folded(lines_at):
    path = "/a" * 40
    lines = lines_at(
        60, lambda: print_table("T", ["name", "error"], [("a_name_of_a_model", f"No {path} there")])
    )
    assert "│ a_name_of_a_model │" in lines[4]
    assert path in "".join(line.split("│")[2].strip() for line in lines if line.startswith("│"))
