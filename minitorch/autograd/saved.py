"""What nodes save for backward, as users see it: hooks that pack it, and ``SavedTensor``.

A node saves records ``(array, version counter, version, edge)``.  Inside ``saved_tensors_hooks``
each record becomes a ``Packed``: what the user's pack hook made of the tensor, and the unpack hook
that will turn it back.  ``anomaly.state.watched`` tells the recorder that there is something to do,
so that recording costs nothing more while no hooks are set.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from typing import Any

from minitorch.autograd import anomaly
from minitorch.autograd.bridge import bridge
from minitorch.autograd.mode import no_grad

__all__ = [
    "Packed",
    "SavedTensor",
    "allow_mutation_on_saved_tensors",
    "disable_saved_tensors_hooks",
    "pack_record",
    "pack_saved",
    "save_on_cpu",
    "saved_tensors_hooks",
    "suspended",
]

FREED_MESSAGE = (
    "Trying to backward through the graph a second time (or directly access saved tensors after "
    "they have already been freed). Saved intermediate values of the graph are freed when you call "
    ".backward() or autograd.grad(). Specify retain_graph=True if you need to backward through "
    "the graph a second time or if you need to access saved tensors after calling backward."
)


class _Hooks(threading.local):
    """One thread's hooks: the pairs in force, innermost last, and why there may be none."""

    def __init__(self):
        self.pairs = []
        self.forbidden = None


_hooks = _Hooks()


class Packed:
    """A saved tensor in the form that a pack hook gave it."""

    __slots__ = ("value", "unpack_hook", "edge")

    def __init__(self, node, record, pair):
        array, counter, version, edge = record[:4]
        # An output's edge is its own node and stands as a bare index: see ``Op._record``.
        tensor = bridge.restore(array, counter, (node, edge) if type(edge) is int else edge)
        pack_hook, self.unpack_hook = pair
        self.edge = edge
        with no_grad():
            self.value = pack_hook(tensor)
        if counter[0] != version:
            raise RuntimeError(
                "A saved tensor pack hook is modifying its input in place. Tensors provided as "
                "input to pack hook cannot be modified by in-place operations as this can lead to "
                "unexpected side-effects."
            )

    def unpack(self, node):
        """The tensor again, with the edge it was saved with."""
        with no_grad():
            tensor = self.unpack_hook(self.value)
        if not hasattr(tensor, "_edge"):
            raise TypeError(
                "Output of saved tensor unpack_hook expected to be a Tensor but got result of "
                f"type {type(tensor).__name__}"
            )
        edge = (node, self.edge) if type(self.edge) is int else self.edge
        return bridge.restore(tensor._array, tensor._counter, edge)


def pack_record(node, record):
    """``record``, packed if hooks are in force; a list of records likewise; all else as it is."""
    if type(record) is list:
        return [pack_record(node, item) for item in record]
    if type(record) is not tuple or not _hooks.pairs or _hooks.pairs[-1] is None:
        return record
    return Packed(node, record, _hooks.pairs[-1])


def pack_saved(node) -> None:
    """Pack what ``node`` just saved, if hooks are in force in this thread."""
    if _hooks.pairs:
        node.saved = [pack_record(node, record) for record in node.saved]


class SavedTensor:
    """One saved tensor of a node, on which hooks can be registered: ``node._raw_saved_self``.

    Source: ``torch._C._autograd.SavedTensor``.
    """

    __slots__ = ("_node", "_records", "_place")

    def __init__(self, node, records, place):
        self._node = node
        self._records = records
        self._place = place

    def register_hooks(self, pack_hook: Callable, unpack_hook: Callable) -> None:
        """Keep ``pack_hook(tensor)`` in the tensor's place; backward calls ``unpack_hook`` on it.

        Raises RuntimeError if there are hooks already, or no tensor was saved.
        """
        records = self._records()
        if records is None:
            raise RuntimeError(
                "Calling register_hooks on a saved tensor after it has been freed. "
                + FREED_MESSAGE.partition("). ")[2]
            )
        record = None if self._place is None else records[self._place]
        if type(record) is Packed:
            raise RuntimeError(
                "Calling register_hooks on a saved tensor whose hooks have already been set. "
                "Hint: only one pair of hooks is allowed at a time."
            )
        if type(record) is not tuple:
            raise RuntimeError(
                "Calling register_hooks on a saved tensor with value None is forbidden"
            )
        records[self._place] = Packed(self._node, record, (pack_hook, unpack_hook))


