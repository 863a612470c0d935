"""``vmap``: a function of single examples, applied to a batch.

The function runs once for each slice and the results are stacked.  That is right for every function
and makes none faster: PyTorch runs the function once, on tensors that hide a dimension.

Source: torch.func.vmap.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from minitorch import random
from minitorch.ops.creation import zeros
from minitorch.ops.joining import stack
from minitorch.tensor import Tensor
from minitorch.utils._pytree import tree_flatten, tree_unflatten

__all__ = ["vmap"]


def vmap(
    func: Callable[..., Any],
    in_dims: Any = 0,
    out_dims: Any = 0,
    randomness: str = "error",
    *,
    chunk_size: int | None = None,
) -> Callable[..., Any]:
    """A function that applies ``func`` to each slice of its arguments, and stacks the results.

    Args:
        in_dims: the dimension to slice of each argument, None for one that is the same in every
            call; an int for all, or nested like the arguments.
        out_dims: where the new dimension stands in each result; an int for all, or nested like the
            results.
        randomness: "error" refuses random numbers, "same" gives every slice the same ones,
            "different" draws for one slice after the other.
        chunk_size: changes nothing.

    Raises ValueError for dimensions that do not fit the arguments, RuntimeError for random numbers
    that are refused.  Source: torch.vmap.

    >>> import minitorch
    >>> minitorch.vmap(minitorch.dot)(minitorch.ones(2, 3), minitorch.ones(2, 3))
    tensor([3., 3.])
    """
    if randomness not in ("error", "different", "same"):
        raise RuntimeError(
            "Only allowed values for randomness are 'error', 'different', or 'same'. "
            f"Got {randomness}"
        )
    if chunk_size is not None and chunk_size <= 0:
        raise ValueError(f"vmap: chunk_size should be None or greater than 0. (got {chunk_size})")

    @functools.wraps(func)
    def wrapper(*args, **kwargs):
        name = getattr(func, "__name__", repr(func))
        dims, leaves, form = _input_dims(name, in_dims, args)
        count = _batch_size(leaves, dims)
        call = _Caller(func, leaves, dims, form, kwargs, randomness)
        results = [call(place) for place in range(count)]
        # An empty batch: what a slice of zeros gives has the shapes.
        examples = results or [call(None)]
        return _stacked(name, examples, out_dims, bool(results))

    return wrapper


class _Caller:
    """Calls the function on one slice of the arguments."""

    def __init__(self, func, leaves, dims, form, kwargs, randomness):
        self.func, self.leaves, self.dims, self.form = func, leaves, dims, form
        self.kwargs, self.randomness = kwargs, randomness
        self.state = random.default_generator.state_bytes()

    def __call__(self, place):
        if self.randomness == "same":
            random.default_generator.set_state_bytes(self.state)
        sliced = [
            leaf if dim is None else _slice(leaf, dim, place)
            for leaf, dim in zip(self.leaves, self.dims, strict=True)
        ]
        result = self.func(*tree_unflatten(sliced, self.form), **self.kwargs)
        if self.randomness == "error" and not place:
            if (random.default_generator.state_bytes() != self.state).any():
                random.default_generator.set_state_bytes(self.state)
                raise RuntimeError(
                    "vmap: called random operation while in randomness error mode. Please either "
                    "use the 'same' or 'different' randomness flags on vmap or perform the "
                    "randomness operation out of vmap"
                )
        return result


def _slice(leaf, dim, place):
    if place is None:
        shape = list(leaf.shape)
        del shape[dim]
        return zeros(shape, dtype=leaf.dtype, device=leaf.device)
    return leaf.select(dim, place)


def _spread(spec, form):
    """``spec``, nested like the head of ``form``, as an entry per leaf; None if it does not fit."""
    if spec is None or isinstance(spec, int) or form.is_leaf():
        fits = not form.is_leaf() or spec is None or isinstance(spec, int)
        return [spec] * form.num_leaves if fits else None
    entries, own = tree_flatten(spec, is_leaf=lambda s: s is not spec)
    children = form.children()
    if own.type is not form.type or len(entries) != len(children) or own.context != form.context:
        return None
    spread = []
    for entry, child in zip(entries, children, strict=True):
        part = _spread(entry, child)
        if part is None:
            return None
        spread += part
    return spread


def _input_dims(name, in_dims, args):
    """(the dimension of each leaf of the arguments, the leaves, their form)."""
    where = f"vmap({name}, in_dims={in_dims}, ...)(<inputs>): "
    if not isinstance(in_dims, (int, tuple)):
        if isinstance(in_dims, list):
            in_dims = tuple(in_dims)
        else:
            raise ValueError(
                f"{where}expected `in_dims` to be int or a (potentially nested) tuple matching the "
                f"structure of inputs, got: {type(in_dims)}."
            )
    if not args:
        raise ValueError(
            f"vmap({name})(<inputs>): got no inputs. Maybe you forgot to add inputs, or you are "
            "trying to vmap over a function with no inputs. The latter is unsupported."
        )
    leaves, form = tree_flatten(args)
    dims = _spread(in_dims, form)
    if dims is None:
        raise ValueError(
            f"{where}in_dims is not compatible with the structure of `inputs`. in_dims has "
            f"structure {tree_flatten(in_dims)[1]} but inputs has structure {form}."
        )
    for place, (leaf, dim) in enumerate(zip(leaves, dims, strict=True)):
        if dim is None:
            continue
        if not isinstance(leaf, Tensor):
            raise ValueError(
                f"{where}Got in_dim={dim} for an input but the input is of type {type(leaf)}. We "
                "cannot vmap over non-Tensor arguments, please use None as the respective in_dim"
            )
        if not -leaf.ndim <= dim < leaf.ndim:
            raise ValueError(
                f"{where}Got in_dim={dim} for some input, but that input is a Tensor of "
                f"dimensionality {leaf.ndim} so expected in_dim to satisfy -{leaf.ndim} <= in_dim "
                f"< {leaf.ndim}."
            )
        dims[place] = dim % leaf.ndim
    return dims, leaves, form


def _batch_size(leaves, dims):
    sizes = [leaf.shape[dim] for leaf, dim in zip(leaves, dims, strict=True) if dim is not None]
    if not sizes:
        raise ValueError("vmap: at least one input must be mapped over: every in_dim is None")
    if len(set(sizes)) > 1:
        raise ValueError(
            "vmap: Expected all tensors to have the same size in the mapped dimension, got sizes "
            f"{sizes} for the mapped dimension"
        )
    return sizes[0]


def _stacked(name, results, out_dims, filled):
    """The results of all slices, stacked leaf by leaf."""
    flat = [tree_flatten(result) for result in results]
    form = flat[0][1]
    for leaf in flat[0][0]:
        if not isinstance(leaf, Tensor):
            raise ValueError(
                f"vmap({name}, ...): `{name}` must only return Tensors, got type {type(leaf)}. Did "
                "you mean to set out_dims= to None for output?"
            )
    dims = _spread(tuple(out_dims) if isinstance(out_dims, list) else out_dims, form)
    if dims is None or any(dim is None for dim in dims):
        raise ValueError(
            f"vmap({name}, ..., out_dims={out_dims})(<inputs>): out_dims is not compatible with "
            f"the structure of `outputs`. out_dims has structure {tree_flatten(out_dims)[1]} but "
            f"outputs has structure {form}."
        )
    stacked = []
    for column, dim in enumerate(dims):
        whole = stack([leaves[column] for leaves, _ in flat], dim)
        stacked.append(whole if filled else whole.narrow(dim, 0, 0))
    return tree_unflatten(stacked, form)
