"""``save`` and ``load``: what goes in comes out, whole or not at all; torch reads it as well.

The safetensors format and hostile files have tests of their own (test_safetensors.py,
test_hostile_pickles.py).
"""

import argparse
import collections
import copy
import dataclasses
import doctest
import enum
import errno
import functools
import gzip
import importlib
import io
import math
import os
import pathlib
import pickle
import stat
import struct
import subprocess
import sys
import threading
import tracemalloc
import zipfile

import numpy as np
import pytest
from hypothesis import given, settings

import minitorch as mt
from minitorch import dtypes
from minitorch.device import device
from minitorch.nn.parameter import Parameter
from minitorch.serialization import load, save, zip_file
from minitorch.size import Size
from minitorch.tensor import Tensor, wrap
from tests.checkpoints import ReadOnly, arange, objects, same


def round_trip(obj, **options):
    file = io.BytesIO()
    save(obj, file)
    file.seek(0)
    return load(file, **options)


def saved(obj):
    file = io.BytesIO()
    save(obj, file)
    return file.getvalue()


# --- what survives --------------------------------------------------------------------------------


@settings(max_examples=300, deadline=None)
@given(objects)
def test_any_nested_state_survives(obj):
    assert same(round_trip(obj), obj)


def test_bfloat16():
    ml_dtypes = pytest.importorskip("ml_dtypes")
    values = np.array([1.5, -2, np.inf, 0], ml_dtypes.bfloat16)
    state = {"t": wrap(values), "a": values.copy(), "s": values[0], "d": dtypes.bfloat16}
    assert same(round_trip(state), state)


def test_requires_grad_and_parameters_are_kept():
    leaf = arange(2)
    leaf.requires_grad = True
    state = [leaf, arange(2), Parameter(arange(2)), Parameter(arange(2), requires_grad=False)]
    leaf.note = {"role": "anchor"}
    state[2].note = "tied"
    loaded = round_trip(state)
    assert same(loaded, state)
    assert [type(t) for t in loaded] == [Tensor, Tensor, Parameter, Parameter]
    assert [t.requires_grad for t in loaded] == [True, False, True, False]
    assert all(t.is_leaf and t.grad is None for t in loaded)


def test_attributes_of_a_state_dict_are_kept():
    state = collections.OrderedDict(weight=arange(2))
    state._metadata = collections.OrderedDict({"": {"version": 2}})
    loaded = round_trip(state)
    assert type(loaded) is collections.OrderedDict
    assert loaded._metadata == state._metadata


def test_the_same_state_gives_the_same_bytes_in_every_run():
    program = (
        "import io; from minitorch.serialization import save; f = io.BytesIO();"
        "save({'names': {'a', 'b', 'c', 'd', ('e', 'f')}}, f); print(f.getvalue())"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
            cwd=pathlib.Path(__file__).parents[1],
        ).stdout
        for seed in ("1", "2")
    }
    assert len(outputs) == 1


@pytest.mark.parametrize("big_endian", [">f4", ">i8", ">c16"])
def test_big_endian_arrays_become_native(big_endian):
    array = np.arange(3).astype(big_endian)
    loaded = round_trip(array)
    assert loaded.dtype.isnative and (loaded == array).all()


# --- what is shared -------------------------------------------------------------------------------


def test_an_object_that_appears_twice_is_one_object_again():
    tensor, items, array = arange(2), [1], np.arange(3)
    state = {"a": tensor, "b": [tensor, items, array], "c": (items, array)}
    loaded = round_trip(state)
    assert loaded["a"] is loaded["b"][0]
    assert loaded["b"][1] is loaded["c"][0]
    assert loaded["b"][2] is loaded["c"][1]


def test_containers_may_contain_themselves():
    items = [1]
    items.append(items)
    state = {"items": items}
    state["self"] = state
    state["pair"] = (state, items)
    loaded = round_trip(state)
    assert loaded["self"] is loaded
    assert loaded["items"][1] is loaded["items"]
    assert loaded["pair"][0] is loaded and loaded["pair"][1] is loaded["items"]


def test_many_references_cost_little():
    pair: object = ()
    for _ in range(60):
        pair = [pair, pair]
    assert len(saved(pair)) < 10_000
    both: object = ([],)
    for _ in range(60):
        both = (both, both)
    assert len(saved(both)) < 10_000


def test_tied_weights_are_stored_once():
    weight = arange(100, 10)
    state = {"embedding": weight, "head": wrap(weight._array)}
    assert len(saved(state)) < 1.6 * weight._array.nbytes
    loaded = round_trip(state)
    assert loaded["embedding"] is not loaded["head"]
    loaded["head"]._array[0, 0] = 7
    assert loaded["embedding"]._array[0, 0] == 7


VIEWS = {
    "transposed": lambda a: a.T,
    "row": lambda a: a[1],
    "column": lambda a: a[:, 1],
    "every other": lambda a: a[::2, 1:],
    "expanded": lambda a: np.broadcast_to(a[0], (5, 4)),
    "element": lambda a: a[2, 2, ...],
}


@pytest.mark.parametrize("with_base", [True, False])
@pytest.mark.parametrize("name", VIEWS)
def test_views_of_one_storage_share_again_and_keep_their_strides(name, with_base):
    base = np.arange(12, dtype=np.float32).reshape(3, 4)
    arrays = [VIEWS[name](base), VIEWS["column"](base), VIEWS["transposed"](base)[1:]]
    arrays += [base] if with_base else []
    loaded = round_trip([wrap(array) for array in arrays])
    assert all(same(tensor._array, array) for tensor, array in zip(loaded, arrays, strict=True))
    for i, a in enumerate(arrays):
        assert loaded[i]._array.strides == a.strides
        for j, b in enumerate(arrays):
            mine = np.shares_memory(loaded[i]._array, loaded[j]._array)
            assert mine == np.shares_memory(a, b)
    assert len({id(tensor._counter) for tensor in loaded}) == 1


