"""Classical methods for the networks' data sets: their features and settings.

A method takes the same inputs as the networks, pixels or texts, and computes its features itself, so that its
time includes them. Settings that differ from scikit-learn's defaults were chosen on validation data:
contiguous fifths of the training images of `digits`, 8,000 training images of `fashion_mnist`, the validation
split of `place_names`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from skimage.feature import hog
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.svm import SVC, LinearSVC
from sklearn.tree import DecisionTreeClassifier

from keras_session5.data import Split

Inputs = np.ndarray | Sequence[str]


@dataclass(frozen=True)
class Method:
    """A classical method.

    Attributes:
        name: of the method.
        features: name in `FEATURES`.
        classifier: function from the number of training examples and a seed to scikit-learn's classifier.
        note: remark for the reader of the table.
        max_examples: limit of training examples if more take minutes; None for all.
    """

    name: str
    features: str
    classifier: Callable[[int, int], Any]
    note: str = ""
    max_examples: int | None = None

    def fit(self, inputs: Inputs, labels: np.ndarray, seed: int = 0) -> Any:
        """Returns a fitted classifier with scikit-learn's `predict` and `score`, for inputs of the same kind.

        Args:
            inputs: N inputs from `get_inputs`.
            labels: (N,) int.
            seed: of methods with random numbers.
        """
        if len(np.unique(labels)) == 1:  # half of scikit-learn's classifiers refuse a single class
            return DummyClassifier().fit(inputs, labels)
        classifier = self.classifier(len(labels), seed)
        return make_pipeline(*FEATURES[self.features](), classifier).fit(inputs, labels)


def get_inputs(split: Split) -> Inputs:
    """Returns a split's inputs for a method: its texts if it has any, otherwise its arrays."""
    return split.texts or split.inputs


def pixels(images: np.ndarray) -> np.ndarray:
    """Returns images (N, height, width, 1), 0..255, as rows (N, height * width) float32, 0..1."""
    return images.reshape(len(images), -1) / np.float32(255)


def oriented_gradients(images: np.ndarray) -> np.ndarray:
    """Returns histograms of oriented gradients (HOG), the features of Dalal and Triggs for pedestrians.

    Every cell of 4 x 4 pixels has a histogram of its gradients in nine unsigned orientations. Blocks of 2 x 2
    cells are normalised; neighbouring blocks overlap by a cell.

    Args:
        images: (N, height, width, 1).

    Returns:
        (N, (height // 4 - 1) * (width // 4 - 1) * 2 * 2 * 9) float32; (N, 1296) for 28 x 28 pixels.

    Reference:
        N. Dalal, B. Triggs (2005), "Histograms of Oriented Gradients for Human Detection", CVPR.
    """
    histograms = [hog(image, 9, pixels_per_cell=(4, 4), cells_per_block=(2, 2)) for image in images[..., 0]]
    return np.stack(histograms).astype(np.float32)


def mark_ends(text: str) -> str:
    """Marks the beginning and the end of a text for the n-grams, and keeps its case."""
    return f"^{text}$"


def n_grams(longest: int) -> TfidfVectorizer:
    """Returns a vectorizer of character n-grams, n = 1 to `longest`: logarithmic counts, TF-IDF weights."""
    return TfidfVectorizer(
        analyzer="char", preprocessor=mark_ends, ngram_range=(1, longest), sublinear_tf=True
    )


FEATURES: Mapping[str, Callable[[], list[Any]]] = {
    "inputs": list,
    "pixels": lambda: [FunctionTransformer(pixels)],
    "HOG": lambda: [FunctionTransformer(oriented_gradients)],
    "1-2-grams": lambda: [n_grams(2)],
    "1-4-grams": lambda: [n_grams(4)],
}


def _logistic(strength: float = 1.0) -> Callable[[int, int], Any]:
    return lambda count, seed: LogisticRegression(C=strength, max_iter=1000)


def _neighbours(k: int) -> Callable[[int, int], Any]:
    return lambda count, seed: KNeighborsClassifier(min(k, count))


def _tree(count: int, seed: int) -> Any:
    return DecisionTreeClassifier(random_state=seed)


def _forest(count: int, seed: int) -> Any:
    return RandomForestClassifier(n_jobs=-1, random_state=seed)


def _linear_svm(strength: float = 1.0) -> Callable[[int, int], Any]:
    return lambda count, seed: LinearSVC(C=strength, random_state=seed)


def _svm(count: int, seed: int) -> Any:
    return SVC(C=10)  # 0.954 on the fifths of the digits; 0.941 with scikit-learn's 1


METHODS: Mapping[str, tuple[Method, ...]] = {
    "vector": (
        # A truth table has no noise, so a penalty has nothing to guard against.
        Method("logistic regression", "inputs", _logistic(100)),
        Method("nearest neighbour", "inputs", _neighbours(1)),
        Method("decision tree", "inputs", _tree),
        Method("random forest", "inputs", _forest),
        Method("SVM", "inputs", _svm),
    ),
    "image": (
        Method("logistic regression", "pixels", _logistic(), max_examples=10_000),
        Method("nearest neighbours", "pixels", _neighbours(3), "k = 3"),  # 1: 0.949, 3: 0.951, 5: 0.948
        Method("decision tree", "pixels", _tree),
        Method("random forest", "pixels", _forest, "100 trees"),
        Method("SVM", "pixels", _svm, "RBF kernel", max_examples=10_000),
        # Cells of 7 x 7 pixels: 0.938 instead of 0.957.
        # C = 0.1: 0.873 on 8,000 validation images of Fashion-MNIST; C = 1: 0.862.
        Method("linear SVM", "HOG", _linear_svm(0.1)),
        Method("logistic regression", "HOG", _logistic(), max_examples=10_000),
    ),
    "text": (
        Method("logistic regression", "1-4-grams", _logistic(10)),
        Method("nearest neighbours", "1-4-grams", _neighbours(10), "k = 10"),  # 1: 0.465, 5: 0.538, 10: 0.618
        # With 1-4-grams these two take two and four times as long and gain 0.04.
        Method("decision tree", "1-2-grams", _tree),
        Method("random forest", "1-2-grams", _forest, "100 trees"),
        Method("linear SVM", "1-4-grams", _linear_svm()),
    ),
}
"""The methods for each modality that has classes."""
