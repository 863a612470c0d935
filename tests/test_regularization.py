"""The L1 and L2 penalties against their formulas, the idiom they stand for, and weight decay."""

import numpy as np
import pytest

import minitorch as mt
from minitorch.nn.regularization import l1_penalty, l2_penalty, weights_only


def model():
    return mt.nn.Sequential(mt.nn.Linear(4, 3), mt.nn.Tanh(), mt.nn.Linear(3, 2))


def test_formulas():
    net = model()
    w = np.concatenate([p.detach().numpy().ravel() for p in net.parameters()])
    assert l1_penalty(net).item() == pytest.approx(np.abs(w).sum(), rel=1e-6)
    assert l2_penalty(net).item() == pytest.approx((w**2).sum() / 2, rel=1e-6)
    assert l1_penalty(net, 0.3, num_samples=5).item() == pytest.approx(
        0.3 / 5 * np.abs(w).sum(), rel=1e-6
    )
    assert l2_penalty(net, 0.3, num_samples=5).item() == pytest.approx(
        0.3 / 10 * (w**2).sum(), rel=1e-6
    )


def test_the_idiom():
    net = model()
    written = 0.01 * sum(p.abs().sum() for p in net.parameters())
    assert l1_penalty(net, 0.01).item() == pytest.approx(written.item(), rel=1e-6)
    assert l1_penalty(net.parameters(), 0.01).shape == ()


def test_gradients():
    for penalty, slope in ((l1_penalty, np.sign), (l2_penalty, lambda w: w)):
        net = model()
        penalty(net, 0.6, num_samples=3).backward()
        for p in net.parameters():
            np.testing.assert_allclose(p.grad.numpy(), 0.2 * slope(p.detach().numpy()), rtol=1e-6)


def test_gradient_at_zero_is_zero():
    w = mt.zeros(3, requires_grad=True)
    l1_penalty(w).backward()
    np.testing.assert_array_equal(w.grad.numpy(), 0)


def test_biases_can_be_left_out():
    net = model()
    weights = [net[0].weight, net[2].weight]
    assert l2_penalty(net, include=weights_only).item() == l2_penalty(weights).item()
    by_name = l2_penalty(net, include=lambda name, p: not name.endswith("bias"))
    assert by_name.item() == l2_penalty(weights).item()
    pairs = l2_penalty(net.named_parameters(), include=weights_only)
    assert pairs.item() == l2_penalty(weights).item()
    names = []
    l1_penalty(net, include=lambda name, p: names.append(name))
    assert names == ["0.weight", "0.bias", "2.weight", "2.bias"]
    assert l1_penalty([mt.ones(2)], include=lambda name, p: name == "").item() == 2


def test_shared_parameters_count_once():
    net = mt.nn.Sequential(mt.nn.Linear(3, 3), mt.nn.Linear(3, 3))
    net[1].weight = net[0].weight
    parts = [net[0].weight, net[0].bias, net[1].bias]
    assert l1_penalty(net).item() == pytest.approx(l1_penalty(parts).item(), rel=1e-6)


def test_no_parameters():
    assert l1_penalty([]).item() == 0
    assert l2_penalty(mt.nn.ReLU()).item() == 0
    assert (mt.ones((), requires_grad=True) + l2_penalty([])).item() == 1


def test_the_strength_may_be_learned():
    strength = mt.tensor(0.5, requires_grad=True)
    l2_penalty([mt.tensor([3.0, 4.0])], strength).backward()
    assert strength.grad.item() == 12.5


def test_complex_parameters():
    w = mt.tensor([3 + 4j], requires_grad=True)
    assert l1_penalty(w).item() == pytest.approx(5)
    assert l2_penalty(w).item() == pytest.approx(12.5)


def test_l2_is_weight_decay_for_sgd():
    mt.manual_seed(0)
    first = model()
    second = model()
    second.load_state_dict(first.state_dict())
    x, y = mt.randn(8, 4), mt.randn(8, 2)
    decaying = mt.optim.SGD(first.parameters(), lr=0.1, momentum=0.9, weight_decay=0.02)
    penalised = mt.optim.SGD(second.parameters(), lr=0.1, momentum=0.9)
    for _ in range(10):
        decaying.zero_grad()
        penalised.zero_grad()
        ((first(x) - y) ** 2).mean().backward()
        (((second(x) - y) ** 2).mean() + l2_penalty(second, 0.16, num_samples=8)).backward()
        decaying.step()
        penalised.step()
    for p, q in zip(first.parameters(), second.parameters(), strict=True):
        np.testing.assert_allclose(p.detach().numpy(), q.detach().numpy(), rtol=1e-4, atol=1e-6)


def test_l1_makes_weights_small():
    mt.manual_seed(0)
    x = mt.randn(64, 5)
    y = x[:, :1] * 2.0
    weights = []
    for strength in (0.0, 0.1):
        layer = mt.nn.Linear(5, 1)
        optimizer = mt.optim.SGD(layer.parameters(), lr=0.05)
        for _ in range(300):
            optimizer.zero_grad()
            loss = ((layer(x) - y) ** 2).mean() + l1_penalty(layer, strength, include=weights_only)
            loss.backward()
            optimizer.step()
        weights.append(layer.weight.abs().sum().item())
    assert weights[0] == pytest.approx(2, abs=0.05)
    assert weights[1] < weights[0] - 0.02


def test_bad_arguments():
    for penalty in (l1_penalty, l2_penalty):
        with pytest.raises(ValueError, match="strength"):
            penalty([mt.ones(1)], -1.0)
        with pytest.raises(ValueError, match="strength"):
            penalty([mt.ones(1)], float("nan"))
        with pytest.raises(ValueError, match="num_samples"):
            penalty([mt.ones(1)], num_samples=0)
        with pytest.raises(TypeError, match="but got str"):
            penalty(["weight"])
