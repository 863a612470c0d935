"""The import hook behind ``minitorch.compat``: ``import torch`` finds minitorch.

This file is also loaded by itself, without the package around it, at the start of every process
that a redirected program starts (``_site/sitecustomize.py``).  So it imports nothing but a little
of the standard library, and minitorch only when a program asks for torch.
"""

from __future__ import annotations

import importlib
import importlib.machinery
import importlib.util
import os
import sys
import types

__all__ = ["Redirector", "TORCHVISION_VERSION", "TORCH_VERSION", "explain", "target_of"]

#: What programs read as ``torch.__version__``: the PyTorch whose behaviour this follows.
TORCH_VERSION = "2.13.0+cpu"
#: What they read as ``torchvision.__version__``.
TORCHVISION_VERSION = "0.28.0+cpu"

#: The directory that the package ``minitorch`` lies in.
_HOME = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

#: The packages that are redirected, and where to.
_PACKAGES = {"torch": "minitorch", "torchvision": "minitorch.vision"}

#: The modules that say which version they are.  They are facades with answers of their own; all
#: others are the very modules of minitorch.
_OWN_ANSWERS = {
    "torch": {"__version__": TORCH_VERSION},
    "torch.version": {"__version__": TORCH_VERSION},
    "torchvision": {"__version__": TORCHVISION_VERSION},
    "torchvision.version": {"__version__": TORCHVISION_VERSION, "cuda": None},
}


def target_of(name: str) -> str | None:
    """The module of minitorch that stands for torch's ``name``; None where nothing does."""
    package, dot, rest = name.partition(".")
    target = _PACKAGES.get(package)
    return None if target is None else target + dot + rest


def _find(name):
    """The module of minitorch that stands for torch's ``name``, or None."""
    target = target_of(name)
    try:
        return importlib.import_module(target)
    except ModuleNotFoundError as error:
        # Something else that is missing, an optional package say, is not "no such module".
        if error.name is None or not (target + ".").startswith(error.name + "."):
            raise
    # torch: some of its modules are attributes that were made, not files.
    parent, _, leaf = target.rpartition(".")
    holder = sys.modules.get(parent)
    found = getattr(holder, leaf, None) if holder is not None else None
    if isinstance(found, types.ModuleType):
        return found
    return types.ModuleType(name) if name in _OWN_ANSWERS else None


class _Facade(types.ModuleType):
    """A module with another name and version than the one that it shows.

    Reading is as fast as with any module: the names are in its own dict, and what is imported on
    first use comes through the function ``__getattr__`` there.  Writing goes to both.
    """

    def __setattr__(self, name, value):
        super().__setattr__(name, value)
        own = name.startswith("__") or name in _OWN_ANSWERS[self.__name__]
        if not own and not isinstance(value, _Facade):
            setattr(self.__wrapped__, name, value)

    def __delattr__(self, name):
        super().__delattr__(name)
        if hasattr(self.__wrapped__, name):
            delattr(self.__wrapped__, name)

    def __dir__(self):
        return sorted({*vars(self), *dir(self.__wrapped__)})


def _facade(spec, module):
    """The module ``spec.name``, which shows what ``module`` has."""
    facade = _Facade(spec.name, module.__doc__)
    names = vars(facade)
    shown = {name: value for name, value in vars(module).items() if not name.startswith("__")}
    names.update(shown)
    names.update(_OWN_ANSWERS[spec.name])
    if spec.name == "torch":
        version = importlib.import_module("minitorch.torch_version")
        names["__version__"] = version.TorchVersion(TORCH_VERSION)

    def __getattr__(name):
        if name.startswith("__") or not hasattr(module, name):
            message = f"module {spec.name!r} has no attribute {name!r}"
            raise AttributeError(message, name=name, obj=facade)
        value = names[name] = getattr(module, name)
        return value

    names["__getattr__"] = __getattr__
    names["__wrapped__"] = module
    names["__file__"] = module.__dict__.get("__file__")
    if hasattr(module, "__all__"):
        # torch: "from torch import *" brings functions and classes, no namespaces.
        namespaces = getattr(module, "_LAZY", ())
        names["__all__"] = [
            name
            for name in module.__all__
            if name not in namespaces and not isinstance(shown.get(name), types.ModuleType)
        ]
    return facade


