"""Measures training beside other ways: examples per second, or the seconds to an accuracy.

Usage:

    python benchmarks/training.py [NAME ...] [--torch PYTHON] [--repeat 5] [--accuracy]
    python benchmarks/training.py [NAME ...] --device gpu [--repeat 5] [--out FILE]

Every measurement is a process of its own; the ways take turns. PYTHON is an interpreter that has PyTorch;
without one its rows are left out. Fashion-MNIST comes from the IDX files in --data-dir.

On a GPU, this package's pipeline runs under JAX: with and without XLA, to an accuracy, and with an encoder
that fills the card. That needs a checkout and Python 3.11 or newer, no TensorFlow, and these wheels only:

    jax (with jaxlib, ml_dtypes, numpy, opt_einsum, scipy, and its plugin for the GPU)
    keras (with absl-py, h5py, namex, optree, typing_extensions, packaging, rich, markdown-it-py, mdurl,
    pygments)
    lazy_loader

`--prepare FOLDER`, on a machine with everything, writes the data sets that `--data-dir FOLDER` reads there.
`--small` goes through all of it in minutes on any machine; its figures mean nothing.
"""

import argparse
import datetime
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))  # where the package is not installed

import keras_session5 as s5  # noqa: E402
from keras_session5.catalog import NETWORKS  # noqa: E402
from keras_session5.data import DATA_SETS, DataSet, Split  # noqa: E402
from keras_session5.tasks import task_of  # noqa: E402

PEERS = ROOT / "benchmarks" / "peers"
FASHION = "/usr/share/datasets/fashion-mnist"
WAYS = {  # name -> script, its arguments, Keras's backend
    "ours": ("train_keras.py", ["--how", "ours"], "tensorflow"),
    "ours on JAX": ("train_keras.py", ["--how", "ours"], "jax"),
    # Every operation is a program of its own, and every loop is compiled anew: a few steps take long enough.
    "ours on JAX, without XLA": (
        "train_keras.py",
        ["--how", "ours", "--xla", "off", "--steps", "4", "--epochs", "2"],
        "jax",
    ),
    "Keras on TensorFlow": ("train_keras.py", ["--how", "plain"], "tensorflow"),
    "the same with XLA": ("train_keras.py", ["--how", "xla"], "tensorflow"),
    "Keras on JAX": ("train_keras.py", ["--how", "plain"], "jax"),
    "PyTorch": ("train_torch.py", [], ""),
    "PyTorch, compiled": ("train_torch.py", ["--compile"], ""),
}
GPU_WAYS = ["ours on JAX", "ours on JAX, without XLA"]
CPU_WAYS = [way for way in WAYS if way != "ours on JAX, without XLA"]
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
    ("transformer_encoder", "place_names"): (0.70, 30),
}
# Of the encoder that fills a GPU.
ENCODER = {
    "embed_dim": 2_048,
    "num_layers": 12,
    "num_heads": 16,
    "mlp_dim": 8_192,
    "dropout": 0.0,
    "pool_dropout": 0.0,
    "pre_norm": True,  # a deep stack learns without warm-up
    "max_length": 512,
}

Case = tuple[str, str, int, int | None, list[str]]
"""Network, data set, batch size, examples to choose (None for all), and arguments of the measurement."""
Targets = Mapping[tuple[str, str], tuple[float, int]]


@dataclass(frozen=True)
class OnGpu:
    """The sizes of the measurements on a GPU.

    Attributes:
        batches: batch sizes of the five networks.
        examples: data set -> examples in an epoch: enough for seconds on a fast card.
        training: examples that LeNet-5 learns from; None for all.
        accuracy: that LeNet-5 is to reach.
        encoder: arguments of the encoder that fills the card. Its texts have `max_length` tokens.
        encoder_batches: batch sizes of the encoder, until one does not fit.
        matmul: size of the matrices whose products give the rate of the card.
    """

    batches: tuple[int, ...] = (128, 2_048)
    examples: Mapping[str, int] = field(
        default_factory=lambda: {"fashion_mnist": 1 << 20, "place_names": 1 << 17}
    )
    training: int | None = None
    accuracy: float = 0.89
    encoder: Mapping[str, Any] = field(default_factory=lambda: ENCODER)
    encoder_batches: tuple[int, ...] = (16, 32, 64, 128)
    matmul: int = 8_192


