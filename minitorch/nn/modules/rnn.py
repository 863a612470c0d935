"""Recurrent layers over whole sequences, and their single steps.

Letters: T steps, N batch, H hidden, D directions (2 if bidirectional, else 1).
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator
from typing import Any

from minitorch.nn import init
from minitorch.nn.module import Module
from minitorch.nn.parameter import Parameter
from minitorch.nn.utils.rnn import PackedSequence
from minitorch.ops._op import named
from minitorch.ops.creation import empty, zeros
from minitorch.ops.recurrent import gru_cell, lstm_cell, rnn_relu_cell, rnn_tanh_cell, run_layers
from minitorch.tensor import Tensor

__all__ = ["GRU", "GRUCell", "LSTM", "LSTMCell", "RNN", "RNNBase", "RNNCell", "RNNCellBase"]

#: How many gates stand side by side in a layer's weights.
_GATES = {"LSTM": 4, "GRU": 3, "RNN_TANH": 1, "RNN_RELU": 1}


def _draw_all(module: Module, hidden_size: int) -> None:
    bound = 1.0 / math.sqrt(hidden_size) if hidden_size > 0 else 0
    for weight in module.parameters():
        init.uniform_(weight, -bound, bound)


# ---- whole sequences -------------------------------------------------------------------------


class RNNBase(Module):
    """What RNN, LSTM and GRU share: their parameters, checks and the way through the layers.

    Args:
        mode: "RNN_TANH", "RNN_RELU", "LSTM" or "GRU"; the others as in :class:`RNN`.

    Source: torch.nn.RNNBase.

    Example::

        >>> import minitorch
        >>> minitorch.nn.RNNBase("GRU", 2, 3).weight_ih_l0.shape
        torch.Size([9, 2])
    """

    def __init__(
        self,
        mode: str,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        proj_size: int = 0,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        if mode not in _GATES:
            raise ValueError(f"Unrecognized RNN mode: {mode}")
        self.mode = mode
        self.input_size = input_size
        self.hidden_size = hidden_size
        self.num_layers = num_layers
        self.bias = bias
        self.batch_first = batch_first
        self.dropout = float(dropout)
        self.bidirectional = bidirectional
        self.proj_size = proj_size
        self._check_settings(dropout)
        self._flat_weights_names: list[str] = []
        for name, shape in self._parameter_shapes():
            self._flat_weights_names.append(name)
            setattr(self, name, Parameter(empty(shape, device=device, dtype=dtype)))
        self.reset_parameters()

    def _check_settings(self, dropout: Any) -> None:
        for name, wanted in (("input_size", int), ("hidden_size", int), ("bias", bool)):
            value = getattr(self, name)
            if not isinstance(value, wanted):
                raise TypeError(
                    f"{name} should be of type {wanted.__name__}, got: {type(value).__name__}"
                )
        for name in ("input_size", "hidden_size", "num_layers"):
            if getattr(self, name) <= 0:
                raise ValueError(f"{name} must be greater than zero")
        if (
            not isinstance(dropout, (int, float))
            or isinstance(dropout, bool)
            or not 0 <= dropout <= 1
        ):
            raise ValueError(
                "dropout should be a number in range [0, 1] representing the probability of an "
                "element being zeroed"
            )
        if dropout > 0 and self.num_layers == 1:
            warnings.warn(
                "dropout option adds dropout after all but last recurrent layer, so non-zero "
                f"dropout expects num_layers greater than 1, but got dropout={dropout} and "
                f"num_layers={self.num_layers}",
                stacklevel=4,
            )
        if self.proj_size < 0:
            raise ValueError(
                "proj_size should be a positive integer or zero to disable projections"
            )
        if self.proj_size >= self.hidden_size:
            raise ValueError("proj_size has to be smaller than hidden_size")

    def _suffixes(self) -> Iterator[tuple[int, str]]:
        """For each layer and direction in it: the layer, and how its parameters' names end."""
        for layer in range(self.num_layers):
            yield layer, f"_l{layer}"
            if self.bidirectional:
                yield layer, f"_l{layer}_reverse"

    @property
    def _output_size(self) -> int:
        """The length of h in one direction."""
        return self.proj_size or self.hidden_size

    def _parameter_shapes(self) -> Iterator[tuple[str, tuple[int, ...]]]:
        """The names and shapes of the parameters, in the order in which they are drawn."""
        rows = _GATES[self.mode] * self.hidden_size
        directions = 2 if self.bidirectional else 1
        for layer, suffix in self._suffixes():
            columns = self.input_size if layer == 0 else self._output_size * directions
            yield "weight_ih" + suffix, (rows, columns)
            yield "weight_hh" + suffix, (rows, self._output_size)
            if self.bias:
                yield "bias_ih" + suffix, (rows,)
                yield "bias_hh" + suffix, (rows,)
            if self.proj_size:
                yield "weight_hr" + suffix, (self.proj_size, self.hidden_size)

    def __getstate__(self) -> dict[str, Any]:
        # torch: its modules have these as attributes, and need them in a file that it reads.
        names = self._names_by_layer()
        return {**self.__dict__, "_all_weights": names, "_flat_weights": sum(self.all_weights, [])}

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        for name in ("_all_weights", "_flat_weights"):
            self.__dict__.pop(name, None)

    def _names_by_layer(self) -> list[list[str]]:
        """The names of the parameters of each layer and direction."""
        kinds = ["weight_ih", "weight_hh", "bias_ih", "bias_hh", "weight_hr"]
        return [
            [kind + suffix for kind in kinds if hasattr(self, kind + suffix)]
            for _, suffix in self._suffixes()
        ]

    @property
    def all_weights(self) -> list[list[Tensor]]:
        """The parameters of each layer and direction."""
        return [[getattr(self, name) for name in names] for names in self._names_by_layer()]

    def reset_parameters(self) -> None:
        """Draw new values, uniform in +-1 / sqrt(hidden_size)."""
        _draw_all(self, self.hidden_size)

    def flatten_parameters(self) -> None:
        """Does nothing: torch moves the weights together here, for cuDNN."""

    def forward(
        self, input: Tensor | PackedSequence, hx: Any = None
    ) -> tuple[Tensor | PackedSequence, Any]:
        """The outputs of the last layer at every step, and every layer's last state."""
        if isinstance(input, PackedSequence):
            return self._forward_packed(input, hx)
        self._check_dimensions(input)
        unbatched = input.dim() == 2
        batch_dim = 0 if self.batch_first else 1
        if unbatched:
            input = input.unsqueeze(batch_dim)
        batch_size = input.shape[batch_dim]
        if hx is None:
            hx = self._zero_state(input, batch_size)
        else:
            self._check_state_dimensions(hx, unbatched)
            hx = self._map_state(lambda h: h.unsqueeze(1), hx) if unbatched else hx
        self.check_forward_args(input, hx, None)
        if not input.shape[1 - batch_dim]:
            raise RuntimeError("Expected sequence length to be larger than 0 in RNN")
        output, state = self._run(input.transpose(0, 1) if self.batch_first else input, hx)
        if self.batch_first:
            output = output.transpose(0, 1)
            if self.mode != "LSTM":
                named(output, "TransposeBackward1")  # torch: in place, but for an LSTM
        if unbatched:
            output = output.squeeze(batch_dim)
            state = self._map_state(lambda h: h.squeeze(1), state)
        return output, state

    def _forward_packed(self, input: PackedSequence, hx: Any) -> tuple[PackedSequence, Any]:
        """As ``forward``; the state stands in the order in which the sequences were given."""
        data, batch_sizes, order, inverse = input
        sizes = batch_sizes.tolist()
        if hx is None:
            hx = self._zero_state(data, sizes[0])
        elif order is not None:
            hx = self._map_state(lambda h: h.index_select(1, order), hx)
        self.check_forward_args(data, hx, batch_sizes)
        output, state = self._run(data, hx, sizes)
        if inverse is not None:
            state = self._map_state(lambda h: h.index_select(1, inverse), state)
        return PackedSequence(output, batch_sizes, order, inverse), state

    def _run(self, input: Tensor, hx: Any, batch_sizes: list[int] | None = None) -> tuple:
        pair = self.mode == "LSTM"
        output, state = run_layers(
            self.mode,
            input,
            hx if pair else (hx,),
            [self._weights(suffix) for _, suffix in self._suffixes()],
            self.num_layers,
            self.dropout,
            self.training,
            self.bidirectional,
            batch_sizes,
        )
        return output, state if pair else state[0]

    def _weights(self, suffix: str) -> list[Tensor | None]:
        kinds = ["weight_ih", "weight_hh", "bias_ih", "bias_hh", "weight_hr"]
        return [getattr(self, kind + suffix, None) for kind in kinds]

    def _map_state(self, function: Any, state: Any) -> Any:
        """``function`` of the state, or of each half of it: only an LSTM has two."""
        return function(state)

    def _zero_state(self, input: Tensor, batch_size: int) -> Any:
        shape = self._state_shape(batch_size, self._output_size)
        return zeros(shape, dtype=input.dtype, device=input.device)

    # ---- checks, in torch's order and words ----------------------------------------------------

    def _check_dimensions(self, input: Tensor) -> None:
        if input.dim() not in (2, 3):
            got = f"{input.dim()}D tensor" if self.mode.startswith("RNN") else f"{input.dim()}D"
            raise ValueError(
                f"{self._get_name()}: Expected input to be 2D or 3D, got {got} instead"
            )

    def _check_state_dimensions(self, hx: Any, unbatched: bool) -> None:
        wanted = 2 if unbatched else 3
        if hx.dim() != wanted:
            raise RuntimeError(
                f"For {'unbatched' if unbatched else 'batched'} {wanted}-D input, hx should also "
                f"be {wanted}-D but got {hx.dim()}-D tensor"
            )

    def check_input(self, input: Tensor, batch_sizes: Tensor | None) -> None:
        """Refuse what does not fit the weights.  Errors: ValueError, RuntimeError."""
        dtype = self.weight_ih_l0.dtype
        if input.dtype is not dtype:
            raise ValueError(
                f"RNN input dtype ({input.dtype}) does not match weight dtype ({dtype}). "
                f"Convert input: input.to({dtype}), or convert model: model.to({input.dtype})"
            )
        wanted = 3 if batch_sizes is None else 2
        if input.dim() != wanted:
            raise RuntimeError(f"input must have {wanted} dimensions, got {input.dim()}")
        if input.shape[-1] != self.input_size:
            raise RuntimeError(
                "input.size(-1) must be equal to input_size. "
                f"Expected {self.input_size}, got {input.shape[-1]}"
            )

    def get_expected_hidden_size(
        self, input: Tensor, batch_sizes: Tensor | None
    ) -> tuple[int, int, int]:
        """The shape of h: (num_layers * D, N, H)."""
        if batch_sizes is None:
            batch_size = input.shape[0 if self.batch_first else 1]
        else:
            batch_size = int(batch_sizes[0])
        return self._state_shape(batch_size, self._output_size)

    def _state_shape(self, batch_size: int, length: int) -> tuple[int, int, int]:
        return self.num_layers * (2 if self.bidirectional else 1), batch_size, length

    def check_hidden_size(
        self,
        hx: Tensor,
        expected_hidden_size: tuple[int, int, int],
        msg: str = "Expected hidden size {}, got {}",
    ) -> None:
        """Refuse a state of another shape.  Errors: RuntimeError."""
        if tuple(hx.shape) != tuple(expected_hidden_size):
            raise RuntimeError(msg.format(tuple(expected_hidden_size), list(hx.shape)))

    def check_forward_args(self, input: Tensor, hidden: Any, batch_sizes: Tensor | None) -> None:
        """Refuse input and state that do not fit.  Errors: ValueError, RuntimeError."""
        self.check_input(input, batch_sizes)
        self.check_hidden_size(hidden, self.get_expected_hidden_size(input, batch_sizes))

    def extra_repr(self) -> str:
        text = f"{self.input_size}, {self.hidden_size}"
        if self.proj_size:
            text += f", proj_size={self.proj_size}"
        if self.num_layers != 1:
            text += f", num_layers={self.num_layers}"
        if not self.bias:
            text += f", bias={self.bias}"
        if self.batch_first:
            text += f", batch_first={self.batch_first}"
        if self.dropout:
            text += f", dropout={self.dropout}"
        if self.bidirectional:
            text += f", bidirectional={self.bidirectional}"
        return text


