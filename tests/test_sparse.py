"""Sparse tensors in coordinate format: parts, arithmetic, products, gradients and printing."""

import copy
import pickle

import numpy as np
import pytest

import minitorch as mt
from minitorch import nn

INDICES = [[0, 1, 1, 0], [2, 0, 2, 2]]
VALUES = [3.0, 4.0, 5.0, 1.0]
DENSE = [[0.0, 0.0, 4.0], [4.0, 0.0, 5.0]]


def sparse(requires_grad=False, lib=mt, dtype=None):
    values = lib.tensor(VALUES, dtype=dtype or lib.float64, requires_grad=requires_grad)
    return lib.sparse_coo_tensor(lib.tensor(INDICES), values, (2, 3)), values


def random_matrix(seed, *shape, lib=mt):
    return lib.from_numpy(np.random.default_rng(seed).standard_normal(shape))


def test_parts():
    s, values = sparse()
    assert isinstance(s, mt.Tensor)
    assert s.is_sparse
    assert s.layout is mt.sparse_coo
    assert (s.shape, s.dtype, s._nnz(), s.numel()) == ((2, 3), mt.float64, 4, 6)
    assert (s.sparse_dim(), s.dense_dim()) == (2, 0)
    assert not s.is_coalesced()
    with pytest.raises(RuntimeError, match="Cannot get values on an uncoalesced tensor"):
        s.values()
    c = s.coalesce()
    assert c.indices().tolist() == [[0, 1, 1], [2, 0, 2]]
    assert c.values().tolist() == [4.0, 4.0, 5.0]
    assert c.coalesce() is c
    assert s.to_dense().tolist() == c.to_dense().tolist() == DENSE
    assert s.t().to_dense().tolist() == np.transpose(DENSE).tolist()
    assert s[1].to_dense().tolist() == DENSE[1]
    assert s[-2].to_dense().tolist() == DENSE[0]
    picked = s.index_select(0, mt.tensor([1, 1, 0]))
    assert picked.to_dense().tolist() == [DENSE[1], DENSE[1], DENSE[0]]


def test_values_with_dense_dimensions():
    h = mt.sparse_coo_tensor([[0, 2]], mt.ones(2, 3), (4, 3))
    assert (h.sparse_dim(), h.dense_dim()) == (1, 1)
    assert h.to_dense()[:, 0].tolist() == [1.0, 0.0, 1.0, 0.0]
    again = h.to_dense().to_sparse(1)
    assert again.indices().tolist() == [[0, 2]]
    assert again.to_dense().equal(h.to_dense())
    assert mt.sparse.sum(h, 1).to_dense().tolist() == [3.0, 0.0, 3.0, 0.0]
    assert mt.sparse.sum(h, 0).tolist() == [2.0, 2.0, 2.0]


def test_dense_to_sparse_and_back():
    d = mt.tensor([[0, 1, 0], [2, 0, 3]])
    s = d.to_sparse()
    assert s.is_coalesced()
    assert s.values().tolist() == [1, 2, 3]
    assert s.to_dense().equal(d)
    assert s.to_sparse() is s
    assert d.to_dense() is d
    assert d.sparse_mask(s).to_dense().equal(d)
    with pytest.raises(RuntimeError, match="values expected sparse tensor layout but got Strided"):
        d.values()


def test_the_size_is_inferred_and_nothing_may_be_stored():
    s = mt.sparse_coo_tensor([[0, 1], [1, 0]], [1, 2])
    assert (s.shape, s.dtype) == ((2, 2), mt.int64)
    empty = mt.sparse_coo_tensor((2, 3))
    assert (empty._nnz(), empty.to_dense().abs().sum().item()) == (0, 0.0)
    assert (empty @ mt.ones(3, 2)).tolist() == [[0.0, 0.0]] * 2


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (([[0, 1]], [1.0]), "same nnz, but got nnz from indices: 2, nnz from values: 1"),
        (([[0, 5]], [1.0, 2.0], (3,)), "size is inconsistent with indices: for dim 0"),
        (([[0, -1]], [1.0, 2.0], (3,)), "found negative index -1"),
        (([[0, 1]], [1.0, 2.0], (3, 3)), "number of dimensions must be sparse_dim"),
        (([0, 1], [1.0, 2.0]), "indices must be sparse_dim x nnz"),
    ],
)
def test_what_does_not_fit(args, words):
    with pytest.raises(RuntimeError, match=words):
        mt.sparse_coo_tensor(*args)


