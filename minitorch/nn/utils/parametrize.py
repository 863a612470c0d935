"""Parametrizations: a parameter or buffer that is computed from another tensor at every access.

``register_parametrization(layer, "weight", parametrization)`` moves ``layer.weight`` into
``layer.parametrizations.weight.original`` and gives the layer a class of its own, in which
``weight`` is a property: reading it calls the parametrization on the original, writing it calls
``right_inverse`` on the value.  So ``forward`` sees the computed tensor, and training the original.
"""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Iterator, Sequence
from copy import deepcopy
from typing import Any

from minitorch.autograd.mode import no_grad
from minitorch.nn.module import Module
from minitorch.nn.modules.container import ModuleDict, ModuleList
from minitorch.nn.parameter import Parameter
from minitorch.tensor import Tensor

__all__ = [
    "ParametrizationList",
    "cached",
    "is_parametrized",
    "register_parametrization",
    "remove_parametrizations",
    "transfer_parametrizations_and_params",
    "type_before_parametrizations",
]


class _Cache:
    """The tensors computed inside ``with cached()``, by module and name."""

    depth = 0
    tensors: dict[tuple[int, str], Tensor] = {}


@contextlib.contextmanager
def cached() -> Iterator[None]:
    """Inside the block every parametrized tensor is computed once, at its first access.

    For models that read one several times in ``forward``, as a recurrent network does.
    Source: torch.nn.utils.parametrize.cached.
    """
    _Cache.depth += 1
    try:
        yield
    finally:
        _Cache.depth -= 1
        if not _Cache.depth:
            _Cache.tensors = {}


