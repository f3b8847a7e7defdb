"""The tabs that ask a model: what they ask, and what they show of its answer."""

import base64
import re
from types import SimpleNamespace

import numpy as np
import pytest

from keras_session5.data import DATA_SETS
from keras_session5.errors import ArgumentError, NotFoundError

pytest.importorskip("gradio", reason="the page needs the extra playground")

from keras_session5.playground import (
    attention,
    generation,
    grids,
    images,
    masked,
    own,
    recurrent,
    series,
    translation,
)

from .test_drawing import seven, url

pytestmark = pytest.mark.usefixtures("figures")

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
    states = np.random.default_rng(1).uniform(-1, 1, (1, 5, 20))
    return fake_predictor(
        {
            ("simple_rnn", "from_text"): {"probabilities": softmax((1, 20))},
            ("transformer_encoder", "from_text"): {"probabilities": softmax((1, 20))},
            ("transformer", "from_text"): {"text": strings("2020-03")},
            ("masked_language_model", "explain_text"): {
                "text": strings("Peru"),
                "logits": 10 * np.eye(154)[None, [2, 3, 4, 5]],
            },
            ("simple_rnn_waves", "forecast"): {"forecast": np.ones((1, 20))},
            ("simple_rnn_waves", "explain"): {
                "prefix_forecasts": np.ones((1, 4)),
                "states": np.random.default_rng(2).uniform(-1, 1, (1, 4, 32)),
            },
            ("photo_perceptron", "explain_image_bytes"): {
                "image": np.ones((1, 20, 20, 1)),
                "saliency": np.ones((1, 20, 20)),
                "fires": np.array([[1.0]]),
                **{f"{name}_sum": np.ones((1, n)) for name, n in (("wiring", 50), ("fires", 1))},
                **{f"{name}_activation": np.ones((1, n)) for name, n in (("wiring", 50), ("fires", 1))},
            },
            ("vit", "explain_image_bytes"): {
                "image": np.ones((1, 28, 28, 1)),
                "saliency": np.ones((1, 28, 28)),
                "probabilities": softmax((1, 10)),
                "attention": softmax((1, 2, 4, 17, 17)),
            },
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


def values(group):
    """The pixels of a group, 0..255, (N, height, width)."""
    pixels = np.frombuffer(base64.b64decode(group["pixels"]), "uint8")
    return pixels.reshape(-1, group["height"], group["width"])


def test_a_drawing_is_sent_as_it_was_drawn(explained):
    found = images.classify(explained, images.LENET5, "lenet5", url(seven()))
    ((name, signature, inputs),) = explained.client.requests
    sent = base64.b64decode(url(seven()).partition(",")[2])
    assert (name, signature, inputs) == ("lenet5", "explain_image_bytes", {"image_bytes": [sent]})
    probabilities = softmax((1, 10))[0]
    best = np.argsort(-probabilities)[:3]
    assert found["label"] == [(str(i), pytest.approx(probabilities[i])) for i in best]
    assert found["error"] == ""
    assert [group["title"] for group in found["saliency"]] == ["image", "influence of each pixel", "both"]
    titles = [group["title"] for group in found["maps"]]
    assert titles[:2] == ["c1: 4 maps of 5 x 5", "c3: 4 maps of 5 x 5"]
    assert {title[:2] for title in titles} == {"c1", "s2", "c3", "s4", "f6"}
    assert all(group["description"] for group in found["saliency"] + found["maps"])


def test_maps_have_one_scale_for_a_layer_and_units_are_rows():
    maps = np.arange(18.0).reshape(3, 3, 2)
    layer, units = grids.feature_maps({"c1": maps, "f6": np.arange(84.0)})
    np.testing.assert_array_equal(values(layer), np.moveaxis(np.round(maps / 17 * 255), -1, 0))
    assert layer["description"] == "c1: 2 maps of 3 x 3; the values are from 0.00 to 17.00"
    assert values(units).shape == (1, 2, 42)
    np.testing.assert_array_equal(values(units).ravel(), np.round(np.arange(84.0) / 83 * 255))


def test_a_vision_transformer_shows_where_its_class_token_looks(explained):
    first, second = images.classify(explained, images.VIT, "vit", url(seven()))["maps"]
    assert first["title"].startswith("attention of the class token, layer 1, one map per head")
    weights = softmax((1, 2, 4, 17, 17))[0, 1, :, 0, 1:].reshape(4, 4, 4)
    shares = (weights - weights.min()) / (weights.max() - weights.min())
    np.testing.assert_array_equal(values(second), np.round(shares * 255))


def test_the_perceptron_of_1958_answers_with_a_side(explained):
    found = images.classify(explained, images.PHOTO_PERCEPTRON, "photo_perceptron", url(seven()))
    assert found["label"] == [("right", 1.0), ("left", 0.0)]
    assert [group["title"] for group in found["maps"]] == ["wiring: 50 units", "fires: 1 unit"]
    assert [group["value"] for group in found["maps"]] == ["", "1"]
    assert values(found["maps"][1]).tolist() == [[[255]]]  # bright, because it fires


def test_a_missing_or_wrong_drawing_is_a_sentence(explained, fake_predictor):
    assert "PNG" in images.classify(explained, images.LENET5, "lenet5", "hello")["error"]
    missing = images.classify(fake_predictor({}), images.LENET5, "lenet5", url(seven()))
    assert "session5 run lenet5" in missing["error"]
    assert missing["label"] == missing["maps"] == []
    own_one = images.classify(fake_predictor({}), own.OWN, own.NETWORK, url(seven()))
    assert own_one["error"] == "There is no network of your own yet. Choose a file."


def test_a_network_of_the_readers_may_end_before_its_softmax(fake_predictor):
    outputs = {
        "scores": np.array([[2.0, -1.0]]),
        "image": np.ones((1, 8, 8, 3)),
        "saliency": np.ones((1, 8, 8)),
    }
    predictor = fake_predictor({(own.NETWORK, "explain_image_bytes"): outputs})
    default = SimpleNamespace(outputs={"scores": None})
    predictor.client.metadata = lambda _: SimpleNamespace(signatures={"serving_default": default})
    found = images.classify(predictor, own.OWN, own.NETWORK, url(seven()))
    assert found["label"] == [
        ("0", pytest.approx(1 / (1 + np.exp(-3)))),
        ("1", pytest.approx(1 / (1 + np.exp(3)))),
    ]


def test_a_name_is_read_letter_by_letter_without_the_padding(explained):
    guess = recurrent.classify(explained, "Peru")
    assert guess == dict(zip(LANGUAGES, softmax((1, 20))[0].tolist(), strict=True))
    guesses, states, path = recurrent.draw(explained, "Peru")
    assert ticks(guesses, "x") == list("Peru")
    assert states.axes[0].images[0].get_array().shape == (16, 4)  # of 20 units
    assert len(path.axes[0].lines[0].get_xdata()) == 5  # from the state before the first letter


def test_a_gap_is_filled_and_its_letters_are_likely(explained):
    text, letters = masked.fill(explained, "P_ru")
    alphabet = DATA_SETS["place_names"].alphabet
    assert text == "Peru"
    assert max(letters, key=letters.get) == alphabet[1]  # of the second place: that of the gap
    assert sum(letters.values()) == pytest.approx(1)
    assert "␣" in letters  # a blank would be invisible
    assert " " not in letters


def test_a_series_is_continued(explained):
    assert "**The next 20 values:** 1.00, 1.00" in series.forecast(explained, "1, 2; 3\n4")
    forecasts, states, path = series.draw(explained, "1 2 3 4")
    assert explained.client.requests[-1][2]["series"][0].tolist() == [[1], [2], [3], [4]]
    np.testing.assert_array_equal(forecasts.axes[0].lines[0].get_ydata(), [1, 2, 3, 4])
    assert states.axes[0].images[0].get_array().shape == (16, 4)
    assert len(path.axes[0].lines[0].get_xdata()) == 5
    assert series.parse_series(series.make_series(3)).shape == (50, 1)


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ("", "must be numbers"),
        ("1, x", "must be numbers"),
        ("1e9", "from -100 to 100"),
        ("nan", "from -100"),
        ("1," * 201, "at most 200 values"),
    ],
)
def test_what_is_no_series_is_told(wrong, sentence):
    with pytest.raises(ArgumentError, match=sentence):
        series.parse_series(wrong)


