"""Runs at the start of every process that ``python -m minitorch run`` starts, and its children.

Python imports a module of this name by itself; its directory is put first on PYTHONPATH.  It
installs the import hook, steps back from the path, and hands over to the sitecustomize that it
stands in front of, if there is one.
"""

import importlib.machinery
import importlib.util
import os
import sys

_PLACE = os.path.dirname(os.path.abspath(__file__))


def _install_redirection():
    # By its file: importing it through the package would load minitorch and NumPy in every
    # process, also in those that never ask for torch.
    name = "minitorch.compat.redirect"
    path = os.path.join(os.path.dirname(_PLACE), "redirect.py")
    spec = importlib.util.spec_from_file_location(name, path)
    redirect = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(redirect)
    redirector = redirect.Redirector()
    redirector.finds_home = True
    sys.meta_path.insert(0, redirector)

    show = sys.excepthook

    def excepthook(kind, error, traceback):
        note = redirect.explain(error)
        if note is not None:
            error.add_note(note)
        show(kind, error, traceback)

    sys.excepthook = excepthook


def _run_the_next_sitecustomize():
    sys.path[:] = [place for place in sys.path if os.path.abspath(place or ".") != _PLACE]
    spec = importlib.machinery.PathFinder.find_spec("sitecustomize", sys.path)
    if spec is not None and spec.loader is not None:
        module = importlib.util.module_from_spec(spec)
        sys.modules["sitecustomize"] = module
        spec.loader.exec_module(module)


_install_redirection()
_run_the_next_sitecustomize()
