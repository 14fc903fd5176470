"""The Wardrobe: a street-to-shop data set that is drawn, with the truth about every picture."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from importlib import import_module
from pathlib import Path
from types import ModuleType

import numpy as np
from numpy.random.bit_generator import ISeedSequence

from fashret_utils.data.catalog import Catalog
from fashret_utils.data.columns import SHOP, STREET
from fashret_utils.source_code import reached, source_hash
from fashret_utils.wardrobe import camera
from fashret_utils.wardrobe.draws import Draws
from fashret_utils.wardrobe.layout import Layout, Truth, paint, truth
from fashret_utils.wardrobe.scenes import scene

FACTORS = ("background", "pose", "occlusion", "light", "camera", "crop")
FAMILY = 4
_KINDS = ("garments", "shoes")
# Random streams by name; a number never changes, so that old pictures stay as they are.
_STREAMS = {
    name: number
    for number, name in enumerate(
        ("background", "pose", "occlusion", "light", "camera", "framing", "wearer", "view", "shade")
    )
}


class Wardrobe:
    """A procedural street-to-shop data set.

    **Arguments**

    - `seed`: another seed is another wardrobe.
    - `items`: number of items.
    - `kind`: "garments" or "shoes".
    - `gap`: strength of the domain gap: 0 = a street picture is the shop picture, 1 = default,
      2 = extreme.
    - `street_pictures`: street pictures an item.
    - `shop_views`: shop views an item, None = all of them.
    - `split`: shares or numbers of items for train, validation and test.
    - `factors`: strength of single causes of the gap (`FACTORS`), default `gap` each. A factor
      changes only its own cause: all random numbers of the others stay.

    **Raises** `ValueError` for an unknown kind, factor or view, or a split that does not fit.
    """

    def __init__(
        self,
        seed: int = 0,
        items: int = 600,
        kind: str = "garments",
        gap: float = 1.0,
        street_pictures: int = 2,
        shop_views: tuple[str, ...] | None = None,
        split: tuple[float, float, float] = (0.6, 0.1, 0.3),
        factors: dict[str, float] | None = None,
    ):
        if kind not in _KINDS:
            raise ValueError(f"unknown kind {kind!r}: expected one of {_KINDS}")
        if items < 1 or street_pictures < 1:
            raise ValueError(
                f"expected >= 1 items and street pictures, got {items}, {street_pictures}"
            )
        self.kind = kind
        views = self._kind.VIEWS if shop_views is None else tuple(shop_views)
        strange = [view for view in views if view not in self._kind.VIEWS]
        if strange or not views:
            raise ValueError(f"unknown shop views {strange}: expected some of {self._kind.VIEWS}")
        strange = [name for name in factors or {} if name not in FACTORS]
        if strange:
            raise ValueError(f"unknown factors {strange}: expected some of {FACTORS}")
        self.seed, self.items, self.gap = seed, items, float(gap)
        self.street_pictures, self.shop_views = street_pictures, views
        self.split = _counts(split, items)
        self.factors = {name: float((factors or {}).get(name, gap)) for name in FACTORS}
        if min(self.factors.values()) < 0:
            raise ValueError(f"strengths of factors must be >= 0, got {self.factors}")

    def __repr__(self) -> str:
        return f"Wardrobe({self._signature})"

    @property
    def _kind(self) -> ModuleType:
        return _load(self.kind)

    @property
    def _signature(self) -> str:
        strengths = " ".join(f"{name}={value:g}" for name, value in self.factors.items())
        views = ",".join(self.shop_views)
        return (
            f"{self.kind} seed={self.seed} items={self.items} street={self.street_pictures} "
            f"views={views} split={self.split} {strengths}"
        )

    def _rng(self, *key: int) -> np.random.Generator:
        return np.random.Generator(np.random.SFC64(np.random.SeedSequence((self.seed, *key))))

    def describe(self, item: int):
        """The garment or shoe behind an item number: attributes, shape and print."""
        return self._families(item // FAMILY)[item % FAMILY]

    def _families(self, family: int) -> list:
        return _family(self.kind, self.seed, family)

    @cached_property
    def _item_split(self) -> np.ndarray:
        """ "train", "val" or "test" for each item: whole families in random order."""
        order = self._rng(99).permutation(-(-self.items // FAMILY))
        ranked = np.concatenate([np.arange(f * FAMILY, (f + 1) * FAMILY) for f in order])
        ranked = ranked[ranked < self.items]
        names = np.empty(self.items, "<U5")
        names[ranked] = np.repeat(("train", "val", "test"), self.split)
        return names

    def picture(self, item: int, domain: str | int, index: int, size: int = 128) -> np.ndarray:
        """Draw a picture.

        **Arguments**

        - `item`: 0 to `items` - 1.
        - `domain`: "street" or "shop" (or 0, 1).
        - `index`: which street picture, or which of `shop_views`.
        - `size`: width and height in pixels.

        **Returns** uint8 (size, size, 3).
        """
        streams, layout, framing, factors, _ = self._compose(item, domain, index, size)
        seen = 0.0 if self._kind.hides_backdrop(layout) else factors["background"]
        backdrop = scene.background(streams["background"], size, seen)
        pixels = paint(layout, _to_pixels(framing, layout, size), backdrop)
        if not any(factors.values()):
            return _expose(pixels, streams)
        return camera.apply(
            pixels,
            streams["light"],
            streams["camera"],
            light=factors["light"],
            camera=factors["camera"],
        )

    def truth(self, item: int, domain: str | int, index: int, size: int = 128) -> Truth:
        """What is true about a picture: mask, box, landmarks, attributes, view and pose."""
        _, layout, framing, _, view = self._compose(item, domain, index, size)
        values = self.describe(item).values
        return truth(layout, _to_pixels(framing, layout, size), size, values, view)

    def _compose(self, item: int, domain: str | int, index: int, size: int):
        domain = _domain(domain)
        if not 0 <= item < self.items:
            raise IndexError(f"item {item} is outside this wardrobe of {self.items} items")
        count = len(self.shop_views) if domain == SHOP else self.street_pictures
        if not 0 <= index < count:
            raise IndexError(f"picture {index} of item {item}: there are {count} of this domain")
        thing, factors = self.describe(item), self.factors
        if domain == STREET and any(factors.values()):
            streams = _Streams(self.seed, item, STREET, index)
            framing = camera.framing(
                streams["framing"], crop=factors["crop"], camera=factors["camera"]
            )
            layout = self._kind.street(thing, streams, size, factors, framing)
            return streams, layout, framing, factors, "street"
        view = self._kind.VIEWS[0] if domain == STREET else self.shop_views[index]
        number = self._kind.VIEWS.index(view)
        streams = _Streams(self.seed, item, SHOP, number)
        # the first view is what a street picture is without any gap
        layout = self._kind.shop(thing, view, Draws(streams["view"], 8), size)
        return streams, layout, np.eye(3), dict.fromkeys(FACTORS, 0.0), view

    def catalog(self) -> Catalog:
        """The table of all pictures; its reader draws them."""
        things = [t for f in range(-(-self.items // FAMILY)) for t in self._families(f)]
        things = things[: self.items]
        streets, views = self.street_pictures, len(self.shop_views)
        each = streets + views
        item = np.repeat(np.arange(self.items), each)
        index = np.tile(np.r_[np.arange(streets), np.arange(views)], self.items)
        domain = np.tile(np.repeat((STREET, SHOP), (streets, views)), self.items)
        split = self._item_split[item]
        test = split == "test"
        split = np.where(test, np.where(domain == STREET, "query", "gallery"), split)
        names = np.array(("street", *self.shop_views))
        view = names[np.where(domain == STREET, 0, index + 1)]
        prefix = np.array(("street", "shop"))[domain]
        source = np.char.add(np.char.add(prefix, ":"), index.astype(str))
        kind = self._kind
        return Catalog(
            name=f"wardrobe-{self.kind}",
            item=item,
            domain=domain,
            split=split,
            category=np.array([thing.values["category"] for thing in things])[item],
            view=view,
            source=np.char.add(np.char.add(item.astype(str), ":"), source),
            attributes=kind.codes(things)[item],
            attribute_names=tuple(kind.ATTRIBUTES),
            attribute_values=kind.ATTRIBUTES,
            attribute_parents=kind.PARENTS,
            family=item // FAMILY,
            reader=_Reader(self),
            licence="CC0-1.0",
        )


class _Streams(dict):
    """The random streams of a picture, each made when it is first read."""

    def __init__(self, seed: int, *key: int):
        super().__init__()
        # One hash for all streams: one for each would take a thirtieth of a picture's time.
        state = np.random.SeedSequence((seed, *key)).generate_state(3 * len(_STREAMS), np.uint64)
        self._state = state.reshape(-1, 3)

    def __missing__(self, name: str) -> np.random.Generator:
        words = _Words(self._state[_STREAMS[name]])
        self[name] = np.random.Generator(np.random.SFC64(words))
        return self[name]


class _Words(ISeedSequence):
    """Words of a hash that is made already, as a seed."""

    def __init__(self, words: np.ndarray):
        self._words = words

    def generate_state(self, n_words: int, dtype: type = np.uint32) -> np.ndarray:
        return self._words


@dataclass(frozen=True)
class _Reader:
    """Draws the rows of a catalogue; picklable, so that worker processes can."""

    wardrobe: Wardrobe
    parallel = "processes"

    @property
    def identity(self) -> str:
        # Drawn by other code they are other pictures, so that no stale one is taken from a cache.
        folder = Path(__file__).parent
        starts = {Path(__file__), folder / f"{self.wardrobe.kind}/kind.py"}
        drawing = {path for path in reached(starts, folder.parent) if folder in path.parents}
        return f"wardrobe {source_hash(drawing)} {self.wardrobe._signature}"

    def __call__(self, catalog: Catalog, rows: np.ndarray, size: int) -> np.ndarray:
        pixels = np.empty((len(rows), 3, size, size), np.uint8)
        for place, row in enumerate(rows):
            item, domain, index = catalog.source[row].split(":")
            picture = self.wardrobe.picture(int(item), domain, int(index), size)
            pixels[place] = picture.transpose(2, 0, 1)
        return pixels


def _load(kind: str) -> ModuleType:
    """The module that draws a kind of items."""
    return import_module(f"{__package__}.{kind}.kind")


@lru_cache(maxsize=4096)
def _family(kind: str, seed: int, family: int) -> list:
    rng = np.random.default_rng(np.random.SeedSequence((seed, 7, family)))
    return _load(kind).sample_family(rng, FAMILY)


def _domain(name: str | int) -> int:
    domains = {"street": STREET, "shop": SHOP, STREET: STREET, SHOP: SHOP}
    if name not in domains:
        raise ValueError(f'unknown domain {name!r}: expected "street" or "shop"')
    return domains[name]


def _counts(split: tuple[float, float, float], items: int) -> tuple[int, int, int]:
    """Items of train, validation and test, from shares that add up to 1 or from numbers."""
    if len(split) != 3 or min(split) < 0:
        raise ValueError(f"split needs three numbers >= 0 (train, val, test), got {split}")
    if abs(sum(split) - items) < 0.5 and all(float(s).is_integer() for s in split):
        return tuple(int(part) for part in split)
    if abs(sum(split) - 1) > 1e-6:
        raise ValueError(
            f"split {split} must add up to 1 (shares) or to {items} (numbers of items)"
        )
    train = round(items * split[0])
    val = min(items - train, round(items * split[1]))
    return train, val, items - train - val


def _to_pixels(framing: np.ndarray, layout: Layout, size: int) -> np.ndarray:
    return np.diag([size, size, 1.0]) @ framing @ layout.matrix


def _expose(pixels: np.ndarray, streams) -> np.ndarray:
    """Shop pictures vary a little in exposure."""
    gain = 1 + 0.045 * Draws(streams["light"], 4).bell()
    table = np.clip(np.arange(256) * gain, 0, 255).round().astype(np.uint8)
    return table[pixels]
