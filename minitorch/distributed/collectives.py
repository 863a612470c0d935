"""The operations of a group, on arrays.

Every operation has a number, the same in all processes, and its messages carry it: operations may
overlap in time and never take each other's messages.  A sum is made once, in the order of the
ranks, and handed out: all processes get the same bits, whatever came first.
"""

from __future__ import annotations

import enum
import struct
from collections.abc import Sequence
from typing import Any

import numpy as np

from minitorch.distributed.errors import DistBackendError
from minitorch.distributed.mesh import Mesh

__all__ = ["Call", "ReduceOp", "check_reduction"]


class ReduceOp(enum.Enum):
    """How the tensors of several processes become one.

    Source: torch.distributed.ReduceOp.

    SUM, AVG, PRODUCT, MIN and MAX, and for integers BAND, BOR and BXOR (bit by bit).
    """

    SUM = 0
    AVG = 1
    PRODUCT = 2
    MIN = 3
    MAX = 4
    BAND = 5
    BOR = 6
    BXOR = 7

    def __repr__(self) -> str:
        return f"<RedOpType.{self.name}: {self.value}>"

    def __str__(self) -> str:
        return f"RedOpType.{self.name}"


_UFUNCS: dict[ReduceOp, Any] = {
    ReduceOp.SUM: np.add,
    ReduceOp.AVG: np.add,
    ReduceOp.PRODUCT: np.multiply,
    ReduceOp.MIN: np.minimum,
    ReduceOp.MAX: np.maximum,
    ReduceOp.BAND: np.bitwise_and,
    ReduceOp.BOR: np.bitwise_or,
    ReduceOp.BXOR: np.bitwise_xor,
}

#: From how many bytes on an ``all_reduce`` shares out the additions.
_LARGE = 1 << 15

#: The name of the operation (as far as it fits), and the length of the message behind it.
_LABEL = struct.Struct("<20s")
_CHANNEL = 1


def check_reduction(op: ReduceOp, dtype: np.dtype) -> None:
    """Raise RuntimeError for an ``op`` that has no meaning for elements of ``dtype``."""
    if op in (ReduceOp.BAND, ReduceOp.BOR, ReduceOp.BXOR) and dtype.kind not in "iub":
        raise RuntimeError(f"Cannot use ReduceOp.{op.name} with non-integral dtype")
    if op in (ReduceOp.MIN, ReduceOp.MAX) and dtype.kind == "c":
        raise RuntimeError(f"Cannot use ReduceOp.{op.name} with complex dtype: it has no order")
    if op is ReduceOp.AVG and dtype.kind in "iub":
        raise RuntimeError(
            "result type Float can't be cast to the desired output type Long: ReduceOp.AVG is for "
            "floating point tensors"
        )


