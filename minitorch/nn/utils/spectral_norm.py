"""Spectral norm by a hook before forward, as programs had it before parametrizations."""

from __future__ import annotations

from typing import Any, TypeVar

from minitorch.autograd.mode import no_grad
from minitorch.nn import functional as F
from minitorch.nn.module import Module
from minitorch.nn.modules.conv import ConvTranspose1d, ConvTranspose2d, ConvTranspose3d
from minitorch.nn.parameter import Parameter, is_lazy
from minitorch.ops.decomposition import pinverse
from minitorch.ops.linalg import dot, mv
from minitorch.tensor import Tensor

__all__ = [
    "SpectralNorm",
    "SpectralNormLoadStateDictPreHook",
    "SpectralNormStateDictHook",
    "remove_spectral_norm",
    "spectral_norm",
]

_Module = TypeVar("_Module", bound=Module)


class SpectralNorm:
    """The hook: divides ``weight_orig`` by its largest singular value before every forward.

    The vectors of the power iteration are the buffers ``weight_u`` and ``weight_v``.
    Source: torch.nn.utils.spectral_norm.SpectralNorm.
    """

    #: Of the state: since 1 it holds ``weight_v``, and no ``weight``.
    _version = 1

    def __init__(
        self, name: str = "weight", n_power_iterations: int = 1, dim: int = 0, eps: float = 1e-12
    ) -> None:
        if n_power_iterations <= 0:
            raise ValueError(
                "Expected n_power_iterations to be positive, but got "
                f"n_power_iterations={n_power_iterations}"
            )
        self.name = name
        self.dim = dim
        self.n_power_iterations = n_power_iterations
        self.eps = eps

    def reshape_weight_to_matrix(self, weight: Tensor) -> Tensor:
        """The weight as a matrix whose rows are the indices of ``dim``."""
        weight = weight.movedim(self.dim, 0)
        return weight.reshape(weight.shape[0], -1)

    def compute_weight(self, module: Module, do_power_iteration: bool) -> Tensor:
        """The weight as it is now, after iterations if asked for."""
        weight = getattr(module, self.name + "_orig")
        u, v = getattr(module, self.name + "_u"), getattr(module, self.name + "_v")
        matrix = self.reshape_weight_to_matrix(weight)
        if do_power_iteration:
            with no_grad():
                for _ in range(self.n_power_iterations):
                    v.copy_(F.normalize(mv(matrix.t(), u), dim=0, eps=self.eps))
                    u.copy_(F.normalize(mv(matrix, v), dim=0, eps=self.eps))
            # Copies: the next call writes to the buffers, backward needs them as they are.
            u, v = u.clone(), v.clone()
        return weight / dot(u, mv(matrix, v))

    @staticmethod
    def apply(
        module: Module, name: str, n_power_iterations: int, dim: int, eps: float
    ) -> SpectralNorm:
        """Rename the parameter to ``name_orig``, make the vectors, and register the hooks."""
        for hook in module._forward_pre_hooks.values():
            if isinstance(hook, SpectralNorm) and hook.name == name:
                raise RuntimeError(
                    f"Cannot register two spectral_norm hooks on the same parameter {name}"
                )
        hook = SpectralNorm(name, n_power_iterations, dim, eps)
        weight = module._parameters[name]
        if weight is None:
            raise ValueError(f"`SpectralNorm` cannot be applied as parameter `{name}` is None")
        if is_lazy(weight):
            raise ValueError(
                "The module passed to `SpectralNorm` can't have uninitialized parameters. Make "
                "sure to run the dummy forward before applying spectral normalization"
            )
        with no_grad():
            shape = hook.reshape_weight_to_matrix(weight).shape
            vectors = [
                F.normalize(weight.new_empty(n).normal_(0, 1), dim=0, eps=eps) for n in shape
            ]
        delattr(module, name)
        module.register_parameter(name + "_orig", weight)
        # A plain tensor for now: the module may be looked at before its first forward.
        setattr(module, name, weight.data)
        for letter, vector in zip("uv", vectors, strict=True):
            module.register_buffer(f"{name}_{letter}", vector)
        module.register_forward_pre_hook(hook)
        module._register_state_dict_hook(SpectralNormStateDictHook(hook))
        module._register_load_state_dict_pre_hook(SpectralNormLoadStateDictPreHook(hook))
        return hook

    def remove(self, module: Module) -> None:
        """Make an ordinary parameter of the weight as it is now."""
        with no_grad():
            weight = self.compute_weight(module, do_power_iteration=False)
        for suffix in ("", "_u", "_v", "_orig"):
            delattr(module, self.name + suffix)
        module.register_parameter(self.name, Parameter(weight.detach()))

    def __call__(self, module: Module, inputs: Any) -> None:
        weight = self.compute_weight(module, do_power_iteration=module.training)
        setattr(module, self.name, weight)


