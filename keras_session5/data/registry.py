"""The registry of all data sets."""

from dataclasses import dataclass

from keras_session5.data.characters import ALPHABET, DATE_ALPHABET, ISO_ALPHABET, SHAKESPEARE_ALPHABET
from keras_session5.data.dataset import Framing, Modality
from keras_session5.data.logic_gates.gates import GATES
from keras_session5.data.place_names.names import LANGUAGES
from keras_session5.data.text_tasks.tasks import TASKS_ALPHABET
from keras_session5.data.waves.signals import NOISE_SD, VARIANTS


@dataclass(frozen=True)
class DataSetEntry:
    """The description of a data set, available before it is loaded.

    Without a `download_url`, `<name>/<name>_dataset_builder.py` in this package builds the data set; with
    one, it is TFDS's own data set of that name.

    Attributes:
        modality: "vector", "image", "text", "series" or "text_pair".
        description: one line.
        class_names: one name for each class; empty if the labels are not classes.
        variants: names that may follow the data set's name and a slash, such as the gates.
        default_variant: variant of the name without a slash; None if a variant is required.
        alphabet: characters of the inputs, if they are texts.
        target_alphabet: characters of the labels, if they are texts.
        window: length of the chunks into which texts are cut, in characters; None for whole texts.
        noise_floor: variance of the noise in a series.
        download_url: a file that TFDS downloads, used to test whether the server is reachable.
        idx: whether the data set can be read from four IDX files.
        framing: placement of the digits in the images, if they show digits.
    """

    modality: Modality
    description: str
    class_names: tuple[str, ...] = ()
    variants: tuple[str, ...] = ()
    default_variant: str | None = None
    alphabet: str = ""
    target_alphabet: str = ""
    window: int | None = None
    noise_floor: float | None = None
    download_url: str | None = None
    idx: bool = False
    framing: Framing | None = None

    @property
    def needs_network(self) -> bool:
        """Whether the data set must be downloaded before its first use."""
        return self.download_url is not None


_MNIST_URL = "https://storage.googleapis.com/cvdf-datasets/mnist/t10k-labels-idx1-ubyte.gz"
_FASHION_URL = "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/t10k-labels-idx1-ubyte.gz"
_SHAKESPEARE_URL = "https://raw.githubusercontent.com/karpathy/char-rnn/master/data/tinyshakespeare/input.txt"
_FASHION_CLASSES = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)

_DIGITS = tuple("0123456789")

DATA_SETS = {
    "logic_gates": DataSetEntry("vector", "truth tables of two inputs", ("0", "1"), variants=tuple(GATES)),
    "digits": DataSetEntry(
        "image",
        "1,797 handwritten digits (UCI)",
        _DIGITS,
        framing=Framing(box=24, cells=8, by_mass=False),  # see data.digits.scaling
    ),
    "place_names": DataSetEntry(
        "text", "which of twenty languages a name is written in", tuple(LANGUAGES), alphabet=ALPHABET
    ),
    "retina_cards": DataSetEntry(
        "image", "cards with a square on the left or on the right", ("left", "right")
    ),
    "waves": DataSetEntry(
        "series",
        "noisy sums of three sines and their continuations",
        variants=VARIANTS,
        default_variant="random",
        noise_floor=NOISE_SD**2,
    ),
    "dates": DataSetEntry(
        "text_pair",
        "dates in twenty languages and in ISO 8601",
        alphabet=DATE_ALPHABET,
        target_alphabet=ISO_ALPHABET,
    ),
    "text_tasks": DataSetEntry(
        "text_pair",
        "the tasks of place_names and dates, selected by a prefix",
        alphabet=TASKS_ALPHABET,
        target_alphabet=TASKS_ALPHABET,
    ),
    "mnist": DataSetEntry(
        "image",
        "70,000 handwritten digits",
        _DIGITS,
        download_url=_MNIST_URL,
        idx=True,
        framing=Framing(box=20, cells=20, by_mass=True),  # from its authors' description
    ),
    "fashion_mnist": DataSetEntry(
        "image",
        "70,000 photographs of clothes",
        _FASHION_CLASSES,
        download_url=_FASHION_URL,
        idx=True,
    ),
    "tiny_shakespeare": DataSetEntry(
        "text",
        "forty thousand lines of Shakespeare",
        ("Shakespeare",),
        alphabet=SHAKESPEARE_ALPHABET,
        window=128,
        download_url=_SHAKESPEARE_URL,
    ),
}


def loadable_names() -> list[str]:
    """Returns all names that `load_data` accepts, such as `"logic_gates/xor"`, `"digits"` and `"waves"`."""
    names = []
    for name, entry in DATA_SETS.items():
        if not entry.variants or entry.default_variant:
            names.append(name)
        names += [f"{name}/{variant}" for variant in entry.variants]
    return names
