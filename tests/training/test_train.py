"""Runs: their record, their seed, their interruption, their failure."""

import json
import math
import os
import shutil
import signal
import subprocess
import sys

import keras
import pytest

import keras_session5 as s5
from keras_session5.data import load_data
from keras_session5.errors import ArgumentError, DiskError, TrainingError
from keras_session5.training import callbacks, load_result
from keras_session5.training.runs import Run


def weights(result):
    return [w.tobytes() for w in result.model.get_weights()]


def short(name="mlp", **settings):
    """Training of a second or two that shuffles, augments and drops out."""
    usual = {"epochs": 3, "dropout": 0.2, "shift_px": 1.0, "dashboard": False}
    return s5.train(name, verbose=0, **usual | settings)


OTHER = {"seed": 5, "learning_rate": 2e-3}


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A finished run with `OTHER` settings. Nobody may change it."""
    return short(runs_dir=tmp_path_factory.mktemp("finished"), **OTHER)


@pytest.fixture
def copied(finished, tmp_path):
    """The same run in this test's folder, to be changed."""
    shutil.copytree(finished.run_dir, tmp_path / "mlp" / finished.run_dir.name)
    return load_result("mlp", runs_dir=tmp_path)


def test_the_record_says_everything_needed_to_do_it_again(finished, tmp_path):
    result = finished
    record = json.loads((result.run_dir / "run.json").read_text())
    assert result.run_dir.parent.name == "mlp"
    assert record["status"] == "finished"
    assert (record["name"], record["data"]) == ("mlp", "digits")
    assert record["examples"] == {"train": 898, "test": 899}
    assert record["seed"] == 5
    assert record["recipe"]["learning_rate"] == 2e-3
    assert record["recipe"]["epochs"] == record["epochs"] == len(record["history"]) == 3
    arguments = {
        "num_classes": 10,
        "widths": [128, 64],
        "dropout": 0.2,
        "activation": "relu",
        "image_size": 28,
    }
    assert record["arguments"] == arguments
    assert record["device"] == "CPU"
    assert record["jit_compile"] is False  # 87 steps would not make up for the compilation
    assert record["metrics"] == result.metrics
    assert record["seconds"] > 0
    assert {"tensorflow", "keras", "keras-session5"} <= record["versions"].keys()
    again = s5.train(
        record["name"], data=record["data"], seed=record["seed"], runs_dir=tmp_path / "again", verbose=0,
        dashboard=False, **record["recipe"], **record["arguments"],
    )  # fmt: skip
    assert weights(again) == weights(result)
    assert weights(short(runs_dir=tmp_path, **OTHER | {"seed": 6})) != weights(result)


def test_the_same_seed_gives_the_same_weights_twice_with_two_threads(tmp_path):
    """In a process of its own, because test processes have one thread each."""
    networks = {"lenet5": {}, "simple_rnn": {"units": 8}, "transformer_encoder": {"num_layers": 1}}
    program = (
        "import json, sys, keras_session5 as s5\n"
        "for name, settings in json.loads(sys.argv[1]).items():\n"
        "    for _ in range(2):\n"
        "        s5.train(name, seed=3, epochs=1, examples=256, verbose=0, dashboard=False, **settings)\n"
    )
    subprocess.run(
        [sys.executable, "-c", program, json.dumps(networks)],
        env=os.environ | {"TF_NUM_INTRAOP_THREADS": "2", "TF_NUM_INTEROP_THREADS": "2"},
        cwd=tmp_path,
        check=True,
    )
    for name in networks:
        first, again = (weights(load_result(path)) for path in (tmp_path / "runs" / name).iterdir())
        assert first == again, name


def test_a_name_a_run_directory_and_a_result_are_the_same_result(trained):
    result = trained("mlp_xor")
    assert load_result(result) is result
    for found in (load_result("mlp_xor", runs_dir=result.run_dir.parents[1]), load_result(result.run_dir)):
        assert found.record == result.record
        assert weights(found) == weights(result)
    assert s5.evaluate(result.run_dir) == pytest.approx(result.metrics, rel=1e-6)
    with pytest.raises(TrainingError, match="nowhere is not a training run"):
        load_result(result.run_dir / "nowhere")


class KilledError(BaseException):
    """Ends a run as a signal would: nothing that handles errors gets to see it."""