def _refuse_projection(settings: dict[str, Any]) -> None:
    if "proj_size" in settings:
        raise ValueError("proj_size argument is only supported for LSTM, not RNN or GRU")


class RNN(RNNBase):
    """``h_t = tanh(W_ih x_t + b_ih + W_hh h_(t-1) + b_hh)``.

    Args:
        input_size: the length of x_t.
        hidden_size: H, the length of h_t.
        num_layers: how many layers stand on each other.
        nonlinearity: "tanh" or "relu".
        bias: whether there are the two b.
        batch_first: whether the batch stands first, (N, T, input_size), instead of second.
        dropout: the probability of :class:`Dropout` after every layer but the last.
        bidirectional: whether a second set of weights runs from the end to the start.

    Shape: input (T, N, input_size), or (T, input_size) without a batch, or a PackedSequence of
    those; hx (num_layers D, N, H), default zeros -> output (T, N, D H), or packed, and the last h
    in the shape of hx.  The weights of layer k: weight_ih_lk (H, input_size or D H),
    weight_hh_lk (H, H), bias_ih_lk, bias_hh_lk (H), and the same with "_reverse" behind; all start
    uniform in +-1 / sqrt(H).
    Errors: ValueError, RuntimeError for sizes that do not fit.  Source: torch.nn.RNN; Elman 1990.

    Example::

        >>> import minitorch
        >>> output, h = minitorch.nn.RNN(10, 20, 2)(minitorch.zeros(5, 3, 10))
        >>> output.shape, h.shape
        (torch.Size([5, 3, 20]), torch.Size([2, 3, 20]))
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        nonlinearity: str = "tanh",
        *args: Any,
        **kwargs: Any,
    ) -> None:
        _refuse_projection(kwargs)
        if nonlinearity not in ("tanh", "relu"):
            raise ValueError(
                f"Unknown nonlinearity {nonlinearity!r}. Select from 'tanh' or 'relu'."
            )
        mode = "RNN_" + nonlinearity.upper()
        super().__init__(mode, input_size, hidden_size, num_layers, *args, **kwargs)
        self.nonlinearity = nonlinearity


class GRU(RNNBase):
    """The gated recurrent unit: at each step, with s = sigmoid and * elementwise,

    ``r = s(W_ir x + b_ir + W_hr h + b_hr)``, ``z = s(W_iz x + b_iz + W_hz h + b_hz)``,
    ``n = tanh(W_in x + b_in + r * (W_hn h + b_hn))``, ``h' = (1 - z) * n + z * h``.

    Args: as :class:`RNN`, without nonlinearity.

    Shape: as :class:`RNN`, but the weights of r, z and n stand on each other, with 3 H rows.
    Errors: ValueError, RuntimeError for sizes that do not fit.
    Source: torch.nn.GRU; Cho et al. 2014.

    Example::

        >>> import minitorch
        >>> output, h = minitorch.nn.GRU(10, 20, bidirectional=True)(minitorch.zeros(5, 3, 10))
        >>> output.shape, h.shape
        (torch.Size([5, 3, 40]), torch.Size([2, 3, 20]))
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        _refuse_projection(kwargs)
        super().__init__("GRU", *args, **kwargs)


