"""The worked examples of the course as small functions, in NumPy or with a few operations of Keras.

`__init__.pyi` lists the public names. Each is imported on first use: threshold weights, the perceptron's
trace, back-propagation, byte pairs and attention do not import Keras.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
