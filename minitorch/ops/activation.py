"""Activation functions, softmax and its relatives (``torch.nn.functional``)."""

from __future__ import annotations

import math
import warnings

import numpy as np

from minitorch.ops._autocast import lower_precision
from minitorch.ops._dims import wrap_dim
from minitorch.ops._op import composite, named, op
from minitorch.ops.elementwise import erf, exp, masked_zero, sigmoid, tanh
from minitorch.ops.reduction import sum
from minitorch.tensor import wrap

__all__ = [
    "celu",
    "celu_",
    "elu",
    "gelu",
    "glu",
    "gumbel_softmax",
    "hardshrink",
    "hardsigmoid",
    "hardswish",
    "hardtanh",
    "leaky_relu",
    "log_softmax",
    "logsigmoid",
    "mish",
    "prelu",
    "relu",
    "relu6",
    "rrelu",
    "selu",
    "selu_",
    "silu",
    "softmax",
    "softmin",
    "softplus",
    "softshrink",
    "softsign",
    "tanhshrink",
    "threshold",
]

_F = "nn.functional"


# --- piecewise linear ---------------------------------------------------------------------------


@op(elementwise=True)
def relu(xp, input, /):
    """``max(0, input)``.  Shape: (*) -> (*).  Source: torch.relu."""
    return xp.maximum(input, 0)


relu.vjp(input=lambda g, out: g * (out > 0))


@op(elementwise=True, home=_F, node="LeakyReluBackward0", kinds="f")
def leaky_relu(xp, input, /, negative_slope=0.01):
    """``input`` above 0, ``negative_slope * input`` below.

    Shape: (*) -> (*).  Source: F.leaky_relu.
    """
    return xp.where(input > 0, input, input * negative_slope)


leaky_relu.vjp(
    input=lambda g, input, negative_slope: g * (input > 0) + (g * negative_slope) * (input <= 0)
)


@op(elementwise=True, public=False, method=False, inplace=False)
def prelu_kernel(xp, input, weight, /):
    """``input`` above 0, ``weight * input`` below."""
    return xp.where(input > 0, input, input * weight)


prelu_kernel.vjp(
    input=lambda g, input, weight: g * ((input > 0) + weight * (input <= 0)),
    weight=lambda g, input: g * input * (input <= 0),
)


@composite
@lower_precision
def prelu(input, weight):
    """``input`` above 0, ``weight * input`` below; one weight, or one per channel.

    Shape: (N, C, *), (C) -> (N, C, *).  Raises RuntimeError for another number of weights.
    Source: torch.prelu; He et al. (2015).
    """
    if weight.ndim > 1:
        raise RuntimeError(
            f"prelu: Expected `weight` to be a scalar or 1D tensor, but got: ndim = {weight.ndim}"
        )
    if input.dtype is not weight.dtype:
        first, other = (tensor.dtype.legacy_name for tensor in (input, weight))
        raise RuntimeError(f"prelu: Type promoting not supported. Got {first} and {other}")
    if weight.numel() != 1:
        if not input.ndim:
            raise RuntimeError("Not allow zero-dim input tensor.")
        channels = input.shape[1] if input.ndim > 1 else 1
        if channels != weight.numel():
            raise RuntimeError(
                "Mismatch of parameter numbers and input channel size. Found parameter numbers = "
                f"{weight.numel()} and channel size = {channels}."
            )
    shape = (
        [-1 if dim == 1 else 1 for dim in range(input.ndim)] if input.ndim > 1 else [1] * input.ndim
    )
    return prelu_kernel(input, weight.reshape(shape))


@op(elementwise=True, home=_F)
def hardtanh(xp, input, /, min_val=-1.0, max_val=1.0):
    """``input`` limited to [min_val, max_val].  Shape: (*) -> (*).  Source: F.hardtanh."""
    if min_val > max_val:
        raise ValueError("min_val cannot be greater than max_val")
    return xp.clip(input, min_val, max_val)


hardtanh.vjp(input=lambda g, input, min_val, max_val: g * ((input > min_val) & (input < max_val)))


@composite(home=_F)
def relu6(input):
    """``min(max(0, input), 6)``.  Shape: (*) -> (*).  Source: F.relu6."""
    return hardtanh(input, 0.0, 6.0)


