"""PyTorch's files from strangers: they load, or an error says why not, and nothing in them runs."""

import argparse
import collections
import io
import os
import pathlib
import pickle
import pickletools
import random
import struct
import subprocess
import sys
import tracemalloc
import zipfile

import numpy as np
import pytest

import minitorch as mt
from minitorch.serialization import load, safe_globals, save
from minitorch.serialization.pickle_names import BUILTINS, NUMPY
from minitorch.serialization.pickle_reader import UnknownName, read_pickle
from minitorch.serialization.zip_file import ZipWriter
from tests.checkpoints import a_bit_of_everything, same


def saved(obj):
    file = io.BytesIO()
    save(obj, file)
    return file.getvalue()


def checkpoint(code, **storages):
    """A checkpoint whose pickle has this code, between its start and its end."""
    file = io.BytesIO()
    writer = ZipWriter(file)
    writer.add("archive/data.pkl", b"\x80\x02" + code + b".")
    writer.add("archive/byteorder", sys.byteorder.encode())
    for key, data in storages.items():
        writer.add(f"archive/data/{key.removeprefix('_')}", data)
    writer.add("archive/version", b"3\n")
    writer.close()
    file.seek(0)
    return file


# An assembler of pickles.


def name(full):
    module, _, last = full.rpartition(".")
    return f"c{module}\n{last}\n".encode()


def value(obj):
    """The code of a plain value, or code itself."""
    if isinstance(obj, Code):
        return obj
    return pickle.dumps(obj, 2)[2:-1]


class Code(bytes):
    """Code that pushes one object."""


def call(function, *args):
    head = function if isinstance(function, Code) else name(function)
    return Code(head + b"(" + b"".join(map(value, args)) + b"tR")


def new(kind, *args):
    return Code(name(kind) + b"(" + b"".join(map(value, args)) + b"t\x81")


def build(obj, state):
    return Code(value(obj) + value(state) + b"b")


def ref(full):
    return Code(name(full))


def stored(key="0", kind="torch.FloatStorage", count=8, where="cpu", tag="storage", more=()):
    parts = (tag, ref(kind) if isinstance(kind, str) else kind, key, where, count, *more)
    return Code(b"(" + b"".join(map(value, parts)) + b"tQ")


def tensor(storage=None, offset=0, size=(8,), stride=(1,), grad=False, *more):
    storage = stored() if storage is None else storage
    args = (storage, offset, size, stride, grad, None, *more)
    return call("torch._utils._rebuild_tensor_v2", *args)


FLOATS = np.arange(8, dtype=np.float32).tobytes()


class Sentinel:
    """A class of this program whose methods must not run."""

    def __init__(self, *args):
        raise AssertionError("ran")

    def __setstate__(self, state):
        raise AssertionError("ran")

    def __reduce__(self):
        raise AssertionError("ran")


class Discarded:
    def __del__(self):
        raise AssertionError("ran")


class Plain:
    def __init__(self):
        raise AssertionError("ran")

    def __setattr__(self, name, value):
        raise AssertionError("ran")

    def __getattr__(self, name):
        raise AssertionError("ran")


class Watchful:
    def __getattribute__(self, name):
        raise AssertionError("ran")


class Disguised:
    @property
    def __class__(self):
        raise AssertionError("ran")


class Hidden:
    @property
    def __dict__(self):
        raise AssertionError("ran")


class Meta(type):
    def __getattribute__(cls, name):
        if name == "__setstate__":
            raise AssertionError("ran")
        return super().__getattribute__(name)


class Watched(metaclass=Meta):
    pass


class Loop(collections.namedtuple("Loop", "x")):
    def __iter__(self):
        raise AssertionError("ran")


class Hashed(collections.namedtuple("Hashed", "x")):
    def __hash__(self):
        raise AssertionError("ran")


class Net(mt.nn.Module):
    def __init__(self):
        raise AssertionError("ran")


def named(item):
    return f"{__name__}.{item}"


# --- names ----------------------------------------------------------------------------------------

FORBIDDEN = [
    *("os.system", "posix.system", "nt.system", "subprocess.Popen", "subprocess.run", "pty.spawn"),
    *("builtins.eval", "builtins.exec", "builtins.compile", "builtins.__import__", "builtins.open"),
    *("__builtin__.eval", "builtins.setattr", "builtins.vars", "builtins.type"),
    *(
        "importlib.import_module",
        "runpy.run_path",
        "pickle.loads",
        "marshal.loads",
        "shutil.rmtree",
    ),
    *("operator.attrgetter", "operator.methodcaller", "functools.reduce", "types.FunctionType"),
    *(
        "types.CodeType",
        "shutil.rmtree",
        "ctypes.CDLL",
        "socket.socket",
        "threading.Thread",
        "sys.exit",
    ),
    *(
        "torch.load",
        "torch.save",
        "torch.hub.load",
        "torch.jit.load",
        "torch.utils.data.DataLoader",
    ),
    *("minitorch.load", "minitorch.serialization.load", "minitorch.serialization.os.system"),
    *("torch.storage._load_from_bytes", "torch.serialization.os.system", "numpy.load"),
    *("numpy.f2py.crackfortran.param_eval", "numpy.memmap", "numpy.fromfile", "numpy.os.system"),
    *("torch.nn.functional.__getattr__", "torch._utils._rebuild_wrapper_subclass", "sys.modules"),
    *("collections.namedtuple", "collections.sys.exit", "pathlib.os.system", "codecs.open"),
    *("copyreg._reconstructor", "copyreg.add_extension", "weakref.finalize", "atexit.register"),
    *("torch.nn.Module.apply", "tempfile.TemporaryDirectory", "logging.FileHandler.__init__"),
]


