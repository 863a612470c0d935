"""The part of the zip format that PyTorch's checkpoints use: records stored whole, uncompressed.

A zip file is records, each after a *local header* with its name, and at the end a *directory* that
lists them all, with their sizes and places.  A checkpoint's records start at multiples of 64 bytes,
padded in the headers, so that tensors can be mapped into memory where they lie.

Python's ``zipfile`` can neither align records nor say where in the file one lies, and it allows
what a checkpoint never has: here two records of one name, records that overlap, compressed ones
(which may unpack to any size) and sizes beyond the end of the file are refused.

Source: PKWARE's APPNOTE.TXT, version 6.3.
"""

from __future__ import annotations

import os
import struct
import threading
import zlib
from collections.abc import Callable
from typing import Any, BinaryIO, NamedTuple

from minitorch.serialization.files import write_all

__all__ = ["Record", "ZipWriter", "read_directory"]

_LOCAL, _CENTRAL, _DESCRIPTOR = b"PK\x03\x04", b"PK\x01\x02", b"PK\x07\x08"
_END, _END64, _LOCATOR64 = b"PK\x05\x06", b"PK\x06\x06", b"PK\x06\x07"

#: What stands in a field of 32 bits whose number follows in 64, in the extra field _ZIP64.
_BEYOND = 0xFFFFFFFF
_ZIP64 = 1
#: The extra field that PyTorch pads with; readers skip those that they do not know.
_PADDING = b"FB"

_MEGABYTE = 1 << 20

_ENCRYPTED = 1
_SIZES_FOLLOW, _UTF8 = 1 << 3, 1 << 11

_LOCAL_LAYOUT = "<4sHHHHHIIIHH"
_CENTRAL_LAYOUT = "<4sHHHHHHIIIHHHHHII"
_END_LAYOUT = "<4sHHHHIIH"
_END64_LAYOUT = "<4sQHHIIQQQQ"
_LOCATOR64_LAYOUT = "<4sIQI"


class Record(NamedTuple):
    """Where in the file the bytes of one record lie."""

    start: int
    size: int


# --- reading --------------------------------------------------------------------------------------


def read_directory(file: BinaryIO) -> dict[str, Record]:
    """The records by name of the zip file that goes from the position of ``file`` to its end.

    Nothing but headers is read.

    Raises:
        ValueError: the file is truncated, damaged or has what a checkpoint has not; the message
            says what.
    """
    begin = file.tell()
    size = file.seek(0, os.SEEK_END) - begin
    directory, entries, count = _find_directory(file, begin, size)
    records: dict[str, Record] = {}
    spans = []
    position = 0
    for _ in range(count):
        name, header, length, position = _entry(entries, position)
        if name in records:
            raise ValueError(f"the zip file has two records named {name!r:.80}")
        start = _data_start(file, begin, directory, header, name)
        if start + length > directory:
            raise ValueError(f"the zip file is damaged: record {name!r:.80} reaches beyond its end")
        records[name] = Record(begin + start, length)
        spans.append((header, start + length, name))
    if position != len(entries):
        raise ValueError("the zip file's directory has another length than it says")
    end = 0
    for header, stop, name in sorted(spans):
        if header < end:
            raise ValueError(f"the zip file's record {name!r:.80} overlaps another")
        end = stop
    return records


def _find_directory(file: BinaryIO, begin: int, size: int) -> tuple[int, bytes, int]:
    """Where the directory starts, its bytes, and how many records it lists."""
    tail_size = min(size, struct.calcsize(_END_LAYOUT) + 0xFFFF)
    file.seek(begin + size - tail_size)
    tail = file.read(tail_size)
    at = tail.rfind(_END)
    if at < 0 or len(tail) - at < struct.calcsize(_END_LAYOUT):
        raise ValueError(
            "the zip file is truncated or damaged: the directory at its end isn't there"
        )
    fields = struct.unpack_from(_END_LAYOUT, tail, at)
    _, disk, other_disk, _, count, length, directory, comment = fields
    if disk or other_disk or at + struct.calcsize(_END_LAYOUT) + comment != len(tail):
        raise ValueError("the zip file's end is damaged")
    end = size - tail_size + at
    locator = end - struct.calcsize(_LOCATOR64_LAYOUT)
    if _BEYOND in (length, directory) or count == 0xFFFF:
        end, count, length, directory = _end64(file, begin, locator)
    if directory + length > end:
        raise ValueError("the zip file is truncated or damaged: its directory lies beyond its end")
    if count * struct.calcsize(_CENTRAL_LAYOUT) > length:
        raise ValueError(f"the zip file claims {count} records, more than its directory holds")
    file.seek(begin + directory)
    entries = file.read(length)
    if len(entries) != length:
        raise ValueError("the zip file is truncated")
    return directory, entries, count


