"""Show a term's definition where it is used, on hover and on keyboard focus.

A link made by the role `term` carries the definition of the glossary as its title; the theme's own
tooltips (Bootstrap's, part of the theme) show it. Without scripts the browser shows the title.
"""

from docutils import nodes


class defined_term(nodes.reference):  # docutils names nodes in lower case
    """A link to the glossary that shows what it leads to."""


def setup(app):
    """Sphinx's entry."""
    app.add_node(defined_term, html=(_open, _close), override=True)
    app.add_js_file("tooltips.js")
    app.connect("doctree-resolved", _add_definitions)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _add_definitions(app, doctree, docname):
    """Give each link to a term its definition."""
    if app.builder.format != "html":
        return
    known = None
    for link in list(doctree.findall(nodes.reference)):
        target = link.get("refid") or link.get("refuri", "").partition("#")[2]
        if not link.get("internal") or not target.startswith("term-"):
            continue
        known = _definitions(app) if known is None else known
        if target in known:
            shown = defined_term("", "", *link.children, **link.attributes)
            shown["definition"] = known[target]
            link.replace_self(shown)


def _definitions(app):
    """Anchor of each term -> its definition as plain text, from all glossaries of the book."""
    found = getattr(app, "_definitions", None)
    if found is not None:
        return found
    app._definitions = found = {}  # before a glossary is resolved, which leads back here
    objects = app.env.get_domain("std").get_objects()
    for page in sorted({page for _, _, kind, page, _, _ in objects if kind == "term"}):
        glossary = app.env.get_and_resolve_doctree(page, app.builder)
        for item in glossary.findall(nodes.definition_list_item):
            text = " ".join(part.astext() for part in item.findall(nodes.definition))
            text = " ".join(text.split())
            found |= {name: text for term in item.findall(nodes.term) for name in term["ids"]}
    return found


def _open(self, node):
    address = node.get("refuri") or f"#{node['refid']}"
    about = {"data-bs-toggle": "tooltip", "title": node["definition"], "href": address}
    about["data-bs-container"] = "body"  # within the paragraph it could leave a phone's screen
    self.body.append(self.starttag(node, "a", "", CLASS="reference internal term", **about))


def _close(self, node):
    self.body.append("</a>")
