"""What programs ask about GPUs, answered as torch's CPU build answers it.

There is no GPU backend: questions get "none" for an answer, memory counts are zero, seeds are
accepted, and what would need a GPU raises AssertionError, torch's class for that.
"""

from __future__ import annotations

import importlib

from minitorch.cuda import graphs, memory, nccl, nvtx, profiler, random, streams, tensors
from minitorch.cuda._missing import no_gpu, unavailable
from minitorch.cuda.graphs import CUDAGraph, graph, graph_pool_handle, make_graphed_callables
from minitorch.cuda.memory import (
    caching_allocator_alloc,
    caching_allocator_delete,
    empty_cache,
    get_allocator_backend,
    get_per_process_memory_fraction,
    host_memory_stats,
    list_gpu_processes,
    max_memory_allocated,
    max_memory_cached,
    max_memory_reserved,
    mem_get_info,
    memory_allocated,
    memory_cached,
    memory_reserved,
    memory_snapshot,
    memory_stats,
    memory_stats_as_nested_dict,
    memory_summary,
    reset_accumulated_memory_stats,
    reset_max_memory_allocated,
    reset_max_memory_cached,
    reset_peak_memory_stats,
    set_per_process_memory_fraction,
)
from minitorch.cuda.random import (
    get_rng_state,
    get_rng_state_all,
    initial_seed,
    manual_seed,
    manual_seed_all,
    seed,
    seed_all,
    set_rng_state,
    set_rng_state_all,
)
from minitorch.cuda.streams import (
    Event,
    ExternalStream,
    Stream,
    StreamContext,
    current_stream,
    default_stream,
    set_stream,
    stream,
)
from minitorch.cuda.tensors import (
    BFloat16Tensor,
    BoolTensor,
    ByteTensor,
    CharTensor,
    DoubleTensor,
    FloatTensor,
    HalfTensor,
    IntTensor,
    LongTensor,
    ShortTensor,
)
from minitorch.device import device as _Device

__all__ = [
    "AcceleratorError",
    "BFloat16Tensor",
    "BoolTensor",
    "ByteTensor",
    "CUDAGraph",
    "CharTensor",
    "CudaError",
    "DeferredCudaCallError",
    "DoubleTensor",
    "Event",
    "ExternalStream",
    "FloatTensor",
    "HalfTensor",
    "IntTensor",
    "LongTensor",
    "OutOfMemoryError",
    "ShortTensor",
    "Stream",
    "StreamContext",
    "amp",
    "caching_allocator_alloc",
    "caching_allocator_delete",
    "can_device_access_peer",
    "clock_rate",
    "cudart",
    "current_blas_handle",
    "current_device",
    "current_solver_handle",
    "current_stream",
    "default_generators",
    "default_stream",
    "device",
    "device_count",
    "device_memory_used",
    "device_of",
    "empty_cache",
    "get_allocator_backend",
    "get_arch_list",
    "get_device_capability",
    "get_device_name",
    "get_device_properties",
    "get_gencode_flags",
    "get_per_process_memory_fraction",
    "get_rng_state",
    "get_rng_state_all",
    "get_sync_debug_mode",
    "graph",
    "graph_pool_handle",
    "graphs",
    "has_half",
    "has_magma",
    "host_memory_stats",
    "init",
    "initial_seed",
    "ipc_collect",
    "is_available",
    "is_bf16_supported",
    "is_current_stream_capturing",
    "is_initialized",
    "is_tf32_supported",
    "list_gpu_processes",
    "make_graphed_callables",
    "manual_seed",
    "manual_seed_all",
    "max_memory_allocated",
    "max_memory_cached",
    "max_memory_reserved",
    "mem_get_info",
    "memory",
    "memory_allocated",
    "memory_cached",
    "memory_reserved",
    "memory_snapshot",
    "memory_stats",
    "memory_stats_as_nested_dict",
    "memory_summary",
    "memory_usage",
    "nccl",
    "nvtx",
    "power_draw",
    "profiler",
    "random",
    "reset_accumulated_memory_stats",
    "reset_max_memory_allocated",
    "reset_max_memory_cached",
    "reset_peak_memory_stats",
    "seed",
    "seed_all",
    "set_device",
    "set_per_process_memory_fraction",
    "set_rng_state",
    "set_rng_state_all",
    "set_stream",
    "set_sync_debug_mode",
    "stream",
    "streams",
    "synchronize",
    "temperature",
    "tensors",
    "utilization",
]

#: One generator per GPU.
default_generators: tuple = ()
has_half = True
has_magma = False


class AcceleratorError(RuntimeError):
    """An error that a GPU reports.  Source: torch.AcceleratorError."""


class OutOfMemoryError(RuntimeError):
    """A GPU's memory is full.  Source: torch.cuda.OutOfMemoryError."""


class CudaError(RuntimeError):
    """An error code of the CUDA runtime.  Source: torch.cuda.CudaError."""


