"""minitorch.distributed: several processes on this machine, forked, each with its own checks."""

import contextlib
import functools
import os
import pathlib
import signal
import socket
import subprocess
import sys
import threading
import time
import traceback
from datetime import timedelta

import numpy as np
import pytest

import minitorch as mt
import minitorch.distributed as dist
import minitorch.multiprocessing as mp
from minitorch import nn
from minitorch.distributed.collectives import Call
from minitorch.nn.parallel import DistributedDataParallel

ROOT = pathlib.Path(__file__).resolve().parents[1]

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the processes of the tests are forked")


def work(function, rank, size, address, results, timeout):
    """What a process of a test runs."""
    try:
        dist.init_process_group(
            "gloo", address, timedelta(seconds=timeout), world_size=size, rank=rank
        )
        results.send((rank, function(rank, size)))
    except BaseException:
        results.send((rank, traceback.format_exc()))
        raise SystemExit(1) from None
    dist.destroy_process_group()


def run(function, size=2, timeout=20, expected=None):
    """``function(rank, size)`` in ``size`` processes of one group; the results by rank."""
    context = mp.get_context("fork")
    with contextlib.ExitStack() as stack:
        address = f"tcp://127.0.0.1:{free_port()}"
        pipes = [context.Pipe(duplex=False) for _ in range(size)]
        for pipe in pipes:
            for end in pipe:
                stack.enter_context(end)
        processes = [
            context.Process(target=work, args=(function, rank, size, address, out, timeout))
            for rank, (_, out) in enumerate(pipes)
        ]
        for process in processes:
            process.start()
        for _, out in pipes:
            out.close()  # so that a process that dies is the end of its pipe
        end = time.monotonic() + 40
        results = []
        for rank, (into, _) in enumerate(pipes):
            try:
                received = into.recv() if into.poll(max(end - time.monotonic(), 0)) else None
            except EOFError:
                received = None
            assert received is None or received[0] == rank
            results.append(received and received[1])
        for process in processes:
            process.join(max(end - time.monotonic(), 0))
        late = [process for process in processes if process.is_alive()]
        for process in late:
            process.kill()
            process.join()
        assert not late, results
        codes = [process.exitcode for process in processes]
        assert codes == (expected or [0] * size), results
        return results


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def numbers(rank, shape=(3,), dtype=mt.float32):
    return (mt.arange(int(np.prod(shape))).reshape(shape) + 10 * rank + 1).to(dtype)


# --- operations -----------------------------------------------------------------------------------


def collectives(rank, size):
    total = functools.reduce(mt.add, [numbers(r) for r in range(size)])
    x = numbers(rank)
    assert dist.all_reduce(x) is None and mt.equal(x, total)
    x = numbers(rank)
    version = x._version
    job = dist.all_reduce(x, op=dist.ReduceOp.AVG, async_op=True)
    assert job.wait() and job.is_completed() and job.is_success() and job.result()[0] is x
    assert mt.allclose(x, total / size) and x._version == version + 1

    x = numbers(rank)
    dist.reduce(x, dst=1)
    assert mt.equal(x, total if rank == 1 else numbers(rank))
    x = numbers(rank)
    dist.broadcast(x, src=size - 1)
    assert mt.equal(x, numbers(size - 1))

    out = [mt.zeros(3) for _ in range(size)]
    dist.all_gather(out, numbers(rank))
    assert all(mt.equal(o, numbers(r)) for r, o in enumerate(out))
    for shape in ((3 * size,), (size, 3)):
        into = mt.zeros(shape)
        dist.all_gather_into_tensor(into, numbers(rank))
        assert mt.equal(into, mt.cat([numbers(r) for r in range(size)]).reshape(shape))

    out = [mt.zeros(3) for _ in range(size)] if rank == 0 else None
    dist.gather(numbers(rank), out, dst=0)
    assert rank or all(mt.equal(o, numbers(r)) for r, o in enumerate(out))
    x = mt.zeros(3)
    dist.scatter(x, [numbers(r) for r in range(size)] if rank == 1 else None, src=1)
    assert mt.equal(x, numbers(rank))

    x = mt.zeros(3)
    dist.reduce_scatter(x, [numbers(rank) * (r + 1) for r in range(size)])
    assert mt.equal(x, total * (rank + 1))
    x = mt.zeros(2)
    dist.reduce_scatter_tensor(x, mt.ones(2 * size) * (rank + 1), op=dist.ReduceOp.MAX)
    assert x.tolist() == [size, size]

    out = [mt.zeros(3) for _ in range(size)]
    dist.all_to_all(out, [numbers(rank) * (r + 1) for r in range(size)])
    assert all(mt.equal(o, numbers(r) * (rank + 1)) for r, o in enumerate(out))
    x = mt.zeros(size)
    dist.all_to_all_single(x, mt.arange(float(size)) + 10 * rank)
    assert x.tolist() == [rank + 10 * r for r in range(size)]
    sizes = [r + 1 for r in range(size)]
    x = mt.zeros((rank + 1) * size)
    dist.all_to_all_single(x, mt.full((sum(sizes),), float(rank)), [rank + 1] * size, sizes)
    assert x.tolist() == [float(r) for r in range(size) for _ in range(rank + 1)]
    dist.barrier()
    dist.monitored_barrier()
    return "done"


