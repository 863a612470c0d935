"""Which classes and functions a checkpoint may name, beyond plain data.

A saved module names its class, and attributes may be functions (``activation = F.relu``).  Nothing
is imported for a file: a class has to be there already, in a module that the running program has
imported.  And nothing is called for it: an object is made empty, past ``__init__``, and its
attributes are put into its ``__dict__``.  What a file may name:

- whatever the program allowed by :func:`add_safe_globals` or :class:`safe_globals`;
- with ``weights_only=False`` also every Module, Optimizer and scheduler; classes that are *plain*,
  in that neither making nor discarding their objects runs code of theirs; enums and namedtuples.
  Of these only the Modules may stay in what is loaded as classes, for the program to call;
- with ``weights_only=False`` minitorch's functions on tensors, which a file may mention, not call.

A class with a ``__setstate__`` of its own is refused unless it was allowed by name: then it runs.
"""

from __future__ import annotations

import enum
import functools
import sys
import types
from collections.abc import Callable
from typing import Any

from minitorch import nn
from minitorch.nn import functional
from minitorch.ops._op import COMPOSITES, REGISTRY
from minitorch.serialization.pickle_reader import Known, PickleReader, UnknownName, brief
from minitorch.tensor import Tensor

__all__ = [
    "add_safe_globals",
    "class_or_function",
    "clear_safe_globals",
    "get_safe_globals",
    "public_functions",
    "safe_globals",
    "torch_name",
]

# --- what the program allows ----------------------------------------------------------------------

_safe: list[Any] = []


def add_safe_globals(safe_globals: list[Any]) -> None:
    """Allow checkpoints loaded with ``weights_only=True`` to name these classes and functions.

    Args:
        safe_globals: classes or functions, or pairs of one and the full name by which files name
            it.

    A file can then have instances of the class (its ``__setstate__`` runs, if it has one), and can
    mention the function.  It cannot call either.  Source: torch.serialization.add_safe_globals.

    Example::

        >>> import io
        >>> import minitorch
        >>> file = io.BytesIO()
        >>> minitorch.save(minitorch.nn.Linear(2, 3), file)
        >>> _ = file.seek(0)
        >>> with minitorch.serialization.safe_globals([minitorch.nn.Linear]):
        ...     minitorch.load(file)
        Linear(in_features=2, out_features=3, bias=True)
    """
    _safe.extend(item for item in list(safe_globals) if item not in _safe)


def get_safe_globals() -> list[Any]:
    """What :func:`add_safe_globals` allowed.  Source: torch.serialization.get_safe_globals."""
    return list(_safe)


def clear_safe_globals() -> None:
    """Allow nothing any more.  Source: torch.serialization.clear_safe_globals."""
    _safe.clear()


class safe_globals:
    """Allow these classes and functions within a ``with`` block; see :func:`add_safe_globals`.

    Source: torch.serialization.safe_globals.
    """

    def __init__(self, safe_globals: list[Any]) -> None:
        self._allowed = list(safe_globals)
        self._before: list[Any] = []

    def __enter__(self) -> None:
        self._before = get_safe_globals()
        add_safe_globals(self._allowed)

    def __exit__(self, *error: object) -> None:
        _safe[:] = self._before


def _allowed_by_name() -> dict[str, Any]:
    names = {}
    for item in _safe:
        if isinstance(item, tuple):
            value, name = item
        else:
            value, name = item, f"{item.__module__}.{item.__qualname__}"
            names[torch_name(item)] = value
        names[name] = value
    return names


# --- names ----------------------------------------------------------------------------------------

#: Classes whose module is another one in torch.
_TORCH_HOMES = {
    "minitorch.nn.module.Module": "torch.nn.modules.module.Module",
    "minitorch.tensor.Tensor": "torch.Tensor",
    "minitorch.size.Size": "torch.Size",
    "minitorch.device.device": "torch.device",
}


def torch_name(value: Any) -> str:
    """The full name by which a file names a class or function: torch's, where it is one of ours."""
    name = f"{value.__module__}.{value.__qualname__}"
    if name in _TORCH_HOMES:
        return _TORCH_HOMES[name]
    package, dot, rest = name.partition(".")
    if package != "minitorch" or not dot:
        return name
    if rest.startswith("vision."):
        return "torchvision" + rest.removeprefix("vision")
    return f"torch.{rest}"


def _our_name(name: str) -> str:
    """The inverse of :func:`torch_name`."""
    package, dot, rest = name.partition(".")
    if package == "torch" and dot:
        return f"minitorch.{rest}"
    if package == "torchvision" and dot:
        return f"minitorch.vision.{rest}"
    return name


