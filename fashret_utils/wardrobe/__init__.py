"""The Wardrobe: an embedded, procedural street-to-shop data set with full ground truth."""

from .layout import Truth
from .wardrobe import FACTORS, Wardrobe

__all__ = ["FACTORS", "Truth", "Wardrobe"]
