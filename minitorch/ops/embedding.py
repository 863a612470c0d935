"""Rows looked up in a table, and one-hot rows."""

from __future__ import annotations

import numpy as np

from minitorch.backends import is_array
from minitorch.backends.sparse import SparseArray
from minitorch.ops._arguments import first_outside, require_tensor
from minitorch.ops._op import named, op
from minitorch.ops.creation import zeros
from minitorch.tensor import wrap

__all__ = ["embedding", "embedding_bag", "one_hot"]


@op(public=False, method=False, node="EmbeddingBackward0")
def take_rows(xp, weight, indices, /, padding_idx=-1):
    """``weight[indices]``; the row ``padding_idx`` gets no gradient.

    Shape: (V, D), (*) -> (*, D).
    """
    return xp.take(weight, indices, 0)


take_rows.vjp(
    weight=lambda g, indices, weight_shape, padding_idx: add_rows(
        g, indices, weight_shape, padding_idx
    )
)


@op(public=False, method=False)
def add_rows(xp, input, indices, /, shape, padding_idx=-1):
    """Zeros of ``shape`` with the rows of ``input`` added at ``indices``: take_rows' adjoint."""
    rows, width = shape
    flat, places = input.reshape(-1, width), indices.reshape(-1)
    result = xp.zeros(shape, input.dtype)
    if places.size:
        # Sorted, equal rows stand side by side and are summed in one pass (np.add.at is far
        # slower).
        order = xp.argsort(places, kind="stable")
        ordered = places[order]
        starts = xp.flatnonzero(xp.concatenate([xp.ones(1, bool), ordered[1:] != ordered[:-1]]))
        result[ordered[starts]] = xp.add.reduceat(flat[order], starts, 0)
    if 0 <= padding_idx < rows:
        result[padding_idx] = 0
    return result


add_rows.vjp(input=lambda g, indices, padding_idx: take_unpadded_rows(g, indices, padding_idx))


@op(public=False, method=False)
def take_unpadded_rows(xp, weight, indices, /, padding_idx):
    """:func:`take_rows` with zeros for ``padding_idx``: the adjoint of :func:`add_rows`."""
    taken = xp.take(weight, indices, 0)
    if padding_idx >= 0:
        taken[indices == padding_idx] = 0
    return taken


take_unpadded_rows.vjp(
    weight=lambda g, indices, weight_shape, padding_idx: add_rows(
        g, indices, weight_shape, padding_idx
    )
)


@op(public=False, method=False, node="EmbeddingBackward0")
def take_rows_sparsely(xp, weight, indices, /, padding_idx):
    """:func:`take_rows` with a sparse gradient."""
    return xp.take(weight, indices, 0)


def _taken_rows(g, indices, weight_shape, padding_idx):
    if not is_array(g):  # differentiated again: the rules compute with whole tensors
        return add_rows(g, indices, weight_shape, padding_idx)
    places, rows = indices.reshape(-1), g.reshape(-1, weight_shape[1])
    if padding_idx >= 0:
        kept = places != padding_idx
        places, rows = places[kept], rows[kept]
    return SparseArray(places[None].astype("int64"), rows, weight_shape)


take_rows_sparsely.vjp(weight=_taken_rows)


def embedding(
    input,
    weight,
    padding_idx=None,
    max_norm=None,
    norm_type=2.0,
    scale_grad_by_freq=False,
    sparse=False,
):
    """The rows of ``weight`` at ``input``; ``max_norm`` first shrinks longer rows in place.

    Shape: (*) of ints, (V, D) -> (*, D).  Raises IndexError for an index out of range.  ``sparse``
    gives the weight a sparse gradient, of the rows that were taken; ``scale_grad_by_freq`` divides
    the gradient of a row by how often it was taken.
    Source: F.embedding.
    """
    for position, (argument, value) in enumerate((("weight", weight), ("indices", input)), 1):
        require_tensor(value, "embedding", argument, position)
    indices, rows = input._array, weight._array.shape[0]
    if indices.dtype.kind not in "iu" or indices.dtype.itemsize < 4:
        raise RuntimeError(
            "Expected tensor for argument #1 'indices' to have one of the following scalar types: "
            f"Long, Int; but got {_type_name(input)} instead (while "
            "checking arguments for embedding)"
        )
    if weight._array.ndim != 2:
        raise RuntimeError("'weight' must be 2-D")
    if indices.size and (indices.min() < 0 or indices.max() >= rows):
        raise IndexError("index out of range in self")
    if padding_idx is None:
        padding_idx = -1
    elif not -rows <= padding_idx < rows:
        raise AssertionError("Padding_idx must be within num_embeddings")
    elif padding_idx < 0:
        padding_idx += rows
    if max_norm is not None:
        _shrink_rows(weight, indices, max_norm, norm_type)
    taken = (take_rows_sparsely if sparse else take_rows)(weight, input, padding_idx)
    if not scale_grad_by_freq or not indices.size:
        return taken
    _, where, counts = np.unique(indices, return_inverse=True, return_counts=True)
    shares = (1 / counts[where]).reshape((*indices.shape, 1)).astype(weight._array.dtype)
    return scale_gradient(taken, shares)


