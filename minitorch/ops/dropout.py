"""Dropout of every kind, drawing torch's random numbers in torch's order."""

from __future__ import annotations

import math
import warnings

from minitorch.ops._op import op
from minitorch.ops.elementwise import mul
from minitorch.ops.random import dropout_noise
from minitorch.tensor import wrap

__all__ = [
    "alpha_dropout",
    "dropout",
    "dropout1d",
    "dropout2d",
    "dropout3d",
    "feature_alpha_dropout",
]

#: Klambauer et al. (2017): the value that alpha dropout writes, -scale * alpha of SELU.
_ALPHA = 1.7580993408473766


def _check(name, p):
    if not 0 <= p <= 1:
        raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")


@op(public=False, method=False, node="MulBackward0")
def times_noise(xp, input, noise, /):
    """``input * noise``."""
    return input * noise


times_noise.vjp(input=lambda g, noise: g * noise)


def _dropped(input, p, training, inplace, feature=False):
    """``input`` times noise; with ``feature`` one number for each channel of (N, C, ...)."""
    if not training or p == 0:
        return input
    if p == 1:
        return input.mul_(0) if inplace else mul(input, 0)
    noise = wrap(dropout_noise(input, p, feature=feature))
    if inplace:
        return input.mul_(noise)
    return mul(input, noise) if feature else times_noise(input, noise)


def dropout(input, p: float = 0.5, training: bool = True, inplace: bool = False):
    """Zero each element with probability ``p`` and scale the rest by 1 / (1 - p), in training.

    Shape: (*) -> (*).  Raises ValueError for p outside [0, 1].
    Source: F.dropout; Srivastava et al. (2014).
    """
    _check("dropout", p)
    return _dropped(input, p, training, inplace)


def _feature_dropout(name, input, p, training, inplace, batched, unbatched):
    _check(name, p)
    if input.ndim not in (batched, unbatched):
        warnings.warn(
            f"{name}: Received a {input.ndim}-D input to {name}, which is deprecated and will "
            "result in an error in a future release. To retain the behavior and silence this "
            f"warning, please use dropout instead. Note that {name} exists to provide "
            f"channel-wise dropout on inputs with {batched - 2} spatial dimensions, a channel "
            "dimension, and an optional batch dimension.",
            stacklevel=3,
        )
    if not training or p == 0:
        return input
    if input.ndim != batched and unbatched != batched:
        out = _dropped(input.unsqueeze(0), p, training, inplace, True)
        return input if inplace else out.squeeze(0)
    return _dropped(input, p, training, inplace, True)


def dropout1d(input, p: float = 0.5, training: bool = True, inplace: bool = False):
    """Zero whole channels.  Shape: (N, C, L) or (C, L) -> the same.  Source: F.dropout1d."""
    _check("dropout1d", p)
    if input.ndim not in (2, 3):
        raise RuntimeError(
            f"dropout1d: Expected 2D or 3D input, but received a {input.ndim}D input. Note that "
            "dropout1d exists to provide channel-wise dropout on inputs with 1 spatial dimension, "
            "a channel dimension, and an optional batch dimension (i.e. 2D or 3D inputs)."
        )
    return _feature_dropout("dropout1d", input, p, training, inplace, 3, 2)


def dropout2d(input, p: float = 0.5, training: bool = True, inplace: bool = False):
    """Zero whole channels.  Shape: (N, C, H, W) or (N, C, L) -> the same.  Source: F.dropout2d."""
    # torch: a 3-D input counts as (N, C, L), for old programs.
    if input.ndim == 3:
        warnings.warn(
            "dropout2d: Received a 3D input to dropout2d and assuming that channel-wise 1D "
            "dropout behavior is desired - input is interpreted as shape (N, C, L), where C is "
            "the channel dim. This behavior will change in a future release to interpret the "
            "input as one without a batch dimension, i.e. shape (C, H, W). To maintain the 1D "
            "channel-wise dropout behavior, please switch to using dropout1d instead.",
            stacklevel=2,
        )
        _check("dropout2d", p)
        return _dropped(input, p, training, inplace, True)
    return _feature_dropout("dropout2d", input, p, training, inplace, 4, 4)


def dropout3d(input, p: float = 0.5, training: bool = True, inplace: bool = False):
    """Zero whole channels.

    Shape: (N, C, D, H, W) or (C, D, H, W) -> the same.  Source: F.dropout3d.
    """
    return _feature_dropout("dropout3d", input, p, training, inplace, 5, 4)


def _alpha(input, p, training, inplace, feature=False):
    if not training or p == 0:
        return input
    if p == 1:
        return input.mul_(0) if inplace else mul(input, 0)
    a = 1.0 / math.sqrt((_ALPHA * _ALPHA * p + 1) * (1 - p))
    kept = wrap(dropout_noise(input, p, feature=feature, scaled=False))
    offset = (kept - 1) * (_ALPHA * a) + _ALPHA * a * p
    scale = kept * a
    return input.mul_(scale).add_(offset) if inplace else input * scale + offset


def alpha_dropout(input, p: float = 0.5, training: bool = False, inplace: bool = False):
    """Dropout that keeps the mean and variance of SELU's outputs.

    Shape: (*) -> (*).  Source: F.alpha_dropout.
    """
    _check("alpha_dropout", p)
    return _alpha(input, p, training, inplace)


def feature_alpha_dropout(input, p: float = 0.5, training: bool = False, inplace: bool = False):
    """:func:`alpha_dropout` of whole channels.

    Shape: (N, C, *) -> the same.  Source: F.feature_alpha_dropout.
    """
    _check("feature_alpha_dropout", p)
    return _alpha(input, p, training, inplace, True)
