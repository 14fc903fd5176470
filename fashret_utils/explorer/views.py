"""What the explorers of the book compare: each chapter's method against a strong other one."""

from collections.abc import Callable
from dataclasses import dataclass

from fashret_utils import chapters
from fashret_utils.data.catalog import Catalog


@dataclass(frozen=True)
class View:
    """Two arms of a chapter on one data set; `caption` says what to look for.

    `load(view, scale, data_root)` gives the catalogue, by default as the chapter's `load_data`;
    `answerable` leaves queries out whose item is not in the gallery, as the chapter does.
    """

    name: str
    chapter: str
    data: str
    arms: tuple[str, str]
    title: str
    caption: str
    load: Callable[["View", str, str], Catalog] = lambda view, scale, data_root: (
        chapters.definitions(view.chapter).load_data(view.data, scale, data_root)
    )
    answerable: bool = False


VIEWS = (
    View(
        name="margins",
        chapter="01_dml",
        data="wardrobe-garments",
        arms=("dml_pair", "cosface_id"),
        title="Two margins for pairs, and one for items",
        caption="Test garments of the Wardrobe as {doc}`/notebooks/01_dml` has just trained to find"
        " them: `dml_pair` is the paper's loss, `cosface_id` CosFace over items.",
    ),
    View(
        name="branches",
        chapter="02_mmfl_net",
        data="wardrobe-garments",
        arms=("mmfl", "strong-baseline"),
        title="Three branches, and a plain network",
        caption="The same kind of garments in {doc}`/notebooks/02_mmfl_net`: `mmfl` is the paper's"
        " network with its global, part and local branch, `strong-baseline` one embedding of one"
        " backbone.",
    ),
    View(
        name="generated",
        chapter="03_poshaknet",
        data="wardrobe-garments-shop",
        arms=("gan", "photo"),
        title="A drawn garment, and the photo itself",
        caption="{doc}`/notebooks/03_poshaknet` draws the garment of a photo as a shop picture and"
        " searches with the drawing: `gan`. With `photo`, the same matcher sees the photo. The"
        " pictures of the queries are the photos.",
        load=lambda view, scale, _: chapters.definitions(view.chapter).load_shop(scale),
        answerable=True,
    ),
    View(
        name="views",
        chapter="04_mtv_cnn",
        data="wardrobe-shoes",
        arms=("mtv_cnn", "tn_vi"),
        title="Shoes: with attributes, and without",
        caption="Shoes of {doc}`/notebooks/04_mtv_cnn`, five views each. `mtv_cnn` is the paper's"
        " whole method; `tn_vi` learns from triplets that mix views, but not from attributes.",
    ),
    View(
        name="grids",
        chapter="05_gsn_rl",
        data="wardrobe-garments",
        arms=("gsn", "infonce"),
        title="Learnt on grids, and one by one",
        caption="In {doc}`/notebooks/05_gsn_rl`, `gsn` learns from grids of shop pictures, seen as"
        " one picture; `infonce` learns from the same pictures and start, seen one by one.",
    ),
    View(
        name="check",
        chapter="06_reality_check",
        data="wardrobe-garments",
        arms=("mmfl", "infonce"),
        title="One protocol: a large method, and a plain loss",
        caption="Both with the budget of {doc}`/notebooks/06_reality_check`: `mmfl` has fused"
        " scales and branches, `infonce` is a plain loss on one embedding.",
    ),
    View(
        name="groceries",
        chapter="00_street_to_shop",
        data="grocery-store",
        arms=("tail", "trunk"),
        title="Real photos: a trained network, and where it started",
        caption="Phone photos and catalogue pictures of groceries, the one open set of real pairs,"
        " as {doc}`/notebooks/00_street_to_shop` searches it: `trunk` is a network as ImageNet left"
        " it, `tail` the same after its last blocks have been trained here.",
    ),
)
