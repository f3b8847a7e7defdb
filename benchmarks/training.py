"""Measures training beside other ways: examples per second, or the seconds to an accuracy.

Usage:

    python benchmarks/training.py [NAME ...] [--torch PYTHON] [--repeat 5] [--accuracy]

Every measurement is a process of its own; the ways take turns. PYTHON is an interpreter that has PyTorch;
without one its rows are left out. Fashion-MNIST comes from the IDX files in --data-dir.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

import keras_session5 as s5
from keras_session5.catalog import NETWORKS
from keras_session5.tasks import task_of

PEERS = Path(__file__).parent / "peers"
FASHION = "/usr/share/datasets/fashion-mnist"
WAYS = {  # name -> script, its arguments, Keras's backend
    "ours": ("train_keras.py", ["--how", "ours"], "tensorflow"),
    "ours on JAX": ("train_keras.py", ["--how", "ours"], "jax"),
    "Keras on TensorFlow": ("train_keras.py", ["--how", "plain"], "tensorflow"),
    "the same with XLA": ("train_keras.py", ["--how", "xla"], "tensorflow"),
    "Keras on JAX": ("train_keras.py", ["--how", "plain"], "jax"),
    "PyTorch": ("train_torch.py", [], ""),
    "PyTorch, compiled": ("train_torch.py", ["--compile"], ""),
}
# Network -> data set, batch size, examples in an epoch.
SPEED = {
    "mlp": ("fashion_mnist", 128, 20_480),
    "lenet5": ("fashion_mnist", 128, 5_120),
    "simple_rnn": ("place_names", 64, 4_096),
    "transformer_encoder": ("place_names", 64, 4_096),
    "gpt": ("place_names", 32, 2_048),
}
# Network and data set -> test accuracy to be reached, most epochs.
TARGETS = {
    ("lenet5", "fashion_mnist"): (0.89, 20),
    ("mlp", "fashion_mnist"): (0.87, 20),
    ("lenet5", "digits"): (0.955, 200),
    ("simple_rnn", "place_names"): (0.75, 60),
    ("transformer_encoder", "place_names"): (0.70, 100),
}


def write_data(name: str, data: str, examples: int | None, data_dir: str, path: Path) -> None:
    """Writes the arrays that every way trains on: texts padded to the longest, as a beginner pads them."""
    data_set = s5.load_data(data, data_dir if data == "fashion_mnist" else None)
    task, train = task_of(NETWORKS[name], data_set), data_set.train
    if examples:
        train = train.take(np.random.default_rng(0).permutation(len(train))[:examples])
    x, y = task.examples(train.inputs, train.labels)[:2]
    x_test, y_test = task.examples(data_set.test.inputs, data_set.test.labels)[:2]
    arguments = NETWORKS[name].all_arguments(**task_arguments(name, task))
    meta = {key: getattr(data_set, key) for key in ("name", "modality", "class_names", "alphabet", "source")}
    np.savez(
        path, x=x, y=y, x_test=x_test, y_test=y_test, texts=train.inputs, labels=train.labels,
        arguments=json.dumps(arguments), meta=json.dumps(meta),
    )  # fmt: skip


def task_arguments(name: str, task: Any) -> dict[str, Any]:
    """Returns the builder's arguments that follow from the data."""
    names = NETWORKS[name].argument_names()
    return {key: value for key, value in task.arguments().items() if key in names}


def measure(way: str, torch: str | None, name: str, arguments: list[str]) -> dict[str, Any] | None:
    """Trains in a process of its own; None for a way that fails, with its last line on standard error."""
    script, more, backend = WAYS[way]
    python = sys.executable if backend else torch
    assert python
    environment = {**os.environ, "KERAS_BACKEND": backend, "TF_CPP_MIN_LOG_LEVEL": "3"}
    environment["JAX_ENABLE_COMPILATION_CACHE"] = "false"  # the first epoch compiles, in every way
    if backend:
        environment["PYTHONPATH"] = str(Path(__file__).parents[1])
    command = [python, str(PEERS / script), name, *arguments, *more]
    found = subprocess.run(command, env=environment, capture_output=True, text=True)
    if found.returncode:
        print(f"{way}: {found.stderr.strip().splitlines()[-1]}", file=sys.stderr)
        return None
    return json.loads(found.stdout.splitlines()[-1])


