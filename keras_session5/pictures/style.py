"""What all pictures share: colours that everyone tells apart, letters of any script, and how to save them."""

import functools
import os
import unicodedata
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

# Okabe and Ito's palette, safe for the colour-blind.
BLACK, ORANGE, SKY, GREEN = "#000000", "#E69F00", "#56B4E9", "#009E73"
YELLOW, BLUE, VERMILION, PURPLE = "#F0E442", "#0072B2", "#D55E00", "#CC79A7"
PALETTE = (BLUE, ORANGE, GREEN, VERMILION, PURPLE, SKY, YELLOW, BLACK)

SEQUENTIAL = "viridis"  # from nothing to much: grows evenly lighter, in grey too
DIVERGING = "cividis"  # from one side to the other
SIGNED = "PuOr"  # numbers of both signs: nothing is white, orange and purple everyone tells apart
DPI = 150

# Fonts with the scripts that matplotlib's own lacks; the first of them that are installed are used.
_MORE_FONTS = (
    "Noto Sans CJK SC",
    "Noto Sans CJK JP",
    "Source Han Sans SC",
    "WenQuanYi Zen Hei",
    "Droid Sans Fallback",
    "Arial Unicode MS",
    "Hiragino Sans",
    "Microsoft YaHei",
    "Noto Sans Devanagari",
    "Noto Sans Thai",
    "FreeSans",
)
_VISIBLE = {"\n": "↵", "\t": "↹"}


def new_figure(width: float, height: float, **options: Any) -> Figure:
    """A figure of so many inches, which nothing but its owner keeps alive."""
    return Figure((width, height), dpi=DPI, layout="constrained", **options)


def plain(axes: Axes) -> Axes:
    """Without a frame above and on the right."""
    axes.spines[["top", "right"]].set_visible(False)
    return axes


def shown(text: str) -> str:
    """A label that shows any text: a space is seen, and what no font here has is its number in Unicode.

    Use it with `font()`.
    """
    if len(text) != 1:
        return "".join(character if character == " " else shown(character) for character in text)
    kind = unicodedata.category(text)
    if text in _VISIBLE or kind == "Zs":
        return _VISIBLE.get(text, "␣")
    if kind.startswith("C") or ord(text) not in _fonts()[1]:
        number = f"{ord(text):04X}"
        half = len(number) // 2
        return f"{number[:half]}\n{number[half:]}"
    if unicodedata.combining(text):
        return f"◌{text}"
    return r"\$" if text == "$" else text  # two of them would begin a formula


def font() -> dict[str, Any]:
    """The fonts for what `shown` returns, as an argument of matplotlib's texts."""
    return {"fontfamily": list(_fonts()[0])}


def label_steps(axes: Axes, side: str, labels: Sequence[str], most: int = 40, size: float = 8) -> None:
    """Writes a label at every place of an axis, or at every second, third ... if there are too many."""
    places = range(0, len(labels), -(-len(labels) // most) or 1)
    words = any(len(label) > 2 for label in labels)
    look = {"fontsize": size, "rotation": 90 if words and side == "x" else 0, **font()}
    ticks = axes.set_xticks if side == "x" else axes.set_yticks
    ticks(places, [shown(labels[i]) for i in places], **look)
    axes.tick_params(axis="x" if side == "x" else "y", length=2, pad=2)


def tiled(maps: np.ndarray, columns: int, gap: int) -> np.ndarray:
    """Maps (N, h, w) in one array, so many in a row, with gaps of no number between them."""
    count, height, width = maps.shape
    rows = -(-count // columns)
    whole = np.full((rows * (height + gap) - gap, columns * (width + gap) - gap), np.nan)
    for i, one in enumerate(maps):
        top, left = i // columns * (height + gap), i % columns * (width + gap)
        whole[top : top + height, left : left + width] = one
    return whole


def save(figures: Figure | Sequence[Figure], path: str | os.PathLike) -> Path:
    """Writes figures under each other as one PNG, whole or not at all; returns its path."""
    from matplotlib.image import imsave

    figures = [figures] if isinstance(figures, Figure) else figures
    pixels = [_drawn(figure) for figure in figures]
    width = max(one.shape[1] for one in pixels)
    white = [((0, 0), (0, width - one.shape[1]), (0, 0)) for one in pixels]
    whole = [np.pad(one, space, constant_values=255) for one, space in zip(pixels, white, strict=True)]
    path = Path(path)
    writing = path.with_name(f".{path.name}-{uuid.uuid4().hex}")
    try:
        imsave(writing, np.concatenate(whole), format="png", dpi=DPI)
        writing.replace(path)
    except OSError as error:
        error.filename = str(path)  # what was asked for, not what was to become it
        raise
    finally:
        writing.unlink(missing_ok=True)
    return path


def _drawn(figure: Figure) -> np.ndarray:
    """(height, width, 4) uint8."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())


@functools.cache
def _fonts() -> tuple[tuple[str, ...], frozenset[int]]:
    """The fonts to be used, in order, and all characters that one of them has."""
    from matplotlib.font_manager import findfont, fontManager, get_font

    installed = {font.name for font in fontManager.ttflist}
    names = ("DejaVu Sans", *(name for name in _MORE_FONTS if name in installed))
    return names, frozenset().union(*(get_font(findfont(name)).get_charmap() for name in names))
