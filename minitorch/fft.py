"""``torch.fft``: discrete Fourier transforms, by the names of ``numpy.fft``.

A transform over N points computes ``X[k] = sum_n x[n] exp(-2 pi i k n / N)``, its inverse has the
opposite sign.  ``norm`` says where 1/N goes: to the inverse ("backward", the default), to the
forward transform ("forward"), or its root to both ("ortho").  ``n`` and ``s`` cut the signal or
fill it with zeros first; -1 in ``s`` keeps a length.
"""

from __future__ import annotations

import math

import minitorch.ops.padding as padding
from minitorch import dtypes
from minitorch.ops._arguments import require_tensor
from minitorch.ops._dims import wrap_dim
from minitorch.ops._op import named
from minitorch.ops.conversion import to
from minitorch.ops.creation import arange
from minitorch.ops.elementwise import conj
from minitorch.ops.fourier import transform, transform_real, transform_to_real
from minitorch.ops.joining import cat
from minitorch.ops.rearranging import roll

__all__ = [
    "fft",
    "fft2",
    "fftfreq",
    "fftn",
    "fftshift",
    "hfft",
    "hfft2",
    "hfftn",
    "ifft",
    "ifft2",
    "ifftn",
    "ifftshift",
    "ihfft",
    "ihfft2",
    "ihfftn",
    "irfft",
    "irfft2",
    "irfftn",
    "rfft",
    "rfft2",
    "rfftfreq",
    "rfftn",
]


# --- arguments ------------------------------------------------------------------------------------


def _floating(input, name):
    """``input`` as a floating point or complex tensor; torch's error for half precision."""
    require_tensor(input, name)
    if input.dtype.rank < 2:
        return to(input, dtypes.get_default_dtype())
    if input.dtype in (dtypes.float16, dtypes.bfloat16):
        raise RuntimeError(f"Unsupported dtype {input.dtype.legacy_name}")
    return input


def _complex(input):
    return input if input.dtype.is_complex else to(input, input.dtype.to_complex())


def _real(input, name):
    if input.dtype.is_complex:
        raise RuntimeError(f"{name} expects a real input tensor, but got {input.dtype.legacy_name}")
    return input


def _scale(norm, lengths, inverse):
    """The factor that ``norm`` gives to a transform over ``lengths``."""
    if norm not in (None, "backward", "ortho", "forward"):
        raise RuntimeError(f'Invalid normalization mode: "{norm}"')
    points = math.prod(lengths)
    if norm == "ortho":
        return 1 / math.sqrt(points)
    return 1 / points if inverse == (norm != "forward") else 1.0


def _one(input, n, dim):
    """The dimension and the length of a transform over one dimension."""
    if not input.ndim:
        raise IndexError(f"Dimension specified as {dim} but tensor has no dimensions")
    dim = wrap_dim(dim, input.ndim)
    return [dim], [n]


def _several(input, s, dim):
    """The dimensions and the lengths (None: as they are) of a transform over several."""
    if dim is not None:
        dims = [dim] if isinstance(dim, int) else list(dim)
        dims = [wrap_dim(d, input.ndim) for d in dims]
        if len(set(dims)) < len(dims):
            raise RuntimeError("FFT dims must be unique")
    if s is None:
        dims = list(range(input.ndim)) if dim is None else dims
        return dims, [None] * len(dims)
    s = [s] if isinstance(s, int) else list(s)
    if dim is None:
        if len(s) > input.ndim:
            raise RuntimeError(
                f"Got shape with {len(s)} values but input tensor only has {input.ndim} dimensions."
            )
        dims = list(range(input.ndim - len(s), input.ndim))
    elif len(s) != len(dims):
        raise RuntimeError("When given, dim and shape arguments must have the same length")
    return dims, [None if length == -1 else length for length in s]


def _resized(input, dims, lengths):
    """``input`` cut or filled with zeros to ``lengths`` along ``dims``."""
    widths = [(0, 0)] * input.ndim
    for dim, length in zip(dims, lengths, strict=True):
        widths[dim] = (0, length - input.shape[dim])
    return padding.constant_pad(input, tuple(widths), 0) if any(map(any, widths)) else input


def _checked(lengths):
    for length in lengths:
        if length < 1:
            raise RuntimeError(f"Invalid number of data points ({length}) specified")
    return lengths


def _written(result, out):
    return result if out is None else out.copy_(result)


# --- the three kinds ------------------------------------------------------------------------------


