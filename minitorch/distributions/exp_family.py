"""Exponential families, whose entropy follows from the normalizer."""

from __future__ import annotations

from minitorch.autograd import grad
from minitorch.distributions.distribution import Distribution
from minitorch.distributions.utils import sum_rightmost
from minitorch.tensor import Tensor

__all__ = ["ExponentialFamily"]


class ExponentialFamily(Distribution):
    """Densities ``exp(<t(x), theta> - F(theta) + k(x))``.

    A subclass gives the natural parameters ``theta`` (``_natural_params``), the normalizer ``F``
    (``_log_normalizer``) and the mean of ``k`` (``_mean_carrier_measure``).  Entropy and divergence
    are computed from these by automatic differentiation (F. Nielsen and R. Nock, "Entropies and
    cross-entropies of exponential families", 2010).

    Source: torch.distributions.ExponentialFamily.
    """

    @property
    def _natural_params(self) -> tuple[Tensor, ...]:
        raise NotImplementedError

    def _log_normalizer(self, *natural_params: Tensor) -> Tensor:
        raise NotImplementedError

    @property
    def _mean_carrier_measure(self) -> float:
        raise NotImplementedError

    def entropy(self) -> Tensor:
        """The entropy, by the gradient of the normalizer.  Shape: batch_shape."""
        params = [p.detach().requires_grad_() for p in self._natural_params]
        normalizer = self._log_normalizer(*params)
        slopes = grad(normalizer.sum(), params, create_graph=True)
        result = normalizer - self._mean_carrier_measure
        event_dims = len(self._event_shape)
        for param, slope in zip(params, slopes, strict=True):
            result = result - sum_rightmost(param * slope, event_dims)
        return result
