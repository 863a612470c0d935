"""``gradcheck`` and ``gradgradcheck``: gradients against finite differences.

For a function with real output y of real input x, the Jacobian is ``J[i, j] = dy_j / dx_i``.  The
*analytical* one is read off ``backward``, one output element at a time; the *numerical* one is
``(y_j(x + eps e_i) - y_j(x - eps e_i)) / (2 eps)``, from moving one input element at a time.

Complex numbers: the real and the imaginary part of an output are checked as two real outputs.  For
a complex input ``J = dy/d(re x) + 1j dy/d(im x)``, which is what ``backward`` gives for a real y.

Forward mode (``check_forward_ad``) is checked as well: a dual number for each input element.

Source: torch.autograd.gradcheck.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from minitorch.autograd.forward_ad import dual_level, make_dual, unpack_dual
from minitorch.autograd.interface import grad
from minitorch.ops.creation import zeros_like
from minitorch.tensor import Tensor, wrap

__all__ = ["GradcheckError", "gradcheck", "gradgradcheck"]


class GradcheckError(RuntimeError):
    """A gradient is not what finite differences say."""


def gradcheck(
    func: Callable[..., Any],
    inputs: Tensor | Sequence[Any],
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    raise_exception: bool = True,
    nondet_tol: float = 0.0,
    check_undefined_grad: bool = True,
    check_grad_dtypes: bool = False,
    check_batched_grad: bool = False,
    check_batched_forward_grad: bool = False,
    check_forward_ad: bool = False,
    check_backward_ad: bool = True,
    fast_mode: bool = False,
    masked: bool | None = None,
) -> bool:
    """Whether the gradients of ``func`` at ``inputs`` agree with finite differences.

    Also checked: that two backward passes agree, and that gradients vanish with the gradient of the
    output.  ``inputs`` should be float64 or complex128; they are moved by ``eps`` while it runs.

    Args:
        func: takes ``inputs`` and returns a tensor or a tuple of tensors.
        inputs: a tensor or a tuple of anything; gradients of the tensors that require grad are
        checked.
        eps: the step.
        atol, rtol: how close the Jacobians must be, as in ``allclose``.
        raise_exception: raise on a mismatch instead of returning False.
        nondet_tol: how far two backward passes may differ.
        check_undefined_grad: no effect: every output is differentiated alone, so functions of
            several outputs meet undefined gradients in any case.
        check_grad_dtypes: require gradients of the dtypes of the inputs.
        fast_mode: compare one random projection of the Jacobians instead of every element.
        masked: no effect: it concerns sparse tensors.

    Returns:
        True; False on a mismatch if ``raise_exception`` is False.

    Raises:
        GradcheckError: with both Jacobians, on a mismatch.
        ValueError: no input requires grad.
        RuntimeError: elements of an input share memory.
        NotImplementedError: ``check_batched_grad`` or ``check_batched_forward_grad`` (no derivative
            is taken in batches).

    Source: torch.autograd.gradcheck.

    Example::

        >>> import minitorch
        >>> from minitorch.autograd.gradcheck import gradcheck
        >>> x = minitorch.tensor([1.0, 2.0], dtype=minitorch.float64, requires_grad=True)
        >>> gradcheck(lambda x: (x * x).sum(), x)
        True
    """
    if not (check_forward_ad or check_backward_ad):
        raise AssertionError(
            "Expected at least one of check_forward_ad or check_backward_ad to be True"
        )
    if check_batched_forward_grad and not check_forward_ad:
        raise AssertionError(
            "Setting check_batched_forward_grad=True requires check_forward_ad to be True"
        )
    if check_batched_grad or check_batched_forward_grad:
        raise NotImplementedError("gradcheck(): derivatives are not taken in batches")
    arguments = (inputs,) if isinstance(inputs, Tensor) else tuple(inputs)
    checker = _Checker(func, arguments, eps, atol, rtol, nondet_tol, check_grad_dtypes)
    try:
        checker.check(fast_mode, check_forward_ad, check_backward_ad)
    except GradcheckError:
        if raise_exception:
            raise
        return False
    return True


def gradgradcheck(
    func: Callable[..., Any],
    inputs: Tensor | Sequence[Any],
    grad_outputs: Tensor | Sequence[Tensor | None] | None = None,
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    gen_non_contig_grad_outputs: bool = False,
    raise_exception: bool = True,
    nondet_tol: float = 0.0,
    check_undefined_grad: bool = True,
    check_grad_dtypes: bool = False,
    check_batched_grad: bool = False,
    check_fwd_over_rev: bool = False,
    check_rev_over_rev: bool = True,
    fast_mode: bool = False,
    masked: bool = False,
) -> bool:
    """Whether the second derivatives of ``func`` at ``inputs`` agree with finite differences.

    This is :func:`gradcheck` of the function that maps ``inputs`` and ``grad_outputs`` to the
    gradients of ``inputs``.

    Args:
        grad_outputs: the gradients of the outputs; random by default (the same in every call).
        gen_non_contig_grad_outputs: make the random ones non-contiguous.

    The other arguments, and what is raised: as for :func:`gradcheck`.

    Source: torch.autograd.gradgradcheck.

    Example::

        >>> import minitorch
        >>> from minitorch.autograd.gradcheck import gradgradcheck
        >>> x = minitorch.tensor([1.0, 2.0], dtype=minitorch.float64, requires_grad=True)
        >>> gradgradcheck(lambda x: x * x * x, x)
        True
    """
    if not (check_fwd_over_rev or check_rev_over_rev):
        raise AssertionError(
            "Expected at least one of check_fwd_over_rev or check_rev_over_rev to be True"
        )
    arguments = (inputs,) if isinstance(inputs, Tensor) else tuple(inputs)
    if grad_outputs is None:
        outputs = _differentiable(_outputs(func(*arguments)))
        gradients: tuple[Any, ...] = _random_like(outputs, gen_non_contig_grad_outputs)
    elif isinstance(grad_outputs, Tensor):
        gradients = (grad_outputs,)
    else:
        gradients = tuple(grad_outputs)

    def gradients_of_inputs(*values: Any) -> tuple[Tensor, ...]:
        at, output_gradients = values[: len(arguments)], values[len(arguments) :]
        found = grad(
            _differentiable(_outputs(func(*at))),
            [value for value in at if _requires_grad(value)],
            output_gradients,
            create_graph=True,
            allow_unused=True,
        )
        return tuple(gradient for gradient in found if gradient is not None)

    return gradcheck(
        gradients_of_inputs,
        arguments + gradients,
        eps=eps,
        atol=atol,
        rtol=rtol,
        raise_exception=raise_exception,
        nondet_tol=nondet_tol,
        check_undefined_grad=check_undefined_grad,
        check_grad_dtypes=check_grad_dtypes,
        check_batched_grad=check_batched_grad,
        check_forward_ad=check_fwd_over_rev,
        check_backward_ad=check_rev_over_rev,
        fast_mode=fast_mode,
        masked=masked,
    )


@dataclass(frozen=True)
class _Part:
    """A real function to be checked: an output of the user's, or one part of a complex output."""

    index: int
    part: str  # "", "real" or "imaginary"

    def of(self, outputs: Sequence[Tensor]) -> np.ndarray:
        """A copy of its values, flat: an output may share memory with an input that moves."""
        array = outputs[self.index]._array
        if self.part:
            array = array.real if self.part == "real" else array.imag
        return array.reshape(-1).copy()

    def gradient(self, output: Tensor, weights: np.ndarray) -> Tensor:
        """The gradient to send into ``output``, for its elements weighted by ``weights``."""
        factor = 1j if self.part == "imaginary" else 1
        array = (factor * weights).astype(output._array.dtype)
        return wrap(array.reshape(output._array.shape))

    @property
    def prefix(self) -> str:
        if not self.part:
            return ""
        return f"While considering the {self.part} part of complex outputs only, "


