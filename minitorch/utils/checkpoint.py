"""Checkpointing: forget what a piece of the graph saved, and compute it again for backward.

``checkpoint(function, *args)`` returns ``function(*args)``.  Memory for the activations inside is
held only while ``function`` runs, once in the forward and once more in the backward pass.

``use_reentrant=False``, the recommended way, runs the function as usual and then replaces its part
of the graph by one node.  In backward that node runs the function again, sends the gradient through
the new graph, and hands on what arrives at its edge.  Everything that works without checkpointing
works: ``autograd.grad``, double backward, tensors that the function takes from its surroundings.

``use_reentrant=True``, torch's older way, runs the function without a graph, and calls ``backward``
within backward.  Gradients of tensors other than ``args`` go directly into their ``.grad``.

Source: torch.utils.checkpoint; Chen et al., "Training Deep Nets with Sublinear Memory Cost", 2016.
"""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any

import numpy as np

from minitorch import random
from minitorch.amp.autocast_mode import (
    autocast,
    get_autocast_dtype,
    is_autocast_cache_enabled,
    is_autocast_enabled,
)
from minitorch.autograd.engine import run_backward
from minitorch.autograd.function import Function, FunctionNode
from minitorch.autograd.graph import (
    AccumulateGrad,
    Node,
    modified_in_place_error,
    next_sequence,
)
from minitorch.autograd.interface import backward
from minitorch.autograd.mode import enable_grad, is_grad_enabled
from minitorch.autograd.saved import FREED_MESSAGE, suspended
from minitorch.autograd.views import CopySlices
from minitorch.nn.modules.container import Sequential
from minitorch.tensor import Tensor

__all__ = [
    "CheckpointError",
    "CheckpointFunction",
    "checkpoint",
    "checkpoint_sequential",
    "detach_variable",
    "noop_context_fn",
]

_Edge = tuple[Node, int]
#: A tensor saved for backward: its array, version counter, version then, and edge.
_Record = tuple[np.ndarray, list[int], int, Any]


class CheckpointError(RuntimeError):
    """A checkpointed function did something else when it ran again."""


def noop_context_fn() -> tuple[AbstractContextManager, AbstractContextManager]:
    """Two contexts that do nothing: the default ``context_fn``."""
    return contextlib.nullcontext(), contextlib.nullcontext()


def checkpoint(
    function: Callable[..., Any],
    *args: Any,
    use_reentrant: bool | None = None,
    context_fn: Callable[
        [], tuple[AbstractContextManager, AbstractContextManager]
    ] = noop_context_fn,
    determinism_check: str = "default",
    debug: bool = False,
    early_stop: bool = True,
    **kwargs: Any,
) -> Any:
    """``function(*args, **kwargs)``, whose intermediate results are computed again for backward.

    Args:
        function: returns tensors, bare or in tuples, lists and dicts; must do the same when it is
            called again.
        use_reentrant: see the module.  Say which; leaving it out warns and means True.
        preserve_rng_state: (keyword, default True) let the second run draw the same random numbers.
        context_fn: returns two context managers, for the first and for the second run.
        determinism_check: "default" compares what both runs saved; "none" does not.
        debug: list the operations of both runs when they differ.
        early_stop: no effect: the second run is always complete.

    Raises:
        ValueError: an option that ``use_reentrant=True`` does not have, or an unknown one.
        CheckpointError: in backward, if the second run differs from the first.
        RuntimeError: in backward, if an argument was modified in place in between, or the graph was
            freed by an earlier backward.

    Source: torch.utils.checkpoint.checkpoint.

    Example::

        >>> import minitorch
        >>> from minitorch.utils.checkpoint import checkpoint
        >>> x = minitorch.tensor([1.0, 2.0], requires_grad=True)
        >>> y = checkpoint(lambda x: (x * x).exp(), x, use_reentrant=False)
        >>> y.sum().backward()
        >>> x.grad
        tensor([  5.4366, 218.3926])
    """
    preserve_rng_state = kwargs.pop("preserve_rng_state", True)
    if use_reentrant is None:
        _warn_of_default("checkpoint")
        use_reentrant = True
    if use_reentrant:
        if kwargs:
            raise ValueError("Unexpected keyword arguments: " + ",".join(kwargs))
        if context_fn is not noop_context_fn or debug:
            raise ValueError(
                "Passing `context_fn` or `debug` is only supported when use_reentrant=False."
            )
        return CheckpointFunction.apply(function, preserve_rng_state, *args)
    if determinism_check not in ("default", "none"):
        raise ValueError(
            f"determinism_check should be one of ['default', 'none'], but got {determinism_check}"
        )
    forward_context, second_context = context_fn()
    state = _rng_state() if preserve_rng_state else None
    precision = _autocast_as_it_is()
    if not is_grad_enabled():
        with forward_context:
            return function(*args, **kwargs)
    for tensor in _tensors_in((args, kwargs)):
        tensor._edge()  # a view of something modified in place makes its new node now, not inside
    start = next_sequence()
    with forward_context, suspended():
        result = function(*args, **kwargs)

    def again() -> Any:
        with (
            _random_numbers_from(state),
            precision,
            second_context,
            suspended(),
            enable_grad(),
        ):
            return function(*args, **kwargs)

    piece = _Piece(result, start)
    if piece.outputs:
        _CheckpointNode(piece, again, determinism_check == "default", debug)
    return result


