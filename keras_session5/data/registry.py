"""Every data set that can be loaded, one line each."""

from dataclasses import dataclass

from keras_session5.data.characters import ALPHABET, DATE_ALPHABET, ISO_ALPHABET, SHAKESPEARE_ALPHABET
from keras_session5.data.dataset import Framing, Modality
from keras_session5.data.logic_gates.gates import GATES
from keras_session5.data.place_names.names import LANGUAGES
from keras_session5.data.text_tasks.tasks import TASKS_ALPHABET
from keras_session5.data.waves.signals import NOISE_SD, VARIANTS


@dataclass(frozen=True)
class DataSetEntry:
    """What is known of a data set before it is loaded.

    An entry without `download_url` is built by `<name>/<name>_dataset_builder.py` beside this file; one
    with it is TFDS's own data set of that name.

    Attributes:
        modality: "vector", "image", "text", "series" or "text_pair".
        description: one line.
        class_names: one name for each label; none where the labels are no classes.
        variants: what may follow the name and a slash, such as the gates; empty where nothing does.
        default_variant: the variant that the name alone stands for; None where one must be named.
        alphabet: the characters of the inputs, where they are texts.
        target_alphabet: the characters of the labels, where they are texts.
        window: the number of characters of the chunks into which a text is cut; None where it stays whole.
        noise_floor: the variance of the noise in a series.
        download_url: a file that TFDS fetches for it, by which to tell whether it can be reached.
        idx: whether four IDX files in a folder may take TFDS's place.
        framing: how digits stand in their images, where they are images of digits.
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
        """Whether the data must be fetched before their first use."""
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
        framing=Framing(box=24, cells=8, by_mass=False),  # as data.digits.scaling enlarges them
    ),
    "place_names": DataSetEntry(
        "text", "which of twenty languages a name is written in", tuple(LANGUAGES), alphabet=ALPHABET
    ),
    "retina_cards": DataSetEntry(
        "image", "cards with a square on the left or on the right", ("left", "right")
    ),
    "waves": DataSetEntry(
        "series",
        "noisy sums of three sines and how they go on",
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
        "the tasks of place_names and dates, told apart by a prefix",
        alphabet=TASKS_ALPHABET,
        target_alphabet=TASKS_ALPHABET,
    ),
    "mnist": DataSetEntry(
        "image",
        "70,000 handwritten digits",
        _DIGITS,
        download_url=_MNIST_URL,
        idx=True,
        framing=Framing(box=20, cells=20, by_mass=True),  # as its authors say
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
    """Returns every name that `load_data` takes, such as `"logic_gates/xor"`, `"digits"` and `"waves"`."""
    names = []
    for name, entry in DATA_SETS.items():
        if not entry.variants or entry.default_variant:
            names.append(name)
        names += [f"{name}/{variant}" for variant in entry.variants]
    return names
