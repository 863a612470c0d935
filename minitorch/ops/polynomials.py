"""Orthogonal polynomials, by their recurrences in the degree.

None is differentiable, as in torch.  Formulas: Abramowitz and Stegun, chapter 22.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from minitorch.ops._op import op
from minitorch.tensor import Tensor

__all__ = [
    "chebyshev_polynomial_t",
    "chebyshev_polynomial_u",
    "chebyshev_polynomial_v",
    "chebyshev_polynomial_w",
    "hermite_polynomial_h",
    "hermite_polynomial_he",
    "laguerre_polynomial_l",
    "legendre_polynomial_p",
    "shifted_chebyshev_polynomial_t",
    "shifted_chebyshev_polynomial_u",
    "shifted_chebyshev_polynomial_v",
    "shifted_chebyshev_polynomial_w",
]


def _evaluated(xp, x: Any, n: Any, first: Callable, step: Callable) -> Any:
    """The polynomials of degrees ``n`` (made whole; 0 below 0) at ``x``.

    Args:
        first: the polynomial of degree 1, ``p(x)``.
        step: the next one, ``p(k, x, value of degree k, value of degree k - 1)``.
    """
    dtype = x.dtype if hasattr(x, "dtype") else n.dtype
    x, n = xp.broadcast_arrays(xp.asarray(x, "float64"), xp.asarray(n, "float64"))
    degree = xp.trunc(n)
    before, here = xp.ones_like(x), first(x)
    value = xp.where(degree <= 0, before, here)
    highest = int(degree.max(initial=0, where=xp.isfinite(degree)))
    for k in range(1, highest):
        before, here = here, step(k, x, here, before)
        value = xp.where(degree == k + 1, here, value)
    return xp.where(degree < 0, 0.0, value).astype(dtype)


def _doubling(k, x, here, before):
    return 2 * x * here - before


def _require_a_tensor(input, n):
    if not isinstance(input, Tensor) and not isinstance(n, Tensor):
        raise TypeError(
            "the polynomial received an invalid combination of arguments - one of 'x' and 'n' must "
            f"be a Tensor, but got ({type(input).__name__}, {type(n).__name__})"
        )


def _polynomial(body):
    return op(
        elementwise=True,
        dtype="float",
        kinds="biuf",
        numbers=("input", "n"),
        check=_require_a_tensor,
        differentiable=False,
        home="special",
        inplace=False,
    )(body)


@_polynomial
def chebyshev_polynomial_t(xp, input, n, /):
    """Chebyshev's polynomial of the first kind, ``cos(n acos(input))``.

    Shape: broadcast.  Source: torch.special.chebyshev_polynomial_t.
    """
    return _evaluated(xp, input, n, lambda x: x, _doubling)


@_polynomial
def chebyshev_polynomial_u(xp, input, n, /):
    """Chebyshev's polynomial of the second kind.

    Shape: broadcast.  Source: torch.special.chebyshev_polynomial_u.
    """
    return _evaluated(xp, input, n, lambda x: 2 * x, _doubling)


@_polynomial
def chebyshev_polynomial_v(xp, input, n, /):
    """Chebyshev's polynomial of the third kind.

    Shape: broadcast.  Source: torch.special.chebyshev_polynomial_v.
    """
    return _evaluated(xp, input, n, lambda x: 2 * x - 1, _doubling)


@_polynomial
def chebyshev_polynomial_w(xp, input, n, /):
    """Chebyshev's polynomial of the fourth kind.

    Shape: broadcast.  Source: torch.special.chebyshev_polynomial_w.
    """
    return _evaluated(xp, input, n, lambda x: 2 * x + 1, _doubling)


def _shifted(input):
    """From [0, 1] to [-1, 1]."""
    return input.astype("float64") * 2 - 1 if hasattr(input, "astype") else 2 * input - 1


def _of_shifted(body):
    """The polynomial ``body`` of ``2 input - 1``, in the dtype of the arguments."""

    def shifted(xp, input, n):
        dtype = input.dtype if hasattr(input, "dtype") else n.dtype
        return body(xp, _shifted(input), n).astype(dtype)

    return shifted


@_polynomial
def shifted_chebyshev_polynomial_t(xp, input, n, /):
    """``chebyshev_polynomial_t(2 input - 1, n)``.

    Shape: broadcast.  Source: torch.special.shifted_chebyshev_polynomial_t.
    """
    return _of_shifted(chebyshev_polynomial_t.op.body)(xp, input, n)


@_polynomial
def shifted_chebyshev_polynomial_u(xp, input, n, /):
    """``chebyshev_polynomial_u(2 input - 1, n)``.

    Shape: broadcast.  Source: torch.special.shifted_chebyshev_polynomial_u.
    """
    return _of_shifted(chebyshev_polynomial_u.op.body)(xp, input, n)


@_polynomial
def shifted_chebyshev_polynomial_v(xp, input, n, /):
    """``chebyshev_polynomial_v(2 input - 1, n)``.

    Shape: broadcast.  Source: torch.special.shifted_chebyshev_polynomial_v.
    """
    return _of_shifted(chebyshev_polynomial_v.op.body)(xp, input, n)


@_polynomial
def shifted_chebyshev_polynomial_w(xp, input, n, /):
    """``chebyshev_polynomial_w(2 input - 1, n)``.

    Shape: broadcast.  Source: torch.special.shifted_chebyshev_polynomial_w.
    """
    return _of_shifted(chebyshev_polynomial_w.op.body)(xp, input, n)


@_polynomial
def hermite_polynomial_h(xp, input, n, /):
    """Hermite's polynomial, of the physicists.

    Shape: broadcast.  Source: torch.special.hermite_polynomial_h.
    """
    return _evaluated(
        xp, input, n, lambda x: 2 * x, lambda k, x, here, before: 2 * (x * here - k * before)
    )


@_polynomial
def hermite_polynomial_he(xp, input, n, /):
    """Hermite's polynomial, of the statisticians.

    Shape: broadcast.  Source: torch.special.hermite_polynomial_he.
    """
    return _evaluated(xp, input, n, lambda x: x, lambda k, x, here, before: x * here - k * before)


@_polynomial
def laguerre_polynomial_l(xp, input, n, /):
    """Laguerre's polynomial.

    Shape: broadcast.  Source: torch.special.laguerre_polynomial_l.
    """
    return _evaluated(
        xp,
        input,
        n,
        lambda x: 1 - x,
        lambda k, x, here, before: ((2 * k + 1 - x) * here - k * before) / (k + 1),
    )


@_polynomial
def legendre_polynomial_p(xp, input, n, /):
    """Legendre's polynomial.

    Shape: broadcast.  Source: torch.special.legendre_polynomial_p.
    """
    return _evaluated(
        xp,
        input,
        n,
        lambda x: x,
        lambda k, x, here, before: ((2 * k + 1) * x * here - k * before) / (k + 1),
    )
