"""Reads what a dashboard has written."""

from tensorboard.backend.event_processing.plugin_event_accumulator import EventAccumulator
from tensorboard.util import tensor_util


def read(folder):
    """All events of a folder, however many files they are in."""
    events = EventAccumulator(str(folder), size_guidance={"tensors": 0})
    events.Reload()
    return events


def series(events, tag):
    """Step -> number or array."""
    found = {event.step: tensor_util.make_ndarray(event.tensor_proto) for event in events.Tensors(tag)}
    assert len(found) == len(events.Tensors(tag)), "a step was written twice"
    return found


def tags(events, plugin):
    return {
        tag
        for tag in events.Tags()["tensors"]
        if events.SummaryMetadata(tag).plugin_data.plugin_name == plugin
    }
