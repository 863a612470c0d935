"""One random stream through everything: draws, states, layers, initialisations, loaders, dropout.

Each case is a long random program, the same for both libraries, that mixes all that draws random
numbers.  After every step the results must be equal to the bit, and at the end so must the
generators' states.
"""

from __future__ import annotations

import random

import numpy as np
import pytest

import minitorch as mt

torch = pytest.importorskip("torch")

pytestmark = [
    pytest.mark.compare,
    pytest.mark.skipif(
        torch.backends.cpu.get_cpu_capability() not in ("AVX2", "AVX512"),
        reason="PyTorch's own bits are others here",
    ),
]

SIZES = (1, 2, 5, 15, 16, 17, 40, 130, 625)
DTYPES = ("float32", "float64")


def shape_from(choose):
    return choose.choice([(n,) for n in SIZES] + [(3, 5), (4, 16), (2, 3, 7), (0,), ()])


# --- the steps: each takes the library and a Random that makes its choices ------------------------


def draw(lib, choose):
    dtype, shape = getattr(lib, choose.choice(DTYPES)), shape_from(choose)
    kind = choose.choice(["rand", "randn", "randint", "randperm", "normal", "bernoulli"])
    if kind == "randint":
        high = choose.choice([1, 7, 2**20, 2**33])
        return lib.randint(high, shape)
    if kind == "randperm":
        return lib.randperm(choose.choice(SIZES))
    if kind == "normal":
        return lib.normal(choose.uniform(-2, 2), choose.uniform(0.1, 3), shape)
    if kind == "bernoulli":
        return lib.bernoulli(lib.full(shape, choose.random(), dtype=dtype))
    return getattr(lib, kind)(shape, dtype=dtype)


def fill(lib, choose):
    tensor = lib.zeros(choose.choice(SIZES), 3, dtype=getattr(lib, choose.choice(DTYPES)))
    if choose.random() < 0.4:
        tensor = tensor.t()
    name, arguments = choose.choice(
        [
            ("uniform_", (-1.5, 0.7)),
            ("normal_", (0.5, 2.0)),
            ("random_", (3, 1000)),
            ("bernoulli_", (0.3,)),
            ("geometric_", (0.2,)),
            ("exponential_", (1.5,)),
        ]
    )
    return getattr(tensor, name)(*arguments)


def sample(lib, choose):
    weights = lib.arange(1.0, 1.0 + choose.choice(SIZES[2:]))
    if choose.random() < 0.5:
        return lib.multinomial(weights, choose.choice([1, 3]), replacement=False)
    return lib.multinomial(weights, 4, replacement=True)


def dropout(lib, choose):
    values = lib.ones(choose.choice(SIZES), 4, 3)
    name = choose.choice(["dropout", "dropout1d", "alpha_dropout", "feature_alpha_dropout"])
    return getattr(lib.nn.functional, name)(values, choose.choice([0.1, 0.5, 0.9]), training=True)


LAYERS = [
    lambda nn: nn.Linear(7, 5),
    lambda nn: nn.Conv1d(4, 6, 3, groups=2),
    lambda nn: nn.Conv2d(3, 8, (3, 2), bias=False),
    lambda nn: nn.ConvTranspose2d(4, 3, 3),
    lambda nn: nn.Embedding(11, 6, padding_idx=2),
    lambda nn: nn.Bilinear(3, 4, 2),
    lambda nn: nn.LSTM(5, 6, num_layers=2, bidirectional=True),
    lambda nn: nn.GRU(5, 6),
    lambda nn: nn.RNNCell(4, 5),
    lambda nn: nn.MultiheadAttention(8, 2),
    lambda nn: nn.MultiheadAttention(8, 2, kdim=5, vdim=3),
    lambda nn: nn.TransformerEncoderLayer(8, 2, 12),
    lambda nn: nn.TransformerDecoderLayer(8, 2, 12),
    lambda nn: nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4), nn.LayerNorm(4), nn.PReLU()),
]


