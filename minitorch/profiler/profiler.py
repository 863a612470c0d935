"""``profile``: records some steps of a training loop and hands over what it saw.

Source: torch.profiler.profiler.
"""

from __future__ import annotations

import enum
import gzip
import json
import os
import shutil
import socket
import time
import warnings
from collections.abc import Callable, Iterable
from typing import Any

from minitorch.autograd.profiler import Recorder, record_function
from minitorch.autograd.profiler_util import EventList

__all__ = [
    "ProfilerAction",
    "ProfilerActivity",
    "kineto_available",
    "profile",
    "schedule",
    "supported_activities",
    "tensorboard_trace_handler",
]


class ProfilerActivity(enum.Enum):
    """What can be recorded; here, what runs on the CPU.

    Source: torch.profiler.ProfilerActivity.
    """

    CPU = 0
    XPU = 1
    MTIA = 2
    CUDA = 3
    HPU = 4
    PrivateUse1 = 5


class ProfilerAction(enum.Enum):
    """What is done in a step.  Source: torch.profiler.ProfilerAction."""

    NONE = 0
    WARMUP = 1
    RECORD = 2
    RECORD_AND_SAVE = 3


_RECORDING = (ProfilerAction.RECORD, ProfilerAction.RECORD_AND_SAVE)


def supported_activities() -> set[ProfilerActivity]:
    """What is recorded: the CPU.  Source: torch.profiler.supported_activities."""
    return {ProfilerActivity.CPU}


def kineto_available() -> bool:
    """Whether Kineto does the recording: no.  Source: torch.profiler.kineto_available."""
    return False


def schedule(
    *,
    wait: int,
    warmup: int,
    active: int,
    repeat: int = 0,
    skip_first: int = 0,
    skip_first_wait: int = 0,
) -> Callable[[int], ProfilerAction]:
    """The schedule: skip the first steps; then ``wait``, ``warmup`` and record ``active`` ones.

    That is done ``repeat`` times, or (0) to the end.  ``skip_first_wait``: if not 0, the first
    round does not wait.  Source: torch.profiler.schedule.

    Example::

        >>> from minitorch.profiler import schedule
        >>> plan = schedule(wait=1, warmup=1, active=2)
        >>> [plan(step).name for step in range(4)]
        ['NONE', 'WARMUP', 'RECORD', 'RECORD_AND_SAVE']
    """
    if wait < 0 or warmup < 0 or active <= 0 or repeat < 0 or skip_first < 0:
        raise AssertionError("Invalid profiler schedule arguments")
    if warmup == 0:
        warnings.warn(
            "Profiler won't be using warmup, this can skew profiler results", stacklevel=2
        )

    def plan(step: int) -> ProfilerAction:
        if step < 0:
            raise AssertionError(f"Step must be non-negative. Got {step}.")
        if step < skip_first:
            return ProfilerAction.NONE
        step -= skip_first
        if skip_first_wait != 0:
            step += wait
        steps = wait + warmup + active
        if repeat > 0 and step / steps >= repeat:
            return ProfilerAction.NONE
        at = step % steps
        if at < wait:
            return ProfilerAction.NONE
        if at < wait + warmup:
            return ProfilerAction.WARMUP
        return ProfilerAction.RECORD if at < steps - 1 else ProfilerAction.RECORD_AND_SAVE

    return plan


def tensorboard_trace_handler(
    dir_name: str,
    worker_name: str | None = None,
    use_gzip: bool = False,
    use_python_export: bool = False,
) -> Callable[[profile], None]:
    """Writes each trace to a file of its own in ``dir_name``, for ``on_trace_ready``.

    Source: torch.profiler.tensorboard_trace_handler.
    """

    def handler(prof: profile) -> None:
        os.makedirs(dir_name, exist_ok=True)
        worker = worker_name or f"{socket.gethostname()}_{os.getpid()}"
        name = f"{worker}.{time.time_ns()}.pt.trace.json"
        prof.export_chrome_trace(os.path.join(dir_name, name + (".gz" if use_gzip else "")))

    return handler


