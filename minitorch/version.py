"""What this is a version of: minitorch's own number, and which GPU libraries it was built with.

Source: torch.version.
"""

from __future__ import annotations

__all__ = ["__version__", "cuda", "debug", "git_version", "hip", "rocm", "xpu"]

__version__ = "0.1.0"

#: There is nothing compiled here, so no library that it could have been compiled with.
cuda: str | None = None
hip: str | None = None
rocm: str | None = None
xpu: str | None = None
debug = False
#: The code is not tied to one commit of a repository.
git_version: str | None = None
