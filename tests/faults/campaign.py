"""Faults on purpose: runs killed at random moments, full disks, damaged files, two runs at once.

Runs are real: what they do is the package's own caching, training, evaluation and writing, on a
folder of small pictures. `benchmarks/faults.py` tries many faults, the tests a few. A run tells
when its phase begins, such as its training: kills come after that, not while it starts up.
"""

import multiprocessing
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing import forkserver
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np
import runs

CONTEXT = multiprocessing.get_context("forkserver")
PATIENCE = 300  # seconds


@dataclass
class Outcome:
    """How often a fault was tried, and what went wrong."""

    fault: str
    where: str
    expected: str
    tried: int = 0
    failures: list[str] = field(default_factory=list)

    @property
    def survived(self) -> int:
        return self.tried - len(self.failures)


@contextmanager
def server() -> Iterator[None]:
    """The process that has imported everything, of which runs are forked."""
    CONTEXT.set_forkserver_preload(["runs"])
    before = os.environ.get("PYTHONPATH", "")  # the server looks for what it preloads there alone
    os.environ["PYTHONPATH"] = os.pathsep.join([str(Path(__file__).parent), before]).rstrip(":")
    try:
        forkserver.ensure_running()
        yield
    finally:
        os.environ["PYTHONPATH"] = before


@dataclass
class Started:
    """A run in a process of its own, and where it tells at what time its phase begins and ends."""

    process: multiprocessing.Process
    news: Connection

    def told(self) -> float | None:
        """The next time that it tells, as of `time.monotonic`; None if it ends without."""
        try:
            return self.news.recv() if self.news.poll(PATIENCE) else None
        except EOFError:
            return None


def start(work: Callable[[str], object], folder: Path) -> Started:
    """Start a run."""
    news, tell = CONTEXT.Pipe(duplex=False)
    process = CONTEXT.Process(target=runs.alone, args=(work, str(folder), tell))
    process.start()
    tell.close()  # the run has its own end
    return Started(process, news)


def finish(work: Callable[[str], object], folder: Path) -> tuple[float, str]:
    """Let a run go on to its end: the seconds that its phase took, and its error or an empty text.

    A run that does not come to the end of its phase has 0 seconds.
    """
    (folder / "error.txt").unlink(missing_ok=True)
    run = start(work, folder)
    run.process.join(PATIENCE)
    if run.process.exitcode is None:
        run.process.kill()
        return PATIENCE, "it hangs"
    begin, end = run.told(), run.told()
    error = folder / "error.txt"
    text = error.read_text() if error.is_file() else ""
    seconds = 0.0 if end is None else end - begin
    return seconds, text or ("" if run.process.exitcode == 0 else "it died")


def kill(run: Started, after: float) -> bool:
    """Kill -9 a run some seconds after its phase has begun; whether it was still running."""
    begin = run.told()
    if begin is not None:
        run.process.join(max(0.0, begin + after - time.monotonic()))
    run.process.kill()
    run.process.join()
    return run.process.exitcode == -9


def killed(
    kind: str, kills: int, home: Path, rng: np.random.Generator, most: int = 4
) -> tuple[Outcome, int]:
    """Kill a run at random moments, go on with it, and compare it with one that nobody disturbed.

    **Returns** the outcome, and how many of the next starts found earlier work to go on from.
    """
    work, inspect, result = runs.KINDS[kind]
    outcome = Outcome("kill -9", kind, "goes on or begins anew; the same result to the last bit")
    whole = home / f"{kind}-undisturbed"
    runs.prepare(whole)
    finish(work, whole)  # warms up what the processes share
    shutil.rmtree(whole)
    runs.prepare(whole)
    seconds, error = finish(work, whole)
    assert not error, error
    assert seconds > 0, "it told of no phase"
    wanted, resumed = result(whole), 0
    while outcome.tried < kills:
        folder = home / f"{kind}-{outcome.tried}"
        runs.prepare(folder)
        for _ in range(min(most, kills - outcome.tried)):
            if not kill(start(work, folder), rng.uniform(0.0, seconds)):
                break  # it was faster
            outcome.tried += 1
            try:
                resumed += inspect(folder, whole) > 0
            except Exception as error:
                outcome.failures.append(f"after a kill: {type(error).__name__}: {error}")
        _, error = finish(work, folder)
        if error or result(folder) != wanted:
            outcome.failures.append(f"in the end: {error or 'another result'}")
        shutil.rmtree(folder)
    return outcome, resumed


