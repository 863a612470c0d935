"""Lazy modules: what they are before, during and after their first call."""

import copy
import pickle

import numpy as np
import pytest

import minitorch as mt
from minitorch.nn.parameter import is_lazy

#: (class, its ordinary class, arguments, shape of an input)
LAYERS = [
    ("LazyLinear", "Linear", (5,), (4, 3)),
    ("LazyLinear", "Linear", (5, False), (2, 4, 3)),
    ("LazyConv1d", "Conv1d", (4, 3), (2, 3, 9)),
    ("LazyConv2d", "Conv2d", (4, 3, 2, 1), (2, 3, 9, 8)),
    ("LazyConv2d", "Conv2d", (4, 3, 1, "same", 1, 2, False), (2, 9, 8)),
    ("LazyConv3d", "Conv3d", (4, (1, 2, 3)), (2, 3, 5, 5, 5)),
    ("LazyConvTranspose1d", "ConvTranspose1d", (4, 3, 2), (2, 3, 9)),
    ("LazyConvTranspose2d", "ConvTranspose2d", (4, 3, 2, 1, 1, 2), (2, 4, 5, 5)),
    ("LazyConvTranspose3d", "ConvTranspose3d", (4, 2), (3, 2, 2, 2)),
    ("LazyBatchNorm1d", "BatchNorm1d", (), (4, 3)),
    ("LazyBatchNorm2d", "BatchNorm2d", (1e-3, None), (4, 3, 2, 2)),
    ("LazyBatchNorm2d", "BatchNorm2d", (1e-3, 0.1, False, False), (4, 3, 2, 2)),
    ("LazyBatchNorm3d", "BatchNorm3d", (), (4, 3, 2, 2, 2)),
    ("LazyInstanceNorm1d", "InstanceNorm1d", (), (4, 3, 5)),
    ("LazyInstanceNorm2d", "InstanceNorm2d", (1e-3, 0.1, True, False), (4, 3, 2, 2)),
    ("LazyInstanceNorm3d", "InstanceNorm3d", (), (4, 3, 2, 2, 2)),
]
EVERY_LAYER = [pytest.param(*case, id=f"{case[0]}{case[2]}") for case in LAYERS]


@pytest.fixture
def torch():
    return pytest.importorskip("torch")


def input_of(lib, shape):
    values = np.random.default_rng(0).standard_normal(shape)
    return lib.tensor(values.astype("float32"))


def numpy_of(tensor):
    return tensor.detach().numpy()


@pytest.mark.parametrize("lazy, ordinary, args, shape", EVERY_LAYER)
def test_the_first_call_makes_an_ordinary_layer(lazy, ordinary, args, shape):
    layer = getattr(mt.nn, lazy)(*args)
    tensors = [*layer.parameters(), *layer.buffers()]
    uninitialized = [t for t in tensors if is_lazy(t)]
    assert layer.has_uninitialized_params() == bool(uninitialized)
    layer(input_of(mt, shape))
    assert type(layer) is getattr(mt.nn, ordinary)
    assert [*layer.parameters(), *layer.buffers()] == tensors or all(
        a is b for a, b in zip([*layer.parameters(), *layer.buffers()], tensors, strict=True)
    )
    assert not any(map(is_lazy, tensors))
    assert not layer._forward_pre_hooks
    assert not layer._load_state_dict_pre_hooks
    layer(input_of(mt, shape))


@pytest.mark.compare
@pytest.mark.parametrize("lazy, ordinary, args, shape", EVERY_LAYER)
def test_layers_as_torch(torch, lazy, ordinary, args, shape):
    results = []
    for lib in (mt, torch):
        lib.manual_seed(0)
        layer = getattr(lib.nn, lazy)(*args)
        before = repr(layer), [(key, repr(value)) for key, value in layer.state_dict().items()]
        output = layer(input_of(lib, shape))
        values = [numpy_of(value) for value in layer.state_dict().values()]
        results.append((before, repr(layer), list(layer.state_dict()), numpy_of(output), values))
    ours, theirs = results
    assert ours[:3] == theirs[:3]
    np.testing.assert_allclose(ours[3], theirs[3], rtol=1e-4, atol=1e-5)
    for mine, other in zip(ours[4], theirs[4], strict=True):
        np.testing.assert_allclose(mine, other, rtol=1e-5, atol=1e-7)


def network(lib):
    return lib.nn.Sequential(
        lib.nn.LazyConv2d(4, 3),
        lib.nn.LazyBatchNorm2d(),
        lib.nn.ReLU(),
        lib.nn.Flatten(),
        lib.nn.LazyLinear(2),
    )


@pytest.mark.compare
def test_a_network_trains_as_torch(torch):
    results = []
    for lib in (mt, torch):
        lib.manual_seed(1)
        net = network(lib)
        text = repr(net)
        optimizer = lib.optim.SGD(net.parameters(), lr=0.1)  # before there is a shape
        x = input_of(lib, (5, 3, 6, 6))
        for _ in range(3):
            optimizer.zero_grad()
            loss = net(x).square().mean()
            loss.backward()
            optimizer.step()
        results.append((text, repr(net), loss.item()))
    assert results[0][:2] == results[1][:2]
    assert results[0][2] == pytest.approx(results[1][2], rel=1e-3)


