"""What registering a hook returns: a handle that takes the hook away again.

Tensors, graph nodes and modules keep their hooks in ordered dicts, keyed by the handle's id.  The
handle refers to those dicts weakly: keeping a handle does not keep the tensor or module alive.
"""

from __future__ import annotations

import itertools
import weakref
from collections import OrderedDict
from collections.abc import MutableMapping, Sequence
from typing import Any

__all__ = ["RemovableHandle"]

_ids = itertools.count()


class RemovableHandle:
    """Removes one hook from the dict it was registered in.

    Used as a context manager, it removes the hook on leaving the block.

    Args:
        hooks_dict: the ``OrderedDict`` that holds the hook under the handle's ``id`` (a plain dict
            cannot be referred to weakly).
        extra_dict: an ordered dict, or a list of them, with notes on the hook under the same id.

    Source: torch.utils.hooks.RemovableHandle.

    Example::

        >>> from collections import OrderedDict
        >>> from minitorch.hooks import RemovableHandle
        >>> hooks = OrderedDict()
        >>> handle = RemovableHandle(hooks)
        >>> hooks[handle.id] = print
        >>> handle.remove()
        >>> len(hooks)
        0
    """

    __module__ = "minitorch.utils.hooks"  # where torch has it

    def __init__(
        self,
        hooks_dict: MutableMapping[int, Any],
        *,
        extra_dict: MutableMapping[int, Any] | Sequence[MutableMapping[int, Any]] | None = None,
    ) -> None:
        if extra_dict is None:
            extras: Sequence[MutableMapping[int, Any]] = ()
        elif isinstance(extra_dict, MutableMapping):
            extras = (extra_dict,)
        else:
            extras = extra_dict
        self._point_at(hooks_dict, extras)
        self.id: int = next(_ids)

    def _point_at(
        self,
        hooks_dict: MutableMapping[int, Any],
        extras: Sequence[MutableMapping[int, Any]],
    ) -> None:
        self.hooks_dict_ref = weakref.ref(hooks_dict)
        self.extra_dict_ref = tuple(weakref.ref(extra) for extra in extras)

    def remove(self) -> None:
        """Take the hook away. Doing so twice, or after its owner died, changes nothing."""
        for reference in (self.hooks_dict_ref, *self.extra_dict_ref):
            hooks = reference()
            if hooks is not None:
                hooks.pop(self.id, None)

    def __enter__(self) -> RemovableHandle:
        return self

    def __exit__(self, *exception: object) -> None:
        self.remove()

    def __getstate__(self) -> tuple[Any, int, tuple[Any, ...]]:
        return self.hooks_dict_ref(), self.id, tuple(ref() for ref in self.extra_dict_ref)

    def __setstate__(self, state: tuple[Any, int, tuple[Any, ...]]) -> None:
        global _ids
        hooks_dict, self.id, extras = state
        # A dict whose owner was gone when the handle was pickled leaves a dead reference behind.
        self._point_at(
            OrderedDict() if hooks_dict is None else hooks_dict,
            [extra for extra in extras if extra is not None],
        )
        # The loaded id is in use again: no new handle may get it.
        _ids = itertools.count(max(next(_ids), self.id + 1))
