"""Losses (``torch.nn.functional``): each with torch's reductions, weights and error classes."""

from __future__ import annotations

import math
import warnings

from minitorch.dtypes import promote_types
from minitorch.ops._arguments import require_tensor
from minitorch.ops._autocast import full_precision
from minitorch.ops._op import named, op
from minitorch.ops.activation import log_softmax, logsigmoid, softplus
from minitorch.ops.creation import zeros_like
from minitorch.ops.elementwise import abs, clamp, exp, log, masked_zero, maximum, sigmoid, xlogy
from minitorch.ops.shape import broadcast_tensors
from minitorch.tensor import Tensor

__all__ = [
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "cosine_embedding_loss",
    "cosine_similarity",
    "cross_entropy",
    "gaussian_nll_loss",
    "hinge_embedding_loss",
    "huber_loss",
    "kl_div",
    "l1_loss",
    "margin_ranking_loss",
    "mse_loss",
    "multi_margin_loss",
    "multilabel_margin_loss",
    "multilabel_soft_margin_loss",
    "nll_loss",
    "pairwise_distance",
    "poisson_nll_loss",
    "smooth_l1_loss",
    "soft_margin_loss",
    "triplet_margin_loss",
    "triplet_margin_with_distance_loss",
]


# --- reductions ---------------------------------------------------------------------------------


def legacy_reduction(size_average, reduce, reduction) -> str:
    """The reduction that torch's old ``size_average`` and ``reduce`` mean, with torch's warning."""
    if size_average is None and reduce is None:
        return reduction
    size_average = True if size_average is None else size_average
    reduce = True if reduce is None else reduce
    meant = "none" if not reduce else "mean" if size_average else "sum"
    warnings.warn(
        f"size_average and reduce args will be deprecated, please use reduction='{meant}' instead.",
        stacklevel=3,
    )
    return meant


def _reduced(loss, reduction):
    if reduction == "mean":
        return loss.mean()
    if reduction == "sum":
        return loss.sum()
    if reduction == "none":
        return loss
    raise ValueError(f"{reduction} is not a valid value for reduction")


def _checked(reduction):
    if reduction not in ("none", "mean", "sum"):
        raise ValueError(f"{reduction} is not a valid value for reduction")
    return reduction


def _same_size(name, input, target):
    """Warn, as torch does, where a loss would broadcast."""
    for position, (argument, value) in enumerate((("input", input), ("target", target)), 1):
        require_tensor(value, name, argument, position)
    if target.shape != input.shape:
        warnings.warn(
            f"Using a target size ({target.shape}) that is different to the input size "
            f"({input.shape}). This will likely lead to incorrect results due to broadcasting. "
            "Please ensure they have the same size.",
            stacklevel=3,
        )
    return broadcast_tensors(input, target)


# --- distances ----------------------------------------------------------------------------------


@op(
    public=False,
    method=False,
    promote=True,
    kinds="f",
    kernel_name="mse_cpu",
    node="MseLossBackward0",
)
def squared_error(xp, input, target, /, reduction):
    """``(input - target)^2``, reduced."""
    difference = input - target
    difference *= difference
    return _reduced_array(xp, difference, reduction)


def _reduced_array(xp, values, reduction):
    if reduction == "none":
        return values
    return xp.asarray(values.mean() if reduction == "mean" else values.sum(), values.dtype)


def _share(reduction, shape):
    """What each element's gradient is multiplied with: its share in the mean, or 1."""
    return 1.0 / max(math.prod(shape), 1) if reduction == "mean" else 1.0


def _squared_error_gradient(g, input, target, reduction):
    return g * ((input - target) * (2.0 * _share(reduction, input.shape)))


squared_error.vjp(
    input=_squared_error_gradient,
    target=lambda g, input, target, reduction: (
        -_squared_error_gradient(g, input, target, reduction)
    ),
)


@full_precision
def mse_loss(input, target, size_average=None, reduce=None, reduction="mean", weight=None):
    """``(input - target)^2``.  Shape: (*), (*) -> () or (*).  Source: F.mse_loss."""
    reduction = legacy_reduction(size_average, reduce, reduction)
    input, target = _same_size("mse_loss", input, target)
    if weight is not None:
        return _weighted(squared_error(input, target, "none"), weight, reduction)
    return squared_error(input, target, _checked(reduction))


