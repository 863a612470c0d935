"""Mixtures of distributions of one family."""

from __future__ import annotations

from minitorch.autograd.mode import no_grad
from minitorch.distributions import constraints
from minitorch.distributions.categorical import Categorical
from minitorch.distributions.constraints import MixtureSameFamilyConstraint
from minitorch.distributions.distribution import Distribution

__all__ = ["MixtureSameFamily"]


class MixtureSameFamily(Distribution):
    """A draw from a component that was itself drawn.

    Args:
        mixture_distribution: a Categorical over the components.
        component_distribution: a batch of distributions whose last batch dimension is that of the
            components.

    Source: torch.distributions.MixtureSameFamily.

    >>> import minitorch
    >>> from minitorch.distributions import Normal
    >>> two = MixtureSameFamily(
    ...     Categorical(minitorch.ones(2)), Normal(minitorch.tensor([-1.0, 1.0]), 1.0)
    ... )
    >>> two.mean, two.variance
    (tensor(0.), tensor(2.))
    """

    arg_constraints: dict = {}
    has_rsample = False

    def __init__(self, mixture_distribution, component_distribution, validate_args=None):
        self._mixture_distribution = mixture_distribution
        self._component_distribution = component_distribution
        if not isinstance(mixture_distribution, Categorical):
            raise ValueError(
                " The Mixture distribution needs to be an  instance of "
                "torch.distributions.Categorical"
            )
        if not isinstance(component_distribution, Distribution):
            raise ValueError(
                "The Component distribution needs to be an instance of "
                "torch.distributions.Distribution"
            )
        mixture_shape = mixture_distribution.batch_shape
        component_shape = component_distribution.batch_shape[:-1]
        pairs = zip(reversed(mixture_shape), reversed(component_shape), strict=False)
        if any(m != 1 and c != 1 and m != c for m, c in pairs):
            raise ValueError(
                f"`mixture_distribution.batch_shape` ({mixture_shape}) is not compatible with "
                f"`component_distribution.batch_shape`({component_shape})"
            )
        mixed = mixture_distribution.logits.shape[-1]
        components = component_distribution.batch_shape[-1]
        if mixed != components:
            raise ValueError(
                f"`mixture_distribution component` ({mixed}) does not equal "
                f"`component_distribution.batch_shape[-1]` ({components})"
            )
        self._num_component = mixed
        event_shape = component_distribution.event_shape
        self._event_ndims = len(event_shape)
        super().__init__(component_shape, event_shape, validate_args=validate_args)

    def expand(self, batch_shape, _instance=None):
        """The same distributions repeated to a larger batch, without copying."""
        new = self._get_checked_instance(MixtureSameFamily, _instance)
        new._component_distribution = self._component_distribution.expand(
            (*batch_shape, self._num_component)
        )
        new._mixture_distribution = self._mixture_distribution.expand(batch_shape)
        new._num_component = self._num_component
        new._event_ndims = self._event_ndims
        Distribution.__init__(new, batch_shape, self.event_shape, validate_args=False)
        new._validate_args = self._validate_args
        return new

    @constraints.dependent_property
    def support(self):
        """The components'."""
        return MixtureSameFamilyConstraint(self._component_distribution.support)

    @property
    def mixture_distribution(self):
        """The distribution over the components."""
        return self._mixture_distribution

    @property
    def component_distribution(self):
        """The components."""
        return self._component_distribution

    def _weighted(self, values):
        """The mean over components of values (batch, components, event)."""
        weights = self.mixture_distribution.probs
        weights = weights.reshape(weights.shape + (1,) * self._event_ndims)
        return (weights * values).sum(-1 - self._event_ndims)

    @property
    def mean(self):
        """The mean of the components' means."""
        return self._weighted(self.component_distribution.mean)

    @property
    def variance(self):
        """The mean of the variances, and the variance of the means."""
        within = self._weighted(self.component_distribution.variance)
        distance = self.component_distribution.mean - self._pad(self.mean)
        return within + self._weighted(distance.pow(2.0))

    def _pad(self, value):
        return value.unsqueeze(-1 - self._event_ndims)

    def cdf(self, value):
        of_components = self.component_distribution.cdf(self._pad(value))
        return (of_components * self.mixture_distribution.probs).sum(-1)

    def log_prob(self, value):
        if self._validate_args:
            self._validate_sample(value)
        of_components = self.component_distribution.log_prob(self._pad(value))
        log_weights = self.mixture_distribution.logits.log_softmax(-1)
        return (of_components + log_weights).logsumexp(-1)

    def sample(self, sample_shape=()):
        with no_grad():
            sample_dims = len(sample_shape)
            gather_dim = sample_dims + len(self.batch_shape)
            chosen = self.mixture_distribution.sample(sample_shape)
            # torch: all components are drawn, and one of them taken.
            drawn = self.component_distribution.sample(sample_shape)
            chosen = chosen.reshape(chosen.shape + (1,) * (self._event_ndims + 1))
            index = chosen.expand((*drawn.shape[:gather_dim], 1, *self.event_shape))
            return drawn.gather(gather_dim, index).squeeze(gather_dim)

    def __repr__(self):
        return (
            f"MixtureSameFamily(\n  {self.mixture_distribution},\n  {self.component_distribution})"
        )