def rrelu(
    input,
    lower: float = 1.0 / 8,
    upper: float = 1.0 / 3,
    training: bool = False,
    inplace: bool = False,
):
    """``input`` above 0, ``a * input`` elsewhere, with a drawn from [lower, upper).

    Unless ``training``, a is the middle of the two.

    Shape: (*) -> (*).  Raises RuntimeError for lower > upper.  Source: F.rrelu; Xu et al. (2015).
    """
    if lower > upper:
        raise RuntimeError("Lower bound should be less than or equal to the upper bound")
    if training:
        slopes = _rrelu_slopes(input, lower, upper)
    else:
        slopes = wrap(np.full((), (lower + upper) / 2, input._array.dtype))
    return (
        randomised_relu.op.call_inplace(input, slopes)
        if inplace
        else randomised_relu(input, slopes)
    )


def _rrelu_slopes(input, lower, upper):
    """A slope for each element, drawn only where the element is not positive."""
    array = input._array
    low, high = (float(array.dtype.type(bound)) for bound in (lower, upper))
    flat = array <= 0
    drawn = wrap(np.empty(int(flat.sum()), np.float64)).uniform_(low, high)
    slopes = np.ones_like(array)
    slopes[flat] = drawn._array
    return wrap(slopes)


@op(elementwise=True, public=False, method=False, node="RreluWithNoiseBackward0")
def randomised_relu(xp, input, slopes, /):
    """``input`` above 0, ``slopes * input`` elsewhere."""
    return xp.where(input > 0, input, input * slopes)


randomised_relu.vjp(input=lambda g, input, slopes: g * ((input > 0) + slopes * (input <= 0)))


@op(elementwise=True, method=False)
def threshold(xp, input, /, threshold, value):
    """``input`` above ``threshold``, ``value`` elsewhere.

    Shape: (*) -> (*).  Source: torch.threshold.
    """
    return xp.where(input <= threshold, xp.asarray(value, input.dtype), input)


threshold.vjp(input=lambda g, input, threshold: g * (input > threshold))


@op(elementwise=True, home=_F, method=True, inplace=False, kinds="f")
def hardshrink(xp, input, /, lambd=0.5):
    """``input`` outside [-lambd, lambd], 0 inside.  Shape: (*) -> (*).  Source: F.hardshrink."""
    return xp.where((input >= -lambd) & (input <= lambd), xp.zeros((), input.dtype), input)


hardshrink.vjp(input=lambda g, input, lambd: g * ((input < -lambd) | (input > lambd)))


@op(elementwise=True, home=_F, kinds="f", kernel_name="softshrink_check")
def softshrink(xp, input, /, lambd=0.5):
    """``input`` moved towards 0 by ``lambd``, 0 inside.

    Shape: (*) -> (*).  Source: F.softshrink.
    """
    if lambd < 0:
        raise RuntimeError(f"lambda must be greater or equal to 0, but found to be {lambd}.")
    return xp.where(
        input > lambd, input - lambd, xp.where(input < -lambd, input + lambd, input * 0)
    )


softshrink.vjp(input=lambda g, input, lambd: g * ((input < -lambd) | (input > lambd)))


@op(elementwise=True, home=_F, kinds="f")
def hardsigmoid(xp, input, /):
    """``clip(input + 3, 0, 6) / 6``.  Shape: (*) -> (*).  Source: F.hardsigmoid."""
    return xp.clip(input + 3, 0, 6) / 6


hardsigmoid.vjp(input=lambda g, input: g * ((input > -3) & (input < 3)) / 6)


@op(elementwise=True, home=_F, kinds="f")
def hardswish(xp, input, /):
    """``input * clip(input + 3, 0, 6) / 6``.  Shape: (*) -> (*).  Source: F.hardswish."""
    return input * xp.clip(input + 3, 0, 6) / 6


hardswish.vjp(
    input=lambda g, input: (
        masked_zero(g * (input / 3 + 0.5), (input <= -3) | (input >= 3)) + g * (input >= 3)
    )
)

# --- smooth -------------------------------------------------------------------------------------


@op(elementwise=True, home=_F, kinds="f")
def elu(xp, input, /, alpha=1.0, scale=1.0, input_scale=1.0):
    """``scale * input`` above 0, ``scale * alpha * (exp(input * input_scale) - 1)`` below.

    Source: F.elu.
    """
    # The minimum keeps exp from overflowing on the side that is not taken.
    below = xp.expm1(xp.minimum(input, 0) * input_scale) * (alpha * scale)
    return xp.where(input > 0, input * scale, below)


elu.vjp(
    input=lambda g, input, alpha, scale, input_scale: (
        (g * scale) * (input > 0)
        + masked_zero(g * exp(masked_zero(input, input > 0) * input_scale), input > 0)
        * (alpha * scale * input_scale)
    )
)

#: Klambauer et al., "Self-Normalizing Neural Networks" (2017).
_SELU_ALPHA, _SELU_SCALE = 1.6732632423543772848170429916717, 1.0507009873554804934193349852946


