"""The multivariate normal distribution with a covariance of low rank plus a diagonal."""

from __future__ import annotations

import math

from minitorch.distributions import constraints
from minitorch.distributions.distribution import Distribution
from minitorch.distributions.multivariate_normal import batch_mv, log_diagonal_sum, mahalanobis
from minitorch.distributions.utils import lazy_property
from minitorch.ops.creation import eye
from minitorch.ops.decomposition import cholesky, solve_triangular
from minitorch.ops.random import randn
from minitorch.ops.shape import broadcast_shapes

__all__ = [
    "LowRankMultivariateNormal",
    "capacitance_factor",
    "low_rank_log_det",
    "low_rank_mahalanobis",
]


def capacitance_factor(factor, diagonal):
    """The Cholesky factor of ``I + W^T D^-1 W``.  Shape: (*, N, M), (*, N) -> (*, M, M)."""
    scaled = factor.mT / diagonal.unsqueeze(-2)
    return cholesky(scaled @ factor + eye(factor.shape[-1], dtype=factor.dtype))


def low_rank_log_det(diagonal, capacitance):
    """``log(det(W W^T + D))``, by the matrix determinant lemma."""
    return 2 * log_diagonal_sum(capacitance) + diagonal.log().sum(-1)


def low_rank_mahalanobis(factor, diagonal, vector, capacitance):
    """``x^T (W W^T + D)^-1 x``, by Woodbury's identity."""
    projected = batch_mv(factor.mT / diagonal.unsqueeze(-2), vector)
    plain = (vector.pow(2) / diagonal).sum(-1)
    return plain - mahalanobis(capacitance, projected)


class LowRankMultivariateNormal(Distribution):
    """Normal vectors with covariance ``cov_factor cov_factor^T + diag(cov_diag)``.

    All that is inverted is of the size of the rank.

    Args:
        loc: the mean, (*, N).
        cov_factor: (*, N, rank).
        cov_diag: (*, N).

    Source: torch.distributions.LowRankMultivariateNormal.

    >>> import minitorch
    >>> loc, factor, diagonal = minitorch.zeros(2), minitorch.ones(2, 1), minitorch.ones(2)
    >>> LowRankMultivariateNormal(loc, factor, diagonal).covariance_matrix
    tensor([[2., 1.],
            [1., 2.]])
    """

    arg_constraints = {
        "loc": constraints.real_vector,
        "cov_factor": constraints.independent(constraints.real, 2),
        "cov_diag": constraints.independent(constraints.positive, 1),
    }
    support = constraints.real_vector
    has_rsample = True
    _batched = (
        "loc",
        "cov_factor",
        "cov_diag",
        "covariance_matrix",
        "scale_tril",
        "precision_matrix",
    )
    _shared = ("_factor", "_diagonal", "_capacitance")

    def __init__(self, loc, cov_factor, cov_diag, validate_args=None):
        if loc.dim() < 1:
            raise ValueError("loc must be at least one-dimensional.")
        event_shape = loc.shape[-1:]
        if cov_factor.dim() < 2:
            raise ValueError(
                "cov_factor must be at least two-dimensional, with optional leading batch "
                "dimensions"
            )
        if cov_factor.shape[-2:-1] != event_shape:
            raise ValueError(
                f"cov_factor must be a batch of matrices with shape {event_shape[0]} x m"
            )
        if cov_diag.shape[-1:] != event_shape:
            raise ValueError(f"cov_diag must be a batch of vectors with shape {event_shape}")
        try:
            batch_shape = broadcast_shapes(
                loc.shape[:-1], cov_factor.shape[:-2], cov_diag.shape[:-1]
            )
        except RuntimeError as error:
            raise ValueError(
                f"Incompatible batch shapes: loc {loc.shape}, cov_factor {cov_factor.shape}, "
                f"cov_diag {cov_diag.shape}"
            ) from error
        self.loc = loc.expand((*batch_shape, -1))
        self.cov_factor = cov_factor.expand((*batch_shape, -1, -1))
        self.cov_diag = cov_diag.expand((*batch_shape, -1))
        super().__init__(batch_shape, event_shape, validate_args=validate_args)
        # What was given, not repeated over the batch.
        self._factor = cov_factor
        self._diagonal = cov_diag
        self._capacitance = capacitance_factor(cov_factor, cov_diag)

    @property
    def mean(self):
        """The parameter ``loc``."""
        return self.loc

    @property
    def mode(self):
        """The parameter ``loc``."""
        return self.loc

    @lazy_property
    def variance(self):  # type: ignore[override]
        """The diagonal of the covariance."""
        variance = self._factor.pow(2).sum(-1) + self._diagonal
        return variance.expand(self._batch_shape + self._event_shape)

    def _over_batch(self, matrix):
        return matrix.expand(self._batch_shape + self._event_shape + self._event_shape)

    @lazy_property
    def scale_tril(self):
        """The Cholesky factor of the covariance."""
        # Of D^-1/2 (W W^T + D) D^-1/2 first: its eigenvalues are 1 at least.
        root = self._diagonal.sqrt().unsqueeze(-1)
        scaled = self._factor / root
        identity = eye(self._event_shape[0], dtype=scaled.dtype)
        return self._over_batch(root * cholesky(scaled @ scaled.mT + identity))

    @lazy_property
    def covariance_matrix(self):
        """The covariance."""
        return self._over_batch(self._factor @ self._factor.mT + self._diagonal.diag_embed())

    @lazy_property
    def precision_matrix(self):
        """The inverse of the covariance, by Woodbury's identity."""
        scaled = self._factor.mT / self._diagonal.unsqueeze(-2)
        half = solve_triangular(self._capacitance, scaled, upper=False)
        return self._over_batch(self._diagonal.reciprocal().diag_embed() - half.mT @ half)

    def rsample(self, sample_shape=()):
        shape = self._extended_shape(sample_shape)
        dtype = self.loc.dtype
        noise_in_rank = randn((*shape[:-1], self.cov_factor.shape[-1]), dtype=dtype)
        noise = randn(shape, dtype=dtype)
        return self.loc + batch_mv(self._factor, noise_in_rank) + self._diagonal.sqrt() * noise

    def log_prob(self, value):
        if self._validate_args:
            self._validate_sample(value)
        distance = low_rank_mahalanobis(
            self._factor, self._diagonal, value - self.loc, self._capacitance
        )
        log_det = low_rank_log_det(self._diagonal, self._capacitance)
        return -0.5 * (self._event_shape[0] * math.log(2 * math.pi) + log_det + distance)

    def entropy(self):
        log_det = low_rank_log_det(self._diagonal, self._capacitance)
        entropy = 0.5 * (self._event_shape[0] * (1.0 + math.log(2 * math.pi)) + log_det)
        return entropy.expand(self._batch_shape) if self._batch_shape else entropy
