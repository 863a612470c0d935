"""What a report about a problem should say of the machine.  Source: torch.utils.collect_env."""

from __future__ import annotations

import importlib.metadata
import os
import platform

import numpy as np

from minitorch.switches import get_num_threads
from minitorch.version import __version__

__all__ = ["get_pretty_env_info", "main"]

#: The optional packages by the name that they are imported by, and what they are for.
_OPTIONAL = {
    "ml_dtypes": "bfloat16",
    "PIL": "pictures",
    "matplotlib": "plots",
    "tensorboard": "SummaryWriter",
    "tqdm": "progress bars of downloads",
    "scipy": "",
    "safetensors": "",
}


def get_pretty_env_info() -> str:
    """Versions, the BLAS behind NumPy, threads, and which optional packages are found, as text.

    Source: torch.utils.collect_env.get_pretty_env_info.
    """
    blas = np.show_config(mode="dicts")["Build Dependencies"]["blas"]  # type: ignore[index]
    lines = [
        f"minitorch    {__version__}, in {os.path.dirname(os.path.dirname(__file__))}",
        f"Python       {platform.python_version()} ({platform.platform()})",
        f"NumPy        {np.__version__}",
        f"BLAS         {blas.get('name', 'unknown')} {blas.get('version', '')}".rstrip(),
        f"threads      {get_num_threads()} of {os.cpu_count()} processors",
        "optional packages",
    ]
    distributions = importlib.metadata.packages_distributions()
    for module, use in _OPTIONAL.items():
        distribution = distributions.get(module, [None])[0]
        found = importlib.metadata.version(distribution) if distribution else "not found"
        lines.append(f"    {module:13}{found:13}{use}".rstrip())
    return "\n".join(lines)


def main() -> None:
    """Print it."""
    print(get_pretty_env_info())


if __name__ == "__main__":
    main()
