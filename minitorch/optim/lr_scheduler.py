"""Learning rate schedules: objects that rewrite ``group["lr"]`` of an optimizer in training.

A schedule has up to two forms. The *chainable* form gives the next rate from the current one, so
several schedulers may act on one optimizer; it is what ``step()`` uses. The *closed* form gives the
rate of any epoch directly from the base rate; ``step(epoch)`` uses it, and so does `SequentialLR`
where a scheduler takes over. Both compute in Python floats, in the order of operations written in
the code: the rates equal PyTorch's float by float.

A scheduler performs one step when it is built, which sets the rate of epoch 0. After that, call
``optimizer.step()`` before ``scheduler.step()``. In the formulas ``t`` is the epoch and ``lr_0``
the base rate.
"""

from __future__ import annotations

import math
import types
import warnings
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Literal, SupportsFloat

from minitorch.optim.optimizer import Optimizer
from minitorch.tensor import Tensor

__all__ = [
    "ChainedScheduler",
    "ConstantLR",
    "CosineAnnealingLR",
    "CosineAnnealingWarmRestarts",
    "CyclicLR",
    "ExponentialLR",
    "LRScheduler",
    "LambdaLR",
    "LinearLR",
    "MultiStepLR",
    "MultiplicativeLR",
    "OneCycleLR",
    "PolynomialLR",
    "ReduceLROnPlateau",
    "SequentialLR",
    "StepLR",
]

_EPOCH_WARNING = (
    "The epoch parameter in `scheduler.step()` was not necessary and is being deprecated where "
    "possible. Call `scheduler.step()` without it; with an epoch given, the closed form of the "
    "schedule is used if it has one."
)
_ORDER_WARNING = (
    "Detected call of `lr_scheduler.step()` before `optimizer.step()`. "
    "Call `optimizer.step()` first: otherwise the first value of the schedule is never used."
)
_OVERRIDDEN_WARNING = (
    "Seems like `optimizer.step()` has been overridden after learning rate scheduler "
    "initialization. Its calls cannot be seen, so please make sure that `optimizer.step()` "
    "comes before `lr_scheduler.step()`."
)