def test_the_same_bytes_twice():
    data = b"some bytes" * 10
    state = [data, data, np.frombuffer(data, np.uint8), bytearray(data)]
    assert same(round_trip(state), state)


def test_an_expanded_tensor_stays_expanded():
    data = saved(wrap(np.broadcast_to(np.float32(3), (10**6, 10**6))))
    assert len(data) < 3000
    loaded = load(io.BytesIO(data))
    assert loaded._array.shape == (10**6, 10**6) and loaded._array[5, 5] == 3


# --- modules and optimizers -----------------------------------------------------------------------


def small_model():
    mt.manual_seed(0)
    return mt.nn.Sequential(mt.nn.Linear(3, 4), mt.nn.BatchNorm1d(4), mt.nn.Linear(4, 2))


def train(model, optimizer, scheduler, steps):
    x = mt.randn(8, 3)
    for _ in range(steps):
        optimizer.zero_grad()
        (model(x) ** 2).mean().backward()
        optimizer.step()
        scheduler.step()


def test_training_goes_on_from_a_checkpoint_as_if_never_interrupted(tmp_path):
    path = tmp_path / "checkpoint.pt"

    def start():
        model = small_model()
        optimizer = mt.optim.Adam(model.parameters(), lr=0.05, weight_decay=1e-3)
        return model, optimizer, mt.optim.lr_scheduler.MultiStepLR(optimizer, [3, 5], gamma=0.5)

    model, optimizer, scheduler = start()
    train(model, optimizer, scheduler, 4)
    state = {
        "model": model.state_dict(),
        "optimizer": optimizer.state_dict(),
        "scheduler": scheduler.state_dict(),
        "rng": mt.get_rng_state(),
        "epoch": 4,
    }
    mt.save(state, path)
    train(model, optimizer, scheduler, 3)

    twin, twin_optimizer, twin_scheduler = start()
    loaded = mt.load(path)
    assert type(loaded["model"]) is collections.OrderedDict
    assert loaded["model"]._metadata == state["model"]._metadata
    assert loaded["optimizer"].keys() == state["optimizer"].keys()
    twin.load_state_dict(loaded["model"])
    twin_optimizer.load_state_dict(loaded["optimizer"])
    twin_scheduler.load_state_dict(loaded["scheduler"])
    mt.set_rng_state(loaded["rng"])
    train(twin, twin_optimizer, twin_scheduler, 3)
    for name, tensor in model.state_dict().items():
        assert mt.equal(tensor, twin.state_dict()[name]), name


def test_tied_weights_of_a_module_are_stored_once():
    embedding = mt.nn.Linear(30, 30, bias=False)
    head = mt.nn.Linear(30, 30, bias=False)
    head.weight = embedding.weight
    model = mt.nn.Sequential(embedding, head)
    data = saved(model.state_dict())
    assert len(data) < 1.7 * 30 * 30 * 4
    loaded = load(io.BytesIO(data))
    assert loaded["0.weight"].data_ptr() == loaded["1.weight"].data_ptr()


# --- map_location ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "map_location",
    [None, "cpu", device("cpu"), {}, {"cuda:0": "cpu"}, lambda s, where: s, lambda *_: None],
)
def test_map_location_to_the_cpu(map_location):
    state = [arange(2, 3), wrap(np.zeros((0, 3))), wrap(np.array(2 + 1j))]
    assert same(round_trip(state, map_location=map_location), state)


def test_a_map_location_function_sees_each_storage_once():
    seen = []

    def double(storage, location):
        seen.append((len(storage), storage.dtype, location))
        return wrap((2 * storage._array.view(np.float32)).view(np.uint8))

    weight = arange(4)
    loaded = round_trip(
        {"a": weight, "b": wrap(weight._array[2:]), "n": np.ones(3)}, map_location=double
    )
    assert seen == [(16, dtypes.uint8, "cpu")]
    assert loaded["a"]._array.tolist() == [0, 2, 4, 6]
    assert loaded["b"]._array.tolist() == [4, 6]
    assert loaded["n"].tolist() == [1, 1, 1]


# --- files ----------------------------------------------------------------------------------------


def test_every_kind_of_file(tmp_path):
    state = {"a": arange(3), "n": 1}
    path = tmp_path / "checkpoint.pt"
    for name in (str(path), path):
        save(state, name)
        assert same(load(name), state)
        assert same(load(name, mmap=True), state)
    with open(tmp_path / "raw", "wb", buffering=0) as file:
        save(state, f=file)
    with open(tmp_path / "raw", "rb", buffering=0) as file:
        assert same(load(f=file), state)
    with gzip.open(tmp_path / "packed", "wb") as file:
        save(state, file)
    with gzip.open(tmp_path / "packed", "rb") as file:
        assert same(load(file), state)
    buffer = io.BytesIO(b"prefix")
    buffer.seek(6)
    save(state, buffer)
    buffer.seek(6)
    assert same(load(buffer), state)


def test_a_file_that_knows_only_read():
    state = [arange(3, 4), 1]
    assert same(load(ReadOnly(saved(state))), state)


def test_text_files_are_refused(tmp_path):
    path = tmp_path / "text"
    path.write_text("hello")
    with open(path) as file, pytest.raises(TypeError, match="binary mode"):
        load(file)
    with open(path, "w") as file, pytest.raises(TypeError):
        save({}, file)


