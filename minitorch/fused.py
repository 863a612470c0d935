"""Multiply and add with one rounding, as the processor's fused instruction does.

PyTorch's kernels are compiled for that instruction and NumPy's are not: where the same bits matter
(random numbers, ``arange``, ``linspace``), the one rounding is computed here.
"""

from __future__ import annotations

import numpy as np

__all__ = ["fma32", "fma64"]


def fma32(a: np.ndarray, b: np.float32, c: np.float32) -> np.ndarray:
    """``a * b + c`` in float32 with one rounding."""
    product = np.multiply(a, b, dtype=np.float64)  # exact: 24 + 24 bits
    addend = np.float64(c)
    total = product + addend
    # Rounding to float64 and then to float32 goes wrong only where the first lands exactly between
    # two float32; there the sum's own rounding error says to which side it belongs.
    between = np.flatnonzero((total.view(np.int64) & 0x1FFFFFFF) == 0x10000000)
    if between.size:
        s, p = total[between], product[between]
        error = _sum_error(p, addend, s)
        total[between] = np.where(error == 0, s, np.nextafter(s, np.copysign(np.inf, error)))
    return total.astype(np.float32)


def fma64(a: np.ndarray, b: float, c: float | np.ndarray) -> np.ndarray:
    """``a * b + c`` in float64 with one rounding (Dekker's exact product, Knuth's exact sum)."""
    product = a * b
    total = product + c
    if not (abs(b) < 2.0**900 and np.all(np.abs(c) < 2.0**900)):
        return total  # the exact parts would overflow
    a_high, a_low = _split(a)
    b_high, b_low = _split(b)
    product_error = ((a_high * b_high - product) + a_high * b_low + a_low * b_high) + a_low * b_low
    return total + (_sum_error(product, c, total) + product_error)


def _split(a):
    """``a`` as a sum of two numbers of 26 bits each."""
    shifted = a * 134217729.0  # 2**27 + 1
    high = shifted - (shifted - a)
    return high, a - high


def _sum_error(a, b, total):
    """What rounding took from ``total = a + b``, exactly."""
    b_seen = total - a
    return (a - (total - b_seen)) + (b - b_seen)
