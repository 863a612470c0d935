"""Process groups, and the functions of ``minitorch.distributed`` that work on them.

Source: torch.distributed.distributed_c10d.
"""

from __future__ import annotations

import os
import pickle
import queue
import threading
import time
import warnings
from collections import deque
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import numpy as np

from minitorch.distributed.collectives import Call, ReduceOp, check_reduction
from minitorch.distributed.mesh import POINT_TO_POINT, Mesh
from minitorch.distributed.rendezvous import rendezvous
from minitorch.distributed.sockets import milliseconds, seconds
from minitorch.distributed.store import PrefixStore, Store
from minitorch.tensor import Tensor

__all__ = [
    "Backend",
    "GroupMember",
    "P2POp",
    "ProcessGroup",
    "ReduceOp",
    "Work",
    "all_gather",
    "all_gather_into_tensor",
    "all_gather_object",
    "all_gather_single",
    "all_reduce",
    "all_to_all",
    "all_to_all_single",
    "barrier",
    "batch_isend_irecv",
    "broadcast",
    "broadcast_object_list",
    "default_pg_timeout",
    "destroy_process_group",
    "gather",
    "gather_object",
    "get_backend",
    "get_default_backend_for_device",
    "get_global_rank",
    "get_group_rank",
    "get_node_local_rank",
    "get_pg_count",
    "get_process_group_ranks",
    "get_rank",
    "get_world_size",
    "group",
    "init_process_group",
    "irecv",
    "is_available",
    "is_backend_available",
    "is_gloo_available",
    "is_initialized",
    "is_mpi_available",
    "is_nccl_available",
    "is_torchelastic_launched",
    "is_ucc_available",
    "is_xccl_available",
    "isend",
    "monitored_barrier",
    "new_group",
    "recv",
    "recv_object_list",
    "reduce",
    "reduce_op",
    "reduce_scatter",
    "reduce_scatter_single",
    "reduce_scatter_tensor",
    "scatter",
    "scatter_object_list",
    "send",
    "send_object_list",
]

#: How long the processes of a group wait for each other if nothing else is said.
default_pg_timeout = timedelta(minutes=30)

_NOT_INITIALIZED = (
    "Default process group has not been initialized, please make sure to call init_process_group."
)


class _ReduceOps(type):
    def __getattr__(cls, name: str) -> ReduceOp:
        if name not in ReduceOp.__members__:
            raise AttributeError(f"reduce_op has no attribute {name!r}")
        warnings.warn(
            "`torch.distributed.reduce_op` is deprecated, please use `torch.distributed.ReduceOp` "
            "instead",
            FutureWarning,
            stacklevel=2,
        )
        return ReduceOp[name]


class reduce_op(metaclass=_ReduceOps):
    """The old name of ``ReduceOp``.  Source: torch.distributed.reduce_op."""


class Backend(str):
    """The name of a backend, in lower case.  Source: torch.distributed.Backend."""

    UNDEFINED = "undefined"
    GLOO = "gloo"
    NCCL = "nccl"
    UCC = "ucc"
    MPI = "mpi"
    XCCL = "xccl"

    def __new__(cls, name: str) -> Backend:
        if not isinstance(name, str):
            raise ValueError(f"Backend constructor parameter must be string-ish, got {name!r}")
        return super().__new__(cls, name.lower())


# --- work -----------------------------------------------------------------------------------------


class Work:
    """An operation that may still be under way.  Source: torch.distributed.Work."""

    def __init__(self, run: Callable[[], Any], source: int = -1) -> None:
        self._run = run
        self._done = threading.Event()
        self._error: BaseException | None = None
        self._result: Any = None
        self._source = source

    def _complete(self) -> None:
        try:
            self._result = self._run()
        except BaseException as error:
            self._error = error
        finally:
            self._run = _nothing  # lets go of the tensors
            self._done.set()

    def wait(self, timeout: timedelta | None = None) -> bool:
        """Wait until the operation is over; raises what went wrong in it.

        Errors: RuntimeError after ``timeout``.
        """
        limit = None if timeout is None or seconds(timeout) == 0 else seconds(timeout)
        if not self._done.wait(limit):
            raise RuntimeError(f"Operation timed out after {milliseconds(limit or 0)}ms")
        if self._error is not None:
            raise self._error
        return True

    def is_completed(self) -> bool:
        """Whether it is over, well or not."""
        return self._done.is_set()

    def is_success(self) -> bool:
        """Whether it is over and went well."""
        return self.is_completed() and self._error is None

    def exception(self) -> BaseException | None:
        """What went wrong, or None."""
        return self._error

    def result(self) -> Any:
        """The tensors that the operation filled."""
        self.wait()
        return self._result

    def synchronize(self) -> None:
        """``wait``."""
        self.wait()

    def source_rank(self) -> int:
        """Of a receive that is over: the rank that sent."""
        return self._source


def _nothing() -> None:
    return None


class _Receive(Work):
    """A receive, whose message is taken when somebody asks; earlier ones of its kind come first."""

    def __init__(self, run: Callable[[], Any], ahead: deque[_Receive], ready: Callable[[], bool]):
        super().__init__(run)
        self._ahead, self._ready = ahead, ready
        ahead.append(self)

    def wait(self, timeout: timedelta | None = None) -> bool:
        while not self._done.is_set():
            self._ahead.popleft()._complete()
        return super().wait(timeout)

    def is_completed(self) -> bool:
        while not self._done.is_set() and self._ready():
            self._ahead.popleft()._complete()
        return super().is_completed()


