"""Texts from networks that write: translations, and continuations of a beginning."""

import functools
import unicodedata
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from keras_session5 import checks
from keras_session5.data import DataSet, load_data
from keras_session5.data.characters import (
    FIRST_CHARACTER_ID,
    PADDING_ID,
    UNKNOWN_ID,
    begin_id,
    decode,
    encode,
    end_id,
)
from keras_session5.errors import ArgumentError

_BATCH = 256  # texts at once


def translate(result: Any, texts: Sequence[str], beam_width: int = 1) -> list[str]:
    """Returns what a trained encoder-decoder writes for each text.

    Args:
        result: of `train`, for a network such as `transformer`, or its name for its newest run in `runs`.
        texts: sources, such as `"12 mars 2020"`.
        beam_width: how many unfinished translations are kept; 1 is greedy.

    Raises:
        ArgumentError: if the network does not translate, or a text is empty or too long.
    """
    result, data = _of(result, "translation")
    checks.positive_int("beam_width", beam_width)
    return translations(result.model, data, checks.texts("texts", texts), beam_width)


def write(
    result: Any,
    prompts: Sequence[str],
    *,
    temperature: float = 1.0,
    top_k: int = 0,
    top_p: float = 1.0,
    seed: int = 0,
    cache: bool = True,
) -> list[str]:
    """Returns each prompt with what a trained language model writes after it.

    Args:
        result: of `train`, for a network such as `gpt`, or its name for its newest finished run in `runs`.
        prompts: beginnings, such as `"German: Frank"`: a class of the data set, and how the text begins,
            which may be nothing. Without the class where the data set has only one.
        temperature: below 1 for likelier texts, above for wilder ones; 0 for the likeliest characters.
        top_k: choose among the so many likeliest characters only; 0 for all.
        top_p: choose among the likeliest characters that together have this probability.
        seed: of the choices.
        cache: keep keys and values of what is already written; the texts are the same without, and slower.

    Raises:
        ArgumentError: if the network is no language model, or for an unknown class or a wrong number.
    """
    result, data = _of(result, "language_model")
    prompts = checks.texts("prompts", prompts)
    checks.int_between("seed", seed, 0, 2**32 - 1)
    checks.not_negative("temperature", temperature)
    checks.int_between("top_k", top_k, 0, result.model.output_shape[-1])
    checks.probability("top_p", top_p)
    noise = np.random.default_rng(seed).random((len(prompts), text_length(data)), "float32")
    how = {"temperature": temperature, "top_k": top_k, "top_p": top_p, "cache": cache}
    return continued(result.model, data, prompts, noise, **how)


def translations(model: Any, data: DataSet, texts: Sequence[str], beam_width: int = 1) -> list[str]:
    """`translate`, for a model and the data set that it was trained on."""
    texts = [unicodedata.normalize("NFC", text) for text in texts]
    if not all(texts):
        raise ArgumentError("`texts` must have at least one character each. Received: an empty text")
    longest = min(
        getattr(layer, "max_length", len(max(texts, key=len, default=""))) for layer in model.layers
    )
    for text in texts:
        if len(text) > longest:
            raise ArgumentError(
                f"A text must have at most {longest} characters. Received: {len(text)}, {text[:40]!r}..."
            )
    width = max(data.train.inputs.shape[1], max(map(len, texts), default=1))
    source = encode(texts, data.alphabet, width)
    marks = begin_id(data.target_alphabet), end_id(data.target_alphabet)
    graph = _translator(model, *marks, target_length(data), beam_width)
    found = [graph(source[i : i + _BATCH]) for i in range(0, len(source), _BATCH)]
    return [text for tokens in found for text in decode(tokens, data.target_alphabet)]


@functools.lru_cache(maxsize=2)  # tracing takes a second, and the next call is of the same network
def _translator(model: Any, begin: int, end: int, length: int, beam_width: int) -> Callable[..., Any]:
    from keras_session5.generation import translate as search
    from keras_session5.training.graph import compiled

    how = {"begin_id": begin, "end_id": end, "length": length, "beam_width": beam_width}
    return compiled(lambda source: search(model, source, **how)[0])


