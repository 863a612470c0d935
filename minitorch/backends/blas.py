"""How many threads the matrix products of NumPy's BLAS run on."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

__all__ = ["get_num_threads", "set_num_threads"]

#: How the builds of OpenBLAS spell their functions; Intel's library has names of its own.
_SPELLINGS = (
    "scipy_openblas_{}_num_threads64_",
    "scipy_openblas_{}_num_threads",
    "openblas_{}_num_threads64_",
    "openblas_{}_num_threads",
)


@functools.cache
def _function(verb: str) -> Any:
    """The library's own "get" or "set" function, or None where it has none that we know."""
    try:
        import ctypes

        # The symbols of a library are found through the module that is linked with it.
        library = ctypes.CDLL(np.linalg._umath_linalg.__file__)  # type: ignore[attr-defined]
    except (ImportError, AttributeError, OSError):
        return None
    names = [spelling.format(verb) for spelling in _SPELLINGS]
    names.append({"set": "MKL_Set_Num_Threads", "get": "MKL_Get_Max_Threads"}[verb])
    return next((getattr(library, name) for name in names if hasattr(library, name)), None)


def set_num_threads(count: int) -> bool:
    """Run matrix products on ``count`` threads; whether the BLAS at hand lets us choose."""
    function = _function("set")
    if function is None:
        return False
    function(count)
    return True


def get_num_threads() -> int:
    """The number of threads of matrix products; 1 where the BLAS at hand does not tell."""
    function = _function("get")
    return 1 if function is None else int(function())
