"""Averaged models and their schedule: against PyTorch, and by what they promise."""

import copy
import warnings

import numpy as np
import pytest

import minitorch as mt
from minitorch.optim import swa_utils


@pytest.fixture
def torch():
    return pytest.importorskip("torch")


def numpy_of(tensor):
    return tensor.detach().numpy()


def network(lib):
    return lib.nn.Sequential(lib.nn.Linear(3, 4), lib.nn.BatchNorm1d(4), lib.nn.Linear(4, 2))


def batches(lib, count=4):
    rng = np.random.default_rng(0)
    return [lib.tensor(rng.standard_normal((5, 3)).astype("float32")) for _ in range(count)]


AVERAGES = {
    "mean": lambda tools: {},
    "mean, one by one": lambda tools: {"avg_fn": tools.get_swa_avg_fn()},
    "ema": lambda tools: {"multi_avg_fn": tools.get_ema_multi_avg_fn(0.9)},
    "ema, one by one": lambda tools: {"avg_fn": tools.get_ema_avg_fn(0.8), "use_buffers": True},
    "ema with buffers": lambda tools: {
        "multi_avg_fn": tools.get_ema_multi_avg_fn(),
        "use_buffers": True,
    },
    "of one's own": lambda tools: {"avg_fn": lambda average, current, n: 0.5 * (average + current)},
}


@pytest.mark.compare
@pytest.mark.parametrize("kind", AVERAGES)
def test_averages_as_torch(torch, kind):
    results = []
    for lib in (mt, torch):
        tools = lib.optim.swa_utils
        lib.manual_seed(0)
        model = network(lib)
        averaged = tools.AveragedModel(model, **AVERAGES[kind](tools))
        optimizer = lib.optim.SGD(model.parameters(), lr=0.3)
        for x in batches(lib):
            optimizer.zero_grad()
            model(x).square().mean().backward()
            optimizer.step()
            averaged.update_parameters(model)
        tools.update_bn([(x, None) for x in batches(lib)], averaged, device="cpu")
        averaged.eval()
        output = averaged(batches(lib)[0])
        results.append(
            (
                [list(averaged.state_dict()), repr(averaged), averaged.module[1].momentum],
                [numpy_of(v) for v in (output, *averaged.state_dict().values())],
            )
        )
    ours, theirs = results
    assert ours[0] == theirs[0]
    for mine, other in zip(ours[1], theirs[1], strict=True):
        assert mine.dtype == other.dtype
        np.testing.assert_allclose(mine, other, rtol=1e-4, atol=1e-5)


@pytest.mark.compare
@pytest.mark.parametrize(
    "options",
    [
        {"swa_lr": 0.05},
        {"swa_lr": [0.05, 0.2], "anneal_epochs": 3, "anneal_strategy": "linear"},
        {"swa_lr": 0.5, "anneal_epochs": 0},
        {"swa_lr": 2.0, "anneal_epochs": 1},
    ],
)
def test_schedule_as_torch(torch, options):
    results = []
    for lib in (mt, torch):
        optimizer = lib.optim.SGD(
            [{"params": [lib.ones(1)]}, {"params": [lib.ones(1)], "lr": 0.3}], lr=0.1
        )
        scheduler = lib.optim.swa_utils.SWALR(optimizer, **options)
        rates = []
        for epoch in range(14):
            rates.append(list(scheduler.get_last_lr()))
            optimizer.step()
            scheduler.step()
            if epoch == 5:
                state = copy.deepcopy(scheduler.state_dict())
                scheduler.load_state_dict(state)
        results.append((rates, sorted(scheduler.state_dict()), optimizer.param_groups[1]["swa_lr"]))
    np.testing.assert_array_equal(*[result[0] for result in results])
    assert results[0][1:] == results[1][1:]


@pytest.mark.compare
def test_errors_as_torch(torch):
    cases = [
        lambda lib, tools: tools.AveragedModel(
            network(lib), avg_fn=lambda *a: a[0], multi_avg_fn=lambda *a: None
        ),
        lambda lib, tools: tools.get_ema_avg_fn(1.5),
        lambda lib, tools: tools.get_ema_multi_avg_fn(-0.5),
        lambda lib, tools: tools.SWALR(lib.optim.SGD([lib.ones(1)], 0.1), [0.1, 0.2]),
        lambda lib, tools: tools.SWALR(lib.optim.SGD([lib.ones(1)], 0.1), 0.1, -1),
        lambda lib, tools: tools.SWALR(lib.optim.SGD([lib.ones(1)], 0.1), 0.1, 5, "steps"),
    ]
    for case in cases:
        caught = []
        for lib in (mt, torch):
            with pytest.raises(Exception) as info:
                case(lib, lib.optim.swa_utils)
            caught.append(info.value)
        assert type(caught[0]) is type(caught[1])
        assert str(caught[0])[:30] == str(caught[1])[:30]


# --- without PyTorch ------------------------------------------------------------------------------


def test_the_mean_of_all_weights():
    model = mt.nn.Linear(2, 2)
    averaged = swa_utils.AveragedModel(model)
    seen = []
    for seed in range(5):
        mt.manual_seed(seed)
        model.reset_parameters()
        averaged.update_parameters(model)
        seen.append(numpy_of(model.weight).copy())
    np.testing.assert_allclose(numpy_of(averaged.module.weight), np.mean(seen, 0), rtol=1e-5)
    assert averaged.n_averaged.item() == 5
    assert averaged.module.weight.requires_grad


def test_buffers_may_be_averaged_too():
    """Counts as well, which torch refuses."""
    model = network(mt)
    averaged = swa_utils.AveragedModel(model, use_buffers=True)
    for x in batches(mt, 3):
        model(x)
        averaged.update_parameters(model)
    assert averaged.module[1].num_batches_tracked.item() == 1  # 1.67, as a whole number
    assert averaged.module[1].num_batches_tracked.dtype == mt.int64


def test_statistics_are_computed_anew_and_modes_restored():
    model = network(mt).eval()
    swa_utils.update_bn(batches(mt), model)
    assert not model.training
    assert model[1].momentum == 0.1
    hidden = np.stack([numpy_of(model[0](x)) for x in batches(mt)])
    np.testing.assert_allclose(
        model[1].running_mean.numpy(), hidden.mean((0, 1)), rtol=1e-4, atol=1e-6
    )
    swa_utils.update_bn(batches(mt), mt.nn.Linear(3, 3))  # nothing to do


def test_a_rate_asked_for_outside_of_a_step_is_remarked():
    scheduler = swa_utils.SWALR(mt.optim.SGD([mt.ones(1)], 0.1), 0.5)
    with pytest.warns(UserWarning, match="get_last_lr"):
        scheduler.get_lr()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert scheduler.get_last_lr() == [0.1]
