"""Normalisation that looks at one example at a time: layer, group, RMS, local response."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from minitorch.nn import functional as F
from minitorch.nn import init
from minitorch.nn.module import Module
from minitorch.nn.parameter import Parameter
from minitorch.ops._dims import repeated
from minitorch.ops.creation import empty
from minitorch.tensor import Tensor

__all__ = ["GroupNorm", "LayerNorm", "LocalResponseNorm", "RMSNorm"]


def _shape(normalized_shape: int | Sequence[int]) -> tuple[int, ...]:
    return repeated(normalized_shape, 1)


class LayerNorm(Module):
    """``(x - mean) / sqrt(var + eps) * weight + bias``, over the last dimensions.

    Args:
        normalized_shape: the last dimensions, an int for one.
        eps: keeps the denominator from 0.
        elementwise_affine: whether there are ``weight`` and ``bias``.
        bias: False for a weight alone.

    Shape: (*, *normalized_shape) -> the same; weight and bias (*normalized_shape).
    Errors: RuntimeError for an input that does not end in that shape.
    Source: torch.nn.LayerNorm; Ba et al. 2016.

    Example::

        >>> import minitorch
        >>> minitorch.nn.LayerNorm(2, eps=0.0)(minitorch.tensor([1.0, 3.0])).tolist()
        [-1.0, 1.0]
    """

    def __init__(
        self,
        normalized_shape: int | Sequence[int],
        eps: float = 1e-5,
        elementwise_affine: bool = True,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        self.normalized_shape = _shape(normalized_shape)
        self.eps = eps
        self.elementwise_affine = elementwise_affine
        for name, wanted in (("weight", elementwise_affine), ("bias", elementwise_affine and bias)):
            values = empty(self.normalized_shape, device=device, dtype=dtype) if wanted else None
            self.register_parameter(name, None if values is None else Parameter(values))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Set the weight back to 1 and the bias to 0."""
        if self.weight is not None:
            init.ones_(self.weight)
        if self.bias is not None:
            init.zeros_(self.bias)

    def forward(self, input: Tensor) -> Tensor:
        return F.layer_norm(input, self.normalized_shape, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        return (
            f"{self.normalized_shape}, eps={self.eps}, "
            f"elementwise_affine={self.elementwise_affine}, bias={self.bias is not None}"
        )


class RMSNorm(Module):
    """``x / sqrt(mean(x^2) + eps) * weight``, over the last dimensions.

    Args:
        normalized_shape: the last dimensions, an int for one.
        eps: keeps the denominator from 0; None for the dtype's epsilon.
        elementwise_affine: whether there is a ``weight``.

    Shape: (*, *normalized_shape) -> the same; weight (*normalized_shape).
    Errors: RuntimeError for an input that does not end in that shape.
    Source: torch.nn.RMSNorm; Zhang and Sennrich 2019.

    Example::

        >>> import minitorch
        >>> minitorch.nn.RMSNorm(2)(minitorch.tensor([1.0, 7.0])).tolist()[0]
        0.20000000298023224
    """

    def __init__(
        self,
        normalized_shape: int | Sequence[int],
        eps: float | None = None,
        elementwise_affine: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        self.normalized_shape = _shape(normalized_shape)
        self.eps = eps
        self.elementwise_affine = elementwise_affine
        if elementwise_affine:
            self.weight = Parameter(empty(self.normalized_shape, device=device, dtype=dtype))
        else:
            self.register_parameter("weight", None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Set the weight back to 1."""
        if self.weight is not None:
            init.ones_(self.weight)

    def forward(self, input: Tensor) -> Tensor:
        return F.rms_norm(input, self.normalized_shape, self.weight, self.eps)

    def extra_repr(self) -> str:
        return (
            f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}"
        )


class GroupNorm(Module):
    """``(x - mean) / sqrt(var + eps) * weight + bias``, per example over groups of channels.

    Args:
        num_groups: how many groups the channels are divided into.
        num_channels: C, a multiple of num_groups.
        eps: keeps the denominator from 0.
        affine: whether there are ``weight`` and ``bias`` per channel.
        bias: False for a weight alone.

    Shape: (N, C, *) -> the same; weight and bias (C).
    Errors: ValueError if num_groups does not divide num_channels.
    Source: torch.nn.GroupNorm; Wu and He 2018.

    Example::

        >>> import minitorch
        >>> minitorch.nn.GroupNorm(3, 6)(minitorch.zeros(20, 6, 10, 10)).shape
        torch.Size([20, 6, 10, 10])
    """

    def __init__(
        self,
        num_groups: int,
        num_channels: int,
        eps: float = 1e-5,
        affine: bool = True,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__()
        if num_channels % num_groups:
            raise ValueError(
                f"num_channels ({num_channels}) must be divisible by num_groups ({num_groups})"
            )
        self.num_groups = num_groups
        self.num_channels = num_channels
        self.eps = eps
        self.affine = affine
        for name, wanted in (("weight", affine), ("bias", affine and bias)):
            values = empty(num_channels, device=device, dtype=dtype) if wanted else None
            self.register_parameter(name, None if values is None else Parameter(values))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Set the weight back to 1 and the bias to 0."""
        if self.weight is not None:
            init.ones_(self.weight)
        if self.bias is not None:
            init.zeros_(self.bias)

    def forward(self, input: Tensor) -> Tensor:
        return F.group_norm(input, self.num_groups, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        return (
            f"{self.num_groups}, {self.num_channels}, eps={self.eps}, affine={self.affine}, "
            f"bias={self.bias is not None}"
        )


class LocalResponseNorm(Module):
    """``x / (k + alpha / size * (sum of x^2 over size neighbouring channels)) ** beta``.

    Args:
        size: how many channels are summed over.
        alpha, beta, k: as in the formula.

    Shape: (N, C, *) -> the same.  Errors: ValueError for fewer than 3 dimensions.
    Source: torch.nn.LocalResponseNorm; Krizhevsky et al. 2012.

    Example::

        >>> import minitorch
        >>> minitorch.nn.LocalResponseNorm(1, alpha=1.0, beta=1.0)(minitorch.ones(1, 1, 1))
        tensor([[[0.5000]]])
    """

    def __init__(self, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> None:
        super().__init__()
        self.size = size
        self.alpha = alpha
        self.beta = beta
        self.k = k

    def forward(self, input: Tensor) -> Tensor:
        return F.local_response_norm(input, self.size, self.alpha, self.beta, self.k)

    def extra_repr(self) -> str:
        return f"{self.size}, alpha={self.alpha}, beta={self.beta}, k={self.k}"
