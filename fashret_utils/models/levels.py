"""Feature maps of a backbone at several scales, for networks that look at more than the last one.

Level i is a map whose side is 1 / 2**i of the picture's: C3, C4 and C5 in the literature.
torchvision's trunks are cut by `torchvision.models.feature_extraction`, `small` by its stages.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy

import torch
from torch import Tensor, nn

from fashret_utils.models.backbones import SmallNet

PROBE = 64  # pixels of the picture that a backbone is measured with

# Where torchvision's networks end their levels 2, 3, 4 and 5.
_ENDS = {
    "ResNet": ("layer1", "layer2", "layer3", "layer4"),
    "DenseNet": tuple(f"features.denseblock{i}" for i in (1, 2, 3, 4)),
    "ConvNeXt": tuple(f"features.{i}" for i in (1, 3, 5, 7)),
    "EfficientNet": tuple(f"features.{i}" for i in (2, 3, 5, 7)),
}


class FeatureMaps(nn.Module):
    """A backbone that gives several of its maps; made by `feature_maps`.

    `levels`: which, from fine to coarse; `channels`: of each map; `strides`: the picture's side by
    each map's.
    """

    def __init__(self, body: nn.Module, levels: tuple[int, ...]) -> None:
        super().__init__()
        self.body, self.levels = body, levels
        device = next(body.parameters()).device
        training = body.training
        with torch.no_grad():  # in evaluation mode: running means stay as they are
            maps = self.eval()(torch.zeros(1, 3, PROBE, PROBE, device=device))
        self.train(training)
        self.channels = tuple(m.shape[1] for m in maps)
        self.strides = tuple(PROBE // m.shape[-1] for m in maps)

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        """(B, 3, H, W) -> for each level (B, channels[i], ~H / strides[i], ~W / strides[i])."""
        maps = self.body(images)
        return tuple(maps[str(level)] for level in self.levels)


class _Stages(nn.Module):
    """The stages of `backbones.small`: the last map of stage i is level i."""

    def __init__(self, net: SmallNet) -> None:
        super().__init__()
        self.stem, self.stages = net.stem, net.stages
        self._level = _stage_of(net)  # of each block

    def forward(self, images: Tensor) -> dict[str, Tensor]:
        maps, x = {}, self.stem(images)
        for block, level in zip(self.stages, self._level, strict=True):
            x = maps[str(level)] = block(x)
        return maps


def feature_maps(
    backbone: nn.Module, levels: Sequence[int] = (3, 4, 5), *, last_stride: int = 2
) -> FeatureMaps:
    """Turn a backbone into a module that gives its feature maps.

    The backbone stays as it was: the maps have copies of its weights. Its embedding is left out.

    **Arguments**: `backbone` - from `backbones.small` or `backbones.trunk`; `levels` - from fine to
    coarse; of `small`, stages 1, 2, ... are levels 1, 2, ...; `last_stride` - 1 leaves the last
    level as large as the one before (Luo et al. 2019, Bag of Tricks, section 3.5).

    **Returns** a `FeatureMaps`.

    **Raises** `ValueError` for a network that cannot be cut, a level that it does not have, or one
    whose last level does not begin with a strided convolution where `last_stride` is 1.
    """
    levels = tuple(levels)
    if not levels or list(levels) != sorted(set(levels)):
        raise ValueError(f"levels = {levels}: expected rising numbers such as (3, 4, 5)")
    if last_stride not in (1, 2):
        raise ValueError(f"last_stride = {last_stride}: expected 1 or 2")
    ends = _ends(backbone)
    if not set(levels) <= set(ends):
        known = ", ".join(map(str, ends))
        raise ValueError(f"levels = {levels}: this {type(backbone).__name__} has {known}")
    backbone = deepcopy(backbone)
    if isinstance(backbone, SmallNet):
        body = _Stages(backbone)
    else:
        from torchvision.models.feature_extraction import create_feature_extractor

        nodes = {ends[level][-1]: str(level) for level in levels}
        body = create_feature_extractor(backbone, nodes)
    if last_stride == 1:
        _keep_size(backbone, ends[levels[-1]])  # body has the same modules
    return FeatureMaps(body, levels)


def _ends(backbone: nn.Module) -> dict[int, list[str]]:
    """The submodules of each level, the last of which gives its map."""
    family = type(backbone).__name__
    if isinstance(backbone, SmallNet):
        stages = _stage_of(backbone)
        return {
            level: [f"stages.{i}" for i, stage in enumerate(stages) if stage == level]
            for level in stages
        }
    if family == "VGG":  # a level ends before the pool that begins the next one
        pools = [i for i, m in enumerate(backbone.features) if isinstance(m, nn.MaxPool2d)]
        places = [*(i - 1 for i in pools[2:]), pools[-1]]
        return {level: [f"features.{i}"] for level, i in enumerate(places, start=2)}
    if family in _ENDS:
        return {level: [name] for level, name in enumerate(_ENDS[family], start=2)}
    raise ValueError(
        f"{family} has no known levels: use `small` or a trunk of the kinds {', '.join(_ENDS)}, VGG"
    )


def _stage_of(net: SmallNet) -> list[int]:
    """The stage of each block, from 1: the first block of a stage halves the picture."""
    halves = [block.conv1.stride[0] == 2 for block in net.stages]
    return [sum(halves[: i + 1]) for i in range(len(halves))]


def _keep_size(backbone: nn.Module, names: Sequence[str]) -> None:
    """Take the stride out of the convolutions of some submodules."""
    strided = [
        module
        for name in names
        for module in backbone.get_submodule(name).modules()
        if isinstance(module, nn.Conv2d) and module.stride == (2, 2)
    ]
    if not strided or any(module.kernel_size == (2, 2) for module in strided):
        raise ValueError(
            f"last_stride = 1: {names[-1]} of {type(backbone).__name__} has no strided convolution "
            "to change; use `small`, a ResNet, or last_stride=2"
        )
    for module in strided:
        module.stride = (1, 1)
