"""Figures of `pictures` as inline SVG, which takes the colours of the page and has a text alternative."""

import io
import re
from html import escape

import matplotlib as mpl
from matplotlib.figure import Figure

_PX_PER_INCH = 100
_WIDE_PX = 600  # too wide for a telephone, where it scrolls
_NO_METADATA = {"Creator": None, "Date": None, "Format": None, "Type": None}
_SIZE = re.compile(r'<svg[^>]*? width="([\d.]+)pt" height="([\d.]+)pt" viewBox="([^"]*)"[^>]*>')


def to_svg(figure: Figure, description: str) -> str:
    """Returns a figure as an SVG element: no background, and the text colour of the page instead of black.

    Args:
        figure: a figure, which this changes.
        description: what the picture shows, for readers who do not see it.
    """
    for part in (figure, *figure.axes):
        part.patch.set_visible(False)
    file = io.StringIO()
    with mpl.rc_context({"svg.fonttype": "none"}):
        figure.savefig(file, format="svg", metadata=_NO_METADATA)
    head = _SIZE.search(file.getvalue())
    assert head
    width = float(head[1]) / 72 * _PX_PER_INCH
    body = re.sub(r"<(metadata|style)\b.*?</\1>", "", file.getvalue()[head.end() :], flags=re.DOTALL)
    # Several pictures share one page: only ids that something refers to stay, which are unique.
    used = set(re.findall(r'(?:href="#|url\(#)([^")]+)', body))
    body = re.sub(r' id="(?:(signed)|([^"]*))"', lambda found: _keep_id(found, used), body)
    # The page updates attributes without their namespace.
    body = body.replace("xlink:href", "href").replace("#000000", "currentColor")
    kind = "wide" if width > _WIDE_PX else "narrow"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{head[3]}" class="{kind}" role="img" '
        f'aria-label="{escape(description)}" style="width: {width:.0f}px">{body}'
    )


def _keep_id(found: re.Match, used: set[str]) -> str:
    if found[1]:  # a picture of values around zero, see `STYLE` of `parts`
        return ' class="signed"'
    return found[0] if found[2] in used else ""
