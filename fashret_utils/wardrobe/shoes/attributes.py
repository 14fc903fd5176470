"""Shoes as attribute vectors: the value lists, what goes with what, and families of near-twins.

Toe shape and heel shape are trees of two levels, group -> shape, as the attribute trees of
MTV-CNN (its Fig. 3 names "Toe Shape"; which groups it holds is not printed, these are ours).
"""

from dataclasses import replace

import numpy as np

from fashret_utils.wardrobe import items
from fashret_utils.wardrobe.draws import Draws
from fashret_utils.wardrobe.items import Item as Shoe
from fashret_utils.wardrobe.items import changed as changed
from fashret_utils.wardrobe.palette import COLOUR_GROUPS, PALETTE

CATEGORIES = ("sneaker", "boot", "ankle boot", "pump", "sandal", "loafer")
COLOURS = tuple(PALETTE)
TOES = ("round", "oval", "almond", "pointed", "square", "chisel", "peep", "open")
HEELS = ("flat", "flatform", "block", "cuban", "stiletto", "spool", "wedge")
PATTERNS = ("plain", "stripes", "check", "dots", "floral", "leopard", "snake", "colour block")

ATTRIBUTES: dict[str, tuple[str, ...]] = {
    "category": CATEGORIES,
    "colour": COLOURS,
    "second colour": COLOURS,
    "pattern": PATTERNS,
    "toe": TOES,
    "heel": HEELS,
    "heel height": ("flat", "low", "mid", "high"),
    "closure": ("lace", "strap", "slip-on", "zip"),
    "shaft": ("low", "collar", "ankle", "calf", "knee"),
    "material": ("leather", "suede", "patent", "canvas", "knit"),
    "sole colour": ("white", "black", "gum", "cream", "matching"),
    "decoration": ("none", "side stripes", "panel", "bow", "tassel", "buckle", "studs", "brogue"),
}

PARENTS: dict[str, dict[str, str]] = {
    "category": {
        "sneaker": "sport",
        **dict.fromkeys(("boot", "ankle boot"), "boots"),
        **dict.fromkeys(("pump", "sandal"), "open"),
        "loafer": "flats",
    },
    "colour": COLOUR_GROUPS,
    "pattern": {
        "plain": "solid",
        **dict.fromkeys(("stripes", "check", "dots", "colour block"), "geometric"),
        "floral": "figurative",
        **dict.fromkeys(("leopard", "snake"), "animal"),
    },
    "toe": {
        **dict.fromkeys(("round", "oval"), "rounded"),
        **dict.fromkeys(("almond", "pointed"), "tapered"),
        **dict.fromkeys(("square", "chisel"), "blunt"),
        **dict.fromkeys(("peep", "open"), "uncovered"),
    },
    "heel": {
        **dict.fromkeys(("flat", "flatform"), "level"),
        **dict.fromkeys(("block", "cuban"), "thick"),
        **dict.fromkeys(("stiletto", "spool"), "thin"),
        "wedge": "full",
    },
}

