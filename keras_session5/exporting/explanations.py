"""The signatures that open a network: what its layers say, where it looks, which pixels count.

`explain` takes the network's own inputs, `explain_text` strings and `explain_image_bytes` files. They answer
with all that `serving_default` answers, and with

    networks of convolutions     every feature map by the layer's name
    recurrent networks           states, and what the network says of each beginning of the sequence
    networks with attention      the weights of all layers, (B, L, H, queries, keys)
    the others                   weighted sum and activation of every layer that has weights
    all that see images          saliency

Saliency is the absolute gradient of the winning unit's weighted sum, before any softmax, with respect to each
pixel; the largest over the channels (Simonyan, Vedaldi, Zisserman 2013, "Deep Inside Convolutional Networks",
section 3). A step has no gradient worth showing: as in learning, it counts as the identity (`layers.step`),
so that a network of steps and sums has the same saliency for every image.

All are made of TensorFlow's standard operations.
"""

from collections.abc import Callable, Mapping
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from keras_session5 import introspection
from keras_session5.catalog import Network
from keras_session5.data import DataSet
from keras_session5.data.characters import FIRST_CHARACTER_ID, begin_id, encode
from keras_session5.exporting.reading import (
    characters_of,
    checked,
    checked_length,
    encoded,
    pixels,
    prompt,
    with_gaps,
)
from keras_session5.exporting.refusal import require
from keras_session5.exporting.signature import (
    Signature,
    answers,
    as_bytes,
    image_examples,
    input_specs,
    prompts,
    questions,
    text_spec,
)
from keras_session5.exporting.wording import decoded, decoded_characters, filled, following, labelled
from keras_session5.training import texts
from keras_session5.training.tasks import Task

EXAMPLES = 16  # that the export is compared on: explanations are large, and their parts are the answer's
FEATURE_MAPS = ("c1", "s2", "c3", "s4", "c5", "f6")  # the paper's names
_MOST_PREFIXES = 256  # steps of a sequence that is read again from its first step to each

Tensors = dict[str, tf.Tensor]
Explain = Callable[..., Tensors]


