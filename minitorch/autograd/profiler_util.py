"""What a profile recorded, and tables of it.  Source: torch.autograd.profiler_util."""

from __future__ import annotations

import dataclasses
import json
import os
from typing import Any

__all__ = ["EventList", "FunctionEvent", "FunctionEventAvg", "Kernel"]

#: No work is done on other devices.
Kernel = None


def _time_text(us):
    """Microseconds as text."""
    if us >= 1e6:
        return f"{us / 1e6:.3f}s"
    return f"{us / 1e3:.3f}ms" if us >= 1e3 else f"{us:.3f}us"


def _memory_text(count):
    for unit, size in (("GB", 1024**3), ("MB", 1024**2), ("KB", 1024)):
        if abs(count) >= size:
            return f"{count / size:.2f} {unit}"
    return f"{count} B"


class _Times:
    """What events and their averages are both asked for; times in microseconds."""

    count: int
    cpu_time_total: float
    self_cpu_time_total: float

    # Nothing runs on another device.
    device_time = device_time_total = self_device_time_total = 0.0
    cuda_time = cuda_time_total = self_cuda_time_total = 0.0
    device_memory_usage = self_device_memory_usage = 0

    @property
    def cpu_time(self) -> float:
        """Microseconds of one call."""
        return self.cpu_time_total / self.count if self.count else 0.0

    @property
    def cpu_time_str(self) -> str:
        """Time of one call as text."""
        return _time_text(self.cpu_time)

    @property
    def cpu_time_total_str(self) -> str:
        """Time of all calls as text."""
        return _time_text(self.cpu_time_total)

    @property
    def self_cpu_time_total_str(self) -> str:
        """Time of all calls without what they called, as text."""
        return _time_text(self.self_cpu_time_total)


@dataclasses.dataclass(eq=False)
class FunctionEvent(_Times):
    """One call that was recorded.  Source: torch.autograd.profiler_util.FunctionEvent."""

    id: int
    name: str
    thread: int
    start_us: float
    end_us: float = 0.0
    input_shapes: list = dataclasses.field(default_factory=list)
    self_cpu_memory_usage: int = 0
    is_user_annotation: bool = False
    cpu_parent: FunctionEvent | None = None
    cpu_children: list[FunctionEvent] = dataclasses.field(default_factory=list)

    count = 1

    @property
    def key(self) -> str:
        """The name."""
        return self.name

    @property
    def cpu_time_total(self) -> float:  # type: ignore[override]
        """Microseconds from begin to end."""
        return self.end_us - self.start_us

    @property
    def self_cpu_time_total(self) -> float:  # type: ignore[override]
        """Microseconds without what it called."""
        return self.cpu_time_total - sum(child.cpu_time_total for child in self.cpu_children)

    @property
    def cpu_memory_usage(self) -> int:
        """Bytes of the results, those of what it called included."""
        return self.self_cpu_memory_usage + sum(c.cpu_memory_usage for c in self.cpu_children)

    def __repr__(self):
        children = [child.id for child in self.cpu_children]
        return (
            f"<FunctionEvent id={self.id} name={self.name} device_type=DeviceType.CPU "
            f"cpu_time={self.cpu_time_str} start_us={self.start_us:.3f} end_us={self.end_us:.3f} "
            f"cpu_children={children} thread={self.thread} input_shapes={self.input_shapes} "
            f"cpu_memory_usage={self.cpu_memory_usage}>"
        )


@dataclasses.dataclass(eq=False)
class FunctionEventAvg(_Times):
    """Calls of one name together.  Source: torch.autograd.profiler_util.FunctionEventAvg."""

    key: str | None = None
    count: int = 0
    cpu_time_total: float = 0.0
    self_cpu_time_total: float = 0.0
    input_shapes: Any = ""
    cpu_memory_usage: int = 0
    self_cpu_memory_usage: int = 0

    def add(self, event) -> FunctionEventAvg:
        """Count one more event, or what was averaged elsewhere."""
        if self.key is None:
            self.key = event.key
        self.count += event.count
        for name in ("cpu_time_total", "self_cpu_time_total"):
            setattr(self, name, getattr(self, name) + getattr(event, name))
        self.cpu_memory_usage += event.cpu_memory_usage
        self.self_cpu_memory_usage += event.self_cpu_memory_usage
        return self

    def __repr__(self):
        return (
            f"<FunctionEventAvg key={self.key} self_cpu_time={self.self_cpu_time_total_str} "
            f"cpu_time={self.cpu_time_str}  self_cuda_time=0.000us cuda_time=0.000us "
            f"input_shapes={self.input_shapes} cpu_memory_usage={self.cpu_memory_usage} "
            "cuda_memory_usage=0>"
        )


_SORT_KEYS = (
    "count",
    "cpu_memory_usage",
    "cpu_time",
    "cpu_time_total",
    "cuda_memory_usage",
    "cuda_time",
    "cuda_time_total",
    "device_memory_usage",
    "device_time",
    "device_time_total",
    "self_cpu_memory_usage",
    "self_cpu_time_total",
    "self_cuda_memory_usage",
    "self_cuda_time_total",
    "self_device_memory_usage",
    "self_device_time_total",
)


