"""minitorch.func: transforms of functions, vmap, modules as functions; dual numbers."""

import numpy as np
import pytest

import minitorch as mt
from minitorch import func, nn, vmap
from minitorch.autograd import forward_ad

X = mt.tensor([1.0, 2.0, 3.0])
Y = mt.tensor([4.0, 5.0, 6.0])
ROWS = mt.arange(6.0).view(2, 3)


def cubes(x):
    return (x**3).sum()


def waves(x, y):
    return (x * y).sin().sum()


def doubled_exp(x):
    return x.exp() * 2


# --- gradients ------------------------------------------------------------------------------------


def test_grad_with_respect_to_chosen_arguments():
    assert func.grad(cubes)(X).tolist() == [3.0, 12.0, 27.0]
    first, second = func.grad(waves, argnums=(0, 1))(X, Y)
    assert first.allclose(Y * (X * Y).cos())
    assert func.grad(waves, argnums=1)(X, Y).equal(second)
    assert func.grad(waves, argnums=-1)(X, Y).equal(second)


def test_grad_of_nested_containers_and_aux():
    def loss(p, x):
        return (p["w"] * x + p["b"][0]).pow(2).sum(), {"seen": x}

    gradient, aux = func.grad(loss, has_aux=True)({"w": X, "b": [Y]}, X)
    assert gradient["b"][0].equal(2 * (X * X + Y))
    assert gradient["w"].equal(2 * X * (X * X + Y))
    assert aux["seen"] is X
    gradient, (value, aux) = func.grad_and_value(loss, has_aux=True)({"w": X, "b": [Y]}, X)
    assert value.item() == ((X * X + Y) ** 2).sum().item()


def test_transforms_nest():
    third = func.grad(func.grad(func.grad(lambda x: x**4)))
    assert third(mt.tensor(2.0)).item() == 48.0
    curvature = func.grad(lambda x: func.grad(cubes)(x).sum())
    assert curvature(X).tolist() == [6.0, 12.0, 18.0]
    inner = func.grad(lambda x: x * func.grad(lambda y: x * y)(mt.tensor(1.0)))
    assert inner(mt.tensor(5.0)).item() == 10.0  # x * x


def test_results_are_in_the_graph_of_the_outside_only():
    assert not func.grad(cubes)(X).requires_grad
    value, pull = func.vjp(doubled_exp, X)
    assert not value.requires_grad
    assert not pull(Y)[0].requires_grad
    leaf = X.clone().requires_grad_()
    func.grad(cubes)(leaf).sum().backward()
    assert leaf.grad.tolist() == [6.0, 12.0, 18.0]
    scale = mt.tensor(2.0, requires_grad=True)  # not an argument, but of the surroundings
    func.grad(lambda x: (scale * x).sum())(X).sum().backward()
    assert scale.grad.item() == 3.0
    assert X.grad is None


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (
            lambda: func.grad(doubled_exp)(X),
            RuntimeError,
            "return a scalar Tensor, got tensor with 1",
        ),
        (lambda: func.grad(lambda x: 3.0)(X), RuntimeError, "return a Tensor, got <class 'float'>"),
        (lambda: func.grad(waves, argnums=5)(X, Y), RuntimeError, "Got argnum=5, but only 2"),
        (lambda: func.grad(cubes)(X.long()), RuntimeError, "floating point dtype can require"),
        (lambda: func.grad(cubes, has_aux=True)(X), RuntimeError, "should be a tuple"),
        (lambda: func.vjp(doubled_exp, X)[1](ROWS), RuntimeError, "Mismatch in shape"),
        (lambda: func.vjp(doubled_exp, X)[1]((X, X)), RuntimeError, "structure of cotangents"),
        (lambda: func.jvp(doubled_exp, X, Y), RuntimeError, "Expected primals to be a tuple"),
        (lambda: func.jvp(doubled_exp, (X,), (ROWS,)), RuntimeError, "different size"),
        (lambda: func.jvp(doubled_exp, (X,), (X, X)), RuntimeError, "same python structure"),
        (lambda: func.functionalize(cubes, remove="x"), RuntimeError, "invalid argument"),
        (lambda: func.jacrev(cubes, chunk_size=0), ValueError, "chunk_size"),
    ],
)
def test_what_is_refused(call, error, words):
    with pytest.raises(error, match=words):
        call()


# --- products and matrices ------------------------------------------------------------------------


def test_products():
    slope = 2 * X.exp()
    value, pull = func.vjp(doubled_exp, X)
    assert value.equal(doubled_exp(X))
    assert pull(Y)[0].allclose(Y * slope)
    assert pull(X)[0].allclose(X * slope)  # as often as one likes
    value, push = func.linearize(doubled_exp, X)
    assert push(Y).allclose(Y * slope)
    value, derivative, aux = func.jvp(lambda x: ((x**2).sum(), x + 1), (X,), (Y,), has_aux=True)
    assert (value.item(), derivative.item(), aux.tolist()) == (14.0, 64.0, [2.0, 3.0, 4.0])
    value, derivative = func.jvp(lambda x: {"a": x * 2, "b": mt.ones(2)}, (X,), (Y,))
    assert derivative["a"].tolist() == [8.0, 10.0, 12.0]
    assert derivative["b"].tolist() == [0.0, 0.0]


