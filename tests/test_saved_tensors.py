"""What nodes save for backward: hooks that pack it, and the attributes that show it."""

import gc
import weakref

import numpy as np
import pytest

import minitorch as mt
from minitorch.autograd import Function, graph
from minitorch.utils.checkpoint import checkpoint


def leaf(*values):
    return mt.tensor(values, requires_grad=True)


def keep(tensor):
    return tensor


def test_pack_sees_what_is_saved_and_unpack_what_backward_needs():
    x, packed, unpacked = leaf(1.0, 2.0), [], []

    def pack(tensor):
        assert not mt.is_grad_enabled()
        packed.append(tensor)
        return tensor.numpy(force=True)

    def unpack(array):
        unpacked.append(array)
        return mt.from_numpy(array)

    with graph.saved_tensors_hooks(pack, unpack):
        y = (x * x).exp()
    assert [t is x for t in packed] == [True, True, False]
    assert packed[2].grad_fn is y.grad_fn  # an output is saved with its place in the graph
    assert not unpacked
    y.sum().backward()
    assert len(unpacked) == 3
    assert x.grad.allclose(2 * x * (x * x).exp())


def test_the_unpacked_value_is_what_backward_uses():
    x = leaf(1.0, 2.0)
    with graph.saved_tensors_hooks(lambda t: t * 4, lambda t: t / 2):
        y = (x**2).sum()
    y.backward()
    assert x.grad.tolist() == [4.0, 8.0]


def test_the_innermost_hooks_count_and_end_with_their_block():
    x, calls = leaf(3.0), []
    with graph.saved_tensors_hooks(lambda t: calls.append("outer") or t, keep):
        with graph.saved_tensors_hooks(lambda t: calls.append("inner") or t, keep):
            x.exp()
        x.exp()
    x.exp()
    assert calls == ["inner", "outer"]


def test_second_derivatives_pass_through_the_hooks():
    x = leaf(1.0, 2.0)
    with graph.saved_tensors_hooks(lambda t: t.detach().clone(), keep):
        y = (x * x * x).sum()
    (first,) = mt.autograd.grad(y, x, create_graph=True)
    (second,) = mt.autograd.grad(first.sum(), x)
    assert second.tolist() == [6.0, 12.0]


def test_hooks_see_what_a_function_saves():
    class Exp(Function):
        @staticmethod
        def forward(ctx, x):
            y = x.exp()
            ctx.save_for_backward(x, y)
            return y

        @staticmethod
        def backward(ctx, g):
            x, y = ctx.saved_tensors
            assert x is source
            return g * y

    source, packed = leaf(0.5), []
    with graph.saved_tensors_hooks(lambda t: packed.append(t) or t, keep):
        y = Exp.apply(source)
    y.backward()
    assert len(packed) == 2
    assert source.grad.allclose(y)


def test_sequences_are_packed_one_by_one():
    a, b = leaf(1.0), leaf(2.0)
    with graph.saved_tensors_hooks(lambda t: t * 1, keep):
        y = mt.einsum("i,i,i->", a, b, b) + mt.cat([a, b]).prod()
    y.backward()
    assert (a.grad.item(), b.grad.item()) == (6.0, 5.0)


def test_a_graph_with_packed_tensors_dies_by_reference_count():
    gc.disable()
    try:
        x = leaf(1.0)
        with graph.saved_tensors_hooks(lambda t: t.numpy(force=True), mt.from_numpy):
            y = (x * 2).exp()
        node = weakref.ref(y.grad_fn)
        del y
        assert node() is None
    finally:
        gc.enable()


@pytest.mark.parametrize(
    ("pack", "unpack", "error", "words"),
    [
        (lambda t: t.add_(1), keep, RuntimeError, "pack hook is modifying its input in place"),
        (lambda t: t.tolist(), keep, TypeError, "unpack_hook expected to be a Tensor but got"),
    ],
)
def test_hooks_that_do_what_they_must_not(pack, unpack, error, words):
    x = leaf(1.0, 2.0)
    with pytest.raises(error, match=words):
        with graph.saved_tensors_hooks(pack, unpack):
            y = ((x * 2) * (x * 3)).sum()
        y.backward()


def test_hooks_can_be_forbidden():
    with graph.disable_saved_tensors_hooks("none of them here"):
        with pytest.raises(RuntimeError, match="none of them here"):
            with graph.saved_tensors_hooks(keep, keep):
                pass
    with graph.saved_tensors_hooks(keep, keep):
        with pytest.raises(RuntimeError, match="too late"):
            with graph.disable_saved_tensors_hooks("too late"):
                pass


def test_save_on_cpu_changes_no_gradient():
    x = leaf(1.0, 2.0)
    with graph.save_on_cpu(pin_memory=True):
        y = (x.exp() * x).sum()
    y.backward()
    assert x.grad.allclose(x.exp() * (x + 1))


def test_mutation_of_saved_tensors():
    with graph.allow_mutation_on_saved_tensors():
        x = mt.ones(2, 3, requires_grad=True)
        y = x.clone()
        total = (y**2).sum()
        y.sin_()
        total.backward()
        assert x.grad.tolist() == [[2.0] * 3] * 2
        left = (x.clone() ** 2).sum()
    with pytest.raises(AssertionError, match="outside of the 'allow_mutation_on_saved_tensors'"):
        left.backward()


def test_a_checkpointed_function_keeps_its_own_saved_tensors():
    x, packed = leaf(0.3), []
    with graph.saved_tensors_hooks(lambda t: packed.append(t) or t, keep):
        y = checkpoint(lambda t: t.sin().exp(), x, use_reentrant=False)
    y.backward()
    assert not packed
    assert x.grad.allclose(x.cos() * x.sin().exp())


