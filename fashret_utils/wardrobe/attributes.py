"""Garments as attribute vectors: the value lists, what goes with what, and families of near-twins.

A garment is an attribute vector, a handful of continuous shape parameters and a print seed.
Items come in families: the members share everything but one or two attributes or the print.
"""

from dataclasses import dataclass, replace

import numpy as np

from .palette import COLOUR_GROUPS, PALETTE

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

_ANY = PATTERNS
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
    _allowed["pattern"] = _ANY
    _allowed["colour"] = _allowed["second colour"] = COLOURS
ALLOWED["jeans"]["colour"] = ("blue", "navy", "sky", "black", "grey", "white", "brown")
ALLOWED["jeans"]["pattern"] = ("plain", "colour block", "vertical stripes", "floral", "dots")

# How often a family is plain, or of another pattern of its category.
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


@dataclass(frozen=True)
class Garment:
    """One garment: what it is (`values`), its cut (`shape`) and its print (`print_seed`).

    `values` maps attribute names to values (only those that apply), `shape` maps names of `SHAPES`
    to numbers in -1..1, `colour_offsets` and `second_offsets` are the jitter around the palette.
    """

    values: dict[str, str]
    shape: dict[str, float]
    colour_offsets: tuple[float, float, float]
    second_offsets: tuple[float, float, float]
    print_seed: int

    @property
    def category(self) -> str:
        """The category, such as "coat"."""
        return self.values["category"]


def changed(item: Garment, **values: str) -> Garment:
    """The same garment with other attribute values (write spaces in names as underscores)."""
    renamed = {name.replace("_", " "): value for name, value in values.items()}
    return replace(item, values={**item.values, **renamed})


def sample_family(rng: np.random.Generator, size: int = 4) -> list[Garment]:
    """Draw a family: `size` garments that differ in one or two attributes or only in the print."""
    base = sample_garment(rng)
    family = [base]
    while len(family) < size:
        twin = _near_twin(base, rng)
        if all(not _same(twin, member) for member in family):
            family.append(twin)
    return family


def sample_garment(rng: np.random.Generator) -> Garment:
    """Draw one garment at random."""
    category = CATEGORIES[rng.integers(len(CATEGORIES))]
    allowed = ALLOWED[category]
    values = {"category": category}
    for name in ATTRIBUTES:
        if name not in allowed:
            continue
        choices = allowed[name]
        # half of the draws take the usual value, except where there is none
        usual = name not in ("colour", "second colour", "pattern", "fit") and rng.random() < 0.3
        values[name] = choices[0] if usual else choices[rng.integers(len(choices))]
    if rng.random() < _PLAIN_SHARE.get(category, 0.2):
        values["pattern"] = "plain"
    while values["second colour"] == values["colour"]:
        values["second colour"] = COLOURS[rng.integers(len(COLOURS))]
    return Garment(
        values=values,
        shape=dict(zip(SHAPES, rng.uniform(-1, 1, len(SHAPES)).tolist(), strict=True)),
        colour_offsets=_offsets(rng),
        second_offsets=_offsets(rng),
        print_seed=int(rng.integers(2**31)),
    )


def _offsets(rng: np.random.Generator) -> tuple[float, float, float]:
    hue, saturation, value = rng.uniform(-1, 1, 3)
    return 0.018 * hue, 0.12 * saturation, 0.07 * value


def _near_twin(base: Garment, rng: np.random.Generator) -> Garment:
    if base.values["pattern"] != "plain" and rng.random() < 0.25:
        return replace(base, print_seed=int(rng.integers(2**31)))
    allowed = ALLOWED[base.category]
    open_names = [name for name in _FAMILY_CHANGES if len(allowed.get(name, ())) > 1]
    values = dict(base.values)
    for name in rng.choice(open_names, size=rng.integers(1, 3), replace=False).tolist():
        others = [value for value in allowed[name] if value != values[name]]
        if name in ("colour", "second colour"):
            others = [value for value in others if value != values["colour"]]
        values[name] = others[rng.integers(len(others))]
    if values["second colour"] == values["colour"]:
        values["second colour"] = base.values["colour"]
    return replace(base, values=values)


def _same(first: Garment, second: Garment) -> bool:
    return first.values == second.values and first.print_seed == second.print_seed


def codes(items: list[Garment]) -> np.ndarray:
    """Attribute codes of many garments.

    **Returns** int16 `(items, attributes)`: indices into `ATTRIBUTES`, -1 where one does not apply.
    """
    index = {name: {v: i for i, v in enumerate(vs)} for name, vs in ATTRIBUTES.items()}
    rows = [[index[n].get(item.values.get(n), -1) for n in ATTRIBUTES] for item in items]
    return np.asarray(rows, np.int16).reshape(len(items), len(ATTRIBUTES))
