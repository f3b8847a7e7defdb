"""What both files of tests of the start page need."""

import base64
import json
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "start.html"


def stored(name):
    """The tensors of one of the page's files of weights, as arrays, and its other fields."""
    fields = json.loads((ROOT / "site" / "weights" / f"{name}.json").read_text("utf-8"))
    tensors = {
        key: np.frombuffer(base64.b64decode(one["data"]), one["dtype"]).reshape(one["shape"])
        for key, one in fields.pop("tensors").items()
    }
    return tensors, fields
