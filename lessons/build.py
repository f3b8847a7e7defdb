"""Builds the notebooks from the lessons: `python lessons/build.py [NN ...]`.

Every `NN_topic.py` is executed as a reader would execute it, and the notebook with its outputs and pictures
is written beside it. Nothing in a notebook tells when, where or by whom it was built.
"""

import argparse
import os
import re
import sys
import tempfile
import time
from pathlib import Path

import jupytext
import nbformat
from nbclient import NotebookClient

LESSONS = Path(__file__).resolve().parent
MOST_BYTES = 1_000_000  # of a notebook: a code host shows larger ones slowly or not at all
LIMIT_S = 900  # for one cell
# What no output may hold: colours of a terminal, folders of a machine.
_OF_THIS_MACHINE = "|".join(re.escape(f"{folder}/") for folder in (LESSONS.parent, Path.home()))
FORBIDDEN = re.compile(r"\x1b|/tmp/|/home/|/Users/|/root/|tensorflow_datasets|" + _OF_THIS_MACHINE)


def main() -> int:
    parser = argparse.ArgumentParser(description="Build the notebooks from the lessons.")
    parser.add_argument("lessons", nargs="*", metavar="NN", help="such as 01 07; all if none is given")
    numbers = parser.parse_args().lessons
    for source in sources():
        if not numbers or source.name[:2] in numbers:
            began = time.perf_counter()
            size = build(source)
            print(f"{source.stem}: {size:,} bytes, {time.perf_counter() - began:.0f} s", flush=True)
    return 0


def sources() -> list[Path]:
    """The lessons, in the order of the course."""
    return sorted(LESSONS.glob("[0-9][0-9]_*.py"))


def build(source: Path) -> int:
    """Executes a lesson and writes its notebook; returns the notebook's size in bytes.

    Raises:
        nbclient.exceptions.CellExecutionError: if a cell fails.
        ValueError: if the notebook is too large, or an output tells where it was made.
    """
    notebook = unexecuted(source)
    execute(notebook)
    tidy(notebook)
    text = nbformat.writes(notebook) + "\n"
    if len(text.encode()) > MOST_BYTES:
        raise ValueError(f"{source.stem}: {len(text):,} bytes, above {MOST_BYTES:,}. Draw smaller pictures.")
    source.with_suffix(".ipynb").write_text(text, encoding="utf-8")
    return len(text.encode())


def unexecuted(source: Path) -> nbformat.NotebookNode:
    """Reads a lesson as a notebook without outputs, the same every time."""
    notebook = jupytext.read(source)
    notebook.metadata["jupytext"]["text_representation"].pop("jupytext_version", None)
    for number, cell in enumerate(notebook.cells, start=1):
        cell["id"] = f"{source.stem[:2]}-{number:02}"  # Jupytext draws them at random
        if "hide-input" in cell.metadata.get("tags", []):  # as MyST-NB calls it; JupyterLab has its own name
            cell.metadata["jupyter"] = {"source_hidden": True}
    return notebook


def execute(notebook: nbformat.NotebookNode) -> None:
    """Runs all cells in a new kernel and an empty folder; outputs go into the notebook."""
    names = ("SESSION5_QUICK", "MPLBACKEND")
    variables = {name: value for name, value in os.environ.items() if name not in names}
    with tempfile.TemporaryDirectory() as folder:
        client = NotebookClient(
            notebook,
            timeout=LIMIT_S,
            kernel_name="python3",
            resources={"metadata": {"path": folder}},
            record_timing=False,
            coalesce_streams=True,
            extra_arguments=["--log-level=ERROR"],
        )
        client.execute(env=variables | {"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1"})


def tidy(notebook: nbformat.NotebookNode) -> None:
    """Takes out, in place, what is no part of the lesson.

    TensorFlow greets on standard error, and in a notebook it tells on standard output which files it writes.
    Progress bars are for who waits.
    What a lesson writes on standard error is shown to who builds and to nobody else.
    """
    notebook.metadata["language_info"] = {"name": "python"}
    for cell in notebook.cells:
        outputs = cell.get("outputs", [])
        for output in outputs:
            if output.get("name") == "stderr":
                sys.stderr.write(f"{cell['id']}: {output.text}")
            elif "text" in output:
                output["text"] = re.sub(
                    r"^((INFO|WARNING):tensorflow:|Epoch \d+/\d+$|.*━).*\n?",
                    "",
                    output.text,
                    flags=re.MULTILINE,
                )
        if outputs:
            cell.outputs = [o for o in outputs if o.get("name") != "stderr" and shown(o).strip()]
        for output in cell.get("outputs", []):
            if found := FORBIDDEN.search(shown(output)):
                raise ValueError(f"{cell['id']}: no output may contain {found[0]!r}:\n{shown(output)}")


def shown(output: nbformat.NotebookNode) -> str:
    """What an output shows as text."""
    return str(output.get("text", "")) + str(output.get("data", {}).get("text/plain", ""))


if __name__ == "__main__":
    sys.exit(main())
