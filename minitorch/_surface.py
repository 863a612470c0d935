"""Methods, operators and in-place twins of the Tensor, derived from the registries.

Importing this module installs them; nothing else adds to the Tensor.
"""

from __future__ import annotations

import numpy as np

import minitorch.backends.numpy.activation  # noqa: F401  (registers its kernels)
from minitorch.ops import (
    activation,
    conversion,
    creation,
    decomposition,
    diagonals,
    elementwise,
    filling,
    gathering,
    indexing,
    inplace_views,
    linalg,
    masking,
    matrix_functions,
    parts,
    random,
    rearranging,
    reduction,
    shape,
    slices,
    sorting,
    sparse,
    special,
    statistics,
    subclasses,
)
from minitorch.ops._op import COMPOSITES, REGISTRY
from minitorch.printing import tensor_format, tensor_str
from minitorch.tensor import Tensor, wrap

__all__ = ["install"]

#: The modules that give the Tensor methods: ops and composites by the registries, which know them
#: once their module is imported, and the rest in the modules' own METHODS and PROPERTIES.
_MODULES = (
    activation,
    conversion,
    creation,
    decomposition,
    diagonals,
    elementwise,
    filling,
    gathering,
    indexing,
    inplace_views,
    linalg,
    masking,
    matrix_functions,
    parts,
    random,
    rearranging,
    reduction,
    shape,
    slices,
    sorting,
    sparse,
    special,
    statistics,
    subclasses,
)


def install() -> None:
    """Give the Tensor its methods, in-place twins, properties and operators."""
    for op in REGISTRY.values():
        if op.method:
            for name in (op.name, *op.aliases):
                setattr(Tensor, name, op.function)
                if op.inplace:
                    setattr(Tensor, name + "_", _inplace_twin(op, name))
    for function in COMPOSITES.values():
        if function.method:
            for name in (function.name, *function.aliases):
                setattr(Tensor, name, function.function)
                if function.inplace is not None:
                    setattr(Tensor, name + "_", function.inplace)
    for module in _MODULES:
        for name, method in getattr(module, "METHODS", {}).items():
            setattr(Tensor, name, method)
        for name, getter in getattr(module, "PROPERTIES", {}).items():
            setattr(Tensor, name, property(getter, doc=getter.__doc__))
    _install_operators()
    Tensor.__repr__ = tensor_str  # type: ignore[method-assign]
    Tensor.__format__ = tensor_format  # type: ignore[method-assign, assignment]


def _inplace_twin(op, name):
    def twin(self, *args, **kwargs):
        return op.call_inplace(self, *args, **kwargs)

    twin.__name__ = twin.__qualname__ = name + "_"
    twin.op = op
    twin.__doc__ = f"In-place twin of :func:`{name}`: the result is written into this tensor."
    return twin


#: Operators by the op that they call: ``tensor <operator> other``.
_BINARY = {
    "add": "add",
    "sub": "sub",
    "mul": "mul",
    "truediv": "true_divide",
    "floordiv": "floor_divide",
    "mod": "remainder",
    "pow": "pow",
    "and": "bitwise_and",
    "or": "bitwise_or",
    "xor": "bitwise_xor",
    "lshift": "bitwise_left_shift",
    "rshift": "bitwise_right_shift",
    "eq": "eq",
    "ne": "ne",
    "lt": "lt",
    "le": "le",
    "gt": "gt",
    "ge": "ge",
}


def _install_operators():
    for operator, name in _BINARY.items():
        op = REGISTRY[name]
        setattr(Tensor, f"__{operator}__", op.operator())
        if (
            op.inplace and op.dtype != "bool"
        ):  # comparisons have a twin, but Python has no operator for it
            setattr(Tensor, f"__i{operator}__", getattr(Tensor, name + "_"))
    Tensor.__radd__ = Tensor.__add__
    Tensor.__rmul__ = Tensor.__mul__
    Tensor.__rand__, Tensor.__ror__, Tensor.__rxor__ = Tensor.__and__, Tensor.__or__, Tensor.__xor__
    Tensor.__rsub__ = REGISTRY["rsub"].operator()
    Tensor.__rpow__ = _reflected(elementwise.pow)
    Tensor.__rfloordiv__ = _reflected(elementwise.floor_divide)
    Tensor.__rmod__ = _reflected(elementwise.remainder)
    Tensor.__rlshift__ = _reflected(elementwise.bitwise_left_shift)
    Tensor.__rrshift__ = _reflected(elementwise.bitwise_right_shift)
    # torch: the quotient of a number is the number times the reciprocal, also in its last bits.
    Tensor.__rtruediv__ = lambda self, other: self.reciprocal() * other
    Tensor.__neg__ = elementwise.neg
    Tensor.__pos__ = elementwise.positive
    Tensor.__abs__ = elementwise.abs
    Tensor.__invert__ = _invert
    Tensor.__matmul__ = _matmul_operator
    Tensor.__rmatmul__ = lambda self, other: linalg.matmul(other, self)
    Tensor.__getitem__ = indexing.getitem
    Tensor.__setitem__ = indexing.setitem
    Tensor.__iter__ = _iterate
    Tensor.__reversed__ = lambda self: self.flip(0) if self.ndim else self
    Tensor.__contains__ = _contains
    Tensor.__array_wrap__ = _array_wrap


def _invert(self):
    if self.dtype.rank >= 2:
        raise TypeError(
            "~ (operator.invert) is only implemented on integer and Boolean-type tensors"
        )
    return elementwise.bitwise_not(self)


def _reflected(function):
    def operator(self, other):
        if not isinstance(other, (bool, int, float, complex, np.generic)):
            return NotImplemented
        return function(other.item() if isinstance(other, np.generic) else other, self)

    return operator


def _matmul_operator(self, other):
    return linalg.matmul(self, other) if isinstance(other, Tensor) else NotImplemented


def _iterate(self):
    if not self.ndim:
        raise TypeError("iteration over a 0-d tensor")
    return iter(parts.unbind(self, 0))


def _contains(self, element):
    if isinstance(element, (Tensor, bool, int, float, complex)):
        return bool((element == self).any().item())
    raise RuntimeError(
        f"Tensor.__contains__ only supports Tensor or scalar, but you passed in a {type(element)}."
    )


def _array_wrap(self, array, context=None, return_scalar=False):
    return wrap(np.asarray(array))


install()
