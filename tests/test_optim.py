"""The optimizers: against PyTorch step by step, and against their formulas in NumPy."""

import copy
import importlib
import pickle
import weakref

import numpy as np
import pytest

import minitorch as mt
from minitorch.optim import optimizer as optimizer_module
from minitorch.optim.optimizer import required

CASES = {
    "Adadelta": [
        {},
        {"lr": 0.5, "rho": 0.7, "eps": 1e-3},
        {"weight_decay": 0.05, "maximize": True},
        {"eps": 1e-2, "foreach": True},
    ],
    "SGD": [
        {"lr": 0.1},
        {"lr": 0.1, "weight_decay": 0.05},
        {"lr": 0.1, "momentum": 0.9},
        {"lr": 0.1, "momentum": 0.9, "dampening": 0.3, "weight_decay": 0.05},
        {"lr": 0.1, "momentum": 0.9, "nesterov": True, "weight_decay": 0.05},
        {"lr": 0.1, "momentum": 0.9, "maximize": True, "weight_decay": 0.05},
        {"lr": 0.1, "maximize": True},
        {"lr": 0.1, "momentum": 0.9, "foreach": True},
        {"lr": 0.1, "momentum": 0.9, "fused": True},
    ],
    "Adam": [
        {},
        {"lr": 0.1, "betas": (0.8, 0.95), "eps": 1e-3},
        {"lr": 0.1, "betas": (0.3, 0.0)},
        {"lr": 0.1, "weight_decay": 0.05},
        {"lr": 0.1, "weight_decay": 0.05, "decoupled_weight_decay": True},
        {"lr": 0.1, "amsgrad": True, "weight_decay": 0.05},
        {"lr": 0.1, "maximize": True, "weight_decay": 0.05},
        {"lr": 0.1, "foreach": True},
        {"lr": 0.1, "fused": True},
    ],
    "AdamW": [
        {},
        {"lr": 0.1, "weight_decay": 0.1},
        {"lr": 0.1, "weight_decay": 0.0},
        {"lr": 0.1, "amsgrad": True, "maximize": True},
    ],
    "RMSprop": [
        {},
        {"lr": 0.1, "alpha": 0.8, "eps": 1e-3},
        {"lr": 0.1, "weight_decay": 0.05},
        {"lr": 0.1, "momentum": 0.9},
        {"lr": 0.1, "centered": True},
        {"lr": 0.1, "centered": True, "momentum": 0.9, "maximize": True, "weight_decay": 0.05},
    ],
    "RAdam": [
        {},
        {"lr": 0.1, "betas": (0.8, 0.95), "eps": 1e-3},
        {"lr": 0.1, "betas": (0.3, 0.6), "weight_decay": 0.05},
        {"lr": 0.1, "weight_decay": 0.05, "decoupled_weight_decay": True, "maximize": True},
        {"lr": 0.1, "betas": (0.9, 0.8), "foreach": True},
    ],
    "NAdam": [
        {},
        {"lr": 0.1, "betas": (0.8, 0.95), "eps": 1e-3, "momentum_decay": 0.1},
        {"lr": 0.1, "weight_decay": 0.05, "maximize": True},
        {"lr": 0.1, "weight_decay": 0.05, "decoupled_weight_decay": True},
        {"lr": 0.1, "foreach": True},
    ],
    "Adamax": [
        {},
        {"lr": 0.1, "betas": (0.8, 0.95), "eps": 1e-3},
        {"lr": 0.1, "weight_decay": 0.05, "maximize": True},
        {"lr": 0.1, "foreach": True},
    ],
    "ASGD": [
        {},
        {"lr": 0.1, "lambd": 0.1, "t0": 3},
        {"lr": 0.1, "alpha": 0.5, "t0": 0, "weight_decay": 0.05, "maximize": True},
        {"lr": 0.1, "t0": 2, "foreach": False},  # torch: True computes the rates in float32
    ],
    "Rprop": [
        {},
        {"lr": 0.1, "etas": (0.3, 2.0)},
        {"lr": 0.1, "step_sizes": (0.05, 0.13), "maximize": True},
        {"lr": 0.1, "foreach": True},
    ],
    "Adagrad": [
        {},
        {"lr": 0.1, "lr_decay": 0.1},
        {"lr": 0.1, "weight_decay": 0.05, "initial_accumulator_value": 0.5, "eps": 1e-3},
        {"lr": 0.1, "maximize": True},
        {"lr": 0.1, "fused": True},
    ],
}
EVERY_CASE = [
    pytest.param(name, options, id=f"{name}-{'-'.join(options) or 'default'}")
    for name, cases in CASES.items()
    for options in cases
]
EVERY_OPTIMIZER = list(CASES)


def test_every_optimizer_has_cases():
    # In tests/test_lbfgs.py, test_matrix_optimizers.py and test_sparse_adam.py.
    others = {"LBFGS", "Adafactor", "Muon", "SparseAdam", "Optimizer", "lr_scheduler", "swa_utils"}
    assert set(mt.optim.__all__) - others == set(CASES)


SHAPES = [(3, 4), (4,), (), (2, 3, 5), (0, 3)]


@pytest.fixture
def torch():
    return pytest.importorskip("torch")


def parameters(lib, dtype="float64", shapes=SHAPES, seed=0):
    """Parameters with the same values in both libraries."""
    rng = np.random.default_rng(seed)
    arrays = [rng.standard_normal(shape).astype(dtype) for shape in shapes]
    return [lib.tensor(array, requires_grad=True) for array in arrays]


def gradients(step, dtype="float64", shapes=SHAPES):
    rng = np.random.default_rng(1000 + step)
    return [rng.standard_normal(shape).astype(dtype) for shape in shapes]


def train(lib, optimizer, params, steps, start=0):
    """Steps with gradients that depend on the number of the step alone."""
    for step in range(start, start + steps):
        optimizer.zero_grad()
        arrays = gradients(step, params[0].detach().numpy().dtype, [tuple(p.shape) for p in params])
        for p, array in zip(params, arrays, strict=True):
            p.grad = lib.tensor(array)
        optimizer.step()


def optimizer_module_of(lib):
    """torch hides its module from attribute access."""
    return importlib.import_module(f"{lib.__name__}.optim.optimizer")


def numpy_of(tensor):
    return tensor.detach().numpy()


def assert_close(ours, theirs, dtype):
    tolerance = (
        {"rtol": 3e-6, "atol": 1e-6} if dtype == "float32" else {"rtol": 1e-12, "atol": 1e-14}
    )
    assert ours.dtype == theirs.dtype
    np.testing.assert_allclose(ours, theirs, **tolerance)


