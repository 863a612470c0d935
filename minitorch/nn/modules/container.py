"""Modules that hold others: Sequential, ModuleList, ModuleDict, ParameterList, ParameterDict."""

from __future__ import annotations

import operator
from collections import OrderedDict
from collections.abc import (
    ItemsView,
    Iterable,
    Iterator,
    KeysView,
    Mapping,
    ValuesView,
)
from itertools import chain
from typing import Any, Self

from minitorch.nn.module import Module, _addindent, _typename
from minitorch.nn.parameter import Parameter
from minitorch.tensor import Tensor

__all__ = ["ModuleDict", "ModuleList", "ParameterDict", "ParameterList", "Sequential"]


def _position(index: Any, length: int) -> int:
    """``index`` counted from the front.  Errors: IndexError out of range, TypeError for no int."""
    index = operator.index(index)
    if not -length <= index < length:
        raise IndexError(f"index {index} is out of range")
    return index % length


def _pairs(container: str, entries: Any) -> Iterator[tuple[Any, Any]]:
    """The pairs of a mapping or of an iterable of pairs, checked one by one."""
    if isinstance(entries, (Mapping, Module)):
        yield from entries.items()
        return
    for position, entry in enumerate(entries):
        element = f"{container} update sequence element #{position}"
        if not isinstance(entry, Iterable):
            raise TypeError(f"{element} should be Iterable; is {type(entry).__name__}")
        pair = tuple(entry)
        if len(pair) != 2:
            raise ValueError(f"{element} has length {len(pair)}; 2 is required")
        yield pair


def _without_numbers(names: Iterable[str]) -> list[str]:
    return [name for name in names if not name.isdigit()]


class Sequential(Module):
    """Modules in a row: each gets what the one before it returned.

    Formula: ``output = m_n(...m_2(m_1(input)))``.

    Args:
        args: the modules, named "0", "1", ... by their position; or one OrderedDict of them.

    Shape: the input's is the first module's, the output's the last one's.
    Errors: TypeError for what is not a module.  Source: torch.nn.Sequential.

    Example::

        >>> from minitorch import nn
        >>> nn.Sequential(nn.Flatten(), nn.ReLU())
        Sequential(
          (0): Flatten(start_dim=1, end_dim=-1)
          (1): ReLU()
        )
    """

    def __init__(self, *args: Any) -> None:
        super().__init__()
        if len(args) == 1 and isinstance(args[0], OrderedDict):
            for name, module in args[0].items():
                self.add_module(name, module)
        else:
            for position, module in enumerate(args):
                self.add_module(str(position), module)

    def forward(self, input: Any) -> Any:
        """Lead the input through the modules, one after the other."""
        for module in self:
            input = module(input)
        return input

    def __getitem__(self, idx: Any) -> Any:
        if isinstance(idx, slice):
            return type(self)(OrderedDict(list(self._modules.items())[idx]))
        return self._modules[self._name_at(idx)]

    def __setitem__(self, idx: Any, module: Any) -> None:
        setattr(self, self._name_at(idx), module)

    def __delitem__(self, idx: Any) -> None:
        if isinstance(idx, slice):
            for name in list(self._modules)[idx]:
                delattr(self, name)
        else:
            delattr(self, self._name_at(idx))
        self._renumber(list(self._modules.values()))

    def _name_at(self, idx: Any) -> str:
        return list(self._modules)[_position(idx, len(self))]

    def _renumber(self, modules: list) -> None:
        self._modules = {str(position): module for position, module in enumerate(modules)}

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._modules.values())

    def __dir__(self) -> list[str]:
        return _without_numbers(super().__dir__())

    def __add__(self, other: Sequential) -> Sequential:
        self._check_sequential(other)
        return Sequential(*self, *other)

    def __iadd__(self, other: Sequential) -> Self:
        self._check_sequential(other)
        return self.extend(other)

    def _check_sequential(self, other: Any) -> None:
        if not isinstance(other, Sequential):
            raise ValueError(
                "add operator supports only objects of Sequential class, "
                f"but {type(other)} is given."
            )

    def __mul__(self, other: int) -> Sequential:
        self._check_factor(other)
        return Sequential(*list(self) * other)

    def __rmul__(self, other: int) -> Sequential:
        return self * other

    def __imul__(self, other: int) -> Self:
        self._check_factor(other)
        return self.extend(list(self) * (other - 1))

    def _check_factor(self, factor: Any) -> None:
        if not isinstance(factor, int):
            raise TypeError(f"unsupported operand type(s) for *: {type(self)} and {type(factor)}")
        if factor <= 0:
            raise ValueError(f"Non-positive multiplication factor {factor} for {type(self)}")

    def append(self, module: Module) -> Self:
        """Add a module at the end."""
        self.add_module(str(len(self)), module)
        return self

    def insert(self, index: int, module: Module) -> Self:
        """Add a module before the one at ``index``; those behind it get new numbers.

        Errors: AssertionError for what is not a module, IndexError out of range.
        """
        if not isinstance(module, Module):
            raise AssertionError(f"module should be of type: {Module}")
        if not -len(self) <= index <= len(self):
            raise IndexError(f"Index out of range: {index}")
        modules = list(self)
        modules.insert(index, module)
        self._renumber(modules)
        return self

    def extend(self, sequential: Iterable[Module]) -> Self:
        """Add modules at the end."""
        for module in tuple(sequential):
            self.append(module)
        return self

    def pop(self, key: int | slice) -> Any:
        """Remove the module at ``key`` and return it; for a slice, a Sequential of those."""
        module = self[key]
        del self[key]
        return module


