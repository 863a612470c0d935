"""Programs that say ``import torch``: the import hook, and ``python -m minitorch run``."""

from __future__ import annotations

import importlib.util
import os
import pathlib
import subprocess
import sys
import textwrap

import pytest

import minitorch as mt
import minitorch.compat
from minitorch.compat import redirect
from minitorch.torch_version import TorchVersion

ROOT = pathlib.Path(__file__).resolve().parents[1]


def python(*arguments, cwd, stdin=None, **variables):
    """Python on ``arguments`` with the checkout on its path, in the directory ``cwd``."""
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=cwd,
        input=stdin,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT), **variables},
    )


def run(*arguments, cwd, stdin=None, **variables):
    return python("-m", "minitorch", "run", *arguments, cwd=cwd, stdin=stdin, **variables)


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(textwrap.dedent(text))
    return path


@pytest.fixture
def installed():
    """The redirection in this process; where the real torch is imported, it steps aside."""
    real = {name: sys.modules.pop(name) for name in list(sys.modules) if redirect.target_of(name)}
    minitorch.compat.install()
    yield
    minitorch.compat.uninstall()
    sys.modules.update(real)


# --- the hook -------------------------------------------------------------------------------------


def test_modules_are_the_very_same(installed):
    import torch
    import torch.nn.functional as F
    import torchvision.transforms as transforms
    from torch.utils.data import DataLoader

    assert torch.nn is mt.nn and sys.modules["torch.nn"] is mt.nn
    assert F is mt.nn.functional
    assert transforms is mt.vision.transforms
    assert DataLoader is mt.utils.data.DataLoader
    assert torch.Tensor is mt.Tensor
    assert mt.nn.__name__ == "minitorch.nn" and mt.nn.__spec__.name == "minitorch.nn"
    assert torch.__name__ == "torch"


def test_versions(installed):
    import torch
    import torch.version
    import torchvision

    assert torch.__version__ == "2.13.0+cpu" and torch.__version__ >= (2, 9)
    assert torch.version.__version__ == "2.13.0+cpu" and torch.version.cuda is None
    assert torchvision.__version__.startswith("0.28")
    assert mt.__version__ == mt.version.__version__ == "0.1.0"


def test_what_importlib_says(installed):
    import importlib.metadata
    import importlib.util

    assert importlib.util.find_spec("torch").name == "torch"
    assert importlib.util.find_spec("torch.nn") is not None
    assert importlib.util.find_spec("torch.nowhere") is None
    assert importlib.metadata.version("torch") == "2.13.0+cpu"
    assert importlib.metadata.version("numpy")
    assert "torch" in {d.metadata["Name"] for d in importlib.metadata.distributions()}


def test_finding_loads_nothing(installed):
    import importlib.util

    assert importlib.util.find_spec("torch") is not None
    assert "torch" not in sys.modules


def test_writing_goes_to_both(installed, monkeypatch):
    import torch

    monkeypatch.setattr(torch, "relu", "other")
    assert mt.relu == "other"
    monkeypatch.undo()
    assert callable(mt.relu) and torch.relu is mt.relu
    torch.a_new_name = 3
    assert mt.a_new_name == 3
    del torch.a_new_name
    assert not hasattr(mt, "a_new_name")


def test_star_import_brings_functions_and_no_namespaces(installed):
    names = {}
    exec("from torch import *", names)
    assert names["tensor"] is mt.tensor and names["float32"] is mt.float32
    assert "nn" not in names and "vision" not in names


def test_what_is_missing_is_named(installed):
    import torch

    with pytest.raises(AttributeError, match="module 'torch' has no attribute 'nowhere'"):
        _ = torch.nowhere
    with pytest.raises(ModuleNotFoundError, match="No module named 'torch.nowhere'"):
        import torch.nowhere  # noqa: F401
    with pytest.raises(ImportError, match="nowhere") as caught:
        from torch.nn import nowhere  # noqa: F401
    assert redirect.explain(caught.value).startswith("minitorch does not have torch.nn.nowhere")
    assert f"{__file__}:" in redirect.explain(caught.value)
    assert redirect.explain(ValueError("else")) is None
    assert redirect.explain(ModuleNotFoundError("No module named 'x'", name="x")) is None


