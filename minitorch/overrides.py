"""The protocol by which classes take over functions, for those who write such functions.

How the library's own operations follow it stands in ``ops/subclasses.py``.
Source: torch.overrides.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from typing import Any

from minitorch.ops.subclasses import handle_torch_function as _handle
from minitorch.tensor import Tensor

__all__ = [
    "BaseTorchFunctionMode",
    "TorchFunctionMode",
    "handle_torch_function",
    "has_torch_function",
    "has_torch_function_unary",
    "has_torch_function_variadic",
    "is_tensor_like",
    "is_tensor_method_or_property",
    "resolve_name",
    "wrap_torch_function",
]


def _overrides(value):
    if isinstance(value, Tensor):
        return type(value)._derived
    return not isinstance(value, type) and hasattr(type(value), "__torch_function__")


def is_tensor_like(inp: Any) -> bool:
    """Whether it is a tensor or has ``__torch_function__``.

    Source: torch.overrides.is_tensor_like.
    """
    return isinstance(inp, Tensor) or hasattr(inp, "__torch_function__")


def has_torch_function(relevant_args: Iterable[Any]) -> bool:
    """Whether an argument takes functions over.  Source: torch.overrides.has_torch_function."""
    return any(map(_overrides, relevant_args))


def has_torch_function_unary(value: Any) -> bool:
    """``has_torch_function`` of one argument.

    Source: torch.overrides.has_torch_function_unary.
    """
    return _overrides(value)


def has_torch_function_variadic(*args: Any) -> bool:
    """``has_torch_function`` of several arguments.

    Source: torch.overrides.has_torch_function_variadic.
    """
    return has_torch_function(args)


def handle_torch_function(
    public_api: Callable, relevant_args: Iterable[Any], *args: Any, **kwargs: Any
) -> Any:
    """The call as the first argument that takes it over computes it; subclasses come first.

    Raises TypeError if all decline.  Source: torch.overrides.handle_torch_function.
    """
    values = [value for value in relevant_args if _overrides(value)]
    return _handle(public_api, values, args, kwargs)


def wrap_torch_function(dispatcher: Callable) -> Callable:
    """Decorates a function that may be taken over by the arguments which ``dispatcher`` returns.

    Source: torch.overrides.wrap_torch_function.
    """

    def decorator(function):
        @functools.wraps(function)
        def call(*args, **kwargs):
            relevant = dispatcher(*args, **kwargs)
            if has_torch_function(relevant):
                return handle_torch_function(call, relevant, *args, **kwargs)
            return function(*args, **kwargs)

        return call

    return decorator


def is_tensor_method_or_property(func: Callable) -> bool:
    """Whether it is one of the tensor's methods.

    Source: torch.overrides.is_tensor_method_or_property.
    """
    return getattr(Tensor, getattr(func, "__name__", ""), None) is func


def resolve_name(f: Callable) -> str | None:
    """The name by which programs reach a function.  Source: torch.overrides.resolve_name."""
    import minitorch

    name = getattr(f, "__name__", None)
    if name is None:
        return None
    for path, holder in (
        ("torch.Tensor", Tensor),
        ("torch", minitorch),
        ("torch.nn.functional", minitorch.nn.functional),
        ("torch.linalg", minitorch.linalg),
        ("torch.special", minitorch.special),
    ):
        if getattr(holder, name, None) is f:
            return f"{path}.{name}"
    return None


class TorchFunctionMode:
    """Takes over all functions in a block.  Raises NotImplementedError on entry.

    Source: torch.overrides.TorchFunctionMode.
    """

    def __enter__(self):
        raise NotImplementedError(
            f"{type(self).__name__}: minitorch's operations ask classes, not modes"
        )

    def __exit__(self, exc_type, exc_val, exc_tb):
        return None


class BaseTorchFunctionMode(TorchFunctionMode):
    """A mode that changes nothing.  Source: torch.overrides.BaseTorchFunctionMode."""

    def __enter__(self):
        return self
