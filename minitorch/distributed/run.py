"""Start a program in several processes that can find each other.

``python -m minitorch.distributed.run --nproc-per-node 4 train.py --epochs 3`` runs ``train.py
--epochs 3`` four times, with ``RANK``, ``LOCAL_RANK``, ``WORLD_SIZE``, ``MASTER_ADDR`` and
``MASTER_PORT`` in the environment, where ``init_process_group`` looks.  On several machines the
command runs on each, with ``--nnodes``, ``--node-rank`` and the first one's ``--master-addr`` and
``--master-port``.  When one process fails, the others are ended.
Source: torch.distributed.run (torchrun).
"""

from __future__ import annotations

import argparse
import os
import signal
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Sequence
from typing import Any

__all__ = ["get_args_parser", "main", "run"]

#: How many seconds processes get to end after SIGTERM.
_GRACE = 10.0


def get_args_parser() -> argparse.ArgumentParser:
    """The options of the command."""
    parser = argparse.ArgumentParser(
        prog="python -m minitorch.distributed.run", description=__doc__.split("\n")[0]
    )
    add = parser.add_argument
    add("--nnodes", default="1", help="the number of machines")
    add("--nproc-per-node", "--nproc_per_node", default="1", help='a number, or "auto" or "cpu"')
    add("--node-rank", "--node_rank", type=int, default=0, help="which machine this is")
    add("--master-addr", "--master_addr", default=None, help="the address of machine 0")
    add("--master-port", "--master_port", type=int, default=None, help="a free port there")
    add("--standalone", action="store_true", help="one machine, and a port that is free")
    add("--rdzv-backend", "--rdzv_backend", default="static", help='"static" or "c10d"')
    add("--rdzv-endpoint", "--rdzv_endpoint", default="", help="host:port of machine 0")
    add("--rdzv-id", "--rdzv_id", default="none", help="a name for the run")
    add("--rdzv-conf", "--rdzv_conf", default="", help="accepted; has no effect")
    add("--max-restarts", "--max_restarts", type=int, default=0, help="new starts after a failure")
    add("--start-method", "--start_method", default="spawn", help="accepted; has no effect")
    add("--role", default="default", help="accepted; has no effect")
    add("-m", "--module", action="store_true", help="the program is a module, as for python -m")
    add("--no-python", "--no_python", action="store_true", help="the program is no Python file")
    add("training_script", help="the program")
    add("training_script_args", nargs=argparse.REMAINDER, help="its arguments")
    return parser


def _number_of_processes(value: str) -> int:
    if value in ("auto", "cpu"):
        return os.cpu_count() or 1
    try:
        return int(value)
    except ValueError:
        raise ValueError(f"Unsupported nproc_per_node value: {value}") from None


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def _master(args: argparse.Namespace) -> tuple[str, int]:
    """Where rank 0 listens."""
    if args.rdzv_endpoint and not args.standalone:
        host, _, port = args.rdzv_endpoint.rpartition(":")
        host, port = (host, int(port)) if host else (args.rdzv_endpoint, 29400)
        return (host, port) if port else (host, _free_port())
    host = args.master_addr or "127.0.0.1"
    if args.standalone:
        return "127.0.0.1", _free_port()
    return host, 29500 if args.master_port is None else args.master_port


def _command(args: argparse.Namespace, local_rank: int, pass_local_rank: bool) -> list[str]:
    start = [] if args.no_python else [sys.executable, "-u"]
    if args.module:
        start.append("-m")
    option = [f"--local-rank={local_rank}"] if pass_local_rank else []
    return [*start, args.training_script, *option, *args.training_script_args]


def _environment(args: argparse.Namespace, local_rank: int, restarts: int) -> dict[str, str]:
    nodes, count = int(args.nnodes), _number_of_processes(args.nproc_per_node)
    rank = args.node_rank * count + local_rank
    host, port = args.master
    values: dict[str, Any] = {
        "LOCAL_RANK": local_rank,
        "RANK": rank,
        "GROUP_RANK": args.node_rank,
        "ROLE_RANK": rank,
        "ROLE_NAME": args.role,
        "LOCAL_WORLD_SIZE": count,
        "WORLD_SIZE": nodes * count,
        "GROUP_WORLD_SIZE": nodes,
        "ROLE_WORLD_SIZE": nodes * count,
        "MASTER_ADDR": host,
        "MASTER_PORT": port,
        "TORCHELASTIC_RESTART_COUNT": restarts,
        "TORCHELASTIC_MAX_RESTARTS": args.max_restarts,
        "TORCHELASTIC_RUN_ID": args.rdzv_id,
    }
    environment = {**os.environ, **{name: str(value) for name, value in values.items()}}
    if count > 1:
        # The processes are the parallelism; each with all processors would be slower.
        environment.setdefault("OMP_NUM_THREADS", "1")
    return environment


def run(args: argparse.Namespace, pass_local_rank: bool = False) -> int:
    """Run the program as the options say; returns 0, or 1 after the last attempt has failed.

    Errors: ValueError for options that make no sense.
    """
    if ":" in args.nnodes:
        raise NotImplementedError(
            f"--nnodes={args.nnodes}: the number of machines cannot change while the program runs"
        )
    if not args.nnodes.isdigit() or int(args.nnodes) < 1:
        raise ValueError(f"--nnodes must be a number of machines, got {args.nnodes}")
    if args.standalone and int(args.nnodes) != 1:
        raise ValueError("--standalone is for one machine")
    if args.no_python and args.module:
        raise ValueError("Don't use both the '--no-python' flag and the '--module' flag")
    count = _number_of_processes(args.nproc_per_node)
    if count < 1:
        raise ValueError(f"--nproc-per-node must be at least 1, got {count}")
    if args.standalone and args.rdzv_id == "none":
        args.rdzv_id = str(uuid.uuid4())
    for restarts in range(args.max_restarts + 1):
        args.master = _master(args)
        processes = []
        try:
            for i in range(count):
                processes.append(
                    subprocess.Popen(
                        _command(args, i, pass_local_rank), env=_environment(args, i, restarts)
                    )
                )
            failed = _watch(processes)
        finally:
            _end(processes)
        if failed is None:
            return 0
        code = processes[failed].returncode
        how = f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
        print(
            f"{args.training_script} FAILED: local rank {failed} (pid {processes[failed].pid}) "
            f"ended with {how}; attempt {restarts + 1} of {args.max_restarts + 1}",
            file=sys.stderr,
        )
    return 1


def _watch(processes: Sequence[subprocess.Popen[bytes]]) -> int | None:
    """Wait until all have ended well, or until one has not: its index."""
    waiting = dict(enumerate(processes))
    while waiting:
        for i, process in list(waiting.items()):
            code = process.poll()
            if code is not None:
                del waiting[i]
                if code != 0:
                    return i
        time.sleep(0.05)
    return None


def _end(processes: Sequence[subprocess.Popen[bytes]]) -> None:
    for process in processes:
        if process.poll() is None:
            process.terminate()
    end = time.monotonic() + _GRACE
    for process in processes:
        try:
            process.wait(max(end - time.monotonic(), 0))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def main(args: Sequence[str] | None = None) -> None:
    """The command: exits with 1 where a process failed."""
    # A terminated launcher takes its processes along.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        code = run(get_args_parser().parse_args(args))
    except KeyboardInterrupt:
        code = 130
    sys.exit(code)


if __name__ == "__main__":
    main()
