"""Classes that programs derive from the Tensor, and ``__torch_function__``.

What an op gives for a tensor of a derived class is of that class again, and a class may take over
every op with a class method ``__torch_function__(func, types, args, kwargs)``.

The fast ways through an op must not pay for this. So a tensor of a derived class keeps its
elements in a ``MarkedArray``, a NumPy array of a class of its own: the fast ways decline it, as
they decline every array that is not exactly NumPy's, and the general way asks ``_op.layouts``,
where this module stands from the moment that a class is derived.
"""

from __future__ import annotations

import copy
from typing import Any

from minitorch.autograd.bridge import bridge
from minitorch.ops import _op
from minitorch.ops._op import named
from minitorch.ops.shape import view_as
from minitorch.tensor import Tensor, wrap

__all__ = ["DisableTorchFunctionSubclass", "METHODS", "as_subclass", "handle_torch_function"]


class DisableTorchFunctionSubclass:
    """A block in which ops treat tensors of derived classes as plain ones.

    Source: torch._C.DisableTorchFunctionSubclass.
    """

    #: How many blocks are open.
    depth = 0

    def __enter__(self) -> None:
        DisableTorchFunctionSubclass.depth += 1

    def __exit__(self, *exc_info: object) -> None:
        DisableTorchFunctionSubclass.depth -= 1


def as_subclass(self: Tensor, cls: type) -> Any:
    """The same elements as a tensor of class ``cls``, derived from Tensor.

    Raises RuntimeError for another class.  Source: torch.Tensor.as_subclass.
    """
    if not (isinstance(cls, type) and issubclass(cls, Tensor)):
        raise RuntimeError(f"as_subclass(): {cls!r} is no class derived from Tensor")
    if self.requires_grad:
        twin = named(view_as(self, self), "AliasBackward0")
    else:
        twin = wrap(self._array)
        twin._counter = self._counter
        twin._view = copy.copy(self._view)
    twin.__class__ = cls
    twin._array = cls._marked(self._array)
    return twin


def _converted(value: Any, cls: type) -> Any:
    """Tensors in a result as tensors of ``cls``."""
    if isinstance(value, Tensor):
        return value if isinstance(value, cls) else as_subclass(value, cls)
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*[_converted(item, cls) for item in value])
    if isinstance(value, (tuple, list)):
        return type(value)([_converted(item, cls) for item in value])
    return value


def _torch_function(cls, func, types, args=(), kwargs=None):
    """Run ``func`` as on plain tensors, and give its results this class.

    Source: torch.Tensor.__torch_function__.
    """
    if not all(issubclass(cls, t) for t in types):
        return NotImplemented
    with DisableTorchFunctionSubclass():
        result = func(*args, **(kwargs or {}))
    return _converted(result, cls)


def handle_torch_function(func: Any, values: Any, args: tuple, kwargs: dict | None) -> Any:
    """Ask the classes of ``values``, derived ones first, for the result of ``func``.

    Raises TypeError if none has one.  Source: torch.overrides.handle_torch_function.
    """
    types: list[type] = []
    for value in values:
        kind = type(value)
        if kind in types:
            continue
        before = next((i for i, t in enumerate(types) if issubclass(kind, t)), len(types))
        types.insert(before, kind)
    for kind in types:
        # torch: no keywords at all are given as None.
        dispatch = kind.__torch_function__  # type: ignore[attr-defined]
        result = dispatch(func, tuple(types), args, kwargs or None)
        if result is not NotImplemented:
            return result
    listed = "".join(f"\n  - tensor subclass {kind}" for kind in types)
    raise TypeError(
        f"Multiple dispatch failed for 'torch.{func.__name__}'; all __torch_function__ handlers "
        f"returned NotImplemented:\n{listed}"
    )


def _dispatch(op, inputs, params):
    """What the derived classes among the inputs make of ``op``; NotImplemented without any."""
    if DisableTorchFunctionSubclass.depth:
        return NotImplemented
    flat = [*inputs[0], *inputs[1:]] if op.sequence else inputs
    derived = [x for x in flat if isinstance(x, Tensor) and type(x)._derived]
    if not derived:
        return NotImplemented
    given = op.given(params)
    return handle_torch_function(op.function, derived, tuple(inputs), given)


def _foreign(op, value, args, kwargs):
    """What the class of ``value``, which is no tensor, makes of ``op``."""
    values = [x for x in (*args, *kwargs.values()) if hasattr(type(x), "__torch_function__")]
    values = [x for x in values if not isinstance(x, Tensor) or type(x)._derived]
    return handle_torch_function(op.function, values, args, kwargs)


def _watch():
    if _dispatch not in _op.layouts:
        _op.layouts.append(_dispatch)


bridge.derived = _watch
_op.foreign.append(_foreign)
Tensor.__torch_function__ = classmethod(_torch_function)  # type: ignore[attr-defined]

#: What ``_surface`` installs on the Tensor.
METHODS = {"as_subclass": as_subclass}