@op(public=False, method=False, node="EmbeddingBackward0")
def scale_gradient(xp, input, /, scale):
    """``input``, whose gradient arrives multiplied by ``scale``, an array."""
    return input.copy()


scale_gradient.vjp(input=lambda g, scale: g * (scale if is_array(g) else wrap(scale)))


def _shrink_rows(weight, indices, max_norm, norm_type):
    used = np.unique(indices)
    rows = weight._array[used]
    norms = (np.abs(rows) ** norm_type).sum(1) ** (1 / norm_type)
    long = norms > max_norm
    # torch: the small number keeps the scale finite.
    rows[long] *= (max_norm / (norms[long] + 1e-7))[:, None].astype(rows.dtype)
    weight._array[used] = rows
    weight._counter[0] += 1


def one_hot(tensor, num_classes=-1):
    """Rows of zeros with a 1 at each class.

    Shape: (*) of int64 -> (*, num_classes).  Source: F.one_hot.
    """
    classes = tensor._array
    if classes.dtype != np.int64:
        raise RuntimeError("one_hot is only applicable to index tensor of type LongTensor.")
    if not classes.size and num_classes <= 0:
        raise RuntimeError("Can not infer total number of classes from empty tensor.")
    if classes.size and classes.min() < 0:
        raise RuntimeError("Class values must be non-negative.")
    if num_classes == -1:
        num_classes = int(classes.max()) + 1
    elif num_classes < 1:
        raise RuntimeError("num_classes should be positive")
    elif classes.size and classes.max() >= num_classes:
        raise RuntimeError("Class values must be smaller than num_classes.")
    return wrap(np.equal(classes[..., None], np.arange(num_classes), order="C").astype(np.int64))


# --- bags ---------------------------------------------------------------------------------------

_BAG_MODES = ("sum", "mean", "max")


def embedding_bag(
    input,
    weight,
    offsets=None,
    max_norm=None,
    norm_type=2,
    scale_grad_by_freq=False,
    mode="mean",
    sparse=False,
    per_sample_weights=None,
    include_last_offset=False,
    padding_idx=None,
):
    """The sum, mean or maximum of the rows of ``weight`` in each bag of ``input``.

    A bag is a row of a 2-D ``input``; of a 1-D one bag ``i`` begins at ``offsets[i]`` (and
    ``include_last_offset`` says that the last offset ends the last bag).  ``padding_idx`` counts as
    if it were not there; an empty bag gives zeros.  ``per_sample_weights`` multiply the rows of a
    sum.  The other arguments are those of :func:`embedding`.
    Shape: (B, L) or (L) with (B) offsets, (V, D) -> (B, D).
    Errors: ValueError for arguments that do not go together, RuntimeError for indices or offsets
    out of range, NotImplementedError for weights of other modes.
    Source: F.embedding_bag.
    """
    for position, (argument, value) in enumerate((("weight", weight), ("input", input)), 1):
        require_tensor(value, "embedding_bag", argument, position)
    _check_bags(input, offsets, mode, sparse, scale_grad_by_freq, per_sample_weights)
    rows = weight._array.shape[0]
    if padding_idx is None:
        padding_idx = -1
    elif not -rows <= padding_idx < rows:
        raise RuntimeError("padding_idx must be within the number of embeddings")
    elif padding_idx < 0:
        padding_idx += rows
    indices = input._array.reshape(-1)
    wrong = first_outside(indices, 0, rows)
    if wrong is not None:
        at = int(np.flatnonzero(indices == wrong)[0])
        raise RuntimeError(
            f"Index {at} of input takes value {wrong} which is not in the valid range [0, {rows})"
        )
    starts = _starts_of_bags(input, offsets, include_last_offset)
    bag_of = np.searchsorted(starts, np.arange(indices.size), side="right") - 1

    end = offsets._array[-1] if include_last_offset and input.ndim == 1 else indices.size
    kept = np.flatnonzero(indices[:end] != padding_idx)
    bag_of = bag_of[kept]
    taken = embedding(
        wrap(indices[kept]), weight, None, max_norm, norm_type, scale_grad_by_freq, sparse
    )
    if per_sample_weights is not None:
        taken = taken * per_sample_weights.reshape(-1)[wrap(kept)].unsqueeze(1)
    bags = zeros((starts.size, weight.shape[1]), dtype=weight.dtype)
    if mode == "max":
        bags = _largest(taken, bag_of, bags)
    else:
        bags = bags.index_add(0, wrap(bag_of), taken)
    if mode == "mean":
        sizes = np.maximum(np.bincount(bag_of, minlength=starts.size), 1)
        bags = bags / wrap(sizes.astype(weight._array.dtype)[:, None])
    return named(bags, "EmbeddingBagBackward0")


