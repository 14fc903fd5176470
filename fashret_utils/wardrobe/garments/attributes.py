"""Garments as attribute vectors: the value lists, what goes with what, families of near-twins."""

from dataclasses import replace

import numpy as np

from fashret_utils.wardrobe import items
from fashret_utils.wardrobe.draws import Draws
from fashret_utils.wardrobe.items import Item as Garment
from fashret_utils.wardrobe.items import changed as changed
from fashret_utils.wardrobe.palette import COLOUR_GROUPS, PALETTE

CATEGORIES = (
    "t-shirt",
    "shirt",
    "blouse",
    "sweater",
    "hoodie",
    "jacket",
    "coat",
    "dress",
    "skirt",
    "trousers",
    "jeans",
    "shorts",
)
PATTERNS = (
    "plain",
    "horizontal stripes",
    "vertical stripes",
    "diagonal stripes",
    "check",
    "dots",
    "floral",
    "graphic print",
    "colour block",
)
NECKLINES = (
    "crew",
    "v-neck",
    "scoop",
    "boat",
    "square",
    "turtleneck",
    "shirt collar",
    "stand collar",
    "lapel",
    "hood",
)
COLOURS = tuple(PALETTE)
ATTRIBUTES: dict[str, tuple[str, ...]] = {
    "category": CATEGORIES,
    "colour": COLOURS,
    "second colour": COLOURS,
    "pattern": PATTERNS,
    "neckline": NECKLINES,
    "sleeve": ("sleeveless", "short", "elbow", "three-quarter", "long"),
    "length": ("cropped", "regular", "long", "mini", "knee", "midi", "maxi", "ankle", "full"),
    "fit": ("slim", "regular", "loose"),
    "closure": ("none", "buttons", "zip"),
    "pocket": ("none", "chest", "patch", "slant", "kangaroo"),
    "fabric": ("flat", "knit", "denim", "satin"),
}

PARENTS: dict[str, dict[str, str]] = {
    "category": {
        **dict.fromkeys(("t-shirt", "shirt", "blouse", "sweater", "hoodie"), "upper body"),
        **dict.fromkeys(("jacket", "coat"), "outerwear"),
        "dress": "full body",
        **dict.fromkeys(("skirt", "trousers", "jeans", "shorts"), "lower body"),
    },
    "colour": COLOUR_GROUPS,
    "pattern": {
        "plain": "solid",
        **dict.fromkeys(PATTERNS[1:4], "striped"),
        **dict.fromkeys(("check", "dots", "colour block"), "geometric"),
        **dict.fromkeys(("floral", "graphic print"), "figurative"),
    },
    "neckline": {
        **dict.fromkeys(("crew", "scoop", "boat"), "round"),
        **dict.fromkeys(("v-neck", "square"), "angular"),
        **dict.fromkeys(("turtleneck", "stand collar"), "high"),
        **dict.fromkeys(("shirt collar", "lapel"), "folded collar"),
        "hood": "hood",
    },
}

