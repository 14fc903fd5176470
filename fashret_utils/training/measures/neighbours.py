"""Whether a network that sees pictures in a grid minds a picture's cell and its neighbours."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cosine_similarity

from fashret_utils.data.catalog import Catalog
from fashret_utils.training.bench import Bench, Search, search


@torch.inference_mode()
def cosine_maps(
    model: nn.Module,
    data: Bench,
    test: Catalog,
    rows: np.ndarray,
    tile: Callable[[Tensor], Tensor],
    seed: int = 0,
) -> tuple[Tensor, dict[str, Tensor]]:
    """Cosines of queries and their cells: alone, in a grid, and in the grid put together anew.

    **Arguments**: `model` - embeds maps, and through `of_grids` whole grids; `test` - a catalogue;
    `rows` (G, 1 + K * K) - of a query and its cells; `tile` - cells to a grid; `seed` - of the
    second order.

    **Returns** the second order of the cells (G, K * K), and maps (G, K * K) by name: "alone";
    "maps" and "maps, shuffled", of grids of the stem's maps; "pixels" and "pixels, shuffled", of
    grids of pictures, in which the stem looks over the borders. Shuffled ones are put back.
    """
    unique, place = np.unique(rows, return_inverse=True)
    pictures = torch.from_numpy(np.array(test.take(unique).pixels(data.size)))
    pictures = pictures.to(data.device)[torch.from_numpy(place.reshape(rows.shape))]
    model, stem = model.eval().to(data.device), data.stem
    maps = stem(pictures.flatten(0, 1)).unflatten(0, rows.shape)  # (G, 1 + K * K, C, h, w)
    query, cells = model(maps[:, 0])[:, None], maps[:, 1:]
    side, draw = round(cells.shape[1] ** 0.5), torch.Generator().manual_seed(seed)
    order = torch.stack([torch.randperm(side**2, generator=draw) for _ in rows]).to(data.device)
    every = torch.arange(len(rows), device=data.device)[:, None]

    def of_pixels(cells: Tensor) -> Tensor:
        return model.of_grids(stem(tile(cells)), side)

    alone = model(cells.flatten(0, 1)).unflatten(0, order.shape)
    found = {"alone": cosine_similarity(query, alone, dim=-1)}
    kinds = ("maps", cells, model), ("pixels", pictures[:, 1:], of_pixels)
    for name, cells, embed in kinds:
        found[name] = cosine_similarity(query, embed(cells), dim=-1)
        moved = cosine_similarity(query, embed(cells[every, order]), dim=-1)
        found[f"{name}, shuffled"] = torch.empty_like(moved).scatter_(1, order, moved)
    return order.cpu(), {name: each.float().cpu() for name, each in found.items()}


def shifts(maps: Mapping[str, Tensor]) -> dict[str, float]:
    """How far cosines move with their cell, and from those of the pictures alone.

    **Arguments**: `maps` - of `cosine_maps`. **Returns** mean and 95th percentile of each.
    """
    found = {}
    for kind in ("maps", "pixels"):
        changes = {"shift": maps[f"{kind}, shuffled"], "neighbours": maps["alone"]}
        for name, other in changes.items():
            change = (other - maps[kind]).abs()
            found[f"{kind}_{name}_mean"] = change.mean().item()
            found[f"{kind}_{name}_p95"] = change.quantile(0.95).item()
    return found


class InGrids(nn.Module):
    """A network that embeds pictures in grids of `side` x `side`, with neighbours by chance.

    **Arguments**: `model` - takes maps of cells (Q, K * K, C, h, w) and gives (Q, K * K, dim).
    """

    def __init__(self, model: nn.Module, side: int = 3):
        super().__init__()
        self.model, self.cells = model, side**2

    def forward(self, maps: Tensor) -> Tensor:
        """(B, C, h, w) -> (B, dim); the last grid is filled up with the first pictures."""
        order = torch.randperm(len(maps), generator=torch.Generator().manual_seed(0))
        order = order.to(maps.device)
        places = torch.arange(-(-len(maps) // self.cells) * self.cells, device=maps.device)
        chosen = order[places % len(maps)]  # whole grids of rows
        found = self.model(maps[chosen].unflatten(0, (-1, self.cells))).flatten(0, 1)
        back = torch.empty_like(found[: len(maps)])
        back[chosen[: len(maps)]] = found[: len(maps)]
        return back


def search_in_grids(model: nn.Module, data: Bench) -> Search:
    """The search of the test in which gallery pictures are embedded in grids, queries alone.

    The neighbours in a grid are drawn from the whole gallery.
    """
    asked = set(data.catalog.where(split="query").source)

    def embed(part: Catalog) -> np.ndarray:
        if set(part.source) <= asked:
            return data.embed(model, part)
        order = np.random.default_rng(0).permutation(len(part))
        found = data.embed(InGrids(model), part.take(order))
        back = np.empty_like(found)
        back[order] = found
        return back

    return search(embed, data.catalog)
