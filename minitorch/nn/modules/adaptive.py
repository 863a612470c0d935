"""A softmax over very many classes that computes the rare ones only where they are needed."""

from __future__ import annotations

import itertools
from collections import namedtuple
from collections.abc import Sequence
from typing import Any

from minitorch.nn import functional as F
from minitorch.nn.module import Module
from minitorch.nn.modules.container import ModuleList, Sequential
from minitorch.nn.modules.linear import Linear
from minitorch.ops.joining import cat
from minitorch.tensor import Tensor

__all__ = ["AdaptiveLogSoftmaxWithLoss"]

_ASMoutput = namedtuple("_ASMoutput", ["output", "loss"])


class AdaptiveLogSoftmaxWithLoss(Module):
    """``log p(y)``: frequent classes by one softmax, rare ones by a softmax in their cluster.

    The head computes the frequent classes and one more for each cluster; in a cluster ``i`` the
    features are projected to ``in_features / div_value ** (i + 1)`` first.

    Args:
        in_features: length of the last dimension of the input.
        n_classes: C, numbered by falling frequency.
        cutoffs: where the frequent classes end, and then each cluster but the last.
        div_value: how much smaller every cluster's features are.
        head_bias: whether the head has a bias.

    Shape: (N, in_features) or (in_features), (N) or () of ints -> a named tuple of output (N) or
    (), the log probabilities of the targets, and loss (), minus their mean.
    Errors: ValueError for cutoffs that do not rise between 1 and C - 1; RuntimeError for targets
    that do not fit.
    Source: torch.nn.AdaptiveLogSoftmaxWithLoss; Grave et al. 2017.

    Example::

        >>> import minitorch
        >>> layer = minitorch.nn.AdaptiveLogSoftmaxWithLoss(16, 20, cutoffs=[5, 10])
        >>> output, loss = layer(minitorch.zeros(3, 16), minitorch.tensor([0, 7, 19]))
        >>> output.shape, layer.log_prob(minitorch.zeros(3, 16)).shape
        (torch.Size([3]), torch.Size([3, 20]))
    """

    def __init__(
        self,
        in_features: int,
        n_classes: int,
        cutoffs: Sequence[int],
        div_value: float = 4.0,
        head_bias: bool = False,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        ends = list(cutoffs)
        if not ends:
            raise ValueError("cutoffs should be a sequence of length larger than 0")
        rising = all(a < b for a, b in itertools.pairwise([0, *ends, n_classes]))
        if not rising or any(int(end) != end for end in ends):
            raise ValueError(
                "cutoffs should be a sequence of unique, positive integers sorted in an increasing "
                "order, where each value is between 1 and n_classes-1"
            )
        self.in_features = in_features
        self.n_classes = n_classes
        self.cutoffs = [*ends, n_classes]
        self.div_value = div_value
        self.head_bias = head_bias
        self.shortlist_size = ends[0]
        self.n_clusters = len(ends)
        self.head_size = self.shortlist_size + self.n_clusters
        self.head = Linear(in_features, self.head_size, head_bias, device, dtype)
        self.tail = ModuleList()
        for i, (start, end) in enumerate(itertools.pairwise(self.cutoffs)):
            narrow = int(in_features // (div_value ** (i + 1)))
            self.tail.append(
                Sequential(
                    Linear(in_features, narrow, False, device, dtype),
                    Linear(narrow, end - start, False, device, dtype),
                )
            )

    def reset_parameters(self) -> None:
        """Draw new values."""
        self.head.reset_parameters()
        for cluster in self.tail:
            for layer in cluster:
                layer.reset_parameters()

    def forward(self, input_: Tensor, target_: Tensor) -> Any:
        self._check(input_, target_)
        batched = target_.ndim > 0
        input = input_ if batched else input_.unsqueeze(0)
        target = target_ if batched else target_.unsqueeze(0)
        if target.numel() and not (0 <= target.min() and target.max() < self.n_classes):
            raise RuntimeError(
                f"Target values should be in [0, {self.n_classes - 1}], but values in range "
                f"[{target.min().item()}, {target.max().item()}] were found. "
            )
        in_head = target.clone()  # the class in the head: the target itself, or its cluster
        output = input.new_zeros(len(target))
        for i, (start, end) in enumerate(itertools.pairwise(self.cutoffs)):
            rows = ((target >= start) & (target < end)).nonzero().squeeze(1)
            if not len(rows):
                continue
            in_head = in_head.index_fill(0, rows, self.shortlist_size + i)
            logs = F.log_softmax(self.tail[i](input[rows]), 1)
            inside = logs.gather(1, (target[rows] - start).unsqueeze(1)).squeeze(1)
            output = output.index_copy(0, rows, inside)
        head = F.log_softmax(self.head(input), 1)
        output = output + head.gather(1, in_head.unsqueeze(1)).squeeze(1)
        loss = (-output).mean()
        return _ASMoutput(output if batched else output.squeeze(0), loss)

    def _check(self, input: Tensor, target: Tensor) -> None:
        if target.ndim > 1:
            raise RuntimeError("0D or 1D target tensor expected, multi-target not supported")
        if target.ndim == 1 and len(input) != len(target):
            raise RuntimeError("Input and target should have the same size in the batch dimension.")
        if input.ndim != target.ndim + 1:
            raise RuntimeError(
                f"{target.ndim}D target tensor expects {target.ndim + 1}D input tensors, but found "
                f"inputs with size {input.size()}"
            )

    def log_prob(self, input: Tensor) -> Tensor:
        """The log probabilities of all classes.  Shape: (N, in_features) -> (N, C)."""
        head = F.log_softmax(self.head(input), 1)
        parts = [head[:, : self.shortlist_size]]
        for i, cluster in enumerate(self.tail):
            of_cluster = head[:, self.shortlist_size + i].unsqueeze(1)
            parts.append(F.log_softmax(cluster(input), 1) + of_cluster)
        return cat(parts, 1)

    def predict(self, input: Tensor) -> Tensor:
        """The most probable class; clusters are looked into only if the head prefers one.

        Shape: (N, in_features) -> (N).
        """
        output = self.head(input).argmax(1)
        rare = output >= self.shortlist_size
        if rare.any():
            output[rare] = self.log_prob(input[rare]).argmax(1)
        return output