class profile:
    """Records the operations of a block, or of some steps of it.

    Args:
        activities: what to record; only the CPU does anything.
        schedule: what to do in each step (``schedule(...)``), which ``step()`` counts; without it
            everything is recorded.
        on_trace_ready: called with the profile when steps have been recorded.
        record_shapes: keep the shapes of the inputs.
        profile_memory: keep the bytes of the results.

    The other arguments are torch's and change nothing: no stacks, modules or operation counts are
    kept.  Source: torch.profiler.profile.

    Example::

        >>> import minitorch
        >>> from minitorch.profiler import profile, record_function
        >>> with profile(record_shapes=True) as prof:
        ...     with record_function("product"):
        ...         _ = minitorch.mm(minitorch.ones(2, 3), minitorch.ones(3, 2))
        >>> [(event.key, event.input_shapes) for event in prof.events() if event.key == "aten::mm"]
        [('aten::mm', [[2, 3], [3, 2]])]
    """

    def __init__(
        self,
        *,
        activities: Iterable[ProfilerActivity] | None = None,
        schedule: Callable[[int], ProfilerAction] | None = None,
        on_trace_ready: Callable[..., Any] | None = None,
        record_shapes: bool = False,
        profile_memory: bool = False,
        with_stack: bool = False,
        with_flops: bool = False,
        with_modules: bool = False,
        experimental_config: Any = None,
        execution_trace_observer: Any = None,
        acc_events: bool = False,
        use_cuda: bool | None = None,
        custom_trace_id_callback: Callable[[], str] | None = None,
        post_processing_timeout_s: float | None = None,
    ):
        self.activities = set(activities) if activities else supported_activities()
        assert self.activities, "No valid profiler activities found"
        self.schedule = schedule or (lambda step: ProfilerAction.RECORD)
        self.record_steps = schedule is not None
        self.on_trace_ready = on_trace_ready
        self.record_shapes = record_shapes
        self.profile_memory = profile_memory
        self.step_num = 0
        self.current_action = self.schedule(0)
        self._metadata: dict[str, Any] = {}
        self._recorder: Recorder | None = None  # while it records
        self._events: EventList | None = None
        self._step_mark: record_function | None = None

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, exc_type, exc_val, exc_tb):
        self.stop()

    def start(self) -> None:
        """Begin."""
        self._begin_recording(self.current_action in _RECORDING)
        self._begin_step()

    def stop(self) -> None:
        """End; what was recorded last is handed over."""
        self._end_step()
        if self._recorder is not None:
            self._end_recording()
            self._hand_over()

    def step(self) -> None:
        """The next step begins."""
        self._end_step()
        last = self.current_action
        self.step_num += 1
        self.current_action = self.schedule(self.step_num)
        if last is ProfilerAction.RECORD_AND_SAVE:
            self._end_recording()
            self._hand_over()
        elif self._recorder is not None and self.current_action not in _RECORDING:
            self._end_recording()  # the schedule gave these steps up
        self._begin_recording(self.current_action in _RECORDING)
        self._begin_step()

    def _begin_recording(self, wanted):
        if wanted and self._recorder is None:
            self._recorder = Recorder(self.record_shapes, self.profile_memory)
            self._recorder.start()

    def _end_recording(self):
        assert self._recorder is not None
        self._recorder.stop()
        self._events = self._recorder.event_list()
        self._recorder = None

    def _hand_over(self):
        if self.on_trace_ready is not None:
            self.on_trace_ready(self)

    def _begin_step(self):
        if self.record_steps and self._recorder is not None:
            self._step_mark = record_function(f"ProfilerStep#{self.step_num}")
            self._step_mark.__enter__()

    def _end_step(self):
        if self._step_mark is not None:
            self._step_mark.__exit__(None, None, None)
            self._step_mark = None

    def events(self) -> EventList:
        """What was recorded last.  Raises AssertionError before the first trace is complete."""
        assert self._events is not None, "Profiler must be initialized before getting events"
        return self._events

    def key_averages(
        self,
        group_by_input_shape: bool = False,
        group_by_stack_n: int = 0,
        group_by_overload_name: bool = False,
    ) -> EventList:
        """The events by name, see ``EventList.key_averages``."""
        return self.events().key_averages(group_by_input_shape, group_by_stack_n)

    def export_chrome_trace(self, path: str | os.PathLike) -> None:
        """Write the events in the format of Chrome's ``about:tracing``; packed if named ``.gz``."""
        path = os.fspath(path)
        if not path.endswith(".gz"):
            self.events().export_chrome_trace(path)
            self._write_metadata(path)
            return
        plain = path.removesuffix(".gz")
        self.export_chrome_trace(plain)
        with open(plain, "rb") as source, gzip.open(path, "wb") as target:
            shutil.copyfileobj(source, target)
        os.remove(plain)

    def _write_metadata(self, path):
        if self._metadata:
            with open(path) as file:
                trace = json.load(file)
            with open(path, "w") as file:
                json.dump(trace | self._metadata, file)

    def add_metadata(self, key: str, value: str) -> None:
        """Put text into the trace."""
        self._metadata[key] = value

    def add_metadata_json(self, key: str, value: str) -> None:
        """Put a value, given as JSON, into the trace."""
        self._metadata[key] = json.loads(value)

    def export_stacks(self, path: str, metric: str = "self_cpu_time_total"):
        """Write where calls came from.  Raises NotImplementedError: no stacks are kept."""
        raise NotImplementedError("profile.export_stacks: minitorch's profiler keeps no stacks")

    def export_memory_timeline(self, path: str, device: str | None = None) -> None:
        """Write when memory was in use.  Raises NotImplementedError: it is not followed."""
        raise NotImplementedError(
            "profile.export_memory_timeline: minitorch's profiler keeps the sizes of results only"
        )
