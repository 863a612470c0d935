"""Objects as trees of JSON values and arrays, and back, without executing anything.

``flatten`` takes an object apart; ``rebuild`` puts it together.  In a tree None, bools, text and
ordinary numbers stand for themselves, and everything else is a *node*: a JSON object with a
``type``, such as::

    {"type": "dict", "items": [["epoch", 3], ["lr", {"type": "float", "text": "inf"}],
                               ["weight", {"type": "tensor", "entry": "weight"}]]}

Each type below is a pair of functions, one that writes its node and one that reads it.  ``rebuild``
makes objects of these types and no others, and checks every field of a node before using it.

An object met again becomes ``{"type": "ref", "id": 1}``, and the node of the first meeting gets
that id: so it is one object again after loading, and a list may contain itself.
"""

from __future__ import annotations

import argparse
import math
import reprlib
from collections import Counter, OrderedDict, defaultdict
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from minitorch import dtypes
from minitorch.backends import to_device
from minitorch.device import device
from minitorch.nn.parameter import Parameter
from minitorch.serialization import safetensors
from minitorch.serialization.array_sharing import Placement, dtype_named, place, see
from minitorch.size import Size
from minitorch.tensor import Tensor, wrap

__all__ = ["MAX_BRACKETS", "MAX_DEPTH", "flatten", "rebuild"]

#: How deep containers may nest.
MAX_DEPTH = 100
#: How deep the brackets of a tree may nest: a container takes at most four.
MAX_BRACKETS = 4 * MAX_DEPTH

Node = dict[str, Any]
#: The keys and indices that lead to an object.
Path = tuple[Any, ...]

_CPU = device("cpu")


def flatten(obj: Any) -> tuple[Any, dict[str, np.ndarray]]:
    """The tree of ``obj`` and the arrays that it refers to by name.

    Arrays are named by their path, as in ``optimizer.state.0.exp_avg``.

    Raises:
        TypeError: ``obj`` holds an object of a type that has no node; the message says where.
        ValueError: containers nest more than ``MAX_DEPTH`` deep.
    """
    writer = _Writer()
    tree = writer.write(obj, ())
    arrays = place([placement for placement, _ in writer.placements])
    for placement, node in writer.placements:
        node["entry"] = placement.entry
        if placement.view is not None:
            node["view"] = placement.view
    return tree, arrays


def rebuild(
    tree: Any,
    arrays: Mapping[str, np.ndarray],
    map_storage: Callable[[np.ndarray, str], np.ndarray],
) -> Any:
    """The object whose tree and arrays these are.

    ``map_storage(array, location)`` gives the array to use for tensors that were saved on the
    device ``location``.  It is called once for an array, and tensors that shared memory share it
    again.

    Raises:
        ValueError: the tree is malformed; the message says how.
    """
    return _Reader(arrays, map_storage).read(tree)


class _Writer:
    """Turns objects into nodes, collecting the arrays on the way."""

    def __init__(self) -> None:
        self.placements: list[tuple[Placement, Node]] = []
        #: id of an object -> its node; the object lives as long as the one being saved.
        self.nodes: dict[int, Node] = {}
        self.ids = 0

    def write(self, obj: Any, path: Path) -> Any:
        kind = type(obj)
        if obj is None or kind is bool or kind is str:
            return obj
        if kind is int and abs(obj) < 2**53 or kind is float and math.isfinite(obj):
            return obj
        known = self.nodes.get(id(obj))
        if known is not None:
            return self.reference(known)
        if len(path) > MAX_DEPTH:
            raise ValueError(f"save(): obj nests more than {MAX_DEPTH} containers deep")
        write = _WRITERS.get(kind)
        if write is None and isinstance(obj, np.generic):
            write = _write_scalar
        if write is None:
            raise _cannot_save(obj, path)
        return write(self, obj, path)

    def reference(self, node: Node) -> Node:
        if "id" not in node:
            self.ids += 1
            node["id"] = self.ids
        return {"type": "ref", "id": node["id"]}

    def remember(self, obj: Any, node: Node) -> Node:
        """Let ``node`` stand for ``obj`` where that comes again."""
        self.nodes[id(obj)] = node
        return node

    def items(self, obj: Any, path: Path) -> list[Any]:
        return [self.write(item, (*path, index)) for index, item in enumerate(obj)]

    def pairs(self, obj: dict, path: Path) -> list[Any]:
        return [
            [self.write(key, (*path, "<key>")), self.write(value, (*path, key))]
            for key, value in obj.items()
        ]

    def store(self, array: np.ndarray, node: Node, path: Path, shares: bool = True) -> Node:
        """Let ``node`` refer to ``array``, which goes into the file."""
        name = ".".join(step if type(step) is str else _brief(step) for step in path)
        self.placements.append((Placement(array, name if path else "data", shares), node))
        return node


