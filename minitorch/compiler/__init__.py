"""The compiler's interface, with no compiler behind it.

``compile`` returns what it is given: NumPy's kernels are compiled already, and a program that asks
for more speed gets the same numbers without it.  Source: torch.compiler and torch.compile.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from minitorch.compiler import config

__all__ = [
    "allow_in_graph",
    "assume_constant_result",
    "compile",
    "config",
    "cudagraph_mark_step_begin",
    "disable",
    "get_default_backend",
    "is_compiling",
    "is_dynamo_compiling",
    "is_exporting",
    "list_backends",
    "load_cache_artifacts",
    "nested_compile_region",
    "reset",
    "save_cache_artifacts",
    "set_default_backend",
    "set_enable_guard_collectives",
    "set_stance",
    "substitute_in_graph",
    "wrap_numpy",
]

_MODES = ("default", "lite", "reduce-overhead", "max-autotune-no-cudagraphs", "max-autotune")
_default_backend: str | Callable = "inductor"


def compile(
    model: Callable | None = None,
    *,
    fullgraph: bool = False,
    dynamic: bool | None = None,
    backend: str | Callable | None = None,
    mode: str | None = None,
    options: dict[str, Any] | None = None,
    name: str | None = None,
    disable: bool = False,
    recompile_limit: int | None = None,
    isolate_recompiles: bool = False,
    shapes_spec: Any = None,
) -> Any:
    """``model`` itself: a function or a module, as an argument or decorated.

    The keywords are torch's and change nothing.  Raises RuntimeError for an unknown ``mode`` and
    for ``mode`` together with ``options``, AssertionError for what can't be called.
    Source: torch.compile.

    Example::

        >>> import minitorch
        >>> @minitorch.compile(mode="max-autotune")
        ... def double(x):
        ...     return 2 * x
        >>> double(minitorch.tensor([1.0, 2.0]))
        tensor([2., 4.])
    """
    if mode is not None and options is not None:
        raise RuntimeError(
            "Either mode or options can be specified, but both can't be specified at the same time."
        )
    if mode is not None and mode not in _MODES:
        raise RuntimeError(f"Unrecognized mode={mode}, should be one of: {', '.join(_MODES)}")
    if model is None:
        return lambda function: compile(function)
    assert callable(model), f"A callable function is expected, but {type(model)} is provided."
    return model


def _assert(condition, message):
    """An assertion that a trace keeps.  Source: torch._assert."""
    assert condition, message


# --- decorators -----------------------------------------------------------------------------------


def disable(fn=None, recursive: bool = True, *, reason: str | None = None):
    """Keep a function from being compiled: it is returned.  Source: torch.compiler.disable."""
    return (lambda function: function) if fn is None else fn


def allow_in_graph(fn):
    """Take a function as one operation: it is returned.  Source: torch.compiler.allow_in_graph."""
    return fn


def assume_constant_result(fn):
    """Call a function once only: it is returned, and called each time.

    Source: torch.compiler.assume_constant_result.
    """
    return fn


def wrap_numpy(fn):
    """A function of NumPy arrays as one of tensors.

    Tensors among the arguments become arrays, arrays among the results become tensors.
    Source: torch.compiler.wrap_numpy.
    """
    import functools

    import numpy as np

    from minitorch.ops.creation import from_numpy
    from minitorch.tensor import Tensor
    from minitorch.utils._pytree import tree_map

    @functools.wraps(fn)
    def call(*args, **kwargs):
        args, kwargs = tree_map(lambda x: x.numpy() if isinstance(x, Tensor) else x, (args, kwargs))
        result = fn(*args, **kwargs)
        return tree_map(lambda x: from_numpy(x) if isinstance(x, np.ndarray) else x, result)

    return call


def substitute_in_graph(
    original_fn, *, can_constant_fold_through: bool = False, skip_signature_check: bool = False
):
    """Compile another function in the place of one: the decorated one is returned.

    Source: torch.compiler.substitute_in_graph.
    """
    return lambda function: function


def nested_compile_region(fn=None, *, options=None, max_reuse_entries=8, reuse_hash_fn=None):
    """Compile a function once for all its calls: it is returned.

    Source: torch.compiler.nested_compile_region.
    """
    return (lambda function: function) if fn is None else fn


class set_stance:
    """When to compile, for a block, a function or from now on: accepted, as nothing is compiled.

    Source: torch.compiler.set_stance.
    """

    def __init__(
        self,
        stance: str = "default",
        *,
        skip_guard_eval_unsafe: bool = False,
        force_backend: str | Callable | None = None,
    ):
        self.stance = stance

    def __call__(self, function):
        return function

    def __enter__(self):
        return None

    def __exit__(self, *exc_info):
        return None


# --- questions and settings -----------------------------------------------------------------------


def is_compiling() -> bool:
    """Whether a function is being compiled: no.  Source: torch.compiler.is_compiling."""
    return False


def is_dynamo_compiling() -> bool:
    """Whether a function is being traced: no.  Source: torch.compiler.is_dynamo_compiling."""
    return False


def is_exporting() -> bool:
    """Whether a module is being exported: no.  Source: torch.compiler.is_exporting."""
    return False


def list_backends(exclude_tags=("debug", "experimental")) -> list[str]:
    """The compilers that are there: none.  Source: torch.compiler.list_backends."""
    return []


def set_default_backend(backend: str | Callable | None) -> None:
    """Choose the compiler; kept and read back.  Source: torch.compiler.set_default_backend."""
    global _default_backend
    _default_backend = "inductor" if backend is None else backend


def get_default_backend() -> str | Callable:
    """What was set.  Source: torch.compiler.get_default_backend."""
    return _default_backend


def set_enable_guard_collectives(enabled: bool) -> bool:
    """Compile together on several machines: accepted.

    Source: torch.compiler.set_enable_guard_collectives.
    """
    return False


def reset() -> None:
    """Forget what was compiled: nothing.  Source: torch.compiler.reset."""


def cudagraph_mark_step_begin() -> None:
    """Mark where an iteration begins.  Source: torch.compiler.cudagraph_mark_step_begin."""


def save_cache_artifacts() -> None:
    """What was compiled, as bytes: None.  Source: torch.compiler.save_cache_artifacts."""
    return None


def load_cache_artifacts(serialized_artifacts: bytes) -> None:
    """Use what was compiled elsewhere: None.  Source: torch.compiler.load_cache_artifacts."""
    return None
