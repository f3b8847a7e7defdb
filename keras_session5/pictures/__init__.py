"""Pictures: functions from arrays to matplotlib figures, readable in print and by the colour-blind.

* `internals.py`: the computation inside a network, from the outputs of its signature `explain`.
* `evaluation.py`: the quality of a network.
* `diagrams.py`: ideas that are no data, such as the stages of a method.
* `by_hand.py`, `network_step.py`: worked examples.
* `motion.py`: frames with a slider, for notebooks.

Figures do not use pyplot, so they are not displayed and no global state keeps them alive.
`figure.savefig(path)` writes a single figure, `save` several below each other.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
