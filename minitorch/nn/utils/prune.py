"""Pruning: parameters of which some elements are held at zero by a mask.

A pruned ``layer.weight`` is a plain tensor, ``weight_orig * weight_mask``, computed before every
forward; ``weight_orig`` is the parameter that is trained, ``weight_mask`` a buffer.  Pruning again
prunes what is left.  ``remove`` makes the zeros permanent.
"""

from __future__ import annotations

import numbers
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

from minitorch.nn.module import Module
from minitorch.nn.utils.convert_parameters import parameters_to_vector
from minitorch.ops.creation import ones_like, zeros_like
from minitorch.ops.random import rand, rand_like
from minitorch.ops.sorting import kthvalue, topk
from minitorch.tensor import Tensor

__all__ = [
    "BasePruningMethod",
    "CustomFromMask",
    "Identity",
    "L1Unstructured",
    "LnStructured",
    "PruningContainer",
    "RandomStructured",
    "RandomUnstructured",
    "custom_from_mask",
    "global_unstructured",
    "identity",
    "is_pruned",
    "l1_unstructured",
    "ln_structured",
    "random_structured",
    "random_unstructured",
    "remove",
]

_Module = TypeVar("_Module", bound=Module)

# --- what all methods share -----------------------------------------------------------------------


class BasePruningMethod(ABC):
    """The base of pruning methods: a method says which elements stay, in ``compute_mask``.

    ``PRUNING_TYPE`` is "unstructured" (single elements), "structured" (whole slices along
    ``self.dim``) or "global" (looks at every element, pruned before or not).
    An instance is the hook before forward that multiplies by the mask.
    Source: torch.nn.utils.prune.BasePruningMethod.
    """

    PRUNING_TYPE: str
    _tensor_name: str

    def __call__(self, module: Module, inputs: Any) -> None:
        setattr(module, self._tensor_name, self.apply_mask(module))

    @abstractmethod
    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        """1 where an element stays, 0 where it goes.

        Args:
            t: the values (or importances) of the elements.
            default_mask: the mask so far; what is 0 there stays 0.
        """

    def apply_mask(self, module: Module) -> Tensor:
        """The parameter times the mask."""
        if self._tensor_name is None:
            raise AssertionError(f"Module {module} has to be pruned")
        mask = getattr(module, self._tensor_name + "_mask")
        original = getattr(module, self._tensor_name + "_orig")
        return mask.to(dtype=original.dtype) * original

    @classmethod
    def apply(
        cls,
        module: Module,
        name: str,
        *args: Any,
        importance_scores: Tensor | None = None,
        **kwargs: Any,
    ) -> BasePruningMethod:
        """Prune ``module.name`` by a new instance of the class; further arguments are its own.

        Args:
            importance_scores: look at these, of the same shape, and not at the parameter itself.

        Returns: the hook: the new method, or a :class:`PruningContainer` of all so far.
        """
        earlier = [
            (key, hook)
            for key, hook in module._forward_pre_hooks.items()
            if isinstance(hook, BasePruningMethod) and hook._tensor_name == name
        ]
        if len(earlier) > 1:
            raise AssertionError(
                f"Avoid adding multiple pruning hooks to the same tensor {name} of module "
                f"{module}. Use a PruningContainer."
            )
        new = cls(*args, **kwargs)
        new._tensor_name = name
        original = getattr(module, name)
        scores = original if importance_scores is None else importance_scores
        if scores.shape != original.shape:
            raise AssertionError(
                f"importance_scores should have the same shape as parameter {name} of {module}, "
                f"got {scores.shape} vs {original.shape}"
            )
        if not earlier:
            method: BasePruningMethod = new
            mask = method.compute_mask(scores, default_mask=ones_like(original))
            module.register_parameter(name + "_orig", original)
            del module._parameters[name]
        else:
            ((key, old),) = earlier
            method = (
                PruningContainer(*old)
                if isinstance(old, PruningContainer)
                else (PruningContainer(old))
            )
            method._tensor_name = name
            method.add_pruning_method(new)
            so_far = getattr(module, name + "_mask").detach().clone()
            mask = method.compute_mask(scores, default_mask=so_far)
            del module._forward_pre_hooks[key]
        module.register_buffer(name + "_mask", mask)
        setattr(module, name, method.apply_mask(module))
        module.register_forward_pre_hook(method)
        return method

    def prune(
        self,
        t: Tensor,
        default_mask: Tensor | None = None,
        importance_scores: Tensor | None = None,
    ) -> Tensor:
        """A pruned copy of a tensor that belongs to no module."""
        scores = t if importance_scores is None else importance_scores
        if scores.shape != t.shape:
            raise AssertionError(
                "importance_scores should have the same shape as tensor t, "
                f"got {scores.shape} vs {t.shape}"
            )
        default_mask = ones_like(t) if default_mask is None else default_mask
        return t * self.compute_mask(scores, default_mask=default_mask)

    def remove(self, module: Module) -> None:
        """Make the pruned tensor the parameter again; the zeros stay zeros until trained."""
        name = self._tensor_name
        if name is None:
            raise AssertionError(f"Module {module} has to be pruned before pruning can be removed")
        weight = self.apply_mask(module)
        if hasattr(module, name):
            delattr(module, name)
        parameter: Any = module._parameters.pop(name + "_orig")
        parameter.data = weight.data
        del module._buffers[name + "_mask"]
        setattr(module, name, parameter)