def _between_complex(name, input, dims_of, s, dim, norm, inverse, out):
    input = _floating(input, name)
    dims, lengths = dims_of(input, s, dim)
    lengths = _checked(
        [input.shape[d] if n is None else n for d, n in zip(dims, lengths, strict=True)]
    )
    scale = _scale(norm, lengths, inverse)
    input = _resized(input, dims, lengths)
    if dims_of is _one and not input.dtype.is_complex:
        spectrum = transform_real(input, tuple(dims), scale, False)
        return _written(conj(spectrum) if inverse else spectrum, out)
    return _written(transform(_complex(input), tuple(dims), inverse, scale), out)


def _of_real(name, input, dims_of, s, dim, norm, inverse, out):
    """The half of the spectrum that says all; ``inverse``: that of the inverse transform."""
    input = _real(_floating(input, name), name)
    dims, lengths = dims_of(input, s, dim)
    if not dims:
        raise RuntimeError(f"{name} must transform at least one axis")
    lengths = _checked(
        [input.shape[d] if n is None else n for d, n in zip(dims, lengths, strict=True)]
    )
    scale = _scale(norm, lengths, inverse)
    half = transform_real(_resized(input, dims, lengths), tuple(dims), scale, True)
    if inverse:
        half = conj(half)
        if len(dims) > 1:
            half = named(half, "FftC2CBackward0")  # torch: one dimension after the other
    return _written(half, out)


