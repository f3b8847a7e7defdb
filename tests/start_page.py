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


def open_page(browser):
    """A tab with all parts of the page, which collects errors, and requests to any address but the page's."""
    tab = browser.new_page(viewport={"width": 1280, "height": 900})
    tab.set_default_timeout(10_000)
    tab.complaints = []
    tab.on("console", lambda line: tab.complaints.append(line.text) if line.type == "error" else None)
    tab.on("pageerror", lambda error: tab.complaints.append(str(error)))
    tab.on(
        "request",
        lambda request: tab.complaints.append(request.url) if not request.url.startswith("data:") else None,
    )
    tab.goto(f"{PAGE.as_uri()}?all")
    assert tab.complaints == [f"{PAGE.as_uri()}?all"]  # the only request
    tab.complaints.clear()
    return tab
