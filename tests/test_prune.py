"""Pruning: masks against PyTorch, and what a pruned module does."""

import numpy as np
import pytest

import minitorch as mt
from minitorch import nn
from minitorch.nn.utils import prune


@pytest.fixture
def torch():
    pytest.importorskip("torch.nn.utils.prune")
    return pytest.importorskip("torch")


def numpy_of(tensor):
    return tensor.detach().numpy()


def scores(lib, *shape):
    return lib.tensor(np.random.default_rng(3).standard_normal(shape).astype("float32"))


METHODS = {
    "identity": lambda lib, p, layer: p.identity(layer, "weight"),
    "random 3": lambda lib, p, layer: p.random_unstructured(layer, "weight", 3),
    "random half": lambda lib, p, layer: p.random_unstructured(layer, "weight", 0.5),
    "random none": lambda lib, p, layer: p.random_unstructured(layer, "weight", 0),
    "l1": lambda lib, p, layer: p.l1_unstructured(layer, "weight", amount=0.3),
    "l1 bias": lambda lib, p, layer: p.l1_unstructured(layer, "bias", amount=2),
    "l1 by scores": lambda lib, p, layer: p.l1_unstructured(
        layer, "weight", 4, importance_scores=scores(lib, 5, 4)
    ),
    "random rows": lambda lib, p, layer: p.random_structured(layer, "weight", 2, dim=0),
    "random columns": lambda lib, p, layer: p.random_structured(layer, "weight", 0.5, dim=-1),
    "l2 rows": lambda lib, p, layer: p.ln_structured(layer, "weight", 0.4, n=2, dim=0),
    "linf columns": lambda lib, p, layer: p.ln_structured(
        layer, "weight", 1, n=float("-inf"), dim=1
    ),
    "ln by scores": lambda lib, p, layer: p.ln_structured(
        layer, "weight", 1, 1, -1, importance_scores=scores(lib, 5, 4)
    ),
    "mask": lambda lib, p, layer: p.custom_from_mask(layer, "bias", lib.tensor([0, 1, 1, 0, 1])),
}
SEQUENCES = [(name,) for name in METHODS] + [
    ("l1", "l1"),
    ("l1", "l2 rows", "random 3"),
    ("random rows", "l1", "random columns"),
    ("l1", "identity", "l2 rows"),
    ("mask", "l1 bias"),
]


def pruned(lib, names):
    lib.manual_seed(0)
    layer = lib.nn.Linear(4, 5)
    for name in names:
        assert METHODS[name](lib, lib.nn.utils.prune, layer) is layer
    return layer


@pytest.mark.compare
@pytest.mark.parametrize("names", SEQUENCES)
def test_masks_and_states_as_torch(torch, names):
    results = []
    for lib in (mt, torch):
        layer = pruned(lib, names)
        layer(lib.ones(2, 4)).square().sum().backward()
        texts = [repr(layer), list(layer.state_dict()), [n for n, _ in layer.named_parameters()]]
        values = [*layer.state_dict().values(), layer.weight, *(p.grad for p in layer.parameters())]
        hooks = [type(hook).__name__ for hook in layer._forward_pre_hooks.values()]
        for name in ("weight", "bias"):
            if hasattr(layer, name + "_mask"):
                lib.nn.utils.prune.remove(layer, name)
        texts += [
            hooks,
            [n for n, _ in layer.named_parameters()],
            lib.nn.utils.prune.is_pruned(layer),
        ]
        results.append((texts, [numpy_of(v) for v in (*values, layer.weight, layer.bias)]))
    ours, theirs = results
    assert ours[0] == theirs[0]
    for mine, other in zip(ours[1], theirs[1], strict=True):
        np.testing.assert_allclose(mine, other, rtol=1e-5, atol=1e-6)


@pytest.mark.compare
@pytest.mark.parametrize("method, amount", [("L1Unstructured", 0.3), ("RandomUnstructured", 7)])
def test_pruning_several_as_one_as_torch(torch, method, amount):
    results = []
    for lib in (mt, torch):
        lib.manual_seed(0)
        tools = lib.nn.utils.prune
        net = lib.nn.Sequential(lib.nn.Linear(4, 5), lib.nn.Conv1d(2, 3, 2))
        tools.l1_unstructured(net[0], "weight", 3)
        pairs = [(net[0], "weight"), (net[0], "bias"), (net[1], "weight")]
        given = {(net[1], "weight"): scores(lib, 3, 2, 2)}
        tools.global_unstructured(
            pairs, getattr(tools, method), importance_scores=given, amount=amount
        )
        results.append([numpy_of(b) for b in net.buffers()])
    for mine, other in zip(*results, strict=True):
        np.testing.assert_array_equal(mine, other)


