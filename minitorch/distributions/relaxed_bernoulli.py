"""Continuous relaxations of the Bernoulli distribution."""

from __future__ import annotations

from minitorch.distributions import constraints
from minitorch.distributions._probs_or_logits import ProbsOrLogits
from minitorch.distributions.transformed_distribution import TransformedDistribution
from minitorch.distributions.transforms import SigmoidTransform
from minitorch.distributions.utils import broadcast_all, clamp_probs
from minitorch.ops.random import rand

__all__ = ["LogitRelaxedBernoulli", "RelaxedBernoulli"]


class LogitRelaxedBernoulli(ProbsOrLogits):
    """The log-odds of a :class:`RelaxedBernoulli`: a logistic number around ``logits``.

    Args:
        temperature: a tensor; near 0 the samples are nearly 0 or 1.
        probs: the probability of 1.
        logits: its log-odds, in place of ``probs``.

    C. Maddison, A. Mnih and Y. W. Teh, "The concrete distribution" (2017).
    Source: torch.distributions.relaxed_bernoulli.LogitRelaxedBernoulli.
    """

    arg_constraints = {"probs": constraints.unit_interval, "logits": constraints.real}
    support = constraints.real
    _batched = ("probs", "logits")
    _shared = ("temperature",)

    def __init__(self, temperature, probs=None, logits=None, validate_args=None):
        self.temperature = temperature
        self._check_one_is_given(probs, logits)
        if probs is not None:
            (self.probs,) = broadcast_all(probs)
        else:
            (self.logits,) = broadcast_all(logits)
        super().__init__(self.param_shape, validate_args=validate_args)

    def rsample(self, sample_shape=()):
        shape = self._extended_shape(sample_shape)
        probs = clamp_probs(self.probs.expand(shape))
        noise = clamp_probs(rand(shape, dtype=probs.dtype))
        return (noise.log() - (-noise).log1p() + probs.log() - (-probs).log1p()) / self.temperature

    def log_prob(self, value):
        if self._validate_args:
            self._validate_sample(value)
        logits, value = broadcast_all(self.logits, value)
        distance = logits - value * self.temperature
        return self.temperature.log() + distance - 2 * distance.exp().log1p()


class RelaxedBernoulli(TransformedDistribution):
    """Numbers in (0, 1) that are nearly Bernoulli and differentiable in the parameters.

    Args:
        temperature: a tensor; near 0 the samples are nearly 0 or 1.
        probs: the probability of 1.
        logits: its log-odds, in place of ``probs``.

    Source: torch.distributions.RelaxedBernoulli.

    >>> import minitorch
    >>> RelaxedBernoulli(minitorch.tensor(1.0), minitorch.tensor([0.5])).log_prob(
    ...     minitorch.tensor([0.5])
    ... )
    tensor([0.])
    """

    arg_constraints = {"probs": constraints.unit_interval, "logits": constraints.real}
    support = constraints.unit_interval
    has_rsample = True
    _batched = ()

    def __init__(self, temperature, probs=None, logits=None, validate_args=None):
        base = LogitRelaxedBernoulli(temperature, probs, logits)
        super().__init__(base, SigmoidTransform(), validate_args=validate_args)

    @property
    def temperature(self):
        """The temperature."""
        return self.base_dist.temperature

    @property
    def logits(self):
        """The log-odds."""
        return self.base_dist.logits

    @property
    def probs(self):
        """The probabilities."""
        return self.base_dist.probs
