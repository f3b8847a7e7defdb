"""One version of one model, from its discovery to its end."""

import enum
from dataclasses import dataclass
from typing import Any

from keras_session5.errors import ServingError


class State(enum.IntEnum):
    """The state of a version, which only moves forward. The numbers are the protocol's."""

    START = 10
    LOADING = 20
    AVAILABLE = 30
    UNLOADING = 40
    END = 50


@dataclass
class Version:
    """One version of one model. Its repository's lock guards every change.

    Attributes:
        model: the model's name.
        number: the version's number.
        path: the folder that holds it.
        state: its current state.
        wanted: whether the version policy selects it.
        error: the reason if its last load failed.
        servable: the loaded model, while it is AVAILABLE or UNLOADING.
        users: the number of requests that use it.
        busy: whether a load is in progress.
        attempts: the number of failed loads.
        retry_at: the time of the next load, in seconds of the monotonic clock.
    """

    model: str
    number: int
    path: str
    state: State = State.START
    wanted: bool = True
    error: ServingError | None = None
    servable: Any = None
    users: int = 0
    busy: bool = False
    attempts: int = 0
    retry_at: float = 0.0

    @property
    def is_loading(self) -> bool:
        """Whether it may still become available."""
        return self.state in (State.START, State.LOADING)

    def status(self) -> "VersionStatus":
        """Returns the status, without the error of a load that will be retried."""
        return VersionStatus(self.number, self.state, self.error if self.state is State.END else None)


@dataclass(frozen=True)
class VersionStatus:
    """The public status of a version: its number, its state and, if an error ended it, that error."""

    number: int
    state: State
    error: ServingError | None = None