def checkpoint_sequential(
    functions: Sequential | Sequence[Callable[[Any], Any]],
    segments: int,
    input: Any,
    use_reentrant: bool | None = None,
    **kwargs: Any,
) -> Any:
    """Apply ``functions`` one after the other, checkpointing them in ``segments`` pieces.

    The last piece is not checkpointed: backward would compute it again at once.

    Args:
        functions: a Sequential or a list of callables.
        segments: into how many pieces of equal length to cut them; what remains goes to the last.
        input: what the first function is given.
        use_reentrant, preserve_rng_state: as for :func:`checkpoint`.

    Raises:
        ValueError: an unknown keyword.

    Source: torch.utils.checkpoint.checkpoint_sequential.

    Example::

        >>> import minitorch
        >>> from minitorch.utils.checkpoint import checkpoint_sequential
        >>> x = minitorch.tensor([0.5], requires_grad=True)
        >>> functions = [minitorch.exp, minitorch.sqrt, minitorch.neg]
        >>> checkpoint_sequential(functions, 3, x, use_reentrant=False).backward()
        >>> x.grad
        tensor([-0.6420])
    """
    if use_reentrant is None:
        _warn_of_default("checkpoint_sequential")
        use_reentrant = True
    preserve_rng_state = kwargs.pop("preserve_rng_state", True)
    if kwargs:
        raise ValueError("Unexpected keyword arguments: " + ",".join(kwargs))
    if isinstance(functions, Sequential):
        functions = list(functions.children())

    def piece(start: int, stop: int) -> Callable[[Any], Any]:
        def run(value: Any) -> Any:
            for function in functions[start:stop]:
                value = function(value)
            return value

        return run

    length = len(functions) // segments
    last = length * (segments - 1)
    for start in range(0, last, length):
        input = checkpoint(
            piece(start, start + length),
            input,
            use_reentrant=use_reentrant,
            preserve_rng_state=preserve_rng_state,
        )
    return piece(last, len(functions))(input)


def _warn_of_default(name: str) -> None:
    warnings.warn(
        f"torch.utils.checkpoint.{name}: the use_reentrant parameter should be passed explicitly. "
        "use_reentrant=False is recommended; without it you get use_reentrant=True.",
        stacklevel=3,
    )


# Without reentrance


class _Piece:
    """The piece of the graph that one run of a function recorded.

    ``start`` is a sequence number from before the run: newer nodes are inside the piece.  The edges
    that leave it, to older nodes and to leaves, are ``outside``.
    """

    def __init__(self, result: Any, start: int) -> None:
        self.start = start
        self.tensors = list(_tensors_in(result))
        #: The edges of the tensors that were computed inside -> their positions in ``tensors``.
        self.outputs: dict[_Edge, list[int]] = {}
        for position, tensor in enumerate(self.tensors):
            edge = tensor._edge()
            if edge is not None and self.has(edge[0]):
                self.outputs.setdefault(edge, []).append(position)
        self.nodes = self._nodes()
        edges = (edge for node in self.nodes for edge in node.edges if edge is not None)
        self.outside = list(dict.fromkeys(edge for edge in edges if not self.has(edge[0])))

    def has(self, node: Node) -> bool:
        """Whether ``node`` is inside."""
        return node.sequence > self.start and type(node) is not AccumulateGrad

    def _nodes(self) -> list[Node]:
        """The nodes inside, in the order in which they were recorded."""
        found: set[Node] = set()
        pending = [node for node, _ in self.outputs]
        while pending:
            node = pending.pop()
            if node not in found and self.has(node):
                found.add(node)
                pending.extend(edge[0] for edge in node.edges if edge is not None)
        return sorted(found, key=lambda node: node.sequence)

    def saved(self) -> list[_Record]:
        """What the nodes saved for backward."""
        return [record for node in self.nodes for record in _records(_saved_by(node))]

    def gates(self) -> dict[_Edge, _Edge]:
        """Put a gate into each edge that leaves; gives the edges of the gates.

        Gradients can be collected there without running what lies behind: hooks on the arguments,
        or the history that one argument has in another.
        """
        gates: dict[_Edge, _Edge] = {}
        for number, edge in enumerate(self.outside, 1):
            # Older than all nodes inside, newer than all outside.
            gates[edge] = (_Gate(edge, self.start + number / (len(self.outside) + 1)), 0)
        for node in self.nodes:
            node.edges = tuple(gates.get(edge, edge) for edge in node.edges)
        return gates


