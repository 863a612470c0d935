"""A model that returns what modules inside of it compute.

Source: torchvision.models.feature_extraction.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Any

from minitorch import nn

__all__ = ["FeatureExtractor", "create_feature_extractor"]

_Nodes = Sequence[str] | Mapping[str, str]


class _Finished(BaseException):
    """Everything asked for is there: the rest of the model need not run."""


class FeatureExtractor(nn.Module):
    """Runs a model up to the last result that is wanted; made by :func:`create_feature_extractor`.

    It has the model's modules and parameters, under the same names.
    """

    def __init__(
        self, model: nn.Module, train_nodes: dict[str, str], eval_nodes: dict[str, str]
    ) -> None:
        super().__init__()
        self._modules.update(model._modules)
        self._parameters.update(model._parameters)
        self._buffers.update(model._buffers)
        self.training = model.training
        # In a tuple, which makes it no submodule.
        self._model = (model,)
        self._nodes = {True: train_nodes, False: eval_nodes}

    def _get_name(self) -> str:
        return type(self._model[0]).__name__

    def forward(self, *args: Any, **kwargs: Any) -> OrderedDict[str, Any]:
        """The results by the names they were given, in the order they were computed in."""
        (model,) = self._model
        model.training = self.training
        nodes = self._nodes[self.training]
        found: OrderedDict[str, Any] = OrderedDict()
        calls: dict[str, int] = {}

        def keep(path):
            def hook(module, inputs, output):
                count = calls[path] = calls.get(path, 0) + 1
                node = path if count == 1 else f"{path}_{count - 1}"
                if node in nodes:
                    found[nodes[node]] = output
                if len(found) == len(nodes):
                    raise _Finished

            return hook

        modules = dict(model.named_modules())
        paths = {_module_of(node, modules) for node in nodes}
        handles = [modules[path].register_forward_hook(keep(path)) for path in paths]
        try:
            model(*args, **kwargs)
        except _Finished:
            return found
        finally:
            for handle in handles:
                handle.remove()
        missing = [node for node, name in nodes.items() if name not in found]
        raise ValueError(f"nodes were not computed: {missing}")


def _module_of(node: str, modules: Mapping[str, nn.Module]) -> str:
    """The path of the module whose result a node is; of its second call the node is ``path_1``."""
    if node in modules and node:
        return node
    path = re.sub(r"_[1-9]\d*$", "", node)
    if path in modules and path:
        return path
    raise ValueError(
        f"node: '{node}' is not present in model. Hint: nodes are the paths of modules, as "
        "`named_modules` gives them, and for the second call of a module `path_1`; what functions "
        "compute is not available."
    )


def create_feature_extractor(
    model: nn.Module,
    return_nodes: _Nodes | None = None,
    train_return_nodes: _Nodes | None = None,
    eval_return_nodes: _Nodes | None = None,
    tracer_kwargs: Any = None,
    suppress_diff_warning: bool = False,
    concrete_args: Any = None,
) -> FeatureExtractor:
    """A model that shares the modules of ``model`` and returns a dict of their results.

    Args:
        model: any module.
        return_nodes: paths of modules, or a dict from paths to the names of their results.  A
            module's second call is the node ``path_1``.
        train_return_nodes, eval_return_nodes: the same, different in training and evaluation.
        tracer_kwargs, suppress_diff_warning, concrete_args: change nothing.

    Raises ValueError unless either the first or both others are given, and for a node that is no
    module's.  Source: torchvision.models.feature_extraction.create_feature_extractor.

    Example::

        >>> import minitorch
        >>> from minitorch.vision.models import resnet18
        >>> model = create_feature_extractor(resnet18(), {"layer1.0.relu_1": "a", "layer2": "b"})
        >>> with minitorch.no_grad():
        ...     out = model(minitorch.rand(1, 3, 32, 32))
        >>> [(name, tuple(value.shape)) for name, value in out.items()]
        [('a', (1, 64, 8, 8)), ('b', (1, 128, 4, 4))]
    """
    if return_nodes is None and train_return_nodes is None and eval_return_nodes is None:
        raise ValueError(
            "Either `return_nodes` or `train_return_nodes` and `eval_return_nodes` together, "
            "should be specified"
        )
    if (train_return_nodes is None) != (eval_return_nodes is None):
        raise ValueError(
            "If any of `train_return_nodes` and `eval_return_nodes` are specified, then both "
            "should be specified"
        )
    if return_nodes is not None and train_return_nodes is not None:
        raise ValueError(
            "If `train_return_nodes` and `eval_return_nodes` are specified, then both should be "
            "specified"
        )
    modules = dict(model.named_modules())
    by_mode = []
    for nodes in (train_return_nodes or return_nodes, eval_return_nodes or return_nodes):
        assert nodes is not None
        named = nodes if isinstance(nodes, Mapping) else {node: node for node in nodes}
        by_mode.append({str(node): str(name) for node, name in named.items()})
        for node in by_mode[-1]:
            _module_of(node, modules)
    return FeatureExtractor(model, *by_mode)