def _weighted(loss, weight, reduction):
    weighted = loss * weight
    if reduction == "mean":
        return weighted.sum() / weight.expand_as(loss).sum()
    return _reduced(weighted, reduction)


@full_precision
def l1_loss(input, target, size_average=None, reduce=None, reduction="mean", weight=None):
    """``|input - target|``.  Shape: (*), (*) -> () or (*).  Source: F.l1_loss."""
    reduction = legacy_reduction(size_average, reduce, reduction)
    input, target = _same_size("l1_loss", input, target)
    loss = abs(input - target)
    return _reduced(loss, reduction) if weight is None else _weighted(loss, weight, reduction)


@op(public=False, method=False, promote=True, node=lambda params: params["origin"])
def smooth_absolute(
    xp, input, target, /, beta, reduction, factor=1.0, origin="SmoothL1LossBackward0"
):
    """``factor`` times what is quadratic below ``beta`` and linear above, reduced."""
    size = xp.abs(input - target)
    values = xp.where(size < beta, 0.5 * size * size / beta, size - 0.5 * beta)
    values = (values if factor == 1.0 else values * factor).astype(size.dtype, copy=False)
    return _reduced_array(xp, values, reduction)


def _smooth_gradient(g, input, target, beta, reduction, factor):
    return g * (clamp_both((input - target) / beta) * (factor * _share(reduction, input.shape)))


@op(public=False, method=False)
def clamp_both(xp, input, /):
    """``input`` limited to [-1, 1]."""
    return xp.clip(input, -1, 1)


clamp_both.vjp(input=lambda g, input: g * ((input > -1) & (input < 1)))
smooth_absolute.vjp(
    input=_smooth_gradient,
    target=lambda g, input, target, beta, reduction, factor: (
        -_smooth_gradient(g, input, target, beta, reduction, factor)
    ),
)


@full_precision
def smooth_l1_loss(input, target, size_average=None, reduce=None, reduction="mean", beta=1.0):
    """``0.5 d^2 / beta`` where d = |input - target| < beta, else ``d - beta / 2``.

    Source: F.smooth_l1_loss.
    """
    reduction = legacy_reduction(size_average, reduce, reduction)
    input, target = _same_size("smooth_l1_loss", input, target)
    if beta < 0:
        raise RuntimeError("smooth_l1_loss does not support negative values for beta.")
    if beta == 0:
        return _reduced(abs(input - target), reduction)
    return smooth_absolute(input, target, beta, _checked(reduction))


@full_precision
def huber_loss(input, target, reduction="mean", delta=1.0, weight=None):
    """``0.5 d^2`` where d = |input - target| <= delta, else ``delta (d - delta / 2)``.

    Source: F.huber_loss.
    """
    if delta <= 0:
        raise RuntimeError("huber_loss does not support non-positive values for delta.")
    input, target = _same_size("huber_loss", input, target)
    if weight is None:
        return smooth_absolute(
            input, target, delta, _checked(reduction), delta, "HuberLossBackward0"
        )
    loss = smooth_absolute(input, target, delta, "none", delta, "HuberLossBackward0")
    return _weighted(loss, weight, reduction)


# --- classification -----------------------------------------------------------------------------


@op(public=False, method=False, node=lambda params: params["origin"])
def picked_classes(
    xp,
    input,
    target,
    weight=None,
    /,
    ignore_index=-100,
    reduction="none",
    origin="NllLossBackward0",
):
    """``-weight[target] * input[n, target]``, 0 where ignored, reduced.

    "mean" divides by the weights of the kept targets.
    Shape: (N, C, *), (N, *), (C) -> (N, *) or ().
    """
    kept = target != ignore_index
    safe = xp.where(kept, target, 0)
    picked = -xp.take_along_axis(input, xp.expand_dims(safe, 1), 1).squeeze(1)
    if weight is not None:
        picked = picked * weight[safe]
    losses = xp.where(kept, picked, xp.zeros((), input.dtype))
    if reduction == "none":
        return losses
    total = losses.sum()
    if reduction == "mean":
        with xp.errstate(divide="ignore", invalid="ignore"):  # torch: nothing kept gives nan
            total = total / _kept_weight(xp, kept, safe, weight)
    return xp.asarray(total, input.dtype)