@pytest.mark.parametrize("size", [2, 3])
def test_collectives(size):
    assert run(collectives, size) == ["done"] * size


def reductions(rank, size):
    op = dist.ReduceOp
    results = []
    for name in ("SUM", "PRODUCT", "MIN", "MAX", "AVG", "BAND", "BOR", "BXOR"):
        for x in (
            mt.tensor([6.5, rank + 1.0]),
            mt.tensor([7, rank + 1]),
            mt.tensor([True, rank > 0]),
        ):
            try:
                dist.all_reduce(x, getattr(op, name))
                results.append(x.tolist())
            except RuntimeError as error:
                results.append(str(error)[:45])
    return results


def test_reductions_of_every_kind():
    first, second = run(reductions)
    assert first == second
    assert first == [
        [13.0, 3.0], [14, 3], [True, True],
        [42.25, 2.0], [49, 2], [True, False],
        [6.5, 1.0], [7, 1], [True, False],
        [6.5, 2.0], [7, 2], [True, True],
        [6.5, 1.5], *["result type Float can't be cast to the desire"] * 2,
        "Cannot use ReduceOp.BAND with non-integral dt", [7, 0], [True, False],
        "Cannot use ReduceOp.BOR with non-integral dty", [7, 3], [True, True],
        "Cannot use ReduceOp.BXOR with non-integral dt", [0, 3], [False, True],
    ]  # fmt: skip


def large(rank, size):
    generator = np.random.default_rng(rank)
    x = mt.tensor(generator.standard_normal((257, 301)).astype(np.float32)).t()
    jobs = [x.clone(), x.clone()]
    for job in [dist.all_reduce(y, async_op=True) for y in jobs]:
        job.wait()
    dist.all_reduce(x)
    assert mt.equal(x, jobs[0]) and mt.equal(x, jobs[1])
    half = mt.ones(50000, dtype=mt.float16) * (rank + 1)
    dist.all_reduce(half)
    assert half.sum(dtype=mt.float64).item() == 50000 * sum(range(1, size + 1))
    return x.numpy().tobytes()


@pytest.mark.parametrize("size", [2, 3])
def test_large_sums_are_the_same_bits_and_in_the_order_of_the_ranks(size):
    results = run(large, size)
    parts = [np.random.default_rng(r).standard_normal((257, 301)) for r in range(size)]
    expected = functools.reduce(np.add, [part.astype(np.float32) for part in parts])
    assert results == [np.ascontiguousarray(expected.T).tobytes()] * size


def between_two(rank, size):
    other = 1 - rank
    x = mt.zeros(3)
    if rank == 0:
        dist.send(numbers(0), 1)
        dist.recv(x, 1, tag=5)
    else:
        assert dist.recv(x) == 0 and mt.equal(x, numbers(0))
        dist.send(numbers(1), 0, tag=5)
    # Both send first, and more than fits into any buffer.
    big = mt.full((1_000_000,), float(rank))
    into = mt.zeros(1_000_000)
    dist.send(big, other)
    dist.recv(into, other)
    assert into.sum().item() == 1_000_000 * other
    # Two of one kind, waited for in reverse.
    first, second = mt.zeros(1), mt.zeros(1)
    jobs = [dist.irecv(first, other), dist.irecv(second, other)]
    assert not jobs[1].is_completed()
    dist.barrier()
    for value in (1.0, 2.0):
        dist.isend(mt.tensor([value]), other).wait()
    jobs[1].wait()
    jobs[0].wait()
    assert (first.item(), second.item()) == (1, 2) and jobs[0].source_rank() == other
    x, y = mt.zeros(2), numbers(rank, (2,))
    for job in dist.batch_isend_irecv(
        [dist.P2POp(dist.isend, y, other), dist.P2POp(dist.irecv, x, other)]
    ):
        job.wait()
    assert mt.equal(x, numbers(other, (2,)))
    with pytest.raises(ValueError, match="Invalid destination rank"):
        dist.send(x, rank)
    dist.send(mt.zeros(3), other)
    with pytest.raises(RuntimeError, match="sent 12 bytes, the tensor holds 8"):
        dist.recv(x, other)
    return "done"


def test_send_and_receive():
    assert run(between_two) == ["done"] * 2


