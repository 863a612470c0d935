"""Layers that multiply by a matrix, and the layer that does nothing."""

from __future__ import annotations

import math
from typing import Any

from minitorch.autograd.mode import no_grad
from minitorch.nn import functional as F
from minitorch.nn import init
from minitorch.nn.module import Module
from minitorch.nn.modules.lazy import LazyModuleMixin
from minitorch.nn.parameter import Parameter, UninitializedParameter
from minitorch.ops.creation import empty
from minitorch.tensor import Tensor

__all__ = ["Bilinear", "Identity", "LazyLinear", "Linear"]


class Identity(Module):
    """Returns its input; takes any arguments and ignores them.

    Shape: (*) -> (*).  Source: torch.nn.Identity.

    Example::

        >>> import minitorch
        >>> minitorch.nn.Identity(54, unused=True)(minitorch.ones(2))
        tensor([1., 1.])
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__()

    def forward(self, input: Tensor) -> Tensor:
        return input


class Linear(Module):
    """``y = x W^T + b``.

    Args:
        in_features: length of the last dimension of the input.
        out_features: length of the last dimension of the output.
        bias: whether there is a ``b``.

    Shape: (*, in_features) -> (*, out_features); weight (out_features, in_features), bias
    (out_features).  Both start uniform in +-1 / sqrt(in_features).  Source: torch.nn.Linear.

    Example::

        >>> import minitorch
        >>> minitorch.nn.Linear(20, 30)(minitorch.zeros(128, 20)).shape
        torch.Size([128, 30])
    """

    in_features: int
    out_features: int
    weight: Tensor

    def __init__(
        self,
        in_features: int,
        out_features: int,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        self.in_features = in_features
        self.out_features = out_features
        self.weight = Parameter(empty((out_features, in_features), device=device, dtype=dtype))
        if bias:
            self.bias = Parameter(empty(out_features, device=device, dtype=dtype))
        else:
            self.register_parameter("bias", None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw new values."""
        init.kaiming_uniform_(self.weight, a=math.sqrt(5))
        if self.bias is not None:
            bound = 1 / math.sqrt(self.in_features) if self.in_features > 0 else 0
            init.uniform_(self.bias, -bound, bound)

    def forward(self, input: Tensor) -> Tensor:
        return F.linear(input, self.weight, self.bias)

    def extra_repr(self) -> str:
        return (
            f"in_features={self.in_features}, out_features={self.out_features}, "
            f"bias={self.bias is not None}"
        )


class NonDynamicallyQuantizableLinear(Linear):
    """:class:`Linear` under the name that torch prints for the last map of an attention."""


class LazyLinear(LazyModuleMixin, Linear):
    """A :class:`Linear` that takes ``in_features`` from its first input, and is one from then on.

    Args:
        out_features: length of the last dimension of the output.
        bias: whether there is a ``b``.

    Shape: as :class:`Linear`.  Source: torch.nn.LazyLinear.

    Example::

        >>> import minitorch
        >>> layer = minitorch.nn.LazyLinear(30)
        >>> layer
        LazyLinear(in_features=0, out_features=30, bias=True)
        >>> layer(minitorch.zeros(128, 20)).shape, layer
        (torch.Size([128, 30]), Linear(in_features=20, out_features=30, bias=True))
    """

    cls_to_become = Linear

    weight: UninitializedParameter
    bias: UninitializedParameter | None  # type: ignore[assignment]

    def __init__(
        self, out_features: int, bias: bool = True, device: Any = None, dtype: Any = None
    ) -> None:
        # No bias at first: it would be replaced at once.
        super().__init__(0, 0, False, device, dtype)
        self.weight = UninitializedParameter(device=device, dtype=dtype)
        self.out_features = out_features
        if bias:
            self.bias = UninitializedParameter(device=device, dtype=dtype)

    def reset_parameters(self) -> None:
        """Draw new values, where there is a place for them."""
        if not self.has_uninitialized_params() and self.in_features != 0:
            super().reset_parameters()

    def initialize_parameters(self, input: Tensor) -> None:  # type: ignore[override]
        """Make the parameters for the size of the first input."""
        features = input.shape[-1]
        if self.has_uninitialized_params():
            with no_grad():
                self.in_features = features
                self.weight.materialize((self.out_features, features))
                if self.bias is not None:
                    self.bias.materialize((self.out_features,))
                self.reset_parameters()
        if self.in_features == 0:  # the parameters were loaded
            if features != self.weight.shape[-1]:
                raise AssertionError(
                    f"The in_features inferred from input: {features} is not equal to in_features "
                    f"from self.weight: {self.weight.shape[-1]}"
                )
            self.in_features = features


class Bilinear(Module):
    """``y_k = x1^T W_k x2 + b_k``.

    Args:
        in1_features: length of the last dimension of the first input.
        in2_features: length of the last dimension of the second input.
        out_features: length of the last dimension of the output.
        bias: whether there is a ``b``.

    Shape: (*, in1_features), (*, in2_features) -> (*, out_features);
    weight (out_features, in1_features, in2_features), bias (out_features).
    Both start uniform in +-1 / sqrt(in1_features).
    Errors: ValueError unless in1_features > 0.  Source: torch.nn.Bilinear.

    Example::

        >>> import minitorch
        >>> layer = minitorch.nn.Bilinear(20, 30, 40)
        >>> layer(minitorch.zeros(128, 20), minitorch.zeros(128, 30)).shape
        torch.Size([128, 40])
    """

    weight: Tensor

    def __init__(
        self,
        in1_features: int,
        in2_features: int,
        out_features: int,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        if in1_features <= 0:
            raise ValueError(f"in1_features must be > 0, but got {in1_features}")
        self.in1_features = in1_features
        self.in2_features = in2_features
        self.out_features = out_features
        shape = (out_features, in1_features, in2_features)
        self.weight = Parameter(empty(shape, device=device, dtype=dtype))
        if bias:
            self.bias = Parameter(empty(out_features, device=device, dtype=dtype))
        else:
            self.register_parameter("bias", None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw new values."""
        bound = 1 / math.sqrt(self.in1_features)
        init.uniform_(self.weight, -bound, bound)
        if self.bias is not None:
            init.uniform_(self.bias, -bound, bound)

    def forward(self, input1: Tensor, input2: Tensor) -> Tensor:
        return F.bilinear(input1, input2, self.weight, self.bias)

    def extra_repr(self) -> str:
        return (
            f"in1_features={self.in1_features}, in2_features={self.in2_features}, "
            f"out_features={self.out_features}, bias={self.bias is not None}"
        )
