"""Figures of `pictures` as inline SVG, which takes the colours of the page and has a text alternative."""

import io
import math
import re
import threading
from html import escape

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.collections import QuadMesh
from matplotlib.colors import to_hex, to_rgba_array
from matplotlib.figure import Figure

from keras_session5.pictures import style

_PX_PER_POINT = 100 / 72
_LEAST_TEXT_PX = 9  # a picture does not become so narrow that its text is smaller
_TELEPHONE_PX = 430  # width of the largest telephones
# matplotlib's context is that of all threads: the end of another's would turn texts into paths.
_DRAWING = threading.Lock()
_NO_METADATA = {"Creator": None, "Date": None, "Format": None, "Type": None}
_SIZE = re.compile(r'<svg[^>]*? width="([\d.]+)pt" height="([\d.]+)pt" viewBox="([^"]*)"[^>]*>')
# Of a text in a colour of its own; white and ink are for text on a coloured ground.
_TEXT_COLOUR = re.compile(r'(<text style="[^"]*fill: )(#(?!ffffff|111111)[0-9a-f]{6})')


def to_svg(figure: Figure, description: str) -> str:
    """Returns a figure as an SVG element: no background, and the text colour of the page instead of black.

    Args:
        figure: a figure, which this changes.
        description: what the picture shows, for readers who do not see it.
    """
    figure.patch.set_visible(False)
    for axes in figure.findobj(Axes):
        assert isinstance(axes, Axes)
        axes.patch.set_visible(False)
        if axes.images or any(isinstance(part, QuadMesh) for part in axes.collections):
            _keep_black(axes)
    file = io.StringIO()
    with _DRAWING, mpl.rc_context({"svg.fonttype": "none"}):
        # `savefig` would draw a figure with a layout engine twice.
        FigureCanvasSVG(figure).print_svg(file, metadata=_NO_METADATA)
    head = _SIZE.search(file.getvalue())
    assert head
    width = float(head[1]) * _PX_PER_POINT
    body = re.sub(r"<(metadata|style)\b.*?</\1>", "", file.getvalue()[head.end() :], flags=re.DOTALL)
    # Several pictures share one page: only ids that something refers to stay, which are unique.
    used = set(re.findall(r'(?:href="#|url\(#)([^")]+)', body))
    body = re.sub(r' id="(?:(signed)|([^"]*))"', lambda found: _keep_id(found, used), body)
    # Between its own colour and that of the page's text, a label is readable on light and dark ground.
    body = _TEXT_COLOUR.sub(r"\1color-mix(in srgb, \2 55%, currentColor)", body)
    # The page updates attributes without their namespace.
    body = body.replace("xlink:href", "href").replace("#000000", "currentColor")
    least = math.ceil(width * min(1, _LEAST_TEXT_PX / _find_text_px(body)))
    kind = "wide" if least > _TELEPHONE_PX else "narrow"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{head[3]}" class="{kind}" role="img" '
        f'aria-label="{escape(description)}" style="width: {width:.0f}px; min-width: {least}px">{body}'
    )


def _keep_black(axes: Axes) -> None:
    """Lets black lines, and black edges of markers, be black on a dark page too: they are on an image."""
    for line in axes.lines:
        if to_hex(line.get_color()) == style.BLACK:
            line.set_color(style.INK)
    for collection in axes.collections:
        if any(to_hex(colour) == style.BLACK for colour in to_rgba_array(collection.get_edgecolor())):
            collection.set_edgecolor(style.INK)


def _find_text_px(body: str) -> float:
    """Returns the size of the smallest text at the full width; an index counts as the letter before it."""
    texts = re.findall(r"<text.*?</text>", body, re.DOTALL)
    sizes = [max(map(float, re.findall(r"font-size: ([\d.]+)px", text)), default=math.inf) for text in texts]
    return min(sizes, default=math.inf) * _PX_PER_POINT


def _keep_id(found: re.Match, used: set[str]) -> str:
    if found[1]:  # a picture of values around zero, see `STYLE` of `parts`
        return ' class="signed"'
    return found[0] if found[2] in used else ""
