"""How a function that needs a GPU says that there is none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

MESSAGE = "Torch not compiled with CUDA enabled"


def no_gpu() -> AssertionError:
    """The error for what needs a GPU, of torch's class."""
    return AssertionError(MESSAGE)


def unavailable(name: str, what: str, parameters: str = "") -> Callable[..., Any]:
    """The function ``name(parameters)``, which raises."""
    # Made from text, so that it takes the arguments that torch's takes and no others.
    made: dict[str, Any] = {"no_gpu": no_gpu}
    exec(f"def {name}({parameters}):\n    raise no_gpu()", made)
    function = made[name]
    function.__module__ = "minitorch.cuda"
    function.__doc__ = f"{what}  Raises AssertionError: there is none.  Source: torch.cuda.{name}."
    return function
