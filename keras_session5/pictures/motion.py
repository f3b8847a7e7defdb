"""Pictures that move: a slider in a notebook and on the site, and one still picture in print."""

import base64
import html
import io
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from keras_session5.errors import ArgumentError

_DPI = 90
_COLOURS = 256  # of a frame: half the bytes of all colours, and charts look the same

_FIGURE = """\
<figure style="margin:0" role="group" aria-label={description}>
{images}
<div><button type="button" onclick="{play}">Play</button>
<label>{name} <input type="range" min="0" max="{last}" value="{still}" oninput="{show}"
 style="width:16em;max-width:60%;vertical-align:middle"></label> <output>{label}</output></div>
</figure>"""
# Without ids and scripts of their own, several on a page cannot disturb each other, and where a page removes
# handlers, such as a code host's, the still picture remains.
_SHOW = (
    "const f=this.closest('figure');f.querySelectorAll('img').forEach((e,i)=>{e.hidden=i!=this.value;"
    "if(!e.hidden)f.querySelector('output').value=e.dataset.label})"
)
_PLAY = (
    "const s=this.closest('figure').querySelector('input');clearInterval(s.timer);"
    "if(this.textContent=='Pause'){this.textContent='Play';return}"
    "this.textContent='Pause';if(s.value==s.max)s.value=-1;"
    "s.timer=setInterval(()=>{s.value++;s.dispatchEvent(new Event('input'));"
    "if(s.value==s.max||!s.isConnected){clearInterval(s.timer);this.textContent='Play'}},400)"
)


class Slider:
    """Frames to step through by a slider or to play, without a running kernel.

    A notebook shows it as HTML, and as a PNG of one frame where it shows no HTML.
    """

    def __init__(
        self, figures: Sequence[Figure], labels: Sequence[Any], name: str, description: str, still: int = -1
    ) -> None:
        """Draws the frames.

        Args:
            figures: the frames, all of the same size in inches.
            labels: a label for each frame, shown beside the slider.
            name: what the slider moves through, such as `"epoch"`.
            description: what one sees, for readers who see no pictures.
            still: index of the frame that is shown first, and in print.

        Raises:
            ArgumentError: if there are no frames, or not one label for each.
        """
        if not figures or len(figures) != len(labels):
            raise ArgumentError(
                "`labels` must have one entry for each of the figures, at least one. "
                f"Received: {len(figures)} figures, {len(labels)} labels"
            )
        self.frames = [_draw(figure) for figure in figures]
        self.labels, self.name, self.description = [str(label) for label in labels], name, description
        self.still = range(len(figures))[still]

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        return {
            "text/html": self._to_html(),
            "image/png": base64.b64encode(self.frames[self.still]).decode(),
            "text/plain": f"<Slider of {len(self.frames)} frames: {self.description}>",
        }

    def _to_html(self) -> str:
        images = "\n".join(
            f'<img alt="{html.escape(f"{self.description}: {self.name} {label}")}" '
            f'data-label="{html.escape(label)}"{"" if i == self.still else " hidden"} '
            f'src="data:image/png;base64,{base64.b64encode(frame).decode()}">'
            for i, (frame, label) in enumerate(zip(self.frames, self.labels, strict=True))
        )
        return _FIGURE.format(
            description=f'"{html.escape(self.description)}"',
            images=images,
            name=html.escape(self.name),
            last=len(self.frames) - 1,
            still=self.still,
            label=html.escape(self.labels[self.still]),
            show=html.escape(_SHOW),
            play=html.escape(_PLAY),
        )


def _draw(figure: Figure) -> bytes:
    """Returns a figure as a PNG with a palette."""
    from PIL import Image

    figure.set_dpi(_DPI)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    image = Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")
    # Colours spread evenly: a median cut gives them to the largest areas, and a rare one turns into another.
    image = image.quantize(_COLOURS, Image.Quantize.MAXCOVERAGE)
    buffer = io.BytesIO()
    image.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()
