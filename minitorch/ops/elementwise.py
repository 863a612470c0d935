"""Elementwise arithmetic, comparison and logic: one table, in torch's order of topics."""

from __future__ import annotations

import builtins
import cmath
import math

import numpy as np

from minitorch import dtypes
from minitorch.ops._arguments import require_tensor
from minitorch.ops._op import composite, named, op
from minitorch.ops.error_function import erf_values, erfc_values, erfinv_values
from minitorch.tensor import Tensor

__all__ = [
    "abs",
    "acos",
    "acosh",
    "add",
    "addcdiv",
    "addcmul",
    "allclose",
    "angle",
    "asin",
    "asinh",
    "atan",
    "atan2",
    "atanh",
    "bitwise_and",
    "bitwise_left_shift",
    "bitwise_not",
    "bitwise_or",
    "bitwise_right_shift",
    "bitwise_xor",
    "ceil",
    "clamp",
    "clamp_max",
    "clamp_min",
    "conj",
    "conj_physical",
    "conjugate",
    "copysign",
    "cos",
    "cosh",
    "deg2rad",
    "div",
    "eq",
    "equal",
    "erf",
    "erfc",
    "erfinv",
    "exp",
    "exp2",
    "expm1",
    "float_power",
    "floor",
    "floor_divide",
    "fmax",
    "fmin",
    "fmod",
    "frac",
    "ge",
    "gt",
    "hypot",
    "isclose",
    "isfinite",
    "isinf",
    "isnan",
    "isneginf",
    "isposinf",
    "isreal",
    "le",
    "lerp",
    "log",
    "log10",
    "log1p",
    "log2",
    "logaddexp",
    "logical_and",
    "logical_not",
    "logical_or",
    "logical_xor",
    "logit",
    "lt",
    "maximum",
    "minimum",
    "mul",
    "nan_to_num",
    "ne",
    "neg",
    "positive",
    "pow",
    "rad2deg",
    "reciprocal",
    "remainder",
    "round",
    "rsqrt",
    "rsub",
    "sgn",
    "sigmoid",
    "sign",
    "signbit",
    "sin",
    "sinc",
    "sinh",
    "sqrt",
    "square",
    "sub",
    "tan",
    "tanh",
    "true_divide",
    "trunc",
    "xlogy",
]

# --- what bodies and rules of this file share -----------------------------------------------------


def _kind(*operands):
    """The kind of the operands' common dtype ("f", "i", ...): they are promoted already."""
    return next(operand.dtype.kind for operand in operands if hasattr(operand, "dtype"))


def _refuse_bools(input, other):
    """torch's refusal to subtract masks."""
    masks = [_is_bool(operand) for operand in (input, other)]
    if builtins.all(masks):
        raise RuntimeError(
            "Subtraction, the `-` operator, with two bool tensors is not supported. Use the `^` "
            "or `logical_xor()` operator instead."
        )
    if builtins.any(masks):
        raise RuntimeError(
            "Subtraction, the `-` operator, with a bool tensor is not supported. If you are "
            "trying to invert a mask, use the `~` or `logical_not()` operator instead."
        )


def _is_bool(operand):
    return (
        operand.dtype is dtypes.bool_ if isinstance(operand, Tensor) else isinstance(operand, bool)
    )


def _same_dtype(input, end, weight):
    """torch: ``lerp`` promotes nothing."""
    if input.dtype.rank < 2:
        raise NotImplementedError(f'"lerp_kernel" not implemented for {input.dtype.legacy_name!r}')
    for name, operand in (("end", end), ("weight", weight)):
        if isinstance(operand, Tensor) and operand.dtype is not input.dtype:
            raise RuntimeError(
                f"expected dtype {input.dtype.cpp_name} for `{name}` but got dtype "
                f"{operand.dtype.cpp_name}"
            )


def _check_alpha(kind, alpha):
    """torch: the factor must not be of a wider kind than the tensors."""
    if kind in "biu" and isinstance(alpha, (float, complex)):
        raise RuntimeError(
            "For integral input tensors, argument alpha must not be a floating point number."
        )
    if kind != "c" and isinstance(alpha, complex):
        raise RuntimeError(
            "For non-complex input tensors, argument alpha must not be a complex number."
        )


def _numbered(name, both, first=None, second=None):
    """torch numbers the nodes of its overloads: two tensors, a number first, one second."""

    def node(params, inputs):
        tensors = [isinstance(x, Tensor) for x in inputs]
        return f"{name}Backward{both if builtins.all(tensors) else second if tensors[0] else first}"

    return node


def _refuse_zero(xp, divisor):
    if not xp.all(divisor):
        raise RuntimeError("ZeroDivisionError")


def _refuse_complex(message, array):
    if array.dtype.kind == "c":
        raise RuntimeError(message)


def _is_complex(value):
    dtype = (
        value._array.dtype
        if isinstance(value, Tensor)
        else getattr(value, "dtype", np.dtype(type(value)))
    )
    return dtype.kind == "c"


def conjugate(value):
    """The conjugate; real values, the common case, pass without a copy."""
    if isinstance(value, complex):
        return value.conjugate()
    return conj_physical(value) if _is_complex(value) else value


@op(public=False, method=False, differentiable=False)
def zero_of(xp, input, /):
    """Zeros like ``input``: the gradient of steps.  Shape: (*) -> (*)."""
    return xp.zeros_like(input)


@op(public=False, method=False)
def masked_zero(xp, input, mask, /):
    """``input`` with zeros where ``mask``, whatever stood there (nan too).

    Shape: broadcast to input's.
    """
    return xp.where(mask, xp.zeros((), input.dtype), input)


masked_zero.vjp(input=lambda g, mask: masked_zero(g, mask))


def _shared(g, lost, tied):
    """The gradient of one of two candidates: none where it lost, half of a tie, else all."""
    return masked_zero(g, lost) * (1 - 0.5 * tied)


# --- arithmetic -----------------------------------------------------------------------------------


@op(elementwise=True, numbers=("input", "other"), legacy="alpha")
def add(xp, input, other, /, *, alpha=1):
    """``input + alpha * other``.  Shape: broadcast.  Source: torch.add."""
    if type(alpha) is int and alpha == 1:
        return input + other
    kind = _kind(input, other)
    _check_alpha(kind, alpha)
    return input | (other & bool(alpha)) if kind == "b" else input + alpha * other


