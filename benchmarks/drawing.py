"""Pictures a second of the data sets that are made: the Wardrobe and Fashion-MNIST-Street.

    python benchmarks/drawing.py

The Wardrobe draws on one core, at 128 pixels, all pictures of an item after each other, as a
catalogue has them. Its limit is the vector drawing of the same pictures: their layers, composed and
recorded beforehand, played back by skia, without backgrounds, light and camera.
"""

import os
import tempfile

import numpy as np
import skia
import turns

from fashret_utils import datasets
from fashret_utils.data.columns import STREET
from fashret_utils.datasets.reading.places import DataNotFoundError
from fashret_utils.site.speed import Case, Other
from fashret_utils.wardrobe import Wardrobe
from fashret_utils.wardrobe.generator import _to_pixels

SIZE = 128
FIRST = 40  # the stock of supporting garments is drawn once a process
TARGETS = {"garments": 300, "shoes": 300}


def recorded(wardrobe: Wardrobe, item: int, domain: str, index: int) -> skia.Picture:
    """The drawing commands of a picture's layers."""
    _, layout, framing, _, _ = wardrobe._compose(item, domain, index, SIZE)
    recorder = skia.PictureRecorder()
    canvas = recorder.beginRecording(skia.Rect.MakeWH(SIZE, SIZE))
    canvas.concat(skia.Matrix(_to_pixels(framing, layout, SIZE).astype(np.float32)))
    for _, draw in layout.layers:
        draw(canvas)
    return recorder.finishRecordingAsPicture()


def play(pictures: list[skia.Picture]) -> None:
    """Draw recorded pictures."""
    for picture in pictures:
        surface = skia.Surface(SIZE, SIZE)
        surface.getCanvas().drawPicture(picture)
        surface.toarray()


def draw(what: str, kind: str, domain: str, items: int, rounds: int) -> Case:
    """One kind and domain, with its limit."""
    wardrobe = Wardrobe(seed=1, items=items * (rounds + 1) + FIRST, kind=kind)
    count = wardrobe.street_pictures if domain == "street" else len(wardrobe.shop_views)
    for item in range(FIRST):
        wardrobe.picture(item, domain, 0)
    turn = [0, 0]

    def rows(which: int):
        start = FIRST + items * turn[which]
        turn[which] += 1
        return [(item, index) for item in range(start, start + items) for index in range(count)]

    def ours():
        for item, index in rows(0):
            wardrobe.picture(item, domain, index, SIZE)

    commands = [[recorded(wardrobe, i, domain, n) for i, n in rows(1)] for _ in range(rounds + 1)]
    ready = iter(commands)
    seconds = turns.in_turn({"ours": ours, "skia": lambda: play(next(ready))}, rounds)
    target = TARGETS[kind] if domain == "street" else None
    limit = Other("vector drawing", "limit", seconds["skia"])
    return Case(what, seconds["ours"], items * count, "pictures", [limit], target)


def street(what: str, size: int, rounds: int, count: int) -> Case:
    """Fashion-MNIST-Street, in one process, as its catalogue reads it."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["FASHRET_CACHE"] = folder
        options = {"train_items": max(200, count), "val_items": 0, "test_items": 10}
        catalog = datasets.load("fashion-mnist-street", **options).where(split="train")
        rows = np.flatnonzero(catalog.domain == STREET)[:count]
        work = {"ours": lambda: catalog.reader(catalog, rows, size)}
        seconds = turns.in_turn(work, rounds)["ours"]
    return Case(what, seconds, len(rows), "pictures")


def cases(options, _):
    """Both kinds of the Wardrobe, then Fashion-MNIST-Street where it is."""
    items = 4 if options.quick else 40
    for kind in TARGETS:
        for domain in ("street", "shop"):
            what = f"Wardrobe, {kind}, {domain}, one core"
            plan = (kind, domain, items, options.rounds)
            yield what, lambda what, plan=plan: draw(what, *plan)
    try:
        datasets.load("fashion-mnist-street", train_items=20, val_items=0, test_items=10)
    except DataNotFoundError:
        return
    for size in (32, 48, 64):
        what = f"Fashion-MNIST-Street, {size} px, one process"
        plan = (size, options.rounds, 64 if options.quick else 4096)
        yield what, lambda what, plan=plan: street(what, *plan)


if __name__ == "__main__":
    turns.main(__doc__, "drawing", cases)
