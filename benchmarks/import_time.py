"""How long minitorch takes to import, over what NumPy takes.

    python benchmarks/import_time.py

Fresh processes, alternating, so that load on the machine hits both alike; the medians count.
Budget: 0.15 s over NumPy.
"""

import os
import statistics
import subprocess
import sys
import tempfile

BUDGET = 0.15  # seconds
RUNS = 9
MODULES = ("numpy", "minitorch")

# Timed inside the process: starting Python is not the library's doing.
PROGRAM = "import time; t = time.perf_counter(); import {}; print(time.perf_counter() - t)"


def seconds_to_import(module: str, bytecode: str) -> float:
    """One import in a fresh process that keeps its bytecode in the folder ``bytecode``."""
    # Without bytecode the compiler would be timed; some environments forbid to write it.
    environment = {**os.environ, "PYTHONPYCACHEPREFIX": bytecode}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    process = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(module)],
        capture_output=True,
        text=True,
        check=True,
        env=environment,
    )
    return float(process.stdout)


def main() -> None:
    times: dict[str, list[float]] = {module: [] for module in MODULES}
    with tempfile.TemporaryDirectory() as bytecode:
        for module in MODULES:
            seconds_to_import(module, bytecode)  # writes the bytecode, brings files into memory
        for _ in range(RUNS):
            for module in MODULES:
                times[module].append(seconds_to_import(module, bytecode))
    medians = {module: statistics.median(times[module]) for module in MODULES}
    for module in MODULES:
        print(f"import {module:9}  {medians[module]:.3f} s  (fastest {min(times[module]):.3f} s)")
    added = medians["minitorch"] - medians["numpy"]
    verdict = "within" if added < BUDGET else "OVER"
    print(f"minitorch adds    {added:.3f} s, {verdict} the budget of {BUDGET} s")


if __name__ == "__main__":
    main()
