"""The common style of all pictures: colours for the colour-blind, fonts for any script, and saving."""

import functools
import io
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
from numpy.typing import ArrayLike

# Okabe and Ito's palette, safe for the colour-blind.
BLACK, ORANGE, SKY, GREEN = "#000000", "#E69F00", "#56B4E9", "#009E73"
YELLOW, BLUE, VERMILION, PURPLE = "#F0E442", "#0072B2", "#D55E00", "#CC79A7"
PALETTE = (BLUE, ORANGE, GREEN, VERMILION, PURPLE, SKY, YELLOW, BLACK)

INK = "#111111"  # of text on light colours, whatever the colour of the page

_SAME_CONTRAST = 0.19  # luminance of the ground that has the same contrast to white and to `INK`

SEQUENTIAL = "viridis"  # for nonnegative values; its lightness increases evenly, also in greyscale
DIVERGING = "cividis"  # for values between two extremes
SIGNED = "PuOr"  # for values of both signs: zero is white; safe for the colour-blind
DPI = 150

# Fonts for scripts that matplotlib's own font lacks, in order of preference.
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


class FigureToShow(Figure):
    """A figure that a notebook displays even before it has drawn anything with pyplot."""

    def _repr_png_(self) -> bytes:
        buffer = io.BytesIO()
        self.savefig(buffer, format="png")
        return buffer.getvalue()


def new_figure(width: float, height: float, **options: Any) -> Figure:
    """Returns a figure of the given size in inches, without global state of pyplot."""
    return FigureToShow((width, height), dpi=DPI, layout="constrained", **options)


def plain(axes: Axes) -> Axes:
    """Removes the frame at the top and on the right; returns the axes."""
    axes.spines[["top", "right"]].set_visible(False)
    return axes


def shown(text: str) -> str:
    """Returns a label for any text: a single space is visible, unsupported characters become code points.

    Use it with the fonts of `font()`.
    """
    if len(text) != 1:
        return "".join(character if character == " " else shown(character) for character in text)
    category = unicodedata.category(text)
    if text in _VISIBLE or category == "Zs":
        return _VISIBLE.get(text, "␣")
    if category.startswith("C") or ord(text) not in _find_fonts()[1]:
        code = f"{ord(text):04X}"
        half = len(code) // 2
        return f"{code[:half]}\n{code[half:]}"
    if unicodedata.combining(text):
        return f"◌{text}"
    return r"\$" if text == "$" else text  # a pair of them would delimit a formula


def font() -> dict[str, Any]:
    """Returns the fonts for the labels of `shown`, as an argument of matplotlib's text functions."""
    return {"fontfamily": list(_find_fonts()[0])}


def text_colour(ground: ArrayLike) -> str:
    """Returns white or `INK`, whichever has the greater contrast to a ground of red, green and blue, 0..1."""
    linear = ((np.asarray(ground)[:3] + 0.055) / 1.055) ** 2.4  # of sRGB
    return "white" if linear @ (0.2126, 0.7152, 0.0722) < _SAME_CONTRAST else INK


def label_steps(axes: Axes, side: str, labels: Sequence[str], most: int = 40, size: float = 8) -> None:
    """Labels every position of the axis `side`, "x" or "y", or every n-th if there are more than `most`."""
    positions = range(0, len(labels), -(-len(labels) // most) or 1)
    words = any(len(label) > 2 for label in labels)
    options = {"fontsize": size, "rotation": 90 if words and side == "x" else 0, **font()}
    ticks = axes.set_xticks if side == "x" else axes.set_yticks
    ticks(positions, [shown(labels[i]) for i in positions], **options)
    axes.tick_params(axis="x" if side == "x" else "y", length=2, pad=2)


def tile(maps: np.ndarray, columns: int, gap: int) -> np.ndarray:
    """Arranges maps (N, height, width) in rows of `columns`, separated by gaps of NaN."""
    from skimage.util import montage

    rows = -(-len(maps) // columns)
    tiles = montage(maps.astype(float), np.nan, padding_width=gap, grid_shape=(rows, columns))
    return tiles[gap:-gap, gap:-gap]  # without the frame


def save(figures: Figure | Sequence[Figure], path: str | os.PathLike[str]) -> Path:
    """Writes figures below each other into one PNG file, atomically; returns its path."""
    from matplotlib.image import imsave

    figures = [figures] if isinstance(figures, Figure) else figures
    images = []  # (height, width, 4) uint8
    for figure in figures:
        canvas = FigureCanvasAgg(figure)
        canvas.draw()
        images.append(np.asarray(canvas.buffer_rgba()))
    width = max(image.shape[1] for image in images)
    padded = [
        np.pad(image, ((0, 0), (0, width - image.shape[1]), (0, 0)), constant_values=255) for image in images
    ]
    path = Path(path)
    temporary = path.with_name(f".{path.name}-{uuid.uuid4().hex}")
    try:
        imsave(temporary, np.concatenate(padded), format="png", dpi=DPI)
        temporary.replace(path)
    except OSError as error:
        error.filename = str(path)  # instead of the temporary file
        raise
    finally:
        temporary.unlink(missing_ok=True)
    return path


@functools.cache
def _find_fonts() -> tuple[tuple[str, ...], frozenset[int]]:
    """Returns the fonts to use, in order, and the code points that they support."""
    from matplotlib.font_manager import findfont, fontManager, get_font

    installed = {font.name for font in fontManager.ttflist}
    names = ("DejaVu Sans", *(name for name in _MORE_FONTS if name in installed))
    return names, frozenset().union(*(get_font(findfont(name)).get_charmap() for name in names))
