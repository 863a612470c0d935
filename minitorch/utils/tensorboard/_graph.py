"""A model as a graph that TensorBoard shows: its modules, operations, parameters, in- and outputs.

The model runs once and records its autograd graph.  Every node of that graph carries a number that
rises with time, and hooks note at which number each module began and ended: so it is known which
module made a node, and the name of a graph node becomes ``Net/Sequential[layers]/Linear[0]/Addmm``.
"""

import bisect
import inspect
import re
from typing import Any

from tensorboard.compat.proto.attr_value_pb2 import AttrValue
from tensorboard.compat.proto.config_pb2 import RunMetadata
from tensorboard.compat.proto.graph_pb2 import GraphDef
from tensorboard.compat.proto.node_def_pb2 import NodeDef
from tensorboard.compat.proto.step_stats_pb2 import DeviceStepStats, StepStats
from tensorboard.compat.proto.tensor_shape_pb2 import TensorShapeProto
from tensorboard.compat.proto.versions_pb2 import VersionDef

from minitorch.autograd.graph import AccumulateGrad, Node, next_sequence
from minitorch.autograd.mode import enable_grad
from minitorch.nn.module import Module
from minitorch.ops._op import OpNode
from minitorch.tensor import Tensor

__all__ = ["graph_of"]


def graph_of(model: Module, inputs: Any) -> tuple[GraphDef, RunMetadata]:
    """The graph of ``model(*inputs)``; the model is in evaluation mode meanwhile.

    A part of the model that neither parameters nor inputs of floating point lead to has no
    gradient, and is not seen.
    """
    recorder = _Recorder(model)
    outputs = recorder.run(inputs if isinstance(inputs, (tuple, list)) else (inputs,))
    nodes = [*recorder.graph_nodes(outputs), *recorder.output_nodes(outputs)]
    device = DeviceStepStats(device="/device:CPU:0")
    return (
        GraphDef(node=nodes, versions=VersionDef(producer=22)),
        RunMetadata(step_stats=StepStats(dev_stats=[device])),
    )


