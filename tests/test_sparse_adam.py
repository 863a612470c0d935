"""Adam for sparse gradients: against PyTorch, and by what it leaves alone."""

import numpy as np
import pytest

import minitorch as mt


@pytest.fixture
def torch():
    return pytest.importorskip("torch")


def trained(lib, options, steps=5):
    """An embedding after steps on a few of its rows, and its optimizer."""
    rng = np.random.default_rng(0)
    weight = lib.tensor(rng.standard_normal((8, 3)))
    table = lib.nn.Embedding.from_pretrained(weight, freeze=False, sparse=True)
    optimizer = lib.optim.SparseAdam(list(table.parameters()), **options)
    for _ in range(steps):
        optimizer.zero_grad()
        rows = lib.tensor(rng.integers(0, 6, 4))  # some of them twice, the last two never
        (table(rows) * lib.tensor(rng.standard_normal((4, 3)))).sum().backward()
        optimizer.step()
    return table.weight, optimizer


@pytest.mark.compare
@pytest.mark.parametrize(
    "options", [{}, {"lr": 0.1, "betas": (0.5, 0.8), "eps": 1e-3}, {"lr": 0.1, "maximize": True}]
)
def test_steps_as_torch(torch, options):
    (ours, optimizer), (theirs, twin) = (trained(lib, options) for lib in (mt, torch))
    np.testing.assert_allclose(ours.detach().numpy(), theirs.detach().numpy(), rtol=1e-10)
    states = [each.state_dict() for each in (optimizer, twin)]
    assert states[0]["param_groups"] == states[1]["param_groups"]
    assert repr(optimizer) == repr(twin)
    assert list(states[0]["state"][0]) == list(states[1]["state"][0])
    assert states[0]["state"][0]["step"] == states[1]["state"][0]["step"] == 5
    for key in ("exp_avg", "exp_avg_sq"):
        mine, other = (state["state"][0][key].numpy() for state in states)
        np.testing.assert_allclose(mine, other, rtol=1e-10)


@pytest.mark.compare
def test_errors_as_torch(torch):
    def dense(lib):
        p = lib.ones(2, requires_grad=True)
        p.grad = lib.ones(2)
        lib.optim.SparseAdam([p]).step()

    for case in (
        dense,
        lambda lib: lib.optim.SparseAdam([lib.ones(2)], lr=0.0),
        lambda lib: lib.optim.SparseAdam([lib.ones(2)], eps=0.0),
        lambda lib: lib.optim.SparseAdam([lib.ones(2)], betas=(1.0, 0.9)),
        lambda lib: lib.optim.SparseAdam([lib.ones(2, dtype=lib.complex64)]),
        lambda lib: lib.optim.SparseAdam([lib.eye(2).to_sparse()]),
    ):
        caught = []
        for lib in (mt, torch):
            with pytest.raises(Exception) as info:
                case(lib)
            caught.append(info.value)
        assert type(caught[0]) is type(caught[1])
        assert str(caught[0])[:30] == str(caught[1])[:30]


def test_other_rows_are_left_alone():
    weight, optimizer = trained(mt, {"lr": 0.5})
    start = np.random.default_rng(0).standard_normal((8, 3))
    moved = (weight.detach().numpy() != start).any(1)
    assert moved[:6].any() and not moved[6:].any()
    assert not optimizer.state[weight]["exp_avg"][6:].any()


def test_the_first_step_is_that_of_adam():
    results = []
    for sparse in (True, False):
        table = mt.nn.Embedding.from_pretrained(mt.ones(3, 2), freeze=False, sparse=sparse)
        kind = mt.optim.SparseAdam if sparse else mt.optim.Adam
        optimizer = kind(table.parameters(), lr=0.1)
        (table(mt.tensor([0, 2])) * mt.tensor([[1.0, -2.0], [3.0, 0.5]])).sum().backward()
        optimizer.step()
        results.append(table.weight.detach().numpy())
    np.testing.assert_allclose(*results, rtol=1e-5)
