"""Key-value stores through which the processes of a program find each other.

Keys are strings and values bytes.  All stores have the same requests, which a ``_Table`` answers:
in this process (HashStore), in a server (TCPStore) or in a file (FileStore).
Source: torch.distributed.
"""

from __future__ import annotations

import os
import socket
import threading
import time
import weakref
from collections.abc import Sequence
from datetime import timedelta

from minitorch.distributed.errors import DistNetworkError, DistStoreError
from minitorch.distributed.sockets import (
    connect,
    listen,
    milliseconds,
    prepare,
    read_frame,
    seconds,
    write_frame,
)

__all__ = ["FileStore", "HashStore", "PrefixStore", "Store", "TCPStore"]

_DEFAULT_TIMEOUT = timedelta(seconds=300)


class _Table:
    """A dict of bytes, and the requests on it."""

    def __init__(self, values: dict[bytes, bytes] | None = None) -> None:
        self.values = {} if values is None else values

    def answer(self, request: str, *args: bytes) -> list[bytes]:
        values = self.values
        if request == "set":
            values[args[0]] = args[1]
        elif request == "get":
            return [values[args[0]]]
        elif request == "add":
            values[args[0]] = str(int(values.get(args[0], b"0")) + int(args[1])).encode()
            return [values[args[0]]]
        elif request == "append":
            values[args[0]] = values.get(args[0], b"") + args[1]
        elif request == "compare_set":
            key, expected, desired = args
            # torch: a key that is not there counts as the empty value.
            if values.get(key, b"") == expected:
                values[key] = desired
            return [values.get(key, expected)]
        elif request == "delete":
            return [b"1" if values.pop(args[0], None) is not None else b""]
        elif request == "check":
            return [b"1" if all(key in values for key in args) else b""]
        elif request == "keys":
            return list(values)
        else:
            raise ValueError(f"unknown request {request!r}")
        return []


class Store:
    """The base of the stores.  Source: torch.distributed.Store."""

    def __init__(self, timeout: timedelta = _DEFAULT_TIMEOUT) -> None:
        self._timeout = timeout

    def _request(self, request: str, *args: bytes) -> list[bytes]:
        raise NotImplementedError(f"{type(self).__name__} answers no requests")

    def _wait(self, keys: Sequence[bytes], timeout: float) -> bool:
        """Whether all of ``keys`` appeared within ``timeout`` seconds."""
        end = time.monotonic() + timeout
        while not self._request("check", *keys)[0]:
            if time.monotonic() > end:
                return False
            time.sleep(0.01)
        return True

    @property
    def timeout(self) -> timedelta:
        """How long ``get`` and ``wait`` wait for a key."""
        return self._timeout

    def set_timeout(self, timeout: timedelta) -> None:
        """Set how long ``get`` and ``wait`` wait for a key."""
        self._timeout = timeout

    def set(self, key: str, value: str | bytes) -> None:
        """Put ``value`` under ``key``, in place of what is there."""
        self._request("set", key.encode(), _bytes(value))

    def get(self, key: str) -> bytes:
        """The value under ``key``, waiting for it; DistStoreError where it does not appear."""
        self.wait([key])
        return self._request("get", key.encode())[0]

    def add(self, key: str, amount: int) -> int:
        """Add to the number under ``key``, which starts at 0; returns the sum."""
        return int(self._request("add", key.encode(), str(amount).encode())[0])

    def append(self, key: str, value: str | bytes) -> None:
        """Put ``value`` behind what is under ``key``."""
        self._request("append", key.encode(), _bytes(value))

    def compare_set(self, key: str, expected_value: str, desired_value: str) -> bytes:
        """Set ``key`` if its value is the expected one; returns the value it then has."""
        return self._request(
            "compare_set", key.encode(), _bytes(expected_value), _bytes(desired_value)
        )[0]

    def check(self, keys: Sequence[str]) -> bool:
        """Whether all keys are there."""
        return bool(self._request("check", *(key.encode() for key in keys))[0])

    def wait(self, keys: Sequence[str], timeout: timedelta | None = None) -> None:
        """Wait until all keys are there; DistStoreError after the timeout."""
        limit = seconds(self._timeout if timeout is None else timeout)
        if not self._wait([key.encode() for key in keys], limit):
            raise DistStoreError(
                f"wait timeout after {milliseconds(limit)}ms, keys: "
                + ", ".join(f"/{key}" for key in keys)
            )

    def delete_key(self, key: str) -> bool:
        """Remove ``key``; whether it was there."""
        return bool(self._request("delete", key.encode())[0])

    def num_keys(self) -> int:
        """The number of keys, one that the store uses itself included."""
        return len(self._request("keys"))

    def list_keys(self) -> list[str]:
        """The keys."""
        return [key.decode() for key in self._request("keys")]

    def multi_get(self, keys: Sequence[str]) -> list[bytes]:
        """The values of several keys, waiting for them."""
        self.wait(keys)
        return [self.get(key) for key in keys]

    def multi_set(self, keys: Sequence[str], values: Sequence[str | bytes]) -> None:
        """Set several keys."""
        for key, value in zip(keys, values, strict=True):
            self.set(key, value)

    def has_extended_api(self) -> bool:
        """Whether ``append``, ``multi_get`` and ``multi_set`` are there: always."""
        return True