def test_mapped_tensors_are_writable_and_leave_the_file_alone(tmp_path):
    path = tmp_path / "checkpoint"
    save({"a": arange(4), "b": wrap(np.ones(3, np.int8)), "e": wrap(np.zeros(0))}, path)
    before = path.read_bytes()
    loaded = load(path, mmap=True)
    assert all(tensor._array.flags.aligned for tensor in loaded.values())
    loaded["a"]._array[0] = 9
    assert path.read_bytes() == before
    save(loaded, path)  # over the file that is mapped
    assert loaded["b"]._array.tolist() == [1, 1, 1]
    assert load(path)["a"]._array.tolist() == [9, 1, 2, 3]


def test_memory_is_not_copied_twice(tmp_path):
    path = tmp_path / "checkpoint"
    state = {"a": wrap(np.zeros(10**6)), "view": wrap(np.zeros((10**3, 10**3)).T), "n": 1}
    state["row"] = wrap(state["view"]._array[1])
    size = 16 * 10**6

    def peak(function):
        tracemalloc.start()
        try:
            function()
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    assert peak(lambda: save(state, path)) < 0.1 * size
    assert peak(lambda: load(path)) < 1.1 * size
    assert peak(lambda: load(path, mmap=True)) < 0.1 * size


class Crash(BaseException):
    pass


@pytest.mark.parametrize("where", ["write", "fsync", "replace"])
@pytest.mark.parametrize("error", [Crash(), OSError(errno.ENOSPC, "No space left on device")])
def test_an_interrupted_save_leaves_the_old_file_whole(tmp_path, monkeypatch, where, error):
    path = tmp_path / "checkpoint"
    save({"a": arange(3)}, path)
    before = path.read_bytes()
    calls = []

    def fail(*args):
        calls.append(args)
        if where != "write" or len(calls) == 3:
            raise error
        return real(*args)

    real = zip_file.write_all
    target = {"write": (zip_file, "write_all"), "fsync": (os, "fsync")}.get(where)
    monkeypatch.setattr(*(target or (os, "replace")), fail)
    with pytest.raises(type(error)):
        save({"a": arange(5), "b": arange(6), "c": arange(7)}, path)
    assert calls
    monkeypatch.undo()
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["checkpoint"]


def test_readers_see_the_old_or_the_new_file_and_nothing_between(tmp_path):
    path = tmp_path / "checkpoint"
    save({"a": wrap(np.zeros(20_000))}, path)
    done = threading.Event()

    def rewrite():
        for i in range(20):
            save({"a": wrap(np.full(20_000, float(i)))}, path)
        done.set()

    writer = threading.Thread(target=rewrite)
    writer.start()
    while not done.is_set():
        values = load(path)["a"]._array
        assert (values == values[0]).all()
    writer.join()
    assert os.listdir(tmp_path) == ["checkpoint"]


