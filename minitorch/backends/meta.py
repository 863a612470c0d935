"""The device "meta": arrays without elements, which know their shape, strides and element type.

A ``MetaArray`` stands in for a NumPy array in the body of an op.  NumPy hands each of its functions
over to the arrays it is called with (``__array_ufunc__``, ``__array_function__``), so the body runs
unchanged, and every step answers with the shape and the element type of what it would have
computed.  Two observations carry the file:

- **Views are NumPy's.**  A ``MetaArray`` keeps a *frame*: a real array of elements of zero bytes
  whose shape and strides are the tensor's own.  Slicing, transposing and reshaping the frame give
  the frame of the view, or NumPy's own error, and nothing is ever read.
- **Element types are found by example.**  A function is called on arrays of a single one, in the
  element types of the real call; only the shape of its result has to be said here.

What depends on the elements (``nonzero``, ``unique``, ``item``) raises NotImplementedError, and so
does every NumPy function without a rule below.  docs/design/0005-meta-tensors.md has the reasons.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided

__all__ = ["META", "MetaArray", "meta_array", "meta_of"]

NO_DATA = "Cannot copy out of meta tensor; no data!"

_BYTELESS = np.ndarray((), np.dtype("V0"))


def _strides_of(shape, itemsize):
    """The strides of a row-major array, in bytes."""
    strides, step = [], itemsize
    for length in reversed(shape):
        strides.append(step)
        step *= max(length, 1)
    return tuple(reversed(strides))


def meta_array(shape, dtype) -> MetaArray:
    """A row-major array of ``shape`` without elements."""
    dtype = np.dtype(dtype)
    shape = (shape,) if isinstance(shape, (int, np.integer)) else tuple(shape)
    if any(length < 0 for length in shape):
        raise ValueError("negative dimensions are not allowed")
    return MetaArray(as_strided(_BYTELESS, shape, _strides_of(shape, dtype.itemsize)), dtype)


def meta_of(array) -> MetaArray:
    """The shape, element type and dense strides of ``array``, without its elements."""
    if isinstance(array, MetaArray):
        return array
    dense = array.strides if array.flags.forc else _strides_of(array.shape, array.itemsize)
    return MetaArray(as_strided(_BYTELESS, array.shape, dense), array.dtype)


class MetaArray(np.lib.mixins.NDArrayOperatorsMixin):
    """An array of the device "meta"."""

    __slots__ = ("base", "dtype", "frame", "presumed")

    def __init__(self, frame, dtype, base=None, presumed=False):
        self.frame = frame
        self.dtype = dtype
        #: The array whose memory this one would look at; None if that is its own.
        self.base = base
        #: What ``bool()`` says.  The bodies of ops ask whether all elements are in range, or any
        #: is out of it, to raise: it is presumed that they are.  (A program's ``if tensor:`` ends
        #: in Tensor.__bool__, which raises.)
        self.presumed = presumed

    # --- what it is -------------------------------------------------------------------------------

    @property
    def shape(self):
        """The lengths of the dimensions."""
        return self.frame.shape

    @property
    def ndim(self):
        """The number of dimensions."""
        return self.frame.ndim

    @property
    def strides(self):
        """The steps along the dimensions, in bytes."""
        return self.frame.strides

    @property
    def size(self):
        """The number of elements."""
        return math.prod(self.shape)

    @property
    def itemsize(self):
        """Bytes per element."""
        return self.dtype.itemsize

    @property
    def nbytes(self):
        """Bytes of all elements, if there were any."""
        return self.size * self.itemsize

    @property
    def flags(self):
        """Which orders of memory this is."""
        c = self._is_dense(range(self.ndim))
        f = self._is_dense(reversed(range(self.ndim)))
        return SimpleNamespace(c_contiguous=c, f_contiguous=f, forc=c or f, writeable=True)

    def _is_dense(self, dims):
        step = self.itemsize
        for dim in reversed(list(dims)):
            if self.shape[dim] == 1:
                continue
            if self.strides[dim] != step:
                return self.size == 0
            step *= self.shape[dim]
        return True

    # --- views ------------------------------------------------------------------------------------

    def _view(self, frame, dtype=None):
        return MetaArray(frame, dtype or self.dtype, self if self.base is None else self.base)

    @property
    def T(self):
        """The dimensions in reverse order."""
        return self._view(self.frame.T)

    @property
    def real(self):
        """The real parts, as a view."""
        return self if self.dtype.kind != "c" else self._view(self.frame, _real(self.dtype))

    @property
    def imag(self):
        """The imaginary parts, as a view."""
        if self.dtype.kind != "c":
            return meta_array(self.shape, self.dtype)
        return self._view(self.frame, _real(self.dtype))

    def transpose(self, *dims):
        """The dimensions in another order."""
        return self._view(self.frame.transpose(*dims))

    def swapaxes(self, first, second):
        """Two dimensions exchanged."""
        return self._view(self.frame.swapaxes(first, second))

    def squeeze(self, axis=None):
        """Without (these) dimensions of length 1."""
        return self._view(self.frame.squeeze(axis))

    def diagonal(self, offset=0, axis1=0, axis2=1):
        """A diagonal."""
        return self._view(self.frame.diagonal(offset, axis1, axis2))

    def reshape(self, *shape, order="C", copy=None):
        """Another shape: a view where the strides allow it."""
        shape = shape[0] if len(shape) == 1 else shape
        shape = _completed(shape, self.size)
        try:
            return self._view(np.reshape(self.frame, shape, copy=False))
        except ValueError:  # the strides do not allow a view: this would be a copy
            return meta_array(shape, self.dtype)

    def ravel(self, order="C"):
        """One dimension: a view where the strides allow it."""
        return self.reshape(-1)

    def view(self, dtype=None):
        """The same memory; its bytes may be read as another element type."""
        dtype = self.dtype if dtype is None else np.dtype(dtype)
        if dtype.itemsize == self.itemsize:
            return self._view(self.frame, dtype)
        *lead, last = self.shape
        return meta_array((*lead, last * self.itemsize // dtype.itemsize), dtype)

    def __getitem__(self, index):
        parts = index if isinstance(index, tuple) else (index,)
        if any(isinstance(p, (np.ndarray, MetaArray, list)) for p in parts):
            return meta_array(_gathered(self, parts), self.dtype)
        frame = self.frame[(*parts, ...)] if Ellipsis not in parts else self.frame[parts]
        return self._view(frame)

    def __setitem__(self, index, value):
        target = self[index].shape
        given = np.shape(value)
        if _broadcast(target, given) != target and math.prod(given) != math.prod(target):
            raise ValueError(f"could not broadcast input array from shape {given} into {target}")

    # --- copies and reductions --------------------------------------------------------------------

    def copy(self, order="C"):
        """A copy, as dense as this array is."""
        return self.astype(self.dtype, order)

    def flatten(self, order="C"):
        """A copy in one dimension."""
        return meta_array((self.size,), self.dtype)

    def astype(self, dtype, order="K", copy=True, **unused):
        """The elements in another type."""
        dtype = np.dtype(dtype)
        if not copy and dtype == self.dtype:
            return self
        if order == "K" and self.size:
            # NumPy keeps the order of the dimensions in memory and closes the gaps.
            dims = sorted(range(self.ndim), key=lambda dim: -self.strides[dim])
            steps = _strides_of([self.shape[dim] for dim in dims], dtype.itemsize)
            strides = [steps[dims.index(dim)] for dim in range(self.ndim)]
            return MetaArray(as_strided(_BYTELESS, self.shape, strides), dtype)
        return meta_array(self.shape, dtype)

    def take(self, indices, axis=None, out=None, mode="raise"):
        """Entries along a dimension."""
        return np.take(self, indices, axis)

    def repeat(self, repeats, axis=None):
        """Each entry several times."""
        return np.repeat(self, repeats, axis)

    def fill(self, value):
        """Nothing: there are no elements."""

    def conj(self):
        """The conjugates."""
        return np.conjugate(self)

    conjugate = conj

    # --- what there is not ------------------------------------------------------------------------

    def item(self, *index):
        """There are no elements: RuntimeError."""
        raise RuntimeError("Tensor.item() cannot be called on meta tensors")

    def tolist(self):
        """There are no elements: NotImplementedError."""
        raise NotImplementedError(NO_DATA)

    def __array__(self, dtype=None, copy=None):
        raise NotImplementedError(NO_DATA)

    def __len__(self):
        return self.shape[0]

    def __iter__(self):
        return (self[i] for i in range(len(self)))

    def __bool__(self):
        return self.presumed

    def __int__(self):
        return self.item()

    __float__ = __complex__ = __index__ = __int__

    # --- NumPy's functions ------------------------------------------------------------------------

    def __array_ufunc__(self, ufunc, method, *inputs, out=None, **options):
        if out is not None:
            return out[0] if len(out) == 1 else out
        if method == "at":
            return None
        dtypes = _result_types(ufunc, method, inputs, options)
        if method == "__call__":
            shape = _called_shape(ufunc, inputs)
            # NumPy lays the result out as the operands are.
            like = next((x for x in inputs if type(x) is MetaArray and x.shape == shape), None)
            if like is None or ufunc.signature:
                like = meta_array(shape, dtypes[0])
            made = tuple([like.astype(dtype, "K") for dtype in dtypes])
            return made[0] if len(made) == 1 else made
        first = inputs[0]
        if method == "reduce":
            axis = options.get("axis", inputs[1] if len(inputs) > 1 else 0)
            shape = _reduced(first.shape, axis, options.get("keepdims", False))
        elif method == "accumulate":
            shape = first.shape
        elif method == "outer":
            shape = first.shape + np.shape(inputs[1])
        else:
            shape = list(first.shape)
            shape[options.get("axis", 0)] = len(inputs[1])
        return meta_array(shape, dtypes[0])

    def __array_function__(self, function, types, args, kwargs):
        rule = _RULES.get(function)
        if rule is None:
            raise NotImplementedError(
                f"numpy.{function.__name__}: attempted to run this operator with Meta tensors, but "
                "there is no rule for the shape of its result"
            )
        return rule(*args, **kwargs)


def _method(function):
    def method(self, *args, **kwargs):
        return function(self, *args, **kwargs)

    method.__name__ = function.__name__
    method.__doc__ = f"``numpy.{function.__name__}`` of this array."
    return method


for _name in (
    *("all", "any", "argmax", "argmin", "argsort", "clip", "cumprod", "cumsum", "max", "mean"),
    *("min", "nonzero", "prod", "round", "std", "sum", "trace", "var"),
):
    setattr(MetaArray, _name, _method(getattr(np, _name)))


# --- shapes and element types ---------------------------------------------------------------------


def _real(dtype):
    return np.dtype(f"f{dtype.itemsize // 2}")


def _example(value, ndim=0):
    """An array of a single one, in the element type of ``value``; Python numbers as they are."""
    dtype = getattr(value, "dtype", None)
    return value if dtype is None else np.ones((1,) * ndim, dtype)


def _result_types(ufunc, method, inputs, options):
    """The element types of the results, found by calling ``ufunc`` on ones."""
    options = {k: v for k, v in options.items() if k not in ("where", "initial", "axis")}
    if method == "__call__":
        dims = 2 if ufunc.signature else 0
        result = ufunc(*[_example(x, dims) for x in inputs], **options)
    elif method == "reduceat":
        result = ufunc.reduceat(_example(inputs[0], 1), [0])
    else:
        result = getattr(ufunc, method)(*[_example(x, 1) for x in inputs[: ufunc.nin]], **options)
    results = result if isinstance(result, tuple) else (result,)
    return [np.asarray(r).dtype for r in results]


def _broadcast(*shapes):
    return np.broadcast_shapes(*shapes)


def _called_shape(ufunc, inputs):
    shapes = [np.shape(x) if not isinstance(x, MetaArray) else x.shape for x in inputs]
    if ufunc is np.matmul:
        return _product_shape(*shapes)
    if ufunc.signature:
        raise NotImplementedError(f"numpy.{ufunc.__name__} of Meta tensors")
    return _broadcast(*shapes)


def _product_shape(a, b):
    if not a or not b or a[-1] != b[-2 if len(b) > 1 else -1]:
        raise ValueError(f"matmul: shapes {a} and {b} do not fit")
    batch = _broadcast(a[:-2], b[:-2])
    return batch + a[-2:-1] + (b[-1:] if len(b) > 1 else ())


def _axes(axis, ndim):
    if axis is None:
        return tuple(range(ndim))
    axes = axis if isinstance(axis, (tuple, list)) else (axis,)
    return np.lib.array_utils.normalize_axis_tuple(axes, ndim)


def _reduced(shape, axis, keepdims):
    axes = _axes(axis, len(shape))
    if keepdims:
        return tuple(1 if dim in axes else n for dim, n in enumerate(shape))
    return tuple(n for dim, n in enumerate(shape) if dim not in axes)


def _completed(shape, size):
    """``shape`` with its -1 worked out."""
    shape = (shape,) if isinstance(shape, int) else tuple(shape)
    known = math.prod(n for n in shape if n != -1)
    if (-1 not in shape and known != size) or (-1 in shape and (not known or size % known)):
        raise ValueError(f"cannot reshape array of size {size} into shape {shape}")
    return tuple(size // known if n == -1 else n for n in shape)


def _gathered(array, parts):
    """The shape that indexing by ``parts``, some of which are arrays, gives."""
    parts = [np.asarray(p) if isinstance(p, list) else p for p in parts]
    for p in parts:
        if isinstance(p, (np.ndarray, MetaArray)) and p.dtype.kind == "b":
            if isinstance(p, MetaArray):
                raise NotImplementedError(
                    "indexing Meta tensors by a mask: how many elements it takes is unknown"
                )
    parts = [
        q
        for p in parts
        for q in (p.nonzero() if isinstance(p, np.ndarray) and p.dtype.kind == "b" else (p,))
    ]
    used = sum(p is not None and p is not Ellipsis for p in parts)
    if Ellipsis not in [p for p in parts if not hasattr(p, "shape")]:
        parts.append(Ellipsis)
    at = next(i for i, p in enumerate(parts) if p is Ellipsis)
    parts[at : at + 1] = [slice(None)] * (array.ndim - used)
    shape, index_shapes, places, dim = [], [], [], 0
    for p in parts:
        if p is None:
            shape.append(1)
        elif isinstance(p, slice):
            shape.append(len(range(*p.indices(array.shape[dim]))))
            dim += 1
        else:
            index_shapes.append(np.shape(p) if not isinstance(p, MetaArray) else p.shape)
            places.append(len(shape))
            dim += 1
    together = _are_adjacent(parts)
    at = places[0] if together else 0
    return (*shape[:at], *_broadcast(*index_shapes), *shape[at:])


def _are_adjacent(parts) -> bool:
    """Whether the index arrays stand side by side, so that their dimensions stay in place."""
    places = [i for i, p in enumerate(parts) if not (p is None or isinstance(p, slice))]
    return places[-1] - places[0] == len(places) - 1


# --- rules: what NumPy's functions give -----------------------------------------------------------

_RULES: dict[Any, Callable[..., Any]] = {}


def _rule(*functions):
    def register(rule):
        for function in functions:
            _RULES[function] = rule
        return rule

    return register


def _reduction(function):
    def rule(a, axis=None, dtype=None, out=None, keepdims=False, **options):
        given = {"dtype": dtype} if dtype is not None else {}
        result = np.asarray(function(_example(a, 1), **given))
        return meta_array(_reduced(a.shape, axis, keepdims), result.dtype)

    _RULES[function] = rule


_function: Any
for _function in (np.sum, np.prod, np.mean, np.nansum):
    _reduction(_function)


def _reduction_without_dtype(function):
    def rule(a, axis=None, out=None, keepdims=False, **options):
        result = np.asarray(function(_example(a, 1)))
        made = meta_array(_reduced(a.shape, axis, keepdims), result.dtype)
        made.presumed = function is np.all
        return made

    _RULES[function] = rule


for _function in (
    *(np.max, np.min, np.any, np.all, np.argmax, np.argmin, np.std, np.var),
    *(np.nanmax, np.nanmin, np.median),
):
    _reduction_without_dtype(_function)


@_rule(np.count_nonzero)
def _count(a, axis=None, *, keepdims=False):
    return meta_array(_reduced(a.shape, axis, keepdims), np.int64)


def _same(function, keeps_order=False):
    """Functions whose result has the shape of the first argument."""

    def rule(a, *args, **kwargs):
        dtype = np.asarray(function(_example(a, max(a.ndim, 1)), *args, **kwargs)).dtype
        return meta_array(a.shape, dtype)

    _RULES[function] = rule


for _function in (np.round, np.nan_to_num, np.angle, np.real_if_close, np.sinc, np.isreal):
    _same(_function)


@_rule(np.sort, np.flip, np.roll, np.tril, np.triu, np.copy, np.fliplr, np.flipud)
def _rearranged(a, *args, **kwargs):
    return meta_array(a.shape, a.dtype)


@_rule(np.argsort)
def _order(a, *args, **kwargs):
    return meta_array(a.shape, np.int64)


@_rule(np.isin)
def _is_in(element, test_elements, **options):
    return meta_array(np.shape(element), np.bool_)


@_rule(np.cumsum, np.cumprod)
def _running(a, axis=None, dtype=None, out=None):
    shape = (a.size,) if axis is None else a.shape
    return meta_array(shape, np.cumsum(_example(a, 1), dtype=dtype).dtype)


@_rule(np.zeros_like, np.ones_like, np.empty_like)
def _like(a, dtype=None, order="K", subok=True, shape=None, **options):
    if shape is not None:
        return meta_array(shape, dtype or a.dtype)
    return a.astype(dtype or a.dtype)


@_rule(np.full_like)
def _full_like(a, fill_value, dtype=None, order="K", subok=True, shape=None, **options):
    return meta_array(a.shape if shape is None else shape, dtype or a.dtype)


@_rule(np.where)
def _where(condition, *branches):
    if not branches:
        raise NotImplementedError("nonzero() of Meta tensors: how many there are is unknown")
    dtype = np.where(True, *[_example(b) for b in branches]).dtype
    return meta_array(_broadcast(*map(np.shape, (condition, *branches))), dtype)


@_rule(np.clip)
def _clip(a, a_min=None, a_max=None, out=None, **options):
    bounds = [b for b in (a_min, a_max) if b is not None]
    dtype = np.asarray(np.clip(*[_example(v) for v in (a, a_min, a_max)])).dtype
    return meta_array(_broadcast(*map(np.shape, (a, *bounds))), dtype)


@_rule(np.copyto, np.put_along_axis)
def _write(*args, **kwargs):
    return None


@_rule(np.shape)
def _shape(a):
    return a.shape


@_rule(np.ndim)
def _ndim(a):
    return a.ndim


@_rule(np.size)
def _size(a, axis=None):
    return a.size if axis is None else a.shape[axis]


@_rule(np.shares_memory, np.may_share_memory)
def _shares(a, b, *args, **kwargs):
    return a is b


@_rule(np.iscomplexobj)
def _is_complex(x):
    return x.dtype.kind == "c"


@_rule(np.result_type)
def _result_type(*operands):
    return np.result_type(*[getattr(x, "dtype", x) for x in operands])


# Views.


@_rule(np.transpose)
def _transpose(a, axes=None):
    return a.transpose(axes)


@_rule(np.permute_dims)
def _permute(a, axes=None):
    return a.transpose(axes)


@_rule(np.swapaxes)
def _swapaxes(a, axis1, axis2):
    return a.swapaxes(axis1, axis2)


@_rule(np.moveaxis)
def _moveaxis(a, source, destination):
    return a._view(np.moveaxis(a.frame, source, destination))


@_rule(np.expand_dims)
def _expand_dims(a, axis):
    return a._view(np.expand_dims(a.frame, axis))


@_rule(np.squeeze)
def _squeeze(a, axis=None):
    return a.squeeze(axis)


@_rule(np.reshape)
def _reshape(a, /, shape=None, order="C", **options):
    return a.reshape(shape)


@_rule(np.ravel)
def _ravel(a, order="C"):
    return a.reshape(-1)


@_rule(np.diagonal)
def _diagonal(a, offset=0, axis1=0, axis2=1):
    return a.diagonal(offset, axis1, axis2)


@_rule(np.broadcast_to)
def _broadcast_to(array, shape, subok=False):
    return array._view(np.broadcast_to(array.frame, shape))


@_rule(np.broadcast_arrays)
def _broadcast_arrays(*arrays, subok=False):
    shape = _broadcast(*map(np.shape, arrays))
    return tuple(np.broadcast_to(a, shape) for a in arrays)


@_rule(np.real)
def _real_part(val):
    return val.real


@_rule(np.imag)
def _imaginary_part(val):
    return val.imag


@_rule(np.rot90)
def _rot90(m, k=1, axes=(0, 1)):
    shape = list(m.shape)
    if k % 2:
        shape[axes[0]], shape[axes[1]] = shape[axes[1]], shape[axes[0]]
    return meta_array(shape, m.dtype)


@_rule(np.split, np.array_split)
def _split(ary, indices_or_sections, axis=0):
    frames = np.array_split(ary.frame, indices_or_sections, axis)
    return [ary._view(frame) for frame in frames]


# Joining and gathering.


@_rule(np.flatnonzero)
def _flatnonzero(a):
    # How many is unknown, and at most all.  Bodies group indices by it and never return it, unlike
    # nonzero, which has no rule.
    return meta_array((a.size,), np.int64)


@_rule(np.concatenate)
def _concatenate(arrays, axis=0, out=None, dtype=None, **options):
    dtype = dtype or np.concatenate([_example(a, 1) for a in arrays]).dtype
    (axis,) = _axes(axis, arrays[0].ndim)
    first = arrays[0].shape
    for a in arrays[1:]:
        if a.shape[:axis] + a.shape[axis + 1 :] != first[:axis] + first[axis + 1 :]:
            raise ValueError(
                "all the input array dimensions except for the concatenation axis "
                "must match exactly"
            )
    total = sum(a.shape[axis] for a in arrays)
    return meta_array((*first[:axis], total, *first[axis + 1 :]), dtype)


@_rule(np.stack)
def _stack(arrays, axis=0, out=None, **options):
    return _concatenate([np.expand_dims(a, axis) for a in arrays], axis)


@_rule(np.tile)
def _tile(A, reps):
    reps = (reps,) if isinstance(reps, int) else tuple(reps)
    ndim = max(A.ndim, len(reps))
    shape = (1,) * (ndim - A.ndim) + A.shape
    reps = (1,) * (ndim - len(reps)) + reps
    return meta_array([n * r for n, r in zip(shape, reps, strict=True)], A.dtype)


@_rule(np.repeat)
def _repeat(a, repeats, axis=None):
    if isinstance(repeats, MetaArray):
        raise NotImplementedError("repeat by counts on the meta device: their sum is unknown")
    source = a.reshape(-1) if axis is None else a
    (axis,) = _axes(0 if axis is None else axis, source.ndim)
    counts = np.broadcast_to(repeats, (source.shape[axis],))
    shape = list(source.shape)
    shape[axis] = int(counts.sum())
    return meta_array(shape, source.dtype)


@_rule(np.take)
def _take(a, indices, axis=None, out=None, mode="raise"):
    if axis is None:
        return meta_array(np.shape(indices), a.dtype)
    (axis,) = _axes(axis, a.ndim)
    shape = (*a.shape[:axis], *np.shape(indices), *a.shape[axis + 1 :])
    return meta_array(shape, a.dtype)


@_rule(np.take_along_axis)
def _take_along_axis(arr, indices, axis=-1):
    (axis,) = _axes(axis, arr.ndim)
    shape = list(
        _broadcast(
            arr.shape[:axis] + (1,) + arr.shape[axis + 1 :],
            indices.shape[:axis] + (1,) + indices.shape[axis + 1 :],
        )
    )
    shape[axis] = indices.shape[axis]
    return meta_array(shape, arr.dtype)


@_rule(np.searchsorted)
def _searchsorted(a, v, side="left", sorter=None):
    return meta_array(np.shape(v), np.int64)


@_rule(np.pad)
def _pad(array, pad_width, mode="constant", **options):
    widths = np.broadcast_to(pad_width, (array.ndim, 2)).tolist()
    shape = [n + before + after for n, (before, after) in zip(array.shape, widths, strict=True)]
    return meta_array(shape, array.dtype)


@_rule(np.trace)
def _trace(a, offset=0, axis1=0, axis2=1, dtype=None, out=None):
    return np.sum(a.diagonal(offset, axis1, axis2), -1, dtype)


# Products.


@_rule(np.dot)
def _dot(a, b, out=None):
    dtype = np.dot(_example(a), _example(b)).dtype
    if not np.ndim(a) or not np.ndim(b):
        return meta_array(np.shape(a) + np.shape(b), dtype)
    last = a.shape[:-1]
    return meta_array(last + (b.shape[:-2] + b.shape[-1:] if b.ndim > 1 else ()), dtype)


@_rule(np.tensordot)
def _tensordot(a, b, axes=2):
    if isinstance(axes, int):
        axes = (list(range(a.ndim - axes, a.ndim)), list(range(axes)))
    first, second = (_axes(x, n) for x, n in zip(axes, (a.ndim, b.ndim), strict=True))
    shape = [n for dim, n in enumerate(a.shape) if dim not in first]
    shape += [n for dim, n in enumerate(b.shape) if dim not in second]
    return meta_array(shape, np.result_type(a.dtype, b.dtype))


@_rule(np.einsum)
def _einsum(subscripts, *operands, out=None, **options):
    operands = [np.broadcast_to(np.zeros((), x.dtype), x.shape) for x in operands]
    inputs, _, result = subscripts.replace(" ", "").partition("->")
    lengths = {}
    for labels, operand in zip(inputs.split(","), operands, strict=True):
        for label, length in zip(labels, operand.shape, strict=True):
            lengths[label] = max(length, lengths.get(label, 1))
    shape = [lengths[label] for label in result]
    return meta_array(shape, np.result_type(*[x.dtype for x in operands]))


@_rule(np.outer)
def _outer(a, b, out=None):
    return meta_array((a.size, b.size), np.result_type(a.dtype, b.dtype))


# Fourier transforms.


def _complex_of(dtype):
    return np.result_type(dtype, np.complex64)


@_rule(np.fft.fftn, np.fft.ifftn)
def _fftn(a, s=None, axes=None, norm=None):
    return meta_array(a.shape, _complex_of(a.dtype))


@_rule(np.fft.rfftn)
def _rfftn(a, s=None, axes=None, norm=None):
    shape = list(a.shape)
    shape[axes[-1]] = shape[axes[-1]] // 2 + 1
    return meta_array(shape, _complex_of(a.dtype))


@_rule(np.fft.irfftn)
def _irfftn(a, s=None, axes=None, norm=None):
    shape = list(a.shape)
    shape[axes[-1]] = s[-1]
    return meta_array(shape, np.empty(0, a.dtype).real.dtype)


# Linear algebra: the shapes follow from an example of the same last dimensions.


def _of_matrices(function):
    def rule(a, *args, **options):
        batch, matrix = a.shape[:-2], a.shape[-2:]
        example = np.eye(*matrix, dtype=a.dtype)
        rest = [np.ones(x.shape[-2:], x.dtype) if isinstance(x, MetaArray) else x for x in args]
        results = function(example, *rest, **options)
        several = isinstance(results, tuple)
        made = [
            meta_array(batch + np.shape(r), np.asarray(r).dtype)
            for r in (results if several else (results,))
        ]
        return tuple(made) if several else made[0]

    _RULES[function] = rule


for _function in (
    *(np.linalg.inv, np.linalg.cholesky, np.linalg.det, np.linalg.slogdet, np.linalg.solve),
    *(np.linalg.svd, np.linalg.qr, np.linalg.eigh, np.linalg.eig, np.linalg.eigvalsh),
):
    _of_matrices(_function)


# --- the array library ----------------------------------------------------------------------------


class _StrideTricks:
    @staticmethod
    def as_strided(x, shape=None, strides=None, **options):
        if not isinstance(x, MetaArray):
            return as_strided(x, shape, strides, **options)
        shape = x.shape if shape is None else tuple(shape)
        return x._view(as_strided(x.frame, shape, x.strides if strides is None else strides))


class _Meta:
    """NumPy as the bodies of ops see it when they compute with ``MetaArray``s."""

    __name__ = "meta"
    lib = SimpleNamespace(stride_tricks=_StrideTricks)

    def __getattr__(self, name):
        return getattr(np, name)

    @staticmethod
    def empty(shape, dtype=float, order="C"):
        """An array without elements."""
        return meta_array(shape, dtype)

    zeros = ones = empty

    @staticmethod
    def full(shape, fill_value, dtype=None, order="C"):
        """An array without elements."""
        return meta_array(shape, np.asarray(fill_value).dtype if dtype is None else dtype)

    @staticmethod
    def asarray(a, dtype=None, **options):
        """``a`` itself, in ``dtype``; what is no array becomes one of NumPy."""
        if isinstance(a, MetaArray):
            return a if dtype is None else a.astype(dtype, copy=False)
        return np.asarray(a, dtype, **options)

    @staticmethod
    def array(a, dtype=None, **options):
        """A copy of ``a``; what is no array becomes one of NumPy."""
        if isinstance(a, MetaArray):
            return a.astype(a.dtype if dtype is None else dtype)
        return np.array(a, dtype, **options)

    @staticmethod
    def ascontiguousarray(a, dtype=None):
        """``a`` in row-major order."""
        if isinstance(a, MetaArray):
            return a if a.flags.c_contiguous else a.copy("C")
        return np.ascontiguousarray(a, dtype)


META = _Meta()
