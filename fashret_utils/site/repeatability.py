"""The same run again: what `benchmarks/repeat.py` measured, as a table for the protocol's page."""

import json
from pathlib import Path

FILE = "benchmarks/repeat.json"
METRIC = "hit@1"


def markdown(results: Path) -> str:
    """A metric of each arm in each run, and which runs are equal in everything that was recorded.

    A sentence where nothing was measured.
    """
    if not (results / FILE).is_file():
        return "Not measured for this copy: `python benchmarks/repeat.py` does it.\n"
    found = json.loads((results / FILE).read_text(encoding="utf-8"))
    runs = found["runs"]
    heads = [f"run {i}: {_threads(run)}" for i, run in enumerate(runs, start=1)]
    lines = [["data", f"{METRIC}, %", *heads], [":--", ":--", *["--:"] * len(runs)]]
    for name in sorted(runs[0]["arms"]):
        values = (100 * run["arms"][name]["metrics"][METRIC] for run in runs)
        lines.append([*name.split("/"), *(f"{value:.1f}" for value in values)])
    table = "".join(f"| {' | '.join(line)} |\n" for line in lines)
    where = found["machine"]
    return (
        f"{table}\n{_equal(runs)} Chapter `{found['chapter']}`, scale {found['scale']}, seed "
        f"{found['seed']}; `benchmarks/repeat.py`, {found['time'][:10]}, {where['device']}, "
        f"{where['cores']} cores.\n"
    )


def _threads(run: dict) -> str:
    return f"{run['threads']}\N{NO-BREAK SPACE}thread{'s' if run['threads'] > 1 else ''}"


def _equal(runs: list[dict]) -> str:
    """In words which runs have the same metrics and losses, to the last digit."""
    groups: list[list[int]] = []
    for i, run in enumerate(runs):
        same = (group for group in groups if runs[group[0]]["arms"] == run["arms"])
        if group := next(same, None):
            group.append(i)
        else:
            groups.append([i])
    equal = [group for group in groups if len(group) > 1]
    if not equal:
        return "No two runs have all metrics and losses in common."
    names = ["Runs " + " and ".join(str(i + 1) for i in group) for group in equal]
    return f"{'; '.join(names)} are equal in every metric and every recorded loss."
