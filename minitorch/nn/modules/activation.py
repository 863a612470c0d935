"""Activation functions as layers, and multi-head attention."""

from __future__ import annotations

import warnings
from typing import Any

from minitorch.nn import functional as F
from minitorch.nn import init
from minitorch.nn.module import Module
from minitorch.nn.modules.linear import NonDynamicallyQuantizableLinear
from minitorch.nn.parameter import Parameter
from minitorch.ops.creation import empty
from minitorch.tensor import Tensor

__all__ = [
    "CELU",
    "ELU",
    "GELU",
    "GLU",
    "Hardshrink",
    "Hardsigmoid",
    "Hardswish",
    "Hardtanh",
    "LeakyReLU",
    "LogSigmoid",
    "LogSoftmax",
    "Mish",
    "MultiheadAttention",
    "PReLU",
    "RReLU",
    "ReLU",
    "ReLU6",
    "SELU",
    "SiLU",
    "Sigmoid",
    "Softmax",
    "Softmax2d",
    "Softmin",
    "Softplus",
    "Softshrink",
    "Softsign",
    "Tanh",
    "Tanhshrink",
    "Threshold",
]


def _settings(module: Any, *names: str) -> str:
    """The text within the brackets: ``name=value`` of each, and ``inplace=True`` where it is."""
    shown = [f"{name}={getattr(module, name)!r}" for name in names]
    if getattr(module, "inplace", False):
        shown.append("inplace=True")
    return ", ".join(shown)


# ---- piecewise linear ------------------------------------------------------------------------


class ReLU(Module):
    """``max(0, x)``.

    Args:
        inplace: whether to overwrite the input.

    Shape: (*) -> (*).  Source: torch.nn.ReLU.

    Example::

        >>> import minitorch
        >>> minitorch.nn.ReLU()(minitorch.tensor([-1.0, 0.0, 2.0]))
        tensor([0., 0., 2.])
    """

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        return F.relu(input, self.inplace)

    def extra_repr(self) -> str:
        return _settings(self)


class LeakyReLU(Module):
    """``x`` where x > 0, ``negative_slope * x`` elsewhere.

    Args:
        negative_slope: the slope below 0.
        inplace: whether to overwrite the input.

    Shape: (*) -> (*).  Source: torch.nn.LeakyReLU.

    Example::

        >>> import minitorch
        >>> minitorch.nn.LeakyReLU(0.5)(minitorch.tensor([-1.0, 2.0]))
        tensor([-0.5000,  2.0000])
    """

    def __init__(self, negative_slope: float = 0.01, inplace: bool = False) -> None:
        super().__init__()
        self.negative_slope = negative_slope
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        return F.leaky_relu(input, self.negative_slope, self.inplace)

    def extra_repr(self) -> str:
        return _settings(self, "negative_slope")


