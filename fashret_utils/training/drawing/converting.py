"""Pictures into a converter and out of it, its weights averaged, and whether it still lives."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim.swa_utils import AveragedModel

from fashret_utils.data.augment import MEAN, STD, normalise

CHUNK = 256  # pictures at a time


def signed(images: Tensor) -> Tensor:
    """Normalised pictures (B, 3, S, S) -> the same from -1 to 1."""
    mean, std = (torch.tensor(v, device=images.device)[:, None, None] for v in (MEAN, STD))
    return 2 * (images * std + mean) - 1


@torch.no_grad()
def generate(converter: nn.Module, pixels: np.ndarray) -> np.ndarray:
    """Draw the garments on photos: uint8 (n, 3, S, S) -> uint8 (n, 3, S, S).

    **Arguments**: `converter` - pictures from -1 to 1 to pictures from -1 to 1; its mode is as
    before when this returns.
    """
    device, training = next(converter.parameters(), torch.empty(0)).device, converter.training
    converter.eval()
    parts = []
    for chunk in torch.from_numpy(np.array(pixels)).split(CHUNK):
        made = converter(signed(normalise(chunk.to(device)))).float()
        parts.append(((made + 1) * 127.5).round().clamp(0, 255).byte().cpu())
    converter.train(training)
    return torch.cat(parts).contiguous().numpy()


@torch.no_grad()
def between(
    encoder: nn.Module, decoder: nn.Module, first: np.ndarray, last: np.ndarray, steps: int = 7
) -> np.ndarray:
    """What lies on straight lines between the codes of photos: uint8 (n, steps, 3, S, S).

    **Arguments**: `encoder`, `decoder` - the halves of a converter, in evaluation mode; `first`,
    `last` - photos at the two ends, uint8 (n, 3, S, S).
    """
    device = next(decoder.parameters()).device
    ends = [encoder(signed(normalise(torch.from_numpy(x).to(device)))) for x in (first, last)]
    way = torch.linspace(0, 1, steps, device=device)
    lines = [decoder(ends[0] + share * (ends[1] - ends[0])).float() for share in way]
    made = ((torch.stack(lines, 1) + 1) * 127.5).round().clamp(0, 255)
    return made.byte().cpu().numpy()


def enlarged(pixels: np.ndarray, side: int) -> np.ndarray:
    """Pictures with another side, bilinear: uint8 (n, 3, S, S) -> uint8 (n, 3, side, side)."""
    if pixels.shape[-1] == side:
        return np.ascontiguousarray(pixels)
    parts = []
    for chunk in torch.from_numpy(np.array(pixels)).split(CHUNK):
        made = F.interpolate(chunk.float(), size=(side, side), mode="bilinear", antialias=True)
        parts.append(made.round().clamp(0, 255).byte())
    return torch.cat(parts).contiguous().numpy()


def warn_of_collapse(inferred: Tensor, arm: str, step: int, least: float = 1e-3) -> None:
    """Warn when a converter draws the same picture whatever the photo.

    Its losses stay finite, and the run goes on: that an arm collapses is a result, too.

    **Arguments**: `inferred` - pictures (B, 3, S, S) from -1 to 1; `least` - of their mean
    standard deviation over the batch.
    """
    spread = inferred.float().std(0).mean().item()
    if spread < least:
        warnings.warn(
            f"the converter of {arm!r} has collapsed at step {step}: its pictures of different "
            f"photos differ by {spread:.1e} on average (-1 to 1), expected {least} at least. "
            "Lower the learning rate, or make the discriminators learn slower than the converter",
            stacklevel=2,
        )


@contextmanager
def frozen(*networks: nn.Module) -> Iterator[None]:
    """Inside, these networks pass gradients on, and collect none."""
    weights = [p for network in networks for p in network.parameters() if p.requires_grad]
    for p in weights:
        p.requires_grad_(False)
    yield
    for p in weights:
        p.requires_grad_(True)


class Averaged(AveragedModel):
    """The exponential moving average of a network's weights and batch statistics.

    The decay grows with the number n of updates, min(decay, (1 + n) / (10 + n)), so that a short
    run forgets its random start, too.

    **Arguments**: `network` - stays as it is; `decay` - of the average, from 0 to 1.
    """

    def __init__(self, network: nn.Module, decay: float = 0.999) -> None:
        if not 0 <= decay < 1:
            raise ValueError(f"decay = {decay}: expected a number from 0 to below 1")

        def average(old: Tensor, new: Tensor, count: Tensor | int) -> Tensor:
            kept = min(decay, (1 + int(count)) / (10 + int(count)))
            return kept * old + (1 - kept) * new

        super().__init__(network, avg_fn=average, use_buffers=True)
        self.requires_grad_(False)
