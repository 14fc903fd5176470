"""What a kept model says of one photo: the nearest gallery pictures, and the region that mattered.

The region is found by occlusion (Zeiler and Fergus 2014, Visualizing and Understanding
Convolutional Networks, section 4.2): a grey window is slid over the photo, and where it lowers the
similarity to the first rank most, the photo mattered most.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from PIL import Image, ImageOps

from fashret_utils.data.augment import MEAN
from fashret_utils.data.decoding import decode, rgb
from fashret_utils.own_photo.archive import Archive
from fashret_utils.own_photo.galleries import Gallery
from fashret_utils.plots.style import COLOURS, canvas, styled

WINDOWS = 7  # positions of the grey window along a side; it is a quarter of the side wide
CAPTION = 16  # letters of a line under a thumbnail


@dataclass(frozen=True)
class Answer:
    """The first ranks for a photo.

    - `picture`: uint8 (S, S, 3), the photo as the network sees it.
    - `rows`: gallery rows, most similar first; `similarities`: their cosines.
    - `region`: (WINDOWS, WINDOWS), what hiding a window takes from the first similarity.
    """

    gallery: Gallery
    picture: np.ndarray
    rows: np.ndarray
    similarities: np.ndarray
    region: np.ndarray

    @property
    def captions(self) -> list[str]:
        """What is found, most similar first."""
        return [self.gallery.captions[row] for row in self.rows]

    @styled
    def figure(self) -> Figure:
        """The photo, the photo with the region that mattered, and the first ranks."""
        columns = 2 + (len(self.rows) + 1) // 2
        figure = canvas(2.9)
        grid = figure.add_gridspec(2, columns)
        photo, marked = figure.add_subplot(grid[:, 0]), figure.add_subplot(grid[:, 1])
        for axes, title in ((photo, "your photo"), (marked, "what mattered")):
            axes.imshow(self.picture)
            axes.set_title(title, fontsize=10)
        extent = (-0.5, len(self.picture) - 0.5, len(self.picture) - 0.5, -0.5)
        heat = np.clip(self.region, 0, None)
        marked.imshow(heat, "magma", extent=extent, alpha=0.6, interpolation="bilinear")
        shown = zip(
            self.gallery.thumbnails(self.rows), self.captions, self.similarities, strict=True
        )
        for rank, (thumbnail, caption, similarity) in enumerate(shown):
            axes = figure.add_subplot(grid[rank // (columns - 2), 2 + rank % (columns - 2)])
            axes.imshow(thumbnail)
            axes.set_title(f"{rank + 1}: {similarity:.2f}", fontsize=10)
            axes.set_xlabel(_lines(caption), fontsize=8)
        for axes in figure.axes:
            axes.set(xticks=[], yticks=[])
            axes.spines[:].set(visible=True, color=COLOURS["line"])
        return figure


def answer(
    archive: Archive,
    photo: bytes | Image.Image,
    k: int = 8,
    gallery: Gallery | None = None,
    name: str = "this file",
) -> Answer:
    """Search a gallery with a photo.

    **Arguments**

    - `photo`: a picture file's bytes or a picture; its middle square is used.
    - `k`: ranks, at most the gallery's size.
    - `gallery`: of the archive, or a `shop` that it has embedded; its first one by default.
    - `name`: what errors call the photo.

    **Raises** `ValueError` for bytes that are no picture.
    """
    picture = square(photo, archive.size, name)  # (S, S, 3)
    gallery = gallery or archive.gallery()
    pixels = picture.transpose(2, 0, 1)  # (3, S, S)
    rows, similarities = gallery.search(archive.embed(pixels[None])[0], k)
    hidden = archive.embed(occluded(pixels)) @ gallery.vectors[rows[0]]  # (WINDOWS ** 2,)
    region = (similarities[0] - hidden).reshape(WINDOWS, WINDOWS)
    return Answer(gallery, picture, rows, similarities, region)


def square(photo: bytes | Image.Image, size: int, name: str = "this file") -> np.ndarray:
    """The middle square of a photo, read as the data sets' pictures are: uint8 (size, size, 3).

    **Raises** `PictureError`, a `ValueError`, which calls bytes that are no picture `name`.
    """
    photo = rgb(photo) if isinstance(photo, Image.Image) else decode(photo, name)
    return np.asarray(ImageOps.fit(photo, (size, size), Image.LANCZOS))


def occluded(pixels: np.ndarray) -> np.ndarray:
    """(3, S, S) -> float32 (WINDOWS ** 2, 3, S, S): the mean colour in a window, row by row."""
    size = pixels.shape[1]
    window = size // 4
    starts = [round(i * (size - window) / (WINDOWS - 1)) for i in range(WINDOWS)]
    copies = np.repeat(pixels[None].astype(np.float32), WINDOWS**2, axis=0)
    grey = 255 * np.array(MEAN, np.float32).reshape(3, 1, 1)
    for place, copy in enumerate(copies):
        y, x = (starts[i] for i in divmod(place, WINDOWS))
        copy[:, y : y + window, x : x + window] = grey
    return copies


def _lines(caption: str) -> str:
    """A caption in two lines: kind and item, or the end of a file's name."""
    if ", " in caption:
        return caption.replace(", ", "\n")
    name = Path(caption).name
    return name if len(name) <= CAPTION else f"{name[: CAPTION // 2 - 1]}…{name[-CAPTION // 2 :]}"
