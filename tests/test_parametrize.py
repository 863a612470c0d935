"""Parametrized weights, weight norm, spectral norm: against PyTorch, and by what they promise."""

import copy
import pickle
import warnings

import numpy as np
import pytest

import minitorch as mt
from minitorch import nn
from minitorch.nn.utils import parametrize


@pytest.fixture
def torch():
    return pytest.importorskip("torch")


def numpy_of(tensor):
    return tensor.detach().numpy()


def classes(lib):
    """Parametrizations in one library."""

    class Symmetric(lib.nn.Module):
        def forward(self, x):
            return x.triu() + x.triu(1).transpose(-1, -2)

        def right_inverse(self, a):
            return a.triu()

    class Exponential(lib.nn.Module):
        def forward(self, x):
            return x.exp()

        def right_inverse(self, y):
            return y.log()

    class Product(lib.nn.Module):
        """Of two factors: several originals."""

        def forward(self, a, b):
            return a * b

        def right_inverse(self, x):
            return x, lib.ones_like(x)

    class Forward(lib.nn.Module):
        """Without an inverse."""

        def forward(self, x):
            return 2 * x

    class Longer(lib.nn.Module):
        def forward(self, x):
            return lib.cat([x, x])

    class Wider(lib.nn.Module):
        def forward(self, x):
            return x.double()

    class Words(lib.nn.Module):
        def forward(self, x):
            return "a tensor"

    class WordsBack(Forward):
        def right_inverse(self, x):
            return 3

    class DoubleBack(Forward):
        def right_inverse(self, x):
            return x.double()

    names = "Symmetric Exponential Product Forward Longer Wider Words WordsBack DoubleBack".split()
    return {name: value for name, value in locals().items() if name in names}


def registered(lib, *names, layer=None, name="weight", **options):
    layer = lib.nn.Linear(3, 3) if layer is None else layer
    for each in names:
        parametrization = classes(lib)[each]()
        register = lib.nn.utils.parametrize.register_parametrization
        assert register(layer, name, parametrization, **options) is layer
    return layer


def both(function, torch):
    """What ``function`` returns for each library, under the same seed."""
    results = []
    for lib in (mt, torch):
        lib.manual_seed(0)
        results.append(function(lib))
    return results


STACKS = [
    ("Symmetric",),
    ("Forward",),
    ("Product",),
    ("Forward", "Symmetric"),
    ("Product", "Forward"),
]


@pytest.mark.compare
@pytest.mark.parametrize("names", STACKS)
def test_registering_as_torch(torch, names):
    def run(lib):
        layer = registered(lib, *names)
        x = lib.arange(6.0).view(2, 3)
        loss = layer(x).square().sum()
        loss.backward()
        return (
            [repr(layer), list(layer.state_dict()), [n for n, _ in layer.named_parameters()]],
            [numpy_of(t) for t in (layer.weight, *layer.parameters())]
            + [p.grad.numpy() for p in layer.parameters()],
        )

    ours, theirs = both(run, torch)
    assert ours[0] == theirs[0]
    for mine, other in zip(ours[1], theirs[1], strict=True):
        np.testing.assert_allclose(mine, other, rtol=1e-5, atol=1e-5)


@pytest.mark.compare
def test_assigning_and_removing_as_torch(torch):
    def run(lib):
        tools = lib.nn.utils.parametrize
        layer = registered(lib, "Product", "Exponential", layer=lib.nn.Linear(2, 2), unsafe=True)
        layer.weight = lib.full((2, 2), 2.0)
        values = [*map(numpy_of, layer.parameters()), numpy_of(layer.weight)]
        assert tools.is_parametrized(layer) and tools.is_parametrized(layer, "weight")
        assert not tools.is_parametrized(layer, "bias")
        assert tools.type_before_parametrizations(layer) is lib.nn.Linear
        tools.remove_parametrizations(layer, "weight")
        assert type(layer) is lib.nn.Linear is tools.type_before_parametrizations(layer)
        assert not tools.is_parametrized(layer)
        other = registered(lib, "Forward", layer=lib.nn.Linear(2, 2))
        original = other.parametrizations.weight.original
        tools.remove_parametrizations(other, "weight", leave_parametrized=False)
        assert other.weight is original
        third = registered(lib, "Forward", layer=lib.nn.BatchNorm1d(2), name="running_var")
        tools.remove_parametrizations(third, "running_var")
        assert "running_var" in dict(third.named_buffers())
        texts = [repr(layer), list(layer.state_dict()), list(third.state_dict())]
        return texts, [*values, numpy_of(layer.weight), numpy_of(third.running_var)]

    ours, theirs = both(run, torch)
    assert ours[0] == theirs[0]
    for mine, other in zip(ours[1], theirs[1], strict=True):
        np.testing.assert_allclose(mine, other, rtol=1e-6)


