"""``Module``: a tree of named parameters, buffers and submodules, with a ``forward``.

Assigning to an attribute is what registers: ``__setattr__`` sorts parameters, modules and buffers
into three dicts, and everything else here walks those dicts.
"""

from __future__ import annotations

import warnings
from collections import OrderedDict, namedtuple
from collections.abc import Callable, Iterator, Mapping
from itertools import chain
from typing import Any, Self, TypeVar

from minitorch.autograd.mode import no_grad
from minitorch.device import device as device_class
from minitorch.dtypes import dtype as dtype_class
from minitorch.hooks import RemovableHandle
from minitorch.nn.backward_hooks import BackwardHook
from minitorch.nn.global_hooks import (
    call_hooks,
    hooks_of_kind,
    register_module_backward_hook,
    register_module_buffer_registration_hook,
    register_module_forward_hook,
    register_module_forward_pre_hook,
    register_module_full_backward_hook,
    register_module_full_backward_pre_hook,
    register_module_module_registration_hook,
    register_module_parameter_registration_hook,
    registered,
)
from minitorch.nn.parameter import Buffer, Parameter, is_lazy
from minitorch.tensor import Tensor

__all__ = [
    "Module",
    "register_module_backward_hook",
    "register_module_buffer_registration_hook",
    "register_module_forward_hook",
    "register_module_forward_pre_hook",
    "register_module_full_backward_hook",
    "register_module_full_backward_pre_hook",
    "register_module_module_registration_hook",
    "register_module_parameter_registration_hook",
]

#: Under this name, after a module's prefix, stands what ``get_extra_state`` returned.
_EXTRA_STATE_KEY_SUFFIX = "_extra_state"


class _IncompatibleKeys(namedtuple("IncompatibleKeys", ["missing_keys", "unexpected_keys"])):
    """What ``load_state_dict`` returns."""

    __slots__ = ()

    def __repr__(self) -> str:
        if not self.missing_keys and not self.unexpected_keys:
            return "<All keys matched successfully>"
        return super().__repr__()

    __str__ = __repr__


def _addindent(text: str, spaces: int) -> str:
    """``text`` with every line but the first moved to the right."""
    return text.replace("\n", "\n" + " " * spaces)


def _typename(value: Any) -> str:
    """How torch names a value's type in errors, as in ``torch.FloatTensor`` or ``int``."""
    if isinstance(value, Tensor):
        return value.type()
    cls = value if isinstance(value, type) else type(value)
    return cls.__name__ if cls.__module__ == "builtins" else f"{cls.__module__}.{cls.__name__}"


def _check_name(kind: str, name: Any) -> None:
    """Refuse a name under which a state_dict or an attribute could not find the thing again."""
    if not isinstance(name, str):
        raise TypeError(f"{kind} name should be a string. Got {_typename(name)}")
    if "." in name:
        got = f", got: {name}" if kind == "module" else ""
        raise KeyError(f'{kind} name can\'t contain "."{got}')
    if name == "":
        raise KeyError(f'{kind} name can\'t be empty string ""')


def _add_hook(
    hooks: OrderedDict[int, Callable],
    hook: Callable,
    *noted_in: OrderedDict[int, bool],
    prepend: bool = False,
) -> RemovableHandle:
    """Register ``hook``, and note its id in the dicts that say how it wants to be called."""
    handle = RemovableHandle(hooks, extra_dict=noted_in)
    hooks[handle.id] = hook
    if prepend:
        hooks.move_to_end(handle.id, last=False)
    for notes in noted_in:
        notes[handle.id] = True
    return handle


def _initial_state() -> dict[str, Any]:
    """The attributes every module starts with."""
    return {
        "training": True,
        "_parameters": {},
        "_buffers": {},
        "_non_persistent_buffers_set": set(),
        "_backward_pre_hooks": OrderedDict(),
        "_backward_hooks": OrderedDict(),
        "_is_full_backward_hook": None,
        "_forward_hooks": OrderedDict(),
        "_forward_hooks_with_kwargs": OrderedDict(),
        "_forward_hooks_always_called": OrderedDict(),
        "_forward_pre_hooks": OrderedDict(),
        "_forward_pre_hooks_with_kwargs": OrderedDict(),
        "_state_dict_hooks": OrderedDict(),
        "_state_dict_pre_hooks": OrderedDict(),
        "_load_state_dict_pre_hooks": OrderedDict(),
        "_load_state_dict_pre_hooks_with_module": OrderedDict(),
        "_load_state_dict_post_hooks": OrderedDict(),
        "_modules": {},
    }


def _forward_unimplemented(self: Module, *input: Any, **kwargs: Any) -> Any:
    """What the module computes: every subclass writes its own.

    Call the module itself, not ``forward``: the call runs the hooks, ``forward`` does not.
    """
    raise NotImplementedError(
        f'Module [{type(self).__name__}] is missing the required "forward" function'
    )


