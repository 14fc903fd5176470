"""What runs measured, by which code, and what follows: tables, and verdicts on claims."""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach(
    __name__,
    submodules=[
        *("claims", "classification", "per_query", "provenance", "query_files", "records"),
        *("staleness", "statistics", "tables"),
    ],
)
