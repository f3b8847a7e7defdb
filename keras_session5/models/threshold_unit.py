"""The threshold logic unit of McCulloch and Pitts (1943), and a circuit of three of them."""

from collections.abc import Sequence

import keras
from keras import layers

from keras_session5 import checks
from keras_session5.layers import step

THRESHOLD_GATES: dict[str, tuple[tuple[int, ...], int]] = {
    "and": ((1, 1), 2),
    "or": ((1, 1), 1),
    "not": ((-1,), 0),
    "a_and_not_b": ((1, -1), 1),
    "b_and_not_a": ((-1, 1), 1),
}
"""A gate's name -> weights and threshold: `build_threshold_unit(*THRESHOLD_GATES["and"])`."""


def build_threshold_unit(weights: Sequence[int] = (1, 1), threshold: int = 2) -> keras.Model:
    """Builds one threshold logic unit: it fires when w.x >= threshold.

    The unit does not learn: weights and threshold are set by hand, by default for AND. `threshold_weights`
    finds them for a truth table, if they exist.

    Args:
        weights: -1 (inhibits) or 1 (excites) for each input.
        threshold: integer that the weighted sum must reach.

    Returns:
        Model from `inputs` (B, len(weights)), values in {0, 1}, float32, to `fires` (B, 1), 0 or 1.

    Raises:
        ArgumentError: if a weight is neither -1 nor 1, or `threshold` is not an integer.

    Parameters:
        len(weights) + 1, none of them trainable; 3 for two inputs.

    Differences from the paper:
        In the paper a single active inhibiting input keeps the unit from firing; here it counts as -1, as in
        the course. The unit fires at once, not one time step later.

    Example:
        >>> unit = build_threshold_unit(weights=(1, 1), threshold=2)
        >>> unit(keras.ops.array([[0.0, 1.0], [1.0, 1.0]])).numpy().tolist()
        [[0.0], [1.0]]

    Reference:
        McCulloch, Pitts (1943), "A Logical Calculus of the Ideas Immanent in Nervous Activity",
        Bulletin of Mathematical Biophysics 5.
    """
    weights = checks.signs("weights", weights)
    checks.integer("threshold", threshold)

    inputs = keras.Input((len(weights),), name="inputs")
    outputs = _threshold_layer([(weights, threshold)], name="fires")(inputs)
    # (B, 1)    len(weights) + 1
    return keras.Model(inputs, outputs, name="threshold_unit")


def build_xor_circuit() -> keras.Model:
    """Builds XOR from three threshold logic units, as (a AND NOT b) OR (b AND NOT a).

    A single unit cannot compute XOR, but two layers of units can.

    Args:
        None.

    Returns:
        Model from `inputs` (B, 2), values in {0, 1}, float32, to `fires` (B, 1), 0 or 1.

    Raises:
        Nothing.

    Parameters:
        9, none of them trainable: 6 + 3.

    Differences from the paper:
        Those of `build_threshold_unit`.

    Example:
        >>> circuit = build_xor_circuit()
        >>> circuit(keras.ops.array([[0.0, 0], [0, 1], [1, 0], [1, 1]])).numpy().tolist()
        [[0.0], [1.0], [1.0], [0.0]]

    Reference:
        McCulloch, Pitts (1943), "A Logical Calculus of the Ideas Immanent in Nervous Activity",
        Bulletin of Mathematical Biophysics 5.
    """
    inputs = keras.Input((2,), name="inputs")
    one_only = [THRESHOLD_GATES["a_and_not_b"], THRESHOLD_GATES["b_and_not_a"]]
    x = _threshold_layer(one_only, name="one_only")(inputs)
    # (B, 2)    2*2 + 2 = 6
    outputs = _threshold_layer([THRESHOLD_GATES["or"]], name="fires")(x)
    # (B, 1)    2 + 1 = 3
    return keras.Model(inputs, outputs, name="xor_circuit")


def _threshold_layer(gates: Sequence[tuple[Sequence[int], int]], name: str) -> layers.Dense:
    """Returns a layer of threshold units with shared inputs, given the weights and threshold of each."""
    kernel = [list(row) for row in zip(*(weights for weights, _ in gates), strict=True)]
    return layers.Dense(
        len(gates),
        activation=step,  # fires at 0 and above, so the bias is the negated threshold
        # As initializers, the weights are part of the model's config.
        kernel_initializer=keras.initializers.Constant(kernel),
        bias_initializer=keras.initializers.Constant([-threshold for _, threshold in gates]),
        trainable=False,
        name=name,
    )
