"""Batches from a worker process to the main one: structure by pickle, elements beside it.

A message is one frame with the sizes of all arrays and the pickled structure.  The elements of
small arrays follow in a second frame.  Large ones are written once, into a region of shared memory
whose file descriptor follows instead; the receiver's arrays are that memory.  Only the program's
own workers are at the other end, so what is unpickled is what the program itself made.
"""

from __future__ import annotations

import io
import pickle
import struct
import weakref
from multiprocessing import reduction
from multiprocessing.connection import Connection
from typing import Any

import numpy as np

from minitorch import shared_memory
from minitorch.multiprocessing.reductions import check_leaf
from minitorch.nn.parameter import Parameter
from minitorch.shared_memory import Region
from minitorch.tensor import Tensor, wrap

__all__ = ["receive", "send"]

#: From how many bytes on a message goes through shared memory.
_LARGE = 1 << 16
#: Arrays begin at multiples of this in a region.
_ALIGNMENT = 64
#: How many received regions may be alive, each an open file, before batches are copied out.
_MOST_REGIONS = 64

_HEAD = struct.Struct("<QQ")  # the size of the region (0: there is none), the number of arrays
_regions: weakref.WeakSet[Region] = weakref.WeakSet()


class _BatchPickler(reduction.ForkingPickler):
    """Pickles a batch with the elements of its arrays left out: they are in ``buffers``."""

    def __init__(self, file: io.BytesIO, buffers: list[pickle.PickleBuffer]) -> None:
        super().__init__(file, 5, True, buffers.append)
        rules: dict[type, Any] = {Tensor: _reduce_tensor, Parameter: _reduce_tensor}
        self.dispatch_table = {**self.dispatch_table, **rules}


def _reduce_tensor(tensor: Tensor) -> tuple[Any, ...]:
    check_leaf(tensor)
    array = tensor._array
    # Row-major, but for the order of the dimensions: a transposed batch arrives transposed.
    order = sorted(range(array.ndim), key=lambda dim: -array.strides[dim])
    dense = np.asarray(array.transpose(order), order="C")
    return _rebuild_tensor, (
        type(tensor),
        dense.reshape(-1).view(np.uint8),
        array.dtype,
        dense.shape,
        order,
        tensor.requires_grad,
        tensor.__dict__,
    )


def _rebuild_tensor(
    cls: type[Tensor],
    elements: np.ndarray,
    dtype: np.dtype,
    shape: tuple[int, ...],
    order: list[int],
    requires_grad: bool,
    attributes: dict[str, Any],
) -> Tensor:
    tensor = wrap(elements.view(dtype).reshape(shape).transpose(np.argsort(order).tolist()))
    if cls is Parameter:
        tensor = Parameter(tensor, requires_grad)
    tensor.requires_grad_(requires_grad)
    tensor.__dict__.update(attributes)
    return tensor


def send(connection: Connection, message: Any) -> None:
    """Send ``message``; nothing has been sent if it cannot be pickled."""
    file = io.BytesIO()
    pickled: list[pickle.PickleBuffer] = []
    _BatchPickler(file, pickled).dump(message)
    buffers = [buffer.raw() for buffer in pickled]
    sizes = [buffer.nbytes for buffer in buffers]
    starts, end = _layout(sizes)
    large = end >= _LARGE and shared_memory.AVAILABLE
    head = _HEAD.pack(end if large else 0, len(sizes)) + np.array(sizes, np.uint64).tobytes()
    if not large:
        connection.send_bytes(head + file.getvalue())
        if sizes:
            connection.send_bytes(b"".join(buffers))
        return
    region = Region.allocate(end)
    for start, buffer in zip(starts, buffers, strict=True):
        region[start : start + buffer.nbytes] = buffer
    connection.send_bytes(head + file.getvalue())
    reduction.send_handle(connection, region.fd, None)


def receive(connection: Connection) -> Any:
    """The next message; EOFError or OSError when the other end is gone."""
    frame = connection.recv_bytes()
    region_size, count = _HEAD.unpack_from(frame)
    sizes = np.frombuffer(frame, np.uint64, count, _HEAD.size).tolist()
    memory: Any = b""
    if region_size:
        region = Region(reduction.recv_handle(connection), region_size)
        if len(_regions) < _MOST_REGIONS:
            _regions.add(region)
            memory = region
        else:
            memory = bytearray(region)
        starts, _ = _layout(sizes)
    elif count:
        memory = bytearray(connection.recv_bytes())
        starts = [0, *np.cumsum(sizes).tolist()][:-1]
    else:
        starts = []
    buffers = [
        np.ndarray(size, np.uint8, memory, start) for size, start in zip(sizes, starts, strict=True)
    ]
    return pickle.loads(memoryview(frame)[_HEAD.size + 8 * count :], buffers=buffers)


def _layout(sizes: list[int]) -> tuple[list[int], int]:
    """Where in a region arrays of these sizes begin, and where the last one ends."""
    starts, end = [], 0
    for size in sizes:
        starts.append(end)
        end += -(-size // _ALIGNMENT) * _ALIGNMENT
    return starts, end
