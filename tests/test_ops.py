"""Every op and composite over its samples (tests/samples); only the exceptions name an op.

The first half needs no PyTorch; the second compares with it.
"""

from __future__ import annotations

import warnings

import numpy as np
import pytest

import minitorch as mt
from minitorch.ops._op import COMPOSITES, REGISTRY
from tests.comparing import (
    Failed,
    all_samples,
    array_of,
    assert_same,
    convert,
    function_at,
    map_arrays,
    outcome,
    tensors_in,
)
from tests.samples.base import Fails

SAMPLES = all_samples()
CALLS = [
    pytest.param(path, sample, id=f"{path}-{index}")
    for path, samples in SAMPLES.items()
    for index, sample in enumerate(samples)
]
GOOD_CALLS = [call for call in CALLS if not isinstance(call.values[1], Fails)]


def call(library, path, sample, leaf=lambda tensor: tensor):
    """Call the function at ``path`` with the sample: (what came back, the tensors that went in)."""
    args = convert(library, list(sample.args), leaf)
    kwargs = {name: convert(library, value, leaf) for name, value in sample.kwargs.items()}
    inputs = tensors_in([args, list(kwargs.values())])
    return outcome(function_at(library, path), *args, **kwargs), inputs


def checked(library, path, sample, leaf=lambda tensor: tensor):
    """As :func:`call`, for calls that must not fail."""
    result, inputs = call(library, path, sample, leaf)
    if isinstance(result, Failed):
        raise result.error
    return result, inputs


def with_arrays(sample, change):
    """The sample with ``change`` applied to its arrays."""
    changed = object.__new__(type(sample))
    changed.__dict__.update(sample.__dict__)
    changed.args = map_arrays(change, list(sample.args))
    changed.kwargs = {name: map_arrays(change, value) for name, value in sample.kwargs.items()}
    return changed


def leaves_of(library, sample):
    """The sample's args with its floating point arrays as leaves: (args, kwargs, leaves)."""
    leaves = []

    def leaf(tensor):
        if tensor.is_floating_point() or tensor.is_complex():
            leaves.append(tensor.requires_grad_())
        return tensor

    chosen = range(len(sample.args)) if sample.grad is True else sample.grad
    args = [
        convert(library, arg, leaf if i in chosen else lambda t: t)
        for i, arg in enumerate(sample.args)
    ]
    in_kwargs = leaf if sample.grad is True else lambda t: t
    kwargs = {name: convert(library, value, in_kwargs) for name, value in sample.kwargs.items()}
    return args, kwargs, leaves


def tracked_call(library, path, sample):
    """The differentiable results and the leaves; raises what the call raises."""
    args, kwargs, leaves = leaves_of(library, sample)
    # A copy in between: functions that work in place refuse leaves.
    if path.endswith("_") and leaves and leaves[0] is args[0]:
        args[0] = args[0].clone()
    result = function_at(library, path)(*args, **kwargs)
    return [t for t in tensors_in([result]) if t.requires_grad], leaves


def direction(library, tensors, seed):
    """Random tensors like ``tensors``, the same in both libraries."""
    random = np.random.default_rng(seed)
    made = []
    for tensor in tensors:
        values = random.standard_normal(tuple(tensor.shape))
        if tensor.is_complex():
            values = values + 1j * random.standard_normal(tuple(tensor.shape))
        made.append(library.from_numpy(np.asarray(values)).to(tensor.dtype))
    return made


def gradients(library, path, sample):
    """The gradients in one random direction, and the gradients of those in another one."""
    outputs, leaves = tracked_call(library, path, sample)
    if not outputs or not leaves:
        return [t is not None for t in outputs], [], []
    along = [d.requires_grad_() for d in direction(library, outputs, 1)]
    second_order = sample.second
    first = library.autograd.grad(
        outputs, leaves, along, create_graph=second_order, allow_unused=True, materialize_grads=True
    )
    again = [g for g in first if g.requires_grad] if second_order else []
    if not again:
        return [True for _ in outputs], first, []
    second = library.autograd.grad(
        again,
        [*leaves, *along],
        direction(library, again, 2),
        allow_unused=True,
        materialize_grads=True,
    )
    return [True for _ in outputs], first, second


