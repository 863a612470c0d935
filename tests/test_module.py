"""The module system: what needs no torch first, then the same programs under both libraries."""

import collections
import copy
import gc
import pickle
import warnings
import weakref

import numpy as np
import pytest

import minitorch as mt
from minitorch import nn
from minitorch.nn.modules import module as module_system

ONES = [1.0, 1.0]


class Scale(nn.Module):
    """Parameters, buffers of both kinds, and something in the repr."""

    def __init__(self, size=2):
        super().__init__()
        self.weight = nn.Parameter(mt.ones(size))
        self.register_parameter("bias", None)
        self.register_buffer("calls", mt.zeros(()))
        self.register_buffer("cache", mt.zeros(size), persistent=False)

    def forward(self, input):
        return input * self.weight

    def extra_repr(self):
        return f"size={self.weight.numel()}"


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = Scale()
        self.rest = nn.Sequential(Scale(), Scale())

    def forward(self, input):
        return self.rest(self.first(input))


def names(pairs):
    return [name for name, _ in pairs]


# ---- parameters and buffers --------------------------------------------------------------------


def test_parameter_shares_memory_and_version_with_its_data():
    data = mt.zeros(2)
    parameter = nn.Parameter(data)
    with mt.no_grad():
        parameter.add_(1)
    assert data.tolist() == ONES
    assert data._version == parameter._version == 1
    assert parameter.requires_grad and parameter.is_leaf


def test_parameter_of_a_result_is_a_leaf():
    result = mt.ones(2, requires_grad=True) * 2
    parameter = nn.Parameter(result)
    assert parameter.is_leaf and parameter.grad_fn is None


def test_parameter_prints_and_computes_as_a_tensor():
    parameter = nn.Parameter(mt.ones(2))
    assert repr(parameter) == "Parameter containing:\ntensor([1., 1.], requires_grad=True)"
    assert type(parameter * 2) is type(parameter.data) is type(parameter.detach()) is mt.Tensor


def test_parameter_without_data_is_empty():
    assert nn.Parameter().shape == (0,)
    assert nn.Parameter(requires_grad=False).requires_grad is False


@pytest.mark.parametrize("dtype", ["int64", "bool"])
def test_parameter_of_ints_needs_requires_grad_false(dtype):
    ints = mt.ones(2).to(getattr(mt, dtype))
    with pytest.raises(RuntimeError, match="^Only Tensors of floating point and complex dtype"):
        nn.Parameter(ints)
    assert nn.Parameter(ints, requires_grad=False).dtype is getattr(mt, dtype)


def test_parameter_refuses_what_is_no_tensor():
    with pytest.raises(AttributeError, match="^'list' object has no attribute 'detach'"):
        nn.Parameter([1.0])


def test_parameter_keeps_the_class_of_a_tensor_subclass():
    class Tagged(mt.Tensor):
        pass

    tagged = Tagged(mt.ones(2))
    parameter = nn.Parameter(tagged)
    assert type(parameter) is Tagged
    assert isinstance(parameter, nn.Parameter) and not isinstance(tagged, nn.Parameter)
    assert parameter.requires_grad and not tagged.requires_grad


def test_parameter_copies_are_their_own():
    parameter = nn.Parameter(mt.ones(2), requires_grad=False)
    parameter.grad = mt.ones(2)
    twin = copy.deepcopy(parameter)
    with mt.no_grad():
        twin.add_(1)
    assert type(twin) is nn.Parameter
    assert parameter.tolist() == ONES
    assert twin.grad is None and twin.requires_grad is False


def test_parameter_pickles_with_its_attributes():
    parameter = nn.Parameter(mt.ones(2))
    parameter.role = "weight"
    twin = pickle.loads(pickle.dumps(parameter))
    assert type(twin) is nn.Parameter
    assert (twin.tolist(), twin.requires_grad, twin.role) == (ONES, True, "weight")


def test_buffer_is_a_marked_tensor():
    buffer = nn.Buffer(mt.ones(2), persistent=False)
    assert type(buffer) is mt.Tensor
    assert isinstance(buffer, nn.Buffer) and not isinstance(mt.ones(2), nn.Buffer)
    assert not isinstance(buffer, nn.Parameter)
    assert isinstance(copy.deepcopy(buffer), nn.Buffer)


# ---- registering -------------------------------------------------------------------------------


def test_assigning_registers():
    model = Model()
    assert names(model.named_parameters()) == ["first.weight", "rest.0.weight", "rest.1.weight"]
    assert names(model.first.named_buffers()) == ["calls", "cache"]
    assert names(model.named_children()) == ["first", "rest"]
    assert names(model.named_modules()) == ["", "first", "rest", "rest.0", "rest.1"]
    assert names(model.named_modules(prefix="net"))[1] == "net.first"


def test_a_shared_module_or_parameter_is_shown_once():
    model = Model()
    model.again = model.first
    model.rest[1].weight = model.first.weight
    assert names(model.named_parameters()) == ["first.weight", "rest.0.weight"]
    assert names(model.named_children()) == ["first", "rest"]
    assert len(list(model.modules())) == 5
    everything = names(model.named_parameters(remove_duplicate=False))
    assert everything == ["first.weight", "rest.0.weight", "rest.1.weight", "again.weight"]
    assert list(model.state_dict())[-2:] == ["again.weight", "again.calls"]


def test_an_attribute_changes_its_kind():
    module = nn.Module()
    module.x = 3
    module.x = nn.Parameter(mt.ones(2))
    assert "x" not in module.__dict__ and names(module.named_parameters()) == ["x"]
    module.x = None
    assert module.x is None and not list(module.parameters())
    del module.x
    module.x = Scale()
    assert names(module.named_children()) == ["x"]
    del module.x
    module.x = nn.Buffer(mt.ones(2), persistent=False)
    module.x = mt.zeros(2)  # stays a buffer, and stays out of the state_dict
    assert names(module.named_buffers()) == ["x"] and not module.state_dict()
    module.x = nn.Parameter(mt.ones(2))
    assert not list(module.buffers()) and list(module.state_dict()) == ["x"]


