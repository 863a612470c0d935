"""A model's parameters as one vector, and back."""

from __future__ import annotations

from collections.abc import Iterable

from minitorch.ops.joining import cat
from minitorch.tensor import Tensor

__all__ = ["parameters_to_vector", "vector_to_parameters"]


def parameters_to_vector(parameters: Iterable[Tensor]) -> Tensor:
    """All parameters in a row; gradients flow back to them.

    Shape: any -> (the sum of their sizes).
    Errors: TypeError for parameters on several devices, RuntimeError for none at all.
    Source: torch.nn.utils.parameters_to_vector.
    """
    parameters = _on_one_device(parameters)
    return cat([param.view(-1) for param in parameters])


def vector_to_parameters(vec: Tensor, parameters: Iterable[Tensor]) -> None:
    """Give each parameter its part of ``vec`` as data; what is left of the vector is ignored.

    Shape: vec is a vector of at least the sum of the parameters' sizes.
    Errors: TypeError for a ``vec`` that is no tensor, or parameters on several devices;
    RuntimeError for a vector that is too short.
    Source: torch.nn.utils.vector_to_parameters.
    """
    if not isinstance(vec, Tensor):
        raise TypeError(f"expected torch.Tensor, but got: {type(vec).__name__}")
    parameters = _on_one_device(parameters)
    parts = []
    start = 0
    for param in parameters:
        parts.append(vec[start : start + param.numel()].view_as(param))
        start += param.numel()
    for param, part in zip(parameters, parts, strict=True):
        # torch: the parameters share the vector's memory from now on.
        param.data = part.data


def _on_one_device(parameters: Iterable[Tensor]) -> list[Tensor]:
    parameters = list(parameters)
    if len({param.device for param in parameters}) > 1:
        raise TypeError(
            "Found two parameters on different devices, this is currently not supported."
        )
    return parameters