def objects(rank, size):
    out = [None] * size
    dist.all_gather_object(out, {"rank": rank, "tensor": numbers(rank)})
    assert [o["rank"] for o in out] == list(range(size)) and mt.equal(out[1]["tensor"], numbers(1))
    given = [1, "two", mt.tensor([3])] if rank == 0 else [None] * 3
    dist.broadcast_object_list(given, src=0)
    assert given[:2] == [1, "two"] and given[2].item() == 3
    out = [None] * size if rank == 1 else None
    dist.gather_object(f"from {rank}", out, dst=1)
    assert rank != 1 or out == [f"from {r}" for r in range(size)]
    out = [None]
    dist.scatter_object_list(out, [{"for": r} for r in range(size)] if rank == 0 else None, src=0)
    assert out == [{"for": rank}]
    if rank == 0:
        dist.send_object_list(["a", 1], dst=1)
    elif rank == 1:
        out = [None, None]
        assert dist.recv_object_list(out, src=0) == 0 and out == ["a", 1]
    return "done"


def test_objects():
    assert run(objects, 3) == ["done"] * 3


def groups(rank, size):
    assert (dist.get_rank(), dist.get_world_size(), dist.get_backend()) == (rank, 3, "gloo")
    assert dist.group.WORLD is dist.GroupMember.WORLD and dist.is_initialized()
    pair = dist.new_group([2, 0])
    alone = dist.new_group([1])
    x = mt.tensor([rank + 1.0])
    if rank == 1:
        assert pair == dist.GroupMember.NON_GROUP_MEMBER
        assert (dist.get_rank(pair), dist.get_world_size(pair)) == (-1, -1)
        with pytest.warns(UserWarning, match="does not belong to the given group"):
            assert dist.all_reduce(x, group=pair) is None
        dist.all_reduce(x, group=alone)
        assert x.item() == 2
    else:
        assert dist.get_process_group_ranks(pair) == [0, 2]
        assert dist.get_group_rank(pair, 2) == 1 and dist.get_global_rank(pair, 1) == 2
        dist.all_reduce(x, group=pair)
        assert x.item() == 4
        dist.broadcast(x.fill_(rank), src=2, group=pair)
        assert x.item() == 2
        dist.broadcast(x.fill_(rank), group_src=0, group=pair)
        assert x.item() == 0
        with pytest.raises(ValueError, match="Global rank 1 is not part of group"):
            dist.broadcast(x, src=1, group=pair)
    everybody = dist.new_group()
    dist.barrier(group=everybody)
    assert dist.get_pg_count() == 3
    if rank != 1:
        local = dist.new_group([0, 2], use_local_synchronization=True)
        dist.barrier(group=local)
        dist.destroy_process_group(pair)
        with pytest.raises(ValueError, match="Invalid process group"):
            dist.barrier(group=pair)
    with pytest.raises(ValueError, match="trying to initialize the default process group twice"):
        dist.init_process_group("gloo", rank=0, world_size=1, store=dist.HashStore())
    return "done"


def test_groups():
    assert run(groups, 3) == ["done"] * 3


def arguments(rank, size):
    x = mt.ones(1)
    for error, text, call in [
        (
            TypeError,
            "Expected parameter `tensor` of type torch.Tensor",
            lambda: dist.all_reduce([x]),
        ),
        (RuntimeError, "invalid root rank: 5", lambda: dist.broadcast(x, 5)),
        (RuntimeError, "expected length 2, got 1", lambda: dist.all_gather([x], x)),
        (RuntimeError, "world_size times", lambda: dist.all_gather_into_tensor(mt.ones(3), x)),
        (RuntimeError, "Split sizes", lambda: dist.all_to_all_single(x, x, [1, 1], [1, 0])),
        (ValueError, "type ``torch.distributed.isend``", lambda: dist.P2POp(dist.send, x, 1)),
    ]:
        with pytest.raises(error, match=text):
            call()
    if rank == 0:
        with pytest.raises(ValueError, match="must be specified on destination rank"):
            dist.gather(x)
        with pytest.raises(ValueError, match="must be specified on source rank"):
            dist.scatter(x)
    else:
        with pytest.raises(ValueError, match="must NOT be specified on non-source ranks"):
            dist.scatter(x, [x, x], src=0)
    with pytest.warns(FutureWarning, match="please use `torch.distributed.ReduceOp`"):
        assert dist.reduce_op.SUM is dist.ReduceOp.SUM
    dist.all_reduce(x)  # nothing of this has put the processes out of step
    return x.item()


def test_arguments_are_checked():
    assert run(arguments) == [2, 2]


# --- when something goes wrong --------------------------------------------------------------------


def killed(rank, size):
    if rank == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    with pytest.raises(RuntimeError, match="Connection closed by peer: rank 1"):
        for _ in range(2):
            dist.all_reduce(mt.ones(20000))
    return "noticed"


def test_a_process_that_dies_raises_in_the_others():
    began = time.monotonic()
    assert run(killed, expected=[0, -signal.SIGKILL])[0] == "noticed"
    assert time.monotonic() - began < 10  # not the timeout


