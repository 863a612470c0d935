"""``torch.special``: special functions, by the names of SciPy."""

from __future__ import annotations

from minitorch.ops.activation import log_softmax, softmax
from minitorch.ops.elementwise import (
    erf,
    erfc,
    erfinv,
    exp2,
    expm1,
    log1p,
    logit,
    round,
    sinc,
    xlogy,
)
from minitorch.ops.elementwise import sigmoid as expit
from minitorch.ops.reduction import logsumexp

__all__ = [
    "erf",
    "erfc",
    "erfinv",
    "exp2",
    "expit",
    "expm1",
    "log1p",
    "log_softmax",
    "logit",
    "logsumexp",
    "round",
    "sinc",
    "softmax",
    "xlogy",
]
