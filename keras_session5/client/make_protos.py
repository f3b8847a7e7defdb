"""Writes `protos.binpb`, the gRPC client's messages.

    python -m keras_session5.client.make_protos

It takes them from the installed `tensorflow-serving-api`, with every file that they depend on.
The client never imports this module.
"""

from importlib import import_module
from pathlib import Path
from typing import Any

from google.protobuf import descriptor_pb2

_NAMES = ("predict", "get_model_metadata", "get_model_status")


def collect() -> descriptor_pb2.FileDescriptorSet:
    """Returns the files that define the client's messages, each after the files that it imports."""
    files: dict[str, descriptor_pb2.FileDescriptorProto] = {}
    for name in _NAMES:
        _add(import_module(f"tensorflow_serving.apis.{name}_pb2").DESCRIPTOR, files)
    return descriptor_pb2.FileDescriptorSet(file=files.values())


def _add(file: Any, files: dict[str, descriptor_pb2.FileDescriptorProto]) -> None:
    if file.name in files:
        return
    for dependency in file.dependencies:
        _add(dependency, files)
    files[file.name] = descriptor_pb2.FileDescriptorProto()
    file.CopyToProto(files[file.name])


def main() -> None:
    """Writes the file beside this module and prints its size."""
    path = Path(__file__).with_name("protos.binpb")
    path.write_bytes(collect().SerializeToString(deterministic=True))
    print(f"{path}: {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
