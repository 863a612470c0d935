"""What programs written for torch do every day, and expect to work here as there."""

from __future__ import annotations

import numpy as np
import pytest

import minitorch as mt
from minitorch import nn
from minitorch.nn import functional as F


@pytest.mark.parametrize("before", [nn.BatchNorm2d(2), nn.MaxPool2d(2), nn.Conv2d(2, 2, 1)])
def test_an_inplace_activation_may_follow(before):
    x = mt.randn(2, 2, 4, 4, requires_grad=True)
    out = nn.ReLU(inplace=True)(before(x))
    out.sum().backward()
    apart = x.detach().requires_grad_()
    F.relu(before(apart)).sum().backward()
    assert mt.allclose(x.grad, apart.grad, atol=1e-6)


def test_values_of_max_and_sort_may_be_written_to():
    x = mt.tensor([[3.0, 1.0], [2.0, 5.0]], requires_grad=True)
    doubled, trebled = x.max(1)[0].mul_(2), x.sort(1)[0][:, 1].mul_(3)
    (doubled + trebled + x.topk(1)[0].squeeze(1).mul_(4)).sum().backward()
    assert x.grad.tolist() == [[9.0, 0.0], [0.0, 9.0]]


def test_average_pooling_over_padding():
    x = mt.ones(1, 1, 4, 4)
    counted = F.avg_pool2d(x, 3, 1, 1)[0, 0]
    assert counted[0, 0].item() == pytest.approx(4 / 9) and counted[1, 1].item() == 1.0
    assert F.avg_pool2d(x, 3, 2, 1, ceil_mode=True, count_include_pad=False).eq(1).all()


def test_numpys_keywords():
    x = mt.tensor([[1.0, 2.0], [3.0, 5.0]])
    assert mt.equal(mt.softmax(x, axis=1), mt.softmax(x, 1))
    assert mt.equal(x.std(axis=0, keepdims=True), x.std(0, keepdim=True))
    assert x.argmax(axis=1).tolist() == [1, 1]


def test_old_order_of_arguments():
    x, y = mt.ones(2), mt.tensor([1.0, 2.0])
    assert mt.add(x, 2, y).tolist() == [3.0, 5.0]
    assert x.clone().add_(-0.5, y).tolist() == [0.5, 0.0]
    assert x.sub(2, y).tolist() == [-1.0, -3.0]
    assert x.clone().addcmul_(2, y, y).tolist() == [3.0, 9.0]
    assert x.addcdiv(2, x, y).tolist() == [3.0, 2.0]


def test_losses_are_named_as_in_torch():
    x, target, classes = mt.rand(3, 4, requires_grad=True), mt.rand(3, 4), mt.tensor([0, 1, 3])
    names = {
        "NllLossBackward0": F.cross_entropy(x, classes),
        "BinaryCrossEntropyBackward0": F.binary_cross_entropy(x, target),
        "BinaryCrossEntropyWithLogitsBackward0": F.binary_cross_entropy_with_logits(x, target),
        "MseLossBackward0": F.mse_loss(x, target),
        "SmoothL1LossBackward0": F.smooth_l1_loss(x, target),
        "HuberLossBackward0": F.huber_loss(x, target),
    }
    for name, loss in names.items():
        assert loss.grad_fn.name() == name
        assert repr(loss).endswith(f"grad_fn=<{name}>)")


def test_a_mask_takes_one_element_of_any_dtype():
    x, mask = mt.zeros(3), mt.tensor([True, False, True])
    x[mask] = mt.tensor(2)
    assert x.tolist() == [2.0, 0.0, 2.0]
    with pytest.raises(RuntimeError, match="Index put requires"):
        x[mask] = mt.tensor([1, 2])
    with pytest.raises(RuntimeError, match="Index put requires"):
        x[mt.tensor([0])] = mt.tensor(1)


