"""Writes pickles: objects as the opcodes of protocol 2, with names of our choosing.

Python's own ``pickle`` writes the names under which classes stand in this program.  A checkpoint
needs PyTorch's (``torch.nn.modules.linear Linear``), functions that exist in PyTorch only, and
tensors whose memory goes elsewhere in the file.  Otherwise the opcodes are those that ``pickle``
would write, in the same order.

The objects say how they are made, by ``__reduce_ex__``, as for ``pickle``.  Writing runs code of
the objects that are saved, never anything from a file.
"""

from __future__ import annotations

import codecs
import copyreg
import functools
import pickle
import reprlib
import struct
import sys
import types
from collections.abc import Callable, Iterable
from itertools import islice
from typing import Any, NamedTuple

__all__ = ["Name", "Persistent", "PickleWriter", "Reduced"]

#: How many items pickle puts on the stack before it adds them to their container.
_BATCH = 1000


class Name(NamedTuple):
    """A global: what stands in a module under a name."""

    module: str
    name: str


class Persistent(NamedTuple):
    """An object that the file keeps outside the pickle, by its id."""

    id: tuple[Any, ...]


class Reduced(NamedTuple):
    """How an object is made: a global (or a class or function that has one), and its arguments.

    Then it may be given a state.
    """

    function: Any
    args: tuple[Any, ...]
    state: Any = None