class _Background:
    """A thread that completes the asynchronous operations of a group, one after the other."""

    def __init__(self) -> None:
        self._work: queue.SimpleQueue[Work | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    def add(self, work: Work) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._loop, daemon=True, name="collectives")
            self._thread.start()
        self._work.put(work)

    def _loop(self) -> None:
        while (work := self._work.get()) is not None:
            work._complete()

    def close(self) -> None:
        self._work.put(None)


# --- groups ---------------------------------------------------------------------------------------


class ProcessGroup:
    """Processes that work together; made by ``init_process_group`` and ``new_group``.

    Source: torch.distributed.ProcessGroup.
    """

    def __init__(
        self, store: Store, ranks: Sequence[int], rank: int, timeout: float, backend: str, name: str
    ) -> None:
        self._ranks = list(ranks)
        self._timeout = timeout
        self._backend = backend
        self._store = store
        self.group_name = name
        self._mesh = Mesh(store, rank, len(ranks), timeout)
        self._background = _Background()
        self._number = 0
        self._lock = threading.Lock()
        self._receives: dict[tuple[int | None, int], deque[_Receive]] = {}
        # Nobody needs the store any more once all have come here.
        self._call("init_process_group").all_gather_bytes(b"")

    def rank(self) -> int:
        """This process's rank in the group."""
        return self._mesh.rank

    def size(self) -> int:
        """The number of processes."""
        return self._mesh.size

    def name(self) -> str:
        """The name of the backend."""
        return self._backend

    def get_group_store(self) -> Store:
        """The store through which the processes found each other."""
        return self._store

    def _call(self, name: str, timeout: float | None = None) -> Call:
        with self._lock:
            self._number += 1
            number = self._number
        return Call(self._mesh, number, name, self._timeout if timeout is None else timeout)

    def _start(self, run: Callable[[], Any], async_op: bool) -> Work | None:
        """Run an operation, now or in the background."""
        work = Work(run)
        if async_op:
            self._background.add(work)
            return work
        work._complete()
        work.wait()
        return None

    def _group_rank(self, global_rank: int) -> int:
        if global_rank not in self._ranks:
            raise ValueError(f"Global rank {global_rank} is not part of group {self._ranks}")
        return self._ranks.index(global_rank)

    def _close(self) -> None:
        self._background.close()
        self._mesh.close()


class _WorldType(type):
    @property
    def WORLD(cls) -> ProcessGroup | None:
        """The group of all processes, or None."""
        return _world.default

    @WORLD.setter
    def WORLD(cls, default: ProcessGroup | None) -> None:
        _world.default = default


class group(metaclass=_WorldType):
    """``group.WORLD`` is the group of all processes.  Source: torch.distributed.group."""


class GroupMember(metaclass=_WorldType):
    """``NON_GROUP_MEMBER`` is what ``new_group`` returns to those who do not belong to it.

    Source: torch.distributed.GroupMember.
    """

    NON_GROUP_MEMBER = -100


class _World:
    """What this process takes part in."""

    def __init__(self) -> None:
        self.default: ProcessGroup | None = None
        self.groups: list[ProcessGroup] = []
        self.made = 0  # how many groups were made since the start, the same in all processes
        self.made_by_members: dict[tuple[int, ...], int] = {}
        self.store: Store | None = None


_world = _World()


def is_available() -> bool:
    """Whether this package can be used: always.  Source: torch.distributed.is_available."""
    return True


def is_initialized() -> bool:
    """Whether ``init_process_group`` was called.  Source: torch.distributed.is_initialized."""
    return _world.default is not None


def is_gloo_available() -> bool:
    """Whether there is the backend for CPUs: yes.  Source: torch.distributed.is_gloo_available."""
    return True


def is_nccl_available() -> bool:
    """Whether there is NCCL: no.  Source: torch.distributed.is_nccl_available."""
    return False


def is_mpi_available() -> bool:
    """Whether there is MPI: no.  Source: torch.distributed.is_mpi_available."""
    return False


def is_ucc_available() -> bool:
    """Whether there is UCC: no.  Source: torch.distributed.is_ucc_available."""
    return False


def is_xccl_available() -> bool:
    """Whether there is XCCL: no.  Source: torch.distributed.is_xccl_available."""
    return False


def is_backend_available(backend: str) -> bool:
    """Whether ``backend`` can be used.  Source: torch.distributed.is_backend_available."""
    return backend.lower() == "gloo"


def is_torchelastic_launched() -> bool:
    """Whether a launcher with a run id started this process.

    Source: torch.distributed.is_torchelastic_launched.
    """
    return os.environ.get("TORCHELASTIC_RUN_ID") is not None


def get_default_backend_for_device(device: Any) -> str:
    """The backend for tensors of a device.

    Source: torch.distributed.get_default_backend_for_device.
    """
    from minitorch.device import device as device_class

    return {"cpu": "gloo", "cuda": "nccl", "xpu": "xccl"}.get(device_class(device).type, "gloo")


def _check_backend(backend: str | None) -> str:
    if backend is None:
        return Backend.UNDEFINED
    names = [part.split(":")[-1].strip().lower() for part in Backend(backend).split(",")]
    devices = [part.split(":")[0] for part in Backend(backend).split(",") if ":" in part]
    # "cpu:gloo,cuda:nccl" serves the CPU, whatever else it names.
    if "cpu" in devices:
        names = [names[devices.index("cpu")]]
    for name in names:
        if name in ("nccl", "ucc", "xccl"):
            raise RuntimeError(f"Distributed package doesn't have {name.upper()} built in")
        if name == "mpi":
            raise RuntimeError("Distributed package doesn't have MPI built in: use backend='gloo'")
        if name != "gloo":
            raise AssertionError(f"Unknown backend type {name}")
    return Backend(backend)


