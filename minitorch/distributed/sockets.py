"""Sockets as stores and meshes use them: exact reads, frames, and forks that inherit nothing."""

from __future__ import annotations

import os
import socket
import struct
import time
import weakref
from collections.abc import Sequence
from datetime import timedelta

from minitorch.distributed.errors import DistNetworkError

__all__ = [
    "connect",
    "listen",
    "milliseconds",
    "prepare",
    "read_exactly",
    "read_frame",
    "seconds",
    "write_frame",
]

#: Every open socket of this package.
_sockets: weakref.WeakSet[socket.socket] = weakref.WeakSet()


def _close_in_fork() -> None:
    # Else the children of a process would keep its connections open when it dies.
    for inherited in list(_sockets):
        inherited.close()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_close_in_fork)


def seconds(timeout: timedelta | float) -> float:
    """A timeout in seconds, from a timedelta or as it is."""
    return timeout.total_seconds() if isinstance(timeout, timedelta) else float(timeout)


def milliseconds(timeout: float) -> int:
    """Seconds as the whole milliseconds that messages tell."""
    return round(timeout * 1000)


def prepare(connection: socket.socket) -> socket.socket:
    """Small messages go out at once, and forks close their copy."""
    if connection.family != getattr(socket, "AF_UNIX", None):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    _sockets.add(connection)
    return connection


def listen(host: str, port: int) -> socket.socket:
    """A listening socket: on ``host`` alone if that is this machine's loopback, else on all.

    Errors: DistNetworkError where the port is taken.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        family, *_, (address, *_) = min(found, key=lambda info: info[0] != socket.AF_INET)
        is_loopback = address == "::1" or str(address).startswith("127.")
        bound = str(address) if is_loopback else ""
        server = socket.create_server((bound, port), family=family, backlog=1024)
    except OSError as error:
        raise DistNetworkError(
            "The server socket has failed to listen on any local network address. "
            f"port: {port}, host: {host}, message: {error.strerror or error}"
        ) from None
    _sockets.add(server)
    return server


def connect(host: str, port: int, timeout: float) -> socket.socket:
    """A connection to a server that may not be there yet.

    Errors: DistNetworkError after ``timeout`` seconds.
    """
    end = time.monotonic() + timeout
    while True:
        try:
            connection = socket.create_connection((host, port), max(end - time.monotonic(), 0.01))
        except OSError as error:
            if time.monotonic() + 0.02 > end:
                raise DistNetworkError(
                    f"The client socket has timed out after {milliseconds(timeout)}ms while trying "
                    f"to connect to ({host}, {port}): {error}"
                ) from None
            time.sleep(0.02)
            continue
        if connection.getsockname() == connection.getpeername():
            # Nobody listened, and the system chose the port itself for our end.
            connection.close()
            continue
        connection.settimeout(None)
        return prepare(connection)


def read_exactly(connection: socket.socket, count: int) -> bytearray:
    """The next ``count`` bytes; EOFError where the connection ends before."""
    data = bytearray(count)
    view = memoryview(data)
    while view:
        received = connection.recv_into(view)
        if not received:
            raise EOFError("connection closed")
        view = view[received:]
    return data


_LENGTH = struct.Struct("<I")


def write_frame(connection: socket.socket, fields: Sequence[bytes]) -> None:
    """Send a list of byte strings."""
    parts = [_LENGTH.pack(len(fields))]
    for field in fields:
        parts += [_LENGTH.pack(len(field)), field]
    connection.sendall(b"".join(parts))


def read_frame(connection: socket.socket) -> list[bytes]:
    """The list of byte strings that the other end sent."""
    (count,) = _LENGTH.unpack(read_exactly(connection, _LENGTH.size))
    fields = []
    for _ in range(count):
        (length,) = _LENGTH.unpack(read_exactly(connection, _LENGTH.size))
        fields.append(bytes(read_exactly(connection, length)))
    return fields