class Module:
    """The base of everything with parameters: layers, losses, whole models.

    A subclass calls ``super().__init__()`` first, assigns parameters and submodules to attributes,
    and defines ``forward``.  Errors: see ``__setattr__`` and ``load_state_dict``.
    Source: torch.nn.Module.

    Example::

        >>> from minitorch.nn.module import Module
        >>> from minitorch.nn.parameter import Parameter
        >>> import minitorch
        >>> class Scale(Module):
        ...     def __init__(self):
        ...         super().__init__()
        ...         self.factor = Parameter(minitorch.tensor(3.0))
        ...     def forward(self, input):
        ...         return input * self.factor
        >>> model = Scale()
        >>> [name for name, _ in model.named_parameters()]
        ['factor']
        >>> model(minitorch.tensor([1.0, 2.0]))
        tensor([3., 6.], grad_fn=<MulBackward0>)
    """

    dump_patches: bool = False
    #: Saved with the state_dict, so that a later version of a module can load an older one's.
    _version: int = 1
    #: Whether ``__init__`` goes on to the next class of a multiple inheritance.
    call_super_init: bool = False
    #: The type of what ``state_dict`` fills, for annotations.
    T_destination = TypeVar("T_destination", bound=dict[str, Any])

    training: bool
    _parameters: dict[str, Parameter | None]
    _buffers: dict[str, Tensor | None]
    _non_persistent_buffers_set: set[str]
    _modules: dict[str, Module | None]
    _is_full_backward_hook: bool | None

    forward: Callable[..., Any] = _forward_unimplemented

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if not self.call_super_init:
            if kwargs:
                raise TypeError(
                    f"{type(self).__name__}.__init__() got an unexpected keyword argument "
                    f"'{next(iter(kwargs))}'"
                )
            if args:
                raise TypeError(
                    f"{type(self).__name__}.__init__() takes 1 positional argument but "
                    f"{len(args) + 1} were given"
                )
        self.__dict__.update(_initial_state())
        if self.call_super_init:
            super().__init__(*args, **kwargs)

    # ---- calling ------------------------------------------------------------------------------

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run ``forward``, and every hook registered on it."""
        if (
            self._backward_hooks
            or self._forward_hooks
            or self._forward_pre_hooks
            or self._backward_pre_hooks
            or call_hooks
        ):
            return self._call_with_hooks(args, kwargs)
        return self.forward(*args, **kwargs)

    def _call_with_hooks(self, args: tuple, kwargs: dict[str, Any]) -> Any:
        result = None
        called: set[int] = set()  # the always_call hooks that had their turn
        try:
            args, kwargs = self._run_forward_pre_hooks(args, kwargs)
            backward_pre_hooks = self._get_backward_pre_hooks()
            full_backward_hooks, other_backward_hooks = self._get_backward_hooks()
            boundary = None
            if full_backward_hooks or backward_pre_hooks:
                boundary = BackwardHook(self, full_backward_hooks, backward_pre_hooks)
                args = boundary.setup_input_hook(args)

            result = self.forward(*args, **kwargs)

            for hook_id, hook, with_kwargs, always_call in self._all_forward_hooks():
                if always_call:
                    called.add(hook_id)
                replacement = _call_forward_hook(hook, self, args, kwargs, result, with_kwargs)
                if replacement is not None:
                    result = replacement
            if boundary is not None:
                if not isinstance(result, (Tensor, tuple)):
                    warnings.warn(
                        "For backward hooks to be called, module output should be a Tensor or a "
                        f"tuple of Tensors but received {type(result)}",
                        stacklevel=3,
                    )
                result = boundary.setup_output_hook(result)
            if other_backward_hooks:
                self._watch_last_node(other_backward_hooks, args, result)
            return result
        except Exception:
            self._run_hooks_left_over(called, args, kwargs, result)
            raise

    def _run_forward_pre_hooks(self, args: tuple, kwargs: dict[str, Any]) -> tuple[tuple, dict]:
        for hook in hooks_of_kind("forward_pre"):
            args = _replaced_args(hook(self, args), args)
        for hook_id, hook in tuple(self._forward_pre_hooks.items()):
            if hook_id not in self._forward_pre_hooks_with_kwargs:
                args = _replaced_args(hook(self, args), args)
                continue
            replacement = hook(self, args, kwargs)
            if replacement is None:
                continue
            if not isinstance(replacement, tuple) or len(replacement) != 2:
                raise RuntimeError(
                    "forward pre-hook must return None or a tuple of (new_args, new_kwargs), "
                    f"but got {replacement}."
                )
            args, kwargs = replacement
        return args, kwargs

    def _all_forward_hooks(self) -> list[tuple[int, Callable, bool, bool]]:
        """(id, hook, with_kwargs, always_call) of the global forward hooks and of the module's."""
        everywhere = [
            (hook_id, entry.hook, entry.with_kwargs, entry.always_call)
            for hook_id, entry in call_hooks.items()
            if entry.kind == "forward"
        ]
        own = [
            (
                hook_id,
                hook,
                hook_id in self._forward_hooks_with_kwargs,
                hook_id in self._forward_hooks_always_called,
            )
            for hook_id, hook in self._forward_hooks.items()
        ]
        return everywhere + own

    def _run_hooks_left_over(
        self, called: set[int], args: tuple, kwargs: dict[str, Any], result: Any
    ) -> None:
        """Run the always_call hooks that an error kept from running; a second error only warns."""
        for hook_id, hook, with_kwargs, always_call in self._all_forward_hooks():
            if not always_call or hook_id in called:
                continue
            try:
                replacement = _call_forward_hook(hook, self, args, kwargs, result, with_kwargs)
                if replacement is not None:
                    result = replacement
            except Exception as error:
                kind = "global module" if hook_id in call_hooks else "module"
                warnings.warn(
                    f"{kind} forward hook with ``always_call=True`` raised an exception that was "
                    f"silenced as another error was raised in forward: {error}",
                    stacklevel=4,
                )

    def _get_backward_hooks(self) -> tuple[list[Callable], list[Callable]]:
        """The full backward hooks and the deprecated ones, global hooks first."""
        own = list(self._backward_hooks.values())
        full = hooks_of_kind("full_backward")
        other = hooks_of_kind("backward")
        if self._is_full_backward_hook:
            return full + own, other
        return full, other + own

    def _get_backward_pre_hooks(self) -> list[Callable]:
        return hooks_of_kind("full_backward_pre") + list(self._backward_pre_hooks.values())

    def _watch_last_node(self, hooks: list[Callable], args: tuple, result: Any) -> None:
        """Attach the deprecated backward hooks to the node that computed ``result``."""
        output = result
        while not isinstance(output, Tensor):
            output = next(iter(output.values())) if isinstance(output, Mapping) else output[0]
        node = output.grad_fn
        if node is None:
            return
        _warn_of_missing_gradients(args, result, node)
        for hook in hooks:
            node.register_hook(
                lambda grad_input, grad_output, hook=hook: hook(self, grad_input, grad_output)
            )

    def compile(
        self,
        *,
        fullgraph: bool = False,
        dynamic: bool | None = None,
        backend: str | Callable = "inductor",
        mode: str | None = None,
        options: dict[str, Any] | None = None,
        **settings: Any,
    ) -> None:
        """Do nothing: there is no compiler, and a compiled module computes what it did before.

        The arguments are those of torch.nn.Module.compile.
        """

    # ---- registering --------------------------------------------------------------------------

    def register_parameter(self, name: str, param: Parameter | None) -> None:
        """Make ``param`` the parameter ``name``; None keeps the name but is no parameter yet.

        Errors: TypeError for what is not a Parameter, ValueError for a result of other tensors,
        KeyError for a name that is taken, empty or has a dot.  Source: torch.
        """
        if "_parameters" not in self.__dict__:
            raise AttributeError("cannot assign parameter before Module.__init__() call")
        _check_name("parameter", name)
        if hasattr(self, name) and name not in self._parameters:
            raise KeyError(f"attribute '{name}' already exists")
        if param is not None:
            if not isinstance(param, Parameter):
                raise TypeError(
                    f"cannot assign '{_typename(param)}' object to parameter '{name}' "
                    "(torch.nn.Parameter or None required)"
                )
            if param.grad_fn is not None:
                raise ValueError(
                    f"Cannot assign non-leaf Tensor to parameter '{name}': a parameter is created "
                    f"explicitly. To compute '{name}' from another Tensor, do so in forward()."
                )
            param = registered("parameter", self, name, param)
        self._parameters[name] = param

    def register_buffer(self, name: str, tensor: Tensor | None, persistent: bool = True) -> None:
        """Make ``tensor`` part of the module's state without being a parameter.

        Args:
            persistent: whether it belongs to the state_dict.

        Errors: TypeError for what is not a Tensor, KeyError for a name that is taken, empty or has
        a dot.  Source: torch.
        """
        if "_buffers" not in self.__dict__:
            raise AttributeError("cannot assign buffer before Module.__init__() call")
        _check_name("buffer", name)
        if hasattr(self, name) and name not in self._buffers:
            raise KeyError(f"attribute '{name}' already exists")
        if tensor is not None and not isinstance(tensor, Tensor):
            raise TypeError(
                f"cannot assign '{_typename(tensor)}' object to buffer '{name}' "
                "(torch Tensor or None required)"
            )
        self._buffers[name] = registered("buffer", self, name, tensor)
        if persistent:
            self._non_persistent_buffers_set.discard(name)
        else:
            self._non_persistent_buffers_set.add(name)

    def add_module(self, name: str, module: Module | None) -> None:
        """Make ``module`` the submodule ``name``; None keeps the name free of one.

        Errors: TypeError for what is not a Module, KeyError for a name that is taken, empty or has
        a dot.  Source: torch.
        """
        if module is not None and not isinstance(module, Module):
            raise TypeError(f"{_typename(module)} is not a Module subclass")
        _check_name("module", name)
        if hasattr(self, name) and name not in self._modules:
            raise KeyError(f"attribute '{name}' already exists")
        self._modules[name] = registered("module", self, name, module)

    def register_module(self, name: str, module: Module | None) -> None:
        """The same as ``add_module``."""
        self.add_module(name, module)

    def __setattr__(self, name: str, value: Any) -> None:
        """Register parameters, modules and Buffers; a registered name keeps its kind.

        Errors: TypeError for another kind of value under a registered name; AttributeError for
        registering before ``super().__init__()`` ran.  Source: torch.
        """
        state = self.__dict__
        parameters = state.get("_parameters")
        if isinstance(value, Tensor) and isinstance(value, Parameter):
            if parameters is None:
                raise AttributeError("cannot assign parameters before Module.__init__() call")
            self._forget(name, but="_parameters")
            self.register_parameter(name, value)
        elif parameters is not None and name in parameters:
            if value is not None:
                raise TypeError(
                    f"cannot assign '{_typename(value)}' as parameter '{name}' "
                    "(torch.nn.Parameter or None expected)"
                )
            parameters[name] = None
        elif isinstance(value, Module):
            if parameters is None:
                raise AttributeError("cannot assign module before Module.__init__() call")
            self._forget(name, but="_modules")
            self._modules[name] = registered("module", self, name, value)
        elif parameters is not None and name in self._modules:
            if value is not None:
                raise TypeError(
                    f"cannot assign '{_typename(value)}' as child module '{name}' "
                    "(torch.nn.Module or None expected)"
                )
            self._modules[name] = registered("module", self, name, None)
        elif isinstance(value, Tensor) and isinstance(value, Buffer):
            if parameters is not None:
                self._forget(name, but="_buffers")
            self.register_buffer(name, value, value.persistent)
        elif parameters is not None and name in self._buffers:
            if value is not None and not isinstance(value, Tensor):
                raise TypeError(
                    f"cannot assign '{_typename(value)}' as buffer '{name}' "
                    "(torch.nn.Buffer, torch.Tensor or None expected)"
                )
            self._buffers[name] = registered("buffer", self, name, value)
        else:
            object.__setattr__(self, name, value)

    def _forget(self, name: str, but: str) -> None:
        """Drop ``name`` wherever else it stands, so that an attribute is one thing only."""
        state = self.__dict__
        state.pop(name, None)
        for registry in ("_parameters", "_buffers", "_modules"):
            if registry != but:
                state[registry].pop(name, None)
        if but != "_buffers":
            self._non_persistent_buffers_set.discard(name)

    def __getattr__(self, name: str) -> Any:
        # Runs only for what is not found in the instance's dict or on the class.
        state = self.__dict__
        for registry in ("_parameters", "_buffers", "_modules"):
            entries = state.get(registry)
            if entries is not None and name in entries:
                return entries[name]
        raise AttributeError(
            f"'{type(self).__name__}' object has no attribute '{name}'", name=name, obj=self
        )

    def __delattr__(self, name: str) -> None:
        for registry in ("_parameters", "_buffers", "_modules"):
            entries = self.__dict__.get(registry, {})
            if name in entries:
                del entries[name]
                self._non_persistent_buffers_set.discard(name)
                return
        object.__delattr__(self, name)

    def __dir__(self) -> list[str]:
        names = chain(
            dir(type(self)), self.__dict__, self._parameters, self._modules, self._buffers
        )
        # The numbers that a Sequential names its modules by are no attribute names.
        return sorted({name for name in names if not name[0].isdigit()})

    # ---- finding ------------------------------------------------------------------------------

    def get_submodule(self, target: str) -> Module:
        """The submodule at a dotted path, as in ``"encoder.layers.0"``; itself for ``""``.

        Errors: AttributeError where the path leads nowhere, or to something else.  Source: torch.
        """
        module = self
        for name in target.split(".") if target else ():
            module = module._attribute_named(name)
            if not isinstance(module, Module):
                raise AttributeError(f"`{name}` is not an nn.Module")
        return module

    def set_submodule(self, target: str, module: Module, strict: bool = False) -> None:
        """Put ``module`` at a dotted path, in the place of the one that is there.

        Args:
            strict: refuse a name that the parent has not yet.

        Errors: ValueError for an empty path or what is not a Module; AttributeError for a path that
        leads nowhere.  Source: torch.
        """
        if target == "":
            raise ValueError("Cannot set the submodule without a target name!")
        if not isinstance(module, Module):
            raise ValueError(f"`module` is not an nn.Module, found {type(module)}")
        path, _, name = target.rpartition(".")
        parent = self.get_submodule(path)
        if strict or hasattr(parent, name):
            if not isinstance(parent._attribute_named(name), Module):
                raise AttributeError(f"`{name}` is not an nn.Module")
        setattr(parent, name, module)

    def get_parameter(self, target: str) -> Parameter:
        """The parameter at a dotted path, as in ``"encoder.0.weight"``.

        Errors: AttributeError where the path leads nowhere, or to something else.  Source: torch.
        """
        path, _, name = target.rpartition(".")
        param = self.get_submodule(path)._attribute_named(name)
        if not isinstance(param, Parameter):
            raise AttributeError(f"`{name}` is not an nn.Parameter")
        return param

    def get_buffer(self, target: str) -> Tensor:
        """The buffer at a dotted path, as in ``"encoder.1.running_mean"``.

        Errors: AttributeError where the path leads nowhere, or to something else.  Source: torch.
        """
        path, _, name = target.rpartition(".")
        module = self.get_submodule(path)
        buffer = module._attribute_named(name)
        if name not in module._buffers:
            raise AttributeError(f"`{name}` is not a buffer")
        return buffer

    def _attribute_named(self, name: str) -> Any:
        try:
            return getattr(self, name)
        except AttributeError:
            raise AttributeError(f"{self._get_name()} has no attribute `{name}`") from None

    def _named_members(
        self,
        get_members_fn: Callable[[Module], Any],
        prefix: str = "",
        recurse: bool = True,
        remove_duplicate: bool = True,
    ) -> Iterator[tuple[str, Any]]:
        """(dotted name, member) of what ``get_members_fn`` finds in each module, in their order."""
        seen: set[int] = set()
        if recurse:
            modules = self.named_modules(prefix=prefix, remove_duplicate=remove_duplicate)
        else:
            modules = iter([(prefix, self)])
        for path, module in modules:
            for name, member in get_members_fn(module):
                if member is None or id(member) in seen:
                    continue
                if remove_duplicate:
                    seen.add(id(member))
                yield (f"{path}.{name}" if path else name), member

    def parameters(self, recurse: bool = True) -> Iterator[Parameter]:
        """Every parameter once, the module's own before its submodules'.  Source: torch."""
        for _, param in self.named_parameters(recurse=recurse):
            yield param

    def named_parameters(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Parameter]]:
        """(dotted name, parameter) of every parameter.

        Args:
            prefix: put before every name.
            recurse: whether to go into the submodules.
            remove_duplicate: whether to show a shared parameter once, under its first name.

        Source: torch.
        """
        yield from self._named_members(
            lambda module: module._parameters.items(), prefix, recurse, remove_duplicate
        )

    def buffers(self, recurse: bool = True) -> Iterator[Tensor]:
        """Every buffer once, the module's own before its submodules'.  Source: torch."""
        for _, buffer in self.named_buffers(recurse=recurse):
            yield buffer

    def named_buffers(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Tensor]]:
        """(dotted name, buffer) of every buffer; the arguments are ``named_parameters``' own."""
        yield from self._named_members(
            lambda module: module._buffers.items(), prefix, recurse, remove_duplicate
        )

    def children(self) -> Iterator[Module]:
        """The direct submodules, each once.  Source: torch."""
        for _, module in self.named_children():
            yield module

    def named_children(self) -> Iterator[tuple[str, Module]]:
        """(name, module) of the direct submodules, each once.  Source: torch."""
        seen: set[Module] = set()
        for name, module in self._modules.items():
            if module is not None and module not in seen:
                seen.add(module)
                yield name, module

    def modules(self, remove_duplicate: bool = True) -> Iterator[Module]:
        """The module itself and everything below it, each once.  Source: torch."""
        for _, module in self.named_modules(remove_duplicate=remove_duplicate):
            yield module

    def named_modules(
        self,
        memo: set[Module] | None = None,
        prefix: str = "",
        remove_duplicate: bool = True,
    ) -> Iterator[tuple[str, Module]]:
        """(dotted path, module) of the module itself (its path is the prefix) and all below it.

        Args:
            memo: modules to leave out; those shown are added.
            remove_duplicate: whether to show a shared module once, under its first path.

        Source: torch.
        """
        if memo is None:
            memo = set()
        if self in memo:
            return
        if remove_duplicate:
            memo.add(self)
        yield prefix, self
        for name, module in self._modules.items():
            if module is not None:
                path = f"{prefix}.{name}" if prefix else name
                yield from module.named_modules(memo, path, remove_duplicate)

    # ---- acting on everything below ------------------------------------------------------------

    def apply(self, fn: Callable[[Module], Any]) -> Self:
        """Call ``fn`` on every submodule, children before parents, and at last on itself."""
        for module in self.children():
            module.apply(fn)
        fn(self)
        return self

    def train(self, mode: bool = True) -> Self:
        """Set training mode here and below: dropout and batch norm behave by it.

        Errors: ValueError for a mode that is not a bool.  Source: torch.
        """
        if not isinstance(mode, bool):
            raise ValueError("training mode is expected to be boolean")
        self.training = mode
        for module in self.children():
            module.train(mode)
        return self

    def eval(self) -> Self:
        """Set evaluation mode here and below: ``train(False)``."""
        return self.train(False)

    def requires_grad_(self, requires_grad: bool = True) -> Self:
        """Say of every parameter whether it is to be trained."""
        for param in self.parameters():
            param.requires_grad_(requires_grad)
        return self

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients of all parameters, or fill them with zeros."""
        for param in self.parameters():
            if param.grad is None:
                continue
            if set_to_none:
                param.grad = None
                continue
            if param.grad.grad_fn is not None:
                param.grad.detach_()
            else:
                param.grad.requires_grad_(False)
            param.grad.zero_()

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> Self:
        """Replace the data of every parameter, of its gradient, and every buffer by ``fn`` of it.

        The parameters stay the same objects, so an optimizer that holds them goes on.
        """
        if recurse:
            for module in self.children():
                module._apply(fn)
        with no_grad():
            for param in self._parameters.values():
                if param is None:
                    continue
                grad = param.grad
                param.data = fn(param)
                if grad is not None:
                    grad.data = fn(grad)
            for name, buffer in self._buffers.items():
                if buffer is not None:
                    self._buffers[name] = fn(buffer)
        return self

    def to(
        self,
        *args: Any,
        device: Any = None,
        dtype: Any = None,
        non_blocking: bool = False,
        tensor: Tensor | None = None,
        memory_format: Any = None,
    ) -> Self:
        """Move parameters and buffers to a device, and the floating point ones to a dtype.

        Called as ``to(device, dtype)``, either of them alone, ``to(tensor)`` (the device and dtype
        of that tensor) or ``to(memory_format=...)`` (of the 4- and 5-dimensional ones).

        Errors: TypeError for a dtype that is neither floating point nor complex.  Source: torch.
        """
        for arg in args if tensor is None else (*args, tensor):
            if isinstance(arg, Tensor):
                device, dtype = arg.device, arg.dtype
            elif isinstance(arg, dtype_class):
                dtype = arg
            elif isinstance(arg, bool):
                non_blocking = arg
            elif isinstance(arg, (str, int, device_class)):
                device = arg
            elif arg is not None:
                raise TypeError(
                    "to() received an invalid combination of arguments: expected a device, a dtype "
                    f"or a Tensor, got {type(arg).__name__}"
                )
        if dtype is not None:
            self._check_floating(dtype)

        def convert(tensor: Tensor) -> Tensor:
            settings: dict[str, Any] = {}
            if device is not None:
                settings["device"] = device_class(device)
            if dtype is not None and (tensor.is_floating_point() or tensor.is_complex()):
                settings["dtype"] = dtype
            if memory_format is not None and tensor.dim() in (4, 5):
                settings["memory_format"] = memory_format
            away = settings.get("device", tensor.device) != tensor.device
            if away and tensor.device.type == "meta":
                raise NotImplementedError(
                    "Cannot copy out of meta tensor; no data! Please use torch.nn.Module.to_empty()"
                    " instead of torch.nn.Module.to() when moving module from meta to a different "
                    "device."
                )
            return tensor.to(**settings, non_blocking=non_blocking) if settings else tensor

        return self._apply(convert)

    def _check_floating(self, dtype: Any) -> None:
        if dtype.is_complex:
            warnings.warn(
                "Complex modules are a new feature under active development: some modules might "
                "not work as expected with complex parameters or buffers.",
                stacklevel=3,
            )
        elif not dtype.is_floating_point:
            raise TypeError(
                "nn.Module.to only accepts floating point or complex dtypes, but got desired "
                f"dtype={dtype}"
            )

    def type(self, dst_type: Any) -> Self:
        """Cast every parameter and buffer, whatever its dtype."""
        return self._apply(lambda tensor: tensor.type(dst_type))

    def float(self) -> Self:
        """Cast the floating point parameters and buffers to float32."""
        return self._apply(lambda tensor: tensor.float() if tensor.is_floating_point() else tensor)

    def double(self) -> Self:
        """Cast the floating point parameters and buffers to float64."""
        return self._apply(lambda tensor: tensor.double() if tensor.is_floating_point() else tensor)

    def half(self) -> Self:
        """Cast the floating point parameters and buffers to float16."""
        return self._apply(lambda tensor: tensor.half() if tensor.is_floating_point() else tensor)

    def bfloat16(self) -> Self:
        """Cast the floating point parameters and buffers to bfloat16."""
        return self._apply(
            lambda tensor: tensor.bfloat16() if tensor.is_floating_point() else tensor
        )

    def cpu(self) -> Self:
        """Move every parameter and buffer to the CPU."""
        return self._apply(lambda tensor: tensor.cpu())

    def cuda(self, device: Any = None) -> Self:
        """Move every parameter and buffer to a GPU (the current one for None)."""
        return self._apply(lambda tensor: tensor.cuda(device))

    def to_empty(self, *, device: Any, recurse: bool = True) -> Self:
        """Move to a device without copying: the values there are undefined."""
        return self._apply(lambda tensor: tensor.new_empty(tensor.shape, device=device), recurse)

    def share_memory(self) -> Self:
        """Move every parameter and buffer to memory that other processes share."""
        return self._apply(lambda tensor: tensor.share_memory_())

    # ---- saving and loading --------------------------------------------------------------------

    def get_extra_state(self) -> Any:
        """What else belongs into the state_dict: a module that has something overrides this.

        Errors: RuntimeError here, for a module that has nothing.  Source: torch.
        """
        raise RuntimeError(
            "Reached a code path in Module.get_extra_state() that should never be called. "
            "Override it together with set_extra_state()."
        )

    def set_extra_state(self, state: Any) -> None:
        """Take back what ``get_extra_state`` returned: a module that has something overrides this.

        Errors: RuntimeError here, for a module that has nothing.  Source: torch.
        """
        raise RuntimeError(
            "Reached a code path in Module.set_extra_state() that should never be called. "
            "Override it together with get_extra_state()."
        )

    def state_dict(
        self,
        *args: Any,
        destination: Any = None,
        prefix: str = "",
        keep_vars: bool = False,
    ) -> Any:
        """Every parameter and persistent buffer under its dotted name, in an ordered dict.

        The tensors are the module's own, not copies.  The dict's ``_metadata`` holds each module's
        version under its path.

        Args:
            destination: a dict to fill instead of a new one.
            prefix: put before every name.
            keep_vars: give parameters themselves, not tensors detached from the graph.

        Source: torch.
        """
        if args:
            warnings.warn(
                "Positional args are being deprecated, use kwargs instead: "
                "state_dict(destination=..., prefix=..., keep_vars=...).",
                FutureWarning,
                stacklevel=2,
            )
            given = dict(zip(("destination", "prefix", "keep_vars"), args, strict=False))
            destination = given["destination"] if destination is None else destination
            prefix = given.get("prefix", "") if prefix == "" else prefix
            keep_vars = given.get("keep_vars", keep_vars)
        if destination is None:
            destination = OrderedDict()
            destination._metadata = OrderedDict()
        local_metadata = {"version": self._version}
        if hasattr(destination, "_metadata"):
            destination._metadata[prefix[:-1]] = local_metadata

        for hook in self._state_dict_pre_hooks.values():
            hook(self, prefix, keep_vars)
        self._save_to_state_dict(destination, prefix, keep_vars)
        for name, module in self._modules.items():
            if module is not None:
                module.state_dict(
                    destination=destination, prefix=f"{prefix}{name}.", keep_vars=keep_vars
                )
        for hook in self._state_dict_hooks.values():
            replacement = hook(self, destination, prefix, local_metadata)
            if replacement is not None:
                destination = replacement
        return destination

    def _save_to_state_dict(self, destination: Any, prefix: str, keep_vars: bool) -> None:
        """Write this module's own entries; submodules write theirs."""
        for name, tensor in self._own_state().items():
            destination[prefix + name] = tensor if keep_vars else tensor.detach()
        if type(self).get_extra_state is not Module.get_extra_state:
            destination[prefix + _EXTRA_STATE_KEY_SUFFIX] = self.get_extra_state()

    def _own_state(self) -> dict[str, Tensor]:
        """The module's parameters and persistent buffers by name."""
        state: dict[str, Tensor] = {}
        for name, tensor in chain(self._parameters.items(), self._buffers.items()):
            if tensor is not None and name not in self._non_persistent_buffers_set:
                state[name] = tensor
        return state

    def load_state_dict(
        self, state_dict: Mapping[str, Any], strict: bool = True, assign: bool = False
    ) -> _IncompatibleKeys:
        """Copy parameters and buffers from a state_dict.

        What fits is loaded also when the call raises, as in torch.

        Args:
            strict: refuse keys that are missing or unexpected.
            assign: take the tensors themselves, with their dtype and device, instead of copying.

        Returns: a named tuple of missing_keys and unexpected_keys.

        Errors: TypeError for what is not a mapping; RuntimeError naming every missing key,
        unexpected key and wrong size.  Source: torch.
        """
        if not isinstance(state_dict, Mapping):
            raise TypeError(f"Expected state_dict to be dict-like, got {type(state_dict)}.")
        missing_keys: list[str] = []
        unexpected_keys: list[str] = []
        error_msgs: list[str] = []
        metadata = getattr(state_dict, "_metadata", None)
        # Hooks may change the dict: the caller's own must stay as it is.
        entries: Any = OrderedDict(state_dict)
        if metadata is not None:
            entries._metadata = metadata

        def load(module: Module, local_entries: Any, prefix: str) -> None:
            local_metadata = dict((metadata or {}).get(prefix[:-1], {}))
            if assign:
                local_metadata["assign_to_params_buffers"] = True
            module._load_from_state_dict(
                local_entries,
                prefix,
                local_metadata,
                True,  # which keys are missing is always of interest
                missing_keys,
                unexpected_keys,
                error_msgs,
            )
            for name, child in module._modules.items():
                if child is not None:
                    path = f"{prefix}{name}."
                    below = {k: v for k, v in local_entries.items() if k.startswith(path)}
                    load(child, below, path)
            incompatible = _IncompatibleKeys(missing_keys, unexpected_keys)
            for hook in module._load_state_dict_post_hooks.values():
                if hook(module, incompatible) is not None:
                    raise AssertionError(
                        "Hooks registered with ``register_load_state_dict_post_hook`` are not "
                        "expected to return new values: change incompatible_keys in place."
                    )

        load(self, entries, "")
        if strict:
            error_msgs[:0] = [
                f"{kind} key(s) in state_dict: " + ", ".join(f'"{key}"' for key in keys) + ". "
                for kind, keys in (("Missing", missing_keys), ("Unexpected", unexpected_keys))
                if keys
            ]
        if error_msgs:
            raise RuntimeError(
                f"Error(s) in loading state_dict for {type(self).__name__}:\n\t"
                + "\n\t".join(error_msgs)
            )
        return _IncompatibleKeys(missing_keys, unexpected_keys)

    def _load_from_state_dict(
        self,
        state_dict: Any,
        prefix: str,
        local_metadata: dict[str, Any],
        strict: bool,
        missing_keys: list[str],
        unexpected_keys: list[str],
        error_msgs: list[str],
    ) -> None:
        """Load this module's own entries; what goes wrong is appended to the three lists.

        A module whose entries have changed since an older version overrides this, renames what it
        finds in ``state_dict``, and calls it.
        """
        for hook_id, hook in tuple(self._load_state_dict_pre_hooks.items()):
            with_module = hook_id in self._load_state_dict_pre_hooks_with_module
            hook(
                *((self,) if with_module else ()),
                state_dict,
                prefix,
                local_metadata,
                strict,
                missing_keys,
                unexpected_keys,
                error_msgs,
            )

        own_state = self._own_state()
        assign = local_metadata.get("assign_to_params_buffers", False)
        for name, tensor in own_state.items():
            key = prefix + name
            if key not in state_dict:
                if strict:
                    missing_keys.append(key)
                continue
            problem = self._load_entry(name, tensor, key, state_dict[key], assign)
            if problem is not None:
                error_msgs.append(problem)

        extra_key = prefix + _EXTRA_STATE_KEY_SUFFIX
        has_extra_state = type(self).set_extra_state is not Module.set_extra_state
        if has_extra_state and extra_key in state_dict:
            self.set_extra_state(state_dict[extra_key])
        elif has_extra_state and strict:
            missing_keys.append(extra_key)

        if strict:
            for key in state_dict:
                if not key.startswith(prefix) or (key == extra_key and has_extra_state):
                    continue
                name, dot, _ = key[len(prefix) :].partition(".")
                known = self._modules if dot else own_state
                if name not in known:
                    unexpected_keys.append(key)

    def _load_entry(
        self, name: str, tensor: Tensor, key: str, loaded: Any, assign: bool
    ) -> str | None:
        """Load one tensor; returns what is wrong with it, if something is."""
        if not isinstance(loaded, Tensor):
            return (
                f'While copying the parameter named "{key}", expected torch.Tensor or Tensor-like '
                f"object from checkpoint but received {type(loaded)}"
            )
        if is_lazy(tensor):
            # What is loaded is uninitialized, too: lazy modules take the shape of anything else.
            if assign:
                setattr(self, name, loaded)
            return None
        if tensor.dim() == 0 and loaded.shape == (1,):
            loaded = loaded[0]  # as scalars were saved long ago
        if loaded.shape != tensor.shape:
            return (
                f"size mismatch for {key}: copying a param with shape {loaded.shape} from "
                f"checkpoint, the shape in current model is {tensor.shape}."
            )
        try:
            with no_grad():
                if not assign:
                    if tensor.is_meta and not loaded.is_meta:
                        warnings.warn(
                            f"for {key}: copying from a non-meta parameter in the checkpoint to a "
                            "meta parameter in the current model, which is a no-op. (Did you mean "
                            "to pass `assign=True` to assign items in the state dictionary to "
                            "their corresponding key in the module instead of copying them in "
                            "place?)",
                            stacklevel=2,
                        )
                    tensor.copy_(loaded)
                elif isinstance(tensor, Parameter) and not isinstance(loaded, Parameter):
                    setattr(self, name, Parameter(loaded, requires_grad=tensor.requires_grad))
                else:
                    if isinstance(tensor, Parameter):
                        loaded.requires_grad_(tensor.requires_grad)
                    setattr(self, name, loaded)
        except Exception as error:
            return (
                f'While copying the parameter named "{key}", whose dimensions in the model are '
                f"{tensor.size()} and whose dimensions in the checkpoint are {loaded.size()}, "
                f"an exception occurred : {error.args}."
            )
        return None

    def __setstate__(self, state: dict[str, Any]) -> None:
        # What a module pickled by an older version lacks starts as in a new one.
        self.__dict__.update({**_initial_state(), **state})

    # ---- hooks --------------------------------------------------------------------------------

    def register_forward_pre_hook(
        self, hook: Callable[..., Any], *, prepend: bool = False, with_kwargs: bool = False
    ) -> RemovableHandle:
        """Call ``hook(module, args)`` before forward; what it returns replaces the arguments.

        Args:
            prepend: run before the hooks that are there.
            with_kwargs: call ``hook(module, args, kwargs)``; it returns None or (args, kwargs).

        Source: torch.
        """
        noted_in = [self._forward_pre_hooks_with_kwargs] if with_kwargs else []
        return _add_hook(self._forward_pre_hooks, hook, *noted_in, prepend=prepend)

    def register_forward_hook(
        self,
        hook: Callable[..., Any],
        *,
        prepend: bool = False,
        with_kwargs: bool = False,
        always_call: bool = False,
    ) -> RemovableHandle:
        """Call ``hook(module, args, output)`` after forward; what it returns replaces the output.

        Args:
            prepend: run before the hooks that are there.
            with_kwargs: call ``hook(module, args, kwargs, output)`` instead.
            always_call: call it also when forward, or another hook, raised.

        Source: torch.
        """
        noted_in = []
        if with_kwargs:
            noted_in.append(self._forward_hooks_with_kwargs)
        if always_call:
            noted_in.append(self._forward_hooks_always_called)
        return _add_hook(self._forward_hooks, hook, *noted_in, prepend=prepend)

    def register_full_backward_pre_hook(
        self, hook: Callable[..., Any], prepend: bool = False
    ) -> RemovableHandle:
        """Call ``hook(module, grad_output)`` before the gradient goes through the module.

        It may return a new grad_output: a tuple, one item per output.  Source: torch.
        """
        return _add_hook(self._backward_pre_hooks, hook, prepend=prepend)

    def register_full_backward_hook(
        self, hook: Callable[..., Any], prepend: bool = False
    ) -> RemovableHandle:
        """Call ``hook(module, grad_input, grad_output)`` after the gradient went through.

        Both are tuples, with None for what is no tensor; keyword arguments have no place in
        grad_input.  The hook may return a new grad_input.

        Errors: RuntimeError on a module that has a deprecated backward hook.  Source: torch.
        """
        self._choose_backward_hooks(full=True)
        return _add_hook(self._backward_hooks, hook, prepend=prepend)

    def register_backward_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Deprecated in favour of ``register_full_backward_hook``.

        The hook sees the gradients of the last operation in the module only.

        Errors: RuntimeError on a module that has a full backward hook.  Source: torch.
        """
        self._choose_backward_hooks(full=False)
        return _add_hook(self._backward_hooks, hook)

    def _choose_backward_hooks(self, full: bool) -> None:
        if self._is_full_backward_hook is (not full):
            raise RuntimeError(
                "Cannot use both regular backward hooks and full backward hooks on a single "
                "Module. Please use only one of them."
            )
        self._is_full_backward_hook = full

    def register_state_dict_pre_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call ``hook(module, prefix, keep_vars)`` before the module's state is collected."""
        return _add_hook(self._state_dict_pre_hooks, hook)

    def register_state_dict_post_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call ``hook(module, state_dict, prefix, local_metadata)`` after the state is collected.

        It changes the dict in place.  Errors: RuntimeError if it returns one.  Source: torch.
        """
        return _add_hook(self._state_dict_hooks, _ReturnsNothing(hook))

    def _register_state_dict_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """As ``register_state_dict_post_hook``; this hook may return another dict."""
        return _add_hook(self._state_dict_hooks, hook)

    def register_load_state_dict_pre_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call a hook before the module's own state is loaded.

        It is called as ``hook(module, state_dict, prefix, local_metadata, strict, missing_keys,
        unexpected_keys, error_msgs)`` and changes them in place.  Source: torch.
        """
        return self._register_load_state_dict_pre_hook(hook, with_module=True)

    def _register_load_state_dict_pre_hook(
        self, hook: Callable[..., Any], with_module: bool = False
    ) -> RemovableHandle:
        """As ``register_load_state_dict_pre_hook``; no module is passed unless ``with_module``."""
        noted_in = [self._load_state_dict_pre_hooks_with_module] if with_module else []
        return _add_hook(self._load_state_dict_pre_hooks, hook, *noted_in)

    def register_load_state_dict_post_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call ``hook(module, incompatible_keys)`` after the module and all below it are loaded.

        It may change the two lists in place: emptied, they raise no error.  Source: torch.
        """
        return _add_hook(self._load_state_dict_post_hooks, hook)

    # ---- printing -----------------------------------------------------------------------------

    def _get_name(self) -> str:
        return type(self).__name__

    def extra_repr(self) -> str:
        """What stands between the parentheses: a module with settings overrides this."""
        return ""

    def __repr__(self) -> str:
        extra = self.extra_repr()
        lines = extra.split("\n") if extra else []
        if len(lines) <= 1 and not self._modules:
            return f"{self._get_name()}({extra})"
        for name, module in self._modules.items():
            lines.append(f"({name}): {_addindent(repr(module), 2)}")
        inside = "".join(f"\n  {line}" for line in lines)
        return f"{self._get_name()}({inside}\n)"


class _ReturnsNothing:
    """A state_dict hook that must work in place."""

    def __init__(self, hook: Callable[..., Any]) -> None:
        self.hook = hook

    def __call__(self, *args: Any) -> None:
        if self.hook(*args) is not None:
            raise RuntimeError("state_dict post-hook must return None")


def _replaced_args(replacement: Any, args: tuple) -> tuple:
    if replacement is None:
        return args
    return replacement if isinstance(replacement, tuple) else (replacement,)


def _call_forward_hook(
    hook: Callable, module: Module, args: tuple, kwargs: dict, result: Any, with_kwargs: bool
) -> Any:
    if with_kwargs:
        return hook(module, args, kwargs, result)
    return hook(module, args, result)


def _warn_of_missing_gradients(args: tuple, result: Any, node: Any) -> None:
    """Say what a deprecated backward hook on ``node`` will not see."""
    outputs = result if isinstance(result, tuple) else (result,)
    if not all(isinstance(output, Tensor) for output in outputs):
        what = "hooks on a Module that does not return a single Tensor or a tuple of Tensors is"
        missing = "grad_output"
    elif not all(isinstance(arg, Tensor) for arg in args):
        what = (
            "hooks on a Module that does not take as input a single Tensor or a tuple of Tensors is"
        )
        missing = "grad_input"
    elif len({output.grad_fn for output in outputs} - {None}) > 1:
        what = "hook when outputs are generated by different autograd Nodes is"
        missing = "grad_output"
    elif {arg.grad_fn for arg in args} - {None} != {edge[0] for edge in node.next_functions}:
        what = "hook when the forward contains multiple autograd Nodes is"
        missing = "grad_input"
    else:
        return
    article = "a " if what.startswith("hook ") else ""
    warnings.warn(
        f"Using {article}non-full backward {what} deprecated and will be removed in future "
        f"versions. This hook will be missing some {missing}. Please use "
        "register_full_backward_hook to get the documented behavior.",
        FutureWarning,
        stacklevel=5,
    )
