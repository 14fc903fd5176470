"""Wearing a flat garment: its images are bent over the figure as textured meshes."""

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import skia

from fashret_utils.wardrobe.garments.cut import ARM_ANGLE, SHOULDER, along_arm
from fashret_utils.wardrobe.garments.parts import Flat, Sheet
from fashret_utils.wardrobe.people.body import Figure

_LINEAR = skia.SamplingOptions(skia.FilterMode.kLinear)
_NEAREST = skia.SamplingOptions()  # a third cheaper


def _grid(columns: int, rows: int) -> list[int]:
    """Triangle indices of a grid of `columns` x `rows` points."""
    index = np.arange(columns * rows).reshape(rows, columns)
    a, b, c, d = index[:-1, :-1], index[:-1, 1:], index[1:, :-1], index[1:, 1:]
    return np.stack([a, b, c, b, d, c], axis=-1).ravel().tolist()


_BODY = (6, 9)
_LEG = (3, 8)
_ARM = (3, 9)
_LINING = (4, 4)
_COARSE = {_BODY: (5, 6), _LEG: (3, 6), _ARM: (3, 8), _LINING: (4, 4)}
_TRIANGLES = {shape: _grid(*shape) for pair in _COARSE.items() for shape in pair}


@dataclass(frozen=True)
class Piece:
    """A lattice over a part of a flat garment; `points` is its share of the mesh's points."""

    part: str
    shape: tuple[int, int]
    side: int
    points: slice
    pixels: list[skia.Point]


@dataclass(frozen=True)
class Mesh:
    """The lattices over all parts of a flat garment, and their points (n, 2) in body units."""

    flat: np.ndarray
    pieces: dict[str, list[Piece]]


def _lattice(shape: tuple[int, int], left, top, right, bottom) -> np.ndarray:
    """Points of a grid over a rectangle: (columns * rows, 2)."""
    return _UNIT_LATTICES[shape] * (right - left, bottom - top) + (left, top)


def _unit_lattice(columns: int, rows: int) -> np.ndarray:
    y, x = np.meshgrid(np.linspace(0, 1, rows), np.linspace(0, 1, columns), indexing="ij")
    return np.stack([x.ravel(), y.ravel()], axis=1)


_UNIT_LATTICES = {shape: _unit_lattice(*shape) for shape in _TRIANGLES}
_AXES = {
    (columns, rows): (np.linspace(-1, 1, columns), np.linspace(0, 1, rows)[:, None])
    for columns, rows in _TRIANGLES
}


def _mesh(sheet: Sheet, coarse: bool) -> Mesh:
    """The lattices of a sheet; kept with it, since every picture of an item needs them."""
    if coarse in sheet.meshes:
        return sheet.meshes[coarse]
    leg, arm, body = (_COARSE[shape] if coarse else shape for shape in (_LEG, _ARM, _BODY))
    left, top, right, bottom = sheet.flat.extent
    lattices = []
    for part, _ in sheet.images:
        if part == "legs":
            lattices.append((part, leg, 0, _lattice(leg, left, top, 0, bottom)))
            lattices.append((part, leg, 1, _lattice(leg, 0, top, right, bottom)))
        elif part.endswith("sleeve"):
            side = 0 if part.startswith("left") else 1
            lattices.append((part, arm, side, sleeve_lattice(sheet.flat, side, arm)))
        elif part == "lining":
            low = top + 0.5 if sheet.flat.is_lower else 1.4
            lattices.append((part, _LINING, 0, _lattice(_LINING, -0.75, top, 0.75, low)))
        else:
            reach = right
            if part == "body":  # without the sleeves
                reach = max(x for x, _ in sheet.flat.outline) + 0.05
            lattices.append((part, body, 0, _lattice(body, -reach, top, reach, bottom)))
    flat = np.concatenate([points for *_, points in lattices])
    pixels = _points(flat * sheet.scale + sheet.origin)
    pieces, start = {}, 0
    for part, shape, side, points in lattices:
        share = slice(start, start + len(points))
        pieces.setdefault(part, []).append(Piece(part, shape, side, share, pixels[share]))
        start = share.stop
    sheet.meshes[coarse] = Mesh(flat, pieces)
    return sheet.meshes[coarse]


