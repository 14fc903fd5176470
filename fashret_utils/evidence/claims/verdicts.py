"""From records to verdicts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path

import numpy as np
from scipy.special import fdtri, stdtrit

from fashret_utils import chapters
from fashret_utils.evidence import records
from fashret_utils.evidence.claims.ledger import EXPECTATIONS, Claim, ClaimsError, Ledger, load
from fashret_utils.evidence.records import Record
from fashret_utils.evidence.staleness import staleness
from fashret_utils.scale import SCALES

SUPPORTED, CONTRADICTED = "supported", "contradicted"
INCONCLUSIVE, UNTESTABLE = "inconclusive", "not testable here"
MIN_SEEDS = 3


@dataclass(frozen=True)
class Finding:
    """What the records of one comparison on one data set say; `verdict` is None without records."""

    text: str
    data: str
    metric: str
    decides: bool
    verdict: str | None
    seeds: int = 0
    scale: str = ""
    stale: bool = False
    value: float = np.nan
    low: float = np.nan
    high: float = np.nan


@dataclass(frozen=True)
class Verdict:
    """A claim and what became of it; `why` says it in words."""

    claim: Claim
    verdict: str
    why: str
    findings: tuple[Finding, ...] = field(default=())


def judge(
    claim: Claim, runs: Collection[Record], is_stale: Callable[[Record], bool] | None = None
) -> Verdict:
    """Compute the verdict of one claim.

    Each comparison uses the largest scale at which all its arms share at least three seeds. With
    95 % intervals over seeds it is supported when the whole interval is where the claim expects it,
    contradicted when the whole interval is elsewhere. The claim is supported when every deciding
    comparison is, and contradicted when at least one is contradicted and none supported.

    **Arguments**: `runs` - records of the ledger's chapter; `is_stale` - whether a record was made
    by other code than today's: findings from such records are marked.
    """
    if claim.untestable:
        return Verdict(claim, UNTESTABLE, claim.untestable)
    findings = [
        _finding(entry, data, metric, runs, is_stale, decides=position == 0)
        for entry in claim.evidence
        for data in _list(entry["data"])
        for position, metric in enumerate(_list(entry.get("metric", entry.get("value"))))
    ]
    verdict, why = _together(findings)
    return Verdict(claim, verdict, why, tuple(findings))


def on_data(verdict: Verdict, name: Callable[[str], str] = str) -> dict[str, str]:
    """What each data set says of a claim by itself, by the rule of `judge`.

    **Arguments**: `name` - data sets to which it gives the same name are read together.

    **Returns** data set -> verdict, for those with records.
    """
    names = dict.fromkeys(name(finding.data) for finding in verdict.findings if finding.verdict)
    by_name = {
        each: [finding for finding in verdict.findings if name(finding.data) == each]
        for each in names
    }
    return {
        each: _together(findings)[0]
        for each, findings in by_name.items()
        if any(finding.decides and finding.verdict for finding in findings)
    }


def _together(findings: Sequence[Finding]) -> tuple[str, str]:
    """The verdict of several comparisons, and the reason in words."""
    deciding = [finding for finding in findings if finding.decides]
    known = [finding.verdict for finding in deciding if finding.verdict]
    counts = {name: known.count(name) for name in (SUPPORTED, CONTRADICTED, INCONCLUSIVE)}
    if not known:
        return INCONCLUSIVE, "no run is recorded yet"
    verdict = INCONCLUSIVE
    if counts[SUPPORTED] == len(known):
        verdict = SUPPORTED
    elif counts[CONTRADICTED] and not counts[SUPPORTED]:
        verdict = CONTRADICTED
    why = ", ".join(f"{count} {name}" for name, count in counts.items() if count)
    absent = len(deciding) - len(known)
    why += f" of {len(known)} comparisons" + (f"; {absent} without records" if absent else "")
    return verdict, why


def verdicts(
    paper: str | None = None,
    results: str | Path | None = None,
    folder: str | Path | None = None,
) -> list[tuple[Ledger, Verdict]]:
    """Judge every claim of one paper, or of all.

    **Arguments**: `results` - folder of records, by default the book's `results`; `folder` - of
    ledgers.

    **Raises** `ClaimsError`, also when no ledger is called `paper`.
    """
    ledgers = load(folder)
    if paper is not None and paper not in (known := [ledger.paper for ledger in ledgers]):
        raise ClaimsError(f"no ledger of {paper!r}: there are {', '.join(known) or 'none'}")
    results = chapters.book_root() / "results" if results is None else results
    judged = []
    for ledger in ledgers:
        if paper in (None, ledger.paper):
            runs = records.load(results, chapter=ledger.chapter)
            stale = staleness()
            judged += [(ledger, judge(claim, runs, stale)) for claim in ledger.claims]
    return judged


def _finding(
    entry: dict,
    data: str,
    metric: str,
    runs: Collection[Record],
    is_stale: Callable[[Record], bool] | None,
    decides: bool,
) -> Finding:
    here = [run for run in runs if run.data == data]
    if "difference" in entry:
        arms, text = entry["difference"], " - ".join(entry["difference"])
    elif "spread" in entry:
        arms = sorted({run.arm for run in here if fnmatchcase(run.arm, entry["spread"])})
        text = f"spread of {len(arms)} arms {entry['spread']}"
    else:
        arms, text = [entry["arm"]], entry["arm"]
    scale, table, used = _seeds(here, arms, metric)
    common = {"text": text, "data": data, "metric": metric, "decides": decides}
    if len(table) == 0 or ("spread" in entry and len(arms) < 2):
        return Finding(**common, verdict=None)
    stale = is_stale is not None and any(is_stale(run) for run in used)
    common |= {"seeds": len(table), "scale": scale, "stale": stale}
    if "value" in entry:
        worst = float(table.max())
        verdict = SUPPORTED if worst < entry["below"] else CONTRADICTED
        return Finding(**common, verdict=verdict, value=worst, low=float(table.min()), high=worst)
    if len(table) < MIN_SEEDS:
        value = float((table[:, 0] - table[:, -1]).mean())
        return Finding(**common, verdict=INCONCLUSIVE, value=value)
    if "spread" in entry:
        means = table.mean(axis=0)
        verdict = SUPPORTED if _arms_differ(table) else INCONCLUSIVE
        spread = float(np.ptp(means))
        return Finding(**common, verdict=verdict, value=spread, low=means.min(), high=means.max())
    difference = table[:, 0] - table[:, 1]  # (seeds,)
    half = _half_width(difference)
    value, low, high = (float(difference.mean() + side * half) for side in (0, -1, 1))
    verdict = _placed(low, high, entry.get("expect", EXPECTATIONS[0]), entry.get("tolerance", 0))
    return Finding(**common, verdict=verdict, value=value, low=low, high=high)


def _half_width(values: np.ndarray) -> float:
    """Of Student's 95 % interval of the mean; stdtrit is the quantile of the t distribution."""
    return stdtrit(len(values) - 1, 0.975) * values.std(ddof=1) / np.sqrt(len(values))


