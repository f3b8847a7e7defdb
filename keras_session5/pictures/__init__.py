"""Pictures: functions from arrays to matplotlib's figures, readable in print and by the colour-blind.

* What happens inside a network, as its signature `explain` tells it: `explained.py`.
* How good a network is: `judged.py`.
* What is worked out by hand: `by_hand.py`.

Figures are made without pyplot: nothing is shown, and nothing keeps them but who asked for them.
`figure.savefig(path)` writes one of them, `save` several under each other.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from keras_session5.pictures.by_hand import decision_line, kernel_patch, pooling
    from keras_session5.pictures.explained import (
        attention,
        feature_maps,
        prefix_forecasts,
        prefix_probabilities,
        saliency,
        states,
        units,
    )
    from keras_session5.pictures.judged import confusion_matrix, decision_surface, filters, mistakes
    from keras_session5.pictures.style import save

_HOME = {
    "attention": "explained",
    "confusion_matrix": "judged",
    "decision_line": "by_hand",
    "decision_surface": "judged",
    "feature_maps": "explained",
    "filters": "judged",
    "kernel_patch": "by_hand",
    "mistakes": "judged",
    "pooling": "by_hand",
    "prefix_forecasts": "explained",
    "prefix_probabilities": "explained",
    "saliency": "explained",
    "save": "style",
    "states": "explained",
    "units": "explained",
}
__all__ = [
    "attention",
    "confusion_matrix",
    "decision_line",
    "decision_surface",
    "feature_maps",
    "filters",
    "kernel_patch",
    "mistakes",
    "pooling",
    "prefix_forecasts",
    "prefix_probabilities",
    "saliency",
    "save",
    "states",
    "units",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOME])
