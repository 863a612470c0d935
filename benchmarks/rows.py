"""What a table of benchmarks is: named programs that run with either library."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

#: Given the library, prepares everything and returns the function to time.
Build = Callable[[Any], Callable[[], Any]]


@dataclass
class Table:
    """Rows about one topic.  ``name`` selects it on the command line."""

    name: str
    title: str
    rows: dict[str, Build] = field(default_factory=dict)

    def add(self, name: str, build: Build) -> None:
        """One more row; names are unique within a table."""
        if name in self.rows:
            raise ValueError(f"there is a row {name!r} already in {self.name}")
        self.rows[name] = build

    def row(self, name: str) -> Callable[[Build], Build]:
        """The same as a decorator."""

        def decorate(build: Build) -> Build:
            self.add(name, build)
            return build

        return decorate