class PReLU(Module):
    """``x`` where x > 0, ``weight * x`` elsewhere, with a slope that is learned.

    Args:
        num_parameters: 1, one slope for all; or the number of channels, one for each.
        init: the slope to begin with.

    Shape: (*) or (N, C, *) -> the same; weight (num_parameters).
    Source: torch.nn.PReLU; He et al. 2015.

    Example::

        >>> import minitorch
        >>> minitorch.nn.PReLU()(minitorch.tensor([-1.0, 2.0])).tolist()
        [-0.25, 2.0]
    """

    weight: Tensor

    def __init__(
        self, num_parameters: int = 1, init: float = 0.25, device: Any = None, dtype: Any = None
    ) -> None:
        super().__init__()
        self.num_parameters = num_parameters
        self.init = init
        self.weight = Parameter(empty(num_parameters, device=device, dtype=dtype))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Set every slope back to ``init``."""
        init.constant_(self.weight, self.init)

    def forward(self, input: Tensor) -> Tensor:
        return F.prelu(input, self.weight)

    def extra_repr(self) -> str:
        return _settings(self, "num_parameters")


class RReLU(Module):
    """``x`` where x >= 0, ``a * x`` elsewhere, with a slope drawn anew for every element.

    In evaluation a is the middle of the range.

    Args:
        lower, upper: the range that a is drawn from, uniformly.
        inplace: whether to overwrite the input.

    Shape: (*) -> (*).  Source: torch.nn.RReLU; Xu et al. 2015.

    Example::

        >>> import minitorch
        >>> minitorch.nn.RReLU(0.25, 0.75).eval()(minitorch.tensor([-1.0, 2.0]))
        tensor([-0.5000,  2.0000])
    """

    def __init__(
        self, lower: float = 1.0 / 8, upper: float = 1.0 / 3, inplace: bool = False
    ) -> None:
        super().__init__()
        self.lower = lower
        self.upper = upper
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        return F.rrelu(input, self.lower, self.upper, self.training, self.inplace)

    def extra_repr(self) -> str:
        return _settings(self, "lower", "upper")


class Hardtanh(Module):
    """``x`` limited to [min_val, max_val].

    Args:
        min_val, max_val: the limits.
        inplace: whether to overwrite the input.

    Shape: (*) -> (*).  Errors: AssertionError unless min_val < max_val.
    Source: torch.nn.Hardtanh (``min_value`` and ``max_value`` are its names of old).

    Example::

        >>> import minitorch
        >>> minitorch.nn.Hardtanh(-2, 2)(minitorch.tensor([-3.0, 0.5, 3.0]))
        tensor([-2.0000,  0.5000,  2.0000])
    """

    def __init__(
        self,
        min_val: float = -1.0,
        max_val: float = 1.0,
        inplace: bool = False,
        min_value: float | None = None,
        max_value: float | None = None,
    ) -> None:
        super().__init__()
        self.min_val = self._renamed("min", min_val, min_value)
        self.max_val = self._renamed("max", max_val, max_value)
        self.inplace = inplace
        if not self.max_val > self.min_val:
            raise AssertionError(
                f"max_val ({self.max_val}) must be greater than min_val ({self.min_val})"
            )

    def _renamed(self, which: str, value: float, old_value: float | None) -> float:
        if old_value is None:
            return value
        warnings.warn(
            f"keyword argument `{which}_value` is deprecated and rename to `{which}_val`",
            FutureWarning,
            stacklevel=3,
        )
        return old_value

    def forward(self, input: Tensor) -> Tensor:
        return F.hardtanh(input, self.min_val, self.max_val, self.inplace)

    def extra_repr(self) -> str:
        return _settings(self, "min_val", "max_val")


class ReLU6(Hardtanh):
    """``min(max(0, x), 6)``.

    Args:
        inplace: whether to overwrite the input.

    Shape: (*) -> (*).  Source: torch.nn.ReLU6; Krizhevsky 2010.

    Example::

        >>> import minitorch
        >>> minitorch.nn.ReLU6()(minitorch.tensor([-1.0, 3.0, 9.0]))
        tensor([0., 3., 6.])
    """

    def __init__(self, inplace: bool = False) -> None:
        super().__init__(0.0, 6.0, inplace)

    def extra_repr(self) -> str:
        return _settings(self)


class Hardsigmoid(Module):
    """``min(max(0, x + 3), 6) / 6``.

    Args:
        inplace: whether to overwrite the input.

    Shape: (*) -> (*).  Source: torch.nn.Hardsigmoid.

    Example::

        >>> import minitorch
        >>> minitorch.nn.Hardsigmoid()(minitorch.tensor([-4.0, 0.0, 1.5]))
        tensor([0.0000, 0.5000, 0.7500])
    """

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        return F.hardsigmoid(input, self.inplace)


class Hardswish(Module):
    """``x * min(max(0, x + 3), 6) / 6``.

    Args:
        inplace: whether to overwrite the input.

    Shape: (*) -> (*).  Source: torch.nn.Hardswish; Howard et al. 2019.

    Example::

        >>> import minitorch
        >>> minitorch.nn.Hardswish()(minitorch.tensor([-4.0, 0.0, 3.0])).tolist()
        [-0.0, 0.0, 3.0]
    """

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        return F.hardswish(input, self.inplace)


class Hardshrink(Module):
    """``x`` where |x| > lambd, 0 elsewhere.

    Args:
        lambd: half the width of the gap.

    Shape: (*) -> (*).  Source: torch.nn.Hardshrink.

    Example::

        >>> import minitorch
        >>> minitorch.nn.Hardshrink(1)(minitorch.tensor([-2.0, 0.5]))
        tensor([-2.,  0.])
    """

    def __init__(self, lambd: float = 0.5) -> None:
        super().__init__()
        self.lambd = lambd

    def forward(self, input: Tensor) -> Tensor:
        return F.hardshrink(input, self.lambd)

    def extra_repr(self) -> str:
        return str(self.lambd)


class Softshrink(Module):
    """``x`` moved towards 0 by lambd; 0 where |x| <= lambd.

    Args:
        lambd: how far, at least 0.

    Shape: (*) -> (*).  Errors: RuntimeError for a negative lambd.  Source: torch.nn.Softshrink.

    Example::

        >>> import minitorch
        >>> minitorch.nn.Softshrink(1)(minitorch.tensor([-3.0, 0.5, 2.0]))
        tensor([-2.,  0.,  1.])
    """

    def __init__(self, lambd: float = 0.5) -> None:
        super().__init__()
        self.lambd = lambd

    def forward(self, input: Tensor) -> Tensor:
        return F.softshrink(input, self.lambd)

    def extra_repr(self) -> str:
        return str(self.lambd)


class Threshold(Module):
    """``x`` where x > threshold, ``value`` elsewhere.

    Args:
        threshold: the limit.
        value: what stands for everything up to it.
        inplace: whether to overwrite the input.

    Shape: (*) -> (*).  Source: torch.nn.Threshold.

    Example::

        >>> import minitorch
        >>> minitorch.nn.Threshold(1, 20)(minitorch.tensor([0.0, 2.0]))
        tensor([20.,  2.])
    """

    def __init__(self, threshold: float, value: float, inplace: bool = False) -> None:
        super().__init__()
        self.threshold = threshold
        self.value = value
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        return F.threshold(input, self.threshold, self.value, self.inplace)

    def extra_repr(self) -> str:
        return _settings(self, "threshold", "value")


# ---- smooth ----------------------------------------------------------------------------------


class ELU(Module):
    """``x`` where x > 0, ``alpha * (exp(x) - 1)`` elsewhere.

    Args:
        alpha: minus the limit at minus infinity.
        inplace: whether to overwrite the input.

    Shape: (*) -> (*).  Source: torch.nn.ELU; Clevert et al. 2015.

    Example::

        >>> import minitorch
        >>> minitorch.nn.ELU()(minitorch.tensor([-1.0, 2.0]))
        tensor([-0.6321,  2.0000])
    """

    def __init__(self, alpha: float = 1.0, inplace: bool = False) -> None:
        super().__init__()
        self.alpha = alpha
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        return F.elu(input, self.alpha, self.inplace)

    def extra_repr(self) -> str:
        return _settings(self, "alpha")


class SELU(Module):
    """``scale * ELU(x, alpha)`` with the numbers that keep activations at mean 0 and variance 1.

    Args:
        inplace: whether to overwrite the input.

    Shape: (*) -> (*).  Source: torch.nn.SELU; Klambauer et al. 2017.

    Example::

        >>> import minitorch
        >>> minitorch.nn.SELU()(minitorch.tensor([-1.0, 2.0]))
        tensor([-1.1113,  2.1014])
    """

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        return F.selu(input, self.inplace)

    def extra_repr(self) -> str:
        return _settings(self)


class CELU(Module):
    """``max(0, x) + min(0, alpha * (exp(x / alpha) - 1))``.

    Args:
        alpha: minus the limit at minus infinity.
        inplace: whether to overwrite the input.

    Shape: (*) -> (*).  Errors: RuntimeError for alpha 0.
    Source: torch.nn.CELU; Barron 2017.

    Example::

        >>> import minitorch
        >>> minitorch.nn.CELU(2)(minitorch.tensor([-1.0, 2.0]))
        tensor([-0.7869,  2.0000])
    """

    def __init__(self, alpha: float = 1.0, inplace: bool = False) -> None:
        super().__init__()
        self.alpha = alpha
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        return F.celu(input, self.alpha, self.inplace)

    def extra_repr(self) -> str:
        return _settings(self, "alpha")


class GELU(Module):
    """``x * P(X <= x)`` for a standard normal X.

    Args:
        approximate: "none", or "tanh" for 0.5 x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))).

    Shape: (*) -> (*).  Source: torch.nn.GELU; Hendrycks and Gimpel 2016.

    Example::

        >>> import minitorch
        >>> minitorch.nn.GELU()(minitorch.tensor([-1.0, 2.0]))
        tensor([-0.1587,  1.9545])
    """

    def __init__(self, approximate: str = "none") -> None:
        super().__init__()
        self.approximate = approximate

    def forward(self, input: Tensor) -> Tensor:
        return F.gelu(input, approximate=self.approximate)

    def extra_repr(self) -> str:
        return _settings(self, "approximate")


class SiLU(Module):
    """``x * sigmoid(x)``, also known as swish.

    Args:
        inplace: whether to overwrite the input.

    Shape: (*) -> (*).  Source: torch.nn.SiLU; Elfwing et al. 2017.

    Example::

        >>> import minitorch
        >>> minitorch.nn.SiLU()(minitorch.tensor([-1.0, 2.0]))
        tensor([-0.2689,  1.7616])
    """

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        return F.silu(input, self.inplace)

    def extra_repr(self) -> str:
        return _settings(self)


class Mish(Module):
    """``x * tanh(softplus(x))``.

    Args:
        inplace: whether to overwrite the input.

    Shape: (*) -> (*).  Source: torch.nn.Mish; Misra 2019.

    Example::

        >>> import minitorch
        >>> minitorch.nn.Mish()(minitorch.tensor([-1.0, 2.0]))
        tensor([-0.3034,  1.9440])
    """

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        return F.mish(input, self.inplace)

    def extra_repr(self) -> str:
        return _settings(self)


class Sigmoid(Module):
    """``1 / (1 + exp(-x))``.

    Shape: (*) -> (*).  Source: torch.nn.Sigmoid.

    Example::

        >>> import minitorch
        >>> minitorch.nn.Sigmoid()(minitorch.tensor([0.0, 2.0]))
        tensor([0.5000, 0.8808])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.sigmoid(input)


