"""Where users start the walk: ``backward`` and ``grad``."""

from __future__ import annotations

from minitorch.autograd.bridge import bridge
from minitorch.autograd.engine import run_backward
from minitorch.autograd.graph import AccumulateGrad, GradientEdge, Node
from minitorch.backends import namespace
from minitorch.size import Size

__all__ = ["backward", "grad"]


def backward(
    tensors,
    grad_tensors=None,
    retain_graph=None,
    create_graph=False,
    grad_variables=None,
    inputs=None,
) -> None:
    """Add the gradients of ``tensors`` to the ``.grad`` of the leaves of their graph.

    Args:
        tensors: one tensor or a sequence of them.
        grad_tensors: the gradient of each; may be left out (or None) for tensors of one element.
        retain_graph: keep what was saved, so that the graph can be walked again (default:
            create_graph).
        create_graph: make the gradients part of a graph, so that they can be differentiated.
        inputs: accumulate into these tensors only.

    Raises RuntimeError for a tensor without a graph, for a missing gradient of a tensor with
    several elements, for shapes that do not fit, and for a graph that was already freed.
    Source: ``torch.autograd.backward``.
    """
    if inputs is not None:
        inputs = _as_tuple(inputs)
        if not inputs:
            raise RuntimeError("`inputs` argument to `backward()` cannot be empty.")
    outputs = _as_tuple(tensors)
    roots = _roots(outputs, grad_tensors, create_graph)
    if retain_graph is None:
        retain_graph = create_graph
    if inputs is None:
        run_backward(roots, retain_graph, create_graph)
        return
    targets = {i: _target(tensor) for i, tensor in enumerate(inputs)}
    gradients = run_backward(roots, retain_graph, create_graph, targets)
    for i, tensor in enumerate(inputs):
        node = targets[i][0]
        if gradients.get(i) is None:
            continue
        if type(node) is AccumulateGrad:
            node.accumulate(gradients[i], create_graph, False)
        elif isinstance(tensor, GradientEdge):
            raise RuntimeError("backward() takes edges of leaves only in `inputs`")
        else:
            tensor._accumulate_grad(gradients[i], create_graph, False)


def grad(
    outputs,
    inputs,
    grad_outputs=None,
    retain_graph=None,
    create_graph=False,
    only_inputs=True,
    allow_unused=None,
    is_grads_batched=False,
    materialize_grads=False,
) -> tuple:
    """The gradients of ``outputs`` with respect to ``inputs``, as a tuple; no ``.grad`` is touched.

    Args:
        grad_outputs: the gradient of each output; may be left out for outputs of one element.
        allow_unused: give None for an input that the outputs do not depend on, instead of raising.
        is_grads_batched: ``grad_outputs`` have one more dimension in front, and so do the results:
            one walk for each entry.
        materialize_grads: give zeros instead of None.

    Raises RuntimeError as :func:`backward` does, and for unused inputs.
    Source: ``torch.autograd.grad``.
    """
    if is_grads_batched:
        return _batched_grad(
            outputs,
            inputs,
            grad_outputs,
            retain_graph,
            create_graph,
            allow_unused,
            materialize_grads,
        )
    if materialize_grads and allow_unused is False:
        raise ValueError(
            "Expected allow_unused to be True or not passed when materialize_grads=True, but "
            "got: allow_unused=False."
        )
    outputs, inputs = _as_tuple(outputs), _as_tuple(inputs)
    if not inputs:
        raise RuntimeError("`inputs` argument to `grad()` cannot be empty.")
    roots = _roots(outputs, grad_outputs, create_graph)
    targets = {i: _target(tensor) for i, tensor in enumerate(inputs)}
    if retain_graph is None:
        retain_graph = create_graph
    found = run_backward(roots, retain_graph, create_graph, targets)
    results = []
    for i, tensor in enumerate(inputs):
        gradient = found.get(i)
        if gradient is not None:
            results.append(bridge.to_tensor(gradient))
        elif materialize_grads:
            results.append(bridge.to_tensor(namespace(tensor._array).zeros_like(tensor._array)))
        elif allow_unused:
            results.append(None)
        else:
            raise RuntimeError(
                f"The differentiated Tensor at index {i} appears to not have been used in the "
                "graph. Set allow_unused=True if this is the desired behavior."
            )
    return tuple(results)


