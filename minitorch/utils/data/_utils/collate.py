"""From a list of samples to one batch: every number and array gains a leading batch dimension.

Source: torch.utils.data.default_collate and default_convert.
"""

import copy
from collections.abc import Callable, Mapping, MutableMapping, MutableSequence, Sequence
from typing import Any

import numpy as np

from minitorch.dtypes import float64
from minitorch.ops.creation import as_tensor, tensor
from minitorch.ops.joining import stack
from minitorch.tensor import Tensor

__all__ = [
    "collate",
    "default_collate",
    "default_collate_fn_map",
    "default_convert",
]

_UNSUPPORTED = (
    "default_collate: batch must contain tensors, numpy arrays, numbers, dicts or lists; found {}"
)

#: A rule of a collate map: called as ``rule(batch, collate_fn_map=the_whole_map)``.
_CollateRule = Callable[..., Any]
_CollateMap = dict[type | tuple[type, ...], _CollateRule]


def default_collate(batch: Sequence[Any]) -> Any:
    """The batch made of ``batch``, a list of samples of one structure.

    Tensors and NumPy arrays are stacked; ints become an int64 and floats a float64 tensor; strings
    and bytes stay a list.  Mappings and sequences are collated entry by entry and keep their type,
    but a plain tuple becomes a list.

    Shape: samples of (*) -> (B, *).
    Errors: TypeError for any other kind of sample; RuntimeError for sequences of differing lengths
    or tensors of differing shapes.
    Source: torch.utils.data.default_collate.

    >>> default_collate([{"x": 1.5, "name": "a"}, {"x": 2.5, "name": "b"}])
    {'x': tensor([1.5000, 2.5000], dtype=torch.float64), 'name': ['a', 'b']}
    >>> default_collate([(0, 1), (2, 3)])
    [tensor([0, 2]), tensor([1, 3])]
    """
    return collate(batch, collate_fn_map=default_collate_fn_map)


def collate(batch: Sequence[Any], *, collate_fn_map: _CollateMap | None = None) -> Any:
    """``default_collate`` with rules of one's own for the leaves.

    Args:
        batch: a list of samples of one structure.
        collate_fn_map: for a type, or tuple of types, the rule for leaves of it.  The exact type is
            looked up first, then the first entry that the leaf is an instance of.

    Errors: as ``default_collate``.
    Source: torch.utils.data._utils.collate.collate.
    """
    sample = batch[0]
    rule = _find_rule(sample, collate_fn_map or {})
    if rule is not None:
        return rule(batch, collate_fn_map=collate_fn_map)
    if isinstance(sample, Mapping):
        values = {
            key: collate([other[key] for other in batch], collate_fn_map=collate_fn_map)
            for key in sample
        }
        return _mapping_like(sample, values)
    if not isinstance(sample, Sequence):
        raise TypeError(_UNSUPPORTED.format(type(sample)))
    is_namedtuple = isinstance(sample, tuple) and hasattr(sample, "_fields")
    if not is_namedtuple and any(len(other) != len(sample) for other in batch):
        raise RuntimeError("each element in list of batch should be of equal size")
    columns = zip(*batch, strict=False)
    return _sequence_like(
        sample, [collate(column, collate_fn_map=collate_fn_map) for column in columns]
    )


def default_convert(data: Any) -> Any:
    """``data`` with every NumPy array or number in it made a tensor; the rest stays as it is.

    What DataLoader does to a sample when it does not batch.  Arrays of strings or objects stay.
    Source: torch.utils.data.default_convert.

    >>> import numpy as np
    >>> default_convert({"x": np.array([1, 2]), "name": "a"})
    {'x': tensor([1, 2]), 'name': 'a'}
    """
    if isinstance(data, Tensor):
        return data
    if isinstance(data, (np.ndarray, np.generic)):
        return data if _is_text_or_object(data.dtype) else as_tensor(data)
    if isinstance(data, Mapping):
        return _mapping_like(data, {key: default_convert(data[key]) for key in data})
    if isinstance(data, Sequence) and not isinstance(data, (str, bytes)):
        return _sequence_like(data, [default_convert(item) for item in data])
    return data


def _find_rule(sample: Any, rules: _CollateMap) -> _CollateRule | None:
    exact = rules.get(type(sample))
    if exact is not None:
        return exact
    return next((rule for types, rule in rules.items() if isinstance(sample, types)), None)


def _mapping_like(template: Mapping[Any, Any], values: dict[Any, Any]) -> Any:
    """``values`` in a mapping of ``template``'s type, or a dict where the type will not have it."""
    try:
        if isinstance(template, MutableMapping):
            # A copy keeps what a subclass adds: a default factory, attributes.
            clone = copy.copy(template)
            clone.update(values)
            return clone
        return type(template)(values)  # type: ignore[call-arg]
    except TypeError:
        return values


def _sequence_like(template: Sequence[Any], items: list[Any]) -> Any:
    """``items`` in a sequence of ``template``'s type, or a list where the type will not have it."""
    if isinstance(template, tuple):
        # torch: a plain tuple becomes a list, a namedtuple stays.
        return type(template)(*items) if hasattr(template, "_fields") else items
    try:
        if isinstance(template, MutableSequence):
            clone = copy.copy(template)
            for i, item in enumerate(items):
                clone[i] = item
            return clone
        return type(template)(items)  # type: ignore[call-arg]
    except TypeError:
        return items


def _is_text_or_object(dtype: np.dtype) -> bool:
    return dtype.kind in "SUO"


def _collate_tensors(
    batch: Sequence[Tensor], *, collate_fn_map: _CollateMap | None = None
) -> Tensor:
    return stack(batch, 0)


def _collate_arrays(batch: Sequence[Any], *, collate_fn_map: _CollateMap | None = None) -> Any:
    if _is_text_or_object(batch[0].dtype):
        raise TypeError(_UNSUPPORTED.format(batch[0].dtype))
    return collate([as_tensor(array) for array in batch], collate_fn_map=collate_fn_map)


def _collate_array_scalars(
    batch: Sequence[Any], *, collate_fn_map: _CollateMap | None = None
) -> Tensor:
    return as_tensor(batch)


def _collate_floats(batch: Sequence[float], *, collate_fn_map: _CollateMap | None = None) -> Tensor:
    return tensor(batch, dtype=float64)


def _collate_ints(batch: Sequence[int], *, collate_fn_map: _CollateMap | None = None) -> Tensor:
    return tensor(batch)


def _collate_text(
    batch: Sequence[Any], *, collate_fn_map: _CollateMap | None = None
) -> Sequence[Any]:
    return batch


#: The rules of ``default_collate``; add an entry to teach it another type.
default_collate_fn_map: _CollateMap = {
    Tensor: _collate_tensors,
    np.ndarray: _collate_arrays,
    (np.bool_, np.number, np.object_): _collate_array_scalars,
    float: _collate_floats,
    int: _collate_ints,
    str: _collate_text,
    bytes: _collate_text,
}
