"""A trunk, whole or the part of it before a cut, from bytes to maps; and what is cut off."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Sequence
from copy import deepcopy

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from fashret_utils.data.augment import constant
from fashret_utils.models.trunks.depthwise import quick


class Trunk(nn.Module):
    """A network from pictures to one of its maps, or to several; made by `models.trunk`.

    - `name`: timm's. `steps`: the network in order, "stem", "block0", "block1", ..., "head".
    - `levels`: level -> the step that ends it: the map of level i has 1 / 2**i of the picture's
      side (C3, C4 and C5 in the literature).
    - `outputs`: steps whose maps it gives; with `pool`, the means over their positions instead.
    - `mean`, `std`: of the pixels, in grey levels, for each colour: pictures come in as bytes.
    """

    def __init__(
        self,
        name: str,
        steps: OrderedDict[str, nn.Module],
        levels: dict[int, str],
        outputs: Sequence[str],
        mean: Sequence[float],
        std: Sequence[float],
        *,
        pool: bool = False,
    ) -> None:
        super().__init__()
        names = list(steps)
        last = max(names.index(step) for step in outputs)
        kept = names[: last + 1]
        self.steps = nn.Sequential(OrderedDict((step, steps[step]) for step in kept))
        self.levels = {level: step for level, step in levels.items() if step in kept}
        self.name, self.outputs, self.pool = name, tuple(outputs), pool
        self.mean, self.std = tuple(mean), tuple(std)
        self._known: tuple = (None, ())  # versions of the weights, identities

    def forward(self, batch) -> Tensor | tuple[Tensor, ...]:
        """uint8 (B, 3, S, S) -> float32 (B, C, h, w), or (B, C) pooled; a tuple where several.

        **Arguments**: `batch` - pictures, or a batch with `images`. A batch from a bank of this
        very trunk has been through it, and gives its maps back: `model(stem(batch))` is right for
        either.

        **Raises** `ValueError` for pictures that are not bytes, and for maps of another trunk.
        """
        pictures = batch if isinstance(batch, Tensor) else batch.images
        if not isinstance(batch, Tensor) and batch.stem:
            if batch.stem != self.identity:
                raise ValueError(
                    f"this batch has been through {batch.stem!r}, but this stem is "
                    f"{self.identity!r}: make the bank with the stem you train behind"
                )
            return pictures
        if pictures.dtype != torch.uint8 or pictures.dim() != 4 or pictures.shape[1] != 3:
            raise ValueError(
                f"a trunk normalises pictures itself: expected uint8 (B, 3, S, S), not "
                f"{pictures.dtype} {tuple(pictures.shape)}; see Batches(..., raw=True)"
            )
        maps = self.of_grey_levels(pictures)
        return maps[0] if len(maps) == 1 else maps

    def of_grey_levels(self, pictures: Tensor) -> tuple[Tensor, ...]:
        """The maps of pictures (B, 3, S, S) from 0 to 255, of any type."""
        x = pictures.to(memory_format=torch.channels_last).float()
        mean, std = (constant(v, x)[:, None, None] for v in (self.mean, self.std))  # (3, 1, 1)
        x, maps = (x - mean) / std, {}
        for step, module in self.steps.named_children():
            x = module(x)
            if step in self.outputs:
                maps[step] = x.mean((2, 3)) if self.pool else x
        return tuple(maps[step] for step in self.outputs)

    @property
    def identity(self) -> str:
        """What decides the maps: name, outputs, weights and normalisation."""
        return " ".join(self.identities)

    @property
    def identities(self) -> tuple[str, ...]:
        """The same for each output, equal wherever the steps up to that output are equal."""
        values = [*self.parameters(), *self.buffers()]
        versions = tuple((id(value), value._version) for value in values)
        if self._known[0] != versions:
            self._known = (versions, self._digests())
        return self._known[1]

    def _digests(self) -> tuple[str, ...]:
        digest, found = hashlib.blake2b(repr((self.mean, self.std)).encode(), digest_size=12), {}
        for step, module in self.steps.named_children():
            for value in module.state_dict().values():
                digest.update(np.ascontiguousarray(value.detach().cpu().numpy()))
            found[step] = f"{self.name}/{step}{'-mean' * self.pool}/{digest.hexdigest()}"
        return tuple(found[step] for step in self.outputs)

    def shapes(self, size: int) -> tuple[tuple[int, ...], ...]:
        """Shape of one picture's output, (C, h, w) or (C,) pooled, for each of `outputs`."""
        training = self.training
        device = next(self.parameters()).device
        with torch.no_grad():  # in evaluation mode: running means stay as they are
            maps = self.eval().of_grey_levels(
                torch.zeros(1, 3, size, size, dtype=torch.uint8).to(device)
            )
        self.train(training)
        return tuple(tuple(m.shape[1:]) for m in maps)

    def frozen(self, size: int) -> Callable[[np.ndarray], tuple[np.ndarray, ...]]:
        """The fastest way to these maps without gradients, see `models.trunks.frozen.runner`."""
        from fashret_utils.models.trunks.frozen import runner

        return runner(self, size)

    def giving(self, outputs: Sequence[str], *, pool: bool = False) -> Trunk:
        """A frozen copy that ends with the last of `outputs`, and gives their maps."""
        steps = OrderedDict(_copied(self.steps).named_children())
        part = Trunk(self.name, steps, self.levels, outputs, self.mean, self.std, pool=pool)
        return part.requires_grad_(False).eval()


