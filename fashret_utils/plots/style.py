"""The one look of the book: fonts, white paper, colours that colour-blind readers tell apart."""

from collections.abc import Callable
from functools import wraps
from io import BytesIO

import matplotlib.pyplot as plt
import pandas as pd
import seaborn as sns
from cycler import cycler
from matplotlib.figure import Figure

# Paul Tol's vibrant scheme (technical note SRON/EPS/TN/09-002) with Okabe and Ito's green for what
# has a fixed meaning; his muted scheme for everything else, so that blue is always the street.
COLOURS = {
    "street": "#0077BB",
    "query": "#0077BB",
    "shop": "#EE7733",
    "gallery": "#EE7733",
    "hit": "#009E73",
    "miss": "#CC3311",
    "truth": "#7A7A7A",
    "text": "#222222",
    "quiet": "#6B6B6B",
    "line": "#D0D0D0",
}
SERIES = ("#332288", "#44AA99", "#CC6677", "#999933", "#882255", "#6B6B6B")

# A page column is about 800 pixels wide: 100 pixels an inch there, 45 on a phone.
WIDTH = 8.0


def style() -> None:
    """Give every later figure of the notebook the look of the book, and show tables whole."""
    plt.rcParams.update(_settings())
    pd.set_option("display.max_rows", None)


def styled(draw: Callable[..., Figure]) -> Callable[..., Figure]:
    """Draw a figure in the book's style and leave the reader's own settings as they were."""

    @wraps(draw)
    def wrapper(*args, **kwargs) -> Figure:
        with plt.rc_context(_settings()):
            figure = draw(*args, **kwargs)
            figure.draw_without_rendering()  # ticks are made when drawn: make them in this style
            return figure

    return wrapper


class _Figure(Figure):
    """A figure that notebooks can show by themselves: pyplot's inline backend may not be loaded.

    `alt` holds it in words; a notebook keeps them with the picture, and the site shows them.
    """

    alt = ""

    def _repr_mimebundle_(self, include=None, exclude=None) -> tuple[dict, dict]:
        words = {"image/png": {"alt": self.alt}} if self.alt else {}
        return {"image/png": self._repr_png_()}, words

    def _repr_png_(self) -> bytes:
        buffer = BytesIO()
        self.savefig(buffer, format="png", dpi=150)
        return buffer.getvalue()


def canvas(height: float, width: float = WIDTH, **layout) -> Figure:
    """An empty figure of the book, in inches, that pyplot does not know of."""
    return _Figure(figsize=(width, height), **({"layout": "constrained"} | layout))


def _settings() -> dict:
    theme = sns.axes_style("ticks") | sns.plotting_context("notebook", font_scale=1.05)
    return theme | {
        "figure.dpi": 150,
        "savefig.dpi": 150,
        "figure.facecolor": "white",
        "axes.facecolor": "white",
        "savefig.facecolor": "white",
        "font.family": ["sans-serif"],
        "font.sans-serif": ["DejaVu Sans"],  # comes with matplotlib: the same on every machine
        "text.color": COLOURS["text"],
        "axes.labelcolor": COLOURS["text"],
        "axes.edgecolor": COLOURS["quiet"],
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.grid": True,
        "axes.axisbelow": True,
        "grid.color": "#E8E8E8",
        "axes.titlelocation": "left",
        "axes.titleweight": "bold",
        "axes.titlesize": 12,
        "figure.titlesize": 13.5,
        "figure.titleweight": "bold",
        "axes.prop_cycle": cycler(color=SERIES),
        "legend.frameon": False,
        "lines.linewidth": 2,
    }