class _Checker:
    """One check: a function, where it is checked, and how closely."""

    def __init__(
        self,
        func: Callable[..., Any],
        arguments: tuple[Any, ...],
        eps: float,
        atol: float,
        rtol: float,
        nondet_tol: float,
        check_grad_dtypes: bool,
    ) -> None:
        self.func = func
        self.arguments = arguments
        self.eps = eps
        self.atol = atol
        self.rtol = rtol
        self.nondet_tol = nondet_tol
        self.check_grad_dtypes = check_grad_dtypes
        #: The tensors whose gradients are checked, by their position among all inputs.
        self.inputs = {i: x for i, x in enumerate(arguments) if _requires_grad(x)}
        self._check_inputs()

    def _check_inputs(self) -> None:
        if not self.inputs:
            raise ValueError(
                "gradcheck expects at least one input tensor to require gradient, but none of them "
                "have requires_grad=True."
            )
        for i, x in self.inputs.items():
            if x._array.dtype.name not in ("float64", "complex128"):
                warnings.warn(
                    f"Input #{i} requires gradient and is not a double precision floating point or "
                    "complex. This check will likely fail if all the inputs are not of double "
                    "precision floating point or complex.",
                    stacklevel=4,
                )
            sizes = zip(x._array.shape, x._array.strides, strict=True)
            if any(stride == 0 and size > 1 for size, stride in sizes):
                raise RuntimeError(
                    f"The {i}th input has a dimension with stride 0. gradcheck only supports "
                    "inputs that are non-overlapping: moving one element must not move another. "
                    "Call contiguous() on it first."
                )

    def check(self, fast: bool, forward: bool, backward: bool) -> None:
        outputs = self.run()
        differentiable = [i for i, output in enumerate(outputs) if _requires_grad(output)]
        if not differentiable:
            self._check_constant(outputs)
            return
        # torch: an output's number counts the differentiable outputs only.
        outputs = [outputs[i] for i in differentiable]
        for part in _parts(outputs):
            if forward:
                self._check_forward(outputs, part, differentiable, fast)
            if backward and fast:
                self._check_projection(outputs, part, differentiable)
            elif backward:
                self._check_jacobian(outputs, part, differentiable)
        if backward:
            self._check_zero_gradient(outputs)

    def run(self) -> list[Tensor]:
        return _outputs(self.func(*self.arguments))

    # The checks

    def _check_jacobian(self, outputs: list[Tensor], part: _Part, where: list[int]) -> None:
        numerical = self._numerical(part, where)
        analytical = self._analytical(outputs, part)
        for i in self.inputs:
            if not self._close(analytical[i], numerical[i], self.atol):
                raise self._mismatch(part, i, wrap(numerical[i]), wrap(analytical[i]))

    def _check_projection(self, outputs: list[Tensor], part: _Part, where: list[int]) -> None:
        """Compare ``u J v`` for random u, v, at the cost of a few calls whatever the sizes."""
        rng = np.random.default_rng(0)
        v = _direction(rng, part.of(outputs).size)
        gradients = self._backward_twice(outputs, part, v)
        for i, x in self.inputs.items():
            u = _direction(rng, x._array.size)
            numerical = self._slope(x, u, lambda: part.of(self._at(where)) @ v)
            analytical = gradients[i].reshape(-1) @ u
            # atol is meant for an element; this is a sum of them, weighted.
            if not self._close(analytical, numerical, self.atol * u.sum() * v.sum()):
                slow_numerical = self._numerical(part, where)[i]
                slow_analytical = self._analytical(outputs, part)[i]
                difference = np.abs(slow_numerical - slow_analytical).max()
                raise GradcheckError(
                    f"{self._mismatch(part, i, numerical, analytical)}\n"
                    "These are projections of the Jacobians (fast mode). The Jacobians:\n\n"
                    f"Numerical:\n{wrap(slow_numerical)}\nAnalytical:\n{wrap(slow_analytical)}\n\n"
                    f"The max per-element difference (slow mode) is: {difference}.\n"
                )

    def _check_forward(
        self, outputs: list[Tensor], part: _Part, where: list[int], fast: bool
    ) -> None:
        """Compare ``J v`` of dual numbers: for each element of an input, or one random v."""
        rng = np.random.default_rng(0)
        for i, x in self.inputs.items():
            size = x._array.size
            steps = [_direction(rng, size)] if fast else list(np.eye(size))
            numerical = [self._slope(x, v, lambda: part.of(self._at(where))) for v in steps]
            analytical = [self._moved(i, v, part, where) for v in steps]
            atol = self.atol * (steps[0].sum() if fast else 1)
            if size and not self._close(analytical, numerical, atol):
                seen, found = (
                    wrap(np.array(rows[0] if fast else rows)) for rows in (numerical, analytical)
                )
                mismatch = self._mismatch(part, i, seen, found, "computed with forward mode ")
                raise GradcheckError(f"{mismatch}\n")

    def _moved(self, i: int, step: np.ndarray, part: _Part, where: list[int]) -> np.ndarray:
        """The derivative of ``part`` as input ``i`` moves: complex for a complex input."""
        x = self.inputs[i]
        found = []
        for direction in (step, 1j * step) if x._array.dtype.kind == "c" else (step,):
            tangent = wrap(direction.astype(x._array.dtype).reshape(x._array.shape))
            with dual_level():
                values = [*self.arguments[:i], make_dual(x, tangent), *self.arguments[i + 1 :]]
                outputs = _outputs(self.func(*values))
                moved = unpack_dual(outputs[where[part.index]]).tangent
            if moved is None:
                moved = zeros_like(outputs[where[part.index]])
            found.append(replace(part, index=0).of([moved]))
        return found[0] if len(found) == 1 else found[0] + 1j * found[1]

    def _close(self, analytical: Any, numerical: Any, atol: float) -> bool:
        with np.errstate(invalid="ignore"):
            return bool(np.allclose(analytical, numerical, self.rtol, atol))

    def _mismatch(
        self, part: _Part, i: int, numerical: Any, analytical: Any, how: str = ""
    ) -> GradcheckError:
        return GradcheckError(
            f"{part.prefix}Jacobian {how}mismatch for output {part.index} with respect to input "
            f"{i},\n"
            f"numerical:{numerical}\nanalytical:{analytical}\n"
        )

    # Finite differences

    def _at(self, where: list[int]) -> list[Tensor]:
        outputs = self.run()
        return [outputs[i] for i in where]

    def _numerical(self, part: _Part, where: list[int]) -> dict[int, np.ndarray]:
        """For each input, the Jacobian of ``part`` of the outputs ``where``, by moving elements."""
        jacobians = {}
        for i, x in self.inputs.items():
            rows = []
            for k in range(x._array.size):
                step = np.zeros(x._array.size)
                step[k] = 1
                rows.append(self._slope(x, step, lambda: part.of(self._at(where))))
            columns = part.of(self._at(where)).size
            jacobians[i] = np.array(rows).reshape(x._array.size, columns)
        return jacobians

    def _slope(self, x: Tensor, step: np.ndarray, value: Callable[[], Any]) -> Any:
        """The slope of ``value()`` as ``x`` moves along ``step``: complex for a complex ``x``."""
        slope = self._real_slope(x, step, value)
        if x._array.dtype.kind == "c":
            slope = slope + 1j * self._real_slope(x, 1j * step, value)
        return slope

    def _real_slope(self, x: Tensor, step: np.ndarray, value: Callable[[], Any]) -> Any:
        # Written below the graph's notice, into the tensor that the caller's function knows.
        array = x._array
        origin = array.copy()
        shift = (self.eps * step).astype(array.dtype).reshape(array.shape)
        try:
            array[...] = origin + shift
            after = value()
            array[...] = origin - shift
            before = value()
        finally:
            array[...] = origin
        with np.errstate(all="ignore"):
            return (after - before) / (2 * self.eps)

    # Gradients

    def _analytical(self, outputs: list[Tensor], part: _Part) -> dict[int, np.ndarray]:
        """For each input, the Jacobian of ``part``, from one backward per output element."""
        size = outputs[part.index]._array.size
        jacobians = {
            i: np.zeros((x._array.size, size), x._array.dtype) for i, x in self.inputs.items()
        }
        for k in range(size):
            weights = np.zeros(size)
            weights[k] = 1
            for i, gradient in self._backward_twice(outputs, part, weights).items():
                jacobians[i][:, k] = gradient.reshape(-1)
        return jacobians

    def _backward_twice(
        self, outputs: list[Tensor], part: _Part, weights: np.ndarray
    ) -> dict[int, np.ndarray]:
        first = self._backward(outputs, part, weights)
        for i, again in self._backward(outputs, part, weights).items():
            with np.errstate(invalid="ignore"):
                difference = np.abs(first[i] - again).max(initial=0)
            if difference > self.nondet_tol:
                raise GradcheckError(
                    "Backward is not reentrant, i.e., running backward with same input and "
                    "grad_output multiple times gives different values: the gradients of input "
                    f"{i} differ by {difference}. The tolerance (nondet_tol) was {self.nondet_tol}."
                )
        return first

    def _backward(
        self, outputs: list[Tensor], part: _Part, weights: np.ndarray
    ) -> dict[int, np.ndarray]:
        output = outputs[part.index]
        return self._gradients([output], [part.gradient(output, weights)])

    def _gradients(
        self, outputs: list[Tensor], output_gradients: list[Tensor]
    ) -> dict[int, np.ndarray]:
        """The gradients by input; zeros where there is none."""
        inputs = list(self.inputs.values())
        found = grad(outputs, inputs, output_gradients, retain_graph=True, allow_unused=True)
        gradients = {}
        for (i, x), gradient in zip(self.inputs.items(), found, strict=True):
            if gradient is None:
                gradients[i] = np.zeros_like(x._array)
                continue
            if gradient._array.shape != x._array.shape:
                raise GradcheckError(
                    f"Analytical gradient has incorrect size: {list(gradient._array.shape)} for "
                    f"input {i} of size {list(x._array.shape)}"
                )
            if self.check_grad_dtypes and gradient._array.dtype != x._array.dtype:
                raise GradcheckError(
                    f"Gradient has dtype mismatch: {gradient.dtype} for input {i} of {x.dtype}"
                )
            gradients[i] = gradient._array
        return gradients

    def _check_zero_gradient(self, outputs: list[Tensor]) -> None:
        """A backward that adds something to what it is sent would pass for a single output."""
        zeros = [wrap(np.zeros_like(output._array)) for output in outputs]
        for gradient in self._gradients(outputs, zeros).values():
            if np.count_nonzero(gradient):
                raise GradcheckError("backward not multiplied by grad_output")

    def _check_constant(self, outputs: list[Tensor]) -> None:
        """Without a gradient, the outputs must not depend on the inputs."""
        where = list(range(len(outputs)))
        for part in _parts(outputs):
            for jacobian in self._numerical(part, where).values():
                if np.count_nonzero(jacobian):
                    raise GradcheckError("Numerical gradient for function expected to be zero")