class _Reader:
    """Turns nodes into objects, distrusting them."""

    def __init__(
        self,
        arrays: Mapping[str, np.ndarray],
        map_storage: Callable[[np.ndarray, str], np.ndarray],
    ) -> None:
        self.arrays = arrays
        self.map_storage = map_storage
        #: id in the tree -> object
        self.objects: dict[int, Any] = {}
        #: The entries that bytes objects were made of.
        self.copied: set[str] = set()
        #: (entry, location) -> the mapped array, and the version counter of all tensors over it
        self.storages: dict[tuple[str, str], tuple[np.ndarray, list[int]]] = {}

    def read(self, node: Any) -> Any:
        if node is None or isinstance(node, (bool, int, float, str)):
            return node
        kind = node.get("type") if isinstance(node, dict) else None
        read = _READERS.get(kind) if isinstance(kind, str) else None
        if read is None:
            raise ValueError(f"the tree holds an unknown node: {_brief(node)}")
        return self.remember(read(self, node), node)

    def remember(self, obj: Any, node: Node) -> Any:
        """Let the node's id, if it has one, mean ``obj``."""
        if "id" in node and self.objects.setdefault(_field(node, "id", int), obj) is not obj:
            raise ValueError(f"the tree has two nodes with the id {node['id']}")
        return obj

    def items(self, node: Node) -> list[Any]:
        return [self.read(item) for item in _field(node, "items", list)]

    def pairs(self, node: Node, field: str = "items") -> Iterator[tuple[Any, Any]]:
        for pair in _field(node, field, list):
            if not isinstance(pair, list) or len(pair) != 2:
                raise ValueError(f"the tree holds a malformed pair: {_brief(pair)}")
            yield self.read(pair[0]), self.read(pair[1])

    def fill(self, obj: Any, node: Node) -> Any:
        """Put the node's pairs into ``obj``, a new dict of any kind; it may contain itself."""
        self.remember(obj, node)
        for key, value in self.pairs(node):
            try:
                is_new = key not in obj
                obj[key] = value
            except TypeError as error:
                raise ValueError(f"the tree holds a malformed key: {error}") from None
            if not is_new:
                raise ValueError(f"the tree holds a dict with the key {_brief(key)} twice")
        return obj

    def array(self, node: Node, location: str | None = None) -> np.ndarray:
        """The array of a node; moved to where ``location`` leads, for a tensor."""
        name = _field(node, "entry", str)
        if name not in self.arrays:
            raise ValueError(f"the tree refers to an array {_brief(name)} that isn't there")
        entry = self.arrays[name] if location is None else self.storage(name, location)[0]
        try:
            return see(entry, node.get("view"))
        except ValueError as error:
            raise ValueError(f"array {_brief(name)}: {error}") from None

    def storage(self, name: str, location: str) -> tuple[np.ndarray, list[int]]:
        if (name, location) not in self.storages:
            self.storages[name, location] = (self.map_storage(self.arrays[name], location), [0])
        return self.storages[name, location]


_WRITERS: dict[type, Callable[[_Writer, Any, Path], Node]] = {}
_READERS: dict[str, Callable[[_Reader, Node], Any]] = {}


def _writes(*kinds: type) -> Callable:
    """Register the decorated function as the one that writes the nodes of ``kinds``."""

    def register(function):
        _WRITERS.update(dict.fromkeys(kinds, function))
        return function

    return register


def _reads(*kinds: str) -> Callable:
    """Register the decorated function as the one that reads nodes of the types ``kinds``."""

    def register(function):
        _READERS.update(dict.fromkeys(kinds, function))
        return function

    return register


@_reads("ref")
def _read_reference(reader: _Reader, node: Node) -> Any:
    number = _field(node, "id", int)
    if number not in reader.objects:
        raise ValueError(f"the tree refers to an object {number} that isn't there")
    return reader.objects[number]


# Numbers


@_writes(int)
def _write_int(writer: _Writer, obj: int, path: Path) -> Node:
    # Only the large ones: other readers keep JSON's numbers in doubles, and Python refuses to read
    # thousands of decimal digits.
    return {"type": "int", "hex": hex(obj)}


