"""The gamma function's family on arrays: NumPy has none of it.

Small arguments are moved to where a series holds, large ones are summed after Stirling and after
Euler and Maclaurin; everything is computed in float64, to a few units in its last place, and cast
back.  The polynomial is a Chebyshev fit of our own.  Formulas: Abramowitz and Stegun, chapters 6
and 23; for the incomplete functions N. Temme, "The asymptotic expansion of the incomplete gamma
functions" (1979).
"""

from __future__ import annotations

import math

from minitorch.ops.error_function import erfc_values

__all__ = [
    "digamma_values",
    "gammainc_values",
    "gammaincc_values",
    "lgamma_values",
    "polygamma_values",
    "zeta_values",
]

# lgamma(x) / ((x - 1) (x - 2)) on [1.5, 2.5], in 2 (x - 2), from the highest power down.
_LGAMMA = (
    4.659516606804278e-13,
    -1.927209520143327e-12,
    5.895301086211702e-12,
    -2.50500703795846e-11,
    1.1067840318890105e-10,
    -4.707445038570993e-10,
    2.007138673034222e-09,
    -8.623138738014243e-09,
    3.7274409209018914e-08,
    -1.6229545709362817e-07,
    7.130962184970303e-07,
    -3.169588975938308e-06,
    1.4302764414500334e-05,
    -6.587908856955386e-05,
    0.0003124150727932429,
    -0.0015480240241709283,
    0.008241250155288966,
    -0.050158650837176966,
    0.42278433509846713,
)
#: The Bernoulli numbers of even order, B2, B4, ...
_BERNOULLI = (
    1 / 6,
    -1 / 30,
    1 / 42,
    -1 / 30,
    5 / 66,
    -691 / 2730,
    7 / 6,
    -3617 / 510,
    43867 / 798,
    -174611 / 330,
)
#: From here on the asymptotic series are exact in float64.
_LARGE = 10.0
#: Beyond this parameter the incomplete functions are taken from their expansion at infinity.
_HUGE = 1e6


def _horner(coefficients, x):
    value = coefficients[0] + 0 * x
    for coefficient in coefficients[1:]:
        value = value * x + coefficient
    return value


def _stirling(x):
    """``lgamma(x) - ((x - 1/2) log(x) - x + log(2 pi) / 2)`` for large ``x``."""
    square = 1 / (x * x)
    terms = [b / (2 * k * (2 * k - 1)) for k, b in enumerate(_BERNOULLI[:8], 1)]
    return _horner(terms[::-1], square) / x


def _lgamma_positive(xp, x):
    """log(gamma(x)) for x >= 0.5."""
    # Near 1, by gamma(x) = gamma(x + 1) / x; the zero at 1 keeps its digits.
    low = xp.clip(x, 0.5, 1.5)
    near_one = low * (low - 1) * _horner(_LGAMMA, 2 * (low - 1)) - xp.log1p(low - 1)
    # Between, down to [1.5, 2.5] by gamma(x) = (x - 1) gamma(x - 1).
    between = xp.clip(x, 1.5, _LARGE)
    factor = xp.ones_like(x)
    for _ in range(8):
        above = between > 2.5
        between = xp.where(above, between - 1, between)
        factor = xp.where(above, factor * between, factor)
    fitted = (between - 1) * (between - 2) * _horner(_LGAMMA, 2 * (between - 2))
    between = fitted + xp.log(factor)
    large = xp.maximum(x, _LARGE)
    far = (large - 0.5) * xp.log(large) - large + 0.5 * math.log(2 * math.pi) + _stirling(large)
    return xp.where(x < 1.5, near_one, xp.where(x < _LARGE, between, far))


def _sine_of_turns(xp, x):
    """sin(pi x), exact where ``x`` is whole."""
    rest = x - xp.round(x)
    return xp.where(xp.round(x) % 2 == 0, 1.0, -1.0) * xp.sin(math.pi * rest)


def lgamma_values(xp, array):
    """log(abs(gamma(x))) of a floating point array, in its dtype.  Shape: (*) -> (*)."""
    x = array.astype("float64")
    reflected = math.log(math.pi) - xp.log(xp.abs(_sine_of_turns(xp, x)))
    positive = _lgamma_positive(xp, xp.where(x < 0.5, 1 - x, x))
    value = xp.where(x < 0.5, reflected - positive, positive)
    value = xp.where(xp.isinf(x), xp.inf, value)
    return value.astype(array.dtype)


