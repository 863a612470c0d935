"""``assert_close``: says where two results differ, and by how much."""

from __future__ import annotations

import collections.abc
import warnings
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from minitorch import dtypes
from minitorch.dtypes import promote_types
from minitorch.ops.creation import as_tensor
from minitorch.ops.elementwise import isclose
from minitorch.ops.searching import unravel_index
from minitorch.tensor import Tensor

__all__ = ["assert_allclose", "assert_close"]

#: (rtol, atol) by element type; what is missing is compared exactly.
_TOLERANCES = {
    dtypes.float16: (1e-3, 1e-5),
    dtypes.bfloat16: (1.6e-2, 1e-5),
    dtypes.float32: (1.3e-6, 1e-5),
    dtypes.float64: (1e-7, 1e-7),
    dtypes.complex64: (1.3e-6, 1e-5),
    dtypes.complex128: (1e-7, 1e-7),
}
_NUMBER_DTYPES = {int: dtypes.int64, float: dtypes.float64, complex: dtypes.complex128}


class _Mismatch(Exception):
    """Two parts differ; ``text`` says how."""

    def __init__(self, text):
        super().__init__(text)
        self.text = text


class _Options(NamedTuple):
    allow_subclasses: bool
    rtol: float | None
    atol: float | None
    equal_nan: bool
    check_device: bool
    check_dtype: bool
    check_layout: bool
    check_stride: bool

    def tolerances(self, *kinds):
        """What was given, or the widest of the element types' own."""
        if self.rtol is not None:
            return self.rtol, self.atol
        pairs = [_TOLERANCES.get(kind, (0.0, 0.0)) for kind in kinds]
        return max(rtol for rtol, _ in pairs), max(atol for _, atol in pairs)


def assert_close(
    actual: Any,
    expected: Any,
    *,
    allow_subclasses: bool = True,
    rtol: float | None = None,
    atol: float | None = None,
    equal_nan: bool = False,
    check_device: bool = True,
    check_dtype: bool = True,
    check_layout: bool = True,
    check_stride: bool = False,
    msg: str | Callable[[str], str] | None = None,
) -> None:
    """Raise AssertionError unless ``|actual - expected| <= atol + rtol * |expected|`` everywhere.

    Args:
        actual, expected: tensors, arrays, numbers, None, or lists, tuples and dicts of them.
        allow_subclasses: whether one may be of a subclass of the other's type.
        rtol, atol: both or neither; by default what the element types allow, nothing for integers.
        equal_nan: whether nan equals nan.
        check_device, check_dtype, check_layout, check_stride: what has to agree besides.
        msg: the error's text, or a function that makes it of the usual text.

    Raises ValueError for one tolerance without the other, TypeError for objects of other kinds.
    Source: torch.testing.assert_close.

    Example::

        >>> import minitorch
        >>> minitorch.testing.assert_close(minitorch.ones(2) * 3, minitorch.tensor([3.0, 3.0]))
    """
    if (rtol is None) != (atol is None):
        raise ValueError(
            "Both 'rtol' and 'atol' must be either specified or omitted, but got no "
            f"{'rtol' if rtol is None else 'atol'}."
        )
    options = _Options(
        allow_subclasses,
        rtol,
        atol,
        equal_nan,
        check_device,
        check_dtype,
        check_layout,
        check_stride,
    )
    problem = None
    # All parts are looked at before the first difference is raised, so that a part that can't be
    # compared is a TypeError wherever it stands.
    for path, one, other in list(_parts(actual, expected, ())):
        try:
            if isinstance(one, _Mismatch):
                raise one
            _compare(one, other, options)
        except _Mismatch as mismatch:
            problem = problem or (mismatch.text, path)
    if problem is None:
        return
    text, path = problem
    if path:
        text += f"\n\nThe failure occurred for item {''.join(f'[{key!r}]' for key in path)}"
    raise AssertionError(text if msg is None else msg(text) if callable(msg) else msg)


def _parts(actual, expected, path):
    """The pairs to compare, with their paths; a ``_Mismatch`` where containers differ."""
    if _is_sequence(actual) and _is_sequence(expected):
        if len(actual) != len(expected):
            text = f"The length of the sequences mismatch: {len(actual)} != {len(expected)}"
            yield path, _Mismatch(text), None
            return
        for index, (one, other) in enumerate(zip(actual, expected, strict=True)):
            yield from _parts(one, other, (*path, index))
    elif isinstance(actual, collections.abc.Mapping) and isinstance(
        expected, collections.abc.Mapping
    ):
        if actual.keys() != expected.keys():
            missing, additional = expected.keys() - actual.keys(), actual.keys() - expected.keys()
            text = (
                "The keys of the mappings do not match:\n"
                f"Missing keys in the actual mapping: {sorted(missing)}\n"
                f"Additional keys in the actual mapping: {sorted(additional)}"
            )
            yield path, _Mismatch(text), None
            return
        for key in actual:
            yield from _parts(actual[key], expected[key], (*path, key))
    else:
        yield path, actual, expected


def _is_sequence(value):
    return isinstance(value, collections.abc.Sequence) and not isinstance(value, str)


def _compare(actual, expected, options):
    """Compare two parts that are no containers."""
    if actual is None or expected is None:
        if actual is not expected:
            raise _Mismatch(f"None mismatch: {actual} is not {expected}")
    elif isinstance(actual, (bool, np.bool_)) and isinstance(expected, (bool, np.bool_)):
        if bool(actual) is not bool(expected):
            raise _Mismatch(f"Booleans mismatch: {bool(actual)} is not {bool(expected)}")
    elif _is_number(actual) and _is_number(expected):
        _compare_numbers(_as_number(actual), _as_number(expected), options)
    else:
        _compare_tensors(*_as_tensors(actual, expected, options), options)


