"""The network's graph as TensorBoard draws it: one node for each layer."""

import math
from typing import Any

from tensorboard.compat.proto import attr_value_pb2, graph_pb2, tensor_shape_pb2


def network_graph(model: Any) -> graph_pb2.GraphDef:
    """Returns a graph whose nodes bear the names of the layers, and whose edges are the tensors between them.

    What is no layer, such as a comparison that makes a mask, is a node as well. A layer that is called
    several times has a node for each call, `embedding`, `embedding_2`, ...: one embeds tokens, the other
    scores them.

    Args:
        model: a functional Keras model.
    """
    graph, names = graph_pb2.GraphDef(), {}
    graph.versions.producer = 22  # of the format; TensorBoard's own
    for tensor in model.outputs:
        _add(tensor, graph, names)
    return graph


def _add(tensor: Any, graph: graph_pb2.GraphDef, names: dict[tuple[str, int], str]) -> str:
    """Adds the node of a tensor after those that it comes from; returns its name."""
    operation, call, _ = tensor._keras_history
    key = operation.name, call
    if key not in names:
        sources = operation._inbound_nodes[call].input_tensors
        inputs = list(dict.fromkeys(_add(source, graph, names) for source in sources))
        calls = sum(name == operation.name for name, _ in names)
        names[key] = f"{operation.name}_{calls + 1}" if calls else operation.name
        node = graph.node.add(name=names[key], op=type(operation).__name__, input=inputs)
        node.attr["_output_shapes"].list.shape.add().CopyFrom(_shape(tensor.shape))
        weights = getattr(operation, "weights", [])
        if weights:
            parameters = sum(math.prod(weight.shape) for weight in weights)
            node.attr["parameters"].CopyFrom(attr_value_pb2.AttrValue(i=parameters))
    return names[key]


def _shape(sizes: tuple[int | None, ...]) -> tensor_shape_pb2.TensorShapeProto:
    shape = tensor_shape_pb2.TensorShapeProto()
    for size in sizes:
        shape.dim.add(size=-1 if size is None else size)
    return shape
