"""The catalogue: one entry per network.

The command line, the trainer, the exporter, `serving/models.config`, the README's table and the tests
iterate over `NETWORKS`. Importing this module imports neither TensorFlow nor Keras.
"""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
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
    passes: int = 1  # over the data in one epoch; tiny data sets have tiny epochs otherwise
    shuffle: bool = True
    bucket: bool = False  # batches of sequences of about the same length: less padding to compute
    unknown: float = 0.0  # texts: fraction of characters shown as the unknown one, id 1
    shift_px: float = 0.0  # images: random shift of at most so many pixels in each direction
    rotate_deg: float = 0.0  # images: random rotation of at most so many degrees
    scale: float = 0.0  # images: random enlargement or reduction by at most this fraction
    stop_when_clean: bool = False  # Rosenblatt's rule ends with an epoch without a mistake

    def __post_init__(self):
        checks.one_of(
            "loss",
            self.loss,
            ["half_squared_error", "binary_crossentropy", "sparse_categorical_crossentropy"],
        )
        checks.one_of("optimizer", self.optimizer, ["sgd", "adam", "adamw"])
        checks.one_of("schedule", self.schedule, ["constant", "cosine"])
        for name in ("batch_size", "epochs", "passes"):
            checks.positive_int(name, getattr(self, name))
        for name in ("warmup", "scale", "unknown"):
            checks.fraction(name, getattr(self, name))
        for name in ("learning_rate", "weight_decay", "shift_px", "rotate_deg"):
            checks.not_negative(name, getattr(self, name))
        for name in ("shuffle", "bucket", "stop_when_clean"):
            checks.one_of(name, getattr(self, name), [True, False])

    def check_kind(self, kind: str) -> None:
        """Raises `ArgumentError` if a field is set that means nothing for data of that kind."""
        for other, names in _FIELDS_OF_KIND.items():
            for name in names:
                if other != kind and getattr(self, name):
                    raise ArgumentError(
                        f"`{name}` is for networks on data of kind {other}; this one's is {kind}. "
                        f"Received: {name}={getattr(self, name)!r}"
                    )


_FIELDS_OF_KIND = {"image": ("shift_px", "rotate_deg", "scale"), "text": ("bucket", "unknown")}


@dataclass(frozen=True)
class Network:
    """One entry of the catalogue.

    Attributes:
        name: catalogue name; also of its served model.
        title: the network in words.
        year: of its paper.
        builder: `module:function` below `keras_session5.models`.
        kind: of data it takes: `"vector"`, `"image"` or `"text"`.
        arguments: of the builder, for the default data.
        data: default data set.
        inputs, outputs: name -> Tensor.
        parameters: exact number of weights with `arguments`.
        recipe: for the default data.
        floor: accuracy on the test split of the default data that `recipe` reaches with any seed.
        recipes: for other data sets, by name.
        tour: settings that the tour changes in `recipe`; None for a network outside the tour.
        tour_floor: accuracy that the tour's training reaches; `floor` where it changes nothing.
        paper, slide: where it was published, and the topic of the course that shows it.
    """

    name: str
    title: str
    year: int
    builder: str
    kind: str
    data: str
    inputs: Mapping[str, Tensor]
    outputs: Mapping[str, Tensor]
    parameters: int
    recipe: Recipe
    floor: float
    paper: str
    slide: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    recipes: Mapping[str, Recipe] = field(default_factory=dict)
    tour: Mapping[str, Any] | None = None
    tour_floor: float | None = None

    def recipe_for(self, data: str) -> Recipe:
        """The recipe for a data set; that of the default data where it has none of its own."""
        return self.recipes.get(data, self.recipe)

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
        for argument in arguments:
            checks.one_of("argument", argument, self.argument_names())
        return self._builder()(**{**self.arguments, **arguments})

    def _builder(self) -> Callable[..., Any]:
        module, function = self.builder.split(":")
        return getattr(import_module(f"keras_session5.models.{module}"), function)


def network(name: str) -> Network:
    """Returns the entry of that name.

    Raises:
        ArgumentError: if there is none, with the nearest name.
    """
    return NETWORKS[checks.one_of("name", name, NETWORKS)]


def build(name: str, **arguments: Any) -> Any:
    """Builds a network of the catalogue.

    Args:
        name: catalogue name, such as `"lenet5"`.
        **arguments: of its builder; those that are not given are the catalogue's.

    Returns:
        An uncompiled `keras.Model`.

    Raises:
        ArgumentError: for an unknown name or a wrong argument.

    Example:
        >>> build("lenet5", num_classes=10).count_params()
        61706
    """
    return network(name).build(**arguments)


# Sixty thousand images need no distortions, and larger batches at a higher rate.
_MLP_ON_FASHION = Recipe(
    optimizer="adamw",
    learning_rate=2e-3,
    schedule="cosine",
    warmup=0.1,
    weight_decay=0.01,
    batch_size=128,
    epochs=8,
)
_LENET5_ON_FASHION = replace(_MLP_ON_FASHION, learning_rate=5e-3, batch_size=256)

_IMAGE = {"image": Tensor("float32", (None, 28, 28, 1))}
_TOKENS = {"tokens": Tensor("int32", (None, None))}
_BITS = {"inputs": Tensor("float32", (None, 2))}


def _probabilities(count: int) -> dict[str, Tensor]:
    return {"probabilities": Tensor("float32", (None, count))}


