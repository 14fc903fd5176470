"""Where an embedding looks: cover a window of a picture, and see how far a similarity falls."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from fashret_utils.data.catalog import Catalog
from fashret_utils.training.bench import Search

GREY = 118  # the mean grey of ImageNet


def covered(picture: np.ndarray, window: int, step: int) -> np.ndarray:
    """All copies of a picture with one window grey: uint8 (3, S, S) -> (k * k, 3, S, S).

    **Arguments**: `window` - its side in pixels; `step` - from one place to the next. Places go row
    by row from the top left corner.
    """
    corners = range(0, picture.shape[1] - window + 1, step)
    copies = np.repeat(picture[None], len(corners) ** 2, axis=0)
    places = [(y, x) for y in corners for x in corners]
    for copy, (y, x) in zip(copies, places, strict=True):
        copy[:, y : y + window, x : x + window] = GREY
    return copies


def falls(
    embed: Callable[[np.ndarray], np.ndarray],
    parts: Mapping[str, slice],
    picture: np.ndarray,
    partner: np.ndarray,
    window: int,
    step: int,
) -> dict[str, np.ndarray]:
    """How far the cosine to another picture falls when a window is covered, by part.

    **Arguments**: `embed` - uint8 (n, 3, S, S) to embeddings (n, d); `parts` - name -> numbers of
    the embedding; `picture`, `partner` - uint8 (3, S, S).

    **Returns** name -> (k, k), a place each.
    """
    embedded = embed(np.stack([partner, picture, *covered(picture, window, step)]))
    found = {}
    for name, place in parts.items():
        part = embedded[:, place]
        part = part / np.linalg.norm(part, axis=1, keepdims=True)
        cosines = part[1:] @ part[0]  # the whole picture first
        side = round(len(cosines[1:]) ** 0.5)
        found[name] = (cosines[0] - cosines[1:]).reshape(side, side)
    return found


def both_ways(
    embed: Callable[[np.ndarray], np.ndarray],
    parts: Mapping[str, slice],
    pairs: Sequence[tuple[np.ndarray, np.ndarray]],
    labels: tuple[str, str],
    window: int,
    step: int,
) -> tuple[list[tuple[str, np.ndarray]], list[dict[str, np.ndarray]]]:
    """`falls` of each picture of each pair, against the other one.

    **Arguments**: `labels` - of the first and the second picture of a pair; the rest as in `falls`.

    **Returns** rows of (label, picture), and the falls of each, as `plots.granularity.looks` draws
    them.
    """
    rows, found = [], []
    for pair in pairs:
        for label, picture, partner in zip(labels, pair, reversed(pair), strict=True):
            rows.append((label, picture))
            found.append(falls(embed, parts, picture, partner, window, step))
    return rows, found


def best_pairs(
    found: Search, test: Catalog, size: int, count: int, view: str = "front"
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Query and gallery picture of the items that were found best, one pair an item.

    **Arguments**: `found` - of `test`; `size` - side of the pictures in pixels; `view` - of the
    gallery pictures.

    **Returns** at most `count` pairs of uint8 (3, size, size), best first.
    """
    query, gallery = test.where(split="query"), test.where(split="gallery", view=view)
    best = found.retrieval.per_query["map"].to_numpy().argsort(kind="stable")[::-1]
    pairs: dict[int, tuple[np.ndarray, np.ndarray]] = {}
    for row in best:
        item = int(query.item[row])
        beside = np.flatnonzero(gallery.item == item)[:1]
        if item not in pairs and len(beside):
            sides = query.take([row]), gallery.take(beside)
            pairs[item] = tuple(side.pixels(size)[0] for side in sides)
        if len(pairs) == count:
            break
    return list(pairs.values())
