"""Runs docs/guides/own-network.md in the working directory: python -P tests/guide.py

The Python blocks share their names, as in a notebook. The commands run in this process; those that ask a
server ask the one that the guide has started.
"""

import re
import shlex
from pathlib import Path
from typing import Any

GUIDE = Path(__file__).parents[1] / "docs" / "guides" / "own-network.md"
_ALONE = ("export", "check")  # the verbs that need no server


def run_guide() -> None:
    """Runs every block, and asserts what the guide promises."""
    from typer.testing import CliRunner

    from keras_session5.cli import app

    names: dict[str, Any] = {}
    for language, code in re.findall(
        r"^```(python|sh)\n(.*?)^```", GUIDE.read_text("utf-8"), re.DOTALL | re.M
    ):
        if language == "python":
            exec(compile(code, GUIDE.name, "exec"), names)
            continue
        for line in code.splitlines():
            verb = shlex.split(line)[1:]
            where = [] if verb[0] in _ALONE else ["--server", names["server"].rest_address]
            told = CliRunner().invoke(app, [*verb, *where], catch_exceptions=False)
            assert told.exit_code == 0, told.output
    assert names["record"]["pixels"] == "0..1"
    assert (names["answer"]["probabilities"].argmax(axis=-1) == names["labels"][:100]).mean() > 0.9
    assert "session5_requests_total{" in names["page"]
    for path in (
        "explained.png",
        "runs/stripes/projector_points.tsv",
        "saved_models/stripes/3/saved_model.pb",
    ):
        assert Path(path).is_file(), path


if __name__ == "__main__":
    run_guide()
    import keras_session5

    print(keras_session5.__file__, keras_session5.__version__)