class PruningContainer(BasePruningMethod):
    """Several methods after another on one parameter; each prunes what the earlier ones left.

    Source: torch.nn.utils.prune.PruningContainer.
    """

    def __init__(self, *args: BasePruningMethod) -> None:
        self._pruning_methods: tuple[BasePruningMethod, ...] = ()
        if args:
            self._tensor_name = args[0]._tensor_name
        for method in args:
            self.add_pruning_method(method)

    def add_pruning_method(self, method: BasePruningMethod | None) -> None:
        """Append a method for the same parameter."""
        if method is not None and not isinstance(method, BasePruningMethod):
            raise TypeError(f"{type(method)} is not a BasePruningMethod subclass")
        if method is not None and self._tensor_name != method._tensor_name:
            raise ValueError(
                "Can only add pruning methods acting on the parameter named "
                f"'{self._tensor_name}' to PruningContainer {self}. Found '{method._tensor_name}'"
            )
        self._pruning_methods += (method,)  # type: ignore[operator]

    def __len__(self) -> int:
        return len(self._pruning_methods)

    def __iter__(self) -> Iterator[BasePruningMethod]:
        return iter(self._pruning_methods)

    def __getitem__(self, idx: Any) -> Any:
        return self._pruning_methods[idx]

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        """The mask so far, in which the newest method has pruned what is left."""
        method: Any = self._pruning_methods[-1]
        left: Any = slice(None)
        if method.PRUNING_TYPE == "unstructured":
            left = default_mask == 1
        elif method.PRUNING_TYPE == "structured":
            if not hasattr(method, "dim"):
                raise AttributeError(
                    'Pruning methods of PRUNING_TYPE "structured" need to have the attribute '
                    "`dim` defined."
                )
            dim = method.dim + t.ndim if method.dim < 0 else method.dim
            if dim < 0:
                raise IndexError(f"Index is out of bounds for tensor with dimensions {t.ndim}")
            others = [d for d in range(t.ndim) if d != dim]
            left = (*[slice(None)] * dim, default_mask.sum(dim=others) != 0)
        elif method.PRUNING_TYPE != "global":
            raise ValueError(f"Unrecognized PRUNING_TYPE {method.PRUNING_TYPE}")
        mask = default_mask.to(dtype=t.dtype, copy=True)
        newest = method.compute_mask(t[left], default_mask=default_mask[left])
        mask[left] = newest.to(dtype=mask.dtype)
        return mask


# --- amounts --------------------------------------------------------------------------------------


