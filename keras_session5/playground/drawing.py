"""A drawing field, and its drawing as a file."""

import base64
import binascii
import io

import gradio as gr
import numpy as np
from PIL import Image, UnidentifiedImageError

from keras_session5.errors import ArgumentError

_SIDE = 280  # pixels of the field
_MAX_BYTES = 1 << 20  # of a drawing; a typical one has ten thousand
_PREFIX = "data:image/png;base64,"

_FIELD = f"""
<canvas width="{_SIDE}" height="{_SIDE}" role="img" aria-label="Field to draw in"
    style="width: {_SIDE}px; height: {_SIDE}px; cursor: crosshair; touch-action: none; border-radius: 6px">
</canvas>
<div><button class="clear" type="button">Clear</button></div>
"""
_STYLE = "button { margin-top: 6px; padding: 4px 14px; border: 1px solid #888; border-radius: 6px; }"

# White on black, like the training digits. The field sends the drawing while the pointer still moves.
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
  pen.lineTo(to[0] + 0.01, to[1]);  // canvases do not draw lines of length zero, as from a click
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

// The initial drawing is a two.
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
    """Adds a black field with a white pen; its value is a PNG as a data URL."""
    return gr.HTML(
        "", html_template=_FIELD, css_template=_STYLE, js_on_load=_BEHAVIOUR, elem_id="drawing", padding=True
    )


def read_drawing(url: str | None) -> bytes:
    """Returns the drawing of the field as a PNG file.

    Raises:
        ArgumentError: if the URL does not contain a PNG of reasonable size.
    """
    invalid = ArgumentError("The drawing must be a PNG image. Clear the field and draw again.")
    if not url or not url.startswith(_PREFIX) or len(url) > _MAX_BYTES:
        raise invalid
    try:
        file = base64.b64decode(url.removeprefix(_PREFIX))
        with Image.open(io.BytesIO(file), formats=["PNG"]) as image:
            if max(image.size) > 4 * _SIDE:
                raise invalid
            image.load()
    except (binascii.Error, UnidentifiedImageError, OSError, ValueError, SyntaxError):
        raise invalid from None
    return file


def encode_png(image: np.ndarray) -> bytes:
    """Encodes a greyscale image, (height, width, 1) uint8, as a PNG file."""
    file = io.BytesIO()
    Image.fromarray(image[:, :, 0]).save(file, "PNG")
    return file.getvalue()
