"""``Timer``: runs code often enough to time it.  Source: torch.utils.benchmark.utils.timer."""

from __future__ import annotations

import enum
import sys
import textwrap
import timeit
from collections.abc import Callable
from time import perf_counter as timer
from typing import Any, NoReturn

import numpy as np

from minitorch.utils.benchmark.utils import common

__all__ = ["Language", "Timer", "timer"]


class Language(enum.Enum):
    """What the code is written in.  Source: torch.utils.benchmark.Language."""

    PYTHON = 0
    CPP = 1


class Timer:
    """Times ``stmt``, after ``setup``, on ``num_threads`` threads.

    Args:
        stmt, setup: Python code; indentation that all lines share is taken away.
        global_setup: for C++ only.
        timer: the clock.
        globals: the names that the code uses; ``torch`` is among them anyway.
        label, sub_label, description, env: what the measurement is called.
        num_threads: for products of matrices, see ``torch.set_num_threads``.
        language: C++ raises NotImplementedError.

    Source: torch.utils.benchmark.Timer.

    Example::

        >>> import minitorch
        >>> from minitorch.utils.benchmark import Timer
        >>> timer = Timer("x + x", globals={"x": minitorch.ones(3)}, label="add")
        >>> timer.timeit(10).median > 0
        True
    """

    def __init__(
        self,
        stmt: str = "pass",
        setup: str = "pass",
        global_setup: str = "",
        timer: Callable[[], float] = timer,
        globals: dict[str, Any] | None = None,
        label: str | None = None,
        sub_label: str | None = None,
        description: str | None = None,
        env: str | None = None,
        num_threads: int = 1,
        language: Language | str = Language.PYTHON,
    ):
        if language not in (Language.PYTHON, "py", "python"):
            raise NotImplementedError(
                f"Timer(language={language!r}): minitorch compiles nothing; only Python is timed"
            )
        if global_setup:
            raise ValueError(
                f"global_setup is C++ only, got `{global_setup}`. Most likely this code can simply "
                "be moved to `setup`."
            )
        names = dict(globals or {})
        names.setdefault("torch", sys.modules["minitorch"])
        stmt, setup = textwrap.dedent(stmt).strip(), textwrap.dedent(setup).strip()
        self._globals = names
        self._timer = timeit.Timer(stmt=stmt, setup=setup, timer=timer, globals=names)
        self._task_spec = common.TaskSpec(
            stmt=stmt,
            setup=setup,
            global_setup=global_setup,
            label=label,
            sub_label=sub_label,
            description=description,
            env=env,
            num_threads=num_threads,
        )

    def _timeit(self, number):
        return max(self._timer.timeit(number), 1e-9)  # a clock may stand still

    def _measured(self, number, times):
        return common.Measurement(number_per_run=number, raw_times=times, task_spec=self._task_spec)

    def timeit(self, number: int = 1000000) -> common.Measurement:
        """One measurement of ``number`` runs, after a few to warm up."""
        with common.set_torch_threads(self._task_spec.num_threads):
            self._timeit(max(int(number // 100), 2))
            return self._measured(number, [self._timeit(number)])

    def _block_size(self, min_run_time):
        """So many runs that the clock's own time does not count."""
        overhead = float(np.median([self._timeit(0) for _ in range(5)]))
        number = 1
        while True:
            taken = self._timeit(number)
            if overhead / taken <= 1e-4 and taken >= min_run_time / 1000:
                return number
            if taken > min_run_time:
                return number
            number *= 10

    def _blocks(self, number, callback, stop, min_run_time):
        """Measure blocks of ``number`` runs until the time is over and ``stop(times)``."""
        total, times = 0.0, []
        with common.set_torch_threads(self._task_spec.num_threads):
            while total < min_run_time or not stop(times, total):
                taken = self._timeit(number)
                times.append(taken)
                total += taken
                if callback is not None:
                    callback(number, taken)
        return self._measured(number, times)

    def blocked_autorange(
        self,
        callback: Callable[[int, float], NoReturn] | None = None,
        min_run_time: float = 0.2,
    ) -> common.Measurement:
        """Measurements for ``min_run_time`` seconds, each of as many runs as a good clock needs."""
        with common.set_torch_threads(self._task_spec.num_threads):
            number = self._block_size(min_run_time)
        return self._blocks(number, callback, lambda times, total: True, min_run_time)

    def adaptive_autorange(
        self,
        threshold: float = 0.1,
        *,
        min_run_time: float = 0.01,
        max_run_time: float = 10.0,
        callback: Callable[[int, float], NoReturn] | None = None,
    ) -> common.Measurement:
        """Measurements until they agree within ``threshold``, or for ``max_run_time`` seconds."""
        with common.set_torch_threads(self._task_spec.num_threads):
            number = self._block_size(0.05)

        def stop(times, total):
            agree = len(times) > 3 and self._measured(number, times).meets_confidence(threshold)
            return agree or total > max_run_time

        return self._blocks(number, callback, stop, min_run_time)

    def collect_callgrind(self, *args, **kwargs):
        """Count instructions.  Raises NotImplementedError: that needs Valgrind and a build."""
        raise NotImplementedError("Timer.collect_callgrind: minitorch counts no instructions")