class LRScheduler:
    """Base of the schedulers: counts epochs, and writes ``get_lr()`` into the optimizer.

    A subclass defines ``get_lr()``, one rate per parameter group, from ``self.last_epoch``,
    ``self.base_lrs`` and the groups' current rates; it may define ``_get_closed_form_lr()`` too.

    Args:
        optimizer: the optimizer whose rates are scheduled.
        last_epoch: index of the last epoch done; -1 starts anew, and a resumed run passes its own
            (the groups must then hold ``initial_lr``, as a loaded optimizer state does).

    Raises: TypeError if `optimizer` is none; KeyError if a run is resumed without ``initial_lr``.
    Source: torch.optim.lr_scheduler.LRScheduler.

    Example::

        >>> import minitorch
        >>> class HalveLR(minitorch.optim.lr_scheduler.LRScheduler):
        ...     def get_lr(self):
        ...         return [base_lr / 2**self.last_epoch for base_lr in self.base_lrs]
        >>> optimizer = minitorch.optim.SGD([minitorch.zeros(1)], lr=1.0)
        >>> scheduler = HalveLR(optimizer)
        >>> for epoch in range(3):
        ...     print(scheduler.get_last_lr())
        ...     optimizer.step()
        ...     scheduler.step()
        [1.0]
        [0.5]
        [0.25]
    """

    _get_lr_called_within_step: bool = False
    _is_initial: bool = False

    optimizer: Optimizer
    base_lrs: list[float | Tensor]
    last_epoch: int
    _last_lr: list[float | Tensor]

    def __init__(self, optimizer: Optimizer, last_epoch: int = -1) -> None:
        _check_optimizer(optimizer)
        self.optimizer = optimizer
        for index, group in enumerate(optimizer.param_groups):
            if last_epoch == -1:
                group.setdefault("initial_lr", _copy(group["lr"]))
            elif "initial_lr" not in group:
                raise KeyError(
                    f"param 'initial_lr' is not specified in param_groups[{index}] when resuming "
                    f"scheduler with last_epoch >= 0 (got {last_epoch}): load the optimizer's "
                    "state first, or start with last_epoch=-1"
                )
        self.base_lrs = self._values("initial_lr")
        self.last_epoch = last_epoch
        optimizer._watch_steps()
        self._initial_step()

    def _initial_step(self) -> None:
        """The step that sets the rates of the first epoch."""
        self._step_count = 0
        self._is_initial = True
        try:
            self.step()
        finally:
            self._is_initial = False

    def state_dict(self) -> dict[str, Any]:
        """All that the scheduler remembers but the optimizer, which has a state dict of its own."""
        return {key: value for key, value in self.__dict__.items() if key != "optimizer"}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over what ``state_dict()`` returned."""
        self.__dict__.update(state_dict)

    def get_last_lr(self) -> list[float | Tensor]:
        """The rates set by the last step, one per parameter group."""
        return self._last_lr

    def get_lr(self) -> list[float | Tensor]:
        """The rates of ``self.last_epoch``, one per parameter group.

        ``step()`` calls this; the rates now in force are those of `get_last_lr`.
        """
        raise NotImplementedError(f"{type(self).__name__} does not define get_lr()")

    def step(self, epoch: int | None = None) -> None:
        """Move to the next epoch and set its rates.

        Args:
            epoch: deprecated in torch: go to this epoch instead, by the closed form where there is
                one.

        Warns if the first call comes before any ``optimizer.step()``.
        """
        if self._step_count == 1:
            if not self.optimizer._steps_are_seen():
                warnings.warn(_OVERRIDDEN_WARNING, UserWarning, stacklevel=2)
            elif not self.optimizer._opt_called:
                warnings.warn(_ORDER_WARNING, UserWarning, stacklevel=2)
        self._step_count += 1
        if epoch is not None:
            warnings.warn(_EPOCH_WARNING, UserWarning, stacklevel=2)
        self._update_lr(epoch)

    def _update_lr(self, epoch: int | None = None) -> None:
        if epoch is None:
            self.last_epoch += 1
            compute = self.get_lr
        else:
            self.last_epoch = epoch
            compute = getattr(self, "_get_closed_form_lr", self.get_lr)
        self._write_rates(compute)

    def _write_rates(self, compute: Callable[[], Sequence[float | Tensor]]) -> None:
        """Set the rates to ``compute()``, marking for ``get_lr`` that it runs inside a step."""
        self._get_lr_called_within_step = True
        try:
            rates = compute()
        finally:
            self._get_lr_called_within_step = False
        for group, lr in zip(self.optimizer.param_groups, rates, strict=True):
            _set_value(group, "lr", lr)
        self._last_lr = self._values("lr")

    def _values(self, key: str) -> list[Any]:
        """``group[key]`` of every group; tensors are copied, as they are written in place."""
        return [_copy(group[key]) for group in self.optimizer.param_groups]

    def _scaled(self, factor: float) -> list[float | Tensor]:
        """The current rates times `factor`."""
        return [group["lr"] * factor for group in self.optimizer.param_groups]

    def _warn_outside_step(self) -> None:
        if not self._get_lr_called_within_step:
            warnings.warn(
                "To get the last learning rate computed by the scheduler, "
                "please use `get_last_lr()`.",
                UserWarning,
                stacklevel=3,
            )


class _LRScheduler(LRScheduler):
    """The base class under the name it had in torch 1; old programs subclass it."""


def _check_optimizer(optimizer: object) -> None:
    if not isinstance(optimizer, Optimizer):
        raise TypeError(f"{type(optimizer).__name__} is not an Optimizer")


def _copy(value: Any) -> Any:
    return value.clone() if isinstance(value, Tensor) else value


def _set_value(group: dict[str, Any], key: str, value: float | Tensor) -> None:
    """``group[key] = value``; a tensor is written into, because others may hold it."""
    old = group[key]
    if isinstance(old, Tensor):
        old.fill_(value.squeeze() if isinstance(value, Tensor) else value)
    else:
        group[key] = value


def _per_group(name: str, optimizer: Optimizer, value: Any) -> list[Any]:
    """`value` as a list, one entry per parameter group; a single value stands for all of them."""
    count = len(optimizer.param_groups)
    if not isinstance(value, (list, tuple)):
        value = [value] * count
    elif len(value) != count:
        raise ValueError(
            f"{name} must have the same length as optimizer.param_groups. "
            f"{name} has {len(value)} values, param_groups has {count}."
        )
    return [_copy(entry) for entry in value]


def _saved_callable(function: Any) -> dict[str, Any] | None:
    """What a state dict keeps of a user's callable: an object's attributes, no function."""
    return None if isinstance(function, types.FunctionType) else function.__dict__.copy()


class _LambdaScheduler(LRScheduler):
    """What `LambdaLR` and `MultiplicativeLR` share: a function of the epoch per parameter group."""

    lr_lambdas: list[Callable[[int], float]]

    def __init__(
        self,
        optimizer: Optimizer,
        lr_lambda: Callable[[int], float] | list[Callable[[int], float]],
        last_epoch: int = -1,
    ) -> None:
        self.optimizer = optimizer
        count = len(optimizer.param_groups)
        if not isinstance(lr_lambda, (list, tuple)):
            lr_lambda = [lr_lambda] * count
        elif len(lr_lambda) != count:
            raise ValueError(f"Expected {count} lr_lambdas, but got {len(lr_lambda)}")
        self.lr_lambdas = list(lr_lambda)
        self._check_lambdas()
        super().__init__(optimizer, last_epoch)

    def _check_lambdas(self) -> None:
        """Refuse what cannot be called; `LambdaLR` finds out at its first step, as in torch."""

    def state_dict(self) -> dict[str, Any]:
        """The scheduler's state; of `lr_lambdas` only the attributes of callable objects."""
        state = super().state_dict()
        del state["lr_lambdas"]  # torch: it comes last
        state["lr_lambdas"] = [_saved_callable(function) for function in self.lr_lambdas]
        return state

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over what ``state_dict()`` returned; functions stay as given to this scheduler."""
        state = dict(state_dict)
        saved = state.pop("lr_lambdas")
        self.__dict__.update(state)
        for function, attributes in zip(self.lr_lambdas, saved, strict=False):
            if attributes is not None:
                function.__dict__.update(attributes)


class LambdaLR(_LambdaScheduler):
    """The base rate times a function of the epoch:  ``lr_t = lr_0 * lr_lambda(t)``.

    Args:
        optimizer: the optimizer whose rates are scheduled.
        lr_lambda: a function from the epoch (int) to a factor, or a list of them, one per parameter
            group.
        last_epoch: index of the last epoch done; -1 starts anew.

    Raises: ValueError if the list's length is not the number of groups.
    Source: torch.optim.lr_scheduler.LambdaLR.

    Example::

        >>> import minitorch

        >>> from minitorch.optim.lr_scheduler import LambdaLR
        >>> optimizer = minitorch.optim.SGD([minitorch.zeros(1)], lr=1.0)
        >>> scheduler = LambdaLR(optimizer, lambda epoch: 0.5**epoch)
        >>> optimizer.step()
        >>> scheduler.step()
        >>> scheduler.get_last_lr()
        [0.5]
    """

    def get_lr(self) -> list[float | Tensor]:
        self._warn_outside_step()
        return [
            base_lr * function(self.last_epoch)
            for function, base_lr in zip(self.lr_lambdas, self.base_lrs, strict=True)
        ]


class MultiplicativeLR(_LambdaScheduler):
    """The current rate times a function of the epoch:  ``lr_t = lr_(t-1) * lr_lambda(t)``.

    Args:
        optimizer: the optimizer whose rates are scheduled.
        lr_lambda: a function from the epoch (int) to a factor, or a list of them, one per parameter
            group.
        last_epoch: index of the last epoch done; -1 starts anew.

    Raises: ValueError if the list's length is not the number of groups; TypeError if an entry is
        not callable.
    Source: torch.optim.lr_scheduler.MultiplicativeLR.

    Example::

        >>> import minitorch

        >>> from minitorch.optim.lr_scheduler import MultiplicativeLR
        >>> optimizer = minitorch.optim.SGD([minitorch.zeros(1)], lr=1.0)
        >>> scheduler = MultiplicativeLR(optimizer, lambda epoch: 0.5)
        >>> for epoch in range(2):
        ...     optimizer.step()
        ...     scheduler.step()
        >>> scheduler.get_last_lr()
        [0.25]
    """

    def _check_lambdas(self) -> None:
        for function in self.lr_lambdas:
            if not callable(function):
                raise TypeError(
                    f"lr_lambda should be a function, but got {type(function).__name__}"
                )

    def get_lr(self) -> list[float | Tensor]:
        self._warn_outside_step()
        if self._is_initial:
            return self._values("lr")
        return [
            group["lr"] * function(self.last_epoch)
            for function, group in zip(self.lr_lambdas, self.optimizer.param_groups, strict=True)
        ]


class StepLR(LRScheduler):
    """The rate falls every `step_size` epochs:  ``lr_t = lr_0 * gamma ** (t // step_size)``.

    Args:
        optimizer: the optimizer whose rates are scheduled.
        step_size: epochs between two falls.
        gamma: the factor of a fall.
        last_epoch: index of the last epoch done; -1 starts anew.

    Source: torch.optim.lr_scheduler.StepLR.

    Example::

        >>> import minitorch

        >>> from minitorch.optim.lr_scheduler import StepLR
        >>> optimizer = minitorch.optim.SGD([minitorch.zeros(1)], lr=1.0)
        >>> scheduler = StepLR(optimizer, step_size=2, gamma=0.5)
        >>> rates = []
        >>> for epoch in range(5):
        ...     rates += scheduler.get_last_lr()
        ...     optimizer.step()
        ...     scheduler.step()
        >>> rates
        [1.0, 1.0, 0.5, 0.5, 0.25]
    """

    def __init__(
        self, optimizer: Optimizer, step_size: int, gamma: float = 0.1, last_epoch: int = -1
    ) -> None:
        self.step_size = step_size
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float | Tensor]:
        self._warn_outside_step()
        if self.last_epoch == 0 or self.last_epoch % self.step_size != 0:
            return self._values("lr")
        return self._scaled(self.gamma)

    def _get_closed_form_lr(self) -> list[float | Tensor]:
        factor = self.gamma ** (self.last_epoch // self.step_size)
        return [base_lr * factor for base_lr in self.base_lrs]


class MultiStepLR(LRScheduler):
    """The rate falls at milestones:  ``lr_t = lr_0 * gamma ** (number of milestones <= t)``.

    Args:
        optimizer: the optimizer whose rates are scheduled.
        milestones: epochs at which the rate falls; one listed twice counts twice.
        gamma: the factor of a fall.
        last_epoch: index of the last epoch done; -1 starts anew.

    Source: torch.optim.lr_scheduler.MultiStepLR.

    Example::

        >>> import minitorch

        >>> from minitorch.optim.lr_scheduler import MultiStepLR
        >>> optimizer = minitorch.optim.SGD([minitorch.zeros(1)], lr=1.0)
        >>> scheduler = MultiStepLR(optimizer, milestones=[1, 3], gamma=0.5)
        >>> rates = []
        >>> for epoch in range(4):
        ...     rates += scheduler.get_last_lr()
        ...     optimizer.step()
        ...     scheduler.step()
        >>> rates
        [1.0, 0.5, 0.5, 0.25]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        milestones: Iterable[int],
        gamma: float = 0.1,
        last_epoch: int = -1,
    ) -> None:
        self.milestones = Counter(milestones)
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float | Tensor]:
        self._warn_outside_step()
        if self.last_epoch not in self.milestones:
            return self._values("lr")
        return self._scaled(self.gamma ** self.milestones[self.last_epoch])

    def _get_closed_form_lr(self) -> list[float | Tensor]:
        passed = bisect_right(sorted(self.milestones.elements()), self.last_epoch)
        return [base_lr * self.gamma**passed for base_lr in self.base_lrs]


