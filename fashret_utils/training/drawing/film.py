"""The film of a training: what a converter draws of the same photos at more and more steps."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from fashret_utils.training.drawing.converting import generate


class Film(nn.Module):
    """What a converter draws of some photos as it learns, kept in the checkpoints.

    **Arguments**: `photos` - uint8 (n, 3, S, S); `steps` - of the run; `frames` - how many.
    """

    def __init__(self, photos: np.ndarray, steps: int, frames: int = 7) -> None:
        super().__init__()
        first = max(1, steps // 32)
        at = np.unique(np.geomspace(first, steps, frames).round()).astype(np.int64)
        self.register_buffer("photos", torch.from_numpy(np.array(photos)))
        self.register_buffer("at", torch.from_numpy(at))
        self.register_buffer("step", torch.zeros((), dtype=torch.int64))
        empty = torch.full((len(at), *photos.shape), 255, dtype=torch.uint8)
        self.register_buffer("frames", empty)

    def turn(self, converter: nn.Module) -> None:
        """Count a step, and take a picture if it is time for one."""
        self.step += 1
        for place in (self.at == self.step).nonzero()[:, 0].tolist():
            drawn = generate(converter, self.photos.cpu().numpy())
            self.frames[place] = torch.from_numpy(drawn)