# --- without PyTorch ------------------------------------------------------------------------------

#: Public ops and composites without samples, each with the reason.
NO_SAMPLES = {
    "gumbel_softmax": "random: tests/test_random.py",
    "spmm": "sparse: tests/test_sparse.py",
}


def test_every_public_op_has_samples():
    missing = []
    for record in (*REGISTRY.values(), *COMPOSITES.values()):
        if not (record.public or record.method) or record.name in NO_SAMPLES:
            continue
        paths = (
            record.name,
            f"{record.home}.{record.name}",
            f"Tensor.{record.name}",
            f"Tensor.{record.name}_",
        )
        if not any(path in SAMPLES for path in paths):
            missing.append(record.name)
    assert not missing


def test_every_sample_names_a_function():
    assert not [path for path in SAMPLES if function_at(mt, path) is None]


@pytest.mark.parametrize("path, sample", GOOD_CALLS)
def test_inputs_are_left_alone(path, sample):
    before = [array for array in tensors_in(call(mt, path, sample, lambda t: t.clone())[1])]
    _, inputs = call(mt, path, sample)
    for tensor, original in zip(
        inputs[path.endswith("_") :], before[path.endswith("_") :], strict=True
    ):
        np.testing.assert_array_equal(tensor._array, original._array)
        assert tensor._version == 0


@pytest.mark.parametrize("path, sample", GOOD_CALLS)
def test_only_views_share_memory(path, sample):
    result, inputs = checked(mt, path, sample)
    for tensor in tensors_in([result]):
        if tensor._view is None and not any(tensor is x for x in inputs):
            for x in inputs:
                shared = np.shares_memory(tensor._array, x._array)
                assert not shared or tensor._counter is x._counter, (
                    "a result that is no view shares memory"
                )


def strided(array):
    """The same elements, every other one of a larger array, its dimensions in reverse order."""
    if not array.ndim:
        return array
    spaced = np.zeros([2 * n for n in array.shape[::-1]], array.dtype).T
    view = spaced[tuple(slice(None, None, 2) for _ in array.shape)]
    view[...] = array
    return view


@pytest.mark.parametrize("path, sample", GOOD_CALLS)
def test_memory_layout_does_not_matter(path, sample):
    if path in LAYOUT_MATTERS:
        pytest.skip(LAYOUT_MATTERS[path])
    result, _ = checked(mt, path, sample)
    args = map_arrays(strided, list(sample.args))

    def tensors(value):
        return convert_without_copy(value)

    kwargs = {name: tensors(map_arrays(strided, value)) for name, value in sample.kwargs.items()}
    of_strided = outcome(function_at(mt, path), *map(tensors, args), **kwargs)
    assert_same(of_strided, result, 1e-7 if "float32" in repr(sample) else None)


#: Functions about memory itself.
LAYOUT_MATTERS = {
    "as_strided": "reads memory by its strides",
    "Tensor.as_strided_": "reads memory by its strides",
    "Tensor.view": "refuses what it cannot view",
    "view_as_complex": "needs pairs side by side",
    "Tensor.resize_": "keeps the elements in the order of memory",
    "Tensor.resize_as_": "keeps the elements in the order of memory",
}


def convert_without_copy(value):
    """As ``convert``, with the arrays' own memory."""
    if isinstance(value, np.ndarray):
        return mt.from_numpy(value)
    if isinstance(value, np.dtype):
        return getattr(mt, value.name)
    if isinstance(value, (list, tuple)):
        return type(value)(convert_without_copy(item) for item in value)
    return value


def record_of(path):
    """The op or composite behind a path, and its function's name; (None, name) for others."""
    name = path.rpartition(".")[2]
    return REGISTRY.get(name) or COMPOSITES.get(name), name


@pytest.mark.parametrize("path, sample", GOOD_CALLS)
def test_the_method_is_the_function(path, sample):
    record, name = record_of(path)
    if (
        record is None
        or not record.method
        or path != name
        or not isinstance(sample.args and sample.args[0], np.ndarray)
    ):
        pytest.skip("no method")
    expected, _ = checked(mt, path, sample)
    args = convert(mt, list(sample.args))
    kwargs = {key: convert(mt, value) for key, value in sample.kwargs.items()}
    for alias in (name, *record.aliases):
        assert_same(getattr(args[0], alias)(*args[1:], **kwargs), expected)


