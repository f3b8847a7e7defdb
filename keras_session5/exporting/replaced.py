"""The version that an export replaces on a server, and whether the new one is worse."""

import json
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import NormalDist

from keras_session5.exporting.extras import FOLDER, RECORD
from keras_session5.training import Result

_SIGNIFICANCE = 0.05
_POPULATION = "logic_gates/"  # a truth table is the whole population, not a sample


@dataclass(frozen=True)
class Replaced:
    """The newest version before an exported one.

    Attributes:
        version: its number.
        data: data set of its training.
        metrics: of its test split.
        comparable: whether the new version's metrics are of the same test split.
        worse: a metric in which the new version is worse by more than chance; otherwise empty.
    """

    version: int
    data: str
    metrics: dict[str, float]
    comparable: bool
    worse: str

    def warning(self, path: Path, result: Result) -> str:
        """Returns a warning with the command that removes the version in `path`."""
        return (
            f"Version {path.name} of {result.name} is worse than version {self.version}, which it replaces, "
            f"by more than chance: {self.worse} {result.metrics[self.worse]:.4f} after "
            f"{self.metrics[self.worse]:.4f} on {result.record['examples']['test']} test examples. "
            f"Take it back with: rm -r {shlex.quote(str(path))}"
        )


def replaced_by(path: Path, result: Result) -> Replaced | None:
    """Returns the newest version before the one in `path`; None if there is none with a record."""
    earlier = [int(child.name) for child in path.parent.iterdir() if child.name.isdecimal()]
    version = max((number for number in earlier if number < int(path.name)), default=None)
    try:
        record = json.loads((path.parent / str(version) / FOLDER / RECORD).read_text("utf-8"))
        data, metrics = record["data"], {key: float(value) for key, value in record["metrics"].items()}
        comparable = (data, record["data_source"]) == (result.data, result.record["data_source"])
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return None  # no version, or one that another program exported
    examples = 0 if data.startswith(_POPULATION) else result.record["examples"]["test"]
    worse = worse_metric(metrics, result.metrics, examples) if comparable else ""
    return Replaced(version or 0, data, metrics, comparable, worse)


def worse_metric(before: Mapping[str, float], now: Mapping[str, float], examples: int) -> str:
    """Returns the metric that is worse now by more than chance, or an empty text.

    Accuracies are compared as two proportions of the test examples (one-sided z test with the pooled
    variance). The test is conservative: both versions predict the same examples, and some accuracies count
    characters, which outnumber the examples. Without an accuracy the loss is a mean squared error, and two of
    them are compared as two variances (one-sided F test). Other losses are not compared, because a run does
    not record their variance.

    Args:
        before, now: metrics of the same test split.
        examples: of that split; 0 if it is not a sample but the whole population.
    """
    name = "accuracy" if "accuracy" in now else "loss"
    old, new = before.get(name), now[name]
    if old is None or not (new < old if name == "accuracy" else new > old):
        return ""
    if not examples:
        return name
    if name == "accuracy":
        pooled = (old + new) / 2
        p_value = NormalDist().cdf((new - old) / (2 * pooled * (1 - pooled) / examples) ** 0.5)
    else:
        from scipy.special import fdtrc

        p_value = fdtrc(examples, examples, new / old) if old > 0 else 0.0
    return name if p_value < _SIGNIFICANCE else ""
