"""The old address of mixed precision on the CPU.  Source: torch.cpu.amp."""

from minitorch.cpu.amp import autocast_mode, grad_scaler
from minitorch.cpu.amp.autocast_mode import autocast
from minitorch.cpu.amp.grad_scaler import GradScaler

__all__ = ["GradScaler", "autocast", "autocast_mode", "grad_scaler"]
