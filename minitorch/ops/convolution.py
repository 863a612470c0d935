"""Convolution in any number of dimensions, and its transpose.

Three ops carry it: the forward, and the adjoints with respect to input and weight.  Each is linear
in both of its tensors, and the gradients of each are the other two, so every order of derivative is
there. The NumPy bodies gather patches into columns, a block of images at a time that stays in the
cache, and multiply matrices: one per image, or, where images have few positions, one for all images
of the block, since a narrow product spends its time on fetching the weight.

Letters: N batch, C channels in, O channels out, G groups, K patch elements (C/G times the
kernel's), L positions of the output; M matrices of a block of n images, and P columns of each:
(M, P) is (n, L), or (1, n L) where images share a matrix.
"""

from __future__ import annotations

import itertools
import math
import warnings

from minitorch.memory_format import formatted_like
from minitorch.ops._autocast import lower_precision
from minitorch.ops._dims import repeated
from minitorch.ops._op import op
from minitorch.ops.reduction import sum
from minitorch.tensor import Tensor

__all__ = [
    "conv1d",
    "conv2d",
    "conv3d",
    "conv_transpose1d",
    "conv_transpose2d",
    "conv_transpose3d",
    "convolve",
]

#: Elements of a block of columns: about half of a core's second-level cache in float32.
_BLOCK = 1 << 18
#: Images with at most as many positions share a matrix.
_FEW_POSITIONS = 64
#: Columns that such a matrix has at least, if there are images enough.
_WIDE = 256


# --- patches ------------------------------------------------------------------------------------


def output_length(length, kernel, stride, padding, dilation) -> int:
    """The number of positions of a kernel along one dimension."""
    return (length + 2 * padding - dilation * (kernel - 1) - 1) // stride + 1


def _pad(xp, input, padding):
    if not any(padding):
        return input
    shape = [n + 2 * p for n, p in zip(input.shape[2:], padding, strict=True)]
    padded = xp.zeros((*input.shape[:2], *shape), input.dtype)
    padded[(..., *_inner(input.shape[2:], padding))] = input
    return padded


def _inner(lengths, padding):
    return tuple(slice(p, p + n) for n, p in zip(lengths, padding, strict=True))


def _patches(xp, padded, kernel, out, stride, dilation):
    """A view of every patch.  Shape: (N, C, *spatial) -> (N, C, *kernel, *out)."""
    n, c, *spatial = padded.strides
    strides = (
        n,
        c,
        *(s * d for s, d in zip(spatial, dilation, strict=True)),
        *(s * step for s, step in zip(spatial, stride, strict=True)),
    )
    return xp.lib.stride_tricks.as_strided(padded, (*padded.shape[:2], *kernel, *out), strides)