@pytest.mark.parametrize("path, sample", GOOD_CALLS)
def test_out_receives_the_result(path, sample):
    record, name = record_of(path)
    takes_out = (
        "out"
        in getattr(
            getattr(record, "function", None), "__signature__", type("", (), {"parameters": {}})
        ).parameters
    )
    if path != name or not takes_out:
        pytest.skip("no out=")
    expected, inputs = checked(mt, path, sample)
    out = (
        tuple(map(mt.empty_like, expected))
        if isinstance(expected, tuple)
        else mt.empty_like(expected)
    )
    args = convert(mt, list(sample.args))
    kwargs = {key: convert(mt, value) for key, value in sample.kwargs.items()}
    result = function_at(mt, path)(*args, **kwargs, out=out)
    assert result is out or tuple(map(id, result)) == tuple(map(id, out))
    assert_same(out, expected)


@pytest.mark.parametrize("path, sample", GOOD_CALLS)
def test_gradients_against_finite_differences(path, sample):
    if sample.grad is False or "float32" in repr(sample):
        pytest.skip("no gradients, or too coarse")
    if path in SYMMETRIC:
        pytest.skip(SYMMETRIC[path])
    outputs, leaves = tracked_call(mt, path, sample)
    if (
        not outputs
        or not leaves
        or any(t.dtype not in (mt.float64, mt.complex128) for t in outputs)
    ):
        pytest.skip("not differentiable")
    steps = [np.asarray(d._array) for d in direction(mt, leaves, 3)]
    along = direction(mt, outputs, 1)
    exact = mt.autograd.grad(outputs, leaves, along, allow_unused=True, materialize_grads=True)
    if any(np.abs(x._array).max(initial=0) > 1e6 for x in leaves):
        pytest.skip("too large for a small step")

    def value(epsilon):
        """The outputs along one direction, with the leaves moved along another."""
        args, kwargs, leaves = leaves_of(mt, sample)
        with mt.no_grad():
            for leaf, step in zip(leaves, steps, strict=True):
                leaf += mt.from_numpy(np.asarray(epsilon * step))
            results = [
                t
                for t in tensors_in([outcome(function_at(mt, path), *args, **kwargs)])
                if t.dtype.rank >= 2
            ]
        if len(results) != len(along):
            return np.nan
        return sum(
            np.sum((r._array * np.conj(d._array)).real) for r, d in zip(results, along, strict=True)
        )

    with np.errstate(all="ignore"):
        slope = sum(np.sum((g._array * np.conj(d)).real) for g, d in zip(exact, steps, strict=True))
        here, *around = (value(epsilon) for epsilon in (0.0, 1e-6, -1e-6, 4e-6, -4e-6))
        near, far = (around[0] - around[1]) / 2e-6, (around[2] - around[3]) / 8e-6
        kink = abs(around[0] - 2 * here + around[1]) / 1e-6 + abs(near - far)
    if not np.isfinite(kink) or kink > 1e-3 * (1 + abs(slope)):
        pytest.skip("not smooth here")
    assert slope == pytest.approx(near, rel=1e-4, abs=1e-5)


#: Functions that read one triangle only: finite differences see that, gradients are symmetric.
SYMMETRIC = dict.fromkeys(
    ("linalg.cholesky", "linalg.eigvalsh", "linalg.eigh"), "reads one triangle"
)


KERNELS = [name for name, record in REGISTRY.items() if "numpy" in record.kernels]


@pytest.mark.parametrize(
    "path, sample", [c for c in GOOD_CALLS if record_of(c.values[0])[1] in KERNELS]
)
def test_a_kernel_computes_what_its_body_does(path, sample, monkeypatch):
    expected, _ = checked(mt, path, sample)
    record, _ = record_of(path)
    monkeypatch.setattr(record, "forward", record.body)
    assert_same(checked(mt, path, sample)[0], expected)


# --- with PyTorch ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def torch():
    module = pytest.importorskip("torch")
    module.set_num_threads(1)
    return module