@pytest.mark.skipif(os.name != "posix", reason="POSIX permissions")
def test_permissions_follow_the_umask_or_the_old_file(tmp_path):
    path = tmp_path / "checkpoint"
    for umask, expected in ((0o022, 0o644), (0o077, 0o600), (0o002, 0o664)):
        old = os.umask(umask)
        try:
            save([], path)
        finally:
            os.umask(old)
        assert stat.S_IMODE(path.stat().st_mode) == expected
        path.unlink()
    path.touch()
    path.chmod(0o640)
    save([], path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


@pytest.mark.skipif(os.name != "posix", reason="symbolic links and pipes")
def test_links_are_followed_and_pipes_written_to(tmp_path):
    real, link, pipe = tmp_path / "real", tmp_path / "link", tmp_path / "pipe"
    link.symlink_to(real)
    save([1], link)
    assert link.is_symlink() and load(real) == [1]
    os.mkfifo(pipe)
    received = []
    reader = threading.Thread(target=lambda: received.append(pipe.read_bytes()))
    reader.start()
    save([2], pipe)
    reader.join()
    assert load(io.BytesIO(received[0])) == [2]
    save([3], os.devnull)
    assert stat.S_ISCHR(os.stat(os.devnull).st_mode)


# --- whole modules --------------------------------------------------------------------------------


class Color(enum.Enum):
    RED = 1
    BLUE = "b"


@dataclasses.dataclass
class Config:
    width: int = 3
    names: list = dataclasses.field(default_factory=list)


@dataclasses.dataclass(slots=True)
class Slotted:
    width: int = 3


Pair = collections.namedtuple("Pair", "x y")


class Net(mt.nn.Module):
    class Head(mt.nn.Linear):
        pass

    def __init__(self):
        super().__init__()
        self.body = mt.nn.Linear(2, 4)
        self.head = Net.Head(4, 1)
        self.register_buffer("mean", mt.zeros(2))
        self.activation = mt.nn.functional.relu
        self.squash = mt.tanh
        self.norm_class = mt.nn.LayerNorm
        self.norm = functools.partial(mt.nn.LayerNorm, eps=1e-3)
        self.config = Config(5, ["a"])
        self.color = Color.BLUE

    def forward(self, x):
        return self.squash(self.head(self.activation(self.body(x - self.mean))))


class OwnState(mt.nn.Module):
    def __getstate__(self):
        return {**self.__dict__, "note": "saved"}

    def __setstate__(self, state):
        super().__setstate__(state)
        self.note += " and loaded"


def test_a_whole_module_of_the_programs_own():
    net = Net().eval()
    loaded = round_trip(net, weights_only=False)
    assert type(loaded) is Net and type(loaded.head) is Net.Head and not loaded.training
    assert loaded.activation is mt.nn.functional.relu and loaded.norm_class is mt.nn.LayerNorm
    assert loaded.norm.func is mt.nn.LayerNorm and loaded.norm.keywords == {"eps": 1e-3}
    assert loaded.config == net.config and loaded.color is Color.BLUE
    assert mt.equal(loaded(mt.ones(1, 2)), net(mt.ones(1, 2)))
    assert repr(loaded) == repr(net)


def test_objects_of_plain_classes_need_trust():
    state = [Config(1), Slotted(2), Pair(3, [4]), Color.RED, Config]
    assert round_trip(state[:-1], weights_only=False) == state[:-1]
    with pytest.raises(pickle.UnpicklingError, match=f"GLOBAL {__name__}.Config "):
        round_trip(state)
    with mt.serialization.safe_globals([Config, Slotted, Pair, Color]):
        assert round_trip(state) == state


def test_safe_globals():
    listed = [mt.nn.Sequential, mt.nn.Linear, mt.nn.modules.activation.ReLU]
    model = mt.nn.Sequential(mt.nn.Linear(2, 3), mt.nn.ReLU())
    with pytest.raises(pickle.UnpicklingError, match="nn.modules.container.Sequential"):
        round_trip(model)
    with mt.serialization.safe_globals(listed):
        assert mt.serialization.get_safe_globals() == listed
        assert repr(round_trip(model)) == repr(model)
        with mt.serialization.safe_globals([Config]):
            assert mt.serialization.get_safe_globals() == [*listed, Config]
    assert mt.serialization.get_safe_globals() == []
    mt.serialization.add_safe_globals(listed)
    try:
        assert repr(round_trip(model)) == repr(model)
    finally:
        mt.serialization.clear_safe_globals()
    with pytest.raises(pickle.UnpicklingError):
        round_trip(model)
    with pytest.raises(TypeError, match="^'int' object is not iterable"):
        mt.serialization.add_safe_globals(5)


def swish(x):
    return x * mt.sigmoid(x)


def test_functions_of_the_programs_own_are_allowed_by_name():
    net = mt.nn.Sequential(mt.nn.Linear(1, 1))
    net.activation = swish
    with pytest.raises(pickle.UnpicklingError, match="swish, a function: allow it by name"):
        round_trip(net, weights_only=False)
    with mt.serialization.safe_globals([swish]):
        assert round_trip(net, weights_only=False).activation is swish


def test_a_lazy_module_that_was_called():
    net = mt.nn.Sequential(mt.nn.LazyLinear(2), mt.nn.LazyBatchNorm1d())
    output = net.eval()(mt.ones(3, 4))
    assert mt.equal(round_trip(net, weights_only=False)(mt.ones(3, 4)), output)
    with pytest.raises(pickle.UnpicklingError, match="_infer_parameters, a function"):
        round_trip(mt.nn.LazyLinear(2), weights_only=False)


def test_explicit_pickle_modules():
    file = io.BytesIO(saved(mt.nn.Linear(1, 1)))
    assert type(load(file, pickle_module=pickle)) is mt.nn.Linear
    with pytest.raises(RuntimeError, match="^Can not safely load weights when explicit"):
        load(file, pickle_module=pickle, weights_only=True)


def test_a_state_setter_of_the_programs_own_runs_if_allowed():
    with pytest.raises(pickle.UnpicklingError, match="whose __setstate__ would run"):
        round_trip(OwnState(), weights_only=False)
    with mt.serialization.safe_globals([OwnState]):
        assert round_trip(OwnState()).note == "saved and loaded"


def test_the_environment_may_ask_for_whole_modules(monkeypatch):
    monkeypatch.setenv("TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD", "1")
    assert type(round_trip(mt.nn.Linear(1, 1))) is mt.nn.Linear
    with pytest.raises(pickle.UnpicklingError):
        round_trip(mt.nn.Linear(1, 1), weights_only=True)


def test_what_a_checkpoint_names():
    file = io.BytesIO(saved({"a": mt.ones(1), "net": Net()}))
    names = mt.serialization.get_unsafe_globals_in_checkpoint(file)
    assert "torch.nn.modules.linear.Linear" in names and f"{__name__}.Config" in names
    assert not [name for name in names if "rebuild" in name or "Storage" in name]


def whole(optimizer_class, **options):
    model = mt.nn.Linear(2, 2)
    optimizer = optimizer_class(model.parameters(), lr=0.1, **options)
    scheduler = mt.optim.lr_scheduler.StepLR(optimizer, 1)
    return model, optimizer, scheduler


def step(model, optimizer, scheduler):
    optimizer.zero_grad()
    model(mt.ones(1, 2)).sum().backward()
    optimizer.step()
    scheduler.step()


@pytest.mark.parametrize("way", ["save", "pickle", "deepcopy"])
@pytest.mark.parametrize("kind", ["SGD", "Adam", "AdamW", "RMSprop", "Adagrad"])
def test_whole_optimizers_and_schedulers(kind, way):
    trained = whole(getattr(mt.optim, kind))
    step(*trained)
    twins = {
        "save": lambda: round_trip(trained, weights_only=False),
        "pickle": lambda: pickle.loads(pickle.dumps(trained)),
        "deepcopy": lambda: copy.deepcopy(trained),
    }[way]()
    assert twins[1].param_groups[0]["params"][0] is twins[0].weight
    assert twins[2].optimizer is twins[1]
    step(*trained)
    step(*twins)
    assert mt.equal(trained[0].weight, twins[0].weight)
    assert trained[2].get_last_lr() == twins[2].get_last_lr()


def test_pythons_own_pickle_and_deepcopy():
    x = mt.arange(6.0).reshape(2, 3)
    state = [x, x[1], x.t(), Parameter(x[0]), mt.ones(2, requires_grad=True), mt.ones(0)]
    state[1].note = "row"
    for twin in (pickle.loads(pickle.dumps(state)), copy.deepcopy(state)):
        assert same(twin, state)
        twin[1][0] = 9
        assert twin[0][1, 0] == 9 and twin[2][0, 1] == 9 and x[1, 0] == 3
    hot = mt.ones(2, requires_grad=True) * 2
    assert pickle.loads(pickle.dumps(hot)).requires_grad
    net = pickle.loads(pickle.dumps(Net()))
    assert net.activation is mt.nn.functional.relu and net.config == Config(5, ["a"])
    lstm = pickle.loads(pickle.dumps(mt.nn.LSTM(2, 3)))
    assert lstm(mt.ones(4, 1, 2))[0].shape == (4, 1, 3)


# --- what can't be saved --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("obj", "message"),
    [
        (lambda: 1, r"^Can't pickle <function <lambda> at 0x\w+>: attribute lookup <lambda> on"),
        ({"a": [1, lambda: 1]}, r"\(at obj\['a'\]\[1\]\)$"),
        (argparse.Namespace(f=(1, lambda: 1)), r"\(at obj.f\[1\]\)$"),
        ({"g": (i for i in ())}, r"^cannot pickle 'generator' object \(at obj\['g'\]\)$"),
        ([threading.Lock()], r"^cannot pickle '_thread.lock' object"),
        (type("Local", (), {}), r"^Can't pickle <class '.*Local'>: attribute lookup Local on"),
    ],
)
def test_what_cannot_be_saved_is_named(obj, message, tmp_path):
    path = tmp_path / "checkpoint"
    path.write_bytes(b"old")
    with pytest.raises(pickle.PicklingError, match=message):
        save(obj, path)
    assert path.read_bytes() == b"old" and os.listdir(tmp_path) == ["checkpoint"]