def _bytes(value: str | bytes) -> bytes:
    return value.encode() if isinstance(value, str) else bytes(value)


class HashStore(Store):
    """A store for the threads of one process.  Source: torch.distributed.HashStore."""

    def __init__(self) -> None:
        super().__init__()
        self._table = _Table()
        self._changed = threading.Condition()

    def _request(self, request: str, *args: bytes) -> list[bytes]:
        with self._changed:
            answer = self._table.answer(request, *args)
            self._changed.notify_all()
            return answer

    def _wait(self, keys: Sequence[bytes], timeout: float) -> bool:
        with self._changed:
            return self._changed.wait_for(
                lambda: all(key in self._table.values for key in keys), timeout
            )


class _Server:
    """Answers the requests of the TCPStores of all processes, a thread for each."""

    def __init__(self, host: str, port: int) -> None:
        self._table = HashStore()
        self._listener = listen(host, port)
        self.port: int = self._listener.getsockname()[1]
        self._connections: weakref.WeakSet[socket.socket] = weakref.WeakSet()
        threading.Thread(target=self._accept, daemon=True, name="store").start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return  # closed
            self._connections.add(prepare(connection))
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection:
            try:
                while True:
                    name, *args = read_frame(connection)
                    if name == b"wait":
                        found = self._table._wait(args[1:], float(args[0]))
                        write_frame(connection, [b"1" if found else b""])
                    else:
                        write_frame(connection, self._table._request(name.decode(), *args))
            except (EOFError, OSError, ValueError, KeyError):
                pass  # the other end is gone, or speaks no store's language

    def close(self) -> None:
        for end in (self._listener, *self._connections):
            _hang_up(end)


def _hang_up(end: socket.socket) -> None:
    """Close a socket that another thread may be waiting on, which then returns."""
    try:
        end.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
    end.close()


class TCPStore(Store):
    """A store in one process, the master, that the others reach over TCP.

    Args:
        host_name: where the master is.  It listens on the loopback alone if that is named.
        port: its port; 0 lets the master choose.
        world_size: how many processes use the store; None if that is open.
        is_master: whether this process is the master.
        timeout: for reaching the master, and for ``get`` and ``wait``.
        wait_for_workers: whether the master waits until ``world_size`` processes have come.
        multi_tenant: if the master's port is taken by a store of this process, use that one.
        master_listen_fd: must be None.
        use_libuv: accepted; there is one kind of server.

    Whoever reaches the port can read and write the keys: use it within a trusted network.

    Errors: DistNetworkError where the master is not reached or cannot listen.
    Source: torch.distributed.TCPStore.
    """

    def __init__(
        self,
        host_name: str,
        port: int,
        world_size: int | None = None,
        is_master: bool = False,
        timeout: timedelta = _DEFAULT_TIMEOUT,
        wait_for_workers: bool = True,
        multi_tenant: bool = False,
        master_listen_fd: int | None = None,
        use_libuv: bool = True,
    ) -> None:
        super().__init__(timeout)
        if master_listen_fd is not None:
            raise NotImplementedError("TCPStore(master_listen_fd=...): pass host_name and port")
        self.host = host_name
        self._server: _Server | None = None
        if is_master:
            shared = _servers.get(port) if multi_tenant else None
            self._server = shared or _Server(host_name, port)
            port = self._server.port
            _servers[port] = self._server
        self.port = port
        self._lock = threading.Lock()
        try:
            self._connection = connect(host_name, port, seconds(timeout))
        except DistNetworkError:
            self.close()
            raise
        self._finalizer = weakref.finalize(self, _close_store, self._server, self._connection)
        if world_size is not None:
            here = self.add("init/", 1)
            if is_master and wait_for_workers:
                self._wait_for_workers(here, world_size)

    def _wait_for_workers(self, here: int, world_size: int) -> None:
        end = time.monotonic() + seconds(self._timeout)
        while here < world_size:
            if time.monotonic() > end:
                limit = milliseconds(seconds(self._timeout))
                raise DistStoreError(
                    f"Timed out after {limit}ms waiting for clients. "
                    f"{here}/{world_size} clients joined."
                )
            time.sleep(0.01)
            here = self.add("init/", 0)

    def _request(self, request: str, *args: bytes) -> list[bytes]:
        try:
            with self._lock:
                write_frame(self._connection, [request.encode(), *args])
                return read_frame(self._connection)
        except (EOFError, OSError) as error:
            raise DistNetworkError(
                f"failed to reach the store at ({self.host}, {self.port}): {error}; the process "
                "that holds it may have ended"
            ) from None

    def _wait(self, keys: Sequence[bytes], timeout: float) -> bool:
        return bool(self._request("wait", repr(timeout).encode(), *keys)[0])

    def close(self) -> None:
        """Leave the store; the master ends it for all."""
        if hasattr(self, "_finalizer"):
            self._finalizer()
        elif self._server is not None:
            self._server.close()

    def __repr__(self) -> str:
        role = "master" if self._server is not None else "client"
        return f"TCPStore({role}, host={self.host}, port={self.port})"


