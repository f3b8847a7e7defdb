"""The families of published weights: how a `config.json` gives sizes, and which tensor is which variable.

Each family's function yields all tensors that its network needs. The names are those of Hugging Face's files,
without the prefix that some files have and others do not.

Reference:
    The published files: openai-community/gpt2, google-bert/bert-base-uncased, google/vit-base-patch16-224.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from keras_session5 import checks
from keras_session5.errors import ArgumentError

Config = Mapping[str, Any]
_ACTIVATIONS = {
    "gelu": "gelu",
    "gelu_new": "gelu_tanh",
    "gelu_fast": "gelu_tanh",
    "gelu_pytorch_tanh": "gelu_tanh",
    "relu": "relu",
}


@dataclass(frozen=True)
class Weight:
    """A tensor of the file.

    Attributes:
        name: without the family's prefix.
        shape: in the file.
        assign: takes the tensor, and sets the variables of the network that it holds.
    """

    name: str
    shape: tuple[int, ...]
    assign: Callable[[np.ndarray], Any]


@dataclass(frozen=True)
class Family:
    """Networks whose weights are published in the same layout.

    Attributes:
        model_type: of `config.json`.
        prefix: of the names of tensors, in files with a head.
        arguments: function from the configuration to the arguments of the builder.
        weights: function from the network and its arguments to all its tensors.
        left_out: regular expression for the names of tensors that the network deliberately lacks.
        inputs: of the network, from texts; empty for images.
        padding_id: id after the end of a text; -1 for a vocabulary in which 0 is a token.
        generates: whether the network continues texts.
    """

    model_type: str
    prefix: str
    arguments: Callable[[Config], dict[str, Any]]
    weights: Callable[[Any, Mapping[str, Any]], Iterator[Weight]]
    left_out: str
    inputs: tuple[str, ...] = ()
    padding_id: int = 0
    generates: bool = False


def _gpt2_arguments(config: Config) -> dict[str, Any]:
    _require(
        config, scale_attn_weights=True, scale_attn_by_inverse_layer_idx=False, add_cross_attention=False
    )
    embed_dim = _size(config, "n_embd")
    return {
        "vocabulary_size": _size(config, "vocab_size"),
        "max_length": _size(config, "n_positions"),
        "embed_dim": embed_dim,
        "num_layers": _size(config, "n_layer"),
        "num_heads": _size(config, "n_head"),
        "mlp_dim": _size(config, "n_inner") if config.get("n_inner") else 4 * embed_dim,
        "dropout": config.get("resid_pdrop", 0.1),
        "tied": config.get("tie_word_embeddings", True),
        "activation": _activation(config, "activation_function", "gelu_new"),
        "epsilon": config.get("layer_norm_epsilon", 1e-5),
    }


def _gpt2_weights(model: Any, arguments: Mapping[str, Any]) -> Iterator[Weight]:
    layer = model.get_layer
    yield _same("wte.weight", layer("embedding").weights[0])
    yield _same("wpe.weight", layer("positions").table)
    for i in range(arguments["num_layers"]):
        block, name = f"block{i + 1}", f"h.{i}"
        yield from _norm(f"{name}.ln_1", layer(f"{block}_attention_norm"))
        attention = layer(f"{block}_attention").attention
        parts = attention.query_dense, attention.key_dense, attention.value_dense
        yield _thirds(f"{name}.attn.c_attn.weight", [part.kernel for part in parts])
        yield _thirds(f"{name}.attn.c_attn.bias", [part.bias for part in parts])
        # GPT-2 stores its matrices as (inputs, outputs), like Keras.
        yield _same(f"{name}.attn.c_proj.weight", attention.output_dense.kernel, outputs=1)
        yield _same(f"{name}.attn.c_proj.bias", attention.output_dense.bias)
        yield from _norm(f"{name}.ln_2", layer(f"{block}_mlp_norm"))
        for part, dense in (("c_fc", f"{block}_mlp_1"), ("c_proj", f"{block}_mlp_2")):
            yield _same(f"{name}.mlp.{part}.weight", layer(dense).kernel)
            yield _same(f"{name}.mlp.{part}.bias", layer(dense).bias)
    yield from _norm("ln_f", layer("final_norm"))
    if not arguments["tied"]:
        yield _transposed("lm_head.weight", layer("embedding").weights[1])


def _bert_arguments(config: Config) -> dict[str, Any]:
    _require(config, position_embedding_type="absolute", is_decoder=False, pad_token_id=0)
    return {
        "vocabulary_size": _size(config, "vocab_size"),
        "max_length": _size(config, "max_position_embeddings"),
        "num_segments": _size(config, "type_vocab_size"),
        "dropout": config.get("hidden_dropout_prob", 0.1),
    } | _encoder_arguments(config)


def _bert_weights(model: Any, arguments: Mapping[str, Any]) -> Iterator[Weight]:
    layer = model.get_layer
    yield _same("embeddings.word_embeddings.weight", layer("embedding").embeddings)
    yield _same("embeddings.token_type_embeddings.weight", layer("segment_embedding").embeddings)
    yield _same("embeddings.position_embeddings.weight", layer("positions").table)
    yield from _norm("embeddings.LayerNorm", layer("embedding_norm"))
    for i in range(arguments["num_layers"]):
        block, name = f"block{i + 1}", f"encoder.layer.{i}"
        attention = layer(f"{block}_attention")
        yield from _attention(f"{name}.attention.self", f"{name}.attention.output.dense", attention)
        yield from _norm(f"{name}.attention.output.LayerNorm", layer(f"{block}_attention_norm"))
        yield from _dense(f"{name}.intermediate.dense", layer(f"{block}_mlp_1"))
        yield from _dense(f"{name}.output.dense", layer(f"{block}_mlp_2"))
        yield from _norm(f"{name}.output.LayerNorm", layer(f"{block}_mlp_norm"))
    yield from _dense("pooler.dense", layer("pooled"))


def _vit_arguments(config: Config) -> dict[str, Any]:
    _require(config, qkv_bias=True)
    return {
        "num_classes": len(class_names(config)) or config.get("num_labels", 2),
        "image_size": _size(config, "image_size"),
        "channels": _size(config, "num_channels"),
        "patch_size": _size(config, "patch_size"),
        "dropout": config.get("hidden_dropout_prob", 0.0),
    } | _encoder_arguments(config)


def _vit_weights(model: Any, arguments: Mapping[str, Any]) -> Iterator[Weight]:
    layer = model.get_layer
    yield _same("embeddings.cls_token", layer("class_token").token)
    table = layer("positions").table
    yield Weight("embeddings.position_embeddings", (1, *table.shape), lambda array: table.assign(array[0]))
    patches = layer("patches")
    height, width, channels, embed_dim = patches.kernel.shape
    yield Weight(
        "embeddings.patch_embeddings.projection.weight",
        (embed_dim, channels, height, width),
        lambda array: patches.kernel.assign(array.transpose(2, 3, 1, 0)),
    )
    yield _same("embeddings.patch_embeddings.projection.bias", patches.bias)
    for i in range(arguments["num_layers"]):
        block, name = f"block{i + 1}", f"encoder.layer.{i}"
        yield from _norm(f"{name}.layernorm_before", layer(f"{block}_attention_norm"))
        attention = layer(f"{block}_attention")
        yield from _attention(f"{name}.attention.attention", f"{name}.attention.output.dense", attention)
        yield from _norm(f"{name}.layernorm_after", layer(f"{block}_mlp_norm"))
        yield from _dense(f"{name}.intermediate.dense", layer(f"{block}_mlp_1"))
        yield from _dense(f"{name}.output.dense", layer(f"{block}_mlp_2"))
    yield from _norm("layernorm", layer("final_norm"))
    yield from _dense("classifier", layer("probabilities"))


def class_names(config: Config) -> tuple[str, ...]:
    """Returns the names of the classes in the order of their numbers; empty if the configuration has none."""
    names = config.get("id2label") or {}
    try:
        return tuple(str(names[key]) for key in sorted(names, key=int))
    except (TypeError, ValueError):
        raise ArgumentError(
            f"`id2label` in config.json must map numbers to names. Received: {names!r:.80}"
        ) from None


def normalise_pixels(model: Any, mean: np.ndarray, deviation: np.ndarray) -> None:
    """Changes the patch embedding of a ViT to weights that expect other pixels than (x / 255 - 0.5) / 0.5.

    The network's own input stays x / 127.5 - 1. With u = x / 127.5 - 1, the published network reads
    (x / 255 - mean) / deviation = u / (2 deviation) + (0.5 - mean) / deviation, a linear map of each channel.

    Args:
        model: ViT with the weights of the file.
        mean, deviation: of the published preprocessing, one number for each channel.
    """
    patches = model.get_layer("patches")
    kernel = np.asarray(patches.kernel, "float32")  # (height, width, channels, D)
    offset = ((0.5 - mean) / deviation)[:, None]
    patches.bias.assign(np.asarray(patches.bias, "float32") + (kernel * offset).sum(axis=(0, 1, 2)))
    patches.kernel.assign(kernel / (2 * deviation)[:, None])


def _encoder_arguments(config: Config) -> dict[str, Any]:
    return {
        "embed_dim": _size(config, "hidden_size"),
        "num_layers": _size(config, "num_hidden_layers"),
        "num_heads": _size(config, "num_attention_heads"),
        "mlp_dim": _size(config, "intermediate_size"),
        "activation": _activation(config, "hidden_act", "gelu"),
        "epsilon": config.get("layer_norm_eps", 1e-12),
    }


def _size(config: Config, key: str) -> int:
    if key not in config:
        raise ArgumentError(f"config.json must have `{key}`. Received: {', '.join(map(str, config))}")
    return checks.positive_int(key, config[key])


def _activation(config: Config, key: str, default: str) -> str:
    return _ACTIVATIONS[checks.one_of(key, config.get(key, default), _ACTIVATIONS)]


def _require(config: Config, **values: Any) -> None:
    """Raises `ArgumentError` if the configuration asks for what the network does not have."""
    for key, value in values.items():
        if config.get(key, value) != value:
            raise ArgumentError(
                f"`{key}` in config.json must be {value!r}, the only one that this network has. "
                f"Received: {key}={config[key]!r}"
            )


def _same(name: str, variable: Any, outputs: int | None = None) -> Weight:
    """A tensor in the variable's own order; `outputs` last dimensions stay, the others are one."""
    shape = tuple(variable.shape)
    if outputs:
        shape = (int(np.prod(shape[:-outputs])), *shape[-outputs:])
    return Weight(name, shape, lambda array: variable.assign(array.reshape(variable.shape)))