SMALL = OnGpu(
    batches=(16, 32),
    examples={"fashion_mnist": 512, "place_names": 256},
    training=512,
    accuracy=0.1,
    encoder=ENCODER | {"embed_dim": 32, "num_layers": 2, "num_heads": 2, "mlp_dim": 64, "max_length": 16},
    encoder_batches=(4, 8),
    matmul=256,
)


def load(data: str, data_dir: str) -> DataSet:
    """Returns a data set: what `prepare` wrote, if it is there."""
    path, entry = Path(data_dir) / f"{data}.npz", DATA_SETS[data]
    if not path.exists():
        return s5.load_data(data, data_dir if entry.idx else None)
    with np.load(path) as found:
        train, test = (Split(found[f"{name}_inputs"], found[f"{name}_labels"]) for name in ("train", "test"))
    return DataSet(
        data, entry.modality, train, None, test, entry.class_names, entry.alphabet, source=str(path)
    )


def prepare(folder: Path, data_dir: str) -> None:
    """Writes the data sets of the five networks for a machine that has neither TensorFlow nor Babel."""
    folder.mkdir(parents=True, exist_ok=True)
    for data in {data for data, *_ in SPEED.values()}:
        data_set = load(data, data_dir)
        train, test = data_set.train, data_set.test
        np.savez_compressed(
            folder / f"{data}.npz",
            train_inputs=train.inputs,
            train_labels=train.labels,
            test_inputs=test.inputs,
            test_labels=test.labels,
        )


def write_data(
    name: str, data_set: DataSet, examples: int | None, path: Path, **arguments: Any
) -> dict[str, Any]:
    """Writes the arrays that every way trains on: texts padded to the longest, as a beginner pads them.

    Returns:
        The arguments of the network's builder, which are in the file as well.
    """
    task, train = task_of(NETWORKS[name], data_set), data_set.train
    if examples:
        train = train.take(np.random.default_rng(0).permutation(len(train))[:examples])
    x, y = task.examples(train.inputs, train.labels)[:2]
    x_test, y_test = task.examples(data_set.test.inputs, data_set.test.labels)[:2]
    arguments = NETWORKS[name].all_arguments(**task_arguments(name, task), **arguments)
    meta = {key: getattr(data_set, key) for key in ("name", "modality", "class_names", "alphabet", "source")}
    np.savez(
        path, x=x, y=y, x_test=x_test, y_test=y_test, texts=train.inputs, labels=train.labels,
        arguments=json.dumps(arguments), meta=json.dumps(meta),
    )  # fmt: skip
    return arguments


def task_arguments(name: str, task: Any) -> dict[str, Any]:
    """Returns the builder's arguments that follow from the data."""
    names = NETWORKS[name].argument_names()
    return {key: value for key, value in task.arguments().items() if key in names}


def measure(way: str, torch: str | None, name: str, arguments: list[str]) -> dict[str, Any] | None:
    """Trains in a process of its own; None for a way that fails, with its last lines on standard error."""
    script, more, backend = WAYS[way]
    python = sys.executable if backend else torch
    assert python
    environment = {**os.environ, "KERAS_BACKEND": backend, "TF_CPP_MIN_LOG_LEVEL": "3"}
    environment["JAX_ENABLE_COMPILATION_CACHE"] = "false"  # the first epoch compiles, in every way
    if backend:
        environment["PYTHONPATH"] = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    if backend == "jax":
        environment["XLA_PYTHON_CLIENT_MEM_FRACTION"] = "0.9"  # of a GPU; JAX takes three quarters
    command = [python, str(PEERS / script), name, *arguments, *more]
    found = subprocess.run(command, env=environment, capture_output=True, text=True)
    if found.returncode:
        print(f"{way}:", found.returncode, *found.stderr.splitlines()[-5:], sep="\n", file=sys.stderr)
        return None
    return json.loads(found.stdout.splitlines()[-1])


