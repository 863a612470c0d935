"""nn.DataParallel and the functions beside it, on a machine without GPUs."""

import collections

import pytest

import minitorch as mt
from minitorch import nn
from minitorch.nn.parallel import data_parallel, gather, parallel_apply, replicate, scatter
from minitorch.nn.parallel.scatter_gather import is_namedtuple, scatter_kwargs

Point = collections.namedtuple("Point", "x y")


def describe(lib):
    lib.manual_seed(0)
    model = lib.nn.DataParallel(lib.nn.Linear(2, 3), device_ids=[0, 1])
    x = lib.ones(4, 2)
    return [
        repr(model),
        list(model.state_dict()),
        model.device_ids,
        model(x).tolist(),
        model(input=x).grad_fn.name(),
        model.module(x).tolist(),
        [name for name, _ in model.named_modules()],
    ]


@pytest.mark.compare
def test_data_parallel_is_that_of_torch():
    assert describe(mt) == describe(pytest.importorskip("torch"))


def test_data_parallel():
    inner = nn.Linear(2, 3)
    model = nn.DataParallel(inner)
    x = mt.ones(4, 2)
    assert model.module is inner and mt.equal(model(x), inner(x))
    assert list(model.state_dict()) == ["module.weight", "module.bias"]
    twin = nn.DataParallel(nn.Linear(2, 3))
    twin.load_state_dict(model.state_dict())
    assert mt.equal(twin(x), model(x))
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'input'"):
        model()
    assert mt.equal(data_parallel(inner, x), inner(x))
    assert mt.equal(data_parallel(inner, (), module_kwargs={"input": x}), inner(x))
    assert mt.nn.parallel.DataParallel is nn.DataParallel


def test_scatter_and_gather():
    x = mt.arange(10.0, requires_grad=True)
    batch = {"x": x, "list": [x * 2, "word"], "point": Point(x, 3), "none": None}
    shares = scatter(batch, ["cpu"] * 3)
    assert [len(share["x"]) for share in shares] == [4, 4, 2]
    assert shares[1]["list"][1] == "word" and shares[2]["point"].y == 3
    assert is_namedtuple(shares[0]["point"]) and shares[0]["none"] is None
    back = gather([share["list"][0] for share in shares], "cpu")
    assert mt.equal(back, x * 2)
    back.sum().backward()
    assert x.grad.tolist() == [2.0] * 10
    whole = gather([{"a": (mt.ones(1, 2), None)}, {"a": (mt.zeros(2, 2), None)}], "cpu")
    assert whole["a"][0].shape == (3, 2) and whole["a"][1] is None
    assert [len(part) for part in scatter(mt.zeros(2, 6), ["cpu"] * 2, dim=1)[0]] == [3, 3]
    with pytest.warns(UserWarning, match="all input tensors were scalars"):
        assert gather([mt.tensor(1.0), mt.tensor(2.0)], "cpu").tolist() == [1, 2]
    with pytest.raises(ValueError, match="same number of keys"):
        gather([{"a": x}, {}], "cpu")
    with pytest.raises(TypeError, match="expected tensors or containers"):
        gather([3, 4], "cpu")
    with pytest.raises((RuntimeError, AssertionError)):
        scatter(x, ["cuda:0", "cuda:1"])


def test_scatter_of_arguments():
    inputs, kwargs = scatter_kwargs((mt.arange(4),), {"flag": True}, ["cpu", "cpu"])
    assert [given[0].tolist() for given in inputs] == [[0, 1], [2, 3]]
    assert kwargs == ({"flag": True}, {"flag": True})
    assert scatter_kwargs((), None, ["cpu"]) == ((), ())


def test_replicas_work_on_their_shares():
    model = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3))
    shared = nn.ModuleList([model, model])
    assert replicate(shared, ["cpu"])[0][0] is not model
    twice = replicate(shared, ["cpu"])[0]
    assert twice[0] is twice[1]  # shared within a replica as before

    model = nn.Sequential(nn.Linear(2, 3), nn.Tanh())
    x = mt.randn(8, 2)
    copies = replicate(model, ["cpu", "cpu"])
    assert copies[0] is not copies[1] and copies[0][0] is not model[0]
    outputs = parallel_apply(copies, scatter((x,), ["cpu", "cpu"]), devices=["cpu", "cpu"])
    gather(outputs, "cpu").sum().backward()
    split = model[0].weight.grad.clone()
    model.zero_grad()
    model(x).sum().backward()
    assert mt.allclose(split, model[0].weight.grad)
    assert not replicate(model, ["cpu"], detach=True)[0][0].weight.requires_grad
    with pytest.raises(AssertionError, match="number of modules 2 is not equal"):
        parallel_apply(copies, [x])
    with pytest.raises(AssertionError, match="same length"):
        parallel_apply(copies, [x, x], [{}])
