"""Products with Jacobians and Hessians, and these matrices themselves, of functions of tensors.

For y = f(x) with Jacobian ``J = dy/dx`` and, where y is a single number, Hessian ``H = d2y/dx2``::

    vjp       y, v J           one backward
    jvp       y, J v           two: v J is linear in v, and its own vjp is J v
    jacobian  J                one backward per element of y
    vhp       y, v H           the vjp of the gradient
    hvp       y, H v           the jvp of the gradient
    hessian   H                the Jacobian of the gradient

Throughout, inputs, outputs and v are a tensor or a tuple of tensors, and what comes back is shaped
alike.  ``create_graph`` makes results differentiable.  ``strict`` raises where an output does not
depend on an input, instead of giving zeros.

Source: torch.autograd.functional.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from minitorch.autograd.interface import grad
from minitorch.autograd.mode import enable_grad
from minitorch.ops import joining, parts, shape
from minitorch.tensor import Tensor, wrap

__all__ = ["hessian", "hvp", "jacobian", "jvp", "vhp", "vjp"]

Tensors = Tensor | tuple[Tensor, ...]
_Gradients = Sequence[Tensor | None]


def vjp(
    func: Callable[..., Any],
    inputs: Tensors,
    v: Tensors | None = None,
    create_graph: bool = False,
    strict: bool = False,
) -> tuple[Any, Any]:
    """The outputs of ``func`` and the product of ``v`` with its Jacobian.

    Args:
        func: a function of tensors that returns a tensor or a tuple of tensors.
        inputs: where it is evaluated.
        v: shaped like the outputs; may be left out for a single number.
        create_graph, strict: see the module.

    Returns:
        (outputs, product): the product is shaped like ``inputs``.

    Raises:
        TypeError: something is not a tensor or a tuple of tensors.
        RuntimeError: ``v`` has the wrong shape or is missing, or ``strict`` is violated.

    Source: torch.autograd.functional.vjp.

    Example::

        >>> import minitorch
        >>> from minitorch.autograd.functional import vjp
        >>> x = minitorch.tensor([1.0, 2.0])
        >>> vjp(lambda x: x * x, x, minitorch.ones(2))
        (tensor([1., 4.]), tensor([2., 4.]))
    """
    with enable_grad():
        is_tuple, at = _prepared(inputs, create_graph, "vjp")
        outputs_are_tuple, outputs = _evaluated(func, at, "vjp", strict)
        v = _vector(v, outputs, "vjp", "the user-provided function returns")
        found = _gradients(outputs, at, v, create_graph)
        product = _complete(found, at, _INDEPENDENT if strict else None)
        if strict and create_graph:
            _demand_graph(product, _CONSTANT_JACOBIAN)
    return (
        _finished(outputs, outputs_are_tuple, create_graph),
        _finished(product, is_tuple, create_graph),
    )


def jvp(
    func: Callable[..., Any],
    inputs: Tensors,
    v: Tensors | None = None,
    create_graph: bool = False,
    strict: bool = False,
) -> tuple[Any, Any]:
    """The outputs of ``func`` and the product of its Jacobian with ``v``.

    It takes two backward passes, there being no forward mode.

    Args:
        func: a function of tensors that returns a tensor or a tuple of tensors.
        inputs: where it is evaluated.
        v: shaped like ``inputs``; may be left out for a single number.
        create_graph, strict: see the module.

    Returns:
        (outputs, product): the product is shaped like the outputs.

    Raises:
        As :func:`vjp`.

    Source: torch.autograd.functional.jvp.

    Example::

        >>> import minitorch
        >>> from minitorch.autograd.functional import jvp
        >>> x = minitorch.tensor([1.0, 2.0])
        >>> jvp(lambda x: x.sum() * x, x, minitorch.ones(2))
        (tensor([3., 6.]), tensor([5., 7.]))
    """
    with enable_grad():
        _, at = _prepared(inputs, create_graph, "jvp")
        v = _vector(v, at, "jvp", "the input to the user-provided function is")
        is_tuple, outputs = _evaluated(func, at, "jvp", strict)
        product = _jacobian_times(outputs, at, v, create_graph, strict)
        if strict and create_graph:
            _demand_graph(product, _CONSTANT_JACOBIAN)
    return _finished(outputs, is_tuple, create_graph), _finished(product, is_tuple, create_graph)


def jacobian(
    func: Callable[..., Any],
    inputs: Tensors,
    create_graph: bool = False,
    strict: bool = False,
    vectorize: bool = False,
    strategy: str = "reverse-mode",
) -> Any:
    """The Jacobian of ``func``.

    Args:
        func: a function of tensors that returns a tensor or a tuple of tensors.
        inputs: where it is evaluated.
        create_graph, strict: see the module.
        vectorize, strategy: accepted and checked; they tell torch how to compute the same numbers.

    Returns:
        For an output of shape O and an input of shape I, a tensor of shape (*O, *I).  A tuple of
        these if inputs or outputs are a tuple; if both are, ``result[output][input]``.

    Raises:
        As :func:`vjp`; NotImplementedError for the strategies that torch does not combine.

    Source: torch.autograd.functional.jacobian.

    Example::

        >>> import minitorch
        >>> from minitorch.autograd.functional import jacobian
        >>> jacobian(lambda x: x.sum() * x, minitorch.tensor([1.0, 2.0]))
        tensor([[4., 1.],
                [2., 5.]])
    """
    _check_strategy(create_graph, strict, vectorize, strategy)
    with enable_grad():
        is_tuple, at = _prepared(inputs, create_graph, "jacobian")
        outputs_are_tuple, outputs = _evaluated(func, at, "jacobian", strict)
        rows = [_jacobian_of(i, y, at, create_graph, strict) for i, y in enumerate(outputs)]
    blocks = [_finished(row, is_tuple, create_graph) for row in rows]
    return tuple(blocks) if outputs_are_tuple else blocks[0]


def hessian(
    func: Callable[..., Any],
    inputs: Tensors,
    create_graph: bool = False,
    strict: bool = False,
    vectorize: bool = False,
    outer_jacobian_strategy: str = "reverse-mode",
) -> Any:
    """The Hessian of ``func``, which returns a single number.

    Args:
        func: a function of tensors that returns a tensor of one element.
        inputs: where it is evaluated.
        create_graph, strict: see the module.
        vectorize, outer_jacobian_strategy: accepted and checked, as for :func:`jacobian`.

    Returns:
        For inputs of shapes I and J, a tensor of shape (*I, *J): a tuple of tuples
        ``result[i][j]`` if ``inputs`` is a tuple.

    Raises:
        As :func:`vjp`; RuntimeError if ``func`` returns more than one number.

    Source: torch.autograd.functional.hessian.

    Example::

        >>> import minitorch
        >>> from minitorch.autograd.functional import hessian
        >>> hessian(lambda x: x.prod(), minitorch.tensor([1.0, 2.0, 3.0]))
        tensor([[0., 3., 2.],
                [3., 0., 1.],
                [2., 1., 0.]])
    """
    is_tuple, at = _checked(inputs, "inputs", "hessian")
    _check_strategy(create_graph, strict, vectorize, outer_jacobian_strategy)

    def gradient(*at: Tensor) -> tuple[Tensor, ...]:
        slope = _complete(_gradients([_number(func, at, "hessian", strict)], at, None, True), at)
        if strict:
            _demand_graph(slope, _CONSTANT_SLOPE)
        return slope

    blocks = jacobian(gradient, at, create_graph, strict)
    return blocks if is_tuple else blocks[0][0]


def vhp(
    func: Callable[..., Any],
    inputs: Tensors,
    v: Tensors | None = None,
    create_graph: bool = False,
    strict: bool = False,
) -> tuple[Tensor, Any]:
    """The output of ``func``, a single number, and the product of ``v`` with its Hessian.

    Args:
        func: a function of tensors that returns a tensor of one element.
        inputs: where it is evaluated.
        v: shaped like ``inputs``; may be left out for a single number.
        create_graph, strict: see the module.

    Returns:
        (output, product): the product is shaped like ``inputs``.

    Raises:
        As :func:`hessian`.

    Source: torch.autograd.functional.vhp.

    Example::

        >>> import minitorch
        >>> from minitorch.autograd.functional import vhp
        >>> x = minitorch.tensor([1.0, 2.0])
        >>> vhp(lambda x: x.prod(), x, minitorch.tensor([1.0, 0.0]))
        (tensor(2.), tensor([0., 1.]))
    """
    with enable_grad():
        is_tuple, at = _prepared(inputs, create_graph, "vhp")
        v = _vector(v, at, "vhp", "the input to the user-provided function is")
        output = _number(func, at, "vhp", strict)
        slope = _slope(output, at, strict)
        found = _gradients(slope, at, v, create_graph)
        product = _complete(found, at, _INDEPENDENT_HESSIAN if strict else None)
    return _finished([output], False, create_graph), _finished(product, is_tuple, create_graph)


def hvp(
    func: Callable[..., Any],
    inputs: Tensors,
    v: Tensors | None = None,
    create_graph: bool = False,
    strict: bool = False,
) -> tuple[Tensor, Any]:
    """The output of ``func``, a single number, and the product of its Hessian with ``v``.

    A Hessian is symmetric, so :func:`vhp` gives the same numbers at less cost.

    Args:
        func: a function of tensors that returns a tensor of one element.
        inputs: where it is evaluated.
        v: shaped like ``inputs``; may be left out for a single number.
        create_graph, strict: see the module.

    Returns:
        (output, product): the product is shaped like ``inputs``.

    Raises:
        As :func:`hessian`.

    Source: torch.autograd.functional.hvp.

    Example::

        >>> import minitorch
        >>> from minitorch.autograd.functional import hvp
        >>> x = minitorch.tensor([1.0, 2.0])
        >>> hvp(lambda x: x.prod(), x, minitorch.tensor([1.0, 0.0]))
        (tensor(2.), tensor([0., 1.]))
    """
    with enable_grad():
        is_tuple, at = _prepared(inputs, create_graph, "hvp")
        v = _vector(v, at, "hvp", "the input to the user-provided function is")
        output = _number(func, at, "hvp", strict)
        slope = _slope(output, at, strict)
        product = _jacobian_times(slope, at, v, create_graph, strict)
    return _finished([output], False, create_graph), _finished(product, is_tuple, create_graph)


# What ``strict`` says, of input {i}.
_INDEPENDENT = (
    "The output of the user-provided function is independent of input {i}. This is not allowed in "
    "strict mode."
)
_INDEPENDENT_HESSIAN = (
    "The hessian of the user-provided function is independent of input {i}. This is not allowed in "
    "strict mode."
)
_CONSTANT_JACOBIAN = (
    "The jacobian of the user-provided function is independent of input {i}. This is not allowed "
    "in strict mode when create_graph=True."
)
_CONSTANT_SLOPE = (
    "While computing the hessian, found that the jacobian of the user-provided function with "
    "respect to input {i} is independent of the input. This is not allowed in strict mode: the "
    "function must be twice differentiable and not linear."
)


# Going in and out


def _checked(value: Any, what: str, name: str) -> tuple[bool, tuple[Tensor, ...]]:
    """``value`` as a tuple of tensors, and whether it was one."""
    is_tuple = isinstance(value, tuple)
    values = value if is_tuple else (value,)
    for i, item in enumerate(values):
        if not isinstance(item, Tensor):
            where = f"the value at index {i}" if is_tuple else f"the given {what}"
            raise TypeError(
                f"The {what} given to {name} must be either a Tensor or a tuple of Tensors but "
                f"{where} has type {type(item)}."
            )
    return is_tuple, values


def _prepared(inputs: Any, create_graph: bool, name: str) -> tuple[bool, tuple[Tensor, ...]]:
    """The inputs as vertices of their own: the same tensor given twice is two inputs."""
    is_tuple, values = _checked(inputs, "inputs", name)
    if create_graph:
        return is_tuple, tuple(
            shape.view_as(x, x) if x.requires_grad else x.detach().requires_grad_() for x in values
        )
    return is_tuple, tuple(x.detach().requires_grad_() for x in values)


def _evaluated(
    func: Callable[..., Any], at: tuple[Tensor, ...], name: str, strict: bool
) -> tuple[bool, tuple[Tensor, ...]]:
    """What ``func`` returns: whether that is a tuple, and the tensors."""
    is_tuple, outputs = _checked(func(*at), "outputs of the user-provided function", name)
    for i, output in enumerate(outputs):
        if strict and not output.requires_grad:
            raise RuntimeError(
                f"Output {i} of the user-provided function does not require gradients. The outputs "
                "must be computed in a differentiable manner from the input when running in strict "
                "mode."
            )
    return is_tuple, outputs


def _number(func: Callable[..., Any], at: tuple[Tensor, ...], name: str, strict: bool) -> Tensor:
    """What ``func`` returns, which must be a single number."""
    is_tuple, outputs = _evaluated(func, at, name, strict)
    if is_tuple:
        raise RuntimeError(f"The function given to {name} should return a single Tensor")
    if outputs[0].numel() != 1:
        raise RuntimeError(
            f"The Tensor returned by the function given to {name} should contain a single element"
        )
    return outputs[0]


def _vector(v: Any, like: Sequence[Tensor], name: str, condition: str) -> tuple[Tensor, ...]:
    """``v`` checked against the tensors it must resemble; ones for a single number."""
    if v is None:
        if len(like) != 1 or like[0].numel() != 1:
            raise RuntimeError(
                f"The vector v can only be None if {condition} a single Tensor with a single "
                "element."
            )
        return (wrap(np.ones_like(like[0]._array)),)
    is_tuple, values = _checked(v, "v", name)
    if len(values) != len(like):
        if is_tuple and len(like) == 1:
            raise RuntimeError("The given v should contain a single Tensor.")
        raise RuntimeError(
            f"v is a tuple of invalid length: should be {len(like)} but got {len(values)}."
        )
    for i, (vector, tensor) in enumerate(zip(values, like, strict=True)):
        if vector.shape != tensor.shape:
            which = f"Entry {i} in v" if len(like) > 1 else "v"
            raise RuntimeError(
                f"{which} has invalid size: should be {tensor.shape} but got {vector.shape}."
            )
    return values


def _finished(tensors: Sequence[Tensor], is_tuple: bool, create_graph: bool) -> Any:
    """Results as they go out: without a graph unless one was asked for; bare unless a tuple."""
    results = tuple(tensors if create_graph else (tensor.detach() for tensor in tensors))
    return results if is_tuple else results[0]


# The mathematics


def _gradients(
    outputs: Sequence[Tensor],
    at: Sequence[Tensor],
    v: Sequence[Tensor] | None,
    create_graph: bool,
) -> _Gradients:
    """``v J``, None where nothing depends.  Without ``v``: the gradient of a single number."""
    vectors: Sequence[Tensor | None] = [None] * len(outputs) if v is None else v
    pairs = [pair for pair in zip(outputs, vectors, strict=True) if pair[0].requires_grad]
    if not pairs:
        return [None] * len(at)
    return grad(
        [output for output, _ in pairs],
        at,
        [vector for _, vector in pairs],
        create_graph=create_graph,
        retain_graph=True,
        allow_unused=True,
    )


def _slope(output: Tensor, at: Sequence[Tensor], strict: bool) -> tuple[Tensor, ...]:
    """The gradient of a single number, itself differentiable."""
    slope = _complete(_gradients([output], at, None, True), at, _INDEPENDENT if strict else None)
    if strict:
        _demand_graph(slope, _CONSTANT_SLOPE)
    return slope


def _jacobian_times(
    outputs: Sequence[Tensor],
    at: Sequence[Tensor],
    v: Sequence[Tensor],
    create_graph: bool,
    strict: bool,
) -> tuple[Tensor, ...]:
    """``J v``: since ``w J`` is linear in w, its derivative by w, times v, is that."""
    w = [wrap(np.zeros_like(output._array)).requires_grad_() for output in outputs]
    found = _gradients(outputs, at, w, True)
    w_times_j = _complete(found, at, _INDEPENDENT if strict else None)
    return _complete(_gradients(w_times_j, w, v, create_graph), w)


def _jacobian_of(
    number: int, output: Tensor, at: Sequence[Tensor], create_graph: bool, strict: bool
) -> tuple[Tensor, ...]:
    """The derivatives of one output by each input, from one backward per element of the output."""
    missing = _INDEPENDENT.replace("The output", f"Output {number}") if strict else None
    rows: list[tuple[Tensor, ...]] = []
    for element in parts.unbind(shape.reshape(output, (-1,))):
        found = _gradients([element], at, None, create_graph)
        row = _complete(found, at, missing)
        if strict and create_graph:
            _demand_graph(row, _CONSTANT_JACOBIAN)
        rows.append(row)
    blocks = []
    for i, x in enumerate(at):
        size = (*output.shape, *x.shape)
        if rows:
            blocks.append(shape.reshape(joining.stack([row[i] for row in rows]), size))
        else:
            blocks.append(wrap(np.empty(size, x._array.dtype)))
    return tuple(blocks)


def _complete(
    found: _Gradients, at: Sequence[Tensor], missing: str | None = None
) -> tuple[Tensor, ...]:
    """The gradients, with zeros where there is none unless a message forbids it."""
    gradients = []
    for i, (gradient, x) in enumerate(zip(found, at, strict=True)):
        if gradient is None and missing is not None:
            raise RuntimeError(missing.format(i=i))
        gradients.append(wrap(np.zeros_like(x._array)) if gradient is None else gradient)
    return tuple(gradients)


def _demand_graph(gradients: Sequence[Tensor], message: str) -> None:
    """Raise for a gradient that depends on nothing."""
    for i, gradient in enumerate(gradients):
        if not gradient.requires_grad:
            raise RuntimeError(message.format(i=i))


def _check_strategy(create_graph: bool, strict: bool, vectorize: bool, strategy: str) -> None:
    """torch's refusals of a strategy, and of combinations with it."""
    name = "torch.autograd.functional.jacobian"
    if strategy not in ("reverse-mode", "forward-mode"):
        raise AssertionError(
            f'Expected strategy to be either "forward-mode" or "reverse-mode". It was {strategy!r}.'
        )
    if strategy == "forward-mode" and create_graph:
        raise NotImplementedError(
            f'{name}: `create_graph=True` and `strategy="forward-mode"` are not supported together.'
        )
    if strategy == "forward-mode" and not vectorize:
        raise NotImplementedError(
            "Computing Jacobian using forward-AD or forward-over-reverse Hessian is only "
            "implemented for `vectorize=True`."
        )
    if vectorize and strict:
        raise RuntimeError(
            f"{name}: `strict=True` and `vectorized=True` are not supported together. Please "
            "either set `strict=False` or `vectorize=False`."
        )
