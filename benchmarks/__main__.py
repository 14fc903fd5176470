"""All measurements of speed, one after the other, and their one table.

    python benchmarks [--quick] [--peers PYTHON]

Each script runs in a process of its own and leaves a record; those of a short pass go to
`_build/benchmarks`. `python -m fashret_utils site` makes the book's page from the others.
"""

import subprocess
import sys
from pathlib import Path

import pandas as pd
import turns

from fashret_utils.site import speed


def main() -> int:
    """Run them all; 1 if one failed."""
    options = turns.arguments(__doc__).parse_args()
    failed = []
    for name in speed.PARTS:
        if name == "jobs" and options.quick:  # half an hour, however short the others are
            continue
        print(f"== benchmarks/{name}.py", file=sys.stderr, flush=True)
        command = [sys.executable, Path(__file__).with_name(f"{name}.py"), *sys.argv[1:]]
        if subprocess.run(command, stdout=subprocess.DEVNULL, check=False).returncode:
            failed.append(name)
    found = speed.load(turns.folder_of(options))
    table = speed.table([case for record in found for case in record.cases])
    with pd.option_context("display.max_colwidth", None):
        print(table.to_string(index=False))
    print(f"\nRecords: {turns.folder_of(options)}")
    if failed:
        print(f"failed: {', '.join(failed)}; the table has what was recorded before")
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main())
