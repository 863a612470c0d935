"""A layer and the batch norm after it as one layer, for evaluation."""

from __future__ import annotations

import copy
from typing import Any, TypeVar

from minitorch.nn.module import Module
from minitorch.nn.parameter import Parameter
from minitorch.ops.creation import ones_like, zeros_like
from minitorch.ops.elementwise import rsqrt
from minitorch.tensor import Tensor

__all__ = [
    "fuse_conv_bn_eval",
    "fuse_conv_bn_weights",
    "fuse_linear_bn_eval",
    "fuse_linear_bn_weights",
]

_Module = TypeVar("_Module", bound=Module)


def _check(layer: Module, bn: Any) -> None:
    if layer.training or bn.training:
        raise AssertionError("Fusion only for eval!")
    if bn.running_mean is None or bn.running_var is None:
        raise AssertionError("bn.running_mean and bn.running_var must not be None")


def fuse_conv_bn_eval(conv: _Module, bn: Module, transpose: bool = False) -> _Module:
    """A copy of ``conv`` that computes what ``bn`` makes of its output.

    Args:
        conv: a convolution in evaluation mode.
        bn: the batch norm after it, in evaluation mode.
        transpose: whether the convolution is a transposed one.

    Errors: AssertionError in training mode, and without running statistics.
    Source: torch.nn.utils.fusion.fuse_conv_bn_eval.

    >>> import minitorch
    >>> from minitorch import nn
    >>> conv, bn = nn.Conv2d(2, 3, 3).eval(), nn.BatchNorm2d(3).eval()
    >>> x = minitorch.ones(1, 2, 4, 4)
    >>> nn.utils.fuse_conv_bn_eval(conv, bn)(x).allclose(bn(conv(x)), atol=1e-6)
    True
    """
    _check(conv, bn)
    fused: Any = copy.deepcopy(conv)
    fused.weight, fused.bias = fuse_conv_bn_weights(
        fused.weight, fused.bias, *_statistics(bn), transpose=transpose
    )
    return fused


def _statistics(bn: Any) -> tuple[Any, Any, Any, Any, Any]:
    return bn.running_mean, bn.running_var, bn.eps, bn.weight, bn.bias


def fuse_conv_bn_weights(
    conv_w: Tensor,
    conv_b: Tensor | None,
    bn_rm: Tensor,
    bn_rv: Tensor,
    bn_eps: float,
    bn_w: Tensor | None,
    bn_b: Tensor | None,
    transpose: bool = False,
) -> tuple[Parameter, Parameter]:
    """Weight and bias of a convolution into which a batch norm is folded.

    Source: torch.nn.utils.fusion.fuse_conv_bn_weights.
    """
    weight_dtype = conv_w.dtype
    bias_dtype = weight_dtype if conv_b is None else conv_b.dtype
    conv_b = zeros_like(bn_rm) if conv_b is None else conv_b
    bn_w = ones_like(bn_rm) if bn_w is None else bn_w
    bn_b = zeros_like(bn_rm) if bn_b is None else bn_b
    per_deviation = rsqrt(bn_rv + bn_eps)
    shape = [1] * conv_w.ndim
    shape[int(transpose)] = -1
    weight = (conv_w * (bn_w * per_deviation).reshape(shape)).to(dtype=weight_dtype)
    bias = ((conv_b - bn_rm) * per_deviation * bn_w + bn_b).to(dtype=bias_dtype)
    return Parameter(weight, conv_w.requires_grad), Parameter(bias, conv_b.requires_grad)


def fuse_linear_bn_eval(linear: _Module, bn: Module) -> _Module:
    """A copy of ``linear`` that computes what ``bn`` makes of its output.

    Args:
        linear: a linear layer in evaluation mode.
        bn: the batch norm after it, in evaluation mode, with as many features, or one.

    Errors: AssertionError in training mode, without running statistics, and for other features.
    Source: torch.nn.utils.fusion.fuse_linear_bn_eval.
    """
    _check(linear, bn)
    fused: Any = copy.deepcopy(linear)
    if bn.num_features not in (1, fused.out_features):
        raise AssertionError(
            "To fuse, linear.out_features == bn.num_features or bn.num_features == 1, got "
            f"linear.out_features={fused.out_features} and bn.num_features={bn.num_features}"
        )
    fused.weight, fused.bias = fuse_linear_bn_weights(fused.weight, fused.bias, *_statistics(bn))
    return fused


def fuse_linear_bn_weights(
    linear_w: Tensor,
    linear_b: Tensor | None,
    bn_rm: Tensor,
    bn_rv: Tensor,
    bn_eps: float,
    bn_w: Tensor,
    bn_b: Tensor,
) -> tuple[Parameter, Parameter]:
    """Weight and bias of a linear layer into which a batch norm is folded.

    Source: torch.nn.utils.fusion.fuse_linear_bn_weights.
    """
    weight_dtype = linear_w.dtype
    bias_dtype = weight_dtype if linear_b is None else linear_b.dtype
    linear_b = zeros_like(bn_rm) if linear_b is None else linear_b
    scale = bn_w * rsqrt(bn_rv + bn_eps)
    weight = linear_w * scale.unsqueeze(-1).to(dtype=weight_dtype)
    bias = ((linear_b - bn_rm) * scale + bn_b).to(dtype=bias_dtype)
    return Parameter(weight, linear_w.requires_grad), Parameter(bias, linear_b.requires_grad)
