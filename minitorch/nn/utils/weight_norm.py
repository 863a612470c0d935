"""Weight norm by a hook before forward, as programs had it before parametrizations."""

from __future__ import annotations

import warnings
from typing import Any, TypeVar

from minitorch.nn.module import Module
from minitorch.nn.parameter import Parameter, is_lazy
from minitorch.ops._op import named
from minitorch.ops.normalization import norm_except_dim
from minitorch.tensor import Tensor

__all__ = ["WeightNorm", "normalized_weight", "remove_weight_norm", "weight_norm"]

_Module = TypeVar("_Module", bound=Module)


def normalized_weight(v: Tensor, g: Tensor, dim: int) -> Tensor:
    """``g v / |v|``, one norm for each index of ``dim``; -1 for one of the whole tensor."""
    weight = v * (g / norm_except_dim(v, 2, dim))
    return named(weight, "WeightNormInterfaceBackward0") if dim in (0, v.ndim - 1) else weight


class WeightNorm:
    """The hook: computes the weight from ``weight_g`` and ``weight_v`` before every forward.

    Source: torch.nn.utils.weight_norm.WeightNorm.
    """

    def __init__(self, name: str, dim: int | None) -> None:
        self.name = name
        self.dim = -1 if dim is None else dim

    def compute_weight(self, module: Module) -> Tensor:
        """The weight as it is now."""
        g, v = getattr(module, self.name + "_g"), getattr(module, self.name + "_v")
        return normalized_weight(v, g, self.dim)

    @staticmethod
    def apply(module: Module, name: str, dim: int | None) -> WeightNorm:
        """Replace the parameter by its two parts, and register the hook."""
        warnings.warn(
            "`torch.nn.utils.weight_norm` is deprecated in favor of "
            "`torch.nn.utils.parametrizations.weight_norm`.",
            FutureWarning,
            stacklevel=3,
        )
        for hook in module._forward_pre_hooks.values():
            if isinstance(hook, WeightNorm) and hook.name == name:
                raise RuntimeError(
                    f"Cannot register two weight_norm hooks on the same parameter {name}"
                )
        weight = getattr(module, name)
        if is_lazy(weight):
            raise ValueError(
                "The module passed to `WeightNorm` can't have uninitialized parameters. Make sure "
                "to run the dummy forward before applying weight normalization"
            )
        hook = WeightNorm(name, dim)
        del module._parameters[name]
        norm = norm_except_dim(weight, 2, hook.dim)
        module.register_parameter(name + "_g", Parameter(norm.data))
        module.register_parameter(name + "_v", Parameter(weight.data))
        setattr(module, name, hook.compute_weight(module))
        module.register_forward_pre_hook(hook)
        return hook

    def remove(self, module: Module) -> None:
        """Make one parameter of the two parts again."""
        weight = self.compute_weight(module)
        delattr(module, self.name)
        del module._parameters[self.name + "_g"], module._parameters[self.name + "_v"]
        setattr(module, self.name, Parameter(weight.data))

    def __call__(self, module: Module, inputs: Any) -> None:
        setattr(module, self.name, self.compute_weight(module))


def weight_norm(module: _Module, name: str = "weight", dim: int | None = 0) -> _Module:
    """Train magnitude ``weight_g`` and direction ``weight_v``; deprecated.

    ``nn.utils.parametrizations.weight_norm`` does the same at every access.

    Args:
        name: the parameter.
        dim: one norm for each index of this dimension; None for one of the whole tensor.

    Returns: ``module``.

    Errors: RuntimeError for a second hook on the same parameter.
    Source: torch.nn.utils.weight_norm; Salimans and Kingma 2016.
    """
    WeightNorm.apply(module, name, dim)
    return module


def remove_weight_norm(module: _Module, name: str = "weight") -> _Module:
    """Undo :func:`weight_norm`; the weight keeps its value.

    Returns: ``module``.

    Errors: ValueError where there is none.  Source: torch.nn.utils.remove_weight_norm.
    """
    for key, hook in module._forward_pre_hooks.items():
        if isinstance(hook, WeightNorm) and hook.name == name:
            hook.remove(module)
            del module._forward_pre_hooks[key]
            return module
    raise ValueError(f"weight_norm of '{name}' not found in {module}")
