"""Mixed precision: what autocast casts, and how GradScaler's scale moves."""

from __future__ import annotations

import copy
import math
import pickle
import threading

import pytest

import minitorch as mt
from minitorch.nn import functional as F

HALF = [mt.float16]
try:
    import ml_dtypes  # noqa: F401
except ImportError:
    pass
else:
    HALF.append(mt.bfloat16)


@pytest.fixture(params=HALF, ids=str)
def half(request):
    return request.param


x = mt.linspace(-1, 1, 16).reshape(4, 4)
classes = mt.tensor([0, 1, 2, 3])

#: Calls with a square matrix of the dtype below, by the precision that their results have.
LOWER = {
    "mm": lambda a: a.mm(a),
    "matmul": lambda a: a @ a[0],
    "dot by matmul": lambda a: a[0] @ a[0],
    "bmm": lambda a: mt.bmm(a[None], a[None]),
    "addmm": lambda a: mt.addmm(a, a, a),
    "baddbmm": lambda a: mt.baddbmm(a[None], a[None], a[None]),
    "addbmm": lambda a: mt.addbmm(a, a[None], a[None]),
    "einsum": lambda a: mt.einsum("ij,jk->ik", a, a),
    "linear": lambda a: F.linear(a, a, a[0]),
    "conv1d": lambda a: F.conv1d(a[None], a[:, :, None]),
    "conv2d": lambda a: F.conv2d(a[None, :, :, None], a[:, :, None, None]),
    "conv_transpose1d": lambda a: F.conv_transpose1d(a[None], a[:, :, None]),
    "prelu": lambda a: F.prelu(a, a[0, :1]),
    "attention": lambda a: F.scaled_dot_product_attention(a[None], a[None], a[None]),
}
FULL = {
    "prod": lambda a: a.prod(),
    "trace": lambda a: a.trace(),
    "cdist": lambda a: mt.cdist(a, a),
    "quantile": lambda a: mt.quantile(a, 0.5),
    "inverse": lambda a: mt.inverse(a + 9 * mt.eye(4, dtype=a.dtype)),
    "svd": lambda a: mt.linalg.svdvals(a),
    "mse_loss": lambda a: F.mse_loss(a, a),
    "cross_entropy": lambda a: F.cross_entropy(a, classes),
    "nll_loss": lambda a: F.nll_loss(a, classes),
    "bce": lambda a: F.binary_cross_entropy_with_logits(a, a),
    "kl_div": lambda a: F.kl_div(a, a, reduction="sum"),
    "huber_loss": lambda a: F.huber_loss(a, a),
    "multilabel": lambda a: F.multilabel_margin_loss(a, mt.zeros(4, 4).long()),
    "reflection": lambda a: F.pad(a[None], (1, 1), "reflect"),
    "max_pool3d": lambda a: F.max_pool3d(a[None, None], (1, 2, 2)),
}
UNCHANGED = {
    "exp": lambda a: a.exp(),
    "sum": lambda a: a.sum(),
    "add": lambda a: a + a,
    "mv": lambda a: a.mv(a[0]),
    "softmax": lambda a: a.softmax(0),
    "layer_norm": lambda a: F.layer_norm(a, (4,)),
    "bilinear": lambda a: F.bilinear(a, a, a.expand(2, 4, 4)),
    "circular": lambda a: F.pad(a[None], (1, 1), "circular"),
    "norm": lambda a: a.norm(),
}


@pytest.mark.parametrize("name", LOWER)
def test_products_are_lowered(name, half):
    with mt.autocast("cpu", dtype=half):
        result = LOWER[name](x)
        assert result.dtype is half
        assert LOWER[name](x.double()).dtype is mt.float64
    assert LOWER[name](x).dtype is mt.float32
    assert mt.allclose(result.float(), LOWER[name](x), atol=0.03)


@pytest.mark.parametrize("name", FULL)
def test_losses_and_decompositions_are_widened(name, half):
    with mt.autocast("cpu", dtype=half):
        assert FULL[name](x.to(half)).dtype is mt.float32
        assert FULL[name](x.double()).dtype is mt.float64


