"""The named tuples that ops with several results return (``torch.return_types.max``)."""

from __future__ import annotations

from collections import namedtuple

__all__ = ["return_type"]


def return_type(name: str, fields: tuple[str, ...]) -> type:
    """A tuple type with named ``fields`` that prints as torch's result of ``name`` does."""
    base = namedtuple(name, fields)  # type: ignore[misc]
    base.__module__ = "torch.return_types"

    def __repr__(self):
        rows = ",\n".join(f"{field}={value!r}" for field, value in zip(fields, self, strict=True))
        return f"torch.return_types.{type(self).__name__}(\n{rows})"

    return type(
        name, (base,), {"__slots__": (), "__repr__": __repr__, "__module__": "torch.return_types"}
    )
