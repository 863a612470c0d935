"""Run programs that say ``import torch``, unmodified.

From the command line::

    python -m minitorch run program.py its arguments
    python -m minitorch run -m package.module
    python -m minitorch run -c "import torch; print(torch.ones(2))"

or in code, before anything imports torch::

    import minitorch.compat

    minitorch.compat.install()
    import torch                                 # minitorch, module by module
    from torchvision import transforms           # minitorch.vision.transforms

``install`` is for this process and what it forks; a Python that it starts needs the variables that
``environment`` returns, ``subprocess.run(command, env=minitorch.compat.environment())``.  What
stands behind it is described in docs/design/0004-running-programs.md.
"""

from __future__ import annotations

import os
import sys

from minitorch.compat import redirect
from minitorch.compat.redirect import TORCH_VERSION, TORCHVISION_VERSION, Redirector

__all__ = [
    "TORCHVISION_VERSION",
    "TORCH_VERSION",
    "environment",
    "install",
    "is_installed",
    "uninstall",
]

# In a process whose sitecustomize loaded it, the module came before the package.
vars()["redirect"] = redirect


def is_installed() -> bool:
    """Whether ``import torch`` finds minitorch in this process."""
    return any(isinstance(finder, Redirector) for finder in sys.meta_path)


def install() -> None:
    """Let ``import torch`` and ``import torchvision`` find minitorch, in this process.

    Raises RuntimeError if the real torch or torchvision is imported already: half a program on
    each would compute nonsense.
    """
    if is_installed():
        return
    loaded = [name for name in ("torch", "torchvision") if name in sys.modules]
    if loaded:
        raise RuntimeError(
            f"minitorch.compat.install(): {' and '.join(loaded)} is imported already; install the "
            "redirection before the first import of it"
        )
    sys.meta_path.insert(0, Redirector())


def uninstall() -> None:
    """Take the redirection back; later imports of torch find what is installed under that name.

    Modules that imported torch before keep what they have.
    """
    if not is_installed():
        return
    sys.meta_path[:] = [finder for finder in sys.meta_path if not isinstance(finder, Redirector)]
    for name in list(sys.modules):
        if redirect.target_of(name) is not None:
            del sys.modules[name]


def environment(base: dict[str, str] | None = None) -> dict[str, str]:
    """A copy of ``base`` (default: this process's environment) that redirects a Python process.

    Every Python started with it finds minitorch as torch, and so do the processes that it starts.
    """
    variables = dict(os.environ if base is None else base)
    place = os.path.join(os.path.dirname(os.path.abspath(__file__)), "_site")
    others = [
        path for path in variables.get("PYTHONPATH", "").split(os.pathsep) if path and path != place
    ]
    variables["PYTHONPATH"] = os.pathsep.join([place, *others])
    return variables
