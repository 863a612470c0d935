"""The chi-squared distribution."""

from __future__ import annotations

from minitorch.distributions import constraints
from minitorch.distributions.gamma import Gamma

__all__ = ["Chi2"]


class Chi2(Gamma):
    """The sum of the squares of ``df`` standard normal numbers: ``Gamma(df / 2, 1 / 2)``.

    Args:
        df: the degrees of freedom, a number or a tensor of the batch shape.

    Source: torch.distributions.Chi2.

    >>> Chi2(4.0).mean
    tensor(4.)
    """

    arg_constraints = {"df": constraints.positive}
    _batched = Gamma._batched

    def __init__(self, df, validate_args=None):
        super().__init__(0.5 * df, 0.5, validate_args=validate_args)

    @property
    def df(self):
        """The degrees of freedom."""
        return self.concentration * 2
