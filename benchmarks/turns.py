"""Timing in turn: what is compared runs alternately in one process, so that both meet the same
disturbances. Scripts that measure cases end with `turns.main(__doc__, "name", cases)`.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from pathlib import Path

from fashret_utils.site import speed
from fashret_utils.site.speed import Case

ROUNDS = 5
PEERS = Path(__file__).with_name("peers.py")
ROOT = Path(__file__).resolve().parents[1]


def in_turn(
    contenders: Mapping[str, Callable[[], object]], rounds: int = ROUNDS, warm: int = 1
) -> dict[str, list[float]]:
    """Time each contender once a round, in an order that is reversed every round.

    **Arguments**: `contenders` - one that returns a float has timed itself, as those in another
    process do; `warm` - rounds before those that count.

    **Returns** seconds by name, one a round.
    """
    seconds: dict[str, list[float]] = {name: [] for name in contenders}
    for turn in range(warm + rounds):
        for name in list(contenders)[:: 1 if turn % 2 else -1]:
            start = time.perf_counter()
            own = contenders[name]()
            took = time.perf_counter() - start
            if turn >= warm:
                seconds[name].append(own if isinstance(own, float) else took)
    return seconds


class Peers:
    """Libraries that live in a Python environment of their own, driven in turn with ours.

    **Arguments**: `python` - the interpreter of that environment, or None. It is started when a
    script first asks for `missing`: why there are no peers, "" where there are.
    """

    def __init__(self, python: str | None) -> None:
        self._python, self._process, self._missing = python, None, None
        self.versions: dict[str, str] = {}

    @property
    def missing(self) -> str:
        """Why the peers cannot be measured; "" when `ask` may be used."""
        if self._missing is None:
            self._missing = self._start()
        return self._missing

    def _start(self) -> str:
        if self._python is None:
            return "no --peers environment was given"
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        place = os.environ | {"PYTHONPATH": str(ROOT)}
        try:
            self._process = subprocess.Popen([self._python, str(PEERS)], **pipes, env=place)
        except OSError as error:
            return f"its Python does not start: {error.strerror}"
        hello = self._process.stdout.readline()
        if not hello:
            return "its libraries cannot be imported"
        self.versions = json.loads(hello)
        return ""

    def ask(self, task: str, **arguments: object) -> object:
        """What a task of `peers.py` returns, such as its seconds."""
        self._process.stdin.write(json.dumps([task, arguments]) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"the peers' process ended during {task!r}: see its message above")
        return json.loads(line)

    def close(self) -> None:
        """End the process. Closing its input would not do: worker processes hold a copy of it."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait()


def arguments(doc: str) -> argparse.ArgumentParser:
    """The options that all scripts share."""
    parser = argparse.ArgumentParser(description=doc.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="small inputs: a look, not a record")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--only", default="", help="only cases with this text in their name")
    parser.add_argument(
        "--peers", metavar="PYTHON", help="interpreter with open-metric-learning and torchmetrics"
    )
    parser.add_argument("--out", type=Path, help="folder of the record")
    return parser


def folder_of(options: argparse.Namespace) -> Path:
    """Where the record goes: short passes do not replace full ones."""
    short = ROOT / "_build" / speed.FOLDER
    return options.out or (short if options.quick else ROOT / "results" / speed.FOLDER)


Named = tuple[str, Callable[[str], Case]]


def main(
    doc: str, name: str, cases: Callable[[argparse.Namespace, Peers], Iterable[Named]]
) -> None:
    """Measure the cases of one script, print their table and write their record.

    **Arguments**: `cases` - yields what a case is, and a function that measures it.
    """
    options = arguments(doc).parse_args()
    found: list[Case] = []
    with closing(Peers(options.peers)) as others:
        for what, measure in cases(options, others):
            if options.only in what:
                found.append(measure(what))
                seconds = statistics.median(found[-1].seconds)
                print(f"{what}: {seconds:.4g} s", file=sys.stderr, flush=True)
    if not found:
        print(f"no case has {options.only!r} in its name")
        return
    print(speed.table(found).to_string(index=False))
    folder = folder_of(options)
    if options.only:  # the other cases stay as they are
        found = _merged(folder / f"speed-{name}.json", found)
    print(speed.write(folder, name, found, options.quick, others.versions))


def _merged(path: Path, found: list[Case]) -> list[Case]:
    kept = {case.what: case for case in (speed.read(path).cases if path.is_file() else ())}
    return list((kept | {case.what: case for case in found}).values())
