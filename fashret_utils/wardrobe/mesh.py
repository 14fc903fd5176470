"""Wearing a flat garment: its images are bent over the figure as textured meshes."""

from dataclasses import dataclass

import numpy as np
import skia

from .body import Figure
from .cut import SHOULDER, along_arm
from .garments import Flat, Sheet

_LINEAR = skia.SamplingOptions(skia.FilterMode.kLinear)


def _grid(columns: int, rows: int) -> list[int]:
    """Triangle indices of a grid of `columns` x `rows` points."""
    index = np.arange(columns * rows).reshape(rows, columns)
    a, b, c, d = index[:-1, :-1], index[:-1, 1:], index[1:, :-1], index[1:, 1:]
    return np.stack([a, b, c, b, d, c], axis=-1).ravel().tolist()


_BODY = (7, 10)
_LEG = (4, 9)
_ARM = (4, 10)
_LINING = (4, 4)
_COARSE = {_BODY: (5, 6), _LEG: (3, 6), _ARM: (3, 8), _LINING: (4, 4)}
_TRIANGLES = {shape: _grid(*shape) for pair in _COARSE.items() for shape in pair}


@dataclass(frozen=True)
class Piece:
    """A lattice over a part of a flat garment: points in body units and their pixels."""

    shape: tuple[int, int]
    flat: np.ndarray
    pixels: list[skia.Point]
    side: int


def _lattice(shape: tuple[int, int], left, top, right, bottom) -> np.ndarray:
    """Points of a grid over a rectangle: (columns * rows, 2)."""
    return _UNIT_LATTICES[shape] * (right - left, bottom - top) + (left, top)


def _unit_lattice(columns: int, rows: int) -> np.ndarray:
    y, x = np.meshgrid(np.linspace(0, 1, rows), np.linspace(0, 1, columns), indexing="ij")
    return np.stack([x.ravel(), y.ravel()], axis=1)


_UNIT_LATTICES = {shape: _unit_lattice(*shape) for shape in _TRIANGLES}


def _pieces(sheet: Sheet, part: str, coarse: bool) -> list[Piece]:
    """The lattices of a part; kept with the sheet, since every picture of an item needs them."""
    if (part, coarse) in sheet.meshes:
        return sheet.meshes[part, coarse]
    leg, arm, body = (_COARSE[shape] if coarse else shape for shape in (_LEG, _ARM, _BODY))
    left, top, right, bottom = sheet.flat.extent
    if part == "legs":
        lattices = [_lattice(leg, left, top, 0, bottom), _lattice(leg, 0, top, right, bottom)]
        shapes = [(leg, flat, side) for side, flat in enumerate(lattices)]
    elif part.endswith("sleeve"):
        side = 0 if part.startswith("left") else 1
        shapes = [(arm, sleeve_lattice(sheet.flat, side, arm), side)]
    else:
        shape = _LINING if part == "lining" else body
        if part == "lining":
            left, right = -0.75, 0.75
            bottom = top + 0.5 if sheet.flat.is_lower else 1.4
        elif part == "body":  # without the sleeves
            right = max(x for x, _ in sheet.flat.outline) + 0.05
            left = -right
        shapes = [(shape, _lattice(shape, left, top, right, bottom), 0)]
    sheet.meshes[part, coarse] = [
        Piece(shape, flat, _points(flat * sheet.scale + sheet.origin), side)
        for shape, flat, side in shapes
    ]
    return sheet.meshes[part, coarse]


class Worn:
    """A garment on a figure.

    **Arguments**

    - `sheet`: the drawn garment.
    - `figure`: the posed figure.
    - `folds`: (waves, 4): direction x, y, phase and depth of waves of shading; None = smooth.
    - `light`: how dark the side away from the light gets; its sign says which side.
    - `coarse`: fewer mesh points, for garments that are not the subject of the picture.
    """

    def __init__(
        self,
        sheet: Sheet,
        figure: Figure,
        folds: np.ndarray | None,
        light: float,
        coarse: bool = False,
    ):
        self.sheet, self.figure, self.folds, self.light = sheet, figure, folds, light
        self.coarse = coarse
        self.images = dict(sheet.images)

    def draw(self, canvas: skia.Canvas, part: str) -> None:
        """Draw one part; parts that the garment lacks draw nothing."""
        image = self.images.get(part)
        if image is None:
            return
        paint = skia.Paint(Shader=image.makeShader(_LINEAR))
        for piece in _pieces(self.sheet, part, self.coarse):
            vertices = skia.Vertices(
                skia.Vertices.kTriangles_VertexMode,
                _points(self._posed(piece, part)),
                piece.pixels,
                self._shading(piece.flat, piece.side if part.endswith("sleeve") else None),
                _TRIANGLES[piece.shape],
            )
            canvas.drawVertices(vertices, paint)

    def _posed(self, piece: Piece, part: str) -> np.ndarray:
        if part == "legs":
            return self.figure.leg(piece.flat, piece.side)
        if part.endswith("sleeve"):
            return self.figure.arm(piece.flat, piece.side)
        below = piece.flat[-1, 1] > 2.9
        return self.figure.skirt(piece.flat) if below else self.figure.torso(piece.flat)

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
        level = 1 - np.minimum(np.maximum(self.light * flat[:, 0], 0), 0.2)
        if self.folds is not None:
            waves = np.sin(flat @ self.folds[:, :2].T + self.folds[:, 2])  # (n, waves)
            level -= np.maximum(waves, 0) ** 2 @ self.folds[:, 3]
        if arm is not None:
            upper, lower = self.figure.pose.arms[arm]
            squared = ((flat - _ELBOWS[arm]) ** 2).sum(axis=1)
            level -= min(0.16, 0.1 * abs(lower - upper)) * np.exp(-squared / 0.09)
        grey = (255 * np.maximum(level, 0.45)).astype(np.int64)
        return (grey * 0x010101 + 0xFF000000).tolist()


def sleeve_lattice(flat: Flat, side: int, shape: tuple[int, int]) -> np.ndarray:
    """Points of the canonical sleeve: rows along the arm, columns across it.

    Near the shoulder the armhole reaches further in than the sleeve is wide.
    """
    sign = -1 if side == 0 else 1
    start, end = np.array(along_arm(-0.32, 0.0)), np.array(along_arm(flat.sleeve_length + 0.1, 0.0))
    across = np.array(along_arm(0.0, 1.0)) - np.array(SHOULDER)
    rows = np.linspace(0, 1, shape[1])[:, None, None]
    distance = -0.32 + rows * (flat.sleeve_length + 0.42)
    narrow = np.minimum(np.maximum((distance - 0.5) / 0.4, 0), 1)
    reach = 0.64 + narrow * (flat.sleeve_reach - 0.64)
    columns = np.linspace(-1, 1, shape[0])[None, :, None]
    points = start + rows * (end - start) + columns * reach * across
    return points.reshape(-1, 2) * np.array([sign, 1.0])


_ELBOWS = [(sign * along_arm(1.36, 0.0)[0], along_arm(1.36, 0.0)[1]) for sign in (-1, 1)]


def _points(array: np.ndarray) -> list[skia.Point]:
    return list(map(skia.Point, *array.T.tolist()))