def _push(pair):
    _hooks.pairs.append(pair)
    anomaly.state.watch(+1)


def _pop():
    _hooks.pairs.pop()
    anomaly.state.watch(-1)


class saved_tensors_hooks:
    """Inside, what operations save for backward is packed by one hook and unpacked by another.

    ``pack_hook(tensor)`` runs when a tensor is saved and may return anything;
    ``unpack_hook(packed)`` runs when backward needs the tensor and must return one of the same
    values.  Of nested blocks the innermost one counts.

    Raises RuntimeError inside ``disable_saved_tensors_hooks`` and, while saving, if the pack hook
    writes to the tensor.  Source: ``torch.autograd.graph.saved_tensors_hooks``.

    Example::

        >>> import minitorch
        >>> x = minitorch.tensor([1.0, 2.0], requires_grad=True)
        >>> with minitorch.autograd.graph.saved_tensors_hooks(lambda t: t.numpy(force=True),
        ...                                                   minitorch.from_numpy):
        ...     y = (x * x).sum()
        >>> y.backward()
        >>> x.grad
        tensor([2., 4.])
    """

    def __init__(self, pack_hook: Callable[[Any], Any], unpack_hook: Callable[[Any], Any]) -> None:
        self.pack_hook = pack_hook
        self.unpack_hook = unpack_hook

    def __enter__(self) -> None:
        if _hooks.forbidden is not None:
            raise RuntimeError(_hooks.forbidden)
        _push((self.pack_hook, self.unpack_hook))

    def __exit__(self, *exc_info: object) -> None:
        _pop()


class save_on_cpu(saved_tensors_hooks):
    """Inside, what operations save for backward waits in the CPU's memory.

    With tensors on the CPU nothing moves.  ``pin_memory`` and ``device_type`` are torch's and
    change nothing here.  Source: ``torch.autograd.graph.save_on_cpu``.
    """

    def __init__(self, pin_memory: bool = False, device_type: str = "cuda") -> None:
        super().__init__(
            lambda tensor: (tensor.device, tensor.cpu()), lambda packed: packed[1].to(packed[0])
        )


@contextlib.contextmanager
def suspended() -> Iterator[None]:
    """Inside, no hooks are in force: for code that keeps what its pieces save to itself."""
    if not _hooks.pairs:
        yield
        return
    _push(None)
    try:
        yield
    finally:
        _pop()


@contextlib.contextmanager
def disable_saved_tensors_hooks(error_message: str) -> Iterator[None]:
    """Inside, entering ``saved_tensors_hooks`` raises RuntimeError with ``error_message``.

    Raises it at once if hooks are in force.  Source:
    ``torch.autograd.graph.disable_saved_tensors_hooks``.
    """
    if _hooks.pairs:
        raise RuntimeError(error_message)
    before, _hooks.forbidden = _hooks.forbidden, error_message
    try:
        yield
    finally:
        _hooks.forbidden = before


class _MutationContext:
    """What one ``allow_mutation_on_saved_tensors`` block keeps: whether it is still open."""

    def __init__(self):
        self.open = True

    def clear(self) -> None:
        """Kept for torch's programs: the copies belong to the graph and go with it."""


@contextlib.contextmanager
def allow_mutation_on_saved_tensors() -> Iterator[_MutationContext]:
    """Inside, tensors that were saved for backward may be written in place.

    Each saved tensor is copied when it is saved (PyTorch copies it when it is written to), and
    backward uses the copy.  Backward must run inside the block.

    Raises AssertionError for a backward outside.  Source:
    ``torch.autograd.graph.allow_mutation_on_saved_tensors``.
    """
    context = _MutationContext()

    def unpack(copied):
        assert context.open, (
            "Trying to backward outside of the 'allow_mutation_on_saved_tensors' context in which "
            "the graph was originally recorded."
        )
        return copied

    try:
        with saved_tensors_hooks(lambda tensor: tensor.clone(), unpack):
            yield context
    finally:
        context.open = False
