"""A trunk whose last maps keep their size, and which is cut so that three of its maps are at hand.

Networks that look at several scales need C3, C4 and C5 at once, the last at the size of the one
before (Luo et al. 2019, Bag of Tricks, section 3.5): at 96 pixels 6 rows, which two and three
stripes divide. What comes before the cut is a frozen stem, as of `cut`.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence

from torch import Tensor, nn

from fashret_utils.models.trunks.stems import Trunk, cut


def keep_size(trunk: Trunk, level: int = 5) -> Trunk:
    """A copy of a trunk in which a level and all that follows are as large as the level before.

    The stride of the level's first block is taken out, and the kernels that come after it are
    spread by as much (Chen et al. 2018, DeepLab, section 3.1): each looks at the places that it
    looked at before, so the smaller map is part of the larger one.

    **Arguments**: `level` - one that begins with a strided block.

    **Raises** `ValueError` for a level that the trunk lacks, or without a stride to take out.
    """
    if not {level - 1, level} <= set(trunk.levels):
        raise ValueError(f"level = {level}: {trunk.name} has levels {tuple(trunk.levels)}")
    names = [name for name, _ in trunk.steps.named_children()]
    first = names.index(trunk.levels[level - 1]) + 1
    copy = trunk.giving((names[-1],))
    strided = False
    for name in names[first:]:
        spread = strided  # a block's own stride counts for what comes after its convolution
        for layer in _convolutions(copy.steps.get_submodule(name)):
            if layer.stride == (2, 2):
                layer.stride, strided = (1, 1), True
            elif spread and layer.kernel_size != (1, 1):
                layer.dilation = (2, 2)
                layer.padding = tuple(side - 1 for side in layer.kernel_size)
    if not strided:
        raise ValueError(f"level {level} of {trunk.name} does not begin with a strided convolution")
    steps = OrderedDict(copy.steps.named_children())
    name = f"{trunk.name}-c{level}-full"  # other maps with the same weights
    kept = Trunk(name, steps, trunk.levels, trunk.outputs, trunk.mean, trunk.std, pool=trunk.pool)
    for ours, theirs in zip(kept.parameters(), trunk.parameters(), strict=True):
        ours.requires_grad_(theirs.requires_grad)  # what `giving` gives is frozen
    return kept.eval()


class Scales(nn.Module):
    """What follows a stem: what the stem gives -> the maps of some levels, from fine to coarse.

    `channels`: of each map. The last map that the stem gives is the one that goes on.
    """

    def __init__(
        self,
        tail: nn.Sequential,
        ends: Sequence[str],
        given: Sequence[str],
        channels: Sequence[int],
    ) -> None:
        super().__init__()
        self.tail, self.channels = tail, tuple(channels)
        self._ends, self._given = tuple(ends), tuple(given)

    def forward(self, maps: Tensor | Sequence[Tensor]) -> tuple[Tensor, ...]:
        """One map (B, C, h, w), or several -> for each level (B, channels[i], h_i, w_i)."""
        maps = (maps,) if isinstance(maps, Tensor) else maps
        known = dict(zip(self._given, maps, strict=True))
        x = maps[-1]
        for name, step in self.tail.named_children():
            x = known[name] = step(x)
        return tuple(known[name] for name in self._ends)


def scales(
    trunk: Trunk, after: int | str, levels: Sequence[int] = (3, 4, 5)
) -> tuple[Trunk, Scales]:
    """Cut a trunk in two, so that the second part gives the maps of some levels.

    **Arguments**: `after` - the last step of the stem, as of `cut`; `levels` - from fine to coarse.

    **Returns** the stem, frozen: uint8 pictures -> the maps of the levels before the cut, and that
    at the cut; and `Scales`, which makes the others. Both are copies.

    **Raises** `ValueError` as `cut`, for levels that the trunk lacks, and where the cut is behind
    the last of them.
    """
    if not set(levels) <= set(trunk.levels):
        raise ValueError(f"levels = {tuple(levels)}: {trunk.name} has {tuple(trunk.levels)}")
    ends = [trunk.levels[level] for level in levels]
    stem, tail = cut(trunk, after)
    rest = OrderedDict(tail.named_children())
    made = list(rest)
    if ends[-1] not in made:
        raise ValueError(f"the cut after {after!r} leaves no level to train: cut before {ends[-1]}")
    given = [name for name in ends if name not in made]
    given += [name for name in stem.outputs if name not in given]
    kept = made[: made.index(ends[-1]) + 1]
    tail = nn.Sequential(OrderedDict((name, rest[name]) for name in kept))
    shapes = dict(zip(ends, trunk.giving(ends).shapes(64), strict=True))
    channels = [shapes[name][0] for name in ends]
    return trunk.giving(given), Scales(tail, ends, given, channels)


def _convolutions(block: nn.Module) -> list[nn.Conv2d]:
    return [layer for layer in block.modules() if isinstance(layer, nn.Conv2d)]
