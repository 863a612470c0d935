"""The safetensors file format: named NumPy arrays in one file, with nothing in it to execute.

A file is eight bytes holding the length ``n`` of the header (unsigned, little-endian), ``n`` bytes
of JSON, then the raw little-endian bytes of all arrays one after another::

    {"weight": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]},
     "__metadata__": {"any text": "any text"}}

``data_offsets`` count from the end of the header.  The arrays cover the rest of the file exactly:
no gap, no overlap, nothing after the last.  Files written here are read by the ``safetensors``
package and the other way round; reading is stricter here (no duplicate names, bools only 0 or 1).

This module knows arrays and bytes.  Nested objects, tensors, sharing and file names are the
business of :mod:`minitorch.serialization`.

Source: the format description of https://github.com/huggingface/safetensors.
"""

from __future__ import annotations

import json
import math
import mmap
from collections.abc import Mapping
from typing import Any, BinaryIO, NamedTuple

import numpy as np

from minitorch.serialization.files import read_into, write_all

__all__ = ["MAX_HEADER_BYTES", "parse_json", "read", "read_mapped", "type_code", "write"]

MAX_HEADER_BYTES = 100_000_000  # the limit of the safetensors package, against hostile lengths
_MAX_NDIM = 64  # NumPy's own
_MAX_HEADER_DEPTH = 3  # header > one array's record > its shape
_METADATA = "__metadata__"

_PLAIN_CODES = {
    "BOOL": "?",
    "U8": "<u1",
    "I8": "<i1",
    "U16": "<u2",
    "I16": "<i2",
    "F16": "<f2",
    "U32": "<u4",
    "I32": "<i4",
    "F32": "<f4",
    "U64": "<u8",
    "I64": "<i8",
    "F64": "<f8",
    "C64": "<c8",
}
# Types that NumPy has only through the ml_dtypes package.
_EXTENDED_CODES = {"BF16": "bfloat16", "F8_E4M3": "float8_e4m3fn", "F8_E5M2": "float8_e5m2"}
_CODES = {np.dtype(text).name: code for code, text in _PLAIN_CODES.items()}
_CODES.update({name: code for code, name in _EXTENDED_CODES.items()})


class _Entry(NamedTuple):
    """One array of a file: bytes ``start`` to ``stop`` after the header."""

    name: str
    dtype: np.dtype
    shape: tuple[int, ...]
    start: int
    stop: int


def type_code(dtype: np.dtype) -> str | None:
    """The format's name for ``dtype`` ("F32" for float32), or None where it has none."""
    return _CODES.get(dtype.name)


def write(
    file: BinaryIO,
    arrays: Mapping[str, np.ndarray],
    metadata: Mapping[str, str] | None = None,
) -> None:
    """Write ``arrays`` and ``metadata`` to the binary ``file``.

    The header lists the arrays in the order given; their bytes follow with the widest types first,
    so that every array starts at a multiple of its item size and a mapped file needs no copies.
    A contiguous array is written from its own memory; others are copied one at a time.

    Raises:
        ValueError: a name is ``__metadata__`` or not valid Unicode, a dtype has no code in the
            format, or the header would exceed 100 MB; nothing is written then.

    Example::

        >>> import io
        >>> import numpy as np
        >>> from minitorch.serialization import safetensors
        >>> file = io.BytesIO()
        >>> safetensors.write(file, {"x": np.arange(3, dtype=np.int16)})
        >>> file.getvalue()[8:64]
        b'{"x":{"dtype":"I16","shape":[3],"data_offsets":[0,6]}}  '
    """
    in_file_order = sorted(arrays, key=lambda name: -arrays[name].dtype.itemsize)
    header = _header(arrays, in_file_order, metadata)
    write_all(file, header)
    for name in in_file_order:
        array = arrays[name]
        if array.size:
            little = array.dtype.newbyteorder("<")
            write_all(file, _bytes_of(np.asarray(array, dtype=little, order="C")))


