"""The switches that programs set for computing on GPUs (``torch.backends.cuda``).

They are kept and read back, and change nothing: there is no GPU.
"""

from __future__ import annotations

import contextlib
import warnings

from minitorch.backends._flags import Switches

__all__ = [
    "allow_fp16_bf16_reduction_math_sdp",
    "can_use_cudnn_attention",
    "can_use_efficient_attention",
    "can_use_flash_attention",
    "cudnn_sdp_enabled",
    "cufft_plan_cache",
    "enable_cudnn_sdp",
    "enable_flash_sdp",
    "enable_math_sdp",
    "enable_mem_efficient_sdp",
    "flash_sdp_enabled",
    "fp16_bf16_reduction_math_sdp_allowed",
    "is_built",
    "is_flash_attention_available",
    "math_sdp_enabled",
    "matmul",
    "mem_efficient_sdp_enabled",
    "preferred_blas_library",
    "preferred_linalg_library",
    "sdp_kernel",
]


class _MatmulSwitches(Switches):
    """``allow_tf32`` and ``torch.set_float32_matmul_precision`` are two names of one switch."""

    @property
    def allow_tf32(self):
        return vars(self)["precision"] != "highest"

    def __setattr__(self, name, value):
        if name == "allow_tf32":
            name, value = "precision", "high" if value else "highest"
        super().__setattr__(name, value)
        if name == "precision":
            vars(self)["fp32_precision"] = "ieee" if value == "highest" else "tf32"
        elif name == "fp32_precision":
            vars(self)["precision"] = "high" if value == "tf32" else "highest"


#: How products of matrices are computed.
matmul = _MatmulSwitches(
    precision="highest",
    fp32_precision="none",
    allow_fp16_reduced_precision_reduction=True,
    allow_bf16_reduced_precision_reduction=True,
    allow_fp16_accumulation=False,
)


class _PlanCache:
    """The plans of Fourier transforms on GPUs.  Raises AssertionError: there is none."""

    def __getattr__(self, name):
        raise AssertionError("Torch not compiled with CUDA enabled")

    def __getitem__(self, device):
        raise RuntimeError(
            f"cufft_plan_cache: expected 0 <= device index < 0, but got device with index {device}"
        )


cufft_plan_cache = _PlanCache()


def is_built() -> bool:
    """Whether there is a GPU backend: no.  Source: torch.backends.cuda.is_built."""
    return False


# --- the ways to compute attention, of which there is one here ------------------------------------

_attention = Switches(
    flash=True, mem_efficient=True, math=True, cudnn=True, reduced_precision=False
)


def flash_sdp_enabled() -> bool:
    """What was set.  Source: torch.backends.cuda.flash_sdp_enabled."""
    return _attention.flash


def enable_flash_sdp(enabled: bool) -> None:
    """Allow flash attention.  Source: torch.backends.cuda.enable_flash_sdp."""
    _attention.flash = bool(enabled)


def mem_efficient_sdp_enabled() -> bool:
    """What was set.  Source: torch.backends.cuda.mem_efficient_sdp_enabled."""
    return _attention.mem_efficient


def enable_mem_efficient_sdp(enabled: bool) -> None:
    """Allow attention in blocks.  Source: torch.backends.cuda.enable_mem_efficient_sdp."""
    _attention.mem_efficient = bool(enabled)


def math_sdp_enabled() -> bool:
    """What was set.  Source: torch.backends.cuda.math_sdp_enabled."""
    return _attention.math


def enable_math_sdp(enabled: bool) -> None:
    """Allow attention by its formula.  Source: torch.backends.cuda.enable_math_sdp."""
    _attention.math = bool(enabled)


def cudnn_sdp_enabled() -> bool:
    """What was set.  Source: torch.backends.cuda.cudnn_sdp_enabled."""
    return _attention.cudnn


def enable_cudnn_sdp(enabled: bool) -> None:
    """Allow cuDNN's attention.  Source: torch.backends.cuda.enable_cudnn_sdp."""
    _attention.cudnn = bool(enabled)


def fp16_bf16_reduction_math_sdp_allowed() -> bool:
    """What was set.  Source: torch.backends.cuda.fp16_bf16_reduction_math_sdp_allowed."""
    return _attention.reduced_precision


def allow_fp16_bf16_reduction_math_sdp(enabled: bool) -> None:
    """Allow sums in half precision.

    Source: torch.backends.cuda.allow_fp16_bf16_reduction_math_sdp.
    """
    _attention.reduced_precision = bool(enabled)


def is_flash_attention_available() -> bool:
    """Whether it is there: no.  Source: torch.backends.cuda.is_flash_attention_available."""
    return False


def can_use_flash_attention(params, debug: bool = False) -> bool:
    """Whether it computes this: no.  Source: torch.backends.cuda.can_use_flash_attention."""
    return False


def can_use_efficient_attention(params, debug: bool = False) -> bool:
    """Whether it computes this: no.  Source: torch.backends.cuda.can_use_efficient_attention."""
    return False


def can_use_cudnn_attention(params, debug: bool = False) -> bool:
    """Whether it computes this: no.  Source: torch.backends.cuda.can_use_cudnn_attention."""
    return False


@contextlib.contextmanager
def _allowed(**values):
    before = {name: getattr(_attention, name) for name in values}
    try:
        vars(_attention).update(values)
        yield {}
    finally:
        vars(_attention).update(before)


def sdp_kernel(
    enable_flash: bool = True,
    enable_math: bool = True,
    enable_mem_efficient: bool = True,
    enable_cudnn: bool = True,
):
    """Allow ways to compute attention for a block.  Deprecated, as in torch.

    Source: torch.backends.cuda.sdp_kernel.
    """
    warnings.warn(
        "`torch.backends.cuda.sdp_kernel()` is deprecated. In the future, this context manager "
        "will be removed. Please see `torch.nn.attention.sdpa_kernel()` for the new context "
        "manager, with updated signature.",
        FutureWarning,
        stacklevel=2,
    )
    return _allowed(
        flash=enable_flash,
        math=enable_math,
        mem_efficient=enable_mem_efficient,
        cudnn=enable_cudnn,
    )


# --- libraries ------------------------------------------------------------------------------------

_preferred = {"linalg": "default", "blas": "default"}
_LIBRARIES = {
    "linalg": ("default", "cusolver", "magma"),
    "blas": ("default", "cublas", "cublaslt", "hipblaslt", "ck"),
}


def _prefer(kind, backend):
    if backend is not None:
        if backend not in _LIBRARIES[kind]:
            raise RuntimeError(f"Unknown input value. Choose from: {', '.join(_LIBRARIES[kind])}.")
        if backend != "default":
            raise RuntimeError(f"Cannot set preferred backend to {backend}: there is no GPU")
    return _preferred[kind]


def preferred_linalg_library(backend: str | None = None) -> str:
    """The library for decompositions on GPUs: "default".  Raises RuntimeError for any other.

    Source: torch.backends.cuda.preferred_linalg_library.
    """
    return _prefer("linalg", backend)


def preferred_blas_library(backend: str | None = None) -> str:
    """The library for products on GPUs: "default".  Raises RuntimeError for any other.

    Source: torch.backends.cuda.preferred_blas_library.
    """
    return _prefer("blas", backend)
