"""Call the entries of a bibliography what the list around them expects.

docutils writes `role="doc-biblioentry"` inside `role="list"`. A list has list items: screen readers
that do not know the other role count an empty list.
"""


def setup(app):
    """Sphinx's entry."""
    app.connect("html-page-context", _listed)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _listed(app, pagename, templatename, context, doctree):
    if "body" in context:
        context["body"] = context["body"].replace('role="doc-biblioentry"', 'role="listitem"')
