"""Pictures of the computation inside a network, from the outputs of its signature `explain`.

Each picture shows one sample, so the shapes have no batch axis. Letters: T steps, U hidden units, C classes,
L layers, H heads, Q queries, K keys.
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
_MAPS_PER_ROW = 16
_UNITS_PER_ROW = 50
_MAX_BARS = 24  # bars of more units are too thin
_MAX_BAR_LABELS = 10  # labels of more units overlap
_HEADS_PER_ROW = 4


def feature_maps(maps: Mapping[str, np.ndarray], label: str = "output") -> Figure:
    """Draws the outputs of several layers for one image.

    Args:
        maps: layer -> (height, width, maps), or (units,) for a dense layer. Each layer has its own colour
            scale, with 0 in the middle if some values are negative. Maps are numbered from 1.
        label: what the colours mean.
    """
    mosaics = {name: _make_mosaic(np.asarray(array)) for name, array in maps.items()}
    heights = [0.5 + 0.83 * _WIDTH * m.shape[0] / m.shape[1] for m, _ in mosaics.values()]
    figure = style.new_figure(_WIDTH, sum(heights) + 0.1)
    rows = figure.subplots(len(maps), 1, squeeze=False, height_ratios=heights)[:, 0]
    for axes, (name, (mosaic, size)) in zip(rows, mosaics.items(), strict=True):
        largest, signed = float(np.nanmax(np.abs(mosaic))) or 1.0, np.nanmin(mosaic) < 0
        colours = mpl.colormaps[style.DIVERGING if signed else style.SEQUENTIAL].with_extremes(bad="white")
        image = axes.imshow(mosaic, cmap=colours, vmin=-largest if signed else 0, vmax=largest)
        axes.set_title(f"{name}: {size}", loc="left", fontsize=10)
        axes.set_anchor("W")
        _number_maps(axes, np.asarray(maps[name]).shape)
        _add_colorbar(figure, image, axes).set_label(label, fontsize=8)
    return figure


def saliency(image: np.ndarray, saliency: np.ndarray) -> Figure:
    """Draws an image, the influence of each pixel, and both overlaid.

    Args:
        image: (height, width) or (height, width, channels).
        saliency: nonnegative values, (height, width).

    Raises:
        ArgumentError: if the sizes differ.
    """
    image, saliency = np.asarray(image, float), np.asarray(saliency, float)
    if image.shape[:2] != saliency.shape:
        raise ArgumentError(
            f"`saliency` must have the height and width of `image`. "
            f"Received: shape={saliency.shape}, image of shape {image.shape}"
        )
    grey = image.reshape(*saliency.shape, -1).mean(axis=-1)
    figure = style.new_figure(_WIDTH, 2.9)
    left, middle, right = figure.subplots(1, 3)
    left.imshow(grey, cmap="gray")
    _add_colorbar(figure, middle.imshow(saliency, cmap=style.SEQUENTIAL, vmin=0), middle)
    right.imshow(grey, cmap="gray", alpha=0.6)
    share = saliency / max(saliency.max(initial=0), 1e-30)
    overlay = np.zeros((*saliency.shape, 4))
    overlay[..., :3] = mpl.colors.to_rgb(style.ORANGE)
    overlay[..., 3] = share**0.7  # makes small values visible
    right.imshow(overlay)
    for axes, title in ((left, "image"), (middle, "influence of each pixel"), (right, "both")):
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
    """Draws the attention weights of each query for each key, for every head of every layer.

    Args:
        weights: (L, H, Q, K), with rows that sum to 1.
        queries: labels of the queries, Q characters or words.
        keys: labels of the keys, K characters or words.
        layers, heads: numbers of the drawn layers and heads; None for 1, 2, ...
        title: title of the figure, such as "cross attention".

    Raises:
        ArgumentError: if the number of labels does not match the weights.
    """
    weights = np.asarray(weights)
    num_layers, num_heads, num_queries, num_keys = _check_shape(
        weights, 4, "weights", "(L, H, queries, keys)"
    )
    _check_length("queries", queries, num_queries)
    _check_length("keys", keys, num_keys)
    layers, heads = layers or range(1, num_layers + 1), heads or range(1, num_heads + 1)
    _check_length("layers", layers, num_layers)
    _check_length("heads", heads, num_heads)
    columns = min(num_heads, _HEADS_PER_ROW)
    rows = num_layers * -(-num_heads // columns)
    width, height = (float(np.clip(0.16 * count, 1.3, 2.6)) for count in (num_keys, num_queries))
    figure = style.new_figure(columns * (width + 0.2) + 1.3, rows * (height + 0.35) + 0.8)
    grid = figure.subplots(rows, columns, squeeze=False, sharex=True, sharey=True)
    rows_per_layer = rows // num_layers
    image: Any = None
    # With many keys all weights are small. In causal attention the first query is left out of the scale: its
    # only weight is 1.
    largest = float(weights[:, :, int(num_queries > 1 and is_causal(weights)) :].max())
    for (row, column), axes in np.ndenumerate(grid):
        layer, head = row // rows_per_layer, row % rows_per_layer * columns + column
        if head >= num_heads:
            axes.set_axis_off()
            continue
        image = axes.imshow(weights[layer, head], style.SEQUENTIAL, vmin=0, vmax=largest, aspect="auto")
        axes.set_title(f"layer {layers[layer]}, head {heads[head]}", fontsize=9)
        style.label_steps(axes, "x", keys, most=int(width / 0.12), size=7)
        style.label_steps(axes, "y", queries, most=int(height / 0.12), size=7)
    figure.suptitle(title or "", x=0.01, ha="left", fontsize=10)
    figure.supxlabel("key", fontsize=10)
    figure.supylabel("query", fontsize=10)
    figure.colorbar(image, ax=grid, label="weight", shrink=min(1, 3 / rows), aspect=30, pad=0.02)
    return figure


def is_causal(weights: np.ndarray) -> bool:
    """Returns whether no query of the weights (..., T, T) attends to a later key."""
    return weights.shape[-2] == weights.shape[-1] and not np.triu(weights, 1).any()


def states(states: np.ndarray, characters: Sequence[str], most: int | None = None) -> Figure:
    """Draws the hidden state after each step.

    Args:
        states: (T, U).
        characters: input of each step, characters or numbers as text.
        most: number of units to draw, those that change most; None for all.

    Raises:
        ArgumentError: if the lengths differ.
    """
    states = np.asarray(states)
    num_steps, num_units = _check_shape(states, 2, "states", "(steps, units)")
    _check_length("characters", characters, num_steps)
    chosen = np.arange(num_units)
    if most is not None and checks.positive_int("most", most) < num_units:
        changes = np.abs(np.diff(states, axis=0, prepend=0)).sum(axis=0)  # from a state of zeros
        chosen = np.sort(np.argsort(-changes, kind="stable")[:most])
        states = states[:, chosen]
    figure = style.new_figure(float(np.clip(0.3 * num_steps + 1.8, 4, _WIDTH)), 3.2)
    axes = figure.subplots()
    limit = max(1.0, float(np.abs(states).max(initial=0)))
    image = axes.imshow(
        states.T, style.SIGNED, vmin=-limit, vmax=limit, aspect="auto", interpolation="nearest"
    )
    image.set_gid("signed")
    style.label_steps(axes, "x", characters)
    title = "hidden state after each step"
    if len(chosen) < num_units:
        axes.set_yticks(range(len(chosen)), [str(unit + 1) for unit in chosen], fontsize=7)
        title = f"hidden state: the {len(chosen)} of {num_units} units that change most"
    else:
        axes.yaxis.get_major_locator().set_params(integer=True)  # pyright: ignore[reportCallIssue]
    axes.set(xlabel="input", ylabel="hidden unit")
    axes.set_title(title, loc="left", y=1, fontsize=10)
    bar: Any = figure.colorbar(image, ax=axes, label="state")
    # An image of its own, because matplotlib writes the bar's as an image without its id.
    bar.solids.set_visible(False)
    scale = np.linspace(-limit, limit, 256)[:, None]
    extent = (0, 1, -limit, limit)
    bar.ax.imshow(scale, style.SIGNED, origin="lower", aspect="auto", extent=extent).set_gid("signed")
    return figure


def state_path(states: np.ndarray, characters: Sequence[str]) -> Figure:
    """Draws the way of the hidden state, in the two directions in which the states vary most.

    Args:
        states: (T, U).
        characters: input of each step, characters or numbers as text.

    Raises:
        ArgumentError: if the lengths differ.
    """
    states = np.asarray(states, float)
    num_steps, num_units = _check_shape(states, 2, "states", "(steps, units)")
    _check_length("characters", characters, num_steps)
    way = np.concatenate([np.zeros((1, num_units)), states])  # from the state before the first step
    centred = way - way.mean(axis=0)
    _, sizes, directions = np.linalg.svd(centred, full_matrices=False)
    places = np.zeros((num_steps + 1, 2))
    found = min(2, len(directions))
    places[:, :found] = centred @ directions[:found].T
    share = (sizes[:2] ** 2).sum() / max((sizes**2).sum(), 1e-30)
    figure = style.new_figure(4.6, 3.6)
    axes = style.plain(figure.subplots())
    axes.plot(*places.T, color=style.BLUE, linewidth=1, marker="o", markersize=3)
    ends = ((places[0], "start", style.GREEN, "s"), (places[-1], "end", style.ORANGE, "D"))
    for place, name, colour, marker in ends:
        axes.plot(*place, color=colour, marker=marker, markersize=7, linestyle="", label=name)
    every = -(-num_steps // 40)
    for place, character in list(zip(places[1:], characters, strict=True))[::every]:
        label = style.shown(character)
        axes.annotate(label, place, (4, 4), textcoords="offset points", fontsize=9, **style.font())
    axes.margins(0.12)
    axes.set(xlabel="first direction", ylabel="second direction")
    axes.legend(frameon=False, fontsize=9).set_in_layout(False)
    axes.set_title(f"path of the hidden state: {share:.0%} of its variance", loc="left", y=1, fontsize=10)
    return figure


def prefix_probabilities(
    probabilities: np.ndarray, characters: Sequence[str], class_names: Sequence[str], top: int = 5
) -> Figure:
    """Draws the predictions of a network for the first character, the first two, and so on.

    Args:
        probabilities: (T, C).
        characters: the T characters of the input.
        class_names: the C names of the classes.
        top: number of classes to draw, chosen by their largest and their last probability.

    Raises:
        ArgumentError: if the lengths do not match.
    """
    probabilities = np.asarray(probabilities)
    num_steps, num_classes = _check_shape(probabilities, 2, "probabilities", "(steps, classes)")
    _check_length("characters", characters, num_steps)
    _check_length("class_names", class_names, num_classes)
    checks.positive_int("top", top)
    last = probabilities[-1]
    chosen = np.argsort(-(probabilities.max(axis=0) + last), kind="stable")[:top]
    chosen = chosen[np.argsort(-last[chosen], kind="stable")]
    figure = style.new_figure(float(np.clip(0.35 * num_steps + 3, 5, _WIDTH)), 3.2)
    axes = style.plain(figure.subplots())
    steps, label_height = np.arange(num_steps), 1.06
    for number, i in enumerate(chosen):
        colour = style.PALETTE[number % len(style.PALETTE)]
        axes.plot(steps, probabilities[:, i], color=colour, marker="osD^vP*X"[number % 8], markersize=4)
        label_height = min(last[i], label_height - 0.07)  # from the top down, at least one line apart
        label = f"{style.shown(class_names[int(i)])} {last[i]:.2f}"
        position: dict[str, Any] = {"textcoords": axes.get_yaxis_transform(), "va": "center", "fontsize": 8}
        axes.annotate(
            label, (steps[-1], last[i]), (1.02, label_height), color=colour, **position, **style.font()
        )
    style.label_steps(axes, "x", characters)
    axes.set(ylim=(-0.02, 1.02), xlabel="input so far", ylabel="probability")
    axes.grid(axis="y", alpha=0.3)
    axes.set_title("prediction after each character", loc="left", y=1, fontsize=10)
    return figure


def prefix_forecasts(series: np.ndarray, forecasts: np.ndarray) -> Figure:
    """Draws a series, and the forecast of each value from all previous ones.

    Args:
        series: (T,).
        forecasts: forecast of the value after each step, (T,); the last one is beyond the series.

    Raises:
        ArgumentError: if the lengths differ.
    """
    series, forecasts = np.ravel(series), np.ravel(forecasts)
    _check_length("forecasts", forecasts, len(series))
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
    axes.legend(frameon=False, fontsize=8).set_in_layout(False)
    axes.set_title("each value, and its forecast one step ahead", loc="left", y=1, fontsize=10)
    return figure


def units(layers: Mapping[str, tuple[np.ndarray, np.ndarray]]) -> Figure:
    """Draws the weighted sum and the activation of every unit.

    Args:
        layers: layer -> sums (U,) and activations (U,).
    """
    values = {name: (np.ravel(sums), np.ravel(activations)) for name, (sums, activations) in layers.items()}
    heights = [2.0 if len(sums) <= _MAX_BARS else _strip_height(len(sums)) for sums, _ in values.values()]
    figure = style.new_figure(_WIDTH, sum(heights) + 0.2)
    parts = figure.subfigures(len(values), 1, squeeze=False, height_ratios=heights)[:, 0]
    for part, (name, (sums, activations)) in zip(parts, values.items(), strict=True):
        count = len(sums)
        part.suptitle(f"{name}: {count} unit{'s' * (count > 1)}", x=0.01, ha="left", fontsize=10)
        (_draw_bars if count <= _MAX_BARS else _draw_strips)(part, sums, activations)
    return figure


def _draw_bars(part: Any, sums: np.ndarray, activations: np.ndarray) -> None:
    """Draws both as bar charts with separate scales: probabilities would be invisible beside large sums."""
    left, right = part.subplots(1, 2)
    charts = (
        (left, "weighted sum", sums, style.BLUE, ""),
        (right, "activation", activations, style.ORANGE, "//"),
    )
    for axes, title, values, colour, hatch in charts:
        numbers = np.arange(1, len(values) + 1)
        bars = style.plain(axes).bar(numbers, values, 0.6, color=colour, hatch=hatch, edgecolor="white")
        if len(values) <= _MAX_BAR_LABELS:
            axes.bar_label(bars, fmt="%.2f", fontsize=7, padding=2)
        axes.axhline(0, color=style.BLACK, linewidth=0.8)
        axes.set_xticks(numbers[:: -(-len(values) // _MAX_BAR_LABELS)])
        axes.set_xlim(0.4, max(len(values), 4) + 0.6)  # keeps the bar of a single unit narrow
        axes.margins(y=0.2)
        axes.set_title(title, loc="left", fontsize=9)
        axes.set_xlabel("unit", fontsize=9)


def _draw_strips(part: Any, sums: np.ndarray, activations: np.ndarray) -> None:
    left, right = part.subplots(1, 2)
    limit = max(float(np.abs(sums).max()), 1e-30)
    strips = (
        (left, "weighted sum", sums, style.SIGNED, (-limit, limit)),
        (right, "activation", activations, style.SEQUENTIAL, (None, None)),
    )
    for axes, title, values, name, (low, high) in strips:
        colours = mpl.colormaps[name].with_extremes(bad="white")
        rows = _split_rows(values, _strip_width(len(values)))
        image = axes.imshow(rows, cmap=colours, vmin=low, vmax=high, interpolation="nearest")
        axes.set_title(title, loc="left", fontsize=9)
        axes.set_axis_off()
        _add_colorbar(part, image, axes)


def _strip_height(count: int) -> float:
    width = _strip_width(count)
    return 0.75 + 3.5 * -(-count // width) / width


def _strip_width(count: int) -> int:
    """Returns the number of units in a row of a strip."""
    return 25 if count <= 250 else 50


def _make_mosaic(maps: np.ndarray) -> tuple[np.ndarray, str]:
    """Arranges maps in rows, separated by NaN; returns them with a description of their size."""
    if maps.ndim == 1 or maps.shape[:-1] == (1, 1):
        return _split_rows(maps.ravel(), _UNITS_PER_ROW), f"{maps.shape[-1]} units"
    height, width, count = _check_shape(maps, 3, "maps", "(height, width, maps) or (units,)")
    mosaic = style.tile(np.moveaxis(maps, -1, 0), min(count, _MAPS_PER_ROW), max(1, width // 12))
    return mosaic, f"{count} maps of {height} x {width}"


def _number_maps(axes: Axes, shape: tuple[int, ...]) -> None:
    """Numbers the maps of a mosaic: all of its first row, and the first of each further row."""
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0, labelsize=7, pad=1, top=False, labeltop=True, labelbottom=False)
    axes.set(xticks=[], yticks=[])
    if len(shape) < 3 or shape[:2] == (1, 1):
        return
    height, width, count = shape
    gap, columns = max(1, width // 12), min(count, _MAPS_PER_ROW)
    centres = [(width - 1) / 2 + k * (width + gap) for k in range(columns)]
    axes.set_xticks(centres, [str(k + 1) for k in range(columns)])
    more = range(1, -(-count // columns))
    centres = [(height - 1) / 2 + k * (height + gap) for k in more]
    axes.set_yticks(centres, [str(1 + k * columns) for k in more])


def _split_rows(values: np.ndarray, width: int) -> np.ndarray:
    """Splits an array of shape (n,) into rows of at most `width`, the last one padded with NaN."""
    width = min(width, len(values))
    return np.pad(values.astype(float), (0, -len(values) % width), constant_values=np.nan).reshape(-1, width)


def _add_colorbar(figure: Any, image: Any, axes: Axes) -> Any:
    bar = figure.colorbar(image, ax=axes, fraction=0.03, pad=0.01)
    bar.ax.tick_params(labelsize=7)
    bar.ax.locator_params(nbins=4)
    return bar


def _check_shape(array: np.ndarray, rank: int, name: str, letters: str) -> tuple[int, ...]:
    if array.ndim != rank or 0 in array.shape:
        raise ArgumentError(f"`{name}` must have the shape {letters}. Received: shape={array.shape}")
    return array.shape


def _check_length(name: str, labels: Sequence[Any] | np.ndarray, count: int) -> None:
    if len(labels) != count:
        raise ArgumentError(f"`{name}` must have {count} entries. Received: {len(labels)}")