class ModuleList(Module):
    """Modules in a list, found by their index and trained with the rest of the model.

    It has no ``forward``: the module that holds it says what to do with them.

    Args:
        modules: an iterable of modules.

    Errors: TypeError for what is not a module, IndexError out of range.
    Source: torch.nn.ModuleList.

    Example::

        >>> from minitorch import nn
        >>> layers = nn.ModuleList([nn.ReLU(), nn.ReLU(), nn.Flatten()])
        >>> layers
        ModuleList(
          (0-1): 2 x ReLU()
          (2): Flatten(start_dim=1, end_dim=-1)
        )
        >>> len(layers[1:])
        2
    """

    def __init__(self, modules: Iterable[Module] | None = None) -> None:
        super().__init__()
        if modules is not None:
            self.extend(modules)

    def __getitem__(self, idx: Any) -> Any:
        if isinstance(idx, slice):
            return type(self)(list(self)[idx])
        return self._modules[self._name_at(idx)]

    def __setitem__(self, idx: int, module: Module) -> None:
        setattr(self, self._name_at(idx), module)

    def __delitem__(self, idx: int | slice) -> None:
        modules = list(self)
        del modules[idx if isinstance(idx, slice) else _position(idx, len(self))]
        self._renumber(modules)

    def _name_at(self, idx: Any) -> str:
        return str(_position(idx, len(self)))

    def _renumber(self, modules: list) -> None:
        self._modules = {str(position): module for position, module in enumerate(modules)}

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._modules.values())

    def __dir__(self) -> list[str]:
        return _without_numbers(super().__dir__())

    def __iadd__(self, modules: Iterable[Module]) -> Self:
        return self.extend(modules)

    def __add__(self, other: Iterable[Module]) -> ModuleList:
        return ModuleList(chain(self, other))

    def insert(self, index: int, module: Module) -> None:
        """Add a module before the one at ``index``; those behind it get new numbers.

        Errors: TypeError for what is not a module, IndexError out of range.
        """
        if module is not None and not isinstance(module, Module):
            raise TypeError(f"{_typename(module)} is not a Module subclass")
        if not -len(self) <= index <= len(self):
            raise IndexError(f"index {index} is out of range")
        modules = list(self)
        modules.insert(index, module)
        self._renumber(modules)

    def append(self, module: Module) -> Self:
        """Add a module at the end."""
        self.add_module(str(len(self)), module)
        return self

    def extend(self, modules: Iterable[Module]) -> Self:
        """Add modules at the end.  Errors: TypeError for what cannot be iterated over."""
        if not isinstance(modules, Iterable):
            raise TypeError(
                "ModuleList.extend should be called with an iterable, but got "
                + type(modules).__name__
            )
        for module in tuple(modules):
            self.append(module)
        return self

    def pop(self, key: int | slice) -> Any:
        """Remove the module at ``key`` and return it; for a slice, a ModuleList of those."""
        module = self[key]
        del self[key]
        return module

    def __repr__(self) -> str:
        """As any module, but with equal neighbours written once: ``(0-2): 3 x ReLU()``."""
        blocks: list[tuple[int, int, str]] = []  # (first, last, text)
        for position, module in enumerate(self):
            text = repr(module)
            if blocks and blocks[-1][2] == text:
                blocks[-1] = (blocks[-1][0], position, text)
            else:
                blocks.append((position, position, text))
        if not blocks:
            return f"{self._get_name()}()"
        lines = []
        for first, last, text in blocks:
            if first == last:
                line = f"({first}): {text}"
            else:
                line = f"({first}-{last}): {last - first + 1} x {text}"
            lines.append(_addindent(line, 2))
        inside = "".join(f"\n  {line}" for line in lines)
        return f"{self._get_name()}({inside}\n)"