def read(file: BinaryIO) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """Read ``file`` from its position to its end: the arrays in the header's order, the metadata.

    Every array owns its memory and is filled from the file directly, without a second copy.
    Everything the header claims is checked against the file's size before memory is allocated.

    Raises:
        ValueError: the file is truncated, malformed or inconsistent; the message says how.

    Example::

        >>> import io
        >>> import numpy as np
        >>> from minitorch.serialization import safetensors
        >>> file = io.BytesIO()
        >>> safetensors.write(file, {"x": np.arange(3)}, {"made by": "hand"})
        >>> _ = file.seek(0)
        >>> safetensors.read(file)
        ({'x': array([0, 1, 2])}, {'made by': 'hand'})
    """
    entries, metadata = _read_header(file)
    arrays = {entry.name: np.empty(entry.shape, entry.dtype) for entry in entries}
    for entry in sorted(entries, key=lambda entry: entry.stop):
        array = arrays[entry.name]
        if array.size:
            if not read_into(file, _bytes_of(array)):
                raise ValueError(
                    f"the file is truncated: it ends inside array {_shown(entry.name)}"
                )
        arrays[entry.name] = _checked(array, entry)
    return arrays, metadata


def read_mapped(file: BinaryIO) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """Map ``file`` into memory: as :func:`read`, but pages are read when first touched.

    ``file`` must be a real one (it has a ``fileno``) and may be closed afterwards.  The mapping is
    private: writing to an array changes memory, never the file.

    Raises:
        ValueError: as :func:`read`.
    """
    entries, metadata = _read_header(file)
    data_start = file.tell()
    mapping = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)
    arrays = {}
    for entry in entries:
        count = math.prod(entry.shape)
        if count:
            flat = np.frombuffer(mapping, entry.dtype, count, data_start + entry.start)
        else:
            flat = np.empty(0, entry.dtype)
        array = flat.reshape(entry.shape)
        # Other writers need not align: NumPy's kernels want it, so such an array is copied.
        arrays[entry.name] = _checked(array if array.flags.aligned else array.copy(), entry)
    return arrays, metadata


def parse_json(text: bytes, what: str, max_depth: int) -> Any:
    """Parse JSON from an untrusted source.

    ``what`` names the text in messages.  Stricter than :func:`json.loads`: no duplicate keys, no
    NaN or Infinity, and at most ``max_depth`` levels of brackets.  The depth is counted before
    parsing, so that a hostile text cannot exhaust the C stack of the parser.

    Raises:
        ValueError: the text is malformed or breaks one of these rules.
    """
    if _bracket_depth(text) > max_depth:
        raise ValueError(f"{what} is nested more than {max_depth} levels deep")
    try:
        return json.loads(
            text.decode("utf-8"),
            object_pairs_hook=_object_without_duplicates,
            parse_constant=_reject_constant,
        )
    except RecursionError:
        raise ValueError(f"{what} is nested too deeply for the Python stack left here") from None
    except ValueError as error:
        raise ValueError(f"{what} is not valid JSON: {error}") from None


# Writing


def _header(
    arrays: Mapping[str, np.ndarray],
    in_file_order: list[str],
    metadata: Mapping[str, str] | None,
) -> bytes:
    """The length and the JSON, padded with spaces: the data starts at a multiple of eight."""
    offsets = {}
    position = 0
    for name in in_file_order:
        end = position + arrays[name].nbytes
        offsets[name] = [position, end]
        position = end
    header: dict[str, Any] = {}
    if metadata:
        header[_METADATA] = dict(metadata)
    for name, array in arrays.items():
        code = type_code(array.dtype)
        if name == _METADATA:
            raise ValueError(f"{_METADATA!r} is reserved by the format: an array can't be named so")
        if code is None:
            raise ValueError(f"array {_shown(name)}: the format has no code for {array.dtype}")
        record = {"dtype": code, "shape": list(array.shape), "data_offsets": offsets[name]}
        header[name] = record
    try:
        text = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode("utf-8")
    except UnicodeEncodeError as error:
        raise ValueError(f"a name or metadata text is not valid Unicode: {error}") from None
    text += b" " * (-len(text) % 8)
    if len(text) > MAX_HEADER_BYTES:
        raise ValueError(
            f"the header would take {len(text)} bytes, more than the format's limit of "
            f"{MAX_HEADER_BYTES}: names, or what is not an array, are too much for it"
        )
    return len(text).to_bytes(8, "little") + text


