"""Prints and draws the outputs of a signature `explain` for one sample.

The names of the outputs identify a network's inner values; `pictures.internals` defines the letters of their
shapes. Inputs and outputs have no batch dimension.
"""

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import typer
from matplotlib.figure import Figure

from keras_session5 import pictures
from keras_session5.cli.query import format_output, print_classes
from keras_session5.pictures import selection, style

Arrays = Mapping[str, Any]

# Outputs that have a form of their own, or none.
_NOT_PLAIN = re.compile(r"saliency|image|label|logits|(.*_)?(characters|attention)|prefix_.*")
_NUM_PIXELS = 5
_MAX_LISTED_UNITS = 8  # a larger layer gets one line
_ATTENTION = ("attention", "cross_attention", "encoder_attention", "decoder_attention")


def draw_figures(outputs: Arrays, inputs: Arrays, class_names: Sequence[str]) -> list[Figure]:
    """Returns the pictures of the outputs, the most informative first."""
    found = []
    steps = _read_steps(outputs, inputs)
    if "saliency" in outputs:
        found.append(pictures.saliency(_find_image(outputs, inputs), outputs["saliency"]))
    if selection.has_class_token(outputs):
        found.append(pictures.feature_maps(selection.class_token_maps(outputs["attention"]), "weight"))
    else:
        names = [name for name in _ATTENTION if name in outputs]
        found += [
            pictures.attention(*_select_attention(name, outputs, inputs, steps), title=name.replace("_", " "))
            for name in names
        ]
    if maps := selection.feature_maps(outputs):
        found.append(pictures.feature_maps(maps))
    if units := selection.units(outputs):
        found.append(pictures.units(units))
    if "prefix_probabilities" in outputs:
        read = outputs["prefix_probabilities"][: len(steps)]
        found.append(pictures.prefix_probabilities(read, steps, _name_classes(class_names, read)))
    if "prefix_forecasts" in outputs:
        found.append(pictures.prefix_forecasts(inputs["series"], outputs["prefix_forecasts"]))
    if "states" in outputs:
        found.append(pictures.states(outputs["states"][: len(steps)], steps))
    return found


def print_summary(outputs: Arrays, inputs: Arrays, class_names: Sequence[str]) -> None:
    """Prints the predictions and a summary of the inner values."""
    steps = _read_steps(outputs, inputs)
    maps, units = selection.feature_maps(outputs), selection.units(outputs)
    shown = {print_classes(outputs, list(class_names)), *maps}
    shown |= {f"{name}_{value}" for name in units for value in ("sum", "activation")}
    for name, array in sorted(outputs.items()):
        if name not in shown and not _NOT_PLAIN.fullmatch(name):
            typer.echo(f"{name}: {_format_plainly(array)}")
    if "next_characters" in outputs:
        following = outputs["next_characters"][len(steps) - 1]
        typer.echo(f"next: {following!r}" if following else "next: the end")
    if "saliency" in outputs:
        _print_pixels(outputs["saliency"])
    for name, array in maps.items():
        typer.echo(f"{name} {_format_range(array)}")
    for name, (sums, activations) in units.items():
        _print_units(name, sums, activations)
    if "prefix_probabilities" in outputs:
        _print_predictions_by_prefix(outputs["prefix_probabilities"], steps, class_names)
    if selection.has_class_token(outputs):
        _print_class_token_attention(outputs["attention"])
    elif "cross_attention" in outputs:
        _print_cross_attention(*_select_attention("cross_attention", outputs, inputs, steps))
    elif "attention" in outputs:
        _print_attention(*_select_attention("attention", outputs, inputs, steps))


def _format_plainly(value: Any) -> str:
    """Returns one output: its values, or the range of those of a matrix."""
    return _format_range(value) if np.ndim(value) > 1 else format_output(value)


def _format_range(array: np.ndarray) -> str:
    shape = " x ".join(map(str, array.shape))
    return f"{shape}: from {array.min():.3f} to {array.max():.3f}" if array.dtype.kind in "biuf" else shape


def _print_pixels(saliency: np.ndarray) -> None:
    order = np.argsort(-saliency, axis=None)
    places = zip(*np.unravel_index(order[:_NUM_PIXELS], saliency.shape), strict=True)
    listed = ", ".join(f"({row}, {column})" for row, column in places)
    so_far = np.cumsum(saliency.ravel()[order])
    if not so_far[-1]:
        typer.echo("most salient pixels: none, the gradient is zero")
        return
    half = int(np.searchsorted(so_far, so_far[-1] / 2)) + 1
    typer.echo(f"most salient pixels (row, column): {listed}; {half} of {saliency.size} hold half of it")


def _print_units(name: str, sums: np.ndarray, activations: np.ndarray) -> None:
    if len(sums) <= _MAX_LISTED_UNITS:
        for i, (total, activation) in enumerate(zip(sums, activations, strict=True), 1):
            unit = f" {i}" if len(sums) > 1 else ""
            typer.echo(f"{name}{unit}: weighted sum {total:.4f} -> {activation:.4f}")
        return
    best = int(activations.argmax())
    above = int((activations > 0).sum())
    typer.echo(
        f"{name}: {len(sums)} units, {above} above 0, highest {activations[best]:.4f} at unit {best + 1}"
    )


