"""The architecture of the transformer as a figure: every part of figure 1 of "Attention Is All You Need"."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

from keras_session5 import checks
from keras_session5.pictures import style

_WIDTH, _HEIGHT = 2.5, 0.5  # of a box
_ENCODER, _DECODER = 2.0, 6.2  # centres of the two columns
_ATTENTION, _FEED_FORWARD, _NORM, _EMBEDDING = style.SKY, style.GREEN, style.YELLOW, style.PURPLE
# part -> centre of the column, height, text, colour
_BOXES = {
    "encoder embedding": (_ENCODER, 0.8, "Input embedding", _EMBEDDING),
    "encoder self-attention": (_ENCODER, 3.2, "Multi-head\nself-attention", _ATTENTION),
    "encoder norm 1": (_ENCODER, 4.0, "Add & Norm", _NORM),
    "encoder feed-forward": (_ENCODER, 5.3, "Feed-forward", _FEED_FORWARD),
    "encoder norm 2": (_ENCODER, 6.0, "Add & Norm", _NORM),
    "decoder embedding": (_DECODER, 0.8, "Output embedding", _EMBEDDING),
    "decoder self-attention": (_DECODER, 3.2, "Masked multi-head\nself-attention", _ATTENTION),
    "decoder norm 1": (_DECODER, 4.0, "Add & Norm", _NORM),
    "cross-attention": (_DECODER, 5.5, "Multi-head\ncross-attention", _ATTENTION),
    "decoder norm 2": (_DECODER, 6.3, "Add & Norm", _NORM),
    "decoder feed-forward": (_DECODER, 7.6, "Feed-forward", _FEED_FORWARD),
    "decoder norm 3": (_DECODER, 8.3, "Add & Norm", _NORM),
    "linear": (_DECODER, 9.5, "Linear", style.ORANGE),
    "softmax": (_DECODER, 10.4, "Softmax", style.ORANGE),
}
# group of parts, as a lesson explains them -> the parts
GROUPS = {
    "embeddings": ("encoder embedding", "decoder embedding"),
    "positions": ("positions",),
    "encoder self-attention": ("encoder self-attention",),
    "add and norm": tuple(part for part in _BOXES if "norm" in part),
    "feed-forward": ("encoder feed-forward", "decoder feed-forward"),
    "decoder self-attention": ("decoder self-attention",),
    "cross-attention": ("cross-attention", "memory"),
    "output": ("linear", "softmax"),
}


def transformer(highlight: str | None = None, caption: str = "") -> Figure:
    """Draws the encoder and the decoder of 2017 with every sublayer, residual connection and normalisation.

    Args:
        highlight: the group of parts to show in full colour while the others fade: `"embeddings"`,
            `"positions"`, `"encoder self-attention"`, `"add and norm"`, `"feed-forward"`,
            `"decoder self-attention"`, `"cross-attention"` or `"output"`; None for all.
        caption: a sentence below the figure.

    Raises:
        ArgumentError: if there is no such group.

    Reference:
        Vaswani et al. (2017), "Attention Is All You Need", figure 1.
    """
    highlighted = None if highlight is None else GROUPS[checks.one_of("highlight", highlight, GROUPS)]
    figure = style.new_figure(6.2, 7.0)
    axes = figure.subplots()
    axes.set(xlim=(-0.7, 9.0), ylim=(-1.35, 11.6), aspect="equal")
    axes.set_axis_off()
    _draw_stack(axes, _ENCODER, 2.2, 6.6, "encoder\nN ×", left=True)
    _draw_stack(axes, _DECODER, 2.2, 8.9, "decoder\nN ×", left=False)
    for part, (x, y, text, colour) in _BOXES.items():
        _draw_box(axes, x, y, text, colour, highlighted is None or part in highlighted)
    for x, below, name in (
        (_ENCODER, "inputs: the source", "left"),
        (_DECODER, "outputs so far,\nshifted", ""),
    ):
        axes.text(x, -0.15, below, ha="center", va="top", fontsize=9)
        _draw_arrow(axes, (x, -0.05), (x, 0.55))
        _draw_positions(axes, x, name == "left", highlighted is None or "positions" in highlighted)
    for part, norm, below, heads in (
        ("encoder self-attention", "encoder norm 1", 1.88, 3),
        ("encoder feed-forward", "encoder norm 2", 4.25, 0),
        ("decoder self-attention", "decoder norm 1", 1.88, 3),
        ("cross-attention", "decoder norm 2", 4.25, 1),
        ("decoder feed-forward", "decoder norm 3", 6.55, 0),
    ):
        inner, outer = (1.0 if highlighted is None or one in highlighted else 0.3 for one in (part, norm))
        width = 2 if highlighted and norm in highlighted else 1
        _draw_sublayer(axes, part, norm, below, heads, inner, outer, width)
    for low, high in ((8.55, 9.25), (9.75, 10.15), (10.65, 11.05)):
        _draw_arrow(axes, (_DECODER, low), (_DECODER, high))
    axes.text(_DECODER, 11.1, "probabilities of the next token", ha="center", va="bottom", fontsize=9)
    _draw_memory(axes, highlighted is None or "memory" in highlighted)
    axes.text(4.15, -1.3, caption, ha="center", va="bottom", fontsize=9, style="italic")
    return figure


def _draw_box(axes: Axes, x: float, y: float, text: str, colour: str, highlighted: bool) -> None:
    corner = (x - _WIDTH / 2, y - _HEIGHT / 2)
    height = _HEIGHT
    if "\n" in text:
        corner, height = (corner[0], y - 0.36), 0.72
    axes.add_patch(
        FancyBboxPatch(
            corner,
            _WIDTH,
            height,
            boxstyle="round,pad=0,rounding_size=0.1",
            facecolor=(colour, 0.55 if highlighted else 0.08),
            edgecolor=(style.BLACK, 1.0 if highlighted else 0.3),
            zorder=3,
        )
    )
    axes.text(x, y, text, ha="center", va="center", fontsize=9, alpha=1.0 if highlighted else 0.45, zorder=4)


def _draw_stack(axes: Axes, x: float, low: float, high: float, text: str, left: bool) -> None:
    """Draws the grey frame around the block that is repeated N times."""
    axes.add_patch(
        FancyBboxPatch(
            (x - 1.75, low),
            3.5,
            high - low,
            boxstyle="round,pad=0,rounding_size=0.2",
            facecolor="0.95",
            edgecolor="0.6",
            zorder=0,
        )
    )
    side = x - 1.85 if left else x + 1.85
    axes.text(side, (low + high) / 2, text, ha="right" if left else "left", va="center", fontsize=9)


def _draw_positions(axes: Axes, x: float, left: bool, highlighted: bool) -> None:
    """Draws the sum of embedding and positions, and the sine that stands for them."""
    alpha = 1.0 if highlighted else 0.3
    _draw_arrow(axes, (x, 1.05), (x, 1.45))
    axes.text(x, 1.65, "+", ha="center", va="center", fontsize=11, alpha=alpha, zorder=4)
    circle = {"boxstyle": "circle,pad=0.25", "facecolor": "white", "edgecolor": (style.BLACK, alpha)}
    axes.text(x, 1.65, " ", ha="center", va="center", fontsize=8, bbox=circle, zorder=3)
    far = x - 1.0 if left else x + 1.0
    _draw_arrow(axes, (far, 1.65), (x - 0.25 if left else x + 0.25, 1.65), alpha=alpha)
    axes.text(
        far,
        1.65,
        "positions ∿" if left else "∿ positions",
        ha="right" if left else "left",
        va="center",
        fontsize=9,
        alpha=alpha,
    )


def _draw_sublayer(
    axes: Axes,
    part: str,
    norm_part: str,
    below: float,
    heads: int,
    alpha: float,
    residual_alpha: float,
    residual_width: float,
) -> None:
    """Draws the way through a sublayer to its norm, and the residual connection around it.

    Args:
        part, norm_part: the boxes of both.
        below: height where the way begins.
        heads: arrows into the sublayer: 3 for queries, keys and values, 1 for queries alone, 0 for others.
        alpha: opacity of these arrows and their letters.
        residual_alpha, residual_width: of the residual connection.
    """
    (x, sublayer), norm = _BOXES[part][:2], _BOXES[norm_part][1]
    side = -1 if x == _ENCODER else 1  # the residual connection is on the outer side
    line = {"color": style.BLACK, "zorder": 1}
    half = 0.36 if heads else _HEIGHT / 2
    split = below + 0.15 if heads == 0 else sublayer - 0.75
    bottom = sublayer - half
    if heads == 3:
        axes.plot([x, x], [below, split + 0.1], **line, lw=1)
        axes.plot([x - 0.8, x + 0.8], [split + 0.1] * 2, **line, lw=1, alpha=alpha)
        for shift, letter in ((-0.8, "V"), (0.0, "K"), (0.8, "Q")):
            _draw_arrow(axes, (x + shift, split + 0.1), (x + shift, bottom), alpha=alpha)
            axes.text(x + shift + 0.08, bottom - 0.13, letter, fontsize=7, va="center", alpha=alpha)
    elif heads == 1:  # the queries come from below, keys and values from the encoder
        axes.plot([x, x], [below, split + 0.1], **line, lw=1)
        axes.plot([x, x + 0.8], [split + 0.1] * 2, **line, lw=1, alpha=alpha)
        _draw_arrow(axes, (x + 0.8, split + 0.1), (x + 0.8, bottom), alpha=alpha)
        axes.text(x + 0.88, bottom - 0.13, "Q", fontsize=7, va="center", alpha=alpha)
    else:
        _draw_arrow(axes, (x, below), (x, bottom))
    _draw_arrow(axes, (x, sublayer + half), (x, norm - _HEIGHT / 2))
    edge = x + side * 1.55
    around = [x, edge, edge], [split, split, norm]
    axes.plot(*around, **line, lw=residual_width, alpha=residual_alpha)
    end = (x + side * _WIDTH / 2, norm)
    _draw_arrow(axes, (edge, norm), end, alpha=residual_alpha, width=residual_width)


def _draw_memory(axes: Axes, highlighted: bool) -> None:
    """Draws the way from the encoder's output to the decoder's cross-attention."""
    alpha, middle, height = 1.0 if highlighted else 0.3, 4.1, 4.85
    line = {"color": style.BLUE, "lw": 2, "alpha": alpha, "zorder": 1}
    last = _DECODER - 0.35
    axes.plot([_ENCODER, _ENCODER, middle, middle, last], [6.25, 7.1, 7.1, height, height], **line)
    axes.text((_ENCODER + middle) / 2, 7.2, "memory", color=style.BLUE, fontsize=9, alpha=alpha, ha="center")
    for shift, letter in ((-0.95, "V"), (-0.35, "K")):
        x = _DECODER + shift
        _draw_arrow(axes, (x, height), (x, 5.14), colour=style.BLUE, alpha=alpha)
        axes.text(x + 0.08, 5.0, letter, fontsize=7, va="center", alpha=alpha)


def _draw_arrow(
    axes: Axes,
    start: tuple[float, float],
    end: tuple[float, float],
    colour: str = style.BLACK,
    alpha: float = 1.0,
    width: float = 1,
) -> None:
    arrow = {"arrowstyle": "-|>", "shrinkA": 0, "shrinkB": 0, "lw": width, "color": colour, "alpha": alpha}
    axes.annotate("", end, start, arrowprops=arrow, zorder=2)
