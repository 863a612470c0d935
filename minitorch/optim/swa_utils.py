"""Averages of a model's weights over training: stochastic weight averaging, and moving averages."""

from __future__ import annotations

import itertools
import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from copy import deepcopy
from typing import Any, Literal

from minitorch import dtypes
from minitorch.autograd.mode import no_grad
from minitorch.nn.module import Module
from minitorch.nn.modules.batchnorm import _BatchNorm
from minitorch.ops.creation import tensor
from minitorch.optim.lr_scheduler import LRScheduler, _per_group
from minitorch.optim.optimizer import Optimizer
from minitorch.tensor import Tensor

__all__ = [
    "AveragedModel",
    "SWALR",
    "get_ema_avg_fn",
    "get_ema_multi_avg_fn",
    "get_swa_avg_fn",
    "get_swa_multi_avg_fn",
    "update_bn",
]

# --- how an average goes on -----------------------------------------------------------------------


def _check_decay(decay: float) -> None:
    if not 0.0 <= decay <= 1.0:
        raise ValueError(
            f"Invalid decay value {decay} provided. Please provide a value in [0,1] range."
        )


def _computes(tensors: Sequence[Tensor]) -> bool:
    return tensors[0].is_floating_point() or tensors[0].is_complex()


def get_ema_avg_fn(decay: float = 0.999) -> Callable[[Tensor, Tensor, Any], Tensor]:
    """The exponential moving average ``decay * average + (1 - decay) * current``, of one tensor.

    Errors: ValueError for a decay outside of [0, 1].
    Source: torch.optim.swa_utils.get_ema_avg_fn.
    """
    _check_decay(decay)

    @no_grad()
    def ema_update(ema_param: Tensor, current_param: Tensor, num_averaged: Any) -> Tensor:
        return decay * ema_param + (1 - decay) * current_param

    return ema_update


def get_ema_multi_avg_fn(
    decay: float = 0.999,
) -> Callable[[Sequence[Tensor], Sequence[Tensor], Any], None]:
    """The exponential moving average of lists of tensors, in place.

    Errors: ValueError for a decay outside of [0, 1].
    Source: torch.optim.swa_utils.get_ema_multi_avg_fn.
    """
    _check_decay(decay)

    @no_grad()
    def ema_update(
        ema_param_list: Sequence[Tensor], current_param_list: Sequence[Tensor], num_averaged: Any
    ) -> None:
        computes = _computes(ema_param_list)
        for average, current in zip(ema_param_list, current_param_list, strict=True):
            if computes:
                average.lerp_(current, 1 - decay)
            else:
                average.copy_(average * decay + current * (1 - decay))

    return ema_update


def get_swa_avg_fn() -> Callable[[Tensor, Tensor, Any], Tensor]:
    """The mean of all values so far, of one tensor: ``average + (current - average) / (n + 1)``.

    Source: torch.optim.swa_utils.get_swa_avg_fn.
    """

    @no_grad()
    def swa_update(averaged_param: Tensor, current_param: Tensor, num_averaged: Any) -> Tensor:
        return averaged_param + (current_param - averaged_param) / (num_averaged + 1)

    return swa_update


def get_swa_multi_avg_fn() -> Callable[[Sequence[Tensor], Sequence[Tensor], Any], None]:
    """The mean of all values so far, of lists of tensors, in place.

    Source: torch.optim.swa_utils.get_swa_multi_avg_fn.
    """

    @no_grad()
    def swa_update(
        averaged_param_list: Sequence[Tensor],
        current_param_list: Sequence[Tensor],
        num_averaged: Any,
    ) -> None:
        weight = float(1 / (num_averaged + 1))
        computes = _computes(averaged_param_list)
        for average, current in zip(averaged_param_list, current_param_list, strict=True):
            if computes:
                average.lerp_(current, weight)
            else:
                average.copy_(average + (current - average) * weight)

    return swa_update


# --- the averaged model ---------------------------------------------------------------------------


