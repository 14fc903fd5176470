"""A shop like PoshakNet's: 326 products of five categories, eight pictures each, drawn.

The paper's shop set is not public. The Wardrobe draws garments of every kind and colour; this shop
takes those that fit the paper's categories from a wardrobe of its own, so that none of its items
is in the wardrobes that other nets learn from.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import pandas as pd
from PIL import Image

from fashret_utils.data.catalog import Catalog, Reader, fingerprint_of
from fashret_utils.data.columns import SHOP, STREET
from fashret_utils.wardrobe import Wardrobe
from fashret_utils.wardrobe.garments.attributes import ATTRIBUTES, PARENTS, codes
from fashret_utils.wardrobe.generator import FAMILY

# What a garment of a category is like; all others are "others". The paper names the categories
# and shows two pictures of each; the values are our choice.
_OF_ONE_COLOUR = ("plain", "dots", "floral", "graphic print")
CATEGORIES: dict[str, dict[str, tuple[str, ...]]] = {
    "blue t-shirts": {
        "category": ("t-shirt",),
        "colour": ("blue", "navy", "sky"),
        "pattern": _OF_ONE_COLOUR,
    },
    "red sweaters": {
        "category": ("sweater",),
        "colour": ("red", "burgundy"),
        "pattern": _OF_ONE_COLOUR,
    },
    "bridal dresses": {
        "category": ("dress",),
        "colour": ("white",),
        "length": ("midi", "maxi"),
        "pattern": ("plain", "dots", "floral"),
    },
    "yellow t-shirts": {
        "category": ("t-shirt",),
        "colour": ("yellow",),
        "pattern": _OF_ONE_COLOUR,
    },
    "others": {},
}
# The paper does not name its augmentations; 326 products and 2,608 pictures make eight pictures a
# product, here the product picture itself and seven more: (degrees, zoom, mirrored, gamma).
AUGMENTATIONS: dict[str, tuple[float, float, bool, float]] = {
    "original": (0, 1.0, False, 1.0),
    "mirrored": (0, 1.0, True, 1.0),
    "turned left": (8, 1.0, False, 1.0),
    "turned right": (-8, 1.0, False, 1.0),
    "nearer": (0, 1.08, False, 1.0),
    "farther": (0, 0.85, False, 1.0),
    "brighter": (0, 1.0, False, 0.75),
    "darker": (0, 1.0, False, 1.35),
}
PRODUCTS = 326
STOCK = 200_000  # items of the wardrobe that the shop is chosen from
_MEMBERS = 2  # of a family that may enter: near twins are there, and do not rule
_ABSENT_EVERY = 5  # of so many families one is kept out of the shop


def five_category_shop(
    products: int = PRODUCTS,
    *,
    queries: int = 2,
    val: int = 1,
    train: int = 0,
    absent: float = 0.25,
    seed: int = 7,
) -> Catalog:
    """The shop and street pictures of its products, and of products that it does not have.

    Closed-set, as in the paper: the matching net learns the pictures of the very shop it searches,
    so all eight pictures of a product occur in "train" and again in "gallery". Street pictures of
    different splits are different pictures. A row's item is the product, its category the paper's;
    `attributes` and `family` are the Wardrobe's, `view` is "street" or the augmentation.

    **Arguments**

    - `products`: in the shop, as many of each category, the last ones first if they do not divide
      by five (our choice; the paper does not say). A smaller shop is a part of a larger one.
    - `queries`, `val`, `train`: street pictures of each product in these splits. Those of "val" are
      searched for in "gallery"; the paper trains on none.
    - `absent`: further products, as a part of `products`, whose street pictures in "query" and
      "val" have no answer; no family has members in the shop and among these. See `in_shop`.
    - `seed`: of the wardrobe. Another than that of the wardrobe a generator learns from.

    **Raises** `ValueError` for fewer than five products, a negative number of pictures, or no
    query.
    """
    if products < len(CATEGORIES):
        raise ValueError(f"{products} products do not fill {len(CATEGORIES)} categories")
    if min(queries - 1, val, train, absent) < 0:
        raise ValueError(
            "expected at least one query and no negative number, not "
            f"queries={queries}, val={val}, train={train}, absent={absent}"
        )
    chosen = _choose(seed, _shares(products), _shares(round(absent * products)))
    wardrobe = Wardrobe(
        seed=seed, items=STOCK, street_pictures=queries + val + train, shop_views=("front",)
    )
    # queries come first, so that they stay the same when other splits grow
    splits = ["query"] * queries + ["val"] * val + ["train"] * train
    rows = []
    for item, category, present in chosen:
        for split in ("train", "gallery") if present else ():
            for name in AUGMENTATIONS:
                rows.append((item, SHOP, split, category, name, f"{item}:shop:0:{name}"))
        for index, split in enumerate(splits):
            if present or split != "train":
                rows.append((item, STREET, split, category, "street", f"{item}:street:{index}"))
    names = ["item", "domain", "split", "category", "view", "source"]
    table = pd.DataFrame(rows, columns=names)
    items, place = np.unique(table["item"], return_inverse=True)
    return Catalog(
        name="wardrobe-garments-shop",
        **{name: table[name].to_numpy() for name in names},
        attributes=codes([wardrobe.describe(item) for item in items])[place],
        attribute_names=tuple(ATTRIBUTES),
        attribute_values=ATTRIBUTES,
        attribute_parents=PARENTS,
        family=table["item"].to_numpy() // FAMILY,
        reader=ShopReader(_wardrobe_reader(wardrobe)),
        licence="CC0-1.0",
        protocol="closed-set",
    )


def in_shop(catalog: Catalog) -> np.ndarray:
    """Whether the shop has a row's item: bool (n,); false for the absent ones."""
    return np.isin(catalog.item, catalog.item[catalog.split == "gallery"])


