"""The classical methods: what they see, how well they do on few examples, what must not stop them."""

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from keras_session5.comparison.classical import METHODS, Method, get_inputs, oriented_gradients, pixels
from keras_session5.data import Split, load_data, subset

IMAGES, TEXTS = METHODS["image"], METHODS["text"]
FLOORS = {  # on 300 test digits after 300 training digits: 0.04 or 0.05 below what was measured
    ("logistic regression", "pixels"): 0.87,
    ("nearest neighbours", "pixels"): 0.9,
    ("decision tree", "pixels"): 0.65,
    ("random forest", "pixels"): 0.85,
    ("SVM", "pixels"): 0.9,
    ("linear SVM", "HOG"): 0.93,
    ("logistic regression", "HOG"): 0.94,
}


def names(methods):
    return [f"{method.name}-{method.features}" for method in methods]


@pytest.fixture(scope="module", autouse=True)
def _one_thread():
    """On a busy machine the threads of so small products wait for each other longer than they compute."""
    with threadpool_limits(1):
        yield


@pytest.fixture(scope="module")
def digits():
    data = load_data("digits")
    return subset(data.train, 300, 0), subset(data.test, 300, 0)


def test_every_kind_of_data_with_classes_has_five_methods_with_names_of_their_own():
    for methods in METHODS.values():
        assert len(methods) >= 5
        assert len(set(names(methods))) == len(methods)


def test_histograms_of_gradients_are_nine_for_each_cell_of_each_block():
    images = np.zeros((3, 28, 28, 1), np.uint8)
    found = oriented_gradients(images)
    assert found.shape == (3, 6 * 6 * 2 * 2 * 9)
    assert found.dtype == np.float32
    assert oriented_gradients(images[:, :20, :20]).shape == (3, 4 * 4 * 2 * 2 * 9)


@pytest.mark.parametrize(("turned", "orientation"), [(False, 0), (True, 4)])
def test_an_edge_excites_the_orientation_of_its_gradient_and_no_other(turned, orientation):
    # Left black, right white: the gradient points across the edge, at 0 degrees; turned, at 90. The nine
    # histogram bins are 20 degrees wide and begin at 0, so that 90 degrees are in the fifth.
    image = np.zeros((1, 28, 28, 1), np.uint8)
    image[:, :, 14:] = 255
    image = image.transpose(0, 2, 1, 3) if turned else image
    histogram = oriented_gradients(image).reshape(-1, 9).sum(axis=0)
    assert histogram[orientation] > 0
    assert np.delete(histogram, orientation).max() == 0


def test_pixels_are_rows_of_fractions():
    images = np.arange(8, dtype=np.uint8).reshape(2, 2, 2, 1)
    assert pixels(images) == pytest.approx(np.arange(8).reshape(2, 4) / 255)


@pytest.mark.parametrize("method", IMAGES, ids=names(IMAGES))
def test_every_method_reads_digits_and_the_same_with_the_same_seed(method, digits):
    train, test = digits
    fitted = [method.fit(train.inputs, train.labels, seed=3) for _ in range(2)]
    answers = [one.predict(test.inputs) for one in fitted]
    assert np.mean(answers[0] == test.labels) >= FLOORS[method.name, method.features]
    assert (answers[0] == answers[1]).all()


@pytest.mark.parametrize("method", TEXTS, ids=names(TEXTS))
def test_every_method_tells_languages_apart(method):
    texts = [f"{stem}{end}" for stem in "abcdefghij" for end in ("ien", "land", "ija")]
    split = Split(np.zeros((30, 1), np.int32), np.arange(30) % 3, tuple(texts))
    fitted = method.fit(get_inputs(split), split.labels)
    assert list(fitted.predict(["kien", "kland", "kija"])) == [0, 1, 2]


@pytest.mark.parametrize("method", METHODS["vector"], ids=names(METHODS["vector"]))
def test_what_is_not_linear_learns_xor_by_heart(method):
    xor = load_data("logic_gates/xor").train
    fitted = method.fit(get_inputs(xor), xor.labels)
    linear = method.name == "logistic regression"
    assert fitted.score(xor.inputs, xor.labels) == (0.5 if linear else 1.0)


@pytest.mark.parametrize("method", IMAGES + TEXTS, ids=names(IMAGES + TEXTS))
@pytest.mark.parametrize("labels", [[1], [1, 1], [0, 1]])
def test_one_class_or_one_example_stops_no_method(method, labels, digits):
    inputs = ["ab", "cd"] if method in TEXTS else digits[0].inputs[:2]
    fitted = method.fit(inputs[: len(labels)], np.array(labels))
    assert set(fitted.predict(inputs)) <= set(labels)


def test_the_end_of_a_text_is_seen():
    method = next(method for method in TEXTS if method.name == "decision tree")
    fitted = method.fit(["ab", "ba", "aab", "bba"], np.array([0, 1, 0, 1]))
    assert list(fitted.predict(["abab", "baba"])) == [0, 1]


def test_a_method_gets_the_seed_and_the_number_of_examples():
    seen = []

    class Silent:
        def fit(self, inputs, labels):
            return self

    method = Method("a", "inputs", lambda count, seed: seen.append((count, seed)) or Silent())
    method.fit(np.zeros((5, 2)), np.arange(5), seed=7)
    assert seen == [(5, 7)]
