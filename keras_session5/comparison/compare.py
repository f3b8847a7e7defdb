"""Classical methods and networks on the same split: rows of a table, learning curves, and the lead."""

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
from keras_session5.comparison.classical import METHODS, examples_of
from keras_session5.data import DATA_SETS, DataSet, Split, subset
from keras_session5.data.registry import loadable_names
from keras_session5.errors import ArgumentError
from keras_session5.tasks import task_class
from keras_session5.training import Result
from keras_session5.training.batches import evaluation_batches
from keras_session5.training.settings import check_data

logger = logging.getLogger("keras_session5")

CLASSICAL, DEEP = "classical", "deep"
FRACTIONS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)  # of the training split, for the curves

_WARM_UP = 1_000  # test examples that are asked before the clock runs
_STANDARD_ERRORS = 1.96  # within which 95 of 100 samples lie

Train = Callable[..., Result]
"""Trains the network of a name, with changes to its recipe as keywords."""


@dataclass(frozen=True)
class Row:
    """One method or network and what it reached.

    Attributes:
        name: of the method, or catalogue name.
        family: `"classical"` or `"deep"`.
        features: what it sees: `"pixels"`, `"HOG"`, ...; `"learned"` for a network.
        examples: it was trained on.
        accuracy: on the test split.
        train_seconds: of training, the making of features included.
        predict_us: microseconds for each example of the test split, asked all at once.
        size_bytes: of the fitted method as pickle writes it, or of the network's `.keras` file without the
            optimiser's state.
        parameters: of a network; None for a method.
        note: what a reader of the numbers has to know.
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
        """What tells it from the other rows: `SVM on pixels`, `lenet5`."""
        return self.name if self.family == DEEP else f"{self.name} on {self.features}"


@dataclass(frozen=True)
class Curve:
    """Accuracy on the test split over the number of training examples.

    Attributes:
        name, family, features: as those of the `Row` that is its last point.
        examples: numbers of training examples, rising.
        accuracies: as many.
    """

    name: str
    family: str
    features: str
    examples: tuple[int, ...]
    accuracies: tuple[float, ...]

    def at(self, examples: int) -> float:
        """The accuracy with so many examples at hand, of which a method may use fewer."""
        points = zip(self.examples, self.accuracies, strict=True)
        return max(point for point in points if point[0] <= examples)[1]


def check_has_classes(data: str) -> None:
    """Raises `ArgumentError` unless there is a data set of that name with classes to tell apart."""
    checks.one_of("data", data, loadable_names())
    spec = DATA_SETS[data.partition("/")[0]]
    if len(spec.class_names) < 2:
        fitting = ", ".join(name for name, other in DATA_SETS.items() if len(other.class_names) > 1)
        raise ArgumentError(
            f"`data` must be a data set with classes to tell apart: {fitting}. "
            f"Received: data={data!r}, {spec.description}"
        )


def networks_for(data: str, names: Sequence[str] | None = None) -> list[str]:
    """Returns the names of the networks to compare on a data set.

    Args:
        data: a data set with classes.
        names: those that were asked for; None for all that are meant to classify these data, which have
            a recipe for them or for another variant, such as another gate.

    Raises:
        ArgumentError: for a network that is unknown, or cannot be trained to classify these data.
    """
    if names is None:
        return [name for name, entry in NETWORKS.items() if _is_meant_for(entry, data)]
    for name in names:
        entry = catalog.network(name)
        if entry.modality is not None:
            check_data(entry, data)
        entry.recipe_for(data)
        if not task_class(entry).classifies:
            raise ArgumentError(f"`network` must be one that classifies. Received: network={name!r}")
    return list(dict.fromkeys(names))


def classical_rows(data: DataSet, seed: int) -> Iterator[Row]:
    """Fits every classical method for these data and yields its row."""
    for method in METHODS[data.modality]:
        train = subset(data.train, method.most, seed)
        logger.info("Fitting %s on %s, %d examples", method.name, method.features, len(train))
        begin = time.perf_counter()
        fitted = method.fit(examples_of(train), train.labels, seed)
        seconds = time.perf_counter() - begin
        asked, few = (examples_of(split) for split in (data.test, subset(data.test, _WARM_UP, seed)))
        fitted.predict(few)
        answers, predict_us = _timed(lambda asked=asked, fitted=fitted: fitted.predict(asked), data.test)
        yield Row(
            name=method.name,
            family=CLASSICAL,
            features=method.features,
            examples=len(train),
            accuracy=float(np.mean(answers == data.test.labels)),
            train_seconds=seconds,
            predict_us=predict_us,
            size_bytes=len(pickle.dumps(fitted)),
            parameters=None,
            note=_note(method.note, len(train), len(data.train)),
        )


def deep_rows(data: DataSet, networks: Sequence[str], train: Train) -> Iterator[Row]:
    """Trains every network with its recipe for these data and yields its row."""
    for name in networks:
        result = train(name)
        # As the trainer evaluates: 256 at a time, texts of about the same length together.
        result.model.predict(evaluation_batches(subset(data.test, _WARM_UP, 0)), verbose=0)
        asked = evaluation_batches(data.test)
        _, predict_us = _timed(lambda r=result, asked=asked: r.model.predict(asked, verbose=0), data.test)
        examples = _count(catalog.network(name).recipe_for(data.name), len(data.train))
        yield Row(
            name=name,
            family=DEEP,
            features="learned",
            examples=examples,
            accuracy=result.metrics["accuracy"],
            train_seconds=result.seconds,
            predict_us=predict_us,
            size_bytes=_size(result.model),
            parameters=result.record["parameters"],
            note=_note("", examples, len(data.train)),
        )


def curves(data: DataSet, rows: Sequence[Row], train: Train, seed: int) -> Iterator[Curve]:
    """Yields the learning curve of every row, of which the row itself is the last point.

    Methods and networks learn from the same examples: those of a smaller number are among those of a
    larger. A network that has few examples passes over them more often, so that it makes at least a quarter
    of the steps that it makes with all.

    Args:
        data: the data set of the rows.
        rows: of `classical_rows` and `deep_rows`.
        train: for the networks; gets `examples` and `repeats`.
        seed: the rows' own.
    """
    total = len(data.train)
    test, methods = examples_of(data.test), {(m.name, m.features): m for m in METHODS[data.modality]}
    for row in rows:
        counts = [count for count in sizes(total) if count < row.examples]
        accuracies = []
        logger.info("Learning curve of %s: %s examples", row.label, ", ".join(map(str, counts)))
        for count in counts:
            if row.family == DEEP:
                recipe = catalog.network(row.name).recipe_for(data.name)
                more = repeats_for(recipe, count, _count(recipe, total))
                accuracies.append(train(row.name, examples=count, repeats=more).metrics["accuracy"])
            else:
                few = subset(data.train, count, seed)
                fitted = methods[row.name, row.features].fit(examples_of(few), few.labels, seed)
                accuracies.append(float(fitted.score(test, data.test.labels)))
        yield Curve(row.name, row.family, row.features, (*counts, row.examples), (*accuracies, row.accuracy))


def sizes(total: int) -> list[int]:
    """The numbers of training examples of a curve: `FRACTIONS` of all, at least one, none twice."""
    return sorted({max(1, round(fraction * total)) for fraction in FRACTIONS})


def repeats_for(recipe: Recipe, examples: int, total: int) -> int:
    """How often an epoch must pass over so few examples for a quarter of the steps of one over all."""
    steps = -(-total * recipe.repeats // recipe.batch_size)
    return max(recipe.repeats, -(-steps * recipe.batch_size // (4 * examples)))


def findings(data: DataSet, rows: Sequence[Row], curves: Sequence[Curve]) -> list[str]:
    """Returns how far the best network is ahead and, with curves, from how many training examples on.

    Chance is what two accuracies on so many test examples differ by in 95 of 100 samples at most. They are
    taken as independent, which is cautious: the same examples are easy or hard for all. The four rows of a
    truth table are no sample, and leave nothing to chance.
    """
    classical, deep = best(rows, CLASSICAL), best(rows, DEEP)
    if classical is None or deep is None:
        return [f"Best: {row.label} {row.accuracy:.4f}." for row in (classical, deep) if row]
    found = (
        f"{deep.label} {deep.accuracy:.4f} - {classical.label} {classical.accuracy:.4f} = "
        f"{deep.accuracy - classical.accuracy:+.4f}"
    )
    if data.modality != "vector":
        count = len(data.test)
        variances = (row.accuracy * (1 - row.accuracy) / count for row in (classical, deep))
        chance = _STANDARD_ERRORS * sum(variances) ** 0.5
        found += f"; chance explains {chance:.4f} on {count:,} test examples"
    return [f"Best network - best classical method: {found}.", *_lead(curves)]


def best(rows: Sequence[Row], family: str) -> Row | None:
    """Returns the row of a family with the greatest accuracy, the first of several; None if it has none."""
    return max((row for row in rows if row.family == family), key=lambda row: row.accuracy, default=None)


def _lead(curves: Sequence[Curve]) -> list[str]:
    """From how many training examples on the best network is ahead of every classical method."""
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


def _is_meant_for(entry: Network, data: str) -> bool:
    if entry.recipe is None or entry.data is None or not task_class(entry).classifies:
        return False
    # Every gate has the same inputs: a network with a recipe for one of them fits all.
    family = data.partition("/")[0]
    return data in entry.recipes or entry.data.partition("/")[0] == family


def _count(recipe: Recipe, total: int) -> int:
    return min(total, recipe.examples or total)


def _note(note: str, examples: int, total: int) -> str:
    fewer = f"trained on {examples:,} of {total:,}" if examples < total else ""
    return ", ".join(filter(None, [note, fewer]))


def _timed(ask: Callable[[], Any], test: Split) -> tuple[Any, float]:
    """Returns what `ask` returns, and microseconds for each example."""
    begin = time.perf_counter()
    answers = ask()
    return answers, (time.perf_counter() - begin) * 1e6 / len(test)


def _size(model: Any) -> int:
    """Bytes of the network's file without the optimiser's state, which predicting does not need."""
    import keras

    bare = keras.Model.from_config(model.get_config())
    bare.set_weights(model.get_weights())
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.keras"
        bare.save(path)
        return path.stat().st_size
