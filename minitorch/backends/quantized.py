"""The engine for quantized tensors, which are not there (``torch.backends.quantized``)."""

from __future__ import annotations

__all__ = ["engine", "supported_engines"]

engine = "none"
supported_engines = ["none"]
