"""The ledger of claims: what a paper says, which records would bear it out, and the verdict.

A ledger is `book/claims/<paper>.yml`. Each claim has an `id`, `where` it is made, its `statement`,
the `reported` number (null: none was available to us) and its `evidence`, a list of

- `difference: [a, b]` - arm a minus arm b, seed by seed, on each `data` and `metric`; `expect`
  "above zero" (default), "below zero", or "zero" within a `tolerance`;
- `spread: "sweep,*"` - whether the arms that fit the pattern differ at all: an F test of the arms
  with the seeds as blocks;
- `value: metric` with `arm` and `below` - a number that each run of an arm must stay under.

Where `metric` is a list, the first one decides and the others are shown. A claim that no run here
can bear on has `untestable`, with the reason, in place of evidence. `section` names the heading of
the chapter under which the evidence stands; without it that is the verdict box.
"""

from fashret_utils.evidence.claims.display import box, comparisons, listing, table
from fashret_utils.evidence.claims.ledger import Claim, ClaimsError, Ledger, load, read
from fashret_utils.evidence.claims.verdicts import Finding, Verdict, judge, on_data, verdicts

__all__ = [
    "Claim",
    "ClaimsError",
    "Finding",
    "Ledger",
    "Verdict",
    "box",
    "comparisons",
    "judge",
    "listing",
    "load",
    "on_data",
    "read",
    "table",
    "verdicts",
]
