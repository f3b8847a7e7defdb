"""Sliders: what a notebook shows, with and without HTML."""

import base64
import io
import re

import matplotlib as mpl
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


def test_a_frame_keeps_the_colours_of_its_maps():
    values = np.linspace(-1, 1, 400).reshape(20, 20)
    figure = style.new_figure(2, 2)
    for axes, colours in zip(figure.subplots(1, 2), (style.DIVERGING, style.SIGNED), strict=True):
        axes.imshow(values, cmap=colours)
    slider = pictures.Slider([figure], [1], "step", "two maps")
    found = imread(io.BytesIO(slider.frames[0]))[..., :3].reshape(-1, 3)
    for name in (style.DIVERGING, style.SIGNED):
        wanted = mpl.colormaps[name](np.linspace(0, 1, 9))[:, :3]
        assert np.abs(found - wanted[:, None]).max(axis=2).min(axis=1).max() < 0.04


@pytest.mark.parametrize(("count", "labels"), [(0, []), (2, ["one"])])
def test_frames_without_labels_are_refused(count, labels):
    with pytest.raises(ArgumentError, match="one entry for each of the figures"):
        pictures.Slider(frames(count), labels, "step", "a colour")
