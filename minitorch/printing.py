"""Tensors as text, character for character as torch prints them.

``tensor_str`` works in three steps:

1. pick what is shown: the whole array, or its edges when it has more than ``threshold`` elements;
2. pick how a number is written, from the shown numbers alone: integer, fixed or scientific;
3. lay the numbers out in brackets and lines, and append what the numbers do not tell (dtype, ...).
"""

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from minitorch.backends import namespace, to_device
from minitorch.device import device
from minitorch.dtypes import bool_, dtype, get_default_dtype, int64
from minitorch.tensor import Tensor

__all__ = [
    "get_printoptions",
    "printoptions",
    "set_printoptions",
    "tensor_format",
    "tensor_str",
]

_PROFILES: dict[str, dict[str, Any]] = {
    "default": {"precision": 4, "threshold": 1000, "edgeitems": 3, "linewidth": 80},
    "short": {"precision": 2, "threshold": 1000, "edgeitems": 2, "linewidth": 80},
    "full": {"precision": 4, "threshold": math.inf, "edgeitems": 3, "linewidth": 80},
}
_options: dict[str, Any] = {**_PROFILES["default"], "sci_mode": None}


def set_printoptions(
    precision: int | None = None,
    threshold: float | None = None,
    edgeitems: int | None = None,
    linewidth: int | None = None,
    profile: str | None = None,
    sci_mode: bool | None = None,
) -> None:
    """Set how tensors print from now on; what is None stays as it is, except ``sci_mode``.

    Args:
        precision: digits after the point.
        threshold: a tensor of more elements than this is summarised by its edges.
        edgeitems: how many elements (or rows) a summary shows at each end of a dimension.
        linewidth: characters per line at which lines are broken.
        profile: "default", "short" or "full": sets the four above first.
        sci_mode: scientific notation for floats, True or False; None decides tensor by tensor.

    Source: torch.set_printoptions.
    """
    # torch: a profile it does not know is ignored, without an error.
    _options.update(_PROFILES.get(profile or "", {}))
    given = {
        "precision": precision,
        "threshold": threshold,
        "edgeitems": edgeitems,
        "linewidth": linewidth,
    }
    _options.update({name: value for name, value in given.items() if value is not None})
    # torch: every call sets sci_mode, also one that does not name it.
    _options["sci_mode"] = sci_mode


def get_printoptions() -> dict[str, Any]:
    """The print options in force, as keyword arguments of ``set_printoptions``.

    Source: torch._tensor_str.get_printoptions.
    """
    return dict(_options)


@contextmanager
def printoptions(**kwargs: Any) -> Iterator[None]:
    """Set print options within a ``with`` block.  Source: torch._tensor_str.printoptions.

    >>> import minitorch
    >>> from minitorch.printing import printoptions
    >>> with printoptions(precision=2):
    ...     print(minitorch.tensor([0.12345]))
    tensor([0.12])
    """
    before = get_printoptions()
    set_printoptions(**kwargs)
    try:
        yield
    finally:
        set_printoptions(**before)