def test_plain_tensors_are_not_registered():
    module = nn.Module()
    module.hidden = mt.ones(2)
    assert not list(module.parameters()) and not list(module.buffers())


def test_attribute_errors_name_the_class():
    with pytest.raises(AttributeError) as caught:
        Scale().nothing  # noqa: B018
    assert str(caught.value) == "'Scale' object has no attribute 'nothing'"
    assert caught.value.name == "nothing"


def test_dir_lists_what_is_registered():
    listed = dir(Model())
    assert {"first", "rest", "training", "forward"} <= set(listed)
    assert not any(name.isdigit() for name in dir(nn.Sequential(Scale())))


def test_registration_hooks_see_and_replace():
    seen = []

    def note(module, name, value):
        seen.append((type(module).__name__, name))

    handles = [
        module_system.register_module_parameter_registration_hook(note),
        module_system.register_module_buffer_registration_hook(note),
        module_system.register_module_module_registration_hook(note),
        module_system.register_module_module_registration_hook(lambda m, n, v: nn.Identity()),
    ]
    try:
        module = nn.Module()
        module.scale = Scale()
    finally:
        for handle in handles:
            handle.remove()
    assert seen == [
        ("Scale", "weight"),
        ("Scale", "calls"),
        ("Scale", "cache"),
        ("Module", "scale"),
    ]
    assert isinstance(module.scale, nn.Identity)
    module.other = Scale()
    assert isinstance(module.other, Scale)


# ---- walking -----------------------------------------------------------------------------------


def test_apply_goes_from_the_leaves_to_the_root():
    visited = []
    model = Model()
    assert model.apply(lambda module: visited.append(type(module).__name__)) is model
    assert visited == ["Scale", "Scale", "Scale", "Sequential", "Model"]


def test_train_and_eval_reach_everything():
    model = Model()
    assert model.eval() is model
    assert not any(module.training for module in model.modules())
    model.rest.train()
    assert [m.training for m in model.modules()] == [False, False, True, True, True]
    with pytest.raises(ValueError, match="^training mode is expected to be boolean"):
        model.train(1)


def test_requires_grad_and_zero_grad():
    model = Model()
    model(mt.ones(2)).sum().backward()
    assert all(parameter.grad.tolist() == ONES for parameter in model.parameters())
    model.zero_grad(set_to_none=False)
    assert all(parameter.grad.tolist() == [0.0, 0.0] for parameter in model.parameters())
    model.zero_grad()
    assert all(parameter.grad is None for parameter in model.parameters())
    assert model.requires_grad_(False) is model
    assert not any(parameter.requires_grad for parameter in model.parameters())


def test_casts_keep_the_parameters_and_cast_their_gradients():
    model = Model()
    model.register_buffer("steps", mt.zeros(1).long())
    model(mt.ones(2)).sum().backward()
    before = list(model.parameters())
    assert model.double() is model
    assert all(a is b for a, b in zip(before, model.parameters(), strict=True))
    assert {p.dtype for p in before} == {p.grad.dtype for p in before} == {mt.float64}
    assert (model.first.calls.dtype, model.steps.dtype) == (mt.float64, mt.int64)
    model(mt.ones(2).double()).sum().backward()
    assert before[0].grad.tolist() == [2.0, 2.0]
    assert model.to(mt.float32).first.weight.dtype is mt.float32
    assert model.to("cpu", mt.float64).first.weight.dtype is mt.float64
    assert model.to(mt.ones(1)).first.weight.dtype is mt.float32
    assert model.half().first.weight.dtype is mt.float16
    assert model.type(mt.float32).steps.dtype is mt.float32
    assert model.cpu().to(device=mt.device("cpu")).to(None) is model
    with pytest.raises(TypeError, match="^nn.Module.to only accepts floating point or complex"):
        model.to(mt.int64)


def test_to_empty_keeps_shapes():
    model = Scale()
    model.to_empty(device="cpu")
    assert model.weight.shape == (2,) and model.weight.requires_grad


def test_paths_find_and_replace():
    model = Model()
    assert model.get_submodule("rest.1") is model.rest[1]
    assert model.get_submodule("") is model
    assert model.get_parameter("rest.0.weight") is model.rest[0].weight
    assert model.get_buffer("first.calls") is model.first.calls
    replacement = Scale()
    model.set_submodule("rest.1", replacement)
    assert model.rest[1] is replacement


# ---- hooks -------------------------------------------------------------------------------------


def test_forward_hooks_run_in_order_and_replace():
    log = []
    scale = Scale()

    def pre(module, args):
        log.append(("pre", args[0].tolist()))
        return args[0] + 1

    def pre_kwargs(module, args, kwargs):
        log.append(("pre kwargs", kwargs))
        return args, {}

    def post(module, args, output):
        log.append(("post", args[0].tolist(), output.tolist()))
        return output * 10

    def post_kwargs(module, args, kwargs, output):
        log.append(("post kwargs", kwargs, output.tolist()))

    scale.register_forward_pre_hook(pre)
    scale.register_forward_pre_hook(pre_kwargs, with_kwargs=True)
    scale.register_forward_hook(post)
    scale.register_forward_hook(post_kwargs, with_kwargs=True)
    scale.register_forward_hook(lambda *args: log.append("first"), prepend=True)
    out = scale(mt.zeros(2), unknown=3)
    assert out.tolist() == [10.0, 10.0]
    assert log == [
        ("pre", [0.0, 0.0]),
        ("pre kwargs", {"unknown": 3}),
        "first",
        ("post", ONES, ONES),
        ("post kwargs", {}, [10.0, 10.0]),
    ]


def test_a_removed_hook_is_gone():
    log = []
    scale = Scale()
    with scale.register_forward_hook(lambda *args: log.append("in")):
        scale(mt.ones(2))
    handle = scale.register_forward_pre_hook(lambda *args: log.append("pre"), with_kwargs=True)
    handle.remove()
    handle.remove()
    scale(mt.ones(2))
    assert log == ["in"]
    assert not scale._forward_pre_hooks_with_kwargs