class LogSigmoid(Module):
    """``log(1 / (1 + exp(-x)))``.

    Shape: (*) -> (*).  Source: torch.nn.LogSigmoid.

    Example::

        >>> import minitorch
        >>> minitorch.nn.LogSigmoid()(minitorch.tensor([0.0, 2.0]))
        tensor([-0.6931, -0.1269])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.logsigmoid(input)


class Tanh(Module):
    """``(exp(x) - exp(-x)) / (exp(x) + exp(-x))``.

    Shape: (*) -> (*).  Source: torch.nn.Tanh.

    Example::

        >>> import minitorch
        >>> minitorch.nn.Tanh()(minitorch.tensor([0.0, 1.0]))
        tensor([0.0000, 0.7616])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.tanh(input)


class Tanhshrink(Module):
    """``x - tanh(x)``.

    Shape: (*) -> (*).  Source: torch.nn.Tanhshrink.

    Example::

        >>> import minitorch
        >>> minitorch.nn.Tanhshrink()(minitorch.tensor([0.0, 1.0]))
        tensor([0.0000, 0.2384])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.tanhshrink(input)


class Softplus(Module):
    """``log(1 + exp(beta * x)) / beta``, a smooth ReLU.

    Args:
        beta: how sharp the bend is.
        threshold: where beta * x is above it, the result is x.

    Shape: (*) -> (*).  Source: torch.nn.Softplus.

    Example::

        >>> import minitorch
        >>> minitorch.nn.Softplus()(minitorch.tensor([0.0, 30.0]))
        tensor([ 0.6931, 30.0000])
    """

    def __init__(self, beta: float = 1.0, threshold: float = 20.0) -> None:
        super().__init__()
        self.beta = beta
        self.threshold = threshold

    def forward(self, input: Tensor) -> Tensor:
        return F.softplus(input, self.beta, self.threshold)

    def extra_repr(self) -> str:
        return _settings(self, "beta", "threshold")


class Softsign(Module):
    """``x / (1 + |x|)``.

    Shape: (*) -> (*).  Source: torch.nn.Softsign.

    Example::

        >>> import minitorch
        >>> minitorch.nn.Softsign()(minitorch.tensor([-1.0, 3.0]))
        tensor([-0.5000,  0.7500])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.softsign(input)