@_reads("int")
def _read_int(reader: _Reader, node: Node) -> int:
    text = _field(node, "hex", str)
    if not text.removeprefix("-").startswith("0x"):
        raise ValueError(f"the tree holds a malformed int: {_brief(text)}")
    return int(text, 16)


@_writes(float)
def _write_float(writer: _Writer, obj: float, path: Path) -> Node:
    return {"type": "float", "text": str(obj)}


@_reads("float")
def _read_float(reader: _Reader, node: Node) -> float:
    text = _field(node, "text", str)
    if text not in ("nan", "inf", "-inf"):
        raise ValueError(f"the tree holds a malformed float: {_brief(text)}")
    return float(text)


@_writes(complex)
def _write_complex(writer: _Writer, obj: complex, path: Path) -> Node:
    return {"type": "complex", "items": writer.items((obj.real, obj.imag), path)}


@_reads("complex")
def _read_complex(reader: _Reader, node: Node) -> complex:
    parts = reader.items(node)
    if len(parts) != 2 or not all(type(part) is float for part in parts):
        raise ValueError("the tree holds a malformed complex number")
    return complex(*parts)


def _write_scalar(writer: _Writer, obj: np.generic, path: Path) -> Node:
    kind = obj.dtype.name
    try:
        dtype_named(kind)
    except ValueError:
        raise _cannot_save(obj, path) from None
    value = float(obj) if kind == "bfloat16" else obj.item()
    return {"type": "scalar", "dtype": kind, "value": writer.write(value, path)}


@_reads("scalar")
def _read_scalar(reader: _Reader, node: Node) -> np.generic:
    kind = dtype_named(node.get("dtype"))
    value = reader.read(node.get("value"))
    if type(value) not in (bool, int, float, complex):
        raise ValueError(f"the tree holds a malformed {kind} scalar: {_brief(value)}")
    try:
        with np.errstate(over="raise"):
            return kind.type(value)
    except (ArithmeticError, TypeError, ValueError) as error:
        raise ValueError(f"the tree holds a malformed {kind} scalar: {error}") from None


# Containers


@_writes(list)
def _write_list(writer: _Writer, obj: list, path: Path) -> Node:
    node = writer.remember(obj, {"type": "list"})  # before its items: it may contain itself
    node["items"] = writer.items(obj, path)
    return node


@_reads("list")
def _read_list(reader: _Reader, node: Node) -> list:
    obj = reader.remember([], node)
    obj.extend(reader.items(node))
    return obj


@_writes(tuple)
def _write_tuple(writer: _Writer, obj: tuple, path: Path) -> Node:
    node = {"type": "tuple", "items": writer.items(obj, path)}
    # Nobody minds whether two tuples of plain values are one; written out they are easier to read.
    if any(isinstance(item, dict) for item in node["items"]):
        writer.remember(obj, node)
    return node


@_reads("tuple")
def _read_tuple(reader: _Reader, node: Node) -> tuple:
    return tuple(reader.items(node))


@_writes(set, frozenset)
def _write_set(writer: _Writer, obj: set | frozenset, path: Path) -> Node:
    # A set of text has another order in each run of Python; in the file it should stay.
    def key(item: Any) -> tuple[str, str]:
        return type(item).__name__, item if isinstance(item, str) else _brief(item)

    items = [writer.write(item, (*path, "<item>")) for item in sorted(obj, key=key)]
    return writer.remember(obj, {"type": type(obj).__name__, "items": items})


@_reads("set", "frozenset")
def _read_set(reader: _Reader, node: Node) -> set | frozenset:
    items = reader.items(node)
    try:
        obj = set(items)
    except TypeError as error:
        raise ValueError(f"the tree holds a malformed set: {error}") from None
    if len(obj) != len(items):
        raise ValueError("the tree holds a set with the same item twice")
    return obj if node["type"] == "set" else frozenset(obj)


@_writes(dict, Counter)
def _write_dict(writer: _Writer, obj: dict, path: Path) -> Node:
    node = writer.remember(obj, {"type": type(obj).__name__})
    node["items"] = writer.pairs(obj, path)
    return node


@_reads("dict")
def _read_dict(reader: _Reader, node: Node) -> dict:
    return reader.fill({}, node)


@_reads("Counter")
def _read_counter(reader: _Reader, node: Node) -> Counter:
    return reader.fill(Counter(), node)


@_writes(OrderedDict)
def _write_ordered_dict(writer: _Writer, obj: OrderedDict, path: Path) -> Node:
    # A module's state_dict carries its modules' versions in the attribute _metadata.
    return _write_attributes(writer, obj, _write_dict(writer, obj, path), path)


