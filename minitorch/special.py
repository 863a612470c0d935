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
from minitorch.ops.special import (
    digamma,
    entr,
    erfcx,
    i0,
    i0e,
    i1,
    i1e,
    log_ndtr,
    ndtr,
    ndtri,
    polygamma,
    xlog1py,
    zeta,
)
from minitorch.ops.special import digamma as psi
from minitorch.ops.special import igamma as gammainc
from minitorch.ops.special import igammac as gammaincc
from minitorch.ops.special import lgamma as gammaln
from minitorch.ops.special import mvlgamma as multigammaln

__all__ = [
    "digamma",
    "entr",
    "erf",
    "erfc",
    "erfcx",
    "erfinv",
    "exp2",
    "expit",
    "expm1",
    "gammainc",
    "gammaincc",
    "gammaln",
    "i0",
    "i0e",
    "i1",
    "i1e",
    "log1p",
    "log_ndtr",
    "log_softmax",
    "logit",
    "logsumexp",
    "multigammaln",
    "ndtr",
    "ndtri",
    "polygamma",
    "psi",
    "round",
    "sinc",
    "softmax",
    "xlog1py",
    "xlogy",
    "zeta",
]
