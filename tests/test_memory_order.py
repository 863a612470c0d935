"""How the results of operations lie in memory: random numbers that are drawn for them later, and
what ``view`` allows, follow it."""

import pytest

import minitorch as mt
from minitorch import nn

F = nn.functional


def tensor_in_order(*shape, order):
    """Dense, the dimensions moving as ``order`` says, the slowest first."""
    memory = mt.arange(float(mt.Size(shape).numel())).reshape([shape[d] for d in order])
    return (memory / 7).permute([order.index(d) for d in range(len(shape))])


HEADS = tensor_in_order(2, 4, 3, 5, order=(0, 2, 1, 3))  # (B, H, T, D), as attention makes it
IMAGES = tensor_in_order(2, 3, 4, 5, order=(0, 2, 3, 1))  # channels last
ROW_MAJOR = (60, 15, 5, 1)


def table(torch):
    """(name, function of a permuted 4-d tensor, strides for HEADS, strides for IMAGES).

    None: what the tensor itself has.
    """
    F = torch.nn.functional
    last = (60, 1, 15, 3)
    return [
        ("exp", lambda x: x.exp(), None, None),
        ("gelu", lambda x: F.gelu(x), None, None),
        ("clone", lambda x: x.clone(), None, None),
        ("double", lambda x: x.double(), None, None),
        ("minus mean", lambda x: x - x.mean(-1, keepdim=True), None, None),
        ("after another order", lambda x: x.contiguous() * x, ROW_MAJOR, (60, 20, 5, 1)),
        ("before another order", lambda x: x * x.contiguous(), None, None),
        ("where", lambda x: torch.where(x > 1, x.contiguous(), x), None, None),
        ("lerp", lambda x: torch.lerp(x, x.contiguous(), 0.5), None, None),
        ("softmax", lambda x: x.softmax(-1), ROW_MAJOR, (60, 20, 5, 1)),
        ("log_softmax", lambda x: x.log_softmax(1), ROW_MAJOR, (60, 20, 5, 1)),
        ("logsigmoid", lambda x: F.logsigmoid(x), ROW_MAJOR, (60, 20, 5, 1)),
        ("layer_norm", lambda x: F.layer_norm(x, x.shape[-1:]), ROW_MAJOR, (60, 20, 5, 1)),
        ("instance_norm", lambda x: F.instance_norm(x), ROW_MAJOR, (60, 20, 5, 1)),
        ("batch_norm", lambda x: F.batch_norm(x, None, None, None, None, True), ROW_MAJOR, last),
        ("group_norm", lambda x: F.group_norm(x, 1), ROW_MAJOR, last),
        ("cumsum", lambda x: x.cumsum(1), ROW_MAJOR, (60, 20, 5, 1)),
        ("sum", lambda x: x.sum(-1), (12, 3, 1), (12, 4, 1)),
        ("mean", lambda x: x.mean(-1), (12, 3, 1), (12, 4, 1)),
        ("amax", lambda x: x.amax(-1), (12, 3, 1), (12, 4, 1)),
        ("std", lambda x: x.std(-1), (12, 3, 1), (12, 4, 1)),
        ("norm", lambda x: x.norm(dim=-1), (12, 3, 1), (12, 4, 1)),
        ("logsumexp", lambda x: x.logsumexp(-1), (12, 3, 1), (12, 4, 1)),
        ("argmax", lambda x: x.argmax(-1), (12, 3, 1), (12, 4, 1)),
        ("any", lambda x: x.any(-1), (12, 3, 1), (12, 4, 1)),
        ("attention", lambda x: F.scaled_dot_product_attention(x, x, x), None, (60, 20, 5, 1)),
        (
            "conv2d",
            lambda x: F.conv2d(x, torch.ones(6, x.shape[1], 2, 2)),
            (48, 8, 4, 1),
            (72, 1, 24, 6),
        ),
        (
            "conv_transpose2d",
            lambda x: F.conv_transpose2d(x, torch.ones(x.shape[1], 6, 2, 2)),
            (144, 24, 6, 1),
            (180, 1, 36, 6),
        ),
        ("max_pool2d", lambda x: F.max_pool2d(x, 2), (8, 2, 2, 1), (12, 1, 6, 3)),
        ("avg_pool2d", lambda x: F.avg_pool2d(x, 2), (8, 2, 2, 1), (12, 1, 6, 3)),
        ("pad", lambda x: F.pad(x, (1, 1)), (84, 21, 7, 1), (84, 1, 21, 3)),
        ("cat", lambda x: torch.cat([x, x], 1), (120, 15, 5, 1), (120, 1, 30, 6)),
        (
            "interpolate",
            lambda x: F.interpolate(x, scale_factor=2),
            (240, 60, 10, 1),
            (240, 1, 30, 3),
        ),
        (
            "einsum",
            lambda x: torch.einsum("bhij,hg->bgij", x, torch.ones(x.shape[1], 6)),
            (90, 1, 30, 6),
            (120, 1, 30, 6),
        ),
    ]


