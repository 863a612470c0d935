"""``autocast``: products in half precision, losses in float32, without changing the program.

Which function is cast how is said at the functions, by the decorators of ``ops/_autocast.py``.
Here stands the switch: per thread and per device type, since programs ask for "cuda" and must be
told that it is off.
"""

from __future__ import annotations

import collections.abc
import functools
import threading
import warnings

from minitorch import dtypes
from minitorch.autograd.mode import mode
from minitorch.device import device as Device
from minitorch.ops._autocast import cast_floating
from minitorch.tensor import Tensor

__all__ = [
    "autocast",
    "autocast_decrement_nesting",
    "autocast_increment_nesting",
    "clear_autocast_cache",
    "custom_bwd",
    "custom_fwd",
    "get_autocast_cpu_dtype",
    "get_autocast_dtype",
    "get_autocast_gpu_dtype",
    "is_autocast_available",
    "is_autocast_cache_enabled",
    "is_autocast_cpu_enabled",
    "is_autocast_enabled",
    "set_autocast_cache_enabled",
    "set_autocast_cpu_dtype",
    "set_autocast_cpu_enabled",
    "set_autocast_dtype",
    "set_autocast_enabled",
    "set_autocast_gpu_dtype",
]

#: The device types that can be asked for, with the dtype that each begins with.
_DEFAULT_DTYPES = {
    "cpu": dtypes.bfloat16,
    "cuda": dtypes.float16,
    "mps": dtypes.float16,
    "xpu": dtypes.float16,
    "hpu": dtypes.bfloat16,
    "xla": dtypes.bfloat16,
    "ipu": dtypes.float16,
    "mtia": dtypes.float16,
}


class _State(threading.local):
    """One thread's switches."""

    def __init__(self):
        self.enabled = dict.fromkeys(_DEFAULT_DTYPES, False)
        self.dtypes = dict(_DEFAULT_DTYPES)
        self.nesting = 0
        self.cache_enabled = True

    def apply(self):
        """Tell the functions, which look at the thread's mode."""
        mode.autocast = self.dtypes["cpu"] if self.enabled["cpu"] else None
        if not self.cache_enabled:
            mode.autocast_cache = None
        elif mode.autocast_cache is None:
            mode.autocast_cache = {}


_state = _State()


def _known(device_type, operation):
    """The type's name if autocast knows it; torch's errors otherwise."""
    if not isinstance(device_type, str):
        raise TypeError(
            f"{operation}(): argument 'device_type' (position 1) must be str, not "
            f"{type(device_type).__name__}"
        )
    kind = Device(device_type).type
    if kind not in _DEFAULT_DTYPES:
        raise RuntimeError(f"unknown device type for autocast in {operation}: {kind}")
    return kind


class autocast:
    """Inside, products compute in half precision and losses in float32; also a decorator.

    On the CPU products (``matmul``, ``linear``, convolutions, attention, ...) run in ``dtype``,
    losses, decompositions and some others in float32, and everything else in the type of its
    inputs.  Weights stay float32, and so do their gradients.

    Args:
        device_type: "cpu"; "cuda" warns and is off, as there is no GPU.
        dtype: bfloat16 (the default; needs the package ``ml_dtypes``) or float16.
        enabled: whether it does anything.
        cache_enabled: keep the cast weights while the outermost context lasts.

    Raises RuntimeError for an unknown type.  Source: torch.autocast, torch.amp.autocast.

    Example::

        >>> import minitorch
        >>> layer = minitorch.nn.Linear(3, 2)
        >>> with minitorch.autocast("cpu", dtype=minitorch.float16):
        ...     layer(minitorch.ones(4, 3)).dtype
        torch.float16
    """

    def __init__(
        self,
        device_type: str,
        dtype: dtypes.dtype | None = None,
        enabled: bool = True,
        cache_enabled: bool | None = None,
    ):
        if not isinstance(device_type, str):
            raise ValueError(f"Expected `device_type` of type `str`, got: `{type(device_type)}`")
        kind = Device(device_type).type
        if kind not in _DEFAULT_DTYPES:
            raise RuntimeError(
                f"User specified an unsupported autocast device_type '{device_type}'"
            )
        self.device = device_type
        self.fast_dtype = _state.dtypes[kind] if dtype is None else dtype
        self._cache_enabled = _state.cache_enabled if cache_enabled is None else cache_enabled
        self._enabled = enabled and self._possible(kind)
        self._previous: list[tuple] = []

    def _possible(self, kind):
        if kind == "cuda":
            warnings.warn(
                "CUDA is not available or torch_xla is imported. Disabling autocast.",
                stacklevel=3,
            )
            return False
        if kind == "cpu" and self.fast_dtype not in (dtypes.bfloat16, dtypes.float16):
            warnings.warn(
                "In CPU autocast, but the target dtype is not supported. Disabling autocast.\n"
                "CPU Autocast only supports dtypes of torch.bfloat16, torch.float16 currently.",
                stacklevel=3,
            )
            return False
        return True

    def __enter__(self):
        kind = Device(self.device).type
        self._previous.append((_state.enabled[kind], _state.dtypes[kind], _state.cache_enabled))
        _state.enabled[kind] = self._enabled
        _state.dtypes[kind] = self.fast_dtype
        _state.cache_enabled = self._cache_enabled
        autocast_increment_nesting()
        _state.apply()
        return self

    def __exit__(self, exc_type, exc_val, exc_tb):
        if autocast_decrement_nesting() == 0:
            clear_autocast_cache()
        kind = Device(self.device).type
        previous = self._previous.pop()
        _state.enabled[kind], _state.dtypes[kind], _state.cache_enabled = previous
        _state.apply()
        return False

    def __call__(self, func):
        @functools.wraps(func)
        def decorated(*args, **kwargs):
            with self:
                return func(*args, **kwargs)

        return decorated