add.vjp(input=lambda g: g, other=lambda g, alpha: g if alpha == 1 else alpha * g)


@op(
    elementwise=True,
    aliases=("subtract",),
    numbers=("input", "other"),
    check=_refuse_bools,
    legacy="alpha",
)
def sub(xp, input, other, /, *, alpha=1):
    """``input - alpha * other``.

    Shape: broadcast.  Raises RuntimeError for bool.  Source: torch.sub.
    """
    _check_alpha(_kind(input, other), alpha)
    return input - (other if alpha == 1 else alpha * other)


sub.vjp(input=lambda g: g, other=lambda g, alpha: -g if alpha == 1 else -alpha * g)


@op(
    elementwise=True,
    inplace=False,
    method=False,
    numbers=("other",),
    check=_refuse_bools,
    node=_numbered("Rsub", both=0, second=1),
)
def rsub(xp, input, other, /, *, alpha=1):
    """``other - alpha * input``.  Shape: broadcast.  Source: torch.rsub."""
    _check_alpha(_kind(input, other), alpha)
    return other - (input if alpha == 1 else alpha * input)


rsub.vjp(input=lambda g, alpha: -g if alpha == 1 else -alpha * g, other=lambda g: g)


@op(wide_numbers=True, elementwise=True, aliases=("multiply",), numbers=("input", "other"))
def mul(xp, input, other, /):
    """``input * other``.  Shape: broadcast.  Source: torch.mul."""
    return input * other


mul.vjp(input=lambda g, other: g * conjugate(other), other=lambda g, input: g * conjugate(input))


@op(
    wide_numbers=True,
    elementwise=True,
    dtype="float",
    node="DivBackward0",
    numbers=("input", "other"),
)
def true_divide(xp, input, other, /):
    """``input / other``; integers give the default float dtype.

    Shape: broadcast.  Source: torch.true_divide.
    """
    return input / other


true_divide.vjp(
    input=lambda g, other: g / conjugate(other),
    other=lambda g, input, other: -g * conjugate((input / other) / other),
)


@op(elementwise=True, public=False, method=False, node="DivBackward2", kinds="iuf")
def div_trunc(xp, input, other, /):
    """``trunc(input / other)``, in the inputs' dtype.  Shape: broadcast."""
    if _kind(input, other) in "iu":
        _refuse_zero(xp, other)
        quotient = xp.floor_divide(input, other)
        # NumPy floors: one up where that went below the exact quotient of opposite signs.
        return quotient + ((quotient < 0) & (quotient * other != input)).astype(quotient.dtype)
    return xp.trunc(input / other)


div_trunc.vjp(input=lambda g: zero_of(g), other=lambda g: zero_of(g))


@op(
    wide_numbers=True,
    elementwise=True,
    node="DivBackward2",
    numbers=("input", "other"),
    kinds="iuf",
)
def floor_divide(xp, input, other, /):
    """``floor(input / other)``, in the inputs' dtype.

    Shape: broadcast.  Source: torch.floor_divide.
    """
    if _kind(input, other) in "iu":
        _refuse_zero(xp, other)
    return xp.floor_divide(input, other)


floor_divide.vjp(input=lambda g: zero_of(g), other=lambda g: zero_of(g))


def _div_in_place(self, other, *, rounding_mode=None):
    """In-place twin of :func:`div`."""
    return _division(rounding_mode).op.call_inplace(self, other)


@composite(inplace=_div_in_place, aliases=("divide",))
def div(input, other, *, rounding_mode: str | None = None, out=None):
    """``input / other``, exact, or rounded towards zero ("trunc") or down ("floor").

    Shape: broadcast.  Raises RuntimeError for another rounding mode, and for an integer division by
        zero.
    Source: torch.div.
    """
    return _division(rounding_mode)(input, other, out=out)


def _division(rounding_mode):
    modes = {None: true_divide, "trunc": div_trunc, "floor": floor_divide}
    if rounding_mode not in modes:
        raise RuntimeError(
            "div expected rounding_mode to be one of None, 'trunc', or 'floor' but found "
            f"'{rounding_mode}'"
        )
    return modes[rounding_mode]


@op(
    elementwise=True,
    numbers=("input", "other"),
    kinds="iuf",
    node=_numbered("Remainder", both=1, second=0),
)
def remainder(xp, input, other, /):
    """The remainder with the sign of ``other``, as Python's ``%``.

    Shape: broadcast.  Source: torch.remainder.
    """
    if _kind(input, other) in "iu":
        _refuse_zero(xp, other)
    return xp.remainder(input, other)


remainder.vjp(input=lambda g: g, other=lambda g, input, other: -g * floor_divide(input, other))


@op(elementwise=True, numbers=("other",), kinds="iuf", node=_numbered("Fmod", both=1, second=0))
def fmod(xp, input, other, /):
    """The remainder with the sign of ``input``, as C's fmod.

    Shape: broadcast.  Source: torch.fmod.
    """
    if _kind(input, other) in "iu":
        _refuse_zero(xp, other)
    return xp.fmod(input, other)


fmod.vjp(input=lambda g: g, other=lambda g, input, other: -g * div_trunc(input, other))


@op(
    elementwise=True,
    numbers=("input", "exponent"),
    kinds="iufc",
    node=_numbered("Pow", both=1, first=2, second=0),
)
def pow(xp, input, exponent, /):
    """``input ** exponent``.  Shape: broadcast.

    Raises RuntimeError for integers to a negative number.  Source: torch.pow.
    """
    if _kind(input, exponent) in "iu" and xp.any(xp.less(exponent, 0)):
        if xp.ndim(exponent) == 0:
            raise RuntimeError("Integers to negative integer powers are not allowed.")
        # torch: a tensor of exponents truncates, so only 1 and -1 have a power other than 0.
        sign = xp.where(exponent % 2 == 0, 1, input)
        power = xp.power(input, xp.maximum(exponent, 0))
        return xp.where(exponent < 0, xp.where(abs(input) == 1, sign, 0), power).astype(power.dtype)
    return xp.power(input, exponent)


pow.vjp(
    input=lambda g, input, exponent: _pow_input_gradient(g, input, exponent),
    exponent=lambda g, input, exponent, out: _pow_exponent_gradient(g, input, exponent, out),
)


