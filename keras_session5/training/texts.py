"""Text from trained networks: translations, and continuations of prompts."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from keras_session5 import catalog
from keras_session5.tasks import check_method
from keras_session5.training.result import Result, load_result


def translate(result: str | Path | Result, texts: Sequence[str], beam_width: int = 1) -> list[str]:
    """Returns a trained encoder-decoder's translation of each text.

    Args:
        result: result of `train` for a network such as `transformer`; its run directory as a `Path`; or the
            name of the network, for its newest finished run in `runs`.
        texts: sources, such as `"12 mars 2020"`.
        beam_width: number of partial translations that the beam search keeps; 1 is greedy.

    Raises:
        ArgumentError: if the network does not translate, or a text is empty or too long.
    """
    model, task = _load_model_and_task(result, "translate")
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
    max_new_tokens: int | None = None,
) -> list[str]:
    """Returns each prompt with a trained language model's continuation.

    Args:
        result: result of `train` for a network such as `gpt`, or of `load_weights`; its run directory as a
            `Path`; or the name of the network, for its newest finished run in `runs`.
        prompts: such as `"German: Frank"`: a class of the data set and the beginning of the text, which may
            be empty. A data set with a single class needs no class in the prompt.
        temperature: below 1 for likelier texts, above 1 for more varied ones; 0 for greedy decoding.
        top_k: sample from the k likeliest characters only; 0 for all.
        top_p: sample from the likeliest characters that together have this probability.
        seed: of the sampling.
        kv_cache: reuse the keys and values of earlier characters. The texts are the same without, but slower.
        max_new_tokens: number of characters after each prompt, or of tokens with published weights; None for
            as many as fit, or 64 with published weights.

    Raises:
        ArgumentError: if the network is not a language model, for an unknown class or an invalid number.
    """
    model, task = _load_model_and_task(result, "generate")
    return task.generate(
        model,
        prompts,
        temperature=temperature,
        top_k=top_k,
        top_p=top_p,
        seed=seed,
        kv_cache=kv_cache,
        max_new_tokens=max_new_tokens,
    )


def _load_model_and_task(result: str | Path | Result, method: str) -> tuple[Any, Any]:
    """Loads the trained network and its task, and checks that the task has the method."""
    if isinstance(result, str):
        check_method(catalog.network(result), method)  # before the slow loading
    result = load_result(result)
    return result.model, result.task_with(method)
