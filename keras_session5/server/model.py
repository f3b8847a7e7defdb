"""One configured model: its versions and its labels."""

from collections.abc import Mapping

from keras_session5.errors import FailedPreconditionError, NotFoundError
from keras_session5.server.config import ModelConfig
from keras_session5.server.version import State, Version, VersionStatus

# The status still lists this many unloaded versions; upstream's list grows without limit.
_MAX_ENDED = 100


class Model:
    """One configured model. Its repository's lock guards every change."""

    def __init__(self, config: ModelConfig):
        self.config = config
        self.versions: dict[int, Version] = {}
        self.labels: dict[str, int] = {}
        self.scanned = False  # whether its folder has been scanned for versions
        self.scan_error = ""  # why the scan found no versions

    @property
    def wanted(self) -> list[Version]:
        """The versions that the policy selects, highest first."""
        return sorted((v for v in self.versions.values() if v.wanted), key=lambda v: -v.number)

    @property
    def available(self) -> list[Version]:
        return [version for version in self.versions.values() if version.state is State.AVAILABLE]

    def want(self, paths: dict[int, str]) -> None:
        """Sets the wanted versions; one that ended unwanted, or failed in another folder, starts again."""
        for version in self.versions.values():
            if version.number not in paths:
                version.wanted = False
        for number, path in paths.items():
            known = self.versions.get(number)
            elsewhere = (
                known is not None and known.path != path and known.error is not None and not known.busy
            )
            if known is None or elsewhere or (known.state is State.END and not known.wanted):
                self.versions[number] = Version(self.config.name, number, path)
            else:
                known.wanted = True
        ended = [v.number for v in self.versions.values() if v.state is State.END and not v.wanted]
        for number in sorted(ended)[:-_MAX_ENDED]:
            del self.versions[number]

    def assign_labels(self, even_unavailable: bool) -> None:
        """Points each label to its version once that is available; until then the label keeps its old one.

        With `even_unavailable`, a label without an old version does not wait.
        """
        ready = {version.number for version in self.available}
        wanted, old = self.config.labels, self.labels
        self.labels = {label: number for label, number in old.items() if label in wanted} | {
            label: number
            for label, number in wanted.items()
            if number in ready or (even_unavailable and label not in old)
        }

    def check_labels(self, labels: Mapping[str, int], even_unavailable: bool) -> None:
        """Raises `FailedPreconditionError` unless each label may be assigned now.

        Its version must be available or, with `even_unavailable`, the label must not point elsewhere already.
        """
        ready = {version.number for version in self.available}
        for label, number in labels.items():
            allowed = even_unavailable and self.labels.get(label, number) == number
            if number not in ready and not allowed:
                raise FailedPreconditionError(
                    f"Request to assign label to version {number} of model {self.config.name}, which is not"
                    " currently available for inference"
                )

    @property
    def settled(self) -> bool:
        """Whether waiting is pointless: a version is available, or every wanted one has ended."""
        if not self.scanned:
            return False
        return bool(self.available) or all(version.state is State.END for version in self.wanted)

    @property
    def is_starting(self) -> bool:
        """Whether no version is available yet, and the first scan or a first load is still to come."""
        if self.available:
            return False
        return not self.scanned or any(v.is_loading and not v.attempts for v in self.wanted)

    @property
    def problem(self) -> str:
        """Why no version can be served; empty if one can."""
        if self.available:
            return ""
        failed = [version for version in self.wanted if version.error]
        if failed:
            return "; ".join(f"version {v.number} could not be loaded: {v.error}" for v in failed)
        if loading := [version.number for version in self.wanted if version.is_loading]:
            return f"version {loading[0]} is being loaded"
        return self.scan_error or f"no version under {self.config.base_path} has been loaded yet"

    @property
    def failure(self) -> str:
        """The same in upstream's words: the version and its error."""
        if self.available:
            return ""
        failed = next((version for version in self.wanted if version.error), None)
        if failed and failed.error:
            error = f"{failed.error.code}: {failed.error}"
            return f"{{name: {failed.model} version: {failed.number}}} due to error: {error}"
        return f"{{name: {self.config.name}}} due to error: {NotFoundError.code}: {self.problem}"

    def statuses(self) -> list[VersionStatus]:
        """Returns the status of each version, highest first; of the unloaded ones only the highest."""
        return [self.versions[number].status() for number in sorted(self.versions, reverse=True)]
