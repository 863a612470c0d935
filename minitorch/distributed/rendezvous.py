"""Where the processes of a program meet: a store, and for each its rank.

Source: torch.distributed.rendezvous.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from datetime import timedelta
from urllib.parse import parse_qs, urlparse

from minitorch.distributed.store import FileStore, Store, TCPStore

__all__ = ["register_rendezvous_handler", "rendezvous"]

_Handler = Callable[..., Iterator[tuple[Store, int, int]]]
_handlers: dict[str, _Handler] = {}


def register_rendezvous_handler(scheme: str, handler: _Handler) -> None:
    """Let ``handler(url, timeout=...)``, which yields (store, rank, world size), serve a scheme.

    Errors: RuntimeError where the scheme is served already.
    Source: torch.distributed.register_rendezvous_handler.
    """
    if scheme in _handlers:
        raise RuntimeError(f"Rendezvous handler for {scheme}:// already registered")
    _handlers[scheme] = handler


def rendezvous(
    url: str, rank: int = -1, world_size: int = -1, timeout: timedelta = timedelta(minutes=30)
) -> tuple[Store, int, int]:
    """The store that ``url`` names, with this process's rank and the number of processes.

    ``env://`` reads ``RANK``, ``WORLD_SIZE``, ``MASTER_ADDR`` and ``MASTER_PORT`` from the
    environment, ``tcp://host:port`` is a TCPStore on rank 0, ``file:///path`` a FileStore.  Rank
    and size may also stand in the url, as in ``tcp://host:port?rank=0&world_size=2``.

    Errors: ValueError where something is missing, RuntimeError for an unknown scheme.
    """
    parsed = urlparse(url)
    if parsed.scheme in _handlers:
        return next(_handlers[parsed.scheme](url, timeout=timeout))
    scheme = parsed.scheme
    given = {name: values[0] for name, values in parse_qs(parsed.query).items()}
    environment = os.environ if scheme == "env" else {}

    def number(name: str, value: int) -> int:
        if value >= 0:
            return value
        if name in given:
            return int(given[name])
        if scheme == "env":
            return int(_required(name.upper()))
        raise ValueError(
            f"Error initializing torch.distributed using {scheme}:// rendezvous: "
            f"{name.replace('_', ' ')} parameter missing"
        )

    def _required(name: str) -> str:
        value = environment.get(name)
        if value is None:
            raise ValueError(
                "Error initializing torch.distributed using env:// rendezvous: environment "
                f"variable {name} expected, but not set"
            )
        return value

    rank = number("rank", rank)
    world_size = number("world_size", world_size)
    if scheme == "env":
        host, port = _required("MASTER_ADDR"), int(_required("MASTER_PORT"))
        return TCPStore(host, port, world_size, rank == 0, timeout), rank, world_size
    if scheme == "tcp":
        if parsed.port is None:
            raise ValueError(
                "Error initializing torch.distributed using tcp:// rendezvous: port number missing"
            )
        host = parsed.hostname or "localhost"
        return TCPStore(host, parsed.port, world_size, rank == 0, timeout), rank, world_size
    if scheme == "file":
        path = parsed.netloc + parsed.path
        if not path:
            raise ValueError(
                "Error initializing torch.distributed using file:// rendezvous: path missing"
            )
        store = FileStore(path, world_size)
        store.set_timeout(timeout)
        return store, rank, world_size
    raise RuntimeError(f"No rendezvous handler for {scheme}://")
