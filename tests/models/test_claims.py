"""What the builders claim of their papers and of the code that the authors released."""

import math
import subprocess
import sys

import keras
import numpy as np
import pytest
from keras import layers

import keras_session5 as s5
from keras_session5.layers import LearnedPositions, gelu_tanh
from keras_session5.models.gpt import build_gpt

SMALL = {"embed_dim": 96, "num_layers": 3, "num_heads": 4, "mlp_dim": 192}
VALUES = np.array([-6.0, -2.0, -0.5, 0.0, 0.3, 1.0, 4.0], "float32")


def kernels(model):
    """Layer and path of a weight -> its initial value, for kernels and embeddings."""
    return {
        f"{layer.name}: {weight.path}": np.array(weight)
        for layer in model.layers
        for weight in layer.weights
        if weight.name != "bias" and len(weight.shape) > 1
    }


def biases(model, *names):
    return [
        np.array(weight)
        for layer in model.layers
        for weight in layer.weights
        if weight.name == "bias" and any(name in layer.name for name in names)
    ]


def droppers(model):
    """Name of each dropout layer -> name of the layer whose output it drops."""
    return {
        layer.name: layer.input._keras_history.operation.name
        for layer in model.layers
        if isinstance(layer, layers.Dropout)
    }


# GELU


def test_gelus_tanh_approximation_is_its_closed_form():
    """Hendrycks and Gimpel (2016), section 2."""
    expected = [0.5 * x * (1 + math.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))) for x in VALUES]
    np.testing.assert_allclose(gelu_tanh(VALUES), expected, atol=1e-6)


def test_it_is_not_the_exact_gelu_of_bert():
    exact = np.array([0.5 * x * (1 + math.erf(x / math.sqrt(2))) for x in VALUES])
    np.testing.assert_allclose(keras.activations.get("gelu")(VALUES), exact, atol=1e-6)
    assert 1e-4 < np.abs(np.array(gelu_tanh(VALUES)) - exact).max() < 5e-4


@pytest.mark.parametrize(("name", "expected"), [("gpt", gelu_tanh), ("vit", gelu_tanh), ("bert_base", None)])
def test_a_networks_gelu_is_the_one_of_the_released_code(name, expected):
    model = s5.build(name, **SMALL)
    found = {model.get_layer(f"block{i}_mlp_1").activation for i in (1, 2, 3)}
    assert found == {expected or keras.activations.get("gelu")}


@pytest.mark.slow
def test_a_network_with_it_loads_in_safe_mode_after_only_importing_the_package(tmp_path):
    model = s5.build(
        "gpt", vocabulary_size=9, max_length=4, embed_dim=8, num_layers=1, num_heads=2, mlp_dim=8
    )
    model.save(tmp_path / "model.keras")
    tokens = np.array([[1, 2, 3]], "int32")
    code = """
import sys, numpy as np, keras_session5, keras
model = keras.saving.load_model(sys.argv[1])
np.save(sys.argv[2], model.predict(np.array([[1, 2, 3]], "int32"), verbose=0))
"""
    files = [str(tmp_path / "model.keras"), str(tmp_path / "found.npy")]
    subprocess.run([sys.executable, "-c", code, *files], check=True)
    np.testing.assert_allclose(np.load(files[1]), model.predict(tokens, verbose=0), atol=1e-6)


# Initial weights


@pytest.mark.parametrize("num_layers", [1, 3])
def test_gpts_weights_begin_with_standard_deviation_002_and_residual_projections_scaled(num_layers):
    """Radford et al. (2018), section 4.1, N(0, 0.02); (2019), section 2.3, 1/sqrt(residual layers)."""
    keras.utils.set_random_seed(0)
    model = build_gpt(154, 64, **{**SMALL, "num_layers": num_layers})
    scaled = 0
    for name, kernel in kernels(model).items():
        residual = "attention_output" in name or "mlp_2" in name
        scaled += residual
        expected = 0.02 / math.sqrt(2 * num_layers) if residual else 0.02
        assert abs(kernel.std() / expected - 1) < 0.05, name
        assert abs(kernel.mean()) < 4 * expected / math.sqrt(kernel.size), name
    assert scaled == 2 * num_layers
    assert not any(bias.any() for bias in biases(model, "block"))


