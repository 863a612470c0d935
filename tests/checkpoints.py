"""What the tests of both checkpoint formats share: objects to save, and how to compare them."""

import argparse
import collections
import io
import math

import hypothesis.extra.numpy as hnp
import numpy as np
from hypothesis import strategies as st

from minitorch import dtypes
from minitorch.device import device
from minitorch.nn.parameter import Parameter
from minitorch.size import Size
from minitorch.tensor import Tensor, wrap

PLAIN_DTYPES = (
    *("bool", "uint8", "int8", "int16", "int32", "int64"),
    *("float16", "float32", "float64", "complex64", "complex128"),
)


def arange(*shape, dtype=np.float32):
    return wrap(np.arange(math.prod(shape)).astype(dtype).reshape(shape))


def same(a, b):
    """Whether two objects are equal in types, structure and values, nan being equal to itself."""
    if type(a) is not type(b):
        return False
    if isinstance(a, Tensor):
        return (
            same(a._array, b._array)
            and a.requires_grad == b.requires_grad
            and same(vars(a), vars(b))
        )
    if isinstance(a, np.ndarray):
        return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()
    if isinstance(a, np.generic):
        return a.dtype == b.dtype and repr(a) == repr(b)
    if isinstance(a, (float, complex)):
        return repr(a) == repr(b)
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict):
        return (
            len(a) == len(b)
            and all(map(same, a.keys(), b.keys()))
            and all(map(same, a.values(), b.values()))
        )
    if isinstance(a, argparse.Namespace):
        return same(vars(a), vars(b))
    if isinstance(a, (set, frozenset)):
        return sorted(map(repr, a)) == sorted(map(repr, b))
    return a == b


tensors = st.sampled_from(PLAIN_DTYPES).flatmap(
    lambda dtype: hnp.arrays(dtype, hnp.array_shapes(min_dims=0, min_side=0, max_side=3))
)
scalars = st.sampled_from((*PLAIN_DTYPES, "uint16", "uint32", "uint64")).flatmap(
    lambda dtype: hnp.arrays(dtype, ()).map(lambda array: array[()])
)
hashable = st.recursive(
    st.one_of(
        *(st.none(), st.booleans(), st.integers(), st.floats(), st.complex_numbers()),
        *(st.text(max_size=5), st.binary(max_size=5), st.integers(-(10**400), 10**400)),
        st.sampled_from([dtypes.float32, dtypes.bool_, dtypes.bfloat16, device("cuda:1")]),
        st.lists(st.integers(0, 9)).map(Size),
    ),
    lambda children: st.lists(children, max_size=3).map(tuple),
    max_leaves=4,
)
objects = st.recursive(
    st.one_of(
        hashable,
        scalars,
        tensors,
        tensors.map(wrap),
        st.builds(bytearray, st.binary(max_size=5)),
        st.lists(hashable, max_size=3).map(set),
        st.lists(hashable, max_size=3).map(frozenset),
    ),
    lambda children: st.one_of(
        st.lists(children, max_size=4),
        st.lists(children, max_size=4).map(tuple),
        st.dictionaries(hashable, children, max_size=4),
        st.dictionaries(st.text(max_size=5), children, max_size=4).map(collections.OrderedDict),
        st.dictionaries(hashable, children, max_size=4).map(
            lambda d: collections.defaultdict(list, d)
        ),
        st.dictionaries(hashable, st.integers(), max_size=4).map(collections.Counter),
        st.dictionaries(st.sampled_from(["lr", "epochs", "a b"]), children, max_size=4).map(
            lambda d: argparse.Namespace(**d)
        ),
    ),
    max_leaves=12,
)


def a_bit_of_everything():
    weight = arange(2, 3)
    items = [weight, wrap(weight._array[1]), None, True, 3, 1 << 70, 2.5, math.nan, "text", 1j]
    return {
        "items": items,
        (1, "k"): {1, 2},
        "again": items,
        "p": Parameter(arange(2)),
        "n": np.arange(3, dtype=np.int16),
        "c": wrap(np.array([1j])),
        "s": np.float32(1.5),
        "o": collections.OrderedDict(a=b"bytes"),
        "d": collections.defaultdict(int, x=1),
        "m": wrap(np.array([True, False])),
        "t": (Size([2]), dtypes.int8, device("cpu"), argparse.Namespace(lr=0.1)),
    }


class ReadOnly:
    """The least that a file may offer; it gives a few bytes at a time."""

    def __init__(self, data):
        self._file = io.BytesIO(data)
        self.seek = self._file.seek
        self.tell = self._file.tell

    def read(self, size=-1):
        return self._file.read(size)
