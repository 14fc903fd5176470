"""How to cite the book: BibTeX made from CITATION.cff."""

from pathlib import Path

import yaml


def bibtex(root: Path) -> str:
    """Markdown: a block of BibTeX with title, authors, year and version of the book.

    The year is the copyright's in `_config.yml`; the address is there if `_config.yml` names one.

    **Arguments**: `root` - the folder that holds both files.
    """
    about = yaml.safe_load((root / "CITATION.cff").read_text(encoding="utf-8"))
    settings = yaml.safe_load((root / "_config.yml").read_text(encoding="utf-8"))
    address = settings["html"].get("baseurl") or settings["repository"]["url"]
    fields = {
        "title": f"{{{about['title']}}}",
        "author": " and ".join(f"{{{author['name']}}}" for author in about["authors"]),
        "year": settings["copyright"],
        "note": f"Version {about['version']}",
        **({"url": address} if address else {}),
    }
    lines = [f"  {name} = {{{value}}}," for name, value in fields.items()]
    return "\n".join(["```bibtex", "@misc{fashionretrievalreproduced,", *lines, "}", "```\n"])
