"""Car or not car: pictures that are rendered, and a feature that a person invented for them."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from keras_session5 import checks
from keras_session5.by_hand import arrays
from keras_session5.errors import ArgumentError

SCENES = ("car", "house", "ship", "balls")
"""What a rendered picture shows."""

_SIDE = 28  # pixels
_RADIUS = 2.5  # of the wheel that `wheel_scores` looks for
_NEAREST, _FARTHEST = 7, 15  # distance of two wheels, in pixels


def render_scenes(count: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Renders grey pictures, half of them of a car.

    A car has a body, a cabin and two wheels; in three of ten, a bush hides one of the wheels. The others show
    a house, a ship with two round portholes, or two balls on the ground, in equal numbers.

    Args:
        count: number of pictures.
        seed: of the random sizes, places and shades.

    Returns:
        (count, 28, 28, 1) uint8; (count,) int32, indices into `SCENES`.

    Raises:
        ArgumentError: if an argument is not an integer, or `count` is below 1.
    """
    checks.positive_int("count", count)
    rng = np.random.default_rng(checks.integer("seed", seed))
    scenes = np.where(np.arange(count) % 2, 1 + np.arange(count) // 2 % 3, 0)
    scenes = rng.permutation(scenes).astype(np.int32)
    pictures = [_draw(SCENES[scene], rng) for scene in scenes]
    return np.stack(pictures)[..., None], scenes


def wheel_scores(images: ArrayLike) -> np.ndarray:
    """Returns how much two places of each picture look like a pair of wheels.

    It lays a dark disc on a light square of 9 x 9 pixels on every place and takes their correlation. A pair
    of wheels are two places in the same row, 7 to 15 pixels apart; its score is the smaller correlation.

    Args:
        images: (N, height, width, 1), with at least 16 rows and columns.

    Returns:
        (N,), the score of the best pair of each picture, -1 to 1.

    Raises:
        ArgumentError: if the shape does not match.
    """
    return np.array([_score_pairs(match) for match in wheel_matches(images)])


def wheel_matches(images: ArrayLike) -> np.ndarray:
    """Returns the correlation of a wheel with every place of each picture.

    Args:
        images: (N, height, width, 1), with at least 16 rows and columns.

    Returns:
        (N, height, width), -1 to 1.

    Raises:
        ArgumentError: if the shape does not match.
    """
    from skimage.feature import match_template

    pictures = arrays.numbers("images", images, "N", "height", "width", 1)
    if min(pictures.shape[1:3]) <= _FARTHEST:
        raise ArgumentError(
            f"`images` must have at least 16 rows and columns. Received: images of shape {pictures.shape}"
        )
    rows, columns = np.mgrid[-4:5, -4:5]
    wheel = np.where(rows**2 + columns**2 <= _RADIUS**2, 0.0, 1.0)  # (9, 9)
    return np.stack(
        [match_template(picture, wheel, pad_input=True, mode="edge") for picture in pictures[..., 0]]
    )


def _score_pairs(match: np.ndarray) -> float:
    """Returns the score of the best pair of places in a row; rows may differ by one pixel."""
    near = np.max([np.roll(match, shift, axis=0) for shift in (-1, 0, 1)], axis=0)
    distances = range(_NEAREST, _FARTHEST + 1)
    return max(float(np.minimum(match[:, :-d], near[:, d:]).max()) for d in distances)


def _draw(scene: str, rng: np.random.Generator) -> np.ndarray:
    """Returns one picture, (28, 28) uint8."""
    picture = np.full((_SIDE, _SIDE), rng.uniform(170, 230))
    ground = int(rng.integers(20, 25))
    picture[ground:] = rng.uniform(120, 170)
    dark, paint = rng.uniform(5, 50), rng.uniform(70, 160)
    {"car": _draw_car, "house": _draw_house, "ship": _draw_ship, "balls": _draw_balls}[scene](
        picture, ground, dark, paint, rng
    )
    return np.clip(picture + rng.normal(0, 8, picture.shape), 0, 255).astype(np.uint8)


def _draw_car(picture: np.ndarray, ground: int, dark: float, paint: float, rng: np.random.Generator) -> None:
    length, wheel = int(rng.integers(16, 22)), rng.uniform(2, 3)
    left = int(rng.integers(1, _SIDE - length))
    bottom = ground - 1
    _fill(
        picture,
        [(bottom - 5, left), (bottom - 5, left + length), (bottom, left + length), (bottom, left)],
        paint,
    )
    roof = [(bottom - 5, left + 3), (bottom - 9, left + 6), (bottom - 9, left + length - 5)]
    _fill(picture, [*roof, (bottom - 5, left + length - 2)], paint)
    wheels = [left + 3.5, left + length - 3.5]
    for column in wheels:
        _fill_disk(picture, (bottom, column), wheel, dark)
    if rng.random() < 0.3:
        _fill_disk(picture, (bottom, wheels[rng.integers(2)]), wheel + 2, rng.uniform(90, 150))  # a bush


def _draw_house(
    picture: np.ndarray, ground: int, dark: float, paint: float, rng: np.random.Generator
) -> None:
    width, height = int(rng.integers(12, 18)), int(rng.integers(7, 11))
    left, top = int(rng.integers(2, _SIDE - 1 - width)), ground - height
    picture[top:ground, left : left + width] = paint
    _fill(picture, [(top, left - 2), (top - 6, left + width / 2), (top, left + width + 1)], dark)
    door = left + int(rng.integers(2, width - 5))
    picture[ground - 5 : ground, door : door + 3] = dark


def _draw_ship(picture: np.ndarray, ground: int, dark: float, paint: float, rng: np.random.Generator) -> None:
    length = int(rng.integers(18, 23))
    left = int(rng.integers(1, _SIDE - length))
    bottom = ground + 2
    hull = [(bottom - 8, left), (bottom - 8, left + length), (bottom, left + length - 3), (bottom, left + 3)]
    _fill(picture, hull, paint + 60)
    middle, distance = left + length / 2, rng.uniform(4, 6)
    for column in (middle - distance, middle + distance):
        _fill_disk(picture, (bottom - 4, column), rng.uniform(2, 3), dark)
    _fill(picture, [(bottom - 9, middle), (bottom - 20, middle), (bottom - 9, middle + 7)], paint)


def _draw_balls(
    picture: np.ndarray, ground: int, dark: float, paint: float, rng: np.random.Generator
) -> None:
    distance = rng.uniform(9, 15)
    left = rng.uniform(4, _SIDE - 4 - distance)
    for column in (left, left + distance):
        _fill_disk(picture, (ground - 1, column), rng.uniform(2, 3), dark)


def _fill(picture: np.ndarray, corners: Sequence[tuple[float, float]], shade: float) -> None:
    """Fills a polygon; its corners are rows and columns."""
    from skimage.draw import polygon

    rows, columns = zip(*corners, strict=True)
    picture[polygon(rows, columns, picture.shape)] = shade


def _fill_disk(picture: np.ndarray, centre: tuple[float, float], radius: float, shade: float) -> None:
    from skimage.draw import disk

    picture[disk(centre, radius, shape=picture.shape)] = shade
