"""Writing in place through a view: how the graph of the base is mended, and the views' own edges.

A view remembers its base (never itself a view) and the chain of view ops that leads from the base
to it.  A write through the view gives the base a new node, ``CopySlices``; every view of that base
then finds its version outdated and rebuilds its edge by replaying its chain, when somebody next
asks.
"""

from __future__ import annotations

import re

from minitorch.autograd.graph import Node
from minitorch.autograd.mode import mode, set_grad_enabled

__all__ = ["CopySlices", "Region", "View", "check_writable", "rebase"]


def _replay(chain, base):
    for op, metadata, index in chain:
        base = op.function(base, **metadata)
        if op.several:
            base = base[index]
    return base


class View:
    """What makes a tensor a view: its base and the steps ``(op, metadata, output index)`` from
    there.
    """

    __slots__ = ("_base", "chain", "version", "recorded", "several", "of_old_self")

    def __init__(self, base, chain, version, recorded, several):
        self._base = base
        self.chain = chain
        #: The version of the storage for which the tensor's edge was made.
        self.version = version
        #: Whether the graph was being recorded when the view was made.
        self.recorded = recorded
        #: Whether the op that made the view made several at once (``unbind``, ``split``).
        self.several = several
        #: Whether the base is the tensor's own old self, from before it was reshaped in place.
        self.of_old_self = False

    @property
    def base(self):
        """The tensor at which the chain begins, itself no view."""
        base = self._base
        while base._view is not None:  # the base was reshaped in place: its old self is behind it
            base = base._view._base
        return base

    @staticmethod
    def of(tensor, op, metadata, index):
        """The view record of output ``index`` of view op ``op`` applied to ``tensor``."""
        step = (op, metadata, index)
        parent = tensor._view
        version = tensor._counter[0]
        if parent is None:
            return View(tensor, (step,), version, mode.grad, op.several)
        return View(
            parent.base, (*parent.chain, step), version, mode.grad, op.several or parent.several
        )

    def refresh(self, tensor):
        """Give ``tensor`` the edge that it has after the storage was written to."""
        if self.base._requires_grad and (self.several or not self.recorded):
            raise _ambiguous_view_error(
                self, tensor, "its base or another view of its base has been"
            )
        self.version = tensor._counter[0]
        if not self.base._requires_grad:
            return
        with set_grad_enabled(True):
            replayed = _replay(self.chain, self.base)
        tensor._node, tensor._index, tensor._requires_grad = replayed._node, replayed._index, True


class Region:
    """Which part of its base a view is, without the base itself: a node that held that would be a
    cycle.
    """

    __slots__ = ("chain", "order")

    def __init__(self, view):
        self.chain = view.chain
        strides = view.base._array.strides
        #: The dimensions of the base from the largest stride to the smallest.
        self.order = sorted(range(len(strides)), key=lambda dim: -strides[dim])

    def of(self, base):
        """The part of an array or tensor of the base's shape."""
        return _replay(self.chain, base)

    def copy(self, xp, array):
        """A copy of ``array`` laid out in memory as the base is, so that its region is a view."""
        copied = xp.empty([array.shape[dim] for dim in self.order], array.dtype)
        copied = copied.transpose(sorted(range(array.ndim), key=lambda dim: self.order[dim]))
        copied[...] = array
        return copied


class CopySlices(Node):
    """The base after a write through a view: ``inner`` for the written part, the identity
    elsewhere.
    """

    __module__ = "builtins"  # torch: prints without a module

    __slots__ = ("inner", "region", "scatter")

    def __init__(self, base_edge, inner, region, scatter):
        super().__init__((base_edge, *inner.edges[1:]))
        self.inner = inner
        self.region = region
        #: ``scatter(g, part, region=)``: a copy of ``g`` in which the region holds ``part`` (None:
        #: zeros).
        self.scatter = scatter

    def backward(self, g, create_graph, wanted=None):
        run = _call if create_graph else mode.run
        of_region, *of_others = self.inner.backward(run(self.region.of, g), create_graph, wanted)
        of_base = None
        if self.edges[0] is not None if wanted is None else wanted[0]:
            of_base = run(self.scatter, g, of_region, region=self.region)
        return (of_base, *of_others)

    def release(self):
        self.inner.release()

    def name(self):
        return "torch::autograd::CopySlices"


def _call(function, *args, **kwargs):
    return function(*args, **kwargs)


def check_writable(tensor):
    """Raise torch's error where a recorded in-place write to ``tensor`` is not allowed."""
    view = tensor._view
    if tensor._requires_grad and tensor.is_leaf:
        raise RuntimeError(
            "a leaf Variable that requires grad is being used in an in-place operation."
        )
    if view is None:
        return
    base = view.base
    if base._requires_grad and base.is_leaf:
        raise RuntimeError(
            "a view of a leaf Variable that requires grad is being used in an in-place operation."
        )
    if view.several or not view.recorded and (base._requires_grad or tensor._requires_grad):
        raise _ambiguous_view_error(view, tensor, "is being")


def _ambiguous_view_error(view, tensor, what):
    """torch's error for a view that cannot follow a write: one of several, or unrecorded."""
    if view.several:
        name = "View" if tensor._node is None else re.sub(r"Backward\d+$", "", tensor._node.name())
        return RuntimeError(
            f"Output {tensor._index} of {name} is a view and {what} modified inplace. This view "
            "is the output of a function that returns multiple views. Such functions do not "
            "allow the output views to be modified inplace. You should replace the inplace "
            "operation by an out-of-place one."
        )
    return RuntimeError(
        f"A view was created in no_grad mode and {what} modified inplace with grad mode enabled. "
        "Given that this use case is ambiguous and error-prone, it is forbidden. You can clarify "
        "your code by moving both the view and the inplace either both inside the no_grad block "
        "(if you don't want the inplace to be tracked) or both outside (if you want the inplace "
        "to be tracked)."
    )


def rebase(tensor, node, scatter):
    """Make ``node`` the origin of ``tensor``, which it has just written to in place."""
    view = tensor._view
    if view is None:
        tensor._node, tensor._index, tensor._requires_grad = node, 0, True
        return
    base = view.base
    base._node = CopySlices(base._edge(), node, Region(view), scatter)
    base._index, base._requires_grad = 0, True
    view.refresh(tensor)
