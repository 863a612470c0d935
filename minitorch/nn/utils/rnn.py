"""Batches of sequences of different lengths: padded to one length, or packed without gaps.

A packed batch holds, step after step, the elements of those sequences that are long enough, the
longest sequence first: so that every step of a recurrent layer is one product of matrices.
Letters: T the longest length, B the number of sequences.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple, Self

import numpy as np

from minitorch import dtypes
from minitorch.ops._op import named
from minitorch.ops.creation import full
from minitorch.ops.joining import cat, stack
from minitorch.ops.padding import constant_pad
from minitorch.tensor import Tensor, wrap

__all__ = [
    "PackedSequence",
    "invert_permutation",
    "pack_padded_sequence",
    "pack_sequence",
    "pad_packed_sequence",
    "pad_sequence",
    "unpack_sequence",
    "unpad_sequence",
]


class _Fields(NamedTuple):
    data: Tensor
    batch_sizes: Tensor
    sorted_indices: Tensor | None
    unsorted_indices: Tensor | None


class PackedSequence(_Fields):
    """Sequences of different lengths, packed: made by :func:`pack_padded_sequence`.

    Args:
        data: the elements, step after step.
        batch_sizes: how many sequences have a step, for each step; ints on the CPU.
        sorted_indices: where each sequence, longest first, stood in the batch; None for as is.
        unsorted_indices: the inverse of that.

    Shape: data (sum of the lengths, *), batch_sizes (T), both indices (B).
    Source: torch.nn.utils.rnn.PackedSequence.
    """

    __slots__ = ()

    def __new__(
        cls,
        data: Tensor,
        batch_sizes: Tensor | None = None,
        sorted_indices: Tensor | None = None,
        unsorted_indices: Tensor | None = None,
    ) -> Self:
        if batch_sizes is None:
            data, batch_sizes = data
        if unsorted_indices is None:
            unsorted_indices = invert_permutation(sorted_indices)
        return super().__new__(cls, data, batch_sizes, sorted_indices, unsorted_indices)

    def to(self, *args: Any, **kwargs: Any) -> PackedSequence:
        """The same sequences with ``data.to(...)``."""
        data = self.data.to(*args, **kwargs)
        return self if data is self.data else self._with(data)

    def _with(self, data: Tensor) -> PackedSequence:
        return PackedSequence(data, *self[1:])

    def cpu(self) -> PackedSequence:
        """The same sequences on the CPU."""
        return self.to(device="cpu")

    def cuda(self, *args: Any, **kwargs: Any) -> PackedSequence:
        """The same sequences on a GPU."""
        return self._with(self.data.cuda(*args, **kwargs))

    def double(self) -> PackedSequence:
        """The same sequences in float64."""
        return self.to(dtype=dtypes.float64)

    def float(self) -> PackedSequence:
        """The same sequences in float32."""
        return self.to(dtype=dtypes.float32)

    def half(self) -> PackedSequence:
        """The same sequences in float16."""
        return self.to(dtype=dtypes.float16)

    def long(self) -> PackedSequence:
        """The same sequences in int64."""
        return self.to(dtype=dtypes.int64)

    def int(self) -> PackedSequence:
        """The same sequences in int32."""
        return self.to(dtype=dtypes.int32)

    @property
    def is_cuda(self) -> bool:
        """Whether the elements are on a GPU."""
        return self.data.is_cuda


def invert_permutation(permutation: Tensor | None) -> Tensor | None:
    """The permutation that undoes ``permutation``.

    Shape: (B) of ints -> (B).  Source: torch.nn.utils.rnn.invert_permutation.
    """
    return None if permutation is None else permutation.argsort()


def _lengths_array(lengths: Tensor | Sequence[int]) -> np.ndarray:
    return np.asarray(lengths._array if isinstance(lengths, Tensor) else lengths, np.int64)


def pack_padded_sequence(
    input: Tensor,
    lengths: Tensor | Sequence[int],
    batch_first: bool = False,
    enforce_sorted: bool = True,
) -> PackedSequence:
    """Pack a padded batch.

    Args:
        lengths: how many elements each sequence has, at least 1.
        batch_first: whether ``input`` is (B, T, *) instead of (T, B, *).
        enforce_sorted: whether the sequences must stand longest first; without, they are sorted.

    Shape: (T, B, *), (B) -> data (sum of the lengths, *).
    Errors: RuntimeError for lengths that do not fit.
    Source: torch.nn.utils.rnn.pack_padded_sequence.
    """
    sizes = _lengths_array(lengths)
    order = None
    if not enforce_sorted:
        order = wrap(np.argsort(-sizes, kind="stable"))
        sizes = sizes[order._array]
        input = input.index_select(0 if batch_first else 1, order)
    if batch_first:
        input = input.transpose(0, 1)
    _check_lengths(input, sizes)
    longest, batch = int(sizes[0]), input.shape[1]
    batch_sizes = (sizes > np.arange(longest)[:, None]).sum(1)
    places = np.concatenate([step * batch + np.arange(n) for step, n in enumerate(batch_sizes)])
    rows = input.reshape(-1, *input.shape[2:])
    data = named(rows.index_select(0, wrap(places)), "PackPaddedSequenceBackward0")
    return PackedSequence(data, wrap(batch_sizes.astype(np.int64)), order)


def _check_lengths(input: Tensor, sizes: np.ndarray) -> None:
    if not input.numel():
        raise RuntimeError("Cannot pack empty tensors.")
    if len(sizes) != input.shape[1]:
        raise RuntimeError(
            f"Expected `len(lengths)` to be equal to batch_size, but got {len(sizes)} "
            f"(batch_size={input.shape[1]})"
        )
    if (sizes[1:] > sizes[:-1]).any():
        raise RuntimeError(
            "`lengths` array must be sorted in decreasing order when `enforce_sorted` is True. "
            "You can pass `enforce_sorted=False` to pack_padded_sequence and/or pack_sequence to "
            "sidestep this requirement."
        )
    if sizes[-1] <= 0:
        raise RuntimeError(
            "Length of all samples has to be greater than 0, but found an element in 'lengths' "
            "that is <= 0"
        )
    if sizes[0] > input.shape[0]:
        raise RuntimeError(
            f"Expected lengths of at most {input.shape[0]}, the steps of the input, but got "
            f"{sizes[0]}"
        )


def pad_packed_sequence(
    sequence: PackedSequence,
    batch_first: bool = False,
    padding_value: float = 0.0,
    total_length: int | None = None,
) -> tuple[Tensor, Tensor]:
    """Unpack into a padded batch, and the lengths: the inverse of :func:`pack_padded_sequence`.

    Args:
        batch_first: whether the result is (B, T, *) instead of (T, B, *).
        padding_value: what stands behind the end of a sequence.
        total_length: T, at least the longest length; None for that.

    Shape: data (sum of the lengths, *) -> (T, B, *), (B).
    Errors: ValueError for a total_length that is too short.
    Source: torch.nn.utils.rnn.pad_packed_sequence.
    """
    data, batch_sizes = sequence.data, sequence.batch_sizes._array
    steps, batch = len(batch_sizes), int(batch_sizes[0])
    total = steps if total_length is None else total_length
    if total < steps:
        raise ValueError(
            "Expected total_length to be at least the length of the longest sequence in input, "
            f"but got total_length={total_length} and max sequence length being {steps}"
        )
    # Where each element is in the data; what is padding reads one more row, behind the data.
    places = np.full((total, batch), len(data))
    starts = np.concatenate([[0], np.cumsum(batch_sizes)])
    for step, n in enumerate(batch_sizes):
        places[step, :n] = starts[step] + np.arange(n)
    padding = full((1, *data.shape[1:]), padding_value, dtype=data.dtype, device=data.device)
    rows = cat([data, padding]).index_select(0, wrap(places.reshape(-1)))
    padded = named(rows.reshape(total, batch, *data.shape[1:]), "CopySlices")
    if batch_first:
        padded = padded.transpose(0, 1)
    lengths = wrap((batch_sizes > np.arange(batch)[:, None]).sum(1).astype(np.int64))
    order = sequence.unsorted_indices
    if order is None:
        return padded, lengths
    return padded.index_select(0 if batch_first else 1, order), lengths[order]


def pad_sequence(
    sequences: Iterable[Tensor],
    batch_first: bool = False,
    padding_value: float = 0.0,
    padding_side: str = "right",
) -> Tensor:
    """One padded batch of sequences of different lengths.

    Args:
        batch_first: whether the result is (B, T, *) instead of (T, B, *).
        padding_value: what stands beside a sequence.
        padding_side: "right", behind it, or "left".

    Shape: (L_i, *) each -> (T, B, *).
    Errors: RuntimeError for no sequences or another side.
    Source: torch.nn.utils.rnn.pad_sequence.
    """
    if padding_side not in ("left", "right"):
        raise RuntimeError(
            f"Expected padding_side to be one of left or right, but got {padding_side}."
        )
    if not isinstance(sequences, Iterable):
        raise RuntimeError(
            "pad_sequence: Expected iterable for input sequences, but got arg of type: "
            f"{type(sequences)}"
        )
    sequences = list(sequences)
    if not sequences:
        raise RuntimeError("received an empty list of sequences")
    for position, sequence in enumerate(sequences):
        if not isinstance(sequence, Tensor):
            raise TypeError(
                f"expected Tensor as element {position} in argument 0, but got "
                f"{type(sequence).__name__}"
            )
    longest = max(len(sequence) for sequence in sequences)
    padded = []
    for sequence in sequences:
        missing = longest - len(sequence)
        width = (0, missing) if padding_side == "right" else (missing, 0)
        widths = (width, *((0, 0) for _ in sequence.shape[1:]))
        padded.append(constant_pad(sequence, widths, padding_value))
    return named(stack(padded, 0 if batch_first else 1), "CopySlices")


def unpad_sequence(
    padded_sequences: Tensor, lengths: Tensor | Sequence[int], batch_first: bool = False
) -> list[Tensor]:
    """The sequences of a padded batch: the inverse of :func:`pad_sequence`.

    Shape: (T, B, *), (B) -> (L_i, *) each.  Source: torch.nn.utils.rnn.unpad_sequence.
    """
    batch = padded_sequences if batch_first else padded_sequences.transpose(0, 1)
    return [batch[i][:n] for i, n in enumerate(_lengths_array(lengths).tolist())]


def pack_sequence(sequences: Sequence[Tensor], enforce_sorted: bool = True) -> PackedSequence:
    """Pack sequences of different lengths; the arguments are pack_padded_sequence's.

    Shape: (L_i, *) each -> data (sum of the L_i, *).
    Source: torch.nn.utils.rnn.pack_sequence.
    """
    lengths = [len(sequence) for sequence in sequences]
    return pack_padded_sequence(pad_sequence(sequences), lengths, enforce_sorted=enforce_sorted)


def unpack_sequence(packed_sequences: PackedSequence) -> list[Tensor]:
    """The sequences of a packed batch: the inverse of :func:`pack_sequence`.

    Shape: data (sum of the L_i, *) -> (L_i, *) each.
    Source: torch.nn.utils.rnn.unpack_sequence.
    """
    padded, lengths = pad_packed_sequence(packed_sequences, batch_first=True)
    return unpad_sequence(padded, lengths, batch_first=True)