@pytest.mark.parametrize(
    "moment", ["in an epoch", "before a checkpoint is renamed", "before the model is saved"]
)
def test_a_run_that_was_interrupted_ends_as_if_it_had_not_been(moment, finished, tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        epochs = []

        def interrupt(*args, **kwargs):
            epochs.append(args)
            if len(epochs) == {"in an epoch": 3, "before a checkpoint is renamed": 2}.get(moment, 1):
                raise KilledError
            return original(*args, **kwargs)

        owner, method = {
            "in an epoch": (callbacks.StopOnNaN, "on_train_batch_end"),
            "before a checkpoint is renamed": (os, "replace"),
            "before the model is saved": (keras.Model, "save"),
        }[moment]
        if moment == "before a checkpoint is renamed":
            # run.json is replaced as well: interrupt at the second checkpoint
            replace = os.replace

            def original(source, target):
                return replace(source, target)

            def only_checkpoints(source, target):
                return (interrupt if str(target).endswith(".h5") else replace)(source, target)

            patch.setattr(owner, method, only_checkpoints)
        else:
            original = getattr(owner, method)
            patch.setattr(owner, method, interrupt)
        with pytest.raises(KilledError):
            short(runs_dir=tmp_path / "cut", **OTHER)

    resumed = s5.train("mlp", runs_dir=tmp_path / "cut", resume=True, verbose=0, dashboard=False)
    assert [path.name for path in (tmp_path / "cut" / "mlp").iterdir()] == [resumed.run_dir.name]
    assert resumed.record["epochs"] == len(resumed.history) == 3
    assert weights(resumed) == weights(finished)
    assert resumed.metrics == finished.metrics


# The command line in a process that is killed in the middle of its fourth epoch.
KILLED = """
import os, signal
from keras_session5.cli import main
from keras_session5.training.callbacks import StopOnNaN
def kill(self, batch, logs=None):
    if (self._epoch, batch) == (3, 15):  # the first of two executions of an epoch
        os.kill(os.getpid(), signal.SIGKILL)
StopOnNaN.on_train_batch_end = kill
main()
"""


@pytest.mark.slow
def test_a_killed_process_resumes_from_its_last_finished_epoch(tmp_path):
    arguments = ["train", "mlp", "--epochs", "5", "--no-dashboard", "--runs", str(tmp_path)]
    killed = subprocess.run([sys.executable, "-c", KILLED, *arguments], capture_output=True)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    (run_dir,) = (tmp_path / "mlp").iterdir()
    assert Run.open(run_dir).epochs_done == 3
    command = [sys.executable, "-m", "keras_session5", *arguments, "--resume", "--json"]
    found = subprocess.run(command, check=True, capture_output=True, text=True)
    answer = json.loads(found.stdout)
    assert (answer["epochs"], answer["run_dir"]) == (5, str(run_dir))
    assert "after epoch 3" in found.stderr


def test_resuming_with_other_settings_is_refused_and_with_the_same_is_not(tmp_path):
    run = Run.create(
        tmp_path,
        "mlp",
        {
            "data": "digits",
            "seed": 0,
            "xla": "auto",
            "data_dir": None,
            "arguments": {},
            "recipe": {"epochs": 6},
        },
    )
    with pytest.raises(
        ArgumentError, match=r"`epochs` must be that of the run to be resumed, .*: 6.*epochs=7"
    ):
        s5.train("mlp", epochs=7, runs_dir=tmp_path, resume=True)
    with pytest.raises(ArgumentError, match="`seed` must be"):
        s5.train("mlp", epochs=6, seed=1, runs_dir=tmp_path, resume=True)
    assert run.record["status"] == "running"


def test_without_an_unfinished_run_there_is_nothing_to_resume(tmp_path):
    finished = Run.create(tmp_path, "mlp", {})
    finished.save(status="finished")
    with pytest.raises(TrainingError, match=r"no unfinished run of mlp .* Start a new one"):
        short(runs_dir=tmp_path, resume=True)
    assert list((tmp_path / "mlp").iterdir()) == [finished.directory], "no run begins"


def test_a_run_that_another_process_trains_is_not_resumed(tmp_path):
    alive = Run.create(tmp_path, "mlp", {})
    with (
        alive.claimed(),
        pytest.raises(TrainingError, match=f"{alive.directory} is being trained by another process"),
    ):
        short(runs_dir=tmp_path, resume=True)
    assert list((tmp_path / "mlp").iterdir()) == [alive.directory], "no run begins"
    assert alive.record["status"] == "running"


def test_a_loss_that_becomes_nan_stops_the_run_and_nothing_is_exported(tmp_path):
    with pytest.raises(
        TrainingError,
        match=r"The loss became nan by step (1[0-9]|2[0-9]|[1-9]) of epoch 1.*lower learning rate",
    ):
        s5.train(
            "mlp", runs_dir=tmp_path, verbose=0, dashboard=False, learning_rate=1e30, activation="linear"
        )
    (run_dir,) = (tmp_path / "mlp").iterdir()
    assert json.loads((run_dir / "run.json").read_text())["status"] == "failed"
    with pytest.raises(TrainingError, match="There is no finished run of mlp"):
        load_result("mlp", runs_dir=tmp_path)
    with pytest.raises(TrainingError, match="whose status is failed"):
        load_result("mlp", run_dir=run_dir)


def test_a_finished_run_can_be_loaded_and_evaluated_again(finished):
    runs_dir = finished.run_dir.parents[1]
    assert weights(load_result("mlp", runs_dir=runs_dir)) == weights(finished)
    assert s5.evaluate("mlp", runs_dir=runs_dir) == pytest.approx(finished.metrics)
    assert s5.evaluate(finished) == pytest.approx(finished.metrics)
    assert not list(finished.run_dir.glob("*.h5")), "checkpoints of a finished run are of no more use"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"name": "lenet"}, "Did you mean lenet5"),
        (
            {"name": "lenet5", "data": "place_names"},
            "of modality image for lenet5: digits, retina_cards, mnist",
        ),
        ({"name": "lenet5", "data": "digit"}, "Did you mean digits"),
        ({"name": "lenet5", "epochs": 0}, "`epochs` must be an integer of at least 1"),
        ({"name": "lenet5", "epochs": 10**22}, "`epochs` must be an integer from 1 to 2147483647"),
        ({"name": "mlp_xor", "repeats": 10**22}, "`repeats` must be an integer from 1 to 2147483647"),
        ({"name": "mlp_xor", "num_hidden": 10**22}, "`num_hidden` must be an integer from 1 to 2147483647"),
        ({"name": "lenet5", "learning_rate": 10**400}, "`learning_rate` must be a number of at least 0"),
        ({"name": "lenet5", "xla": "maybe"}, "`xla` must be one of auto, on, off"),
        ({"name": "lenet5", "seed": -1}, "`seed` must be an integer from 0 to 4294967295"),
        ({"name": "lenet5", "seed": 1.5}, "`seed` must be an integer"),
        ({"name": "perceptron", "data": "logic_gates"}, "must be one of logic_gates/false, logic_gates/and"),
        ({"name": "perceptron", "data": "logic_gates/xr"}, "Did you mean logic_gates/xor"),
        ({"name": "perceptron", "loss": "sparse_categorical_crossentropy"}, "for a network with 1 output"),
        ({"name": "mlp", "loss": "half_squared_error"}, "for a network with 10 output"),
        ({"name": "mlp", "bucket": True}, "`bucket` applies only to text"),
        ({"name": "simple_rnn", "shift_px": 1}, "`shift_px` applies only to image"),
        ({"name": "lenet5", "learning_rat": 1}, "Did you mean learning_rate"),
        ({"name": "lenet5", "num_clases": 1}, "Did you mean num_classes"),
        ({"name": "lenet5", "num_classes": 5}, "`num_classes` follows from the data"),
        ({"name": "lenet5", "learning_rate": "fast"}, "`learning_rate` must be a number"),
        (
            {"name": "lenet5", "image_size": 32},
            "lenet5 must have the input shape of digits",
        ),
        ({"name": "perceptron", "num_inputs": 3}, "must have the input shape"),
        ({"name": "mlp", "stop_when_clean": 1.5}, "`stop_when_clean` must be one of True, False"),
        ({"name": "simple_rnn", "interleave_classes": True}, "`bucket` and `interleave_"),
        ({"name": "simple_rnn_waves", "interleave_classes": True}, "`interleave_classes` is only for class"),
        ({"name": "transformer", "max_length": 8}, "`max_length` must be at least 39, .* max_length=8"),
        ({"name": "masked_language_model", "max_length": 1}, "`max_length` must be at least 63"),
        ({"name": "gpt", "max_length": 70}, "`max_length` follows from the data and must be 64"),
        ({"name": "transformer_encoder", "num_heads": 5}, "`num_heads` must divide `embed_dim`"),
    ],
)
def test_wrong_arguments_are_refused_in_a_sentence(arguments, sentence, tmp_path):
    with pytest.raises(ArgumentError, match=sentence):
        s5.train(runs_dir=tmp_path, verbose=0, dashboard=False, **arguments)
    assert not list(tmp_path.iterdir()), "no run begins"