def _parts(outputs: Sequence[Tensor]) -> Iterator[_Part]:
    """The real functions among ``outputs``: the imaginary parts first, as in torch."""
    for i, output in enumerate(outputs):
        if output._array.dtype.kind == "c":
            yield _Part(i, "imaginary")
    for i, output in enumerate(outputs):
        if output.is_complex() or output.is_floating_point():
            yield _Part(i, "real" if output.is_complex() else "")


def _outputs(result: Any) -> list[Tensor]:
    return list(result) if isinstance(result, (tuple, list)) else [result]


def _differentiable(outputs: Sequence[Tensor]) -> list[Tensor]:
    return [output for output in outputs if output.requires_grad]


def _requires_grad(value: Any) -> bool:
    return isinstance(value, Tensor) and value.requires_grad


def _direction(rng: np.random.Generator, size: int) -> np.ndarray:
    """A unit vector without negative elements, so that errors of one sign don't cancel."""
    vector = rng.random(size)
    return vector / max(float(np.linalg.norm(vector)), 1e-12)


def _random_like(outputs: Sequence[Tensor], non_contiguous: bool) -> tuple[Tensor, ...]:
    """Normally distributed gradients for ``outputs``, as leaves that require grad."""
    rng = np.random.default_rng(0)
    gradients = []
    for output in outputs:
        array = output._array
        values = rng.standard_normal(array.shape)
        if array.dtype.kind == "c":
            values = values + 1j * rng.standard_normal(array.shape)
        values = np.asarray(values).astype(array.dtype)
        if non_contiguous and array.ndim:
            values = np.repeat(values, 2, axis=-1)[..., ::2]
        gradient = wrap(values)
        gradient.requires_grad = True
        gradients.append(gradient)
    return tuple(gradients)