def _check_amount(amount: Any) -> None:
    if not isinstance(amount, numbers.Real):
        raise TypeError(f"Invalid type for amount: {amount}. Must be int or float.")
    whole = isinstance(amount, numbers.Integral)
    if float(amount) < 0 or (not whole and float(amount) > 1.0):
        raise ValueError(
            f"amount={amount} should either be a float in the range [0, 1] or a non-negative "
            "integer"
        )


def _count(amount: Any, size: int) -> int:
    """How many of ``size`` an amount means: a number of them, or a fraction."""
    if not isinstance(amount, numbers.Integral):
        return round(amount * size)
    if int(amount) > size:
        raise ValueError(
            f"amount={amount} should be smaller than the number of parameters to prune={size}"
        )
    return int(amount)


def _check_structure(t: Tensor, dim: int) -> None:
    if t.ndim <= 1:
        raise ValueError(
            "Structured pruning can only be applied to multidimensional tensors. Found tensor of "
            f"shape {t.shape} with {t.ndim} dims"
        )
    if dim >= t.ndim:
        raise IndexError(f"Invalid index {dim} for tensor of size {t.shape}")


# --- the methods ----------------------------------------------------------------------------------


class Identity(BasePruningMethod):
    """Prunes nothing, but makes mask and hook.  Source: torch.nn.utils.prune.Identity."""

    PRUNING_TYPE = "unstructured"

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        return default_mask

    @classmethod
    def apply(cls, module: Module, name: str) -> BasePruningMethod:  # type: ignore[override]
        """Prune ``module.name``."""
        return super().apply(module, name)


class _Unstructured(BasePruningMethod):
    """Prunes so many single elements."""

    PRUNING_TYPE = "unstructured"

    def __init__(self, amount: float) -> None:
        _check_amount(amount)
        self.amount = amount

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        count = _count(self.amount, t.numel())
        mask = default_mask.clone()
        if count:
            mask.view(-1)[self._chosen(t, count)] = 0
        return mask

    def _chosen(self, t: Tensor, count: int) -> Tensor:
        """The indices, in the flat tensor, of the elements to prune."""
        raise NotImplementedError


class RandomUnstructured(_Unstructured):
    """Prunes elements at random.

    Args:
        amount: how many, or which fraction of them.

    Source: torch.nn.utils.prune.RandomUnstructured.
    """

    def _chosen(self, t: Tensor, count: int) -> Tensor:
        return topk(rand_like(t).view(-1), count).indices

    @classmethod
    def apply(cls, module: Module, name: str, amount: float) -> BasePruningMethod:  # type: ignore[override]
        """Prune ``module.name``."""
        return super().apply(module, name, amount=amount)


class L1Unstructured(_Unstructured):
    """Prunes the elements of the smallest magnitude.

    Args:
        amount: how many, or which fraction of them.

    Source: torch.nn.utils.prune.L1Unstructured.
    """

    def _chosen(self, t: Tensor, count: int) -> Tensor:
        return topk(t.abs().view(-1), count, largest=False).indices

    @classmethod
    def apply(  # type: ignore[override]
        cls, module: Module, name: str, amount: float, importance_scores: Tensor | None = None
    ) -> BasePruningMethod:
        """Prune ``module.name``."""
        return super().apply(module, name, amount=amount, importance_scores=importance_scores)


class _Structured(BasePruningMethod):
    """Prunes so many slices along one dimension."""

    PRUNING_TYPE = "structured"

    def __init__(self, amount: float, dim: int = -1) -> None:
        _check_amount(amount)
        self.amount = amount
        self.dim = dim

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        _check_structure(t, self.dim)
        count = _count(self.amount, t.shape[self.dim])
        if not count:
            return default_mask
        mask = zeros_like(t)
        dim = self.dim % t.ndim
        mask[(*[slice(None)] * dim, self._kept(t, count))] = 1
        return mask * default_mask.to(dtype=mask.dtype)

    def _kept(self, t: Tensor, count: int) -> Tensor:
        """A mask or the indices of the slices that stay."""
        raise NotImplementedError


