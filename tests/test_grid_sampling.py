"""Grids and sampling by them: what they mean; tests/test_ops.py compares them with PyTorch."""

import math

import numpy as np
import pytest

import minitorch as mt
from minitorch.nn import functional as F

IDENTITY = [[1.0, 0, 0], [0, 1, 0]]


def image(*shape):
    return mt.arange(float(math.prod(shape)), dtype=mt.float64).reshape(shape)


def grid_of(theta, size, align_corners):
    return F.affine_grid(mt.tensor([theta], dtype=mt.float64), size, align_corners)


@pytest.mark.parametrize("align_corners", [True, False])
@pytest.mark.parametrize("mode", ["bilinear", "nearest", "bicubic"])
@pytest.mark.parametrize("padding_mode", ["zeros", "border", "reflection"])
def test_the_identity_leaves_an_image_as_it_is(mode, padding_mode, align_corners):
    x = image(1, 2, 4, 5)
    grid = grid_of(IDENTITY, x.shape, align_corners)
    read = F.grid_sample(x, grid, mode, padding_mode, align_corners)
    np.testing.assert_allclose(read.numpy(), x.numpy(), atol=1e-12)


def test_a_turn_by_a_quarter():
    x = image(1, 1, 4, 4)
    grid = grid_of([[0.0, -1, 0], [1, 0, 0]], x.shape, False)
    read = F.grid_sample(x, grid, align_corners=False)
    np.testing.assert_allclose(read[0, 0].numpy(), np.rot90(x[0, 0].numpy()), atol=1e-12)


def test_a_shift_by_one_pixel():
    x = image(1, 1, 3, 4)
    grid = grid_of([[1.0, 0, 2 / 4], [0, 1, 0]], x.shape, False)
    (zeros,), (border,), (mirror,) = (
        F.grid_sample(x, grid, "bilinear", padding_mode, False)[0].numpy()
        for padding_mode in ("zeros", "border", "reflection")
    )
    for read in (zeros, border, mirror):
        np.testing.assert_allclose(read[:, :3], x[0, 0, :, 1:].numpy(), atol=1e-12)
    np.testing.assert_allclose(zeros[:, 3], 0, atol=1e-12)
    np.testing.assert_allclose(border[:, 3], x[0, 0, :, 3].numpy(), atol=1e-12)
    np.testing.assert_allclose(mirror[:, 3], x[0, 0, :, 3].numpy(), atol=1e-12)


def test_between_pixels_of_a_volume():
    x = image(1, 1, 2, 2, 2)
    center = mt.zeros(1, 1, 1, 1, 3, dtype=mt.float64)
    for align_corners in (True, False):
        assert F.grid_sample(x, center, align_corners=align_corners).item() == pytest.approx(3.5)


def test_the_same_grid_stretches_as_interpolate_does():
    x = mt.randn(2, 3, 5, 4, dtype=mt.float64)
    theta = mt.tensor([IDENTITY] * 2, dtype=mt.float64)
    for align_corners in (True, False):
        grid = F.affine_grid(theta, (2, 3, 8, 7), align_corners)
        read = F.grid_sample(x, grid, "bilinear", "border", align_corners)
        expected = F.interpolate(x, (8, 7), mode="bilinear", align_corners=align_corners)
        np.testing.assert_allclose(read.numpy(), expected.numpy(), atol=1e-12)


@pytest.mark.parametrize("mode", ["bilinear", "bicubic"])
@pytest.mark.parametrize("padding_mode", ["zeros", "border", "reflection"])
def test_first_and_second_derivatives(mode, padding_mode):
    mt.manual_seed(3)
    x = mt.randn(1, 1, 3, 2, dtype=mt.float64, requires_grad=True)
    grid = (mt.rand(1, 1, 2, 2, dtype=mt.float64) * 2.6 - 1.3).requires_grad_()

    def read(x, grid):
        return F.grid_sample(x, grid, mode, padding_mode, False)

    assert mt.autograd.gradcheck(read, (x, grid))
    assert mt.autograd.gradgradcheck(read, (x, grid))


def test_silence_about_corners_is_remarked():
    x = image(1, 1, 2, 2)
    with pytest.warns(UserWarning, match="Default grid_sample and affine_grid behavior"):
        grid = F.affine_grid(mt.tensor([IDENTITY], dtype=mt.float64), (1, 1, 2, 2))
    with pytest.warns(UserWarning, match="Default grid_sample and affine_grid behavior"):
        F.grid_sample(x, grid)
    with pytest.warns(UserWarning, match="unit-size grids"):
        grid = grid_of(IDENTITY, (1, 1, 1, 2), True)
    np.testing.assert_array_equal(grid.numpy(), [[[[-1, 0], [1, 0]]]])


def test_unknown_numbers_of_modes_are_refused():
    with pytest.raises(ValueError, match="must be 0, 1 or 2, but got 7 and 0"):
        mt.grid_sampler(image(1, 1, 2, 2), mt.zeros(1, 1, 1, 2), 7, 0, False)
