"""The engine under a visible training loop: one run, many side by side, one step of each."""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach(
    __name__,
    submod_attrs={
        "bench": ["Bench", "Looks", "Search", "search"],
        "folds": ["cross_validated", "record_folds"],
        "history": ["TrainingDiverged"],
        "plan": ["Job", "recorded", "run_jobs", "trials"],
        "run": ["Run"],
        "untrained": ["record_untrained"],
    },
)