def test_saved_attributes():
    a, b = leaf(1.0, 2.0), leaf(3.0, 4.0)
    y = a * b
    assert y.grad_fn._saved_self is a
    assert y.grad_fn._saved_other is b
    z = y.exp()
    assert z.grad_fn._saved_result.equal(z)
    assert z.grad_fn._saved_result is not z
    assert z.grad_fn._saved_result.grad_fn is z.grad_fn
    assert (a * 5).grad_fn._saved_self is None
    assert (a * 5).grad_fn._saved_other.tolist() == 5
    assert (a**3).grad_fn._saved_exponent == 3
    assert a.softmax(0).grad_fn._saved_dim == 0
    with pytest.raises(AttributeError, match="'ExpBackward0' object has no attribute '_saved_x'"):
        z.grad_fn._saved_x  # noqa: B018
    assert not hasattr(z.grad_fn, "nothing_of_the_kind")
    z.sum().backward()
    with pytest.raises(RuntimeError, match="backward through the graph a second time"):
        z.grad_fn._saved_result  # noqa: B018


def test_hooks_on_one_saved_tensor():
    a = leaf(1.0, 2.0)
    node = (y := a * a).grad_fn
    node._raw_saved_self.register_hooks(lambda t: t * 10, keep)
    assert node._saved_self.tolist() == [10.0, 20.0]
    assert node._saved_other is a
    with pytest.raises(RuntimeError, match="hooks have already been set"):
        node._raw_saved_self.register_hooks(keep, keep)
    with pytest.raises(RuntimeError, match="with value None is forbidden"):
        (a * 2).grad_fn._raw_saved_self.register_hooks(keep, keep)
    y.sum().backward()
    assert a.grad.tolist() == [11.0, 22.0]
    with pytest.raises(RuntimeError, match="after it has been freed"):
        node._raw_saved_other.register_hooks(keep, keep)


def test_gradient_edges_stand_for_tensors():
    x = leaf(1.0, 2.0)
    y = x * x
    edge = graph.get_gradient_edge(y)
    assert edge.node is y.grad_fn
    assert edge.output_nr == 0
    (g,) = mt.autograd.grad((y * y).sum(), edge, retain_graph=True)
    assert g.tolist() == [2.0, 8.0]
    (g,) = mt.autograd.grad(edge, x, grad_outputs=mt.ones(2), retain_graph=True)
    assert g.tolist() == [2.0, 4.0]
    y.sum().backward(inputs=[graph.get_gradient_edge(x)])
    assert x.grad.tolist() == [2.0, 4.0]
    with pytest.raises(RuntimeError, match="gradient edge for a Tensor that does not require"):
        graph.get_gradient_edge(mt.ones(1))


def test_hooks_on_a_leafs_node():
    x, calls = leaf(1.0), []
    node = graph.get_gradient_edge(x).node
    node.register_hook(lambda inputs, outputs: calls.append(("after", inputs, x.grad.item())))
    node.register_prehook(lambda outputs: calls.append(("before", outputs[0].item())))
    x.register_post_accumulate_grad_hook(lambda leaf: calls.append(("added", leaf.grad.item())))
    (x * 3).backward()
    assert calls == [("before", 3.0), ("added", 3.0), ("after", (), 3.0)]
    (x * 3).backward(inputs=[x])  # the walk that ends at given leaves runs them, too
    assert ("added", 6.0) in calls


@pytest.mark.parametrize("mode", ["all", "any"])
def test_a_hook_on_several_gradients(mode):
    a, b, unused, calls = leaf(1.0), leaf(2.0), leaf(0.0), []
    handle = graph.register_multi_grad_hook([a, b, unused], calls.append, mode=mode)
    for _ in range(2):
        (a * b).backward()
    if mode == "all":
        values = [[None if g is None else g.item() for g in gradients] for gradients in calls]
        assert values == [[2.0, 1.0, None]] * 2
    else:
        assert [g.item() in (1.0, 2.0) for g in calls] == [True, True]
    handle.remove()
    (a * b).backward()
    assert len(calls) == 2
    with pytest.raises(ValueError, match="mode to be one of"):
        graph.register_multi_grad_hook([a], calls.append, mode="some")


def test_increment_version_is_noticed_by_backward():
    x = leaf(1.0)
    y = x * 2
    z = y.exp()
    graph.increment_version([z])
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        z.backward()


def test_a_product_saves_first_what_its_first_gradient_needs():
    packed = []
    with graph.saved_tensors_hooks(lambda t: packed.append(t.item()) or t, keep):
        leaf(1.0) * leaf(2.0)
    assert packed == [2.0, 1.0]


@pytest.mark.compare
def test_the_same_calls_of_hooks_as_in_torch():
    torch = pytest.importorskip("torch")

    def run(lib):
        seen = []
        array = np.linspace(0.1, 1, 6).reshape(2, 3)
        x = lib.from_numpy(array).requires_grad_()
        w = lib.from_numpy(array.T.copy()).requires_grad_()

        def pack(t):
            seen.append((tuple(t.shape), t.requires_grad, t.is_leaf))
            return t

        with lib.autograd.graph.saved_tensors_hooks(pack, keep):
            y = (x @ w).sigmoid() * 2
            z = lib.nn.functional.softmax(y, 1).log().mean() / 3
        z.backward()
        return seen, x.grad.numpy(), w.grad.numpy()

    (ours, *mine), (theirs, *wanted) = run(mt), run(torch)
    assert ours == theirs
    for a, b in zip(mine, wanted, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5)
