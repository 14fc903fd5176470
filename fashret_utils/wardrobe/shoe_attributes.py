"""Shoes as attribute vectors: the value lists, what goes with what, and families of near-twins.

Toe shape and heel shape are trees of two levels, group -> shape, as the attribute trees of
MTV-CNN (its Fig. 3 names "Toe Shape"; which groups it holds is not printed, these are ours).
"""

from dataclasses import dataclass, replace

import numpy as np

from .palette import COLOUR_GROUPS, PALETTE

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
        "material": ("leather", "canvas", "knit", "suede"),
        "decoration": ("none", "side stripes", "panel", "studs"),
        "pattern": ("plain", "stripes", "check", "dots", "floral", "leopard", "colour block"),
        "sole colour": ("white", "black", "gum", "cream", "matching"),
    },
    "boot": {
        "toe": ("almond", "round", "pointed", "square"),
        "heel": ("block", "flat", "cuban", "stiletto", "wedge"),
        "heel height": ("flat", *_RAISED),
        "closure": ("zip", "lace", "slip-on", "strap"),
        "shaft": ("calf", "knee"),
        "material": ("leather", "suede", "patent"),
        "decoration": ("none", "buckle", "studs", "panel", "brogue"),
        "pattern": ("plain", "leopard", "snake", "floral", "colour block"),
        "sole colour": ("black", "gum", "cream", "matching"),
    },
    "ankle boot": {
        "toe": ("almond", "round", "pointed", "chisel"),
        "heel": ("block", "flat", "cuban", "stiletto", "wedge"),
        "heel height": ("low", "flat", "mid", "high"),
        "closure": ("slip-on", "lace", "zip", "strap"),
        "shaft": ("ankle", "collar"),
        "material": ("leather", "suede", "patent"),
        "decoration": ("none", "buckle", "studs", "brogue", "tassel"),
        "pattern": ("plain", "leopard", "snake", "check", "colour block"),
        "sole colour": ("black", "gum", "white", "cream", "matching"),
    },
    "pump": {
        "toe": ("pointed", "almond", "round", "square", "peep"),
        "heel": ("stiletto", "block", "spool", "cuban", "wedge"),
        "heel height": ("high", "mid", "low"),
        "closure": ("slip-on", "strap"),
        "shaft": ("low",),
        "material": ("leather", "suede", "patent"),
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
        "material": ("leather", "suede", "patent"),
        "decoration": ("none", "tassel", "buckle", "bow", "studs", "brogue"),
        "pattern": ("plain", "leopard", "snake", "check", "colour block"),
        "sole colour": ("gum", "black", "cream", "white", "matching"),
    },
}
for _allowed in ALLOWED.values():
    _allowed["colour"] = _allowed["second colour"] = COLOURS

# Shoes are black, brown and white more often than they are mint.
_USUAL_COLOURS = ("black", "brown", "white", "beige", "grey", "navy")
# Members of a family may differ in these; category and shape stay.
_FAMILY_CHANGES = tuple(name for name in ATTRIBUTES if name != "category")
SHAPES = ("length", "toe height", "heel", "sole", "throat", "collar", "width", "detail", "motif")


@dataclass(frozen=True)
class Shoe:
    """One shoe: what it is (`values`), how it is cut (`shape`), how it is printed (`print_seed`).

    `values` maps every attribute name to its value, `shape` maps names of `SHAPES` to numbers in
    -1..1, `colour_offsets` and `second_offsets` are the jitter around the palette.
    """

    values: dict[str, str]
    shape: dict[str, float]
    colour_offsets: tuple[float, float, float]
    second_offsets: tuple[float, float, float]
    print_seed: int

    @property
    def category(self) -> str:
        """The category, such as "loafer"."""
        return self.values["category"]


def changed(item: Shoe, **values: str) -> Shoe:
    """The same shoe with other attribute values (write spaces in names as underscores)."""
    renamed = {name.replace("_", " "): value for name, value in values.items()}
    return replace(item, values={**item.values, **renamed})