def test_always_called_hooks_run_when_forward_raises():
    log = []

    class Failing(nn.Module):
        def forward(self):
            raise ValueError("forward failed")

    def failing_hook(module, args, output):
        raise KeyError("hook failed")

    module = Failing()
    module.register_forward_hook(lambda *args: log.append("never"))
    module.register_forward_hook(failing_hook, always_call=True)
    module.register_forward_hook(lambda *args: log.append(args[-1]), always_call=True)
    with pytest.warns(UserWarning, match="always_call=True"):
        with pytest.raises(ValueError, match="forward failed"):
            module()
    assert log == [None]


def test_global_hooks_run_before_the_modules_own():
    log = []
    scale = Scale()
    scale.register_forward_hook(lambda *args: log.append("own"))
    scale.register_forward_pre_hook(lambda *args: log.append("own pre"))
    handles = [
        module_system.register_module_forward_pre_hook(lambda *args: log.append("global pre")),
        module_system.register_module_forward_hook(lambda *args: log.append("global")),
    ]
    scale(mt.ones(2))
    for handle in handles:
        handle.remove()
    scale(mt.ones(2))
    assert log == ["global pre", "own pre", "global", "own", "own pre", "own"]


def test_backward_hooks_see_and_replace_gradients():
    log = []
    scale = Scale()
    scale.weight.data.fill_(3)

    def pre(module, grad_output):
        log.append(("pre", grad_output[0].tolist()))
        return (grad_output[0] * 2,)

    def post(module, grad_input, grad_output):
        log.append(("post", grad_input[0].tolist(), grad_output[0].tolist()))
        return (grad_input[0] * 10,)

    scale.register_full_backward_pre_hook(pre)
    scale.register_full_backward_hook(post)
    x = mt.ones(2, requires_grad=True)
    scale(x).sum().backward()
    assert log == [("pre", ONES), ("post", [6.0, 6.0], [2.0, 2.0])]
    assert x.grad.tolist() == [60.0, 60.0]
    assert scale.weight.grad.tolist() == [2.0, 2.0]


def test_backward_hooks_leave_no_cycle_behind():
    scale = Scale()
    scale.register_full_backward_hook(lambda module, grad_input, grad_output: None)
    gc.disable()
    try:
        x = mt.ones(2, requires_grad=True)
        out = scale(x * 1)
        out.sum().backward()
        alive = weakref.ref(out)
        del out
        assert alive() is None
    finally:
        gc.enable()


# ---- saving and loading ------------------------------------------------------------------------


def test_state_dict_holds_names_and_versions():
    state = Model().state_dict()
    assert type(state) is collections.OrderedDict
    assert list(state) == [
        "first.weight",
        "first.calls",
        "rest.0.weight",
        "rest.0.calls",
        "rest.1.weight",
        "rest.1.calls",
    ]
    assert list(state._metadata) == ["", "first", "rest", "rest.0", "rest.1"]
    assert state._metadata["rest"] == {"version": 1}
    assert not state["first.weight"].requires_grad


def test_state_dict_gives_the_memory_itself():
    scale = Scale()
    scale.state_dict()["weight"].fill_(7)
    assert scale.weight.tolist() == [7.0, 7.0]
    assert scale.state_dict(keep_vars=True)["weight"] is scale.weight
    assert list(scale.state_dict(prefix="a.b.")) == ["a.b.weight", "a.b.calls"]


def test_load_state_dict_copies():
    source, target = Model(), Model()
    for parameter in source.parameters():
        parameter.data.fill_(5)
    weight = target.first.weight
    result = target.load_state_dict(source.state_dict())
    assert repr(result) == str(result) == "<All keys matched successfully>"
    assert target.first.weight is weight and weight.tolist() == [5.0, 5.0]
    assert weight.requires_grad and weight.is_leaf


def test_load_state_dict_assigns_when_asked():
    target = Scale()
    loaded = mt.ones(2).double()
    target.load_state_dict({"weight": loaded, "calls": mt.ones(())}, assign=True)
    assert type(target.weight) is nn.Parameter and target.weight.dtype is mt.float64
    assert target.weight.requires_grad and not loaded.requires_grad


def test_load_state_dict_names_everything_wrong():
    state = Model().state_dict()
    del state["first.calls"]
    state["rest.7.weight"] = mt.ones(2)
    state["first.weight"] = mt.ones(3)
    with pytest.raises(RuntimeError) as caught:
        Model().load_state_dict(state)
    assert str(caught.value).split("\n\t") == [
        "Error(s) in loading state_dict for Model:",
        'Missing key(s) in state_dict: "first.calls". ',
        'Unexpected key(s) in state_dict: "rest.7.weight". ',
        "size mismatch for first.weight: copying a param with shape torch.Size([3]) from "
        "checkpoint, the shape in current model is torch.Size([2]).",
    ]
    assert "rest.7.weight" in state  # the caller's dict is as it was
    del state["first.weight"]
    result = Model().load_state_dict(state, strict=False)
    assert result.missing_keys == ["first.weight", "first.calls"]
    assert result.unexpected_keys == ["rest.7.weight"]


def test_extra_state_is_saved_and_loaded():
    class Counting(nn.Module):
        count = 0

        def get_extra_state(self):
            return {"count": self.count}

        def set_extra_state(self, state):
            self.count = state["count"]

    module = nn.Sequential(Counting())
    module[0].count = 3
    state = module.state_dict()
    assert dict(state) == {"0._extra_state": {"count": 3}}
    twin = nn.Sequential(Counting())
    twin.load_state_dict(state)
    assert twin[0].count == 3
    with pytest.raises(RuntimeError, match='Missing key.* "0._extra_state"'):
        twin.load_state_dict({})
    with pytest.raises(RuntimeError, match='Unexpected key.* "_extra_state"'):
        nn.Module().load_state_dict({"_extra_state": 1})


