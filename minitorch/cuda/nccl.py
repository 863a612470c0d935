"""Communication between GPUs, of which there are none.  Source: torch.cuda.nccl."""

from __future__ import annotations

import warnings

from minitorch.cuda._missing import unavailable

__all__ = ["is_available", "version"]


def is_available(tensors) -> bool:
    """Whether NCCL can send these tensors: no.  Source: torch.cuda.nccl.is_available."""
    warnings.warn("PyTorch is not compiled with NCCL support", stacklevel=2)
    return False


version = unavailable("version", "The version of NCCL.")
