"""The code generator behind torch.compile, as far as programs set it.  Source: torch._inductor."""

from __future__ import annotations

from minitorch._inductor import config, utils

__all__ = ["aoti_compile_and_package", "aoti_load_package", "config", "utils"]


def aoti_compile_and_package(exported_program, **kwargs):
    """A program as a compiled file.  Raises NotImplementedError: nothing is compiled."""
    raise NotImplementedError("torch._inductor.aoti_compile_and_package: minitorch has no compiler")


def aoti_load_package(path, **kwargs):
    """A compiled file as a program.  Raises NotImplementedError: it is compiled for PyTorch."""
    raise NotImplementedError("torch._inductor.aoti_load_package: minitorch has no compiler")
