"""The playground: a browser page with the networks of the course.

The page computes the worked examples itself and sends all other requests to a model server by REST.
Importing this package imports neither TensorFlow nor Gradio;
`pip install "keras-session5[playground]"` installs Gradio.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
