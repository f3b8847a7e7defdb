"""Pictures of explanations: they show what they are given, in any script, and warn of nothing."""

import numpy as np
import pytest
from matplotlib.image import imread

from keras_session5 import pictures
from keras_session5.errors import ArgumentError
from keras_session5.pictures import style

RNG = np.random.default_rng(0)
SCRIPTS = list("Fr $a$ αЖع中한\u0301\n\u200d😀")


def softmax(x):
    return np.exp(x) / np.exp(x).sum(-1, keepdims=True)


def draw(figure, tmp_path):
    """The picture's pixels, after it has been written and read."""
    return imread(pictures.save(figure, tmp_path / "picture.png"))


def labels(axis):
    return [label.get_text() for label in axis.get_ticklabels()]


def test_every_map_is_in_its_layers_mosaic(tmp_path):
    maps = {"c1": RNG.random((4, 4, 20)), "f6": np.arange(84.0), "c5": RNG.random((1, 1, 7))}
    figure = pictures.feature_maps(maps)
    first, last, single = (axes for axes in figure.axes if axes.get_title("left"))
    assert [axes.get_title("left") for axes in (first, last, single)] == [
        "c1: 20 maps of 4 x 4",
        "f6: 84 units",
        "c5: 7 units",
    ]
    mosaic = np.ma.filled(first.images[0].get_array(), np.nan)
    np.testing.assert_array_equal(mosaic[:4, 5:9], maps["c1"][..., 1])  # a gap of one between two maps
    np.testing.assert_array_equal(mosaic[5:9, 15:19], maps["c1"][..., 19])
    shown = np.ma.filled(last.images[0].get_array(), np.nan)
    assert shown[np.isfinite(shown)].tolist() == list(range(84))
    assert draw(figure, tmp_path).shape[1] == 8 * style.DPI


def test_maps_are_numbered_and_zero_is_in_the_middle_of_their_colours(tmp_path):
    maps = {"c1": RNG.normal(size=(4, 4, 20)), "relu": 1 + RNG.random((4, 4, 2)), "f6": -np.arange(84.0)}
    figure = pictures.feature_maps(maps, "weight")
    signed, positive, units = (axes for axes in figure.axes if axes.get_title("left"))
    assert labels(signed.xaxis) == [str(i) for i in range(1, 17)]
    assert signed.get_xticks()[1] == 5 + 1.5  # the middle of the second map
    assert labels(signed.yaxis) == ["17"]
    assert labels(units.xaxis) == []
    largest = np.abs(maps["c1"]).max()
    assert signed.images[0].get_clim() == (-largest, largest)
    assert signed.images[0].get_cmap().name == style.DIVERGING
    assert positive.images[0].get_clim() == (0, maps["relu"].max())
    assert positive.images[0].get_cmap().name == style.SEQUENTIAL
    assert {axes.get_ylabel() for axes in figure.axes if not axes.get_title("left")} == {"weight"}
    draw(figure, tmp_path)


def test_the_strongest_pixel_glows(tmp_path):
    image, counts = np.zeros((6, 5)), np.zeros((6, 5))
    counts[2, 3] = 1e-9
    figure = pictures.saliency(image[..., None], counts)
    glow = figure.axes[2].images[1].get_array()
    assert np.unravel_index(glow[..., 3].argmax(), counts.shape) == (2, 3)
    assert glow[2, 3, 3] == 1
    draw(figure, tmp_path)
    draw(pictures.saliency(image, image), tmp_path)  # nothing counts: nothing is divided by zero
    with pytest.raises(ArgumentError, match=r"`saliency` must have the height and width.*\(5, 5\)"):
        pictures.saliency(image, counts[1:])


def test_attention_has_a_panel_for_every_head_with_all_labels(tmp_path):
    keys = SCRIPTS
    weights = softmax(RNG.normal(size=(2, 5, 3, len(keys))))
    figure = pictures.attention(weights, ["a", "b", "end"], keys, heads=[2, 3, 5, 7, 11])
    panels = [axes for axes in figure.axes if axes.get_title()]
    assert [axes.get_title() for axes in panels[4:6]] == ["layer 1, head 11", "layer 2, head 2"]
    np.testing.assert_allclose(panels[5].images[0].get_array(), weights[1, 0])
    assert labels(panels[5].yaxis) == ["a", "b", "end"]
    assert len(labels(panels[-1].xaxis)) == len(keys)  # at the bottom
    draw(figure, tmp_path)
    with pytest.raises(ArgumentError, match=r"`queries` must have 3 entries. Received: 2"):
        pictures.attention(weights, ["a", "b"], keys)
    with pytest.raises(ArgumentError, match="`weights` must have the shape"):
        pictures.attention(weights[0], ["a"], keys)