class ConstantLR(LRScheduler):
    """The rate is `factor` times the base rate for `total_iters` epochs, then the base rate.

    Args:
        optimizer: the optimizer whose rates are scheduled.
        factor: the factor of the first epochs, in [0, 1].
        total_iters: how many epochs it holds.
        last_epoch: index of the last epoch done; -1 starts anew.

    Raises: ValueError if `factor` is out of range.
    Source: torch.optim.lr_scheduler.ConstantLR.

    Example::

        >>> import minitorch

        >>> from minitorch.optim.lr_scheduler import ConstantLR
        >>> optimizer = minitorch.optim.SGD([minitorch.zeros(1)], lr=1.0)
        >>> scheduler = ConstantLR(optimizer, factor=0.5, total_iters=2)
        >>> rates = []
        >>> for epoch in range(4):
        ...     rates += scheduler.get_last_lr()
        ...     optimizer.step()
        ...     scheduler.step()
        >>> rates
        [0.5, 0.5, 1.0, 1.0]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        factor: float = 1.0 / 3,
        total_iters: int = 5,
        last_epoch: int = -1,
    ) -> None:
        if factor > 1.0 or factor < 0:
            raise ValueError(
                f"Constant multiplicative factor expected to be between 0 and 1, but got {factor}."
            )
        self.factor = factor
        self.total_iters = total_iters
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float | Tensor]:
        self._warn_outside_step()
        if self.last_epoch == 0:
            return self._scaled(self.factor)
        if self.last_epoch == self.total_iters:
            return self._scaled(1.0 / self.factor)
        return self._values("lr")

    def _get_closed_form_lr(self) -> list[float | Tensor]:
        ended = self.last_epoch >= self.total_iters
        return [base_lr * (self.factor + ended * (1 - self.factor)) for base_lr in self.base_lrs]


class LinearLR(LRScheduler):
    """The factor on the base rate goes in a straight line from `start_factor` to `end_factor`.

    ``lr_t = lr_0 * (start_factor + (end_factor - start_factor) * min(1, t / total_iters))``

    Args:
        optimizer: the optimizer whose rates are scheduled.
        start_factor: the first factor, in (0, 1].
        end_factor: the last factor, in [0, 1].
        total_iters: epochs from the first to the last.
        last_epoch: index of the last epoch done; -1 starts anew.

    Raises: ValueError if a factor is out of range.
    Source: torch.optim.lr_scheduler.LinearLR.

    Example::

        >>> import minitorch

        >>> from minitorch.optim.lr_scheduler import LinearLR
        >>> optimizer = minitorch.optim.SGD([minitorch.zeros(1)], lr=1.0)
        >>> scheduler = LinearLR(optimizer, start_factor=0.5, total_iters=2)
        >>> rates = []
        >>> for epoch in range(4):
        ...     rates += scheduler.get_last_lr()
        ...     optimizer.step()
        ...     scheduler.step()
        >>> rates
        [0.5, 0.75, 1.0, 1.0]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        start_factor: float = 1.0 / 3,
        end_factor: float = 1.0,
        total_iters: int = 5,
        last_epoch: int = -1,
    ) -> None:
        if start_factor > 1.0 or start_factor <= 0:
            raise ValueError(
                "Starting multiplicative factor expected to be greater than 0 and less or "
                f"equal to 1, but got {start_factor}."
            )
        if end_factor > 1.0 or end_factor < 0:
            raise ValueError(
                "Ending multiplicative factor expected to be between 0 and 1, "
                f"but got {end_factor}."
            )
        self.start_factor = start_factor
        self.end_factor = end_factor
        self.total_iters = total_iters
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float | Tensor]:
        self._warn_outside_step()
        if self.last_epoch == 0:
            return self._scaled(self.start_factor)
        if self._is_initial or self.last_epoch > self.total_iters:
            return self._values("lr")
        rise = self.end_factor - self.start_factor
        previous = self.total_iters * self.start_factor + (self.last_epoch - 1) * rise
        return self._scaled(1.0 + rise / previous)

    def _get_closed_form_lr(self) -> list[float | Tensor]:
        rise = self.end_factor - self.start_factor
        factor = (
            self.start_factor + rise * min(self.total_iters, self.last_epoch) / self.total_iters
        )
        return [base_lr * factor for base_lr in self.base_lrs]


class ExponentialLR(LRScheduler):
    """The rate falls every epoch:  ``lr_t = lr_0 * gamma ** t``.

    Args:
        optimizer: the optimizer whose rates are scheduled.
        gamma: the factor of a fall.
        last_epoch: index of the last epoch done; -1 starts anew.

    Source: torch.optim.lr_scheduler.ExponentialLR.

    Example::

        >>> import minitorch

        >>> from minitorch.optim.lr_scheduler import ExponentialLR
        >>> optimizer = minitorch.optim.SGD([minitorch.zeros(1)], lr=1.0)
        >>> scheduler = ExponentialLR(optimizer, gamma=0.5)
        >>> for epoch in range(3):
        ...     optimizer.step()
        ...     scheduler.step()
        >>> scheduler.get_last_lr()
        [0.125]
    """

    def __init__(self, optimizer: Optimizer, gamma: float, last_epoch: int = -1) -> None:
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float | Tensor]:
        self._warn_outside_step()
        if self._is_initial:
            return self._values("lr")
        return self._scaled(self.gamma)

    def _get_closed_form_lr(self) -> list[float | Tensor]:
        return [base_lr * self.gamma**self.last_epoch for base_lr in self.base_lrs]