def speed(names: list[str], ways: list[str], options: argparse.Namespace, folder: Path) -> None:
    print("| network | way | examples/s, median (least to most) | first epoch, s | MiB | weights |")
    print("|---|---|---|---|---|---|")
    for name in names:
        data, batch, examples = SPEED[name]
        path = folder / f"{name}.npz"
        write_data(name, data, examples, options.data_dir, path)
        found: dict[str, list[dict[str, Any]]] = {way: [] for way in ways}
        for turn in range(options.repeat):
            for way in ways if turn % 2 else reversed(ways):
                result = measure(
                    way, options.torch, name, [str(path), "--batch", str(batch), "--epochs", "3"]
                )
                if result:
                    found[way].append(result)
        for way, results in found.items():
            if not results:
                print(f"| `{name}` | {way} | failed | | | |")
                continue
            rates = [r["examples"] / min(r["seconds"][1:]) for r in results]
            first = statistics.median(r["seconds"][0] for r in results)
            memory = statistics.median(r["memory_mib"] for r in results)
            rate = statistics.median(rates)
            print(
                f"| `{name}` | {way} | {rate:,.0f} ({min(rates):,.0f} to {max(rates):,.0f}) "
                f"| {first:.1f} | {memory:,.0f} | {results[0]['parameters']:,} |",
                flush=True,
            )


def accuracy(names: list[str], ways: list[str], options: argparse.Namespace, folder: Path) -> None:
    print("| network | way | seconds to the accuracy | epochs | accuracy |\n|---|---|---|---|---|")
    for (name, data), (target, epochs) in TARGETS.items():
        if name not in names:
            continue
        path = folder / f"{name}-{data}.npz"
        write_data(name, data, None, options.data_dir, path)
        batch = 64 if data == "place_names" else 128
        common = [str(path), "--batch", str(batch), "--epochs", str(epochs), "--target", str(target)]
        found: dict[str, list[dict[str, Any]]] = {way: [] for way in ways}
        for _ in range(options.repeat):
            for way in ways:
                more = ["--recipe", "catalogue"] if way.startswith("ours") else []
                if result := measure(way, options.torch, name, common + more):
                    found[way].append(result)
        for way, results in found.items():
            if results:
                seconds = sorted(sum(r["seconds"]) for r in results)
                reached = min(r["accuracy"] for r in results)
                count = len(results[0]["seconds"])
                print(
                    f"| `{name}` on {data} to {target} | {way} | {statistics.median(seconds):.1f} "
                    f"({seconds[0]:.1f} to {seconds[-1]:.1f}) | {count} | {reached:.4f} |",
                    flush=True,
                )


def main() -> None:
    parser = argparse.ArgumentParser(description="Measures training beside other ways to train.")
    parser.add_argument("names", nargs="*", metavar="NAME", help="networks")
    parser.add_argument("--torch", metavar="PYTHON", help="interpreter that has PyTorch")
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--data-dir", default=FASHION, help="folder of Fashion-MNIST's IDX files")
    parser.add_argument("--accuracy", action="store_true", help="measure the seconds to an accuracy instead")
    parser.add_argument("--way", action="append", choices=WAYS, help="only these ways; repeatable")
    options = parser.parse_args()
    ways = [way for way in options.way or WAYS if WAYS[way][2] or options.torch]
    with tempfile.TemporaryDirectory() as folder:
        (accuracy if options.accuracy else speed)(options.names or list(SPEED), ways, options, Path(folder))


if __name__ == "__main__":
    main()
