"""The entries of the catalogue: a network with its tensors and training recipe."""

import inspect
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

from keras_session5 import checks
from keras_session5.errors import ArgumentError


@dataclass(frozen=True)
class Tensor:
    """An input or output of a network: its dtype, and its shape with None for any size."""

    dtype: str
    shape: tuple[int | None, ...]


@dataclass(frozen=True)
class Recipe:
    """How a network is trained."""

    loss: str = "sparse_categorical_crossentropy"
    optimizer: str = "adam"
    learning_rate: float = 1e-3  # Adam's published default
    schedule: str = "constant"  # or "cosine", which decays to zero at the end of the last epoch
    warmup: float = 0.0  # fraction of all steps during which the rate rises from zero
    weight_decay: float = 0.0  # of AdamW
    batch_size: int = 64
    epochs: int = 10
    examples: int | None = None  # size of a random subset of the training samples; None for all
    repeats: int = 1  # passes through the data in one epoch; more than one for tiny data sets
    shuffle: bool = True
    interleave_classes: bool = False  # one sample of each class in turn
    bucket: bool = False  # batches of sequences of similar length, to reduce padding
    token_dropout: float = 0.0  # texts: fraction of characters replaced by the unknown id, 1
    shift_px: float = 0.0  # images: largest random shift in each direction, in pixels
    rotate_deg: float = 0.0  # images: largest random rotation, in degrees
    scale: float = 0.0  # images: largest random enlargement or reduction, as a fraction
    stop_when_clean: bool = False  # Rosenblatt's rule: stop after an epoch without a mistake

    def __post_init__(self):
        checks.one_of(
            "loss",
            self.loss,
            [
                "half_squared_error",
                "binary_crossentropy",
                "sparse_categorical_crossentropy",
                "mean_squared_error",
            ],
        )
        checks.one_of("optimizer", self.optimizer, ["sgd", "adam", "adamw"])
        checks.one_of("schedule", self.schedule, ["constant", "cosine"])
        for name in ("batch_size", "epochs", "repeats"):
            checks.positive_int(name, getattr(self, name))
        if self.examples is not None:
            checks.positive_int("examples", self.examples)
        for name in ("warmup", "scale", "token_dropout"):
            checks.fraction(name, getattr(self, name))
        for name in ("learning_rate", "weight_decay", "shift_px", "rotate_deg"):
            checks.not_negative(name, getattr(self, name))
        if self.interleave_classes and self.bucket:
            raise ArgumentError("`bucket` and `interleave_classes` must not both be set. Received: both")
        for name in ("shuffle", "interleave_classes", "bucket", "stop_when_clean"):
            checks.one_of(name, getattr(self, name), [True, False])

    def check_modality(self, modality: str) -> None:
        """Raises `ArgumentError` if a field is set that does not apply to data of this modality."""
        for modalities, names in _FIELDS_OF_MODALITIES.items():
            for name in names:
                if modality not in modalities and getattr(self, name):
                    raise ArgumentError(
                        f"`{name}` applies only to {' or '.join(modalities)} data, not to {modality} data. "
                        f"Received: {name}={getattr(self, name)!r}"
                    )


_FIELDS_OF_MODALITIES = {
    ("image",): ("shift_px", "rotate_deg", "scale"),
    ("text", "text_pair"): ("bucket", "token_dropout"),
}


@dataclass(frozen=True)
class Network:
    """One entry of the catalogue.

    Most networks are trained. A network with weights set by hand has data but no `recipe`. A network of a
    published size, which serves for building, counting and published weights, has neither.

    Attributes:
        name: name in the catalogue and of the served model.
        title: the network in words.
        year: year of the paper.
        builder: `module:function`, where a module without a dot is one of `keras_session5.models`; or a
            function.
        inputs, outputs: name -> Tensor.
        parameters: exact number of weights with `arguments`.
        paper, slide: publication, and topic of the course.
        arguments: builder arguments that depend on the default data or differ from the builder's defaults.
        task: one of `tasks.TASKS`.
        modality: modality of its data, as in `data.DataSet`.
        data: default data set; None for a network that is only counted.
        recipe: recipe for the default data; None for a network that is not trained.
        untrained: the reason for the lack of a recipe, and an alternative.
        recipes: recipes for other data sets, by name.
        min_accuracy: least accuracy on the test split of `data` after training with `recipe` and any seed.
        max_loss: greatest loss under the same conditions.
        cpu_xla: whether XLA makes its training faster on a CPU, as measured in `benchmarks/training.md`.
        landmark: whether it is one of the five networks of the demo.
        tour: changes of the tour to `recipe`; None for a network outside the tour.
        tour_min_accuracy, tour_max_loss: the same limits for the tour, if it changes the recipe.
    """

    name: str
    title: str
    year: int
    builder: str | Callable[..., Any]
    inputs: Mapping[str, Tensor]
    outputs: Mapping[str, Tensor]
    parameters: int
    paper: str
    slide: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    task: str = "classification"
    modality: str | None = None
    data: str | None = None
    recipe: Recipe | None = None
    untrained: str = ""
    recipes: Mapping[str, Recipe] = field(default_factory=dict)
    min_accuracy: float | None = None
    max_loss: float | None = None
    cpu_xla: bool = False
    landmark: bool = False
    tour: Mapping[str, Any] | None = None
    tour_min_accuracy: float | None = None
    tour_max_loss: float | None = None

    def recipe_for(self, data: str) -> Recipe:
        """Returns the recipe for a data set, by default that of the default data.

        Raises:
            ArgumentError: if the network is not trained, with the reason.
        """
        return self.recipes.get(data, self.require_trained())

    def require_trained(self) -> Recipe:
        """Returns the recipe.

        Raises:
            ArgumentError: if the network is not trained, with the reason.
        """
        if self.recipe is None:
            raise ArgumentError(f"{self.name} is not trained. {self.untrained}")
        return self.recipe

    def argument_names(self) -> list[str]:
        """Returns the names of the builder's arguments. Imports Keras."""
        return list(inspect.signature(self._load_builder()).parameters)

    def all_arguments(self, **arguments: Any) -> dict[str, Any]:
        """Returns all arguments of the builder, including its defaults. Imports Keras."""
        bound = inspect.signature(self._load_builder()).bind(**{**self.arguments, **arguments})
        bound.apply_defaults()
        return dict(bound.arguments)

    def build(self, **arguments: Any) -> Any:
        """Builds the uncompiled network. The default values are those of the catalogue.

        Raises:
            ArgumentError: for an unknown argument or an invalid value.
        """
        names = self.argument_names()
        for argument in arguments:
            checks.one_of("argument", argument, names)
        return self._load_builder()(**{**self.arguments, **arguments})

    def _load_builder(self) -> Callable[..., Any]:
        if callable(self.builder):
            return self.builder
        module, function = self.builder.split(":")
        if "." in module:
            return pkgutil.resolve_name(self.builder)
        return getattr(import_module(f"keras_session5.models.{module}"), function)
