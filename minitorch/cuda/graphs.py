"""Recorded sequences of GPU work: there is no GPU to record.  Source: torch.cuda.graphs."""

from __future__ import annotations

from minitorch.cuda._missing import no_gpu, unavailable

__all__ = ["CUDAGraph", "graph", "graph_pool_handle", "make_graphed_callables"]


class CUDAGraph:
    """A recorded sequence.  Raises RuntimeError: there is no GPU.  Source: torch.cuda.CUDAGraph."""

    def __new__(cls, keep_graph=False):
        raise RuntimeError("Tried to instantiate dummy base class CUDAGraph")


class graph:
    """Records a block.  Raises AssertionError: there is no GPU.  Source: torch.cuda.graph."""

    def __new__(cls, cuda_graph, pool=None, stream=None, capture_error_mode="global"):
        raise no_gpu()


graph_pool_handle = unavailable("graph_pool_handle", "A pool of memory for graphs.")
make_graphed_callables = unavailable(
    "make_graphed_callables",
    "Functions that replay what they recorded.",
    "callables, sample_args, num_warmup_iters=3, allow_unused_input=False, pool=None",
)
