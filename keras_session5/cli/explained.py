"""What `session5 explain` tells and draws of one answer.

What a network has inside is known by the names of its outputs; their letters are those of
`pictures.internals`. Inputs and outputs are those of one question, without the batch.
"""

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import typer
from matplotlib.figure import Figure

from keras_session5 import pictures
from keras_session5.cli.query import one_line, print_classes
from keras_session5.pictures import style

Arrays = Mapping[str, Any]

_PLAIN = (
    "probabilities",
    "label",
    "fires",
    "forecast",
    "text",
)  # outputs that are told as `query` tells them
_SHOWN = 5  # pixels
_TOLD_UNITS = 8  # more of them are told in a line
_ATTENTION = ("attention", "cross_attention", "encoder_attention", "decoder_attention")


def draw(answer: Arrays, inputs: Arrays, class_names: Sequence[str]) -> list[Figure]:
    """The pictures of an answer, the most telling first."""
    found = []
    steps = _steps(answer, inputs)
    if "saliency" in answer:
        found.append(pictures.saliency(answer.get("image", inputs.get("image")), answer["saliency"]))
        if "attention" in answer:
            found.append(pictures.feature_maps(_where_the_class_token_looks(answer["attention"])))
    else:
        names = [name for name in _ATTENTION if name in answer]
        found += [
            pictures.attention(*_looking(name, answer, inputs, steps), title=name.replace("_", " "))
            for name in names
        ]
    if maps := _maps(answer):
        found.append(pictures.feature_maps(maps))
    if units := _units(answer):
        found.append(pictures.units(units))
    if "prefix_probabilities" in answer:
        read = answer["prefix_probabilities"][: len(steps)]
        found.append(pictures.prefix_probabilities(read, steps, _names(class_names, read)))
    if "prefix_forecasts" in answer:
        found.append(pictures.prefix_forecasts(inputs["series"], answer["prefix_forecasts"]))
    if "states" in answer:
        found.append(pictures.states(answer["states"][: len(steps)], steps))
    return found


def tell(answer: Arrays, inputs: Arrays, class_names: Sequence[str]) -> None:
    """Prints the answer, and the essentials of how it came about."""
    steps = _steps(answer, inputs)
    if not print_classes(answer, list(class_names)):
        for key in _PLAIN:
            if key in answer:
                typer.echo(f"{key}: {one_line(answer[key])}")
    if "next_characters" in answer:
        following = answer["next_characters"][len(steps) - 1]
        typer.echo(f"next: {following!r}" if following else "next: the end")
    if "saliency" in answer:
        _tell_pixels(answer["saliency"])
    for name, array in _maps(answer).items():
        typer.echo(f"{name} {' x '.join(map(str, array.shape))}: from {array.min():.3f} to {array.max():.3f}")
    for name, (sums, activations) in _units(answer).items():
        _tell_units(name, sums, activations)
    if "prefix_probabilities" in answer:
        _tell_guesses(answer["prefix_probabilities"], steps, class_names)
    if "saliency" in answer and "attention" in answer:
        _tell_patches(answer["attention"])
    elif "cross_attention" in answer:
        _tell_sources(*_looking("cross_attention", answer, inputs, steps))
    elif "attention" in answer:
        _tell_looking(*_looking("attention", answer, inputs, steps))


def _tell_pixels(saliency: np.ndarray) -> None:
    order = np.argsort(-saliency, axis=None)
    places = zip(*np.unravel_index(order[:_SHOWN], saliency.shape), strict=True)
    listed = ", ".join(f"({row}, {column})" for row, column in places)
    so_far = np.cumsum(saliency.ravel()[order])
    if not so_far[-1]:
        typer.echo("pixels that count most: none, whatever the image")
        return
    half = int(np.searchsorted(so_far, so_far[-1] / 2)) + 1
    typer.echo(f"pixels that count most (row, column): {listed}; {half} of {saliency.size} count for half")


def _tell_units(name: str, sums: np.ndarray, activations: np.ndarray) -> None:
    if len(sums) <= _TOLD_UNITS:
        for i, (total, activation) in enumerate(zip(sums, activations, strict=True), 1):
            unit = f" {i}" if len(sums) > 1 else ""
            typer.echo(f"{name}{unit}: weighted sum {total:.4f} -> {activation:.4f}")
        return
    best = int(activations.argmax())
    above = int((activations > 0).sum())
    typer.echo(f"{name}: {len(sums)} units, {above} above 0, most {activations[best]:.4f} in unit {best + 1}")


def _tell_guesses(probabilities: np.ndarray, steps: Sequence[str], class_names: Sequence[str]) -> None:
    """What it says of each beginning, and which character changed the final guess most."""
    probabilities = probabilities[: len(steps)]
    names = _names(class_names, probabilities)
    between = "" if all(len(step) == 1 for step in steps) else " "  # numbers of tokens are kept apart
    read = [between.join(map(style.shown, steps[: i + 1])) for i in range(len(steps))]
    for beginning, row in zip(read, probabilities, strict=True):
        best = np.argsort(-row)[:3]
        said = ", ".join(f"{names[j]} {row[j]:.2f}" for j in best)
        typer.echo(f"  {beginning:<{len(read[-1])}}  {said}")
    if len(steps) > 1:
        winner = int(probabilities[-1].argmax())
        rises = np.diff(probabilities[:, winner])
        most = int(rises.argmax())
        typer.echo(f"counts most for {names[winner]}: {_place(steps, most + 1)}, by {rises[most]:+.2f}")


