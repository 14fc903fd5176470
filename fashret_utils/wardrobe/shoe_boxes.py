"""Boxes of single shoes: what a detector of shoes is trained on."""

import numpy as np

from .layout import Layout, find_item

Box = tuple[float, float, float, float]


def single_boxes(layout: Layout, matrix: np.ndarray, size: int) -> dict[str, Box]:
    """Box each visible shoe of a picture on its own.

    **Arguments**

    - `layout`: a layout of shoes; the flag of a shoe's layer is its name.
    - `matrix`: (3, 3), from the layout's units to pixels.
    - `size`: width and height of the picture in pixels.

    **Returns** name ("left shoe", "right shoe") -> x1, y1, x2, y2 of its visible pixels; a shoe
    that is outside the picture or wholly covered is left out.
    """
    boxes = {}
    for name in dict.fromkeys(flag for flag, _ in layout.layers if flag):
        # any other layer, the other shoe included, cuts out what it covers
        alone = [(flag == name, draw) for flag, draw in layout.layers]
        mask = find_item(Layout(layout.matrix, layers=alone), matrix, size)
        rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
        if len(rows):
            ends = columns[0], rows[0], columns[-1] + 1, rows[-1] + 1
            boxes[name] = tuple(float(end) for end in ends)
    return boxes
