"""The components of the tabs, and the events that fill them."""

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from html import escape
from pathlib import Path
from typing import Any

import gradio as gr

Event = tuple[Callable[..., Any], list[Any], list[Any]]
"""A function of the page, its input components and its output components."""

LoadEvents = list[Event]
"""The events that run when a tab opens."""

STYLE = Path(__file__).with_name("style.css").read_text("utf-8")


def introduce(title: str, text: str) -> None:
    """Adds a title and a short text."""
    gr.Markdown(f"### {title}\n{text}")


def sentence(elem_id: str) -> gr.Markdown:
    """Adds a line of text for a result."""
    return gr.Markdown(elem_id=elem_id)


def warning(second: bool = False) -> gr.Markdown:
    """Adds a line for an error message; it is invisible while empty.

    Args:
        second: whether the line before it is a warning too, which hides this one.
    """
    return gr.Markdown(elem_classes=["warning", "second"] if second else "warning")


def picture(label: str, elem_id: str, caption: bool = False) -> gr.HTML:
    """Adds a place for a picture of `svg.to_svg`; `caption` shows the label above it."""
    if caption:
        gr.Markdown(f"**{label}**")
    return gr.HTML(label=label, elem_id=elem_id, elem_classes="picture", min_width=330)


def table(label: str, elem_id: str) -> gr.HTML:
    """Adds an HTML table below its label; its value is the output of `render_table`."""
    gr.Markdown(f"**{label}**")
    return gr.HTML(elem_id=elem_id, elem_classes="picture")


def listen(triggers: Any, event: Event, **options: Any) -> Any:
    """Runs an event at each of the triggers, at once or after the run before it, for the newest inputs.

    Until the answer is there, its pictures are dimmed: they show another input's.
    """
    shown = [part for part in event[2] if "picture" in (part.elem_classes or [])]
    settings: dict[str, Any] = {"trigger_mode": "always_last", "show_progress": "hidden"}
    if shown:
        settings |= {"show_progress": "minimal", "show_progress_on": shown}
    on = partial(gr.on, triggers) if isinstance(triggers, list) else triggers
    return on(*event, **(settings | options))


def listen_twice(triggers: Any, label: Event, drawn: Event) -> LoadEvents:
    """Runs two events at each of the triggers, so that no label waits for pictures; returns both."""
    for event in (label, drawn):
        listen(triggers, event)
    return [label, drawn]


def render_table(headers: Sequence[str], rows: Iterable[Sequence[Any]], marked: Sequence[bool] = ()) -> str:
    """Renders a table as HTML.

    Args:
        headers: headers of the columns.
        rows: rows of numbers and text.
        marked: whether to highlight each row; empty for none.
    """
    head = "".join(f"<th>{escape(header)}</th>" for header in headers)
    body = ""
    for i, row in enumerate(rows):
        attribute = ' class="marked"' if i < len(marked) and marked[i] else ""
        body += f"<tr{attribute}>{''.join(f'<td>{escape(str(cell))}</td>' for cell in row)}</tr>"
    return f'<table class="rows"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'
