"""The device "meta" and the default device: shapes and element types without elements."""

import numpy as np
import pytest

import minitorch as mt
from minitorch import nn
from minitorch.backends.meta import META, meta_array
from tests.comparing import Failed, convert, function_at, outcome, tensors_in
from tests.test_ops import GOOD_CALLS

#: What depends on the elements, or asks for them.
NEEDS_DATA = {
    "Tensor.__getitem__",  # by a mask
    "Tensor.cpu",
    "Tensor.to",
    "argwhere",
    "bincount",
    "histc",  # in the range of the data
    "histogram",
    "histogramdd",
    "index_put",  # by a mask
    "masked_select",
    "nonzero",
    "repeat_interleave",  # by a tensor of counts
    "tensor_split",  # at a tensor of places
    "unique",
    "unique_consecutive",
    "where",  # with a condition alone
}
#: What has no rule yet: docs/divergences.md.
MISSING = {
    "Tensor.as_strided_",
    "Tensor.fill_diagonal_",
    "Tensor.resize_",
    "Tensor.resize_as_",
    "as_strided",
    "nn.functional.embedding_bag",
    "unravel_index",
}


def moved(value):
    """``value`` with its tensors on the meta device."""
    if isinstance(value, mt.Tensor):
        return value.to("meta")
    if type(value) in (list, tuple):
        return type(value)(moved(item) for item in value)
    if isinstance(value, dict):
        return {key: moved(item) for key, item in value.items()}
    return value


@pytest.mark.parametrize("path, sample", GOOD_CALLS)
def test_shapes_and_dtypes_are_those_of_the_computation(path, sample):
    args = convert(mt, list(sample.args), lambda t: t)
    kwargs = {name: convert(mt, value, lambda t: t) for name, value in sample.kwargs.items()}
    without = moved([args, kwargs])
    if not tensors_in([args, list(kwargs.values())]):
        return  # nothing is on any device
    real = outcome(function_at(mt, path), *args, **kwargs)
    meta = outcome(function_at(mt, path), *without[0], **without[1])
    if isinstance(meta, Failed):
        asks_for_an_element = "item() cannot be called on meta" in str(meta.error)
        assert asks_for_an_element or path in NEEDS_DATA | MISSING
        assert isinstance(meta.error, (NotImplementedError, RuntimeError))
        return
    for a, b in zip(tensors_in(real), tensors_in(meta), strict=True):
        if path in NEEDS_DATA and a.shape != b.shape:
            continue  # a number as a mask
        assert (a.shape, a.dtype) == (b.shape, b.dtype)
        assert b.is_meta or path == "combinations"  # of places, not of the elements


def test_a_tensor_without_elements():
    x = mt.empty(5, 3, device="meta")
    assert x.is_meta
    assert x.device == mt.device("meta")
    assert repr(x) == "tensor(..., device='meta', size=(5, 3))"
    assert repr(x.sum().long()) == "tensor(..., device='meta', size=(), dtype=torch.int64)"
    assert (x.numel(), x.nbytes, x.data_ptr(), x.stride()) == (15, 60, 0, (3, 1))
    assert x.t().stride() == (1, 3)
    assert not x.t().is_contiguous()
    assert x.type() == "torch.meta.FloatTensor"
    assert x.to("meta") is x
    assert x[1:, None, ::2].shape == (4, 1, 2)
    with pytest.raises(RuntimeError, match="view size is not compatible"):
        x.t().view(15)


def test_memory_is_not_needed():
    x = mt.rand(2**10, 3, 2**16, 2**16, device="meta")
    out = nn.Conv2d(3, 5, 2, device="meta")(x)
    assert out.shape == (1024, 5, 65535, 65535)
    assert out.relu().flatten(1).sum(1).shape == (1024,)


@pytest.mark.parametrize(
    ("ask", "error", "words"),
    [
        (lambda x: x.sum().item(), RuntimeError, "item.. cannot be called on meta tensors"),
        (lambda x: bool(x.sum()), RuntimeError, "item.. cannot be called on meta tensors"),
        (lambda x: x.tolist(), NotImplementedError, "Cannot copy out of meta tensor; no data!"),
        (lambda x: x.cpu(), NotImplementedError, "Cannot copy out of meta tensor; no data!"),
        (lambda x: mt.ones(2, 2).copy_(x), NotImplementedError, "no data!"),
        (lambda x: x.numpy(), TypeError, "can't convert meta device type tensor to numpy"),
        (
            lambda x: x + mt.ones(2, 2),
            RuntimeError,
            "device cpu is not on the expected device meta",
        ),
        (
            lambda x: mt.ones(2, 2) + x,
            RuntimeError,
            "device meta is not on the expected device cpu",
        ),
        (lambda x: mt.cat([x, mt.ones(2, 2)]), RuntimeError, "not on the expected device"),
        (lambda x: x[x > 0], NotImplementedError, "mask"),
        (lambda x: nn.Linear(2, 2, device="meta").to("cpu"), NotImplementedError, "to_empty"),
    ],
)
def test_there_are_no_elements_to_be_had(ask, error, words):
    with pytest.raises(error, match=words):
        ask(mt.empty(2, 2, device="meta"))


