"""The protocol's messages, in a private descriptor pool.

`tensorflow_serving.apis` imports all of TensorFlow. These classes come from the stored `protos.binpb`
instead (see `make_protos.py`). Because their pool is private, both can be imported in one process.
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


def _get_message_class(name: str) -> type:
    return message_factory.GetMessageClass(_POOL.FindMessageTypeByName(name))


TensorProto = _get_message_class("tensorflow.TensorProto")
SignatureDefMap = _get_message_class("tensorflow.serving.SignatureDefMap")
PredictRequest = _get_message_class("tensorflow.serving.PredictRequest")
PredictResponse = _get_message_class("tensorflow.serving.PredictResponse")
GetModelMetadataRequest = _get_message_class("tensorflow.serving.GetModelMetadataRequest")
GetModelMetadataResponse = _get_message_class("tensorflow.serving.GetModelMetadataResponse")
GetModelStatusRequest = _get_message_class("tensorflow.serving.GetModelStatusRequest")
GetModelStatusResponse = _get_message_class("tensorflow.serving.GetModelStatusResponse")

_DATA_TYPE = _POOL.FindEnumTypeByName("tensorflow.DataType")
_VERSION_STATE = _POOL.FindEnumTypeByName("tensorflow.serving.ModelVersionStatus.State")


def data_type_number(name: str) -> int:
    """Returns the number of a data type such as `DT_FLOAT`."""
    return _DATA_TYPE.values_by_name[name].number


def data_type_name(number: int) -> str:
    """Returns a name such as `DT_FLOAT`, or the number of a type that the stored messages lack."""
    return _get_name(_DATA_TYPE, number)


def version_state_name(number: int) -> str:
    """Returns a name such as `AVAILABLE`."""
    return _get_name(_VERSION_STATE, number)


def _get_name(enum: Any, number: int) -> str:
    value = enum.values_by_number.get(number)
    return str(number) if value is None else value.name
