"""Whole jobs: a fresh clone of the last commit, from nothing to tests and to the built book.

    python benchmarks/jobs.py

Each job runs once, in the order of continuous integration; the later ones find what the earlier
ones left, as they do there. The cache of pictures is empty at first. Setting up downloads all
dependencies, unless the machine has them.
"""

import os
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import turns

from fashret_utils.site.speed import Case

# What `make` is asked for: what that is, and the most seconds it may take.
JOBS = {
    ".venv/.ready": ("Set up the environment", None),
    "test": ("make test", 600),
    "book": ("make book", 1500),
    "browser-test": ("make browser-test", None),
}


def cases(options, _):
    """Each job in the same clone."""
    with tempfile.TemporaryDirectory() as folder:
        clone = Path(folder, "book")
        subprocess.run(["git", "clone", "-q", turns.ROOT, clone], check=True)
        for goal, (what, most) in JOBS.items():
            yield what, timed(goal, clone, most)


def timed(goal: str, clone: Path, most: float | None) -> Callable[[str], Case]:
    """A measurement of one job. **Raises** `CalledProcessError` where it fails."""

    def measure(what: str) -> Case:
        start = time.perf_counter()
        place = os.environ | {"FASHRET_CACHE": f"{clone.parent}/cache"}
        subprocess.run(["make", goal], cwd=clone, env=place, check=True)
        return Case(what, [time.perf_counter() - start], target=most)

    return measure


if __name__ == "__main__":
    turns.main(__doc__, "jobs", cases)