def test_numbers_and_indices_of_the_cpu_are_welcome():
    x = mt.empty(4, 3, device="meta")
    assert (x * mt.tensor(2.0)).shape == (4, 3)
    assert (mt.tensor(2.0) + x).is_meta
    assert x[mt.tensor([0, 2, 1])].shape == (3, 3)


def test_nothing_is_drawn():
    mt.manual_seed(0)
    expected = mt.rand(1)
    mt.manual_seed(0)
    with mt.device("meta"):
        nn.Linear(3, 4)
        mt.randn(5), mt.randperm(9), mt.rand(2, 2).bernoulli()
    assert mt.rand(1).equal(expected)


def test_training_on_nothing():
    net = nn.Sequential(nn.Linear(2, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 3)).to("meta")
    optimizer = mt.optim.Adam(net.parameters())
    x, target = mt.ones(4, 2, device="meta"), mt.zeros(4, dtype=mt.long, device="meta")
    loss = nn.functional.cross_entropy(net(x), target)
    assert loss.shape == ()
    loss.backward()
    assert [p.grad.shape for p in net.parameters()] == [p.shape for p in net.parameters()]
    assert all(p.grad.is_meta for p in net.parameters())
    optimizer.step()


def test_gradients_of_tables():
    layer = nn.Embedding(10, 3, device="meta")
    places = mt.zeros(4, 2, dtype=mt.long, device="meta")
    layer(places).sum().backward()
    assert layer.weight.grad.shape == (10, 3)
    x = mt.ones(5, 3, device="meta", requires_grad=True)
    x.index_select(0, places[:, 0]).sum().backward()
    assert x.grad.is_meta


def test_modules_leave_the_device_by_to_empty_or_assignment():
    full = nn.Linear(2, 3)
    hollow = nn.Linear(2, 3, device="meta")
    assert hollow.to_empty(device="cpu").weight.device.type == "cpu"
    hollow = nn.Linear(2, 3, device="meta")
    with pytest.warns(UserWarning, match="which is a no-op"):
        hollow.load_state_dict(full.state_dict())
    assert hollow.weight.is_meta
    hollow.load_state_dict(full.state_dict(), assign=True)
    assert hollow.weight.equal(full.weight)
    assert isinstance(hollow.weight, nn.Parameter)


def test_the_default_device():
    assert mt.get_default_device() == mt.device("cpu")
    x = mt.ones(2)
    with mt.device("meta"):
        assert mt.get_default_device() == mt.device("meta")
        made = [
            mt.ones(2),
            mt.full((2,), 1.0),
            mt.tensor([1.0, 2]),
            mt.arange(2),
            mt.eye(2),
            mt.linspace(0, 1, 2),
            mt.randn(2),
            mt.as_tensor([1, 2]),
            mt.randint(3, (2,)),
        ]
        assert all(t.is_meta for t in made)
        with mt.device("cpu"):
            assert not mt.ones(2).is_meta
        here = [
            mt.ones_like(x),
            x.new_zeros(2),
            x.new_tensor([1.0]),
            mt.from_numpy(np.ones(2)),
            mt.rand_like(x),
            mt.ones(2, device="cpu"),
            mt.FloatTensor(2),
            mt.Tensor([1.0]),
        ]
        assert not any(t.is_meta for t in here)
    mt.set_default_device("meta")
    try:
        assert mt.ones(2).is_meta
        assert nn.Linear(2, 3).weight.is_meta
    finally:
        mt.set_default_device(None)
    assert not mt.ones(2).is_meta


def test_numpys_functions_on_arrays_without_elements():
    x = meta_array((2, 3), "float32")
    assert np.add(x, np.ones(3)).dtype == np.float64  # as NumPy promotes
    assert (x.astype("float64") * 2).sum(0).shape == (3,)
    assert META.zeros((4,), "int8").dtype == np.int8
    assert np.concatenate([x, x], 1).shape == (2, 6)
    assert np.matmul(x, x.T).shape == (2, 2)
    assert x[[0, 1, 1], :2].shape == (3, 2)
    assert x[:, None, [0, 1]].shape == (2, 1, 2)
    assert np.einsum("ij,kj->ki", x, meta_array((5, 3), "float32")).shape == (5, 2)
    with pytest.raises(NotImplementedError, match="numpy.unique: .* Meta tensors"):
        np.unique(x)
    with pytest.raises(ValueError, match="cannot reshape"):
        x.reshape(4)


@pytest.mark.compare
def test_strides_as_torch_has_them():
    torch = pytest.importorskip("torch")

    def shown(lib):
        x = lib.empty(2, 3, 4, device="meta")
        results = [
            x.permute(2, 0, 1),
            x.transpose(0, 2)[1:],
            x.expand(2, 3, 4) * 2,
            x.permute(2, 0, 1) * 2,
            x.reshape(6, 4),
            x.flatten(1).t(),
            x.unsqueeze(1),
            x.sum(1),
            x[..., 1],
            x.softmax(1),
        ]
        return [(tuple(r.shape), tuple(r.stride())) for r in results], [str(r) for r in results]

    assert shown(mt) == shown(torch)
