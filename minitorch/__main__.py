"""``python -m minitorch run program.py`` and ``python -m minitorch info``."""

from __future__ import annotations

import os
import subprocess
import sys

from minitorch import compat
from minitorch.utils.collect_env import get_pretty_env_info

__all__ = ["main", "run"]

USAGE = """\
usage: python -m minitorch run [python's options] program.py [arguments]
       python -m minitorch run -m package.module [arguments]
       python -m minitorch run -c code [arguments]
       python -m minitorch info

run    runs a PyTorch program unmodified: "import torch" finds minitorch there and in every
       Python process that the program starts
info   prints versions, NumPy's BLAS, threads, and which optional packages are found
"""


def run(arguments: list[str]) -> int:
    """Run Python on ``arguments`` with torch redirected to minitorch; return its exit status.

    Where the system can, Python takes the place of this process and the call does not return: the
    program has the process, the terminal and the signals for itself.
    """
    if sys.flags.ignore_environment:
        print("minitorch run: python -I and -E ignore the environment it needs", file=sys.stderr)
        return 2
    options = subprocess._args_from_interpreter_flags()  # type: ignore[attr-defined]
    command = [sys.executable, *options, *arguments]
    variables = compat.environment()
    sys.stdout.flush()
    sys.stderr.flush()
    if os.name == "posix":
        os.execve(sys.executable, command, variables)
    # Windows' exec would return to the shell at once, with the program still running.
    return subprocess.run(command, env=variables).returncode


def main(arguments: list[str]) -> int:
    """Do what the command line says; return the exit status."""
    if arguments[:1] == ["run"]:
        return run(arguments[1:])
    if arguments == ["info"]:
        print(get_pretty_env_info())
        print(f"programs see PyTorch {compat.TORCH_VERSION}")
        return 0
    asked = arguments in (["-h"], ["--help"], ["help"])
    print(USAGE, end="", file=sys.stdout if asked else sys.stderr)
    return 0 if asked else 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
