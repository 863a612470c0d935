"""The walk: gradients flow from the roots to the leaves, newest node first.

A node's sequence number is larger than those of its inputs, so popping the largest from a heap is a
reverse topological order: no recursion, no counting of dependencies.  Gradients travel as raw
arrays, or as tensors when the walk itself must be differentiable (``create_graph``).
"""

from __future__ import annotations

import operator
from heapq import heappop, heappush

from minitorch.autograd import anomaly
from minitorch.autograd.bridge import bridge
from minitorch.autograd.graph import AccumulateGrad, Walk
from minitorch.autograd.mode import mode, set_grad_enabled

__all__ = ["run_backward"]


def run_backward(roots, retain_graph=False, create_graph=False, targets=None):
    """Send the gradient of each root ``(node, index, gradient)`` through the graph.

    With ``targets=None`` the leaves accumulate into their ``.grad``.  Otherwise ``targets`` maps a
    key to an edge (node, index), only nodes on a path to a target run, no leaf accumulates, and
    what arrived at the targets is returned by key.
    """
    wanted, needed = {}, None
    if targets is not None:
        for key, (node, index) in targets.items():
            wanted.setdefault(node, []).append((key, index))
        needed = _nodes_leading_to(wanted, [node for node, _, _ in roots])
    captured = {}
    pending = {}  # node -> the gradient of its output, or a list of them if it has several
    fresh = set()  # leaves whose pending gradient nobody else holds
    ready = []  # heap of (-sequence, node)

    def added(earlier, gradient):
        if create_graph:
            return earlier + gradient
        return mode.run(operator.add, earlier, gradient)  # without NumPy's warnings of overflow

    def deliver(edge, gradient):
        node, index = edge
        if needed is not None and node not in needed:
            return
        earlier = pending.get(node)
        if earlier is None:
            heappush(ready, (-node.sequence, node))
            if node.outputs == 1:
                pending[node] = gradient
                return
            earlier = pending[node] = [None] * node.outputs
        if node.outputs == 1:
            pending[node] = added(earlier, gradient)
        elif earlier[index] is None:
            earlier[index] = gradient
        else:
            earlier[index] = added(earlier[index], gradient)

    for node, index, gradient in roots:
        deliver((node, index), gradient)

    with set_grad_enabled(create_graph), Walk(roots):
        while ready:
            node = heappop(ready)[1]
            g = pending.pop(node)
            hooks = node.hooks
            if hooks is not None:
                g = hooks.before(g, node.outputs, create_graph)
            for key, index in wanted.get(node, ()):
                captured[key] = g if node.outputs == 1 else g[index]
            if type(node) is AccumulateGrad:
                if targets is None:
                    node.accumulate(g, create_graph, node in fresh and hooks is None)
                continue
            useful = None
            if needed is not None:
                useful = [edge is not None and edge[0] in needed for edge in node.edges]
                if not any(useful):
                    continue
            if anomaly.state.enabled:
                gradients = anomaly.run_checked(node, g, create_graph, useful, bridge.to_array)
            else:
                gradients = node.backward(g, create_graph, useful)
            if hooks is not None:
                gradients = hooks.after(gradients, g, node.outputs, create_graph)
            if not retain_graph:
                node.release()
            for edge, gradient in zip(node.edges, gradients, strict=True):
                if edge is None or gradient is None:
                    continue
                if type(edge[0]) is AccumulateGrad and not create_graph:
                    # A sum is new, and so is what an op computed: the leaf may take it as its own.
                    new = (
                        node.fresh_results
                        and hooks is None
                        and gradient is not g
                        and gradient.base is None
                    )
                    if new or edge[0] in pending:
                        fresh.add(edge[0])
                deliver(edge, gradient)
    return captured


def _nodes_leading_to(targets, roots):
    """The nodes from which a target can be reached, the targets themselves included."""
    oldest = min((node.sequence for node in targets), default=0)
    seen = set(roots)
    stack = list(seen)
    while stack:
        for edge in stack.pop().edges:
            if edge and edge[0] not in seen and edge[0].sequence >= oldest:
                seen.add(edge[0])
                stack.append(edge[0])
    leading = set(targets)
    for node in sorted(seen, key=lambda n: n.sequence):
        if any(edge and edge[0] in leading for edge in node.edges):
            leading.add(node)
    return leading
