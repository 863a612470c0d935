"""``Function``: an operation with a gradient that the user writes."""

from __future__ import annotations

import functools

from minitorch.autograd import anomaly
from minitorch.autograd.bridge import bridge
from minitorch.autograd.graph import Node, modified_in_place_error, next_sequence
from minitorch.autograd.mode import mode, no_grad, set_grad_enabled
from minitorch.autograd.saved import FREED_MESSAGE, Packed, SavedTensor, pack_record
from minitorch.autograd.views import check_writable, rebase
from minitorch.ops._op import view_scatter
from minitorch.tensor import Tensor, wrap

__all__ = ["Function", "FunctionCtx", "once_differentiable"]


class FunctionNode(Node):
    """The node of one application of a Function; it is also the ``ctx`` that the user's methods
    get.  Each Function has a class of its own, named after it.
    """

    __slots__ = (
        "__dict__",
        "needs_input_grad",
        "materialize_grads",
        "_saved",
        "_saved_for_jvp",
        "_freed",
        "_dirty",
        "_non_differentiable",
        "output_metas",
    )

    #: The Function whose ``backward`` this runs.
    function: type[Function]

    def __init__(self):
        super().__init__(())
        self.needs_input_grad = ()
        self.materialize_grads = True
        self._saved = ()
        self._saved_for_jvp = ()
        self._freed = False
        self._dirty = ()
        self._non_differentiable = ()
        self.output_metas = ()

    #: torch: the nodes of Functions are called by this name.
    apply = Node.__call__

    # torch: with the module's name, unlike the nodes of its own operations.
    __repr__ = object.__repr__

    # --- what the user's forward (or setup_context) says ------------------------------------------

    def save_for_backward(self, *tensors):
        """Keep input or output tensors for ``backward``, where ``ctx.saved_tensors`` gives them
        back.
        """
        for tensor in tensors:
            if tensor is not None and not isinstance(tensor, Tensor):
                raise TypeError(
                    "save_for_backward can only save variables, but argument 0 is of type "
                    f"{type(tensor).__name__}"
                )
        self._saved = tensors

    def save_for_forward(self, *tensors):
        """Keep input or output tensors for ``jvp``, where ``ctx.saved_tensors`` gives them back."""
        self._saved_for_jvp = tensors

    @property
    def saved_tensors(self):
        """What ``save_for_backward`` kept.

        Raises RuntimeError after it was freed or written in place.
        """
        if self._freed:
            raise RuntimeError(FREED_MESSAGE)
        saved = self._saved_for_jvp if mode.forward and self._saved_for_jvp else self._saved
        return tuple([self._unpack(entry) for entry in saved])

    saved_variables = saved_tensors

    @property
    def _raw_saved_tensors(self):
        """What ``save_for_backward`` kept, as SavedTensors that take hooks."""
        if self._freed:
            raise RuntimeError(FREED_MESSAGE)
        return tuple([SavedTensor(self, self._open, place) for place in range(len(self._saved))])

    def _open(self):
        """The saved records as a list that may be changed; None when they are freed."""
        self._saved = list(self._saved)
        return None if self._freed else self._saved

    def mark_dirty(self, *tensors):
        """Say that the forward wrote to these inputs in place."""
        self._dirty = tensors

    def mark_non_differentiable(self, *tensors):
        """Say that these outputs have no gradient."""
        self._non_differentiable = tensors

    def set_materialize_grads(self, value: bool):
        """Whether ``backward`` gets zeros (the default) or None for outputs without a gradient."""
        self.materialize_grads = value

    def _pack(self, saved, outputs):
        """Saved tensors as records: an output kept whole would hold this node, a cycle."""
        packed = []
        for tensor in saved:
            if tensor is None:
                packed.append(None)
                continue
            place = next((k for k, out in enumerate(outputs) if out is tensor), None)
            edge = place if place is not None else tensor._edge()
            leaf = tensor if place is None and tensor.is_leaf else None
            packed.append((tensor._array, tensor._counter, tensor._counter[0], edge, leaf))
        if anomaly.state.watched:
            packed = [pack_record(self, record) for record in packed]
        return tuple(packed)

    def _unpack(self, entry):
        if type(entry) is Packed:
            return entry.unpack(self)
        if type(entry) is not tuple:
            return entry
        array, counter, version, edge, leaf = entry
        if type(edge) is int:
            edge = (self, edge)
        if counter[0] != version:
            raise modified_in_place_error(array, counter[0], version, edge)
        if leaf is not None and leaf._array is array:
            return leaf
        return bridge.restore(array, counter, edge)

    # --- the walk ---------------------------------------------------------------------------------

    def backward(self, g, create_graph, wanted=None):
        grads = [g] if self.outputs == 1 else g
        tensors = []
        for gradient, (shape, dtype) in zip(grads, self.output_metas, strict=True):
            if gradient is None and self.materialize_grads:
                from minitorch.ops.creation import zeros

                tensors.append(zeros(shape, dtype=dtype))
            else:
                tensors.append(
                    gradient if gradient is None or isinstance(gradient, Tensor) else wrap(gradient)
                )
        if mode.forward and self.function.jvp is not Function.jvp:
            results = self._transposed_jvp(tensors)
        else:
            with set_grad_enabled(create_graph):
                results = self.function.backward(self, *tensors)
        if not isinstance(results, tuple):
            results = (results,)
        while len(results) > len(self.edges) and results[-1] is None:
            results = results[:-1]
        if len(results) != len(self.edges):
            raise RuntimeError(
                f"function {self.name()} returned an incorrect number of gradients (expected "
                f"{len(self.edges)}, got {len(results)})"
            )
        return [self._checked(i, result, create_graph) for i, result in enumerate(results)]

    def _transposed_jvp(self, gradients):
        """What backward computes, by the user's ``jvp``: it is linear in the tangents."""
        from minitorch.autograd.interface import grad
        from minitorch.ops.creation import zeros

        with set_grad_enabled(True):
            tangents = [
                None if meta is None else zeros(meta[0], dtype=meta[1]) for meta in self.input_metas
            ]
            moving = [
                tangent.requires_grad_()
                for tangent, edge in zip(tangents, self.edges, strict=True)
                if edge is not None
            ]
            results = self.function.jvp(self, *tangents)
            results = results if isinstance(results, tuple) else (results,)
            pairs = [
                (result, gradient)
                for result, gradient in zip(results, gradients, strict=True)
                if gradient is not None and result is not None and result.requires_grad
            ]
            if not pairs:
                return (None,) * len(self.edges)
            outputs, weights = zip(*pairs, strict=True)
            found = iter(grad(outputs, moving, weights, create_graph=True, allow_unused=True))
        return tuple(None if edge is None else next(found) for edge in self.edges)

    def _checked(self, i, result, create_graph):
        edge = self.edges[i]
        if result is None or edge is None:
            return None
        if not isinstance(result, Tensor):
            raise TypeError(
                f"expected Variable or None (got {type(result).__name__}) from the backward of "
                f"{self.name()}"
            )
        shape, dtype = self.input_metas[i]
        if tuple(result.shape) != shape:
            if not _expands(shape, tuple(result.shape)):
                raise RuntimeError(
                    f"Function {self.name()} returned an invalid gradient at index {i} - got "
                    f"{list(result.shape)} but expected shape compatible with {list(shape)}"
                )
            from minitorch.ops._op import sum_to

            result = sum_to(result, shape)
        if result.dtype is not dtype:
            result = result.to(dtype)
        return result if create_graph else result._array

    def release(self):
        if self._saved:
            self._saved, self._freed = (), True