def public_functions() -> dict[str, Callable[..., Any]]:
    """Our functions on tensors that a file may mention, by torch's full names."""
    if not _functions:
        records: list[Any] = [*REGISTRY.values(), *COMPOSITES.values()]
        for record in records:
            if record.public:
                home = f"torch.{record.home}" if record.home else "torch"
                for name in (record.name, *record.aliases):
                    function = getattr(_module(home), name, None)
                    if isinstance(function, types.FunctionType):
                        _functions[f"{home}.{name}"] = function
        for name in functional.__all__:
            function = getattr(functional, name)
            if callable(function) and not isinstance(function, type):
                _functions[f"torch.nn.functional.{name}"] = function
                _functions[f"torch._C._nn.{name}"] = function  # where torch's own are, in C++
    return _functions


_functions: dict[str, Callable[..., Any]] = {}


def _module(torch_module: str) -> Any:
    return sys.modules.get("minitorch" + torch_module.removeprefix("torch"))


def _loaded(name: str) -> Any:
    """What has that full name in a module that is imported already; nothing is imported.

    Raises UnknownName or AttributeError (torch's class, and words) where there is no such thing.
    """
    ours = _our_name(name)
    parts = ours.split(".")
    for count in range(len(parts) - 1, 0, -1):
        module = sys.modules.get(".".join(parts[:count]))
        if module is None:
            continue
        value: Any = module
        for part in parts[count:]:
            # Not getattr: a module's or a class's own __getattr__ would run.
            namespaces = value.__mro__ if isinstance(value, type) else (value,)
            found = [vars(space)[part] for space in namespaces if part in vars(space)]
            value = found[0] if found else None
            if not isinstance(value, (type, types.FunctionType)):
                break
        else:
            return value
        if count == len(parts) - 1:
            raise AttributeError(f"Can't get attribute '{parts[-1]}' on {module!r}")
        break
    raise UnknownName(name, "which this program has not imported: import its module first")


# --- the rows -------------------------------------------------------------------------------------


def class_or_function(name: str, weights_only: bool) -> Known:
    """The row for a class or function by its full name.

    Raises UnknownName for what a file may not name, AttributeError where the program has no such
    class.
    """
    if name == "builtins.getattr":
        return Known(_getattr, call=_getattr)
    if name == "torch._C._VariableFunctionsClass":
        return Known(_VariableFunctions)
    allowed = _allowed_by_name().get(name)
    if name == "functools.partial" and (allowed or not weights_only):
        return Known(_partial, call=_partial, build=_partial_state, kind=functools.partial)
    if allowed is not None:
        return _class(name, allowed, trusted=True) if isinstance(allowed, type) else Known(allowed)
    if weights_only:
        raise UnknownName(name)
    if name in public_functions():
        return Known(public_functions()[name])
    value = _loaded(name)
    if not isinstance(value, type):
        raise UnknownName(name, "a function: allow it by name with add_safe_globals")
    if issubclass(value, Tensor):
        raise UnknownName(name, "a subclass of Tensor, which a file can't have objects of")
    return _class(name, value, trusted=False)


class _VariableFunctions:
    """Stands for the class in which torch keeps its functions written in C++."""


def _getattr(reader: PickleReader, owner: Any, name: Any) -> Any:
    """How a pickle of protocol 2 names what stands in a class."""
    if type(name) is not str:
        raise ValueError("the pickle has a malformed name")
    if owner is _VariableFunctions:
        full = f"torch.{name}"
    elif isinstance(owner, (type, _Mention)):
        reader.known(owner)
        kind = owner.kind if isinstance(owner, _Mention) else owner
        full = f"{torch_name(kind)}.{name}"
    else:
        raise ValueError(f"the pickle takes an attribute of {brief(owner)}")
    return reader.named(full)


def _class(name: str, kind: type, trusted: bool) -> Known:
    """The row of a class: how its objects are made, if at all."""
    is_enum, is_tuple = issubclass(kind, enum.Enum), issubclass(kind, tuple)
    if not trusted:
        own = _own_code(kind)
        # Members of an enum exist already, and a namedtuple is made as a tuple.
        if own is not None and not (own == "__new__" and (is_enum or is_tuple)):
            raise UnknownName(
                name, f"whose {own} would run: allow it by name with add_safe_globals"
            )
    if is_enum:
        return Known(kind, call=lambda reader, value: _member(kind, value))
    if is_tuple and hasattr(kind, "_fields"):
        return Known(kind, new=lambda reader, *fields: _named_tuple(kind, fields))
    callable_later = trusted or issubclass(kind, nn.Module)
    return Known(
        kind if callable_later else _Mention(kind),
        new=lambda reader: object.__new__(kind),
        build=_set_state,
        kind=kind,
    )