class Call:
    """One operation of a group.

    Args:
        mesh: the connections.
        number: which operation of the group this is.
        name: its name, which every process must have called.
        timeout: how many seconds to wait for another process.
    """

    def __init__(self, mesh: Mesh, number: int, name: str, timeout: float) -> None:
        self.mesh, self.number, self.name, self.timeout = mesh, number, name, timeout
        self._label = _LABEL.pack(name.encode()[: _LABEL.size])
        self._others = [peer for peer in range(mesh.size) if peer != mesh.rank]

    # --- messages -----------------------------------------------------------------------------

    def send_bytes(self, peer: int, data: Any) -> None:
        """Send ``data`` to a peer that calls ``receive_bytes``."""
        self.mesh.send(peer, _CHANNEL, self.number, self._label)
        self.mesh.send(peer, _CHANNEL, self.number, data)

    def receive_bytes(self, peer: int) -> bytearray:
        """What ``peer`` sent; DistBackendError where it is in another operation."""
        _, label = self.mesh.receive(peer, _CHANNEL, self.number, self.timeout)
        if label != self._label:
            theirs = bytes(label).rstrip(b"\0").decode(errors="replace")
            raise DistBackendError(
                f"operation {self.number} of the group is {self.name} on rank {self.mesh.rank} and "
                f"{theirs} on rank {peer}: all ranks must call the same operations in one order"
            )
        return self.mesh.receive(peer, _CHANNEL, self.number, self.timeout)[1]

    def send(self, peer: int, array: np.ndarray) -> None:
        """Send the elements of ``array``."""
        # Bytes, as not every dtype (bfloat16) can be seen through a memoryview.
        self.send_bytes(peer, np.ascontiguousarray(array).reshape(-1).view(np.uint8))

    def receive(self, peer: int, like: np.ndarray) -> np.ndarray:
        """An array of the shape and dtype of ``like`` with what ``peer`` sent."""
        data = self.receive_bytes(peer)
        if len(data) != like.nbytes:
            raise DistBackendError(
                f"{self.name}: rank {peer} sent {len(data)} bytes where rank {self.mesh.rank} "
                f"expects {like.nbytes}: shape and dtype must be the same on all ranks"
            )
        return np.frombuffer(data, np.uint8).view(like.dtype).reshape(like.shape)

    # --- operations ---------------------------------------------------------------------------

    def all_gather(self, array: np.ndarray, likes: Sequence[np.ndarray]) -> list[np.ndarray]:
        """The arrays of all ranks; ``likes`` tells their shapes."""
        for peer in self._others:
            self.send(peer, array)
        return [
            array if peer == self.mesh.rank else self.receive(peer, likes[peer])
            for peer in range(self.mesh.size)
        ]

    def all_gather_bytes(self, data: bytes) -> list[bytes | bytearray]:
        """The bytes of all ranks."""
        for peer in self._others:
            self.send_bytes(peer, data)
        return [
            data if peer == self.mesh.rank else self.receive_bytes(peer)
            for peer in range(self.mesh.size)
        ]

    def gather(self, array: np.ndarray, root: int) -> list[np.ndarray] | None:
        """The arrays of all ranks, on ``root``; None elsewhere."""
        if self.mesh.rank != root:
            self.send(root, array)
            return None
        return [
            array if peer == root else self.receive(peer, array) for peer in range(self.mesh.size)
        ]

    def scatter(
        self, arrays: Sequence[np.ndarray] | None, root: int, like: np.ndarray
    ) -> np.ndarray:
        """Each rank's own of the arrays that ``root`` has."""
        if self.mesh.rank != root:
            return self.receive(root, like)
        assert arrays is not None
        for peer in self._others:
            self.send(peer, arrays[peer])
        return arrays[root]

    def broadcast(self, array: np.ndarray, root: int) -> np.ndarray:
        """The array of ``root``."""
        return self.scatter([array] * self.mesh.size, root, array)

    def all_to_all(
        self, arrays: Sequence[np.ndarray], likes: Sequence[np.ndarray]
    ) -> list[np.ndarray]:
        """Array ``r`` goes to rank ``r``; what the ranks sent here."""
        for peer in self._others:
            self.send(peer, arrays[peer])
        return [
            arrays[peer] if peer == self.mesh.rank else self.receive(peer, likes[peer])
            for peer in range(self.mesh.size)
        ]

    def reduce(self, array: np.ndarray, op: ReduceOp, root: int) -> np.ndarray | None:
        """The reduction of all ranks' arrays, on ``root``; None elsewhere."""
        arrays = self.gather(array, root)
        return None if arrays is None else _reduce(arrays, op)

    def reduce_scatter(self, arrays: Sequence[np.ndarray], op: ReduceOp) -> np.ndarray:
        """The reduction of what all ranks have in this rank's place of their lists."""
        mine = arrays[self.mesh.rank]
        return _reduce(self.all_to_all(arrays, [mine] * self.mesh.size), op)

    def all_reduce(self, array: np.ndarray, op: ReduceOp) -> np.ndarray:
        """The reduction of all ranks' arrays, with the same bits on all ranks."""
        if array.nbytes < _LARGE or self.mesh.size == 1:
            return _reduce(self.all_gather(array, [array] * self.mesh.size), op)
        # Each rank reduces one part and hands it out: twice the array goes over each connection's
        # end, as in a ring, in two steps in place of 2 (size - 1).
        flat = np.ascontiguousarray(array).reshape(-1)
        parts = np.array_split(flat, self.mesh.size)
        reduced = self.reduce_scatter(parts, op)
        return np.concatenate(self.all_gather(reduced, parts)).reshape(array.shape)


def _reduce(arrays: Sequence[np.ndarray], op: ReduceOp) -> np.ndarray:
    """``arrays`` reduced one after the other, in the order of the ranks."""
    result = np.array(arrays[0])
    for array in arrays[1:]:
        _UFUNCS[op](result, array, out=result)
    if op is ReduceOp.AVG:
        result /= len(arrays)
    return result
