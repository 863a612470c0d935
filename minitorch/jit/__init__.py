"""TorchScript's decorators, which leave a program as it is.

``script`` and ``trace`` compile nothing: what they return runs the Python that it was made from.
So a program that scripts a module for speed runs, and one that wants to store the compiled module
is told that there is none.  Source: torch.jit.
"""

from __future__ import annotations

import builtins
import copy
import functools
import typing
import warnings
from collections.abc import Callable
from typing import Any, Final, NamedTuple

from minitorch.futures import Future
from minitorch.nn.module import Module

__all__ = [
    "Attribute",
    "Error",
    "Final",
    "Future",
    "ScriptFunction",
    "ScriptModule",
    "ScriptWarning",
    "TracerWarning",
    "annotate",
    "enable_onednn_fusion",
    "export",
    "fork",
    "freeze",
    "ignore",
    "interface",
    "is_scripting",
    "is_tracing",
    "isinstance",
    "load",
    "onednn_fusion_enabled",
    "optimize_for_inference",
    "optimized_execution",
    "save",
    "script",
    "script_if_tracing",
    "script_method",
    "set_fusion_strategy",
    "strict_fusion",
    "trace",
    "trace_module",
    "unused",
    "wait",
]

_isinstance = builtins.isinstance


class Error(Exception):
    """An error inside a script.  Source: torch.jit.Error."""


class ScriptWarning(Warning):
    """What a script may not mean.  Source: torch.jit.ScriptWarning."""


class TracerWarning(Warning):
    """What a trace does not see.  Source: torch.jit.TracerWarning."""


class Attribute(NamedTuple):
    """A value with its type.  Source: torch.jit.Attribute."""

    value: Any
    type: Any


def _nothing_compiled(name):
    return NotImplementedError(
        f"torch.jit.{name}: minitorch compiles no scripts, so there is none to store or to show; "
        "store the module's state_dict() with torch.save"
    )


# --- scripts --------------------------------------------------------------------------------------


class _Script:
    """What a compiled object has beside the original's own."""

    def save(self, f, **kwargs):
        """Store the compiled object.  Raises NotImplementedError: nothing was compiled."""
        raise _nothing_compiled("save")

    @property
    def code(self) -> str:
        """The compiled code.  Raises NotImplementedError: nothing was compiled."""
        raise _nothing_compiled("ScriptModule.code")

    @property
    def graph(self):
        """The compiled graph.  Raises NotImplementedError: nothing was compiled."""
        raise _nothing_compiled("ScriptModule.graph")


class ScriptFunction(_Script):
    """A function that was scripted or traced; calling it calls the function.

    Source: torch.jit.ScriptFunction.
    """

    def __init__(self, function: Callable):
        functools.update_wrapper(self, function)
        self.function = function

    def __call__(self, *args, **kwargs):
        return self.function(*args, **kwargs)


class ScriptModule(_Script, Module):
    """A module that was scripted or traced, or is written as a script; it runs its Python.

    Source: torch.jit.ScriptModule.
    """


@functools.cache
def _scripted_class(cls):
    members = {"__module__": cls.__module__, "__qualname__": cls.__qualname__}
    return type(cls.__name__, (cls, ScriptModule), members)


def _scripted(module):
    """A module with the parameters, buffers and submodules of ``module`` itself."""
    if _isinstance(module, ScriptModule):
        return module
    twin = copy.copy(module)
    twin.__class__ = _scripted_class(type(module))
    return twin


def script(
    obj: Any,
    optimize: None = None,
    _frames_up: int = 0,
    _rcb: Callable | None = None,
    example_inputs: list | dict | None = None,
) -> Any:
    """``obj`` as it is: a class or a function; a module as a ``ScriptModule`` that shares all.

    Raises TypeError for what can't be called.  Source: torch.jit.script.

    Example::

        >>> import minitorch
        >>> @minitorch.jit.script
        ... def twice(x):
        ...     return x + x
        >>> twice(minitorch.ones(2))
        tensor([2., 2.])
    """
    if optimize is not None:
        warnings.warn(
            "`optimize` is deprecated and has no effect. Use `with "
            "torch.jit.optimized_execution()` instead",
            FutureWarning,
            stacklevel=2,
        )
    if _isinstance(obj, Module):
        return _scripted(obj)
    if _isinstance(obj, type) or _isinstance(obj, ScriptFunction):
        return obj
    if not callable(obj):
        raise TypeError(f"{type(obj)} is a built-in class")
    return ScriptFunction(obj)


def trace(
    func: Callable,
    example_inputs: Any = None,
    optimize: None = None,
    check_trace: bool = True,
    check_inputs: Any = None,
    check_tolerance: float = 1e-5,
    strict: bool = True,
    _force_outplace: bool = False,
    _module_class: Any = None,
    _compilation_unit: Any = None,
    example_kwarg_inputs: dict | None = None,
    _store_inputs: bool = True,
) -> Any:
    """``func``, after it ran once on the example inputs.

    A function becomes a ``ScriptFunction``, a module a ``ScriptModule`` that shares all.  Unlike
    torch's it follows branches and loops anew at each call.  Source: torch.jit.trace.
    """
    if example_kwarg_inputs is not None:
        func(**example_kwarg_inputs)
    elif _isinstance(example_inputs, (tuple, list)):
        func(*example_inputs)
    else:
        func(example_inputs)
    return script(func)


