"""Keras's own `fit`, with what a run needs around it."""

import logging
import math
from collections.abc import Mapping
from typing import Any

import keras

from keras_session5.catalog import Network, Recipe
from keras_session5.data import DataSet, Split
from keras_session5.errors import ArgumentError, TrainingError
from keras_session5.layers import HalfSquaredError
from keras_session5.training import batches
from keras_session5.training.callbacks import Checkpoint, StopOnNaN, StopWhenClean, is_clean, restore
from keras_session5.training.runs import MODEL, Run

logger = logging.getLogger("keras_session5")

_LOSSES_OF_ONE = ["half_squared_error", "binary_crossentropy"]


def compiled_model(
    entry: Network, arguments: Mapping[str, Any], recipe: Recipe, data: DataSet, seed: int, jit_compile: bool
) -> keras.Model:
    """Builds a network from a seed and compiles it for its recipe.

    Raises:
        ArgumentError: for a wrong argument, or a network whose input has another shape than the data.
    """
    keras.utils.set_random_seed(seed)
    model = entry.build(**arguments)
    expected, received = model.inputs[0].shape[1:], data.train.inputs.shape[1:]
    if None not in expected and expected != received:
        raise ArgumentError(
            f"{entry.name} must be built for inputs of the shape that {data.name} has, {received}. "
            f"Received: arguments that make it {expected}"
        )
    _check_loss(recipe, model)
    model.compile(
        optimizer=_optimizer(recipe, recipe.epochs * batches.steps_per_epoch(recipe, data.train)),
        loss=_loss(recipe),
        metrics=[_accuracy(recipe)],
        jit_compile=jit_compile,
    )
    return model


def fit(model: keras.Model, recipe: Recipe, data: DataSet, run: Run, verbose: str | int) -> None:
    """Fits the model from the run's last finished epoch to the recipe's last, and finishes the run."""
    first = run.epochs_done
    if first:
        restore(model, run.checkpoints()[-1])
    history = run.record["history"][:first]
    if first < recipe.epochs and not (recipe.stop_when_clean and history and is_clean(history[-1])):
        model.fit(
            batches.endless_batches(recipe, data.train, run.record["seed"], first),
            steps_per_epoch=batches.steps_per_epoch(recipe, data.train),
            epochs=recipe.epochs,
            initial_epoch=first,
            shuffle=False,  # the batches come shuffled
            validation_data=None if data.validation is None else batches.evaluation_batches(data.validation),
            callbacks=[
                StopOnNaN(recipe.learning_rate),
                keras.callbacks.TensorBoard(run.directory, write_graph=False),
                *([StopWhenClean()] if recipe.stop_when_clean else []),
                Checkpoint(run),  # last: what it has written, the others have seen
            ],
            verbose=verbose,
        )
    if recipe.stop_when_clean and not is_clean(run.record["history"][-1]):
        run.save(note=_never_clean(run))
        logger.warning(run.record["note"])
    finish(model, data.test, run)


def finish(model: keras.Model, test: Split, run: Run) -> None:
    """Evaluates the model on the test split, keeps it whole and marks the run as finished."""
    metrics = evaluate_split(model, test)
    if not all(map(math.isfinite, metrics.values())):
        raise TrainingError(
            f"The network's answers are no longer numbers: {metrics} on the test split. Nothing will be "
            "exported from this run. Try a lower learning rate."
        )
    model.save(run.directory / MODEL)
    run.save(status="finished", metrics=metrics)
    for leftover in run.directory.glob("*.weights.h5"):
        leftover.unlink()


def evaluate_split(model: keras.Model, split: Split) -> dict[str, float]:
    """Returns the metrics of a compiled model on a split, such as `{"accuracy": 0.91, "loss": 0.25}`."""
    metrics = model.evaluate(batches.evaluation_batches(split), verbose=0, return_dict=True)
    return {name: float(metrics[name]) for name in sorted(metrics)}


def _never_clean(run: Run) -> str:
    return (
        f"No epoch of {run.record['epochs']} was without a mistake: the data of {run.record['data']} are "
        "not linearly separable as far as this run saw. (Separable data have such an epoch in the end; more "
        "epochs give them longer.)"
    )


def _optimizer(recipe: Recipe, steps: int) -> keras.optimizers.Optimizer:
    rate = float(recipe.learning_rate)
    warmup_steps = round(recipe.warmup * steps)
    if recipe.schedule == "cosine":
        rate = keras.optimizers.schedules.CosineDecay(
            0.0 if warmup_steps else rate,
            max(1, steps - warmup_steps),
            warmup_target=rate if warmup_steps else None,
            warmup_steps=warmup_steps,
        )
    if recipe.optimizer == "sgd":
        return keras.optimizers.SGD(rate)
    if recipe.optimizer == "adam":
        return keras.optimizers.Adam(rate)
    return keras.optimizers.AdamW(rate, weight_decay=recipe.weight_decay)


def _check_loss(recipe: Recipe, model: keras.Model) -> None:
    """One output unit says yes or no; several are classes."""
    units = model.output_shape[-1]
    fitting = _LOSSES_OF_ONE if units == 1 else ["sparse_categorical_crossentropy"]
    if recipe.loss not in fitting:
        raise ArgumentError(
            f"`loss` must be {' or '.join(fitting)} for a network with {units} output(s). "
            f"Received: loss={recipe.loss!r}"
        )


def _loss(recipe: Recipe) -> keras.losses.Loss:
    return {
        "half_squared_error": HalfSquaredError,
        "binary_crossentropy": keras.losses.BinaryCrossentropy,
        "sparse_categorical_crossentropy": keras.losses.SparseCategoricalCrossentropy,
    }[recipe.loss]()


def _accuracy(recipe: Recipe) -> keras.metrics.Metric:
    if recipe.loss == "sparse_categorical_crossentropy":
        return keras.metrics.SparseCategoricalAccuracy(name="accuracy")
    return keras.metrics.BinaryAccuracy(name="accuracy")