def _batched_grad(
    outputs, inputs, grad_outputs, retain_graph, create_graph, allow_unused, materialize_grads
):
    """:func:`grad` for each entry along the first dimension of ``grad_outputs``, stacked."""
    from minitorch.ops.joining import stack

    if grad_outputs is None:
        raise RuntimeError("grad(is_grads_batched=True) needs grad_outputs")
    batches = _as_tuple(grad_outputs)
    count = {len(batch) for batch in batches if batch is not None}
    if len(count) != 1 or 0 in count:
        raise ValueError(
            "is_grads_batched=True: expected all grad_outputs to have the same length, at least "
            f"one, in their first dimension, got {sorted(count)}"
        )
    keep = create_graph if retain_graph is None else retain_graph
    (length,) = count
    rows = []
    for place in range(length):
        rows.append(
            grad(
                outputs,
                inputs,
                [None if batch is None else batch[place] for batch in batches],
                retain_graph=keep or place < length - 1,
                create_graph=create_graph,
                allow_unused=allow_unused,
                materialize_grads=materialize_grads,
            )
        )
    return tuple(None if column[0] is None else stack(column) for column in zip(*rows, strict=True))


def _as_tuple(tensors):
    if isinstance(tensors, GradientEdge):
        return (tensors,)
    if isinstance(tensors, (tuple, list)):
        return tuple(tensors)
    if hasattr(tensors, "_edge"):
        return (tensors,)
    return tuple(tensors)


def _target(tensor):
    if isinstance(tensor, Node):
        return tensor, 0
    if isinstance(tensor, GradientEdge):
        return tensor[:2]
    edge = tensor._edge()
    if edge is None:
        raise RuntimeError("One of the differentiated Tensors does not require grad")
    return edge


def _roots(outputs, gradients, create_graph):
    """(node, index, gradient) for each output, checked."""
    if gradients is None:
        gradients = (None,) * len(outputs)
    else:
        gradients = _as_tuple(gradients)
    if len(gradients) != len(outputs):
        raise RuntimeError(f"got {len(outputs)} tensors and {len(gradients)} gradients")
    roots = []
    for i, (output, gradient) in enumerate(zip(outputs, gradients, strict=True)):
        if isinstance(output, GradientEdge):
            if gradient is None:
                raise RuntimeError("a GradientEdge among the outputs needs its gradient given")
            roots.append((*output[:2], gradient if create_graph else gradient._array))
            continue
        edge = output._edge()
        if edge is None:
            raise RuntimeError(
                f"element {i} of tensors does not require grad and does not have a grad_fn"
            )
        array = output._array
        if gradient is None:
            if array.size != 1:
                raise RuntimeError("grad can be implicitly created only for scalar outputs")
            if array.dtype.kind == "c":
                raise RuntimeError(
                    "grad can be implicitly created only for real scalar outputs but got "
                    f"{output.dtype}"
                )
            gradient = namespace(array).ones(array.shape, array.dtype)
            gradient = bridge.to_tensor(gradient) if create_graph else gradient
        else:
            _check_gradient(i, output, gradient)
            # torch: a gradient of another precision is taken and cast.
            if gradient._array.dtype != array.dtype:
                gradient = gradient.to(output.dtype)
            gradient = gradient if create_graph else gradient._array
        roots.append((*edge, gradient))
    return roots


def _check_gradient(i, output, gradient):
    if not hasattr(gradient, "_edge"):
        raise TypeError(
            f"gradients can be either Tensors or None, but got {type(gradient).__name__}"
        )
    if gradient._array.shape != output._array.shape:
        raise RuntimeError(
            f"Mismatch in shape: grad_output[{i}] has a shape of {Size(gradient._array.shape)} and "
            f"output[{i}] has a shape of {Size(output._array.shape)}."
        )
    if (gradient._array.dtype.kind == "c") != (output._array.dtype.kind == "c"):
        raise RuntimeError(
            "For complex Tensors, both grad_output and output are required to have the same dtype. "
            f"Mismatch in dtype: grad_output[{i}] has a dtype of {gradient.dtype} and "
            f"output[{i}] has a dtype of {output.dtype}."
        )
