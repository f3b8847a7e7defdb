"""One version of one model on its way from found to gone."""

import enum
from dataclasses import dataclass
from typing import Any

from keras_session5.errors import ServingError


class State(enum.IntEnum):
    """Where a version stands; it only moves forward. The numbers are the protocol's."""

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
        state: where it stands.
        wanted: whether the version policy asks for it.
        error: why its last attempt to load failed.
        servable: the loaded model, while it is AVAILABLE or UNLOADING.
        users: how many requests are using it.
        busy: whether an attempt to load it is under way.
        attempts: how many attempts have failed.
        retry_at: when the next attempt is due, in seconds of the monotonic clock.
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
        """Whether it has not been loaded yet and may still be."""
        return self.state in (State.START, State.LOADING)

    def status(self) -> "VersionStatus":
        """What there is to tell of it; the error of an attempt that will be repeated is not told."""
        return VersionStatus(self.number, self.state, self.error if self.state is State.END else None)


@dataclass(frozen=True)
class VersionStatus:
    """What is told of a version: its number, its state and, if it ended in one, its error."""

    number: int
    state: State
    error: ServingError | None = None
