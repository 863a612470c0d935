"""Anomaly mode: a gradient that fails or becomes nan names the forward line that made it."""

from __future__ import annotations

import threading
import traceback
import warnings

from minitorch.backends import namespace

__all__ = [
    "detect_anomaly",
    "is_anomaly_check_nan_enabled",
    "is_anomaly_enabled",
    "set_detect_anomaly",
]


class _State:
    """The mode of the whole process, as in torch."""

    __slots__ = ("check_nan", "enabled", "hooks", "lock", "watched")

    def __init__(self):
        self.enabled = False
        self.check_nan = True
        #: How many blocks of saved tensor hooks are open, in all threads.
        self.hooks = 0
        #: Whether whoever records a node has more to do than to record it: one flag for anomaly
        #: mode and saved tensor hooks, since every recorded operation reads it.
        self.watched = False
        self.lock = threading.Lock()

    def watch(self, hooks=0):
        """Count ``hooks`` more (or less) blocks of hooks, and set ``watched`` anew."""
        with self.lock:
            self.hooks += hooks
            self.watched = self.enabled or self.hooks > 0


state = _State()


class set_detect_anomaly:
    """Switch anomaly mode on or off, at once or as a context manager.

    Source: ``torch.autograd.set_detect_anomaly``.
    """

    def __init__(self, mode: bool, check_nan: bool = True):
        self.previous = state.enabled, state.check_nan
        state.enabled, state.check_nan = bool(mode), check_nan
        state.watch()

    def __enter__(self):
        return None

    def __exit__(self, *exc_info):
        state.enabled, state.check_nan = self.previous
        state.watch()


class detect_anomaly(set_detect_anomaly):
    """Inside, backward raises where a gradient becomes nan and names the forward call behind it.

    Slows everything down: for debugging only.  Source: ``torch.autograd.detect_anomaly``.
    """

    def __init__(self, check_nan: bool = True):
        super().__init__(True, check_nan)
        warnings.warn(
            "Anomaly Detection has been enabled. This mode will increase the runtime and should "
            "only be enabled for debugging.",
            stacklevel=2,
        )


def is_anomaly_enabled() -> bool:
    """Whether anomaly mode is on.  Source: torch.is_anomaly_enabled."""
    return state.enabled


def is_anomaly_check_nan_enabled() -> bool:
    """Whether anomaly mode checks for nan.  Source: torch.is_anomaly_check_nan_enabled."""
    return state.check_nan


def forward_stack() -> list[str]:
    """The lines that lead to the op being recorded, this library's own frames left out."""
    frames = traceback.extract_stack()
    own = __file__[: -len("autograd/anomaly.py")]
    return traceback.format_list([f for f in frames if not f.filename.startswith(own)])


def run_checked(node, g, create_graph, wanted, to_array):
    """``node.backward`` with anomaly mode's checks and warnings around it."""
    try:
        gradients = node.backward(g, create_graph, wanted)
        if state.check_nan:
            for index, gradient in enumerate(gradients):
                if gradient is not None and _has_nan(to_array(gradient)):
                    raise RuntimeError(
                        f"Function '{node.name()}' returned nan values in its {index}th output."
                    )
    except Exception:
        _warn(node)
        raise
    return gradients


def _has_nan(array):
    return array.dtype.kind in "fcV" and bool(namespace(array).isnan(array).any())


def _warn(node):
    stack = node.metadata.get("traceback_")
    if stack is None:
        text = (
            f"Error detected in {node.name()}. No forward pass information available. Enable "
            "detect anomaly during forward pass for more information."
        )
    else:
        text = (
            f"Error detected in {node.name()}. Traceback of forward call that caused the "
            f"error:\n{''.join(stack)}"
        )
    warnings.warn(text, stacklevel=2)