def two_at_once(rounds: int, home: Path, rng: np.random.Generator) -> Outcome:
    """Two runs fill one cache; one of them is killed in every second round."""
    work, inspect, result = runs.KINDS["data caching"]
    outcome = Outcome("two runs at once", "data caching", "both have the right pictures")
    whole = home / "two-undisturbed"
    runs.prepare(whole)
    seconds, _ = finish(work, whole)
    for number in range(rounds):
        folder = home / f"two-{number}"
        runs.prepare(folder)
        pair = [start(work, folder) for _ in range(2)]
        if number % 2:
            kill(pair[0], rng.uniform(0.0, seconds))
        for run in pair:
            run.process.join(PATIENCE)
        outcome.tried += 1
        done = pair[1].process.exitcode == 0 and result(folder) == result(whole)
        inspect(folder, whole)  # the last of two that make a store at once keeps its own on disk
        runs.forget_result(folder)
        _, error = finish(work, folder)
        if not done or error or result(folder) != result(whole) or inspect(folder, whole) != 1:
            outcome.failures.append(error or "one of the two has other pictures")
    return outcome


def damaged(kind: str, times: int, home: Path, rng: np.random.Generator) -> Outcome:
    """Damage what a run left on disk, and run again: it must notice and make it anew."""
    work, inspect, result = runs.KINDS[kind]
    outcome = Outcome("damaged file", kind, "found by its checksum, made anew, the same result")
    folder, kept = home / f"damaged-{kind}", home / f"kept-{kind}"
    runs.prepare(folder)
    finish(work, folder)
    wanted, place = result(folder), runs.PLACES[kind]
    shutil.copytree(folder / place, kept)
    for number in range(times):
        shutil.rmtree(folder / place)
        shutil.copytree(kept, folder / place)
        runs.forget_result(folder)
        target = runs.newest(folder, kind)
        content = bytearray(target.read_bytes())
        at = int(rng.integers(len(content)))
        match number % 3:
            case 0:
                content[at] ^= 1 << int(rng.integers(8))
            case 1:
                content[at : at + 4096] = bytes(len(content[at : at + 4096]))
            case 2:
                del content[at:]
        target.write_bytes(content)
        _, error = finish(work, folder)
        outcome.tried += 1
        if error or result(folder) != wanted or inspect(folder, folder) != 1:
            outcome.failures.append(error or f"damage at byte {at} went unnoticed")
    return outcome


@contextmanager
def small_disk(place: Path, kibibytes: int) -> Iterator[Path]:
    """A disk of this size at `place`; needs the right to mount one.

    **Raises** `PermissionError` where that is not allowed.
    """
    place.mkdir(parents=True, exist_ok=True)
    command = ["mount", "-t", "tmpfs", "-o", f"size={kibibytes}k", "tmpfs", str(place)]
    try:
        done = subprocess.run(command, capture_output=True, text=True)
    except FileNotFoundError as error:
        raise PermissionError("there is no command mount") from error
    if done.returncode:
        raise PermissionError(f"this user may not mount a disk: {done.stderr.strip()}")
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


def disk_full(kind: str, sizes: list[int], home: Path) -> Outcome:
    """A run whose disk is too small, then the same run on a disk that is large enough.

    It may end with a clear error or do without the disk; what lies there must be whole.
    """
    work, inspect, result = runs.KINDS[kind]
    expected = "does without the disk or stops with a clear error; nothing torn; goes on with room"
    outcome = Outcome("disk full", kind, expected)
    whole = home / f"roomy-{kind}"
    runs.prepare(whole)
    finish(work, whole)
    for size in sizes:
        folder = home / f"small-{kind}-{size}"
        runs.prepare(folder)
        with small_disk(folder / runs.PLACES[kind], size) as disk:
            _, error = finish(work, folder)
            if not error and kind != "data caching":
                continue  # there was room enough, so this was no fault
            outcome.tried += 1
            if error and not runs.CLEAR.search(error):
                outcome.failures.append(f"{size} KiB: unclear: {error}")
                continue
            if not error and result(folder) != result(whole):
                outcome.failures.append(f"{size} KiB: another result")
                continue
            try:
                inspect(folder, whole)
            except Exception as torn:
                outcome.failures.append(f"{size} KiB: left behind {type(torn).__name__}: {torn}")
                continue
            subprocess.run(["mount", "-o", "remount,size=64m", str(disk)], check=True)
            _, error = finish(work, folder)
            if error or result(folder) != result(whole):
                outcome.failures.append(f"{size} KiB: with room again: {error or 'another result'}")
    return outcome
