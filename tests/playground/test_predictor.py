"""What the page asks, and its sentences where there is no answer."""

import gradio as gr
import numpy as np
import pytest

from keras_session5.data import DATA_SETS
from keras_session5.errors import ArgumentError, InvalidArgumentError, NotFoundError, UnavailableError
from keras_session5.playground.predictor import check_text, show_errors


def test_one_example_is_asked_as_a_batch_of_one(fake_predictor):
    predictor = fake_predictor({("gpt", "sample"): {"text": np.array(["Frankreich"], object)}})
    assert predictor.predict("gpt", "sample", text="Fran", seed=1) == {"text": "Frankreich"}
    assert predictor.client.requests == [("gpt", "sample", {"text": ["Fran"], "seed": [1]})]


def test_a_missing_model_is_told_with_the_command_that_makes_it(fake_predictor):
    predictor = fake_predictor({})
    for ask in (
        lambda: predictor.predict("gpt", "from_text", text="x"),
        lambda: predictor.class_names("gpt"),
    ):
        with pytest.raises(
            NotFoundError, match=r'no model `gpt`. `session5 run gpt` trains .* button "Train gpt now"'
        ):
            ask()


def test_a_model_that_cannot_be_looked_into_is_told_with_the_command_that_exports_it(fake_predictor):
    predictor = fake_predictor({("gpt", "from_text"): {}})
    with pytest.raises(
        InvalidArgumentError, match=r"lacks the signature `explain_text`. `session5 export gpt`"
    ):
        predictor.predict("gpt", "explain_text", text="x")


def test_what_the_model_itself_refuses_is_told_in_its_words(fake_predictor):
    predictor = fake_predictor({("gpt", "from_text"): {}})

    def refuse(*_, **__):
        raise InvalidArgumentError("`text` must begin with one of ...")

    predictor.client.predict = refuse
    with pytest.raises(InvalidArgumentError, match="must begin with one of"):
        predictor.predict("gpt", "from_text", text="x")


def test_classes_are_named_as_exported_else_as_in_the_data_set_else_by_number(fake_predictor, tmp_path):
    predictor = fake_predictor({("lenet5", "explain"): {}, ("simple_rnn", "explain"): {}})
    assert predictor.class_names("lenet5", 3) == ["0", "1", "2"]
    assert predictor.class_names("simple_rnn", 20) == list(DATA_SETS["place_names"].class_names)
    folder = tmp_path / "lenet5" / "3" / "assets.extra"
    folder.mkdir(parents=True)
    (folder / "labels.txt").write_text("Coat\nBag\nBoot\n")
    assert predictor.class_names("lenet5", 3) == predictor.class_names("lenet5") == ["Coat", "Bag", "Boot"]
    assert predictor.class_names("lenet5", 10) == list("0123456789")  # the file is another model's


def test_texts_are_composed_and_neither_empty_nor_long():
    assert check_text("I\u0302le") == "\u00cele"
    for wrong in ("", "  ", None):
        with pytest.raises(ArgumentError, match="at least one letter"):
            check_text(wrong)
    with pytest.raises(ArgumentError, match=r"at most 200 characters. Received: 201"):
        check_text("x" * 201)


def test_an_error_is_a_sentence_on_the_page_and_empties_the_outputs():
    @show_errors(2)
    def halve(number):
        if number % 2:
            raise UnavailableError("No model server answers.")
        return number // 2, "half"

    assert halve(4) == ("", 2, "half")
    assert halve(3) == ("⚠ No model server answers.", None, None)

    kept = show_errors(2, cleared=1)(halve.__wrapped__)
    assert kept(3) == ("⚠ No model server answers.", None, gr.skip())

    @show_errors(1)
    def count(end):
        yield from range(end)
        raise ArgumentError("That is all.")

    assert list(count(2)) == [("", 0), ("", 1), ("⚠ That is all.", None)]


def test_a_mistake_of_the_program_is_not_hidden():
    with pytest.raises(ZeroDivisionError):
        show_errors(1)(lambda: 1 / 0)()