def _pow_input_gradient(g, input, exponent):
    if isinstance(exponent, (int, float, complex)):
        if exponent == 0:
            return zero_of(g)
        return g * conjugate(exponent * input ** (exponent - 1))
    return g * conjugate(masked_zero(exponent * input ** (exponent - 1), exponent == 0))


def _pow_exponent_gradient(g, input, exponent, out):
    slope = out * (
        _log_of_number(input) if isinstance(input, (int, float, complex)) else log(input)
    )
    # torch: 0 to a power stays 0, so the gradient there is 0 and not nan.
    flat = (input == 0) if _is_complex(exponent) else (exponent >= 0) & (input == 0)
    return g * conjugate(masked_zero(slope, flat))


def _log_of_number(number):
    if isinstance(number, complex):
        return cmath.log(number)
    return math.log(number) if number > 0 else -math.inf if number == 0 else math.nan


def _float_power_in_place(self, exponent):
    """In-place twin of :func:`float_power`, for float64 (or complex128) tensors only."""
    result = float_power(self, exponent)
    if result.dtype is not self.dtype:
        raise RuntimeError(
            f"the base given to float_power_ has dtype {self.dtype} but the operation's result "
            f"requires dtype {result.dtype}"
        )
    return pow.op.call_inplace(self, _to_double(exponent))


@composite(inplace=_float_power_in_place)
def float_power(input, exponent, *, out=None):
    """``input ** exponent`` in float64 (or complex128).

    Shape: broadcast.  Source: torch.float_power.
    """
    return pow(_to_double(input), _to_double(exponent), out=out)


def _to_double(value):
    if isinstance(value, (bool, int, float)):
        return float(value)
    if isinstance(value, complex):
        return value
    return value.to(dtypes.complex128 if value.is_complex() else dtypes.float64)


@op(elementwise=True, aliases=("negative",))
def neg(xp, input, /):
    """``-input``.  Shape: (*) -> (*).  Raises RuntimeError for bool.  Source: torch.neg."""
    if input.dtype.kind == "b":
        raise RuntimeError(
            "Negation, the `-` operator, on a bool tensor is not supported. If you are trying to "
            "invert a mask, use the `~` or `logical_not()` operator instead."
        )
    return -input


neg.vjp(input=lambda g: -g)


@composite
def positive(input):
    """The tensor itself.  Raises RuntimeError for bool.  Source: torch.positive."""
    if input.dtype is dtypes.bool_:
        raise RuntimeError("The `+` operator, on a bool tensor is not supported.")
    return input


@op(elementwise=True, aliases=("absolute",), kinds="iufc")
def abs(xp, input, /):
    """Absolute value; the magnitude of complex numbers.  Shape: (*) -> (*).  Source: torch.abs."""
    return xp.absolute(input)


abs.vjp(input=lambda g, input: g * sgn(input))


@op(elementwise=True, dtype="float")
def reciprocal(xp, input, /):
    """``1 / input``.  Shape: (*) -> (*).  Source: torch.reciprocal."""
    return xp.reciprocal(input)


reciprocal.vjp(input=lambda g, out: -g * conjugate(out * out))


@op(elementwise=True, kinds="iufc", legacy="value")
def addcmul(xp, input, tensor1, tensor2, /, *, value=1):
    """``input + value * tensor1 * tensor2``.  Shape: broadcast.  Source: torch.addcmul."""
    if input.dtype.kind in "iu":
        value = int(value)  # torch: truncated, where alpha would be refused
    return input + value * tensor1 * tensor2


addcmul.vjp(
    input=lambda g: g,
    tensor1=lambda g, tensor2, value: g * (tensor2 * value),
    tensor2=lambda g, tensor1, value: g * (tensor1 * value),
)


@op(elementwise=True, legacy="value")
def addcdiv(xp, input, tensor1, tensor2, /, *, value=1):
    """``input + value * tensor1 / tensor2``.  Shape: broadcast.  Source: torch.addcdiv."""
    if _kind(tensor1, tensor2) in "iub":
        raise RuntimeError(
            "Integer division with addcdiv is no longer supported, and in a future release "
            "addcdiv will perform a true division of tensor1 and tensor2."
        )
    return input + value * (tensor1 / tensor2)


addcdiv.vjp(
    input=lambda g: g,
    tensor1=lambda g, tensor2, value: g * (value / tensor2),
    tensor2=lambda g, tensor1, tensor2, value: -g * (value * tensor1 / (tensor2 * tensor2)),
)


@op(
    wide_numbers=True,
    elementwise=True,
    numbers=("weight",),
    kinds="fc",
    check=_same_dtype,
    node=lambda params, inputs: f"LerpBackward{int(isinstance(inputs[2], Tensor))}",
)
def lerp(xp, input, end, weight, /):
    """``input + weight * (end - input)``.  Shape: broadcast.  Source: torch.lerp."""
    # torch: from the nearer end, so that weight 1 gives exactly ``end``.
    step = end - input
    return xp.where(xp.abs(weight) < 0.5, input + weight * step, end - step * (1 - weight))


lerp.vjp(
    input=lambda g, weight: g * (1 - weight),
    end=lambda g, weight: g * weight,
    weight=lambda g, input, end: g * (end - input),
)


# --- powers, exponentials, logarithms -------------------------------------------------------------


@op(elementwise=True, node="PowBackward0")
def square(xp, input, /):
    """``input * input``.  Shape: (*) -> (*).  Source: torch.square."""
    return xp.square(input) if input.dtype.kind != "b" else input.astype("int64")


square.vjp(input=lambda g, input: g * conjugate(2 * input))


@op(elementwise=True, dtype="float")
def sqrt(xp, input, /):
    """Square root; nan below zero.  Shape: (*) -> (*).  Source: torch.sqrt."""
    return xp.sqrt(input)


sqrt.vjp(input=lambda g, out: g / conjugate(2 * out))


@op(elementwise=True, dtype="float")
def rsqrt(xp, input, /):
    """``1 / sqrt(input)``.  Shape: (*) -> (*).  Source: torch.rsqrt."""
    return 1 / xp.sqrt(input)


rsqrt.vjp(input=lambda g, out: -0.5 * g * conjugate(out * out * out))


@op(elementwise=True, dtype="float")
def exp(xp, input, /):
    """Exponential, ``e ** input``.  Shape: (*) -> (*).  Source: torch.exp."""
    return xp.exp(input)


exp.vjp(input=lambda g, out: g * conjugate(out))


