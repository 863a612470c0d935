"""Tools for tests: ``assert_close`` and ``make_tensor``.  Source: torch.testing."""

from minitorch.testing._comparison import assert_allclose, assert_close
from minitorch.testing._creation import make_tensor

__all__ = ["assert_allclose", "assert_close", "make_tensor"]
