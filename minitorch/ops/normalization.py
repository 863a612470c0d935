"""Batch, layer, group, instance and root-mean-square normalisation.

One op carries the first four: it looks at the input as ``grouped``, subtracts the mean and divides
by the standard deviation over ``axes`` of that, and applies weight and bias in the shape
``affine``.
"""

from __future__ import annotations

import math

from minitorch.dtypes import bfloat16, finfo, float16, float32
from minitorch.memory_format import formatted_like, has_channels_last
from minitorch.ops._arguments import require_tensor
from minitorch.ops._dims import repeated
from minitorch.ops._op import composite, named, op, sum_to, wide
from minitorch.ops.elementwise import rsqrt
from minitorch.ops.padding import pad
from minitorch.ops.reduction import mean
from minitorch.ops.shape import reshape
from minitorch.tensor import Tensor

__all__ = [
    "batch_norm",
    "group_norm",
    "instance_norm",
    "layer_norm",
    "local_response_norm",
    "norm_except_dim",
    "normalize",
    "rms_norm",
]


#: torch: other orders of memory, and those of the other normalisations, become row-major.
_KEEP_CHANNELS_LAST = ("NativeBatchNormBackward0", "NativeGroupNormBackward0")


@op(
    widen=False,
    public=False,
    method=False,
    outputs=("out", "center", "rstd"),
    node=lambda params: params["origin"],
)
def normalize_groups(
    xp, input, weight=None, bias=None, /, grouped=(), axes=(), affine=(), eps=1e-5, origin=""
):
    """``(x - mean) / sqrt(var + eps) * weight + bias``, the mean, and 1 / sqrt(var + eps).

    Shape: (*) -> (*), and the statistics with length 1 along ``axes``.
    """
    x = input.reshape(grouped)
    if input.dtype.itemsize == 2:
        x = x.astype("float32")
    center = x.mean(axes, keepdims=True)
    x = x - center
    rstd = 1 / xp.sqrt((x * x).mean(axes, keepdims=True) + eps)
    x *= rstd
    out = x.reshape(input.shape)
    if has_channels_last(input) and origin in _KEEP_CHANNELS_LAST:
        out = formatted_like(xp, out, input)
    else:
        out = xp.ascontiguousarray(out)
    if weight is not None:
        out = out * weight.reshape(affine)
    if bias is not None:
        out = out + bias.reshape(affine)
    return out.astype(input.dtype, copy=False), center, rstd


def _normalize_gradients(g, input, weight, bias, center, rstd, needs, grouped, axes, affine, eps):
    g = g[0]
    x = reshape(input, grouped)
    if isinstance(g, Tensor):
        # To be differentiated again: the statistics as functions of the input.
        center = mean(x, axes, True)
        x = x - center
        rstd = rsqrt(mean(x * x, axes, True) + eps)
    else:
        x = x - center
    normal = x * rstd
    flat = reshape(normal, input.shape)
    of_input = of_weight = of_bias = None
    if needs[0]:
        scaled = reshape(g if weight is None else g * reshape(weight, affine), grouped)
        of_input = rstd * (
            scaled - mean(scaled, axes, True) - normal * mean(scaled * normal, axes, True)
        )
        of_input = reshape(of_input, input.shape)
    if needs[1]:
        of_weight = reshape(sum_to(g * flat, affine), weight.shape)
    if needs[2]:
        of_bias = reshape(sum_to(g, affine), bias.shape)
    return of_input, of_weight, of_bias


normalize_groups.vjp_joint(_normalize_gradients)


@op(public=False, method=False, node="NativeBatchNormBackward0")
def normalize_with(xp, input, mean, var, weight=None, bias=None, /, eps=1e-5):
    """Batch normalisation with given statistics per channel.

    Shape: (N, C, *), (C)... -> (N, C, *).
    """
    affine = (1, -1) + (1,) * (input.ndim - 2)
    scale = 1 / xp.sqrt(var + eps)
    if weight is not None:
        scale = scale * weight
    shift = -mean * scale
    if bias is not None:
        shift = shift + bias
    return (input * scale.reshape(affine) + shift.reshape(affine)).astype(input.dtype, copy=False)


