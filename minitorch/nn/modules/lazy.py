"""Lazy modules: they see the size of their input in the first call, and make their parameters then.

A lazy module begins with uninitialized parameters (``nn/parameter.py``), and two hooks of its own:
one before ``forward`` makes the parameters and turns the module into its ordinary class
(``cls_to_become``); one before loading takes over the shapes of a state_dict.
"""

from __future__ import annotations

import itertools
from typing import Any

from minitorch.autograd.mode import no_grad
from minitorch.nn.module import Module
from minitorch.nn.parameter import is_lazy

__all__ = ["LazyModuleMixin"]


class LazyModuleMixin:
    """Makes a module lazy: ``class LazyScale(LazyModuleMixin, Scale)``.

    The class assigns uninitialized parameters or buffers in ``__init__`` and defines
    ``initialize_parameters``, which gets the arguments of the first call and materializes them.
    Pass one batch of data before parameters are counted or initialized otherwise; an optimizer may
    be made before.

    Attributes:
        cls_to_become: the class after the first call; None keeps the lazy one.

    Errors: RuntimeError from a first call that leaves parameters uninitialized.
    Source: torch.nn.modules.lazy.LazyModuleMixin.

    Example::

        >>> import minitorch
        >>> from minitorch import nn
        >>> class Scale(nn.Module):
        ...     def __init__(self):
        ...         super().__init__()
        ...         self.factor = None
        ...     def forward(self, x):
        ...         return x * self.factor
        >>> class LazyScale(nn.modules.lazy.LazyModuleMixin, Scale):
        ...     cls_to_become = Scale
        ...     def __init__(self):
        ...         super().__init__()
        ...         self.factor = nn.UninitializedParameter()
        ...     def initialize_parameters(self, x):
        ...         if self.has_uninitialized_params():
        ...             self.factor.materialize(x.shape[-1:])
        ...             nn.init.ones_(self.factor)
        >>> layer = LazyScale()
        >>> layer
        LazyScale()
        >>> layer(minitorch.tensor([1.0, 2.0])).tolist(), layer
        ([1.0, 2.0], Scale())
    """

    cls_to_become: type | None = None

    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._load_hook = self._register_load_state_dict_pre_hook(
            LazyModuleMixin._lazy_load_hook, with_module=True
        )
        self._initialize_hook = self.register_forward_pre_hook(
            LazyModuleMixin._infer_parameters, with_kwargs=True
        )

    def initialize_parameters(self, *args: Any, **kwargs: Any) -> None:
        """Materialize the parameters for the arguments of the first call: subclasses define it.

        Errors: NotImplementedError here.  Source: torch.
        """
        raise NotImplementedError(
            f"initialize_parameters is not implemented for {type(self).__name__}"
        )

    def has_uninitialized_params(self: Any) -> bool:
        """Whether a parameter or buffer of this module still has no shape."""
        tensors = itertools.chain(self._parameters.values(), self._buffers.values())
        return any(map(is_lazy, tensors))

    def _save_to_state_dict(self: Any, destination: Any, prefix: str, keep_vars: bool) -> None:
        # What has no shape cannot be detached: it goes into the state_dict itself.
        Module._save_to_state_dict(self, destination, prefix, True)
        if keep_vars:
            return
        for name, tensor in self._own_state().items():
            if not is_lazy(tensor):
                destination[prefix + name] = tensor.detach()

    def _lazy_load_hook(self: Any, state_dict: Any, prefix: str, *args: Any) -> None:
        """Take over the shapes of what is about to be loaded."""
        for name, tensor in itertools.chain(self._parameters.items(), self._buffers.items()):
            loaded = state_dict.get(prefix + name)
            if is_lazy(tensor) and loaded is not None and not is_lazy(loaded):
                with no_grad():
                    tensor.materialize(loaded.shape)

    def _infer_parameters(self: Any, args: tuple, kwargs: dict[str, Any]) -> None:
        """Before the first call: make the parameters, and be an ordinary module from then on."""
        self.initialize_parameters(*args, **kwargs)
        if self.has_uninitialized_params():
            raise RuntimeError(f"module {self._get_name()} has not been fully initialized")
        self._initialize_hook.remove()
        self._load_hook.remove()
        del self._initialize_hook, self._load_hook
        if self.cls_to_become is not None:
            self.__class__ = self.cls_to_become