class PolynomialLR(LRScheduler):
    """The rate falls to zero as a power of the time left.

    ``lr_t = lr_0 * (1 - min(t, total_iters) / total_iters) ** power``

    Args:
        optimizer: the optimizer whose rates are scheduled.
        total_iters: epochs until zero.
        power: the power; 1 is a straight line.
        last_epoch: index of the last epoch done; -1 starts anew.

    Source: torch.optim.lr_scheduler.PolynomialLR.

    Example::

        >>> import minitorch

        >>> from minitorch.optim.lr_scheduler import PolynomialLR
        >>> optimizer = minitorch.optim.SGD([minitorch.zeros(1)], lr=1.0)
        >>> scheduler = PolynomialLR(optimizer, total_iters=4)
        >>> rates = []
        >>> for epoch in range(5):
        ...     rates += scheduler.get_last_lr()
        ...     optimizer.step()
        ...     scheduler.step()
        >>> [round(lr, 4) for lr in rates]
        [1.0, 0.75, 0.5, 0.25, 0.0]
    """

    def __init__(
        self, optimizer: Optimizer, total_iters: int = 5, power: float = 1.0, last_epoch: int = -1
    ) -> None:
        self.total_iters = total_iters
        self.power = power
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float | Tensor]:
        self._warn_outside_step()
        if self._is_initial or self.last_epoch > self.total_iters:
            return self._values("lr")
        left = 1.0 - self.last_epoch / self.total_iters
        left_before = 1.0 - (self.last_epoch - 1) / self.total_iters
        return self._scaled((left / left_before) ** self.power)

    def _get_closed_form_lr(self) -> list[float | Tensor]:
        left = 1.0 - min(self.total_iters, self.last_epoch) / self.total_iters
        return [base_lr * left**self.power for base_lr in self.base_lrs]


class CosineAnnealingLR(LRScheduler):
    """The rate follows half a cosine wave from the base rate down to `eta_min`, then back up.

    ``lr_t = eta_min + (lr_0 - eta_min) * (1 + cos(pi * t / T_max)) / 2``

    Args:
        optimizer: the optimizer whose rates are scheduled.
        T_max: epochs of the half wave.
        eta_min: the lowest rate.
        last_epoch: index of the last epoch done; -1 starts anew.

    Source: torch.optim.lr_scheduler.CosineAnnealingLR; SGDR (Loshchilov, Hutter 2017), without its
        restarts.

    Example::

        >>> import minitorch

        >>> from minitorch.optim.lr_scheduler import CosineAnnealingLR
        >>> optimizer = minitorch.optim.SGD([minitorch.zeros(1)], lr=1.0)
        >>> scheduler = CosineAnnealingLR(optimizer, T_max=4)
        >>> rates = []
        >>> for epoch in range(5):
        ...     rates += scheduler.get_last_lr()
        ...     optimizer.step()
        ...     scheduler.step()
        >>> [round(lr, 4) for lr in rates]
        [1.0, 0.8536, 0.5, 0.1464, 0.0]
    """

    def __init__(
        self, optimizer: Optimizer, T_max: int, eta_min: float = 0.0, last_epoch: int = -1
    ) -> None:
        self.T_max = T_max
        self.eta_min = eta_min
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float | Tensor]:
        self._warn_outside_step()
        if self._is_initial:
            return self._values("lr")
        if self._step_count == 1 and self.last_epoch > 0:
            # The angle associates otherwise than in the closed form below: the last bit can differ.
            return self._between(math.cos(self.last_epoch * math.pi / self.T_max))
        if (self.last_epoch - 1 - self.T_max) % (2 * self.T_max) == 0:
            # The epoch before stood at eta_min, where the quotient below is 0 / 0.
            rise = 1 - math.cos(math.pi / self.T_max)
            return [
                group["lr"] + (base_lr - self.eta_min) * rise / 2
                for base_lr, group in zip(self.base_lrs, self.optimizer.param_groups, strict=True)
            ]
        height = 1 + math.cos(math.pi * self.last_epoch / self.T_max)
        height_before = 1 + math.cos(math.pi * (self.last_epoch - 1) / self.T_max)
        return [
            height / height_before * (group["lr"] - self.eta_min) + self.eta_min
            for group in self.optimizer.param_groups
        ]

    def _get_closed_form_lr(self) -> list[float | Tensor]:
        return self._between(math.cos(math.pi * self.last_epoch / self.T_max))

    def _between(self, cosine: float) -> list[float | Tensor]:
        return [
            self.eta_min + (base_lr - self.eta_min) * (1 + cosine) / 2 for base_lr in self.base_lrs
        ]


class CosineAnnealingWarmRestarts(LRScheduler):
    """Half cosine waves one after another, each from the base rate and `T_mult` times as long.

    ``lr_t = eta_min + (lr_0 - eta_min) * (1 + cos(pi * T_cur / T_i)) / 2``, where ``T_cur`` epochs
    have passed since the last restart and ``T_i`` lie between two. ``step(epoch)`` takes fractions
    too: ``scheduler.step(epoch + batch / batches)`` anneals within the epoch.

    Args:
        optimizer: the optimizer whose rates are scheduled.
        T_0: epochs of the first wave.
        T_mult: how many times longer each next wave is.
        eta_min: the lowest rate.
        last_epoch: index of the last epoch done; -1 starts anew.

    Raises: ValueError if `T_0` or `T_mult` is no positive int, `eta_min` no number, or ``step``
        gets a negative epoch.
    Source: torch.optim.lr_scheduler.CosineAnnealingWarmRestarts; SGDR (Loshchilov, Hutter 2017).

    Example::

        >>> import minitorch

        >>> from minitorch.optim.lr_scheduler import CosineAnnealingWarmRestarts
        >>> optimizer = minitorch.optim.SGD([minitorch.zeros(1)], lr=1.0)
        >>> scheduler = CosineAnnealingWarmRestarts(optimizer, T_0=2, T_mult=2)
        >>> rates = []
        >>> for epoch in range(6):
        ...     rates += scheduler.get_last_lr()
        ...     optimizer.step()
        ...     scheduler.step()
        >>> [round(lr, 4) for lr in rates]
        [1.0, 0.5, 1.0, 0.8536, 0.5, 0.1464]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        T_0: int,
        T_mult: int = 1,
        eta_min: float = 0.0,
        last_epoch: int = -1,
    ) -> None:
        if T_0 <= 0 or not isinstance(T_0, int):
            raise ValueError(f"Expected positive integer T_0, but got {T_0}")
        if T_mult < 1 or not isinstance(T_mult, int):
            raise ValueError(f"Expected integer T_mult >= 1, but got {T_mult}")
        if not isinstance(eta_min, (float, int)):
            raise ValueError(
                f"Expected float or int eta_min, but got {eta_min} of type {type(eta_min)}"
            )
        self.T_0 = T_0
        self.T_i = T_0
        self.T_mult = T_mult
        self.eta_min = eta_min
        self.T_cur: float = last_epoch
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float | Tensor]:
        self._warn_outside_step()
        cosine = math.cos(math.pi * self.T_cur / self.T_i)
        return [
            self.eta_min + (base_lr - self.eta_min) * (1 + cosine) / 2 for base_lr in self.base_lrs
        ]

    def step(self, epoch: float | None = None) -> None:  # type: ignore[override]
        """Move to the next epoch, or to `epoch`, which may be a fraction."""
        if epoch is None and self.last_epoch < 0:
            epoch = 0
        if epoch is None:
            epoch = self.last_epoch + 1
            self.T_cur += 1
            if self.T_cur >= self.T_i:
                self.T_cur %= self.T_i
                self.T_i *= self.T_mult
        else:
            if epoch < 0:
                raise ValueError(f"Expected non-negative epoch, but got {epoch}")
            self._find_wave(epoch)
        self.last_epoch = math.floor(epoch)
        self._write_rates(self.get_lr)

    def _find_wave(self, epoch: float) -> None:
        """Set `T_cur` and `T_i` from `epoch` alone: the waves' lengths are a geometric series."""
        if epoch < self.T_0:
            self.T_i = self.T_0
            self.T_cur = epoch
        elif self.T_mult == 1:
            self.T_cur = epoch % self.T_0
        else:
            waves = int(math.log(epoch / self.T_0 * (self.T_mult - 1) + 1, self.T_mult))
            self.T_cur = epoch - self.T_0 * (self.T_mult**waves - 1) / (self.T_mult - 1)
            self.T_i = self.T_0 * self.T_mult**waves


