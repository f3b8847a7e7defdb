"""The tab of a reader's own network, from a `.keras` file."""

import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr

from keras_session5.errors import ArgumentError
from keras_session5.playground import images
from keras_session5.playground.files import check_size
from keras_session5.playground.parts import LoadEvents, introduce, listen, sentence, warning
from keras_session5.playground.predictor import Predictor, show_errors
from keras_session5.playground.training import Trainer

NETWORK = "my_network"
MAX_BYTES = 64 << 20
OWN = images.Drawn(
    "Prediction of your network",
    "The drawing is resized to the input of your network, white on black, with pixels from 0 to 255.",
    (NETWORK,),
    "own-",
    "own-guess",
    missing="There is no network of your own yet. Choose a file.",
)


def export(trainer: Trainer, file: str, classes: str | None) -> Iterator[str]:
    """Exports a `.keras` file, which Keras loads in its safe mode, as the next version of `my_network`.

    Args:
        file: path of the file.
        classes: names of the classes with commas between them, or nothing.

    Yields:
        A sentence on what happens.

    Raises:
        Session5Error: if the file is too large, or holds no network with one image as its input.
    """
    if Path(file).suffix != ".keras":
        raise ArgumentError("The file must be a network that was saved with model.save('NAME.keras').")
    check_size(file, MAX_BYTES)
    names = [name.strip() for name in (classes or "").split(",") if name.strip()]
    options = ["--signature", "image_bytes", "--signature", "explain"]
    with tempfile.TemporaryDirectory() as folder:
        if names:
            labels = Path(folder) / "labels.txt"
            labels.write_text("\n".join(names), "utf-8")
            options += ["--labels", str(labels)]
        for _ in trainer.export(Path(file), NETWORK, options):
            yield "Exporting and checking your network …"
    yield f"**Your network is served as `{NETWORK}`.**"


def add_tab(predictor: Predictor, trainer: Trainer) -> LoadEvents:
    """Adds the tab; returns the events that load it."""
    introduce(
        "Your own network",
        "Build a network with Keras that has one image as its input, grey or RGB, train it, and save it with "
        "`model.save('mine.keras')`. Here it is exported, served and explained like those of the course. "
        "Keras loads it in safe mode, without any code from the file; layers of your own classes do not fit.",
    )
    error = warning()
    with gr.Row(equal_height=False):
        classes = gr.Textbox(label="Names of its classes, with commas (optional)", elem_id="own-classes")
        upload = gr.UploadButton(
            "Your .keras file", file_types=[".keras"], variant="primary", elem_id="own-file"
        )
    status = sentence("own-status")
    (event,) = images.add_tab(predictor, OWN)
    run: Any = show_errors(1)(partial(export, trainer))
    uploaded = upload.upload(run, [upload, classes], [error, status], show_progress="hidden")
    listen(uploaded.success, event)
    return [event]