def late(rank, size):
    x = mt.zeros(1)
    if rank == 1:
        time.sleep(1.5)
        return "late"
    dist.group.WORLD._timeout = 0.1
    for call in (
        lambda: dist.recv(x, 1),
        lambda: dist.all_reduce(x),
        lambda: dist.barrier(timeout=timedelta(milliseconds=100)),
    ):
        with pytest.raises(RuntimeError, match="Timed out waiting 100ms for recv operation"):
            call()
    with pytest.raises(RuntimeError, match="Rank 1 failed to pass monitoredBarrier in 200 ms"):
        dist.monitored_barrier(timeout=timedelta(milliseconds=200))
    return "timeouts"


def test_timeouts():
    assert run(late) == ["timeouts", "late"]


def out_of_step(rank, size):
    x = mt.ones(2 + rank)
    if rank == 0:
        with pytest.raises(RuntimeError, match="is all_reduce on rank 0 and broadcast on rank 1"):
            dist.all_reduce(x)
    else:
        dist.broadcast(x, src=1)
    with pytest.raises(RuntimeError, match="shape and dtype must be the same on all ranks"):
        dist.all_reduce(x)
    job = dist.all_reduce(x, async_op=True)
    with pytest.raises(RuntimeError, match="shape and dtype must be the same on all ranks"):
        job.wait()
    assert job.is_completed() and not job.is_success() and job.exception() is not None
    assert x.tolist() == [1.0] * (2 + rank)
    return "done"


def test_processes_in_different_operations_are_told():
    assert run(out_of_step) == ["done", "done"]


def test_without_a_group():
    assert not dist.is_initialized() and dist.is_available()
    for call in (dist.get_rank, dist.get_world_size, dist.get_backend, dist.barrier):
        with pytest.raises(ValueError, match="Default process group has not been initialized"):
            call()
    with pytest.raises(AssertionError, match="Process group cannot be None"):
        dist.destroy_process_group()
    with pytest.raises(RuntimeError, match="Distributed package doesn't have NCCL built in"):
        dist.init_process_group("nccl", rank=0, world_size=1)
    with pytest.raises(RuntimeError, match="Distributed package doesn't have MPI built in"):
        dist.init_process_group("mpi")
    with pytest.raises(AssertionError, match="Unknown backend type bad"):
        dist.init_process_group("bad")
    assert dist.is_gloo_available() and not dist.is_nccl_available() and not dist.is_mpi_available()
    assert dist.get_default_backend_for_device("cpu") == "gloo"
    assert dist.get_node_local_rank(7) == 7
    with pytest.raises(RuntimeError, match="LOCAL_RANK is not in the environment"):
        dist.get_node_local_rank()


def test_rendezvous_says_what_is_missing(monkeypatch):
    for name in ("RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT"):
        monkeypatch.delenv(name, raising=False)
        with pytest.raises(ValueError, match="environment variable RANK expected, but not set"):
            dist.init_process_group("gloo")
    monkeypatch.setenv("RANK", "0")
    monkeypatch.setenv("WORLD_SIZE", "1")
    with pytest.raises(ValueError, match="environment variable MASTER_ADDR expected"):
        dist.init_process_group("gloo")
    with pytest.raises(ValueError, match="rank parameter missing"):
        dist.init_process_group("gloo", init_method="tcp://127.0.0.1:1")
    with pytest.raises(RuntimeError, match="No rendezvous handler for ftp://"):
        dist.init_process_group("gloo", init_method="ftp://x", rank=0, world_size=1)
    with pytest.raises(ValueError, match="rank 2 is not in the interval"):
        dist.init_process_group("gloo", store=dist.HashStore(), rank=2, world_size=2)


def test_one_process_and_every_way_to_meet(tmp_path, monkeypatch):
    for name, value in {
        "RANK": 0,
        "WORLD_SIZE": 1,
        "MASTER_ADDR": "localhost",
        "MASTER_PORT": free_port(),
    }.items():
        monkeypatch.setenv(name, str(value))
    path = tmp_path / "meeting"
    for options in (
        {},
        {"init_method": f"tcp://localhost:{free_port()}?rank=0&world_size=1"},
        {"init_method": f"file://{path}", "rank": 0, "world_size": 1},
        {"store": dist.HashStore(), "rank": 0, "world_size": 1},
    ):
        dist.init_process_group(**options)
        x = mt.tensor([2.0, 3.0])
        dist.all_reduce(x)
        dist.barrier()
        assert x.tolist() == [2, 3] and dist.get_world_size() == 1
        dist.destroy_process_group()
    assert not path.exists()


# --- data -----------------------------------------------------------------------------------------


def shares(lib, size, replicas, **options):
    result = []
    for rank in range(replicas):
        sampler = lib.utils.data.distributed.DistributedSampler(
            range(size), replicas, rank, **options
        )
        for epoch in (0, 3):
            sampler.set_epoch(epoch)
            result.append((list(sampler), len(sampler), sampler.total_size))
    return result


