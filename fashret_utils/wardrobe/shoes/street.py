"""Street pictures of shoes: worn by someone who stands or walks, or left on the ground."""

import numpy as np

from fashret_utils.wardrobe.draws import Draws
from fashret_utils.wardrobe.layout import Layout
from fashret_utils.wardrobe.shoes import occluders, shop
from fashret_utils.wardrobe.shoes.attributes import Shoe
from fashret_utils.wardrobe.shoes.cast import Cast, Floor, lay_floor
from fashret_utils.wardrobe.shoes.form import form_of
from fashret_utils.wardrobe.shoes.stages import STAGES

# How the photographer sees the shoes, and how often.
_SCENES = (
    ("walking", 0.3),
    ("standing", 0.14),
    ("facing", 0.13),
    ("leaving", 0.08),
    ("looking down", 0.12),
    ("on the ground", 0.14),
    ("from above", 0.09),
)


SCENES = tuple(name for name, _ in _SCENES)


def lay_out(item: Shoe, streams: dict[str, Draws], size: int, factors: dict[str, float]) -> Layout:
    """Compose the layers of a street picture in units of the picture (0 to 1).

    **Arguments**

    - `streams`: random numbers of "pose", "occlusion", "wearer" and "background".
    - `size`: pixels of the picture.
    - `factors`: strength of "pose", "occlusion" and "background". With pose 0 a single shoe is
      seen from its left side, as in the first shop view.
    """
    strength = factors["pose"]
    if strength <= 0:
        layout = shop.lay_out(item, "side-left", streams["pose"], size)
        lay_floor(layout, streams["background"], 0.52, factors["background"])
        _hide(layout, streams["occlusion"], factors["occlusion"])
        return layout
    pose, form = streams["pose"], form_of(item)
    share, scene = pose.unit(), SCENES[-1]
    for name, weight in _SCENES:
        if share < weight:
            scene = name
            break
        share -= weight
    cast = Cast(form, item, streams, size, factors, Layout(np.eye(3), pose={}))
    STAGES[scene](cast)
    _hide(cast.layout, streams["occlusion"], factors["occlusion"])
    return cast.layout


def hides_backdrop(layout: Layout) -> bool:
    """Whether the ground, seen from above, fills the picture."""
    return any(isinstance(draw, Floor) and draw.fills for _, draw in layout.layers)


def _hide(layout: Layout, draws: Draws, strength: float) -> None:
    for name in occluders.choose(draws, strength):
        occluders.add(layout, name, draws, max(1.0, strength))
