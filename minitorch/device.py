"""Where a tensor lives: ``device("cpu")``, ``device("cuda:0")``."""

from __future__ import annotations

import threading

__all__ = ["default_device", "device", "get_default_device", "set_default_device"]

#: The types that torch's own parser knows; only cpu and cuda have a backend here.
KNOWN_TYPES = (
    "cpu",
    "cuda",
    "ipu",
    "xpu",
    "mkldnn",
    "opengl",
    "opencl",
    "ideep",
    "hip",
    "ve",
    "fpga",
    "maia",
    "xla",
    "lazy",
    "vulkan",
    "mps",
    "meta",
    "hpu",
    "mtia",
    "privateuseone",
)


class device:
    """A device type with an optional index.

    ``device("cuda", 1)``, ``device("cuda:1")``, ``device(1)`` (cuda) and ``device(other_device)``
    all work.  In ``with device("meta"):`` new tensors are made there.

    Raises RuntimeError for an unknown type or a malformed index.  Source: ``torch.device``.
    """

    __module__ = "minitorch"  # where users find it
    __slots__ = ("type", "index")

    type: str
    index: int | None

    def __new__(cls, type: str | int | device = "cpu", index: int | None = None):
        if isinstance(type, device):
            return type
        if isinstance(type, int):
            return cls("cuda", type)
        if not isinstance(type, str):
            raise TypeError(
                f"device(): argument 'type' (position 1) must be str, not {type.__class__.__name__}"
            )
        kind, colon, number = type.partition(":")
        if colon:
            if index is not None:
                raise RuntimeError(
                    "type (string) must not include an index because index was passed "
                    f"explicitly: {type}"
                )
            if not number.isdecimal() or (len(number) > 1 and number[0] == "0"):
                raise RuntimeError(f"Invalid device string: '{type}'")
            index = int(number)
        if kind not in KNOWN_TYPES:
            raise RuntimeError(
                f"Expected one of {', '.join(KNOWN_TYPES)} device type at start of device "
                f"string: {kind}"
            )
        if index is not None and index < 0:
            raise RuntimeError(f"Device index must not be negative, got {index}")
        self = super().__new__(cls)
        object.__setattr__(self, "type", kind)
        object.__setattr__(self, "index", index)
        return self

    def __setattr__(self, name, value):
        raise AttributeError(f"attribute '{name}' of 'torch.device' objects is not writable")

    def __repr__(self):
        where = (
            f"type='{self.type}'"
            if self.index is None
            else f"type='{self.type}', index={self.index}"
        )
        return f"device({where})"

    def __str__(self):
        return self.type if self.index is None else f"{self.type}:{self.index}"

    def __eq__(self, other):
        if not isinstance(other, device):
            return NotImplemented
        return self.type == other.type and self.index == other.index

    def __hash__(self):
        return hash((self.type, self.index))

    def __reduce__(self):
        return device, (str(self),)

    def __enter__(self):
        _default.outer.append(_default.device)
        _default.device = self
        return self

    def __exit__(self, *exc_info):
        _default.device = _default.outer.pop()


class _Default(threading.local):
    """Where one thread makes new tensors, and where it did outside each open ``with device``."""

    def __init__(self):
        self.device = None
        self.outer = []


_default = _Default()


def default_device() -> device | None:
    """Where new tensors are made if nobody says; None where nobody ever said, which is the CPU."""
    return _default.device


def set_default_device(device: device | str | int | None) -> None:
    """Make new tensors on ``device`` from now on; None sets it back.

    Source: torch.set_default_device.
    """
    _default.device = None if device is None else _device(device)


def get_default_device() -> device:
    """Where new tensors are made.  Source: torch.get_default_device."""
    return _default.device or _device("cpu")


#: The class under a name that no argument hides.
_device = device
