"""gradcheck, autograd.functional and checkpoint: the same calls to torch and to minitorch.

A call takes the library; results are compared in values, shapes, dtypes and ``requires_grad``,
errors in class and first words.
"""

import contextlib
import gc
import importlib
import warnings
import weakref

import pytest

import minitorch as mt
import minitorch.autograd.functional
import minitorch.utils.checkpoint
from minitorch.autograd.gradcheck import GradcheckError, gradcheck, gradgradcheck
from minitorch.utils.checkpoint import CheckpointError, checkpoint, checkpoint_sequential


def described(value):
    """A result as plain data, alike for both libraries."""
    if hasattr(value, "requires_grad"):
        numbers = value.detach().tolist()
        return str(value.dtype), list(value.shape), numbers, value.requires_grad
    if isinstance(value, (tuple, list)):
        return type(value).__name__, [described(item) for item in value]
    return value


def outcome(call, lib):
    """What a call returns or raises."""
    lib.manual_seed(0)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            result = described(call(lib))
        except Exception as error:
            return type(error).__name__, str(error)
    return result, [str(w.message) for w in caught]


def close(a, b):
    if isinstance(a, (tuple, list)):
        return type(a) is type(b) and len(a) == len(b) and all(map(close, a, b))
    if isinstance(a, (float, complex)):
        return a == pytest.approx(b, rel=1e-4, abs=1e-6, nan_ok=True)
    return a == b


def assert_as_torch(call, words=6):
    torch = pytest.importorskip("torch")
    importlib.import_module("torch.utils.checkpoint")
    mine, theirs = outcome(call, mt), outcome(call, torch)
    if isinstance(theirs[1], str):
        assert isinstance(mine[1], str), f"torch raised {theirs}, minitorch gave {mine}"
        assert mine[0] == theirs[0], f"{mine} is not {theirs}"
        assert mine[1].split()[:words] == theirs[1].split()[:words]
    else:
        assert close(mine[0], theirs[0]), f"{mine} is not {theirs}"
        assert len(mine[1]) == len(theirs[1]), f"warnings: {mine[1]} is not {theirs[1]}"


def leaf(lib, *values, dtype="float64"):
    return lib.tensor(values, dtype=getattr(lib, dtype), requires_grad=True)


def one(lib, n=2):
    return lib.ones(n, dtype=lib.float64)


# --- autograd.functional --------------------------------------------------------------------------


def cube(x):
    return x**3


def total(x):
    return (x**3).sum()


def product(x, y):
    return (x * y).sum() ** 2


def with_xy(call):
    """A call of (functional, lib, x, y)."""

    def run(lib):
        x, y = leaf(lib, 1.0, 2.0), lib.tensor([3.0, 4.0], dtype=lib.float64)
        return call(lib.autograd.functional, lib, x, y)

    return run