@op(elementwise=True, dtype="float")
def exp2(xp, input, /):
    """``2 ** input``.  Shape: (*) -> (*).  Source: torch.exp2."""
    return xp.exp2(input)


exp2.vjp(input=lambda g, out: g * conjugate(out * math.log(2)))


@op(elementwise=True, dtype="float")
def expm1(xp, input, /):
    """``exp(input) - 1``, exact near 0.  Shape: (*) -> (*).  Source: torch.expm1."""
    return xp.expm1(input)


expm1.vjp(input=lambda g, out: g * conjugate(out + 1))


@op(elementwise=True, dtype="float")
def log(xp, input, /):
    """Natural logarithm.  Shape: (*) -> (*).  Source: torch.log."""
    return xp.log(input)


log.vjp(input=lambda g, input: g / conjugate(input))


@op(elementwise=True, dtype="float")
def log2(xp, input, /):
    """Logarithm to base 2.  Shape: (*) -> (*).  Source: torch.log2."""
    return xp.log2(input)


log2.vjp(input=lambda g, input: g / conjugate(input * math.log(2)))


@op(elementwise=True, dtype="float")
def log10(xp, input, /):
    """Logarithm to base 10.  Shape: (*) -> (*).  Source: torch.log10."""
    return xp.log10(input)


log10.vjp(input=lambda g, input: g / conjugate(input * math.log(10)))


@op(elementwise=True, dtype="float", node="Log1PBackward0")
def log1p(xp, input, /):
    """``log(1 + input)``, exact near 0.  Shape: (*) -> (*).  Source: torch.log1p."""
    return xp.log1p(input)


log1p.vjp(input=lambda g, input: g / conjugate(input + 1))


@op(elementwise=True, inplace=False, kinds="f")
def logaddexp(xp, input, other, /):
    """``log(exp(input) + exp(other))``.  Shape: broadcast.  Source: torch.logaddexp."""
    return xp.logaddexp(input, other)


logaddexp.vjp(
    input=lambda g, input, out: g * exp(input - out),
    other=lambda g, other, out: g * exp(other - out),
)


@op(
    elementwise=True,
    dtype="float",
    numbers=("input", "other"),
    kinds="f",
    node=_numbered("Xlogy", both=0, first=1, second=2),
)
def xlogy(xp, input, other, /):
    """``input * log(other)``, 0 where ``input`` is 0.  Shape: broadcast.  Source: torch.xlogy."""
    product = input * xp.log(xp.asarray(other, input.dtype))
    return xp.where(xp.logical_and(input == 0, ~xp.isnan(other)), xp.zeros_like(product), product)


xlogy.vjp(
    input=lambda g, input, other: g * _log_beside_zero(input, other),
    other=lambda g, input, other: g * (input / other),
)


def _log_beside_zero(input, other):
    """``log(other)``, but 0 where ``xlogy`` is flat: ``input`` 0 and no logarithm."""
    if not isinstance(other, (int, float)):
        return masked_zero(log(other), (input == 0) & (other <= 0))
    slope = _log_of_number(other)
    return slope if other > 0 else masked_zero(zero_of(input) + slope, input == 0)


# --- trigonometry ---------------------------------------------------------------------------------


@op(elementwise=True, dtype="float")
def sin(xp, input, /):
    """Sine of radians.  Shape: (*) -> (*).  Source: torch.sin."""
    return xp.sin(input)


sin.vjp(input=lambda g, input: g * conjugate(cos(input)))


@op(elementwise=True, dtype="float")
def cos(xp, input, /):
    """Cosine of radians.  Shape: (*) -> (*).  Source: torch.cos."""
    return xp.cos(input)


cos.vjp(input=lambda g, input: -g * conjugate(sin(input)))


@op(elementwise=True, dtype="float")
def tan(xp, input, /):
    """Tangent of radians.  Shape: (*) -> (*).  Source: torch.tan."""
    return xp.tan(input)


tan.vjp(input=lambda g, out: g * conjugate(1 + out * out))


@op(elementwise=True, dtype="float", aliases=("arcsin",))
def asin(xp, input, /):
    """Inverse sine, in radians.  Shape: (*) -> (*).  Source: torch.asin."""
    return xp.arcsin(input)


asin.vjp(input=lambda g, input: g * conjugate(rsqrt(1 - input * input)))


@op(elementwise=True, dtype="float", aliases=("arccos",))
def acos(xp, input, /):
    """Inverse cosine, in radians.  Shape: (*) -> (*).  Source: torch.acos."""
    return xp.arccos(input)


acos.vjp(input=lambda g, input: -g * conjugate(rsqrt(1 - input * input)))


@op(elementwise=True, dtype="float", aliases=("arctan",))
def atan(xp, input, /):
    """Inverse tangent, in radians.  Shape: (*) -> (*).  Source: torch.atan."""
    return xp.arctan(input)


atan.vjp(input=lambda g, input: g / conjugate(1 + input * input))


@op(elementwise=True, dtype="float", aliases=("arctan2",), kinds="f")
def atan2(xp, input, other, /):
    """The angle of the point (other, input), in radians.

    Shape: broadcast.  Source: torch.atan2.
    """
    return xp.arctan2(input, other)


atan2.vjp(
    input=lambda g, input, other: g * (other / (input * input + other * other)),
    other=lambda g, input, other: -g * (input / (input * input + other * other)),
)


@op(elementwise=True, dtype="float")
def sinh(xp, input, /):
    """Hyperbolic sine.  Shape: (*) -> (*).  Source: torch.sinh."""
    return xp.sinh(input)


sinh.vjp(input=lambda g, input: g * conjugate(cosh(input)))


@op(elementwise=True, dtype="float")
def cosh(xp, input, /):
    """Hyperbolic cosine.  Shape: (*) -> (*).  Source: torch.cosh."""
    return xp.cosh(input)


cosh.vjp(input=lambda g, input: g * conjugate(sinh(input)))


@op(elementwise=True, dtype="float")
def tanh(xp, input, /):
    """Hyperbolic tangent.  Shape: (*) -> (*).  Source: torch.tanh."""
    return xp.tanh(input)


tanh.vjp(input=lambda g, out: g * conjugate(1 - out * out))


@op(elementwise=True, dtype="float", aliases=("arcsinh",))
def asinh(xp, input, /):
    """Inverse hyperbolic sine.  Shape: (*) -> (*).  Source: torch.asinh."""
    return xp.arcsinh(input)


