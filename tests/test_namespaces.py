"""The namespaces around the core: GPUs that are not there, switches, compilers that do nothing."""

from __future__ import annotations

import doctest
import importlib
import inspect
import threading

import pytest

import minitorch as mt

# --- GPUs -----------------------------------------------------------------------------------------


def test_cuda_says_that_there_is_none():
    assert not mt.cuda.is_available() and not mt.cuda.is_initialized()
    assert mt.cuda.device_count() == 0 and mt.cuda.get_arch_list() == []
    assert not mt.cuda.is_bf16_supported()
    assert mt.cuda.memory_allocated() == mt.cuda.max_memory_allocated(0) == 0
    assert mt.cuda.memory_reserved() == mt.cuda.max_memory_reserved("cuda") == 0
    for quiet in ("empty_cache", "reset_peak_memory_stats", "seed", "seed_all"):
        assert getattr(mt.cuda, quiet)() is None
    mt.cuda.manual_seed(1)
    mt.cuda.manual_seed_all(1)
    assert mt.cuda.get_rng_state_all() == [] and mt.cuda.memory_stats() == {}
    assert "GPU" in mt.cuda.memory_summary()


@pytest.mark.parametrize(
    "name",
    ["current_device", "get_device_name", "get_device_capability", "get_device_properties"]
    + ["synchronize", "current_stream", "mem_get_info", "init", "initial_seed", "ipc_collect"],
)
def test_what_needs_a_gpu_raises(name):
    with pytest.raises(AssertionError, match="Torch not compiled with CUDA enabled"):
        getattr(mt.cuda, name)()
    assert "AssertionError" in getattr(mt.cuda, name).__doc__


def test_streams_events_and_contexts():
    with mt.cuda.stream(None), mt.cuda.device(None), mt.cuda.device(-1):
        pass
    with mt.cuda.device_of(mt.ones(1)):
        pass
    for make in (mt.cuda.Stream, mt.cuda.Event, mt.cuda.CUDAGraph):
        with pytest.raises(RuntimeError):
            make()
    with pytest.raises(AssertionError), mt.cuda.device(0):
        pass
    mt.cuda.set_device(-1)
    with pytest.raises(AssertionError):
        mt.cuda.set_device(0)
    with pytest.raises(ValueError, match="Expected a cuda device, but got: cpu"):
        mt.cuda.set_device("cpu")
    with pytest.raises(ValueError, match="with a specified index"):
        mt.cuda.set_device(mt.device("cuda"))


def test_old_classes_of_gpu_tensors():
    kind = mt.cuda.FloatTensor if mt.cuda.is_available() else mt.FloatTensor
    assert mt.ones(2).type(kind).dtype is mt.float32
    assert not isinstance(mt.ones(2), mt.cuda.FloatTensor)
    with pytest.raises(TypeError, match="type torch.cuda.LongTensor not available"):
        mt.cuda.LongTensor(2)
    for name in (mt.cuda.FloatTensor, "torch.cuda.FloatTensor"):
        with pytest.raises(RuntimeError, match="torch.cuda.FloatTensor not available"):
            mt.ones(2).type(name)
        with pytest.raises(TypeError, match="torch.cuda.FloatTensor not available"):
            mt.set_default_tensor_type(name)


def test_the_class_tensor_is_the_default_type():
    x = mt.arange(3)
    for kind in (mt.Tensor, "torch.Tensor"):
        assert x.type(kind).dtype is mt.float32
        mt.set_default_dtype(mt.float64)
        try:
            assert x.type(kind).dtype is mt.float64
        finally:
            mt.set_default_dtype(mt.float32)
    with pytest.raises(ValueError, match="invalid type: 'Parameter'"):
        x.type(mt.nn.Parameter)


def test_old_addresses_of_mixed_precision():
    with pytest.warns(FutureWarning, match="deprecated"):
        with pytest.warns(UserWarning, match="CUDA is not available"):
            context = mt.cuda.amp.autocast()
    with context:
        assert (mt.ones(2, 2) @ mt.ones(2, 2)).dtype is mt.float32
    with pytest.warns(FutureWarning, match="deprecated"):
        scaler = mt.cuda.amp.GradScaler(enabled=False)
    assert isinstance(scaler, mt.amp.GradScaler) and not scaler.is_enabled()
    assert mt.cuda.amp.grad_scaler.GradScaler is mt.cuda.amp.GradScaler


