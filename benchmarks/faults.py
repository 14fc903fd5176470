"""Faults on purpose: how many were tried, and how many the book's runs survived.

    python benchmarks/faults.py [--quick] [part ...]

Kills runs at random moments (kill -9), fills disks, damages files, starts two runs on one cache,
feeds damaged files to every parser, and writes what happened to results/faults.json, from which the
book makes its table. Parts: kills, files, disks, parsers; all of them if none is named. Takes about
four minutes of processor time; full disks need the right to mount one (root).
"""

import json
import os
import re
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests/faults"))

import campaign  # noqa: E402

from fashret_utils.atomic import replacing  # noqa: E402
from fashret_utils.scale import machine  # noqa: E402

RESULT = ROOT / "results/faults.json"
KILLS = {"data caching": 20, "training": 20, "evaluation": 10, "record writing": 14}
DISKS = {  # sizes in KiB, from nearly nothing to nearly enough
    "data caching": [8, 64, 128, 160],
    "training": [16, 64, 128, 192],
    "evaluation": [4],
    "record writing": [4, 64, 160],
}
PARSERS = (
    "deepfashion_c2s",
    "deepfashion_inshop",
    "street2shop",
    "darn",
    "lookbook",
    "abo_shoes",
    "mvshoe",
    "lookbench",
    "manifest",
    "folder",
    "grocery_store",
    "clothing",
    "fashion_mnist",
    "archives",
)
KINDS = {
    "lookbench": "damaged file",
    "folder": "odd file",
    "fashion_mnist": "damaged file",
    "archives": "damaged archive",
}
NAMED = {  # where there is no line to name
    "lookbook": "catalogued, or named",
    "lookbench": "read, or its file named",
    "folder": "catalogued, or its folder named",
    "fashion_mnist": "read whole, or its file named",
    "archives": "unpacked whole, or refused by name",
}


def kills(home: Path, rng: np.random.Generator, quick: bool) -> list[dict]:
    """Runs killed and gone on with; one cache filled twice at once."""
    rows = []
    for kind, number in KILLS.items():
        outcome, resumed = campaign.killed(kind, 2 if quick else number, home, rng)
        rows.append(row(outcome, f"{resumed} times there was earlier work to go on from"))
    rows.append(row(campaign.two_at_once(2 if quick else 6, home, rng)))
    return rows


def files(home: Path, rng: np.random.Generator, quick: bool) -> list[dict]:
    """A flipped bit, an empty page or a lost end in the cache and in a checkpoint."""
    kinds = ("data caching", "training")
    return [row(campaign.damaged(kind, 3 if quick else 9, home, rng)) for kind in kinds]


def disks(home: Path, rng: np.random.Generator, quick: bool) -> list[dict]:
    """Disks that are too small."""
    rows = []
    for kind, sizes in DISKS.items():
        try:
            rows.append(row(campaign.disk_full(kind, sizes[-1:] if quick else sizes, home)))
        except PermissionError as error:
            print(f"disk full, {kind}: not tried, {error}")
    return rows


def parsers(home: Path, rng: np.random.Generator, quick: bool) -> list[dict]:
    """Damaged lists: read whole, or refused by file and line."""
    profile = [] if quick else ["--hypothesis-profile=fuzz"]
    rows = []
    for name in PARSERS:
        count = Examples()
        path = ROOT / f"tests/datasets/test_{name}.py"
        options = ["-q", "-k", "fuzz", "-p", "no:cacheprovider", "-p", "no:xdist", *profile]
        code = pytest.main([str(path), *options], plugins=[count])
        fault = KINDS.get(name, "damaged list")
        about = {"fault": fault, "where": name.replace("_", "-")}
        expected = NAMED.get(name, "read whole, or file and line named")
        failures = [] if code == 0 and count.passing else [f"pytest ended with {int(code)}"]
        survived = count.passing
        rows.append(about | {"expected": expected, "tried": count.passing + count.failing}
                    | {"survived": survived, "failures": failures, "remark": ""})  # fmt: skip
    return rows


class Examples:
    """Counts the examples that Hypothesis tried, as its statistics state them."""

    def __init__(self) -> None:
        self.passing = self.failing = 0

    def pytest_runtest_teardown(self, item: pytest.Item) -> None:
        """Read the statistics of a test that has just run."""
        text = getattr(item, "hypothesis_statistics", "")
        for passing, failing in re.findall(r"(\d+) passing(?: examples)?, (\d+) failing", text):
            self.passing += int(passing)
            self.failing += int(failing)


def row(outcome: campaign.Outcome, remark: str = "") -> dict:
    """An outcome as the table has it."""
    return {
        "fault": outcome.fault,
        "where": outcome.where,
        "expected": outcome.expected,
        "tried": outcome.tried,
        "survived": outcome.survived,
        "failures": outcome.failures,
        "remark": remark,
    }


def main() -> None:
    """Try the parts and keep the rows of the others."""
    names = [name for name in sys.argv[1:] if not name.startswith("-")]
    parts = {"kills": kills, "files": files, "disks": disks, "parsers": parsers}
    quick, rng = "--quick" in sys.argv, np.random.default_rng(0)
    kept = json.loads(RESULT.read_text())["parts"] if RESULT.is_file() else {}
    # In memory where that is possible: what is tested is the order of writes, not the disk.
    shared = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with campaign.server(), tempfile.TemporaryDirectory(prefix="faults-", dir=shared) as home:
        for name in names or parts:
            began = time.monotonic()
            rows = parts[name](Path(home), rng, quick)
            for found in rows:
                print(f"{found['fault']}, {found['where']}: {found['survived']} of {found['tried']}"
                      f" survived {found['failures'] or ''}", flush=True)  # fmt: skip
            print(f"{name}: {time.monotonic() - began:.0f} s", flush=True)
            if quick:
                continue
            day = datetime.now(UTC).isoformat(timespec="seconds")
            kept[name] = {"time": day, "machine": machine("cpu"), "rows": rows}
            with replacing(RESULT) as temporary:
                temporary.write_text(json.dumps({"parts": kept}, indent=1) + "\n")


if __name__ == "__main__":
    main()
