"""Keep each script of a page once.

Sphinx knows a script without a file under two names, once as an extension added it and once as it
was registered, and so writes it twice. A constant that is declared twice, as sphinx-thebe's are, is
an error in the browser.
"""


def setup(app):
    """Sphinx's entry: work first, since an event that a theme answers goes no further."""
    app.connect("html-page-context", _once, priority=1)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _once(app, pagename, templatename, context, doctree):
    kept = {}
    for script in context["script_files"]:
        kept.setdefault((script.filename or "", *sorted(script.attributes.items())), script)
    context["script_files"][:] = kept.values()
