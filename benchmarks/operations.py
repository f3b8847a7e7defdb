"""Tells what a network's training steps spend their time on.

Usage:

    python benchmarks/operations.py [NAME ...] [--data-dir FOLDER] [--xla auto|on|off]

The networks of `benchmarks/training.py` train for two short epochs under TensorFlow, the second of them with
its profiler: a row for each kind of operation, with its share of the threads' time and its count. What an
operation spends in others inside it, or waiting, does not count.
"""

import argparse
import re
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf
from training import FASHION, SPEED, load, task_arguments  # first on the path is this script's folder

from keras_session5.catalog import NETWORKS, Recipe
from keras_session5.tasks import task_of
from keras_session5.training import device, fit
from keras_session5.training.batches import steps_per_epoch
from keras_session5.training.execution import Execution

_SHOWN = 8
_WAITING = {"Await", "BlockUntilReady", "Run", "RunWithBorrowedArgs"}


def main() -> None:
    parser = argparse.ArgumentParser(description="Tells what training steps spend their time on.")
    parser.add_argument("names", nargs="*", metavar="NAME", help="networks")
    parser.add_argument("--data-dir", default=FASHION, help="folder of Fashion-MNIST's IDX files")
    parser.add_argument("--xla", choices=["auto", "on", "off"], default="auto")
    options = parser.parse_args()
    print("| network | operation | share | ms | count |\n|---|---|---:|---:|---:|")
    for name in options.names or SPEED:
        time_ps, counts = Counter(), Counter()
        for kind, own_ps in trace(name, options.data_dir, options.xla):
            if kind not in _WAITING:
                time_ps[kind] += own_ps
                counts[kind] += 1
        total = sum(time_ps.values())
        for kind, own_ps in time_ps.most_common(_SHOWN):
            print(f"| `{name}` | {kind} | {own_ps / total:.0%} | {own_ps / 1e9:,.0f} | {counts[kind]:,} |")


def trace(name: str, data_dir: str, xla: str) -> Iterator[tuple[str, int]]:
    """Yields for every operation of an epoch its kind and its own time in picoseconds."""
    data, batch, examples = SPEED[name]
    entry, data_set = NETWORKS[name], load(data, data_dir)
    task = task_of(entry, data_set, data_set.train.take(range(examples)))
    recipe = Recipe(learning_rate=1e-3, batch_size=batch, epochs=2, bucket=task.train.is_text)
    arguments = entry.all_arguments(**task_arguments(name, task))
    jit_compile = device.jit_compile(xla, entry, steps=10_000)
    model = fit.compiled_model(entry, arguments, recipe, task, 0, jit_compile)
    with (
        tempfile.TemporaryDirectory() as folder,
        Execution(model, task, recipe, device.steps_per_execution(model, entry)) as execution,
    ):
        begin = keras.callbacks.LambdaCallback(
            on_epoch_begin=lambda epoch, _: epoch and tf.profiler.experimental.start(folder)
        )
        model.fit(
            execution.training(seed=0, first_epoch=0),
            epochs=2,
            steps_per_epoch=steps_per_epoch(recipe, task.train),
            shuffle=False,
            verbose=0,
            callbacks=[begin],
        )
        tf.profiler.experimental.stop()
        yield from read(next(Path(folder).rglob("*.xplane.pb")))


def read(path: Path) -> Iterator[tuple[str, int]]:
    """Yields the kind and the own time of every event of a trace's threads."""
    from tensorflow.tsl.profiler.protobuf.xplane_pb2 import XSpace

    for plane in XSpace.FromString(path.read_bytes()).planes:
        if not plane.name.startswith("/host:CPU"):
            continue
        names = {number: event.name for number, event in plane.event_metadata.items()}
        for line in plane.lines:
            for number, own_ps in own_times(line.events):
                yield kind_of(names[number]), own_ps


def own_times(events: Iterable[Any]) -> Iterator[tuple[int, int]]:
    """Yields for each event of a thread its number and its time without that of the events inside it."""
    outer: list[list[int]] = []  # end, number, own time
    for event in sorted(events, key=lambda event: (event.offset_ps, -event.duration_ps)):
        while outer and outer[-1][0] <= event.offset_ps:
            _, number, own = outer.pop()
            yield number, own
        if outer:
            outer[-1][2] -= event.duration_ps
        outer.append([event.offset_ps + event.duration_ps, event.metadata_id, event.duration_ps])
    for _, number, own in outer:
        yield number, own


def kind_of(name: str) -> str:
    """Returns the kind of an operation: `MatMul` for `gradients/MatMul:_MklMatMul` or `MatMul.5`."""
    kind = name.rsplit(":", 1)[-1].split("#")[0]
    return re.sub(r"^_Mkl(Native)?|(_\d+)?(\.\d+)*$", "", kind) or kind


if __name__ == "__main__":
    main()