@pytest.mark.compare
@pytest.mark.parametrize("path, sample", CALLS)
def test_same_result_as_torch(path, sample, torch):
    ours, our_inputs = call(mt, path, sample)
    theirs, their_inputs = call(torch, path, sample)
    if path in UP_TO_SIGNS and not isinstance(theirs, Failed):
        ours_abs, theirs_abs = (
            [np.abs(array_of(t)) for t in tensors_in([result])] for result in (ours, theirs)
        )
        for pair in zip(ours_abs, theirs_abs, strict=True):
            np.testing.assert_allclose(*pair, atol=1e-9)
        return
    assert_same(ours, theirs, sample.tolerance)
    if not isinstance(theirs, Failed) and path not in COPIES:
        assert sharing(ours, our_inputs) == sharing(theirs, their_inputs), (
            "what shares memory with what"
        )


def sharing(result, inputs):
    """For each result, whether it shares its storage with each input."""
    results = [t for t in tensors_in([result]) if t.numel()]

    def storage(tensor):
        return tensor.untyped_storage().data_ptr()

    return [[storage(r) == storage(x) for x in inputs if x.numel()] for r in results]


#: Decompositions whose vectors have a free sign.
UP_TO_SIGNS = ("linalg.svd", "svd", "linalg.eigh", "linalg.eig")

#: Results that are copies here and share memory in torch.
COPIES = {
    "conj": "torch marks a view as conjugated, without computing",
    "adjoint": "torch marks a view as conjugated, without computing",
    "conj_physical": "torch returns a real tensor itself",
}


@pytest.mark.compare
@pytest.mark.parametrize("path, sample", GOOD_CALLS)
def test_same_gradients_as_torch(path, sample, torch):
    if sample.grad is False:
        pytest.skip("this sample has no gradients to compare")
    theirs = outcome(gradients, torch, path, sample)
    ours = outcome(gradients, mt, path, sample)
    tolerance = tolerance_of(sample)
    if isinstance(theirs, Failed) or isinstance(ours, Failed):
        assert_same(ours, theirs)
        return
    assert ours[0] == theirs[0], "which results require grad"
    assert_same(ours[1], theirs[1], tolerance, "first gradients")
    if sample.second and ours[2] and theirs[2]:
        assert_same(ours[2], theirs[2], 10 * tolerance, "second gradients")
    else:
        assert all(not array_of(g).any() for g in (*ours[2], *theirs[2])), (
            "one has no second gradients"
        )


def tolerance_of(sample):
    """How exact a sample's gradients are: of float32 inputs also where the results are wider."""
    return max(sample.tolerance or 0, 1e-4 if "float32" in repr(sample) else 1e-8)


@pytest.mark.compare
@pytest.mark.parametrize("path, sample", GOOD_CALLS)
def test_same_node_names_as_torch(path, sample, torch):
    if sample.grad is False:
        pytest.skip("no gradients")
    if path in OTHER_NODES:
        pytest.skip(OTHER_NODES[path])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs, _ = tracked_call(torch, path, sample)
        ours, _ = tracked_call(mt, path, sample)
    assert [t.grad_fn and t.grad_fn.name() for t in ours] == [
        t.grad_fn and t.grad_fn.name() for t in theirs
    ]


#: Functions whose results name another node than torch's.
OTHER_NODES = {
    **dict.fromkeys(
        """linalg.solve linalg.solve_triangular linalg.cholesky linalg.matrix_power
        linalg.matrix_norm linalg.norm""".split(),
        "composed of other steps",
    ),
    "diff": "a copy where nothing is subtracted",
    "matmul": "no copy of broadcast batches",
    **dict.fromkeys(("clamp_min", "clamp_max"), "clamp"),
    **dict.fromkeys(
        ("nn.functional.pixel_shuffle", "nn.functional.pixel_unshuffle"), "views and a copy here"
    ),
    "sort": "torch numbers the call with stable=",
    "conj_physical": "torch returns a real tensor itself",
}


@pytest.mark.compare
@pytest.mark.parametrize("path, sample", [c for c in GOOD_CALLS if c.values[1].inplace])
def test_same_in_place_as_torch(path, sample, torch):
    _, name = record_of(path)
    twin = f"Tensor.{name}_"
    if (
        path.endswith("_")
        or function_at(torch, twin) is None
        or not isinstance(sample.args and sample.args[0], np.ndarray)
    ):
        pytest.skip("no in-place twin")
    assert_same(call(mt, twin, sample)[0], call(torch, twin, sample)[0])
    if sample.grad is not False and path not in IN_PLACE_GRADIENTS:
        theirs = outcome(gradients, torch, twin, sample)
        assert_same(outcome(gradients, mt, twin, sample), theirs, tolerance_of(sample))


