"""Instance normalisation."""

from __future__ import annotations

import warnings
from typing import Any

from minitorch.nn import functional as F
from minitorch.nn.modules.batchnorm import _LazyNormBase, _NormBase
from minitorch.tensor import Tensor

__all__ = [
    "InstanceNorm1d",
    "InstanceNorm2d",
    "InstanceNorm3d",
    "LazyInstanceNorm1d",
    "LazyInstanceNorm2d",
    "LazyInstanceNorm3d",
]


class _InstanceNorm(_NormBase):
    """Instance normalisation over ``spatial`` dimensions."""

    spatial: int

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float = 0.1,
        affine: bool = False,
        track_running_stats: bool = False,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__(
            num_features, eps, momentum, affine, track_running_stats, device, dtype, bias=bias
        )

    def _check_input_dim(self, input: Tensor) -> None:
        low, high = self.spatial + 1, self.spatial + 2
        if input.dim() not in (low, high):
            raise ValueError(f"expected {low}D or {high}D input (got {input.dim()}D input)")

    def forward(self, input: Tensor) -> Tensor:
        self._check_input_dim(input)
        unbatched = input.dim() == self.spatial + 1
        channels = input.shape[0 if unbatched else 1]
        if channels != self.num_features:
            self._report_channels(channels, 0 if unbatched else 1)
        output = F.instance_norm(
            input.unsqueeze(0) if unbatched else input,
            self.running_mean,
            self.running_var,
            self.weight,
            self.bias,
            self.training or not self.track_running_stats,
            0.0 if self.momentum is None else self.momentum,
            self.eps,
        )
        return output.squeeze(0) if unbatched else output

    def _report_channels(self, channels: int, dim: int) -> None:
        if self.affine:
            raise ValueError(
                f"expected input's size at dim={dim} to match num_features"
                f" ({self.num_features}), but got: {channels}."
            )
        warnings.warn(
            f"input's size at dim={dim} does not match num_features. "
            "You can silence this warning by not passing in num_features, "
            "which is not used because affine=False",
            stacklevel=4,
        )


class InstanceNorm1d(_InstanceNorm):
    """``(x - mean) / sqrt(var + eps) * weight + bias``, per example and channel over positions.

    Args:
        num_features: C, the number of channels.
        eps: keeps the denominator from 0.
        momentum: the share of the newest batch in the running statistics.
        affine: whether there are ``weight`` and ``bias``.
        track_running_stats: whether there are running statistics, used in evaluation.
        bias: False for a weight alone.

    Shape: (N, C, L) or (C, L) -> the same; weight, bias, running_mean, running_var (C).
    Errors: ValueError for other dimensions, and for a single position in training.
    Source: torch.nn.InstanceNorm1d; Ulyanov et al. 2016.

    Example::

        >>> import minitorch
        >>> minitorch.nn.InstanceNorm1d(1, eps=0.0)(minitorch.tensor([[[1.0, 3.0]]]))
        tensor([[[-1.,  1.]]])
    """

    spatial = 1


class InstanceNorm2d(_InstanceNorm):
    """:class:`InstanceNorm1d` for images: per example and channel over pixels.

    Args: as :class:`InstanceNorm1d`.

    Shape: (N, C, H, W) or (C, H, W) -> the same.
    Errors: ValueError for other dimensions, and for a single pixel in training.
    Source: torch.nn.InstanceNorm2d; Ulyanov et al. 2016.

    Example::

        >>> import minitorch
        >>> minitorch.nn.InstanceNorm2d(3)(minitorch.zeros(2, 3, 4, 4)).shape
        torch.Size([2, 3, 4, 4])
    """

    spatial = 2


class InstanceNorm3d(_InstanceNorm):
    """:class:`InstanceNorm1d` for volumes: per example and channel over voxels.

    Args: as :class:`InstanceNorm1d`.

    Shape: (N, C, D, H, W) or (C, D, H, W) -> the same.
    Errors: ValueError for other dimensions, and for a single voxel in training.
    Source: torch.nn.InstanceNorm3d; Ulyanov et al. 2016.

    Example::

        >>> import minitorch
        >>> minitorch.nn.InstanceNorm3d(3)(minitorch.zeros(2, 3, 2, 2, 2)).shape
        torch.Size([2, 3, 2, 2, 2])
    """

    spatial = 3


class LazyInstanceNorm1d(_LazyNormBase, InstanceNorm1d):
    """An :class:`InstanceNorm1d` that takes ``num_features`` from its first input.

    It counts the second dimension, also of an input without batch.

    Args: as :class:`InstanceNorm1d`, without ``num_features``; weight, bias and running statistics
        are there by default.

    Shape: as :class:`InstanceNorm1d`.  Source: torch.nn.LazyInstanceNorm1d.

    Example::

        >>> import minitorch
        >>> layer = minitorch.nn.LazyInstanceNorm1d()
        >>> layer(minitorch.zeros(2, 3, 4)).shape, layer.num_features
        (torch.Size([2, 3, 4]), 3)
    """

    cls_to_become = InstanceNorm1d


class LazyInstanceNorm2d(_LazyNormBase, InstanceNorm2d):
    """An :class:`InstanceNorm2d` that takes ``num_features`` from its first input.

    It counts the second dimension, also of an input without batch.

    Args: as :class:`InstanceNorm2d`, without ``num_features``; weight, bias and running statistics
        are there by default.

    Shape: as :class:`InstanceNorm2d`.  Source: torch.nn.LazyInstanceNorm2d.

    Example::

        >>> import minitorch
        >>> layer = minitorch.nn.LazyInstanceNorm2d()
        >>> layer(minitorch.zeros(2, 3, 4, 4)).shape, layer.num_features
        (torch.Size([2, 3, 4, 4]), 3)
    """

    cls_to_become = InstanceNorm2d


class LazyInstanceNorm3d(_LazyNormBase, InstanceNorm3d):
    """An :class:`InstanceNorm3d` that takes ``num_features`` from its first input.

    It counts the second dimension, also of an input without batch.

    Args: as :class:`InstanceNorm3d`, without ``num_features``; weight, bias and running statistics
        are there by default.

    Shape: as :class:`InstanceNorm3d`.  Source: torch.nn.LazyInstanceNorm3d.

    Example::

        >>> import minitorch
        >>> layer = minitorch.nn.LazyInstanceNorm3d()
        >>> layer(minitorch.zeros(2, 3, 4, 4, 4)).shape, layer.num_features
        (torch.Size([2, 3, 4, 4, 4]), 3)
    """

    cls_to_become = InstanceNorm3d
