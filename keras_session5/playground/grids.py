"""Feature maps, units and saliency, which the browser draws from their values."""

import base64
from collections.abc import Mapping
from typing import Any

import matplotlib as mpl
import numpy as np

from keras_session5.pictures import style

_UNITS_PER_ROW = 50
_MOST_MAPS = 64  # of a layer
_LARGE, _SMALL = 28, 12  # pixels of an array
_SIDES = {"image": 132, "large": 84, "small": 48, "unit": 8}  # pixels on the screen, of an array or a unit
_ORANGE = np.array(mpl.colors.to_rgb(style.ORANGE))

Group = dict[str, Any]
"""Arrays that are drawn side by side with one colour scale: title, description, the width and height of an
array in pixels, the side of one on the screen, the name of a palette, `pixels`, the bytes of all in Base64,
and `value`, a text beside them, "" for none. With the palette "rgb" a pixel has three bytes."""


def _encode(values: np.ndarray) -> str:
    return base64.b64encode(values.astype("uint8").tobytes()).decode("ascii")


def palettes() -> dict[str, str]:
    """Returns the colours of 0..255, three bytes each, by the name of the palette."""
    names = {"grey": "gray", "sequential": style.SEQUENTIAL}
    return {
        key: _encode(mpl.colormaps[name](np.arange(256), bytes=True)[:, :3]) for key, name in names.items()
    }


def feature_maps(maps: Mapping[str, np.ndarray]) -> list[Group]:
    """Returns the outputs of several layers for one image.

    Args:
        maps: layer -> (height, width, maps), or (units,) for a dense layer; each layer has its own colour
            scale.
    """
    return [_draw_layer(name, np.asarray(array, float)) for name, array in maps.items()]


def _draw_layer(name: str, array: np.ndarray) -> Group:
    count = array.shape[-1]
    if array.size == count:
        columns = next(n for n in range(min(count, _UNITS_PER_ROW), 0, -1) if count % n == 0)
        title, array, side = (
            f"{name}: {count} unit{'s' * (count > 1)}",
            array.reshape(1, -1, columns),
            _SIDES["unit"] * columns,
        )
    else:
        array = np.moveaxis(array[..., :_MOST_MAPS], -1, 0)
        height, width = array.shape[1:]
        title = f"{name}: {count} maps of {height} x {width}"
        side = _SIDES["large" if width >= _LARGE else "small"] if count > 1 else _SIDES["image"]
        side += (_SMALL <= width < _LARGE) * 8
    if array.size == 1:  # no colour says how large it is
        shares, value = np.clip(array, 0, 1), f"{array.item():.3g}"
        return _make_group(title, f"{title}; its value is {value}", shares * 255, "sequential", side, value)
    low, high = float(array.min()), float(array.max())
    shares = (array - low) / (high - low or 1)
    description = f"{title}; the values are from {low:.2f} to {high:.2f}"
    return _make_group(title, description, shares * 255, "sequential", side)


def saliency(image: np.ndarray, influence: np.ndarray) -> list[Group]:
    """Returns an image, the influence of each pixel, and both overlaid.

    Args:
        image: (height, width) or (height, width, channels), 0..255 or 0..1.
        influence: nonnegative values, (height, width).
    """
    grey = np.asarray(image, float).reshape(*influence.shape, -1).mean(-1)
    grey = grey / max(grey.max(), 1e-30)
    shares = influence / max(influence.max(), 1e-30)
    visible = shares[..., None] ** 0.7  # makes small values visible
    both = 0.4 * grey[..., None] * (1 - visible) + _ORANGE * visible
    row, column = np.unravel_index(int(influence.argmax()), influence.shape)
    height, width = influence.shape
    side = _SIDES["image"]
    return [
        _make_group("image", f"The input image, {height} x {width} pixels", grey[None] * 255, "grey", side),
        _make_group(
            "influence of each pixel",
            f"The influence of each pixel, greatest in row {row}, column {column}",
            shares[None] * 255,
            "sequential",
            side,
        ),
        _make_group("both", "The influence in orange over the image", both[None] * 255, "rgb", side),
    ]


def _make_group(
    title: str, description: str, arrays: np.ndarray, colours: str, side: int, value: str = ""
) -> Group:
    """Returns a group of arrays (N, height, width), or (N, height, width, 3), of values 0..255."""
    return {
        "title": title,
        "description": description,
        "width": arrays.shape[2],
        "height": arrays.shape[1],
        "side": side,
        "colours": colours,
        "pixels": _encode(arrays.round()),
        "value": value,
    }
