"""assert_close's verdicts and texts, and make_tensor's values."""

from __future__ import annotations

import math

import numpy as np
import pytest

import minitorch as mt


def verdict(library, case):
    """What ``assert_close`` says of a case, as text."""
    actual, expected, options = case(library)
    try:
        library.testing.assert_close(actual, expected, **options)
    except (AssertionError, TypeError, ValueError) as error:
        return type(error), str(error)
    return None


CASES = {
    "equal": lambda t: (t.ones(2), t.ones(2), {}),
    "vector": lambda t: (t.tensor([1.0, 2.0]), t.tensor([1.0, 2.1]), {}),
    "matrix": lambda t: (t.tensor([[1.0, 2], [3, 4]]), t.tensor([[1.0, 2], [3.5, 4.5]]), {}),
    "nan": lambda t: (t.tensor([1.0, math.nan]), t.tensor([1.0, math.nan]), {}),
    "equal nan": lambda t: (t.tensor([math.nan]), t.tensor([math.nan]), {"equal_nan": True}),
    "inf": lambda t: (t.tensor([math.inf]), t.tensor([1.0]), {}),
    "0-d": lambda t: (t.tensor(1.0), t.tensor(2.0), {}),
    "floats": lambda t: (1.0, 2.0, {}),
    "near floats": lambda t: (2.0, 2.0000001, {}),
    "ints": lambda t: (1, 2, {}),
    "int and float": lambda t: (1, 1.0, {}),
    "int and float, unchecked": lambda t: (1, 1.0, {"check_dtype": False}),
    "complex": lambda t: (1 + 1j, 1 + 2j, {}),
    "complex tensors": lambda t: (t.tensor([1 + 1j]), t.tensor([1 + 2j]), {}),
    "bools": lambda t: (True, False, {}),
    "bool tensors": lambda t: (t.tensor([True, False]), t.tensor([True, True]), {}),
    "integer tensors": lambda t: (t.tensor([1, 2]), t.tensor([1, 3]), {}),
    "bytes": lambda t: (t.tensor([1], dtype=t.uint8), t.tensor([200], dtype=t.uint8), {}),
    "halves": lambda t: (t.tensor([1.0]).half(), t.tensor([1.01]).half(), {}),
    "shapes": lambda t: (t.ones(2), t.ones(3), {}),
    "dtypes": lambda t: (t.ones(2), t.ones(2).double(), {}),
    "dtypes, unchecked": lambda t: (t.ones(2), t.ones(2).double(), {"check_dtype": False}),
    "strides": lambda t: (t.ones(2, 3).t(), t.ones(3, 2), {"check_stride": True}),
    "list": lambda t: ([t.ones(1), t.ones(1)], [t.ones(1), t.zeros(1)], {}),
    "list and tuple": lambda t: ([1, 2], (1, 2), {}),
    "lengths": lambda t: ([1], [1, 2], {}),
    "dict": lambda t: ({"a": {"b": [t.ones(())]}}, {"a": {"b": [t.zeros(())]}}, {}),
    "keys": lambda t: ({"a": 1}, {"b": 1}, {}),
    "none": lambda t: (None, None, {}),
    "none and tensor": lambda t: (t.ones(1), None, {}),
    "tolerances": lambda t: (t.tensor([1.0]), t.tensor([1.3]), {"rtol": 0.2, "atol": 0}),
    "within tolerances": lambda t: (t.tensor([1.0]), t.tensor([1.1]), {"rtol": 0.2, "atol": 0}),
    "exact": lambda t: (t.zeros(2), t.ones(2), {"rtol": 0, "atol": 0}),
    "one tolerance": lambda t: (1.0, 1.0, {"rtol": 0.1}),
    "message": lambda t: (1, 2, {"msg": "mine"}),
    "message of message": lambda t: (1, 2, {"msg": lambda text: "Look: " + text}),
    "arrays": lambda t: (np.array([1.0, 2.0]), np.array([1.0, 3.0]), {}),
    "strings": lambda t: ("a", "a", {}),
    "empty": lambda t: (t.ones(0), t.ones(0), {}),
}


@pytest.mark.compare
@pytest.mark.parametrize("name", CASES)
def test_verdicts_are_torchs(name):
    torch = pytest.importorskip("torch")
    assert verdict(mt, CASES[name]) == verdict(torch, CASES[name])


