"""Calling both libraries with one sample, and comparing what comes back."""

from __future__ import annotations

import functools
import importlib
import pkgutil
import warnings

import numpy as np

import minitorch as mt
import tests.samples

#: Relative tolerances by element type; what is missing is compared exactly.
TOLERANCES = {
    "float64": 1e-9,
    "complex128": 1e-9,
    "float32": 2e-5,
    "complex64": 2e-5,
    "float16": 4e-3,
    "bfloat16": 2e-2,
}


def all_samples() -> dict:
    """The samples of every file in tests/samples, by the path of the function under ``torch``."""
    merged = {}
    for info in pkgutil.iter_modules(tests.samples.__path__):
        if info.name not in ("base", "models"):  # models: tests/samples for vision, no ops
            samples = importlib.import_module(f"tests.samples.{info.name}").SAMPLES
            twice = merged.keys() & samples.keys()
            assert not twice, f"samples twice: {sorted(twice)}"
            merged.update(samples)
    return merged


def function_at(library, path: str):
    """The function at a dotted path, ``Tensor.view`` say; None if there is none."""
    try:
        return functools.reduce(getattr, path.split("."), library)
    except AttributeError:
        return None


def convert(library, value, leaf=lambda tensor: tensor):
    """The arrays inside ``value`` as tensors of ``library``, NumPy dtypes as its dtypes."""
    if isinstance(value, np.ndarray):
        return leaf(library.from_numpy(value.copy()))
    if isinstance(value, np.dtype):
        return getattr(library, value.name)
    if isinstance(value, (list, tuple)):
        return type(value)(convert(library, item, leaf) for item in value)
    return value


def map_arrays(function, value):
    """``value`` with ``function`` applied to the arrays inside."""
    if isinstance(value, np.ndarray):
        return function(value)
    if isinstance(value, (list, tuple)):
        return type(value)(map_arrays(function, item) for item in value)
    return value


def is_tensor(value) -> bool:
    return hasattr(value, "requires_grad") and hasattr(value, "untyped_storage")


def tensors_in(value) -> list:
    """The tensors inside nested lists and tuples."""
    if is_tensor(value):
        return [value]
    if isinstance(value, (list, tuple)):
        return [tensor for item in value for tensor in tensors_in(item)]
    return []


def array_of(tensor) -> np.ndarray:
    """The elements of a tensor of either library as a NumPy array; bfloat16 as float32."""
    tensor = tensor.detach()
    if not isinstance(tensor, mt.Tensor):
        tensor = tensor.resolve_conj().resolve_neg()
    if str(tensor.dtype) == "torch.bfloat16":
        tensor = tensor.float()
    return tensor.numpy(force=True)


class Failed:
    """An exception as a result."""

    def __init__(self, error):
        self.error = error
        self.kind = type(error).__name__

    def __repr__(self):
        return f"{self.kind}: {str(self.error)[:200]}"


def outcome(function, *args, **kwargs):
    """What a call returns, or how it failed."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return function(*args, **kwargs)
        except Exception as error:
            return Failed(error)


def assert_same(ours, theirs, tolerance=None, where=""):
    """Compare results: structure, field names, element types, shapes, values, classes of errors."""
    if isinstance(theirs, Failed) or isinstance(ours, Failed):
        both = isinstance(theirs, Failed) and isinstance(ours, Failed)
        assert both and same_class(ours.error, theirs.error), (
            f"{where}: {ours!r}\nbut torch: {theirs!r}"
        )
        return
    if is_tensor(theirs):
        assert is_tensor(ours), f"{where}: {ours!r} is no tensor"
        assert str(ours.dtype) == str(theirs.dtype), (
            f"{where}: {ours.dtype}, but torch: {theirs.dtype}"
        )
        assert tuple(ours.shape) == tuple(theirs.shape), (
            f"{where}: {ours.shape}, but torch: {theirs.shape}"
        )
        assert_close(array_of(ours), array_of(theirs), str(theirs.dtype)[6:], tolerance, where)
    elif isinstance(theirs, (list, tuple)):
        assert len(ours) == len(theirs), f"{where}: {len(ours)} results, but torch: {len(theirs)}"
        # torch's named tuples are C structures: the fields are those that stand in their repr.
        for field in getattr(type(ours), "_fields", ()):
            assert hasattr(theirs, field), f"{where}: torch has no field {field!r}"
        for index, pair in enumerate(zip(ours, theirs, strict=True)):
            assert_same(*pair, tolerance, f"{where}[{index}]")
    elif isinstance(theirs, float):
        assert_close(np.float64(ours), np.float64(theirs), "float64", tolerance, where)
    else:
        assert str(ours) == str(theirs), f"{where}: {ours!r}, but torch: {theirs!r}"


def same_class(ours: Exception, theirs: Exception) -> bool:
    """Whether an ``except`` clause that catches torch's error catches ours too."""
    names = [cls.__name__ for cls in type(ours).__mro__]
    kind = type(theirs)
    return kind.__name__.lstrip("_") in names or isinstance(ours, kind)


def assert_close(ours, theirs, dtype, tolerance=None, where=""):
    """Values within the tolerance of the element type, relative to the largest of them."""
    rtol = max(TOLERANCES.get(dtype, 0), tolerance or 0)
    finite = np.abs(theirs[np.isfinite(theirs)]) if theirs.size and rtol else np.zeros(0)
    atol = rtol * (finite.max() if finite.size else 0) * 0.1 + rtol * 1e-3
    np.testing.assert_allclose(ours, theirs, rtol, atol, err_msg=where)
