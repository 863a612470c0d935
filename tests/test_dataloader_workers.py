"""DataLoader with worker processes: torch's batches, draws and errors, and nothing left behind."""

import gc
import multiprocessing
import multiprocessing.forkserver
import multiprocessing.resource_tracker
import os
import pathlib
import random
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

import minitorch as mt
from minitorch.utils.data import (
    DataLoader,
    Dataset,
    IterableDataset,
    TensorDataset,
    get_worker_info,
)
from minitorch.utils.data._utils import transport
from tests.test_data import assert_same

ROOT = pathlib.Path(__file__).resolve().parents[1]

# Machines for testing have few processors; that we start more workers is not the point here.
pytestmark = pytest.mark.filterwarnings("ignore:This DataLoader will create")


@pytest.fixture(autouse=True, scope="module")
def the_standard_librarys_own_processes():
    """ "spawn" and "forkserver" start these once and keep them, each with a pipe."""
    if "forkserver" in multiprocessing.get_all_start_methods():
        multiprocessing.forkserver.ensure_running()
        multiprocessing.resource_tracker.ensure_running()


@pytest.fixture(autouse=True)
def leaves_nothing_behind():
    """No process and no open file outlives a test."""
    gc.collect()
    before = open_files()
    yield
    gc.collect()
    assert not multiprocessing.active_children()
    assert open_files() <= before


def open_files():
    folder = "/proc/self/fd"
    return len(os.listdir(folder)) if os.path.isdir(folder) else 0


class Draws(Dataset):
    """Samples that show which process made them and what it drew."""

    def __init__(self, lib, size=11):
        self.lib, self.size = lib, size

    def __len__(self):
        return self.size

    def __getitem__(self, index):
        info = self.lib.utils.data.get_worker_info()
        return {
            "index": index,
            "noise": self.lib.randn(3),
            "numpy": np.random.rand(2),
            "python": random.random(),
            "who": f"{info.id} of {info.num_workers}: {info.seed}",
        }


def stream_class(lib):
    class Stream(lib.utils.data.IterableDataset):
        """Each worker has every so manieth of ten numbers, or all of them."""

        def __init__(self, shared=True):
            self.shared = shared

        def __iter__(self):
            info = lib.utils.data.get_worker_info()
            step = info.num_workers if self.shared else 1
            start = info.id if self.shared else 0
            return (lib.tensor(i) + 0 * lib.rand(1) for i in range(start, 10, step))

    return Stream


class Raises(Dataset):
    def __init__(self, error):
        self.error = error

    def __len__(self):
        return 4

    def __getitem__(self, index):
        if index == 1:
            raise self.error
        return index


class Odd(Exception):
    def __init__(self, a, b):
        super().__init__(a, b)


class Kills(Dataset):
    def __init__(self, how):
        self.how = how

    def __len__(self):
        return 8

    def __getitem__(self, index):
        if index == 2:
            if self.how == "signal":
                os.kill(os.getpid(), signal.SIGKILL)
            os._exit(3)
        return index


class Sleeps(Dataset):
    def __init__(self, seconds):
        self.seconds = seconds

    def __len__(self):
        return 4

    def __getitem__(self, index):
        time.sleep(self.seconds if index == 0 else 0)
        return index


class Shapes(Dataset):
    """Tensors of every kind, small and large."""

    samples = (
        lambda: mt.arange(6).view(2, 3).t(),
        lambda: mt.zeros(0, 3),
        lambda: mt.tensor(2.5, dtype=mt.float64),
        lambda: mt.arange(60000.0).view(3, 100, 200).permute(1, 2, 0),
        lambda: mt.ones(3).expand(4, 3),
        lambda: mt.nn.Parameter(mt.arange(40000.0)),
        lambda: [np.arange(50000), {"a": np.float32(2), "b": "text"}, (mt.tensor([True]), None)],
        lambda: mt.tensor([1 + 2j]),
        lambda: np.asfortranarray(np.arange(6.0).reshape(2, 3)),
    )

    def __len__(self):
        return len(self.samples)

    def __getitem__(self, index):
        return self.samples[index]()


def same(batch):
    return batch


# --- torch's batches, in torch's order, with torch's random numbers -------------------------------


def collect(lib, **options):
    """Two passes over ``Draws``, and what the main process draws next."""
    lib.manual_seed(11)
    passes = options.pop("passes", 2)
    generator = options.pop("generator", None)
    if generator is not None:
        options["generator"] = lib.Generator().manual_seed(generator)
    loader = lib.utils.data.DataLoader(Draws(lib), **options)
    batches = [list(loader) for _ in range(passes)]
    return [batches, lib.rand(2).tolist()]