class RandomStructured(_Structured):
    """Prunes slices, such as channels, at random.

    Args:
        amount: how many, or which fraction of them.
        dim: the dimension whose indices are the slices.

    Source: torch.nn.utils.prune.RandomStructured.
    """

    def _kept(self, t: Tensor, count: int) -> Tensor:
        draws = rand(t.shape[self.dim])
        return draws > kthvalue(draws, count).values

    @classmethod
    def apply(  # type: ignore[override]
        cls, module: Module, name: str, amount: float, dim: int = -1
    ) -> BasePruningMethod:
        """Prune ``module.name``."""
        return super().apply(module, name, amount=amount, dim=dim)


class LnStructured(_Structured):
    """Prunes the slices, such as channels, of the smallest norm.

    Args:
        amount: how many, or which fraction of them.
        n: which norm: 1, 2, infinity and so on, as ``torch.norm`` takes it.
        dim: the dimension whose indices are the slices.

    Source: torch.nn.utils.prune.LnStructured.
    """

    def __init__(self, amount: float, n: Any, dim: int = -1) -> None:
        super().__init__(amount, dim)
        self.n = n

    def _kept(self, t: Tensor, count: int) -> Tensor:
        others = [d for d in range(t.ndim) if d != self.dim % t.ndim]
        norm = t.norm(p=self.n, dim=others)
        return topk(norm, t.shape[self.dim] - count).indices

    @classmethod
    def apply(  # type: ignore[override]
        cls,
        module: Module,
        name: str,
        amount: float,
        n: Any,
        dim: int,
        importance_scores: Tensor | None = None,
    ) -> BasePruningMethod:
        """Prune ``module.name``."""
        return super().apply(
            module, name, amount=amount, n=n, dim=dim, importance_scores=importance_scores
        )


class CustomFromMask(BasePruningMethod):
    """Prunes by a given mask.

    Args:
        mask: 1 where an element stays.

    Source: torch.nn.utils.prune.CustomFromMask.
    """

    PRUNING_TYPE = "global"

    def __init__(self, mask: Tensor) -> None:
        self.mask = mask

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        if default_mask.shape != self.mask.shape:
            raise AssertionError(
                f"default_mask shape {default_mask.shape} must match self.mask shape "
                f"{self.mask.shape}"
            )
        return default_mask * self.mask.to(dtype=default_mask.dtype)

    @classmethod
    def apply(cls, module: Module, name: str, mask: Tensor) -> BasePruningMethod:  # type: ignore[override]
        """Prune ``module.name``."""
        return super().apply(module, name, mask=mask)


# --- what programs call ---------------------------------------------------------------------------


def identity(module: _Module, name: str) -> _Module:
    """Give ``module.name`` a mask of ones.  Source: torch.nn.utils.prune.identity."""
    Identity.apply(module, name)
    return module


def random_unstructured(module: _Module, name: str, amount: float) -> _Module:
    """Prune elements of ``module.name`` at random.

    Args:
        amount: how many of those that are left, or which fraction of them.

    Source: torch.nn.utils.prune.random_unstructured.
    """
    RandomUnstructured.apply(module, name, amount)
    return module


def l1_unstructured(
    module: _Module, name: str, amount: float, importance_scores: Tensor | None = None
) -> _Module:
    """Prune the elements of ``module.name`` of the smallest magnitude.

    Args:
        amount: how many of those that are left, or which fraction of them.
        importance_scores: the magnitudes to look at, where not its own.

    Source: torch.nn.utils.prune.l1_unstructured.

    >>> import minitorch
    >>> from minitorch.nn.utils import prune
    >>> layer = prune.l1_unstructured(minitorch.nn.Linear(4, 5), "weight", amount=0.25)
    >>> int((layer.weight == 0).sum()), sorted(dict(layer.named_buffers()))
    (5, ['weight_mask'])
    """
    L1Unstructured.apply(module, name, amount=amount, importance_scores=importance_scores)
    return module