def test_long_sequences_have_every_so_many_labels(tmp_path):
    text = [str(i % 10) for i in range(150)]
    figure = pictures.states(np.tanh(RNG.normal(size=(150, 8))), text)
    shown = labels(figure.axes[0].xaxis)
    assert 30 <= len(shown) <= 40
    assert shown[1] == text[150 // len(shown) + (150 % len(shown) > 0)]
    draw(figure, tmp_path)


def test_states_stand_upright(tmp_path):
    states = np.tanh(RNG.normal(size=(len(SCRIPTS), 9)))
    figure = pictures.states(states, SCRIPTS)
    np.testing.assert_allclose(figure.axes[0].images[0].get_array(), states.T)
    assert labels(figure.axes[0].xaxis) == [style.shown(c) for c in SCRIPTS]
    draw(figure, tmp_path)


def test_the_likeliest_classes_are_drawn_and_named(tmp_path):
    probabilities = np.array([[0.1, 0.8, 0.05, 0.05], [0.6, 0.1, 0.25, 0.05]])
    figure = pictures.prefix_probabilities(probabilities, ["a", "b"], ["$w$", "中", "y", "z"], top=3)
    (axes,) = figure.axes
    assert [line.get_ydata().tolist() for line in axes.lines] == [[0.1, 0.6], [0.05, 0.25], [0.8, 0.1]]
    assert [text.get_text().replace("\n", "") for text in axes.texts] == [
        r"\$w\$ 0.60",
        "y 0.25",
        f"{style.shown('中')} 0.10".replace("\n", ""),
    ]
    draw(figure, tmp_path)
    draw(pictures.prefix_probabilities(np.ones((1, 1)), ["a"], ["only"]), tmp_path)


def test_a_forecast_stands_where_its_value_comes(tmp_path):
    figure = pictures.prefix_forecasts(np.array([[1.0], [2.0]]), np.array([2.1, 3.1]))
    seen, forecast = figure.axes[0].lines
    assert seen.get_xdata().tolist() == [1, 2]
    assert forecast.get_xdata().tolist() == [2, 3]
    draw(figure, tmp_path)


def test_few_units_are_bars_and_many_are_strips(tmp_path):
    sums = RNG.normal(size=130)
    figure = pictures.units({"hidden": (sums, np.tanh(sums)), "fires": ([-3.0], [0.0])})
    strips, bars = figure.subfigs
    shown = np.ma.filled(strips.axes[0].images[0].get_array(), np.nan)
    np.testing.assert_array_equal(shown[np.isfinite(shown)], sums)
    assert [[bar.get_height() for bar in axes.patches] for axes in bars.axes] == [[-3], [0]]
    draw(figure, tmp_path)
    draw(pictures.units({"wiring": (np.zeros(1000), np.zeros(1000))}), tmp_path)


def test_any_character_can_be_shown():
    assert style.shown("a") == "a"
    assert style.shown(" ") == style.shown("\u00a0") == "␣"
    assert style.shown("\n") == "↵"
    assert style.shown("\u0301") == "◌\u0301"
    assert style.shown("$") == r"\$"
    assert style.shown("\u200d") == "20\n0D"
    assert style.shown("\U0001f9ff") in ("\U0001f9ff", "1F\n9FF")
    assert style.shown("new line") == "new line"
    for script in "αЖعא":
        assert style.shown(script) == script


def test_figures_are_saved_under_each_other_or_not_at_all(tmp_path, monkeypatch):
    narrow, wide = style.new_figure(2, 1), style.new_figure(3, 1)
    path = pictures.save([narrow, wide], tmp_path / "both.png")
    assert imread(path).shape[:2] == (2 * style.DPI, 3 * style.DPI)
    before = path.read_bytes()

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("matplotlib.image.imsave", full)
    with pytest.raises(OSError, match="No space left"):
        pictures.save(narrow, path)
    assert path.read_bytes() == before
    assert [child.name for child in tmp_path.iterdir()] == ["both.png"]


def test_all_that_is_listed_can_be_had():
    for name in pictures.__all__:
        assert callable(getattr(pictures, name))
        assert name in dir(pictures)
    with pytest.raises(AttributeError, match="nothing"):
        getattr(pictures, "nothing")  # noqa: B009 - the error is the point


def test_only_the_units_that_change_most_are_drawn():
    states = np.zeros((3, 5))
    states[:, 1], states[1, 4] = [0.1, 0.2, 0.3], 0.9
    axes = pictures.states(states, list("abc"), most=2).axes[0]
    np.testing.assert_array_equal(axes.images[0].get_array(), states[:, [1, 4]].T)
    assert [label.get_text() for label in axes.get_yticklabels()] == ["2", "5"]
    assert "the 2 of 5 units" in axes.get_title("left")


def test_the_path_of_two_units_keeps_their_distances():
    states = np.array([[0.5, 0.1], [-0.3, 0.8], [0.9, -0.9]])
    figure = pictures.state_path(states, list("abc"))
    places = np.stack(figure.axes[0].lines[0].get_data(), 1)
    way = np.concatenate([[[0, 0]], states])
    distances = [np.linalg.norm(points[:, None] - points, axis=-1) for points in (places, way)]
    np.testing.assert_allclose(*distances)
    assert "100% of its variance" in figure.axes[0].get_title("left")
