"""Tensors and sizes print as torch prints them: fixed cases, then thousands of random ones."""

import copy
import math
import pickle

import numpy as np
import pytest

import minitorch as mt
from minitorch import dtypes
from minitorch.nn.parameter import Parameter
from minitorch.printing import (
    get_printoptions,
    printoptions,
    set_printoptions,
    tensor_format,
    tensor_str,
)
from minitorch.size import Size, size_of
from minitorch.tensor import Tensor, wrap


@pytest.fixture(autouse=True)
def _default_settings():
    yield
    set_printoptions(profile="default")
    dtypes.set_default_dtype(dtypes.float32)


def text_of(values, numpy_dtype=np.float32, **options):
    with printoptions(**options):
        return tensor_str(wrap(np.array(values, dtype=numpy_dtype)))


# --- numbers ---


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (3.0, "tensor(3.)"),
        ([1.0, -2.0], "tensor([ 1., -2.])"),
        ([0.5, 10.0], "tensor([ 0.5000, 10.0000])"),
        ([0.0, -0.0], "tensor([0., -0.])"),
        ([math.nan, math.inf], "tensor([nan, inf])"),
        ([math.nan, 1.0, -math.inf], "tensor([nan, 1., -inf])"),
        ([math.nan, 1.5, -math.inf], "tensor([   nan, 1.5000,   -inf])"),
        (123456.78, "tensor(123456.7812)"),
    ],
)
def test_floats(values, expected):
    assert text_of(values) == expected


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        # A ratio above 1000 ...
        ([0.5, 500.0], "tensor([  0.5000, 500.0000])"),
        ([0.5, 500.5], "tensor([5.0000e-01, 5.0050e+02])"),
        ([1.0, 1000.0], "tensor([   1., 1000.])"),
        ([1.0, 1001.0], "tensor([1.0000e+00, 1.0010e+03])"),
        # ... a value above 1e8 ...
        (1e8, "tensor(100000000.)"),
        (100000008.0, "tensor(1.0000e+08)"),
        # ... or one below 1e-4, which float32 keeps just below.
        (1.1e-4, "tensor(0.0001)"),
        (1e-4, "tensor(1.0000e-04)"),
        # Zeros, infinities and nans have no say.
        ([0.0, 1e-5], "tensor([0.0000e+00, 1.0000e-05])"),
        ([0.0, math.inf, 2.0], "tensor([0., inf, 2.])"),
    ],
)
def test_choice_of_scientific_notation(values, expected):
    assert text_of(values) == expected


@pytest.mark.parametrize(
    ("values", "options", "expected"),
    [
        ([0.5, 2.0], {"precision": 2}, "tensor([0.50, 2.00])"),
        ([0.5, 2.0], {"precision": 0}, "tensor([0, 2])"),
        ([1.0, 2.0], {"sci_mode": True}, "tensor([1.0000e+00, 2.0000e+00])"),
        ([0.0, 0.0], {"sci_mode": True}, "tensor([0., 0.])"),
        ([1.0, 1e12], {"sci_mode": False}, "tensor([           1., 999999995904.])"),
        ([0.5, 1e4], {"sci_mode": False}, "tensor([    0.5000, 10000.0000])"),
        ([0.5, 1.5], {"linewidth": 10}, "tensor([0.5000,\n        1.5000])"),
        ([0.0, 0.0], {"edgeitems": 0}, "tensor([0., 0.], size=(2,))"),
        ([0.0, 0.0], {"edgeitems": 0, "threshold": 1}, "tensor([...], size=(2,))"),
    ],
)
def test_options(values, options, expected):
    assert text_of(values, **options) == expected