def _to_real(name, input, dims_of, s, dim, norm, inverse, out):
    """The real signal of half a spectrum; not ``inverse``: its forward transform."""
    input = _complex(_floating(input, name))
    dims, lengths = dims_of(input, s, dim)
    if not dims:
        raise RuntimeError(f"{name} must transform at least one axis")
    last = 2 * (input.shape[dims[-1]] - 1) if lengths[-1] is None else lengths[-1]
    lengths = [input.shape[d] if n is None else n for d, n in zip(dims, lengths, strict=True)]
    _checked([*lengths[:-1], last])
    scale = _scale(norm, [*lengths[:-1], last], inverse)
    input = _resized(input, dims, [*lengths[:-1], last // 2 + 1])
    result = transform_to_real(input if inverse else conj(input), tuple(dims), last, scale)
    return _written(result, out)


# --- over one dimension ---------------------------------------------------------------------------


def fft(input, n=None, dim=-1, norm=None, *, out=None):
    """The transform along ``dim``.

    Shape: (..., N, ...) -> (..., n, ...), complex.  Raises RuntimeError for n < 1.

    Example::

        >>> import minitorch as torch
        >>> torch.fft.fft(torch.tensor([1.0, 2.0, 3.0, 4.0]))
        tensor([10.+0.j, -2.+2.j, -2.+0.j, -2.-2.j])

    Source: torch.fft.fft.
    """
    return _between_complex("fft", input, _one, n, dim, norm, False, out)


def ifft(input, n=None, dim=-1, norm=None, *, out=None):
    """The inverse of :func:`fft`.  Source: torch.fft.ifft."""
    return _between_complex("ifft", input, _one, n, dim, norm, True, out)


def rfft(input, n=None, dim=-1, norm=None, *, out=None):
    """The transform of a real signal: its first half, the rest being its mirror image.

    Shape: (..., N, ...) -> (..., n // 2 + 1, ...), complex.  Raises RuntimeError for a complex
    input.  Source: torch.fft.rfft.
    """
    return _of_real("rfft", input, _one, n, dim, norm, False, out)


def irfft(input, n=None, dim=-1, norm=None, *, out=None):
    """The inverse of :func:`rfft`; ``n``, the length of the signal, is even if it is not given.

    Shape: (..., M, ...) -> (..., n, ...), real, n = 2 (M - 1) by default.
    Source: torch.fft.irfft.
    """
    return _to_real("irfft", input, _one, n, dim, norm, True, out)


def hfft(input, n=None, dim=-1, norm=None, *, out=None):
    """The real transform of a signal of which the first half is given, and the rest is its
    conjugate mirror image.

    Shape: (..., M, ...) -> (..., n, ...), real, n = 2 (M - 1) by default.  Source: torch.fft.hfft.
    """
    return _to_real("hfft", input, _one, n, dim, norm, False, out)


def ihfft(input, n=None, dim=-1, norm=None, *, out=None):
    """The inverse of :func:`hfft`.

    Shape: (..., N, ...) -> (..., n // 2 + 1, ...), complex.  Source: torch.fft.ihfft.
    """
    return _of_real("ihfft", input, _one, n, dim, norm, True, out)


# --- over several dimensions ----------------------------------------------------------------------


def fftn(input, s=None, dim=None, norm=None, *, out=None):
    """The transform over the dimensions ``dim`` (all by default, or the last of ``s``).

    Raises RuntimeError for a dimension that is named twice.  Source: torch.fft.fftn.
    """
    return _between_complex("fftn", input, _several, s, dim, norm, False, out)


def ifftn(input, s=None, dim=None, norm=None, *, out=None):
    """The inverse of :func:`fftn`.  Source: torch.fft.ifftn."""
    return _between_complex("ifftn", input, _several, s, dim, norm, True, out)


def rfftn(input, s=None, dim=None, norm=None, *, out=None):
    """The transform of a real signal over several dimensions: half of it along the last.

    Source: torch.fft.rfftn.
    """
    return _of_real("rfftn", input, _several, s, dim, norm, False, out)


def irfftn(input, s=None, dim=None, norm=None, *, out=None):
    """The inverse of :func:`rfftn`.  Source: torch.fft.irfftn."""
    return _to_real("irfftn", input, _several, s, dim, norm, True, out)


def hfftn(input, s=None, dim=None, norm=None, *, out=None):
    """:func:`hfft` over several dimensions.  Source: torch.fft.hfftn."""
    return _to_real("hfftn", input, _several, s, dim, norm, False, out)


def ihfftn(input, s=None, dim=None, norm=None, *, out=None):
    """The inverse of :func:`hfftn`.  Source: torch.fft.ihfftn."""
    return _of_real("ihfftn", input, _several, s, dim, norm, True, out)


def fft2(input, s=None, dim=(-2, -1), norm=None, *, out=None):
    """:func:`fftn` over two dimensions.  Source: torch.fft.fft2."""
    return fftn(input, s, dim, norm, out=out)


def ifft2(input, s=None, dim=(-2, -1), norm=None, *, out=None):
    """The inverse of :func:`fft2`.  Source: torch.fft.ifft2."""
    return ifftn(input, s, dim, norm, out=out)


def rfft2(input, s=None, dim=(-2, -1), norm=None, *, out=None):
    """:func:`rfftn` over two dimensions.  Source: torch.fft.rfft2."""
    return rfftn(input, s, dim, norm, out=out)


def irfft2(input, s=None, dim=(-2, -1), norm=None, *, out=None):
    """The inverse of :func:`rfft2`.  Source: torch.fft.irfft2."""
    return irfftn(input, s, dim, norm, out=out)


def hfft2(input, s=None, dim=(-2, -1), norm=None, *, out=None):
    """:func:`hfftn` over two dimensions.  Source: torch.fft.hfft2."""
    return hfftn(input, s, dim, norm, out=out)


def ihfft2(input, s=None, dim=(-2, -1), norm=None, *, out=None):
    """The inverse of :func:`hfft2`.  Source: torch.fft.ihfft2."""
    return ihfftn(input, s, dim, norm, out=out)


# --- frequencies ----------------------------------------------------------------------------------


def _frequencies(name, whole, n, d, out, dtype, device, requires_grad):
    dtype = dtypes.get_default_dtype() if dtype is None else dtype
    if dtype.rank < 2:
        raise RuntimeError(f"{name} requires a floating point or complex dtype")
    if whole:
        steps = cat([arange((n + 1) // 2), arange(-(n // 2), 0)])
    else:
        steps = arange(n // 2 + 1)
    result = to(steps, dtype=dtype, device=device) * (1 / (n * d))
    return _written(result.requires_grad_(requires_grad), out)


def fftfreq(n, d=1.0, *, out=None, dtype=None, layout=None, device=None, requires_grad=False):
    """The frequencies of :func:`fft`, for samples ``d`` apart.

    Shape: (n).

    Example::

        >>> import minitorch as torch
        >>> torch.fft.fftfreq(4)
        tensor([ 0.0000,  0.2500, -0.5000, -0.2500])

    Source: torch.fft.fftfreq.
    """
    del layout
    return _frequencies("fftfreq", True, n, d, out, dtype, device, requires_grad)


def rfftfreq(n, d=1.0, *, out=None, dtype=None, layout=None, device=None, requires_grad=False):
    """The frequencies of :func:`rfft`.  Shape: (n // 2 + 1).  Source: torch.fft.rfftfreq."""
    del layout
    return _frequencies("rfftfreq", False, n, d, out, dtype, device, requires_grad)


def _shifted(input, dim, backward):
    dims = range(input.ndim) if dim is None else [dim] if isinstance(dim, int) else dim
    dims = [wrap_dim(d, input.ndim) for d in dims]
    return roll(input, [(input.shape[d] + backward) // 2 for d in dims], dims)


def fftshift(input, dim=None):
    """``input`` turned so that the frequency 0 stands in the middle of ``dim`` (default: all).

    Shape: (*) -> (*).  Source: torch.fft.fftshift.
    """
    return _shifted(input, dim, 0)


def ifftshift(input, dim=None):
    """The inverse of :func:`fftshift`.  Source: torch.fft.ifftshift."""
    return _shifted(input, dim, 1)