# --- the switches one by one ----------------------------------------------------------------------


def is_autocast_available(device_type: str) -> bool:
    """Whether ``autocast`` knows the device type.  Source: torch.amp.is_autocast_available."""
    if not isinstance(device_type, str):
        raise TypeError(
            "_is_autocast_available(): argument 'device_type' (position 1) must be str, not "
            f"{type(device_type).__name__}"
        )
    return Device(device_type).type in _DEFAULT_DTYPES


def is_autocast_enabled(device_type: str = "cuda") -> bool:
    """Whether this thread is inside ``autocast`` for the type.

    Source: torch.is_autocast_enabled.
    """
    return _state.enabled[_known(device_type, "is_autocast_enabled")]


def set_autocast_enabled(device_type: str | bool, enabled: bool | None = None) -> None:
    """Switch autocast on or off for the type; with one argument, for "cuda".

    Source: torch.set_autocast_enabled.
    """
    kind, value = ("cuda", device_type) if enabled is None else (device_type, enabled)
    _state.enabled[_known(kind, "set_autocast_enabled")] = bool(value)
    _state.apply()


def get_autocast_dtype(device_type: str) -> dtypes.dtype:
    """The dtype that products have inside ``autocast``.  Source: torch.get_autocast_dtype."""
    return _state.dtypes[_known(device_type, "get_autocast_dtype")]


def set_autocast_dtype(device_type: str, dtype: dtypes.dtype) -> None:
    """Choose the dtype of products inside ``autocast``.  Source: torch.set_autocast_dtype."""
    _state.dtypes[_known(device_type, "set_autocast_dtype")] = dtype
    _state.apply()


def _deprecated(old, new):
    warnings.warn(
        f"torch.{old} is deprecated. Please use torch.{new} instead.",
        DeprecationWarning,
        stacklevel=3,
    )


def is_autocast_cpu_enabled() -> bool:
    """Old name of ``is_autocast_enabled("cpu")``.  Source: torch.is_autocast_cpu_enabled."""
    _deprecated("is_autocast_cpu_enabled()", "is_autocast_enabled('cpu')")
    return is_autocast_enabled("cpu")


def set_autocast_cpu_enabled(enabled: bool) -> None:
    """Old name of ``set_autocast_enabled("cpu", ...)``.  Source: torch.set_autocast_cpu_enabled."""
    _deprecated("set_autocast_cpu_enabled(enabled)", "set_autocast_enabled('cpu', enabled)")
    set_autocast_enabled("cpu", enabled)


def get_autocast_cpu_dtype() -> dtypes.dtype:
    """Old name of ``get_autocast_dtype("cpu")``.  Source: torch.get_autocast_cpu_dtype."""
    _deprecated("get_autocast_cpu_dtype()", "get_autocast_dtype('cpu')")
    return get_autocast_dtype("cpu")