def assert_same_state(ours, theirs, dtype):
    assert list(ours["state"]) == list(theirs["state"])
    for number, state in theirs["state"].items():
        assert list(ours["state"][number]) == list(state)
        for key, value in state.items():
            mine = ours["state"][number][key]
            assert isinstance(mine, mt.Tensor)
            assert not mine.requires_grad
            assert_close(mine.numpy(), value.numpy(), dtype)
    assert [list(group) for group in ours["param_groups"]] == [
        list(group) for group in theirs["param_groups"]
    ]
    assert ours["param_groups"] == theirs["param_groups"]


def converted(lib, state_dict):
    """A state dict of one library as one of the other."""
    if isinstance(state_dict, dict):
        return {key: converted(lib, value) for key, value in state_dict.items()}
    if isinstance(state_dict, list):
        return [converted(lib, value) for value in state_dict]
    if hasattr(state_dict, "numpy"):
        return lib.tensor(state_dict.numpy().copy())
    return state_dict


# --- against PyTorch ------------------------------------------------------------------------------


@pytest.mark.compare
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name, options", EVERY_CASE)
def test_twelve_steps_as_torch(torch, name, options, dtype):
    params, twins = parameters(mt, dtype), parameters(torch, dtype)
    optimizer = getattr(mt.optim, name)(params, **options)
    twin = getattr(torch.optim, name)(twins, **options)
    assert_same_state(optimizer.state_dict(), twin.state_dict(), dtype)
    for step in range(12):
        train(mt, optimizer, params, 1, step)
        train(torch, twin, twins, 1, step)
        for p, q in zip(params, twins, strict=True):
            assert_close(numpy_of(p), numpy_of(q), dtype)
    assert_same_state(optimizer.state_dict(), twin.state_dict(), dtype)
    assert repr(optimizer) == repr(twin)


@pytest.mark.compare
@pytest.mark.parametrize("name", EVERY_OPTIMIZER)
def test_groups_have_their_own_options(torch, name):
    options = CASES[name][-1]
    results = []
    for lib in (mt, torch):
        a, b, c, d, e = parameters(lib)
        groups = [
            {"params": [a, b], "lr": 0.3},
            {"params": c, "weight_decay": 0.2, "note": "mine"},
            {"params": iter([d])},
        ]
        optimizer = getattr(lib.optim, name)(groups, **options)
        train(lib, optimizer, [a, b, c, d], 5)
        optimizer.add_param_group({"params": [e], "lr": 0.01})
        train(lib, optimizer, [a, b, c, d, e], 5, start=5)
        results.append(([a, b, c, d, e], optimizer))
    (params, optimizer), (twins, twin) = results
    for p, q in zip(params, twins, strict=True):
        assert_close(numpy_of(p), numpy_of(q), "float64")
    assert_same_state(optimizer.state_dict(), twin.state_dict(), "float64")
    assert repr(optimizer) == repr(twin)


@pytest.mark.compare
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name, options", EVERY_CASE)
def test_state_dicts_travel_both_ways(torch, name, options, dtype):
    params, twins = parameters(mt, dtype), parameters(torch, dtype)
    optimizer = getattr(mt.optim, name)(params, **options)
    twin = getattr(torch.optim, name)(twins, **options)
    train(torch, twin, twins, 5)
    optimizer.load_state_dict(converted(mt, twin.state_dict()))
    # torch: loading casts what is no step, a mu_product say, to the parameter's type.
    twin.load_state_dict(copy.deepcopy(twin.state_dict()))
    for p, q in zip(params, twins, strict=True):
        p.data = mt.tensor(numpy_of(q).copy())
    train(mt, optimizer, params, 5, start=5)
    train(torch, twin, twins, 5, start=5)
    for p, q in zip(params, twins, strict=True):
        assert_close(numpy_of(p), numpy_of(q), dtype)
    assert_same_state(optimizer.state_dict(), twin.state_dict(), dtype)

    fresh = getattr(torch.optim, name)(twins, **options)
    fresh.load_state_dict(converted(torch, optimizer.state_dict()))
    with torch.no_grad():
        for p, q in zip(params, twins, strict=True):
            q.copy_(torch.tensor(numpy_of(p)))
    train(mt, optimizer, params, 3, start=10)
    train(torch, fresh, twins, 3, start=10)
    for p, q in zip(params, twins, strict=True):
        assert_close(numpy_of(p), numpy_of(q), dtype)


@pytest.mark.compare
@pytest.mark.parametrize("name", EVERY_OPTIMIZER)
@pytest.mark.parametrize("dtype", ["complex64", "complex128"])
def test_complex_parameters_as_torch(torch, name, dtype):
    options = {key: value for key, value in CASES[name][-1].items() if key != "fused"}
    rng = np.random.default_rng(0)

    def draw():
        return (rng.standard_normal((3, 4)) + 1j * rng.standard_normal((3, 4))).astype(dtype)

    start, grads = draw(), [draw() for _ in range(6)]
    p, q = mt.tensor(start, requires_grad=True), torch.tensor(start, requires_grad=True)
    optimizer = getattr(mt.optim, name)([p], **options)
    twin = getattr(torch.optim, name)([q], **options)
    for grad in grads:
        p.grad, q.grad = mt.tensor(grad), torch.tensor(grad)
        optimizer.step()
        twin.step()
    precision = "float32" if dtype == "complex64" else "float64"
    assert_close(numpy_of(p), numpy_of(q), precision)
    assert_same_state(optimizer.state_dict(), twin.state_dict(), precision)


@pytest.mark.compare
@pytest.mark.parametrize("name", EVERY_OPTIMIZER)
@pytest.mark.parametrize("dtype, tolerance", [("float16", 4e-3), ("bfloat16", 4e-2)])
def test_sixteen_bits_as_torch_up_to_rounding(torch, name, dtype, tolerance):
    if dtype == "bfloat16":
        pytest.importorskip("ml_dtypes")
    # torch 2.13: its fused SGD gives wrong numbers for 16 bits, so that is left out.
    options = {**CASES[name][-1], "lr": 0.05}
    options.pop("fused", None)
    if name not in ("SGD", "ASGD", "Rprop"):
        options["eps"] = 1e-3
    params = [p.detach().to(getattr(mt, dtype)) for p in parameters(mt, "float32", [(5, 6)])]
    twins = [q.detach().to(getattr(torch, dtype)) for q in parameters(torch, "float32", [(5, 6)])]
    optimizer = getattr(mt.optim, name)(params, **options)
    twin = getattr(torch.optim, name)(twins, **options)
    for step in range(6):
        (array,) = gradients(step, "float32", [(5, 6)])
        params[0].grad = mt.tensor(array).to(getattr(mt, dtype))
        twins[0].grad = torch.tensor(array).to(getattr(torch, dtype))
        optimizer.step()
        twin.step()
    assert params[0].dtype == getattr(mt, dtype)
    ours, theirs = params[0].to(mt.float32).numpy(), twins[0].to(torch.float32).numpy()
    np.testing.assert_allclose(ours, theirs, rtol=tolerance, atol=tolerance)
    for mine, value in zip(
        optimizer.state_dict()["state"].get(0, {}).values(),
        twin.state_dict()["state"].get(0, {}).values(),
        strict=True,
    ):
        assert str(mine.dtype) == str(value.dtype)


