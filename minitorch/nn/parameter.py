"""``Parameter`` and ``Buffer``: tensors that a module keeps when they are assigned to it.

Their uninitialized twins stand in a lazy module for tensors whose shape is not known yet; see
``nn/modules/lazy.py``.
"""

from __future__ import annotations

import copy
from typing import Any

from minitorch.ops.creation import empty
from minitorch.tensor import Tensor, wrap

__all__ = [
    "Buffer",
    "Parameter",
    "UninitializedBuffer",
    "UninitializedParameter",
    "UninitializedTensorMixin",
    "is_lazy",
]


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


# --- tensors to come ------------------------------------------------------------------------------

_elements = Tensor.__dict__["_array"]


class UninitializedTensorMixin:
    """What an :class:`UninitializedParameter` and an :class:`UninitializedBuffer` share.

    They have an element type and a device, but no shape and no elements: an op on one raises
    ValueError.  Source: torch.nn.parameter.UninitializedTensorMixin.
    """

    __slots__ = ()

    #: The class of the tensor once its shape is known.
    cls_to_become: type

    requires_grad: bool

    def materialize(self, shape: Any, device: Any = None, dtype: Any = None) -> None:
        """Become a tensor of ``shape``, its elements undefined; the object stays the same."""
        device = self.device if device is None else device
        dtype = self.dtype if dtype is None else dtype
        self.data = empty(shape, device=device, dtype=dtype)
        self.__class__ = self.cls_to_become

    @property
    def _array(self) -> Any:
        raise ValueError(
            "Attempted to use an uninitialized parameter in an operation. Its shape is not known "
            "before the lazy module that it belongs to was called once: call it with a batch of "
            "data first"
        )

    @_array.setter
    def _array(self, array: Any) -> None:
        _elements.__set__(self, array)

    @property
    def data(self) -> Tensor:
        """An empty tensor of the same element type on the same device."""
        return wrap(_elements.__get__(self))

    @data.setter
    def data(self, new: Tensor) -> None:
        Tensor.data.fset(self, new.data if is_lazy(new) else new)  # type: ignore[attr-defined]

    @property
    def dtype(self) -> Any:
        """The element type to come."""
        return self.data.dtype

    @property
    def device(self) -> Any:
        """Where the elements will be."""
        return self.data.device

    @property
    def shape(self) -> Any:
        """Not known: raises RuntimeError."""
        raise RuntimeError(
            "Can't access the shape of an uninitialized parameter or buffer. It is known after the "
            "first call of the lazy module; a state_dict with uninitialized entries can only be "
            "loaded into a module that is uninitialized, too."
        )

    def size(self, dim: int | None = None) -> Any:
        """As of the empty ``data``."""
        return self.data.size(dim)

    def numpy(self, *, force: bool = False) -> Any:
        """Not possible: raises ValueError."""
        return self._array

    def share_memory_(self) -> Any:
        """Not possible: raises RuntimeError."""
        raise RuntimeError(
            "Can't share memory on an uninitialized parameter or buffer. "
            "Call the lazy module once before `module.share_memory()`."
        )

    def copy_(self, src: Any, non_blocking: bool = False) -> Any:
        """Take nothing over from another uninitialized tensor; a shape cannot come this way."""
        self.data.copy_(src.data if is_lazy(src) else src)
        return self

    def to(self, *args: Any, **kwargs: Any) -> Any:
        """An uninitialized tensor of another element type or on another device."""
        return self._like(self.data.to(*args, **kwargs))

    def _like(self, data: Tensor) -> Any:
        return type(self)(self.requires_grad, data.device, data.dtype)  # type: ignore[call-arg]

    def __repr__(self, **settings: Any) -> str:
        return f"<{type(self).__name__}>"

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        if id(self) not in memo:
            memo[id(self)] = self._like(self.data)
        return memo[id(self)]

    def __reduce_ex__(self, protocol: Any) -> tuple:
        return type(self), (self.requires_grad, self.device, self.dtype)


def _conversion(name: str) -> Any:
    def convert(self: UninitializedTensorMixin, *args: Any, **kwargs: Any) -> Any:
        return self._like(getattr(self.data, name)(*args, **kwargs))

    convert.__name__ = name
    convert.__doc__ = f"As ``Tensor.{name}``: an uninitialized tensor again."
    return convert


for _name in "half bfloat16 float double char short int long cuda cpu".split():
    setattr(UninitializedTensorMixin, _name, _conversion(_name))


def is_lazy(param: Any) -> bool:
    """Whether ``param`` is an uninitialized parameter or buffer.

    Source: torch.nn.parameter.is_lazy.
    """
    return isinstance(param, UninitializedTensorMixin)


class UninitializedParameter(UninitializedTensorMixin, Parameter):
    """A :class:`Parameter` of a shape that is not known yet.

    ``materialize(shape)`` makes a Parameter of it, the same object: an optimizer that holds it goes
    on.  Until then it can be moved and cast, and everything else raises.

    Args:
        requires_grad: whether it will get a gradient.
        device, dtype: where its elements will be, and of what type.

    Source: torch.nn.UninitializedParameter.

    Example::

        >>> import minitorch
        >>> weight = minitorch.nn.UninitializedParameter()
        >>> weight
        <UninitializedParameter>
        >>> weight.materialize((2, 3))
        >>> type(weight).__name__, weight.shape
        ('Parameter', torch.Size([2, 3]))
    """

    cls_to_become = Parameter

    def __new__(
        cls, requires_grad: bool = True, device: Any = None, dtype: Any = None
    ) -> UninitializedParameter:
        parameter: Any = _made(cls, device, dtype)
        parameter._requires_grad = requires_grad
        return parameter


class UninitializedBuffer(UninitializedTensorMixin, Tensor):
    """A :class:`Buffer` of a shape that is not known yet; see :class:`UninitializedParameter`.

    Args:
        requires_grad: whether it will get a gradient.
        device, dtype: where its elements will be, and of what type.
        persistent: whether it is part of the module's state_dict.

    Source: torch.nn.UninitializedBuffer.

    Example::

        >>> import minitorch
        >>> mean = minitorch.nn.UninitializedBuffer()
        >>> mean.materialize(3)
        >>> mean.zero_()
        tensor([0., 0., 0.])
    """

    cls_to_become = Tensor

    persistent: bool

    def __new__(
        cls,
        requires_grad: bool = False,
        device: Any = None,
        dtype: Any = None,
        persistent: bool = True,
    ) -> UninitializedBuffer:
        buffer: Any = _made(cls, device, dtype)
        buffer._requires_grad = requires_grad
        buffer.persistent = persistent
        buffer._is_buffer = True
        return buffer


def _made(cls: Any, device: Any, dtype: Any) -> Tensor:
    return Tensor.__new__(cls, empty(0, device=device, dtype=dtype))