NETWORKS: Mapping[str, Network] = {
    entry.name: entry
    for entry in (
        Network(
            name="perceptron",
            title="Rosenblatt's perceptron",
            year=1957,
            builder="perceptron:build_perceptron",
            kind="vector",
            data="logic_gates/and",
            arguments={"num_inputs": 2},
            inputs=_BITS,
            outputs={"fires": Tensor("float32", (None, 1))},
            parameters=3,
            # Rosenblatt's rule: one example at a time, in order, until an epoch without a mistake.
            # The bound for AND is 51 mistakes; an epoch before the last makes at least one.
            recipe=Recipe(
                loss="half_squared_error",
                optimizer="sgd",
                learning_rate=1.0,
                batch_size=1,
                epochs=60,
                shuffle=False,
                stop_when_clean=True,
            ),
            floor=1.0,
            tour={},
            paper="Rosenblatt 1957, The Perceptron: A Perceiving and Recognizing Automaton",
            slide="Rosenblatt's perceptron and its learning rule",
        ),
        Network(
            name="mlp_xor",
            title="Multilayer perceptron for XOR",
            year=1986,
            builder="mlp_xor:build_mlp_xor",
            kind="vector",
            data="logic_gates/xor",
            arguments={"num_hidden": 8},
            inputs=_BITS,
            outputs=_probabilities(1),
            parameters=33,
            # 1,000 steps on the whole truth table, in ten epochs so that there is something to watch.
            recipe=Recipe(loss="binary_crossentropy", learning_rate=0.1, batch_size=4, epochs=10, passes=100),
            floor=1.0,
            paper="Rumelhart et al. 1986, Learning representations by back-propagating errors",
            slide="XOR and the hidden layer",
        ),
        Network(
            name="mlp",
            title="Multilayer perceptron",
            year=1986,
            builder="mlp:build_mlp",
            kind="image",
            data="digits",
            arguments={"num_classes": 10, "widths": (128, 64)},
            inputs=_IMAGE,
            outputs=_probabilities(10),
            parameters=109_386,
            # Small distortions: the test digits were written by other hands than the training digits.
            recipe=Recipe(
                learning_rate=2e-3,
                schedule="cosine",
                warmup=0.1,
                batch_size=32,
                epochs=60,
                shift_px=1.5,
                rotate_deg=10,
                scale=0.1,
            ),
            floor=0.93,
            recipes={"mnist": _MLP_ON_FASHION, "fashion_mnist": _MLP_ON_FASHION},
            tour={},
            paper="Rumelhart et al. 1986, Learning representations by back-propagating errors",
            slide="Multilayer perceptron and back-propagation",
        ),
        Network(
            name="lenet5",
            title="LeNet-5",
            year=1998,
            builder="lenet5:build_lenet5",
            kind="image",
            data="digits",
            arguments={"num_classes": 10, "image_size": 28},
            inputs=_IMAGE,
            outputs=_probabilities(10),
            parameters=61_706,
            # Distortions as for the MLP, larger: what the convolutions share copes with more of them.
            recipe=Recipe(
                learning_rate=3e-3,
                schedule="cosine",
                warmup=0.1,
                batch_size=32,
                epochs=60,
                shift_px=3,
                rotate_deg=15,
                scale=0.2,
            ),
            floor=0.96,
            recipes={"mnist": _LENET5_ON_FASHION, "fashion_mnist": _LENET5_ON_FASHION},
            tour={},
            paper="LeCun et al. 1998, Gradient-Based Learning Applied to Document Recognition",
            slide="Convolution, pooling and LeNet-5",
        ),
        Network(
            name="simple_rnn",
            title="Simple recurrent network",
            year=1990,
            builder="simple_rnn:build_simple_rnn",
            kind="text",
            data="place_names",
            arguments={"vocabulary_size": 154, "num_classes": 20},
            inputs=_TOKENS,
            outputs=_probabilities(20),
            parameters=133_460,
            # Hidden characters and weight decay, not dropout of the embedding: that takes away what the
            # names' few characters tell.
            recipe=Recipe(
                optimizer="adamw",
                learning_rate=4e-3,  # 2e-3 is too slow for so few epochs
                schedule="cosine",
                warmup=0.1,
                weight_decay=0.05,
                batch_size=64,
                epochs=24,
                bucket=True,
                unknown=0.08,
            ),
            floor=0.795,
            tour={},
            paper="Elman 1990, Finding Structure in Time",
            slide="Recurrent networks",
        ),
        Network(
            name="transformer_encoder",
            title="Transformer encoder",
            year=2017,
            builder="transformer_encoder:build_transformer_encoder",
            kind="text",
            data="place_names",
            arguments={"vocabulary_size": 154, "num_classes": 20},
            inputs=_TOKENS,
            outputs=_probabilities(20),
            parameters=111_124,
            recipe=Recipe(
                optimizer="adamw",
                learning_rate=4e-3,
                schedule="cosine",
                warmup=0.1,
                weight_decay=0.05,
                batch_size=64,
                epochs=30,
                bucket=True,
                unknown=0.1,
            ),
            floor=0.725,
            tour={"epochs": 16},
            tour_floor=0.71,  # 0.732, 0.728 and 0.736 with seeds 0, 1 and 2
            paper="Vaswani et al. 2017, Attention Is All You Need",
            slide="The transformer",
        ),
    )
}
