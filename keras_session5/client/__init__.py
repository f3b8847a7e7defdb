"""The client for any TensorFlow-Serving-compatible server: one interface, REST and gRPC.

    with connect("http://127.0.0.1:8501") as client:
        client.predict("lenet5", {"image": images})["probabilities"]

It does not import TensorFlow, and imports gRPC only for a gRPC address.
"""

from keras_session5.client.client import Client, connect
from keras_session5.client.records import ModelMetadata, Signature, TensorInfo, VersionStatus
from keras_session5.client.tokenizer import Tokenizer

__all__ = ["Client", "ModelMetadata", "Signature", "TensorInfo", "Tokenizer", "VersionStatus", "connect"]
