"""The one normalisation of pictures, and random changes to them, vectorised on their device."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

# ImageNet's statistics, which torchvision's pretrained trunks expect; used for every network.
MEAN = (0.485, 0.456, 0.406)
STD = (0.229, 0.224, 0.225)
LUMA = (0.299, 0.587, 0.114)  # ITU-R BT.601


def normalise(pictures: Tensor) -> Tensor:
    """Turn uint8 (B, 3, S, S) into float32 (B, 3, S, S), (x / 255 - mean) / std, channels last.

    Channels last because convolutions run a quarter faster on it, on CPU and GPU.
    """
    if pictures.dtype != torch.uint8 or pictures.dim() != 4 or pictures.shape[1] != 3:
        raise ValueError(
            f"expected uint8 pictures (B, 3, S, S), not {pictures.dtype} {tuple(pictures.shape)}"
        )
    return _standardise(pictures.to(memory_format=torch.channels_last).float().div_(255))


def constant(values: Sequence[float], like: Tensor) -> Tensor:
    """Numbers as float32 (n,) on the device of another tensor.

    A GPU is told each number: a list would be copied there, and a copy waits for all that runs.
    """
    if like.device.type == "cpu":
        return like.new_tensor(values, dtype=torch.float32)
    return torch.cat([torch.full((1,), value, device=like.device) for value in values])


@dataclass(frozen=True)
class Augment:
    """Random changes to training pictures, drawn anew for each picture.

    - `flip`: probability of a mirror image.
    - `zoom`: range of the side of the window cut out, 1 = the whole picture; above 1 shrinks it.
    - `shift`: largest displacement of that window, as a part of the picture's side.
    - `brightness`, `contrast`, `saturation`: factors are drawn from 1 - x to 1 + x.
    - `tint`: each colour channel is multiplied by a factor from 1 - x to 1 + x (colour of light).
    - `erase`: probability of painting a box grey (Zhong et al. 2020, Random Erasing);
      `erase_side`: range of the box's sides, as a part of the picture's side.
    - `blur`: probability of a 3 x 3 binomial blur.
    """

    flip: float = 0.5
    zoom: tuple[float, float] = (0.75, 1.05)
    shift: float = 0.08
    brightness: float = 0.25
    contrast: float = 0.25
    saturation: float = 0.25
    tint: float = 0.08
    erase: float = 0.3
    erase_side: tuple[float, float] = (0.15, 0.45)
    blur: float = 0.0

    def __post_init__(self):
        for name in ("flip", "shift", "brightness", "contrast", "saturation", "tint", "erase"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} must be from 0 to 1, not {getattr(self, name)}")
        for name in ("zoom", "erase_side"):
            low, high = getattr(self, name)
            if not 0 < low <= high:
                raise ValueError(f"{name} must be 0 < low <= high, not {(low, high)}")

    def __call__(self, pictures: Tensor, generator: torch.Generator) -> Tensor:
        """Change and normalise pictures.

        **Arguments**: uint8 (B, 3, S, S); a generator on the same device, the only source of
        randomness.

        **Returns** float32 (B, 3, S, S), normalised, channels last.
        """
        x, draw = self._changed(pictures, generator)
        x = _standardise(x)
        if self.erase > 0:
            x = x.masked_fill(self._boxes(draw[11:16], x.shape[-1]), 0.0)  # 0 = the mean grey
        return x

    def raw(self, pictures: Tensor, generator: torch.Generator) -> Tensor:
        """Change pictures in the same way, without normalising: uint8 (B, 3, S, S)."""
        x, draw = self._changed(pictures, generator)
        x = x.mul_(255).round_().to(torch.uint8)
        if self.erase > 0:
            grey = (255 * constant(MEAN, x)).round().to(torch.uint8)
            x = torch.where(self._boxes(draw[11:16], x.shape[-1]), grey[:, None, None], x)
        return x

    def _changed(self, pictures: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Pictures float32 (B, 3, S, S) from 0 to 1, not erased yet, and the draws (16, B)."""
        batch, device = len(pictures), pictures.device
        draw = torch.rand((16, batch), generator=generator, device=device)  # one column a picture
        x = self._window(pictures.float().div_(255), draw[:4])
        if self.blur > 0:
            x = torch.where((draw[4] < self.blur)[:, None, None, None], _blurred(x), x)
        return self._colour(x, draw[5:11]), draw

    def _window(self, x: Tensor, draw: Tensor) -> Tensor:
        low, high = self.zoom
        zoom = low + (high - low) * draw[0]
        mirror = torch.where(draw[1] < self.flip, -1.0, 1.0)
        shift = (2 * draw[2:4] - 1) * 2 * self.shift  # grid_sample's sides run from -1 to 1
        side = x.shape[-1]
        place = (torch.arange(side, device=x.device) * 2 + 1) / side - 1  # (S,) pixel centres
        across = place * (zoom * mirror)[:, None] + shift[0, :, None]  # (B, S)
        down = place * zoom[:, None] + shift[1, :, None]  # (B, S)
        shape = (-1, side, side)
        grid = torch.stack([across[:, None].expand(shape), down[:, :, None].expand(shape)], -1)
        return F.grid_sample(x, grid, padding_mode="border", align_corners=False)

    def _colour(self, x: Tensor, draw: Tensor) -> Tensor:
        spread = 2 * draw - 1  # (6, B) from -1 to 1
        bright = 1 + self.brightness * spread[0]
        contrast = 1 + self.contrast * spread[1]
        colour = (1 + self.saturation * spread[2])[:, None, None]
        tint = 1 + self.tint * spread[3:6].T  # (B, 3)
        # Brightness, contrast about mid-grey, saturation and tint are one matrix a picture.
        luma = constant(LUMA, x).expand(3, 3)
        matrix = colour * torch.eye(3, device=x.device) + (1 - colour) * luma  # (B, 3, 3)
        matrix = matrix * (tint * (bright * contrast)[:, None])[:, :, None]
        offset = tint * (bright * (1 - contrast) / 2)[:, None]  # (B, 3)
        flat = x.flatten(2).transpose(1, 2)  # (B, S * S, 3)
        flat = torch.baddbmm(offset[:, None], flat, matrix.transpose(1, 2)).clamp_(0, 1)
        return flat.unflatten(1, x.shape[2:]).permute(0, 3, 1, 2)  # channels last

    def _boxes(self, draw: Tensor, size: int) -> Tensor:
        low, high = self.erase_side
        sides = low + (high - low) * draw[1:3]  # (2, B)
        begin = draw[3:5] * (1 - sides)
        place = (torch.arange(size, device=draw.device) + 0.5) / size  # (S,)
        inside = (place >= begin[..., None]) & (place < (begin + sides)[..., None])  # (2, B, S)
        chosen = (draw[0] < self.erase)[:, None, None]
        return (inside[0][:, :, None] & inside[1][:, None, :] & chosen)[:, None]  # (B, 1, S, S)


def _standardise(x: Tensor) -> Tensor:
    """(x - mean) / std in place, for channels last."""
    flat = x.permute(0, 2, 3, 1).flatten(1)  # (B, S * S * 3), a view: long rows are fast
    pixels = flat.shape[1] // 3
    flat -= constant(MEAN, x).repeat(pixels)
    flat /= constant(STD, x).repeat(pixels)
    return x


def _blurred(x: Tensor) -> Tensor:
    edge = F.pad(x, (1, 1, 1, 1), mode="replicate")
    rows = edge[:, :, :-2] + 2 * edge[:, :, 1:-1] + edge[:, :, 2:]
    return (rows[..., :-2] + 2 * rows[..., 1:-1] + rows[..., 2:]) / 16
