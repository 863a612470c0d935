"""Dropout of elements and of whole channels."""

from __future__ import annotations

from minitorch.nn import functional as F
from minitorch.nn.module import Module
from minitorch.tensor import Tensor

__all__ = [
    "AlphaDropout",
    "Dropout",
    "Dropout1d",
    "Dropout2d",
    "Dropout3d",
    "FeatureAlphaDropout",
]


class _DropoutNd(Module):
    """What all kinds share: the probability, checked, and how it is printed."""

    def __init__(self, p: float = 0.5, inplace: bool = False) -> None:
        super().__init__()
        if not 0 <= p <= 1:
            raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")
        self.p = p
        self.inplace = inplace

    def extra_repr(self) -> str:
        return f"p={self.p}, inplace={self.inplace}"


class Dropout(_DropoutNd):
    """In training, 0 with probability p and ``x / (1 - p)`` else; in evaluation ``x``.

    Args:
        p: the probability that an element is dropped.
        inplace: whether to overwrite the input.

    Shape: (*) -> (*).  Errors: ValueError for p outside [0, 1].
    Source: torch.nn.Dropout; Srivastava et al. 2014.

    Example::

        >>> import minitorch
        >>> minitorch.nn.Dropout(0.2).eval()(minitorch.ones(3))
        tensor([1., 1., 1.])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.dropout(input, self.p, self.training, self.inplace)


class Dropout1d(_DropoutNd):
    """:class:`Dropout` of whole channels of sequences.

    Args:
        p: the probability that a channel is dropped.
        inplace: whether to overwrite the input.

    Shape: (N, C, L) or (C, L) -> the same.  Errors: ValueError for p outside [0, 1].
    Source: torch.nn.Dropout1d; Tompson et al. 2015.

    Example::

        >>> import minitorch
        >>> minitorch.nn.Dropout1d(1.0)(minitorch.ones(1, 2, 2))
        tensor([[[0., 0.],
                 [0., 0.]]])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.dropout1d(input, self.p, self.training, self.inplace)


class Dropout2d(_DropoutNd):
    """:class:`Dropout` of whole channels of images.

    Args:
        p: the probability that a channel is dropped.
        inplace: whether to overwrite the input.

    Shape: (N, C, H, W) or (N, C, L) -> the same.  Errors: ValueError for p outside [0, 1].
    Source: torch.nn.Dropout2d; Tompson et al. 2015.

    Example::

        >>> import minitorch
        >>> minitorch.nn.Dropout2d(0.2).eval()(minitorch.ones(1, 2, 1, 1)).flatten()
        tensor([1., 1.])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.dropout2d(input, self.p, self.training, self.inplace)


class Dropout3d(_DropoutNd):
    """:class:`Dropout` of whole channels of volumes.

    Args:
        p: the probability that a channel is dropped.
        inplace: whether to overwrite the input.

    Shape: (N, C, D, H, W) or (C, D, H, W) -> the same.  Errors: ValueError for p outside [0, 1].
    Source: torch.nn.Dropout3d; Tompson et al. 2015.

    Example::

        >>> import minitorch
        >>> minitorch.nn.Dropout3d(0.2).eval()(minitorch.ones(1, 2, 1, 1, 1)).flatten()
        tensor([1., 1.])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.dropout3d(input, self.p, self.training, self.inplace)


class AlphaDropout(_DropoutNd):
    """Dropout that keeps the mean 0 and the variance 1 which SELU gives.

    What is dropped gets the value that SELU has at minus infinity; then all is scaled and shifted.

    Args:
        p: the probability that an element is dropped.
        inplace: whether to overwrite the input.

    Shape: (*) -> (*).  Errors: ValueError for p outside [0, 1].
    Source: torch.nn.AlphaDropout; Klambauer et al. 2017.

    Example::

        >>> import minitorch
        >>> minitorch.nn.AlphaDropout(0.2).eval()(minitorch.ones(3))
        tensor([1., 1., 1.])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.alpha_dropout(input, self.p, self.training, self.inplace)


class FeatureAlphaDropout(_DropoutNd):
    """:class:`AlphaDropout` of whole channels.

    Args:
        p: the probability that a channel is dropped.
        inplace: whether to overwrite the input.

    Shape: (N, C, *) -> (N, C, *).  Errors: ValueError for p outside [0, 1].
    Source: torch.nn.FeatureAlphaDropout.

    Example::

        >>> import minitorch
        >>> minitorch.nn.FeatureAlphaDropout(0.2).eval()(minitorch.ones(1, 2, 1)).flatten()
        tensor([1., 1.])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.feature_alpha_dropout(input, self.p, self.training, self.inplace)
