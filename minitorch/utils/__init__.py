"""Tools around training: ``data``, datasets and loading them; ``checkpoint``, memory for time.

Source: torch.utils.
"""

from minitorch.utils import checkpoint, data

__all__ = ["checkpoint", "data"]