FUNCTIONAL = {
    "vjp": lambda f, lib, x, y: f.vjp(cube, x, one(lib)),
    "vjp of a number": lambda f, lib, x, y: f.vjp(total, x),
    "vjp without v": lambda f, lib, x, y: f.vjp(cube, x),
    "vjp of two inputs": lambda f, lib, x, y: f.vjp(lambda a, b: a * b, (x, y), one(lib)),
    "vjp of two outputs": lambda f, lib, x, y: f.vjp(lambda a: (a, a * 2), x, (one(lib), one(lib))),
    "vjp with a graph": lambda f, lib, x, y: f.vjp(cube, x, one(lib), create_graph=True),
    "vjp with a graph of y": lambda f, lib, x, y: f.vjp(cube, y, one(lib), create_graph=True),
    "vjp of the identity": lambda f, lib, x, y: f.vjp(lambda a: a, x, one(lib)),
    "vjp of a constant": lambda f, lib, x, y: f.vjp(lambda a: one(lib), x, one(lib)),
    "vjp, short v": lambda f, lib, x, y: f.vjp(cube, x, one(lib, 3)),
    "vjp, two v": lambda f, lib, x, y: f.vjp(cube, x, (one(lib), one(lib))),
    "vjp, one v for two": lambda f, lib, x, y: f.vjp(lambda a: (a, a), x, one(lib)),
    "vjp, second v": lambda f, lib, x, y: f.vjp(lambda a: (a, a), x, (one(lib), one(lib, 3))),
    "vjp, v in a tuple": lambda f, lib, x, y: f.vjp(cube, x, (one(lib),)),
    "vjp, v in a list": lambda f, lib, x, y: f.vjp(cube, x, [one(lib)]),
    "vjp, v a number": lambda f, lib, x, y: f.vjp(cube, x, 3),
    "vjp at a number": lambda f, lib, x, y: f.vjp(cube, 3),
    "vjp at a list": lambda f, lib, x, y: f.vjp(cube, [x]),
    "vjp at a mixed tuple": lambda f, lib, x, y: f.vjp(cube, (x, 3)),
    "vjp of a plain number": lambda f, lib, x, y: f.vjp(lambda a: 3, x),
    "vjp of a dict": lambda f, lib, x, y: f.vjp(lambda a: {"a": a}, x),
    "vjp of ints": lambda f, lib, x, y: f.vjp(cube, lib.tensor([1, 2]), one(lib)),
    "vjp, strict": lambda f, lib, x, y: f.vjp(lambda a: one(lib), x, one(lib), strict=True),
    "vjp, strict, unused": lambda f, lib, x, y: f.vjp(
        lambda a, b: a * 2, (x, y), one(lib), strict=True
    ),
    "vjp, strict, linear": lambda f, lib, x, y: f.vjp(
        lambda a: a * 2, x, one(lib), strict=True, create_graph=True
    ),
    "jvp": lambda f, lib, x, y: f.jvp(cube, x, y),
    "jvp without v": lambda f, lib, x, y: f.jvp(cube, x),
    "jvp of one": lambda f, lib, x, y: f.jvp(cube, leaf(lib, 2.0)),
    "jvp of two": lambda f, lib, x, y: f.jvp(lambda a, b: (a * b, one(lib)), (x, y), (y, one(lib))),
    "jvp with a graph": lambda f, lib, x, y: f.jvp(cube, x, y, create_graph=True),
    "jvp, short v": lambda f, lib, x, y: f.jvp(cube, x, one(lib, 3)),
    "jvp, strict": lambda f, lib, x, y: f.jvp(lambda a: one(lib), x, y, strict=True),
    "jvp, strict, detached": lambda f, lib, x, y: f.jvp(
        lambda a: a.detach() * 2, x, y, strict=True
    ),
    "jvp, strict, unused": lambda f, lib, x, y: f.jvp(
        lambda a, b: a * 2, (x, y), (y, y), strict=True
    ),
    "jvp, strict, linear": lambda f, lib, x, y: f.jvp(
        lambda a: a * 2, x, y, strict=True, create_graph=True
    ),
    "jacobian": lambda f, lib, x, y: f.jacobian(cube, x),
    "jacobian of a number": lambda f, lib, x, y: f.jacobian(total, x),
    "jacobian, two and two": lambda f, lib, x, y: f.jacobian(lambda a, b: (a * b, a.sum()), (x, y)),
    "jacobian, two inputs": lambda f, lib, x, y: f.jacobian(lambda a, b: a * b, (x, y)),
    "jacobian, two outputs": lambda f, lib, x, y: f.jacobian(lambda a: (a, a * 2), x),
    "jacobian, tuples of one": lambda f, lib, x, y: f.jacobian(lambda a: (a,), (x,)),
    "jacobian of matrices": lambda f, lib, x, y: f.jacobian(
        lambda a: a.sum(1) * a[0, 0], lib.ones(2, 3, dtype=lib.float64)
    ),
    "jacobian of a constant": lambda f, lib, x, y: f.jacobian(lambda a: one(lib, 3), x),
    "jacobian of a comparison": lambda f, lib, x, y: f.jacobian(lambda a: a > 0, x),
    "jacobian with a graph": lambda f, lib, x, y: f.jacobian(cube, x, create_graph=True),
    "jacobian, nothing in": lambda f, lib, x, y: f.jacobian(lambda a: a.sum(), one(lib, 0)),
    "jacobian, without grad mode": lambda f, lib, x, y: lib.no_grad()(f.jacobian)(cube, x),
    "jacobian, vectorize": lambda f, lib, x, y: f.jacobian(cube, x, vectorize=True),
    "jacobian, strict": lambda f, lib, x, y: f.jacobian(lambda a: one(lib), x, strict=True),
    "jacobian, strict, unused": lambda f, lib, x, y: f.jacobian(
        lambda a, b: a * 2, (x, y), strict=True
    ),
    "jacobian, strict, linear": lambda f, lib, x, y: f.jacobian(
        lambda a: a * 2, x, strict=True, create_graph=True
    ),
    "jacobian, strict, vectorize": lambda f, lib, x, y: f.jacobian(
        cube, x, strict=True, vectorize=True
    ),
    "jacobian, strategy": lambda f, lib, x, y: f.jacobian(cube, x, strategy="none"),
    "jacobian, forward": lambda f, lib, x, y: f.jacobian(cube, x, strategy="forward-mode"),
    "jacobian, forward, graph": lambda f, lib, x, y: f.jacobian(
        cube, x, create_graph=True, vectorize=True, strategy="forward-mode"
    ),
    "hessian": lambda f, lib, x, y: f.hessian(total, x),
    "hessian of two": lambda f, lib, x, y: f.hessian(product, (x, y)),
    "hessian of one element": lambda f, lib, x, y: f.hessian(lambda a: total(a).reshape(1), x),
    "hessian of a linear one": lambda f, lib, x, y: f.hessian(lambda a: a.sum(), x),
    "hessian of a constant": lambda f, lib, x, y: f.hessian(lambda a: one(lib, 1), x),
    "hessian with a graph": lambda f, lib, x, y: f.hessian(total, x, create_graph=True),
    "hessian, vectorize": lambda f, lib, x, y: f.hessian(total, x, vectorize=True),
    "hessian of a vector": lambda f, lib, x, y: f.hessian(cube, x),
    "hessian of a tuple": lambda f, lib, x, y: f.hessian(lambda a: (total(a), total(a)), x),
    "hessian of a plain number": lambda f, lib, x, y: f.hessian(lambda a: 3, x),
    "hessian at a number": lambda f, lib, x, y: f.hessian(total, 3),
    "hessian, strict, linear": lambda f, lib, x, y: f.hessian(lambda a: a.sum(), x, strict=True),
    "hessian, strict, constant": lambda f, lib, x, y: f.hessian(
        lambda a: one(lib, 1), x, strict=True
    ),
    "hessian, strict, unused": lambda f, lib, x, y: f.hessian(
        lambda a, b: total(a), (x, y), strict=True
    ),
    "hessian, strict, block": lambda f, lib, x, y: f.hessian(
        lambda a, b: (a * b).sum(), (x, y), strict=True
    ),
    "hessian, strict, vectorize": lambda f, lib, x, y: f.hessian(
        total, x, strict=True, vectorize=True
    ),
    "hessian, strategy": lambda f, lib, x, y: f.hessian(total, x, outer_jacobian_strategy="none"),
    "vhp": lambda f, lib, x, y: f.vhp(total, x, y),
    "vhp of two": lambda f, lib, x, y: f.vhp(product, (x, y), (one(lib), y)),
    "vhp of one": lambda f, lib, x, y: f.vhp(total, leaf(lib, 2.0)),
    "vhp without v": lambda f, lib, x, y: f.vhp(total, x),
    "vhp of a vector": lambda f, lib, x, y: f.vhp(cube, x, y),
    "vhp of a tuple": lambda f, lib, x, y: f.vhp(lambda a: (total(a),), x, y),
    "vhp, linear": lambda f, lib, x, y: f.vhp(lambda a: a.sum(), x, y),
    "vhp with a graph": lambda f, lib, x, y: f.vhp(total, x, y, create_graph=True),
    "vhp, short v": lambda f, lib, x, y: f.vhp(total, x, one(lib, 3)),
    "vhp, strict": lambda f, lib, x, y: f.vhp(lambda a: a.sum(), x, y, strict=True),
    "vhp, strict, unused": lambda f, lib, x, y: f.vhp(
        lambda a, b: total(a), (x, y), (y, y), strict=True
    ),
    "vhp, strict, constant": lambda f, lib, x, y: f.vhp(lambda a: one(lib, 1), x, y, strict=True),
    "hvp": lambda f, lib, x, y: f.hvp(total, x, y),
    "hvp of two": lambda f, lib, x, y: f.hvp(product, (x, y), (one(lib), y)),
    "hvp without v": lambda f, lib, x, y: f.hvp(total, x),
    "hvp of a vector": lambda f, lib, x, y: f.hvp(cube, x, y),
    "hvp, linear": lambda f, lib, x, y: f.hvp(lambda a: a.sum(), x, y),
    "hvp of a constant": lambda f, lib, x, y: f.hvp(lambda a: one(lib, 1), x, y),
    "hvp with a graph": lambda f, lib, x, y: f.hvp(total, x, y, create_graph=True),
    "hvp, strict": lambda f, lib, x, y: f.hvp(lambda a: a.sum(), x, y, strict=True),
    "hvp, strict, unused": lambda f, lib, x, y: f.hvp(
        lambda a, b: total(a), (x, y), (y, y), strict=True
    ),
}


