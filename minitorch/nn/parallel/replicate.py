"""The same module several times, with common parameters.  Source: torch.nn.parallel.replicate."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from minitorch.nn.module import Module

__all__ = ["replicate"]


def replicate(network: Module, devices: Sequence[Any], detach: bool = False) -> list[Any]:
    """A module like ``network`` for each device.

    On the CPU, which is all there is, the replicas have the parameters and buffers of ``network``
    themselves: what is written to one is written to all, and gradients add up.

    Args:
        network: the module.
        devices: the devices, each the CPU.
        detach: whether the replicas' parameters take no part in the graph of ``network``.

    Errors: those of naming a device that is not there.
    Source: torch.nn.parallel.replicate.
    """
    return [_replica(network, device, detach, {}) for device in devices]


def _replica(module: Module, device: Any, detach: bool, made: dict[Module, Module]) -> Module:
    if module in made:
        return made[module]
    replica = made[module] = module.__new__(type(module))
    replica.__dict__.update(module.__dict__)
    for store in ("_parameters", "_buffers"):
        tensors = {}
        for name, tensor in module.__dict__[store].items():
            if tensor is not None:
                tensor = tensor.to(device)
                tensor = tensor.detach() if detach else tensor
            tensors[name] = tensor
        replica.__dict__[store] = tensors
    replica.__dict__["_modules"] = {
        name: child and _replica(child, device, detach, made)
        for name, child in module.__dict__["_modules"].items()
    }
    return replica