def digamma_values(xp, array):
    """The derivative of log(gamma(x)), in the array's dtype.  Shape: (*) -> (*)."""
    x = array.astype("float64")
    shifted = xp.where(x < 0.5, 1 - x, x)
    below = xp.zeros_like(x)
    for _ in range(int(_LARGE)):
        small = shifted < _LARGE
        below = below + xp.where(small, 1 / shifted, 0)
        shifted = xp.where(small, shifted + 1, shifted)
    square = 1 / (shifted * shifted)
    terms = [b / (2 * k) for k, b in enumerate(_BERNOULLI[:8], 1)]
    series = _horner(terms[::-1], square) * square
    value = xp.log(shifted) - 0.5 / shifted - series - below
    rest = x - xp.round(x)
    value = xp.where(x < 0.5, value - math.pi / xp.tan(math.pi * rest), value)
    # Poles: signed at 0, of no sign at the negative integers.
    value = xp.where((x < 0) & (rest == 0), xp.nan, value)
    value = xp.where(x == 0, xp.copysign(xp.inf, -x), value)
    value = xp.where(x == xp.inf, xp.inf, xp.where(x == -xp.inf, xp.nan, value))
    return value.astype(array.dtype)


def zeta_values(xp, s, q):
    """Hurwitz' zeta function, the sum of ``(q + k) ** -s``, in the dtype of ``s``.

    Shape: (*), (*) -> (*).
    """
    dtype = s.dtype
    s, q = xp.broadcast_arrays(s.astype("float64"), q.astype("float64"))
    usable = (
        (s > 1)
        & xp.isfinite(q)
        & xp.isfinite(s)
        & ((q > 0) | ((s == xp.floor(s)) & (q != xp.floor(q))))
    )
    s_safe, base = xp.where(usable, s, 2.0), xp.where(usable, q, 1.0)
    total = xp.zeros_like(base)
    small = base < _LARGE
    while small.any():
        total = total + xp.where(small, base**-s_safe, 0)
        base = xp.where(small, base + 1, base)
        small = base < _LARGE
    power = base**-s_safe
    total = total + power * base / (s_safe - 1) + 0.5 * power
    rising, factorial = s_safe * power / base, 2.0
    for k, bernoulli in enumerate(_BERNOULLI, 1):
        total = total + bernoulli * rising / factorial
        rising = rising * (s_safe + 2 * k - 1) * (s_safe + 2 * k) / (base * base)
        factorial *= (2 * k + 1) * (2 * k + 2)
    pole = (s == 1) | ((s > 1) & (q <= 0) & (q == xp.floor(q)))
    value = xp.where(usable, total, xp.where(pole, xp.inf, xp.nan))
    value = xp.where((s > 1) & (q == xp.inf), 0.0, value)
    value = xp.where((s == xp.inf) & (q == 1), 1.0, value)
    return value.astype(dtype)


def polygamma_values(xp, array, n):
    """The derivative of order ``n`` of digamma, in the array's dtype.  Shape: (*) -> (*)."""
    if n == 0:
        return digamma_values(xp, array)
    x = array.astype("float64")
    if n == 1:
        # By reflection also where zeta's sum would be long.
        positive = zeta_values(xp, xp.full_like(x, 2.0), xp.where(x < 0.5, 1 - x, x))
        # torch: not exactly 0 at whole numbers, in its own precision, so no pole there.
        own = array if array.dtype.itemsize == 8 else array.astype("float32")
        sine = xp.sin(own.dtype.type(math.pi) * own).astype("float64")
        value = xp.where(x < 0.5, (math.pi / sine) ** 2 - positive, positive)
        return value.astype(array.dtype)
    sign = -1.0 if n % 2 == 0 else 1.0
    value = sign * math.gamma(n + 1) * zeta_values(xp, xp.full_like(x, n + 1.0), x)
    return value.astype(array.dtype)


# --- the incomplete gamma functions ---------------------------------------------------------------


def _log1p_minus(xp, x):
    """``log(1 + x) - x``, exact near 0."""
    ratio = xp.where(xp.abs(x) < 0.5, x, 0) / (2 + xp.where(xp.abs(x) < 0.5, x, 0))
    square = ratio * ratio
    odd = _horner([1 / (2 * k + 1) for k in range(20, 0, -1)], square)
    near = 2 * ratio * square * odd - xp.where(xp.abs(x) < 0.5, x, 0) * ratio
    return xp.where(xp.abs(x) < 0.5, near, xp.log1p(xp.maximum(x, -1)) - x)


