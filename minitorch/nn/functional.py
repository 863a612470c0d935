"""``torch.nn.functional``: the functions behind the layers.

Most stand in ``minitorch/ops`` and are collected here; those that also work in place are wrapped.
"""

from __future__ import annotations

import warnings
from typing import Any

from minitorch.ops import activation
from minitorch.ops._op import named
from minitorch.ops.activation import (
    gelu,
    glu,
    gumbel_softmax,
    hardshrink,
    log_softmax,
    logsigmoid,
    prelu,
    rrelu,
    softmax,
    softmin,
    softplus,
    softshrink,
    softsign,
    tanhshrink,
)
from minitorch.ops.attention import multi_head_attention_forward, scaled_dot_product_attention
from minitorch.ops.convolution import (
    conv1d,
    conv2d,
    conv3d,
    conv_transpose1d,
    conv_transpose2d,
    conv_transpose3d,
)
from minitorch.ops.ctc import ctc_loss
from minitorch.ops.diagonals import triu_indices
from minitorch.ops.dropout import (
    alpha_dropout,
    dropout,
    dropout1d,
    dropout2d,
    dropout3d,
    feature_alpha_dropout,
)
from minitorch.ops.elementwise import sigmoid, tanh
from minitorch.ops.embedding import embedding, embedding_bag, one_hot
from minitorch.ops.folding import fold, unfold
from minitorch.ops.grid_sampling import affine_grid, grid_sample
from minitorch.ops.linalg import bilinear, linear, vector_norm
from minitorch.ops.loss import (
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    cosine_embedding_loss,
    cosine_similarity,
    cross_entropy,
    gaussian_nll_loss,
    hinge_embedding_loss,
    huber_loss,
    kl_div,
    l1_loss,
    margin_ranking_loss,
    mse_loss,
    multi_margin_loss,
    multilabel_margin_loss,
    multilabel_soft_margin_loss,
    nll_loss,
    pairwise_distance,
    poisson_nll_loss,
    smooth_l1_loss,
    soft_margin_loss,
    triplet_margin_loss,
    triplet_margin_with_distance_loss,
)
from minitorch.ops.normalization import (
    batch_norm,
    group_norm,
    instance_norm,
    layer_norm,
    local_response_norm,
    normalize,
    rms_norm,
)
from minitorch.ops.padding import pad
from minitorch.ops.pooling import (
    adaptive_avg_pool1d,
    adaptive_avg_pool2d,
    adaptive_avg_pool3d,
    adaptive_max_pool1d,
    adaptive_max_pool2d,
    adaptive_max_pool3d,
    avg_pool1d,
    avg_pool2d,
    avg_pool3d,
    lp_pool1d,
    lp_pool2d,
    lp_pool3d,
    max_pool1d,
    max_pool2d,
    max_pool3d,
)
from minitorch.ops.unpooling import (
    fractional_max_pool2d,
    fractional_max_pool2d_with_indices,
    fractional_max_pool3d,
    fractional_max_pool3d_with_indices,
    max_unpool1d,
    max_unpool2d,
    max_unpool3d,
)
from minitorch.ops.upsampling import channel_shuffle, interpolate, pixel_shuffle, pixel_unshuffle
from minitorch.tensor import Tensor

__all__ = [
    "adaptive_avg_pool1d",
    "adaptive_avg_pool2d",
    "adaptive_avg_pool3d",
    "adaptive_max_pool1d",
    "adaptive_max_pool1d_with_indices",
    "adaptive_max_pool2d",
    "adaptive_max_pool2d_with_indices",
    "adaptive_max_pool3d",
    "adaptive_max_pool3d_with_indices",
    "affine_grid",
    "alpha_dropout",
    "avg_pool1d",
    "avg_pool2d",
    "avg_pool3d",
    "batch_norm",
    "bilinear",
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "celu",
    "celu_",
    "channel_shuffle",
    "conv1d",
    "conv2d",
    "conv3d",
    "conv_tbc",
    "conv_transpose1d",
    "conv_transpose2d",
    "conv_transpose3d",
    "cosine_embedding_loss",
    "cosine_similarity",
    "cross_entropy",
    "ctc_loss",
    "dropout",
    "dropout1d",
    "dropout2d",
    "dropout3d",
    "elu",
    "elu_",
    "embedding",
    "embedding_bag",
    "feature_alpha_dropout",
    "fold",
    "fractional_max_pool2d",
    "fractional_max_pool2d_with_indices",
    "fractional_max_pool3d",
    "fractional_max_pool3d_with_indices",
    "gaussian_nll_loss",
    "gelu",
    "glu",
    "grid_sample",
    "group_norm",
    "gumbel_softmax",
    "hardshrink",
    "hardsigmoid",
    "hardswish",
    "hardtanh",
    "hardtanh_",
    "hinge_embedding_loss",
    "huber_loss",
    "instance_norm",
    "interpolate",
    "kl_div",
    "l1_loss",
    "layer_norm",
    "leaky_relu",
    "leaky_relu_",
    "linear",
    "local_response_norm",
    "log_softmax",
    "logsigmoid",
    "lp_pool1d",
    "lp_pool2d",
    "lp_pool3d",
    "margin_ranking_loss",
    "max_pool1d",
    "max_pool1d_with_indices",
    "max_pool2d",
    "max_pool2d_with_indices",
    "max_pool3d",
    "max_pool3d_with_indices",
    "max_unpool1d",
    "max_unpool2d",
    "max_unpool3d",
    "mish",
    "mse_loss",
    "multi_head_attention_forward",
    "multi_margin_loss",
    "multilabel_margin_loss",
    "multilabel_soft_margin_loss",
    "nll_loss",
    "normalize",
    "one_hot",
    "pad",
    "pairwise_distance",
    "pdist",
    "pixel_shuffle",
    "pixel_unshuffle",
    "poisson_nll_loss",
    "prelu",
    "relu",
    "relu6",
    "relu_",
    "rms_norm",
    "rrelu",
    "rrelu_",
    "scaled_dot_product_attention",
    "selu",
    "selu_",
    "sigmoid",
    "silu",
    "smooth_l1_loss",
    "soft_margin_loss",
    "softmax",
    "softmin",
    "softplus",
    "softshrink",
    "softsign",
    "tanh",
    "tanhshrink",
    "threshold",
    "threshold_",
    "triplet_margin_loss",
    "triplet_margin_with_distance_loss",
    "unfold",
    "upsample",
    "upsample_bilinear",
    "upsample_nearest",
]