def cut(trunk: Trunk, after: int | str) -> tuple[Trunk, nn.Sequential]:
    """Cut a trunk in two.

    **Arguments**: `after` - the last step of the first part: a block's number, counted from 0 (of
    EfficientNet-Lite0 0 to 15, of a ResNet-50 0 to 15), or a step's name.

    **Returns** the stem, frozen (uint8 pictures -> maps), and the tail (maps -> the trunk's last
    map). Both are copies: the trunk stays as it is, and another cut starts from the same weights.

    **Raises** `ValueError` for a step that the trunk lacks, or its last one.
    """
    names = [name for name, _ in trunk.steps.named_children()]
    step = f"block{after}" if isinstance(after, int) else after
    if step not in names[:-1]:
        raise ValueError(
            f"{trunk.name} cannot be cut after {step!r}: it has {', '.join(names[:-1]) or 'none'}"
        )
    rest = names[names.index(step) + 1 :]
    tail = OrderedDict((name, quick(_copied(trunk.steps.get_submodule(name)))) for name in rest)
    return trunk.giving((step,)), nn.Sequential(tail)


def pyramid(trunk: Trunk, levels: Sequence[int | str] = (3, 4, 5), *, pool: bool = False) -> Trunk:
    """A frozen copy of a trunk that gives several maps, by default C3, C4 and C5.

    **Arguments**: `levels` - from fine to coarse, numbers of levels or names of steps ("head" is
    the last convolution of an EfficientNet); `pool` - their means over positions, (B, C).

    **Raises** `ValueError` for a level that the trunk lacks.
    """
    names = [name for name, _ in trunk.steps.named_children()]
    steps = [trunk.levels.get(level) if isinstance(level, int) else level for level in levels]
    if not steps or not set(steps) <= set(names):
        raise ValueError(
            f"levels = {tuple(levels)}: {trunk.name} has levels {tuple(trunk.levels)} and steps "
            f"{', '.join(names)}"
        )
    return trunk.giving(steps, pool=pool)


def together(vectors: Sequence[Tensor]) -> Tensor:
    """Pooled levels side by side, each of length 1: several (B, C_i) -> (B, sum of C_i)."""
    return torch.cat([F.normalize(v.float(), dim=1) for v in vectors], dim=1)


def _copied(module: nn.Module) -> nn.Module:
    """A deep copy with its kernels channels last: a third less time on a CPU.

    Tensors are cloned, since a deep copy of a fake one would bring another fake device along.
    """
    memo: dict[int, Tensor] = {}
    for value in (*module.parameters(), *module.buffers()):
        layout = torch.channels_last if value.dim() == 4 else torch.preserve_format
        clone = value.detach().clone(memory_format=layout)
        learns = isinstance(value, nn.Parameter)
        memo[id(value)] = nn.Parameter(clone, value.requires_grad) if learns else clone
    return deepcopy(module, memo)