@_reads("OrderedDict")
def _read_ordered_dict(reader: _Reader, node: Node) -> OrderedDict:
    return _read_attributes(reader, reader.fill(OrderedDict(), node), node)


#: What a defaultdict may make its values with.
_FACTORIES: dict[str | None, type | None] = {
    kind.__name__: kind
    for kind in (
        *(bool, int, float, complex, str, bytes, list, tuple, set, dict),
        *(OrderedDict, Counter),
    )
}
_FACTORIES[None] = None


@_writes(defaultdict)
def _write_default_dict(writer: _Writer, obj: defaultdict, path: Path) -> Node:
    factory = obj.default_factory
    name = None if factory is None else getattr(factory, "__name__", "")
    if name not in _FACTORIES or _FACTORIES[name] is not factory:
        raise TypeError(
            f"save(): can't save the defaultdict at {_shown(path)}, whose default_factory is "
            f"{factory!r}: a checkpoint holds no code; save dict(d) instead"
        )
    node = _write_dict(writer, obj, path)
    node["default"] = name
    return node


@_reads("defaultdict")
def _read_default_dict(reader: _Reader, node: Node) -> defaultdict:
    name = node.get("default")
    if not (name is None or isinstance(name, str)) or name not in _FACTORIES:
        raise ValueError(f"the tree holds a defaultdict of an unknown type: {_brief(name)}")
    return reader.fill(defaultdict(_FACTORIES[name]), node)


@_writes(argparse.Namespace)
def _write_namespace(writer: _Writer, obj: argparse.Namespace, path: Path) -> Node:
    return _write_attributes(writer, obj, writer.remember(obj, {"type": "Namespace"}), path)


@_reads("Namespace")
def _read_namespace(reader: _Reader, node: Node) -> argparse.Namespace:
    return _read_attributes(reader, argparse.Namespace(), node)


def _write_attributes(writer: _Writer, obj: Any, node: Node, path: Path) -> Node:
    """Add to ``node`` what was set on ``obj`` beside its contents."""
    for name in vars(obj):
        if _is_forbidden(obj, name):
            raise TypeError(
                f"save(): can't save the attribute {_brief(name)} of {_shown(path)}: its class has "
                "one of that name"
            )
    if vars(obj):
        node["attributes"] = writer.pairs(vars(obj), path)
    return node


def _read_attributes(reader: _Reader, obj: Any, node: Node) -> Any:
    if "attributes" in node:
        reader.remember(obj, node)
        for name, value in reader.pairs(node, "attributes"):
            if _is_forbidden(obj, name):
                raise ValueError(f"the tree sets the forbidden attribute {_brief(name)}")
            vars(obj)[name] = value
    return obj


def _is_forbidden(obj: Any, name: Any) -> bool:
    """Whether an attribute of that name would stand before a method, or is no name at all."""
    return not isinstance(name, str) or hasattr(type(obj), name)


# Tensors and arrays


@_writes(Tensor, Parameter)
def _write_tensor(writer: _Writer, obj: Tensor, path: Path) -> Node:
    node = writer.remember(obj, {"type": "tensor"})
    if type(obj) is Parameter:
        node.update(type="parameter", requires_grad=obj.requires_grad)
    elif obj.requires_grad:
        node["requires_grad"] = True
    if obj.device != _CPU:
        node["device"] = str(obj.device)
    writer.store(to_device(obj._array, _CPU), node, path)
    return _write_attributes(writer, obj, node, path)


@_reads("tensor", "parameter")
def _read_tensor(reader: _Reader, node: Node) -> Tensor:
    location = node.get("device", "cpu")
    requires_grad = node.get("requires_grad", False)
    if not isinstance(location, str) or not isinstance(requires_grad, bool):
        raise ValueError(f"the tree holds a malformed tensor: {_brief(node)}")
    tensor = wrap(reader.array(node, location))
    try:
        kind = tensor.dtype
    except TypeError as error:
        raise ValueError(f"array {_brief(node['entry'])}: {error}") from None
    if requires_grad and not (kind.is_floating_point or kind.is_complex):
        raise ValueError(f"the tree holds a tensor of {kind} that requires grad")
    if node["type"] == "parameter":
        tensor = Parameter(tensor, requires_grad)
    else:
        tensor.requires_grad = requires_grad
    # As for any two views of one storage, a write to one must be seen by the graph of the other.
    tensor._counter = reader.storage(node["entry"], location)[1]
    return _read_attributes(reader, tensor, node)


