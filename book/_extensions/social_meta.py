"""Tell those who show a link to a page its title, its description and its picture (Open Graph).

The picture's address is absolute where `html_baseurl` names the site, else relative.
"""

import re
from html import escape, unescape

from docutils import nodes

CARD = "_static/card.png"  # drawn by fashret_utils.emblem
CARD_ALT = "A street photo of a garment, and the shop pictures ranked nearest to it"
CARD_SIZE = (1200, 630)  # pixels
LENGTH = 200  # of a description, in characters


def setup(app):
    """Sphinx's entry."""
    app.connect("html-page-context", _describe)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _describe(app, pagename, templatename, context, doctree):
    if doctree is None:  # the search page and the index describe nothing
        return
    tags = context["metatags"]
    stated = re.search(r'<meta content="([^"]*)" name="description"', tags)
    description = stated[1] if stated else escape(_first_paragraph(doctree))
    home = (app.config.html_baseurl or "").rstrip("/")
    card = f"{home}/{CARD}" if home else context["pathto"](CARD, True)
    properties = {
        "og:type": "article",
        "og:site_name": escape(app.config.html_title),
        "og:title": escape(unescape(re.sub(r"<[^>]*>", "", context["title"]))),
        "og:description": description,
        "og:image": card,
        "og:image:alt": CARD_ALT,
        "og:image:width": CARD_SIZE[0],
        "og:image:height": CARD_SIZE[1],
    }
    if home:
        properties["og:url"] = f"{home}/{pagename}.html"
    if not stated:
        tags += f'\n<meta name="description" content="{description}" />'
    tags += '\n<meta name="twitter:card" content="summary_large_image" />'
    for name, content in properties.items():
        tags += f'\n<meta property="{name}" content="{content}" />'
    context["metatags"] = tags


def _first_paragraph(doctree):
    """The first words of prose on a page, cut after a whole word."""
    text = next((p.astext() for p in doctree.findall(nodes.paragraph)), "")
    text = " ".join(text.split())
    return text if len(text) <= LENGTH else text[:LENGTH].rsplit(" ", 1)[0].rstrip(",;:") + " …"
