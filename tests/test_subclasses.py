"""Classes derived from the Tensor, and __torch_function__."""

import copy

import pytest

import minitorch as mt
from minitorch import nn
from minitorch.ops.subclasses import DisableTorchFunctionSubclass


class Labelled(mt.Tensor):
    pass


class Narrower(Labelled):
    pass


class Logged(mt.Tensor):
    calls = []

    @classmethod
    def __torch_function__(cls, func, types, args=(), kwargs=None):
        cls.calls.append((func.__name__, len(args), kwargs))
        return super().__torch_function__(func, types, args, kwargs or {})


class Scalar:
    """No tensor at all."""

    handled = {}

    def __init__(self, value):
        self.value = value

    @classmethod
    def __torch_function__(cls, func, types, args=(), kwargs=None):
        if func not in cls.handled:
            return NotImplemented
        return cls.handled[func](*args, **(kwargs or {}))


X = mt.ones(2)


@pytest.mark.parametrize(
    "function",
    [
        lambda t: t + 1,
        lambda t: 1 - t,
        lambda t: X * t,
        lambda t: mt.sin(t),
        lambda t: t.sum(),
        lambda t: t[0],
        lambda t: t.view(2, 1),
        lambda t: t.view(1, 2).T,
        lambda t: t == 1,
        lambda t: t.long(),
        lambda t: t.clone(),
        lambda t: t.detach(),
        lambda t: t.data,
        lambda t: t.max(0).values,
        lambda t: t.unbind()[1],
        lambda t: mt.stack([X, t]),
        lambda t: mt.cat([t, t]),
        lambda t: t @ t,
        lambda t: mt.einsum("i,j->ij", t, t),
        lambda t: nn.Linear(2, 2)(t),
        lambda t: nn.functional.softmax(t, 0),
        lambda t: t.add_(1),
        lambda t: copy.deepcopy(t),
        lambda t: copy.copy(t),
        lambda t: nn.Parameter(t),
        lambda t: X.as_subclass(Labelled),
    ],
)
def test_results_keep_the_class(function):
    result = function(Labelled([1.0, 2.0]))
    assert type(result) is Labelled
    plain = function(mt.tensor([1.0, 2.0]))
    assert result.shape == plain.shape
    assert result.dtype is plain.dtype


def test_plain_tensors_stay_plain():
    assert type(X + X) is mt.Tensor
    assert type(mt.Tensor(Labelled([1.0]))) is mt.Tensor
    with DisableTorchFunctionSubclass():
        assert type(Labelled([1.0]) + 1) is mt.Tensor


def test_values_and_gradients_are_those_of_plain_tensors():
    t = Labelled([1.0, 2.0])
    assert (t * 3).tolist() == [3.0, 6.0]
    assert type(t.numpy()).__name__ == "ndarray"
    t.requires_grad_()
    total = (t * t).sum()
    assert repr(total) == "Labelled(5., grad_fn=<AliasBackward0>)"
    total.backward()
    assert type(t.grad) is mt.Tensor
    assert t.grad.tolist() == [2.0, 4.0]
    shared = X.clone()
    shared.as_subclass(Labelled).mul_(5)
    assert shared.tolist() == [5.0, 5.0]


def test_the_most_derived_class_wins():
    assert type(Narrower([1.0]) + Labelled([1.0])) is Narrower
    assert type(Labelled([1.0]) + Narrower([1.0])) is Narrower
    with pytest.raises(TypeError, match="__torch_function__ handlers returned NotImplemented"):
        Labelled([1.0]) + Logged([1.0])


def test_a_class_sees_the_calls():
    Logged.calls.clear()
    t = Logged([1.0, 2.0])
    mt.add(t, 2, alpha=3)
    t.exp()
    assert Logged.calls == [("add", 2, {"alpha": 3}), ("exp", 1, None)]


def test_classes_that_are_no_tensors():
    Scalar.handled = {mt.mean: lambda s: s.value / 2, mt.add: lambda a, b: "added"}
    assert mt.mean(Scalar(4.0)) == 2.0
    assert mt.add(Scalar(1.0), X) == "added"
    assert mt.add(X, Scalar(1.0)) == "added"
    with pytest.raises(TypeError, match="Multiple dispatch failed for 'torch.mul'"):
        mt.mul(X, Scalar(1.0))


def test_make_subclass_in_a_constructor():
    class Noted(mt.Tensor):
        def __new__(cls, data, note=None):
            return mt.Tensor._make_subclass(cls, mt.as_tensor(data))

        def __init__(self, data, note=None):
            self.note = note

    noted = Noted([1.0, 2.0], note="x")
    assert noted.note == "x"
    assert type(noted * 2) is Noted
    assert not hasattr(noted * 2, "note")


def test_results_of_parameters_are_plain():
    class Weight(nn.Parameter):
        pass

    assert type(Weight(X.clone()) * 2) is mt.Tensor
    with pytest.raises(RuntimeError, match="no class derived from Tensor"):
        X.as_subclass(int)


@pytest.mark.compare
def test_the_same_classes_as_in_torch():
    torch = pytest.importorskip("torch")

    def run(lib):
        class Sub(lib.Tensor):
            pass

        t = Sub([[1.0, 2.0], [3.0, 4.0]])
        results = [
            t,
            t + 1,
            t.mean(1),
            t.sort()[0],
            t.tril(),
            t.norm(),
            t.softmax(1),
            t.flatten(),
            t.std(),
            lib.where(t > 1, t, t * 2),
            lib.matmul(t, lib.ones(2)),
            t.cumsum(0),
            t.to(lib.float64),
        ]
        return [(type(r).__name__, str(r)) for r in results]

    assert run(mt) == run(torch)
