"""Writing with a decoder: what is chosen, with and without kept keys and values, and what a beam finds."""

import itertools

import keras
import numpy as np
import pytest
from references import softmax

import keras_session5 as s5
from keras_session5.errors import ArgumentError
from keras_session5.generation import choose, continue_texts, translate, with_cache

END, BEGIN = 6, 7
LOGITS = np.log(np.array([[0.1, 0.4, 0.2, 0.3]], "float32"))
GRID = ((np.arange(1000) + 0.5) / 1000).astype("float32")


def frequencies(**how):
    """How often each token is chosen, over noise in a thousand even steps."""
    chosen = choose(np.repeat(LOGITS, 1000, axis=0), GRID, never=(), **how)
    return (np.bincount(chosen, minlength=4) / 1000).tolist()


def test_tokens_are_chosen_as_often_as_they_are_likely():
    np.testing.assert_allclose(frequencies(), [0.1, 0.4, 0.2, 0.3], atol=1e-3)


def test_a_temperature_raises_the_probabilities_to_its_inverse_power():
    p = np.array([0.1, 0.4, 0.2, 0.3]) ** 2
    np.testing.assert_allclose(frequencies(temperature=0.5), p / p.sum(), atol=1e-3)


def test_temperature_zero_and_the_one_likeliest_are_the_maximum():
    assert frequencies(temperature=0.0) == frequencies(top_k=1) == [0, 1, 0, 0]


def test_top_k_keeps_the_k_likeliest():
    np.testing.assert_allclose(frequencies(top_k=2), [0, 4 / 7, 0, 3 / 7], atol=1e-3)


@pytest.mark.parametrize(
    ("top_p", "expected"),
    [(0.39, [0, 1, 0, 0]), (0.41, [0, 4 / 7, 0, 3 / 7]), (0.71, [0, 4 / 9, 2 / 9, 3 / 9])],
)
def test_top_p_keeps_the_likeliest_that_together_have_it(top_p, expected):
    np.testing.assert_allclose(frequencies(top_p=top_p), expected, atol=1e-3)


def test_what_must_never_be_written_is_not():
    chosen = choose(np.repeat(LOGITS, 1000, axis=0), GRID, never=(1, 3))
    np.testing.assert_allclose(np.bincount(chosen) / 1000, [1 / 3, 0, 2 / 3], atol=2e-3)


def randomised(model):
    rng = np.random.default_rng(0)
    for weight in model.trainable_weights:
        weight.assign(rng.normal(size=weight.shape) * 0.4)
    return model


@pytest.fixture(scope="module")
def gpt():
    size = {"embed_dim": 16, "num_layers": 2, "num_heads": 2, "mlp_dim": 32}
    return randomised(s5.build("gpt", vocabulary_size=8, max_length=12, **size))


PROMPTS = np.array([[2, 3, 4], [5, 0, 0], [3, 3, 0], [2, 2, 5]], "int32")
NOISE = np.random.default_rng(0).random((4, 12), "float32")


@pytest.mark.parametrize(
    "how", [{"temperature": 0.0}, {}, {"temperature": 0.7, "top_k": 3}, {"top_p": 0.8, "never": (0, 1)}]
)
def test_kept_keys_and_values_give_the_tokens_that_computing_them_anew_gives(gpt, how):
    found = [
        np.asarray(continue_texts(gpt, PROMPTS, NOISE, end_id=END, kv_cache=cache, **how))
        for cache in (True, False)
    ]
    assert np.array_equal(*found)
    for row, prompt in zip(found[0], PROMPTS, strict=True):
        assert row[: np.count_nonzero(prompt)].tolist() == prompt[prompt != 0].tolist()
        if END in row:
            assert not row[list(row).index(END) + 1 :].any()  # nothing after the end
        else:
            assert row.all()


def test_prompts_longer_than_the_answer_are_refused(gpt):
    with pytest.raises(ArgumentError, match=r"at most as long as `noise`, 2\. Received: 3 tokens"):
        continue_texts(gpt, PROMPTS, NOISE[:, :2], end_id=END)


