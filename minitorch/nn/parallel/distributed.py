"""DistributedDataParallel: a replica of a module in every process, kept equal by equal gradients.

Source: torch.nn.parallel.distributed.
"""

from __future__ import annotations

import contextlib
import dataclasses
import weakref
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from minitorch.autograd.graph import AccumulateGrad, Node
from minitorch.autograd.mode import is_grad_enabled
from minitorch.nn.module import Module
from minitorch.nn.parameter import Parameter
from minitorch.tensor import Tensor, wrap

__all__ = ["DistributedDataParallel"]

_MEBIBYTE = 1 << 20
#: The first bucket is small, so that the first gradients travel while others are computed.
_FIRST_BUCKET = _MEBIBYTE


class DistributedDataParallel(Module):
    """Trains replicas of a module in several processes, each on its own share of the data.

    At the beginning all replicas get the parameters and buffers of rank 0.  While ``backward``
    runs, gradients are averaged over the processes, in buckets, as soon as they are there; when it
    is over, ``.grad`` is the same everywhere, and so are the parameters after the optimizer's step.

    Args:
        module: the module; it is ``.module``, and names in ``state_dict`` begin with ``module.``.
        device_ids: None for a module on the CPU.
        output_device: None for a module on the CPU.
        dim: accepted; has no effect, as in torch.
        broadcast_buffers: whether rank 0's buffers are sent before each forward in training.
        init_sync: whether parameters are compared and sent at the beginning.
        process_group: the processes; all of them when None.
        bucket_cap_mb: how many mebibytes of gradients travel together, 25 when None.
        find_unused_parameters: whether a forward may leave parameters out; they are then found by
            walking the graph of its outputs.
        check_reduction: accepted; has no effect, as in torch.
        gradient_as_bucket_view: accepted; the gradients are always copied.
        static_graph: the same parameters are used in each pass; some may be left out.

    Errors: ValueError without ``init_process_group``; RuntimeError for a module with nothing to
    train, for replicas that differ in shape, and where a pass left parameters without a gradient.
    Shape: that of ``module``.
    Source: torch.nn.parallel.DistributedDataParallel.

    Example::

        >>> import minitorch
        >>> import minitorch.distributed as dist
        >>> dist.init_process_group("gloo", store=dist.HashStore(), rank=0, world_size=1)
        >>> model = minitorch.nn.parallel.DistributedDataParallel(minitorch.nn.Linear(2, 1))
        >>> model(minitorch.ones(3, 2)).sum().backward()
        >>> model.module.bias.grad
        tensor([3.])
        >>> dist.destroy_process_group()
    """

    def __init__(
        self,
        module: Module,
        device_ids: Sequence[Any] | None = None,
        output_device: Any = None,
        dim: int = 0,
        broadcast_buffers: bool | None = None,
        init_sync: bool = True,
        process_group: Any = None,
        bucket_cap_mb: float | None = None,
        find_unused_parameters: bool = False,
        check_reduction: bool = False,
        gradient_as_bucket_view: bool = False,
        static_graph: bool = False,
        delay_all_reduce_named_params: Any = None,
        param_to_hook_all_reduce: Any = None,
        mixed_precision: Any = None,
        device_mesh: Any = None,
    ) -> None:
        # Only now: nobody else needs sockets to import layers.
        from minitorch import distributed

        super().__init__()
        unknown = {
            "delay_all_reduce_named_params": delay_all_reduce_named_params,
            "param_to_hook_all_reduce": param_to_hook_all_reduce,
            "mixed_precision": mixed_precision,
            "device_mesh": device_mesh,
        }
        for name, value in unknown.items():
            if value is not None:
                raise NotImplementedError(f"DistributedDataParallel({name}=...) is not implemented")
        if process_group is None:
            distributed.get_rank()  # raises where there is no group
            process_group = distributed.group.WORLD
        self.process_group = process_group

        #: Names that the module asks to leave alone, as torch's wrappers do.
        self.parameters_to_ignore = set(getattr(module, "_ddp_params_and_buffers_to_ignore", ()))
        named = [
            (name, parameter)
            for name, parameter in module.named_parameters()
            if parameter.requires_grad and name not in self.parameters_to_ignore
        ]
        if not named:
            raise RuntimeError(
                "DistributedDataParallel is not needed when a module doesn't have any parameter "
                "that requires a gradient."
            )
        if device_ids is not None and len(device_ids) > 1:
            raise ValueError("device_ids can only be None or contain a single element.")
        if device_ids or output_device is not None:
            raise ValueError(
                "DistributedDataParallel device_ids and output_device arguments only work with "
                "single-device/multiple-device GPU modules or CPU modules, but got device_ids "
                f"{device_ids}, output_device {output_device}, and module parameters "
                f"{ {parameter.device for _, parameter in named} }."
            )
        self.device_ids = None
        self.output_device = None
        self.device = named[0][1].device
        self.device_type = self.device.type
        self.dim = dim
        self.module = module
        self.broadcast_buffers = broadcast_buffers is None or broadcast_buffers
        self.find_unused_parameters = find_unused_parameters
        self.gradient_as_bucket_view = gradient_as_bucket_view
        self.static_graph = static_graph
        self.require_backward_grad_sync = True
        self.require_forward_param_sync = True

        cap = 25.0 if bucket_cap_mb is None else bucket_cap_mb
        self.bucket_bytes_cap = int(cap * _MEBIBYTE)
        if init_sync:
            self._check_same_parameters([parameter for _, parameter in named])
            self._send_from_first(
                tensor
                for name, tensor in (*module.named_parameters(), *module.named_buffers())
                if name not in self.parameters_to_ignore
            )
        # Not a registered submodule or parameter: only a worker.
        self.reducer = _Reducer(
            [name for name, _ in named],
            [parameter for _, parameter in named],
            process_group,
            self.bucket_bytes_cap,
            find_unused_parameters or static_graph,
        )

    def _check_same_parameters(self, parameters: list[Parameter]) -> None:
        from minitorch import distributed

        mine = [(tuple(parameter.shape), str(parameter.dtype)) for parameter in parameters]
        size = distributed.get_world_size(self.process_group)
        theirs: list[Any] = [None] * size
        distributed.all_gather_object(theirs, mine, group=self.process_group)
        here = distributed.get_rank(self.process_group)
        for rank, described in enumerate(theirs):
            if len(described) != len(mine):
                raise RuntimeError(
                    f"DDP expects same model across all ranks, but Rank {here} has {len(mine)} "
                    f"params, while rank {rank} has inconsistent {len(described)} params."
                )
            for i, (ours, other) in enumerate(zip(mine, described, strict=True)):
                if ours != other:
                    raise RuntimeError(
                        f"DDP expects same model across all ranks, but param {i} has shape and "
                        f"dtype {ours} on rank {here} and {other} on rank {rank}."
                    )

    def _send_from_first(self, tensors: Iterable[Tensor]) -> None:
        """Replace tensors by those of the group's first process."""
        from minitorch import distributed

        for tensor in tensors:
            distributed.broadcast(tensor, group=self.process_group, group_src=0)

    def forward(self, *inputs: Any, **kwargs: Any) -> Any:
        """``module(*inputs, **kwargs)``, with the buffers of rank 0."""
        if self.require_forward_param_sync and self.broadcast_buffers:
            self._send_from_first(
                buffer
                for name, buffer in self.module.named_buffers()
                if name not in self.parameters_to_ignore
            )
        synchronizes = is_grad_enabled() and self.require_backward_grad_sync
        if synchronizes:
            self.reducer.check_finished()
        output = self.module(*inputs, **kwargs)
        # torch: buffers are sent again only after a pass that was there to train.
        self.require_forward_param_sync = synchronizes
        if synchronizes:
            self.reducer.prepare(output)
        return output

    @contextlib.contextmanager
    def no_sync(self) -> Iterator[None]:
        """Within, gradients only add up in this process; the next ``backward`` outside averages.

        Both the forward and the backward must be within.
        """
        before = self.require_backward_grad_sync
        self.require_backward_grad_sync = False
        try:
            yield
        finally:
            self.require_backward_grad_sync = before


