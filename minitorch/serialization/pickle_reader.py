"""Reads pickles as data: an interpreter of their opcodes that imports and calls nothing by name.

A pickle is a program for a stack machine.  Most of its instructions make plain values; three of
them (GLOBAL, REDUCE, BUILD) let a file import any module and call anything in it.  Here a name in a
file is looked up in a table that the caller gives, and nowhere else.  Each row of the table is a
:class:`Known`: the value the name stands for, and functions *of ours* that do what calling it, or
giving its instances a state, would have done.  What has no row is refused.

:mod:`minitorch.serialization` reads PyTorch's checkpoints with it, and anyone may read other
people's pickles: ``read_pickle(file, table)``, with the rows that suffice for them.  The tables
``BUILTINS`` and ``NUMPY`` of :mod:`minitorch.serialization.pickle_names` are ready to use; the
pickled dicts of arrays of a CIFAR batch, written by Python 2, take both::

    read_pickle(file, {**BUILTINS, **NUMPY}, encoding="bytes")

What a file claims is checked against its length before memory is allocated, and what it builds is
never much larger than itself: copies are counted (``PickleReader.spend``).
"""

from __future__ import annotations

import io
import os
import reprlib
import struct
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Callable, Mapping
from types import WrapperDescriptorType
from typing import Any, BinaryIO, NamedTuple

__all__ = ["Known", "PickleReader", "UnknownName", "brief", "checked_key", "fill", "read_pickle"]

#: How many values a key of a dict or an item of a set may consist of: hashing walks them all, and
#: walks again what a tuple holds twice.
_MAX_KEY_PARTS = 1000
#: How long the name of a module or class may be.
_MAX_NAME = 1000


#: How often its own length a pickle may copy: bytes are copied as text, as bytes, into an array.
_COPIES = 4


class Known(NamedTuple):
    """What a name in a pickle stands for, and what a pickle may do with it.

    The functions get values out of the file and trust nothing about them.  They raise ValueError
    or TypeError for what they cannot take.
    """

    #: The value that the name itself is.
    value: Any
    #: ``call(reader, *args)``: what stands for calling the value.
    call: Callable[..., Any] | None = None
    #: ``new(reader, *args)``: what stands for ``value.__new__(value, *args)``.
    new: Callable[..., Any] | None = None
    #: ``build(reader, obj, state)``: gives a state to an object of the type ``kind``.
    build: Callable[..., Any] | None = None
    #: The type that ``build`` is for; by default ``value`` is one.
    kind: type | None = None


class UnknownName(ValueError):
    """A pickle names something that the table does not have."""

    def __init__(self, name: str, why: str = "which is not among what it may name") -> None:
        super().__init__(f"the pickle names {name}, {why}")
        self.name = name


def read_pickle(
    file: bytes | BinaryIO,
    table: Mapping[str, Known] | Callable[[str], Known],
    *,
    encoding: str = "utf-8",
) -> Any:
    """Read the pickle at the position of ``file``, which is left at its end.

    Args:
        file: a binary file that can seek, or bytes.
        table: maps the dotted names that the pickle may use to what they stand for; or a function
            that does, and raises :class:`UnknownName`.
        encoding: of the text that Python 2 wrote as ``str``; ``"bytes"`` keeps it as bytes.

    Raises:
        UnknownName: the pickle names something else.
        ValueError: it is truncated, damaged or hostile; the message says how.

    Example::

        >>> from minitorch.serialization.pickle_names import BUILTINS
        >>> from minitorch.serialization.pickle_reader import read_pickle
        >>> read_pickle(b"\\x80\\x02}U\\x05epochK\\x03s.", BUILTINS)
        {'epoch': 3}
        >>> bad = b"\\x80\\x02cos\\nsystem\\nU\\x04true\\x85R."
        >>> read_pickle(bad, BUILTINS)  # doctest: +ELLIPSIS
        Traceback (most recent call last):
        ...
        minitorch.serialization.pickle_reader.UnknownName: the pickle names os.system, which ...
    """
    return PickleReader(file, table, encoding=encoding).read()


