"""Rank checks before the operations that would otherwise end the process.

Given a tensor of another rank, oneDNN's convolutions do not raise an error: they abort. Clients choose the
rank, and the server must not compare it with the signature, so the graph itself checks it where it matters.
"""

from tensorflow.core.framework import graph_pb2, node_def_pb2

# From a test of every rank from 0 to 6 on the operations of convolutional networks.
_RANKS = {"Conv2D": 4, "DepthwiseConv2dNative": 4, "Conv3D": 5, "MaxPool3D": 5}


def guard_ranks(graph: graph_pb2.GraphDef) -> None:
    """Inserts an `EnsureShape` before each of these operations, in the graph and in its functions."""
    graph.node.extend([_make_guard(node, output="") for node in graph.node if node.op in _RANKS])
    for function in graph.library.function:
        nodes = function.node_def
        nodes.extend([_make_guard(node, output=":output:0") for node in nodes if node.op in _RANKS])


def _make_guard(node: node_def_pb2.NodeDef, output: str) -> node_def_pb2.NodeDef:
    """Returns a new check of a node's first input, and connects the node to it."""
    guard = node_def_pb2.NodeDef(
        name=f"{node.name}/rank", op="EnsureShape", input=[node.input[0]], device=node.device
    )
    guard.attr["T"].CopyFrom(node.attr["T"])
    for _ in range(_RANKS[node.op]):
        guard.attr["shape"].shape.dim.add(size=-1)
    node.input[0] = guard.name + output
    return guard