def test_the_scores_with_kept_keys_and_values_are_those_of_the_whole_sequence(gpt):
    tokens = np.random.default_rng(1).integers(1, 8, (2, 10)).astype("int32")
    whole = gpt.predict(tokens, verbose=0)
    stepwise = with_cache(gpt, 10)
    kept = [np.full((2, *x.shape[1:]), 99.0, "float32") for x in stepwise.inputs[2:]]  # never read before
    for t in range(10):
        index = np.full((2, 1), t, "int32")
        logits, *kept = stepwise.predict([tokens[:, t : t + 1], index, *kept], verbose=0)
        np.testing.assert_allclose(logits[:, 0], whole[:, t], atol=1e-5)


def test_the_network_can_be_saved_after_it_has_written(gpt, tmp_path):
    tokens = np.array([[1, 2, 3]], "int32")
    expected = gpt.predict(tokens, verbose=0)
    continue_texts(gpt, PROMPTS, NOISE, end_id=END)
    gpt.save(tmp_path / "gpt.keras")
    again = keras.saving.load_model(tmp_path / "gpt.keras")
    np.testing.assert_array_equal(again.predict(tokens, verbose=0), expected)


@pytest.fixture(scope="module")
def transformer():
    size = {"embed_dim": 16, "num_layers": 2, "num_heads": 2, "mlp_dim": 32}
    model = s5.build("transformer", source_vocabulary_size=9, target_vocabulary_size=8, **size)
    return randomised(model)


SOURCE = np.array([[2, 3, 4, 0], [5, 6, 0, 0], [7, 7, 8, 2]], "int32")


def log_probabilities(model, source, targets):
    """Of each token that could follow each of the targets' (N, S), which all are of one length."""
    begun = np.array([[BEGIN, *target] for target in targets])
    scores = model.predict([np.repeat([source], len(begun), axis=0), begun], verbose=0)
    return np.log(softmax(scores.astype("float64")))


def test_a_beam_of_one_takes_the_likeliest_token_each_time(transformer):
    found, totals = translate(transformer, SOURCE, begin_id=BEGIN, end_id=END, length=6)
    for source, row, total in zip(SOURCE, np.asarray(found), np.asarray(totals), strict=True):
        target, expected = [], 0.0
        while len(target) < 6 and END not in target:
            scores = log_probabilities(transformer, source, [target])[0, -1]
            target.append(int(scores[1:].argmax()) + 1)  # padding is never written
            expected += scores[target[-1]]
        assert row.tolist() == target + [0] * (6 - len(target))
        assert total == pytest.approx(expected, abs=1e-4)


def test_a_beam_that_keeps_everything_finds_the_best_of_all_targets(transformer):
    """Every target of at most three tokens, one by one."""
    found, totals = translate(transformer, SOURCE, begin_id=BEGIN, end_id=END, length=3, beam_width=60)
    tokens = [1, 2, 3, 4, 5, BEGIN]
    targets = [(END,), *((a, END) for a in tokens), *itertools.product(tokens, tokens, [*tokens, END])]
    padded = [[*target, *[0] * (3 - len(target))] for target in targets]
    for source, row, total in zip(SOURCE, np.asarray(found), np.asarray(totals), strict=True):
        scores = log_probabilities(transformer, source, [target[:2] for target in padded])
        sums = [sum(s[i, token] for i, token in enumerate(t)) for s, t in zip(scores, targets, strict=True)]
        assert row.tolist() == padded[int(np.argmax(sums))]
        assert total == pytest.approx(max(sums), abs=1e-4)


def test_a_wider_beam_finds_targets_at_least_as_likely(transformer):
    totals = [
        np.asarray(translate(transformer, SOURCE, begin_id=BEGIN, end_id=END, length=6, beam_width=w)[1])
        for w in (1, 60)
    ]
    assert (totals[1] >= totals[0] - 1e-5).all()


def test_the_encoder_decoder_can_be_saved_after_it_has_written(transformer, tmp_path):
    asked = [SOURCE, np.full((3, 2), BEGIN, "int32")]
    expected = transformer.predict(asked, verbose=0)
    translate(transformer, SOURCE, begin_id=BEGIN, end_id=END, length=3)
    transformer.save(tmp_path / "transformer.keras")
    again = keras.saving.load_model(tmp_path / "transformer.keras")
    np.testing.assert_array_equal(again.predict(asked, verbose=0), expected)
