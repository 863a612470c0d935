"""torch's address of the modes.  Source: torch.autograd.grad_mode."""

from minitorch.autograd.mode import enable_grad, inference_mode, no_grad, set_grad_enabled

__all__ = ["enable_grad", "inference_mode", "no_grad", "set_grad_enabled"]
