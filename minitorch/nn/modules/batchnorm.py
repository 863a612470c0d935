"""Batch normalisation, and what all layers with running statistics share."""

from __future__ import annotations

import sys
from typing import Any

from minitorch import dtypes
from minitorch.nn import functional as F
from minitorch.nn import init
from minitorch.nn.module import Module
from minitorch.nn.modules.lazy import LazyModuleMixin
from minitorch.nn.parameter import Parameter, UninitializedBuffer, UninitializedParameter
from minitorch.ops.creation import empty, ones, tensor, zeros
from minitorch.tensor import Tensor

__all__ = [
    "BatchNorm1d",
    "BatchNorm2d",
    "BatchNorm3d",
    "LazyBatchNorm1d",
    "LazyBatchNorm2d",
    "LazyBatchNorm3d",
    "SyncBatchNorm",
]


class _NormBase(Module):
    """Weight, bias and running statistics per channel."""

    #: Version 2 of the state has num_batches_tracked.
    _version = 2

    weight: Tensor | None
    bias: Tensor | None
    running_mean: Tensor | None
    running_var: Tensor | None
    num_batches_tracked: Tensor | None

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__()
        self.num_features = num_features
        self.eps = eps
        self.momentum = momentum
        self.affine = affine
        self.track_running_stats = track_running_stats
        for name, wanted in (("weight", affine), ("bias", affine and bias)):
            values = empty(num_features, device=device, dtype=dtype) if wanted else None
            self.register_parameter(name, None if values is None else Parameter(values))
        tracked = track_running_stats
        shape = (num_features,)
        self.register_buffer(
            "running_mean", zeros(shape, device=device, dtype=dtype) if tracked else None
        )
        self.register_buffer(
            "running_var", ones(shape, device=device, dtype=dtype) if tracked else None
        )
        self.register_buffer(
            "num_batches_tracked",
            tensor(0, dtype=dtypes.int64, device=device) if tracked else None,
        )
        self.reset_parameters()

    def reset_running_stats(self) -> None:
        """Set the running mean back to 0 and the running variance to 1."""
        for statistic, start in (
            (self.running_mean, 0),
            (self.running_var, 1),
            (self.num_batches_tracked, 0),
        ):
            if statistic is not None:
                statistic.fill_(start)

    def reset_parameters(self) -> None:
        """Set the weight back to 1, the bias to 0, and the running statistics."""
        self.reset_running_stats()
        if self.weight is not None:
            init.ones_(self.weight)
        if self.bias is not None:
            init.zeros_(self.bias)

    def _check_input_dim(self, input: Tensor) -> None:
        raise NotImplementedError

    def extra_repr(self) -> str:
        return (
            f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, "
            f"affine={self.affine}, bias={self.bias is not None}, "
            f"track_running_stats={self.track_running_stats}"
        )

    def _load_from_state_dict(
        self,
        state_dict: Any,
        prefix: str,
        local_metadata: Any,
        strict: bool,
        missing_keys: list,
        unexpected_keys: list,
        error_msgs: list,
    ) -> None:
        version = local_metadata.get("version", None)
        if (version is None or version < 2) and self.track_running_stats:
            # torch: a state from before version 2 has no count; the layer keeps its own.
            key = prefix + "num_batches_tracked"
            if key not in state_dict and self.num_batches_tracked is not None:
                state_dict[key] = self.num_batches_tracked
        super()._load_from_state_dict(
            state_dict,
            prefix,
            local_metadata,
            strict,
            missing_keys,
            unexpected_keys,
            error_msgs,
        )


class _BatchNorm(_NormBase):
    """Batch normalisation of any number of dimensions."""

    def forward(self, input: Tensor) -> Tensor:
        self._check_input_dim(input)
        momentum = 0.0 if self.momentum is None else self.momentum
        if self.training and self.track_running_stats and self.num_batches_tracked is not None:
            self.num_batches_tracked.add_(1)
            if self.momentum is None:  # the mean over all batches so far
                momentum = 1.0 / float(self.num_batches_tracked)
        from_batch = self.training or (self.running_mean is None and self.running_var is None)
        moving = not self.training or self.track_running_stats
        return F.batch_norm(
            input,
            self.running_mean if moving else None,
            self.running_var if moving else None,
            self.weight,
            self.bias,
            from_batch,
            momentum,
            self.eps,
        )


