"""Opened networks: what is seen inside is what NumPy makes of it, and nothing of the network changes."""

import keras
import numpy as np
import pytest
from references import softmax

from keras_session5 import by_hand, introspection
from keras_session5.catalog import NETWORKS
from keras_session5.errors import ArgumentError
from keras_session5.models.simple_rnn import build_simple_rnn

TOKENS = np.array([[5, 9, 3, 7, 2, 4], [6, 2, 8, 0, 0, 0]], "int32")
PADDED = TOKENS == 0
IMAGE = np.random.default_rng(0).integers(0, 256, (2, 28, 28, 1)).astype("float32")
OPENED = {
    "mlp": IMAGE,
    "lenet5_1998": IMAGE,
    "simple_rnn": TOKENS,
    "simple_rnn_waves": np.random.default_rng(0).normal(size=(2, 9, 1)).astype("float32"),
    "transformer": [TOKENS, np.array([[14, 3, 4, 5], [14, 2, 3, 0]], "int32")],
    "gpt": TOKENS,
    "vit": IMAGE,
}


@pytest.fixture(scope="module")
def networks():
    keras.utils.set_random_seed(0)
    return {name: NETWORKS[name].build() for name in OPENED}


@pytest.mark.parametrize("name", OPENED)
def test_the_answer_is_the_networks_own_and_no_weight_is_added(name, networks):
    model, asked = networks[name], OPENED[name]
    before = model.get_config()
    plain = model(asked, training=False).numpy()
    opened = introspection.opened(
        model,
        introspection.attention_tensors(model)
        | introspection.state_tensors(model)
        | introspection.unit_tensors(model),
    )
    answer = opened(asked, training=False)
    (own,) = model.output_names
    np.testing.assert_array_equal(answer[own], plain)
    assert len(answer) > 1
    assert {id(w) for w in opened.weights} == {id(w) for w in model.weights}
    assert model.get_config() == before
    np.testing.assert_array_equal(model(asked, training=False), plain)


@pytest.mark.parametrize("name", ["mlp", "lenet5_1998", "vit"])
def test_saliency_is_the_slope_of_the_winning_score(name, networks):
    model = networks[name]
    saliency = np.asarray(introspection.saliency(model, IMAGE))
    assert saliency.shape == (2, 28, 28)
    scored = introspection.opened(model, introspection.score_tensors(model))
    scores = np.asarray(scored(IMAGE)["scores"])
    for row, column in [(14, 14), (9, 20)]:
        step = np.zeros_like(IMAGE)
        step[:, row, column] = 0.1
        above, below = (np.asarray(scored(images)["scores"]) for images in (IMAGE + step, IMAGE - step))
        slopes = np.abs(above - below)[np.arange(2), scores.argmax(axis=1)] / 0.2
        np.testing.assert_allclose(saliency[:, row, column], slopes, rtol=0.05, atol=3e-6)


def test_maps_are_those_that_are_worked_out_by_hand():
    model = NETWORKS["lenet5"].build()
    found = introspection.layer_outputs(model, ["c1", "s2"])(IMAGE, training=False)
    assert set(found) == {"c1", "s2", "probabilities"}
    kernel, bias = model.get_layer("c1").get_weights()
    seen = IMAGE[0, :, :, 0] * 1.275 / 255 - 0.1
    for i in range(6):
        expected = np.tanh(by_hand.feature_map(seen, kernel[:, :, 0, i], padding="same") + bias[i])
        np.testing.assert_allclose(found["c1"][0, :, :, i], expected, atol=1e-5)
        np.testing.assert_allclose(
            found["s2"][0, :, :, i], expected.reshape(14, 2, 14, 2).max((1, 3)), atol=1e-5
        )


def test_a_layer_that_is_not_there_is_an_error_with_the_nearest():
    with pytest.raises(ArgumentError, match=r"`name` must be one of .*Did you mean c1\?"):
        introspection.layer_outputs(NETWORKS["lenet5"].build(), ["c11"])


def weights_by_hand(attention, queries, keys, keep):
    """softmax(Q K^T / sqrt(K)) of one sequence; (H, Q, K)."""
    q, bq, k, bk = attention.get_weights()[:4]
    query, key = (
        np.einsum("td,dhk->htk", x, w) + b[:, None] for x, w, b in ((queries, q, bq), (keys, k, bk))
    )
    return softmax(np.where(keep, query @ key.transpose(0, 2, 1) / np.sqrt(q.shape[-1]), -1e9))


def test_attention_is_softmax_of_products_and_padding_has_none():
    model = NETWORKS["transformer_encoder"].build()
    found = introspection.attention_weights(model, TOKENS)
    assert list(found) == ["block1_attention", "block2_attention"]
    x = introspection.layer_outputs(model, ["positions"])(TOKENS, training=False)["positions"].numpy()
    for row in (0, 1):
        keep = ~PADDED[row][None, :]
        expected = weights_by_hand(model.get_layer("block1_attention"), x[row], x[row], keep)
        np.testing.assert_allclose(found["block1_attention"][row], expected, atol=1e-6)
    for weights in found.values():
        assert (weights.numpy()[1, :, :, 3:] == 0).all()
        np.testing.assert_allclose(weights.numpy().sum(-1), 1, atol=1e-6)