def test_state_dict_hooks():
    log = []
    scale = Scale()
    scale.register_state_dict_pre_hook(lambda module, prefix, keep_vars: log.append(prefix))
    scale.register_state_dict_post_hook(
        lambda module, state, prefix, metadata: state.update({prefix + "added": 1})
    )
    outer = nn.Sequential(scale)
    assert list(outer.state_dict()) == ["0.weight", "0.calls", "0.added"]
    assert log == ["0."]

    def rename(module, state, prefix, *rest):
        log.append(type(module).__name__)
        state[prefix + "weight"] = state.pop(prefix + "factor")

    def forgive(module, incompatible):
        incompatible.missing_keys.clear()

    scale.register_load_state_dict_pre_hook(rename)
    outer.register_load_state_dict_post_hook(forgive)
    outer.load_state_dict({"0.factor": mt.zeros(2)})
    assert scale.weight.tolist() == [0.0, 0.0]
    assert log == ["0.", "Scale"]
    scale.register_state_dict_post_hook(lambda *args: {})
    with pytest.raises(RuntimeError, match="^state_dict post-hook must return None"):
        scale.state_dict()


def test_load_pre_hooks_of_a_copy_get_the_copy():
    seen = []
    scale = Scale()
    scale.register_load_state_dict_pre_hook(lambda module, *rest: seen.append(module))
    twin = copy.deepcopy(scale)
    twin.load_state_dict(scale.state_dict())
    assert seen == [twin]


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))])
def test_copies_are_whole_and_their_own(copied):
    model = Model()
    model.rest[1] = model.first
    model.compile()
    twin = copied(model)
    assert twin.rest[1] is twin.first and twin.first is not model.first
    assert twin.first._non_persistent_buffers_set == {"cache"}
    with mt.no_grad():
        twin.first.weight.add_(1)
    assert model.first.weight.tolist() == ONES
    assert twin(mt.ones(2)).tolist() == [4.0, 4.0]


def test_an_old_pickle_gets_what_is_new():
    scale = Scale()
    state = dict(scale.__dict__)
    for name in [name for name in state if "hooks" in name]:
        del state[name]
    revived = Scale.__new__(Scale)
    revived.__setstate__(state)
    assert revived(mt.ones(2)).tolist() == ONES


def test_call_super_init_goes_on():
    class Mixin:
        def __init__(self, label):
            self.label = label

    class Labelled(nn.Module, Mixin):
        call_super_init = True

    assert Labelled("x").label == "x"
    with pytest.raises(TypeError, match="takes 1 positional argument but 2 were given"):
        nn.Module("x")


def test_compile_changes_nothing():
    scale = Scale()
    assert scale.compile(fullgraph=True) is None
    assert scale(mt.ones(2)).tolist() == ONES


# ---- printing ----------------------------------------------------------------------------------


def test_repr_nests():
    model = Model()
    assert repr(nn.Module()) == "Module()"
    assert repr(model.first) == "Scale(size=2)"
    assert repr(model) == (
        "Model(\n"
        "  (first): Scale(size=2)\n"
        "  (rest): Sequential(\n"
        "    (0-1): 2 x Scale(size=2)\n"
        "  )\n"
        ")"
    ).replace("(0-1): 2 x Scale(size=2)", "(0): Scale(size=2)\n    (1): Scale(size=2)")


# ---- containers --------------------------------------------------------------------------------


def test_sequential_edits_keep_their_numbers():
    a, b, c, d = Scale(), nn.ReLU(), nn.Tanh(), nn.Sigmoid()
    row = nn.Sequential(a, b)
    assert row.append(c) is row.insert(1, d) is row
    assert list(row) == [a, d, b, c] and list(row._modules) == ["0", "1", "2", "3"]
    del row[1]
    assert row.pop(-1) is c and list(row) == [a, b]
    assert list(row + nn.Sequential(c)) == [a, b, c] and len(row) == 2
    assert list(row * 2) == [a, b, a, b] == list(2 * row)
    row += row
    row *= 2
    assert len(row) == 8
    assert type(row[2:4]) is nn.Sequential and list(row[2:4]._modules) == ["2", "3"]
    named = nn.Sequential(collections.OrderedDict(first=a, second=b))
    assert list(named[1:]._modules) == ["second"] and named.second is b


def test_module_list_and_dict():
    layers = nn.ModuleList(Scale() for _ in range(3))
    layers += [nn.ReLU()]
    layers.insert(0, nn.Tanh())
    assert len(layers) == 5 and isinstance(layers[-1], nn.ReLU)
    del layers[1:3]
    assert list(layers._modules) == ["0", "1", "2"]
    assert type(layers[:2]) is nn.ModuleList
    table = nn.ModuleDict({"b": nn.ReLU(), "a": nn.Tanh()})
    table["c"] = nn.Sigmoid()
    assert list(table) == list(table.keys()) == ["b", "a", "c"] and "a" in table
    assert isinstance(table.pop("b"), nn.ReLU) and len(table) == 2
    table.clear()
    assert not len(table)


def test_parameter_list_and_dict():
    row = nn.ParameterList([mt.ones(2), 3])
    row.append(nn.Parameter(mt.zeros(1)))
    assert names(row.named_parameters()) == ["0", "2"] and row[1] == 3
    row[0] = mt.zeros(2)
    assert type(row[0]) is nn.Parameter and len(row[:2]) == 2
    table = nn.ParameterDict({"b": mt.ones(2), "a": 3})
    assert list(table) == ["a", "b"] and list(table.state_dict()) == ["b"]
    merged = table | {"c": mt.ones(1)}
    assert list(merged) == ["a", "b", "c"] and len(table) == 2
    assert table.get("x", 5) == 5 and table.setdefault("y", 6) == 6
    assert table.popitem() == ("y", 6)


@pytest.mark.parametrize("container", ["Sequential", "ModuleList"])
def test_a_refused_edit_changes_nothing(container):
    modules = [nn.ReLU(), nn.Tanh()]
    holder = getattr(nn, container)(*([modules] if container == "ModuleList" else modules))
    before = repr(holder)
    for edit in (
        lambda: holder.insert(0, 3),
        lambda: holder.insert(9, nn.ReLU()),
        lambda: holder.append(3),
        lambda: holder.__setitem__(0, 3),
        lambda: holder.__delitem__(7),
        lambda: holder.pop(7),
    ):
        with pytest.raises((TypeError, AssertionError, IndexError)):
            edit()
        assert repr(holder) == before


