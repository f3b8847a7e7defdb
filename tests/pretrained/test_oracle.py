"""Published weights give the outputs of Hugging Face's `transformers`, before and after export."""

import json

import numpy as np
import pytest

import keras_session5 as s5
from keras_session5.exporting import load_signatures

pytestmark = pytest.mark.oracle
torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

CLOSE = 1e-4
BERT = {
    "vocab_size": 99,
    "hidden_size": 32,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "intermediate_size": 48,
    "max_position_embeddings": 24,
}
VIT = {
    "hidden_size": 32,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "intermediate_size": 48,
    "image_size": 32,
    "patch_size": 8,
    "num_labels": 5,
}
GPT2 = {"vocab_size": 99, "n_positions": 40, "n_embd": 32, "n_layer": 3, "n_head": 4, "eos_token_id": 98}


def gpt2(**settings):
    return transformers.GPT2LMHeadModel(transformers.GPT2Config(**GPT2, bos_token_id=98, **settings))


NETWORKS = {
    "gpt2": ("gpt2_small", gpt2),
    "gpt2 with an output projection of its own": (
        "gpt2_small",
        lambda: gpt2(tie_word_embeddings=False, n_inner=48, layer_norm_epsilon=1e-3),
    ),
    "gpt2 with the exact GELU": ("gpt2_small", lambda: gpt2(activation_function="gelu")),
    "gpt2 without a head": (
        "gpt2_small",
        lambda: transformers.GPT2Model(transformers.GPT2Config(**GPT2, bos_token_id=98)),
    ),
    "bert": ("bert_base", lambda: transformers.BertModel(transformers.BertConfig(**BERT))),
    "bert with heads": (
        "bert_base",
        lambda: transformers.BertForPreTraining(transformers.BertConfig(**BERT, layer_norm_eps=1e-3)),
    ),
    "vit": (
        "vit_b16",
        lambda: transformers.ViTForImageClassification(transformers.ViTConfig(**VIT)),
    ),
    "vit of one channel": (
        "vit_ti16",
        lambda: transformers.ViTForImageClassification(
            transformers.ViTConfig(**VIT, num_channels=1, hidden_act="gelu_new")
        ),
    ),
}


@pytest.fixture(scope="module", params=NETWORKS)
def saved(request, tmp_path_factory):
    """Name of the network, folder of the weights, and PyTorch's model, with weights of a trained size."""
    name, build = NETWORKS[request.param]
    torch.manual_seed(0)
    model = build().eval()
    with torch.no_grad():
        for parameter in model.parameters():  # biases and norms that are not 0 and 1
            parameter.add_(0.1 * torch.randn_like(parameter))
    folder = tmp_path_factory.mktemp("published")
    model.save_pretrained(folder)
    return name, folder, model


def inputs_of(model):
    rng = np.random.default_rng(1)
    arguments = model.inputs
    if len(arguments[0].shape) == 4:
        return {"image": rng.integers(0, 256, (4, *arguments[0].shape[1:])).astype("float32")}
    tokens = rng.integers(1, 99, (4, 11)).astype("int32")
    if len(arguments) == 1:
        return {"tokens": tokens}
    tokens[1, 7:] = tokens[2, 3:] = 0
    return {"tokens": tokens, "segments": rng.integers(0, 2, tokens.shape).astype("int32")}


def outputs_of(model, inputs):
    """PyTorch's outputs by our names, as float32; of padding none."""
    with torch.inference_mode():
        if "image" in inputs:
            pixels = torch.tensor(inputs["image"] / 127.5 - 1).permute(0, 3, 1, 2).to(model.dtype)
            return {"probabilities": model(pixels).logits.float().softmax(-1).numpy()}
        tokens = torch.tensor(inputs["tokens"]).long()
        if "segments" not in inputs:
            body = getattr(model, "transformer", model)
            hidden = body(tokens).last_hidden_state
            head = getattr(model, "lm_head", None)
            logits = head(hidden) if head else hidden @ model.wte.weight.T
            return {"logits": logits.float().numpy()}
        mask, kinds = (tokens != 0).long(), torch.tensor(inputs["segments"]).long()
        body = getattr(model, "bert", model)
        found = body(tokens, attention_mask=mask, token_type_ids=kinds)
        sequence = found.last_hidden_state * mask[:, :, None]
        return {"sequence": sequence.float().numpy(), "pooled": found.pooler_output.float().numpy()}


