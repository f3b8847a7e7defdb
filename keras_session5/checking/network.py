"""Checks of a network of the catalogue, also one that was registered: from its builder to a served model.

`tests/test_harness.py` checks more of the networks of this package. These checks hold for any network.
"""

import contextlib
import json
import re
import tempfile
from collections.abc import Generator, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from keras_session5 import catalog
from keras_session5.catalog import Network, Tensor
from keras_session5.checking.finding import ERROR, NOTE, WARNING, Finding
from keras_session5.checking.model import check_model
from keras_session5.checking.operations import Target
from keras_session5.checking.server import check_server
from keras_session5.errors import shorten

_EPOCHS = 2  # one before and one after the interruption
_EXAMPLES = 64  # of an epoch
_TIMEOUT_S = 60.0


def check_network(name: str, target: Target) -> Iterator[Finding]:
    """Checks that a network is built, saved, trained, resumed, exported and served as its entry says.

    It trains twice for two short epochs, in a temporary folder. A network without data is only built and
    saved, one without a recipe is not trained.

    Args:
        name: of the network in the catalogue.
        target: server that the exported model has to fit.

    Raises:
        ArgumentError: there is no such network.
        DataError: its data set is not available.
    """
    entry = catalog.network(name)
    with tempfile.TemporaryDirectory(prefix="session5-check-") as folder:
        yield from _Check(entry, target, Path(folder)).run()


