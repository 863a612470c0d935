"""Discrete Fourier transforms: the three linear maps behind ``torch.fft``.

Between complex numbers, from real ones (the whole spectrum or half of it) and, from half a
spectrum, to real ones.  The adjoint of each is another of them, so every order of derivative is
there.
"""

from __future__ import annotations

import numpy as np

from minitorch.backends import is_array
from minitorch.ops._op import op
from minitorch.ops.padding import constant_pad
from minitorch.ops.strides import real_part
from minitorch.tensor import wrap

__all__ = ["transform", "transform_real", "transform_to_real"]


def _scaled(result, scale, dtype):
    """``result`` times ``scale`` in ``dtype``: NumPy before 2.0 transforms in double precision."""
    if scale != 1:
        result *= scale
    return result.astype(dtype, copy=False)


@op(public=False, method=False, kinds="c", node="FftC2CBackward0")
def transform(xp, input, /, dims, inverse, scale):
    """The complex transform over ``dims`` times ``scale``; ``inverse``: with the other sign.

    Shape: (*) -> (*).
    """
    if not dims or not input.size:
        return input * scale
    compute, norm = (xp.fft.ifftn, "forward") if inverse else (xp.fft.fftn, "backward")
    return _scaled(compute(input, axes=dims, norm=norm), scale, input.dtype)


transform.vjp(
    input=lambda g, dims, inverse, scale: transform(g, dims, not inverse, scale),
)


@op(public=False, method=False, kinds="f", node="FftR2CBackward0")
def transform_real(xp, input, /, dims, scale, half):
    """The transform of real numbers over ``dims``; ``half``: one half of it along the last dim.

    Shape: (*, n) -> (*, n) or (*, n // 2 + 1), complex.
    """
    compute = xp.fft.rfftn if half else xp.fft.fftn
    complex_dtype = np.result_type(input.dtype, np.complex64)
    return _scaled(compute(input, axes=dims), scale, complex_dtype)


def _transform_real_gradient(g, input_shape, dims, scale, half):
    if half:
        last = dims[-1]
        widths = [(0, 0)] * len(input_shape)
        widths[last] = (0, input_shape[last] - g.shape[last])
        g = constant_pad(g, tuple(widths), 0)
    return real_part(transform(g, dims, True, scale))


transform_real.vjp(input=_transform_real_gradient)


@op(public=False, method=False, kinds="c", node="FftC2RBackward0")
def transform_to_real(xp, input, /, dims, length, scale):
    """The signal, ``length`` long in the last of ``dims``, of half a spectrum; times ``scale``.

    The inverse transform without its factor.  Shape: (*, length // 2 + 1) -> (*, length), real.
    """
    lengths = [*(input.shape[dim] for dim in dims[:-1]), length]
    result = xp.fft.irfftn(input, lengths, dims, norm="forward")
    return _scaled(result, scale, input.real.dtype)


def _transform_to_real_gradient(g, input_shape, dims, length, scale):
    # Every element stands for its mirror image, too; the first, and for even lengths the last, do
    # not have one.
    half = input_shape[dims[-1]]
    times = np.ones(half, g.dtype if is_array(g) else g.dtype.numpy)
    times[1 : length - half + 1] = 2
    times = times.reshape([-1 if d == dims[-1] else 1 for d in range(len(input_shape))])
    spectrum = transform_real(g, dims, scale, True)
    return spectrum * (times if is_array(g) else wrap(times))


transform_to_real.vjp(input=_transform_to_real_gradient)
