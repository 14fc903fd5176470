"""What stands between a chapter's networks and a kept model: pictures in, one vector out."""

import copy

import torch
from torch import Tensor, nn
from torch.nn import functional

from fashret_utils.data.augment import MEAN, STD
from fashret_utils.models.trunks.stems import Trunk
from fashret_utils.training import Run


class Drawn(nn.Module):
    """Photos as a generator draws them, embedded: normalised (B, 3, S, S) -> (B, d).

    **Arguments**: `generator` - pictures from -1 to 1 to pictures from -1 to 1; `model` - embeds
    normalised pictures.
    """

    def __init__(self, generator: nn.Module, model: nn.Module) -> None:
        super().__init__()
        self.generator, self.model = generator, model
        self.register_buffer("mean", torch.tensor(MEAN).view(3, 1, 1))
        self.register_buffer("std", torch.tensor(STD).view(3, 1, 1))

    def forward(self, photos: Tensor) -> Tensor:
        """Draw, round to 256 grey values as a picture has them, and embed."""
        drawn = self.generator(2 * (photos * self.std + self.mean) - 1)
        grey = ((drawn + 1) * 127.5).round().clamp(0, 255)
        return self.model((grey / 255 - self.mean) / self.std)


class Whole(nn.Module):
    """A frozen stem and what was trained behind it: normalised (B, 3, S, S) -> (B, d).

    **Arguments**: `stem` - a `models.Trunk`, which expects bytes; `model` - from its maps to d.
    """

    def __init__(self, stem: Trunk, model: nn.Module) -> None:
        super().__init__()
        self.stem, self.model = stem, model
        self.register_buffer("mean", torch.tensor(MEAN).view(3, 1, 1))
        self.register_buffer("std", torch.tensor(STD).view(3, 1, 1))

    def forward(self, photos: Tensor) -> Tensor:
        """Back to grey levels, as the stem normalises them in its own way; then the network."""
        maps = self.stem.of_grey_levels(255 * (photos * self.std + self.mean))
        return self.model(maps[0] if len(maps) == 1 else maps)


class Enlarged(Whole):
    """As `Whole`, of pictures that are enlarged to the stem's side first.

    **Arguments**: `side` - in pixels; `stem`, `model` - as of `Whole`.
    """

    def __init__(self, stem: Trunk, model: nn.Module, side: int) -> None:
        super().__init__(stem, model)
        self.side = side

    def forward(self, photos: Tensor) -> Tensor:
        """Enlarge, round to 256 grey values as a picture has them, and embed."""
        grey = 255 * (photos * self.std + self.mean)
        large = functional.interpolate(grey, size=(self.side, self.side), mode="bilinear")
        return self.model(self.stem.of_grey_levels(large.round().clamp(0, 255))[0])


class Lifted(nn.Module):
    """Vectors of a network with two more coordinates, whose cosines order as distances do.

    As in chapter 04: gallery vectors become (g, -|g|^2, r), r making all of one length, and
    queries (2 q, 1, 0). Both are moved by the gallery's mean and divided by its largest length.

    **Arguments**: `model` - gives vectors of any length; `features` (m, d) - what it gives for
    the gallery; `query` - which of the two this embeds.
    """

    def __init__(self, model: nn.Module, features: Tensor, query: bool) -> None:
        super().__init__()
        middle = features.mean(0)
        self.model, self.query = model, query
        self.register_buffer("middle", middle)  # (d,)
        self.register_buffer("length", (features - middle).norm(dim=1).max())

    def forward(self, pictures: Tensor) -> Tensor:
        """Normalised pictures (B, 3, S, S) -> (B, d + 2)."""
        v = (self.model(pictures) - self.middle) / self.length  # (B, d)
        squared = v.square().sum(1, keepdim=True)  # (B, 1), of the gallery at most 1
        if self.query:
            return torch.cat([2 * v, torch.ones_like(squared), torch.zeros_like(squared)], 1)
        rest = (2 - squared - squared.square()).clamp(min=0).sqrt()
        return torch.cat([v, -squared, rest], 1)


def trained(run: Run) -> nn.Module:
    """The first module that a run prepared, for chapters that hand on only the run."""
    return run._modules[0]


def plain(run: Run, model: nn.Module) -> nn.Module:
    """A copy of a network on the CPU, in float32, as it was before a run prepared it."""
    copied = copy.deepcopy(run.accelerator.unwrap_model(model)).cpu().float().eval()
    for part in copied.modules():  # Accelerate puts its precision around the method itself
        part.__dict__.pop("forward", None)
        part.__dict__.pop("_original_forward", None)
    return copied.to(memory_format=torch.contiguous_format)
