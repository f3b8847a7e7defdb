"""An export beside the version that it replaces: what is compared, and what is no chance."""

import json
from pathlib import Path

import pytest
from scipy import stats

from keras_session5.exporting import writer
from keras_session5.exporting.replaced import replaced_by, worse_metric
from keras_session5.training import Result


def result_of(data="digits", **metrics):
    record = {"name": "mlp", "data": data, "data_source": "the source", "metrics": metrics}
    record["examples"] = {"train": 898, "test": 899}
    return Result("mlp", data, None, metrics, [], Path("run"), 0.0, False, record)


def write(path, result):
    """As much of a version as is read again."""
    (path / "assets.extra").mkdir(parents=True)
    (path / "assets.extra" / "model.json").write_text(json.dumps(result.record))


def test_accuracies_are_compared_as_two_proportions():
    # 850 and 832 of 899 right: the z of the textbook is 1.9, with a one-sided chance of 0.029.
    before, now = {"accuracy": 850 / 899}, {"accuracy": 832 / 899}
    table = [[850, 49], [832, 67]]
    two_sided = stats.chi2_contingency(table, correction=False).pvalue
    assert two_sided / 2 < 0.05
    assert worse_metric(before, now, 899) == "accuracy"
    assert worse_metric(now, before, 899) == ""


@pytest.mark.parametrize("examples", [50, 899, 10_000])
def test_the_border_of_chance_is_that_of_the_chi_square_test(examples):
    right = round(0.9 * examples)
    for fewer in range(1, right // 4):
        table = [[right, examples - right], [right - fewer, examples - right + fewer]]
        chance = stats.chi2_contingency(table, correction=False).pvalue / 2
        rates = ({"accuracy": count / examples, "loss": 1.0} for count in (right, right - fewer))
        assert worse_metric(*rates, examples) == ("accuracy" if chance < 0.05 else ""), fewer


def test_mean_squared_errors_are_compared_as_two_variances():
    border = stats.f.isf(0.05, 1000, 1000)
    assert worse_metric({"loss": 0.02}, {"loss": 0.02 * border * 1.001}, 1000) == "loss"
    assert worse_metric({"loss": 0.02}, {"loss": 0.02 * border * 0.999}, 1000) == ""
    assert worse_metric({"loss": 0.03}, {"loss": 0.02}, 1000) == ""


def test_a_loss_beside_an_accuracy_decides_nothing():
    assert worse_metric({"accuracy": 0.9, "loss": 0.1}, {"accuracy": 0.9, "loss": 9.0}, 899) == ""


def test_in_a_truth_table_nothing_is_chance(tmp_path):
    write(tmp_path / "1", result_of("logic_gates/xor", accuracy=1.0))
    assert replaced_by(tmp_path / "2", result_of("logic_gates/xor", accuracy=0.75)).worse == "accuracy"
    assert worse_metric({"accuracy": 1.0}, {"accuracy": 0.75}, 4) == ""


def test_the_newest_version_before_it_is_compared(tmp_path):
    for number, accuracy in ((2, 0.5), (9, 0.98), (11, 0.1)):
        write(tmp_path / str(number), result_of(accuracy=accuracy))
    replaced = replaced_by(tmp_path / "10", result_of(accuracy=0.88))
    assert (replaced.version, replaced.metrics, replaced.worse) == (9, {"accuracy": 0.98}, "accuracy")


def test_other_data_are_not_compared(tmp_path):
    write(tmp_path / "1", result_of("fashion_mnist", accuracy=0.98))
    replaced = replaced_by(tmp_path / "2", result_of(accuracy=0.5))
    assert (replaced.comparable, replaced.data, replaced.worse) == (False, "fashion_mnist", "")


@pytest.mark.parametrize("text", [None, "", "[]", "{}", '{"data": "digits", "metrics": 1}'])
def test_a_version_of_somebody_else_is_not_compared(text, tmp_path):
    (tmp_path / "1" / "assets.extra").mkdir(parents=True)
    if text is not None:
        (tmp_path / "1" / "assets.extra" / "model.json").write_text(text)
    assert replaced_by(tmp_path / "2", result_of(accuracy=0.5)) is None


def test_a_worse_export_is_logged_with_the_command_that_takes_it_back(tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(writer, "_write", write)
    folder = tmp_path / "my models"
    writer.export(result_of(accuracy=0.979), folder)
    writer.export(result_of(accuracy=0.976), folder)
    assert not caplog.records, "as good as chance allows"
    writer.export(result_of(accuracy=0.882), folder)
    (record,) = caplog.records
    assert record.message == (
        "Version 3 of mlp is worse than version 2, which it replaces, by more than chance: accuracy 0.8820 "
        f"after 0.9760 on 899 test examples. Take it back with: rm -r '{folder}/mlp/3'"
    )
