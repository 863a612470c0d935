"""The old address of mixed precision.  Source: torch.cuda.amp."""

from minitorch.cuda.amp import autocast_mode, grad_scaler
from minitorch.cuda.amp.autocast_mode import autocast, custom_bwd, custom_fwd
from minitorch.cuda.amp.grad_scaler import GradScaler

__all__ = ["GradScaler", "autocast", "autocast_mode", "custom_bwd", "custom_fwd", "grad_scaler"]