class Worn:
    """A garment on a figure.

    **Arguments**

    - `sheet`: the drawn garment.
    - `figure`: the posed figure.
    - `folds`: (waves, 4): direction x, y, phase and depth of waves of shading; None = smooth.
    - `light`: how dark the side away from the light gets; its sign says which side.
    - `coarse`: fewer mesh points, unblended pixels: for garments that are not the subject.
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
        self.images = dict(sheet.images)
        self._mesh = _mesh(sheet, coarse)
        self._sampling = _NEAREST if coarse else _LINEAR

    def draw(self, canvas: skia.Canvas, part: str) -> None:
        """Draw one part; parts that the garment lacks draw nothing."""
        image = self.images.get(part)
        if image is None:
            return
        paint = skia.Paint(Shader=image.makeShader(self._sampling))
        for piece in self._mesh.pieces[part]:
            vertices = skia.Vertices(
                skia.Vertices.kTriangles_VertexMode,
                _points(self._posed(piece)),
                piece.pixels,
                self._greys[piece.points],
                _TRIANGLES[piece.shape],
            )
            canvas.drawVertices(vertices, paint)

    @cached_property
    def _trunk(self) -> np.ndarray:
        """Where the trunk alone would put the mesh's points: (n, 2)."""
        return self.figure.torso(self._mesh.flat)

    def _posed(self, piece: Piece) -> np.ndarray:
        flat, trunk = self._mesh.flat[piece.points], self._trunk[piece.points]
        if piece.part == "legs":
            return self.figure.leg(flat, piece.side, trunk)
        if piece.part.endswith("sleeve"):
            return self.figure.arm(flat, piece.side, trunk)
        return self.figure.skirt(flat, trunk) if flat[-1, 1] > 2.9 else trunk

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

    @cached_property
    def _greys(self) -> list[int]:
        """Grey levels that darken the cloth: light from one side, folds, bent elbows."""
        flat = self._mesh.flat
        level = 1 - np.minimum(np.maximum(self.light * flat[:, 0], 0), 0.2)
        if self.folds is not None:
            waves = np.sin(flat @ self.folds[:, :2].T + self.folds[:, 2])  # (n, waves)
            level -= np.maximum(waves, 0) ** 2 @ self.folds[:, 3]
        for side, name in enumerate(("left sleeve", "right sleeve")):
            for piece in self._mesh.pieces.get(name, ()):
                upper, lower = self.figure.pose.arms[side]
                squared = ((flat[piece.points] - _ELBOWS[side]) ** 2).sum(axis=1)
                bend = min(0.16, 0.1 * abs(lower - upper))
                level[piece.points] -= bend * np.exp(-squared / 0.09)
        grey = (255 * np.maximum(level, 0.45)).astype(np.int64)
        return (grey * 0x010101 + 0xFF000000).tolist()


def sleeve_lattice(flat: Flat, side: int, shape: tuple[int, int]) -> np.ndarray:
    """Points of the canonical sleeve: rows along the arm, columns across it.

    Near the shoulder the armhole reaches further in than the sleeve is wide.
    """
    columns, rows = _AXES[shape]
    distance = rows * (flat.sleeve_length + 0.42) - 0.32  # (rows, 1)
    narrow = np.minimum(np.maximum((distance - 0.5) / 0.4, 0), 1)
    across = (0.64 + narrow * (flat.sleeve_reach - 0.64)) * columns  # (rows, columns)
    sin, cos = math.sin(ARM_ANGLE), math.cos(ARM_ANGLE)
    points = np.empty((*across.shape, 2))
    points[..., 0] = SHOULDER[0] + distance * sin + across * cos
    points[..., 1] = SHOULDER[1] + distance * cos - across * sin
    if side == 0:
        points[..., 0] *= -1
    return points.reshape(-1, 2)


_ELBOWS = [(sign * along_arm(1.36, 0.0)[0], along_arm(1.36, 0.0)[1]) for sign in (-1, 1)]


def _points(array: np.ndarray) -> list[skia.Point]:
    return list(map(skia.Point, *array.T.tolist()))
