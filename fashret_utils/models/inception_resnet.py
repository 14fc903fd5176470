"""Inception-ResNet-v1, the face network that PoshakNet turns to clothes.

The graph of davidsandberg/facenet with the parameter names and shapes of timesler/facenet-pytorch,
so that weights released for the latter load. At width 1 and 512 dimensions it is that network.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor, nn
from torchvision.models.inception import BasicConv2d

from fashret_utils.models.backbones import WeightsError, read_state

HEAD = ("last_linear", "last_bn", "logits")
_RELEASED = (
    "the files of timesler/facenet-pytorch, release v2.2.9: 20180402-114759-vggface2.pt or "
    "20180408-102900-casia-webface.pt"
)


class Residual(nn.Module):
    """relu(scale * conv(branches side by side) + x): Block35, Block17 and Block8 of the sheet."""

    def __init__(
        self, channels: int, branches: list[nn.Module], out: int, scale: float, relu: bool = True
    ) -> None:
        super().__init__()
        self.scale, self.relu = scale, relu
        self.names = [f"branch{number}" for number in range(len(branches))]
        for name, branch in zip(self.names, branches, strict=True):
            self.add_module(name, branch)
        self.conv2d = nn.Conv2d(out, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        """(B, channels, H, W) -> the same."""
        y = torch.cat([getattr(self, name)(x) for name in self.names], dim=1)
        y = x + self.scale * self.conv2d(y)
        return y.relu() if self.relu else y


class Reduction(nn.Module):
    """Branches side by side and a max-pool, all of stride 2: Mixed_6a and Mixed_7a."""

    def __init__(self, *branches: nn.Module) -> None:
        super().__init__()
        self.names = [f"branch{number}" for number in range(len(branches) + 1)]
        for name, branch in zip(self.names, (*branches, nn.MaxPool2d(3, 2)), strict=True):
            self.add_module(name, branch)

    def forward(self, x: Tensor) -> Tensor:
        """(B, channels, H, W) -> (B, sum of the branches', (H - 1) // 2, (W - 1) // 2)."""
        return torch.cat([getattr(self, name)(x) for name in self.names], dim=1)


class InceptionResnetV1(nn.Module):
    """Map pictures (B, 3, S, S) to embeddings (B, dim) that are **not** L2-normalised.

    **Arguments**

    - `dim`: size of the embedding; PoshakNet 128, the released weights 512.
    - `width`: factor of all channel numbers (our choice, for CPU scales).
    - `classes`: add a softmax layer `logits` for so many items; see `classify`.
    - `first_stride`: stride of the first convolution. 2 in the paper; 1 (our choice) keeps every
      name and shape and takes pictures of half the size.
    - `blocks`: residual blocks of the three kinds; (5, 10, 5) in the paper.
    - `dropout`: before the embedding. `seed`: decides the initial weights.

    `smallest` is the smallest side of a picture: 75 pixels, or 39 with `first_stride=1`.

    **Raises** `ValueError` for other strides, and when a picture is smaller than `smallest`.
    """

    def __init__(
        self,
        dim: int = 128,
        width: float = 1.0,
        classes: int | None = None,
        *,
        first_stride: int = 2,
        blocks: tuple[int, int, int] = (5, 10, 5),
        dropout: float = 0.6,
        seed: int = 0,
    ) -> None:
        super().__init__()
        if first_stride not in (1, 2):
            raise ValueError(f"first_stride must be 1 or 2, not {first_stride!r}")
        if width <= 0:
            raise ValueError(f"width is a factor above 0, not {width!r}")
        self.dim, self.width, self.classes = dim, width, classes
        self.smallest = 39 if first_stride == 1 else 75
        with torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(seed)
            self._build(first_stride, blocks, dropout)

    def _build(self, first_stride: int, blocks: tuple[int, int, int], dropout: float) -> None:
        def c(channels: int) -> int:
            return max(1, round(self.width * channels))

        def chain(channels_in: int, *layers: tuple) -> nn.Module:
            """Convolutions (channels, kernel, stride, padding); a single one is no Sequential."""
            built = []
            for channels, kernel, stride, padding in layers:
                how = {"kernel_size": kernel, "stride": stride, "padding": padding}
                built.append(BasicConv2d(channels_in, c(channels), **how))
                channels_in = c(channels)
            return built[0] if len(built) == 1 else nn.Sequential(*built)

        def block35() -> Residual:
            one, three = (32, 1, 1, 0), (32, 3, 1, 1)
            branches = [chain(c(256), *layers) for layers in ((one,), (one, three))]
            branches.append(chain(c(256), one, three, three))
            return Residual(c(256), branches, 3 * c(32), 0.17)

        def block17() -> Residual:
            asymmetric = (128, 1, 1, 0), (128, (1, 7), 1, (0, 3)), (128, (7, 1), 1, (3, 0))
            branches = [chain(middle, (128, 1, 1, 0)), chain(middle, *asymmetric)]
            return Residual(middle, branches, 2 * c(128), 0.10)

        def block8(scale: float = 0.20, relu: bool = True) -> Residual:
            asymmetric = (192, 1, 1, 0), (192, (1, 3), 1, (0, 1)), (192, (3, 1), 1, (1, 0))
            branches = [chain(last, (192, 1, 1, 0)), chain(last, *asymmetric)]
            return Residual(last, branches, 2 * c(192), scale, relu)

        middle = c(384) + 2 * c(256)  # 896 channels at width 1
        last = c(384) + 2 * c(256) + middle  # 1792
        self.conv2d_1a = chain(3, (32, 3, first_stride, 0))
        self.conv2d_2a = chain(c(32), (32, 3, 1, 0))
        self.conv2d_2b = chain(c(32), (64, 3, 1, 1))
        self.maxpool_3a = nn.MaxPool2d(3, 2)
        self.conv2d_3b = chain(c(64), (80, 1, 1, 0))
        self.conv2d_4a = chain(c(80), (192, 3, 1, 0))
        self.conv2d_4b = chain(c(192), (256, 3, 2, 0))
        self.repeat_1 = nn.Sequential(*(block35() for _ in range(blocks[0])))
        self.mixed_6a = Reduction(
            chain(c(256), (384, 3, 2, 0)),
            chain(c(256), (192, 1, 1, 0), (192, 3, 1, 1), (256, 3, 2, 0)),
        )
        self.repeat_2 = nn.Sequential(*(block17() for _ in range(blocks[1])))
        self.mixed_7a = Reduction(
            chain(middle, (256, 1, 1, 0), (384, 3, 2, 0)),
            chain(middle, (256, 1, 1, 0), (256, 3, 2, 0)),
            chain(middle, (256, 1, 1, 0), (256, 3, 1, 1), (256, 3, 2, 0)),
        )
        self.repeat_3 = nn.Sequential(*(block8() for _ in range(blocks[2])))
        self.block8 = block8(scale=1.0, relu=False)
        self.avgpool_1a = nn.AdaptiveAvgPool2d(1)
        self.dropout = nn.Dropout(dropout)
        self.last_linear = nn.Linear(last, self.dim, bias=False)
        self.last_bn = nn.BatchNorm1d(self.dim, eps=0.001)
        if self.classes is not None:
            self.logits = nn.Linear(self.dim, self.classes)

    def forward(self, images: Tensor) -> Tensor:
        """(B, 3, S, S) -> (B, dim), facenet's "prelogits"."""
        if min(images.shape[-2:]) < self.smallest:
            size = f"{images.shape[-1]} x {images.shape[-2]}"
            raise ValueError(
                f"pictures of {size} pixels vanish before the last block; expected at least "
                f"{self.smallest}: enlarge them, or build the net with first_stride=1 (39 pixels)"
            )
        x = self.conv2d_2b(self.conv2d_2a(self.conv2d_1a(images)))
        x = self.conv2d_4b(self.conv2d_4a(self.conv2d_3b(self.maxpool_3a(x))))
        x = self.mixed_6a(self.repeat_1(x))
        x = self.mixed_7a(self.repeat_2(x))
        x = self.block8(self.repeat_3(x))  # (B, 1792 * width, h, w)
        x = self.dropout(self.avgpool_1a(x).flatten(1))
        return self.last_bn(self.last_linear(x))

    def classify(self, embeddings: Tensor) -> Tensor:
        """Scores of the items before softmax: (B, dim) -> (B, classes).

        **Raises** `ValueError` for a net without `classes`.
        """
        if self.classes is None:
            raise ValueError("this net has no softmax layer: build it with classes=<items>")
        return self.logits(embeddings)


def load_released(model: InceptionResnetV1, path: str | Path) -> tuple[str, ...]:
    """Fill a net with released weights; layers of the head whose shape differs stay as they are.

    The trunk is loaded strictly: no weight may be missing, left over or of another shape.

    **Arguments**: `path` - a state dict as facenet-pytorch releases it.

    **Returns** those of `HEAD` that the net has and that were not loaded; () when all were.

    **Raises** `WeightsError` for a file that cannot be read or does not fit.
    """
    path = Path(path)
    state = _read(path)
    own = model.state_dict()
    kept = tuple(
        layer for layer in HEAD if hasattr(model, layer) and not _fits(own, state, f"{layer}.")
    )
    if "last_linear" in kept and "logits" not in kept and hasattr(model, "logits"):
        kept += ("logits",)  # reads what the exchanged layer writes
    absent = tuple(layer for layer in HEAD if not hasattr(model, layer))
    left_out = tuple(f"{layer}." for layer in (*kept, *absent))
    # A plain dict without a format version: PyTorch fills in counters that older files lack.
    wanted = {key: value for key, value in state.items() if not key.startswith(left_out)}
    missing = [k for k in own if not k.startswith(left_out) and k not in wanted and _needed(k)]
    unexpected = [k for k in wanted if k not in own]
    if missing or unexpected:
        raise WeightsError(
            f"{path} does not fit this net: missing {missing[:3]}, unexpected {unexpected[:3]}; "
            f"expected one of {_RELEASED}, and a net of width=1 and blocks=(5, 10, 5)"
        )
    shapes = [k for k, v in wanted.items() if v.shape != own[k].shape]
    if shapes:
        raise WeightsError(
            f"{path}: {shapes[0]} has shape {tuple(wanted[shapes[0]].shape)}, the net needs "
            f"{tuple(own[shapes[0]].shape)}; released weights fit width=1 and blocks=(5, 10, 5)"
        )
    model.load_state_dict({k: v for k, v in own.items() if k.startswith(left_out)} | wanted)
    return kept


def _fits(own: Mapping[str, Tensor], state: Mapping[str, Tensor], prefix: str) -> bool:
    keys = [key for key in own if key.startswith(prefix) and _needed(key)]
    return all(key in state and state[key].shape == own[key].shape for key in keys)


def _needed(key: str) -> bool:
    """Older files lack the counters of batch normalisation."""
    return not key.endswith("num_batches_tracked")


def _read(path: Path) -> dict[str, Tensor]:
    if not path.is_file():
        raise WeightsError(f"no weights at {path}: get one of {_RELEASED}, and name it here")
    try:
        return read_state(path)
    except WeightsError as error:
        raise WeightsError(f"{error}; expected one of {_RELEASED}") from error
