"""What the page asks, and its sentences where there is no answer."""

import gradio as gr
import numpy as np
import pytest

from keras_session5.data import DATA_SETS
from keras_session5.errors import ArgumentError, InvalidArgumentError, NotFoundError, UnavailableError
from keras_session5.playground.asking import checked_text, on_page


def test_one_example_is_asked_as_a_batch_of_one(fake_asker):
    asker = fake_asker({("gpt", "sample"): {"text": np.array(["Frankreich"], object)}})
    assert asker.ask("gpt", "sample", text="Fran", seed=1) == {"text": "Frankreich"}
    assert asker.client.asked == [("gpt", "sample", {"text": ["Fran"], "seed": [1]})]


def test_a_missing_model_is_told_with_the_command_that_makes_it(fake_asker):
    asker = fake_asker({})
    for ask in (lambda: asker.ask("gpt", "from_text", text="x"), lambda: asker.class_names("gpt")):
        with pytest.raises(NotFoundError, match=r"no model `gpt`. `session5 run gpt` trains"):
            ask()


def test_a_model_that_cannot_be_looked_into_is_told_with_the_command_that_exports_it(fake_asker):
    asker = fake_asker({("gpt", "from_text"): {}})
    with pytest.raises(
        InvalidArgumentError, match=r"lacks the signature `explain_text`. `session5 export gpt`"
    ):
        asker.ask("gpt", "explain_text", text="x")


def test_what_the_model_itself_refuses_is_told_in_its_words(fake_asker):
    asker = fake_asker({("gpt", "from_text"): {}})

    def refuse(*_, **__):
        raise InvalidArgumentError("`text` must begin with one of ...")

    asker.client.predict = refuse
    with pytest.raises(InvalidArgumentError, match="must begin with one of"):
        asker.ask("gpt", "from_text", text="x")


def test_classes_are_named_as_exported_else_as_in_the_data_set_else_by_number(fake_asker, tmp_path):
    asker = fake_asker({("lenet5", "explain"): {}, ("simple_rnn", "explain"): {}})
    assert asker.class_names("lenet5", 3) == ["0", "1", "2"]
    assert asker.class_names("simple_rnn", 20) == list(DATA_SETS["place_names"].class_names)
    folder = tmp_path / "lenet5" / "3" / "assets.extra"
    folder.mkdir(parents=True)
    (folder / "labels.txt").write_text("Coat\nBag\nBoot\n")
    assert asker.class_names("lenet5", 3) == asker.class_names("lenet5") == ["Coat", "Bag", "Boot"]
    assert asker.class_names("lenet5", 10) == list("0123456789")  # the file is another model's


def test_texts_are_composed_and_neither_empty_nor_long():
    assert checked_text("I\u0302le") == "\u00cele"
    for wrong in ("", "  ", None):
        with pytest.raises(ArgumentError, match="at least one letter"):
            checked_text(wrong)
    with pytest.raises(ArgumentError, match=r"at most 200 characters. Received: 201"):
        checked_text("x" * 201)


def test_an_error_is_a_sentence_on_the_page_and_empties_the_outputs():
    @on_page(2)
    def halve(number):
        if number % 2:
            raise UnavailableError("No model server answers.")
        return number // 2, "half"

    assert halve(4) == ("", 2, "half")
    assert halve(3) == ("⚠ No model server answers.", None, None)

    kept = on_page(2, emptied=1)(halve.__wrapped__)
    assert kept(3) == ("⚠ No model server answers.", None, gr.skip())

    @on_page(1)
    def count(end):
        yield from range(end)
        raise ArgumentError("That is all.")

    assert list(count(2)) == [("", 0), ("", 1), ("⚠ That is all.", None)]


def test_a_mistake_of_the_program_is_not_hidden():
    with pytest.raises(ZeroDivisionError):
        on_page(1)(lambda: 1 / 0)()
