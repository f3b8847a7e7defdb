"""What a run writes for TensorBoard, read back and compared with what the network itself says."""

import logging
import math
from dataclasses import asdict

import keras
import numpy as np
import pytest
from google.protobuf import text_format
from PIL import Image
from tensorboard.compat.tensorflow_stub.io.gfile import GFile
from tensorboard.plugins.hparams import plugin_data_pb2
from tensorboard.plugins.projector.projector_config_pb2 import ProjectorConfig
from tensorboard.summary.writer.record_writer import RecordWriter

import keras_session5 as s5
from keras_session5.catalog import NETWORKS
from keras_session5.dashboard import CatalogueRun, Dashboard
from keras_session5.dashboard.callback import spread_epochs
from keras_session5.dashboard.events import EventFile
from keras_session5.dashboard.predictor import Predictor
from keras_session5.data import load_data
from keras_session5.errors import ArgumentError, TrainingError
from keras_session5.tasks import Classification
from keras_session5.training import callbacks
from keras_session5.training.runs import Run

from .event_files import read, series, tags

TRAINED = [name for name, entry in NETWORKS.items() if entry.recipe]


def weights(result):
    return [weight.tobytes() for weight in result.model.get_weights()]


def short(runs_dir, **settings):
    """Training of a second or two that augments and drops out."""
    return s5.train(
        "lenet5", runs_dir=runs_dir, verbose=0, **{"epochs": 3, "examples": 128, "dropout": 0.2, **settings}
    )


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return short(tmp_path_factory.mktemp("runs"))


@pytest.fixture(scope="module", params=TRAINED)
def shown(request, compiled, tmp_path_factory):
    """Every network, not trained but looked at: what is in its dashboard after one epoch."""
    entry = NETWORKS[request.param]
    model, task, recipe = compiled(entry.name)
    record = {
        "name": entry.name,
        "parameters": entry.parameters,
        "data": entry.data,
        "seed": 0,
        "device": "CPU",
        "jit_compile": False,
        "examples": {"train": 24},
        "data_source": "|",
        "versions": {},
        "arguments": entry.all_arguments(),
        "recipe": asdict(recipe),
    }
    run = Run.create(tmp_path_factory.mktemp("runs"), entry.name, record)
    dashboard = Dashboard(run.directory, CatalogueRun(task, run.record))
    dashboard.set_model(model)
    dashboard.set_params({"epochs": recipe.epochs})
    dashboard.on_train_begin()
    dashboard.on_epoch_begin(0)
    dashboard.on_epoch_end(0, {"loss": 1.0, "val_loss": 2.0})
    dashboard.finish({"loss": 3.0}, epochs=0)
    assert not dashboard.failed
    return entry, model, task, run.directory


def test_every_network_has_its_pictures(shown):
    entry, _, _, folder = shown
    expected = {"worst mistakes"}
    if entry.task == "classification":
        expected |= {"confusion matrix"}
    if entry.modality == "image":
        expected |= {"filters"}
    if entry.modality == "vector":
        expected |= {"decision surface"}
    if entry.name in ("lenet5", "lenet5_1998", "vit"):
        expected |= {"feature maps"}
    if entry.name in ("transformer_encoder", "gpt", "masked_language_model", "vit"):
        expected |= {"attention"}
    if entry.modality == "text_pair":
        expected |= {"encoder attention", "decoder attention", "cross attention"}
    events = read(folder)
    assert tags(events, "images") == expected
    for tag in expected:
        ((step, (width, height, png)),) = series(events, tag).items()
        assert (step, png[:4]) == (1, b"\x89PNG")
        assert (int.from_bytes(png[16:20]), int.from_bytes(png[20:24])) == (int(width), int(height))


def test_every_network_has_its_scalars_and_histograms(shown):
    _, model, _, folder = shown
    train, validation = read(folder / "train"), read(folder / "validation")
    assert tags(train, "scalars") == {"epoch_loss", "learning_rate", "examples_per_second", "gradient_norm"}
    assert series(validation, "epoch_loss") == {1: 2.0}
    assert series(read(folder), "test/loss") == {0: 3.0}
    assert series(train, "gradient_norm")[1] > 0 or model.name == "perceptron"  # its zeros fire rightly
    paths = {weight.path for weight in model.trainable_variables}
    layers = {layer.name for layer in model.layers}
    found = tags(train, "histograms")
    assert {tag.removeprefix("weights/") for tag in found if tag.startswith("weights/")} == paths
    assert {tag.removeprefix("gradients/") for tag in found if tag.startswith("gradients/")} == paths
    activations = {tag.removeprefix("activations/") for tag in found if tag.startswith("activations/")}
    assert activations < layers
    assert {layer.name for layer in model.layers if layer.weights} <= activations
    for weight in model.trainable_variables:
        assert series(train, f"weights/{weight.path}")[1][:, 2].sum() == math.prod(weight.shape)