def _power_over_gamma(xp, a, x):
    """``x ** a * exp(-x) / gamma(a + 1)``."""
    small = a * xp.log(x) - x - _lgamma_positive(xp, a + 1)
    large = xp.maximum(a, _LARGE)
    exponent = large * _log1p_minus(xp, (x - large) / large) - _stirling(large)
    return xp.where(a < _LARGE, xp.exp(small), xp.exp(exponent) / xp.sqrt(2 * math.pi * large))


def _lower_series(xp, a, x):
    """The sum of ``x ** n / ((a + 1) ... (a + n))``, which converges for ``x <= a + 1``."""
    total = term = xp.ones_like(a)
    n = 0
    while (xp.abs(term) > 1e-17 * xp.abs(total)).any():
        n += 1
        term = term * x / (a + n)
        total = total + term
    return total


def _upper_fraction(xp, a, x):
    """The continued fraction of the upper function, for ``x > a + 1``, by Lentz' method."""
    b = x + 1 - a
    c = xp.full_like(a, 1e300)
    d = 1 / b
    value = d
    n = 0
    while True:
        n += 1
        numerator = -n * (n - a)
        b = b + 2
        d = numerator * d + b
        d = 1 / xp.where(d == 0, 1e-300, d)
        c = b + numerator / c
        c = xp.where(c == 0, 1e-300, c)
        value = value * d * c
        if (xp.abs(d * c - 1) < 4e-16).all() or n > 20 * math.sqrt(_HUGE):
            return value


def _upper_at_infinity(xp, a, x):
    """The regularized upper function for huge ``a``: two terms of Temme's expansion."""
    mu = (x - a) / a
    eta = xp.copysign(xp.sqrt(-2 * _log1p_minus(xp, mu)), mu)
    near = xp.abs(eta) < 1e-3
    safe_mu, safe_eta = xp.where(near, 1, mu), xp.where(near, 1, eta)
    correction = xp.where(near, -1 / 3 + eta / 12 - 2 * eta * eta / 135, 1 / safe_mu - 1 / safe_eta)
    scale = xp.exp(-0.5 * a * eta * eta) / xp.sqrt(2 * math.pi * a)
    return 0.5 * erfc_values(xp, eta * xp.sqrt(a / 2)) + scale * correction


def _regularized(xp, a, x):
    """The regularized incomplete functions (lower, upper) in float64.  Shape: (*), (*) -> (*)."""
    a, x = xp.broadcast_arrays(a.astype("float64"), x.astype("float64"))
    inside = (a > 0) & (x > 0) & xp.isfinite(a) & xp.isfinite(x)
    by_series, huge = x <= a + 1, a > _HUGE

    def chosen(where, fallback_a, fallback_x):
        return xp.where(where, a, fallback_a), xp.where(where, x, fallback_x)

    a_safe, x_safe = chosen(inside, 1.0, 1.0)
    scale = _power_over_gamma(xp, a_safe, x_safe)
    lower = scale * _lower_series(xp, *chosen(inside & by_series & ~huge, 1.0, 0.5))
    upper = scale * a_safe * _upper_fraction(xp, *chosen(inside & ~by_series & ~huge, 1.0, 4.0))
    far = _upper_at_infinity(xp, *chosen(inside & huge, 1e7, 1e7))
    upper = xp.where(huge, far, xp.where(by_series, 1 - lower, upper))
    lower = xp.where(huge | ~by_series, 1 - upper, lower)
    # The rim: nothing below 0, all of it from 0 to infinity, and no answer at (0, 0).
    outside = (a < 0) | (x < 0) | ((a == 0) & (x == 0)) | (xp.isinf(a) & xp.isinf(x))
    all_of_it = (a == 0) | xp.isinf(x)
    rim = xp.where(outside | xp.isnan(a) | xp.isnan(x), xp.nan, xp.where(all_of_it, 1.0, 0.0))
    return xp.where(inside, lower, rim), xp.where(inside, upper, 1 - rim)


def gammainc_values(xp, a, x):
    """The regularized lower incomplete gamma function, in the dtype of ``a``."""
    return _regularized(xp, a, x)[0].astype(a.dtype)


def gammaincc_values(xp, a, x):
    """The regularized upper incomplete gamma function, in the dtype of ``a``."""
    return _regularized(xp, a, x)[1].astype(a.dtype)
