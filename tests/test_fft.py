"""Fourier transforms beside their definition and beside NumPy's.

The calls of ``tests/samples/fourier.py`` are compared with torch in test_ops.py.
"""

import numpy as np
import pytest

import minitorch as mt
from minitorch import fft


def test_a_transform_is_its_sum():
    x = mt.randn(5, dtype=mt.complex128)
    k = mt.arange(5, dtype=mt.float64)
    matrix = mt.exp(-2j * mt.pi * k[:, None] * k / 5)
    mt.testing.assert_close(fft.fft(x), matrix @ x)
    mt.testing.assert_close(fft.ifft(x), matrix.conj() @ x / 5)


@pytest.mark.parametrize("norm", [None, "backward", "ortho", "forward"])
@pytest.mark.parametrize("length", [1, 6, 7])
def test_inverses(norm, length):
    x, z = mt.randn(3, length), mt.randn(3, length, dtype=mt.complex64)
    mt.testing.assert_close(fft.ifft(fft.fft(z, norm=norm), norm=norm), z)
    mt.testing.assert_close(fft.irfft(fft.rfft(x, norm=norm), length, norm=norm), x)
    mt.testing.assert_close(fft.hfft(fft.ihfft(x, norm=norm), length, norm=norm), x)
    mt.testing.assert_close(fft.irfftn(fft.rfftn(x, norm=norm), x.shape, norm=norm), x)
    mt.testing.assert_close(fft.hfftn(fft.ihfftn(x, norm=norm), x.shape, norm=norm), x)
    mt.testing.assert_close(fft.ifftshift(fft.fftshift(x)), x)


@pytest.mark.parametrize("name", ["fft", "ifft", "rfft", "irfft", "hfft", "ihfft"])
@pytest.mark.parametrize("norm", [None, "ortho", "forward"])
@pytest.mark.parametrize("n", [None, 4, 9])
def test_as_numpy(name, norm, n):
    x = mt.randn(3, 6, dtype=mt.float64)
    expected = getattr(np.fft, name)(x.numpy(), n, 1, norm)
    assert getattr(fft, name)(x, n, 1, norm).numpy() == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(
    "name", ["fft", "ifft", "rfft", "irfft", "hfft", "ihfft", "fft2", "irfftn"]
)
def test_gradients(name):
    x = mt.randn(3, 4, dtype=mt.float64, requires_grad=True)
    assert mt.autograd.gradcheck(getattr(fft, name), x)
    assert mt.autograd.gradgradcheck(getattr(fft, name), x)


def test_half_spectra_cut_and_filled_have_gradients():
    z = mt.randn(3, 5, dtype=mt.complex128, requires_grad=True)
    for n in (4, 7, 8, 11):
        assert mt.autograd.gradcheck(lambda z, n=n: fft.irfft(z, n), z)


def test_out_and_frequencies():
    out = mt.empty(4, dtype=mt.complex64)
    assert fft.fft(mt.ones(4), out=out) is out
    assert out.tolist() == [4, 0, 0, 0]
    assert fft.fftfreq(5, 0.5).tolist() == pytest.approx([0, 0.4, 0.8, -0.8, -0.4])
    assert fft.rfftfreq(5, requires_grad=True).requires_grad
    assert fft.fftfreq(4, dtype=mt.float64).tolist() == [0, 0.25, -0.5, -0.25]
    with pytest.raises(RuntimeError, match="requires a floating point or complex dtype"):
        fft.fftfreq(4, dtype=mt.int64)


def test_precision_stays():
    assert fft.rfft(mt.ones(4)).dtype is mt.complex64
    assert fft.irfft(mt.ones(4, dtype=mt.complex64)).dtype is mt.float32
    assert fft.fft(mt.ones(4, dtype=mt.float64)).dtype is mt.complex128
