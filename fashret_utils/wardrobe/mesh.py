"""Wearing a flat garment: its images are bent over the figure as textured meshes."""

import numpy as np
import skia

from .body import Figure
from .cut import SHOULDER, along_arm
from .garments import Sheet

_LINEAR = skia.SamplingOptions(skia.FilterMode.kLinear)


def _grid(columns: int, rows: int) -> list[int]:
    """Triangle indices of a grid of `columns` x `rows` points."""
    index = np.arange(columns * rows).reshape(rows, columns)
    a, b, c, d = index[:-1, :-1], index[:-1, 1:], index[1:, :-1], index[1:, 1:]
    return np.stack([a, b, c, b, d, c], axis=-1).ravel().tolist()


_BODY = (9, 12)
_LEG = (5, 12)
_ARM = (4, 13)
_TRIANGLES = {shape: _grid(*shape) for shape in (_BODY, _LEG, _ARM)}


def _lattice(shape: tuple[int, int], left, top, right, bottom) -> np.ndarray:
    columns, rows = shape
    x = np.linspace(left, right, columns)
    y = np.linspace(top, bottom, rows)
    return np.stack(np.broadcast_arrays(x[None, :], y[:, None]), axis=-1).reshape(-1, 2)


class Worn:
    """A garment on a figure.

    **Arguments**

    - `sheet`: the drawn garment.
    - `figure`: the posed figure.
    - `folds`: (4, 4) numbers: direction x, y, phase and depth of the fold waves; None = smooth.
    - `light`: how dark the side away from the light gets; its sign says which side.
    """

    def __init__(self, sheet: Sheet, figure: Figure, folds: np.ndarray | None, light: float):
        self.sheet, self.figure, self.folds, self.light = sheet, figure, folds, light
        self.images = dict(sheet.images)

    def draw(self, canvas: skia.Canvas, part: str) -> None:
        """Draw one part; parts that the garment lacks draw nothing."""
        image = self.images.get(part)
        if image is None:
            return
        paint = skia.Paint(Shader=image.makeShader(_LINEAR))
        for shape, flat, posed, arm in self._pieces(part):
            pixels = flat * self.sheet.scale + self.sheet.origin
            vertices = skia.Vertices(
                skia.Vertices.kTriangles_VertexMode,
                _points(posed),
                _points(pixels),
                self._shading(flat, arm),
                _TRIANGLES[shape],
            )
            canvas.drawVertices(vertices, paint)

    def _pieces(self, part: str):
        left, top, right, bottom = self.sheet.flat.extent
        figure = self.figure
        if part == "legs":
            for side in (0, 1):
                ends = (left, 0.0) if side == 0 else (0.0, right)
                flat = _lattice(_LEG, ends[0], top, ends[1], bottom)
                yield _LEG, flat, figure.leg(flat, side), None
        elif part.endswith("sleeve"):
            side = 0 if part.startswith("left") else 1
            flat = sleeve_lattice(self.sheet.flat.sleeve_length, side)
            yield _ARM, flat, figure.arm(flat, side), side
        else:
            if part == "lining" and not self.sheet.flat.is_lower:
                left, right, bottom = -0.75, 0.75, 1.4
            flat = _lattice(_BODY, left, top, right, bottom)
            below = bottom > 2.9
            posed = figure.skirt(flat) if below else figure.torso(flat)
            yield _BODY, flat, posed, None

    def place(self, name: str, point: tuple[float, float]) -> np.ndarray:
        """Where a landmark of the flat garment lies on the figure, body units (2,)."""
        points = np.array([point], float)
        side = 0 if name.startswith("left") else 1
        if name.endswith("sleeve") and self.sheet.flat.sleeve_length:
            return self.figure.arm(points, side)[0]
        if name.endswith("hem") and "legs" in self.images:
            return self.figure.leg(points, side)[0]
        if self.sheet.flat.extent[3] > 2.9:
            return self.figure.skirt(points)[0]
        return self.figure.torso(points)[0]

    def _shading(self, flat: np.ndarray, arm: int | None) -> list[int]:
        """Grey levels that darken the cloth: light from one side, and folds."""
        x, y = flat[:, 0], flat[:, 1]
        level = 1 - np.clip(self.light * x, 0, 0.2)
        if self.folds is not None:
            ax, ay, phase, depth = self.folds.T[:, :, None]  # (waves, 1)
            waves = np.sin(ax * x[None] + ay * y[None] + phase)
            level = level - (depth * np.maximum(waves, 0) ** 2).sum(axis=0)
        if arm is not None:
            upper, lower = self.figure.pose.arms[arm]
            elbow = np.hypot(x - _ELBOWS[arm][0], y - _ELBOWS[arm][1])
            level = level - min(0.16, 0.1 * abs(lower - upper)) * np.exp(-((elbow / 0.3) ** 2))
        grey = (255 * np.clip(level, 0.45, 1)).astype(np.int64)
        return (0xFF000000 | grey << 16 | grey << 8 | grey).tolist()


def sleeve_lattice(length: float, side: int) -> np.ndarray:
    """Points of the canonical sleeve: rows along the arm, columns across it."""
    sign = -1 if side == 0 else 1
    start, end = np.array(along_arm(-0.32, 0.0)), np.array(along_arm(length + 0.08, 0.0))
    across = np.array(along_arm(0.0, 1.0)) - np.array(SHOULDER)
    rows = np.linspace(0, 1, _ARM[1])[:, None, None]
    # near the shoulder the armhole reaches further in than the sleeve is wide
    reach = np.linspace(-0.66, 0.66, _ARM[0])[None, :, None]
    points = start + rows * (end - start) + reach * across
    return points.reshape(-1, 2) * np.array([sign, 1.0])


_ELBOWS = [
    (sign * along_arm(1.36, 0.0)[0], along_arm(1.36, 0.0)[1]) for sign in (-1, 1)
]


def _points(array: np.ndarray) -> list[skia.Point]:
    return list(map(skia.Point, *array.T.tolist()))