def test_accelerators():
    assert not mt.accelerator.is_available() and mt.accelerator.device_count() == 0
    assert mt.accelerator.current_accelerator() is None
    with mt.accelerator.device_index(None):
        pass
    for call in (mt.accelerator.synchronize, lambda: mt.accelerator.set_device_index(0)):
        with pytest.raises(RuntimeError, match="when none is available"):
            call()
    with pytest.raises(RuntimeError), mt.accelerator.device_index(0):
        pass
    assert mt.get_device_module() is mt.cpu and mt.get_device_module("cuda:0") is mt.cuda
    assert mt.get_device_module("mps") is mt.mps
    with pytest.raises(RuntimeError, match="Expected one of cpu"):
        mt.get_device_module("gpu")


def test_other_devices():
    assert not mt.mps.is_available() and not mt.xpu.is_available() and mt.cpu.is_available()
    mt.mps.manual_seed(0)
    with pytest.raises(RuntimeError, match="Cannot execute deviceSynchronize"):
        mt.mps.synchronize()
    with pytest.raises(AssertionError, match="XPU"):
        mt.xpu.synchronize()
    mt.cpu.synchronize()
    with mt.cpu.stream(mt.cpu.Stream()) as _:
        pass


@pytest.mark.compare
@pytest.mark.parametrize("name", ["cuda", "accelerator", "mps", "xpu", "cpu", "jit", "compiler"])
def test_names_and_parameters_are_torchs(name):
    torch = pytest.importorskip("torch")
    ours, theirs = getattr(mt, name), getattr(torch, name)
    unknown = [n for n in ours.__all__ if not hasattr(theirs, n)]
    assert set(unknown) <= {"get_device_module", "tensors"}
    for n in ours.__all__:
        function = getattr(theirs, n, None)
        if not inspect.isfunction(function) or not inspect.isfunction(getattr(ours, n)):
            continue
        own = [p for p in inspect.signature(getattr(ours, n)).parameters.values()]
        if any(p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD) for p in own):
            continue
        want = list(inspect.signature(function).parameters)
        assert [p.name for p in own] == want or n in ("compile", "nested_compile_region"), n


# --- switches -------------------------------------------------------------------------------------


def test_backends_switches_are_kept():
    cudnn = mt.backends.cudnn
    cudnn.benchmark = True
    with cudnn.flags(enabled=False, deterministic=True):
        assert not cudnn.enabled and cudnn.deterministic and not cudnn.benchmark
    assert cudnn.enabled and cudnn.benchmark and not cudnn.deterministic
    assert cudnn.set_flags(_benchmark=False)[1] is True and not cudnn.benchmark
    assert not cudnn.is_available() and cudnn.version() is None
    assert not mt.backends.mps.is_available() and not mt.backends.cuda.is_built()
    with mt.backends.mkldnn.flags(enabled=False):
        assert not mt.backends.mkldnn.enabled
    assert mt.backends.mkldnn.enabled
    assert mt.backends.cpu.get_cpu_capability() in ("AVX512", "AVX2", "DEFAULT")
    for name in ("mkl", "openmp", "opt_einsum", "nnpack", "cusparselt"):
        assert importlib.import_module(f"minitorch.backends.{name}").is_available() in (True, False)
    with pytest.raises(ValueError, match="opt_einsum is not available"):
        mt.backends.opt_einsum.set_flags(True)
    mt.backends.mha.set_fastpath_enabled(False)
    assert not mt.backends.mha.get_fastpath_enabled()
    mt.backends.mha.set_fastpath_enabled(True)


def test_ways_to_attention():
    cuda = mt.backends.cuda
    with pytest.warns(FutureWarning, match="sdp_kernel"):
        context = cuda.sdp_kernel(enable_flash=False)
    with context:
        assert not cuda.flash_sdp_enabled() and cuda.math_sdp_enabled()
    assert cuda.flash_sdp_enabled()
    cuda.enable_math_sdp(False)
    assert not cuda.math_sdp_enabled()
    cuda.enable_math_sdp(True)


