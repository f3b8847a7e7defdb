"""The tabs that ask a model: what they ask, and what they show of its answer."""

import base64
import re

import numpy as np
import pytest

from keras_session5.data import DATA_SETS
from keras_session5.errors import ArgumentError, NotFoundError

pytest.importorskip("gradio", reason="the page needs the extra playground")

from keras_session5.playground import attention, dates, generation, lenet5, recurrent

from .test_drawing import seven, url

LANGUAGES = DATA_SETS["place_names"].class_names


def softmax(shape, seed=0):
    e = np.exp(np.random.default_rng(seed).normal(size=shape))
    return e / e.sum(-1, keepdims=True)


def strings(*texts):
    return np.array(texts, object)


@pytest.fixture
def explained(fake_predictor):
    """A server whose networks answer as their `explain_text` does, with one character of padding."""
    name, padded = list("Peru"), [*"Peru", ""]
    states = np.random.default_rng(1).uniform(-1, 1, (1, 5, 6))
    return fake_predictor(
        {
            ("simple_rnn", "explain_text"): {
                "characters": strings(padded),
                "probabilities": softmax((1, 20)),
                "prefix_probabilities": softmax((1, 5, 20)),
                "states": states,
            },
            ("transformer_encoder", "explain_text"): {
                "characters": strings(padded),
                "probabilities": softmax((1, 20)),
                "attention": softmax((1, 2, 3, 5, 5)),
            },
            ("transformer", "explain_text"): {
                "characters": strings(padded),
                "target_characters": strings([*"2020-03", ""]),
                "text": strings("2020-03"),
                "cross_attention": softmax((1, 2, 4, 8, 5)),
            },
            ("gpt", "from_text"): {"text": strings("Peru")},
            ("gpt", "sample"): {"text": strings(*("".join(name) + str(i) for i in range(8)))},
            ("lenet5", "explain_image_bytes"): {
                "image": np.ones((1, 28, 28, 1)),
                "saliency": np.ones((1, 28, 28)),
                "probabilities": softmax((1, 10)),
                **{layer: np.ones((1, 5, 5, 4)) for layer in ("c1", "s2", "c3", "s4")},
                **{layer: np.ones((1, 7)) for layer in ("c5", "f6")},
            },
        }
    )


def ticks(figure, axis):
    axes = figure.axes[0]
    return [label.get_text() for label in (axes.get_xticklabels() if axis == "x" else axes.get_yticklabels())]


def test_a_drawing_is_sent_as_it_was_drawn(explained):
    guess, seen, maps = lenet5.classify(explained, "lenet5", url(seven()))
    ((name, signature, inputs),) = explained.client.requests
    sent = base64.b64decode(url(seven()).partition(",")[2])
    assert (name, signature, inputs) == ("lenet5", "explain_image_bytes", {"image_bytes": [sent]})
    assert list(guess.values()) == pytest.approx(softmax((1, 10))[0].tolist())
    assert list(guess) == list("0123456789")
    titles = " ".join(axes.get_title("left") for axes in maps.axes)
    assert all(layer in titles for layer in ("c1", "s2", "c3", "s4", "c5", "f6"))
    assert len(seen.axes) >= 2


def test_a_name_is_read_letter_by_letter_without_the_padding(explained):
    guess, guesses, states = recurrent.classify(explained, "Peru")
    assert guess == dict(zip(LANGUAGES, softmax((1, 20))[0].tolist(), strict=True))
    assert ticks(guesses, "x") == list("Peru")
    assert states.axes[0].images[0].get_array().shape == (6, 4)


@pytest.mark.parametrize(
    ("layer", "head", "heads"),
    [
        ("all", "all", [(1, 1), (1, 2), (1, 3), (2, 1), (2, 2), (2, 3)]),
        ("2", "3", [(2, 3)]),
        ("9", None, None),
    ],
)
def test_heads_are_chosen_by_number(explained, layer, head, heads):
    _, figure, layers, _ = attention.classify(explained, "Peru", layer, head)
    weights = softmax((1, 2, 3, 5, 5))[0, :, :, :4, :4]
    titles = [axes.get_title() for axes in figure.axes if axes.get_title()]
    heads = heads or [(i, j) for i in (1, 2) for j in (1, 2, 3)]
    assert titles == [f"layer {i}, head {j}" for i, j in heads]
    for axes, (i, j) in zip(figure.axes, heads, strict=False):
        np.testing.assert_allclose(axes.images[0].get_array(), weights[i - 1, j - 1])
    assert layers.choices == [("all", "all"), ("1", "1"), ("2", "2")]
    assert layers.value == ("all" if layer == "9" else layer)


def test_a_date_is_shown_with_where_the_decoder_looked(explained):
    text, figure = dates.translate(explained, "12 mars 2020")
    assert text == "2020-03"
    weights = softmax((1, 2, 4, 8, 5))[0].mean((0, 1))[:7, :4]
    np.testing.assert_allclose(figure.axes[0].images[0].get_array(), weights)


def test_a_name_is_continued_in_its_language_with_one_seed_after_the_other(explained):
    likeliest, table, languages = generation.generate(explained, "German", "Pe", 0.5, 7)
    greedy, sample = explained.client.requests
    assert greedy == ("gpt", "from_text", {"text": ["German: Pe"]})
    assert sample[2] == {"text": ["German: Pe"] * 8, "temperature": [0.5] * 8, "seed": list(range(7, 15))}
    assert likeliest == "Peru"
    assert re.findall("<td>(.*?)</td>", table)[:4] == ["7", "Peru0", "8", "Peru1"]
    assert [name for name, _ in languages.choices] == list(LANGUAGES)


def test_a_language_that_the_network_has_not_is_the_first(explained):
    *_, languages = generation.generate(explained, "Latin", "Pe", 0.5, 0)
    assert languages.value == LANGUAGES[0]
    assert explained.client.requests[0][2] == {"text": [f"{LANGUAGES[0]}: Pe"]}


@pytest.mark.parametrize("read", [recurrent.classify, dates.translate])
def test_an_empty_text_is_told_and_nobody_asked(explained, read):
    with pytest.raises(ArgumentError, match="at least one letter"):
        read(explained, " ")
    assert explained.client.requests == []


def test_a_negative_temperature_is_told(explained):
    with pytest.raises(ArgumentError, match="`temperature` must be at least 0"):
        generation.generate(explained, "German", "Pe", -1, 0)


def test_a_missing_network_is_told(fake_predictor):
    with pytest.raises(NotFoundError, match="session5 run simple_rnn"):
        recurrent.classify(fake_predictor({}), "Peru")


def test_text_in_a_table_is_never_markup():
    from keras_session5.playground.parts import render_table

    assert "<b>" not in render_table(["<b>"], [["<b>x</b>"]])