def test_attention_of_a_decoder_and_between_encoder_and_decoder(networks):
    model, asked = networks["transformer"], OPENED["transformer"]
    found = introspection.attention_weights(model, asked)
    assert {name: w.shape[1:] for name, w in found.items() if "1" in name} == {
        "encoder_block1_attention": (4, 6, 6),
        "decoder_block1_attention": (4, 4, 4),
        "decoder_block1_cross": (4, 4, 6),
    }
    names = ["memory", "target_embedding_positions", "decoder_block1_attention_norm"]
    inside = introspection.layer_outputs(model, names)(asked, training=False)
    memory, target, queries = (inside[name].numpy()[1] for name in names)
    causal = model.get_layer("decoder_block1_attention").attention
    expected = weights_by_hand(causal, target, target, np.tri(4, dtype=bool))
    np.testing.assert_allclose(found["decoder_block1_attention"][1], expected, atol=1e-6)
    assert (expected[:, 0, 1:] == 0).all()
    cross = weights_by_hand(model.get_layer("decoder_block1_cross"), queries, memory, ~PADDED[1][None, :])
    np.testing.assert_allclose(found["decoder_block1_cross"][1], cross, atol=1e-6)
    assert (found["decoder_block1_cross"].numpy()[1, :, :, 3:] == 0).all()


def test_masks_that_an_embedding_hands_on_are_known():
    tokens = keras.Input((None,), dtype="int32")
    x = keras.layers.Embedding(10, 4, mask_zero=True)(tokens)
    model = keras.Model(tokens, keras.layers.MultiHeadAttention(2, 2, name="attention")(x, x))
    plain = model(TOKENS).numpy()
    weights = introspection.attention_weights(model, TOKENS)["attention"].numpy()
    assert (weights[1, :, :3, 3:] == 0).all()
    assert (weights[0] > 0).all()
    np.testing.assert_array_equal(model(TOKENS), plain)


def test_a_network_without_attention_has_none(networks):
    assert introspection.attention_weights(networks["mlp"], IMAGE) == {}


def loop(x, w, u, b):
    """h_t = tanh(x_t W + h_(t-1) U + b)."""
    h, states = np.zeros(len(u)), []
    for step in x:
        h = np.tanh(step @ w + h @ u + b)
        states.append(h)
    return np.array(states)


@pytest.mark.parametrize("bidirectional", [True, False])
@pytest.mark.parametrize("pooling", ["max", "last"])
def test_hidden_states_are_those_of_the_loop(bidirectional, pooling):
    model = build_simple_rnn(12, 3, embed_dim=4, units=5, bidirectional=bidirectional, pooling=pooling)
    (states,) = introspection.opened(model, introspection.state_tensors(model))(TOKENS)["rnn"].numpy()[:1]
    weights = model.get_layer("rnn").get_weights()
    x = model.get_layer("embedding").get_weights()[0][TOKENS[0]]
    expected = loop(x, *weights[:3])
    if bidirectional:
        expected = np.concatenate([expected, loop(x[::-1], *weights[3:])[::-1]], axis=-1)
    np.testing.assert_allclose(states, expected, atol=1e-6)


def test_padding_is_not_read():
    model = build_simple_rnn(12, 3, embed_dim=4, units=5, pooling="last")
    opened = introspection.opened(model, introspection.state_tensors(model))
    padded, alone = opened(TOKENS[1:])["rnn"], opened(TOKENS[1:, :3])["rnn"]
    np.testing.assert_allclose(padded[:, :3], alone, atol=1e-6)


def test_weighted_sums_of_a_perceptron_are_those_of_the_course():
    model = NETWORKS["perceptron"].build()
    model.set_weights([np.array([[2.0], [1.0]]), np.array([-3.0])])
    table = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], "float32")
    found = introspection.opened(model, introspection.unit_tensors(model))(table)
    assert found["fires_sum"].numpy().ravel().tolist() == [-3, -2, -1, 0]
    assert found["fires_activation"].numpy().ravel().tolist() == [0, 0, 0, 1]


def test_a_threshold_of_its_own_belongs_to_the_sum():
    model = NETWORKS["photo_perceptron"].build(num_association=7)
    cards = (np.random.default_rng(0).random((3, 20, 20, 1)) > 0.5) * np.float32(255)
    found = introspection.opened(model, introspection.unit_tensors(model))(cards)
    sums = cards.reshape(3, 400) / 255 @ model.get_layer("wiring").get_weights()[0] - 2
    np.testing.assert_allclose(found["wiring_sum"], sums, atol=1e-4)
    np.testing.assert_array_equal(found["wiring_activation"], sums >= 0)
    assert {"fires_sum", "fires_activation"} <= found.keys()


def test_what_follows_elsewhere_in_the_network_is_no_units_own(networks):
    found = introspection.unit_tensors(networks["transformer"])
    assert found["encoder_block1_mlp_2_sum"].shape == (None, None, 64)
    assert introspection.unit_tensors(networks["lenet5_1998"])["f6_sum"].shape == (None, 84)


@pytest.mark.parametrize("name", ["vit", "lenet5_1998"])
def test_scores_are_what_the_softmax_is_taken_of(name, networks):
    model = networks[name]
    found = introspection.opened(model, introspection.score_tensors(model))(IMAGE)
    np.testing.assert_allclose(softmax(found["scores"].numpy()), found["probabilities"], atol=1e-6)


def test_a_network_that_was_saved_is_opened_as_before(tmp_path):
    model = NETWORKS["gpt"].build(num_layers=1, embed_dim=8, num_heads=2, mlp_dim=8)
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    before, after = (
        introspection.attention_weights(one, TOKENS)["block1_attention"] for one in (model, again)
    )
    np.testing.assert_array_equal(before, after)
