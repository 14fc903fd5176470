"""The same run again: does a seed give the same numbers, with as many threads and with others?

    python benchmarks/repeat.py --out _build/repeat

Executes a chapter several times, each time in an interpreter of its own, from the first picture on
(its cache is empty), and compares all metrics and losses. Writes `benchmarks/repeat.json` among the
results for the book's page. Runs that are found in `--out` are not executed again.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from fashret_utils.atomic import replacing
from fashret_utils.chapters import book_root
from fashret_utils.evidence import records
from fashret_utils.scale import machine
from fashret_utils.site import repeatability

SPEED = {"images_per_second"}  # of a learning curve: no two runs are equally fast


def execute(chapter: str, scale: str, seed: int, threads: int, out: Path) -> None:
    """Execute a chapter with so many threads and an empty cache; its records go to `out`."""
    command = [sys.executable, "-m", "fashret_utils", "run", chapter, "--scale", scale]
    command += ["--seed", str(seed), "--out", out, "--results", out / "results"]
    with tempfile.TemporaryDirectory() as cache:
        place = os.environ | {"FASHRET_CACHE": cache}
        place |= dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS"), str(threads))
        subprocess.run(command, env=place, check=True)


def measured(results: Path) -> dict[str, dict]:
    """Metrics and learning curve of each data set's arms, by `data/arm`."""
    return {
        f"{record.data}/{record.arm}": {
            "metrics": record.metrics,
            "curve": {name: c for name, c in record.curve.items() if name not in SPEED},
        }
        for record in records.load(results)
    }


def main() -> None:
    """Parse the command line, run, write."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--chapter", default="01_dml")
    parser.add_argument("--scale", default="quick")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, nargs="+", default=[2, 1, 2], help="of each run")
    parser.add_argument("--out", type=Path, required=True, help="folder for the executed chapters")
    parser.add_argument("--results", type=Path, default=book_root() / "results")
    options = parser.parse_args()
    about = {name: getattr(options, name) for name in ("chapter", "scale", "seed")}
    runs = []
    for number, threads in enumerate(options.threads, start=1):
        out = options.out.resolve() / f"{number}-threads{threads}"
        if not (out / f"{options.chapter}.ipynb").is_file():
            execute(**about, threads=threads, out=out)
        runs.append({"threads": threads, "arms": measured(out / "results")})
    about |= {"time": datetime.now(UTC).isoformat(timespec="seconds"), "machine": machine()}
    with replacing(options.results / repeatability.FILE) as path:
        path.write_text(json.dumps(about | {"runs": runs}, indent=1) + "\n", encoding="utf-8")
    print(repeatability.markdown(options.results))


if __name__ == "__main__":
    main()
