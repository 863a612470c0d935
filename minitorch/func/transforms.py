"""Functions from functions: gradients, products with Jacobians, and these matrices.

A transform runs the function on *tracked* copies of its arguments and walks the graph that this
leaves.  A copy of a tensor that is in a graph already stays connected to it, so transforms nest:
the outer one sees through the inner one.  What a transform returns is in a graph only if something
outside is: the arguments given to it, or tensors that the function takes from its surroundings.

::

    vjp(f, x)      y, v -> v J     one backward
    jvp(f, x, t)   y, J t          v J is linear in v: the gradient of (v J) . t with respect to v

Source: torch.func.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from minitorch.autograd.graph import has_other_leaves
from minitorch.autograd.interface import grad as gradients_of
from minitorch.autograd.mode import enable_grad, forward_rules
from minitorch.ops.creation import zeros_like
from minitorch.ops.joining import stack
from minitorch.ops.shape import reshape, view_as
from minitorch.tensor import Tensor
from minitorch.utils._pytree import tree_flatten, tree_leaves, tree_map, tree_unflatten

__all__ = [
    "functionalize",
    "grad",
    "grad_and_value",
    "hessian",
    "jacfwd",
    "jacrev",
    "jvp",
    "linearize",
    "vjp",
]


# --- tracked copies -------------------------------------------------------------------------------


def _tracked(value):
    """A copy of the tensor whose gradient can be asked for; anything else as it is."""
    if not isinstance(value, Tensor):
        return value
    if value.requires_grad:
        return view_as(value, value)
    return value.detach().requires_grad_()


def _leads_outside(tensors, own):
    """Whether the graph of ``tensors`` has a leaf that is not among the tracked copies ``own``."""
    nodes = [t._edge()[0] for t in tensors if isinstance(t, Tensor) and t.requires_grad]
    return has_other_leaves(nodes, {copied._edge()[0] for copied in own})


def _released(tree, own):
    """The tensors of ``tree``, detached unless something outside is in their graph."""
    if _leads_outside([*tree_leaves(tree), *(t for t in own if not t.is_leaf)], own):
        return tree
    return tree_map(lambda t: t.detach() if isinstance(t, Tensor) and t.requires_grad else t, tree)


def _with_aux(name, result, has_aux):
    """(output, aux) of what a function returned."""
    if not has_aux:
        return result, None
    if not (isinstance(result, tuple) and len(result) == 2):
        raise RuntimeError(
            f"{name}: output of function f should be a tuple: (output, aux) if has_aux is True"
        )
    return result


def _selected(name, args, argnums):
    """The arguments at ``argnums`` as tracked copies, put back among the others."""
    numbers = argnums if isinstance(argnums, tuple) else (argnums,)
    if not numbers:
        raise RuntimeError("argnums must be non-empty")
    for number in numbers:
        if not -len(args) <= number < len(args):
            raise RuntimeError(f"Got argnum={number}, but only {len(args)} positional inputs")
    changed = list(args)
    for number in numbers:
        for leaf in tree_leaves(args[number]):
            if not isinstance(leaf, Tensor):
                raise ValueError(
                    f"{name}: Expected all inputs to be differentiated to be Tensors, got "
                    f"{type(leaf)}"
                )
        changed[number] = tree_map(_tracked, args[number])
    chosen = tuple(changed[number] for number in numbers)
    return changed, (chosen if isinstance(argnums, tuple) else chosen[0])


def _gradients(outputs, inputs, cotangents, create_graph, keep=False):
    """The gradients of several outputs; zeros for inputs that they do not depend on."""
    pairs = [(out, v) for out, v in zip(outputs, cotangents, strict=True) if out.requires_grad]
    if not pairs:
        return [zeros_like(x) for x in inputs]
    found = gradients_of(
        [out for out, _ in pairs],
        inputs,
        [v for _, v in pairs],
        retain_graph=keep or create_graph,
        create_graph=create_graph,
        allow_unused=True,
    )
    return [zeros_like(x) if g is None else g for g, x in zip(found, inputs, strict=True)]


# --- gradients ------------------------------------------------------------------------------------


def grad_and_value(
    func: Callable[..., Any], argnums: int | tuple[int, ...] = 0, has_aux: bool = False
) -> Callable[..., Any]:
    """A function that returns the gradient of ``func``, which gives one number, and its value.

    Args:
        argnums: with respect to which arguments: tensors, or nested containers of them.
        has_aux: ``func`` returns (value, aux), and the new function (gradient, (value, aux)).

    Raises RuntimeError if the value is no tensor of one element.
    Source: torch.func.grad_and_value.
    """

    @functools.wraps(func)
    def wrapper(*args, **kwargs):
        with enable_grad():
            changed, chosen = _selected("grad_and_value", args, argnums)
            inputs, form = tree_flatten(chosen)
            output, aux = _with_aux("grad_and_value(f)(*args)", func(*changed, **kwargs), has_aux)
            if not isinstance(output, Tensor):
                raise RuntimeError(
                    "grad_and_value(f)(*args): Expected f(*args) to return a Tensor, got "
                    f"{type(output)}"
                )
            if output.ndim:
                raise RuntimeError(
                    "grad_and_value(f)(*args): Expected f(*args) to return a scalar Tensor, got "
                    f"tensor with {output.ndim} dims. Maybe you wanted to use the vjp or jacrev "
                    "APIs instead?"
                )
            nested = _leads_outside([output, *inputs], inputs)
            one = zeros_like(output, requires_grad=False) + 1
            found = _gradients([output], inputs, [one], nested, keep=True)
            gradient = tree_unflatten(found, form)
        output, aux = _released((output, aux), inputs)
        return gradient, ((output, aux) if has_aux else output)

    return wrapper


def grad(
    func: Callable[..., Any], argnums: int | tuple[int, ...] = 0, has_aux: bool = False
) -> Callable[..., Any]:
    """A function that returns the gradient of ``func``; see :func:`grad_and_value`.

    With ``has_aux`` it returns (gradient, aux).  Source: torch.func.grad.

    >>> import minitorch
    >>> from minitorch.func import grad
    >>> grad(grad(minitorch.sin))(minitorch.tensor(1.0))
    tensor(-0.8415)
    """
    both = grad_and_value(func, argnums, has_aux)

    @functools.wraps(func)
    def wrapper(*args, **kwargs):
        gradient, value = both(*args, **kwargs)
        return (gradient, value[1]) if has_aux else gradient

    return wrapper


# --- products -------------------------------------------------------------------------------------


def vjp(func: Callable[..., Any], *primals: Any, has_aux: bool = False) -> tuple:
    """``func(*primals)``, and the function from cotangents to gradients: (output, vjp_fn[, aux]).

    ``vjp_fn`` takes what is shaped like the output and returns a tuple, one gradient per primal.
    Source: torch.func.vjp.
    """
    with enable_grad():
        changed = tree_map(_tracked, primals)
        inputs, form = tree_flatten(changed)
        output, aux = _with_aux("vjp(f, *primals)", func(*changed), has_aux)
    outputs, output_form = tree_flatten(output)
    for leaf in outputs:
        if not isinstance(leaf, Tensor):
            raise RuntimeError(
                "vjp(f, *primals): Expected f(*primals) to return only tensors, got unsupported "
                f"type {type(leaf)}"
            )

    def vjp_fn(cotangents, retain_graph=True, create_graph=None):
        given, form_given = tree_flatten(cotangents)
        if form_given != output_form:
            raise RuntimeError(
                "Expected pytree structure of cotangents to be the same as pytree structure of "
                f"outputs to the function. cotangents: {form_given}, primal output: {output_form}"
            )
        nested = _leads_outside([*outputs, *given, *inputs], inputs)
        with enable_grad():
            found = _gradients(outputs, inputs, given, nested, keep=True)
        return tree_unflatten(found, form)

    released, aux = _released((output, aux), inputs)
    return (released, vjp_fn, aux) if has_aux else (released, vjp_fn)


def linearize(func: Callable[..., Any], *primals: Any) -> tuple[Any, Callable[..., Any]]:
    """``func(*primals)``, and the function from tangents to ``J t``.

    The function is run once; each tangent costs one backward.  Source: torch.func.linearize.
    """
    output, jvp_fn, _ = _linearized(func, primals, False)
    return output, jvp_fn


def _linearized(func, primals, has_aux, name="linearize(f, *primals)"):
    with enable_grad():
        changed = tree_map(_tracked, primals)
        inputs, form = tree_flatten(changed)
        output, aux = _with_aux(name, func(*changed), has_aux)
        outputs, output_form = tree_flatten(output)
        for leaf in outputs:
            if not isinstance(leaf, Tensor):
                raise RuntimeError(
                    f"{name}: Expected f(*args) to return only tensors, got unsupported type "
                    f"{type(leaf)}"
                )
        # v J is linear in v: where v is does not matter, so it is zero.
        seeds = [zeros_like(out).requires_grad_() for out in outputs]
        with forward_rules():
            pulled = _gradients(outputs, inputs, seeds, True)

    def jvp_fn(*tangents):
        given, form_given = tree_flatten(tangents)
        if form_given != form:
            raise RuntimeError(
                f"{name}: Expected primals and tangents to have the same python structure. For "
                "example, if primals is a tuple of 3 tensors, tangents also must be. Got primals "
                f"with structure {form} and tangents with structure {form_given}"
            )
        for primal, tangent in zip(inputs, given, strict=True):
            if primal.shape != tangent.shape:
                raise RuntimeError(
                    "Trying to set a forward gradient that has a different size than that of the "
                    "original Tensor, this is not supported. Tensor is of size "
                    f"{list(primal.shape)} while the given forward gradient is of size "
                    f"{list(tangent.shape)}."
                )
        own = [*inputs, *seeds]
        nested = _leads_outside([*outputs, *given, *inputs], own)
        with enable_grad():
            found = _gradients(pulled, seeds, given, nested, keep=True)
        return tree_unflatten(found, output_form)

    own = [*inputs, *seeds]
    released, aux = _released((output, aux), own)
    return released, jvp_fn, aux


def jvp(
    func: Callable[..., Any],
    primals: Any,
    tangents: Any,
    *,
    strict: bool = False,
    has_aux: bool = False,
) -> tuple:
    """``func(*primals)`` and its derivative in the direction ``tangents``: (output, J t[, aux]).

    ``strict`` is accepted for torch's sake: an output that does not depend on the primals has a
    derivative of zeros.  Raises RuntimeError unless primals and tangents are tuples of the same
    form.  Source: torch.func.jvp.
    """
    for name, value in (("primals", primals), ("tangents", tangents)):
        if not isinstance(value, tuple):
            raise RuntimeError(
                f"jvp(f, primals, tangents): Expected {name} to be a tuple. E.g. it should be "
                "valid to call f(*primals)."
            )
    output, jvp_fn, aux = _linearized(func, primals, has_aux, "jvp(f, primals, tangents)")
    derivative = jvp_fn(*tangents)
    return (output, derivative, aux) if has_aux else (output, derivative)


# --- matrices -------------------------------------------------------------------------------------


def _jacobian_of(rows, outputs, inputs):
    """``rows[i][j]``: for output i and input j the stacked rows, put into (output, input) shape."""
    return [
        [reshape(block, (*out.shape, *x.shape)) for block, x in zip(blocks, inputs, strict=True)]
        for blocks, out in zip(rows, outputs, strict=True)
    ]


def _units(like):
    """One tensor per element of ``like``, with a one there and zeros elsewhere."""
    for place in range(like.numel()):
        unit = zeros_like(like, requires_grad=False).reshape(-1)
        unit[place] = 1
        yield unit.reshape(like.shape)


def jacrev(
    func: Callable[..., Any],
    argnums: int | tuple[int, ...] = 0,
    *,
    has_aux: bool = False,
    chunk_size: int | None = None,
    _preallocate_and_copy: bool = False,
) -> Callable[..., Any]:
    """A function that returns the Jacobian of ``func``, row by row: one backward per output.

    Shape: (*output, *input) for each output and each argument in ``argnums``.
    ``chunk_size`` changes no number.  Source: torch.func.jacrev.
    """
    if chunk_size is not None and chunk_size <= 0:
        raise ValueError("jacrev: `chunk_size` should be greater than 0.")

    @functools.wraps(func)
    def wrapper(*args, **kwargs):
        changed, chosen, restore = _function_of_chosen("jacrev", func, args, kwargs, argnums)
        result = vjp(changed, *chosen, has_aux=has_aux)
        outputs, output_form = tree_flatten(result[0])
        inputs, _ = tree_flatten(chosen)
        rows = []
        for at, out in enumerate(outputs):
            cotangents = [zeros_like(other) for other in outputs]
            found = []
            for unit in _units(out):
                cotangents[at] = unit
                found.append(tree_leaves(result[1](tree_unflatten(cotangents, output_form))))
            rows.append(_columns_stacked(found, inputs))
        blocks = _jacobian_of(rows, outputs, inputs)
        jacobian = tree_unflatten([restore(row) for row in blocks], output_form)
        return (jacobian, result[2]) if has_aux else jacobian

    return wrapper


def _columns_stacked(found, likes):
    """The i-th tensors of all lists in ``found``, stacked, for each i."""
    if not found:
        return [zeros_like(like)[None][:0] for like in likes]
    return [stack([row[i] for row in found]) for i in range(len(likes))]


def _function_of_chosen(name, func, args, kwargs, argnums):
    """``func`` of the arguments at ``argnums`` alone, these, and how results take their form."""
    numbers = argnums if isinstance(argnums, tuple) else (argnums,)
    _selected(name, args, argnums)

    def changed(*chosen):
        every = list(args)
        for number, value in zip(numbers, chosen, strict=True):
            every[number] = value
        return func(*every, **kwargs)

    chosen = tuple(args[number] for number in numbers)
    _, form = tree_flatten(chosen)

    def restore(leaves):
        tree = tree_unflatten(leaves, form)
        return tree if isinstance(argnums, tuple) else tree[0]

    return changed, chosen, restore


def jacfwd(
    func: Callable[..., Any],
    argnums: int | tuple[int, ...] = 0,
    has_aux: bool = False,
    *,
    randomness: str = "error",
) -> Callable[..., Any]:
    """A function that returns the Jacobian of ``func``, column by column: one pass per input.

    Shape: (*output, *input) for each output and each argument in ``argnums``.
    ``randomness`` changes nothing: the function is run once.  Source: torch.func.jacfwd.
    """

    @functools.wraps(func)
    def wrapper(*args, **kwargs):
        changed, chosen, restore = _function_of_chosen("jacfwd", func, args, kwargs, argnums)
        output, jvp_fn, aux = _linearized(changed, chosen, has_aux, "jacfwd(f)")
        outputs, output_form = tree_flatten(output)
        inputs, form = tree_flatten(chosen)
        columns = [[] for _ in outputs]
        for at, x in enumerate(inputs):
            tangents = [zeros_like(other, requires_grad=False) for other in inputs]
            found = []
            for unit in _units(x):
                tangents[at] = unit
                found.append(tree_leaves(jvp_fn(*tree_unflatten(tangents, form))))
            for blocks, stacked in zip(columns, _columns_stacked(found, outputs), strict=True):
                blocks.append(stacked.movedim(0, -1))
        blocks = _jacobian_of(columns, outputs, inputs)
        jacobian = tree_unflatten([restore(row) for row in blocks], output_form)
        return (jacobian, aux) if has_aux else jacobian

    return wrapper


def hessian(func: Callable[..., Any], argnums: int | tuple[int, ...] = 0) -> Callable[..., Any]:
    """A function that returns the Hessian of ``func``.  Source: torch.func.hessian.

    >>> import minitorch
    >>> from minitorch.func import hessian
    >>> hessian(lambda x: (x**3).sum())(minitorch.tensor([1.0, 2.0]))
    tensor([[ 6.,  0.],
            [ 0., 12.]])
    """
    return jacfwd(jacrev(func, argnums), argnums)


def functionalize(func: Callable[..., Any], *, remove: str = "mutations") -> Callable[..., Any]:
    """``func`` itself: in-place operations need no removal here.  Source: torch.func.functionalize.

    Raises RuntimeError for an unknown ``remove``.
    """
    if remove not in ("mutations", "mutations_and_views"):
        raise RuntimeError(
            "functionalize(f, remove='mutations'): received invalid argument for remove=. Valid "
            "options are:\n     remove='mutations': all inplace and out= operators will be removed "
            "from the program, and replaced with their out-of-place equivalents.\n     "
            "remove='mutations_and_views': In addition to the above, all aliasing operators "
            "{select,reshape,permute,...} will be replaced with their non-aliasing counterparts"
        )
    return func