class _Reducer:
    """Averages gradients over the processes, bucket by bucket, while they are being computed."""

    def __init__(
        self,
        names: list[str],
        parameters: list[Parameter],
        group: Any,
        bucket_bytes: int,
        finds_unused: bool,
    ) -> None:
        self.expects_gradients = False
        self._names = names
        self._parameters = parameters
        self._group = group
        self._size: int = group.size()
        self._finds_unused = finds_unused
        #: Indices of parameters; the last parameters, whose gradients come first, stand first.
        self._buckets = _buckets(parameters, bucket_bytes)
        self._bucket_of = {i: b for b, bucket in enumerate(self._buckets) for i in bucket}
        self._start_over()
        this = weakref.ref(self)
        for i, parameter in enumerate(parameters):
            parameter.register_post_accumulate_grad_hook(_hook(this, i))

    def _start_over(self) -> None:
        self._missing = [len(bucket) for bucket in self._buckets]
        self._ready: set[int] = set()
        self._unused: set[int] = set()
        self._jobs: list[tuple[list[int], Tensor, Any]] = []

    def check_finished(self) -> None:
        """Raise RuntimeError if the pass before did not reach all parameters."""
        if not self.expects_gradients or len(self._ready) == len(self._unused):
            return
        missing = sorted(set(range(len(self._parameters))) - self._ready)
        named = ", ".join(self._names[i] for i in missing)
        raise RuntimeError(
            "Expected to have finished reduction in the prior iteration before starting a new one. "
            "This error indicates that your module has parameters that were not used in producing "
            "loss. You can enable unused parameter detection by passing the keyword argument "
            "`find_unused_parameters=True` to `torch.nn.parallel.DistributedDataParallel`, and by "
            "making sure all `forward` function outputs participate in calculating loss.\n"
            f"Parameter indices which did not receive grad for rank {self._group.rank()}: "
            f"{' '.join(map(str, missing))} ({named})"
        )

    def prepare(self, output: Any) -> None:
        """Wait for the gradients of a forward pass that led to ``output``."""
        self._start_over()
        self.expects_gradients = True
        if not self._finds_unused:
            return
        reached = _leaves_of(_tensors(output))
        self._unused = {
            i
            for i, parameter in enumerate(self._parameters)
            if parameter._edge() is None or parameter._edge()[0] not in reached
        }
        for i in sorted(self._unused):
            self.ready(i)

    def ready(self, index: int) -> None:
        """A parameter has its gradient (or gets none); when a bucket is full it is sent."""
        if not self.expects_gradients:
            return
        if index in self._ready:
            raise RuntimeError(
                "Expected to mark a variable ready only once. Parameter at index "
                f"{index} with name {self._names[index]} has been marked as ready twice: it was "
                "used in several backward passes of one forward, or its module in several "
                "checkpointed functions."
            )
        self._ready.add(index)
        self._missing[self._bucket_of[index]] -= 1
        # In the order of the buckets, whichever is full first: all processes must send alike.
        while len(self._jobs) < len(self._buckets) and not self._missing[len(self._jobs)]:
            self._send(self._buckets[len(self._jobs)])
        if len(self._jobs) == len(self._buckets):
            self._finish()

    def _send(self, bucket: list[int]) -> None:
        from minitorch import distributed

        gradients = []
        for i in bucket:
            parameter = self._parameters[i]
            gradient = parameter.grad
            if gradient is None or i in self._unused:
                gradients.append(np.zeros(parameter.numel(), parameter._array.dtype))
            else:
                gradients.append(gradient._array.reshape(-1))
        flat = np.concatenate(gradients)
        # torch: divided first and then added, here as there.
        flat *= flat.dtype.type(1 / self._size)
        tensor = wrap(flat)
        job = distributed.all_reduce(tensor, group=self._group, async_op=True)
        self._jobs.append((bucket, tensor, job))

    def _finish(self) -> None:
        self.expects_gradients = False
        unused_everywhere = self._unused_everywhere() if self._finds_unused else frozenset()
        for bucket, tensor, job in self._jobs:
            job.wait()
            start = 0
            for i in bucket:
                parameter = self._parameters[i]
                end = start + parameter.numel()
                average = tensor._array[start:end].reshape(parameter._array.shape)
                start = end
                if i in unused_everywhere:
                    continue
                if parameter.grad is None:
                    owned = np.empty_like(parameter._array)
                    parameter.grad = wrap(owned)
                parameter.grad._array[...] = average
                parameter.grad._counter[0] += 1
        self._start_over()

    def _unused_everywhere(self) -> frozenset[int]:
        """The parameters that no process has used: their gradients stay as they are."""
        from minitorch import distributed

        used = np.ones(len(self._parameters), np.int32)
        used[list(self._unused)] = 0
        tensor = wrap(used)
        distributed.all_reduce(tensor, group=self._group)
        return frozenset(np.flatnonzero(tensor._array == 0).tolist())


