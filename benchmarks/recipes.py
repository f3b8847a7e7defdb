"""Trains networks with their catalogue recipes, and classical methods on the same data beside them.

Every number is the accuracy on the test split, which no recipe was chosen on. Usage:

    python benchmarks/recipes.py [NAME[:DATA] ...] [--data-dir FOLDER]

Without names: the networks of the tour whose data ship with the libraries. `lenet5:fashion_mnist`
needs `--data-dir`, a folder with the four IDX files.
"""

import argparse
import tempfile
import time
from collections.abc import Iterator

from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, LinearSVC

import keras_session5
from keras_session5 import catalog
from keras_session5.data import DataSet, load_data

SEEDS = (0, 1, 2)
DEFAULT = ("mlp", "lenet5", "simple_rnn", "transformer_encoder")


def classical_digits() -> Iterator[tuple[str, float, float]]:
    """Classical methods on the original 8 x 8 pixels of the digits, first 898 for training."""
    from sklearn.datasets import load_digits

    images, labels = load_digits(return_X_y=True)
    for name, method in (
        ("SVC(gamma=.001)", SVC(gamma=0.001)),  # pyright: ignore[reportArgumentType]
        ("1-nearest neighbour", KNeighborsClassifier(1)),
        (
            "logistic regression, standardised",
            make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)),
        ),
    ):
        yield name, *timed(method, images[:898], labels[:898], images[898:], labels[898:])


def classical_texts(data: DataSet) -> Iterator[tuple[str, float, float]]:
    """Character 1-4-grams, weighted by TF-IDF, with two linear classifiers."""
    for name, method in (
        ("1-4-grams, logistic regression", LogisticRegression(C=10, max_iter=1000)),
        ("1-4-grams, linear SVM", LinearSVC()),
    ):
        grams = TfidfVectorizer(analyzer="char", ngram_range=(1, 4), lowercase=False, sublinear_tf=True)
        pipeline = make_pipeline(grams, method)
        yield (
            name,
            *timed(
                pipeline,
                marked(data.train.texts),
                data.train.labels,
                marked(data.test.texts),
                data.test.labels,
            ),
        )


def marked(texts) -> list[str]:
    """The texts with their beginning and end marked, so that n-grams can see them."""
    return [f"^{text}$" for text in texts]


def timed(method, inputs, labels, test_inputs, test_labels) -> tuple[float, float]:
    """Returns test accuracy and seconds of training."""
    begin = time.perf_counter()
    method.fit(inputs, labels)
    seconds = time.perf_counter() - begin
    return method.score(test_inputs, test_labels), seconds


def row(name: str, accuracies: list[float], seconds: float) -> None:
    mean = sum(accuracies) / len(accuracies)
    each = " ".join(f"{accuracy:.4f}" for accuracy in accuracies)
    print(f"| {name} | {each} | {mean:.4f} | {seconds:.2f} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description="Trains networks with their recipes.")
    parser.add_argument("names", nargs="*", default=DEFAULT, metavar="NAME[:DATA]")
    parser.add_argument("--data-dir")
    options = parser.parse_args()

    print("| network or method | test accuracy, seeds 0, 1, 2 | mean | seconds each |\n|---|---|---|---|")
    compared = set()
    for argument in options.names:
        name, _, data = argument.partition(":")
        data = data or catalog.network(name).data
        with tempfile.TemporaryDirectory() as runs_dir:
            results = [
                keras_session5.train(
                    name, data=data, seed=seed, data_dir=options.data_dir, runs_dir=runs_dir, verbose=0
                )
                for seed in SEEDS
            ]
        row(
            f"`{name}` on {data}",
            [result.metrics["accuracy"] for result in results],
            sum(result.seconds for result in results) / len(results),
        )
        if data in compared:
            continue
        compared.add(data)
        if data == "digits":
            for method, accuracy, seconds in classical_digits():
                row(f"{method} on {data}", [accuracy], seconds)
        elif data == "place_names":
            for method, accuracy, seconds in classical_texts(load_data(data, options.data_dir)):
                row(f"{method} on {data}", [accuracy], seconds)


if __name__ == "__main__":
    main()
