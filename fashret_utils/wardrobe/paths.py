"""Smooth outlines from a few points: the pattern maker's French curve."""

from collections.abc import Iterable, Sequence

import skia

Point = tuple[float, float]
Run = Sequence[Point]


def outline(*runs: Run, close: bool = True) -> skia.Path:
    """Join runs of points into one path.

    **Arguments**

    - `runs`: each run is a smooth curve through its points (a straight line for two points);
      runs meet in corners. Where a run does not start where the last one ended, a line joins them.
    - `close`: whether the path ends where it began.

    **Returns** the path.
    """
    path = skia.Path()
    path.moveTo(*runs[0][0])
    last = runs[0][0]
    for run in runs:
        if run[0] != last:
            path.lineTo(*run[0])
        _append(path, run)
        last = run[-1]
    if close:
        path.close()
    return path


def _append(path: skia.Path, run: Run) -> None:
    """Continue the path along a Catmull-Rom spline through the points of the run."""
    if len(run) < 3:
        for point in run[1:]:
            path.lineTo(*point)
        return
    (x1, y1), (x2, y2) = run[:2]
    x0, y0, curve = x1, y1, path.cubicTo
    for x3, y3 in (*run[2:], run[-1]):
        curve(
            x1 + (x2 - x0) / 6, y1 + (y2 - y0) / 6, x2 - (x3 - x1) / 6, y2 - (y3 - y1) / 6, x2, y2
        )
        x0, y0, x1, y1, x2, y2 = x1, y1, x2, y2, x3, y3


def mirror(run: Run) -> list[Point]:
    """The run reflected at x = 0 and walked backwards, so that it continues its original."""
    return [(-x, y) for x, y in reversed(run)]


def symmetric(*right_runs: Run) -> skia.Path:
    """A closed path, symmetric about x = 0, from the runs of its right half, top to bottom."""
    return outline(*right_runs, *(mirror(run) for run in reversed(right_runs)))


def polygon(points: Iterable[Point]) -> skia.Path:
    """A closed polygon."""
    return skia.Path.Polygon([skia.Point(x, y) for x, y in points], True)


def line(*points: Point) -> skia.Path:
    """An open smooth curve through the points."""
    return outline(points, close=False)


def oval(x: float, y: float, width: float, height: float) -> skia.Path:
    """An upright ellipse given by its centre and half axes."""
    path = skia.Path()
    path.addOval(skia.Rect.MakeLTRB(x - width, y - height, x + width, y + height))
    return path
