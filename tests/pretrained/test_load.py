"""Published weights: sizes from the configuration, tensors by name, errors that say what is wrong."""

import json
import shutil

import numpy as np
import pytest
from published import write_bert, write_gpt2, write_tokenizer, write_vit
from safetensors.numpy import load_file, save_file
from scipy.special import erf, softmax

import keras_session5 as s5
from keras_session5.errors import ArgumentError

WRITERS = {"gpt2_small": write_gpt2, "bert_base": write_bert, "vit_b16": write_vit, "vit_ti16": write_vit}


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    folder = tmp_path_factory.mktemp("published")
    return {name: write(folder / name) for name, write in WRITERS.items()}


@pytest.fixture
def copied(folders, tmp_path):
    """Copies the folder of a network, to change it."""
    return lambda name: shutil.copytree(folders[name], tmp_path / name)


def change(folder, **tensors):
    """Adds, replaces or, with None, removes tensors; "__" stands for a dot."""
    path = folder / "model.safetensors"
    found = load_file(path)
    for name, array in tensors.items():
        found.pop(name.replace("__", "."), None)
        if array is not None:
            found[name.replace("__", ".")] = array
    save_file(found, path)
    return folder


def configure(folder, **changes):
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))
    return folder


def normalise(x, file, name, epsilon=1e-5):
    x = (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + epsilon)
    return x * file[f"{name}.weight"] + file[f"{name}.bias"]


def gpt2_logits(file, tokens, heads=2, layers=2):
    """GPT-2 (Radford et al. 2019) of one row of tokens, in NumPy."""
    file = {name.removeprefix("transformer."): array.astype("float64") for name, array in file.items()}
    x = file["wte.weight"][tokens] + file["wpe.weight"][: len(tokens)]
    for i in (f"h.{i}" for i in range(layers)):
        parts = (
            normalise(x, file, f"{i}.ln_1") @ file[f"{i}.attn.c_attn.weight"] + file[f"{i}.attn.c_attn.bias"]
        )
        q, k, v = (np.reshape(p, (len(x), heads, -1)).swapaxes(0, 1) for p in np.split(parts, 3, -1))
        scores = q @ k.swapaxes(1, 2) / np.sqrt(q.shape[-1]) + np.triu(np.full((len(x), len(x)), -1e30), 1)
        y = (softmax(scores, -1) @ v).swapaxes(0, 1).reshape(x.shape)
        x = x + y @ file[f"{i}.attn.c_proj.weight"] + file[f"{i}.attn.c_proj.bias"]
        y = normalise(x, file, f"{i}.ln_2") @ file[f"{i}.mlp.c_fc.weight"] + file[f"{i}.mlp.c_fc.bias"]
        y = 0.5 * y * (1 + np.tanh(np.sqrt(2 / np.pi) * (y + 0.044715 * y**3)))
        x = x + y @ file[f"{i}.mlp.c_proj.weight"] + file[f"{i}.mlp.c_proj.bias"]
    return normalise(x, file, "ln_f") @ file["wte.weight"].T


def test_gpt2_computes_what_numpy_computes_from_the_file(folders):
    result = s5.load_weights("gpt2_small", folders["gpt2_small"])
    tokens = np.random.default_rng(1).integers(0, 24, 11)
    expected = gpt2_logits(load_file(folders["gpt2_small"] / "model.safetensors"), tokens)
    np.testing.assert_allclose(result.model(tokens[None])[0], expected, atol=1e-4)
    assert isinstance(result, s5.Result)
    assert result.record["left_out"] == []


def test_bert_pools_the_first_token_and_ignores_padding(folders):
    result = s5.load_weights("bert_base", folders["bert_base"])
    tokens = np.array([[1, 5, 6, 2, 0, 0]])
    segments = np.zeros_like(tokens)
    sequence, pooled = result.model([tokens, segments])
    file = load_file(folders["bert_base"] / "model.safetensors")
    dense = np.asarray(sequence)[:, 0] @ file["bert.pooler.dense.weight"].T + file["bert.pooler.dense.bias"]
    np.testing.assert_allclose(pooled, np.tanh(dense), atol=1e-5)
    shorter, _ = result.model([tokens[:, :4], segments[:, :4]])
    np.testing.assert_allclose(sequence[:, :4], shorter, atol=1e-5)


def test_the_activations_are_those_of_the_configuration(folders, copied):
    x = np.linspace(-3, 3, 5).astype("float32")
    exact = x * (1 + erf(x / np.sqrt(2))) / 2
    for folder, expected in (
        (folders["bert_base"], exact),
        (configure(copied("bert_base"), hidden_act="gelu_new"), None),
    ):
        layer = s5.load_weights("bert_base", folder).model.get_layer("block1_mlp_1")
        assert np.allclose(layer.activation(x), exact, atol=1e-6) == (expected is not None)


