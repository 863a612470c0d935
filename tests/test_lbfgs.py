"""L-BFGS: against PyTorch step by step, and on functions whose minimum is known."""

import copy

import numpy as np
import pytest

import minitorch as mt

OPTIONS = [
    {},
    {"lr": 0.3},
    {"max_iter": 4},
    {"history_size": 2, "lr": 0.5},
    {"max_eval": 3},
    {"line_search_fn": "strong_wolfe"},
    {"line_search_fn": "strong_wolfe", "max_iter": 3, "history_size": 2},
    {"line_search_fn": "strong_wolfe", "lr": 8.0, "max_iter": 6},
    {"line_search_fn": "strong_wolfe", "lr": 0.01, "max_eval": 7},
    {"line_search_fn": "strong_wolfe", "max_eval": 1},
    {"line_search_fn": "strong_wolfe", "tolerance_grad": 1e-2, "tolerance_change": 1e-3},
]


@pytest.fixture
def torch():
    return pytest.importorskip("torch")


def rosenbrock(lib, w):
    return (100 * (w[1:] - w[:-1] ** 2) ** 2 + (1 - w[:-1]) ** 2).sum()


def bowl(lib, w):
    scales = lib.tensor([1.0, 3.0, 10.0, 0.1], dtype=w.dtype)
    return (scales * (w - 1) ** 2).sum()


def waves(lib, w):
    return (lib.sin(3 * w) + 0.1 * w**2).sum() + lib.cos(w[0] * w[1])


class Run:
    """An optimizer of two parameters in one library, and the losses that its closure returned."""

    def __init__(self, lib, function, options, start=(-1.2, 1.0, 0.5, 2.0), dtype="float64"):
        self.lib = lib
        self.function = function
        values = lib.tensor(start, dtype=getattr(lib, dtype))
        self.params = [
            part.clone().requires_grad_() for part in (values[:1], values[1:].view(3, 1))
        ]
        self.optimizer = lib.optim.LBFGS(self.params, **options)
        self.losses = []

    def closure(self):
        self.optimizer.zero_grad()
        w = self.lib.cat([p.view(-1) for p in self.params])
        loss = self.function(self.lib, w)
        loss.backward()
        self.losses.append(loss.item())
        return loss

    def values(self):
        return np.concatenate([p.detach().numpy().ravel() for p in self.params])