def tensor_str(tensor: Tensor, tensor_contents: str | None = None) -> str:
    """``repr(tensor)``, or the same with ``tensor_contents`` in the place of the numbers.

    Source: torch.Tensor.__repr__.
    """
    # The library's own classes are all "tensor"; those that a program derives go by their name.
    kind = type(tensor)
    own = f"{kind.__module__}.".startswith("minitorch.")
    prefix = "tensor(" if own else f"{kind.__name__}("
    array = tensor._array
    empty = array.size == 0

    suffixes = []
    if tensor.device.type != "cpu":
        suffixes.append(f"device='{tensor.device}'")
    if tensor.is_sparse:
        stored: Any = tensor._array
        suffixes += [f"size={array.shape}", f"nnz={len(stored.values)}"]
    elif (
        tensor.is_meta or (empty and array.ndim != 1) or (not empty and _options["edgeitems"] == 0)
    ):
        suffixes.append(f"size={array.shape}")
    if not _is_implied(tensor.dtype, empty or tensor.is_meta):
        suffixes.append(f"dtype={tensor.dtype}")
    if tensor.is_sparse:
        suffixes.append(f"layout={tensor.layout}")
    grad_fn = tensor.grad_fn
    if grad_fn is not None:
        suffixes.append(f"grad_fn=<{type(grad_fn).__name__}>")
    elif tensor.requires_grad:
        suffixes.append("requires_grad=True")

    if tensor.is_meta:
        tensor_contents = "..."
    elif tensor.is_sparse:
        tensor_contents = _stored_contents(tensor, len(prefix))
    if tensor_contents is None:
        tensor_contents = "[]" if empty else _contents(array, indent=len(prefix))
    text = prefix + tensor_contents
    if tensor.is_sparse:
        text += ",\n" + " " * len(prefix) + suffixes.pop(0)
        # torch: after a break that is forced, the line counts as long as it is.
        text = _append_suffixes(text, suffixes, len(prefix), counted_twice=0) + ")"
    else:
        text = _append_suffixes(text, suffixes, indent=len(prefix)) + ")"
    if not own and getattr(tensor, "_is_param", False):
        return f"Parameter({text})"
    return text


def _stored_contents(tensor: Any, indent: int) -> str:
    """The two tensors that a sparse one is made of, each from a line of its own."""
    parts = []
    for name, part in (("indices", tensor._indices()), ("values", tensor._values())):
        prefix = f"{name}=tensor("
        if part._array.size:
            text = _contents(part._array, indent + len(prefix))
        else:
            text = f"[], size={tuple(part.shape)}"
        parts.append(f"{prefix}{text})")
    return (",\n" + " " * indent).join(parts)


def tensor_format(tensor: Tensor, spec: str) -> str:
    """``format(tensor, spec)``: a 0-d tensor formats as the Python number it holds.

    Errors: TypeError for a non-empty ``spec`` with a tensor of one or more dimensions.
    Source: torch.Tensor.__format__.
    """
    # torch: subclasses, Parameter among them, format as any object does, also when 0-d.
    if type(tensor) is Tensor and tensor.ndim == 0 and not tensor.is_meta:
        return format(tensor.item(), spec)
    return object.__format__(tensor, spec)


def _is_implied(element: dtype, empty: bool) -> bool:
    """Whether the numbers alone tell the dtype, as they do for the ones that literals get."""
    default = get_default_dtype()
    if empty:
        return element is default
    return element in (default, default.to_complex(), int64, bool_)


def _append_suffixes(text: str, suffixes: list[str], indent: int, counted_twice: int = 2) -> str:
    """``text, suffix, suffix``, with a new line before each suffix that would not fit."""
    linewidth = _options["linewidth"]
    # torch: the last line counts as two characters longer than it is.
    line_length = len(text) - (text.rfind("\n") + 1) + counted_twice
    for suffix in suffixes:
        if line_length + len(suffix) + 2 > linewidth:
            text += ",\n" + " " * indent + suffix
            line_length = indent + len(suffix)
        else:
            text += ", " + suffix
            line_length += len(suffix) + 2
    return text


def _contents(array: Any, indent: int) -> str:
    """The numbers of an array of any backend in brackets, the first of which is at ``indent``."""
    edge = _options["edgeitems"]
    cut = [False] * array.ndim
    if array.size > _options["threshold"]:
        if edge <= 0 and array.ndim > 0:
            return "[...]"
        cut = [length > 2 * edge for length in array.shape]
        array = _edges(array, cut, edge)
    array = to_device(array, device("cpu"))
    cell, width = _cell_format(array)
    innermost = indent + array.ndim - 1
    per_line = max(1, math.floor((_options["linewidth"] - innermost) / (width + 2)))
    return _brackets(_python_numbers(array), cell, cut, edge, per_line, indent)


