"""Car or not car: what is rendered, and a wheel detector that answers to wheels, on cars or not."""

import numpy as np
import pytest

from keras_session5.by_hand import SCENES, render_scenes, wheel_matches, wheel_scores
from keras_session5.errors import ArgumentError


@pytest.fixture(scope="module")
def scenes():
    return render_scenes(120)


def disk(picture, row, column, shade=0):
    rows, columns = np.mgrid[: len(picture), : len(picture)]
    picture[(rows - row) ** 2 + (columns - column) ** 2 <= 2.5**2] = shade


def test_half_of_the_pictures_show_a_car_and_the_others_are_of_three_kinds(scenes):
    images, kinds = scenes
    assert images.shape == (120, 28, 28, 1)
    assert images.dtype == np.uint8
    assert np.bincount(kinds).tolist() == [60, 20, 20, 20]
    assert len(SCENES) == 4
    assert len({image.tobytes() for image in images}) == 120


def test_the_same_seed_gives_the_same_pictures(scenes):
    assert np.array_equal(render_scenes(120)[0], scenes[0])
    assert not np.array_equal(render_scenes(120, seed=1)[0], scenes[0])


def test_the_match_is_the_correlation_with_a_wheel(scenes):
    picture = scenes[0][0, :, :, 0].astype(float)
    wheel = np.ones((9, 9))
    disk(wheel, 4, 4)
    expected = np.corrcoef(picture[8:17, 10:19].ravel(), wheel.ravel())[0, 1]
    assert wheel_matches(scenes[0][:1])[0, 12, 14] == pytest.approx(expected, abs=1e-6)


def test_two_wheels_in_a_row_score_one_and_a_single_one_does_not():
    two = np.full((28, 28), 200.0)
    disk(two, 14, 8)
    one = two.copy()
    disk(two, 14, 18)
    apart = one.copy()
    disk(apart, 20, 18)  # six rows lower
    scores = wheel_scores(np.stack([two, one, apart])[..., None])
    assert scores[0] == pytest.approx(1, abs=1e-6)
    assert max(scores[1:]) < 0.5


def test_what_has_two_discs_scores_like_a_car(scenes):
    images, kinds = scenes
    scores = wheel_scores(images)
    medians = [np.median(scores[kinds == kind]) for kind in range(4)]
    assert medians[SCENES.index("house")] < 0.5
    assert min(medians[SCENES.index(name)] for name in ("ship", "balls")) > 0.7


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: render_scenes(0), "`count` must be an integer of at least 1"),
        (lambda: render_scenes(2, seed=0.5), "`seed` must be an integer"),
        (lambda: wheel_scores(np.zeros((1, 28, 28))), r"`images` must be an array of shape \(N, height"),
        (lambda: wheel_scores(np.zeros((1, 9, 28, 1))), "`images` must have at least 16 rows and columns"),
    ],
)
def test_a_wrong_argument_is_refused_in_a_sentence(call, sentence):
    with pytest.raises(ArgumentError, match=sentence):
        call()
