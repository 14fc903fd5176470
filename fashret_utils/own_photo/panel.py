"""The panel for JupyterLab: drop a picture, choose a model, see what it finds."""

import base64
import html
from pathlib import Path

import ipywidgets as widgets

from fashret_utils.own_photo.answers import answer
from fashret_utils.own_photo.archive import archives


def panel(folder: Path | None = None, k: int = 8) -> widgets.VBox:
    """Widgets to choose a model and a photo; the answer appears below them.

    **Arguments**: `folder` - of kept models, by default the build folder's; `k` - ranks shown.

    **Raises** `FileNotFoundError` when no chapter has kept a model yet.
    """
    found = archives(folder)
    if not found:
        raise FileNotFoundError(
            "no chapter has kept a model yet: run 00_street_to_shop, or `make book`"
        )
    wide = {"layout": {"width": "max-content"}}
    model = widgets.Dropdown(
        description="Model", options=[(each.name, each) for each in found], **wide
    )
    upload = widgets.FileUpload(description="Photo", accept="image/*", multiple=False)
    shown = widgets.HTML()

    def look(_: object) -> None:
        if not upload.value:
            return
        try:
            found = answer(model.value, bytes(upload.value[0]["content"]), k)
        except ValueError as error:
            shown.value = html.escape(str(error))
            return
        first = html.escape(model.value.gallery[found.rows[0]])
        picture = base64.b64encode(found.figure()._repr_png_()).decode()
        shown.value = (
            f'<img style="width:100%" src="data:image/png;base64,{picture}" '
            f'alt="The photo, the region that mattered, and what is found; first: {first}">'
        )

    model.observe(look, names="value")
    upload.observe(look, names="value")
    return widgets.VBox([model, upload, shown])