# What a category may have; the first value is the usual one and is drawn more often. Attributes
# that a category does not list do not apply to it.
ALLOWED: dict[str, dict[str, tuple[str, ...]]] = {
    "t-shirt": {
        "neckline": ("crew", "v-neck", "scoop", "boat"),
        "sleeve": ("short", "sleeveless", "elbow", "long"),
        "length": ("regular", "cropped", "long"),
        "closure": ("none",),
        "pocket": ("none", "chest"),
        "fabric": ("flat", "knit"),
    },
    "shirt": {
        "neckline": ("shirt collar", "stand collar"),
        "sleeve": ("long", "short", "elbow"),
        "length": ("regular", "long"),
        "closure": ("buttons",),
        "pocket": ("none", "chest"),
        "fabric": ("flat", "denim", "satin"),
    },
    "blouse": {
        "neckline": ("v-neck", "boat", "square", "stand collar", "scoop"),
        "sleeve": ("three-quarter", "short", "elbow", "long", "sleeveless"),
        "length": ("regular", "cropped", "long"),
        "closure": ("none", "buttons"),
        "pocket": ("none",),
        "fabric": ("flat", "satin"),
    },
    "sweater": {
        "neckline": ("crew", "turtleneck", "v-neck", "boat"),
        "sleeve": ("long", "three-quarter", "sleeveless"),
        "length": ("regular", "cropped", "long"),
        "closure": ("none", "buttons"),
        "pocket": ("none", "patch"),
        "fabric": ("knit",),
    },
    "hoodie": {
        "neckline": ("hood",),
        "sleeve": ("long", "short"),
        "length": ("regular", "cropped"),
        "closure": ("none", "zip"),
        "pocket": ("kangaroo", "none"),
        "fabric": ("flat", "knit"),
    },
    "jacket": {
        "neckline": ("lapel", "stand collar", "shirt collar", "hood"),
        "sleeve": ("long",),
        "length": ("regular", "cropped"),
        "closure": ("buttons", "zip"),
        "pocket": ("slant", "patch", "chest", "none"),
        "fabric": ("flat", "denim", "satin", "knit"),
    },
    "coat": {
        "neckline": ("lapel", "stand collar", "shirt collar", "hood"),
        "sleeve": ("long",),
        "length": ("knee", "midi", "mini"),
        "closure": ("buttons", "zip"),
        "pocket": ("slant", "patch", "none"),
        "fabric": ("flat", "knit"),
    },
    "dress": {
        "neckline": ("scoop", "v-neck", "crew", "boat", "square", "shirt collar"),
        "sleeve": ("sleeveless", "short", "elbow", "three-quarter", "long"),
        "length": ("knee", "mini", "midi", "maxi"),
        "closure": ("none", "buttons", "zip"),
        "pocket": ("none", "patch", "slant"),
        "fabric": ("flat", "knit", "denim", "satin"),
    },
    "skirt": {
        "length": ("knee", "mini", "midi", "maxi"),
        "closure": ("none", "buttons", "zip"),
        "pocket": ("none", "patch", "slant"),
        "fabric": ("flat", "knit", "denim", "satin"),
    },
    "trousers": {
        "length": ("full", "ankle"),
        "closure": ("buttons", "zip", "none"),
        "pocket": ("slant", "patch", "none"),
        "fabric": ("flat", "satin", "knit"),
    },
    "jeans": {
        "length": ("full", "ankle"),
        "closure": ("buttons", "zip"),
        "pocket": ("slant", "patch"),
        "fabric": ("denim",),
    },
    "shorts": {
        "length": ("mini", "knee"),
        "closure": ("buttons", "zip", "none"),
        "pocket": ("slant", "patch", "none"),
        "fabric": ("flat", "denim", "satin", "knit"),
    },
}
for _category, _allowed in ALLOWED.items():
    _allowed["fit"] = ("regular", "slim", "loose")
    _allowed["pattern"] = PATTERNS
    _allowed["colour"] = _allowed["second colour"] = COLOURS
ALLOWED["jeans"]["colour"] = ("blue", "navy", "sky", "black", "grey", "white", "brown")
ALLOWED["jeans"]["pattern"] = ("plain", "colour block", "vertical stripes", "floral", "dots")

# How often a family is plain by choice; it may also be drawn plain.
_PLAIN_SHARE = {"jeans": 0.7, "trousers": 0.45, "coat": 0.45, "jacket": 0.45, "hoodie": 0.4}
# Members of a family may differ in these; category, fit and shape stay.
_FAMILY_CHANGES = (
    "colour",
    "second colour",
    "pattern",
    "neckline",
    "sleeve",
    "closure",
    "pocket",
    "length",
    "fabric",
)
SHAPES = ("width", "flare", "neck", "sleeve width", "hem curve", "collar", "motif")


def sample_family(rng: np.random.Generator, size: int = 4) -> list[Garment]:
    """Draw a family: `size` garments that differ in one or two attributes or only in the print."""
    draws = Draws(rng)
    base = sample_garment(draws)
    return items.family(base, lambda: _near_twin(base, draws), size)


def sample_garment(draws: Draws) -> Garment:
    """Draw one garment at random."""
    category = draws.pick(CATEGORIES)
    allowed = ALLOWED[category]
    values = {"category": category}
    for name in ATTRIBUTES:
        if name not in allowed:
            continue
        choices = allowed[name]
        # three draws in ten take the usual value, where there is one
        usual = name not in ("colour", "second colour", "pattern", "fit") and draws.chance(0.3)
        values[name] = choices[0] if usual else draws.pick(choices)
    if draws.chance(_PLAIN_SHARE.get(category, 0.2)):
        values["pattern"] = "plain"
    while values["second colour"] == values["colour"]:
        values["second colour"] = draws.pick(COLOURS)
    return items.finish(values, SHAPES, draws)


def _near_twin(base: Garment, draws: Draws) -> Garment:
    if base.values["pattern"] != "plain" and draws.chance(0.25):
        return items.reprinted(base, draws)
    allowed = ALLOWED[base.category]
    return replace(base, values=items.other_values(base, draws, allowed, _FAMILY_CHANGES))


def codes(garments: list[Garment]) -> np.ndarray:
    """Codes of garments as int16 `(garments, attributes)`, -1 where one does not apply."""
    return items.codes(garments, ATTRIBUTES)
