"""Pictures of what happens inside a network, from the arrays that its signature `explain` answers with.

Letters: B is gone, each picture is of one question; T steps, U hidden units, C classes, L layers, H heads,
Q queries, K keys.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from keras_session5 import checks
from keras_session5.errors import ArgumentError
from keras_session5.pictures import style

_WIDTH = 8.0  # inches
_MAPS_IN_A_ROW = 16
_UNITS_IN_A_ROW = 50
_MOST_BARS = 24  # units; of more, bars are too thin
_MOST_NUMBERS = 10  # units with their numbers written above
_HEADS_IN_A_ROW = 4


def feature_maps(maps: Mapping[str, np.ndarray]) -> Figure:
    """Draws what every layer makes of an image.

    Args:
        maps: layer -> (height, width, C), or (n,) for a layer without height and width; each layer has
            colours of its own.
    """
    mosaics = {name: _mosaic(np.asarray(array)) for name, array in maps.items()}
    heights = [0.35 + 0.85 * _WIDTH * m.shape[0] / m.shape[1] for m in mosaics.values()]
    figure = style.new_figure(_WIDTH, sum(heights) + 0.1)
    rows = figure.subplots(len(maps), 1, squeeze=False, height_ratios=heights)[:, 0]
    colours = mpl.colormaps[style.SEQUENTIAL].with_extremes(bad="white")
    for axes, (name, mosaic) in zip(rows, mosaics.items(), strict=True):
        image = axes.imshow(mosaic, cmap=colours, interpolation="nearest")
        axes.set_title(f"{name}: {_size(np.shape(maps[name]))}", loc="left", fontsize=10)
        axes.set_axis_off()
        _bar(figure, image, axes)
    return figure


def saliency(image: np.ndarray, saliency: np.ndarray) -> Figure:
    """Draws an image, how much each pixel counts, and both.

    Args:
        image: (H, W), or (H, W, channels).
        saliency: (H, W), at least 0.
    """
    image, saliency = np.asarray(image, float), np.asarray(saliency, float)
    if image.shape[:2] != saliency.shape:
        raise ArgumentError(
            f"`saliency` must be as high and wide as `image`. "
            f"Received: shape={saliency.shape}, image of shape {image.shape}"
        )
    grey = image.reshape(*saliency.shape, -1).mean(axis=-1)
    figure = style.new_figure(_WIDTH, 2.9)
    seen, counts, both = figure.subplots(1, 3)
    seen.imshow(grey, cmap="gray")
    drawn = counts.imshow(saliency, cmap=style.SEQUENTIAL, vmin=0)
    _bar(figure, drawn, counts)
    both.imshow(grey, cmap="gray", alpha=0.6)
    share = saliency / max(saliency.max(initial=0), 1e-30)
    glow = np.zeros((*saliency.shape, 4))
    glow[..., :3] = mpl.colors.to_rgb(style.ORANGE)
    glow[..., 3] = share**0.7  # small ones are seen too
    both.imshow(glow)
    for axes, title in ((seen, "image"), (counts, "how much a pixel counts"), (both, "both")):
        axes.set_title(title, loc="left", fontsize=10)
        axes.set_axis_off()
    return figure


def attention(
    weights: np.ndarray,
    queries: Sequence[str],
    keys: Sequence[str],
    layers: Sequence[int] | None = None,
    heads: Sequence[int] | None = None,
    title: str | None = None,
) -> Figure:
    """Draws which query looks at which key, for every head of every layer.

    Args:
        weights: (L, H, Q, K), rows that sum to 1.
        queries: Q characters or words.
        keys: K characters or words.
        layers, heads: their numbers, where not all of a network are drawn; 1, 2, ... if None.
        title: above it, such as "cross attention".
    """
    weights = np.asarray(weights)
    num_layers, num_heads, num_queries, num_keys = _shape(weights, 4, "weights", "(L, H, queries, keys)")
    _labels("queries", queries, num_queries)
    _labels("keys", keys, num_keys)
    layers, heads = layers or range(1, num_layers + 1), heads or range(1, num_heads + 1)
    _labels("layers", layers, num_layers)
    _labels("heads", heads, num_heads)
    columns = min(num_heads, _HEADS_IN_A_ROW)
    rows = num_layers * -(-num_heads // columns)
    width, height = (float(np.clip(0.16 * count, 1.3, 2.6)) for count in (num_keys, num_queries))
    figure = style.new_figure(columns * (width + 0.2) + 1.3, rows * (height + 0.35) + 0.8)
    grid = figure.subplots(rows, columns, squeeze=False, sharex=True, sharey=True)
    rows_of_layer = rows // num_layers
    image: Any = None
    # Among many keys all weights are small. Who sees only what stands before has at first but one to look at.
    most = float(weights[:, :, int(num_queries > 1 and is_causal(weights)) :].max())
    for place, axes in np.ndenumerate(grid):
        layer, head = place[0] // rows_of_layer, place[0] % rows_of_layer * columns + place[1]
        if head >= num_heads:
            axes.set_axis_off()
            continue
        look: dict[str, Any] = {"cmap": style.SEQUENTIAL, "vmin": 0, "vmax": most, "aspect": "auto"}
        image = axes.imshow(weights[layer, head], **look)
        axes.set_title(f"layer {layers[layer]}, head {heads[head]}", fontsize=9)
        style.label_steps(axes, "x", keys, most=int(width / 0.12), size=7)
        style.label_steps(axes, "y", queries, most=int(height / 0.12), size=7)
    figure.suptitle(title or "", x=0.01, ha="left", fontsize=10)
    figure.supxlabel("looked at (key)", fontsize=10)
    figure.supylabel("looks (query)", fontsize=10)
    figure.colorbar(image, ax=grid, label="weight", shrink=min(1, 3 / rows), aspect=30, pad=0.02)
    return figure


def is_causal(weights: np.ndarray) -> bool:
    """Whether each of the queries (..., T, T) looks at nothing that comes after it."""
    return weights.shape[-2] == weights.shape[-1] and not np.triu(weights, 1).any()


def states(states: np.ndarray, characters: Sequence[str]) -> Figure:
    """Draws the hidden state after each step.

    Args:
        states: (T, U).
        characters: what was read at each step; numbers are shown as they are.
    """
    states = np.asarray(states)
    num_steps, _ = _shape(states, 2, "states", "(steps, units)")
    _labels("characters", characters, num_steps)
    figure = style.new_figure(float(np.clip(0.3 * num_steps + 1.8, 4, _WIDTH)), 3.2)
    axes = figure.subplots()
    limit = max(1.0, float(np.abs(states).max(initial=0)))
    look: dict[str, Any] = {"cmap": style.SIGNED, "vmin": -limit, "vmax": limit, "aspect": "auto"}
    image = axes.imshow(states.T, interpolation="nearest", **look)
    style.label_steps(axes, "x", characters)
    axes.yaxis.get_major_locator().set_params(integer=True)  # pyright: ignore[reportCallIssue]
    axes.set(xlabel="read", ylabel="hidden unit")
    axes.set_title("hidden state after each step", loc="left", fontsize=10)
    figure.colorbar(image, ax=axes, label="state")
    return figure


def prefix_probabilities(
    probabilities: np.ndarray, characters: Sequence[str], class_names: Sequence[str], top: int = 5
) -> Figure:
    """Draws what a network thinks of the first character, the first two, and so on.

    Args:
        probabilities: (T, C).
        characters: T of them, as they are read.
        class_names: C of them.
        top: how many classes are drawn: those that are the likeliest in the end or at some time before.
    """
    probabilities = np.asarray(probabilities)
    num_steps, num_classes = _shape(probabilities, 2, "probabilities", "(steps, classes)")
    _labels("characters", characters, num_steps)
    _labels("class_names", class_names, num_classes)
    checks.positive_int("top", top)
    names = list(class_names)
    last = probabilities[-1]
    chosen = np.argsort(-(probabilities.max(axis=0) + last), kind="stable")[:top]
    chosen = chosen[np.argsort(-last[chosen], kind="stable")]
    figure = style.new_figure(float(np.clip(0.35 * num_steps + 3, 5, _WIDTH)), 3.2)
    axes = style.plain(figure.subplots())
    places, beside = np.arange(num_steps), 1.06
    for number, i in enumerate(chosen):
        colour = style.PALETTE[number % len(style.PALETTE)]
        axes.plot(places, probabilities[:, i], color=colour, marker="osD^vP*X"[number % 8], markersize=4)
        beside = min(last[i], beside - 0.07)  # likeliest first: from the top down, at least a line apart
        name = f"{style.shown(names[i])} {last[i]:.2f}"
        where: dict[str, Any] = {"textcoords": axes.get_yaxis_transform(), "va": "center", "fontsize": 8}
        axes.annotate(name, (places[-1], last[i]), (1.02, beside), color=colour, **where, **style.font())
    style.label_steps(axes, "x", characters)
    axes.set(ylim=(-0.02, 1.02), xlabel="read so far", ylabel="probability")
    axes.grid(axis="y", alpha=0.3)
    axes.set_title("what it says of the beginning", loc="left", fontsize=10)
    return figure


def prefix_forecasts(series: np.ndarray, forecasts: np.ndarray) -> Figure:
    """Draws a series, and at each step what was forecast there from all before.

    Args:
        series: (T,).
        forecasts: (T,), of the value after each; the last one is not yet known.
    """
    series, forecasts = np.ravel(series), np.ravel(forecasts)
    _labels("forecasts", forecasts, len(series))
    figure = style.new_figure(_WIDTH, 2.8)
    axes = style.plain(figure.subplots())
    steps = np.arange(1, len(series) + 1)
    axes.plot(steps, series, color=style.BLACK, marker="o", markersize=3, linewidth=1, label="series")
    axes.plot(
        steps + 1, forecasts, color=style.ORANGE, marker="s", markersize=3, linestyle="--", label="forecast"
    )
    axes.xaxis.get_major_locator().set_params(integer=True)  # pyright: ignore[reportCallIssue]
    axes.set(xlabel="step", ylabel="value")
    axes.grid(alpha=0.3)
    axes.legend(frameon=False, fontsize=8)
    axes.set_title("each value, and what was forecast of it one step before", loc="left", fontsize=10)
    return figure


def units(layers: Mapping[str, tuple[np.ndarray, np.ndarray]]) -> Figure:
    """Draws the weighted sum of every unit and what its activation makes of it.

    Args:
        layers: layer -> sums (U,) and activations (U,).
    """
    both = {name: (np.ravel(sums), np.ravel(fires)) for name, (sums, fires) in layers.items()}
    heights = [2.0 if len(sums) <= _MOST_BARS else _strip_height(len(sums)) for sums, _ in both.values()]
    figure = style.new_figure(_WIDTH, sum(heights) + 0.2)
    parts = figure.subfigures(len(both), 1, squeeze=False, height_ratios=heights)[:, 0]
    for part, (name, (sums, activations)) in zip(parts, both.items(), strict=True):
        count = len(sums)
        part.suptitle(f"{name}: {count} unit{'s' * (count > 1)}", x=0.01, ha="left", fontsize=10)
        (_bars if count <= _MOST_BARS else _strips)(part, sums, activations)
    return figure


def _bars(part: Any, sums: np.ndarray, activations: np.ndarray) -> None:
    """Side by side, each on a scale of its own: beside sums of twenty, probabilities would not be seen."""
    left, right = part.subplots(1, 2)
    kinds = (
        (left, "weighted sum", sums, style.BLUE, ""),
        (right, "activation", activations, style.ORANGE, "//"),
    )
    for axes, title, values, colour, hatch in kinds:
        places = np.arange(1, len(values) + 1)
        bars = style.plain(axes).bar(places, values, 0.6, color=colour, hatch=hatch, edgecolor="white")
        if len(values) <= _MOST_NUMBERS:
            axes.bar_label(bars, fmt="%.2f", fontsize=7, padding=2)
        axes.axhline(0, color=style.BLACK, linewidth=0.8)
        axes.set_xticks(places[:: -(-len(values) // _MOST_NUMBERS)])
        axes.set_xlim(0.4, max(len(values), 4) + 0.6)  # a single unit is not as wide as the page
        axes.margins(y=0.2)
        axes.set_title(title, loc="left", fontsize=9)
        axes.set_xlabel("unit", fontsize=9)


def _strips(part: Any, sums: np.ndarray, activations: np.ndarray) -> None:
    left, right = part.subplots(1, 2)
    limit = max(float(np.abs(sums).max()), 1e-30)
    signed: dict[str, Any] = {"cmap": style.SIGNED, "vmin": -limit, "vmax": limit}
    looks = ((left, "weighted sum", sums, signed), (right, "activation", activations, {}))
    for axes, title, values, look in looks:
        colours = mpl.colormaps[look.get("cmap", style.SEQUENTIAL)].with_extremes(bad="white")
        image = axes.imshow(
            _rows(values, _strip_width(len(values))), **{**look, "cmap": colours}, interpolation="nearest"
        )
        axes.set_title(title, loc="left", fontsize=9)
        axes.set_axis_off()
        _bar(part, image, axes)


def _strip_height(count: int) -> float:
    width = _strip_width(count)
    return 0.75 + 3.5 * -(-count // width) / width


def _strip_width(count: int) -> int:
    """Units in a row of a strip."""
    return 25 if count <= 250 else 50


def _mosaic(maps: np.ndarray) -> np.ndarray:
    """Maps side by side, at most sixteen in a row, with gaps of no number between them."""
    if maps.ndim == 1 or maps.shape[:-1] == (1, 1):
        return _rows(maps.ravel(), _UNITS_IN_A_ROW)
    _, width, count = _shape(maps, 3, "maps", "(height, width, maps) or (units,)")
    return style.tiled(np.moveaxis(maps, -1, 0), min(count, _MAPS_IN_A_ROW), max(1, width // 12))


def _rows(values: np.ndarray, width: int) -> np.ndarray:
    """(n,) in rows of so many, the last one filled up with no number."""
    width = min(width, len(values))
    return np.pad(values.astype(float), (0, -len(values) % width), constant_values=np.nan).reshape(-1, width)


def _size(shape: tuple[int, ...]) -> str:
    if len(shape) == 1 or shape[:-1] == (1, 1):
        return f"{shape[-1]} units"
    return f"{shape[2]} maps of {shape[0]} x {shape[1]}"


def _bar(figure: Any, image: Any, axes: Axes) -> None:
    bar = figure.colorbar(image, ax=axes, fraction=0.03, pad=0.01)
    bar.ax.tick_params(labelsize=7)
    bar.ax.locator_params(nbins=4)


def _shape(array: np.ndarray, rank: int, name: str, letters: str) -> tuple[int, ...]:
    if array.ndim != rank or 0 in array.shape:
        raise ArgumentError(f"`{name}` must have the shape {letters}. Received: shape={array.shape}")
    return array.shape


def _labels(name: str, labels: Sequence[Any] | np.ndarray, count: int) -> None:
    if len(labels) != count:
        raise ArgumentError(f"`{name}` must have {count} entries. Received: {len(labels)}")
