"""The interactive explorer: a map of query and gallery, and what two methods find."""

from fashret_utils.explorer.document import Explorer, explore
from fashret_utils.explorer.pages import from_records, keep, write
from fashret_utils.explorer.sprites import Sprite, sprite
from fashret_utils.explorer.views import VIEWS, View

__all__ = [
    "VIEWS",
    "Explorer",
    "Sprite",
    "View",
    "explore",
    "from_records",
    "keep",
    "sprite",
    "write",
]