class DeferredCudaCallError(Exception):
    """A call that waited for the GPU failed.  Source: torch.cuda.DeferredCudaCallError."""


def __getattr__(name):
    if name == "amp":  # stands above: it uses autocast
        return importlib.import_module("minitorch.cuda.amp")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


# --- questions ------------------------------------------------------------------------------------


def is_available() -> bool:
    """Whether tensors can live on a GPU: no.  Source: torch.cuda.is_available."""
    return False


def is_initialized() -> bool:
    """Whether the GPU is in use: no.  Source: torch.cuda.is_initialized."""
    return False


def device_count() -> int:
    """The number of usable GPUs: none.  Source: torch.cuda.device_count."""
    return 0


def is_bf16_supported(including_emulation: bool = True) -> bool:
    """Whether the GPU computes in bfloat16: no.  Source: torch.cuda.is_bf16_supported."""
    return False


def is_tf32_supported() -> bool:
    """Whether the GPU computes in TF32: there is none.  Source: torch.cuda.is_tf32_supported."""
    return False


def get_arch_list() -> list[str]:
    """The GPU architectures that this was compiled for: none.  Source: torch.cuda.get_arch_list."""
    return []


def get_gencode_flags() -> str:
    """The compiler's flags for them: none.  Source: torch.cuda.get_gencode_flags."""
    return ""


def is_current_stream_capturing() -> bool:
    """Whether a graph is being captured: no.  Source: torch.cuda.is_current_stream_capturing."""
    return False


# --- what needs a GPU -----------------------------------------------------------------------------

init = unavailable("init", "Prepare the GPU.")
current_device = unavailable("current_device", "The index of the current GPU.")
get_device_name = unavailable("get_device_name", "The name of a GPU.", "device=None")
get_device_capability = unavailable(
    "get_device_capability", "The compute capability of a GPU.", "device=None"
)
get_device_properties = unavailable(
    "get_device_properties", "Name, memory and processors of a GPU.", "device=None"
)
synchronize = unavailable("synchronize", "Wait until a GPU is done.", "device=None")
ipc_collect = unavailable("ipc_collect", "Free memory shared between processes.")
can_device_access_peer = unavailable(
    "can_device_access_peer", "Whether one GPU reads another's memory.", "device, peer_device"
)
current_blas_handle = unavailable("current_blas_handle", "The handle of cuBLAS.")
current_solver_handle = unavailable("current_solver_handle", "The handle of cuSOLVER.")
get_sync_debug_mode = unavailable("get_sync_debug_mode", "Whether waiting is reported.")
set_sync_debug_mode = unavailable(
    "set_sync_debug_mode", "Report when the program waits for a GPU.", "debug_mode"
)
cudart = unavailable("cudart", "The CUDA runtime as a module.")
utilization = unavailable("utilization", "How busy a GPU is, in percent.", "device=None")
temperature = unavailable("temperature", "How warm a GPU is.", "device=None")
power_draw = unavailable("power_draw", "How much power a GPU takes.", "device=None")
clock_rate = unavailable("clock_rate", "The clock of a GPU.", "device=None")
memory_usage = unavailable("memory_usage", "How busy a GPU's memory is.", "device=None")
device_memory_used = unavailable(
    "device_memory_used", "Bytes of a GPU's memory in use.", "device=None"
)
_sleep = unavailable("_sleep", "Keep a GPU busy.", "cycles")
_lazy_init = init


def _index_of(device, optional=False):
    """The index that a device names; -1 for none.  Raises ValueError for another kind of device."""
    if isinstance(device, str):
        device = _Device(device)
    if isinstance(device, _Device):
        if device.type != "cuda":
            raise ValueError(f"Expected a cuda device, but got: {device}")
        if device.index is None and not optional:
            raise ValueError(
                f"Expected a torch.device with a specified index or an integer, but got:{device}"
            )
        return -1 if device.index is None else device.index
    return -1 if device is None else int(device)


def set_device(device) -> None:
    """Choose the current GPU.  A negative index chooses none.

    Raises AssertionError for any other: there is none.  Source: torch.cuda.set_device.
    """
    if _index_of(device) >= 0:
        raise no_gpu()


class device:
    """Makes a GPU the current one in a block.  None and negative indices change nothing.

    Raises AssertionError on entry for any other: there is none.  Source: torch.cuda.device.
    """

    def __init__(self, device):
        self.idx = _index_of(device, optional=True)
        self.prev_idx = -1

    def __enter__(self):
        if self.idx >= 0:
            raise no_gpu()

    def __exit__(self, type, value, traceback):
        return False


class device_of(device):
    """Makes the GPU of a tensor the current one; for other tensors it changes nothing.

    Source: torch.cuda.device_of.
    """

    def __init__(self, obj):
        super().__init__(obj.device.index if getattr(obj, "is_cuda", False) else -1)
