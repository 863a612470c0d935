"""Bad input: torch's class of error, its first words, and nothing changed.

A call takes the library and fresh tensors of it: ``x`` (2, 3), ``v`` (3), ``i`` integers (3),
``m`` a mask (3), ``w`` a leaf (2, 3), ``s`` a number.
"""

from __future__ import annotations

import warnings

import numpy as np
import pytest

import minitorch as mt


def _activation_of(name, kind):
    return lambda lib, t: getattr(lib.nn.functional, name)(getattr(t, kind))


def _without_init(lib):
    class Forgetful(lib.nn.Module):
        def __init__(self):
            pass

    return Forgetful()


#: name: (the call, how many of torch's first words ours share).
CALLS = {
    # shapes
    "add": (lambda lib, t: t.x + lib.ones(2), 8),
    "mul in place": (lambda lib, t: t.v.mul_(t.x), 5),
    "mm": (lambda lib, t: t.x.mm(t.x), 8),
    "matmul": (lambda lib, t: t.x @ t.x, 8),
    "matmul of a number": (lambda lib, t: t.x @ t.s, 8),
    "dot": (lambda lib, t: t.v.dot(lib.ones(2)), 5),
    "bmm": (lambda lib, t: lib.bmm(t.x, t.x), 4),
    "view": (lambda lib, t: t.x.view(4), 5),
    "view of a transpose": (lambda lib, t: t.x.t().view(6), 5),
    "reshape": (lambda lib, t: t.x.reshape(-1, 4), 3),
    "expand": (lambda lib, t: t.x.expand(3, 3), 6),
    "cat": (lambda lib, t: lib.cat([t.x, lib.ones(2, 2)]), 5),
    "cat of nothing": (lambda lib, t: lib.cat([]), 3),
    "stack": (lambda lib, t: lib.stack([t.x, t.v]), 5),
    "permute": (lambda lib, t: t.x.permute(0), 3),
    "squeeze": (lambda lib, t: t.x.squeeze(5), 5),
    "transpose": (lambda lib, t: t.x.transpose(0, 2), 5),
    "chunk": (lambda lib, t: t.x.chunk(0), 3),
    "split": (lambda lib, t: t.x.split([1, 2]), 3),
    "unfold": (lambda lib, t: t.v.unfold(0, 5, 1), 3),
    "linear": (lambda lib, t: lib.nn.functional.linear(t.x, lib.ones(2, 2)), 8),
    "conv2d": (lambda lib, t: lib.nn.functional.conv2d(t.x, t.x), 2),
    "broadcast_to": (lambda lib, t: lib.broadcast_to(t.x, (3, 3)), 5),
    "target without a batch": (lambda lib, t: lib.nn.functional.cross_entropy(t.x, t.i[0]), 11),
    "target of another batch": (lambda lib, t: lib.nn.functional.cross_entropy(t.x, t.i), 11),
    "two targets for one input": (lambda lib, t: lib.nn.functional.nll_loss(t.v, t.i), 14),
    "target of another length": (
        lambda lib, t: lib.nn.functional.nll_loss(lib.ones(3, 2, 4), t.i.unsqueeze(1)),
        8,
    ),
    # dimensions and indices
    "sum over a dimension": (lambda lib, t: t.x.sum(2), 12),
    "sum twice over one": (lambda lib, t: t.x.sum((0, 0)), 5),
    "softmax": (lambda lib, t: t.x.softmax(3), 5),
    "index": (lambda lib, t: t.x[2], 8),
    "negative index": (lambda lib, t: t.x[-3], 8),
    "too many indices": (lambda lib, t: t.x[0, 0, 0], 3),
    "index of a number": (lambda lib, t: t.s[0], 3),
    "mask of another shape": (lambda lib, t: t.x[t.m], 5),
    "float index": (lambda lib, t: t.x[t.v], 4),
    "assignment": (lambda lib, t: t.x.__setitem__(0, lib.ones(2)), 4),
    "assignment out of range": (lambda lib, t: t.x.__setitem__(2, 1.0), 8),
    "gather": (lambda lib, t: t.x.gather(1, lib.tensor([[3]])), 4),
    "index_select": (lambda lib, t: t.x.index_select(0, lib.tensor([5])), 3),
    "scatter": (lambda lib, t: t.x.scatter_(1, lib.tensor([[3]]), 1.0), 4),
    "embedding": (lambda lib, t: lib.nn.functional.embedding(lib.tensor([7]), t.x), 3),
    "max of nothing": (lambda lib, t: lib.ones(0).max(), 5),
    "topk": (lambda lib, t: t.x.topk(4), 5),
    "iteration": (lambda lib, t: iter(t.s), 4),
    "length": (lambda lib, t: len(t.s), 4),
    # dtypes
    "mean of integers": (lambda lib, t: t.i.mean(), 5),
    "mm of two dtypes": (lambda lib, t: t.x.mm(lib.ones(3, 2, dtype=lib.float64)), 5),
    "linear of two dtypes": (lambda lib, t: lib.nn.functional.linear(t.x, t.x.double()), 8),
    "linear with a bias of another": (
        lambda lib, t: lib.nn.functional.linear(t.x, lib.ones(3, 3), t.v.double()),
        12,
    ),
    "mv of two dtypes": (lambda lib, t: t.x @ t.v.double(), 13),
    "dot of two dtypes": (lambda lib, t: t.v @ t.i, 13),
    "batches of two dtypes": (lambda lib, t: t.x[None] @ t.x.t()[None].double(), 7),
    "batch and vector of two dtypes": (lambda lib, t: t.x[None] @ t.v.double(), 13),
    "addmm of two dtypes": (lambda lib, t: lib.addmm(t.v.double(), t.x, lib.ones(3, 3)), 12),
    "addmv of two dtypes": (lambda lib, t: lib.addmv(t.s.double(), t.x, t.v), 13),
    "addbmm of two dtypes": (
        lambda lib, t: lib.addbmm(t.s.double(), t.x[None], lib.ones(1, 3, 3)),
        12,
    ),
    "baddbmm of two dtypes": (
        lambda lib, t: lib.baddbmm(t.s.double(), t.x[None], lib.ones(1, 3, 3)),
        13,
    ),
    "tensordot of two dtypes": (lambda lib, t: lib.tensordot(t.v, t.i, 1), 6),
    "einsum of two dtypes": (lambda lib, t: lib.einsum("i,i->", t.v, t.i), 7),
    "multi_dot of two dtypes": (
        lambda lib, t: lib.linalg.multi_dot([t.x, lib.ones(3, 3).double()]),
        18,
    ),
    "bilinear of two dtypes": (lambda lib, t: lib.nn.Bilinear(3, 3, 2)(t.x, t.x.double()), 16),
    "prelu of two dtypes": (lambda lib, t: lib.nn.PReLU()(t.x.double()), 8),
    "convolution of two dtypes": (
        lambda lib, t: lib.nn.Conv1d(2, 1, 1)(t.x.double()),
        12,
    ),
    "weights of two dtypes": (
        lambda lib, t: lib.nn.functional.conv1d(t.x, lib.ones(1, 2, 1).double()),
        7,
    ),
    "transposed convolution of two dtypes": (
        lambda lib, t: lib.nn.ConvTranspose1d(2, 1, 1)(t.x.double()),
        7,
    ),
    "batch norm of two dtypes": (lambda lib, t: lib.nn.BatchNorm1d(3)(t.x.double()), 10),
    "running statistics of another dtype": (
        lambda lib, t: lib.nn.functional.batch_norm(t.x, t.v.double(), t.v.double(), t.v),
        7,
    ),
    "layer norm of two dtypes": (lambda lib, t: lib.nn.LayerNorm(3)(t.x.double()), 10),
    "layer norm in float64": (lambda lib, t: lib.nn.LayerNorm(3).double()(t.x), 11),
    "layer norm of integers": (lambda lib, t: lib.nn.functional.layer_norm(t.i, (3,)), 5),
    "group norm of two dtypes": (lambda lib, t: lib.nn.GroupNorm(3, 3)(t.x.double()), 10),
    "instance norm of two dtypes": (
        lambda lib, t: lib.nn.InstanceNorm1d(2, affine=True)(t.x[None].double()),
        10,
    ),
    "rms norm of integers": (lambda lib, t: lib.nn.functional.rms_norm(t.i, (3,)), 5),
    "embedding of floats": (lambda lib, t: lib.nn.functional.embedding(t.v, t.x), 21),
    "bags of floats": (lambda lib, t: lib.nn.functional.embedding_bag(t.v, t.x, t.i), 21),
    "integers take no fraction": (lambda lib, t: t.i.add_(0.5), 8),
    "integers take no quotient": (lambda lib, t: t.i.div_(2), 8),
    "masks minus masks": (lambda lib, t: t.m - t.m, 5),
    "minus a mask": (lambda lib, t: -t.m, 5),
    "bits of floats": (lambda lib, t: t.x & 1, 1),
    "powers of integers": (lambda lib, t: t.i**-1, 5),
    "division by zero": (lambda lib, t: t.i // 0, 1),
    "integers as leaves": (lambda lib, t: t.i.requires_grad_(), 5),
    "cross entropy of floats": (lambda lib, t: lib.nn.functional.cross_entropy(t.x, t.v[:2]), 0),
    "where": (lambda lib, t: lib.where(t.v, t.v, t.v), 4),
    # kinds of arguments
    "add of text": (lambda lib, t: lib.add(t.x, "a"), 1),
    "exp of a number": (lambda lib, t: lib.exp(1.0), 6),
    "unknown keyword": (lambda lib, t: t.x.sum(bad=1), 1),
    "missing argument": (lambda lib, t: lib.cumsum(t.x), 2),
    "text plus tensor": (lambda lib, t: "a" + t.x, 1),
    "truth of several": (lambda lib, t: bool(t.x), 5),
    "item of several": (lambda lib, t: t.x.item(), 2),
    "float of several": (lambda lib, t: float(t.x), 1),
    "tensor of text": (lambda lib, t: lib.tensor("a"), 2),
    "a new tensor of text": (lambda lib, t: lib.Tensor("a"), 5),
    "cosines of integers": (lambda lib, t: lib.cosine_similarity(t.i, t.i, 0), 12),
    "ragged lists": (lambda lib, t: lib.tensor([[1], [2, 3]]), 4),
    "a negative size": (lambda lib, t: lib.zeros(-1), 3),
    "no such device": (lambda lib, t: t.x.to("nowhere"), 2),
    "manual seed": (lambda lib, t: lib.manual_seed("a"), 0),
    # the graph
    "backward of several": (lambda lib, t: (t.w * 2).backward(), 5),
    "backward without a graph": (lambda lib, t: t.s.backward(), 5),
    "backward twice": (lambda lib, t: [y.backward() for y in [(t.w * t.w).sum()] * 2], 8),
    "in place on a leaf": (lambda lib, t: t.w.add_(1), 8),
    "in place on a view of a leaf": (lambda lib, t: t.w[0].zero_(), 8),
    "numpy of a leaf": (lambda lib, t: t.w.numpy(), 5),
    "gradient of another shape": (lambda lib, t: setattr(t.w, "grad", lib.ones(3)), 3),
    "gradient that is no tensor": (lambda lib, t: setattr(t.w, "grad", 1), 4),
    "out= with gradients": (lambda lib, t: lib.add(t.w, t.w, out=t.x), 4),
    "out= of another dtype": (lambda lib, t: lib.add(t.x, t.x, out=t.i), 5),
    "retain_grad": (lambda lib, t: t.x.retain_grad(), 3),
    # modules, optimizers
    "a missing parameter": (lambda lib, t: lib.nn.Linear(2, 2).load_state_dict({}), 5),
    "an unexpected parameter": (lambda lib, t: lib.nn.ReLU().load_state_dict({"a": t.x}), 5),
    "no such attribute": (lambda lib, t: lib.nn.Linear(2, 2).nothing, 4),
    "an empty optimizer": (lambda lib, t: lib.optim.SGD([], lr=0.1), 4),
    "a negative learning rate": (lambda lib, t: lib.optim.SGD([t.w], lr=-1.0), 3),
    "forward without code": (lambda lib, t: lib.nn.Module()(t.x), 3),
    "Linear of another width": (lambda lib, t: lib.nn.Linear(2, 2)(t.x), 8),
    # what a call was given, in torch's words
    "nothing to add": (lambda lib, t: lib.mul(t.x), 6),
    "nothing to raise": (lambda lib, t: lib.exp(), 6),
    "two arguments missing": (lambda lib, t: t.x.transpose(), 7),
    "one argument too many": (lambda lib, t: lib.sigmoid(t.x, 1), 8),
    "two arguments too many": (lambda lib, t: lib.roll(t.x, 1, 0, 3, 4), 10),
    "an array for a tensor": (lambda lib, t: lib.abs(np.ones(2)), 8),
    "a list for a tensor": (lambda lib, t: lib.softmax([1.0], 0), 8),
    "a list to sort": (lambda lib, t: lib.sort([1]), 8),
    "a size with text behind": (lambda lib, t: lib.zeros(2, "a"), 16),
    "a size of floats": (lambda lib, t: lib.empty((2, 3.0)), 16),
    "softmax over text": (lambda lib, t: t.x.softmax("a"), 3),
    "tensors as numbers": (lambda lib, t: lib.tensor([t.x, t.x]), 10),
    "a complex number as a real one": (lambda lib, t: float(lib.tensor(1 + 2j)), 9),
    "deleting a row": (lambda lib, t: t.x.__delitem__(0), 6),
    "not of a float": (lambda lib, t: ~t.x, 9),
    "a hook that reshapes": (
        lambda lib, t: [
            (y.register_hook(lambda g: lib.ones(1)), y.sum().backward()) for y in [t.w * 2]
        ],
        8,
    ),
    "Tensor of text": (lambda lib, t: lib.Tensor("a"), 5),
    "assigned requires_grad": (lambda lib, t: setattr(t.i, "requires_grad", True), 9),
    "integers by requires_grad_()": (lambda lib, t: t.i.requires_grad_(), 8),
    "no such device type": (lambda lib, t: lib.device("nowhere"), 30),
    "no inputs": (lambda lib, t: lib.autograd.grad(t.w.sum(), []), 6),
    "a saved result written to": (
        lambda lib, t: [(y.mul_(2), y.sum().backward()) for y in [t.w.exp()]],
        30,
    ),
    # kinds of elements that an op does not compute with
    **{
        f"{name} of {kind}": (_activation_of(name, kind), 5)
        for name in ("elu", "selu", "gelu", "silu", "mish", "leaky_relu", "softplus")
        + ("softshrink", "hardshrink", "hardsigmoid", "hardswish", "logsigmoid")
        for kind in ("i", "m")
    },
    "softmax of integers": (lambda lib, t: t.i.softmax(0), 5),
    "softmax of integers over rows": (lambda lib, t: lib.ones(2, 2).long().softmax(0), 5),
    "mse_loss of integers": (lambda lib, t: lib.nn.functional.mse_loss(t.i, t.i), 5),
    "kl_div of integers": (lambda lib, t: lib.nn.functional.kl_div(t.i, t.i), 5),
    "std of integers": (lambda lib, t: t.i.std(), 9),
    "allclose of two dtypes": (lambda lib, t: lib.allclose(t.x, t.x.double()), 4),
    "embedding of a mask": (lambda lib, t: lib.nn.functional.embedding(t.m, t.x), 23),
    "attention of two dtypes": (
        lambda lib, t: lib.nn.functional.scaled_dot_product_attention(t.x, t.x, t.x.double()),
        22,
    ),
    "attention of vectors": (
        lambda lib, t: lib.nn.functional.scaled_dot_product_attention(t.v, t.v, t.v),
        20,
    ),
    # modules
    "channels of one image": (lambda lib, t: lib.nn.Conv2d(3, 6, 3)(lib.ones(2, 8, 8)), 20),
    "a filter for another dimension": (
        lambda lib, t: lib.nn.functional.conv2d(lib.ones(1, 3, 8, 8), lib.ones(2, 3, 3)),
        20,
    ),
    "probabilities of another batch": (
        lambda lib, t: lib.nn.functional.cross_entropy(t.x, t.x.t()),
        9,
    ),
    "ranks of a triplet": (lambda lib, t: lib.nn.functional.triplet_margin_loss(t.x, t.v, t.v), 14),
    "hinge of two shapes": (
        lambda lib, t: lib.nn.functional.hinge_embedding_loss(t.x, lib.ones(2, 2)),
        4,
    ),
    "no __init__ of the base": (lambda lib, t: _without_init(lib)(t.x), 6),
}


class Inputs:
    """Fresh tensors for one call."""

    def __init__(self, lib):
        self.x = lib.arange(6.0).reshape(2, 3)
        self.v = lib.tensor([1.0, 2.0, 3.0])
        self.i = lib.tensor([1, 2, 3])
        self.m = lib.tensor([True, False, True])
        self.w = lib.ones(2, 3, requires_grad=True)
        self.s = lib.tensor(2.0)


def error_of(call, lib, inputs):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            call(lib, inputs)
        except Exception as error:
            return error
    return None


@pytest.mark.parametrize("name", CALLS)
def test_a_failed_call_changes_nothing(name):
    inputs, untouched = Inputs(mt), Inputs(mt)
    assert error_of(CALLS[name][0], mt, inputs) is not None
    for key, tensor in vars(inputs).items():
        before = getattr(untouched, key)
        np.testing.assert_array_equal(tensor._array, before._array)
        assert (tensor.dtype, tensor.shape, tensor._version) == (before.dtype, before.shape, 0)


@pytest.mark.compare
@pytest.mark.parametrize("name", CALLS)
def test_same_error_as_torch(name):
    torch = pytest.importorskip("torch")
    call, count = CALLS[name]
    ours, theirs = error_of(call, mt, Inputs(mt)), error_of(call, torch, Inputs(torch))
    assert theirs is not None
    assert type(theirs) in type(ours).__mro__, f"{ours!r}\nbut torch: {theirs!r}"
    assert str(ours).split()[:count] == str(theirs).split()[:count]