def explanations(
    entry: Network, model: keras.Model, task: Task, translate: Callable | None = None
) -> dict[str, Signature]:
    """Returns the explaining signatures of a network by name.

    Args:
        translate: of a network that translates, from sources to tokens and their log-probabilities.
    """
    look = _looking_inside(entry, model)
    reads_prefixes = entry.task == "classification" and bool(introspection.state_tensors(model))

    # A function of its own, so that its graph is traced and saved once for all signatures.
    @tf.function(input_signature=input_specs(model), autograph=False)
    def explain(*inputs):
        asked = checked(model, *inputs)
        found = look(*asked)
        return found | ({"prefix_probabilities": _prefix_answers(model, *asked)} if reads_prefixes else {})

    def expected(asked: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        found = {name: tensor.numpy() for name, tensor in look(*map(tf.constant, asked.values())).items()}
        if reads_prefixes:
            found["prefix_probabilities"] = _expected_prefixes(entry, model, *asked.values())
        return found | answers(entry, model, asked)

    asked = questions(entry, task, EXAMPLES)
    plain = expected(asked)
    function = Signature(lambda *x: explain(*x), input_specs(model), asked, plain, opens=True)
    found = {"explain": function}
    if entry.kind == "image":
        found["explain_image_bytes"] = _of_image_bytes(entry, model, task, explain, plain)
    if entry.kind == "text":
        found["explain_text"] = _of_text(entry, model, task, explain, expected)
    if translate is not None:
        found["explain_text"] = _of_translation(model, task, translate, explain, expected)
    return found


def _looking_inside(entry: Network, model: keras.Model) -> Explain:
    """What is seen inside for inputs that the network can take, in a graph or eagerly."""
    attention, states = introspection.attention_tensors(model), introspection.state_tensors(model)
    maps = [layer.name for layer in model.layers if layer.name in FEATURE_MAPS]
    tensors = (
        attention or states or introspection.layer_tensors(model, maps) or introspection.unit_tensors(model)
    )
    scores = introspection.score_tensors(model) if entry.kind == "image" else {}
    opened = introspection.opened(model, tensors | scores)

    def look(*inputs):
        found, saliency = _answer_and_saliency(opened, *inputs)
        if attention:
            found = _stacked(found, list(attention))
        if states:
            found = _named_states(model, found, list(states))
        return found | saliency

    return look


def _answer_and_saliency(opened: Any, *inputs: tf.Tensor) -> tuple[Tensors, Tensors]:
    """What the network and its parts say, and of one that has scores the saliency (B, H, W)."""
    first = inputs[0]
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        if first.dtype.is_floating:  # tokens have no gradient
            tape.watch(first)
        found: Tensors = dict(opened([*inputs] if len(inputs) > 1 else first, training=False))
        if introspection.SCORES not in found:
            return found, {}
        winner = tf.reduce_max(found.pop(introspection.SCORES), axis=-1)
    gradient: Any = tape.gradient(winner, first)  # (B, H, W, channels)
    return found, {"saliency": tf.reduce_max(tf.abs(gradient), axis=-1)}


def _stacked(found: Tensors, names: list[str]) -> Tensors:
    """The weights of all layers in one tensor: of the encoder, the decoder and between them, or of all."""
    groups = introspection.attention_groups(names).items()
    return found | {group: tf.stack([found.pop(name) for name in of], axis=1) for group, of in groups}


def _named_states(model: keras.Model, found: Tensors, names: list[str]) -> Tensors:
    """`states` of the last recurrent layer, `states_1` and so on of those before it."""
    *before, last = [found.pop(name) for name in names]
    found |= {f"states_{i}": states for i, states in enumerate(before, 1)} | {"states": last}
    if "forecast" in found:  # the last state says it, and so does each before it
        found["prefix_forecasts"] = model.layers[-1](last)[:, :, 0]
    return found


def _prefix_answers(model: keras.Model, tokens: tf.Tensor) -> tf.Tensor:
    """What the network says of the first 1, 2, ... T tokens of each row: (B, T, C).

    Each is read anew, because a network that reads from both ends says something else of each. Row by row,
    so that many rows take time but no memory.
    """
    length = tf.shape(tokens)[1]
    sentence = f"To be explained, a sequence must have at most {_MOST_PREFIXES} tokens. Received:"
    tokens = require(length <= _MOST_PREFIXES, sentence, length, tokens)
    seen = tf.linalg.band_part(tf.ones((length, length), tf.int32), -1, 0)  # the first t tokens in row t
    return tf.map_fn(
        lambda row: model(row * seen, training=False),
        tokens,
        parallel_iterations=1,
        fn_output_signature=tf.TensorSpec((None, model.output.shape[-1]), tf.float32),
    )


def _expected_prefixes(entry: Network, model: keras.Model, tokens: np.ndarray) -> np.ndarray:
    rows, length = tokens.shape
    prefixes = (tokens[:, None] * np.tri(length, dtype=tokens.dtype)).reshape(-1, length)
    (found,) = answers(entry, model, {"tokens": prefixes}).values()
    return found.reshape(rows, length, -1)


def _of_image_bytes(
    entry: Network, model: keras.Model, task: Task, explain: Explain, expected: Mapping[str, np.ndarray]
) -> Signature:
    """As `from_image_bytes`; answers with the image (B, H, W, 1) as the network saw it too."""

    def answer(image_bytes):
        image = pixels(model, task.data, image_bytes)
        return _labelled(entry, task, explain(image)) | {"image": image}

    spec = tf.TensorSpec((None,), tf.string, "image_bytes")
    seen = task.data.test.inputs[:EXAMPLES].astype("float32")
    examples = image_examples(task, EXAMPLES)
    return Signature(answer, [spec], examples, {**expected, "image": seen}, opens=True)


def _of_text(
    entry: Network, model: keras.Model, task: Task, explain: Explain, expected: Callable
) -> Signature:
    """As `from_text`, and with `characters` (B, T), as they were typed, "" in padding.

    A language model reads the class of its text as one mark, such as "German:", where there are several; it
    tells `next_characters` (B, T), the likeliest after each, "" for the end. Of a masked language model there
    is also the `text` with its gaps filled in.
    """
    if entry.task == "language_model":
        return _of_prompt(task, explain, expected)
    data = task.data
    read = with_gaps if entry.task == "masked_language_model" else encoded

    def answer(text):
        tokens = read(text, data.alphabet)
        found = explain(tokens) | {"characters": characters_of(text)}
        if entry.task == "masked_language_model":
            found["text"] = decoded(filled(tokens, found["logits"]), data.alphabet)
        return _labelled(entry, task, found)

    asked, written = list(data.test.texts[:EXAMPLES]), {}
    if entry.task == "masked_language_model":
        asked = ["_" + text[1:] for text in asked]
        written = {"text": as_bytes(texts.fillings(model, data, asked))}
    known = expected({"tokens": encode(asked, data.alphabet)}) | written
    known["characters"] = _rectangle([list(text) for text in asked])
    return Signature(answer, [text_spec()], {"text": as_bytes(asked)}, known, opens=True)


def _of_prompt(task: Task, explain: Explain, expected: Callable) -> Signature:
    data = task.data

    def answer(text):
        tokens, label, start = prompt(data, text)
        marks = tf.gather(tf.constant(_marks(data)), label)[:, None]
        found = explain(tokens)
        return found | {
            "characters": tf.concat([marks, characters_of(start)], axis=1),
            "next_characters": following(tokens, found["logits"], data.alphabet),
        }

    # Of several lengths: the padding of a row depends on those that are asked with it. That must show.
    asked = [one + one[-1] * (i % 3) for i, one in enumerate(prompts(task, EXAMPLES))]
    tokens = texts.prompt_tokens(data, asked)
    known = expected({"tokens": tokens})
    marks = np.array(_marks(data))[data.test.labels[:EXAMPLES]]
    known["characters"] = _rectangle(
        [[mark, *_start(data, one)] for mark, one in zip(marks, asked, strict=True)]
    )
    writable = np.array([*data.alphabet, ""])
    likeliest = known["logits"][:, :, FIRST_CHARACTER_ID:][:, :, : len(writable)].argmax(axis=-1)
    known["next_characters"] = _rectangle(np.where(tokens == 0, "", writable[likeliest]).tolist())
    return Signature(answer, [text_spec()], {"text": as_bytes(asked)}, known, opens=True)


def _of_translation(
    model: keras.Model, task: Task, translate: Callable, explain: Explain, expected: Callable
) -> Signature:
    """Translates a text as `from_text` does, and then looks at how.

    Answers with the `text` too, with the `characters` (B, T) of what was asked and with `target_characters`
    (B, S): what is written at each step, "" at the end and in padding. It has then read all before it.
    """
    data = task.data

    def shifted(tokens):
        """What the decoder reads while it writes the tokens: a beginning, and all but the last of them."""
        begin = tf.fill((tf.shape(tokens)[0], 1), begin_id(data.target_alphabet))
        return tf.concat([begin, tokens[:, :-1]], axis=1)

    def answer(text):
        source = checked_length(model, encoded(text, data.alphabet))
        tokens, _ = translate(source)
        return explain(source, shifted(tokens)) | {
            "text": decoded(tokens, data.target_alphabet),
            "characters": characters_of(text),
            "target_characters": decoded_characters(tokens, data.target_alphabet),
        }

    asked = list(data.test.texts[:EXAMPLES])
    source = encode(asked, data.alphabet)
    tokens, _ = translate(tf.constant(source))
    known = expected({"source": source, "target": shifted(tokens).numpy()}) | {
        "text": as_bytes(texts.translations(model, data, asked)),
        "characters": _rectangle([list(text) for text in asked]),
    }
    return Signature(answer, [text_spec()], {"text": as_bytes(asked)}, known, opens=True)


def _labelled(entry: Network, task: Task, found: Tensors) -> Tensors:
    if entry.task != "classification":
        return found
    (name,) = entry.outputs
    return found | labelled({name: found[name]}, task.data.class_names)


def _marks(data: DataSet) -> list[str]:
    """What stands for the mark that begins a text of each class: more than one character, as no text has."""
    return [f"{name}:" for name in data.class_names]


def _start(data: DataSet, asked: str) -> str:
    """What is asked to be continued, without its class."""
    return asked.partition(": ")[2].strip() if len(data.class_names) > 1 else asked


def _rectangle(rows: list[list[str]]) -> np.ndarray:
    """Strings (B, T), "" after the end of each row."""
    width = max(map(len, rows))
    return np.array([as_bytes(row + [""] * (width - len(row))) for row in rows], object)