@composite(method=False)
def selu(input):
    """The scaled exponential unit, whose activations keep mean 0 and variance 1.

    Source: torch.selu.
    """
    return elu(input, _SELU_ALPHA, _SELU_SCALE)


def selu_(input):
    """In-place twin of :func:`selu`.  Source: torch.selu_."""
    return elu.op.call_inplace(input, _SELU_ALPHA, _SELU_SCALE)


@composite(method=False)
def celu(input, alpha: float = 1.0):
    """``max(0, input) + min(0, alpha * (exp(input / alpha) - 1))``.  Source: torch.celu."""
    return named(elu(input, alpha, 1.0, _inverse(alpha)), "CeluBackward0")


def celu_(input, alpha: float = 1.0):
    """In-place twin of :func:`celu`.  Source: torch.celu_."""
    return elu.op.call_inplace(input, alpha, 1.0, _inverse(alpha))


def _inverse(alpha):
    if alpha == 0:
        raise RuntimeError("ZeroDivisionError: alpha cannot be 0 for CELU")
    return 1 / alpha


@op(elementwise=True, home=_F, inplace=False, kinds="f", kernel_name="GeluKernelImpl")
def gelu(xp, input, /, *, approximate="none"):
    """``input * P(X <= input)`` for a standard normal X; ``approximate="tanh"`` for the tanh form.

    Shape: (*) -> (*).  Source: F.gelu; Hendrycks and Gimpel (2016).
    """
    if approximate == "tanh":
        return 0.5 * input * (1 + xp.tanh(_gelu_argument(input)))
    if approximate != "none":
        raise RuntimeError("approximate argument must be either none or tanh.")
    return input * (0.5 * (1 + erf(input * math.sqrt(0.5))))


def _gelu_argument(input):
    return math.sqrt(2 / math.pi) * (input + 0.044715 * input * input * input)


def _gelu_gradient(g, input, approximate):
    if approximate == "tanh":
        t = tanh(_gelu_argument(input))
        slope = math.sqrt(2 / math.pi) * (1 + 3 * 0.044715 * input * input)
        return g * (0.5 * (1 + t) + 0.5 * input * (1 - t * t) * slope)
    density = exp(-0.5 * input * input) * (1 / math.sqrt(2 * math.pi))
    return g * (0.5 * (1 + erf(input * math.sqrt(0.5))) + input * density)


gelu.vjp(input=_gelu_gradient)


@op(elementwise=True, home=_F, kinds="fc")
def silu(xp, input, /):
    """``input * sigmoid(input)``.  Shape: (*) -> (*).  Source: F.silu."""
    return input / (1 + xp.exp(-input))


def _silu_gradient(g, input):
    s = sigmoid(input)
    return g * (s * (1 + input * (1 - s)))


silu.vjp(input=_silu_gradient)


@op(elementwise=True, home=_F, kinds="f")
def mish(xp, input, /):
    """``input * tanh(log(1 + exp(input)))``.  Shape: (*) -> (*).  Source: F.mish."""
    return input * xp.tanh(xp.logaddexp(input, 0))


def _mish_gradient(g, input):
    t, s = tanh(softplus(input, 1.0, math.inf)), sigmoid(input)
    return g * (t + input * s * (1 - t * t))


mish.vjp(input=_mish_gradient)


@op(elementwise=True, home=_F, inplace=False, kinds="f")
def softplus(xp, input, /, beta=1.0, threshold=20.0):
    """``log(1 + exp(beta * input)) / beta``; ``input`` itself above ``threshold``.

    Source: F.softplus.
    """
    scaled = input * beta
    return xp.where(scaled > threshold, input, xp.logaddexp(scaled, 0) / beta)


softplus.vjp(
    input=lambda g, input, beta, threshold: (
        masked_zero(g * sigmoid(input * beta), input * beta > threshold)
        + g * (input * beta > threshold)
    )
)


@op(
    elementwise=True,
    home=_F,
    inplace=False,
    node="LogSigmoidBackward0",
    kinds="f",
    kernel_name="log_sigmoid_cpu",
)
def logsigmoid(xp, input, /):
    """``log(sigmoid(input))`` without overflow.  Shape: (*) -> (*).  Source: F.logsigmoid."""
    input = xp.ascontiguousarray(input).reshape(input.shape)  # torch: the result is row-major
    return xp.minimum(input, 0) - xp.log1p(xp.exp(-xp.abs(input)))


logsigmoid.vjp(input=lambda g, input: g * sigmoid(-input))


@composite(home=_F)
def softsign(input):
    """``input / (1 + |input|)``.  Shape: (*) -> (*).  Source: F.softsign."""
    return input / (input.abs() + 1)


