"""Classical methods and networks on the same split: rows of a table, learning curves and findings."""

import functools
import json
import logging
import pickle
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from keras_session5 import catalog, checks
from keras_session5.catalog import NETWORKS, Network, Recipe
from keras_session5.comparison.classical import METHODS, Method, get_inputs
from keras_session5.data import DATA_SETS, DataSet, Split, subset
from keras_session5.data.characters import trim
from keras_session5.data.registry import loadable_names
from keras_session5.errors import ArgumentError
from keras_session5.tasks import task_class
from keras_session5.training import Result
from keras_session5.training.batches import evaluation_batches
from keras_session5.training.settings import check_data

logger = logging.getLogger("keras_session5")

CLASSICAL, DEEP = "classical", "deep"
FRACTIONS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)  # of the training split, for learning curves

_WARM_UP = 1_000  # test examples for predictions before the timed ones
_STANDARD_ERRORS = 1.96  # a 95 % confidence interval

Train = Callable[..., Result]
"""Trains a network, given its name and, as keywords, changes to its recipe."""


@dataclass(frozen=True)
class Row:
    """The results of a method or a network.

    Attributes:
        name: of the method, or catalogue name.
        family: `"classical"` or `"deep"`.
        features: `"pixels"`, `"HOG"`, ...; `"learned"` for a network.
        examples: number of training examples.
        accuracy: on the test split.
        train_seconds: of training, the computation of features included.
        predict_us: microseconds for each example of the test split, predicted in one call.
        size_bytes: of the pickled method, or of the network's `.keras` file without the optimiser's state.
        parameters: of a network; None for a method.
        note: remark for the reader of the table.
    """

    name: str
    family: str
    features: str
    examples: int
    accuracy: float
    train_seconds: float
    predict_us: float
    size_bytes: int
    parameters: int | None
    note: str = ""

    @property
    def label(self) -> str:
        """Unique label of the row, such as `SVM on pixels` or `lenet5`."""
        return self.name if self.family == DEEP else f"{self.name} on {self.features}"


@dataclass(frozen=True)
class Curve:
    """Accuracy on the test split as a function of the number of training examples.

    Attributes:
        name, family, features: those of the `Row` that is the last point.
        examples: numbers of training examples, in ascending order.
        accuracies: one for each number of examples.
    """

    name: str
    family: str
    features: str
    examples: tuple[int, ...]
    accuracies: tuple[float, ...]

    def at(self, examples: int) -> float:
        """Returns the accuracy with that number of examples available, even if the method uses fewer."""
        points = zip(self.examples, self.accuracies, strict=True)
        return max(point for point in points if point[0] <= examples)[1]


def check_has_classes(data: str) -> None:
    """Raises `ArgumentError` unless the data set exists and has two or more classes."""
    checks.one_of("data", data, loadable_names())
    spec = DATA_SETS[data.partition("/")[0]]
    if len(spec.class_names) < 2:
        fitting = ", ".join(name for name, other in DATA_SETS.items() if len(other.class_names) > 1)
        raise ArgumentError(
            f"`data` must be a data set with two or more classes: {fitting}. "
            f"Received: data={data!r}, {spec.description}"
        )


def networks_for(data: str, names: Sequence[str] | None = None) -> list[str]:
    """Returns the names of the networks to compare on a data set.

    Args:
        data: a data set with classes.
        names: chosen networks; None for all that classify these data, with a recipe for them or for another
            variant, such as another gate.

    Raises:
        ArgumentError: for an unknown network, or one that cannot classify these data.
    """
    if names is None:
        return [name for name, entry in NETWORKS.items() if _fits(entry, data)]
    for name in names:
        entry = catalog.network(name)
        if entry.modality is not None:
            check_data(entry, data)
        entry.recipe_for(data)
        if not task_class(entry).classifies:
            raise ArgumentError(f"`network` must be one that classifies. Received: network={name!r}")
    return list(dict.fromkeys(names))