def test_epsilon_and_sizes_come_from_the_configuration(tmp_path):
    folder = write_gpt2(tmp_path, n_layer=3, n_embd=24, n_head=3, n_inner=20, layer_norm_epsilon=0.5)
    result = s5.load_weights("gpt2_small", folder)
    assert result.record["arguments"] | {"num_layers": 3, "mlp_dim": 20} == result.record["arguments"]
    norms = [layer for layer in result.model.layers if layer.name.endswith("_norm")]
    assert len(norms) == 7
    assert {layer.epsilon for layer in norms} == {0.5}


def test_what_a_network_lacks_on_purpose_is_left_out_and_listed(copied):
    mask = np.ones((1, 1, 20, 20), "float32")
    file = change(copied("gpt2_small"), h__0__attn__bias=mask, lm_head__weight=np.zeros((24, 16), "float32"))
    found = s5.load_weights("gpt2_small", file).record["left_out"]
    assert found == ["h.0.attn.bias", "lm_head.weight"]
    file = change(copied("bert_base"), cls__predictions__bias=np.zeros(24, "float32"))
    assert s5.load_weights("bert_base", file).record["left_out"] == ["cls.predictions.bias"]
    file = change(copied("vit_b16"), vit__pooler__dense__bias=np.zeros(16, "float32"))
    assert s5.load_weights("vit_b16", file).record["left_out"] == ["vit.pooler.dense.bias"]


def test_files_without_a_prefix_and_with_the_names_of_tensorflow(folders, copied):
    for name, prefix in (("gpt2_small", "transformer."), ("bert_base", "bert.")):
        expected = s5.load_weights(name, folders[name]).model.get_weights()
        folder = copied(name)
        found = load_file(folder / "model.safetensors")
        names = {
            key: key.removeprefix(prefix).replace("LayerNorm.weight", "LayerNorm.gamma") for key in found
        }
        save_file({names[key]: array for key, array in found.items()}, folder / "model.safetensors")
        for one, other in zip(s5.load_weights(name, folder).model.get_weights(), expected, strict=True):
            np.testing.assert_array_equal(one, other)


def test_weights_in_several_files(folders, copied):
    folder = copied("gpt2_small")
    found = load_file(folder / "model.safetensors")
    (folder / "model.safetensors").unlink()
    names = sorted(found)
    where = {name: f"model-0000{1 + i % 2}-of-00002.safetensors" for i, name in enumerate(names)}
    for file in set(where.values()):
        save_file({name: found[name] for name in names if where[name] == file}, folder / file)
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": where}))
    expected = s5.load_weights("gpt2_small", folders["gpt2_small"]).model.get_weights()
    for one, other in zip(s5.load_weights("gpt2_small", folder).model.get_weights(), expected, strict=True):
        np.testing.assert_array_equal(one, other)
    (folder / "model-00002-of-00002.safetensors").unlink()
    with pytest.raises(ArgumentError, match=r"must hold model-00002-of-00002\.safetensors"):
        s5.load_weights("gpt2_small", folder)


def test_bfloat16_is_equal_within_its_precision(folders):
    import keras

    tokens = np.random.default_rng(1).integers(0, 24, (2, 11))
    exact = np.asarray(s5.load_weights("gpt2_small", folders["gpt2_small"]).model(tokens))
    result = s5.load_weights("gpt2_small", folders["gpt2_small"], dtype="bfloat16")
    assert {weight.dtype for weight in result.model.weights} == {"bfloat16"}
    assert keras.config.dtype_policy().name == "float32"
    rounded = np.asarray(keras.ops.cast(result.model(tokens), "float32"))
    assert 1e-5 < np.abs(rounded - exact).max() < 2**-5 * np.abs(exact).max()


def test_pixels_of_another_mean_and_deviation(folders, copied):
    image = np.random.default_rng(0).integers(0, 256, (2, 16, 16, 3)).astype("float32")
    mean, deviation = np.float32([0.4, 0.5, 0.6]), np.float32([0.2, 0.3, 0.4])
    folder = copied("vit_b16")
    (folder / "preprocessor_config.json").write_text(
        json.dumps({"image_mean": mean.tolist(), "image_std": deviation.tolist()})
    )
    # What the other weights, which read u = x / 127.5 - 1, need in order to see the same.
    seen = (image / 255 - mean) / deviation
    expected = s5.load_weights("vit_b16", folders["vit_b16"]).model(127.5 * (seen + 1))
    np.testing.assert_allclose(s5.load_weights("vit_b16", folder).model(image), expected, atol=1e-5)


