"""The LKJ distribution of correlation matrices, by their Cholesky factors."""

from __future__ import annotations

import math

from minitorch.distributions import constraints
from minitorch.distributions.beta import Beta
from minitorch.distributions.distribution import Distribution
from minitorch.distributions.utils import broadcast_all
from minitorch.dtypes import finfo
from minitorch.ops.creation import arange, zeros
from minitorch.ops.joining import cat
from minitorch.ops.random import randn
from minitorch.ops.special import mvlgamma
from minitorch.size import Size

__all__ = ["LKJCholesky"]


class LKJCholesky(Distribution):
    """Cholesky factors of correlation matrices, with density ``det(L L^T) ** (concentration - 1)``.

    The density is that of the correlation matrix.  Samples come from the onion method
    (D. Lewandowski, D. Kurowicka and H. Joe, "Generating random correlation matrices based on vines
    and extended onion method", 2009).

    Args:
        dim: the size of the matrices, 2 at least.
        concentration: 1 makes all correlation matrices as likely; more favours the identity.

    Raises ValueError for a ``dim`` below 2.  Source: torch.distributions.LKJCholesky.

    >>> LKJCholesky(3, 0.5).event_shape
    torch.Size([3, 3])
    """

    arg_constraints = {"concentration": constraints.positive}
    support = constraints.corr_cholesky
    _batched = ("concentration", "_beta")
    _shared = ("dim",)

    def __init__(self, dim, concentration=1.0, validate_args=None):
        if dim < 2:
            raise ValueError(
                f"Expected dim to be an integer greater than or equal to 2. Found dim={dim}."
            )
        self.dim = dim
        (self.concentration,) = broadcast_all(concentration)
        dtype = self.concentration.dtype
        # The squared length of each row's part before the diagonal; the first row has none.
        marginal = self.concentration + 0.5 * (dim - 2)
        offset = arange(dim - 1, dtype=dtype)
        offset = cat([zeros(1, dtype=dtype), offset])
        self._beta = Beta(offset + 0.5, marginal.unsqueeze(-1) - 0.5 * offset)
        super().__init__(self.concentration.size(), Size((dim, dim)), validate_args)

    def expand(self, batch_shape, _instance=None):
        """The same distributions repeated to a larger batch, without copying."""
        new = self._get_checked_instance(LKJCholesky, _instance)
        batch_shape = Size(batch_shape)
        new.dim = self.dim
        new.concentration = self.concentration.expand(batch_shape)
        new._beta = self._beta.expand((*batch_shape, self.dim))
        Distribution.__init__(new, batch_shape, self.event_shape, validate_args=False)
        new._validate_args = self._validate_args
        return new

    def sample(self, sample_shape=()):
        squares = self._beta.sample(sample_shape).unsqueeze(-1)
        directions = randn(self._extended_shape(sample_shape), dtype=squares.dtype).tril(-1)
        directions = directions / directions.norm(dim=-1, keepdim=True)
        directions[..., 0, :].fill_(0.0)
        factor = squares.sqrt() * directions
        tiny = finfo(factor.dtype).tiny
        diagonal = (1 - (factor**2).sum(-1)).clamp(min=tiny).sqrt()
        return factor + diagonal.diag_embed()

    def log_prob(self, value):
        if self._validate_args:
            self._validate_sample(value)
        diagonal = value.diagonal(dim1=-1, dim2=-2)[..., 1:]
        order = arange(2, self.dim + 1)
        order = 2 * (self.concentration - 1).unsqueeze(-1) + self.dim - order
        powers = (order * diagonal.log()).sum(-1)
        rows = self.dim - 1
        alpha = self.concentration + 0.5 * rows
        normalizer = (
            0.5 * rows * math.log(math.pi) + mvlgamma(alpha - 0.5, rows) - alpha.lgamma() * rows
        )
        return powers - normalizer