def test_arithmetic():
    (s, _), d = sparse(), mt.tensor(DENSE, dtype=mt.float64)
    other = mt.tensor([[1.0, 0, 0], [0, 0, 2]], dtype=mt.float64).to_sparse()
    same = {
        "scaled": (s * 2.5, d * 2.5),
        "scaled from the left": (2 * s, 2 * d),
        "halved": (s / 2, d / 2),
        "negative": (-s, -d),
        "sum": (s + other, d + other.to_dense()),
        "difference": (s.coalesce() - other, d - other.to_dense()),
        "with itself": (s + s, d + d),
        "product": (s * other, d * other.to_dense()),
        "times dense": (s * mt.full((2, 3), 3.0), d * 3),
        "powers": (s.pow(2), d.pow(2)),
        "roots": (s.sqrt(), d.sqrt()),
        "converted": (s.float(), d.float()),
        "side by side": (mt.cat([s, s], 1), mt.cat([d, d], 1)),
    }
    for name, (sparse_result, dense_result) in same.items():
        assert sparse_result.is_sparse, name
        assert sparse_result.to_dense().tolist() == dense_result.tolist(), name
    assert (d + s).tolist() == (d + d).tolist()
    assert s.sum().item() == 13.0
    assert s.float().double().dtype is mt.float64
    with pytest.raises(RuntimeError, match="Use add.dense, sparse. instead"):
        s + d
    with pytest.raises(NotImplementedError, match="Could not run 'aten::exp' .* 'SparseCPU'"):
        s.exp()
    with pytest.raises(TypeError, match="Use Tensor.to_dense.. first"):
        s.numpy()


def test_products():
    (s, _), d = sparse(), random_matrix(0, 3, 4)
    expected = mt.tensor(DENSE, dtype=mt.float64) @ d
    for product in (mt.mm(s, d), mt.spmm(s, d), mt.sparse.mm(s, d), s @ d, s.mm(d), s.matmul(d)):
        assert product.allclose(expected)
    assert (s @ d[:, 0]).allclose(expected[:, 0])
    assert (d.t() @ s.t()).allclose(expected.t())
    ones = mt.ones(2, 4, dtype=mt.float64)  # PyTorch refuses a sum of another dtype
    assert mt.addmm(ones, s, d, beta=2, alpha=0.5).allclose(2 + expected / 2)
    both = s @ s.t()
    assert both.is_sparse
    assert both.to_dense().tolist() == [[16.0, 20.0], [20.0, 41.0]]
    with pytest.raises(RuntimeError, match="cannot be multiplied"):
        s @ s


def test_softmax_counts_stored_values_only():
    s, _ = sparse()
    probabilities = mt.sparse.softmax(s, 1).to_dense()
    assert probabilities[0].tolist() == [0.0, 0.0, 1.0]
    assert probabilities[1, [0, 2]].allclose(mt.tensor([4.0, 5.0], dtype=mt.float64).softmax(0))
    logs = mt.sparse.log_softmax(s, 1)
    assert logs.values().exp().allclose(mt.sparse.softmax(s, 1).values())