asinh.vjp(input=lambda g, input: g * conjugate(rsqrt(input * input + 1)))


@op(elementwise=True, dtype="float", aliases=("arccosh",))
def acosh(xp, input, /):
    """Inverse hyperbolic cosine.  Shape: (*) -> (*).  Source: torch.acosh."""
    return xp.arccosh(input)


acosh.vjp(input=lambda g, input: g * conjugate(rsqrt(input - 1) * rsqrt(input + 1)))


@op(elementwise=True, dtype="float", aliases=("arctanh",))
def atanh(xp, input, /):
    """Inverse hyperbolic tangent.  Shape: (*) -> (*).  Source: torch.atanh."""
    return xp.arctanh(input)


atanh.vjp(input=lambda g, input: g / conjugate(1 - input * input))


@op(elementwise=True, dtype="float", node="Deg2RadBackward0")
def deg2rad(xp, input, /):
    """Degrees to radians.  Shape: (*) -> (*).  Source: torch.deg2rad."""
    _refuse_complex("deg2rad is not supported for complex tensors.", input)
    return input * (math.pi / 180)


deg2rad.vjp(input=lambda g: g * (math.pi / 180))


@op(elementwise=True, dtype="float", node="Rad2DegBackward0")
def rad2deg(xp, input, /):
    """Radians to degrees.  Shape: (*) -> (*).  Source: torch.rad2deg."""
    _refuse_complex("rad2deg is not supported for complex tensors.", input)
    return input * (180 / math.pi)


rad2deg.vjp(input=lambda g: g * (180 / math.pi))


@op(elementwise=True, kinds="f")
def hypot(xp, input, other, /):
    """``sqrt(input**2 + other**2)`` without overflow.  Shape: broadcast.  Source: torch.hypot."""
    return xp.hypot(input, other)


hypot.vjp(
    input=lambda g, input, out: g * (input / out), other=lambda g, other, out: g * (other / out)
)


# --- rounding, signs, limits ----------------------------------------------------------------------


@op(elementwise=True, kinds="iuf")
def floor(xp, input, /):
    """The largest integer not above, in the input's dtype.

    Shape: (*) -> (*).  Source: torch.floor.
    """
    return input.copy() if input.dtype.kind in "iu" else xp.floor(input)


@op(elementwise=True, kinds="iuf")
def ceil(xp, input, /):
    """The smallest integer not below, in the input's dtype.

    Shape: (*) -> (*).  Source: torch.ceil.
    """
    return input.copy() if input.dtype.kind in "iu" else xp.ceil(input)


@op(elementwise=True, aliases=("fix",), kinds="iuf")
def trunc(xp, input, /):
    """Towards zero, in the input's dtype.  Shape: (*) -> (*).  Source: torch.trunc."""
    return input.copy() if input.dtype.kind in "iu" else xp.trunc(input)


@op(
    elementwise=True,
    kinds="iuf",
    node=lambda params: f"RoundBackward{int(params['decimals'] != 0)}",
)
def round(xp, input, /, *, decimals=0):
    """To the nearest integer, ties to even; or to ``decimals`` places.

    Shape: (*) -> (*).  Source: torch.round.
    """
    if input.dtype.kind in "iu":
        if decimals:
            raise NotImplementedError('"round_cpu" not implemented for integers with decimals')
        return input.copy()
    if decimals == 0:
        return xp.rint(input)
    scale = 10.0 ** builtins.abs(decimals)
    return xp.rint(input * scale) / scale if decimals > 0 else xp.rint(input / scale) * scale


for _step in (floor, ceil, trunc, round):
    _step.vjp(input=lambda g: zero_of(g))


@op(elementwise=True, kinds="f")
def frac(xp, input, /):
    """The fractional part, with the input's sign.  Shape: (*) -> (*).  Source: torch.frac."""
    return input - xp.trunc(input)


frac.vjp(input=lambda g: g)


@op(elementwise=True, kinds="biuf")
def sign(xp, input, /):
    """-1, 0 or 1.  Shape: (*) -> (*).  Source: torch.sign."""
    if input.dtype.kind == "b":
        return input.copy()
    # torch: the sign of nan is 0.
    return (input > 0).astype(input.dtype) - (input < 0).astype(input.dtype)


sign.vjp(input=lambda g: zero_of(g))


@op(elementwise=True)
def sgn(xp, input, /):
    """:func:`sign`; for complex numbers ``input / abs(input)``.

    Shape: (*) -> (*).  Source: torch.sgn.
    """
    if input.dtype.kind != "c":
        return sign.op.body(xp, input)
    size = xp.absolute(input)
    return xp.where(size == 0, 0, input / xp.where(size == 0, 1, size)).astype(input.dtype)


sgn.vjp(input=lambda g, input, out: _sgn_gradient(g, input, out))


def _sgn_gradient(g, input, out):
    if not _is_complex(input):
        return zero_of(g)
    # d sgn(z) = (dz - sgn(z)^2 conjugate(dz)) / (2 |z|)
    size = abs(input)
    return masked_zero((g - conjugate(g) * out * out) / (2 * size), size == 0)


@op(elementwise=True, dtype="bool", differentiable=False, kinds="biuf")
def signbit(xp, input, /):
    """Whether the sign bit is set, also of -0.0.

    Shape: (*) -> (*) bool.  Source: torch.signbit.
    """
    return xp.signbit(input) if input.dtype.kind in "fV" else input < 0


@op(
    elementwise=True,
    dtype="float",
    numbers=("other",),
    kinds="f",
    node=_numbered("Copysign", both=0, second=1),
)
def copysign(xp, input, other, /):
    """The magnitude of ``input`` with the sign of ``other``.

    Shape: broadcast.  Source: torch.copysign.
    """
    return xp.copysign(input, other)


copysign.vjp(
    input=lambda g, input, out: g * (sgn(out) * sgn(input)),
    other=lambda g: zero_of(g),
)


@op(elementwise=True, public=False, method=False, node="ClampBackward0", kinds="iuf")
def clamp_tensors(xp, input, min=None, max=None, /):
    """``input`` limited to [min, max], by tensors.  Shape: broadcast."""
    if min is not None:
        input = xp.maximum(input, min)
    return xp.minimum(input, max) if max is not None else input.copy() if min is None else input