class GLU(Module):
    """``a * sigmoid(b)`` where a and b are the halves of the input.

    Args:
        dim: the dimension that is halved.

    Shape: (..., 2n, ...) -> (..., n, ...).  Errors: RuntimeError for an odd length.
    Source: torch.nn.GLU; Dauphin et al. 2016.

    Example::

        >>> import minitorch
        >>> minitorch.nn.GLU()(minitorch.tensor([4.0, 0.0]))
        tensor([2.])
    """

    def __init__(self, dim: int = -1) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, input: Tensor) -> Tensor:
        return F.glu(input, self.dim)

    def extra_repr(self) -> str:
        return _settings(self, "dim")


# ---- softmax and its relatives ---------------------------------------------------------------


class Softmax(Module):
    """``exp(x_i) / sum_j exp(x_j)``: numbers in [0, 1] that sum to 1.

    Args:
        dim: the dimension that is summed over.

    Shape: (*) -> (*).  Source: torch.nn.Softmax.

    Example::

        >>> import minitorch
        >>> minitorch.nn.Softmax(dim=1)(minitorch.zeros(1, 4))
        tensor([[0.2500, 0.2500, 0.2500, 0.2500]])
    """

    def __init__(self, dim: int | None = None) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, input: Tensor) -> Tensor:
        return F.softmax(input, self.dim, _stacklevel=5)

    def extra_repr(self) -> str:
        return _settings(self, "dim")


