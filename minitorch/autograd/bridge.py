"""Where the graph meets the Tensor, which stands above it: ``tensor.py`` fills these in."""

from __future__ import annotations

from typing import Any

__all__ = ["bridge"]


class _Bridge:
    """How a gradient, or what a node saved, is handed to user code (hooks, Functions)."""

    #: gradient (array or tensor) -> tensor
    to_tensor: Any = None
    #: gradient (array or tensor) -> array
    to_array: Any = None
    #: (array, version counter, edge) -> tensor; the leaf itself if it is one
    restore: Any = None
    #: sparse array -> sparse tensor
    sparse: Any = None
    #: called when a program derives a class from the Tensor
    derived: Any = None


bridge = _Bridge()