clamp_tensors.vjp_joint(lambda g, input, min, max: _clamp_gradients(g, input, min, max))


def _clamp_gradients(g, input, min, max):
    inside = logical_not(isnan(input))
    below = above = None
    if min is not None:
        below = input < min
        inside = inside & logical_not(below)
    if max is not None:
        above = input > max
        if min is not None:
            # torch: where the limits cross, the upper one counts.
            above = above | (max < min)
            below = below & logical_not(max < min)
            inside = inside & logical_not(max < min)
        inside = inside & logical_not(above)
    return (
        masked_zero(g, logical_not(inside)),
        None if min is None else masked_zero(g, logical_not(below)),
        None if max is None else masked_zero(g, logical_not(above)),
    )


@op(elementwise=True, public=False, method=False, node="ClampBackward1", kinds="iuf")
def clamp_numbers(xp, input, /, min=None, max=None):
    """``input`` limited to [min, max], by numbers.  Shape: (*) -> (*)."""
    if input.dtype.kind in "iu":  # torch: limits beyond the integer type wrap around
        min, max = (
            None if limit is None else xp.asarray(limit).astype(input.dtype) for limit in (min, max)
        )
    return xp.clip(input, min, max)


clamp_numbers.vjp(
    # Not a product: an inf or nan that arrives at a limit must end there.
    input=lambda g, input, min, max: masked_zero(g, logical_not(_inside(input, min, max)))
)


def _inside(input, min, max):
    if min is None:
        return input <= max
    return input >= min if max is None else (input >= min) & (input <= max)


def _clamp_in_place(self, min=None, max=None):
    """In-place twin of :func:`clamp`."""
    function, limits = _clamping(self, min, max)
    return function.op.call_inplace(self, *limits)


@composite(inplace=_clamp_in_place, aliases=("clip",))
def clamp(input, min=None, max=None, *, out=None):
    """``input`` limited to [min, max]; the limits are numbers, tensors or None.

    Shape: broadcast.  Raises RuntimeError without any limit.  Source: torch.clamp.
    """
    function, limits = _clamping(input, min, max)
    return function(input, *limits, out=out)


def _clamping(input, min, max):
    """The op for these limits, and the limits in the form that it takes."""
    if min is None and max is None:
        raise RuntimeError("torch.clamp: At least one of 'min' or 'max' must not be None")
    min, max = [n.item() if isinstance(n, np.generic) else n for n in (min, max)]
    limits = [limit for limit in (min, max) if limit is not None]
    tensors = [limit for limit in limits if isinstance(limit, Tensor)]
    if len(tensors) < len(limits) and (
        tensors or not builtins.all(isinstance(n, (int, float)) for n in limits)
    ):
        kinds = ", ".join(type(limit).__name__ for limit in (min, max))
        raise TypeError(
            f"clamp(): the limits must be two tensors or two numbers, but got ({kinds})"
        )
    if tensors:
        return clamp_tensors, (min, max)
    if input.dtype.is_floating_point:
        # A number that is no number of this dtype (an int) must not widen the array.
        min, max = (None if limit is None else float(limit) for limit in (min, max))
        return clamp_numbers, (min, max)
    if input.dtype is dtypes.bool_ or any(isinstance(limit, float) for limit in (min, max)):
        return clamp_tensors, (min, max)
    return clamp_numbers, (min, max)


@composite(inplace=lambda self, min: _clamp_in_place(self, min=min))
def clamp_min(input, min, *, out=None):
    """``input``, but not below ``min``.  Shape: broadcast.  Source: torch.clamp_min."""
    return named(clamp(input, min=min, out=out), _limit_node("ClampMin", min))


@composite(inplace=lambda self, max: _clamp_in_place(self, max=max))
def clamp_max(input, max, *, out=None):
    """``input``, but not above ``max``.  Shape: broadcast.  Source: torch.clamp_max."""
    return named(clamp(input, max=max, out=out), _limit_node("ClampMax", max))


def _limit_node(family, limit):
    return f"{family}Backward{int(isinstance(limit, Tensor))}"


@op(elementwise=True, inplace=False)
def maximum(xp, input, other, /):
    """The larger of each pair; nan wins.  Shape: broadcast.  Source: torch.maximum."""
    _refuse_complex("maximum not implemented for complex tensors.", input)
    return xp.maximum(input, other)


@op(elementwise=True, inplace=False)
def minimum(xp, input, other, /):
    """The smaller of each pair; nan wins.  Shape: broadcast.  Source: torch.minimum."""
    _refuse_complex("minimum not implemented for complex tensors.", input)
    return xp.minimum(input, other)


@op(elementwise=True, inplace=False)
def fmax(xp, input, other, /):
    """The larger of each pair; nan loses.  Shape: broadcast.  Source: torch.fmax."""
    _refuse_complex("fmax not implemented for complex tensors.", input)
    return xp.fmax(input, other)


@op(elementwise=True, inplace=False)
def fmin(xp, input, other, /):
    """The smaller of each pair; nan loses.  Shape: broadcast.  Source: torch.fmin."""
    _refuse_complex("fmin not implemented for complex tensors.", input)
    return xp.fmin(input, other)


# torch: a tie shares the gradient in two halves.
maximum.vjp(
    input=lambda g, input, other: _shared(g, input < other, input == other),
    other=lambda g, input, other: _shared(g, other < input, input == other),
)
minimum.vjp(
    input=lambda g, input, other: _shared(g, input > other, input == other),
    other=lambda g, input, other: _shared(g, other > input, input == other),
)
fmax.vjp(
    input=lambda g, input, other: g * ((input >= other) | isnan(other)),
    other=lambda g, input, other: g * logical_not((input >= other) | isnan(other)),
)
fmin.vjp(
    input=lambda g, input, other: g * ((input <= other) | isnan(other)),
    other=lambda g, input, other: g * logical_not((input <= other) | isnan(other)),
)


# --- comparison -----------------------------------------------------------------------------------


@op(
    elementwise=True,
    dtype="bool",
    inplace=True,
    numbers=("other",),
    node=_numbered("Eq", both=1, second=0),
)
def eq(xp, input, other, /):
    """Whether ``input == other``.  Shape: broadcast -> bool.  Source: torch.eq."""
    return xp.equal(input, other)