class _Gate(Node):
    """Passes the gradient on."""

    __slots__ = ()

    def __init__(self, edge: _Edge, sequence: float) -> None:
        super().__init__((edge,))
        self.sequence = sequence

    def backward(self, g: Any, create_graph: bool, wanted: list[bool] | None = None) -> list[Any]:
        return [g]


class _CheckpointNode(Node):
    """Stands for a piece of the graph: in backward the piece is recorded again, and walked."""

    __slots__ = ("again", "positions", "label", "saved", "trace", "debug", "used", "freed")

    def __init__(self, piece: _Piece, again: Callable[[], Any], check: bool, debug: bool) -> None:
        super().__init__(tuple(piece.outside), len(piece.outputs))
        self.again = again
        #: Which tensor of the result each output is.
        self.positions = [positions[0] for positions in piece.outputs.values()]
        nodes = {node.name() for node, _ in piece.outputs}
        self.label = nodes.pop() if len(nodes) == 1 else "CheckpointBackward"
        #: The versions of the tensors that came from outside; of their elements nothing is kept.
        outside = set(piece.outside)
        self.saved = [
            (np.broadcast_to(np.empty((), array.dtype), array.shape), counter, version, edge)
            for array, counter, version, edge in piece.saved()
            if edge is None or edge in outside
        ]
        self.trace = _Trace(piece) if check else None
        self.debug = debug
        #: The outputs that got a gradient: in this walk, and in walks that freed the graph.
        self.used: set[int] = set()
        self.freed: set[int] = set()
        for index, positions in enumerate(piece.outputs.values()):
            for position in positions:
                tensor = piece.tensors[position]
                tensor._node, tensor._index = self, index

    def name(self) -> str:
        return self.label

    def backward(self, g: Any, create_graph: bool, wanted: list[bool] | None = None) -> list[Any]:
        gradients = [g] if self.outputs == 1 else g
        self.used = {index for index, gradient in enumerate(gradients) if gradient is not None}
        if self.used & self.freed:
            raise RuntimeError(FREED_MESSAGE)
        for array, counter, version, edge in self.saved:
            if counter[0] != version:
                raise modified_in_place_error(array, counter[0], version, edge)
        start = next_sequence()
        piece = _Piece(self.again(), start)
        if self.trace is not None:
            self.trace.compare(_Trace(piece), self.debug)
        self._check_edges(piece)
        roots = [
            (*self._edge_of_output(index, piece), gradients[index]) for index in sorted(self.used)
        ]
        found = run_backward(roots, create_graph, create_graph, piece.gates())
        return [found.get(edge) for edge in self.edges]

    def _check_edges(self, piece: _Piece) -> None:
        """Raise if the second run took other tensors from outside: gradients would be lost."""
        # A leaf that the function makes is another one in each run; nobody sees its gradient.
        missing = [
            node
            for node, index in set(self.edges) - set(piece.outside)
            if not (type(node) is AccumulateGrad and node.variable is None)
        ]
        unknown = [
            node
            for node, index in set(piece.outside) - set(self.edges)
            if not (type(node) is AccumulateGrad and node.sequence > piece.start)
        ]
        if missing or unknown:
            raise CheckpointError(
                "torch.utils.checkpoint: Recomputation used other tensors than the original "
                f"forward: {len(missing)} not again, {len(unknown)} not before."
            )

    def _edge_of_output(self, index: int, piece: _Piece) -> _Edge:
        for edge, positions in piece.outputs.items():
            if self.positions[index] in positions:
                return edge
        raise CheckpointError(
            f"torch.utils.checkpoint: output {self.positions[index]} required grad during the "
            "original forward and does not during recomputation."
        )

    def release(self) -> None:
        self.freed |= self.used