def build(lib, choose):
    return list(choose.choice(LAYERS)(lib.nn).state_dict().values())


def initialise(lib, choose):
    init = lib.nn.init
    tensor = lib.empty(choose.choice([2, 16, 33]), 9)
    name, options = choose.choice(
        [
            ("xavier_uniform_", {"gain": 1.4}),
            ("xavier_normal_", {}),
            ("kaiming_uniform_", {"a": 0.2, "mode": "fan_out"}),
            ("kaiming_normal_", {"nonlinearity": "relu"}),
            ("trunc_normal_", {"std": 0.02}),
            ("sparse_", {"sparsity": 0.3}),
            ("uniform_", {"a": -0.1, "b": 0.1}),
        ]
    )
    return getattr(init, name)(tensor, **options)


def load(lib, choose):
    data = lib.utils.data
    dataset = data.TensorDataset(lib.arange(23), lib.arange(23.0) ** 2)
    kind = choose.choice(["shuffle", "in order", "weighted", "replacement", "subset", "generator"])
    options = {"batch_size": choose.choice([1, 4, 10]), "drop_last": choose.random() < 0.5}
    if kind == "shuffle":
        options["shuffle"] = True
    elif kind == "weighted":
        weights = [choose.random() for _ in range(23)]
        options["sampler"] = data.WeightedRandomSampler(weights, 30)
    elif kind == "replacement":
        options["sampler"] = data.RandomSampler(dataset, replacement=True, num_samples=70)
    elif kind == "subset":
        options["sampler"] = data.SubsetRandomSampler(range(3, 20))
    elif kind == "generator":
        options |= {
            "shuffle": True,
            "generator": lib.Generator().manual_seed(choose.getrandbits(40)),
        }
    passes = [list(data.DataLoader(dataset, **options)) for _ in range(choose.choice([1, 2]))]
    return [tensor for batches in passes for batch in batches for tensor in batch]


def split(lib, choose):
    parts = lib.utils.data.random_split(range(20), choose.choice([[12, 8], [0.7, 0.2, 0.1]]))
    return [lib.tensor(list(part.indices), dtype=lib.int64) for part in parts]


def fork(lib, choose):
    with lib.random.fork_rng():
        inside = lib.randn(choose.choice(SIZES))
    return [inside, lib.rand(2)]


def rewind(lib, choose):
    state = lib.get_rng_state()
    first = lib.randn(choose.choice(SIZES))
    lib.set_rng_state(state)
    return [state, first, lib.rand(3), lib.get_rng_state()]


def train(lib, choose):
    """A step of a small network with dropout: its loss is close, its masks and weights exact."""
    nn = lib.nn
    model = nn.Sequential(nn.Linear(6, 8), nn.Dropout(0.4), nn.Linear(8, 1))
    model(lib.ones(choose.choice(SIZES), 6)).sum().backward()
    return [*model.state_dict().values(), model[2].bias.grad]


STEPS = [
    draw,
    draw,
    fill,
    fill,
    sample,
    dropout,
    build,
    initialise,
    load,
    split,
    fork,
    rewind,
    train,
]


def tensors(value):
    return value if isinstance(value, list) else [value]


@pytest.mark.parametrize("seed", range(20))
def test_a_long_program_stays_in_step(seed):
    for lib in (torch, mt):
        lib.manual_seed(seed * 7_919 + 1)
    plan = random.Random(seed)
    for number in range(60):
        step, choices = plan.choice(STEPS), plan.getrandbits(32)
        theirs, ours = (tensors(step(lib, random.Random(choices))) for lib in (torch, mt))
        assert len(ours) == len(theirs)
        for a, b in zip(ours, theirs, strict=True):
            assert str(a.dtype) == str(b.dtype)
            message = f"step {number}: {step.__name__}"
            np.testing.assert_array_equal(a.detach().numpy(), b.detach().numpy(), message)
    assert mt.get_rng_state().numpy().tobytes() == torch.get_rng_state().numpy().tobytes()
