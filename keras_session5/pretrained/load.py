"""Loads published weights into a network of the catalogue."""

import contextlib
import os
import re
from collections.abc import Iterator, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

from keras_session5 import catalog, checks
from keras_session5.errors import ArgumentError
from keras_session5.pretrained.families import FAMILIES, Family, Weight, class_names, normalise_pixels
from keras_session5.pretrained.files import CONFIG, PREPROCESSOR, TOKENIZER, Tensors, open_tensors, read_json
from keras_session5.pretrained.result import Imported

_DTYPES = ("float32", "bfloat16")
_NORM = {"gamma": "weight", "beta": "bias"}  # names in files that TensorFlow wrote
_LISTED = 12  # names of tensors in an error
_PACKAGES = ("keras-session5", "keras", "numpy", "safetensors")


def load_weights(name: str, folder: str | os.PathLike, *, dtype: str = "float32") -> Imported:
    """Builds a network with published weights, in Hugging Face's layout.

    The sizes come from `config.json`, so that every size of the family loads: GPT-2 small to XL by the name
    `gpt2_small`, BERT base and large by `bert_base`, ViT of any size by `vit_b16` or `vit_ti16`.

    Three kinds of tensors are left out deliberately, and listed in `record["left_out"]`: GPT-2's causal masks
    (`h.N.attn.bias`) and the output projection that is tied to the embedding (`lm_head.weight`); BERT's heads
    of pre-training (`cls.*`); ViT's pooler. Any other tensor too many or too few is an error.

    Args:
        name: `"gpt2_small"`, `"bert_base"`, `"vit_b16"` or `"vit_ti16"`.
        folder: holds `config.json` and `model.safetensors`, or the index of several such files; for
            texts also `tokenizer.json`, and for images `preprocessor_config.json`, if they are published.
        dtype: of the weights and of the computation: "float32" or "bfloat16".

    Returns:
        Result with the network in `model`: `tokens` (B, T) to `logits` (B, T, V); `tokens` and `segments`
        (B, T) to `sequence` (B, T, D) and `pooled` (B, D); or `image` (B, height, width, channels), pixels
        0..255, to `probabilities` (B, classes). It is exported, served and queried like any other.

    Raises:
        ArgumentError: if a file is missing or damaged, `model_type` is another one, the configuration asks
            for what the network does not have, or tensors are missing, left over or of a wrong shape.

    Example:
        >>> load_weights("gpt2_small", "gpt2").model.count_params()
        124439808
    """
    checks.one_of("name", name, FAMILIES)
    checks.one_of("dtype", dtype, _DTYPES)
    path, family = Path(folder), FAMILIES[name]
    if not path.is_dir():
        raise ArgumentError(f"`folder` must be a folder with published weights. Received: {str(path)!r}")
    config = read_json(path / CONFIG)
    _check_model_type(name, family, config, path)
    arguments = family.arguments(config)
    with open_tensors(path) as tensors:
        with _computing_in(dtype):
            model = catalog.network(name).build(**arguments)
        left_out = _assign(family, list(family.weights(model, arguments)), tensors, path)
    if (path / PREPROCESSOR).is_file() and not family.inputs:
        _apply_preprocessor(model, read_json(path / PREPROCESSOR))
    tokenizer = path / TOKENIZER
    import keras

    record = {
        "name": name,
        "parameters": model.count_params(),
        "arguments": arguments,
        "dtype": dtype,
        "backend": keras.backend.backend(),
        "model_type": family.model_type,
        "folder": str(path),
        "left_out": left_out,
        "versions": {package: metadata.version(package) for package in _PACKAGES},
    }
    return Imported(
        name=name,
        data="",
        model=model,
        metrics={},
        history=[],
        run_dir=path,
        seconds=0.0,
        jit_compile=False,
        record=record,
        class_names=() if family.inputs else class_names(config),
        tokenizer_file=tokenizer if family.inputs and tokenizer.is_file() else None,
        end_id=_find_end_id(config, arguments) if family.generates else None,
    )


def _check_model_type(name: str, family: Family, config: dict[str, Any], path: Path) -> None:
    found = config.get("model_type")
    if found != family.model_type:
        others = [other for other, one in FAMILIES.items() if one.model_type == found]
        hint = f" These weights are for {' or '.join(others)}." if others else ""
        raise ArgumentError(
            f"`model_type` in {path / CONFIG} must be {family.model_type!r} for {name}.{hint} "
            f"Received: model_type={found!r}"
        )


@contextlib.contextmanager
def _computing_in(dtype: str) -> Iterator[None]:
    """Makes Keras build layers of a dtype."""
    import keras

    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(dtype)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def _assign(family: Family, weights: Sequence[Weight], tensors: Tensors, path: Path) -> list[str]:
    """Sets all variables of a network, and returns the names of the tensors that it deliberately lacks.

    Raises:
        ArgumentError: with the names of all tensors that are missing, left over or of a wrong shape.
    """
    in_file = {_rename(name, family): name for name in tensors}
    expected = {weight.name: weight for weight in weights}
    missing = [name for name in expected if name not in in_file]
    others = [name for name in in_file if name not in expected]
    left_over = [in_file[name] for name in others if not re.fullmatch(family.left_out, name)]
    wrong = [
        f"{in_file[name]} {tensors.shape(in_file[name])} instead of {weight.shape}"
        for name, weight in expected.items()
        if name in in_file and tensors.shape(in_file[name]) != weight.shape
    ]
    problems = {"missing": missing, "left over": left_over, "of a wrong shape": wrong}
    if any(problems.values()):
        listed = "; ".join(f"{what}: {_list(names)}" for what, names in problems.items() if names)
        raise ArgumentError(f"The tensors in {path} must be those of its config.json. Received {listed}")
    for weight in weights:
        weight.assign(tensors.read(in_file[weight.name]))
    return sorted(in_file[name] for name in others)


def _rename(name: str, family: Family) -> str:
    """Returns a name without the prefix; a norm's weights have PyTorch's names."""
    name = name.removeprefix(family.prefix)
    return re.sub(r"(?<=LayerNorm\.)(gamma|beta)$", lambda m: _NORM[m[0]], name)


def _list(names: Sequence[str]) -> str:
    more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    return ", ".join(names[:_LISTED]) + more


def _apply_preprocessor(model: Any, preprocessor: dict[str, Any]) -> None:
    """Makes a ViT take pixels from 0 to 255, whatever mean and deviation it was trained with."""
    channels = model.inputs[0].shape[-1]
    found = []
    for key in ("image_mean", "image_std"):
        try:
            found.append(np.broadcast_to(np.asarray(preprocessor.get(key, 0.5), "float32"), (channels,)))
        except (TypeError, ValueError):
            raise ArgumentError(
                f"`{key}` in {PREPROCESSOR} must be {channels} numbers. Received: {preprocessor[key]!r:.80}"
            ) from None
    mean, deviation = found
    if not preprocessor.get("do_normalize", True):
        mean, deviation = np.zeros_like(mean), np.ones_like(deviation)
    if not (deviation > 0).all():
        raise ArgumentError(f"`image_std` in {PREPROCESSOR} must be above 0. Received: {deviation.tolist()}")
    if (mean != 0.5).any() or (deviation != 0.5).any():
        normalise_pixels(model, mean, deviation)


def _find_end_id(config: dict[str, Any], arguments: dict[str, Any]) -> int | None:
    """Returns the id of the token that ends a text; None if the vocabulary has none."""
    end_id = config.get("eos_token_id")
    known = isinstance(end_id, int) and 0 <= end_id < arguments["vocabulary_size"]
    return end_id if known else None