def test_every_network_is_a_graph_of_its_layers(shown):
    _, model, _, folder = shown
    nodes = {node.name: node for node in read(folder).Graph().node}
    assert {layer.name for layer in model.layers} <= nodes.keys()
    for node in nodes.values():
        assert set(node.input) <= nodes.keys()
    (last,) = nodes.keys() - {source for node in nodes.values() for source in node.input}
    assert last in model.output_names
    counted = [nodes[layer.name].attr["parameters"].i for layer in model.layers]
    assert sum(counted) == model.count_params()


def test_every_network_projects_what_its_last_layer_sees(shown):
    entry, _, task, folder = shown
    config = text_format.Parse((folder / "projector_config.pbtxt").read_text(), ProjectorConfig())
    (points,) = config.embeddings
    count, width = points.tensor_shape
    table = np.loadtxt(folder / points.tensor_path, delimiter="\t", ndmin=2)
    assert table.shape == (count, width)
    assert count == len(task.data.test)
    assert width >= 3
    header, *rows = (folder / points.metadata_path).read_text().splitlines()
    assert header.split("\t")[:3] == ["label", "prediction", "right"]
    assert len(rows) == count
    assert {len(row.split("\t")) for row in rows} == {len(header.split("\t"))}
    if task.data.class_names:
        assert {row.split("\t")[0] for row in rows} <= set(task.data.class_names)
    assert bool(points.sprite.image_path) == (entry.modality == "image")


def test_scalars_are_those_of_the_record(run):
    events = read(run.run_dir / "train")
    for name in ("loss", "accuracy"):
        found = series(events, f"epoch_{name}")
        assert list(found) == [1, 2, 3]
        np.testing.assert_allclose(list(found.values()), [epoch[name] for epoch in run.history], rtol=1e-6)
    # Cosine from 3e-3 down to 0 over the last nine tenths of the steps, warm-up over the first.
    steps, warmup = 3 * 4, round(0.1 * 3 * 4)
    expected = [
        3e-3 * (1 + math.cos(math.pi * (4 * epoch - warmup) / (steps - warmup))) / 2 for epoch in (1, 2, 3)
    ]
    np.testing.assert_allclose(list(series(events, "learning_rate").values()), expected, atol=1e-9)
    assert min(series(events, "examples_per_second").values()) > 10
    tested = read(run.run_dir)
    assert {name: float(series(tested, f"test/{name}")[3]) for name in run.metrics} == pytest.approx(
        run.metrics
    )


def test_histograms_are_those_of_the_trained_weights(run):
    found = series(read(run.run_dir / "train"), "weights/c3/kernel")
    assert list(found) == [1, 2, 3]
    kernel = run.model.get_layer("c3").kernel.numpy()
    counts, edges = np.histogram(kernel, 30)
    np.testing.assert_array_equal(found[3][:, 2], counts)
    np.testing.assert_allclose(found[3][:, 0], edges[:-1], atol=1e-7)
    np.testing.assert_allclose(found[3][:, 1], edges[1:], atol=1e-7)


def test_the_projector_holds_the_test_splits_penultimate_outputs(run):
    test = load_data("digits").test
    inner = keras.Model(run.model.input, run.model.get_layer("f6").output)
    points = np.loadtxt(run.run_dir / "projector_points.tsv", delimiter="\t")
    np.testing.assert_allclose(points, inner.predict(test.inputs, verbose=0), atol=1e-5)
    rows = [line.split("\t") for line in (run.run_dir / "projector_columns.tsv").read_text().splitlines()[1:]]
    guesses = run.model.predict(test.inputs, verbose=0).argmax(axis=1)
    assert [row[0] for row in rows] == [str(label) for label in test.labels]
    assert [row[1] for row in rows] == [str(guess) for guess in guesses]
    right = sum(row[2] == "yes" for row in rows)
    assert right / len(rows) == pytest.approx(run.metrics["accuracy"])
    with Image.open(run.run_dir / "projector_sprite.png") as sprite:
        pixels = np.asarray(sprite)
    assert pixels.shape == (30 * 28, 30 * 28)  # 899 fit into thirty rows of thirty
    np.testing.assert_array_equal(255 - pixels[28:56, 56:84], test.inputs[32, :, :, 0])


def test_the_confusion_matrix_counts_the_test_split(run):
    data = load_data("digits")
    predictions = CatalogueRun(Classification(data), {}).predictions(
        run.model, Predictor(run.model, run.model)
    )
    guesses = run.model.predict(data.test.inputs, verbose=0).argmax(axis=1)
    np.testing.assert_array_equal(predictions.classes, np.stack([data.test.labels, guesses], axis=1))
    of_right = run.model.predict(data.test.inputs, verbose=0)[np.arange(899), data.test.labels]
    np.testing.assert_allclose(predictions.losses, 1 - of_right, atol=1e-5)