def _normalize_with_gradients(g, input, mean, var, weight, bias, needs, eps):
    affine = (1, -1) + (1,) * (len(input.shape) - 2)
    channels = (1, input.shape[1]) + (1,) * (len(input.shape) - 2)
    rstd = reshape(rsqrt(var + eps), affine)
    of_input = of_weight = of_bias = None
    if needs[0]:
        of_input = g * (rstd if weight is None else rstd * reshape(weight, affine))
    if needs[3]:
        of_weight = reshape(
            sum_to(g * (input - reshape(mean, affine)) * rstd, channels), weight.shape
        )
    if needs[4]:
        of_bias = reshape(sum_to(g, channels), bias.shape)
    return of_input, None, None, of_weight, of_bias


normalize_with.vjp_joint(_normalize_with_gradients)


# --- what users call ----------------------------------------------------------------------------


def _check_floating(name, input, kernel=None):
    require_tensor(input, name)
    if input.dtype.rank < 2:
        raise NotImplementedError(
            f'"{kernel or name}" not implemented for {input.dtype.legacy_name!r}'
        )


def _check_dtypes(input, *parameters):
    """All of one dtype; only next to an input of half precision may they all be float32."""
    parameters = [tensor for tensor in parameters if tensor is not None]
    if not parameters:
        return
    dtype = input.dtype
    if parameters[0].dtype == dtype:
        for tensor in parameters:
            if tensor.dtype != dtype:
                raise RuntimeError(
                    f"expected scalar type {dtype.legacy_name} but found {tensor.dtype.legacy_name}"
                )
        return
    if any(tensor.dtype != float32 for tensor in parameters):
        raise RuntimeError("mixed dtype (CPU): expect parameter to have scalar type of Float")
    if dtype not in (float16, bfloat16):
        raise RuntimeError("mixed dtype (CPU): all inputs must share same datatype.")


def _check_channels(name, channels, **tensors):
    for argument, tensor in tensors.items():
        if tensor is not None and tensor.numel() != channels:
            raise RuntimeError(
                f"{argument} should contain {channels} elements not {tensor.numel()}"
            )


def batch_norm(
    input, running_mean, running_var, weight=None, bias=None, training=False, momentum=0.1, eps=1e-5
):
    """Normalise every channel over batch and positions; by the running statistics in evaluation.

    ``(x - mean) / sqrt(var + eps) * weight + bias``; in training the running statistics move
    towards the batch's by ``momentum`` (with the unbiased variance).
    Shape: (N, C, *) -> (N, C, *).
    Raises ValueError for a single value per channel in training, RuntimeError for wrong lengths and
    dtypes that do not fit.
    Source: F.batch_norm; Ioffe and Szegedy (2015).
    """
    _check_floating("batch_norm", input)
    if training and input.numel() // input.shape[1] == 1:
        raise ValueError(
            f"Expected more than 1 value per channel when training, got input size {input.shape}"
        )
    channels = input.shape[1]
    _check_channels(
        "batch_norm",
        channels,
        running_mean=running_mean,
        running_var=running_var,
        weight=weight,
        bias=bias,
    )
    _check_dtypes(input, weight, bias, running_mean, running_var)
    if not training:
        if running_mean is None or running_var is None:
            raise RuntimeError("running_mean must be defined in evaluation mode")
        return normalize_with(input, running_mean, running_var, weight, bias, eps)
    axes = (0, *range(2, input.ndim))
    affine = (1, channels) + (1,) * (input.ndim - 2)
    out, center, rstd = normalize_groups(
        input, weight, bias, tuple(input.shape), axes, affine, eps, "NativeBatchNormBackward0"
    )
    if running_mean is not None:
        count = input.numel() // channels
        _move(running_mean, center._array, momentum)
        variance = (1 / rstd._array**2 - eps) * (count / (count - 1))
        _move(running_var, variance, momentum)
    return out


