"""The multilayer perceptron of the page, and the Keras code that says the same."""

import re

import numpy as np
import pytest

from keras_session5.data.logic_gates.gates import GATES
from keras_session5.errors import ArgumentError

pytest.importorskip("gradio", reason="the page needs the extra playground")

from keras_session5.playground import mlp
from keras_session5.playground.points import EXAMPLE, NAMES, OWN, SHAPES, make_points, parse_points


def last(*settings):
    *_, (_, status, table, code) = mlp.train(*settings)
    rows = [re.findall("<td>(.*?)</td>", row) for row in re.findall("<tr>.*?</tr>", table)[1:]]
    return status, np.array(rows, float), code


@pytest.mark.parametrize(
    "settings",
    [
        ("gate: xor", 4, 1, "tanh", 1.0, 1600, 0),
        ("moons", 8, 2, "relu", 0.3, 200, 3),
        ("gate: nand", 1, 3, "sigmoid", 3.0, 200, 1),
    ],
)
def test_the_copied_code_answers_as_the_page_does(settings, capsys):
    _, table, code = last(*settings)
    names = {}
    exec(compile(code, "copied.py", "exec"), names)
    answers = np.asarray(names["model"](make_points(settings[0])[0][: len(table)].astype("float32")))[:, 0]
    np.testing.assert_allclose(answers, table[:, 3], atol=6e-5)  # the page shows four digits
    _, hidden, depth, *_ = settings
    assert names["model"].count_params() == 3 * hidden + (depth - 1) * hidden * (hidden + 1) + hidden + 1
    assert "keras.Input" in code
    assert "[[" in capsys.readouterr().out


def test_xor_is_solved_and_the_picture_is_drawn_while_it_trains():
    frames = list(mlp.train("gate: xor", 4, 1, "tanh", 1.0, 1600, 0))
    assert len(frames) == mlp.FRAMES + 1
    assert "after 0 steps" in frames[0][1]
    assert "**4 of 4 correct** after 1,600 steps" in frames[-1][1]
    losses = [float(re.search(r"Loss ([\d.]+)\.", frame[1])[1]) for frame in frames]
    assert losses[0] > 0.5 > 0.01 > losses[-1]
    solved = next(i for i, frame in enumerate(frames) if "**4 of 4" in frame[1])
    assert solved >= 5  # the line is seen to bend before
    steps = [int(re.search(r"after ([\d,]+) steps", frame[1])[1].replace(",", "")) for frame in frames]
    assert steps == sorted(set(steps))


def test_the_same_seed_gives_the_same_network():
    settings = ("circles", 3, 1, "tanh", 0.3, 200)
    assert last(*settings, 1)[2] == last(*settings, 1)[2] != last(*settings, 2)[2]


@pytest.mark.parametrize("name", NAMES)
def test_points_are_of_two_classes(name):
    x, labels = make_points(name)
    assert x.shape == (len(labels), 2)
    assert set(labels) <= {0, 1}
    if name in SHAPES:
        assert np.array_equal(make_points(name, 1)[0], make_points(name, 1)[0])
        assert not np.array_equal(make_points(name, 1)[0], x)
        assert labels.mean() == 0.5
        assert np.abs(x).max() < 1.4
    else:
        assert tuple(labels) == GATES[name.removeprefix("gate: ")]


def test_points_of_ones_own_are_typed_or_read_from_a_csv_file():
    x, labels = parse_points("x,y,class\n0.5, -1, 1\n\n2;3;0\n 1 1 1 ")
    assert x.tolist() == [[0.5, -1], [2, 3], [1, 1]]
    assert labels.tolist() == [1, 0, 1]
    points = parse_points(EXAMPLE)
    *_, (_, status, _, _) = mlp.train(OWN, 4, 1, "tanh", 1.0, 1600, 0, EXAMPLE)
    assert f"**{len(points[0])} of {len(points[0])} correct**" in status


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ("", "from 2 to 400 points. Received: 0"),
        ("1, 2, 0", "Received: 1"),
        ("0, 0, 0\n" * 401, "Received: 401"),
        ("0, 0, 0\n1, 2", "Received: 1, 2"),
        ("0, 0, 0\n1, 2, 3", "a class, 0 or 1"),
        ("0, 0, 0\n1, x, 1", "Received: 1, x, 1"),
        ("0, 0, 0\n1, 99, 1", "from -10 to 10"),
        ("0, 0, 0\n1, nan, 1", "from -10 to 10"),
    ],
)
def test_lines_that_are_no_points_are_told(wrong, sentence):
    with pytest.raises(ArgumentError, match=sentence):
        parse_points(wrong)


def test_there_are_no_other_points():
    with pytest.raises(ArgumentError, match="Did you mean moons"):
        make_points("moon")
