"""A bench whose street pictures are drawn anew by converters before the stem sees them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import normalize

from fashret_utils.data.catalog import Catalog
from fashret_utils.data.columns import STREET
from fashret_utils.training.bench import Bench
from fashret_utils.training.drawing import enlarged, generate

CHUNK = 256  # pictures at a time


def _first(rows: Catalog) -> np.ndarray:
    """All pictures are drawn by the first converter."""
    return np.zeros(len(rows), int)


@dataclass(frozen=True)
class Drawn(Bench):
    """A `Bench` that looks at drawings of street pictures, and at shop pictures as they are.

    A drawing is made of the picture as it is, without augmentation, once, and kept in memory.

    - `converters`: pictures (B, 3, side, side) to pictures, all from -1 to 1; `side`: in pixels.
    - `drawn_by`: rows of a catalogue to the numbers of the converters that draw them, (n,); so
      that the items of training can be drawn by one that has not learnt from them, as a test's are.
    """

    converters: Sequence[nn.Module] = field(kw_only=True)
    side: int = field(kw_only=True)
    drawn_by: Callable[[Catalog], np.ndarray] = field(default=_first, kw_only=True)
    _kept: dict[tuple[str, int], Tensor] = field(default_factory=dict, kw_only=True, repr=False)

    def part(self, catalog: Catalog) -> Drawn:
        """The same for another catalogue; drawings that were made are shared."""
        told = {"converters": self.converters, "side": self.side, "drawn_by": self.drawn_by}
        return Drawn(catalog, self.stem, self.device, self.size, **told, _kept=self._kept)

    def maps(self, rows: Catalog) -> Tensor:
        """What the stem sees in the drawings of some pictures: float32 (n, C, h, w)."""
        names = [(rows.root.hash, row) for row in rows.root_rows.tolist()]
        missing = [place for place, name in enumerate(names) if name not in self._kept]
        for start in range(0, len(missing), CHUNK):
            chosen = missing[start : start + CHUNK]
            drawn = self.drawings(rows.take(np.array(chosen)))
            seen = self._through(enlarged(drawn, self.size))
            kept = zip(chosen, seen.half().cpu(), strict=True)
            self._kept.update({names[place]: maps for place, maps in kept})
        found = torch.stack([self._kept[name] for name in names])
        return found.float().to(self.device)

    def drawings(self, rows: Catalog) -> np.ndarray:
        """The drawings of some pictures: uint8 (n, 3, side, side)."""
        pixels, numbers = rows.pixels(self.side), self.drawn_by(rows)
        drawn = np.empty_like(pixels)
        for number in np.unique(numbers):
            of_it = numbers == number
            drawn[of_it] = generate(self.converters[number], pixels[of_it])
        return drawn

    def embed(self, model: nn.Module, rows: Catalog) -> np.ndarray:
        """Embeddings of pictures, float32 (n, d), each of length 1, as of `Bench`."""
        street = np.flatnonzero(rows.domain == STREET)
        if not len(street):
            return super().embed(model, rows)
        vectors = self._embedded(model, rows.take(street))
        if len(street) == len(rows):
            return vectors
        found = np.empty((len(rows), vectors.shape[1]), np.float32)
        shop = np.flatnonzero(rows.domain != STREET)
        found[street], found[shop] = vectors, super().embed(model, rows.take(shop))
        return found

    def _embedded(self, model: nn.Module, rows: Catalog) -> np.ndarray:
        modes = [(module, module.training) for module in model.modules()]
        try:
            with torch.inference_mode():
                parts = [model.eval()(maps) for maps in self.maps(rows).split(CHUNK)]
                return normalize(torch.cat(parts).float(), dim=1).cpu().numpy()
        finally:
            for module, training in modes:
                module.training = training

    def _through(self, pixels: np.ndarray) -> Tensor:
        """The stem's only map of pictures uint8 (n, 3, S, S)."""
        if self.device.type == "cpu":
            (maps,) = self.stem.frozen(self.size)(pixels)
            return torch.from_numpy(np.ascontiguousarray(maps))
        with torch.inference_mode():
            return self.stem(torch.from_numpy(pixels).to(self.device))