#: In-place twins whose gradients differ from torch's, or are missing there.
IN_PLACE_GRADIENTS = {
    **dict.fromkeys(("asinh", "acosh", "atanh"), "torch has no gradient for the in-place form"),
    **dict.fromkeys(("eq", "ne", "lt", "le", "gt", "ge"), "torch records a node that gives zeros"),
    "addbmm": "torch lets the result have another shape than the tensor",
}


#: What differs from torch for some types of elements.
DTYPES_DIFFER = {
    **dict.fromkeys(UP_TO_SIGNS, "vectors with a free sign"),
    **{
        (path, dtype): "which of equal elements"
        for path in ("topk", "kthvalue")
        for dtype in ("int64", "int32", "uint8")
    },
    **{
        (path, "bool"): "torch limits masks by masks"
        for path in ("clamp", "clamp_min", "clamp_max")
    },
    **{
        (path, "complex64"): "no complex numbers here"
        for path in ("logaddexp", "logcumsumexp", "bincount")
    },
    **{
        (path, "complex64"): "torch lets 0-d tensors pass"
        for path in ("cummax", "cummin", "median", "nanmedian")
    },
    **{(path, "bool"): "torch lets empty tensors pass" for path in ("median", "nanmedian")},
    **{
        ("einsum", dtype): "torch sums integers to int64 in some forms"
        for dtype in ("int32", "uint8", "bool")
    },
    **{
        (f"nn.functional.{name}", dtype): "limits of another kind promote here"
        for name in ("relu6", "hardtanh")
        for dtype in ("int64", "int32", "uint8")
    },
    **{
        (path, dtype): "torch lets empty tensors pass"
        for path in ("softmax", "log_softmax")
        for dtype in ("int64", "int32", "uint8", "bool")
    },
    **{
        ("Tensor.sum_to_size", dtype): "torch sums integers to int64"
        for dtype in ("int32", "uint8", "bool")
    },
    **{("unravel_index", dtype): "torch gives int64 for some" for dtype in ("int32", "uint8")},
    **{(path, "bool"): "masks are not accumulated" for path in ("index_add", "index_put")},
    **{
        ("nn.functional.grid_sample", dtype): "torch lets empty tensors pass"
        for dtype in ("int64", "int32", "uint8", "bool", "complex64")
    },
    ("affine_grid_generator", "uint8"): "negative numbers are no bytes",
    **{("matrix_exp", dtype): "torch overflows" for dtype in ("float16", "bfloat16")},
    ("threshold", "uint8"): "a number beyond the type is refused",
    ("pow", "complex64"): "signs of zero and nan at 0",
    **{("histc", dtype): "torch has edges of half precision" for dtype in ("float16", "bfloat16")},
    **{
        (path, dtype): "torch counts in half precision where a range is given"
        for path in ("histogram", "histogramdd")
        for dtype in ("float16", "bfloat16")
    },
}

DTYPES = ("float32", "float16", "bfloat16", "int64", "int32", "uint8", "bool", "complex64")


@pytest.mark.compare
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("path", SAMPLES)
def test_same_dtypes_as_torch(path, dtype, torch):
    reason = DTYPES_DIFFER.get((path, dtype)) or DTYPES_DIFFER.get(path)
    if reason:
        pytest.skip(reason)

    def change(library):
        target = getattr(library, dtype)
        return lambda t: t.to(target) if t.is_floating_point() else t

    for sample in SAMPLES[path]:
        theirs, _ = call(torch, path, sample, change(torch))
        if isinstance(theirs, Failed) or any(
            str(t.dtype) == "torch.complex32" for t in tensors_in([theirs])
        ):
            continue  # what torch cannot compute, we may; complex32 is no dtype here
        ours, _ = call(mt, path, sample, change(mt))
        assert_same(ours, theirs, 3e-3 if dtype == "float16" else None, repr(sample))
