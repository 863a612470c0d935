"""Writes minitorch/tensor.pyi: the Tensor with all that the surface installs, for editors and type
checkers.

Run it after adding an op; ``tests/test_house.py`` fails while the file is out of date.
"""

from __future__ import annotations

import inspect
import pathlib
import re

import minitorch
from minitorch.tensor import Tensor

HEADER = '''"""The Tensor as type checkers see it.  Made by scripts/make_stub.py; do not edit."""

import builtins
from collections.abc import Iterator
from typing import Any, Self

import numpy as np

from minitorch.autograd.graph import Node
from minitorch.device import device as Device
from minitorch.dtypes import dtype as DType
from minitorch.size import Size

__all__ = ["Tensor", "wrap"]

class Tensor:
    _array: np.ndarray
    _counter: list[builtins.int]
    _node: Node | None
    _index: builtins.int
    _requires_grad: builtins.bool
    _grad: Tensor | None
    _view: Any
    def __new__(cls, *args: Any, dtype: DType | None = ..., **unused: Any) -> Self: ...
    def __setattr__(self, name: str, value: Any) -> None: ...
'''

#: What the code of a property or method does not say.
RETURNS = {
    "T": "Tensor",
    "H": "Tensor",
    "mT": "Tensor",
    "mH": "Tensor",
    "real": "Tensor",
    "imag": "Tensor",
    "_base": "Tensor | None",
    "_version": "int",
    "grad_fn": "Node | None",
    "output_nr": "int",
    "__len__": "int",
    "__bool__": "bool",
    "__int__": "int",
    "__float__": "float",
    "__complex__": "complex",
    "__index__": "int",
    "__hash__": "int",
    "__repr__": "str",
    "__format__": "str",
    "__contains__": "bool",
    "__iter__": "Iterator[Tensor]",
    "__setitem__": "None",
    "backward": "None",
    "item": "Any",
    "tolist": "Any",
    "equal": "bool",
    "type": "Any",
    "allclose": "bool",
    "numpy": "np.ndarray",
    "_accumulate_grad": "None",
}
UNARY = {"__neg__", "__pos__", "__abs__", "__invert__", "__repr__"}
SKIPPED = {
    "__module__",
    "__doc__",
    "__slots__",
    "__dict__",
    "__weakref__",
    "__new__",
    "__eq__",
    "__ne__",
}


def annotation(text: str) -> str:
    """A source annotation in the names that the stub imports."""
    names = {"dtypes.dtype": "DType", "device_class": "Device", "dtype_class": "DType"}
    for name, replacement in names.items():
        text = text.replace(name, replacement)
    known = {
        "Node",
        "np.ndarray",
        "Iterator",
        "Tensor",
        "Size",
        "DType",
        "Device",
        "str",
        "None",
        "tuple",
        "list",
    }
    # The Tensor's methods int(), bool() ... hide the builtins inside the class.
    text = re.sub(r"\b(bool|int|float|complex)\b", r"builtins.\1", text)
    words = re.findall(r"[\w.]+", text.replace("...", ""))
    return (
        text
        if words and all(word in known or word.startswith("builtins.") for word in words)
        else "Any"
    )


def returns(name: str, function) -> str:
    """The return annotation of a method."""
    if name in RETURNS:
        return annotation(RETURNS[name]) if RETURNS[name] != "Any" else "Any"
    op = getattr(function, "op", None)
    if op is not None:
        if name.startswith("__") or not (op.several or op.outputs):
            return "Tensor"
        return "tuple[Tensor, ...]" if op.several else "Any"
    said = getattr(function, "__annotations__", {}).get("return")
    if said is not None:
        return annotation(said if isinstance(said, str) else getattr(said, "__name__", "Any"))
    return "Tensor" if name.endswith("_") and not name.startswith("__") else "Any"


def parameters(function, op, name_is_unary_operator=False) -> str:
    """The parameters of a method, with defaults left out as stubs do."""
    signature = op.signature if op is not None else inspect.signature(function)
    shown, star = [], False
    for position, parameter in enumerate(signature.parameters.values()):
        if position == 0:
            shown.append("self")
            if name_is_unary_operator:
                break
            continue
        kind = parameter.kind
        if kind is parameter.VAR_POSITIONAL:
            shown.append(f"*{parameter.name}: Any")
            star = True
            continue
        if kind is parameter.VAR_KEYWORD:
            shown.append(f"**{parameter.name}: Any")
            continue
        if op is not None and op.varargs == parameter.name:
            shown.append(f"*{parameter.name}: Any")
            star = True
            continue
        if kind is parameter.KEYWORD_ONLY and not star:
            shown.append("*")
            star = True
        default = "" if parameter.default is parameter.empty else " = ..."
        if star and kind is not parameter.KEYWORD_ONLY:
            default = " = ..."
        shown.append(f"{parameter.name}: Any{default}")
    return ", ".join(shown)


def stub() -> str:
    """The text of the stub file."""
    lines = [HEADER]
    for name in sorted(vars(Tensor)):
        value = vars(Tensor)[name]
        if name in SKIPPED or inspect.ismemberdescriptor(value):
            continue
        if isinstance(value, property):
            said = (
                annotation(RETURNS[name])
                if name in RETURNS
                else annotation(
                    str(getattr(value.fget, "__annotations__", {}).get("return", "Any"))
                )
            )
            lines.append(f"    @property\n    def {name}(self) -> {said}: ...\n")
            if value.fset is not None:
                lines.append(f"    @{name}.setter\n    def {name}(self, value: Any) -> None: ...\n")
        elif callable(value):
            op = getattr(value, "op", None)
            if name.startswith("__") and inspect.signature(value).parameters.keys() == {
                "input",
                "other",
                "args",
                "kwargs",
            }:
                lines.append(f"    def {name}(self, other: Any) -> Tensor: ...\n")
            else:
                lines.append(
                    f"    def {name}({parameters(value, op, name in UNARY)}) -> "
                    f"{returns(name, value)}: ...\n"
                )
        else:
            lines.append(f"    {name}: builtins.{type(value).__name__}\n")
    lines.append("    def __eq__(self, other: Any) -> Tensor: ...  # type: ignore[override]\n")
    lines.append("    def __ne__(self, other: Any) -> Tensor: ...  # type: ignore[override]\n")
    lines.append("\ndef wrap(array: Any) -> Tensor: ...\n")
    return "".join(lines)


if __name__ == "__main__":
    path = pathlib.Path(minitorch.__file__).with_name("tensor.pyi")
    path.write_text(stub())
    print(f"wrote {path.name}: {stub().count('def ')} definitions")
