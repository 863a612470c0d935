"""float16 and bfloat16: computed in float32 and rounded once, as PyTorch's kernels do."""

from __future__ import annotations

import numpy as np
import pytest

import minitorch as mt

HALVES = ["float16"]
try:
    import ml_dtypes  # noqa: F401

    HALVES.append("bfloat16")
except ModuleNotFoundError:
    pass

halves = pytest.mark.parametrize("half", HALVES)


def numbers(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def tensors(lib, half, *shapes):
    """The same numbers in half precision for either library."""
    return [
        lib.tensor(numbers(*shape, seed=i)).to(getattr(lib, half)) for i, shape in enumerate(shapes)
    ]


def bits(tensor):
    return tensor.detach().float().numpy()


@halves
def test_one_rounding(half):
    (x,) = tensors(mt, half, (200,))
    wide = x.float()
    for name in ("exp", "tanh", "sigmoid", "erf", "sin"):
        expected = getattr(mt, name)(wide).to(x.dtype)
        assert np.array_equal(bits(getattr(mt, name)(x)), bits(expected)), name
    expected = mt.nn.functional.silu(wide).to(x.dtype)
    assert np.array_equal(bits(mt.nn.functional.silu(x)), bits(expected))


@halves
def test_gradients_round_once(half):
    (x,) = tensors(mt, half, (100,))
    x.requires_grad_()
    wide = x.detach().float().requires_grad_()
    for value in (x, wide):
        mt.nn.functional.silu(value).backward(mt.ones_like(value))
    assert x.grad.dtype is x.dtype
    assert np.array_equal(bits(x.grad), bits(wide.grad.to(x.dtype)))


@halves
def test_what_is_not_arithmetic_keeps_its_bits(half):
    (x,) = tensors(mt, half, (6, 5))
    assert x.t().data_ptr() == x.data_ptr() and x.view(30).dtype is x.dtype
    assert mt.equal(x.view(mt.int16).view(x.dtype), x)
    largest = mt.finfo(x.dtype).max
    assert mt.nan_to_num(mt.tensor([mt.inf]).to(x.dtype)).item() == largest
    assert x.sum(dtype=mt.float32).dtype is mt.float32
    assert x.softmax(1, dtype=mt.float32).dtype is mt.float32
    assert x.max(1).indices.dtype is mt.int64 and (x > 0).dtype is mt.bool


@halves
def test_numbers_beside_half_precision(half):
    """A product takes a number as it is; a sum rounds it to half precision first."""
    (x,) = tensors(mt, half, (300,))
    third = 0.3
    assert np.array_equal(bits(x * third), bits((x.float() * third).to(x.dtype)))
    rounded = mt.tensor(third).to(x.dtype).item()
    assert np.array_equal(bits(x + third), bits((x.float() + rounded).to(x.dtype)))
    assert (x * third).dtype is (third * x).dtype is x.dtype


#: Computations that give PyTorch's bits: the shapes, and the function of the library and tensors.
SAME = {
    "linear": ([(32, 48), (20, 48), (20,)], lambda lib, x, w, b: lib.nn.functional.linear(x, w, b)),
    "matmul": ([(2, 8, 8), (2, 8, 8)], lambda lib, a, b: a @ b),
    "addmm": ([(8, 8)] * 3, lambda lib, c, a, b: lib.addmm(c, a, b, beta=0.3, alpha=0.7)),
    "conv2d": (
        [(2, 3, 8, 8), (4, 3, 3, 3), (4,)],
        lambda lib, x, w, b: lib.nn.functional.conv2d(x, w, b, padding=1),
    ),
    "softmax": ([(32, 48)], lambda lib, x: x.softmax(-1)),
    "layer_norm": (
        [(32, 48), (48,), (48,)],
        lambda lib, x, w, b: lib.nn.functional.layer_norm(x, (48,), w, b),
    ),
    "gelu": ([(2000,)], lambda lib, x: lib.nn.functional.gelu(x)),
    "silu": ([(2000,)], lambda lib, x: lib.nn.functional.silu(x)),
    "mean": ([(20, 300)], lambda lib, x: x.mean(1)),
    "number times": ([(500,)], lambda lib, x: x * 0.3),
    "number divided": ([(500,)], lambda lib, x: x / 0.3),
    "number added": ([(500,)], lambda lib, x: x + 0.3),
    "number less": ([(500,)], lambda lib, x: 0.3 - x),
    "remainder": ([(500,)], lambda lib, x: x % 0.3),
    "lerp": ([(500,), (500,)], lambda lib, x, y: x.lerp(y, 0.3)),
}


@pytest.mark.compare
@halves
@pytest.mark.parametrize("name", SAME)
def test_torchs_bits(name, half):
    torch = pytest.importorskip("torch")
    shapes, function = SAME[name]
    ours = function(mt, *tensors(mt, half, *shapes))
    theirs = function(torch, *tensors(torch, half, *shapes))
    assert str(ours.dtype) == str(theirs.dtype)
    # float32 sums differ in their last bit, which now and then decides a rounding.
    assert (bits(ours) != bits(theirs)).mean() <= 0.02


@pytest.mark.compare
@halves
def test_a_network_trains_as_torchs(half):
    torch = pytest.importorskip("torch")
    losses = []
    for lib in (mt, torch):
        lib.manual_seed(0)
        nn = lib.nn
        model = nn.Sequential(nn.Linear(8, 32), nn.SiLU(), nn.Linear(32, 1))
        model = model.to(getattr(lib, half))
        optimizer = lib.optim.SGD(model.parameters(), lr=0.05)
        inputs = lib.randn(64, 8).to(getattr(lib, half))
        run = []
        for _ in range(20):
            loss = ((model(inputs) - inputs[:, :1]) ** 2).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            run.append(loss.item())
        losses.append(run)
    # Two units in the last place: the optimizers' steps are rounded in another order.
    np.testing.assert_allclose(*losses, rtol=2e-3 if half == "float16" else 1.6e-2)
