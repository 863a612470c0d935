"""The geometric distribution."""

from __future__ import annotations

from minitorch.autograd.mode import no_grad
from minitorch.distributions import constraints
from minitorch.distributions._probs_or_logits import ProbsOrLogits
from minitorch.distributions.utils import broadcast_all
from minitorch.dtypes import finfo
from minitorch.nn.functional import binary_cross_entropy_with_logits
from minitorch.ops.creation import empty, zeros_like

__all__ = ["Geometric"]


class Geometric(ProbsOrLogits):
    """The number of failures before the first success: ``(1 - probs) ** k * probs``.

    Args:
        probs: the probabilities of success, not 0.
        logits: their log-odds, in place of ``probs``.

    Source: torch.distributions.Geometric.

    >>> import minitorch
    >>> Geometric(0.5).log_prob(minitorch.tensor(1.0))
    tensor(-1.3863)
    """

    arg_constraints = {"probs": constraints.unit_interval, "logits": constraints.real}
    support = constraints.nonnegative_integer
    _batched = ("probs", "logits")

    def __init__(self, probs=None, logits=None, validate_args=None):
        self._check_one_is_given(probs, logits)
        if probs is not None:
            (self.probs,) = broadcast_all(probs)
        else:
            (self.logits,) = broadcast_all(logits)
        super().__init__(self.param_shape, validate_args=validate_args)
        if self._validate_args and probs is not None and not (self.probs > 0).all():
            wrong = self.probs[~(self.probs > 0)]
            raise ValueError(
                f"Expected parameter probs ({type(self.probs).__name__} of shape "
                f"{tuple(self.probs.shape)}) of distribution {self!r} to be positive but found "
                f"invalid values:\n{wrong}"
            )

    @property
    def mean(self):
        """``1 / probs - 1``."""
        return 1.0 / self.probs - 1.0

    @property
    def mode(self):
        """0."""
        return zeros_like(self.probs)

    @property
    def variance(self):
        """``(1 / probs - 1) / probs``."""
        return (1.0 / self.probs - 1.0) / self.probs

    def sample(self, sample_shape=()):
        shape = self._extended_shape(sample_shape)
        dtype = self.probs.dtype
        with no_grad():
            noise = empty(shape, dtype=dtype).uniform_(finfo(dtype).tiny, 1)
            return (noise.log() / (-self.probs).log1p()).floor()

    def log_prob(self, value):
        if self._validate_args:
            self._validate_sample(value)
        value, probs = broadcast_all(value, self.probs)
        of_success = probs.log()
        probs = probs.masked_fill((probs == 1) & (value == 0), 0)  # no failures: 0 times log(0)
        return value * (-probs).log1p() + of_success

    def entropy(self):
        return binary_cross_entropy_with_logits(self.logits, self.probs, reduction="none") / (
            self.probs
        )
