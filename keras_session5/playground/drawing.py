"""A field to draw in, and the file that comes of it."""

import base64
import binascii
import io

import gradio as gr
import numpy as np
from PIL import Image, UnidentifiedImageError

from keras_session5.errors import ArgumentError

_SIDE = 280  # pixels of the field
_LARGEST_BYTES = 1 << 20  # of a drawing; a field full of strokes has some ten thousand
_PREFIX = "data:image/png;base64,"

_FIELD = f"""
<canvas width="{_SIDE}" height="{_SIDE}" role="img" aria-label="Field to draw in"
    style="width: {_SIDE}px; height: {_SIDE}px; cursor: crosshair; touch-action: none; border-radius: 6px">
</canvas>
<div><button class="clear" type="button">Clear</button></div>
"""
_STYLE = "button { margin-top: 6px; padding: 4px 14px; border: 1px solid #888; border-radius: 6px; }"

# White on black, as the training digits are; a new drawing is sent while the pointer still moves.
_BEHAVIOUR = """
const canvas = element.querySelector('canvas');
const pen = canvas.getContext('2d');
let last = null, sent = 0;

function place(event) {
  const box = canvas.getBoundingClientRect();
  return [event.clientX - box.left, event.clientY - box.top];
}
function stroke(from, to) {
  pen.strokeStyle = 'white';
  pen.lineWidth = 26;
  pen.lineCap = pen.lineJoin = 'round';
  pen.beginPath();
  pen.moveTo(...from);
  pen.lineTo(to[0] + 0.01, to[1]);  // a line of no length, from a click, would not be drawn
  pen.stroke();
}
function send() {
  sent = Date.now();
  props.value = canvas.toDataURL('image/png');
  trigger('input');
}
function clear() {
  pen.fillStyle = 'black';
  pen.fillRect(0, 0, canvas.width, canvas.height);
}
canvas.addEventListener('pointerdown', (event) => {
  canvas.setPointerCapture(event.pointerId);
  last = place(event);
  stroke(last, last);
});
canvas.addEventListener('pointermove', (event) => {
  if (last === null) return;
  const next = place(event);
  stroke(last, next);
  last = next;
  if (Date.now() - sent > 300) send();
});
for (const end of ['pointerup', 'pointercancel']) {
  canvas.addEventListener(end, () => { last = null; send(); });
}
element.querySelector('.clear').addEventListener('click', () => { clear(); send(); });

// A two to begin with.
clear();
let before = null;
for (const point of [[90, 95], [105, 65], [140, 52], [175, 65], [185, 100], [165, 140], [125, 180],
                     [88, 222], [140, 222], [195, 222]]) {
  if (before) stroke(before, point);
  before = point;
}
send();
"""


def drawing_field() -> gr.HTML:
    """A black field for a white pen; its value is a PNG, as a data URL."""
    return gr.HTML(
        "", html_template=_FIELD, css_template=_STYLE, js_on_load=_BEHAVIOUR, elem_id="drawing", padding=True
    )


def read_drawing(url: str | None) -> bytes:
    """Returns the field's drawing, a PNG file.

    Raises:
        ArgumentError: for anything but a PNG of reasonable size.
    """
    wrong = ArgumentError("The drawing must be a PNG image. Clear the field and draw again.")
    if not url or not url.startswith(_PREFIX) or len(url) > _LARGEST_BYTES:
        raise wrong
    try:
        file = base64.b64decode(url.removeprefix(_PREFIX))
        with Image.open(io.BytesIO(file), formats=["PNG"]) as image:
            if max(image.size) > 4 * _SIDE:
                raise wrong
            image.load()
    except (binascii.Error, UnidentifiedImageError, OSError, ValueError, SyntaxError):
        raise wrong from None
    return file


def png(image: np.ndarray) -> bytes:
    """Returns a grey image, (height, width, 1) uint8, as a PNG file."""
    file = io.BytesIO()
    Image.fromarray(image[:, :, 0]).save(file, "PNG")
    return file.getvalue()