def converted(lib, value):
    """A state dict of one library as one of the other."""
    if isinstance(value, dict):
        return {key: converted(lib, entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [converted(lib, entry) for entry in value]
    return lib.tensor(value.numpy().copy()) if hasattr(value, "numpy") else value


def assert_same(ours, theirs):
    """The same structure, kinds and numbers."""
    if isinstance(theirs, dict):
        assert list(ours) == list(theirs)
        ours, theirs = list(ours.values()), list(theirs.values())
    if isinstance(theirs, (list, tuple)):
        assert len(ours) == len(theirs)
        for mine, other in zip(ours, theirs, strict=True):
            assert_same(mine, other)
    elif hasattr(theirs, "numpy"):
        assert isinstance(ours, mt.Tensor)
        assert str(ours.dtype) == str(theirs.dtype)
        assert ours.shape == tuple(theirs.shape)
        np.testing.assert_allclose(ours.numpy(), theirs.numpy(), rtol=1e-7, atol=1e-9)
    elif isinstance(theirs, float):
        assert ours == pytest.approx(theirs, rel=1e-7, abs=1e-9)
    else:
        assert ours == theirs


@pytest.mark.compare
@pytest.mark.parametrize("options", OPTIONS, ids=lambda o: "-".join(map(str, o.values())) or "-")
@pytest.mark.parametrize("function", [rosenbrock, bowl, waves])
def test_steps_as_torch(torch, function, options):
    if function is rosenbrock and "line_search_fn" not in options:
        options = {**options, "lr": 0.01}  # whole Newton steps diverge here
    ours, theirs = Run(mt, function, options), Run(torch, function, options)
    for _ in range(3):
        first, other = (run.optimizer.step(run.closure) for run in (ours, theirs))
        assert first.item() == pytest.approx(other.item(), rel=1e-8)
        np.testing.assert_allclose(ours.losses, theirs.losses, rtol=1e-7, atol=1e-12)
        np.testing.assert_allclose(ours.values(), theirs.values(), rtol=1e-7, atol=1e-9)
        assert_same(ours.optimizer.state_dict(), theirs.optimizer.state_dict())
    assert repr(ours.optimizer) == repr(theirs.optimizer)


@pytest.mark.compare
def test_state_dicts_travel_both_ways(torch):
    options = {"line_search_fn": "strong_wolfe", "max_iter": 3}
    ours, theirs = Run(mt, rosenbrock, options), Run(torch, rosenbrock, options)
    theirs.optimizer.step(theirs.closure)
    ours.optimizer.load_state_dict(converted(mt, theirs.optimizer.state_dict()))
    for p, q in zip(ours.params, theirs.params, strict=True):
        p.data = mt.tensor(q.detach().numpy().copy())
    for run in (ours, theirs):
        run.optimizer.step(run.closure)
    np.testing.assert_allclose(ours.values(), theirs.values(), rtol=1e-9)
    assert_same(ours.optimizer.state_dict(), theirs.optimizer.state_dict())

    fresh = Run(torch, rosenbrock, options, start=ours.values().tolist())
    fresh.optimizer.load_state_dict(converted(torch, ours.optimizer.state_dict()))
    for run in (ours, fresh):
        run.optimizer.step(run.closure)
    np.testing.assert_allclose(ours.values(), fresh.values(), rtol=1e-9)


@pytest.mark.compare
def test_a_recurrent_network_follows_torch(torch):
    """Three steps of an LSTM cell that learns to continue sine waves, in float64."""
    rng = np.random.default_rng(0)
    waves = np.sin(np.arange(12)[None] / 2.0 + rng.uniform(0, 6, (5, 1)))
    results = []
    for lib in (mt, torch):
        lib.manual_seed(0)
        cell, readout = lib.nn.LSTMCell(1, 6).double(), lib.nn.Linear(6, 1).double()
        params = [*cell.parameters(), *readout.parameters()]
        optimizer = lib.optim.LBFGS(params, lr=0.8)
        data = lib.tensor(waves)
        losses = []

        def closure(lib=lib, cell=cell, readout=readout, data=data, optimizer=optimizer):
            optimizer.zero_grad()
            h, c = lib.zeros(5, 6, dtype=lib.float64), lib.zeros(5, 6, dtype=lib.float64)
            outputs = []
            for column in data[:, :-1].split(1, dim=1):
                h, c = cell(column, (h, c))
                outputs.append(readout(h))
            loss = lib.nn.functional.mse_loss(lib.cat(outputs, dim=1), data[:, 1:])
            loss.backward()
            return loss

        for _ in range(3):
            losses.append(optimizer.step(closure).item())
        results.append(losses + [p.detach().numpy().copy() for p in params])
    for ours, theirs in zip(*results, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-6)


@pytest.mark.compare
def test_complex_and_missing_gradients_as_torch(torch):
    results = []
    for lib in (mt, torch):
        z = lib.tensor([1 + 2j, -1j], dtype=lib.complex128, requires_grad=True)
        unused = lib.ones(3, dtype=lib.float64, requires_grad=True)
        optimizer = lib.optim.LBFGS(
            [unused, z], lr=lib.tensor([0.5]), line_search_fn="strong_wolfe"
        )

        def closure(lib=lib, z=z, optimizer=optimizer):
            optimizer.zero_grad()
            loss = ((z - (2 - 1j)).abs() ** 2 + (z.real * z.imag) ** 2).sum()
            loss.backward()
            return loss

        optimizer.step(closure)
        np.testing.assert_array_equal(unused.detach().numpy(), 1)
        results.append(z.detach().numpy())
    np.testing.assert_allclose(*results, rtol=1e-8)


@pytest.mark.compare
@pytest.mark.parametrize(
    "case",
    [
        lambda lib, p: lib.optim.LBFGS([p], lr=-1),
        lambda lib, p: lib.optim.LBFGS([p], lr=lib.ones(2)),
        lambda lib, p: lib.optim.LBFGS([{"params": [p]}, {"params": [lib.ones(1)]}]),
        lambda lib, p: lib.optim.LBFGS([p]).step(),
        lambda lib, p: lib.optim.LBFGS([p], line_search_fn="armijo").step(
            lambda: (p * p).sum().backward() or 1.0
        ),
    ],
)
def test_errors_as_torch(torch, case):
    caught = []
    for lib in (mt, torch):
        with pytest.raises(Exception) as info:
            case(lib, lib.ones(2, requires_grad=True))
        caught.append(info.value)
    assert type(caught[0]) is type(caught[1])
    assert str(caught[0])[:24] == str(caught[1])[:24]


# --- without PyTorch ------------------------------------------------------------------------------


def test_finds_the_minimum_of_rosenbrocks_valley():
    run = Run(
        mt,
        rosenbrock,
        {"line_search_fn": "strong_wolfe", "max_iter": 100},
        start=(0, 1.0, 0.5, 2.0),
    )
    run.optimizer.step(run.closure)
    np.testing.assert_allclose(run.values(), 1, atol=1e-4)
    assert len(run.losses) < 120


def test_newton_steps_in_a_bowl():
    """Where the curvature is constant, a few steps know it."""
    run = Run(mt, bowl, {})
    run.optimizer.step(run.closure)
    np.testing.assert_allclose(run.values(), 1, atol=1e-4)


def test_every_step_of_the_line_search_meets_the_wolfe_conditions():
    run = Run(mt, waves, {"line_search_fn": "strong_wolfe", "max_iter": 1, "max_eval": 25})
    for _ in range(5):
        before, start = run.closure().item(), run.values()
        gradient = np.concatenate([p.grad.numpy().ravel() for p in run.params])
        run.optimizer.step(run.closure)
        after = run.closure().item()
        move = run.values() - start
        new_gradient = np.concatenate([p.grad.numpy().ravel() for p in run.params])
        assert after <= before + 1e-4 * gradient @ move
        assert abs(new_gradient @ move) <= 0.9 * abs(gradient @ move)


def test_counts_and_limits():
    run = Run(mt, rosenbrock, {"line_search_fn": "strong_wolfe", "max_iter": 7})
    run.optimizer.step(run.closure)
    state = run.optimizer.state[run.params[0]]
    assert state["n_iter"] <= 7
    assert state["func_evals"] == len(run.losses) <= 7 * 5 // 4 + 1
    assert len(state["old_dirs"]) == len(state["old_stps"]) == len(state["ro"])


def test_at_the_minimum_nothing_moves():
    run = Run(mt, bowl, {}, start=(1.0, 1.0, 1.0, 1.0))
    run.optimizer.step(run.closure)
    assert len(run.losses) == 1
    np.testing.assert_array_equal(run.values(), 1)


def test_a_copy_goes_on_alike():
    run = Run(mt, rosenbrock, {"line_search_fn": "strong_wolfe", "max_iter": 4})
    run.optimizer.step(run.closure)
    twin = Run(mt, rosenbrock, {}, start=run.values().tolist())
    twin.optimizer.load_state_dict(copy.deepcopy(run.optimizer.state_dict()))
    run.optimizer.step(run.closure)
    twin.optimizer.step(twin.closure)
    np.testing.assert_allclose(run.values(), twin.values(), rtol=1e-12)
