"""Convolutions against their definition, however the images are cut into blocks."""

from __future__ import annotations

import itertools
import sys

import numpy as np
import pytest

import minitorch as mt
from minitorch.nn import functional as F

module = sys.modules[mt.conv2d.__module__]


def by_definition(x, weight, stride, padding, dilation, groups):
    """The sum that defines the convolution, position by position."""
    x = np.pad(x, [(0, 0), (0, 0), *[(p, p) for p in padding]])
    kernel = weight.shape[2:]
    out = [
        (n - d * (k - 1) - 1) // s + 1
        for n, k, s, d in zip(x.shape[2:], kernel, stride, dilation, strict=True)
    ]
    result = np.empty((len(x), len(weight), *out))
    channels, filters = weight.shape[1], len(weight) // groups
    for at in itertools.product(*map(range, out)):
        window = tuple(
            slice(i * s, i * s + d * (k - 1) + 1, d)
            for i, s, d, k in zip(at, stride, dilation, kernel, strict=True)
        )
        patch = x[(..., *window)]
        for o in range(len(weight)):
            first = o // filters * channels
            seen = patch[:, first : first + channels] * weight[o]
            result[(slice(None), o, *at)] = seen.reshape(len(x), -1).sum(1)
    return result


CASES = {
    "plain": ((5, 2, 6, 7), (3, 2, 3, 2), (1, 1), (0, 0), (1, 1), 1),
    "strided": ((4, 2, 9, 8), (3, 2, 4, 4), (2, 2), (1, 1), (1, 1), 1),
    "grouped": ((3, 4, 6, 5), (6, 2, 2, 3), (2, 1), (0, 1), (1, 1), 2),
    "dilated": ((3, 2, 9, 9), (2, 2, 3, 2), (1, 3), (2, 1), (2, 3), 1),
    "one position": ((6, 3, 4, 4), (2, 3, 4, 4), (1, 1), (0, 0), (1, 1), 1),
    "many positions": ((2, 1, 12, 11), (2, 1, 3, 3), (1, 1), (1, 1), (1, 1), 1),
    "sequences": ((4, 2, 12), (3, 2, 3), (2,), (1,), (1,), 1),
    "volumes": ((2, 2, 4, 5, 4), (2, 2, 2, 3, 2), (1, 2, 1), (0, 1, 1), (1, 1, 2), 1),
}
# (_BLOCK, _FEW_POSITIONS, _WIDE): as it is; a matrix per image, one image per block; matrices of a
# few images.
CUTS = [(1 << 18, 64, 256), (1, 0, 1), (1, 64, 40)]


@pytest.mark.parametrize("cut", CUTS, ids=str)
@pytest.mark.parametrize("case", CASES)
def test_the_definition(case, cut, monkeypatch):
    for name, value in zip(("_BLOCK", "_FEW_POSITIONS", "_WIDE"), cut, strict=True):
        monkeypatch.setattr(module, name, value)
    shape, kernel, stride, padding, dilation, groups = CASES[case]
    rng = np.random.default_rng(0)
    x, weight = rng.standard_normal(shape), rng.standard_normal(kernel)
    dims = len(stride)
    settings = dict(stride=stride, padding=padding, dilation=dilation, groups=groups)
    a = mt.tensor(x, requires_grad=True)
    w = mt.tensor(weight, requires_grad=True)
    y = getattr(F, f"conv{dims}d")(a, w, **settings)
    expected = by_definition(x, weight, stride, padding, dilation, groups)
    np.testing.assert_allclose(y.detach().numpy(), expected, atol=1e-12)

    # The three maps are adjoint: <g, conv(x, w)> = <conv_x^T(g, w), x> = <conv_w^T(g, x), w>.
    g = rng.standard_normal(y.shape)
    product = (g * expected).sum()
    gx, gw = mt.autograd.grad(y, [a, w], mt.tensor(g))
    np.testing.assert_allclose([(gx * a).sum().item(), (gw * w).sum().item()], product, rtol=1e-10)

    # What the transpose makes of g is the gradient for x: no stride here leaves rows over.
    lengths = [
        (n - 1) * s - 2 * p + d * (k - 1) + 1
        for n, s, p, d, k in zip(y.shape[2:], stride, padding, dilation, kernel[2:], strict=True)
    ]
    extra = [n - m for n, m in zip(shape[2:], lengths, strict=True)]
    back = getattr(F, f"conv_transpose{dims}d")(mt.tensor(g), w, output_padding=extra, **settings)
    np.testing.assert_allclose(back.detach().numpy(), gx.numpy(), atol=1e-12)


@pytest.mark.parametrize("images", [0, 2])
def test_nothing_to_sum(images):
    x = mt.ones(images, 0, 5, 5, requires_grad=True)
    w = mt.ones(3, 0, 2, 2, requires_grad=True)
    for stride in (1, 2):
        y = F.conv2d(x, w, mt.ones(3), stride=stride)
        y.sum().backward()
        assert y.shape[:2] == (images, 3)
        assert (y == 1).all()
        assert x.grad.shape == x.shape


def test_no_filters():
    with pytest.raises(RuntimeError, match="expected weight to be at least 1 at dimension 0"):
        F.conv2d(mt.ones(1, 2, 3, 3), mt.ones(0, 2, 1, 1))
