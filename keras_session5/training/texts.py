"""Texts from networks that write: translations, and continuations of a beginning."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from keras_session5 import catalog
from keras_session5.tasks import check_method
from keras_session5.training.result import Result, load_result


def translate(result: str | Path | Result, texts: Sequence[str], beam_width: int = 1) -> list[str]:
    """Returns a trained encoder-decoder's translation of each text.

    Args:
        result: of `train`, for a network such as `transformer`; its run directory as a `Path`; or its name,
            for its newest finished run in `runs`.
        texts: sources, such as `"12 mars 2020"`.
        beam_width: how many unfinished translations are kept; 1 is greedy.

    Raises:
        ArgumentError: if the network does not translate, or a text is empty or too long.
    """
    model, task = _model_and_task(result, "translate")
    return task.translate(model, texts, beam_width)


def generate(
    result: str | Path | Result,
    prompts: Sequence[str],
    *,
    temperature: float = 1.0,
    top_k: int = 0,
    top_p: float = 1.0,
    seed: int = 0,
    kv_cache: bool = True,
) -> list[str]:
    """Returns each prompt with a trained language model's continuation.

    Args:
        result: of `train`, for a network such as `gpt`; its run directory as a `Path`; or its name, for
            its newest finished run in `runs`.
        prompts: beginnings, such as `"German: Frank"`: a class of the data set, and how the text begins,
            which may be nothing. Without the class where the data set has only one.
        temperature: below 1 for likelier texts, above for wilder ones; 0 for the likeliest characters.
        top_k: sample from the k likeliest characters only; 0 for all.
        top_p: sample from the likeliest characters that together have this probability.
        seed: of the sampling.
        kv_cache: keep the keys and values of earlier characters; the texts are the same without, and slower.

    Raises:
        ArgumentError: if the network is no language model, or for an unknown class or a wrong number.
    """
    model, task = _model_and_task(result, "generate")
    return task.generate(
        model, prompts, temperature=temperature, top_k=top_k, top_p=top_p, seed=seed, kv_cache=kv_cache
    )


def _model_and_task(result: str | Path | Result, method: str) -> tuple[Any, Any]:
    """The trained network and its task, which has that method."""
    if isinstance(result, str):
        check_method(catalog.network(result), method)  # before it is loaded
    result = load_result(result)
    check_method(catalog.network(result.name), method)
    return result.model, result.task()
