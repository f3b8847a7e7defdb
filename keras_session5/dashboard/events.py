"""Event files, TensorBoard's format, written with TensorBoard's own NumPy functions.

They need no TensorFlow, whose functions of the same names create tensors first, which takes several times as
long for the many small histograms of a network.
"""

import io
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from tensorboard.compat.proto import event_pb2, graph_pb2, summary_pb2
from tensorboard.compat.tensorflow_stub.io.gfile import GFile
from tensorboard.plugins.histogram import metadata as histogram_metadata
from tensorboard.plugins.image import metadata as image_metadata
from tensorboard.plugins.scalar.summary_v2 import scalar_pb
from tensorboard.plugins.text.summary_v2 import text_pb
from tensorboard.summary.writer.record_writer import RecordWriter
from tensorboard.util.tensor_util import make_tensor_proto

_DPI = 80
_BUCKETS = 30  # TensorBoard's own number
_SESSION_START = event_pb2.SessionLog(status=event_pb2.SessionLog.START)


class EventFile:
    """A new event file in a folder.

    Args:
        folder: of a run or a part of one; created if it does not exist.
        first_step: TensorBoard discards this step and later ones in earlier files of the folder, which a
            process wrote that was killed before its checkpoint.

    Raises:
        OSError: here and in every method, if it cannot be written.
    """

    def __init__(self, folder: Path, first_step: int):
        folder.mkdir(parents=True, exist_ok=True)
        # TensorBoard reads files in the order of their names, so these contain the time.
        name = f"events.out.tfevents.{time.time_ns():020d}.{os.getpid()}"
        self._writer = RecordWriter(GFile(str(folder / name), "wb"))
        self._write(first_step, file_version="brain.Event:2")
        self._write(first_step, session_log=_SESSION_START)

    def write_scalars(self, values: Mapping[str, float], step: int) -> None:
        for tag, value in values.items():
            self._write(step, summary=scalar_pb(tag, value))

    def write_histograms(self, arrays: Mapping[str, np.ndarray], step: int) -> None:
        """Writes a histogram of each array, except for arrays with NaN or infinity."""
        metadata = histogram_metadata.create_summary_metadata(display_name=None, description=None)
        for tag, array in arrays.items():
            if array.size and np.isfinite(array).all():
                self._write_value(tag, make_tensor_proto(_count_buckets(array)), metadata, step)

    def write_image(self, tag: str, figure: Any, step: int, description: str) -> None:
        """Writes a figure of Matplotlib."""
        png = io.BytesIO()
        # A higher resolution or compression takes longer than the drawing.
        figure.savefig(png, format="png", dpi=_DPI, pil_kwargs={"compress_level": 1})
        size = (str(int.from_bytes(png.getvalue()[place : place + 4])).encode() for place in (16, 20))
        metadata = image_metadata.create_summary_metadata(display_name=None, description=description)
        tensor = make_tensor_proto([*size, png.getvalue()], dtype=np.object_)
        self._write_value(tag, tensor, metadata, step)

    def write_text(self, tag: str, markdown: str, step: int = 0) -> None:
        self._write(step, summary=text_pb(tag, markdown))

    def write_graph(self, graph: graph_pb2.GraphDef) -> None:
        self._write(0, graph_def=graph.SerializeToString())

    def write_summary(self, summary: summary_pb2.Summary) -> None:
        """Writes a summary of one of TensorBoard's plugins."""
        self._write(0, summary=summary)

    def flush(self) -> None:
        """Makes everything so far visible to TensorBoard."""
        self._writer.flush()

    def close(self) -> None:
        self._writer.close()

    def _write_value(self, tag: str, tensor: Any, metadata: Any, step: int) -> None:
        value = summary_pb2.Summary.Value(tag=tag, tensor=tensor, metadata=metadata)
        self._write(step, summary=summary_pb2.Summary(value=[value]))

    def _write(self, step: int, **content: Any) -> None:
        event = event_pb2.Event(wall_time=time.time(), step=step, **content)
        self._writer.write(event.SerializeToString())


def _count_buckets(array: np.ndarray) -> np.ndarray:
    """Returns (30, 3): left edge, right edge and count of each bucket.

    TensorBoard's `histogram_pb` compares every number with every bucket: for a hundred thousand weights it
    takes seven times as long, and thirty bytes for each weight.
    """
    low, high = float(array.min()), float(array.max())
    if low == high:  # all in the last bucket, of zero width
        return np.array([[low, high, 0]] * (_BUCKETS - 1) + [[low, high, array.size]], "float64")
    # Single precision cannot divide a very narrow range into buckets.
    counts, edges = np.histogram(array.astype("float64"), _BUCKETS, (low, high))
    return np.stack([edges[:-1], edges[1:], counts], axis=1).astype("float64")