@pytest.mark.parametrize(
    ("values", "numpy_dtype", "expected"),
    [
        ([True, False], bool, "tensor([ True, False])"),
        ([1, 200], np.uint8, "tensor([  1, 200], dtype=torch.uint8)"),
        ([1, -100], np.int8, "tensor([   1, -100], dtype=torch.int8)"),
        ([1, -(2**63)], np.int64, "tensor([                   1, -9223372036854775808])"),
        (1.1, np.float16, "tensor(1.0996, dtype=torch.float16)"),
        (1.1, np.float64, "tensor(1.1000, dtype=torch.float64)"),
        ([1 + 2j, -1.5 - 0.5j], np.complex64, "tensor([ 1.0000+2.0000j, -1.5000-0.5000j])"),
        # Each part has its own notation, and only the real part is aligned.
        (
            [1e-5 + 1j, complex(math.nan, -math.inf)],
            np.complex64,
            "tensor([1.0000e-05+1.j,        nan-infj])",
        ),
        ([10 + 1j, 1 - 100j], np.complex64, "tensor([10.+1.j,  1.-100.j])"),
        (1j, np.complex128, "tensor(0.+1.j, dtype=torch.complex128)"),
    ],
)
def test_dtypes(values, numpy_dtype, expected):
    assert text_of(values, numpy_dtype) == expected


def test_bfloat16():
    bfloat16 = pytest.importorskip("ml_dtypes").bfloat16
    assert text_of([1.1, 2], bfloat16) == "tensor([1.1016, 2.0000], dtype=torch.bfloat16)"


def test_signalling_nans_print_without_a_warning():
    signalling = np.array([0x7F800001], np.uint32).view(np.float32)
    with np.errstate(all="raise"):
        assert tensor_str(wrap(signalling)) == "tensor([nan])"


def test_the_default_dtype_is_not_named():
    dtypes.set_default_dtype(dtypes.float64)
    assert text_of(1.5, np.float64) == "tensor(1.5000)"
    assert text_of(1.5, np.float32) == "tensor(1.5000, dtype=torch.float32)"
    assert text_of(1j, np.complex128) == "tensor(0.+1.j)"
    assert text_of(1j, np.complex64) == "tensor(0.+1.j, dtype=torch.complex64)"


# --- layout ---


def test_blank_lines_between_matrices_and_stacks_of_them():
    assert text_of(np.zeros((2, 2, 1, 2))) == (
        "tensor([[[[0., 0.]],\n"
        "\n"
        "         [[0., 0.]]],\n"
        "\n"
        "\n"
        "        [[[0., 0.]],\n"
        "\n"
        "         [[0., 0.]]]])"
    )


def test_long_rows_are_broken():
    assert text_of(np.arange(12) / 7) == (
        "tensor([0.0000, 0.1429, 0.2857, 0.4286, 0.5714, 0.7143, 0.8571, 1.0000, 1.1429,\n"
        "        1.2857, 1.4286, 1.5714])"
    )


def test_large_tensors_show_their_edges():
    assert text_of(np.arange(1000), np.int64).count("\n") == 71
    assert text_of(np.arange(1001), np.int64) == (
        "tensor([   0,    1,    2,  ...,  998,  999, 1000])"
    )
    assert text_of(np.arange(2000).reshape(1000, 2), np.int64) == (
        "tensor([[   0,    1],\n"
        "        [   2,    3],\n"
        "        [   4,    5],\n"
        "        ...,\n"
        "        [1994, 1995],\n"
        "        [1996, 1997],\n"
        "        [1998, 1999]])"
    )


def test_hidden_values_do_not_choose_the_notation():
    values = np.zeros(2000)
    values[1000] = 1e-9
    assert text_of(values) == "tensor([0., 0., 0.,  ..., 0., 0., 0.])"


@pytest.mark.parametrize(
    ("shape", "numpy_dtype", "expected"),
    [
        ((0,), np.float32, "tensor([])"),
        ((0,), np.int64, "tensor([], dtype=torch.int64)"),
        ((0,), np.complex64, "tensor([], dtype=torch.complex64)"),
        ((0, 3), np.float32, "tensor([], size=(0, 3))"),
        ((2, 0, 3), bool, "tensor([], size=(2, 0, 3), dtype=torch.bool)"),
    ],
)
def test_empty(shape, numpy_dtype, expected):
    assert text_of(np.zeros(shape), numpy_dtype) == expected


