"""Export to ONNX (``torch.onnx``): the names are here, the export is not yet."""

from __future__ import annotations

from typing import Any

__all__ = ["export", "is_in_onnx_export"]


def export(model: Any, args: Any = (), f: Any = None, **options: Any) -> None:
    """Write a model as an ONNX file.

    Raises NotImplementedError: minitorch has no tracer that could tell a model's operations from
    the values they were run on.  A ``state_dict`` saved by ``minitorch.save`` loads in PyTorch,
    which can export it.  Source: torch.onnx.export.
    """
    raise NotImplementedError(
        "onnx.export is not implemented: save the state_dict, load it in PyTorch and export there"
    )


def is_in_onnx_export() -> bool:
    """Whether an export is running: never.  Source: torch.onnx.is_in_onnx_export."""
    return False
