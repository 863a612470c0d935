"""What was measured, and how it is said.  Source: torch.utils.benchmark.utils.common."""

from __future__ import annotations

import contextlib
import dataclasses
import math
import textwrap
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from minitorch.switches import get_num_threads, set_num_threads

__all__ = [
    "Measurement",
    "TaskSpec",
    "ordered_unique",
    "select_unit",
    "set_torch_threads",
    "trim_sigfig",
    "unit_to_english",
]

_MAX_SIGNIFICANT_FIGURES = 4
#: Measurements are no better than this, in seconds.
_MIN_CONFIDENCE_INTERVAL = 25e-9
_WARN_THRESHOLD = 0.1
_GROSS_WARN_THRESHOLD = 0.25


@dataclasses.dataclass(init=True, repr=False, eq=True, frozen=True)
class TaskSpec:
    """What was timed.  Source: torch.utils.benchmark.utils.common.TaskSpec."""

    stmt: str
    setup: str
    global_setup: str = ""
    label: str | None = None
    sub_label: str | None = None
    description: str | None = None
    env: str | None = None
    num_threads: int = 1

    @property
    def title(self) -> str:
        """The label, or the code."""
        if self.label is not None:
            return self.label + (f": {self.sub_label}" if self.sub_label else "")
        if "\n" not in self.stmt:
            return self.stmt + (f": {self.sub_label}" if self.sub_label else "")
        sub_label = f" ({self.sub_label})" if self.sub_label else ""
        return f"stmt:{sub_label}\n{textwrap.indent(self.stmt, '  ')}"

    def setup_str(self) -> str:
        """The preparation as text; empty if there is none."""
        if self.setup == "pass" or not self.setup:
            return ""
        if "\n" in self.setup:
            return f"setup:\n{textwrap.indent(self.setup, '  ')}"
        return f"setup: {self.setup}"

    def summarize(self) -> str:
        """Title, description and preparation, as they stand above a measurement."""
        sections = [self.title, self.description or "", self.setup_str()]
        return "\n".join(f"{text}\n" if "\n" in text else text for text in sections if text)


@dataclasses.dataclass(init=True, repr=False)
class Measurement:
    """Times of one task, and what can be said of them.

    Args:
        number_per_run: how often the code ran in each measurement.
        raw_times: seconds of each.
        task_spec: what ran.
        metadata: anything else to keep with it.

    Source: torch.utils.benchmark.Measurement.
    """

    number_per_run: int
    raw_times: list[float]
    task_spec: TaskSpec
    metadata: dict[Any, Any] | None = None

    def __getattr__(self, name):
        # What is asked of a measurement may be said by its task: title, stmt, env and so on.
        if not name.startswith("_") and hasattr(self.task_spec, name):
            return getattr(self.task_spec, name)
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    @property
    def times(self) -> list[float]:
        """Seconds of each run of the code."""
        return [time / self.number_per_run for time in self.raw_times]

    @property
    def mean(self) -> float:
        """The mean time in seconds."""
        self._require_times()
        return float(np.mean(self.times))

    @property
    def median(self) -> float:
        """The median time in seconds."""
        self._require_times()
        return float(np.median(self.times))

    @property
    def iqr(self) -> float:
        """Seconds between the quarters of the times."""
        self._require_times()
        low, high = self._quarters()
        return high - low

    def _quarters(self):
        low, high = np.percentile(self.times, (25, 75))
        return float(low), float(high)

    def _require_times(self):
        if not self.raw_times:
            raise ValueError("Cannot query statistics of an empty measurement")

    @property
    def significant_figures(self) -> int:
        """How many digits of the median mean anything, by the spread of its middle half."""
        count = len(self.raw_times)
        middle = sorted(self.times)[count // 4 : math.ceil(3 * count / 4)]
        interval = 1.645 * float(np.std(middle)) / math.sqrt(len(middle))
        figures = math.floor(math.log10(self.median / max(interval, _MIN_CONFIDENCE_INTERVAL)))
        return min(max(figures, 1), _MAX_SIGNIFICANT_FIGURES)

    def meets_confidence(self, threshold: float = _WARN_THRESHOLD) -> bool:
        """Whether the quarters lie closer together than this part of the median."""
        return self.iqr / self.median < threshold

    @property
    def has_warnings(self) -> bool:
        """Whether the times vary so much that they should not be trusted."""
        return bool(self._warnings())

    def _warnings(self):
        if self.meets_confidence(_WARN_THRESHOLD):
            return ""
        gross = not self.meets_confidence(_GROSS_WARN_THRESHOLD)
        meaning = (
            "This suggests significant environmental influence."
            if gross
            else "This could indicate system fluctuation."
        )
        share = self.iqr / self.median * 100
        return (
            f"  WARNING: Interquartile range is {share:.1f}% of the median measurement.\n"
            f"           {meaning}\n"
        )

    @property
    def as_row_name(self) -> str:
        """What stands before its row in a table."""
        return self.sub_label or self.stmt or "[Unknown]"

    def __repr__(self):
        count = len(self.raw_times)
        unit, scale = select_unit(self.median)
        lines = [super().__repr__(), self.task_spec.summarize()]
        name = "Median: " if count > 1 else ""
        lines.append(f"  {name}{self.median / scale:.2f} {unit}")
        if count >= 4:
            low, high = self._quarters()
            spread = f"({low / scale:.2f} to {high / scale:.2f})"
            lines.append(f"  IQR:    {self.iqr / scale:.2f} {unit} {spread}")
        threads = self.num_threads
        lines.append(
            f"  {count} measurement{'s' * (count > 1)}, {self.number_per_run} runs "
            f"{'per measurement' if count > 1 else ''}, {threads} thread{'s' * (threads > 1)}"
        )
        return "\n".join(lines) + ("\n" + self._warnings()).rstrip()

    @staticmethod
    def merge(measurements: Iterable[Measurement]) -> list[Measurement]:
        """Measurements of the same task as one."""
        grouped: dict[TaskSpec, list[Measurement]] = {}
        for measurement in measurements:
            grouped.setdefault(measurement.task_spec, []).append(measurement)
        return [
            Measurement(
                number_per_run=group[0].number_per_run,
                raw_times=[time * group[0].number_per_run for one in group for time in one.times],
                task_spec=task_spec,
                metadata=None,
            )
            for task_spec, group in grouped.items()
        ]


def select_unit(t: float) -> tuple[str, float]:
    """The unit to print seconds in, and its length in seconds."""
    unit = {-3: "ns", -2: "us", -1: "ms"}.get(int(math.log10(t) // 3) if t > 0 else 0, "s")
    return unit, {"ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1}[unit]


def unit_to_english(u: str) -> str:
    """The name of a unit of time."""
    return {"ns": "nanosecond", "us": "microsecond", "ms": "millisecond", "s": "second"}[u]


def trim_sigfig(x: float, n: int) -> float:
    """``x`` rounded to ``n`` digits that mean something."""
    scale = 10 ** (math.ceil(math.log10(abs(x))) - n)
    return round(x / scale) * scale


def ordered_unique(elements: Iterable[Any]) -> list[Any]:
    """Each element once, in order of the first."""
    return list(dict.fromkeys(elements))


@contextlib.contextmanager
def set_torch_threads(n: int) -> Iterator[None]:
    """Compute on ``n`` threads in a block."""
    before = get_num_threads()
    try:
        set_num_threads(n)
        yield
    finally:
        set_num_threads(before)