def _run(function, input, inplace, *parameters):
    return function.op.call_inplace(input, *parameters) if inplace else function(input, *parameters)


def relu(input: Tensor, inplace: bool = False) -> Tensor:
    """``max(0, input)``.  Shape: (*) -> (*).  Source: F.relu."""
    return activation.relu.op.call_inplace(input) if inplace else activation.relu(input)


def relu_(input: Tensor) -> Tensor:
    """In-place twin of :func:`relu`."""
    return relu(input, True)


def relu6(input: Tensor, inplace: bool = False) -> Tensor:
    """``min(max(0, input), 6)``.  Shape: (*) -> (*).  Source: F.relu6."""
    return _run(activation.hardtanh, input, inplace, 0.0, 6.0)


def leaky_relu(input: Tensor, negative_slope: float = 0.01, inplace: bool = False) -> Tensor:
    """``input`` above 0, ``negative_slope * input`` below.

    Shape: (*) -> (*).  Source: F.leaky_relu.
    """
    return _run(activation.leaky_relu, input, inplace, negative_slope)


def elu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """``input`` above 0, ``alpha * (exp(input) - 1)`` below.

    Shape: (*) -> (*).  Source: F.elu.
    """
    return _run(activation.elu, input, inplace, alpha)


def selu(input: Tensor, inplace: bool = False) -> Tensor:
    """The scaled exponential unit.  Shape: (*) -> (*).  Source: F.selu."""
    return activation.selu_(input) if inplace else activation.selu(input)


def celu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """``max(0, x) + min(0, alpha * (exp(x / alpha) - 1))``.

    Shape: (*) -> (*).  Source: F.celu.
    """
    return activation.celu_(input, alpha) if inplace else activation.celu(input, alpha)


def silu(input: Tensor, inplace: bool = False) -> Tensor:
    """``input * sigmoid(input)``.  Shape: (*) -> (*).  Source: F.silu."""
    return _run(activation.silu, input, inplace)


def mish(input: Tensor, inplace: bool = False) -> Tensor:
    """``input * tanh(softplus(input))``.  Shape: (*) -> (*).  Source: F.mish."""
    return _run(activation.mish, input, inplace)


def hardtanh(
    input: Tensor, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False
) -> Tensor:
    """``input`` limited to [min_val, max_val].

    Shape: (*) -> (*).  Source: F.hardtanh.
    """
    return _run(activation.hardtanh, input, inplace, min_val, max_val)


def hardsigmoid(input: Tensor, inplace: bool = False) -> Tensor:
    """``clip(input + 3, 0, 6) / 6``.  Shape: (*) -> (*).  Source: F.hardsigmoid."""
    return _run(activation.hardsigmoid, input, inplace)


def hardswish(input: Tensor, inplace: bool = False) -> Tensor:
    """``input * hardsigmoid(input)``.  Shape: (*) -> (*).  Source: F.hardswish."""
    return _run(activation.hardswish, input, inplace)


def threshold(input: Tensor, threshold: float, value: float, inplace: bool = False) -> Tensor:
    """``input`` above ``threshold``, ``value`` elsewhere.

    Shape: (*) -> (*).  Source: F.threshold.
    """
    return _run(activation.threshold, input, inplace, threshold, value)


# ---- the names of the in-place twins ---------------------------------------------------------


def celu_(input: Tensor, alpha: float = 1.0) -> Tensor:
    """In-place twin of :func:`celu`.  Source: F.celu_."""
    return celu(input, alpha, True)


def elu_(input: Tensor, alpha: float = 1.0) -> Tensor:
    """In-place twin of :func:`elu`.  Source: F.elu_."""
    return elu(input, alpha, True)


