"""The base of all distributions: shapes, validation, expansion, printing."""

from __future__ import annotations

import inspect
import warnings
from typing import Any, ClassVar

from minitorch.autograd.mode import no_grad
from minitorch.distributions import constraints
from minitorch.distributions.utils import lazy_property
from minitorch.size import Size
from minitorch.tensor import Tensor

__all__ = ["Distribution"]


class Distribution:
    """A probability distribution over tensors, or a batch of them.

    A sample has the shape ``sample_shape + batch_shape + event_shape``: independent draws,
    independent distributions, and one value of a distribution.

    A subclass names what it holds one of for each distribution of the batch in ``_batched``
    (tensors or distributions) and what all share in ``_shared``; ``expand`` follows from these.

    Source: torch.distributions.Distribution.
    """

    has_rsample: Any = False
    has_enumerate_support: Any = False
    _validate_args = __debug__
    _batched: ClassVar[tuple[str, ...]]
    _shared: ClassVar[tuple[str, ...]] = ()

    @staticmethod
    def set_default_validate_args(value: bool) -> None:
        """Whether distributions made from now on check their parameters and values.

        Raises ValueError for what is no bool.
        """
        if value not in [True, False]:
            raise ValueError
        Distribution._validate_args = value

    def __init__(
        self,
        batch_shape: Any = (),
        event_shape: Any = (),
        validate_args: bool | None = None,
    ):
        self._batch_shape = Size(batch_shape)
        self._event_shape = Size(event_shape)
        if validate_args is not None:
            self._validate_args = validate_args
        if self._validate_args:
            self._check_parameters()

    def _check_parameters(self) -> None:
        try:
            arg_constraints = self.arg_constraints
        except NotImplementedError:
            warnings.warn(
                f"{type(self)} does not define `arg_constraints`. Please set `arg_constraints = "
                "{}` or initialize the distribution with `validate_args=False` to turn off "
                "validation.",
                stacklevel=4,
            )
            return
        for name, constraint in arg_constraints.items():
            if constraints.is_dependent(constraint):
                continue
            declared = inspect.getattr_static(type(self), name, None)
            if name not in self.__dict__ and isinstance(declared, lazy_property):
                continue
            value = getattr(self, name)
            if not constraint.check(value).all():
                raise ValueError(
                    f"Expected parameter {name} ({type(value).__name__} of shape "
                    f"{tuple(value.shape)}) of distribution {self!r} to satisfy the constraint "
                    f"{constraint!r}, but found invalid values:\n{value}"
                )

    # --- shapes ---------------------------------------------------------------------------------

    @property
    def batch_shape(self) -> Size:
        """The shape of the batch of distributions."""
        return self._batch_shape

    @property
    def event_shape(self) -> Size:
        """The shape of one value of one distribution."""
        return self._event_shape

    def _extended_shape(self, sample_shape: Any = ()) -> Size:
        """The shape of samples."""
        return Size(sample_shape) + self._batch_shape + self._event_shape

    def expand(self, batch_shape: Any, _instance: Any = None) -> Any:
        """The same distributions repeated to a larger batch, without copying.

        Raises NotImplementedError for a subclass with an ``__init__`` of its own and no
        ``expand``.
        """
        owner: Any = next((c for c in type(self).__mro__ if "_batched" in vars(c)), None)
        if owner is None:
            raise NotImplementedError
        new = self._get_checked_instance(owner, _instance)
        batch_shape = Size(batch_shape)
        batch_dims = len(self._batch_shape)
        for name in owner._batched:
            value = self.__dict__.get(name)
            if isinstance(value, Distribution):
                new.__dict__[name] = value.expand(batch_shape)
            elif value is not None:
                new.__dict__[name] = value.expand((*batch_shape, *value.shape[batch_dims:]))
        for name in owner._shared:
            if name in self.__dict__:
                new.__dict__[name] = self.__dict__[name]
        Distribution.__init__(new, batch_shape, self._event_shape, validate_args=False)
        new._validate_args = self._validate_args
        return new

    def _get_checked_instance(self, cls: type, _instance: Any = None) -> Any:
        if _instance is None and type(self).__init__ != cls.__init__:  # type: ignore[misc]
            raise NotImplementedError(
                f"Subclass {type(self).__name__} of {cls.__name__} that defines a custom __init__ "
                "method must also define a custom .expand() method."
            )
        return type(self).__new__(type(self)) if _instance is None else _instance

    # --- what a distribution says of itself -----------------------------------------------------

    @property
    def arg_constraints(self) -> dict[str, Any]:
        """Where each parameter may lie."""
        raise NotImplementedError

    @property
    def support(self) -> Any:
        """Where values may lie."""
        raise NotImplementedError

    @property
    def mean(self) -> Tensor:
        """The mean.  Shape: batch_shape + event_shape."""
        raise NotImplementedError

    @property
    def mode(self) -> Tensor:
        """The most likely value.  Shape: batch_shape + event_shape."""
        raise NotImplementedError(f"{type(self)} does not implement mode")

    @property
    def variance(self) -> Tensor:
        """The variance.  Shape: batch_shape + event_shape."""
        raise NotImplementedError

    @property
    def stddev(self) -> Tensor:
        """The standard deviation.  Shape: batch_shape + event_shape."""
        return self.variance.sqrt()

    def entropy(self) -> Tensor:
        """The entropy, in nats.  Shape: batch_shape."""
        raise NotImplementedError

    def perplexity(self) -> Tensor:
        """The exponential of the entropy.  Shape: batch_shape."""
        return self.entropy().exp()

    # --- drawing --------------------------------------------------------------------------------

    def sample(self, sample_shape: Any = ()) -> Tensor:
        """Draws without gradients.  Shape: sample_shape + batch_shape + event_shape."""
        with no_grad():
            return self.rsample(sample_shape)

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        """Draws that are differentiable in the parameters, where ``has_rsample``.

        Shape: sample_shape + batch_shape + event_shape.
        """
        raise NotImplementedError

    def sample_n(self, n: int) -> Tensor:
        """``sample((n,))``, the old way to say it; warns."""
        warnings.warn(
            "`sample_n(n)` will be deprecated. Use `sample((n,))` instead.",
            FutureWarning,
            stacklevel=2,
        )
        return self.sample(Size((n,)))

    def enumerate_support(self, expand: bool = True) -> Tensor:
        """All values of a discrete distribution, along a new first dimension.

        With ``expand=False`` the batch's dimensions stay at length 1.
        """
        raise NotImplementedError

    # --- probabilities --------------------------------------------------------------------------

    def log_prob(self, value: Tensor) -> Tensor:
        """The logarithm of the density or probability at ``value``.

        Shape: (*) + batch_shape + event_shape -> (*) + batch_shape.  Raises ValueError for values
        outside of the support, unless ``validate_args`` is off.
        """
        raise NotImplementedError

    def cdf(self, value: Tensor) -> Tensor:
        """The probability of values up to ``value``."""
        raise NotImplementedError

    def icdf(self, value: Tensor) -> Tensor:
        """The value that ``cdf`` maps to ``value``."""
        raise NotImplementedError

    def _validate_sample(self, value: Any) -> None:
        """Raise ValueError unless ``value`` is a tensor of fitting shape inside the support."""
        if not isinstance(value, Tensor):
            raise ValueError("The value argument to log_prob must be a Tensor")
        event_start = len(value.size()) - len(self._event_shape)
        if value.size()[event_start:] != self._event_shape:
            raise ValueError(
                "The right-most size of value must match event_shape: "
                f"{value.size()} vs {self._event_shape}."
            )
        expected = self._batch_shape + self._event_shape
        for have, want in zip(reversed(value.size()), reversed(expected), strict=False):
            if have != 1 and want != 1 and have != want:
                raise ValueError(
                    "Value is not broadcastable with batch_shape+event_shape: "
                    f"{value.size()} vs {expected}."
                )
        try:
            support = self.support
        except NotImplementedError:
            warnings.warn(
                f"{type(self)} does not define `support` to enable sample validation. Please "
                "initialize the distribution with `validate_args=False` to turn off validation.",
                stacklevel=3,
            )
            return
        if not support.check(value).all():
            raise ValueError(
                f"Expected value argument ({type(value).__name__} of shape {tuple(value.shape)}) "
                f"to be within the support ({support!r}) of the distribution {self!r}, but found "
                f"invalid values:\n{value}"
            )

    def __repr__(self) -> str:
        held = [name for name in self.arg_constraints if name in self.__dict__]
        shown = ", ".join(
            f"{name}: {value if value.numel() == 1 else value.size()}"
            for name, value in ((name, self.__dict__[name]) for name in held)
        )
        return f"{type(self).__name__}({shown})"