class _MomentumCycle:
    """Writes momentum where it is kept: in ``momentum``, or in the first of Adam's ``betas``."""

    optimizer: Optimizer
    use_beta1: bool

    def _start_momentums(
        self, max_momentums: list[float], base_momentums: list[float], last_epoch: int
    ) -> None:
        """Note the bounds in the groups, and start at the high one."""
        if last_epoch != -1:
            return
        groups = self.optimizer.param_groups
        for high, low, group in zip(max_momentums, base_momentums, groups, strict=True):
            self._set_momentum(group, high)
            group["max_momentum"] = high
            group["base_momentum"] = low

    def _find_momentum(self) -> None:
        defaults = self.optimizer.defaults
        if "momentum" not in defaults and "betas" not in defaults:
            raise ValueError(
                "optimizer must support momentum or beta1 with `cycle_momentum` option enabled: "
                f"{type(self.optimizer).__name__} has neither, so pass cycle_momentum=False"
            )
        self.use_beta1 = "betas" in defaults

    def _set_momentum(self, group: dict[str, Any], momentum: float) -> None:
        if self.use_beta1:
            group["betas"] = (momentum, *group["betas"][1:])
        else:
            group["momentum"] = momentum


class CyclicLR(_MomentumCycle, LRScheduler):
    """The rate climbs from `base_lr` to `max_lr` and back, over and over; momentum the other way.

    ``lr_t = base_lr + (max_lr - base_lr) * height * scale``. ``height``, in [0, 1], is a triangle
    that rises for `step_size_up` steps and falls for `step_size_down`; ``scale`` is 1 (mode
    ``triangular``), ``1 / 2 ** (cycle - 1)`` (``triangular2``) or ``gamma ** t`` (``exp_range``).
    Call ``step()`` after every batch.

    Args:
        optimizer: the optimizer whose rates are scheduled.
        base_lr: the low end, or a list with one per parameter group.
        max_lr: the high end, or a list with one per parameter group.
        step_size_up: steps of the rise.
        step_size_down: steps of the fall; None means as many as the rise.
        mode: one of ``triangular``, ``triangular2``, ``exp_range``; unused if `scale_fn` is given.
        gamma: the base of ``exp_range``.
        scale_fn: a scale of your own, a function of one number.
        scale_mode: whether `scale_fn` gets the ``cycle`` or the number of ``iterations``.
        cycle_momentum: also cycle momentum (Adam's first beta), between `max_momentum` at the low
            rate and `base_momentum` at the high.
        base_momentum: lowest momentum, or a list with one per parameter group.
        max_momentum: highest momentum, or a list with one per parameter group.
        last_epoch: index of the last step done; -1 starts anew.

    Raises: ValueError for an unknown `mode`, a list of wrong length, or an optimizer without
        momentum if `cycle_momentum`.
    Source: torch.optim.lr_scheduler.CyclicLR; Cyclical Learning Rates (Smith 2017).

    Example::

        >>> import minitorch

        >>> from minitorch.optim.lr_scheduler import CyclicLR
        >>> optimizer = minitorch.optim.SGD([minitorch.zeros(1)], lr=1.0, momentum=0.9)
        >>> scheduler = CyclicLR(optimizer, base_lr=0.0, max_lr=1.0, step_size_up=2)
        >>> rates = []
        >>> for batch in range(5):
        ...     rates += scheduler.get_last_lr()
        ...     optimizer.step()
        ...     scheduler.step()
        >>> rates
        [0.0, 0.5, 1.0, 0.5, 0.0]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        base_lr: float | list[float],
        max_lr: float | list[float],
        step_size_up: int = 2000,
        step_size_down: int | None = None,
        mode: Literal["triangular", "triangular2", "exp_range"] = "triangular",
        gamma: float = 1.0,
        scale_fn: Callable[[float], float] | None = None,
        scale_mode: Literal["cycle", "iterations"] = "cycle",
        cycle_momentum: bool = True,
        base_momentum: float | list[float] = 0.8,
        max_momentum: float | list[float] = 0.9,
        last_epoch: int = -1,
    ) -> None:
        _check_optimizer(optimizer)
        if mode not in ("triangular", "triangular2", "exp_range") and scale_fn is None:
            raise ValueError(f"mode is invalid and scale_fn is None: got mode {mode!r}")
        self.optimizer = optimizer
        base_lrs = _per_group("base_lr", optimizer, base_lr)
        self.max_lrs = _per_group("max_lr", optimizer, max_lr)
        up = float(step_size_up)
        down = up if step_size_down is None else float(step_size_down)
        self.total_size = up + down
        self.step_ratio = up / self.total_size
        self.mode = mode
        self.gamma = gamma
        self._scale_fn_custom = scale_fn
        if scale_fn is None:
            scale_mode = "iterations" if mode == "exp_range" else "cycle"
        self.scale_mode = scale_mode

        self.cycle_momentum = cycle_momentum
        if cycle_momentum:
            self._find_momentum()
            self.base_momentums = _per_group("base_momentum", optimizer, base_momentum)
            self.max_momentums = _per_group("max_momentum", optimizer, max_momentum)
            self._start_momentums(self.max_momentums, self.base_momentums, last_epoch)
        if last_epoch == -1:
            for group, lr in zip(optimizer.param_groups, base_lrs, strict=True):
                _set_value(group, "lr", lr)
        super().__init__(optimizer, last_epoch)
        # torch: the groups' initial_lr, which the base class read, may come from another scheduler.
        self.base_lrs = base_lrs

    def scale_fn(self, x: float) -> float:
        """The scale of the triangle at cycle or iteration `x`."""
        if self._scale_fn_custom is not None:
            return self._scale_fn_custom(x)
        if self.mode == "triangular2":
            return 1 / (2.0 ** (x - 1))
        if self.mode == "exp_range":
            return self.gamma**x
        return 1.0

    def get_lr(self) -> list[float | Tensor]:
        self._warn_outside_step()
        cycle = math.floor(1 + self.last_epoch / self.total_size)
        position = 1.0 + self.last_epoch / self.total_size - cycle
        if position <= self.step_ratio:
            height = position / self.step_ratio
        else:
            height = (position - 1) / (self.step_ratio - 1)
        scale = self.scale_fn(cycle if self.scale_mode == "cycle" else self.last_epoch)
        if self.cycle_momentum:
            bounds = zip(
                self.optimizer.param_groups, self.base_momentums, self.max_momentums, strict=True
            )
            for group, low, high in bounds:
                self._set_momentum(group, high - (high - low) * height * scale)
        return [
            low + (high - low) * height * scale
            for low, high in zip(self.base_lrs, self.max_lrs, strict=True)
        ]

    def state_dict(self) -> dict[str, Any]:
        """The scheduler's state; of `scale_fn` only the attributes of a callable object."""
        state = super().state_dict()
        function = state.pop("_scale_fn_custom")  # torch: it comes last
        state["_scale_fn_custom"] = None if function is None else _saved_callable(function)
        return state

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over what ``state_dict()`` returned; a function `scale_fn` stays as it is here."""
        state = dict(state_dict)
        attributes = state.pop("_scale_fn_custom")
        super().load_state_dict(state)
        if attributes is not None and self._scale_fn_custom is not None:
            self._scale_fn_custom.__dict__.update(attributes)


class OneCycleLR(_MomentumCycle, LRScheduler):
    """One cycle: the rate climbs to `max_lr` early in training and falls far below its start after.

    The rate goes from ``max_lr / div_factor`` to ``max_lr`` in ``pct_start`` of the steps and on to
    ``max_lr / div_factor / final_div_factor`` (with `three_phase`: back to the start first).
    Between the ends ``a`` and ``b`` of a phase, at its fraction ``p``, the rate is
    ``b + (a - b) / 2 * (1 + cos(pi * p))``, or ``(b - a) * p + a`` if linear. Momentum moves the
    opposite way. Call ``step()`` after every batch.

    Args:
        optimizer: the optimizer whose rates are scheduled.
        max_lr: the highest rate, or a list with one per parameter group.
        total_steps: steps of the cycle; or give `epochs` and `steps_per_epoch`.
        epochs: epochs of the cycle.
        steps_per_epoch: steps of an epoch.
        pct_start: the fraction (float) of the steps in which the rate rises.
        anneal_strategy: ``cos`` or ``linear``.
        cycle_momentum: also cycle momentum (Adam's first beta) between `max_momentum` and
            `base_momentum`.
        base_momentum: lowest momentum, or a list with one per parameter group.
        max_momentum: highest momentum, or a list with one per parameter group.
        div_factor: ``max_lr`` over the first rate.
        final_div_factor: the first rate over the last.
        three_phase: come back symmetrically before the last descent.
        last_epoch: index of the last step done; -1 starts anew.

    Raises: ValueError for counts that are no positive ints, `pct_start` out of [0, 1], an unknown
        `anneal_strategy`, a list of wrong length, an optimizer without momentum if
        `cycle_momentum`, or a step after the last.
    Source: torch.optim.lr_scheduler.OneCycleLR; Super-Convergence (Smith, Topin 2018).

    Example::

        >>> import minitorch

        >>> from minitorch.optim.lr_scheduler import OneCycleLR
        >>> optimizer = minitorch.optim.SGD([minitorch.zeros(1)], lr=1.0, momentum=0.9)
        >>> scheduler = OneCycleLR(optimizer, max_lr=1.0, total_steps=5, pct_start=0.6)
        >>> rates = []
        >>> for batch in range(5):
        ...     rates += scheduler.get_last_lr()
        ...     optimizer.step()
        ...     scheduler.step()
        >>> [round(lr, 4) for lr in rates]
        [0.04, 0.52, 1.0, 0.5, 0.0]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        max_lr: float | list[float],
        total_steps: int | None = None,
        epochs: int | None = None,
        steps_per_epoch: int | None = None,
        pct_start: float = 0.3,
        anneal_strategy: Literal["cos", "linear"] = "cos",
        cycle_momentum: bool = True,
        base_momentum: float | list[float] = 0.85,
        max_momentum: float | list[float] = 0.95,
        div_factor: float = 25.0,
        final_div_factor: float = 1e4,
        three_phase: bool = False,
        last_epoch: int = -1,
    ) -> None:
        _check_optimizer(optimizer)
        self.optimizer = optimizer
        if total_steps is not None:
            self.total_steps = _positive_int("total_steps", total_steps)
        elif epochs is not None and steps_per_epoch is not None:
            self.total_steps = _positive_int("epochs", epochs) * _positive_int(
                "steps_per_epoch", steps_per_epoch
            )
        else:
            raise ValueError("You must define either total_steps OR (epochs AND steps_per_epoch)")
        if not isinstance(pct_start, float) or not 0 <= pct_start <= 1:
            raise ValueError(f"Expected float between 0 and 1 pct_start, but got {pct_start}")
        if anneal_strategy not in ("cos", "linear"):
            raise ValueError(
                f"anneal_strategy must be one of 'cos' or 'linear', instead got {anneal_strategy}"
            )
        self._schedule_phases = self._phases(pct_start, three_phase)
        self._anneal_func_type = anneal_strategy

        max_lrs = _per_group("max_lr", optimizer, max_lr)
        self.cycle_momentum = cycle_momentum
        if cycle_momentum:
            self._find_momentum()
            momenta = (
                _per_group("max_momentum", optimizer, max_momentum),
                _per_group("base_momentum", optimizer, base_momentum),
            )
        if last_epoch == -1:
            for group, highest in zip(optimizer.param_groups, max_lrs, strict=True):
                group["initial_lr"] = highest / div_factor
                group["max_lr"] = highest
                group["min_lr"] = group["initial_lr"] / final_div_factor
        if cycle_momentum:
            self._start_momentums(*momenta, last_epoch)
        super().__init__(optimizer, last_epoch)

    def _phases(self, pct_start: float, three_phase: bool) -> list[dict[str, Any]]:
        """The phases as dicts: the last step of each, and the group's keys that hold its ends."""
        peak = float(pct_start * self.total_steps) - 1
        last = self.total_steps - 1
        rise = _phase(peak, "initial_lr", "max_lr", "max_momentum", "base_momentum")
        if not three_phase:
            return [rise, _phase(last, "max_lr", "min_lr", "base_momentum", "max_momentum")]
        back = float(2 * pct_start * self.total_steps) - 2
        return [
            rise,
            _phase(back, "max_lr", "initial_lr", "base_momentum", "max_momentum"),
            _phase(last, "initial_lr", "min_lr", "max_momentum", "max_momentum"),
        ]

    def _anneal(self, start: float, end: float, fraction: float) -> float:
        if self._anneal_func_type == "linear":
            return (end - start) * fraction + start
        return end + (start - end) / 2.0 * (math.cos(math.pi * fraction) + 1)

    def get_lr(self) -> list[float | Tensor]:
        self._warn_outside_step()
        step = self.last_epoch
        if step > self.total_steps:
            raise ValueError(
                f"Tried to step {step} times. "
                f"The specified number of total steps is {self.total_steps}"
            )
        start = 0.0
        for phase in self._schedule_phases:
            if step <= phase["end_step"] or phase is self._schedule_phases[-1]:
                break
            start = phase["end_step"]
        fraction = (step - start) / (phase["end_step"] - start)

        rates: list[float | Tensor] = []
        for group in self.optimizer.param_groups:
            rates.append(self._anneal(group[phase["start_lr"]], group[phase["end_lr"]], fraction))
            if self.cycle_momentum:
                ends = group[phase["start_momentum"]], group[phase["end_momentum"]]
                self._set_momentum(group, self._anneal(*ends, fraction))
        return rates