class ParametrizationList(ModuleList):
    """The parametrizations of one tensor, applied first to last, and the original tensor(s).

    Made by :func:`register_parametrization`.  The original is ``original``, or ``original0``,
    ``original1`` and so on where the first parametrization takes several tensors.

    Args:
        modules: the parametrizations.
        original: the tensor they are for; ``right_inverse``, last to first, gives what is stored.
        unsafe: allow a change of shape or dtype, and call nothing to find out.

    Errors: ValueError for parametrizations that return no tensor or change shape or dtype.
    Source: torch.nn.utils.parametrize.ParametrizationList.
    """

    original: Tensor
    unsafe: bool

    def __init__(
        self, modules: Sequence[Module], original: Tensor | Parameter, unsafe: bool = False
    ) -> None:
        if not modules:
            raise ValueError("ParametrizationList requires one or more modules.")
        super().__init__(modules)
        self.unsafe = unsafe
        shape, dtype = original.shape, original.dtype
        new = self._first_inverse(original)
        self.is_tensor = isinstance(new, Tensor)
        self.ntensors = 1 if self.is_tensor else len(new)
        if self.is_tensor:
            for what in ("dtype", "device"):
                was, became = getattr(original, what), getattr(new, what)
                if was != became:
                    raise ValueError(
                        f"When `right_inverse` outputs one tensor, it may not change the {what}.\n"
                        f"original.{what}: {was}\nright_inverse(original).{what}: {became}"
                    )
            _set(original, new)
            _register(self, "original", original)
        else:
            for i, part in enumerate(new):
                if not isinstance(part, Tensor):
                    raise ValueError(
                        "'right_inverse' must return a Tensor or a Sequence of tensors (list, "
                        f"tuple...). Got element {i} of the sequence with type "
                        f"{type(part).__name__}."
                    )
                if isinstance(original, Parameter):
                    part = Parameter(part, original.requires_grad)
                part.requires_grad_(original.requires_grad)
                _register(self, f"original{i}", part)
        if not unsafe:
            result = self()
            _require_tensor("A parametrization must return a tensor. Got ", result)
            for what, was, became in (
                ("dtype", dtype, result.dtype),
                ("shape", shape, result.shape),
            ):
                if was != became:
                    raise ValueError(
                        f"Registering a parametrization may not change the {what} of the tensor, "
                        f"unless `unsafe` flag is enabled.\nunparametrized {what}: {was}\n"
                        f"parametrized {what}: {became}"
                    )

    @no_grad()
    def _first_inverse(self, original: Tensor) -> Any:
        """What to store for ``original``: parametrizations without an inverse leave it as it is."""
        new: Any = original
        for module in reversed(list(self)):
            if hasattr(module, "right_inverse"):
                with contextlib.suppress(NotImplementedError):
                    new = module.right_inverse(new)
        if not isinstance(new, (Tensor, Sequence)):
            raise ValueError(
                "'right_inverse' must return a Tensor or a Sequence of tensors (list, tuple...). "
                f"Got {type(new).__name__}"
            )
        return new

    @no_grad()
    def right_inverse(self, value: Tensor) -> None:
        """Store what the parametrizations turn into ``value``: this is ``layer.weight = value``.

        Errors: RuntimeError for a parametrization without ``right_inverse``; ValueError for an
        inverse of another kind or dtype than the original.  Source: torch.
        """
        new: Any = value
        for module in reversed(list(self)):
            if not hasattr(module, "right_inverse"):
                raise RuntimeError(
                    f"parametrization {type(module).__name__} does not implement right_inverse."
                )
            new = module.right_inverse(new)
        if self.is_tensor:
            _require_tensor("`right_inverse` should return a tensor. Got ", new)
            if new.dtype != self.original.dtype:
                raise ValueError(
                    f"The tensor returned by `right_inverse` has dtype {new.dtype} while "
                    f"`original` has dtype {self.original.dtype}"
                )
            _set(self.original, new)
            return
        if not isinstance(new, Sequence):
            raise ValueError(
                f"'right_inverse' must return a sequence of tensors. Got {type(new).__name__}."
            )
        if len(new) != self.ntensors:
            raise ValueError(
                "'right_inverse' must return a sequence of tensors of length "
                f"{self.ntensors}. Got a sequence of length {len(new)}."
            )
        originals = self._originals()
        for i, (original, part) in enumerate(zip(originals, new, strict=True)):
            _require_tensor(
                f"'right_inverse' must return a sequence of tensors. Got element {i} of type ", part
            )
            if original.dtype != part.dtype:
                raise ValueError(
                    f"Tensor {i} returned by `right_inverse` has dtype {part.dtype} while "
                    f"`original{i}` has dtype {original.dtype}"
                )
        for original, part in zip(originals, new, strict=True):
            _set(original, part)

    def _originals(self) -> list[Tensor]:
        if self.is_tensor:
            return [self.original]
        return [getattr(self, f"original{i}") for i in range(self.ntensors)]

    def forward(self) -> Tensor:  # type: ignore[override]
        """The tensor that the parametrizations compute from the original."""
        first, *others = self
        result = first(*self._originals())
        for module in others:
            result = module(result)
        return result


def _require_tensor(complaint: str, value: Any) -> None:
    if not isinstance(value, Tensor):
        raise ValueError(f"{complaint}{type(value).__name__}.")


def _register(module: Module, name: str, tensor: Tensor) -> None:
    if isinstance(tensor, Parameter):
        module.register_parameter(name, tensor)
    else:
        module.register_buffer(name, tensor)


def _set(tensor: Tensor, new: Tensor) -> None:
    """Let ``tensor`` hold what ``new`` holds; it stays the same object for optimizers."""
    if tensor is not new:
        tensor.data = new.detach()


# --- putting the property in ----------------------------------------------------------------------


def _own_class(module: Module) -> None:
    """Give ``module`` a subclass of its class, where properties can be put for it alone."""
    cls = type(module)

    def __getstate__(self: Module) -> Any:
        raise RuntimeError(
            "Serialization of parametrized modules is only supported through state_dict(): make "
            "the module and its parametrizations anew, and load the state_dict into them."
        )

    def __deepcopy__(self: Module, memo: dict[int, Any]) -> Any:
        if id(self) not in memo:
            replica = memo[id(self)] = type(self).__new__(type(self))
            replica.__dict__.update(deepcopy(self.__dict__, memo))
        return memo[id(self)]

    namespace: dict[str, Any] = {"__getstate__": __getstate__, "__module__": cls.__module__}
    if not hasattr(cls, "__deepcopy__"):
        namespace["__deepcopy__"] = __deepcopy__
    module.__class__ = type(f"Parametrized{cls.__name__}", (cls,), namespace)