#: The servers of this process by their ports, for ``multi_tenant``.
_servers: weakref.WeakValueDictionary[int, _Server] = weakref.WeakValueDictionary()


def _close_store(server: _Server | None, connection: socket.socket) -> None:
    _hang_up(connection)
    if server is not None:
        server.close()


class FileStore(Store):
    """A store in a file that all processes can lock, on a POSIX system.

    Args:
        file_name: the file; made if it is not there.  An old one must be removed before.
        world_size: how many processes use it: the last of them to leave removes the file.

    Source: torch.distributed.FileStore.
    """

    def __init__(self, file_name: str | os.PathLike[str], world_size: int = -1) -> None:
        super().__init__()
        self.path = os.fspath(file_name)
        # As many have come as will leave; whoever leaves last removes the file.
        self.add("cleanup/", 1)
        self._finalizer = weakref.finalize(self, _leave_file, self.path, world_size)

    def _request(self, request: str, *args: bytes) -> list[bytes]:
        return _file_request(self.path, request, *args)

    def close(self) -> None:
        """Leave the store."""
        self._finalizer()


def _file_request(path: str, request: str, *args: bytes) -> list[bytes]:
    try:
        import fcntl
    except ImportError:
        raise NotImplementedError("FileStore needs a POSIX system; use a TCPStore") from None

    with open(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+b", buffering=0) as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        before = file.read()
        table = _Table(_unpack(before))
        answer = table.answer(request, *args)
        after = _pack(table.values)
        if after != before:
            file.seek(0)
            file.truncate()
            file.write(after)
    return answer


def _leave_file(path: str, world_size: int) -> None:
    if not os.path.exists(path):
        return
    gone = int(_file_request(path, "add", b"left/", b"1")[0])
    come = int(_file_request(path, "add", b"cleanup/", b"0")[0])
    if gone >= (world_size if world_size > 0 else come):
        os.remove(path)


def _pack(values: dict[bytes, bytes]) -> bytes:
    parts = []
    for item in values.items():
        for part in item:
            parts += [len(part).to_bytes(4, "little"), part]
    return b"".join(parts)


def _unpack(data: bytes) -> dict[bytes, bytes]:
    parts, position = [], 0
    while position < len(data):
        length = int.from_bytes(data[position : position + 4], "little")
        parts.append(data[position + 4 : position + 4 + length])
        position += 4 + length
    return dict(zip(parts[::2], parts[1::2], strict=True))


class PrefixStore(Store):
    """Another store seen under a prefix: ``key`` stands there as ``prefix/key``.

    Source: torch.distributed.PrefixStore.
    """

    def __init__(self, prefix: str, store: Store) -> None:
        super().__init__(store.timeout)
        self.prefix = prefix
        self.underlying_store = store

    def _request(self, request: str, *args: bytes) -> list[bytes]:
        start = f"{self.prefix}/".encode()
        if request == "keys":
            keys = self.underlying_store._request("keys")
            return [key.removeprefix(start) for key in keys if key.startswith(start)]
        if request == "check":
            return self.underlying_store._request("check", *(start + key for key in args))
        return self.underlying_store._request(request, start + args[0], *args[1:])

    def _wait(self, keys: Sequence[bytes], timeout: float) -> bool:
        start = f"{self.prefix}/".encode()
        return self.underlying_store._wait([start + key for key in keys], timeout)
