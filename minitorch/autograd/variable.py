"""``Variable``: the old name of a tensor that may require grad."""

from __future__ import annotations

import warnings

from minitorch.tensor import Tensor

__all__ = ["Variable"]


class _VariableMeta(type):
    def __instancecheck__(cls, instance):
        return isinstance(instance, Tensor)

    def __call__(cls, data=None, requires_grad=False, volatile=None):
        if volatile is not None:
            warnings.warn(
                "volatile was removed and now has no effect. Use `with torch.no_grad():` instead.",
                stacklevel=2,
            )
        if data is None:
            data = Tensor()
        if not isinstance(data, Tensor):
            raise TypeError(f"Variable data has to be a tensor, but got {type(data).__name__}")
        # torch: a new tensor over the same memory, a leaf of its own.
        return data.detach().requires_grad_(requires_grad)


class Variable(metaclass=_VariableMeta):
    """``Variable(tensor, requires_grad=False)`` is the tensor itself, as a new leaf over the same
    memory.

    Source: ``torch.autograd.Variable``, which torch keeps for old programs.
    """
