"""``python -m minitorch run program.py`` and ``python -m minitorch info``."""

from __future__ import annotations

import os
import platform
import subprocess
import sys

import numpy as np

import minitorch
from minitorch import compat

__all__ = ["information", "main", "run"]

USAGE = """\
usage: python -m minitorch run [python's options] program.py [arguments]
       python -m minitorch run -m package.module [arguments]
       python -m minitorch run -c code [arguments]
       python -m minitorch info

run    runs a PyTorch program unmodified: "import torch" finds minitorch there and in every
       Python process that the program starts
info   prints versions, NumPy's BLAS, threads, and which optional packages are found
"""

#: The optional packages by the name that they are imported by, and what they are for.
_OPTIONAL = {
    "ml_dtypes": "bfloat16",
    "PIL": "pictures",
    "matplotlib": "plots",
    "tensorboard": "SummaryWriter",
    "tqdm": "progress bars",
    "scipy": "",
    "safetensors": "",
}


def run(arguments: list[str]) -> int:
    """Run Python on ``arguments`` with torch redirected to minitorch; return its exit status.

    Where the system can, Python takes the place of this process and the call does not return: the
    program has the process, the terminal and the signals for itself.
    """
    command = [sys.executable, *subprocess._args_from_interpreter_flags(), *arguments]
    variables = compat.environment()
    if sys.flags.ignore_environment:
        print("minitorch run: python -I and -E ignore the environment it needs", file=sys.stderr)
        return 2
    sys.stdout.flush()
    sys.stderr.flush()
    if os.name == "posix":
        os.execve(sys.executable, command, variables)
    # Windows' exec would return to the shell at once, with the program still running.
    return subprocess.run(command, env=variables).returncode


def information() -> str:
    """Versions, the BLAS behind NumPy, threads, and optional packages, as lines of text."""
    import importlib.metadata

    blas = np.show_config(mode="dicts")["Build Dependencies"]["blas"]
    lines = [
        f"minitorch    {minitorch.__version__}, in {os.path.dirname(minitorch.__file__)}",
        f"follows      PyTorch {compat.TORCH_VERSION}, torchvision {compat.TORCHVISION_VERSION}",
        f"Python       {platform.python_version()} ({platform.platform()})",
        f"NumPy        {np.__version__}",
        f"BLAS         {blas.get('name', 'unknown')} {blas.get('version', '')}".rstrip(),
        f"threads      {os.cpu_count()} processors",
        "optional packages",
    ]
    names = importlib.metadata.packages_distributions()
    for module, use in _OPTIONAL.items():
        distribution = names.get(module, [None])[0]
        found = importlib.metadata.version(distribution) if distribution else "not found"
        lines.append(f"    {module:13}{found:13}{use}".rstrip())
    return "\n".join(lines)


def main(arguments: list[str]) -> int:
    """Do what the command line says; return the exit status."""
    if arguments[:1] == ["run"]:
        return run(arguments[1:])
    if arguments == ["info"]:
        print(information())
        return 0
    asked = arguments in (["-h"], ["--help"], ["help"])
    print(USAGE, end="", file=sys.stdout if asked else sys.stderr)
    return 0 if asked else 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
