"""What programs set for the whole process: threads, determinism, the precision of products.

Source: the functions of these names in the main namespace of torch.
"""

from __future__ import annotations

import os
import warnings

from minitorch.backends import blas
from minitorch.backends.cuda import matmul

__all__ = [
    "are_deterministic_algorithms_enabled",
    "get_deterministic_debug_mode",
    "get_float32_matmul_precision",
    "get_num_interop_threads",
    "get_num_threads",
    "is_deterministic_algorithms_warn_only_enabled",
    "is_warn_always_enabled",
    "set_deterministic_debug_mode",
    "set_float32_matmul_precision",
    "set_flush_denormal",
    "set_num_interop_threads",
    "set_num_threads",
    "set_warn_always",
    "use_deterministic_algorithms",
]


class _Switches:
    threads: int | None = None
    interop_threads: int | None = None
    deterministic = 0  # 1: warn where it can't be, 2: raise
    warn_always = False


def _require(value, kind, name):
    if type(value) is not kind:
        raise RuntimeError(
            f"{name} expects a{'n' * (kind is int)} {kind.__name__}, but got {type(value).__name__}"
        )
    if kind is int and value <= 0:
        raise RuntimeError(f"{name} expects a positive integer")


# --- threads --------------------------------------------------------------------------------------


def set_num_threads(count: int, /) -> None:
    """Run products of matrices on so many threads; the number is kept where NumPy's BLAS has none.

    Raises RuntimeError unless it is a positive integer.  Source: torch.set_num_threads.
    """
    _require(count, int, "set_num_threads")
    _Switches.threads = count
    blas.set_num_threads(count)


def get_num_threads() -> int:
    """How many threads products of matrices run on.  Source: torch.get_num_threads."""
    return _Switches.threads or blas.get_num_threads()


def set_num_interop_threads(count: int, /) -> None:
    """How many operations may run side by side; kept, since here they run one after another.

    Raises RuntimeError for a second call.  Source: torch.set_num_interop_threads.
    """
    _require(count, int, "set_num_interop_threads")
    if _Switches.interop_threads is not None:
        raise RuntimeError(
            "Error: cannot set number of interop threads after parallel work has started or "
            "set_num_interop_threads called"
        )
    _Switches.interop_threads = count


def get_num_interop_threads() -> int:
    """What was set; by default the number of processors.  Source: torch.get_num_interop_threads."""
    return _Switches.interop_threads or os.cpu_count() or 1


# --- the same numbers on every run ----------------------------------------------------------------


def use_deterministic_algorithms(mode: bool, *, warn_only: bool = False) -> None:
    """Ask for the same numbers on every run, which is so here anyway.

    Source: torch.use_deterministic_algorithms.
    """
    _Switches.deterministic = (1 if warn_only else 2) if mode else 0


def are_deterministic_algorithms_enabled() -> bool:
    """What was set.  Source: torch.are_deterministic_algorithms_enabled."""
    return _Switches.deterministic > 0


def is_deterministic_algorithms_warn_only_enabled() -> bool:
    """What was set.  Source: torch.is_deterministic_algorithms_warn_only_enabled."""
    return _Switches.deterministic == 1


def set_deterministic_debug_mode(debug_mode: int | str) -> None:
    """The same as a number or a word: "default" (0), "warn" (1), "error" (2).

    Raises RuntimeError for another.  Source: torch.set_deterministic_debug_mode.
    """
    if not isinstance(debug_mode, (int, str)):
        raise TypeError(f"debug_mode must be str or int, but got {type(debug_mode)}")
    words = {"default": 0, "warn": 1, "error": 2}
    if isinstance(debug_mode, str):
        if debug_mode not in words:
            raise RuntimeError(
                "invalid value of debug_mode, expected one of `default`, `warn`, `error`, but got "
                f"{debug_mode}"
            )
        debug_mode = words[debug_mode]
    if debug_mode not in (0, 1, 2):
        raise RuntimeError(
            f"invalid value of debug_mode, expected 0, 1, or 2, but got {debug_mode}"
        )
    _Switches.deterministic = debug_mode


def get_deterministic_debug_mode() -> int:
    """What was set, as a number.  Source: torch.get_deterministic_debug_mode."""
    return _Switches.deterministic


# --- numbers --------------------------------------------------------------------------------------


def set_float32_matmul_precision(precision: str) -> None:
    """Allow products of float32 with less precision on GPUs: "highest", "high" or "medium".

    Kept and read back; here products are always computed in full precision.  Warns about another
    word.  Source: torch.set_float32_matmul_precision.
    """
    if not isinstance(precision, str):
        raise RuntimeError(
            f"set_float32_matmul_precision expects a str, but got {type(precision).__name__}"
        )
    if precision not in ("highest", "high", "medium"):
        warnings.warn(
            f"{precision} is not one of 'highest', 'high', or 'medium'; the current"
            "setFloat32MatmulPrecision call has no effect.",
            stacklevel=2,
        )
        return
    matmul.precision = precision


def get_float32_matmul_precision() -> str:
    """What was set.  Source: torch.get_float32_matmul_precision."""
    return matmul.precision


def set_flush_denormal(mode: bool) -> bool:
    """Treat denormal numbers as zero: returns False, NumPy cannot.

    Source: torch.set_flush_denormal.
    """
    return False


# --- warnings -------------------------------------------------------------------------------------


def set_warn_always(b: bool, /) -> None:
    """Whether warnings that are given once are given always; Python's filters decide here.

    Source: torch.set_warn_always.
    """
    if not isinstance(b, bool):
        raise RuntimeError(f"setWarnOnlyOnce expects a bool, but got {type(b).__name__}")
    _Switches.warn_always = b


def is_warn_always_enabled() -> bool:
    """What was set.  Source: torch.is_warn_always_enabled."""
    return _Switches.warn_always
