"""Distributions of transformed values."""

from __future__ import annotations

from typing import ClassVar

from minitorch.autograd.mode import no_grad
from minitorch.distributions import constraints
from minitorch.distributions.distribution import Distribution
from minitorch.distributions.independent import Independent
from minitorch.distributions.transforms import ComposeTransform, Transform
from minitorch.distributions.utils import sum_rightmost

__all__ = ["TransformedDistribution"]


class TransformedDistribution(Distribution):
    """The distribution of ``y = transforms(x)`` where ``x`` has the base distribution.

    ``log_prob(y) = base.log_prob(x) - log(abs(det(dy / dx)))``

    Args:
        base_distribution: a distribution.
        transforms: a transform, or a list of them, the first one first.

    Source: torch.distributions.TransformedDistribution.

    >>> import minitorch
    >>> from minitorch.distributions import ExpTransform, Normal
    >>> log_normal = TransformedDistribution(Normal(0.0, 1.0), ExpTransform())
    >>> log_normal.log_prob(minitorch.tensor(1.0))
    tensor(-0.9189)
    """

    arg_constraints: dict = {}
    _batched: ClassVar[tuple[str, ...]] = ()

    def __init__(self, base_distribution, transforms, validate_args=None):
        if isinstance(transforms, Transform):
            transforms = [transforms]
        elif not isinstance(transforms, list):
            raise ValueError(f"transforms must be a Transform or list, but was {transforms}")
        elif not all(isinstance(t, Transform) for t in transforms):
            raise ValueError("transforms must be a Transform or a list of Transforms")
        self.transforms = transforms
        transform = ComposeTransform(transforms)
        base_shape = base_distribution.batch_shape + base_distribution.event_shape
        base_event_dim = len(base_distribution.event_shape)
        in_dim, out_dim = transform.domain.event_dim, transform.codomain.event_dim
        if len(base_shape) < in_dim:
            raise ValueError(
                f"base_distribution needs to have shape with size at least {in_dim}, but got "
                f"{base_shape}."
            )
        # The transform's parameters may broadcast the base.
        shape = transform.forward_shape(base_shape)
        expanded = transform.inverse_shape(shape)
        if tuple(base_shape) != tuple(expanded):
            batch_dims = len(expanded) - base_event_dim
            base_distribution = base_distribution.expand(expanded[:batch_dims])
        if in_dim > base_event_dim:
            base_distribution = Independent(base_distribution, in_dim - base_event_dim)
        self.base_dist = base_distribution
        event_dim = max(out_dim, base_event_dim + out_dim - in_dim)
        cut = len(shape) - event_dim
        super().__init__(shape[:cut], shape[cut:], validate_args=validate_args)

    def expand(self, batch_shape, _instance=None):
        """The same distributions repeated to a larger batch, without copying."""
        new = super().expand(batch_shape, _instance)
        shape = new.batch_shape + new.event_shape
        for transform in reversed(self.transforms):
            shape = transform.inverse_shape(shape)
        batch_dims = len(shape) - len(self.base_dist.event_shape)
        new.base_dist = self.base_dist.expand(shape[:batch_dims])
        new.transforms = self.transforms
        return new

    @constraints.dependent_property(is_discrete=False)
    def support(self):
        """The codomain of the last transform."""
        if not self.transforms:
            return self.base_dist.support
        support = self.transforms[-1].codomain
        more = len(self.event_shape) - support.event_dim
        return constraints.independent(support, more) if more > 0 else support

    @property
    def has_rsample(self):
        """Whether the base has."""
        return self.base_dist.has_rsample

    def sample(self, sample_shape=()):
        with no_grad():
            return self._transformed(self.base_dist.sample(sample_shape))

    def rsample(self, sample_shape=()):
        return self._transformed(self.base_dist.rsample(sample_shape))

    def _transformed(self, value):
        for transform in self.transforms:
            value = transform(value)
        return value

    def log_prob(self, value):
        if self._validate_args:
            self._validate_sample(value)
        event_dim = len(self.event_shape)
        log_prob = 0.0
        y = value
        for transform in reversed(self.transforms):
            x = transform.inv(y)
            event_dim += transform.domain.event_dim - transform.codomain.event_dim
            term = transform.log_abs_det_jacobian(x, y)
            log_prob = log_prob - sum_rightmost(term, event_dim - transform.domain.event_dim)
            y = x
        base = self.base_dist.log_prob(y)
        return log_prob + sum_rightmost(base, event_dim - len(self.base_dist.event_shape))

    def _monotonize_cdf(self, value):
        """``value``, or ``1 - value`` where the transforms fall."""
        sign = 1
        for transform in self.transforms:
            sign = sign * transform.sign
        if isinstance(sign, int) and sign == 1:
            return value
        return sign * (value - 0.5) + 0.5

    def cdf(self, value):
        for transform in reversed(self.transforms):
            value = transform.inv(value)
        if self._validate_args:
            self.base_dist._validate_sample(value)
        return self._monotonize_cdf(self.base_dist.cdf(value))

    def icdf(self, value):
        value = self.base_dist.icdf(self._monotonize_cdf(value))
        return self._transformed(value)
