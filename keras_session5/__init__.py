"""From the perceptron to the transformer: build, train, export, serve and query.

`__init__.pyi` lists the public names. Each is imported on first use, so `import keras_session5` imports
neither TensorFlow nor Keras. `imports` configures both when they are imported.
"""

from importlib import metadata

import lazy_loader

from keras_session5 import imports

imports.watch()
try:
    __version__ = metadata.version("keras-session5")
except metadata.PackageNotFoundError:  # a checkout that is not installed
    __version__ = "unknown"
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