def _expands(shape, larger):
    if len(larger) < len(shape):
        return False
    return all(n in (1, m) for n, m in zip(reversed(shape), reversed(larger), strict=False))


#: What annotations call the context.
FunctionCtx = FunctionNode


class Function:
    """A differentiable operation with ``forward`` and ``backward`` written by the user, as static
    methods.

    ``forward(ctx, *args)`` computes (or ``forward(*args)`` with ``setup_context(ctx, inputs,
    output)``), ``backward(ctx, *grad_outputs)`` returns one gradient per argument, None where there
    is none. ``apply`` runs it.  Source: ``torch.autograd.Function``.

    Example::

        >>> import minitorch
        >>> class Cube(minitorch.autograd.Function):
        ...     @staticmethod
        ...     def forward(ctx, x):
        ...         ctx.save_for_backward(x)
        ...         return x ** 3
        ...     @staticmethod
        ...     def backward(ctx, g):
        ...         x, = ctx.saved_tensors
        ...         return g * 3 * x ** 2
        >>> x = minitorch.tensor(2., requires_grad=True)
        >>> Cube.apply(x).backward()
        >>> x.grad
        tensor(12.)
    """

    generate_vmap_rule = False
    #: The class of the nodes, and of the ``ctx``.
    _backward_cls: type[FunctionNode]

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        members = {"__slots__": (), "__module__": __name__, "function": cls}
        cls._backward_cls = type(cls.__name__ + "Backward", (FunctionNode,), members)

    def __init__(self, *args, **kwargs):
        raise RuntimeError(
            f"{type(self)} should not be instantiated. Methods on autograd functions are all "
            "static, so you should invoke them on the class itself. Instantiating an autograd "
            "function will raise an error in a future version of PyTorch."
        )

    @staticmethod
    def forward(*args, **kwargs):
        """Compute the outputs; to be written by the user."""
        raise NotImplementedError(
            "You must implement the forward function for custom autograd.Function."
        )

    @staticmethod
    def setup_context(ctx, inputs, output):
        """Keep what ``backward`` needs, if ``forward`` takes no ctx; to be written by the user."""
        raise NotImplementedError("setup_context is not implemented.")

    @staticmethod
    def backward(ctx, *grad_outputs):
        """The gradients of the inputs; to be written by the user."""
        raise NotImplementedError(
            "You must implement either the backward or vjp method for your custom "
            "autograd.Function to use it with backward mode AD."
        )

    @staticmethod
    def jvp(ctx, *grad_inputs):
        """The derivatives of the outputs as the inputs move along their tangents, for forward mode;
        to be written by the user who wants another than ``backward`` gives.
        """
        raise NotImplementedError(
            "You must implement the jvp function for custom autograd.Function to use it with "
            "forward mode AD."
        )

    @classmethod
    def apply(cls, *args, **kwargs):
        """Run ``forward`` and record it."""
        ctx = cls._backward_cls()
        tensors = [arg if isinstance(arg, Tensor) else None for arg in args]
        ctx.needs_input_grad = tuple(t is not None and t.requires_grad for t in tensors)
        separate = cls.setup_context is not Function.setup_context
        recording = mode.grad and any(ctx.needs_input_grad)
        edges = tuple(None if t is None or not t.requires_grad else t._edge() for t in tensors)
        with no_grad():
            if separate:
                output = cls.forward(*args, **kwargs)
                cls.setup_context(ctx, args, output)
            else:
                output = cls.forward(ctx, *args, **kwargs)
        several = isinstance(output, (tuple, list))
        outputs = list(output) if several else [output]
        if recording:
            outputs = _connect(ctx, edges, tensors, outputs)
        for tensor in ctx._dirty:
            if not recording:
                tensor._counter[0] += 1
        return tuple(outputs) if several else outputs[0]