def _kept_weight(xp, kept, safe, weight):
    """The number of kept targets, or the sum of their weights."""
    return xp.count_nonzero(kept) if weight is None else xp.where(kept, weight[safe], 0).sum()


picked_classes.vjp(
    input=lambda g, input_shape, target, weight, ignore_index, reduction: put_classes(
        g, target, weight, input_shape, ignore_index, reduction
    )
)


@op(public=False, method=False, node="NllLossBackwardBackward0")
def put_classes(xp, input, target, weight=None, /, shape=(), ignore_index=-100, reduction="none"):
    """The adjoint of :func:`picked_classes`.  Shape: (N, *) or (), (N, *), (C) -> (N, C, *)."""
    kept = target != ignore_index
    safe = xp.where(kept, target, 0)
    values = -input if weight is None else -input * weight[safe]
    if reduction == "mean":
        with xp.errstate(divide="ignore", invalid="ignore"):
            values = values / _kept_weight(xp, kept, safe, weight)
    result = xp.zeros(shape, input.dtype)
    xp.put_along_axis(
        result, xp.expand_dims(safe, 1), xp.expand_dims(xp.where(kept, values, 0), 1), 1
    )
    return result


put_classes.vjp(
    input=lambda g, target, weight, ignore_index, reduction: picked_classes(
        g, target, weight, ignore_index, reduction
    )
)


def _check_classes(input, target, weight, ignore_index):
    classes = input.shape[1]
    if weight is not None and weight.numel() != classes:
        raise RuntimeError(
            "weight tensor should be defined either for all "
            f"{classes} classes or no classes but got weight tensor of shape: {list(weight.shape)}"
        )
    labels = target._array
    if labels.dtype.name not in ("int64", "uint8"):
        raise RuntimeError(
            f"expected target dtype to be Long or Byte, but got {target.dtype.legacy_name}"
        )
    wrong = (labels != ignore_index) & ((labels < 0) | (labels >= classes))
    if wrong.any():
        raise IndexError(f"Target {labels[wrong].flat[0]} is out of bounds.")


@full_precision
def nll_loss(
    input, target, weight=None, size_average=None, ignore_index=-100, reduce=None, reduction="mean"
):
    """The negative log-likelihood of class indices, given log-probabilities.

    Shape: (N, C, *) or (C), (N, *) or () -> () or (N, *).  "mean" divides by the weights of the
    kept targets.
    Raises IndexError for a class out of range, ValueError for sizes that do not fit.
    Source: F.nll_loss.
    """
    reduction = legacy_reduction(size_average, reduce, reduction)
    if input.ndim < 1:
        raise ValueError(f"Expected 1 or more dimensions (got {input.ndim})")
    unbatched = input.ndim == 1
    if unbatched:
        if target.numel() != 1:
            raise ValueError(
                f"For 1D input, 1D target must have size 1, but got target size: {target.numel()}"
            )
        input, target = input.unsqueeze(0), target.reshape(1)
    _check_target_shape(input, target)
    _check_classes(input, target, weight, ignore_index)
    origin = "NllLossBackward0" if input.ndim == 2 else "NllLoss2DBackward0"
    result = picked_classes(input, target, weight, ignore_index, _checked(reduction), origin)
    if reduction == "none" and input.ndim not in (2, 4):
        named(result, "ViewBackward0")  # torch: other dimensions are made four, and back
    return result.squeeze(0) if unbatched and reduction == "none" else result


def _check_target_shape(input, target):
    """Raise what torch raises unless ``target`` is ``input`` without its classes."""
    batch = target.shape[0] if target.ndim else 0  # torch: a lone number is a batch of none
    if input.shape[0] != batch:
        raise ValueError(
            f"Expected input batch_size ({input.shape[0]}) to match target batch_size ({batch})."
        )
    expected = (input.shape[0], *input.shape[2:])
    if tuple(target.shape) == expected:
        return
    if input.ndim == 2:
        message = "0D or 1D target tensor expected, multi-target not supported"
    elif input.ndim != 4:
        message = f"Expected target size {list(expected)}, got {list(target.shape)}"
    elif target.ndim != 3:
        message = (
            "only batches of spatial targets supported (3D tensors) but got targets of "
            f"dimension: {target.ndim}"
        )
    else:
        message = f"size mismatch (got input: {list(input.shape)} , target: {list(target.shape)}"
    raise RuntimeError(message)