@pytest.mark.compare
@pytest.mark.parametrize("name", FUNCTIONAL)
def test_functional(name):
    assert_as_torch(with_xy(FUNCTIONAL[name]))


@pytest.mark.compare
def test_results_with_a_graph_can_be_differentiated():
    def call(lib):
        x = leaf(lib, 1.0, 2.0)
        f = lib.autograd.functional
        jacobian = f.jacobian(lambda a: a**3 * a.sum(), x, create_graph=True)
        _, product = f.vhp(total, x, one(lib), create_graph=True)
        return lib.autograd.grad((jacobian**2).sum() + product.sum(), x)

    assert_as_torch(call)


def test_forward_mode_gives_the_same_numbers_without_a_graph():
    x = leaf(mt, 1.0, 2.0)
    f = mt.autograd.functional
    jacobian = f.jacobian(cube, x, vectorize=True, strategy="forward-mode")
    assert jacobian.tolist() == f.jacobian(cube, x).tolist() and not jacobian.requires_grad
    hessian = f.hessian(total, x, vectorize=True, outer_jacobian_strategy="forward-mode")
    assert hessian.tolist() == f.hessian(total, x).tolist() and not hessian.requires_grad


def test_the_inputs_are_left_alone():
    x = leaf(mt, 1.0, 2.0)
    mt.autograd.functional.hessian(total, x)
    assert x.grad is None and x.is_leaf


# --- gradcheck ------------------------------------------------------------------------------------


def function_of(lib, forward, backward):
    """An autograd.Function from two lambdas; the last saves its input."""

    def run(ctx, x):
        ctx.save_for_backward(x)
        return forward(x)

    def rule(ctx, g):
        return backward(g, *ctx.saved_tensors)

    body = {"forward": staticmethod(run), "backward": staticmethod(rule)}
    return type("Custom", (lib.autograd.Function,), body).apply


def checks(lib):
    return gradcheck if lib is mt else lib.autograd.gradcheck


def test_gradcheck_is_a_function_of_the_package():
    assert mt.autograd.gradcheck is gradcheck and mt.autograd.gradgradcheck is gradgradcheck