def _blocks(images, patch, positions):
    """The images in blocks, for columns of ``patch`` elements at so many ``positions``."""
    step = max(1, _BLOCK // max(1, patch * positions))
    if positions <= _FEW_POSITIONS:
        step = max(step, -(-_WIDE // positions))
    return [slice(i, min(i + step, images)) for i in range(0, images, step)]


def _columns(patches, groups):
    """The patches of a block as matrices.  Shape: (n, C, *kernel, *out) -> (M, G, K, P)."""
    images, channels = patches.shape[:2]
    spatial = (patches.ndim - 2) // 2
    k = channels // groups * math.prod(patches.shape[2 : 2 + spatial])
    positions = math.prod(patches.shape[2 + spatial :])
    if positions > _FEW_POSITIONS:
        return patches.reshape(images, groups, k, positions)
    axes = (*range(1, 2 + spatial), 0, *range(2 + spatial, patches.ndim))
    return patches.transpose(axes).reshape(1, groups, k, images * positions)


def _maps(images, groups):
    """Maps of channels as matrices.  Shape: (n, O, *out) -> (M, G, O/G, P)."""
    return _columns(
        images.reshape(*images.shape[:2], *(1,) * (images.ndim - 2), *images.shape[2:]), groups
    )


# --- the three linear maps ----------------------------------------------------------------------


@op(public=False, method=False, node="ConvolutionBackward0")
def convolve(
    xp, input, weight, bias=None, /, stride=(1, 1), padding=(0, 0), dilation=(1, 1), groups=1
):
    """Cross-correlation of ``input`` with ``weight``, plus ``bias`` per channel.

    Shape: (N, C, *spatial), (O, C/G, *kernel), (O) -> (N, O, *out).
    """
    kernel = weight.shape[2:]
    out = tuple(map(output_length, input.shape[2:], kernel, stride, padding, dilation))
    images, filters = input.shape[0], weight.shape[0]
    result = xp.empty((images, filters, *out), input.dtype)
    if result.size:
        positions = math.prod(out)
        flat = result.reshape(images, groups, filters // groups, positions)
        matrix = weight.reshape(1, groups, filters // groups, -1)  # (1, G, O/G, K)
        patches = _patches(xp, _pad(xp, input, padding), kernel, out, stride, dilation)
        for block in _blocks(images, math.prod(weight.shape[1:]) * groups, positions):
            columns = _columns(patches[block], groups)
            if positions > _FEW_POSITIONS:
                xp.matmul(matrix, columns, out=flat[block])
            else:
                product = xp.matmul(matrix, columns)  # (1, G, O/G, n L)
                flat[block] = product.reshape(*flat.shape[1:3], -1, positions).transpose(2, 0, 1, 3)
        if bias is not None:
            result += bias.reshape(-1, *(1,) * len(out))
    return formatted_like(xp, result, input, weight)


def _turned(xp, weight, groups):
    """The kernel of the transposed map.

    Shape: (O, C/G, *kernel) -> (C, O/G, *kernel), reversed.
    """
    filters, channels, *kernel = weight.shape
    grouped = weight.reshape(groups, filters // groups, channels, *kernel).swapaxes(1, 2)
    flipped = xp.flip(grouped, tuple(range(3, grouped.ndim)))
    return xp.ascontiguousarray(flipped).reshape(groups * channels, filters // groups, *kernel)


@op(public=False, method=False, node="ConvolutionBackwardBackward0")
def convolve_input_adjoint(xp, input, weight, /, shape, stride, padding, dilation, groups):
    """The gradient of :func:`convolve` for its input (of ``shape``), from that of its result.

    Shape: (N, O, *out), (O, C/G, *kernel) -> (N, C, *spatial).
    """
    kernel, out = weight.shape[2:], input.shape[2:]
    images, filters = input.shape[0], weight.shape[0]
    channels, spatial = shape[1], shape[2:]
    reach = [d * (k - 1) - p for d, k, p in zip(dilation, kernel, padding, strict=True)]
    one_step = all(s == 1 for s in stride) and min(reach) >= 0
    if input.size and one_step and math.prod(spatial) <= 2 * math.prod(out):
        # A convolution itself, with the kernel turned around.  Gathering beats scattering, unless
        # there are many more positions to gather for.
        turned = _turned(xp, weight, groups)
        return convolve.op.body(xp, input, turned, None, stride, reach, dilation, groups)
    padded_shape = [n + 2 * p for n, p in zip(spatial, padding, strict=True)]
    padded = xp.zeros((images, channels, *padded_shape), input.dtype)
    if input.size and padded.size:
        positions = math.prod(out)
        matrix = weight.reshape(1, groups, filters // groups, -1).swapaxes(2, 3)  # (1, G, K, O/G)
        for block in _blocks(images, channels * math.prod(kernel), positions):
            columns = xp.matmul(matrix, _maps(input[block], groups))  # (M, G, K, P)
            target = padded[block]
            if positions > _FEW_POSITIONS:
                columns = columns.reshape(-1, channels, *kernel, *out)
            else:
                columns = columns.reshape(channels, *kernel, -1, *out)
                columns = xp.moveaxis(columns, 1 + len(kernel), 0)
            for offset in itertools.product(*map(range, kernel)):
                window = tuple(
                    slice(o * d, o * d + s * (n - 1) + 1, s)
                    for o, d, s, n in zip(offset, dilation, stride, out, strict=True)
                )
                target[(..., *window)] += columns[(slice(None), slice(None), *offset)]
    if any(padding):
        padded = xp.ascontiguousarray(padded[(..., *_inner(spatial, padding))])
    return padded


@op(public=False, method=False, node="ConvolutionBackwardBackward0")
def convolve_weight_adjoint(xp, input, other, /, shape, stride, padding, dilation, groups):
    """The gradient of :func:`convolve` for its weight (of ``shape``), from that of its result.

    Shape: (N, O, *out), (N, C, *spatial) -> (O, C/G, *kernel).
    """
    kernel, out = shape[2:], input.shape[2:]
    images, filters = input.shape[:2]
    total = xp.zeros((groups, filters // groups, math.prod(shape[1:])), input.dtype)
    if input.size and other.size:
        patches = _patches(xp, _pad(xp, other, padding), kernel, out, stride, dilation)
        for block in _blocks(images, math.prod(shape[1:]) * groups, math.prod(out)):
            columns = _columns(patches[block], groups)
            total += xp.matmul(_maps(input[block], groups), columns.swapaxes(2, 3)).sum(0)
    return total.reshape(shape)


convolve.vjp(
    input=lambda g, weight, input_shape, stride, padding, dilation, groups: convolve_input_adjoint(
        g, weight, input_shape, stride, padding, dilation, groups
    ),
    weight=lambda g, input, weight_shape, stride, padding, dilation, groups: (
        convolve_weight_adjoint(g, input, weight_shape, stride, padding, dilation, groups)
    ),
    bias=lambda g: sum(g, (0, *range(2, len(g.shape)))),
)
convolve_input_adjoint.vjp(
    input=lambda g, weight, stride, padding, dilation, groups: convolve(
        g, weight, None, stride, padding, dilation, groups
    ),
    weight=lambda g, input, weight_shape, stride, padding, dilation, groups: (
        convolve_weight_adjoint(input, g, weight_shape, stride, padding, dilation, groups)
    ),
)
convolve_weight_adjoint.vjp(
    input=lambda g, other, stride, padding, dilation, groups: convolve(
        other, g, None, stride, padding, dilation, groups
    ),
    other=lambda g, input, other_shape, stride, padding, dilation, groups: convolve_input_adjoint(
        input, g, other_shape, stride, padding, dilation, groups
    ),
)


@op(public=False, method=False, node="ConvolutionBackward0")
def convolve_transposed(
    xp, input, weight, bias=None, /, shape=None, stride=None, padding=None, dilation=None, groups=1
):
    """The transposed convolution: :func:`convolve_input_adjoint`, plus ``bias`` per channel."""
    result = convolve_input_adjoint.op.body(
        xp, input, weight, shape, stride, padding, dilation, groups
    )
    if bias is not None:
        result += bias.reshape(-1, *(1,) * (input.ndim - 2))
    return formatted_like(xp, result, input, weight)


convolve_transposed.vjp(
    input=lambda g, weight, stride, padding, dilation, groups: convolve(
        g, weight, None, stride, padding, dilation, groups
    ),
    weight=lambda g, input, weight_shape, stride, padding, dilation, groups: (
        convolve_weight_adjoint(input, g, weight_shape, stride, padding, dilation, groups)
    ),
    bias=lambda g: sum(g, (0, *range(2, len(g.shape)))),
)


# --- what users call ----------------------------------------------------------------------------


def _tuple_of(name, argument, value, spatial):
    values = tuple(map(int, repeated(value, spatial)))
    if len(values) == 1:
        return values * spatial
    if len(values) != spatial:
        raise RuntimeError(
            f"expected {argument} to be a single integer value or a list of {spatial} "
            f"values to match the convolution dimensions, but got {argument}={list(values)}"
        )
    return values


def _check_tensors(name, input, weight, bias):
    for position, (argument, value) in enumerate(
        (("input", input), ("weight", weight), ("bias", bias)), 1
    ):
        if not isinstance(value, Tensor) and not (argument == "bias" and value is None):
            raise TypeError(
                f"{name}(): argument '{argument}' (position {position}) must be Tensor, not "
                f"{type(value).__name__}"
            )
    dtype = input.dtype
    if bias is not None and bias.dtype != dtype and "transpose" not in name:
        raise RuntimeError(
            f"Input type ({dtype.cpp_name}) and bias type ({bias.dtype.cpp_name}) should be the "
            "same"
        )
    for value in (weight, bias):
        if value is not None and value.dtype != dtype:
            raise RuntimeError(
                f"expected scalar type {dtype.legacy_name} but found {value.dtype.legacy_name}"
            )


def _check_sizes(spatial, name, input, weight, bias, stride, padding, dilation, groups, transposed):
    batched = input.ndim == spatial + 2
    if not batched and input.ndim != spatial + 1:
        raise RuntimeError(
            f"Expected {spatial + 1}D (unbatched) or {spatial + 2}D (batched) input to {name}, "
            f"but got input of size: {list(input.shape)}"
        )
    if weight.ndim < 3:
        raise RuntimeError("weight should have at least three dimensions")
    if weight.ndim != spatial + 2:
        raise RuntimeError(
            f"expected stride to be a single integer value or a list of {weight.ndim - 2} values "
            f"to match the convolution dimensions, but got stride={list(stride)}"
        )
    if groups <= 0:
        raise RuntimeError("non-positive groups is not supported")
    if any(p < 0 for p in padding):
        raise RuntimeError("negative padding is not supported")
    if any(s <= 0 for s in stride):
        raise RuntimeError("non-positive stride is not supported")
    if any(d <= 0 for d in dilation):
        raise RuntimeError("dilation should be greater than zero")
    channels = input.shape[-spatial - 1]
    expected = weight.shape[0] if transposed else weight.shape[1] * groups
    if weight.shape[0] < groups:
        raise RuntimeError(
            f"Given groups={groups}, expected weight to be at least {groups} at dimension 0, but "
            f"got weight of size {list(weight.shape)} instead"
        )
    if weight.shape[0] % groups:
        raise RuntimeError(
            f"Given groups={groups}, expected weight to be divisible by {groups} at dimension 0, "
            f"but got weight of size {list(weight.shape)} instead"
        )
    if not weight.shape[0]:
        raise RuntimeError(
            f"Given groups={groups}, expected weight to be at least 1 at dimension 0, but got "
            f"weight of size {list(weight.shape)} instead"
        )
    if transposed and not weight.shape[1]:
        raise RuntimeError(
            f"non-empty {spatial}D or {spatial + 2}D weight tensor expected, but got: "
            f"{list(weight.shape)}"
        )
    if not all(weight.shape[2:]):
        lengths = " x ".join(map(str, weight.shape[2:]))
        raise RuntimeError(f"kernel size should be greater than zero, but got: {lengths}")
    if channels != expected:
        kind = "transposed=1, " if transposed else f"groups={groups}, "
        shape = list(input.shape) if batched else [1, *input.shape]
        raise RuntimeError(
            f"Given {kind}weight of size {list(weight.shape)}, expected input{shape} "
            f"to have {expected} channels, but got {channels} channels instead"
        )
    filters = weight.shape[1] * groups if transposed else weight.shape[0]
    if bias is not None and tuple(bias.shape) != (filters,):
        raise RuntimeError(
            f"Given {'transposed=1, ' if transposed else ''}weight of size "
            f"{list(weight.shape)}, expected bias to be 1-dimensional with {filters} elements, "
            f"but got bias of size {list(bias.shape)} instead"
        )
    if not transposed:
        padded = [n + 2 * p for n, p in zip(input.shape[-spatial:], padding, strict=True)]
        reach = [d * (k - 1) + 1 for d, k in zip(dilation, weight.shape[2:], strict=True)]
        if any(n < k for n, k in zip(padded, reach, strict=True)):
            raise RuntimeError(
                f"Calculated padded input size per channel: ({' x '.join(map(str, padded))}). "
                f"Kernel size: ({' x '.join(map(str, reach))}). Kernel size can't be greater than "
                "actual input size"
            )


def _convolution(spatial, input, weight, bias, stride, padding, dilation, groups):
    name = f"conv{spatial}d"
    _check_tensors(name, input, weight, bias)
    stride = _tuple_of(name, "stride", stride, spatial)
    dilation = _tuple_of(name, "dilation", dilation, spatial)
    if isinstance(padding, str):
        input, padding = _named_padding(padding, input, weight, stride, dilation, spatial)
    padding = _tuple_of(name, "padding", padding, spatial)
    _check_sizes(spatial, name, input, weight, bias, stride, padding, dilation, groups, False)
    if input.ndim == spatial + 1:
        return convolve(
            input.unsqueeze(0), weight, bias, stride, padding, dilation, groups
        ).squeeze(0)
    return convolve(input, weight, bias, stride, padding, dilation, groups)


def _named_padding(padding, input, weight, stride, dilation, spatial):
    if padding == "valid":
        return input, 0
    if padding != "same":
        raise RuntimeError(f"Invalid padding string: '{padding}'")
    if any(s != 1 for s in stride):
        raise RuntimeError("padding='same' is not supported for strided convolutions")
    total = [d * (k - 1) for d, k in zip(dilation, weight.shape[2:], strict=True)]
    # An even kernel needs one more at the end than at the start.
    extra = [t % 2 for t in total]
    if any(extra):
        warnings.warn(
            "Using padding='same' with even kernel lengths and odd dilation may require a "
            "zero-padded copy of the input be created",
            stacklevel=5,
        )
        from minitorch.ops.padding import pad

        input = pad(input, [n for e in reversed(extra) for n in (0, e)])
    return input, [t // 2 for t in total]


@lower_precision
def conv1d(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    """Cross-correlation over sequences.  ``padding``: int, tuple, "same" or "valid".

    Shape: (N, C, L) or (C, L), (O, C/groups, K), (O) -> (N, O, L_out).
    Raises RuntimeError for shapes that
    do not fit.  Source: F.conv1d.
    """
    return _convolution(1, input, weight, bias, stride, padding, dilation, groups)


@lower_precision
def conv2d(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    """Cross-correlation over images.  ``padding``: int, tuple, "same" or "valid".

    Shape: (N, C, H, W) or (C, H, W), (O, C/groups, KH, KW), (O) -> (N, O, H_out, W_out).
    Raises RuntimeError for shapes that do not fit.  Source: F.conv2d.
    """
    return _convolution(2, input, weight, bias, stride, padding, dilation, groups)


@lower_precision
def conv3d(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    """Cross-correlation over volumes.  ``padding``: int, tuple, "same" or "valid".

    Shape: (N, C, D, H, W) or (C, D, H, W), (O, C/groups, KD, KH, KW), (O) -> (N, O, D_out, H_out,
    W_out).
    Raises RuntimeError for shapes that do not fit.  Source: F.conv3d.
    """
    return _convolution(3, input, weight, bias, stride, padding, dilation, groups)


def _transposed(spatial, input, weight, bias, stride, padding, output_padding, groups, dilation):
    name = f"conv_transpose{spatial}d"
    _check_tensors(name, input, weight, bias)
    stride = _tuple_of(name, "stride", stride, spatial)
    padding = _tuple_of(name, "padding", padding, spatial)
    output_padding = _tuple_of(name, "output_padding", output_padding, spatial)
    dilation = _tuple_of(name, "dilation", dilation, spatial)
    _check_sizes(spatial, name, input, weight, bias, stride, padding, dilation, groups, True)
    for extra, s, d in zip(output_padding, stride, dilation, strict=True):
        if extra >= s and extra >= d:
            raise RuntimeError(
                "output padding must be smaller than either stride or dilation, but got "
                f"output_padding_height: {output_padding[0]} output_padding_width: "
                f"{output_padding[-1]} stride_height: {stride[0]} stride_width: {stride[-1]} "
                f"dilation_height: {dilation[0]} dilation_width: {dilation[-1]}"
            )
    unbatched = input.ndim == spatial + 1
    if unbatched:
        input = input.unsqueeze(0)
    lengths = [
        (n - 1) * s - 2 * p + d * (k - 1) + extra + 1
        for n, s, p, d, k, extra in zip(
            input.shape[2:],
            stride,
            padding,
            dilation,
            weight.shape[2:],
            output_padding,
            strict=True,
        )
    ]
    if any(n < 1 for n in lengths):
        raise RuntimeError(
            f"Given input size per channel: ({' x '.join(map(str, input.shape[2:]))}). Calculated "
            f"output size per channel: ({' x '.join(map(str, lengths))}). Output size is too small"
        )
    shape = (input.shape[0], weight.shape[1] * groups, *lengths)
    out = convolve_transposed(input, weight, bias, shape, stride, padding, dilation, groups)
    return out.squeeze(0) if unbatched else out


@lower_precision
def conv_transpose1d(
    input, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1
):
    """The transpose of :func:`conv1d`.

    Shape: (N, C, L) or (C, L), (C, O/groups, K), (O) -> (N, O, L_out) with
    L_out = (L - 1) * stride - 2 * padding + dilation * (K - 1) + output_padding + 1.
    Source: F.conv_transpose1d.
    """
    return _transposed(1, input, weight, bias, stride, padding, output_padding, groups, dilation)


@lower_precision
def conv_transpose2d(
    input, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1
):
    """The transpose of :func:`conv2d`; lengths as in :func:`conv_transpose1d`.

    Shape: (N, C, H, W) or (C, H, W), (C, O/groups, KH, KW), (O) -> (N, O, H_out, W_out).
    Source: F.conv_transpose2d.
    """
    return _transposed(2, input, weight, bias, stride, padding, output_padding, groups, dilation)


@lower_precision
def conv_transpose3d(
    input, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1
):
    """The transpose of :func:`conv3d`; lengths as in :func:`conv_transpose1d`.

    Shape: (N, C, D, H, W) or (C, D, H, W), (C, O/groups, KD, KH, KW), (O) -> (N, O, D_out, H_out,
    W_out).
    Source: F.conv_transpose3d.
    """
    return _transposed(3, input, weight, bias, stride, padding, output_padding, groups, dilation)