def _weight_of(target, weight, ignore_index, dtype):
    """The sum of the weights of all targets that count."""
    kept = target != ignore_index
    if weight is None:
        return kept.sum().to(dtype)
    return masked_zero(weight.detach()[target.clamp(min=0)], ~kept).sum()


@full_precision
def cross_entropy(
    input,
    target,
    weight=None,
    size_average=None,
    ignore_index=-100,
    reduce=None,
    reduction="mean",
    label_smoothing=0.0,
):
    """The cross-entropy of logits with class indices, or with class probabilities.

    Shape: (N, C, *) or (C), (N, *) indices or (N, C, *) probabilities -> () or (N, *).
    Raises IndexError for a class out of range, RuntimeError and ValueError for what does not fit.
    Source: F.cross_entropy.
    """
    for position, (argument, value) in enumerate((("input", input), ("target", target)), 1):
        if not isinstance(value, Tensor):
            raise TypeError(
                f"cross_entropy_loss(): argument '{argument}' (position {position}) must be "
                f"Tensor, not {type(value).__name__}"
            )
    reduction = legacy_reduction(size_average, reduce, reduction)
    if not 0.0 <= label_smoothing <= 1.0:
        raise RuntimeError(f"label_smoothing must be between 0.0 and 1.0. Got: {label_smoothing}")
    if input.ndim == 0 and not target.dtype.is_floating_point:
        raise RuntimeError(
            "Expected floating point type for target with class probabilities, got "
            f"{target.dtype.legacy_name}"
        )
    dim = 0 if input.ndim == 1 else 1
    logs = log_softmax(input, dim)
    if target.shape == input.shape and target.dtype.is_floating_point:
        return _soft_cross_entropy(logs, target, weight, reduction, label_smoothing, dim)
    if target.dtype.is_floating_point:
        if target.ndim and input.ndim > 1 and len(target) != len(input):
            raise ValueError(
                f"Expected input batch_size ({len(input)}) to match target batch_size "
                f"({len(target)})."
            )
        raise RuntimeError(
            f"expected target dtype to be Long or Byte, but got {target.dtype.legacy_name}"
        )
    loss = nll_loss(logs, target, weight, None, ignore_index, None, reduction)
    if not label_smoothing:
        return loss
    return _smoothed(loss, logs, target, weight, ignore_index, reduction, label_smoothing, dim)


