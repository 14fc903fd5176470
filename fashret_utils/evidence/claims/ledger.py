"""Reading ledgers: `book/claims/<paper>.yml`, checked key by key; the room's door says the form."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import yaml

from fashret_utils import chapters
from fashret_utils.evidence.statistics import smallest_effect

ABOVE, BELOW, NONE = EXPECTATIONS = ("above", "below", "none")
SHOWN = ("hit@1", "hit@10")  # beside the primary metric, unless a claim says otherwise

_LEDGER_KEYS = {"paper", "citation", "chapter", "label", "available", "settled_by", "claims"}
_CLAIM_KEYS = {"id", "where", "statement", "reported"}
_GATE_KEYS = {"arm", "number", "data"}
_BOUNDS = {"below", "above"}
_KINDS = {  # kind of evidence -> keys it needs, keys it may have
    "contrast": ({"contrast", "data"}, {"also", "expect", "starts", "gated", "gates", "own_data"}),
    "identity": ({"identity", "arm", "below", "data"}, set()),
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
    primary: str | None = None  # the metric that decides
    delta: float | None = None  # smallest effect of interest in it, a share
    shown: tuple[str, ...] = SHOWN  # metrics that decide nothing


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
    starts: tuple[str, ...] = ()  # arms that every trained arm must beat
    untrained: tuple[str, ...] = ()  # arms without seeds
    gates: tuple[dict, ...] = ()  # numbers that say whether an arm has learnt what it should
    same_world: tuple[str, ...] = ()  # tests of other items of what arms have learnt from


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
    optional = {"starts", "untrained", "gates", "same_world"}
    _keys(path, content, _LEDGER_KEYS, _LEDGER_KEYS | optional)
    if not isinstance(content["claims"], list) or not content["claims"]:
        raise ClaimsError(f"{path}: `claims` must be a list with at least one claim")
    arms = {key: _names(path, content, key) for key in ("starts", "untrained", "same_world")}
    gates = tuple(content.get("gates", ()))
    for number, rule in enumerate(gates):
        _check_gate(f"{path}, gate {number}", rule)
    claims = tuple(
        _claim(f"{path}, claim {number}", entry, arms["starts"])
        for number, entry in enumerate(content["claims"])
    )
    return Ledger(**{**content, **arms, "gates": gates, "claims": claims})


def _claim(place: str, entry: object, starts: tuple[str, ...]) -> Claim:
    one_of, optional = {"evidence", "untestable"}, {"section", "primary", "delta", "shown"}
    _keys(place, entry, _CLAIM_KEYS, _CLAIM_KEYS | one_of | optional)
    place = f"{place} ({entry['id']})"
    if len(one_of & set(entry)) != 1:
        raise ClaimsError(f"{place}: expected either `evidence` or `untestable`")
    evidence = entry.get("evidence", [])
    if "evidence" in entry and (not isinstance(evidence, list) or not evidence):
        raise ClaimsError(f"{place}: `evidence` must be a list with at least one entry")
    for part in evidence:
        _check_evidence(place, part, starts)
    if any("contrast" in part for part in evidence):
        _check_primary(place, entry)
    shown = _names(place, entry, "shown") if "shown" in entry else SHOWN
    shown = tuple(metric for metric in shown if metric != entry.get("primary"))
    return Claim(**{**entry, "evidence": tuple(evidence), "shown": shown})


def _check_evidence(place: str, part: object, starts: tuple[str, ...]) -> None:
    kinds = [kind for kind in _KINDS if isinstance(part, dict) and kind in part]
    if len(kinds) != 1:
        raise ClaimsError(f"{place}: evidence must have one of {', '.join(_KINDS)}: {part}")
    (kind,) = kinds
    needed, optional = _KINDS[kind]
    _keys(place, part, needed, needed | optional)
    if kind == "contrast":
        arms = part[kind]
        if not isinstance(arms, list) or len(arms) != 2:
            raise ClaimsError(f"{place}: `contrast` must be two arms [a, b], not {arms!r}")
        if (expect := part.get("expect", ABOVE)) not in EXPECTATIONS:
            raise ClaimsError(
                f"{place}: `expect` is {expect!r}; choose one of {', '.join(EXPECTATIONS)}"
            )
        if "starts" not in part and not starts:
            raise ClaimsError(
                f"{place}: no `starts`, neither of the ledger nor of this contrast; name the arms "
                "that must be beaten, or `starts: []` where nothing is trained"
            )
        _check_starts(place, part)
        for rule in part.get("gates", []):
            _check_gate(place, rule)
        if other := set(_names(place, part, "gated")) - set(arms):
            raise ClaimsError(f"{place}: `gated` names {min(other)}, which is not compared")
    if "below" in part:
        _check_bound(place, part, "below")


def _check_starts(place: str, part: dict) -> None:
    told = part.get("starts", [])
    if not isinstance(told, dict):
        _names(place, part, "starts")
        return
    for arm in part["contrast"]:
        if arm not in told:
            raise ClaimsError(f"{place}: `starts` names none for {arm}; give each arm a list")
        _names(f"{place}, starts of {arm}", told, arm)


def _check_gate(place: str, rule: object) -> None:
    _keys(place, rule, _GATE_KEYS, _GATE_KEYS | _BOUNDS)
    bounds = _BOUNDS & set(rule)
    if len(bounds) != 1:
        raise ClaimsError(f"{place}: expected either `above` or `below`")
    _check_bound(place, rule, *bounds)


def _check_bound(place: str, part: dict, name: str) -> None:
    if not isinstance(part[name], int | float):
        raise ClaimsError(f"{place}: `{name}` must be a number, not {part[name]!r}")


def _check_primary(place: str, entry: dict) -> None:
    if not isinstance(entry.get("primary"), str):
        raise ClaimsError(f"{place}: a contrast needs `primary`, the metric that decides")
    try:
        delta = smallest_effect(entry["primary"], entry.get("delta"))
    except ValueError as error:
        raise ClaimsError(f"{place}: {error}") from error
    if not isinstance(delta, int | float) or not delta > 0:
        raise ClaimsError(f"{place}: `delta` must be a number above zero, not {delta!r}")


def _names(place: object, content: dict, key: str) -> tuple[str, ...]:
    names = content.get(key, [])
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise ClaimsError(f"{place}: `{key}` must be a list of names, not {names!r}")
    return tuple(names)


def _keys(place: object, content: object, required: set[str], allowed: set[str]) -> None:
    if not isinstance(content, dict):
        raise ClaimsError(f"{place}: expected `key: value` lines, found {type(content).__name__}")
    if missing := sorted(required - content.keys()):
        raise ClaimsError(f"{place}: no {', '.join(missing)}")
    if unknown := sorted(str(key) for key in content.keys() - allowed):
        raise ClaimsError(
            f"{place}: unknown key {unknown[0]!r}; known: {', '.join(sorted(allowed))}"
        )