def init_process_group(
    backend: str | None = None,
    init_method: str | None = None,
    timeout: timedelta | None = None,
    world_size: int = -1,
    rank: int = -1,
    store: Store | None = None,
    group_name: str = "",
    pg_options: Any = None,
    device_id: Any = None,
) -> None:
    """Meet the other processes of the program; they are then the default group.

    Args:
        backend: "gloo", or None for what fits the tensors, which are on the CPU.
        init_method: where to meet: "env://" (the default), "tcp://host:port" or "file:///path".
        timeout: how long to wait for other processes, here and in every operation; half an hour
            when None.
        world_size: how many processes there are.
        rank: which of them this is.
        store: where to meet, in place of ``init_method``.
        group_name: accepted; has no effect, as in torch.
        pg_options: must be None.
        device_id: accepted for the CPU.

    Errors: ValueError if it was called before or something is missing; RuntimeError for a backend
    that is not there; DistStoreError or DistNetworkError if the others do not come in time.
    Source: torch.distributed.init_process_group.
    """
    if _world.default is not None:
        raise ValueError("trying to initialize the default process group twice!")
    if pg_options is not None:
        raise NotImplementedError("init_process_group(pg_options=...): there are no options")
    if store is not None and init_method is not None:
        raise AssertionError("Cannot specify both init_method and store.")
    name = _check_backend(backend)
    timeout = default_pg_timeout if timeout is None else timeout
    if store is None:
        store, rank, world_size = rendezvous(init_method or "env://", rank, world_size, timeout)
    elif world_size <= 0 or rank < 0:
        raise AssertionError("world_size must be positive and rank non-negative if using store")
    if not 0 <= rank < world_size:
        raise ValueError(f"rank {rank} is not in the interval [0, {world_size - 1}]")
    _world.store = store
    _world.made += 1
    prefixed = PrefixStore(f"default_pg/{_world.made}", store)
    prefixed.set_timeout(timeout)
    default = ProcessGroup(
        prefixed, range(world_size), rank, seconds(timeout), name, str(_world.made)
    )
    _world.default = default
    _world.groups.append(default)


def destroy_process_group(group: ProcessGroup | None = None) -> None:
    """Leave a group; without argument, all of them.

    Errors: AssertionError where there is none.
    Source: torch.distributed.destroy_process_group.
    """
    if group == GroupMember.NON_GROUP_MEMBER:
        return
    chosen = _world.default if group is None else group
    if chosen is None:
        raise AssertionError("Process group cannot be None")
    if chosen not in _world.groups:
        raise ValueError("Invalid process group specified or has been destroyed.")
    if chosen is not _world.default:
        chosen._close()
        _world.groups.remove(chosen)
        return
    for member in reversed(_world.groups):
        member._close()
    _world.groups.clear()
    _world.default = None
    close = getattr(_world.store, "close", None)
    if close is not None:
        close()
    _world.store = None
    # torch: names of groups count on, so that a store may be used again.


def new_group(
    ranks: Sequence[int] | None = None,
    timeout: timedelta | None = None,
    backend: str | None = None,
    pg_options: Any = None,
    use_local_synchronization: bool = False,
    group_desc: str | None = None,
    device_id: Any = None,
    sort_ranks: bool = True,
) -> Any:
    """A group of some of the processes (all for None).  All processes call it, members or not.

    With ``use_local_synchronization`` only the members call it.

    Returns: the group, or ``GroupMember.NON_GROUP_MEMBER`` to those who do not belong to it.
    Errors: ValueError for ranks that are not there.
    Source: torch.distributed.new_group.
    """
    default = _group(None)
    if pg_options is not None:
        raise NotImplementedError("new_group(pg_options=...): there are no options")
    members = list(default._ranks) if ranks is None else list(ranks)
    if sort_ranks:
        members.sort()
    if len(set(members)) != len(members):
        raise ValueError(f"the ranks of a group must differ, got {members}")
    if len(members) > default.size():
        raise ValueError(
            "the new group's world size should be less or equal to the world size set "
            "by init_process_group"
        )
    for rank in members:
        if not 0 <= rank < default.size():
            raise ValueError(
                "The new group's rank should be within the world_size set by init_process_group: "
                f"got {rank}"
            )
    name = default._backend if backend is None else _check_backend(backend)
    if use_local_synchronization:
        key = tuple(members)
        _world.made_by_members[key] = _world.made_by_members.get(key, 0) + 1
        label = f"{'-'.join(map(str, members))}/{_world.made_by_members[key]}"
    else:
        _world.made += 1
        label = str(_world.made)
    if default.rank() not in members:
        return GroupMember.NON_GROUP_MEMBER
    limit = seconds(timeout) if timeout is not None else default._timeout
    assert _world.store is not None
    store = PrefixStore(f"group/{label}", _world.store)
    store.set_timeout(timedelta(seconds=limit))
    made = ProcessGroup(store, members, members.index(default.rank()), limit, name, label)
    _world.groups.append(made)
    return made


def _group(group: ProcessGroup | None) -> ProcessGroup:
    chosen = _world.default if group is None else group
    if chosen is None:
        raise ValueError(_NOT_INITIALIZED)
    if chosen not in _world.groups:
        raise ValueError("Invalid process group specified or has been destroyed.")
    return chosen


