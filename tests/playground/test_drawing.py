"""From the field to the 28 x 28 pixels that a network sees."""

import base64
import io

import numpy as np
import pytest
from PIL import Image, ImageDraw

from keras_session5.data.digits.scaling import scale_to_28x28
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


def test_a_drawing_is_read_as_it_was_drawn():
    assert np.array_equal(drawing.read_drawing(url(seven())), seven())
    colours = np.stack([seven(), seven(), seven(), np.full((280, 280), 255, "uint8")], -1)
    assert np.array_equal(drawing.read_drawing(url(colours)), seven())  # what a browser writes


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


def test_an_empty_field_is_told():
    with pytest.raises(ArgumentError, match="Draw a digit"):
        drawing.as_training_digit(np.zeros((280, 280), "uint8"))


def test_place_and_size_on_the_field_do_not_matter():
    digit = drawing.as_training_digit(seven()).astype(int)
    assert np.array_equal(drawing.as_training_digit(seven(shift=(17, -9))), digit)
    assert np.abs(drawing.as_training_digit(seven(scale=0.6)) - digit).mean() < 6  # of 255


def test_it_fills_the_height_and_stands_in_the_middle_as_the_training_digits_do():
    digit = drawing.as_training_digit(seven())
    assert digit.shape == (28, 28, 1)
    assert digit.dtype == np.uint8
    rows, columns = (np.flatnonzero(digit[:, :, 0].any(axis)) for axis in (1, 0))
    assert (rows[0], rows[-1]) == (2, 25)  # a border of two pixels
    assert abs(columns[0] - (27 - columns[-1])) <= 1


def test_a_training_digit_that_is_drawn_again_is_nearly_itself():
    from sklearn.datasets import load_digits

    images = load_digits().images[:50]
    similar = []
    for image in images:
        large = np.asarray(
            Image.fromarray(image.astype("float32")).resize((280, 280), Image.Resampling.BILINEAR)
        )
        again = drawing.as_training_digit((large > 8).astype("uint8") * 255)
        similar.append(np.corrcoef(again.ravel(), scale_to_28x28(image[None]).ravel())[0, 1])
    assert np.mean(similar) > 0.8


def test_a_dot_and_a_full_field_are_digits_of_some_kind():
    dot = np.zeros((280, 280), "uint8")
    dot[3, 5] = 255
    assert drawing.as_training_digit(dot)[2:26, 2:26].min() == 255
    assert drawing.as_training_digit(np.full((280, 280), 255, "uint8"))[2:26, 2:26].min() == 255


def test_the_png_holds_every_pixel():
    digit = drawing.as_training_digit(seven())
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(drawing.png(digit)))), digit[:, :, 0])
