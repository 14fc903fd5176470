"""The engine under a visible training loop: one run, many side by side, one step of each."""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach(
    __name__,
    submodules=["trials"],
    submod_attrs={
        "bench": ["Bench", "Looks", "Search", "search"],
        "folds": ["record_folds"],
        "history": ["TrainingDiverged"],
        "jobs": ["Job", "recorded", "run_jobs"],
        "run": ["Run"],
    },
)