class _Recorder:
    """Runs a model once; knows afterwards the names of everything in its graph."""

    def __init__(self, model: Module) -> None:
        self.model = model
        self.scopes = _scopes(model)
        #: From which sequence number on which scope was running; both lists grow together.
        self.starts: list[int] = [0]
        self.running: list[str] = [self.scopes[""]]
        #: The scopes that are entered, the innermost last.
        self.stack: list[str] = [self.scopes[""]]
        #: By ``id`` of a tensor without an edge: the graph node that stands for it.
        self.inputs: dict[int, NodeDef] = {}
        #: The inputs without an edge that each scope was given.
        self.given: dict[str, list[str]] = {}
        self.names: dict[Node, str] = {}
        self.taken: set[str] = set()

    def run(self, inputs: Any) -> list[tuple[Tensor, Any]]:
        """The outputs, flat, each with its edge."""
        model = self.model
        frozen = [
            p for p in model.parameters() if not p.requires_grad and p.dtype.is_floating_point
        ]
        training = [m for m in model.modules() if m.training]
        handles = []
        for path, module in model.named_modules():
            scope = self.scopes[path]
            handles.append(module.register_forward_pre_hook(self._entering(scope)))
            handles.append(module.register_forward_hook(self._leaving))
        try:
            model.eval()
            for parameter in frozen:
                parameter.requires_grad_(True)
            with enable_grad():
                outputs = _tensors(model(*self._placeholders(inputs)))
                # The edges are taken while all leaves require a gradient.
                return [(output, output._edge()) for output in outputs]
        finally:
            for handle in handles:
                handle.remove()
            for parameter in frozen:
                parameter.requires_grad_(False)
            for module in training:
                module.training = True

    def _placeholders(self, inputs: Any) -> list:
        """The inputs, those of floating point with a node of their own in the graph."""
        names = list(inspect.signature(self.model.forward).parameters)
        placeholders = []
        for i, value in enumerate(inputs):
            name = f"input/{names[i] if i < len(names) else i}"
            if isinstance(value, Tensor):
                node = _node(self._unique(name), "IO Node", (), value.shape)
                if value.dtype.is_floating_point:
                    # A clone, because a module may write to its input, which no leaf allows.
                    value = value.detach().requires_grad_().clone()
                    self.names[value._edge()[0]] = node.name
                self.inputs[id(value)] = node
            placeholders.append(value)
        return placeholders

    def _entering(self, scope: str) -> Any:
        def hook(module, args):
            self.stack.append(scope)
            self._mark()
            plain = [self.inputs[id(x)].name for x in _tensors(args) if id(x) in self.inputs]
            self.given.setdefault(scope, []).extend(plain)

        return hook

    def _leaving(self, module: Module, args: Any, output: Any) -> None:
        self.stack.pop()
        self._mark()

    def _mark(self) -> None:
        self.starts.append(next_sequence())
        self.running.append(self.stack[-1])

    def _scope_of(self, node: Node) -> str:
        return self.running[bisect.bisect_right(self.starts, node.sequence) - 1]

    def _unique(self, name: str) -> str:
        unique, count = name, 0
        while unique in self.taken:
            count += 1
            unique = f"{name}_{count}"
        self.taken.add(unique)
        return unique

    def graph_nodes(self, outputs: list[tuple[Tensor, Any]]) -> list[NodeDef]:
        """The inputs, the parameters and the operations that the outputs come from, in order."""
        nodes, shapes = _reachable([edge for _, edge in outputs if edge is not None], self.names)
        for output, edge in outputs:
            if edge is not None:
                shapes.setdefault(edge, tuple(output.shape))
        parameters = {id(p): path for path, p in self.model.named_parameters()}
        result = list(self.inputs.values())
        for node in nodes:
            if isinstance(node, AccumulateGrad):
                leaf = node.variable
                path, _, attribute = parameters.get(id(leaf), "").rpartition(".")
                scope = self.scopes[path]
                self.names[node] = self._unique(f"{scope}/{attribute or 'leaf'}")
                shape = None if leaf is None else leaf.shape
                result.append(_node(self.names[node], "Parameter", (), shape))
                continue
            scope = self._scope_of(node)
            kind = re.sub(r"Backward\d*$", "", type(node).__name__)
            self.names[node] = self._unique(f"{scope}/{kind}")
            sources = [self._source(edge) for edge in node.edges if edge is not None]
            # What has no gradient, such as the indices of an embedding, the node does not know.
            if None in node.edges and isinstance(node, OpNode):
                hidden = [m for m, e in zip(node.metas, node.edges, strict=True) if m and e is None]
                sources += self.given.get(scope, [])[: len(hidden)]
            result.append(_node(self.names[node], kind, sources, shapes.get((node, 0))))
        return result

    def output_nodes(self, outputs: list[tuple[Tensor, Any]]) -> list[NodeDef]:
        """The outputs, each behind the operation that made it."""
        result = []
        for i, (output, edge) in enumerate(outputs):
            if edge is not None:
                sources = [self._source(edge)]
            else:
                sources = [self.inputs[id(output)].name] if id(output) in self.inputs else []
            result.append(_node(f"output/output.{i + 1}", "IO Node", sources, output.shape))
        return result

    def _source(self, edge: Any) -> str:
        node, index = edge
        return f"{self.names[node]}:{index}" if index else self.names[node]


def _scopes(model: Module) -> dict[str, str]:
    """For each module's path its name in the graph: ``Net/Sequential[layers]/Linear[0]``."""
    scopes = {"": type(model).__name__}
    for path, module in model.named_modules():
        if path:
            parent, _, name = path.rpartition(".")
            scopes[path] = f"{scopes[parent]}/{type(module).__name__}[{name}]"
    return scopes


def _reachable(edges: list, inputs: Any) -> tuple[list[Node], dict[Any, tuple]]:
    """The nodes between the inputs and the edges, leaves first, then by age; and the shapes of
    their outputs.
    """
    nodes: set[Node] = set()
    shapes: dict[Any, tuple] = {}
    waiting = [node for node, _ in edges]
    while waiting:
        node = waiting.pop()
        if node in nodes or node in inputs:
            continue
        nodes.add(node)
        for i, edge in enumerate(node.edges):
            if edge is not None:
                waiting.append(edge[0])
                if isinstance(node, OpNode) and node.metas[i] is not None:
                    shapes[edge] = node.metas[i][0]
    ordered = sorted(nodes, key=lambda n: (not isinstance(n, AccumulateGrad), n.sequence))
    return ordered, shapes


def _tensors(value: Any) -> list[Tensor]:
    """The tensors in nested tuples, lists and dicts."""
    if isinstance(value, Tensor):
        return [value]
    if isinstance(value, dict):
        value = value.values()
    elif not isinstance(value, (tuple, list)):
        return []
    return [tensor for item in value for tensor in _tensors(item)]


def _node(name: str, kind: str, sources: Any, shape: Any) -> NodeDef:
    attributes = {}
    if shape is not None:
        dims = [TensorShapeProto.Dim(size=n) for n in shape]
        listed = AttrValue.ListValue(shape=[TensorShapeProto(dim=dims)])
        attributes["_output_shapes"] = AttrValue(list=listed)
    return NodeDef(name=name, op=kind, input=sources, attr=attributes)
