"""Folders of weights as Hugging Face publishes them: small, and random."""

import json

import numpy as np
from safetensors.numpy import save_file

WORDS = ("hello", "my", "name", "is", "world", "good", "day")
GPT2 = {"model_type": "gpt2", "vocab_size": 24, "n_positions": 20, "n_embd": 16, "n_layer": 2, "n_head": 2}
BERT = {
    "model_type": "bert",
    "vocab_size": 24,
    "max_position_embeddings": 20,
    "type_vocab_size": 2,
    "hidden_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 24,
}
VIT = {
    "model_type": "vit",
    "image_size": 16,
    "num_channels": 3,
    "patch_size": 8,
    "hidden_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 24,
    "id2label": {"0": "cat", "1": "dog", "2": "tabby, tabby cat"},
}


def write_gpt2(folder, **changes):
    """Writes a GPT-2 whose token 0 is a word like any other, and 23 ends a text; returns the folder."""
    config = GPT2 | {"eos_token_id": 23} | changes
    width, inner = config["n_embd"], config.get("n_inner") or 4 * config["n_embd"]
    shapes = {"wte.weight": (config["vocab_size"], width), "wpe.weight": (config["n_positions"], width)}
    for i in range(config["n_layer"]):
        shapes |= norm(f"h.{i}.ln_1", width) | norm(f"h.{i}.ln_2", width)
        for name, sizes in {
            "attn.c_attn": (width, 3 * width),
            "attn.c_proj": (width, width),
            "mlp.c_fc": (width, inner),
            "mlp.c_proj": (inner, width),
        }.items():
            shapes |= {f"h.{i}.{name}.weight": sizes, f"h.{i}.{name}.bias": sizes[1:]}
    return write(folder, config, shapes | norm("ln_f", width), "transformer.")


def write_bert(folder, **changes):
    """Writes a BERT with the pooler and no head."""
    config = BERT | changes
    width = config["hidden_size"]
    names = {"word": "vocab_size", "position": "max_position_embeddings", "token_type": "type_vocab_size"}
    shapes = {f"embeddings.{name}_embeddings.weight": (config[key], width) for name, key in names.items()}
    shapes |= norm("embeddings.LayerNorm", width) | linear("pooler.dense", width, width)
    for i in range(config["num_hidden_layers"]):
        shapes |= encoder_layer(f"encoder.layer.{i}", width, config["intermediate_size"], "self")
        shapes |= norm(f"encoder.layer.{i}.attention.output.LayerNorm", width)
        shapes |= norm(f"encoder.layer.{i}.output.LayerNorm", width)
    return write(folder, config, shapes, "bert.")


def write_vit(folder, **changes):
    """Writes a vision transformer with a classifier."""
    config = VIT | changes
    width, patch, channels = config["hidden_size"], config["patch_size"], config["num_channels"]
    shapes = {
        "embeddings.cls_token": (1, 1, width),
        "embeddings.position_embeddings": (1, 1 + (config["image_size"] // patch) ** 2, width),
        "embeddings.patch_embeddings.projection.weight": (width, channels, patch, patch),
        "embeddings.patch_embeddings.projection.bias": (width,),
    }
    for i in range(config["num_hidden_layers"]):
        name = f"encoder.layer.{i}"
        shapes |= encoder_layer(name, width, config["intermediate_size"], "attention")
        shapes |= norm(f"{name}.layernorm_before", width) | norm(f"{name}.layernorm_after", width)
    shapes |= norm("layernorm", width) | linear("classifier", len(config["id2label"]), width)
    return write(folder, config, shapes, "vit.")


def norm(name, width):
    return {f"{name}.weight": (width,), f"{name}.bias": (width,)}


def linear(name, outputs, inputs):
    return {f"{name}.weight": (outputs, inputs), f"{name}.bias": (outputs,)}


def encoder_layer(name, width, inner, inputs):
    shapes = {}
    for part in ("query", "key", "value"):
        shapes |= linear(f"{name}.attention.{inputs}.{part}", width, width)
    shapes |= linear(f"{name}.attention.output.dense", width, width)
    return (
        shapes
        | linear(f"{name}.intermediate.dense", inner, width)
        | linear(f"{name}.output.dense", width, inner)
    )


def write(folder, config, shapes, prefix):
    """Writes random tensors of these shapes, and the configuration."""
    rng = np.random.default_rng(0)
    tensors = {name: (0.3 * rng.standard_normal(shape)).astype("float32") for name, shape in shapes.items()}
    folder.mkdir(parents=True, exist_ok=True)
    head = ("classifier",)
    save_file(
        {name if name.startswith(head) else prefix + name: array for name, array in tensors.items()},
        folder / "model.safetensors",
    )
    (folder / "config.json").write_text(json.dumps(config))
    return folder


def write_tokenizer(folder, segments=False):
    """Writes a tokenizer of whole words; BERT's adds a beginning and an end."""
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel
    from tokenizers.normalizers import Lowercase
    from tokenizers.pre_tokenizers import Whitespace
    from tokenizers.processors import TemplateProcessing

    special = ["[PAD]", "[CLS]", "[SEP]"] if segments else []
    rest = [f"word{i}" for i in range(23 - len(WORDS) - len(special))]
    words = [*special, *WORDS, *rest]
    tokenizer = Tokenizer(WordLevel({word: i for i, word in enumerate(words)} | {"<end>": 23}, "<end>"))
    tokenizer.normalizer, tokenizer.pre_tokenizer = Lowercase(), Whitespace()
    tokenizer.add_special_tokens(["<end>", *special])
    if segments:
        tokenizer.post_processor = TemplateProcessing(
            "[CLS] $A [SEP]", "[CLS] $A [SEP] $B:1 [SEP]:1", [("[CLS]", 1), ("[SEP]", 2)]
        )
    tokenizer.enable_truncation(3)  # published files may ask for either, which the client ignores
    tokenizer.enable_padding(length=9)
    tokenizer.save(str(folder / "tokenizer.json"))
    return folder