SHARES = [
    (10, 2, {}),
    (10, 3, {"shuffle": False}),
    (10, 3, {"drop_last": True}),
    (10, 4, {"seed": 5}),
    (2, 5, {}),
    (2, 5, {"drop_last": True}),
    (9, 3, {"drop_last": True, "shuffle": False}),
]


@pytest.mark.compare
@pytest.mark.parametrize("size, replicas, options", SHARES)
def test_distributed_sampler_is_that_of_torch(size, replicas, options):
    torch = pytest.importorskip("torch")
    assert shares(mt, size, replicas, **options) == shares(torch, size, replicas, **options)


def test_distributed_sampler():
    first, again, second, _ = shares(mt, 9, 2)
    assert len(first[0]) == len(second[0]) == 5 and first[0] != again[0]
    assert set(first[0]) | set(second[0]) == set(range(9))
    with pytest.raises(
        ValueError, match=r"Invalid rank 2, rank should be in the interval \[0, 1\]"
    ):
        mt.utils.data.DistributedSampler(range(3), 2, 2)
    with pytest.raises(ValueError, match="Default process group has not been initialized"):
        mt.utils.data.DistributedSampler(range(3))


def sampled(rank, size):
    sampler = mt.utils.data.DistributedSampler(range(4), shuffle=False)
    return [
        batch.item() for batch in mt.utils.data.DataLoader(range(4), sampler=sampler, num_workers=1)
    ]


def test_sampler_and_workers_in_a_group():
    assert run(sampled) == [[0, 2], [1, 3]]


# --- DistributedDataParallel ----------------------------------------------------------------------


def network(dtype=mt.float64):
    mt.manual_seed(0)
    return nn.Sequential(nn.Linear(6, 40), nn.Tanh(), nn.Linear(40, 3)).to(dtype)


def batch(dtype=mt.float64):
    generator = mt.Generator().manual_seed(1)
    x = mt.randn(12, 6, generator=generator).to(dtype)
    return x, mt.randn(12, 3, generator=generator).to(dtype)


def step_by_step(model, x, y, steps=4):
    optimizer = mt.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    for _ in range(steps):
        optimizer.zero_grad()
        nn.functional.mse_loss(model(x), y).backward()
        optimizer.step()
    return [p.detach().numpy() for p in model.parameters()]


