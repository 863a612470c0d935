"""Backward, modes, hooks and custom functions: small programs run in both libraries.

A program takes the library and returns plain data (or raises); the outcomes must be equal.
"""

from __future__ import annotations

import gc
import math
import threading
import warnings
import weakref

import pytest

import minitorch as mt
from minitorch.autograd.anomaly import is_anomaly_enabled


def plain(value):
    """A result as data that compares: tensors become (dtype, shape, numbers, requires_grad)."""
    if hasattr(value, "requires_grad") and hasattr(value, "tolist"):
        numbers = value.detach().to(value.dtype).tolist()
        return str(value.dtype), tuple(value.shape), numbers, value.requires_grad
    if isinstance(value, (tuple, list)):
        return [plain(item) for item in value]
    return value


def outcome(program, library):
    """What the program returns, or the class and the first words of its error."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return plain(program(library))
        except Exception as error:
            return type(error).__name__, " ".join(str(error).split()[:5])


def leaf(lib, *values):
    """A float64 leaf."""
    return lib.tensor(list(values), dtype=lib.float64, requires_grad=True)


# --- programs that both libraries run -------------------------------------------------------------


def accumulation(lib):
    x = leaf(lib, 1.0, 2.0)
    (x * x).sum().backward()
    first = x.grad.clone()
    (x * x).sum().backward()
    return first, x.grad


def a_leaf_used_twice(lib):
    x = leaf(lib, 3.0)
    (x * x + 2 * x).backward(lib.tensor([1.0], dtype=lib.float64))
    return x.grad


def backward_twice_fails(lib):
    x = leaf(lib, 1.0)
    y = (x * x).sum()
    y.backward()
    y.backward()


def retain_graph(lib):
    x = leaf(lib, 1.0)
    y = (x * x).sum()
    y.backward(retain_graph=True)
    y.backward()
    return x.grad


def nodes_that_saved_nothing_run_again(lib):
    x = leaf(lib, 1.0)
    y = (x + 1).sum()
    y.backward()
    y.backward()
    return x.grad


def create_graph(lib):
    x = leaf(lib, 2.0)
    (x**3).sum().backward(create_graph=True)
    g = x.grad
    x.grad = None
    g.sum().backward()
    return g, x.grad


def triple_backward(lib):
    x = leaf(lib, 0.5)
    y = x.sin().sum()
    for _ in range(3):
        (y,) = lib.autograd.grad(y.sum(), x, create_graph=True)
    return y


def inputs_argument(lib):
    x, w = leaf(lib, 1.0), leaf(lib, 2.0)
    (x * w).sum().backward(inputs=[x])
    return x.grad, w.grad is None


def only_useful_gradients_are_computed(lib):
    x, w = leaf(lib, 1.0, 2.0, 3.0), leaf(lib, 2.0, 5.0)
    seen = []

    def walk(y, target):
        y.grad_fn.register_hook(lambda given, _: seen.append([g is None for g in given]))
        seen.append(lib.autograd.grad(y.sum(), target)[0])

    walk(x * x.exp(), x)
    walk(x[:2] * w, w)
    walk(x[:2] * w, x)
    walk(lib.nn.functional.conv1d(x[None, None], w[None, None]), w)
    walk(lib.nn.functional.conv1d(x[None, None], w[None, None]), x)
    walk(lib.nn.functional.layer_norm(x[:2], (2,), w, w.sin()), w)
    y = w * 2
    y[:1] = x[:1] * 3
    seen.append(lib.autograd.grad(y.sum(), x)[0])
    return seen


def inputs_empty(lib):
    leaf(lib, 1.0).sum().backward(inputs=[])


def inputs_of_a_non_leaf(lib):
    x = leaf(lib, 1.0)
    y = x * 2
    (y * 3).sum().backward(inputs=[y])
    return y.grad, x.grad is None


def grad_of_intermediate(lib):
    x = leaf(lib, 1.0, 2.0)
    y = x * 2
    return lib.autograd.grad((y * y).sum(), [y, x])


def grad_leaves_no_trace(lib):
    x = leaf(lib, 1.0)
    lib.autograd.grad((x * x).sum(), x)
    return x.grad is None


def grad_outputs(lib):
    x = leaf(lib, 1.0, 2.0)
    return lib.autograd.grad(x * x, x, lib.tensor([1.0, 10.0], dtype=lib.float64))


def grad_outputs_of_wrong_shape(lib):
    x = leaf(lib, 1.0, 2.0)
    return lib.autograd.grad(x * x, x, lib.ones(3, dtype=lib.float64))


def unused_fails(lib):
    x, z = leaf(lib, 1.0), leaf(lib, 1.0)
    return lib.autograd.grad(x.sum(), [x, z])


def unused_allowed(lib):
    x, z = leaf(lib, 1.0), leaf(lib, 1.0)
    return lib.autograd.grad(x.sum(), [x, z], allow_unused=True)


def unused_materialized(lib):
    x, z = leaf(lib, 1.0), leaf(lib, 1.0, 2.0)
    return lib.autograd.grad(x.sum(), [x, z], materialize_grads=True)


def several_roots(lib):
    x = leaf(lib, 1.0, 2.0)
    lib.autograd.backward([(x * 2).sum(), x * 3], [None, lib.ones(2, dtype=lib.float64)])
    return x.grad


def not_a_scalar(lib):
    leaf(lib, 1.0, 2.0).exp().backward()


def nothing_requires_grad(lib):
    lib.ones(2).sum().backward()


def integers_require_no_grad(lib):
    lib.tensor([1, 2], requires_grad=True)


def gradient_dtype_follows_the_leaf(lib):
    x = lib.tensor([1.0], dtype=lib.float32, requires_grad=True)
    (x.double() * 3).sum().backward()
    return x.grad


def broadcast_gradient_is_summed(lib):
    x, b = lib.ones(2, 3, dtype=lib.float64, requires_grad=True), leaf(lib, 1.0, 2.0, 3.0)
    (x * b).sum().backward()
    return x.grad, b.grad


def tensor_hook_replaces(lib):
    x = leaf(lib, 1.0)
    y = x * 2
    y.register_hook(lambda g: g * 10)
    (y * 3).sum().backward()
    return x.grad


def tensor_hooks_run_in_order(lib):
    x = leaf(lib, 1.0)
    seen = []
    x.register_hook(lambda g: seen.append(("first", g.item())) or g + 1)
    x.register_hook(lambda g: seen.append(("second", g.item())))
    (x * 5).sum().backward()
    return seen, x.grad


def removed_hooks_rest(lib):
    x = leaf(lib, 1.0)
    handle = x.register_hook(lambda g: g * 100)
    handle.remove()
    x.sum().backward()
    return x.grad


def post_accumulate_hook(lib):
    x = leaf(lib, 1.0, 2.0)
    seen = []
    x.register_post_accumulate_grad_hook(lambda t: seen.append(t.grad.tolist()))
    (x * 2).sum().backward()
    (x * 2).sum().backward()
    return seen


def post_accumulate_hook_on_non_leaf(lib):
    (leaf(lib, 1.0) * 2).register_post_accumulate_grad_hook(print)


def node_hooks(lib):
    x = leaf(lib, 1.0)
    y = x * 2
    seen = []
    y.grad_fn.register_prehook(lambda incoming: (incoming[0] * 2,))
    y.grad_fn.register_hook(lambda gin, gout: seen.append((gin[0].tolist(), gout[0].tolist())))
    y.sum().backward()
    return seen, x.grad


def next_functions(lib):
    x = leaf(lib, 1.0)
    y = (x * 2).exp()
    names, node = [], y.grad_fn
    while node is not None:
        names.append(node.name())
        node = node.next_functions[0][0] if node.next_functions else None
    return names[0], names[1]


def listed_edges(lib):
    x = lib.ones(2, 3, requires_grad=True).exp()
    functions = lib.nn.functional
    bias, weight = lib.ones(4, requires_grad=True), lib.ones(4, 3)
    results = [
        functions.linear(x, weight, bias),
        functions.nll_loss(x, lib.tensor([0, 1])),
        functions.embedding(lib.tensor([1]), x),
        functions.binary_cross_entropy_with_logits(x, lib.ones(2, 3)),
        lib.where(x > 0, x, 0.0),
        lib.cat([x, lib.ones(1, 3)]),
        x * 2,
        x[0],
    ]
    return [
        [edge and edge.name() for edge, _ in result.grad_fn.next_functions] for result in results
    ]


def node_hooks_of_linear(lib):
    x = lib.ones(2, 3, dtype=lib.float64).requires_grad_()
    weight = lib.ones(4, 3, dtype=lib.float64)
    bias = leaf(lib, 1.0, 2.0, 3.0, 4.0)
    y = lib.nn.functional.linear(x * 2, weight, bias)

    def hook(grad_inputs, grad_outputs):
        return tuple(None if g is None else g * 10 for g in grad_inputs)

    y.grad_fn.register_hook(hook)
    y.sum().backward()
    return x.grad, bias.grad


def classes_of_nodes(lib):
    x = leaf(lib, 1.0)
    y = x * 2
    x = y.clone()
    x[0] = 3.0
    leaf_node = y.grad_fn.next_functions[0][0]
    return repr(type(y.grad_fn)), repr(type(leaf_node)), leaf_node.name(), x.grad_fn.name()


def retain_grad(lib):
    x = leaf(lib, 1.0)
    y = x * 2
    y.retain_grad()
    (y * y).sum().backward()
    return y.grad, y.retains_grad, x.retains_grad


def saved_value_was_overwritten(lib):
    x = leaf(lib, 1.0)
    y = x.exp()
    z = y * 2 + y.sin()
    with lib.no_grad():
        y.zero_()
    z.sum().backward()


def in_place_on_a_leaf(lib):
    leaf(lib, 1.0).add_(1)


def in_place_on_a_view_of_a_leaf(lib):
    leaf(lib, 1.0, 2.0)[0].mul_(2)


def in_place_on_a_leaf_without_grad_mode(lib):
    x = leaf(lib, 1.0)
    with lib.no_grad():
        x.add_(1)
    return x, x.is_leaf


def in_place_through_a_view(lib):
    x = leaf(lib, 1.0, 2.0, 3.0)
    y = x * 1
    y[1:].mul_(10)
    y[0] = y[2] * 2
    (y * y).sum().backward()
    return y, x.grad


def in_place_on_the_base_of_a_view(lib):
    x = leaf(lib, 1.0, 2.0)
    y = x * 1
    view = y[1]
    y.mul_(3)
    view.backward()
    return view, x.grad


def in_place_on_an_unbound_view(lib):
    y = leaf(lib, 1.0, 2.0) * 1
    y.unbind(0)[0].mul_(2)


def view_made_without_grad_mode(lib):
    y = leaf(lib, 1.0, 2.0) * 1
    with lib.no_grad():
        v = y[0]
    v.mul_(2)


def detach_shares_memory(lib):
    x = leaf(lib, 1.0)
    y = x.detach()
    y.add_(1)
    return x, y.requires_grad, y.data_ptr() == x.data_ptr()


def requires_grad_of_results(lib):
    x, c = leaf(lib, 1.0), lib.ones(1)
    return (
        (x * c).requires_grad,
        (c * c).requires_grad,
        (x > 0).requires_grad,
        x.detach().requires_grad,
    )


def turning_off_a_non_leaf(lib):
    (leaf(lib, 1.0) * 2).requires_grad_(False)


def gradient_assignments(lib):
    x = leaf(lib, 1.0)
    x.grad = lib.tensor([5.0], dtype=lib.float64)
    (x * 2).sum().backward()
    return x.grad


def modes(lib):
    seen = [lib.is_grad_enabled()]
    with lib.no_grad():
        seen.append(lib.is_grad_enabled())
        with lib.enable_grad():
            seen.append(lib.is_grad_enabled())
        with lib.set_grad_enabled(True):
            seen.append((leaf(lib, 1.0) * 2).requires_grad)
        seen.append(lib.is_grad_enabled())
    lib.set_grad_enabled(False)
    seen.append(lib.is_grad_enabled())
    lib.set_grad_enabled(True)
    return seen


def mode_survives_an_error(lib):
    try:
        with lib.no_grad():
            raise KeyError
    except KeyError:
        return lib.is_grad_enabled()


def mode_as_decorator(lib):
    @lib.no_grad()
    def quiet():
        return lib.is_grad_enabled()

    @lib.no_grad
    def quiet_too():
        return lib.is_grad_enabled()

    return quiet(), quiet_too(), lib.is_grad_enabled(), quiet.__name__


def mode_around_a_generator(lib):
    @lib.no_grad()
    def steps():
        received = yield lib.is_grad_enabled()
        yield received, lib.is_grad_enabled()

    generator = steps()
    first = next(generator)
    between = lib.is_grad_enabled()
    return first, between, generator.send(7), lib.is_grad_enabled()


def inference_mode(lib):
    x = leaf(lib, 1.0)
    with lib.inference_mode():
        y = x * 2
        inside = lib.is_inference_mode_enabled(), y.requires_grad
    return inside, lib.is_inference_mode_enabled()


def custom_function(lib):
    class Cube(lib.autograd.Function):
        @staticmethod
        def forward(ctx, x, power):
            ctx.save_for_backward(x)
            ctx.power = power
            return x**power

        @staticmethod
        def backward(ctx, g):
            (x,) = ctx.saved_tensors
            return g * ctx.power * x ** (ctx.power - 1), None

    x = leaf(lib, 2.0)
    y = Cube.apply(x, 3)
    (first,) = lib.autograd.grad(y.sum(), x, create_graph=True)
    (second,) = lib.autograd.grad(first.sum(), x)
    return y, first, second, y.grad_fn.name()


def custom_function_with_setup_context(lib):
    class Scale(lib.autograd.Function):
        @staticmethod
        def forward(x, factor):
            return x * factor

        @staticmethod
        def setup_context(ctx, inputs, output):
            ctx.factor = inputs[1]

        @staticmethod
        def backward(ctx, g):
            return g * ctx.factor, None

    x = leaf(lib, 2.0)
    Scale.apply(x, 5).sum().backward()
    return x.grad


def custom_function_marks(lib):
    class Both(lib.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.mark_dirty(x)
            x.mul_(2)
            index = x.argmax()
            ctx.mark_non_differentiable(index)
            return x, index

        @staticmethod
        def backward(ctx, g, unused):
            return g * 2

    x = leaf(lib, 1.0, 3.0)
    y = x * 1
    z, index = Both.apply(y)
    z.sum().backward()
    return z is y, index.requires_grad, x.grad, y._version


def custom_function_needs(lib):
    seen = []

    class Product(lib.autograd.Function):
        @staticmethod
        def forward(ctx, a, b):
            ctx.save_for_backward(a, b)
            return a * b

        @staticmethod
        def backward(ctx, g):
            seen.append(ctx.needs_input_grad)
            a, b = ctx.saved_tensors
            return g * b, g * a

    a, b = leaf(lib, 2.0), lib.tensor([3.0], dtype=lib.float64)
    Product.apply(a, b).sum().backward()
    return [list(map(bool, needs)) for needs in seen], a.grad


def custom_function_unmaterialized(lib):
    seen = []

    class Two(lib.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.set_materialize_grads(False)
            return x * 2, x * 3

        @staticmethod
        def backward(ctx, a, b):
            seen.append(b is None)
            return a * 2

    x = leaf(lib, 1.0)
    Two.apply(x)[0].sum().backward()
    return seen, x.grad


def custom_function_once_differentiable(lib):
    from importlib import import_module

    once = import_module(lib.__name__ + ".autograd.function").once_differentiable

    class Square(lib.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * x

        @staticmethod
        @once
        def backward(ctx, g):
            (x,) = ctx.saved_tensors
            return g * 2 * x

    x = leaf(lib, 2.0)
    (g,) = lib.autograd.grad(Square.apply(x).sum(), x, create_graph=True)
    g.sum().backward()


def custom_function_returns_too_many(lib):
    class Wrong(lib.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 1

        @staticmethod
        def backward(ctx, g):
            return g, g

    Wrong.apply(leaf(lib, 1.0)).sum().backward()


def custom_function_without_backward(lib):
    class Half(lib.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 1

    Half.apply(leaf(lib, 1.0)).sum().backward()


def anomaly_finds_nan(lib):
    x = leaf(lib, -1.0)
    with lib.autograd.detect_anomaly():
        x.sqrt().sum().backward()


def deep_copy_of_a_non_leaf(lib):
    import copy

    copy.deepcopy(leaf(lib, 1.0) * 2)


PROGRAMS = [
    value for value in list(globals().values()) if getattr(value, "__module__", "") == __name__
]
PROGRAMS = [p for p in PROGRAMS if callable(p) and p.__name__ not in ("plain", "outcome", "leaf")]


@pytest.mark.compare
@pytest.mark.parametrize("program", PROGRAMS, ids=lambda p: p.__name__)
def test_same_as_torch(program):
    torch = pytest.importorskip("torch")
    assert outcome(program, mt) == outcome(program, torch)


# --- what needs no comparison ---------------------------------------------------------------------


def test_anomaly_mode_names_the_forward_line():
    x = leaf(mt, -1.0)
    with pytest.warns(UserWarning, match="Anomaly Detection has been enabled"):
        mode = mt.autograd.detect_anomaly()
    with mode:
        y = x.sqrt()  # the guilty line
        with (
            pytest.warns(UserWarning, match="the guilty line"),
            pytest.raises(RuntimeError, match="SqrtBackward0"),
        ):
            y.sum().backward()
    assert not is_anomaly_enabled()


def test_a_partial_walk_computes_only_what_leads_to_its_targets():
    x, w = mt.ones(1, 1, 5, requires_grad=True), mt.ones(1, 1, 3, requires_grad=True)
    for target, missing in ((x, [False, True, True]), (w, [True, False, True])):
        y = mt.nn.functional.conv1d(x, w)
        seen = []
        y.grad_fn.register_hook(lambda given, _, seen=seen: seen.extend(g is None for g in given))
        (gradient,) = mt.autograd.grad(y.sum(), target)
        assert seen == missing
        assert gradient.sum() == 9


def test_nodes_list_what_torch_lists():
    x = mt.ones(2, 3, requires_grad=True).exp()
    bias = mt.ones(4, requires_grad=True)
    y = mt.nn.functional.linear(x, mt.ones(4, 3), bias)
    first, second, third = y.grad_fn.next_functions
    assert first[0].variable is bias and second[0] is x.grad_fn and third == (None, 0)
    y = mt.nn.functional.linear(x, mt.ones(4, 3))
    assert y.grad_fn.next_functions == ((x.grad_fn, 0), (None, 0))
    y = mt.nn.functional.nll_loss(x, mt.tensor([0, 1]))
    assert y.grad_fn.next_functions == ((x.grad_fn, 0),)


def test_a_function_has_nodes_of_its_own_class():
    class Twice(mt.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        def backward(ctx, g):
            return g * 2

    class Thrice(Twice):
        pass

    x = leaf(mt, 1.0)
    for function, name in ((Twice, "TwiceBackward"), (Thrice, "ThriceBackward")):
        node = function.apply(x).grad_fn
        assert type(node) is function._backward_cls and type(node).__name__ == node.name() == name
        assert repr(node).startswith(f"<minitorch.autograd.function.{name} object at 0x")


def test_a_long_chain_needs_no_recursion():
    x = leaf(mt, 1.0)
    y = x
    for _ in range(100_000):
        y = y + 1
    y.sum().backward()
    assert x.grad.item() == 1
    del y  # nor does its end


def test_graphs_are_freed_by_reference_count():
    gc.collect()
    gc.disable()
    try:
        x = mt.randn(4, 4, requires_grad=True)
        y = (x @ x).sin()
        y[0].mul_(2)
        z = y.exp().sum()
        alive = [weakref.ref(t) for t in (x, y, z)] + [weakref.ref(z.grad_fn)]
        z.backward(retain_graph=True)
        (g,) = mt.autograd.grad(z, x, create_graph=True)
        alive.append(weakref.ref(g))
        del x, y, z, g
        assert [ref() for ref in alive] == [None] * len(alive)
    finally:
        gc.enable()


def test_saved_values_are_freed_by_backward():
    x = mt.randn(3, requires_grad=True)
    middle = x * 2
    array = weakref.ref(middle)
    y = middle.exp().sum()
    del middle
    y.backward()
    assert array() is None


def test_threads_do_not_share_modes():
    seen = []
    inside, done = threading.Event(), threading.Event()

    def other():
        inside.wait(5)
        seen.append(mt.is_grad_enabled())
        seen.append((leaf(mt, 1.0) * 2).requires_grad)
        done.set()

    thread = threading.Thread(target=other)
    thread.start()
    with mt.no_grad():
        inside.set()
        done.wait(5)
    thread.join()
    assert seen == [True, True]


def test_threads_run_backward_side_by_side():
    weight = leaf(mt, 1.0, 2.0)
    results = []

    def work():
        x = leaf(mt, 3.0, 4.0)
        for _ in range(50):
            x.grad = None
            (x * weight.detach()).exp().sum().backward()
        results.append(x.grad.tolist())

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 4 and all(r == results[0] for r in results)


@pytest.mark.parametrize(
    "form", [lambda x: x + 0, lambda x: x.view(2), lambda x: x.sum(), lambda x: x.t()]
)
def test_a_leaf_owns_its_gradient(form):
    x, z = leaf(mt, 1.0, 2.0), leaf(mt, 5.0, 6.0)
    seed = mt.ones(form(x).shape, dtype=mt.float64)
    mt.autograd.backward([form(x), form(z)], [seed, seed])
    x.grad.mul_(100)
    assert seed.eq(1).all() and z.grad.tolist() == [1, 1]


def test_the_grad_of_a_non_leaf_warns_unless_it_is_kept():
    leaf = mt.ones(2, requires_grad=True)
    result = leaf * 2
    with pytest.warns(UserWarning, match="The .grad attribute of a Tensor that is not a leaf"):
        assert result.grad is None
    kept = leaf * 3
    kept.retain_grad()
    assert kept.grad is None and leaf.grad is None and mt.ones(2).grad is None


def test_a_float_of_what_requires_grad_warns_and_an_item_does_not():
    leaf = mt.ones(1, requires_grad=True)
    for convert in (float, complex, math.sqrt):
        with pytest.warns(UserWarning, match="Converting a tensor with requires_grad=True"):
            convert(leaf * 2)
    assert (leaf * 2).item() == int(leaf * 2) == float(leaf.detach() * 2) == 2


def test_a_node_is_one_step_of_the_walk():
    x = mt.tensor([2.0, 3.0], requires_grad=True)
    y = mt.tensor(4.0, requires_grad=True)
    of_x, of_y = (x * y).grad_fn(mt.ones(2))
    assert of_x.tolist() == [4.0, 4.0] and of_y.tolist() == 5.0
    assert x.grad is None
    (second,) = mt.autograd.grad(x.exp().grad_fn(mt.ones(2)).sum(), x)
    assert mt.equal(second, x.exp())
    result = x.exp()
    with mt.no_grad():
        assert not result.grad_fn(mt.ones(2)).requires_grad
    seen = []
    result.grad_fn.register_hook(lambda into, out: seen.append((into, out)))
    result.grad_fn(mt.ones(2))
    assert len(seen) == 1
    with pytest.raises(TypeError, match="expected 1 gradients, got 2"):
        result.grad_fn(mt.ones(2), mt.ones(2))
    leaf = result.grad_fn.next_functions[0][0]
    assert leaf(mt.ones(2)) is None
    assert x.grad.tolist() == [1.0, 1.0]


def test_the_node_of_a_function_is_applied():
    class Scale(mt.autograd.Function):
        @staticmethod
        def forward(ctx, x, factor):
            ctx.factor = factor
            return x * factor

        @staticmethod
        def backward(ctx, g):
            return g * ctx.factor, None

    y = Scale.apply(mt.ones(2, requires_grad=True), 3)
    g, none = y.grad_fn.apply(mt.ones(2))
    assert g.tolist() == [3.0, 3.0] and none is None