class BatchNorm1d(_BatchNorm):
    """``(x - mean) / sqrt(var + eps) * weight + bias``, per channel over batch and positions.

    In training mean and (biased) variance are the batch's, and the running ones move towards them
    by ``momentum`` (with the unbiased variance); in evaluation they are the running ones.

    Args:
        num_features: C, the number of channels.
        eps: keeps the denominator from 0.
        momentum: the share of the newest batch in the running statistics; None for the mean of
            all batches.
        affine: whether there are ``weight`` and ``bias``.
        track_running_stats: whether there are running statistics; without, the batch's are used
            in evaluation, too.
        bias: False for a weight alone.

    Shape: (N, C) or (N, C, L) -> the same; weight, bias, running_mean, running_var (C).
    Errors: ValueError for other dimensions, and for one value per channel in training.
    Source: torch.nn.BatchNorm1d; Ioffe and Szegedy 2015.

    Example::

        >>> import minitorch
        >>> minitorch.nn.BatchNorm1d(1, eps=0.0)(minitorch.tensor([[1.0], [3.0]])).tolist()
        [[-1.0], [1.0]]
    """

    def _check_input_dim(self, input: Tensor) -> None:
        if input.dim() not in (2, 3):
            raise ValueError(f"expected 2D or 3D input (got {input.dim()}D input)")


class BatchNorm2d(_BatchNorm):
    """:class:`BatchNorm1d` for images: per channel over batch and pixels.

    Args: as :class:`BatchNorm1d`.

    Shape: (N, C, H, W) -> the same.
    Errors: ValueError for other dimensions, and for one value per channel in training.
    Source: torch.nn.BatchNorm2d; Ioffe and Szegedy 2015.

    Example::

        >>> import minitorch
        >>> minitorch.nn.BatchNorm2d(3)(minitorch.zeros(2, 3, 4, 4)).shape
        torch.Size([2, 3, 4, 4])
    """

    def _check_input_dim(self, input: Tensor) -> None:
        if input.dim() != 4:
            raise ValueError(f"expected 4D input (got {input.dim()}D input)")


class BatchNorm3d(_BatchNorm):
    """:class:`BatchNorm1d` for volumes: per channel over batch and voxels.

    Args: as :class:`BatchNorm1d`.

    Shape: (N, C, D, H, W) -> the same.
    Errors: ValueError for other dimensions, and for one value per channel in training.
    Source: torch.nn.BatchNorm3d; Ioffe and Szegedy 2015.

    Example::

        >>> import minitorch
        >>> minitorch.nn.BatchNorm3d(3)(minitorch.zeros(2, 3, 2, 2, 2)).shape
        torch.Size([2, 3, 2, 2, 2])
    """

    def _check_input_dim(self, input: Tensor) -> None:
        if input.dim() != 5:
            raise ValueError(f"expected 5D input (got {input.dim()}D input)")


class SyncBatchNorm(_BatchNorm):
    """Batch norm over the batches of all processes; of one process it is :class:`BatchNorm1d`.

    Several processes synchronise on GPUs only, as in torch.

    Args: as :class:`BatchNorm1d`, for any number of dimensions, and
        process_group: the processes.

    Shape: (N, C, *) -> the same.
    Errors: ValueError for fewer than 2 dimensions, and on the CPU of several processes.
    Source: torch.nn.SyncBatchNorm.

    Example::

        >>> import minitorch
        >>> from minitorch import nn
        >>> net = nn.Sequential(nn.Conv2d(1, 3, 1), nn.BatchNorm2d(3))
        >>> type(nn.SyncBatchNorm.convert_sync_batchnorm(net)[1]).__name__
        'SyncBatchNorm'
    """

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        process_group: Any = None,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__(
            num_features, eps, momentum, affine, track_running_stats, device, dtype, bias=bias
        )
        self.process_group = process_group

    def _check_input_dim(self, input: Tensor) -> None:
        if input.dim() < 2:
            raise ValueError(f"expected at least 2D input (got {input.dim()}D input)")
        if input.shape[1] == 0:
            raise ValueError("SyncBatchNorm number of input channels should be non-zero")

    def forward(self, input: Tensor) -> Tensor:
        self._check_input_dim(input)
        if self.training and _in_process_group():
            raise ValueError("SyncBatchNorm expected input tensor to be on GPU or XPU")
        return super().forward(input)

    @classmethod
    def convert_sync_batchnorm(cls, module: Module, process_group: Any = None) -> Module:
        """``module`` with every batch norm replaced by a SyncBatchNorm of the same tensors."""
        converted: Any = module
        if isinstance(module, _BatchNorm):
            converted = SyncBatchNorm(
                module.num_features,
                module.eps,
                module.momentum,
                module.affine,
                module.track_running_stats,
                process_group,
                bias=module.bias is not None,
            )
            if module.affine:
                converted.weight, converted.bias = module.weight, module.bias
            converted.running_mean = module.running_mean
            converted.running_var = module.running_var
            converted.num_batches_tracked = module.num_batches_tracked
            converted.training = module.training
        for name, child in module.named_children():
            converted.add_module(name, cls.convert_sync_batchnorm(child, process_group))
        return converted