@pytest.mark.compare
@pytest.mark.parametrize(
    "options",
    [
        {"num_workers": 1, "batch_size": 4},
        {"num_workers": 2, "batch_size": 2, "shuffle": True},
        {"num_workers": 3, "batch_size": 2, "shuffle": True, "persistent_workers": True},
        {"num_workers": 2, "batch_size": 3, "drop_last": True, "prefetch_factor": 5},
        {"num_workers": 2, "batch_size": None, "shuffle": True, "generator": 5},
        {"num_workers": 5, "batch_size": 4, "prefetch_factor": 1},
        {"num_workers": 2, "batch_sampler": [[3, 1], [5], [0, 2, 4]], "pin_memory": False},
    ],
    ids=str,
)
def test_batches_and_draws_are_those_of_torch(options):
    torch = pytest.importorskip("torch")
    assert_same(collect(mt, **options), collect(torch, **options))


@pytest.mark.compare
@pytest.mark.parametrize("shared", [True, False])
@pytest.mark.parametrize(
    "options",
    [
        {"num_workers": 2, "batch_size": 2},
        {"num_workers": 3, "batch_size": 3, "drop_last": True},
        {"num_workers": 3, "batch_size": None},
        {"num_workers": 2, "batch_size": 4, "persistent_workers": True},
    ],
    ids=str,
)
def test_streams_are_shared_out_as_in_torch(options, shared):
    torch = pytest.importorskip("torch")

    def program(lib):
        lib.manual_seed(3)
        loader = lib.utils.data.DataLoader(stream_class(lib)(shared), **options)
        return [list(loader), list(loader), lib.rand(1).item()]

    assert_same(program(mt), program(torch))


@pytest.mark.compare
def test_a_pass_that_is_broken_off_draws_as_in_torch():
    torch = pytest.importorskip("torch")

    def program(lib, persistent):
        lib.manual_seed(3)
        loader = lib.utils.data.DataLoader(
            Draws(lib), 2, shuffle=True, num_workers=2, persistent_workers=persistent
        )
        result = [next(iter(loader))["noise"], lib.rand(1).item()]
        return result + [batch["index"] for batch in loader]

    assert_same(program(mt, False), program(torch, False))
    assert_same(program(mt, True), program(torch, True))


def test_seeds_of_the_workers():
    mt.manual_seed(0)
    base = int(mt.empty((), dtype=mt.int64).random_())
    mt.manual_seed(0)
    batches = list(DataLoader(Draws(mt, 4), 2, num_workers=2))
    assert batches[0]["who"] == [f"0 of 2: {base}"] * 2
    assert batches[1]["who"] == [f"1 of 2: {base + 1}"] * 2
    generator = mt.Generator().manual_seed(base + 1)
    expected = [mt.randn(3, generator=generator) for _ in range(2)]
    assert mt.equal(batches[1]["noise"], mt.stack(expected))
    assert batches[1]["python"][0] == random.Random(base + 1).random()


def test_order_and_values_do_not_depend_on_the_workers():
    rows = TensorDataset(mt.arange(40.0).view(20, 2), mt.arange(20))
    for workers in (1, 2, 4):
        mt.manual_seed(1)
        plain = list(DataLoader(rows, 3, shuffle=True))
        mt.manual_seed(1)
        assert_equal(list(DataLoader(rows, 3, shuffle=True, num_workers=workers)), plain)


def assert_equal(ours, expected):
    assert type(ours) is type(expected)
    if isinstance(ours, mt.Tensor):
        assert ours.dtype == expected.dtype and ours.requires_grad == expected.requires_grad
        assert ours.shape == expected.shape and mt.equal(ours, expected)
    elif isinstance(ours, np.ndarray):
        assert ours.dtype == expected.dtype
        np.testing.assert_array_equal(ours, expected)
    elif isinstance(ours, (list, tuple)):
        assert len(ours) == len(expected)
        for a, b in zip(ours, expected, strict=True):
            assert_equal(a, b)
    elif isinstance(ours, dict):
        assert_equal(list(ours.items()), list(expected.items()))
    else:
        assert ours == expected


@pytest.mark.parametrize("method", multiprocessing.get_all_start_methods())
def test_every_start_method(method):
    loader = DataLoader(
        Shapes(),
        batch_size=None,
        num_workers=2,
        collate_fn=same,
        multiprocessing_context=method,
    )
    received = list(loader)
    assert_equal(received, [make() for make in Shapes.samples])
    assert received[3].stride() == Shapes()[3].stride()
    for batch in received[:2]:
        batch += 1  # what arrives may be written to