def _phase(
    end_step: float, start_lr: str, end_lr: str, start_momentum: str, end_momentum: str
) -> dict[str, Any]:
    return {
        "end_step": end_step,
        "start_lr": start_lr,
        "end_lr": end_lr,
        "start_momentum": start_momentum,
        "end_momentum": end_momentum,
    }


def _positive_int(name: str, value: Any) -> int:
    if not isinstance(value, int) or value <= 0:
        raise ValueError(f"Expected positive integer {name}, but got {value}")
    return value


class ReduceLROnPlateau(LRScheduler):
    """The rate falls by `factor` when a measured value has not become better for `patience` epochs.

    "Better" than the best value so far means below ``best * (1 - threshold)`` (``min``, ``rel``),
    below ``best - threshold`` (``min``, ``abs``), above ``best * (1 + threshold)`` (``max``,
    ``rel``) or above ``best + threshold`` (``max``, ``abs``). Call ``step(metrics)`` each epoch.

    Args:
        optimizer: the optimizer whose rates are scheduled.
        mode: ``min`` if the value should fall (a loss), ``max`` if it should rise (an accuracy).
        factor: the factor of a fall, below 1.
        patience: how many epochs in a row without a better value are allowed.
        threshold: by how much a value must be better to count.
        threshold_mode: ``rel`` or ``abs``.
        cooldown: epochs after a fall in which nothing is counted.
        min_lr: the lowest rate, or a list with one per parameter group.
        eps: a change of the rate smaller than this is not made.

    Raises: ValueError for a `factor` of 1 or more, an unknown `mode` or `threshold_mode`, or a list
        of wrong length.
    Source: torch.optim.lr_scheduler.ReduceLROnPlateau.

    Example::

        >>> import minitorch

        >>> from minitorch.optim.lr_scheduler import ReduceLROnPlateau
        >>> optimizer = minitorch.optim.SGD([minitorch.zeros(1)], lr=1.0)
        >>> scheduler = ReduceLROnPlateau(optimizer, factor=0.5, patience=1)
        >>> for loss in (3.0, 2.0, 2.0, 2.0):
        ...     scheduler.step(loss)
        >>> scheduler.get_last_lr()
        [0.5]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        mode: Literal["min", "max"] = "min",
        factor: float = 0.1,
        patience: int = 10,
        threshold: float = 1e-4,
        threshold_mode: Literal["rel", "abs"] = "rel",
        cooldown: int = 0,
        min_lr: float | list[float] = 0,
        eps: float = 1e-8,
    ) -> None:
        # No super().__init__: that takes a first step, and this schedule needs a value for one.
        if factor >= 1.0:
            raise ValueError(f"Factor should be < 1.0, but got {factor}.")
        self.factor = factor
        _check_optimizer(optimizer)
        count = len(optimizer.param_groups)
        self.default_min_lr: float | None = None
        if not isinstance(min_lr, (list, tuple)):
            self.default_min_lr = min_lr
            min_lr = [min_lr] * count
        elif len(min_lr) != count:
            raise ValueError(f"expected {count} min_lrs, got {len(min_lr)}")
        self.min_lrs = list(min_lr)
        self.optimizer = optimizer
        self.patience = patience
        self.cooldown = cooldown
        self.eps = eps
        self.last_epoch = 0
        self._last_lr = self._values("lr")
        self._set_comparison(mode, threshold, threshold_mode)
        self._reset()

    def _set_comparison(self, mode: str, threshold: float, threshold_mode: str) -> None:
        if mode not in ("min", "max"):
            raise ValueError(f"mode {mode} is unknown!")
        if threshold_mode not in ("rel", "abs"):
            raise ValueError(f"threshold mode {threshold_mode} is unknown!")
        self.mode_worse = math.inf if mode == "min" else -math.inf
        self.mode = mode
        self.threshold = threshold
        self.threshold_mode = threshold_mode

    def _reset(self) -> None:
        """Forget the best value and the counts."""
        self.best = self.mode_worse
        self.cooldown_counter = 0
        self.num_bad_epochs = 0

    def step(  # type: ignore[override]
        self, metrics: SupportsFloat, epoch: int | None = None
    ) -> None:
        """Compare this epoch's value with the best one and lower the rates if it is time.

        Args:
            metrics: the value, a number or a tensor of one element.
            epoch: deprecated in torch: the number to count this epoch as.
        """
        current = float(metrics)
        if epoch is None:
            epoch = self.last_epoch + 1
        else:
            warnings.warn(_EPOCH_WARNING, UserWarning, stacklevel=2)
        self.last_epoch = epoch
        if self._is_better(current, self.best):
            self.best = current
            self.num_bad_epochs = 0
        else:
            self.num_bad_epochs += 1
        if self.in_cooldown:
            self.cooldown_counter -= 1
            self.num_bad_epochs = 0
        if self.num_bad_epochs > self.patience:
            self._reduce_lr(epoch)
            self.cooldown_counter = self.cooldown
            self.num_bad_epochs = 0
        self._last_lr = self._values("lr")

    def _reduce_lr(self, epoch: int) -> None:
        groups = self.optimizer.param_groups
        if len(groups) != len(self.min_lrs):
            if self.default_min_lr is None:
                raise RuntimeError(
                    f"The number of param groups in the `optimizer` ({len(groups)}) differs from "
                    f"when `ReduceLROnPlateau` was initialized ({len(self.min_lrs)}): a group was "
                    "added since. Make `min_lrs` as long as `optimizer.param_groups`."
                )
            self.min_lrs = [self.default_min_lr] * len(groups)
        for group, lowest in zip(groups, self.min_lrs, strict=True):
            lr = float(group["lr"])
            reduced = max(lr * self.factor, lowest)
            if lr - reduced > self.eps:
                _set_value(group, "lr", reduced)

    @property
    def in_cooldown(self) -> bool:
        """Whether the epochs after a fall are still running in which nothing is counted."""
        return self.cooldown_counter > 0

    def _is_better(self, value: float, best: float) -> bool:
        if self.mode == "min":
            if self.threshold_mode == "rel":
                return value < best * (1.0 - self.threshold)
            return value < best - self.threshold
        if self.threshold_mode == "rel":
            return value > best * (self.threshold + 1.0)
        return value > best + self.threshold

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over what ``state_dict()`` returned."""
        self.__dict__.update(state_dict)
        self._set_comparison(self.mode, self.threshold, self.threshold_mode)


