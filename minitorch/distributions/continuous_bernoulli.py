"""The continuous Bernoulli distribution."""

from __future__ import annotations

import math

from minitorch.autograd.mode import no_grad
from minitorch.distributions import constraints
from minitorch.distributions._probs_or_logits import ProbsOrLogits
from minitorch.distributions.exp_family import ExponentialFamily
from minitorch.distributions.utils import (
    broadcast_all,
    clamp_probs,
    lazy_property,
    logits_to_probs,
    probs_to_logits,
)
from minitorch.nn.functional import binary_cross_entropy_with_logits
from minitorch.ops.creation import full_like, ones_like, zeros_like
from minitorch.ops.masking import where
from minitorch.ops.random import rand

__all__ = ["ContinuousBernoulli"]


class ContinuousBernoulli(ProbsOrLogits, ExponentialFamily):
    """``probs ** x * (1 - probs) ** (1 - x)``, normalized, for x in [0, 1].

    Around ``probs = 0.5`` the formulas are 0 / 0; between ``lims`` Taylor series take their place.
    G. Loaiza-Ganem and J. P. Cunningham, "The continuous Bernoulli" (2019).

    Args:
        probs: parameters in (0, 1).
        logits: their log-odds, in place of ``probs``.
        lims: where the series begins and ends.

    Source: torch.distributions.ContinuousBernoulli.

    >>> import minitorch
    >>> ContinuousBernoulli(0.25).log_prob(minitorch.tensor(0.5))
    tensor(-0.0498)
    """

    arg_constraints = {"probs": constraints.unit_interval, "logits": constraints.real}
    support = constraints.unit_interval
    has_rsample = True
    _mean_carrier_measure = 0
    _batched = ("probs", "logits")
    _shared = ("_lims",)

    def __init__(self, probs=None, logits=None, lims=(0.499, 0.501), validate_args=None):
        self._check_one_is_given(probs, logits)
        self._lims = lims
        if probs is not None:
            (self.probs,) = broadcast_all(probs)
        else:
            (self.logits,) = broadcast_all(logits)
        super().__init__(self.param_shape, validate_args=validate_args)
        if probs is not None:
            self.probs = clamp_probs(self.probs)

    @lazy_property
    def logits(self):
        """Log-odds of the parameters."""
        return probs_to_logits(self.probs, is_binary=True)

    @lazy_property
    def probs(self):
        """The parameters, kept away from 0 and 1."""
        return clamp_probs(logits_to_probs(self.logits, is_binary=True))

    def _stable(self):
        return (self.probs <= self._lims[0]) | (self.probs > self._lims[1])

    def _stable_probs(self):
        """``probs``, or the lower limit where the series is used."""
        limit = self._lims[0] * ones_like(self.probs)
        return where(self._stable(), self.probs, limit)

    def _log_norm(self):
        probs = self._stable_probs()
        below = where(probs <= 0.5, probs, zeros_like(probs))
        above = where(probs >= 0.5, probs, ones_like(probs))
        log_norm = ((-probs).log1p() - probs.log()).abs().log() - where(
            probs <= 0.5, (-2.0 * below).log1p(), (2.0 * above - 1.0).log()
        )
        x = (self.probs - 0.5).pow(2)
        series = math.log(2.0) + (4.0 / 3.0 + 104.0 / 45.0 * x) * x
        return where(self._stable(), log_norm, series)

    @property
    def mean(self):
        """The mean."""
        probs = self._stable_probs()
        mean = probs / (2.0 * probs - 1.0) + 1.0 / ((-probs).log1p() - probs.log())
        x = self.probs - 0.5
        series = 0.5 + (1.0 / 3.0 + 16.0 / 45.0 * x.pow(2)) * x
        return where(self._stable(), mean, series)

    @property
    def stddev(self):
        """The standard deviation."""
        return self.variance.sqrt()

    @property
    def variance(self):
        """The variance."""
        probs = self._stable_probs()
        variance = probs * (probs - 1.0) / (1.0 - 2.0 * probs).pow(2) + 1.0 / (
            (-probs).log1p() - probs.log()
        ).pow(2)
        x = (self.probs - 0.5).pow(2)
        series = 1.0 / 12.0 - (1.0 / 15.0 - 128.0 / 945.0 * x) * x
        return where(self._stable(), variance, series)

    def sample(self, sample_shape=()):
        with no_grad():
            return self.rsample(sample_shape)

    def rsample(self, sample_shape=()):
        return self.icdf(rand(self._extended_shape(sample_shape), dtype=self.probs.dtype))

    def log_prob(self, value):
        if self._validate_args:
            self._validate_sample(value)
        logits, value = broadcast_all(self.logits, value)
        loss = binary_cross_entropy_with_logits(logits, value, reduction="none")
        return -loss + self._log_norm()

    def cdf(self, value):
        if self._validate_args:
            self._validate_sample(value)
        probs = self._stable_probs()
        share = probs.pow(value) * (1.0 - probs).pow(1.0 - value) + probs - 1.0
        inside = where(self._stable(), share / (2.0 * probs - 1.0), value)
        above = where(value >= 1.0, ones_like(inside), inside)
        return where(value <= 0.0, zeros_like(inside), above)

    def icdf(self, value):
        probs = self._stable_probs()
        stable = ((-probs + value * (2.0 * probs - 1.0)).log1p() - (-probs).log1p()) / (
            probs.log() - (-probs).log1p()
        )
        return where(self._stable(), stable, value)

    def entropy(self):
        log_probs0 = (-self.probs).log1p()
        log_probs1 = self.probs.log()
        return self.mean * (log_probs0 - log_probs1) - self._log_norm() - log_probs0

    @property
    def _natural_params(self):
        return (self.logits,)

    def _log_normalizer(self, x):
        stable = (x <= self._lims[0] - 0.5) | (x > self._lims[1] - 0.5)
        cut = where(stable, x, full_like(x, self._lims[0] - 0.5))
        log_norm = (cut.exp() - 1.0).abs().log() - cut.abs().log()
        series = 0.5 * x + x.pow(2) / 24.0 - x.pow(4) / 2880.0
        return where(stable, log_norm, series)
