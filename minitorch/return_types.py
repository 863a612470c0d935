"""The named tuples that ops with several results return (``torch.return_types.max``)."""

from __future__ import annotations

import functools
from collections import namedtuple

__all__ = ["return_type"]

#: The types by name: ``return_types.max``.
_types: dict[str, type] = {}


@functools.cache
def return_type(name: str, fields: tuple[str, ...]) -> type:
    """A tuple type with named ``fields`` that prints as torch's result of ``name`` does."""
    base = namedtuple(name, fields)  # type: ignore[misc]
    base.__module__ = "torch.return_types"

    def __repr__(self):
        rows = ",\n".join(f"{field}={value!r}" for field, value in zip(fields, self, strict=True))
        return f"torch.return_types.{type(self).__name__}(\n{rows})"

    members = {"__slots__": (), "__repr__": __repr__, "__module__": "torch.return_types"}
    _types[name] = type(name, (base,), members)
    return _types[name]


def __getattr__(name: str) -> type:
    if name in _types:
        return _types[name]
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
