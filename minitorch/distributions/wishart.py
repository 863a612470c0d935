"""The Wishart distribution."""

from __future__ import annotations

import math
import warnings
from numbers import Number

from minitorch.autograd.mode import no_grad
from minitorch.distributions import constraints
from minitorch.distributions.chi2 import Chi2
from minitorch.distributions.exp_family import ExponentialFamily
from minitorch.distributions.multivariate_normal import (
    inverse_of_factor,
    log_diagonal_sum,
    precision_to_factor,
)
from minitorch.distributions.utils import lazy_property
from minitorch.dtypes import finfo
from minitorch.ops.creation import arange, tensor, zeros
from minitorch.ops.decomposition import cholesky, slogdet, solve_triangular
from minitorch.ops.diagonals import tril_indices
from minitorch.ops.random import randn
from minitorch.ops.shape import broadcast_shapes
from minitorch.ops.special import mvlgamma

__all__ = ["Wishart"]


def _solved(factor, matrix):
    """``(L L^T)^-1 matrix``."""
    half = solve_triangular(factor, matrix, upper=False)
    return solve_triangular(factor.mT, half, upper=True)


class Wishart(ExponentialFamily):
    """The scatter matrix ``X^T X`` of ``df`` normal vectors; ``df`` need not be whole.

    Samples come from Bartlett's decomposition.

    Args:
        df: the degrees of freedom, more than N - 1.
        covariance_matrix, precision_matrix, scale_tril: one of them: the vectors' covariance, its
            inverse, or its lower triangular Cholesky factor.

    Shape: (*) and (*, N, N) -> samples (*, N, N).
    Source: torch.distributions.Wishart.

    >>> import minitorch
    >>> Wishart(minitorch.tensor([3.0]), minitorch.eye(2)).mean
    tensor([[[3., 0.],
             [0., 3.]]])
    """

    support = constraints.positive_definite
    has_rsample = True
    _mean_carrier_measure = 0
    _batched = ("df", "covariance_matrix", "scale_tril", "precision_matrix")

    def __init__(
        self,
        df,
        covariance_matrix=None,
        precision_matrix=None,
        scale_tril=None,
        validate_args=None,
    ):
        given = {
            "covariance_matrix": covariance_matrix,
            "precision_matrix": precision_matrix,
            "scale_tril": scale_tril,
        }
        given = {name: matrix for name, matrix in given.items() if matrix is not None}
        if len(given) != 1:
            raise AssertionError(
                "Exactly one of covariance_matrix or precision_matrix or scale_tril may be "
                "specified."
            )
        ((name, matrix),) = given.items()
        if matrix.dim() < 2:
            raise ValueError(
                "scale_tril must be at least two-dimensional, with optional leading batch "
                "dimensions"
            )
        if isinstance(df, Number):
            df = tensor(df, dtype=matrix.dtype)
        batch_shape = broadcast_shapes(df.shape, matrix.shape[:-2])
        event_shape = matrix.shape[-2:]
        self.df = df.expand(batch_shape)
        if self.df.le(event_shape[-1] - 1).any():
            raise ValueError(
                f"Value of df={df} expected to be greater than ndim - 1 = {event_shape[-1] - 1}."
            )
        setattr(self, name, matrix.expand((*batch_shape, -1, -1)))
        super().__init__(batch_shape, event_shape, validate_args=validate_args)
        if self.df.lt(event_shape[-1]).any():
            warnings.warn(
                "Low df values detected. Singular samples are highly likely to occur for ndim - 1 "
                "< df < ndim.",
                stacklevel=2,
            )
        if name == "scale_tril":
            self._factor = matrix
        elif name == "covariance_matrix":
            self._factor = cholesky(matrix)
        else:
            self._factor = precision_to_factor(matrix)
        self._chi2 = Chi2(df=self._degrees())

    def _degrees(self):
        """df, df - 1, ..., one for each row."""
        n = self._event_shape[-1]
        return self.df.unsqueeze(-1) - arange(n, dtype=self.df.dtype).expand(
            (*self._batch_shape, -1)
        )

    @property
    def arg_constraints(self):
        """``df`` is more than N - 1."""
        return {
            "covariance_matrix": constraints.positive_definite,
            "precision_matrix": constraints.positive_definite,
            "scale_tril": constraints.lower_cholesky,
            "df": constraints.greater_than(self._dim_less_one()),
        }

    def _dim_less_one(self):
        return self._event_shape[-1] - 1

    def expand(self, batch_shape, _instance=None):
        """The same distributions repeated to a larger batch, without copying."""
        new = super().expand(batch_shape, _instance)
        new._factor = self._factor.expand((*new.batch_shape, *self._event_shape))
        new._chi2 = Chi2(df=new._degrees())
        return new

    @lazy_property
    def scale_tril(self):
        """The Cholesky factor of the covariance."""
        return self._over_batch(self._factor)

    @lazy_property
    def covariance_matrix(self):
        """The covariance of the vectors."""
        return self._over_batch(self._factor @ self._factor.mT)

    @lazy_property
    def precision_matrix(self):
        """The inverse of the covariance."""
        return self._over_batch(inverse_of_factor(self._factor))

    def _over_batch(self, matrix):
        return matrix.expand(self._batch_shape + self._event_shape)

    @property
    def mean(self):
        """``df`` times the covariance."""
        return self.df.reshape((*self._batch_shape, 1, 1)) * self.covariance_matrix

    @property
    def mode(self):
        """The likeliest matrix; nan where ``df`` is at most N + 1."""
        factor = self.df - self.covariance_matrix.shape[-1] - 1
        factor = factor.masked_fill(factor <= 0, math.nan)
        return factor.reshape((*self._batch_shape, 1, 1)) * self.covariance_matrix

    @property
    def variance(self):
        """The variance of each element."""
        covariance = self.covariance_matrix
        diagonal = covariance.diagonal(dim1=-2, dim2=-1)
        products = diagonal.unsqueeze(-1) * diagonal.unsqueeze(-2)
        return self.df.reshape((*self._batch_shape, 1, 1)) * (covariance.pow(2) + products)

    def _bartlett(self, sample_shape):
        n = self._event_shape[-1]
        # Lower triangular: roots of chi-squared numbers on the diagonal, normal ones below.
        tiny = finfo(self.df.dtype).tiny
        diagonal = self._chi2.rsample(sample_shape).clamp(min=tiny).sqrt().diag_embed(0)
        rows, columns = tril_indices(n, n, offset=-1)
        below = zeros(diagonal.shape, dtype=diagonal.dtype)
        below[..., rows, columns] = randn(
            (*diagonal.shape[:-2], n * (n - 1) // 2), dtype=self.df.dtype
        )
        half = self._factor @ (diagonal + below)
        return half @ half.mT

    def rsample(self, sample_shape=(), max_try_correction=None):
        """Draws that are differentiable in the parameters.

        Draws are repeated up to ``max_try_correction`` times (3, or 10 in up to 3 dimensions) while
        they are singular; it warns.
        """
        if max_try_correction is None:
            max_try_correction = 3 if self._event_shape[-1] > 3 else 10
        sample = self._bartlett(sample_shape)
        # torch: the first test is the wrong way round.  A regular first draw is taken for singular
        # and drawn anew, so the second one is returned; the numbers are to be torch's.
        again = self._of_draws(self.support.check(sample))
        if not again.any():
            return sample
        warnings.warn("Singular sample detected.", stacklevel=2)
        for _ in range(max_try_correction):
            new = self._bartlett((int(again.sum()),))
            sample[again] = new
            singular = self._of_draws(~self.support.check(new))
            again = again.clone().masked_scatter(again, singular)
            if not again.any():
                break
        return sample

    def _of_draws(self, mask):
        """Whether ``mask`` holds anywhere in the batch of each draw."""
        return mask.flatten(-len(self._batch_shape)).any(-1) if self._batch_shape else mask

    def sample(self, sample_shape=(), max_try_correction=None):
        """Draws without gradients."""
        with no_grad():
            return self.rsample(sample_shape, max_try_correction)

    def log_prob(self, value):
        if self._validate_args:
            self._validate_sample(value)
        n = self._event_shape[-1]
        trace = _solved(self._factor, value).diagonal(dim1=-2, dim2=-1).sum(-1)
        return (
            -self.df * (n * math.log(2) / 2 + log_diagonal_sum(self._factor))
            - mvlgamma(self.df / 2, n)
            + (self.df - n - 1) / 2 * slogdet(value).logabsdet
            - trace / 2
        )

    def entropy(self):
        n = self._event_shape[-1]
        half = self.df.unsqueeze(-1) / 2
        digammas = (half - arange(n, dtype=self.df.dtype) / 2).digamma().sum(-1)
        return (
            (n + 1) * (n * math.log(2) / 2 + log_diagonal_sum(self._factor))
            + mvlgamma(self.df / 2, n)
            - (self.df - n - 1) / 2 * digammas
            + self.df * n / 2
        )

    @property
    def _natural_params(self):
        return -self.precision_matrix / 2, (self.df - self._event_shape[-1] - 1) / 2

    def _log_normalizer(self, x, y):
        n = self._event_shape[-1]
        shape = y + (n + 1) / 2
        return shape * (-(-2 * x).slogdet().logabsdet + math.log(2) * n) + mvlgamma(shape, n)
