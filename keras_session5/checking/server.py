"""Compares a running model server with the versions on the disk."""

from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from keras_session5.checking.finding import ERROR, NOTE, WARNING, Finding
from keras_session5.checking.measuring import call, read_requests
from keras_session5.checking.model import is_version
from keras_session5.client import Client, connect
from keras_session5.errors import NotFoundError, ServingError
from keras_session5.exporting.comparison import TOLERANCE, max_difference
from keras_session5.server.discovery import find_versions

EXAMPLES = 16  # warm-up requests that are compared


def check_server(address: str, path: Path, name: str | None, timeout_s: float) -> Iterator[Finding]:
    """Checks that a server is ready, serves the newest version on the disk, and answers as it does here.

    Args:
        address: the server's address, for gRPC or REST.
        path: the model's base path, or one of its versions.
        name: the model's name on the server; None for the name of the base path.
        timeout_s: of each call, in seconds.

    Raises:
        ArgumentError: an invalid address.
    """
    if is_version(path):
        base, on_disk = path.resolve().parent, {int(path.resolve().name): str(path)}
    else:
        base, on_disk = path, find_versions(str(path))
    name = name or base.resolve().name
    with connect(address, timeout_s=timeout_s) as client:
        try:
            states = {one.version: one for one in client.status(name)}
        except NotFoundError as error:
            yield _absent(address, name, base, error)
            return
        except ServingError as error:
            yield _silent(address, error)
            return
        yield from _compare_versions(address, name, states, on_disk)
        available = sorted(number for number, one in states.items() if one.state == "AVAILABLE")
        if common := [number for number in available if number in on_disk]:
            yield from _compare_answers(client, name, common[-1], Path(on_disk[common[-1]]))


def _compare_versions(
    address: str, name: str, states: Mapping[int, Any], on_disk: Mapping[int, str]
) -> Iterator[Finding]:
    available = sorted(number for number, one in states.items() if one.state == "AVAILABLE")
    if not available:
        newest = max(states, default=None)
        state = states[newest] if newest is not None else None
        reason = f"version {newest} is {state.state} {state.error}".rstrip() if state else "it has no version"
        yield Finding(
            ERROR,
            address,
            f"is not ready for {name}: {reason}",
            "Requests fail until a version is available.",
            "Read the server's log. session5 check PATH, without --server, looks for faults in the version",
        )
    elif on_disk and max(on_disk) not in available:
        yield Finding(
            ERROR if max(on_disk) > max(available) else WARNING,
            address,
            f"serves version {', '.join(map(str, available))} of {name}, and the newest on the disk is "
            f"{max(on_disk)}",
            "Clients get the answers of another version.",
            "Mount or copy this folder to the server, and read its log if the version is there already",
        )


def _compare_answers(client: Client, name: str, number: int, version: Path) -> Iterator[Finding]:
    """Compares the answers to the warm-up requests with those of the version in this process."""
    from keras_session5.server.runtime import SavedModel

    try:
        requests = list(islice(read_requests(version), EXAMPLES))
        servable = SavedModel(str(version)) if requests else None
    except ServingError as error:
        yield Finding(
            ERROR,
            str(version),
            f"cannot be compared: {error.sentence.splitlines()[0]}",
            "Without the local version there is nothing to compare the server with.",
            f"session5 check {version}",
        )
        return
    if not requests:
        yield Finding(
            NOTE,
            str(version),
            "there are no warm-up requests to compare the answers with",
            "Only the state of the server was checked.",
            "Export again with `session5 export NAME`, which writes some",
        )
    for signature, inputs in requests:
        try:
            expected = {key: _to_text(value) for key, value in call(servable, signature, inputs).items()}
            received = client.predict(name, inputs, signature_name=signature, version=number)
            received = {key: _to_text(value) for key, value in received.items()}
            missing = expected.keys() - received.keys()
            difference = np.inf if missing else max_difference(expected, received, relative=True)
        except ServingError as error:
            what = f"{name} does not answer a request for {signature}: {error.sentence.splitlines()[0]}"
        else:
            if difference <= TOLERANCE:
                continue
            what = (
                f"{name} answers a request for {signature} with other numbers than {version}: the largest "
                f"relative difference is {difference:.3g}"
            )
        yield Finding(
            ERROR,
            client.address,
            what,
            "The server has other files under the same version number, or another program.",
            f"Copy {version} to the server under a new version number: a server never reloads a number",
        )


def _to_text(array: np.ndarray) -> np.ndarray:
    """Returns strings as bytes, because the client decodes those that are UTF-8; other arrays as they are."""
    if array.dtype != object:
        return array
    flat = [item.encode() if isinstance(item, str) else item for item in array.flat]
    result = np.empty(len(flat), object)
    result[:] = flat
    return result.reshape(array.shape)


def _absent(address: str, name: str, base: Path, error: ServingError) -> Finding:
    return Finding(
        ERROR,
        address,
        f"has no model {name}: {error.sentence}",
        "Every request for it fails.",
        f'Add it to the server\'s configuration: config {{ name: "{name}" base_path: "{base.resolve()}" '
        'model_platform: "tensorflow" }, or name another with --name',
    )


def _silent(address: str, error: ServingError) -> Finding:
    return Finding(
        ERROR,
        address,
        f"does not answer: {error.sentence}",
        "Nothing listens there, or it is not a model server.",
        "session5 serve; `docker ps` shows a container's ports. Only REST has http:// in front",
    )
