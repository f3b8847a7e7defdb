"""A fault that a check has found."""

import shlex
from dataclasses import dataclass
from pathlib import Path

from keras_session5 import checks

ERROR, WARNING, NOTE = SEVERITIES = ("error", "warning", "note")  # the worst first


@dataclass(frozen=True)
class Finding:
    """A fault and the way out.

    Attributes:
        severity: `"error"`: it fails; `"warning"`: it may fail; `"note"`: it works, but could be better.
        where: the file, folder, server or part of the machine.
        what: the fault.
        why: its consequence.
        mend: a command, or an edit, that mends it.
    """

    severity: str
    where: str
    what: str
    why: str
    mend: str

    def __post_init__(self):
        checks.one_of("severity", self.severity, SEVERITIES)


def broken(path: Path, what: str) -> Finding:
    """Returns the finding of a version whose files are not complete and sound."""
    return Finding(
        ERROR,
        str(path),
        what,
        "The version is damaged or only half copied: a server cannot load it, or answers with other numbers.",
        f"rm -r {quote(path)}, then export it again, or copy it again under a temporary name and rename it",
    )


def quote(path: Path) -> str:
    """Returns a path for a shell."""
    return shlex.quote(str(path))