def test_views_print_what_they_show():
    base = np.arange(6, dtype=np.int64).reshape(2, 3)
    assert tensor_str(wrap(base.T[::2])) == "tensor([[0, 3],\n        [2, 5]])"
    assert tensor_str(wrap(np.broadcast_to(base[:, :1], (2, 3)))) == (
        "tensor([[0, 0, 0],\n        [3, 3, 3]])"
    )


def test_gradient_suffixes():
    leaf = mt.tensor([1.0, 2.0], requires_grad=True)
    assert tensor_str(leaf) == "tensor([1., 2.], requires_grad=True)"
    assert tensor_str(leaf * 2) == "tensor([2., 4.], grad_fn=<MulBackward0>)"
    assert tensor_str(leaf.detach()) == "tensor([1., 2.])"


def test_a_suffix_that_does_not_fit_goes_to_the_next_line():
    leaf = mt.ones(7, dtype=mt.float64, requires_grad=True)
    assert tensor_str(leaf * 1.5) == (
        "tensor([1.5000, 1.5000, 1.5000, 1.5000, 1.5000, 1.5000, 1.5000],\n"
        "       dtype=torch.float64, grad_fn=<MulBackward0>)"
    )


def test_given_contents():
    assert tensor_str(wrap(np.zeros(3, np.float16)), "abc") == "tensor(abc, dtype=torch.float16)"
    assert tensor_str(wrap(np.zeros((0, 2), np.float32)), "abc") == "tensor(abc, size=(0, 2))"


def test_subclasses_print_their_name():
    class Quantity(Tensor):
        pass

    # Rows are indented by the longer name.
    quantity = Quantity([[1.0], [1.0]])
    assert tensor_str(quantity) == "Quantity([[1.],\n          [1.]])"
    assert tensor_str(Parameter(Quantity([1.0]))) == (
        "Parameter(Quantity([1.], requires_grad=True))"
    )


def test_repr_and_str_are_tensor_str():
    tensor = mt.tensor([[1.5, 2.0]])
    assert repr(tensor) == str(tensor) == tensor_str(tensor) == "tensor([[1.5000, 2.0000]])"
    assert repr(Parameter(tensor)) == (
        "Parameter containing:\ntensor([[1.5000, 2.0000]], requires_grad=True)"
    )


# --- format() ---


@pytest.mark.parametrize(
    ("value", "numpy_dtype", "spec", "expected"),
    [
        (1.5, np.float32, "", "1.5"),
        (1.5, np.float32, ".4f", "1.5000"),
        (1.1, np.float32, "", "1.100000023841858"),
        (3, np.int64, "03d", "003"),
        (3, np.int64, ".2f", "3.00"),
        (True, bool, "", "True"),
        (1 + 2j, np.complex64, ".2f", "1.00+2.00j"),
        ([1.0], np.float32, "", "tensor([1.])"),
    ],
)
def test_format(value, numpy_dtype, spec, expected):
    tensor = wrap(np.array(value, numpy_dtype))
    assert tensor_format(tensor, spec) == format(tensor, spec) == expected


def test_format_errors():
    with pytest.raises(TypeError, match="unsupported format string passed to Tensor.__format__"):
        tensor_format(wrap(np.ones(1, np.float32)), ".4f")
    with pytest.raises(ValueError, match="Unknown format code 'd' for object of type 'float'"):
        tensor_format(wrap(np.ones((), np.float32)), "d")


# --- options ---


def test_profiles():
    default = {
        "precision": 4,
        "threshold": 1000,
        "edgeitems": 3,
        "linewidth": 80,
        "sci_mode": None,
    }
    set_printoptions(precision=7, threshold=5, edgeitems=1, linewidth=99, sci_mode=True)
    set_printoptions(profile="default")
    assert get_printoptions() == default
    set_printoptions(profile="full")
    assert get_printoptions() == {**default, "threshold": math.inf}
    set_printoptions(profile="short", edgeitems=7)
    assert get_printoptions() == {**default, "precision": 2, "edgeitems": 7}
    set_printoptions(profile="no such profile")
    assert get_printoptions() == {**default, "precision": 2, "edgeitems": 7}