def speed(cases: Sequence[Case], ways: list[str], options: argparse.Namespace, folder: Path) -> None:
    options.write(
        "| network, batch | way | examples/s, median (least to most) | first epoch, s | MiB | weights |"
    )
    options.write("|---|---|---|---|---|---|")
    for name, data, batch, examples, more in cases:
        path = folder / f"{name}.npz"
        write_data(name, load(data, options.data_dir), examples, path)
        found: dict[str, list[dict[str, Any]]] = {way: [] for way in ways}
        for turn in range(options.repeat):
            for way in ways if turn % 2 else reversed(ways):
                common = [str(path), "--batch", str(batch), "--epochs", "3", *more]
                if result := measure(way, options.torch, name, common):
                    found[way].append(result)
        for way, results in found.items():
            if not results:
                options.write(f"| `{name}`, {batch} | {way} | failed | | | |")
                continue
            rates = [r["examples"] / min(r["seconds"][1:]) for r in results]
            first = statistics.median(r["seconds"][0] for r in results)
            memory = statistics.median(r["memory_mib"] for r in results)
            rate = statistics.median(rates)
            options.write(
                f"| `{name}`, {batch} | {way} | {rate:,.0f} ({min(rates):,.0f} to {max(rates):,.0f}) "
                f"| {first:.1f} | {memory:,.0f} | {results[0]['parameters']:,} |"
            )


def accuracy(targets: Targets, ways: list[str], options: argparse.Namespace, folder: Path) -> None:
    options.write("| network | way | seconds to the accuracy | epochs | accuracy |\n|---|---|---|---|---|")
    for (name, data), (target, epochs) in targets.items():
        path = folder / f"{name}-{data}.npz"
        write_data(name, load(data, options.data_dir), options.sizes.training, path)
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
                options.write(
                    f"| `{name}` on {data} to {target} | {way} | {statistics.median(seconds):.1f} "
                    f"({seconds[0]:.1f} to {seconds[-1]:.1f}) | {count} | {reached:.4f} |"
                )


def share(options: argparse.Namespace, folder: Path) -> None:
    """Measures a large encoder on texts of random tokens beside matrix products of the same process."""
    sizes, name, path = options.sizes, "transformer_encoder", folder / "encoder.npz"
    entry, length, steps = DATA_SETS["place_names"], sizes.encoder["max_length"], 16
    rng, count = np.random.default_rng(0), steps * max(sizes.encoder_batches)
    tokens = rng.integers(2, 2 + len(entry.alphabet), (count, length), np.int32)
    texts = Split(tokens, rng.integers(0, len(entry.class_names), count, np.int32))
    data_set = DataSet("place_names", "text", texts, None, texts, entry.class_names, entry.alphabet, "random")
    arguments = write_data(name, data_set, None, path, **sizes.encoder)
    layers, width = arguments["num_layers"], arguments["embed_dim"]
    options.write(
        f"`{name}`, {layers} layers of width {width:,}, {length} tokens, `mixed_bfloat16`\n\n"
        "| batch | weights | tokens/s | first epoch, s | GiB | TFLOP/s | matrix product, TFLOP/s | share |\n"
        "|---|---|---|---|---|---|---|---|"
    )
    more = ["--epochs", "3", "--steps", str(steps), "--rate", "1e-4", "--dtype", "mixed_bfloat16"]
    for batch in sizes.encoder_batches:
        arrays = [str(path), "--batch", str(batch), *more, "--matmul", str(sizes.matmul)]
        result = measure("ours on JAX", None, name, arrays)
        if not result:
            options.write(f"| {batch} | does not fit, or failed | | | | | | |")
            break
        tokens_s = result["examples"] * length / min(result["seconds"][1:])
        # Forward and backward, 2 + 4 for each weight that is multiplied, and as much for the products of
        # queries with keys and of weights with values.
        multiplied = result["parameters"] - arguments["vocabulary_size"] * width
        flops = tokens_s * (6 * multiplied + 12 * layers * length * width)
        options.write(
            f"| {batch} | {result['parameters']:,} | {tokens_s:,.0f} | {result['seconds'][0]:.1f} "
            f"| {result['device_gib']:.1f} | {flops / 1e12:,.3g} | {result['matmul_flops'] / 1e12:,.3g} "
            f"| {flops / result['matmul_flops']:.2f} |"
        )


