"""What an export writes as one version: of a network of the catalogue, or of any other Keras model."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from keras_session5.exporting.comparison import TOLERANCE
from keras_session5.training import Result

if TYPE_CHECKING:
    from keras_session5.exporting.signatures import Signature

_RECORDED = ("name", "data", "data_source", "metrics", "parameters")
_RECORDED += ("seed", "epochs", "arguments", "versions")


@dataclass(frozen=True)
class Exportable:
    """A model with everything that its version folder holds.

    Attributes:
        name: of the served model.
        model: the `keras.Model` that the signatures call.
        signatures: by name.
        class_names: for `labels.txt`; empty for none.
        record: the beginning of `model.json`.
        tokenizer: file that turns texts into the network's tokens; None for none.
        tolerance: largest difference between the SavedModel and the Keras model.
        may_have_tables: whether the model may hold look-up tables, such as a `StringLookup`.
    """

    name: str
    model: Any
    signatures: "Mapping[str, Signature]"
    class_names: Sequence[str]
    record: Mapping[str, Any]
    tokenizer: Path | None = None
    tolerance: float = TOLERANCE
    may_have_tables: bool = False

    @staticmethod
    def of(result: Result) -> "Exportable":
        """Returns the network of a run, with the signatures of its task; loads the run's data set."""
        from keras_session5.exporting.signatures import make_signatures

        task = result.task()
        record = {key: result.record[key] for key in _RECORDED} | {"run": str(result.run_dir)}
        signatures = make_signatures(result.model, task)
        return Exportable(result.name, result.model, signatures, task.data.class_names, record)
