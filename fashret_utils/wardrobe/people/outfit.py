"""What the rest of the body wears: a fixed stock of ordinary garments from the same generator."""

from functools import lru_cache

import numpy as np

from fashret_utils.wardrobe.draws import Draws
from fashret_utils.wardrobe.garments.attributes import Garment, changed, sample_garment

_UPPER = ("t-shirt", "t-shirt", "shirt", "blouse", "sweater", "hoodie")
_LOWER = ("jeans", "trousers", "jeans", "skirt", "shorts")
_QUIET = ("plain", "plain", "plain", "plain", "horizontal stripes", "check", "dots")


@lru_cache(maxsize=1)
def _stock() -> tuple[tuple[Garment, ...], tuple[Garment, ...]]:
    """36 tops and 30 bottoms, the same in every process; quiet patterns are the rule."""
    draws = Draws(np.random.default_rng(20160627))
    return tuple(
        tuple(_ordinary(draws, kinds[k % len(kinds)]) for k in range(count))
        for kinds, count in ((_UPPER, 36), (_LOWER, 30))
    )


def _ordinary(draws: Draws, category: str) -> Garment:
    while True:
        garment = sample_garment(draws)
        if garment.category == category:
            break
    if category in _UPPER and garment.values["length"] == "long":
        garment = changed(garment, length="regular")
    if category != "jeans":
        garment = changed(garment, pattern=draws.pick(_QUIET))
    return garment


def complement(draws: Draws, is_lower: bool) -> Garment:
    """A garment for the other half of the body: a top where `is_lower`, else a bottom."""
    uppers, lowers = _stock()
    return draws.pick(uppers if is_lower else lowers)