def test_gpt2_small_begins_as_in_the_paper_and_the_narrow_gpt_with_sums_of_variance_one():
    assert s5.NETWORKS["gpt2_small"].all_arguments()["kernel_stddev"] == 0.02
    narrow = s5.NETWORKS["gpt"].all_arguments()
    assert abs(narrow["kernel_stddev"] ** 2 * narrow["embed_dim"] - 1) < 0.05


def test_berts_weights_begin_with_a_truncated_normal_distribution():
    """The released code: standard deviation 0.02, nothing beyond twice that, which leaves 0.88 of it."""
    keras.utils.set_random_seed(0)
    model = s5.build("bert_base", vocabulary_size=154, **SMALL)
    found = kernels(model)
    assert len(found) == 3 + 3 * 6 + 1
    for name, kernel in found.items():
        assert abs(kernel).max() <= 0.04, name
        assert abs(kernel.std() / (0.8796 * 0.02) - 1) < 0.1, name
    assert not any(bias.any() for bias in biases(model, "block", "pooled"))


def test_vits_weights_begin_as_in_the_released_code():
    """Xavier uniform kernels, biases of the MLP from N(0, 1e-6), positions from N(0, 0.02)."""
    keras.utils.set_random_seed(0)
    model = s5.build("vit", **SMALL)
    assert abs(model.get_layer("positions").get_weights()[0].std() / 0.02 - 1) < 0.05
    assert not model.get_layer("class_token").get_weights()[0].any()
    for name, kernel in kernels(model).items():
        if name.startswith("block"):
            fans = 96 + 192 if "mlp" in name else 96 + 96
            limit = math.sqrt(6 / fans)
            assert abs(kernel).max() <= limit, name
            assert abs(kernel.std() / (limit / math.sqrt(3)) - 1) < 0.05, name
    for bias in biases(model, "mlp"):
        assert 0.5e-6 < bias.std() < 1.5e-6
    assert not any(bias.any() for bias in biases(model, "attention", "patches"))


@pytest.mark.parametrize("name", ["gpt", "bert_base", "vit"])
def test_no_two_layers_begin_with_the_same_numbers(name):
    """An initializer object that two layers share draws the same numbers for both."""
    first = [kernel.ravel()[:64].tobytes() for kernel in kernels(s5.build(name, **SMALL)).values()]
    zeros = np.zeros(64, "float32").tobytes()
    drawn = [numbers for numbers in first if not zeros.startswith(numbers)]
    assert len(set(drawn)) == len(drawn)


def test_a_new_vit_finds_all_classes_equally_likely():
    """Dosovitskiy et al. (2021), section 3.2: fine-tuning begins with a head of zeros."""
    image = np.random.default_rng(0).integers(0, 256, (2, 28, 28, 1)).astype("float32")
    np.testing.assert_allclose(s5.build("vit").predict(image, verbose=0), 0.1, rtol=1e-6)


def test_embeddings_of_2017_begin_as_large_as_the_positions_that_are_added():
    """Vaswani et al. (2017), section 3.4: embeddings are multiplied by sqrt(D)."""
    model = s5.build("transformer_encoder", embed_dim=64)
    tokens = np.arange(2, 130, dtype="int32")[None]
    scaled = keras.Model(model.inputs, model.get_layer("embedding_scale").output).predict(tokens, verbose=0)
    assert abs(scaled.std() - 1) < 0.05


# Dropout


def test_vit_drops_the_embedding_and_the_output_of_every_dense_layer_of_its_mlps():
    """Dosovitskiy et al. (2021), appendix B.1: after every dense layer but those of queries, keys and values,
    and after adding positions to the patches."""
    block = {
        "block1_attention_dropout": "block1_attention",
        "block1_mlp_1_dropout": "block1_mlp_1",
        "block1_mlp_dropout": "block1_mlp_2",
    }
    model = s5.build("vit", num_layers=1, dropout=0.3)
    assert droppers(model) == {"embedding_dropout": "positions", **block}
    assert {model.get_layer(name).rate for name in droppers(model)} == {0.3}