def random_structured(module: _Module, name: str, amount: float, dim: int) -> _Module:
    """Prune slices of ``module.name`` along ``dim`` at random.

    Args:
        amount: how many of those that are left, or which fraction of them.

    Source: torch.nn.utils.prune.random_structured.
    """
    RandomStructured.apply(module, name, amount, dim)
    return module


def ln_structured(
    module: _Module,
    name: str,
    amount: float,
    n: Any,
    dim: int,
    importance_scores: Tensor | None = None,
) -> _Module:
    """Prune the slices of ``module.name`` along ``dim`` of the smallest ``n``-norm.

    Args:
        amount: how many of those that are left, or which fraction of them.
        importance_scores: the values to look at, where not its own.

    Source: torch.nn.utils.prune.ln_structured.
    """
    LnStructured.apply(module, name, amount, n, dim, importance_scores=importance_scores)
    return module


def global_unstructured(
    parameters: Iterable[tuple[Module, str]],
    pruning_method: type[BasePruningMethod],
    importance_scores: dict[tuple[Module, str], Tensor] | None = None,
    **kwargs: Any,
) -> None:
    """Prune elements of several parameters as if they were one vector.

    Args:
        parameters: pairs of module and name.
        pruning_method: the class of a method of type "unstructured".
        importance_scores: values to look at where not a parameter's own, by the pair.
        kwargs: the method's arguments.

    Errors: TypeError for parameters, scores or a method of another kind.
    Source: torch.nn.utils.prune.global_unstructured.
    """
    if not isinstance(parameters, Iterable):
        raise TypeError("global_unstructured(): parameters is not an Iterable")
    importance_scores = {} if importance_scores is None else importance_scores
    if not isinstance(importance_scores, dict):
        raise TypeError("global_unstructured(): importance_scores must be of type dict")
    pairs = list(parameters)
    method = pruning_method(**kwargs)
    if method.PRUNING_TYPE != "unstructured":
        raise TypeError(
            'Only "unstructured" PRUNING_TYPE supported for the `pruning_method`. Found method '
            f"{pruning_method} of type {method.PRUNING_TYPE}"
        )
    tensors = [getattr(module, name) for module, name in pairs]
    scores = parameters_to_vector(
        [importance_scores.get(pair, t) for pair, t in zip(pairs, tensors, strict=True)]
    )
    masks = parameters_to_vector(
        [
            getattr(module, name + "_mask", ones_like(t))
            for (module, name), t in zip(pairs, tensors, strict=True)
        ]
    )
    method._tensor_name = "all of them"
    mask = PruningContainer(method).compute_mask(scores, masks)
    start = 0
    for (module, name), t in zip(pairs, tensors, strict=True):
        custom_from_mask(module, name, mask=mask[start : start + t.numel()].view_as(t))
        start += t.numel()


def custom_from_mask(module: _Module, name: str, mask: Tensor) -> _Module:
    """Prune ``module.name`` where ``mask`` is 0.  Source: torch.nn.utils.prune.custom_from_mask."""
    CustomFromMask.apply(module, name, mask)
    return module


def remove(module: _Module, name: str) -> _Module:
    """Make the pruned tensor the parameter ``module.name`` again, with its zeros.

    Errors: ValueError for a parameter that is not pruned.  Source: torch.nn.utils.prune.remove.
    """
    for key, hook in module._forward_pre_hooks.items():
        if isinstance(hook, BasePruningMethod) and hook._tensor_name == name:
            hook.remove(module)
            del module._forward_pre_hooks[key]
            return module
    raise ValueError(
        f"Parameter '{name}' of module {module} has to be pruned before pruning can be removed"
    )


def is_pruned(module: Module) -> bool:
    """Whether something in ``module`` is pruned.  Source: torch.nn.utils.prune.is_pruned."""
    return any(
        isinstance(hook, BasePruningMethod)
        for submodule in module.modules()
        for hook in submodule._forward_pre_hooks.values()
    )