def sample_family(rng: np.random.Generator, size: int = 4) -> list[Shoe]:
    """Draw a family: `size` shoes that differ in one or two attributes or only in the print."""
    base = sample_shoe(rng)
    family = [base]
    while len(family) < size:
        twin = _near_twin(base, rng)
        if all(not _same(twin, member) for member in family):
            family.append(twin)
    return family


def sample_shoe(rng: np.random.Generator) -> Shoe:
    """Draw one shoe at random."""
    category = CATEGORIES[rng.integers(len(CATEGORIES))]
    allowed = ALLOWED[category]
    values = {"category": category}
    for name in ATTRIBUTES:
        if name == "category":
            continue
        choices = allowed[name]
        usual = name not in ("colour", "second colour", "pattern") and rng.random() < 0.2
        values[name] = choices[0] if usual else choices[rng.integers(len(choices))]
    if rng.random() < 0.4:
        values["colour"] = _USUAL_COLOURS[rng.integers(len(_USUAL_COLOURS))]
    if rng.random() < 0.4:
        values["pattern"] = "plain"
    while values["second colour"] == values["colour"]:
        values["second colour"] = COLOURS[rng.integers(len(COLOURS))]
    return Shoe(
        values=_settle_heel(values, rng),
        shape=dict(zip(SHAPES, rng.uniform(-1, 1, len(SHAPES)).tolist(), strict=True)),
        colour_offsets=_offsets(rng),
        second_offsets=_offsets(rng),
        print_seed=int(rng.integers(2**31)),
    )


def _settle_heel(values: dict[str, str], rng: np.random.Generator) -> dict[str, str]:
    """Make heel and heel height agree: level heels are flat, all others raise the foot."""
    allowed = ALLOWED[values["category"]]
    level = PARENTS["heel"][values["heel"]] == "level"
    if level and values["heel height"] != "flat":
        raised = [heel for heel in allowed["heel"] if PARENTS["heel"][heel] != "level"]
        if "flat" in allowed["heel height"] and rng.random() < 0.5:
            return {**values, "heel height": "flat"}
        return {**values, "heel": raised[rng.integers(len(raised))]}
    if not level and values["heel height"] == "flat":
        raised = [height for height in allowed["heel height"] if height != "flat"]
        return {**values, "heel height": raised[rng.integers(len(raised))]}
    return values


def _offsets(rng: np.random.Generator) -> tuple[float, float, float]:
    hue, saturation, value = rng.uniform(-1, 1, 3)
    return 0.018 * hue, 0.12 * saturation, 0.07 * value


def _near_twin(base: Shoe, rng: np.random.Generator) -> Shoe:
    if base.values["pattern"] not in ("plain", "colour block") and rng.random() < 0.2:
        return replace(base, print_seed=int(rng.integers(2**31)))
    allowed = ALLOWED[base.category]
    open_names = [name for name in _FAMILY_CHANGES if len(allowed[name]) > 1]
    values = dict(base.values)
    for name in rng.choice(open_names, size=rng.integers(1, 3), replace=False).tolist():
        others = [value for value in allowed[name] if value != values[name]]
        if name in ("colour", "second colour"):
            others = [value for value in others if value != values["colour"]]
        values[name] = others[rng.integers(len(others))]
    if values["second colour"] == values["colour"]:
        values["second colour"] = base.values["colour"]
    return replace(base, values=_settle_heel(values, rng))


def _same(first: Shoe, second: Shoe) -> bool:
    return first.values == second.values and first.print_seed == second.print_seed


def codes(items: list[Shoe]) -> np.ndarray:
    """Attribute codes of many shoes.

    **Returns** int16 `(items, attributes)`: indices into the value lists of `ATTRIBUTES`.
    """
    index = {name: {v: i for i, v in enumerate(vs)} for name, vs in ATTRIBUTES.items()}
    rows = [[index[name][item.values[name]] for name in ATTRIBUTES] for item in items]
    return np.asarray(rows, np.int16).reshape(len(items), len(ATTRIBUTES))