@pytest.mark.compare
@pytest.mark.parametrize(
    "name, options",
    [
        ("SGD", {"momentum": 0.9, "weight_decay": 0.01}),
        ("Adam", {"weight_decay": 0.01}),
        ("AdamW", {}),
        ("RMSprop", {"momentum": 0.9}),
        ("Adagrad", {"lr_decay": 0.1}),
        ("Adadelta", {"weight_decay": 0.01}),
        ("RAdam", {"betas": (0.9, 0.8)}),
        ("NAdam", {}),
        ("Adamax", {}),
        ("ASGD", {}),
        ("Rprop", {}),
    ],
)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_tensor_may_be_the_rate(torch, name, options, dtype):
    results = []
    for lib in (mt, torch):
        params = parameters(lib, dtype)
        lr = lib.tensor(0.1)
        optimizer = getattr(lib.optim, name)(params, lr=lr, **options)
        train(lib, optimizer, params, 4)
        lr.fill_(0.02)  # the group holds the caller's own tensor
        train(lib, optimizer, params, 4, start=4)
        results.append([numpy_of(p) for p in params])
    for ours, theirs in zip(*results, strict=True):
        assert_close(ours, theirs, dtype)


@pytest.mark.compare
def test_tensors_may_be_adams_betas(torch):
    results = []
    for lib in (mt, torch):
        params = parameters(lib)
        betas = (lib.tensor(0.8), lib.tensor([0.9]))
        optimizer = lib.optim.Adam(params, lr=0.1, betas=betas)
        train(lib, optimizer, params, 4)
        results.append([numpy_of(p) for p in params])
        assert optimizer.param_groups[0]["betas"][1].shape == ()
    for ours, theirs in zip(*results, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-6)


@pytest.mark.compare
@pytest.mark.parametrize("name", EVERY_OPTIMIZER)
def test_default_dtype_float64_counts_steps_in_float64(torch, name):
    results = []
    for lib in (mt, torch):
        lib.set_default_dtype(lib.float64)
        try:
            params = parameters(lib)
            optimizer = getattr(lib.optim, name)(params, lr=0.1)
            train(lib, optimizer, params, 2)
        finally:
            lib.set_default_dtype(lib.float32)
        results.append(optimizer.state_dict())
    assert_same_state(*results, "float64")