@pytest.mark.parametrize("weights_only", [True, False])
@pytest.mark.parametrize("full", FORBIDDEN)
def test_forbidden_names(full, weights_only, monkeypatch):
    monkeypatch.setattr(os, "system", lambda command: pytest.fail("it ran"))
    for code in (
        call(full, "true"),
        new(full, "true"),
        call("builtins.getattr", ref(full.rpartition(".")[0] or "os"), "system"),
        call("functools.partial", ref(full)),
        build(ref(full), {"a": 1}),
        Code(value(full.rpartition(".")[0]) + value(full.rpartition(".")[2]) + b"\x93)R"),
    ):
        with pytest.raises((pickle.UnpicklingError, RuntimeError, AttributeError)) as caught:
            load(checkpoint(code), weights_only=weights_only)
        assert "\n" not in str(caught.value)


def test_a_refusal_starts_with_the_words_of_torch_and_names_what_was_refused():
    for full in ("torch.nn.modules.linear.Linear", "os.system"):
        with pytest.raises(pickle.UnpicklingError) as caught:
            load(checkpoint(call(full)))
        text = str(caught.value)
        assert text.startswith("Weights only load failed.")
        assert f"Unsupported global: GLOBAL {full} was not an allowed global by default." in text
        assert f"torch.serialization.add_safe_globals([{full}])" in text
        torch = pytest.importorskip("torch")
        with pytest.raises(pickle.UnpicklingError) as theirs:
            torch.load(checkpoint(call(full)), weights_only=True)
        assert str(theirs.value).startswith("Weights only load failed.")
        assert "was not an allowed global by default." in text


def test_a_module_that_is_not_imported_stays_so():
    assert "turtle" not in sys.modules and "antigravity" not in sys.modules
    for full in ("turtle.Turtle", "antigravity.x", "xml.dom.minidom.Document.x"):
        with pytest.raises(pickle.UnpicklingError, match="import its module first"):
            load(checkpoint(new(full)), weights_only=False)
    assert "turtle" not in sys.modules and "antigravity" not in sys.modules


def test_a_class_that_this_program_lacks_is_an_attribute_error_as_in_torch():
    with pytest.raises(AttributeError, match="^Can't get attribute 'Nothing' on <module"):
        load(checkpoint(new(named("Nothing"))), weights_only=False)


def test_no_method_of_a_class_runs_that_was_not_allowed_by_name():
    for kind, method in (
        *(("Sentinel", "__setstate__"), ("Discarded", "__del__"), ("Watched", "metaclass")),
        *(("Watchful", "__getattribute__"), ("Disguised", "__class__"), ("Hidden", "__dict__")),
    ):
        with pytest.raises(pickle.UnpicklingError, match=f"{kind}, whose {method} would run"):
            load(checkpoint(build(new(named(kind)), {"a": 1})), weights_only=False)
    loaded = load(checkpoint(b"}" + new(named("Loop"), 1) + b"Ns"), weights_only=False)
    assert [type(key) for key in loaded] == [Loop]
    with pytest.raises(RuntimeError, match="can't be hashed"):
        load(checkpoint(b"}" + new(named("Hashed"), 1) + b"Ns"), weights_only=False)
    made = load(checkpoint(build(new(named("Plain")), {"a": 1})), weights_only=False)
    assert type(made) is Plain and vars(made) == {"a": 1}
    made = load(checkpoint(build(new(named("Net")), {"training": False})), weights_only=False)
    assert type(made) is Net and made.training is False
    with safe_globals([Sentinel]), pytest.raises(RuntimeError, match="malformed state.*ran"):
        load(checkpoint(build(new(named("Sentinel")), {"a": 1})))
    with pytest.raises(RuntimeError, match="calls Net, which it may not"):
        load(checkpoint(call(named("Net"))), weights_only=False)


def test_an_allowed_function_is_mentioned_not_called():
    with safe_globals([os.getcwd, (os.getpid, "some.name")]):
        assert load(checkpoint(ref("posix.getcwd"))) is os.getcwd
        assert load(checkpoint(ref("some.name"))) is os.getpid
        with pytest.raises(RuntimeError, match="calls getcwd, which it may not"):
            load(checkpoint(call("posix.getcwd")))


def test_a_plain_class_is_no_value_that_a_program_could_call():
    loaded = load(checkpoint(ref("logging.FileHandler")), weights_only=False)
    assert not callable(loaded)


@pytest.mark.parametrize("attribute", ["__class__", "__dict__", "__init__", 1, ("a",)])
def test_attributes_of_pythons_own_are_refused(attribute):
    for obj in (new(named("Plain")), new(named("Net")), call("collections.OrderedDict")):
        with pytest.raises(RuntimeError, match="forbidden attribute|malformed"):
            load(checkpoint(build(obj, {attribute: 1})), weights_only=False)


