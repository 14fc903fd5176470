"""The panel for JupyterLab: choose a model, drop a picture, see what it finds."""

import base64
import html
from pathlib import Path

import anywidget
import ipywidgets as widgets
from traitlets import Bytes

from fashret_utils.own_photo.answers import answer
from fashret_utils.own_photo.archive import Archive, archives
from fashret_utils.own_photo.galleries import Gallery
from fashret_utils.own_photo.own_shop import shop as embedded

HOME = Path(__file__).parent


class PhotoField(anywidget.AnyWidget):
    """A field that takes a picture file, dropped or chosen; `photo` holds its bytes.

    They come as a message and are no part of the widget's state, so no notebook saves them.
    """

    _esm = HOME / "drop.js"
    _css = HOME / "drop.css"
    photo = Bytes()

    def __init__(self) -> None:
        super().__init__()
        self.name = "this file"
        self.on_msg(self._take)

    def _take(self, _: object, content: dict, buffers: list) -> None:
        self.name = str(content.get("name") or "this file")
        self.photo = bytes(buffers[0])


def panel(folder: Path | None = None, k: int = 8, shop: str | Path | None = None) -> widgets.VBox:
    """Widgets to choose a model and a photo; the answer appears below them.

    **Arguments**: `folder` - of kept models, by default the build folder's; `k` - ranks shown;
    `shop` - a folder of product pictures of your own, to be searched in place of the book's.

    **Raises** `FileNotFoundError` when no chapter has kept a model yet, or as `own_photo.shop`.
    """
    found = archives(folder)
    found = [each for each in found if each.symmetric or shop is None]
    if not found:
        raise FileNotFoundError("no chapter has kept a model yet: run one, or `make book`")
    model = widgets.Dropdown(
        description="Model",
        options=[(each.name, each) for each in found],
        layout={"width": "max-content"},
    )

    def searched(archive: Archive) -> list[tuple[str, Gallery]]:
        if shop is not None:
            return [("your shop", embedded(shop, archive))]
        each = (archive.gallery(number) for number in range(len(archive.galleries)))
        return [(gallery.name, gallery) for gallery in each]

    place = widgets.Dropdown(description="Search in", options=searched(model.value))
    field, shown = PhotoField(), widgets.HTML()

    def look(_: object) -> None:
        if not field.photo:
            return
        shown.value = "Searching …"
        try:
            found = answer(model.value, field.photo, k, place.value, name=field.name)
        except ValueError as error:
            shown.value = html.escape(str(error))
            return
        first = html.escape(found.captions[0])
        picture = base64.b64encode(found.figure()._repr_png_()).decode()
        shown.value = (
            f'<img style="width:100%" src="data:image/png;base64,{picture}" '
            f'alt="The photo, the region that mattered, and what is found; first: {first}">'
        )

    def choose(_: object) -> None:
        place.options = searched(model.value)  # a new list chooses its first, and that looks

    place.observe(look, names="value")
    model.observe(choose, names="value")
    field.observe(look, names="photo")
    return widgets.VBox([model, place, field, shown])
