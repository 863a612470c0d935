"""Losses: what a model's output and the wanted one make of a number to minimise.

``reduction`` is one of all of them: "none" gives the losses as they are, "mean" their mean, "sum"
their sum.  ``size_average`` and ``reduce`` are how torch said it before, and warn.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence

from minitorch.nn import functional as F
from minitorch.nn.module import Module
from minitorch.nn.modules.distance import PairwiseDistance
from minitorch.ops.loss import legacy_reduction
from minitorch.tensor import Tensor

__all__ = [
    "BCELoss",
    "BCEWithLogitsLoss",
    "CTCLoss",
    "CosineEmbeddingLoss",
    "CrossEntropyLoss",
    "GaussianNLLLoss",
    "HingeEmbeddingLoss",
    "HuberLoss",
    "KLDivLoss",
    "L1Loss",
    "MSELoss",
    "MarginRankingLoss",
    "MultiLabelMarginLoss",
    "MultiLabelSoftMarginLoss",
    "MultiMarginLoss",
    "NLLLoss",
    "NLLLoss2d",
    "PoissonNLLLoss",
    "SmoothL1Loss",
    "SoftMarginLoss",
    "TripletMarginLoss",
    "TripletMarginWithDistanceLoss",
]


class _Loss(Module):
    """A loss with its reduction."""

    def __init__(
        self,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__()
        self.reduction = legacy_reduction(size_average, reduce, reduction)


class _WeightedLoss(_Loss):
    """A loss with weights, which move with the module and are part of its state."""

    weight: Tensor | None

    def __init__(
        self,
        weight: Tensor | None = None,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.register_buffer("weight", weight)


# ---- of numbers ------------------------------------------------------------------------------


class L1Loss(_Loss):
    """``|x - y|``.

    Args:
        reduction: "mean", "sum" or "none".

    Shape: (*), (*) -> (), or (*) for "none".  Source: torch.nn.L1Loss.

    Example::

        >>> import minitorch
        >>> minitorch.nn.L1Loss()(minitorch.tensor([1.0, 4.0]), minitorch.tensor([0.0, 0.0]))
        tensor(2.5000)
    """

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.l1_loss(input, target, reduction=self.reduction)


class MSELoss(_Loss):
    """``(x - y)^2``.

    Args:
        reduction: "mean", "sum" or "none".

    Shape: (*), (*) -> (), or (*) for "none".  Source: torch.nn.MSELoss.

    Example::

        >>> import minitorch
        >>> minitorch.nn.MSELoss()(minitorch.tensor([1.0, 3.0]), minitorch.tensor([0.0, 0.0]))
        tensor(5.)
    """

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.mse_loss(input, target, reduction=self.reduction)


class SmoothL1Loss(_Loss):
    """``0.5 d^2 / beta`` where d = |x - y| < beta, ``d - 0.5 beta`` elsewhere.

    Args:
        reduction: "mean", "sum" or "none".
        beta: where the parabola meets the lines.

    Shape: (*), (*) -> (), or (*) for "none".  Source: torch.nn.SmoothL1Loss; Girshick 2015.

    Example::

        >>> import minitorch
        >>> loss = minitorch.nn.SmoothL1Loss(reduction="none")
        >>> loss(minitorch.tensor([1.0, 3.0]), minitorch.tensor([0.0, 0.0]))
        tensor([0.5000, 2.5000])
    """

    def __init__(
        self,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
        beta: float = 1.0,
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.beta = beta

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.smooth_l1_loss(input, target, reduction=self.reduction, beta=self.beta)


class HuberLoss(_Loss):
    """``0.5 d^2`` where d = |x - y| <= delta, ``delta (d - 0.5 delta)`` elsewhere.

    Args:
        reduction: "mean", "sum" or "none".
        delta: where the parabola meets the lines.

    Shape: (*), (*) -> (), or (*) for "none".  Source: torch.nn.HuberLoss; Huber 1964.

    Example::

        >>> import minitorch
        >>> loss = minitorch.nn.HuberLoss(reduction="none", delta=2.0)
        >>> loss(minitorch.tensor([1.0, 3.0]), minitorch.tensor([0.0, 0.0]))
        tensor([0.5000, 4.0000])
    """

    def __init__(self, reduction: str = "mean", delta: float = 1.0) -> None:
        super().__init__(reduction=reduction)
        self.delta = delta

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.huber_loss(input, target, reduction=self.reduction, delta=self.delta)


class PoissonNLLLoss(_Loss):
    """``exp(x) - y x``, the negative log-likelihood of a count y; or ``x - y log(x + eps)``.

    Args:
        log_input: whether x is the logarithm of the expected count (the first formula).
        full: whether to add Stirling's approximation of log(y!) where y > 1.
        eps: keeps the logarithm from 0.
        reduction: "mean", "sum" or "none".

    Shape: (*), (*) -> (), or (*) for "none".  Source: torch.nn.PoissonNLLLoss.

    Example::

        >>> import minitorch
        >>> minitorch.nn.PoissonNLLLoss()(minitorch.tensor([0.0]), minitorch.tensor([2.0]))
        tensor(1.)
    """

    def __init__(
        self,
        log_input: bool = True,
        full: bool = False,
        size_average: bool | None = None,
        eps: float = 1e-8,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.log_input = log_input
        self.full = full
        self.eps = eps

    def forward(self, log_input: Tensor, target: Tensor) -> Tensor:
        return F.poisson_nll_loss(
            log_input,
            target,
            log_input=self.log_input,
            full=self.full,
            eps=self.eps,
            reduction=self.reduction,
        )


class GaussianNLLLoss(_Loss):
    """``0.5 (log(v) + (x - y)^2 / v)`` with v = max(var, eps): a normal's negative log-likelihood.

    Args:
        full: whether to add the constant 0.5 log(2 pi).
        eps: the least variance.
        reduction: "mean", "sum" or "none".

    Shape: input (N, *), target (N, *), var (N, *), (N, 1) or (N) -> (), or (N, *) for "none".
    Errors: ValueError for a negative variance or one of another shape.
    Source: torch.nn.GaussianNLLLoss; Nix and Weigend 1994.

    Example::

        >>> import minitorch
        >>> one, three = minitorch.tensor([1.0]), minitorch.tensor([3.0])
        >>> minitorch.nn.GaussianNLLLoss()(three, one, one)
        tensor(2.)
    """

    def __init__(self, *, full: bool = False, eps: float = 1e-6, reduction: str = "mean") -> None:
        super().__init__(reduction=reduction)
        self.full = full
        self.eps = eps

    def forward(self, input: Tensor, target: Tensor, var: Tensor | float) -> Tensor:
        return F.gaussian_nll_loss(
            input, target, var, full=self.full, eps=self.eps, reduction=self.reduction
        )


class KLDivLoss(_Loss):
    """``y (log(y) - x)`` for log-probabilities x: the Kullback-Leibler divergence, summed over y.

    Args:
        reduction: "batchmean" (the sum, divided by the first length: what the divergence of a
            batch is), "mean" (over all elements), "sum" or "none".
        log_target: whether y is given as log-probabilities, too.

    Shape: (*), (*) -> (), or (*) for "none".  Source: torch.nn.KLDivLoss.

    Example::

        >>> import minitorch
        >>> even = minitorch.tensor([[0.5, 0.5]])
        >>> minitorch.nn.KLDivLoss(reduction="batchmean")(even.log(), even)
        tensor(0.)
    """

    def __init__(
        self,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
        log_target: bool = False,
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.log_target = log_target

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.kl_div(input, target, reduction=self.reduction, log_target=self.log_target)


# ---- of classes ------------------------------------------------------------------------------


class CrossEntropyLoss(_WeightedLoss):
    """``-w_y log(exp(x_y) / sum_c exp(x_c))``: softmax and negative log-likelihood in one.

    With probabilities for targets: ``-sum_c w_c y_c log(exp(x_c) / sum_d exp(x_d))``.

    Args:
        weight: w, a weight per class.
        ignore_index: a class that counts nothing.
        reduction: "mean" (for class numbers, the mean weighted by w_y), "sum" or "none".
        label_smoothing: the share of the uniform distribution mixed into the targets.

    Shape: input (N, C, *) or (C); target (N, *) or () of class numbers, or the input's shape of
    probabilities -> (), or (N, *) or () for "none"; weight (C).
    Errors: IndexError for a class out of range, RuntimeError and ValueError for sizes that do not
    fit.  Source: torch.nn.CrossEntropyLoss.

    Example::

        >>> import minitorch
        >>> minitorch.nn.CrossEntropyLoss()(minitorch.zeros(1, 4), minitorch.tensor([2]))
        tensor(1.3863)
    """

    def __init__(
        self,
        weight: Tensor | None = None,
        size_average: bool | None = None,
        ignore_index: int = -100,
        reduce: bool | None = None,
        reduction: str = "mean",
        label_smoothing: float = 0.0,
    ) -> None:
        super().__init__(weight, size_average, reduce, reduction)
        self.ignore_index = ignore_index
        self.label_smoothing = label_smoothing

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.cross_entropy(
            input,
            target,
            weight=self.weight,
            ignore_index=self.ignore_index,
            reduction=self.reduction,
            label_smoothing=self.label_smoothing,
        )


class NLLLoss(_WeightedLoss):
    """``-w_y x_y`` for log-probabilities x and the class number y.

    Args:
        weight: w, a weight per class.
        ignore_index: a class that counts nothing.
        reduction: "mean" (weighted by w_y), "sum" or "none".

    Shape: (N, C, *) or (C), (N, *) or () of ints -> (), or (N, *) or () for "none"; weight (C).
    Errors: IndexError for a class out of range, RuntimeError and ValueError for sizes that do not
    fit.  Source: torch.nn.NLLLoss.

    Example::

        >>> import minitorch
        >>> logs = minitorch.tensor([[-0.5, -1.5], [-2.0, -0.25]])
        >>> minitorch.nn.NLLLoss()(logs, minitorch.tensor([1, 1]))
        tensor(0.8750)
    """

    def __init__(
        self,
        weight: Tensor | None = None,
        size_average: bool | None = None,
        ignore_index: int = -100,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(weight, size_average, reduce, reduction)
        self.ignore_index = ignore_index

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.nll_loss(
            input,
            target,
            weight=self.weight,
            ignore_index=self.ignore_index,
            reduction=self.reduction,
        )


class BCELoss(_WeightedLoss):
    """``-w (y log(x) + (1 - y) log(1 - x))`` for probabilities x, the logarithms at least -100.

    Args:
        weight: w, broadcast to the input.
        reduction: "mean", "sum" or "none".

    Shape: (*), (*) -> (), or (*) for "none".
    Errors: ValueError for other shapes, RuntimeError for inputs outside [0, 1].
    Source: torch.nn.BCELoss.

    Example::

        >>> import minitorch
        >>> minitorch.nn.BCELoss()(minitorch.tensor([0.5]), minitorch.tensor([1.0]))
        tensor(0.6931)
    """

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.binary_cross_entropy(input, target, weight=self.weight, reduction=self.reduction)


class BCEWithLogitsLoss(_Loss):
    """``-w (p y log(s) + (1 - y) log(1 - s))`` with s = sigmoid(x), without overflow.

    Args:
        weight: w, broadcast to the input.
        reduction: "mean", "sum" or "none".
        pos_weight: p, broadcast to the input: how much more the positive targets count.

    Shape: (*), (*) -> (), or (*) for "none".  Errors: ValueError for other shapes.
    Source: torch.nn.BCEWithLogitsLoss.

    Example::

        >>> import minitorch
        >>> minitorch.nn.BCEWithLogitsLoss()(minitorch.tensor([0.0]), minitorch.tensor([1.0]))
        tensor(0.6931)
    """

    weight: Tensor | None
    pos_weight: Tensor | None

    def __init__(
        self,
        weight: Tensor | None = None,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
        pos_weight: Tensor | None = None,
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.register_buffer("weight", weight)
        self.register_buffer("pos_weight", pos_weight)

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.binary_cross_entropy_with_logits(
            input,
            target,
            self.weight,
            pos_weight=self.pos_weight,
            reduction=self.reduction,
        )


class SoftMarginLoss(_Loss):
    """``log(1 + exp(-y x))`` for y of -1 and 1.

    Args:
        reduction: "mean", "sum" or "none".

    Shape: (*), (*) -> (), or (*) for "none".  Source: torch.nn.SoftMarginLoss.

    Example::

        >>> import minitorch
        >>> minitorch.nn.SoftMarginLoss()(minitorch.tensor([0.0]), minitorch.tensor([-1.0]))
        tensor(0.6931)
    """

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.soft_margin_loss(input, target, reduction=self.reduction)


class MultiLabelSoftMarginLoss(_WeightedLoss):
    """The mean over classes of ``-w_c (y_c log(s_c) + (1 - y_c) log(1 - s_c))``, s = sigmoid(x).

    Args:
        weight: w, a weight per class.
        reduction: "mean", "sum" or "none".

    Shape: (N, C), (N, C) -> (), or (N) for "none"; weight (C).
    Source: torch.nn.MultiLabelSoftMarginLoss.

    Example::

        >>> import minitorch
        >>> loss = minitorch.nn.MultiLabelSoftMarginLoss()
        >>> loss(minitorch.zeros(1, 3), minitorch.tensor([[1.0, 0.0, 1.0]]))
        tensor(0.6931)
    """

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.multilabel_soft_margin_loss(
            input, target, weight=self.weight, reduction=self.reduction
        )


class MultiLabelMarginLoss(_Loss):
    """``sum over j in y, i not in y of max(0, 1 - x_j + x_i) / C``.

    Args:
        reduction: "mean", "sum" or "none".

    Shape: (N, C) or (C), and the same of ints, where y are the labels before the first -1 -> (), or
    (N) or () for "none".
    Errors: RuntimeError for labels out of range or another shape.
    Source: torch.nn.MultiLabelMarginLoss.

    Example::

        >>> import minitorch
        >>> scores = minitorch.tensor([[0.1, 0.2, 0.4, 0.8]])
        >>> minitorch.nn.MultiLabelMarginLoss()(scores, minitorch.tensor([[3, 0, -1, 1]]))
        tensor(0.8500)
    """

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.multilabel_margin_loss(input, target, reduction=self.reduction)


class CTCLoss(_Loss):
    """Minus the log of the probability of all alignments of a text to the time steps.

    Args:
        blank: the class that stands between labels.
        reduction: "mean" (each loss by its number of labels first), "sum" or "none".
        zero_infinity: make losses of texts too long for their time, and their gradients, zero.

    Shape: log probabilities (T, N, C) or (T, C); labels (N, S), or all of them (sum of lengths);
    their lengths (N) and (N) or () and () -> (), or (N) or () for "none".
    Errors: RuntimeError for lengths or a blank out of range.
    Source: torch.nn.CTCLoss; Graves et al. 2006.

    Example::

        >>> import minitorch
        >>> logs = minitorch.full((2, 1, 3), 1 / 3).log()
        >>> loss = minitorch.nn.CTCLoss()(logs, minitorch.tensor([[1]]), (2,), (1,))
        >>> round(loss.exp().item(), 4)  # three of nine ways give the label
        3.0
    """

    def __init__(
        self, blank: int = 0, reduction: str = "mean", zero_infinity: bool = False
    ) -> None:
        super().__init__(reduction=reduction)
        self.blank = blank
        self.zero_infinity = zero_infinity

    def forward(
        self,
        log_probs: Tensor,
        targets: Tensor,
        input_lengths: Tensor | Sequence[int],
        target_lengths: Tensor | Sequence[int],
    ) -> Tensor:
        return F.ctc_loss(
            log_probs,
            targets,
            input_lengths,
            target_lengths,
            self.blank,
            self.reduction,
            self.zero_infinity,
        )


class NLLLoss2d(NLLLoss):
    """The old name of :class:`NLLLoss`, which takes images as well.

    Args: as :class:`NLLLoss`.

    Shape: as :class:`NLLLoss`.  Source: torch.nn.NLLLoss2d.

    Example::

        >>> import minitorch, warnings
        >>> with warnings.catch_warnings(action="ignore"):
        ...     loss = minitorch.nn.NLLLoss2d()
        >>> loss(minitorch.zeros(1, 2, 3, 3), minitorch.ones(1, 3, 3).long()).item()
        0.0
    """

    def __init__(
        self,
        weight: Tensor | None = None,
        size_average: bool | None = None,
        ignore_index: int = -100,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        warnings.warn(
            "`NLLLoss2d` has been deprecated. Please use `NLLLoss` instead as a drop-in "
            "replacement.",
            FutureWarning,
            stacklevel=2,
        )
        super().__init__(weight, size_average, ignore_index, reduce, reduction)


class MultiMarginLoss(_WeightedLoss):
    """``sum over c != y of w_y max(0, margin - x_y + x_c)^p / C``.

    Args:
        p: 1 or 2.
        margin: how far the right class is to be ahead.
        weight: w, a weight per class.
        reduction: "mean", "sum" or "none".

    Shape: (N, C) or (C), (N) or () of ints -> (), or (N) or () for "none"; weight (C).
    Errors: ValueError for other p or a weight of other dimensions.
    Source: torch.nn.MultiMarginLoss.

    Example::

        >>> import minitorch
        >>> scores = minitorch.tensor([[0.0, 0.5, 2.0, 0.0]])
        >>> minitorch.nn.MultiMarginLoss()(scores, minitorch.tensor([2]))
        tensor(0.)
    """

    def __init__(
        self,
        p: int = 1,
        margin: float = 1.0,
        weight: Tensor | None = None,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(weight, size_average, reduce, reduction)
        if p not in (1, 2):
            raise ValueError("only p == 1 and p == 2 supported")
        if weight is not None and weight.dim() != 1:
            raise ValueError(
                "MultiMarginLoss: expected weight to be None or 1D tensor, got "
                f"{weight.dim()}D instead"
            )
        self.p = p
        self.margin = margin

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.multi_margin_loss(
            input,
            target,
            p=self.p,
            margin=self.margin,
            weight=self.weight,
            reduction=self.reduction,
        )


# ---- of similarity and rank ------------------------------------------------------------------


class HingeEmbeddingLoss(_Loss):
    """``x`` where y = 1, ``max(0, margin - x)`` where y = -1, for a distance x.

    Args:
        margin: how far apart what differs is to be.
        reduction: "mean", "sum" or "none".

    Shape: (*), (*) -> (), or (*) for "none".  Source: torch.nn.HingeEmbeddingLoss.

    Example::

        >>> import minitorch
        >>> loss = minitorch.nn.HingeEmbeddingLoss(reduction="none")
        >>> loss(minitorch.tensor([0.25, 0.25]), minitorch.tensor([1.0, -1.0]))
        tensor([0.2500, 0.7500])
    """

    def __init__(
        self,
        margin: float = 1.0,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.margin = margin

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.hinge_embedding_loss(input, target, margin=self.margin, reduction=self.reduction)


class CosineEmbeddingLoss(_Loss):
    """``1 - cos(x1, x2)`` where y = 1, ``max(0, cos(x1, x2) - margin)`` where y = -1.

    Args:
        margin: how similar what differs may be.
        reduction: "mean", "sum" or "none".

    Shape: (N, D) or (D) twice, (N) or () -> (), or (N) or () for "none".
    Errors: RuntimeError for sizes that do not fit.  Source: torch.nn.CosineEmbeddingLoss.

    Example::

        >>> import minitorch
        >>> ones, rows = minitorch.ones(1), minitorch.tensor([[1.0, 0.0], [0.0, 1.0]])
        >>> minitorch.nn.CosineEmbeddingLoss()(rows[:1], rows[1:], ones)
        tensor(1.)
    """

    def __init__(
        self,
        margin: float = 0.0,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.margin = margin

    def forward(self, input1: Tensor, input2: Tensor, target: Tensor) -> Tensor:
        return F.cosine_embedding_loss(
            input1, input2, target, margin=self.margin, reduction=self.reduction
        )


class MarginRankingLoss(_Loss):
    """``max(0, -y (x1 - x2) + margin)``: x1 is to be larger where y = 1, smaller where y = -1.

    Args:
        margin: by how much.
        reduction: "mean", "sum" or "none".

    Shape: (N) or (), three times -> (), or (N) for "none".
    Errors: RuntimeError for different dimensions.  Source: torch.nn.MarginRankingLoss.

    Example::

        >>> import minitorch
        >>> one, three = minitorch.tensor([1.0]), minitorch.tensor([3.0])
        >>> minitorch.nn.MarginRankingLoss()(one, three, one)
        tensor(2.)
    """

    def __init__(
        self,
        margin: float = 0.0,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.margin = margin

    def forward(self, input1: Tensor, input2: Tensor, target: Tensor) -> Tensor:
        return F.margin_ranking_loss(
            input1, input2, target, margin=self.margin, reduction=self.reduction
        )


class TripletMarginLoss(_Loss):
    """``max(0, |a - p| - |a - n| + margin)`` of anchor a, positive p and negative n.

    Args:
        margin: how much nearer the positive is to be, above 0.
        p: which norm.
        eps: added to the differences, so that the gradient exists everywhere.
        swap: whether |p - n| stands for |a - n| where it is smaller.
        reduction: "mean", "sum" or "none".

    Shape: (N, D) or (D), three times -> (), or (N) or () for "none".
    Errors: ValueError for a margin not above 0, RuntimeError for different dimensions.
    Source: torch.nn.TripletMarginLoss; Balntas et al. 2016.

    Example::

        >>> import minitorch
        >>> a, p, n = minitorch.tensor([[[0.0]], [[1.0]], [[3.0]]])
        >>> minitorch.nn.TripletMarginLoss(margin=2.5, eps=0.0)(a, p, n)
        tensor(0.5000)
    """

    def __init__(
        self,
        margin: float = 1.0,
        p: float = 2.0,
        eps: float = 1e-6,
        swap: bool = False,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        if margin <= 0:
            raise ValueError(
                f"TripletMarginLoss: expected margin to be greater than 0, got {margin} instead"
            )
        self.margin = margin
        self.p = p
        self.eps = eps
        self.swap = swap

    def forward(self, anchor: Tensor, positive: Tensor, negative: Tensor) -> Tensor:
        return F.triplet_margin_loss(
            anchor,
            positive,
            negative,
            margin=self.margin,
            p=self.p,
            eps=self.eps,
            swap=self.swap,
            reduction=self.reduction,
        )


class TripletMarginWithDistanceLoss(_Loss):
    """``max(0, d(a, p) - d(a, n) + margin)`` for any distance d.

    Args:
        distance_function: d, of two tensors; None for the Euclidean distance.
        margin: how much nearer the positive is to be, above 0.
        swap: whether d(p, n) stands for d(a, n) where it is smaller.
        reduction: "mean", "sum" or "none".

    Shape: three of what ``distance_function`` takes -> (), or what it returns for "none".
    Errors: ValueError for a margin not above 0.  Source: torch.nn.TripletMarginWithDistanceLoss.

    Example::

        >>> import minitorch
        >>> a, p, n = minitorch.tensor([[0.0], [1.0], [3.0]])
        >>> loss = minitorch.nn.TripletMarginWithDistanceLoss(
        ...     distance_function=lambda x, y: (x - y).abs().sum(-1), margin=2.5
        ... )
        >>> loss(a, p, n)
        tensor(0.5000)
    """

    def __init__(
        self,
        *,
        distance_function: Callable[[Tensor, Tensor], Tensor] | None = None,
        margin: float = 1.0,
        swap: bool = False,
        reduction: str = "mean",
    ) -> None:
        super().__init__(reduction=reduction)
        if margin <= 0:
            raise ValueError(
                "TripletMarginWithDistanceLoss: expected margin to be greater than 0, "
                f"got {margin} instead"
            )
        self.distance_function = (
            PairwiseDistance() if distance_function is None else distance_function
        )
        self.margin = margin
        self.swap = swap

    def forward(self, anchor: Tensor, positive: Tensor, negative: Tensor) -> Tensor:
        return F.triplet_margin_with_distance_loss(
            anchor,
            positive,
            negative,
            distance_function=self.distance_function,
            margin=self.margin,
            swap=self.swap,
            reduction=self.reduction,
        )