# --- pickles --------------------------------------------------------------------------------------

TWICE = b"q\x01h\x01\x86"  # an object becomes a pair of itself, twice
MALFORMED = {
    "nothing": (b"", "other than one object"),
    "two objects": (b"NN", "other than one object"),
    "a mark left": (b"(N", "other than one object"),
    "empty stack": (b"0", "up to a mark that isn't there"),
    "no mark": (b"Nt", "up to a mark that isn't there"),
    "append to nothing": (b"Na", "empty stack"),
    "tuple of nothing": (b"\x87", "empty stack"),
    "memo": (b"h\x05", "an object 5 that isn't there"),
    "protocol": (b"\x80\x63N", "protocol 99"),
    "INST": (b"(ios\nsystem\n", "forbidden opcode b'i'"),
    "OBJ": (b"(o", "forbidden opcode b'o'"),
    "EXT1": (b"\x82\x01", "forbidden opcode"),
    "PERSID": (b"P0\n", "forbidden opcode b'P'"),
    "text int": (b"I1\n", "forbidden opcode b'I'"),
    "out of band": (b"\x97", "forbidden opcode"),
    "text of 4 GB": (b"X\xff\xff\xff\xff", "claims 4294967295 bytes"),
    "bytes of 2**60": (b"\x8e" + struct.pack("<Q", 2**60), "claims 1152921504606846976 bytes"),
    "bytearray of 2**60": (b"\x96" + struct.pack("<Q", 2**60), "claims"),
    "negative number": (b"\x8b\xff\xff\xff\xff", "negative length"),
    "negative text": (b"T\xff\xff\xff\xff", "negative length"),
    "frame": (b"\x95" + struct.pack("<Q", 2**60) + b"N", "truncated"),
    "long name": (b"c" + b"a" * 5000 + b"\nb\n", "too long or truncated"),
    "name that ends": (b"cos", "too long or truncated"),
    "name of no text": (value(1) + value(2) + b"\x93", "no text"),
    "not UTF-8": (b"X\x01\x00\x00\x00\xff", "can't decode byte"),
    "call of None": (b"N)R", "calls None, which it may not"),
    "call of text": (value("os.system") + b")R", "which it may not"),
    "call of a dtype": (call("torch.float32"), "which it may not"),
    "call of a tensor": (tensor() + b")R", "which it may not"),
    "call of a storage type": (call("torch.FloatStorage", 2**40), "which it may not"),
    "call with a list": (name("collections.OrderedDict") + b"]R", "which it may not"),
    "new of a dict": (new("builtins.dict"), "which it may not"),
    "new with keywords": (
        name("argparse.Namespace") + b")" + value({"a": 1}) + b"\x92",
        "keywords",
    ),
    "state of None": (b"N" + value({}) + b"b", "which has none"),
    "state of a list": (build(Code(b"]"), {}), "which has none"),
    "state of a name": (build(ref("torch.float32"), {}), "which has none"),
    "state of a tensor": (build(tensor(), (1, 2)), "which has none"),
    "class of a Namespace": (
        build(new("argparse.Namespace"), {"__class__": 1}),
        "forbidden attribute '__class__'",
    ),
    "state of a Namespace": (build(new("argparse.Namespace"), [1]), "gives the state"),
    "method of a dict": (
        build(call("collections.OrderedDict"), {"items": 1}),
        "forbidden attribute 'items'",
    ),
    "append to a tuple": (b")Na", "appends to"),
    "append to a set": (b"\x8fNa", "appends to"),
    "item of a list": (b"]NNs", "sets an item"),
    "key without value": (b"}(Nu", "key without a value"),
    "item of a Namespace": (new("argparse.Namespace") + b"NNs", "sets an item"),
    "add to a list": (b"](N\x90", "adds an item"),
    "list as key": (b"}]Ns", "malformed key"),
    "list in a key": (b"}]\x85Ns", "malformed key"),
    "own hash as key": (b"}" + new("types.SimpleNamespace") + b"Ns", "malformed key"),
    "key that takes for ever": (b"}N" + TWICE * 60 + b"Ns", "more than 1000 parts"),
    "deep key": (b"})" + b"\x85" * 10**5 + b"Ns", "more than 1000 parts"),
    "deep item of a set": (b"(N" + b"\x85" * 10**5 + b"\x91", "more than 1000 parts"),
    "set of a dict": (call("builtins.set", {}), "makes a set of"),
    "factory": (call("collections.defaultdict", ref("torch.Size")), "may not be called"),
    "factory that prints": (call("collections.defaultdict", "print"), "may not be called"),
    "Counter of a list": (call("collections.Counter", [1]), "malformed Counter"),
    "OrderedDict of text": (call("collections.OrderedDict", "ab"), "malformed OrderedDict"),
    "complex of text": (call("builtins.complex", "1", "2"), "malformed complex"),
    "bytes of another coding": (call("_codecs.encode", "a", "rot13"), "malformed bytes"),
    "bytes of large letters": (call("_codecs.encode", "\u0394", "latin1"), "can't encode"),
    "range of text": (call("builtins.range", "a"), "malformed range"),
    "path of a number": (call("pathlib.PosixPath", 1), "malformed path"),
    "too many arguments": (call("torch.Size", (1,), 2), "wrong arguments"),
    "Size of text": (call("torch.Size", "ab"), "malformed Size"),
    "device": (call("torch.device", "cpu; rm"), "unknown device"),
    "device of a list": (call("torch.device", []), "malformed device"),
    "no number of parts": (call("numpy.dtype", "f4", False, True) + b")b", "malformed dtype"),
    "object scalar": (
        call("numpy.core.multiarray.scalar", call("numpy.dtype", "O8", False, True), b"12345678"),
        "malformed NumPy number",
    ),
    "void dtype": (call("numpy.dtype", "V8", False, True), "only numbers and text"),
    "dtype of fields": (call("numpy.dtype", "f4,f4", False, True), "malformed dtype"),
    "dtype of a huge text": (call("numpy.dtype", "U99999999999", False, True), "malformed dtype"),
}