class _Loader:
    """Puts a module of minitorch, or a facade of it, in the place of the one that was imported."""

    def __init__(self, module=None):
        self.module = module

    def get_code(self, name):
        """The code behind the module, for ``python -m torch.distributed.run``."""
        spec = (self.module or importlib.import_module(target_of(name))).__spec__
        return spec.loader.get_code(spec.name)

    def create_module(self, spec):
        return None

    def exec_module(self, module):
        spec = module.__spec__
        found = self.module or importlib.import_module(target_of(spec.name))
        if spec.name in _OWN_ANSWERS:
            found = _facade(spec, found)
            vars(found).update(
                __spec__=spec, __loader__=self, __package__=module.__package__, __path__=[]
            )
        sys.modules[spec.name] = found


class Redirector:
    """The finder for ``sys.meta_path``.  Names outside torch and torchvision pass it by."""

    #: Whether ``minitorch`` itself is found where this file lies: in processes that were started
    #: by a program, its directory need not be on their path.
    finds_home = False

    def find_spec(self, name, path=None, target=None):
        """The spec of a module under torch or torchvision; None for everything else."""
        if name == "minitorch" and self.finds_home:
            return importlib.machinery.PathFinder.find_spec(name, [_HOME])
        if target_of(name) is None:
            return None
        if name in _PACKAGES:  # programs that only ask whether it is there need not wait for it
            return importlib.machinery.ModuleSpec(name, _Loader(), origin=_HOME, is_package=True)
        module = _find(name)
        if module is None:
            return None
        return importlib.machinery.ModuleSpec(
            name,
            _Loader(module),
            origin=getattr(module, "__file__", None),
            is_package=hasattr(module, "__path__"),
        )

    def find_distributions(self, context=None):
        """What ``importlib.metadata`` says of torch and torchvision: their names and versions."""
        name = getattr(context, "name", None)
        versions = {"torch": TORCH_VERSION, "torchvision": TORCHVISION_VERSION}
        chosen = versions if name is None else {name.lower().replace("_", "-")} & versions.keys()
        return [_distribution(package, versions[package]) for package in sorted(chosen)]


def _distribution(package, version):
    from importlib import metadata

    class Redirected(metadata.Distribution):
        """A package that is there under another name."""

        def read_text(self, filename):
            texts = {
                "METADATA": f"Metadata-Version: 2.1\nName: {package}\nVersion: {version}\n",
                "top_level.txt": package + "\n",
            }
            return texts.get(filename)

        def locate_file(self, path):
            return os.path.join(_HOME, "minitorch", path)

    return Redirected()


def explain(error: BaseException) -> str | None:
    """What an uncaught error says of a name of torch's that minitorch lacks, and where the program
    asked for it; None for every other error.
    """
    missing = _missing_name(error)
    if missing is None:
        return None
    place = _place_of(error.__traceback__)
    asked = f" (asked for at {place})" if place else ""
    return f"minitorch does not have {missing}{asked}"


def _missing_name(error):
    if isinstance(error, AttributeError) and isinstance(error.obj, types.ModuleType):
        module, name = error.obj.__name__, error.name
    elif isinstance(error, ModuleNotFoundError):
        module, _, name = (error.name or "").rpartition(".")
    elif isinstance(error, ImportError) and error.name and str(error).startswith("cannot import"):
        module, name = error.name, getattr(error, "name_from", None) or str(error).split("'")[1]
    else:
        return None
    for package, target in sorted(_PACKAGES.items(), key=lambda item: -len(item[1])):
        if (module + ".").startswith(target + "."):
            module = package + module[len(target) :]
    return f"{module}.{name}" if target_of(module) is not None else None


def _place_of(traceback):
    """``file:line`` of the innermost line outside minitorch and the import system."""
    place = None
    package = os.path.join(_HOME, "minitorch") + os.sep
    passed = (package, "<frozen", os.path.dirname(importlib.__file__) + os.sep)
    while traceback is not None:
        name = traceback.tb_frame.f_code.co_filename
        if not name.startswith(passed):
            place = f"{name}:{traceback.tb_lineno}"
        traceback = traceback.tb_next
    return place
