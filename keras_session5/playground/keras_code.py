"""A network that was trained by hand, as Keras code."""

from itertools import pairwise

import numpy as np

from keras_session5.by_hand import NumpyMLP


def generate_code(model: NumpyMLP, activation: str, learning_rate: float, steps: int) -> str:
    """Returns a program in the functional API that builds the network and sets the weights it has now.

    Args:
        model: with two layers or more, and one output.
        activation: of its hidden layers.
        learning_rate, steps: it was trained with, for who wants to train it in Keras.
    """
    lines = ["import keras", "import numpy as np", "from keras import layers", ""]
    lines += [f'inputs = keras.Input(({model.widths[0]},), name="inputs")', "x = inputs"]
    last = len(model.widths) - 1
    for i, (before, units) in enumerate(pairwise(model.widths), 1):
        name, function = ("probabilities", "sigmoid") if i == last else (f"hidden_{i}", activation)
        lines.append(f'x = layers.Dense({units}, activation="{function}", name="{name}")(x)')
        lines.append(f"# (B, {units})    {before}*{units} + {units} = {before * units + units}")
    lines += ['model = keras.Model(inputs, x, name="mlp")', ""]
    lines += [
        "# To train it yourself, from random weights:",
        f'# model.compile(keras.optimizers.SGD({learning_rate:g}), loss="binary_crossentropy")',
        f"# model.fit(points, labels, batch_size=len(points), epochs={steps})",
        "",
        "# The weights that were found on the page: of each layer a matrix and the biases.",
        "weights = [",
        *(f"    {_literal(array)}," for pair in model.weights for array in pair),
        "]",
        "model.set_weights([np.array(w) for w in weights])",
        "print(model.predict(np.array([[0, 0], [0, 1], [1, 0], [1, 1]])))",
    ]
    return "\n".join(lines) + "\n"


def _literal(array: np.ndarray) -> str:
    """As a list, with as many digits as a float32 has."""
    if array.ndim == 1:
        return f"[{', '.join(f'{value:.8g}' for value in array)}]"
    return f"[{', '.join(_literal(row) for row in array)}]"