def _transposed(name: str, variable: Any, num_inputs: int = 1) -> Weight:
    """A matrix (outputs, inputs), as PyTorch stores it; the variable's first dimensions are the inputs."""
    inputs, outputs = (int(np.prod(part)) for part in np.split(np.array(variable.shape), [num_inputs]))
    return Weight(name, (outputs, inputs), lambda array: variable.assign(array.T.reshape(variable.shape)))


def _thirds(name: str, variables: list[Any]) -> Weight:
    """A tensor whose last dimension holds three variables, each with heads and their width as its last."""
    rows = tuple(variables[0].shape[:-2])

    def assign(array: np.ndarray) -> None:
        for variable, part in zip(variables, np.split(array, 3, axis=-1), strict=True):
            variable.assign(part.reshape(variable.shape))

    return Weight(name, (*rows, 3 * int(np.prod(variables[0].shape[-2:]))), assign)


def _flat(name: str, variable: Any) -> Weight:
    size = int(np.prod(variable.shape))
    return Weight(name, (size,), lambda array: variable.assign(array.reshape(variable.shape)))


def _dense(name: str, layer: Any, num_inputs: int = 1) -> Iterator[Weight]:
    yield _transposed(f"{name}.weight", layer.kernel, num_inputs)
    yield _flat(f"{name}.bias", layer.bias)


