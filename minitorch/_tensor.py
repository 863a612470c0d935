"""torch's address of the tensor class.  Source: torch._tensor."""

from minitorch.tensor import Tensor

__all__ = ["Tensor"]
