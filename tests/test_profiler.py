"""The profiler and the benchmark timer: what they see, and how they print it."""

from __future__ import annotations

import gzip
import json
import threading

import pytest

import minitorch as mt
from minitorch.ops._op import REGISTRY
from minitorch.profiler import (
    ProfilerAction,
    ProfilerActivity,
    profile,
    record_function,
    schedule,
    tensorboard_trace_handler,
)
from minitorch.utils import benchmark


def counts(prof):
    return {event.key: event.count for event in prof.key_averages()}


def test_operations_are_seen_forward_and_backward():
    layer, x = mt.nn.Linear(10, 5), mt.ones(4, 10)
    with profile(activities=[ProfilerActivity.CPU], record_shapes=True) as prof:
        with record_function("training"):
            layer(x).exp().sum().backward()
        mt.mm(x, x.t())
    seen = counts(prof)
    assert seen["training"] == 1 and seen["aten::exp"] == 1 and seen["aten::sum"] >= 1
    assert seen["aten::addmm"] == 1
    assert seen["aten::mm"] >= 2  # the weight's gradient, and the product at the end
    (block,) = [event for event in prof.events() if event.key == "training"]
    inside = [event for event in prof.events() if event.cpu_parent is block]
    assert len(inside) >= 4 and block.cpu_time_total >= sum(e.cpu_time_total for e in inside)
    product = [event for event in prof.events() if event.key == "aten::mm"][-1]
    assert product.input_shapes == [[4, 10], [10, 4]] and product.cpu_parent is None


def test_nothing_is_left_behind():
    before = {name: op.forward for name, op in REGISTRY.items()}
    with pytest.raises(ZeroDivisionError), profile(), profile():
        _ = 1 / 0
    assert {name: op.forward for name, op in REGISTRY.items()} == before
    with profile() as prof:
        pass
    mt.ones(2).exp()
    assert prof.events() == [] and prof.key_averages().table() == ""


def test_failed_operations_and_other_threads():
    with profile() as prof:
        with pytest.raises(RuntimeError):
            mt.mm(mt.ones(2, 3), mt.ones(2, 3))
        thread = threading.Thread(target=lambda: mt.ones(3).tanh())
        thread.start()
        thread.join()
        with record_function("outer"):
            mt.ones(3).exp()
    assert counts(prof)["aten::tanh"] == 1
    assert len({event.thread for event in prof.events()}) == 2
    assert not [event for event in prof.events() if not event.end_us]


def test_the_table():
    with profile(profile_memory=True, record_shapes=True) as prof:
        x = mt.ones(1000)
        (x + x).exp()
    table = prof.key_averages().table(sort_by="cpu_time_total", row_limit=2)
    lines = table.splitlines()
    assert lines[0] == lines[2] == lines[-2] and set(lines[0]) == {"-", " "}
    for column in ("Name", "Self CPU %", "CPU total", "CPU time avg", "CPU Mem", "# of Calls"):
        assert column in lines[1]
    assert len(lines) == 7 and lines[-1].startswith("Self CPU time total: ")
    assert "3.91 KB" in prof.key_averages().table()
    grouped = prof.key_averages(group_by_input_shape=True).table()
    assert "Input Shapes" in grouped and "[[1000], [1000]]" in grouped
    assert prof.key_averages().total_average().count == len(prof.events())
    with pytest.raises(AttributeError, match="colour"):
        prof.key_averages().table(sort_by="colour")


def test_steps_follow_the_schedule(tmp_path):
    traces = []
    with profile(
        schedule=schedule(wait=1, warmup=1, active=2, repeat=2),
        on_trace_ready=lambda prof: traces.append((prof.step_num, counts(prof))),
    ) as prof:
        for _ in range(9):
            mt.ones(2).exp()
            prof.step()
    assert [step for step, _ in traces] == [4, 8]
    assert all(seen["aten::exp"] == 2 for _, seen in traces)
    assert "ProfilerStep#2" in traces[0][1] and "ProfilerStep#7" in traces[1][1]
    with profile(on_trace_ready=tensorboard_trace_handler(tmp_path, "me", use_gzip=True)):
        mt.ones(2).exp()
    (path,) = tmp_path.glob("me.*.pt.trace.json.gz")
    assert json.loads(gzip.decompress(path.read_bytes()))["traceEvents"]


def test_the_schedule():
    plan = schedule(wait=1, warmup=1, active=2, repeat=2, skip_first=1)
    names = [plan(step).name for step in range(11)]
    once = ["NONE", "WARMUP", "RECORD", "RECORD_AND_SAVE"]
    assert names == ["NONE", *once, *once, "NONE", "NONE"]
    assert plan(3) is ProfilerAction.RECORD
    with pytest.raises(AssertionError):
        schedule(wait=0, warmup=0, active=0)


def test_the_trace_is_chromes(tmp_path):
    with profile() as prof, record_function("block"):
        mt.ones(2).exp()
    prof.add_metadata_json("run", "[1, 2]")
    prof.export_chrome_trace(tmp_path / "trace.json")
    trace = json.loads((tmp_path / "trace.json").read_text())
    events = {event["name"]: event for event in trace["traceEvents"]}
    inner, outer = events["aten::exp"], events["block"]
    assert inner["ph"] == "X" and outer["cat"] == "user_annotation" and trace["run"] == [1, 2]
    assert outer["ts"] <= inner["ts"] and inner["dur"] <= outer["dur"]
    with pytest.raises(NotImplementedError):
        prof.export_stacks("stacks")


