"""Downloads published weights, only when asked to."""

import os
from pathlib import Path

from keras_session5 import checks
from keras_session5.errors import ArgumentError, DataError
from keras_session5.pretrained.families import FAMILIES
from keras_session5.pretrained.files import CONFIG, PREPROCESSOR, TOKENIZER, WEIGHTS

REPOSITORIES = {
    "gpt2_small": "openai-community/gpt2",
    "bert_base": "google-bert/bert-base-uncased",
    "vit_b16": "google/vit-base-patch16-224",
    "vit_ti16": "WinKawaks/vit-tiny-patch16-224",
}
_TIMEOUT_S = 10


def download(name: str, folder: str | os.PathLike, repository: str | None = None) -> Path:
    """Downloads the published files of a network from the Hugging Face Hub.

    This is the only function of the package that fetches weights.

    Args:
        name: of the network, as `load_weights` takes it.
        folder: where to put the files; those that are there and complete stay.
        repository: on the hub, such as "openai-community/gpt2-medium"; the network's usual one if None.

    Returns:
        The folder.

    Raises:
        ArgumentError: for an unknown name, or if `huggingface_hub` is not installed.
        DataError: if the hub cannot be reached, or has no such repository.
    """
    checks.one_of("name", name, FAMILIES)
    repository = repository or REPOSITORIES[name]
    try:
        from huggingface_hub import snapshot_download
    except ModuleNotFoundError:
        raise ArgumentError(
            "`--download` needs the library huggingface_hub: pip install 'keras-session5[weights]'"
        ) from None
    files = [CONFIG, WEIGHTS, "model*.safetensors*", TOKENIZER, PREPROCESSOR]
    try:
        snapshot_download(repository, local_dir=Path(folder), allow_patterns=files, etag_timeout=_TIMEOUT_S)
    except Exception as error:  # its own errors, those of two HTTP libraries, and the system's
        reason = next(filter(None, str(error).splitlines()), type(error).__name__)
        raise DataError(
            f"{repository} could not be downloaded from the Hugging Face Hub: {reason.rstrip('.')}. On a "
            f"machine with internet, download {CONFIG}, {WEIGHTS} and {TOKENIZER} into a folder, and import "
            "that without --download."
        ) from error
    return Path(folder)