@pytest.mark.parametrize("name_", MALFORMED)
def test_malformed_pickles(name_):
    code, message = MALFORMED[name_]
    for weights_only in (True, False):
        with pytest.raises(RuntimeError) as caught:
            load(checkpoint(code, _0=FLOATS), weights_only=weights_only)
        text = str(caught.value)
        assert message in text and text.startswith("load(): can't load the given BytesIO: ")
        assert len(text) < 400 and "\n" not in text


def test_a_deep_object_is_no_trouble():
    deep = load(checkpoint(b"]" * 10**5 + b"a" * (10**5 - 1)))
    for _ in range(10**5 - 1):
        (deep,) = deep
    assert deep == []


COPIERS = {
    "bytes": value("x" * 10**6) + b"q\x010](" + call("_codecs.encode", Code(b"h\x01")) * 2000,
    "sets": value(list(range(10**5))) + b"q\x010](" + call("builtins.set", Code(b"h\x01")) * 2000,
    "bytearrays": value(b"x")
    + b"q\x010]("
    + b"B"
    + struct.pack("<I", 10**6)
    + b"x" * 10**6
    + b"q\x02"
    + call("builtins.bytearray", Code(b"h\x02")) * 2000,
}


@pytest.mark.parametrize("kind", COPIERS)
def test_what_is_copied_again_and_again_stays_small(kind):
    file = checkpoint(COPIERS[kind] + b"e")
    tracemalloc.start()
    try:
        with pytest.raises(RuntimeError, match="copies more than it holds"):
            load(file)
        assert tracemalloc.get_traced_memory()[1] < 3 * 10**7
    finally:
        tracemalloc.stop()


# --- tensors --------------------------------------------------------------------------------------

SPARSE = call("torch.serialization._get_layout", "torch.sparse_coo")
TWO = call("torch.Size", (2,))
BYTES = stored(kind="torch.storage.UntypedStorage", count=32)


def array(shape, code, data, state=True):
    dtype = call("numpy.dtype", code, False, True)
    made = call("numpy.core.multiarray._reconstruct", ref("numpy.ndarray"), (0,), b"b")
    parts = b"".join(map(value, (1, shape, dtype, False, data)))
    return Code(made + b"(" + parts + b"tb")