def _connect(ctx, edges, inputs, outputs):
    """Make ``ctx`` the node of the outputs that are differentiable."""
    ctx.edges = edges
    ctx.sequence = next_sequence()  # now, when every edge it points to is older
    ctx.input_metas = tuple(None if t is None else (tuple(t.shape), t.dtype) for t in inputs)
    slots = [out for out in outputs if isinstance(out, Tensor)]
    ctx.outputs = max(len(outputs), 1)
    ctx.output_metas = tuple(
        (tuple(out.shape), out.dtype) if isinstance(out, Tensor) else ((), None) for out in outputs
    )
    results = []
    for index, out in enumerate(outputs):
        if not isinstance(out, Tensor):
            results.append(out)
            continue
        apart = any(out is t for t in ctx._non_differentiable) or out.dtype.rank < 2
        if any(out is t for t in ctx._dirty):
            check_writable(out)
            out._counter[0] += 1
            if len(slots) > 1 and out._view is not None:
                raise RuntimeError(
                    "If your Function modifies views inplace, it cannot return more than one "
                    "Tensor."
                )
            rebase(out, ctx, view_scatter)
            out._index = index if out._view is None else out._index
        else:
            # An input passed through, or a tensor with a past, gets an identity of its own.
            if any(out is t for t in inputs) or out._node is not None or out._view is not None:
                fresh = wrap(out._array)
                fresh._counter = out._counter
                if not any(out is t for t in inputs):
                    ctx._saved = tuple(fresh if t is out else t for t in ctx._saved)
                    ctx._saved_for_jvp = tuple(fresh if t is out else t for t in ctx._saved_for_jvp)
                out = fresh
            if not apart:
                out._node, out._index, out._requires_grad = ctx, index, True
        results.append(out)
    ctx._saved = ctx._pack(ctx._saved, results)
    ctx._saved_for_jvp = ctx._pack(ctx._saved_for_jvp, results)
    return results


def once_differentiable(backward):
    """Decorates a ``backward`` that cannot be differentiated: doing so raises RuntimeError."""

    @functools.wraps(backward)
    def wrapper(ctx, *grad_outputs):
        again = mode.grad and any(isinstance(g, Tensor) and g.requires_grad for g in grad_outputs)
        with no_grad():
            results = backward(ctx, *grad_outputs)
        if not again:
            return results
        several = isinstance(results, tuple)
        marked = [
            _Once.apply(result.detach().requires_grad_()) if isinstance(result, Tensor) else result
            for result in (results if several else (results,))
        ]
        return tuple(marked) if several else marked[0]

    return wrapper


class _Once(Function):
    """The identity, whose gradient is an error."""

    @staticmethod
    def forward(ctx, x):
        return x.clone()

    @staticmethod
    def backward(ctx, g):
        raise RuntimeError(
            "trying to differentiate twice a function that was marked with @once_differentiable"
        )
