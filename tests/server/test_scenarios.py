"""What is the same over gRPC and REST."""

import re

import numpy as np
import pytest

from keras_session5.errors import InvalidArgumentError, NotFoundError

from .asking import Asker, Spec


def test_the_highest_available_version_answers(asker: Asker):
    outputs = asker.predict(Spec("half"), {"x": np.array([[1.0], [2.0]], np.float32)})
    np.testing.assert_array_equal(outputs["y"], [[3.5], [4.0]])


def test_a_version_or_a_label_can_be_asked_for(asker: Asker):
    x = {"x": np.array([[1.0]], np.float32)}
    assert asker.predict(Spec("half", version=1), x)["y"] == 2.5
    assert asker.predict(Spec("half", label="stable"), x)["y"] == 2.5


def test_a_vector_is_taken_where_the_signature_says_rank_two(asker: Asker):
    outputs = asker.predict(Spec("half", version=1), {"x": np.array([2.0, 3.0, 4.0], np.float32)})
    np.testing.assert_array_equal(outputs["y"], [3.0, 3.5, 4.0])


def test_a_scalar_and_a_cube_are_taken_where_the_graph_takes_them(asker: Asker):
    spec = Spec("half", signature="integer")
    assert asker.predict(spec, {"x": np.array(6, np.int64)})["y"] == 6
    outputs = asker.predict(spec, {"x": np.arange(8).reshape(2, 2, 2)})
    np.testing.assert_array_equal(outputs["y"], np.arange(8).reshape(2, 2, 2) // 2 + 3)


def test_doubles_keep_all_their_digits(asker: Asker):
    outputs = asker.predict(Spec("half", signature="double"), {"x": np.array([0.2])})
    np.testing.assert_array_equal(outputs["y"], [0.5 * 0.2 + 3.0])


def test_several_inputs_and_outputs_go_by_name(asker: Asker):
    inputs = {"a": np.array([1.0, 2.0], np.float32), "b": np.array([[1, 2], [3, 4]], np.float32)}
    outputs = asker.predict(Spec("pair"), inputs)
    np.testing.assert_array_equal(outputs["sum"], [[2, 3], [5, 6]])
    np.testing.assert_array_equal(outputs["product"], [[3], [7]])


@pytest.mark.parametrize(
    ("spec", "error", "text"),
    [
        (Spec("absent"), NotFoundError, "Servable not found for request: Latest(absent)"),
        (Spec("half", version=9), NotFoundError, "Servable not found for request: Specific(half, 9)"),
        (Spec("half", label="best"), InvalidArgumentError, "Unrecognized servable version label: best"),
        (Spec("absent", label="best"), InvalidArgumentError, "Unrecognized servable version label: best"),
    ],
)
def test_what_is_not_served_is_named(asker: Asker, spec: Spec, error: type[Exception], text: str):
    with pytest.raises(error, match=f"^{re.escape(text)}$"):
        asker.predict(spec, {"x": np.array([1.0], np.float32)})
    with pytest.raises(error, match=f"^{re.escape(text)}$"):
        asker.signatures(spec)


def test_an_error_of_the_graph_is_its_own_sentence(asker: Asker):
    inputs = {"a": np.array([1.0], np.float32), "b": np.array([[1, 2, 3]], np.float32)}
    with pytest.raises(InvalidArgumentError) as caught:
        asker.predict(Spec("pair"), inputs)
    assert re.fullmatch(
        r"Matrix size-incompatible: In\[0\]: \[1,3\], In\[1\]: \[2,1\]\n\t \[\[\{\{node [^{}]+\}\}\]\]",
        str(caught.value),
    )


def test_the_status_lists_every_version_highest_first(asker: Asker):
    assert asker.states(Spec("half")) == [(2, "AVAILABLE"), (1, "AVAILABLE")]
    assert asker.states(Spec("half", version=1)) == [(1, "AVAILABLE")]


def test_the_status_does_not_look_at_labels(asker: Asker):
    assert asker.states(Spec("half", label="anything")) == [(2, "AVAILABLE"), (1, "AVAILABLE")]


def test_the_status_of_what_is_not_there_is_not_found(asker: Asker):
    with pytest.raises(NotFoundError, match=r"^Could not find any versions of model absent$"):
        asker.states(Spec("absent"))
    with pytest.raises(NotFoundError, match=r"^Could not find version 9 of model half$"):
        asker.states(Spec("half", version=9))


def test_the_metadata_has_every_signature(asker: Asker):
    assert {"serving_default", "double", "integer"} <= asker.signatures(Spec("half"))