def test_a_run_that_is_still_alive_is_not_taken_over(tmp_path, caplog):
    alive = Run.create(tmp_path, "mlp", {})
    older = Run.create(tmp_path, "mlp", {})
    older.directory.rename(tmp_path / "mlp" / "20200101-000000")
    with alive.claimed():
        assert Run.resumable(tmp_path, "mlp").directory.name == "20200101-000000"
        with pytest.raises(TrainingError, match="being trained by another process"), alive.claimed():
            pass
    assert f"{alive.directory} is being trained by another process" in caplog.text
    assert Run.resumable(tmp_path, "mlp").directory == alive.directory


def test_a_run_claimed_at_the_last_moment_is_left_to_its_owner(tmp_path, monkeypatch):
    directory = Run.create(tmp_path, "mlp", {}).directory
    monkeypatch.setattr(Run, "create", lambda *_: Run.open(directory))
    with Run.open(directory).claimed(), pytest.raises(TrainingError, match="another process"):
        short(runs_dir=tmp_path)
    assert Run.open(directory).record["status"] == "running"


def test_a_run_that_ends_in_an_error_is_not_resumed(tmp_path, monkeypatch):
    def broken(*_, **__):
        raise RuntimeError("a bug")

    with monkeypatch.context() as patch:
        patch.setattr(callbacks.StopOnNaN, "on_train_batch_end", broken)
        with pytest.raises(RuntimeError, match="a bug"):
            short(runs_dir=tmp_path)
    (run_dir,) = (tmp_path / "mlp").iterdir()
    assert Run.open(run_dir).record["status"] == "failed"
    with pytest.raises(TrainingError, match="no unfinished run"):
        Run.resumable(tmp_path, "mlp")


