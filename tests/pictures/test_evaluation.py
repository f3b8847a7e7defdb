"""Pictures of the evaluation of a network show the numbers that they are given."""

import numpy as np
import pytest

from keras_session5 import pictures
from keras_session5.errors import ArgumentError

GATES = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], "float32")
NAMES = ("zero", "one", "two")


def texts(figure):
    """Everything that is written in the first pair of axes, in order."""
    return [text.get_text() for text in figure.axes[0].texts]


def drawn(figure, tmp_path):
    figure.savefig(tmp_path / "picture.png")  # a warning, of a missing letter for example, is an error here
    return figure


def test_a_confusion_matrix_shows_its_counts_where_they_belong(tmp_path):
    counts = np.array([[5, 0, 2], [0, 7, 0], [1, 0, 0]])
    (axes,) = drawn(pictures.confusion_matrix(counts, NAMES), tmp_path).axes
    found = {(text.get_position()[1], text.get_position()[0]): int(text.get_text()) for text in axes.texts}
    assert found == {(0, 0): 5, (0, 2): 2, (1, 1): 7, (2, 0): 1}
    np.testing.assert_allclose(axes.images[0].get_array(), [[5 / 7, 0, 2 / 7], [0, 1, 0], [1, 0, 0]])
    assert [label.get_text() for label in axes.get_yticklabels()] == list(NAMES)
    assert axes.get_title("left") == "12 of 15 correct"


@pytest.mark.parametrize(("names", "rotation"), [("012", 0), (NAMES, 90)])
def test_only_long_names_of_classes_are_rotated(names, rotation):
    (axes,) = pictures.confusion_matrix(np.eye(3, dtype=int), names).axes
    assert {label.get_rotation() for label in axes.get_xticklabels()} == {rotation}


def test_a_class_without_examples_is_a_row_of_nothing(tmp_path):
    (axes,) = drawn(pictures.confusion_matrix(np.array([[1, 0], [0, 0]]), "ab"), tmp_path).axes
    np.testing.assert_array_equal(axes.images[0].get_array(), [[1, 0], [0, 0]])


def test_the_surest_mistakes_come_first_and_what_is_right_is_left_out(tmp_path):
    images = np.arange(4 * 9, dtype="uint8").reshape(4, 3, 3, 1)
    probabilities = np.array([[0.1, 0.6, 0.3], [0.8, 0.1, 0.1], [0.0, 0.1, 0.9], [0.7, 0.2, 0.1]])
    figure = pictures.mistakes(images, [0, 0, 1, 2], probabilities.argmax(1), probabilities, NAMES)
    drawn(figure, tmp_path)
    assert texts(figure) == [
        "label one",
        "predicted two (90%)",
        "label two",
        "predicted zero (70%)",
        "label zero",
        "predicted one (60%)",
    ]
    shown = [np.asarray(image.get_array()) for image in figure.axes[0].images]
    np.testing.assert_array_equal(shown, images[[2, 3, 0], ..., 0])


def test_texts_are_shown_in_the_order_given_where_no_probability_says_which_is_worst(tmp_path):
    figure = pictures.mistakes(["$a$", "b\n", "中"], ["x", "y", "z"], ["x", "u", "w"])
    cells = texts(drawn(figure, tmp_path))
    assert cells[:3] == ["text", "label", "prediction"]
    assert (cells[4:6], cells[7:9]) == (["y", "u"], ["z", "w"])
    assert not any("$" in cell for cell in cells), "the first was right"


def test_at_most_so_many_mistakes_are_shown(tmp_path):
    figure = pictures.mistakes([str(i) for i in range(50)], ["a"] * 50, ["b"] * 50, most=3)
    assert texts(figure)[3::3] == ["0", "1", "2"]


def test_a_series_is_shown_with_its_two_next_values(tmp_path):
    series = np.array([[[1.0], [2.0]], [[3.0], [4.0]]])
    figure = drawn(pictures.mistakes(series, [2.5, 4.0], [9.0, 4.0]), tmp_path)
    assert [line.get_ydata().tolist() for line in figure.axes[0].lines] == [[1.0, 2.0], [2.5], [9.0]]


