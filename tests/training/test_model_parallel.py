"""Training whose weights two devices divide."""

import json
import os
import subprocess
import sys

import pytest

import keras_session5 as s5
from keras_session5.errors import ArgumentError
from keras_session5.training import distributed, load_result

SETTINGS = {"embed_dim": 32, "mlp_dim": 64, "num_heads": 2, "num_layers": 1, "examples": 32, "repeats": 1}

# On two devices; the same, interrupted, and resumed on one of them; and all on one.
TRAIN = """
import dataclasses, json, sys
import keras_session5 as s5
from keras_session5.training.callbacks import Checkpoint

module = sys.modules["keras_session5.training.train"]
load, save = module.load_data, Checkpoint.on_epoch_end
settings = json.loads(sys.argv[1]) | {"epochs": 2, "verbose": 0, "dashboard": False}

def load_little(*arguments):  # of which every batch has the same shape
    data = load(*arguments)
    return dataclasses.replace(data, validation=None, test=data.test.take(range(32)))

def interrupt_the_second(self, epoch, logs=None):
    if epoch == 1:
        raise KeyboardInterrupt
    save(self, epoch, logs)

module.load_data = load_little
divided = s5.train("gpt", model_parallel=True, runs_dir="divided", **settings)
Checkpoint.on_epoch_end = interrupt_the_second
try:
    s5.train("gpt", model_parallel=True, runs_dir="resumed", **settings)
except KeyboardInterrupt:
    Checkpoint.on_epoch_end = save
resumed = s5.train("gpt", resume=True, runs_dir="resumed", **settings)
whole = s5.train("gpt", runs_dir="whole", **settings)

def shapes(variables):
    return {v.path: [v.shape, v.value.addressable_shards[0].data.shape] for v in variables}

print(json.dumps({
    "weights": shapes(divided.model.weights),
    "moments": shapes(divided.model.optimizer.variables),
    "weights of one device": shapes(whole.model.weights),
    "runs": [str(result.run_dir) for result in (divided, resumed, whole)],
}))
"""


@pytest.mark.jax
@pytest.mark.slow
def test_two_devices_divide_the_blocks_and_train_to_the_weights_of_one(tmp_path):
    pytest.importorskip("jax")
    environment = {"KERAS_BACKEND": "jax", "XLA_FLAGS": "--xla_force_host_platform_device_count=2"}
    process = subprocess.run(
        [sys.executable, "-c", TRAIN, json.dumps(SETTINGS)],
        cwd=tmp_path, env=os.environ | environment, capture_output=True, text=True,
    )  # fmt: skip
    assert process.returncode == 0, process.stderr
    printed = json.loads(process.stdout)

    divided = {path: shape for path, (whole, shape) in printed["weights"].items() if shape != whole}
    attention = "block1_attention/attention"
    assert divided == {
        **{f"{attention}/{name}/kernel": [32, 1, 16] for name in ("query", "key", "value")},
        **{f"{attention}/{name}/bias": [1, 16] for name in ("query", "key", "value")},
        f"{attention}/attention_output/kernel": [1, 16, 32],
        "block1_mlp_1/kernel": [32, 32],
        "block1_mlp_1/bias": [32],
        "block1_mlp_2/kernel": [32, 32],
    }
    assert sum(shape != whole for whole, shape in printed["moments"].values()) == 2 * len(divided)
    assert all(shape == whole for whole, shape in printed["weights of one device"].values())

    # This process has one device.
    *others, whole = (load_result(tmp_path / run) for run in printed["runs"])
    assert [run.record["model_parallel"] for run in (*others, whole)] == [True, False, False]
    for run in others:
        assert run.metrics == pytest.approx(whole.metrics, abs=1e-4)
        for epoch, expected in zip(run.history, whole.history, strict=True):
            assert epoch == pytest.approx(expected, abs=1e-4)
        for weights, expected in zip(run.model.get_weights(), whole.model.get_weights(), strict=True):
            assert weights == pytest.approx(expected, abs=1e-4)


ARGUMENTS = {"num_heads": 4, "mlp_dim": 64}


@pytest.mark.parametrize(
    ("count", "arguments", "sentence"),
    [
        (1, ARGUMENTS, "`model_parallel` must be omitted on a single device"),
        (2, {"widths": [128]}, "`model_parallel` must be omitted for mlp: only transformer blocks"),
        (3, ARGUMENTS, r"`num_heads` must be a multiple of the number of devices, 3.*num_heads=4"),
        (4, ARGUMENTS | {"mlp_dim": 6}, r"`mlp_dim` must be a multiple of the number of devices, 4.*=6"),
        (2, ARGUMENTS | {"num_heads": "two"}, "`num_heads` must be an integer"),
    ],
)
def test_what_cannot_be_divided_is_refused(count, arguments, sentence, monkeypatch):
    jax = pytest.importorskip("jax")
    monkeypatch.setattr(jax, "device_count", lambda: count)
    with pytest.raises(ArgumentError, match=sentence):
        distributed.check_blocks("mlp", arguments)


def test_another_backend_is_refused(tmp_path):
    with pytest.raises(ArgumentError, match="`backend` must be jax, or omitted, with `model_parallel`"):
        s5.train("gpt", backend="tensorflow", model_parallel=True, runs_dir=tmp_path)
    with pytest.raises(ArgumentError, match="`model_parallel` must be one of True, False"):
        s5.train("gpt", model_parallel="yes", runs_dir=tmp_path)
