"""Networks that are trained, and files that are exported, at the press of a button."""

import threading
from pathlib import Path

import gradio as gr
import pytest

from keras_session5.errors import ArgumentError, Session5Error, UnavailableError

pytest.importorskip("gradio", reason="the page needs the extra playground")

from keras_session5.playground import child, own, training

OUTPUT = """Epoch 1/2
29/29 - 2s - 69ms/step - accuracy: 0.2500 - loss: 2.2000 - val_accuracy: 0.5000 - val_loss: 1.5000
Epoch 2/2
"""
DONE = (
    OUTPUT + "29/29 - 1s - 9ms/step - accuracy: 0.7500 - loss: 1.0e-01 - val_accuracy: 0.9 - val_loss: 0.4\n"
)


@pytest.fixture
def trainer(fake_predictor, tmp_path):
    predictor = fake_predictor({("vit", "explain"): {}, ("my_network", "explain"): {}})
    return training.Trainer(predictor, tmp_path / "models", tmp_path / "runs")


@pytest.fixture
def commands(monkeypatch):
    """The command lines that were run; each prints the output of a training."""
    found = []

    def run(arguments):
        found.append(arguments)
        yield from ("", OUTPUT, DONE)

    monkeypatch.setattr(training, "run_beside", run)
    return found


def test_a_training_is_that_of_the_tour(trainer, commands, tmp_path):
    assert list(trainer.train("vit")) == ["", OUTPUT, DONE]
    (command,) = commands
    assert command[:4] == ["run", "vit", "--set", "epochs=20"]
    assert command[command.index("--models") + 1] == str(tmp_path / "models")
    assert command[command.index("--runs") + 1] == str(tmp_path / "runs")


def test_progress_is_told_epoch_by_epoch():
    assert training.read_progress("") == ("Preparing the data …", {})
    status, metrics = training.read_progress(OUTPUT)
    assert status.startswith("Epoch 2 of 2. ")
    assert "validation accuracy 0.5" in status
    assert metrics == {"accuracy": [0.25], "loss": [2.2], "val_accuracy": [0.5], "val_loss": [1.5]}
    assert training.read_progress(DONE)[0] == "All 2 epochs are done. Exporting the network …"


def test_a_single_epoch_has_no_number_and_no_curve(trainer, monkeypatch):
    begun = "Training vit on digits (CPU, XLA off) in runs\n"
    done = begun + "100/100 - 1s - 13ms/step - accuracy: 0.9100 - loss: 0.0450\n"
    queried = done + "serving and querying over gRPC and REST\n"
    monkeypatch.setattr(training, "run_beside", lambda arguments: iter([begun, done, queried]))
    frames = list(training.show_progress(trainer, "vit"))
    assert [status for _, status, _ in frames[:3]] == [
        "**Training vit.** The first epoch is running …",
        "**Training vit.** 100 steps are done: accuracy 0.91, loss 0.045. Exporting the network …",
        "**Training vit.** 100 steps are done: accuracy 0.91, loss 0.045. Querying the exported network …",
    ]
    assert all(curve is None for _, _, curve in frames)


def test_the_page_shows_the_learning_curve_and_then_no_button(trainer, commands):
    frames = list(training.show_progress(trainer, "vit"))
    assert [curve is None for _, _, curve in frames] == [True, False, False, False]
    assert frames[1][2] != frames[2][2]
    assert "Learning curve of vit" in frames[-1][2]
    assert frames[-1][1] == "**vit is trained and served.**"
    assert frames[-1][0].visible is False


def test_a_failure_is_a_sentence_and_the_button_can_be_pressed_again(trainer, monkeypatch):
    def fail(arguments):
        yield ""
        raise Session5Error("vit must reach an accuracy of 0.9.")

    monkeypatch.setattr(training, "run_beside", fail)
    frames = training.show_progress(trainer, "vit")
    next(frames)
    button, status, _ = next(frames)
    assert status == "⚠ vit must reach an accuracy of 0.9."
    assert button.interactive is True
    with pytest.raises(gr.Error):  # nothing follows that needs the network
        next(frames)


def test_one_network_is_trained_at_a_time(trainer, commands):
    running = trainer.train("vit")
    next(running)
    with pytest.raises(Session5Error, match="Another network is being trained"):
        next(trainer.train("vit"))
    running.close()  # as when the page is closed
    assert list(trainer.train("vit"))


def test_a_server_that_does_not_load_the_network_is_told(trainer, commands, monkeypatch):
    monkeypatch.setattr(training, "_LOAD_TIMEOUT_S", 0.0)
    with pytest.raises(UnavailableError, match="session5 serve --models"):
        list(trainer.train("lenet5"))


def test_buttons_are_for_what_is_missing(trainer):
    place, *buttons = training.find_missing(trainer.predictor, ["vit", "lenet5"])
    assert place.visible is True
    assert [button.visible for button in buttons] == [False, True]


def test_a_command_runs_beside_and_ends_with_its_reader(monkeypatch):
    code = "import sys, time; print('begun', flush=True); time.sleep(60)"
    _program(monkeypatch, code)
    monkeypatch.setattr(child, "_POLL_S", 0.05)
    output = child.run_beside([])
    while "begun" not in next(output):
        pass
    before = threading.active_count()
    output.close()
    assert threading.active_count() == before


def test_a_command_that_fails_is_told_in_its_words(monkeypatch):
    _program(monkeypatch, "print('x'); print('error: It does not fit.'); print('y'); raise SystemExit(1)")
    monkeypatch.setattr(child, "_POLL_S", 0.05)
    with pytest.raises(Session5Error, match="It does not fit"):
        list(child.run_beside([]))


def _program(monkeypatch, code):
    """Runs code instead of the command line."""
    popen = child.subprocess.Popen
    monkeypatch.setattr(
        child.subprocess, "Popen", lambda command, **options: popen([command[0], "-c", code], **options)
    )


def test_a_file_is_exported_with_the_names_of_its_classes(trainer, monkeypatch, tmp_path):
    commands = []

    def run(arguments):
        labels = arguments[arguments.index("--labels") + 1]
        commands.append([*arguments, Path(labels).read_text()])
        yield ""

    monkeypatch.setattr(training, "run_beside", run)
    file = tmp_path / "mine.keras"
    file.write_bytes(b"x")
    status = list(own.export(trainer, str(file), "left, right"))
    assert status[-1] == "**Your network is served as `my_network`.**"
    ((*command, labels),) = commands
    assert command[:4] == ["export", str(file), "--name", "my_network"]
    assert command.count("--signature") == 2
    assert labels == "left\nright"


def test_a_file_that_does_not_fit_is_told(trainer, tmp_path, monkeypatch):
    wrong = tmp_path / "mine.h5"
    wrong.write_bytes(b"x")
    with pytest.raises(ArgumentError, match=r"model.save"):
        list(own.export(trainer, str(wrong), ""))
    large = tmp_path / "mine.keras"
    large.write_bytes(b"x")
    monkeypatch.setattr(own, "check_size", lambda path, most: (_ for _ in ()).throw(ArgumentError(f"{most}")))
    with pytest.raises(ArgumentError, match=str(64 << 20)):
        list(own.export(trainer, str(large), ""))