def _print_predictions_by_prefix(
    probabilities: np.ndarray, steps: Sequence[str], class_names: Sequence[str]
) -> None:
    """Prints the prediction after each step, and the step that raises the final prediction most."""
    probabilities = probabilities[: len(steps)]
    names = _name_classes(class_names, probabilities)
    separator = "" if all(len(step) == 1 for step in steps) else " "  # between token ids
    prefixes = [separator.join(map(style.shown, steps[: i + 1])) for i in range(len(steps))]
    for prefix, row in zip(prefixes, probabilities, strict=True):
        top = ", ".join(f"{names[j]} {row[j]:.2f}" for j in np.argsort(-row)[:3])
        typer.echo(f"  {prefix:<{len(prefixes[-1])}}  {top}")
    if len(steps) > 1:
        winner = int(probabilities[-1].argmax())
        rises = np.diff(probabilities[:, winner])
        most = int(rises.argmax())
        typer.echo(
            f"most important for {names[winner]}: {_format_position(steps, most + 1)}, {rises[most]:+.2f}"
        )


def _name_classes(class_names: Sequence[str], probabilities: np.ndarray) -> Sequence[str]:
    """Returns the names of the classes, or numbers if the names are unknown."""
    return class_names or [f"class {i}" for i in range(probabilities.shape[1])]


def _print_attention(weights: np.ndarray, queries: Sequence[str], keys: Sequence[str]) -> None:
    # With a causal mask the first position can attend only to itself, which carries no information.
    first = int(len(queries) > 1 and pictures.is_causal(weights))
    for (layer, head), _ in np.ndenumerate(weights[:, :, 0, 0]):
        one = weights[layer, head, first:]
        key = int(one.mean(axis=0).argmax())
        query, sharp = (int(i) for i in np.unravel_index(one.argmax(), one.shape))
        pair = f"{_format_position(queries, first + query)} to {_format_position(keys, sharp)}"
        typer.echo(
            f"layer {layer + 1}, head {head + 1} attends mostly to {_format_position(keys, key)}, "
            f"mean weight {one[:, key].mean():.2f}; greatest weight from {pair}, {one[query, sharp]:.2f}"
        )


def _print_class_token_attention(weights: np.ndarray) -> None:
    """Prints the patch with the class token's greatest weight, from (L, H, 1 + patches, 1 + patches)."""
    side = math.isqrt(weights.shape[-1] - 1)
    for (layer, head), _ in np.ndenumerate(weights[:, :, 0, 0]):
        row_weights = weights[layer, head, 0, 1:]
        row, column = divmod(int(row_weights.argmax()), side)
        typer.echo(
            f"layer {layer + 1}, head {head + 1}: the class token attends mostly to patch ({row}, {column}), "
            f"weight {row_weights.max():.2f}"
        )


def _print_cross_attention(weights: np.ndarray, generated: Sequence[str], keys: Sequence[str]) -> None:
    """Prints each layer's greatest cross-attention per character, averaged over the heads."""
    for number, layer in enumerate(weights.mean(axis=1), 1):
        pairs = (
            f"{character!r} to {_format_position(keys, int(row.argmax()))}"
            for character, row in zip(generated, layer, strict=True)
        )
        typer.echo(f"layer {number} attends mostly from {', '.join(pairs)}")


def _format_position(labels: Sequence[str], i: int) -> str:
    """Returns a character and its position, because a character may occur several times."""
    return f"{labels[i]!r} ({i + 1})"


def _read_steps(outputs: Arrays, inputs: Arrays) -> list[str]:
    """Returns a label for each step: a character, a token's id, or the number of a step in a series."""
    if "characters" in outputs:
        return [character for character in outputs["characters"].tolist() if character]
    tokens = inputs.get("tokens", inputs.get("source"))
    if tokens is not None:
        return _format_tokens(tokens)
    lengths = [outputs[name].shape[-1] for name in _ATTENTION if name in outputs]
    return _number(len(outputs["states"]) if "states" in outputs else max(lengths, default=0))


def _number(count: int) -> list[str]:
    """Returns labels for steps that have no better ones."""
    return [str(i + 1) for i in range(count)]


def _format_tokens(tokens: Sequence[int]) -> list[str]:
    """Returns the ids without the padding at the end."""
    length = max((i for i, token in enumerate(tokens, 1) if token != 0), default=1)
    return [str(token) for token in tokens[:length]]


def _read_decoder_steps(outputs: Arrays, inputs: Arrays) -> tuple[list[str], list[str]]:
    """Returns the decoder's output at each step, end included, and its input there."""
    if "target_characters" not in outputs:
        read = _format_tokens(inputs.get("target", ()))
        if "logits" not in outputs:
            return read, read
        return [str(token) for token in outputs["logits"].argmax(axis=-1)[: len(read)]], read
    characters = outputs["target_characters"].tolist()
    count = max((i for i, character in enumerate(characters, 1) if character), default=0)
    generated = [character or "?" for character in characters[:count]] + ["end"] * (count < len(characters))
    return generated, ["begin", *generated[:-1]]


def _select_attention(
    name: str, outputs: Arrays, inputs: Arrays, steps: list[str]
) -> tuple[np.ndarray, list[str], list[str]]:
    """Returns the weights (L, H, Q, K) without padding, and labels for queries and keys."""
    queries, keys = steps, steps
    if name in ("decoder_attention", "cross_attention"):
        queries, read = _read_decoder_steps(outputs, inputs)
        keys = read if name == "decoder_attention" else steps
    weights = outputs[name]
    queries, keys = queries or _number(weights.shape[2]), keys or _number(weights.shape[3])
    return weights[:, :, : len(queries), : len(keys)], queries, keys


def _find_image(outputs: Arrays, inputs: Arrays) -> Any:
    """Returns the image, among the outputs or as the input that has the size of its saliency."""
    images = [outputs["image"]] if "image" in outputs else inputs.values()
    return next(image for image in images if np.shape(image)[:2] == outputs["saliency"].shape)
