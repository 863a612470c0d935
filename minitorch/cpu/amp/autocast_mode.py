"""``autocast`` for the CPU by its old address.  Source: torch.cpu.amp.autocast_mode."""

from __future__ import annotations

import warnings

from minitorch import amp, dtypes

__all__ = ["autocast"]


class autocast(amp.autocast):
    """``torch.amp.autocast("cpu", ...)``.  Source: torch.cpu.amp.autocast."""

    def __init__(
        self,
        enabled: bool = True,
        dtype: dtypes.dtype = dtypes.bfloat16,
        cache_enabled: bool = True,
    ):
        warnings.warn(
            "`torch.cpu.amp.autocast(args...)` is deprecated. Please use "
            "`torch.amp.autocast('cpu', args...)` instead.",
            FutureWarning,
            stacklevel=2,
        )
        super().__init__("cpu", enabled=enabled, dtype=dtype, cache_enabled=cache_enabled)