def test_numbers_first():
    whole = mt.arange(3)
    assert (2**whole).dtype is mt.int64 and (2**whole).tolist() == [1, 2, 4]
    assert (2.0**whole).dtype is mt.float32
    assert (7 // (whole + 1)).tolist() == [7, 3, 2] and (7 % (whole + 1)).tolist() == [0, 1, 1]


def test_none_as_every_dimension():
    x = mt.arange(6.0).view(2, 3)
    assert x.amax(dim=None).item() == 5.0
    assert x.amin(dim=None, keepdim=True).shape == (1, 1)


def test_comparison_in_place_ends_the_gradient():
    a = mt.ones(3, requires_grad=True)
    x = a * 2
    assert x.eq_(2).tolist() == [1.0, 1.0, 1.0]
    x.sum().backward()
    assert a.grad.tolist() == [0.0, 0.0, 0.0]


def test_a_leaf_frozen_after_the_forward_pass_gets_no_gradient():
    weight, bias = mt.ones(3, requires_grad=True), mt.zeros(3, requires_grad=True)
    loss = (weight * 2 + bias).sum()
    weight.requires_grad_(False)
    loss.backward()
    assert weight.grad is None and bias.grad.tolist() == [1.0, 1.0, 1.0]


def test_views_keep_their_place_when_the_base_is_transposed_in_place():
    w = mt.arange(6.0).view(2, 3).requires_grad_()
    base = w * 1
    row = base[0]
    base.t_()
    row.mul_(10)
    assert base.tolist() == [[0.0, 3.0], [10.0, 4.0], [20.0, 5.0]]
    base.sum().backward()
    assert w.grad.tolist() == [[10.0, 10.0, 10.0], [1.0, 1.0, 1.0]]
    base.detach_()
    assert base.is_leaf and base._base is None


def test_a_view_that_requires_grad_itself_is_a_leaf():
    part = mt.zeros(4)[:2].requires_grad_()
    with pytest.raises(RuntimeError, match="leaf Variable that requires grad"):
        part.mul_(2)


def test_tensor_of_a_size():
    assert mt.Tensor(mt.Size([2, 3])).shape == (2, 3)
    assert mt.Tensor((2, 3)).tolist() == [2.0, 3.0]
    assert mt.ones(1).layout is mt.strided


def test_switches_of_other_backends():
    assert mt.backends.cudnn.deterministic is False and mt.backends.cudnn.version() is None
    mt.backends.cudnn.benchmark = mt.backends.cudnn.benchmark
    assert not mt.backends.mps.is_available() and not mt.backends.cudnn.is_available()


def test_arange_rounds_once():
    # -8 + 80 * 0.1 in one step, as torch computes it, and not rounded to 0.
    assert mt.arange(-8.0, 8.0, 0.1)[80].item() == 2.0**-51


@pytest.mark.compare
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_arange_has_the_bits_of_torch(dtype):
    torch = pytest.importorskip("torch")
    for count in (*range(1, 40), 97):
        for start, step in ((-8.0, 0.1), (0.35, -0.7), (4.95, 0.48), (3, 0.03), (-1, 1)):
            end = start + step * (count - 0.5)
            ours = mt.arange(start, end, step, dtype=getattr(mt, dtype))
            theirs = torch.arange(start, end, step, dtype=getattr(torch, dtype))
            np.testing.assert_array_equal(ours.numpy(), theirs.numpy())


def test_numbers_from_nested_lists():
    assert mt.tensor([[1, 2.5], (True, 0)]).tolist() == [[1.0, 2.5], [1.0, 0.0]]
    assert mt.tensor([(True,), (2,)]).dtype is mt.int64
    assert mt.tensor([[True]]).dtype is mt.bool
    assert mt.tensor([[], []]).shape == (2, 0)
    assert mt.tensor([[[1, 2]], [[3, 4]]], dtype=mt.uint8).shape == (2, 1, 2)
    for ragged in ([[1], [2, 3]], [[1], 2], [1, [2]], [[[1]], [2]]):
        with pytest.raises((ValueError, TypeError)):
            mt.tensor(ragged)


def test_integers_that_no_integer_type_holds():
    for numbers in ([2**63], [-(2**64)], [2**63, 1], [0.5, 2**63]):
        assert mt.tensor(numbers, dtype=mt.float64).tolist() == [float(n) for n in numbers]
        assert mt.tensor(numbers, dtype=mt.bool).all()
        for dtype in (mt.int64, mt.uint8):
            with pytest.raises(ValueError, match="Overflow when unpacking long long"):
                mt.tensor(numbers, dtype=dtype)
    with pytest.raises(ValueError, match="Overflow when unpacking long long"):
        mt.tensor([2**63, 1])
    with pytest.raises(TypeError, match="'complex' object cannot be interpreted as an integer"):
        mt.tensor([1j, 2], dtype=mt.int32)
    assert mt.tensor([1j, 0], dtype=mt.bool).tolist() == [True, False]


def test_cosines_to_every_row():
    rows = mt.tensor([[3.0, 4.0], [4.0, -3.0], [0.0, 0.0]], requires_grad=True)
    vector = mt.tensor([6.0, 8.0])
    cosines = F.cosine_similarity(vector, rows)  # by dimension 1 of the broadcast shape
    assert cosines.tolist() == pytest.approx([1.0, 0.0, 0.0])
    column = mt.tensor([[2.0]])
    assert F.cosine_similarity(column, vector[None]).item() == pytest.approx(1.4 / 2**0.5)
    # Vectors shorter than eps are divided by it; the gradient is that of the uncut length.
    (g,) = mt.autograd.grad(F.cosine_similarity(rows[0], vector, 0, eps=100.0), rows)
    assert g[0].tolist() == pytest.approx([6e-4 - 3 * 50 / 5e6, 8e-4 - 4 * 50 / 5e6])


def test_the_mean_of_integers_in_a_window_is_cut():
    x = mt.arange(-8, 8).view(1, 1, 4, 4)
    assert F.avg_pool2d(x, 2).flatten().tolist() == [-5, -3, 2, 4]
    assert F.avg_pool1d(x.view(1, 1, 16), 2).dtype is mt.int64
    assert F.avg_pool2d(x, 3, 2, padding=1).flatten().tolist() == [-2, -2, 0, 2]
    with pytest.raises(NotImplementedError, match="\"avg_pool2d\" not implemented for 'Int'"):
        F.avg_pool2d(x.int(), 2)


def test_results_have_types_with_names():
    assert isinstance(mt.ones(2, 2).max(0), mt.return_types.max)
    assert isinstance(mt.svd(mt.eye(2)), mt.return_types.svd)
    assert isinstance(mt.linalg.lstsq(mt.eye(2), mt.eye(2)), mt.return_types.linalg_lstsq)
    assert not isinstance(mt.ones(2, 2).min(0), mt.return_types.max)
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        mt.return_types.nothing  # noqa: B018


def test_numpys_numbers_as_sizes_and_limits():
    two, x = np.int64(2), mt.arange(72.0).view(1, 2, 6, 6)
    plain = [
        (nn.Conv2d(2, two, two, two, np.int64(1)), nn.Conv2d(2, 2, 2, 2, 1)),
        (nn.MaxPool2d(two), nn.MaxPool2d(2)),
        (nn.AvgPool2d(two), nn.AvgPool2d(2)),
        (nn.AdaptiveAvgPool2d(two), nn.AdaptiveAvgPool2d(2)),
        (nn.LPPool2d(two, two), nn.LPPool2d(2, 2)),
        (nn.ZeroPad2d(two), nn.ZeroPad2d(2)),
        (nn.ReflectionPad2d(two), nn.ReflectionPad2d(2)),
        (nn.LayerNorm(np.int64(6)), nn.LayerNorm(6)),
        (nn.Unfold(two), nn.Unfold(2)),
    ]
    for given, wanted in plain:
        wanted.load_state_dict(given.state_dict())
        assert mt.equal(given(x), wanted(x))
    low, high = np.float32(1.5), np.float64(3)
    assert mt.equal(x.clamp(low, high), x.clamp(1.5, 3.0))
    assert mt.equal(x.clone().clamp_(min=low), x.clamp(min=1.5))
    assert mt.arange(5).clamp(np.int64(1), np.int64(3)).tolist() == [1, 1, 2, 3, 3]
    assert mt.arange(3).clamp(low, high).dtype is mt.float32
