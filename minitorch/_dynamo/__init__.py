"""The tracer behind torch.compile, as far as programs set it: nothing is traced.

Source: torch._dynamo.
"""

from __future__ import annotations

from minitorch._dynamo import config, utils
from minitorch.compiler import allow_in_graph, assume_constant_result, disable, reset

__all__ = [
    "allow_in_graph",
    "assume_constant_result",
    "config",
    "disable",
    "explain",
    "export",
    "graph_break",
    "is_compiling",
    "list_backends",
    "mark_dynamic",
    "mark_static",
    "maybe_mark_dynamic",
    "optimize",
    "reset",
    "utils",
]


def optimize(*args, **kwargs):
    """An old spelling of ``torch.compile``: a decorator that returns its function."""
    return lambda function: function


def is_compiling() -> bool:
    """Whether a function is being compiled: no."""
    return False


def list_backends(exclude_tags=("debug", "experimental")) -> list[str]:
    """The compilers that are there: none."""
    return []


def graph_break(msg: str = "") -> None:
    """Divide what is compiled here: nothing to do."""


def mark_dynamic(t, index, **kwargs) -> None:
    """Expect other lengths of a dimension: nothing to do."""


def maybe_mark_dynamic(t, index) -> None:
    """Expect other lengths of a dimension: nothing to do."""


def mark_static(t, index=None) -> None:
    """Expect one length of a dimension: nothing to do."""


def explain(f, *extra_args, **extra_kwargs):
    """What would be compiled.  Raises NotImplementedError: nothing is traced."""
    raise NotImplementedError("torch._dynamo.explain: minitorch traces nothing")


def export(f, *extra_args, **extra_kwargs):
    """A function as a graph.  Raises NotImplementedError: nothing is traced."""
    raise NotImplementedError("torch._dynamo.export: minitorch traces nothing")