@op(
    elementwise=True,
    dtype="bool",
    inplace=True,
    aliases=("not_equal",),
    numbers=("other",),
    node=_numbered("Ne", both=1, second=0),
)
def ne(xp, input, other, /):
    """Whether ``input != other``.  Shape: broadcast -> bool.  Source: torch.ne."""
    return xp.not_equal(input, other)


@op(
    elementwise=True,
    dtype="bool",
    inplace=True,
    aliases=("less",),
    numbers=("other",),
    kinds="biuf",
    node=_numbered("Lt", both=1, second=0),
)
def lt(xp, input, other, /):
    """Whether ``input < other``.  Shape: broadcast -> bool.  Source: torch.lt."""
    return xp.less(input, other)


@op(
    elementwise=True,
    dtype="bool",
    inplace=True,
    aliases=("less_equal",),
    numbers=("other",),
    kinds="biuf",
    node=_numbered("Le", both=1, second=0),
)
def le(xp, input, other, /):
    """Whether ``input <= other``.  Shape: broadcast -> bool.  Source: torch.le."""
    return xp.less_equal(input, other)


@op(
    elementwise=True,
    dtype="bool",
    inplace=True,
    aliases=("greater",),
    numbers=("other",),
    kinds="biuf",
    node=_numbered("Gt", both=1, second=0),
)
def gt(xp, input, other, /):
    """Whether ``input > other``.  Shape: broadcast -> bool.  Source: torch.gt."""
    return xp.greater(input, other)


@op(
    elementwise=True,
    dtype="bool",
    inplace=True,
    aliases=("greater_equal",),
    numbers=("other",),
    kinds="biuf",
    node=_numbered("Ge", both=1, second=0),
)
def ge(xp, input, other, /):
    """Whether ``input >= other``.  Shape: broadcast -> bool.  Source: torch.ge."""
    return xp.greater_equal(input, other)


# For the in-place twins, which write into a tensor that may have a history: that gets no gradient.
for _comparison in (eq, ne, lt, le, gt, ge):
    _comparison.vjp(input=lambda g: zero_of(g))


@composite
def isclose(input, other, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False):
    """Whether ``|input - other| <= atol + rtol * |other|``.

    Shape: broadcast -> bool.  Source: torch.isclose.
    """
    require_tensor(other, "isclose", "other", 2)
    if input.dtype is not other.dtype:
        raise RuntimeError(
            f"{input.dtype.legacy_name} did not match {other.dtype.legacy_name}: isclose() wants "
            "tensors of one dtype"
        )
    for name, tolerance in (("rtol", rtol), ("atol", atol)):
        if tolerance < 0:
            raise RuntimeError(f"{name} must be greater than or equal to zero, but got {tolerance}")
    close = input == other
    if input.dtype is dtypes.bool_:
        return close
    if input.dtype.rank >= 2:
        near = abs(input - other) <= atol + abs(rtol * other)
        close = close | (near & isfinite(input) & isfinite(other))
        if equal_nan:
            close = close | (isnan(input) & isnan(other))
        return close
    return close | (abs(input - other) <= atol + abs(rtol * other))


@composite
def allclose(
    input, other, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False
) -> bool:
    """Whether all elements are close, see :func:`isclose`.  Source: torch.allclose."""
    return bool(isclose(input, other, rtol, atol, equal_nan).all())


@composite
def equal(input, other) -> bool:
    """Whether shape and all elements are equal.  Source: torch.equal."""
    require_tensor(other, "equal", "other", 2)
    return input.shape == other.shape and bool((input == other).all())


@op(elementwise=True, dtype="bool", differentiable=False)
def isnan(xp, input, /):
    """Whether nan.  Shape: (*) -> (*) bool.  Source: torch.isnan."""
    return xp.isnan(input)


@op(elementwise=True, dtype="bool", differentiable=False)
def isinf(xp, input, /):
    """Whether infinite, of either sign.  Shape: (*) -> (*) bool.  Source: torch.isinf."""
    return xp.isinf(input)


@op(elementwise=True, dtype="bool", differentiable=False)
def isfinite(xp, input, /):
    """Whether neither infinite nor nan.  Shape: (*) -> (*) bool.  Source: torch.isfinite."""
    return xp.isfinite(input)


@op(elementwise=True, dtype="bool", differentiable=False)
def isposinf(xp, input, /):
    """Whether +inf.  Shape: (*) -> (*) bool.  Source: torch.isposinf."""
    _refuse_complex("isposinf does not support complex inputs.", input)
    return xp.equal(input, xp.inf)


@op(elementwise=True, dtype="bool", differentiable=False)
def isneginf(xp, input, /):
    """Whether -inf.  Shape: (*) -> (*) bool.  Source: torch.isneginf."""
    _refuse_complex("isneginf does not support complex inputs.", input)
    return xp.equal(input, -xp.inf)


@op(elementwise=True, dtype="bool", differentiable=False)
def isreal(xp, input, /):
    """Whether the imaginary part is 0.  Shape: (*) -> (*) bool.  Source: torch.isreal."""
    return xp.isreal(input)


@op(elementwise=True, widen=False)  # its limits are those of the type
def nan_to_num(xp, input, /, nan=0.0, posinf=None, neginf=None):
    """nan and infinities replaced (by the dtype's limits, where not given).

    Source: torch.nan_to_num.
    """
    if input.dtype.kind in "biu":
        return input.copy()
    largest = dtypes.finfo(dtypes.from_numpy(input.dtype)).max
    wide = input.astype("float32") if input.dtype.kind == "V" else input
    limits = {
        "posinf": largest if posinf is None else posinf,
        "neginf": -largest if neginf is None else neginf,
    }
    return xp.nan_to_num(wide, nan=0.0 if nan is None else nan, **limits).astype(
        input.dtype, copy=False
    )


nan_to_num.vjp(input=lambda g, input: masked_zero(g, logical_not(isfinite(input))))

# --- logic and bits -------------------------------------------------------------------------------


@op(elementwise=True, dtype="bool", differentiable=False, inplace=True)
def logical_not(xp, input, /):
    """``not input``.  Shape: (*) -> (*) bool.  Source: torch.logical_not."""
    return xp.logical_not(input)


@op(elementwise=True, dtype="bool", differentiable=False, inplace=True)
def logical_and(xp, input, other, /):
    """``input and other``.  Shape: broadcast -> bool.  Source: torch.logical_and."""
    return xp.logical_and(input, other)


