"""The files of a SavedModel: its graph with signatures, its variables and its assets."""

import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from google.protobuf import text_format
from google.protobuf.message import DecodeError
from tensorflow.core.framework.node_def_pb2 import NodeDef
from tensorflow.core.protobuf import meta_graph_pb2, saved_model_pb2

from keras_session5.errors import DataLossError, NotFoundError

_VARIABLES = os.path.join("variables", "variables")
_VARIABLE_OPS = {"Variable", "VariableV2", "VarHandleOp"}
_RECORD = os.path.join("assets.extra", "model.json")
_LOOPS = {"While", "StatelessWhile", "Enter", "MapDataset", "ReduceDataset"}
_INIT_OP = "__saved_model_init_op"
_INIT_COLLECTIONS = ("saved_model_main_op", "legacy_init_op")
_ASSETS_COLLECTION = "saved_model_assets"


def read_meta_graph(path: str, tags: frozenset[str]) -> meta_graph_pb2.MetaGraphDef:
    """Returns the graph with exactly these tags.

    Raises:
        NotFoundError: there is no SavedModel, or none with these tags.
        DataLossError: the file cannot be parsed.
    """
    for graph in _read(Path(path)).meta_graphs:
        if set(graph.meta_info_def.tags) == tags:
            return graph
    raise NotFoundError(
        f"Could not find meta graph def matching supplied tags: {{ {' '.join(sorted(tags))} }}. To inspect"
        " available tag-sets in the SavedModel, please use the SavedModel CLI: `saved_model_cli`"
    )


def find_loops(graph: meta_graph_pb2.MetaGraphDef) -> set[str]:
    """Returns the outputs of signatures whose number of steps may depend on values."""
    nodes = {node.name: node for node in graph.graph_def.node}
    bodies = {f.signature.name: f.node_def for f in graph.graph_def.library.function}
    outputs = {info.name for signature in graph.signature_def.values() for info in signature.outputs.values()}
    return {name for name in outputs if _contains_loop(_find_ancestors(name, nodes), bodies, set())}


def _find_ancestors(tensor: str, nodes: Mapping[str, NodeDef]) -> list[NodeDef]:
    """Returns the node of a tensor and all nodes that it depends on."""
    found, left = {}, [tensor]
    while left:
        name = left.pop().lstrip("^").partition(":")[0]
        if name in nodes and name not in found:
            found[name] = nodes[name]
            left += nodes[name].input
    return list(found.values())


def _contains_loop(nodes: Iterable[NodeDef], bodies: Mapping[str, Iterable[NodeDef]], seen: set[str]) -> bool:
    """Whether one of the nodes, or of the nodes in the functions that they call, is a loop."""
    for node in nodes:
        if node.op in _LOOPS:
            return True
        calls = [attr.func.name for attr in node.attr.values()]
        calls += [function.name for attr in node.attr.values() for function in attr.list.func]
        for name in {node.op, *calls} & bodies.keys() - seen:
            seen.add(name)
            if _contains_loop(bodies[name], bodies, seen):
                return True
    return False


def measure_size(path: str) -> int:
    """Returns the size of the graph and the variables in bytes."""
    files = [*Path(path).glob("saved_model.pb*"), *Path(path).glob("variables/*")]
    return sum(file.stat().st_size for file in files)


def find_variables(path: str, graph: meta_graph_pb2.MetaGraphDef) -> str | None:
    """Returns the path prefix of the variables' files; None for a model without variables.

    Raises:
        NotFoundError: the graph has variables, but their files are missing (so far).
    """
    prefix = os.path.join(path, _VARIABLES)
    if graph.saver_def.restore_op_name and os.path.exists(f"{prefix}.index"):
        return prefix
    if any(node.op in _VARIABLE_OPS for node in graph.graph_def.node):
        raise NotFoundError(f"Could not find the variables of the SavedModel at: {prefix}.index")
    return None


def find_assets(path: str, graph: meta_graph_pb2.MetaGraphDef) -> dict[str, str]:
    """Returns the path of each asset, by the name of the tensor that takes it."""
    assets = list(graph.asset_file_def)
    if not assets:  # older models keep them in a collection
        for packed in graph.collection_def[_ASSETS_COLLECTION].any_list.value:
            asset = meta_graph_pb2.AssetFileDef()
            packed.Unpack(asset)
            assets.append(asset)
    return {asset.tensor_info.name: os.path.join(path, "assets", asset.filename) for asset in assets}


def find_init_op(graph: meta_graph_pb2.MetaGraphDef) -> str | None:
    """Returns the name of the operation that initialises tables and the like, if there is one."""
    if _INIT_OP in graph.signature_def:
        return graph.signature_def[_INIT_OP].outputs[_INIT_OP].name
    for collection in _INIT_COLLECTIONS:
        if collection in graph.collection_def:
            return graph.collection_def[collection].node_list.value[0]
    return None


def read_independent_signatures(path: str) -> list[str]:
    """Returns the signatures with independent rows, if the exporter has recorded them."""
    try:
        with open(os.path.join(path, _RECORD), encoding="utf-8") as file:
            rows_independent = json.load(file)["rows_independent"]
        return [name for name, independent in rows_independent.items() if independent is True]
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return []  # another exporter's model


def _read(path: Path) -> saved_model_pb2.SavedModel:
    binary, text = path / "saved_model.pb", path / "saved_model.pbtxt"
    saved = saved_model_pb2.SavedModel()
    try:
        if binary.is_file():
            saved.ParseFromString(binary.read_bytes())
        elif text.is_file():
            text_format.Parse(text.read_text("utf-8"), saved)
        else:
            raise NotFoundError(
                f"Could not find SavedModel .pb or .pbtxt at supplied export directory path: {path}. Check"
                " that the directory exists and that you have the right permissions for accessing it."
            )
    except DecodeError as error:
        raise DataLossError(f"Can't parse {binary} as binary proto") from error
    except (text_format.ParseError, UnicodeDecodeError) as error:
        raise DataLossError(f"Can't parse {text} as text proto") from error
    return saved