@pytest.mark.parametrize("name", UNCHANGED)
def test_the_rest_is_left_alone(name, half):
    with mt.autocast("cpu", dtype=half):
        assert UNCHANGED[name](x).dtype is mt.float32
        assert UNCHANGED[name](x.to(half)).dtype is half


def test_methods_operators_and_functions_agree(half):
    with mt.autocast("cpu", dtype=half):
        for result in (x.mm(x), x.matmul(x), x @ x, mt.mm(x, x), mt.matmul(x, x)):
            assert result.dtype is half


def test_a_given_output_is_written_in_its_own_type(half):
    out = mt.zeros(4, 4)
    with mt.autocast("cpu", dtype=half):
        assert mt.mm(x, x, out=out) is out
    assert mt.equal(out, x @ x)


def test_weights_and_gradients_stay_wide(half):
    mt.manual_seed(0)
    layer = mt.nn.Linear(4, 3)
    with mt.autocast("cpu", dtype=half):
        out = layer(x)
        loss = F.cross_entropy(out, mt.tensor([0, 1, 2, 0]))
    assert out.dtype is half and loss.dtype is mt.float32
    loss.backward()
    assert layer.weight.dtype is layer.weight.grad.dtype is mt.float32
    wide = layer.weight.grad.clone()
    layer.zero_grad()
    F.cross_entropy(layer(x), mt.tensor([0, 1, 2, 0])).backward()
    assert mt.allclose(wide, layer.weight.grad, atol=0.02) and not mt.equal(wide, layer.weight.grad)


def test_a_weight_is_cast_once(half):
    w = mt.ones(4, 4, requires_grad=True)
    with mt.autocast("cpu", dtype=half):
        first, second = (x @ w).grad_fn, (x @ w).grad_fn
        assert first.next_functions[1][0] is second.next_functions[1][0]
        with mt.no_grad():
            assert not (x @ w).requires_grad
        assert (x @ w).requires_grad
    with mt.autocast("cpu", dtype=half, cache_enabled=False):
        first, second = (x @ w).grad_fn, (x @ w).grad_fn
        assert first.next_functions[1][0] is not second.next_functions[1][0]


def test_contexts_nest_and_decorate(half):
    @mt.autocast("cpu", dtype=half)
    def product():
        return x @ x

    assert product().dtype is half
    with mt.autocast("cpu", dtype=half):
        assert mt.is_autocast_enabled("cpu") and mt.get_autocast_dtype("cpu") is half
        with mt.autocast("cpu", enabled=False):
            assert not mt.is_autocast_enabled("cpu")
            assert (x @ x).dtype is mt.float32
        assert (x @ x).dtype is half
        with pytest.raises(ZeroDivisionError), mt.autocast("cpu", enabled=False):
            _ = 1 / 0
        assert (x @ x).dtype is half
    assert not mt.is_autocast_enabled("cpu")
    context = mt.autocast("cpu", dtype=half)
    with context, context:
        pass
    assert not mt.is_autocast_enabled("cpu")


def test_threads_have_their_own_switch(half):
    seen = []
    with mt.autocast("cpu", dtype=half):
        thread = threading.Thread(target=lambda: seen.append((x @ x).dtype))
        thread.start()
        thread.join()
    assert seen == [mt.float32]


def test_backward_inside(half):
    w = mt.ones(4, 4, requires_grad=True)
    with mt.autocast("cpu", dtype=half):
        F.mse_loss(x @ w, x).backward()
    assert w.grad.dtype is mt.float32


@pytest.mark.parametrize("use_reentrant", [False, True])
def test_checkpoints_are_run_again_in_the_same_precision(half, use_reentrant):
    from minitorch.utils.checkpoint import checkpoint

    w, inputs, seen = mt.ones(4, 4, requires_grad=True), x.clone().requires_grad_(), []

    def product(a):
        seen.append((a @ w).dtype)
        return a @ w

    with mt.autocast("cpu", dtype=half):
        out = checkpoint(product, inputs, use_reentrant=use_reentrant)
    out.float().sum().backward()
    assert seen == [half, half] and w.grad.dtype is mt.float32


