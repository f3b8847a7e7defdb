"""Measures the dashboard's cost: trains networks alternately with and without it, by catalogue recipe.

Usage:

    python benchmarks/dashboard.py [NAME ...] [--repeat 3]

The default is every network that trains in less than about a minute.
"""

import argparse
import statistics
import tempfile

import keras_session5
from keras_session5 import catalog

DEFAULT = ("perceptron", "photo_perceptron", "mlp_xor", "mlp", "lenet5", "lenet5_1998", "simple_rnn_waves")


def measure_seconds(name: str, dashboard: bool, epochs: int | None = None) -> float:
    """Returns the seconds of one training run from its first step to its last, including the dashboard."""
    with tempfile.TemporaryDirectory() as runs_dir:
        return keras_session5.train(
            name, runs_dir=runs_dir, dashboard=dashboard, verbose=0, epochs=epochs
        ).seconds


def main() -> None:
    parser = argparse.ArgumentParser(description="Trains networks with and without their dashboards.")
    parser.add_argument("names", nargs="*", default=DEFAULT, metavar="NAME", help="networks")
    parser.add_argument("--repeat", type=int, default=3, help="training runs with and without each")
    options = parser.parse_args()
    print("| network | seconds without | with | more | share |\n|---|---|---|---|---|")
    for name in options.names:
        catalog.network(name).require_trained()
        for dashboard in (False, True):  # imports and compiles before the measurement
            measure_seconds(name, dashboard, epochs=1)
        found = {False: [], True: []}
        for turn in range(options.repeat):
            for dashboard in (False, True) if turn % 2 else (True, False):
                found[dashboard].append(measure_seconds(name, dashboard))
        without, with_it = (statistics.median(found[dashboard]) for dashboard in (False, True))
        more = with_it - without
        print(f"| `{name}` | {without:.2f} | {with_it:.2f} | {more:.2f} | {more / without:.1%} |", flush=True)


if __name__ == "__main__":
    main()
