"""MATLAB's files, read by SciPy, which is imported on first use."""

import os
from typing import Any

__all__ = ["load_mat"]


def load_mat(path: str | os.PathLike[str], **options: Any) -> dict[str, Any]:
    """The arrays in a ``.mat`` file, by name.  Raises ImportError where SciPy is not installed."""
    try:
        from scipy.io import loadmat  # type: ignore[import-untyped]
    except ImportError:
        raise ImportError(".mat files need the package SciPy: pip install scipy") from None
    return loadmat(path, **options)