class _Mention:
    """A class that a file names, to make objects of it: nothing that a program could call."""

    def __init__(self, kind: type) -> None:
        self.kind = kind

    def __repr__(self) -> str:
        return f"<mention of {self.kind!r}>"


def _partial(reader: PickleReader, function: Any) -> functools.partial:
    is_ours = any(function is ours for ours in public_functions().values())
    if not is_ours and not _is_our_module(function):
        raise ValueError(f"the pickle has a partial of {brief(function)}, which it may not call")
    return functools.partial(function)


def _partial_state(reader: PickleReader, partial: functools.partial, state: Any) -> None:
    if type(state) is not tuple or len(state) != 4 or state[0] is not partial.func:
        raise ValueError("the pickle has a malformed partial")
    _, args, keywords, _ = state
    if type(args) is not tuple or type(keywords) is not dict:
        raise ValueError("the pickle has a malformed partial")
    partial.__setstate__((partial.func, args, keywords, None))  # type: ignore[attr-defined]


def _is_our_module(value: Any) -> bool:
    return (
        isinstance(value, type)
        and issubclass(value, nn.Module)
        and value.__module__.split(".")[0] == "minitorch"
    )


def _member(kind: type[enum.Enum], value: Any) -> enum.Enum:
    """The member of an enum that has this value, found past any method of the enum's own."""
    for member in kind._member_map_.values():
        own = member._value_
        if type(own) is type(value) and type(value) in (int, str, bool, float) and own == value:
            return member
    raise ValueError(f"the pickle has the value {brief(value)} of {brief(kind)}, which has it not")


def _named_tuple(kind: Any, fields: tuple[Any, ...]) -> Any:
    if len(fields) != len(kind._fields):
        raise ValueError(f"the pickle gives {len(fields)} fields to {brief(kind)}")
    return tuple.__new__(kind, fields)


#: The homes of the metaclasses whose code is known.
_METACLASS_HOMES = ("builtins", "abc", "enum", "typing", "minitorch")


def _own_code(kind: type) -> str | None:
    """The name of a method that would run for objects of a class; None if there is none."""
    if type(kind).__module__.split(".")[0] not in _METACLASS_HOMES:
        return "metaclass"
    for base in kind.__mro__:
        home = base.__module__.split(".")[0]
        if base is object or home in ("typing", "abc"):
            continue
        if "__del__" in vars(base):
            return "__del__"
        if home == "minitorch":
            continue
        # Whoever asks for an object's class or attributes would run the last ones.
        for name in ("__new__", "__setstate__", "__getattribute__", "__class__"):
            if name in vars(base):
                return name
        if not isinstance(vars(base).get("__dict__"), (types.GetSetDescriptorType, type(None))):
            return "__dict__"
    return None


def _set_state(reader: PickleReader, obj: Any, state: Any) -> None:
    """Give a state to an object: by the class's ``__setstate__``, else into its attributes."""
    set_state = getattr(type(obj), "__setstate__", None)
    if set_state is not None:
        if type(state) is dict:
            _check_names(obj, state)
            reader.spend(len(state))
        try:
            set_state(obj, state)
        except Exception as error:
            raise ValueError(
                f"the pickle has a malformed state of {brief(type(obj))}: "
                f"{type(error).__name__}: {error}"
            ) from None
        return
    slots = None
    if type(state) is tuple and len(state) == 2:
        state, slots = state
    if slots is not None:
        if type(slots) is not dict:
            raise ValueError(f"the pickle has a malformed state of {brief(type(obj))}")
        for name, value in slots.items():
            _slot(type(obj), name).__set__(obj, value)
    if state is not None:
        if type(state) is not dict:
            raise ValueError(f"the pickle has a malformed state of {brief(type(obj))}")
        _check_names(obj, state)
        reader.spend(len(state))
        object.__getattribute__(obj, "__dict__").update(state)


def _check_names(obj: Any, state: dict[Any, Any]) -> None:
    """Raise for attributes that are Python's own."""
    for name in state:
        if type(name) is not str or name.startswith("__"):
            raise ValueError(f"the pickle sets the forbidden attribute {brief(name)}")


def _slot(kind: type, name: Any) -> Any:
    for base in kind.__mro__:
        slot = vars(base).get(name) if type(name) is str else None
        if isinstance(slot, types.MemberDescriptorType):
            return slot
    raise ValueError(f"the pickle sets the forbidden attribute {brief(name)}")
