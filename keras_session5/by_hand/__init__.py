"""What the course works out by hand, as small functions: NumPy, or one Keras layer with its weights set.

What there is stands in `__init__.pyi` and is imported on first use: what needs no Keras (threshold weights,
the perceptron's trace, back-propagation, attention) imports none.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
