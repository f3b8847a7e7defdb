"""The fixed random wiring of the photo-perceptron's association units."""

import random
from typing import Any

import keras
import numpy as np
from keras import ops

from keras_session5 import checks


@keras.saving.register_keras_serializable("keras_session5")
class RandomWiring(keras.initializers.Initializer):
    """Connects each unit to a few random inputs with weights +1 and -1; all other weights are 0.

    Args:
        exciting: number of inputs of each unit with weight +1.
        inhibiting: number of other inputs of each unit with weight -1.
        seed: the same seed gives the same wiring with every backend; None draws one that depends on
            `keras.utils.set_random_seed`.

    Call arguments:
        shape: (inputs, units).

    Raises:
        ArgumentError: if there are fewer inputs than connections of a unit.

    Example:
        >>> wiring = RandomWiring(exciting=2, inhibiting=1, seed=0)((5, 3))
        >>> keras.ops.sum(wiring, axis=0).numpy().tolist()
        [1.0, 1.0, 1.0]
    """

    def __init__(self, exciting: int, inhibiting: int, seed: int | None = None):
        self.exciting = exciting
        self.inhibiting = inhibiting
        self._given_seed = seed
        # Keras draws the seeds of its own initializers in the same way.
        self.seed = random.randint(1, 10**9) if seed is None else seed

    def __call__(self, shape: tuple[int, int], dtype: Any = None) -> Any:
        num_inputs, units = shape
        checks.int_between("exciting", self.exciting, 0, num_inputs)
        checks.int_between("inhibiting", self.inhibiting, 0, num_inputs - self.exciting)
        rng = np.random.default_rng(self.seed)
        shuffled = rng.permuted(np.tile(np.arange(num_inputs), (units, 1)), axis=1)  # (units, inputs)
        exciting, inhibiting = np.split(
            shuffled[:, : self.exciting + self.inhibiting], [self.exciting], axis=1
        )
        wiring = np.zeros((units, num_inputs), "float32")
        np.put_along_axis(wiring, exciting, 1, axis=1)
        np.put_along_axis(wiring, inhibiting, -1, axis=1)
        return ops.convert_to_tensor(wiring.T, dtype)

    def get_config(self) -> dict[str, Any]:
        return {"exciting": self.exciting, "inhibiting": self.inhibiting, "seed": self._given_seed}
