"""The base of distributions that are given either by probabilities or by logits."""

from __future__ import annotations

from typing import Any, ClassVar

from minitorch.distributions.distribution import Distribution
from minitorch.distributions.utils import lazy_property, logits_to_probs, probs_to_logits
from minitorch.size import Size
from minitorch.tensor import Tensor

__all__ = ["ProbsOrLogits"]


class ProbsOrLogits(Distribution):
    """One of ``probs`` and ``logits`` is given and kept; the other is computed when asked for.

    ``_is_binary`` tells log-odds of single probabilities from the logarithms of a vector of them.
    """

    _is_binary: ClassVar[bool] = True

    @staticmethod
    def _check_one_is_given(probs: Any, logits: Any) -> None:
        if (probs is None) == (logits is None):
            raise ValueError("Either `probs` or `logits` must be specified, but not both.")

    @lazy_property
    def logits(self) -> Tensor:
        """Log-odds of the probabilities, or their logarithms."""
        return probs_to_logits(self.probs, is_binary=self._is_binary)

    @lazy_property
    def probs(self) -> Tensor:
        """The probabilities."""
        return logits_to_probs(self.logits, is_binary=self._is_binary)

    @property
    def _param(self) -> Tensor:
        """One of them that is at hand."""
        return self.probs if "probs" in self.__dict__ else self.logits

    @property
    def param_shape(self) -> Size:
        """The shape of ``probs`` and ``logits``."""
        return self._param.size()
