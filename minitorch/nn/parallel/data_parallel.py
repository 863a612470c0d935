"""DataParallel: on a machine without GPUs, the module itself under another name.

Source: torch.nn.parallel.data_parallel.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from minitorch.nn.module import Module

__all__ = ["DataParallel", "data_parallel"]


class DataParallel(Module):
    """A module whose batches several GPUs share; without GPUs it calls ``module`` as it is.

    Programs written for several GPUs so run unchanged: the module is ``.module``, and the names in
    ``state_dict`` begin with ``module.``.

    Args:
        module: the module.
        device_ids: the GPUs; there are none, so the attribute of this name is empty.
        output_device: where the outputs would be gathered.
        dim: the dimension of the batch.

    Shape: that of ``module``.
    Source: torch.nn.DataParallel.

    Example::

        >>> import minitorch
        >>> model = minitorch.nn.DataParallel(minitorch.nn.Linear(2, 3))
        >>> model(minitorch.zeros(4, 2)).shape
        torch.Size([4, 3])
        >>> list(model.state_dict())
        ['module.weight', 'module.bias']
    """

    def __init__(
        self,
        module: Module,
        device_ids: Sequence[Any] | None = None,
        output_device: Any = None,
        dim: int = 0,
    ) -> None:
        super().__init__()
        self.module = module
        self.device_ids: list[Any] = []

    def forward(self, *inputs: Any, **kwargs: Any) -> Any:
        """``module(*inputs, **kwargs)``."""
        return self.module(*inputs, **kwargs)


def data_parallel(
    module: Module,
    inputs: Any,
    device_ids: Sequence[Any] | None = None,
    output_device: Any = None,
    dim: int = 0,
    module_kwargs: dict[str, Any] | None = None,
) -> Any:
    """``DataParallel`` as a function: ``module`` of ``inputs``, a tuple of arguments or one.

    Source: torch.nn.parallel.data_parallel.
    """
    if not isinstance(inputs, tuple):
        inputs = () if inputs is None else (inputs,)
    return module(*inputs, **(module_kwargs or {}))