TENSORS = {
    "no storage": (tensor(stored("7")), "a storage '7' that isn't there"),
    "path as key": (tensor(stored("../version")), "isn't there"),
    "number as key": (tensor(stored(0)), "malformed storage"),
    "no such tag": (tensor(stored(tag="module")), "other than a storage"),
    "short id": (Code(b"(" + value("storage") + b"tQ"), "other than a storage"),
    "id of text": (Code(value("storage") + b"Q"), "other than a storage"),
    "old view": (tensor(stored(more=(("1", 0, 4),))), "before 0.4"),
    "type of text": (tensor(stored(kind=Code(value("torch.FloatStorage")))), "malformed storage"),
    "type that is none": (tensor(stored(kind="torch.float32")), "malformed storage"),
    "location": (tensor(stored(where=3)), "malformed storage"),
    "too long": (tensor(stored(count=9)), "has 32 bytes, but should have 9 elements"),
    "far too long": (tensor(stored(count=2**59)), "has 32 bytes, but should have"),
    "huge": (tensor(stored(count=2**70)), "elements"),
    "negative": (tensor(stored(count=-1)), "elements"),
    "bool as count": (tensor(stored(count=True)), "elements"),
    "two types": (
        Code(b"(" + tensor() + tensor(stored(kind="torch.IntStorage")) + b"t"),
        "storage '0' has two types",
    ),
    "float8": (
        ref("torch.float8_e4m3fn"),
        "float8_e4m3fn, an element type that minitorch",
    ),
    "quantized": (ref("torch.QInt8Storage"), "an element type that minitorch does not have"),
    "qtensor": (call("torch._utils._rebuild_qtensor"), "a quantized tensor"),
    "nested": (call("torch._utils._rebuild_nested_tensor"), "a nested tensor"),
    "meta": (
        call("torch._utils._rebuild_meta_tensor_no_storage", ref("torch.int8"), (-1,), (1,), False),
        "malformed size",
    ),
    "sparse outside": (
        call(
            *("torch._utils._rebuild_sparse_tensor", SPARSE),
            Code(
                b"("
                + tensor(stored("2", "torch.LongStorage", 1), 0, (1, 1), (1, 1))
                + tensor(None, 0, (1,))
                + TWO
                + b"t"
            ),
        ),
        "size is inconsistent with indices",
    ),
    "sparse of floats": (
        call(
            *("torch._utils._rebuild_sparse_tensor", SPARSE),
            Code(b"(" + tensor(None, 0, (1, 1), (1, 1)) + tensor(None, 0, (1,)) + TWO + b"t"),
        ),
        "malformed sparse tensor",
    ),
    "sparse of nothing": (
        call("torch._utils._rebuild_sparse_tensor", SPARSE, (1, 2, 3)),
        "malformed sparse tensor",
    ),
    "generator of a GPU": (
        call("torch._C.Generator", call("torch.device", "cuda")),
        "is the only one available",
    ),
    "state of a generator": (
        build(call("torch._C.Generator", call("torch.device", "cpu")), (1, None, None)),
        "malformed state",
    ),
    "lazy": (call("torch.nn.parameter.UninitializedParameter", 1), "malformed tensor"),
    "no tensor": (tensor(Code(b"N")), "which is no storage"),
    "size beyond": (tensor(size=(9,)), "reaches to element 9 of a storage of 8"),
    "offset beyond": (tensor(offset=1), "reaches to element 9"),
    "negative offset": (tensor(offset=-1), "malformed size"),
    "negative size": (tensor(size=(-1,)), "malformed size"),
    "negative stride": (tensor(size=(2,), stride=(-1,)), "malformed size"),
    "huge stride": (tensor(size=(2,), stride=(2**62,)), "reaches to element"),
    "huge offset": (tensor(offset=2**80), "reaches to element"),
    "huge size": (tensor(size=(2**40, 2**40), stride=(0, 0)), "too large"),
    "huge and empty": (tensor(size=(2**62, 0), stride=(1, 1)), "too large"),
    "few strides": (tensor(size=(2, 2)), "malformed size"),
    "65 sizes": (tensor(size=(1,) * 65, stride=(0,) * 65), "malformed size"),
    "float size": (tensor(size=(1.0,)), "no ints"),
    "bool size": (tensor(size=(True,)), "no ints"),
    "text size": (tensor(size="ab"), "no ints"),
    "no size": (tensor(size=None), "wrong arguments"),
    "requires_grad": (tensor(grad="yes"), "malformed tensor"),
    "requires_grad of ints": (
        tensor(stored(kind="torch.IntStorage"), 0, (8,), (1,), True),
        "requires grad",
    ),
    "metadata": (tensor(None, 0, (8,), (1,), False, {"run": 1}), "unknown metadata"),
    "type of bytes": (
        call("torch._utils._rebuild_tensor_v3", BYTES, 0, (8,), (1,), False, None, "int"),
        "malformed type",
    ),
    "bytes beyond": (
        call(
            *("torch._utils._rebuild_tensor_v3", BYTES, 0, (8,), (1,), False, None),
            ref("torch.float64"),
        ),
        "reaches to element 8 of a storage of 4",
    ),
    "bool of 7": (tensor(stored("7", "torch.BoolStorage", 1), 0, (1,), (1,)), "isn't there"),
    "bad bools": (tensor(stored("1", "torch.BoolStorage", 4), 0, (4,), (1,)), "neither 0 nor 1"),
    "parameter of None": (
        call("torch._utils._rebuild_parameter", None, True, None),
        "no tensor",
    ),
    "attribute of a parameter": (
        call("torch._utils._rebuild_parameter_with_state", tensor(), True, None, {"_array": 1}),
        "forbidden attribute '_array'",
    ),
    "subclass": (
        call(
            *("torch._tensor._rebuild_from_type_v2", ref("torch._utils._rebuild_tensor_v2")),
            *(ref("collections.OrderedDict"), (), {}),
        ),
        "of the class OrderedDict",
    ),
    "made by another": (
        call(
            *("torch._tensor._rebuild_from_type_v2", ref("collections.Counter")),
            *(ref("torch.Tensor"), (), {}),
        ),
        "malformed tensor",
    ),
    "made by itself": (
        call(
            *("torch._tensor._rebuild_from_type_v2", ref("torch._tensor._rebuild_from_type_v2")),
            *(ref("torch.Tensor"), (), {}),
        ),
        "malformed tensor",
    ),
    "sparse layout": (call("torch.serialization._get_layout", "torch.other"), "of the layout"),
    "array too short": (array((9,), "f4", FLOATS), "32 bytes for it"),
    "array too long": (array((7,), "f4", FLOATS), "32 bytes for it"),
    "array of huge sizes": (array((2**40, 2**40), "f4", FLOATS), "too large"),
    "array of negative sizes": (array((-8,), "f4", FLOATS), "malformed shape"),
    "array of a list": (array((8,), "f4", [1.0] * 8), "malformed array"),
    "objects of bytes": (array((4,), "O8", FLOATS), "malformed array of objects"),
    "bad bools in an array": (array((2,), "b1", b"\x00\x02"), "neither 0 nor 1"),
    "text beyond Unicode": (array((1,), "U1", b"\xff\xff\xff\x7f"), "malformed text"),
}


