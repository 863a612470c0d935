"""``Parameter`` and ``Buffer``: tensors that a module keeps when they are assigned to it."""

from __future__ import annotations

import copy
from typing import Any

from minitorch.tensor import Tensor, wrap

__all__ = ["Buffer", "Parameter"]


class _ParameterMeta(type(Tensor)):  # type: ignore[misc]
    """Lets a tensor of another class be a Parameter: ``Parameter(x)`` keeps a subclass as it is."""

    def __instancecheck__(cls, instance: Any) -> bool:
        if super().__instancecheck__(instance):
            return True
        return cls is Parameter and isinstance(instance, Tensor) and _has(instance, "_is_param")


class _BufferMeta(type(Tensor)):  # type: ignore[misc]
    """A Buffer is a plain tensor with a mark on it."""

    def __instancecheck__(cls, instance: Any) -> bool:
        if super().__instancecheck__(instance):
            return True
        return cls is Buffer and isinstance(instance, Tensor) and _has(instance, "_is_buffer")


def _has(tensor: Tensor, mark: str) -> bool:
    return tensor.__dict__.get(mark, False)


class Parameter(Tensor, metaclass=_ParameterMeta):
    """A tensor that is trained: assigned to a module, it appears among its parameters.

    It shares memory with ``data`` and is a leaf of the graph, also if ``data`` is not.  Its results
    are plain tensors.

    Args:
        data: the tensor; None for an empty one.
        requires_grad: whether it gets a gradient.  ``no_grad`` does not change that.

    Shape: that of ``data``.
    Errors: RuntimeError for a dtype that is neither floating point nor complex and is to get a
    gradient.  Source: torch.nn.Parameter.

    Example::

        >>> import minitorch
        >>> from minitorch.nn.parameter import Parameter
        >>> Parameter(minitorch.zeros(2))
        Parameter containing:
        tensor([0., 0.], requires_grad=True)
    """

    def __new__(cls, data: Tensor | None = None, requires_grad: bool = True) -> Parameter:
        if data is None:
            data = Tensor()
        if not isinstance(data, Tensor):
            # torch: the class and the words of what comes of calling detach() on it.
            kind = type(data).__name__
            raise AttributeError(f"'{kind}' object has no attribute 'detach': expected a Tensor")
        if requires_grad and not (data.is_floating_point() or data.is_complex()):
            raise RuntimeError(
                "Only Tensors of floating point and complex dtype can require gradients, "
                f"got {data.dtype}"
            )
        if type(data) in (Tensor, Parameter):
            parameter: Any = Tensor.__new__(cls, data)
            parameter._counter = data._counter
        else:
            parameter = copy.copy(data)
            parameter._grad = None
            parameter._is_param = True
        parameter._requires_grad = bool(requires_grad)
        return parameter

    def __deepcopy__(self, memo: dict[int, Any]) -> Parameter:
        # torch: the copy starts without a gradient.
        if id(self) not in memo:
            data = wrap(self._array.copy(order="K"))
            memo[id(self)] = type(self)(data, self.requires_grad)
        return memo[id(self)]

    def __repr__(self, **settings: Any) -> str:
        return "Parameter containing:\n" + super().__repr__(**settings)

    def __reduce_ex__(self, protocol: Any) -> tuple:
        return _rebuild_parameter, (type(self), self.data, self.requires_grad, self.__dict__)


def _rebuild_parameter(
    cls: type[Parameter], data: Tensor, requires_grad: bool, attributes: dict[str, Any]
) -> Parameter:
    parameter = cls(data, requires_grad)
    parameter.__dict__.update(attributes)
    return parameter


class Buffer(Tensor, metaclass=_BufferMeta):
    """A tensor that belongs to a module's state without being trained, as a running mean does.

    Assigned to a module, it appears among its buffers.  What the call returns is a plain tensor
    that shares memory with ``data`` and passes ``isinstance(..., Buffer)``.

    Args:
        data: the tensor; None for an empty one.
        persistent: whether it is part of the module's state_dict.

    Shape: that of ``data``.
    Source: torch.nn.Buffer.

    Example::

        >>> import minitorch
        >>> from minitorch.nn.parameter import Buffer
        >>> Buffer(minitorch.zeros(2))
        tensor([0., 0.])
    """

    persistent: bool

    def __new__(cls, data: Tensor | None = None, *, persistent: bool = True) -> Any:
        if data is None:
            data = Tensor()
        buffer = data.detach().requires_grad_(data.requires_grad)
        buffer.persistent = persistent
        buffer._is_buffer = True
        return buffer
