"""The Poisson distribution."""

from __future__ import annotations

from minitorch.autograd.mode import no_grad
from minitorch.distributions import constraints
from minitorch.distributions.exp_family import ExponentialFamily
from minitorch.distributions.utils import broadcast_all
from minitorch.ops.random import poisson

__all__ = ["Poisson"]


class Poisson(ExponentialFamily):
    """``rate ** k * exp(-rate) / k!`` for k = 0, 1, 2, ...

    Args:
        rate: the mean, a number or a tensor of the batch shape.

    Source: torch.distributions.Poisson.

    >>> import minitorch
    >>> Poisson(2.0).log_prob(minitorch.tensor(1.0))
    tensor(-1.3069)
    """

    arg_constraints = {"rate": constraints.nonnegative}
    support = constraints.nonnegative_integer
    _batched = ("rate",)

    def __init__(self, rate, validate_args=None):
        (self.rate,) = broadcast_all(rate)
        super().__init__(self.rate.size(), validate_args=validate_args)

    @property
    def mean(self):
        """The parameter ``rate``."""
        return self.rate

    @property
    def mode(self):
        """``rate``, rounded down."""
        return self.rate.floor()

    @property
    def variance(self):
        """The parameter ``rate``."""
        return self.rate

    def sample(self, sample_shape=()):
        with no_grad():
            return poisson(self.rate.expand(self._extended_shape(sample_shape)))

    def log_prob(self, value):
        if self._validate_args:
            self._validate_sample(value)
        rate, value = broadcast_all(self.rate, value)
        return value.xlogy(rate) - rate - (value + 1).lgamma()

    @property
    def _natural_params(self):
        return (self.rate.log(),)

    def _log_normalizer(self, x):
        return x.exp()
