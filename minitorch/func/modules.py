"""Modules as functions of their parameters.  Source: torch.func."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from minitorch.nn.module import Module
from minitorch.nn.utils.stateless import call_with
from minitorch.ops.joining import stack
from minitorch.tensor import Tensor

__all__ = ["functional_call", "stack_module_state"]


def functional_call(
    module: Module,
    parameter_and_buffer_dicts: Mapping[str, Tensor] | Sequence[Mapping[str, Tensor]],
    args: Any = None,
    kwargs: Mapping[str, Any] | None = None,
    *,
    tie_weights: bool = True,
    strict: bool = False,
) -> Any:
    """``module(*args, **kwargs)`` with other tensors in the place of its parameters and buffers.

    Args:
        parameter_and_buffer_dicts: tensors by their names in ``named_parameters()`` and
            ``named_buffers()``: one dict, or several with different names.
        args: a tuple of arguments, or the only one.
        tie_weights: a tensor given for one of several tied names stands for all of them.
        strict: raise if a name is missing or unknown.

    Raises ValueError for a name that stands in two dicts.  Source: torch.func.functional_call.
    """
    dicts = parameter_and_buffer_dicts
    if isinstance(dicts, Mapping):
        tensors = dict(dicts)
    elif isinstance(dicts, (list, tuple)):
        tensors = {}
        for one in dicts:
            if not isinstance(one, Mapping):
                raise ValueError(
                    "Expected all elements of parameter_and_buffer_dicts to be dictionaries"
                )
            twice = tensors.keys() & one.keys()
            if twice:
                raise ValueError(
                    f"{sorted(twice)} appeared in multiple dictionaries; behavior of functional "
                    "call is ambiguous"
                )
            tensors.update(one)
    else:
        raise ValueError(
            "Expected parameter_and_buffer_dicts to be a dict, or a list/tuple of dicts, but got "
            f"{type(dicts)}"
        )
    return call_with(
        module,
        tensors,
        args,
        None if kwargs is None else dict(kwargs),
        tie_weights=tie_weights,
        strict=strict,
    )


def stack_module_state(
    models: Sequence[Module],
) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """The parameters and buffers of several modules of one kind, stacked: an ensemble for ``vmap``.

    The stacked parameters are leaves, with memory of their own.
    Raises RuntimeError for no models, or models of different classes or modes.
    Source: torch.func.stack_module_state.
    """
    models = list(models)
    if not models:
        raise RuntimeError("stack_module_state: Expected at least one model, got 0.")
    if len({model.training for model in models}) > 1:
        raise RuntimeError(
            "stack_module_state: Expected all models to have the same training/eval mode."
        )
    if len({type(model) for model in models}) > 1:
        raise RuntimeError("stack_module_state: Expected all models to be of the same class.")

    def stacked(named):
        dicts = [dict(named(model)) for model in models]
        return {
            key: stack([d[key] for d in dicts]).detach().requires_grad_(tensor.requires_grad)
            for key, tensor in dicts[0].items()
        }

    parameters = stacked(lambda model: model.named_parameters())
    return parameters, stacked(lambda model: model.named_buffers())
