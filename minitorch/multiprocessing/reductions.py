"""How tensors travel between processes: their memory is shared, only its file descriptor is sent.

Importing this teaches the standard library's ``multiprocessing`` (queues, pipes, arguments of
processes) to send tensors so.  Sender and receiver then see each other's writes.  As in torch, the
sender has to live until the receiver has taken the tensor out of the queue, gradients do not
travel, and plain ``pickle`` copies.  Source: torch.multiprocessing.reductions.
"""

from __future__ import annotations

from multiprocessing import reduction
from typing import Any

import numpy as np

from minitorch import shared_memory
from minitorch.nn.parameter import Parameter
from minitorch.shared_memory import Region, region_of
from minitorch.storage import address
from minitorch.tensor import Tensor, wrap

__all__ = ["check_leaf", "init_reductions", "rebuild_tensor", "reduce_tensor"]


def check_leaf(tensor: Tensor) -> None:
    """Raise RuntimeError for a tensor that hangs in a graph, which cannot leave its process."""
    if tensor.requires_grad and not tensor.is_leaf:
        raise RuntimeError(
            "Cowardly refusing to serialize non-leaf tensor which requires_grad, since autograd "
            "does not support crossing process boundaries.  If you just want to transfer the data, "
            "call detach() on the tensor before serializing (e.g., putting it on the queue)."
        )


def reduce_tensor(tensor: Tensor) -> tuple[Any, tuple[Any, ...]]:
    """What to send for ``tensor``, whose memory becomes shared: ``(rebuild_tensor, arguments)``.

    Errors: RuntimeError for a tensor that is not a leaf.
    """
    check_leaf(tensor)
    if not shared_memory.AVAILABLE:
        return tensor.__reduce_ex__(5)
    tensor.share_memory_()
    array = tensor._array
    region = region_of(array)
    assert region is not None
    beginning = np.ndarray(1, np.uint8, region)
    return rebuild_tensor, (
        type(tensor),
        reduction.DupFd(region.fd),
        len(region),
        address(array) - address(beginning) if array.size else 0,
        array.shape,
        array.strides,
        array.dtype,
        tensor.requires_grad,
        tensor.__dict__,
    )


def rebuild_tensor(
    cls: type[Tensor],
    descriptor: Any,
    size: int,
    offset: int,
    shape: tuple[int, ...],
    strides: tuple[int, ...],
    dtype: np.dtype,
    requires_grad: bool,
    attributes: dict[str, Any],
) -> Tensor:
    """The tensor that ``reduce_tensor`` described, over the same memory."""
    region = Region(descriptor.detach(), size)
    tensor = wrap(np.ndarray(shape, dtype, region, offset, strides))
    if cls is Parameter:
        tensor = Parameter(tensor, requires_grad)
    tensor.requires_grad_(requires_grad)
    tensor.__dict__.update(attributes)
    return tensor


def init_reductions() -> None:
    """Teach ``multiprocessing`` to share the memory of tensors; importing this module does it."""
    for cls in (Tensor, Parameter):
        reduction.ForkingPickler.register(cls, reduce_tensor)


init_reductions()