def hardtanh_(input: Tensor, min_val: float = -1.0, max_val: float = 1.0) -> Tensor:
    """In-place twin of :func:`hardtanh`.  Source: F.hardtanh_."""
    return hardtanh(input, min_val, max_val, True)


def leaky_relu_(input: Tensor, negative_slope: float = 0.01) -> Tensor:
    """In-place twin of :func:`leaky_relu`.  Source: F.leaky_relu_."""
    return leaky_relu(input, negative_slope, True)


def rrelu_(
    input: Tensor, lower: float = 1.0 / 8, upper: float = 1.0 / 3, training: bool = False
) -> Tensor:
    """In-place twin of :func:`rrelu`.  Source: F.rrelu_."""
    return rrelu(input, lower, upper, training, True)


def selu_(input: Tensor) -> Tensor:
    """In-place twin of :func:`selu`.  Source: F.selu_."""
    return selu(input, True)


def threshold_(input: Tensor, threshold: float, value: float) -> Tensor:
    """In-place twin of :func:`threshold`.  Source: F.threshold_."""
    return _run(activation.threshold, input, True, threshold, value)


# ---- other forms of the functions above --------------------------------------------------------


def max_pool1d_with_indices(
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """:func:`max_pool1d` with the index of every maximum.  Source: F.max_pool1d_with_indices."""
    return max_pool1d(input, kernel_size, stride, padding, dilation, ceil_mode, True)


def max_pool2d_with_indices(
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """:func:`max_pool2d` with the index of every maximum.  Source: F.max_pool2d_with_indices."""
    return max_pool2d(input, kernel_size, stride, padding, dilation, ceil_mode, True)


def max_pool3d_with_indices(
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """:func:`max_pool3d` with the index of every maximum.  Source: F.max_pool3d_with_indices."""
    return max_pool3d(input, kernel_size, stride, padding, dilation, ceil_mode, True)


def adaptive_max_pool1d_with_indices(
    input: Tensor, output_size: Any, return_indices: bool = False
) -> Any:
    """:func:`adaptive_max_pool1d` with indices.  Source: F.adaptive_max_pool1d_with_indices."""
    return adaptive_max_pool1d(input, output_size, True)


def adaptive_max_pool2d_with_indices(
    input: Tensor, output_size: Any, return_indices: bool = False
) -> Any:
    """:func:`adaptive_max_pool2d` with indices.  Source: F.adaptive_max_pool2d_with_indices."""
    return adaptive_max_pool2d(input, output_size, True)


def adaptive_max_pool3d_with_indices(
    input: Tensor, output_size: Any, return_indices: bool = False
) -> Any:
    """:func:`adaptive_max_pool3d` with indices.  Source: F.adaptive_max_pool3d_with_indices."""
    return adaptive_max_pool3d(input, output_size, True)


def upsample(
    input: Tensor,
    size: Any = None,
    scale_factor: Any = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
) -> Tensor:
    """The old name of :func:`interpolate`.  Source: F.upsample."""
    _say_interpolate("upsample")
    return interpolate(input, size, scale_factor, mode, align_corners)


def upsample_nearest(input: Tensor, size: Any = None, scale_factor: Any = None) -> Tensor:
    """:func:`interpolate` by the nearest element.  Source: F.upsample_nearest."""
    _say_interpolate("upsample_nearest")
    return interpolate(input, size, scale_factor, mode="nearest")


def upsample_bilinear(input: Tensor, size: Any = None, scale_factor: Any = None) -> Tensor:
    """:func:`interpolate` by straight lines, corners on corners.  Source: F.upsample_bilinear."""
    _say_interpolate("upsample_bilinear")
    return interpolate(input, size, scale_factor, mode="bilinear", align_corners=True)


def _say_interpolate(name: str) -> None:
    warnings.warn(
        f"`nn.functional.{name}` is deprecated. Use `nn.functional.interpolate` instead.",
        stacklevel=3,
    )


def pdist(input: Tensor, p: float = 2.0) -> Tensor:
    """The ``p``-norm distances of all pairs of rows, (0, 1), (0, 2), ..., (1, 2), ...

    Shape: (N, M) -> (N (N - 1) / 2).  Errors: RuntimeError for other dimensions or a negative p.
    Source: F.pdist.
    """
    if input.ndim != 2:
        raise RuntimeError(f"pdist only supports 2D tensors, got: {input.ndim}D")
    if p < 0:
        raise RuntimeError("pdist only supports non-negative p values")
    first, second = triu_indices(len(input), len(input), 1)
    return named(vector_norm(input[first] - input[second], p, -1), "PdistBackward0")


def conv_tbc(input: Tensor, weight: Tensor, bias: Tensor, pad: int = 0) -> Tensor:
    """A convolution along the first dimension.

    Shape: (T, N, C), (K, C, O), (O) -> (T + 2 pad - K + 1, N, O).  Source: F.conv_tbc.
    """
    output = conv1d(input.permute(1, 2, 0), weight.permute(2, 1, 0), bias, padding=pad)
    return named(output.permute(2, 0, 1), "ConvTbcBackward0")
