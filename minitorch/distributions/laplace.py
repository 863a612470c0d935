"""The Laplace distribution."""

from __future__ import annotations

from minitorch.distributions import constraints
from minitorch.distributions.distribution import Distribution
from minitorch.distributions.utils import broadcast_all
from minitorch.dtypes import finfo
from minitorch.ops.creation import empty

__all__ = ["Laplace"]


class Laplace(Distribution):
    """``exp(-abs(x - loc) / scale) / (2 scale)``.

    Args:
        loc, scale: numbers or tensors that broadcast to the batch shape.

    Source: torch.distributions.Laplace.

    >>> import minitorch
    >>> Laplace(0.0, 1.0).log_prob(minitorch.tensor(1.0))
    tensor(-1.6931)
    """

    arg_constraints = {"loc": constraints.real, "scale": constraints.positive}
    support = constraints.real
    has_rsample = True
    _batched = ("loc", "scale")

    def __init__(self, loc, scale, validate_args=None):
        self.loc, self.scale = broadcast_all(loc, scale)
        super().__init__(self.loc.size(), validate_args=validate_args)

    @property
    def mean(self):
        """The parameter ``loc``."""
        return self.loc

    @property
    def mode(self):
        """The parameter ``loc``."""
        return self.loc

    @property
    def variance(self):
        """``2 scale ** 2``."""
        return 2 * self.scale.pow(2)

    @property
    def stddev(self):
        """``sqrt(2) scale``."""
        return 2**0.5 * self.scale

    def rsample(self, sample_shape=()):
        dtype = self.loc.dtype
        noise = empty(self._extended_shape(sample_shape), dtype=dtype)
        noise.uniform_(finfo(dtype).eps - 1, 1)  # (-1, 1): neither end has a logarithm
        return self.loc - self.scale * noise.sign() * (-noise.abs()).log1p()

    def log_prob(self, value):
        if self._validate_args:
            self._validate_sample(value)
        return -(2 * self.scale).log() - (value - self.loc).abs() / self.scale

    def cdf(self, value):
        if self._validate_args:
            self._validate_sample(value)
        distance = value - self.loc
        return 0.5 - 0.5 * distance.sign() * (-distance.abs() / self.scale).expm1()

    def icdf(self, value):
        centered = value - 0.5
        return self.loc - self.scale * centered.sign() * (-2 * centered.abs()).log1p()

    def entropy(self):
        return 1 + (2 * self.scale).log()