def test_sci_mode_falls_back_to_automatic_at_each_call():
    set_printoptions(sci_mode=True)
    set_printoptions(precision=3)
    assert get_printoptions()["sci_mode"] is None


def test_printoptions_restores_after_an_error():
    before = get_printoptions()
    with pytest.raises(ZeroDivisionError), printoptions(precision=1, sci_mode=False):
        assert get_printoptions() == {**before, "precision": 1, "sci_mode": False}
        raise ZeroDivisionError
    assert get_printoptions() == before


def test_changing_the_returned_options_changes_nothing():
    get_printoptions()["precision"] = 9
    assert get_printoptions()["precision"] == 4


# --- random cases against torch ---

SPECIAL = [0.0, -0.0, math.nan, math.inf, -math.inf]
BOUNDARIES = [
    *(0.5, 1.0, -1.0, 0.99995, 9.99995, 1000.0, 1001.0, 65504.0, 1e5, -123456.7),
    *(1e-3, 1e-4, 9.999e-5, 99999.5, 99999999.0, 1e8, -1e8, 100000001.0),
]


def random_floats(rng, size):
    """Floats of one character: whole, tiny, huge, mixed, at the boundaries of the rules, ..."""
    scale = 10.0 ** rng.choice([0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, -1, -2, -3, -4, -5, 20, -20, -44])
    kind = rng.integers(7)
    if kind == 0:
        values = rng.normal(size=size) * scale
    elif kind == 1:
        values = np.round(rng.normal(size=size) * scale)
    elif kind == 2:
        values = rng.random(size) * scale
    elif kind == 3:
        values = rng.normal(size=size) * scale * 10.0 ** (8 * rng.random(size) - 4)
    elif kind == 4:
        values = rng.choice(BOUNDARIES + SPECIAL, size)
    elif kind == 5:
        values = np.full(size, rng.choice(BOUNDARIES + SPECIAL))
    else:
        values = rng.integers(-3, 4, size).astype(np.float64)
    if rng.random() < 0.25:
        holes = rng.random(size) < 0.2
        values = np.where(holes, rng.choice(SPECIAL, size), values)
    return values


def random_array(rng, numpy_dtype):
    kind = rng.integers(4)
    if kind == 0:
        shape = (rng.choice([900, 1000, 1001, 3000]),)
    elif kind == 1:
        shape = rng.choice([1, 6, 7, 8, 50], 2)
    else:
        shape = rng.choice([0, 1, 1, 2, 2, 3, 4, 7, 8], rng.integers(6))
    size = tuple(int(length) for length in shape)

    if numpy_dtype.kind in "iu":
        limits = np.iinfo(numpy_dtype)
        bound = int(rng.choice([4, 99, 2**15, 2**40, 2**63 - 1]))
        values = rng.integers(max(limits.min, -bound), min(limits.max, bound), size, endpoint=True)
    elif numpy_dtype.kind == "b":
        values = rng.random(size) < 0.5
    elif numpy_dtype.kind == "c":
        values = np.empty(size, np.complex128)
        values.real, values.imag = random_floats(rng, size), random_floats(rng, size)
    else:
        values = random_floats(rng, size)
    with np.errstate(all="ignore"):
        array = np.asarray(values).astype(numpy_dtype)

    if array.ndim and rng.random() < 0.2:
        array = array.T[::2]
    return array


def random_options(rng):
    choices = {
        "precision": range(12),
        "threshold": [0, 3, 10, 100, math.inf],
        "edgeitems": [0, 1, 2, 3, 5, 50],
        "linewidth": [0, 10, 20, 33, 40, 60, 80, 100, 120, 200],
        "profile": ["short", "full", "default"],
        "sci_mode": [True, False],
    }
    if rng.random() < 0.4:
        return {}
    return {
        name: values[rng.integers(len(values))]
        for name, values in choices.items()
        if rng.random() < 0.3
    }


@pytest.fixture
def torch():
    torch = pytest.importorskip("torch")
    yield torch
    torch.set_printoptions(profile="default")
    torch.set_default_dtype(torch.float32)


