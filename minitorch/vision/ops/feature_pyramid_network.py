"""Features of several sizes, each told what the coarser ones know.

Source: torchvision.ops.feature_pyramid_network.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

from minitorch import nn
from minitorch.nn import functional as F
from minitorch.tensor import Tensor
from minitorch.vision.ops.misc import Conv2dNormActivation

__all__ = ["ExtraFPNBlock", "FeaturePyramidNetwork", "LastLevelMaxPool", "LastLevelP6P7"]


class ExtraFPNBlock(nn.Module):
    """The base of what adds coarser features behind the pyramid's.

    ``forward(results, x, names)`` gets the pyramid's results, its inputs and the names of both, and
    returns more results and names.
    Source: torchvision.ops.feature_pyramid_network.ExtraFPNBlock.
    """

    def forward(
        self, results: list[Tensor], x: list[Tensor], names: list[str]
    ) -> tuple[list[Tensor], list[str]]:
        raise NotImplementedError(f"{type(self).__name__} has no forward")


class FeaturePyramidNetwork(nn.Module):
    """ "Feature pyramid networks for object detection".

    From the coarsest features on, each is enlarged and added to the next finer one.

    Args:
        in_channels_list: the channels of each input, the finest first.
        out_channels: those of all results.
        extra_blocks: adds results, or None.
        norm_layer: makes normalizations, or None.

    Shape: {name: (N, C_i, H_i, W_i)} -> {name: (N, out_channels, H_i, W_i)}.
    Source: torchvision.ops.FeaturePyramidNetwork.
    """

    # Of version 1, the convolutions stood in no Sequential.
    _version = 2

    def __init__(
        self,
        in_channels_list: list[int],
        out_channels: int,
        extra_blocks: ExtraFPNBlock | None = None,
        norm_layer: Callable[..., nn.Module] | None = None,
    ) -> None:
        super().__init__()
        if 0 in in_channels_list:
            raise ValueError("in_channels=0 is currently not supported")
        if extra_blocks is not None and not isinstance(extra_blocks, ExtraFPNBlock):
            raise TypeError(
                f"extra_blocks should be of type ExtraFPNBlock not {type(extra_blocks)}"
            )

        def convolution(channels, kernel):
            return Conv2dNormActivation(
                channels,
                out_channels,
                kernel_size=kernel,
                norm_layer=norm_layer,
                activation_layer=None,
            )

        self.inner_blocks = nn.ModuleList()
        self.layer_blocks = nn.ModuleList()
        for channels in in_channels_list:
            self.inner_blocks.append(convolution(channels, 1))
            self.layer_blocks.append(convolution(out_channels, 3))
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_uniform_(module.weight, a=1)
                if module.bias is not None:
                    nn.init.zeros_(module.bias)
        self.extra_blocks = extra_blocks

    def _load_from_state_dict(self, state_dict, prefix, local_metadata, *args):
        if (local_metadata.get("version") or 1) < 2:
            for block in ("inner_blocks", "layer_blocks"):
                for i in range(len(self.inner_blocks)):
                    for name in ("weight", "bias"):
                        old = f"{prefix}{block}.{i}.{name}"
                        if old in state_dict:
                            state_dict[f"{prefix}{block}.{i}.0.{name}"] = state_dict.pop(old)
        super()._load_from_state_dict(state_dict, prefix, local_metadata, *args)

    def forward(self, x: dict[str, Tensor]) -> OrderedDict[str, Tensor]:
        names, inputs = list(x), list(x.values())
        results: list[Tensor] = []
        coarser = None
        for i in reversed(range(len(inputs))):
            inner = self.inner_blocks[i](inputs[i])
            if coarser is not None:
                inner = inner + F.interpolate(coarser, size=inner.shape[-2:], mode="nearest")
            results.insert(0, self.layer_blocks[i](inner))
            coarser = inner
        if self.extra_blocks is not None:
            results, names = self.extra_blocks(results, inputs, names)
        return OrderedDict(zip(names, results, strict=True))


class LastLevelMaxPool(ExtraFPNBlock):
    """Adds "pool", every other value of the coarsest result.

    Source: torchvision.ops.feature_pyramid_network.LastLevelMaxPool.
    """

    def forward(
        self, results: list[Tensor], x: list[Tensor], names: list[str]
    ) -> tuple[list[Tensor], list[str]]:
        pooled = F.max_pool2d(results[-1], kernel_size=1, stride=2, padding=0)
        return [*results, pooled], [*names, "pool"]


class LastLevelP6P7(ExtraFPNBlock):
    """Adds "p6" and "p7", each a convolution that halves the size.

    Args:
        in_channels: the channels of what they start from: the coarsest result if they are as many
            as ``out_channels``, else the coarsest input.
        out_channels: the channels of both.

    Source: torchvision.ops.feature_pyramid_network.LastLevelP6P7.
    """

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.p6 = nn.Conv2d(in_channels, out_channels, 3, 2, 1)
        self.p7 = nn.Conv2d(out_channels, out_channels, 3, 2, 1)
        for module in (self.p6, self.p7):
            nn.init.kaiming_uniform_(module.weight, a=1)
            nn.init.zeros_(module.bias)
        self.use_P5 = in_channels == out_channels

    def forward(
        self, results: list[Tensor], x: list[Tensor], names: list[str]
    ) -> tuple[list[Tensor], list[str]]:
        p6 = self.p6(results[-1] if self.use_P5 else x[-1])
        p7 = self.p7(F.relu(p6))
        return [*results, p6, p7], [*names, "p6", "p7"]
