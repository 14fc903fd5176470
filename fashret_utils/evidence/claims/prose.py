"""Prose that is held to the records: pinned paragraphs, and numbers inside sentences.

A paragraph that interprets a result names the verdicts that it rests on:

    :::{pinned} DML-C3 negligible, DML-C8 supported on wardrobe-garments

    Two margins buy nothing over one: [+0.2 points](number:DML-C3/wardrobe-garments).

    :::

A number is a link whose text is the number, which a plain notebook shows as it is:

- `number:DML-C3/wardrobe-garments` - what a claim's first deciding comparison there found; further
  parts name another metric and which comparison (from 1): `number:DML-C1/garments/hit@1/2`;
- `number:01_dml/wardrobe-garments/frozen/map` - the mean over seeds of an arm, at the largest
  scale.

The text may hold the value, the two ends of its interval, or all three, with as many decimals as it
likes. Shares are in per cent, their differences in points; `number:-...` turns the sign.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass

import numpy as np

from fashret_utils.evidence.claims.display import Judged, is_share
from fashret_utils.evidence.claims.ledger import ClaimsError
from fashret_utils.evidence.claims.verdicts import Verdict, on_data
from fashret_utils.evidence.records import Record
from fashret_utils.evidence.statistics.classes import CLASSES
from fashret_utils.evidence.tables import best_scale

_PIN = re.compile(r"^\s*(?::{3,}|`{3,})\{pinned\} *(?P<pins>.*)$", re.M)
_LINK = re.compile(r"\[(?P<text>(?:[^\[\]]|\[[^\[\]]*\])*)\]\(number:(?P<what>[^)\s]+)\)")
_NUMBER = re.compile(r"(?P<sign>[+\-\N{MINUS SIGN}]?)(?P<digits>\d+(?:\.(?P<decimals>\d+))?)")
# Blocks and spans of code, which are no prose; a fence with {name} is a directive.
_CODE = re.compile(r"^(`{3,}|~{3,})(?!\{).*?^\1[ \t]*$|`[^`\n]+`", re.M | re.S)
_ONE = re.compile(rf"(?P<id>[\w-]+) (?P<verdict>{'|'.join(CLASSES)})(?: on (?P<data>\S+))?")


@dataclass(frozen=True)
class Evidence:
    """What prose is held to: the verdicts of all ledgers, and the committed records."""

    judged: Judged
    found: Collection[Record]

    def claim(self, name: str) -> Verdict:
        """The verdict of a claim.

        **Raises** `ClaimsError` when there is no such claim.
        """
        for _, verdict in self.judged:
            if verdict.claim.id == name:
                return verdict
        raise ClaimsError(f"there is no claim {name}")


def problems(text: str, evidence: Evidence) -> list[str]:
    """What in a text has gone out of date, one sentence each."""
    text = _CODE.sub("", text)
    found = [_said(_pin_problem, pin, evidence) for pin in _pins(text)]
    found += [_said(_number_problem, link, evidence) for link in _LINK.finditer(text)]
    return [problem for problem in found if problem]


def refreshed(text: str, evidence: Evidence) -> str:
    """The text with its numbers as the records have them; verdicts are for its author to reread.

    **Raises** `ClaimsError` for a number that no record holds.
    """

    def fresh(link: re.Match) -> str:
        values = iter(_values(link, evidence))
        written = _NUMBER.sub(lambda number: _like(number, next(values)), link["text"])
        return f"[{written}](number:{link['what']})"

    parts, end = [], 0
    for code in [*_CODE.finditer(text), None]:
        stop = len(text) if code is None else code.start()
        parts.append(_LINK.sub(fresh, text[end:stop]))
        if code is not None:
            parts.append(code[0])
            end = code.end()
    return "".join(parts)


def _pins(text: str) -> Iterator[str]:
    for opening in _PIN.finditer(text):
        yield from (part.strip() for part in opening["pins"].split(","))


def _pin_problem(pin: str, evidence: Evidence) -> str:
    parts = _ONE.fullmatch(pin)
    if parts is None:
        raise ClaimsError(f"cannot read the pin {pin!r}: expected a claim and its verdict")
    verdict = evidence.claim(parts["id"])
    now = verdict.verdict
    if parts["data"]:
        now = on_data(verdict).get(parts["data"], "not measured")
    return "" if now == parts["verdict"] else f"pinned to {pin}, but the records say {now}"


def _number_problem(link: re.Match, evidence: Evidence) -> str:
    values = _values(link, evidence)
    for number, value in zip(_NUMBER.finditer(link["text"]), values, strict=True):
        if number[0].replace("-", "\N{MINUS SIGN}") != (now := _like(number, value)):
            return f"{link['text']!r} holds {number[0]}, but the records say {now} ({link['what']})"
    return ""


def _values(link: re.Match, evidence: Evidence) -> list[float]:
    """The values that the numbers of a link stand for."""
    written = len(_NUMBER.findall(link["text"]))
    what = link["what"].removeprefix("-")
    head, *rest = what.split("/")
    if re.match(r"\d\d_", head):
        known = [_mean(head, rest, what, evidence)]
    else:
        known = _of_claim(evidence.claim(head), rest, what)
    if what != link["what"]:
        known = [-known[0], *(-value for value in known[:0:-1])]
    chosen = {1: known[:1], 2: known[1:], 3: known}.get(written, [])
    if not written or len(chosen) != written or np.isnan(chosen).any():
        raise ClaimsError(f"{link['text']!r} has {written} numbers, {what} has not as many")
    return chosen


def _of_claim(verdict: Verdict, rest: list[str], what: str) -> list[float]:
    """Value and interval of a claim's comparison, in points where it is of shares."""
    data, metric, place, *more = [*rest, None, None, None][: max(3, len(rest))]
    fits = [
        finding
        for finding in verdict.findings
        if finding.data == data
        and finding.verdict
        and (finding.metric == metric if metric else finding.decides)
    ]
    which = int(place) if place and place.isdigit() else 1
    if more or not 1 <= which <= len(fits):
        raise ClaimsError(f"number:{what} names no comparison that has records")
    finding = fits[which - 1]
    factor = 100 if is_share(finding.metric) else 1
    return [factor * value for value in (finding.value, finding.low, finding.high)]


def _mean(chapter: str, rest: list[str], what: str, evidence: Evidence) -> float:
    """Mean over seeds of an arm's metric at the largest scale, in per cent if it is a share."""
    if len(rest) != 3:
        raise ClaimsError(f"number:{what} must be chapter/data/arm/metric")
    data, arm, metric = rest
    runs = best_scale(
        [r for r in evidence.found if (r.chapter, r.data, r.arm) == (chapter, data, arm)]
    )
    values = [{**run.extra, **run.metrics}.get(metric) for run in runs]
    if not values or not all(isinstance(value, int | float) for value in values):
        raise ClaimsError(f"number:{what} names no runs with that metric")
    return float(np.mean(values)) * (100 if is_share(metric) else 1)


def _like(number: re.Match, value: float) -> str:
    """A value with the decimals of a number; signed if that was, or if it is below zero."""
    text = f"{value:{'+' if number['sign'] else ''}.{len(number['decimals'] or '')}f}"
    return text.replace("-", "\N{MINUS SIGN}")


def _said(check: Callable[..., str], *arguments: object) -> str:
    """A problem in words, also when it is that something cannot be read."""
    try:
        return check(*arguments)
    except ClaimsError as error:
        return str(error)
