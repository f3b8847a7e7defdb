"""The builders: exact counts of every variant, NumPy references, what they refuse."""

import inspect

import keras
import numpy as np
import pytest

import keras_session5 as s5
from keras_session5.catalog import NETWORKS
from keras_session5.errors import ArgumentError


@pytest.mark.parametrize(
    ("name", "arguments", "parameters"),
    [
        ("perceptron", {"num_inputs": 400}, 401),
        ("mlp_xor", {"num_hidden": 2}, 9),
        ("mlp", {"widths": ()}, 7_850),
        ("mlp", {"widths": [256, 128, 64]}, 200_960 + 32_896 + 8_256 + 650),
        ("lenet5", {"image_size": 32}, 61_706),
        ("lenet5", {"num_classes": 3}, 61_706 - 7 * 85),
    ],
)
def test_variants_have_exactly_the_parameters_that_their_shapes_give(name, arguments, parameters):
    assert s5.build(name, **arguments).count_params() == parameters


@pytest.mark.parametrize(("width", "units", "parameters"), [(28, 128, 20_096), (10, 64, 4_800)])
def test_a_simple_rnn_has_u_times_i_plus_u_plus_1_parameters(width, units, parameters):
    model = s5.build("simple_rnn", embed_dim=width, units=units, bidirectional=False)
    assert model.get_layer("rnn").count_params() == parameters


def test_lenet5_bears_the_papers_labels():
    names = [layer.name for layer in s5.build("lenet5").layers]
    assert [n for n in names if n in ("c1", "s2", "c3", "s4", "c5", "f6")] == [
        "c1",
        "s2",
        "c3",
        "s4",
        "c5",
        "f6",
    ]


def test_a_simple_rnn_is_the_loop_of_its_formula():
    model = s5.build(
        "simple_rnn", vocabulary_size=9, embed_dim=3, units=4, bidirectional=False, pooling="last"
    )
    tokens = np.array([[3, 1, 4, 1, 5, 0, 0]], "int32")
    embedding, w_x, w_h, b, w, c = model.get_weights()
    h = np.zeros(4)
    for token in tokens[0][:5]:
        h = np.tanh(embedding[token] @ w_x + h @ w_h + b)
    z = np.exp(h @ w + c)
    np.testing.assert_allclose(model.predict(tokens, verbose=0)[0], z / z.sum(), atol=1e-6)


@pytest.mark.parametrize("jit_compile", [False, True])
def test_nothing_leaks_through_the_padding_mask_of_a_recurrent_network(jit_compile):
    """What the embedding of the padding id says must change no answer."""
    keras.utils.set_random_seed(0)
    model = s5.build("simple_rnn")
    model.compile(jit_compile=jit_compile)
    tokens = np.random.default_rng(0).integers(2, 100, (4, 12)).astype("int32")
    tokens[:, 8:] = 0
    before = model.predict(tokens, verbose=0)
    embedding = model.get_layer("embedding")
    table = embedding.get_weights()[0]
    table[0] += 100.0
    embedding.set_weights([table])
    np.testing.assert_allclose(model.predict(tokens, verbose=0), before, atol=1e-6)


@pytest.mark.parametrize(
    ("name", "arguments", "sentence"),
    [
        ("lenet6", {}, "Did you mean lenet5"),
        ("lenet5", {"clases": 10}, "`argument` must be one of num_classes"),
        (
            "lenet5",
            {"num_classes": 0},
            r"`num_classes` must be an integer of at least 1\. Received: num_classes=0",
        ),
        ("lenet5", {"image_size": 30}, "`image_size` must be one of 28, 32"),
        ("lenet5", {"activation": "tan"}, "Did you mean tanh"),
        ("mlp", {"widths": 64}, "`widths` must be a list or tuple of integers"),
        ("mlp", {"widths": (64, -1)}, "`widths` must be an integer of at least 1"),
        ("mlp", {"dropout": 1.0}, r"`dropout` must be a number in \[0, 1\)"),
        ("perceptron", {"num_inputs": True}, "`num_inputs` must be an integer"),
        ("simple_rnn", {"pooling": "sum"}, "`pooling` must be one of last, max, mean"),
        ("simple_rnn", {"bidirectional": "no"}, "`bidirectional` must be one of True, False"),
        ("transformer_encoder", {"num_heads": 5}, "`num_heads` must divide `embed_dim`"),
        ("transformer_encoder", {"pooling": "meen"}, "`pooling` must be one of mean, max. Did you mean mean"),
    ],
)
def test_a_wrong_argument_is_refused_in_a_sentence(name, arguments, sentence):
    with pytest.raises(ArgumentError, match=sentence):
        s5.build(name, **arguments)


@pytest.mark.parametrize("entry", NETWORKS.values(), ids=NETWORKS)
def test_a_builders_docstring_has_all_its_sections(entry):
    text = inspect.getdoc(entry._load_builder())
    titles = [
        "Args:",
        "Returns:",
        "Raises:",
        "Parameters:",
        "Differences from the paper:",
        "Example:",
        "Reference:",
    ]
    places = [text.find(title) for title in titles]
    assert places == sorted(places)
    assert -1 not in places
    for argument in entry.argument_names():
        assert f"    {argument}:" in text
