"""Element types, the default dtype and the one promotion table.

Source: torch's dtypes and type promotion (``torch.promote_types``, ``torch.result_type``).
"""

from __future__ import annotations

import functools

import numpy as np

__all__ = [
    "bfloat16",
    "bool",
    "complex128",
    "complex64",
    "dtype",
    "finfo",
    "float16",
    "float32",
    "float64",
    "from_class_name",
    "from_numpy",
    "get_default_dtype",
    "iinfo",
    "int16",
    "int32",
    "int64",
    "int8",
    "promote_types",
    "set_default_dtype",
    "type_name",
    "uint8",
]


class dtype:
    """The element type of a tensor.

    Compared by identity; prints as torch's (``torch.float32``).
    """

    __module__ = "minitorch"  # where users find it
    __slots__ = (
        "name",
        "rank",
        "is_floating_point",
        "is_complex",
        "is_signed",
        "itemsize",
        "legacy_name",
        "cpp_name",
        "_np",
    )

    name: str
    #: 0 bool, 1 integer, 2 floating point, 3 complex: the category that promotion compares.
    rank: int
    is_floating_point: bool
    is_complex: bool
    is_signed: bool
    #: Bytes per element.
    itemsize: int
    #: What the old tensor classes (``torch.FloatTensor``) call it, and most of torch's messages.
    legacy_name: str
    #: What some messages call it: its name in C++.
    cpp_name: str

    def __init__(self, name, rank, itemsize, legacy_name, cpp_name, is_signed=True):
        self.name = name
        self.rank = rank
        self.is_floating_point = rank == 2
        self.is_complex = rank == 3
        self.is_signed = is_signed
        self.itemsize = itemsize
        self.legacy_name = legacy_name
        self.cpp_name = cpp_name
        self._np = None if name == "bfloat16" else np.dtype(name)

    @property
    def numpy(self) -> np.dtype:
        """The NumPy dtype of the arrays behind such tensors (bfloat16's comes from ml_dtypes)."""
        return self._np or _load_bfloat16()

    def to_complex(self) -> dtype:
        """The complex dtype of this precision.  Source: ``torch.dtype.to_complex``."""
        return complex128 if self is float64 or self is complex128 else complex64

    def to_real(self) -> dtype:
        """The real dtype of this precision.  Source: ``torch.dtype.to_real``."""
        return {complex64: float32, complex128: float64}.get(self, self)

    def __repr__(self):
        return f"torch.{self.name}"

    def __reduce__(self):
        return _by_name, (self.name,)


def _by_name(name):
    return _BY_NAME[name]


bool_ = dtype("bool", 0, 1, "Bool", "bool", is_signed=False)
uint8 = dtype("uint8", 1, 1, "Byte", "unsigned char", is_signed=False)
int8 = dtype("int8", 1, 1, "Char", "signed char")
int16 = dtype("int16", 1, 2, "Short", "short int")
int32 = dtype("int32", 1, 4, "Int", "int")
int64 = dtype("int64", 1, 8, "Long", "long int")
float16 = dtype("float16", 2, 2, "Half", "c10::Half")
bfloat16 = dtype("bfloat16", 2, 2, "BFloat16", "c10::BFloat16")
float32 = dtype("float32", 2, 4, "Float", "float")
float64 = dtype("float64", 2, 8, "Double", "double")
complex64 = dtype("complex64", 3, 8, "ComplexFloat", "c10::complex<float>")
complex128 = dtype("complex128", 3, 16, "ComplexDouble", "c10::complex<double>")

_ALL = (
    bool_,
    uint8,
    int8,
    int16,
    int32,
    int64,
    float16,
    bfloat16,
    float32,
    float64,
    complex64,
    complex128,
)
_BY_NAME = {d.name: d for d in _ALL}
_BY_CLASS_NAME = {f"torch.{d.legacy_name}Tensor": d for d in _ALL}
_FROM_NUMPY = {d._np: d for d in _ALL if d._np is not None}


def _load_bfloat16():
    try:
        import ml_dtypes
    except ImportError:
        raise ImportError("bfloat16 needs the package ml_dtypes: pip install ml_dtypes") from None
    bfloat16._np = np.dtype(ml_dtypes.bfloat16)
    _FROM_NUMPY[bfloat16._np] = bfloat16
    return bfloat16._np


def from_class_name(name: str) -> dtype | None:
    """The dtype of the old tensor class of that name, ``"torch.FloatTensor"``; None if unknown."""
    return _BY_CLASS_NAME.get(name)


def from_numpy(numpy_dtype: np.dtype) -> dtype:
    """The dtype of tensors over arrays of ``numpy_dtype``.

    Raises TypeError where there is none.
    """
    found = _FROM_NUMPY.get(numpy_dtype)
    if found is not None:
        return found
    numpy_dtype = np.dtype(numpy_dtype)
    if numpy_dtype.name == "bfloat16" and _load_bfloat16() == numpy_dtype:
        return bfloat16
    found = _FROM_NUMPY.get(numpy_dtype)
    if found is None:
        raise TypeError(
            f"can't convert np.ndarray of type {type_name(numpy_dtype.type)}. "
            "The only supported types are: float64, float32, float16, complex64, complex128, "
            "int64, int32, int16, int8, uint8, and bool."
        )
    return found


