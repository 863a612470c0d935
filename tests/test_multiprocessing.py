"""minitorch.multiprocessing: tensors that several processes see, and functions run in several."""

import functools
import multiprocessing as standard
import multiprocessing.resource_sharer
import os
import pickle
import signal
import time
import weakref

import numpy as np
import pytest

import minitorch as mt
import minitorch.multiprocessing as mp
from minitorch import nn
from minitorch.shared_memory import Region, region_of, to_shared

pytestmark = pytest.mark.skipif(os.name != "posix", reason="memory is shared on POSIX systems")

METHODS = standard.get_all_start_methods()


def run(method, target, *args):
    """``target(*args)`` in another process, which has to end well."""
    process = mp.get_context(method).Process(target=target, args=args)
    process.start()
    process.join(30)
    assert process.exitcode == 0


# --- shared memory --------------------------------------------------------------------------------


def test_a_region_lives_as_long_as_its_arrays():
    (array,) = to_shared([np.arange(6.0).reshape(2, 3)])
    region = weakref.ref(region_of(array))
    fd = region().fd
    view = array[1, ::2]
    del array
    assert region_of(view) is region() and view.tolist() == [3, 5]
    del view
    assert region() is None
    with pytest.raises(OSError):
        os.fstat(fd)


def test_moving_keeps_elements_strides_and_common_memory():
    root = np.arange(24, dtype=np.int16).reshape(4, 6)
    moved = to_shared([root[1:, ::2], root, root.T, np.empty((0, 3)), np.array(2.5)])
    for before, after in zip(
        [root[1:, ::2], root, root.T, np.empty((0, 3)), np.array(2.5)], moved, strict=True
    ):
        np.testing.assert_array_equal(before, after)
        assert before.strides == after.strides and before.dtype == after.dtype
        assert region_of(after) is not None
    assert region_of(moved[0]) is region_of(moved[1]) is region_of(moved[2])
    assert to_shared(moved)[1] is moved[1]  # it is there already
    backwards = np.broadcast_to(np.arange(3.0), (2, 3))
    np.testing.assert_array_equal(to_shared([backwards])[0], backwards)


def test_tensor_share_memory():
    x = mt.arange(6.0).view(2, 3)
    assert not x.is_shared()
    assert x.share_memory_() is x and x.is_shared() and x[0].is_shared()
    assert x.tolist() == [[0, 1, 2], [3, 4, 5]]
    assert mt.empty(0).share_memory_().is_shared()
    leaf = mt.zeros(3, requires_grad=True)
    view = leaf[1:]
    view.share_memory_()
    with mt.no_grad():
        leaf += 1
    assert view.tolist() == [1, 1] and leaf.is_shared()


def test_module_share_memory_keeps_the_parameters():
    model = nn.Sequential(nn.Linear(3, 2), nn.BatchNorm1d(2))
    before = list(model.parameters())
    assert model.share_memory() is model
    tensors = [*model.parameters(), *model.buffers()]
    assert all(tensor.is_shared() for tensor in tensors)
    assert all(a is b for a, b in zip(before, model.parameters(), strict=True))


# --- between processes ----------------------------------------------------------------------------


def add_ten(*tensors):
    for tensor in tensors:
        with mt.no_grad():
            tensor += 10


@pytest.mark.parametrize("method", METHODS)
def test_arguments_of_a_process_share_memory(method):
    x = mt.arange(6.0).view(2, 3).t().share_memory_()
    weight = nn.Parameter(mt.zeros(2)).share_memory_()
    whole = mt.zeros(4).share_memory_()
    run(method, add_ten, x, weight, whole[1:3])
    assert x.tolist() == [[10, 13], [11, 14], [12, 15]]
    assert weight.tolist() == [10, 10]
    assert whole.tolist() == [0, 10, 10, 0]


def train(model, steps, seed):
    mt.manual_seed(seed)
    optimizer = mt.optim.SGD(model.parameters(), lr=0.05)
    for _ in range(steps):
        x = mt.randn(8, 2)
        loss = (model(x) - (x @ mt.tensor([[2.0], [-3.0]]) + 1)).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


