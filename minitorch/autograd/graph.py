"""The graph that ops record: nodes, the edges between them, and the hooks on them.

Nothing here knows the Tensor.  A tensor takes part by its array, its version counter and its edge
``(node, output index)``: the place that its gradient is sent to.
"""

from __future__ import annotations

import itertools
import re
import threading
import weakref
from collections import OrderedDict
from typing import Any, NamedTuple

from minitorch.autograd import anomaly
from minitorch.autograd.bridge import bridge
from minitorch.autograd.mode import mode
from minitorch.autograd.saved import (
    allow_mutation_on_saved_tensors,
    disable_saved_tensors_hooks,
    save_on_cpu,
    saved_tensors_hooks,
)
from minitorch.dtypes import from_numpy
from minitorch.hooks import RemovableHandle

__all__ = [
    "AccumulateGrad",
    "GradientEdge",
    "MultiHandle",
    "Node",
    "Walk",
    "allow_mutation_on_saved_tensors",
    "bridge",
    "disable_saved_tensors_hooks",
    "get_gradient_edge",
    "has_other_leaves",
    "increment_version",
    "register_multi_grad_hook",
    "save_on_cpu",
    "saved_tensors_hooks",
]

#: Rises with every node, so inputs are always older than outputs.
next_sequence = itertools.count().__next__


class Node:
    """One recorded application of an operation.

    ``edges[i]`` is the pair (node, output index) that receives the gradient of input ``i``, or
    None.
    A subclass says in ``backward`` how gradients of the outputs become gradients of the inputs.
    """

    __slots__ = ("sequence", "edges", "outputs", "hooks", "metadata_", "__weakref__")

    #: Whether an array that ``backward`` returns may become a leaf's own without a copy, unless it
    #: is
    #: the incoming gradient itself or a view.
    fresh_results = False

    def __init__(self, edges, outputs=1):
        # A larger number means later: inputs are always older than outputs.
        self.sequence = next_sequence()
        self.edges = edges
        #: How many outputs the call had; one gradient travels bare, several as a list.
        self.outputs = outputs
        self.hooks = None
        self.metadata_ = None
        if anomaly.state.enabled:
            self.metadata["traceback_"] = anomaly.forward_stack()

    def backward(self, g, create_graph, wanted=None):
        """The gradients of the inputs, in the order of ``edges``; None where none is needed.

        ``g`` is the gradient of the output (a list, with None for the unused, if there are
        several):
        raw arrays, or tensors when ``create_graph``.  ``wanted`` says for each edge whether this
        walk has a use for its gradient, and is None in a walk that goes everywhere.  Other
        gradients need not be computed; what is returned of them is dropped.
        """
        raise NotImplementedError

    def __call__(self, *grad_outputs):
        """This one step of the walk: the gradients of the inputs from those of the outputs.

        They are tensors; one that stands alone comes without a tuple.  The hooks run.  In grad mode
        the result can be differentiated again.  Raises TypeError for another number of gradients.
        """
        if len(grad_outputs) != self.outputs:
            raise TypeError(
                f"{self.name()} expected {self.outputs} gradients, got {len(grad_outputs)}"
            )
        create_graph = mode.grad
        given = _gradients(grad_outputs, create_graph)
        g = given[0] if self.outputs == 1 else given
        if self.hooks is not None:
            g = self.hooks.before(g, self.outputs, create_graph)
        gradients = self.backward(g, create_graph)
        if self.hooks is not None:
            gradients = self.hooks.after(gradients, g, self.outputs, create_graph)
        results = _tensors([gradients[i] for i in self._listed()])
        return results[0] if len(results) == 1 else results

    def release(self):
        """Let go of what was saved for backward."""

    def name(self) -> str:
        """The name that torch prints, as in ``MulBackward0``."""
        return type(self).__name__

    @property
    def next_functions(self) -> tuple:
        """The (node, output index) pairs that gradients go to; (None, 0) where none is needed."""
        edges = [self.edges[i] for i in self._listed()]
        return tuple((None, 0) if edge is None else edge for edge in edges)

    def _listed(self):
        """Which of ``edges`` users see, in their order."""
        return range(len(self.edges))

    @property
    def metadata(self) -> dict:
        """A dict that belongs to this node; anomaly mode keeps the forward stack in it."""
        if self.metadata_ is None:
            self.metadata_ = {}
        return self.metadata_

    def _sequence_nr(self) -> int:
        return self.sequence

    def register_hook(self, hook) -> RemovableHandle:
        """Call ``hook(grad_inputs, grad_outputs)`` after this node ran; it may return new
        grad_inputs.
        """

        def run(gradients, incoming, create_graph):
            listed = self._listed()
            result = hook(_tensors([gradients[i] for i in listed]), _tensors(incoming))
            if result is None:
                return gradients
            changed = list(gradients)
            for i, gradient in zip(listed, _gradients(result, create_graph), strict=True):
                changed[i] = gradient
            return changed

        return _register(self._hooks().post, run)

    def register_prehook(self, hook) -> RemovableHandle:
        """Call ``hook(grad_outputs)`` before this node runs; it may return new grad_outputs."""

        def run(incoming, create_graph):
            result = hook(_tensors(incoming))
            return incoming if result is None else _gradients(result, create_graph)

        return _register(self._hooks().pre, run)

    def register_output_hook(self, index: int, hook) -> RemovableHandle:
        """Call ``hook(gradient)`` on the gradient of one output before the node sees it."""

        def run(gradient, create_graph):
            result = hook(bridge.to_tensor(gradient))
            if result is None:
                return gradient
            if result.shape != gradient.shape:
                name = getattr(hook, "__name__", type(hook).__name__)
                raise RuntimeError(f"hook '{name}' has changed the size of value")
            return result if create_graph else bridge.to_array(result)

        return _register(self._hooks().on_output.setdefault(index, OrderedDict()), run)

    def retain_output(self, index: int, keep) -> None:
        """Call ``keep(gradient tensor)`` with what arrives at one output, after all other hooks."""
        self._hooks().retain[index] = keep

    def _hooks(self):
        if self.hooks is None:
            self.hooks = _Hooks()
        return self.hooks

    def __repr__(self):
        return f"<{type(self).__name__} object at {hex(id(self))}>"


