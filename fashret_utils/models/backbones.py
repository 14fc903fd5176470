"""Networks from images to embeddings: a small residual net for the CPU, torchvision's trunks.

Every backbone maps images (B, 3, S, S) to embeddings (B, dim) that are **not** L2-normalised, and
carries `module.dim`. Initial weights depend on `seed` alone and leave PyTorch's random state as it
was, so that all arms of a comparison start from the same weights.
"""

from __future__ import annotations

import pickle
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import torch
from torch import Tensor, nn

TRUNKS = (
    "alexnet",
    "convnext_tiny",
    "densenet121",
    "efficientnet_b0",
    "resnet18",
    "resnet34",
    "resnet50",
    "resnet101",
    "vgg16",
    "vgg16_bn",
    "vgg19",
)


class WeightsError(RuntimeError):
    """Trained weights were asked for, and could not be had or do not fit the network."""


class ResidualBlock(nn.Module):
    """Two 3 x 3 convolutions and a shortcut (He et al. 2016, Deep Residual Learning, figure 2)."""

    def __init__(self, channels_in: int, channels: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels_in, channels, 3, stride, 1, bias=False)
        self.norm1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, 1, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(channels)
        same_shape = stride == 1 and channels_in == channels
        self.shortcut = (
            nn.Identity()
            if same_shape
            else nn.Sequential(
                nn.Conv2d(channels_in, channels, 1, stride, bias=False), nn.BatchNorm2d(channels)
            )
        )
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        """(B, channels_in, H, W) -> (B, channels, H / stride, W / stride)."""
        y = self.relu(self.norm1(self.conv1(x)))
        return self.relu(self.norm2(self.conv2(y)) + self.shortcut(x))


class SmallNet(nn.Module):
    """A residual net for pictures of 28 to 96 pixels; see `small`."""

    def __init__(self, dim: int, width: int, blocks: Sequence[int]) -> None:
        super().__init__()
        self.dim = dim
        self.stem = nn.Sequential(
            nn.Conv2d(3, width, 3, 1, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU(inplace=True)
        )
        stages, channels = [], width
        for stage, n_blocks in enumerate(blocks):
            for block in range(n_blocks):
                # The first block of a stage halves the picture; the first stage keeps the width.
                stride = 2 if block == 0 else 1
                stages.append(ResidualBlock(channels, width * 2**stage, stride))
                channels = width * 2**stage
        self.stages = nn.Sequential(*stages)
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.embedding = nn.Linear(channels, dim)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, images: Tensor) -> Tensor:
        """(B, 3, S, S) -> (B, dim)."""
        features = self.pool(self.stages(self.stem(images))).flatten(1)  # (B, width * 2**stages)
        return self.embedding(features)


def small(
    dim: int = 128, width: int = 32, *, blocks: Sequence[int] = (1, 1, 1, 1), seed: int = 0
) -> nn.Module:
    """Build a small residual net for CPU scales.

    **Arguments**: `dim` - size of the embedding; `width` - channels of the first stage, doubled by
    each later one; `blocks` - residual blocks a stage; each stage halves the picture. `seed` -
    decides the initial weights.

    **Returns** a module from (B, 3, S, S) to (B, dim), for S of 28 pixels and more.
    """
    with _seeded(seed):
        return SmallNet(dim, width, blocks)


def trunk(
    name: str,
    dim: int = 128,
    pretrained: bool = False,
    *,
    weights: str | Path | None = None,
    seed: int = 0,
) -> nn.Module:
    """Build a torchvision network whose last linear layer is replaced by an embedding.

    **Arguments**: `name` - one of `TRUNKS`; `dim` - size of the embedding; `pretrained` - start
    from torchvision's ImageNet weights (IMAGENET1K_V1); `weights` - or from this state dict on
    disk, as torchvision's own networks save it; `seed` - decides the weights that are not loaded.

    **Returns** a module from (B, 3, S, S) to (B, dim).

    **Raises** `ValueError` for an unknown name, `WeightsError` when trained weights are
    asked for and cannot be read or downloaded.
    """
    import torchvision  # seconds to import, and the small net does not need it

    if name not in TRUNKS:
        raise ValueError(f"unknown trunk {name!r}: choose one of {', '.join(TRUNKS)}")
    with _seeded(seed):
        model = torchvision.models.get_model(name, weights=None)
        # The embedding is drawn before any weights are read: `seed` decides it either way.
        head_name, head = [
            (path, module)
            for path, module in model.named_modules()
            if isinstance(module, nn.Linear)
        ][-1]
        embedding = nn.Linear(head.in_features, dim)
    if weights is not None:
        _load(model, read_state(Path(weights)), head_name, weights)
    elif pretrained:
        _load(model, _download(name), head_name, name)
    parent, _, leaf = head_name.rpartition(".")
    setattr(model.get_submodule(parent), leaf, embedding)
    model.dim = dim
    return model


def build(name: str, dim: int = 128, **options: object) -> nn.Module:
    """Build a backbone by name: "small" or one of `TRUNKS`; options as in `small` and `trunk`.

    **Raises** `ValueError`, listing the names, when there is no such backbone.
    """
    if name == "small":
        return small(dim, **options)
    if name in TRUNKS:
        return trunk(name, dim, **options)
    raise ValueError(f"unknown backbone {name!r}: choose one of {', '.join(('small', *TRUNKS))}")


def parameters(model: nn.Module) -> int:
    """Count the trainable numbers of a network."""
    return sum(p.numel() for p in model.parameters() if p.requires_grad)


@contextmanager
def _seeded(seed: int) -> Iterator[None]:
    """Draw from `seed` inside, and leave PyTorch's random state as it was."""
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        yield


def _download(name: str) -> dict[str, Tensor]:
    import torchvision

    choice = torchvision.models.get_model_weights(name).IMAGENET1K_V1
    try:
        return choice.get_state_dict(progress=False, check_hash=True)
    except (OSError, RuntimeError) as error:  # no network, full disk, or a torn download
        folder = Path(torch.hub.get_dir()) / "checkpoints"
        raise WeightsError(
            f"the ImageNet weights of {name!r} could not be downloaded ({error}). Either put "
            f"{choice.url} into {folder} (TORCH_HOME moves this folder), or pass the file as "
            "weights=<path>, or train from scratch with pretrained=False"
        ) from error


def read_state(path: Path) -> dict[str, Tensor]:
    """Read a state dict saved with `torch.save`.

    **Raises** `WeightsError` when there is none, or it is damaged.
    """
    if not path.is_file():
        raise WeightsError(
            f"no weights at {path}: pass weights=<path of a state dict saved with torch.save>"
        )
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except (RuntimeError, EOFError, pickle.UnpicklingError) as error:
        raise WeightsError(
            f"{path} is not a state dict saved with torch.save, or is damaged ({error})"
        ) from error


def _load(model: nn.Module, state: dict[str, Tensor], head: str, origin: object) -> None:
    """Fill every layer but the classifier head, whose shape depends on somebody else's classes."""
    body = {key: value for key, value in state.items() if not key.startswith(f"{head}.")}
    missing, unexpected = model.load_state_dict(body, strict=False)
    missing = [key for key in missing if not key.startswith(f"{head}.")]
    if missing or unexpected:
        raise WeightsError(
            f"the weights in {origin} do not fit {type(model).__name__}: missing {missing[:3]}, "
            f"unexpected {unexpected[:3]}; expected a state dict of the same torchvision network"
        )
