"""The table of faults that were tried on purpose, from what `benchmarks/faults.py` wrote."""

import json
from pathlib import Path

import pandas as pd

FILE = "faults.json"


def table(results: Path) -> pd.DataFrame:
    """Fault, where, what is expected, how many were tried and survived, and what else was seen."""
    rows = [
        {
            "fault": row["fault"],
            "where": row["where"],
            "expected": row["expected"],
            "tried": f"{row['tried']:,}",
            "survived": f"{row['survived']:,}",
            "remark": "; ".join([row["remark"], *row["failures"][:1]]).strip("; "),
        }
        for part in _parts(results).values()
        for row in part["rows"]
    ]
    return pd.DataFrame(rows)


def origin(results: Path) -> str:
    """When and where the faults were tried."""
    parts = _parts(results).values()
    days = sorted({part["time"][:10] for part in parts})
    machines = sorted({f"{m['device']}, {m['cores']} cores" for m in (p["machine"] for p in parts)})
    return f"{' to '.join(dict.fromkeys([days[0], days[-1]]))}, {'; '.join(machines)}"


def markdown(results: Path) -> str:
    """The table as a pipe table, with where it comes from; a sentence where there is none."""
    if not (results / FILE).is_file():
        return "No faults were tried for this copy: `python benchmarks/faults.py` does it.\n"
    found = table(results)
    lines = [list(found.columns), [":--", ":--", ":--", "--:", "--:", ":--"]]
    lines += [[cell.replace("|", "\\|") for cell in row] for row in found.to_numpy().tolist()]
    rows = "".join(f"| {' | '.join(line)} |\n" for line in lines)
    return f"{rows}\nTried by `benchmarks/faults.py`: {origin(results)}.\n"


def _parts(results: Path) -> dict[str, dict]:
    return json.loads((results / FILE).read_text(encoding="utf-8"))["parts"]