class _Hooks:
    """The hooks of one node: on single outputs, before it, keeping outputs' gradients, after it."""

    __slots__ = ("on_output", "pre", "retain", "post", "accumulated")

    def __init__(self):
        #: Of a leaf's node: what runs between the accumulation and the hooks in ``post``.
        self.accumulated = OrderedDict()
        self.on_output = {}
        self.pre = OrderedDict()
        self.retain = {}
        self.post = OrderedDict()

    def before(self, g, outputs, create_graph):
        """The incoming gradient (or list of them) after the hooks that run before the node."""
        gradients = [g] if outputs == 1 else list(g)
        for index, hooks in self.on_output.items():
            for hook in tuple(hooks.values()):
                if gradients[index] is not None:
                    gradients[index] = hook(gradients[index], create_graph)
        for hook in tuple(self.pre.values()):
            gradients = hook(gradients, create_graph)
        for index, keep in self.retain.items():
            if gradients[index] is not None:
                keep(bridge.to_tensor(gradients[index]))
        return gradients[0] if outputs == 1 else gradients

    def after(self, gradients, g, outputs, create_graph):
        """The node's results after the hooks that run behind it."""
        incoming = [g] if outputs == 1 else g
        for hook in tuple(self.post.values()):
            gradients = hook(gradients, incoming, create_graph)
        return gradients


def _register(hooks, run):
    handle = RemovableHandle(hooks)
    hooks[handle.id] = run
    return handle


def _tensors(gradients):
    return tuple(None if g is None else bridge.to_tensor(g) for g in gradients)


def _gradients(result, create_graph):
    # torch: a hook may return one bare tensor where there is one gradient.
    if not isinstance(result, (tuple, list)):
        result = (result,)
    return [None if t is None else t if create_graph else bridge.to_array(t) for t in result]


class AccumulateGrad(Node):
    """The graph's leaf: adds what arrives to the leaf tensor's ``.grad``.

    The leaf owns this node and the node only looks back, so that a leaf dies with its last user.
    """

    __module__ = "builtins"  # torch: prints without a module, ``<class 'AccumulateGrad'>``
    __slots__ = ("_leaf",)

    def __init__(self, leaf):
        super().__init__(())
        self._leaf = weakref.ref(leaf)

    def name(self):
        return "torch::autograd::AccumulateGrad"

    @property
    def variable(self):
        """The leaf tensor, or None after it died."""
        return self._leaf()

    def accumulate(self, g, create_graph, fresh):
        """Add ``g`` to the leaf's gradient, then run the hooks that wait for that."""
        leaf = self._leaf()
        if (
            leaf is None or not leaf._requires_grad
        ):  # it may have been frozen since the forward pass
            return
        leaf._accumulate_grad(g, create_graph, fresh)
        if self.hooks is not None:
            for hook in tuple(self.hooks.accumulated.values()):
                hook(leaf)
            self.hooks.after([], g, 1, create_graph)

    def __call__(self, grad_output):
        """Add ``grad_output`` to the leaf's gradient."""
        create_graph = mode.grad
        (g,) = _gradients(grad_output, create_graph)
        if self.hooks is not None:
            g = self.hooks.before(g, 1, create_graph)
        self.accumulate(g, create_graph, False)

    def register_accumulated_hook(self, hook) -> RemovableHandle:
        """Call ``hook(leaf)`` after each accumulation."""
        return _register(self._hooks().accumulated, hook)


