"""Padding with a constant, by reflection, by repeating the border, or around in a circle."""

from __future__ import annotations

import numpy as np

from minitorch.memory_format import formatted_like
from minitorch.ops._arguments import require_tensor
from minitorch.ops._autocast import full_precision
from minitorch.ops._op import named, op

__all__ = ["pad"]


@op(public=False, method=False, node="ConstantPadNdBackward0")
def constant_pad(xp, input, /, widths, value):
    """``input`` with ``value`` around it, ``widths[d] = (before, after)``; negative ones crop."""
    shape = [n + before + after for n, (before, after) in zip(input.shape, widths, strict=True)]
    result = xp.full(shape, value, input.dtype)
    inside, kept = [], []
    for n, (before, after) in zip(input.shape, widths, strict=True):
        inside.append(slice(max(before, 0), n + before + min(after, 0)))
        kept.append(slice(max(-before, 0), n + min(after, 0)))
    result[tuple(inside)] = input[tuple(kept)]
    return formatted_like(xp, result, input)


constant_pad.vjp(input=lambda g, widths: constant_pad(g, tuple((-b, -a) for b, a in widths), 0))


@op(public=False, method=False)
def take_positions(xp, input, /, positions):
    """``input`` read at ``positions[d]`` (ints, or None for all) along every dimension."""
    result = input
    for axis, places in enumerate(positions):
        if places is not None:
            result = xp.take(result, xp.asarray(places), axis)
    return formatted_like(xp, result if result is not input else input.copy(), input)


@op(public=False, method=False)
def add_positions(xp, input, /, positions, shape):
    """Zeros of ``shape`` with ``input`` added at ``positions``: take_positions' adjoint."""
    for axis, places in enumerate(positions):
        if places is None:
            continue
        lengths = list(input.shape)
        lengths[axis] = shape[axis]
        total = xp.zeros(lengths, input.dtype)
        here = [slice(None)] * input.ndim
        for at, place in enumerate(places):
            there = list(here)
            here[axis], there[axis] = at, place
            total[tuple(there)] += input[tuple(here)]
        input = total
    return input


take_positions.vjp(input=lambda g, positions, input_shape: add_positions(g, positions, input_shape))
add_positions.vjp(input=lambda g, positions: take_positions(g, positions))


@full_precision
def _take_wide(input, positions):
    return take_positions(input, positions)


def pad(input, pad, mode: str = "constant", value: float | None = None):
    """``input`` with borders added (or, where negative, cut off) from the last dimension backwards.

    ``pad`` is (before, after) of the last dimension, then of the one before it, and so on.
    ``mode``: "constant" (``value``, default 0), "reflect", "replicate" or "circular".
    Shape: (..., n, ...) -> (..., before + n + after, ...).
    Raises RuntimeError for an odd number of widths, more
    dimensions than there are, or reflection beyond the input; NotImplementedError for other modes.
    Source: torch.nn.functional.pad.
    """
    require_tensor(input, "pad")
    pad = tuple(int(n) for n in pad)
    if len(pad) % 2:
        raise RuntimeError("Padding length must be divisible by 2")
    if len(pad) // 2 > input.ndim:
        raise RuntimeError(
            "Padding length should be less than or equal to two times the input dimension but "
            f"got padding length {len(pad)} and input of dimension {input.ndim}"
        )
    widths = [(0, 0)] * (input.ndim - len(pad) // 2)
    widths += [(pad[i], pad[i + 1]) for i in range(len(pad) - 2, -1, -2)]
    for d, (n, (before, after)) in enumerate(zip(input.shape, widths, strict=True)):
        if n + before + after < 0:
            raise RuntimeError(
                f"narrow(): length must be non-negative, but padding by {before} and {after} "
                f"leaves {n + before + after} of the {n} elements in dimension {d}"
            )
    if mode == "constant":
        return constant_pad(input, tuple(widths), 0 if value is None else value)
    if value not in (None, 0):
        raise RuntimeError(f'Padding mode "{mode}" doesn\'t take in value argument')
    if mode not in ("reflect", "replicate", "circular"):
        raise NotImplementedError(f"Unrecognised padding mode {mode}")
    if input.ndim not in (len(pad) // 2 + 1, len(pad) // 2 + 2) or len(pad) > 6:
        raise NotImplementedError(
            f"Padding size {len(pad)} is not supported for {input.ndim}D input tensor.\nSupported "
            "combinations for non-constant padding: one or two more dimensions than those padded, "
            "and at most three of those"
        )
    positions: list = []
    for d, (n, (before, after)) in enumerate(zip(input.shape, widths, strict=True)):
        if not before and not after:
            positions.append(None)
            continue
        positions.append(_places(mode, n, before, after, d, input))
    kind = {"reflect": "Reflection", "replicate": "Replication"}.get(mode)
    padded = (_take_wide if kind else take_positions)(input, tuple(positions))
    # torch: a circular border is copied into a new tensor, piece by piece.
    return named(padded, f"{kind}Pad{len(pad) // 2}DBackward0" if kind else "CopySlices")


def _places(mode, n, before, after, d, input):
    """Where each element of the padded dimension is read."""
    at = np.arange(-before, n + after)
    if mode == "replicate":
        at = np.clip(at, 0, n - 1)
    elif mode == "circular":
        if before > n or after > n:
            raise RuntimeError(
                "Padding value causes wrapping around more than once: "
                f"padding ({before}, {after}) at dimension {d} of input {list(input.shape)}"
            )
        at = at % n
    else:
        if before >= n or after >= n:
            raise RuntimeError(
                "Argument #4: Padding size should be less than the corresponding input dimension, "
                f"but got: padding ({before}, {after}) at dimension {d} of input "
                f"{list(input.shape)}"
            )
        at = np.abs(at)
        at = np.where(at >= n, 2 * (n - 1) - at, at)
    return tuple(at.tolist())
