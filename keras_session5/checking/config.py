"""Checks of a model server's configuration file, without TensorFlow."""

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from google.protobuf import text_format
from tensorflow_serving.config.model_server_config_pb2 import ModelConfig, ModelServerConfig

from keras_session5 import checks
from keras_session5.checking.finding import ERROR, WARNING, Finding
from keras_session5.errors import InvalidArgumentError
from keras_session5.server.config import ModelConfig as Model, to_configs
from keras_session5.server.discovery import find_versions

_FIELD = re.compile(r'Message type "([\w.]+)" has no field named "([\w.]+)"')


def check_config(file: Path, models: Path) -> Iterator[Finding]:
    """Checks a `model_config_list` and the folders that it names.

    Args:
        file: the configuration, in protobuf's text format.
        models: the folder that stands for `/models`, where that does not exist on this machine.
    """
    try:
        text = file.read_text("utf-8")
        config = text_format.Parse(text, ModelServerConfig())
    except UnicodeDecodeError:
        yield _unreadable(str(file), "is not text in UTF-8")
        return
    except text_format.ParseError as error:
        yield _explain_syntax(file, error)
        return
    if config.WhichOneof("config") != "model_config_list" or not config.model_config_list.config:
        yield _unreadable(str(file), "lists no model in a model_config_list")
        return
    listed = config.model_config_list.config
    yield from _check_duplicates(file, text, [model.name for model in listed])
    root = "" if Path("/models").is_dir() else models
    for number, model in enumerate(listed):
        where = f"{file}:{_find_line(text, number)}"
        try:
            (known,) = to_configs(_list_alone(model), root)
        except InvalidArgumentError as error:
            yield _explain_refusal(where, model, error)
        else:
            yield from _check_folder(where, known)


def _explain_syntax(file: Path, error: text_format.ParseError) -> Finding:
    where = f"{file}:{error.GetLine()}:{error.GetColumn()}"
    found = _FIELD.search(str(error))
    if not found:
        return _unreadable(where, str(error).partition(" : ")[2] or str(error))
    message, field = found.groups()
    fields = {one.full_name: one for one in _list_messages(ModelServerConfig.DESCRIPTOR)}[message].fields
    names = [one.name for one in fields]
    meant = checks.did_you_mean(field, names).strip()
    return Finding(
        ERROR,
        where,
        f"{message.rpartition('.')[2]} has no field {field}",
        "A model server refuses the whole file and does not start.",
        meant or f"Use one of its fields: {', '.join(names)}",
    )


def _list_messages(message) -> Iterator:
    """Yields the descriptors of a message and of all messages in it."""
    found, ahead = {}, [message]
    while ahead:
        one = ahead.pop()
        if one.full_name not in found:
            found[one.full_name] = one
            ahead += [field.message_type for field in one.fields if field.message_type]
    yield from found.values()


def _check_duplicates(file: Path, text: str, names: list[str]) -> Iterator[Finding]:
    for name, count in Counter(names).items():
        if count > 1:
            second = [number for number, one in enumerate(names) if one == name][1]
            yield Finding(
                ERROR,
                f"{file}:{_find_line(text, second)}",
                f"{count} models have the name {name}",
                "A model server refuses the whole file and does not start.",
                f'Give each a name of its own, such as name: "{name}_2", or remove one',
            )


def _explain_refusal(where: str, model: ModelConfig, error: InvalidArgumentError) -> Finding:
    mend = 'Add model_platform: "tensorflow"'
    if not model.base_path:
        mend = f'Add base_path: "/models/{model.name}"'
    elif not model.base_path.startswith("/") and "://" not in model.base_path:
        mend = (
            f'Write base_path: "{Path(model.base_path).resolve()}", or "/models/{Path(model.base_path).name}"'
        )
    return Finding(
        ERROR, where, str(error), "A model server refuses the whole file and does not start.", mend
    )


def _check_folder(where: str, model: Model) -> Iterator[Finding]:
    """Checks the base path of a model, and the versions that its policy and its labels name."""
    if "://" in model.base_path:
        return  # in an object store, which this machine may be unable to read
    base = Path(model.base_path)
    if not base.is_dir():
        yield Finding(
            ERROR,
            where,
            f"the base path of {model.name} does not exist: {base}",
            "Stock TensorFlow Serving waits for it, and meanwhile does not serve the other models either.",
            f"session5 run {model.name}, or copy the model there (--models is the folder that /models means)",
        )
        return
    found = find_versions(str(base))
    if not found:
        yield _explain_missing_versions(where, model.name, base)
        return
    chosen = model.policy.choose(list(found))
    if absent := sorted(model.policy.specific - found.keys()):
        yield Finding(
            ERROR if not chosen else WARNING,
            where,
            f"{model.name} has no version {', '.join(map(str, absent))}, only {_list(found)}",
            "A model server waits for this version.",
            f"Write specific {{ versions: {max(found)} }}, or copy the version to {base}",
        )
    for label, number in sorted(model.labels.items()):
        if number in chosen:
            continue
        on_disk = number in found
        yield Finding(
            ERROR,
            where,
            f"the label {label} names version {number} of {model.name}, which is "
            + ("on the disk but not served" if on_disk else "not there"),
            "TensorFlow Serving refuses a label without an available version; requests with it fail.",
            f"Add {_write_policy(number, max(chosen or found))}"
            if on_disk
            else f'Write version_labels {{ key: "{label}" value: {max(chosen or found)} }}',
        )


def _explain_missing_versions(where: str, name: str, base: Path) -> Finding:
    if (base / "saved_model.pb").is_file():
        return Finding(
            ERROR,
            where,
            f"the base path of {name} is itself a version: {base}",
            "A model server looks for versions in subfolders with integer names, and finds none.",
            f'Write base_path: "{base.parent}"'
            if base.name.isdecimal()
            else f"Move the SavedModel to {base / '1'}",
        )
    named = [child.name for child in sorted(base.iterdir()) if (child / "saved_model.pb").is_file()]
    return Finding(
        ERROR,
        where,
        f"the base path of {name} has no version with an integer name: {base}",
        "A model server waits until one appears.",
        f"mv {base / named[0]} {base / '1'}"
        if named
        else f"session5 export {name}, or copy one to {base / '1'}",
    )


def _write_policy(*versions: int) -> str:
    listed = " ".join(f"versions: {number}" for number in sorted(versions))
    return f"model_version_policy {{ specific {{ {listed} }} }}"


def _unreadable(where: str, what: str) -> Finding:
    return Finding(
        ERROR,
        where,
        what,
        "A model server refuses the file and does not start.",
        'Write model_config_list { config { name: "m" base_path: "/m" model_platform: "tensorflow" } }',
    )


def _list_alone(model: ModelConfig) -> ModelServerConfig:
    config = ModelServerConfig()
    config.model_config_list.config.append(model)
    return config


def _find_line(text: str, number: int) -> int:
    """Returns the line of the model with this number, which counts the fields `config` outside comments."""
    code = re.sub(r"#.*", "", text)
    starts = [found.start() for found in re.finditer(r"\bconfig\s*:?\s*[{<]", code)]
    return code.count("\n", 0, starts[number]) + 1 if number < len(starts) else 1


def _list(numbers) -> str:
    return ", ".join(map(str, sorted(numbers)))
