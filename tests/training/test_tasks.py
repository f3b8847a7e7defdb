"""The inputs, targets and sample weights of each task, and its metrics."""

import shutil
from dataclasses import replace

import numpy as np
import pytest

import keras_session5 as s5
from keras_session5.catalog import Recipe
from keras_session5.data import DATA_SETS, load_data, subset
from keras_session5.data.characters import begin_id, decode, encode, end_id
from keras_session5.errors import ArgumentError
from keras_session5.tasks import LanguageModel, MaskedLanguageModel, Translation
from keras_session5.training import batches, callbacks
from keras_session5.training.execution import Execution

RNG = np.random.default_rng(0)


@pytest.fixture(scope="module")
def names():
    return load_data("place_names")


@pytest.fixture(scope="module")
def dates():
    return load_data("dates")


def test_a_language_model_is_asked_for_what_comes_next_and_then_for_the_end(names):
    tokens = encode(["Wien", "Ulm"], names.alphabet, length=6)
    asked, answer, counts = LanguageModel(names).batch(tokens, np.array([8, 3]), RNG)
    w, i, e, n = tokens[0, :4]
    end = end_id(names.alphabet)
    assert asked[0].tolist() == [begin_id(names.alphabet, 8), w, i, e, n, 0, 0]
    assert answer[0].tolist() == [w, i, e, n, end, 0, 0]
    assert answer[1].tolist() == [*tokens[1, :3], end, 0, 0, 0]
    assert counts.tolist() == [[1, 1, 1, 1, 1, 0, 0], [1, 1, 1, 1, 0, 0, 0]]


def test_a_text_cut_out_of_a_longer_one_has_no_end(names):
    task = LanguageModel(replace(names, whole_texts=False))
    tokens = encode(["abc"], names.alphabet)
    _, answer, counts = task.batch(tokens, np.array([0]), RNG)
    assert answer[0].tolist() == [*tokens[0], 0]
    assert counts[0].tolist() == [1, 1, 1, 0]


def test_a_translator_is_asked_with_the_target_so_far_in_hand(dates):
    source = encode(["12 mars 2020"], dates.alphabet)
    target = encode(["2020-03-12"], dates.target_alphabet, length=12)
    (read, written), answer, counts = Translation(dates).batch(source, target, RNG)
    assert np.array_equal(read, source)
    assert written[0].tolist() == [begin_id(dates.target_alphabet), *target[0, :10]]
    assert answer[0].tolist() == [*target[0, :10], end_id(dates.target_alphabet)]
    assert decode(answer, dates.target_alphabet) == ["2020-03-12"]
    assert counts.all()


def test_of_the_characters_fifteen_percent_are_chosen_and_most_of_them_hidden(names):
    tokens = names.train.inputs
    asked, answer, counts = MaskedLanguageModel(names).batch(tokens, names.train.labels, RNG)
    chosen, there = counts.astype(bool), tokens != 0
    assert np.array_equal(answer, tokens)
    assert not (chosen & ~there).any()
    assert np.array_equal(asked[~chosen], tokens[~chosen])  # the others are left alone
    share = chosen.sum() / there.sum()
    # Five standard deviations of the shares of 150,000 characters, and of 23,000 chosen ones.
    assert share == pytest.approx(0.15, abs=5 * np.sqrt(0.15 * 0.85 / there.sum()))
    hidden = (asked[chosen] == 1).mean()
    left = (asked[chosen] == tokens[chosen]).mean()
    few = 5 * 0.5 / np.sqrt(chosen.sum())
    assert hidden == pytest.approx(0.8, abs=few)
    assert left == pytest.approx(0.1 + 0.1 / 152, abs=few)


def test_the_same_characters_are_hidden_in_every_evaluation(names, trained):
    result, split = trained("masked_language_model"), subset(names.test, 50, seed=0)
    task = MaskedLanguageModel(names)
    with Execution(result.model, task) as execution:
        first, again = (execution.evaluate(split) for _ in range(2))
    assert first == again


def test_what_a_language_model_writes_itself_cannot_be_hidden_from_it(tmp_path):
    for name in ("gpt", "masked_language_model"):
        with pytest.raises(ArgumentError, match="`token_dropout` hides characters of the input"):
            s5.train(name, token_dropout=0.1, runs_dir=tmp_path)


def test_one_output_does_not_tell_ten_digits_apart(tmp_path):
    with pytest.raises(ArgumentError, match=r"predicts two classes only\. Received: digits, with 10 classes"):
        s5.train("photo_perceptron", data="digits", image_size=28, runs_dir=tmp_path)


def test_a_loss_over_texts_counts_every_token_once(names, trained):
    """Keras's mean over batches would count those of short texts for more."""
    result = trained("gpt")
    test = names.test
    asked, answer, counts = LanguageModel(names).batch(test.inputs, test.labels, RNG)
    logits = result.model.predict(asked, verbose=0).astype("float64")
    logits -= logits.max(-1, keepdims=True)
    nats = np.log(np.exp(logits).sum(-1)) - np.take_along_axis(logits, answer[..., None], -1)[..., 0]
    assert result.metrics["loss"] == pytest.approx((nats * counts).sum() / counts.sum(), rel=1e-5)


