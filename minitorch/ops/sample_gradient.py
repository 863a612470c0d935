"""How samples move with their parameters: implicit gradients of gamma and Dirichlet samples.

For a sample ``x`` with distribution function F(x; a), ``dx/da = -(dF/da) / (dF/dx)`` at fixed noise
(Figurnov, Mohamed and Mnih, "Implicit reparameterization gradients", 2018).  The approximations,
good to about 1e-4, are the ones that torch uses, so that gradients agree: Taylor series near the
ends, Rice's saddle point expansion for large parameters, and fitted ratios of polynomials between
(M. Jankowiak and F. Obermeyer, "Pathwise derivatives beyond the reparameterization trick", 2018).
"""

from __future__ import annotations

from minitorch.ops.gamma_function import digamma_values

__all__ = ["dirichlet_gradient_values", "gamma_gradient_values"]

# Between: exp(P / Q) with P and Q cubic in log(alpha); a row for each power of log(x / alpha),
# P's four coefficients first.
_GAMMA_FIT = (
    (
        0.16009398,
        -0.094634809,
        0.025146376,
        -0.0030648343,
        1.0,
        0.32668115,
        0.10406089,
        0.0014179084,
    ),
    (
        0.53487893,
        0.1298071,
        0.065735949,
        -0.0015649758,
        0.16639465,
        0.020070113,
        -0.0035938915,
        -0.00058392623,
    ),
    (
        0.040121004,
        -0.0065914022,
        -0.0026286047,
        -0.0013441777,
        0.017050642,
        -0.0021309326,
        0.00085092367,
        -1.5247877e-07,
    ),
)
# A correction P / Q to the gradient of beta samples: by the power of u = log(x) (three groups), of
# a = log(alpha / x) (three rows), and of b = log(total) - a (four columns).
_BETA_FIT = (
    (
        (
            (1.003668233, -0.01061107488, -0.0657888334, 0.01201642863),
            (0.6336835991, -0.3557432599, 0.05486251648, -0.001465281033),
            (-0.03276231906, 0.004474107445, 0.002429354597, -0.0001557569013),
        ),
        (
            (0.221950385, -0.3187676331, 0.01799915743, 0.01074823814),
            (-0.2951249643, 0.06219954479, 0.01535556598, 0.001550077057),
            (0.02155310298, 0.004170831599, 0.001292462449, 6.976601077e-05),
        ),
        (
            (-0.05980841433, 0.008441916499, 0.01085618172, 0.002319392565),
            (0.02911413504, 0.01400243777, -0.002721828457, 0.000751041181),
            (0.005900514878, -0.001936558688, -9.495446725e-06, 5.385558597e-05),
        ),
    ),
    (
        (
            (1.0, -0.02924021934, -0.04438342661, 0.007285809825),
            (0.6357567472, -0.3473456711, 0.05454656494, -0.002407477521),
            (-0.03301322327, 0.004845219414, 0.00231480583, -0.0002307248149),
        ),
        (
            (0.5925320577, -0.1757678135, 0.01505928619, 0.000564515273),
            (0.1014815858, -0.06589186703, 0.01272886114, -0.0007316646956),
            (-0.007258481865, 0.001096195486, 0.0003934994223, -4.12701925e-05),
        ),
        (
            (0.06469649321, -0.0236701437, 0.002902096474, -5.896963079e-05),
            (0.001925008108, -0.002869809258, 0.0008000589141, -6.063713228e-05),
            (-0.0003477407336, 6.959756487e-05, 1.097287507e-05, -1.650964693e-06),
        ),
    ),
)


def _power_series(coefficients, x):
    """The sum of ``coefficients[k] * x ** k``."""
    value = coefficients[-1]
    for coefficient in coefficients[-2::-1]:
        value = value * x + coefficient
    return value


def _gamma_near_zero(xp, alpha, x):
    """By the series of the distribution function and its derivative, for x < 0.8."""
    term, divisor = xp.ones_like(x), alpha
    first, second = term / divisor, term / divisor**2
    for k in range(1, 6):
        term, divisor = -term * x / k, divisor + 1
        first, second = first + term / divisor, second + term / divisor**2
    slope = (xp.log(x) - digamma_values(xp, alpha)) * first - second
    value = -slope * x * xp.exp(x)
    return xp.where(xp.isnan(value), 0, value)


def _gamma_at_mean(alpha, x):
    """Around x = alpha, where the saddle point expansion is 0 / 0, by its series there."""
    scale = (1 + 24 * alpha * (1 + 12 * alpha)) / (1244160 * alpha**4)
    return scale * (
        1440 * alpha**2 + 6 * x * (53 - 120 * x) - 65 * x**2 / alpha + alpha * (107 + 3600 * x)
    )


def _gamma_large(xp, alpha, x):
    """Rice's saddle point expansion, for alpha > 8 and x away from alpha."""
    root, distance = xp.sqrt(8 * alpha), alpha - x
    log_ratio = xp.log(x / alpha)
    bend = (-distance - alpha * log_ratio) ** -1.5
    bent = root / distance + xp.where(x < alpha, -bend, bend)
    term = log_ratio * bent - xp.sqrt(2 / alpha) * (alpha + x) / distance**2
    stirling = 1 + (1 + 1 / (24 * alpha)) / (12 * alpha)
    return -stirling * x * term / root


def _gamma_between(xp, alpha, x):
    u, v = xp.log(x / alpha), xp.log(alpha)
    in_v = [_power_series(column, u) for column in zip(*_GAMMA_FIT, strict=True)]
    return xp.exp(_power_series(in_v[:4], v) / _power_series(in_v[4:], v))


