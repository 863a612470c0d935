"""The categorical distribution."""

from __future__ import annotations

import math

from minitorch.distributions import constraints
from minitorch.distributions._probs_or_logits import ProbsOrLogits
from minitorch.dtypes import finfo
from minitorch.ops.creation import arange, full
from minitorch.ops.random import multinomial
from minitorch.ops.shape import broadcast_tensors
from minitorch.size import Size

__all__ = ["Categorical"]


class Categorical(ProbsOrLogits):
    """An index, drawn in proportion to the weights in the last dimension.

    Args:
        probs: weights that are not negative; they are divided by their sum.
        logits: logarithms of weights, in place of ``probs``.

    Shape: (*, categories) -> samples (*).
    Source: torch.distributions.Categorical.

    >>> import minitorch
    >>> policy = Categorical(logits=minitorch.tensor([0.0, 1.0]))
    >>> policy.log_prob(minitorch.tensor(1))
    tensor(-0.3133)
    """

    arg_constraints = {"probs": constraints.simplex, "logits": constraints.real_vector}
    has_enumerate_support = True
    _is_binary = False
    _batched = ("probs", "logits")
    _shared = ("_num_events",)

    def __init__(self, probs=None, logits=None, validate_args=None):
        self._check_one_is_given(probs, logits)
        if probs is not None:
            if probs.dim() < 1:
                raise ValueError("`probs` parameter must be at least one-dimensional.")
            self.probs = probs / probs.sum(-1, keepdim=True)
        else:
            if logits.dim() < 1:
                raise ValueError("`logits` parameter must be at least one-dimensional.")
            self.logits = logits - logits.logsumexp(dim=-1, keepdim=True)
        self._num_events = self._param.size()[-1]
        super().__init__(self.param_shape[:-1], validate_args=validate_args)

    @constraints.dependent_property(is_discrete=True, event_dim=0)
    def support(self):
        """The indices."""
        return constraints.integer_interval(0, self._num_events - 1)

    @property
    def mean(self):
        """nan: indices have no mean."""
        return full(self._extended_shape(), math.nan, dtype=self.probs.dtype)

    @property
    def mode(self):
        """The likeliest index."""
        return self.probs.argmax(dim=-1)

    @property
    def variance(self):
        """nan: indices have no variance."""
        return full(self._extended_shape(), math.nan, dtype=self.probs.dtype)

    def sample(self, sample_shape=()):
        sample_shape = Size(sample_shape)
        rows = self.probs.detach().reshape(-1, self._num_events)  # (batch, categories)
        drawn = multinomial(rows, sample_shape.numel(), True).T  # (samples, batch)
        return drawn.reshape(self._extended_shape(sample_shape))

    def log_prob(self, value):
        if self._validate_args:
            self._validate_sample(value)
        value, log_probs = broadcast_tensors(value.long().unsqueeze(-1), self.logits)
        return log_probs.gather(-1, value[..., :1]).squeeze(-1)

    def entropy(self):
        # An impossible category has logit -inf; 0 times the smallest number is 0.
        logits = self.logits.clamp(min=finfo(self.logits.dtype).min)
        return -(logits * self.probs).sum(-1)

    def enumerate_support(self, expand=True):
        values = arange(self._num_events).view((-1, *(1,) * len(self._batch_shape)))
        return values.expand((-1, *self._batch_shape)) if expand else values
