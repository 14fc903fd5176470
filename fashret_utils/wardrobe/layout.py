"""What a picture shows, in layers: the seam between the two kinds of items and the photographer."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import skia

Draw = Callable[..., None]
_RGBA = skia.kRGBA_8888_ColorType  # the native order differs between platforms
Box = tuple[float, float, float, float]


@dataclass
class Layout:
    """Layers from back to front, in units of their own.

    - `matrix`: (3, 3), maps these units to the unit square of the picture.
    - `pose`: angles in degrees by name, for the ground truth.
    - `points`: gives the landmarks by name, (2,) in the layers' units; asked for the truth only.
    - `layers`: (is_item, draw) pairs; of two shoes, `is_item` is the name of the one drawn.
    """

    matrix: np.ndarray
    pose: dict[str, float] = field(default_factory=dict)
    points: Callable[[], dict[str, np.ndarray]] = dict
    layers: list[tuple[bool | str, Callable[[skia.Canvas], None]]] = field(default_factory=list)

    def add(self, draw: Draw, *arguments) -> None:
        """Add a layer that is not the item; it calls `draw(canvas, *arguments)`."""
        self.layers.append((False, lambda canvas: draw(canvas, *arguments)))

    def add_item(self, draw: Draw, *arguments) -> None:
        """Add a layer that shows the item."""
        self.layers.append((True, lambda canvas: draw(canvas, *arguments)))

    def add_part(self, garment, part: str, is_item: bool) -> None:
        """Add a part of a worn garment, where there is one."""
        if garment is not None and part in garment.images:
            (self.add_item if is_item else self.add)(garment.draw, part)


@dataclass(frozen=True)
class Truth:
    """What is true about one picture.

    - `mask`: bool (size, size), pixels where the item is visible.
    - `box`: x1, y1, x2, y2 of the mask in pixels; four -1 where nothing of the item is visible.
    - `landmarks`: name -> (x, y, visible), pixels; left and right as seen in the picture.
    - `attributes`: attribute name -> value.
    - `view`: "street" or the shop view.
    - `pose`: joint angles in degrees by name; empty where nobody wears the item.
    - `boxes`: the box of each visible single shoe by name; empty for garments.
    """

    mask: np.ndarray
    box: Box
    landmarks: dict[str, tuple[float, float, bool]]
    attributes: dict[str, str]
    view: str
    pose: dict[str, float]
    boxes: dict[str, Box]


def paint(layout: Layout, matrix: np.ndarray, background: skia.Image) -> np.ndarray:
    """Draw all layers over a background.

    **Arguments**

    - `layout`: the layers.
    - `matrix`: (3, 3), from the layers' units to pixels.
    - `background`: an opaque image of the picture's size.

    **Returns** uint8 (size, size, 3), a view of pixels of four channels.
    """
    size = background.width()
    # skia's own surface: on one around a numpy array plain fills cost three times as much
    surface = skia.Surface(size, size)
    pixmap = skia.Pixmap()
    canvas = surface.getCanvas()
    background.peekPixels(pixmap)
    surface.writePixels(pixmap, 0, 0)  # a copy: drawing it costs four times more
    canvas.concat(skia.Matrix(matrix.astype(np.float32)))
    for _, draw in layout.layers:
        draw(canvas)
    pixels = np.empty((size, size, 4), np.uint8)
    info = skia.ImageInfo.Make(size, size, _RGBA, skia.kPremul_AlphaType)
    surface.readPixels(info, pixels, 4 * size, 0, 0)
    return pixels[..., :3]


def find_item(layout: Layout, matrix: np.ndarray, size: int) -> np.ndarray:
    """Where the item is visible: layers in front of it are cut out of its mask.

    **Returns** bool (size, size).
    """
    pixels = np.zeros((size, size, 4), np.uint8)
    canvas = skia.Surface(pixels).getCanvas()
    canvas.concat(skia.Matrix(matrix.astype(np.float32)))
    cut_out = skia.Paint(BlendMode=skia.BlendMode.kDstOut)
    for is_item, draw in layout.layers:
        canvas.saveLayer(None, None if is_item else cut_out)
        draw(canvas)
        canvas.restore()
    return pixels[..., 3] > 127


def _box(mask: np.ndarray) -> Box | None:
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not len(rows):
        return None
    ends = columns[0], rows[0], columns[-1] + 1, rows[-1] + 1
    return tuple(float(end) for end in ends)


def single_boxes(layout: Layout, matrix: np.ndarray, size: int) -> dict[str, Box]:
    """Box each single shoe by its visible pixels; what is wholly hidden is left out.

    **Returns** name ("left shoe", "right shoe") -> x1, y1, x2, y2 in pixels.
    """
    boxes = {}
    for name in dict.fromkeys(flag for flag, _ in layout.layers if isinstance(flag, str)):
        # any other layer, the other shoe included, cuts out what it covers
        alone = [(flag == name, draw) for flag, draw in layout.layers]
        box = _box(find_item(Layout(layout.matrix, layers=alone), matrix, size))
        if box is not None:
            boxes[name] = box
    return boxes


def truth(layout: Layout, matrix: np.ndarray, size: int, attributes, view: str) -> Truth:
    """Collect mask, box and landmarks of a picture; see `Truth`."""
    mask = find_item(layout, matrix, size)
    box = _box(mask) or (-1.0, -1.0, -1.0, -1.0)
    landmarks = {}
    reach = max(1, round(0.03 * size))
    for name, point in layout.points().items():
        x, y, w = matrix @ (*point, 1.0)
        x, y = float(x / w), float(y / w)
        inside = 0 <= x < size and 0 <= y < size
        # a landmark lies on the item's edge: it is visible where the item is, close by
        near = mask[
            max(0, int(y) - reach) : int(y) + reach + 1, max(0, int(x) - reach) : int(x) + reach + 1
        ]
        landmarks[name] = (x, y, bool(inside and near.any()))
    boxes = single_boxes(layout, matrix, size)
    return Truth(mask, box, landmarks, dict(attributes), view, dict(layout.pose), boxes)
