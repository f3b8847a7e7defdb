"""A field to draw in, and what becomes of the drawing before a network sees it."""

import base64
import binascii
import io

import gradio as gr
import numpy as np
from PIL import Image, UnidentifiedImageError

from keras_session5.data.digits.scaling import scale_to_28x28
from keras_session5.errors import ArgumentError

_SIDE = 280  # pixels of the field
_LARGEST_BYTES = 1 << 20  # of a drawing; a field full of strokes has some ten thousand
_INK = 64  # a pixel brighter than this was drawn on
_SCANNED = 32  # the side of the bitmaps from which the training digits were made
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


def read_drawing(url: str | None) -> np.ndarray:
    """Returns the field's pixels, (height, width) uint8.

    Raises:
        ArgumentError: for anything but a PNG of reasonable size.
    """
    wrong = ArgumentError("The drawing must be a PNG image. Clear the field and draw again.")
    if not url or not url.startswith(_PREFIX) or len(url) > _LARGEST_BYTES:
        raise wrong
    try:
        image = Image.open(io.BytesIO(base64.b64decode(url.removeprefix(_PREFIX))), formats=["PNG"])
        if max(image.size) > 4 * _SIDE:
            raise wrong
        return np.asarray(image.convert("L"))
    except (binascii.Error, UnidentifiedImageError, OSError, ValueError, SyntaxError):
        raise wrong from None


def as_training_digit(pixels: np.ndarray) -> np.ndarray:
    """Returns a drawing in the place and size of the digits that the networks were trained on.

    It goes the way of the UCI digits: cut out, made 32 pixels high (or wide, if it is wider than high), set
    in the middle of 32 x 32, and counted in blocks of 4 x 4; those 8 x 8 become 28 x 28 as in `data.digits`.

    Args:
        pixels: (height, width) uint8, white on black.

    Returns:
        (28, 28, 1) uint8.

    Raises:
        ArgumentError: if nothing was drawn.
    """
    ink = pixels > _INK
    if not ink.any():
        raise ArgumentError("Draw a digit: white on black, with the mouse or a finger.")
    rows, columns = np.flatnonzero(ink.any(1)), np.flatnonzero(ink.any(0))
    cut = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    scale = _SCANNED / max(cut.shape)
    height, width = (max(1, round(side * scale)) for side in cut.shape)
    scaled = Image.fromarray(cut.astype("uint8") * 255).resize((width, height), Image.Resampling.BOX)
    bitmap = np.zeros((_SCANNED, _SCANNED))
    top, left = (_SCANNED - height) // 2, (_SCANNED - width) // 2
    bitmap[top : top + height, left : left + width] = np.asarray(scaled) >= 128
    blocks = bitmap.reshape(8, 4, 8, 4).sum((1, 3))  # (8, 8), 0..16
    return scale_to_28x28(blocks[None])[0]


def png(image: np.ndarray) -> bytes:
    """Returns a grey image, (height, width, 1) uint8, as a PNG file."""
    file = io.BytesIO()
    Image.fromarray(image[:, :, 0]).save(file, "PNG")
    return file.getvalue()