def _bytes_of(array: np.ndarray) -> memoryview:
    """The memory of a contiguous, non-empty array as bytes."""
    # Through uint8: memoryview doesn't know bfloat16.
    return array.reshape(-1).view(np.uint8).data


# Reading


def _read_header(file: BinaryIO) -> tuple[list[_Entry], dict[str, str]]:
    """What the header describes; ``file`` is left where the data starts."""
    start = file.tell()
    size = file.seek(0, 2) - start
    file.seek(start)
    length = _header_length(file.read(8), size)
    return _parse_header(file.read(length), size - 8 - length)


def _header_length(prefix: bytes, size: int) -> int:
    """The first eight bytes as the header's length, checked against the ``size`` of the file."""
    if size == 0:
        raise ValueError("the file is empty")
    if len(prefix) < 8:
        raise ValueError(f"the file is truncated: {size} bytes, but the format starts with 8")
    length = int.from_bytes(prefix, "little")
    if length > MAX_HEADER_BYTES:
        raise ValueError(
            f"not a safetensors file, or a damaged one: it claims a header of {length} bytes, "
            f"more than the format's limit of {MAX_HEADER_BYTES}"
        )
    if length > size - 8:
        raise ValueError(
            f"the file is truncated: it claims a header of {length} bytes, "
            f"but {size - 8} bytes follow"
        )
    return length


def _parse_header(text: bytes, data_bytes: int) -> tuple[list[_Entry], dict[str, str]]:
    """The arrays and the metadata that a header describes, for ``data_bytes`` bytes of data."""
    header = parse_json(text, "the header", _MAX_HEADER_DEPTH)
    if not isinstance(header, dict):
        raise ValueError(f"the header is a JSON {type(header).__name__}, expected an object")
    metadata = header.pop(_METADATA, None)
    if metadata is None:
        metadata = {}
    if not isinstance(metadata, dict) or not all(isinstance(v, str) for v in metadata.values()):
        raise ValueError(f"{_METADATA} must be an object that maps text to text")
    entries = [_parse_entry(name, record) for name, record in header.items()]
    _check_cover(entries, data_bytes)
    return entries, metadata


def _parse_entry(name: str, record: Any) -> _Entry:
    """One record of the header, with its shape, dtype and number of bytes checked to agree."""
    if not isinstance(record, dict) or not {"dtype", "shape", "data_offsets"} <= record.keys():
        raise ValueError(
            f"array {_shown(name)}: expected an object with dtype, shape and data_offsets"
        )
    dtype = _dtype_of(name, record["dtype"])
    shape = record["shape"]
    if not _are_sizes(shape) or len(shape) > _MAX_NDIM:
        raise ValueError(
            f"array {_shown(name)}: shape must be a list of at most {_MAX_NDIM} sizes from 0, "
            f"got {_shown(shape)}"
        )
    offsets = record["data_offsets"]
    if not _are_sizes(offsets) or len(offsets) != 2 or offsets[0] > offsets[1]:
        raise ValueError(
            f"array {_shown(name)}: data_offsets must be [start, stop] with 0 <= start <= stop, "
            f"got {_shown(offsets)}"
        )
    # NumPy counts the bytes of an empty array as if its zero sizes were one.
    if math.prod(size or 1 for size in shape) * dtype.itemsize >= 2**63:
        raise ValueError(f"array {_shown(name)}: a shape of {_shown(shape)} is too large")
    start, stop = offsets
    expected = math.prod(shape) * dtype.itemsize
    if stop - start != expected:
        raise ValueError(
            f"array {_shown(name)}: shape {_shown(shape)} of {record['dtype']} takes {expected} "
            f"bytes, but data_offsets {_shown(offsets)} hold {stop - start}"
        )
    return _Entry(name, dtype, tuple(shape), start, stop)


