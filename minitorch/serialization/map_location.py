"""``map_location``: on which device the tensors of a checkpoint go."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from minitorch.backends import to_device
from minitorch.device import device
from minitorch.tensor import Tensor, wrap

__all__ = ["MapLocation", "default_restore_location", "storage_map"]

MapLocation = Callable[[Tensor, str], Tensor | None] | device | str | dict[str, str] | None


def storage_map(map_location: Any) -> Callable[[np.ndarray, str], np.ndarray]:
    """A function of a storage and the location it was saved from: the storage to use."""
    if map_location is None:
        return _at
    if isinstance(map_location, dict):
        return lambda array, location: _at(array, map_location.get(location, location))
    if isinstance(map_location, (str, device)):
        return lambda array, _: _at(array, map_location)
    if not callable(map_location):
        raise TypeError(
            "load(): map_location must be None, a device, its name, a dict or a callable, "
            f"got {type(map_location).__name__}"
        )

    def call(array: np.ndarray, location: str) -> np.ndarray:
        storage = wrap(array.reshape(-1).view(np.uint8))
        chosen = map_location(storage, location)
        if chosen is None:
            return _at(array, location)
        if chosen is storage:
            return array
        if not isinstance(chosen, Tensor) or chosen._array.nbytes != array.nbytes:
            raise TypeError(
                f"load(): map_location must return a storage of {array.nbytes} bytes or None, "
                f"got {type(chosen).__name__}"
            )
        return chosen._array.reshape(-1).view(array.dtype).reshape(array.shape)

    return call


def _at(array: np.ndarray, location: str | device) -> np.ndarray:
    """``array`` on the device ``location``."""
    try:
        target = device(location)
    except (RuntimeError, TypeError):
        raise RuntimeError(
            f"don't know how to restore data location of a storage (tagged with {location})"
        ) from None
    try:
        return to_device(array, target)
    except AssertionError:
        raise RuntimeError(
            "Attempting to deserialize object on a CUDA device but torch.cuda.is_available() is "
            f"False. It was saved on, or is to go to, {target}; give load map_location='cpu' to "
            "have it on the CPU."
        ) from None


def default_restore_location(storage: Any, location: str) -> Any:
    """``storage`` where ``load`` would put it: for a callable ``map_location`` to fall back on.

    Source: torch.serialization.default_restore_location.
    """
    if isinstance(storage, Tensor):
        _at(storage._array, location)
    return storage