class _Trace:
    """What a run did, to compare two of them: its operations, and what they saved."""

    def __init__(self, piece: _Piece) -> None:
        self.names = [node.name() for node in piece.nodes]
        self.saved = [(array.shape, array.dtype.name) for array, *_ in piece.saved()]

    def compare(self, other: _Trace, debug: bool) -> None:
        """Raise CheckpointError unless ``other``, the second run, did the same."""
        listed = ""
        if debug:
            listed = (
                f"\nOperations during forward: {', '.join(self.names)}"
                f"\nOperations during recomputation: {', '.join(other.names)}"
            )
        if len(self.saved) != len(other.saved):
            raise CheckpointError(
                "torch.utils.checkpoint: A different number of tensors was saved during the "
                "original forward and recomputation.\n"
                f"Number of tensors saved during forward: {len(self.saved)}\n"
                f"Number of tensors saved during recomputation: {len(other.saved)}.{listed}"
            )
        for position, (first, second) in enumerate(zip(self.saved, other.saved, strict=True)):
            if first != second:
                raise CheckpointError(
                    "torch.utils.checkpoint: Recomputed values for the following tensors have "
                    "different metadata than during the forward pass.\n"
                    f"tensor at position {position}:\n"
                    f"saved metadata: shape {list(first[0])}, {first[1]}\n"
                    f"recomputed metadata: shape {list(second[0])}, {second[1]}{listed}"
                )
        if self.names != other.names:
            raise CheckpointError(
                "torch.utils.checkpoint: Recomputation ran other operations than the original "
                f"forward.{listed}"
            )


def _saved_by(node: Node) -> Any:
    """What ``node`` saved for backward."""
    if isinstance(node, CopySlices):
        return _saved_by(node.inner)
    if isinstance(node, FunctionNode):
        return node._saved
    return getattr(node, "saved", ())


def _records(saved: Any) -> Iterator[_Record]:
    """The records of tensors among what a node saved."""
    for entry in saved or ():
        if isinstance(entry, list):
            yield from _records(entry)
        elif isinstance(entry, tuple):
            yield entry[:4]


def _tensors_in(value: Any) -> Iterator[Tensor]:
    """The tensors in nested tuples, lists and dicts."""
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, (tuple, list)):
        for item in value:
            yield from _tensors_in(item)
    elif isinstance(value, dict):
        for item in value.values():
            yield from _tensors_in(item)


# With reentrance


class CheckpointFunction(Function):
    """What ``checkpoint(use_reentrant=True)`` applies.  Source: torch.utils.checkpoint."""

    @staticmethod
    def forward(ctx: Any, run_function: Callable, preserve_rng_state: bool, *args: Any) -> Any:
        if not any(isinstance(arg, Tensor) and arg.requires_grad for arg in args):
            warnings.warn(
                "None of the inputs have requires_grad=True. Gradients will be None", stacklevel=4
            )
        ctx.run_function = run_function
        ctx.state = _rng_state() if preserve_rng_state else None
        ctx.precision = _autocast_as_it_is()
        ctx.places = [i for i, arg in enumerate(args) if isinstance(arg, Tensor)]
        ctx.others = [None if isinstance(arg, Tensor) else arg for arg in args]
        ctx.save_for_backward(*(args[i] for i in ctx.places))
        return run_function(*args)

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        args = list(ctx.others)
        for i, tensor in zip(ctx.places, ctx.saved_tensors, strict=True):
            args[i] = tensor
        args = list(detach_variable(tuple(args)))
        with _random_numbers_from(ctx.state), ctx.precision, enable_grad():
            outputs = ctx.run_function(*args)
        if isinstance(outputs, Tensor):
            outputs = (outputs,)
        pairs = [
            (output, gradient)
            for output, gradient in zip(outputs, grads, strict=True)
            if isinstance(output, Tensor) and output.requires_grad and gradient is not None
        ]
        if not pairs:
            raise RuntimeError(
                "none of output has requires_grad=True, this checkpoint() is not necessary"
            )
        backward([output for output, _ in pairs], [gradient for _, gradient in pairs])
        return (None, None, *(arg.grad if isinstance(arg, Tensor) else None for arg in args))


def detach_variable(inputs: tuple[Any, ...]) -> tuple[Any, ...]:
    """The inputs with each tensor detached, as a leaf that requires grad if the tensor did.

    Raises RuntimeError unless ``inputs`` is a tuple.  Source: torch.utils.checkpoint.
    """
    if not isinstance(inputs, tuple):
        raise RuntimeError(
            "Only tuple of tensors is supported. Got Unsupported input type: "
            f"{type(inputs).__name__}"
        )
    return tuple(
        value.detach().requires_grad_(value.requires_grad) if isinstance(value, Tensor) else value
        for value in inputs
    )


# Random numbers and precision


def _autocast_as_it_is() -> autocast:
    """A context in which the second run casts as the first one did."""
    return autocast(
        "cpu",
        dtype=get_autocast_dtype("cpu"),
        enabled=is_autocast_enabled("cpu"),
        cache_enabled=is_autocast_cache_enabled(),
    )


def _rng_state() -> np.ndarray:
    return random.default_generator.state_bytes()


@contextlib.contextmanager
def _random_numbers_from(state: np.ndarray | None) -> Iterator[None]:
    """Draw from ``state`` on inside, and go on from here afterwards; with None, change nothing."""
    if state is None:
        yield
        return
    here = _rng_state()
    random.default_generator.set_state_bytes(state)
    try:
        yield
    finally:
        random.default_generator.set_state_bytes(here)
