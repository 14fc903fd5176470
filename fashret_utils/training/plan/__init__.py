"""Which runs there are to do, and doing them: jobs, trials, a campaign, one step of each."""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach(
    __name__,
    submodules=["rounds", "trials"],
    submod_attrs={"jobs": ["Job", "recorded", "run_jobs"]},
)
