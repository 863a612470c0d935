"""A connection between every two processes of a group, and messages that wait until asked for.

A thread for each peer reads what comes as soon as it comes.  So sending never waits for the other
side to ask, no order of calls can block, and the end of a process is known at once.
"""

from __future__ import annotations

import secrets
import socket
import struct
import sys
import threading
import time
from collections import defaultdict, deque
from datetime import timedelta
from typing import Any

from minitorch.distributed.errors import DistBackendError, DistNetworkError
from minitorch.distributed.sockets import (
    connect,
    milliseconds,
    prepare,
    read_exactly,
)
from minitorch.distributed.store import Store, TCPStore

__all__ = ["Mesh", "POINT_TO_POINT"]

#: The channel of ``send`` and ``recv``; others are the operations of the whole group.
POINT_TO_POINT = 0

_HEADER = struct.Struct("<BqQ")  # channel, tag, number of bytes
_TOKEN_SIZE = 16
#: Up to how many bytes a message is sent in one piece with its header.
_SMALL = 1 << 16


class Mesh:
    """This process's connections to the others of a group.

    Args:
        store: where the processes find each other's addresses.
        rank: which of the processes this is.
        size: how many there are.
        timeout: how many seconds to wait for them.

    Errors: DistStoreError or DistNetworkError where one does not come in time.
    """

    def __init__(self, store: Store, rank: int, size: int, timeout: float) -> None:
        self.rank = rank
        self.size = size
        self._changed = threading.Condition()
        #: What has arrived, by sender, channel and tag.
        self._mail: defaultdict[tuple[int, int, int], deque[bytearray]] = defaultdict(deque)
        self._gone: set[int] = set()
        self._sockets: dict[int, socket.socket] = {}
        self._locks = [threading.Lock() for _ in range(size)]
        try:
            self._connect_all(store, timeout)
        except BaseException:
            self.close()
            raise
        for peer, connection in self._sockets.items():
            if sys.platform != "win32":
                # A process that is stopped, not gone, must not block those who send to it for ever.
                limit = struct.pack("ll", max(int(timeout), 1), 0)
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, limit)
            threading.Thread(
                target=self._read, args=(peer, connection), daemon=True, name=f"rank {peer}"
            ).start()

    def _connect_all(self, store: Store, timeout: float) -> None:
        """Connect to the ranks below, and be connected to by those above."""
        if self.size == 1:
            return
        end = time.monotonic() + timeout
        address = _own_address(store)
        # Strangers on the same machine may knock; the group's own processes know the word.
        if self.rank == 0:
            store.set("token", secrets.token_bytes(_TOKEN_SIZE))
        token = _get(store, "token", end)
        with socket.create_server((address, 0), backlog=self.size) as server:
            store.set(f"address/{self.rank}", f"{address} {server.getsockname()[1]}")
            for peer in range(self.rank):
                host, port = _get(store, f"address/{peer}", end).decode().split()
                connection = connect(host, int(port), max(end - time.monotonic(), 0.01))
                connection.sendall(token + self.rank.to_bytes(4, "little"))
                self._sockets[peer] = connection
            while len(self._sockets) < self.size - 1:
                server.settimeout(max(end - time.monotonic(), 0.01))
                try:
                    connection, _ = server.accept()
                except TimeoutError:
                    missing = set(range(self.size)) - {self.rank, *self._sockets}
                    raise DistNetworkError(
                        f"Connection timed out after {milliseconds(timeout)}ms: no connection from "
                        f"rank {', '.join(map(str, sorted(missing)))}"
                    ) from None
                self._welcome(prepare(connection), token)

    def _welcome(self, connection: socket.socket, token: bytes) -> None:
        connection.settimeout(5)
        try:
            hello = read_exactly(connection, _TOKEN_SIZE + 4)
        except (EOFError, OSError):
            hello = bytearray()
        peer = int.from_bytes(hello[_TOKEN_SIZE:], "little")
        known = self.rank < peer < self.size and peer not in self._sockets
        if not secrets.compare_digest(bytes(hello[:_TOKEN_SIZE]), token) or not known:
            connection.close()
            return
        connection.settimeout(None)
        self._sockets[peer] = connection

    def _read(self, peer: int, connection: socket.socket) -> None:
        try:
            while True:
                header = read_exactly(connection, _HEADER.size)
                channel, tag, count = _HEADER.unpack(header)
                data = read_exactly(connection, count)
                with self._changed:
                    self._mail[peer, channel, tag].append(data)
                    self._changed.notify_all()
        except (EOFError, OSError):
            pass
        finally:
            connection.close()
            with self._changed:
                self._gone.add(peer)
                self._changed.notify_all()

    def send(self, peer: int, channel: int, tag: int, data: Any) -> None:
        """Send bytes to ``peer``; DistBackendError where it is gone."""
        view = memoryview(data).cast("B")
        header = _HEADER.pack(channel, tag, view.nbytes)
        try:
            with self._locks[peer]:
                connection = self._sockets[peer]
                if view.nbytes <= _SMALL:
                    connection.sendall(header + view)
                else:
                    connection.sendall(header)
                    connection.sendall(view)
        except OSError as error:
            raise self._closed(peer, str(error)) from None

    def receive(
        self, peer: int | None, channel: int, tag: int, timeout: float
    ) -> tuple[int, bytearray]:
        """The oldest message of ``peer`` (of anybody for None) on a channel and tag, with its rank.

        Errors: DistBackendError where the peer is gone, RuntimeError after ``timeout`` seconds.
        """
        peers = list(self._sockets) if peer is None else [peer]
        end = time.monotonic() + timeout
        with self._changed:
            while True:
                for sender in peers:
                    box = self._mail.get((sender, channel, tag))
                    if box:
                        data = box.popleft()
                        if not box:
                            del self._mail[sender, channel, tag]
                        return sender, data
                if self._gone.issuperset(peers):
                    raise self._closed(peer, "it has ended, or left the group")
                remaining = end - time.monotonic()
                if remaining <= 0 or not self._changed.wait(remaining):
                    whom = "any rank" if peer is None else f"rank {peer}"
                    raise RuntimeError(
                        f"Timed out waiting {milliseconds(timeout)}ms for recv operation to "
                        f"complete: rank {self.rank} waits for {whom}"
                    )

    def has_mail(self, peer: int | None, channel: int, tag: int) -> bool:
        """Whether ``receive`` would return at once."""
        peers = list(self._sockets) if peer is None else [peer]
        with self._changed:
            return any(self._mail.get((sender, channel, tag)) for sender in peers)

    def _closed(self, peer: int | None, reason: str) -> DistBackendError:
        whom = "all other ranks" if peer is None else f"rank {peer}"
        return DistBackendError(f"Connection closed by peer: {whom} ({reason})")

    def close(self) -> None:
        """Say good-bye: what was sent still arrives, and the peers see that this process left."""
        for connection in self._sockets.values():
            try:
                connection.shutdown(socket.SHUT_WR)
            except OSError:
                pass


def _get(store: Store, key: str, end: float) -> bytes:
    store.wait([key], timedelta(seconds=max(end - time.monotonic(), 0.01)))
    return store.get(key)


def _own_address(store: Store) -> str:
    """An address of this machine that the other processes reach."""
    while hasattr(store, "underlying_store"):
        store = store.underlying_store
    if isinstance(store, TCPStore):
        # Where this process reaches the store from, the others reach it as well.
        return store._connection.getsockname()[0]
    return "127.0.0.1"  # a file or a table in memory is shared on one machine