ERRORS = {
    "bare tensor": lambda lib, p: lib.optim.SGD(p, 0.1),
    "no parameters": lambda lib, p: lib.optim.SGD([], 0.1),
    "none": lambda lib, p: lib.optim.SGD(None, 0.1),
    "number as parameter": lambda lib, p: lib.optim.SGD([1], 0.1),
    "array as parameter": lambda lib, p: lib.optim.SGD([np.ones(2)], 0.1),
    "non-leaf": lambda lib, p: lib.optim.SGD([p.clone()], 0.1),
    "set in a group": lambda lib, p: lib.optim.SGD([{"params": {p}}], 0.1),
    "some names missing": lambda lib, p: lib.optim.SGD([("a", p), p], 0.1),
    "group without parameters": lambda lib, p: lib.optim.SGD([{"lr": 0.1}], 0.1),
    "parameter in two groups": lambda lib, p: lib.optim.SGD([{"params": p}, {"params": p}], 0.1),
    "group that is no dict": lambda lib, p: lib.optim.SGD([{"params": p}, 3], 0.1),
    "added group is no dict": lambda lib, p: lib.optim.SGD([p], 0.1).add_param_group([p]),
    "added group is known": lambda lib, p: lib.optim.SGD([p], 0.1).add_param_group({"params": p}),
    "added group is named": lambda lib, p: lib.optim.SGD([p], 0.1).add_param_group(
        {"params": [("n", lib.zeros(1))]}
    ),
    "added group is not named": lambda lib, p: lib.optim.SGD([("n", p)], 0.1).add_param_group(
        {"params": [lib.zeros(1)]}
    ),
    "required option": lambda lib, p: lib.optim.Optimizer(
        [p], {"lr": optimizer_module_of(lib).required}
    ),
    "no step": lambda lib, p: lib.optim.Optimizer([p], {"lr": 1.0}).step(),
    "negative rate": lambda lib, p: lib.optim.SGD([p], -1.0),
    "negative tensor rate": lambda lib, p: lib.optim.SGD([p], lib.tensor(-1.0)),
    "rate is a word": lambda lib, p: lib.optim.SGD([p], "fast"),
    "rate of two elements": lambda lib, p: lib.optim.SGD([p], lib.tensor([0.1, 0.2])),
    "negative momentum": lambda lib, p: lib.optim.SGD([p], 0.1, momentum=-1),
    "negative decay": lambda lib, p: lib.optim.SGD([p], 0.1, weight_decay=-1),
    "nesterov without momentum": lambda lib, p: lib.optim.SGD([p], 0.1, nesterov=True),
    "sgd fused foreach": lambda lib, p: lib.optim.SGD([p], 0.1, fused=True, foreach=True),
    "sgd fused differentiable": lambda lib, p: lib.optim.SGD(
        [p], 0.1, fused=True, differentiable=True
    ),
    "adam rate": lambda lib, p: lib.optim.Adam([p], lr=-1),
    "adam eps": lambda lib, p: lib.optim.Adam([p], eps=-1),
    "adam beta 0": lambda lib, p: lib.optim.Adam([p], betas=(1.0, 0.9)),
    "adam beta 1": lambda lib, p: lib.optim.Adam([p], betas=(0.9, -0.1)),
    "adam decay": lambda lib, p: lib.optim.Adam([p], weight_decay=-1),
    "adam int beta": lambda lib, p: lib.optim.Adam([p], betas=(0, 0.9)),
    "adam mixed betas": lambda lib, p: lib.optim.Adam([p], betas=(lib.tensor(0.9), 0.9)),
    "adam wide beta": lambda lib, p: lib.optim.Adam([p], betas=(lib.tensor(0.9), lib.tensor([[]]))),
    "adam foreach tensor rate": lambda lib, p: lib.optim.Adam(
        [p], lr=lib.tensor(0.1), foreach=True
    ),
    "adam foreach tensor betas": lambda lib, p: lib.optim.Adam(
        [p], betas=(lib.tensor(0.9), lib.tensor(0.9)), foreach=True
    ),
    "adam fused foreach": lambda lib, p: lib.optim.Adam([p], fused=True, foreach=True),
    "adam fused differentiable": lambda lib, p: lib.optim.Adam(
        [p], fused=True, differentiable=True
    ),
    "adamw beta": lambda lib, p: lib.optim.AdamW([p], betas=(0.9, 1.0)),
    "rmsprop alpha": lambda lib, p: lib.optim.RMSprop([p], alpha=-1),
    "rmsprop eps": lambda lib, p: lib.optim.RMSprop([p], eps=-1),
    "rmsprop momentum": lambda lib, p: lib.optim.RMSprop([p], momentum=-1),
    "rmsprop decay": lambda lib, p: lib.optim.RMSprop([p], weight_decay=-1),
    "rmsprop rate": lambda lib, p: lib.optim.RMSprop([p], lr=float("nan")),
    **{
        f"{name} {option}": lambda lib, p, name=name, option=option, value=value: getattr(
            lib.optim, name
        )([p], **{option: value})
        for name, cases in {
            "RAdam": {"lr": -1, "eps": -1, "betas": (1.0, 0.9), "weight_decay": -1},
            "NAdam": {"lr": -1, "eps": -1, "betas": (0.9, 1.0), "momentum_decay": -1},
            "Adamax": {"lr": -1, "eps": -1, "betas": (-0.1, 0.9), "weight_decay": -1},
            "ASGD": {"lr": -1, "weight_decay": -1},
            "Rprop": {"lr": -1, "etas": (0.5, 0.9)},
        }.items()
        for option, value in cases.items()
    },
    "adadelta rate": lambda lib, p: lib.optim.Adadelta([p], lr=-1),
    "adadelta rho": lambda lib, p: lib.optim.Adadelta([p], rho=1.5),
    "adadelta eps": lambda lib, p: lib.optim.Adadelta([p], eps=-1),
    "adadelta decay": lambda lib, p: lib.optim.Adadelta([p], weight_decay=-1),
    "adagrad rate": lambda lib, p: lib.optim.Adagrad([p], lr=-1),
    "adagrad lr_decay": lambda lib, p: lib.optim.Adagrad([p], lr_decay=-1),
    "adagrad start": lambda lib, p: lib.optim.Adagrad([p], initial_accumulator_value=-1),
    "adagrad eps": lambda lib, p: lib.optim.Adagrad([p], eps=-1),
    "adagrad fused foreach": lambda lib, p: lib.optim.Adagrad([p], fused=True, foreach=True),
    "fewer groups": lambda lib, p: lib.optim.SGD([p], 0.1).load_state_dict(
        {"state": {}, "param_groups": []}
    ),
    "other group": lambda lib, p: lib.optim.SGD([p], 0.1).load_state_dict(
        {"state": {}, "param_groups": [{"params": [0, 1]}]}
    ),
    "no groups": lambda lib, p: lib.optim.SGD([p], 0.1).load_state_dict({"state": {}}),
}


@pytest.mark.compare
@pytest.mark.parametrize("case", ERRORS)
def test_errors_as_torch(torch, case):
    caught = []
    for lib in (mt, torch):
        with pytest.raises(Exception) as info:
            ERRORS[case](lib, lib.ones(2, requires_grad=True))
        caught.append(info.value)
    ours, theirs = caught
    assert type(ours) is type(theirs)
    first_words = " ".join(str(theirs).rstrip(".").split()[:6])
    assert str(ours).startswith(first_words) or case == "rate is a word"


@pytest.mark.compare
def test_fused_wants_floating_point(torch):
    for lib in (mt, torch):
        p = lib.ones(2, dtype=lib.complex64, requires_grad=True)
        p.grad = lib.ones(2, dtype=lib.complex64)
        with pytest.raises(RuntimeError, match="`fused=True` requires all the params"):
            lib.optim.SGD([p], 0.1, fused=True).step()


@pytest.mark.compare
@pytest.mark.parametrize("name", EVERY_OPTIMIZER)
def test_named_parameters_as_torch(torch, name):
    results = []
    for lib in (mt, torch):
        named = iter([("weight", lib.zeros(3, 2)), ("bias", lib.zeros(3))])
        optimizer = getattr(lib.optim, name)(named, lr=0.1)
        optimizer.add_param_group({"params": [("extra", lib.zeros(1))], "lr": 0.5})
        results.append(optimizer)
    ours, theirs = results
    assert repr(ours) == repr(theirs)
    assert ours.state_dict()["param_groups"] == theirs.state_dict()["param_groups"]
    nameless = getattr(mt.optim, name)(
        [{"params": [mt.zeros(3, 2), mt.zeros(3)]}, {"params": [mt.zeros(1)]}], lr=1.0
    )
    nameless.load_state_dict(ours.state_dict())
    assert nameless.param_groups[0]["param_names"] == ["weight", "bias"]


@pytest.mark.compare
def test_old_state_dicts_are_completed_as_torch(torch):
    """A state dict without later options, and with a step counted in a Python number."""
    old = {
        "state": {0: {"step": 3}},
        "param_groups": [{"params": [0], "lr": 0.1, "eps": 1e-8, "weight_decay": 0}],
    }
    more = {
        "SGD": {"momentum": 0, "dampening": 0},
        "Adam": {"betas": (0.9, 0.999)},
        "AdamW": {"betas": (0.9, 0.999)},
        "RMSprop": {"alpha": 0.9},
        "Adadelta": {"rho": 0.9},
        "RAdam": {"betas": (0.9, 0.999)},
        "NAdam": {"betas": (0.9, 0.999), "momentum_decay": 4e-3, "mu_product": 0.5},
        "Adamax": {"betas": (0.9, 0.999)},
        "ASGD": {"lambd": 1e-4, "alpha": 0.75, "t0": 5.0, "eta": 0.1, "mu": 1.0},
        "Rprop": {"etas": (0.5, 1.2), "step_sizes": (1e-6, 50)},
        "Adagrad": {"lr_decay": 0, "initial_accumulator_value": 0},
    }
    for name, options in more.items():
        state_dict = copy.deepcopy(old)
        for scalar in ("mu_product", "eta", "mu"):
            if scalar in options:
                state_dict["state"][0][scalar] = options.pop(scalar)
        state_dict["param_groups"][0].update(options)
        ours = getattr(mt.optim, name)([mt.zeros(2)], lr=1.0)
        theirs = getattr(torch.optim, name)([torch.zeros(2)], lr=1.0)
        ours.load_state_dict(state_dict)
        theirs.load_state_dict(state_dict)
        assert repr(ours) == repr(theirs)
        if name != "SGD":
            (state,) = ours.state.values()
            assert state["step"].item() == 3.0
            assert all(value.dtype == mt.float32 for value in state.values())