@functools.lru_cache(maxsize=2)
def _writer(model: Any, **how: Any) -> Callable[..., Any]:
    from keras_session5.generation import continue_texts
    from keras_session5.training.graph import compiled

    return compiled(
        lambda tokens, noise, temperature: continue_texts(
            model, tokens, noise, temperature=temperature, **how
        )
    )


def continued(
    model: Any,
    data: DataSet,
    prompts: Sequence[str],
    noise: np.ndarray | None = None,
    temperature: float = 1.0,
    **how: Any,
) -> list[str]:
    """`write`, for a model and the data set that it was trained on.

    Args:
        noise: (number of prompts, `text_length`), uniform in [0, 1); none is needed at temperature 0.
        **how: of `continue_texts`.
    """
    if not prompts:
        return []
    if noise is None:
        noise = np.zeros((len(prompts), text_length(data)), "float32")
    graph = _writer(model, **writing_settings(data), **how)
    tokens = graph(prompt_tokens(data, prompts), noise, np.array([temperature], "float32"))
    return decode(tokens, data.alphabet)


def fillings(model: Any, data: DataSet, texts: Sequence[str]) -> list[str]:
    """Returns the texts with the likeliest character for each that is not in the alphabet, such as "_"."""
    tokens = encode(texts, data.alphabet)
    best = model.predict(tokens, verbose=0)[..., FIRST_CHARACTER_ID:].argmax(-1) + FIRST_CHARACTER_ID
    return decode(np.where(tokens == UNKNOWN_ID, best, tokens), data.alphabet)


def writing_settings(data: DataSet) -> dict[str, Any]:
    """What must end a text, and what must never be written."""
    beginnings = tuple(begin_id(data.alphabet, i) for i in range(len(data.class_names)))
    return {"end_id": end_id(data.alphabet), "never": (PADDING_ID, UNKNOWN_ID, *beginnings)}


def target_length(data: DataSet) -> int:
    """Tokens of the longest target, its end included."""
    return data.train.labels.shape[1] + 1


def text_length(data: DataSet) -> int:
    """Tokens of the longest text, its beginning included."""
    return data.train.inputs.shape[1] + 1


def prompt_tokens(data: DataSet, prompts: Sequence[str]) -> np.ndarray:
    """Returns prompts as ids (B, P), each with the beginning of its class in front.

    Raises:
        ArgumentError: for a class that the data set does not have.
    """
    prompts = [unicodedata.normalize("NFC", prompt) for prompt in prompts]
    classes, starts = zip(*(_class_and_start(data, prompt) for prompt in prompts), strict=True)
    begins = [[begin_id(data.alphabet, data.class_names.index(name))] for name in classes]
    width = max(1, max(map(len, starts)))
    if width > data.train.inputs.shape[1]:
        raise ArgumentError(
            f"A prompt must be shorter than {text_length(data)} characters. Received: {width} characters"
        )
    return np.concatenate([np.array(begins, "int32"), encode(starts, data.alphabet, width)], axis=1)


def _class_and_start(data: DataSet, prompt: str) -> tuple[str, str]:
    if len(data.class_names) == 1:
        return data.class_names[0], prompt
    name, colon, start = prompt.partition(":")
    if not colon:
        raise ArgumentError(
            f"A prompt must begin with a class and a colon, such as '{data.class_names[0]}: '. "
            f"Received: {prompt!r}"
        )
    return checks.one_of("class", name.strip(), data.class_names), start.strip()


def _of(result: Any, task: str) -> tuple[Any, DataSet]:
    """The result, of a network with that task, and the data set that it was trained on."""
    from keras_session5 import catalog
    from keras_session5.training.evaluate import load_result

    name = result if isinstance(result, str) else result.name
    if catalog.network(name).task != task:
        fitting = [entry.name for entry in catalog.NETWORKS.values() if entry.task == task and entry.recipe]
        raise ArgumentError(
            f"`result` must be of a network that does this: {', '.join(fitting)}. Received: {name}"
        )
    result = load_result(name) if isinstance(result, str) else result
    return result, load_data(result.data, result.record["data_dir"])