class LSTM(RNNBase):
    """Long short-term memory: at each step, with s = sigmoid and * elementwise,

    ``i = s(W_ii x + b_ii + W_hi h + b_hi)``, ``f = s(W_if x + b_if + W_hf h + b_hf)``,
    ``g = tanh(W_ig x + b_ig + W_hg h + b_hg)``, ``o = s(W_io x + b_io + W_ho h + b_ho)``,
    ``c' = f * c + i * g``, ``h' = o * tanh(c')``.

    Args: as :class:`RNN`, without nonlinearity, and
        proj_size: if positive, h is W_hr h' of this length.

    Shape: as :class:`RNN`, but the state is a pair (h, c), and the weights of i, f, g and o stand
    on each other, with 4 H rows.
    Errors: ValueError, RuntimeError for sizes that do not fit.
    Source: torch.nn.LSTM; Hochreiter and Schmidhuber 1997.

    Example::

        >>> import minitorch
        >>> output, (h, c) = minitorch.nn.LSTM(10, 20, 2)(minitorch.zeros(5, 3, 10))
        >>> output.shape, h.shape, c.shape
        (torch.Size([5, 3, 20]), torch.Size([2, 3, 20]), torch.Size([2, 3, 20]))
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__("LSTM", *args, **kwargs)

    def _map_state(self, function: Any, state: Any) -> Any:
        return function(state[0]), function(state[1])

    def _zero_state(self, input: Tensor, batch_size: int) -> Any:
        shape = self._state_shape(batch_size, self.hidden_size)
        c = zeros(shape, dtype=input.dtype, device=input.device)
        return super()._zero_state(input, batch_size), c

    def _check_state_dimensions(self, hx: Any, unbatched: bool) -> None:
        wanted = 2 if unbatched else 3
        if hx[0].dim() != wanted or hx[1].dim() != wanted:
            raise RuntimeError(
                f"For {'unbatched' if unbatched else 'batched'} {wanted}-D input, hx and cx should "
                f"also be {wanted}-D but got ({hx[0].dim()}-D, {hx[1].dim()}-D) tensors"
            )

    def get_expected_cell_size(
        self, input: Tensor, batch_sizes: Tensor | None
    ) -> tuple[int, int, int]:
        """The shape of c: (num_layers * D, N, H)."""
        _, batch_size, _ = self.get_expected_hidden_size(input, batch_sizes)
        return self._state_shape(batch_size, self.hidden_size)

    def check_forward_args(self, input: Tensor, hidden: Any, batch_sizes: Tensor | None) -> None:
        """Refuse input and state that do not fit.  Errors: ValueError, RuntimeError."""
        self.check_input(input, batch_sizes)
        expected = (
            self.get_expected_hidden_size(input, batch_sizes),
            self.get_expected_cell_size(input, batch_sizes),
        )
        for half in (0, 1):
            message = f"Expected hidden[{half}] size {{}}, got {{}}"
            self.check_hidden_size(hidden[half], expected[half], message)


# ---- single steps ----------------------------------------------------------------------------


class RNNCellBase(Module):
    """What the three cells share: their parameters and checks.

    Args:
        num_chunks: how many gates stand side by side; the others as in :class:`RNNCell`.

    Source: torch.nn.RNNCellBase.

    Example::

        >>> import minitorch
        >>> minitorch.nn.RNNCellBase(2, 3, bias=True, num_chunks=4).weight_ih.shape
        torch.Size([12, 2])
    """

    weight_ih: Tensor
    weight_hh: Tensor

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool,
        num_chunks: int,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        self.input_size = input_size
        self.hidden_size = hidden_size
        self.bias = bias
        rows = num_chunks * hidden_size
        self.weight_ih = Parameter(empty((rows, input_size), device=device, dtype=dtype))
        self.weight_hh = Parameter(empty((rows, hidden_size), device=device, dtype=dtype))
        for name in ("bias_ih", "bias_hh"):
            values = Parameter(empty(rows, device=device, dtype=dtype)) if bias else None
            self.register_parameter(name, values)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw new values, uniform in +-1 / sqrt(hidden_size)."""
        _draw_all(self, self.hidden_size)

    def extra_repr(self) -> str:
        text = f"{self.input_size}, {self.hidden_size}"
        if self.bias is not True:
            text += f", bias={self.bias}"
        if getattr(self, "nonlinearity", "tanh") != "tanh":
            text += f", nonlinearity={self.nonlinearity}"
        return text

    def _checked(self, input: Tensor, hx: Any, names: tuple[str, ...]) -> tuple[Tensor, Any]:
        """Input and state, both with a batch dimension, and zeros for a state of None."""
        self._check_dimensions("input", input)
        for name, h in zip(names, () if hx is None else hx, strict=False):
            self._check_dimensions(name, h)
        if input.dim() == 1:
            input = input.unsqueeze(0)
            hx = None if hx is None else [h.unsqueeze(0) for h in hx]
        if input.shape[1] != self.input_size:
            raise RuntimeError(
                f"input has inconsistent input_size: got {input.shape[1]} expected "
                f"{self.input_size}"
            )
        if hx is None:
            shape = (input.shape[0], self.hidden_size)
            return input, [zeros(shape, dtype=input.dtype, device=input.device)] * len(names)
        for number, h in enumerate(hx):
            if h.dim() == 1:
                h = h.unsqueeze(0)
            if h.shape[1] != self.hidden_size:
                raise RuntimeError(
                    f"hidden{number} has inconsistent hidden_size: got {h.shape[1]}, expected "
                    f"{self.hidden_size}"
                )
            if h.shape[0] != input.shape[0]:
                raise RuntimeError(
                    f"Input batch size {input.shape[0]} doesn't match hidden{number} batch size "
                    f"{h.shape[0]}"
                )
        return input, hx

    def _check_dimensions(self, what: str, tensor: Tensor) -> None:
        if tensor.dim() not in (1, 2):
            raise ValueError(
                f"{self._get_name()}: Expected {what} to be 1D or 2D, got {tensor.dim()}D instead"
            )

    def _parameters_of_step(self) -> tuple:
        return self.weight_ih, self.weight_hh, self.bias_ih, self.bias_hh