def replicas(rank, size):
    model = network()
    if rank:  # rank 0's parameters count
        for p in model.parameters():
            p.data.zero_()
    x, y = batch()
    share = slice(rank * len(x) // size, (rank + 1) * len(x) // size)
    # Buckets of a few hundred bytes: there are several, and they travel while others are made.
    ddp = DistributedDataParallel(model, bucket_cap_mb=0.0005)
    assert len(ddp.reducer._buckets) > 1
    return step_by_step(ddp, x[share], y[share])


@pytest.mark.parametrize("size", [2, 3])
def test_replicas_train_as_one_model_on_the_whole_batch(size):
    results = run(replicas, size)
    alone = step_by_step(network(), *batch())
    for parameters in results:
        for p, expected, first in zip(parameters, alone, results[0], strict=True):
            np.testing.assert_allclose(p, expected, rtol=1e-6, atol=1e-9)
            assert p.tobytes() == first.tobytes()


def accumulation(rank, size):
    ddp = DistributedDataParallel(network())
    x, y = batch()
    mine = slice(rank * 6, rank * 6 + 6)
    x, y = x[mine], y[mine]
    with ddp.no_sync():
        nn.functional.mse_loss(ddp(x[:2]), y[:2]).backward()
        own = ddp.module[0].weight.grad.clone()
    everybody = [mt.zeros_like(own) for _ in range(size)]
    dist.all_gather(everybody, own)
    assert not mt.equal(*everybody)  # nothing was averaged yet
    nn.functional.mse_loss(ddp(x[2:]), y[2:]).backward()
    return [p.grad.numpy() for p in ddp.parameters()]


def test_no_sync():
    first, second = run(accumulation)
    model = network()
    x, y = batch()
    for part in (slice(0, 2), slice(2, 6), slice(6, 8), slice(8, 12)):
        (nn.functional.mse_loss(model(x[part]), y[part]) / 2).backward()
    for p, a, b in zip(model.parameters(), first, second, strict=True):
        np.testing.assert_allclose(a, p.grad.numpy(), rtol=1e-9)
        np.testing.assert_array_equal(a, b)


class Choice(nn.Module):
    """Uses one of its two layers."""

    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Linear(2, 2), nn.Linear(2, 2)

    def forward(self, x, which="a"):
        return {"result": [getattr(self, which)(x)]}


def choices(rank, size):
    x = mt.ones(1, 2)
    ddp = DistributedDataParallel(Choice())
    ddp(x)["result"][0].sum().backward()
    with pytest.raises(RuntimeError, match="Expected to have finished reduction") as caught:
        ddp(x)
    assert "Parameter indices which did not receive grad" in str(caught.value)
    assert ": 2 3 (b.weight, b.bias)" in str(caught.value)

    results = []
    for options in ({"find_unused_parameters": True}, {"static_graph": True}):
        ddp = DistributedDataParallel(Choice(), **options)
        ddp(x)["result"][0].sum().backward()
        assert ddp.module.b.weight.grad is None and ddp.module.a.weight.grad.sum().item() == 4
        ddp(x, which="ab"[rank])["result"][0].sum().backward()
        results.append([p.grad.tolist() for p in ddp.parameters()])
    assert results[0] == results[1]
    return results[0]


def test_parameters_that_are_left_out():
    first, second = run(choices)
    # Rank 0 has used a twice, rank 1 once, and rank 1 alone b.
    assert first == second == [[[1.0] * 2] * 2, [1.0] * 2, [[0.5] * 2] * 2, [0.5] * 2]


def buffers(rank, size):
    ddp = DistributedDataParallel(nn.BatchNorm1d(2))
    assert ddp.module.running_mean.tolist() == [0, 0]
    ddp(mt.ones(4, 2) * (rank + 1) + mt.arange(4.0)[:, None])
    own = ddp.module.running_mean.tolist()
    with mt.no_grad():
        ddp.eval()(mt.ones(4, 2))  # takes rank 0's
        taken = ddp.module.running_mean.tolist()
        if rank:
            ddp.module.running_mean += 1
        ddp(mt.ones(4, 2))  # and keeps its own, until it trains again
    kept = ddp.module.running_mean.tolist()
    ddp.broadcast_buffers = False
    ddp.require_forward_param_sync = True
    ddp(mt.ones(4, 2))
    assert ddp.module.running_mean.tolist() == kept
    return [own, taken, kept]


def test_buffers_are_those_of_rank_0():
    (own, taken, kept), (own1, taken1, kept1) = run(buffers)
    assert own != own1 and taken == taken1 == own and kept == taken
    np.testing.assert_allclose(kept1, np.add(kept, 1))


def looked_at_between(rank, size):
    ddp = DistributedDataParallel(nn.Linear(1, 1, bias=False))
    loss = ddp(mt.tensor([[rank + 1.0]])).sum()
    with mt.no_grad():
        ddp(mt.ones(1, 1))
    loss.backward()
    return ddp.module.weight.grad.item()


def test_a_forward_without_gradients_in_between_changes_nothing():
    assert run(looked_at_between) == [1.5, 1.5]


def trained(lib, address, rank, results):
    """Three epochs of two replicas, with a sampler, dropout and buffers."""
    lib.distributed.init_process_group("gloo", init_method=address, rank=rank, world_size=2)
    lib.manual_seed(rank)
    layers = [lib.nn.Linear(4, 8), lib.nn.BatchNorm1d(8), lib.nn.Dropout(0.2), lib.nn.Linear(8, 2)]
    model = lib.nn.parallel.DistributedDataParallel(lib.nn.Sequential(*layers))
    lib.manual_seed(5)
    data = lib.utils.data.TensorDataset(lib.randn(40, 4), lib.randn(40, 2))
    sampler = lib.utils.data.distributed.DistributedSampler(data)
    loader = lib.utils.data.DataLoader(data, 5, sampler=sampler)
    numbers = []
    for epoch in range(3):
        sampler.set_epoch(epoch)
        for x, y in loader:
            loss = lib.nn.functional.mse_loss(model(x), y)
            loss.backward()
            with lib.no_grad():  # by hand: torch's optimizers take seconds to import
                for parameter in model.parameters():
                    parameter -= 0.1 * parameter.grad
                    parameter.grad = None
        total = loss.detach().clone()
        lib.distributed.all_reduce(total)
        numbers += [total.item(), model.module[1].running_var.sum().item()]
    results.send((rank, numbers))
    lib.distributed.destroy_process_group()


@pytest.mark.compare
def test_training_prints_the_numbers_of_torch(tmp_path):
    torch = pytest.importorskip("torch")
    context = mp.get_context("fork")
    numbers = {}
    for name, lib in {"minitorch": mt, "torch": torch}.items():
        address = f"file://{tmp_path / name}"
        into, out = context.Pipe(duplex=False)
        processes = [
            context.Process(target=trained, args=(lib, address, rank, out)) for rank in range(2)
        ]
        with into, out:
            for process in processes:
                process.start()
            for process in processes:
                process.join(40)
                if process.is_alive():
                    process.kill()
            assert into.poll(1)
            by_rank = sorted([into.recv(), into.recv()])
            numbers[name] = [row for _, row in by_rank]
    np.testing.assert_allclose(numbers["minitorch"], numbers["torch"], rtol=1e-4)


def construction(rank, size):
    ddp = DistributedDataParallel(nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2)))
    assert list(ddp.state_dict())[:3] == ["module.0.weight", "module.0.bias", "module.1.weight"]
    assert repr(ddp).startswith("DistributedDataParallel(\n  (module): Sequential(\n    (0): Lin")
    with pytest.raises(
        RuntimeError, match="is not needed when a module doesn't have any parameter"
    ):
        DistributedDataParallel(nn.ReLU())
    with pytest.raises(ValueError, match="only work with single-device"):
        DistributedDataParallel(nn.Linear(2, 2), device_ids=[0])
    with pytest.raises(ValueError, match="contain a single element"):
        DistributedDataParallel(nn.Linear(2, 2), device_ids=[0, 1])
    with pytest.raises(RuntimeError, match="DDP expects same model across all ranks, but param 0"):
        DistributedDataParallel(nn.Linear(2, 2 + rank))
    with pytest.raises(RuntimeError, match="has inconsistent . params"):
        DistributedDataParallel(nn.Linear(2, 2, bias=rank == 0))
    with pytest.raises(NotImplementedError, match="mixed_precision"):
        DistributedDataParallel(nn.Linear(2, 2), mixed_precision=1)
    del ddp
    return "done"


