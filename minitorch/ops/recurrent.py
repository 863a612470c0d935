"""Recurrent layers: RNN, LSTM and GRU over whole sequences, and their single steps.

The input's part of the gates is one matrix product for the whole sequence; each step adds the
state's part and applies one fused op.  Letters: T steps, N batch, H hidden.
"""

from __future__ import annotations

from minitorch.dtypes import float32
from minitorch.ops._op import named, op
from minitorch.ops.activation import relu
from minitorch.ops.elementwise import sigmoid, tanh
from minitorch.ops.joining import cat, stack
from minitorch.ops.linalg import linear
from minitorch.ops.parts import unbind

__all__ = ["gru_cell", "lstm_cell", "rnn_relu_cell", "rnn_tanh_cell", "run_layers"]


def _sigmoid_array(xp, x):
    return 1 / (1 + xp.exp(-x))


@op(public=False, method=False, outputs=("h", "new_c"), node="MulBackward0")
def lstm_step(xp, gates, c, /):
    """``c' = f c + i g``, ``h' = o tanh(c')``.

    Shape: the gates i, f, g, o side by side (N, 4H), (N, H) -> (N, H) twice.
    """
    n = c.shape[-1]
    i, f, o = (_sigmoid_array(xp, gates[..., k * n : (k + 1) * n]) for k in (0, 1, 3))
    c = f * c + i * xp.tanh(gates[..., 2 * n : 3 * n])
    return o * xp.tanh(c), c


def _lstm_gradients(g, gates, c, new_c):
    n = c.shape[-1]
    i, f, o = (sigmoid(gates[..., k * n : (k + 1) * n]) for k in (0, 1, 3))
    cell = tanh(gates[..., 2 * n : 3 * n])
    of_h, of_c = g
    out = tanh(new_c)
    total = 0
    if of_h is not None:
        total = total + of_h * o * (1 - out * out)
    if of_c is not None:
        total = total + of_c
    of_o = o * 0 if of_h is None else of_h * out * o * (1 - o)
    parts = [
        total * cell * i * (1 - i),
        total * c * f * (1 - f),
        total * i * (1 - cell * cell),
        of_o,
    ]
    return cat(parts, -1), total * f


lstm_step.vjp_joint(_lstm_gradients)


@op(public=False, method=False, node="AddBackward0")
def gru_step(xp, from_input, from_state, h, /):
    """``n = tanh(x_n + r h_n)``, ``h' = n + z (h - n)``.

    Shape: the gates r, z, n of input and state side by side (N, 3H), (N, 3H), (N, H) -> (N, H).
    """
    k = h.shape[-1]
    r = _sigmoid_array(xp, from_input[..., :k] + from_state[..., :k])
    z = _sigmoid_array(xp, from_input[..., k : 2 * k] + from_state[..., k : 2 * k])
    n = xp.tanh(from_input[..., 2 * k :] + r * from_state[..., 2 * k :])
    return n + z * (h - n)


def _gru_gradients(g, from_input, from_state, h):
    k = h.shape[-1]
    r = sigmoid(from_input[..., :k] + from_state[..., :k])
    z = sigmoid(from_input[..., k : 2 * k] + from_state[..., k : 2 * k])
    state = from_state[..., 2 * k :]
    n = tanh(from_input[..., 2 * k :] + r * state)
    of_n = g * (1 - z) * (1 - n * n)
    of_r = of_n * state * r * (1 - r)
    of_z = g * (h - n) * z * (1 - z)
    return cat([of_r, of_z, of_n], -1), cat([of_r, of_z, of_n * r], -1), g * z


gru_step.vjp_joint(_gru_gradients)


# --- single steps -------------------------------------------------------------------------------


def lstm_cell(input, hx, w_ih, w_hh, b_ih=None, b_hh=None):
    """One LSTM step: (h, c) from (h, c).

    Shape: (N, in), ((N, H), (N, H)) -> (N, H), (N, H).  Source: torch.lstm_cell.
    """
    h, c = hx
    return tuple(lstm_step(linear(input, w_ih, b_ih) + linear(h, w_hh, b_hh), c))


def gru_cell(input, hx, w_ih, w_hh, b_ih=None, b_hh=None):
    """One GRU step.  Shape: (N, in), (N, H) -> (N, H).  Source: torch.gru_cell."""
    return gru_step(linear(input, w_ih, b_ih), linear(hx, w_hh, b_hh), hx)


