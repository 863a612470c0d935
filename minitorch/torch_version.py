"""A version that is text and compares as a version: ``TorchVersion("2.13.0+cpu") >= (2, 9)``."""

from __future__ import annotations

import re

__all__ = ["TorchVersion"]

_PATTERN = re.compile(
    r"\s*v?(?:(?P<epoch>\d+)!)?(?P<release>\d+(?:\.\d+)*)"
    r"(?:[-_.]?(?P<pre>alpha|a|beta|b|preview|pre|c|rc)[-_.]?(?P<pre_number>\d*))?"
    r"(?:-(?P<post_dash>\d+)|[-_.]?(?P<post>post|rev|r)[-_.]?(?P<post_number>\d*))?"
    r"(?:[-_.]?(?P<dev>dev)[-_.]?(?P<dev_number>\d*))?"
    r"(?:\+(?P<local>[a-z0-9]+(?:[-_.][a-z0-9]+)*))?\s*",
    re.IGNORECASE,
)
_PRE = {"alpha": "a", "beta": "b", "c": "rc", "pre": "rc", "preview": "rc"}


def _key(version):
    """What versions are ordered by (PEP 440), or None where ``version`` is none."""
    if isinstance(version, (tuple, list)):
        version = ".".join(map(str, version))
    match = _PATTERN.fullmatch(str(version))
    if match is None:
        return None
    release = [int(part) for part in match["release"].split(".")]
    while release and not release[-1]:  # 2.0 is 2
        release.pop()
    post = match["post_dash"] or (match["post"] and (match["post_number"] or "0"))
    dev = match["dev"] and int(match["dev_number"] or 0)
    if match["pre"]:
        name = match["pre"].lower()
        pre = (0, _PRE.get(name, name), int(match["pre_number"] or 0))
    elif dev is not None and post is None:
        pre = (-1,)  # a development version comes before every other of its release
    else:
        pre = (1,)
    local = match["local"]
    return (
        int(match["epoch"] or 0),
        release,
        pre,
        -1 if post is None else int(post),
        float("inf") if dev is None else dev,
        [
            (1, int(part), "") if part.isdecimal() else (0, 0, part.lower())
            for part in (re.split(r"[-_.]", local) if local else ())
        ],
    )


class TorchVersion(str):
    """Text that compares as a version with text, tuples, lists and ``packaging``'s versions.

    Text that is no version compares as text.

    Example::

        >>> TorchVersion("2.13.0+cpu") >= (2, 9)
        True
        >>> TorchVersion("2.13.0+cpu") > "2.2"
        True

    Source: torch.torch_version.TorchVersion.
    """

    __slots__ = ()

    def _compare(self, other, method):
        kind = type(other)
        if not isinstance(other, (str, tuple, list)) and kind.__name__ != "Version":
            return NotImplemented
        own, theirs = _key(self), _key(other)
        if own is None or theirs is None:
            return getattr(str, method)(self, other)
        return getattr(tuple, method)(own, theirs)

    def __eq__(self, other):
        return self._compare(other, "__eq__")

    def __ne__(self, other):
        return self._compare(other, "__ne__")

    def __lt__(self, other):
        return self._compare(other, "__lt__")

    def __le__(self, other):
        return self._compare(other, "__le__")

    def __gt__(self, other):
        return self._compare(other, "__gt__")

    def __ge__(self, other):
        return self._compare(other, "__ge__")

    __hash__ = str.__hash__
