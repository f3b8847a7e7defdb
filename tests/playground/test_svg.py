"""Figures as inline SVG: readable in the dark, and by those who do not see them."""

import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest

from keras_session5 import pictures

pytest.importorskip("gradio", reason="the page needs the extra playground")

from keras_session5.playground.svg import to_svg

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def svg():
    figure = pictures.decision_line([[0, 0], [1, 1]], [0, 1], (1, 1), 2)
    return to_svg(figure, 'a "line" & <more>')


def test_a_picture_has_a_text_alternative(svg):
    root = ET.fromstring(svg)
    assert root.tag == f"{SVG}svg"
    assert (root.get("role"), root.get("aria-label")) == ("img", 'a "line" & <more>')


def test_a_picture_takes_the_colours_of_the_page(svg):
    assert "#000000" not in svg
    assert "#ffffff" not in svg  # no white box
    assert "currentColor" in svg
    assert "<style" not in svg  # which would be the page's


def test_ids_are_only_those_that_are_used(svg):
    again = to_svg(pictures.decision_line([[0, 0], [1, 1]], [0, 1], (1, 1), 2), "")
    for one in (svg, again):
        used = set(re.findall(r'(?:href="#|url\(#)([^")]+)', one))
        assert set(re.findall(r' id="([^"]+)"', one)) == used
    assert "xlink" not in svg.split(">", 1)[1]


def test_texts_are_texts_and_never_markup():
    figure = pictures.states(np.zeros((2, 3)), ["<", "&"])
    root = ET.fromstring(to_svg(figure, ""))
    texts = ["".join(text.itertext()).strip() for text in root.iter(f"{SVG}text")]
    assert {"<", "&", "hidden unit"} <= set(texts)
    assert root.findall(f".//{SVG}*[@class='signed']")


def test_only_wide_pictures_scroll():
    assert 'class="wide"' in to_svg(pictures.prefix_forecasts([1, 2], [1, 2]), "")
    assert 'class="wide"' not in to_svg(pictures.state_path(np.eye(3), list("abc")), "")