def _end64(file: BinaryIO, begin: int, locator: int) -> tuple[int, int, int, int]:
    """The end record of a zip file of more than 4 GB: its place, and what it says."""
    if locator < 0:
        raise ValueError("the zip file's end is damaged")
    file.seek(begin + locator)
    magic, _, end, _ = _unpack(_LOCATOR64_LAYOUT, file)
    if magic != _LOCATOR64 or end >= locator:
        raise ValueError("the zip file's end is damaged")
    file.seek(begin + end)
    magic, _, _, _, disk, other_disk, _, count, length, directory = _unpack(_END64_LAYOUT, file)
    if magic != _END64 or disk or other_disk:
        raise ValueError("the zip file's end is damaged")
    return end, count, length, directory


def _entry(entries: bytes, position: int) -> tuple[str, int, int, int]:
    """One entry of the directory: name, place of the header, size, place of the next entry."""
    start = position + struct.calcsize(_CENTRAL_LAYOUT)
    if start > len(entries):
        raise ValueError("the zip file's directory is truncated")
    fields = struct.unpack_from(_CENTRAL_LAYOUT, entries, position)
    magic, _, _, flags, method, _, _, _, packed, size = fields[:10]
    name_length, extra_length, comment_length, _, _, _, header = fields[10:]
    end = start + name_length + extra_length + comment_length
    if magic != _CENTRAL or end > len(entries):
        raise ValueError("the zip file's directory is damaged")
    name = entries[start : start + name_length].decode("utf-8")
    if method or flags & _ENCRYPTED:
        kind = "encrypted" if flags & _ENCRYPTED else "compressed"
        raise ValueError(f"the zip file's record {name!r:.80} is {kind}; a checkpoint's are not")
    if _BEYOND in (packed, size, header):
        extra = entries[start + name_length : start + name_length + extra_length]
        size, packed, header = _large(extra, size, packed, header)
    if packed != size:
        raise ValueError(f"the zip file's record {name!r:.80} has two sizes")
    return name, header, size, end


