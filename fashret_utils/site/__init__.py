"""Staging the book: executed chapters, the pages made from records, downloads, citation."""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach(
    __name__,
    submodules=["rooms"],
    submod_attrs={"staging": ["results_table", "stage", "status_table"]},
)
