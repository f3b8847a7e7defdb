"""Signatures of any functional Keras model, whatever its inputs and outputs."""

from collections.abc import Collection, Mapping, Sequence

import keras
import numpy as np
import tensorflow as tf

from keras_session5 import introspection
from keras_session5.errors import ArgumentError
from keras_session5.exporting.reading import check_shapes, resize_images
from keras_session5.exporting.signatures.base import (
    Signature,
    add_label,
    check_added,
    image_signature,
    input_specs,
    predict,
    run,
)
from keras_session5.exporting.signatures.inside import (
    EXAMPLES_INSIDE,
    Check,
    Tensors,
    explain_inputs,
    look_inside,
)

KINDS = ("image_bytes", "explain")


def make_own_signatures(
    model: keras.Model,
    examples: Mapping[str, np.ndarray],
    class_names: Sequence[str] = (),
    kinds: Collection[str] = (),
    check: Check = check_shapes,
) -> dict[str, Signature]:
    """Returns `serving_default` and the signatures of `kinds`, by name.

    `image_bytes` stands for `from_image_bytes`, which decodes PNG and JPEG files and resizes them to the
    model's input; their pixels are from 0 to 255, or from 0 to 1 if those of the examples are. `explain`
    stands for `explain`, and together with `image_bytes` also for `explain_image_bytes`. Signatures of files
    also return the label, if there are class names and they fit a single output.

    Args:
        examples: inputs by name, in the model's order.
        check: function from the model and its inputs in a graph to the valid inputs.

    Raises:
        ArgumentError: if the model does not have what a signature needs.
    """
    found = {
        "serving_default": Signature(
            lambda *x: run(model, *check(model, *x)),
            input_specs(model),
            examples,
            predict(model, examples),
        )
    }
    few = {name: array[:EXAMPLES_INSIDE] for name, array in examples.items()}
    inside = None
    if "explain" in kinds:
        saliency = introspection.has_saliency(model)
        maps = introspection.convolution_names(model)
        inside = look_inside(model, maps=maps, saliency=saliency, check=check)
        found["explain"] = explain_inputs(model, few, inside)
    if "image_bytes" not in kinds:
        return found

    check_added(model, (["label"] if _labelled(model, class_names) else []) + (["image"] if inside else []))
    ((name, images),) = _images(model, examples).items()
    (_, height, width, channels), dtype = model.inputs[0].shape, images.dtype
    divisor = pixel_divisor(images)
    pngs = np.round(images.astype("float32") * divisor).astype("uint8")
    read_back = (pngs / np.float32(divisor)).astype(dtype)

    def read(image_bytes: tf.Tensor) -> tf.Tensor:
        pixels = resize_images(image_bytes, height, width, channels) / divisor
        return tf.cast(pixels if tf.as_dtype(dtype).is_floating else tf.round(pixels), dtype)

    def label(outputs: Tensors) -> Tensors:
        named = _labelled(model, class_names)
        return outputs | add_label({named: outputs[named]}, class_names) if named else outputs

    found["from_image_bytes"] = image_signature(
        lambda image_bytes: label(run(model, read(image_bytes))), pngs, predict(model, {name: read_back})
    )
    if inside is not None:
        expected = inside.expected(read_back[:EXAMPLES_INSIDE]) | {"image": read_back[:EXAMPLES_INSIDE]}

        def explain_files(image_bytes: tf.Tensor) -> Tensors:
            image = read(image_bytes)
            return label(inside.call(image)) | {"image": image}

        found["explain_image_bytes"] = image_signature(
            explain_files, pngs[:EXAMPLES_INSIDE], expected, explains=True
        )
    return found


def pixel_divisor(images: np.ndarray) -> int:
    """Returns what the pixels of files are divided by: 255 if the examples are floats up to 1, else 1.

    Raises:
        ArgumentError: if there are others than from 0 to 255.
    """
    low, high = images.min(), images.max()
    if not 0 <= low <= high <= 255:
        raise ArgumentError(
            "`examples` must have pixels from 0 to 255 or from 0 to 1 for the signature 'image_bytes'. A "
            "keras.layers.Rescaling inside the model makes any other range of them. "
            f"Received: from {low:g} to {high:g}"
        )
    return 255 if images.dtype.kind == "f" and high <= 1 else 1


def _images(model: keras.Model, examples: Mapping[str, np.ndarray]) -> Mapping[str, np.ndarray]:
    """Returns the examples of the model's only input, which must be an image."""
    first = model.inputs[0]
    if len(model.inputs) != 1 or not introspection.is_image(first) or None in first.shape[1:]:
        shapes = ", ".join(f"{spec.name} {spec.shape}" for spec in input_specs(model))
        raise ArgumentError(
            "`signatures` can have 'image_bytes' for a model with one input (B, height, width, 1 or 3) of "
            f"fixed size. Received: a model with {shapes}"
        )
    return examples


def _labelled(model: keras.Model, class_names: Sequence[str]) -> str | None:
    """Returns the only output (B, C) with a score for each class, or with one score for two classes."""
    fitting = [
        name
        for name, tensor in introspection.output_tensors(model).items()
        if len(tensor.shape) == 2 and _fits(tensor, class_names)
    ]
    return fitting[0] if class_names and len(fitting) == 1 else None


def check_class_names(model: keras.Model, class_names: Sequence[str]) -> None:
    """Raises `ArgumentError` unless there are no class names, or an output has a score for each."""
    outputs = introspection.output_tensors(model)
    if class_names and not any(_fits(tensor, class_names) for tensor in outputs.values()):
        shapes = ", ".join(f"{name} {tensor.shape}" for name, tensor in outputs.items())
        raise ArgumentError(
            "`class_names` must have a name for each score of an output. "
            f"Received: {len(class_names)} names, outputs {shapes}"
        )


def _fits(tensor: keras.KerasTensor, class_names: Sequence[str]) -> bool:
    size = tensor.shape[-1] if len(tensor.shape) > 1 else 0
    return size in (len(class_names), None) or (size, len(class_names)) == (1, 2)