@pytest.mark.compare
def test_loading_casts_as_torch(torch):
    results = []
    for lib in (mt, torch):
        p = lib.zeros(2, dtype=lib.float64, requires_grad=True)
        optimizer = lib.optim.Adam([p])
        optimizer.load_state_dict(
            {
                "state": {
                    0: {
                        "step": lib.tensor(4.0, dtype=lib.float32),
                        "exp_avg": lib.ones(2, dtype=lib.float32),
                        "extra": [lib.ones(2, dtype=lib.int64), ("text", None)],
                    },
                    "whole": 7,
                },
                "param_groups": optimizer.state_dict()["param_groups"],
            }
        )
        state = optimizer.state[p]
        results.append(
            [str(value.dtype) for value in (state["step"], state["exp_avg"], state["extra"][0])]
            + [state["extra"][1], optimizer.state["whole"]]
        )
    # torch: a string in a state is an iterable to it, and comes out as the text of a generator.
    results[1][3] = ("text", None)
    assert results[0] == results[1]


DIFFERENTIABLE_CASES = [
    pytest.param(name, {**options, "differentiable": True}, id=f"{name}-{'-'.join(options)}")
    for name, cases in CASES.items()
    for options in cases
    if "fused" not in options and "foreach" not in options
]


def differentiated(lib, name, options, steps):
    """A trained parameter, and the gradients of a sum of it with respect to all that went in."""
    rng = np.random.default_rng(5)
    start = lib.tensor(rng.standard_normal(4), requires_grad=True)
    grads = [lib.tensor(rng.standard_normal(4), requires_grad=True) for _ in range(steps)]
    p = start.clone()
    optimizer = getattr(lib.optim, name)([p], **options)
    if name == "SGD" and options.get("momentum"):
        # torch: the first gradient is cut off from the graph as it enters the buffer.
        optimizer.state[p]["momentum_buffer"] = lib.zeros(4, dtype=lib.float64)
    for grad in grads:
        p.grad = grad.clone()
        optimizer.step()
    (p * lib.arange(4.0, dtype=lib.float64)).sum().backward()
    return [numpy_of(p)] + [numpy_of(x.grad) for x in (start, *grads)]


@pytest.mark.compare
@pytest.mark.parametrize("name, options", DIFFERENTIABLE_CASES)
def test_differentiating_through_steps_as_torch(torch, name, options):
    steps = 3
    try:
        theirs = differentiated(torch, name, options, steps)
    except RuntimeError as error:
        # torch: some states are overwritten while the graph still needs them.
        assert "modified by an inplace operation" in str(error)
        steps = 1
        theirs = differentiated(torch, name, options, steps)
    ours = differentiated(mt, name, options, steps)
    for mine, other in zip(ours, theirs, strict=True):
        # torch: its differentiable Adam corrects the bias in float32.
        np.testing.assert_allclose(mine, other, rtol=1e-4, atol=1e-9)


@pytest.mark.parametrize("name, options", DIFFERENTIABLE_CASES)
def test_differentiating_through_steps_numerically(name, options):
    rng = np.random.default_rng(6)
    slopes, offsets = rng.standard_normal((2, 3, 4))

    def outcome(start):
        p = start.clone()
        optimizer = getattr(mt.optim, name)([p], **options)
        for slope, offset in zip(slopes, offsets, strict=True):
            p.grad = start * mt.tensor(slope) + mt.tensor(offset)
            optimizer.step()
        return (p * p).sum()

    values = rng.standard_normal(4)
    start = mt.tensor(values, requires_grad=True)
    outcome(start).backward()
    for i in range(4):
        shift = np.eye(4)[i] * 1e-6
        above, below = outcome(mt.tensor(values + shift)), outcome(mt.tensor(values - shift))
        slope = (above.item() - below.item()) / 2e-6
        np.testing.assert_allclose(start.grad[i].item(), slope, rtol=1e-5, atol=1e-6)


@pytest.mark.compare
def test_differentiating_with_respect_to_the_rate_as_torch(torch):
    for name in ("SGD", "Adam"):
        results = []
        for lib in (mt, torch):
            lr = lib.tensor(0.1, dtype=lib.float64, requires_grad=True)
            p = lib.tensor([1.0, -2.0], dtype=lib.float64, requires_grad=True).clone()
            optimizer = getattr(lib.optim, name)([p], lr=lr, differentiable=True)
            p.grad = lib.tensor([0.5, 0.25], dtype=lib.float64)
            optimizer.step()
            p.sum().backward()
            results.append(lr.grad.item())
        assert results[0] == pytest.approx(results[1], rel=1e-4)


@pytest.mark.compare
def test_a_differentiable_step_refuses_leaves(torch):
    for lib in (mt, torch):
        for name in EVERY_OPTIMIZER:
            p = lib.ones(2, requires_grad=True)
            p.grad = lib.ones(2)
            optimizer = getattr(lib.optim, name)([p], lr=0.1, differentiable=True)
            with pytest.raises(RuntimeError, match="a leaf Variable that requires grad"):
                optimizer.step()
            np.testing.assert_array_equal(numpy_of(p), [1, 1])


