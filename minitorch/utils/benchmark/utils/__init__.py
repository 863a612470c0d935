"""The parts of ``benchmark``.  Source: torch.utils.benchmark.utils."""

from minitorch.utils.benchmark.utils import common, compare, timer

__all__ = ["common", "compare", "timer"]
