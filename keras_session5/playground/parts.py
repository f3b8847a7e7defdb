"""What the tabs are put together from."""

from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

import gradio as gr

LoadEvents = list[tuple[Any, list[Any], list[Any]]]
"""What is computed when a tab opens: functions with their inputs and outputs."""

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
    """A title, and one or two sentences."""
    gr.Markdown(f"### {title}\n{text}")


def sentence(elem_id: str) -> gr.Markdown:
    """A sentence that an answer is told in."""
    return gr.Markdown(elem_id=elem_id)


def warning() -> gr.Markdown:
    """Where it is said what went wrong; nothing as long as nothing did."""
    return gr.Markdown(elem_classes="warning")


def picture(label: str, elem_id: str, caption: bool = False) -> gr.Plot:
    """A picture in its own size, below its label if it has no title: Gradio's would lie on it."""
    if caption:
        gr.Markdown(f"**{label}**")
    look = {"show_label": False, "container": False, "elem_classes": "natural"}
    return gr.Plot(label=label, format="png", elem_id=elem_id, **look)


def table(label: str, elem_id: str) -> gr.HTML:
    """A table of text below its label; `render_table` writes what it shows."""
    gr.Markdown(f"**{label}**")
    return gr.HTML(elem_id=elem_id)


def render_table(headers: Sequence[str], rows: Iterable[Sequence[Any]], marked: Sequence[bool] = ()) -> str:
    """Returns a table as HTML.

    Args:
        headers: of its columns.
        rows: of numbers and text.
        marked: for each row whether it stands out; none does if left out.
    """
    head = "".join(f"<th>{escape(header)}</th>" for header in headers)
    body = ""
    for i, row in enumerate(rows):
        look = ' class="marked"' if i < len(marked) and marked[i] else ""
        body += f"<tr{look}>{''.join(f'<td>{escape(str(cell))}</td>' for cell in row)}</tr>"
    return f'<table class="rows"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'