@pytest.mark.compare
def test_hooks_as_torch(torch):
    logs = []
    for lib in (mt, torch):
        log = []
        p = lib.ones(1, requires_grad=True)
        optimizer = lib.optim.SGD([p], lr=1.0)

        def note(event, log=log):
            def hook(*arguments):
                log.append((event, [type(argument).__name__ for argument in arguments]))

            return hook

        handles = [
            optimizer.register_step_pre_hook(note("before")),
            optimizer.register_step_post_hook(note("after")),
            optimizer_module_of(lib).register_optimizer_step_pre_hook(note("before all")),
            optimizer_module_of(lib).register_optimizer_step_post_hook(note("after all")),
            optimizer.register_state_dict_pre_hook(note("save 2")),
            optimizer.register_state_dict_pre_hook(note("save 1"), prepend=True),
            optimizer.register_state_dict_post_hook(note("saved")),
            optimizer.register_load_state_dict_pre_hook(note("load")),
            optimizer.register_load_state_dict_post_hook(note("loaded")),
        ]
        optimizer.step()
        optimizer.step(lambda: 3.0)
        optimizer.load_state_dict(optimizer.state_dict())
        for handle in handles:
            handle.remove()
        optimizer.step()
        optimizer.load_state_dict(optimizer.state_dict())
        logs.append(log)
    assert logs[0] == logs[1]
    assert len(logs[0]) == 13


@pytest.mark.compare
def test_deepcopy_and_pickle_as_torch(torch):
    for lib in (mt, torch):
        params = parameters(lib)
        optimizer = lib.optim.Adam(params, lr=0.1)
        train(lib, optimizer, params, 3)
        twins = [copy.deepcopy(optimizer), pickle.loads(pickle.dumps(optimizer))]
        train(lib, optimizer, params, 3, start=3)
        for twin in twins:
            its_params = twin.param_groups[0]["params"]
            assert its_params[0] is not params[0]
            assert set(map(id, twin.state)) == set(map(id, its_params))
            train(lib, twin, its_params, 3, start=3)
            for p, q in zip(params, its_params, strict=True):
                np.testing.assert_array_equal(numpy_of(p), numpy_of(q))
            assert repr(twin) == repr(optimizer)


# --- without PyTorch ------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["float64", "complex128"])
@pytest.mark.parametrize("name, options", EVERY_CASE)
def test_formula_and_kernel_agree(name, options, dtype):
    """The differentiable path runs the formula; training runs the kernel."""
    options = {key: value for key, value in options.items() if key not in ("fused", "foreach")}
    turn = 1 if dtype == "float64" else 1 + 0.5j
    values = [numpy_of(p) * turn for p in parameters(mt) if p.numel()]
    leaves = [mt.tensor(value, requires_grad=True) for value in values]
    copies = [p.clone() for p in leaves]
    fast = getattr(mt.optim, name)(leaves, **options)
    slow = getattr(mt.optim, name)(copies, **options, differentiable=True)
    for step in range(4):
        for p, q, grad in zip(leaves, copies, gradients(step), strict=False):
            p.grad, q.grad = mt.tensor(grad * turn), mt.tensor(grad * turn)
        fast.step()
        slow.step()
    for p, q in zip(leaves, copies, strict=True):
        np.testing.assert_allclose(numpy_of(p), numpy_of(q), rtol=1e-12, atol=1e-14)
        assert list(fast.state[p]) == list(slow.state[q])
        for key, value in fast.state[p].items():
            np.testing.assert_allclose(
                numpy_of(value), numpy_of(slow.state[q][key]), rtol=1e-12, atol=1e-14
            )


@pytest.mark.parametrize("name", EVERY_OPTIMIZER)
@pytest.mark.parametrize("layout", ["rows", "columns", "mixed", "strided"])
def test_blocks_change_nothing(monkeypatch, name, layout):
    """Parameters longer than a block, in any layout, take the same steps bit for bit."""
    options = CASES[name][-1]

    def run():
        rng = np.random.default_rng(3)
        start, *grads = rng.standard_normal((4, 30, 14, 5)).astype(np.float32)
        if layout in ("columns", "mixed"):
            start = start.transpose(2, 0, 1)
            grads = [grad.transpose(2, 0, 1) for grad in grads]
        if layout == "mixed":
            grads = [np.ascontiguousarray(grad) for grad in grads]
        if layout == "strided":
            start, grads = start[::2], [grad[::2] for grad in grads]
        p = mt.from_numpy(start).requires_grad_()
        optimizer = getattr(mt.optim, name)([p], **options)
        for grad in grads:
            p.grad = mt.from_numpy(grad)
            optimizer.step()
        return numpy_of(p)

    whole = run()
    monkeypatch.setattr(optimizer_module, "_BLOCK", 64)
    np.testing.assert_array_equal(run(), whole)


def test_sgd_formula():
    w, b = np.array([1.0, -2.0]), 0
    p = mt.tensor(w, requires_grad=True)
    optimizer = mt.optim.SGD([p], lr=0.1, momentum=0.9, dampening=0.5, weight_decay=0.2)
    for t, g in enumerate([np.array([0.5, 1.0]), np.array([-1.0, 2.0]), np.array([3.0, 0.0])]):
        p.grad = mt.tensor(g)
        optimizer.step()
        g = g + 0.2 * w
        b = g if t == 0 else 0.9 * b + (1 - 0.5) * g
        w = w - 0.1 * b
        np.testing.assert_allclose(numpy_of(p), w, rtol=1e-14)
    np.testing.assert_allclose(optimizer.state[p]["momentum_buffer"].numpy(), b, rtol=1e-14)


def test_adam_formula():
    w, m, v = np.array([1.0, -2.0]), 0, 0
    p = mt.tensor(w, requires_grad=True)
    optimizer = mt.optim.AdamW([p], lr=0.1, betas=(0.8, 0.9), eps=1e-4, weight_decay=0.2)
    for t, g in enumerate([np.array([0.5, 1.0]), np.array([-1.0, 2.0]), np.array([3.0, 0.0])], 1):
        p.grad = mt.tensor(g)
        optimizer.step()
        w = w - 0.1 * 0.2 * w
        m = 0.8 * m + 0.2 * g
        v = 0.9 * v + 0.1 * g**2
        w = w - 0.1 * (m / (1 - 0.8**t)) / (np.sqrt(v / (1 - 0.9**t)) + 1e-4)
        np.testing.assert_allclose(numpy_of(p), w, rtol=1e-13)
    assert optimizer.state[p]["step"].item() == 3


def test_rmsprop_formula():
    w, v, m, b = np.array([1.0, -2.0]), 0, 0, 0
    p = mt.tensor(w, requires_grad=True)
    optimizer = mt.optim.RMSprop([p], lr=0.1, alpha=0.8, eps=1e-4, momentum=0.5, centered=True)
    for g in [np.array([0.5, 1.0]), np.array([-1.0, 2.0]), np.array([3.0, 0.0])]:
        p.grad = mt.tensor(g)
        optimizer.step()
        v = 0.8 * v + 0.2 * g**2
        m = 0.8 * m + 0.2 * g
        b = 0.5 * b + g / (np.sqrt(v - m**2) + 1e-4)
        w = w - 0.1 * b
        np.testing.assert_allclose(numpy_of(p), w, rtol=1e-13)