_RAISED = ("low", "mid", "high")
# What a category may have; the first value is the usual one and is drawn more often.
ALLOWED: dict[str, dict[str, tuple[str, ...]]] = {
    "sneaker": {
        "toe": ("round", "oval", "square"),
        "heel": ("flat", "flatform"),
        "heel height": ("flat",),
        "closure": ("lace", "strap", "slip-on", "zip"),
        "shaft": ("low", "collar"),
        "material": ("leather", "canvas", "knit", "suede", "patent"),
        "decoration": ("none", "side stripes", "panel"),
        "pattern": ("plain", "stripes", "check", "dots", "floral", "leopard", "colour block"),
        "sole colour": ("white", "black", "gum", "cream", "matching"),
    },
    "boot": {
        "toe": ("almond", "round", "pointed", "square"),
        "heel": ("block", "flat", "cuban", "stiletto", "wedge"),
        "heel height": ("flat", *_RAISED),
        "closure": ("zip", "lace", "slip-on", "strap"),
        "shaft": ("calf", "knee"),
        "material": ("leather", "suede", "patent", "canvas", "knit"),
        "decoration": ("none", "buckle", "studs", "panel", "brogue"),
        "pattern": ("plain", "leopard", "snake", "floral", "stripes", "dots", "colour block"),
        "sole colour": ("black", "gum", "cream", "matching"),
    },
    "ankle boot": {
        "toe": ("almond", "round", "pointed", "chisel"),
        "heel": ("block", "flat", "cuban", "stiletto", "wedge"),
        "heel height": ("low", "flat", "mid", "high"),
        "closure": ("slip-on", "lace", "zip", "strap"),
        "shaft": ("ankle", "collar"),
        "material": ("leather", "suede", "patent", "canvas", "knit"),
        "decoration": ("none", "buckle", "studs", "brogue", "tassel", "panel"),
        "pattern": ("plain", "leopard", "snake", "check", "dots", "stripes", "colour block"),
        "sole colour": ("black", "gum", "white", "cream", "matching"),
    },
    "pump": {
        "toe": ("pointed", "almond", "round", "square", "peep"),
        "heel": ("stiletto", "block", "spool", "cuban", "wedge"),
        "heel height": ("high", "mid", "low"),
        "closure": ("slip-on", "strap"),
        "shaft": ("low",),
        "material": ("leather", "suede", "patent", "canvas", "knit"),
        "decoration": ("none", "bow", "buckle", "studs", "brogue"),
        "pattern": ("plain", "leopard", "snake", "dots", "check", "floral", "colour block"),
        "sole colour": ("black", "matching", "cream", "gum"),
    },
    "sandal": {
        "toe": ("open", "peep"),
        "heel": ("flat", "block", "stiletto", "wedge", "flatform", "spool"),
        "heel height": ("flat", *_RAISED),
        "closure": ("strap", "slip-on", "zip"),
        "shaft": ("low", "collar"),
        "material": ("leather", "suede", "patent", "canvas"),
        "decoration": ("none", "bow", "buckle", "studs", "tassel"),
        "pattern": ("plain", "stripes", "leopard", "snake", "floral", "dots"),
        "sole colour": ("gum", "cream", "black", "white", "matching"),
    },
    "loafer": {
        "toe": ("round", "oval", "almond", "square", "chisel"),
        "heel": ("flat", "block", "cuban", "flatform"),
        "heel height": ("flat", "low"),
        "closure": ("slip-on", "strap", "lace"),
        "shaft": ("low",),
        "material": ("leather", "suede", "patent", "canvas", "knit"),
        "decoration": ("none", "tassel", "buckle", "bow", "studs", "brogue"),
        "pattern": ("plain", "leopard", "snake", "check", "dots", "stripes", "colour block"),
        "sole colour": ("gum", "black", "cream", "white", "matching"),
    },
}
for _allowed in ALLOWED.values():
    _allowed["colour"] = _allowed["second colour"] = COLOURS

# Shoes are black, brown and white more often than they are mint.
_USUAL_COLOURS = ("black", "brown", "white", "beige", "grey", "navy")
# Attributes whose allowed values are drawn equally often.
_EVEN = ("colour", "second colour", "pattern", "material", "decoration")
# Members of a family may differ in these; category and shape stay.
_FAMILY_CHANGES = tuple(name for name in ATTRIBUTES if name != "category")
SHAPES = ("length", "toe height", "heel", "sole", "throat", "collar", "width", "detail", "motif")


def sample_family(rng: np.random.Generator, size: int = 4) -> list[Shoe]:
    """Draw a family: `size` shoes that differ in one or two attributes or only in the print."""
    draws = Draws(rng)
    base = sample_shoe(draws)
    return items.family(base, lambda: _near_twin(base, draws), size)


def sample_shoe(draws: Draws) -> Shoe:
    """Draw one shoe at random."""
    category = draws.pick(CATEGORIES)
    allowed = ALLOWED[category]
    values = {"category": category}
    for name in ATTRIBUTES:
        if name == "category":
            continue
        usual = name not in _EVEN and draws.chance(0.2)
        values[name] = allowed[name][0] if usual else draws.pick(allowed[name])
    if draws.chance(0.4):
        values["colour"] = draws.pick(_USUAL_COLOURS)
    if draws.chance(0.2):
        values["pattern"] = "plain"
    while values["second colour"] == values["colour"]:
        values["second colour"] = draws.pick(COLOURS)
    return items.finish(_settle_heel(values, draws), SHAPES, draws)


def _settle_heel(values: dict[str, str], draws: Draws) -> dict[str, str]:
    """Make heel and heel height agree: level heels are flat, all others raise the foot."""
    allowed = ALLOWED[values["category"]]
    level = PARENTS["heel"][values["heel"]] == "level"
    if level and values["heel height"] != "flat":
        if "flat" in allowed["heel height"] and draws.chance(0.5):
            return {**values, "heel height": "flat"}
        raised = [heel for heel in allowed["heel"] if PARENTS["heel"][heel] != "level"]
        return {**values, "heel": draws.pick(raised)}
    if not level and values["heel height"] == "flat":
        raised = [height for height in allowed["heel height"] if height != "flat"]
        return {**values, "heel height": draws.pick(raised)}
    return values


def _near_twin(base: Shoe, draws: Draws) -> Shoe:
    if base.values["pattern"] not in ("plain", "colour block") and draws.chance(0.2):
        return items.reprinted(base, draws)
    allowed = ALLOWED[base.category]
    values = items.other_values(base, draws, allowed, _FAMILY_CHANGES)
    return replace(base, values=_settle_heel(values, draws))


def codes(shoes: list[Shoe]) -> np.ndarray:
    """Codes of shoes as int16 `(shoes, attributes)`."""
    return items.codes(shoes, ATTRIBUTES)