def type_name(kind: type) -> str:
    """A class as torch's messages write it: ``int``, ``Parameter``, but ``numpy.ndarray``."""
    return f"numpy.{kind.__name__}" if kind.__module__ == "numpy" else kind.__name__


_default = float32


def get_default_dtype() -> dtype:
    """The dtype of Python floats in ``tensor``, ``zeros``, integer division and so on."""
    return _default


def set_default_dtype(d: dtype) -> None:
    """Make floating point ``d`` the default dtype.  Raises TypeError for any other."""
    global _default
    if not isinstance(d, dtype):
        raise TypeError(
            "invalid dtype object: only floating-point types are supported as the default type"
        )
    if not d.is_floating_point:
        raise TypeError(f"only floating-point types are supported as the default type, got {d!r}")
    _default = d
    _result_type.cache_clear()


@functools.cache
def promote_types(type1: dtype, type2: dtype) -> dtype:
    """The smallest dtype that holds both, by torch's table (not NumPy's: int64 with float32 is
    float32).
    """
    for d in (type1, type2):
        if not isinstance(d, dtype):
            raise TypeError(f"promote_types(): expected a dtype, got {type(d).__name__}")
    if type1 is type2:
        return type1
    low, high = sorted((type1, type2), key=lambda d: (d.rank, d.itemsize))
    if low.rank != high.rank:
        # Only a wide real beside a narrow complex widens: float64 with complex64.
        return complex128 if high is complex64 and low is float64 else high
    if high.rank == 2 and low.itemsize == high.itemsize:
        return float32  # float16 with bfloat16
    if low is uint8 and high is int8 or low is int8 and high is uint8:
        return int16
    return high


def result_type_of(tensors: tuple, zero_dims: tuple, scalars: tuple) -> dtype:
    """The dtype of an op over three groups, strongest first: tensors with dimensions, 0-d tensors
    (both given as their dtypes) and Python numbers (given as their types).

    A weaker group decides only by its category: ``int64 tensor * 0-d float64`` is float64, while
    ``float32 tensor * 0-d float64`` stays float32.  Source: torch's ``result_type``.
    """
    return _result_type(tensors, zero_dims, scalars)


@functools.lru_cache(maxsize=1024)
def _result_type(tensors, zero_dims, scalars):
    scalar_dtypes = [_scalar_dtype(s) for s in scalars]
    groups = [
        functools.reduce(promote_types, group)
        for group in (tensors, zero_dims, scalar_dtypes)
        if group
    ]
    result = groups[0]
    for weaker in groups[1:]:
        result = _combine(result, weaker)
    return result


def _combine(stronger, weaker):
    if weaker.rank <= stronger.rank:
        return stronger
    if weaker.is_complex and stronger.is_floating_point:
        return stronger.to_complex()
    return promote_types(stronger, weaker)


def _scalar_dtype(python_type):
    if issubclass(python_type, bool):
        return bool_
    if issubclass(python_type, int):
        return int64
    if issubclass(python_type, float):
        return _default
    return _default.to_complex()


class _Limits:
    """What ``finfo`` and ``iinfo`` share: a record of limits that prints like torch's."""

    def __repr__(self):
        fields = ", ".join(f"{name}={_limit_text(getattr(self, name))}" for name in self._shown)
        return f"{type(self).__name__}({fields})"

    def __eq__(self, other):
        return type(self) is type(other) and self.dtype == other.dtype

    def __hash__(self):
        return hash((type(self), self.dtype))


def _limit_text(value):
    # torch: six digits, also of integers.
    return value if isinstance(value, str) else f"{value:g}"


class finfo(_Limits):
    """Limits of a floating point (or complex) dtype: bits, eps, min, max, tiny, smallest_normal,
    resolution.
    """

    __module__ = "minitorch"
    _shown = ("resolution", "min", "max", "eps", "smallest_normal", "tiny", "dtype")

    def __init__(self, type: dtype | None = None):
        type = _default if type is None else type
        if not isinstance(type, dtype) or type.rank < 2:
            raise TypeError(
                "torch.finfo() requires a floating point input type. Use torch.iinfo to handle "
                "'torch.finfo'"
            )
        real = type.to_real()
        if real is bfloat16:
            # Known by definition, so that asking needs no ml_dtypes: 8 exponent and 7 mantissa
            # bits.
            limits = [2.0**-7, 3.3895313892515355e38, 2.0**-126, 0.01]
        else:
            info = np.finfo(real.numpy)
            limits = [float(v) for v in (info.eps, info.max, info.tiny, f"1e-{info.precision}")]
        self.eps, self.max, self.tiny, self.resolution = limits
        self.smallest_normal = self.tiny
        self.min = -self.max
        self.bits = real.itemsize * 8
        self.dtype = real.name


class iinfo(_Limits):
    """Limits of an integer dtype: bits, min, max."""

    __module__ = "minitorch"
    _shown = ("min", "max", "dtype")

    def __init__(self, type: dtype):
        if not isinstance(type, dtype) or type.rank >= 2 or type is bool_:
            raise TypeError(
                "torch.iinfo() requires an integer input type. Use torch.finfo to handle "
                "'torch.iinfo'"
            )
        info = np.iinfo(type.numpy)
        self.min, self.max, self.bits = int(info.min), int(info.max), info.bits
        self.dtype = type.name


def __getattr__(name):
    # ``dtypes.bool`` would hide the builtin inside this module, which checks isinstance(x, bool).
    if name == "bool":
        return bool_
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