GRADCHECK = {
    "sine": lambda lib, x, c: checks(lib)(lib.sin, (x,)),
    "a bare input": lambda lib, x, c: checks(lib)(lib.sin, x),
    "a list": lambda lib, x, c: checks(lib)(lib.sin, [x]),
    "a number beside": lambda lib, x, c: checks(lib)(lambda a, k: a * k, (x, 3)),
    "0-d": lambda lib, x, c: checks(lib)(lib.sin, (x.detach()[0].requires_grad_(),)),
    "empty": lambda lib, x, c: checks(lib)(lib.sin, (leaf(lib),)),
    "not contiguous": lambda lib, x, c: checks(lib)(
        lib.sin, (lib.ones(3, 2, dtype=lib.float64).t().requires_grad_(),)
    ),
    "two of each": lambda lib, x, c: checks(lib)(
        lambda a, b: (a @ b, a.sum()),
        (lib.ones(2, 2, dtype=lib.float64).requires_grad_(), x),
    ),
    "the input itself": lambda lib, x, c: checks(lib)(lambda a: a, (x,)),
    "an unused input": lambda lib, x, c: checks(lib)(lambda a, b: a * 2, (x, leaf(lib, 3.0))),
    "a constant": lambda lib, x, c: checks(lib)(lambda a: one(lib), (x,)),
    "a hidden dependence": lambda lib, x, c: checks(lib)(lambda a: a.detach() * 2, (x,)),
    "no input with grad": lambda lib, x, c: checks(lib)(lib.sin, (one(lib),)),
    "no input": lambda lib, x, c: checks(lib)(lib.sin, ()),
    "float32": lambda lib, x, c: checks(lib)(
        lambda a: a * 2, (lib.ones(2, requires_grad=True),), eps=1e-2, atol=1e-2
    ),
    "float32, in vain": lambda lib, x, c: checks(lib)(
        lib.exp, (lib.ones(2, requires_grad=True) * 3,), raise_exception=False
    ),
    "overlapping": lambda lib, x, c: checks(lib)(
        lib.sin, (lib.ones(1, dtype=lib.float64).expand(3).requires_grad_(),)
    ),
    "wrong factor": lambda lib, x, c: checks(lib)(
        function_of(lib, lambda a: a * a, lambda g, a: g * a * 3), (x,)
    ),
    "wrong factor, no raise": lambda lib, x, c: checks(lib)(
        function_of(lib, lambda a: a * a, lambda g, a: g * a * 3), (x,), raise_exception=False
    ),
    "wrong second output": lambda lib, x, c: checks(lib)(
        lambda a: (a * 2, one(lib, 3), function_of(lib, lambda a: a * a, lambda g, a: g)(a)), (x,)
    ),
    "no gradient": lambda lib, x, c: checks(lib)(
        function_of(lib, lambda a: a * 2, lambda g, a: None), (x,)
    ),
    "not multiplied": lambda lib, x, c: checks(lib)(
        function_of(lib, lambda a: a**2, lambda g, a: 2 * a), (leaf(lib, 3.0),)
    ),
    "coarse": lambda lib, x, c: checks(lib)(lib.sin, (x,), eps=1e-3, atol=1e-9, rtol=0),
    "nan": lambda lib, x, c: checks(lib)(lambda a: (a - 1).sqrt(), (x,)),
    "fast": lambda lib, x, c: checks(lib)(lib.sin, (x,), fast_mode=True),
    "fast, wrong": lambda lib, x, c: checks(lib)(
        function_of(lib, lambda a: a * a, lambda g, a: g * a * 3),
        (x,),
        fast_mode=True,
        raise_exception=False,
    ),
    "complex": lambda lib, x, c: checks(lib)(lambda a: a * a.conj(), (c,)),
    "complex, fast": lambda lib, x, c: checks(lib)(lambda a: a * a.conj(), (c,), fast_mode=True),
    "complex to real": lambda lib, x, c: checks(lib)(lambda a: a.abs(), (c,)),
    "complex to real, fast": lambda lib, x, c: checks(lib)(lambda a: a.abs(), (c,), fast_mode=True),
    "real to complex": lambda lib, x, c: checks(lib)(lambda a: a * (2 + 1j), (x,)),
    "complex, not conjugated": lambda lib, x, c: checks(lib)(
        function_of(lib, lambda a: a * (2 + 1j), lambda g, a: g * (2 + 1j)), (c,)
    ),
    "complex, real part wrong": lambda lib, x, c: checks(lib)(
        lambda a: (a.abs(), function_of(lib, lambda a: a * 2, lambda g, a: g + g.real)(a)), (c,)
    ),
    "neither": lambda lib, x, c: checks(lib)(lib.sin, (x,), check_backward_ad=False),
    "masked": lambda lib, x, c: checks(lib)(lib.sin, (x,), masked=True),
    "second order": lambda lib, x, c: lib.autograd.gradgradcheck(lib.sin, (x,)),
    "second order, fast": lambda lib, x, c: lib.autograd.gradgradcheck(
        lib.sin, (x,), fast_mode=True
    ),
    "second order, complex": lambda lib, x, c: lib.autograd.gradgradcheck(
        lambda a: a * a * a.conj(), (c,)
    ),
    "second order, linear": lambda lib, x, c: lib.autograd.gradgradcheck(lambda a: a * 2, (x,)),
    "second order, strided": lambda lib, x, c: lib.autograd.gradgradcheck(
        lambda a, b: a * b, (x, x), gen_non_contig_grad_outputs=True
    ),
    "second order, given": lambda lib, x, c: lib.autograd.gradgradcheck(
        lib.sin, (x,), grad_outputs=one(lib)
    ),
    "second order, beside a bool": lambda lib, x, c: lib.autograd.gradgradcheck(
        lambda a: (a.sin(), a > 0), (x,)
    ),
    "second order, wrong": lambda lib, x, c: lib.autograd.gradgradcheck(
        function_of(lib, lambda a: a**3, lambda g, a: g * 3 * a.detach() ** 2),
        (x,),
        raise_exception=False,
    ),
}