def test_depth_is_limited():
    deep = []
    for _ in range(10**5):
        deep = [deep]
    with pytest.raises(RecursionError, match="nest too deeply"):
        save(deep, io.BytesIO())


# --- options --------------------------------------------------------------------------------------


def test_the_old_format_and_several_saves_in_one_file():
    base = mt.arange(6.0)
    states = [[base, base[2:4], mt.tensor([True]), mt.ones(0)], mt.nn.Linear(2, 2).state_dict(), 5]
    file = io.BytesIO()
    for state in states:
        save(state, file, _use_new_zipfile_serialization=False)
    file.seek(0)
    for state in states:
        assert same(load(file), state)
    file.seek(0)
    assert load(file)[1].storage_offset() == 2
    net = io.BytesIO()
    save(Net(), net, _use_new_zipfile_serialization=False)
    net.seek(0)
    assert load(net, weights_only=False).config == Config(5, ["a"])


def test_options():
    assert mt.serialization.get_crc32_options() is True
    mt.serialization.set_crc32_options(False)
    try:
        data = saved([mt.ones(2)])
    finally:
        mt.serialization.set_crc32_options(True)
    assert load(io.BytesIO(data))[0].tolist() == [1, 1]
    with zipfile.ZipFile(io.BytesIO(data)) as file, pytest.raises(zipfile.BadZipFile):
        file.read("archive/data/0")
    assert mt.serialization.get_default_load_endianness() is None
    with pytest.raises(TypeError, match="^Invalid argument type"):
        mt.serialization.set_default_load_endianness("big")


def test_byte_order():
    state = [mt.arange(3), mt.tensor([1 + 2j]), mt.tensor([True])]
    file = io.BytesIO()
    save(state, file, _disable_byteorder_record=True)
    file.seek(0)
    assert same(load(file), state)
    other = "big" if sys.byteorder == "little" else "little"
    mt.serialization.set_default_load_endianness(mt.serialization.LoadEndianness[other.upper()])
    try:
        file.seek(0)
        swapped = load(file)
    finally:
        mt.serialization.set_default_load_endianness(None)
    assert swapped[0].tolist() == [0, 1 << 56, 2 << 56] and swapped[2].tolist() == [True]
    assert swapped[1].real.item() == float(np.float32(1).byteswap())


def test_other_programs_unpack_the_file(tmp_path):
    path = tmp_path / "model.pt"
    save({"w": mt.arange(3.0), "b": mt.ones(2)}, path)
    with zipfile.ZipFile(path) as file:
        assert file.testzip() is None
        assert file.namelist() == [
            *("model/data.pkl", "model/.format_version", "model/.storage_alignment"),
            *("model/byteorder", "model/data/0", "model/data/1", "model/version"),
            "model/.data/serialization_id",
        ]
        assert file.read("model/data/0") == np.arange(3, dtype=np.float32).tobytes()
        for record in file.infolist():
            lengths = struct.unpack_from("<HH", path.read_bytes(), record.header_offset + 26)
            assert (record.header_offset + 30 + sum(lengths)) % 64 == 0


def test_files_and_records_of_more_than_4_gigabytes(monkeypatch):
    monkeypatch.setattr(zip_file, "_BEYOND", 1000)  # what "more" is
    data = saved({"a": mt.arange(300.0), "b": mt.ones(2)})
    assert load(io.BytesIO(data))["a"].tolist() == list(range(300))


def test_a_whole_storage_is_written_however_small_the_view():
    base = mt.zeros(1000)
    assert len(saved(base[:2])) > 4000
    assert len(saved(base[:2].clone())) < 3000
    loaded = round_trip([base[10:12], base[500]])
    assert loaded[0].storage_offset() == 10 and loaded[0].untyped_storage().nbytes() == 4000
    assert loaded[0].untyped_storage() == loaded[1].untyped_storage()


def test_one_memory_as_two_types_is_refused_as_in_torch():
    base = mt.arange(4.0)
    with pytest.raises(RuntimeError, match="^Cannot save multiple tensors or storages that view"):
        save([base, base.view(mt.int32)], io.BytesIO())