def rnn_tanh_cell(input, hx, w_ih, w_hh, b_ih=None, b_hh=None):
    """One step ``tanh(W x + U h)``.

    Shape: (N, in), (N, H) -> (N, H).  Source: torch.rnn_tanh_cell.
    """
    return tanh(linear(input, w_ih, b_ih) + linear(hx, w_hh, b_hh))


def rnn_relu_cell(input, hx, w_ih, w_hh, b_ih=None, b_hh=None):
    """One step ``relu(W x + U h)``.

    Shape: (N, in), (N, H) -> (N, H).  Source: torch.rnn_relu_cell.
    """
    return relu(linear(input, w_ih, b_ih) + linear(hx, w_hh, b_hh))


# --- whole sequences ----------------------------------------------------------------------------


def _step(mode, gates, state, w_hh, b_hh, w_hr):
    """The next state, (h,) or (h, c), from this one and the input's gates."""
    from_state = linear(state[0], w_hh, b_hh)
    if mode == "LSTM":
        h, c = lstm_step(gates + from_state, state[1])
        return (h if w_hr is None else linear(h, w_hr)), c
    if mode == "GRU":
        return (gru_step(gates, from_state, state[0]),)
    return ((relu if mode == "RNN_RELU" else tanh)(gates + from_state),)


def _scan(mode, inputs, start, weights):
    """All steps of one direction: h after each, and the last state.

    ``inputs`` are the input's gates, one (n, G) per step.  In a packed batch n falls from step to
    step, where sequences end, or rises, where they begin: in their order, longest first.
    """
    rows = inputs[0].shape[0]
    state = start if rows == start[0].shape[0] else tuple(part[:rows] for part in start)
    outputs, ended = [], []
    for gates in inputs:
        n = gates.shape[0]
        if n < rows:
            ended.append([part[n:] for part in state])
            state = tuple(part[:n] for part in state)
        elif n > rows:
            state = tuple(
                cat([part, first[rows:n]]) for part, first in zip(state, start, strict=True)
            )
        rows = n
        state = _step(mode, gates, state, *weights)
        outputs.append(state[0])
    if ended:
        state = tuple(cat(parts) for parts in zip(state, *reversed(ended), strict=True))
    return outputs, state


def run_layers(
    mode, input, state, weights, num_layers, dropout, training, bidirectional, batch_sizes=None
):
    """A stack of recurrent layers over whole sequences.

    Args:
        mode: "LSTM", "GRU", "RNN_TANH" or "RNN_RELU".
        input: (T, N, in), or (sum of batch_sizes, in) where it is packed.
        state: a tuple of h (layers * directions, N, H), and c for an LSTM.
        weights: for each layer and direction [w_ih, w_hh, b_ih, b_hh, w_hr]; without biases those
            are None, without a projection of h (LSTM only) w_hr is.
        dropout: probability, applied after every layer but the last when ``training``.
        batch_sizes: how many sequences have each step, a list, where the input is packed.

    Returns: output (T, N, directions * H), or as the input packed, and the last state as ``state``.
    """
    from minitorch.ops.dropout import dropout as drop

    directions = 2 if bidirectional else 1
    join = stack if batch_sizes is None else cat
    lasts = []
    for layer in range(num_layers):
        sides = []
        for direction in range(directions):
            k = layer * directions + direction
            w_ih, w_hh, b_ih, b_hh, w_hr = weights[k]
            gates = linear(input, w_ih, b_ih)
            gates = unbind(gates, 0) if batch_sizes is None else gates.split(batch_sizes)
            gates = gates[::-1] if direction else gates
            outputs, last = _scan(mode, gates, tuple(part[k] for part in state), (w_hh, b_hh, w_hr))
            lasts.append(last)
            side = join(outputs[::-1] if direction else outputs)
            if mode == "LSTM" and batch_sizes is None and w_hr is None and side.dtype is float32:
                named(side, "MkldnnRnnLayerBackward0")  # torch: one kernel runs the whole layer
            sides.append(side)
        input = sides[0] if directions == 1 else cat(sides, -1)
        if dropout and training and layer < num_layers - 1:
            input = drop(input, dropout, True)
    return input, tuple(stack(parts) for parts in zip(*lasts, strict=True))