def test_construction_and_names():
    assert run(construction) == ["done"] * 2
    with pytest.raises(ValueError, match="Default process group has not been initialized"):
        DistributedDataParallel(nn.Linear(2, 2))


def dying_trainer(rank, size):
    ddp = DistributedDataParallel(network())
    x, y = batch()
    step_by_step(ddp, x, y, 1)
    if rank == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    with pytest.raises(RuntimeError, match="Connection closed by peer: rank 1"):
        step_by_step(ddp, x, y, 2)
    return "noticed"


def test_a_replica_that_dies_does_not_hang_the_others():
    assert run(dying_trainer, expected=[0, -signal.SIGKILL])[0] == "noticed"


# --- stores ---------------------------------------------------------------------------------------


@pytest.fixture(params=["hash", "tcp", "file", "prefix"])
def store(request, tmp_path):
    made = {
        "hash": lambda: dist.HashStore(),
        "tcp": lambda: dist.TCPStore("127.0.0.1", 0, 1, True),
        "file": lambda: dist.FileStore(tmp_path / "store", 1),
        "prefix": lambda: dist.PrefixStore("p", dist.HashStore()),
    }[request.param]()
    yield made
    if request.param in ("tcp", "file"):
        made.close()


def test_stores(store):
    store.set_timeout(timedelta(seconds=0.1))
    keys = store.num_keys()
    store.set("a", "b")
    assert store.get("a") == b"b" and store.add("n", 3) == 3 and store.add("n", -1) == 2
    assert store.get("n") == b"2" and store.check(["a", "n"]) and not store.check(["a", "x"])
    assert store.num_keys() == keys + 2 and {"a", "n"} <= set(store.list_keys())
    assert store.delete_key("a") and not store.delete_key("a")
    assert store.compare_set("q", "", "v") == b"v" and store.compare_set("q", "v", "w") == b"w"
    assert store.compare_set("q", "other", "x") == b"w"
    store.append("q", "!")
    store.multi_set(["r", "s"], ["1", b"\0\xff"])
    assert store.multi_get(["q", "s"]) == [b"w!", b"\0\xff"]
    with pytest.raises(dist.DistStoreError, match="wait timeout after 100ms, keys: /zz"):
        store.get("zz")
    with pytest.raises(RuntimeError, match="wait timeout after 50ms, keys: /zz, /y"):
        store.wait(["zz", "y"], timedelta(milliseconds=50))


def test_stores_wait_for_others(tmp_path):
    server = dist.TCPStore("127.0.0.1", 0, None, True)
    client = dist.TCPStore("127.0.0.1", server.port, None, False)
    file = tmp_path / "file"
    both = dist.FileStore(file, 2), dist.FileStore(file, 2)
    table = dist.HashStore()
    for one, other in ((server, client), both, (table, table)):
        writer = threading.Timer(0.1, lambda other=other: other.set("late", "now"))
        writer.start()
        assert one.get("late") == b"now"
        writer.join()
    both[0].close()
    assert file.exists()
    both[1].close()
    assert not file.exists()
    server.close()
    with pytest.raises(dist.DistNetworkError, match="failed to reach the store"):
        client.get("late")
    client.close()


def test_a_master_that_is_not_there_or_not_alone():
    with pytest.raises(
        dist.DistNetworkError, match="timed out after 100ms while trying to connect"
    ):
        dist.TCPStore("127.0.0.1", free_port(), 2, False, timedelta(milliseconds=100))
    with pytest.raises(dist.DistStoreError, match="1/2 clients joined"):
        dist.TCPStore("127.0.0.1", 0, 2, True, timedelta(milliseconds=100))
    master = dist.TCPStore("127.0.0.1", 0, 1, True)
    with pytest.raises(dist.DistNetworkError, match="failed to listen"):
        dist.TCPStore("127.0.0.1", master.port, 1, True)
    master.close()


