"""The negative binomial distribution."""

from __future__ import annotations

from minitorch.autograd.mode import no_grad
from minitorch.distributions import constraints
from minitorch.distributions._probs_or_logits import ProbsOrLogits
from minitorch.distributions.gamma import Gamma
from minitorch.distributions.utils import broadcast_all, lazy_property
from minitorch.nn.functional import logsigmoid
from minitorch.ops.random import poisson

__all__ = ["NegativeBinomial"]


class NegativeBinomial(ProbsOrLogits):
    """The number of successes before ``total_count`` failures.

    Args:
        total_count: the number of failures, need not be whole.
        probs: the probability of success, below 1.
        logits: its log-odds, in place of ``probs``.

    Source: torch.distributions.NegativeBinomial.

    >>> import minitorch
    >>> NegativeBinomial(1.0, minitorch.tensor(0.5)).log_prob(minitorch.tensor(1.0))
    tensor(-1.3863)
    """

    arg_constraints = {
        "total_count": constraints.greater_than_eq(0),
        "probs": constraints.half_open_interval(0.0, 1.0),
        "logits": constraints.real,
    }
    support = constraints.nonnegative_integer
    _batched = ("total_count", "probs", "logits")

    def __init__(self, total_count, probs=None, logits=None, validate_args=None):
        self._check_one_is_given(probs, logits)
        if probs is not None:
            self.total_count, self.probs = broadcast_all(total_count, probs)
        else:
            self.total_count, self.logits = broadcast_all(total_count, logits)
        self.total_count = self.total_count.type_as(self._param)
        super().__init__(self.param_shape, validate_args=validate_args)

    @property
    def mean(self):
        """``total_count * probs / (1 - probs)``."""
        return self.total_count * self.logits.exp()

    @property
    def mode(self):
        """The likeliest number."""
        return ((self.total_count - 1) * self.logits.exp()).floor().clamp(min=0.0)

    @property
    def variance(self):
        """``mean / (1 - probs)``."""
        return self.mean / (-self.logits).sigmoid()

    @lazy_property
    def _gamma(self):
        """The distribution of the Poisson rate of which this is the mixture."""
        return Gamma(concentration=self.total_count, rate=(-self.logits).exp(), validate_args=False)

    def sample(self, sample_shape=()):
        with no_grad():
            return poisson(self._gamma.sample(sample_shape))

    def log_prob(self, value):
        if self._validate_args:
            self._validate_sample(value)
        powers = self.total_count * logsigmoid(-self.logits) + value * logsigmoid(self.logits)
        normalizer = (
            -(self.total_count + value).lgamma()
            + (1.0 + value).lgamma()
            + self.total_count.lgamma()
        )
        return powers - normalizer.masked_fill(self.total_count + value == 0.0, 0.0)
