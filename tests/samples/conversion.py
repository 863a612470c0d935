"""Samples for minitorch/ops/conversion.py.  A NumPy dtype among the arguments stands for that
dtype.
"""

from __future__ import annotations

import numpy as np

from tests.samples.base import Fails, S, boolean, complex_normal, integers, normal

_matrix = normal(3, 4)
_narrow = normal(3, 4, dtype="float32")
_whole = integers(-9, 9, 3)
_float = np.dtype("float32")
_double = np.dtype("float64")
_long = np.dtype("int64")

SAMPLES = {
    "clone": [S(_matrix), S(normal()), S(normal(0)), S(_whole), S(complex_normal(2))],
    "Tensor.contiguous": [S(_matrix), S(normal())],
    "Tensor.to": [
        S(_matrix, _float, _grad=False, _why="rounds"),
        S(_matrix, _double),
        S(_matrix, _long),
        S(_matrix, "cpu"),
        S(_narrow, "cpu", _double),
        S(_narrow, _double, False, True),
        S(_narrow, normal(1)),
        S(_narrow, dtype=_double, copy=True),
        S(_matrix, _double, copy=True),
        S(_matrix, device="cpu", non_blocking=True),
        S(_narrow, float),
        S(_whole, _double),
        S(_matrix, None),
        Fails(_matrix, "cuda"),
        Fails(_matrix, "nowhere"),
        Fails(_matrix, [1]),
        Fails(_matrix, bad=1),
    ],
    "Tensor.type": [
        S(_matrix),
        S(_whole),
        S(_narrow, _double),
        S(_matrix, "torch.LongTensor"),
        Fails(_matrix, "nothing"),
        Fails(_matrix, 3),
    ],
    "Tensor.type_as": [S(_matrix, normal(1, dtype="float32")), S(_whole, _matrix)],
    "Tensor.float": [
        S(_matrix, _grad=False, _why="rounds"),
        S(_whole),
        S(boolean(3)),
        S(normal(2, dtype="float32")),
    ],
    "Tensor.double": [S(_matrix), S(normal(2, dtype="float32"))],
    "Tensor.half": [S(_matrix, _grad=False, _why="rounds")],
    "Tensor.bfloat16": [S(_matrix, _grad=False, _why="rounds")],
    "Tensor.int": [S(_matrix), S(boolean(3))],
    "Tensor.long": [S(_matrix * 5)],
    "Tensor.short": [S(_whole)],
    "Tensor.char": [S(_whole)],
    "Tensor.byte": [S(np.abs(_whole))],
    "Tensor.bool": [S(_whole), S(_matrix)],
    "Tensor.cfloat": [S(_narrow)],
    "Tensor.cdouble": [S(_matrix)],
    "Tensor.cpu": [S(_matrix)],
    "Tensor.cuda": [Fails(_matrix)],
    "detach": [S(_matrix), S(_whole)],
    "detach_": [S(_whole), S(_matrix, _grad=False, _why="a leaf already")],
    "Tensor.is_conj": [S(_matrix)],
    "Tensor.is_neg": [S(_matrix)],
    "Tensor.resolve_conj": [S(_matrix)],
    "Tensor.resolve_neg": [S(_matrix)],
    "result_type": [
        S(_whole, 1.5),
        S(_whole, _matrix),
        S(1, 2),
        S(normal(2, dtype="float32"), normal()),
    ],
    "can_cast": [
        S(_float, _long),
        S(_long, _float),
        S(_long, np.dtype("uint8")),
        S(_float, np.dtype("bool")),
    ],
}
