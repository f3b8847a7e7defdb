"""From the field to the file that the model server is sent."""

import base64
import io

import numpy as np
import pytest
from PIL import Image, ImageDraw

from keras_session5.errors import ArgumentError

pytest.importorskip("gradio", reason="the page needs the extra playground")

from keras_session5.playground import drawing


def seven(scale=1.0, shift=(0, 0)):
    """A 7 on the field, (280, 280) uint8."""
    image = Image.new("L", (280, 280))
    points = [
        (60 + shift[0] + scale * x, 40 + shift[1] + scale * y) for x, y in ((0, 0), (120, 0), (40, 190))
    ]
    ImageDraw.Draw(image).line(points, fill=255, width=round(26 * scale), joint="curve")
    return np.asarray(image)


def url(pixels):
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()


def test_a_drawing_is_sent_as_the_file_that_it_is():
    file = drawing.read_drawing(url(seven()))
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(file))), seven())


@pytest.mark.parametrize(
    "wrong",
    [
        None,
        "",
        "hello",
        "data:image/png;base64,????",
        "data:image/png;base64,aGVsbG8=",
        "data:image/png;base64,",
    ],
)
def test_what_is_no_png_is_told(wrong):
    with pytest.raises(ArgumentError, match="must be a PNG"):
        drawing.read_drawing(wrong)


def test_a_picture_that_is_too_large_is_refused():
    with pytest.raises(ArgumentError, match="must be a PNG"):
        drawing.read_drawing(url(np.zeros((10, 3000), "uint8")))


def test_the_png_holds_every_pixel():
    digit = seven()[40:68, 60:88, None]
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(drawing.encode_png(digit)))), digit[:, :, 0])
