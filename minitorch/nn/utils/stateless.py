"""Calling a module with other parameters than its own."""

from __future__ import annotations

import warnings
from collections import defaultdict
from typing import Any

from minitorch.nn.module import Module
from minitorch.tensor import Tensor

__all__ = ["call_with", "functional_call"]


def functional_call(
    module: Module,
    parameters_and_buffers: dict[str, Tensor],
    args: Any = None,
    kwargs: dict[str, Any] | None = None,
    *,
    tie_weights: bool = True,
    strict: bool = False,
) -> Any:
    """Deprecated in favour of ``func.functional_call``, which does the same; see `call_with`.

    Source: torch.nn.utils.stateless.functional_call.
    """
    warnings.warn(
        "`torch.nn.utils.stateless.functional_call` is deprecated as of PyTorch 2.0 and will be "
        "removed in a future version of PyTorch. Please use `torch.func.functional_call` instead "
        "which is a drop-in replacement.",
        FutureWarning,
        stacklevel=2,
    )
    return call_with(
        module, parameters_and_buffers, args, kwargs, tie_weights=tie_weights, strict=strict
    )


def call_with(
    module: Module,
    parameters_and_buffers: dict[str, Tensor],
    args: Any = None,
    kwargs: dict[str, Any] | None = None,
    *,
    tie_weights: bool = True,
    strict: bool = False,
) -> Any:
    """``module(*args, **kwargs)`` with these tensors in the place of parameters and buffers.

    The tensors need not be leaves: gradients reach what they were computed from.  Afterwards the
    module has its own again, and a buffer that the call replaced is replaced in the dict.

    Args:
        parameters_and_buffers: tensors by dotted names, as in ``named_parameters()``; what is not
            named stays.
        args: a tuple, or the only argument.
        tie_weights: give a tensor that has several names in the module the new value under all.
        strict: refuse names that are missing or that the module has not.

    Errors: RuntimeError for names, if ``strict``; TypeError for values that are no tensors;
    ValueError for different values of one tied tensor.
    """
    new = _tied(module, parameters_and_buffers) if tie_weights else dict(parameters_and_buffers)
    if strict:
        _check_names(module, new)
    places = {name: _place(module, name) for name in new}
    for value in new.values():
        if not isinstance(value, Tensor):
            raise TypeError(f"{value} is not an instance of torch.Tensor")
    args = () if args is None else args if isinstance(args, tuple) else (args,)
    own = {name: entries[key] for name, (entries, key) in places.items() if key in entries}
    try:
        for name in own:
            entries, key = places[name]
            entries[key] = new[name]
        return module(*args, **(kwargs or {}))
    finally:
        for name, tensor in own.items():
            entries, key = places[name]
            if name in parameters_and_buffers:
                parameters_and_buffers[name] = entries[key]
            entries[key] = tensor


def _place(module: Module, path: str) -> tuple[dict[str, Any], str]:
    """The dict and the key under which the tensor of that name stands."""
    parent, _, name = path.rpartition(".")
    if name == "":
        raise KeyError('tensor name can\'t be empty string ""')
    owner = module.get_submodule(parent)
    if name in owner._parameters:
        return owner._parameters, name
    if name not in owner._buffers and hasattr(owner, name):
        value = getattr(owner, name)
        if not isinstance(value, Tensor):
            raise TypeError(f"attribute `{name}`: {value} is not an instance of torch.Tensor")
        return owner.__dict__, name
    return owner._buffers, name


def _named_tensors(module: Module) -> dict[str, Tensor]:
    return {
        **dict(module.named_parameters(remove_duplicate=False)),
        **dict(module.named_buffers(remove_duplicate=False)),
    }


def _tied(module: Module, given: dict[str, Tensor]) -> dict[str, Tensor]:
    """``given``, with the value of a tensor of several names under all of them."""
    names_of: defaultdict[int, list[str]] = defaultdict(list)
    for name, tensor in _named_tensors(module).items():
        names_of[id(tensor)].append(name)
    result = dict(given)
    for names in names_of.values():
        values = [given[name] for name in names if name in given]
        if any(value is not values[0] for value in values):
            raise ValueError(
                f"functional_call got multiple values for keys {sorted(names)}, which are tied. "
                "Consider using tie_weights=False"
            )
        if values:
            result.update(dict.fromkeys(names, values[0]))
    return result


def _check_names(module: Module, given: dict[str, Tensor]) -> None:
    known = _named_tensors(module)
    complaints = [
        f"{kind} key(s): {', '.join(map(repr, sorted(keys)))}."
        for kind, keys in (
            ("Unexpected", given.keys() - known.keys()),
            ("Missing", known.keys() - given.keys()),
        )
        if keys
    ]
    if complaints:
        raise RuntimeError(
            f"Error(s) in reparametrizing for {type(module).__name__}:\n\t"
            + "\n\t".join(complaints)
        )
