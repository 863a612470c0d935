"""nn.init: formulas and errors on their own, then the numbers of torch under the same seed."""

import math
import warnings

import numpy as np
import pytest

import minitorch as mt
from minitorch import nn
from minitorch.nn import init

RANDOM = {
    "uniform_": lambda init, t: init.uniform_(t),
    "uniform_(-0.3, 0.2)": lambda init, t: init.uniform_(t, -0.3, b=0.2),
    "normal_": lambda init, t: init.normal_(t),
    "normal_(1, 0.02)": lambda init, t: init.normal_(t, 1, std=0.02),
    "xavier_uniform_": lambda init, t: init.xavier_uniform_(t),
    "xavier_uniform_(tanh)": lambda init, t: init.xavier_uniform_(t, init.calculate_gain("tanh")),
    "xavier_normal_": lambda init, t: init.xavier_normal_(t, gain=1.5),
    "kaiming_uniform_": lambda init, t: init.kaiming_uniform_(t, a=math.sqrt(5)),
    "kaiming_uniform_(fan_out)": lambda init, t: init.kaiming_uniform_(t, 0, "fan_out", "relu"),
    "kaiming_normal_": lambda init, t: init.kaiming_normal_(t),
    "kaiming_normal_(fan_out)": lambda init, t: init.kaiming_normal_(
        t, mode="FAN_OUT", nonlinearity="tanh"
    ),
    "trunc_normal_": lambda init, t: init.trunc_normal_(t, std=0.02),
    "trunc_normal_ by rejection": lambda init, t: init.trunc_normal_(t, std=1.5),
    "trunc_normal_ in a narrow window": lambda init, t: init.trunc_normal_(t, 0, 1, 0.1, 0.3),
    "trunc_normal_ in the tail": lambda init, t: init.trunc_normal_(t, 0, 1, 1.5, 5),
}
MATRIX = {
    "sparse_": lambda init, t: init.sparse_(t, 0.35),
    "sparse_(std=1)": lambda init, t: init.sparse_(t, sparsity=0.9, std=1),
}
SHAPES = [(3, 5), (64, 33), (7, 4, 3), (6, 3, 5, 5)]


# ---- on its own --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "param", "gain"),
    [
        ("linear", None, 1),
        ("conv_transpose3d", 7, 1),
        ("sigmoid", None, 1),
        ("tanh", None, 5 / 3),
        ("relu", None, math.sqrt(2)),
        ("leaky_relu", None, math.sqrt(2 / (1 + 0.01**2))),
        ("leaky_relu", 3, math.sqrt(2 / 10)),
        ("selu", None, 0.75),
    ],
)
def test_gains(name, param, gain):
    assert init.calculate_gain(name, param) == gain


def test_fans_count_the_kernel():
    weight = mt.zeros(8, 3, 5, 7)
    assert init._calculate_fan_in_and_fan_out(weight) == (3 * 35, 8 * 35)
    assert init._calculate_fan_in_and_fan_out(mt.zeros(8, 3)) == (3, 8)


def test_constants_write_in_place_and_record_nothing():
    weight = nn.Parameter(mt.empty(2, 2))
    for fill, expected in (
        (lambda t: init.constant_(t, 3), 3),
        (init.ones_, 1),
        (init.zeros_, 0),
    ):
        assert fill(weight) is weight
        assert weight.tolist() == [[expected, expected]] * 2
    assert weight.is_leaf and weight.requires_grad


@pytest.mark.parametrize("name", RANDOM)
def test_random_ones_write_in_place_and_record_nothing(name):
    weight = nn.Parameter(mt.zeros(4, 5))
    assert RANDOM[name](init, weight) is weight
    assert weight.is_leaf and weight.requires_grad
    assert len(set(weight.flatten().tolist())) > 10


def test_eye_passes_a_signal_on():
    assert init.eye_(mt.ones(2, 3)).tolist() == [[1, 0, 0], [0, 1, 0]]
    assert init.eye_(mt.ones(3, 2)).tolist() == [[1, 0], [0, 1], [0, 0]]


def test_dirac_has_its_one_at_the_centre():
    weight = init.dirac_(mt.ones(4, 2, 3), groups=2)
    assert weight.sum().item() == 4
    assert [weight[i, i % 2, 1].item() for i in range(4)] == [1, 1, 1, 1]


def test_orthogonal_rows_or_columns_are_orthonormal():
    for shape in ((3, 5), (5, 3), (4, 2, 2)):
        weight = init.orthogonal_(mt.empty(*shape), gain=2.0).numpy().reshape(shape[0], -1)
        gram = weight @ weight.T if weight.shape[0] <= weight.shape[1] else weight.T @ weight
        np.testing.assert_allclose(gram, 4 * np.eye(len(gram)), atol=1e-5)


def test_sparse_zeroes_a_share_of_each_column():
    weight = init.sparse_(mt.empty(10, 4), sparsity=0.25)
    assert (weight.numpy() == 0).sum(0).tolist() == [3, 3, 3, 3]


@pytest.mark.parametrize(
    ("mean", "std", "a", "b"), [(0, 1, -2, 2), (0, 1, 0.1, 0.3), (0, 1, 2, 3), (5, 0.1, 5, 9)]
)
def test_trunc_normal_stays_inside(mean, std, a, b):
    values = init.trunc_normal_(mt.empty(2000), mean, std, a, b).numpy()
    assert a <= values.min() and values.max() <= b
    inside = np.random.default_rng(0).normal(mean, std, 400_000)
    inside = inside[(a <= inside) & (inside <= b)]
    assert abs(values.mean() - inside.mean()) < 5 * inside.std() / math.sqrt(2000)


