"""The flat pattern of skirts, trousers, jeans and shorts, in the body units of `cut`."""

from dataclasses import dataclass

from fashret_utils.wardrobe.garments.attributes import Garment
from fashret_utils.wardrobe.paths import Point, Run

WAIST_Y, HIP_Y, CROTCH_Y = 1.78, 2.5, 2.98
_LEG_HEM = {"mini": 3.55, "knee": 4.35, "ankle": 5.95, "full": 6.4}
_SKIRT_HEM = {"mini": 3.5, "knee": 4.4, "midi": 5.2, "maxi": 6.1}
_EASE = {"slim": 0.02, "regular": 0.07, "loose": 0.16}


@dataclass(frozen=True)
class BottomCut:
    """Flat pattern of the right half of a bottom (the left half mirrors it)."""

    waist: Point  # where side seam and waistband meet, at the top
    side: Run  # from the waist down to the hem
    hem: Run  # from the side inwards
    inseam: Run  # from the hem up to the crotch; empty for skirts

    @property
    def hem_y(self) -> float:
        """The lowest point of the side."""
        return self.side[-1][1]


def cut_bottom(item: Garment) -> BottomCut:
    """Lay out a skirt or trousers from attributes and shape parameters."""
    values, shape = item.values, item.shape
    fit, category = values["fit"], values["category"]
    ease = _EASE[fit] + 0.02 * shape["width"]
    waist = (0.50 + 0.4 * ease, WAIST_Y + 0.05 * shape["neck"])
    hip = (0.66 + ease, HIP_Y)
    if category == "skirt":
        hem_y = _SKIRT_HEM[values["length"]]
        drop = (hem_y - HIP_Y) / 2.0
        flare = {"slim": -0.03, "regular": 0.3, "loose": 0.72}[fit] + 0.1 * shape["flare"]
        hip = (0.64 + 0.8 * ease + 0.12 * max(0.0, flare), HIP_Y)
        bottom = (hip[0] + flare * drop, hem_y)
        curve = 0.06 + 0.1 * max(0.0, flare)
        hem = [bottom, (0.55 * bottom[0], hem_y + 0.75 * curve), (0.0, hem_y + curve)]
        middle = ((hip[0] + bottom[0]) / 2, (HIP_Y + hem_y) / 2)
        return BottomCut(waist, [waist, hip, middle, bottom], hem, [])
    hem_y = _LEG_HEM[values["length"]]
    spread = 0.07 * (hem_y - CROTCH_Y) / 3.0  # legs stand slightly apart
    half = {"slim": 0.17, "regular": 0.23, "loose": 0.38}[fit]
    half += 0.05 * shape["flare"] * (1.6 if fit != "slim" else 0.4)
    thigh = 0.36 + ease
    share = (hem_y - CROTCH_Y) / 3.42
    width = thigh + (half - thigh) * min(1.0, share * 1.0)
    axis = 0.36 + 0.06 + spread
    outer = (axis + width, hem_y)
    inner = (axis - width, hem_y)
    knee_y = (CROTCH_Y + hem_y) / 2
    knee = 0.5 * (thigh + width) - 0.05 * share
    side = [waist, hip, (axis - 0.03 + knee, knee_y), outer]
    hem = [outer, (axis, hem_y + 0.04), inner]
    inseam = [inner, (axis - 0.03 - knee, knee_y), (0.0, CROTCH_Y + 0.5 * ease)]
    if inseam[1][0] < 0.03:
        inseam[1] = (0.03, knee_y)
    if inner[0] < 0.03:
        hem[2] = inseam[0] = (0.03, hem_y)
    return BottomCut(waist, side, hem, inseam)