def classical_rows(data: DataSet, seed: int, methods: Sequence[Method] | None = None) -> Iterator[Row]:
    """Fits every classical method for these data, or only the given ones, and yields its row."""
    for method in methods or METHODS[data.modality]:
        train = subset(data.train, method.max_examples, seed)
        logger.info("Fitting %s on %s, %d examples", method.name, method.features, len(train))
        begin = time.perf_counter()
        fitted = method.fit(get_inputs(train), train.labels, seed)
        seconds = time.perf_counter() - begin
        fitted.predict(get_inputs(subset(data.test, _WARM_UP, seed)))
        predictions, predict_us = _time_predictions(fitted.predict, get_inputs(data.test), data.test)
        yield Row(
            name=method.name,
            family=CLASSICAL,
            features=method.features,
            examples=len(train),
            accuracy=float(np.mean(predictions == data.test.labels)),
            train_seconds=seconds,
            predict_us=predict_us,
            size_bytes=len(pickle.dumps(fitted)),
            parameters=None,
            note=_complete_note(method.note, len(train), len(data.train)),
        )


def deep_rows(data: DataSet, networks: Sequence[str], train: Train) -> Iterator[Row]:
    """Trains every network with its recipe for these data and yields its row."""
    for name in networks:
        result = train(name)
        _predict(result.model, subset(data.test, _WARM_UP, 0))
        _, predict_us = _time_predictions(functools.partial(_predict, result.model), data.test, data.test)
        examples = _count_examples(catalog.network(name).recipe_for(data.name), len(data.train))
        yield Row(
            name=name,
            family=DEEP,
            features="learned",
            examples=examples,
            accuracy=result.metrics["accuracy"],
            train_seconds=result.seconds,
            predict_us=predict_us,
            size_bytes=_measure_size(result.model),
            parameters=result.record["parameters"],
            note=_complete_note("", examples, len(data.train)),
        )


def curves(
    data: DataSet,
    rows: Sequence[Row],
    train: Train,
    seed: int,
    methods: Sequence[Method] | None = None,
    counts: Sequence[int] | None = None,
) -> Iterator[Curve]:
    """Yields the learning curve of every row, with the row itself as its last point.

    Methods and networks learn from the same examples, and a larger number includes the examples of a smaller
    one. A network repeats few examples more often, for at least a quarter of its steps with all examples.

    Args:
        data: the data set of the rows.
        rows: from `classical_rows` and `deep_rows`.
        train: for the networks; receives `examples` and `repeats`.
        seed: that of the rows.
        methods: those of the classical rows, if they are not the usual ones for these data.
        counts: numbers of training examples, in ascending order; None for `sizes`.
    """
    total = len(data.train)
    test, known = get_inputs(data.test), {(m.name, m.features): m for m in methods or METHODS[data.modality]}
    for row in rows:
        fewer = [count for count in counts or sizes(total) if count < row.examples]
        accuracies = []
        logger.info("Learning curve of %s: %s examples", row.label, ", ".join(map(str, fewer)))
        for count in fewer:
            if row.family == DEEP:
                recipe = catalog.network(row.name).recipe_for(data.name)
                repeats = repeats_for(recipe, count, _count_examples(recipe, total))
                accuracies.append(train(row.name, examples=count, repeats=repeats).metrics["accuracy"])
            else:
                split = subset(data.train, count, seed)
                fitted = known[row.name, row.features].fit(get_inputs(split), split.labels, seed)
                accuracies.append(float(fitted.score(test, data.test.labels)))
        yield Curve(row.name, row.family, row.features, (*fewer, row.examples), (*accuracies, row.accuracy))


def sizes(total: int) -> list[int]:
    """Returns the numbers of training examples of a curve: `FRACTIONS` of all, at least 1, each once."""
    return sorted({max(1, round(fraction * total)) for fraction in FRACTIONS})


