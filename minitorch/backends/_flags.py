"""Groups of switches that programs set and read back, with nothing behind them."""

from __future__ import annotations

PRECISIONS = ("ieee", "tf32", "bf16", "none")


class Switches:
    """An object whose attributes are the switches it was made with, and no others."""

    def __init__(self, **values):
        vars(self).update(values)

    def __getattr__(self, name):
        raise AttributeError(f"Unknown attribute {name}")

    def __setattr__(self, name, value):
        if name not in vars(self):
            raise AttributeError(f"Unknown attribute {name}")
        if name == "fp32_precision" and value not in PRECISIONS:
            raise RuntimeError(f"Unknown precision: {value}")
        vars(self)[name] = value


def exchange(switches: dict, names: list[str], values: tuple) -> tuple:
    """Set those of the switches that have a value; what all of them were before."""
    before = tuple(switches[name] for name in names)
    switches.update(
        {name: value for name, value in zip(names, values, strict=True) if value is not None}
    )
    return before