@pytest.mark.parametrize(
    ("layer", "head", "heads"),
    [
        ("all", "all", [(1, 1), (1, 2), (1, 3), (2, 1), (2, 2), (2, 3)]),
        ("2", "3", [(2, 3)]),
        ("9", None, None),
    ],
)
def test_heads_are_chosen_by_number(explained, layer, head, heads):
    figure, layers, _ = attention.draw(explained, attention.NETWORK, "Peru", layer, head)
    weights = softmax((1, 2, 3, 5, 5))[0, :, :, :4, :4]
    titles = [axes.get_title() for axes in figure.axes if axes.get_title()]
    heads = heads or [(i, j) for i in (1, 2) for j in (1, 2, 3)]
    assert titles == [f"layer {i}, head {j}" for i, j in heads]
    for axes, (i, j) in zip(figure.axes, heads, strict=False):
        np.testing.assert_allclose(axes.images[0].get_array(), weights[i - 1, j - 1])
    assert layers.choices == [("all", "all"), ("1", "1"), ("2", "2")]
    assert layers.value == ("all" if layer == "9" else layer)


def test_a_date_is_shown_with_where_the_decoder_looked(explained):
    assert translation.translate(explained, "transformer", "12 mars 2020") == "2020-03"
    figure = translation.draw(explained, "transformer", "12 mars 2020")
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


@pytest.mark.parametrize("read", [recurrent.classify, recurrent.draw, masked.fill])
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