def in_torch(torch, array):
    if array.dtype.name == "bfloat16":
        return torch.from_numpy(array.view(np.int16)).view(torch.bfloat16)
    return torch.from_numpy(array)


@pytest.mark.compare
@pytest.mark.parametrize(
    "name",
    [
        *("bool", "uint8", "int8", "int16", "int32", "int64"),
        *("bfloat16", "float16", "float32", "float64", "complex64", "complex128"),
    ],
)
def test_prints_as_torch(torch, name):
    if name == "bfloat16":
        pytest.importorskip("ml_dtypes")
    element = getattr(dtypes, name)
    differentiable = element.is_floating_point or element.is_complex
    rng = np.random.default_rng(sum(map(ord, name)))
    for _ in range(800 if differentiable else 150):
        default = rng.choice(["float32"] * 5 + ["float64", "float16", "bfloat16"])
        torch.set_default_dtype(getattr(torch, default))
        dtypes.set_default_dtype(getattr(dtypes, default))
        options = random_options(rng)
        torch.set_printoptions(**{"profile": "default", **options})
        set_printoptions(**{"profile": "default", **options})

        array = random_array(rng, element.numpy)
        requires_grad = differentiable and rng.random() < 0.2
        theirs = in_torch(torch, array).requires_grad_(requires_grad)
        ours = wrap(array).requires_grad_(requires_grad)
        if requires_grad and rng.random() < 0.5:
            theirs, ours = theirs.clone(), ours.clone()
        assert tensor_str(ours) == repr(theirs), (array, options, default)


@pytest.mark.compare
def test_suffixes_break_where_torch_breaks_them(torch):
    for linewidth in range(85):
        torch.set_printoptions(linewidth=linewidth)
        set_printoptions(linewidth=linewidth)
        for shape in [(0, 3), (2,), (2, 1)]:
            array = np.zeros(shape)
            theirs = torch.from_numpy(array).requires_grad_().clone()
            ours = wrap(array).requires_grad_().clone()
            assert tensor_str(ours) == repr(theirs)


# --- Size ---


def test_size_prints_and_compares():
    size = Size([2, 3])
    assert repr(size) == str(size) == f"{size}" == "torch.Size([2, 3])"
    assert repr(Size()) == "torch.Size([])"
    assert size == (2, 3)
    assert size != [2, 3]
    assert hash(size) == hash((2, 3))
    assert {(2, 3): "found"}[size] == "found"
    assert isinstance(size, tuple)


def test_size_counts_elements():
    assert Size([2, 3]).numel() == 6
    assert Size([]).numel() == 1
    assert Size([2, 0]).numel() == 0


def test_parts_and_sums_of_sizes_are_sizes():
    size = Size([2, 3, 4])
    parts = {
        "torch.Size([3, 4])": size[1:],
        "torch.Size([2, 4])": size[::2],
        "torch.Size([2, 3, 4, 1])": size + (1,),
        "torch.Size([1, 2, 3, 4])": (1,) + size,
        "torch.Size([2, 3, 4, 2, 3, 4])": 2 * size,
        "torch.Size([])": size * 0,
    }
    for text, part in parts.items():
        assert type(part) is Size
        assert repr(part) == text
    assert type(size[0]) is int
    assert size[-1] == 4


def test_size_is_made_of_ints():
    size = Size([True, np.int64(3), 4])
    assert [type(item) for item in size] == [int, int, int]
    assert size == (1, 3, 4)
    assert Size(n for n in (1, 2)) == (1, 2)
    assert type(size_of((2, 3))) is Size


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: Size([1, 2.0]), TypeError, r"torch.Size\(\) takes an iterable of 'int' \(item 1"),
        (lambda: Size(["a"]), TypeError, r"torch.Size\(\) takes an iterable of 'int' \(item 0"),
        (lambda: Size([2**70]), ValueError, "Overflow when unpacking long long"),
        (lambda: Size(3), TypeError, "'int' object is not iterable"),
        (lambda: Size([1]) + (1.5,), TypeError, r"torch.Size\(\) takes an iterable of 'int'"),
        (lambda: Size([1]) + [1], TypeError, "unsupported operand"),
        (lambda: 1 + Size([1]), TypeError, "unsupported operand"),
        (lambda: Size([1])[5], IndexError, "tuple index out of range"),
        (lambda: setattr(Size([1]), "x", 1), AttributeError, "object has no attribute"),
        (lambda: type("Sub", (Size,), {}), TypeError, "type 'torch.Size' is not an acceptable"),
    ],
)
def test_size_errors(make, error, message):
    with pytest.raises(error, match=message):
        make()


