"""The old launcher: as ``minitorch.distributed.run``, and programs get ``--local-rank``.

With ``--use-env`` they do not; ``LOCAL_RANK`` is in the environment either way.
Source: torch.distributed.launch.
"""

from __future__ import annotations

import signal
import sys
import warnings
from collections.abc import Sequence

from minitorch.distributed.run import get_args_parser, run

__all__ = ["main"]


def main(args: Sequence[str] | None = None) -> None:
    """The command: exits with 1 where a process failed."""
    warnings.warn(
        "The module torch.distributed.launch is deprecated and will be removed in future. Use "
        "minitorch.distributed.run, and read LOCAL_RANK from the environment.",
        FutureWarning,
        stacklevel=2,
    )
    parser = get_args_parser()
    parser.add_argument("--use-env", "--use_env", action="store_true", help="no --local-rank")
    options = parser.parse_args(args)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        code = run(options, pass_local_rank=not options.use_env)
    except KeyboardInterrupt:
        code = 130
    sys.exit(code)


if __name__ == "__main__":
    main()