class _SchedulerGroup(LRScheduler):
    """What `SequentialLR` and `ChainedScheduler` share: a list of schedulers of one optimizer."""

    _schedulers: Sequence[LRScheduler]

    def _check_schedulers(self, optimizer: Optimizer, schedulers: Sequence[LRScheduler]) -> None:
        name = type(self).__name__
        for index, scheduler in enumerate(schedulers):
            if not hasattr(scheduler, "optimizer"):
                raise TypeError(
                    f"{name} at index {index} should have `optimizer` as its attribute."
                )
            if isinstance(scheduler, ReduceLROnPlateau):
                raise ValueError(
                    f"{name} does not support `ReduceLROnPlateau` scheduler as its `step` needs a "
                    f"measured value, but got one at index {index} in the given schedulers."
                )
            if optimizer is not scheduler.optimizer:
                raise ValueError(
                    f"{name} expects all schedulers to belong to the same optimizer, but got "
                    f"scheduler {type(scheduler).__name__} at index {index} has "
                    f"{scheduler.optimizer}, which is different from {type(optimizer).__name__}."
                )

    def state_dict(self) -> dict[str, Any]:
        """The state, with those of the schedulers under ``_schedulers``."""
        state = super().state_dict()
        del state["_schedulers"]  # torch: they come last
        state["_schedulers"] = [scheduler.state_dict() for scheduler in self._schedulers]
        return state

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over what ``state_dict()`` returned, in the schedulers too."""
        state = dict(state_dict)
        saved = state.pop("_schedulers")
        self.__dict__.update(state)
        for scheduler, its_state in zip(self._schedulers, saved, strict=True):
            scheduler.load_state_dict(its_state)


class SequentialLR(_SchedulerGroup):
    """One scheduler after another: the next takes over, from its own start, at each milestone.

    Args:
        optimizer: the optimizer whose rates are scheduled.
        schedulers: schedulers of that optimizer, in their order; not `ReduceLROnPlateau`.
        milestones: the epochs at which the second, the third ... takes over.
        last_epoch: index of the last epoch done; -1 starts anew.

    Raises: ValueError if the schedulers are none, belong to another optimizer, or are not one more
        than the milestones.
    Source: torch.optim.lr_scheduler.SequentialLR.

    Example::

        >>> import minitorch
        >>> from minitorch.optim.lr_scheduler import ConstantLR, ExponentialLR, SequentialLR
        >>> optimizer = minitorch.optim.SGD([minitorch.zeros(1)], lr=1.0)
        >>> first = ConstantLR(optimizer, factor=0.5, total_iters=2)
        >>> second = ExponentialLR(optimizer, gamma=0.5)
        >>> scheduler = SequentialLR(optimizer, schedulers=[first, second], milestones=[2])
        >>> rates = []
        >>> for epoch in range(5):
        ...     rates += scheduler.get_last_lr()
        ...     optimizer.step()
        ...     scheduler.step()
        >>> rates
        [0.5, 0.5, 1.0, 0.5, 0.25]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        schedulers: list[LRScheduler],
        milestones: list[int],
        last_epoch: int = -1,
    ) -> None:
        if len(schedulers) < 1:
            raise ValueError(
                f"{type(self).__name__} expects at least one scheduler, but got no scheduler."
            )
        self._check_schedulers(optimizer, schedulers)
        if len(milestones) != len(schedulers) - 1:
            raise ValueError(
                "Sequential Schedulers expects number of schedulers provided to be one more than "
                "the number of milestone points, but got number of schedulers "
                f"{len(schedulers)} and the number of milestones to be equal to {len(milestones)}"
            )
        self._schedulers = schedulers
        self._milestones = milestones
        self.last_epoch = last_epoch + 1
        self.optimizer = optimizer
        # Each scheduler set its own first rate when it was built. Take all of those steps back,
        # then let the first one start.
        for group in optimizer.param_groups:
            _set_value(group, "lr", group["initial_lr"])
        self.recursive_undo()
        first = schedulers[bisect_right(milestones, 0)]
        first._initial_step()
        self._last_lr = first.get_last_lr()

    def recursive_undo(self, sched: Any = None) -> None:
        """Take back the first step of `sched`; by default of all schedulers here."""
        scheduler = self if sched is None else sched
        if hasattr(scheduler, "_schedulers"):
            for inner in scheduler._schedulers:
                self.recursive_undo(inner)
        elif hasattr(scheduler, "last_epoch"):
            scheduler.last_epoch -= 1

    def step(self) -> None:  # type: ignore[override]
        """Move to the next epoch; at a milestone the next scheduler starts at its epoch 0."""
        self.last_epoch += 1
        index = bisect_right(self._milestones, self.last_epoch)
        scheduler = self._schedulers[index]
        if index > 0 and self._milestones[index - 1] == self.last_epoch:
            scheduler._update_lr(0)
        else:
            scheduler.step()
        self._last_lr = scheduler.get_last_lr()


