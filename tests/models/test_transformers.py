"""The transformers: NumPy references, what every mask must hide, symmetries, what they refuse."""

import keras
import numpy as np
import pytest
from keras import ops
from keras.activations import gelu
from references import attend, block, normalise, softmax

import keras_session5 as s5
from keras_session5.errors import ArgumentError
from keras_session5.layers import CausalAttention, LearnedPositions, SinusoidalPositions, gelu_tanh
from keras_session5.models.blocks import decoder_block, encoder, encoder_block

KEEP = np.array([[[True, True, True, False, True]]])


def with_random_weights(model, scale=0.5):
    rng = np.random.default_rng(0)
    for weight in model.trainable_weights:
        weight.assign(rng.normal(size=weight.shape) * scale)
    return model


def weights_of(model, *names):
    return (model.get_layer(f"block_{name}").get_weights() for name in names)


def test_attention_is_its_numpy_reference():
    x, y, keep = keras.Input((4, 8)), keras.Input((5, 8)), keras.Input((1, 5), dtype="bool")
    layer = keras.layers.MultiHeadAttention(2, 4)
    model = with_random_weights(keras.Model([x, y, keep], layer(x, y, attention_mask=keep)))
    rng = np.random.default_rng(1)
    queries, memory = rng.normal(size=(1, 4, 8)), rng.normal(size=(1, 5, 8))
    expected = attend(queries[0], memory[0], KEEP[0], *layer.get_weights())
    np.testing.assert_allclose(model.predict([queries, memory, KEEP], verbose=0)[0], expected, atol=1e-5)


def test_layer_normalisation_is_its_numpy_reference():
    layer = keras.layers.LayerNormalization(epsilon=1e-5)
    layer.build((None, 8))
    rng = np.random.default_rng(0)
    gamma, beta, x = rng.normal(size=8), rng.normal(size=8), rng.normal(size=(3, 8))
    layer.set_weights([gamma, beta])
    np.testing.assert_allclose(layer(x), normalise(x, gamma, beta), atol=1e-5)


@pytest.mark.parametrize("pre_norm", [False, True])
def test_an_encoder_block_is_its_numpy_reference(pre_norm):
    x, mask = keras.Input((5, 8)), keras.Input((1, 5), dtype="bool")
    y = encoder_block(x, mask, num_heads=2, mlp_dim=16, dropout=0.1, pre_norm=pre_norm)
    model = with_random_weights(keras.Model([x, mask], y))
    inputs = np.random.default_rng(0).normal(size=(1, 5, 8))
    a, n1, d1, d2, n2 = weights_of(model, "attention", "attention_norm", "mlp_1", "mlp_2", "mlp_norm")
    expected = block(
        inputs[0], [lambda h: attend(h, h, KEEP[0], *a)], [*d1, *d2], [n1, n2], pre_norm=pre_norm
    )
    np.testing.assert_allclose(model.predict([inputs, KEEP], verbose=0)[0], expected, atol=1e-5)


@pytest.mark.parametrize("pre_norm", [False, True])
def test_a_decoder_block_is_its_numpy_reference(pre_norm):
    x, memory, mask = keras.Input((4, 8)), keras.Input((5, 8)), keras.Input((1, 5), dtype="bool")
    y = decoder_block(x, memory, mask, num_heads=2, mlp_dim=16, dropout=0.1, pre_norm=pre_norm)
    model = with_random_weights(keras.Model([x, memory, mask], y))
    rng = np.random.default_rng(0)
    inputs, read = rng.normal(size=(1, 4, 8)), rng.normal(size=(1, 5, 8))
    names = ("attention", "attention_norm", "cross", "cross_norm", "mlp_1", "mlp_2", "mlp_norm")
    a, n1, c, n2, d1, d2, n3 = weights_of(model, *names)
    past = np.tril(np.ones((4, 4), bool))
    attentions = [lambda h: attend(h, h, past, *a), lambda h: attend(h, read[0], KEEP[0], *c)]
    expected = block(inputs[0], attentions, [*d1, *d2], [n1, n2, n3], pre_norm=pre_norm)
    np.testing.assert_allclose(model.predict([inputs, read, KEEP], verbose=0)[0], expected, atol=1e-5)