class PickleWriter:
    """Writes one object, with everything that it holds.

    Args:
        reducers: type -> what its objects are written as: a :class:`Reduced`, :class:`Name` or
            :class:`Persistent`.  Subclasses are written so as well.
        name_of: gives the full name of a class or function, or None to use that of Python.
    """

    def __init__(
        self,
        reducers: dict[type, Callable[[Any], Any]],
        name_of: Callable[[Any], str | None] = lambda value: None,
    ) -> None:
        self._reducers = reducers
        self._name_of = name_of
        self._output: list[bytes] = []
        #: id of an object -> its number
        self._memo: dict[int, int] = {}
        #: What is remembered must not die, or another object could get its id.
        self._kept: list[Any] = []
        #: The keys, indices and attributes that lead to an object that can't be written.
        self._path: list[str] = []

    def write(self, obj: Any) -> bytes:
        """The pickle of ``obj``.

        Raises:
            pickle.PicklingError: something in it has no name; the message says where it is.
            RecursionError: it nests too deeply.
        """
        self._put(b"\x80\x02")
        try:
            self._save(obj)
        except pickle.PicklingError as error:
            where = "".join(reversed(self._path))
            raise pickle.PicklingError(
                f"{error} (at obj{where})" if where else str(error)
            ) from None
        except RecursionError:
            raise RecursionError(
                "save(): containers nest too deeply for the Python stack left"
            ) from None
        self._put(b".")
        return b"".join(self._output)

    def _put(self, data: bytes) -> None:
        self._output.append(data)

    def _remember(self, obj: Any) -> None:
        number = self._memo[id(obj)] = len(self._memo)
        self._kept.append(obj)
        self._put(b"q%c" % number if number < 256 else struct.pack("<cI", b"r", number))

    def _recall(self, number: int) -> None:
        self._put(b"h%c" % number if number < 256 else struct.pack("<cI", b"j", number))

    def _save(self, obj: Any) -> None:
        kind = type(obj)
        plain = _PLAIN.get(kind)
        if plain is not None:
            plain(self, obj)
            return
        number = self._memo.get(id(obj))
        if number is not None:
            self._recall(number)
            return
        save = _CONTAINERS.get(kind)
        if save is not None:
            save(self, obj)
            return
        for base in kind.__mro__:
            if base in self._reducers:
                self._save_described(obj, self._reducers[base](obj))
                return
        if isinstance(obj, (type, types.FunctionType, types.BuiltinFunctionType)):
            self._save_global(obj)
            return
        reduce = copyreg.dispatch_table.get(kind)
        description = reduce(obj) if reduce else _reduced(obj)
        if isinstance(description, str):
            self._save_global(obj, description)
        else:
            self._save_reduced(obj, *description)

    def _step(self, obj: Any, step: str) -> None:
        """Save a part of an object; if that fails, note how to get there."""
        try:
            self._save(obj)
        except pickle.PicklingError:
            self._path.append(step)
            raise

    # --- plain values -----------------------------------------------------------------------------

    def _save_int(self, obj: int) -> None:
        if 0 <= obj < 2**16:
            self._put(b"K%c" % obj if obj < 256 else struct.pack("<cH", b"M", obj))
        elif -(2**31) <= obj < 2**31:
            self._put(struct.pack("<ci", b"J", obj))
        else:
            # As short as its sign allows.
            length = (obj.bit_length() if obj >= 0 else (~obj).bit_length()) // 8 + 1
            data = obj.to_bytes(length, "little", signed=True)
            head = struct.pack("<cB", b"\x8a", length) if length < 256 else None
            self._put((head or struct.pack("<ci", b"\x8b", length)) + data)

    def _save_text(self, obj: str) -> None:
        number = self._memo.get(id(obj))
        if number is not None:
            self._recall(number)
            return
        data = obj.encode("utf-8", "surrogatepass")
        if len(data) >= 2**32:
            raise OverflowError("save(): a text of more than 4 GB")
        self._put(struct.pack("<cI", b"X", len(data)) + data)
        self._remember(obj)

    def _save_bytes(self, obj: bytes) -> None:
        # Protocol 2 has no bytes: they are text that is encoded.
        args = (obj.decode("latin1"), "latin1")
        self._save_reduced(obj, codecs.encode, args) if obj else self._save_reduced(obj, bytes, ())

    def _save_bytearray(self, obj: bytearray) -> None:
        self._save_reduced(obj, bytearray, (bytes(obj),) if obj else ())

    # --- containers -------------------------------------------------------------------------------

    def _save_tuple(self, obj: tuple[Any, ...]) -> None:
        if not obj:
            self._put(b")")
            return
        small = len(obj) <= 3
        if not small:
            self._put(b"(")
        for index, item in enumerate(obj):
            self._step(item, f"[{index}]")
        number = self._memo.get(id(obj))
        if number is not None:  # an item held the tuple itself, and wrote it
            self._put(b"0" * len(obj) if small else b"1")
            self._recall(number)
            return
        self._put((b"\x85", b"\x86", b"\x87")[len(obj) - 1] if small else b"t")
        self._remember(obj)

    def _save_list(self, obj: list[Any]) -> None:
        self._put(b"]")
        self._remember(obj)
        self._add_items(obj)

    def _add_items(self, items: Iterable[Any]) -> None:
        rest = enumerate(items)
        while batch := list(islice(rest, _BATCH)):
            if len(batch) > 1:
                self._put(b"(")
            for index, item in batch:
                self._step(item, f"[{index}]")
            self._put(b"e" if len(batch) > 1 else b"a")

    def _save_dict(self, obj: dict[Any, Any]) -> None:
        self._put(b"}")
        self._remember(obj)
        self._add_pairs(obj.items())

    def _add_pairs(self, pairs: Iterable[tuple[Any, Any]], attributes: bool = False) -> None:
        rest = iter(pairs)
        while batch := list(islice(rest, _BATCH)):
            if len(batch) > 1:
                self._put(b"(")
            for key, value in batch:
                self._step(key, "[<key>]")
                self._step(value, f".{key}" if attributes else f"[{reprlib.repr(key)}]")
            self._put(b"u" if len(batch) > 1 else b"s")

    def _save_set(self, obj: set[Any] | frozenset[Any]) -> None:
        self._save_reduced(obj, type(obj), (_in_order(obj),))

    # --- names, and what is made by them ----------------------------------------------------------

    def _save_global(self, obj: Any, name: str | None = None) -> None:
        full = self._name_of(obj)
        if full is None:
            full = _python_name(obj, name)
        module, _, name = full.rpartition(".")
        self._save_name(obj, Name(module, name))

    def _save_name(self, obj: Any, name: Name) -> None:
        parent = sys.modules.get(name.module)
        outer, _, last = name.module.rpartition(".")
        if parent is None and isinstance(getattr(sys.modules.get(outer), last, None), type):
            # Protocol 2 has no names with dots: a class in a class is taken out of it.
            self._save_reduced(obj, getattr, (getattr(sys.modules[outer], last), name.name))
            return
        module, attribute = _PYTHON_2.get(name, name)
        if module == "builtins":
            module = "__builtin__"
        self._put(f"c{module}\n{attribute}\n".encode())
        self._remember(obj)

    def _save_described(self, obj: Any, description: Any) -> None:
        if isinstance(description, Name):
            self._save_name(obj, description)
        elif isinstance(description, Persistent):
            self._save_tuple(description.id)
            self._put(b"Q")
        else:
            self._save_reduced(obj, *description)

    def _save_reduced(
        self,
        obj: Any,
        function: Any,
        args: tuple[Any, ...],
        state: Any = None,
        items: Any = None,
        pairs: Any = None,
        set_state: Any = None,
    ) -> None:
        """Save what makes ``obj``, as its ``__reduce_ex__`` describes it."""
        if set_state is not None:
            raise pickle.PicklingError(f"can't pickle {type(obj)}: its state has its own setter")
        made = _new_object(function, args)
        if made is None:
            self._save(function)
            self._save(args)
            self._put(b"R")
        else:
            self._save(made[0])
            self._save(made[1])
            self._put(b"\x81")
        number = self._memo.get(id(obj))
        if number is None:
            self._remember(obj)
        else:  # its arguments held the object itself, and wrote it
            self._put(b"0")
            self._recall(number)
        if items is not None:
            self._add_items(items)
        if pairs is not None:
            self._add_pairs(pairs)
        if state is not None:
            self._save_state(state)
            self._put(b"b")

    def _save_state(self, state: Any) -> None:
        if type(state) is not dict or id(state) in self._memo:
            self._save(state)
            return
        self._put(b"}")
        self._remember(state)
        self._add_pairs(state.items(), attributes=True)