@pytest.mark.parametrize("name_", TENSORS)
def test_malformed_tensors(name_):
    code, message = TENSORS[name_]
    with pytest.raises(RuntimeError) as caught:
        load(checkpoint(code, _0=FLOATS, _1=b"\x00\x01\x07\x00", _2=bytes([9] * 8)))
    text = str(caught.value)
    assert message in text and len(text) < 400 and "\n" not in text


def test_views_that_take_for_ever_to_check_are_refused():
    views = tensor(stored("1", "torch.BoolStorage", 4), 3, (2**60,), (0,))
    loaded = load(checkpoint(views, _1=b"\x00\x01\x07\x00"))
    assert loaded.shape == (2**60,) and not loaded[5]
    many = b"(" + tensor(stored("1", "torch.BoolStorage", 10**6), 0, (10**5,), (10,)) * 500 + b"l"
    bools = bytearray(10**6)
    bools[5] = 7  # between the elements that the views see
    with pytest.raises(RuntimeError, match="more often than can be checked"):
        load(checkpoint(many, _1=bytes(bools)))


# --- the zip file ---------------------------------------------------------------------------------


def zip_of(records, **options):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", **options) as writer:
        for full, data in records.items():
            writer.writestr(full, data)
    return file.getvalue()


PLAIN = {"a/data.pkl": pickle.dumps([1], 2), "a/version": b"3\n"}


def with_directory(change):
    """A good file whose directory is changed: a function of its bytes and where it starts."""
    data = bytearray(saved([mt.ones(4)]))
    start = data.index(b"PK\x01\x02")
    change(data, start)
    return bytes(data)


def put(layout, offset, number):
    def change(data, start):
        struct.pack_into(layout, data, start + offset, number)

    return change


def same_place(data, start):
    second = data.index(b"PK\x01\x02", start + 4)
    data[second + 42 : second + 46] = data[start + 42 : start + 46]


ZIPS = {
    "only the start": (b"PK\x03\x04" + bytes(40), "the directory at its end isn't there"),
    "compressed": (zip_of(PLAIN, compression=zipfile.ZIP_DEFLATED), "is compressed"),
    "bomb": (
        zip_of({**PLAIN, "a/data/0": bytes(10**7)}, compression=zipfile.ZIP_DEFLATED),
        "is compressed",
    ),
    "no data.pkl": (zip_of({"a/version": b"3"}), "no single data.pkl"),
    "two folders": (zip_of({**PLAIN, "b/data.pkl": b""}), "no single data.pkl"),
    "deep folder": (zip_of({"a/b/data.pkl": b""}), "no single data.pkl"),
    "outside": (zip_of({"../data.pkl": b"N.", "../../x/data.pkl": b""}), "no single data.pkl"),
    "TorchScript": (zip_of({**PLAIN, "a/constants.pkl": b""}), "TorchScript"),
    "byte order": (zip_of({**PLAIN, "a/byteorder": b"middle"}), "byte order is 'middle'"),
    "more at the end": (zip_of(PLAIN) + b"x", "end is damaged"),
    "local name": (with_directory(lambda d, s: d.__setitem__(30, 0)), "no record"),
    "directory beyond": (with_directory(lambda d, s: put("<I", -6, 2**31)(d, len(d))), "beyond"),
    "too many": (with_directory(lambda d, s: put("<H", -12, 60000)(d, len(d))), "claims 60000"),
    "fewer": (with_directory(lambda d, s: put("<H", -12, 3)(d, len(d))), "another length"),
    "comment": (with_directory(lambda d, s: put("<H", -2, 9)(d, len(d))), "end is damaged"),
    "size beyond": (with_directory(put("<Q", 20, 0x1111111111111111)), "beyond its end"),
    "two sizes": (with_directory(put("<I", 24, 1)), "two sizes"),
    "large without a size": (with_directory(put("<I", 24, 2**32 - 1)), "directory is damaged"),
    "encrypted": (with_directory(put("<H", 8, 1)), "is encrypted"),
    "header beyond": (with_directory(put("<I", 42, 2**31)), "lies beyond its end"),
    "header elsewhere": (with_directory(put("<I", 42, 3)), "no record"),
    "record twice": (with_directory(same_place), "no record"),
}  # fmt: skip


@pytest.mark.parametrize("name_", ZIPS)
@pytest.mark.parametrize("mmap", [False, True])
def test_hostile_zip_files(name_, mmap, tmp_path):
    data, message = ZIPS[name_]
    path = tmp_path / "evil.pt"
    path.write_bytes(data)
    with pytest.raises(RuntimeError) as caught:
        load(path, mmap=mmap)
    text = str(caught.value)
    assert message in text and "evil.pt" in text and "\n" not in text


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_records_of_one_name_and_records_that_overlap_are_refused():
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as writer:
        for data in (b"one", b"two"):
            writer.writestr("a/data.pkl", data)
    with pytest.raises(RuntimeError, match="two records named 'a/data.pkl'"):
        load(io.BytesIO(file.getvalue()))
    # One record of a good file claims to reach into the next.
    data = bytearray(saved([mt.ones(4), mt.ones(4)]))
    entry = data.index(b"archive/data/0", data.index(b"PK\x01\x02")) - 46
    struct.pack_into("<II", data, entry + 20, 100, 100)
    with pytest.raises(RuntimeError, match="overlaps another"):
        load(io.BytesIO(bytes(data)))


