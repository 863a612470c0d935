"""Derivatives in one direction, carried along with a computation: dual numbers.

``make_dual(x, t)`` begins a computation at x that moves in the direction t, and ``unpack_dual``
says how fast a result moves.  The dual tensor is a tracked copy of x; the tangent of a result is
worked out when it is asked for, from the graph behind it: v J is linear in v, and the gradient of
``(v J) . t`` with respect to v is ``J t``.

Source: torch.autograd.forward_ad.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from minitorch.autograd.graph import has_other_leaves
from minitorch.autograd.interface import grad
from minitorch.autograd.mode import enable_grad, forward_rules
from minitorch.ops.creation import zeros_like
from minitorch.ops.shape import view_as
from minitorch.tensor import Tensor

__all__ = [
    "UnpackedDualTensor",
    "dual_level",
    "enter_dual_level",
    "exit_dual_level",
    "make_dual",
    "unpack_dual",
]

#: The open level, as the list of its (dual tensor, tangent); None outside.
_level: list[tuple[Tensor, Tensor]] | None = None


class UnpackedDualTensor(NamedTuple):
    """A value, and its derivative (None if it does not move)."""

    primal: Tensor
    tangent: Tensor | None


def enter_dual_level() -> int:
    """Open the level in which dual tensors can be made.

    Raises RuntimeError inside another one.  Source: torch.autograd.forward_ad.enter_dual_level.
    """
    global _level
    if _level is not None:
        raise RuntimeError("Nested forward mode AD is not supported at the moment")
    _level = []
    return 0


def exit_dual_level(*, level: int | None = None) -> None:
    """Close the level: its dual tensors move no more.

    Raises RuntimeError if none is open.  Source: torch.autograd.forward_ad.exit_dual_level.
    """
    global _level
    if _level is None:
        raise RuntimeError("Trying to exit a forward AD level that was not entered")
    _level = None


class dual_level:
    """A block in which dual tensors can be made.  Source: torch.autograd.forward_ad.dual_level.

    Example::

        >>> import minitorch
        >>> from minitorch.autograd import forward_ad
        >>> with forward_ad.dual_level():
        ...     x = forward_ad.make_dual(minitorch.tensor(3.0), minitorch.tensor(1.0))
        ...     forward_ad.unpack_dual(x * x).tangent
        tensor(6.)
    """

    def __enter__(self) -> int:
        return enter_dual_level()

    def __exit__(self, *exc_info: Any) -> None:
        exit_dual_level()


def make_dual(tensor: Tensor, tangent: Tensor, *, level: int | None = None) -> Tensor:
    """A copy of ``tensor`` that moves in the direction ``tangent``.

    Raises RuntimeError outside a level and for another shape, ValueError for elements that are not
    floating point.  Source: torch.autograd.forward_ad.make_dual.
    """
    if _level is None:
        raise RuntimeError(
            "Trying to create a dual Tensor for forward AD but no level exists, make sure to "
            "enter_dual_level() first."
        )
    if not (tensor.is_floating_point() or tensor.is_complex()):
        raise ValueError(
            f"Expected primal to be floating point or complex, but got: {tensor.dtype}"
        )
    if tangent.shape != tensor.shape:
        raise RuntimeError(
            "Trying to set a forward gradient that has a different size than that of the original "
            f"Tensor, this is not supported. Tensor is of size {list(tensor.shape)} while the "
            f"given forward gradient is of size {list(tangent.shape)}."
        )
    with enable_grad():
        if tangent.stride() != tensor.stride():
            tangent = zeros_like(tensor) + tangent  # torch: laid out as the tensor is
        if tensor.requires_grad:
            dual = view_as(tensor, tensor)
        else:
            dual = tensor.detach().requires_grad_()
    _level.append((dual, tangent))
    return dual


def unpack_dual(tensor: Tensor, *, level: int | None = None) -> UnpackedDualTensor:
    """The value of a tensor and its derivative in the directions of the level's dual tensors.

    Source: torch.autograd.forward_ad.unpack_dual.
    """
    if not _level or not tensor.requires_grad:
        return UnpackedDualTensor(tensor, None)
    for dual, tangent in _level:
        if tensor is dual:
            primal = tensor.detach() if tensor.is_leaf else view_as(tensor, tensor)
            return UnpackedDualTensor(primal, tangent)
    duals = [dual for dual, _ in _level]
    with enable_grad():
        seed = zeros_like(tensor).requires_grad_()
        with forward_rules():
            pulled = grad(tensor, duals, seed, create_graph=True, allow_unused=True)
        pairs = [
            (g, tangent) for g, (_, tangent) in zip(pulled, _level, strict=True) if g is not None
        ]
        if not pairs:
            return UnpackedDualTensor(tensor, None)
        (tangent,) = grad(
            [g for g, _ in pairs],
            seed,
            [tangent for _, tangent in pairs],
            create_graph=True,
            allow_unused=True,
            materialize_grads=True,
        )
    own = {copied._edge()[0] for copied in (*duals, seed)}
    if (
        has_other_leaves([tensor._edge()[0]], own)
        or tangent.requires_grad
        and has_other_leaves([tangent._edge()[0]], own)
    ):
        return UnpackedDualTensor(tensor, tangent)
    return UnpackedDualTensor(tensor.detach(), tangent.detach())