# ---- clipping and flattening -------------------------------------------------------------------


def with_gradients(*gradients):
    parameters = [nn.Parameter(mt.zeros(len(gradient))) for gradient in gradients]
    for parameter, gradient in zip(parameters, gradients, strict=True):
        parameter.grad = mt.tensor(gradient)
    return parameters


def test_clip_grad_norm_scales_all_together():
    parameters = with_gradients([3.0], [4.0]) + [nn.Parameter(mt.ones(1))]
    total = nn.utils.clip_grad_norm_(parameters, 1.0)
    assert (total.shape, total.item()) == ((), 5.0)
    np.testing.assert_allclose([p.grad.item() for p in parameters[:2]], [0.6, 0.8], rtol=1e-6)
    nn.utils.clip_grad_norm_(parameters, 10.0)  # never makes them grow
    np.testing.assert_allclose([p.grad.item() for p in parameters[:2]], [0.6, 0.8], rtol=1e-6)


def test_clip_grad_norm_refuses_what_is_not_finite():
    (parameter,) = with_gradients([float("inf"), 1.0])
    with pytest.raises(RuntimeError, match="^The total norm of order 2.0 for gradients from"):
        nn.utils.clip_grad_norm_(parameter, 1.0, error_if_nonfinite=True)
    assert parameter.grad.tolist() == [float("inf"), 1.0]


def test_clip_grad_norm_of_nothing():
    assert nn.utils.clip_grad_norm_([], 1.0).item() == 0.0
    with pytest.warns(UserWarning, match="is an empty generator"):
        nn.utils.clip_grad_norm_((p for p in []), 1.0)


def test_clip_grad_value():
    (parameter,) = with_gradients([-3.0, 0.5])
    nn.utils.clip_grad_value_(parameter, 1)
    assert parameter.grad.tolist() == [-1.0, 0.5]


def test_parameters_to_a_vector_and_back():
    model = Model()
    vector = nn.utils.parameters_to_vector(model.parameters())
    assert vector.shape == (6,) and vector.requires_grad
    nn.utils.vector_to_parameters(mt.arange(6.0), model.parameters())
    assert model.rest[0].weight.tolist() == [2.0, 3.0]
    with pytest.raises(RuntimeError):
        nn.utils.vector_to_parameters(mt.arange(5.0), model.parameters())
    assert model.first.weight.tolist() == [0.0, 1.0]
    with pytest.raises(TypeError, match="^expected torch.Tensor, but got: "):
        nn.utils.vector_to_parameters([1.0], model.parameters())


# ---- under both libraries ----------------------------------------------------------------------


@pytest.fixture
def torch():
    return pytest.importorskip("torch")


def reduced(text):
    """What must agree of a text: our package name stands where torch's does."""
    return text.replace("minitorch.nn.module.", "minitorch.nn.modules.module.").replace(
        "minitorch", "torch"
    )


def outcome(program, lib):
    """What the program returns, as text, or the class and message of what it raises."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return reduced(repr(program(lib, lib.nn)))
        except Exception as error:
            return f"{type(error).__name__}: {reduced(str(error))}"


def linear(lib):
    """A Linear whose numbers are known."""
    layer = lib.nn.Linear(2, 2)
    layer.weight.data.fill_(0.5)
    layer.bias.data.fill_(1)
    return layer


def norm(lib):
    return lib.nn.BatchNorm1d(2)


def before_init(lib, assign):
    """The outcome of assigning in a module whose __init__ has not run."""

    class Early(lib.nn.Module):
        def __init__(self):
            assign(self)

    return Early()


class Point(collections.namedtuple("Point", "x y")):
    pass


def call_with_backward_hooks(lib, forward, *args, **kwargs):
    """What full backward hooks on a module with this forward are shown."""
    log = []

    class Layer(lib.nn.Module):
        pass

    Layer.forward = lambda self, *args, **kwargs: forward(*args, **kwargs)
    layer = Layer()
    layer.register_full_backward_pre_hook(lambda m, g: log.append(g))
    layer.register_full_backward_hook(lambda m, gi, go: log.append((gi, go)))
    out = layer(*args, **kwargs)
    log.append(out)
    while not isinstance(out, lib.Tensor):
        out = next(iter(out.values())) if isinstance(out, dict) else out[0]
    out.sum().backward()
    return log


def hooked(lib, register, hook, run):
    layer = linear(lib)
    getattr(layer, register)(hook)
    return run(layer)


def times(lib, n=1):
    """A module that multiplies by its parameter n times: n nodes in the graph."""

    class Times(lib.nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = lib.nn.Parameter(lib.full((2,), 3.0))

        def forward(self, x):
            for _ in range(n):
                x = x * self.weight
            return x

    return Times()


def deprecated_backward_hook(lib, n, replace=lambda grads: None):
    log = []
    module = times(lib, n)
    module.register_backward_hook(lambda m, gi, go: log.append((gi, go)) or replace(gi))
    x = leaf(lib)
    module(x * 1).sum().backward()
    return log, x.grad, module.weight.grad


def hooks_everywhere(lib):
    """The order in which global hooks and the modules' own see a gradient."""
    system = lib.nn.modules.module
    log = []

    def note(kind):
        return lambda module, *grads: log.append((kind, type(module).__name__, grads))

    handles = [
        system.register_module_full_backward_pre_hook(note("global pre")),
        system.register_module_full_backward_hook(note("global")),
    ]
    try:
        model = lib.nn.Sequential(times(lib), times(lib))
        model[0].register_full_backward_hook(note("own"))
        model[0].register_full_backward_hook(note("own, prepended"), prepend=True)
        model[0].register_full_backward_pre_hook(note("own pre"))
        model[0].register_full_backward_pre_hook(note("own pre, prepended"), prepend=True)
        x = leaf(lib)
        model(x).sum().backward()
    finally:
        for handle in handles:
            handle.remove()
    return log, x.grad


