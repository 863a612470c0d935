"""The inverse gamma distribution."""

from __future__ import annotations

import math

from minitorch.distributions import constraints
from minitorch.distributions.gamma import Gamma
from minitorch.distributions.transformed_distribution import TransformedDistribution
from minitorch.distributions.transforms import PowerTransform
from minitorch.ops.masking import where

__all__ = ["InverseGamma"]


class InverseGamma(TransformedDistribution):
    """The reciprocal of a gamma number.

    Args:
        concentration, rate: those of the gamma distribution.

    Source: torch.distributions.InverseGamma.

    >>> InverseGamma(3.0, 2.0).mean
    tensor(1.)
    """

    arg_constraints = {"concentration": constraints.positive, "rate": constraints.positive}
    support = constraints.positive
    has_rsample = True
    _batched = ()

    def __init__(self, concentration, rate, validate_args=None):
        base = Gamma(concentration, rate, validate_args=validate_args)
        reciprocal = PowerTransform(-base.rate.new_ones(()))
        super().__init__(base, reciprocal, validate_args=validate_args)

    @property
    def concentration(self):
        """The concentration."""
        return self.base_dist.concentration

    @property
    def rate(self):
        """The rate."""
        return self.base_dist.rate

    @property
    def mean(self):
        """``rate / (concentration - 1)``; inf up to a concentration of 1."""
        mean = self.rate / (self.concentration - 1)
        return where(self.concentration > 1, mean, math.inf)

    @property
    def mode(self):
        """``rate / (concentration + 1)``."""
        return self.rate / (self.concentration + 1)

    @property
    def variance(self):
        """The variance; inf up to a concentration of 2."""
        variance = self.rate.square() / (
            (self.concentration - 1).square() * (self.concentration - 2)
        )
        return where(self.concentration > 2, variance, math.inf)

    def entropy(self):
        return (
            self.concentration
            + self.rate.log()
            + self.concentration.lgamma()
            - (1 + self.concentration) * self.concentration.digamma()
        )
