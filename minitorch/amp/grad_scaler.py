"""``GradScaler``: scales the loss up, so that small half precision gradients do not vanish."""

from __future__ import annotations

import collections.abc
import enum
import warnings
from collections import defaultdict

from minitorch import dtypes
from minitorch.autograd.mode import no_grad
from minitorch.ops.creation import full, zeros
from minitorch.ops.reduction import all as all_of
from minitorch.tensor import Tensor

__all__ = ["GradScaler", "OptState"]


class OptState(enum.Enum):
    """What has happened to an optimizer's gradients in this iteration."""

    READY = 0
    UNSCALED = 1
    STEPPED = 2


def _fresh_optimizer_state():
    return {"stage": OptState.READY, "found_inf_per_device": {}}


class GradScaler:
    """Scales losses, and skips the optimizer's step where a gradient became infinite.

    ::

        scaler.scale(loss).backward()   # gradients of loss * scale
        scaler.unscale_(optimizer)      # only to clip them; otherwise step() does it
        scaler.step(optimizer)          # optimizer.step(), unless a gradient is inf or nan
        scaler.update()                 # the scale shrinks after such an iteration

    Args:
        device: "cpu"; "cuda" warns and is disabled, as there is no GPU.
        init_scale: the scale to begin with.
        growth_factor: what it is multiplied by after ``growth_interval`` steps without inf.
        backoff_factor: what it is multiplied by after inf.
        growth_interval: so many good steps in a row let it grow.
        enabled: if False, the methods pass everything through.

    Source: torch.amp.GradScaler.

    Example::

        >>> import minitorch
        >>> scaler = minitorch.amp.GradScaler("cpu", init_scale=8.0)
        >>> scaler.scale(minitorch.tensor(0.5))
        tensor(4.)
    """

    def __init__(
        self,
        device: str = "cuda",
        init_scale: float = 2.0**16,
        growth_factor: float = 2.0,
        backoff_factor: float = 0.5,
        growth_interval: int = 2000,
        enabled: bool = True,
    ) -> None:
        self._device = device
        self._enabled = enabled
        if enabled and device == "cuda":
            warnings.warn(
                "torch.cuda.amp.GradScaler is enabled, but CUDA is not available.  Disabling.",
                stacklevel=2,
            )
            self._enabled = False
        if not self._enabled:
            return
        assert growth_factor > 1.0, "The growth factor must be > 1.0."
        assert backoff_factor < 1.0, "The backoff factor must be < 1.0."
        self._init_scale = init_scale
        self._scale: Tensor | None = None  # made by the first scale()
        self._growth_factor = growth_factor
        self._backoff_factor = backoff_factor
        self._growth_interval = growth_interval
        self._init_growth_tracker = 0
        self._growth_tracker: Tensor | None = None
        self._per_optimizer_states: defaultdict = defaultdict(_fresh_optimizer_state)

    def _check_scale(self, method):
        assert self._scale is not None, (
            f"Attempted {method} but _scale is None.  This may indicate your script did not use "
            "scaler.scale(loss or outputs) earlier in the iteration."
        )
        return self._scale

    def _start(self):
        assert self._growth_tracker is None, "_growth_tracker initialized before _scale"
        self._scale = full((), self._init_scale, dtype=dtypes.float32)
        self._growth_tracker = full((), self._init_growth_tracker, dtype=dtypes.int32)

    def scale(self, outputs):
        """``outputs`` (a tensor, or an iterable of them) times the scale."""
        if not self._enabled:
            return outputs
        if isinstance(outputs, Tensor):
            if self._scale is None:
                self._start()
            return outputs * self._scale
        if isinstance(outputs, collections.abc.Iterable) and not isinstance(outputs, (str, bytes)):
            scaled = [self.scale(value) for value in outputs]
            return type(outputs)(scaled) if isinstance(outputs, (list, tuple)) else iter(scaled)
        raise ValueError("outputs must be a Tensor or an iterable of Tensors")

    def _unscale_gradients(self, optimizer, inverse, allow_fp16):
        """Divide the gradients in place; per device a tensor that is 1 if one was inf or nan."""
        found = {}
        with no_grad():
            for group in optimizer.param_groups:
                for parameter in group["params"]:
                    gradient = parameter.grad
                    if gradient is None:
                        continue
                    if not allow_fp16 and gradient.dtype is dtypes.float16:
                        raise ValueError("Attempting to unscale FP16 gradients.")
                    device = gradient.device
                    if device not in found:
                        found[device] = zeros((), dtype=dtypes.float32)
                    if not all_of(gradient.isfinite()):
                        found[device].fill_(1.0)
                    if inverse is not None:
                        gradient.mul_(inverse)
        return found

    def unscale_(self, optimizer) -> None:
        """Divide the optimizer's gradients by the scale, to clip them before ``step``.

        Raises RuntimeError if that was done already in this iteration, ValueError for float16
        gradients.
        """
        if not self._enabled:
            return
        scale = self._check_scale("unscale_")
        state = self._per_optimizer_states[id(optimizer)]
        if state["stage"] is OptState.UNSCALED:
            raise RuntimeError(
                "unscale_() has already been called on this optimizer since the last update()."
            )
        if state["stage"] is OptState.STEPPED:
            raise RuntimeError("unscale_() is being called after step().")
        # The reciprocal in double precision, since scales may lie beyond half of float32's range.
        inverse = scale.double().reciprocal().float()
        state["found_inf_per_device"] = self._unscale_gradients(optimizer, inverse, False)
        state["stage"] = OptState.UNSCALED

    def step(self, optimizer, *args, **kwargs):
        """``optimizer.step(*args, **kwargs)``, skipped where a gradient is inf or nan.

        Returns what ``step`` returned, None if it was skipped.  Raises RuntimeError for a second
        step before ``update``, and for a closure.
        """
        if not self._enabled:
            return optimizer.step(*args, **kwargs)
        if "closure" in kwargs:
            raise RuntimeError("Closure use is not currently supported if GradScaler is enabled.")
        self._check_scale("step")
        state = self._per_optimizer_states[id(optimizer)]
        if state["stage"] is OptState.STEPPED:
            raise RuntimeError("step() has already been called since the last update().")
        if state["stage"] is OptState.READY:
            self.unscale_(optimizer)
        assert len(state["found_inf_per_device"]) > 0, (
            "No inf checks were recorded for this optimizer."
        )
        returned = None
        if not any(found.item() for found in state["found_inf_per_device"].values()):
            returned = optimizer.step(*args, **kwargs)
        state["stage"] = OptState.STEPPED
        return returned

    def update(self, new_scale: float | Tensor | None = None) -> None:
        """Let the scale shrink after inf or grow after many good steps, or set it."""
        if not self._enabled:
            return
        scale = self._check_scale("update")
        if new_scale is not None:
            if isinstance(new_scale, float):
                scale.fill_(new_scale)
            else:
                reason = (
                    "new_scale should be a float or a 1-element torch.cuda.FloatTensor or "
                    "torch.FloatTensor with requires_grad=False."
                )
                assert isinstance(new_scale, Tensor) and new_scale.numel() == 1, reason
                assert new_scale.requires_grad is False, reason
                scale.copy_(new_scale)
        else:
            found = [
                found
                for state in self._per_optimizer_states.values()
                for found in state["found_inf_per_device"].values()
            ]
            assert len(found) > 0, "No inf checks were recorded prior to update."
            self._adjust(scale, any(value.item() for value in found))
        self._per_optimizer_states = defaultdict(_fresh_optimizer_state)

    def _adjust(self, scale, found_inf):
        tracker = self._growth_tracker
        if found_inf:
            scale.mul_(self._backoff_factor)
            tracker.zero_()
            return
        tracker.add_(1)
        if tracker.item() == self._growth_interval:
            grown = scale * self._growth_factor
            if grown.isfinite():
                scale.copy_(grown)
            tracker.zero_()

    # --- the numbers ------------------------------------------------------------------------------

    def get_scale(self) -> float:
        """The scale as a number; 1.0 if disabled."""
        if not self._enabled:
            return 1.0
        return self._init_scale if self._scale is None else self._scale.item()

    def get_growth_factor(self) -> float:
        """What the scale grows by."""
        return self._growth_factor

    def set_growth_factor(self, new_factor: float) -> None:
        """Choose what the scale grows by."""
        self._growth_factor = new_factor

    def get_backoff_factor(self) -> float:
        """What the scale shrinks by."""
        return self._backoff_factor

    def set_backoff_factor(self, new_factor: float) -> None:
        """Choose what the scale shrinks by."""
        self._backoff_factor = new_factor

    def get_growth_interval(self) -> int:
        """How many good steps in a row let the scale grow."""
        return self._growth_interval

    def set_growth_interval(self, new_interval: int) -> None:
        """Choose how many good steps in a row let the scale grow."""
        self._growth_interval = new_interval

    def _get_growth_tracker(self) -> int:
        if not self._enabled:
            return 0
        if self._growth_tracker is None:
            return self._init_growth_tracker
        return int(self._growth_tracker.item())

    def is_enabled(self) -> bool:
        """Whether it does anything."""
        return self._enabled

    # --- saving -----------------------------------------------------------------------------------

    def state_dict(self) -> dict:
        """The scale and how it changes, for a checkpoint; empty if disabled."""
        if not self._enabled:
            return {}
        return {
            "scale": self.get_scale(),
            "growth_factor": self._growth_factor,
            "backoff_factor": self._backoff_factor,
            "growth_interval": self._growth_interval,
            "_growth_tracker": self._get_growth_tracker(),
        }

    def load_state_dict(self, state_dict: dict) -> None:
        """Go on with a saved ``state_dict``.  Raises RuntimeError for an empty one."""
        if not self._enabled:
            return
        if not state_dict:
            raise RuntimeError(
                "The source state dict is empty, possibly because it was saved from a disabled "
                "instance of GradScaler."
            )
        self._init_scale = state_dict["scale"]
        if self._scale is not None:
            self._scale.fill_(state_dict["scale"])
        self._growth_factor = state_dict["growth_factor"]
        self._backoff_factor = state_dict["backoff_factor"]
        self._growth_interval = state_dict["growth_interval"]
        self._init_growth_tracker = state_dict["_growth_tracker"]
        if self._growth_tracker is not None:
            self._growth_tracker.fill_(state_dict["_growth_tracker"])

    def __getstate__(self):
        state = self.__dict__.copy()
        if self._enabled:
            assert len(self._per_optimizer_states) == 0, (
                "A GradScaler instance may only be pickled at the beginning of an iteration, or at "
                "the end after scaler.update()."
            )
            state["_init_scale"] = self.get_scale()
            state["_init_growth_tracker"] = self._get_growth_tracker()
            state["_scale"] = None
            state["_growth_tracker"] = None
        return state