@pytest.mark.parametrize("assign", [False, True])
def test_state_dicts_between_initialized_and_uninitialized(assign):
    mt.manual_seed(0)
    x = input_of(mt, (5, 3, 6, 6))
    full = network(mt)
    full(x)
    state = full.state_dict()
    assert not any(map(is_lazy, state.values()))

    lazy = network(mt)
    lazy.load_state_dict(state, assign=assign)
    for net in (full, lazy):
        net.eval()
    np.testing.assert_array_equal(numpy_of(lazy(x)), numpy_of(full(x)))
    assert type(lazy[0]) is mt.nn.Conv2d
    assert lazy[4].in_features == full[4].in_features

    nothing = network(mt).state_dict()
    assert [key for key, value in nothing.items() if not is_lazy(value)] == [
        "1.num_batches_tracked"
    ]
    other = network(mt)
    other.load_state_dict(nothing, assign=assign)
    other(x)
    with pytest.raises(RuntimeError, match="Can't access the shape of an uninitialized"):
        full.load_state_dict(network(mt).state_dict())


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda net: pickle.loads(pickle.dumps(net))])
def test_copies_are_lazy_on_their_own(copied):
    net = network(mt).double()
    twin = copied(net)
    net(input_of(mt, (5, 3, 6, 6)).double())
    assert isinstance(twin[0], mt.nn.LazyConv2d)
    twin(input_of(mt, (5, 2, 7, 7)).double())
    assert twin[0].weight.shape == (4, 2, 3, 3)
    assert twin[0].weight.dtype == mt.float64
    assert twin[1].running_mean.dtype == mt.float64


@pytest.mark.compare
def test_what_an_uninitialized_parameter_can_do_as_torch(torch):
    calls = {
        "repr": repr,
        "dtype": lambda p: str(p.dtype),
        "device": lambda p: str(p.device),
        "requires_grad": lambda p: p.requires_grad,
        "is_leaf": lambda p: p.is_leaf,
        "grad": lambda p: p.grad,
        "size": lambda p: tuple(p.size()),
        "data": lambda p: str(p.data.dtype),
        "floating": lambda p: (p.is_floating_point(), p.is_complex()),
        "double": lambda p: str(p.double().dtype),
        "shape": lambda p: p.shape,
        "share": lambda p: p.share_memory_(),
        "add": lambda p: p + 1,
        "numel": lambda p: p.numel(),
        "fill": lambda p: p.fill_(1),
        "detach": lambda p: p.detach(),
        "view": lambda p: p.view(-1),
        "numpy": lambda p: p.numpy(),
    }
    for name, run in calls.items():
        for kind in ("UninitializedParameter", "UninitializedBuffer"):
            outcomes = []
            for lib in (mt, torch):
                try:
                    outcomes.append(run(getattr(lib.nn, kind)()))
                except Exception as error:
                    outcomes.append((type(error), str(error)[:40]))
            assert outcomes[0] == outcomes[1], name


def test_materialize():
    p = mt.nn.UninitializedParameter(requires_grad=False, dtype=mt.float64)
    assert isinstance(p, mt.nn.Parameter)
    p.materialize((2, 3))
    assert type(p) is mt.nn.Parameter
    assert (p.shape, p.dtype, p.requires_grad) == ((2, 3), mt.float64, False)
    b = mt.nn.UninitializedBuffer(persistent=False)
    assert isinstance(b, mt.nn.Buffer)
    b.materialize(4, dtype=mt.int64)
    assert type(b) is mt.Tensor
    assert (b.shape, b.dtype) == ((4,), mt.int64)
    module = mt.nn.Module()
    module.statistics = mt.nn.UninitializedBuffer(persistent=False)
    assert list(module.named_buffers()) and not module.state_dict()


@pytest.mark.compare
def test_errors_as_torch(torch):
    def classes(lib):
        mixin = lib.nn.modules.lazy.LazyModuleMixin

        class Nothing(mixin, lib.nn.Module):
            def __init__(self):
                super().__init__()
                self.p = lib.nn.UninitializedParameter()

        class Forgets(Nothing):
            def initialize_parameters(self, x):
                pass

        return Nothing, Forgets

    cases = {
        "no initialize_parameters": lambda lib: classes(lib)[0]()(lib.ones(1)),
        "left uninitialized": lambda lib: classes(lib)[1]()(lib.ones(1)),
        "dimensions": lambda lib: lib.nn.LazyConv2d(2, 3)(lib.ones(3, 3)),
        "groups": lambda lib: lib.nn.LazyConv1d(4, 1, groups=2)(lib.ones(1, 3, 3)),
        "loaded for others": loaded_for_others,
        "batch norm dimensions": lambda lib: lib.nn.LazyBatchNorm2d()(lib.ones(3, 3)),
    }
    for name, run in cases.items():
        caught = []
        for lib in (mt, torch):
            with pytest.raises(Exception) as info:
                run(lib)
            caught.append(info.value)
        assert type(caught[0]) is type(caught[1]), name
        assert str(caught[0])[:40] == str(caught[1])[:40], name


def loaded_for_others(lib):
    layer = lib.nn.LazyLinear(2)
    layer.load_state_dict(lib.nn.Linear(3, 2).state_dict())
    layer(lib.ones(1, 4))


def test_a_failed_first_call_can_be_repeated():
    layer = mt.nn.LazyConv1d(4, 1, groups=2)
    with pytest.raises(ValueError, match="divisible by groups"):
        layer(mt.ones(1, 3, 3))
    assert layer.in_channels == 0
    layer(mt.ones(1, 2, 3))
    assert layer.in_channels == 2


def test_a_lazy_network_moves_before_its_first_call():
    net = mt.nn.Sequential(mt.nn.LazyConv1d(2, 1), mt.nn.LazyBatchNorm1d())
    assert net.to(device="cpu") is net
    assert net.to(mt.float64)[0].weight.dtype is mt.float64
    assert is_lazy(net[1].running_mean)
    assert net(mt.ones(3, 4, 5, dtype=mt.float64)).dtype is mt.float64
    assert net[1].running_mean.dtype is mt.float64