class RNNCell(RNNCellBase):
    """``h' = tanh(W_ih x + b_ih + W_hh h + b_hh)``: one step of :class:`RNN`.

    Args:
        input_size: the length of x.
        hidden_size: H, the length of h.
        bias: whether there are the two b.
        nonlinearity: "tanh" or "relu".

    Shape: x (N, input_size) or (input_size), h (N, H) or (H), default zeros -> h' as h;
    weight_ih (H, input_size), weight_hh (H, H), bias_ih and bias_hh (H).
    Errors: ValueError, RuntimeError for sizes that do not fit.  Source: torch.nn.RNNCell.

    Example::

        >>> import minitorch
        >>> minitorch.nn.RNNCell(10, 20)(minitorch.zeros(3, 10)).shape
        torch.Size([3, 20])
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        nonlinearity: str = "tanh",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(input_size, hidden_size, bias, 1, device, dtype)
        self.nonlinearity = nonlinearity

    def forward(self, input: Tensor, hx: Tensor | None = None) -> Tensor:
        if self.nonlinearity not in ("tanh", "relu"):
            raise RuntimeError(f"Unknown nonlinearity: {self.nonlinearity}")
        step = rnn_tanh_cell if self.nonlinearity == "tanh" else rnn_relu_cell
        batch, (h,) = self._checked(input, None if hx is None else (hx,), ("hidden",))
        output = step(batch, h, *self._parameters_of_step())
        return output.squeeze(0) if input.dim() == 1 else output


class GRUCell(RNNCellBase):
    """One step of :class:`GRU`, with its formula.

    Args:
        input_size: the length of x.
        hidden_size: H, the length of h.
        bias: whether there are biases.

    Shape: x (N, input_size) or (input_size), h (N, H) or (H), default zeros -> h' as h;
    weight_ih (3 H, input_size), weight_hh (3 H, H), bias_ih and bias_hh (3 H).
    Errors: ValueError, RuntimeError for sizes that do not fit.  Source: torch.nn.GRUCell.

    Example::

        >>> import minitorch
        >>> minitorch.nn.GRUCell(10, 20)(minitorch.zeros(3, 10)).shape
        torch.Size([3, 20])
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(input_size, hidden_size, bias, 3, device, dtype)

    def forward(self, input: Tensor, hx: Tensor | None = None) -> Tensor:
        batch, (h,) = self._checked(input, None if hx is None else (hx,), ("hidden",))
        output = gru_cell(batch, h, *self._parameters_of_step())
        return output.squeeze(0) if input.dim() == 1 else output


class LSTMCell(RNNCellBase):
    """One step of :class:`LSTM`, with its formula.

    Args:
        input_size: the length of x.
        hidden_size: H, the length of h and c.
        bias: whether there are biases.

    Shape: x (N, input_size) or (input_size), (h, c) each (N, H) or (H), default zeros -> (h', c')
    as those; weight_ih (4 H, input_size), weight_hh (4 H, H), bias_ih and bias_hh (4 H).
    Errors: ValueError, RuntimeError for sizes that do not fit.  Source: torch.nn.LSTMCell.

    Example::

        >>> import minitorch
        >>> h, c = minitorch.nn.LSTMCell(10, 20)(minitorch.zeros(3, 10))
        >>> h.shape, c.shape
        (torch.Size([3, 20]), torch.Size([3, 20]))
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(input_size, hidden_size, bias, 4, device, dtype)

    def forward(
        self, input: Tensor, hx: tuple[Tensor, Tensor] | None = None
    ) -> tuple[Tensor, Tensor]:
        batch, state = self._checked(input, hx, ("hx[0]", "hx[1]"))
        h, c = lstm_cell(batch, state, *self._parameters_of_step())
        return (h.squeeze(0), c.squeeze(0)) if input.dim() == 1 else (h, c)