def test_without_a_mistake_it_says_so(tmp_path):
    figure = drawn(pictures.mistakes(["a", "b"], [0, 1], [0, 1], None, NAMES), tmp_path)
    assert texts(figure) == ["No mistake in 2 samples."]


def test_every_filter_is_drawn_on_one_scale_about_zero(tmp_path):
    kernel = np.random.default_rng(0).normal(size=(5, 5, 2, 6))
    axes = drawn(pictures.filters(kernel), tmp_path).axes[0]
    image = axes.images[0]
    shown = np.ma.filled(image.get_array(), np.nan)
    mean = kernel.mean(axis=2)
    for i in range(6):  # each weight four times as wide and high, two between, three in a row
        top, left = (i // 3) * 22, (i % 3) * 22
        np.testing.assert_array_equal(shown[top : top + 20 : 4, left : left + 20 : 4], mean[..., i])
    assert np.isnan(shown[20:22]).all()
    assert image.norm.vmax == -image.norm.vmin == np.abs(mean).max()
    assert axes.get_title("left") == "6 filters, 5 x 5"
    assert pictures.filters(np.ones((9, 9, 1, 200))).axes[0].get_title("left") == "64 of 200 filters, 9 x 9"


def test_a_decision_surface_is_the_networks_answer_at_each_place(tmp_path):
    def answer(inputs):
        return 1 / (1 + np.exp(3 - 2 * inputs[:, :1] - 2 * inputs[:, 1:]))

    (axes,) = drawn(pictures.decision_surface(answer, GATES, [0, 0, 0, 1]), tmp_path).axes
    values, (left, right, bottom, top) = axes.images[0].get_array(), axes.images[0].get_extent()
    assert (left, right, bottom, top) == (-0.5, 1.5, -0.5, 1.5)
    place = np.array([[1.5, -0.5]])  # the last column of the first row: x grows rightwards, y upwards
    assert values[0, -1] == pytest.approx(answer(place)[0, 0])
    np.testing.assert_allclose(values, values.T, rtol=1e-6)
    circles, squares = (points.get_offsets() for points in axes.collections[-2:])
    np.testing.assert_array_equal(circles, GATES[:3])
    np.testing.assert_array_equal(squares, GATES[3:])
    (bar,) = axes.child_axes
    assert (bar.get_ylabel(), bar.get_ylim()) == ("probability of 1", (0, 1))
    assert axes.collections[-2].get_facecolor()[0, 2] > axes.collections[-1].get_facecolor()[0, 2]  # bluer


def test_a_network_that_answers_all_alike_has_a_surface_too(tmp_path):
    drawn(pictures.decision_surface(lambda inputs: np.zeros(len(inputs)), GATES, [0, 1, 1, 0]), tmp_path)


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: pictures.confusion_matrix(np.eye(2), NAMES), r"`counts` must .* 3 classes.*\(2, 2\)"),
        (lambda: pictures.mistakes(["a"], [1, 2], [1]), "`labels` must have one value.*2 values"),
        (lambda: pictures.mistakes(["a"], [1], [1], most=0), "`most` must be an integer of at least 1"),
        (lambda: pictures.filters(np.eye(2)), r"`kernel` must have shape \(height, width, in, out\)"),
        (lambda: pictures.decision_surface(None, np.zeros((3, 3)), [0, 1, 0]), r"`points` must be \(P, 2\)"),
    ],
)
def test_wrong_shapes_are_refused_in_a_sentence(call, sentence):
    with pytest.raises(ArgumentError, match=sentence):
        call()


def test_a_learning_curve_has_a_part_for_each_metric():
    loss, accuracy = pictures.learning_curve(
        {"loss": [2, 1], "val_loss": [2, 1.5], "accuracy": [0.1, 0.5]}
    ).axes
    np.testing.assert_array_equal(loss.lines[1].get_ydata(), [2, 1.5])
    np.testing.assert_array_equal(accuracy.lines[0].get_xdata(), [1, 2])
    assert (loss.get_ylabel(), accuracy.get_ylabel()) == ("loss", "accuracy")