def test_gpt_drops_the_embedding_and_what_is_added():
    """Radford et al. (2018), section 4.1, without the dropout of attention weights."""
    model = s5.build("gpt", num_layers=1, dropout=0.3)
    block = {"block1_attention_dropout": "block1_attention", "block1_mlp_dropout": "block1_mlp_2"}
    assert droppers(model) == {"embedding_dropout": "positions", **block}
    assert model.get_layer("block1_attention").attention.dropout == 0


def test_bert_drops_the_embedding_the_attention_weights_and_what_is_added():
    """Devlin et al. (2019), appendix A.2: dropout of 0.1 on all layers."""
    model = s5.build("bert_base", **SMALL)
    assert model.get_layer("block1_attention").dropout == 0.1
    assert droppers(model)["embedding_dropout"] == "embedding_norm"
    assert droppers(model)["block1_attention_dropout"] == "block1_attention"
    assert droppers(model)["block1_mlp_dropout"] == "block1_mlp_2"


def test_the_transformer_drops_both_embeddings_and_the_output_of_every_sublayer():
    """Vaswani et al. (2017), section 5.4."""
    model = s5.build("transformer", num_layers=1)
    assert droppers(model) == {
        "source_embedding_dropout": "source_embedding_positions",
        "target_embedding_dropout": "target_embedding_positions",
        "encoder_block1_attention_dropout": "encoder_block1_attention",
        "encoder_block1_mlp_dropout": "encoder_block1_mlp_2",
        "decoder_block1_attention_dropout": "decoder_block1_attention",
        "decoder_block1_cross_dropout": "decoder_block1_cross",
        "decoder_block1_mlp_dropout": "decoder_block1_mlp_2",
    }


@pytest.mark.parametrize("name", ["mlp", "lenet5"])
def test_a_dropout_of_zero_leaves_the_network_as_it_is(name):
    model = s5.build(name, dropout=0.0)
    image = np.random.default_rng(0).integers(0, 256, (2, 28, 28, 1)).astype("float32")
    np.testing.assert_array_equal(model(image, training=True), model(image, training=False))


# Constants


@pytest.mark.parametrize(("name", "epsilon"), [("gpt", 1e-5), ("bert_base", 1e-12), ("vit", 1e-6)])
def test_a_networks_epsilon_is_the_one_of_the_released_code(name, epsilon):
    norms = [
        layer for layer in s5.build(name, **SMALL).layers if isinstance(layer, layers.LayerNormalization)
    ]
    assert len(norms) == 3 * 2 + 1
    assert {norm.epsilon for norm in norms} == {epsilon}


def test_positions_may_begin_with_any_initializer():
    layer = LearnedPositions(7, embeddings_initializer="zeros")
    again = keras.layers.deserialize(keras.layers.serialize(layer))
    again.build((None, 7, 4))
    assert not again.get_weights()[0].any()


# Counts


def test_the_base_transformer_has_the_papers_weights_and_biases_of_its_own():
    """Vaswani et al. (2017), section 3.2.2 has no biases, and table 3 says 65 million with embeddings."""
    model = s5.build("transformer_base", num_layers=1)
    per_layer = sum(bias.size for bias in biases(model, "attention", "cross"))
    assert 6 * per_layer == 36_864
    whole = s5.NETWORKS["transformer_base"].parameters - 6 * per_layer + 37_000 * 512
    assert round(whole / 1e6) == 63


def test_lenet5s_c5_has_the_weights_of_a_dense_layer_on_its_flattened_input():
    """LeCun et al. (1998), section II.B: c5 is a convolution as large as what it sees."""
    dense = keras.Sequential([keras.Input((5, 5, 16)), layers.Flatten(), layers.Dense(120)])
    c5 = s5.build("lenet5").get_layer("c5")
    assert c5.count_params() == dense.count_params() == 48_120
    x = np.random.default_rng(0).normal(size=(2, 5, 5, 16)).astype("float32")
    kernel, bias = c5.get_weights()
    dense.set_weights([kernel.reshape(400, 120), bias])
    np.testing.assert_allclose(np.tanh(dense(x)), c5(x)[:, 0, 0], atol=1e-5)
