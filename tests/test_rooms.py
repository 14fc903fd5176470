"""The house: rooms on floors, nothing imports upwards, nothing in a circle."""

from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from fashret_utils.site import rooms

PACKAGE = Path(__file__).resolve().parents[1] / "fashret_utils"
# A room uses rooms of lower floors, and of its own floor only what `BESIDE` allows.
FLOORS = {
    "__main__": 8,
    "site": 7,
    "own_photo": 6,
    "explorer": 6,
    "training": 5,
    "evidence": 5,
    "chapters": 4,
    "retrieval": 3,
    "models": 3,
    "datasets": 2,
    "wardrobe": 2,
    "data": 1,
    "plots": 0,
    "items": 0,
    "scale": 0,
    "atomic": 0,
    "source_code": 0,
}
BESIDE = {("training", "evidence"), ("own_photo", "explorer"), ("datasets", "wardrobe")}
BESIDE |= {("plots", "items")}
DOZEN, LONGEST = 13, 300


def test_every_room_has_a_floor():
    assert {room.name for room in rooms.rooms(PACKAGE)} == set(FLOORS)


def test_nothing_imports_upwards():
    for path, targets in rooms.imports(PACKAGE).items():
        here = rooms.room_of(path, PACKAGE)
        assert here != "__init__" or not targets, "importing the package imports no room"
        for target in targets:
            there = rooms.room_of(target, PACKAGE)
            allowed = here == there or FLOORS[there] < FLOORS[here] or (here, there) in BESIDE
            assert allowed, f"{path.relative_to(PACKAGE)} imports {target.relative_to(PACKAGE)}"


def test_no_files_import_each_other_in_a_circle():
    try:
        between = {
            path: {target for target in targets if target.name != "__init__.py"}
            for path, targets in rooms.imports(PACKAGE).items()
        }
        TopologicalSorter(between).prepare()
    except CycleError as error:
        pytest.fail(" -> ".join(str(path.relative_to(PACKAGE)) for path in error.args[1]))


def test_files_are_short_and_folders_small():
    for folder in (PACKAGE, *(path for path in PACKAGE.rglob("*") if path.is_dir())):
        files = [path for path in folder.glob("*.py") if path.name != "__init__.py"]
        named = str(folder.relative_to(PACKAGE))
        most = {"datasets": 16, "wardrobe/shoes": 26}.get(named, DOZEN)  # one a data set, a part
        assert len(files) <= most, f"{named} has {len(files)} files: give it sub-rooms"
        for path in files:
            lines = len(path.read_text().splitlines())
            assert lines <= LONGEST, f"{path.relative_to(PACKAGE)} has {lines} lines"


def test_no_file_repeats_the_name_of_its_folder():
    for path in PACKAGE.rglob("*.py"):
        folder = path.parent.name
        assert path.stem not in (folder, f"{folder}_kind"), path
        assert not path.stem.startswith(f"{folder}_"), path


def test_a_circle_and_an_import_upwards_are_seen(tmp_path):
    package = tmp_path / "fashret_utils"
    for name in ("data", "site"):
        (package / name).mkdir(parents=True)
        (package / name / "__init__.py").write_text(f'"""The {name}."""\n')
    (package / "data" / "a.py").write_text("from fashret_utils.site import b\n")
    (package / "site" / "b.py").write_text("x = 1\n")
    below, above = rooms.rooms(package)
    assert (below.name, below.floor, above.name, above.floor) == ("site", 0, "data", 1)
    assert above.uses == {"site"}
    assert above.owns == "The data"
    (package / "site" / "b.py").write_text("def f():\n    from fashret_utils.data.a import x\n")
    with pytest.raises(CycleError):
        rooms.rooms(package)


def test_the_map_shows_each_room(tmp_path):
    rooms.write(PACKAGE.parent, tmp_path)
    picture = (tmp_path / "rooms.svg").read_text()
    table = (tmp_path / "rooms.md").read_text()
    assert picture.startswith("<?xml")
    for name in FLOORS:
        assert f"| `{name}` |" in table
    assert "||" not in table.replace("| |", "||"), "each room says what it owns"