def _put_property(module: Module, name: str) -> None:
    def compute(self: Any) -> Tensor:
        parametrization = self.parametrizations[name]
        if not _Cache.depth:
            return parametrization()
        key = id(self), name
        if key not in _Cache.tensors:
            _Cache.tensors[key] = parametrization()
        return _Cache.tensors[key]

    def assign(self: Any, value: Tensor) -> None:
        self.parametrizations[name].right_inverse(value)

    setattr(type(module), name, property(compute, assign))


def register_parametrization(
    module: Module, tensor_name: str, parametrization: Module, *, unsafe: bool = False
) -> Module:
    """Let ``module.tensor_name`` be ``parametrization`` of the tensor that stands there now.

    A second parametrization is applied to the result of the first.  A parametrization may have a
    method ``right_inverse``: then the tensor can be assigned to, and its value at registration
    becomes ``parametrization(right_inverse(value))``; what ``right_inverse`` returns is what is
    trained, one tensor or (for the first parametrization) a sequence of them, the arguments of
    ``forward``.

    Args:
        module: what has the tensor; it is changed, and gets a class of its own.
        tensor_name: the name of a parameter or buffer, or of a parametrized one.
        parametrization: a module that computes a tensor of the same shape and dtype.
        unsafe: allow another shape or dtype, and do not call the parametrization to find out.

    Returns: ``module``.

    Errors: ValueError for a name that is no parameter or buffer, and for a parametrization that
    changes shape or dtype.  Source: torch.nn.utils.parametrize.register_parametrization.

    Example::

        >>> import minitorch
        >>> from minitorch import nn
        >>> from minitorch.nn.utils import parametrize
        >>> class Symmetric(nn.Module):
        ...     def forward(self, x):
        ...         return x.triu() + x.triu(1).transpose(-1, -2)
        >>> layer = parametrize.register_parametrization(nn.Linear(3, 3), "weight", Symmetric())
        >>> layer.weight.equal(layer.weight.T)
        True
        >>> [name for name, _ in layer.named_parameters()]
        ['bias', 'parametrizations.weight.original']
        >>> layer
        ParametrizedLinear(
          in_features=3, out_features=3, bias=True
          (parametrizations): ModuleDict(
            (weight): ParametrizationList(
              (0): Symmetric()
            )
          )
        )
    """
    parametrization.train(module.training)
    if is_parametrized(module, tensor_name):
        if not unsafe:
            _check_one_more(module, tensor_name, parametrization)
        entry: Any = module.parametrizations[tensor_name]
        entry.append(parametrization)
        entry.unsafe |= unsafe
        return module
    if tensor_name not in module._buffers and tensor_name not in module._parameters:
        raise ValueError(
            f"Module '{module}' does not have a parameter, a buffer, or a parametrized element "
            f"with name '{tensor_name}'"
        )
    original = getattr(module, tensor_name)
    entry = ParametrizationList([parametrization], original, unsafe=unsafe)
    delattr(module, tensor_name)
    if not is_parametrized(module):
        _own_class(module)
        module.parametrizations = ModuleDict()
    _put_property(module, tensor_name)
    module.parametrizations[tensor_name] = entry
    return module