def category_of(values: dict[str, str]) -> str:
    """The paper's category of a garment with these attribute values."""
    return next(
        name
        for name, wanted in CATEGORIES.items()
        if all(values.get(attribute) in allowed for attribute, allowed in wanted.items())
    )


def augmented(picture: np.ndarray, name: str) -> np.ndarray:
    """One of the eight `AUGMENTATIONS` of a product picture, uint8 (S, S, 3); no chance in it."""
    degrees, zoom, mirrored, gamma = AUGMENTATIONS[name]
    image = Image.fromarray(np.ascontiguousarray(picture))
    ground = image.getpixel((0, 0))
    if mirrored:
        image = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    if degrees or zoom != 1:
        angle, centre = np.deg2rad(degrees), (len(picture) - 1) / 2
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]) / zoom
        shift = centre - turn @ (centre, centre)
        matrix = np.column_stack([turn, shift]).ravel().tolist()  # from new places to old ones
        image = image.transform(
            image.size, Image.Transform.AFFINE, matrix, Image.Resampling.BICUBIC, fillcolor=ground
        )
    # a gamma changes the light on the garment and leaves the white ground white
    table = (255 * (np.arange(256) / 255) ** gamma).round().astype(np.uint8)
    return table[np.asarray(image)]


@dataclass(frozen=True)
class ShopReader:
    """Draws street rows as the Wardrobe does, and shop rows augmented as their source says."""

    base: Reader
    parallel = "processes"

    @property
    def wardrobe(self) -> Wardrobe:
        """Who draws the pictures."""
        return self.base.wardrobe

    @property
    def identity(self) -> str:
        """What decides the pictures."""
        return f"{self.base.identity}; shop pictures: {AUGMENTATIONS}, v1"

    def fingerprint(self, catalog: Catalog) -> str:
        """State of the files behind the inner reader."""
        return fingerprint_of(self.base, catalog)

    def __call__(self, catalog: Catalog, rows: np.ndarray, size: int) -> np.ndarray:
        """Pictures: uint8 (m, 3, size, size)."""
        pixels = np.empty((len(rows), 3, size, size), np.uint8)
        for place, row in enumerate(rows):
            item, domain, index, *name = catalog.source[row].split(":")
            picture = self.wardrobe.picture(int(item), domain, int(index), size)
            pixels[place] = (augmented(picture, name[0]) if name else picture).transpose(2, 0, 1)
        return pixels


def _shares(products: int) -> tuple[int, ...]:
    each, rest = divmod(products, len(CATEGORIES))
    return tuple(each + (place >= len(CATEGORIES) - rest) for place in range(len(CATEGORIES)))


@lru_cache(maxsize=8)
def _choose(
    seed: int, shop: tuple[int, ...], absent: tuple[int, ...]
) -> tuple[tuple[int, str, bool], ...]:
    """Items in their order: (item, category, in the shop) until every category is full."""
    wardrobe = Wardrobe(seed=seed, items=STOCK)
    wanted = {
        present: dict(zip(CATEGORIES, (absent, shop)[present], strict=True))
        for present in (False, True)
    }
    left = sum(shop) + sum(absent)
    chosen = []
    for family in range(STOCK // FAMILY):
        present = family % _ABSENT_EVERY != 0
        entered: Counter[str] = Counter()
        for item in range(family * FAMILY, (family + 1) * FAMILY):
            category = category_of(wardrobe.describe(item).values)
            if wanted[present][category] and entered[category] < _MEMBERS:
                wanted[present][category] -= 1
                entered[category] += 1
                chosen.append((item, category, present))
                left -= 1
        if not left:
            return tuple(chosen)
    raise ValueError(
        f"a wardrobe of {STOCK:,} items does not hold so many products; still wanted: {wanted}"
    )


def _wardrobe_reader(wardrobe: Wardrobe) -> Reader:
    """The reader of a wardrobe whose catalogue would be too long to make."""
    return replace(Wardrobe(items=FAMILY).catalog().reader, wardrobe=wardrobe)
