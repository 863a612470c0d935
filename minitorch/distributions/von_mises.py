"""The von Mises distribution of angles."""

from __future__ import annotations

import math

from minitorch.autograd.mode import no_grad
from minitorch.distributions import constraints
from minitorch.distributions.distribution import Distribution
from minitorch.distributions.utils import broadcast_all, lazy_property
from minitorch.ops.creation import empty, zeros
from minitorch.ops.masking import where
from minitorch.ops.random import rand
from minitorch.ops.special import i0e, i1e

__all__ = ["VonMises"]


class VonMises(Distribution):
    """``exp(concentration cos(x - loc)) / (2 pi I0(concentration))`` on the circle.

    Args:
        loc: an angle in radians.
        concentration: how narrow it is.

    Samples lie in [-pi, pi) (D. J. Best and N. I. Fisher, "Efficient simulation of the von Mises
    distribution", 1979).  Source: torch.distributions.VonMises.

    >>> import minitorch
    >>> circle = VonMises(minitorch.tensor(0.0), minitorch.tensor(1.0))
    >>> circle.log_prob(minitorch.tensor(0.0))
    tensor(-1.0738)
    """

    arg_constraints = {"loc": constraints.real, "concentration": constraints.positive}
    support = constraints.real
    _batched = ("loc", "concentration")

    def __init__(self, loc, concentration, validate_args=None):
        self.loc, self.concentration = broadcast_all(loc, concentration)
        super().__init__(self.loc.shape, validate_args=validate_args)

    def log_prob(self, value):
        if self._validate_args:
            self._validate_sample(value)
        peak = self.concentration * (value - self.loc).cos()
        # log(I0), of the scaled function, so that it never overflows.
        log_i0 = i0e(self.concentration).log() + self.concentration
        return peak - math.log(2 * math.pi) - log_i0

    @lazy_property
    def _loc(self):
        return self.loc.double()

    @lazy_property
    def _concentration(self):
        return self.concentration.double()

    @lazy_property
    def _proposal_r(self):
        """The parameter of the wrapped Cauchy distribution that proposes; exact for small ones."""
        kappa = self._concentration
        tau = 1 + (1 + 4 * kappa**2).sqrt()
        rho = (tau - (2 * tau).sqrt()) / (2 * kappa)
        return where(kappa < 1e-5, 1 / kappa + kappa, (1 + rho**2) / (2 * rho))

    def sample(self, sample_shape=()):
        shape = self._extended_shape(sample_shape)
        with no_grad():
            loc, kappa, r = self._loc, self._concentration, self._proposal_r
            angles = empty(shape, dtype=loc.dtype)
            done = zeros(shape).bool()
            while not done.all():
                u1, u2, u3 = rand((3, *shape), dtype=loc.dtype).unbind()
                z = (math.pi * u1).cos()
                f = (1 + r * z) / (r + z)
                c = kappa * (r - f)
                accept = ((c * (2 - c) - u2) > 0) | ((c / u2).log() + 1 - c >= 0)
                # torch: a later acceptance replaces an earlier one while others are waited for.
                angles = where(accept, (u3 - 0.5).sign() * f.acos(), angles)
                done = done | accept
            angles = (angles + math.pi + loc) % (2 * math.pi) - math.pi
            return angles.to(self.loc.dtype)

    @property
    def mean(self):
        """The circular mean, ``loc``."""
        return self.loc

    @property
    def mode(self):
        """The parameter ``loc``."""
        return self.loc

    @lazy_property
    def variance(self):  # type: ignore[override]
        """The circular variance, ``1 - I1(concentration) / I0(concentration)``."""
        return 1 - i1e(self.concentration) / i0e(self.concentration)
