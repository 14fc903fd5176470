"""The garment half of the Wardrobe, behind the door that both kinds share."""

import numpy as np

from fashret_utils.wardrobe.draws import Draws
from fashret_utils.wardrobe.garments.attributes import (
    ATTRIBUTES,
    PARENTS,
    Garment,
    codes,
    sample_family,
)
from fashret_utils.wardrobe.garments.shop import VIEWS
from fashret_utils.wardrobe.garments.shop import lay_out as shop
from fashret_utils.wardrobe.layout import Layout
from fashret_utils.wardrobe.people import street as _street

__all__ = [
    "ATTRIBUTES",
    "PARENTS",
    "VIEWS",
    "codes",
    "hides_backdrop",
    "sample_family",
    "shop",
    "street",
]


def hides_backdrop(layout: Layout) -> bool:
    """Whether nothing is seen behind the layers: people never fill the picture."""
    return False


def street(
    item: Garment,
    streams: dict[str, np.random.Generator],
    size: int,
    factors: dict[str, float],
    framing: np.ndarray,
) -> Layout:
    """Lay out a street picture, without background and camera."""
    draws = {
        "pose": Draws(streams["pose"], 64),
        "occlusion": Draws(streams["occlusion"], 24),
        "wearer": Draws(streams["wearer"], 24),
        "light": Draws(streams["shade"], 2),
    }
    return _street.lay_out(item, draws, size, factors, framing)