def test_adadelta_formula():
    w, v, u = np.array([1.0, -2.0]), 0, 0
    p = mt.tensor(w, requires_grad=True)
    optimizer = mt.optim.Adadelta([p], lr=0.5, rho=0.8, eps=1e-2, weight_decay=0.1)
    for g in [np.array([0.5, 1.0]), np.array([-1.0, 2.0]), np.array([3.0, 0.0])]:
        p.grad = mt.tensor(g)
        optimizer.step()
        g = g + 0.1 * w
        v = 0.8 * v + 0.2 * g**2
        d = np.sqrt(u + 1e-2) / np.sqrt(v + 1e-2) * g
        u = 0.8 * u + 0.2 * d**2
        w = w - 0.5 * d
        np.testing.assert_allclose(numpy_of(p), w, rtol=1e-13)


def test_radam_formula():
    w, m, v = np.array([1.0, -2.0]), 0, 0
    p = mt.tensor(w, requires_grad=True)
    optimizer = mt.optim.RAdam([p], lr=0.1, betas=(0.8, 0.9), eps=1e-4)
    longest = 2 / (1 - 0.9) - 1
    rectified = []
    for t, g in enumerate(np.random.default_rng(0).standard_normal((9, 2)), 1):
        p.grad = mt.tensor(g)
        optimizer.step()
        m = 0.8 * m + 0.2 * g
        v = 0.9 * v + 0.1 * g**2
        r = longest - 2 * t * 0.9**t / (1 - 0.9**t)
        a = 1
        if r > 5:
            s = (r - 4) * (r - 2) * longest / ((longest - 4) * (longest - 2) * r)
            a = np.sqrt(s) * np.sqrt(1 - 0.9**t) / (np.sqrt(v) + 1e-4)
        rectified.append(r > 5)
        w = w - 0.1 / (1 - 0.8**t) * m * a
        np.testing.assert_allclose(numpy_of(p), w, rtol=1e-12)
    assert set(rectified) == {True, False}


def test_nadam_formula():
    w, m, v, product = np.array([1.0, -2.0]), 0, 0, 1
    p = mt.tensor(w, requires_grad=True)
    optimizer = mt.optim.NAdam([p], lr=0.1, betas=(0.8, 0.9), eps=1e-4, momentum_decay=0.1)
    for t, g in enumerate(np.random.default_rng(0).standard_normal((5, 2)), 1):
        p.grad = mt.tensor(g)
        optimizer.step()
        mu, after = (0.8 * (1 - 0.96 ** (i * 0.1) / 2) for i in (t, t + 1))
        product = product * mu
        m = 0.8 * m + 0.2 * g
        v = 0.9 * v + 0.1 * g**2
        d = np.sqrt(v / (1 - 0.9**t)) + 1e-4
        w = w - 0.1 * (1 - mu) / (1 - product) * g / d
        w = w - 0.1 * after / (1 - product * after) * m / d
        np.testing.assert_allclose(numpy_of(p), w, rtol=1e-6)  # the product is kept in float32


def test_adamax_formula():
    w, m, u = np.array([1.0, -2.0]), 0, 0
    p = mt.tensor(w, requires_grad=True)
    optimizer = mt.optim.Adamax([p], lr=0.1, betas=(0.8, 0.9), eps=1e-4)
    for t, g in enumerate(np.random.default_rng(0).standard_normal((5, 2)), 1):
        p.grad = mt.tensor(g)
        optimizer.step()
        m = 0.8 * m + 0.2 * g
        u = np.maximum(0.9 * u, np.abs(g) + 1e-4)
        w = w - 0.1 / (1 - 0.8**t) * m / u
        np.testing.assert_allclose(numpy_of(p), w, rtol=1e-12)


def test_asgd_keeps_the_mean_of_the_values():
    p = mt.tensor([1.0, -2.0], requires_grad=True)
    optimizer = mt.optim.ASGD([p], lr=0.1, lambd=0.0, t0=2)
    values = []
    for g in np.random.default_rng(0).standard_normal((7, 2)).astype("float32"):
        p.grad = mt.tensor(g)
        optimizer.step()
        values.append(numpy_of(p).copy())
    mean = np.mean(values[3:], 0)  # t0 = 2: the value after step 4 is the first
    np.testing.assert_allclose(optimizer.state[p]["ax"].numpy(), mean, rtol=1e-5)


def test_rprop_by_hand():
    p = mt.tensor([0.0, 0.0], requires_grad=True)
    optimizer = mt.optim.Rprop([p], lr=0.1, etas=(0.5, 2.0), step_sizes=(0.01, 0.3))
    for g, expected in [
        ([1.0, -9.0], [-0.1, 0.1]),
        ([0.1, -0.1], [-0.3, 0.3]),  # the same sign: twice as far
        ([2.0, 1.0], [-0.6, 0.3]),  # at most 0.3; a turn: stay where you are
        ([0.0, 1.0], [-0.6, 0.2]),  # and go half as far
    ]:
        p.grad = mt.tensor(g)
        optimizer.step()
        np.testing.assert_allclose(numpy_of(p), expected, rtol=1e-6)


def test_adagrad_formula():
    w, s = np.array([1.0, -2.0]), 0.5
    p = mt.tensor(w, requires_grad=True)
    optimizer = mt.optim.Adagrad([p], lr=0.1, lr_decay=0.3, initial_accumulator_value=0.5)
    for t, g in enumerate([np.array([0.5, 1.0]), np.array([-1.0, 2.0]), np.array([3.0, 0.0])], 1):
        p.grad = mt.tensor(g)
        optimizer.step()
        s = s + g**2
        w = w - 0.1 / (1 + (t - 1) * 0.3) * g / (np.sqrt(s) + 1e-10)
        np.testing.assert_allclose(numpy_of(p), w, rtol=1e-13)


