"""Filling weights: constants, identities, and the random schemes that keep signals at their scale.

Every function writes into the tensor it is given, records nothing, and returns it.  The random ones
draw what torch draws in the same order, so the same seed gives the same weights.

Throughout, a weight of shape (out, in, *kernel) has fan_in = in * prod(kernel), the number of
inputs that one output sums over, and fan_out = out * prod(kernel).
"""

from __future__ import annotations

import functools
import math
import warnings
from collections.abc import Callable

from minitorch.autograd.mode import no_grad
from minitorch.ops.decomposition import qr
from minitorch.ops.random import randperm
from minitorch.random import Generator
from minitorch.tensor import Tensor

__all__ = [
    "calculate_gain",
    "constant",
    "constant_",
    "dirac",
    "dirac_",
    "eye",
    "eye_",
    "kaiming_normal",
    "kaiming_normal_",
    "kaiming_uniform",
    "kaiming_uniform_",
    "normal",
    "normal_",
    "ones_",
    "orthogonal",
    "orthogonal_",
    "sparse",
    "sparse_",
    "trunc_normal_",
    "uniform",
    "uniform_",
    "xavier_normal",
    "xavier_normal_",
    "xavier_uniform",
    "xavier_uniform_",
    "zeros_",
]

_GAINS = {
    "linear": 1,
    "conv1d": 1,
    "conv2d": 1,
    "conv3d": 1,
    "conv_transpose1d": 1,
    "conv_transpose2d": 1,
    "conv_transpose3d": 1,
    "sigmoid": 1,
    "tanh": 5.0 / 3,
    "relu": math.sqrt(2.0),
    "selu": 3.0 / 4,
}

#: Below this share of a normal inside the bounds, drawing uniform candidates rejects fewer.
_ENOUGH_INSIDE = 0.3


def calculate_gain(nonlinearity: str, param: float | None = None) -> float:
    """By what factor weights must grow to make up for the nonlinearity after them.

    Args:
        nonlinearity: its name in ``nn.functional``: "relu", "tanh", "leaky_relu", "linear", ...
        param: the slope of leaky_relu below zero (0.01 for None); the others have none.

    Errors: ValueError for an unknown name, or a slope that is no number.
    Source: torch.nn.init.calculate_gain.

    >>> from minitorch.nn.init import calculate_gain
    >>> calculate_gain("leaky_relu", 1.0)
    1.0
    """
    if nonlinearity in _GAINS:
        return _GAINS[nonlinearity]
    if nonlinearity != "leaky_relu":
        raise ValueError(f"Unsupported nonlinearity {nonlinearity}")
    slope = 0.01 if param is None else param
    if isinstance(slope, bool) or not isinstance(slope, (int, float)):
        raise ValueError(f"negative_slope {param} not a valid number")
    return math.sqrt(2.0 / (1 + slope**2))


# ---- constants -------------------------------------------------------------------------------


@no_grad()
def constant_(tensor: Tensor, val: float) -> Tensor:
    """Fill with ``val``.  Shape: any.  Source: torch.nn.init.constant_."""
    return tensor.fill_(val)


def ones_(tensor: Tensor) -> Tensor:
    """Fill with ones.  Shape: any.  Source: torch.nn.init.ones_."""
    return constant_(tensor, 1.0)


def zeros_(tensor: Tensor) -> Tensor:
    """Fill with zeros.  Shape: any.  Source: torch.nn.init.zeros_."""
    return constant_(tensor, 0.0)


@no_grad()
def eye_(tensor: Tensor) -> Tensor:
    """Ones on the diagonal: a linear layer that passes its input on.

    Shape: (out, in).  Errors: ValueError for other than 2 dimensions.  Source: torch.nn.init.eye_.
    """
    _require_matrix(tensor)
    tensor.zero_()
    return tensor.fill_diagonal_(1)


