"""Networks with published weights: from the result of `load_weights` to what an export writes."""

import itertools

import numpy as np

from keras_session5.exporting.comparison import ROWS, TOLERANCE
from keras_session5.exporting.exportable import Exportable
from keras_session5.exporting.own import check_name, check_names
from keras_session5.exporting.reading import check_inputs
from keras_session5.exporting.signatures.generation import generate
from keras_session5.exporting.signatures.own import make_own_signatures
from keras_session5.pretrained import Imported

_BFLOAT16_TOLERANCE = 2**-5  # a bfloat16 has eight bits, and a network rounds a few times in each layer
_MAX_LENGTH = 12  # tokens of an example: logits of a large vocabulary are large
_RECORDED = ("name", "parameters", "arguments", "dtype", "model_type", "folder", "left_out", "versions")


def prepare(result: Imported, name: str | None = None) -> Exportable:
    """Makes the signatures of a network with published weights.

    All have `serving_default`, with the network's own inputs and outputs, and `explain`. Images have
    `from_image_bytes` and `explain_image_bytes`, with the label; a decoder has `generate`. Texts become
    tokens outside, by the `tokenizer.json` that is copied into `assets.extra/`.

    Raises:
        ArgumentError: if the name cannot be one of a served model.
    """
    name = check_name(name or result.name)
    model, family = result.model, result.family
    is_image = not family.inputs
    kinds = ["explain", "image_bytes"] if is_image else ["explain"]
    names, examples = check_names(result.class_names), _generate_examples(result)
    signatures = make_own_signatures(model, examples, names, kinds, check_inputs)
    if family.generates:
        signatures["generate"] = generate(result, examples["tokens"])
    record = {key: result.record[key] for key in _RECORDED} | {"name": name, "network": result.name}
    record |= {"examples": "generated"}
    if result.tokenizer_file:
        record["tokenizer"] = {"inputs": family.inputs, "padding_id": family.padding_id}
    tolerance = _BFLOAT16_TOLERANCE if result.record["dtype"] == "bfloat16" else TOLERANCE
    return Exportable(name, model, signatures, names, record, result.tokenizer_file, tolerance)


def _generate_examples(result: Imported) -> dict[str, np.ndarray]:
    """Returns random inputs by name: images, or token ids that end in padding where the network knows it."""
    rng = np.random.default_rng(0)
    arguments = result.record["arguments"]
    if not result.family.inputs:
        side, channels = arguments["image_size"], arguments["channels"]
        return {"image": rng.integers(0, 256, (ROWS, side, side, channels)).astype("float32")}
    length = min(_MAX_LENGTH, arguments["max_length"])
    tokens = rng.integers(1, arguments["vocabulary_size"], (ROWS, length)).astype("int32")
    examples = {"tokens": tokens}
    if "segments" in result.family.inputs:
        for row, padding in zip(tokens, itertools.cycle(range(length // 2)), strict=False):
            row[length - padding :] = 0
        examples["segments"] = rng.integers(0, arguments["num_segments"], tokens.shape).astype("int32")
    return examples
