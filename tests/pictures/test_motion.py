"""Sliders: what a notebook shows, with and without HTML."""

import base64
import io
import re

import numpy as np
import pytest
from matplotlib.image import imread

from keras_session5 import pictures
from keras_session5.errors import ArgumentError
from keras_session5.pictures import style


def frames(count):
    figures = [style.new_figure(2, 1) for _ in range(count)]
    for number, figure in enumerate(figures):
        figure.patch.set_facecolor((number / count, 0, 0))
    return figures


def test_a_slider_shows_the_still_frame_and_hides_the_others():
    slider = pictures.Slider(frames(3), ["one", "two", '<"3">'], "step", "a colour", still=1)
    html = slider._repr_mimebundle_()["text/html"]
    images = re.findall(r"<img [^>]+>", html)
    assert [" hidden " in image for image in images] == [True, False, True]
    assert 'alt="a colour: step two"' in images[1]
    assert '<"3">' not in html
    assert 'max="2" value="1"' in html
    assert "<script" not in html


def test_a_page_without_html_gets_the_still_frame_and_its_description():
    bundle = pictures.Slider(frames(3), [1, 2, 3], "step", "a colour")._repr_mimebundle_()
    still = imread(io.BytesIO(base64.b64decode(bundle["image/png"])))
    assert still.shape[:2] == (90, 180)
    assert np.allclose(still[0, 0, :3], (2 / 3, 0, 0), atol=0.02)
    assert bundle["text/plain"] == "<Slider of 3 frames: a colour>"


def test_a_frame_keeps_the_colours_of_all_its_colour_maps():
    figure = style.new_figure(5, 3)
    for axes, colours in zip(
        figure.subplots(1, 3), (style.DIVERGING, style.SIGNED, style.SEQUENTIAL), strict=True
    ):
        figure.colorbar(axes.imshow(np.eye(9), cmap=colours))
    shown = imread(io.BytesIO(pictures.Slider([figure], [1], "step", "three maps").frames[0]))[..., :3]
    drawn = np.asarray(figure.canvas.buffer_rgba())[..., :3] / 255
    assert np.abs(shown - drawn).max() < 0.03


@pytest.mark.parametrize(("count", "labels"), [(0, []), (2, ["one"])])
def test_frames_without_labels_are_refused(count, labels):
    with pytest.raises(ArgumentError, match="one entry for each of the figures"):
        pictures.Slider(frames(count), labels, "step", "a colour")
