"""Figures in one style. Each function returns a `Figure`, so a notebook cell that ends in the call
shows it once; nothing is left open in pyplot, and `figure.savefig(path)` writes it to a file.
"""

from fashret_utils.plots.charts import bars, curves, knobs
from fashret_utils.plots.forest import forest
from fashret_utils.plots.maps import umap_layout, umap_map
from fashret_utils.plots.pictures import pairs, retrieval_grid, sheet
from fashret_utils.plots.style import COLOURS, SERIES, style

__all__ = [
    "COLOURS",
    "SERIES",
    "bars",
    "curves",
    "forest",
    "knobs",
    "pairs",
    "retrieval_grid",
    "sheet",
    "style",
    "umap_layout",
    "umap_map",
]