class Softmin(Module):
    """``exp(-x_i) / sum_j exp(-x_j)``.

    Args:
        dim: the dimension that is summed over.

    Shape: (*) -> (*).  Source: torch.nn.Softmin.

    Example::

        >>> import minitorch
        >>> minitorch.nn.Softmin(dim=0)(minitorch.tensor([0.0, 1.0]))
        tensor([0.7311, 0.2689])
    """

    def __init__(self, dim: int | None = None) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, input: Tensor) -> Tensor:
        return F.softmin(input, self.dim, _stacklevel=5)

    def extra_repr(self) -> str:
        return _settings(self, "dim")


class LogSoftmax(Module):
    """``log(exp(x_i) / sum_j exp(x_j))``, without underflow.

    Args:
        dim: the dimension that is summed over.

    Shape: (*) -> (*).  Source: torch.nn.LogSoftmax.

    Example::

        >>> import minitorch
        >>> minitorch.nn.LogSoftmax(dim=0)(minitorch.tensor([0.0, 1.0]))
        tensor([-1.3133, -0.3133])
    """

    def __init__(self, dim: int | None = None) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, input: Tensor) -> Tensor:
        return F.log_softmax(input, self.dim, _stacklevel=5)

    def extra_repr(self) -> str:
        return _settings(self, "dim")


class Softmax2d(Module):
    """Softmax over the channels at every position of an image.

    Shape: (N, C, H, W) or (C, H, W) -> the same.  Errors: ValueError for other dimensions.
    Source: torch.nn.Softmax2d.

    Example::

        >>> import minitorch
        >>> minitorch.nn.Softmax2d()(minitorch.zeros(1, 2, 1, 1)).flatten()
        tensor([0.5000, 0.5000])
    """

    def forward(self, input: Tensor) -> Tensor:
        if input.dim() not in (3, 4):
            raise ValueError(
                f"Softmax2d: expected input to be 3D or 4D, got {input.dim()}D instead"
            )
        return F.softmax(input, -3, _stacklevel=5)


# ---- attention -------------------------------------------------------------------------------


