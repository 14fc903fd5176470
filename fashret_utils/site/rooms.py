"""The map of the package: its rooms, what each owns, and who uses whom, read from the imports."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from graphlib import TopologicalSorter
from pathlib import Path

from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from fashret_utils.plots.style import COLOURS, canvas, styled
from fashret_utils.source_code import imported

WIDTH, HEIGHT = 1.9, 0.62  # of a room, in inches
ACROSS, STOREY = 2.35, 1.05  # from one room to the next, beside and above


@dataclass(frozen=True)
class Room:
    """A folder of the package, or a file beside the folders; `floor` 0 imports nothing of it."""

    name: str
    owns: str
    files: int
    lines: int
    uses: frozenset[str]
    floor: int


def imports(package: Path) -> dict[Path, set[Path]]:
    """For each file of the package, the files of the package that it imports.

    An import runs the doors (`__init__.py`) of the rooms it passes, so these are among them.
    """
    found = {}
    for path in sorted(package.rglob("*.py")):
        within = ("fashret_utils", *path.relative_to(package).parent.parts)
        targets = imported(path.read_text(encoding="utf-8"), package, within)
        found[path] = targets - {path, package / "__init__.py"}
    return found


def room_of(path: Path, package: Path) -> str:
    """The room that a file lies in: the outermost folder, or the file's own name."""
    return path.relative_to(package).parts[0].removesuffix(".py")


def rooms(package: Path) -> list[Room]:
    """All rooms, from the ground up.

    **Raises** `graphlib.CycleError` where rooms import each other in a circle.
    """
    uses: dict[str, set[str]] = {}
    files: dict[str, list[Path]] = {}
    for path, targets in imports(package).items():
        name = room_of(path, package)
        if name == "__init__":
            continue
        files.setdefault(name, []).append(path)
        uses.setdefault(name, set()).update(room_of(target, package) for target in targets)
    uses = {name: {other for other in others if other != name} for name, others in uses.items()}
    floors: dict[str, int] = {}
    for name in TopologicalSorter(uses).static_order():
        floors[name] = 1 + max((floors[other] for other in uses[name]), default=-1)
    return [
        Room(
            name=name,
            owns=_first_sentence(package, name),
            files=len(files[name]),
            lines=sum(len(path.read_text(encoding="utf-8").splitlines()) for path in files[name]),
            uses=frozenset(uses[name]),
            floor=floors[name],
        )
        for name in sorted(floors, key=lambda name: (floors[name], name))
    ]


@styled
def draw(found: list[Room]) -> Figure:
    """Rooms as boxes, floor by floor; an arrow points to what a room uses.

    An arrow that only repeats a way over other rooms is left out.
    """
    rows = _rows(found)
    widest = max(map(len, rows))
    figure = canvas(STOREY * len(rows), ACROSS * widest, layout=None)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, ACROSS * widest), ylim=(0, STOREY * len(rows)))
    axes.axis("off")
    places = {
        room.name: (ACROSS * (widest / 2 + i - (len(row) - 1) / 2), STOREY * (floor + 0.5))
        for floor, row in enumerate(rows)
        for i, room in enumerate(row)
    }
    for room in found:
        for other in _needed(room, found):
            _arrow(axes, places[room.name], places[other])
    for room in found:
        x, y = places[room.name]
        box = FancyBboxPatch(
            (x - WIDTH / 2, y - HEIGHT / 2),
            WIDTH,
            HEIGHT,
            boxstyle="round,pad=0,rounding_size=0.09",
            facecolor="#EAF2F9",
            edgecolor=COLOURS["street"],
            linewidth=1.2,
        )
        axes.add_patch(box)
        axes.text(x, y + 0.09, room.name, ha="center", va="center", fontsize=12, weight="bold")
        size = f"{room.lines:,} lines" if room.files == 1 else f"{room.files} files, {room.lines:,}"
        axes.text(x, y - 0.16, size, ha="center", va="center", fontsize=9, color=COLOURS["quiet"])
    return figure


def write(root: Path, generated: Path) -> None:
    """Write the picture and the table of rooms that the contributor's page includes."""
    found = rooms(root / "fashret_utils")
    draw(found).savefig(generated / "rooms.svg")
    lines = ["| room | owns | files | lines |", "|:--|:--|--:|--:|"]
    for room in reversed(found):
        lines.append(f"| `{room.name}` | {room.owns} | {room.files} | {room.lines:,} |")
    (generated / "rooms.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _rows(found: list[Room]) -> list[list[Room]]:
    """The rooms floor by floor, each near the middle of those it uses: fewer arrows cross."""
    rows = [[r for r in found if r.floor == floor] for floor in range(found[-1].floor + 1)]
    place = {room.name: i - (len(row) - 1) / 2 for row in rows for i, room in enumerate(row)}
    near = {room.name: _needed(room, found) for room in found}
    for name, others in list(near.items()):
        for other in others:
            near[other] = near[other] | {name}
    for _ in range(8):
        for row in rows:
            row.sort(key=lambda r: sum(place[n] for n in near[r.name]) / max(len(near[r.name]), 1))
            place |= {room.name: i - (len(row) - 1) / 2 for i, room in enumerate(row)}
    return rows


def _arrow(axes, start: tuple[float, float], end: tuple[float, float]) -> None:
    (x, y), (u, v) = start, end
    axes.add_patch(
        FancyArrowPatch(
            (x, y - HEIGHT / 2),
            (u, v + HEIGHT / 2),
            arrowstyle="-|>",
            mutation_scale=9,
            color=COLOURS["quiet"],
            linewidth=0.9,
            shrinkA=0,
            shrinkB=1,
            zorder=0,
        )
    )


def _needed(room: Room, found: list[Room]) -> set[str]:
    """What a room uses directly, less what it also reaches through another room it uses."""
    uses = {other.name: other.uses for other in found}

    def below(name: str) -> set[str]:
        return set(uses[name]).union(*map(below, uses[name]))

    return set(room.uses) - set().union(*map(below, room.uses))


def _first_sentence(package: Path, name: str) -> str:
    path = package / name / "__init__.py"
    path = path if path.is_file() else package / f"{name}.py"
    text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    return " ".join(text.split("\n\n")[0].split()).split(". ")[0].rstrip(".")
