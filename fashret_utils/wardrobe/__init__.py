"""The Wardrobe: an embedded, procedural street-to-shop data set with full ground truth."""

from fashret_utils.wardrobe.extraction import CUTS, cut_out
from fashret_utils.wardrobe.generator import FACTORS, Wardrobe
from fashret_utils.wardrobe.layout import Truth

__all__ = ["CUTS", "FACTORS", "Truth", "Wardrobe", "cut_out"]
