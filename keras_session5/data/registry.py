"""Every data set that can be loaded, one line each."""

from dataclasses import dataclass

from keras_session5.data.characters import ALPHABET
from keras_session5.data.dataset import Kind
from keras_session5.data.logic_gates.gates import GATES
from keras_session5.data.place_names.names import LANGUAGES


@dataclass(frozen=True)
class DataSetEntry:
    """What is known of a data set before it is loaded.

    An entry without `download_url` is built by `<name>/<name>_dataset_builder.py` beside this file; one
    with it is TFDS's own data set of that name.

    Attributes:
        kind: "vector", "image" or "text".
        description: one line.
        class_names: one name for each label.
        variants: what may follow the name and a slash, such as the gates; empty where nothing does.
        alphabet: the characters of a text data set.
        download_url: a file that TFDS fetches for it, by which to tell whether it can be reached.
        idx: whether four IDX files in a folder may take TFDS's place.
    """

    kind: Kind
    description: str
    class_names: tuple[str, ...]
    variants: tuple[str, ...] = ()
    alphabet: str | None = None
    download_url: str | None = None
    idx: bool = False

    @property
    def needs_network(self) -> bool:
        """Whether the data must be fetched before their first use."""
        return self.download_url is not None


_MNIST_URL = "https://storage.googleapis.com/cvdf-datasets/mnist/t10k-labels-idx1-ubyte.gz"
_FASHION_URL = "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/t10k-labels-idx1-ubyte.gz"
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
    "digits": DataSetEntry("image", "1,797 handwritten digits (UCI)", _DIGITS),
    "place_names": DataSetEntry(
        "text", "which of twenty languages a name is written in", tuple(LANGUAGES), alphabet=ALPHABET
    ),
    "mnist": DataSetEntry(
        "image",
        "70,000 handwritten digits",
        _DIGITS,
        download_url=_MNIST_URL,
        idx=True,
    ),
    "fashion_mnist": DataSetEntry(
        "image",
        "70,000 photographs of clothes",
        _FASHION_CLASSES,
        download_url=_FASHION_URL,
        idx=True,
    ),
}


def loadable_names() -> list[str]:
    """Returns every name that `load_data` takes, such as `"logic_gates/xor"` and `"digits"`."""
    return [
        f"{name}/{variant}" if variant else name
        for name, entry in DATA_SETS.items()
        for variant in entry.variants or ("",)
    ]
