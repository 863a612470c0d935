"""Records which operations run and how long they take.  Source: torch.autograd.profiler.

While a profile records, the forward of every op is replaced by one that looks at the clock before
and after; otherwise nothing of this costs anything.  The gradient rules call the same forwards, so
the backward pass is recorded as well.
"""

from __future__ import annotations

import contextlib
import functools
import re
import threading
from time import perf_counter_ns

from minitorch.autograd.profiler_util import EventList, FunctionEvent
from minitorch.ops._op import REGISTRY

__all__ = ["EventList", "FunctionEvent", "Recorder", "profile", "record_function"]

_lock = threading.Lock()
#: The recorders at work; ops and annotations report to all of them.
_recorders: list[Recorder] = []


class _Stack(threading.local):
    """The calls of one thread that have not returned, by recorder."""

    def __init__(self):
        self.open = {}


_stack = _Stack()


class Recorder:
    """Collects events from ``start`` to ``stop``."""

    def __init__(self, record_shapes: bool = False, profile_memory: bool = False):
        self.record_shapes = record_shapes
        self.profile_memory = profile_memory
        self.events: list[FunctionEvent] = []

    def start(self) -> None:
        """Begin recording."""
        with _lock:
            if not _recorders:
                for op in REGISTRY.values():
                    op.forward = _timed(op, op.forward)
            _recorders.append(self)

    def stop(self) -> None:
        """End recording."""
        with _lock:
            _recorders.remove(self)
            if not _recorders:
                for op in REGISTRY.values():
                    op.forward = op.forward.untimed

    def begin(self, name, annotation=False):
        """An event that starts now, inside those of this thread that have not ended."""
        open_events = _stack.open.setdefault(id(self), [])
        event = FunctionEvent(
            id=len(self.events) + 1,
            name=name,
            thread=threading.get_native_id(),
            start_us=0.0,
            is_user_annotation=annotation,
            cpu_parent=open_events[-1] if open_events else None,
        )
        if event.cpu_parent is not None:
            event.cpu_parent.cpu_children.append(event)
        self.events.append(event)
        open_events.append(event)
        event.start_us = perf_counter_ns() / 1e3
        return event

    def end(self, event):
        """The event ends now."""
        event.end_us = perf_counter_ns() / 1e3
        _stack.open[id(self)].remove(event)

    def event_list(self) -> EventList:
        """What was recorded and has ended."""
        ended = [event for event in self.events if event.end_us]
        return EventList(ended, self.profile_memory, self.record_shapes)


def _timed(op, forward):
    """``forward`` that reports to the recorders."""

    @functools.wraps(forward)
    def timed(xp, *arrays, **params):
        name = _name_of(op, params, arrays)
        begun = [(recorder, recorder.begin(name)) for recorder in tuple(_recorders)]
        result = None
        try:
            result = forward(xp, *arrays, **params)
        finally:
            for recorder, event in reversed(begun):
                recorder.end(event)
                if recorder.record_shapes:
                    event.input_shapes = [list(getattr(array, "shape", ())) for array in arrays]
                if recorder.profile_memory and not op.view and result is not None:
                    results = result if isinstance(result, tuple) else (result,)
                    event.self_cpu_memory_usage = sum(getattr(one, "nbytes", 0) for one in results)
        return result

    timed.untimed = forward
    return timed


#: What torch records of functions that are one of several names for the same.
_ATEN_NAMES = {"logsigmoid": "log_sigmoid", "true_divide": "div"}


def _name_of(op, params, arrays):
    """The name that the op has in torch: its own, or the one that its node tells."""
    if op.public:
        return f"aten::{_ATEN_NAMES.get(op.name, op.name)}"
    node = op.node_name
    try:
        node = node if isinstance(node, str) else node(params, arrays)
    except (KeyError, AttributeError, IndexError):
        return f"aten::{op.name}"
    # Node names capitalize the letter after a digit: MaxPool2DWithIndices.
    words = re.sub(r"(?<!^)(?<!\d)(?=[A-Z])", "_", re.sub(r"(Backward)+\d*$", "", node)).lower()
    return f"aten::{words}"


class record_function(contextlib.ContextDecorator):
    """Names a block, or the calls of a function, in the profile.

    Source: torch.autograd.profiler.record_function, torch.profiler.record_function.
    """

    def __init__(self, name: str, args: str | None = None):
        self.name = name
        self.args = args
        self._begun: list = []

    def __enter__(self):
        self._begun.append([(r, r.begin(self.name, True)) for r in tuple(_recorders)])
        return self

    def __exit__(self, exc_type, exc_value, traceback):
        for recorder, event in self._begun.pop():
            recorder.end(event)


class profile:
    """Records the operations of a block.

    Args:
        enabled: whether it does anything.
        record_shapes: keep the shapes of the inputs.
        profile_memory: keep the bytes of the results.

    The other arguments are torch's and change nothing: there is no other device, and no stacks
    are kept.  Source: torch.autograd.profiler.profile.

    Example::

        >>> import minitorch
        >>> with minitorch.autograd.profiler.profile() as prof:
        ...     _ = minitorch.ones(3).exp()
        >>> [event.key for event in prof.key_averages() if "exp" in event.key]
        ['aten::exp']
    """

    def __init__(
        self,
        enabled: bool = True,
        *,
        use_cuda: bool = False,
        use_device: str | None = None,
        record_shapes: bool = False,
        with_flops: bool = False,
        profile_memory: bool = False,
        with_stack: bool = False,
        with_modules: bool = False,
        use_kineto: bool = False,
        use_cpu: bool = True,
        experimental_config=None,
        acc_events: bool = False,
        custom_trace_id_callback=None,
        post_processing_timeout_s: float | None = None,
        activity_filters=None,
    ):
        self.enabled = enabled
        self.entered = False
        self.record_shapes = record_shapes
        self.profile_memory = profile_memory
        self._recorder = Recorder(record_shapes, profile_memory)
        self.function_events: EventList | None = None

    def __enter__(self):
        if not self.enabled:
            return None
        if self.entered:
            raise RuntimeError("Profiler context manager is not reentrant")
        self.entered = True
        self._recorder.start()
        return self

    def __exit__(self, exc_type, exc_val, exc_tb):
        if self.enabled:
            self._recorder.stop()
            self.function_events = self._recorder.event_list()
        return False

    def _events(self):
        if self.function_events is None:
            raise RuntimeError("Profiler didn't finish running")
        return self.function_events

    def __repr__(self):
        finished = self.function_events is not None
        return repr(self.function_events) if finished else "<unfinished torch.autograd.profile>"

    def __str__(self):
        finished = self.function_events is not None
        return str(self.function_events) if finished else "<unfinished torch.autograd.profile>"

    def table(self, sort_by: str | None = None, row_limit: int = 100, **options) -> str:
        """The events as a table, see ``EventList.table``."""
        return self._events().table(sort_by=sort_by, row_limit=row_limit, **options)

    def key_averages(self, group_by_input_shape: bool = False, **options) -> EventList:
        """The events by name, see ``EventList.key_averages``."""
        return self._events().key_averages(group_by_input_shape, **options)

    def total_average(self):
        """All events together."""
        return self._events().total_average()

    def export_chrome_trace(self, path) -> None:
        """Write the events in the format of Chrome's ``about:tracing``."""
        self._events().export_chrome_trace(path)

    @property
    def self_cpu_time_total(self) -> float:
        """Microseconds of all events."""
        return self._events().self_cpu_time_total