@op(elementwise=True, dtype="bool", differentiable=False, inplace=True)
def logical_or(xp, input, other, /):
    """``input or other``.  Shape: broadcast -> bool.  Source: torch.logical_or."""
    return xp.logical_or(input, other)


@op(elementwise=True, dtype="bool", differentiable=False, inplace=True)
def logical_xor(xp, input, other, /):
    """Whether exactly one is true.  Shape: broadcast -> bool.  Source: torch.logical_xor."""
    return xp.logical_xor(input, other)


@op(elementwise=True, differentiable=False, kinds="biu")
def bitwise_not(xp, input, /):
    """``~input``; logical not for bool.  Shape: (*) -> (*).  Source: torch.bitwise_not."""
    return xp.invert(input)


@op(elementwise=True, differentiable=False, numbers=("input", "other"), kinds="biu")
def bitwise_and(xp, input, other, /):
    """``input & other``.  Shape: broadcast.  Source: torch.bitwise_and."""
    return xp.bitwise_and(input, other)


@op(elementwise=True, differentiable=False, numbers=("input", "other"), kinds="biu")
def bitwise_or(xp, input, other, /):
    """``input | other``.  Shape: broadcast.  Source: torch.bitwise_or."""
    return xp.bitwise_or(input, other)


@op(elementwise=True, differentiable=False, numbers=("input", "other"), kinds="biu")
def bitwise_xor(xp, input, other, /):
    """``input ^ other``.  Shape: broadcast.  Source: torch.bitwise_xor."""
    return xp.bitwise_xor(input, other)


@op(elementwise=True, differentiable=False, numbers=("input", "other"), kinds="iu")
def bitwise_left_shift(xp, input, other, /):
    """``input << other``.  Shape: broadcast.  Source: torch.bitwise_left_shift."""
    return xp.left_shift(input, other)


@op(elementwise=True, differentiable=False, numbers=("input", "other"), kinds="iu")
def bitwise_right_shift(xp, input, other, /):
    """``input >> other``.  Shape: broadcast.  Source: torch.bitwise_right_shift."""
    return xp.right_shift(input, other)


# --- complex numbers ------------------------------------------------------------------------------


@op(elementwise=True, node="ConjBackward0")
def conj_physical(xp, input, /):
    """The complex conjugate, computed.  Shape: (*) -> (*).  Source: torch.conj_physical."""
    return xp.conjugate(input) if input.dtype.kind == "c" else input.copy()


conj_physical.vjp(input=lambda g: conjugate(g))


@composite(aliases=())
def conj(input):
    """The complex conjugate; a real tensor itself.  Shape: (*) -> (*).  Source: torch.conj."""
    return conj_physical(input) if input.is_complex() else input


@op(elementwise=True, dtype="float", inplace=False)
def angle(xp, input, /):
    """The argument of complex numbers, in radians; 0 or pi for real ones.  Source: torch.angle."""
    if input.dtype.kind == "c":
        return xp.angle(input)
    return xp.where(xp.isnan(input), input, xp.where(input < 0, math.pi, 0.0)).astype(input.dtype)


angle.vjp(input=lambda g, input: _angle_gradient(g, input))


def _angle_gradient(g, input):
    if not _is_complex(input):
        return zero_of(g)
    return masked_zero(g * (1j * input) / (abs(input) * abs(input)), input == 0)


# --- special functions ----------------------------------------------------------------------------


@op(elementwise=True, dtype="float")
def sigmoid(xp, input, /):
    """``1 / (1 + exp(-input))``.  Shape: (*) -> (*).  Source: torch.sigmoid."""
    return 1 / (1 + xp.exp(-input))


sigmoid.vjp(input=lambda g, out: g * conjugate(out * (1 - out)))


@op(elementwise=True, dtype="float", kinds="f")
def logit(xp, input, /, eps=None):
    """``log(input / (1 - input))``, with ``input`` limited to [eps, 1 - eps].

    Source: torch.logit.
    """
    if eps is not None:
        input = xp.clip(input, eps, 1 - eps)
    return xp.log(input / (1 - input))


logit.vjp(input=lambda g, input, eps: _logit_gradient(g, input, eps))


def _logit_gradient(g, input, eps):
    root = sqrt(input * (1 - input))  # torch: nan outside of [0, 1]
    slope = g / (root * root)
    return slope if eps is None else masked_zero(slope, (input < eps) | (input > 1 - eps))


@op(elementwise=True, dtype="float", kinds="f")
def erf(xp, input, /):
    """The error function.  Shape: (*) -> (*).  Source: torch.erf."""
    return erf_values(xp, input)


erf.vjp(input=lambda g, input: g * (2 / math.sqrt(math.pi)) * exp(-input * input))


@op(elementwise=True, dtype="float", kinds="f")
def erfc(xp, input, /):
    """``1 - erf(input)``, exact far from 0.  Shape: (*) -> (*).  Source: torch.erfc."""
    return erfc_values(xp, input)


erfc.vjp(input=lambda g, input: g * (-2 / math.sqrt(math.pi)) * exp(-input * input))


@op(elementwise=True, dtype="float", kinds="f")
def erfinv(xp, input, /):
    """The inverse of :func:`erf`.  Shape: (*) -> (*).  Source: torch.erfinv."""
    return erfinv_values(xp, input)


erfinv.vjp(input=lambda g, out: g * (math.sqrt(math.pi) / 2) * exp(out * out))


@op(elementwise=True, dtype="float")
def sinc(xp, input, /):
    """``sin(pi x) / (pi x)``, 1 at 0.  Shape: (*) -> (*).  Source: torch.sinc."""
    return xp.sinc(input).astype(input.dtype, copy=False)


sinc.vjp(input=lambda g, input, out: g * conjugate(_sinc_slope(input, out)))


def _sinc_slope(input, out):
    slope = (cos(input * math.pi) - out) / masked_one(input)
    # Its own slope at 0, which second derivatives ask for, is that of the series.
    series = input * (-math.pi * math.pi / 3)
    return masked_zero(slope, input == 0) + masked_zero(series, input != 0)


@op(public=False, method=False)
def masked_one(xp, input, /):
    """``input`` with ones in place of zeros: a safe divisor.  Shape: (*) -> (*)."""
    return xp.where(input == 0, xp.ones((), input.dtype), input)


masked_one.vjp(input=lambda g, input: masked_zero(g, input == 0))