@_writes(np.ndarray)
def _write_ndarray(writer: _Writer, obj: np.ndarray, path: Path) -> Node:
    if obj.dtype.name != "complex128" and safetensors.type_code(obj.dtype) is None:
        raise TypeError(
            f"save(): can't save the array of dtype {obj.dtype} at {_shown(path)}: only numbers "
            "and bools"
        )
    node = writer.remember(obj, {"type": "ndarray"})
    return writer.store(obj.astype(obj.dtype.newbyteorder("="), copy=False), node, path)


@_reads("ndarray")
def _read_ndarray(reader: _Reader, node: Node) -> np.ndarray:
    return reader.array(node)


@_writes(bytes, bytearray)
def _write_bytes(writer: _Writer, obj: bytes | bytearray, path: Path) -> Node:
    node = writer.remember(obj, {"type": type(obj).__name__})
    array = np.frombuffer(obj, np.uint8) if obj else np.empty(0, np.uint8)
    return writer.store(array, node, path, shares=False)


@_reads("bytes", "bytearray")
def _read_bytes(reader: _Reader, node: Node) -> bytes | bytearray:
    # Each is a copy: were they allowed to share, a small file could fill the memory.
    array = reader.array(node)
    if "view" in node or node["entry"] in reader.copied:
        raise ValueError(f"the tree uses the bytes {_brief(node['entry'])} twice")
    reader.copied.add(node["entry"])
    data = array.tobytes()
    return data if node["type"] == "bytes" else bytearray(data)


# What describes tensors


@_writes(Size)
def _write_size(writer: _Writer, obj: Size, path: Path) -> Node:
    return {"type": "Size", "items": writer.items(obj, path)}


@_reads("Size")
def _read_size(reader: _Reader, node: Node) -> Size:
    items = reader.items(node)
    if not all(type(item) is int and abs(item) < 2**63 for item in items):
        raise ValueError("the tree holds a malformed Size")
    return Size(items)


@_writes(dtypes.dtype)
def _write_dtype(writer: _Writer, obj: dtypes.dtype, path: Path) -> Node:
    return {"type": "dtype", "name": obj.name}


@_reads("dtype")
def _read_dtype(reader: _Reader, node: Node) -> dtypes.dtype:
    name = _field(node, "name", str)
    kind = getattr(dtypes, name) if name in dtypes.__all__ else None
    if not isinstance(kind, dtypes.dtype):
        raise ValueError(f"the tree names an unknown dtype: {_brief(name)}")
    return kind


@_writes(device)
def _write_device(writer: _Writer, obj: device, path: Path) -> Node:
    return {"type": "device", "name": str(obj)}


@_reads("device")
def _read_device(reader: _Reader, node: Node) -> device:
    name = _field(node, "name", str)
    try:
        return device(name)
    except (RuntimeError, ValueError):
        raise ValueError(f"the tree names an unknown device: {_brief(name)}") from None


# Messages and checks


def _field(node: Node, name: str, kind: type) -> Any:
    """A field of a node that must be there and of type ``kind``."""
    value = node.get(name)
    if type(value) is not kind:
        raise ValueError(
            f"the tree holds a {node['type']} whose {name} is {_brief(value)}, expected "
            f"{kind.__name__}"
        )
    return value


def _shown(path: Path) -> str:
    """``path`` as the expression that leads there: ``obj['state'][0]``."""
    return "obj" + "".join(f"[{_brief(step)}]" for step in path)


def _brief(value: Any) -> str:
    """``repr(value)``, shortened."""
    try:
        return reprlib.repr(value)
    except ValueError:  # an int of more digits than Python agrees to print
        return "a huge number"


def _cannot_save(obj: Any, path: Path) -> TypeError:
    """The error for an object whose type has no node, with advice."""
    if hasattr(obj, "state_dict") and hasattr(obj, "load_state_dict"):
        advice = "save its state_dict(), and give that to load_state_dict() after loading"
    elif isinstance(obj, tuple) and hasattr(obj, "_asdict"):
        advice = "a checkpoint holds no classes; save tuple(x) or x._asdict() instead"
    elif callable(obj):
        advice = "a checkpoint holds no code"
    else:
        advice = "a checkpoint holds no classes; save its contents as a dict, list or value"
    kind = type(obj)
    name = f"{kind.__module__}.{kind.__qualname__}".removeprefix("builtins.")
    return TypeError(f"save(): can't save the {name} at {_shown(path)}: {advice}")