def trace_module(mod: Module, inputs: dict[str, Any], *args, **kwargs) -> Any:
    """``mod``, after each of its methods in ``inputs`` ran once on those.

    Source: torch.jit.trace_module.
    """
    for name, example in inputs.items():
        method = mod if name == "forward" else getattr(mod, name)
        method(*example) if _isinstance(example, tuple) else method(example)
    return script(mod)


def script_method(fn: Callable) -> Callable:
    """A method of a ``ScriptModule``: it is returned.  Source: torch.jit.script_method."""
    return fn


def script_if_tracing(fn: Callable) -> Callable:
    """Script what a trace calls: it is returned.  Source: torch.jit.script_if_tracing."""
    return fn


def export(fn: Callable) -> Callable:
    """Compile a method, too: it is returned.  Source: torch.jit.export."""
    return fn


def unused(fn: Callable) -> Callable:
    """Leave a method out: it is returned.  Source: torch.jit.unused."""
    return fn


def ignore(drop: Any = False, **kwargs) -> Callable:
    """Leave a method to Python: it is returned.  Also with arguments, ``@ignore(drop=True)``.

    Source: torch.jit.ignore.
    """
    return drop if callable(drop) else lambda function: function


def interface(obj):
    """A class of methods that modules have: it is returned.  Source: torch.jit.interface."""
    return obj


def freeze(mod: Module, preserved_attrs: list[str] | None = None, optimize_numerics: bool = True):
    """A scripted module, made for inference: it is returned.

    Raises RuntimeError unless it is a ``ScriptModule`` in evaluation mode.
    Source: torch.jit.freeze.
    """
    if not _isinstance(mod, ScriptModule):
        raise RuntimeError(
            "Freezing expects a ScriptModule as input. Please use torch.jit.script or "
            "torch.jit.trace to script your 'nn.Module'."
        )
    if mod.training:
        raise RuntimeError(
            "Freezing is currently only implemented for modules in eval mode. Please call .eval() "
            "on your module before freezing."
        )
    return mod


def optimize_for_inference(mod: Module, other_methods: list[str] | None = None) -> Module:
    """A module for inference: it is returned.  Source: torch.jit.optimize_for_inference."""
    return mod


# --- in scripts -----------------------------------------------------------------------------------


def is_scripting() -> bool:
    """Whether compiled code runs: no.  Source: torch.jit.is_scripting."""
    return False


def is_tracing() -> bool:
    """Whether a trace is being made: no.  Source: torch.jit.is_tracing."""
    return False


def annotate(the_type, the_value):
    """``the_value``, of which compilers know the type.  Source: torch.jit.annotate."""
    return the_value


def isinstance(obj, target_type) -> bool:
    """Whether ``obj`` is of the type, down to its parts: ``list[int]``, ``dict[str, Tensor]``.

    Source: torch.jit.isinstance.
    """
    if _isinstance(target_type, tuple):
        return any(isinstance(obj, one) for one in target_type)
    origin, parts = typing.get_origin(target_type), typing.get_args(target_type)
    if target_type is None or target_type is type(None):
        return obj is None
    if origin is None:
        return target_type is Any or _isinstance(obj, target_type)
    if origin is typing.Union or origin.__name__ == "UnionType":
        return any(isinstance(obj, one) for one in parts)
    if not _isinstance(obj, origin):
        return False
    if origin is list:
        return all(isinstance(item, parts[0]) for item in obj)
    if origin is dict:
        return all(isinstance(k, parts[0]) and isinstance(v, parts[1]) for k, v in obj.items())
    if origin is tuple:
        return len(obj) == len(parts) and all(map(isinstance, obj, parts))
    return True


def fork(func: Callable, *args, **kwargs) -> Future:
    """Call ``func``, at once.  Source: torch.jit.fork."""
    future = Future()
    future.set_result(func(*args, **kwargs))
    return future


def wait(future: Future):
    """The result of ``fork``.  Source: torch.jit.wait."""
    return future.wait()


# --- files and settings ---------------------------------------------------------------------------


def save(m, f, _extra_files=None) -> None:
    """Store a scripted module.  Raises NotImplementedError: nothing was compiled.

    Source: torch.jit.save.
    """
    raise _nothing_compiled("save")


def load(f, map_location=None, _extra_files=None, _restore_shapes=False):
    """A stored script.  Raises NotImplementedError: running it needs TorchScript's interpreter.

    Source: torch.jit.load.
    """
    raise NotImplementedError(
        "torch.jit.load: the file holds a program for TorchScript's interpreter, which minitorch "
        "does not have; load the module's state_dict() into its Python class"
    )


_settings = {"onednn_fusion": False}


def enable_onednn_fusion(enabled: bool) -> None:
    """Join operations; kept and read back.  Source: torch.jit.enable_onednn_fusion."""
    _settings["onednn_fusion"] = enabled


def onednn_fusion_enabled() -> bool:
    """What was set.  Source: torch.jit.onednn_fusion_enabled."""
    return _settings["onednn_fusion"]


def set_fusion_strategy(strategy: list[tuple[str, int]]) -> list[tuple[str, int]]:
    """How often to specialise.  Source: torch.jit.set_fusion_strategy."""
    return strategy


class _Block:
    """A block in which nothing is different."""

    def __enter__(self):
        return None

    def __exit__(self, *exc_info):
        return None


class optimized_execution(_Block):
    """A block that optimizes scripts, or not.  Source: torch.jit.optimized_execution."""

    def __init__(self, should_optimize: bool):
        self.should_optimize = should_optimize


class strict_fusion(_Block):
    """A block whose operations have to be joined.  Source: torch.jit.strict_fusion."""