def test_size_pickles_and_copies():
    size = Size([2, 3])
    for again in (
        *(pickle.loads(pickle.dumps(size, protocol)) for protocol in range(6)),
        copy.copy(size),
        copy.deepcopy(size),
    ):
        assert type(again) is Size
        assert again == size


def test_classes_print_where_users_find_them():
    shown = [mt.ones(2), mt.ones(2).shape, mt.float32, mt.device("cpu"), mt.strided]
    names = ["Tensor", "Size", "dtype", "device", "layout"]
    assert [repr(type(x)) for x in shown] == [f"<class 'minitorch.{name}'>" for name in names]
    assert repr(type(mt.ones(2, requires_grad=True).exp().grad_fn)) == "<class 'ExpBackward0'>"


# --- limits, modes, classes ---


def test_limits_print_six_digits():
    assert str(mt.finfo(mt.float32)) == (
        "finfo(resolution=1e-06, min=-3.40282e+38, max=3.40282e+38, eps=1.19209e-07, "
        "smallest_normal=1.17549e-38, tiny=1.17549e-38, dtype=float32)"
    )
    assert str(mt.iinfo(mt.int32)) == "iinfo(min=-2.14748e+09, max=2.14748e+09, dtype=int32)"
    assert mt.finfo(mt.float16).resolution == 0.001
    assert mt.iinfo(mt.int32).max == 2**31 - 1


def test_modes_and_handles_print_where_torch_has_them():
    assert repr(mt.set_grad_enabled(True)) == "torch.autograd.grad_mode.set_grad_enabled(mode=True)"
    assert repr(mt.no_grad()).startswith("<minitorch.autograd.grad_mode.no_grad object at 0x")
    handle = mt.ones(1, requires_grad=True).register_hook(lambda g: g)
    assert repr(handle).startswith("<minitorch.utils.hooks.RemovableHandle object at 0x")


def test_in_place_twins_of_views_have_nodes_of_their_own():
    def made_by(name, *arguments):
        tensor = mt.ones(2, 1, 3, requires_grad=True) * 1
        getattr(tensor, name)(*arguments)
        return tensor.grad_fn.name()

    assert made_by("transpose_", 0, 1) == "TransposeBackward1"
    assert made_by("unsqueeze_", 0) == "UnsqueezeBackward1"
    assert made_by("squeeze_") == "SqueezeBackward3"
    assert made_by("squeeze_", 1) == "SqueezeBackward4"


def test_the_forced_line_of_a_sparse_tensor_is_as_long_as_it_is():
    # 79 characters, which would not fit behind numbers.
    last = str(mt.ones(2, 3, requires_grad=True).to_sparse()).split("\n")[-1]
    assert last == (
        "       size=(2, 3), nnz=6, layout=torch.sparse_coo, grad_fn=<ToSparseBackward1>)"
    )


def test_clamps_by_one_limit_have_nodes_of_their_own():
    leaf = mt.ones(2, requires_grad=True)
    assert leaf.clamp_min(0).grad_fn.name() == "ClampMinBackward0"
    assert leaf.clamp_max(leaf).grad_fn.name() == "ClampMaxBackward1"


@pytest.mark.compare
def test_limits_print_as_torch(torch):
    for name in ("float16", "bfloat16", "float32", "float64", "complex64"):
        assert str(mt.finfo(getattr(mt, name))) == str(torch.finfo(getattr(torch, name)))
    for name in ("int8", "uint8", "int16", "int32", "int64"):
        assert str(mt.iinfo(getattr(mt, name))) == str(torch.iinfo(getattr(torch, name)))