@composite(home=_F)
def tanhshrink(input):
    """``input - tanh(input)``.  Shape: (*) -> (*).  Source: F.tanhshrink."""
    return input - input.tanh()


@composite(home=_F)
def glu(input, dim: int = -1):
    """The first half times the sigmoid of the second half along ``dim``.

    Shape: (..., 2n, ...) -> (..., n, ...).  Raises RuntimeError for an odd length.  Source: F.glu.
    """
    if not input.ndim:
        raise RuntimeError("glu does not support 0-dimensional tensors")
    axis = wrap_dim(dim, input.ndim, "glu")
    length = input.shape[axis]
    if length % 2:
        raise RuntimeError(f"Halving dimension must be even, but dimension {axis} is size {length}")
    first, second = input.narrow(axis, 0, length // 2), input.narrow(axis, length // 2, length // 2)
    return named(first * second.sigmoid(), "GluBackward0")


# --- softmax ------------------------------------------------------------------------------------


@op(name="softmax_along", public=False, method=False, node="SoftmaxBackward0")
def _softmax(xp, input, /, dim):
    """exp(input), normalised to sum 1 along ``dim``."""
    if not input.ndim:
        return xp.ones_like(input)
    if not input.shape[dim]:
        return input.copy()
    input = xp.ascontiguousarray(input)
    shifted = xp.exp(input - input.max(dim, keepdims=True))
    shifted /= shifted.sum(dim, keepdims=True)
    return shifted


def _softmax_gradient(g, out, dim):
    product = g * out
    return product - out * sum(product, dim, True)


_softmax.vjp(input=_softmax_gradient)


@op(name="log_softmax_along", public=False, method=False, node="LogSoftmaxBackward0")
def _log_softmax(xp, input, /, dim):
    """The logarithm of softmax, without underflow."""
    if not input.ndim:
        return xp.zeros_like(input)
    if not input.shape[dim]:
        return input.copy()
    input = xp.ascontiguousarray(input)
    shifted = input - input.max(dim, keepdims=True)
    shifted -= xp.log(xp.exp(shifted).sum(dim, keepdims=True))
    return shifted


_log_softmax.vjp(input=lambda g, out, dim: g - exp(out) * sum(g, dim, True))


def _soft_arguments(name, input, dim, dtype, stacklevel):
    if dim is None:
        warnings.warn(
            f"Implicit dimension choice for {name} has been deprecated. Change the call to "
            "include dim=X as an argument.",
            stacklevel=stacklevel + 1,
        )
        dim = 0 if input.ndim in (0, 1, 3) else 1
    if dtype is not None:
        input = input.to(dtype)
    dim = wrap_dim(dim, input.ndim, name)
    if input.numel() and not input.dtype.is_floating_point:
        last = "lastdim_" if dim in (-1, input.ndim - 1) else ""
        raise NotImplementedError(
            f'"{name}_{last}kernel_impl" not implemented for {input.dtype.legacy_name!r}'
        )
    return input, dim


@composite
def softmax(input, dim: int | None = None, _stacklevel: int = 3, dtype=None):
    """``exp(input)``, normalised to sum 1 along ``dim``.

    Shape: (*) -> (*).  Source: torch.softmax.
    """
    return _softmax(*_soft_arguments("softmax", input, dim, dtype, _stacklevel))


@composite
def log_softmax(input, dim: int | None = None, _stacklevel: int = 3, dtype=None):
    """The logarithm of :func:`softmax`, without underflow.

    Shape: (*) -> (*).  Source: torch.log_softmax.
    """
    return _log_softmax(*_soft_arguments("log_softmax", input, dim, dtype, _stacklevel))


@composite(home=_F)
def softmin(input, dim: int | None = None, _stacklevel: int = 3, dtype=None):
    """``softmax(-input)``.  Shape: (*) -> (*).  Source: F.softmin."""
    return softmax(-input, dim, _stacklevel, dtype)


@composite(home=_F)
def gumbel_softmax(logits, tau: float = 1, hard: bool = False, eps: float = 1e-10, dim: int = -1):
    """A differentiable sample from the distribution of ``logits``, at temperature ``tau``.

    ``hard`` gives a one-hot sample with the gradient of the soft one.  Source: F.gumbel_softmax.
    """
    gumbels = -logits.detach().clone().exponential_().log()
    soft = softmax((logits + gumbels) / tau, dim)
    if not hard:
        return soft
    index = soft.max(dim, keepdim=True).indices
    return soft.new_zeros(soft.shape).scatter_(dim, index, 1.0) - soft.detach() + soft
