"""Samples for minitorch/ops/special.py."""

from __future__ import annotations

import math

import numpy as np

from tests.samples.base import Fails, S, boolean, complex_normal, integers, normal, positive, unit

_edges = np.array([0.0, -0.0, 1.0, 2.0, 0.5, -0.5, -2.5, math.inf, -math.inf, math.nan])
_finite = _edges[:7]
_far = np.array([-35.0, -12.5, -6.0, 6.5, 13.0, 37.0])


def _unary(*domain):
    """Samples of a function of one real tensor over its domain."""
    first = domain[0]
    return [
        *map(S, domain),
        S(np.asarray(first.flat[0])),
        S(first.astype("float32")),
        S(normal(0, 3)),
        S(integers(1, 9, 2, 3)),
        S(boolean(3), _grad=False, _why="a mask"),
        S(_finite, _second=False, _why="poles: infinities meet in other orders"),
        S(_edges, _grad=False, _why="the gradients of nan and infinities are not"),
        Fails(complex_normal(3)),
        Fails("a"),
        Fails(),
    ]


def _binary(first, second):
    """Samples of a function of two positive tensors that broadcast."""
    return [
        S(first(2, 3), second(2, 3), _grad=(1,), _why="no gradient by the parameter"),
        S(first(2, 1), second(1, 3), _grad=(1,), _why="no gradient by the parameter"),
        S(first(), second(), _grad=(1,), _why="no gradient by the parameter"),
        S(first(3, dtype="float32"), second(3), _grad=False, _why="no gradient by the parameter"),
        S(first(0, 3), second(3), _grad=(1,), _why="no gradient by the parameter"),
        Fails(first(2, 3), second(2)),
        Fails(first(2, 3)),
    ]


_wide = np.array([0.01, 0.3, 1.0, 2.5, 9.0, 30.0, 400.0])
_incomplete = [
    *_binary(positive, positive),
    S(_wide, _wide[::-1].copy(), _grad=(1,), _why="no gradient by the parameter"),
    S(_wide, _wide * 1.4, _grad=(1,), _why="no gradient by the parameter"),
    S(
        np.array([0.0, 0.0, 1.0, -1.0, 1.0, math.inf, math.nan]),
        np.array([0.0, 1.0, 0.0, 1.0, -1.0, 1.0, 1.0]),
        _grad=False,
        _why="the rim",
    ),
]


def _plain(domain):
    """Samples of a function without gradients."""
    sizes = np.array([0.01, 1.9, 2.1, 7.9, 8.1, 30.0])
    why = "not differentiable"
    return [
        S(domain(2, 3), _grad=False, _why=why),
        S(sizes, _grad=False, _tolerance=1e-7, _why="torch's own errors around 8"),
        S(domain(3, dtype="float32"), _grad=False, _why=why),
        S(integers(1, 9, 3), _grad=False, _why=why),
        S(normal(0, 3), _grad=False, _why=why),
        S(_finite, _grad=False, _why=why),
        Fails(complex_normal(3)),
        Fails("a"),
    ]


_degrees = [
    S(normal(2, 3), integers(0, 7, 2, 3), _grad=False, _why="not differentiable"),
    S(unit(3), 4, _grad=False, _why="not differentiable"),
    S(unit(3), 12, _grad=False, _why="not differentiable"),
    S(0.3, integers(-1, 4, 5), _grad=False, _why="not differentiable"),
    S(normal(3), np.array([2.7, 0.0, 1.2]), _grad=False, _why="not differentiable"),
    S(normal(3, dtype="float32"), 3, _grad=False, _why="not differentiable"),
    S(np.array([1.0, -1.0, 0.0]), 5, _grad=False, _why="not differentiable"),
    Fails(2, 2),
    Fails(normal(3), "a"),
]