def _not_in(group: Any, what: str) -> bool:
    """Whether the process does not belong to ``group``; it is then warned."""
    if group != GroupMember.NON_GROUP_MEMBER:
        return False
    rank = -1 if _world.default is None else _world.default.rank()
    warnings.warn(
        f"Running {what} on global rank {rank} which does not belong to the given group.",
        stacklevel=3,
    )
    return True


def get_rank(group: ProcessGroup | None = None) -> int:
    """This process's rank in a group; -1 if it does not belong to it.

    Errors: ValueError without ``init_process_group``.  Source: torch.distributed.get_rank.
    """
    return -1 if group == GroupMember.NON_GROUP_MEMBER else _group(group).rank()


def get_world_size(group: ProcessGroup | None = None) -> int:
    """The number of processes of a group; -1 if this one does not belong to it.

    Errors: ValueError without ``init_process_group``.  Source: torch.distributed.get_world_size.
    """
    return -1 if group == GroupMember.NON_GROUP_MEMBER else _group(group).size()


def get_backend(group: ProcessGroup | None = None) -> str:
    """The name of a group's backend.  Source: torch.distributed.get_backend."""
    return _group(group).name()


def get_group_rank(group: ProcessGroup, global_rank: int) -> int:
    """A process's rank in ``group``, from that among all.

    Errors: ValueError if it does not belong to it.  Source: torch.distributed.get_group_rank.
    """
    return _group(group)._group_rank(global_rank)


def get_global_rank(group: ProcessGroup, group_rank: int) -> int:
    """A process's rank among all, from that in ``group``.

    Errors: ValueError if there is no such rank.  Source: torch.distributed.get_global_rank.
    """
    ranks = _group(group)._ranks
    if not 0 <= group_rank < len(ranks):
        raise ValueError(f"Group rank {group_rank} is not part of group {ranks}")
    return ranks[group_rank]


def get_process_group_ranks(group: ProcessGroup | None) -> list[int]:
    """The ranks among all of the members of ``group``.

    Source: torch.distributed.get_process_group_ranks.
    """
    return list(_group(group)._ranks)


def get_pg_count() -> int:
    """How many groups this process belongs to.  Source: torch.distributed.get_pg_count."""
    return len(_world.groups)


def get_node_local_rank(fallback_rank: int | None = None) -> int:
    """The rank on this machine, which the launcher puts into ``LOCAL_RANK``.

    Errors: RuntimeError where it is not there and there is no ``fallback_rank``.
    Source: torch.distributed.get_node_local_rank.
    """
    if "LOCAL_RANK" in os.environ:
        return int(os.environ["LOCAL_RANK"])
    if fallback_rank is not None:
        return int(fallback_rank)
    raise RuntimeError(
        "LOCAL_RANK is not in the environment. Consider passing fallback_rank to allow "
        "`get_node_local_rank` to work without a launcher."
    )


# --- tensors --------------------------------------------------------------------------------------


def _check_tensor(tensor: Any, name: str = "tensor") -> None:
    if not isinstance(tensor, Tensor):
        raise TypeError(
            f"Invalid function argument. Expected parameter `{name}` of type torch.Tensor\n"
            f"             but got {type(tensor)} instead."
        )


def _check_tensors(tensors: Any, name: str) -> None:
    if not isinstance(tensors, (list, tuple)) or not all(isinstance(t, Tensor) for t in tensors):
        raise TypeError(
            f"Invalid function argument. Expected parameter `{name}` of type List[torch.Tensor]\n"
            f"             but got {type(tensors)} instead."
        )


def _check_length(tensors: Sequence[Tensor], size: int, what: str) -> None:
    if len(tensors) != size:
        raise RuntimeError(
            f"ProcessGroupGloo::{what}: invalid tensor list (expected length {size}, "
            f"got {len(tensors)})"
        )


def _write(tensor: Tensor, array: np.ndarray) -> Tensor:
    """Put the elements of ``array`` into ``tensor``, outside of any graph."""
    if array is not tensor._array:
        tensor._array[...] = array.reshape(tensor._array.shape)
        tensor._counter[0] += 1
    return tensor


def _root(group: ProcessGroup, rank: int | None, group_rank: int | None, name: str) -> int:
    """The rank in ``group`` of the one process that ``src`` or ``dst`` means."""
    if group_rank is not None:
        if rank is not None:
            raise ValueError(f"Can't specify both group_{name} and {name}")
        return group_rank
    if rank is None:
        rank = group._ranks[0]
    if group is _world.default and not 0 <= rank < group.size():
        raise RuntimeError(f"ProcessGroupGloo: invalid root rank: {rank}")
    return group._group_rank(rank)


def all_reduce(
    tensor: Tensor,
    op: ReduceOp = ReduceOp.SUM,
    group: ProcessGroup | None = None,
    async_op: bool = False,
) -> Work | None:
    """Replace ``tensor`` by the sum (or another reduction) of all processes' tensors.

    All processes get the same bits.

    Returns: a Work to wait for with ``async_op``, else None; so do the other operations.
    Source: torch.distributed.all_reduce.
    """
    _check_tensor(tensor)
    if _not_in(group, "all_reduce"):
        return None
    chosen = _group(group)
    check_reduction(op, tensor._array.dtype)
    call = chosen._call("all_reduce")
    return chosen._start(lambda: [_write(tensor, call.all_reduce(tensor._array, op))], async_op)


