"""The interactive explorer: a map of query and gallery, and what two methods find."""

from fashret_utils.explorer.document import Explorer, explore
from fashret_utils.explorer.pages import VIEWS, View, from_records, write
from fashret_utils.explorer.sprites import Sprite, sprite

__all__ = ["VIEWS", "Explorer", "Sprite", "View", "explore", "from_records", "sprite", "write"]
