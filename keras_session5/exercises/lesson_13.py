"""Lesson 13: from notebook to server."""

import base64
import json
from typing import Any

from keras_session5.exercises.exercise import Exercise, Question

_PNG = b"\x89PNG\r\n"  # how every PNG file begins


def _find_request_of_two_files(body: Any) -> str:
    """Checks the body of a REST request for `from_image_bytes` with two PNG files, as rows or as columns."""
    if not isinstance(body, dict):
        return f"The body must be a dict. Received: {type(body).__name__}."
    if body.get("signature_name") != "from_image_bytes":
        return f'"signature_name" must be "from_image_bytes". Received: {body.get("signature_name")!r}.'
    if ("instances" in body) == ("inputs" in body):
        return 'The body must have "inputs" or "instances", not both.'
    files = body.get("inputs", body.get("instances"))
    files = files.get("image_bytes") if isinstance(files, dict) else files
    if not isinstance(files, list) or len(files) != 2:
        return "It must have a list of two files."
    for file in files:
        file = file.get("image_bytes", file)
        if not isinstance(file, dict) or file.keys() != {"b64"}:
            return f'Each file must be written as {{"b64": "..."}}. Received: {json.dumps(file)[:40]}.'
        if not base64.b64decode(file["b64"], validate=True).startswith(_PNG):
            return "The text after b64 must be that of a PNG file in base 64, such as png."
    return ""


EXERCISES = {
    "13.1": Exercise(
        answer=(20.5, 0.814),
        tolerance=0.0005,
        hints=(
            "How many requests are there each time? Each pays the 2 ms once, and each image the 0.05 ms.",
            "64 goes into 10,000 only 156 times, and some images are left: 157 requests.",
        ),
        remark="Asking one by one takes 25 times as long.",
    ),
    "13.2": Exercise(
        answer=(10, 9, 9),
        hints=(
            "Without a version or a label, the highest version that is served answers.",
            "Versions are compared as numbers. Which are served in each case, and which of them is highest?",
        ),
    ),
    "13.3": Exercise(
        answer=(0.034, 10),
        tolerance=0.0005,
        hints=(
            "95 of 100 requests go to the stable version, 5 to the canary. How many of each are wrong?",
            "The canary gets 5 % of 20 requests a second, which is one. The share is 0.019 plus something.",
        ),
        remark="Replacing the version at once would have made 30 % of the answers wrong.",
    ),
    "13.4": Exercise(
        answer=_find_request_of_two_files,
        hints=(
            "Start from the request with one file above. Where does the second file go?",
            'The list of "image_bytes" has one {"b64": ...} for each file.',
        ),
    ),
    "13.Q1": Question(
        "c",
        {
            "a": "It does find a free number, but it could do that with any way of writing. "
            "The question is what a server sees meanwhile.",
            "b": "The number tells them apart, and a folder that is written slowly has one as well.",
            "c": "A rename takes no time. Before it there is no version, and after it a complete one.",
        },
    ),
    "13.Q2": Question(
        "a",
        {
            "a": "The other sizes are fixed: each image has 28 x 28 pixels and one channel.",
            "b": "Nothing is guessed: the request says how many images it has, and any number will do.",
            "c": "In Python, -1 is the index of the last element. Here it is a size, and stands for any.",
        },
    ),
    "13.Q3": Question(
        "b",
        {
            "a": "Suppose that a model subtracts the mean of its batch: your answer would depend on who else "
            "asks at that moment.",
            "b": "Then a row gets the same answer alone and among others, and nobody notices the company.",
            "c": "Training decides the weights. What matters is how the trained network computes: does any "
            "layer mix the rows of a batch?",
        },
    ),
}