class EventList(list):
    """Events, or averages of them.  Source: torch.autograd.profiler_util.EventList."""

    def __init__(self, events=(), profile_memory: bool = False, shapes: bool = False):
        super().__init__(events)
        self._profile_memory = profile_memory
        self._shapes = shapes

    def __str__(self):
        return self.table()

    @property
    def self_cpu_time_total(self) -> float:
        """Microseconds of all events."""
        return sum(event.self_cpu_time_total for event in self)

    def key_averages(
        self,
        group_by_input_shape: bool = False,
        group_by_stack_n: int = 0,
        group_by_overload_name: bool = False,
    ) -> EventList:
        """The events of one name together; with ``group_by_input_shape``, of one set of shapes.

        Stacks are not recorded: ``group_by_stack_n`` changes nothing.
        """
        groups: dict[tuple, FunctionEventAvg] = {}
        for event in self:
            shapes = str(event.input_shapes) if group_by_input_shape else ""
            average = groups.setdefault((event.key, shapes), FunctionEventAvg(input_shapes=shapes))
            average.add(event)
        return EventList(groups.values(), self._profile_memory, group_by_input_shape)

    def total_average(self) -> FunctionEventAvg:
        """All events together."""
        total = FunctionEventAvg(key="Total", input_shapes=[])
        for event in self:
            total.add(event)
        return total

    def table(
        self,
        sort_by: str | None = None,
        row_limit: int = 100,
        max_src_column_width: int = 75,
        max_name_column_width: int = 55,
        max_shapes_column_width: int = 80,
        header: str | None = None,
        top_level_events_only: bool = False,
    ) -> str:
        """The events as a table, the largest ``sort_by`` first ("cpu_time_total", "count", ...).

        Raises AttributeError for what they can't be sorted by.
        """
        if not self:
            return ""
        events = list(self)
        if sort_by is not None:
            if sort_by not in _SORT_KEYS:
                raise AttributeError(f"events can't be sorted by {sort_by!r}")
            events.sort(key=lambda event: getattr(event, sort_by, 0), reverse=True)
        if top_level_events_only:
            events = [event for event in events if getattr(event, "cpu_parent", None) is None]
        total = self.self_cpu_time_total
        columns = [
            ("Self CPU %", lambda e: _share(e.self_cpu_time_total, total)),
            ("Self CPU", lambda e: e.self_cpu_time_total_str),
            ("CPU total %", lambda e: _share(e.cpu_time_total, total)),
            ("CPU total", lambda e: e.cpu_time_total_str),
            ("CPU time avg", lambda e: e.cpu_time_str),
        ]
        if self._profile_memory:
            columns += [
                ("CPU Mem", lambda e: _memory_text(e.cpu_memory_usage)),
                ("Self CPU Mem", lambda e: _memory_text(e.self_cpu_memory_usage)),
            ]
        columns.append(("# of Calls", lambda e: str(e.count)))
        width = min(max(len(event.key) for event in self) + 4, max_name_column_width)
        widths = [width] + [12] * len(columns)
        if self._shapes:
            columns.append(("Input Shapes", lambda e: str(e.input_shapes)))
            widest = max(len(str(event.input_shapes)) for event in self) + 4
            widths.append(min(max(widest, 12), max_shapes_column_width))
        rows = [
            [_cut(event.key, width), *(_cut(show(event), w) for (_, show), w in pairs)]
            for event in events[:row_limit]
            for pairs in [list(zip(columns, widths[1:], strict=True))]
        ]
        line = "".join("-" * w + "  " for w in widths)
        lines = [line, _row(["Name", *(name for name, _ in columns)], widths), line]
        lines += [_row(row, widths) for row in rows]
        lines += [line, f"Self CPU time total: {_time_text(total)}", ""]
        return "\n".join(([header] if header else []) + lines)

    def export_chrome_trace(self, path: str | os.PathLike) -> None:
        """Write the events in the format of Chrome's ``about:tracing``."""
        process = os.getpid()
        trace = [
            {
                "ph": "X",
                "cat": "user_annotation" if event.is_user_annotation else "cpu_op",
                "name": event.name,
                "pid": process,
                "tid": event.thread,
                "ts": event.start_us,
                "dur": event.cpu_time_total,
                "args": {"External id": event.id, "Input Dims": event.input_shapes},
            }
            for event in self
        ]
        with open(path, "w") as file:
            json.dump({"schemaVersion": 1, "displayTimeUnit": "ms", "traceEvents": trace}, file)


def _share(part, total):
    return f"{part * 100 / total:.2f}%" if total else "NaN"


def _cut(text, width):
    return text if len(text) <= width else text[: width - 3] + "..."


def _row(cells, widths):
    return "".join(f"{cell:>{w}}  " for cell, w in zip(cells, widths, strict=True))
