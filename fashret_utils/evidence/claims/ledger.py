"""Reading ledgers: `book/claims/<paper>.yml`, checked key by key."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import yaml

from fashret_utils import chapters

EXPECTATIONS = ("above zero", "below zero", "zero")

_LEDGER_KEYS = {"paper", "citation", "chapter", "label", "available", "settled_by", "claims"}
_CLAIM_KEYS = {"id", "where", "statement", "reported"}
_KINDS = {
    "difference": {"difference", "metric", "data", "expect", "tolerance"},
    "spread": {"spread", "metric", "data"},
    "value": {"value", "arm", "below", "data"},
}


class ClaimsError(ValueError):
    """A ledger that cannot be read: the message names file, claim and key."""


@dataclass(frozen=True)
class Claim:
    """One statement that data can support or contradict."""

    id: str
    where: str
    statement: str
    reported: str | None
    evidence: tuple[dict, ...] = ()
    untestable: str | None = None
    section: str | None = None  # heading of the chapter under which the evidence stands


@dataclass(frozen=True)
class Ledger:
    """The claims of one paper, and what of it was available."""

    paper: str
    citation: str
    chapter: str
    label: str
    available: str
    settled_by: str
    claims: tuple[Claim, ...]


def load(folder: str | Path | None = None) -> list[Ledger]:
    """Read all ledgers, in the order of their chapters.

    **Arguments**: `folder` - by default `book/claims` of the book.

    **Raises** `ClaimsError` for a ledger that is not as the module's docstring says.
    """
    folder = chapters.book_root() / "book/claims" if folder is None else Path(folder)
    ledgers = sorted(map(read, folder.glob("*.yml")), key=lambda ledger: ledger.chapter)
    ids = [claim.id for ledger in ledgers for claim in ledger.claims]
    if twice := sorted({name for name in ids if ids.count(name) > 1}):
        raise ClaimsError(f"{folder}: claim {twice[0]} occurs twice; each id names one claim")
    return ledgers


def read(path: str | Path) -> Ledger:
    """Read one ledger.

    **Raises** `ClaimsError`.
    """
    try:
        content = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise ClaimsError(f"{path} is not YAML: {error}") from error
    _keys(path, content, _LEDGER_KEYS, _LEDGER_KEYS)
    if not isinstance(content["claims"], list) or not content["claims"]:
        raise ClaimsError(f"{path}: `claims` must be a list with at least one claim")
    claims = tuple(
        _claim(f"{path}, claim {number}", entry) for number, entry in enumerate(content["claims"])
    )
    return Ledger(**{**content, "claims": claims})


def _claim(place: str, entry: object) -> Claim:
    one_of = {"evidence", "untestable"}
    _keys(place, entry, _CLAIM_KEYS, _CLAIM_KEYS | one_of | {"section"})
    place = f"{place} ({entry['id']})"
    if len(one_of & set(entry)) != 1:
        raise ClaimsError(f"{place}: expected either `evidence` or `untestable`")
    evidence = entry.get("evidence", [])
    if "evidence" in entry and (not isinstance(evidence, list) or not evidence):
        raise ClaimsError(f"{place}: `evidence` must be a list with at least one entry")
    for part in evidence:
        _check_evidence(place, part)
    return Claim(**{**entry, "evidence": tuple(evidence)})


def _check_evidence(place: str, part: object) -> None:
    kinds = [kind for kind in _KINDS if isinstance(part, dict) and kind in part]
    if len(kinds) != 1:
        raise ClaimsError(f"{place}: evidence must have one of {', '.join(_KINDS)}: {part}")
    (kind,) = kinds
    optional = {"expect", "tolerance"}
    _keys(place, part, _KINDS[kind] - optional, _KINDS[kind])
    if kind == "difference":
        arms, expect = part["difference"], part.get("expect", EXPECTATIONS[0])
        if not isinstance(arms, list) or len(arms) != 2:
            raise ClaimsError(f"{place}: `difference` must be two arms [a, b], not {arms!r}")
        if expect not in EXPECTATIONS:
            raise ClaimsError(
                f"{place}: `expect` is {expect!r}; choose one of {', '.join(EXPECTATIONS)}"
            )
        if (expect == "zero") != ("tolerance" in part):
            raise ClaimsError(f"{place}: `tolerance` goes with `expect: zero`, and only with it")
    for key in {"tolerance", "below"} & set(part):
        if not isinstance(part[key], int | float):
            raise ClaimsError(f"{place}: `{key}` must be a number, not {part[key]!r}")


def _keys(place: object, content: object, required: set[str], allowed: set[str]) -> None:
    if not isinstance(content, dict):
        raise ClaimsError(f"{place}: expected `key: value` lines, found {type(content).__name__}")
    if missing := sorted(required - content.keys()):
        raise ClaimsError(f"{place}: no {', '.join(missing)}")
    if unknown := sorted(str(key) for key in content.keys() - allowed):
        raise ClaimsError(
            f"{place}: unknown key {unknown[0]!r}; known: {', '.join(sorted(allowed))}"
        )
