"""Run records: what a run measured, on what data, with which code, on which machine.

A record is one JSON file, `results/<chapter>/<data>/<arm>/<scale>-seed<k>.json`; the embeddings of
query and gallery lie beside it as a float16 `.npz`, so that anyone can recompute its metrics, and
so does what became of each query, so that anyone can recompute its intervals (`query_files`).
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Collection
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from fashret_utils.atomic import ResultsError, replacing, unwritable
from fashret_utils.evidence import embedding_files, provenance, query_files
from fashret_utils.evidence.json_values import plain as plain  # part of this module's interface
from fashret_utils.evidence.per_query import PerQuery
from fashret_utils.evidence.provenance import (
    code_hash as code_hash,  # part of this module's interface
)
from fashret_utils.scale import Scale, is_main_process, machine

if TYPE_CHECKING:
    from fashret_utils.retrieval import Retrieval

COUNTS = ("n_query", "n_valid", "n_skipped", "n_gallery", "n_items")


@dataclass(frozen=True)
class Record:
    """Everything one run says about itself. Times in seconds, memory in GiB, intervals 95 %.

    `data` are those of the test; `trained_on` names the others that the run learnt from, if it did.
    """

    chapter: str
    data: str
    arm: str
    scale: str
    seed: int
    metrics: dict[str, float]
    intervals: dict[str, tuple[float, float]]
    counts: dict[str, int]
    curve: dict[str, list[float]] = field(default_factory=dict)
    cost: dict[str, float] = field(default_factory=dict)
    extra: dict[str, object] = field(default_factory=dict)
    embeddings: dict[str, list[int]] | None = None  # shapes and checksum of the .npz beside
    per_query: dict[str, object] | None = None  # where it lies and its checksum, see query_files
    trained_on: str | None = None
    catalog_hash: str | None = None
    code_hash: str | None = None
    versions: dict[str, str] = field(default_factory=dict)
    machine: dict[str, object] = field(default_factory=dict)
    time: str = ""

    def path(self, results: str | Path) -> Path:
        """The record's file under the folder `results`."""
        return path_of(results, self.chapter, self.data, self.arm, self.scale, self.seed)


def new(retrieval: Retrieval, **about: object) -> Record:
    """Make a record from a retrieval result, also for a baseline that needs no training.

    **Arguments**: `retrieval` - what `retrieval.evaluate` returned; `about` - as in `measured`.

    **Returns** a `Record`, not yet written.
    """
    return measured(
        metrics={key: float(value) for key, value in retrieval.metrics.items()},
        intervals={
            key: (float(low), float(high)) for key, (low, high) in retrieval.intervals.items()
        },
        counts={key: int(getattr(retrieval, key)) for key in COUNTS},
        **about,
    )


def beside(
    retrieval: Retrieval,
    query: np.ndarray | None = None,
    gallery: np.ndarray | None = None,
    family: np.ndarray | None = None,
) -> dict[str, object]:
    """What `write` keeps beside the record of a retrieval result.

    **Arguments**: `retrieval` - its queries are kept when it ranked the whole gallery; `query`
    (n, d), `gallery` (m, d) - embeddings; `family` (n,) - of queries, where items are alike.
    """
    kept: dict[str, object] = {}
    if query is not None:
        items = {"query_items": retrieval.query_items, "gallery_items": retrieval.gallery_items}
        kept = {"query": query, "gallery": gallery, **items}
    if "map" in retrieval.metrics:
        kept["per_query"] = PerQuery.of(retrieval, family)
    return kept


def measured(
    *,
    chapter: str,
    data: str,
    scale: str | Scale,
    device: str = "cpu",
    code_hash: str | None = None,
    trained_on: str | None = None,
    **known: object,
) -> Record:
    """Make a record of any measurement, with when, where and by which code it was made.

    **Arguments**: `chapter`, `data`, `scale` and, among the `known` fields of `Record`, `arm` and
    `seed` name the run; `code_hash` - of the training, by default the chapter's as it is now;
    `trained_on` - other data than those of the test: then the code behind both counts.

    **Returns** a `Record`, not yet written.
    """
    code_hash = code_hash or provenance.code_hash(chapter, trained_on or data)
    if trained_on is not None:
        code_hash = provenance.of_transfer(code_hash, provenance.code_hash(chapter, data))
    return Record(
        chapter=chapter,
        data=data,
        scale=Scale(str(scale)).name,
        trained_on=trained_on,
        code_hash=code_hash,
        versions=provenance.versions(),
        machine=machine(device),
        time=datetime.now(UTC).isoformat(timespec="seconds"),
        **known,
    )