class _Check:
    """The checks of one network, in their order; each needs those before it.

    Args:
        folder: for the model's file, the runs and the export.
    """

    def __init__(self, entry: Network, target: Target, folder: Path):
        self.entry, self.target, self.folder = entry, target, folder

    def run(self) -> Iterator[Finding]:
        model = self._build(seed=1)
        if isinstance(model, Finding):
            yield model
            return
        yield from self._check_entry(model)
        yield from self._check_seed(model)
        yield from self._check_file(model)
        if self.entry.data is None:
            return
        result = yield from self._check_training()
        if result is not None:
            yield from self._check_export(result)

    def _build(self, seed: int) -> Any:
        """Returns the network, or the finding that it cannot be built."""
        import keras

        keras.utils.set_random_seed(seed)
        try:
            model = self.entry.build()
        except Exception as error:  # of any kind: the builder may be anybody's
            return self._fault(
                f"cannot be built: {shorten(error)}", "Nothing else works without it.", "Correct"
            )
        if isinstance(model, keras.Model) and hasattr(model, "inputs"):
            return model
        return self._fault(
            f"is not a functional keras.Model but {type(model).__name__}",
            "Explanations, signatures and the dashboard need its layers.",
            "Return keras.Model(inputs, outputs) from",
        )

    def _check_entry(self, model: Any) -> Iterator[Finding]:
        found, said = model.count_params(), self.entry.parameters
        if said is not None and found != said:
            yield self._fault(
                f"has {found:,} parameters, and its entry says {said:,}",
                "One of the two is not the network that is meant.",
                f"Write parameters={found:_} into the entry, or correct",
            )
        inputs = {tensor.name: Tensor(tensor.dtype, tensor.shape) for tensor in model.inputs}
        outputs = dict(zip(model.output_names, model.outputs, strict=True))
        outputs = {name: Tensor(tensor.dtype, tensor.shape) for name, tensor in outputs.items()}
        for kind, there, listed in (
            ("inputs", inputs, self.entry.inputs),
            ("outputs", outputs, self.entry.outputs),
        ):
            if list(there.items()) != list(listed.items()):
                yield self._fault(
                    f"has the {kind} {_list(there)}, and its entry says {_list(listed)}",
                    "Clients and the documentation go by the entry.",
                    f"Correct `{kind}` of the entry, or",
                )

    def _check_seed(self, model: Any) -> Iterator[Finding]:
        again = self._build(seed=1)
        if isinstance(again, Finding) or not _equal(model, again):
            yield self._fault(
                "has other weights when it is built again from the same seed",
                "A run cannot be repeated, and processes that train together begin with different networks.",
                "Take random numbers from Keras's initializers and keras.random, not from NumPy, in",
            )

    def _check_file(self, model: Any) -> Iterator[Finding]:
        import keras

        path = self.folder / "model.keras"
        why = "The finished run, `session5 export` and another program read the network from its file."
        mend = (
            "Decorate the classes of its layers with @keras.saving.register_keras_serializable(), and return "
            "all of their arguments from get_config. See"
        )
        try:
            model.save(path)
            again = keras.saving.load_model(path, compile=False, safe_mode=True)
        except Exception as error:
            unknown = re.search(r"Could not locate (?:class|function) '\w+'", str(error))
            reason = unknown[0] if unknown else shorten(error)
            yield self._fault(f"cannot be saved and loaded again: {reason}", why, mend)
            return
        if not _equal(model, again) or self._answers(model) != self._answers(again):
            yield self._fault("answers differently after it was saved and loaded again", why, mend)

    def _answers(self, model: Any) -> list[bytes]:
        """Returns the outputs for inputs of ones."""
        import keras

        shapes = [[2, *(8 if size is None else size for size in one.shape[1:])] for one in model.inputs]
        ones = [keras.ops.ones(shape, one.dtype) for shape, one in zip(shapes, model.inputs, strict=True)]
        found = model(keras.tree.pack_sequence_as(model.input, ones), training=False)
        return [keras.ops.convert_to_numpy(one).tobytes() for one in keras.tree.flatten(found)]

    def _check_training(self) -> Generator[Finding, None, Any]:
        """Yields the findings of a training and of an interrupted one; returns the first one's result."""
        from keras_session5.training import Result, set_by_hand

        if self.entry.recipe is None:
            return set_by_hand(self.entry.name, runs_dir=self.folder)
        try:
            whole, run = self._train()
        except Exception as error:
            yield self._fault(
                f"cannot be trained: {shorten(error)}",
                "`session5 train` ends with this error.",
                "Lower the learning rate in the entry's recipe, if a number is infinite or NaN; else correct",
            )
            return None
        with contextlib.suppress(_Interruption):
            self._train(interrupted=(other := []))
        resumed, _ = self._train(other[0])
        first, again = run.record["history"], other[0].record["history"]
        if first[0] != again[0]:
            yield self._fault(
                "trains differently from the same seed",
                "A run cannot be repeated, and a resumed one ends with other weights.",
                "Take random numbers from keras.random.SeedGenerator, and write no state during a call, in",
            )
        elif not _equal(whole, resumed):
            yield self._fault(
                "ends with other weights when its training is interrupted and resumed",
                "`session5 train --resume` gives another network than an uninterrupted run.",
                "Keep all state that a training step changes in weights (`add_weight`), in",
            )
        return Result.of(run, whole)

    def _train(self, run: Any = None, interrupted: list | None = None) -> tuple[Any, Any]:
        """Trains for two short epochs from seed 0, or resumes a run; returns the network and the run.

        Args:
            interrupted: gets the run, whose training ends with an `_Interruption` in its second epoch.
        """
        from keras_session5.data import load_data, subset
        from keras_session5.tasks import task_of
        from keras_session5.training import fit
        from keras_session5.training.record import begin_run

        entry = self.entry
        data = load_data(str(entry.data))
        task = task_of(entry, data, subset(data.train, _EXAMPLES, seed=0))
        recipe = replace(entry.require_trained(), epochs=_EPOCHS, repeats=1, stop_when_clean=False)
        model = fit.compiled_model(entry, entry.arguments, recipe, task, seed=0, jit_compile=False)
        if run is None:
            chosen = {"data": entry.data, "data_dir": None, "seed": 0, "xla": "off", "start_from": None}
            chosen["model_parallel"] = False
            run = begin_run(entry, model, entry.arguments, recipe, task, self.folder / "runs", chosen)
        if interrupted is not None:
            interrupted.append(run)
        callbacks = [] if interrupted is None else [_make_interruption()]
        fit.fit(model, recipe, task, run, callbacks=callbacks, verbose=0)
        return model, run

    def _check_export(self, result: Any) -> Iterator[Finding]:
        """Exports the network, checks the version, and compares a server's answers over both transports."""
        import keras

        from keras_session5.exporting import export
        from keras_session5.serving import serve

        if keras.backend.backend() != "tensorflow":
            yield Finding(
                NOTE,
                self.entry.name,
                f"was neither exported nor served, because the backend is {keras.backend.backend()}",
                "Networks are exported under TensorFlow.",
                f"KERAS_BACKEND=tensorflow session5 check --network {self.entry.name}",
            )
            return
        try:
            version = export(result, self.folder / "models")
        except Exception as error:
            yield self._fault(
                f"cannot be exported: {shorten(error)}",
                "No server can load it.",
                "Let the same inputs give the same outputs in inference mode, with keras.ops alone, in",
            )
            return
        record = json.loads((version / "assets.extra" / "model.json").read_text("utf-8"))
        if not record["rows_independent"]["serving_default"]:
            yield self._fault(
                "answers a row differently alone and in a batch",
                "Our server does not merge its requests; stock TensorFlow Serving must not batch them.",
                "Normalise over the batch only in training (keras.layers.BatchNormalization does), in",
                severity=WARNING,
            )
        found = list(check_model(version, self.target))
        with serve({self.entry.name: version.parent}) as server:
            for address in (server.grpc_address, server.rest_address):
                found += check_server(address, version, self.entry.name, _TIMEOUT_S)
        yield from (replace(one, where=f"{self.entry.name}, exported") for one in found)

    def _fault(self, what: str, why: str, mend: str, severity: str = ERROR) -> Finding:
        """Returns a finding; the way out ends with the name of the builder."""
        builder = self.entry.builder
        if callable(builder):
            builder = f"{builder.__module__}:{builder.__qualname__}"
        return Finding(severity, self.entry.name, what, why, f"{mend} {builder}")


class _Interruption(BaseException):
    """Ends a training as Ctrl-C does."""


def _make_interruption() -> Any:
    """Makes a callback that interrupts a training at the end of its second epoch, before the checkpoint."""
    import keras

    def interrupt(epoch: int, logs: Any = None) -> None:
        if epoch == 1:
            raise _Interruption

    return keras.callbacks.LambdaCallback(on_epoch_end=interrupt)


def _equal(one: Any, other: Any) -> bool:
    """Returns whether two networks have the same weights to the last bit."""
    weights, others = one.get_weights(), other.get_weights()
    return len(weights) == len(others) and all(map(np.array_equal, weights, others))


def _list(tensors: Mapping[str, Tensor]) -> str:
    return ", ".join(f"{name} {tensor.dtype} {tuple(tensor.shape)}" for name, tensor in tensors.items())
