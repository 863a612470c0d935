"""Which functions ``autocast`` runs in which precision, said at the functions themselves.

::

    @lower_precision  # products: in bfloat16 or float16, whichever the context asks for
    @op
    def mm(xp, input, mat2, /): ...

Outside an ``autocast`` context (``minitorch.amp``) the functions are called as they are.  Inside,
their tensors are cast first, and what they are composed of is left alone.  The lists are those of
torch's CPU autocast; a function on none of them computes in the type of its inputs.
"""

from __future__ import annotations

import functools

from minitorch import dtypes
from minitorch.autograd.mode import mode
from minitorch.ops._op import cast
from minitorch.tensor import Tensor

__all__ = ["cast_floating", "full_precision", "lower_precision", "own_precision"]


def lower_precision(function):
    """Run ``function`` in the context's dtype: products, whose sums are kept wide inside."""
    return _casting(function, lambda value, target: _cast_each(value, target, _cast_and_keep))


def full_precision(function):
    """Run ``function`` in float32: losses, norms, decompositions, which need the digits."""
    return _casting(function, lambda value, _: _cast_each(value, dtypes.float32, cast))


def own_precision(function):
    """Run ``function``, which is composed of functions on the lists, in the type of its inputs."""
    return _casting(function, lambda value, _: value)


def _casting(function, convert):
    @functools.wraps(function)
    def call(*args, **kwargs):
        target = mode.autocast
        if target is None or kwargs.get("out") is not None:
            # torch: what is written into a given tensor is computed in the type of the inputs.
            return function(*args, **kwargs)
        args = [convert(value, target) for value in args]
        kwargs = {name: convert(value, target) for name, value in kwargs.items()}
        mode.autocast = None
        try:
            return function(*args, **kwargs)
        finally:
            mode.autocast = target

    if hasattr(function, "op"):
        function.op.function = call  # the method calls it, too
    return call


def _cast_each(value, dtype, convert):
    """``value`` with its tensors of another floating type in ``dtype``; float64 stays itself."""
    if isinstance(value, Tensor):
        own = value.dtype
        if own is dtype or not own.is_floating_point or own is dtypes.float64:
            return value
        return convert(value, dtype)
    if type(value) in (list, tuple):
        return type(value)([_cast_each(item, dtype, convert) for item in value])
    return value


def cast_floating(value, dtype):
    """``value`` with its tensors (also in lists and tuples) of another floating type in ``dtype``.

    Tensors of float64, of integers and everything else stay as they are.
    """
    return _cast_each(value, dtype, cast)


def _cast_and_keep(tensor, dtype):
    """The tensor in ``dtype``.  A leaf, such as a weight, is cast once in each context."""
    cache = mode.autocast_cache
    keep = (
        cache is not None
        and tensor._requires_grad
        and tensor.is_leaf
        and tensor._view is None
        and tensor.dtype is dtypes.float32
    )
    if not keep:
        return cast(tensor, dtype)
    # Without a graph the copy is another one than with it.
    key = (id(tensor), dtype, mode.grad)
    if key not in cache:
        cache[key] = (
            cast(tensor, dtype),
            tensor,
        )  # which lives on, so that its id is no one else's
    return cache[key][0]