ERRORS = {
    "type": lambda lib, p, layer: p.l1_unstructured(layer, "weight", "half"),
    "negative": lambda lib, p, layer: p.l1_unstructured(layer, "weight", -1),
    "negative fraction": lambda lib, p, layer: p.l1_unstructured(layer, "weight", -0.1),
    "fraction": lambda lib, p, layer: p.l1_unstructured(layer, "weight", 1.5),
    "too many": lambda lib, p, layer: p.l1_unstructured(layer, "weight", 21),
    "name": lambda lib, p, layer: p.l1_unstructured(layer, "nothing", 1),
    "vector": lambda lib, p, layer: p.ln_structured(layer, "bias", 1, 2, 0),
    "dim": lambda lib, p, layer: p.ln_structured(layer, "weight", 1, 2, 2),
    "scores": lambda lib, p, layer: p.l1_unstructured(
        layer, "weight", 1, importance_scores=lib.ones(3)
    ),
    "mask": lambda lib, p, layer: p.custom_from_mask(layer, "weight", lib.ones(3)),
    "not pruned": lambda lib, p, layer: p.remove(layer, "weight"),
    "global type": lambda lib, p, layer: p.global_unstructured(3, p.L1Unstructured, amount=1),
    "global scores": lambda lib, p, layer: p.global_unstructured(
        [(layer, "weight")], p.L1Unstructured, importance_scores=3, amount=1
    ),
    "global structured": lambda lib, p, layer: p.global_unstructured(
        [(layer, "weight")], p.RandomStructured, amount=1
    ),
    "container": lambda lib, p, layer: p.PruningContainer().add_pruning_method(3),
    "container names": lambda lib, p, layer: p.PruningContainer(
        p.L1Unstructured.apply(layer, "weight", 1)
    ).add_pruning_method(p.L1Unstructured.apply(layer, "bias", 1)),
    "abstract": lambda lib, p, layer: p.BasePruningMethod(),
}


@pytest.mark.compare
@pytest.mark.parametrize("case", ERRORS)
def test_errors_as_torch(torch, case):
    caught = []
    for lib in (mt, torch):
        layer = lib.nn.Linear(4, 5)
        with pytest.raises(Exception) as info:
            ERRORS[case](lib, lib.nn.utils.prune, layer)
        caught.append(info.value)
    assert type(caught[0]) is type(caught[1])
    words = [" ".join(str(error).split()[:5]) for error in caught]
    assert words[0] == words[1]


# --- without PyTorch ------------------------------------------------------------------------------


def test_pruned_elements_stay_zero_in_training():
    layer = prune.l1_unstructured(nn.Linear(4, 5), "weight", 0.5)
    zero = numpy_of(layer.weight) == 0
    assert zero.sum() == 10
    optimizer = mt.optim.SGD(layer.parameters(), lr=0.1)
    for _ in range(3):
        optimizer.zero_grad()
        layer(mt.ones(2, 4)).square().sum().backward()
        optimizer.step()
    layer(mt.ones(1, 4))
    np.testing.assert_array_equal(numpy_of(layer.weight) == 0, zero)
    assert not numpy_of(layer.weight_orig)[zero].any() == 0  # the values behind are kept
    prune.remove(layer, "weight")
    assert isinstance(layer.weight, nn.Parameter)
    np.testing.assert_array_equal(numpy_of(layer.weight) == 0, zero)


def test_a_method_of_ones_own():
    class EveryOther(prune.BasePruningMethod):
        PRUNING_TYPE = "unstructured"

        def compute_mask(self, t, default_mask):
            mask = default_mask.clone()
            mask.view(-1)[::2] = 0
            return mask

    layer = nn.Linear(4, 3)
    EveryOther.apply(layer, "weight")
    np.testing.assert_array_equal(numpy_of(layer.weight_mask), np.arange(12).reshape(3, 4) % 2)
    EveryOther.apply(layer, "weight")  # every other one of those left
    assert numpy_of(layer.weight_mask).sum() == 3
    np.testing.assert_array_equal(EveryOther().prune(mt.ones(4)).numpy(), [0, 1, 0, 1])


def test_states_go_into_a_pruned_module():
    layer = prune.l1_unstructured(nn.Linear(4, 5), "weight", 0.5)
    other = prune.identity(nn.Linear(4, 5), "weight")
    other.load_state_dict(layer.state_dict())
    x = mt.ones(1, 4)
    np.testing.assert_array_equal(numpy_of(other(x)), numpy_of(layer(x)))


def test_a_refused_pruning_changes_nothing():
    layer = prune.l1_unstructured(nn.Linear(4, 5), "weight", 2)
    before = numpy_of(layer.weight_mask).copy()
    with pytest.raises(ValueError, match="should be smaller than the number"):
        prune.l1_unstructured(layer, "weight", 100)
    with pytest.raises(ValueError, match="should be smaller than the number"):
        prune.l1_unstructured(layer, "bias", 100)
    np.testing.assert_array_equal(numpy_of(layer.weight_mask), before)
    assert isinstance(layer.bias, nn.Parameter)
    assert len(layer._forward_pre_hooks) == 1
