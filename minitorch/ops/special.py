"""Special functions: gamma's family, Bessel functions, the normal distribution's functions.

What they compute on arrays stands in gamma_function.py, bessel_function.py and error_function.py.
"""

from __future__ import annotations

import builtins
import math

from minitorch.ops._arguments import require_tensor
from minitorch.ops._op import composite, op
from minitorch.ops.bessel_function import (
    airy_ai_values,
    i0_values,
    i0e_values,
    i1_values,
    i1e_values,
    j0_values,
    j1_values,
    k0_values,
    k0e_values,
    k1_values,
    k1e_values,
    spherical_j0_values,
    y0_values,
    y1_values,
)
from minitorch.ops.elementwise import (
    exp,
    log,
    log1p,
    masked_one,
    masked_zero,
    reciprocal,
    sgn,
    zero_of,
)
from minitorch.ops.error_function import (
    erfcx_values,
    log_ndtr_values,
    ndtr_values,
    ndtri_values,
)
from minitorch.ops.gamma_function import (
    digamma_values,
    gammainc_values,
    gammaincc_values,
    lgamma_values,
    polygamma_values,
    zeta_values,
)
from minitorch.tensor import Tensor

__all__ = [
    "airy_ai",
    "bessel_j0",
    "bessel_j1",
    "bessel_y0",
    "bessel_y1",
    "digamma",
    "entr",
    "erfcx",
    "i0",
    "i0e",
    "i1",
    "i1e",
    "igamma",
    "igammac",
    "lgamma",
    "log_ndtr",
    "modified_bessel_i0",
    "modified_bessel_i1",
    "modified_bessel_k0",
    "modified_bessel_k1",
    "mvlgamma",
    "ndtr",
    "ndtri",
    "polygamma",
    "scaled_modified_bessel_k0",
    "scaled_modified_bessel_k1",
    "spherical_bessel_j0",
    "xlog1py",
    "zeta",
]


def _numbered(name):
    """torch numbers the nodes of its overloads: two tensors, a number first, one second."""

    def node(params, inputs):
        tensors = [isinstance(x, Tensor) for x in inputs]
        return f"{name}Backward{0 if builtins.all(tensors) else 2 if tensors[0] else 1}"

    return node


# --- gamma and its logarithmic derivatives --------------------------------------------------------


@op(elementwise=True, dtype="float", kinds="biuf")
def lgamma(xp, input, /):
    """``log(abs(gamma(input)))``.  Shape: (*) -> (*).  Source: torch.lgamma."""
    return lgamma_values(xp, input)


lgamma.vjp(input=lambda g, input: g * digamma(input))


@op(elementwise=True, dtype="float", kinds="biuf")
def digamma(xp, input, /):
    """The derivative of :func:`lgamma`.  Shape: (*) -> (*).  Source: torch.digamma."""
    return digamma_values(xp, input)


digamma.vjp(input=lambda g, input: g * polygamma_of_order(input, n=1))


@op(
    elementwise=True,
    dtype="float",
    kinds="biuf",
    public=False,
    method=False,
    numbers=(),
    node="PolygammaBackward0",
)
def polygamma_of_order(xp, input, /, n):
    """The n-th derivative of digamma; :func:`polygamma` with the tensor first."""
    return polygamma_values(xp, input, n)


polygamma_of_order.vjp(input=lambda g, input, n: g * polygamma_of_order(input, n=n + 1))


