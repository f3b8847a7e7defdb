"""The browser page: the networks of the course to play with.

What is worked out by hand is computed here; everything else is asked of a model server over REST. Importing
this package imports neither TensorFlow nor Gradio, which `pip install "keras-session5[playground]"` brings.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