# --- the format before 1.6 ------------------------------------------------------------------------


EIGHT_FLOATS = struct.pack("<q", 8) + FLOATS


def legacy(code, keys=("0",), data=EIGHT_FLOATS):
    heads = (0x1950A86A20F9469CFC6C, 1001, {"little_endian": sys.byteorder == "little"})
    text = b"".join(pickle.dumps(head, 2) for head in heads)
    return text + b"\x80\x02" + code + b"." + pickle.dumps(list(keys), 2) + data


FLOAT_STORAGE = stored(more=(None,))


def test_the_old_format():
    loaded = load(io.BytesIO(legacy(tensor(FLOAT_STORAGE))))
    assert loaded.tolist() == [0, 1, 2, 3, 4, 5, 6, 7]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (pickle.dumps([1], 2), "none that torch.save wrote"),
        (pickle.dumps(0x1950A86A20F9469CFC6C, 2), "truncated"),
        (pickle.dumps(0x1950A86A20F9469CFC6C, 2) + pickle.dumps(7, 2), "Invalid protocol version"),
        (legacy(tensor(FLOAT_STORAGE))[:-1], "ends inside storage '0'"),
        (legacy(tensor(FLOAT_STORAGE), ["1"]), "not that of those it uses"),
        (legacy(tensor(FLOAT_STORAGE), ["0", "0"]), "not that of those it uses"),
        (legacy(tensor(FLOAT_STORAGE), [0]), "list of storages is malformed"),
        (legacy(tensor(stored(count=2**50, more=(None,)))), "ends inside storage '0'"),
        (legacy(tensor(FLOAT_STORAGE), data=struct.pack("<q", -1) + FLOATS), "has -1 elements"),
        (legacy(tensor(FLOAT_STORAGE, 4)), "reaches to element 12"),
        (legacy(call("collections.Counter", 1), (), b""), "malformed Counter"),
    ],
)
def test_hostile_files_of_the_old_format(data, message):
    with pytest.raises(RuntimeError, match=message):
        load(io.BytesIO(data))


# --- damage ---------------------------------------------------------------------------------------


def assert_loads_or_says_why(data, weights_only=True):
    try:
        load(io.BytesIO(data), weights_only=weights_only)
    except (RuntimeError, pickle.UnpicklingError, AttributeError) as error:
        assert str(error)
        if isinstance(error, AttributeError):
            assert str(error).startswith("Can't get attribute")
        return False
    return True


def small():
    """Something of most kinds, in a file small enough to try all its bytes."""
    state = a_bit_of_everything()
    state["module"] = mt.nn.Sequential(mt.nn.Linear(1, 1), mt.nn.BatchNorm1d(1))
    state["object"] = argparse.Namespace(a=np.arange(2), b=[b"x", {3}], f=mt.relu)
    return state


def test_every_truncation_is_noticed():
    data = saved([mt.ones(2), 1])
    for length in range(len(data)):
        assert not assert_loads_or_says_why(data[:length])
    assert assert_loads_or_says_why(data)


def pickle_of(data):
    with zipfile.ZipFile(io.BytesIO(data)) as file:
        return file.read("archive/data.pkl"), {
            full.removeprefix("archive/data/"): file.read(full)
            for full in file.namelist()
            if full.startswith("archive/data/")
        }


def refilled(code, storages):
    return checkpoint(code[2:-1], **{f"_{key}": data for key, data in storages.items()}).getvalue()


def test_flipped_bytes_load_or_say_why():
    code, storages = pickle_of(saved(small()))
    rng = random.Random(0)
    for position in range(2, len(code)):
        changed = bytearray(code)
        changed[position] = rng.choice((code[position] ^ 1 << rng.randrange(8), rng.randrange(256)))
        assert_loads_or_says_why(refilled(bytes(changed), storages), weights_only=False)


def test_flipped_bytes_of_the_zip_file_load_or_say_why():
    data = saved([mt.ones(2), {"a": 1}])
    rng = random.Random(0)
    for position in range(len(data)):
        changed = bytearray(data)
        changed[position] ^= 1 << rng.randrange(8)
        assert_loads_or_says_why(bytes(changed))


def test_spliced_opcodes_load_or_say_why():
    """Whole opcodes are dropped, doubled, moved and exchanged: the damage reaches far."""
    code, storages = pickle_of(saved(small()))
    starts = [position for _, _, position in pickletools.genops(code)]
    steps = [code[a:b] for a, b in zip(starts, [*starts[1:], len(code)], strict=True)][1:-1]
    rng = random.Random(0)
    loads = 0
    for _ in range(1500):
        changed = list(steps)
        for _ in range(rng.randrange(1, 4)):
            where, other = rng.randrange(len(changed)), rng.randrange(len(steps))
            action = rng.random()
            if action < 0.3:
                del changed[where]
            elif action < 0.6:
                changed.insert(where, steps[other])
            else:
                changed[where] = steps[other]
        data = refilled(b"\x80\x02" + b"".join(changed) + b".", storages)
        loads += assert_loads_or_says_why(data, weights_only=False)
    assert 20 < loads < 1400  # the changes reach both ends