class AveragedModel(Module):
    """A copy of a model whose parameters are an average of the model's over training.

    Call ``update_parameters(model)`` after an epoch (or a step); the first call copies. Use the
    copy as the model itself; before, give its batch norms statistics of its own by `update_bn`.

    Args:
        model: what is copied.
        device: where the copy is kept.
        avg_fn: ``(average, current, count) -> average`` of one tensor.
        multi_avg_fn: ``(averages, currents, count)`` in place, of the tensors of one type; by
            default the mean of all.
        use_buffers: average the buffers as well; without, the newest are copied.

    Errors: AssertionError for both functions at once.
    Source: torch.optim.swa_utils.AveragedModel; Izmailov et al. 2018.

    Example::

        >>> import minitorch
        >>> from minitorch.optim.swa_utils import AveragedModel
        >>> model = minitorch.nn.Linear(1, 1, bias=False)
        >>> average = AveragedModel(model)
        >>> for value in (1.0, 2.0, 6.0):
        ...     _ = model.weight.data.fill_(value)
        ...     average.update_parameters(model)
        >>> average.module.weight.item()
        3.0
    """

    n_averaged: Tensor

    def __init__(
        self,
        model: Module,
        device: Any = None,
        avg_fn: Callable[[Tensor, Tensor, Any], Tensor] | None = None,
        multi_avg_fn: Callable[[Sequence[Tensor], Sequence[Tensor], Any], None] | None = None,
        use_buffers: bool = False,
    ) -> None:
        super().__init__()
        if avg_fn is not None and multi_avg_fn is not None:
            raise AssertionError("Only one of avg_fn and multi_avg_fn should be provided")
        self.module = deepcopy(model)
        if device is not None:
            self.module = self.module.to(device)
        self.register_buffer("n_averaged", tensor(0, dtype=dtypes.int64, device=device))
        self.avg_fn = avg_fn
        self.multi_avg_fn = multi_avg_fn
        self.use_buffers = use_buffers

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        return self.module(*args, **kwargs)

    def update_parameters(self, model: Module) -> None:
        """Take the model's present parameters into the average."""
        pairs = [
            (average.detach(), current.detach().to(average.device))
            for average, current in zip(
                self._averaged(self.module), self._averaged(model), strict=True
            )
        ]
        if self.n_averaged == 0:
            for average, current in pairs:
                average.copy_(current)
        elif self.avg_fn is not None:
            for average, current in pairs:
                average.copy_(self.avg_fn(average, current, self.n_averaged))
        else:
            by_type = defaultdict(list)
            for average, current in pairs:
                by_type[average.device, average.dtype].append((average, current))
            update = self.multi_avg_fn or get_swa_multi_avg_fn()
            for group in by_type.values():
                averages, currents = zip(*group, strict=True)
                update(list(averages), list(currents), self.n_averaged)
        if not self.use_buffers:
            for own, newest in zip(self.module.buffers(), model.buffers(), strict=True):
                own.detach().copy_(newest.detach())
        self.n_averaged += 1

    def _averaged(self, model: Module) -> Iterable[Tensor]:
        buffers = model.buffers() if self.use_buffers else ()
        return itertools.chain(model.parameters(), buffers)


@no_grad()
def update_bn(loader: Iterable[Any], model: Module, device: Any = None) -> None:
    """Compute the running statistics of all batch norms anew, as means over a pass of the data.

    Args:
        loader: gives batches; of a list or tuple the first is the model's input.
        model: what is called on them, in training mode; its mode is restored.
        device: where the batches are moved to.

    Source: torch.optim.swa_utils.update_bn.
    """
    norms = [module for module in model.modules() if isinstance(module, _BatchNorm)]
    if not norms:
        return
    momenta = [norm.momentum for norm in norms]
    was_training = model.training
    model.train()
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # the mean of all batches
    for batch in loader:
        input = batch[0] if isinstance(batch, (list, tuple)) else batch
        model(input if device is None else input.to(device))
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum
    model.train(was_training)


# --- the schedule ---------------------------------------------------------------------------------


class SWALR(LRScheduler):
    """The rate goes to `swa_lr` in `anneal_epochs` epochs, and stays there while weights average.

    At the fraction ``p`` of the way the rate is ``a * swa_lr + (1 - a) * lr_0``, with ``a = p`` if
    linear and ``a = (1 - cos(pi * p)) / 2`` else.

    Args:
        optimizer: the optimizer whose rates are scheduled.
        swa_lr: the rate to reach, or a list with one per parameter group.
        anneal_epochs: epochs until there; 0 for at once.
        anneal_strategy: ``cos`` or ``linear``.
        last_epoch: index of the last epoch done; -1 starts anew.

    Raises: ValueError for a list of wrong length, a negative number of epochs or another strategy.
    Source: torch.optim.swa_utils.SWALR.

    Example::

        >>> import minitorch
        >>> from minitorch.optim.swa_utils import SWALR
        >>> optimizer = minitorch.optim.SGD([minitorch.zeros(1)], lr=1.0)
        >>> scheduler = SWALR(optimizer, swa_lr=0.5, anneal_epochs=2, anneal_strategy="linear")
        >>> rates = []
        >>> for epoch in range(4):
        ...     rates += scheduler.get_last_lr()
        ...     optimizer.step()
        ...     scheduler.step()
        >>> rates
        [1.0, 0.75, 0.5, 0.5]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        swa_lr: float,
        anneal_epochs: int = 10,
        anneal_strategy: Literal["cos", "linear"] = "cos",
        last_epoch: int = -1,
    ) -> None:
        rates = _per_group("swa_lr", optimizer, swa_lr)
        if anneal_strategy not in ("cos", "linear"):
            raise ValueError(
                f"anneal_strategy must be one of 'cos' or 'linear', instead got {anneal_strategy}"
            )
        if not isinstance(anneal_epochs, int) or anneal_epochs < 0:
            raise ValueError(f"anneal_epochs must be equal or greater than 0, got {anneal_epochs}")
        for rate, group in zip(rates, optimizer.param_groups, strict=True):
            group["swa_lr"] = rate
        self._anneal_strategy = anneal_strategy
        self.anneal_epochs = anneal_epochs
        super().__init__(optimizer, last_epoch)

    def _share(self, epochs: float) -> float:
        """The share of `swa_lr` after so many epochs."""
        fraction = max(0, min(1, epochs / max(1, self.anneal_epochs)))
        if self._anneal_strategy == "linear":
            return fraction
        return (1 - math.cos(math.pi * fraction)) / 2

    def get_lr(self) -> list[float | Tensor]:
        self._warn_outside_step()
        # torch: by the count of steps, also after step(epoch).
        step = self._step_count - 1
        if self.anneal_epochs == 0:
            step = max(1, step)
        before, now = self._share(step - 1), self._share(step)
        rates = []
        for group in self.optimizer.param_groups:
            lr, goal = group["lr"], group["swa_lr"]
            start = goal if before == 1 else (lr - before * goal) / (1 - before)
            rates.append(goal * now + start * (1 - now))
        return rates