def _is_number(value):
    return isinstance(value, (int, float, complex, np.number))


def _as_number(value):
    return value.item() if isinstance(value, np.number) else value


def _as_tensors(actual, expected, options):
    related = isinstance(actual, type(expected)) or isinstance(expected, type(actual))
    same = options.allow_subclasses or type(actual) is type(expected)
    try:
        if related and same and isinstance(actual, (Tensor, np.ndarray)):
            return as_tensor(actual).detach(), as_tensor(expected).detach()
    except (TypeError, ValueError, RuntimeError):
        pass
    raise TypeError(
        f"No comparison pair was able to handle inputs of type {type(actual)} and {type(expected)}."
    )


def _compare_numbers(actual, expected, options):
    if options.check_dtype and type(actual) is not type(expected):
        raise _Mismatch(f"The (d)types do not match: {type(actual)} != {type(expected)}.")
    kinds = [
        next(dtype for kind, dtype in _NUMBER_DTYPES.items() if isinstance(value, kind))
        for value in (actual, expected)
    ]
    rtol, atol = options.tolerances(*kinds)
    difference = abs(actual - expected)
    both_nan = options.equal_nan and actual != actual and expected != expected
    finite = difference != float("inf")
    close = actual == expected or both_nan
    if not close and finite:
        close = difference <= atol + rtol * abs(expected)
    if not close:
        raise _Mismatch(_scalars_text(actual, expected, rtol, atol))


def _scalars_text(actual, expected, rtol, atol):
    exact = rtol == atol == 0
    difference = abs(actual - expected)
    relative = float("inf") if expected == 0 else difference / abs(expected)
    return (
        f"Scalars are not {'equal' if exact else 'close'}!\n\n"
        f"Expected {expected} but got {actual}.\n"
        f"Absolute difference: {difference}{_allowed(atol, exact)}\n"
        f"Relative difference: {relative}{_allowed(rtol, exact)}"
    )


def _allowed(tolerance, exact):
    return "" if exact else f" (up to {tolerance} allowed)"


def _compare_tensors(actual, expected, options):
    _compare_attribute("shape", actual.shape, expected.shape)
    if options.check_layout:
        _compare_attribute("layout", actual.layout, expected.layout)
    if options.check_stride:
        _compare_attribute("stride()", actual.stride(), expected.stride())
    if options.check_device:
        _compare_attribute("device", actual.device, expected.device)
    if options.check_dtype:
        _compare_attribute("dtype", actual.dtype, expected.dtype)
    rtol, atol = options.tolerances(actual.dtype, expected.dtype)
    common = promote_types(actual.dtype, expected.dtype)
    actual, expected = actual.to(common), expected.to(common)
    close = isclose(actual, expected, rtol=rtol, atol=atol, equal_nan=options.equal_nan)
    if not close.all():
        raise _Mismatch(_tensors_text(actual, expected, close, rtol, atol))


def _compare_attribute(name, actual, expected):
    if actual != expected:
        raise _Mismatch(f"The values for attribute '{name}' do not match: {actual} != {expected}.")


def _tensors_text(actual, expected, close, rtol, atol):
    if not actual.ndim:
        return _scalars_text(actual.item(), expected.item(), rtol, atol)
    exact = rtol == atol == 0
    if not actual.dtype.is_floating_point and not actual.dtype.is_complex:
        actual, expected = actual.to(dtypes.int64), expected.to(dtypes.int64)
    difference = (actual - expected).abs()
    relative = difference / expected.abs()
    mismatched, count = (~close).sum().item(), close.numel()
    lines = [
        f"Tensor-likes are not {'equal' if exact else 'close'}!\n",
        f"Mismatched elements: {mismatched} / {count} ({mismatched / count:.1%})",
    ]
    for name, values, tolerance in (
        ("absolute", difference, atol),
        ("relative", relative, rtol),
    ):
        values = values.masked_fill(close, 0).flatten()
        at = values.argmax()
        index = tuple(int(i) for i in unravel_index(at, close.shape))
        lines.append(
            f"Greatest {name} difference: {values[at].item()} at index {index}"
            f"{_allowed(tolerance, exact)}"
        )
    return "\n".join(lines)


def assert_allclose(
    actual: Any,
    expected: Any,
    rtol: float | None = None,
    atol: float | None = None,
    equal_nan: bool = True,
    msg: str = "",
) -> None:
    """An older ``assert_close``, with wider tolerances.  Deprecated, as in torch.

    Source: torch.testing.assert_allclose.
    """
    warnings.warn(
        "`torch.testing.assert_allclose()` is deprecated since 1.12 and will be removed in a "
        "future release. Please use `torch.testing.assert_close()` instead.",
        FutureWarning,
        stacklevel=2,
    )
    if not isinstance(actual, Tensor):
        actual = as_tensor(actual)
    if not isinstance(expected, Tensor):
        expected = as_tensor(expected, dtype=actual.dtype)
    if rtol is None and atol is None:
        wide = {
            dtypes.float16: (1e-3, 1e-3),
            dtypes.float32: (1e-4, 1e-5),
            dtypes.float64: (1e-5, 1e-8),
        }
        pairs = [wide.get(tensor.dtype, (0.0, 0.0)) for tensor in (actual, expected)]
        rtol, atol = max(pair[0] for pair in pairs), max(pair[1] for pair in pairs)
    assert_close(
        actual,
        expected,
        rtol=rtol,
        atol=atol,
        equal_nan=equal_nan,
        check_device=True,
        check_dtype=False,
        check_stride=False,
        msg=msg or None,
    )