def reduce(
    tensor: Tensor,
    dst: int | None = None,
    op: ReduceOp = ReduceOp.SUM,
    group: ProcessGroup | None = None,
    async_op: bool = False,
    group_dst: int | None = None,
) -> Work | None:
    """``all_reduce`` whose result only the process ``dst`` gets.

    Source: torch.distributed.reduce.
    """
    _check_tensor(tensor)
    if _not_in(group, "reduce"):
        return None
    chosen = _group(group)
    root = _root(chosen, dst, group_dst, "dst")
    check_reduction(op, tensor._array.dtype)
    call = chosen._call("reduce")

    def run() -> list[Tensor]:
        result = call.reduce(tensor._array, op, root)
        return [tensor if result is None else _write(tensor, result)]

    return chosen._start(run, async_op)


def broadcast(
    tensor: Tensor,
    src: int | None = None,
    group: ProcessGroup | None = None,
    async_op: bool = False,
    group_src: int | None = None,
) -> Work | None:
    """Replace ``tensor`` by that of the process ``src``.  Source: torch.distributed.broadcast."""
    _check_tensor(tensor)
    if _not_in(group, "broadcast"):
        return None
    chosen = _group(group)
    root = _root(chosen, src, group_src, "src")
    call = chosen._call("broadcast")
    return chosen._start(lambda: [_write(tensor, call.broadcast(tensor._array, root))], async_op)


def all_gather(
    tensor_list: list[Tensor],
    tensor: Tensor,
    group: ProcessGroup | None = None,
    async_op: bool = False,
) -> Work | None:
    """Put all processes' tensors into ``tensor_list``, in the order of their ranks.

    Source: torch.distributed.all_gather.
    """
    _check_tensors(tensor_list, "tensor_list")
    _check_tensor(tensor)
    if _not_in(group, "all_gather"):
        return None
    chosen = _group(group)
    _check_length(tensor_list, chosen.size(), "allgather")
    call = chosen._call("all_gather")

    def run() -> list[Tensor]:
        gathered = call.all_gather(tensor._array, [out._array for out in tensor_list])
        return [_write(out, array) for out, array in zip(tensor_list, gathered, strict=True)]

    return chosen._start(run, async_op)


def all_gather_into_tensor(
    output_tensor: Tensor,
    input_tensor: Tensor,
    group: ProcessGroup | None = None,
    async_op: bool = False,
) -> Work | None:
    """Put all processes' tensors into one, concatenated or stacked along dimension 0.

    Shape: (*) -> (size * first, *) or (size, *).
    Source: torch.distributed.all_gather_into_tensor.
    """
    _check_tensor(output_tensor, "output_tensor")
    _check_tensor(input_tensor, "input_tensor")
    if _not_in(group, "all_gather_into_tensor"):
        return None
    chosen = _group(group)
    if output_tensor.numel() != input_tensor.numel() * chosen.size():
        raise RuntimeError(
            "output tensor size must be equal to world_size times input tensor size, got "
            f"{list(output_tensor.shape)} and {list(input_tensor.shape)}"
        )
    call = chosen._call("all_gather_into_tensor")

    def run() -> list[Tensor]:
        array = input_tensor._array
        return [_write(output_tensor, np.stack(call.all_gather(array, [array] * chosen.size())))]

    return chosen._start(run, async_op)


#: The newer name.
all_gather_single = all_gather_into_tensor


def gather(
    tensor: Tensor,
    gather_list: list[Tensor] | None = None,
    dst: int | None = None,
    group: ProcessGroup | None = None,
    async_op: bool = False,
    group_dst: int | None = None,
) -> Work | None:
    """Put all processes' tensors into the ``gather_list`` of the process ``dst``.

    Source: torch.distributed.gather.
    """
    _check_tensor(tensor)
    if _not_in(group, "gather"):
        return None
    chosen = _group(group)
    root = _root(chosen, dst, group_dst, "dst")
    outputs = gather_list or []
    if chosen.rank() == root:
        if not gather_list:
            raise ValueError("Argument ``gather_list`` must be specified on destination rank.")
        _check_tensors(gather_list, "gather_list")
        _check_length(gather_list, chosen.size(), "gather")
    elif gather_list:
        raise ValueError("Argument ``gather_list`` must NOT be specified on non-destination ranks.")
    call = chosen._call("gather")

    def run() -> list[Tensor]:
        arrays = call.gather(tensor._array, root) or []
        return [_write(out, array) for out, array in zip(outputs, arrays, strict=True)]

    return chosen._start(run, async_op)


def scatter(
    tensor: Tensor,
    scatter_list: list[Tensor] | None = None,
    src: int | None = None,
    group: ProcessGroup | None = None,
    async_op: bool = False,
    group_src: int | None = None,
) -> Work | None:
    """Put into ``tensor`` this process's own of the ``scatter_list`` of the process ``src``.

    Source: torch.distributed.scatter.
    """
    _check_tensor(tensor)
    if _not_in(group, "scatter"):
        return None
    chosen = _group(group)
    root = _root(chosen, src, group_src, "src")
    arrays = None
    if chosen.rank() == root:
        if not scatter_list:
            raise ValueError("Argument ``scatter_list`` must be specified on source rank.")
        _check_tensors(scatter_list, "scatter_list")
        _check_length(scatter_list, chosen.size(), "scatter")
        arrays = [item._array for item in scatter_list]
    elif scatter_list:
        raise ValueError("Argument ``scatter_list`` must NOT be specified on non-source ranks.")
    call = chosen._call("scatter")
    return chosen._start(
        lambda: [_write(tensor, call.scatter(arrays, root, tensor._array))], async_op
    )