def test_the_recipe_is_a_table_and_the_hyperparameters_can_be_compared(run):
    events = read(run.run_dir)
    text = series(events, "recipe")[0].item().decode()
    for line in (
        "| network | lenet5 |",
        "| learning_rate | 0.003 |",
        "| dropout | 0.2 |",
        "| examples | 128 for",
    ):
        assert line in text
    content = events.SummaryMetadata("_hparams_/session_start_info").plugin_data.content
    begun = plugin_data_pb2.HParamsPluginData.FromString(content).session_start_info
    assert begun.group_name == f"lenet5/{run.run_dir.name}"
    assert begun.hparams["recipe/learning_rate"].number_value == 3e-3
    assert begun.hparams["network/dropout"].number_value == 0.2
    assert begun.hparams["name"].string_value == "lenet5"
    assert begun.hparams["recipe/shuffle"].bool_value is True
    assert "_hparams_/session_end_info" in events.Tags()["tensors"]


def test_training_is_the_same_with_and_without_to_the_last_bit(run, tmp_path):
    without = short(tmp_path / "without", dashboard=False)
    assert not list(without.run_dir.rglob("*tfevents*"))
    assert weights(without) == weights(run)


class KilledError(BaseException):
    """Ends a run as a signal would."""


def test_a_resumed_run_goes_on_where_the_last_kept_epoch_ended(run, tmp_path, monkeypatch):
    def killed(*_):
        raise KilledError

    with monkeypatch.context() as patch:
        # After the second epoch was written to the dashboard, and before it was kept.
        original = callbacks.Checkpoint.on_epoch_end
        patch.setattr(
            callbacks.Checkpoint,
            "on_epoch_end",
            lambda self, epoch, logs=None: killed() if epoch else original(self, epoch, logs),
        )
        with pytest.raises(KilledError):
            short(tmp_path)
    (folder,) = tmp_path.glob("lenet5/*")
    assert list(series(read(folder / "train"), "epoch_loss")) == [1, 2]
    resumed = s5.train("lenet5", runs_dir=tmp_path, resume=True, verbose=0)
    assert weights(resumed) == weights(run)
    for tag in ("epoch_loss", "gradient_norm", "weights/c1/kernel"):
        assert list(series(read(folder / "train"), tag)) == [1, 2, 3]
    assert list(series(read(folder), "filters")) == [1, 3]
    assert len(read(folder).Graph().node) == len(read(run.run_dir).Graph().node)


def test_the_last_epoch_is_shown_in_full_whenever_it_comes(tmp_path):
    result = s5.train("perceptron", runs_dir=tmp_path, verbose=0)
    last = len(result.history)
    assert last not in spread_epochs(result.record["recipe"]["epochs"], 10)
    assert list(series(read(result.run_dir / "train"), "weights/fires/kernel")) == [1, last]
    assert list(series(read(result.run_dir), "decision surface")) == [1, last]
    assert list(series(read(result.run_dir), "worst mistakes")) == [last]
    assert (result.run_dir / "projector_points.tsv").exists()


def test_what_takes_long_is_written_at_most_so_often():
    assert spread_epochs(1, 10) == {1}
    assert spread_epochs(7, 10) == set(range(1, 8))
    assert spread_epochs(60, 2) == {1, 60}
    assert len(spread_epochs(60, 10)) == 10
    assert {1, 60} < spread_epochs(60, 10)


def test_a_dashboard_that_cannot_be_written_stops_no_training(run, tmp_path, in_the_way, caplog):
    in_the_way("train")
    with caplog.at_level(logging.WARNING):
        assert weights(short(tmp_path)) == weights(run)
    (sentence,) = [message for message in caplog.messages if "dashboard" in message]
    assert "stops here; training continues: File exists" in sentence


def test_a_full_disk_is_an_error_when_it_is_written_to(tmp_path):
    file = EventFile(tmp_path, 1)
    file._writer = RecordWriter(GFile("/dev/full", "wb"))
    with pytest.raises(OSError, match="No space left"):
        file.write_text("long", "a" * 100_000)


def test_an_array_with_a_number_that_is_none_has_no_histogram(tmp_path):
    file = EventFile(tmp_path, 1)
    arrays = {
        "nan": np.array([1.0, math.nan]),
        "none": np.zeros(0),
        "one": np.full(5, 2.0),
        "two": np.arange(4.0),
    }
    file.write_histograms(arrays, step=1)
    file.close()
    events = read(tmp_path)
    assert tags(events, "histograms") == {"one", "two"}
    assert series(events, "one")[1][-1].tolist() == [2, 2, 5]
    assert series(events, "two")[1][:, 2].sum() == 4


@pytest.mark.filterwarnings("ignore:overflow encountered in cast")
def test_what_a_dashboard_cannot_show_is_told_by_the_training(tmp_path):
    with pytest.raises(TrainingError, match="Try a lower learning rate"):
        short(tmp_path, epochs=1, examples=32, learning_rate=1e39)  # no number that TensorBoard has


@pytest.mark.parametrize("argument", ["dashboard", "profile"])
def test_yes_or_no_must_be_one_of_them(argument, tmp_path):
    with pytest.raises(ArgumentError, match=f"`{argument}` must be one of True, False"):
        s5.train("mlp", runs_dir=tmp_path, **{argument: "often"})