class ChainedScheduler(_SchedulerGroup):
    """All schedulers at once: each step is one step of every scheduler, and their factors multiply.

    Args:
        schedulers: schedulers of one optimizer; not `ReduceLROnPlateau`.
        optimizer: that optimizer; by default the first scheduler's.

    Raises: ValueError if the schedulers are none or belong to different optimizers.
    Source: torch.optim.lr_scheduler.ChainedScheduler.

    Example::

        >>> import minitorch
        >>> from minitorch.optim.lr_scheduler import ChainedScheduler, ConstantLR, ExponentialLR
        >>> optimizer = minitorch.optim.SGD([minitorch.zeros(1)], lr=1.0)
        >>> warmup = ConstantLR(optimizer, factor=0.5, total_iters=2)
        >>> scheduler = ChainedScheduler([warmup, ExponentialLR(optimizer, gamma=0.5)])
        >>> rates = []
        >>> for epoch in range(4):
        ...     rates += scheduler.get_last_lr()
        ...     optimizer.step()
        ...     scheduler.step()
        >>> rates
        [0.5, 0.25, 0.25, 0.125]
    """

    def __init__(
        self, schedulers: Sequence[LRScheduler], optimizer: Optimizer | None = None
    ) -> None:
        if len(schedulers) < 1:
            raise ValueError(
                f"{type(self).__name__} expects at least one scheduler to be chained, "
                "but got no scheduler."
            )
        optimizer = optimizer or schedulers[0].optimizer
        self._check_schedulers(optimizer, schedulers)
        self._schedulers = schedulers
        self.optimizer = optimizer
        self._last_lr = self._values("lr")

    def step(self) -> None:  # type: ignore[override]
        """One step of every scheduler, in their order."""
        for scheduler in self._schedulers:
            scheduler.step()
        self._last_lr = self._values("lr")