def hooks_in_double_backward(lib):
    log = []
    module = times(lib, 2)
    module.register_full_backward_pre_hook(lambda m, go: log.append(go))
    module.register_full_backward_hook(lambda m, gi, go: log.append((gi, go)))
    x = leaf(lib)
    (first,) = lib.autograd.grad((module(x) * x).sum(), x, create_graph=True)
    log.append(first.detach())
    first.sum().backward()
    return len(log), x.grad, module.weight.grad


def loaded(lib, state, **options):
    module = times(lib)
    module.load_state_dict(state, **options)
    return module.weight, module.weight is state["weight"]


def leaf(lib):
    return lib.ones(2, requires_grad=True)


def layers(nn):
    return nn.ReLU(), nn.Tanh(), nn.Sigmoid()


def row(nn):
    return nn.Sequential(*layers(nn))


def after(value, *edits):
    for edit in edits:
        edit(value)
    return value


MESSAGES = {
    # calling and constructing
    "no forward": lambda lib, nn: nn.Module()(3),
    "init arguments": lambda lib, nn: nn.Module(1, 2),
    "init keywords": lambda lib, nn: nn.Module(a=3),
    "train mode": lambda lib, nn: nn.Module().train(3),
    "to an int dtype": lambda lib, nn: linear(lib).to(lib.int64),
    # registering
    "parameter := tensor": lambda lib, nn: setattr(linear(lib), "weight", lib.ones(2, 2)),
    "parameter := int": lambda lib, nn: setattr(linear(lib), "weight", 3),
    "parameter := module": lambda lib, nn: setattr(linear(lib), "weight", nn.ReLU()),
    "module := int": lambda lib, nn: setattr(row(nn), "0", 3),
    "module := tensor": lambda lib, nn: setattr(row(nn), "0", lib.ones(3)),
    "buffer := int": lambda lib, nn: setattr(norm(lib), "running_mean", 3),
    "buffer named 3": lambda lib, nn: norm(lib).register_buffer(3, None),
    "buffer a.b": lambda lib, nn: norm(lib).register_buffer("a.b", None),
    "buffer ''": lambda lib, nn: norm(lib).register_buffer("", None),
    "buffer exists": lambda lib, nn: norm(lib).register_buffer("weight", None),
    "buffer 3": lambda lib, nn: norm(lib).register_buffer("x", 3),
    "parameter named 3": lambda lib, nn: norm(lib).register_parameter(3, None),
    "parameter a.b": lambda lib, nn: norm(lib).register_parameter("a.b", None),
    "parameter ''": lambda lib, nn: norm(lib).register_parameter("", None),
    "parameter exists": lambda lib, nn: norm(lib).register_parameter("eps", None),
    "parameter 3": lambda lib, nn: norm(lib).register_parameter("x", 3),
    "parameter tensor": lambda lib, nn: norm(lib).register_parameter("x", lib.ones(2)),
    "module named 3": lambda lib, nn: row(nn).add_module(3, nn.ReLU()),
    "module a.b": lambda lib, nn: row(nn).add_module("a.b", nn.ReLU()),
    "module ''": lambda lib, nn: row(nn).add_module("", nn.ReLU()),
    "module exists": lambda lib, nn: row(nn).register_module("forward", nn.ReLU()),
    "module 3": lambda lib, nn: row(nn).add_module("x", 3),
    "module tensor": lambda lib, nn: row(nn).add_module("x", lib.ones(2)),
    "early module": lambda lib, nn: before_init(lib, lambda m: setattr(m, "x", nn.ReLU())),
    "early parameter": lambda lib, nn: before_init(
        lib, lambda m: setattr(m, "x", nn.Parameter(lib.ones(1)))
    ),
    "early buffer": lambda lib, nn: before_init(lib, lambda m: m.register_buffer("x", None)),
    "early None": lambda lib, nn: before_init(lib, lambda m: m.register_parameter("x", None)),
    "early Buffer": lambda lib, nn: before_init(
        lib, lambda m: setattr(m, "x", nn.Buffer(lib.ones(1)))
    ),
    "early plain": lambda lib, nn: before_init(lib, lambda m: setattr(m, "x", 3)).x,
    "early parameters": lambda lib, nn: list(before_init(lib, lambda m: None).parameters()),
    "no attribute": lambda lib, nn: linear(lib).nothing,
    "delete nothing": lambda lib, nn: delattr(linear(lib), "nothing"),
    "delete weight": lambda lib, nn: after(linear(lib), lambda m: delattr(m, "weight")).weight,
    # loading
    "load an int": lambda lib, nn: linear(lib).load_state_dict(3),
    "load nothing": lambda lib, nn: linear(lib).load_state_dict({}),
    "load wrong": lambda lib, nn: linear(lib).load_state_dict(
        {"weight": lib.ones(3), "x": 3, "bias": [1, 2], "y.z": 4}
    ),
    "load wrong, loosely": lambda lib, nn: linear(lib).load_state_dict(
        {"weight": lib.ones(3), "x": 3}, strict=False
    ),
    "load some": lambda lib, nn: linear(lib).load_state_dict({"x": 3}, strict=False),
    "load a scalar": lambda lib, nn: norm(lib).load_state_dict(
        {**norm(lib).state_dict(), "num_batches_tracked": lib.ones(1).long()}
    ),
    "load below nothing": lambda lib, nn: row(nn).load_state_dict({"0.a": 1, "3.b": 2, "c": 3}),
    "load ints": lambda lib, nn: loaded(lib, {"weight": lib.ones(2).long()}),
    "load doubles": lambda lib, nn: loaded(lib, {"weight": lib.ones(2).double()}),
    "assign doubles": lambda lib, nn: loaded(lib, {"weight": lib.ones(2).double()}, assign=True),
    "assign a parameter": lambda lib, nn: loaded(
        lib, {"weight": nn.Parameter(lib.ones(2), requires_grad=False)}, assign=True
    ),
    "metadata": lambda lib, nn: nn.Sequential(linear(lib), norm(lib)).state_dict()._metadata,
    "positional state_dict": lambda lib, nn: linear(lib).state_dict({}, "p.", False),
    # finding
    **{
        f"{method}({path!r})": lambda lib, nn, method=method, path=path: getattr(
            nn.Sequential(linear(lib), norm(lib)), method
        )(path)
        for method in ("get_submodule", "get_parameter", "get_buffer")
        for path in ("0", "0.weight", "1.running_mean", "2", "a.b", "0.bias.x")
    },
    **{
        f"set_submodule({path!r}, strict={strict})": lambda lib, nn, path=path, strict=strict: (
            after(row(nn), lambda m: m.set_submodule(path, nn.ELU(), strict=strict))
        )
        for path in ("", "0", "1.new", "5", "a.b", "training")
        for strict in (False, True)
    },
    "set_submodule to an int": lambda lib, nn: row(nn).set_submodule("0", 3),
    # hooks
    "pre-hook returns 3": lambda lib, nn: after(
        linear(lib), lambda m: m.register_forward_pre_hook(lambda *a: 3, with_kwargs=True)
    )(leaf(lib)),
    "both backward hooks": lambda lib, nn: after(
        linear(lib),
        lambda m: m.register_backward_hook(print),
        lambda m: m.register_full_backward_hook(print),
    ),
    "both backward hooks, the other way": lambda lib, nn: after(
        linear(lib),
        lambda m: m.register_full_backward_hook(print),
        lambda m: m.register_backward_hook(print),
    ),
    "backward hook returns three": lambda lib, nn: hooked(
        lib,
        "register_full_backward_hook",
        lambda *a: (1, 2, 3),
        lambda m: m(leaf(lib)).sum().backward(),
    ),
    "backward pre-hook returns three": lambda lib, nn: hooked(
        lib,
        "register_full_backward_pre_hook",
        lambda *a: (1, 2, 3),
        lambda m: m(leaf(lib)).sum().backward(),
    ),
    "backward hook without input gradients": lambda lib, nn: hooked(
        lib,
        "register_full_backward_hook",
        lambda *a: (1,),
        lambda m: m(lib.ones(2)).sum().backward(),
    ),
    "hooks: one output": lambda lib, nn: call_with_backward_hooks(lib, lambda x: x * 2, leaf(lib)),
    "hooks: a tuple": lambda lib, nn: call_with_backward_hooks(
        lib, lambda x, n: (x * 2, n, x * 3), leaf(lib), 5
    ),
    "hooks: a named tuple": lambda lib, nn: call_with_backward_hooks(
        lib, lambda x: Point(x * 2, x * 3), leaf(lib)
    ),
    "hooks: a list": lambda lib, nn: call_with_backward_hooks(lib, lambda x: [x * 2], leaf(lib)),
    "hooks: a dict": lambda lib, nn: call_with_backward_hooks(
        lib, lambda x: {"a": x * 2}, leaf(lib)
    ),
    "hooks: two inputs": lambda lib, nn: call_with_backward_hooks(
        lib, lambda x, y, z: x * y * z, leaf(lib), lib.ones(2), leaf(lib)
    ),
    "hooks: a keyword": lambda lib, nn: call_with_backward_hooks(
        lib, lambda x, y: x * y, leaf(lib), y=leaf(lib)
    ),
    "hooks: no input gradients": lambda lib, nn: call_with_backward_hooks(
        lib, lambda x: x * lib.full((2,), 3.0, requires_grad=True), lib.ones(2)
    ),
    "hooks: deprecated": lambda lib, nn: deprecated_backward_hook(lib, 1),
    "hooks: deprecated, two nodes": lambda lib, nn: deprecated_backward_hook(lib, 2),
    "hooks: deprecated, replacing": lambda lib, nn: deprecated_backward_hook(
        lib, 1, lambda gi: (gi[0] * 10, gi[1] * 100)
    ),
    "hooks: everywhere": lambda lib, nn: hooks_everywhere(lib),
    "hooks: double backward": lambda lib, nn: hooks_in_double_backward(lib),
    # printing
    "linear": lambda lib, nn: linear(lib),
    "nested": lambda lib, nn: nn.Sequential(row(nn), nn.ModuleList([row(nn), row(nn)])),
    "two lines": lambda lib, nn: type(
        "Wide", (nn.Module,), {"extra_repr": lambda self: "a=1\nb=2"}
    )(),
    "two lines and a child": lambda lib, nn: after(
        type("Wide", (nn.Module,), {"extra_repr": lambda self: "a=1\nb=2"})(),
        lambda m: m.add_module("child", row(nn)),
        lambda m: m.add_module("none", None),
    ),
    # containers
    **{
        f"row[{index!r}]": lambda lib, nn, index=index: row(nn)[index]
        for index in (0, -1, 5, -4, "0", 1.0, slice(0, 2), slice(None, None, 2))
    },
    **{
        f"list[{index!r}]": lambda lib, nn, index=index: nn.ModuleList(layers(nn))[index]
        for index in (0, -1, 5, -4, "0", 1.0, slice(0, 2), slice(None, None, 2))
    },
    **{
        f"parameters[{index!r}]": lambda lib, nn, index=index: nn.ParameterList([lib.ones(1), 3])[
            index
        ]
        for index in (0, -1, 5, -4, "0", 1.0, slice(0, 2))
    },
    "row of int": lambda lib, nn: nn.Sequential(3),
    "row of list": lambda lib, nn: nn.Sequential([nn.ReLU()]),
    "row + int": lambda lib, nn: row(nn) + 3,
    "row + row": lambda lib, nn: row(nn) + row(nn),
    "row * 2": lambda lib, nn: row(nn) * 2,
    "row * 0": lambda lib, nn: row(nn) * 0,
    "row * 1.5": lambda lib, nn: row(nn) * 1.5,
    "row insert": lambda lib, nn: row(nn).insert(-1, nn.ELU()),
    "row insert far": lambda lib, nn: row(nn).insert(7, nn.ELU()),
    "row append int": lambda lib, nn: row(nn).append(3),
    "row extend int": lambda lib, nn: row(nn).extend(3),
    "row set far": lambda lib, nn: row(nn).__setitem__(3, nn.ELU()),
    "row set int": lambda lib, nn: row(nn).__setitem__(0, 3),
    "row del": lambda lib, nn: after(row(nn), lambda r: r.__delitem__(0)),
    "row del slice": lambda lib, nn: after(row(nn), lambda r: r.__delitem__(slice(0, 2))),
    "row pop far": lambda lib, nn: row(nn).pop(99),
    "row called with two": lambda lib, nn: row(nn)(1, 2),
    "row with None": lambda lib, nn: nn.Sequential(nn.ReLU(), None),
    "named row": lambda lib, nn: nn.Sequential(
        collections.OrderedDict(a=nn.ReLU(), b=nn.Tanh())
    ).append(nn.ELU())[1:],
    "list of int": lambda lib, nn: nn.ModuleList(3),
    "list of a module": lambda lib, nn: nn.ModuleList(nn.ReLU()),
    "list of [int]": lambda lib, nn: nn.ModuleList([3]),
    "list append int": lambda lib, nn: nn.ModuleList().append(3),
    "list + list": lambda lib, nn: nn.ModuleList(layers(nn)) + [nn.ReLU(), nn.ReLU()],
    "list pop far": lambda lib, nn: nn.ModuleList().pop(0),
    "list called": lambda lib, nn: nn.ModuleList()(3),
    "list in list": lambda lib, nn: nn.ModuleList(
        [linear(lib), linear(lib), nn.ModuleList([nn.ReLU(), nn.ReLU()]), None]
    ),
    "dict": lambda lib, nn: nn.ModuleDict({"b": nn.ReLU(), "a": nn.Tanh()}),
    "dict of int": lambda lib, nn: nn.ModuleDict(3),
    "dict of pairs": lambda lib, nn: nn.ModuleDict([("a", nn.ReLU())]),
    "dict of one string": lambda lib, nn: nn.ModuleDict(["a"]),
    "dict of triples": lambda lib, nn: nn.ModuleDict([("a", nn.ReLU(), 3)]),
    "dict key int": lambda lib, nn: nn.ModuleDict({3: nn.ReLU()}),
    "dict key keys": lambda lib, nn: nn.ModuleDict({"keys": nn.ReLU()}),
    "dict missing": lambda lib, nn: nn.ModuleDict()["x"],
    "dict pop missing": lambda lib, nn: nn.ModuleDict().pop("x"),
    "dict del missing": lambda lib, nn: nn.ModuleDict().__delitem__("x"),
    "parameters": lambda lib, nn: nn.ParameterList(
        [lib.ones(2, 3), nn.Parameter(lib.ones(2).long(), False), lib.ones(()), nn.ReLU(), None]
    ),
    "one parameter": lambda lib, nn: nn.ParameterList([lib.ones(2)]),
    "parameters of a tensor": lambda lib, nn: nn.ParameterList(lib.ones(2, 2)),
    "parameters := int": lambda lib, nn: nn.ParameterList([lib.ones(2)]).__setitem__(0, 3),
    "parameters called": lambda lib, nn: nn.ParameterList()(),
    "parameter dict": lambda lib, nn: nn.ParameterDict(
        {"z": lib.ones(2, 3).double(), "a": 3, "m": nn.Linear(1, 1)}
    ),
    "ordered parameter dict": lambda lib, nn: nn.ParameterDict(collections.OrderedDict(z=1, a=2)),
    "parameter dict of int": lambda lib, nn: nn.ParameterDict(3),
    "parameter dict key int": lambda lib, nn: nn.ParameterDict([(3, 3)]).keys(),
    "parameter dict key a.b": lambda lib, nn: nn.ParameterDict({"a.b": lib.ones(1)}),
    "parameter dict key keys": lambda lib, nn: nn.ParameterDict({"keys": lib.ones(1)}),
    "parameter dict missing": lambda lib, nn: nn.ParameterDict()["x"],
    "parameter dict del missing": lambda lib, nn: nn.ParameterDict().__delitem__("x"),
    "parameter dict popitem": lambda lib, nn: nn.ParameterDict().popitem(),
    "parameter dict | dict": lambda lib, nn: nn.ParameterDict({"b": 1}) | {"a": lib.ones(1)},
    "dict | parameter dict": lambda lib, nn: {"a": 1} | nn.ParameterDict({"b": lib.ones(1)}),
    "parameter dict called": lambda lib, nn: nn.ParameterDict()(3),
}

