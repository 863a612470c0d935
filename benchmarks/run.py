"""Times minitorch beside PyTorch, in one process, taking turns.

    python benchmarks/run.py                          # everything: some minutes
    python benchmarks/run.py --rows steps             # a table
    python benchmarks/run.py --rows "steps/MLP" add   # the rows whose table/name contains a word
    python benchmarks/run.py --quick                  # fewer repetitions
    OMP_NUM_THREADS=1 python benchmarks/run.py        # one thread for both

Both libraries run the same function (ops.py, steps.py).  First their results are compared; a row
whose results differ is no benchmark and counts as an error.  Then they take turns, in blocks long
enough for the clock, and the medians of the blocks count.  The ratio is PyTorch's time divided by
minitorch's: above 1, minitorch is faster.  Writes results.json and chart.png in --out.

Keep the machine idle otherwise: where other programs hold a core, threads wait for each other and
the figures say little.
Needs torch beside minitorch; see the README on how to get its CPU build.
"""

from __future__ import annotations

import argparse
import datetime
import importlib
import json
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import ops
import steps

BLOCK = 0.03  # seconds: long beside the clock's resolution, short beside changes of the load
REPETITIONS = 15  # blocks per library
CHECKED_CALLS = 5  # how many losses, or results, must agree
TOLERANCE = 1e-3  # relative: float32 sums in another order, through five updates


@dataclass(frozen=True)
class Result:
    """One row: seconds per call, and the spread as half the interquartile range in percent."""

    table: str
    row: str
    reference: float
    subject: float
    reference_spread: float
    subject_spread: float
    difference: float  # largest difference of the results, relative to their size

    @property
    def ratio(self) -> float:
        return self.reference / self.subject


def calls_per_block(run: Callable[[], Any]) -> int:
    """How many calls take about BLOCK seconds."""
    calls = 1
    while True:
        seconds = block_time(run, calls)
        if seconds > BLOCK / 4:
            return max(1, round(calls * BLOCK / seconds))
        calls *= 4


def block_time(run: Callable[[], Any], calls: int) -> float:
    """Seconds for this many calls."""
    start = time.perf_counter()
    for _ in range(calls):
        run()
    return time.perf_counter() - start


def as_array(result: Any) -> np.ndarray:
    """A result as float64: a loss, or a tensor."""
    array = result.detach().numpy() if hasattr(result, "detach") else result
    return np.asarray(array, dtype=np.float64)


def first_results(run: Callable[[], Any]) -> list[np.ndarray]:
    """Of a freshly built row, so that the random stream is at its start."""
    return [as_array(run()) for _ in range(CHECKED_CALLS)]


def difference(expected: list[np.ndarray], got: list[np.ndarray]) -> float:
    """The largest difference of the results, relative to the largest value."""
    largest = 0.0
    for left, right in zip(expected, got, strict=True):
        if left.shape != right.shape:
            raise ValueError(f"shapes differ: {left.shape} and {right.shape}")
        scale = max(np.abs(left).max(), 1e-30)
        largest = max(largest, float(np.abs(left - right).max() / scale))
    return largest


def measure(table: str, row: str, build: Callable, libraries: list, repetitions: int) -> Result:
    """Compare, then time in turns."""
    runs, results = [], []
    for library in libraries:
        runs.append(build(library))
        results.append(first_results(runs[-1]))
    differs = difference(*results)
    if not differs <= TOLERANCE:  # also when it is NaN
        raise ValueError(f"results differ by {differs:.1e}, more than {TOLERANCE:g}")
    calls = [calls_per_block(run) for run in runs]
    seconds: list[list[float]] = [[], []]
    for _ in range(repetitions):
        for run, count, times in zip(runs, calls, seconds, strict=True):
            run()  # brings back into the caches, and wakes the threads, what the other displaced
            times.append(block_time(run, count) / count)
    medians, spreads = [], []
    for times in seconds:
        low, middle, high = statistics.quantiles(times, n=4)
        medians.append(middle)
        spreads.append(50 * (high - low) / middle)
    return Result(table, row, *medians, *spreads, differs)


def geometric_mean(ratios: list[float]) -> float:
    """The mean that treats twice as fast and half as fast alike."""
    return statistics.geometric_mean(ratios) if ratios else float("nan")


def in_units(seconds: float) -> str:
    """Microseconds or milliseconds, three digits."""
    return f"{1e6 * seconds:.3g} us" if seconds < 1e-3 else f"{1e3 * seconds:.3g} ms"


def machine() -> dict[str, Any]:
    """What the figures depend on."""
    cpu = platform.processor() or platform.machine()
    if os.path.exists("/proc/cpuinfo"):
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        cpu = next((line.split(":")[1].strip() for line in lines if "model name" in line), cpu)
    return {
        "date": datetime.date.today().isoformat(),
        "cpu": cpu,
        "cores": os.cpu_count(),
        "threads": os.environ.get("OMP_NUM_THREADS", "all"),
        "load": round(os.getloadavg()[0], 1) if hasattr(os, "getloadavg") else "unknown",
        "python": platform.python_version(),
        "numpy": np.__version__,
    }


