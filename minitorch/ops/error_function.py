"""erf, the normal distribution function, and their relatives on arrays: NumPy has none of them.

Rational approximations of W. J. Cody, "Rational Chebyshev approximations for the error function",
Math. Comp. 23 (1969), good to about 1e-16; the inverse starts from M. Giles, "Approximating the
erfinv function" (2010), and is polished by Newton steps.
"""

from __future__ import annotations

import math

__all__ = [
    "erf_values",
    "erfc_values",
    "erfcx_values",
    "erfinv_values",
    "log_ndtr_values",
    "ndtr_values",
    "ndtri_values",
]

# |x| <= 0.46875: erf(x) = x P(x^2) / Q(x^2), coefficients from the highest power down.
_NEAR = (
    (
        1.85777706184603153e-1,
        3.16112374387056560e0,
        1.13864154151050156e2,
        3.77485237685302021e2,
        3.20937758913846947e3,
    ),
    (
        1.0,
        2.36012909523441209e1,
        2.44024637934444173e2,
        1.28261652607737228e3,
        2.84423683343917062e3,
    ),
)
# 0.46875 <= x <= 4: erfc(x) = exp(-x^2) P(x) / Q(x).
_MIDDLE = (
    (
        2.15311535474403846e-8,
        5.64188496988670089e-1,
        8.88314979438837594e0,
        6.61191906371416295e1,
        2.98635138197400131e2,
        8.81952221241769090e2,
        1.71204761263407058e3,
        2.05107837782607147e3,
        1.23033935479799725e3,
    ),
    (
        1.0,
        1.57449261107098347e1,
        1.17693950891312499e2,
        5.37181101862009858e2,
        1.62138957456669019e3,
        3.29079923573345963e3,
        4.36261909014324716e3,
        3.43936767414372164e3,
        1.23033935480374942e3,
    ),
)
# x >= 4: erfc(x) = exp(-x^2) / x (1 / sqrt(pi) - P(1/x^2) / (x^2 Q(1/x^2))).
_FAR = (
    (
        1.63153871373020978e-2,
        3.05326634961232344e-1,
        3.60344899949804439e-1,
        1.25781726111229246e-1,
        1.60837851487422766e-2,
        6.58749161529837803e-4,
    ),
    (
        1.0,
        2.56852019228982242e0,
        1.87295284992346725e0,
        5.27905102951428412e-1,
        6.05183413124413191e-2,
        2.33520497626869185e-3,
    ),
)
# |x| <= 4, to 6.5e-8: erf(x) = x P(x^2) / Q(x^2), from the highest power down; the fit that Eigen
# uses for float32.
_SINGLE = (
    (
        -2.72614225801306e-10,
        2.77068142495902e-08,
        -2.10102402082508e-06,
        -5.69250639462346e-05,
        -7.34990630326855e-04,
        -2.95459980854025e-03,
        -1.60960333262415e-02,
    ),
    (
        -1.45660718464996e-05,
        -2.13374055278905e-04,
        -1.68282697438203e-03,
        -7.37332916720468e-03,
        -1.42647390514189e-02,
    ),
)
#: Elements of a block.
_BLOCK = 8192
# The inverse, in w = -log(1 - x^2) shifted by 2.5 (w < 5), or sqrt(w) by 3; from the highest power
# down.
_INVERSE_NEAR = (
    2.81022636e-08,
    3.43273939e-07,
    -3.5233877e-06,
    -4.39150654e-06,
    0.00021858087,
    -0.00125372503,
    -0.00417768164,
    0.246640727,
    1.50140941,
)
_INVERSE_FAR = (
    -0.000200214257,
    0.000100950558,
    0.00134934322,
    -0.00367342844,
    0.00573950773,
    -0.0076224613,
    0.00943887047,
    1.00167406,
    2.83297682,
)


def _polynomial(coefficients, x):
    value = coefficients[0]
    for coefficient in coefficients[1:]:
        value = value * x + coefficient
    return value


def _polynomial_in_place(coefficients, x):
    """:func:`_polynomial` with one temporary array."""
    value = x * coefficients[0]
    for coefficient in coefficients[1:-1]:
        value += coefficient
        value *= x
    value += coefficients[-1]
    return value


def _ratio(pair, x):
    return _polynomial(pair[0], x) / _polynomial(pair[1], x)


def _erf_near(x):
    return x * _ratio(_NEAR, x * x)


def _erfcx_positive(xp, x):
    """exp(x^2) erfc(x) for x >= 0.46875."""
    middle = _ratio(_MIDDLE, xp.minimum(x, 4.0))
    far = xp.clip(x, 4.0, 1e150)
    inverse_square = 1 / (far * far)
    tail = (1 / math.sqrt(math.pi) - inverse_square * _ratio(_FAR, inverse_square)) / far
    return xp.where(x <= 4, middle, tail)


def _erfc_positive(xp, x):
    """erfc for x >= 0.46875."""
    return _exp_of_square(xp, x, -1) * _erfcx_positive(xp, x)


def _exp_of_square(xp, x, sign):
    """exp(sign * x^2) in two factors.

    The square of a rounded x is exact, so no digits are lost far out.
    """
    rounded = xp.trunc(x * 16) / 16
    return xp.exp(sign * rounded * rounded) * xp.exp(sign * (x - rounded) * (x + rounded))


def erf_values(xp, array):
    """erf of a floating point array, in its dtype.  Shape: (*) -> (*)."""
    if array.dtype.itemsize <= 4:
        return _single_erf(xp, array)
    x = array.astype("float64")
    size = xp.minimum(xp.abs(x), 6.0)  # erf(6) is 1 in float64
    far = 1 - _erfc_positive(xp, xp.maximum(size, 0.46875))
    value = xp.where(size <= 0.46875, _erf_near(size), far)
    return xp.where(xp.isnan(x), x, xp.copysign(value, x)).astype(array.dtype)


