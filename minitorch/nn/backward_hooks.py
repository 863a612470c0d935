"""How backward hooks see a module: by two identity nodes, around its inputs and around its outputs.

Gradients pass the output boundary first (the pre-hooks run there) and the input boundary last (the
hooks run there, with both the gradients of the outputs and of the inputs in hand).
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any

from minitorch.autograd.function import Function
from minitorch.autograd.mode import is_grad_enabled
from minitorch.tensor import Tensor

__all__ = ["BackwardHook", "BackwardHookFunction"]


class BackwardHookFunction(Function):
    """Identity on tensors; in backward, ``on_gradients(grads)`` says what flows on."""

    @staticmethod
    def forward(
        ctx: Any, on_gradients: Callable[[tuple], tuple], zeros_for_none: bool, *tensors: Tensor
    ) -> tuple:
        ctx.on_gradients = on_gradients
        ctx.set_materialize_grads(zeros_for_none)
        return tuple(tensor.view_as(tensor) for tensor in tensors)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor | None) -> tuple:
        return None, None, *ctx.on_gradients(grads)


class BackwardHook:
    """The full backward hooks and pre-hooks of one module, set up for one forward call.

    Hooks are shown one item per positional argument and one per output.  What is no tensor has
    None; an output that nothing was computed from has None, but an input zeros, as in torch.
    """

    def __init__(
        self, module: Any, user_hooks: Sequence[Callable], user_pre_hooks: Sequence[Callable]
    ) -> None:
        self.module = module
        self.user_hooks = user_hooks
        self.user_pre_hooks = user_pre_hooks
        #: Waits here between the two boundaries; None when no gradient is on its way.
        self.grad_outputs: tuple | None = None
        #: Where the inputs and outputs are whose gradients pass the boundaries.
        self.input_positions: list[int] = []
        self.output_positions: list[int] = []
        self.n_outputs = 0
        #: What grad_input shows if no gradient arrives.
        self.no_grad_inputs: tuple = ()

    def setup_input_hook(self, args: tuple) -> tuple:
        """The positional arguments of the call, led through the input boundary."""
        args, self.input_positions = _through_boundary(args, self._at_inputs, zeros_for_none=True)
        if self.input_positions:
            self.no_grad_inputs = tuple(
                # Expanded from one element: it holds no memory until a hook is shown it.
                arg.new_zeros(()).expand(arg.shape) if isinstance(arg, Tensor) else None
                for arg in args
            )
        else:
            self.no_grad_inputs = (None,) * len(args)
        return args

    def setup_output_hook(self, result: Any) -> Any:
        """What the call returned, led through the output boundary."""
        outputs = result if isinstance(result, tuple) else (result,)
        self.n_outputs = len(outputs)
        outputs, self.output_positions = _through_boundary(
            outputs, self._at_outputs, zeros_for_none=False
        )
        return outputs if isinstance(result, tuple) else outputs[0]

    def _at_outputs(self, grads: tuple) -> tuple:
        grad_outputs = _with_items((None,) * self.n_outputs, self.output_positions, grads)
        for hook in self.user_pre_hooks:
            replacement = hook(self.module, grad_outputs)
            if replacement is None:
                continue
            if len(replacement) != self.n_outputs:
                raise RuntimeError(
                    "Backward pre hook returned an invalid number of grad_output, "
                    f"got {len(replacement)}, but expected {self.n_outputs}"
                )
            grad_outputs = replacement
        if self.input_positions:
            self.grad_outputs = grad_outputs
        else:
            self._run_without_inputs(grad_outputs)
        return tuple(grad_outputs[i] for i in self.output_positions)

    def _run_without_inputs(self, grad_outputs: tuple) -> None:
        """Run the hooks at the output boundary: no gradient will ever reach the other one."""
        warnings.warn(
            "Full backward hook is firing when gradients are computed with respect to module "
            "outputs since no inputs require gradients. See "
            "Module.register_full_backward_hook for more details.",
            stacklevel=2,
        )
        for hook in self.user_hooks:
            replacement = hook(self.module, self.no_grad_inputs, grad_outputs)
            nothing = isinstance(replacement, tuple) and all(g is None for g in replacement)
            if replacement is not None and not nothing:
                raise RuntimeError(
                    "Backward hook for Modules where no input requires gradient should always "
                    "return None or None for all gradients."
                )

    def _at_inputs(self, grads: tuple) -> tuple:
        if self.grad_outputs is None:
            # The gradient came around the outputs, as in double backward: nothing to show a hook.
            return grads
        zeros = tuple(zero if zero is None else zero.clone() for zero in self.no_grad_inputs)
        grad_inputs = _with_items(zeros, self.input_positions, grads)
        for hook in self.user_hooks:
            replacement = hook(self.module, grad_inputs, self.grad_outputs)
            if replacement is None:
                continue
            if len(replacement) != len(grad_inputs):
                raise RuntimeError(
                    "Backward hook returned an invalid number of grad_input, "
                    f"got {len(replacement)}, but expected {len(grad_inputs)}"
                )
            grad_inputs = replacement
        self.grad_outputs = None
        return tuple(grad_inputs[i] for i in self.input_positions)


def _through_boundary(
    values: tuple, on_gradients: Callable[[tuple], tuple], zeros_for_none: bool
) -> tuple[tuple, list[int]]:
    """``values`` with those that require grad replaced by watched ones, and where they are."""
    positions = []
    if is_grad_enabled():
        for position, value in enumerate(values):
            if isinstance(value, Tensor) and value.requires_grad:
                positions.append(position)
    if not positions:
        return values, positions
    watched = BackwardHookFunction.apply(
        on_gradients, zeros_for_none, *[values[i] for i in positions]
    )
    items = _with_items(values, positions, watched)
    return items if type(values) is tuple else type(values)(*items), positions  # a namedtuple


def _with_items(values: tuple, positions: list[int], items: tuple) -> tuple:
    """``values`` with ``items`` at ``positions``."""
    replaced = list(values)
    for position, item in zip(positions, items, strict=True):
        replaced[position] = item
    return tuple(replaced)
