"""A notebook as a program: its definitions as a module, its run by papermill, its script."""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach(
    __name__,
    submodules=["parameters", "script"],
    submod_attrs={
        "notebook": [
            "Cell",
            "ChapterError",
            "Execution",
            "book_root",
            "code_cells",
            "defaults",
            "definitions",
            "execute",
            "names",
            "path_of",
            "prepare",
            "title",
        ],
    },
)
