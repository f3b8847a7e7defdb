"""Pictures: functions from arrays to matplotlib's figures, readable in print and by the colour-blind.

* What happens inside a network, as its signature `explain` tells it: `explained.py`.
* How good a network is: `judged.py`.
* What is worked out by hand: `by_hand.py`.

Figures are made without pyplot: nothing is shown, and nothing keeps them but who asked for them.
`figure.savefig(path)` writes one of them, `save` several under each other.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
