"""The multinomial distribution."""

from __future__ import annotations

import math

from minitorch.autograd.mode import no_grad
from minitorch.distributions import constraints
from minitorch.distributions.binomial import Binomial
from minitorch.distributions.categorical import Categorical
from minitorch.distributions.distribution import Distribution
from minitorch.distributions.utils import broadcast_all
from minitorch.ops.creation import ones_like, tensor, zeros

__all__ = ["Multinomial"]


class Multinomial(Distribution):
    """How often each category came in ``total_count`` draws.

    Args:
        total_count: the number of draws, an int.
        probs: weights of the categories, in the last dimension.
        logits: logarithms of weights, in place of ``probs``.

    Shape: (*, categories) -> samples (*, categories).
    Raises NotImplementedError for a ``total_count`` that is a tensor.
    Source: torch.distributions.Multinomial.

    >>> import minitorch
    >>> Multinomial(4, minitorch.tensor([1.0, 3.0])).mean
    tensor([1., 3.])
    """

    arg_constraints = {"probs": constraints.simplex, "logits": constraints.real_vector}
    _batched = ("_categorical",)
    _shared = ("total_count",)

    def __init__(self, total_count=1, probs=None, logits=None, validate_args=None):
        if not isinstance(total_count, int):
            raise NotImplementedError("inhomogeneous total_count is not supported")
        self.total_count = total_count
        self._categorical = Categorical(probs=probs, logits=logits)
        super().__init__(
            self._categorical.batch_shape,
            self._categorical.param_shape[-1:],
            validate_args=validate_args,
        )

    @constraints.dependent_property(is_discrete=True, event_dim=1)
    def support(self):
        """Vectors of counts whose sum is ``total_count`` at most."""
        return constraints.multinomial(self.total_count)

    @property
    def mean(self):
        """``total_count * probs``."""
        return self.probs * self.total_count

    @property
    def variance(self):
        """``total_count * probs * (1 - probs)``."""
        return self.total_count * self.probs * (1 - self.probs)

    @property
    def logits(self):
        """Logarithms of the probabilities."""
        return self._categorical.logits

    @property
    def probs(self):
        """The probabilities."""
        return self._categorical.probs

    @property
    def param_shape(self):
        """The shape of ``probs`` and ``logits``."""
        return self._categorical.param_shape

    def sample(self, sample_shape=()):
        with no_grad():
            drawn = self._categorical.sample((self.total_count, *sample_shape))
            drawn = drawn.movedim(0, -1)  # (samples, batch, draws)
            counts = zeros(self._extended_shape(sample_shape), dtype=drawn.dtype)
            counts.scatter_add_(-1, drawn, ones_like(drawn))
            return counts.type_as(self.probs)

    def log_prob(self, value):
        if self._validate_args:
            self._validate_sample(value)
        logits, value = broadcast_all(self.logits, value)
        # An impossible category that did not come is no news.
        logits = logits.masked_fill((value == 0) & (logits == -math.inf), 0)
        arrangements = (value.sum(-1) + 1).lgamma() - (value + 1).lgamma().sum(-1)
        return arrangements + (logits * value).sum(-1)

    def entropy(self):
        n = tensor(self.total_count)
        binomial = Binomial(self.total_count, probs=self.probs)
        counts = binomial.enumerate_support(expand=False)[1:]
        terms = binomial.log_prob(counts).exp() * (counts + 1).lgamma()
        return n * self._categorical.entropy() - (n + 1).lgamma() + terms.sum([0, -1])
