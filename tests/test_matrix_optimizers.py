"""Optimizers for matrices, Adafactor and Muon: against PyTorch, and by what they promise."""

import numpy as np
import pytest

import minitorch as mt

ADAFACTOR = [
    {},
    {"lr": 0.5, "beta2_decay": -0.5, "d": 2.0},
    {"eps": (1e-3, 0.1), "weight_decay": 0.1},
    {"maximize": True, "foreach": False},
]
MUON = [
    {},
    {"lr": 0.1, "momentum": 0.5, "nesterov": False, "weight_decay": 0.0},
    {"lr": 0.1, "adjust_lr_fn": "match_rms_adamw", "ns_steps": 3},
    {"lr": 0.1, "adjust_lr_fn": "original", "ns_coefficients": (1.5, -0.5, 0.0), "eps": 1e-3},
]


@pytest.fixture
def torch():
    return pytest.importorskip("torch")


def numpy_of(tensor):
    return tensor.detach().numpy()


def trained(lib, name, shapes, steps, dtype="float64", **options):
    """Parameters after steps with gradients that depend on the number of the step alone."""
    rng = np.random.default_rng(0)
    params = [
        lib.tensor(rng.standard_normal(shape).astype(dtype), requires_grad=True) for shape in shapes
    ]
    optimizer = getattr(lib.optim, name)(params, **options)
    for _ in range(steps):
        for p in params:
            p.grad = lib.tensor(rng.standard_normal(tuple(p.shape)).astype(dtype))
        optimizer.step()
    return params, optimizer


def assert_same(ours, theirs, tolerance):
    for p, q in zip(ours[0], theirs[0], strict=True):
        np.testing.assert_allclose(numpy_of(p), numpy_of(q), rtol=tolerance, atol=tolerance)
    states = [run[1].state_dict() for run in (ours, theirs)]
    assert states[0]["param_groups"] == states[1]["param_groups"]
    assert repr(ours[1]) == repr(theirs[1])
    for number, state in states[1]["state"].items():
        assert list(states[0]["state"][number]) == list(state)
        for key, value in state.items():
            mine = states[0]["state"][number][key]
            assert str(mine.dtype) == str(value.dtype)
            np.testing.assert_allclose(mine.numpy(), value.numpy(), rtol=tolerance, atol=tolerance)


@pytest.mark.compare
@pytest.mark.parametrize("options", ADAFACTOR)
@pytest.mark.parametrize("dtype, tolerance", [("float64", 1e-10), ("float32", 1e-4)])
def test_adafactor_as_torch(torch, options, dtype, tolerance):
    shapes = [(3, 4), (4,), (), (2, 3, 5)]
    runs = [trained(lib, "Adafactor", shapes, 6, dtype, **options) for lib in (mt, torch)]
    assert_same(*runs, tolerance)


@pytest.mark.compare
@pytest.mark.parametrize("options", MUON)
def test_muon_as_torch(torch, options):
    pytest.importorskip("ml_dtypes")
    shapes = [(3, 4), (5, 3), (4, 4)]
    runs = [trained(lib, "Muon", shapes, 4, "float32", **options) for lib in (mt, torch)]
    # bfloat16 has 8 bits; the order of sums decides the last ones.
    assert_same(*runs, 0.05 * max(0.05, options.get("lr", 0)))


@pytest.mark.compare
def test_states_travel_both_ways(torch):
    ours = trained(mt, "Adafactor", [(3, 4), (4,)], 3)
    theirs = trained(torch, "Adafactor", [(3, 4), (4,)], 3)

    def converted(lib, value):
        if isinstance(value, dict):
            return {key: converted(lib, entry) for key, entry in value.items()}
        if isinstance(value, list):
            return [converted(lib, entry) for entry in value]
        return lib.tensor(value.numpy().copy()) if hasattr(value, "numpy") else value

    ours[1].load_state_dict(converted(mt, theirs[1].state_dict()))
    theirs[1].load_state_dict(converted(torch, ours[1].state_dict()))
    for lib, run in ((mt, ours), (torch, theirs)):
        for p in run[0]:
            p.grad = lib.ones_like(p)
        run[1].step()
    assert_same(ours, theirs, 1e-10)


