"""Texts in, texts out."""

import numpy as np
import pytest

import keras_session5 as s5
from keras_session5.data import load_data
from keras_session5.data.characters import begin_id, decode, encode, end_id
from keras_session5.errors import ArgumentError


@pytest.fixture(scope="module")
def gpt(trained):
    return trained("gpt")


@pytest.fixture(scope="module")
def transformer(trained):
    return trained("transformer")


def test_a_text_goes_on_from_its_prompt(gpt):
    prompts = ["German: Wien", "Polish:", "French: É"]
    texts = s5.generate(gpt, prompts, seed=1)
    assert [text[: len(start)] for text, start in zip(texts, ("Wien", "", "É"), strict=True)] == [
        "Wien",
        "",
        "É",
    ]
    assert all(len(text) > 1 for text in texts)
    assert not any("\ufffd" in text for text in texts)


def test_the_same_seed_writes_the_same_texts_with_and_without_the_cache(gpt):
    prompts = ["German: "] * 3
    assert s5.generate(gpt, prompts, seed=1) == s5.generate(gpt, prompts, seed=1, kv_cache=False)
    assert s5.generate(gpt, prompts, seed=1) != s5.generate(gpt, prompts, seed=2)
    cold = s5.generate(gpt, prompts, temperature=0)
    assert cold == s5.generate(gpt, prompts, top_k=1, seed=3)
    assert len(set(cold)) == 1


@pytest.mark.parametrize(
    ("prompt", "settings", "sentence"),
    [
        ("Wien", {}, r"must begin with a class and a colon, such as 'Croatian: '\. Received: 'Wien'"),
        ("Germn: W", {}, "Did you mean German"),
        ("German: W", {"temperature": -1}, "`temperature` must be a number of at least 0"),
        ("German", {}, "must begin with a class and a colon"),
        ("German: W", {"seed": -1}, "`seed` must be an integer from 0"),
        ("German: W", {"top_k": -1}, "`top_k` must be an integer from 0 to 175"),
        ("German: W", {"top_p": 0}, r"`top_p` must be a number in \(0, 1\]"),
        ("German: " + "W" * 64, {}, "must be shorter than 64 characters. Received: 64 characters"),
    ],
)
def test_a_wrong_prompt_or_number_is_refused_in_a_sentence(gpt, prompt, settings, sentence):
    with pytest.raises(ArgumentError, match=sentence):
        s5.generate(gpt, [prompt], **settings)


def test_a_translation_is_what_the_network_finds_likeliest_character_by_character(transformer):
    data = load_data("dates")
    source = encode(["12 mars 2020"], data.alphabet)
    target = [begin_id(data.target_alphabet)]
    while len(target) < 12 and target[-1] != end_id(data.target_alphabet):
        scores = transformer.model.predict([source, np.array([target])], verbose=0)[0, -1]
        target.append(int(scores[1:].argmax()) + 1)
    expected = decode(np.array([target[1:]]), data.target_alphabet)
    assert s5.translate(transformer, ["12 mars 2020"]) == expected
    assert s5.translate(transformer, []) == []


def test_a_letter_is_one_letter_however_it_is_typed(gpt):
    assert s5.generate(gpt, ["German: a\u0308"], temperature=0) == s5.generate(
        gpt, ["German: \u00e4"], temperature=0
    )
    s5.generate(gpt, ["German: " + "a\u0308" * 40])
    assert s5.generate(gpt, []) == []


def test_one_text_is_not_a_list_of_texts(gpt, transformer):
    with pytest.raises(ArgumentError, match=r"`prompts` must be a list of texts\. Received: prompts='German"):
        s5.generate(gpt, "German: ")
    with pytest.raises(ArgumentError, match="`texts` must be a list of texts"):
        s5.translate(transformer, "12 mars")


@pytest.mark.parametrize(
    ("texts", "width", "sentence"),
    [([""], 1, "Received: an empty text"), (["1"], 0, "`beam_width` must be an integer of at least 1")],
)
def test_a_wrong_text_or_beam_is_refused_in_a_sentence(transformer, texts, width, sentence):
    with pytest.raises(ArgumentError, match=sentence):
        s5.translate(transformer, texts, beam_width=width)


def test_a_text_longer_than_the_positions_is_refused_in_a_sentence(transformer):
    with pytest.raises(ArgumentError, match=r"at most 128 characters. Received: 200, '1111"):
        s5.translate(transformer, ["1" * 200])


def test_what_does_not_write_says_which_does(gpt, transformer):
    with pytest.raises(ArgumentError, match=r"transformer, text_to_text\. Received: gpt"):
        s5.translate(gpt, ["12 mars 2020"])
    with pytest.raises(ArgumentError, match=r"one of these networks: gpt\. Received: transformer"):
        s5.generate(transformer, ["German: "])