def _check_cover(entries: list[_Entry], data_bytes: int) -> None:
    """Raise unless the arrays cover the data exactly: this excludes gaps, overlaps and overruns."""
    position = 0
    for entry in sorted(entries, key=lambda entry: (entry.start, entry.stop)):
        if entry.start != position:
            kind = "leaves a gap" if entry.start > position else "overlaps the one before it"
            raise ValueError(
                f"array {_shown(entry.name)} {kind}: it starts at byte {entry.start} of the data, "
                f"expected {position}"
            )
        position = entry.stop
    if position > data_bytes:
        raise ValueError(
            f"the file is truncated: its arrays take {position} bytes, but {data_bytes} follow "
            "the header"
        )
    if position < data_bytes:
        raise ValueError(f"the file has {data_bytes - position} bytes after its last array")


def _dtype_of(name: str, code: Any) -> np.dtype:
    """The NumPy type for a code such as "F32"."""
    if isinstance(code, str) and code in _PLAIN_CODES:
        return np.dtype(_PLAIN_CODES[code])
    if not isinstance(code, str) or code not in _EXTENDED_CODES:
        raise ValueError(f"array {_shown(name)}: unknown dtype {_shown(code)}")
    try:
        import ml_dtypes
    except ImportError:
        raise ValueError(
            f"array {_shown(name)}: dtype {code} needs the ml_dtypes package, which isn't installed"
        ) from None
    return np.dtype(getattr(ml_dtypes, _EXTENDED_CODES[code]))


def _checked(array: np.ndarray, entry: _Entry) -> np.ndarray:
    """``array`` in this machine's byte order; bools other than 0 and 1 are refused."""
    if array.dtype == np.bool_ and array.size and array.view(np.uint8).max() > 1:
        # NumPy computes nonsense with such bools, silently.
        raise ValueError(f"array {_shown(entry.name)}: a BOOL is neither 0 nor 1")
    return array.astype(array.dtype.newbyteorder("="), copy=False)


# Distrust


def _bracket_depth(text: bytes) -> int:
    """How deep the brackets of a JSON text nest, not counting those inside strings."""
    # Without its escapes, a valid text has quotes only around strings: the parts at even positions
    # lie outside.  An invalid text stops the parser where the two views begin to differ.
    parts = text.replace(b"\\\\", b"").replace(b'\\"', b"").split(b'"')
    outside = np.frombuffer(b"".join(parts[::2]), np.uint8)
    step = np.isin(outside, list(b"[{")).astype(np.int64) - np.isin(outside, list(b"]}"))
    return int(step.cumsum().max(initial=0))


def _object_without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    record = dict(pairs)
    if len(record) != len(pairs):
        seen = set()
        for key, _ in pairs:
            if key in seen:
                raise ValueError(f"the key {_shown(key)} appears twice")
            seen.add(key)
    return record


def _reject_constant(text: str) -> None:
    raise ValueError(f"{text} is not a JSON number")


def _are_sizes(value: Any) -> bool:
    """Whether ``value`` is a list of ints from 0 (a bool is no int here)."""
    return isinstance(value, list) and all(type(size) is int and size >= 0 for size in value)


def _shown(value: Any) -> str:
    """``repr(value)``, shortened: a hostile file doesn't fill the screen."""
    try:
        text = repr(value)
    except ValueError:  # an int of more digits than Python agrees to print
        text = "a huge number"
    return text if len(text) <= 80 else text[:77] + "..."