class MultiheadAttention(Module):
    """Attention in several heads: ``concat(head_1, ..., head_h) W_out + b_out``.

    ``head_i = softmax(Q_i K_i^T / sqrt(D)) V_i`` where Q, K and V are linear maps of query, key
    and value, and D = embed_dim / num_heads.

    Args:
        embed_dim: E, the length of queries and results.
        num_heads: H, a divisor of E.
        dropout: the probability of dropping an attention weight in training.
        bias: whether the linear maps have biases.
        add_bias_kv: whether a learned key and value are added to the sequences.
        add_zero_attn: whether a key and value of zeros are added to the sequences.
        kdim, vdim: the lengths of keys and values; None for E.
        batch_first: whether the batch stands first, (N, L, E), instead of second.

    Shape: query (L, N, E), key (S, N, kdim), value (S, N, vdim) -> (L, N, E), and the weights
    (N, L, S), or (N, H, L, S) without ``average_attn_weights``, or None without ``need_weights``;
    all without N for unbatched input.
    Errors: ValueError for sizes that are not positive, AssertionError for ones that do not fit.
    Source: torch.nn.MultiheadAttention; Vaswani et al. 2017.

    Example::

        >>> import minitorch
        >>> attention = minitorch.nn.MultiheadAttention(embed_dim=8, num_heads=2)
        >>> words = minitorch.zeros(5, 3, 8)
        >>> output, weights = attention(words, words, words)
        >>> output.shape, weights.shape
        (torch.Size([5, 3, 8]), torch.Size([3, 5, 5]))
    """

    in_proj_weight: Tensor
    in_proj_bias: Tensor | None
    bias_k: Tensor | None
    bias_v: Tensor | None

    def __init__(
        self,
        embed_dim: int,
        num_heads: int,
        dropout: float = 0.0,
        bias: bool = True,
        add_bias_kv: bool = False,
        add_zero_attn: bool = False,
        kdim: int | None = None,
        vdim: int | None = None,
        batch_first: bool = False,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        if embed_dim <= 0 or num_heads <= 0:
            raise ValueError(
                "embed_dim and num_heads must be greater than 0, "
                f"got embed_dim={embed_dim} and num_heads={num_heads} instead"
            )
        super().__init__()
        self.embed_dim = embed_dim
        self.kdim = embed_dim if kdim is None else kdim
        self.vdim = embed_dim if vdim is None else vdim
        self._qkv_same_embed_dim = self.kdim == embed_dim == self.vdim
        self.num_heads = num_heads
        self.dropout = dropout
        self.batch_first = batch_first
        self.head_dim = embed_dim // num_heads
        if self.head_dim * num_heads != embed_dim:
            raise AssertionError("embed_dim must be divisible by num_heads")

        def parameter(*shape: int) -> Parameter:
            return Parameter(empty(shape, device=device, dtype=dtype))

        if self._qkv_same_embed_dim:
            self.in_proj_weight = parameter(3 * embed_dim, embed_dim)
            self.register_parameter("q_proj_weight", None)
            self.register_parameter("k_proj_weight", None)
            self.register_parameter("v_proj_weight", None)
        else:
            self.q_proj_weight = parameter(embed_dim, embed_dim)
            self.k_proj_weight = parameter(embed_dim, self.kdim)
            self.v_proj_weight = parameter(embed_dim, self.vdim)
            self.register_parameter("in_proj_weight", None)
        if bias:
            self.in_proj_bias = parameter(3 * embed_dim)
        else:
            self.register_parameter("in_proj_bias", None)
        self.out_proj = NonDynamicallyQuantizableLinear(
            embed_dim, embed_dim, bias=bias, device=device, dtype=dtype
        )
        self.bias_k = parameter(1, 1, embed_dim) if add_bias_kv else None
        self.bias_v = parameter(1, 1, embed_dim) if add_bias_kv else None
        self.add_zero_attn = add_zero_attn
        self._reset_parameters()

    def _reset_parameters(self) -> None:
        if self._qkv_same_embed_dim:
            init.xavier_uniform_(self.in_proj_weight)
        else:
            init.xavier_uniform_(self.q_proj_weight)
            init.xavier_uniform_(self.k_proj_weight)
            init.xavier_uniform_(self.v_proj_weight)
        if self.in_proj_bias is not None:
            init.constant_(self.in_proj_bias, 0.0)
            init.constant_(self.out_proj.bias, 0.0)
        if self.bias_k is not None:
            init.xavier_normal_(self.bias_k)
        if self.bias_v is not None:
            init.xavier_normal_(self.bias_v)

    def forward(
        self,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        key_padding_mask: Tensor | None = None,
        need_weights: bool = True,
        attn_mask: Tensor | None = None,
        average_attn_weights: bool = True,
        is_causal: bool = False,
    ) -> tuple[Tensor, Tensor | None]:
        """Attend.

        Args:
            key_padding_mask: (N, S), True (or minus infinity) where a key is to be ignored.
            need_weights: whether to return the weights as well.
            attn_mask: (L, S) or (N * H, L, S), True (or minus infinity) where not to attend.
            average_attn_weights: whether the weights returned are the mean over the heads.
            is_causal: a hint that ``attn_mask`` is the causal mask.
        """
        swapped = self.batch_first and query.dim() == 3
        if swapped:
            query, key, value = _batch_second(query, key, value)
        output, weights = F.multi_head_attention_forward(
            query,
            key,
            value,
            self.embed_dim,
            self.num_heads,
            self.in_proj_weight,
            self.in_proj_bias,
            self.bias_k,
            self.bias_v,
            self.add_zero_attn,
            self.dropout,
            self.out_proj.weight,
            self.out_proj.bias,
            training=self.training,
            key_padding_mask=key_padding_mask,
            need_weights=need_weights,
            attn_mask=attn_mask,
            use_separate_proj_weight=not self._qkv_same_embed_dim,
            q_proj_weight=self.q_proj_weight,
            k_proj_weight=self.k_proj_weight,
            v_proj_weight=self.v_proj_weight,
            average_attn_weights=average_attn_weights,
            is_causal=is_causal,
        )
        return (output.transpose(0, 1) if swapped else output), weights


def _batch_second(query: Tensor, key: Tensor, value: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """(N, L, E) -> (L, N, E), keeping equal ones one: projecting them takes one product then."""
    query_ = query.transpose(0, 1)
    key_ = query_ if key is query else key.transpose(0, 1)
    value_ = key_ if value is key else value.transpose(0, 1)
    return query_, key_, value_
