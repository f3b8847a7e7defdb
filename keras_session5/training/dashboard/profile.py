"""A trace of a few training steps: where their time goes."""

import functools
from pathlib import Path
from types import SimpleNamespace

import keras

_WARM_UP = 10  # steps: the first compile, allocate and fill caches
_STEPS = 5


class Profile(keras.callbacks.Callback):
    """Writes a trace of five training steps after the first ten, or of the last ones of a shorter run.

    Args:
        directory: of the run; the trace goes to `plugins/profile` in it.
        steps: that the run will take in all.
    """

    def __init__(self, directory: Path, steps: int):
        super().__init__()
        self.directory = str(directory)
        self.first = max(0, min(_WARM_UP, steps - _STEPS))
        self.step = 0
        self.running = False

    def on_train_batch_begin(self, batch, logs=None):
        if self.step == self.first:
            _profiler().start(self.directory)
            self.running = True
        if self.running:
            self._mark = _profiler().mark("train", step_num=self.step)
            self._mark.__enter__()

    def on_train_batch_end(self, batch, logs=None):
        self.step += 1
        if self.running:
            self._mark.__exit__(None, None, None)
            if self.step == self.first + _STEPS:
                self._stop()

    def on_train_end(self, logs=None):
        if self.running:  # the run was shorter than it was meant to be
            self._stop()

    def _stop(self):
        _profiler().stop()
        self.running = False


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
