"""A trace of the time in a few training steps.

`keras.callbacks.TensorBoard(profile_batch=...)` records one too, but it writes scalars of its own into a
folder `train`, and leaves the profiler running when a training fails.
"""

import functools
from pathlib import Path
from types import SimpleNamespace

import keras

from keras_session5.dashboard.guard import warn_on_failure

_WARM_UP = 10  # the first steps compile, allocate memory and fill caches
_STEPS = 5


class Profile(keras.callbacks.Callback):
    """Writes a trace of five training steps or more after the first ten, or of a shorter run's last ones.

    It begins and ends with an execution of the compiled program, which runs several steps.

    If this fails, it logs a warning and training continues. A process has only one profiler, so the caller
    of `fit` must call `stop`, also after a failure.

    Args:
        directory: of the run; the trace goes to its folder `plugins/profile`.
        steps: total number of steps of the run.
    """

    def __init__(self, directory: Path, steps: int):
        super().__init__()
        self.directory = directory
        self.steps, self.first = steps, max(0, min(_WARM_UP, steps - _STEPS))
        self.step = self.traced = 0
        self.running = self.failed = False

    @warn_on_failure
    def on_train_batch_begin(self, batch: int, logs: dict[str, float] | None = None):
        last = self.step + self.model.steps_per_execution >= self.steps
        if not self.traced and (self.step >= self.first or last):
            _get_profiler().start(str(self.directory))
            self.running = True
        if self.running:
            self._mark = _get_profiler().mark("train", step_num=self.step)
            self._mark.__enter__()

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None):
        self.step += self.model.steps_per_execution
        if self.running:
            self._mark.__exit__(None, None, None)
            self.traced += self.model.steps_per_execution
            if self.traced >= _STEPS:
                self.stop()

    def on_train_end(self, logs: dict[str, float] | None = None):
        self.stop()

    @warn_on_failure
    def stop(self):
        """Writes the trace, if the profiler is running."""
        if self.running:
            self.running = False
            _get_profiler().stop()


def _get_profiler() -> SimpleNamespace:
    """Returns the backend's `start(directory)`, `stop()` and `mark(name, step_num)`, a context for a step."""
    if keras.backend.backend() == "jax":
        from jax import profiler  # pyright: ignore[reportMissingImports]

        start, stop, mark = profiler.start_trace, profiler.stop_trace, profiler.StepTraceAnnotation
    else:
        import tensorflow as tf

        profiler = tf.profiler.experimental
        # _r marks the root of a step for the viewer, as in Keras's own callback.
        start, stop, mark = profiler.start, profiler.stop, functools.partial(profiler.Trace, _r=1)
    return SimpleNamespace(start=start, stop=stop, mark=mark)