def write(
    record: Record,
    results: str | Path,
    *,
    query: np.ndarray | None = None,
    gallery: np.ndarray | None = None,
    query_items: np.ndarray | None = None,
    gallery_items: np.ndarray | None = None,
    per_query: PerQuery | None = None,
) -> Path:
    """Write a record, replacing an earlier one of the same run; of several processes, the main one.

    **Arguments**: `query` (n, d), `gallery` (m, d) - embeddings, with their items (n,), (m,); all
    four or none. Kept as float16, divided by their length where that cannot hold them. `per_query`
    - what became of each query.

    **Returns** the path of the JSON file.

    **Raises** `ResultsError` when the folder cannot be written, `ValueError` for embeddings without
    items, of another length or with NaN, and for values that JSON cannot hold, by name.
    """
    arrays = embedding_files.prepared(query, gallery, query_items, gallery_items)
    payload = {f.name: plain(getattr(record, f.name), f.name) for f in fields(record)}
    payload |= {"embeddings": embedding_files.described(arrays), "per_query": None}
    path = record.path(results)
    if not is_main_process():
        return path
    try:
        # What lies beside it first: a record that is there has all that it names.
        embedding_files.write(path, arrays)
        if per_query is None:
            query_files.path_of(path).unlink(missing_ok=True)
        else:
            payload["per_query"] = query_files.write(per_query, path, results, record.data)
        lines = [
            f"  {json.dumps(key)}: {json.dumps(value, allow_nan=False)}"
            for key, value in payload.items()
        ]
        with replacing(path) as temporary:
            temporary.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
    except OSError as error:
        raise ResultsError(unwritable(results, error)) from error
    return path


def read(path: str | Path) -> Record:
    """Read one record.

    **Raises** `ValueError`, naming the file, when it is no record.
    """
    try:
        payload = json.loads(Path(path).read_text(encoding="utf-8"))
        record = Record(**payload)
        metrics = {key: _number(value) for key, value in record.metrics.items()}
        intervals = {
            key: (_number(low), _number(high)) for key, (low, high) in record.intervals.items()
        }
    except (json.JSONDecodeError, TypeError, AttributeError) as error:
        raise ValueError(
            f"{path} is not a run record ({error}): delete it and run its chapter again"
        ) from error
    return replace(record, metrics=metrics, intervals=intervals)


def load(
    results: str | Path = "results",
    *,
    chapter: str | Collection[str] | None = None,
    data: str | Collection[str] | None = None,
    arm: str | Collection[str] | None = None,
    scale: str | Collection[str] | None = None,
    seed: int | Collection[int] | None = None,
) -> list[Record]:
    """Read the records under a folder, in the order of their paths.

    **Arguments**: each filter is a value, or several of which any will do; None takes all.

    **Returns** a list, empty when nothing fits.
    """
    wanted = {"chapter": chapter, "data": data, "arm": arm, "scale": scale, "seed": seed}
    wanted = {
        name: {value} if isinstance(value, str | int) else set(value)
        for name, value in wanted.items()
        if value is not None
    }
    return [
        read(path)
        for path in sorted(Path(results).glob("*/*/*/*-seed*.json"))
        if all(value in wanted.get(name, {value}) for name, value in _told_by(path).items())
    ]


def embeddings(record: Record, results: str | Path) -> dict[str, np.ndarray]:
    """Read the embeddings kept beside a record.

    **Returns** `query` (n, d) and `gallery` (m, d) as float32, and `query_items`, `gallery_items`,
    int64 or text.

    **Raises** `FileNotFoundError` when the run kept none, `ResultsError` when they are another
    run's: a process was killed between writing them and its record.
    """
    return embedding_files.read(record.path(results), record.embeddings)


def per_query(record: Record, results: str | Path) -> PerQuery:
    """Read what became of each query of a run.

    **Raises** `FileNotFoundError` when the run kept none, `ResultsError` when the file is another
    run's.
    """
    path = record.path(results)
    if record.per_query is None:
        raise FileNotFoundError(f"{path} was written without per-query results: run it again")
    return query_files.read(record.per_query, path, results)


def _told_by(path: Path) -> dict[str, str | int]:
    """What the place of a record's file says of it: the inverse of `path_of`."""
    chapter, data, arm = path.parts[-4:-1]
    scale, _, seed = path.stem.rpartition("-seed")
    number = int(seed) if seed.isdecimal() else seed
    return {"chapter": chapter, "data": data, "arm": arm, "scale": scale, "seed": number}


def path_of(results: str | Path, chapter: str, data: str, arm: str, scale: str, seed: int) -> Path:
    """The file of a run's record.

    **Raises** `ValueError` for a name that cannot be a folder.
    """
    for name, value in (("chapter", chapter), ("data", data), ("arm", arm)):
        if not re.fullmatch(r"\w[\w.,+=@-]*", value):
            raise ValueError(
                f"{name} {value!r} cannot be the name of a folder: "
                "use letters, digits and . , + = @ - _"
            )
    return Path(results) / chapter / data / arm / f"{scale}-seed{seed}.json"


def _number(value: float | None) -> float:
    return math.nan if value is None else float(value)