_PLAIN: dict[type, Callable[[PickleWriter, Any], None]] = {
    type(None): lambda writer, obj: writer._put(b"N"),
    bool: lambda writer, obj: writer._put(b"\x88" if obj else b"\x89"),
    int: PickleWriter._save_int,
    float: lambda writer, obj: writer._put(struct.pack(">cd", b"G", obj)),
    str: PickleWriter._save_text,
}

_CONTAINERS: dict[type, Callable[[PickleWriter, Any], None]] = {
    bytes: PickleWriter._save_bytes,
    bytearray: PickleWriter._save_bytearray,
    tuple: PickleWriter._save_tuple,
    list: PickleWriter._save_list,
    dict: PickleWriter._save_dict,
    set: PickleWriter._save_set,
    frozenset: PickleWriter._save_set,
    Name: lambda writer, obj: writer._save_name(obj, obj),
    Persistent: lambda writer, obj: writer._save_described(obj, obj),
    Reduced: lambda writer, obj: writer._save_reduced(obj, *obj),
}

#: What Python 2 called them.
_PYTHON_2 = {
    Name("builtins", "str"): Name("__builtin__", "unicode"),
    Name("builtins", "range"): Name("__builtin__", "xrange"),
}


def _in_order(items: set[Any] | frozenset[Any]) -> list[Any]:
    """The items of a set, in an order that for text and numbers is the same in each run."""

    def key(item: Any) -> tuple[str, str]:
        return type(item).__name__, item if isinstance(item, str) else reprlib.repr(item)

    return sorted(items, key=key)


def _reduced(obj: Any) -> Any:
    try:
        return obj.__reduce_ex__(2)
    except TypeError as error:
        raise pickle.PicklingError(str(error)) from None


def _new_object(function: Any, args: tuple[Any, ...]) -> tuple[Any, tuple[Any, ...]] | None:
    """The class and arguments of an object that is made by its class's ``__new__``."""
    if function is copyreg.__newobj__:  # type: ignore[attr-defined]
        return args[0], args[1:]
    if function is copyreg.__newobj_ex__:  # type: ignore[attr-defined]
        kind, positional, keywords = args
        if keywords:
            raise pickle.PicklingError(f"can't pickle {kind}: it is made with keywords")
        return kind, positional
    return None


def _python_name(obj: Any, name: str | None = None) -> str:
    """The full name under which ``obj`` stands in its module.

    Raises PicklingError if it stands nowhere.
    """
    name = name or getattr(obj, "__qualname__", None) or obj.__name__
    home = getattr(obj, "__module__", None) or "__main__"
    if "<locals>" in name:
        raise pickle.PicklingError(f"Can't pickle local object {name!r}")
    try:
        found = functools.reduce(getattr, name.split("."), sys.modules[home])
    except (AttributeError, KeyError):
        found = None
    if found is not obj:
        raise pickle.PicklingError(
            f"Can't pickle {obj!r}: attribute lookup {name} on {home} failed"
        )
    return f"{home}.{name}"
