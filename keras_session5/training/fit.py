"""Compiling, fitting and evaluating a network for a run."""

import logging
import math
from collections.abc import Mapping, Sequence
from typing import Any

import keras

from keras_session5 import catalog
from keras_session5.catalog import Network, Recipe
from keras_session5.disk import written_whole
from keras_session5.errors import ArgumentError, TrainingError
from keras_session5.tasks import Task
from keras_session5.training import batches, device, distributed
from keras_session5.training.callbacks import Checkpoint, StopOnNaN, StopWhenClean, Trials, is_clean, restore
from keras_session5.training.execution import Execution
from keras_session5.training.runs import MODEL, Run

logger = logging.getLogger("keras_session5")

_MAX_TRIALS = 1_000  # of an epoch whose trials are recorded one by one


def compiled_model(
    entry: Network,
    arguments: Mapping[str, Any],
    recipe: Recipe,
    task: Task,
    seed: int,
    jit_compile: bool,
) -> keras.Model:
    """Builds a network from a seed and compiles it for its recipe and task.

    Raises:
        ArgumentError: for an invalid argument, or if the network's input shape is not that of the data.
    """
    keras.utils.set_random_seed(seed)
    with distributed.scope():
        model = entry.build(**arguments)
        check_shape(entry, model, task)
        task.check_recipe(recipe, model.output_shape[-1])
        model.compile(
            optimizer=_make_optimizer(recipe, recipe.epochs * batches.steps_per_epoch(recipe, task.train)),
            **task.compile_arguments(recipe),
            jit_compile=jit_compile,
        )
        # Otherwise the first step creates the optimiser's variables, and tracing it again takes seconds.
        model.optimizer.build(model.trainable_variables)
    return model


def check_shape(entry: Network, model: keras.Model, task: Task) -> None:
    """Raises `ArgumentError` unless the network's input shape is that of the data."""
    expected, received = model.inputs[0].shape[1:], task.data.train.inputs.shape[1:]
    if None not in expected and expected != received:
        raise ArgumentError(
            f"{entry.name} must have the input shape of {task.data.name}, {received}. "
            f"Received: arguments for the input shape {expected}"
        )


def copy_weights(model: keras.Model, other: keras.Model) -> list[str]:
    """Copies the weights of another network's layers to the layers of the same name and weight shapes.

    Returns:
        Names of these layers.

    Raises:
        ArgumentError: if they hold less than half of the network's weights: the networks are different.
    """
    known = {layer.name: layer for layer in other.layers if layer.weights}
    copied = []
    for layer in model.layers:
        found = known.get(layer.name)
        if found and [w.shape for w in found.weights] == [w.shape for w in layer.weights]:
            layer.set_weights(found.get_weights())
            copied.append(layer.name)
    share = sum(model.get_layer(name).count_params() for name in copied) / model.count_params()
    if share < 0.5:
        raise ArgumentError(
            "`start_from` must be a run of a network that shares layers, by name and shape, with at least "
            "half of the weights. "
            f"Received: one that shares {', '.join(copied) or 'none'}, {share:.0%} of them"
        )
    return copied


def fit(
    model: keras.Model,
    recipe: Recipe,
    task: Task,
    run: Run,
    *,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    verbose: str | int = "auto",
) -> None:
    """Fits the model from the run's last finished epoch to the recipe's last, and finishes the run.

    Args:
        model: from `compiled_model`, compiled for the recipe and the task.
        recipe, task: of the run.
        run: holds the epochs done so far.
        callbacks: further callbacks. They run after the decision to stop, and before the checkpoint.
        verbose: of Keras's progress bar.
    """
    first, steps = run.epochs_done, batches.steps_per_epoch(recipe, task.train)
    if first:
        restore(model, run.checkpoints()[-1])
    history = run.record["history"][:first]
    has_trials = recipe.batch_size == 1 and steps <= _MAX_TRIALS and task.classifies
    size = 1 if has_trials else device.steps_per_execution(model, catalog.network(run.record["name"]))
    with Execution(model, task, recipe, size) as execution:
        if first < recipe.epochs and not (recipe.stop_when_clean and history and is_clean(history[-1])):
            validation = task.data.validation
            data = execution.training(run.record["seed"], first)
            validated = execution.evaluation(validation) if validation else (None, None)
            model.fit(
                data,
                steps_per_epoch=steps,
                epochs=recipe.epochs,
                initial_epoch=first,
                shuffle=False,  # the batches are shuffled already
                validation_data=validated[0],
                validation_steps=validated[1],
                callbacks=[
                    StopOnNaN(recipe.learning_rate),
                    *([StopWhenClean()] if recipe.stop_when_clean else []),
                    *callbacks,
                    *([Trials(run)] if has_trials else []),
                    # Last: an epoch counts as done when all callbacks are.
                    Checkpoint(run, lambda: execution.compile_seconds),
                ],
                verbose=verbose,
            )
            run.save(**execution.record())
        if recipe.stop_when_clean and not is_clean(run.record["history"][-1]):
            run.save(note=_explain_mistakes(run))
            logger.warning(run.record["note"])
        finish(execution, run)


def finish(execution: Execution, run: Run) -> None:
    """Evaluates the model on the test split, saves it and marks the run as finished."""
    metrics = execution.evaluate(execution.task.data.test)
    if not all(map(math.isfinite, metrics.values())):
        raise TrainingError(
            f"The metrics of the test split must be finite numbers. The run cannot be exported. "
            f"Try a lower learning rate. Received: {metrics}"
        )
    if distributed.is_writer():
        with written_whole(run.directory / MODEL) as writing:
            execution.model.save(writing)
    run.save(status="finished", metrics=metrics)
    if distributed.is_writer():
        for leftover in run.directory.glob("*.weights.h5"):
            leftover.unlink()


def _explain_mistakes(run: Run) -> str:
    return (
        f"None of the {run.record['epochs']} epochs was free of mistakes: as far as this run shows, the data "
        f"of {run.record['data']} are not linearly separable. (Separable data reach such an epoch; they may "
        "need more epochs.)"
    )


def _make_optimizer(recipe: Recipe, steps: int) -> keras.optimizers.Optimizer:
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