@pytest.mark.compare
@pytest.mark.parametrize("name", GRADCHECK)
def test_gradcheck(name):
    def call(lib):
        x = leaf(lib, 1.0, 2.0)
        c = lib.tensor([1 + 1j, 2], dtype=lib.complex128, requires_grad=True)
        return GRADCHECK[name](lib, x, c)

    assert_as_torch(call, words=13)


@pytest.mark.compare
@pytest.mark.parametrize("name", ["wrong factor", "wrong second output", "complex, not conjugated"])
def test_a_mismatch_shows_both_jacobians_as_torch_does(name):
    torch = pytest.importorskip("torch")
    messages = []
    for lib, error in ((mt, GradcheckError), (torch, RuntimeError)):
        x = leaf(lib, 1.0, 2.0)
        c = lib.tensor([1 + 1j, 2], dtype=lib.complex128, requires_grad=True)
        with pytest.raises(error) as caught:
            GRADCHECK[name](lib, x, c)
        messages.append(str(caught.value))
    assert messages[0] == messages[1]


def test_fast_mode_shows_the_whole_jacobians():
    shown = r"(?s)numerical:.*analytical:.*Numerical:\ntensor.*difference.*: 1.99"
    with pytest.raises(GradcheckError, match=shown):
        wrong = function_of(mt, lambda a: a * a, lambda g, a: g * a * 3)
        gradcheck(wrong, leaf(mt, 1.0, 2.0), fast_mode=True)


def test_nondeterministic_gradients_need_a_tolerance():
    calls = []

    def rule(g, a):
        calls.append(1)
        return g * 2 * (1 + 1e-9 * (len(calls) % 2))

    x = leaf(mt, 1.0, 2.0)
    double = function_of(mt, lambda a: a * 2, rule)
    for fast in (False, True):
        with pytest.raises(GradcheckError, match="^Backward is not reentrant"):
            gradcheck(double, x, fast_mode=fast)
        assert gradcheck(double, x, nondet_tol=1e-6, fast_mode=fast)


def test_dtypes_of_gradients():
    # autograd itself conforms gradients to their inputs, so the check passes, as in torch.
    wrong = function_of(mt, lambda a: a * 2, lambda g, a: (g * 2).float())
    assert gradcheck(wrong, leaf(mt, 1.0), check_grad_dtypes=True)


def test_the_inputs_are_put_back_where_they_were_even_after_an_error():
    x = leaf(mt, 1.0, 2.0)
    calls = []

    def fails_later(a):
        calls.append(1)
        if len(calls) == 3:
            raise KeyError("later")
        return a * 2

    with pytest.raises(KeyError):
        gradcheck(fails_later, x)
    assert x.tolist() == [1.0, 2.0] and x._version == 0


@pytest.mark.parametrize(
    ("function", "option"),
    [
        (gradcheck, {"check_batched_grad": True}),
        (gradcheck, {"check_forward_ad": True, "check_batched_forward_grad": True}),
        (gradgradcheck, {"check_batched_grad": True}),
    ],
)
def test_what_gradcheck_lacks_is_said(function, option):
    with pytest.raises(NotImplementedError, match="not taken in batches"):
        function(mt.sin, leaf(mt, 1.0), **option)


def product_with_jvp(lib, factor=1):
    """A Function with a ``jvp`` that is wrong unless ``factor`` is 1."""

    class Product(lib.autograd.Function):
        @staticmethod
        def forward(ctx, a, b, k):
            ctx.save_for_backward(a, b)
            ctx.save_for_forward(a, b)
            ctx.k = k
            return a * b * k, a + b

        @staticmethod
        def backward(ctx, g, h):
            a, b = ctx.saved_tensors
            return g * b * ctx.k + h, g * a * ctx.k + h, None

        @staticmethod
        def jvp(ctx, a_moves, b_moves, k_moves):
            assert k_moves is None
            a, b = ctx.saved_tensors
            return factor * (a_moves * b + a * b_moves) * ctx.k, a_moves + b_moves

    return lambda a, b: Product.apply(a, b, 2)


def forward_calls(lib):
    dtype = lib.float64
    a, b = leaf(lib, 1.0, 2.0), leaf(lib, 3.0, 4.0)
    z = lib.tensor([1 + 2j, 3 - 1j], dtype=lib.complex128, requires_grad=True)
    check, check_twice = lib.autograd.gradcheck, lib.autograd.gradgradcheck
    forward = {"check_forward_ad": True, "check_backward_ad": False}
    forward_ad = importlib.import_module(f"{lib.__name__}.autograd.forward_ad")
    with forward_ad.dual_level():
        tangent = lib.tensor([1.0, 10.0], dtype=dtype)
        outputs = product_with_jvp(lib)(forward_ad.make_dual(a, tangent), b)
        yield [forward_ad.unpack_dual(output).tangent.tolist() for output in outputs]
    with forward_ad.dual_level():
        outputs = product_with_jvp(lib, 3)(forward_ad.make_dual(a, tangent), b)
        yield [forward_ad.unpack_dual(output).tangent.tolist() for output in outputs]
    yield check(product_with_jvp(lib), (a, b), check_forward_ad=True)
    yield check(product_with_jvp(lib), (a, b), fast_mode=True, **forward)
    yield check(product_with_jvp(lib, 3), (a, b))
    yield check(product_with_jvp(lib, 3), (a, b), raise_exception=False, **forward)
    yield check(product_with_jvp(lib, 3), (a, b), raise_exception=False, fast_mode=True, **forward)
    yield check(lambda z: (z * z.exp(), z.abs()), (z,), **forward)
    yield check_twice(lambda a, b: a.sin() * b.exp(), (a, b), check_fwd_over_rev=True)


