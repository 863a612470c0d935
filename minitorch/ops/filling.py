"""Overwriting a whole tensor: ``copy_``, ``fill_``, ``zero_``.

Written into a leaf or outside the graph these are plain writes to memory; recorded, each is the
in-place twin of an op.  Assignment, ``x[...] = v``, is one of them on a view (``indexing``).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minitorch.autograd.mode import mode
from minitorch.backends.meta import NO_DATA
from minitorch.ops._op import cast, composite, op, sum_to, write
from minitorch.ops.creation import number_array, scalar_tensor
from minitorch.ops.elementwise import zero_of
from minitorch.ops.shape import broadcast_pair
from minitorch.ops.strides import imag, real
from minitorch.tensor import Tensor

__all__ = [
    "METHODS",
    "copied_values",
    "copy_",
    "fill",
    "fill_",
    "fill_number",
    "filled",
    "filled_with",
    "is_recorded",
    "zero_",
]


def is_recorded(tensor: Tensor, value: Any) -> bool:
    """Whether writing ``value`` (a tensor or a number) into a tensor belongs in the graph."""
    if not mode.grad or tensor._array.dtype.kind not in "fcV":
        return False
    return tensor.requires_grad or isinstance(value, Tensor) and value.requires_grad


@op(public=False, method=False, inplace=True, node="CopyBackwards")
def copied_values(xp, input, src, /):
    """``src`` in the shape and dtype of ``input``: what ``copy_`` writes."""
    return xp.broadcast_to(src, input.shape)


copied_values.vjp(input=lambda g: zero_of(g), src=lambda g: g)


def copy_(self: Tensor, src: Tensor, non_blocking: bool = False) -> Tensor:
    """Write the elements of ``src``, broadcast and converted, into this tensor.

    Raises RuntimeError where they do not broadcast.  Source: torch.Tensor.copy_.
    """
    if not isinstance(src, Tensor):
        src = scalar_tensor(src, dtype=self.dtype)
    have, shape = src._array.shape, self._array.shape
    if have != shape and broadcast_pair(shape, have) != shape:
        raise RuntimeError(
            f"output with shape {list(shape)} doesn't match the broadcast shape "
            f"{list(broadcast_pair(shape, have))}"
        )
    if src.is_meta and not self.is_meta:
        raise NotImplementedError(NO_DATA)
    if self.is_meta:
        self._counter[0] += 1
        return self
    if is_recorded(self, src):
        if src.dtype.is_complex and not self.dtype.is_complex:
            src = cast(src, self.dtype)
        copied_values.op.call_inplace(self, src)
        return self
    values = src._array
    if values.dtype.kind == "c" and self._array.dtype.kind != "c":
        values = values.real
    mode.run(write, self, np.broadcast_to(values, shape), "copy_")
    return self


@op(public=False, method=False, inplace=True, node=lambda params: params["node"])
def filled(xp, input, /, value, node):
    """``value`` in the shape of ``input``, which takes no gradient from it."""
    return xp.full(input.shape, value, input.dtype)


filled.vjp(input=lambda g: zero_of(g))


@op(public=False, method=False, inplace=True, node=lambda params: params["node"])
def filled_with(xp, input, value, /, node):
    """The number in the 0-d ``value`` in the shape of ``input``."""
    return xp.full(input.shape, value, input.dtype)


filled_with.vjp(input=lambda g: zero_of(g), value=lambda g: sum_to(g, ()))


def _check_zero_dim(value, name):
    if value.ndim:
        raise RuntimeError(
            f"{name} only supports 0-dimension value tensor but got tensor with {value.ndim} "
            "dimensions."
        )


def fill_(self: Tensor, value: Any) -> Tensor:
    """Write one number, or the one in a 0-d tensor, into all elements.

    Source: torch.Tensor.fill_.
    """
    if isinstance(value, Tensor):
        _check_zero_dim(value, "fill_")
        if is_recorded(self, value):
            return filled_with.op.call_inplace(self, value, "FillBackward3")
        return copy_(self, value)
    return fill_number(self, value, "FillBackward2")


def fill_number(tensor: Tensor, value: Any, node: str) -> Tensor:
    """Write one number into all elements; ``node`` names what the graph records, if it does."""
    number = number_array(value, tensor.dtype)
    if is_recorded(tensor, None):
        return filled.op.call_inplace(tensor, number, node)
    # torch: one number may be written also where elements share their memory (an expanded tensor).
    tensor._array[...] = number
    tensor._counter[0] += 1
    return tensor


def zero_(self: Tensor) -> Tensor:
    """Write zeros into all elements.  Source: torch.Tensor.zero_."""
    if is_recorded(self, None):
        return filled.op.call_inplace(self, 0, "ZeroBackward0")
    self._array.fill(0)
    self._counter[0] += 1
    return self


@composite(method=False)
def fill(input: Tensor, value: Any) -> Tensor:
    """One number, or the one in a 0-d tensor, in the shape and dtype of ``input``.

    Source: torch.fill.
    """
    if isinstance(value, Tensor):
        _check_zero_dim(value, "fill_")
        return filled_with(input, value, "FillBackward1")
    return filled(input, number_array(value, input.dtype), "FillBackward0")


def _written(part):
    """The setter behind ``x.real = ...``: writes into that part."""

    def write_part(self, value):
        copy_(part(self), value)

    return write_part


METHODS = {
    "copy_": copy_,
    "fill_": fill_,
    "imag": property(imag, _written(imag), doc=imag.__doc__),
    "real": property(real, _written(real), doc=real.__doc__),
    "zero_": zero_,
}