PROGRAMS = {
    "product": lambda lib, s, d: (s @ d).pow(2).sum(),
    "product from the right": lambda lib, s, d: (d.t() @ s.t()).pow(2).sum(),
    "dense": lambda lib, s, d: s.to_dense().pow(3).sum(),
    "coalesced": lambda lib, s, d: s.coalesce().values().pow(2).sum(),
    "scaled": lambda lib, s, d: lib.sparse.sum(s * 3),
    "softmax": lambda lib, s, d: lib.sparse.softmax(s, 1).to_dense().pow(2).sum(),
    "transposed": lambda lib, s, d: (s.t() @ d[:2]).pow(2).sum(),
    "sum over rows": lambda lib, s, d: lib.sparse.sum(s, 0).to_dense().pow(2).sum(),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_gradients_of_values_and_of_dense_operands(name):
    def function(values, d):
        s = mt.sparse_coo_tensor(mt.tensor(INDICES), values, (2, 3))
        return PROGRAMS[name](mt, s, d)

    values = mt.tensor(VALUES, dtype=mt.float64, requires_grad=True)
    d = random_matrix(1, 3, 2).requires_grad_()
    assert mt.autograd.gradcheck(function, (values, d))
    assert mt.autograd.gradgradcheck(function, (values, d))


def test_a_leaf_gets_a_sparse_gradient():
    s = mt.sparse_coo_tensor([[0, 1], [2, 0]], [1.0, 2.0], (2, 3), requires_grad=True)
    assert s.is_leaf
    mt.sparse.mm(s, mt.arange(3.0)[:, None]).sum().backward()
    assert s.grad.is_sparse
    assert s.grad.to_dense().tolist() == [[0.0, 0.0, 2.0], [0.0, 0.0, 0.0]]


def test_embeddings_with_sparse_gradients():
    sparse_one = nn.Embedding(5, 2, sparse=True, padding_idx=0)
    dense_one = copy.deepcopy(sparse_one)
    dense_one.sparse = False
    places, weights = mt.tensor([[1, 3], [1, 0]]), mt.arange(8.0).view(2, 2, 2)
    for _ in range(2):
        for layer in (sparse_one, dense_one):
            (layer(places) * weights).sum().backward()
    gradient = sparse_one.weight.grad
    assert gradient.is_sparse
    assert gradient.to_dense().equal(dense_one.weight.grad)
    for optimizer in (mt.optim.SGD, mt.optim.Adagrad):
        for layer in (sparse_one, dense_one):
            optimizer(layer.parameters(), lr=0.1).step()
        assert sparse_one.weight.allclose(dense_one.weight)
    with pytest.raises(RuntimeError, match="Adam does not support sparse gradients"):
        mt.optim.Adam(sparse_one.parameters()).step()
    sparse_one.zero_grad(set_to_none=False)
    assert gradient._nnz() == 0
    (sparse_one.weight * 2).sum().backward()  # dense and sparse gradients meet
    assert sparse_one.weight.grad.tolist() == [[2.0, 2.0]] * 5


def test_copies():
    s, _ = sparse()
    for twin in (copy.copy(s), copy.deepcopy(s), pickle.loads(pickle.dumps(s)), s.clone()):
        assert twin.to_dense().tolist() == DENSE
    s *= 2
    assert s.to_dense()[0, 2] == 8.0


def test_printing():
    s = mt.sparse_coo_tensor(INDICES, VALUES, (2, 3))
    assert repr(s) == (
        "tensor(indices=tensor([[0, 1, 1, 0],\n"
        "                       [2, 0, 2, 2]]),\n"
        "       values=tensor([3., 4., 5., 1.]),\n"
        "       size=(2, 3), nnz=4, layout=torch.sparse_coo)"
    )
    assert "values=tensor([], size=(0,))" in repr(mt.sparse_coo_tensor((2, 3)))


@pytest.mark.compare
@pytest.mark.filterwarnings("ignore:Sparse")
def test_the_same_as_torch():
    torch = pytest.importorskip("torch")

    def run(lib):
        s, values = sparse(True, lib)
        d = random_matrix(2, 3, 2, lib=lib).requires_grad_()
        results = [
            s,
            s.coalesce(),
            s.t(),
            s * 2,
            s @ d,
            lib.sparse.mm(s, d),
            lib.sparse.sum(s, 0),
            lib.sparse.softmax(s, 1),
            s.abs(),
            s.double(),
            s.float(),
            lib.cat([s, s]),
            s.detach(),
            lib.eye(3).to_sparse(),
            s.coalesce() + s.coalesce(),
            s + s,
            s.sum(),
            s.to_dense(),
            lib.ones(2, 2, 2).to_sparse(1),
            lib.mm(s, s.t()),
        ]
        total = sum(PROGRAMS[name](lib, s, d) for name in PROGRAMS)
        total.backward()
        return [str(r).split("grad_fn")[0] for r in results], values.grad.numpy(), d.grad.numpy()

    (ours, *mine), (theirs, *wanted) = run(mt), run(torch)
    assert ours == theirs
    for a, b in zip(mine, wanted, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-10)