def _names(class_names: Sequence[str], probabilities: np.ndarray) -> Sequence[str]:
    """Those of the classes, or numbers where they are not known."""
    return class_names or [f"class {i}" for i in range(probabilities.shape[1])]


def _tell_looking(weights: np.ndarray, queries: Sequence[str], keys: Sequence[str]) -> None:
    # Who sees only what stands before has at first nothing but itself to look at: that tells nothing.
    first = int(len(queries) > 1 and pictures.is_causal(weights))
    for (layer, head), _ in np.ndenumerate(weights[:, :, 0, 0]):
        one = weights[layer, head, first:]
        key = int(one.mean(axis=0).argmax())
        query, sharp = (int(i) for i in np.unravel_index(one.argmax(), one.shape))
        asking, asked = _place(queries, first + query), _place(keys, sharp)
        typer.echo(
            f"layer {layer + 1}, head {head + 1} looks mostly at {_place(keys, key)}, "
            f"{one[:, key].mean():.2f} of all; sharpest from {asking} at {asked}, {one[query, sharp]:.2f}"
        )


def _tell_patches(weights: np.ndarray) -> None:
    """Where the class token looks, from (L, H, 1 + patches, 1 + patches)."""
    side = math.isqrt(weights.shape[-1] - 1)
    for (layer, head), _ in np.ndenumerate(weights[:, :, 0, 0]):
        looks = weights[layer, head, 0, 1:]
        row, column = divmod(int(looks.argmax()), side)
        typer.echo(
            f"layer {layer + 1}, head {head + 1}: the class token looks mostly at patch ({row}, {column}), "
            f"{looks.max():.2f} of all"
        )


def _tell_sources(weights: np.ndarray, written: Sequence[str], keys: Sequence[str]) -> None:
    """Where each layer looks while it writes, all heads together."""
    for number, layer in enumerate(weights.mean(axis=1), 1):
        looked = (
            f"{character!r} at {_place(keys, int(row.argmax()))}"
            for character, row in zip(written, layer, strict=True)
        )
        typer.echo(f"layer {number} looks, to write {', '.join(looked)}")


def _place(labels: Sequence[str], i: int) -> str:
    """A character and its number, because there may be others like it."""
    return f"{labels[i]!r} ({i + 1})"


def _steps(answer: Arrays, inputs: Arrays) -> list[str]:
    """What a sequence is made of: characters, the ids of tokens, or the numbers of a series' steps."""
    if "characters" in answer:
        return [character for character in answer["characters"].tolist() if character]
    tokens = inputs.get("tokens", inputs.get("source"))
    if tokens is not None:
        return _ids(tokens)
    return [str(i + 1) for i in range(len(inputs.get("series", ())))]


def _ids(tokens: Sequence[int]) -> list[str]:
    """Without the padding at the end."""
    length = max((i for i, token in enumerate(tokens, 1) if token != 0), default=1)
    return [str(token) for token in tokens[:length]]


def _written(answer: Arrays, inputs: Arrays) -> tuple[list[str], list[str]]:
    """What a decoder writes at each step, its end included, and what it reads there."""
    if "target_characters" not in answer:
        read = _ids(inputs.get("target", ()))
        return [str(token) for token in answer["logits"].argmax(axis=-1)[: len(read)]], read
    typed = answer["target_characters"].tolist()
    count = max((i for i, character in enumerate(typed, 1) if character), default=0)
    written = [character or "?" for character in typed[:count]] + ["end"] * (count < len(typed))
    return written, ["begin", *written[:-1]]


def _looking(
    name: str, answer: Arrays, inputs: Arrays, steps: list[str]
) -> tuple[np.ndarray, list[str], list[str]]:
    """Weights (L, H, Q, K) without padding, and what queries and keys are."""
    queries, keys = steps, steps
    if name in ("decoder_attention", "cross_attention"):
        queries, read = _written(answer, inputs)
        keys = read if name == "decoder_attention" else steps
    return answer[name][:, :, : len(queries), : len(keys)], queries, keys


def _where_the_class_token_looks(weights: np.ndarray) -> dict[str, np.ndarray]:
    """Layer -> a map of the patches for each head, from (L, H, 1 + patches, 1 + patches)."""
    side = math.isqrt(weights.shape[-1] - 1)
    maps = weights[:, :, 0, 1:].reshape(*weights.shape[:2], side, side)
    return {
        f"where the class token looks, layer {i}, one map for each head": np.moveaxis(layer, 0, -1)
        for i, layer in enumerate(maps, 1)
    }


def _maps(answer: Arrays) -> dict[str, np.ndarray]:
    """The layers of a network of convolutions in their order, c1, s2, c3 ..."""
    names = [name for name in answer if re.fullmatch(r"[cfs]\d", name)]
    return {name: answer[name] for name in sorted(names, key=lambda name: int(name[1:]))}


def _units(answer: Arrays) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Weighted sums and activations by layer, the layer that answers last."""
    names = [name.removesuffix("_sum") for name in answer if name.endswith("_sum")]
    names.sort(key=lambda name: (name in answer, name))
    return {name: (answer[f"{name}_sum"], answer[f"{name}_activation"]) for name in names}
