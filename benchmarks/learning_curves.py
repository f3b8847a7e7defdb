"""Measures how the accuracy on Fashion-MNIST grows with the number of training images.

Usage:

    python benchmarks/learning_curves.py [--data-dir FOLDER] [--out FILE]

LeNet-5 learns with its recipe from the catalogue; the classical methods learn on histograms of oriented
gradients (HOG), which are computed once for all sizes. Up to 1,000 images the accuracy of LeNet-5 and of the
linear method is the mean of three seeds, which choose the images and the weights; otherwise it is that of
one. The test split has 10,000 images. `keras_session5/comparison/fashion_mnist_curves.json` keeps the result
for lesson 1; it is rewritten after each method.
"""

import argparse
import datetime
import json
import logging
import os
import platform
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, replace
from functools import partial
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.svm import SVC, LinearSVC

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))  # where the package is not installed

import keras_session5 as s5  # noqa: E402
from keras_session5.comparison import compare  # noqa: E402
from keras_session5.comparison.classical import Method, oriented_gradients  # noqa: E402
from keras_session5.data import DataSet  # noqa: E402

FASHION = "/usr/share/datasets/fashion-mnist"  # of Debian's package dataset-fashion-mnist
STORED = ROOT / "keras_session5" / "comparison" / "fashion_mnist_curves.json"
COUNTS = (100, 300, 1_000, 3_000, 10_000, 30_000, 60_000)
SEEDS, SEEDS_UP_TO = (0, 1, 2), 1_000
LINEAR = Method("linear SVM", "inputs", lambda count, seed: LinearSVC(C=0.1, random_state=seed))
# Often better, but its time grows with the square of the number of images.
RBF = Method("SVM", "inputs", lambda count, seed: SVC(C=10, cache_size=1_000), "RBF kernel", 10_000)


def with_gradients(data: DataSet) -> tuple[DataSet, float]:
    """Returns the data set with HOG features as inputs, and the seconds that the training split took."""
    began = time.perf_counter()
    train = replace(data.train, inputs=oriented_gradients(data.train.inputs))
    seconds = time.perf_counter() - began
    return replace(
        data, train=train, test=replace(data.test, inputs=oriented_gradients(data.test.inputs))
    ), seconds


def measure_network(data: DataSet, name: str, counts: Sequence[int], data_dir: str) -> dict[str, Any]:
    """Returns the learning curve of a network."""
    with tempfile.TemporaryDirectory() as runs_dir:
        train = partial(
            s5.train, data=data.name, data_dir=data_dir, runs_dir=runs_dir, verbose=0, dashboard=False
        )
        (row,) = compare.deep_rows(data, [name], partial(train, seed=0))
        found = [
            next(compare.curves(data, [row], partial(train, seed=seed), seed, counts=_chosen(counts, seed)))
            for seed in SEEDS
        ]
    return _merge(found) | {"seconds": round(row.train_seconds, 1)}


def measure_method(
    data: DataSet, method: Method, counts: Sequence[int], seeds: Sequence[int] = SEEDS
) -> dict[str, Any]:
    """Returns the learning curve of a classical method; the inputs of `data` are its features."""
    (row,) = compare.classical_rows(data, 0, [method])
    found = [
        next(compare.curves(data, [row], s5.train, seed, [method], _chosen(counts, seed))) for seed in seeds
    ]
    return _merge(found) | {"features": "HOG", "seconds": round(row.train_seconds, 1)}


def _chosen(counts: Sequence[int], seed: int) -> list[int]:
    """Returns all sizes for the first seed, and the small ones for the others."""
    return [count for count in counts if seed == SEEDS[0] or count <= SEEDS_UP_TO]


def _merge(found: Sequence[compare.Curve]) -> dict[str, Any]:
    """Returns the first curve with, at the sizes that all have, the means of all."""
    first = found[0]
    few = min(len(curve.examples) for curve in found) - 1 if len(found) > 1 else 0
    means = np.mean([curve.accuracies[:few] for curve in found], axis=0) if few else []
    accuracies = [round(float(accuracy), 4) for accuracy in (*means, *first.accuracies[few:])]
    return asdict(first) | {"accuracies": accuracies}


def main() -> None:
    parser = argparse.ArgumentParser(description="Measures learning curves on Fashion-MNIST.")
    parser.add_argument("--data-dir", default=FASHION, help="folder of Fashion-MNIST's four IDX files")
    parser.add_argument("--out", type=Path, default=STORED)
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    data = s5.load_data("fashion_mnist", options.data_dir)
    versions = {
        name: metadata.version(name) for name in ("keras", "tensorflow", "scikit-learn", "scikit-image")
    }
    result: dict[str, Any] = {
        "command": " ".join(["python benchmarks/learning_curves.py", *sys.argv[1:]]),
        "date": str(datetime.date.today()),
        "machine": f"{len(os.sched_getaffinity(0))} cores of a shared {platform.machine()} machine, no GPU",
        "versions": versions,
        "seeds": len(SEEDS),
        "seeds_up_to": SEEDS_UP_TO,
        "test_examples": len(data.test),
        "curves": [],
    }
    gradients, seconds = with_gradients(data)
    result["hog_seconds"] = round(seconds, 1)
    for measuring in (
        partial(measure_method, gradients, LINEAR, COUNTS),
        partial(measure_network, data, "lenet5", COUNTS, options.data_dir),
        partial(measure_method, gradients, RBF, COUNTS, SEEDS[:1]),
    ):
        result["curves"].append(measuring())
        print(result["curves"][-1], flush=True)
        options.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