class GradientEdge(NamedTuple):
    """The place in the graph that takes a tensor's gradient.

    ``grad`` and ``backward`` take it in the place of the tensor.  Source:
    ``torch.autograd.graph.GradientEdge``.
    """

    node: Node
    output_nr: int
    #: What has to live for as long as the edge does: the leaf, which owns its node.
    ownership_token: Any = None


def get_gradient_edge(tensor) -> GradientEdge:
    """The edge that receives the gradient of ``tensor``.

    Raises RuntimeError if it requires none.  Source: torch.autograd.graph.get_gradient_edge.
    """
    edge = tensor._edge()
    if edge is None:
        raise RuntimeError(
            "It is not possible to get the gradient edge for a Tensor that does not require "
            "gradients"
        )
    return GradientEdge(edge[0], edge[1], tensor if type(edge[0]) is AccumulateGrad else None)


def has_other_leaves(nodes, own) -> bool:
    """Whether the graph behind ``nodes`` has a leaf whose node is not in the set ``own``."""
    pending = list(nodes)
    seen = set(pending)
    while pending:
        node = pending.pop()
        if type(node) is AccumulateGrad and node not in own:
            return True
        for edge in node.edges:
            if edge is not None and edge[0] not in seen:
                seen.add(edge[0])
                pending.append(edge[0])
    return False


def increment_version(tensor) -> None:
    """Count a write to ``tensor`` (or to each of several) that autograd could not see.

    Source: torch.autograd.graph.increment_version.
    """
    for written in (tensor,) if hasattr(tensor, "_edge") else tensor:
        written._counter[0] += 1


class _Running(threading.local):
    """The walks that run in one thread, innermost last."""

    def __init__(self):
        self.walks = []


_running = _Running()


class Walk:
    """One run of the engine, while it lasts: hooks that belong together tell runs apart by it."""

    __slots__ = ("roots",)

    def __init__(self, roots):
        self.roots = roots

    def __enter__(self):
        _running.walks.append(self)

    def __exit__(self, *exc_info):
        _running.walks.pop()

    def reached(self):
        """The nodes that this walk may run."""
        stack = [node for node, _, _ in self.roots]
        seen = set(stack)
        while stack:
            for edge in stack.pop().edges:
                if edge is not None and edge[0] not in seen:
                    seen.add(edge[0])
                    stack.append(edge[0])
        return seen


def register_multi_grad_hook(tensors, fn, *, mode: str = "all") -> MultiHandle:
    """Call ``fn`` once per backward, with the gradients of several tensors.

    Args:
        tensors: all of them must require grad.
        fn: gets the list of gradients, None where there is none; in mode "any" the one gradient
            that arrived first.
        mode: "all" waits for every gradient that this backward computes; "any" for the first.

    Raises ValueError for another mode, RuntimeError for a tensor that requires no grad.
    Source: torch.autograd.graph.register_multi_grad_hook.
    """
    if mode not in ("all", "any"):
        raise ValueError(f"Expects mode to be one of ('all', 'any') but got {mode}")
    tensors = tuple(tensors)
    edges = [get_gradient_edge(tensor) for tensor in tensors]
    state = threading.local()

    def hook_of(index):
        def arrived(gradient):
            walk = _running.walks[-1]
            if getattr(state, "walk", None) is not walk:
                reached = walk.reached()
                state.walk = walk
                state.gradients = [None] * len(tensors)
                state.missing = 1 if mode == "any" else sum(e.node in reached for e in edges)
            state.gradients[index] = gradient
            state.missing -= 1
            if state.missing == 0:
                fn(gradient if mode == "any" else state.gradients)

        return arrived

    return MultiHandle(
        tuple(tensor.register_hook(hook_of(index)) for index, tensor in enumerate(tensors))
    )


class MultiHandle(RemovableHandle):
    """The handle of a hook that is registered on several tensors; ``remove`` removes it from all.

    Source: ``torch.autograd.graph._MultiHandle``.
    """

    def __init__(self, handles: tuple[RemovableHandle, ...]) -> None:
        self.handles = handles

    def remove(self) -> None:
        """Take the hook away from every tensor."""
        for handle in self.handles:
            handle.remove()


def modified_in_place_error(array, version, expected, source) -> RuntimeError:
    """The error for a tensor that was written in place after backward had saved it."""
    kind = f"torch.{from_numpy(array.dtype).legacy_name}Tensor"
    origin = "" if source is None else f", which is output {source[1]} of {_operation(source[0])},"
    return RuntimeError(
        "one of the variables needed for gradient computation has been modified by an inplace "
        f"operation: [{kind} {list(array.shape)}]{origin} is at version {version}; expected "
        f"version {expected} instead. Hint: enable anomaly detection to find the operation that "
        "failed to compute its gradient, with torch.autograd.set_detect_anomaly(True, "
        "check_nan=False)."
    )


def _operation(node) -> str:
    """The forward's name of a node: ``Exp`` of an ``ExpBackward0``."""
    return re.sub(r"Backward\d*$", "", node.name())