@pytest.mark.parametrize(
    ("name", "causal", "activation", "pre_norm"),
    [("gpt", True, gelu_tanh, True), ("vit", False, gelu_tanh, True), ("bert_base", False, gelu, False)],
)
def test_the_blocks_of_gpt_vit_and_bert_are_their_numpy_references(name, causal, activation, pre_norm):
    model = built(name, {"vocabulary_size": 15} if name == "bert_base" else {})
    inputs = [
        np.random.default_rng(0).integers(2, 15, (1, *(n or 6 for n in x.shape[1:]))) for x in model.inputs
    ]
    inputs[-1] = inputs[-1] % 2 if name == "bert_base" else inputs[-1]  # segments
    last = "block1_mlp_add" if pre_norm else "block1_mlp_norm"
    ends = [model.get_layer(layer).output for layer in ("embedding_dropout", last)]
    x, found = keras.Model(model.inputs, ends).predict(inputs, verbose=0)
    parts = ("attention", "attention_norm", "mlp_1", "mlp_2", "mlp_norm")
    a, n1, d1, d2, n2 = (model.get_layer(f"block1_{part}").get_weights() for part in parts)
    keep = np.tri(x.shape[1]) if causal else np.ones((x.shape[1],) * 2)
    expected = block(
        x[0],
        [lambda h: attend(h, h, keep, *a)],
        [*d1, *d2],
        [n1, n2],
        pre_norm,
        lambda h: np.array(activation(h)),
    )
    np.testing.assert_allclose(found[0], expected, atol=1e-4)


def test_blocks_of_the_papers_size_have_the_parameters_counted_by_hand():
    x = keras.Input((None, 512))
    size = {"num_heads": 8, "mlp_dim": 2048, "dropout": 0.1}
    assert keras.Model(x, decoder_block(x, x, None, **size)).count_params() == 4_204_032
    model = keras.Model(x, encoder_block(x, None, **size))
    assert model.count_params() == 3_152_384
    assert model.get_layer("block_attention").count_params() == 1_050_624
    mlp = [model.get_layer(f"block_mlp_{i}").count_params() for i in (1, 2)]
    assert sum(mlp) == 2_099_712


# Small enough to compile with XLA in seconds; two layers, so that what leaks in one shows in the next.
SMALL = {"embed_dim": 16, "num_layers": 2, "num_heads": 2, "mlp_dim": 32}
READERS = {
    "transformer_encoder": {},
    "masked_language_model": {},
    "bert_base": {"vocabulary_size": 154},
    "transformer": {},
    "text_to_text": {},
}
WRITERS = {"gpt": {}, "transformer": {}, "text_to_text": {}}


def layer_outputs(model, jit_compile):
    """A model of what every layer says of every position, (B, T, D) each, up to the scores."""
    found = [
        layer.output for layer in model.layers if not isinstance(layer.output, list | tuple) and layer.weights
    ]
    whole = keras.Model(model.inputs, [output for output in found if len(output.shape) == 3])
    whole.compile(jit_compile=jit_compile)
    return whole


def built(name, arguments):
    keras.utils.set_random_seed(0)
    model = s5.build(name, **SMALL, **arguments)
    return with_random_weights(model, scale=0.3)


def tokens_for(model, rng, length=9):
    return {x.name: rng.integers(2, 15, (3, length)).astype("int32") for x in model.inputs}


