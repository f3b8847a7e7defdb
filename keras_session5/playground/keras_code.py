"""A NumPy network as Keras code."""

from itertools import pairwise

import numpy as np

from keras_session5.by_hand import NumpyMLP


def generate_code(model: NumpyMLP, activation: str, learning_rate: float, steps: int) -> str:
    """Returns a program in the functional API that builds a network and sets its current weights.

    Args:
        model: network with at least two layers and one output.
        activation: activation of its hidden layers.
        learning_rate, steps: training settings, for a comment that shows how to train it in Keras.
    """
    lines = ["import keras", "import numpy as np", "from keras import layers", ""]
    lines += [f'inputs = keras.Input(({model.widths[0]},), name="inputs")', "x = inputs"]
    last = len(model.widths) - 1
    for i, (inputs, units) in enumerate(pairwise(model.widths), 1):
        name, function = ("probabilities", "sigmoid") if i == last else (f"hidden_{i}", activation)
        lines.append(f'x = layers.Dense({units}, activation="{function}", name="{name}")(x)')
        lines.append(f"# (B, {units})    {inputs}*{units} + {units} = {inputs * units + units}")
    lines += ['model = keras.Model(inputs, x, name="mlp")', ""]
    lines += [
        "# To train it yourself, from random weights:",
        f'# model.compile(keras.optimizers.SGD({learning_rate:g}), loss="binary_crossentropy")',
        f"# model.fit(points, labels, batch_size=len(points), epochs={steps})",
        "",
        "# The weights from the page: a matrix and the biases of each layer.",
        "weights = [",
        *(f"    {_format_array(array)}," for pair in model.weights for array in pair),
        "]",
        "model.set_weights([np.array(w) for w in weights])",
        "print(model.predict(np.array([[0, 0], [0, 1], [1, 0], [1, 1]])))",
    ]
    return "\n".join(lines) + "\n"


def _format_array(array: np.ndarray) -> str:
    """Formats an array as a list, with the precision of float32."""
    if array.ndim == 1:
        return f"[{', '.join(f'{value:.8g}' for value in array)}]"
    return f"[{', '.join(_format_array(row) for row in array)}]"