def reduce_scatter(
    output: Tensor,
    input_list: list[Tensor],
    op: ReduceOp = ReduceOp.SUM,
    group: ProcessGroup | None = None,
    async_op: bool = False,
) -> Work | None:
    """Put into ``output`` the reduction of what all processes have in this one's place.

    Source: torch.distributed.reduce_scatter.
    """
    _check_tensor(output, "output")
    _check_tensors(input_list, "input_list")
    if _not_in(group, "reduce_scatter"):
        return None
    chosen = _group(group)
    _check_length(input_list, chosen.size(), "reduce_scatter")
    return _reduce_scatter(chosen, output, [item._array for item in input_list], op, async_op)


def _reduce_scatter(
    group: ProcessGroup, output: Tensor, arrays: list[np.ndarray], op: ReduceOp, async_op: bool
) -> Work | None:
    check_reduction(op, output._array.dtype)
    call = group._call("reduce_scatter")
    return group._start(lambda: [_write(output, call.reduce_scatter(arrays, op))], async_op)


def reduce_scatter_tensor(
    output: Tensor,
    input: Tensor,
    op: ReduceOp = ReduceOp.SUM,
    group: ProcessGroup | None = None,
    async_op: bool = False,
) -> Work | None:
    """``reduce_scatter`` of the equal parts of one tensor along dimension 0.

    Source: torch.distributed.reduce_scatter_tensor.
    """
    _check_tensor(output, "output")
    _check_tensor(input, "input")
    if _not_in(group, "reduce_scatter_tensor"):
        return None
    chosen = _group(group)
    if input.numel() != output.numel() * chosen.size():
        raise RuntimeError(
            "input tensor must be the same size as output size times world size, got "
            f"{list(input.shape)} and {list(output.shape)}"
        )
    parts = list(np.ascontiguousarray(input._array).reshape(chosen.size(), *output._array.shape))
    return _reduce_scatter(chosen, output, parts, op, async_op)


#: The newer name.
reduce_scatter_single = reduce_scatter_tensor


def all_to_all(
    output_tensor_list: list[Tensor],
    input_tensor_list: list[Tensor],
    group: ProcessGroup | None = None,
    async_op: bool = False,
) -> Work | None:
    """Send tensor ``r`` of the inputs to process ``r``, and put what it sends into output ``r``.

    Source: torch.distributed.all_to_all.
    """
    _check_tensors(output_tensor_list, "output_tensor_list")
    _check_tensors(input_tensor_list, "input_tensor_list")
    if _not_in(group, "all_to_all"):
        return None
    chosen = _group(group)
    _check_length(output_tensor_list, chosen.size(), "alltoall")
    _check_length(input_tensor_list, chosen.size(), "alltoall")
    call = chosen._call("all_to_all")
    inputs = [item._array for item in input_tensor_list]

    def run() -> list[Tensor]:
        arrays = call.all_to_all(inputs, [out._array for out in output_tensor_list])
        return [_write(out, array) for out, array in zip(output_tensor_list, arrays, strict=True)]

    return chosen._start(run, async_op)


def all_to_all_single(
    output: Tensor,
    input: Tensor,
    output_split_sizes: list[int] | None = None,
    input_split_sizes: list[int] | None = None,
    group: ProcessGroup | None = None,
    async_op: bool = False,
) -> Work | None:
    """``all_to_all`` of the parts of one tensor along dimension 0, equal where no sizes are given.

    Errors: RuntimeError where the sizes do not fit.  Source: torch.distributed.all_to_all_single.
    """
    _check_tensor(output, "output")
    _check_tensor(input, "input")
    if _not_in(group, "all_to_all_single"):
        return None
    chosen = _group(group)
    inputs = _split(input, input_split_sizes, chosen.size())
    outputs = _split(output, output_split_sizes, chosen.size())
    call = chosen._call("all_to_all_single")

    def run() -> list[Tensor]:
        arrays = call.all_to_all(inputs, outputs)
        return [_write(output, np.concatenate(arrays))]

    return chosen._start(run, async_op)


