"""The network's graph for TensorBoard: one node for each call of a layer."""

import math
from typing import Any

from tensorboard.compat.proto import attr_value_pb2, graph_pb2


def network_graph(model: Any) -> graph_pb2.GraphDef:
    """Returns a graph whose nodes have the names of the layers, and whose edges are the tensors between them.

    Operations outside of layers, such as the comparison for a mask, are nodes too. A layer that is called
    several times has a node for each call, `embedding`, `embedding_2`, ...: one embeds tokens, the other
    computes their logits.

    Args:
        model: a functional Keras model.
    """
    graph, names = graph_pb2.GraphDef(), {}
    graph.versions.producer = 22  # version of the format, as in TensorBoard's own graphs
    for tensor in model.outputs:
        _add_node(tensor, graph, names)
    return graph


def _add_node(tensor: Any, graph: graph_pb2.GraphDef, names: dict[tuple[str, int], str]) -> str:
    """Adds the node of a tensor, after those of its inputs; returns its name."""
    operation, call, _ = tensor._keras_history
    key = operation.name, call
    if key not in names:
        sources = operation._inbound_nodes[call].input_tensors
        inputs = list(dict.fromkeys(_add_node(source, graph, names) for source in sources))
        calls = sum(name == operation.name for name, _ in names)
        names[key] = f"{operation.name}_{calls + 1}" if calls else operation.name
        node = graph.node.add(name=names[key], op=type(operation).__name__, input=inputs)
        shape = node.attr["_output_shapes"].list.shape.add()
        for size in tensor.shape:
            shape.dim.add(size=-1 if size is None else size)
        weights = getattr(operation, "weights", [])
        if weights:
            parameters = sum(math.prod(weight.shape) for weight in weights)
            node.attr["parameters"].CopyFrom(attr_value_pb2.AttrValue(i=parameters))
    return names[key]
