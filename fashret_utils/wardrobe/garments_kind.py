"""The garment half of the Wardrobe, behind the door that both kinds share."""

import numpy as np

from . import shop as _shop
from . import street as _street
from .attributes import ATTRIBUTES, PARENTS, Garment, codes, sample_family
from .draws import Draws
from .layout import Layout

VIEWS = _shop.VIEWS

__all__ = ["ATTRIBUTES", "PARENTS", "VIEWS", "codes", "sample_family", "shop", "street"]


def shop(item: Garment, view: str, streams: dict[str, np.random.Generator], size: int) -> Layout:
    """Lay out a shop picture; its first view is what a street picture is without any gap."""
    return _shop.lay_out(item, view, Draws(streams["view"], 8), size)


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