@pytest.mark.parametrize("jit_compile", [False, pytest.param(True, marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", READERS)
def test_what_stands_in_the_padding_changes_nothing_in_any_layer(name, jit_compile):
    model = built(name, READERS[name])
    tokens = tokens_for(model, np.random.default_rng(0))
    if "segments" in tokens:
        tokens["segments"] = np.zeros_like(tokens["segments"])
    read = model.inputs[0].name
    tokens[read][:, 6:] = 0
    whole = layer_outputs(model, jit_compile)
    before = whole.predict(tokens, verbose=0)
    name = "source_embedding" if name == "transformer" else "embedding"
    table = model.get_layer(name).get_weights()
    table[0][0] += 10 * np.random.default_rng(1).normal(size=16)  # what the padding says
    model.get_layer(name).set_weights(table)
    after = whole.predict(tokens, verbose=0)
    assert len(before) > 8
    said = 0
    for x, y, layer in zip(before, after, whole.outputs, strict=True):
        if layer.shape[-1] != 16:  # scores, in which the padding's own has changed, and inner layers
            x, y = x[..., 1:], y[..., 1:]
        said += np.abs(y - x).max() > 1e-3
        # Of the target's positions all count, of the source's those that are no padding.
        np.testing.assert_allclose(y[:, :6], x[:, :6], atol=1e-6)
    assert said  # something did change where nothing looks


@pytest.mark.parametrize("jit_compile", [False, pytest.param(True, marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", ["transformer", "text_to_text"])
def test_the_decoder_hears_nothing_of_the_sources_padding_at_any_position(name, jit_compile):
    model = built(name, {})
    tokens = tokens_for(model, np.random.default_rng(0))
    tokens["source"][:, 6:] = 0
    model.compile(jit_compile=jit_compile)
    before = model.predict(tokens, verbose=0)
    longer = tokens | {"source": np.pad(tokens["source"], [(0, 0), (0, 5)])}
    np.testing.assert_allclose(model.predict(longer, verbose=0), before, atol=1e-6)
    heard = tokens | {"source": np.where(tokens["source"] == 0, 2, tokens["source"])}
    assert np.abs(model.predict(heard, verbose=0) - before).max() > 1e-3


@pytest.mark.parametrize("jit_compile", [False, pytest.param(True, marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", WRITERS)
def test_the_future_changes_nothing_in_any_layer(name, jit_compile):
    model = built(name, WRITERS[name])
    tokens = tokens_for(model, np.random.default_rng(0))
    whole = layer_outputs(model, jit_compile)
    before = whole.predict(tokens, verbose=0)
    written = model.inputs[-1].name
    for t in (1, 4, 8):
        changed = {key: array.copy() for key, array in tokens.items()}
        changed[written][:, t:] = np.random.default_rng(t).integers(2, 15, changed[written][:, t:].shape)
        after = whole.predict(changed, verbose=0)
        for x, y in zip(before, after, strict=True):
            np.testing.assert_allclose(y[:, :t], x[:, :t], atol=1e-6)
        assert np.abs(after[-1][:, t:] - before[-1][:, t:]).max() > 1e-3


@pytest.mark.parametrize("jit_compile", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_without_positions_the_encoder_does_not_hear_the_order(jit_compile):
    x = keras.Input((None, 16))
    blocks = {"num_layers": 2, "num_heads": 2, "mlp_dim": 32, "dropout": 0.0}
    model = with_random_weights(keras.Model(x, encoder(x, None, **blocks)))
    model.compile(jit_compile=jit_compile)
    rng = np.random.default_rng(0)
    inputs, order = rng.normal(size=(2, 7, 16)), rng.permutation(7)
    expected = model.predict(inputs, verbose=0)[:, order]
    np.testing.assert_allclose(model.predict(inputs[:, order], verbose=0), expected, atol=1e-5)


@pytest.mark.parametrize("name", ["transformer_encoder", "masked_language_model"])
def test_with_positions_it_does(name):
    model = built(name, {})
    tokens = np.arange(2, 12, dtype="int32")[None]
    forward, back = model.predict(tokens, verbose=0), model.predict(tokens[:, ::-1], verbose=0)
    assert np.abs(forward - (back[:, ::-1] if forward.ndim == 3 else back)).max() > 1e-3


def test_a_vit_without_positions_does_not_see_where_a_patch_is():
    model = built("vit", {})
    rng = np.random.default_rng(0)
    image = rng.integers(0, 256, (1, 28, 28, 1)).astype("float32")
    patches = image.reshape(7, 4, 7, 4).transpose(0, 2, 1, 3).reshape(49, 4, 4)
    shuffled = rng.permutation(patches).reshape(7, 7, 4, 4).transpose(0, 2, 1, 3).reshape(1, 28, 28, 1)
    assert np.abs(model.predict(image, verbose=0) - model.predict(shuffled, verbose=0)).max() > 1e-4
    model.get_layer("positions").set_weights([np.zeros((50, 16))])
    np.testing.assert_allclose(model.predict(shuffled, verbose=0), model.predict(image, verbose=0), atol=1e-6)


def test_a_vits_first_layer_is_one_linear_map_of_every_patch():
    model = built("vit", {})
    image = np.random.default_rng(0).integers(0, 256, (1, 28, 28, 1)).astype("float32")
    kernel, bias = model.get_layer("patches").get_weights()
    patches = image.reshape(7, 4, 7, 4).transpose(0, 2, 1, 3).reshape(49, 16) / 127.5 - 1
    found = keras.Model(model.inputs, model.get_layer("sequence").output).predict(image, verbose=0)
    np.testing.assert_allclose(found[0], patches @ kernel.reshape(16, 16) + bias, atol=1e-4)


def test_vits_published_size_is_that_without_head_and_the_head():
    headless = s5.NETWORKS["vit_b16"].parameters - (768 * 1_000 + 1_000)
    assert headless == 85_798_656


def test_a_gpt_that_has_learned_nothing_finds_all_tokens_equally_likely():
    keras.utils.set_random_seed(0)
    model = s5.build("gpt")
    tokens = np.random.default_rng(0).integers(2, 175, (8, 20)).astype("int32")
    p = softmax(model.predict(tokens[:, :-1], verbose=0))
    loss = -np.log(np.take_along_axis(p, tokens[:, 1:, None], -1)).mean()
    assert abs(loss - np.log(175)) < 0.1


def test_a_tied_head_scores_with_the_embedding_and_another_with_weights_of_its_own():
    tied, untied = (s5.build("gpt", tied=tied) for tied in (True, False))
    assert untied.count_params() - tied.count_params() == 175 * 128


def test_the_encoder_of_the_masked_language_model_is_that_of_the_classifier():
    teacher, pupil = s5.build("masked_language_model"), s5.build("transformer_encoder")
    shared = {layer.name for layer in teacher.layers if layer.weights} & {
        layer.name for layer in pupil.layers if layer.weights
    }
    assert sum(pupil.get_layer(name).count_params() for name in shared) == 111_124 - 65 * 20
    for name in shared:
        shapes = [[w.shape for w in model.get_layer(name).weights] for model in (teacher, pupil)]
        assert shapes[0] == shapes[1]


@pytest.mark.parametrize("layer", [SinusoidalPositions(4), LearnedPositions(4)])
def test_a_sequence_longer_than_the_positions_is_refused_in_a_sentence(layer):
    with pytest.raises(ArgumentError, match=r"at most 4 tokens, .* Received: 5 tokens"):
        layer(ops.zeros((1, 5, 6)))


@pytest.mark.parametrize("name", ["gpt", "transformer", "transformer_encoder"])
def test_a_network_refuses_a_sequence_longer_than_its_positions(name):
    model = s5.build(name, max_length=8)
    with pytest.raises(ArgumentError, match=r"at most 8 tokens.* Received: 9 tokens"):
        model([np.ones((1, 9), "int32")] * 2 if len(model.inputs) > 1 else np.ones((1, 9), "int32"))


@pytest.mark.parametrize("shape", [(1, 4), (5,), (2, 5, 5)])
def test_a_mask_of_another_shape_is_refused_in_a_sentence(shape):
    x, mask = keras.Input((5, 8)), keras.Input(shape, dtype="bool")
    with pytest.raises(ArgumentError, match=r"`mask` must broadcast to \(batch, queries, keys\).* Received"):
        encoder_block(x, mask, num_heads=2, mlp_dim=16, dropout=0.1)
    with pytest.raises(ArgumentError, match=r"`mask` must broadcast to \(batch, queries, keys\).* Received"):
        decoder_block(x, x, mask, num_heads=2, mlp_dim=16, dropout=0.1)


@pytest.mark.parametrize(
    ("name", "arguments", "sentence"),
    [
        *((name, {"num_heads": 5}, "`num_heads` must divide `embed_dim`") for name in (*WRITERS, "vit")),
        ("transformer_base", {"num_heads": 7}, r"Received: num_heads=7, embed_dim=512"),
        ("vit", {"patch_size": 5}, r"`patch_size` must divide `image_size`\. Received: patch_size=5"),
        ("vit", {"channels": 2}, "`channels` must be one of 1, 3"),
        ("gpt", {"tied": 2}, "`tied` must be one of True, False"),
        ("gpt", {"max_length": 0}, "`max_length` must be an integer of at least 1"),
        ("simple_rnn_waves", {"units": ()}, r"`len\(units\)` must be an integer of at least 1"),
    ],
)
def test_a_wrong_argument_is_refused_in_a_sentence(name, arguments, sentence):
    with pytest.raises(ArgumentError, match=sentence):
        s5.build(name, **arguments)


def test_layers_survive_their_config():
    for layer in (CausalAttention(2, 4, output_initializer="zeros"), LearnedPositions(7)):
        again = keras.layers.deserialize(keras.layers.serialize(layer))
        assert again.get_config() == layer.get_config()
