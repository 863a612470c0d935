"""The generalized Pareto distribution."""

from __future__ import annotations

import math

from minitorch.distributions import constraints
from minitorch.distributions.distribution import Distribution
from minitorch.distributions.utils import broadcast_all
from minitorch.ops.creation import full_like
from minitorch.ops.masking import where
from minitorch.ops.random import rand

__all__ = ["GeneralizedPareto"]


class GeneralizedPareto(Distribution):
    """``(1 + concentration z) ** -(1 / concentration + 1) / scale``, ``z = (x - loc) / scale``.

    With a concentration of 0 it is exponential; below 0 its support ends.

    Args:
        loc, scale, concentration: numbers or tensors that broadcast to the batch shape.

    Source: torch.distributions.GeneralizedPareto.

    >>> import minitorch
    >>> GeneralizedPareto(0.0, 1.0, 0.5).log_prob(minitorch.tensor(2.0))
    tensor(-2.0794)
    """

    arg_constraints = {
        "loc": constraints.real,
        "scale": constraints.positive,
        "concentration": constraints.real,
    }
    has_rsample = True
    _batched = ("loc", "scale", "concentration")

    def __init__(self, loc, scale, concentration, validate_args=None):
        self.loc, self.scale, self.concentration = broadcast_all(loc, scale, concentration)
        super().__init__(self.loc.size(), validate_args=validate_args)

    @constraints.dependent_property(is_discrete=False, event_dim=0)
    def support(self):
        """From ``loc`` to infinity, or to where the density ends."""
        end = self.loc - self.scale / self.concentration
        high = where(self.concentration < 0, end, full_like(self.loc, math.inf))
        return constraints.interval(self.loc, high)

    def _flat(self):
        """Whether the concentration is 0, and the concentrations with 1 in their place."""
        flat = self.concentration.abs() <= 1e-8
        return flat, self.concentration.masked_fill(flat, 1.0)

    def _z(self, value):
        return (value - self.loc) / self.scale

    @property
    def mean(self):
        """``loc + scale / (1 - concentration)``; nan from a concentration of 1."""
        mean = self.loc + self.scale / (1 - self.concentration)
        return where(self.concentration < 1, mean, math.nan)

    @property
    def variance(self):
        """The variance; nan from a concentration of 1/2."""
        k = self.concentration
        variance = self.scale**2 / ((1 - k) ** 2 * (1 - 2 * k))
        return where(k < 0.5, variance, math.nan)

    @property
    def mode(self):
        """The parameter ``loc``."""
        return self.loc

    def rsample(self, sample_shape=()):
        return self.icdf(rand(self._extended_shape(sample_shape), dtype=self.loc.dtype))

    def log_prob(self, value):
        if self._validate_args:
            self._validate_sample(value)
        flat, k = self._flat()
        z = self._z(value)
        return where(flat, -z, -(1 + 1 / k) * (k * z).log1p()) - self.scale.log()

    def log_survival_function(self, value):
        """The logarithm of the probability of larger values."""
        if self._validate_args:
            self._validate_sample(value)
        flat, k = self._flat()
        z = self._z(value)
        return where(flat, -z, -(k * z).log1p() / k)

    def log_cdf(self, value):
        """The logarithm of ``cdf(value)``."""
        return (-self.log_survival_function(value).exp()).log1p()

    def cdf(self, value):
        return self.log_cdf(value).exp()

    def icdf(self, value):
        flat, k = self._flat()
        log_rest = (-value).log1p()
        exponential = self.loc - self.scale * log_rest
        return where(flat, exponential, self.loc + self.scale * (-k * log_rest).expm1() / k)

    def entropy(self):
        return self.scale.log() + self.concentration + 1