@pytest.mark.parametrize("method", METHODS)
def test_hogwild(method):
    model = nn.Linear(2, 1)
    model.share_memory()
    processes = [
        mp.get_context(method).Process(target=train, args=(model, 150, rank)) for rank in range(2)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
        assert process.exitcode == 0
    expected = mt.tensor([2.0, -3.0, 1.0])
    assert mt.allclose(mt.cat([model.weight[0], model.bias]), expected, atol=0.05)
    assert model.weight.grad is None  # gradients are each process's own


def serve(inbox, outbox):
    for item in iter(inbox.get, None):
        tensor = item["x"] if isinstance(item, dict) else item
        tensor.mul_(2)
        outbox.put((item, type(tensor).__name__, tensor.is_shared()))
    inbox.get()  # live until everything was taken out


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("kind", ["Queue", "SimpleQueue"])
def test_queues_share_memory(method, kind):
    context = mp.get_context(method)
    inbox, outbox = getattr(context, kind)(), getattr(context, kind)()
    process = context.Process(target=serve, args=(inbox, outbox))
    process.start()
    x, y = mt.ones(3), mt.arange(4, dtype=mt.int64)[1:]
    inbox.put({"x": x})
    item, name, shared = outbox.get()
    assert shared and name == "Tensor"
    assert x.tolist() == [2, 2, 2] and x.is_shared()
    item["x"].add_(1)
    assert x.tolist() == [3, 3, 3]
    inbox.put(y)
    back, _, _ = outbox.get()
    assert y.tolist() == back.tolist() == [2, 4, 6] and back.dtype == mt.int64
    inbox.put(None)
    inbox.put("go")
    process.join(30)
    assert process.exitcode == 0
    for queue in (inbox, outbox):
        queue.close()
        if kind == "Queue":
            queue.join_thread()


def test_what_a_reduction_keeps():
    ends = mp.Pipe()
    parameter = nn.Parameter(mt.ones(2), requires_grad=False)
    parameter.tag = "name"
    integers = nn.Parameter(mt.arange(3), requires_grad=False)
    leaf = mt.ones(2, requires_grad=True)
    leaf.grad = mt.ones(2)
    ends[0].send([parameter, integers, leaf, mt.tensor(True), nn.Linear(2, 2)])
    received = ends[1].recv()
    assert isinstance(received[0], nn.Parameter) and received[0].tag == "name"
    assert [tensor.requires_grad for tensor in received[:3]] == [False, False, True]
    assert received[2].grad is None and received[3].item() is True
    assert received[4].weight.is_shared() and received[4].weight.requires_grad
    with pytest.raises(RuntimeError, match="Cowardly refusing to serialize non-leaf tensor"):
        ends[0].send(leaf * 2)
    for end in ends:
        end.close()
    standard.resource_sharer.stop()


def test_plain_pickle_copies():
    x = mt.arange(3.0).share_memory_()
    twin = pickle.loads(pickle.dumps(x))
    twin += 1
    assert x.tolist() == [0, 1, 2] and not twin.is_shared()
    model = nn.Linear(2, 2)
    assert mt.equal(pickle.loads(pickle.dumps(model)).weight, model.weight)


def square(x):
    return x * x


def test_pool():
    with mp.get_context("fork").Pool(2) as pool:
        results = pool.map(square, [mt.tensor([1.0, 2.0]), mt.tensor([3.0])])
        assert [r.tolist() for r in results] == [[1, 4], [9]]
        pool.close()
        pool.join()
    standard.resource_sharer.stop()


def test_the_rest_is_the_standard_library():
    assert mp.Process is standard.Process and mp.get_context is standard.get_context
    missing = [name for name in standard.__all__ if not hasattr(mp, name)]
    assert missing in ([], ["reducer"])
    assert mp.get_sharing_strategy() == "file_descriptor"
    mp.set_sharing_strategy("file_system")
    assert mp.get_sharing_strategy() == "file_system"
    mp.set_sharing_strategy("file_descriptor")
    with pytest.raises(AssertionError):
        mp.set_sharing_strategy("magic")
    assert mp.get_all_sharing_strategies() == {"file_descriptor", "file_system"}


@pytest.mark.compare
def test_the_names_are_those_of_torch():
    torch = pytest.importorskip("torch")
    assert not [name for name in torch.multiprocessing.__all__ if not hasattr(mp, name)]
    assert not [name for name in mp.__all__ if not hasattr(torch.multiprocessing, name)]


# --- spawn ----------------------------------------------------------------------------------------


def fill(rank, out, value):
    out[rank] = value + rank


def fail(rank, what):
    if rank == 1:
        if what == "raise":
            raise ValueError("boom")
        if what == "signal":
            os.kill(os.getpid(), signal.SIGKILL)
        os._exit(3)
    time.sleep(60)


def test_spawn():
    out = mt.zeros(3).share_memory_()
    assert mp.spawn(fill, args=(out, 5), nprocs=3) is None
    assert out.tolist() == [5, 6, 7]


start = functools.partial(mp.start_processes, start_method="fork")


def test_start_processes_without_join():
    out = mt.zeros(2).share_memory_()
    context = start(fill, (out, 1), nprocs=2, join=False)
    assert isinstance(context, mp.ProcessContext) and len(context.pids()) == 2
    while not context.join(10):
        pass
    assert out.tolist() == [1, 2] and context.join()


@pytest.mark.parametrize(
    "what, kind, text",
    [
        (
            "raise",
            mp.ProcessRaisedException,
            "\n\n-- Process 1 terminated with the following error:\nTr",
        ),
        ("signal", mp.ProcessExitedException, "process 1 terminated with signal SIGKILL"),
        ("exit", mp.ProcessExitedException, "process 1 terminated with exit code 3"),
    ],
)
def test_a_process_that_fails_ends_all(what, kind, text):
    began = time.monotonic()
    context = start(fail, (what,), nprocs=2, join=False)
    with pytest.raises(kind) as caught:
        while not context.join():
            pass
    assert str(caught.value).startswith(text)
    assert time.monotonic() - began < 20
    assert caught.value.error_index == 1 and caught.value.error_pid == context.pids()[1]
    assert not any(process.is_alive() for process in context.processes)
    assert not any(map(os.path.exists, context.error_files))
    if what == "raise":
        assert "ValueError: boom" in str(caught.value)
    else:
        assert caught.value.exit_code == (-9 if what == "signal" else 3)
        assert caught.value.signal_name == ("SIGKILL" if what == "signal" else None)
    twin = pickle.loads(pickle.dumps(caught.value))
    assert str(twin) == str(caught.value) and twin.error_index == 1


def test_spawn_knows_one_start_method():
    with pytest.warns(FutureWarning, match="only supports start_method=spawn"):
        assert mp.spawn(fill, (mt.zeros(1), 0), nprocs=0, start_method="fork") is None


def test_a_region_refuses_a_bad_file():
    with pytest.raises(OSError):
        Region(os.open(os.devnull, os.O_RDWR), 10)
