"""Networks of one size: how vectors share an embedding, and how wide a filler has to be."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np

Cells = Mapping[str, tuple[int, int] | None]


def layout(branches: Collection[str], cells: Cells, dim: int) -> dict[str, int]:
    """Names and lengths of all vectors, `dim` together.

    A branch without cells has one vector, twice as long as those of a branch with cells, which has
    one of the whole map and one of each cell: {"global": 2h, "part": h, "part-1": h, ...}.

    **Arguments**: `cells` - branch -> (rows, columns) of its grid, None for none.

    **Raises** `ValueError` where the vectors cannot share `dim` numbers in this way.
    """
    counts = {name: cells[name] and 1 + int(np.prod(cells[name])) for name in branches}
    shares = sum(count or 2 for count in counts.values())
    half, rest = divmod(dim, shares)
    if rest or not half:
        named = ", ".join(branches)
        raise ValueError(f"dim = {dim}: branches {named} need a multiple of {shares}")
    lengths: dict[str, int] = {}
    for name, count in counts.items():
        names = [name, *(f"{name}-{i}" for i in range(1, count or 1))]
        lengths |= dict.fromkeys(names, half if count else 2 * half)
    return lengths


def slices(lengths: Mapping[str, int]) -> dict[str, slice]:
    """Where in the embedding each branch lies, by the lengths of `layout`: branch -> slice."""
    ends = dict(zip(lengths, np.cumsum(list(lengths.values())), strict=True))
    last = {name.partition("-")[0]: int(end) for name, end in ends.items()}
    first = {name: int(ends[name]) - lengths[name] for name in last}
    return {name: slice(first[name], stop) for name, stop in last.items()}


def filler_width(channels: int, lacking: int) -> int:
    """Channels inside a `convolutions.bottleneck` that has about so many weights, 0 for none.

    With m channels inside, one over C channels has 9 m^2 + (2 C + 4) m + 2 C weights.
    """
    lacking -= 2 * channels
    if lacking <= 0:
        return 0
    linear = 2 * channels + 4
    return round((-linear + (linear**2 + 36 * lacking) ** 0.5) / 18)
