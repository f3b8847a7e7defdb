"""The browser page: the networks of the course to play with.

What is worked out by hand is computed here; everything else is asked of a model server over REST. Importing
this package imports neither TensorFlow nor Gradio, which `pip install "keras-session5[playground]"` brings.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from keras_session5.playground.page import build_page, open_page

__all__ = ["build_page", "open_page"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.page"), name)