def test_tensors_without_strides_or_memory():
    sparse = mt.tensor([[0.0, 2.0], [3.0, 0.0]]).to_sparse()
    unordered = mt.sparse_coo_tensor([[1, 0]], [1.0, 2.0], (2,))
    loaded = round_trip([sparse, unordered])
    assert mt.equal(loaded[0].to_dense(), sparse.to_dense()) and loaded[0].is_coalesced()
    assert loaded[1].to_dense().tolist() == [2, 1] and not loaded[1].is_coalesced()
    meta = Parameter(mt.empty(3, 2, device="meta"))
    loaded = round_trip(meta)
    assert type(loaded) is Parameter and loaded.is_meta and loaded.shape == (3, 2)
    state = round_trip(mt.nn.Linear(2, 3).state_dict(), map_location="meta")
    assert all(tensor.is_meta for tensor in state.values()) and state["weight"].shape == (3, 2)
    lazy = round_trip(mt.nn.LazyLinear(3).state_dict())
    assert mt.nn.parameter.is_lazy(lazy["weight"])


@pytest.mark.parametrize("module", ["", ".pickle_reader", ".program_names", ".zip_file"])
def test_examples_run(module):
    loaded = importlib.import_module("minitorch.serialization" + module)
    failed, attempted = doctest.testmod(loaded)
    assert attempted and not failed


def test_large_records_have_right_checksums():
    data = saved(mt.arange(10**6))
    with zipfile.ZipFile(io.BytesIO(data)) as file:
        assert file.testzip() is None


def test_generators():
    generator = mt.Generator().manual_seed(3)
    mt.rand(5, generator=generator)
    twin = round_trip(generator)
    assert mt.equal(mt.rand(5, generator=twin), mt.rand(5, generator=generator))


def test_storages():
    x = mt.arange(3.0)
    loaded = round_trip([x, x.storage(), x.untyped_storage()][:2])
    assert loaded[1].tolist() == [0, 1, 2] and loaded[1].data_ptr() == loaded[0].data_ptr()


# --- what torch does ------------------------------------------------------------------------------


def to_torch(obj, torch):
    """The same object for torch."""
    if isinstance(obj, Parameter):
        data = torch.from_numpy(obj._array.copy())
        return torch.nn.Parameter(data, requires_grad=obj.requires_grad)
    if isinstance(obj, Tensor):
        return torch.from_numpy(obj._array.copy()).requires_grad_(obj.requires_grad)
    if isinstance(obj, Size):
        return torch.Size(obj)
    if isinstance(obj, (list, tuple)):
        return type(obj)(to_torch(item, torch) for item in obj)
    if isinstance(obj, dict):
        return type(obj)({key: to_torch(value, torch) for key, value in obj.items()})
    return obj


@pytest.mark.compare
def test_the_same_state_survives_as_in_torch():
    torch = pytest.importorskip("torch")
    state = {
        "epoch": 7,
        "best": math.inf,
        "betas": (0.9, 0.999),
        "groups": [{"lr": 1e-3, "params": [0, 1], "fused": None, "amsgrad": False}],
        "state": {0: {"step": arange(), "exp_avg": arange(2, 3)}},
        "shape": Size([1, 2]),
        "classes": {"cat", "dog"},
        "milestones": collections.Counter([3, 5]),
        "ordered": collections.OrderedDict(a=arange(2, dtype=np.int64)),
        "raw": b"\x00\xff",
        "z": 1 + 2j,
        "weight": Parameter(arange(2)),
        "big": 1 << 200,
    }
    file = io.BytesIO()
    torch.save(to_torch(state, torch), file)
    file.seek(0)
    theirs = torch.load(file, weights_only=True)
    ours = to_torch(round_trip(state), torch)

    def compare(a, b):
        assert type(a) is type(b)
        if isinstance(a, torch.Tensor):
            assert a.dtype == b.dtype and torch.equal(a, b) and a.requires_grad == b.requires_grad
        elif isinstance(a, (list, tuple)):
            assert len(a) == len(b)
            for x, y in zip(a, b, strict=True):
                compare(x, y)
        elif isinstance(a, dict):
            assert list(a) == list(b)
            for key in a:
                compare(a[key], b[key])
        else:
            assert a == b

    compare(ours, theirs)


@pytest.mark.compare
def test_errors_are_of_the_classes_of_torch(tmp_path):
    torch = pytest.importorskip("torch")
    ones = arange(2)
    calls = [
        (lambda lib, x: lib.save(x, 5), AttributeError),
        (lambda lib, x: lib.load(5), AttributeError),
        (lambda lib, x: lib.load(tmp_path / "missing"), FileNotFoundError),
        (lambda lib, x: lib.load(tmp_path), IsADirectoryError),
        (lambda lib, x: lib.save(x, tmp_path / "no" / "such"), RuntimeError),
        (lambda lib, x: lib.load(saved_by(lib, x), mmap=True), ValueError),
        (lambda lib, x: lib.load(saved_by(lib, x), map_location="cuda"), RuntimeError),
        (lambda lib, x: lib.load(saved_by(lib, x), map_location="nowhere"), RuntimeError),
        (lambda lib, x: lib.load(saved_by(lib, x), map_location=0), TypeError),
        (lambda lib, x: lib.load(saved_by(lib, x), map_location=lambda *_: "cpu"), TypeError),
    ]
    ours = argparse.Namespace(save=save, load=load)

    def saved_by(lib, x):
        file = io.BytesIO()
        lib.save(x, file)
        file.seek(0)
        return file

    for call, error in calls:
        with pytest.raises(error) as mine:
            call(ours, ones)
        with pytest.raises(error) as theirs:
            call(torch, torch.ones(2))
        if error is not TypeError:
            assert str(mine.value).split()[:3] == str(theirs.value).split()[:3]


def to_theirs(obj, torch, zipped=True, **options):
    """Saved here, loaded by torch."""
    file = io.BytesIO()
    save(obj, file, _use_new_zipfile_serialization=zipped)
    file.seek(0)
    return torch.load(file, **options)