@pytest.mark.parametrize("name", ["gpt2_small", "bert_base", "vit_b16"])
def test_missing_left_over_and_wrong_tensors_are_all_named(name, folders, copied):
    found = sorted(load_file(folders[name] / "model.safetensors"))
    first, last = found[0], found[-1]
    folder = change(
        copied(name), **{first: None, "extra__head__weight": np.ones(2, "float32"), last: np.ones(5)}
    )
    prefix = {"gpt2_small": "transformer.", "bert_base": "bert.", "vit_b16": "vit."}[name]
    with pytest.raises(ArgumentError) as raised:
        s5.load_weights(name, folder)
    text = str(raised.value)
    assert f"missing: {first.removeprefix(prefix)};" in text
    assert "left over: extra.head.weight;" in text
    assert f"of a wrong shape: {last} (5,) instead of (" in text


@pytest.mark.parametrize(
    ("name", "spoil", "sentence"),
    [
        ("lenet5", lambda folder: None, "`name` must be one of gpt2_small, bert_base, vit_ti16, vit_b16"),
        ("bert_base", lambda folder: None, r"These weights are for gpt2_small\. Received: model_type='gpt2'"),
        ("gpt2_small", lambda f: (f / "config.json").unlink(), r"must hold config\.json: No such file"),
        ("gpt2_small", lambda f: (f / "config.json").write_text("{"), "must be a JSON file"),
        ("gpt2_small", lambda f: (f / "config.json").write_text("[]"), "must hold one JSON object"),
        (
            "gpt2_small",
            lambda f: (f / "config.json").write_text('{"model_type": "gpt2"}'),
            "must have `n_embd`",
        ),
        ("gpt2_small", lambda f: (f / "model.safetensors").unlink(), r"must hold model\.safetensors"),
        (
            "gpt2_small",
            lambda f: (f / "model.safetensors").write_bytes((f / "model.safetensors").read_bytes()[:-9]),
            "must be a complete safetensors file",
        ),
        ("gpt2_small", lambda f: configure(f, n_layer="two"), "`n_layer` must be an integer"),
        ("gpt2_small", lambda f: configure(f, n_layer=1), r"left over: transformer\.h\.1\."),
        (
            "gpt2_small",
            lambda f: configure(f, vocab_size=25),
            r"wte\.weight \(24, 16\) instead of \(25, 16\)",
        ),
        (
            "gpt2_small",
            lambda f: configure(f, activation_function="swish"),
            "`activation_function` must be one",
        ),
        ("gpt2_small", lambda f: configure(f, scale_attn_weights=False), "must be True, the only one"),
        ("gpt2_small", lambda f: configure(f, tie_word_embeddings=False), r"missing: lm_head\.weight"),
        ("gpt2_small", lambda f: shutil.rmtree(f), "must be a folder with published weights"),
    ],
)
def test_what_is_wrong_with_a_folder_is_told(name, spoil, sentence, copied):
    folder = copied("gpt2_small")
    spoil(folder)
    with pytest.raises(ArgumentError, match=sentence):
        s5.load_weights(name, folder)


def test_other_types_and_dtypes_are_refused(folders):
    with pytest.raises(ArgumentError, match="`dtype` must be one of float32, bfloat16"):
        s5.load_weights("gpt2_small", folders["gpt2_small"], dtype="int8")
    result = s5.load_weights("bert_base", folders["bert_base"])
    with pytest.raises(
        ArgumentError, match=r"can generate; with published weights: gpt2_small\. Received: bert"
    ):
        s5.generate(result, ["hello"])
    with pytest.raises(ArgumentError, match="cannot be evaluated: it has no data set"):
        s5.evaluate(result)
    with pytest.raises(ArgumentError, match="has no data set"):
        result.task()


def test_gpt2_continues_texts(copied):
    folder = write_tokenizer(copied("gpt2_small"))
    result = s5.load_weights("gpt2_small", folder)
    texts = ["hello my", "Good day, world", "hello"]
    found = s5.generate(result, texts, temperature=0.0, max_new_tokens=5)
    assert found == s5.generate(result, texts, temperature=0.0, max_new_tokens=5, kv_cache=False)
    assert found == [s5.generate(result, [text], temperature=0.0, max_new_tokens=5)[0] for text in texts]
    assert found[0].startswith("hello my ")
    file = load_file(folder / "model.safetensors")
    tokens = [0, 1]
    while tokens[-1] != 23 and len(tokens) < 7:
        tokens.append(int(gpt2_logits(file, tokens)[-1].argmax()))
    assert found[0] == result.tokenizer.decode([tokens])[0]
    assert s5.generate(result, texts, seed=1) != s5.generate(result, texts, seed=2)
    assert s5.generate(result, []) == []
    with pytest.raises(ArgumentError, match=r"shorter than 20 tokens\. Received: 25"):
        s5.generate(result, ["hello " * 25])
    with pytest.raises(ArgumentError, match=r"`max_new_tokens` must be .*Received: max_new_tokens=0"):
        s5.generate(result, texts, max_new_tokens=0)


def test_texts_need_a_tokenizer(folders):
    result = s5.load_weights("gpt2_small", folders["gpt2_small"])
    with pytest.raises(ArgumentError, match=r"must hold tokenizer\.json"):
        s5.generate(result, ["hello"])
