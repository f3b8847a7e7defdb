"""What a caller does with a server: each scenario runs over gRPC and over REST."""

import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from keras_session5.client import Client, Signature, TensorInfo, VersionStatus, connect
from keras_session5.errors import (
    ArgumentError,
    DeadlineExceededError,
    InvalidArgumentError,
    NotFoundError,
    UnimplementedError,
)

from .fake_serving import NUMPY, FakeServing, constant

EXTREMES = {
    "bool": [True, False],
    "int8": [-128, 127],
    "int32": [-(2**31), 2**31 - 1],
    "int64": [-(2**63), 2**63 - 1],
    "uint8": [0, 255],
    "uint64": [0, 2**64 - 1],
    "float32": [0.1, -0.0, 1e-45, 3.4028235e38, np.nan, np.inf, -np.inf, 1 / 3, 16777217.0],
    "float64": [0.1, 5e-324, 1.7976931348623157e308, np.nan, -np.inf],
    "object": ["", "naïve", "日本\0"],
}


@pytest.mark.parametrize("name", NUMPY.values())
def test_every_dtype_comes_back_as_it_was_sent(client: Client, name: str) -> None:
    sent = np.array(EXTREMES[name], name)
    answer = client.predict(f"echo_{name}", {"x": sent})["y"]
    assert answer.dtype == sent.dtype
    np.testing.assert_array_equal(answer, sent)
    if sent.dtype.kind == "f":
        np.testing.assert_array_equal(np.signbit(answer), np.signbit(sent))


def test_several_outputs_come_by_name_and_may_be_written_to(client: Client) -> None:
    answer = client.predict("classifier", {"image": [[1, 2], [4, 3]], "shift": 1})
    np.testing.assert_array_equal(answer["probabilities"], np.array([[2, 3], [5, 4]], np.float32))
    assert (answer["probabilities"].dtype, answer["best"].dtype) == (np.float32, np.int64)
    assert answer["best"].tolist() == [1, 0]
    answer["probabilities"][0] = 0


def test_strings_are_text_unless_they_cannot_be_or_are_named_bytes(client: Client) -> None:
    answer = client.predict("classifier", {"text": ["abc", "é"]}, signature_name="from_text")
    assert answer["upper"].tolist() == ["ABC", "É"]
    assert answer["latin"].tolist() == [b"abc", b"\xe9"]
    assert answer["image_bytes"].tolist() == [b"abc", "é".encode()]
    assert answer["length"].tolist() == [3, 1]


def test_zeros_at_the_end_of_bytes_are_kept(client: Client) -> None:
    answer = client.predict("classifier", {"text": [b"a\0\0"]}, signature_name="from_text")
    assert answer["image_bytes"].tolist() == [b"a\0\0"]


def test_a_batch_of_no_rows_keeps_its_shape(client: Client) -> None:
    assert client.predict("matrix", {"x": np.zeros((0, 10))})["y"].shape == (0, 10)


def test_a_single_number_stays_one(client: Client) -> None:
    answer = client.predict("any_rank", {"x": 2})["y"]
    assert answer.shape == ()
    assert answer == 2


def test_a_version_is_chosen_by_number_by_label_or_as_the_highest(client: Client) -> None:
    assert client.predict("versions", {"x": [0]}) == {"new": 2}
    assert client.predict("versions", {"x": [0]}, version=1) == {"old": 1}
    assert client.predict("versions", {"x": [0]}, label="stable") == {"old": 1}


def test_names_with_special_characters_reach_the_server(client: Client, fake: FakeServing) -> None:
    fake.labels["ä/:?"] = 1
    assert client.predict("a b/c:d%é", {"x": [0]}) == {"y": 7}
    assert client.predict("a b/c:d%é", {"x": [0]}, label="ä/:?") == {"y": 7}


def test_status_lists_the_highest_version_first(client: Client) -> None:
    assert client.status("classifier") == [
        VersionStatus(3, "AVAILABLE", ""),
        VersionStatus(1, "AVAILABLE", ""),
    ]
    assert [one.version for one in client.status("classifier", version=1)] == [1]


def test_metadata_names_what_goes_in_and_out(client: Client) -> None:
    assert client.metadata("classifier", label="stable").version == 1
    metadata = client.metadata("classifier")
    assert metadata.version == 3
    signatures = metadata.signatures
    assert sorted(signatures) == ["from_text", "serving_default"]
    assert signatures["serving_default"] == Signature(
        inputs={"image": TensorInfo("float32", (None, 2)), "shift": TensorInfo("int32", ())},
        outputs={"probabilities": TensorInfo("float32", (None, 2)), "best": TensorInfo("int64", (None,))},
    )
    assert client.metadata("half").signatures["serving_default"].inputs == {
        "x": TensorInfo("bfloat16", (None,))
    }