def _edges(array: Any, cut: list[bool], edge: int) -> Any:
    """The first and last ``edge`` entries along the dimensions that are cut, in one small copy."""
    kept = [
        [*range(edge), *range(length - edge, length)] if is_cut else list(range(length))
        for length, is_cut in zip(array.shape, cut, strict=True)
    ]
    return array[namespace(array).ix_(*kept)]


def _python_numbers(array: np.ndarray) -> Any:
    """The array as nested lists of Python numbers (one number for a 0-d array)."""
    # ml_dtypes' bfloat16 has no tolist of its own kind: it would give NumPy scalars.
    if array.dtype.kind not in "biufc":
        array = _doubles(array)
    return array.tolist()


def _doubles(array: np.ndarray) -> np.ndarray:
    """The array as float64, which holds every number of the narrower floats."""
    with np.errstate(invalid="ignore"):  # NumPy warns of signalling nans.
        return array.astype(np.float64)


def _cell_format(array: np.ndarray) -> tuple[Callable[[Any], str], int]:
    """How one number of ``array`` is written, and the room that it takes."""
    if array.dtype.kind != "c":
        text, width = _number_format(array)
        return (lambda value: text(value).rjust(width)), width

    real_text, real_width = _number_format(array.real)
    imag_text, imag_width = _number_format(array.imag)

    def cell(value: complex) -> str:
        imag = imag_text(value.imag)
        sign = "" if imag.startswith("-") else "+"
        return f"{real_text(value.real).rjust(real_width)}{sign}{imag}j"

    return cell, real_width + imag_width + 1


def _number_format(array: np.ndarray) -> tuple[Callable[[Any], str], int]:
    """How a real number of ``array`` is written, and the width of the longest one.

    Zeros, infinities and nans have no say for floats: they may stand out of the column.
    """
    if array.dtype.kind in "biu":
        return str, max(len(str(value)) for value in array.ravel().tolist())

    numbers = _doubles(array).ravel()
    numbers = numbers[np.isfinite(numbers) & (numbers != 0)]
    text = _float_format(numbers)
    return text, max((len(text(value)) for value in numbers.tolist()), default=1)


def _float_format(numbers: np.ndarray) -> Callable[[float], str]:
    """``1.``, ``1.0000`` or ``1.0000e+00``: one notation for these non-zero finite numbers."""
    if numbers.size == 0:
        return _whole

    precision = _options["precision"]
    magnitudes = np.abs(numbers)
    smallest, largest = float(magnitudes.min()), float(magnitudes.max())
    whole = bool((numbers == np.floor(numbers)).all())

    sci_mode = _options["sci_mode"]
    if sci_mode is None:
        sci_mode = largest / smallest > 1000 or largest > 1e8 or smallest < 1e-4
    if sci_mode:
        return lambda value: f"{value:.{precision}e}"
    if whole:
        return _whole
    return lambda value: f"{value:.{precision}f}"


def _whole(value: float) -> str:
    """A float that is an integer, as ``3.``; infinities and nans without the point."""
    return f"{value:.0f}." if math.isfinite(value) else f"{value:.0f}"


def _brackets(
    values: Any,
    cell: Callable[[Any], str],
    cut: list[bool],
    edge: int,
    per_line: int,
    indent: int,
) -> str:
    """Nested lists as nested brackets, ``...`` standing in the middle of each cut dimension."""
    if not cut:
        return cell(values)

    next_line = "\n" + " " * (indent + 1)
    if len(cut) == 1:
        items = [cell(value) for value in values]
        if cut[0]:
            items.insert(edge, " ...")
        lines = [", ".join(items[i : i + per_line]) for i in range(0, len(items), per_line)]
        return "[" + ("," + next_line).join(lines) + "]"

    blocks = [_brackets(value, cell, cut[1:], edge, per_line, indent + 1) for value in values]
    if cut[0]:
        blocks.insert(edge, "...")
    # Between matrices stands one blank line, between stacks of matrices two, and so on.
    return "[" + ("," + "\n" * (len(cut) - 2) + next_line).join(blocks) + "]"