def _large(extra: bytes, *numbers: int) -> list[int]:
    """``numbers``, with those that are too large for 32 bits taken from the extra field."""
    position = 0
    while position + 4 <= len(extra):
        kind, length = struct.unpack_from("<HH", extra, position)
        field = extra[position + 4 : position + 4 + length]
        position += 4 + length
        if kind == _ZIP64:
            wide = [n for (n,) in struct.iter_unpack("<Q", field[: len(field) // 8 * 8])]
            if numbers.count(_BEYOND) <= len(wide):
                return [wide.pop(0) if n == _BEYOND else n for n in numbers]
    raise ValueError("the zip file's directory is damaged")


def _data_start(file: BinaryIO, begin: int, directory: int, header: int, name: str) -> int:
    """Where the data of the record starts whose local header stands at ``header``."""
    if header + struct.calcsize(_LOCAL_LAYOUT) > directory:
        raise ValueError(f"the zip file is damaged: record {name!r:.80} lies beyond its end")
    file.seek(begin + header)
    fields = _unpack(_LOCAL_LAYOUT, file)
    name_length, extra_length = fields[-2:]
    if fields[0] != _LOCAL or file.read(name_length) != name.encode():
        raise ValueError(f"the zip file is damaged: no record {name!r:.80} where one should be")
    return header + struct.calcsize(_LOCAL_LAYOUT) + name_length + extra_length


def _unpack(layout: str, file: BinaryIO) -> tuple[Any, ...]:
    data = file.read(struct.calcsize(layout))
    if len(data) != struct.calcsize(layout):
        raise ValueError("the zip file is truncated")
    return struct.unpack(layout, data)


# --- writing --------------------------------------------------------------------------------------


class ZipWriter:
    """Writes records to a binary file one after another, never going back.

    Example::

        >>> import io, zipfile
        >>> from minitorch.serialization.zip_file import ZipWriter
        >>> file = io.BytesIO()
        >>> writer = ZipWriter(file)
        >>> writer.add("greeting", b"hello")
        >>> writer.close()
        >>> zipfile.ZipFile(file).read("greeting")
        b'hello'
    """

    def __init__(self, file: BinaryIO, alignment: int = 64, checksums: bool = True) -> None:
        self._file = file
        self._alignment = alignment
        self._checksums = checksums
        self._position = 0
        self._directory: list[bytes] = []
        #: The checksum of every record so far.
        self.checksums: list[int] = []

    def add(self, name: str, data: bytes | memoryview) -> None:
        """Write one record, aligned."""
        header, size = self._position, len(data)
        checksum = _checksum(data) if self._checksums else lambda: 0
        name_bytes = name.encode()
        large = size >= _BEYOND or header >= _BEYOND
        # torch: a record with nothing in it has its (zero) sizes in its header.
        flags = _UTF8 | (_SIZES_FOLLOW if size else 0)
        extra = struct.pack("<HHQQ", _ZIP64, 16, 0, 0) if large else b""
        start = header + struct.calcsize(_LOCAL_LAYOUT) + len(name_bytes) + len(extra) + 4
        gap = -start % self._alignment
        extra += _PADDING + struct.pack("<H", gap) + b"Z" * gap
        local_size = _BEYOND if large else 0
        lengths = (len(name_bytes), len(extra))
        self._write(
            struct.pack(
                _LOCAL_LAYOUT, _LOCAL, 0, flags, 0, 0, 0, 0, local_size, local_size, *lengths
            )
            + name_bytes
            + extra
        )
        self._write(data)
        crc = checksum()
        if size:
            self._write(struct.pack("<4sIQQ" if large else "<4sIII", _DESCRIPTOR, crc, size, size))
        extra = struct.pack("<HHQQQ", _ZIP64, 24, size, size, header) if large else b""
        shown = (_BEYOND, _BEYOND) if large else (size, size)
        lengths = (len(name_bytes), len(extra))
        place = _BEYOND if large else header
        self._directory.append(
            struct.pack(
                *(_CENTRAL_LAYOUT, _CENTRAL, 0, 0, flags, 0, 0, 0, crc),
                *(*shown, *lengths, 0, 0, 0, 0, place),
            )
            + name_bytes
            + extra
        )
        self.checksums.append(crc)

    def close(self) -> None:
        """Write the directory; the file itself stays open."""
        start = self._position
        for entry in self._directory:
            self._write(entry)
        length, count = self._position - start, len(self._directory)
        end = self._position
        # torch: the end of large files is written to small ones, too.
        places = (count, count, length, start)
        self._write(struct.pack(_END64_LAYOUT, _END64, 44, 0x031E, 45, 0, 0, *places))
        self._write(struct.pack(_LOCATOR64_LAYOUT, _LOCATOR64, 0, end, 1))
        count, length, start = min(count, 0xFFFF), min(length, _BEYOND), min(start, _BEYOND)
        self._write(struct.pack(_END_LAYOUT, _END, 0, 0, count, count, length, start, 0))

    def _write(self, data: bytes | memoryview) -> None:
        write_all(self._file, data)
        self._position += len(data)


def _checksum(data: bytes | memoryview) -> Callable[[], int]:
    """Begin to compute a checksum; the function returned waits for it.

    It takes as long as writing does: for a large record both go on at once.
    """
    if len(data) < _MEGABYTE:
        checksum = zlib.crc32(data)
        return lambda: checksum
    found: list[int] = []
    worker = threading.Thread(target=lambda: found.append(zlib.crc32(data)))
    worker.start()

    def wait() -> int:
        worker.join()
        return found[0]

    return wait