def test_metadata_is_asked_once_for_many_predictions(client: Client, fake: FakeServing) -> None:
    for _ in range(3):
        client.predict("versions", {"x": [0]})
    assert fake.asked == ["metadata", "predict", "predict", "predict"]


def test_a_new_version_is_seen_soon_and_never_under_an_old_name(client: Client, fake: FakeServing) -> None:
    assert client.predict("versions", {"x": [0]}) == {"new": 2}
    fake.models["versions"][3] = constant(3, "newest")
    answers = []
    end = time.monotonic() + 60
    while {"newest": 3} not in answers and time.monotonic() < end:
        answers.append(client.predict("versions", {"x": [0]}))
        time.sleep(0.05)
    assert all(answer in ({"new": 2}, {"newest": 3}) for answer in answers)
    assert answers[-1] == {"newest": 3}


def test_a_version_that_is_replaced_fails_no_request(client: Client, fake: FakeServing) -> None:
    assert client.predict("versions", {"x": [0]}) == {"new": 2}
    fake.models["versions"] = {3: constant(3, "newest")}
    assert client.predict("versions", {"x": [0]}) == {"newest": 3}


def test_a_version_that_is_replaced_fails_none_of_many_threads(client: Client, fake: FakeServing) -> None:
    def ask(_: int) -> list[str]:
        return [*client.predict("versions", {"x": [0]})]

    with ThreadPoolExecutor(8) as pool:
        answers = pool.map(ask, range(100))
        fake.models["versions"] = {3: constant(3, "newest")}
        assert {name for names in answers for name in names} <= {"new", "newest"}


def test_many_threads_share_a_client(client: Client) -> None:
    def ask(number: int) -> float:
        return client.predict("any_rank", {"x": number})["y"].item()

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(ask, range(64))) == list(range(64))


@pytest.mark.parametrize(
    ("arguments", "kind", "text"),
    [
        ({"name": "nobody"}, NotFoundError, "Servable not found for request: Latest(nobody)"),
        ({"version": 9}, NotFoundError, "Servable not found for request: Specific(versions, 9)"),
        ({"label": "wild"}, InvalidArgumentError, "Unrecognized servable version label: wild"),
        ({"signature_name": "other"}, InvalidArgumentError, 'Serving signature name: "other" not found'),
        ({"inputs": {"y": [b"1"]}}, InvalidArgumentError, "Missing named input: x in 'inputs' object."),
    ],
)
def test_the_server_s_own_words_are_kept(client: Client, arguments: dict, kind: type, text: str) -> None:
    with pytest.raises(kind) as caught:
        client.predict(**{"name": "versions", "inputs": {"x": [1]}} | arguments)
    assert str(caught.value) == text
    assert caught.value.__notes__ == [f"Returned by the model server at {client.address}."]


def test_status_of_an_unknown_model_is_an_error(client: Client) -> None:
    with pytest.raises(NotFoundError, match="Could not find any versions of model nobody"):
        client.status("nobody")


def test_the_limit_of_a_call_holds_and_is_named(client: Client) -> None:
    start = time.monotonic()
    with pytest.raises(DeadlineExceededError, match=r"did not answer within 0\.3 s.*timeout_s") as caught:
        client.predict("slow", {"x": [1]}, timeout_s=0.3)
    assert 0.25 < time.monotonic() - start < 15  # it would answer after twenty
    assert client.address in str(caught.value)


def test_values_that_the_dtype_cannot_hold_are_refused(client: Client) -> None:
    with pytest.raises(InvalidArgumentError, match=r"`x` is declared as int32.*Received: 0\.5"):
        client.predict("echo_int32", {"x": [1, 0.5]})


def test_a_dtype_that_numpy_lacks_is_refused_in_a_sentence(client: Client) -> None:
    with pytest.raises(UnimplementedError, match="bfloat16 cannot be exchanged"):
        client.predict("half", {"x": [1]})


def test_arguments_of_the_wrong_kind_are_refused(client: Client) -> None:
    wrong = [
        {"inputs": [1]},
        {"inputs": {1: [1]}},
        {"name": ""},
        {"name": "\udc80"},
        {"version": "1"},
        {"version": -1},
        {"version": 1, "label": "stable"},
        {"label": ""},
        {"signature_name": None},
        {"timeout_s": 0},
        {"timeout_s": float("nan")},
        {"timeout_s": "1"},
    ]
    for change in wrong:
        arguments = {"name": "versions", "inputs": {"x": [1]}} | change
        with pytest.raises(ArgumentError, match="Received: "):
            client.predict(**arguments)


def test_a_closed_client_says_so(address: str) -> None:
    with connect(address) as client:
        client.status("versions")
    with pytest.raises(ArgumentError, match="is closed"):
        client.status("versions")


def test_large_arrays_pass(client: Client) -> None:
    sent = np.ones(1_200_000, np.float32)  # 5 MB: gRPC's own limit would be 4 MiB
    np.testing.assert_array_equal(client.predict("any_rank", {"x": sent})["y"], sent)
