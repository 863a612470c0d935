"""The uniform distribution."""

from __future__ import annotations

import math

from minitorch.distributions import constraints
from minitorch.distributions.distribution import Distribution
from minitorch.distributions.utils import broadcast_all
from minitorch.ops.random import rand

__all__ = ["Uniform"]


class Uniform(Distribution):
    """All numbers of ``[low, high)`` are as likely.

    Args:
        low, high: numbers or tensors that broadcast to the batch shape.

    Source: torch.distributions.Uniform.

    >>> import minitorch
    >>> Uniform(1.0, 3.0).log_prob(minitorch.tensor(2.0))
    tensor(-0.6931)
    """

    has_rsample = True
    _batched = ("low", "high")

    def __init__(self, low, high, validate_args=None):
        self.low, self.high = broadcast_all(low, high)
        super().__init__(self.low.size(), validate_args=validate_args)

    @property
    def arg_constraints(self):
        """``low`` lies below ``high``."""
        return {
            "low": constraints.less_than(self.high),
            "high": constraints.greater_than(self.low),
        }

    @constraints.dependent_property(is_discrete=False, event_dim=0)
    def support(self):
        """``[low, high]``."""
        return constraints.interval(self.low, self.high)

    @property
    def mean(self):
        """The middle."""
        return (self.high + self.low) / 2

    @property
    def mode(self):
        """nan: all values are as likely."""
        return math.nan * self.high

    @property
    def stddev(self):
        """The length over ``sqrt(12)``."""
        return (self.high - self.low) / 12**0.5

    @property
    def variance(self):
        """The square of the length over 12."""
        return (self.high - self.low).pow(2) / 12

    def rsample(self, sample_shape=()):
        noise = rand(self._extended_shape(sample_shape), dtype=self.low.dtype)
        return self.low + noise * (self.high - self.low)

    def log_prob(self, value):
        if self._validate_args:
            self._validate_sample(value)
        inside = self.low.le(value).type_as(self.low) * self.high.gt(value).type_as(self.low)
        return inside.log() - (self.high - self.low).log()

    def cdf(self, value):
        if self._validate_args:
            self._validate_sample(value)
        return ((value - self.low) / (self.high - self.low)).clamp(min=0, max=1)

    def icdf(self, value):
        return value * (self.high - self.low) + self.low

    def entropy(self):
        return (self.high - self.low).log()