WANTED = [
    [[6.0, 80.0], [1.0, 10.0]],
    [[18.0, 240.0], [1.0, 10.0]],
    True,
    True,
    True,
    False,
    False,
    True,
    True,
]


def test_forward_mode_goes_by_the_jvp_of_a_function():
    assert list(forward_calls(mt)) == WANTED


@pytest.mark.compare
@pytest.mark.filterwarnings("ignore")
def test_forward_mode_is_torchs():
    assert list(forward_calls(pytest.importorskip("torch"))) == WANTED


def test_a_wrong_jvp_is_told_as_torch_tells_it():
    call = product_with_jvp(mt, 3)
    with pytest.raises(GradcheckError) as error:
        gradcheck(call, (leaf(mt, 1.0), leaf(mt, 3.0)), check_forward_ad=True)
    assert str(error.value) == (
        "Jacobian computed with forward mode mismatch for output 0 with respect to input 0,\n"
        "numerical:tensor([[6.0000]], dtype=torch.float64)\n"
        "analytical:tensor([[18.]], dtype=torch.float64)\n\n"
    )


def test_a_function_with_nothing_but_a_jvp():
    class Cube(mt.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.x = x
            return x**3

        @staticmethod
        def jvp(ctx, moves):
            return 3 * ctx.x**2 * moves

    x = leaf(mt, 2.0)
    _, derivative = mt.func.jvp(Cube.apply, (x.detach(),), (mt.ones_like(x),))
    assert derivative.tolist() == [12.0]
    with pytest.raises(NotImplementedError, match="either the backward or vjp method"):
        Cube.apply(x).sum().backward()


# --- checkpoint -----------------------------------------------------------------------------------


def checkpointed(call):
    """A call of (lib, x, checkpoint); also the gradient of x."""

    def run(lib):
        x = leaf(lib, 0.5, 1.0, 2.0)
        result = call(lib, x, lib.utils.checkpoint.checkpoint)
        return result, x.grad

    return run


def body(x):
    return (x * x).sin() * x


def backward_of(result, **options):
    result.sum().backward(**options)
    return result


def twice(result, **first):
    result.sum().backward(**first)
    result.sum().backward()


BOTH_WAYS = {
    "a tensor": lambda lib, x, run: backward_of(run(body, x)),
    "of a computed one": lambda lib, x, run: backward_of(run(body, x * 2)),
    "nested": lambda lib, x, run: backward_of(run(lambda a: run(body, a * 2).cos(), x)),
    "a number beside": lambda lib, x, run: backward_of(run(lambda a, k: a * a * k, x, 3)),
    "several outputs": lambda lib, x, run: [
        backward_of(part) for part in [sum(run(lambda a: (a.sin(), a.cos()), x))]
    ],
    "one of several outputs": lambda lib, x, run: backward_of(
        run(lambda a: (a.sin(), a.cos()), x)[1]
    ),
    "without grad mode": lambda lib, x, run: lib.no_grad()(run)(body, x),
    "twice": lambda lib, x, run: twice(run(body, x).sum()),
    "twice, retained": lambda lib, x, run: twice(run(body, x).sum(), retain_graph=True),
    "random": lambda lib, x, run: backward_of(run(lambda a: a * lib.rand(3).double(), x)),
    "random, moving on": lambda lib, x, run: [
        backward_of(run(lambda a: a * lib.rand(3).double(), x)),
        lib.rand(2),
    ],
    "random, not preserved": lambda lib, x, run: [
        backward_of(run(lambda a: a * lib.rand(3).double(), x, preserve_rng_state=False)),
        lib.rand(2),
    ],
}


@pytest.mark.compare
@pytest.mark.parametrize("use_reentrant", [False, True])
@pytest.mark.parametrize("name", BOTH_WAYS)
def test_checkpoint_both_ways(name, use_reentrant):
    def call(lib, x, run):
        def run_it(function, *args, **options):
            return run(function, *args, use_reentrant=use_reentrant, **options)

        return BOTH_WAYS[name](lib, x, run_it)

    assert_as_torch(checkpointed(call))


def closure(lib, x, run):
    """The function takes a leaf and a computed tensor from its surroundings."""
    weight = leaf(lib, 1.0, 2.0, 3.0)
    hidden = x * 3
    out = run(lambda a: a * weight * hidden, x, use_reentrant=False)
    return lib.autograd.grad(out.sum(), [x, weight, hidden])


def inputs_of_each_other(lib, x, run):
    hidden = x.sin()
    out = run(lambda a, b: (a * b, a), hidden, x, use_reentrant=False)
    return lib.autograd.grad(out[0].sum() + out[1].sum(), [x, hidden])


def hooks_run_once(lib, x, run):
    calls = []
    x.register_hook(lambda g: calls.append(1) or g * 2)
    hidden = x * 1
    hidden.register_hook(lambda g: calls.append(2) or g * 3)
    backward_of(run(lambda a, b: a * b, hidden, x, use_reentrant=False))
    return sorted(calls)


def second_order(lib, x, run):
    weight = leaf(lib, 1.0, 2.0, 3.0)
    out = run(lambda a: (a**3 * weight).sin(), x, use_reentrant=False)
    (slope,) = lib.autograd.grad(out.sum(), x, create_graph=True)
    return lib.autograd.grad((slope**2).sum(), [x, weight])


def third_order(lib, x, run):
    out = run(lambda a: a**5, x * 1, use_reentrant=False).sum()
    for _ in range(3):
        (slope,) = lib.autograd.grad(out, x, create_graph=True)
        out = slope.sum()
    return slope


def separately(lib, x, run):
    first, second = run(lambda a: (a.sin(), a.cos()), x, use_reentrant=False)
    first.sum().backward()
    second.sum().backward()


def changed_between(lib, x, run):
    hidden = x * 1
    out = run(lambda a: a.sin() * a, hidden, use_reentrant=False)
    hidden.mul_(2)
    out.sum().backward()


def unsteady(lib, x, run):
    calls = []

    def function(a):
        calls.append(1)
        return a.sin() if len(calls) == 2 else a.sin().sin()

    backward_of(run(function, x, use_reentrant=False))


def unsteady_shapes(lib, x, run, **options):
    calls = []

    def function(a):
        calls.append(1)
        return a * lib.ones(3 if len(calls) == 1 else 1, dtype=lib.float64)

    return backward_of(run(function, x, use_reentrant=False, **options))


class Recorder(contextlib.AbstractContextManager):
    def __init__(self, seen, name):
        self.seen, self.name = seen, name

    def __enter__(self):
        self.seen.append("enter " + self.name)

    def __exit__(self, *error):
        self.seen.append("exit " + self.name)


def view_of_something_modified(lib, x, run):
    base = x * 1
    row = base[1:]
    base.mul_(2)
    return backward_of(run(body, row, use_reentrant=False))


def contexts(lib, x, run):
    seen = []
    out = run(
        body,
        x,
        use_reentrant=False,
        context_fn=lambda: (Recorder(seen, "first"), Recorder(seen, "second")),
    )
    backward_of(out)
    return seen


def module(lib, x, run):
    lib.manual_seed(1)
    layers = lib.nn.Sequential(lib.nn.Linear(3, 4), lib.nn.Tanh(), lib.nn.Linear(4, 2)).double()
    backward_of(run(layers, x.detach(), use_reentrant=False))
    return [parameter.grad for parameter in layers.parameters()]


def reentrant_module(lib, x, run):
    lib.manual_seed(1)
    layers = lib.nn.Sequential(lib.nn.Linear(3, 4), lib.nn.Tanh(), lib.nn.Linear(4, 2)).double()
    backward_of(run(layers, x, use_reentrant=True))
    return [parameter.grad for parameter in layers.parameters()]


CHECKPOINT = {
    "closure": closure,
    "inputs of each other": inputs_of_each_other,
    "hooks run once": hooks_run_once,
    "second order": second_order,
    "third order": third_order,
    "separately": separately,
    "changed between": changed_between,
    "unsteady": unsteady,
    "unsteady shapes": unsteady_shapes,
    "unsteady shapes, unchecked": lambda lib, x, run: unsteady_shapes(
        lib, x, run, determinism_check="none"
    ),
    "contexts": contexts,
    "a view of something modified": view_of_something_modified,
    "module": module,
    "reentrant module": reentrant_module,
    "no input with grad": lambda lib, x, run: run(body, x.detach(), use_reentrant=False),
    "no input with grad, reentrant": lambda lib, x, run: run(body, x.detach(), use_reentrant=True),
    "the way not said": lambda lib, x, run: backward_of(run(body, x)),
    "keyword arguments": lambda lib, x, run: backward_of(
        run(lambda a, k: a * k, x, k=2, use_reentrant=False)
    ),
    "keyword arguments, reentrant": lambda lib, x, run: run(body, x, k=2, use_reentrant=True),
    "context_fn, reentrant": lambda lib, x, run: run(
        body, x, use_reentrant=True, context_fn=lambda: None
    ),
    "debug, reentrant": lambda lib, x, run: run(body, x, use_reentrant=True, debug=True),
    "determinism_check": lambda lib, x, run: run(
        body, x, use_reentrant=False, determinism_check="yes"
    ),
    "tensors in a list": lambda lib, x, run: backward_of(
        run(lambda items: items[0] * items[0], [x], use_reentrant=False)
    ),
    "other outputs": lambda lib, x, run: run(lambda a: (a * a, 3, None), x, use_reentrant=False),
    "other outputs, reentrant": lambda lib, x, run: run(
        lambda a: (a * a, 3, None), x, use_reentrant=True
    ),
    "an input as output": lambda lib, x, run: [
        backward_of(sum(run(lambda a: (a, a * a), x * 1, use_reentrant=False)))
    ],
    "outputs in a dict": lambda lib, x, run: backward_of(
        run(lambda a: {"y": a * a}, x, use_reentrant=False)["y"]
    ),
    "a view as output": lambda lib, x, run: backward_of(
        run(lambda a: a.sin().view(3, 1)[1:], x, use_reentrant=False)
    ),
    "a view of the input": lambda lib, x, run: backward_of(
        run(lambda a: a.view(3, 1)[1:], x * x, use_reentrant=False)
    ),
    "no output with grad, reentrant": lambda lib, x, run: backward_of(
        run(lambda a: a.detach() * 2, x, use_reentrant=True)
    ),
}


@pytest.mark.compare
@pytest.mark.parametrize("name", CHECKPOINT)
def test_checkpoint(name):
    assert_as_torch(checkpointed(CHECKPOINT[name]))


SEQUENTIAL = {
    "functions": lambda lib, x, run: run([lib.sin, lib.cos, lib.exp], 2, x, use_reentrant=False),
    "reentrant": lambda lib, x, run: run([lib.sin, lib.cos, lib.exp], 2, x, use_reentrant=True),
    "one segment": lambda lib, x, run: run([lib.sin, lib.cos], 1, x, use_reentrant=False),
    "no segment": lambda lib, x, run: run([lib.sin], 0, x, use_reentrant=False),
    "too many segments": lambda lib, x, run: run([lib.sin], 5, x, use_reentrant=False),
    "an unknown option": lambda lib, x, run: run([lib.sin], 1, x, use_reentrant=False, foo=1),
    "not preserved": lambda lib, x, run: run(
        [lib.sin, lib.cos], 2, x, use_reentrant=False, preserve_rng_state=False
    ),
    "the way not said": lambda lib, x, run: run([lib.sin, lib.cos, lib.exp], 1, x),
    "module": lambda lib, x, run: run(
        lib.nn.Sequential(lib.nn.Tanh(), lib.nn.Linear(3, 3).double(), lib.nn.Sigmoid()),
        3,
        x,
        use_reentrant=False,
    ),
}


@pytest.mark.compare
@pytest.mark.parametrize("name", SEQUENTIAL)
def test_checkpoint_sequential(name):
    def call(lib):
        x = leaf(lib, 0.5, 1.0, 2.0)
        result = SEQUENTIAL[name](lib, x, lib.utils.checkpoint.checkpoint_sequential)
        result.sum().backward()
        return result, x.grad

    assert_as_torch(call)


def test_intermediate_results_are_freed():
    inside = []

    def function(a):
        hidden = a.exp()
        inside.append(weakref.ref(hidden._array))
        return hidden * hidden

    gc.disable()
    try:
        x = leaf(mt, 1.0, 2.0)
        out = checkpoint(function, x, use_reentrant=False)
        assert inside[0]() is None
        out.sum().backward()
        assert len(inside) == 2 and inside[1]() is None
        node = weakref.ref(out.grad_fn)
        del out
        assert node() is None
    finally:
        gc.enable()


def test_the_node_is_named_as_what_it_stands_for():
    x = leaf(mt, 1.0, 2.0)
    result = checkpoint(lambda a: (a * 2).sin(), x, use_reentrant=False)
    assert result.grad_fn.name() == "SinBackward0"


def test_debug_lists_the_operations():
    with pytest.raises(CheckpointError, match=r"(?s)forward: MulBackward0.*recomputation: MulBack"):
        unsteady_shapes(mt, leaf(mt, 1.0, 2.0, 3.0), checkpoint, debug=True)


def test_a_second_run_that_differs_is_an_error_also_where_torch_stops_early():
    calls = []

    def function(a):
        calls.append(1)
        return a.sin() if len(calls) == 1 else a.sin().sin()

    with pytest.raises(CheckpointError, match="A different number of tensors was saved"):
        checkpoint(function, leaf(mt, 1.0), use_reentrant=False).sum().backward()


@pytest.mark.parametrize("determinism_check", ["default", "none"])
def test_a_second_run_with_another_weight_is_an_error(determinism_check):
    weights = [leaf(mt, 1.0), leaf(mt, 2.0)]

    def function(a):
        weights.reverse()
        return a * weights[0]

    out = checkpoint(
        function, leaf(mt, 1.0), use_reentrant=False, determinism_check=determinism_check
    )
    with pytest.raises(CheckpointError, match="other tensors .* 1 not again"):
        out.backward()


def test_a_leaf_made_inside_is_no_difference():
    x = leaf(mt, 1.0, 2.0)
    checkpoint(lambda a: a * leaf(mt, 3.0, 4.0), x, use_reentrant=False).sum().backward()
    assert x.grad.tolist() == [3.0, 4.0]


def test_checkpointed_training_is_the_same():
    def train(run):
        mt.manual_seed(0)
        first, second = mt.nn.Linear(4, 8), mt.nn.Linear(8, 1)
        optimizer = mt.optim.SGD([*first.parameters(), *second.parameters()], lr=0.1)
        x = mt.randn(16, 4)
        for _ in range(3):
            optimizer.zero_grad()
            hidden = run(lambda x: mt.nn.functional.dropout(first(x).tanh()), x)
            loss = (second(hidden) ** 2).mean()
            loss.backward()
            optimizer.step()
        return [p.tolist() for p in [*first.parameters(), *second.parameters()]], loss.item()

    def plain(function, x):
        return function(x)

    def saved(function, x):
        return checkpoint(function, x, use_reentrant=False)

    assert train(saved) == train(plain)


def test_checkpoint_sequential_of_a_deep_stack_of_modules():
    mt.manual_seed(0)
    layers = mt.nn.Sequential(*(mt.nn.Linear(3, 3) for _ in range(6)))
    x = mt.randn(2, 3)
    layers(x).sum().backward()
    expected = [parameter.grad.tolist() for parameter in layers.parameters()]
    layers.zero_grad()
    checkpoint_sequential(layers, 3, x, use_reentrant=False).sum().backward()
    assert [parameter.grad.tolist() for parameter in layers.parameters()] == expected