def gamma_gradient_values(xp, alpha, x):
    """The derivative of gamma samples ``x`` with respect to their concentration ``alpha``.

    Shape: (*), (*) -> (*).  Source: torch._standard_gamma_grad.
    """
    dtype = x.dtype
    alpha, x = alpha.astype("float64"), x.astype("float64")
    at_mean = (0.9 * alpha <= x) & (x <= 1.1 * alpha)
    large = xp.where(at_mean, _gamma_at_mean(alpha, x), _gamma_large(xp, alpha, x))
    value = xp.where(alpha > 8, large, _gamma_between(xp, alpha, x))
    return xp.where(x < 0.8, _gamma_near_zero(xp, alpha, x), value).astype(dtype)


def _beta_near_zero(xp, x, alpha, beta):
    """The derivative by alpha of Beta(alpha, beta) samples close to 0."""
    factor = digamma_values(xp, alpha) - digamma_values(xp, alpha + beta) - xp.log(x)
    term = xp.ones_like(x)
    series = (factor + 1 / alpha) / alpha
    for k in range(1, 11):
        term = term * (k - beta) * x / k
        series = series + term / (alpha + k) * (factor + 1 / (alpha + k))
    value = x * (1 - x) ** -beta * series
    return xp.where(xp.isnan(value), 0, value)


def _other_near_zero(xp, x, alpha, beta):
    """The derivative by beta of Beta(alpha, beta) samples close to 0."""
    factor = digamma_values(xp, alpha + beta) - digamma_values(xp, beta)
    term = rising = xp.ones_like(x)
    slope = xp.zeros_like(x)
    series = factor / alpha
    for k in range(1, 9):
        term = -term * x / k
        slope = slope * (beta - k) + rising
        rising = rising * (beta - k)
        series = series + term / (alpha + k) * (slope + factor * rising)
    value = -((1 - x) ** (1 - beta)) * series
    return xp.where(xp.isnan(value), 0, value)


def _beta_at_mean(alpha, beta, total, x):
    """Around the mean, where the saddle point expansion is 0 / 0, by its series there."""
    in_alpha = (
        47 * x * beta**4,
        (43 + 20 * (16 + 27 * beta) * x) * beta**3,
        3 * (59 + 180 * beta - 90 * x) * beta**2,
        (453 + 1620 * beta * (1 - x) - 455 * x) * beta,
        8 * (1 - x) * (135 * beta - 11),
    )
    scale = (1 + 12 * alpha) * (1 + 12 * beta) / total**2
    scale = scale / (12960 * alpha**3 * beta**2 * (1 + 12 * total))
    return scale / (1 - x) * _power_series(in_alpha, alpha)


def _beta_large(xp, x, alpha, beta):
    """Rice's saddle point expansion, for alpha and beta beyond 6."""
    total = alpha + beta
    mean = alpha / total
    deviation = xp.sqrt(alpha * beta / (total + 1)) / total

    def stirling(a):
        return 1 + 1 / (12 * a) + 1 / (288 * a**2)

    scale = stirling(alpha) * stirling(beta) / stirling(total)
    scale = scale * -x / xp.sqrt(2 * alpha * beta / total)
    distance = alpha * (x - 1) + beta * x
    first = 2 * alpha**2 * (x - 1) + alpha * beta * (x - 1) - x * beta**2
    first = first / (xp.sqrt(2 * alpha / beta) * total**1.5 * distance**2)
    log_ratio = xp.log(alpha / (total * x))
    bend = (beta * xp.log(beta / (total * (1 - x))) + alpha * log_ratio) ** -1.5
    bent = xp.sqrt(8 * alpha * beta / total) / distance + xp.where(x < mean, bend, -bend)
    at_mean = (mean - 0.1 * deviation <= x) & (x <= mean + 0.1 * deviation)
    away = scale * (first + 0.5 * log_ratio * bent)
    return xp.where(at_mean, _beta_at_mean(alpha, beta, total, x), away)


def _beta_between(xp, x, alpha, total):
    """A fitted correction to a plain interpolation."""
    u = xp.log(x)
    a = xp.log(alpha) - u
    b = xp.log(total) - a
    numerator, denominator = (
        _power_series([_power_series([_power_series(c, b) for c in row], a) for row in rows], u)
        for rows in _BETA_FIT
    )
    plain = x * (digamma_values(xp, total) - digamma_values(xp, alpha)) / (total - alpha)
    return numerator / denominator * plain


def dirichlet_gradient_values(xp, x, alpha, total):
    """The derivative of a component ``x`` of Dirichlet samples by its own concentration ``alpha``.

    ``total`` is the sum of the concentrations.  Shape: (*), (*), (*) -> (*).
    Source: torch._dirichlet_grad.
    """
    dtype = x.dtype
    x, alpha, total = (array.astype("float64") for array in (x, alpha, total))
    beta = total - alpha
    edge = total * x * (1 - x)
    value = xp.where(
        (alpha > 6) & (beta > 6),
        _beta_large(xp, x, alpha, beta),
        _beta_between(xp, x, alpha, total),
    )
    near_one = (x >= 0.5) & (edge < 0.75)
    value = xp.where(near_one, -_other_near_zero(xp, 1 - x, beta, alpha), value)
    near_zero = (x <= 0.5) & (edge < 2.5)
    return xp.where(near_zero, _beta_near_zero(xp, x, alpha, beta), value).astype(dtype)
