"""The figures of chapter 03: what they draw of the numbers they are given."""

import numpy as np
import pandas as pd

from fashret_utils.plots import routes


def test_the_product_is_not_made_from_the_photo():
    forms = [("photo", "street"), ("gan", "hit"), ("product", "shop")]
    axes = routes.diagram(forms, from_photo=2).axes[0]
    arrows = [text for text in axes.texts if getattr(text, "arrow_patch", None)]
    assert len(arrows) == 3 + 2 + 1  # to the network, from the photo, to the ranks
    assert {"photo", "gan", "product"} <= {text.get_text() for text in axes.texts}


def test_losses_are_smoothed_columns_by_panel():
    history = pd.DataFrame({"step": [1, 2, 3], "real": [1.0, 2.0, 4.0], "domain": [1.0, 1.0, 1.0]})
    figure = routes.losses({"both": (history, ("real", "domain")), "one": (history, ("real",))})
    assert [len(axes.lines) for axes in figure.axes] == [2, 1]
    assert figure.axes[0].lines[0].get_ydata().tolist() == [1, 2, 4]


def test_precision_is_in_per_cent_and_the_papers_line_dashed():
    table = pd.DataFrame({"paper": [0.8, 0.6], "gan": [0.5, 0.25]}, index=[1, 2])
    lines = {
        line.get_label(): line for line in routes.precision_at(table, "paper", "t").axes[0].lines
    }
    assert lines["gan"].get_ydata().tolist() == [50, 25]
    assert lines["paper"].get_linestyle() == "--"


def test_slider_and_receiver_draw_a_line_a_name():
    weights = np.linspace(0, 1, 3)
    moved = [{"type": 60.0, "colour": 20.0 + i} for i in range(3)]
    lines = routes.slider(weights, moved).axes[0].lines
    assert [line.get_label() for line in lines] == ["type", "colour"]
    assert lines[1].get_ydata().tolist() == [20, 21, 22]
    curves = {"gan": (np.array([0, 1]), np.array([0, 1]), 0.5)}
    assert routes.receiver(curves).axes[0].lines[0].get_label() == "gan: AUC 0.50"


def test_a_strip_has_a_row_a_name():
    pictures = np.zeros((3, 3, 4, 4), np.uint8)
    texts = [
        t.get_text() for t in routes.strip({"a": pictures, "b": pictures}, "two").axes[0].texts
    ]
    assert {"a", "b"} <= set(texts)