class ModuleDict(Module):
    """Modules in a dict, found by their name and trained with the rest of the model.

    It has no ``forward``: the module that holds it says what to do with them.

    Args:
        modules: a mapping of names to modules, or an iterable of (name, module).

    Errors: TypeError for what is not a module, KeyError for an unknown name, or for one that is an
    attribute of every module.  Source: torch.nn.ModuleDict.

    Example::

        >>> from minitorch import nn
        >>> activations = nn.ModuleDict({"relu": nn.ReLU(), "tanh": nn.Tanh()})
        >>> activations["relu"]
        ReLU()
        >>> list(activations)
        ['relu', 'tanh']
    """

    def __init__(
        self, modules: Mapping[str, Module] | Iterable[tuple[str, Module]] | None = None
    ) -> None:
        super().__init__()
        if modules is not None:
            self.update(modules)

    def __getitem__(self, key: str) -> Any:
        return self._modules[key]

    def __setitem__(self, key: str, module: Module) -> None:
        self.add_module(key, module)

    def __delitem__(self, key: str) -> None:
        del self._modules[key]

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[str]:
        return iter(self._modules)

    def __contains__(self, key: object) -> bool:
        return key in self._modules

    def clear(self) -> None:
        """Remove every module."""
        self._modules.clear()

    def pop(self, key: str) -> Any:
        """Remove the module ``key`` and return it.  Errors: KeyError if there is none."""
        return self._modules.pop(key)

    def keys(self) -> KeysView[str]:
        """The names."""
        return self._modules.keys()

    def items(self) -> ItemsView[str, Any]:
        """The (name, module) pairs."""
        return self._modules.items()

    def values(self) -> ValuesView[Any]:
        """The modules."""
        return self._modules.values()

    def update(self, modules: Mapping[str, Module] | Iterable[tuple[str, Module]]) -> None:
        """Add modules, in place of those of the same name, in the order given.

        Errors: TypeError for what cannot be iterated over, ValueError for what is not a pair.
        """
        if not isinstance(modules, Iterable):
            raise TypeError(
                "ModuleDict.update should be called with an iterable of key/value pairs, but got "
                + type(modules).__name__
            )
        for key, module in _pairs("ModuleDict", modules):
            self[key] = module


