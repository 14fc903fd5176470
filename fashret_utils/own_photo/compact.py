"""A network's file at a quarter or half of its size: weights in 8 or 16 bits, sums in 32.

Only what is stored is rounded. A runtime unpacks the weights once, when it loads the network, and
then computes as before; that costs no time, and less accuracy than to compute in few bits.
"""

from __future__ import annotations

import numpy as np
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper

KINDS = ("int8", "float16", "float32")  # in the order in which they are tried
SMALL = 1024  # weights with fewer numbers stay as they are
LARGE = 60_000  # those with fewer are kept in 16 bits at least: they are cheap, and early


def compact(model: ModelProto, kind: str) -> ModelProto:
    """Store the weights of a network in fewer bits.

    **Arguments**: `kind` - "int8": large weights as whole numbers from -127 to 127, with one scale
    for each row of their first axis (each output channel of a convolution), and small ones and
    those of depthwise convolutions, where rounding costs most, as "float16"; "float16": all so;
    "float32": as they are.

    **Raises** `ValueError` for another kind.
    """
    if kind not in KINDS:
        raise ValueError(f"weights in {kind!r}: expected one of {', '.join(KINDS)}")
    found = ModelProto()
    found.CopyFrom(model)
    if kind == "float32":
        return found
    graph, unpack = found.graph, []
    for tensor in list(graph.initializer):
        values = numpy_helper.to_array(tensor)
        if values.dtype == np.float32 and values.ndim > 1 and values.size >= SMALL:
            eight = kind == "int8" and values.size >= LARGE and values.shape[1] > 1
            parts, nodes = (_eight if eight else _half)(tensor.name, values)
            graph.initializer.remove(tensor)
            graph.initializer.extend(parts)
            unpack.extend(nodes)
    nodes = [*unpack, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)
    return found


def _eight(name: str, values: np.ndarray) -> tuple[list[TensorProto], list[NodeProto]]:
    others = tuple(range(1, values.ndim))
    scale = np.maximum(np.abs(values).max(others, keepdims=True), 1e-12) / 127
    whole = np.round(values / scale).astype(np.int8)
    parts = {f"{name}/int8": whole, f"{name}/scale": scale.astype(np.float32)}
    unpack = [
        helper.make_node("Cast", [f"{name}/int8"], [f"{name}/whole"], to=TensorProto.FLOAT),
        helper.make_node("Mul", [f"{name}/whole", f"{name}/scale"], [name]),
    ]
    return [numpy_helper.from_array(part, key) for key, part in parts.items()], unpack


def _half(name: str, values: np.ndarray) -> tuple[list[TensorProto], list[NodeProto]]:
    part = numpy_helper.from_array(values.astype(np.float16), f"{name}/half")
    return [part], [helper.make_node("Cast", [part.name], [name], to=TensorProto.FLOAT)]
