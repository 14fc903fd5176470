"""timm's networks as a row of named steps, so that they can be cut between any two."""

from __future__ import annotations

from collections import OrderedDict

from torch import Tensor, nn

Steps = OrderedDict[str, nn.Module]


def steps_of(model: nn.Module) -> tuple[Steps, dict[int, str]]:
    """The steps of one of timm's networks, without its classifier, and its levels.

    **Returns** step name -> module, in order: "stem", "block0", "block1", ... and where there is
    one "head"; and level -> the step that ends it, where the map of level i has 1 / 2**i of the
    picture's side. A network that is not an EfficientNet, a ResNet or a VGG is one step, "all".
    """
    family = type(model).__name__
    if family == "EfficientNet":
        return _efficientnet(model)
    if family == "ResNet":
        return _resnet(model)
    if family == "VGG":
        return _vgg(model)
    return OrderedDict(all=_Whole(model)), {}


def _efficientnet(model: nn.Module) -> tuple[Steps, dict[int, str]]:
    blocks = [block for stage in model.blocks for block in stage]
    steps = OrderedDict(stem=nn.Sequential(model.conv_stem, model.bn1))
    steps |= {f"block{i}": block for i, block in enumerate(blocks)}
    steps["head"] = nn.Sequential(model.conv_head, model.bn2)
    last = [info["module"] for info in model.feature_info]  # "blocks.4": the last of each level
    ends, count = {}, 0
    for number, stage in enumerate(model.blocks):
        count += len(stage)
        ends[f"blocks.{number}"] = f"block{count - 1}"
    return steps, {level: ends[module] for level, module in enumerate(last, start=1)}


def _resnet(model: nn.Module) -> tuple[Steps, dict[int, str]]:
    layers = [model.layer1, model.layer2, model.layer3, model.layer4]
    steps = OrderedDict(
        stem=nn.Sequential(model.conv1, model.bn1, model.act1, model.maxpool),
    )
    levels = {}
    for level, layer in enumerate(layers, start=2):
        for block in layer:
            steps[f"block{len(steps) - 1}"] = block
        levels[level] = next(reversed(steps))
    return steps, levels


def _vgg(model: nn.Module) -> tuple[Steps, dict[int, str]]:
    """A block begins with the pool that halves the picture; the last one is a pool alone."""
    parts: list[list[nn.Module]] = [[]]
    for layer in model.features:
        if isinstance(layer, nn.MaxPool2d):
            parts.append([])
        parts[-1].append(layer)
    steps = OrderedDict(
        ("stem" if i == 0 else f"block{i - 1}", nn.Sequential(*part))
        for i, part in enumerate(parts)
    )
    return steps, {level: f"block{level - 1}" for level in range(1, len(parts))}


class _Whole(nn.Module):
    """A network without its classifier, as one step."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, x: Tensor) -> Tensor:
        """(B, 3, S, S) -> (B, C, 1, 1)."""
        features = self.model.forward_features(x)
        return self.model.forward_head(features, pre_logits=True).flatten(1)[:, :, None, None]