SAMPLES = {
    "lgamma": _unary(positive(2, 3), normal(2, 3) * 5, _wide),
    "digamma": _unary(positive(2, 3), normal(2, 3) * 5, _wide),
    "polygamma": [
        *(S(n, positive(2, 3) * 2) for n in range(5)),
        S(1, normal(2, 3) * 3),
        S(2, _wide),
        S(1, positive(3, dtype="float32")),
        S(1, integers(1, 9, 3)),
        S(0, positive()),
        S(3, normal(0, 3)),
        Fails(-1, positive(3)),
        Fails(1.5, positive(3)),
        Fails(1, 2.0),
        Fails(1),
    ],
    "Tensor.polygamma": [S(positive(3), 1), S(positive(3), 2), Fails(positive(3), -1)],
    "Tensor.polygamma_": [
        S(positive(3), 1, _grad=False, _why="torch calls the node PolygammaBackward1"),
        Fails(positive(3), -1),
    ],
    "mvlgamma": [
        S(positive(2, 3) + 3, 1),
        S(positive(2, 3) + 3, 4),
        S(positive(2, 3) + 3, p=2),
        S(positive(3, dtype="float32") + 3, 2),
        S(integers(3, 9, 3), 2),
        Fails(positive(3), 0),
        Fails(positive(3)),
    ],
    "igamma": _incomplete,
    "igammac": _incomplete,
    "special.zeta": [
        *_binary(lambda *shape, **kw: positive(*shape, **kw) + 1, positive),
        S(_wide + 1.5, _wide[::-1].copy(), _grad=(1,), _why="no gradient by the exponent"),
        S(2, positive(3)),
        S(2.5, positive(3)),
        S(positive(3) + 1, 2, _grad=False, _why="no gradient by the exponent"),
        S(
            np.array([1.0, 0.5, 2.0, 3.0, 2.0, 2.5, math.nan]),
            np.array([1.0, 1.0, 0.0, -1.5, -2.0, -1.5, 1.0]),
            _grad=False,
            _why="poles",
        ),
    ],
    "special.entr": _unary(positive(2, 3)),
    "special.xlog1py": [
        S(normal(2, 3), positive(2, 3)),
        S(normal(2, 1), positive(1, 3)),
        S(normal(3, dtype="float32"), positive(3)),
        S(2, positive(3)),
        S(1.5, positive(3)),
        S(normal(3), 2),
        S(normal(3), 0.5),
        S(integers(0, 3, 3), integers(0, 9, 3)),
        S(
            np.array([0.0, 0.0, 1.0, 0.0, 2.0]),
            np.array([-1.0, -2.0, -1.0, math.nan, -3.0]),
            _second=False,
            _why="poles",
        ),
        Fails(normal(2), positive(3)),
        Fails(normal(2)),
    ],
    "special.ndtr": _unary(normal(2, 3), _far),
    "special.ndtri": _unary(unit(2, 3), np.array([1e-12, 1e-4, 0.02, 0.98, 1 - 1e-9])),
    "special.log_ndtr": _unary(normal(2, 3), _far),
    "special.erfcx": _unary(normal(2, 3), np.array([-5.0, -1.0, 0.46, 3.9, 4.1, 40.0])),
    "i0": _unary(normal(2, 3), np.array([-9.0, -7.5, 7.9, 8.1, 20.0])),
    "special.i0e": _unary(normal(2, 3), _far),
    "special.i1": _unary(normal(2, 3), np.array([-9.0, -7.5, 7.9, 8.1, 20.0])),
    "special.i1e": _unary(normal(2, 3), _far),
    "special.airy_ai": [
        *_plain(positive)[:5],
        S(_finite, _grad=False, _tolerance=1e-5, _why="torch's own error around -2.5"),
        S(np.array([-30.0, -8.1, -7.9, 1.9, 2.1, 9.0]), _grad=False, _why="not differentiable"),
        Fails(complex_normal(3)),
    ],
    "special.bessel_j0": _plain(normal),
    "special.bessel_j1": _plain(positive),
    "special.bessel_y0": _plain(positive),
    "special.bessel_y1": _plain(positive),
    "special.modified_bessel_i0": _plain(normal),
    "special.modified_bessel_i1": _plain(normal),
    "special.modified_bessel_k0": _plain(positive),
    "special.modified_bessel_k1": _plain(positive),
    "special.scaled_modified_bessel_k0": _plain(positive),
    "special.scaled_modified_bessel_k1": _plain(positive),
    "special.spherical_bessel_j0": _plain(normal),
    "special.chebyshev_polynomial_t": _degrees,
    "special.chebyshev_polynomial_u": _degrees,
    "special.chebyshev_polynomial_v": _degrees,
    "special.chebyshev_polynomial_w": _degrees,
    "special.hermite_polynomial_h": _degrees,
    "special.hermite_polynomial_he": _degrees,
    "special.laguerre_polynomial_l": _degrees,
    "special.legendre_polynomial_p": _degrees,
    "special.shifted_chebyshev_polynomial_t": _degrees,
    "special.shifted_chebyshev_polynomial_u": _degrees,
    "special.shifted_chebyshev_polynomial_v": _degrees,
    "special.shifted_chebyshev_polynomial_w": _degrees,
}
