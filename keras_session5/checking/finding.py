"""A fault that a check has found."""

from dataclasses import dataclass

from keras_session5 import checks

ERROR, WARNING, NOTE = SEVERITIES = ("error", "warning", "note")


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