@composite(method=False)
def polygamma(n: int, input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The ``n``-th derivative of :func:`digamma`.

    Shape: (*) -> (*).  Raises RuntimeError for a negative ``n``.  Source: torch.polygamma.
    """
    require_tensor(input, "polygamma", "input", 2)
    _check_order(n)
    return polygamma_of_order(input, n=n, out=out)


def _check_order(n):
    if not isinstance(n, int):
        raise TypeError(
            "polygamma(): argument 'n' (position 1) must be int, not " + type(n).__name__
        )
    if n < 0:
        raise RuntimeError("polygamma(n, x) does not support negative n.")


def _polygamma_method(self: Tensor, n: int) -> Tensor:
    """The ``n``-th derivative of digamma.  Source: torch.Tensor.polygamma."""
    return polygamma(n, self)


def _polygamma_in_place(self: Tensor, n: int) -> Tensor:
    """In-place twin of :func:`polygamma`.  Source: torch.Tensor.polygamma_."""
    _check_order(n)
    return polygamma_of_order.op.call_inplace(self, n=n)


#: What `minitorch._surface` installs on the Tensor beside the ops.
METHODS = {"polygamma": _polygamma_method, "polygamma_": _polygamma_in_place}


def _check_dimension(p):
    if p < 1:
        raise RuntimeError("p has to be greater than or equal to 1")


@op(elementwise=True, dtype="float", kinds="biuf")
def mvlgamma(xp, input, /, p):
    """The logarithm of the multivariate gamma function of dimension ``p``.

    ``p (p - 1) / 4 log(pi) + sum_j lgamma(input - j / 2)`` for j from 0 to p - 1.
    Shape: (*) -> (*).  Raises RuntimeError for ``p`` below 1.  Source: torch.mvlgamma.
    """
    _check_dimension(p)
    total = p * (p - 1) / 4 * math.log(math.pi)
    for j in range(p):
        total = total + lgamma_values(xp, input - input.dtype.type(j / 2))
    return total.astype(input.dtype)


mvlgamma.vjp(
    input=lambda g, input, p: g * builtins.sum(digamma(input - j / 2) for j in range(p)),
)


@op(elementwise=True, kinds="f", numbers=())
def igamma(xp, input, other, /):
    """The regularized lower incomplete gamma function ``P(input, other)``.

    Shape: broadcast.  Its gradient with respect to ``input`` raises NotImplementedError, as torch's
    does.  Source: torch.igamma.
    """
    return gammainc_values(xp, input, other)


@op(elementwise=True, kinds="f", numbers=())
def igammac(xp, input, other, /):
    """The regularized upper incomplete gamma function, ``1 - igamma(input, other)``.

    Shape: broadcast.  Source: torch.igammac.
    """
    return gammaincc_values(xp, input, other)


def _no_gradient(name):
    raise NotImplementedError(f"the derivative for '{name}: input' is not implemented.")


def _gamma_density(input, other):
    return exp((input - 1) * log(other) - other - lgamma(input))


igamma.vjp(
    input=lambda g: _no_gradient("igamma"),
    other=lambda g, input, other: g * _gamma_density(input, other),
)
igammac.vjp(
    input=lambda g: _no_gradient("igammac"),
    other=lambda g, input, other: -g * _gamma_density(input, other),
)


@op(
    elementwise=True,
    dtype="float",
    kinds="biuf",
    numbers=("input", "other"),
    home="special",
    node=_numbered("SpecialZeta"),
)
def zeta(xp, input, other, /):
    """Hurwitz' zeta function, ``sum_k (other + k) ** -input`` for k from 0.

    Shape: broadcast.  Its gradient with respect to ``input`` raises NotImplementedError.
    Source: torch.special.zeta.
    """
    return zeta_values(xp, *_as_arrays(xp, input, other))


def _as_arrays(xp, input, other):
    """Both operands as arrays: one of them may be a number."""
    dtype = input.dtype if hasattr(input, "dtype") else other.dtype
    return xp.asarray(input, dtype), xp.asarray(other, dtype)


zeta.vjp(
    input=lambda g: _no_gradient("special_zeta"),
    other=lambda g, input, other: g * (-input * zeta(zero_of(other) + (input + 1), other)),
)

# --- logarithms with a factor ---------------------------------------------------------------------


@op(elementwise=True, dtype="float", kinds="biuf", home="special", node="SpecialEntrBackward0")
def entr(xp, input, /):
    """``-input * log(input)``, 0 at 0 and -inf below.

    Shape: (*) -> (*).  Source: torch.special.entr.
    """
    value = -input * xp.log(input)
    value = xp.where(input < 0, -xp.inf, xp.where(input == 0, 0, value))
    return xp.where(xp.isnan(input), input, value).astype(input.dtype)


entr.vjp(input=lambda g, input: g * (-log(input) - 1))


@op(
    elementwise=True,
    dtype="float",
    kinds="biuf",
    numbers=("input", "other"),
    home="special",
    node=_numbered("SpecialXlog1Py"),
)
def xlog1py(xp, input, other, /):
    """``input * log(1 + other)``, 0 where ``input`` is 0.

    Shape: broadcast.  Source: torch.special.xlog1py.
    """
    input, other = _as_arrays(xp, input, other)
    product = input * xp.log1p(other)
    return xp.where((input == 0) & ~xp.isnan(other), xp.zeros_like(product), product)


def _log1p_beside_zero(input, other):
    if isinstance(other, (int, float)):
        return math.log1p(other) if other > -1 else masked_zero(0 * input - math.inf, input == 0)
    return masked_zero(log1p(other), (input == 0) & (other <= -1))


xlog1py.vjp(
    input=lambda g, input, other: g * _log1p_beside_zero(input, other),
    other=lambda g, input, other: g * (input / (other + 1)),
)

# --- the normal distribution and the error function -----------------------------------------------


@op(elementwise=True, dtype="float", kinds="biuf", home="special", node="MulBackward1")
def ndtr(xp, input, /):
    """The standard normal distribution function.

    Shape: (*) -> (*).  Source: torch.special.ndtr.
    """
    return ndtr_values(xp, input)


ndtr.vjp(input=lambda g, input: g * (exp(-0.5 * input * input) / math.sqrt(2 * math.pi)))


@op(elementwise=True, dtype="float", kinds="biuf", home="special", node="SpecialNdtriBackward0")
def ndtri(xp, input, /):
    """The inverse of :func:`ndtr`.  Shape: (*) -> (*).  Source: torch.special.ndtri."""
    return ndtri_values(xp, input)


ndtri.vjp(input=lambda g, out: g * (math.sqrt(2 * math.pi) * exp(0.5 * out * out)))


@op(elementwise=True, dtype="float", kinds="biuf", home="special", node="SpecialLogNdtrBackward0")
def log_ndtr(xp, input, /):
    """``log(ndtr(input))``, exact far from 0.

    Shape: (*) -> (*).  Source: torch.special.log_ndtr.
    """
    return log_ndtr_values(xp, input)


log_ndtr.vjp(
    input=lambda g, input: g * (math.sqrt(2 / math.pi) * reciprocal(erfcx(input * -math.sqrt(0.5))))
)


@op(elementwise=True, dtype="float", kinds="biuf", home="special", node="SpecialErfcxBackward0")
def erfcx(xp, input, /):
    """``exp(input ** 2) * erfc(input)``.  Shape: (*) -> (*).  Source: torch.special.erfcx."""
    return erfcx_values(xp, input)


erfcx.vjp(input=lambda g, input, out: g * (2 * input * out - 2 / math.sqrt(math.pi)))

# --- Bessel functions -----------------------------------------------------------------------------


@op(elementwise=True, dtype="float", kinds="biuf")
def i0(xp, input, /):
    """The modified Bessel function of order 0.  Shape: (*) -> (*).  Source: torch.i0."""
    return i0_values(xp, input)


i0.vjp(input=lambda g, input: g * i1(input))


@op(elementwise=True, dtype="float", kinds="biuf", home="special", node="SpecialI0EBackward0")
def i0e(xp, input, /):
    """``exp(-abs(input)) * i0(input)``.  Shape: (*) -> (*).  Source: torch.special.i0e."""
    return i0e_values(xp, input)


i0e.vjp(input=lambda g, input, out: g * (i1e(input) - sgn(input) * out))


@op(elementwise=True, dtype="float", kinds="biuf", home="special", node="SpecialI1Backward0")
def i1(xp, input, /):
    """The modified Bessel function of order 1.  Shape: (*) -> (*).  Source: torch.special.i1."""
    return i1_values(xp, input)


def _over_input(out, input):
    """``out / input``, and its limit 1/2 where ``input`` is 0."""
    quotient = out / masked_one(input)
    return masked_zero(quotient, input == 0) + masked_zero(0 * input + 0.5, input != 0)


i1.vjp(input=lambda g, input, out: g * (i0(input) - _over_input(out, input)))


@op(elementwise=True, dtype="float", kinds="biuf", home="special", node="SpecialI1EBackward0")
def i1e(xp, input, /):
    """``exp(-abs(input)) * i1(input)``.  Shape: (*) -> (*).  Source: torch.special.i1e."""
    return i1e_values(xp, input)


i1e.vjp(input=lambda g, input, out: g * (i0e(input) - _over_input(out, input) - sgn(input) * out))


def _without_gradient(body):
    """torch has no gradients of the functions below, and records nothing."""
    return op(
        elementwise=True,
        dtype="float",
        kinds="biuf",
        differentiable=False,
        home="special",
        inplace=False,
    )(body)


@_without_gradient
def airy_ai(xp, input, /):
    """Airy's function Ai.

    Shape: (*) -> (*).  Source: torch.special.airy_ai.
    """
    return airy_ai_values(xp, input)


@_without_gradient
def bessel_j0(xp, input, /):
    """The Bessel function of the first kind of order 0.

    Shape: (*) -> (*).  Source: torch.special.bessel_j0.
    """
    return j0_values(xp, input)


@_without_gradient
def bessel_j1(xp, input, /):
    """The Bessel function of the first kind of order 1.

    Shape: (*) -> (*).  Source: torch.special.bessel_j1.
    """
    return j1_values(xp, input)


@_without_gradient
def bessel_y0(xp, input, /):
    """The Bessel function of the second kind of order 0.

    Shape: (*) -> (*).  Source: torch.special.bessel_y0.
    """
    return y0_values(xp, input)


@_without_gradient
def bessel_y1(xp, input, /):
    """The Bessel function of the second kind of order 1.

    Shape: (*) -> (*).  Source: torch.special.bessel_y1.
    """
    return y1_values(xp, input)


@_without_gradient
def modified_bessel_i0(xp, input, /):
    """The modified Bessel function of the first kind of order 0.

    Shape: (*) -> (*).  Source: torch.special.modified_bessel_i0.
    """
    return i0_values(xp, input)


@_without_gradient
def modified_bessel_i1(xp, input, /):
    """The modified Bessel function of the first kind of order 1.

    Shape: (*) -> (*).  Source: torch.special.modified_bessel_i1.
    """
    return i1_values(xp, input)


@_without_gradient
def modified_bessel_k0(xp, input, /):
    """The modified Bessel function of the second kind of order 0.

    Shape: (*) -> (*).  Source: torch.special.modified_bessel_k0.
    """
    return k0_values(xp, input)


@_without_gradient
def modified_bessel_k1(xp, input, /):
    """The modified Bessel function of the second kind of order 1.

    Shape: (*) -> (*).  Source: torch.special.modified_bessel_k1.
    """
    return k1_values(xp, input)


@_without_gradient
def scaled_modified_bessel_k0(xp, input, /):
    """``exp(input) * modified_bessel_k0(input)``.

    Shape: (*) -> (*).  Source: torch.special.scaled_modified_bessel_k0.
    """
    return k0e_values(xp, input)


@_without_gradient
def scaled_modified_bessel_k1(xp, input, /):
    """``exp(input) * modified_bessel_k1(input)``.

    Shape: (*) -> (*).  Source: torch.special.scaled_modified_bessel_k1.
    """
    return k1e_values(xp, input)


@_without_gradient
def spherical_bessel_j0(xp, input, /):
    """The spherical Bessel function of order 0, ``sin(input) / input``.

    Shape: (*) -> (*).  Source: torch.special.spherical_bessel_j0.
    """
    return spherical_j0_values(xp, input)
