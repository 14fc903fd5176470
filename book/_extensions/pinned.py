"""Paragraphs that name the verdicts they rest on, and numbers that come from records.

`fashret_utils.site.claims.prose` has compared both with the records before this runs; here they get
their looks: the verdicts under the paragraph, each a link to its claim, and a link behind a number.
"""

import re

from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.util.docutils import SphinxDirective

PIN = re.compile(r"(?P<id>[\w-]+) (?P<verdict>.+?)(?: on (?P<data>\S+))?")
SCHEME = "number:"


def setup(app):
    """Sphinx's entry."""
    app.add_directive("pinned", Pinned)
    app.connect("doctree-read", _link_numbers)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


class Pinned(SphinxDirective):
    """`:::{pinned} DML-C3 negligible, DML-C8 supported on wardrobe-garments`, then the text."""

    has_content = True
    required_arguments = 1
    final_argument_whitespace = True

    def run(self):
        """The text, and in small print what it rests on."""
        whole = nodes.container(classes=["pinned"])
        self.state.nested_parse(self.content, self.content_offset, whole)
        line = nodes.paragraph(classes=["rests-on"])
        line += nodes.Text("Rests on ")
        for place, pin in enumerate(self.arguments[0].split(",")):
            found = PIN.fullmatch(" ".join(pin.split()))
            if found is None:
                raise self.error(f"cannot read the pin {pin!r}: expected a claim and its verdict")
            line += nodes.Text(", " if place else "")
            line += _to_claim(found["id"], found["id"], self.env.docname)
            slug = found["verdict"].replace(" ", "-")
            line += nodes.Text(" ")
            line += nodes.inline("", found["verdict"], classes=["chip", slug])
            if found["data"]:
                line += nodes.Text(f" on {found['data']}")
        whole += line
        return [whole]


def _link_numbers(app, doctree):
    """Turn `number:` links into links to their claim; numbers of an arm stand as they are."""
    for link in list(doctree.findall(nodes.reference)):
        address = link.get("refuri", "")
        if not address.startswith(SCHEME):
            continue
        head = address.removeprefix(SCHEME).removeprefix("-").split("/")[0]
        text = link.astext()
        if re.match(r"\d\d_", head):
            shown = nodes.inline("", text, classes=["from-record"])
        else:
            shown = _to_claim(head, text, app.env.docname)
        link.replace_self(shown)


def _to_claim(claim, text, docname):
    about = {"refdomain": "std", "reftype": "ref", "refexplicit": True, "refwarn": True}
    link = pending_xref("", refdoc=docname, reftarget=claim.lower(), **about)
    link += nodes.inline("", text, classes=["xref", "std", "std-ref"])
    return link