class PickleReader:
    """The machine for one pickle: its stack, its memo, and the names it met.

    Args:
        persistent_load: what stands for an object that the file keeps outside the pickle, given its
            id; a pickle with such objects is refused without it.
        limit: how many bytes the pickle may have; by default all that the file has.
    """

    def __init__(
        self,
        file: bytes | BinaryIO,
        table: Mapping[str, Known] | Callable[[str], Known],
        *,
        persistent_load: Callable[[Any], Any] | None = None,
        encoding: str = "utf-8",
        limit: int | None = None,
    ) -> None:
        if isinstance(file, bytes):
            file = io.BytesIO(file)
        if limit is None:
            start = file.tell()
            limit = file.seek(0, os.SEEK_END) - start
            file.seek(start)
        self._file = file
        self._left = limit
        self._budget = _COPIES * limit
        self._table = table
        self.persistent_load = persistent_load
        self._encoding = encoding
        self._stack: list[Any] = []
        #: The stacks below the marks that are set.
        self._below: list[list[Any]] = []
        self._memo: dict[int, Any] = {}
        #: id of a value -> its row (which keeps it alive), for the values that this pickle named
        self._named: dict[int, Known] = {}
        #: type -> what gives a state to its objects, for the types that this pickle named
        self._builders: dict[type, Callable[..., Any]] = {}

    def read(self) -> Any:
        """The object that the pickle describes."""
        if self.take(1) != b"\x80":
            raise ValueError("it is no pickle of protocol 2 or later")
        self._protocol()
        while True:
            code = self.take(1)
            if code == b".":
                if len(self._stack) != 1 or self._below:
                    raise ValueError("the pickle ends with a stack of other than one object")
                return self._stack.pop()
            step = _STEPS.get(code)
            if step is None:
                raise ValueError(f"the pickle has an unknown or forbidden opcode {code!r}")
            step(self)

    # --- what the rows of a table may use ---------------------------------------------------------

    def spend(self, count: int) -> None:
        """Account for copying ``count`` items or bytes: in all a few times the pickle's length.

        An object made once and copied many times would let a small file fill the memory.
        """
        self._budget -= count
        if self._budget < 0:
            raise ValueError("the pickle copies more than it holds")

    def named(self, name: str) -> Any:
        """The value that the table has for a full name."""
        if callable(self._table):
            known = self._table(name)
        elif name in self._table:
            known = self._table[name]
        else:
            raise UnknownName(name)
        self._named[id(known.value)] = known
        if known.build is not None:
            self._builders[known.kind or known.value] = known.build
        return known.value

    def known(self, value: Any) -> Known:
        """The row of a value that the pickle named."""
        known = self._named.get(id(value))
        if known is None:
            raise ValueError(f"the pickle calls {brief(value)}, which it may not")
        return known

    # --- bytes ------------------------------------------------------------------------------------

    def take(self, count: int) -> bytes:
        """The next ``count`` bytes."""
        if count > self._left:
            raise ValueError(
                f"the pickle is truncated: it claims {count} bytes where {self._left} are left"
            )
        data = self._file.read(count)
        while len(data) < count:  # a raw file may give fewer
            more = self._file.read(count - len(data))
            if not more:
                raise ValueError("the pickle is truncated")
            data += more
        self._left -= count
        return data

    def _number(self, layout: str) -> Any:
        return struct.unpack(layout, self.take(struct.calcsize(layout)))[0]

    def _line(self) -> str:
        line = self._file.readline(min(self._left, _MAX_NAME) + 1)
        self._left -= len(line)
        if not line.endswith(b"\n") or self._left < 0:
            raise ValueError("the pickle has a name that is too long or truncated")
        return line[:-1].decode("utf-8")

    # --- the stack --------------------------------------------------------------------------------

    def _push(self, value: Any) -> None:
        self._stack.append(value)

    def _pop(self) -> Any:
        if not self._stack:
            raise ValueError("the pickle takes from an empty stack")
        return self._stack.pop()

    def _top(self) -> Any:
        if not self._stack:
            raise ValueError("the pickle takes from an empty stack")
        return self._stack[-1]

    def _set_mark(self) -> None:
        self._below.append(self._stack)
        self._stack = []

    def _pop_to_mark(self) -> list[Any]:
        if not self._below:
            raise ValueError("the pickle takes from its stack up to a mark that isn't there")
        items = self._stack
        self._stack = self._below.pop()
        return items

    def _remember(self, index: int) -> None:
        self._memo[index] = self._top()

    def _recall(self, index: int) -> None:
        if index not in self._memo:
            raise ValueError(f"the pickle refers to an object {index} that isn't there")
        self._push(self._memo[index])

    # --- plain values -----------------------------------------------------------------------------

    def _protocol(self) -> None:
        version = self.take(1)[0]
        if not 2 <= version <= 5:
            raise ValueError(f"the pickle has protocol {version}, expected 2 to 5")

    def _frame(self) -> None:
        if self._number("<Q") > self._left:
            raise ValueError("the pickle is truncated")

    def _long(self, length: int) -> None:
        if length < 0:
            raise ValueError("the pickle has a number of negative length")
        self._push(int.from_bytes(self.take(length), "little", signed=True))

    def _text(self, length: int) -> None:
        self._push(str(self.take(length), "utf-8", "surrogatepass"))

    def _old_text(self, length: int) -> None:
        if length < 0:
            raise ValueError("the pickle has a text of negative length")
        data = self.take(length)
        self._push(data if self._encoding == "bytes" else data.decode(self._encoding))

    # --- containers -------------------------------------------------------------------------------

    def _tuple(self, count: int) -> None:
        if len(self._stack) < count:
            raise ValueError("the pickle takes from an empty stack")
        items = tuple(self._stack[-count:])
        self._stack[-count:] = [items]

    def _append(self, items: list[Any]) -> None:
        target = self._top()
        if type(target) not in (list, deque):
            raise ValueError(f"the pickle appends to {brief(target)}")
        target.extend(items)

    def _append_one(self) -> None:
        item = self._pop()
        self._append([item])

    def _set_items(self, items: list[Any]) -> None:
        fill(self._top(), items)

    def _set_item(self) -> None:
        value, key = self._pop(), self._pop()
        self._set_items([key, value])

    def _make_dict(self) -> None:
        items = self._pop_to_mark()
        self._push({})
        self._set_items(items)

    def _add_items(self) -> None:
        items = self._pop_to_mark()
        target = self._top()
        if type(target) is not set:
            raise ValueError(f"the pickle adds an item to {brief(target)}")
        for item in items:
            target.add(checked_key(item))

    # --- names, and what is done with them --------------------------------------------------------

    def _name(self, module: Any, name: Any) -> None:
        if type(module) is not str or type(name) is not str:
            raise ValueError("the pickle has a name that is no text")
        full = f"{_RENAMED.get(module, module)}.{name}"
        full = _RENAMED.get(full, full)
        self._push(self.named(full))

    def _global(self) -> None:
        module = self._line()
        self._name(module, self._line())

    def _stack_global(self) -> None:
        name, module = self._pop(), self._pop()
        self._name(module, name)

    def _apply(self, value: Any, args: Any, way: str) -> None:
        known = self.known(value)
        function = getattr(known, way)
        if function is None or type(args) is not tuple:
            raise ValueError(f"the pickle calls {brief(value)}, which it may not")
        try:
            self._push(function(self, *args))
        except (TypeError, OverflowError) as error:
            raise ValueError(f"the pickle gives {brief(value)} wrong arguments: {error}") from None

    def _reduce(self) -> None:
        args, value = self._pop(), self._pop()
        self._apply(value, args, "call")

    def _new_object(self) -> None:
        args, value = self._pop(), self._pop()
        self._apply(value, args, "new")

    def _new_object_ex(self) -> None:
        kwargs, args, value = self._pop(), self._pop(), self._pop()
        if kwargs != {}:
            raise ValueError(f"the pickle gives keywords to {brief(value)}")
        self._apply(value, args, "new")

    def _build(self) -> None:
        state, target = self._pop(), self._top()
        builders = map(self._builders.get, type(target).__mro__)
        build = next((build for build in builders if build is not None), None)
        if build is None:
            raise ValueError(f"the pickle gives a state to {brief(target)}, which has none")
        try:
            build(self, target, state)
        except (TypeError, OverflowError) as error:
            raise ValueError(f"the pickle has a malformed state: {error}") from None

    def _persistent(self) -> None:
        key = self._pop()
        if self.persistent_load is None:
            raise ValueError("the pickle refers to objects outside of it")
        self._push(self.persistent_load(key))