def test_loading_executes_nothing():
    # Python itself reports each import, compilation, unpickling and new process to an audit hook.
    program = """
import io, sys, pickle
from minitorch.serialization import load
files = pickle.load(sys.stdin.buffer)  # of this test's own
def try_each():
    for data in files:
        for weights_only in (True, False):
            try:
                load(io.BytesIO(data), weights_only=weights_only)
            except (RuntimeError, pickle.UnpicklingError, AttributeError):
                pass
try_each()  # whatever NumPy imports on first use
events = []
forbidden = ("import", "compile", "exec", "pickle.", "os.", "subprocess.", "ctypes.", "marshal.",
             "socket.", "open")
sys.addaudithook(lambda name, args: events.append(name) if name.startswith(forbidden) else None)
try_each()
print(events)
"""
    hostile = [call(full, "echo ran") for full in FORBIDDEN]
    hostile += [new(full, "echo ran") for full in FORBIDDEN]
    hostile += [code for code, _ in (*MALFORMED.values(), *TENSORS.values()) if len(code) < 10**5]
    files = [saved(small()), saved(a_bit_of_everything())]
    files += [checkpoint(code, _0=FLOATS).getvalue() for code in hostile]
    files += [legacy(code) for code in hostile]
    done = subprocess.run(
        [sys.executable, "-c", program],
        input=pickle.dumps(files),
        capture_output=True,
        check=True,
        cwd=pathlib.Path(__file__).parents[1],
    )
    assert done.stdout.strip() == b"[]" and not done.stderr


# --- other people's pickles -----------------------------------------------------------------------


def test_a_pickle_of_python_2_with_arrays():
    """As the batches of CIFAR are written."""
    code = (
        b"\x80\x02}q\x01(U\x04dataq\x02cnumpy.core.multiarray\n_reconstruct\nq\x03cnumpy\nndarray\n"
        b"q\x04K\x00\x85U\x01b\x87Rq\x05(K\x01K\x02K\x03\x86cnumpy\ndtype\nq\x06U\x02u1K\x00K\x01"
        b"\x87Rq\x07(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89U\x06abcdeftb"
        b"U\x06labels]q\x08(K\x01K\x02eu."
    )
    file = io.BytesIO(code + b"more")
    batch = read_pickle(file, {**BUILTINS, **NUMPY}, encoding="bytes")
    assert batch.keys() == {b"data", b"labels"} and batch[b"labels"] == [1, 2]
    assert batch[b"data"].tolist() == [[97, 98, 99], [100, 101, 102]]
    assert batch[b"data"].flags.writeable and file.read() == b"more"


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_pickles_of_every_protocol(protocol):
    state = {
        "numbers": [1, -5, 2**70, -(2**3000), 300, 70000, 1.5, None, True, 1j],
        "text": ["ä\ud800", "x" * 300, b"ab\xff", b"y" * 300, bytearray(b"z")],
        "more": [(), (1,), (1, 2), (1, 2, 3), (1, 2, 3, 4), {1, 2}, frozenset([3]), range(3)],
        "dicts": [collections.OrderedDict(a=1), collections.Counter("aab"), {(1, "a"): 2}],
        "others": [collections.defaultdict(list, a=[1]), argparse.Namespace(a=1)],
        "paths": [pathlib.PurePosixPath("a/b"), slice(1, None), collections.deque([1, 2], 3)],
        "arrays": [np.arange(6).reshape(2, 3), np.arange(6.0).reshape(2, 3).T, np.array(5)],
        "scalars": [np.float32(1), np.int64(3), np.bool_(True), np.dtype("f4")],
        "words": [np.array(["a", "bcd"]), np.array([b"x"]), np.zeros((0, 3), np.complex64)],
    }
    loaded = read_pickle(pickle.dumps(state, protocol), {**BUILTINS, **NUMPY})
    assert same(loaded, state) and repr(loaded) == repr(state)
    swapped = np.arange(3, dtype=">i4")
    assert read_pickle(pickle.dumps(swapped, protocol), NUMPY | BUILTINS).tolist() == [0, 1, 2]
    objects = np.array(["a", None, [1]], object)
    assert read_pickle(pickle.dumps(objects, protocol), NUMPY | BUILTINS).tolist() == [
        "a",
        None,
        [1],
    ]


def test_a_table_decides_what_a_pickle_may_name():
    assert read_pickle(pickle.dumps({"a": [1]}), {}) == {"a": [1]}
    with pytest.raises(UnknownName, match="names collections.OrderedDict"):
        read_pickle(pickle.dumps(collections.OrderedDict()), {})
    with pytest.raises(ValueError, match="no pickle of protocol 2 or later"):
        read_pickle(pickle.dumps([1], 0), {})