def test_the_older_profiler():
    with mt.autograd.profiler.profile(record_shapes=True) as prof:
        with mt.autograd.profiler.record_function("block"):
            mt.ones(2, 3).t()
    assert "block" in str(prof) and prof.self_cpu_time_total > 0
    assert prof.total_average().key == "Total"
    assert prof.function_events[0].name in ("aten::full", "block")
    with mt.autograd.profiler.profile(enabled=False) as off:
        assert off is None

    @record_function("named")
    def function():
        return 3

    with profile() as outer:
        assert function() == function() == 3
    assert counts(outer)["named"] == 2


@pytest.mark.compare
def test_schedules_are_torchs():
    torch = pytest.importorskip("torch")
    for options in (
        {"wait": 1, "warmup": 2, "active": 3},
        {"wait": 0, "warmup": 1, "active": 1, "repeat": 2, "skip_first": 2},
        {"wait": 2, "warmup": 0, "active": 2, "skip_first_wait": 1},
    ):
        if options["warmup"]:
            ours, theirs = schedule(**options), torch.profiler.schedule(**options)
        else:
            with pytest.warns(UserWarning, match="won't be using warmup"):
                ours, theirs = schedule(**options), torch.profiler.schedule(**options)
        assert [ours(i).name for i in range(20)] == [theirs(i).name for i in range(20)]


# --- benchmark ------------------------------------------------------------------------------------

TASK = {"stmt": "x + y", "setup": "x = 1", "label": "add", "sub_label": "s", "description": "d"}
TIMES = [
    [1e-4],
    [1e-4, 1.1e-4, 1.2e-4],
    [1e-4] * 10 + [3e-4],
    [0.5, 0.6, 0.55, 0.7],
    [1e-9] * 3,
    [1e-4 * (1 + 0.001 * i) for i in range(50)],
]


def without_address(measurement):
    return repr(measurement).split("\n", 1)[1]


def table_of(library):
    made = [
        library.Measurement(
            10,
            [1e-3 * (i + 1) + j * 1e-4] * 5,
            library.TaskSpec(
                stmt=f"f{i}",
                setup="",
                label="L",
                sub_label="row" * (j + 1),
                description=f"col{i}",
                num_threads=threads,
            ),
        )
        for i in range(2)
        for j in range(3)
        for threads in (1, 4)
        if (i, j) != (1, 1)
    ]
    return library.Compare(made)


def test_a_measurement_says_what_it_means():
    spec = benchmark.TaskSpec(**TASK)
    steady = benchmark.Measurement(10, [t * 10 for t in TIMES[5]], spec)
    assert steady.median == pytest.approx(1.0245e-4) and steady.significant_figures == 2
    assert not steady.has_warnings and steady.title == "add: s"
    assert without_address(steady).splitlines() == [
        "add: s",
        "d",
        "setup: x = 1",
        "  Median: 102.45 us",
        "  IQR:    2.45 us (101.23 to 103.67)",
        "  50 measurements, 10 runs per measurement, 1 thread",
    ]
    shaky = benchmark.Measurement(1, TIMES[3], spec)
    assert shaky.has_warnings and "WARNING: Interquartile range is 15.2%" in repr(shaky)
    assert len(benchmark.Measurement.merge([steady, shaky])) == 1


@pytest.mark.compare
def test_measurements_print_as_torchs():
    theirs = pytest.importorskip("torch.utils.benchmark")
    tasks = [TASK, {"stmt": "x + y\nz", "setup": "a\nb", "num_threads": 2}]
    for task in tasks:
        for times in TIMES:
            both = [
                library.Measurement(10, [t * 10 for t in times], library.TaskSpec(**task))
                for library in (benchmark, theirs)
            ]
            assert without_address(both[0]) == without_address(both[1])
            for name in ("mean", "median", "iqr", "significant_figures", "has_warnings", "title"):
                assert getattr(both[0], name) == pytest.approx(getattr(both[1], name)), name
    ours, torchs = table_of(benchmark), table_of(theirs)
    assert str(ours) == str(torchs)
    for change in ("trim_significant_figures", "colorize"):
        getattr(ours, change)()
        getattr(torchs, change)()
        assert str(ours) == str(torchs)


def test_the_timer_times():
    timer = benchmark.Timer("x + torch.ones(3)", "x = torch.ones(3)", label="add", num_threads=1)
    once = timer.timeit(20)
    assert once.number_per_run == 20 and len(once.times) == 1 and 0 < once.median < 1
    several = timer.blocked_autorange(min_run_time=0.01)
    assert sum(several.raw_times) >= 0.01
    assert timer.adaptive_autorange(min_run_time=0.001, max_run_time=0.05).median > 0
    assert "add" in repr(several)
    with pytest.raises(NotImplementedError, match="Python"):
        benchmark.Timer("x", language="c++")
    with pytest.raises(ValueError, match="C\\+\\+ only"):
        benchmark.Timer("x", global_setup="#include <x>")


def test_the_table_of_measurements():
    table = str(table_of(benchmark)).splitlines()
    assert table[0].strip("[]-").strip() == "L" and "col0" in table[1] and "col1" in table[1]
    assert table[2].startswith("1 threads: ---") and "100.0" in table[3]
    assert table[-1] == "Times are in microseconds (us)."


def test_operations_have_torchs_names():
    x = mt.rand(1, 1, 4, 4)
    with mt.profiler.profile() as prof:
        mt.nn.functional.max_pool2d(x / 2, 2)
        mt.nn.functional.logsigmoid(x)
    names = {event.key for event in prof.events()}
    assert {"aten::div", "aten::max_pool2d_with_indices", "aten::log_sigmoid"} <= names