@pytest.mark.parametrize("jacobian", [func.jacrev, func.jacfwd])
def test_jacobians(jacobian):
    assert jacobian(doubled_exp)(X).allclose((2 * X.exp()).diag())
    first, second = jacobian(mt.outer, argnums=(0, 1))(X, mt.ones(2))
    assert first.shape == (3, 2, 3)
    assert second.shape == (3, 2, 2)
    assert first.sum(1).equal(2 * mt.eye(3))
    both, aux = jacobian(lambda x: ((x, x.sum()), "note"), has_aux=True)(X)
    assert both[0].equal(mt.eye(3))
    assert both[1].tolist() == [1.0, 1.0, 1.0]
    assert aux == "note"
    assert jacobian(lambda x: x[:0])(X).shape == (0, 3)


def test_hessians():
    assert func.hessian(cubes)(X).equal((6 * X).diag())
    (xx, xy), (yx, yy) = func.hessian(waves, argnums=(0, 1))(X, Y)
    assert xy.allclose(yx.T)
    assert xx.allclose((-(Y**2) * (X * Y).sin()).diag(), atol=1e-5)
    assert func.jacrev(func.jacrev(cubes))(X).equal(func.jacfwd(func.grad(cubes))(X))


# --- vmap -----------------------------------------------------------------------------------------


def test_vmap_over_chosen_dimensions():
    assert vmap(mt.dot)(ROWS, ROWS).tolist() == [5.0, 50.0]
    assert vmap(mt.mul, in_dims=(0, None))(ROWS, X).equal(ROWS * X)
    assert vmap(lambda a: a * 2, in_dims=1)(ROWS).equal(ROWS.T * 2)
    assert vmap(lambda a: a * 2, in_dims=-1, out_dims=1)(ROWS).equal(ROWS * 2)
    assert vmap(vmap(mt.mul))(ROWS, ROWS).equal(ROWS * ROWS)
    columns, sums = vmap(lambda a: (a, a.sum()), out_dims=(1, 0))(ROWS)
    assert columns.equal(ROWS.T)
    assert sums.equal(ROWS.sum(1))
    mixed = vmap(lambda p: p["a"] + p["b"], in_dims=({"a": 0, "b": None},))({"a": ROWS, "b": X})
    assert mixed.equal(ROWS + X)
    assert vmap(lambda a: {"s": a.sum(), "t": [a]})(ROWS)["t"][0].equal(ROWS)
    assert vmap(mt.mul, in_dims=(0, None), chunk_size=1)(ROWS, 2).equal(ROWS * 2)
    assert vmap(lambda a: a.sum())(ROWS[:0]).shape == (0,)


def test_vmap_composes_with_gradients():
    assert vmap(func.grad(cubes))(ROWS).equal(3 * ROWS**2)
    assert vmap(func.jacrev(doubled_exp))(ROWS).shape == (2, 3, 3)
    leaf = ROWS.clone().requires_grad_()
    vmap(cubes)(leaf).sum().backward()
    assert leaf.grad.equal(3 * ROWS**2)


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: vmap(mt.mul)(ROWS, mt.ones(3, 3)), ValueError, "same size in the mapped dim"),
        (lambda: vmap(mt.mul)(ROWS, 2), ValueError, "cannot vmap over non-Tensor arguments"),
        (lambda: vmap(lambda a: 3)(ROWS), ValueError, "must only return Tensors"),
        (lambda: vmap(mt.neg, in_dims=None)(ROWS), ValueError, "expected `in_dims` to be int or a"),
        (lambda: vmap(mt.neg, in_dims=5)(ROWS), ValueError, "Got in_dim=5 for some input"),
        (lambda: vmap(mt.neg, in_dims=(0, 0))(ROWS), ValueError, "in_dims is not compatible"),
        (lambda: vmap(mt.neg, out_dims=(0, 0))(ROWS), ValueError, "out_dims is not compatible"),
        (lambda: vmap(mt.neg, randomness="x"), RuntimeError, "Only allowed values for randomness"),
        (lambda: vmap(mt.neg, chunk_size=0), ValueError, "chunk_size should be None or greater"),
        (lambda: vmap(lambda a: a + mt.rand(1))(ROWS), RuntimeError, "called random operation"),
        (lambda: vmap(mt.neg)(), ValueError, "got no inputs"),
    ],
)
def test_what_vmap_refuses(call, error, words):
    with pytest.raises(error, match=words):
        call()


def test_random_numbers_in_vmap():
    same = vmap(lambda a: mt.rand(4), randomness="same")(ROWS)
    assert same[0].equal(same[1])
    different = vmap(lambda a: mt.rand(4), randomness="different")(ROWS)
    assert not different[0].equal(different[1])


# --- modules --------------------------------------------------------------------------------------


