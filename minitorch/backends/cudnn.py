"""The switches that programs set for cuDNN (``torch.backends.cudnn``); here they change nothing."""

from __future__ import annotations

import contextlib

from minitorch.backends._flags import Switches, exchange

__all__ = [
    "allow_tf32",
    "benchmark",
    "benchmark_limit",
    "conv",
    "deterministic",
    "enabled",
    "flags",
    "fp32_precision",
    "is_acceptable",
    "is_available",
    "rnn",
    "set_flags",
    "version",
]

enabled = True
benchmark = False
benchmark_limit: int | None = None
#: NumPy gives the same numbers on every run whatever this says.
deterministic = False
allow_tf32 = True
fp32_precision = "none"
conv = Switches(fp32_precision="tf32")
rnn = Switches(fp32_precision="tf32")

_NAMES = ["enabled", "benchmark", "benchmark_limit", "deterministic", "allow_tf32"]


def is_available() -> bool:
    """Whether cuDNN is there: never.  Source: torch.backends.cudnn.is_available."""
    return False


def version() -> int | None:
    """The version of cuDNN: None.  Source: torch.backends.cudnn.version."""
    return None


def is_acceptable(tensor) -> bool:
    """Whether cuDNN can compute with the tensor: no.

    Source: torch.backends.cudnn.is_acceptable.
    """
    return False


def set_flags(
    _enabled=None,
    _benchmark=None,
    _benchmark_limit=None,
    _deterministic=None,
    _allow_tf32=None,
    _fp32_precision="none",
) -> tuple:
    """Set what is not None; the values from before.  Source: torch.backends.cudnn.set_flags."""
    values = (_enabled, _benchmark, _benchmark_limit, _deterministic, _allow_tf32, _fp32_precision)
    return exchange(globals(), [*_NAMES, "fp32_precision"], values)


@contextlib.contextmanager
def flags(
    enabled=False,
    benchmark=False,
    benchmark_limit=10,
    deterministic=False,
    allow_tf32=True,
    fp32_precision="none",
):
    """Set the switches for a block.  Source: torch.backends.cudnn.flags."""
    values = (enabled, benchmark, benchmark_limit, deterministic, allow_tf32, fp32_precision)
    before = set_flags(*values)
    try:
        yield
    finally:
        globals().update(zip([*_NAMES, "fp32_precision"], before, strict=True))
