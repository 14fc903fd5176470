"""Networks from images to embeddings: a small residual net for the CPU, torchvision's trunks.

Every backbone maps images (B, 3, S, S) to embeddings (B, dim) that are **not** L2-normalised, and
carries `module.dim`. Initial weights depend on `seed` alone and leave PyTorch's random state as it
was, so that all arms of a comparison start from the same weights.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

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


NARROW = 8  # input channels of a `Shortcut` that PyTorch's own convolution is safe with


class WeightsError(RuntimeError):
    """Trained weights were asked for, and could not be had or do not fit the network."""


class Shortcut(nn.Conv2d):
    """A 1 x 1 convolution that takes every second pixel before it multiplies, not after.

    The same numbers. With a stride, fewer than 8 input channels and channels last, PyTorch's own
    writes beyond its memory on some processors.
    """

    def forward(self, x: Tensor) -> Tensor:
        """(B, channels_in, H, W) -> (B, channels, H / stride, W / stride)."""
        down, right = self.stride
        if self.in_channels >= NARROW or (down, right) == (1, 1):
            return super().forward(x)
        return functional.conv2d(x[:, :, ::down, ::right].contiguous(), self.weight, self.bias)


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
                Shortcut(channels_in, channels, 1, stride, bias=False), nn.BatchNorm2d(channels)
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
    asked for and cannot be read or downloaded, do not fit, or hold NaN.
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
        fit_state(model, read_state(Path(weights)), weights, head_name)
    elif pretrained:
        fit_state(model, checked_state(_download(name), name), name, head_name)
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

    **Raises** `WeightsError` when there is none, it is damaged, or holds something else.
    """
    if not path.is_file():
        raise WeightsError(
            f"no weights at {path}: pass weights=<path of a state dict saved with torch.save>"
        )
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # whatever breaks first in a file of something else
        raise WeightsError(
            f"{path} is not a state dict saved with torch.save, or is damaged ({error})"
        ) from error
    return checked_state(state, path)


def checked_state(state: object, origin: object) -> dict[str, Tensor]:
    """Trained weights as they can be loaded: names and tensors of finite numbers.

    **Arguments**: `origin` - where they are from, for the message.

    **Raises** `WeightsError` saying what is there instead.
    """
    if not isinstance(state, Mapping):
        raise WeightsError(f"{origin} holds a {type(state).__name__}, expected a state dict")
    others = [name for name, value in state.items() if not isinstance(value, Tensor)]
    if others or not state:
        inner = [str(name) for name, value in state.items() if isinstance(value, Mapping)]
        hint = f"; save what is in {inner[0]!r} alone" if inner else ""
        shown = ", ".join(map(str, [*state][:5])) or "nothing"
        raise WeightsError(f"{origin} holds {shown}, expected a state dict of tensors{hint}")
    bad = [k for k, v in state.items() if v.is_floating_point() and not v.isfinite().all()]
    if bad:
        raise WeightsError(
            f"the weights in {origin} have NaN or infinite numbers in {bad[0]} and {len(bad) - 1} "
            "more: a training that diverged? Take an earlier checkpoint"
        )
    return dict(state)


def fit_state(
    model: nn.Module, state: Mapping[str, Tensor], origin: object, head: str = ""
) -> None:
    """Fill a network with trained weights; its layer `head`, if any, keeps its own.

    **Raises** `WeightsError` for weights that are missing, left over, or of another shape.
    """
    whole = model.state_dict()
    own = {k: v for k, v in whole.items() if not head or not k.startswith(f"{head}.")}
    body = {k: v for k, v in state.items() if not head or not k.startswith(f"{head}.")}
    missing = [k for k in own if k not in body and not k.endswith("num_batches_tracked")]
    unexpected = [k for k in body if k not in own]
    shapes = [k for k, v in body.items() if k in own and v.shape != own[k].shape]
    if not (missing or unexpected or shapes):
        # A plain dict without a format version: PyTorch fills in counters that older files lack.
        model.load_state_dict(body, strict=False)
        return
    wrong = f"missing {missing[:3]}, unexpected {unexpected[:3]}"
    if shapes and not (missing or unexpected):
        there, here = (tuple(side[shapes[0]].shape) for side in (body, own))
        wrong = f"{shapes[0]} has shape {there}, the network needs {here}"
    prefix = {key.partition(".")[0] for key in body}
    hint = ""
    if len(prefix) == 1 and all(k.partition(".")[2] in whole for k in body):
        hint = f"; all names begin with {prefix.pop()!r}: save the state dict of what is inside"
    raise WeightsError(
        f"the weights in {origin} do not fit {type(model).__name__}: {wrong}; expected a state "
        f"dict of the same network{hint}"
    )