def test_cuda_is_off_and_says_so():
    with pytest.warns(UserWarning, match="CUDA is not available"):
        context = mt.autocast("cuda")
    with context:
        assert not mt.is_autocast_enabled() and (x @ x).dtype is mt.float32
    with pytest.warns(UserWarning, match="target dtype is not supported"):
        mt.autocast("cpu", dtype=mt.float32)
    with pytest.raises(ValueError, match="Expected `device_type` of type `str`"):
        mt.autocast(3)
    with pytest.raises(RuntimeError, match="Expected one of cpu, cuda"):
        mt.autocast("gpu")
    assert mt.amp.is_autocast_available("cpu") and not mt.amp.is_autocast_available("meta")


def test_the_old_switches(half):
    assert mt.get_autocast_dtype("cuda") is mt.float16
    mt.set_autocast_enabled("cpu", True)
    mt.set_autocast_dtype("cpu", half)
    try:
        assert (x @ x).dtype is half
        with pytest.warns(DeprecationWarning):
            assert mt.is_autocast_cpu_enabled()
    finally:
        mt.set_autocast_enabled("cpu", False)
        mt.set_autocast_dtype("cpu", mt.bfloat16)
        mt.clear_autocast_cache()
    assert (x @ x).dtype is mt.float32


def test_autograd_functions_under_autocast(half):
    seen = []

    class Product(mt.autograd.Function):
        @staticmethod
        @mt.amp.custom_fwd(device_type="cpu", cast_inputs=mt.float32)
        def forward(ctx, a, b):
            seen.append((a.dtype, mt.is_autocast_enabled("cpu")))
            ctx.save_for_backward(a, b)
            return a @ b

        @staticmethod
        @mt.amp.custom_bwd(device_type="cpu")
        def backward(ctx, g):
            a, b = ctx.saved_tensors
            seen.append((g.dtype, mt.is_autocast_enabled("cpu")))
            return g @ b.t(), a.t() @ g

    a = x.to(half).requires_grad_()
    with mt.autocast("cpu", dtype=half):
        out = Product.apply(a, x)
    assert out.dtype is mt.float32
    out.sum().backward()
    assert seen == [(mt.float32, False), (mt.float32, False)]
    assert a.grad.dtype is half


# --- GradScaler -----------------------------------------------------------------------------------


def parameter_and_optimizer():
    p = mt.ones(2, requires_grad=True)
    return p, mt.optim.SGD([p], lr=1.0)


def test_a_step_with_scaled_gradients():
    p, optimizer = parameter_and_optimizer()
    scaler = mt.amp.GradScaler("cpu", init_scale=8.0, growth_interval=1)
    scaler.scale((p * 3).sum()).backward()
    assert p.grad.tolist() == [24, 24]
    scaler.unscale_(optimizer)
    assert p.grad.tolist() == [3, 3]
    scaler.step(optimizer)
    assert p.tolist() == [-2, -2]
    scaler.update()
    assert scaler.get_scale() == 16


def test_gradients_that_overflow_are_inf_without_a_warning():
    p, optimizer = parameter_and_optimizer()
    scaler = mt.amp.GradScaler("cpu", init_scale=2.0**127)
    for _ in range(2):  # within one walk, and from one to the next
        scaler.scale((p * p).sum()).backward()
    assert p.grad.tolist() == [math.inf, math.inf]
    assert scaler.step(optimizer) is None


@pytest.mark.parametrize("bad", [math.inf, math.nan])
def test_a_step_with_inf_is_skipped(bad):
    p, optimizer = parameter_and_optimizer()
    scaler = mt.amp.GradScaler("cpu", init_scale=8.0)
    scaler.scale((p * mt.tensor([1.0, bad])).sum()).backward()
    assert scaler.step(optimizer) is None
    assert p.tolist() == [1, 1]
    scaler.update()
    assert scaler.get_scale() == 4 and scaler._get_growth_tracker() == 0