#: Opcode -> what it does.  Not here, hence refused: INST, OBJ and EXT, other ways to name things;
#: buffers outside the pickle; the text forms of protocols 0 and 1.
_STEPS: dict[bytes, Callable[[PickleReader], Any]] = {
    b"\x80": PickleReader._protocol,
    b"\x95": PickleReader._frame,
    b"(": PickleReader._set_mark,
    b"0": lambda reader: reader._pop() if reader._stack else reader._pop_to_mark(),
    b"1": lambda reader: reader._pop_to_mark(),
    b"2": lambda reader: reader._push(reader._top()),
    # plain values
    b"N": lambda reader: reader._push(None),
    b"\x88": lambda reader: reader._push(True),
    b"\x89": lambda reader: reader._push(False),
    b"J": lambda reader: reader._push(reader._number("<i")),
    b"K": lambda reader: reader._push(reader._number("<B")),
    b"M": lambda reader: reader._push(reader._number("<H")),
    b"\x8a": lambda reader: reader._long(reader._number("<B")),
    b"\x8b": lambda reader: reader._long(reader._number("<i")),
    b"G": lambda reader: reader._push(reader._number(">d")),
    b"X": lambda reader: reader._text(reader._number("<I")),
    b"\x8c": lambda reader: reader._text(reader._number("<B")),
    b"\x8d": lambda reader: reader._text(reader._number("<Q")),
    b"T": lambda reader: reader._old_text(reader._number("<i")),
    b"U": lambda reader: reader._old_text(reader._number("<B")),
    b"B": lambda reader: reader._push(reader.take(reader._number("<I"))),
    b"C": lambda reader: reader._push(reader.take(reader._number("<B"))),
    b"\x8e": lambda reader: reader._push(reader.take(reader._number("<Q"))),
    b"\x96": lambda reader: reader._push(bytearray(reader.take(reader._number("<Q")))),
    # containers
    b"]": lambda reader: reader._push([]),
    b"}": lambda reader: reader._push({}),
    b")": lambda reader: reader._push(()),
    b"\x8f": lambda reader: reader._push(set()),
    b"\x85": lambda reader: reader._tuple(1),
    b"\x86": lambda reader: reader._tuple(2),
    b"\x87": lambda reader: reader._tuple(3),
    b"t": lambda reader: reader._push(tuple(reader._pop_to_mark())),
    b"l": lambda reader: reader._push(reader._pop_to_mark()),
    b"d": PickleReader._make_dict,
    b"\x91": lambda reader: reader._push(frozenset(map(checked_key, reader._pop_to_mark()))),
    b"a": PickleReader._append_one,
    b"e": lambda reader: reader._append(reader._pop_to_mark()),
    b"s": PickleReader._set_item,
    b"u": lambda reader: reader._set_items(reader._pop_to_mark()),
    b"\x90": PickleReader._add_items,
    # the memo
    b"q": lambda reader: reader._remember(reader._number("<B")),
    b"r": lambda reader: reader._remember(reader._number("<I")),
    b"\x94": lambda reader: reader._remember(len(reader._memo)),
    b"h": lambda reader: reader._recall(reader._number("<B")),
    b"j": lambda reader: reader._recall(reader._number("<I")),
    # names, and what is done with them
    b"c": PickleReader._global,
    b"\x93": PickleReader._stack_global,
    b"R": PickleReader._reduce,
    b"\x81": PickleReader._new_object,
    b"\x92": PickleReader._new_object_ex,
    b"b": lambda reader: reader._build(),
    b"Q": PickleReader._persistent,
}

