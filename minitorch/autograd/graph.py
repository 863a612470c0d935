"""The graph that ops record: nodes, the edges between them, and the hooks on them.

Nothing here knows the Tensor.  A tensor takes part by its array, its version counter and its edge
``(node, output index)``: the place that its gradient is sent to.
"""

from __future__ import annotations

import itertools
import weakref
from collections import OrderedDict
from typing import Any

from minitorch.autograd import anomaly
from minitorch.dtypes import from_numpy
from minitorch.hooks import RemovableHandle

__all__ = ["AccumulateGrad", "Node", "get_gradient_edge"]

#: Rises with every node, so inputs are always older than outputs.
next_sequence = itertools.count().__next__


class _Bridge:
    """How a gradient meets user code (hooks, Functions); ``tensor.py`` fills this in."""

    #: gradient (array or tensor) -> tensor
    to_tensor: Any = None
    #: gradient (array or tensor) -> array
    to_array: Any = None


bridge = _Bridge()


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

    def backward(self, g, create_graph):
        """The gradients of the inputs, in the order of ``edges``; None where none is needed.

        ``g`` is the gradient of the output (a list, with None for the unused, if there are
        several):
        raw arrays, or tensors when ``create_graph``.
        """
        raise NotImplementedError

    def release(self):
        """Let go of what was saved for backward."""

    def name(self) -> str:
        """The name that torch prints, as in ``MulBackward0``."""
        return type(self).__name__

    @property
    def next_functions(self) -> tuple:
        """The (node, output index) pairs that gradients go to; (None, 0) where none is needed."""
        return tuple((None, 0) if edge is None else edge for edge in self.edges)

    @property
    def metadata(self) -> dict:
        """A dict that belongs to this node; anomaly mode keeps the forward stack in it."""
        if self.metadata_ is None:
            self.metadata_ = {}
        return self.metadata_

    def register_hook(self, hook) -> RemovableHandle:
        """Call ``hook(grad_inputs, grad_outputs)`` after this node ran; it may return new
        grad_inputs.
        """

        def run(gradients, incoming, create_graph):
            result = hook(_tensors(gradients), _tensors(incoming))
            return gradients if result is None else _gradients(result, create_graph)

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
        return f"<{self.name()} object at {hex(id(self))}>"


class _Hooks:
    """The hooks of one node: on single outputs, before it, keeping outputs' gradients, after it."""

    __slots__ = ("on_output", "pre", "retain", "post")

    def __init__(self):
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

    __slots__ = ("_leaf",)

    def __init__(self, leaf):
        super().__init__(())
        self._leaf = weakref.ref(leaf)

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
            for hook in tuple(self.hooks.post.values()):
                hook(leaf)

    def register_accumulated_hook(self, hook) -> RemovableHandle:
        """Call ``hook(leaf)`` after each accumulation."""
        return _register(self._hooks().post, hook)


def get_gradient_edge(tensor) -> tuple:
    """The (node, output index) that receives the gradient of ``tensor``."""
    edge = tensor._edge()
    if edge is None:
        raise RuntimeError(
            "It is not possible to get the gradient edge for a Tensor that does not require "
            "gradients"
        )
    return edge


def modified_in_place_error(array, version, expected, source) -> RuntimeError:
    """The error for a tensor that was written in place after backward had saved it."""
    kind = f"torch.{from_numpy(array.dtype).legacy_name}Tensor"
    origin = "" if source is None else f", which is output {source[1]} of {source[0].name()},"
    return RuntimeError(
        "one of the variables needed for gradient computation has been modified by an inplace "
        f"operation: [{kind} {list(array.shape)}]{origin} is at version {version}; expected "
        f"version {expected} instead. Hint: enable anomaly detection to find the operation that "
        "failed to compute its gradient, with torch.autograd.set_detect_anomaly(True)."
    )


FREED_MESSAGE = (
    "Trying to backward through the graph a second time (or directly access saved tensors after "
    "they have already been freed). Saved intermediate values of the graph are freed when you call "
    ".backward() or autograd.grad(). Specify retain_graph=True if you need to backward through "
    "the graph a second time or if you need to access saved tensors after calling backward."
)