def _describe_entry(key: Any, value: Any, kind: str) -> str:
    """The line of a ParameterList's or ParameterDict's text for one entry."""
    if not isinstance(value, Tensor):
        return f"  ({key}): Object of type: {type(value).__name__}"
    holder = "Parameter" if isinstance(value, Parameter) else "Tensor"
    size = "x".join(str(length) for length in value.shape)
    gpu = f" (GPU {value.get_device()})" if value.is_cuda else ""
    return f"  ({key}): {holder} containing: [{kind} of size {size}{gpu}]"


def _as_entry(value: Any) -> Any:
    """Tensors become parameters; anything else is kept as it is."""
    if isinstance(value, Tensor) and not isinstance(value, Parameter):
        return Parameter(value)
    return value


class ParameterList(Module):
    """Parameters in a list, found by their index.

    Tensors become parameters; other things may be in it as well and are not trained.

    Args:
        values: an iterable of parameters, tensors or anything else.

    Errors: IndexError out of range, TypeError for what cannot be iterated over.
    Source: torch.nn.ParameterList.

    Example::

        >>> import minitorch
        >>> from minitorch import nn
        >>> weights = nn.ParameterList([minitorch.ones(2, 3), minitorch.ones(4)])
        >>> weights
        ParameterList(
            (0): Parameter containing: [torch.float32 of size 2x3]
            (1): Parameter containing: [torch.float32 of size 4]
        )
    """

    def __init__(self, values: Iterable[Any] | None = None) -> None:
        super().__init__()
        self._size = 0
        if values is not None:
            self.extend(values)

    def __getitem__(self, idx: Any) -> Any:
        if isinstance(idx, slice):
            return type(self)(list(self)[idx])
        return getattr(self, self._name_at(idx))

    def __setitem__(self, idx: int, param: Any) -> None:
        setattr(self, self._name_at(idx), _as_entry(param))

    def _name_at(self, idx: Any) -> str:
        return str(_position(idx, len(self)))

    def __len__(self) -> int:
        return self._size

    def __iter__(self) -> Iterator[Any]:
        return (self[position] for position in range(len(self)))

    def __iadd__(self, parameters: Iterable[Any]) -> Self:
        return self.extend(parameters)

    def __dir__(self) -> list[str]:
        return _without_numbers(super().__dir__())

    def append(self, value: Any) -> Self:
        """Add an entry at the end."""
        setattr(self, str(self._size), _as_entry(value))
        self._size += 1
        return self

    def extend(self, values: Iterable[Any]) -> Self:
        """Add entries at the end.  Errors: TypeError for a tensor or what is not iterable."""
        # A tensor is iterable, but whoever passes one does not mean its rows.
        if not isinstance(values, Iterable) or isinstance(values, Tensor):
            raise TypeError(
                "ParameterList.extend should be called with an iterable, but got "
                + type(values).__name__
            )
        for value in tuple(values):
            self.append(value)
        return self

    def extra_repr(self) -> str:
        return "\n".join(
            _describe_entry(position, value, str(getattr(value, "dtype", None)))
            for position, value in enumerate(self)
        )

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        raise RuntimeError("ParameterList should not be called.")