def test_install_is_refused_beside_the_real_one(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", object())
    with pytest.raises(RuntimeError, match="torch is imported already"):
        minitorch.compat.install()
    assert not minitorch.compat.is_installed()


def test_uninstall_leaves_nothing(installed):
    import torch.nn  # noqa: F401

    minitorch.compat.install()  # a second time changes nothing
    minitorch.compat.uninstall()
    assert not minitorch.compat.is_installed()
    assert not [name for name in sys.modules if redirect.target_of(name)]
    assert mt.nn.Linear


# --- versions -------------------------------------------------------------------------------------

COMPARED = (
    """
    2.13 2.13.0 2.13.0+cpu 2.13.0+cu130 2.13.0+1 2.13.0a1 2.13.0rc2 2.13.0.dev3 2.13.0.post1
    2.13.0a1.dev2 2.9 2.13.1 10 1.13.1+cu117 1!0.1 v2.13 2.13.0-1 unknown
""".split()
    + [(2, 13), (2, 13, 0), [1, 8], (2, "x")]
)


def test_versions_compare_as_versions():
    version = TorchVersion("2.13.0+cpu")
    assert version > "2.9" and version >= (2, 13) and version < (2, 14) and version != "2.13.0"
    assert version > "2.13.0rc1" and version < "2.13.0.post1" and version < "2.13.0+cpu.1"
    assert version.split(".")[:2] == ["2", "13"] and version == "2.13.0+cpu"
    assert not version == 3 and version != 3
    with pytest.raises(TypeError):
        _ = version < 3


@pytest.mark.compare
@pytest.mark.parametrize("own", ["2.13.0+cpu", "2.13.0a1", "1.8", "2.13.0.dev1"])
def test_versions_compare_as_torchs(own):
    pytest.importorskip("torch")
    from torch.torch_version import TorchVersion as theirs

    for other in COMPARED:
        for method in ("__eq__", "__lt__", "__le__", "__gt__", "__ge__"):
            want = getattr(theirs(own), method)(other)
            assert getattr(TorchVersion(own), method)(other) == want, (own, method, other)


# --- the command ----------------------------------------------------------------------------------


def test_run_is_python(tmp_path):
    """What a program sees of the interpreter, under both."""
    write(tmp_path / "beside.py", "name = 'beside'")
    write(tmp_path / "pack/__init__.py", "")
    program = """
        import inspect, pickle, sys
        import beside

        class Thing:
            pass

        if __name__ == "__main__":
            assert pickle.loads(pickle.dumps(Thing())).__class__ is Thing
            assert inspect.getmodule(Thing) is sys.modules["__main__"]
            print(sys.argv, sys.path, __file__, __name__, __spec__ and __spec__.name, sys.flags)
            print(__package__, sorted(vars(sys.modules["__main__"])))
            sys.exit(int(sys.argv[1]))
        """
    write(tmp_path / "program.py", program)
    write(tmp_path / "pack/inner.py", program)
    code = "import sys; print(sys.argv, sys.path); sys.exit(len(sys.argv))"
    for arguments, stdin in (
        (["program.py", "3", "--flag"], None),
        (["-m", "pack.inner", "4"], None),
        (["-O", "-c", code, "a", "-b"], None),
        (["-", "5"], "import sys; print(sys.argv, __name__)"),
        (["missing.py"], None),
    ):
        plain = python(*arguments, cwd=tmp_path, stdin=stdin)
        ours = run(*arguments, cwd=tmp_path, stdin=stdin)
        assert ours.stdout == plain.stdout
        assert ours.returncode == plain.returncode
        assert ours.stderr == plain.stderr


def test_run_passes_pythons_own_options_on(tmp_path):
    code = "import sys, minitorch; print(sys.flags.optimize, sys.warnoptions)"
    done = python("-O", "-W", "error", "-m", "minitorch", "run", "-c", code, cwd=tmp_path)
    assert done.stdout == "1 ['error']\n"


CHILDREN = """
    import multiprocessing, subprocess, sys
    import torch

    def work(queue):
        import torch.nn
        queue.put(torch.nn.Linear.__module__)

    if __name__ == "__main__":
        code = "import torch; print(torch.ones(2).sum().item(), torch.nn.__name__)"
        print(subprocess.check_output([sys.executable, "-c", code], text=True), end="")
        for method in ("fork", "spawn"):
            context = multiprocessing.get_context(method)
            queue = context.Queue()
            process = context.Process(target=work, args=(queue,))
            process.start()
            print(method, queue.get(timeout=60))
            process.join()
    """


@pytest.mark.skipif(sys.platform == "win32", reason="no fork there")
def test_children_are_redirected(tmp_path):
    write(tmp_path / "program.py", CHILDREN)
    done = run("program.py", cwd=tmp_path)
    assert done.stdout.splitlines() == [
        "2.0 minitorch.nn",
        "fork minitorch.nn.modules.linear",
        "spawn minitorch.nn.modules.linear",
    ], done.stderr


def test_the_traceback_is_the_programs_and_names_what_is_missing(tmp_path):
    program = write(tmp_path / "program.py", "import torch\n\ntorch.nn.Nowhere(3)\n")
    done = run("program.py", cwd=tmp_path)
    lines = done.stderr.splitlines()
    assert done.returncode == 1
    assert lines[:3] == [
        "Traceback (most recent call last):",
        f'  File "{program}", line 3, in <module>',
        "    torch.nn.Nowhere(3)",
    ]
    assert lines[-2] == "AttributeError: module 'minitorch.nn' has no attribute 'Nowhere'"
    assert lines[-1] == f"minitorch does not have torch.nn.Nowhere (asked for at {program}:3)"


def test_a_sitecustomize_that_was_there_runs_too(tmp_path):
    write(tmp_path / "first/sitecustomize.py", "here = 'the first'")
    code = "import sitecustomize, torch; print(sitecustomize.here, torch.nn.__name__)"
    path = os.pathsep.join([str(tmp_path / "first"), str(ROOT)])
    done = run("-c", code, cwd=tmp_path, PYTHONPATH=path)
    assert done.stdout == "the first minitorch.nn\n", done.stderr


def test_a_process_that_asks_for_no_torch_loads_none(tmp_path):
    code = "import sys; print([m for m in ('minitorch', 'numpy', 'torch') if m in sys.modules])"
    assert run("-c", code, cwd=tmp_path).stdout == "[]\n"


def test_info_and_usage(tmp_path):
    done = python("-m", "minitorch", "info", cwd=tmp_path)
    assert done.returncode == 0
    for word in ("minitorch", "PyTorch", "NumPy", "BLAS", "threads", "PIL"):
        assert word in done.stdout
    done = python("-m", "minitorch", "walk", cwd=tmp_path)
    assert done.returncode == 2 and "usage:" in done.stderr
    assert python("-m", "minitorch", "--help", cwd=tmp_path).returncode == 0


def test_modules_of_torchs_run_by_name(tmp_path):
    done = run("-m", "torch.utils.collect_env", cwd=tmp_path)
    assert done.returncode == 0 and "NumPy" in done.stdout and not done.stderr


LIBRARIES = {
    "einops": """
        from einops import rearrange, reduce
        from einops.layers.torch import Rearrange
        x = torch.arange(24.).reshape(2, 3, 4)
        assert isinstance(rearrange(x, "a b c -> a (b c)"), torch.Tensor)
        assert reduce(x, "a b c -> a", "mean").shape == (2,)
        assert torch.nn.Sequential(Rearrange("a b c -> c (a b)"))(x).shape == (4, 6)
        """,
    "scipy": """
        import scipy.special, scipy.stats
        assert abs(float(scipy.special.expit(torch.zeros(2))[0]) - 0.5) < 1e-6
        assert scipy.stats.norm.cdf(torch.zeros(1).numpy())[0] == 0.5
        """,
    "pandas": """
        import pandas
        assert pandas.DataFrame({"a": torch.ones(3).numpy()}).a.sum() == 3
        assert pandas.Series(torch.ones(3).tolist()).sum() == 3
        """,
    "matplotlib": """
        import matplotlib
        matplotlib.use("Agg")
        import matplotlib.pyplot as plt
        (line,) = plt.plot(torch.arange(3.), torch.ones(3))
        assert list(line.get_ydata()) == [1, 1, 1]
        plt.imshow(torch.rand(3, 3))
        plt.hist(torch.rand(5))
        """,
    "tqdm": """
        import tqdm
        assert len(list(tqdm.tqdm(torch.arange(3), disable=True))) == 3
        """,
    "gymnasium": """
        import gymnasium
        env = gymnasium.make("CartPole-v1")
        seen, _ = env.reset(seed=0)
        assert torch.from_numpy(seen).shape == (4,)
        env.step(torch.tensor([0.1, 0.9]).argmax().item())
        """,
}


def test_libraries_take_the_tensors_for_torchs(tmp_path):
    """In one process, since importing them takes longest."""
    found = [name for name in LIBRARIES if importlib.util.find_spec(name)]
    if not found:
        pytest.skip("none of them is installed")
    lines = "".join(textwrap.dedent(LIBRARIES[name]) for name in found)
    program = write(tmp_path / "program.py", "import torch\n" + lines)
    done = run("-W", "ignore", str(program), cwd=tmp_path)
    assert not done.returncode, done.stderr


def test_the_environment_redirects_a_process(tmp_path):
    variables = minitorch.compat.environment({"PYTHONPATH": str(tmp_path), "KEPT": "1"})
    assert variables["KEPT"] == "1" and variables["PYTHONPATH"].endswith(str(tmp_path))
    assert minitorch.compat.environment(variables) == variables  # a second time changes nothing
    code = "import os, torch; print(torch.__version__, os.environ['KEPT'])"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
    )
    assert done.stdout == "2.13.0+cpu 1\n", done.stderr