ERRORS = {
    **{
        f"{name} {option}": lambda lib, name=name, option=option, value=value: getattr(
            lib.optim, name
        )([lib.ones(2, 2)], **{option: value})
        for name, cases in {
            "Adafactor": {
                "lr": -1,
                "beta2_decay": 0.1,
                "eps": (-1, 0.1),
                "d": 0.5,
                "weight_decay": -1,
            },
            "Muon": {"lr": -1, "momentum": -1, "weight_decay": -1, "adjust_lr_fn": "best"},
        }.items()
        for option, value in cases.items()
    },
    "Adafactor eps 2": lambda lib: lib.optim.Adafactor([lib.ones(2)], eps=(None, -1)),
    "Muon of a vector": lambda lib: lib.optim.Muon([lib.ones(2)]),
    "Adafactor complex": lambda lib: trained(lib, "Adafactor", [(2, 2)], 1, "complex64"),
    "Muon complex": lambda lib: trained(lib, "Muon", [(2, 2)], 1, "complex64"),
    "Muon steps": lambda lib: trained(lib, "Muon", [(2, 2)], 1, ns_steps=100),
    "Muon coefficients": lambda lib: trained(lib, "Muon", [(2, 2)], 1, ns_coefficients=(1, 2)),
}


@pytest.mark.compare
@pytest.mark.parametrize("case", ERRORS)
def test_errors_as_torch(torch, case):
    caught = []
    for lib in (mt, torch):
        with pytest.raises(Exception) as info:
            ERRORS[case](lib)
        caught.append(info.value)
    assert type(caught[0]) is type(caught[1])
    assert str(caught[0])[:40] == str(caught[1])[:40]


# --- without PyTorch ------------------------------------------------------------------------------


def test_adafactor_remembers_rows_and_columns_only():
    _, optimizer = trained(mt, "Adafactor", [(30, 40), (7,)], 2)
    sizes = [
        sum(value.numel() for key, value in state.items() if key != "step")
        for state in optimizer.state.values()
    ]
    assert sizes == [70, 7]


def test_adafactor_of_a_vector_by_hand():
    w, v = np.array([1.0, -2.0]), 0
    p = mt.tensor(w, requires_grad=True)
    optimizer = mt.optim.Adafactor([p], lr=0.1, d=1.0)
    for t, g in enumerate(np.random.default_rng(0).standard_normal((4, 2)), 1):
        p.grad = mt.tensor(g)
        optimizer.step()
        v = v + t**-0.8 * (g**2 - v)
        u = g / np.sqrt(v)
        rms = np.sqrt(np.mean(w**2))
        w = w - max(1e-3, rms) * min(0.1, t**-0.5) * u / max(1, np.sqrt(np.mean(u**2)))
        np.testing.assert_allclose(numpy_of(p), w, rtol=1e-12)


def test_the_steps_of_muon_are_nearly_orthogonal():
    pytest.importorskip("ml_dtypes")
    p = mt.zeros(6, 4, requires_grad=True)
    optimizer = mt.optim.Muon([p], lr=1.0, weight_decay=0.0)
    p.grad = mt.tensor(np.random.default_rng(0).standard_normal((6, 4)).astype("float32"))
    optimizer.step()
    singular = np.linalg.svd(numpy_of(p) / np.sqrt(6 / 4), compute_uv=False)
    assert singular.min() > 0.6
    assert singular.max() < 1.3


@pytest.mark.parametrize("name", ["Adafactor", "Muon"])
def test_converges(name):
    if name == "Muon":
        pytest.importorskip("ml_dtypes")
    target = mt.tensor(np.random.default_rng(1).standard_normal((3, 4)).astype("float32"))
    # Adafactor's steps are relative to the size of the parameters: not from zero.
    w = mt.ones(3, 4, requires_grad=True)
    optimizer = getattr(mt.optim, name)([w], lr=0.02, weight_decay=0.0)
    first = None
    for _ in range(300):
        optimizer.zero_grad()
        loss = ((w - target) ** 2).mean()
        loss.backward()
        optimizer.step()
        first = first or loss.item()
    assert loss.item() < 0.01 * first
