"""The components of the tabs."""

from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

import gradio as gr

LoadEvents = list[tuple[Any, list[Any], list[Any]]]
"""The events that run when a tab opens: functions with their inputs and outputs."""

STYLE = """
.gradio-container { max-width: 1400px !important; padding-top: 8px !important; }
.warning:not(:empty) { color: #a33b00; font-weight: 600; }
.natural, .natural > div { align-items: flex-start !important; justify-content: flex-start !important; }
.natural img { width: auto !important; max-width: 100%; zoom: 0.667; margin: 0 !important; }
table.rows { border-collapse: collapse; border: 0 !important; font-size: 13px; }
table.rows th, table.rows td {
  border: 0 !important; border-bottom: 1px solid #ddd !important;
  padding: 3px 6px !important; text-align: left; white-space: nowrap;
}
table.rows tr.marked td { background: #fdebd0; }
"""


def introduce(title: str, text: str) -> None:
    """Adds a title and a short text."""
    gr.Markdown(f"### {title}\n{text}")


def sentence(elem_id: str) -> gr.Markdown:
    """Adds a line of text for a result."""
    return gr.Markdown(elem_id=elem_id)


def warning() -> gr.Markdown:
    """Adds a line for an error message; it is invisible while empty."""
    return gr.Markdown(elem_classes="warning")


def picture(label: str, elem_id: str, caption: bool = False) -> gr.Plot:
    """Adds a picture at its natural size; `caption` shows the label above it, as Gradio's would cover it."""
    if caption:
        gr.Markdown(f"**{label}**")
    options = {"show_label": False, "container": False, "elem_classes": "natural"}
    return gr.Plot(label=label, format="png", elem_id=elem_id, **options)


def table(label: str, elem_id: str) -> gr.HTML:
    """Adds an HTML table below its label; its value is the output of `render_table`."""
    gr.Markdown(f"**{label}**")
    return gr.HTML(elem_id=elem_id)


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
