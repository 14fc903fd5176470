"""The shoe half of the Wardrobe, behind the door that both kinds share."""

import numpy as np

from . import shoe_street as _street
from . import shoes as _shop
from .draws import Draws
from .layout import Layout
from .shoe_attributes import ATTRIBUTES, PARENTS, Shoe, codes, sample_family

VIEWS = _shop.VIEWS

__all__ = ["ATTRIBUTES", "PARENTS", "VIEWS", "codes", "sample_family", "shop", "street"]


def shop(item: Shoe, view: str, streams: dict[str, np.random.Generator], size: int) -> Layout:
    """Lay out a shop picture; its first view is what a street picture is without any gap."""
    return _shop.lay_out(item, view, Draws(streams["view"], 8), size)


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
    draws = {
        "pose": Draws(streams["pose"], 48),
        "occlusion": Draws(streams["occlusion"], 48),
        "wearer": Draws(streams["wearer"], 24),
        "background": Draws(streams["shade"], 1),
    }
    return _street.lay_out(item, draws, size, factors)