def test_large_batches_arrive_in_shared_memory_and_small_ones_beside_it():
    rows = TensorDataset(mt.arange(100000.0).view(10, 10000))
    (small,), (large,) = DataLoader(rows, batch_sampler=[[1], [0, 2, 3]], num_workers=1)
    assert large.is_shared() and not small.is_shared()
    assert mt.equal(large, rows.tensors[0][[0, 2, 3]])


def test_many_batches_may_be_kept(monkeypatch):
    monkeypatch.setattr(transport, "_MOST_REGIONS", 2)
    rows = TensorDataset(mt.arange(600000.0).view(6, 100000))
    kept = [batch for (batch,) in DataLoader(rows, num_workers=1)]
    assert [batch.is_shared() for batch in kept] == [True] * 2 + [False] * 4
    assert mt.equal(mt.cat(kept), rows.tensors[0])


def test_many_indices_and_many_batches_ahead():
    numbers = list(range(60000))
    loader = DataLoader(numbers, 30000, num_workers=1, prefetch_factor=50)
    assert [batch.sum().item() for batch in loader] == [sum(numbers[:30000]), sum(numbers[30000:])]
    loader = DataLoader(numbers[:3000], 1, num_workers=2, prefetch_factor=2000)
    assert sum(batch.item() for batch in loader) == sum(numbers[:3000])


def test_persistent_workers_stay():
    loader = DataLoader(WhoAmI(), 1, num_workers=2, persistent_workers=True)
    first = mt.cat(list(loader)).tolist()
    next(iter(loader))  # a pass that is broken off
    assert mt.cat(list(loader)).tolist() == first
    assert iter(loader) is iter(loader)
    loader = DataLoader(WhoAmI(), 1, num_workers=2)
    assert mt.cat(list(loader)).tolist() != mt.cat(list(loader)).tolist()


class WhoAmI(Dataset):
    def __len__(self):
        return 4

    def __getitem__(self, index):
        return os.getpid()


def test_batches_may_come_out_of_order():
    loader = DataLoader(Sleeps(0.5), num_workers=2, in_order=False)
    received = [batch.item() for batch in loader]
    assert sorted(received) == [0, 1, 2, 3]
    assert received[0] != 0


def test_worker_init_fn_and_one_blas_thread():
    def init(worker_id):
        get_worker_info().dataset.offset = 100 * (worker_id + 1)

    class Offset(Dataset):
        offset = 0

        def __len__(self):
            return 2

        def __getitem__(self, index):
            from minitorch.backends.blas import get_num_threads

            return self.offset + index, get_num_threads()

    dataset = Offset()
    batches = list(DataLoader(dataset, num_workers=2, worker_init_fn=init))
    assert_equal(batches, [[mt.tensor([100]), mt.tensor([1])], [mt.tensor([201]), mt.tensor([1])]])
    assert dataset.offset == 0 and get_worker_info() is None


def test_worker_info_is_read_only():
    class Probe(Dataset):
        def __len__(self):
            return 1

        def __getitem__(self, index):
            get_worker_info().id = 3

    with pytest.raises(RuntimeError, match="Cannot assign attributes to WorkerInfo objects"):
        next(iter(DataLoader(Probe(), num_workers=1)))


# --- errors ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "error, kind",
    [(ValueError("v"), ValueError), (KeyError("k\n2"), KeyError), (Odd(1, 2), RuntimeError)],
)
def test_an_error_in_a_worker_comes_back(error, kind):
    batches = iter(DataLoader(Raises(error), num_workers=1))
    assert next(batches).item() == 0
    with pytest.raises(kind) as caught:
        next(batches)
    text = str(caught.value)
    name = type(error).__name__
    assert text.startswith(
        f"Caught {name} in DataLoader worker process 0.\nOriginal Traceback (most recent call last)"
    )
    assert "raise self.error" in text
    assert [batch.item() for batch in batches] == [2, 3]  # the loader goes on


def test_errors_in_init_in_collate_and_in_sending():
    def init(worker_id):
        raise OSError("no file")

    with pytest.raises(OSError, match=r"Caught OSError in DataLoader worker process 0\."):
        next(iter(DataLoader([1, 2], num_workers=1, worker_init_fn=init)))
    with pytest.raises(TypeError, match="Caught TypeError in DataLoader worker process 0"):
        next(iter(DataLoader([object()], num_workers=1)))
    with pytest.raises(AttributeError, match="[Pp]ickle"):
        next(iter(DataLoader([1], num_workers=1, collate_fn=lambda batch: lambda: 0)))
    with pytest.raises(RuntimeError, match="Cowardly refusing to serialize non-leaf tensor"):
        weight = mt.ones(1, requires_grad=True)
        next(iter(DataLoader([1], num_workers=1, collate_fn=lambda batch: weight * 2)))