def _norm(name: str, layer: Any) -> Iterator[Weight]:
    yield _same(f"{name}.weight", layer.gamma)
    yield _same(f"{name}.bias", layer.beta)


def _attention(inputs: str, output: str, layer: Any) -> Iterator[Weight]:
    yield from _dense(f"{inputs}.query", layer.query_dense)
    yield from _dense(f"{inputs}.key", layer.key_dense)
    yield from _dense(f"{inputs}.value", layer.value_dense)
    yield from _dense(output, layer.output_dense, num_inputs=2)


_GPT2 = Family(
    model_type="gpt2",
    prefix="transformer.",
    arguments=_gpt2_arguments,
    weights=_gpt2_weights,
    # Causal masks, which early versions saved, and the output projection, which is the embedding if tied.
    left_out=r"h\.\d+\.attn\.(masked_)?bias|lm_head\.weight",
    inputs=("tokens",),
    padding_id=-1,
    generates=True,
)
_BERT = Family(
    model_type="bert",
    prefix="bert.",
    arguments=_bert_arguments,
    weights=_bert_weights,
    left_out=r"cls\..*|embeddings\.position_ids",  # the heads of pre-training; the numbers 0, 1, 2, ...
    inputs=("tokens", "segments"),
)
_VIT = Family(
    model_type="vit",
    prefix="vit.",
    arguments=_vit_arguments,
    weights=_vit_weights,
    left_out=r"pooler\..*",  # the classifier reads the class token without it
)
FAMILIES: Mapping[str, Family] = {"gpt2_small": _GPT2, "bert_base": _BERT, "vit_ti16": _VIT, "vit_b16": _VIT}
"""The networks of the catalogue whose weights are published, by name."""