def test_a_generator_of_ones_own_leaves_the_default_alone():
    mt.manual_seed(1)
    before = mt.get_rng_state()
    generator = mt.Generator().manual_seed(7)
    first = init.xavier_normal_(mt.empty(4, 4), generator=generator)
    again = init.xavier_normal_(mt.empty(4, 4), generator=mt.Generator().manual_seed(7))
    assert first.tolist() == again.tolist()
    assert mt.get_rng_state().tolist() == before.tolist()


def test_warnings():
    with pytest.warns(UserWarning, match="^mean is more than 2 std from"):
        init.trunc_normal_(mt.empty(4), mean=-5.0)
    with pytest.warns(UserWarning, match="^Initializing zero-element tensors is a no-op"):
        init.kaiming_uniform_(mt.empty(0, 3))


# ---- as torch ----------------------------------------------------------------------------------


@pytest.fixture
def torch():
    return pytest.importorskip("torch")


def drawn(lib, fill, tensor, seed):
    """What a seed gives, and what the stream gives next."""
    lib.manual_seed(seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fill(lib.nn.init, tensor)
    return tensor.numpy(), lib.rand(4).numpy()


def assert_same_bits(fill, tensor, torch, seed=3):
    ours, next_ours = drawn(mt, fill, tensor(mt), seed)
    theirs, next_theirs = drawn(torch, fill, tensor(torch), seed)
    np.testing.assert_array_equal(ours, theirs)
    np.testing.assert_array_equal(next_ours, next_theirs)


@pytest.mark.compare
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("name", RANDOM)
def test_same_bits_as_torch(name, shape, dtype, torch):
    assert_same_bits(RANDOM[name], lambda lib: lib.zeros(shape, dtype=getattr(lib, dtype)), torch)


@pytest.mark.compare
@pytest.mark.parametrize("name", [*RANDOM, *MATRIX])
def test_same_bits_as_torch_in_a_transposed_tensor(name, torch):
    assert_same_bits({**RANDOM, **MATRIX}[name], lambda lib: lib.zeros(9, 6).t(), torch)


@pytest.mark.compare
@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("name", MATRIX)
def test_same_matrices_as_torch(name, seed, torch):
    assert_same_bits(MATRIX[name], lambda lib: lib.zeros(20, 6), torch, seed)


@pytest.mark.compare
@pytest.mark.parametrize("shape", [(4, 7), (7, 4), (5, 5), (3, 2, 4), (1, 6)], ids=str)
def test_orthogonal_is_nearly_torchs(shape, torch):
    fill = lambda init, t: init.orthogonal_(t, gain=1.3)  # noqa: E731
    ours, next_ours = drawn(mt, fill, mt.zeros(shape), 3)
    theirs, next_theirs = drawn(torch, fill, torch.zeros(shape), 3)
    np.testing.assert_allclose(ours, theirs, atol=2e-6)  # QR differs in the last bits
    np.testing.assert_array_equal(next_ours, next_theirs)


@pytest.mark.compare
@pytest.mark.parametrize("groups", [1, 2, 3])
def test_dirac_is_torchs(groups, torch):
    for shape in ((6, 2, 3), (6, 4, 3, 4), (6, 1, 2, 3, 3)):
        ours = init.dirac_(mt.ones(shape), groups).numpy()
        np.testing.assert_array_equal(ours, torch.nn.init.dirac_(torch.ones(shape), groups))


ERRORS = {
    "gain of an unknown name": lambda init, lib: init.calculate_gain("gelu"),
    "gain of a bool": lambda init, lib: init.calculate_gain("leaky_relu", True),
    "gain of a string": lambda init, lib: init.calculate_gain("leaky_relu", "x"),
    "eye of a vector": lambda init, lib: init.eye_(lib.zeros(3)),
    "sparse of a vector": lambda init, lib: init.sparse_(lib.zeros(3), 0.5),
    "dirac of a matrix": lambda init, lib: init.dirac_(lib.zeros(3, 3)),
    "dirac groups": lambda init, lib: init.dirac_(lib.zeros(3, 3, 3), 2),
    "xavier of a vector": lambda init, lib: init.xavier_uniform_(lib.zeros(3)),
    "kaiming of a vector": lambda init, lib: init.kaiming_normal_(lib.zeros(3)),
    "kaiming mode": lambda init, lib: init.kaiming_normal_(lib.zeros(3, 3), mode="x"),
    "kaiming name": lambda init, lib: init.kaiming_normal_(lib.zeros(3, 3), nonlinearity="x"),
    "orthogonal of a vector": lambda init, lib: init.orthogonal_(lib.zeros(3)),
    "zero-element kaiming": lambda init, lib: init.kaiming_normal_(lib.zeros(0, 3)),
    "old name": lambda init, lib: init.constant(lib.zeros(3), 1),
    "old random name": lambda init, lib: init.xavier_uniform(lib.zeros(3)),
    "far mean": lambda init, lib: init.trunc_normal_(lib.zeros(3), 5.0).max() <= 2,
}


def outcome(program, lib):
    """The warnings of a program, then the class and message of what it raises, or its text."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            result = repr(program(lib.nn.init, lib))
        except Exception as error:
            result = f"{type(error).__name__}: {error}"
    return [(entry.category.__name__, str(entry.message)) for entry in caught], result


@pytest.mark.compare
@pytest.mark.parametrize("name", ERRORS)
def test_same_errors_and_warnings_as_torch(name, torch):
    assert outcome(ERRORS[name], mt) == outcome(ERRORS[name], torch)


@pytest.mark.compare
def test_every_name_of_torch(torch):
    imported = {
        "Callable",
        "Literal",
        "ParamSpec",
        "Tensor",
        "TypeVar",
        "math",
        "torch",
        "warnings",
    }
    theirs = {name for name in dir(torch.nn.init) if not name.startswith("_")} - imported
    assert theirs <= set(init.__all__)