def from_theirs(obj, torch, weights_only=True, **options):
    """Saved by torch, loaded here."""
    file = io.BytesIO()
    torch.save(obj, file, **options)
    file.seek(0)
    return load(file, weights_only=weights_only)


def assert_twins(ours, theirs):
    """Whether an object of ours and one of torch's are the same in all but the library."""
    assert type(ours).__name__ == type(theirs).__name__
    if hasattr(ours, "stride"):
        assert repr(ours.dtype) == repr(theirs.dtype) and ours.stride() == theirs.stride()
        assert ours.storage_offset() == theirs.storage_offset()
        assert ours.requires_grad == theirs.requires_grad and ours.tolist() == theirs.tolist()
        assert vars(ours) == vars(theirs)
    elif isinstance(ours, dict):
        assert list(ours) == list(theirs)
        assert_twins(list(ours.values()), list(theirs.values()))
        assert getattr(ours, "_metadata", None) == getattr(theirs, "_metadata", None)
    elif isinstance(ours, (list, tuple)):
        assert len(ours) == len(theirs)
        for mine, their in zip(ours, theirs, strict=True):
            assert_twins(mine, their)
    else:
        assert repr(ours) == repr(theirs)


def everything(lib):
    """State of every kind that weights_only=True takes, made with one library or the other."""
    base = lib.arange(24.0).reshape(2, 3, 4)
    noted = lib.ones(2)
    noted.note = "a"
    parameter = lib.nn.Parameter(lib.ones(2))
    parameter.role = ["anchor"]
    dtypes_ = (
        "bool uint8 int8 int16 int32 int64 float16 bfloat16 float32 float64 complex64 complex128"
    )
    return {
        "dtypes": [lib.ones(2, 3).to(getattr(lib, name)) for name in dtypes_.split()],
        "views": [base, base.permute(2, 0, 1), base[1, :, ::2], base[0, 0, 0], base.view(-1)[5:]],
        "expanded": lib.zeros(1).expand(1000, 3),
        "last": lib.empty(2, 3, 4, 5).zero_().to(memory_format=lib.channels_last),
        "empty": [lib.ones(0), lib.ones(0, 3)],
        "leaf": lib.ones(2, requires_grad=True),
        "parameters": [lib.nn.Parameter(lib.ones(2)), lib.nn.Parameter(lib.ones(2), False)],
        "noted": [noted, parameter],
        "scalars": [0, 255, 256, 65536, -1, 2**31, 2**63, -(2**70), 1.5, math.inf, True, None, 2j],
        "text": ["", "ä", "x" * 300, b"\x00\xff", bytearray(b"z"), bytearray()],
        "sets": [{1, 2}, set()],
        "ordered": collections.OrderedDict([("b", 1), ("a", 2)]),
        "counter": collections.Counter("aab"),
        "meta": [lib.float32, lib.device("cpu"), lib.Size([2, 3]), lib.device("cuda", 1)],
        "tuples": [(), (1,), (1, 2), (1, 2, 3), (1, 2, 3, 4)],
        "long": list(range(2500)),
        "wide": {i: i for i in range(2500)},
        "state": lib.nn.Sequential(lib.nn.Linear(2, 3), lib.nn.BatchNorm1d(3)).state_dict(),
    }


@pytest.mark.compare
def test_every_kind_of_state_both_ways():
    torch = pytest.importorskip("torch")
    pytest.importorskip("ml_dtypes")
    ours, theirs = everything(mt), everything(torch)
    theirs["state"].update({k: torch.from_numpy(v.numpy()) for k, v in ours["state"].items()})
    assert_twins(ours, theirs)
    for zipped in (True, False):
        assert_twins(ours, to_theirs(ours, torch, zipped, weights_only=True))
    for zipped in (True, False):
        assert_twins(from_theirs(theirs, torch, _use_new_zipfile_serialization=zipped), theirs)
    loaded = from_theirs(theirs, torch)
    assert len({view.untyped_storage() for view in loaded["views"]}) == 1
    loaded["views"][0][0, 0, 0] = 99
    assert loaded["views"][1][0, 0, 0] == 99 and loaded["views"][3] == 99
    loaded = to_theirs(ours, torch)
    loaded["views"][0][0, 0, 0] = 99
    assert loaded["views"][1][0, 0, 0] == 99 and loaded["views"][3] == 99


@pytest.mark.compare
def test_the_file_is_the_one_that_torch_writes(tmp_path):
    torch = pytest.importorskip("torch")
    pytest.importorskip("ml_dtypes")
    for kind in ("views", "scalars", "text", "ordered", "noted", "dtypes", "wide", "meta", "last"):
        paths = [tmp_path / "ours" / "a.pt", tmp_path / "theirs" / "a.pt"]
        for path, lib in zip(paths, (mt, torch), strict=True):
            path.parent.mkdir(exist_ok=True)
            lib.save(everything(lib)[kind], path)
        ours, theirs = (path.read_bytes() for path in paths)
        assert len(ours) == len(theirs)
        end = ours.index(b".data/serialization_id")
        assert ours[:end] == theirs[:end], kind


@pytest.mark.compare
def test_objects_that_need_trust_both_ways():
    torch = pytest.importorskip("torch")
    state = {
        "arrays": [np.arange(6).reshape(2, 3).T, np.array(["a", "bcd"]), np.float32(1.5)],
        "args": argparse.Namespace(lr=0.1, names=["a"]),
        "default": collections.defaultdict(list, a=[1]),
        "frozen": frozenset([1, 2]),
        "path": pathlib.PurePosixPath("a/b"),
        "slices": [slice(1, None), range(3), Pair(1, 2), Config(2), Color.RED],
        "nothing": b"",
    }
    for loaded in (
        to_theirs(state, torch, weights_only=False),
        from_theirs(state, torch, weights_only=False),
    ):
        assert repr(loaded) == repr(state)


