"""Try your own photo: a kept model searches its gallery, in JupyterLab or in the browser."""

from fashret_utils.own_photo.answers import Answer, answer
from fashret_utils.own_photo.archive import Archive, archives, keep
from fashret_utils.own_photo.galleries import Gallery
from fashret_utils.own_photo.networks import Drawn, Enlarged, Lifted, Whole, trained
from fashret_utils.own_photo.own_items import OwnItems
from fashret_utils.own_photo.own_shop import ask, choose, shop
from fashret_utils.own_photo.pages import write
from fashret_utils.own_photo.panel import panel

__all__ = [
    "Answer",
    "Archive",
    "Drawn",
    "Enlarged",
    "Gallery",
    "Lifted",
    "OwnItems",
    "Whole",
    "answer",
    "archives",
    "ask",
    "choose",
    "keep",
    "panel",
    "shop",
    "trained",
    "write",
]