def _split(tensor: Tensor, sizes: list[int] | None, count: int) -> list[np.ndarray]:
    length = tensor._array.shape[0]
    if not sizes:
        if length % count:
            raise RuntimeError("Tensor's dim 0 does not divide equally across group size")
        sizes = [length // count] * count
    if len(sizes) != count:
        raise RuntimeError("Number of tensor splits not equal to group size")
    if sum(sizes) != length:
        raise RuntimeError("Split sizes doesn't match total dim 0 size")
    return np.split(tensor._array, np.cumsum(sizes)[:-1])


def barrier(
    group: ProcessGroup | None = None,
    async_op: bool = False,
    device_ids: Any = None,
    timeout: timedelta | None = None,
) -> Work | None:
    """Wait until all processes have come here.  Source: torch.distributed.barrier."""
    if _not_in(group, "barrier"):
        return None
    chosen = _group(group)
    call = chosen._call("barrier", None if timeout is None else seconds(timeout))

    def run() -> list[Tensor]:
        call.all_gather_bytes(b"")
        return []

    return chosen._start(run, async_op)


def monitored_barrier(
    group: ProcessGroup | None = None,
    timeout: timedelta | None = None,
    wait_all_ranks: bool = False,
) -> None:
    """``barrier`` that says who did not come.

    Errors: RuntimeError with the first rank that did not come in time, or with all of them if
    ``wait_all_ranks``.  Source: torch.distributed.monitored_barrier.
    """
    if _not_in(group, "monitored_barrier"):
        return
    chosen = _group(group)
    limit = chosen._timeout if timeout is None else seconds(timeout)
    call = chosen._call("monitored_barrier", limit)
    if chosen.rank() != 0:
        call.send_bytes(0, b"here")
        call.receive_bytes(0)
        return
    end = time.monotonic() + limit
    missing = []
    for peer in range(1, chosen.size()):
        call.timeout = max(end - time.monotonic(), 0)
        try:
            call.receive_bytes(peer)
        except RuntimeError:
            missing.append(chosen._ranks[peer])
            if not wait_all_ranks:
                break
    if missing:
        raise RuntimeError(
            f"Rank{'s' if len(missing) > 1 else ''} {', '.join(map(str, missing))} failed to pass "
            f"monitoredBarrier in {milliseconds(limit)} ms"
        )
    for peer in range(1, chosen.size()):
        call.send_bytes(peer, b"go")


# --- from one to another --------------------------------------------------------------------------


def _peer(group: ProcessGroup, rank: int | None, group_rank: int | None, name: str) -> int:
    if rank is None and group_rank is None:
        raise ValueError(f"either {name} or group_{name} must be given")
    return _root(group, rank, group_rank, name)


def isend(
    tensor: Tensor,
    dst: int | None = None,
    group: ProcessGroup | None = None,
    tag: int = 0,
    group_dst: int | None = None,
) -> Work | None:
    """Send ``tensor`` to the process ``dst``; never waits for it to receive.

    Errors: ValueError for this process itself.  Source: torch.distributed.isend.
    """
    _check_tensor(tensor)
    if _not_in(group, "isend"):
        return None
    chosen = _group(group)
    peer = _peer(chosen, dst, group_dst, "dst")
    if peer == chosen.rank():
        raise ValueError(
            "Invalid destination rank: destination rank should not be the same as the rank of the "
            "current process."
        )
    elements = np.ascontiguousarray(tensor._array).reshape(-1).view(np.uint8)
    work = Work(lambda: chosen._mesh.send(peer, POINT_TO_POINT, tag, elements))
    work._complete()
    return work


def send(
    tensor: Tensor,
    dst: int | None = None,
    group: ProcessGroup | None = None,
    tag: int = 0,
    group_dst: int | None = None,
) -> None:
    """Send ``tensor`` to the process ``dst``.  Source: torch.distributed.send."""
    work = isend(tensor, dst, group, tag, group_dst)
    if work is not None:
        work.wait()


def irecv(
    tensor: Tensor,
    src: int | None = None,
    group: ProcessGroup | None = None,
    tag: int = 0,
    group_src: int | None = None,
) -> Work | None:
    """Receive into ``tensor`` what the process ``src`` (any, for None) sends under ``tag``.

    The tensor is filled when the Work that is returned has been waited for.
    Source: torch.distributed.irecv.
    """
    _check_tensor(tensor)
    if _not_in(group, "irecv"):
        return None
    chosen = _group(group)
    peer = None
    if src is not None or group_src is not None:
        peer = _peer(chosen, src, group_src, "src")
        if peer == chosen.rank():
            raise ValueError(
                "Invalid source rank: source rank should not be the same as the rank of the "
                "current process."
            )
    mesh = chosen._mesh

    def run() -> list[Tensor]:
        sender, data = mesh.receive(peer, POINT_TO_POINT, tag, chosen._timeout)
        work._source = chosen._ranks[sender]
        array = tensor._array
        if len(data) != array.nbytes:
            raise RuntimeError(
                f"recv: rank {work._source} sent {len(data)} bytes, the tensor holds {array.nbytes}"
            )
        return [_write(tensor, np.frombuffer(data, np.uint8).view(array.dtype))]

    ahead = chosen._receives.setdefault((peer, tag), deque())
    work = _Receive(run, ahead, lambda: mesh.has_mail(peer, POINT_TO_POINT, tag))
    return work


def recv(
    tensor: Tensor,
    src: int | None = None,
    group: ProcessGroup | None = None,
    tag: int = 0,
    group_src: int | None = None,
) -> int:
    """Receive into ``tensor``; returns the rank that sent, or -1 outside of the group.

    Source: torch.distributed.recv.
    """
    work = irecv(tensor, src, group, tag, group_src)
    if work is None:
        return -1
    work.wait()
    return work.source_rank()


class P2POp:
    """A send or receive for ``batch_isend_irecv``.

    Args:
        op: ``isend`` or ``irecv``.
        tensor: what is sent or filled.
        peer: the other process.
        group, tag, group_peer: as for ``op``.

    Errors: ValueError for another ``op``.  Source: torch.distributed.P2POp.
    """

    def __init__(
        self,
        op: Callable[..., Any],
        tensor: Tensor,
        peer: int | None = None,
        group: ProcessGroup | None = None,
        tag: int = 0,
        group_peer: int | None = None,
    ) -> None:
        if op not in (isend, irecv):
            raise ValueError(
                "Invalid ``op``. Expected ``op`` to be of type ``torch.distributed.isend`` or "
                "``torch.distributed.irecv``."
            )
        _check_tensor(tensor)
        self.op, self.tensor, self.peer = op, tensor, peer
        self.group, self.tag, self.group_peer = group, tag, group_peer


def batch_isend_irecv(p2p_op_list: list[P2POp]) -> list[Work]:
    """Start several sends and receives.  Source: torch.distributed.batch_isend_irecv."""
    if not p2p_op_list or not all(isinstance(item, P2POp) for item in p2p_op_list):
        raise ValueError("Invalid ``p2p_op_list``. Each op is expected to be of type P2POp.")
    works = []
    for item in p2p_op_list:
        works.append(item.op(item.tensor, item.peer, item.group, item.tag, item.group_peer))
    return [work for work in works if work is not None]


# --- objects --------------------------------------------------------------------------------------
#
# Objects travel as pickles, which can do anything when they are read.  As in torch they come from
# the program's own processes, which showed at the beginning that they belong to the group.


def all_gather_object(object_list: list[Any], obj: Any, group: ProcessGroup | None = None) -> None:
    """``all_gather`` of things that can be pickled, by the program's own processes.

    Source: torch.distributed.all_gather_object.
    """
    if _not_in(group, "all_gather_object"):
        return
    chosen = _group(group)
    gathered = chosen._call("all_gather_object").all_gather_bytes(pickle.dumps(obj))
    for i, data in enumerate(gathered):
        object_list[i] = pickle.loads(data)


def broadcast_object_list(
    object_list: list[Any],
    src: int | None = None,
    group: ProcessGroup | None = None,
    device: Any = None,
    group_src: int | None = None,
) -> None:
    """``broadcast`` of a list of things that can be pickled, in place.

    Source: torch.distributed.broadcast_object_list.
    """
    if _not_in(group, "broadcast_object_list"):
        return
    chosen = _group(group)
    root = _root(chosen, src, group_src, "src")
    call = chosen._call("broadcast_object_list")
    if chosen.rank() == root:
        data = pickle.dumps(list(object_list))
        for peer in range(chosen.size()):
            if peer != root:
                call.send_bytes(peer, data)
        return
    _fill(object_list, call.receive_bytes(root))


def _fill(object_list: list[Any], data: bytes | bytearray) -> None:
    received = pickle.loads(data)
    if len(received) != len(object_list):
        raise RuntimeError(
            f"a list of {len(received)} objects was sent, one of {len(object_list)} is to be filled"
        )
    object_list[:] = received


def gather_object(
    obj: Any,
    object_gather_list: list[Any] | None = None,
    dst: int | None = None,
    group: ProcessGroup | None = None,
    group_dst: int | None = None,
) -> None:
    """``gather`` of things that can be pickled.  Source: torch.distributed.gather_object."""
    if _not_in(group, "gather_object"):
        return
    chosen = _group(group)
    root = _root(chosen, dst, group_dst, "dst")
    if chosen.rank() == root and object_gather_list is None:
        raise ValueError("Argument ``gather_list`` must be specified on destination rank.")
    call = chosen._call("gather_object")
    data: bytes | bytearray = pickle.dumps(obj)
    if chosen.rank() != root:
        call.send_bytes(root, data)
        return
    assert object_gather_list is not None
    for peer in range(chosen.size()):
        object_gather_list[peer] = pickle.loads(data if peer == root else call.receive_bytes(peer))


def scatter_object_list(
    scatter_object_output_list: list[Any],
    scatter_object_input_list: list[Any] | None = None,
    src: int | None = None,
    group: ProcessGroup | None = None,
    group_src: int | None = None,
) -> None:
    """``scatter`` of things that can be pickled: this process's own goes to place 0 of the outputs.

    Source: torch.distributed.scatter_object_list.
    """
    if _not_in(group, "scatter_object_list"):
        return
    if not isinstance(scatter_object_output_list, list) or not scatter_object_output_list:
        raise ValueError(
            "Expected argument scatter_object_output_list to be a list of size at least 1."
        )
    chosen = _group(group)
    root = _root(chosen, src, group_src, "src")
    call = chosen._call("scatter_object_list")
    if chosen.rank() != root:
        scatter_object_output_list[0] = pickle.loads(call.receive_bytes(root))
        return
    if scatter_object_input_list is None:
        raise ValueError("source rank must provide non-None scatter_object_input_list")
    if len(scatter_object_input_list) != chosen.size():
        raise RuntimeError(
            f"scatter_object_list: expected {chosen.size()} objects, "
            f"got {len(scatter_object_input_list)}"
        )
    for peer, item in enumerate(scatter_object_input_list):
        if peer == root:
            scatter_object_output_list[0] = pickle.loads(pickle.dumps(item))
        else:
            call.send_bytes(peer, pickle.dumps(item))


#: The tag under which lists of objects are sent from one process to another.
_OBJECTS = -(2**62)


def send_object_list(
    object_list: list[Any],
    dst: int | None = None,
    group: ProcessGroup | None = None,
    device: Any = None,
    group_dst: int | None = None,
    use_batch: bool = False,
) -> None:
    """Send a list of things that can be pickled.  Source: torch.distributed.send_object_list."""
    if _not_in(group, "send_object_list"):
        return
    chosen = _group(group)
    peer = _peer(chosen, dst, group_dst, "dst")
    chosen._mesh.send(peer, POINT_TO_POINT, _OBJECTS, pickle.dumps(list(object_list)))


def recv_object_list(
    object_list: list[Any],
    src: int | None = None,
    group: ProcessGroup | None = None,
    device: Any = None,
    group_src: int | None = None,
    use_batch: bool = False,
) -> int:
    """Receive such a list in place; returns the rank that sent.

    Source: torch.distributed.recv_object_list.
    """
    if _not_in(group, "recv_object_list"):
        return -1
    chosen = _group(group)
    peer = None
    if src is not None or group_src is not None:
        peer = _peer(chosen, src, group_src, "src")
    sender, data = chosen._mesh.receive(peer, POINT_TO_POINT, _OBJECTS, chosen._timeout)
    _fill(object_list, data)
    return chosen._ranks[sender]