class ParameterDict(Module):
    """Parameters in a dict, found by their name.

    Tensors become parameters; other things may be in it as well and are not trained.

    Args:
        parameters: a mapping of names to parameters, or an iterable of (name, parameter).

    Errors: TypeError for a name that is not a string, AttributeError for an unknown one, KeyError
    for one that is an attribute of every module.  Source: torch.nn.ParameterDict.

    Example::

        >>> import minitorch
        >>> from minitorch import nn
        >>> weights = nn.ParameterDict({"left": minitorch.ones(2), "right": minitorch.ones(4)})
        >>> weights
        ParameterDict(
            (left): Parameter containing: [torch.FloatTensor of size 2]
            (right): Parameter containing: [torch.FloatTensor of size 4]
        )
    """

    def __init__(self, parameters: Any = None) -> None:
        super().__init__()
        # The entries are attributes; this dict (its values are all None) holds their order.
        self._keys: dict[str, None] = {}
        if parameters is not None:
            self.update(parameters)

    def __getitem__(self, key: str) -> Any:
        return getattr(self, self._checked(key))

    def __setitem__(self, key: str, value: Any) -> None:
        self._checked(key)
        self._keys[key] = None
        value = _as_entry(value)
        try:
            if isinstance(value, Parameter):
                self.register_parameter(key, value)
            else:
                setattr(self, key, value)
        except Exception:
            if key not in self.__dict__ and key not in self._parameters:
                del self._keys[key]
            raise

    def _checked(self, key: Any) -> str:
        if not isinstance(key, str):
            raise TypeError(
                "Index given to ParameterDict cannot be used as a key as it is not a string "
                f"(type is '{type(key).__name__}'). Use a string."
            )
        return key

    def __delitem__(self, key: str) -> None:
        del self._keys[key]
        delattr(self, key)

    def __len__(self) -> int:
        return len(self._keys)

    def __iter__(self) -> Iterator[str]:
        return iter(self._keys)

    def __reversed__(self) -> Iterator[str]:
        return reversed(self._keys)

    def __contains__(self, key: object) -> bool:
        return key in self._keys

    def copy(self) -> ParameterDict:
        """Another dict of the same parameters, in the same order."""
        return ParameterDict(OrderedDict(self.items()))

    def setdefault(self, key: str, default: Any = None) -> Any:
        """The entry ``key``, which becomes ``default`` if there is none."""
        if key not in self:
            self[key] = default
        return self[key]

    def clear(self) -> None:
        """Remove every entry."""
        for key in tuple(self):
            del self[key]

    def pop(self, key: str) -> Any:
        """Remove the entry ``key`` and return it.  Errors: AttributeError if there is none."""
        value = self[key]
        del self[key]
        return value

    def popitem(self) -> tuple[str, Any]:
        """Remove the last entry and return it with its name.  Errors: KeyError if there is none."""
        if not self._keys:
            raise KeyError("popitem(): dictionary is empty")
        key = next(reversed(self))
        return key, self.pop(key)

    def get(self, key: str, default: Any = None) -> Any:
        """The entry ``key``, or ``default`` if there is none."""
        return self[key] if key in self else default

    def fromkeys(self, keys: Iterable[str], default: Any = None) -> ParameterDict:
        """A new dict with ``default`` under each of the keys."""
        return ParameterDict((key, default) for key in keys)

    def keys(self) -> KeysView[str]:
        """The names."""
        return self._keys.keys()

    def items(self) -> Iterable[tuple[str, Any]]:
        """The (name, entry) pairs."""
        return ((key, self[key]) for key in self._keys)

    def values(self) -> Iterable[Any]:
        """The entries."""
        return (self[key] for key in self._keys)

    def update(self, parameters: Any) -> None:
        """Add entries, in place of those of the same name.

        Errors: TypeError for what cannot be iterated over, ValueError for what is not a pair.
        """
        if not isinstance(parameters, Iterable):
            raise TypeError(
                "ParametersDict.update should be called with an iterable of key/value pairs, "
                "but got " + type(parameters).__name__
            )
        # torch: a mapping without an order of its own is taken in the order of its keys.
        if isinstance(parameters, Mapping) and not isinstance(parameters, OrderedDict):
            parameters = sorted(parameters.items(), key=operator.itemgetter(0))
        for key, value in _pairs("ParameterDict", parameters):
            self[key] = value

    def extra_repr(self) -> str:
        return "\n".join(
            _describe_entry(key, value, _typename(value)) for key, value in self.items()
        )

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        raise RuntimeError("ParameterDict should not be called.")

    def __or__(self, other: Any) -> ParameterDict:
        merged = self.copy()
        merged.update(other)
        return merged

    def __ror__(self, other: Any) -> Any:
        merged = other.copy()
        merged.update(self)
        return merged

    def __ior__(self, other: Any) -> Self:
        self.update(other)
        return self