def _largest(taken, bag_of, bags):
    """In each bag and column the largest of the rows: the first of equals gets the gradient."""
    values = taken._array
    full, starts = np.unique(bag_of, return_index=True)
    if not full.size:
        return bags
    highest = np.maximum.reduceat(values, starts, 0)
    position = np.searchsorted(full, bag_of)
    here = np.where(values == highest[position], np.arange(len(values))[:, None], len(values))
    first = np.minimum.reduceat(here, starts, 0)
    # A nan is equal to nothing: its bag gives its first row.
    first = np.where(first == len(values), starts[:, None], first)
    return bags.index_copy(0, wrap(full), taken.gather(0, wrap(first)))


def _starts_of_bags(input, offsets, include_last_offset):
    if input.ndim == 2:
        bags, length = input.shape
        return np.arange(bags) * length
    starts = offsets._array.astype(np.int64)
    if starts.size and starts[0] != 0:
        raise RuntimeError(
            "offsets[0] has to be 0, i.e., the first sequence in the mini-batch has to start from "
            f"position 0. However, got {starts[0]}"
        )
    if starts.size and starts[-1] > input.numel():
        raise RuntimeError(
            f"offsets[-1] can not be greater than input's length {input.numel()} but got "
            f"offsets[-1] of {starts[-1]}"
        )
    return starts[:-1] if include_last_offset else starts


def _type_name(tensor):
    # torch: the names of the types that once had a class of their own.
    name = tensor.dtype.legacy_name
    old = tensor.dtype.is_floating_point or tensor.dtype.rank == 1
    return f"torch.{name}Tensor" if old and name != "BFloat16" else f"CPU{name}Type"


def _check_bags(input, offsets, mode, sparse, scale_grad_by_freq, per_sample_weights):
    if input.dtype.name not in ("int64", "int32"):
        raise RuntimeError(
            "Expected tensor for argument #1 'indices' to have one of the following scalar types: "
            f"Long, Int; but got {_type_name(input)} instead (while checking arguments for "
            "embedding_bag)"
        )
    if per_sample_weights is not None and per_sample_weights.shape != input.shape:
        raise ValueError(
            f"embedding_bag: If per_sample_weights ({per_sample_weights.shape}) is not None, then "
            f"it must have the same shape as the input ({input.shape})"
        )
    if input.ndim == 2:
        if offsets is not None:
            raise ValueError(
                "if input is 2D, then offsets has to be None, as input is treated is a mini-batch "
                f"of fixed length sequences. However, found offsets of type {type(offsets)}"
            )
    elif input.ndim == 1:
        if offsets is None:
            raise ValueError("offsets has to be a 1D Tensor but got None")
        if offsets.ndim != 1:
            raise ValueError("offsets has to be a 1D Tensor")
    else:
        raise ValueError(
            f"input has to be 1D or 2D Tensor, but got Tensor of dimension {input.ndim}"
        )
    if mode not in _BAG_MODES:
        raise ValueError("mode has to be one of sum, mean or max")
    if mode == "max" and scale_grad_by_freq:
        raise ValueError("max mode does not support scaling the gradient by the frequency")
    if mode == "max" and sparse:
        raise ValueError("max mode does not support sparse weights")
    if per_sample_weights is not None and mode != "sum":
        raise NotImplementedError(
            "embedding_bag: per_sample_weights was not None. per_sample_weights is only supported "
            f"for mode='sum' (got mode='{mode}')."
        )