def test_a_subset_is_drawn_by_its_seed_and_is_part_of_every_larger_one(dates):
    few, more = (subset(dates.test, n, seed=1) for n in (10, 30))
    assert few.texts == more.texts[:10]
    assert few.targets == more.targets[:10]
    assert np.array_equal(few.inputs, more.inputs[:10])
    assert encode(few.texts, dates.alphabet, few.inputs.shape[1]).tolist() == few.inputs.tolist()
    assert subset(dates.test, 10, seed=2).texts != few.texts
    assert subset(dates.test, None, seed=1) is dates.test
    assert subset(dates.test, 10**6, seed=1) is dates.test


def test_classes_interleave():
    labels = np.array([0] * 6 + [1] * 3, "int32")
    split = replace(load_data("retina_cards").train, inputs=np.zeros((9, 2, 2, 1), "uint8"), labels=labels)
    recipe = Recipe(batch_size=1, interleave_classes=True)
    found = [int(labels[row]) for (row,) in batches.epoch_batches(recipe, split, np.random.default_rng(0))]
    assert sorted(found[:6]) == [0, 0, 0, 1, 1, 1]
    assert all(a != b for a, b in zip(found[0:6:2], found[1:6:2], strict=True))
    assert found[6:] == [0, 0, 0]


def test_a_forecast_is_measured_against_the_noise_the_last_value_and_a_linear_forecast(trained):
    result = trained("simple_rnn_waves")
    found, data = result.metrics, load_data("waves")
    windows, last = data.test.inputs[..., 0], data.test.inputs[:, -1, 0]
    assert found["noise_floor"] == pytest.approx(DATA_SETS["waves"].noise_floor)
    assert found["last_value"] == pytest.approx(np.mean((last - data.test.labels[:, 0]) ** 2))
    predicted = result.model.predict(windows[..., None], verbose=0)[:, 0]
    assert found["loss"] == pytest.approx(np.mean((predicted - data.test.labels[:, 0]) ** 2), rel=1e-5)
    assert found["noise_floor"] < found["linear_autoregression"] < found["last_value"]


def test_fine_tuning_begins_where_another_network_has_arrived(trained, tmp_path):
    teacher = trained("masked_language_model")
    short = {"epochs": 1, "examples": 64, "learning_rate": 0.0, "runs_dir": tmp_path, "verbose": 0}
    short["dashboard"] = False
    pupil = s5.train("transformer_encoder", start_from=teacher, **short)
    assert pupil.record["start_from"] == str(teacher.run_dir)
    for name in ("embedding", "block1_attention", "block1_mlp_norm"):  # the teacher has one block
        for mine, its in zip(
            pupil.model.get_layer(name).weights, teacher.model.get_layer(name).weights, strict=True
        ):
            np.testing.assert_array_equal(mine, its)


def test_the_name_of_a_network_is_its_newest_run(trained, tmp_path):
    run_dir = trained("mlp_xor").run_dir
    kept = tmp_path / "mlp_xor" / run_dir.name
    shutil.copytree(run_dir, kept)
    result = s5.train(
        "mlp_xor", start_from="mlp_xor", epochs=1, runs_dir=tmp_path, verbose=0, dashboard=False
    )
    assert result.record["start_from"] == str(kept)


def test_there_must_be_something_to_start_from(tmp_path):
    other = s5.train("perceptron", runs_dir=tmp_path, verbose=0, dashboard=False)
    with pytest.raises(
        ArgumentError, match=r"`start_from` must be a run .* one that shares none, 0% of them"
    ):
        s5.train("mlp_xor", start_from=other, runs_dir=tmp_path)


def test_a_resumed_run_needs_what_it_began_with_no_more(tmp_path):
    other = s5.train("mlp_xor", epochs=1, repeats=1, runs_dir=tmp_path, verbose=0, dashboard=False)
    short = {"epochs": 2, "repeats": 1, "runs_dir": tmp_path, "verbose": 0}
    with pytest.MonkeyPatch.context() as patch:
        checkpoint = callbacks.Checkpoint.on_epoch_end
        patch.setattr(
            callbacks.Checkpoint,
            "on_epoch_end",
            lambda self, epoch, logs=None: (checkpoint(self, epoch, logs), interrupt()),
        )
        with pytest.raises(KeyboardInterrupt):
            s5.train("mlp_xor", start_from=other, **short)
    shutil.rmtree(other.run_dir)
    with pytest.raises(ArgumentError, match="`start_from` must be omitted when a run is resumed"):
        s5.train("mlp_xor", resume=True, start_from=other, **short)
    assert s5.train("mlp_xor", resume=True, **short).record["epochs"] == 2


def interrupt():
    raise KeyboardInterrupt


def test_a_run_is_evaluated_only_on_data_that_its_network_was_built_for(trained):
    with pytest.raises(ArgumentError, match="trained on the characters of dates, and those of text_tasks"):
        s5.evaluate(trained("transformer"), data="text_tasks")
    with pytest.raises(ArgumentError, match="must have the input shape of retina_cards"):
        s5.evaluate(trained("mlp"), data="retina_cards")


def test_the_linear_forecast_is_that_of_all_training_examples(trained):
    result = trained("simple_rnn_waves")  # on some of them
    again = s5.evaluate(result)
    assert again["linear_autoregression"] == result.metrics["linear_autoregression"]


def test_one_example_at_a_time_needs_no_classes(tmp_path):
    result = s5.train(
        "simple_rnn_waves", batch_size=1, epochs=1, examples=8, runs_dir=tmp_path, verbose=0, dashboard=False
    )
    assert "trials" not in result.record
