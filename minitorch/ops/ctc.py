"""Connectionist temporal classification: labels without a word on when they were spoken.

Letters: N batch, T time steps, C classes, S labels.
"""

from __future__ import annotations

import math

from minitorch.ops._arguments import require_tensor
from minitorch.ops._autocast import full_precision
from minitorch.ops._op import named
from minitorch.ops.creation import arange, full, full_like, tensor
from minitorch.ops.elementwise import clamp, exp
from minitorch.ops.joining import cat, stack
from minitorch.ops.masking import where
from minitorch.ops.padding import pad
from minitorch.ops.reduction import logsumexp
from minitorch.tensor import Tensor

__all__ = ["ctc_loss"]

#: Stands for the log of 0: unlike -inf it has gradients.
_IMPOSSIBLE = -1e30


@full_precision
def ctc_loss(
    log_probs,
    targets,
    input_lengths,
    target_lengths,
    blank=0,
    reduction="mean",
    zero_infinity=False,
):
    """Minus the log of the probability of all alignments of ``targets`` to the time steps.

    An alignment repeats labels and puts ``blank`` between them.  T time steps, C classes,
    S labels; ``targets`` is padded, or one row of all labels.  "mean" divides every loss by the
    number of its labels first.  A loss without an alignment is infinite, or 0 with
    ``zero_infinity``.
    Shape: (T, N, C) or (T, C), (N, S) or (sum of target_lengths), (N), (N) -> () or (N).
    Errors: RuntimeError for lengths or a blank out of range.
    Source: F.ctc_loss; Graves et al. (2006).
    """
    require_tensor(log_probs, "ctc_loss", "log_probs")
    require_tensor(targets, "ctc_loss", "targets", 2)
    batched = log_probs.ndim == 3
    logs = log_probs if batched else log_probs.unsqueeze(1)
    steps, batch, classes = logs.shape
    if not 0 <= blank < classes:
        raise RuntimeError("blank must be in label range")
    times = _lengths_of(input_lengths, batch, "input_lengths")
    counts = _lengths_of(target_lengths, batch, "target_lengths")
    if max(times, default=0) > steps:
        raise RuntimeError(
            f"Expected input_lengths to have value at most {steps}, but got value {max(times)} "
            "(while checking arguments for ctc_loss_allocate_outputs)"
        )
    labels = _padded_labels(targets, counts, blank)  # (N, S)
    losses = _alignment_losses(logs, labels, times, counts, blank)
    if zero_infinity:
        losses = where(losses == math.inf, 0.0, losses)
    losses = named(losses, "CtcLossBackward0")
    if reduction == "mean":
        lengths = tensor([max(n, 1) for n in counts], dtype=losses.dtype)
        return (losses / lengths).mean()
    if reduction == "sum":
        return losses.sum()
    return losses if batched else losses[0]


def _lengths_of(lengths, batch, name):
    values = lengths.tolist() if isinstance(lengths, Tensor) else list(lengths)
    values = values if isinstance(values, list) else [values]
    if len(values) != batch:
        raise RuntimeError(f"{name} must be of size batch_size")
    return [int(n) for n in values]


def _padded_labels(targets, counts, blank):
    """The labels as rows, filled up with blanks.  Shape: (N, S)."""
    longest = max(counts, default=0)
    given = targets.long()
    if targets.ndim == 1:
        if len(given) < sum(counts):
            raise RuntimeError(
                f"Expected tensor to have size {sum(counts)} at dimension 0, but got size "
                f"{len(given)} for argument #2 'targets' (while checking arguments for "
                "ctc_loss_allocate_outputs)"
            )
        rows = given[: sum(counts)].split(counts)
    else:
        if given.shape[1] < longest:
            raise RuntimeError(
                f"Expected tensor to have size at least {longest} at dimension 1, but got size "
                f"{given.shape[1]} for argument #2 'targets' (while checking arguments for "
                "ctc_loss_allocate_outputs)"
            )
        rows = [row[:count] for row, count in zip(given.unbind(), counts, strict=True)]
    return stack([pad(row, (0, longest - len(row)), value=blank) for row in rows])


def _alignment_losses(logs, labels, times, counts, blank):
    """The forward recursion over states: blank, label, blank, label, ..., blank."""
    batch = len(labels)
    states = stack([full_like(labels, blank), labels], 2).reshape(batch, -1)
    states = cat([states, full((batch, 1), blank)], 1)  # (N, 2S + 1)
    scores = logs.gather(2, states.expand(len(logs), -1, -1))  # (T, N, 2S + 1)
    # A label may follow another without a blank between, if it is another.
    skips = (states[:, 2:] != blank) & (states[:, 2:] != states[:, :-2])
    skips = where(pad(skips, (2, 0), value=False)[:, : states.shape[1]], 0.0, _IMPOSSIBLE)
    skips = skips.to(logs.dtype)
    first = full_like(scores[0], _IMPOSSIBLE)
    alpha = cat([scores[0, :, :2], first[:, 2:]], 1)
    alphas = [alpha]
    for score in scores[1:]:
        before = pad(alpha, (2, 0), value=_IMPOSSIBLE)
        ways = [alpha, before[:, 1:-1], before[:, :-2] + skips]
        alpha = logsumexp(stack(ways), 0) + score
        alphas.append(alpha)
    here = arange(batch)
    ends = stack(alphas)[tensor([max(t - 1, 0) for t in times]), here]  # (N, 2S + 1)
    last = tensor([2 * n for n in counts])
    total = ends[here, last]
    with_label = ends[here, clamp(last - 1, min=0)]
    total = where(last > 0, logsumexp(stack([total, with_label]), 0), total)
    losses = where(total < _IMPOSSIBLE / 2, math.inf, -total)
    # torch: its gradient is that of probabilities that sum to one, so as if log_softmax came
    # before: exp(log_probs) for every step that counts.
    counted = arange(len(logs)).unsqueeze(1) < tensor(times)
    extra = (exp(logs) * counted.unsqueeze(2).to(logs.dtype)).sum((0, 2))
    return losses + (extra - extra.detach())