def set_autocast_cpu_dtype(dtype: dtypes.dtype) -> None:
    """Old name of ``set_autocast_dtype("cpu", ...)``.  Source: torch.set_autocast_cpu_dtype."""
    _deprecated("set_autocast_cpu_dtype(dtype)", "set_autocast_dtype('cpu', dtype)")
    set_autocast_dtype("cpu", dtype)


def get_autocast_gpu_dtype() -> dtypes.dtype:
    """Old name of ``get_autocast_dtype("cuda")``.  Source: torch.get_autocast_gpu_dtype."""
    _deprecated("get_autocast_gpu_dtype()", "get_autocast_dtype('cuda')")
    return get_autocast_dtype("cuda")


def set_autocast_gpu_dtype(dtype: dtypes.dtype) -> None:
    """Old name of ``set_autocast_dtype("cuda", ...)``.  Source: torch.set_autocast_gpu_dtype."""
    _deprecated("set_autocast_gpu_dtype(dtype)", "set_autocast_dtype('cuda', dtype)")
    set_autocast_dtype("cuda", dtype)


def is_autocast_cache_enabled() -> bool:
    """Whether cast weights are kept.  Source: torch.is_autocast_cache_enabled."""
    return _state.cache_enabled


def set_autocast_cache_enabled(enabled: bool) -> None:
    """Keep cast weights, or cast them anew.  Source: torch.set_autocast_cache_enabled."""
    _state.cache_enabled = bool(enabled)
    _state.apply()


def clear_autocast_cache() -> None:
    """Forget the cast weights.  Source: torch.clear_autocast_cache."""
    if mode.autocast_cache is not None:
        mode.autocast_cache.clear()


def autocast_increment_nesting() -> int:
    """Count a context that begins.  Source: torch.autocast_increment_nesting."""
    _state.nesting += 1
    return _state.nesting


def autocast_decrement_nesting() -> int:
    """Count a context that ends.  Source: torch.autocast_decrement_nesting."""
    _state.nesting -= 1
    return _state.nesting


# --- in autograd functions ------------------------------------------------------------------------


def _cast_inputs(value, dtype):
    if isinstance(value, Tensor):
        return cast_floating(value, dtype)
    if isinstance(value, (str, bytes)):
        return value
    if isinstance(value, collections.abc.Mapping):
        return {_cast_inputs(k, dtype): _cast_inputs(v, dtype) for k, v in value.items()}
    if isinstance(value, collections.abc.Iterable) and not hasattr(value, "dtype"):
        items = [_cast_inputs(item, dtype) for item in value]
        return type(value)(items) if isinstance(value, (list, tuple)) else items
    return value


def custom_fwd(fwd=None, *, device_type: str, cast_inputs: dtypes.dtype | None = None):
    """Decorates the ``forward`` of an ``autograd.Function`` that is used under ``autocast``.

    With ``cast_inputs``, the floating tensors among its inputs are cast to that dtype and the
    forward runs with autocast off.  Source: torch.amp.custom_fwd.
    """
    if not isinstance(device_type, str):
        raise ValueError(f"Expected `device_type` of type `str`, got: `{type(device_type)}`")
    if fwd is None:
        return functools.partial(custom_fwd, device_type=device_type, cast_inputs=cast_inputs)

    @functools.wraps(fwd)
    def decorated(*args, **kwargs):
        args[0]._dtype = get_autocast_dtype(device_type)
        enabled = is_autocast_enabled(device_type)
        if cast_inputs is None or not enabled:
            args[0]._fwd_used_autocast = enabled
            return fwd(*args, **kwargs)
        args[0]._fwd_used_autocast = False
        with autocast(device_type=device_type, enabled=False):
            inputs = [_cast_inputs(value, cast_inputs) for value in args[1:]]
            return fwd(args[0], *inputs, **_cast_inputs(kwargs, cast_inputs))

    return decorated


def custom_bwd(bwd=None, *, device_type: str):
    """Decorates the ``backward`` that goes with ``custom_fwd``: it runs with autocast as that was.

    Source: torch.amp.custom_bwd.
    """
    if not isinstance(device_type, str):
        raise ValueError(f"Expected `device_type` of type `str`, got: `{type(device_type)}`")
    if bwd is None:
        return functools.partial(custom_bwd, device_type=device_type)

    @functools.wraps(bwd)
    def decorated(*args, **kwargs):
        ctx = args[0]
        with autocast(device_type, enabled=ctx._fwd_used_autocast, dtype=ctx._dtype):
            return bwd(*args, **kwargs)

    return decorated