def transferred(lib):
    source = registered(lib, "Product", "Forward", layer=lib.nn.Linear(2, 2))
    target = lib.nn.Linear(2, 2)
    lib.nn.utils.parametrize.transfer_parametrizations_and_params(source, target)
    assert target.parametrizations.weight.original0 is source.parametrizations.weight.original0
    np.testing.assert_array_equal(numpy_of(target.weight), numpy_of(source.weight))
    return repr(target)


@pytest.mark.compare
def test_transferring_as_torch(torch):
    ours, theirs = both(transferred, torch)
    assert ours == theirs


ERRORS = {
    "no such tensor": lambda lib: registered(lib, "Forward", name="nothing"),
    "attribute": lambda lib: registered(lib, "Forward", name="in_features"),
    "shape": lambda lib: registered(lib, "Longer"),
    "dtype": lambda lib: registered(lib, "Wider"),
    "no tensor": lambda lib: registered(lib, "Words"),
    "inverse no tensor": lambda lib: registered(lib, "WordsBack"),
    "inverse dtype": lambda lib: registered(lib, "DoubleBack"),
    "second shape": lambda lib: registered(lib, "Forward", "Longer"),
    "second dtype": lambda lib: registered(lib, "Forward", "Wider"),
    "second no tensor": lambda lib: registered(lib, "Forward", "Words"),
    "second inverse": lambda lib: registered(lib, "Forward", "WordsBack"),
    "second inverse dtype": lambda lib: registered(lib, "Forward", "DoubleBack"),
    "assign without inverse": lambda lib: setattr(
        registered(lib, "Forward"), "weight", lib.ones(3, 3)
    ),
    "assign another dtype": lambda lib: setattr(
        registered(lib, "Symmetric"), "weight", lib.ones(3, 3).double()
    ),
    "assign another dtype to several": lambda lib: setattr(
        registered(lib, "Product"), "weight", lib.ones(3, 3).double()
    ),
    "remove nothing": lambda lib: lib.nn.utils.parametrize.remove_parametrizations(
        lib.nn.Linear(2, 2), "weight"
    ),
    "leave several": lambda lib: lib.nn.utils.parametrize.remove_parametrizations(
        registered(lib, "Product"), "weight", leave_parametrized=False
    ),
    "pickle": lambda lib: pickle.dumps(registered(lib, "Symmetric")),
    "empty": lambda lib: lib.nn.utils.parametrize.ParametrizationList([], lib.ones(1)),
    "orthogonal of nothing": lambda lib: lib.nn.utils.parametrizations.orthogonal(lib.nn.ReLU()),
    "orthogonal vector": lambda lib: lib.nn.utils.parametrizations.orthogonal(
        lib.nn.Linear(2, 2), "bias"
    ),
    "orthogonal map": lambda lib: lib.nn.utils.parametrizations.orthogonal(
        lib.nn.Linear(2, 2), orthogonal_map="qr"
    ),
    "orthogonal assignment": lambda lib: setattr(
        lib.nn.utils.parametrizations.orthogonal(lib.nn.Linear(2, 3)), "weight", lib.ones(3, 3)
    ),
    "spectral norm of nothing": lambda lib: lib.nn.utils.parametrizations.spectral_norm(
        lib.nn.ReLU()
    ),
    "spectral norm dimension": lambda lib: lib.nn.utils.parametrizations.spectral_norm(
        lib.nn.Linear(2, 2), dim=2
    ),
    "spectral norm iterations": lambda lib: lib.nn.utils.parametrizations.spectral_norm(
        lib.nn.Linear(2, 2), n_power_iterations=0
    ),
    "old spectral norm twice": lambda lib: lib.nn.utils.spectral_norm(
        lib.nn.utils.spectral_norm(lib.nn.Linear(2, 2))
    ),
    "old spectral norm iterations": lambda lib: lib.nn.utils.spectral_norm(
        lib.nn.Linear(2, 2), n_power_iterations=0
    ),
    "old spectral norm of None": lambda lib: lib.nn.utils.spectral_norm(
        lib.nn.Linear(2, 2, bias=False), "bias"
    ),
    "no old spectral norm": lambda lib: lib.nn.utils.remove_spectral_norm(lib.nn.Linear(2, 2)),
    "no old weight norm": lambda lib: lib.nn.utils.remove_weight_norm(lib.nn.Linear(2, 2)),
    "old spectral norm, lazy": lambda lib: lib.nn.utils.spectral_norm(lib.nn.LazyLinear(2)),
    "skip_init": lambda lib: lib.nn.utils.skip_init(int),
    "skip_init without device": lambda lib: lib.nn.utils.skip_init(lib.nn.ReLU),
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
    words = [" ".join(str(error).split()[:6]) for error in caught]
    assert words[0] == words[1]


LAYERS = {
    "wide": lambda lib: lib.nn.Linear(5, 3),
    "tall": lambda lib: lib.nn.Linear(3, 5),
    "square": lambda lib: lib.nn.Linear(4, 4),
    "conv": lambda lib: lib.nn.Conv1d(3, 4, 2),
    "transposed": lambda lib: lib.nn.ConvTranspose2d(3, 4, 2),
}


def old_weight_norm(lib, layer, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        return lib.nn.utils.weight_norm(layer, **options)


WRAPPERS = {
    "orthogonal": lambda lib, layer: lib.nn.utils.parametrizations.orthogonal(layer),
    "cayley": lambda lib, layer: lib.nn.utils.parametrizations.orthogonal(
        layer, orthogonal_map="cayley"
    ),
    "matrix_exp": lambda lib, layer: lib.nn.utils.parametrizations.orthogonal(
        layer, orthogonal_map="matrix_exp", use_trivialization=False
    ),
    "householder": lambda lib, layer: lib.nn.utils.parametrizations.orthogonal(
        layer, orthogonal_map="householder", use_trivialization=False
    ),
    "weight_norm": lambda lib, layer: lib.nn.utils.parametrizations.weight_norm(layer),
    "weight_norm 1": lambda lib, layer: lib.nn.utils.parametrizations.weight_norm(layer, dim=1),
    "weight_norm None": lambda lib, layer: lib.nn.utils.parametrizations.weight_norm(
        layer, dim=None
    ),
    "spectral_norm": lambda lib, layer: lib.nn.utils.parametrizations.spectral_norm(layer),
    "spectral_norm 3": lambda lib, layer: lib.nn.utils.parametrizations.spectral_norm(
        layer, n_power_iterations=3, dim=1
    ),
    "old spectral_norm": lambda lib, layer: lib.nn.utils.spectral_norm(layer),
    "old weight_norm": old_weight_norm,
    "old weight_norm None": lambda lib, layer: old_weight_norm(lib, layer, dim=None),
}


@pytest.mark.compare
@pytest.mark.parametrize("kind", LAYERS)
@pytest.mark.parametrize("wrapper", WRAPPERS)
def test_norms_and_orthogonal_weights_as_torch(torch, wrapper, kind):
    if kind in ("conv", "transposed") and wrapper in ("orthogonal", "cayley", "matrix_exp"):
        pytest.skip("not a question of the layer")

    def run(lib):
        layer = LAYERS[kind](lib).double()
        WRAPPERS[wrapper](lib, layer)
        # torch: some matrices stay equal only up to the signs that their QR chooses.
        values = [numpy_of(layer.weight).copy()]
        shape = {"conv": (2, 3, 5), "transposed": (2, 3, 2, 2)}.get(kind)
        x = np.random.default_rng(0).standard_normal(shape or (2, numpy_of(layer.weight).shape[1]))
        optimizer = lib.optim.SGD(layer.parameters(), lr=0.1)
        for _ in range(3):
            optimizer.zero_grad()
            loss = layer(lib.tensor(x)).square().mean()
            loss.backward()
            optimizer.step()
        layer.eval()
        values += [numpy_of(layer(lib.tensor(x))), numpy_of(layer.weight)]
        values += [numpy_of(p) for p in layer.parameters()]
        return [repr(layer), list(layer.state_dict())], values

    ours, theirs = both(run, torch)
    assert ours[0] == theirs[0]
    for mine, other in zip(ours[1], theirs[1], strict=True):
        np.testing.assert_allclose(mine, other, rtol=1e-8, atol=1e-9)


@pytest.mark.compare
def test_old_norms_removed_as_torch(torch):
    def run(lib):
        layer = lib.nn.utils.spectral_norm(lib.nn.Linear(3, 4))
        layer(lib.ones(1, 3))
        state = list(layer.state_dict())
        lib.nn.utils.remove_spectral_norm(layer)
        other = old_weight_norm(lib, lib.nn.Linear(3, 4))
        lib.nn.utils.remove_weight_norm(other)
        assert not layer._forward_pre_hooks and not other._forward_pre_hooks
        assert lib is not mt or not layer._load_state_dict_pre_hooks
        return [state, list(layer.state_dict()), list(other.state_dict())], [
            numpy_of(layer.weight),
            numpy_of(other.weight),
        ]

    ours, theirs = both(run, torch)
    assert ours[0] == theirs[0]
    for mine, other in zip(ours[1], theirs[1], strict=True):
        np.testing.assert_allclose(mine, other, rtol=1e-5, atol=1e-6)


@pytest.mark.compare
def test_old_states_are_understood_as_torch(torch):
    def run(lib):
        old = old_weight_norm(lib, lib.nn.Linear(3, 4)).state_dict()
        new = lib.nn.utils.parametrizations.weight_norm(lib.nn.Linear(3, 4))
        new.load_state_dict(old)
        spectral = lib.nn.utils.spectral_norm(lib.nn.Linear(3, 4))
        spectral(lib.ones(1, 3))
        state = spectral.state_dict()
        state["weight"] = spectral.weight.detach()
        del state["weight_v"], state._metadata[""]["spectral_norm"]
        fresh = lib.nn.utils.spectral_norm(lib.nn.Linear(3, 4))
        fresh.load_state_dict(state)
        with pytest.raises(RuntimeError, match='Missing key.*"weight_u"'):
            del state["weight_u"]
            fresh.load_state_dict(state)
        return [numpy_of(t) for t in (new.weight, fresh.weight_v, fresh.eval()(lib.ones(1, 3)))]

    for mine, other in zip(*both(run, torch), strict=True):
        np.testing.assert_allclose(mine, other, rtol=1e-4, atol=1e-6)


@pytest.mark.compare
def test_fusing_as_torch(torch):
    def run(lib):
        utils = lib.nn.utils
        results = []
        for layer, norm, shape, options in (
            (lib.nn.Conv2d(3, 4, 2), lib.nn.BatchNorm2d(4), (2, 3, 4, 4), {}),
            (
                lib.nn.Conv1d(3, 4, 2, bias=False),
                lib.nn.BatchNorm1d(4, affine=False),
                (2, 3, 4),
                {},
            ),
            (
                lib.nn.ConvTranspose1d(3, 4, 2),
                lib.nn.BatchNorm1d(4),
                (2, 3, 4),
                {"transpose": True},
            ),
        ):
            x = lib.linspace(-1, 1, int(np.prod(shape))).view(shape)
            norm(layer(x))
            layer.eval()
            norm.eval()
            fused = utils.fuse_conv_bn_eval(layer, norm, **options)
            np.testing.assert_allclose(numpy_of(fused(x)), numpy_of(norm(layer(x))), atol=1e-5)
            results += [numpy_of(fused.weight), numpy_of(fused.bias)]
        linear, norm = lib.nn.Linear(3, 4), lib.nn.BatchNorm1d(4)
        x = lib.linspace(-1, 1, 6).view(2, 3)
        norm(linear(x))
        linear.eval()
        norm.eval()
        fused = utils.fuse_linear_bn_eval(linear, norm)
        np.testing.assert_allclose(numpy_of(fused(x)), numpy_of(norm(linear(x))), atol=1e-5)
        results += [numpy_of(fused.weight), numpy_of(fused.bias)]
        for wrong in (
            lambda: utils.fuse_conv_bn_eval(lib.nn.Conv1d(1, 1, 1), norm),
            lambda: utils.fuse_linear_bn_eval(lib.nn.Linear(3, 3).eval(), norm),
            lambda: utils.fuse_linear_bn_eval(
                linear, lib.nn.BatchNorm1d(4, track_running_stats=False).eval()
            ),
        ):
            with pytest.raises(AssertionError):
                wrong()
        return results

    for mine, other in zip(*both(run, torch), strict=True):
        np.testing.assert_allclose(mine, other, rtol=1e-5, atol=1e-6)


def call_with(lib, *args, **kwargs):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        return lib.nn.utils.stateless.functional_call(*args, **kwargs)


@pytest.mark.compare
def test_calling_with_other_tensors_as_torch(torch):
    def run(lib):
        x = lib.arange(6.0).view(3, 2)
        net = lib.nn.Sequential(lib.nn.Linear(2, 2), lib.nn.BatchNorm1d(2))
        weight = net[0].weight
        other = lib.full((2, 2), 0.5, requires_grad=True)
        given = {"0.weight": other * 2, "1.running_mean": lib.ones(2), "unknown": lib.ones(1)}
        output = call_with(lib, net, given, x)
        (output * x).sum().backward()
        assert net[0].weight is weight and weight.grad is None
        results = [output, other.grad, net[1].running_mean, given["1.running_mean"]]
        tied = lib.nn.Sequential(lib.nn.Linear(2, 2), lib.nn.Linear(2, 2))
        tied[1].weight = tied[0].weight
        results.append(call_with(lib, tied, {"1.weight": lib.ones(2, 2)}, (x,)))
        results.append(
            call_with(lib, tied, {"1.weight": lib.ones(2, 2)}, (x,), {}, tie_weights=False)
        )
        errors = []
        for module, tensors, options in (
            (net, {"5.weight": x}, {}),
            (net, {"0.weight": 3}, {}),
            (net, {"0.in_features": x}, {}),
            (net, {"": x}, {}),
            (net, {"unknown": x}, {"strict": True}),
            (tied, {"0.weight": x, "1.weight": x + 1}, {}),
        ):
            with pytest.raises(Exception) as info:
                call_with(lib, module, tensors, (x,), **options)
            errors.append((type(info.value), str(info.value)[:30]))
        return errors, [numpy_of(t) for t in results]

    ours, theirs = both(run, torch)
    assert ours[0] == theirs[0]
    for mine, other in zip(ours[1], theirs[1], strict=True):
        np.testing.assert_allclose(mine, other, rtol=1e-4, atol=1e-5)


# --- without PyTorch ------------------------------------------------------------------------------


def test_every_access_computes_anew_except_when_cached():
    calls = []

    class Counting(nn.Module):
        def forward(self, x):
            calls.append(1)
            return x * 1

    layer = nn.Linear(2, 2)
    parametrize.register_parametrization(layer, "weight", Counting(), unsafe=True)
    assert layer.weight is not layer.weight
    assert len(calls) == 2
    with parametrize.cached():
        with parametrize.cached():
            first = layer.weight
        assert layer.weight is first
    assert len(calls) == 3
    assert layer.weight is not first


def test_copies_are_independent():
    layer = registered(mt, "Symmetric")
    twin = copy.deepcopy(layer)
    assert repr(twin) == repr(layer)
    with mt.no_grad():
        twin.parametrizations.weight.original.zero_()
    assert not twin.weight.any()
    assert layer.weight.any()
    plain = nn.Linear(3, 3)
    assert not hasattr(plain, "parametrizations")


def test_states_go_into_a_module_with_the_same_parametrizations():
    layer, other = registered(mt, "Product"), registered(mt, "Product")
    other.load_state_dict(layer.state_dict())
    np.testing.assert_array_equal(numpy_of(other.weight), numpy_of(layer.weight))


def test_an_optimizer_made_before_goes_on():
    layer = nn.Linear(3, 3)
    optimizer = mt.optim.SGD(layer.parameters(), lr=0.5)
    registered(mt, "Symmetric", layer=layer)
    before = numpy_of(layer.weight).copy()
    layer.weight.sum().backward()
    optimizer.step()
    change = numpy_of(layer.weight) - before
    np.testing.assert_allclose(np.diag(change), -0.5, rtol=1e-6)
    np.testing.assert_allclose(change, change.T)


@pytest.mark.parametrize("map_name", ["matrix_exp", "cayley", "householder"])
@pytest.mark.parametrize("shape", [(4, 4), (5, 3), (3, 5)])
def test_orthogonal_weights_stay_orthogonal(map_name, shape):
    mt.manual_seed(0)
    layer = nn.Linear(*shape).double()
    nn.utils.parametrizations.orthogonal(layer, orthogonal_map=map_name)
    optimizer = mt.optim.SGD(layer.parameters(), lr=0.05)
    x = mt.randn(6, shape[0], dtype=mt.float64)
    losses = []
    for _ in range(5):
        optimizer.zero_grad()
        loss = layer(x).square().mean() + layer.weight.sum()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
        w = numpy_of(layer.weight)
        product = w @ w.T if w.shape[0] < w.shape[1] else w.T @ w
        np.testing.assert_allclose(product, np.eye(len(product)), atol=1e-10)
    assert losses[-1] < losses[0]
    # An orthogonal matrix can be assigned.
    q, _ = np.linalg.qr(np.random.default_rng(0).standard_normal((max(shape), min(shape))))
    target = q if layer.weight.shape[0] >= layer.weight.shape[1] else q.T
    layer.weight = mt.tensor(target)
    np.testing.assert_allclose(np.abs(numpy_of(layer.weight)), np.abs(target), atol=1e-10)


def test_spectral_norm_converges_to_the_largest_singular_value():
    for wrap in (nn.utils.parametrizations.spectral_norm, nn.utils.spectral_norm):
        layer = wrap(nn.Linear(6, 4))
        for _ in range(50):
            layer(mt.zeros(1, 6))
        assert np.linalg.norm(numpy_of(layer.weight), 2) == pytest.approx(1, abs=1e-4)


def test_skip_init_takes_no_random_numbers():
    mt.manual_seed(3)
    before = mt.get_rng_state()
    layer = nn.utils.skip_init(nn.Linear, 2, 3, device="cpu", dtype=mt.float64)
    np.testing.assert_array_equal(before.numpy(), mt.get_rng_state().numpy())
    assert layer.weight.dtype == mt.float64


def test_channels_last_weights():
    net = nn.Sequential(
        nn.Conv2d(3, 4, 2), nn.Sequential(nn.ConvTranspose2d(4, 2, 2)), nn.Linear(2, 2)
    )
    values = numpy_of(net[0].weight).copy()
    assert nn.utils.convert_conv2d_weight_memory_format(net, mt.channels_last) is net
    assert net[0].weight.is_contiguous(memory_format=mt.channels_last)
    assert net[1][0].weight.is_contiguous(memory_format=mt.channels_last)
    np.testing.assert_array_equal(numpy_of(net[0].weight), values)
    volume = nn.Conv3d(2, 3, 2)
    nn.utils.convert_conv3d_weight_memory_format(volume, mt.channels_last_3d)
    assert volume.weight.is_contiguous(memory_format=mt.channels_last_3d)
