"""Items as attribute vectors: what garments and shoes share, and how families are made.

An item is an attribute vector, a handful of continuous shape parameters and a print seed.
Items come in families: the members share everything but one or two attributes or the print.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from fashret_utils.wardrobe.draws import Draws


@dataclass(frozen=True)
class Item:
    """One item: what it is (`values`), its cut (`shape`) and its print (`print_seed`).

    `values` maps attribute names to values (only those that apply), `shape` maps names of shape
    parameters to numbers in -1..1, `colour_offsets` and `second_offsets` are the jitter around the
    palette.
    """

    values: dict[str, str]
    shape: dict[str, float]
    colour_offsets: tuple[float, float, float]
    second_offsets: tuple[float, float, float]
    print_seed: int

    def __hash__(self) -> int:  # dictionaries have none; equal items have equal prints
        return self.print_seed

    @property
    def category(self) -> str:
        """The category, such as "coat"."""
        return self.values["category"]


def changed(item: Item, **values: str) -> Item:
    """The same item with other attribute values (write spaces in names as underscores)."""
    renamed = {name.replace("_", " "): value for name, value in values.items()}
    return replace(item, values={**item.values, **renamed})


def finish(values: dict[str, str], shapes: Sequence[str], draws: Draws) -> Item:
    """Draw the rest of an item whose attributes are known: cut, shades and print."""
    return Item(
        values=values,
        shape={name: draws.signed() for name in shapes},
        colour_offsets=_offsets(draws),
        second_offsets=_offsets(draws),
        print_seed=draws.count(0, 2**31 - 1),
    )


def _offsets(draws: Draws) -> tuple[float, float, float]:
    return draws.signed(0.018), draws.signed(0.12), draws.signed(0.07)


def family(base: Item, twin: Callable[[], Item], size: int) -> list[Item]:
    """Gather `size` items around `base`, no two alike; `twin` draws one that is nearly `base`."""
    members = [base]
    while len(members) < size:
        other = twin()
        if all(not _same(other, member) for member in members):
            members.append(other)
    return members


def _same(first: Item, second: Item) -> bool:
    return first.values == second.values and first.print_seed == second.print_seed


def reprinted(base: Item, draws: Draws) -> Item:
    """The same item with another print."""
    return replace(base, print_seed=draws.count(0, 2**31 - 1))


def other_values(
    base: Item, draws: Draws, allowed: dict[str, tuple[str, ...]], changes: Sequence[str]
) -> dict[str, str]:
    """The values of `base` with one or two changed.

    **Arguments**

    - `allowed`: the values each attribute may have; one that is not listed does not apply.
    - `changes`: the attributes that may change.
    """
    open_names = [name for name in changes if len(allowed.get(name, ())) > 1]
    values = dict(base.values)
    for _ in range(draws.count(1, 2)):
        name = open_names.pop(draws.count(0, len(open_names) - 1))
        others = [value for value in allowed[name] if value != values[name]]
        if name in ("colour", "second colour"):
            others = [value for value in others if value != values["colour"]]
        values[name] = draws.pick(others)
    if values["second colour"] == values["colour"]:
        values["second colour"] = base.values["colour"]
    return values


def codes(items: Sequence[Item], attributes: dict[str, tuple[str, ...]]) -> np.ndarray:
    """Attribute codes of many items.

    **Returns** int16 `(items, attributes)`: indices into the value lists of `attributes`, -1 where
    one does not apply.
    """
    index = {name: {v: i for i, v in enumerate(vs)} for name, vs in attributes.items()}
    rows = [[index[n].get(item.values.get(n), -1) for n in attributes] for item in items]
    return np.asarray(rows, np.int16).reshape(len(items), len(attributes))
