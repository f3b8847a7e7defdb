"""Trains one of five networks by plain `Model.fit` or this package's pipeline, and prints a JSON object.

python benchmarks/peers/train_keras.py lenet5 DATA.npz --batch 128 --epochs 3 --how ours|plain|xla
"""

import argparse
import json
import re
import time
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np

from keras_session5.catalog import NETWORKS, Recipe
from keras_session5.data import DataSet, Split
from keras_session5.tasks import task_of
from keras_session5.training import device, fit
from keras_session5.training.batches import steps_per_epoch
from keras_session5.training.execution import Execution


class Clock(keras.callbacks.Callback):
    """Measures each epoch, without its evaluation, and stops at a test accuracy."""

    def __init__(self, evaluate, target):
        super().__init__()
        self.seconds, self.accuracy, self.evaluate, self.target = [], None, evaluate, target

    def on_epoch_begin(self, epoch, logs=None):
        self.begin = time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        self.seconds.append(time.perf_counter() - self.begin)
        if self.target:
            self.accuracy = self.evaluate()
            self.model.stop_training = self.accuracy >= self.target


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("name")
    parser.add_argument("data")
    parser.add_argument("--batch", type=int, required=True)
    parser.add_argument("--epochs", type=int, required=True)
    parser.add_argument("--how", choices=["ours", "plain", "xla"], required=True)
    parser.add_argument("--xla", default="auto")
    parser.add_argument("--steps", type=int, help="of an epoch of `ours`; all examples once if left out")
    parser.add_argument("--rate", type=float, default=1e-3, help="learning rate of `ours`")
    parser.add_argument("--dtype", default="float32", help="Keras's policy, such as mixed_bfloat16")
    parser.add_argument("--matmul", type=int, help="also measure a product of square matrices of this size")
    parser.add_argument("--recipe", choices=["catalogue", "standard"], default="standard")
    parser.add_argument("--target", type=float)
    options = parser.parse_args()
    keras.config.set_dtype_policy(options.dtype)
    data = np.load(options.data)
    entry, arguments = NETWORKS[options.name], json.loads(str(data["arguments"]))
    keras.utils.set_random_seed(0)
    found = {"examples": len(data["x"]), "version": keras.__version__}
    if options.how == "ours":
        clock = train_by_pipeline(entry, arguments, data, options, found)
    else:
        clock = train_plainly(entry, arguments, data, options, found)
    # Not getrusage's maximum, which begins with the memory of the process that started this one.
    status = Path("/proc/self/status").read_text()
    memory = int(re.findall(r"VmHWM:\s+(\d+)", status)[0]) / 1024
    found |= {"seconds": clock.seconds, "accuracy": clock.accuracy, "memory_mib": round(memory)}
    if options.matmul:
        found["device_gib"] = device_memory()
        found["matmul_flops"] = matmul_rate(options.matmul)
    print(json.dumps(found))


def device_memory() -> float:
    """Returns the most memory of the device that was in use so far, in GiB; 0 if JAX does not know it."""
    import jax  # pyright: ignore[reportMissingImports]

    return (jax.devices()[0].memory_stats() or {}).get("peak_bytes_in_use", 0) / 2**30


def matmul_rate(size: int) -> float:
    """Returns the operations per second of products of random bfloat16 matrices, the best of five runs."""
    a, b = (keras.random.normal((size, size), dtype="bfloat16", seed=seed) for seed in (1, 2))

    def seconds() -> float:
        begin = time.perf_counter()
        product = a
        for _ in range(20):
            product = keras.ops.matmul(a, b)
        keras.ops.convert_to_numpy(product[0, 0])  # waits for the device
        return time.perf_counter() - begin

    seconds()  # compiles
    return 20 * 2 * size**3 / min(seconds() for _ in range(5))


def train_plainly(entry, arguments, data, options, found) -> Clock:
    model = entry.build(**arguments)
    is_gpt = options.name == "gpt"
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=is_gpt)
    model.compile(
        keras.optimizers.Adam(1e-3), loss, metrics=["accuracy"], jit_compile=options.how == "xla" or "auto"
    )
    if options.how == "plain" and keras.backend.backend() == "tensorflow":
        model.jit_compile = False
    weights = (data["y"] != 0).astype("float32") if is_gpt else None
    clock = Clock(lambda: model.evaluate(data["x_test"], data["y_test"], 256, verbose=0)[1], options.target)
    model.fit(
        data["x"],
        data["y"],
        options.batch,
        options.epochs,
        sample_weight=weights,
        verbose=0,
        callbacks=[clock],
    )
    found["parameters"] = model.count_params()
    return clock


def train_by_pipeline(entry, arguments, data, options, found) -> Clock:
    inputs, labels = data["x"], data["y"]
    if options.name == "gpt":  # the task makes inputs and targets of the texts and their classes
        inputs, labels = data["texts"], data["labels"]
    train = Split(inputs, labels.reshape(-1))
    repeats = 1
    if options.steps:
        train = train.take(np.arange(min(options.steps * options.batch, len(train))))
        repeats = -(-options.steps * options.batch // len(train))
        found["examples"] = len(train) * repeats
    test = Split(data["x_test"], data["y_test"].reshape(-1)) if options.name != "gpt" else train
    meta = json.loads(str(data["meta"]))
    data_set = DataSet(train=train, validation=None, test=test, **meta)
    task = task_of(entry, data_set)
    if options.recipe == "catalogue":
        recipe = entry.recipe_for(meta["name"])
        recipe = replace(recipe, epochs=min(recipe.epochs, options.epochs))
    else:
        recipe = Recipe(
            learning_rate=options.rate,
            batch_size=options.batch,
            epochs=options.epochs,
            repeats=repeats,
            bucket=train.is_text,
        )
    if options.batch and options.recipe == "standard":
        recipe = replace(recipe, batch_size=options.batch)
    jit_compile = device.jit_compile(options.xla, entry, steps=10_000)
    model = fit.compiled_model(entry, arguments, recipe, task, 0, jit_compile)
    with Execution(model, task, recipe, device.steps_per_execution(model, entry)) as execution:
        clock = Clock(lambda: execution.evaluate(test)["accuracy"], options.target)
        batches = execution.training(seed=0, first_epoch=0)
        steps = steps_per_epoch(recipe, train)
        history = model.fit(
            batches,
            epochs=recipe.epochs,
            steps_per_epoch=steps,
            shuffle=False,
            verbose=0,
            callbacks=[clock],
        )
    assert np.isfinite(history.history["loss"]).all()
    found["parameters"] = model.count_params()
    found["program"] = execution.record()
    return clock


if __name__ == "__main__":
    main()