def repeats_for(recipe: Recipe, examples: int, total: int) -> int:
    """Returns the repeats of few examples in an epoch for a quarter of the steps of an epoch with all."""
    steps = -(-total * recipe.repeats // recipe.batch_size)
    return max(recipe.repeats, -(-steps * recipe.batch_size // (4 * examples)))


def stored_curves() -> dict[str, Any]:
    """Returns the learning curves on Fashion-MNIST that `benchmarks/learning_curves.py` measured and stored.

    Returns:
        `command`, `date`, `machine` and `versions` of the measurement, the number of `seeds` up to
        `seeds_up_to` training examples (one above), and `curves` with the fields of `Curve`, and `seconds`,
        the training time with the most examples.
    """
    return json.loads(Path(__file__).with_name("fashion_mnist_curves.json").read_text("utf-8"))


def findings(data: DataSet, rows: Sequence[Row], curves: Sequence[Curve]) -> list[str]:
    """Returns the lead of the best network and, with curves, the number of training examples where it starts.

    Chance explains a difference of two accuracies within a 95 % interval for the number of test examples. The
    accuracies count as independent, which is conservative: the same examples are easy or hard for all. A
    truth table is not a sample, so its differences have no such interval.
    """
    classical, deep = best(rows, CLASSICAL), best(rows, DEEP)
    if classical is None or deep is None:
        return [f"Best: {row.label} {row.accuracy:.4f}." for row in (classical, deep) if row]
    lead = (
        f"{deep.label} {deep.accuracy:.4f} - {classical.label} {classical.accuracy:.4f} = "
        f"{deep.accuracy - classical.accuracy:+.4f}"
    )
    if data.modality != "vector":
        count = len(data.test)
        variances = (row.accuracy * (1 - row.accuracy) / count for row in (classical, deep))
        chance = _STANDARD_ERRORS * sum(variances) ** 0.5
        lead += f"; chance explains {chance:.4f} on {count:,} test examples"
    return [f"Best network - best classical method: {lead}.", *_describe_lead(curves)]


def best(rows: Sequence[Row], family: str) -> Row | None:
    """Returns the first row of a family with the highest accuracy; None if the family has no rows."""
    return max((row for row in rows if row.family == family), key=lambda row: row.accuracy, default=None)


def _describe_lead(curves: Sequence[Curve]) -> list[str]:
    """Returns a sentence with the number of training examples where the best network's lead starts."""
    deep, classical = ([c for c in curves if c.family == family] for family in (DEEP, CLASSICAL))
    if not deep or not classical:
        return []
    counts = sorted(
        {n for curve in curves for n in curve.examples if n >= max(c.examples[0] for c in curves)}
    )
    leads = [max(c.at(n) for c in deep) > max(c.at(n) for c in classical) for n in counts]
    since = next((n for i, n in enumerate(counts) if all(leads[i:])), None)
    if since is None:
        return ["No network leads with all training examples."]
    return [f"The best network leads from {since:,} training examples on."]


def _fits(entry: Network, data: str) -> bool:
    if entry.recipe is None or entry.data is None or not task_class(entry).classifies:
        return False
    # Every gate has the same inputs: a network with a recipe for one of them fits all.
    family = data.partition("/")[0]
    return data in entry.recipes or entry.data.partition("/")[0] == family


def _count_examples(recipe: Recipe, total: int) -> int:
    return min(total, recipe.examples or total)


def _complete_note(note: str, examples: int, total: int) -> str:
    fewer = f"trained on {examples:,} of {total:,}" if examples < total else ""
    return ", ".join(filter(None, [note, fewer]))


def _time_predictions(predict: Callable[[Any], Any], inputs: Any, test: Split) -> tuple[Any, float]:
    """Returns the predictions, and the microseconds for each example."""
    begin = time.perf_counter()
    predictions = predict(inputs)
    return predictions, (time.perf_counter() - begin) * 1e6 / len(test)


def _predict(model: Any, split: Split) -> None:
    """Predicts in the batches of an evaluation: 256 examples, texts of about the same length together."""
    for rows in evaluation_batches(split):
        inputs = split.inputs[rows]
        model.predict_on_batch(trim(inputs) if split.is_text else inputs)


def _measure_size(model: Any) -> int:
    """Returns the size of the network's file without the optimiser's state, useless for predictions."""
    import keras

    bare = keras.Model.from_config(model.get_config())
    bare.set_weights(model.get_weights())
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.keras"
        bare.save(path)
        return path.stat().st_size