def test_what_is_out_of_order_raises():
    p, optimizer = parameter_and_optimizer()
    scaler = mt.amp.GradScaler("cpu")
    for call in (scaler.update, lambda: scaler.step(optimizer), lambda: scaler.unscale_(optimizer)):
        with pytest.raises(AssertionError, match="but _scale is None"):
            call()
    scaler.scale(p.sum()).backward()
    with pytest.raises(AssertionError, match="No inf checks were recorded prior to update"):
        scaler.update()
    scaler.unscale_(optimizer)
    with pytest.raises(RuntimeError, match="has already been called on this optimizer"):
        scaler.unscale_(optimizer)
    with pytest.raises(RuntimeError, match="Closure use is not currently supported"):
        scaler.step(optimizer, closure=lambda: 0)
    scaler.step(optimizer)
    with pytest.raises(RuntimeError, match=r"step\(\) has already been called"):
        scaler.step(optimizer)
    with pytest.raises(RuntimeError, match=r"being called after step"):
        scaler.unscale_(optimizer)
    with pytest.raises(ValueError, match="outputs must be a Tensor"):
        scaler.scale(3)
    with pytest.raises(AssertionError, match="growth factor"):
        mt.amp.GradScaler("cpu", growth_factor=1.0)
    h = mt.ones(2, dtype=mt.float16, requires_grad=True)
    h.grad = mt.ones(2, dtype=mt.float16)
    with pytest.raises(ValueError, match="Attempting to unscale FP16 gradients"):
        scaler.unscale_(mt.optim.SGD([h], lr=1.0))


def test_disabled_passes_everything_through():
    p, optimizer = parameter_and_optimizer()
    with pytest.warns(UserWarning, match="CUDA is not available"):
        scaler = mt.amp.GradScaler()
    assert not scaler.is_enabled() and scaler.state_dict() == {} and scaler.get_scale() == 1.0
    loss = p.sum()
    assert scaler.scale(loss) is loss
    loss.backward()
    scaler.unscale_(optimizer)
    scaler.step(optimizer)
    scaler.update()
    assert p.tolist() == [0, 0]


def test_state_is_saved_and_loaded():
    p, optimizer = parameter_and_optimizer()
    scaler = mt.amp.GradScaler("cpu", init_scale=8.0)
    scaler.scale([p.sum(), (p.sum(),)])[0].backward()
    scaler.step(optimizer)
    with pytest.raises(AssertionError, match="may only be pickled"):
        pickle.dumps(scaler)
    scaler.update(2.5)
    other = mt.amp.GradScaler("cpu")
    other.load_state_dict(scaler.state_dict())
    assert other.state_dict() == scaler.state_dict()
    assert other.state_dict()["scale"] == 2.5
    for copied in (copy.deepcopy(scaler), pickle.loads(pickle.dumps(scaler))):
        assert copied.get_scale() == 2.5
    with pytest.raises(RuntimeError, match="source state dict is empty"):
        other.load_state_dict({})


# --- beside torch ---------------------------------------------------------------------------------


@pytest.mark.compare
@pytest.mark.parametrize("name", [*LOWER, *FULL, *UNCHANGED])
def test_dtypes_are_torchs(name, monkeypatch, half):
    torch = pytest.importorskip("torch")
    call = {**LOWER, **FULL, **UNCHANGED}[name]
    dtypes = {}
    for library in (mt, torch):
        monkeypatch.setitem(globals(), "mt", library)
        monkeypatch.setitem(globals(), "F", library.nn.functional)
        monkeypatch.setitem(globals(), "classes", library.tensor([0, 1, 2, 3]))
        matrix = library.tensor(x.tolist())
        own = getattr(library, str(half).removeprefix("torch."))
        with library.autocast("cpu", dtype=own):
            dtypes[library] = [str(call(m).dtype) for m in (matrix, matrix.to(own))]
    assert dtypes[mt] == dtypes[torch]


@pytest.mark.compare
def test_a_training_run_with_a_scaler_is_torchs():
    torch = pytest.importorskip("torch")
    runs = []
    for library in (mt, torch):
        p = library.tensor([1.0, 2.0], requires_grad=True)
        optimizer = library.optim.SGD([p], lr=0.1, momentum=0.9)
        scaler = library.amp.GradScaler("cpu", init_scale=2.0**126, growth_interval=2)
        seen = []
        for step in range(8):
            optimizer.zero_grad()
            scaler.scale((p * p * (step + 1)).sum()).backward()
            scaler.step(optimizer)
            scaler.update()
            seen += [scaler.get_scale(), *p.tolist(), scaler.state_dict()["_growth_tracker"]]
        runs.append(seen)
    assert runs[0] == pytest.approx(runs[1], rel=1e-6)