def test_the_precision_of_products_is_one_switch():
    matmul = mt.backends.cuda.matmul
    assert mt.get_float32_matmul_precision() == "highest" and not matmul.allow_tf32
    try:
        matmul.allow_tf32 = True
        assert mt.get_float32_matmul_precision() == "high"
        mt.set_float32_matmul_precision("medium")
        assert matmul.allow_tf32
        with pytest.warns(UserWarning, match="low is not one of"):
            mt.set_float32_matmul_precision("low")
        assert mt.get_float32_matmul_precision() == "medium"
    finally:
        mt.set_float32_matmul_precision("highest")
    with pytest.raises(RuntimeError, match="expects a str, but got int"):
        mt.set_float32_matmul_precision(1)
    with pytest.raises(AttributeError, match="Unknown attribute"):
        matmul.nowhere = 1
    with pytest.raises(RuntimeError, match="Unknown precision: half"):
        matmul.fp32_precision = "half"


def test_threads():
    before = mt.get_num_threads()
    try:
        mt.set_num_threads(1)
        assert mt.get_num_threads() == 1
        from minitorch.backends import blas

        assert blas.get_num_threads() == 1  # the library itself, where it can be asked
    finally:
        mt.set_num_threads(before)
    for bad, message in ((0, "positive integer"), ("2", "int, but got str"), (True, "got bool")):
        with pytest.raises(RuntimeError, match=message):
            mt.set_num_threads(bad)
    assert mt.get_num_interop_threads() >= 1


def test_determinism():
    try:
        mt.use_deterministic_algorithms(True, warn_only=True)
        assert mt.are_deterministic_algorithms_enabled()
        assert mt.is_deterministic_algorithms_warn_only_enabled()
        assert mt.get_deterministic_debug_mode() == 1
        mt.set_deterministic_debug_mode("error")
        assert mt.get_deterministic_debug_mode() == 2
        for bad, kind in (("loud", RuntimeError), (3, RuntimeError), (1.0, TypeError)):
            with pytest.raises(kind):
                mt.set_deterministic_debug_mode(bad)
    finally:
        mt.use_deterministic_algorithms(False)
    assert not mt.are_deterministic_algorithms_enabled()
    assert mt.set_flush_denormal(True) is False
    mt.set_warn_always(True)
    assert mt.is_warn_always_enabled()
    mt.set_warn_always(False)


def test_typename():
    assert mt.typename(mt.ones(1, dtype=mt.int64)) == "torch.LongTensor"
    assert mt.typename(mt.nn.Linear) == "torch.nn.modules.linear.Linear"
    assert mt.typename(mt.nn.Linear(1, 1)) == "torch.nn.modules.linear.Linear"
    assert mt.typename(mt.float32) == "torch.dtype" and mt.typename(3) == "int"
    assert mt.typename([]) == "list" and mt.typename(len) == "len"


# --- compilers ------------------------------------------------------------------------------------


def test_compile_returns_what_it_is_given():
    model = mt.nn.Linear(2, 2)
    assert mt.compile(model, mode="max-autotune", fullgraph=True, backend="inductor") is model

    @mt.compile
    def one(x):
        return x + 1

    @mt.compile(dynamic=True, options={"triton.cudagraphs": True})
    def two(x):
        return x + 2

    assert one(1) == 2 and two(1) == 3
    with pytest.raises(RuntimeError, match="Unrecognized mode=fast"):
        mt.compile(model, mode="fast")
    with pytest.raises(RuntimeError, match="Either mode or options"):
        mt.compile(model, mode="default", options={})
    with pytest.raises(AssertionError, match="A callable function is expected"):
        mt.compile(3)
    mt._assert(True, "fine")
    with pytest.raises(AssertionError, match="wrong"):
        mt._assert(False, "wrong")


