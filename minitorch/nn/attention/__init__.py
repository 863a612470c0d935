"""Which implementation of attention may run: here there is one, and every choice gives it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from enum import IntEnum

__all__ = ["SDPBackend", "sdpa_kernel"]


class SDPBackend(IntEnum):
    """The implementations of ``scaled_dot_product_attention`` that torch knows.

    Source: torch.nn.attention.SDPBackend.
    """

    ERROR = -1
    MATH = 0
    FLASH_ATTENTION = 1
    EFFICIENT_ATTENTION = 2
    CUDNN_ATTENTION = 3
    OVERRIDEABLE = 4

    def __repr__(self) -> str:
        return f"<SDPBackend.{self.name}: {self.value}>"

    def __str__(self) -> str:
        return f"SDPBackend.{self.name}"


@contextlib.contextmanager
def sdpa_kernel(
    backends: SDPBackend | Iterable[SDPBackend], set_priority: bool = False
) -> Iterator[None]:
    """Accept a choice of implementations for the block, and change nothing.

    Args:
        backends: one, or several.
        set_priority: whether their order counts.

    Errors: AssertionError for what is no backend.
    Source: torch.nn.attention.sdpa_kernel.

    Example::

        >>> import minitorch
        >>> from minitorch.nn.attention import SDPBackend, sdpa_kernel
        >>> x = minitorch.ones(1, 2, 3)
        >>> with sdpa_kernel([SDPBackend.FLASH_ATTENTION, SDPBackend.MATH]):
        ...     minitorch.nn.functional.scaled_dot_product_attention(x, x, x).shape
        torch.Size([1, 2, 3])
    """
    chosen = list(backends) if isinstance(backends, (list, tuple, set)) else [backends]
    if not all(isinstance(backend, SDPBackend) for backend in chosen):
        raise AssertionError(
            "Backend must be an instance of SDPBackend or a list of SDPBackend instances, got "
            f"{backends}"
        )
    yield