def ours(predict, inputs):
    found = {name: np.asarray(array, "float32") for name, array in predict(inputs).items()}
    if "sequence" in found:
        found["sequence"] = found["sequence"] * (inputs["tokens"] != 0)[:, :, None]
    return found


def call(model):
    import keras

    def predict(inputs):
        outputs = model(list(inputs.values()) if len(inputs) > 1 else next(iter(inputs.values())))
        return dict(zip(model.output_names, keras.tree.flatten(outputs), strict=True))

    return predict


def differences(expected, found):
    return {name: float(np.abs(found[name] - array).max()) for name, array in expected.items()}


def test_the_outputs_are_those_of_transformers(saved, tmp_path):
    name, folder, model = saved
    result = s5.load_weights(name, folder)
    inputs = inputs_of(result.model)
    expected = outputs_of(model, inputs)
    before = differences(expected, ours(call(result.model), inputs))
    version = s5.export(result, tmp_path)
    signatures = load_signatures(version)
    after = differences(expected, ours(signatures["serving_default"], inputs))
    print(name, before, after)
    assert max(before.values()) <= CLOSE
    assert max(after.values()) <= CLOSE


def test_in_bfloat16_the_outputs_are_as_near_as_those_of_transformers(saved, tmp_path):
    name, folder, model = saved
    result = s5.load_weights(name, folder, dtype="bfloat16")
    inputs = inputs_of(result.model)
    exact = outputs_of(model, inputs)
    rounded = outputs_of(model.bfloat16(), inputs)
    model.float()
    model.load_state_dict(type(model).from_pretrained(folder).state_dict())
    signatures = load_signatures(s5.export(result, tmp_path))
    theirs = differences(exact, rounded)
    for found in (ours(call(result.model), inputs), ours(signatures["serving_default"], inputs)):
        own = differences(exact, found)
        print(name, "bfloat16: ours", own, "theirs", theirs)
        for output, difference in own.items():
            # A bfloat16 is exact to 2^-8 of it. Our softmax is rounded too; theirs is computed here.
            assert difference <= max(2 * theirs[output], 2**-6 * np.abs(exact[output]).max())


@pytest.mark.parametrize("kind", ["gpt2", "gpt2 with the exact GELU"])
def test_the_greedy_continuations_are_those_of_transformers(kind, tmp_path):
    torch.manual_seed(0)
    model = NETWORKS[kind][1]().eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.3 * torch.randn_like(parameter))
    model.save_pretrained(tmp_path / "published")
    result = s5.load_weights("gpt2_small", tmp_path / "published")
    signatures = load_signatures(s5.export(result, tmp_path / "models"))
    prompt = np.random.default_rng(2).integers(0, 98, (6, 5)).astype("int32")
    prompt[0, 0] = 0  # a token like any other
    for row in prompt:
        with torch.inference_mode():
            expected = model.generate(
                torch.tensor(row[None]).long(), do_sample=False, max_new_tokens=20, pad_token_id=98
            )[0].tolist()
        inputs = {
            "tokens": row[None],
            "temperature": np.zeros(1, "float32"),
            "seed": np.zeros(1, "int32"),
            "max_new_tokens": np.array([20], "int32"),
        }
        (found,) = signatures["generate"](inputs)["tokens"].tolist()
        assert [token for token in found if token >= 0] == expected


def test_other_pixels_than_of_mean_and_deviation_one_half(tmp_path):
    torch.manual_seed(0)
    model = transformers.ViTForImageClassification(transformers.ViTConfig(**VIT)).eval()
    model.save_pretrained(tmp_path)
    mean, deviation = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]
    (tmp_path / "preprocessor_config.json").write_text(
        json.dumps({"image_mean": mean, "image_std": deviation})
    )
    result = s5.load_weights("vit_b16", tmp_path)
    inputs = inputs_of(result.model)
    pixels = torch.tensor((inputs["image"] / 255 - np.float32(mean)) / np.float32(deviation))
    with torch.inference_mode():
        expected = model(pixels.permute(0, 3, 1, 2)).logits.softmax(-1).numpy()
    np.testing.assert_allclose(result.model(inputs["image"]), expected, atol=CLOSE)
