"""A trace of a few training steps: where their time goes.

`keras.callbacks.TensorBoard(profile_batch=...)` takes one too, but writes curves of its own beside it, into a
folder `train`, and leaves the profiler running when a training fails.
"""

import functools
from pathlib import Path
from types import SimpleNamespace

import keras

from keras_session5.dashboard.guard import or_a_warning

_WARM_UP = 10  # steps: the first compile, allocate and fill caches
_STEPS = 5


class Profile(keras.callbacks.Callback):
    """Writes a trace of five training steps after the first ten, or of the last ones of a shorter run.

    A trace that cannot be written ends with a warning, and training goes on. A process has one profiler:
    whoever trains calls `stop` in the end, however it came.

    Args:
        directory: of the run; the trace goes to `plugins/profile` in it.
        steps: that the run will take in all.
    """

    def __init__(self, directory: Path, steps: int):
        super().__init__()
        self.directory = directory
        self.first = max(0, min(_WARM_UP, steps - _STEPS))
        self.step = 0
        self.running = self.failed = False

    @or_a_warning
    def on_train_batch_begin(self, batch, logs=None):
        if self.step == self.first:
            _profiler().start(str(self.directory))
            self.running = True
        if self.running:
            self._mark = _profiler().mark("train", step_num=self.step)
            self._mark.__enter__()

    def on_train_batch_end(self, batch, logs=None):
        self.step += 1
        if self.running:
            self._mark.__exit__(None, None, None)
            if self.step == self.first + _STEPS:
                self.stop()

    def on_train_end(self, logs=None):
        self.stop()

    @or_a_warning
    def stop(self):
        """Writes the trace, if one is being taken."""
        if self.running:
            self.running = False
            _profiler().stop()


def _profiler() -> SimpleNamespace:
    """Of the backend: `start(directory)`, `stop()` and `mark(name, step_num)`, which says where a step is."""
    if keras.backend.backend() == "jax":
        from jax import profiler  # pyright: ignore[reportMissingImports]

        start, stop, mark = profiler.start_trace, profiler.stop_trace, profiler.StepTraceAnnotation
    else:
        import tensorflow as tf

        profiler = tf.profiler.experimental
        # _r tells the viewer that this is the root of a step, as Keras's own callback does.
        start, stop, mark = profiler.start, profiler.stop, functools.partial(profiler.Trace, _r=1)
    return SimpleNamespace(start=start, stop=stop, mark=mark)
