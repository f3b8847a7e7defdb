"""What an entry of the catalogue says of its network."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

from keras_session5 import checks
from keras_session5.errors import ArgumentError


@dataclass(frozen=True)
class Tensor:
    """An input or output of a network: its dtype and its shape, None where any size fits."""

    dtype: str
    shape: tuple[int | None, ...]


@dataclass(frozen=True)
class Recipe:
    """How a network is trained."""

    loss: str = "sparse_categorical_crossentropy"
    optimizer: str = "adam"
    learning_rate: float = 1e-3  # Adam's published default
    schedule: str = "constant"  # or "cosine": down to zero at the end of the last epoch
    warmup: float = 0.0  # fraction of all steps over which the rate first rises from zero
    weight_decay: float = 0.0  # of AdamW
    batch_size: int = 64
    epochs: int = 10
    examples: int | None = None  # only so many of the training examples, drawn with the seed; None for all
    repeats: int = 1  # over the data in one epoch; tiny data sets have tiny epochs otherwise
    shuffle: bool = True
    interleave_classes: bool = False  # one example of each class in turn
    bucket: bool = False  # batches of sequences of about the same length: less padding to compute
    token_dropout: float = 0.0  # texts: fraction of characters shown as the unknown one, id 1
    shift_px: float = 0.0  # images: random shift of at most so many pixels in each direction
    rotate_deg: float = 0.0  # images: random rotation of at most so many degrees
    scale: float = 0.0  # images: random enlargement or reduction by at most this fraction
    stop_when_clean: bool = False  # Rosenblatt's rule ends with an epoch without a mistake

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
            raise ArgumentError("`bucket` orders by length and `interleave_classes` by class. Received: both")
        for name in ("shuffle", "interleave_classes", "bucket", "stop_when_clean"):
            checks.one_of(name, getattr(self, name), [True, False])

    def check_modality(self, modality: str) -> None:
        """Raises `ArgumentError` if a field is set that means nothing for data of that modality."""
        for modalities, names in _FIELDS_OF_MODALITIES.items():
            for name in names:
                if modality not in modalities and getattr(self, name):
                    raise ArgumentError(
                        f"`{name}` is for networks on {' or '.join(modalities)} data; this one's are "
                        f"{modality}. "
                        f"Received: {name}={getattr(self, name)!r}"
                    )


_FIELDS_OF_MODALITIES = {
    ("image",): ("shift_px", "rotate_deg", "scale"),
    ("text", "text_pair"): ("bucket", "token_dropout"),
}


@dataclass(frozen=True)
class Network:
    """One entry of the catalogue.

    Most networks are trained. One whose weights are set by hand has data but no `recipe`, and one of a
    published size, there to be built and counted, has no data either.

    Attributes:
        name: catalogue name; also of its served model.
        title: the network in words.
        year: of its paper.
        builder: `module:function` below `keras_session5.models`.
        inputs, outputs: name -> Tensor.
        parameters: exact number of weights with `arguments`.
        paper, slide: where it was published, and the topic of the course that shows it.
        arguments: of the builder, where they follow from the default data or differ from its defaults.
        task: what it is trained for: one of `tasks.TASKS`.
        modality: of the data that it takes, as `data.DataSet` names it.
        data: default data set; None for a network that is only counted.
        recipe: for the default data; None for a network that is not trained.
        untrained: why there is no recipe, and what to do instead.
        recipes: for other data sets, by name.
        min_accuracy: accuracy that `recipe` reaches at least, with any seed, on the test split of `data`.
        max_loss: greatest loss there.
        landmark: whether it is one of the five that the demo shows.
        tour: settings that the tour changes in `recipe`; None for a network outside the tour.
        tour_min_accuracy, tour_max_loss: what the tour's training reaches, where it changes something.
    """

    name: str
    title: str
    year: int
    builder: str
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
    landmark: bool = False
    tour: Mapping[str, Any] | None = None
    tour_min_accuracy: float | None = None
    tour_max_loss: float | None = None

    def recipe_for(self, data: str) -> Recipe:
        """The recipe for a data set; that of the default data where it has none of its own.

        Raises:
            ArgumentError: if the network is not trained, with the reason.
        """
        return self.recipes.get(data, self.require_trained())

    def require_trained(self) -> Recipe:
        """Returns the recipe.

        Raises:
            ArgumentError: if there is none, with the reason.
        """
        if self.recipe is None:
            raise ArgumentError(f"{self.name} is not trained. {self.untrained}")
        return self.recipe

    def argument_names(self) -> list[str]:
        """Names of the builder's arguments. Imports Keras."""
        return list(inspect.signature(self._builder()).parameters)

    def all_arguments(self, **arguments: Any) -> dict[str, Any]:
        """Every argument that `build` would pass, the builder's defaults too. Imports Keras."""
        bound = inspect.signature(self._builder()).bind(**{**self.arguments, **arguments})
        bound.apply_defaults()
        return dict(bound.arguments)

    def build(self, **arguments: Any) -> Any:
        """Builds the network, uncompiled. Arguments that are not given are the catalogue's.

        Raises:
            ArgumentError: for an argument that the builder does not have, or a wrong value.
        """
        names = self.argument_names()
        for argument in arguments:
            checks.one_of("argument", argument, names)
        return self._builder()(**{**self.arguments, **arguments})

    def _builder(self) -> Callable[..., Any]:
        module, function = self.builder.split(":")
        return getattr(import_module(f"keras_session5.models.{module}"), function)