def test_compiler_decorators():
    compiler = mt.compiler

    def f(x):
        return x

    for decorator in (compiler.disable, compiler.allow_in_graph, compiler.disable(recursive=False)):
        assert decorator(f) is f
    with compiler.set_stance("force_eager"):
        assert not compiler.is_compiling()
    compiler.reset()
    import numpy as np

    @compiler.wrap_numpy
    def doubled(pair):
        assert all(isinstance(x, np.ndarray) for x in pair)
        return pair[0] * 2

    assert doubled([mt.ones(2), mt.ones(2)]).tolist() == [2, 2]
    mt._dynamo.config.suppress_errors = True
    mt._dynamo.config.suppress_errors = False
    mt._inductor.config.coordinate_descent_tuning = False
    mt._dynamo.reset()
    mt._logging.set_logs(dynamo=10)
    assert mt._dynamo.optimize("eager")(f) is f
    assert mt._dynamo.utils.same([mt.ones(2)], [mt.ones(2)])
    assert not mt._dynamo.utils.same({"a": mt.ones(2)}, {"a": mt.zeros(2)})
    with pytest.raises(NotImplementedError, match="traces nothing"):
        mt._dynamo.explain(f)
    with mt._inductor.utils.fresh_inductor_cache():
        pass


def test_scripts_run_as_they_are(tmp_path):
    jit = mt.jit

    class Net(mt.nn.Module):
        scale: jit.Final[int]

        def __init__(self):
            super().__init__()
            self.scale = 2
            self.layer = mt.nn.Linear(2, 2)

        def forward(self, x):
            return self.inner(x) * self.scale

        @jit.export
        def inner(self, x):
            return self.layer(x)

        @jit.ignore
        def left_out(self):
            return 1

        @jit.unused
        def not_used(self):
            return 2

    net, x = Net(), mt.ones(1, 2)
    for made in (jit.script(net), jit.trace(net, x), jit.trace(net, (x,))):
        assert isinstance(made, jit.ScriptModule) and isinstance(made, Net)
        assert mt.equal(made(x), net(x)) and made.layer.weight is net.layer.weight
        assert list(made.state_dict()) == list(net.state_dict())
        with pytest.raises(NotImplementedError, match="state_dict"):
            made.save(tmp_path / "net.pt")
        with pytest.raises(NotImplementedError):
            _ = made.code
    assert not isinstance(net, jit.ScriptModule)
    assert jit.freeze(jit.script(net).eval()).left_out() == 1
    with pytest.raises(RuntimeError, match="Freezing expects a ScriptModule"):
        jit.freeze(net)
    with pytest.raises(NotImplementedError, match="interpreter"):
        jit.load(tmp_path / "net.pt")

    @jit.script
    def doubled(x: mt.Tensor) -> mt.Tensor:
        """Twice."""
        return x * 2

    assert doubled(x).tolist() == [[2, 2]] and doubled.__name__ == "doubled"
    traced = jit.trace(lambda a, b: a + b, (x, x))
    assert traced(x, x).tolist() == [[2, 2]]
    with pytest.raises(ZeroDivisionError):
        jit.trace(lambda a: 1 / 0, x)
    assert jit.wait(jit.fork(lambda a: a + 1, 2)) == 3
    assert not jit.is_scripting() and jit.annotate(list[int], []) == []
    assert jit.ignore(drop=True)(net.inner) == net.inner


def test_jit_isinstance():
    check = mt.jit.isinstance
    assert check([1, 2], list[int]) and not check([1, "a"], list[int])
    assert check({"a": 1.0}, dict[str, float]) and not check({1: 1.0}, dict[str, float])
    assert check((1, "a"), tuple[int, str]) and not check((1,), tuple[int, str])
    assert check(None, int | None) and check(3, (str, int)) and not check("a", int)


# --- small ones -----------------------------------------------------------------------------------


def test_functions_can_be_taken_over():
    overrides = mt.overrides

    class Taker:
        @classmethod
        def __torch_function__(cls, func, types, args=(), kwargs=None):
            return func.__name__, types, args

    class Decliner:
        @classmethod
        def __torch_function__(cls, func, types, args=(), kwargs=None):
            return NotImplemented

    @overrides.wrap_torch_function(lambda x: (x,))
    def double(x):
        return x * 2

    assert double(2) == 4
    taker = Taker()
    assert double(taker) == ("double", (Taker,), (taker,))
    with pytest.raises(TypeError, match="Multiple dispatch failed"):
        double(Decliner())
    assert overrides.is_tensor_like(taker) and overrides.is_tensor_like(mt.ones(1))
    assert not overrides.is_tensor_like([1]) and not overrides.has_torch_function((mt.ones(1),))
    assert overrides.resolve_name(mt.Tensor.exp) == "torch.Tensor.exp"
    assert overrides.is_tensor_method_or_property(mt.Tensor.exp)
    with overrides.BaseTorchFunctionMode():
        pass
    with pytest.raises(NotImplementedError), overrides.TorchFunctionMode():
        pass


