"""The ledger of claims: what a paper says, which records would bear it out, and the verdict.

A ledger is `book/claims/<paper>.yml`. Each claim has an `id`, `where` it is made, its `statement`,
the `reported` number (null: none was available to us) and its `evidence`, a list of

- `contrast: [a, b]` - arm a against arm b, query by query, on each `data` (those decide; `[]` for
  a contrast that is only shown) and on each of `also` (shown beside); `expect` "above" (default),
  "below", or "none" for arms that are said to be equal; `own_data: true` where the data are the
  paper's own;
- `identity: number` with `arm` and `below` - a number that must stay under a bound in every run,
  since mathematics says so;

A claim with contrasts names its `primary` metric, which alone decides, and `delta`, its smallest
effect of interest as a share (by default the book's: 0.01 of `map`, 0.02 of `hit@1`); `shown`
lists the metrics that stand beside it. `starts` of the ledger (or of a contrast) are the arms that
every trained arm must beat before it is compared (of a contrast also a list for each arm),
`untrained` those that have no seeds. `gated` of a contrast names those of its arms that must; the
others may have learnt nothing, where that is what the claim says of them. `gates` of the ledger, or
of a contrast, ask more of some arms: a `number` of an `arm` on `data` must be `below` or `above` a
bound, in the mean over its runs. `same_world` names tests of other items of the very data that arms
have learnt from: what training still moved there is known in its sign.

A claim that no run here can bear on has `untestable`, with the reason, in place of evidence.
`section` names the heading of the chapter under which the evidence stands; without it that is the
verdict box.
"""

from fashret_utils.evidence.claims.arms import arms, forest_list, forest_rows
from fashret_utils.evidence.claims.display import box, comparisons, listing, table
from fashret_utils.evidence.claims.findings import Finding, Grounds
from fashret_utils.evidence.claims.ledger import Claim, ClaimsError, Ledger, load, read
from fashret_utils.evidence.claims.verdicts import Verdict, all_grounds, judge, on_data, verdicts

__all__ = [
    "Claim",
    "ClaimsError",
    "Finding",
    "Grounds",
    "Ledger",
    "Verdict",
    "all_grounds",
    "arms",
    "box",
    "comparisons",
    "forest_list",
    "forest_rows",
    "judge",
    "listing",
    "load",
    "on_data",
    "read",
    "table",
    "verdicts",
]