#: What Python 2 called them.
_RENAMED = {
    "__builtin__": "builtins",
    "copy_reg": "copyreg",
    "builtins.unicode": "builtins.str",
    "builtins.xrange": "builtins.range",
}


# --- checks ---------------------------------------------------------------------------------------


def brief(value: Any) -> str:
    """A short name of a value from a file, for a message: no code of the value's runs."""
    if isinstance(value, (type(None), bool, float, str, bytes)):
        return reprlib.repr(value)
    if isinstance(value, int):
        return reprlib.repr(value) if -(2**64) < value < 2**64 else "a huge number"
    name = getattr(value, "__name__", None)
    if isinstance(name, str) and callable(value):
        return name[:80]
    return f"an object of type {type(value).__name__}"


def checked_key(key: Any) -> Any:
    """``key``, if it can be hashed, in little time and by no code but Python's and ours."""
    parts = [key]
    count = 0
    while parts:
        part = parts.pop()
        count += 1
        if count > _MAX_KEY_PARTS:
            raise ValueError(f"the pickle has a key of more than {_MAX_KEY_PARTS} parts")
        way = type(part).__hash__
        home = getattr(way, "__module__", None) or ""
        if not (
            isinstance(way, WrapperDescriptorType)  # written in C
            or home.split(".")[0] in ("minitorch", "enum", "pathlib")
        ):
            raise ValueError(f"the pickle has a malformed key: {brief(part)} can't be hashed")
        if isinstance(part, tuple):
            parts.extend(tuple.__iter__(part))
        elif isinstance(part, frozenset):
            parts.extend(frozenset.__iter__(part))
    return key


def fill(target: Any, items: list[Any]) -> None:
    """Put ``items``, keys and values by turns, into a dict."""
    if type(target) not in (dict, OrderedDict, Counter, defaultdict):
        raise ValueError(f"the pickle sets an item of {brief(target)}")
    if len(items) % 2:
        raise ValueError("the pickle has a key without a value")
    for i in range(0, len(items), 2):
        target[checked_key(items[i])] = items[i + 1]
