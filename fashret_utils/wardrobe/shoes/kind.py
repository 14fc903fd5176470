"""The shoe half of the Wardrobe, behind the door that both kinds share."""

import numpy as np

from fashret_utils.wardrobe.draws import Draws
from fashret_utils.wardrobe.layout import Layout
from fashret_utils.wardrobe.shoes import street as _street
from fashret_utils.wardrobe.shoes.attributes import (
    ATTRIBUTES,
    PARENTS,
    Shoe,
    codes,
    sample_family,
)
from fashret_utils.wardrobe.shoes.shop import VIEWS
from fashret_utils.wardrobe.shoes.shop import lay_out as shop
from fashret_utils.wardrobe.shoes.street import hides_backdrop

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


def street(
    item: Shoe,
    streams: dict[str, np.random.Generator],
    size: int,
    factors: dict[str, float],
    framing: np.ndarray,
) -> Layout:
    """Lay out a street picture: the shoes and the ground, without what is behind them.

    `framing` is not used: what the camera cuts off is cheap to draw.
    """
    # One stream, because each costs: blocks larger than what is ever drawn keep the causes apart,
    # and the last may be drawn on.
    rng = streams["pose"]
    blocks = {"pose": 32, "wearer": 16, "background": 1, "occlusion": 48}
    draws = {name: Draws(rng, block) for name, block in blocks.items()}
    return _street.lay_out(item, draws, size, factors)
