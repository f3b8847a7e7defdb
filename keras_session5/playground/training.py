"""Training of networks that the model server lacks, at the press of a button."""

import re
import threading
import time
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr

from keras_session5 import pictures
from keras_session5.catalog import NETWORKS
from keras_session5.errors import Session5Error, UnavailableError
from keras_session5.playground.child import run_beside
from keras_session5.playground.parts import LoadEvents, listen, picture, sentence
from keras_session5.playground.predictor import Predictor
from keras_session5.playground.svg import to_svg

_POLL_S = 0.5
_LOAD_TIMEOUT_S = 60.0  # of the model server, for a model that is exported
_EPOCH = re.compile(r"^Epoch (\d+)/(\d+)", re.MULTILINE)
_STEPS = re.compile(r"^(\d+)/\1 - ", re.MULTILINE)  # of an epoch that is done
_BEGUN = re.compile(r"^Training ", re.MULTILINE)
_QUERYING = re.compile(r"^serving and querying ", re.MULTILINE)
_METRIC = re.compile(r" - (loss|accuracy|val_loss|val_accuracy): ([\d.e+-]+|nan)")


class Trainer:
    """Trains and exports networks with `session5 run`, one at a time.

    Args:
        predictor: asks the model server whether a network is there.
        models: folder of the exported models, which the server watches.
        runs: folder of the training runs.
    """

    def __init__(self, predictor: Predictor, models: Path, runs: Path):
        self.predictor, self._models, self._runs = predictor, models, runs
        self._busy = threading.Lock()

    def train(self, name: str) -> Iterator[str]:
        """Trains a network and waits until it is served.

        Yields:
            What the training has printed so far.

        Raises:
            Session5Error: if another network is being trained, if the training fails, or if the model server
                does not load the network.
        """
        report = self._runs / name / "report.json"
        folders = ["--models", str(self._models), "--runs", str(self._runs), "--report", str(report)]
        yield from self._run(["run", name, *_settings(name), *folders], name)

    def export(self, file: Path, name: str, arguments: Sequence[str]) -> Iterator[str]:
        """Exports a `.keras` file in the same way, as the model `name`."""
        yield from self._run(
            ["export", str(file), "--name", name, "--models", str(self._models), *arguments], name
        )

    def _run(self, arguments: list[str], name: str) -> Iterator[str]:
        if not self._busy.acquire(blocking=False):
            raise Session5Error("Another network is being trained or exported. Wait until it is served.")
        try:
            yield from run_beside(arguments)
        finally:  # also if the page that asked for it is closed
            self._busy.release()
        self._wait_until_served(name)

    def _wait_until_served(self, name: str) -> None:
        until = time.monotonic() + _LOAD_TIMEOUT_S
        while not self.predictor.is_served(name):
            if time.monotonic() > until:
                raise UnavailableError(
                    f"{name} is exported to {self._models / name}, but the model server at "
                    f"{self.predictor.client.address} does not load it. Start the server with this folder: "
                    f"session5 serve --models {self._models}"
                )
            time.sleep(_POLL_S)


def _settings(name: str) -> list[str]:
    """Returns the options of the shorter training of `session5 tour`."""
    tour = NETWORKS[name].tour or {}
    return [part for key, value in tour.items() for part in ("--set", f"{key}={value}")]


def read_progress(text: str) -> tuple[str, dict[str, list[float]]]:
    """Returns a sentence on a training from its output, and the metrics after each epoch."""
    metrics: dict[str, list[float]] = {}
    for key, value in _METRIC.findall(text):
        metrics.setdefault(key, []).append(float(value))
    values = ", ".join(
        f"{key.replace('val_', 'validation ')} {values[-1]:.3g}" for key, values in metrics.items()
    )
    epochs, steps = _EPOCH.findall(text), _STEPS.search(text)
    if epochs and len(metrics.get("loss", ())) < int(epochs[-1][1]):
        return f"Epoch {epochs[-1][0]} of {epochs[-1][1]}. {values}", metrics
    if epochs:
        done = f"All {epochs[-1][1]} epochs are done."
    elif steps:  # Keras does not number a single epoch
        done = f"{steps[1]} steps are done: {values}."
    else:
        return "The first epoch is running …" if _BEGUN.search(text) else "Preparing the data …", metrics
    stage = "Querying the exported network" if _QUERYING.search(text) else "Exporting the network"
    return f"{done} {stage} …", metrics


def show_progress(trainer: Trainer, name: str) -> Iterator[tuple[Any, str, str | None]]:
    """Trains a network.

    Yields:
        The updated button, a sentence, and the picture of the learning curve, drawn after each epoch.
    """
    drawn, curve = 0, None
    try:
        for text in trainer.train(name):
            status, metrics = read_progress(text)
            if _EPOCH.search(text) and len(metrics.get("loss", ())) > drawn:  # one epoch is no curve
                drawn = len(metrics["loss"])
                curve = to_svg(pictures.learning_curve(metrics), f"Learning curve of {name}. {status}")
            yield gr.Button(interactive=False), f"**Training {name}.** {status}", curve
    except Session5Error as error:
        yield gr.Button(interactive=True), f"⚠ {error.sentence}", curve
        raise gr.Error(error.sentence, visible=False) from None  # nothing follows that needs the network
    yield gr.Button(visible=False, interactive=True), f"**{name} is trained and served.**", curve


def find_missing(predictor: Predictor, names: Sequence[str]) -> tuple[Any, ...]:
    """Returns the updated place of the buttons, and each button: visible if the server lacks its network."""
    missing = [not predictor.is_served(name) for name in names]
    place = gr.Column(visible=True) if any(missing) else gr.skip()
    return (place, *(gr.Button(visible=one) for one in missing))


class Offer:
    """The buttons that train the networks of a tab, each visible while the server lacks its network."""

    def __init__(self, trainer: Trainer, names: Sequence[str]):
        self._trainer, self._names = trainer, names
        # Nothing of it takes a place on the page until it is needed.
        with gr.Column(visible=False) as self._place:
            with gr.Row():
                self._buttons = [
                    gr.Button(f"Train {name} now", variant="primary", visible=False, elem_id=f"train-{name}")
                    for name in names
                ]
            self._told, self._curve = (
                sentence(f"training-{names[0]}"),
                picture("Learning curve", f"curve-{names[0]}"),
            )

    def connect(self, opened: Any, events: LoadEvents) -> None:
        """Shows the buttons when the tab opens; after a training, runs the events of the tab."""
        missing = partial(find_missing, self._trainer.predictor, self._names)
        listen(opened, (missing, [], [self._place, *self._buttons]))
        for name, button in zip(self._names, self._buttons, strict=True):
            run = partial(show_progress, self._trainer, name)
            clicked = button.click(run, [], [button, self._told, self._curve], show_progress="hidden")
            for event in events:
                listen(clicked.success, event)
