"""Hooks that see every module: on its calls, and on what is registered in it.

They are meant for debugging and profiling.  A module runs the global hooks before its own.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Any, NamedTuple

from minitorch.hooks import RemovableHandle

__all__ = [
    "register_module_backward_hook",
    "register_module_buffer_registration_hook",
    "register_module_forward_hook",
    "register_module_forward_pre_hook",
    "register_module_full_backward_hook",
    "register_module_full_backward_pre_hook",
    "register_module_module_registration_hook",
    "register_module_parameter_registration_hook",
]


class CallHook(NamedTuple):
    """A hook on calls of modules, and how to call it."""

    kind: str
    hook: Callable
    with_kwargs: bool = False
    always_call: bool = False


#: Every global hook on calls, of whatever kind: a module without hooks asks one question per call.
call_hooks: OrderedDict[int, CallHook] = OrderedDict()

#: What is being registered -> the hooks that are told.
registration_hooks: dict[str, OrderedDict[int, Callable]] = {
    "buffer": OrderedDict(),
    "module": OrderedDict(),
    "parameter": OrderedDict(),
}


def hooks_of_kind(kind: str) -> list[Callable]:
    """The global call hooks of one kind, in the order in which they were registered."""
    return [entry.hook for entry in call_hooks.values() if entry.kind == kind]


def registered(kind: str, module: Any, name: str, value: Any) -> Any:
    """What the registration hooks make of ``value``: usually itself."""
    for hook in tuple(registration_hooks[kind].values()):
        replacement = hook(module, name, value)
        if replacement is not None:
            value = replacement
    return value


def _register_call_hook(entry: CallHook) -> RemovableHandle:
    handle = RemovableHandle(call_hooks)
    call_hooks[handle.id] = entry
    return handle


def _register_registration_hook(kind: str, hook: Callable) -> RemovableHandle:
    hooks = registration_hooks[kind]
    handle = RemovableHandle(hooks)
    hooks[handle.id] = hook
    return handle


def register_module_forward_pre_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Call ``hook(module, args)`` before every module's forward; it may return new arguments.

    Source: torch.nn.modules.module.register_module_forward_pre_hook.
    """
    return _register_call_hook(CallHook("forward_pre", hook))


def register_module_forward_hook(
    hook: Callable[..., Any], *, with_kwargs: bool = False, always_call: bool = False
) -> RemovableHandle:
    """Call ``hook(module, args, output)`` after every module's forward; it may return a new output.

    Args:
        with_kwargs: call ``hook(module, args, kwargs, output)`` instead.
        always_call: call it also when forward, or another hook, raised.

    Source: torch.nn.modules.module.register_module_forward_hook.
    """
    return _register_call_hook(CallHook("forward", hook, with_kwargs, always_call))


def register_module_full_backward_pre_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Call ``hook(module, grad_output)`` before the gradient goes through any module.

    Source: torch.nn.modules.module.register_module_full_backward_pre_hook.
    """
    return _register_call_hook(CallHook("full_backward_pre", hook))


def register_module_full_backward_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Call ``hook(module, grad_input, grad_output)`` after the gradient went through any module.

    Errors: RuntimeError while a global hook of the deprecated kind is registered.
    Source: torch.nn.modules.module.register_module_full_backward_hook.
    """
    _refuse_mixture("backward")
    return _register_call_hook(CallHook("full_backward", hook))


def register_module_backward_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Deprecated in favour of ``register_module_full_backward_hook``.

    The hook sees the gradients of the last operation in the module only.

    Errors: RuntimeError while a global full backward hook is registered.
    Source: torch.nn.modules.module.register_module_backward_hook.
    """
    _refuse_mixture("full_backward")
    return _register_call_hook(CallHook("backward", hook))


def _refuse_mixture(other: str) -> None:
    if hooks_of_kind(other):
        raise RuntimeError(
            "Cannot use both regular backward hooks and full backward hooks as a global Module "
            "hook. Please use only one of them."
        )


def register_module_buffer_registration_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Call ``hook(module, name, buffer)`` at each registration; it may return another buffer.

    Source: torch.nn.modules.module.register_module_buffer_registration_hook.
    """
    return _register_registration_hook("buffer", hook)


def register_module_module_registration_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Call ``hook(module, name, submodule)`` at each registration; it may return another module.

    Source: torch.nn.modules.module.register_module_module_registration_hook.
    """
    return _register_registration_hook("module", hook)


def register_module_parameter_registration_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Call ``hook(module, name, param)`` at each registration; it may return another parameter.

    Source: torch.nn.modules.module.register_module_parameter_registration_hook.
    """
    return _register_registration_hook("parameter", hook)