def test_a_full_disk_leaves_a_run_that_can_be_resumed(tmp_path, files_of_at_most, capfd):
    with files_of_at_most(100_000), pytest.raises(DiskError) as failure:
        short(runs_dir=tmp_path, dashboard=False)
    (run_dir,) = (tmp_path / "mlp").iterdir()
    assert str(failure.value) == (
        f"{run_dir} could not be written: File too large. Free some space, and continue with: "
        f"session5 train mlp --resume --runs {tmp_path}"
    )
    assert [path.name for path in run_dir.iterdir()] == ["run.json"]
    assert "Traceback" not in capfd.readouterr().err  # HDF5's own, of closing the file
    assert short(runs_dir=tmp_path, resume=True).record["epochs"] == 3


def test_a_run_whose_record_cannot_be_written_leaves_nothing(tmp_path, files_of_at_most):
    with files_of_at_most(100), pytest.raises(OSError, match="File too large"):
        short(runs_dir=tmp_path, dashboard=False)
    assert not list((tmp_path / "mlp").iterdir())


def test_folders_that_are_no_runs_are_passed_over(copied, tmp_path, caplog):
    for name, content in {"best": None, "20990101-000000": "{", "20990101-000001": "[]"}.items():
        (tmp_path / "mlp" / name).mkdir()
        if content:
            (tmp_path / "mlp" / name / "run.json").write_text(content)
    assert load_result("mlp", runs_dir=tmp_path).run_dir == copied.run_dir
    assert "20990101-000000 is not a training run" in caplog.text
    copied.run_dir.rename(tmp_path / "mlp" / "my best")
    assert load_result("mlp", runs_dir=tmp_path).metrics == copied.metrics


def test_a_missing_or_damaged_model_is_a_sentence(copied, tmp_path):
    model = copied.run_dir / "model.keras"
    model.write_bytes(model.read_bytes()[:1000])
    for _ in range(2):
        with pytest.raises(TrainingError, match=r"model\.keras must be the saved model of the run"):
            load_result("mlp", runs_dir=tmp_path)
        model.unlink(missing_ok=True)


def test_the_folder_of_the_runs_data_is_not_taken_for_other_data(copied, monkeypatch):
    asked = []

    def spy(name, data_dir=None):
        asked.append((name, data_dir))
        return load_data("digits")

    copied.record["data_dir"] = "/idx"
    monkeypatch.setattr(sys.modules[s5.evaluate.__module__], "load_data", spy)
    for data in (None, "digits", "mnist"):
        s5.evaluate(copied, data=data)
    assert asked == [("digits", "/idx"), ("digits", "/idx"), ("mnist", None)]


def test_answers_that_are_no_numbers_finish_no_run(tmp_path, monkeypatch):
    monkeypatch.setattr(keras.Model, "evaluate", lambda *a, **k: {"accuracy": 0.1, "loss": math.nan})
    with pytest.raises(TrainingError, match="must be finite numbers"):
        short(runs_dir=tmp_path, epochs=1)
    assert Run.latest(tmp_path, "mlp") is None