@pytest.mark.parametrize(
    "name, options",
    [
        ("SGD", {"lr": 0.1}),
        ("SGD", {"lr": 0.05, "momentum": 0.9, "nesterov": True}),
        ("Adam", {"lr": 0.1}),
        ("AdamW", {"lr": 0.1, "weight_decay": 0.0}),
        ("RMSprop", {"lr": 0.01}),
        ("Adagrad", {"lr": 1.0}),
        ("Adadelta", {"lr": 10.0}),
        ("RAdam", {"lr": 0.1}),
        ("NAdam", {"lr": 0.1}),
        ("Adamax", {"lr": 0.1}),
        ("ASGD", {"lr": 0.1}),
        ("Rprop", {"lr": 0.1}),
    ],
)
def test_converges_on_a_quadratic(name, options):
    target = mt.tensor([3.0, -1.0])
    w = mt.zeros(2, requires_grad=True)
    optimizer = getattr(mt.optim, name)([w], **options)

    def closure():
        optimizer.zero_grad()
        loss = ((w - target) ** 2).sum()
        loss.backward()
        return loss

    for _ in range(600):
        loss = optimizer.step(closure)
    assert loss.item() < 1e-3
    np.testing.assert_allclose(numpy_of(w), [3, -1], atol=0.05)


def test_closure_records_and_step_does_not():
    w = mt.ones(2, requires_grad=True)
    optimizer = mt.optim.SGD([w], lr=0.5)
    seen = []

    def closure():
        seen.append(mt.is_grad_enabled())
        return 7

    with mt.no_grad():
        assert optimizer.step(closure) == 7
    assert seen == [True]
    assert w.is_leaf and w.requires_grad


def test_step_raises_the_version_and_stale_graphs_refuse():
    w = mt.ones(2, requires_grad=True)
    optimizer = mt.optim.SGD([w], lr=0.5)
    loss = (w * w).sum()
    loss.backward(retain_graph=True)
    before = w._version
    optimizer.step()
    assert w._version == before + 1
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        loss.backward()


def test_users_may_replace_data_and_grad():
    w = mt.ones(2, requires_grad=True)
    optimizer = mt.optim.SGD([w], lr=1.0, momentum=0.5)
    w.grad = mt.tensor([1.0, 2.0])
    optimizer.step()
    w.data = mt.tensor([5.0, 5.0])
    w.grad = mt.tensor([1.0, 1.0])
    optimizer.step()
    np.testing.assert_allclose(numpy_of(w), [3.5, 3.0])


def test_grad_is_left_alone_and_unused_parameters_too():
    a, b = mt.ones(2, requires_grad=True), mt.ones(2, requires_grad=True)
    for name, cases in CASES.items():
        for options in cases:
            a.grad = mt.tensor([0.25, -0.5])
            optimizer = getattr(mt.optim, name)([a, b], **options)
            optimizer.step()
            np.testing.assert_array_equal(a.grad.numpy(), [0.25, -0.5])
            np.testing.assert_array_equal(numpy_of(b), [1, 1])
            assert b.grad is None


def test_a_state_of_another_shape_is_refused_before_anything_changes():
    w = mt.ones(2, requires_grad=True)
    optimizer = mt.optim.Adam([w])
    w.grad = mt.ones(2)
    optimizer.step()
    before = numpy_of(w).copy()
    optimizer.state[w]["exp_avg"] = mt.ones(3)
    with pytest.raises(RuntimeError, match=r"Adam: .*\[2\].*\[3\]"):
        optimizer.step()
    np.testing.assert_array_equal(numpy_of(w), before)
    assert optimizer.state[w]["step"].item() == 1


def test_zero_grad():
    w = mt.ones(2, requires_grad=True)
    optimizer = mt.optim.SGD([w], lr=0.5)
    (w * w).sum().backward()
    held = w.grad
    optimizer.zero_grad(set_to_none=False)
    assert w.grad is held
    np.testing.assert_array_equal(held.numpy(), [0, 0])
    optimizer.zero_grad()
    assert w.grad is None


def test_a_refused_group_is_left_as_it_was():
    w = mt.ones(2, requires_grad=True)
    optimizer = mt.optim.SGD([w], lr=0.5)
    group = {"params": [w]}
    with pytest.raises(ValueError, match="more than one parameter group"):
        optimizer.add_param_group(group)
    assert group == {"params": [w]}
    assert len(optimizer.param_groups) == 1


def test_duplicates_warn():
    w = mt.ones(2, requires_grad=True)
    with pytest.warns(UserWarning, match="duplicate parameters"):
        mt.optim.SGD([w, w], lr=0.5)


def test_loading_copies():
    """In torch, two optimizers that load one state dict share their running means; here not."""
    w = mt.ones(2, requires_grad=True)
    first = mt.optim.Adam([w])
    w.grad = mt.ones(2)
    first.step()
    second = mt.optim.Adam([w])
    second.load_state_dict(first.state_dict())
    second.state[w]["exp_avg"].zero_()
    assert first.state[w]["exp_avg"].sum().item() > 0


def test_pre_hook_may_change_the_call():
    optimizer = mt.optim.SGD([mt.ones(1)], lr=0.5)
    optimizer.register_step_pre_hook(lambda opt, args, kwargs: ((args[0], lambda: 11), kwargs))
    assert optimizer.step() == 11
    optimizer.register_step_pre_hook(lambda opt, args, kwargs: 3)
    with pytest.raises(RuntimeError, match="must return None or a tuple of"):
        optimizer.step()


def test_own_optimizers_and_their_hooks():
    class Halving(mt.optim.SGD):
        def step(self, closure=None):
            loss = super().step(closure)
            for group in self.param_groups:
                group["lr"] /= 2
            return loss

    w = mt.ones(1, requires_grad=True)
    optimizer = Halving([w], lr=0.5)
    calls = []
    optimizer.register_step_post_hook(lambda *_: calls.append(1))
    w.grad = mt.ones(1)
    optimizer.step()
    assert calls == [1]
    assert optimizer.param_groups[0]["lr"] == 0.25
    assert repr(required) == "<required parameter>"


def test_dropping_an_optimizer_frees_its_state():
    w = mt.ones(2, requires_grad=True)
    optimizer = mt.optim.Adam([w])
    w.grad = mt.ones(2)
    optimizer.step()
    mt.optim.lr_scheduler.StepLR(optimizer, 3)
    state = weakref.ref(optimizer.state[w]["exp_avg"])
    del optimizer
    assert state() is None


def test_steps_inside_backward():
    """An optimizer per parameter, stepping as soon as its gradient is there."""
    params = [mt.ones(2, requires_grad=True) for _ in range(2)]
    optimizers = {p: mt.optim.SGD([p], lr=0.25) for p in params}

    def step(p):
        optimizers[p].step()
        optimizers[p].zero_grad()

    for p in params:
        p.register_post_accumulate_grad_hook(step)
    (params[0] * params[1]).sum().backward()
    for p in params:
        assert p.grad is None
        np.testing.assert_allclose(numpy_of(p), 0.75)
