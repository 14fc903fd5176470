"""What a kept model says of one photo: the nearest gallery pictures, and the region that mattered.

The region is found by occlusion (Zeiler and Fergus 2014, Visualizing and Understanding
Convolutional Networks, section 4.2): a grey window is slid over the photo, and where it lowers the
similarity to the first rank most, the photo mattered most.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from matplotlib.figure import Figure
from PIL import Image, ImageOps

from fashret_utils.data.augment import MEAN
from fashret_utils.data.decoding import decode, rgb
from fashret_utils.own_photo.archive import SIDE, Archive
from fashret_utils.plots.style import COLOURS, canvas, styled

WINDOWS = 7  # positions of the grey window along a side; it is a quarter of the side wide


@dataclass(frozen=True)
class Answer:
    """The first ranks for a photo.

    - `picture`: uint8 (S, S, 3), the photo as the network sees it.
    - `rows`: gallery rows, most similar first; `similarities`: their cosines.
    - `region`: (WINDOWS, WINDOWS), what hiding a window takes from the first similarity.
    """

    archive: Archive
    picture: np.ndarray
    rows: np.ndarray
    similarities: np.ndarray
    region: np.ndarray

    @styled
    def figure(self) -> Figure:
        """The photo, the photo with the region that mattered, and the first ranks."""
        sheet = np.asarray(Image.open(Path(self.archive.folder) / "gallery.webp"))
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
        side = SIDE["gallery"]
        for rank, (row, similarity) in enumerate(zip(self.rows, self.similarities, strict=True)):
            axes = figure.add_subplot(grid[rank // (columns - 2), 2 + rank % (columns - 2)])
            y, x = (side * place for place in divmod(row, self.archive.columns))
            axes.imshow(sheet[y : y + side, x : x + side])
            axes.set_title(f"{rank + 1}: {similarity:.2f}", fontsize=10)
            axes.set_xlabel(self.archive.gallery[row].replace(", ", "\n"), fontsize=8)
        for axes in figure.axes:
            axes.set(xticks=[], yticks=[])
            axes.spines[:].set(visible=True, color=COLOURS["line"])
        return figure


def answer(
    archive: Archive,
    photo: bytes | Image.Image,
    k: int = 8,
    search: Callable[[torch.Tensor], torch.Tensor] | None = None,
    name: str = "this file",
) -> Answer:
    """Search a kept model's gallery with a photo.

    **Arguments**

    - `photo`: a picture file's bytes or a picture; its middle square is used.
    - `k`: ranks, at most the gallery's size.
    - `search`: `archive.search()`, to load it once for many photos.
    - `name`: what errors call the photo.

    **Raises** `ValueError` for bytes that are no picture.
    """
    picture = square(photo, archive.size, name)  # (S, S, 3)
    search = search or archive.search()
    with torch.inference_mode():
        pixels = torch.from_numpy(picture.copy()).permute(2, 0, 1).float()  # (3, S, S)
        similarities = search(pixels[None])[0]  # (m,)
        best, rows = similarities.topk(min(k, len(similarities)))
        hidden = search(occluded(pixels))[:, rows[0]]  # (WINDOWS ** 2,)
    region = (best[0] - hidden).view(WINDOWS, WINDOWS).numpy()
    return Answer(archive, picture, rows.numpy(), best.numpy(), region)


def square(photo: bytes | Image.Image, size: int, name: str = "this file") -> np.ndarray:
    """The middle square of a photo, read as the data sets' pictures are: uint8 (size, size, 3).

    **Raises** `PictureError`, a `ValueError`, which calls bytes that are no picture `name`.
    """
    photo = rgb(photo) if isinstance(photo, Image.Image) else decode(photo, name)
    return np.asarray(ImageOps.fit(photo, (size, size), Image.LANCZOS))


def occluded(pixels: torch.Tensor) -> torch.Tensor:
    """(3, S, S) -> (WINDOWS ** 2, 3, S, S): the mean colour in a window, row by row."""
    size = pixels.shape[1]
    window = size // 4
    starts = [round(i * (size - window) / (WINDOWS - 1)) for i in range(WINDOWS)]
    copies = pixels.repeat(WINDOWS**2, 1, 1, 1)
    grey = 255 * torch.tensor(MEAN).view(3, 1, 1)
    for place, copy in enumerate(copies):
        y, x = (starts[i] for i in divmod(place, WINDOWS))
        copy[:, y : y + window, x : x + window] = grey
    return copies