def _move(running, value, momentum):
    running._array[...] = (1 - momentum) * running._array + momentum * value.reshape(-1)
    running._counter[0] += 1


def layer_norm(input, normalized_shape, weight=None, bias=None, eps=1e-5):
    """Normalise over the last dimensions, those of ``normalized_shape``.

    Shape: (*, *normalized_shape) -> the same.
    Raises RuntimeError where the shapes do not end alike or the dtypes do not fit.
    Source: F.layer_norm; Ba et al. (2016).
    """
    require_tensor(input, "layer_norm")
    shape = repeated(normalized_shape, 1)
    if not shape or tuple(input.shape[-len(shape) :]) != shape:
        raise RuntimeError(
            f"Given normalized_shape={list(shape)}, expected input with shape [*, "
            f"{str(list(shape))[1:-1]}], but got input of size{list(input.shape)}"
        )
    for argument, tensor in (("weight", weight), ("bias", bias)):
        if tensor is not None and tuple(tensor.shape) != shape:
            raise RuntimeError(
                f"Expected {argument} to be of same shape as normalized_shape, but got {argument} "
                f"of shape {list(tensor.shape)} and normalized_shape = {list(shape)}"
            )
    _check_dtypes(input, weight, bias)
    _check_floating("layer_norm", input, "LayerNormKernelImpl")
    axes = tuple(range(input.ndim - len(shape), input.ndim))
    affine = (1,) * (input.ndim - len(shape)) + shape
    return normalize_groups(
        input, weight, bias, tuple(input.shape), axes, affine, eps, "NativeLayerNormBackward0"
    )[0]


