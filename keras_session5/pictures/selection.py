"""Which outputs of a signature `explain` are maps or units of layers, told by their names and shapes.

`internals` defines the letters of the shapes. Outputs have no batch axis.
"""

import math
import re
from collections.abc import Mapping
from typing import Any

import numpy as np

Arrays = Mapping[str, Any]


def has_class_token(outputs: Arrays) -> bool:
    """Returns whether the attention is a vision transformer's: of one token and a square of patches."""
    keys = outputs["attention"].shape[-1] if "saliency" in outputs and "attention" in outputs else 0
    return keys > 1 and math.isqrt(keys - 1) ** 2 == keys - 1


def class_token_maps(weights: np.ndarray) -> dict[str, np.ndarray]:
    """Returns each layer's maps of the patches, one per head, from (L, H, 1 + patches, 1 + patches)."""
    side = math.isqrt(weights.shape[-1] - 1)
    maps = weights[:, :, 0, 1:].reshape(*weights.shape[:2], side, side)
    return {
        f"attention of the class token, layer {i}, one map per head": np.moveaxis(layer, 0, -1)
        for i, layer in enumerate(maps, 1)
    }


def feature_maps(outputs: Arrays) -> dict[str, np.ndarray]:
    """Returns the maps (height, width, maps) of a convolutional network, the largest first; then f6."""
    sizes = {
        name: math.prod(array.shape[:2]) if np.ndim(array) == 3 else 0
        for name, array in outputs.items()
        if name != "image" and (np.ndim(array) == 3 or re.fullmatch(r"f\d", name))
    }
    return {name: outputs[name] for name in sorted(sizes, key=lambda name: (-sizes[name], name))}


def units(outputs: Arrays) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Returns the weighted sums and activations of each layer, the output layer last."""
    sums = [name for name, array in outputs.items() if name.endswith("_sum") and np.ndim(array) == 1]
    names = [name.removesuffix("_sum") for name in sums if f"{name[:-4]}_activation" in outputs]
    names.sort(key=lambda name: (name in outputs, name))
    return {name: (outputs[f"{name}_sum"], outputs[f"{name}_activation"]) for name in names}
