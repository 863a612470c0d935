"""The multivariate normal distribution."""

from __future__ import annotations

import math

from minitorch.distributions import constraints
from minitorch.distributions.distribution import Distribution
from minitorch.distributions.utils import lazy_property
from minitorch.ops.creation import eye
from minitorch.ops.decomposition import cholesky, solve_triangular
from minitorch.ops.random import randn
from minitorch.ops.shape import broadcast_shapes

__all__ = [
    "MultivariateNormal",
    "batch_mv",
    "inverse_of_factor",
    "log_diagonal_sum",
    "mahalanobis",
    "precision_to_factor",
]


def batch_mv(matrix, vector):
    """Matrices times vectors.  Shape: (*, N, M), (*, M) -> (*, N)."""
    return (matrix @ vector.unsqueeze(-1)).squeeze(-1)


def mahalanobis(factor, vector):
    """``x^T (L L^T)^-1 x`` for lower triangular L.  Shape: (*, N, N), (*, N) -> (*)."""
    shape = broadcast_shapes(factor.shape[:-1], vector.shape)
    whitened = solve_triangular(
        factor.expand((*shape, shape[-1])), vector.expand(shape).unsqueeze(-1), upper=False
    )
    return whitened.pow(2).sum((-2, -1))


def inverse_of_factor(factor):
    """``(L L^T)^-1`` for lower triangular L.  Shape: (*, N, N) -> (*, N, N)."""
    identity = eye(factor.shape[-1], dtype=factor.dtype).expand(factor.shape)
    inverse = solve_triangular(factor, identity, upper=False)
    return inverse.mT @ inverse


def precision_to_factor(precision):
    """The Cholesky factor of a precision's inverse, without inverting it first.

    The precision, rows and columns in reverse order, has a factor whose inverse is the wanted one's
    transpose.  Shape: (*, N, N) -> (*, N, N).
    """
    reversed_factor = cholesky(precision.flip((-2, -1)))
    inverse_transposed = reversed_factor.flip((-2, -1)).mT
    identity = eye(precision.shape[-1], dtype=precision.dtype).expand(precision.shape)
    return solve_triangular(inverse_transposed, identity, upper=False)


def log_diagonal_sum(factor):
    """Half of the logarithm of ``det(L L^T)``.  Shape: (*, N, N) -> (*)."""
    return factor.diagonal(dim1=-2, dim2=-1).log().sum(-1)


class MultivariateNormal(Distribution):
    """Normal vectors with given means and covariances.

    Args:
        loc: the mean.
        covariance_matrix, precision_matrix, scale_tril: one of them: the covariance, its inverse,
            or its lower triangular Cholesky factor, which is the fastest to work with.

    Shape: (*, N) and (*, N, N) -> samples (*, N).
    Raises ValueError unless exactly one of the three is given.
    Source: torch.distributions.MultivariateNormal.

    >>> import minitorch
    >>> MultivariateNormal(minitorch.zeros(2), minitorch.eye(2)).log_prob(minitorch.zeros(2))
    tensor(-1.8379)
    """

    arg_constraints = {
        "loc": constraints.real_vector,
        "covariance_matrix": constraints.positive_definite,
        "precision_matrix": constraints.positive_definite,
        "scale_tril": constraints.lower_cholesky,
    }
    support = constraints.real_vector
    has_rsample = True
    _batched = ("loc", "covariance_matrix", "scale_tril", "precision_matrix")
    _shared = ("_factor",)

    def __init__(
        self,
        loc,
        covariance_matrix=None,
        precision_matrix=None,
        scale_tril=None,
        validate_args=None,
    ):
        if loc.dim() < 1:
            raise ValueError("loc must be at least one-dimensional.")
        given = {
            "covariance_matrix": covariance_matrix,
            "precision_matrix": precision_matrix,
            "scale_tril": scale_tril,
        }
        given = {name: matrix for name, matrix in given.items() if matrix is not None}
        if len(given) != 1:
            raise ValueError(
                "Exactly one of covariance_matrix or precision_matrix or scale_tril may be "
                "specified."
            )
        ((name, matrix),) = given.items()
        if matrix.dim() < 2:
            shown = "scale_tril matrix" if name == "scale_tril" else name
            raise ValueError(
                f"{shown} must be at least two-dimensional, with optional leading batch dimensions"
            )
        batch_shape = broadcast_shapes(matrix.shape[:-2], loc.shape[:-1])
        setattr(self, name, matrix.expand((*batch_shape, -1, -1)))
        self.loc = loc.expand((*batch_shape, -1))
        super().__init__(batch_shape, self.loc.shape[-1:], validate_args=validate_args)
        # The factor of what was given, not repeated over the batch.
        if name == "scale_tril":
            self._factor = matrix
        elif name == "covariance_matrix":
            self._factor = cholesky(matrix)
        else:
            self._factor = precision_to_factor(matrix)

    @lazy_property
    def scale_tril(self):
        """The Cholesky factor of the covariance."""
        return self._over_batch(self._factor)

    @lazy_property
    def covariance_matrix(self):
        """The covariance."""
        return self._over_batch(self._factor @ self._factor.mT)

    @lazy_property
    def precision_matrix(self):
        """The inverse of the covariance."""
        return self._over_batch(inverse_of_factor(self._factor))

    def _over_batch(self, matrix):
        return matrix.expand(self._batch_shape + self._event_shape + self._event_shape)

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
        """The diagonal of the covariance."""
        variance = self._factor.pow(2).sum(-1)
        return variance.expand(self._batch_shape + self._event_shape)

    def rsample(self, sample_shape=()):
        noise = randn(self._extended_shape(sample_shape), dtype=self.loc.dtype)
        return self.loc + batch_mv(self._factor, noise)

    def log_prob(self, value):
        if self._validate_args:
            self._validate_sample(value)
        distance = mahalanobis(self._factor, value - self.loc)
        dims = self._event_shape[0]
        return -0.5 * (dims * math.log(2 * math.pi) + distance) - log_diagonal_sum(self._factor)

    def entropy(self):
        dims = self._event_shape[0]
        entropy = 0.5 * dims * (1.0 + math.log(2 * math.pi)) + log_diagonal_sum(self._factor)
        return entropy.expand(self._batch_shape) if self._batch_shape else entropy
