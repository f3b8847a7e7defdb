"""Trains networks with their catalogue recipes, and classical methods on the same data.

All metrics are of the test split, which was not used to choose a recipe. Usage:

    python benchmarks/recipes.py [NAME[:DATA] ...] [--data-dir FOLDER]

The defaults are four networks with data that installed libraries contain. `lenet5:fashion_mnist` needs
`--data-dir`, a folder with the four IDX files.
"""

import argparse
import tempfile

import ngrams

import keras_session5
from keras_session5 import NETWORKS, catalog
from keras_session5.comparison import compare
from keras_session5.data import load_data
from keras_session5.tasks import task_class

SEEDS = (0, 1, 2)
DEFAULT = ("mlp", "lenet5", "simple_rnn", "transformer_encoder")


def print_row(name: str, metrics: dict[str, list[float]], seconds: float) -> None:
    """Prints each metric for all seeds, and the mean."""
    for metric, values in metrics.items():
        mean = sum(values) / len(values)
        each = " ".join(f"{value:.4f}" for value in values)
        print(f"| {name} | {metric} | {each} | {mean:.4f} | {seconds:.1f} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description="Trains networks with their recipes.")
    parser.add_argument("names", nargs="*", default=DEFAULT, metavar="NAME[:DATA]")
    parser.add_argument("--data-dir")
    options = parser.parse_args()

    print("| network or method | metric | seeds 0, 1, 2 | mean | seconds each |\n|---|---|---|---|---|")
    compared = set()
    for argument in options.names:
        name, _, data = argument.partition(":")
        data = data or str(catalog.network(name).data)
        with tempfile.TemporaryDirectory() as runs_dir:
            results = [
                keras_session5.train(
                    name, data=data, seed=seed, data_dir=options.data_dir, runs_dir=runs_dir, verbose=0
                )
                for seed in SEEDS
            ]
        print_row(
            f"`{name}` on {data}",
            {metric: [result.metrics[metric] for result in results] for metric in results[0].metrics},
            sum(result.seconds for result in results) / len(results),
        )
        if data in compared:
            continue
        compared.add(data)
        task = task_class(NETWORKS[name])
        if task.classifies:
            for found in compare.classical_rows(load_data(data, options.data_dir), seed=0):
                print_row(f"{found.label} of {data}", {"accuracy": [found.accuracy]}, found.train_seconds)
        elif hasattr(task, "generate") and data == "place_names":
            for order in ngrams.ORDERS:
                for model, _, loss, seconds in ngrams.measure(load_data(data, options.data_dir), order):
                    print_row(f"{order}-grams, {model}, of {data}", {"loss": [loss]}, seconds)


if __name__ == "__main__":
    main()
