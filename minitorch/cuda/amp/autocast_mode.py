"""``autocast`` for GPUs by its old address.  Source: torch.cuda.amp.autocast_mode."""

from __future__ import annotations

import warnings

from minitorch import amp, dtypes

__all__ = ["autocast", "custom_bwd", "custom_fwd"]


def _warn(name, new):
    warnings.warn(
        f"`torch.cuda.amp.{name}(args...)` is deprecated. Please use {new} instead.",
        FutureWarning,
        stacklevel=3,
    )


class autocast(amp.autocast):
    """``torch.amp.autocast("cuda", ...)``: off, as there is no GPU.

    Source: torch.cuda.amp.autocast.
    """

    def __init__(
        self,
        enabled: bool = True,
        dtype: dtypes.dtype = dtypes.float16,
        cache_enabled: bool = True,
    ):
        _warn("autocast", "`torch.amp.autocast('cuda', args...)`")
        super().__init__("cuda", enabled=enabled, dtype=dtype, cache_enabled=cache_enabled)


def custom_fwd(fwd=None, *, cast_inputs: dtypes.dtype | None = None):
    """``torch.amp.custom_fwd(device_type="cuda")``.  Source: torch.cuda.amp.custom_fwd."""
    _warn("custom_fwd", "`torch.amp.custom_fwd(args..., device_type='cuda')`")
    return amp.custom_fwd(fwd, device_type="cuda", cast_inputs=cast_inputs)


def custom_bwd(bwd=None):
    """``torch.amp.custom_bwd(device_type="cuda")``.  Source: torch.cuda.amp.custom_bwd."""
    _warn("custom_bwd", "`torch.amp.custom_bwd(args..., device_type='cuda')`")
    return amp.custom_bwd(bwd, device_type="cuda")
