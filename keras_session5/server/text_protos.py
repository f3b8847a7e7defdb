"""Configuration files in protobuf's text format, and the messages of TensorFlow Serving that they need.

tensorflow-serving-api lacks `BatchingParameters`, `MonitoringConfig` and `SSLConfig`. This module declares
them in a separate pool, so that they cannot collide with a package that may include them one day.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, text_format, wrappers_pb2
from google.protobuf.message import Message

from keras_session5.errors import InvalidArgumentError, NotFoundError

AnyMessage = TypeVar("AnyMessage", bound=Message)


class ConfigSyntaxError(Exception):
    """The position and the reason of a parse error; the cause of an `InvalidArgumentError`."""

    def __init__(self, name: str, place: str, message: str):
        super().__init__(f"Error parsing text-format {name}: {place}: {message}")


def read_text_proto(path: str | os.PathLike[str], message: AnyMessage) -> AnyMessage:
    """Reads a file into `message` and returns it.

    Raises:
        NotFoundError: there is no such file.
        InvalidArgumentError: the file does not parse; a wrong syntax has a `ConfigSyntaxError` as cause.
    """
    try:
        text_format.Parse(Path(path).read_text("utf-8"), message)
    except OSError as error:
        raise NotFoundError(f"{path}; {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise InvalidArgumentError(f"Invalid protobuf file: '{path}'") from error
    except text_format.ParseError as error:
        cause = ConfigSyntaxError(
            message.DESCRIPTOR.full_name,
            f"{error.GetLine()}:{error.GetColumn()}",
            str(error).partition(" : ")[2] or str(error),
        )
        raise InvalidArgumentError(f"Invalid protobuf file: '{path}'") from cause
    return message


def _declare(messages: Mapping[str, str]) -> dict[str, type]:
    """Returns message classes by name; the fields are `name number type`, separated by commas."""
    pool = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(wrappers_pb2.DESCRIPTOR.serialized_pb)
    file = descriptor_pb2.FileDescriptorProto(
        name="session5.proto", package="tensorflow.serving", syntax="proto3", dependency=[_WRAPPERS]
    )
    for name, fields in messages.items():
        message = file.message_type.add(name=name)
        for field, number, kind in (text.split() for text in fields.split(",")):
            label = _Field.LABEL_REPEATED if kind.endswith("[]") else _Field.LABEL_OPTIONAL
            added = message.field.add(name=field, number=int(number), label=label)
            kind = kind.removesuffix("[]")
            if kind in ("bool", "int64", "string"):
                added.type = _Field.Type.Value(f"TYPE_{kind.upper()}")
            else:
                added.type, added.type_name = _Field.TYPE_MESSAGE, f".{kind}"
    pool.Add(file)
    return {
        name: message_factory.GetMessageClass(pool.FindMessageTypeByName(f"tensorflow.serving.{name}"))
        for name in messages
    }


_Field = descriptor_pb2.FieldDescriptorProto
_WRAPPERS = wrappers_pb2.DESCRIPTOR.name
_INT64, _BOOL, _STRING = (f"google.protobuf.{kind}Value" for kind in ("Int64", "Bool", "String"))
_MESSAGES = _declare(
    {
        "BatchingParameters": f"max_batch_size 1 {_INT64}, batch_timeout_micros 2 {_INT64},"
        f" max_enqueued_batches 3 {_INT64}, num_batch_threads 4 {_INT64}, thread_pool_name 5 {_STRING},"
        " allowed_batch_sizes 6 int64[], pad_variable_length_inputs 7 bool,"
        f" enable_large_batch_splitting 8 {_BOOL}, max_execution_batch_size 9 {_INT64}",
        "PrometheusConfig": "enable 1 bool, path 2 string",
        "MonitoringConfig": "prometheus_config 1 tensorflow.serving.PrometheusConfig",
        "SSLConfig": "server_key 1 string, server_cert 2 string, custom_ca 3 string, client_verify 4 bool",
    }
)
BatchingParametersProto = _MESSAGES["BatchingParameters"]
MonitoringConfigProto = _MESSAGES["MonitoringConfig"]
SSLConfigProto = _MESSAGES["SSLConfig"]