def _in_process_group() -> bool:
    # Looked up where it would be: a program of one process never loads it.
    distributed = sys.modules.get("minitorch.distributed")
    return distributed is not None and distributed.is_initialized()


class _LazyNormBase(LazyModuleMixin, _NormBase):
    """Takes ``num_features`` from the first input."""

    weight: UninitializedParameter | None  # type: ignore[assignment]
    bias: UninitializedParameter | None  # type: ignore[assignment]

    def __init__(
        self,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        # Nothing is made at first: it would be replaced at once.
        super().__init__(0, eps, momentum, False, False, device, dtype, bias=False)
        self.affine = affine
        self.track_running_stats = track_running_stats
        if affine:
            self.weight = UninitializedParameter(device=device, dtype=dtype)
            if bias:
                self.bias = UninitializedParameter(device=device, dtype=dtype)
        if track_running_stats:
            self.running_mean = UninitializedBuffer(device=device, dtype=dtype)
            self.running_var = UninitializedBuffer(device=device, dtype=dtype)
            self.num_batches_tracked = tensor(0, dtype=dtypes.int64, device=device)

    def reset_parameters(self) -> None:
        """Set weight, bias and running statistics back, where there is a place for them."""
        if not self.has_uninitialized_params() and self.num_features != 0:
            super().reset_parameters()

    def initialize_parameters(self, input: Tensor) -> None:  # type: ignore[override]
        """Make parameters and statistics for the channels of the first input."""
        if not self.has_uninitialized_params():
            return
        self.num_features = input.shape[1]
        tensors: list[Any] = [self.weight, self.bias, self.running_mean, self.running_var]
        for values in tensors:
            if values is not None:
                values.materialize((self.num_features,))
        self.reset_parameters()


class LazyBatchNorm1d(_LazyNormBase, BatchNorm1d):
    """A :class:`BatchNorm1d` that takes ``num_features`` from its first input.

    Args: as :class:`BatchNorm1d`, without ``num_features``.

    Shape: as :class:`BatchNorm1d`.  Source: torch.nn.LazyBatchNorm1d.

    Example::

        >>> import minitorch
        >>> layer = minitorch.nn.LazyBatchNorm1d()
        >>> layer(minitorch.zeros(2, 3, 4)).shape, layer.num_features
        (torch.Size([2, 3, 4]), 3)
    """

    cls_to_become = BatchNorm1d


class LazyBatchNorm2d(_LazyNormBase, BatchNorm2d):
    """A :class:`BatchNorm2d` that takes ``num_features`` from its first input.

    Args: as :class:`BatchNorm2d`, without ``num_features``.

    Shape: as :class:`BatchNorm2d`.  Source: torch.nn.LazyBatchNorm2d.

    Example::

        >>> import minitorch
        >>> layer = minitorch.nn.LazyBatchNorm2d()
        >>> layer(minitorch.zeros(2, 3, 4, 4)).shape, layer.num_features
        (torch.Size([2, 3, 4, 4]), 3)
    """

    cls_to_become = BatchNorm2d


class LazyBatchNorm3d(_LazyNormBase, BatchNorm3d):
    """A :class:`BatchNorm3d` that takes ``num_features`` from its first input.

    Args: as :class:`BatchNorm3d`, without ``num_features``.

    Shape: as :class:`BatchNorm3d`.  Source: torch.nn.LazyBatchNorm3d.

    Example::

        >>> import minitorch
        >>> layer = minitorch.nn.LazyBatchNorm3d()
        >>> layer(minitorch.zeros(2, 3, 4, 4, 4)).shape, layer.num_features
        (torch.Size([2, 3, 4, 4, 4]), 3)
    """

    cls_to_become = BatchNorm3d
