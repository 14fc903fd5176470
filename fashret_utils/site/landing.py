"""The landing page's figures, taken from executed chapters with their own words."""

import base64
import json
from collections.abc import Iterator, Mapping
from pathlib import Path

# Name on the page -> chapter and figure; the first that was displayed, so real photos come first.
FIGURES = {
    "hero": (
        ("00_street_to_shop", "fig-00-grid-photos"),
        ("00_street_to_shop", "fig-00-grid"),
    ),
    "forest": (("06_reality_check", "fig-06-forest"),),
}


def write(notebooks: Mapping[str, Path], generated: Path) -> None:
    """Write each of `FIGURES` as a picture and a MyST file that shows it.

    **Arguments**: `notebooks` - chapter -> its executed notebook; `generated` - the folder of
    generated pages, `book/_generated`. Where no chapter has displayed a figure, the MyST file says
    that it waits for its records.
    """
    for name, places in FIGURES.items():
        found = next(_displayed(notebooks, places), None)
        page = generated / f"{name}.md"
        if found is None:
            page.write_text("*This figure waits for its records.*\n")
            continue
        chapter, told, png = found
        (generated / f"{name}.png").write_bytes(png)
        options = {"name": f"fig-{name}", "alt": told["image"]["alt"], "width": "100%"}
        lines = [f":{key}: {value}" for key, value in options.items()]
        caption = f"{told['figure']['caption']} From {{doc}}`/notebooks/{chapter}`."
        page.write_text(
            "\n".join([f"```{{figure}} /book/_generated/{name}.png", *lines, "", caption, "```\n"])
        )


def _displayed(
    notebooks: Mapping[str, Path], places: tuple[tuple[str, str], ...]
) -> Iterator[tuple[str, dict, bytes]]:
    """Chapter, what its cell says of the figure, and the PNG, of each figure displayed."""
    for chapter, name in places:
        for cell in json.loads(notebooks[chapter].read_text(encoding="utf-8"))["cells"]:
            told = cell["metadata"].get("mystnb", {})
            if told.get("figure", {}).get("name") != name:
                continue
            for output in cell["outputs"]:
                if png := output.get("data", {}).get("image/png"):
                    yield chapter, told, base64.b64decode(png)
                    break
