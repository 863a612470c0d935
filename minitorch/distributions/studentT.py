"""Student's t distribution."""

from __future__ import annotations

import math

from minitorch.distributions import constraints
from minitorch.distributions.chi2 import Chi2
from minitorch.distributions.distribution import Distribution
from minitorch.distributions.utils import broadcast_all, overwritten
from minitorch.ops.masking import where
from minitorch.ops.random import randn

__all__ = ["StudentT"]


class StudentT(Distribution):
    """A normal number over the root of a mean of ``df`` squared ones.

    Args:
        df: the degrees of freedom.
        loc, scale: the middle and the width.

    Source: torch.distributions.StudentT.

    >>> import minitorch
    >>> StudentT(1.0).log_prob(minitorch.tensor(0.0))
    tensor(-1.1447)
    """

    arg_constraints = {
        "df": constraints.positive,
        "loc": constraints.real,
        "scale": constraints.positive,
    }
    support = constraints.real
    has_rsample = True
    _batched = ("df", "loc", "scale", "_chi2")

    def __init__(self, df, loc=0.0, scale=1.0, validate_args=None):
        self.df, self.loc, self.scale = broadcast_all(df, loc, scale)
        self._chi2 = Chi2(self.df)
        super().__init__(self.df.size(), validate_args=validate_args)

    @property
    def mean(self):
        """``loc``; nan up to ``df = 1``."""
        return overwritten(self.loc, self.df <= 1, math.nan)

    @property
    def mode(self):
        """The parameter ``loc``."""
        return self.loc

    @property
    def variance(self):
        """The variance; inf up to ``df = 2`` and nan up to 1."""
        variance = self.scale.pow(2) * self.df / (self.df - 2)
        variance = where(self.df > 2, variance, math.inf)
        return overwritten(variance, self.df <= 1, math.nan)

    def rsample(self, sample_shape=()):
        noise = randn(self._extended_shape(sample_shape), dtype=self.df.dtype)
        squares = self._chi2.rsample(sample_shape)
        return self.loc + self.scale * (noise * (squares / self.df).rsqrt())

    def log_prob(self, value):
        if self._validate_args:
            self._validate_sample(value)
        y = (value - self.loc) / self.scale
        normalizer = (
            self.scale.log()
            + 0.5 * self.df.log()
            + 0.5 * math.log(math.pi)
            + (0.5 * self.df).lgamma()
            - (0.5 * (self.df + 1.0)).lgamma()
        )
        return -0.5 * (self.df + 1.0) * (y**2.0 / self.df).log1p() - normalizer

    def entropy(self):
        half, next_half = 0.5 * self.df, 0.5 * (self.df + 1)
        log_beta = half.lgamma() + math.lgamma(0.5) - next_half.lgamma()
        return (
            self.scale.log()
            + next_half * (next_half.digamma() - half.digamma())
            + 0.5 * self.df.log()
            + log_beta
        )