#: Messages that begin as torch's and then say something else, and the word they part at.
BEGINS_AS_TORCH = {
    "parameter dict key int": 12,
}


@pytest.mark.compare
@pytest.mark.parametrize("name", MESSAGES)
def test_same_as_torch(name, torch):
    ours = outcome(MESSAGES[name], mt)
    theirs = outcome(MESSAGES[name], torch)
    words = BEGINS_AS_TORCH.get(name)
    if words is None:
        assert ours == theirs
    else:
        assert ours.split()[:words] == theirs.split()[:words]


GRADIENTS = {
    "plain": [[3.0, -4.0], [1.0], [0.0, 0.5, 2.0]],
    "one": [[0.1]],
    "with inf": [[float("inf"), 1.0], [2.0]],
    "with nan": [[float("nan"), 1.0], [2.0]],
}


@pytest.mark.compare
@pytest.mark.parametrize("norm_type", [1, 2.0, 3, 0, float("inf"), "inf", -1.0])
@pytest.mark.parametrize("name", GRADIENTS)
def test_clip_grad_norm_as_torch(name, norm_type, torch):
    def clipped(lib):
        parameters = [lib.nn.Parameter(lib.zeros(len(g))) for g in GRADIENTS[name]]
        for parameter, gradient in zip(parameters, GRADIENTS[name], strict=True):
            parameter.grad = lib.tensor(gradient)
        total = lib.nn.utils.clip_grad_norm_(parameters, 1.5, norm_type)
        return np.concatenate([[total.item()], *(p.grad.numpy() for p in parameters)])

    np.testing.assert_allclose(clipped(mt), clipped(torch), rtol=1e-6)


@pytest.mark.compare
def test_module_has_torchs_methods(torch):
    other_devices = {"ipu", "mtia", "xpu"}
    missing = {name for name in dir(torch.nn.Module) if not name.startswith("_")} - set(
        dir(nn.Module)
    )
    assert missing == other_devices