def _single_erf(xp, array):
    """erf to float32's precision: one ratio for all x, a block that fits in the cache at a time."""
    result = xp.empty_like(array)
    flat, values = array.ravel("K"), result.ravel("K")  # the second is a view: it has no gaps
    numerator, denominator = _SINGLE
    for start in range(0, flat.size, _BLOCK):
        x = xp.clip(flat[start : start + _BLOCK].astype("float64"), -4, 4)  # erf(4) is 1 in float32
        square = x * x
        x *= _polynomial_in_place(numerator, square)
        x /= _polynomial_in_place(denominator, square)
        values[start : start + _BLOCK] = x
    return result


def erfc_values(xp, array):
    """1 - erf of a floating point array, in its dtype.  Shape: (*) -> (*)."""
    x = array.astype("float64")
    size = xp.minimum(xp.abs(x), 28.0)  # erfc(28) is 0 in float64
    far = _erfc_positive(xp, xp.maximum(size, 0.46875))
    near = 1 - _erf_near(xp.clip(x, -0.46875, 0.46875))
    value = xp.where(size <= 0.46875, near, xp.where(x < 0, 2 - far, far))
    return xp.where(xp.isnan(x), x, value).astype(array.dtype)


def erfinv_values(xp, array):
    """The inverse of erf, in the array's dtype; nan beyond 1, infinite at 1.  Shape: (*) -> (*)."""
    x = array.astype("float64")
    inside = xp.clip(x, -1 + 1e-16, 1 - 1e-16)
    w = -xp.log((1 - inside) * (1 + inside))
    near = _polynomial(_INVERSE_NEAR, xp.minimum(w, 5.0) - 2.5)
    far = _polynomial(_INVERSE_FAR, xp.sqrt(xp.maximum(w, 5.0)) - 3)
    y = xp.where(w < 5, near, far) * inside
    missing = 1 - xp.abs(inside)
    for _ in range(3):
        # Newton on erf where it is small, else on log(erfc), which keeps its digits far out.
        steep = (math.sqrt(math.pi) / 2) * xp.exp(y * y)
        size = xp.abs(y)
        rest = xp.maximum(erfc_values(xp, size), 1e-300)
        far_step = xp.sign(inside) * steep * rest * (xp.log(rest) - xp.log(missing))
        y = y + xp.where(missing < 0.5, far_step, steep * (inside - erf_values(xp, y)))
    y = xp.where(xp.abs(x) == 1, xp.copysign(xp.inf, x), y)
    return xp.where(xp.abs(x) > 1, xp.nan, xp.where(xp.isnan(x), x, y)).astype(array.dtype)


def erfcx_values(xp, array):
    """exp(x^2) erfc(x) of a floating point array, in its dtype.  Shape: (*) -> (*)."""
    return _erfcx(xp, array.astype("float64")).astype(array.dtype)


def _erfcx(xp, x):
    negative = xp.clip(x, -30, 0.46875)  # infinite beyond -27
    below = _exp_of_square(xp, negative, 1) * erfc_values(xp, negative)
    value = xp.where(x < 0.46875, below, _erfcx_positive(xp, xp.maximum(x, 0.46875)))
    return xp.where(x == xp.inf, 0, xp.where(xp.isnan(x), x, value))


def ndtr_values(xp, array):
    """The standard normal distribution function, in the array's dtype.  Shape: (*) -> (*)."""
    x = array.astype("float64")
    return (0.5 * erfc_values(xp, x * -math.sqrt(0.5))).astype(array.dtype)


def log_ndtr_values(xp, array):
    """The logarithm of the standard normal distribution function.  Shape: (*) -> (*)."""
    return _log_ndtr(xp, array.astype("float64")).astype(array.dtype)


def _log_ndtr(xp, x):
    scaled = x * math.sqrt(0.5)
    left = xp.log(0.5 * _erfcx(xp, -xp.minimum(scaled, 0))) - scaled * scaled
    right = xp.log1p(-0.5 * erfc_values(xp, scaled))
    return xp.where(x < -1, xp.where(x == -xp.inf, -xp.inf, left), right)


def ndtri_values(xp, array):
    """The inverse of the normal distribution function; infinite at 0 and 1, nan beyond.

    Shape: (*) -> (*), in the array's dtype.
    """
    p = array.astype("float64")
    inside = (p > 0) & (p < 1)
    p_safe = xp.where(inside, p, 0.25)
    tail = xp.minimum(p_safe, 1 - p_safe)
    log_tail = xp.log(tail)
    # Start: the series of the inverse of erf, or the leading terms at infinity.
    near = -math.sqrt(2) * erfinv_values(xp, 1 - 2 * xp.maximum(tail, 1e-3))
    size = -2 * xp.minimum(log_tail, math.log(1e-3))
    far = -xp.sqrt(size - xp.log(size * 2 * math.pi) * (1 - 1 / size))
    y = xp.where(tail > 1e-3, near, far)
    for _ in range(4):
        # Newton on the logarithm, which is nearly a parabola far out.
        slope = math.sqrt(2 / math.pi) / _erfcx(xp, y * -math.sqrt(0.5))
        y = y - (_log_ndtr(xp, y) - log_tail) / slope
    y = xp.where(p_safe > 0.5, -y, y)
    edge = xp.where(p == 0, -xp.inf, xp.where(p == 1, xp.inf, xp.nan))
    return xp.where(inside, y, edge).astype(array.dtype)