def _hook(reducer: weakref.ref[_Reducer], index: int) -> Any:
    """What runs after a gradient was added; the module it belongs to may be gone by then."""

    def run(parameter: Tensor) -> None:
        there = reducer()
        if there is not None:
            there.ready(index)

    return run


def _buckets(parameters: list[Parameter], bucket_bytes: int) -> list[list[int]]:
    """Indices from the last parameter to the first, cut where size or dtype says so."""
    buckets: list[list[int]] = []
    dtype, room = None, 0
    for i in reversed(range(len(parameters))):
        parameter = parameters[i]
        if parameter.dtype != dtype or room < parameter.nbytes:
            room = bucket_bytes if buckets else min(_FIRST_BUCKET, bucket_bytes)
            dtype = parameter.dtype
            buckets.append([])
        buckets[-1].append(i)
        room -= parameter.nbytes
    return buckets


def _tensors(output: Any) -> Iterator[Tensor]:
    """The tensors in what a forward returned."""
    if isinstance(output, Tensor):
        yield output
    elif isinstance(output, dict):
        for value in output.values():
            yield from _tensors(value)
    elif isinstance(output, (list, tuple)):
        for value in output:
            yield from _tensors(value)
    elif dataclasses.is_dataclass(output):
        for field in dataclasses.fields(output):
            yield from _tensors(getattr(output, field.name))


def _leaves_of(tensors: Iterable[Tensor]) -> set[Node]:
    """The leaves' nodes that a backward from ``tensors`` would reach."""
    edges = [tensor._edge() for tensor in tensors]
    stack = [edge[0] for edge in edges if edge is not None]
    seen = set(stack)
    while stack:
        for edge in stack.pop().edges:
            if edge is not None and edge[0] not in seen:
                seen.add(edge[0])
                stack.append(edge[0])
    return {node for node in seen if type(node) is AccumulateGrad}