class SpectralNormLoadStateDictPreHook:
    """Completes states from before version 1: ``weight_v`` follows from the other three entries.

    Source: torch.nn.utils.spectral_norm.SpectralNormLoadStateDictPreHook.
    """

    def __init__(self, fn: SpectralNorm) -> None:
        self.fn = fn

    def __call__(
        self,
        state_dict: Any,
        prefix: str,
        local_metadata: dict[str, Any],
        strict: bool,
        missing_keys: list[str],
        unexpected_keys: list[str],
        error_msgs: list[str],
    ) -> None:
        key = prefix + self.fn.name
        version = local_metadata.get("spectral_norm", {}).get(self.fn.name + ".version")
        if version is not None and version >= 1:
            return
        new_entries = all(key + suffix in state_dict for suffix in ("_orig", "_u", "_v"))
        if version is None and new_entries and key not in state_dict:
            return  # a new state without its metadata
        missing = [key + s for s in ("_orig", "", "_u") if key + s not in state_dict]
        if missing:
            missing_keys += missing if strict else []
            return
        with no_grad():
            original, u = state_dict[key + "_orig"], state_dict[key + "_u"]
            sigma = (original / state_dict.pop(key)).mean()
            state_dict[key + "_v"] = self._right_vector(original, u, sigma)

    def _right_vector(self, weight: Tensor, u: Tensor, sigma: Tensor) -> Tensor:
        """The ``v`` with ``u' W v = sigma`` for which one iteration gives ``u`` again."""
        matrix = self.fn.reshape_weight_to_matrix(weight)
        v = mv(pinverse(matrix.t() @ matrix) @ matrix.t(), u)
        return v * (sigma / dot(u, mv(matrix, v)))


class SpectralNormStateDictHook:
    """Writes the version into the state's metadata.

    Source: torch.nn.utils.spectral_norm.SpectralNormStateDictHook.
    """

    def __init__(self, fn: SpectralNorm) -> None:
        self.fn = fn

    def __call__(
        self, module: Module, state_dict: Any, prefix: str, local_metadata: dict[str, Any]
    ) -> None:
        versions = local_metadata.setdefault("spectral_norm", {})
        key = self.fn.name + ".version"
        if key in versions:
            raise RuntimeError(f"Unexpected key in metadata['spectral_norm']: {key}")
        versions[key] = self.fn._version


def spectral_norm(
    module: _Module,
    name: str = "weight",
    n_power_iterations: int = 1,
    eps: float = 1e-12,
    dim: int | None = None,
) -> _Module:
    """Divide a weight by its largest singular value, before every forward.

    ``nn.utils.parametrizations.spectral_norm`` does the same at every access.

    Args:
        name: the parameter.
        n_power_iterations: iterations before each forward in training; in evaluation none.
        eps: keeps norms from zero.
        dim: the dimension of the outputs: 1 for transposed convolutions, else 0.

    Returns: ``module``.

    Errors: RuntimeError for a second hook on the same parameter, ValueError for no iterations.
    Source: torch.nn.utils.spectral_norm; Miyato et al. 2018.

    >>> import minitorch
    >>> from minitorch.nn.utils import spectral_norm
    >>> layer = spectral_norm(minitorch.nn.Linear(20, 40))
    >>> layer.weight_u.shape, layer.weight_v.shape
    (torch.Size([40]), torch.Size([20]))
    """
    if dim is None:
        dim = int(isinstance(module, (ConvTranspose1d, ConvTranspose2d, ConvTranspose3d)))
    SpectralNorm.apply(module, name, n_power_iterations, dim, eps)
    return module


def remove_spectral_norm(module: _Module, name: str = "weight") -> _Module:
    """Undo :func:`spectral_norm`; the weight keeps its value.

    Returns: ``module``.

    Errors: ValueError where there is none.  Source: torch.nn.utils.remove_spectral_norm.
    """
    for key, hook in module._forward_pre_hooks.items():
        if isinstance(hook, SpectralNorm) and hook.name == name:
            hook.remove(module)
            del module._forward_pre_hooks[key]
            break
    else:
        raise ValueError(f"spectral_norm of '{name}' not found in {module}")
    for hooks in (module._state_dict_hooks, module._load_state_dict_pre_hooks):  # type: ignore[attr-defined]
        for key, hook in list(hooks.items()):
            if getattr(getattr(hook, "fn", None), "name", None) == name:
                del hooks[key]
    return module
