"""Figures as inline SVG: readable in the dark, and by those who do not see them."""

import re
import xml.etree.ElementTree as ET
from concurrent.futures import ThreadPoolExecutor

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
    signed = root.findall(f".//{SVG}*[@class='signed']")
    assert [part.tag for part in signed] == [f"{SVG}image"] * 2  # of the states, and of their colour bar
    assert len(root.findall(f".//{SVG}image")) == 2


def test_a_picture_does_not_become_so_narrow_that_its_text_is_unreadable(svg):
    width, least = map(int, re.search(r'style="width: (\d+)px; min-width: (\d+)px"', svg).groups())
    assert width == 490
    smallest = 9 / 72 * 100  # that of the legend, in pixels; indices are smaller
    assert smallest * least / width == pytest.approx(9, abs=0.1)


def test_lines_on_an_image_are_black_on_a_dark_page_too():
    corners = np.array([[0, 0], [1, 1]])
    svg = to_svg(pictures.decision_surface(lambda plane: plane[:, 0], corners, [0, 1]), "")
    root = ET.fromstring(svg)
    marks = [part.get("style", "") for part in root.iter(f"{SVG}use") if "fill" in part.get("style", "")]
    assert marks
    assert all("stroke: #111111" in style for style in marks)
    plain = to_svg(pictures.decision_line([[0, 0], [1, 1]], [0, 1], (1, 1), 2), "")
    assert "#111111" not in plain


def test_labels_in_colour_are_mixed_with_the_colour_of_the_page():
    figure = pictures.prefix_probabilities(np.array([[0.9, 0.1]]), ["a"], ["Croatian", "Czech"])
    root = ET.fromstring(to_svg(figure, ""))
    labels = [text.get("style") for text in root.iter(f"{SVG}text") if "C" in "".join(text.itertext())]
    assert len(labels) == 2
    assert all("55%, currentColor)" in style for style in labels)


def test_pictures_that_are_drawn_at_the_same_time_have_texts():
    with ThreadPoolExecutor(4) as pool:
        drawn = pool.map(lambda _: to_svg(pictures.state_path(np.eye(3), list("abc")), ""), range(8))
    assert all(">start</text>" in svg for svg in drawn)


def test_only_wide_pictures_scroll():
    assert 'class="wide"' in to_svg(pictures.prefix_forecasts([1, 2], [1, 2]), "")
    assert 'class="wide"' not in to_svg(pictures.state_path(np.eye(3), list("abc")), "")