def _soft_cross_entropy(logs, target, weight, reduction, smoothing, dim):
    classes = logs.shape[dim]
    if smoothing:
        target = target * (1 - smoothing) + smoothing / classes
    if weight is not None:
        logs = logs * weight.reshape([-1 if d == dim else 1 for d in range(logs.ndim)])
    likelihoods = logs * target
    if _checked(reduction) == "none":
        return -likelihoods.sum(dim)
    total = -likelihoods.sum()
    if reduction == "sum":
        return total
    # torch: the mean is over examples and positions, not over classes or weights.
    return named(total / max(logs.numel() // classes, 1), "DivBackward1")


def _smoothed(loss, logs, target, weight, ignore_index, reduction, smoothing, dim):
    classes = logs.shape[dim]
    kept = target != ignore_index
    if weight is not None:
        logs = logs * weight.reshape([-1 if d == dim else 1 for d in range(logs.ndim)])
    uniform = masked_zero(-logs.sum(dim), ~kept)
    if reduction == "mean":
        uniform = uniform.sum() / _weight_of(target, weight, ignore_index, logs.dtype)
    else:
        uniform = _reduced(uniform, reduction)
    return loss * (1 - smoothing) + uniform * (smoothing / classes)


@op(public=False, method=False, node="BinaryCrossEntropyBackward0")
def binary_entropy(xp, input, target, weight=None, /, reduction="none"):
    """``-(t log x + (1 - t) log(1 - x))``, each logarithm at least -100, weighted and reduced."""
    loss = -(
        target * xp.maximum(xp.log(input), -100) + (1 - target) * xp.maximum(xp.log1p(-input), -100)
    )
    return _reduced_array(xp, loss if weight is None else loss * weight, reduction)


def _element_gradient(g, shape, weight, reduction):
    """The gradient of one element's loss before weighting and reducing."""
    share = _share(reduction, shape)
    g = g if share == 1.0 else g * share
    return g if weight is None else g * weight


binary_entropy.vjp(
    # torch: the denominator is kept from 0, so that a certain wrong answer still has a finite
    # slope.
    input=lambda g, input, target, weight, reduction: (
        _element_gradient(g, input.shape, weight, reduction)
        * ((input - target) / maximum_of((1 - input) * input, 1e-12))
    ),
    target=lambda g, input, weight, reduction: (
        _element_gradient(g, input.shape, weight, reduction)
        * (maximum_of(log(1 - input), -100.0) - maximum_of(log(input), -100.0))
    ),
)


@op(public=False, method=False)
def maximum_of(xp, input, /, low):
    """``input``, but not below the number ``low``."""
    return xp.maximum(input, low)


maximum_of.vjp(input=lambda g, input, low: g * (input >= low))


@full_precision
def binary_cross_entropy(
    input, target, weight=None, size_average=None, reduce=None, reduction="mean"
):
    """The cross-entropy of probabilities with targets in [0, 1].

    Shape: (*), (*) -> () or (*).  Raises ValueError for different shapes, RuntimeError for inputs
    outside [0, 1].  Source: F.binary_cross_entropy.
    """
    reduction = legacy_reduction(size_average, reduce, reduction)
    if target.shape != input.shape:
        raise ValueError(
            f"Using a target size ({target.shape}) that is different to the input size "
            f"({input.shape}) is deprecated. Please ensure they have the same size."
        )
    if input.dtype is not target.dtype:
        found, expected = target.dtype.legacy_name, input.dtype.legacy_name
        raise RuntimeError(f"Found dtype {found} but expected {expected}")
    values = input._array
    if not ((values >= 0) & (values <= 1)).all():
        raise RuntimeError("all elements of input should be between 0 and 1")
    return binary_entropy(input, target, weight, _checked(reduction))


@full_precision
def binary_cross_entropy_with_logits(
    input, target, weight=None, size_average=None, reduce=None, reduction="mean", pos_weight=None
):
    """:func:`binary_cross_entropy` of ``sigmoid(input)``, without overflow.

    ``pos_weight`` scales the part of the positive targets.

    Shape: (*), (*) -> () or (*).  Raises ValueError for different shapes.
    Source: F.binary_cross_entropy_with_logits.
    """
    reduction = legacy_reduction(size_average, reduce, reduction)
    if target.shape != input.shape:
        raise ValueError(
            f"Target size ({target.shape}) must be the same as input size ({input.shape})"
        )
    if not target.dtype.is_floating_point:
        raise RuntimeError(
            f"result type {input.dtype.legacy_name} can't be cast to the desired output type "
            f"{target.dtype.legacy_name}: binary_cross_entropy_with_logits() wants floating point "
            "targets"
        )
    return logits_entropy(input, target, weight, pos_weight, _checked(reduction))


@op(public=False, method=False, promote=True, node="BinaryCrossEntropyWithLogitsBackward0")
def logits_entropy(xp, input, target, weight=None, pos_weight=None, /, reduction="none"):
    """``(1 - t) x - (1 + (pos_weight - 1) t) log sigmoid(x)``, weighted and reduced."""
    away = xp.log1p(xp.exp(-xp.abs(input))) - xp.minimum(input, 0)  # -log sigmoid(x)
    loss = (1 - target) * input + (
        away if pos_weight is None else ((pos_weight - 1) * target + 1) * away
    )
    return _reduced_array(xp, loss if weight is None else loss * weight, reduction)


def _logits_gradient(g, input, target, weight, pos_weight, reduction):
    g = _element_gradient(g, input.shape, weight, reduction)
    if pos_weight is None:
        return g * (sigmoid(input) - target)
    return g * ((1 - target) - ((pos_weight - 1) * target + 1) * sigmoid(-input))


def _logits_target_gradient(g, input, weight, pos_weight, reduction):
    g = _element_gradient(g, input.shape, weight, reduction)
    if pos_weight is None:
        return -g * input
    return -g * (input + (pos_weight - 1) * logsigmoid(input))


logits_entropy.vjp(input=_logits_gradient, target=_logits_target_gradient)


@full_precision
def kl_div(input, target, size_average=None, reduce=None, reduction="mean", log_target=False):
    """``target * (log target - input)``: the Kullback-Leibler divergence, not yet summed.

    ``input`` is logarithms, and with ``log_target`` so is ``target``.

    Shape: (*), (*) -> () or (*); "batchmean" divides the sum by the batch size.  Source: F.kl_div.
    """
    if size_average is not None or reduce is not None:
        reduction = legacy_reduction(size_average, reduce, reduction)
    for tensor in (input, target):
        if not tensor.dtype.is_floating_point:
            kind = "Complex" if tensor.dtype.is_complex else "Integral"
            raise RuntimeError(f"kl_div: {kind} inputs not supported.")
    loss = exp(target) * (target - input) if log_target else xlogy(target, target) - target * input
    if reduction == "batchmean":
        return loss.sum() / input.shape[0] if input.ndim else loss
    if reduction == "mean":
        warnings.warn(
            "reduction: 'mean' divides the total loss by both the batch size and the support size."
            "'batchmean' divides only by the batch size, and aligns with the KL div math "
            "definition.'mean' will be changed to behave the same as 'batchmean' in the next "
            "major release.",
            stacklevel=2,
        )
    return _reduced(loss, reduction)


@full_precision
def multi_margin_loss(
    input, target, p=1, margin=1.0, weight=None, size_average=None, reduce=None, reduction="mean"
):
    """The mean over classes of ``max(0, margin - x[target] + x[i]) ** p``, i not the target.

    Shape: (N, C) or (C), (N) or () -> () or (N).  Source: F.multi_margin_loss.
    """
    reduction = legacy_reduction(size_average, reduce, reduction)
    if p not in (1, 2):
        raise ValueError("only p == 1 and p == 2 supported")
    unbatched = input.ndim == 1
    if unbatched:
        input, target = input.unsqueeze(0), target.reshape(1)
    if target.shape != input.shape[:1]:
        raise RuntimeError(
            "multi_margin_loss: target tensor should be 1-D with size equal to the number of input "
            f"samples (batch size). Expected target size [{len(input)}], but got "
            f"{list(target.shape)}. Input has shape {list(input.shape)}."
        )
    place = target.unsqueeze(1)
    terms = clamp(margin - input.gather(1, place) + input, min=0)
    terms = terms if p == 1 else terms * terms
    if weight is not None:
        terms = terms * weight[target].unsqueeze(1)
    own = terms.new_zeros(terms.shape).scatter_(1, place, 1.0)
    losses = (terms * (1 - own)).sum(1) / input.shape[1]
    result = _reduced(losses, reduction)
    result = result.squeeze(0) if unbatched and reduction == "none" else result
    return named(result, "MultiMarginLossBackward0")


def multilabel_soft_margin_loss(
    input, target, weight=None, size_average=None, reduce=None, reduction="mean"
):
    """The mean over classes of the binary cross-entropy of logits.

    Source: F.multilabel_soft_margin_loss.
    """
    reduction = legacy_reduction(size_average, reduce, reduction)
    loss = -(target * logsigmoid(input) + (1 - target) * logsigmoid(-input))
    loss = loss if weight is None else loss * weight
    return _reduced(loss.mean(-1), reduction)


@full_precision
def soft_margin_loss(input, target, size_average=None, reduce=None, reduction="mean"):
    """``log(1 + exp(-target * input))``.

    Shape: (*), (*) -> () or (*).  Source: F.soft_margin_loss.
    """
    reduction = legacy_reduction(size_average, reduce, reduction)
    return named(_reduced(softplus(-target * input), reduction), "SoftMarginLossBackward0")


@full_precision
def poisson_nll_loss(
    input,
    target,
    log_input=True,
    full=False,
    size_average=None,
    eps=1e-8,
    reduce=None,
    reduction="mean",
):
    """The negative log-likelihood of Poisson counts; ``full`` adds Stirling's term.

    Source: F.poisson_nll_loss.
    """
    reduction = legacy_reduction(size_average, reduce, reduction)
    loss = exp(input) - target * input if log_input else input - target * log(input + eps)
    if full:
        stirling = target * log(target) - target + 0.5 * log(2 * math.pi * target)
        loss = loss + masked_zero(stirling, target <= 1)
    return _reduced(loss, reduction)


def gaussian_nll_loss(input, target, var, full=False, eps=1e-6, reduction="mean"):
    """``0.5 (log var + (input - target)^2 / var)``, var at least ``eps``.

    Source: F.gaussian_nll_loss.
    """
    if isinstance(var, float):
        var = var * input.new_ones(input.shape)
    if var.shape != input.shape:
        if tuple(input.shape[:-1]) == tuple(var.shape):
            var = var.unsqueeze(-1)
        elif not (tuple(input.shape[:-1]) == tuple(var.shape[:-1]) and var.shape[-1] == 1):
            raise ValueError("var is of incorrect size")
    if bool((var < 0).any()):
        raise ValueError("var has negative entry/entries")
    # torch: the floor acts on the value only, not on the gradient.
    var = var + (clamp(var.detach(), min=eps) - var.detach())
    loss = 0.5 * (log(var) + (input - target) ** 2 / var)
    if full:
        loss = loss + 0.5 * math.log(2 * math.pi)
    return _reduced(loss, reduction)


# --- embeddings and rankings --------------------------------------------------------------------


def cosine_similarity(x1, x2, dim=1, eps=1e-8):
    """``x1 . x2 / (max(|x1|, eps) max(|x2|, eps))`` along ``dim`` of the broadcast inputs.

    Raises RuntimeError for integers.  Source: F.cosine_similarity.
    """
    for position, (name, value) in enumerate((("x1", x1), ("x2", x2)), 1):
        require_tensor(value, "cosine_similarity", name, position)
    common = promote_types(x1.dtype, x2.dtype)
    if common.rank < 2:
        raise RuntimeError(
            f"expected common dtype to be floating point, yet common dtype is {common.legacy_name}"
        )
    if x1.shape != x2.shape:
        x1, x2 = broadcast_tensors(x1, x2)
    x1, x2 = x1.to(common), x2.to(common)
    return (x1 / _length(x1, dim, eps) * (x2 / _length(x2, dim, eps))).sum(dim)


def _length(x, dim, eps):
    length = x.norm(2, dim, keepdim=True)
    # torch: the gradient passes as if nothing were cut off.
    return length + (length.clamp_min(eps) - length).detach()


def pairwise_distance(x1, x2, p=2.0, eps=1e-6, keepdim=False):
    """The ``p``-norm of ``x1 - x2 + eps`` along the last dimension.

    Source: F.pairwise_distance.
    """
    return named((x1 - x2 + eps).norm(p, -1, keepdim), "NormBackward1")


@full_precision
def hinge_embedding_loss(
    input, target, margin=1.0, size_average=None, reduce=None, reduction="mean"
):
    """``input`` where the target is 1, ``max(0, margin - input)`` where it is -1.

    Source: F.hinge_embedding_loss.
    """
    reduction = legacy_reduction(size_average, reduce, reduction)
    away = masked_zero(clamp(margin - input, min=0), target == 1)
    return _reduced(away + masked_zero(input, target == -1), reduction)


@full_precision
def cosine_embedding_loss(
    input1, input2, target, margin=0.0, size_average=None, reduce=None, reduction="mean"
):
    """``1 - cos`` where the target is 1, ``max(0, cos - margin)`` where it is -1.

    Source: F.cosine_embedding_loss.
    """
    reduction = legacy_reduction(size_average, reduce, reduction)
    if target.ndim == 1 and not input1.ndim == input2.ndim == 2:
        raise RuntimeError(
            "1D target tensor expects 2D input tensors, but found inputs with sizes "
            f"{list(input1.shape)} and {list(input2.shape)}."
        )
    dot = (input1 * input2).sum(-1)
    tiny = 1e-12
    cosine = dot / (((input1 * input1).sum(-1) + tiny) * ((input2 * input2).sum(-1) + tiny)).sqrt()
    near = masked_zero(1 - cosine, target != 1)
    far = masked_zero(clamp(cosine - margin, min=0), target != -1)
    return _reduced(near + far, reduction)


@full_precision
def margin_ranking_loss(
    input1, input2, target, margin=0.0, size_average=None, reduce=None, reduction="mean"
):
    """``max(0, -target * (input1 - input2) + margin)``.  Source: F.margin_ranking_loss."""
    reduction = legacy_reduction(size_average, reduce, reduction)
    if not input1.ndim == input2.ndim == target.ndim:
        raise RuntimeError(
            "margin_ranking_loss : All input tensors should have same dimension but got sizes: "
            f"input1: {input1.shape}, input2: {input2.shape}, target: {target.shape} "
        )
    return _reduced(clamp(-target * (input1 - input2) + margin, min=0), reduction)


@full_precision
def triplet_margin_loss(
    anchor,
    positive,
    negative,
    margin=1.0,
    p=2,
    eps=1e-6,
    swap=False,
    size_average=None,
    reduce=None,
    reduction="mean",
):
    """``max(0, d(anchor, positive) - d(anchor, negative) + margin)`` in the ``p``-norm.

    Source: F.triplet_margin_loss.
    """
    reduction = legacy_reduction(size_average, reduce, reduction)
    if margin <= 0:
        raise ValueError(f"margin must be greater than 0, got {margin}")
    if not anchor.ndim == positive.ndim == negative.ndim:
        raise RuntimeError(
            "The anchor, positive, and negative tensors are expected to have the same number of "
            f"dimensions, but got: anchor {anchor.ndim}D, positive {positive.ndim}D, and negative "
            f"{negative.ndim}D inputs"
        )
    return triplet_margin_with_distance_loss(
        anchor,
        positive,
        negative,
        distance_function=lambda x, y: pairwise_distance(x, y, p, eps),
        margin=margin,
        swap=swap,
        reduction=reduction,
    )


def triplet_margin_with_distance_loss(
    anchor, positive, negative, *, distance_function=None, margin=1.0, swap=False, reduction="mean"
):
    """:func:`triplet_margin_loss` with any distance.

    Source: F.triplet_margin_with_distance_loss.
    """
    distance = pairwise_distance if distance_function is None else distance_function
    near, far = distance(anchor, positive), distance(anchor, negative)
    if swap:
        other = distance(positive, negative)
        far = -maximum(-far, -other)
    return _reduced(clamp(margin + near - far, min=0), reduction)


@full_precision
def multilabel_margin_loss(input, target, size_average=None, reduce=None, reduction="mean"):
    """``sum over j in y, i not in y of max(0, 1 - x_j + x_i) / C``.

    ``y`` are the labels of a row of ``target`` before its first -1.
    Shape: (N, C) or (C), and the same of ints -> () or (N).
    Errors: RuntimeError for labels out of range or another shape.
    Source: F.multilabel_margin_loss.
    """
    reduction = legacy_reduction(size_average, reduce, reduction)
    require_tensor(input, "multilabel_margin_loss")
    require_tensor(target, "multilabel_margin_loss", "target", 2)
    if target.shape != input.shape or input.ndim > 2:
        raise RuntimeError(
            f"inconsistent target size: {list(target.shape)} for input of size: {list(input.shape)}"
        )
    scores = input.reshape(-1, input.shape[-1] if input.ndim else 1)  # (N, C)
    labels = target.reshape(scores.shape)
    classes = scores.shape[1]
    if labels.numel() and (labels.min() < -1 or labels.max() >= classes):
        raise RuntimeError("argument #2 'target' is out of range")
    given = (labels >= 0).long().cumprod(1).bool()
    safe = labels * given
    right = zeros_like(scores).scatter_add(1, safe, given.to(scores.dtype)) > 0
    ahead = scores.gather(1, safe).unsqueeze(2) - scores.unsqueeze(1)  # (N, labels, C)
    counted = given.unsqueeze(2) & ~right.unsqueeze(1)
    loss = clamp(1 - ahead, min=0) * counted.to(scores.dtype)
    loss = loss.sum((1, 2)) / classes
    return named(
        _reduced(loss if input.ndim == 2 else loss[0], reduction), "MultilabelMarginLossBackward0"
    )