def draw(results: list[Result], names: list[str], file: Path) -> bool:
    """A bar per row on a logarithmic axis, its colour saying who is faster."""
    try:
        import matplotlib
    except ModuleNotFoundError:
        return False
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, axis = plt.subplots(figsize=(9, 1.2 + 0.22 * len(results)), layout="constrained")
    places, labels = [], []
    place = 0.0
    for index, result in enumerate(results):
        if index and result.table != results[index - 1].table:
            place += 1  # a gap between tables
        faster = result.ratio >= 1
        axis.barh(place, np.log2(result.ratio), color="tab:green" if faster else "tab:red")
        side = "left" if faster else "right"
        axis.text(
            np.log2(result.ratio), place, f" {result.ratio:.2f} ", ha=side, va="center", fontsize=7
        )
        places.append(place)
        labels.append(f"{result.table}: {result.row}")
        place += 1
    axis.axvline(0, color="black", linewidth=0.8)
    reach = max(1.5, *(abs(np.log2(result.ratio)) + 0.6 for result in results))
    ticks = range(-int(reach), int(reach) + 1)
    axis.set_xticks(ticks, [f"{2.0**tick:g}" for tick in ticks])
    axis.set_yticks(places, labels, fontsize=7)
    axis.set(xlim=(-reach, reach), ylim=(place - 0.3, -0.7))
    mean = geometric_mean([result.ratio for result in results])
    axis.set_xlabel(f"time of {names[0]} / time of {names[1]}   (geometric mean {mean:.2f})")
    axis.set_title(f"green: {names[1]} is faster")
    axis.grid(axis="x", alpha=0.3)
    figure.savefig(file, dpi=120)
    return True


def main() -> int:
    parser = argparse.ArgumentParser(description="Time minitorch beside PyTorch.")
    parser.add_argument("--rows", nargs="+", default=[""], help="words that table/name contains")
    parser.add_argument("--quick", action="store_true", help="three repetitions instead of fifteen")
    parser.add_argument("--out", type=Path, default=Path("out/benchmarks"))
    parser.add_argument(
        "--libraries",
        nargs=2,
        default=["torch", "minitorch"],
        metavar=("REFERENCE", "SUBJECT"),
        help="what to import; naming one twice shows how far two equal things seem to differ",
    )
    args = parser.parse_args()
    try:
        libraries = [importlib.import_module(name) for name in args.libraries]
    except ModuleNotFoundError as error:
        sys.exit(f"{error.name} is not installed; the README says how to compare with PyTorch")

    facts = machine() | {name: importlib.import_module(name).__version__ for name in args.libraries}
    print(", ".join(f"{key} {value}" for key, value in facts.items()))
    repetitions = 3 if args.quick else REPETITIONS
    results: list[Result] = []
    failures: list[str] = []
    for table in (*steps.TABLES, *ops.TABLES):
        rows = {
            name: build
            for name, build in table.rows.items()
            if any(word.lower() in f"{table.name}/{name}".lower() for word in args.rows)
        }
        if not rows:
            continue
        width = max(len(name) for name in rows)
        print(f"\n{table.name}: {table.title}")
        print(f"{'':{width}}  {args.libraries[0]:>16}  {args.libraries[1]:>16}  ratio  difference")
        for name, build in rows.items():
            try:
                result = measure(table.name, name, build, libraries, repetitions)
            except Exception as error:  # one broken row must not hide the others
                failures.append(f"{table.name}/{name}: {type(error).__name__}: {error}")
                print(f"{name:{width}}  FAILED: {type(error).__name__}: {error}")
                continue
            results.append(result)
            print(
                f"{name:{width}}"
                f"  {in_units(result.reference):>9} {result.reference_spread:4.0f}% "
                f"  {in_units(result.subject):>9} {result.subject_spread:4.0f}% "
                f"  {result.ratio:5.2f}  {result.difference:.0e}",
                flush=True,
            )
        mean = geometric_mean([r.ratio for r in results if r.table == table.name])
        print(f"{'geometric mean':{width}}  {'':34}  {mean:5.2f}")
    if not results and not failures:
        sys.exit(f"no row contains any of {args.rows}")

    if results:
        mean = geometric_mean([result.ratio for result in results])
        verdict = f"above 1: {args.libraries[1]} is faster"
        print(f"\ngeometric mean of {len(results)} rows: {mean:.2f} ({verdict})")
        args.out.mkdir(parents=True, exist_ok=True)
        record = facts | {
            "geometric_mean": mean,
            "rows": [asdict(result) | {"ratio": result.ratio} for result in results],
        }
        (args.out / "results.json").write_text(json.dumps(record, indent=1) + "\n", "utf-8")
        drawn = draw(results, args.libraries, args.out / "chart.png")
        print(f"{'results.json and chart.png' if drawn else 'results.json'} in {args.out}")
    for failure in failures:
        print(f"FAILED {failure}", file=sys.stderr)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
