"""Saliency: the pixels that the winning score depends on.

Saliency is the absolute gradient of the winning unit's weighted sum, before any softmax, with respect to each
pixel; the largest over the channels (Simonyan, Vedaldi, Zisserman 2013, "Deep Inside Convolutional Networks",
section 3). The gradient of a step function is zero: as in training, the identity replaces it (`layers.step`),
so a network of steps and sums has the same saliency for every image.
"""

from collections.abc import Callable
from typing import Any

import keras
from keras import ops

from keras_session5.introspection.layers import SCORES, opened, score_tensors


def is_image(tensor: Any) -> bool:
    """Returns whether a tensor has the shape of grey or RGB images, (B, H, W, 1 or 3)."""
    return len(tensor.shape) == 4 and tensor.shape[-1] in (1, 3)


def has_saliency(model: Any) -> bool:
    """Returns whether a functional model has scores (B, C) of one image, which its own last layer makes."""
    if len(model.inputs) != 1 or len(model.outputs) != 1:
        return False
    (image,), (output,) = model.inputs, model.outputs
    closed = isinstance(output._keras_history.operation, keras.Model)
    return is_image(image) and "float" in image.dtype and len(output.shape) == 2 and not closed


def saliency(model: Any, images: Any) -> Any:
    """Computes how much each pixel changes the winning score.

    Args:
        model: a functional model on images.
        images: (B, H, W, channels).

    Returns:
        Tensor (B, H, W).
    """
    name = f"saliency/{SCORES}"  # an output of the network may be called `scores`
    scored = opened(model, {name: score_tensors(model)[SCORES]})
    return outputs_and_saliency(scored, ops.convert_to_tensor(images), name)[1]


def outputs_and_saliency(scored: Any, images: Any, scores: str = SCORES) -> tuple[dict[str, Any], Any]:
    """Computes the outputs and the saliency of a network in one pass; with TensorFlow also inside a graph.

    Args:
        scored: model from `opened`, with `score_tensors` among its tensors.
        images: tensor (B, H, W, channels).
        scores: name of the scores among the outputs of `scored`.

    Returns:
        The outputs by name, without the scores; the saliency (B, H, W).
    """

    def find_winners(x):
        outputs = dict(scored(x, training=False))
        return ops.sum(ops.max(outputs[scores], axis=-1)), outputs

    outputs, gradient = differentiate(find_winners, images)
    outputs.pop(scores)
    return outputs, ops.max(ops.abs(gradient), axis=-1)


def differentiate(function: Callable[[Any], tuple[Any, Any]], x: Any) -> tuple[Any, Any]:
    """Differentiates a function with the backend of Keras.

    Args:
        function: from `x` to a scalar, and further results.
        x: tensor or list of tensors.

    Returns:
        The further results; the gradient of the scalar, of the structure of `x`.
    """
    if keras.backend.backend() == "jax":
        import jax  # pyright: ignore[reportMissingImports]

        return jax.grad(function, has_aux=True)(x)[::-1]
    import tensorflow as tf

    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(x)
        scalar, results = function(x)
    return results, tape.gradient(scalar, x)