def steps(tensor):
    """The strides of the dimensions that have more than one place."""
    return [s for s, n in zip(tensor.stride(), tensor.shape, strict=True) if n > 1]


def expected(strides, tensor, result):
    strides = tensor.stride() if strides is None else strides
    return [s for s, n in zip(strides, result.shape, strict=True) if n > 1]


@pytest.mark.parametrize(("name", "function", "heads", "images"), table(mt))
def test_order_of_results(name, function, heads, images):
    del name
    for tensor, strides in ((HEADS, heads), (IMAGES, images)):
        result, plain = function(tensor), function(tensor.contiguous())
        assert steps(result) == expected(strides, tensor, result)
        mt.testing.assert_close(result, plain)


@pytest.mark.compare
def test_order_is_torchs():
    torch = pytest.importorskip("torch")
    for (name, ours, *_), (_, theirs, *_) in zip(table(mt), table(torch), strict=True):
        for tensor in (HEADS, IMAGES, HEADS[:, ::2], IMAGES.transpose(0, 2)):
            other = torch.empty_strided(tuple(tensor.shape), tensor.stride())
            other.copy_(torch.tensor(tensor.tolist()))
            assert steps(ours(tensor)) == steps(theirs(other)), (name, tensor.stride())


EQUATIONS = {
    # Own labels of the second operand before those of the first: the operands change places.
    "abc,abd->adc": (((2, 3, 4), (2, 3, 5)), (20, 4, 1)),
    "abc,cd->dab": (((2, 3, 4), (4, 5)), (6, 3, 1)),
    "abc,cde->dabe": (((2, 3, 4), (4, 5, 6)), (6, 90, 30, 1)),
    "bij,bkj->bik": (((2, 3, 4), (2, 5, 4)), (15, 5, 1)),
    "a,b->ba": (((2,), (3,)), (2, 1)),
    "abc->cb": (((2, 3, 4),), (3, 1)),
    "ab,bc,cd->da": (((2, 3), (3, 4), (4, 5)), (1, 5)),
}


@pytest.mark.parametrize("equation", EQUATIONS)
def test_order_of_einsum(equation):
    shapes, strides = EQUATIONS[equation]
    operands = [mt.randn(shape) for shape in shapes]
    assert mt.einsum(equation, *operands).stride() == strides


@pytest.mark.compare
def test_order_of_einsum_is_torchs():
    torch = pytest.importorskip("torch")
    for equation, (shapes, _) in EQUATIONS.items():
        arrays = [mt.randn(shape).numpy() for shape in shapes]
        ours = mt.einsum(equation, *map(mt.from_numpy, arrays))
        theirs = torch.einsum(equation, *map(torch.from_numpy, arrays))
        assert ours.stride() == theirs.stride(), equation
        assert ours.numpy() == pytest.approx(theirs.numpy(), abs=1e-5)


def test_channels_last_weights_are_enough():
    layer = nn.Conv2d(3, 4, 3).to(memory_format=mt.channels_last)
    assert layer(mt.randn(2, 3, 8, 8)).is_contiguous(memory_format=mt.channels_last)


def test_heads_are_joined_by_a_view():
    q, k, v = mt.randn(3, 2, 6, 4, 5).transpose(2, 3)
    joined = F.scaled_dot_product_attention(q, k, v, is_causal=True).transpose(1, 2)
    assert joined.view(2, 6, 20).shape == (2, 6, 20)


@pytest.mark.compare
def test_dropout_after_permuted_operations_draws_as_torch():
    torch = pytest.importorskip("torch")

    def program(torch):
        torch.manual_seed(0)
        x = torch.randn(2, 5, 8)
        q = x.reshape(2, 5, 2, 4).permute(0, 2, 1, 3)
        scores = torch.einsum("bhij,hg->bgij", q @ q.transpose(-1, -2), torch.ones(2, 2))
        weights = torch.nn.functional.dropout(scores.softmax(-1), 0.5)
        centred = (q - q.mean(-1, keepdim=True)) / q.std(-1, keepdim=True)
        return weights.sum().item(), torch.nn.functional.dropout(centred, 0.5).sum().item()

    assert program(mt) == pytest.approx(program(torch), abs=1e-4)