def _placed(low: float, high: float, expect: str, tolerance: float) -> str:
    """Where an interval lies, seen from what was expected."""
    if expect == "zero":
        if -tolerance <= low and high <= tolerance:
            return SUPPORTED
        return CONTRADICTED if low > tolerance or high < -tolerance else INCONCLUSIVE
    if low <= 0 <= high:
        return INCONCLUSIVE
    return SUPPORTED if (low > 0) == (expect == "above zero") else CONTRADICTED


def _arms_differ(table: np.ndarray) -> bool:
    """F test, at 5 %, that the arms (columns) differ, the seeds (rows) being blocks."""
    seeds, arms = table.shape
    by_arm, by_seed = table.mean(axis=0), table.mean(axis=1, keepdims=True)
    rest = table - by_arm - by_seed + table.mean()
    freedom = (arms - 1, (arms - 1) * (seeds - 1))
    between = seeds * ((by_arm - table.mean()) ** 2).sum() / freedom[0]
    within = (rest**2).sum() / freedom[1]
    return bool(between > fdtri(*freedom, 0.95) * within)


def _seeds(
    runs: Collection[Record], arms: Sequence[str], metric: str
) -> tuple[str, np.ndarray, list[Record]]:
    """Values (seeds, arms) at the largest scale with enough common seeds, else with any."""
    by_scale: dict[str, dict[int, dict[str, Record]]] = defaultdict(lambda: defaultdict(dict))
    for run in runs:
        if run.arm in arms and metric in {**run.extra, **run.metrics}:
            by_scale[run.scale][run.seed][run.arm] = run
    found = []
    for scale in reversed(SCALES):
        complete = [row for row in by_scale[scale].values() if len(row) == len(arms)]
        if complete:
            found.append((len(complete) >= MIN_SEEDS, scale, complete))
    if not found:
        return "", np.empty((0, len(arms))), []
    _, scale, complete = next((f for f in found if f[0]), found[0])
    values = [[{**row[a].extra, **row[a].metrics}[metric] for a in arms] for row in complete]
    return scale, np.array(values, dtype=float), [run for row in complete for run in row.values()]


def _list(value: object) -> list:
    return value if isinstance(value, list) else [value]