MODULES = {
    "Linear": ((2, 3), (4, 2)),
    "Conv1d": ((2, 3, 3), (1, 2, 5)),
    "Conv2d": ((2, 4, 3, 1, 1, 1, 2, True, "reflect"), (1, 2, 5, 5)),
    "ConvTranspose2d": ((2, 3, 3), (1, 2, 5, 5)),
    "BatchNorm2d": ((3,), (2, 3, 4, 4)),
    "LayerNorm": ((3,), (2, 3)),
    "GroupNorm": ((1, 3), (2, 3, 2)),
    "RNN": ((2, 3), (5, 1, 2)),
    "LSTM": ((2, 3, 2, True, False, 0.0, True), (5, 1, 2)),
    "GRU": ((2, 3), (5, 1, 2)),
    "LSTMCell": ((2, 3), (1, 2)),
    "TransformerEncoderLayer": ((4, 2, 8), (3, 2, 4)),
    "MaxPool2d": ((2,), (1, 1, 4, 4)),
    "GELU": ((), (3,)),
    "PReLU": ((), (3,)),
    "Dropout": ((0.5,), (3,)),
    "Upsample": ((None, 2), (1, 1, 2, 2)),
}


@pytest.mark.compare
@pytest.mark.parametrize("kind", MODULES)
def test_whole_modules_both_ways(kind):
    torch = pytest.importorskip("torch")
    args, shape = MODULES[kind]
    data = np.random.default_rng(0).standard_normal(shape).astype(np.float32)
    for source, target, convert in ((mt, torch, to_theirs), (torch, mt, from_theirs)):
        module = getattr(source.nn, kind)(*args).eval()
        twin = convert(module, torch, weights_only=False)
        assert repr(twin) == repr(module)
        outputs = [module(source.from_numpy(data)), twin(target.from_numpy(data))]
        if isinstance(outputs[0], tuple):
            outputs = [output[0] for output in outputs]
        mine, theirs = (output.detach().numpy() for output in outputs)
        assert np.allclose(mine, theirs, atol=1e-5)
        twin.train()(target.from_numpy(data))


@pytest.mark.compare
@pytest.mark.parametrize("kind", ["SGD", "Adam", "AdamW", "RMSprop", "Adagrad"])
def test_optimizers_both_ways(kind):
    torch = pytest.importorskip("torch")
    for source, target, convert in ((mt, torch, to_theirs), (torch, mt, from_theirs)):
        model = source.nn.Linear(2, 2)
        optimizer = getattr(source.optim, kind)(model.parameters(), lr=0.1)
        model(source.ones(1, 2)).sum().backward()
        optimizer.step()
        twin = target.nn.Linear(2, 2)
        twin.load_state_dict(convert(model.state_dict(), torch))
        other = getattr(target.optim, kind)(twin.parameters(), lr=0.5)
        other.load_state_dict(convert(optimizer.state_dict(), torch))
        whole_twin, whole_other = convert([model, optimizer], torch, weights_only=False)
        assert whole_other.param_groups[0]["params"][0] is whole_twin.weight
        optimizer.zero_grad()
        model(source.ones(1, 2)).sum().backward()
        optimizer.step()
        for net, steps in ((twin, other), (whole_twin, whole_other)):
            net(target.ones(1, 2)).sum().backward()
            steps.step()
            assert np.allclose(net.weight.tolist(), model.weight.tolist(), atol=1e-6)


@pytest.mark.compare
def test_several_saves_in_one_file_are_read_one_by_one():
    torch = pytest.importorskip("torch")
    file = io.BytesIO()
    for count in range(3):
        torch.save([count, torch.ones(count)], file, _use_new_zipfile_serialization=False)
    file.seek(0)
    for count in range(3):
        assert same(load(file), [count, mt.ones(count)])
    with pytest.raises(RuntimeError, match="the file is empty"):
        load(file)


@pytest.mark.compare
def test_files_of_torch_are_mapped(tmp_path):
    torch = pytest.importorskip("torch")
    path = tmp_path / "a.pt"
    torch.save({"a": torch.arange(10**6), "b": torch.ones(3)}, path)
    tracemalloc.start()
    try:
        loaded = load(path, mmap=True)
        assert tracemalloc.get_traced_memory()[1] < 10**5
    finally:
        tracemalloc.stop()
    assert loaded["a"][-1] == 10**6 - 1
    loaded["b"][0] = 5
    assert load(path)["b"].tolist() == [1, 1, 1]
    save({"a": mt.arange(10)}, path)
    assert torch.load(path, mmap=True)["a"].tolist() == list(range(10))


@pytest.mark.compare
def test_tensors_without_strides_or_memory_both_ways():
    torch = pytest.importorskip("torch")
    for source, convert in ((mt, to_theirs), (torch, from_theirs)):
        sparse = convert(source.tensor([[0.0, 2.0], [3.0, 0.0]]).to_sparse(), torch)
        assert sparse.to_dense().tolist() == [[0, 2], [3, 0]] and sparse.is_coalesced()
        meta = convert(source.empty(3, 2, device="meta"), torch)
        assert meta.is_meta and tuple(meta.shape) == (3, 2) and meta.stride() == (2, 1)
        generator = source.Generator().manual_seed(3)
        twin = convert(generator, torch, weights_only=False)
        assert twin.get_state().tolist() == generator.get_state().tolist()


@pytest.mark.compare
def test_tensors_with_a_pending_conjugation():
    torch = pytest.importorskip("torch")
    z = torch.tensor([1 + 2j, 3 - 1j])
    loaded = from_theirs([z, z.conj()], torch)
    assert [x.tolist() for x in loaded] == [[1 + 2j, 3 - 1j], [1 - 2j, 3 + 1j]]
    assert from_theirs(z.conj().imag, torch).tolist() == [-2, 1]
