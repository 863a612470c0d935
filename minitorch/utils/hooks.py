"""torch's address of the handle that takes a hook back.  Source: torch.utils.hooks."""

from __future__ import annotations

import warnings

from minitorch.hooks import RemovableHandle

__all__ = ["RemovableHandle", "unserializable_hook", "warn_if_has_hooks"]


def unserializable_hook(f):
    """Mark a hook as one that is left out when its tensor is stored.

    Source: torch.utils.hooks.unserializable_hook.
    """
    f.__torch_unserializable__ = True
    return f


def warn_if_has_hooks(tensor) -> None:
    """Warn that a tensor's hooks are not stored with it.

    Source: torch.utils.hooks.warn_if_has_hooks.
    """
    for hook in (getattr(tensor, "_backward_hooks", None) or {}).values():
        if not hasattr(hook, "__torch_unserializable__"):
            warnings.warn(
                f"backward hook {hook!r} on tensor will not be serialized.  If this is expected, "
                "you can decorate the function with @torch.utils.hooks.unserializable_hook to "
                "suppress this warning",
                stacklevel=2,
            )
