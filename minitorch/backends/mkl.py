"""What programs ask about Intel's MKL (``torch.backends.mkl``)."""

from __future__ import annotations

__all__ = ["VERBOSE_OFF", "VERBOSE_ON", "is_available", "verbose"]

VERBOSE_OFF = 0
VERBOSE_ON = 1


def is_available() -> bool:
    """Whether NumPy's products run on MKL.  Source: torch.backends.mkl.is_available."""
    import numpy as np

    blas = np.show_config(mode="dicts")["Build Dependencies"]["blas"]  # type: ignore[index]
    return "mkl" in str(blas.get("name", "")).lower()


class verbose:
    """A block in which MKL would report what it does; it reports nothing here.

    Source: torch.backends.mkl.verbose.
    """

    def __init__(self, enable):
        self.enable = enable

    def __enter__(self):
        return self

    def __exit__(self, exc_type, exc_val, exc_tb):
        return False
