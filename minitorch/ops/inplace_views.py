"""Changing what a tensor itself looks at: the in-place twins of views, ``resize_`` and ``set_``.

None of them writes an element: the tensor takes over the array, and the place in the graph, of
another one.
"""

from __future__ import annotations

import math
import warnings

import numpy as np

from minitorch.autograd.mode import mode
from minitorch.autograd.views import check_writable
from minitorch.memory_format import contiguous_format, empty_array, preserve_format
from minitorch.ops._dims import loose_sizes
from minitorch.ops._op import named
from minitorch.ops.shape import squeeze, swapaxes, swapdims, t, transpose, unsqueeze, view
from minitorch.ops.strides import as_strided, memory_of, offset_of
from minitorch.tensor import Tensor, wrap

__all__ = [
    "METHODS",
    "resize",
    "resize_",
    "resize_as",
    "resize_as_",
    "set_",
]


def _become(tensor, viewed):
    """Let ``tensor`` be what ``viewed``, a view of it, is: the in-place twins of views."""
    if tensor.requires_grad and mode.grad:
        check_writable(tensor)
    view = viewed._view
    if tensor._view is None:
        leaf = tensor._requires_grad and tensor.is_leaf
        view = None if leaf else _based_on_old_self(view, tensor)
    tensor._array = viewed._array
    tensor._counter[0] += 1
    if viewed._node is not None:
        tensor._node, tensor._index, tensor._requires_grad = viewed._node, viewed._index, True
    if view is not None:
        view.version = tensor._counter[0]
    tensor._view = view
    return tensor


def _based_on_old_self(view, tensor):
    """``view`` of what ``tensor`` is now: its other views begin at this shape, not the new one."""
    old = wrap(tensor._array)
    old._counter, old._node, old._index = tensor._counter, tensor._node, tensor._index
    old._requires_grad = tensor._requires_grad
    view._base, view.of_old_self = old, True
    return view


def _twin_name(name):
    # torch counts the in-place twins after the overloads, of which ``squeeze`` has three.
    family, number = name.split("Backward")
    return f"{family}Backward{int(number) + (3 if family == 'Squeeze' else 1)}"


def _inplace_twin(function):
    def twin(self, *args, **kwargs):
        viewed = function(self, *args, **kwargs)
        if viewed._node is not None:
            named(viewed, _twin_name(viewed._node.name()))
        return _become(self, viewed)

    twin.__name__ = twin.__qualname__ = function.__name__ + "_"
    twin.__doc__ = (
        f"In-place twin of :func:`{function.__name__}`: the tensor itself takes the new shape."
    )
    return twin


def resize_(self: Tensor, *size, memory_format=contiguous_format) -> Tensor:
    """The first elements of the storage as another shape; new memory where they are too few.

    Elements beyond the old ones are uninitialised.  Raises RuntimeError for a tensor that requires
    grad. Source: torch.Tensor.resize_.
    """
    if self.requires_grad:
        raise RuntimeError("cannot resize variables that require grad")
    shape = loose_sizes(size, None, "resize_")
    memory = memory_of(self._array)[offset_of(self._array) :]
    wanted = math.prod(shape)
    if wanted > memory.size:
        grown = np.empty(wanted, memory.dtype)
        grown[: memory.size] = memory
        memory = grown
    reshaped = memory[:wanted].reshape(shape)
    if memory_format not in (contiguous_format, preserve_format):
        reshaped = empty_array(np, shape, memory.dtype, memory_format)
        reshaped[...] = memory[:wanted].reshape(shape)
    self._array = reshaped
    self._counter[0] += 1
    return self


def resize_as_(self: Tensor, the_template: Tensor, memory_format=contiguous_format) -> Tensor:
    """``resize_`` to the shape of another tensor.  Source: torch.Tensor.resize_as_."""
    return resize_(self, the_template.shape, memory_format=memory_format)


def set_(self: Tensor, source: Tensor | None = None) -> Tensor:
    """Look at the memory of ``source`` from now on; without it, at none.

    Storages with offsets and sizes are not available.  Source: torch.Tensor.set_.
    """
    if source is None:
        self._array = np.empty(0, self._array.dtype)
    elif not isinstance(source, Tensor):
        raise NotImplementedError(
            "set_() is available for a tensor as its source, not for storages"
        )
    elif source.dtype is not self.dtype:
        raise RuntimeError(
            f"Could not set tensor of type {source.dtype} to a tensor of type {self.dtype}"
        )
    else:
        self._array, self._counter = source._array, source._counter
    self._counter[0] += 1
    return self


def resize(self: Tensor, *sizes) -> Tensor:
    """The tensor in another shape of as many elements.  Deprecated, as in torch: use ``reshape``.

    Raises RuntimeError for another number of elements.  Source: torch.Tensor.resize.
    """
    warnings.warn("non-inplace resize is deprecated", stacklevel=2)
    shape = loose_sizes(sizes, None, "resize")
    if math.prod(shape) != self.numel():
        raise RuntimeError(
            f"requested resize to {'x'.join(map(str, shape))} ({math.prod(shape)} elements in "
            "total), but the given tensor has a size of "
            f"{'x'.join(map(str, self.shape))} ({self.numel()} elements). autograd's resize can "
            "only change the shape of a given tensor, while preserving the number of elements. "
        )
    return named(view(self.contiguous(), shape), "ResizeBackward")


def resize_as(self: Tensor, tensor: Tensor) -> Tensor:
    """``resize`` to the shape of another tensor.  Source: torch.Tensor.resize_as."""
    return resize(self, tensor.shape)


METHODS = {
    "resize": resize,
    "resize_": resize_,
    "resize_as": resize_as,
    "resize_as_": resize_as_,
    "set_": set_,
    **{
        function.__name__ + "_": _inplace_twin(function)
        for function in (as_strided, squeeze, swapaxes, swapdims, t, transpose, unsqueeze)
    },
}
