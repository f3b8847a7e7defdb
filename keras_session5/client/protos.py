"""The protocol's messages, in a descriptor pool of their own.

`tensorflow_serving.apis` imports all of TensorFlow. These classes come from the stored `protos.binpb`
(see `make_protos.py`) instead; their pool is private, so both can live in one process.
"""

from importlib import resources
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory


def _fill_pool() -> descriptor_pool.DescriptorPool:
    stored = resources.files("keras_session5.client").joinpath("protos.binpb").read_bytes()
    pool = descriptor_pool.DescriptorPool()
    for file in descriptor_pb2.FileDescriptorSet.FromString(stored).file:
        pool.AddSerializedFile(file.SerializeToString())
    return pool


_POOL = _fill_pool()


def _message(name: str) -> type:
    return message_factory.GetMessageClass(_POOL.FindMessageTypeByName(name))


TensorProto = _message("tensorflow.TensorProto")
SignatureDefMap = _message("tensorflow.serving.SignatureDefMap")
PredictRequest = _message("tensorflow.serving.PredictRequest")
PredictResponse = _message("tensorflow.serving.PredictResponse")
GetModelMetadataRequest = _message("tensorflow.serving.GetModelMetadataRequest")
GetModelMetadataResponse = _message("tensorflow.serving.GetModelMetadataResponse")
GetModelStatusRequest = _message("tensorflow.serving.GetModelStatusRequest")
GetModelStatusResponse = _message("tensorflow.serving.GetModelStatusResponse")

_DATA_TYPE = _POOL.FindEnumTypeByName("tensorflow.DataType")
_VERSION_STATE = _POOL.FindEnumTypeByName("tensorflow.serving.ModelVersionStatus.State")


def data_type_number(name: str) -> int:
    """Returns the number of `DT_FLOAT` and the like."""
    return _DATA_TYPE.values_by_name[name].number


def data_type_name(number: int) -> str:
    """Returns `DT_FLOAT` and the like; the number for a type that is newer than the stored messages."""
    return _name(_DATA_TYPE, number)


def version_state_name(number: int) -> str:
    """Returns `AVAILABLE` and the like."""
    return _name(_VERSION_STATE, number)


def _name(enum: Any, number: int) -> str:
    value = enum.values_by_number.get(number)
    return str(number) if value is None else value.name