def test_strangers_are_not_let_in():
    """Whoever does not know the group's word is not one of its processes."""
    store = dist.HashStore()
    meshes = [None, None]

    def join(rank):
        from minitorch.distributed.mesh import Mesh

        meshes[rank] = Mesh(store, rank, 2, 10)

    first = threading.Thread(target=join, args=(0,))
    first.start()
    host, port = store.get("address/0").decode().split()
    with socket.create_connection((host, int(port))) as stranger:
        stranger.sendall(b"x" * 16 + (1).to_bytes(4, "little"))
        assert stranger.recv(1) == b""  # hung up
    second = threading.Thread(target=join, args=(1,))
    second.start()
    first.join(10)
    second.join(10)
    sums = [None, None]

    def add(rank):
        call = Call(meshes[rank], 1, "all_reduce", 10)
        sums[rank] = call.all_reduce(np.array([rank + 1.0]), dist.ReduceOp.SUM)

    threads = [threading.Thread(target=add, args=(rank,)) for rank in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert [float(s[0]) for s in sums] == [3, 3]
    for mesh in meshes:
        mesh.close()


# --- the launcher ---------------------------------------------------------------------------------

#: Light, so that the tests are quick: it looks at its environment only.
PROGRAM = """
import os, sys

*arguments, folder = sys.argv[1:]
rank, attempt = os.environ["RANK"], os.environ["TORCHELASTIC_RESTART_COUNT"]
with open(os.path.join(folder, rank), "w") as file:
    print(os.environ["WORLD_SIZE"], os.environ["LOCAL_RANK"], *arguments, file=file)
if "fail" in arguments and rank == "1" and attempt == "0":
    os._exit(7)
"""

SUM = """
import os, sys
import minitorch, minitorch.distributed as dist

dist.init_process_group("gloo")
x = minitorch.tensor([dist.get_rank() + 1.0])
dist.all_reduce(x)
with open(os.path.join(sys.argv[-1], str(dist.get_rank())), "w") as file:
    print(x.item(), file=file)
dist.destroy_process_group()
"""


def launch(folder, options, *arguments, module="run", program=PROGRAM):
    script = folder / "program.py"
    script.write_text(program)
    command = [sys.executable, "-m", f"minitorch.distributed.{module}", *options, script]
    done = subprocess.run(
        [*command, *arguments, folder],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    return done, [path.read_text().split() for path in sorted(folder.glob("[0-9]"))]


def test_launcher(tmp_path):
    done, said = launch(tmp_path, ["--standalone", "--nproc-per-node=2"], program=SUM)
    assert done.returncode == 0, done.stderr
    assert said == [["3.0"], ["3.0"]]


def test_launcher_ends_all_when_one_fails_and_may_start_again(tmp_path):
    done, said = launch(tmp_path, ["--nproc_per_node", "2"], "fail")
    assert done.returncode == 1 and "local rank 1" in done.stderr and "exit code 7" in done.stderr
    done, said = launch(tmp_path, ["--nproc_per_node", "2", "--max-restarts=1"], "fail")
    assert done.returncode == 0 and "attempt 1 of 2" in done.stderr
    assert said == [["2", "0", "fail"], ["2", "1", "fail"]]


def test_launcher_of_one_of_several_machines(tmp_path):
    options = ["--nnodes=2", "--node-rank=1", "--nproc-per-node=2", "--master-addr=far"]
    done, said = launch(tmp_path, options)
    assert done.returncode == 0 and said == [["4", "0"], ["4", "1"]]
    assert sorted(path.name for path in tmp_path.glob("[0-9]")) == ["2", "3"]


def test_old_launcher(tmp_path):
    done, said = launch(tmp_path, ["--nproc_per_node=2"], "x", module="launch")
    assert done.returncode == 0, done.stderr
    assert said == [["2", str(r), f"--local-rank={r}", "x"] for r in range(2)]
    done, said = launch(tmp_path, ["--use-env"], "x", module="launch")
    assert said[0] == ["1", "0", "x"]


def test_launcher_refuses_what_makes_no_sense():
    from minitorch.distributed.run import get_args_parser
    from minitorch.distributed.run import run as start

    for options, error, text in [
        (["--nnodes=1:4"], NotImplementedError, "cannot change while the program runs"),
        (["--nnodes=x"], ValueError, "number of machines"),
        (["--standalone", "--nnodes=2"], ValueError, "one machine"),
        (["--no-python", "-m"], ValueError, "both"),
        (["--nproc-per-node=many"], ValueError, "Unsupported nproc_per_node value: many"),
        (["--nproc-per-node=0"], ValueError, "at least 1"),
    ]:
        with pytest.raises(error, match=text):
            start(get_args_parser().parse_args([*options, "program.py"]))