def group_norm(input, num_groups, weight=None, bias=None, eps=1e-5):
    """Normalise each of ``num_groups`` groups of channels of each example.

    Shape: (N, C, *) -> (N, C, *).  Raises RuntimeError if the groups do not divide C.
    Source: F.group_norm; Wu and He (2018).
    """
    require_tensor(input, "group_norm")
    if input.ndim < 2:
        raise RuntimeError(
            f"Expected at least 2 dimensions for input tensor but received {input.ndim}"
        )
    if num_groups <= 0 or input.shape[1] % num_groups:
        raise RuntimeError(
            "Expected number of channels in input to be divisible by num_groups, but got input "
            f"of shape {list(input.shape)} and num_groups={num_groups}"
        )
    channels = input.shape[1]
    for argument, tensor in (("weight", weight), ("bias", bias)):
        if tensor is not None and tuple(tensor.shape) != (channels,):
            raise RuntimeError(
                f"Expected {argument} to be a vector of size equal to the number of channels in "
                f"input, but got {argument} of shape {list(tensor.shape)} and input of shape "
                f"{list(input.shape)}"
            )
    _check_dtypes(input, weight, bias)
    _check_floating("group_norm", input, "GroupNormKernelImpl")
    grouped = (input.shape[0], num_groups, math.prod(input.shape[1:]) // num_groups)
    affine = (1, channels) + (1,) * (input.ndim - 2)
    return normalize_groups(
        input, weight, bias, grouped, (2,), affine, eps, "NativeGroupNormBackward0"
    )[0]


def instance_norm(
    input,
    running_mean=None,
    running_var=None,
    weight=None,
    bias=None,
    use_input_stats=True,
    momentum=0.1,
    eps=1e-5,
):
    """Normalise every channel of every example over its positions.

    Shape: (N, C, *) -> (N, C, *).  Raises ValueError for a single position.
    Source: F.instance_norm.
    """
    _check_floating("instance_norm", input)
    if not use_input_stats:
        if running_mean is None or running_var is None:
            raise RuntimeError(
                "Expected running_mean and running_var to be defined when use_input_stats is false"
            )
        return named(
            normalize_with(input, running_mean, running_var, weight, bias, eps), "ViewBackward0"
        )
    positions = math.prod(input.shape[2:])
    if positions == 1:
        raise ValueError(
            f"Expected more than 1 spatial element when training, got input size {input.shape}"
        )
    channels = input.shape[1]
    _check_channels("instance_norm", channels, weight=weight, bias=bias)
    _check_dtypes(input, weight, bias)
    affine = (1, channels) + (1,) * (input.ndim - 2)
    out, center, rstd = normalize_groups(
        input,
        weight,
        bias,
        (input.shape[0], channels, positions),
        (2,),
        affine,
        eps,
        "ViewBackward0",
    )
    if running_mean is not None:
        _move(running_mean, center._array.mean(0), momentum)
        variance = (1 / rstd._array**2 - eps) * (positions / (positions - 1))
        _move(running_var, variance.mean(0), momentum)
    return out


@wide
def rms_norm(input, normalized_shape, weight=None, eps=None):
    """``x / sqrt(mean(x^2) + eps) * weight`` over the last dimensions; eps: by default the dtype's.

    Shape: (*, *normalized_shape) -> the same.  Source: F.rms_norm; Zhang and Sennrich (2019).
    """
    _check_floating("rms_norm", input)
    shape = repeated(normalized_shape, 1)
    if tuple(input.shape[-len(shape) :]) != shape:
        raise RuntimeError(
            f"Given normalized_shape={list(shape)}, expected input with shape [*, "
            f"{str(list(shape))[1:-1]}], but got input of size{list(input.shape)}"
        )
    eps = finfo(input.dtype).eps if eps is None else eps
    dims = tuple(range(-len(shape), 0))
    out = input * (input.square().mean(dims, True) + eps).rsqrt()
    # torch: the result has the type of the input, whatever the weight's.
    return out if weight is None else (out * weight).to(input.dtype)


def local_response_norm(input, size, alpha=1e-4, beta=0.75, k=1.0):
    """``x / (k + alpha * mean of x^2 over size neighbouring channels) ** beta``.

    Shape: (N, C, *) -> (N, C, *).  Source: F.local_response_norm; Krizhevsky et al. (2012).
    """
    if input.ndim < 3:
        raise ValueError(
            f"Expected 3D or higher dimensionality input (got {input.ndim} dimensions)"
        )
    squares = input * input
    widths = [0, 0] * (input.ndim - 2) + [size // 2, (size - 1) // 2]
    padded = pad(squares, widths)
    total = padded.narrow(1, 0, input.shape[1])
    for shift in range(1, size):
        total = total + padded.narrow(1, shift, input.shape[1])
    return input / (total / size * alpha + k).pow(beta)


def normalize(input, p=2.0, dim=1, eps=1e-12, out=None):
    """``x / max(norm(x), eps)`` along ``dim``.  Shape: (*) -> (*).  Source: F.normalize."""
    length = input.norm(p, dim, keepdim=True).clamp_min(eps).expand_as(input)
    return input / length if out is None else out.copy_(input / length)


@composite(method=False)
def norm_except_dim(v, pow=2, dim=0):
    """The ``pow``-norm of the elements at each index of ``dim``; -1 for the norm of all of them.

    Shape: (*, n, *) -> (1, n, 1), with as many dimensions; () for -1.
    Source: torch.norm_except_dim.
    """
    if dim == -1:
        return named(v.norm(pow), "NormBackward0")
    if not 0 <= dim < v.ndim:
        raise IndexError(
            f"Dimension out of range (expected to be in range of [{-v.ndim}, {v.ndim - 1}], but "
            f"got {dim})"
        )
    shape = [1] * v.ndim
    shape[dim] = v.shape[dim]
    norms = v.movedim(dim, 0).reshape(v.shape[dim], -1).norm(pow, 1).reshape(shape)
    return norms if dim in (0, v.ndim - 1) else named(norms, "TransposeBackward0")