def _check_one_more(module: Module, name: str, parametrization: Any) -> None:
    """Raise for a second parametrization that changes dtype or shape, forwards or backwards."""
    before = getattr(module, name)
    after = parametrization(before)
    _require_tensor("A parametrization must return a tensor. Got ", after)
    for what in ("dtype", "shape"):
        if getattr(before, what) != getattr(after, what):
            raise ValueError(
                f"Registering a parametrization may not change the {what} of the tensor, unless "
                f"the `unsafe` flag is enabled.\nmodule.{name}.{what}: {getattr(before, what)}\n"
                f"parametrization(module.{name}).{what}: {getattr(after, what)}"
            )
    if not hasattr(parametrization, "right_inverse"):
        return
    try:
        back = parametrization.right_inverse(after)
    except NotImplementedError:
        return
    _require_tensor("parametrization.right_inverse must return a tensor. Got: ", back)
    for what in ("dtype", "shape"):
        if getattr(before, what) != getattr(back, what):
            raise ValueError(
                "The tensor returned by parametrization.right_inverse must have the same "
                f"{what} as module.{name}, unless the `unsafe` flag is enabled.\n"
                f"module.{name}.{what}: {getattr(before, what)}\n"
                f"returned {what}: {getattr(back, what)}"
            )


# --- looking, and taking it out -------------------------------------------------------------------


def is_parametrized(module: Module, tensor_name: str | None = None) -> bool:
    """Whether ``module`` has parametrizations, or one of the tensor of that name.

    Source: torch.nn.utils.parametrize.is_parametrized.
    """
    entries = getattr(module, "parametrizations", None)
    if not isinstance(entries, ModuleDict):
        return False
    return len(entries) > 0 if tensor_name is None else tensor_name in entries


def remove_parametrizations(
    module: Module, tensor_name: str, leave_parametrized: bool = True
) -> Module:
    """Make ``module.tensor_name`` an ordinary parameter or buffer again.

    Args:
        leave_parametrized: keep the value that the parametrization computes; False takes the
            original one.

    Returns: ``module``, in its old class again with the last parametrization gone.

    Errors: ValueError for a tensor that is not parametrized, and for ``leave_parametrized=False``
    where the original is several tensors.
    Source: torch.nn.utils.parametrize.remove_parametrizations.
    """
    if not is_parametrized(module, tensor_name):
        raise ValueError(f"Module {module} does not have a parametrization on {tensor_name}")
    entry: Any = module.parametrizations[tensor_name]
    if entry.is_tensor:
        tensor = entry.original
        if leave_parametrized:
            with no_grad():
                _set(tensor, getattr(module, tensor_name))
    elif leave_parametrized:
        tensor = getattr(module, tensor_name)
        tensor = Parameter(tensor) if tensor.requires_grad else tensor
    else:
        raise ValueError(
            "Cannot leave unparametrized (`leave_parametrized=False`) a tensor that is "
            "parametrized in terms of a sequence of tensors."
        )
    delattr(type(module), tensor_name)
    del module.parametrizations[tensor_name]
    _register(module, tensor_name, tensor)
    if not is_parametrized(module):
        del module.parametrizations
        module.__class__ = type(module).__bases__[0]
    return module


def type_before_parametrizations(module: Module) -> type:
    """The class that ``module`` had before its first parametrization, or has.

    Source: torch.nn.utils.parametrize.type_before_parametrizations.
    """
    return type(module).__bases__[0] if is_parametrized(module) else type(module)


def transfer_parametrizations_and_params(
    from_module: Module, to_module: Module, tensor_name: str | None = None
) -> Module:
    """Parametrize ``to_module`` as ``from_module`` is, with the same originals.

    Args:
        tensor_name: the one tensor to do it for; None for all.

    Returns: ``to_module``.

    Source: torch.nn.utils.parametrize.transfer_parametrizations_and_params.
    """
    if not is_parametrized(from_module):
        return to_module
    entries: Any = from_module.parametrizations
    for name in list(entries) if tensor_name is None else [tensor_name]:
        if not hasattr(to_module, name):
            setattr(to_module, name, Parameter(getattr(from_module, name)))
        for parametrization in entries[name]:
            register_parametrization(to_module, name, parametrization)
        source, target = entries[name], to_module.parametrizations[name]
        if source.is_tensor:
            target.original = source.original
            continue
        for i in itertools.count():
            if not hasattr(source, f"original{i}"):
                break
            setattr(target, f"original{i}", getattr(source, f"original{i}"))
    return to_module