def test_other_addresses():
    from minitorch.types import Device, Number  # noqa: F401
    from minitorch.utils import collect_env, hooks

    assert mt._C._LinAlgError is mt.linalg.LinAlgError

    class Plain(mt.Tensor):
        __torch_function__ = mt._C._disabled_torch_function_impl

    class Kept(mt.Tensor):
        pass

    plain, kept = mt.ones(2).as_subclass(Plain), mt.ones(2).as_subclass(Kept)
    assert type(plain + 1) is mt.Tensor and type(kept + 1) is Kept
    assert mt.overrides.has_torch_function((kept,))
    with mt._C.DisableTorchFunctionSubclass():
        assert type(kept + 1) is mt.Tensor
    handle = mt.ones(1, requires_grad=True).register_hook(lambda g: g)
    assert isinstance(handle, hooks.RemovableHandle)
    assert "NumPy" in collect_env.get_pretty_env_info()


def test_futures():
    from minitorch.futures import Future, collect_all, wait_all

    future = Future()
    plus_one = future.then(lambda done: done.value() + 1)
    assert not future.done() and not plus_one.done()
    with pytest.raises(RuntimeError):
        future.value()
    thread = threading.Thread(target=future.set_result, args=(3,))
    thread.start()
    assert plus_one.wait() == 4 and future.wait() == 3
    thread.join()
    with pytest.raises(RuntimeError, match="completed Future as complete again"):
        future.set_result(4)
    failed = Future()
    failed.set_exception(ValueError("no"))
    with pytest.raises(ValueError, match="no"):
        failed.wait()
    with pytest.raises(RuntimeError, match="Got the following error.*ValueError: no"):
        failed.then(lambda done: done.value()).wait()
    assert wait_all([future, plus_one]) == [3, 4] and collect_all([]).wait() == []
    with pytest.raises(AssertionError, match="not an Exception"):
        Future().set_exception(3)


def test_torchs_other_addresses_of_the_same_things():
    for name, values in {
        "functional": ["einsum", "split", "unique", "norm", "meshgrid"],
        "_tensor": ["Tensor"],
    }.items():
        module = importlib.import_module(f"minitorch.{name}")
        assert all(getattr(module, value) is getattr(mt, value) for value in values)
    from minitorch.autograd import anomaly_mode, grad_mode
    from minitorch.utils import dlpack
    from minitorch.vision import version

    assert grad_mode.no_grad is mt.no_grad and version.__version__ == mt.__version__
    assert anomaly_mode.detect_anomaly is mt.autograd.detect_anomaly
    x = mt.arange(3.0)
    shared = dlpack.from_dlpack(dlpack.to_dlpack(x))
    x[0] = 5
    assert shared.tolist() == [5, 1, 2] and dlpack.from_dlpack(x).tolist() == [5, 1, 2]
    with pytest.warns(FutureWarning, match="deprecated"):
        context = mt.cpu.amp.autocast(dtype=mt.float16)
    with context:
        assert (mt.ones(2, 2) @ mt.ones(2, 2)).dtype is mt.float16
    with pytest.warns(FutureWarning, match="deprecated"):
        assert mt.cpu.amp.GradScaler().is_enabled()


@pytest.mark.parametrize(
    "name",
    ["amp.autocast_mode", "amp.grad_scaler", "autograd.profiler", "compiler", "futures", "jit"]
    + ["profiler.profiler", "testing._comparison", "testing._creation", "torch_version"]
    + ["utils.benchmark.utils.timer"],
)
def test_examples(name):
    failed, attempted = doctest.testmod(importlib.import_module(f"minitorch.{name}"))
    assert attempted and not failed