@no_grad()
def dirac_(tensor: Tensor, groups: int = 1) -> Tensor:
    """One at the kernel's centre where out channel = in channel: a convolution that passes on.

    Args:
        groups: passes on within each group of out channels alike.

    Shape: (out, in, *kernel) with a kernel of 1 to 3 dimensions.
    Errors: ValueError for other shapes, or if the groups do not divide ``out``.
    Source: torch.nn.init.dirac_.
    """
    if tensor.dim() not in (3, 4, 5):
        raise ValueError("Only tensors with 3, 4, or 5 dimensions are supported")
    out_channels, in_channels, *kernel = tensor.shape
    if out_channels % groups:
        raise ValueError("dim 0 must be divisible by groups")
    per_group = out_channels // groups
    centre = tuple(length // 2 for length in kernel)
    tensor.zero_()
    for group in range(groups):
        for channel in range(min(per_group, in_channels)):
            tensor[(group * per_group + channel, channel, *centre)] = 1
    return tensor


# ---- plain distributions ---------------------------------------------------------------------


@no_grad()
def uniform_(
    tensor: Tensor, a: float = 0.0, b: float = 1.0, generator: Generator | None = None
) -> Tensor:
    """Draw from U(a, b).  Shape: any.  Source: torch.nn.init.uniform_."""
    return tensor.uniform_(a, b, generator=generator)


@no_grad()
def normal_(
    tensor: Tensor, mean: float = 0.0, std: float = 1.0, generator: Generator | None = None
) -> Tensor:
    """Draw from N(mean, std^2).  Shape: any.  Source: torch.nn.init.normal_."""
    return tensor.normal_(mean, std, generator=generator)


@no_grad()
def trunc_normal_(
    tensor: Tensor,
    mean: float = 0.0,
    std: float = 1.0,
    a: float = -2.0,
    b: float = 2.0,
    generator: Generator | None = None,
) -> Tensor:
    """Draw from N(mean, std^2) what lies in [a, b].

    Warns when the mean is more than two std outside the bounds.

    Shape: any.  Source: torch.nn.init.trunc_normal_ (of torch 2.13).
    """
    if mean < a - 2 * std or mean > b + 2 * std:
        warnings.warn(
            "mean is more than 2 std from [a, b] in nn.init.trunc_normal_. "
            "The distribution of values may be incorrect.",
            stacklevel=3,
        )
    inside = _normal_cdf((b - mean) / std) - _normal_cdf((a - mean) / std)
    if inside > _ENOUGH_INSIDE:
        return _reject_normals(tensor, mean, std, a, b, generator)
    return _reject_uniforms(tensor, mean, std, a, b, generator)


def _reject_normals(
    tensor: Tensor, mean: float, std: float, a: float, b: float, generator: Generator | None
) -> Tensor:
    """Draw normals, and again, for the whole tensor, until none is left outside the bounds."""
    # The bounds as the tensor would hold them, or a bound that rounds outwards is never met.
    low = tensor.new_tensor(a).item()
    high = tensor.new_tensor(b).item()
    tensor.normal_(mean, std, generator=generator)
    while True:
        outside = (tensor < low) | (tensor > high)
        if not outside.any():
            return tensor
        fresh = tensor.detach().clone().normal_(mean, std, generator=generator)
        tensor.copy_(fresh.where(outside, tensor))


def _reject_uniforms(
    tensor: Tensor, mean: float, std: float, a: float, b: float, generator: Generator | None
) -> Tensor:
    """Draw uniforms, and keep each with the probability p(x) / max(p) that a normal gives it."""
    mode = max(a, min(mean, b))
    log_peak = -0.5 * ((mode - mean) / std) ** 2

    def rejected(candidates: Tensor) -> Tensor:
        log_density = candidates.sub(mean).div_(std).pow_(2).mul_(-0.5).sub_(log_peak)
        return candidates.clone().uniform_(generator=generator).log_() > log_density

    tensor.uniform_(a, b, generator=generator)
    pending = rejected(tensor.detach())
    while pending.any():
        fresh = tensor.detach().clone().uniform_(a, b, generator=generator)
        tensor.copy_(fresh.where(pending, tensor))
        pending &= rejected(fresh)
    return tensor


def _normal_cdf(x: float) -> float:
    return (1.0 + math.erf(x / math.sqrt(2.0))) / 2.0


# ---- schemes that scale with the shape -------------------------------------------------------


def _calculate_fan_in_and_fan_out(tensor: Tensor) -> tuple[int, int]:
    """(fan_in, fan_out) of a weight.  Errors: ValueError for fewer than 2 dimensions."""
    if tensor.dim() < 2:
        raise ValueError(
            "Fan in and fan out can not be computed for tensor with fewer than 2 dimensions"
        )
    out_features, in_features, *kernel = tensor.shape
    receptive_field = math.prod(kernel)
    return in_features * receptive_field, out_features * receptive_field


def _calculate_correct_fan(tensor: Tensor, mode: str) -> int:
    """fan_in or fan_out, whichever ``mode`` names.  Errors: ValueError for another mode."""
    modes = ["fan_in", "fan_out"]
    if mode.lower() not in modes:
        raise ValueError(f"Mode {mode} not supported, please use one of {modes}")
    return _calculate_fan_in_and_fan_out(tensor)[modes.index(mode.lower())]


def xavier_uniform_(
    tensor: Tensor, gain: float = 1.0, generator: Generator | None = None
) -> Tensor:
    """Draw from U(-a, a) with a = gain * sqrt(6 / (fan_in + fan_out)).

    Keeps the variance of signals and of gradients alike, in between.

    Shape: (out, in, *kernel).  Errors: ValueError for fewer than 2 dimensions.
    Source: torch.nn.init.xavier_uniform_; Glorot and Bengio 2010.
    """
    bound = math.sqrt(3.0) * _xavier_std(tensor, gain)
    return uniform_(tensor, -bound, bound, generator)


def xavier_normal_(tensor: Tensor, gain: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Draw from N(0, std^2) with std = gain * sqrt(2 / (fan_in + fan_out)).

    Shape: (out, in, *kernel).  Errors: ValueError for fewer than 2 dimensions.
    Source: torch.nn.init.xavier_normal_; Glorot and Bengio 2010.
    """
    return normal_(tensor, 0.0, _xavier_std(tensor, gain), generator)


def _xavier_std(tensor: Tensor, gain: float) -> float:
    fan_in, fan_out = _calculate_fan_in_and_fan_out(tensor)
    return gain * math.sqrt(2.0 / (fan_in + fan_out))


def kaiming_uniform_(
    tensor: Tensor,
    a: float = 0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    generator: Generator | None = None,
) -> Tensor:
    """Draw from U(-bound, bound) with bound = gain * sqrt(3 / fan).

    Args:
        a: the slope below zero of the leaky_relu that follows.
        mode: "fan_in" keeps the variance of signals, "fan_out" that of gradients.
        nonlinearity: what follows the layer, by its name in ``nn.functional``.

    Shape: (out, in, *kernel).
    Errors: ValueError for fewer than 2 dimensions, an unknown mode or nonlinearity.
    Source: torch.nn.init.kaiming_uniform_; He et al. 2015.
    """
    if not tensor.numel():
        return _nothing_to_fill(tensor)
    bound = math.sqrt(3.0) * _kaiming_std(tensor, a, mode, nonlinearity)
    return uniform_(tensor, -bound, bound, generator)


def kaiming_normal_(
    tensor: Tensor,
    a: float = 0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    generator: Generator | None = None,
) -> Tensor:
    """Draw from N(0, std^2) with std = gain / sqrt(fan); the arguments are kaiming_uniform_'s.

    Shape: (out, in, *kernel).
    Errors: ValueError for fewer than 2 dimensions, an unknown mode or nonlinearity.
    Source: torch.nn.init.kaiming_normal_; He et al. 2015.
    """
    if not tensor.numel():
        return _nothing_to_fill(tensor)
    return normal_(tensor, 0.0, _kaiming_std(tensor, a, mode, nonlinearity), generator)


def _kaiming_std(tensor: Tensor, a: float, mode: str, nonlinearity: str) -> float:
    fan = _calculate_correct_fan(tensor, mode)
    return calculate_gain(nonlinearity, a) / math.sqrt(fan)


def _nothing_to_fill(tensor: Tensor) -> Tensor:
    warnings.warn("Initializing zero-element tensors is a no-op", stacklevel=3)
    return tensor


# ---- matrices with structure -----------------------------------------------------------------


@no_grad()
def orthogonal_(tensor: Tensor, gain: float = 1, generator: Generator | None = None) -> Tensor:
    """A random matrix with orthonormal rows or columns (whichever are fewer), times ``gain``.

    Shape: (rows, *), taken as a matrix of ``rows`` rows.
    Errors: ValueError for fewer than 2 dimensions.
    Source: torch.nn.init.orthogonal_; Saxe et al. 2013; the signs as in Mezzadri 2006.
    """
    if tensor.dim() < 2:
        raise ValueError("Only tensors with 2 or more dimensions are supported")
    if not tensor.numel():
        return tensor
    rows = tensor.shape[0]
    columns = tensor.numel() // rows
    random = tensor.new_empty((rows, columns)).normal_(0, 1, generator=generator)
    wide = rows < columns
    q, r = qr(random.t() if wide else random)
    # QR alone prefers some matrices: with these signs, each is as likely as any other.
    q = q * r.diagonal().sign()
    tensor.copy_((q.t() if wide else q).reshape(tensor.shape))
    return tensor.mul_(gain)


@no_grad()
def sparse_(
    tensor: Tensor, sparsity: float, std: float = 0.01, generator: Generator | None = None
) -> Tensor:
    """Draw from N(0, std^2), then set a share of each column to zero.

    Args:
        sparsity: the share, between 0 and 1, rounded up to whole elements.

    Shape: (rows, columns).  Errors: ValueError for other than 2 dimensions.
    Source: torch.nn.init.sparse_; Martens 2010.
    """
    _require_matrix(tensor)
    rows, columns = tensor.shape
    zeros = math.ceil(sparsity * rows)
    tensor.normal_(0, std, generator=generator)
    for column in range(columns):
        # torch: which rows are zero comes from the default generator, whatever was passed.
        tensor[randperm(rows)[:zeros], column] = 0
    return tensor


def _require_matrix(tensor: Tensor) -> None:
    if tensor.dim() != 2:
        raise ValueError("Only tensors with 2 dimensions are supported")


# ---- names of old ----------------------------------------------------------------------------


def _deprecated(function: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """``function`` under its name without the underscore, with a warning."""
    name = function.__name__
    old_name = name.removesuffix("_")

    @functools.wraps(function)
    def renamed(*args, **kwargs):
        warnings.warn(
            f"`nn.init.{old_name}` is now deprecated in favor of `nn.init.{name}`.",
            FutureWarning,
            stacklevel=2,
        )
        return function(*args, **kwargs)

    renamed.__name__ = renamed.__qualname__ = old_name
    renamed.__doc__ = f"Deprecated in favour of ``{name}``.  Source: torch.nn.init.{old_name}."
    return renamed


constant = _deprecated(constant_)
dirac = _deprecated(dirac_)
eye = _deprecated(eye_)
kaiming_normal = _deprecated(kaiming_normal_)
kaiming_uniform = _deprecated(kaiming_uniform_)
normal = _deprecated(normal_)
orthogonal = _deprecated(orthogonal_)
sparse = _deprecated(sparse_)
uniform = _deprecated(uniform_)
xavier_normal = _deprecated(xavier_normal_)
xavier_uniform = _deprecated(xavier_uniform_)
