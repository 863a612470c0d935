"""Tensors for other libraries, sharing memory, and theirs here.  Source: torch.utils.dlpack."""

from __future__ import annotations

from typing import Any

from minitorch.ops.creation import from_dlpack as _from_object
from minitorch.tensor import Tensor

__all__ = ["from_dlpack", "to_dlpack"]


def to_dlpack(tensor: Tensor) -> Any:
    """A capsule over the tensor's memory, to be taken once.

    Source: torch.utils.dlpack.to_dlpack.
    """
    return tensor.__dlpack__()


class _Holder:
    """A capsule as an object that hands it out."""

    def __init__(self, capsule):
        self.capsule = capsule

    def __dlpack__(self, **kwargs):
        return self.capsule

    def __dlpack_device__(self):
        return (1, 0)  # the CPU: no other memory is read here


def from_dlpack(ext_tensor: Any) -> Tensor:
    """A tensor over the memory of an object with ``__dlpack__``, or of a capsule.

    Source: torch.utils.dlpack.from_dlpack.
    """
    return _from_object(ext_tensor if hasattr(ext_tensor, "__dlpack__") else _Holder(ext_tensor))