@pytest.mark.parametrize(
    "how, cause", [("signal", "is killed by signal: Killed"), ("exit", "with exit code 3")]
)
def test_a_worker_that_dies_is_an_error(how, cause):
    batches = iter(DataLoader(Kills(how), num_workers=2))
    with pytest.raises(
        RuntimeError, match=r"DataLoader worker \(pid\(s\) \d+.*\) exited unexpectedly"
    ) as caught:
        list(batches)
    assert cause in str(caught.value.__cause__)
    with pytest.raises(RuntimeError, match="exited unexpectedly"):
        next(batches)


def test_timeout(monkeypatch):
    monkeypatch.setattr("minitorch.utils.data.dataloader._GRACE", 0.2)
    loader = DataLoader(Sleeps(30), num_workers=1, timeout=0.3)
    start = time.monotonic()
    with pytest.raises(RuntimeError, match="DataLoader timed out after 0.3 seconds"):
        next(iter(loader))
    assert time.monotonic() - start < 5  # with the worker ended


def test_options_are_checked_as_in_torch():
    with pytest.raises(ValueError, match="should specify a valid start method in"):
        DataLoader([1], num_workers=2, multiprocessing_context="bad")
    with pytest.raises(TypeError, match="should be a valid context object"):
        DataLoader([1], num_workers=2, multiprocessing_context=3)
    with pytest.raises(ValueError, match="can only be used with multi-process loading"):
        DataLoader([1], multiprocessing_context="fork")
    loader = DataLoader([1], num_workers=1, multiprocessing_context="spawn")
    assert loader.multiprocessing_context.get_start_method() == "spawn"
    assert loader.prefetch_factor == 2 and loader.num_workers == 1


@pytest.mark.filterwarnings("default:This DataLoader will create")
def test_more_workers_than_processors_are_warned_about():
    with pytest.warns(UserWarning, match="This DataLoader will create 1000 worker processes"):
        DataLoader([1], num_workers=1000)


def test_where_there_are_no_processes_it_loads_without(monkeypatch):
    monkeypatch.setattr("minitorch.utils.data.dataloader._can_start_processes", lambda: False)
    loader = DataLoader([1, 2], num_workers=2, timeout=1)
    with pytest.warns(UserWarning, match="no processes on this system"):
        batches = iter(loader)
    assert [batch.item() for batch in batches] == [1, 2]


# --- the end --------------------------------------------------------------------------------------


def test_workers_end_with_the_iterator():
    batches = iter(DataLoader(range(1000), num_workers=2))
    next(batches)
    assert len(multiprocessing.active_children()) == 2
    del batches
    gc.collect()
    assert not multiprocessing.active_children()


def alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


PROGRAM = """
import os, signal, sys, time
import minitorch
from minitorch.utils.data import DataLoader, Dataset

# A shell starts what runs in the background with interrupts ignored.
signal.signal(signal.SIGINT, signal.default_int_handler)

class Pids(Dataset):
    def __len__(self): return 1000
    def __getitem__(self, index):
        if index > 5: time.sleep(60)
        return os.getpid()

if __name__ == "__main__":
    batches = iter(DataLoader(Pids(), num_workers=2))
    print(next(batches).item(), next(batches).item(), flush=True)
    {end}
"""


@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="looks at /proc")
@pytest.mark.parametrize("end", ["kill", "interrupt", "leave"])
def test_workers_end_with_the_program(tmp_path, end):
    script = tmp_path / "program.py"
    script.write_text(
        PROGRAM.format(
            end="pass" if end == "leave" else "next(batches)\n" * 1 + "    time.sleep(60)"
        )
    )
    process = subprocess.Popen(
        [sys.executable, "-W", "error", str(script)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    with process:
        pids = [int(word) for word in process.stdout.readline().split()]
        assert len(set(pids)) == 2
        if end == "kill":
            process.kill()
        elif end == "interrupt":
            time.sleep(0.3)
            os.killpg(process.pid, signal.SIGINT)
        _, errors = process.communicate(timeout=120)
    deadline = time.monotonic() + 10
    while any(map(alive, pids)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(map(alive, pids))
    if end == "leave":
        assert not errors
    if end == "interrupt":
        assert errors.count("KeyboardInterrupt") == 1  # the workers say nothing


class Endless(IterableDataset):
    def __iter__(self):
        while True:
            yield 1


def test_an_endless_stream_can_be_left():
    for i, _ in enumerate(DataLoader(Endless(), num_workers=2)):
        if i == 5:
            break
