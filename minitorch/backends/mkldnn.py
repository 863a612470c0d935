"""The switches that programs set for oneDNN (``torch.backends.mkldnn``); they change nothing."""

from __future__ import annotations

import contextlib

from minitorch.backends._flags import Switches, exchange
from minitorch.backends.mkl import verbose

__all__ = [
    "VERBOSE_OFF",
    "VERBOSE_ON",
    "VERBOSE_ON_CREATION",
    "allow_tf32",
    "conv",
    "deterministic",
    "enabled",
    "flags",
    "fp32_precision",
    "is_acl_available",
    "is_available",
    "matmul",
    "rnn",
    "set_flags",
    "verbose",
]

VERBOSE_OFF = 0
VERBOSE_ON = 1
VERBOSE_ON_CREATION = 2

enabled = True
deterministic = False
allow_tf32: bool | None = None
fp32_precision = "none"
matmul = Switches(fp32_precision="none")
conv = Switches(fp32_precision="none")
rnn = Switches(fp32_precision="none")

_NAMES = ["enabled", "deterministic", "allow_tf32", "fp32_precision"]


def is_available() -> bool:
    """Whether oneDNN computes here: no.  Source: torch.backends.mkldnn.is_available."""
    return False


def is_acl_available() -> bool:
    """Whether Arm's library does: no.  Source: torch.backends.mkldnn.is_acl_available."""
    return False


def set_flags(
    _enabled=None, _deterministic=None, _allow_tf32=None, _fp32_precision="none"
) -> tuple:
    """Set what is not None; the values from before.  Source: torch.backends.mkldnn.set_flags."""
    values = (_enabled, _deterministic, _allow_tf32, _fp32_precision)
    return exchange(globals(), _NAMES, values)


@contextlib.contextmanager
def flags(enabled=False, deterministic=False, allow_tf32=True, fp32_precision="none"):
    """Set the switches for a block.  Source: torch.backends.mkldnn.flags."""
    before = set_flags(enabled, deterministic, allow_tf32, fp32_precision)
    try:
        yield
    finally:
        globals().update(zip(_NAMES, before, strict=True))