def test_the_text_names_numbers_and_places():
    kind, text = verdict(mt, CASES["matrix"])
    assert kind is AssertionError
    assert text.splitlines() == [
        "Tensor-likes are not close!",
        "",
        "Mismatched elements: 2 / 4 (50.0%)",
        "Greatest absolute difference: 0.5 at index (1, 0) (up to 1e-05 allowed)",
        "Greatest relative difference: 0.1428571492433548 at index (1, 0) (up to 1.3e-06 allowed)",
    ]
    assert verdict(mt, CASES["dict"])[1].endswith("The failure occurred for item ['a']['b'][0]")
    for name in ("equal", "near floats", "none", "empty", "within tolerances", "list and tuple"):
        assert verdict(mt, CASES[name]) is None
    for name in ("keys", "lengths", "shapes", "dtypes", "bools", "none and tensor", "nan"):
        assert verdict(mt, CASES[name])[0] is AssertionError
    assert verdict(mt, CASES["one tolerance"])[0] is ValueError
    assert verdict(mt, CASES["strings"])[0] is TypeError


def test_subclasses():
    parameter = mt.nn.Parameter(mt.ones(1))
    mt.testing.assert_close(parameter, mt.ones(1))
    with pytest.raises(TypeError, match="No comparison pair"):
        mt.testing.assert_close(parameter, mt.ones(1), allow_subclasses=False)
    with pytest.raises(TypeError, match="No comparison pair"):
        mt.testing.assert_close(mt.ones(1), 1.0)


def test_the_old_name():
    with pytest.warns(FutureWarning, match="assert_allclose"):
        mt.testing.assert_allclose(mt.ones(2), [1.0, 1.00001])
    with pytest.warns(FutureWarning), pytest.raises(AssertionError, match="not close"):
        mt.testing.assert_allclose(mt.ones(2), mt.zeros(2))


MADE = {
    "floats": lambda t: {"dtype": t.float32},
    "doubles": lambda t: {"dtype": t.float64, "low": -1, "high": 1},
    "halves": lambda t: {"dtype": t.float16},
    "complex": lambda t: {"dtype": t.complex64},
    "ints": lambda t: {"dtype": t.int64},
    "narrow": lambda t: {"dtype": t.int8, "low": 0, "high": 3},
    "bytes": lambda t: {"dtype": t.uint8, "low": -5, "high": 300},
    "bools": lambda t: {"dtype": t.bool},
    "between": lambda t: {"dtype": t.int64, "low": 0.5, "high": 3.5},
    "gaps": lambda t: {"dtype": t.float32, "noncontiguous": True},
    "no zero": lambda t: {"dtype": t.int64, "low": -1, "high": 2, "exclude_zero": True},
    "everything": lambda t: {"dtype": t.float32, "low": -math.inf, "high": math.inf},
    "leaf": lambda t: {"dtype": t.float32, "requires_grad": True},
}


@pytest.mark.compare
@pytest.mark.parametrize("name", MADE)
def test_made_tensors_are_torchs(name):
    torch = pytest.importorskip("torch")
    made = []
    for library in (mt, torch):
        library.manual_seed(3)
        made.append(library.testing.make_tensor((2, 5), device="cpu", **MADE[name](library)))
    assert made[0].detach().numpy() == pytest.approx(made[1].detach().numpy())
    assert made[0].stride() == made[1].stride()
    assert made[0].requires_grad == made[1].requires_grad


def test_made_tensors_keep_their_bounds():
    make = mt.testing.make_tensor
    x = make(3, 4, dtype=mt.float32, device="cpu", low=2, high=3)
    assert x.shape == (3, 4) and ((x >= 2) & (x <= 3)).all()
    x = make([50], dtype=mt.int32, device="cpu", low=-1, high=2, exclude_zero=True)
    assert set(x.tolist()) == {-1, 1}
    assert make((), dtype=mt.bool, device="cpu").dtype is mt.bool
    assert not make(2, 3, dtype=mt.float32, device="cpu", noncontiguous=True).is_contiguous()
    image = make(2, 2, 2, 2, dtype=mt.float32, device="cpu", memory_format=mt.channels_last)
    assert image.stride() == (8, 1, 4, 2)


@pytest.mark.parametrize(
    "options",
    [
        {"low": 2, "high": 1},
        {"low": math.nan},
        {"dtype": mt.int64, "low": 1, "high": 1},
        {"dtype": mt.int64, "requires_grad": True},
        {"dtype": mt.uint8, "low": 300, "high": 301},
        {"noncontiguous": True, "memory_format": mt.channels_last},
    ],
    ids=str,
)
def test_impossible_tensors(options):
    with pytest.raises(ValueError):
        mt.testing.make_tensor(2, **{"dtype": mt.float32, "device": "cpu", **options})