def measure_on_gpu(names: list[str], ways: list[str], options: argparse.Namespace, folder: Path) -> None:
    """Writes what a card does, from the most interesting to the slowest."""
    # In a process that ends, because JAX would keep most of the card's memory.
    code = "import jax; device = jax.devices()[0]; print(device.platform, device.device_kind)"
    found = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    kind, card = found.stdout.strip().split(" ", 1)
    if kind != "gpu" and not options.small:
        sys.exit(f"--device gpu needs a GPU that JAX can use. Found: {card}")
    versions = ", ".join(f"{package} {metadata.version(package)}" for package in ("keras", "jax", "numpy"))
    options.write(
        f"{datetime.date.today()}, {card}, Python {platform.python_version()}, {versions}:\n\n"
        f"    python benchmarks/training.py {' '.join(sys.argv[1:])}\n"
    )
    sizes = options.sizes
    if "transformer_encoder" in names:
        share(options, folder)
    for way in ways:
        options.write("")
        cases = [
            (name, data, batch, None, ["--steps", str(sizes.examples[data] // batch)])
            for name in names
            for data, *_ in [SPEED[name]]
            for batch in sizes.batches
        ]
        speed(cases, [way], options, folder)
        if "lenet5" in names and way == GPU_WAYS[0]:
            options.write("")
            accuracy({("lenet5", "fashion_mnist"): (sizes.accuracy, 20)}, [way], options, folder)


def main() -> None:
    parser = argparse.ArgumentParser(description="Measures training beside other ways to train.")
    parser.add_argument("names", nargs="*", metavar="NAME", help="networks")
    parser.add_argument("--torch", metavar="PYTHON", help="interpreter that has PyTorch")
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument(
        "--data-dir", default=FASHION, help="folder of Fashion-MNIST's IDX files, or of what --prepare wrote"
    )
    parser.add_argument("--accuracy", action="store_true", help="measure the seconds to an accuracy instead")
    parser.add_argument("--way", action="append", choices=WAYS, help="only these ways; repeatable")
    parser.add_argument("--device", choices=["cpu", "gpu"], default="cpu")
    parser.add_argument("--small", action="store_true", help="with --device gpu: a trial on any machine")
    parser.add_argument("--out", type=Path, help="also write the tables to this file")
    parser.add_argument("--prepare", type=Path, metavar="FOLDER", help="write the data sets there, and end")
    options = parser.parse_args()
    if options.prepare:
        prepare(options.prepare, options.data_dir)
        return
    on_gpu = options.device == "gpu"
    if on_gpu:
        os.environ["KERAS_BACKEND"] = "jax"
    options.sizes = SMALL if options.small else OnGpu()
    names = options.names or list(SPEED)
    default_ways = GPU_WAYS if on_gpu else CPU_WAYS
    ways = [way for way in options.way or default_ways if WAYS[way][2] or options.torch]
    out = options.out.open("w") if options.out else None

    def write(line: str) -> None:
        for file in filter(None, (sys.stdout, out)):
            print(line, file=file, flush=True)

    options.write = write
    with tempfile.TemporaryDirectory() as folder:
        if on_gpu:
            measure_on_gpu(names, ways, options, Path(folder))
        elif options.accuracy:
            targets = {key: target for key, target in TARGETS.items() if key[0] in names}
            accuracy(targets, ways, options, Path(folder))
        else:
            speed([(name, *SPEED[name], []) for name in names], ways, options, Path(folder))


if __name__ == "__main__":
    main()
