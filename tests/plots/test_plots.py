"""Figures: what is drawn where, in which colour, with labels; no pixel comparison."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex
from matplotlib.offsetbox import AnnotationBbox
from matplotlib.patches import Rectangle

from fashret_utils import plots, retrieval

RANDOM = np.random.default_rng(0)
PIXELS = RANDOM.integers(256, size=(10, 3, 12, 12), dtype=np.uint8)


def texts(figure):
    return [text.get_text() for axes in figure.axes for text in axes.texts]


def frames(figure):
    return [
        to_hex(patch.get_edgecolor()).upper()
        for patch in figure.axes[0].patches
        if isinstance(patch, Rectangle)
    ]


def legend(figure):
    holder = figure.legends or [axes.get_legend() for axes in figure.axes]
    return [text.get_text() for text in holder[0].get_texts()]


def test_sheet_places_pictures_in_reading_order():
    captions = [f"number {i}" for i in range(10)]
    figure = plots.sheet(PIXELS, columns=4, title="Ten pictures", captions=captions)
    images = figure.axes[0].images
    assert len(images) == 10
    for image, picture in zip(images, PIXELS, strict=True):
        np.testing.assert_array_equal(image.get_array(), picture.transpose(1, 2, 0))
    corners = [(image.get_extent()[0], image.get_extent()[3]) for image in images]
    assert corners == sorted(corners, key=lambda corner: (corner[1], corner[0]))
    assert {int(x) for x, _ in corners} == {0, 1, 2, 3}
    assert texts(figure) == ["Ten pictures", *captions]
    left, right, bottom, top = images[0].get_extent()
    width, height = figure.get_size_inches()
    low, high = figure.axes[0].get_ylim()
    assert (right - left) / 4 * width == pytest.approx((bottom - top) / (low - high) * height)


def test_pairs_put_the_street_above_the_shop():
    figure = plots.pairs(PIXELS[:3], PIXELS[3:6], captions=["a", "b", "c"], columns=2, title="T")
    images = figure.axes[0].images
    for i in range(3):
        street, shop = images[2 * i], images[2 * i + 1]
        np.testing.assert_array_equal(street.get_array(), PIXELS[i].transpose(1, 2, 0))
        np.testing.assert_array_equal(shop.get_array(), PIXELS[3 + i].transpose(1, 2, 0))
        assert street.get_extent()[:2] == shop.get_extent()[:2]
        assert street.get_extent()[2] < shop.get_extent()[3]  # y runs downwards
    assert frames(figure) == [plots.COLOURS["street"], plots.COLOURS["shop"]] * 3
    assert sorted(texts(figure)) == sorted(["T", "street", "shop", "a", "b", "street", "shop", "c"])
    with pytest.raises(ValueError, match="2 street and 3 shop pictures"):
        plots.pairs(PIXELS[:2], PIXELS[:3])


def ranked(absent="error", **options):
    """Four queries: the items of the first and last stand at rank 1, the others at rank 2."""
    gallery = np.eye(6)
    query = gallery[[0, 2, 4, 5]] + [1e-1, 2e-1, 3e-1, 4e-1, 0, 0]
    query[1] += 0.5 * gallery[1]
    items = np.array([0, 1, 2, 3 if absent == "zero" else 6])
    return retrieval.evaluate(
        query, gallery, items, np.array([0, 1, 7, 2, 8, 6]), k=(1, 2), absent=absent, **options
    )


def test_grid_frames_hits_misses_and_the_truth():
    result = ranked()
    figure = result.grid(PIXELS[:4], PIXELS[4:], rows=4, columns=2, title="Grid")
    hit, miss, query, truth = (plots.COLOURS[name] for name in ("hit", "miss", "query", "truth"))
    first = np.array([True, False, False, True])
    order = list(retrieval.result._choose(first, 4, "mixed", 0))
    expected = {0: [hit, miss], 1: [miss, hit], 2: [miss, hit], 3: [hit, miss]}
    assert sorted(order[:2]) == [0, 3]  # hits first
    got = np.array(frames(figure)).reshape(4, 4)
    images = np.array([np.asarray(image.get_array()) for image in figure.axes[0].images])
    images = images.reshape(4, 4, 12, 12, 3).transpose(0, 1, 4, 2, 3)
    for line, row in enumerate(order):
        assert list(got[line]) == [query, *expected[row], truth]
        np.testing.assert_array_equal(images[line, 0], PIXELS[row])
        np.testing.assert_array_equal(images[line, 1:3], PIXELS[4:][result.indices[row]])
        item = int(np.flatnonzero(result.gallery_items == result.query_items[row])[0])
        np.testing.assert_array_equal(images[line, 3], PIXELS[4 + item])
    written = texts(figure)
    assert written[0] == "Grid"
    assert f"{result.similarities[0, 0]:.3f}" in written
    for name in ("query", "rank 1", "2", "item", "item 0", "rank 2"):
        assert name in written, name
    assert legend(figure) == [
        "query", "✓ hit", "✗ miss", "a picture of the item", "cosine similarity"
    ]  # fmt: skip


def test_grid_says_what_it_cannot_show():
    figure = ranked(absent="zero", exclude={0: 0}).grid(PIXELS[:4], PIXELS[4:], show="any")
    assert texts(figure).count("not in gallery") == 2
    assert len(figure.axes[0].images) == 4 * 3 + 2
    with pytest.raises(ValueError, match="no hits among the 4 queries"):
        ranked(absent="zero", exclude={0: 0}).grid(PIXELS[:4], PIXELS[4:], show="hits")
    with pytest.raises(ValueError, match="show = 'all'; expected mixed, hits, misses, any"):
        ranked().grid(PIXELS[:4], PIXELS[4:], show="all")


def test_the_excluded_picture_is_not_the_truth():
    rows, items = RANDOM.standard_normal((6, 4)), np.array([0, 0, 1, 1, 2, 2])
    itself = np.stack([np.arange(6)] * 2, axis=1)
    result = retrieval.evaluate(rows, rows, items, items, k=1, exclude=itself)
    np.testing.assert_array_equal(result.truth, [1, 0, 3, 2, 5, 4])


def test_curves_average_and_name_the_runs():
    history = pd.DataFrame({"step": np.arange(1, 101), "loss": np.arange(100.0)})
    history["images_per_second"] = 50.0
    figure = plots.curves(history, title="One run", window=5)
    loss, speed = figure.axes
    faint, smooth = loss.lines[:2]
    np.testing.assert_array_equal(faint.get_ydata(), history["loss"])
    np.testing.assert_allclose(smooth.get_ydata()[2:-2], history["loss"][2:-2])
    assert (smooth.get_ydata()[0], smooth.get_ydata()[-1]) == (1, 98)
    assert loss.get_xlabel() == "step"
    assert speed.get_ylabel() == "speed (images / s)"
    assert legend(figure) == ["mean of 5 steps", "each step"]
    assert figure.get_suptitle() == "One run"
    several = plots.curves({"a": history, "b": history}, columns=["loss"])
    assert legend(several) == ["a", "b"]
    with pytest.raises(ValueError, match="7 series in one figure"):
        plots.curves(dict.fromkeys("abcdefg", history))


def test_bars_show_values_and_intervals():
    table = retrieval.comparison({"one": ranked(), "two": ranked(seed=1)}, ["hit@1", "map"])
    assert list(table.columns) == [
        "arm", "hit@1", "hit@1 low", "hit@1 high", "map", "map low", "map high"
    ]  # fmt: skip
    assert table["hit@1"].tolist() == [0.5, 0.5]
    figure = plots.bars(table, metrics=["hit@1", "map"], title="Bars", chance={"hit@1": 1 / 6})
    axes = figure.axes[0]
    widths = [patch.get_width() for patch in axes.patches]
    np.testing.assert_allclose(widths, [*table["hit@1"], *table["map"]])
    spans = axes.collections[0].get_segments()
    np.testing.assert_allclose([span[:, 0] for span in spans], table[["hit@1 low", "hit@1 high"]])
    assert [label.get_text() for label in axes.get_yticklabels()] == ["one", "two"]
    assert "50.0%" in texts(figure)
    assert set(legend(figure)) == {"hit@1", "map", "hit@1 by chance"}
    assert axes.get_title(loc="left") == "Bars"
    assert "%" in axes.get_xlabel()
    with pytest.raises(ValueError, match="lacks the columns hit@10, hit@10 low, hit@10 high"):
        plots.bars(table)


def test_bars_without_intervals():
    table = retrieval.comparison({"one": ranked(bootstrap=0)}, ["hit@1"])
    figure = plots.bars(table, metrics=["hit@1"])
    assert texts(figure) == ["50.0%"]
    assert figure.axes[0].get_xlim()[1] == pytest.approx(0.56)


def test_knobs_draw_a_panel_a_factor():
    rows = [
        (factor, gap, arm, height - gap / 4, height - gap / 4 - 0.1, height - gap / 4 + 0.1)
        for factor in ("background", "pose")
        for arm, height in (("before", 0.5), ("after", 0.9))
        for gap in (1.0, 0.0, 0.5)
    ]
    names = ["factor", "gap", "arm", "hit@1", "hit@1 low", "hit@1 high"]
    figure = plots.knobs(pd.DataFrame(rows, columns=names), title="Knobs")
    panels = figure.axes
    assert [axes.get_title(loc="left") for axes in panels] == ["background", "pose"]
    before, after = panels[0].lines
    np.testing.assert_allclose(before.get_xydata(), [[0, 0.5], [0.5, 0.375], [1, 0.25]])
    np.testing.assert_allclose(after.get_ydata(), [0.9, 0.775, 0.65])
    band = panels[0].collections[0].get_paths()[0].vertices
    assert (band[:, 1].min(), band[:, 1].max()) == pytest.approx((0.15, 0.6))
    assert legend(figure) == ["before", "after"]


def test_knobs_show_the_highest_of_all_panels():
    rows = [
        (factor, gap, "after", high, high - 0.1, high + 0.1)
        for factor, high in (("background", 0.2), ("pose", 0.8))
        for gap in (0.0, 1.0)
    ]
    names = ["factor", "gap", "arm", "hit@1", "hit@1 low", "hit@1 high"]
    figure = plots.knobs(pd.DataFrame(rows, columns=names), title="Knobs")
    for axes in figure.axes:
        assert axes.get_ylim()[0] == 0
        assert axes.get_ylim()[1] >= 0.9


def test_map_joins_the_pictures_of_an_item():
    query, gallery = RANDOM.standard_normal((5, 2)), RANDOM.standard_normal((10, 2))
    query_items, gallery_items = np.arange(5), np.arange(10) // 2  # items 0 to 4, twice in the shop
    figure = plots.umap_map(
        None, None, query_items, gallery_items, PIXELS[:5], PIXELS, layout=(query, gallery),
        links=3, thumbnails=4,
    )  # fmt: skip
    axes = figure.axes[0]
    links, street, shop = axes.collections
    np.testing.assert_array_equal(street.get_offsets(), query)
    np.testing.assert_array_equal(shop.get_offsets(), gallery)
    assert len(links.get_segments()) == 3
    for start, end in links.get_segments():
        item = int(np.flatnonzero((query == start).all(axis=1))[0])
        own = gallery[gallery_items == item]
        nearest = own[np.linalg.norm(own - start, axis=1).argmin()]
        np.testing.assert_array_equal(end, nearest)
    boxes = [artist for artist in axes.artists if isinstance(artist, AnnotationBbox)]
    assert 1 <= len(boxes) <= 4
    assert legend(figure) == ["query (street)", "gallery (shop)", "same item (3 items)"]
    assert "arbitrary units" in axes.get_xlabel()
    with pytest.raises(ValueError, match="float64; expected uint8"):
        plots.umap_map(
            None, None, query_items, gallery_items, PIXELS[:5] / 255, layout=(query, gallery)
        )


@pytest.mark.slow
def test_layout_keeps_neighbours_together_and_repeats():
    centres = 10 * np.eye(3, 8)
    items = np.arange(60) % 3
    query, gallery = (centres[items] + RANDOM.standard_normal((60, 8)) for _ in range(2))
    places = plots.umap_layout(query, gallery, neighbours=10)
    hit = np.linalg.norm(places[0][:, None] - places[1], axis=2).argmin(axis=1)
    assert (items[hit] == items).all()
    again = plots.umap_layout(query, gallery, neighbours=10)
    np.testing.assert_array_equal(again[0], places[0])


@pytest.mark.parametrize(
    ("query", "gallery", "message"),
    [
        (np.ones((1, 8)), np.ones((2, 8)), "a map needs 4 pictures or more, not 3"),
        (np.ones((9, 8)), np.ones((9, 7)), r"shapes \(9, 8\) and \(9, 7\); expected"),
        (np.ones((9, 8)), np.full((9, 8), np.nan), "gallery row 0 holds NaN or Inf"),
    ],
)
def test_embeddings_that_have_no_map(query, gallery, message):
    with pytest.raises(ValueError, match=message):
        plots.umap_layout(query, gallery)


def test_the_smallest_map_is_drawn():
    places = plots.umap_layout(RANDOM.normal(size=(2, 4)), RANDOM.normal(size=(2, 4)))
    assert np.isfinite(np.concatenate(places)).all()


def test_what_umap_compiles_is_kept_for_the_next_process():
    plots.umap_layout(RANDOM.normal(size=(20, 4)), RANDOM.normal(size=(20, 4)), neighbours=5)
    import umap

    for work in (umap.umap_.smooth_knn_dist, umap.umap_.compute_membership_strengths):
        stats = work.stats
        assert stats.cache_path
        assert stats.cache_hits.total() + stats.cache_misses.total() >= 1


def test_figures_leave_nothing_behind():
    before = dict(plt.rcParams)
    plots.sheet(PIXELS)
    assert plt.get_fignums() == []
    assert dict(plt.rcParams) == before
    with plt.rc_context():
        plots.style()
        assert plt.rcParams["axes.spines.top"] is False
        assert plt.rcParams["axes.prop_cycle"].by_key()["color"][0] == plots.SERIES[0]


@pytest.mark.parametrize("pixels", [PIXELS / 255, PIXELS[0], PIXELS[:0], PIXELS[:, :1]])
def test_refuses_what_is_not_pictures(pixels):
    with pytest.raises(ValueError, match=r"expected uint8 pictures \(n, 3, height, width\)"):
        plots.sheet(pixels)
    with pytest.raises(ValueError, match="2 captions for 10 pictures"):
        plots.sheet(PIXELS, captions=["a", "b"])


def test_with_the_style_a_long_table_is_shown_whole():
    with pd.option_context("display.max_rows", 60), plt.rc_context():
        plots.style()
        assert pd.DataFrame({"row": range(99)})._repr_html_().count("<tr>") == 99