def test_per_sample_gradients_add_up_to_those_of_the_batch():
    mt.manual_seed(0)
    net = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2))
    inputs, targets = mt.randn(5, 3), mt.tensor([0, 1, 0, 1, 1])

    def loss(parameters, x, target):
        out = func.functional_call(net, parameters, (x[None],))
        return nn.functional.cross_entropy(out, target[None])

    parameters = {name: p.detach() for name, p in net.named_parameters()}
    each = vmap(func.grad(loss), in_dims=(None, 0, 0))(parameters, inputs, targets)
    nn.functional.cross_entropy(net(inputs), targets, reduction="sum").backward()
    for name, p in net.named_parameters():
        assert each[name].shape == (5, *p.shape)
        assert each[name].sum(0).allclose(p.grad, atol=1e-6)


def test_an_ensemble_of_modules():
    models = [nn.BatchNorm1d(3).eval() for _ in range(4)]
    parameters, buffers = func.stack_module_state(models)
    assert parameters["weight"].shape == (4, 3)
    assert parameters["weight"].is_leaf
    assert parameters["weight"].requires_grad
    assert not buffers["running_mean"].requires_grad
    x = mt.randn(5, 3)

    def run(p, b, x):
        return func.functional_call(models[0], (p, b), (x,))

    out = vmap(run, in_dims=(0, 0, None))(parameters, buffers, x)
    assert out[3].equal(models[3](x))
    with pytest.raises(ValueError, match="multiple dictionaries"):
        func.functional_call(models[0], (dict(models[0].named_parameters()),) * 2, (x,))
    with pytest.raises(RuntimeError, match="same class"):
        func.stack_module_state([nn.ReLU().eval(), nn.Tanh().eval()])
    with pytest.raises(RuntimeError, match="Expected at least one model"):
        func.stack_module_state([])


# --- autograd's own -------------------------------------------------------------------------------


def test_batched_grad_outputs():
    x = X.clone().requires_grad_()
    y = doubled_exp(x)
    (rows,) = mt.autograd.grad(y, x, mt.eye(3), is_grads_batched=True)
    assert rows.allclose((2 * X.exp()).diag())
    with pytest.raises(ValueError, match="is_grads_batched=True"):
        mt.autograd.grad(doubled_exp(x), x, mt.ones(0, 3), is_grads_batched=True)


def test_dual_numbers():
    with forward_ad.dual_level():
        dual = forward_ad.make_dual(X, Y)
        primal, tangent = forward_ad.unpack_dual((dual * dual).sin())
        assert primal.allclose((X * X).sin())
        assert tangent.allclose(2 * X * Y * (X * X).cos())
        assert forward_ad.unpack_dual(X).tangent is None
        weight = mt.ones(3, requires_grad=True)
        moving = forward_ad.unpack_dual(weight * dual).tangent
        moving.sum().backward()  # the derivative is itself differentiable
        assert weight.grad.equal(Y)
        with pytest.raises(RuntimeError, match="Nested forward mode AD"):
            forward_ad.enter_dual_level()
    assert forward_ad.unpack_dual(dual * 2).tangent is None
    with pytest.raises(RuntimeError, match="no level exists"):
        forward_ad.make_dual(X, Y)
    with pytest.raises(RuntimeError, match="not entered"):
        forward_ad.exit_dual_level()


def test_a_dual_tensor_keeps_its_tangent():
    with forward_ad.dual_level():
        primal, tangent = forward_ad.unpack_dual(forward_ad.make_dual(X, Y))
        assert tangent is Y and not primal.requires_grad and primal.data_ptr() == X.data_ptr()
        square = mt.ones(3, 3)
        laid_out = forward_ad.unpack_dual(forward_ad.make_dual(square, X.expand(3, 3).t())).tangent
        assert laid_out.is_contiguous() and laid_out.equal(X.expand(3, 3).t())
        weight = X.clone().requires_grad_()
        assert forward_ad.unpack_dual(forward_ad.make_dual(weight, Y)).primal.requires_grad


@pytest.mark.compare
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_the_same_as_torch():
    torch = pytest.importorskip("torch")

    def run(lib):
        f = lib.func
        array = np.linspace(-1, 1, 12).reshape(4, 3)
        a, b = lib.from_numpy(array), lib.from_numpy(array[0] + 2)
        w = lib.from_numpy(array.T @ array)

        def energy(x, scale):
            return lib.nn.functional.softplus(w @ x).dot(x) * scale.sum()

        results = [
            f.grad(energy)(a[1], b),
            f.grad(energy, argnums=1)(a[1], b),
            f.hessian(energy)(a[1], b),
            f.jacrev(lambda x: (w @ x).tanh())(b),
            f.jacfwd(lambda x: (w @ x).tanh())(b),
            *f.jvp(lambda x: (w @ x).softmax(0), (a[0],), (b,)),
            f.vmap(f.grad(energy), in_dims=(0, None))(a, b),
            f.vmap(f.hessian(energy), in_dims=(0, None), out_dims=1)(a, b),
            f.vmap(lambda x: x.sort().values, in_dims=1)(a),
        ]
        return [r.numpy() for r in results]

    for ours, theirs in zip(run(mt), run(torch), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-8, atol=1e-12)
