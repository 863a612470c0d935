"""Rows looked up in a table, and one-hot rows."""

from __future__ import annotations

import numpy as np

from minitorch.backends import is_array
from minitorch.backends.sparse import SparseArray
from minitorch.ops._arguments import require_tensor
from minitorch.ops._op import op
from minitorch.tensor import wrap

__all__ = ["embedding", "one_hot"]


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
    gives the weight a sparse gradient, of the rows that were taken; ``scale_grad_by_freq`` is not
    available (NotImplementedError).
    Source: F.embedding.
    """
    if scale_grad_by_freq:
        raise NotImplementedError("embedding(scale_grad_by_freq=True) is not available")
    for position, (argument, value) in enumerate((("weight", weight), ("indices", input)), 1):
        require_tensor(value, "embedding", argument, position)
    indices, rows = input._array, weight._array.shape[0]
    if indices.dtype.kind not in "iu" or indices.dtype.itemsize < 4:
        raise RuntimeError(
            "Expected tensor for argument #1 'indices' to have one of the following scalar types: "
            f"Long, Int; but got torch.{input.dtype.name.capitalize()}Tensor instead (while "
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
    if sparse:
        return take_rows_sparsely(weight, input, padding_idx)
    return take_rows(weight, input, padding_idx)


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
    return wrap((classes[..., None] == np.arange(num_classes)).astype(np.int64))
