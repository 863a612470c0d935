"""Dimensions and sizes as users give them: negative, as tensors or NumPy integers, or wrong."""

from __future__ import annotations

import operator

__all__ = [
    "as_sizes",
    "loose_sizes",
    "reduced_dims",
    "repeated",
    "unique_dims",
    "wrap_dim",
]


def wrap_dim(dim, ndim: int, name: str = "", argument: str = "dim") -> int:
    """``dim`` counted from the front; a 0-d tensor counts as having one dimension.

    Raises IndexError out of range, TypeError (naming the op ``name``) for what is no integer.
    """
    if type(dim) is not int:
        dim = _integer(dim, name, argument)
    ndim = ndim or 1
    if not -ndim <= dim < ndim:
        raise IndexError(
            f"Dimension out of range (expected to be in range of [{-ndim}, {ndim - 1}], but got "
            f"{dim})"
        )
    return dim + ndim if dim < 0 else dim


def unique_dims(dims, ndim: int, name: str = "") -> tuple[int, ...]:
    """One dimension or several, counted from the front; RuntimeError if one appears twice."""
    if not isinstance(dims, (tuple, list)):
        return (wrap_dim(dims, ndim, name),)
    wrapped = tuple([wrap_dim(dim, ndim, name) for dim in dims])
    if len(set(wrapped)) != len(wrapped):
        twice = next(dim for at, dim in enumerate(wrapped) if dim in wrapped[:at])
        raise RuntimeError(f"dim {twice} appears multiple times in the list of dims")
    return wrapped


def reduced_dims(dim, ndim: int, name: str = "") -> tuple[int, ...]:
    """The dimensions that a reduction's ``dim`` names: all for None and (), none of a scalar."""
    if dim is None or isinstance(dim, (tuple, list)) and not dim:
        return tuple(range(ndim))
    dims = unique_dims(dim, ndim, name)
    return dims if ndim else ()


def repeated(value, count: int) -> tuple:
    """``value`` once for each of ``count`` dimensions if it is one integer, else as a tuple."""
    if not isinstance(value, int):
        try:
            operator.index(value)  # NumPy's integers are integers, its arrays are not
        except TypeError:
            return tuple(value)
    return (value,) * count


def as_sizes(size, name: str, argument: str = "size") -> tuple[int, ...]:
    """A size given as one int or a sequence of them, as ints."""
    if not isinstance(size, (tuple, list)):
        return (_integer(size, name, argument, "tuple of ints", " (position 1)"),)
    checked = []
    for at, length in enumerate(size):
        try:
            checked.append(operator.index(length))
        except TypeError:
            kind = type(length).__name__
            # torch: the first element decides whether this is a size at all.
            wrong = (
                f'failed to unpack the object at pos {at + 1} with error "type must be tuple of '
                f'ints,but got {kind}"'
                if at
                else f"(position 1) must be tuple of ints, but found element of type {kind} at "
                "pos 0"
            )
            raise TypeError(f"{name}(): argument '{argument}' {wrong}") from None
    return tuple(checked)


def loose_sizes(size, named, name: str, argument: str = "size") -> tuple[int, ...]:
    """The sizes of ``f(2, 3)``, ``f((2, 3))`` or ``f(size=(2, 3))`` (as ``named``), as ints."""
    if named is not None:
        size = (named,)
    if len(size) == 1:
        size = size[0]
    return as_sizes(size, name, argument)


def _integer(value, name, argument, wanted="int", position=""):
    try:
        return operator.index(value)
    except TypeError:
        raise TypeError(
            f"{name}(): argument '{argument}'{position} must be {wanted}, not "
            f"{type(value).__name__}"
        ) from None
